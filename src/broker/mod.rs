//! Where a broker is, whom we believe it to be, and how it lets us in: the same for the local one and for the county's.
//!
//! Whoever connects reads the files (authority, certificate, key) anew, so that replaced ones are taken without a restart, and
//! sets everything else (session, limits, will) for itself.

pub mod validity;

pub mod identity;

use std::fmt;
use std::net::{IpAddr, Ipv6Addr};
use std::path::{Path, PathBuf};
use std::str::FromStr;
use std::sync::Arc;
use std::time::Duration;

use rumqttc::v5::MqttOptions;
use rumqttc::{TlsConfiguration, Transport};
use rustls::client::WantsClientCert;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, UnixTime};
use rustls::time_provider::{DefaultTimeProvider, TimeProvider};
use rustls::{ClientConfig, ConfigBuilder, RootCertStore};

use self::identity::{Identity, Shown};
use self::validity::Validity;
use crate::private::Private;

/// A broker as it is configured.
#[derive(Debug, Clone)]
pub struct Broker {
    /// Where it listens.
    pub url: BrokerUrl,
    /// PEM file of the authority that signed its certificate; needed for `mqtts://`.
    pub ca_file: Option<PathBuf>,
    /// What we show it to say who we are, if it wants a certificate; with `mqtts://` only.
    pub identity: Option<Identity>,
    /// User name and password, if it asks for them.
    pub login: Option<Login>,
}

/// Where a broker listens: `mqtt://host[:port]`, or `mqtts://host[:port]` with TLS.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BrokerUrl {
    /// TLS, checked against a certificate authority.
    pub tls: bool,
    /// Name or IP address, an IPv6 address without brackets.
    pub host: String,
    /// Port.
    pub port: u16,
}

/// User name and password at a broker.
#[derive(Debug, Clone)]
pub struct Login {
    /// User name.
    pub username: String,
    /// Password.
    pub password: Private<String>,
}

/// Why a text is not a [`BrokerUrl`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum UrlError {
    /// Neither `mqtt://` nor `mqtts://`.
    #[error("begin with mqtt:// or, with TLS, mqtts://")]
    Scheme,
    /// A user or password inside.
    #[error("put the name into username and the password into a file named by password_file")]
    Secret,
    /// No host, or signs that no host has.
    #[error("write the host as a name or an IP address")]
    Host,
    /// Not a port.
    #[error("write the port as a number from 1 to 65535")]
    Port,
    /// A path, query or fragment.
    #[error("end after the port; topics are configured elsewhere")]
    Path,
}

/// What one connection is made with.
#[derive(Clone)]
pub struct Approach {
    /// Plain, or TLS.
    pub transport: Transport,
    /// From when and until when the certificate holds that is shown on it; none when none is shown, or its dates cannot be read.
    pub shown: Option<Validity>,
}

/// Why the files for an encrypted connection cannot be used.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum TlsFileError {
    /// TLS without an authority to believe.
    #[error("mqtts needs ca_file: the certificate (PEM) of the authority that signed the broker's")]
    Missing,
    /// The file is missing, unreadable, not PEM or without a certificate.
    #[error("{} cannot be used as {key}: {why}", path.display())]
    Unusable {
        /// The key of the configuration that names it.
        key: &'static str,
        /// The configured path.
        path: PathBuf,
        /// What is wrong with it.
        why: String,
    },
    /// A key that belongs to another certificate.
    #[error("the key in {} does not belong to the certificate in {}: one of the two is of another box", key.display(), cert.display())]
    KeyDoesNotFit {
        /// The configured certificate.
        cert: PathBuf,
        /// The configured key.
        key: PathBuf,
    },
}

impl Broker {
    /// Plain, or TLS that believes the configured authority and no other, by the kernel's clock.
    ///
    /// # Errors
    /// [`TlsFileError`].
    pub async fn transport(&self) -> Result<Transport, TlsFileError> {
        Ok(self.approach_by(Arc::new(DefaultTimeProvider)).await?.transport)
    }

    /// The same for a connection that is made at once, by a clock that shows `now_ms`, in milliseconds since 1970 UTC.
    ///
    /// # Errors
    /// [`TlsFileError`].
    pub async fn approach(&self, now_ms: i64) -> Result<Approach, TlsFileError> {
        let since_1970 = Duration::from_millis(u64::try_from(now_ms).unwrap_or_default());
        self.approach_by(Arc::new(Standing(UnixTime::since_unix_epoch(since_1970)))).await
    }

