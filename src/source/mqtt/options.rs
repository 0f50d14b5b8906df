//! How to connect: the broker's address, its CA file, and the options of a connection.

use std::fmt;
use std::path::Path;
use std::str::FromStr;
use std::sync::Arc;
use std::time::Duration;

use rumqttc::v5::MqttOptions;
use rumqttc::{NetworkOptions, TlsConfiguration, Transport};
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject;
use rustls::{ClientConfig, RootCertStore};

use super::{KEEP_ALIVE, MqttSettings};
use crate::limits::{MQTT_PACKET_BYTES_MAX, MQTT_RECEIVE_MAX};
use crate::private::Private;
use crate::source::SourceError;

/// How long the broker keeps the session, and in it what our devices say, while this program is not there.
/// judgement: over a long holiday's power cut; `config/mosquitto.conf` is set a little longer.
const SESSION_EXPIRY: Duration = Duration::from_hours(7 * 24);

/// Requests (SUBSCRIBE, DISCONNECT) that may be in flight. Nothing is published; rumqttc allocates a table of it,
/// 14 MB by default.
const OUTGOING_INFLIGHT_MAX: u16 = 16;

/// A broker's address: `mqtt://HOST[:1883]`, or `mqtts://HOST[:8883]` for TLS.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BrokerAddress {
    /// Host name or IP address; an IPv6 address stands in brackets.
    pub host: String,
    /// Port.
    pub port: u16,
    /// TLS.
    pub tls: bool,
}

/// User and password at the broker.
#[derive(Debug, Clone)]
pub struct Login {
    /// User.
    pub user: String,
    /// Password.
    pub password: Private<String>,
}

impl FromStr for BrokerAddress {
    type Err = SourceError;

    fn from_str(given: &str) -> Result<Self, SourceError> {
        let wrong = || SourceError::BrokerAddress { given: given.to_owned() };
        let (scheme, rest) = given.split_once("://").ok_or_else(wrong)?;
        let tls = match scheme {
            "mqtt" => false,
            "mqtts" => true,
            _ => return Err(wrong()),
        };
        let rest = rest.strip_suffix('/').unwrap_or(rest);
        // The last colon, and only behind a bracket: an IPv6 address is full of colons.
        let (host, port) = match rest.rsplit_once(':') {
            Some((host, port)) if !port.ends_with(']') => (host, port.parse().map_err(|_| wrong())?),
            _ => (rest, if tls { 8883 } else { 1883 }),
        };
        let bracketed = host.starts_with('[') && host.ends_with(']');
        let plain = |sign: char| sign.is_ascii_alphanumeric() || matches!(sign, '.' | '-' | '_');
        if host.is_empty() || port == 0 || !(bracketed || host.chars().all(plain)) {
            return Err(wrong());
        }
        Ok(Self { host: host.to_owned(), port, tls })
    }
}

impl fmt::Display for BrokerAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}://{}:{}", if self.tls { "mqtts" } else { "mqtt" }, self.host, self.port)
    }
}

/// TLS towards a broker whose certificate is signed by the authority in `ca_file`, and by no other.
///
/// # Errors
/// [`SourceError::CaFile`].
pub fn tls_config(ca_file: &Path) -> Result<Arc<ClientConfig>, SourceError> {
    let unusable = |why: &dyn fmt::Display| SourceError::CaFile { path: ca_file.to_owned(), why: why.to_string() };
    let mut roots = RootCertStore::empty();
    for certificate in CertificateDer::pem_file_iter(ca_file).map_err(|error| unusable(&error))? {
        let certificate = certificate.map_err(|error| unusable(&error))?;
        roots.add(certificate).map_err(|error| unusable(&error))?;
    }
    if roots.is_empty() {
        return Err(unusable(&"there is no certificate in it"));
    }
    // The provider is named: were a second one ever linked, the default builder would panic.
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .map_err(|error| unusable(&error))?
        .with_root_certificates(roots)
        .with_no_client_auth();
    Ok(Arc::new(config))
}

/// Options of one connection. The CA file is read each time, so that a replaced one is taken without a restart.
pub(super) fn connect_options(settings: &MqttSettings) -> Result<MqttOptions, SourceError> {
    let BrokerAddress { host, port, tls } = &settings.broker;
    let mut options = MqttOptions::new(settings.client_id.as_str(), host.as_str(), *port);
    if *tls {
        let ca_file = settings.ca_file.as_deref().ok_or(SourceError::CaFileMissing)?;
        options.set_transport(Transport::tls_with_config(TlsConfiguration::Rustls(tls_config(ca_file)?)));
    }
    if let Some(Login { user, password }) = &settings.login {
        options.set_credentials(user.as_str(), password.reveal().as_str());
    }
    let mut network = NetworkOptions::new();
    // A PUBACK is a small packet that somebody waits for.
    network.set_tcp_nodelay(true);
    options
        .set_network_options(network)
        .set_keep_alive(KEEP_ALIVE)
        .set_clean_start(false)
        .set_session_expiry_interval(u32::try_from(SESSION_EXPIRY.as_secs()).ok())
        .set_max_packet_size(Some(MQTT_PACKET_BYTES_MAX))
        .set_receive_maximum(Some(MQTT_RECEIVE_MAX))
        .set_manual_acks(true)
        .set_outgoing_inflight_upper_limit(OUTGOING_INFLIGHT_MAX);
    Ok(options)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_are_read_as_they_are_printed() {
        for (given, printed) in [
            ("mqtt://localhost", "mqtt://localhost:1883"),
            ("mqtts://broker.example", "mqtts://broker.example:8883"),
            ("mqtt://127.0.0.1:11883/", "mqtt://127.0.0.1:11883"),
            ("mqtt://[::1]", "mqtt://[::1]:1883"),
            ("mqtt://[::1]:2883", "mqtt://[::1]:2883"),
        ] {
            let address: BrokerAddress = given.parse().expect(given);
            assert_eq!(address.to_string(), printed);
        }
        for wrong in
            ["", "localhost:1883", "http://x", "mqtt://", "mqtt://a b", "mqtt://a:0", "mqtt://a:x", "mqtt://u:p@a"]
        {
            assert!(wrong.parse::<BrokerAddress>().is_err(), "{wrong}");
        }
    }

    #[test]
    fn a_ca_file_that_is_not_there_or_empty_is_named() {
        let missing = tls_config(Path::new("/nonexistent/ca.pem")).expect_err("missing").to_string();
        assert!(missing.starts_with("/nonexistent/ca.pem cannot be used"), "{missing}");
        let empty = tempfile::NamedTempFile::new().expect("file");
        let words = tls_config(empty.path()).expect_err("empty").to_string();
        assert!(words.ends_with("there is no certificate in it"), "{words}");
    }
}
