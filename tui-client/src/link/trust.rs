//! Whom to trust inside TLS: a certificate that leads to a root of the system's or to one given, or else the one that
//! this server showed first, as ssh does it: trust on first use (TOFU). Called while a connection is made; nothing here
//! is loaded without `--tls`.

use std::fmt::{self, Write as _};
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use parking_lot::Mutex;
use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::client::{WebPkiServerVerifier, verify_server_name};
use rustls::crypto::ring::{cipher_suite::TLS13_AES_128_GCM_SHA256, default_provider};
use rustls::crypto::{CryptoProvider, verify_tls12_signature, verify_tls13_signature};
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::server::ParsedCertificate;
use rustls::{CertificateError, ClientConfig, DigitallySignedStruct, Error, RootCertStore, SignatureScheme};

use squares_shared::{regular_file, typed};

use super::known::{BY_A_ROOT, KnownHosts};
use crate::conversation::ConnectionError;

/// How `--tls` was asked for.
#[derive(Debug, Clone)]
pub struct Trust {
    /// The only roots to trust, and certificates to trust themselves; none: those of the system, and what was
    /// seen first.
    pub ca: Option<PathBuf>,
    /// What was seen first.
    pub known: KnownHosts,
    /// What makes a certificate trusted that leads to no root.
    pub rootless: Rootless,
}

/// What makes a certificate trusted that leads to no root, where none was given.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub enum Rootless {
    /// It is the first from its server, or the one that it showed first.
    #[default]
    FirstSeen,
    /// It has this fingerprint, as [`read_fingerprint`] gives it. Nothing else is trusted then, not even what leads to
    /// a root.
    Fingerprint(String),
    /// Nothing does: nobody would remember what was seen first.
    Never,
}

/// Reads a fingerprint as the server's log, a client or OpenSSL shows it, in one form.
///
/// # Errors
/// Where it is not the SHA-256 of a certificate.
///
/// ```
/// use squares::link::read_fingerprint;
/// let digits = "039058c6f2c0cb492c533b0a4d14ef77cc0f78abccced5287d84a1a2011cfb81";
/// let read = read_fingerprint(digits).unwrap();
/// assert_eq!(read, "SHA256:039058c6 f2c0cb49 2c533b0a 4d14ef77 cc0f78ab ccced528 7d84a1a2 011cfb81");
/// assert_eq!(read_fingerprint(&read), Ok(read));
/// assert!(read_fingerprint("SHA256:0390").is_err());
/// ```
pub fn read_fingerprint(text: &str) -> Result<String, &'static str> {
    let narrow = typed::read(text).to_ascii_lowercase();
    let digits = narrow.strip_prefix("sha256").unwrap_or(&narrow).replace([':', ' '], "");
    if digits.len() != 64 || !digits.bytes().all(|byte| byte.is_ascii_hexdigit()) {
        return Err("not the SHA-256 of a certificate: give the 64 digits that the server's log shows behind SHA256:");
    }
    Ok(grouped((0..32).filter_map(|at| digits.get(2 * at..2 * at + 2))))
}

/// A fingerprint as it is shown, of its bytes in hexadecimal digits.
fn grouped<T: fmt::Display>(bytes: impl Iterator<Item = T>) -> String {
    let mut text = "SHA256:".to_owned();
    for (at, byte) in bytes.enumerate() {
        let space = if at > 0 && at % 4 == 0 { " " } else { "" };
        let _ = write!(text, "{space}{byte}");
    }
    text
}

impl Trust {
    /// Looks at the given root, so that a mistake in it is no server's.
    ///
    /// # Errors
    /// Where it cannot be used; one line that says why.
    pub fn check(&self) -> Result<(), String> {
        self.ca.as_deref().map_or(Ok(()), |ca| given_root(ca).map(drop))
    }

    /// Whether a server at this address is to speak TLS, whatever it says now: it did before, or its root was given.
    pub(super) fn expects_tls(&self, address: &str) -> bool {
        let given = self.ca.is_some() || matches!(self.rootless, Rootless::Fingerprint(_));
        given || !matches!(self.known.before(address), Ok(None))
    }
}

/// A certificate that is the first from its address. It is trusted for this connection, and from then on once
/// [`Self::trust`] says so: when somebody has been shown it.
#[derive(Debug, Clone)]
pub struct FirstSeen {
    /// The server that showed it.
    pub server: String,
    /// Its fingerprint.
    pub fingerprint: String,
    known: KnownHosts,
}

impl FirstSeen {
    /// Trusts it from now on.
    ///
    /// # Errors
    /// Where that cannot be kept beyond this run.
    pub fn trust(&self) -> io::Result<()> {
        self.known.remember(&self.server, &self.fingerprint)
    }
}

