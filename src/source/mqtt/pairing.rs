//! Opening a bridge for newcomers, and seeing them arrive: zigbee2mqtt over a short connection of its own.
//!
//! The connection on which devices are heard publishes nothing, because a flood of readings would hold the request up, and
//! because this one may fail, or be refused by the broker's rules, without harm to what is heard. It lives as long as the
//! bridge is open. Source: zigbee2mqtt.io, MQTT topics and messages: `bridge/request/permit_join`, `bridge/event`.

use std::time::Duration;

use rumqttc::v5::mqttbytes::QoS;
use rumqttc::v5::mqttbytes::v5::{Filter, Packet, PubAckReason, Publish, SubscribeReasonCode};
use rumqttc::v5::{AsyncClient, Event, EventLoop};
use serde::Deserialize;
use serde_json::{Value, json};
use tokio::sync::mpsc;
use tokio::time::{Instant, timeout_at};
use tokio_util::sync::CancellationToken;
use tokio_util::task::AbortOnDropHandle;

use super::under;
use crate::broker::Broker;
use crate::core::id::SourceId;
use crate::core::word::words;
use crate::limits::{ADDRESS_BYTES_MAX, HEARD_MODEL_BYTES_MAX, PAIRING_ANSWER_WAIT, PAIRING_EVENTS_MAX};
use crate::private::Private;

/// Longest time for which a bridge opens. Source: Zigbee, `Mgmt_Permit_Joining_req`: 254 s, 255 would be for ever.
pub const PERMIT_SECONDS_MAX: u16 = 254;

/// Largest packet taken: the event of an interview carries all that a device exposes. judgement: the richest of them have 60 kB.
const PACKET_BYTES_MAX: u32 = 512 * 1024;

const KEEP_ALIVE: Duration = Duration::from_secs(10);

/// Where a bridge is opened.
#[derive(Debug, Clone)]
pub struct PairingSettings {
    /// The source.
    pub id: SourceId,
    /// Its broker.
    pub broker: Broker,
    /// A client id beside the one under which the source listens.
    pub client_id: String,
    /// The bridge's base topic.
    pub base_topic: String,
}

words! {
    /// How far a newcomer has come.
    Stage {
        /// It is in the network.
        Joined = "joined",
        /// The bridge asks what it is.
        Interviewed = "interviewed",
        /// It is known and will be heard: it can be enrolled.
        Ready = "ready",
        /// It is in the network, and the bridge does not know its model.
        Unsupported = "unsupported",
        /// The interview failed: closer to a router, and again.
        Failed = "failed",
        /// It has left.
        Left = "left",
    }
}

/// A device that arrives.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Newcomer {
    /// Its name at the bridge, under which it will be heard.
    pub address: Private<String>,
    /// How far it has come.
    pub stage: Stage,
    /// Maker's model, once the bridge knows.
    pub model: Option<String>,
}

/// What is told of an open bridge.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum PairingNews {
    /// It is open for so long.
    Open(Duration),
    /// A newcomer, or more about one.
    Newcomer(Newcomer),
    /// It is closed, or was never opened, and for this reason; none when the time is over or somebody closed it. Nothing follows.
    Closed(Option<PairingTrouble>),
}

/// Why a bridge could not be opened, or is no longer listened to.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum PairingTrouble {
    /// The broker cannot be reached, or ended the connection.
    #[error("the broker cannot be reached: {0}")]
    Broker(String),
    /// The broker does not let this account.
    #[error("the broker does not let this account ask the bridge: allow it to write {0}")]
    Forbidden(String),
    /// Nobody listens to the request, or nobody answers.
    #[error("the bridge does not answer: is zigbee2mqtt running, and is its base topic right?")]
    NoAnswer,
    /// The bridge says no.
    #[error("the bridge refuses: {0}")]
    Refused(String),
}

/// Opens the bridge for `seconds` and tells what happens, until the time is over or `close`, which closes it.
pub async fn run(settings: PairingSettings, seconds: u16, news: mpsc::Sender<PairingNews>, close: CancellationToken) {
    let ended = match Session::connect(&settings).await {
        Ok(mut session) => session.hold(seconds.min(PERMIT_SECONDS_MAX), &news, &close).await,
        Err(trouble) => Err(trouble),
    };
    // Whoever asked may have gone.
    let _ = news.send(PairingNews::Closed(ended.err())).await;
}

struct Session {
    client: AsyncClient,
    events: mpsc::Receiver<Result<Packet, String>>,
    request: String,
    response: String,
    event: String,
    transaction: String,
    _pump: AbortOnDropHandle<()>,
}

