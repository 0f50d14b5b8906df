//! The outbox pump under arbitrary orders of events: losses, reordered, repeated, late and hostile receipts, reconnects.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use proptest::prelude::*;

use shouwang::core::id::{DeviceId, Epoch};
use shouwang::core::sequence::{Lane, Range};
use shouwang::core::time::Mono;
use shouwang::limits::{ALARMS_OUT_MAX, READING_MESSAGES_IN_FLIGHT_MAX, READINGS_OUT_MAX, RELAY_WINDOW};
use shouwang::relay::lane::LaneStanding;
use shouwang::relay::message::{Ack, Reject};
use shouwang::relay::pump::{Event, Pump, Standing, Step};
use shouwang::relay::retained::RetainedKey;
use shouwang::relay::window::Token;

const EPOCH: Epoch = Epoch(0xE1);

/// One thing that may happen.
#[derive(Debug, Clone)]
enum Op {
    Pass(u64),
    Head(Lane, u64),
    Connect(u16),
    Disconnect,
    /// The n-th publish in flight is acknowledged by the broker, or refused.
    Puback(usize),
    Refuse(usize),
    /// A receipt for the n-th message that ever left, as often and as late as it likes.
    Receipt(usize),
    Wild(Lane, Vec<(u64, u64)>, Vec<u64>, bool),
    County(bool, i64),
    Resync,
    Changed(u8),
    Answer,
    GiveUp(usize),
}

fn lane() -> impl Strategy<Value = Lane> {
    prop_oneof![Just(Lane::Alarm), Just(Lane::Device), Just(Lane::Reading)]
}

fn edge() -> impl Strategy<Value = u64> {
    prop_oneof![0u64..400, Just(u64::MAX), Just(u64::MAX - 1), any::<u64>()]
}

fn op() -> impl Strategy<Value = Op> {
    prop_oneof![
        6 => prop_oneof![0u64..300, 0u64..5_000, 0u64..60_000].prop_map(Op::Pass),
        6 => (lane(), 1u64..30).prop_map(|(lane, more)| Op::Head(lane, more)),
        1 => Just(Op::Head(Lane::Reading, 3_000)),
        1 => Just(Op::Head(Lane::Alarm, 400)),
        3 => prop_oneof![0u16..50, any::<u16>()].prop_map(Op::Connect),
        2 => Just(Op::Disconnect),
        14 => (0usize..64).prop_map(Op::Puback),
        2 => (0usize..64).prop_map(Op::Refuse),
        12 => any::<usize>().prop_map(Op::Receipt),
        2 => (lane(), proptest::collection::vec((edge(), edge()), 0..4), proptest::collection::vec(edge(), 0..3), any::<bool>())
            .prop_map(|(lane, ranges, reject, other)| Op::Wild(lane, ranges, reject, other)),
        2 => (any::<bool>(), 0i64..3).prop_map(|(online, since)| Op::County(online, since)),
        1 => Just(Op::Resync),
        2 => (0u8..20).prop_map(Op::Changed),
        2 => Just(Op::Answer),
        1 => (0usize..64).prop_map(Op::GiveUp),
    ]
}

/// Drives a pump and knows what it may and may not do.
struct World {
    pump: Pump,
    now: Mono,
    heads: BTreeMap<Lane, u64>,
    /// What the county settled, as far as the pump admitted it.
    settled: BTreeMap<Lane, BTreeSet<u64>>,
    /// What may have been seen by the county.
    left: BTreeMap<Lane, BTreeSet<u64>>,
    /// Alarms sent since everything was last to be sent again.
    alarms_sent: BTreeSet<u64>,
    flights: BTreeMap<Token, Option<(Lane, u64, u64)>>,
    messages: Vec<(Lane, u64, u64)>,
    window: usize,
    connected: bool,
    offline: bool,
}

impl World {
    fn new() -> Self {
        let empty = LaneStanding { head: 0, settled: Vec::new(), oldest_at: Mono(0) };
        let standing = Standing {
            epoch: EPOCH,
            alarm: empty.clone(),
            device: empty.clone(),
            reading: empty,
            send_readings: true,
            heartbeat: Duration::from_secs(30),
        };
        World {
            pump: Pump::new(&standing),
            now: Mono(1_000_000),
            heads: BTreeMap::new(),
            settled: BTreeMap::new(),
            left: BTreeMap::new(),
            alarms_sent: BTreeSet::new(),
            flights: BTreeMap::new(),
            messages: Vec::new(),
            window: 0,
            connected: false,
            offline: false,
        }
    }

