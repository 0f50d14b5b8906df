//! Frames from the local broker: zigbee2mqtt and every other bridge that speaks MQTT.
//!
//! ```text
//!  broker ══ pump: polls, pings ══ pending (256) ══ this task: front door ══▶ lanes ══▶ station
//!               ▲                                       │ a ticket a QoS 1 message          │
//!               └────── PUBACK, in order of receipt ◀── puback ◀──────── on disk ───────────┘
//! ```
//!
//! Constraints:
//! - **A fresh client for every connection**, dropped whole on any error: a client that lived through one may
//!   repeat, reorder or forget what it had in hand. The session lives in the broker, not in the client: fixed
//!   client id, `clean_start = false`, and a fresh SUBSCRIBE with its answer checked.
//! - **The pump is never cancelled in the middle of a poll** and awaits nothing but room in *pending*. Pending
//!   keeps it polling, and so pinging, while the station waits for its disk (2 s at most, then it says
//!   Degraded). Should pending fill up as well, the socket is not read and TCP makes the broker keep the rest; the
//!   broker waits one and a half keep-alives, 15 s, for a ping. If even that is too short it ends the connection and
//!   keeps the session, and nothing is lost: what was read is still in pending, which this task owns.
//! - **A PUBACK is given in the order of receipt, and for an urgent message only from the disk.** The broker is asked
//!   to send only so many ahead of it (receive maximum); one that does not listen is bounded by its packet ids.
//! - **Connected and silent is a fault**: a broker that answers no ping is left and looked for again.
//! - **What was announced is known before the session is taken up**: a broker sends what it kept before it answers a
//!   SUBSCRIBE. So announced topics are remembered for the life of the source, and asked for again on every connection;
//!   [`ahead`] is for the first.
//! - Nothing is published on this connection: a flood of readings would hold it up. [`pairing`] has one of its own.

mod ahead;

mod connection;

mod announced;

mod filter;

mod options;

mod puback;

pub mod pairing;

use std::borrow::Cow;
use std::sync::Arc;
use std::time::Duration;

use rumqttc::v5::AsyncClient;
use rumqttc::v5::mqttbytes::QoS;
use rumqttc::v5::mqttbytes::v5::Publish;
use tokio::sync::mpsc;
use tokio::task::yield_now;
use tokio::time::{Instant, sleep, sleep_until, timeout_at};
use tokio_util::sync::CancellationToken;
use tokio_util::task::AbortOnDropHandle;
use tracing::warn;

use super::counters::{Counters, Scope};
use super::front_door::{Admitted, FrontDoor, NotMine, Raw, below_base};
use super::lanes::{Acknowledge, Arrival, Lanes, StationGone};
use super::{Inlet, SourceError, Standing, random};
use crate::backoff::Backoff;
use crate::broker::Broker;
use crate::core::effect::Input;
use crate::core::id::SourceId;
use crate::core::roster::Class;
use crate::device::{Format, Transport};
use crate::limits::{COMMIT_DEADLINE, MQTT_PENDING_MAX, MQTT_RECEIVE_MAX, PUBACK_OWED_MAX};
use announced::Announced;
use connection::{Heard, Message, Pump};
use filter::matches;
use puback::{Ready, Ticket};

/// judgement: a restarted local broker is to be back within three seconds, and costs nothing to ask for.
const RECONNECT: Backoff = Backoff::new(Duration::from_millis(100), Duration::from_secs(2));

/// Keep-alive. judgement: rumqttc finds a dead link after at most two of them; below 5 s it panics.
const KEEP_ALIVE: Duration = Duration::from_secs(10);

/// Silence that ends a connection: three keep-alives without even an answer to a ping.
const SILENCE_MAX: Duration = Duration::from_secs(30);

/// Publishes handled between two looks at everything else. judgement: a third of a millisecond of decoding.
const BATCH: usize = 64;

