//! The writing half of a connection: gathers messages, commits them, gives receipts, then lets the broker deliver more.

use std::collections::BTreeSet;
use std::time::Duration;

use bytes::Bytes;
use rumqttc::v5::AsyncClient;
use rumqttc::v5::mqttbytes::QoS;
use rumqttc::v5::mqttbytes::v5::Publish;
use tokio::sync::mpsc;
use tokio::time::{Instant, sleep, timeout, timeout_at};

use super::book::{Book, BookError};
use super::door::{Door, Place};
use super::ingest::{Speaker, Why, admit, take};
use super::receipt::{Batch, Committed};
use super::retry::{Faults, RETRY, wait};
use super::settings::Clock;
use super::way;
use crate::core::id::StationId;
use crate::limits;
use crate::relay::message::{Ack, COUNTY_STATE_TOPIC, CountyState, Topic, encode, root};

/// Source: the contract's table: receipts expire after a day; the gateway asks again by sending again.
const RECEIPT_EXPIRY_S: u32 = 24 * 60 * 60;

/// How often the service writes that it listens. judgement: a third of a gateway's heartbeat.
pub(super) const BEAT: Duration = Duration::from_secs(10);

/// Connections of the service, as it says on `sw/1/county/state`.
const CONSUMERS: u32 = 2;

/// What the polling half hands to the writing half.
pub(super) enum Arrived {
    /// The broker confirmed the subscription.
    Listening,
    /// A message, and when it came by the county's clock.
    Message(Box<Publish>, i64, Place),
}

/// The writing half of one connection.
pub(super) struct Writer<'a> {
    pub(super) book: &'a Book,
    pub(super) client: AsyncClient,
    /// Who takes how many places.
    pub(super) door: Door,
    pub(super) clock: &'a Clock,
    pub(super) may_speak: &'a BTreeSet<StationId>,
    pub(super) announces: bool,
    /// How often it says that it listens.
    pub(super) beat: Duration,
}

/// The connection's polling half is gone, and with it whoever could carry a receipt.
pub(super) struct Gone;

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
    /// Given back when the transaction is over.
    places: Vec<Place>,
    messages: usize,
    received_ms: Option<i64>,
    listening: bool,
}

impl Gathered {
    fn add(&mut self, arrived: Arrived, may_speak: &BTreeSet<StationId>) {
        let Arrived::Message(publish, received_ms, place) = arrived else {
            self.listening = true;
            return;
        };
        self.messages += 1;
        self.places.push(place);
        // The earliest counts for all: an age is rather told too long than too short.
        self.received_ms.get_or_insert(received_ms);
        let topic = std::str::from_utf8(&publish.topic).unwrap_or_default();
        let taken = admit(topic, may_speak).and_then(|()| take(topic, &publish.payload, publish.retain));
        self.batch.add(taken, &publish.payload);
        if publish.qos != QoS::AtMostOnce {
            // The payload is not needed to confirm it.
            self.to_confirm.push(Publish { payload: Bytes::new(), ..*publish });
        }
    }

    fn is_full(&self) -> bool {
        self.messages >= limits::COUNTY_BATCH_MAX
    }
}

impl Writer<'_> {
    /// Writes until the connection is gone.
    pub(super) async fn run(self, mut arrived: mpsc::Receiver<Arrived>) -> Gone {
        let mut said = Said {
            online: None,
            since: (self.clock)(),
            beat: Instant::now(),
            faults: Faults::new("the county database"),
        };
        loop {
            let turn = match timeout(self.beat, arrived.recv()).await {
                Ok(None) => return Gone,
                Ok(Some(first)) => self.turn(first, &mut arrived, &mut said).await,
                Err(_) => self.beat(&mut said).await,
            };
            if let Err(gone) = turn {
                return gone;
            }
            // A busy connection has no idle moment in which to say that it listens.
            if said.beat.elapsed() >= self.beat
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
            match self.book.listening(said.since).await {
                Ok(()) => self.announce(true, said).await?,
                Err(error) => self.fails(&error, said).await?,
            }
        }
        gathered.batch.left = self.door.take_left();
        if !gathered.batch.left.is_empty() {
            said.faults.refused(Why::Flood.word());
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
        let mut retry = RETRY;
        loop {
            match self.book.commit(batch, received_ms).await {
                Ok(committed) => {
                    for (found, why) in [
                        (!committed.disputed.is_empty() || !committed.disputed_readings.is_empty(), Why::Taken),
                        (!committed.foreign_epoch.is_empty(), Why::Epoch),
                        (!committed.unmet.is_empty(), Why::Gateways),
                        (batch.records.iter().any(|record| record.content.is_foreign()), Why::Foreign),
                    ] {
                        if found {
                            said.faults.refused(why.word());
                        }
                    }
                    if !committed.renumbered.is_empty() {
                        said.faults.refused(Why::Renumbered.word());
                    }
                    said.faults.clear();
                    self.announce(true, said).await?;
                    return Ok(committed);
                }
                Err(error) => self.fails(&error, said).await?,
            }
            sleep(wait(&mut retry)).await;
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
            .publish_with_properties(COUNTY_STATE_TOPIC, QoS::AtLeastOnce, true, encode(&state), way::properties(None))
            .await?;
        said.online = Some(online);
        Ok(())
    }

    async fn receipt(&self, speaker: Speaker, ack: &Ack) -> Result<(), Gone> {
        let topic = Topic::Ack.under(&root(speaker.station, speaker.gateway));
        let properties = way::properties(Some(RECEIPT_EXPIRY_S));
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

pub(super) fn state(online: bool, since: i64) -> CountyState {
    let consumers = if online { CONSUMERS } else { 0 };
    CountyState { online, since, consumers }
}