impl Session {
    /// Connects, and listens for the bridge's answers.
    async fn connect(settings: &PairingSettings) -> Result<Self, PairingTrouble> {
        let broken = |why: &dyn std::fmt::Display| PairingTrouble::Broker(why.to_string());
        let transport = settings.broker.transport().await.map_err(|error| broken(&error))?;
        let mut options = settings.broker.options(&settings.client_id, transport);
        options.set_keep_alive(KEEP_ALIVE).set_max_packet_size(Some(PACKET_BYTES_MAX));
        let (client, event_loop) = AsyncClient::new(options, PAIRING_EVENTS_MAX);
        let (sender, events) = mpsc::channel(PAIRING_EVENTS_MAX);
        let topic = |below: &str| under(&settings.base_topic, below);
        let mut session = Self {
            client,
            events,
            request: topic("bridge/request/permit_join"),
            response: topic("bridge/response/permit_join"),
            event: topic("bridge/event"),
            transaction: format!("sw-{:016x}", super::random()),
            _pump: AbortOnDropHandle::new(tokio::spawn(pump(event_loop, sender))),
        };
        match session.subscribe(Instant::now() + PAIRING_ANSWER_WAIT).await {
            Err(PairingTrouble::NoAnswer) => Err(PairingTrouble::Broker("no answer in time".to_owned())),
            other => other.map(|()| session),
        }
    }

    async fn subscribe(&mut self, until: Instant) -> Result<(), PairingTrouble> {
        loop {
            match self.packet(until).await? {
                Packet::ConnAck(_) => {
                    let filters =
                        [&self.response, &self.event].map(|filter| Filter::new(filter.as_str(), QoS::AtLeastOnce));
                    let full = |_| PairingTrouble::Broker("its queue is full".to_owned());
                    self.client.try_subscribe_many(filters).map_err(full)?;
                }
                Packet::SubAck(answer) => {
                    let granted = |code: &SubscribeReasonCode| matches!(code, SubscribeReasonCode::Success(_));
                    return match answer.return_codes.iter().position(|code| !granted(code)) {
                        None => Ok(()),
                        Some(0) => Err(PairingTrouble::Forbidden(self.response.clone())),
                        Some(_) => Err(PairingTrouble::Forbidden(self.event.clone())),
                    };
                }
                _ => {}
            }
        }
    }

    /// Asks, tells of newcomers, and closes what it opened.
    async fn hold(
        &mut self,
        seconds: u16,
        news: &mpsc::Sender<PairingNews>,
        close: &CancellationToken,
    ) -> Result<(), PairingTrouble> {
        self.ask(seconds, news).await?;
        let open = Duration::from_secs(u64::from(seconds));
        let _ = news.send(PairingNews::Open(open)).await;
        let end = Instant::now() + open;
        loop {
            let packet = tokio::select! {
                () = close.cancelled() => break,
                packet = self.packet(end) => packet,
            };
            match packet {
                Ok(packet) => self.tell(&packet, news).await,
                Err(PairingTrouble::NoAnswer) => return Ok(()),
                Err(trouble) => return Err(trouble),
            }
        }
        self.ask(0, news).await
    }

    /// Asks the bridge to be open for so long, and waits for its answer.
    async fn ask(&mut self, seconds: u16, news: &mpsc::Sender<PairingNews>) -> Result<(), PairingTrouble> {
        // Version 1 wants `value`, version 2 wants `time` alone and does not mind.
        let wish = json!({ "time": seconds, "value": seconds > 0, "transaction": self.transaction });
        let full = |_| PairingTrouble::Broker("its queue is full".to_owned());
        self.client.try_publish(&self.request, QoS::AtLeastOnce, false, wish.to_string()).map_err(full)?;
        let until = Instant::now() + PAIRING_ANSWER_WAIT;
        loop {
            let packet = self.packet(until).await?;
            match &packet {
                Packet::PubAck(ack) if ack.reason == PubAckReason::NoMatchingSubscribers => {
                    return Err(PairingTrouble::NoAnswer);
                }
                Packet::PubAck(ack) if ack.reason != PubAckReason::Success => {
                    return Err(PairingTrouble::Forbidden(self.request.clone()));
                }
                Packet::Publish(publish) if publish.topic == self.response.as_bytes() => {
                    if let Some(answer) = self.answer(publish) {
                        return answer;
                    }
                }
                _ => self.tell(&packet, news).await,
            }
        }
    }

    /// The bridge's answer; none when it is another's.
    fn answer(&self, publish: &Publish) -> Option<Result<(), PairingTrouble>> {
        #[derive(Deserialize)]
        struct Answer {
            status: String,
            #[serde(default)]
            error: Option<String>,
            #[serde(default)]
            transaction: Option<Value>,
        }
        let answer: Answer = serde_json::from_slice(&publish.payload).ok()?;
        if answer.transaction.is_some_and(|of| of.as_str() != Some(self.transaction.as_str())) {
            return None;
        }
        let why = || answer.error.unwrap_or_default().chars().filter(|sign| !sign.is_control()).take(200).collect();
        Some(if answer.status == "ok" { Ok(()) } else { Err(PairingTrouble::Refused(why())) })
    }