/// What was found about a certificate.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Verdict {
    Trusted,
    /// It leads to a root, for the first time.
    ByARoot,
    /// It is trusted because it is the first from there.
    First(String),
    /// It is another than before.
    Changed {
        before: String,
        now: String,
    },
    /// It is not the one that was given, or none was given and nothing else makes it trusted.
    Other(String),
}

/// Judges the certificate of one connection.
pub(super) struct Verification {
    trust: Trust,
    address: String,
    found: Arc<Mutex<Option<Verdict>>>,
}

/// Makes what a connection to this address needs, and what is asked once its handshake is over.
///
/// # Errors
/// Where the given root or what is known cannot be read; one line that says why.
pub(super) fn config(trust: &Trust, address: &str) -> Result<(ClientConfig, Verification), String> {
    let provider = Arc::new(default_provider());
    let (roots, given) = match &trust.ca {
        Some(ca) => given_root(ca)?,
        None => (roots_of_the_system(), Vec::new()),
    };
    let by_roots = if roots.is_empty() {
        None
    } else {
        let built = WebPkiServerVerifier::builder_with_provider(Arc::new(roots), Arc::clone(&provider)).build();
        Some(built.map_err(|error| error.to_string())?)
    };
    let found = Arc::new(Mutex::new(None));
    let verifier = TrustVerifier {
        rootless: trust.rootless.clone(),
        only_roots: trust.ca.is_some(),
        given,
        by_roots,
        before: trust.known.before(address)?,
        provider: Arc::clone(&provider),
        found: Arc::clone(&found),
    };
    let config = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .map_err(|error| error.to_string())?
        .dangerous()
        .with_custom_certificate_verifier(Arc::new(verifier))
        .with_no_client_auth();
    Ok((config, Verification { trust: trust.clone(), address: address.to_owned(), found }))
}

impl Verification {
    fn take(&self) -> Option<Verdict> {
        self.found.lock().take()
    }

    /// The handshake was done: whoever is there has the key of that certificate. What is to be remembered without
    /// anybody's word is; one that is the first is given.
    pub(super) fn passed(self) -> Option<FirstSeen> {
        match self.take()? {
            Verdict::ByARoot => {
                // Where it cannot be kept, nothing is lost but that it will be asked again.
                let _ = self.trust.known.remember(&self.address, BY_A_ROOT);
                None
            }
            Verdict::First(fingerprint) => {
                Some(FirstSeen { server: self.address, fingerprint, known: self.trust.known })
            }
            Verdict::Trusted | Verdict::Changed { .. } | Verdict::Other(_) => None,
        }
    }

    /// The handshake failed: why, where that was its certificate being another than before.
    pub(super) fn failed(self) -> Option<ConnectionError> {
        match self.take()? {
            Verdict::Changed { before, now } => {
                Some(ConnectionError::Changed { before, now, known: self.trust.known.path() })
            }
            Verdict::Other(shown) => {
                let given = match self.trust.rootless {
                    Rootless::Fingerprint(given) => Some(given),
                    Rootless::FirstSeen | Rootless::Never => None,
                };
                Some(ConnectionError::OtherCertificate { given, shown })
            }
            _ => None,
        }
    }
}

/// What stands in the error where a server shows the certificate of an authority.
const AUTHORITY: &str = "CaUsedAsEndEntity";

/// More than any file of roots has.
const LONGEST: u64 = 16 << 20;

/// The root that was given, or several, as such and as certificates.
fn given_root(path: &Path) -> Result<(RootCertStore, Vec<CertificateDer<'static>>), String> {
    let refused = |why: &dyn fmt::Display| format!("cannot use {} for --tls-ca: {why}", path.display());
    let (mut roots, mut given) = (RootCertStore::empty(), Vec::new());
    let bytes = regular_file::read(path, LONGEST).map_err(|error| refused(&error))?;
    for certificate in CertificateDer::pem_slice_iter(&bytes) {
        let certificate = certificate.map_err(|error| refused(&error))?;
        roots.add(certificate.clone()).map_err(|error| refused(&error))?;
        given.push(certificate);
    }
    if roots.is_empty() { Err(refused(&"there is no certificate in it")) } else { Ok((roots, given)) }
}

fn roots_of_the_system() -> RootCertStore {
    let mut roots = RootCertStore::empty();
    // A root that cannot be used leads nobody here; the others still do.
    let _ = roots.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
    roots
}

/// Decides about certificates of one address. It remembers nothing: that the server has the key of its certificate is
/// not known yet.
#[derive(Debug)]
struct TrustVerifier {
    rootless: Rootless,
    /// A root was given, and nothing else is trusted.
    only_roots: bool,
    /// The certificates that were given: a server that shows one of them needs no root.
    given: Vec<CertificateDer<'static>>,
    by_roots: Option<Arc<WebPkiServerVerifier>>,
    /// What this address showed before.
    before: Option<String>,
    provider: Arc<CryptoProvider>,
    found: Arc<Mutex<Option<Verdict>>>,
}

