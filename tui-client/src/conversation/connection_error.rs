//! Why there is no connection, for whoever tells a person or a script.

use std::path::PathBuf;

/// Why there is no connection.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ConnectionError {
    /// Nobody listens there, or the network does not lead there; the system's words.
    Unreachable(String),
    /// It was there and is gone; the system's words, or none where it just ended.
    Closed(Option<String>),
    /// The server said that it stops.
    Shutdown,
    /// The server has no room.
    Full,
    /// It did not speak the protocol; what was wrong with it.
    NotSquares(String),
    /// It speaks this other version of the protocol.
    OtherProtocol(String),
    /// What answers there is a server of this other protocol.
    Stranger(&'static str),
    /// It took the connection, and said nothing for so many seconds.
    Silent(u64),
    /// It began to answer, and did not finish within so many seconds.
    Slow(u64),
    /// It took the connection, and ended it without a word.
    HungUp,
    /// It took the connection, said nothing, and ended it when it was spoken to, as servers of TLS do.
    Mute,
    /// It speaks TLS, and this program was not told to.
    WantsTls,
    /// It speaks no TLS, and this program was told to.
    SpeaksNoTls,
    /// The same, though TLS is expected of it: it spoke it before, or its root was given.
    TlsGone,
    /// It asks for a PIN without TLS, which it spoke before, and this program was not told to speak it; the file that
    /// remembers that.
    WithoutTls(PathBuf),
    /// Its certificate is not trusted, or TLS failed otherwise; why.
    Untrusted(String),
    /// Its certificate is another than before.
    Changed {
        /// The fingerprint before.
        before: String,
        /// The fingerprint now.
        now: String,
        /// The file that remembers what was before.
        known: PathBuf,
    },
    /// Its certificate is not the one whose fingerprint was given; where none was given, it leads to no root, and nobody
    /// can say whether it is the right one.
    OtherCertificate {
        /// The fingerprint that was given.
        given: Option<String>,
        /// The one that was shown.
        shown: String,
    },
    /// No server was there, and one cannot be hosted: another server has this folder's ledger open.
    LedgerInUse(String),
    /// No server was there, and one cannot be hosted: its ledger cannot be kept.
    NoLedger {
        /// Where it would be kept; none where the user has no home.
        path: Option<PathBuf>,
        /// The system's words.
        words: String,
    },
    /// No server was there, and hosting one failed; the system's words.
    CannotHost(String),
}
