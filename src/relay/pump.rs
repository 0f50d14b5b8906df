//! The outbox pump: decides what leaves next for the county. Pure: time is an argument, IO belongs to the session.
//!
//! It knows record numbers only; the records stay in the store. The driver (the session, or a test with a made-up
//! county) calls [`Pump::next`] until it answers `None`, carries each [`Step`] out, tells what became of it with
//! [`Pump::handle`], and calls again at [`Pump::deadline`].
//!
//! *Invariant:* a record leaves the outbox only on the county's receipt or rejection; PUBACK frees a place in the
//! window and nothing else. *Invariant:* alarms come first, oldest first; no other lane can take their places.

use std::collections::BTreeMap;
use std::time::Duration;

use crate::core::id::Epoch;
use crate::core::sequence::{Lane, Range};
use crate::core::time::Mono;
use crate::limits::{
    ALARM_PACE_PER_S, ALARMS_OUT_MAX, DEAF_AFTER, DEVICE_EVENTS_OUT_MAX, READINGS_OUT_MAX, READINGS_PER_MESSAGE_MAX,
    RELAY_WINDOW, RESEND_CAP, RESEND_COUNTY_OFFLINE, RESEND_FIRST,
};

use super::lane::{Outlane, Pick, Settling};
use super::message::{Ack, LaneState, Reject};
use super::retained::Changed;
pub use super::step::{Counters, Event, Standing, Step};
use super::waiting::due_after;
use super::window::{Cargo, Pace, Token, Window};

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum County {
    Unknown,
    Online { since: i64 },
    Offline,
}

/// Which alarms are next where both could go.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Turn {
    /// One that was sent before and has no receipt.
    Old,
    /// One that was not sent yet.
    New,
}

/// The pump.
#[derive(Debug, Clone)]
pub struct Pump {
    epoch: Epoch,
    alarm: Outlane,
    device: Outlane,
    reading: Outlane,
    send_readings: bool,
    heartbeat: Duration,
    window: Window,
    connected: bool,
    birth_due: bool,
    heartbeat_at: Mono,
    answers: usize,
    changed: Changed,
    county: County,
    /// When the county last showed that it listens, or had nothing to listen to.
    heard_at: Mono,
    pace: Pace,
    turn: Turn,
    /// When the alarm lane has something to send, as of the last call of `next`.
    alarm_at: Option<Mono>,
    counters: Counters,
}

impl Pump {
    /// A pump without a connection.
    #[must_use]
    pub fn new(standing: &Standing) -> Self {
        Self {
            epoch: standing.epoch,
            alarm: Outlane::new(&standing.alarm),
            device: Outlane::new(&standing.device),
            reading: Outlane::new(&standing.reading),
            send_readings: standing.send_readings,
            heartbeat: standing.heartbeat,
            window: Window::new(),
            connected: false,
            birth_due: false,
            heartbeat_at: Mono(0),
            answers: 0,
            changed: Changed::default(),
            county: County::Unknown,
            heard_at: Mono(0),
            pace: Pace::default(),
            turn: Turn::Old,
            alarm_at: None,
            counters: Counters::default(),
        }
    }

    /// Takes note of what happened.
    pub fn handle(&mut self, now: Mono, event: Event) {
        match event {
            Event::Connected { receive_max } => self.connect(now, receive_max),
            Event::Disconnected => self.disconnect(),
            Event::Head { lane, head } => self.lane(lane).raise(now, head),
            Event::Answer => self.answers += 1,
            Event::Changed(key) => {
                if !self.changed.note(key) {
                    self.counters.retained_dropped += 1;
                }
            }
            Event::Took { token, to } => self.took(now, token, to),
            Event::Published(token) => {
                if let Some(Cargo::Records { lane, to, .. }) = self.arrive(now, token) {
                    self.lane(lane).has_seen(to);
                }
            }
            Event::Refused(token) => {
                if self.arrive(now, token).is_some() {
                    self.counters.refused += 1;
                }
            }
            Event::County { online, since } => self.county(now, online, since),
            Event::Resync => {
                self.birth_due = self.connected;
                self.doubt_offline();
                self.restart_lanes();
            }
        }
    }

