//! One connection to the local broker, from the first packet to the last, and never used again.

use std::time::Duration;

use bytes::Bytes;
use rumqttc::v5::mqttbytes::QoS;
use rumqttc::v5::mqttbytes::v5::{
    ConnectReturnCode, Filter, Packet, PubAckReason, Publish, PublishProperties, SubscribeReasonCode,
};
use rumqttc::v5::{AsyncClient, ConnectionError, Event, EventLoop, MqttOptions};
use rumqttc::{NetworkOptions, Transport};
use tokio::sync::mpsc;
use tokio_util::task::AbortOnDropHandle;

use super::Settings;
use crate::limits::channels::{
    ANSWER_PACKET_BYTES_MAX, ANSWERS_UNKEPT_MAX, NOTICE_EXPIRY, NOTIFY_CONNECT_DEADLINE, NOTIFY_UPSHOTS_MAX,
};

/// Requests in the client's queue: a subscription, a notice, and the PUBACK of every answer that is being kept.
const REQUESTS_MAX: u16 = 2 + ANSWERS_UNKEPT_MAX;

/// Keep-alive. judgement: rumqttc finds a dead link after at most two of them; below 5 s it panics.
const KEEP_ALIVE: Duration = Duration::from_secs(10);

/// How long the broker keeps answers for a station that is away. judgement: after an hour nobody is on the way for that alarm who has
/// not been asked again.
const SESSION_EXPIRY_S: u32 = 3_600;

/// What comes out of a connection, in order.
#[derive(Debug)]
pub(super) enum Upshot {
    /// Answers are heard, and notices can be sent.
    Up,
    /// PUBACK of the notice.
    Taken(Option<Refusal>),
    /// An answer, which waits for its PUBACK.
    Answer(Box<Answer>),
    /// The connection failed or ended; nothing follows.
    Lost { not_let_in: bool, why: String },
}

/// Why a PUBACK is none.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Refusal {
    /// Nobody has subscribed.
    NobodyListens,
    /// The broker's rules forbid it.
    NotAllowed,
    /// Anything else.
    Other,
}

/// An answer as it came.
#[derive(Debug, Clone)]
pub(super) struct Answer {
    pub(super) topic: Bytes,
    pub(super) payload: Bytes,
    pub(super) retained: bool,
    publish: Publish,
}

/// One connection.
pub(super) struct Link {
    client: AsyncClient,
    upshots: mpsc::Receiver<Upshot>,
    _poll: AbortOnDropHandle<()>,
}

impl Link {
    /// Begins to connect, and to listen; the first upshot tells how that went.
    pub(super) fn open(settings: &Settings, transport: Transport, filter: &str) -> Self {
        let (client, event_loop) = AsyncClient::new(options(settings, transport), usize::from(REQUESTS_MAX));
        let (sender, upshots) = mpsc::channel(NOTIFY_UPSHOTS_MAX);
        let poll = AbortOnDropHandle::new(tokio::spawn(poll(event_loop, client.clone(), filter.to_owned(), sender)));
        Self { client, upshots, _poll: poll }
    }

    /// The next upshot.
    pub(super) async fn upshot(&mut self) -> Upshot {
        let closed = || Upshot::Lost { not_let_in: false, why: "closed by ourselves".to_owned() };
        self.upshots.recv().await.unwrap_or_else(closed)
    }

    /// Hands a notice to the client; whether there was room, which there is while only one is in flight.
    pub(super) fn publish(&self, topic: String, payload: Vec<u8>) -> bool {
        let properties = PublishProperties {
            payload_format_indicator: Some(1),
            message_expiry_interval: u32::try_from(NOTICE_EXPIRY.as_secs()).ok(),
            content_type: Some("application/json".to_owned()),
            ..PublishProperties::default()
        };
        self.client.try_publish_with_properties(topic, QoS::AtLeastOnce, false, payload, properties).is_ok()
    }

    /// Gives an answer's PUBACK. There is room for every answer that the broker may send ahead of one.
    pub(super) fn acknowledge(&self, answer: &Answer) {
        // Without it the broker sends the answer again, with the next connection.
        let _ = self.client.try_ack(&answer.publish);
    }
}

