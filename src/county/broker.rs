//! How the county reaches its broker: address, TLS, and the options of one connection.
//!
//! Every connection is fresh: clean start, session expiry 0. An offline durable session would hoard messages that
//! a later one gets too late or, when the broker's queue is full, never; the gateways' resending makes it needless.

use std::time::Duration;

use rumqttc::v5::mqttbytes::v5::{ConnectReturnCode, PublishProperties};
use rumqttc::v5::{ConnectionError, MqttOptions, StateError};
use rumqttc::{TlsConfiguration, Transport};

use super::settings::{Settings, SettingsError};
use crate::limits;
use crate::relay::message::CONTENT_TYPE;

/// judgement: a broken link shows after at most two of these, so the county notices within a minute.
const KEEP_ALIVE: Duration = Duration::from_secs(20);

/// Unacknowledged messages towards the broker. judgement: receipts are small, and the broker's own limit is often 20.
const SEND_WINDOW: u16 = 100;

/// The way to one broker, checked once.
#[derive(Clone)]
pub struct Broker {
    host: String,
    port: u16,
    transport: Transport,
    login: Option<(String, String)>,
}

impl Broker {
    /// Checks address, authority and client id.
    ///
    /// # Errors
    /// [`SettingsError`].
    pub fn new(settings: &Settings) -> Result<Broker, SettingsError> {
        if !(1..=64).contains(&settings.client_id.chars().count()) {
            return Err(SettingsError::ClientId);
        }
        let (tls, host, port) = address(&settings.broker_url).ok_or(SettingsError::Url)?;
        let transport = if tls { authority(settings)? } else { Transport::tcp() };
        let login = settings.username.as_ref().map(|name| {
            let password = settings.password.as_ref().map(|password| password.reveal().clone());
            (name.clone(), password.unwrap_or_default())
        });
        Ok(Broker { host, port, transport, login })
    }

    /// Options for one connection.
    #[must_use]
    pub fn options(&self, client_id: &str) -> MqttOptions {
        let mut options = MqttOptions::new(client_id, self.host.clone(), self.port);
        options
            .set_transport(self.transport.clone())
            .set_clean_start(true)
            .set_session_expiry_interval(Some(0))
            .set_max_packet_size(Some(limits::COUNTY_PACKET_BYTES_MAX))
            .set_receive_maximum(Some(limits::COUNTY_INTAKE_MAX))
            .set_keep_alive(KEEP_ALIVE)
            .set_outgoing_inflight_upper_limit(SEND_WINDOW);
        if let Some((name, password)) = &self.login {
            options.set_credentials(name, password);
        }
        options
    }

    /// Where it is, for log lines.
    #[must_use]
    pub fn place(&self) -> String {
        format!("{}:{}", self.host, self.port)
    }
}

/// Properties of a message from the county; `expiry_s` as the contract's table gives it for the topic.
#[must_use]
pub fn properties(expiry_s: Option<u32>) -> PublishProperties {
    PublishProperties {
        message_expiry_interval: expiry_s,
        content_type: Some(CONTENT_TYPE.to_owned()),
        ..PublishProperties::default()
    }
}

/// A connection's end in a sentence that a technician can act on.
#[must_use]
pub fn cause(error: &ConnectionError) -> String {
    match error {
        ConnectionError::ConnectionRefused(
            ConnectReturnCode::BadUserNamePassword | ConnectReturnCode::NotAuthorized,
        ) => "the broker refuses the user name and password".to_owned(),
        ConnectionError::ConnectionRefused(code) => format!("the broker refuses the connection: {code:?}"),
        ConnectionError::Tls(error) => {
            format!(
                "the broker's certificate is not accepted (authority, host name, or this computer's clock): {error}"
            )
        }
        ConnectionError::MqttState(StateError::ServerDisconnect { reason_code, .. }) => {
            format!("the broker ended the connection: {reason_code:?}")
        }
        ConnectionError::Timeout(_) => "the broker does not answer in time".to_owned(),
        other => other.to_string(),
    }
}

/// `(tls, host, port)` of a broker's address.
fn address(url: &str) -> Option<(bool, String, u16)> {
    let (scheme, place) = url.split_once("://")?;
    let (tls, standard_port) = match scheme {
        "mqtt" => (false, 1883),
        "mqtts" => (true, 8883),
        _ => return None,
    };
    let place = place.strip_suffix('/').unwrap_or(place);
    let (host, port) = match place.rsplit_once(':') {
        // The colons of a bare IPv6 address in brackets belong to the host.
        Some((host, port)) if !port.ends_with(']') => (host, port.parse().ok().filter(|port| *port != 0)?),
        _ => (place, standard_port),
    };
    let plain = |sign: char| sign.is_ascii_alphanumeric() || matches!(sign, '.' | '-' | '_' | '[' | ']' | ':');
    (!host.is_empty() && host.chars().all(plain)).then(|| (tls, host.to_owned(), port))
}

fn authority(settings: &Settings) -> Result<Transport, SettingsError> {
    let path = settings.ca_file.as_ref().ok_or(SettingsError::NoAuthority)?;
    let ca = std::fs::read(path).map_err(|error| SettingsError::Authority { path: path.clone(), error })?;
    if !ca.windows(27).any(|window| window == b"-----BEGIN CERTIFICATE-----") {
        return Err(SettingsError::NoCertificate(path.clone()));
    }
    Ok(Transport::tls_with_config(TlsConfiguration::Simple { ca, alpn: None, client_auth: None }))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_is_a_scheme_a_host_and_a_port() {
        assert_eq!(address("mqtt://localhost:1884"), Some((false, "localhost".to_owned(), 1884)));
        assert_eq!(address("mqtts://county.example.org/"), Some((true, "county.example.org".to_owned(), 8883)));
        assert_eq!(address("mqtt://[::1]"), Some((false, "[::1]".to_owned(), 1883)));
        assert_eq!(address("mqtt://[::1]:1884"), Some((false, "[::1]".to_owned(), 1884)));
        for wrong in ["", "localhost", "http://localhost", "mqtt://", "mqtt://a:0", "mqtt://a:x", "mqtt://user:pw@host"]
        {
            assert_eq!(address(wrong), None, "{wrong}");
        }
    }
}