/// One broker connection.
#[derive(Debug, Clone)]
pub struct MqttSettings {
    /// The source's name.
    pub id: SourceId,
    /// The broker.
    pub broker: Broker,
    /// The client id, the same at every start: the broker keeps the session under it.
    pub client_id: String,
    /// Whether the broker is to keep what is missed.
    pub keep_session: bool,
    /// The formats behind the broker.
    pub feeds: Vec<FeedSettings>,
}

/// One format behind a broker.
#[derive(Debug, Clone)]
pub struct FeedSettings {
    /// What is spoken.
    pub format: Format,
    /// Under which base topic, without a `/` at its end.
    pub base_topic: String,
}

impl FeedSettings {
    /// Whether a message under this topic comes without being announced.
    #[must_use]
    pub fn hears(&self, topic: &str) -> bool {
        self.filters().any(|filter| matches(topic, &filter))
    }

    /// What is subscribed to.
    fn filters(&self) -> impl Iterator<Item = String> {
        let below: &[&str] = match self.format.transport {
            Transport::Mqtt { filters, .. } => filters,
            // A format of a serial line under a topic: its lines come as payloads, whatever the topic.
            _ => &["#"],
        };
        below.iter().map(|filter| under(&self.base_topic, filter))
    }
}

fn under(base: &str, below: &str) -> String {
    if base.is_empty() { below.to_owned() } else { format!("{base}/{below}") }
}

/// Listens to a broker until `stop`, or until the station has ended.
///
/// At `stop` it goes on for at most 2.5 s, so that what the station still commits is acknowledged and does not
/// come a second time at the next start.
pub async fn run(settings: MqttSettings, inlet: Inlet, stop: CancellationToken) {
    let feeds = settings.feeds.iter().map(|feed| Feed::new(settings.id, feed, &inlet)).collect();
    let mut listener = Listener {
        feeds,
        standing: Standing::new(settings.id, inlet.lanes.clone()),
        lanes: inlet.lanes,
        counters: inlet.counters,
        settings,
        stop,
        knows_announced: false,
        broken_ahead: 0,
    };
    // The only error is that the station has ended, and then there is nothing left to do.
    let _: Result<(), StationGone> = listener.listen_until_stopped().await;
}

struct Listener {
    settings: MqttSettings,
    feeds: Vec<Feed>,
    standing: Standing,
    lanes: Lanes,
    counters: Arc<Counters>,
    stop: CancellationToken,
    /// What is announced was heard, or comes over a connection that hears it.
    knows_announced: bool,
    /// How often listening to the announcements ahead of the session broke off.
    broken_ahead: u8,
}

/// One format at its base topic.
struct Feed {
    base: String,
    usual_base: &'static str,
    filters: Vec<String>,
    /// Whether its format's messages point to topics elsewhere.
    announces: bool,
    /// Topics elsewhere that this format's own messages pointed to.
    announced: Announced,
    door: FrontDoor,
}

impl Feed {
    fn new(source: SourceId, settings: &FeedSettings, inlet: &Inlet) -> Self {
        let (usual_base, announces) = match settings.format.transport {
            Transport::Mqtt { base_topic, announces, .. } => (base_topic, announces),
            _ => ("", false),
        };
        let door = FrontDoor::new(source, settings.format, inlet.clone());
        let (base, filters) = (settings.base_topic.clone(), settings.filters().collect());
        Self { base, usual_base, filters, announces, announced: Announced::default(), door }
    }

    /// Remembers topics that a message of this format pointed to.
    fn announce(&mut self, topics: Vec<String>, counters: &Counters, source: SourceId) {
        for topic in topics {
            if self.topic(&topic).is_none() && !self.announced.remember(topic) {
                let count = counters.add(Scope::Source(source), "announced_too_many", "");
                if count == 1 {
                    warn!(source = %source, "too many topics are announced; what is said on further ones is not heard");
                }
            }
        }
    }