    fn apply(&mut self, op: Op) {
        match op {
            Op::Pass(ms) => self.now = Mono(self.now.0 + ms),
            Op::Head(lane, more) => {
                let head = self.heads.entry(lane).or_default();
                *head += more;
                let head = *head;
                self.pump.handle(self.now, Event::Head { lane, head });
            }
            Op::Connect(receive_max) => {
                self.lose_connection();
                self.pump.handle(self.now, Event::Connected { receive_max });
                self.window = usize::from(receive_max.clamp(1, RELAY_WINDOW));
                self.connected = true;
            }
            Op::Disconnect => {
                self.lose_connection();
                self.pump.handle(self.now, Event::Disconnected);
            }
            Op::Puback(index) => self.end_flight(index, Event::Published),
            Op::Refuse(index) => self.end_flight(index, Event::Refused),
            Op::Receipt(index) => {
                if !self.messages.is_empty() {
                    let (lane, from, to) = self.messages[index % self.messages.len()];
                    self.receipt(EPOCH, lane, &[(from, to)], &[]);
                }
            }
            Op::Wild(lane, ranges, reject, other) => {
                self.receipt(if other { Epoch(0xBAD) } else { EPOCH }, lane, &ranges, &reject);
            }
            Op::County(online, since) => {
                self.offline = !online;
                self.pump.handle(self.now, Event::County { online, since });
            }
            Op::Resync => {
                self.offline = false;
                let in_flight = self.flights.values().flatten().filter(|flight| flight.0 == Lane::Alarm);
                self.alarms_sent = in_flight.map(|&(_, from, _)| from).collect();
                self.pump.handle(self.now, Event::Resync);
            }
            Op::Changed(id) => {
                let device: DeviceId = format!("d{id}").parse().expect("a valid id");
                self.pump.handle(self.now, Event::Changed(RetainedKey::Device(device)));
            }
            Op::Answer => self.pump.handle(self.now, Event::Answer),
            Op::GiveUp(index) => {
                if let Some(token) = self.flight(index).filter(|token| self.flights[token].is_some()) {
                    if let Some(dead) = self.pump.give_up(self.now, token, "too large") {
                        self.note_settled(&dead);
                    }
                    self.flights.remove(&token);
                }
            }
        }
    }

    fn flight(&self, index: usize) -> Option<Token> {
        if self.flights.is_empty() { None } else { self.flights.keys().nth(index % self.flights.len()).copied() }
    }

    fn end_flight(&mut self, index: usize, event: fn(Token) -> Event) {
        if let Some(token) = self.flight(index) {
            self.flights.remove(&token);
            self.pump.handle(self.now, event(token));
        }
    }

    fn lose_connection(&mut self) {
        self.connected = false;
        self.flights.clear();
        self.alarms_sent.clear();
    }

    fn receipt(&mut self, epoch: Epoch, lane: Lane, ranges: &[(u64, u64)], reject: &[u64]) {
        let ack = Ack {
            epoch,
            lane,
            ranges: ranges.iter().map(|&(from, to)| Range(from, to)).collect(),
            reject: reject.iter().map(|&seq| Reject { seq, reason: "no".to_owned() }).collect(),
        };
        if let Some(new) = self.pump.receipt(self.now, ack) {
            assert_eq!(epoch, EPOCH, "a receipt of another epoch counts for nothing");
            self.offline = false;
            self.note_settled(&new);
        }
    }

    fn note_settled(&mut self, new: &Ack) {
        let left = self.left.entry(new.lane).or_default();
        let settled = self.settled.entry(new.lane).or_default();
        let ranges = new.ranges.iter().flat_map(|range| range.0..=range.1);
        for number in ranges.chain(new.reject.iter().map(|reject| reject.seq)) {
            assert!(left.contains(&number), "{:?} {number} was never sent", new.lane);
            assert!(settled.insert(number), "{:?} {number} was told twice", new.lane);
        }
    }

    fn unsettled(&self, lane: Lane) -> Vec<u64> {
        let settled = self.settled.get(&lane);
        let head = self.heads.get(&lane).copied().unwrap_or(0);
        (1..=head).filter(|number| settled.is_none_or(|settled| !settled.contains(number))).collect()
    }

    /// Does what the pump says until it has nothing to say. `cut` shortens batches as a byte limit would.
    fn drain(&mut self, cut: u64) {
        for round in 0.. {
            assert!(round < 5_000, "the pump must come to rest");
            let Some(step) = self.pump.next(self.now) else { break };
            assert!(self.connected, "nothing is said without a connection");
            match step {
                Step::Heartbeat => {}
                Step::Birth(token) | Step::Answer(token) | Step::Retained(token, _) => {
                    self.flights.insert(token, None);
                }
                Step::Rebuild => {
                    self.lose_connection();
                    self.pump.handle(self.now, Event::Disconnected);
                }
                Step::Records { token, lane, from, to } => self.send(token, lane, from, to, cut),
            }
            assert!(self.flights.len() <= self.window, "the window is respected");
        }
        if let Some(at) = self.pump.deadline() {
            assert!(at > self.now, "nothing to do at {:?}, yet to be called at {at:?}", self.now);
        }
    }

