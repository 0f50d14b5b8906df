//! Who we are towards a broker that wants to know: a certificate and the key that belongs to it.
//!
//! Both files are read anew for every connection, so that renewed ones are shown from the next connection on. Whether the
//! certificate still holds is never a reason not to try: our clock may be the one that is wrong, and the broker has its own.

use std::path::{Path, PathBuf};

use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};

use super::TlsFileError;
use super::validity::Validity;

/// The files of a client certificate.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Identity {
    /// PEM file of the certificate, followed by those that lead to the authority, if there are any.
    pub cert_file: PathBuf,
    /// PEM file of its key.
    pub key_file: PathBuf,
}

/// What is shown to the broker.
#[derive(Debug)]
pub(super) struct Shown {
    pub(super) chain: Vec<CertificateDer<'static>>,
    pub(super) key: PrivateKeyDer<'static>,
    pub(super) validity: Option<Validity>,
}

impl Identity {
    /// Reads both files.
    ///
    /// # Errors
    /// [`TlsFileError::Unusable`] with the key of the file that cannot be used.
    pub(super) fn read(&self) -> Result<Shown, TlsFileError> {
        let chain = chain_of(&self.cert_file)?;
        let unusable = |why: String| TlsFileError::Unusable { key: KEY_FILE, path: self.key_file.clone(), why };
        let pem = std::fs::read(&self.key_file).map_err(|error| unusable(error.to_string()))?;
        let key = PrivateKeyDer::from_pem_slice(&pem).map_err(|error| match error {
            rustls::pki_types::pem::Error::NoItemsFound => unusable("there is no private key in it".to_owned()),
            other => unusable(other.to_string()),
        })?;
        let validity = chain.first().and_then(|certificate| Validity::of(certificate));
        Ok(Shown { chain, key, validity })
    }

    /// Reads both files and sees whether they belong together; tells from when and until when the certificate holds.
    ///
    /// # Errors
    /// [`TlsFileError`].
    pub fn examine(&self) -> Result<Option<Validity>, TlsFileError> {
        let Shown { chain, key, validity } = self.read()?;
        let provider = rustls::crypto::ring::default_provider();
        rustls::sign::CertifiedKey::from_der(chain, key, &provider).map_err(|error| self.refused(&error))?;
        Ok(validity)
    }

    /// Why the two files cannot be shown together.
    pub(super) fn refused(&self, error: &rustls::Error) -> TlsFileError {
        match error {
            rustls::Error::InconsistentKeys(_) => {
                TlsFileError::KeyDoesNotFit { cert: self.cert_file.clone(), key: self.key_file.clone() }
            }
            rustls::Error::InvalidCertificate(why) => TlsFileError::Unusable {
                key: CERT_FILE,
                path: self.cert_file.clone(),
                // The usual reason is a certificate without extensions, which openssl makes of the first version.
                why: format!("it must be a certificate of version 3 ({why})"),
            },
            other => TlsFileError::Unusable { key: KEY_FILE, path: self.key_file.clone(), why: other.to_string() },
        }
    }
}

const CERT_FILE: &str = "cert_file";
const KEY_FILE: &str = "key_file";

fn chain_of(path: &Path) -> Result<Vec<CertificateDer<'static>>, TlsFileError> {
    let unusable = |why: String| TlsFileError::Unusable { key: CERT_FILE, path: path.to_owned(), why };
    let pem = std::fs::read(path).map_err(|error| unusable(error.to_string()))?;
    let chain: Result<Vec<_>, _> = CertificateDer::pem_slice_iter(&pem).collect();
    let chain = chain.map_err(|error| unusable(error.to_string()))?;
    if chain.is_empty() { Err(unusable("there is no certificate in it".to_owned())) } else { Ok(chain) }
}