    async fn approach_by(&self, clock: Arc<dyn TimeProvider>) -> Result<Approach, TlsFileError> {
        if !self.url.tls {
            return Ok(Approach { transport: Transport::tcp(), shown: None });
        }
        let ca_file = self.ca_file.as_deref().ok_or(TlsFileError::Missing)?;
        let believing = believing_by(ca_file, clock).await?;
        let (config, shown) = match &self.identity {
            None => (believing.with_no_client_auth(), None),
            Some(identity) => {
                let Shown { chain, key, validity } = identity.read()?;
                let config = believing.with_client_auth_cert(chain, key).map_err(|error| identity.refused(&error))?;
                (config, validity)
            }
        };
        Ok(Approach { transport: Transport::tls_with_config(TlsConfiguration::Rustls(Arc::new(config))), shown })
    }

    /// Options of one connection, with address, transport and login set.
    #[must_use]
    pub fn options(&self, client_id: &str, transport: Transport) -> MqttOptions {
        let mut options = MqttOptions::new(client_id, self.url.host.as_str(), self.url.port);
        options.set_transport(transport);
        if let Some(Login { username, password }) = &self.login {
            options.set_credentials(username.as_str(), password.reveal().as_str());
        }
        options
    }
}

impl BrokerUrl {
    /// IANA: `mqtt`.
    pub const PORT: u16 = 1883;
    /// IANA: `secure-mqtt`.
    pub const PORT_TLS: u16 = 8883;

    /// Whether it never leaves the box.
    #[must_use]
    pub fn is_local(&self) -> bool {
        is_this_box(&self.host)
    }
}

impl FromStr for BrokerUrl {
    type Err = UrlError;

    fn from_str(text: &str) -> Result<Self, UrlError> {
        let (tls, rest) = match text.split_once("://") {
            Some(("mqtt", rest)) => (false, rest),
            Some(("mqtts", rest)) => (true, rest),
            _ => return Err(UrlError::Scheme),
        };
        if rest.contains('@') {
            return Err(UrlError::Secret);
        }
        let rest = rest.strip_suffix('/').unwrap_or(rest);
        if rest.contains(['/', '?', '#']) {
            return Err(UrlError::Path);
        }
        let (host, port) = host_and_port(rest, if tls { Self::PORT_TLS } else { Self::PORT })?;
        Ok(Self { tls, host, port })
    }
}

impl fmt::Display for BrokerUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let scheme = if self.tls { "mqtts" } else { "mqtt" };
        if self.host.contains(':') {
            write!(f, "{scheme}://[{}]:{}", self.host, self.port)
        } else {
            write!(f, "{scheme}://{}:{}", self.host, self.port)
        }
    }
}

/// Host and port of an address, with the usual port where it names none; an IPv6 address without its brackets.
///
/// # Errors
/// [`UrlError::Host`] and [`UrlError::Port`].
pub fn host_and_port(text: &str, usual_port: u16) -> Result<(String, u16), UrlError> {
    let (host, port) = match text.strip_prefix('[') {
        Some(bracketed) => {
            let (host, behind) = bracketed.split_once(']').ok_or(UrlError::Host)?;
            host.parse::<Ipv6Addr>().map_err(|_| UrlError::Host)?;
            let port = if behind.is_empty() { None } else { Some(behind.strip_prefix(':').ok_or(UrlError::Port)?) };
            (host, port)
        }
        None => match text.split_once(':') {
            Some((host, port)) => (host, Some(port)),
            None => (text, None),
        },
    };
    let named = |sign: char| sign.is_ascii_alphanumeric() || matches!(sign, '.' | '-' | '_' | ':');
    if host.is_empty() || !host.chars().all(named) {
        return Err(UrlError::Host);
    }
    let port = match port {
        None => usual_port,
        Some(port) => port.parse().ok().filter(|port| *port > 0).ok_or(UrlError::Port)?,
    };
    Ok((host.to_owned(), port))
}

/// Whether a host is this box itself.
#[must_use]
pub fn is_this_box(host: &str) -> bool {
    host == "localhost" || host.parse::<IpAddr>().is_ok_and(|ip| ip.is_loopback())
}