    fn send(&mut self, token: Token, lane: Lane, from: u64, to: u64, cut: u64) {
        assert!(1 <= from && from <= to && to <= self.heads[&lane]);
        if lane != Lane::Alarm {
            assert!(!self.offline, "{lane} pauses while the county is offline");
            self.no_alarm_is_kept_back(lane);
        } else {
            assert_eq!(from, to, "one alarm a message");
            self.alarms_sent.insert(from);
        }
        let to = to.min(from + cut);
        self.pump.handle(self.now, Event::Took { token, to });
        if let Some(settled) = self.settled.get(&lane) {
            assert_eq!(settled.range(from..=to).next(), None, "{lane} {from}..={to} was sent after its receipt");
        }
        for (other, a, b) in self.flights.values().flatten() {
            assert!(*other != lane || *b < from || to < *a, "{lane} {from}..={to} is in flight already");
        }
        self.left.entry(lane).or_default().extend(from..=to);
        self.messages.push((lane, from, to));
        self.flights.insert(token, Some((lane, from, to)));
        let readings = self.flights.values().flatten().filter(|flight| flight.0 == Lane::Reading).count();
        assert!(readings <= READING_MESSAGES_IN_FLIGHT_MAX);
    }

    /// Another lane may only speak when every alarm has been sent since the last restart, or too many await receipts.
    fn no_alarm_is_kept_back(&self, lane: Lane) {
        let unsettled = self.unsettled(Lane::Alarm);
        let out = unsettled.iter().filter(|number| self.alarms_sent.contains(number)).count() as u64;
        let kept_back = unsettled.len() as u64 - out;
        assert!(kept_back == 0 || out >= ALARMS_OUT_MAX, "{kept_back} alarms wait behind {lane}");
    }

    /// From here on broker and county do their work: everything must arrive.
    fn all_is_well(&mut self) {
        self.offline = false;
        self.apply(Op::Connect(20));
        self.apply(Op::County(true, 99));
        for _ in 0..20_000 {
            self.drain(u64::MAX / 2);
            let arrived: Vec<(Token, Option<(Lane, u64, u64)>)> =
                std::mem::take(&mut self.flights).into_iter().collect();
            if arrived.is_empty() && Lane::ALL.iter().all(|&lane| self.unsettled(lane).is_empty()) {
                return;
            }
            for (token, records) in arrived {
                self.pump.handle(self.now, Event::Published(token));
                if let Some((lane, from, to)) = records {
                    self.receipt(EPOCH, lane, &[(from, to)], &[]);
                }
            }
            self.now = self.pump.deadline().map_or(self.now, |at| at.min(self.now + Duration::from_millis(50)));
        }
        panic!("not everything arrived: alarms {:?}", self.unsettled(Lane::Alarm));
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 400, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn whatever_happens_everything_is_sent_until_its_receipt_and_nothing_after(
        ops in proptest::collection::vec((op(), prop_oneof![Just(u64::MAX / 2), 0u64..50]), 1..150),
    ) {
        let mut world = World::new();
        for (op, cut) in ops {
            world.apply(op);
            world.drain(cut);
        }
        world.all_is_well();
        for lane in Lane::ALL {
            let state = world.pump.lanes()[lane];
            prop_assert_eq!(state.receipted, world.heads.get(lane).copied().unwrap_or(0));
        }
        prop_assert_eq!(world.pump.oldest_unreceipted(world.now), Duration::ZERO);
        let before = world.messages.len();
        world.apply(Op::Resync);
        world.apply(Op::Pass(3_600_000));
        world.apply(Op::Connect(20));
        world.drain(50);
        prop_assert_eq!(world.messages.len(), before, "all was receipted, nothing is sent again");
    }

}

proptest! {
    #![proptest_config(ProptestConfig { cases: 12, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn a_deaf_county_is_sent_bounded_amounts(alarms in 1u64..2_000, readings in 1u64..50_000, minutes in 1u64..10) {
        let mut world = World::new();
        world.apply(Op::Head(Lane::Alarm, alarms));
        world.apply(Op::Head(Lane::Reading, readings));
        world.apply(Op::Connect(20));
        let start = world.now;
        while world.now.since(start) < Duration::from_secs(minutes * 60) {
            world.drain(u64::MAX / 2);
            for token in std::mem::take(&mut world.flights).into_keys() {
                world.pump.handle(world.now, Event::Published(token));
            }
            world.drain(u64::MAX / 2);
            if world.flights.is_empty() {
                world.now = world.pump.deadline().expect("connected");
            }
        }
        let distinct: BTreeSet<u64> = world.messages.iter().filter(|m| m.0 == Lane::Reading).flat_map(|m| m.1..=m.2).collect();
        prop_assert!(distinct.len() as u64 <= READINGS_OUT_MAX, "{} readings", distinct.len());
        let sent = world.messages.iter().filter(|m| m.0 == Lane::Alarm).count() as u64;
        // While it may still be listening every alarm goes once a second; then eight a second in all.
        let most = ALARMS_OUT_MAX * 12 + 8 * (minutes * 60 + 12);
        prop_assert!(sent <= most, "{sent} of at most {most}");
        if minutes >= 5 {
            let reached: BTreeSet<u64> = world.messages.iter().filter(|m| m.0 == Lane::Alarm).map(|m| m.1).collect();
            prop_assert!(reached.len() as u64 >= alarms.min(ALARMS_OUT_MAX + 8 * 60), "every alarm has its turn");
        }
    }
}