    /// The topic as the decoder knows it, if the message is for this feed: decoders know the usual base only, and a broker
    /// with another is translated here. Announced topics are whole.
    fn topic<'t>(&self, topic: &'t str) -> Option<Cow<'t, str>> {
        if self.announced.contains(topic) {
            return Some(topic.into());
        }
        if !self.filters.iter().any(|filter| matches(topic, filter)) {
            return None;
        }
        if self.base == self.usual_base {
            return Some(topic.into());
        }
        Some(under(self.usual_base, below_base(topic, &self.base)?).into())
    }
}

impl Listener {
    async fn listen_until_stopped(&mut self) -> Result<(), StationGone> {
        let mut backoff = RECONNECT;
        loop {
            let began = Instant::now();
            let ended = match self.listen_ahead().await {
                Ok(()) if self.stop.is_cancelled() => None,
                Ok(()) => match options::connect_options(&self.settings).await {
                    Ok(options) => self.one_connection(options).await?,
                    Err(why) => Some(why.into()),
                },
                Err(why) => Some(why),
            };
            let Some(why) = ended else { return Ok(()) };
            if self.standing.is_up() {
                backoff.worked_for(began.elapsed());
            }
            self.standing.down(&why).await?;
            if self.stop.run_until_cancelled(sleep(backoff.next(random()))).await.is_none() {
                return Ok(());
            }
        }
    }

    /// Connects and listens; why the connection ended, or `None` when it is to stop.
    async fn one_connection(&mut self, options: rumqttc::v5::MqttOptions) -> Result<Option<SourceError>, StationGone> {
        let (client, event_loop) = AsyncClient::new(options, usize::from(MQTT_RECEIVE_MAX));
        let (heard, mut pending) = mpsc::channel(MQTT_PENDING_MAX);
        let (tickets, taken) = mpsc::channel(PUBACK_OWED_MAX);
        let pump = Pump::new(event_loop, client.clone(), &self.settings.feeds, heard);
        let _pump = AbortOnDropHandle::new(tokio::spawn(pump.run()));
        let source = Scope::Source(self.settings.id);
        let puback = puback::in_order(taken, client.clone(), Arc::clone(&self.counters), source);
        let puback = AbortOnDropHandle::new(tokio::spawn(puback));

        for feed in &mut self.feeds {
            feed.announced.ask_anew();
        }
        let mut granted = false;
        let mut batch = Vec::with_capacity(BATCH);
        loop {
            let silent = Instant::now() + SILENCE_MAX;
            let count = tokio::select! {
                biased;
                () = self.stop.cancelled() => {
                    drop(tickets);
                    self.wind_down(pending, client, puback).await?;
                    return Ok(None);
                }
                count = pending.recv_many(&mut batch, BATCH) => count,
                () = sleep_until(silent) => return Ok(Some(SourceError::BrokerSilent)),
            };
            for heard in batch.drain(..) {
                match heard {
                    Heard::Publish(message) => self.take(&message, Some(&tickets)).await?,
                    Heard::Subscribed => {
                        granted = true;
                        self.knows_announced = true;
                        self.standing.up().await?;
                    }
                    Heard::AnnouncedRefused => self.announced_refused(),
                    Heard::Alive => {}
                    Heard::Lost(why) => return Ok(Some(why)),
                }
            }
            if granted {
                // Not earlier: the first answer to a SUBSCRIBE is taken for the one to the filters.
                for feed in &mut self.feeds {
                    feed.announced.ask(&client);
                }
            }
            if count == BATCH {
                // A flood is to leave the station its turn, or the routine lane would overflow for no reason.
                yield_now().await;
            }
        }
    }

