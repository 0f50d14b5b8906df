//! The running service: two connections to the broker, each feeding the book and giving receipts.
//!
//! - **Alarms have a connection of their own.** A flood of readings fills the queue that the broker keeps for a
//!   connection, and a full queue drops what comes next; behind the same connection that would be an alarm.
//! - **The polling half never waits for the database.** A message's PUBACK is withheld until it is committed, so a
//!   database that stands still stops the broker's deliveries at `COUNTY_INTAKE_MAX`, while pings go on.
//! - **A database that fails ends nothing.** The transaction is tried again, no receipt leaves, and the county says
//!   that it is deaf (`sw/1/county/state`, `online: false`).
//! - Both halves of a connection live and die together: what was taken and not committed is sent again anyway.

use std::collections::BTreeSet;
use std::time::Duration;

use bytes::Bytes;
use rumqttc::v5::mqttbytes::QoS;
use rumqttc::v5::mqttbytes::v5::{
    Filter, LastWill, LastWillProperties, Packet, PubAckReason, Publish, SubscribeReasonCode,
};
use rumqttc::v5::{AsyncClient, Event, EventLoop};
use tokio::sync::mpsc;
use tokio::time::{Instant, sleep, timeout, timeout_at};
use tokio_util::sync::CancellationToken;
use tracing::{info, warn};

use super::book::{Book, BookError};
use super::broker::{self, Broker};
use super::ingest::{Speaker, admit, take};
use super::receipt::{Batch, Committed};
use super::retry::{Faults, Retry};
use super::settings::{Clock, Settings, SettingsError};
use crate::core::id::StationId;
use crate::limits;
use crate::relay::message::{Ack, CONTENT_TYPE, COUNTY_STATE_TOPIC, CountyState, Topic, encode, root};

/// Source: the contract's table: receipts expire after a day; the gateway asks again by sending again.
const RECEIPT_EXPIRY_S: u32 = 24 * 60 * 60;

/// How often the service writes that it listens. judgement: a third of a gateway's heartbeat.
const BEAT: Duration = Duration::from_secs(10);

/// A broker that has not confirmed the subscription by then is as good as absent. judgement: twice a slow hand-shake.
const SUBSCRIBE_DEADLINE: Duration = Duration::from_secs(10);

/// One of the two connections.
struct Consumer {
    name: &'static str,
    client_id_suffix: &'static str,
    filters: &'static [&'static str],
    /// Whether it speaks for the county on `sw/1/county/state`.
    announces: bool,
}

/// Only topics on which gateways speak: the county does not want to hear its own receipts.
const CONSUMERS: [Consumer; 2] = [
    Consumer {
        name: "alarms and standings",
        client_id_suffix: "",
        filters: &[
            "sw/1/+/+/ev/alarm",
            "sw/1/+/+/ev/device",
            "sw/1/+/+/state",
            "sw/1/+/+/hb",
            "sw/1/+/+/dev/+",
            "sw/1/+/+/resident/+",
            "sw/1/+/+/res/+",
        ],
        announces: true,
    },
    Consumer { name: "readings", client_id_suffix: "-readings", filters: &["sw/1/+/+/ev/reading"], announces: false },
];

/// Runs the county service until `stop`.
///
/// # Errors
/// Settings that cannot be used, and a database made by a newer program. Nothing else ends it: what fails is said
/// once and tried again.
pub async fn serve(settings: &Settings, clock: Clock, stop: CancellationToken) -> Result<(), ServeError> {
    let broker = Broker::new(settings)?;
    let run = async {
        let book = open(settings, &clock).await?;
        let [first, second] =
            CONSUMERS.each_ref().map(|consumer| consumer.run(&broker, settings, book.clone(), clock.clone()));
        tokio::join!(first, second);
        Ok(())
    };
    tokio::select! {
        // Dropping the connections without a DISCONNECT makes the broker publish the will: the county is deaf.
        () = stop.cancelled() => Ok(()),
        ended = run => ended,
    }
}

