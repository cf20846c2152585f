//! The certificate of a server that speaks TLS: read from files, or made once and kept in the data folder. Called by
//! `Server::start`.

use std::{
    ffi::OsStr,
    io::{self, Write as _},
    path::{Path, PathBuf},
    sync::Arc,
};

use rustls::{
    ServerConfig,
    crypto::ring::{cipher_suite::TLS13_AES_128_GCM_SHA256, default_provider},
    pki_types::{CertificateDer, PrivateKeyDer, pem::PemObject as _},
    server::NoServerSessionStorage,
};
use squares_shared::{new_file::NewFile, regular_file};
use zeroize::Zeroizing;

use crate::permissions;

/// Where the certificate and its key come from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum TlsSource {
    /// From these files, in PEM form: the certificate with what leads from it to its root, and its key.
    Files {
        /// The certificates.
        certificate: PathBuf,
        /// The private key.
        key: PathBuf,
    },
    /// Made for itself once, and kept in the data folder. Clients know it by its fingerprint.
    SelfSigned,
}

/// Why there is no TLS.
#[derive(Debug, thiserror::Error)]
pub enum TlsError {
    /// A file cannot be read or written, or there is nothing of use in it.
    #[error("cannot use {0}: {1}; check the file, which has to be in PEM form, and the flag that names it")]
    File(PathBuf, String),
    /// The key does not fit the certificate, or neither can be used.
    #[error("cannot use the certificate {0}: {1}; give the key that belongs to it with --tls-key")]
    Unusable(PathBuf, String),
}

/// The file of a certificate of the server's own, with its key.
const OWN_FILE: &str = "tls-self.pem";

/// Reads the certificate, or makes one; tells its fingerprint too.
pub(crate) fn load(tls: &TlsSource, data: &Path) -> Result<(Arc<ServerConfig>, String), TlsError> {
    let (certificate_path, key_path) = match tls {
        TlsSource::Files { certificate, key } => (certificate.clone(), key.clone()),
        TlsSource::SelfSigned => {
            let path = data.join(OWN_FILE);
            make_if_missing(&path).map_err(|error| TlsError::File(path.clone(), error.to_string()))?;
            (path.clone(), path)
        }
    };
    let chain = CertificateDer::pem_slice_iter(&read(&certificate_path)?)
        .collect::<Result<Vec<_>, _>>()
        .map_err(|error| TlsError::File(certificate_path.clone(), error.to_string()))?;
    let Some(fingerprint) = chain.first().map(|first| fingerprint(first)) else {
        return Err(TlsError::File(certificate_path, "there is no certificate in it".to_owned()));
    };
    permissions::warn_if_loose(&key_path, "the key of the certificate");
    let key = PrivateKeyDer::from_pem_slice(&Zeroizing::new(read(&key_path)?))
        .map_err(|error| TlsError::File(key_path, error.to_string()))?;
    let unusable = |error: rustls::Error| TlsError::Unusable(certificate_path.clone(), error.to_string());
    let mut config = ServerConfig::builder_with_provider(Arc::new(default_provider()))
        .with_safe_default_protocol_versions()
        .map_err(unusable)?
        .with_no_client_auth()
        .with_single_cert(chain, key)
        .map_err(unusable)?;
    // A connection lasts a lesson: what a resumed handshake saves is not worth what every client would cost for it.
    config.session_storage = Arc::new(NoServerSessionStorage {});
    config.send_tls13_tickets = 0;
    Ok((Arc::new(config), fingerprint))
}

fn read(path: &Path) -> Result<Vec<u8>, TlsError> {
    /// More than any chain of certificates has.
    const LONGEST: u64 = 1 << 20;
    regular_file::read(path, LONGEST).map_err(|error| TlsError::File(path.to_owned(), error.to_string()))
}

/// The SHA-256 of a certificate, as clients show it: in groups that eyes can compare, and that fit into a line.
fn fingerprint(certificate: &CertificateDer<'_>) -> String {
    let hash = TLS13_AES_128_GCM_SHA256.tls13().map(|suite| suite.common.hash_provider.hash(certificate));
    let bytes = hash.as_ref().map_or(&[][..], AsRef::as_ref);
    let group = |bytes: &[u8]| bytes.iter().map(|byte| format!("{byte:02x}")).collect::<String>();
    format!("SHA256:{}", bytes.chunks(4).map(group).collect::<Vec<_>>().join(" "))
}

/// Makes a certificate and its key in one file, which is there whole or not at all, and which its owner alone can read.
fn make_if_missing(path: &Path) -> io::Result<()> {
    if path.try_exists()? {
        return Ok(());
    }
    let made = rcgen::generate_simple_self_signed(["localhost".to_owned()]).map_err(io::Error::other)?;
    let new = NewFile::begin_as(path, OsStr::new("tls-self."), ".new", 6)?;
    new.file().write_all(made.cert.pem().as_bytes())?;
    new.file().write_all(made.signing_key.serialize_pem().as_bytes())?;
    match new.publish().map_err(io::Error::from) {
        // Another server made one meanwhile.
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => Ok(()),
        published => published,
    }
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    #[test]
    fn a_certificate_is_made_once_and_its_key_is_its_owners_alone() {
        let folder = tempfile::tempdir().unwrap();
        let (_, first) = load(&TlsSource::SelfSigned, folder.path()).unwrap();
        let (_, again) = load(&TlsSource::SelfSigned, folder.path()).unwrap();
        assert_eq!(first, again);
        let groups: Vec<_> = first.strip_prefix("SHA256:").unwrap().split(' ').collect();
        assert!(groups.len() == 8 && groups.iter().all(|group| group.len() == 8), "{first}");
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt as _;
            let mode = fs::metadata(folder.path().join(OWN_FILE)).unwrap().permissions().mode();
            assert_eq!(mode & 0o777, 0o600);
        }
    }

    #[test]
    fn files_that_do_not_fit_are_named() {
        let folder = tempfile::tempdir().unwrap();
        let at = |name: &str| folder.path().join(name);
        load(&TlsSource::SelfSigned, folder.path()).unwrap();
        fs::rename(at(OWN_FILE), at("other.pem")).unwrap();
        load(&TlsSource::SelfSigned, folder.path()).unwrap();
        fs::write(at("empty.pem"), "").unwrap();
        for (certificate, key, named) in [
            ("nowhere.pem", OWN_FILE, "nowhere.pem"),
            ("empty.pem", OWN_FILE, "empty.pem"),
            (OWN_FILE, "empty.pem", "empty.pem"),
            ("other.pem", OWN_FILE, "other.pem"),
        ] {
            let files = TlsSource::Files { certificate: at(certificate), key: at(key) };
            let error = load(&files, folder.path()).err().unwrap().to_string();
            assert!(error.contains(named) && !error.contains("BEGIN"), "{error}");
        }
    }
}
