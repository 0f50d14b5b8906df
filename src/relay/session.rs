//! The county session: carries out what the [`Pump`] says over MQTT 5, and decides nothing about records itself.
//!
//! One task, one loop. It waits for: the end, room at the station, the connection's next event, news in the
//! letterbox, the next deadline. It never waits for the station or the broker in any other place, and for the store
//! at most `limits::RELAY_FETCH_DEADLINE`. Every connection is made with a fresh client (see `link.rs`).

use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::mpsc;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use crate::broker::validity::Validity;
use crate::broker::{Approach, Broker};
use crate::core::id::{GatewayId, StationId};
use crate::core::time::{Moment, Mono, Rate};
use crate::limits::border::RELAY_CLOCK_LOOK_EVERY;
use crate::limits::{ANSWERS_WAITING_MAX, FAREWELL_DEADLINE, MESSAGE_BYTES_MAX};

use super::letterbox::Letterbox;
use super::link::{Link, LinkEvent, Publication, QueueFull};
use super::message::{COUNTY_STATE_TOPIC, GatewayState, ResultMessage, Topic, encode, root};
use super::pairing::{OutOfStep, Pairing};
use super::pause::Pause;
use super::pump::{Event, Pump, Standing};
use super::records::{FromCounty, Records, Report};
use super::told::Told;
use super::trouble::Trouble;
use super::window::Token;

/// What is configured.
#[derive(Debug, Clone)]
pub struct Settings {
    /// The station.
    pub station: StationId,
    /// The gateway.
    pub gateway: GatewayId,
    /// The county's broker.
    pub broker: Broker,
    /// How fast station time passes.
    pub rate: Rate,
}

/// A heartbeat is of no use after three of them (ARCHITECTURE, county contract).
const HEARTBEATS_TO_EXPIRY: u32 = 3;
/// Steps before the session looks at its other inputs again. judgement: two windows.
const STEPS_PER_TURN: usize = 64;
/// The farewell's place in the pairing; the pump counts its tokens from 1.
const FAREWELL: Token = Token(0);

/// Speaks with the county until `shutdown`, or until nobody listens to `to_station` any more.
///
/// `now` is station time at the call, on the same scale as the times in `standing`.
pub async fn run<R: Records>(
    settings: Settings,
    standing: Standing,
    now: Mono,
    records: Arc<R>,
    letterbox: Letterbox,
    to_station: mpsc::Sender<FromCounty>,
    shutdown: CancellationToken,
) {
    let mut session = Session::new(settings, &standing, now, records, letterbox);
    let mut phase = Phase::Pause(Pause::first(Instant::now()));
    loop {
        session.empty_letterbox();
        phase = session.advance(phase).await;
        let wake = session.wake_at(&phase);
        let link = match &mut phase {
            Phase::Linked(connection) if !session.told.is_full() => Some(&mut connection.link),
            Phase::Linked(_) | Phase::Pause(_) => None,
        };
        tokio::select! {
            () = shutdown.cancelled() => break,
            permit = to_station.reserve(), if !session.told.is_empty() => match (permit, session.told.pop()) {
                (Ok(permit), Some(told)) => permit.send(told),
                (Err(_), _) | (_, None) => break,
            },
            event = next_event(link) => phase = session.on_link(phase, event),
            () = session.letterbox.news() => {}
            () = sleep_until(wake) => {}
        }
    }
    if let Phase::Linked(connection) = phase {
        session.take_leave(connection).await;
    }
}

/// How a step went.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Carried {
    /// Done, one way or the other.
    Done,
    /// The store did not answer: the others are looked after before it is asked again.
    StoreIsSlow,
}

/// Where the session stands.
enum Phase {
    /// No connection; the next attempt follows.
    Pause(Pause),
    /// A connection, or an attempt at one.
    Linked(Box<Connection>),
}

/// One connection with what belongs to it only.
pub(super) struct Connection {
    pub(super) link: Link,
    pub(super) pairing: Pairing,
    pub(super) payload_bytes_max: usize,
    /// The answers in flight, to be sent again if the connection ends before their PUBACK.
    pub(super) answers: BTreeMap<Token, ResultMessage>,
    filters: Vec<String>,
    farewell: Publication,
    /// How many attempts in a row failed before this one; forgotten with the first PUBACK.
    attempt: u32,
    up: bool,
}

