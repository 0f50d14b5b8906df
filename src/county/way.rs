//! How the county reaches its broker: the options of one connection, and its end in words.
//!
//! Every connection is fresh: clean start, session expiry 0. An offline durable session would hoard messages that
//! a later one gets too late or, when the broker's queue is full, never; the gateways' resending makes it needless.

use std::time::Duration;

use rumqttc::v5::mqttbytes::v5::{ConnectReturnCode, PublishProperties};
use rumqttc::v5::{ConnectionError, MqttOptions, StateError};

use super::settings::{Settings, SettingsError};
use crate::broker::{Broker, BrokerUrl, TlsFileError};
use crate::limits;
use crate::relay::message::CONTENT_TYPE;

/// judgement: a broken link shows after at most two of these, so the county notices within a minute.
const KEEP_ALIVE: Duration = Duration::from_secs(20);

/// Unacknowledged messages towards the broker. judgement: receipts are small, and the broker's own limit is often 20.
const SEND_WINDOW: u16 = 100;

/// The way to the broker. Its files are read anew for every connection, so that renewed ones are shown without a restart.
#[derive(Debug, Clone)]
pub struct Way {
    broker: Broker,
}

impl Way {
    /// Checks authority, certificate and client id.
    ///
    /// # Errors
    /// [`SettingsError`].
    pub async fn new(settings: &Settings) -> Result<Way, SettingsError> {
        if !(1..=64).contains(&settings.client_id.chars().count()) {
            return Err(SettingsError::ClientId);
        }
        settings.broker.transport().await?;
        Ok(Way { broker: settings.broker.clone() })
    }

    /// Options for one connection.
    ///
    /// # Errors
    /// [`TlsFileError`]: the files were sound when the service began, and no longer are.
    pub async fn options(&self, client_id: &str) -> Result<MqttOptions, TlsFileError> {
        let mut options = self.broker.options(client_id, self.broker.transport().await?);
        options
            .set_clean_start(true)
            .set_session_expiry_interval(Some(0))
            .set_max_packet_size(Some(limits::COUNTY_PACKET_BYTES_MAX))
            .set_receive_maximum(Some(limits::COUNTY_INTAKE_MAX))
            .set_keep_alive(KEEP_ALIVE)
            .set_outgoing_inflight_upper_limit(SEND_WINDOW);
        Ok(options)
    }

    /// Where it leads, for log lines.
    #[must_use]
    pub const fn place(&self) -> &BrokerUrl {
        &self.broker.url
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
