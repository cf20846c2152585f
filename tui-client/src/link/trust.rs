//! Whom to believe inside TLS: a certificate that leads to a root of the system's or to one given, or else the one that this
//! server showed first, as ssh does it. Called while a connection is made; nothing here is loaded without `--tls`.

use std::fmt::{self, Write as _};
use std::fs;
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use rustls::client::WebPkiServerVerifier;
use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::crypto::ring::{cipher_suite::TLS13_AES_128_GCM_SHA256, default_provider};
use rustls::crypto::{CryptoProvider, verify_tls12_signature, verify_tls13_signature};
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::{CertificateError, ClientConfig, DigitallySignedStruct, Error, RootCertStore, SignatureScheme};

use crate::private_file;

/// What stands for a certificate that led to a root.
const BY_A_ROOT: &str = "root";

/// How `--tls` was asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Trust {
    /// The only root to believe; none: those of the system, and what was seen first.
    pub ca: Option<PathBuf>,
    /// The file of what was seen first, `ADDRESS FINGERPRINT` on each line.
    pub known: PathBuf,
}

/// What was found about a certificate.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Verdict {
    /// It is believed, as before.
    Believed,
    /// It is believed from now on, because it is the first from there.
    First(String),
    /// It is another than before.
    Changed {
        /// The fingerprint before.
        before: String,
        /// The fingerprint now.
        now: String,
        /// The file that remembers.
        known: PathBuf,
    },
}

/// What was found, once the certificate was looked at.
pub(super) type Found = Arc<Mutex<Option<Verdict>>>;

/// Makes what a connection to this address needs; the verdict is there once the handshake is done.
///
/// # Errors
/// Where the given root or what is known cannot be read; one line that says why.
pub(super) fn config(trust: &Trust, address: &str) -> Result<(ClientConfig, Found), String> {
    let provider = Arc::new(default_provider());
    let roots = roots(trust.ca.as_deref())?;
    let by_roots = if roots.is_empty() {
        None
    } else {
        let built = WebPkiServerVerifier::builder_with_provider(Arc::new(roots), Arc::clone(&provider)).build();
        Some(built.map_err(|error| error.to_string())?)
    };
    let known = match fs::read_to_string(&trust.known) {
        Ok(known) => known,
        Err(error) if error.kind() == io::ErrorKind::NotFound => String::new(),
        Err(error) => return Err(format!("cannot read {}: {error}", trust.known.display())),
    };
    let before = known.lines().find_map(|line| line.strip_prefix(address)?.strip_prefix(' ')).map(str::to_owned);
    let verdict = Arc::new(Mutex::new(None));
    let judge = Judge {
        trust: trust.clone(),
        address: address.to_owned(),
        by_roots,
        before,
        provider: Arc::clone(&provider),
        verdict: Arc::clone(&verdict),
    };
    let config = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .map_err(|error| error.to_string())?
        .dangerous()
        .with_custom_certificate_verifier(Arc::new(judge))
        .with_no_client_auth();
    Ok((config, verdict))
}

fn roots(ca: Option<&Path>) -> Result<RootCertStore, String> {
    let mut roots = RootCertStore::empty();
    match ca {
        Some(path) => {
            let refused = |why: &dyn fmt::Display| format!("cannot use {} for --tls-ca: {why}", path.display());
            for certificate in CertificateDer::pem_file_iter(path).map_err(|error| refused(&error))? {
                let certificate = certificate.map_err(|error| refused(&error))?;
                roots.add(certificate).map_err(|error| refused(&error))?;
            }
            if roots.is_empty() {
                return Err(refused(&"there is no certificate in it"));
            }
        }
        // A root that cannot be used leads nobody here; the others still do.
        None => drop(roots.add_parsable_certificates(rustls_native_certs::load_native_certs().certs)),
    }
    Ok(roots)
}

/// Remembers what an address showed. Two clients that do so at once write the same.
fn remember(known: &Path, address: &str, what: &str) -> io::Result<()> {
    if let Some(folder) = known.parent() {
        private_file::make_folder(folder)?;
    }
    let mut file = private_file::options().append(true).create(true).open(known)?;
    file.write_all(format!("{address} {what}\n").as_bytes())
}

/// Decides about certificates of one address.
#[derive(Debug)]
struct Judge {
    trust: Trust,
    address: String,
    by_roots: Option<Arc<WebPkiServerVerifier>>,
    /// What this address showed before.
    before: Option<String>,
    provider: Arc<CryptoProvider>,
    verdict: Found,
}

impl Judge {
    fn say(&self, verdict: Verdict) {
        *self.verdict.lock().unwrap_or_else(PoisonError::into_inner) = Some(verdict);
    }

    /// A new acquaintance, which is believed only where it can be told again.
    fn meet(&self, what: &str) -> Result<(), Error> {
        remember(&self.trust.known, &self.address, what)
            .map_err(|error| Error::General(format!("cannot keep it in {}: {error}", self.trust.known.display())))
    }
}

impl ServerCertVerifier for Judge {
    fn verify_server_cert(
        &self,
        certificate: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        name: &ServerName<'_>,
        ocsp: &[u8],
        now: UnixTime,
    ) -> Result<ServerCertVerified, Error> {
        let by_roots = match &self.by_roots {
            Some(roots) => roots.verify_server_cert(certificate, intermediates, name, ocsp, now).map(drop),
            None => Err(Error::InvalidCertificate(CertificateError::UnknownIssuer)),
        };
        match (by_roots, &self.trust.ca, self.before.as_deref()) {
            (Ok(()), Some(_), _) | (Ok(()), None, Some(BY_A_ROOT)) => self.say(Verdict::Believed),
            (Ok(()), None, _) => {
                // From now on nothing less is believed.
                self.meet(BY_A_ROOT)?;
                self.say(Verdict::Believed);
            }
            (Err(error), Some(_), _) => return Err(error),
            (Err(_), None, before) => {
                let shown = fingerprint(certificate);
                match before {
                    Some(before) if is_same(before, &shown) => self.say(Verdict::Believed),
                    Some(before) => {
                        let (before, known) = (before.to_owned(), self.trust.known.clone());
                        self.say(Verdict::Changed { before, now: shown, known });
                        return Err(Error::InvalidCertificate(CertificateError::ApplicationVerificationFailure));
                    }
                    None => {
                        self.meet(&shown)?;
                        self.say(Verdict::First(shown));
                    }
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
    let mut text = "SHA256:".to_owned();
    for (at, byte) in hash.as_ref().map_or(&[][..], AsRef::as_ref).iter().enumerate() {
        let space = if at > 0 && at % 4 == 0 { " " } else { "" };
        let _ = write!(text, "{space}{byte:02x}");
    }
    text
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