impl TrustVerifier {
    /// Whether a certificate that leads to no root is trusted as one that was given: the usual ones that people make
    /// for themselves are those of authorities, which lead nowhere, and are nobody else's.
    fn check_given(&self, shown: &CertificateDer<'_>, name: &ServerName<'_>, error: Error) -> Result<(), Error> {
        // Both are told once the certificate was found to be valid at this time.
        let leads_nowhere = match &error {
            Error::InvalidCertificate(CertificateError::UnknownIssuer) => true,
            Error::InvalidCertificate(CertificateError::Other(other)) => other.to_string().contains(AUTHORITY),
            _ => false,
        };
        if leads_nowhere && self.given.iter().any(|given| given == shown) {
            verify_server_name(&ParsedCertificate::try_from(shown)?, name)
        } else if error.to_string().contains(AUTHORITY) {
            Err(Error::General("its certificate is that of an authority, and none that was given".into()))
        } else {
            Err(error)
        }
    }

    /// Says what was found, and refuses the certificate.
    fn refuse(&self, verdict: Verdict) -> Error {
        self.say(verdict);
        Error::InvalidCertificate(CertificateError::ApplicationVerificationFailure)
    }

    fn say(&self, verdict: Verdict) {
        *self.found.lock() = Some(verdict);
    }
}

impl ServerCertVerifier for TrustVerifier {
    fn verify_server_cert(
        &self,
        certificate: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        name: &ServerName<'_>,
        ocsp: &[u8],
        now: UnixTime,
    ) -> Result<ServerCertVerified, Error> {
        if let Rootless::Fingerprint(given) = &self.rootless {
            let shown = fingerprint(certificate);
            if !is_same(given, &shown) {
                return Err(self.refuse(Verdict::Other(shown)));
            }
            self.say(Verdict::Trusted);
            return Ok(ServerCertVerified::assertion());
        }
        let by_roots = match &self.by_roots {
            Some(roots) => roots.verify_server_cert(certificate, intermediates, name, ocsp, now).map(drop),
            None => Err(Error::InvalidCertificate(CertificateError::UnknownIssuer)),
        };
        match (by_roots, self.only_roots, self.before.as_deref()) {
            (Ok(()), true, _) | (Ok(()), false, Some(BY_A_ROOT)) => self.say(Verdict::Trusted),
            // From then on nothing less is trusted.
            (Ok(()), false, _) => self.say(Verdict::ByARoot),
            (Err(error), true, _) => {
                self.check_given(certificate, name, error)?;
                self.say(Verdict::Trusted);
            }
            (Err(_), false, before) => {
                let shown = fingerprint(certificate);
                match before {
                    Some(before) if is_same(before, &shown) => self.say(Verdict::Trusted),
                    Some(before) => {
                        return Err(self.refuse(Verdict::Changed { before: before.to_owned(), now: shown }));
                    }
                    None if self.rootless == Rootless::Never => return Err(self.refuse(Verdict::Other(shown))),
                    None => self.say(Verdict::First(shown)),
                }
            }
        }
        Ok(ServerCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        verify_tls12_signature(message, certificate, signed, &self.provider.signature_verification_algorithms)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        verify_tls13_signature(message, certificate, signed, &self.provider.signature_verification_algorithms)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.provider.signature_verification_algorithms.supported_schemes()
    }
}

/// The SHA-256 of a certificate, as the server's log shows it.
fn fingerprint(certificate: &CertificateDer<'_>) -> String {
    let hash = TLS13_AES_128_GCM_SHA256.tls13().map(|suite| suite.common.hash_provider.hash(certificate));
    let bytes = hash.as_ref().map_or(&[][..], AsRef::as_ref);
    grouped(bytes.iter().map(|byte| format!("{byte:02x}")))
}

/// Whether two fingerprints are the same, however their digits are grouped.
fn is_same(one: &str, other: &str) -> bool {
    let digits = |text: &str| text.replace([':', ' '], "").to_ascii_lowercase();
    digits(one) == digits(other)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_fingerprint_is_the_same_however_it_is_grouped_and_fits_into_a_line() {
        let shown = fingerprint(&CertificateDer::from(vec![1, 2, 3]));
        assert_eq!(shown, "SHA256:039058c6 f2c0cb49 2c533b0a 4d14ef77 cc0f78ab ccced528 7d84a1a2 011cfb81");
        let by_openssl =
            "SHA256:03:90:58:C6:F2:C0:CB:49:2C:53:3B:0A:4D:14:EF:77:CC:0F:78:AB:CC:CE:D5:28:7D:84:A1:A2:01:1C:FB:81";
        assert!(is_same(&shown, by_openssl));
        assert!(!is_same(&shown, &by_openssl.replace("81", "82")));
        assert!(shown.len() <= 80);
    }
}