/// Why the service cannot run.
#[derive(Debug, thiserror::Error)]
pub enum ServeError {
    /// The settings cannot be used.
    #[error(transparent)]
    Settings(#[from] SettingsError),
    /// The database cannot be used by this program.
    #[error(transparent)]
    Book(BookError),
}

async fn open(settings: &Settings, clock: &Clock) -> Result<Book, ServeError> {
    let (mut faults, mut retry) = (Faults::new("the county database"), Retry::default());
    loop {
        match Book::open(&settings.database, clock()).await {
            Ok(book) => {
                faults.clear();
                return Ok(book);
            }
            Err(error @ BookError::Newer { .. }) => return Err(ServeError::Book(error)),
            Err(error) => faults.raise(&error.to_string()),
        }
        sleep(retry.wait()).await;
    }
}

/// What the polling half hands to the writing half.
enum Arrived {
    /// The broker confirmed the subscription.
    Listening,
    /// A message, and when it came by the county's clock.
    Message(Publish, i64),
}

impl Consumer {
    /// Connects, again and again. Never ends.
    async fn run(&self, broker: &Broker, settings: &Settings, book: Book, clock: Clock) {
        let client_id = format!("{}{}", settings.client_id, self.client_id_suffix);
        let (mut faults, mut retry) = (Faults::new(self.name), Retry::default());
        loop {
            let mut options = broker.options(&client_id);
            options.set_manual_acks(true);
            if self.announces {
                options.set_last_will(will(clock()));
            }
            let (client, events) = AsyncClient::new(options, usize::from(limits::COUNTY_INTAKE_MAX));
            let (to_writer, arrived) = mpsc::channel(usize::from(limits::COUNTY_INTAKE_MAX) + 1);
            let writer = Writer {
                book: &book,
                client: client.clone(),
                clock: &clock,
                may_speak: &settings.stations,
                announces: self.announces,
            };
            let cause = tokio::select! {
                cause = self.poll(events, client, to_writer, &clock, &mut faults, &mut retry) => cause,
                Gone = writer.run(arrived) => "the connection ended".to_owned(),
            };
            faults.raise(&format!("{cause} (broker {})", broker.place()));
            sleep(retry.wait()).await;
        }
    }

    /// Moves the connection; returns why it ended.
    async fn poll(
        &self,
        mut events: EventLoop,
        client: AsyncClient,
        to_writer: mpsc::Sender<Arrived>,
        clock: &Clock,
        faults: &mut Faults,
        retry: &mut Retry,
    ) -> String {
        let subscribe_deadline = Instant::now() + SUBSCRIBE_DEADLINE;
        let mut listening = false;
        let mut lost = 0_u64;
        loop {
            // A poll that is dropped in the middle may lose what it holds; here that ends the connection as well.
            let event = if listening {
                events.poll().await
            } else {
                match timeout_at(subscribe_deadline, events.poll()).await {
                    Ok(event) => event,
                    Err(_) => return "the broker does not confirm the subscription".to_owned(),
                }
            };
            match event {
                Ok(Event::Incoming(Packet::ConnAck(_))) => {
                    let filters = self.filters.iter().map(|filter| Filter::new(*filter, QoS::AtLeastOnce));
                    if client.try_subscribe_many(filters).is_err() {
                        return "the subscription could not be sent".to_owned();
                    }
                }
                Ok(Event::Incoming(Packet::SubAck(ack))) => {
                    if !ack.return_codes.iter().all(|code| matches!(code, SubscribeReasonCode::Success(_))) {
                        return "the broker refuses the subscription: may this user read sw/1/#?".to_owned();
                    }
                    listening = true;
                    faults.clear();
                    *retry = Retry::default();
                    info!(consumer = self.name, "listening");
                    // There is one more place in the channel than messages under way.
                    let _ = to_writer.try_send(Arrived::Listening);
                }
                Ok(Event::Incoming(Packet::Publish(publish))) => {
                    let confirm = publish.qos != QoS::AtMostOnce;
                    match to_writer.try_send(Arrived::Message(publish, clock())) {
                        Ok(()) => {}
                        Err(mpsc::error::TrySendError::Closed(_)) => return "the writer ended".to_owned(),
                        Err(mpsc::error::TrySendError::Full(Arrived::Message(publish, _))) => {
                            // Only unconfirmed messages come beyond the window. Its gateway sends the next one soon.
                            lost += 1;
                            if confirm && client.try_ack(&publish).is_err() {
                                return "the broker sends more than the announced window".to_owned();
                            }
                            if lost == 1 {
                                warn!(consumer = self.name, "messages come faster than they are stored; some are left");
                            }
                        }
                        Err(mpsc::error::TrySendError::Full(Arrived::Listening)) => {}
                    }
                }
                Ok(Event::Incoming(Packet::PubAck(ack)))
                    if !matches!(ack.reason, PubAckReason::Success | PubAckReason::NoMatchingSubscribers) =>
                {
                    return format!("the broker does not take receipts: {:?}; may this user write sw/1/#?", ack.reason);
                }
                Ok(_) => {}
                Err(error) => return broker::cause(&error),
            }
        }
    }
}

/// The writing half of one connection.
struct Writer<'a> {
    book: &'a Book,
    client: AsyncClient,
    clock: &'a Clock,
    may_speak: &'a BTreeSet<StationId>,
    announces: bool,
}

