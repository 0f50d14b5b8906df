//! The options of a connection to the local broker.

use std::time::Duration;

use rumqttc::NetworkOptions;
use rumqttc::v5::MqttOptions;

use super::{KEEP_ALIVE, MqttSettings};
use crate::broker::TlsFileError;
use crate::limits::{MQTT_PACKET_BYTES_MAX, MQTT_RECEIVE_MAX};

/// How long the broker keeps the session, and in it what our devices say, while this program is not there.
/// judgement: over a long holiday's power cut; `config/mosquitto.conf` is set a little longer.
const SESSION_EXPIRY: Duration = Duration::from_hours(7 * 24);

/// Requests (SUBSCRIBE, DISCONNECT) that may be in flight. Nothing is published; rumqttc allocates a table of it,
/// 14 MB by default.
const OUTGOING_INFLIGHT_MAX: u16 = 16;

/// Options of one connection. The CA file is read each time, so that a replaced one is taken without a restart.
pub(super) async fn connect_options(settings: &MqttSettings) -> Result<MqttOptions, TlsFileError> {
    let mut options = settings.broker.options(&settings.client_id, settings.broker.transport().await?);
    let mut network = NetworkOptions::new();
    // A PUBACK is a small packet that somebody waits for.
    network.set_tcp_nodelay(true);
    options
        .set_network_options(network)
        .set_keep_alive(KEEP_ALIVE)
        .set_clean_start(false)
        .set_session_expiry_interval(if settings.keep_session {
            u32::try_from(SESSION_EXPIRY.as_secs()).ok()
        } else {
            None
        })
        .set_max_packet_size(Some(MQTT_PACKET_BYTES_MAX))
        .set_receive_maximum(Some(MQTT_RECEIVE_MAX))
        .set_manual_acks(true)
        .set_outgoing_inflight_upper_limit(OUTGOING_INFLIGHT_MAX);
    Ok(options)
}
