//! What a channel needs before it can run: its secrets, read from where the configuration says they lie.

use std::path::{Path, PathBuf};

use super::letters::Utc;
use super::post::Server;
use crate::config::web::{WebUrl, WebUrlError};
use crate::config::{Secret, SecretError};
use crate::private::Private;

/// What a channel is told beside its configuration.
#[derive(Clone)]
pub struct Around {
    /// `$CREDENTIALS_DIRECTORY`.
    pub credentials: Option<PathBuf>,
    /// The wall time.
    pub utc: Utc,
}

/// Why a channel cannot start.
#[derive(Debug, thiserror::Error)]
pub enum NotReady {
    /// A secret is not there, or cannot be read.
    #[error("{0}")]
    Secret(#[from] SecretError),
    /// The file with the address holds none.
    #[error("the address in url_file is none: {0}")]
    Url(#[from] WebUrlError),
    /// The file with a topic holds none.
    #[error("a topic is made of letters, digits, - and _, at most 64: look at topic_file and topic_files")]
    Topic,
}

impl Around {
    /// A secret.
    pub(super) fn read(&self, secret: &Secret) -> Result<Private<String>, NotReady> {
        Ok(secret.read(self.credentials.as_deref())?)
    }

    /// A secret that may be left out.
    pub(super) fn read_any(&self, secret: Option<&Secret>) -> Result<Option<Private<String>>, NotReady> {
        secret.map(|secret| self.read(secret)).transpose()
    }

    /// A server whose address is a secret.
    pub(super) fn server(&self, url: &Secret, ca_file: &Path) -> Result<Server, NotReady> {
        let url: WebUrl = self.read(url)?.reveal().trim().parse()?;
        Ok(Server { url, ca_file: ca_file.to_owned() })
    }
}