/// The connection's polling half is gone, and with it whoever could carry a receipt.
struct Gone;

impl From<rumqttc::v5::ClientError> for Gone {
    fn from(_: rumqttc::v5::ClientError) -> Self {
        Gone
    }
}

/// Messages for one transaction.
#[derive(Default)]
struct Gathered {
    batch: Batch,
    to_confirm: Vec<Publish>,
    messages: usize,
    received_ms: Option<i64>,
    listening: bool,
}

impl Gathered {
    fn add(&mut self, arrived: Arrived, may_speak: &BTreeSet<StationId>) {
        let Arrived::Message(publish, received_ms) = arrived else {
            self.listening = true;
            return;
        };
        self.messages += 1;
        // The earliest counts for all: an age is rather told too long than too short.
        self.received_ms.get_or_insert(received_ms);
        let topic = std::str::from_utf8(&publish.topic).unwrap_or_default();
        let taken = admit(topic, may_speak).and_then(|()| take(topic, &publish.payload, publish.retain));
        self.batch.add(taken, &publish.payload);
        if publish.qos != QoS::AtMostOnce {
            // The payload is not needed to confirm it.
            self.to_confirm.push(Publish { payload: Bytes::new(), ..publish });
        }
    }

    fn is_full(&self) -> bool {
        self.messages >= limits::COUNTY_BATCH_MAX
    }
}