pub(super) struct Session<R> {
    pub(super) settings: Settings,
    heartbeat: Duration,
    pub(super) root: String,
    pub(super) records: Arc<R>,
    letterbox: Letterbox,
    pub(super) pump: Pump,
    pub(super) answers: VecDeque<ResultMessage>,
    /// What the station has not taken yet.
    pub(super) told: Told,
    /// The last trouble that was told, so that a dark night is one line in the log.
    trouble: Option<Trouble>,
    /// The clock by which the newest attempt was made.
    tried_by: Moment,
    /// The certificate that the newest attempt shows.
    shown: Option<Validity>,
    conn: u64,
    counters: BTreeMap<&'static str, u64>,
    /// The pump was not asked to its end: it goes on in the next turn.
    busy: bool,
    started: Instant,
    started_at: Mono,
}

impl<R: Records> Session<R> {
    fn new(settings: Settings, standing: &Standing, now: Mono, records: Arc<R>, letterbox: Letterbox) -> Self {
        Self {
            root: root(settings.station, settings.gateway),
            heartbeat: standing.heartbeat,
            settings,
            letterbox,
            pump: Pump::new(standing),
            answers: VecDeque::new(),
            told: Told::default(),
            trouble: None,
            tried_by: records.clock(),
            shown: None,
            records,
            // Station time never repeats, so no connection of an earlier process has a number of this one's, and its
            // late will matches no birth of this one's.
            conn: now.0,
            counters: BTreeMap::new(),
            busy: false,
            started: Instant::now(),
            started_at: now,
        }
    }

    /// Station time.
    pub(super) fn now(&self) -> Mono {
        self.started_at + self.settings.rate.passes(self.started.elapsed())
    }

    pub(super) fn count(&mut self, counter: &'static str) {
        *self.counters.entry(counter).or_default() += 1;
    }

    /// Heads, receipts and counters for a heartbeat.
    pub(super) fn report(&mut self) -> Report {
        let now = self.now();
        let mut drops: BTreeMap<String, u64> = BTreeMap::new();
        for (name, count) in
            self.counters.iter().map(|(&name, &count)| (name, count)).chain(self.pump.counters().named())
        {
            *drops.entry(name.to_owned()).or_default() += count;
        }
        Report {
            lanes: self.pump.lanes(),
            oldest_unreceipted_s: self.pump.oldest_unreceipted(now).as_secs(),
            drops,
            certificate: self.shown,
        }
    }

    fn empty_letterbox(&mut self) {
        let now = self.now();
        let letters = self.letterbox.take();
        for (lane, head) in letters.heads {
            self.pump.handle(now, Event::Head { lane, head });
        }
        for key in letters.changed {
            self.pump.handle(now, Event::Changed(key));
        }
        for answer in letters.answers {
            if self.answers.len() < ANSWERS_WAITING_MAX {
                self.answers.push_back(answer);
                self.pump.handle(now, Event::Answer);
            } else {
                self.count("relay.answers_dropped");
            }
        }
        *self.counters.entry("relay.answers_dropped").or_default() += letters.answers_dropped;
        *self.counters.entry("relay.retained_dropped").or_default() += letters.retained_dropped;
    }

    /// Does what is to be done now: the next attempt, or what the pump says.
    async fn advance(&mut self, phase: Phase) -> Phase {
        match phase {
            Phase::Pause(pause)
                if pause.ends_at(self.pump.alarm_waits()) > Instant::now() && !self.the_time_has_come() =>
            {
                Phase::Pause(pause)
            }
            Phase::Pause(pause) => match self.open(pause.failures()).await {
                Ok(connection) => Phase::Linked(connection),
                Err(trouble) => self.pause(pause.failures(), trouble),
            },
            Phase::Linked(mut connection) => {
                self.busy = true;
                for _ in 0..STEPS_PER_TURN {
                    let Some(step) = self.pump.next(self.now()) else {
                        self.busy = false;
                        break;
                    };
                    match self.carry_out(&mut connection, step).await {
                        Ok(Carried::Done) => {}
                        Ok(Carried::StoreIsSlow) => break,
                        Err(trouble) => return self.lose(*connection, trouble),
                    }
                }
                Phase::Linked(connection)
            }
        }
    }