    async fn tell(&self, packet: &Packet, news: &mpsc::Sender<PairingNews>) {
        if let Packet::Publish(publish) = packet
            && publish.topic == self.event.as_bytes()
            && let Some(newcomer) = newcomer(&publish.payload)
        {
            let _ = news.send(PairingNews::Newcomer(newcomer)).await;
        }
    }

    /// The next packet; [`PairingTrouble::NoAnswer`] when none comes in time.
    async fn packet(&mut self, until: Instant) -> Result<Packet, PairingTrouble> {
        match timeout_at(until, self.events.recv()).await {
            Err(_) => Err(PairingTrouble::NoAnswer),
            Ok(Some(Ok(packet))) => Ok(packet),
            Ok(Some(Err(why))) => Err(PairingTrouble::Broker(why)),
            Ok(None) => Err(PairingTrouble::Broker("the connection has ended".to_owned())),
        }
    }
}

/// Polls in a task of its own, because the client must not be stopped in the middle of a poll.
async fn pump(mut event_loop: EventLoop, events: mpsc::Sender<Result<Packet, String>>) {
    loop {
        let event = match event_loop.poll().await {
            Ok(Event::Incoming(packet)) => Ok(packet),
            Ok(Event::Outgoing(_)) => continue,
            Err(error) => Err(error.to_string()),
        };
        let lost = event.is_err();
        if events.send(event).await.is_err() || lost {
            return;
        }
    }
}

/// What an event of the bridge says of a newcomer.
fn newcomer(payload: &[u8]) -> Option<Newcomer> {
    #[derive(Deserialize)]
    struct Message {
        r#type: String,
        data: Data,
    }
    #[derive(Deserialize)]
    struct Data {
        friendly_name: String,
        #[serde(default)]
        status: Option<String>,
        #[serde(default)]
        supported: Option<bool>,
        #[serde(default)]
        definition: Option<Definition>,
    }
    #[derive(Deserialize)]
    struct Definition {
        #[serde(default)]
        model: Option<String>,
    }
    let Message { r#type, data } = serde_json::from_slice(payload).ok()?;
    let stage = match (r#type.as_str(), data.status.as_deref()) {
        ("device_joined", _) => Stage::Joined,
        ("device_interview", Some("started")) => Stage::Interviewed,
        ("device_interview", Some("successful")) if data.supported == Some(false) => Stage::Unsupported,
        ("device_interview", Some("successful")) => Stage::Ready,
        ("device_interview", Some("failed")) => Stage::Failed,
        ("device_leave", _) => Stage::Left,
        _ => return None,
    };
    let fits = |text: &String, max: usize| !text.is_empty() && text.len() <= max && !text.chars().any(char::is_control);
    let model = data.definition.and_then(|definition| definition.model);
    let address = Some(data.friendly_name).filter(|name| fits(name, ADDRESS_BYTES_MAX))?;
    Some(Newcomer {
        address: Private::new(address),
        stage,
        model: model.filter(|model| fits(model, HEARD_MODEL_BYTES_MAX)),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn stage(payload: &str) -> Option<(Stage, Option<String>)> {
        newcomer(payload.as_bytes()).map(|newcomer| (newcomer.stage, newcomer.model))
    }

    #[test]
    fn the_bridges_events_tell_how_far_a_newcomer_has_come() {
        let event = |kind: &str, more: &str| format!(r#"{{"type":"{kind}","data":{{"friendly_name":"0x01"{more}}}}}"#);
        let interview = |more: &str| event("device_interview", more);
        for (payload, expected) in [
            (event("device_joined", ""), Some((Stage::Joined, None))),
            // Every device that comes back from a power cut announces itself.
            (event("device_announce", ""), None),
            (interview(r#","status":"started""#), Some((Stage::Interviewed, None))),
            (interview(r#","status":"failed""#), Some((Stage::Failed, None))),
            (
                interview(r#","status":"successful","supported":true,"definition":{"model":"TS0215A_sos"}"#),
                Some((Stage::Ready, Some("TS0215A_sos".to_owned()))),
            ),
            (
                interview(r#","status":"successful","supported":false,"definition":null"#),
                Some((Stage::Unsupported, None)),
            ),
            (event("device_leave", ""), Some((Stage::Left, None))),
            (event("device_renamed", ""), None),
            (interview(""), None),
            (r#"{"type":"device_joined","data":{"friendly_name":""}}"#.to_owned(), None),
            (r#"{"type":"device_joined"}"#.to_owned(), None),
            ("online".to_owned(), None),
        ] {
            assert_eq!(stage(&payload), expected, "{payload}");
        }
    }
}