/// TLS towards a server whose certificate is signed by an authority in `ca_file`, and by no other.
///
/// # Errors
/// [`TlsFileError::Unusable`].
pub async fn believing(ca_file: &Path) -> Result<Arc<ClientConfig>, TlsFileError> {
    Ok(Arc::new(believing_by(ca_file, Arc::new(DefaultTimeProvider)).await?.with_no_client_auth()))
}

async fn believing_by(
    ca_file: &Path,
    clock: Arc<dyn TimeProvider>,
) -> Result<ConfigBuilder<ClientConfig, WantsClientCert>, TlsFileError> {
    let unusable = |why: &dyn fmt::Display| TlsFileError::Unusable {
        key: "ca_file",
        path: ca_file.to_owned(),
        why: why.to_string(),
    };
    let pem = tokio::fs::read(ca_file).await.map_err(|error| unusable(&error))?;
    let mut roots = RootCertStore::empty();
    for certificate in CertificateDer::pem_slice_iter(&pem) {
        roots.add(certificate.map_err(|error| unusable(&error))?).map_err(|error| unusable(&error))?;
    }
    if roots.is_empty() {
        return Err(unusable(&"there is no certificate in it"));
    }
    // The provider is named: were a second one ever linked, the default builder would panic.
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = ClientConfig::builder_with_details(provider, clock)
        .with_safe_default_protocol_versions()
        .map_err(|error| unusable(&error))?
        .with_root_certificates(roots);
    Ok(config)
}

/// A clock that stands: what it shows is what the station's clock shows when the connection is made, and a hand-shake takes
/// seconds.
#[derive(Debug)]
struct Standing(UnixTime);

impl TimeProvider for Standing {
    fn current_time(&self) -> Option<UnixTime> {
        Some(self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_are_read_and_written_alike() {
        for (text, again, local) in [
            ("mqtt://127.0.0.1", "mqtt://127.0.0.1:1883", true),
            ("mqtt://127.0.0.1:11883/", "mqtt://127.0.0.1:11883", true),
            ("mqtts://county.example", "mqtts://county.example:8883", false),
            ("mqtts://county.example:8884/", "mqtts://county.example:8884", false),
            ("mqtts://[::1]", "mqtts://[::1]:8883", true),
            ("mqtt://[::1]:2883", "mqtt://[::1]:2883", true),
            ("mqtt://localhost", "mqtt://localhost:1883", true),
            ("mqtt://localhost:1884", "mqtt://localhost:1884", true),
        ] {
            let url: BrokerUrl = text.parse().expect(text);
            assert_eq!((url.to_string().as_str(), url.is_local()), (again, local));
        }
    }

    #[test]
    fn a_password_in_an_address_is_refused_before_anything_else_is_looked_at() {
        for (text, why) in [
            ("", UrlError::Scheme),
            ("localhost:1883", UrlError::Scheme),
            ("county.example", UrlError::Scheme),
            ("http://localhost", UrlError::Scheme),
            ("tcp://a:1", UrlError::Scheme),
            ("mqtt://user:secret@a:1", UrlError::Secret),
            ("mqtt://user@host", UrlError::Secret),
            ("mqtt://", UrlError::Host),
            ("mqtt://a b", UrlError::Host),
            ("mqtt://a:0", UrlError::Port),
            ("mqtt://a:x", UrlError::Port),
            ("mqtt://[::1]x", UrlError::Port),
            ("mqtt://a:1/topic", UrlError::Path),
        ] {
            assert_eq!(text.parse::<BrokerUrl>(), Err(why), "{text}");
        }
    }

    #[tokio::test]
    async fn a_ca_file_that_is_not_there_or_empty_is_named() {
        let with =
            |ca_file| Broker { url: "mqtts://a".parse().expect("an address"), ca_file, identity: None, login: None };
        let said = async |ca_file| with(ca_file).transport().await.err().expect("nobody to believe").to_string();
        assert!(said(None).await.starts_with("mqtts needs ca_file"));
        let missing = said(Some("/nonexistent/ca.pem".into())).await;
        assert!(missing.starts_with("/nonexistent/ca.pem cannot be used"), "{missing}");
        let empty = tempfile::NamedTempFile::new().expect("file");
        let words = said(Some(empty.path().to_owned())).await;
        assert!(words.ends_with("there is no certificate in it"), "{words}");
    }
}