    /// Takes a receipt and returns what is new in it, cut to what exists: this is what the log wants to know.
    /// `None` when nothing is new.
    #[must_use = "new receipts and rejections belong in the log"]
    pub fn receipt(&mut self, now: Mono, ack: Ack) -> Option<Ack> {
        if ack.epoch != self.epoch {
            self.counters.receipts_of_other_epoch += 1;
            return None;
        }
        let mut new = Ack { epoch: ack.epoch, lane: ack.lane, ranges: Vec::new(), reject: Vec::new() };
        for Range(from, to) in ack.ranges {
            new.ranges.extend(self.settle(ack.lane, from, to));
        }
        for reject in ack.reject {
            if !self.settle(ack.lane, reject.seq, reject.seq).is_empty() {
                self.counters.rejected += 1;
                new.reject.push(reject);
            }
        }
        if new.ranges.is_empty() && new.reject.is_empty() {
            return None;
        }
        self.heard_at = now;
        self.doubt_offline();
        Some(new)
    }

    /// Ends a step whose records can never be sent, and returns them as rejected by ourselves, for the dead-letter list.
    #[must_use = "dead letters belong in the log"]
    pub fn give_up(&mut self, now: Mono, token: Token, reason: &str) -> Option<Ack> {
        let Some(Cargo::Records { lane, from, to, .. }) = self.window.cargo(token) else { return None };
        self.took(now, token, to);
        self.arrive(now, token);
        let new = self.settle(lane, from, to);
        let numbers = new.iter().flat_map(|range| range.0..=range.1);
        let reject: Vec<Reject> = numbers.map(|seq| Reject { seq, reason: reason.to_owned() }).collect();
        self.counters.rejected += reject.len() as u64;
        (!reject.is_empty()).then_some(Ack { epoch: self.epoch, lane, ranges: Vec::new(), reject })
    }

    /// What to do next; `None` when there is nothing to do before the next event or [`Pump::deadline`].
    pub fn next(&mut self, now: Mono) -> Option<Step> {
        if !self.connected {
            return None;
        }
        if self.window.is_stalled(now) {
            self.counters.stalled += 1;
            self.disconnect();
            return Some(Step::Rebuild);
        }
        if self.birth_due && self.window.has_room_for_alarm() {
            self.birth_due = false;
            return Some(Step::Birth(self.window.depart(now, Cargo::Birth)));
        }
        if now >= self.heartbeat_at {
            self.heartbeat_at = now + self.heartbeat;
            return Some(Step::Heartbeat);
        }
        self.next_alarm(now)
            .or_else(|| self.next_answer(now))
            .or_else(|| self.next_backlog(now, Lane::Device))
            .or_else(|| self.next_retained(now))
            .or_else(|| self.next_backlog(now, Lane::Reading))
    }

    /// When [`Pump::next`] may have something to do without a further event. Ask it after `next` has answered `None`.
    #[must_use]
    pub fn deadline(&self) -> Option<Mono> {
        if !self.connected {
            return None;
        }
        let device = if self.is_open(Lane::Device) { self.device.due_at() } else { None };
        let reading = if self.is_open(Lane::Reading) { self.reading.due_at() } else { None };
        [Some(self.heartbeat_at), self.window.stalls_at(), self.alarm_at, device, reading].into_iter().flatten().min()
    }

    /// Heads and receipts, as birth and heartbeat tell them.
    #[must_use]
    pub fn lanes(&self) -> BTreeMap<Lane, LaneState> {
        let state = |lane: &Outlane| LaneState { head: lane.head(), receipted: lane.settled_to().min(lane.head()) };
        BTreeMap::from([
            (Lane::Alarm, state(&self.alarm)),
            (Lane::Device, state(&self.device)),
            (Lane::Reading, state(&self.reading)),
        ])
    }

    /// Age of the oldest record that is to be sent and has no receipt; zero when there is none.
    pub fn oldest_unreceipted(&mut self, now: Mono) -> Duration {
        let reading = if self.send_readings { self.reading.unsettled_since() } else { None };
        let oldest = [self.alarm.unsettled_since(), self.device.unsettled_since(), reading].into_iter().flatten().min();
        oldest.map_or(Duration::ZERO, |since| now.since(since))
    }

