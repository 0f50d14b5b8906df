//! One connection to the county's broker, from the first packet to the last, and never used again.
//!
//! The MQTT client's event loop must not be cancelled half-way through a poll (it may hold a packet between its state
//! and the socket), must not be used after an error (what was in flight would be dropped or sent twice) and must not
//! be waited for by whoever polls it. So it lives in a task of its own that does nothing but poll and pass on, ends
//! with the first error, and is thrown away with its client. Publishing is `try_` only; the pump's window is smaller
//! than the client's queue, so a full queue is a fault and not a way of working.

use std::time::Duration;

use bytes::Bytes;
use rumqttc::v5::mqttbytes::QoS;
use rumqttc::v5::mqttbytes::v5::{
    Filter, LastWill, LastWillProperties, Packet, PubAck, PubAckReason, PublishProperties, SubscribeReasonCode,
};
use rumqttc::v5::{AsyncClient, Event, EventLoop, MqttOptions};
use rumqttc::{NetworkOptions, Outgoing, Transport};
use tokio::sync::mpsc;
use tokio_util::task::AbortOnDropHandle;

use crate::limits::{LINK_EVENTS_MAX, MESSAGE_BYTES_MAX, RELAY_KEEP_ALIVE, RELAY_SESSION_EXPIRY, RELAY_WINDOW};

use super::message::CONTENT_TYPE;
use super::session::Settings;
use super::trouble::{Trouble, short};

/// Room in the client's queue beside the window: subscription, heartbeats, farewell.
const QUEUE_SPARE: u16 = 8;
/// Room for topic, properties and header in the largest packet.
const PACKET_OVERHEAD_BYTES: u32 = 1024;
/// Look-up, TCP, TLS and CONNACK together. judgement: a rural 2G link needs several seconds for TLS alone.
const CONNECT_DEADLINE: Duration = Duration::from_secs(20);

/// A message to be published.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Publication {
    pub(super) topic: String,
    pub(super) payload: Vec<u8>,
    /// Acknowledged (QoS 1) or not (QoS 0).
    pub(super) acknowledged: bool,
    pub(super) retain: bool,
    pub(super) expiry: Option<Duration>,
}

/// What comes out of a connection, in order.
#[derive(Debug)]
pub(super) enum LinkEvent {
    /// CONNACK.
    Up { receive_max: u16, payload_bytes_max: usize },
    /// The next publish was encoded under this packet id (0: QoS 0).
    Departed(u16),
    /// PUBACK, with the broker's reason when it refuses.
    Acknowledged { packet_id: u16, refused: Option<String> },
    /// SUBACK: which filters were refused, by their place.
    Subscribed { refused: Vec<usize> },
    /// A message.
    Message { topic: Bytes, payload: Bytes, retained: bool },
    /// Our DISCONNECT has left; nothing follows.
    Left,
    /// The connection failed or ended; nothing follows.
    Down(Trouble),
}

/// The client's queue is full.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct QueueFull;

/// One connection.
pub(super) struct Link {
    client: AsyncClient,
    events: mpsc::Receiver<LinkEvent>,
    _poll: AbortOnDropHandle<()>,
}

impl Link {
    /// Begins to connect; the first event tells how that went.
    pub(super) fn open(settings: &Settings, transport: Transport, will: &Publication) -> Self {
        let options = options(settings, transport, will);
        let (client, event_loop) = AsyncClient::new(options, usize::from(RELAY_WINDOW + QUEUE_SPARE));
        let (sender, events) = mpsc::channel(LINK_EVENTS_MAX);
        let poll = AbortOnDropHandle::new(tokio::spawn(poll(event_loop, sender)));
        Self { client, events, _poll: poll }
    }

    /// The next event. After the last one the connection counts as closed.
    pub(super) async fn event(&mut self) -> LinkEvent {
        self.events.recv().await.unwrap_or_else(|| LinkEvent::Down(Trouble::Closed("by ourselves".to_owned())))
    }

    /// Subscribes to these filters with QoS 1, in one packet.
    pub(super) fn subscribe(&self, filters: &[String]) -> Result<(), QueueFull> {
        let filters = filters.iter().map(|filter| Filter::new(filter.as_str(), QoS::AtLeastOnce));
        self.client.try_subscribe_many(filters).map_err(|_| QueueFull)
    }

    /// Hands a message to the client.
    pub(super) fn publish(&self, publication: Publication) -> Result<(), QueueFull> {
        let properties = PublishProperties {
            payload_format_indicator: Some(1),
            message_expiry_interval: publication.expiry.map(seconds),
            content_type: Some(CONTENT_TYPE.to_owned()),
            ..PublishProperties::default()
        };
        let qos = if publication.acknowledged { QoS::AtLeastOnce } else { QoS::AtMostOnce };
        self.client
            .try_publish_with_properties(publication.topic, qos, publication.retain, publication.payload, properties)
            .map_err(|_| QueueFull)
    }