    fn wake_at(&self, phase: &Phase) -> Option<Instant> {
        match phase {
            Phase::Pause(pause) if self.waits_for_the_time() => {
                Some(pause.ends_at(self.pump.alarm_waits()).min(Instant::now() + RELAY_CLOCK_LOOK_EVERY))
            }
            Phase::Pause(pause) => Some(pause.ends_at(self.pump.alarm_waits())),
            Phase::Linked(_) if self.busy => Some(Instant::now()),
            Phase::Linked(_) => {
                let due = |at: Mono| self.started + self.settings.rate.takes(at.since(self.started_at));
                self.pump.deadline().map(due)
            }
        }
    }

    fn waits_for_the_time(&self) -> bool {
        self.trouble.as_ref().is_some_and(Trouble::waits_for_the_time)
    }

    /// Whether the clock was set since an attempt that failed because of it: the next one follows at once.
    fn the_time_has_come(&self) -> bool {
        self.waits_for_the_time() && self.records.clock().was_set_since(self.tried_by)
    }

    async fn open(&mut self, attempt: u32) -> Result<Box<Connection>, Trouble> {
        self.tried_by = self.records.clock();
        let Approach { transport, shown } = self.settings.broker.approach(self.tried_by.wall.0).await?;
        self.shown = shown;
        self.conn += 1;
        let farewell = self.state(GatewayState { online: false, ..self.records.birth(self.conn, self.pump.lanes()) });
        Ok(Box::new(Connection {
            link: Link::open(&self.settings, transport, &farewell),
            pairing: Pairing::default(),
            payload_bytes_max: MESSAGE_BYTES_MAX,
            answers: BTreeMap::new(),
            filters: vec![Topic::Ack.under(&self.root), format!("{}/cmd/+", self.root), COUNTY_STATE_TOPIC.to_owned()],
            farewell,
            attempt,
            up: false,
        }))
    }

    /// Birth, will and farewell are one message with another word in it.
    pub(super) fn state(&self, state: GatewayState) -> Publication {
        let topic = Topic::State.under(&self.root);
        let state = GatewayState { conn: self.conn, ..state };
        Publication { topic, payload: encode(&state), acknowledged: true, retain: true, expiry: None }
    }

    pub(super) fn birth(&self) -> Publication {
        self.state(GatewayState { online: true, ..self.records.birth(self.conn, self.pump.lanes()) })
    }

    pub(super) fn heartbeat(&mut self) -> Publication {
        let report = self.report();
        Publication {
            topic: Topic::Heartbeat.under(&self.root),
            payload: encode(&self.records.heartbeat(report)),
            acknowledged: false,
            retain: false,
            expiry: Some(self.heartbeat * HEARTBEATS_TO_EXPIRY),
        }
    }

    fn on_link(&mut self, phase: Phase, event: LinkEvent) -> Phase {
        let Phase::Linked(mut connection) = phase else { return phase };
        match self.follow(&mut connection, event) {
            Ok(()) => Phase::Linked(connection),
            Err(trouble) => self.lose(*connection, trouble),
        }
    }