    /// Whether an alarm waits for its receipt.
    #[must_use]
    pub fn alarm_waits(&self) -> bool {
        self.alarm.has_unsettled()
    }

    /// What went otherwise than it should.
    #[must_use]
    pub fn counters(&self) -> Counters {
        self.counters
    }

    /// How many publishes have no PUBACK.
    #[must_use]
    pub fn in_flight(&self) -> usize {
        self.window.len()
    }

    fn connect(&mut self, now: Mono, receive_max: u16) {
        self.disconnect();
        self.connected = true;
        self.window.open(usize::from(RELAY_WINDOW.min(receive_max).max(1)));
        self.birth_due = true;
        self.heartbeat_at = now;
        self.heard_at = now;
        self.pace = Pace::default();
        if matches!(self.county, County::Online { .. }) {
            self.county = County::Unknown;
        }
        self.restart_lanes();
    }

    fn disconnect(&mut self) {
        self.connected = false;
        self.answers += self.window.close().iter().filter(|cargo| **cargo == Cargo::Answer).count();
    }

    fn county(&mut self, now: Mono, online: bool, since: i64) {
        let before = self.county;
        self.county = if online { County::Online { since } } else { County::Offline };
        let came_back = match before {
            County::Unknown => false,
            County::Offline => online,
            County::Online { since: before } => online && before != since,
        };
        if came_back {
            self.heard_at = now;
            self.restart_lanes();
        }
    }

    /// A county that speaks is not offline, whatever it said last.
    fn doubt_offline(&mut self) {
        if self.county == County::Offline {
            self.county = County::Unknown;
        }
    }

    fn restart_lanes(&mut self) {
        for lane in [&mut self.alarm, &mut self.device, &mut self.reading] {
            lane.restart();
        }
    }

    fn settle(&mut self, lane: Lane, from: u64, to: u64) -> Vec<Range> {
        match self.lane(lane).settle(from, to) {
            Settling::New(new) => return new,
            Settling::NeverSent => self.counters.receipts_never_sent += 1,
            Settling::TooScattered => self.counters.receipts_too_scattered += 1,
            Settling::NotARange => self.counters.receipts_not_a_range += 1,
        }
        Vec::new()
    }

    fn took(&mut self, now: Mono, token: Token, to: u64) {
        let Some(Cargo::Records { lane, from, to: asked, tries }) = self.window.cargo(token) else { return };
        let others = self.flights(lane);
        let end = self.lane(lane).took(now, Pick { from, to: asked, tries }, to, &others);
        self.window.reach(token, end);
    }

    /// Ends a flight; its records wait for their receipt. `None` for a token that is not in flight.
    fn arrive(&mut self, now: Mono, token: Token) -> Option<Cargo> {
        let cargo = self.window.arrive(now, token)?;
        if let Cargo::Records { lane, from, to, tries } = cargo {
            let due = due_after(now, self.back_off(lane, tries));
            self.lane(lane).wait(Pick { from, to, tries }, due);
        }
        Some(cargo)
    }

    fn back_off(&self, lane: Lane, tries: u32) -> Duration {
        match lane {
            Lane::Alarm if self.county == County::Offline => RESEND_COUNTY_OFFLINE,
            Lane::Alarm => RESEND_FIRST,
            Lane::Device | Lane::Reading => RESEND_FIRST.saturating_mul(1 << tries.min(16)).min(RESEND_CAP),
        }
    }