impl Answer {
    /// Whether the broker keeps it until its PUBACK.
    pub(super) fn wants_puback(&self) -> bool {
        self.publish.qos != QoS::AtMostOnce
    }
}

impl From<Publish> for Answer {
    fn from(publish: Publish) -> Self {
        Self { topic: publish.topic.clone(), payload: publish.payload.clone(), retained: publish.retain, publish }
    }
}

#[cfg(test)]
impl Answer {
    pub(super) fn made_up(topic: &str, payload: &str) -> Self {
        Publish::new(topic.to_owned(), QoS::AtLeastOnce, payload.to_owned(), None).into()
    }
}

async fn poll(mut event_loop: EventLoop, client: AsyncClient, filter: String, upshots: mpsc::Sender<Upshot>) {
    loop {
        let upshot = match event_loop.poll().await {
            Ok(Event::Incoming(Packet::ConnAck(_))) => {
                if event_loop.options.keep_alive() < Duration::from_secs(5) {
                    // The broker may ask for another keep-alive; 0 would make the client ping without pause.
                    event_loop.options.set_keep_alive(KEEP_ALIVE);
                }
                let filters = [Filter::new(filter.as_str(), QoS::AtLeastOnce)];
                if client.try_subscribe_many(filters).is_ok() {
                    continue;
                }
                lost("the client's queue is full")
            }
            Ok(Event::Incoming(Packet::SubAck(answer))) => {
                let granted = answer.return_codes.iter().all(|code| matches!(code, SubscribeReasonCode::Success(_)));
                let forbidden = || Upshot::Lost {
                    not_let_in: true,
                    why: format!("the local broker does not let this account read {filter}: its rules must allow it"),
                };
                if granted { Upshot::Up } else { forbidden() }
            }
            Ok(Event::Incoming(Packet::PubAck(answer))) => Upshot::Taken(match answer.reason {
                PubAckReason::Success => None,
                PubAckReason::NoMatchingSubscribers => Some(Refusal::NobodyListens),
                PubAckReason::NotAuthorized => Some(Refusal::NotAllowed),
                _ => Some(Refusal::Other),
            }),
            Ok(Event::Incoming(Packet::Publish(publish))) => Upshot::Answer(Box::new(publish.into())),
            Ok(_) => continue,
            Err(error) => of(&error),
        };
        let last = matches!(upshot, Upshot::Lost { .. });
        if upshots.send(upshot).await.is_err() || last {
            return;
        }
    }
}

fn of(error: &ConnectionError) -> Upshot {
    use ConnectReturnCode as Code;
    let not_let_in = matches!(
        error,
        ConnectionError::ConnectionRefused(
            Code::NotAuthorized | Code::BadUserNamePassword | Code::Banned | Code::BadAuthenticationMethod
        )
    );
    Upshot::Lost { not_let_in, why: format!("the local broker cannot be reached ({error}): is it running?") }
}

fn lost(why: &str) -> Upshot {
    Upshot::Lost { not_let_in: false, why: why.to_owned() }
}

fn options(settings: &Settings, transport: Transport) -> MqttOptions {
    let mut options = settings.broker.options(&settings.client_id, transport);
    let mut network = NetworkOptions::new();
    network.set_tcp_nodelay(true);
    network.set_connection_timeout(NOTIFY_CONNECT_DEADLINE.as_secs());
    options
        .set_network_options(network)
        .set_connection_timeout(NOTIFY_CONNECT_DEADLINE.as_secs())
        .set_keep_alive(KEEP_ALIVE)
        .set_clean_start(false)
        .set_session_expiry_interval(Some(SESSION_EXPIRY_S))
        .set_max_packet_size(Some(ANSWER_PACKET_BYTES_MAX))
        .set_receive_maximum(Some(ANSWERS_UNKEPT_MAX))
        .set_manual_acks(true)
        .set_outgoing_inflight_upper_limit(REQUESTS_MAX);
    options
}