    fn follow(&mut self, connection: &mut Connection, event: LinkEvent) -> Result<(), Trouble> {
        let now = self.now();
        match event {
            LinkEvent::Up { receive_max, payload_bytes_max } => {
                connection.link.subscribe(&connection.filters).map_err(|QueueFull| out_of_step())?;
                connection.payload_bytes_max = payload_bytes_max;
                connection.up = true;
                self.pump.handle(now, Event::Connected { receive_max });
                self.all_retained(now);
                self.trouble = None;
                tracing::info!(conn = self.conn, broker = %self.settings.broker.url, "connected to the county");
                self.told.push(FromCounty::Connected { conn: self.conn });
            }
            LinkEvent::Departed(packet_id) => {
                connection.pairing.departed(packet_id).map_err(|OutOfStep| out_of_step())?;
            }
            LinkEvent::Acknowledged { packet_id, refused } => {
                let token = connection.pairing.acknowledged(packet_id).map_err(|OutOfStep| out_of_step())?;
                connection.answers.remove(&token);
                match refused {
                    None => {
                        connection.attempt = 0;
                        self.pump.handle(now, Event::Published(token));
                    }
                    Some(reason) => {
                        self.pump.handle(now, Event::Refused(token));
                        self.complain(Trouble::MayNotWrite(reason));
                    }
                }
            }
            LinkEvent::Subscribed { refused } => {
                for filter in refused.iter().filter_map(|&place| connection.filters.get(place)) {
                    self.complain(Trouble::MayNotRead(filter.clone()));
                }
            }
            LinkEvent::Message { topic, payload, retained } => self.read(&topic, &payload, retained),
            LinkEvent::Left => return Err(Trouble::Closed("by ourselves".to_owned())),
            LinkEvent::Down(trouble) => return Err(trouble),
        }
        Ok(())
    }

    /// All retained standings are due: after a connection, because the broker may have lost them, and on resync.
    pub(super) fn all_retained(&mut self, now: Mono) {
        for key in self.records.retained_keys() {
            self.pump.handle(now, Event::Changed(key));
        }
    }

    /// The connection is over; what it had in flight is due again with the next one.
    fn lose(&mut self, connection: Connection, trouble: Trouble) -> Phase {
        self.pump.handle(self.now(), Event::Disconnected);
        for (_, answer) in connection.answers.into_iter().rev() {
            self.answers.push_front(answer);
        }
        self.pause(connection.attempt, trouble)
    }

    fn pause(&mut self, attempt: u32, trouble: Trouble) -> Phase {
        let trouble = trouble.seen_by(self.tried_by, self.shown);
        if !self.trouble.as_ref().is_some_and(|last| last.is_like(&trouble)) {
            tracing::warn!(broker = %self.settings.broker.url, "{trouble}");
        }
        self.trouble = Some(trouble.clone());
        self.told.push(FromCounty::Disconnected(trouble));
        Phase::Pause(Pause::after(attempt.saturating_add(1), Instant::now()))
    }

    /// Tells of a trouble that does not end the connection, once until another comes.
    pub(super) fn complain(&mut self, trouble: Trouble) {
        if self.trouble.as_ref() == Some(&trouble) {
            return;
        }
        tracing::warn!(broker = %self.settings.broker.url, "{trouble}");
        self.trouble = Some(trouble.clone());
        self.told.push(FromCounty::Trouble(trouble));
    }

    /// Says goodbye by its own word, so that the county need not wait for the will.
    async fn take_leave(&mut self, mut connection: Box<Connection>) {
        if !connection.up || connection.link.publish(connection.farewell.clone()).is_err() {
            return;
        }
        connection.pairing.hand_over(FAREWELL);
        let goodbye = async {
            loop {
                match connection.link.event().await {
                    LinkEvent::Departed(packet_id) => {
                        if connection.pairing.departed(packet_id).is_err() {
                            return;
                        }
                    }
                    LinkEvent::Acknowledged { packet_id, .. } => {
                        if connection.pairing.acknowledged(packet_id) == Ok(FAREWELL)
                            && connection.link.leave().is_err()
                        {
                            return;
                        }
                    }
                    LinkEvent::Left | LinkEvent::Down(_) => return,
                    LinkEvent::Up { .. } | LinkEvent::Subscribed { .. } | LinkEvent::Message { .. } => {}
                }
            }
        };
        if tokio::time::timeout(FAREWELL_DEADLINE, goodbye).await.is_err() {
            tracing::info!("the farewell to the county was not acknowledged; the broker publishes the will");
        }
    }
}

fn out_of_step() -> Trouble {
    Trouble::Protocol("packets were counted differently on both sides".to_owned())
}

async fn next_event(link: Option<&mut Link>) -> LinkEvent {
    match link {
        Some(link) => link.event().await,
        None => std::future::pending().await,
    }
}

async fn sleep_until(at: Option<Instant>) {
    match at {
        Some(at) => tokio::time::sleep_until(at).await,
        None => std::future::pending().await,
    }
}