impl Writer<'_> {
    async fn run(self, mut arrived: mpsc::Receiver<Arrived>) -> Gone {
        let mut said = Said {
            online: None,
            since: (self.clock)(),
            beat: Instant::now(),
            faults: Faults::new("the county database"),
        };
        loop {
            let turn = match timeout(BEAT, arrived.recv()).await {
                Ok(None) => return Gone,
                Ok(Some(first)) => self.turn(first, &mut arrived, &mut said).await,
                Err(_) => self.beat(&mut said).await,
            };
            if let Err(gone) = turn {
                return gone;
            }
            // A busy connection has no idle moment in which to say that it listens.
            if said.beat.elapsed() >= BEAT
                && let Err(gone) = self.beat(&mut said).await
            {
                return gone;
            }
        }
    }

    /// Gathers, commits, then gives receipts, then lets the broker deliver more.
    async fn turn(&self, first: Arrived, arrived: &mut mpsc::Receiver<Arrived>, said: &mut Said) -> Result<(), Gone> {
        let mut gathered = Gathered::default();
        gathered.add(first, self.may_speak);
        let deadline = Instant::now() + limits::COUNTY_BATCH_WAIT;
        while !gathered.is_full() {
            match timeout_at(deadline, arrived.recv()).await {
                Ok(Some(next)) => gathered.add(next, self.may_speak),
                Ok(None) | Err(_) => break,
            }
        }
        if gathered.listening {
            said.since = (self.clock)();
            if self.book.listening(said.since).await.is_ok() {
                self.announce(true, said).await?;
            }
        }
        for refused in &gathered.batch.refused {
            said.faults.refused(refused.refusal.why.word());
        }
        if !gathered.batch.is_empty() {
            let received_ms = gathered.received_ms.unwrap_or_else(|| (self.clock)());
            let committed = self.commit(&gathered.batch, received_ms, said).await?;
            for (speaker, ack) in gathered.batch.receipts(&committed) {
                self.receipt(speaker, &ack).await?;
            }
        }
        for publish in &gathered.to_confirm {
            self.client.ack(publish).await?;
        }
        Ok(())
    }

    /// Commits, however long it takes.
    async fn commit(&self, batch: &Batch, received_ms: i64, said: &mut Said) -> Result<Committed, Gone> {
        let mut retry = Retry::default();
        loop {
            match self.book.commit(batch, received_ms).await {
                Ok(committed) => {
                    if !committed.disputed.is_empty() {
                        said.faults.refused("taken");
                    }
                    if committed.renumbered > 0 {
                        said.faults.refused("renumbered");
                    }
                    said.faults.clear();
                    self.announce(true, said).await?;
                    return Ok(committed);
                }
                Err(error) => self.fails(&error, said).await?,
            }
            sleep(retry.wait()).await;
        }
    }

    async fn beat(&self, said: &mut Said) -> Result<(), Gone> {
        said.beat = Instant::now();
        if !self.announces {
            return Ok(());
        }
        match self.book.beat((self.clock)()).await {
            Ok(()) => {
                said.faults.clear();
                // Before the subscription is confirmed there is nothing to announce.
                if said.online == Some(false) { self.announce(true, said).await } else { Ok(()) }
            }
            Err(error) => self.fails(&error, said).await,
        }
    }

    async fn fails(&self, error: &BookError, said: &mut Said) -> Result<(), Gone> {
        said.faults.raise(&format!("{error}: no receipts until it takes records again"));
        self.announce(false, said).await
    }

    /// Says whether the county takes records, when that has changed.
    async fn announce(&self, online: bool, said: &mut Said) -> Result<(), Gone> {
        if !self.announces || said.online == Some(online) {
            return Ok(());
        }
        let state = state(online, said.since);
        self.client
            .publish_with_properties(
                COUNTY_STATE_TOPIC,
                QoS::AtLeastOnce,
                true,
                encode(&state),
                broker::properties(None),
            )
            .await?;
        said.online = Some(online);
        Ok(())
    }

    async fn receipt(&self, speaker: Speaker, ack: &Ack) -> Result<(), Gone> {
        let topic = Topic::Ack.under(&root(speaker.station, speaker.gateway));
        let properties = broker::properties(Some(RECEIPT_EXPIRY_S));
        self.client.publish_with_properties(topic, QoS::AtLeastOnce, false, encode(ack), properties).await?;
        Ok(())
    }
}

/// What was said last on this connection.
struct Said {
    online: Option<bool>,
    since: i64,
    beat: Instant,
    faults: Faults,
}

fn state(online: bool, since: i64) -> CountyState {
    let consumers = if online { u32::try_from(CONSUMERS.len()).unwrap_or(u32::MAX) } else { 0 };
    CountyState { online, since, consumers }
}

fn will(now_ms: i64) -> LastWill {
    let properties = LastWillProperties {
        delay_interval: None,
        payload_format_indicator: None,
        message_expiry_interval: None,
        content_type: Some(CONTENT_TYPE.to_owned()),
        response_topic: None,
        correlation_data: None,
        user_properties: Vec::new(),
    };
    LastWill::new(COUNTY_STATE_TOPIC, encode(&state(false, now_ms)), QoS::AtLeastOnce, true, Some(properties))
}