    fn next_alarm(&mut self, now: Mono) -> Option<Step> {
        self.alarm_at = None;
        if !self.window.has_room_for_alarm() {
            return None;
        }
        let flights = self.flights(Lane::Alarm);
        let old_due_at = self.alarm.due_at();
        let old = old_due_at.is_some_and(|due| due <= now);
        let new = self.alarm.first_unsent(&flights).is_some();
        let paced = self.pace.allows(now, ALARM_PACE_PER_S);
        let old_is_free = now.since(self.heard_at) < DEAF_AFTER;
        let new_is_free = self.out(Lane::Alarm) < ALARMS_OUT_MAX;
        let (may_old, may_new) = (old && (old_is_free || paced), new && (new_is_free || paced));
        if !may_old && !may_new {
            self.alarm_at = if old || new { Some(self.pace.refills_at()) } else { None };
            self.alarm_at = [self.alarm_at, old_due_at.filter(|&due| due > now)].into_iter().flatten().min();
            return None;
        }
        // By turns, so that neither many old ones nor many new ones can keep the others back.
        let take_old = may_old && (self.turn == Turn::Old || !may_new);
        self.turn = if take_old { Turn::New } else { Turn::Old };
        if !(if take_old { old_is_free } else { new_is_free }) {
            self.pace.went(now);
        }
        let pick = if take_old { self.alarm.pick_due(now, 1) } else { self.alarm.pick_unsent(&flights, 1) }?;
        Some(self.depart(now, Lane::Alarm, pick))
    }

    fn next_answer(&mut self, now: Mono) -> Option<Step> {
        if self.answers == 0 || !self.window.has_room() {
            return None;
        }
        self.answers -= 1;
        Some(Step::Answer(self.window.depart(now, Cargo::Answer)))
    }

    fn next_retained(&mut self, now: Mono) -> Option<Step> {
        if !self.window.has_room() {
            return None;
        }
        let key = self.changed.take()?;
        Some(Step::Retained(self.window.depart(now, Cargo::Retained(key)), key))
    }

    fn next_backlog(&mut self, now: Mono, lane: Lane) -> Option<Step> {
        if !self.is_open(lane) || (lane == Lane::Reading && self.an_alarm_is_unsent()) {
            return None;
        }
        let (per_message, out_max) = match lane {
            Lane::Reading => (READINGS_PER_MESSAGE_MAX, READINGS_OUT_MAX),
            Lane::Alarm | Lane::Device => (1, DEVICE_EVENTS_OUT_MAX),
        };
        let room = out_max.saturating_sub(self.out(lane)).min(per_message);
        let flights = self.flights(lane);
        let numbers = self.lane(lane);
        let pick = match numbers.pick_due(now, per_message) {
            Some(pick) => pick,
            None if room > 0 => numbers.pick_unsent(&flights, room)?,
            None => return None,
        };
        Some(self.depart(now, lane, pick))
    }

    fn depart(&mut self, now: Mono, lane: Lane, pick: Pick) -> Step {
        if [Lane::Alarm, Lane::Device, Lane::Reading].iter().all(|&lane| self.out(lane) == 0) {
            self.heard_at = now;
        }
        if pick.tries > 0 {
            self.counters.sent_again += pick.to - pick.from + 1;
        }
        let Pick { from, to, tries } = pick;
        let token = self.window.depart(now, Cargo::Records { lane, from, to, tries });
        Step::Records { token, lane, from, to }
    }

    /// Alarms that are paced go ahead of readings too: the backlog is as old as they are, and worth less.
    fn an_alarm_is_unsent(&mut self) -> bool {
        let flights = self.flights(Lane::Alarm);
        self.alarm.first_unsent(&flights).is_some()
    }

    /// Whether a lane other than the alarms' may send.
    fn is_open(&self, lane: Lane) -> bool {
        self.county != County::Offline
            && match lane {
                Lane::Alarm | Lane::Device => self.window.has_room(),
                Lane::Reading => self.send_readings && self.window.has_room_for_reading(),
            }
    }

    /// Records sent, or being sent, that have no receipt.
    fn out(&self, lane: Lane) -> u64 {
        let in_flight: u64 = self.window.records(lane).map(|(from, to)| to - from + 1).sum();
        let waiting = match lane {
            Lane::Alarm => self.alarm.waiting_count(),
            Lane::Device => self.device.waiting_count(),
            Lane::Reading => self.reading.waiting_count(),
        };
        waiting + in_flight
    }

    fn flights(&self, lane: Lane) -> Vec<(u64, u64)> {
        self.window.records(lane).collect()
    }

    fn lane(&mut self, lane: Lane) -> &mut Outlane {
        match lane {
            Lane::Alarm => &mut self.alarm,
            Lane::Device => &mut self.device,
            Lane::Reading => &mut self.reading,
        }
    }
}