    /// Takes one message as far as its lane. Without `tickets` a message of QoS 1 is left to its broker.
    async fn take(
        &mut self,
        Message { publish, at, .. }: &Message,
        tickets: Option<&mpsc::Sender<Ticket>>,
    ) -> Result<(), StationGone> {
        let wants_puback = publish.qos != QoS::AtMostOnce;
        if wants_puback && tickets.is_none() {
            return Ok(());
        }
        let source = Scope::Source(self.settings.id);
        let counters = Arc::clone(&self.counters);
        let hand_in = |ready: Ready| {
            let Some(tickets) = tickets.filter(|_| wants_puback) else { return };
            // There is room for every packet id there is, so that this task never waits for a PUBACK: the PUBACK
            // waits for the pump, the pump for room in pending, and pending for this task.
            if tickets.try_send(Ticket::new(publish, ready)).is_err() {
                counters.add(source, "puback_overflow", "");
            }
        };
        let Ok(topic) = std::str::from_utf8(&publish.topic) else {
            self.refuse("topic_not_utf8");
            hand_in(Ready::Now);
            return Ok(());
        };
        let at = *at;
        let Some(Admitted { sample, class }) = self.admit(topic, publish, at) else {
            hand_in(Ready::Now);
            return Ok(());
        };
        let done = if wants_puback && class == Class::Urgent {
            let (promise, kept) = Acknowledge::pair();
            hand_in(Ready::OnDisk { kept, received: at });
            Some(promise)
        } else {
            hand_in(Ready::Now);
            None
        };
        let arrival = Arrival { source: self.settings.id, received: at, input: Input::Sample(sample), done };
        self.lanes.put(class, arrival).await
    }

    /// Asks the feeds that listen to this topic, in the order of their formats' names, until one knows the message.
    fn admit(&mut self, topic: &str, publish: &Publish, at: Instant) -> Option<Admitted> {
        let mut last = None;
        for feed in &mut self.feeds {
            let Some(usual) = feed.topic(topic) else { continue };
            let raw = Raw { topic: Some(&usual), bytes: &publish.payload, retained: publish.retain, utc_s: None };
            match feed.door.take(&raw, at) {
                Err(NotMine) => last = Some(&feed.door),
                Ok(None) => return None,
                Ok(Some(taken)) => {
                    feed.announce(taken.announced, &self.counters, self.settings.id);
                    return taken.admitted;
                }
            }
        }
        match last {
            Some(door) => door.nobodys(),
            None => self.refuse("topic_of_no_format"),
        }
        None
    }

    /// Waits for the PUBACKs that are still due, then takes leave.
    ///
    /// Messages of QoS 0 are still delivered: they exist nowhere else. Those of QoS 1 stay with the broker, without
    /// their PUBACK, for the next start.
    async fn wind_down(
        &mut self,
        mut pending: mpsc::Receiver<Heard>,
        client: AsyncClient,
        puback: AbortOnDropHandle<()>,
    ) -> Result<(), StationGone> {
        let limit = Instant::now() + COMMIT_DEADLINE + Duration::from_millis(500);
        let _leave = AbortOnDropHandle::new(tokio::spawn(async move {
            let _ = timeout_at(limit, puback).await;
            let _ = client.disconnect().await;
        }));
        // The broker closes after the DISCONNECT; the pump ends with the connection, and pending with the pump.
        while let Ok(Some(heard)) = timeout_at(limit + Duration::from_millis(500), pending.recv()).await {
            if let Heard::Publish(message) = heard {
                self.take(&message, None).await?;
            }
        }
        Ok(())
    }

    /// The broker refuses an announced topic, which is no reason to leave what it does not refuse.
    fn announced_refused(&self) {
        let id = self.settings.id;
        if self.counters.add(Scope::Source(id), "announced_refused", "") == 1 {
            warn!(source = %id, "the broker refuses a topic that a device announced: allow this account to read it");
        }
    }

    fn refuse(&self, kind: &'static str) {
        let id = self.settings.id;
        if self.counters.add(Scope::Source(id), "refused", kind) == 1 {
            warn!(source = %id, kind, "a message was refused; more of this kind are only counted");
        }
    }
}
