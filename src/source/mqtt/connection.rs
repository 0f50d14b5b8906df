//! The pump of one connection: polls, subscribes, and hands on what was heard.

use std::collections::BTreeSet;
use std::sync::Arc;

use bytes::Bytes;
use rumqttc::v5::mqttbytes::QoS;
use rumqttc::v5::mqttbytes::v5::{
    ConnectReturnCode, DisconnectReasonCode, Filter, Packet, Publish, SubAck, SubscribeReasonCode,
};
use rumqttc::v5::{AsyncClient, ConnectionError, Event, EventLoop, StateError};
use tokio::sync::{OwnedSemaphorePermit, Semaphore, mpsc};
use tokio::time::Instant;

use super::FeedSettings;
use crate::limits::MQTT_PAYLOAD_BYTES_MAX;
use crate::source::SourceError;
use crate::source::front_door::{below_base, payload_bytes_max};

/// What the pump heard.
#[derive(Debug)]
pub(super) enum Heard {
    /// A message, and when it was read.
    Publish(Message),
    /// Every subscription is granted: from here on the devices are heard.
    Subscribed,
    /// A topic that was announced may not be read.
    AnnouncedRefused,
    /// Any other sign of the broker.
    Alive,
    /// The connection has ended; nothing follows.
    Lost(SourceError),
}

/// A message in *pending*.
#[derive(Debug)]
pub(super) struct Message {
    pub(super) publish: Publish,
    pub(super) at: Instant,
    /// The one place for a large message, held until it is decoded.
    _large: Option<OwnedSemaphorePermit>,
}

/// The task that owns the event loop.
pub(super) struct Pump {
    event_loop: EventLoop,
    client: AsyncClient,
    filters: Vec<String>,
    /// The filters are granted; whatever is answered later is about an announced topic.
    granted: bool,
    bounds: Bounds,
    pending: mpsc::Sender<Heard>,
}

/// What bounds pending in bytes: it holds many small messages but only one large one.
struct Bounds {
    bases: Vec<String>,
    large: Arc<Semaphore>,
}

impl Pump {
    pub(super) fn new(
        event_loop: EventLoop,
        client: AsyncClient,
        feeds: &[FeedSettings],
        pending: mpsc::Sender<Heard>,
    ) -> Self {
        Self {
            event_loop,
            client,
            // Two formats may share a filter, and a broker may answer a filter that stands twice with two copies.
            filters: feeds.iter().flat_map(FeedSettings::filters).collect::<BTreeSet<_>>().into_iter().collect(),
            granted: false,
            bounds: Bounds {
                bases: feeds.iter().map(|feed| feed.base_topic.clone()).collect(),
                large: Arc::new(Semaphore::new(1)),
            },
            pending,
        }
    }

    /// Polls until the connection ends.
    ///
    /// Our own DISCONNECT is no end yet: the broker closes once it has read it and every PUBACK before it, and to
    /// close first would leave it to chance whether those are read.
    pub(super) async fn run(mut self) {
        loop {
            let heard = match self.event_loop.poll().await {
                Ok(Event::Incoming(Packet::Publish(publish))) => Heard::Publish(self.bounds.message(publish).await),
                Ok(Event::Incoming(Packet::ConnAck(_))) => self.subscribe(),
                Ok(Event::Incoming(Packet::SubAck(answer))) => self.subscribed(&answer),
                Ok(Event::Incoming(_)) => Heard::Alive,
                Ok(Event::Outgoing(_)) => continue,
                Err(error) => Heard::Lost(reason(error)),
            };
            let lost = matches!(heard, Heard::Lost(_));
            if self.pending.send(heard).await.is_err() || lost {
                return;
            }
        }
    }

    /// At every connection, whether or not the broker has kept the session: a filter that is new since is added,
    /// and the retained list of devices comes again.
    fn subscribe(&self) -> Heard {
        let filters = self.filters.iter().map(|filter| Filter::new(filter.as_str(), QoS::AtLeastOnce));
        match self.client.try_subscribe_many(filters) {
            Ok(()) => Heard::Alive,
            // Nothing else is in the channel yet, so this is a filter that MQTT does not allow.
            Err(_) => Heard::Lost(SourceError::SubscriptionRefused {
                filter: self.filters.join(" "),
                code: "not a valid topic filter".to_owned(),
            }),
        }
    }

    fn subscribed(&mut self, answer: &SubAck) -> Heard {
        let refused = answer.return_codes.iter().position(|code| !matches!(code, SubscribeReasonCode::Success(_)));
        if self.granted {
            return if refused.is_some() { Heard::AnnouncedRefused } else { Heard::Alive };
        }
        match refused {
            None => {
                self.granted = true;
                Heard::Subscribed
            }
            Some(at) => Heard::Lost(SourceError::SubscriptionRefused {
                filter: self.filters.get(at).cloned().unwrap_or_default(),
                code: answer.return_codes.get(at).map(|code| format!("{code:?}")).unwrap_or_default(),
            }),
        }
    }
}

impl Bounds {
    /// Bounds a message before it waits anywhere.
    async fn message(&self, mut publish: Publish) -> Message {
        let at = Instant::now();
        let mut large = None;
        if publish.payload.len() > MQTT_PAYLOAD_BYTES_MAX {
            let bytes_max = self.payload_bytes_max(&publish.topic);
            if publish.payload.len() > bytes_max {
                // One byte too many is enough to be refused at the front door; the rest need not wait with it.
                publish.payload = Bytes::copy_from_slice(publish.payload.get(..=bytes_max).unwrap_or_default());
            } else {
                // The semaphore is never closed, so there is always a permit to wait for.
                large = Arc::clone(&self.large).acquire_owned().await.ok();
            }
        }
        Message { publish, at, _large: large }
    }

    fn payload_bytes_max(&self, topic: &[u8]) -> usize {
        let topic = std::str::from_utf8(topic).unwrap_or_default();
        let below = self.bases.iter().find_map(|base| below_base(topic, base));
        payload_bytes_max(below.unwrap_or_default())
    }
}

/// The reason for people.
fn reason(error: ConnectionError) -> SourceError {
    use ConnectReturnCode as Code;
    match error {
        ConnectionError::ConnectionRefused(
            code @ (Code::NotAuthorized | Code::BadUserNamePassword | Code::Banned | Code::BadAuthenticationMethod),
        ) => SourceError::AccountRefused { code: format!("{code:?}") },
        ConnectionError::MqttState(StateError::ServerDisconnect {
            reason_code: DisconnectReasonCode::SessionTakenOver,
            ..
        }) => SourceError::SessionTaken,
        error => SourceError::Broker(Box::new(error)),
    }
}
