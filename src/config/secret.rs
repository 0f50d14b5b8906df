//! Secrets: never in a configuration file, only in files of their own or as systemd credentials.

use std::fs::File;
use std::io::Read;
use std::path::{Path, PathBuf};

use crate::limits;
use crate::private::Private;

/// Where a secret lies. A bare name is a systemd credential (`LoadCredential=NAME:…`), a path is a file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Secret {
    place: PathBuf,
    credential: bool,
}

/// Why a secret could not be had.
#[derive(Debug, thiserror::Error)]
pub enum SecretError {
    /// A credential, and systemd gave none.
    #[error("$CREDENTIALS_DIRECTORY is not set: start under systemd with LoadCredential={name}:PATH")]
    NoCredentials {
        /// Its name.
        name: String,
    },
    /// The file cannot be read.
    #[error("{path}: {why}")]
    Unreadable {
        /// Which file.
        path: PathBuf,
        /// Why.
        why: std::io::Error,
    },
    /// Nothing in it.
    #[error("{path} is empty")]
    Empty {
        /// Which file.
        path: PathBuf,
    },
    /// More in it than any secret has.
    #[error("{path} is longer than {} bytes", limits::SECRET_BYTES_MAX)]
    TooLong {
        /// Which file.
        path: PathBuf,
    },
}

impl Secret {
    /// As written in a configuration file that lies in `beside`.
    #[must_use]
    pub fn new(written: &str, beside: &Path) -> Self {
        let credential = !written.contains('/');
        let place = if credential { PathBuf::from(written) } else { beside.join(written) };
        Self { place, credential }
    }

    /// The file it is read from, given `$CREDENTIALS_DIRECTORY`.
    ///
    /// # Errors
    /// [`SecretError::NoCredentials`].
    pub fn path(&self, credentials: Option<&Path>) -> Result<PathBuf, SecretError> {
        if !self.credential {
            return Ok(self.place.clone());
        }
        let directory = credentials
            .ok_or_else(|| SecretError::NoCredentials { name: self.place.to_string_lossy().into_owned() })?;
        Ok(directory.join(&self.place))
    }

    /// The secret, without the line end that editors leave.
    ///
    /// # Errors
    /// [`SecretError`].
    pub fn read(&self, credentials: Option<&Path>) -> Result<Private<String>, SecretError> {
        let path = self.path(credentials)?;
        let mut text = String::new();
        let read = File::open(&path).and_then(|file| file.take(limits::SECRET_BYTES_MAX + 1).read_to_string(&mut text));
        if let Err(why) = read {
            return Err(SecretError::Unreadable { path, why });
        }
        if text.len() as u64 > limits::SECRET_BYTES_MAX {
            return Err(SecretError::TooLong { path });
        }
        let secret = text.trim_end_matches(['\r', '\n']);
        if secret.is_empty() { Err(SecretError::Empty { path }) } else { Ok(Private::new(secret.to_owned())) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bare_name_is_a_credential_and_a_path_is_a_file() {
        let directory = tempfile::tempdir().expect("a directory");
        std::fs::write(directory.path().join("county-password"), "made-up\n").expect("writes");
        let credential = Secret::new("county-password", Path::new("/nowhere"));
        assert_eq!(credential.read(Some(directory.path())).expect("reads").reveal(), "made-up");
        assert!(matches!(credential.read(None), Err(SecretError::NoCredentials { .. })));
        let file = Secret::new("./county-password", directory.path());
        assert_eq!(file.read(None).expect("reads").reveal(), "made-up");
    }

    #[test]
    fn an_empty_or_endless_secret_is_refused() {
        let directory = tempfile::tempdir().expect("a directory");
        let secret = Secret::new("./s", directory.path());
        std::fs::write(directory.path().join("s"), "\n").expect("writes");
        assert!(matches!(secret.read(None), Err(SecretError::Empty { .. })));
        std::fs::write(directory.path().join("s"), "x".repeat(5000)).expect("writes");
        assert!(matches!(secret.read(None), Err(SecretError::TooLong { .. })));
    }
}
