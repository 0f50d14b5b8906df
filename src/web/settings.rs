//! From `[web]` of the configuration to what the pages are served with: keys, certificates and hashes are read once, at the start.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use jiff::tz::TimeZone;
use rustls::pki_types::pem::{Error as PemError, PemObject as _};
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use tokio_rustls::TlsAcceptor;

use super::link::{LinkKey, LinkKeyError, Token};
use super::password::{Hash, PasswordError};
use super::session::User;
use super::tally::Tally;
use crate::config::SecretError;
use crate::config::pages::{Pages, PasswordHash, TlsFiles};
use crate::core::alarm::AlarmId;
use crate::core::id::{ResponderId, Slug};
use crate::private::Private;

/// How the pages are served.
#[derive(Clone)]
pub struct Settings {
    /// Zone in which people read times.
    pub zone: TimeZone,
    /// From which links are made.
    pub key: LinkKey,
    /// TLS; none on loopback only.
    pub seal: Option<TlsAcceptor>,
    /// How the page is reached from outside, where it is.
    pub public: Option<Public>,
    /// The station's own telephone, for whoever is called and cannot get on.
    pub call_back: Option<Private<String>>,
    /// Who may log in at the desk.
    pub users: BTreeMap<Slug, User>,
    /// What is refused and counted.
    pub tally: Tally,
}

/// How the page is reached from outside.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Public {
    /// The address, without a slash at its end.
    pub url: String,
    /// Somebody has opened it from outside.
    pub proven: bool,
}

/// Why the pages cannot be served as they are configured.
#[derive(Debug, thiserror::Error)]
pub enum SettingsError {
    /// The key of the links.
    #[error(transparent)]
    LinkKey(#[from] LinkKeyError),
    /// A file of TLS.
    #[error("{path}: {why}; it must be PEM and readable by the service")]
    Pem {
        /// Which.
        path: PathBuf,
        /// Why.
        why: PemError,
    },
    /// Certificate and key do not belong together, or are of a kind that is not spoken.
    #[error("cert_file and key_file cannot be used together: {0}")]
    Tls(#[from] rustls::Error),
    /// A user's hash cannot be had.
    #[error("[web.users.{user}] password_hash: {why}")]
    Secret {
        /// Whose.
        user: Slug,
        /// Why.
        why: SecretError,
    },
    /// A user's hash is none.
    #[error("[web.users.{user}] password_hash: {why}")]
    Password {
        /// Whose.
        user: Slug,
        /// Why.
        why: PasswordError,
    },
}

impl Settings {
    /// Reads everything that the configuration names.
    ///
    /// # Errors
    /// [`SettingsError`].
    pub fn load(
        pages: &Pages,
        zone: TimeZone,
        call_back: Option<Private<String>>,
        data_dir: &Path,
        credentials: Option<&Path>,
    ) -> Result<Settings, SettingsError> {
        let users = pages.users.iter().map(|(name, user)| {
            let password = hash(*name, &user.password, credentials)?;
            Ok((*name, User { responder: user.responder, role: user.role, password }))
        });
        Ok(Settings {
            zone,
            key: LinkKey::open(data_dir)?,
            seal: pages.tls.as_ref().map(seal).transpose()?,
            public: pages.public_url.clone().map(|url| Public { url, proven: pages.public_url_proven }),
            call_back,
            users: users.collect::<Result<_, SettingsError>>()?,
            tally: Tally::default(),
        })
    }

    /// The link that a message to this person may carry; none where the page is not proven to be reached from outside
    /// (CARE-RULES 2). It is as secret as an answer in their name.
    #[must_use]
    pub fn link(&self, alarm: AlarmId, who: ResponderId) -> Option<Private<String>> {
        let public = self.public.as_ref().filter(|public| public.proven)?;
        Some(Private::new(address(&public.url, self.key.token(alarm, who))))
    }

    /// The name by which the page is reached from outside.
    pub(super) fn public_host(&self) -> Option<&str> {
        let url = self.public.as_ref()?.url.strip_prefix("https://")?;
        url.split(['/', ':']).next()
    }
}

impl std::fmt::Debug for Settings {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Settings").field("sealed", &self.seal.is_some()).finish_non_exhaustive()
    }
}

fn address(url: &str, token: Token) -> String {
    format!("{url}/a/{}", token.text())
}

fn hash(user: Slug, written: &PasswordHash, credentials: Option<&Path>) -> Result<Hash, SettingsError> {
    let text = match written {
        PasswordHash::Inline(text) => text.clone(),
        PasswordHash::File(secret) => secret.read(credentials).map_err(|why| SettingsError::Secret { user, why })?,
    };
    Hash::of_config(&text).map_err(|why| SettingsError::Password { user, why })
}

fn seal(files: &TlsFiles) -> Result<TlsAcceptor, SettingsError> {
    let pem = |path: &Path| {
        let path = path.to_owned();
        move |why| SettingsError::Pem { path: path.clone(), why }
    };
    let chain: Result<Vec<_>, PemError> = CertificateDer::pem_file_iter(&files.cert).and_then(Iterator::collect);
    let chain = chain.map_err(pem(&files.cert))?;
    let key = PrivateKeyDer::from_pem_file(&files.key).map_err(pem(&files.key))?;
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = rustls::ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()?
        .with_no_client_auth()
        .with_single_cert(chain, key)?;
    Ok(TlsAcceptor::from(Arc::new(config)))
}