    /// Takes leave: the broker then forgets the will.
    pub(super) fn leave(&self) -> Result<(), QueueFull> {
        self.client.try_disconnect().map_err(|_| QueueFull)
    }
}

async fn poll(mut event_loop: EventLoop, events: mpsc::Sender<LinkEvent>) {
    loop {
        let event = match event_loop.poll().await {
            Ok(event) => translate(&event),
            Err(error) => Some(LinkEvent::Down(Trouble::from(&error))),
        };
        if let Some(LinkEvent::Up { .. }) = event
            && event_loop.options.keep_alive() < Duration::from_secs(5)
        {
            // The broker may ask for another keep-alive; 0 would make the client ping without pause.
            event_loop.options.set_keep_alive(RELAY_KEEP_ALIVE);
        }
        let Some(event) = event else { continue };
        let last = matches!(event, LinkEvent::Left | LinkEvent::Down(_));
        if events.send(event).await.is_err() || last {
            return;
        }
    }
}

fn translate(event: &Event) -> Option<LinkEvent> {
    match event {
        Event::Incoming(Packet::ConnAck(connack)) => {
            let properties = connack.properties.as_ref();
            let packet_max = properties.and_then(|properties| properties.max_packet_size).unwrap_or(u32::MAX);
            let payload_max = packet_max.saturating_sub(PACKET_OVERHEAD_BYTES);
            Some(LinkEvent::Up {
                receive_max: properties.and_then(|properties| properties.receive_max).unwrap_or(u16::MAX),
                payload_bytes_max: usize::try_from(payload_max)
                    .map_or(MESSAGE_BYTES_MAX, |max| max.min(MESSAGE_BYTES_MAX)),
            })
        }
        Event::Incoming(Packet::PubAck(puback)) => {
            Some(LinkEvent::Acknowledged { packet_id: puback.pkid, refused: refusal(puback) })
        }
        Event::Incoming(Packet::Publish(publish)) => Some(LinkEvent::Message {
            topic: publish.topic.clone(),
            payload: publish.payload.clone(),
            retained: publish.retain,
        }),
        Event::Incoming(Packet::SubAck(suback)) => {
            let codes = suback.return_codes.iter().enumerate();
            let refused = codes.filter(|(_, code)| !matches!(code, SubscribeReasonCode::Success(_)));
            Some(LinkEvent::Subscribed { refused: refused.map(|(place, _)| place).collect() })
        }
        Event::Outgoing(Outgoing::Publish(packet_id)) => Some(LinkEvent::Departed(*packet_id)),
        Event::Outgoing(Outgoing::Disconnect) => Some(LinkEvent::Left),
        Event::Incoming(_) | Event::Outgoing(_) => None,
    }
}

/// Why a PUBACK is none. "No matching subscribers" is no fault of the message: the county may be away.
fn refusal(puback: &PubAck) -> Option<String> {
    match puback.reason {
        PubAckReason::Success | PubAckReason::NoMatchingSubscribers => None,
        reason => Some(short(&format!("{reason:?}"))),
    }
}

fn options(settings: &Settings, transport: Transport, will: &Publication) -> MqttOptions {
    let id = format!("sw-{}-{}", settings.station, settings.gateway);
    let mut options = settings.broker.options(&id, transport);
    // The broker keeps subscriptions and waiting receipts while we are away. What was in flight from here is ours to
    // send again: the client is fresh and knows nothing of it.
    options.set_clean_start(false);
    options.set_session_expiry_interval(Some(seconds(RELAY_SESSION_EXPIRY)));
    options.set_max_packet_size(Some(u32::try_from(MESSAGE_BYTES_MAX).unwrap_or(u32::MAX) + PACKET_OVERHEAD_BYTES));
    options.set_keep_alive(RELAY_KEEP_ALIVE);
    options.set_connection_timeout(CONNECT_DEADLINE.as_secs());
    options.set_request_channel_capacity(usize::from(RELAY_WINDOW + QUEUE_SPARE));
    options.set_outgoing_inflight_upper_limit(RELAY_WINDOW + QUEUE_SPARE);
    let mut network = NetworkOptions::new();
    network.set_tcp_nodelay(true);
    network.set_connection_timeout(CONNECT_DEADLINE.as_secs());
    options.set_network_options(network);
    let properties = LastWillProperties {
        delay_interval: None,
        payload_format_indicator: Some(1),
        message_expiry_interval: None,
        content_type: Some(CONTENT_TYPE.to_owned()),
        response_topic: None,
        correlation_data: None,
        user_properties: Vec::new(),
    };
    let will = LastWill::new(will.topic.clone(), will.payload.clone(), QoS::AtLeastOnce, will.retain, Some(properties));
    options.set_last_will(will);
    options
}

fn seconds(span: Duration) -> u32 {
    u32::try_from(span.as_secs()).unwrap_or(u32::MAX)
}
