//! The outbox pump as time tables: what happens at which second, and what leaves then.

use std::collections::BTreeMap;
use std::time::Duration;

use shouwang::core::id::Epoch;
use shouwang::core::sequence::{Lane, Range};
use shouwang::core::time::Mono;
use shouwang::relay::lane::LaneStanding;
use shouwang::relay::message::{Ack, Reject};
use shouwang::relay::pump::{Event, Pump, Standing, Step};
use shouwang::relay::retained::RetainedKey;
use shouwang::relay::window::Token;

const EPOCH: Epoch = Epoch(0xE1);
const START: u64 = 1_000_000;

/// A pump, a clock that starts at 0 s, and names for what is in flight.
struct Table {
    pump: Pump,
    in_flight: BTreeMap<String, Token>,
}

impl Table {
    fn new(alarms: u64, devices: u64, readings: u64) -> Self {
        let lane = |head| LaneStanding { head, settled: Vec::new(), oldest_at: Mono(START) };
        let standing = Standing {
            epoch: EPOCH,
            alarm: lane(alarms),
            device: lane(devices),
            reading: lane(readings),
            send_readings: true,
            heartbeat: Duration::from_secs(30),
        };
        Self { pump: Pump::new(&standing), in_flight: BTreeMap::new() }
    }

    /// A table whose birth and first heartbeat have left, at 0 s.
    fn connected(alarms: u64, devices: u64, readings: u64) -> Self {
        let mut table = Self::new(alarms, devices, readings);
        table.at(0.0, Event::Connected { receive_max: 20 });
        table
    }

    fn at(&mut self, seconds: f64, event: Event) {
        self.pump.handle(moment(seconds), event);
    }

    /// Everything that leaves at this second.
    fn leaves(&mut self, seconds: f64) -> Vec<String> {
        let mut left = Vec::new();
        while let Some(step) = self.pump.next(moment(seconds)) {
            let (name, token) = match step {
                Step::Birth(token) => ("birth".to_owned(), Some(token)),
                Step::Heartbeat => ("heartbeat".to_owned(), None),
                Step::Answer(token) => ("answer".to_owned(), Some(token)),
                Step::Retained(token, RetainedKey::Device(id)) => (format!("retained {id}"), Some(token)),
                Step::Retained(token, RetainedKey::Resident(id)) => (format!("retained {id}"), Some(token)),
                Step::Rebuild => ("rebuild".to_owned(), None),
                Step::Records { token, lane, from, to } => {
                    self.pump.handle(moment(seconds), Event::Took { token, to });
                    let name = if from == to { format!("{lane} {from}") } else { format!("{lane} {from}-{to}") };
                    (name, Some(token))
                }
            };
            if let Some(token) = token {
                self.in_flight.insert(name.clone(), token);
            }
            left.push(name);
        }
        left
    }

    fn puback(&mut self, seconds: f64, name: &str) {
        let token = self.in_flight.remove(name).unwrap_or_else(|| panic!("{name} is not in flight"));
        self.at(seconds, Event::Published(token));
    }

    fn puback_all(&mut self, seconds: f64) {
        for token in std::mem::take(&mut self.in_flight).into_values() {
            self.at(seconds, Event::Published(token));
        }
    }

    fn receipt(&mut self, seconds: f64, lane: Lane, ranges: &[(u64, u64)]) -> Option<Ack> {
        let ranges = ranges.iter().map(|&(from, to)| Range(from, to)).collect();
        self.pump.receipt(moment(seconds), Ack { epoch: EPOCH, lane, ranges, reject: Vec::new() })
    }

    /// When a name leaves, from 0.1 s on, second by tenth of a second; everything is acknowledged by the broker at once.
    fn times(&mut self, name: &str, until: u32) -> Vec<f64> {
        let mut times = Vec::new();
        for tenth in 1..=until * 10 {
            let now = f64::from(tenth) / 10.0;
            times.extend(self.leaves(now).into_iter().filter(|left| left == name).map(|_| now));
            self.puback_all(now);
        }
        times
    }
}

fn moment(seconds: f64) -> Mono {
    Mono(START) + Duration::from_secs_f64(seconds)
}

#[test]
fn a_connection_begins_with_birth_and_heartbeat_then_alarms_then_the_rest() {
    let mut table = Table::connected(2, 1, 9_999);
    table.at(0.0, Event::Answer);
    table.at(0.0, Event::Changed(RetainedKey::Device("d1".parse().expect("an id"))));
    let left = table.leaves(0.0);
    assert_eq!(
        left,
        [
            "birth",
            "heartbeat",
            "alarm 1",
            "alarm 2",
            "answer",
            "device 1",
            "retained d1",
            "reading 1-400",
            "reading 401-800",
            "reading 801-1200",
            "reading 1201-1600",
        ]
    );
    assert_eq!(table.pump.deadline(), Some(moment(30.0)), "nothing more before the next heartbeat");
}

#[test]
fn an_alarm_without_a_receipt_leaves_every_second_and_a_reading_ever_more_rarely() {
    let mut table = Table::connected(1, 0, 1);
    table.leaves(0.0);
    table.puback_all(0.0);
    let mut same = Table { pump: table.pump.clone(), in_flight: BTreeMap::new() };
    assert_eq!(table.times("alarm 1", 5), [1.0, 2.0, 3.0, 4.0, 5.0]);
    assert_eq!(same.times("reading 1", 100), [1.0, 3.0, 7.0, 15.0, 31.0, 61.0, 91.0]);
}

#[test]
fn a_puback_frees_the_window_and_only_a_receipt_ends_the_matter() {
    let mut table = Table::new(6, 0, 0);
    table.at(0.0, Event::Connected { receive_max: 4 });
    assert_eq!(table.leaves(0.0), ["birth", "heartbeat", "alarm 1", "alarm 2", "alarm 3"]);
    assert!(table.receipt(0.1, Lane::Alarm, &[(1, 3)]).is_some());
    assert_eq!(table.leaves(0.1), Vec::<String>::new(), "a receipt does not free the window");
    table.puback(0.2, "alarm 2");
    table.puback(0.2, "birth");
    assert_eq!(table.leaves(0.2), ["alarm 4", "alarm 5"]);
    table.puback(0.3, "alarm 4");
    assert_eq!(table.leaves(0.3), ["alarm 6"]);
    table.puback_all(0.4);
    assert_eq!(table.leaves(1.3), ["alarm 4"], "without its receipt it comes again");
    assert_eq!(table.leaves(1.4), ["alarm 5", "alarm 6"]);
    table.puback_all(1.4);
    assert!(table.receipt(1.5, Lane::Alarm, &[(1, 6)]).is_some());
    assert_eq!(table.leaves(29.0), Vec::<String>::new());
    assert!(!table.pump.alarm_waits());
}

#[test]
fn a_new_alarm_goes_next_even_when_the_backlog_fills_its_places() {
    let mut table = Table::connected(0, 100, 9_999);
    let left = table.leaves(0.0);
    assert_eq!(left.len(), 16, "birth, heartbeat and three quarters of the window: {left:?}");
    table.at(0.1, Event::Head { lane: Lane::Alarm, head: 1 });
    assert_eq!(table.leaves(0.1), ["alarm 1"]);
}

#[test]
fn after_a_reconnect_every_alarm_without_a_receipt_leaves_at_once_oldest_first() {
    let mut table = Table::connected(5, 0, 0);
    table.leaves(0.0);
    table.puback_all(0.1);
    table.receipt(0.2, Lane::Alarm, &[(2, 3)]);
    table.at(0.3, Event::Disconnected);
    assert_eq!((table.leaves(0.4), table.pump.deadline()), (vec![], None));
    table.at(0.5, Event::Head { lane: Lane::Alarm, head: 6 });
    table.at(0.6, Event::Connected { receive_max: 20 });
    assert_eq!(table.leaves(0.6), ["birth", "heartbeat", "alarm 1", "alarm 4", "alarm 5", "alarm 6"]);
}

#[test]
fn an_offline_county_is_tried_slowly_with_alarms_and_not_at_all_with_readings() {
    let mut table = Table::connected(1, 1, 500);
    table.at(0.0, Event::County { online: false, since: 7 });
    assert_eq!(table.leaves(0.0), ["birth", "heartbeat", "alarm 1"]);
    table.puback_all(0.0);
    let mut same = Table { pump: table.pump.clone(), in_flight: BTreeMap::new() };
    assert_eq!(same.times("alarm 1", 35), [10.0, 20.0, 30.0]);
    table.at(4.0, Event::County { online: true, since: 8 });
    assert_eq!(table.leaves(4.0), ["alarm 1", "device 1", "reading 1-400", "reading 401-500"]);
}

#[test]
fn another_county_process_is_sent_everything_again() {
    let mut table = Table::connected(2, 0, 0);
    table.at(0.0, Event::County { online: true, since: 7 });
    table.leaves(0.0);
    table.puback_all(0.0);
    table.at(0.5, Event::County { online: true, since: 7 });
    assert_eq!(table.leaves(0.5), Vec::<String>::new());
    table.at(0.6, Event::County { online: true, since: 8 });
    assert_eq!(table.leaves(0.6), ["alarm 1", "alarm 2"]);
}

#[test]
fn a_receipt_is_proof_that_the_county_is_there() {
    let mut table = Table::connected(1, 0, 10);
    table.at(0.0, Event::County { online: false, since: 7 });
    table.leaves(0.0);
    assert!(table.receipt(0.5, Lane::Alarm, &[(1, 1)]).is_some());
    assert_eq!(table.leaves(0.5), ["reading 1-10"]);
}

#[test]
fn a_resync_sends_what_has_no_receipt_and_the_birth_and_nothing_else() {
    let mut table = Table::connected(3, 1, 10);
    table.leaves(0.0);
    table.puback_all(0.0);
    table.receipt(0.1, Lane::Alarm, &[(1, 2)]);
    table.at(0.2, Event::Resync);
    assert_eq!(table.leaves(0.2), ["birth", "alarm 3", "device 1", "reading 1-10"]);
    table.at(0.3, Event::Resync);
    assert_eq!(table.leaves(0.3), ["birth"], "what is in flight is left to arrive");
}

#[test]
fn silence_of_the_broker_rebuilds_the_connection() {
    let mut table = Table::connected(1, 0, 0);
    table.leaves(0.0);
    table.puback(5.0, "birth");
    assert_eq!(table.leaves(34.9), ["heartbeat"]);
    assert_eq!(table.pump.deadline(), Some(moment(35.0)));
    assert_eq!(table.leaves(35.0), ["rebuild"]);
    assert_eq!(table.leaves(35.1), Vec::<String>::new());
    table.at(36.0, Event::Connected { receive_max: 20 });
    assert_eq!(table.leaves(36.0), ["birth", "heartbeat", "alarm 1"]);
}

#[test]
fn a_refused_alarm_is_tried_again_and_counted() {
    let mut table = Table::connected(1, 0, 0);
    table.leaves(0.0);
    let token = table.in_flight["alarm 1"];
    table.at(0.0, Event::Refused(token));
    assert_eq!(table.pump.counters().refused, 1);
    assert_eq!(table.leaves(0.9), Vec::<String>::new());
    assert_eq!(table.leaves(1.0), ["alarm 1"]);
}

#[test]
fn a_rejected_record_is_told_once_and_never_leaves_again() {
    let mut table = Table::connected(2, 0, 0);
    table.leaves(0.0);
    table.puback_all(0.0);
    let reject = vec![Reject { seq: 1, reason: "unreadable".to_owned() }];
    let ack = Ack { epoch: EPOCH, lane: Lane::Alarm, ranges: Vec::new(), reject };
    assert_eq!(table.pump.receipt(moment(0.5), ack.clone()), Some(ack.clone()));
    assert_eq!(table.pump.receipt(moment(0.6), ack), None);
    assert_eq!(table.leaves(1.0), ["alarm 2"]);
    assert_eq!(table.pump.lanes()[&Lane::Alarm].receipted, 1);
}

#[test]
fn receipts_are_taken_for_what_they_are_worth() {
    let mut table = Table::connected(9, 0, 0);
    table.leaves(0.0);
    table.at(0.1, Event::Head { lane: Lane::Alarm, head: 12 });
    let new = table.receipt(0.2, Lane::Alarm, &[(3, 4), (4, 6), (9, 2), (0, 1), (11, u64::MAX), (3, 6)]);
    assert_eq!(new.map(|ack| ack.ranges), Some(vec![Range(3, 4), Range(5, 6), Range(1, 1)]));
    let other = Ack { epoch: Epoch(1), lane: Lane::Alarm, ranges: vec![Range(1, 9)], reject: Vec::new() };
    assert_eq!(table.pump.receipt(moment(0.3), other), None);
    let counters = table.pump.counters();
    assert_eq!(counters.receipts_never_sent, 1, "11 to the end were never sent");
    assert_eq!((counters.receipts_not_a_range, counters.receipts_of_other_epoch), (1, 1));
}

#[test]
fn a_deaf_county_gets_new_alarms_at_once_and_old_ones_at_a_measured_pace() {
    let mut table = Table::connected(100, 0, 0);
    let mut each_second = vec![0; 61];
    for tenth in 0..=600_u16 {
        let now = f64::from(tenth) / 10.0;
        // A broker that acknowledges at once, so that the window is never what holds an alarm back.
        loop {
            let alarms = table.leaves(now).iter().filter(|left| left.starts_with("alarm")).count();
            each_second[usize::from(tenth / 10)] += alarms;
            table.puback_all(now);
            if alarms == 0 {
                break;
            }
        }
    }
    assert_eq!(each_second[..10], [100; 10], "while it may be listening");
    assert!(each_second[11..60].iter().all(|&alarms| alarms == 8), "{each_second:?}");
    table.at(60.3, Event::Head { lane: Lane::Alarm, head: 101 });
    assert!(table.leaves(60.3).contains(&"alarm 101".to_owned()));
    table.puback_all(60.3);
    assert!(table.receipt(60.4, Lane::Alarm, &[(101, 101)]).is_some());
    assert_eq!(table.leaves(60.4).len(), 20, "once it listens, a window full at once");
}

#[test]
fn answers_in_flight_leave_again_after_a_reconnect() {
    let mut table = Table::connected(0, 0, 0);
    table.at(0.0, Event::Answer);
    assert_eq!(table.leaves(0.0), ["birth", "heartbeat", "answer"]);
    table.at(1.0, Event::Connected { receive_max: 20 });
    assert_eq!(table.leaves(1.0), ["birth", "heartbeat", "answer"]);
    table.puback_all(1.1);
    table.at(2.0, Event::Connected { receive_max: 20 });
    assert_eq!(table.leaves(2.0), ["birth", "heartbeat"]);
}

#[test]
fn readings_that_are_switched_off_stay_and_make_nobody_wait() {
    let lane = |head| LaneStanding { head, settled: Vec::new(), oldest_at: Mono(START) };
    let standing = Standing {
        epoch: EPOCH,
        alarm: lane(0),
        device: lane(0),
        reading: lane(100),
        send_readings: false,
        heartbeat: Duration::from_secs(30),
    };
    let mut table = Table { pump: Pump::new(&standing), in_flight: BTreeMap::new() };
    table.at(0.0, Event::Connected { receive_max: 20 });
    assert_eq!(table.leaves(0.0), ["birth", "heartbeat"]);
    assert_eq!(table.pump.oldest_unreceipted(moment(500.0)), Duration::ZERO);
}

#[test]
fn the_age_of_the_oldest_record_without_a_receipt_is_told() {
    let mut table = Table::connected(1, 0, 0);
    table.leaves(0.0);
    table.puback_all(0.0);
    table.at(100.0, Event::Head { lane: Lane::Alarm, head: 2 });
    table.leaves(100.0);
    assert_eq!(table.pump.oldest_unreceipted(moment(130.0)), Duration::from_secs(130));
    table.receipt(130.0, Lane::Alarm, &[(1, 1)]);
    assert_eq!(table.pump.oldest_unreceipted(moment(130.0)), Duration::from_secs(30));
    table.receipt(130.0, Lane::Alarm, &[(2, 2)]);
    assert_eq!(table.pump.oldest_unreceipted(moment(130.0)), Duration::ZERO);
}

#[test]
fn receipts_of_an_earlier_run_are_remembered_by_the_standing() {
    let settled = vec![Range(1, 5), Range(7, 7)];
    let alarm = LaneStanding { head: 8, settled, oldest_at: Mono(START) };
    let empty = LaneStanding { head: 0, settled: Vec::new(), oldest_at: Mono(START) };
    let standing = Standing {
        epoch: EPOCH,
        alarm,
        device: empty.clone(),
        reading: empty,
        send_readings: true,
        heartbeat: Duration::from_secs(30),
    };
    let mut table = Table { pump: Pump::new(&standing), in_flight: BTreeMap::new() };
    table.at(0.0, Event::Connected { receive_max: 20 });
    assert_eq!(table.leaves(0.0), ["birth", "heartbeat", "alarm 6", "alarm 8"]);
    assert!(table.receipt(0.1, Lane::Alarm, &[(6, 6)]).is_some(), "a late receipt for the run before counts");
}

#[test]
fn alarms_that_are_paced_still_go_ahead_of_readings() {
    let mut table = Table::connected(300, 0, 1_000);
    let mut left = Vec::new();
    for tenth in 0..40_u32 {
        let now = f64::from(tenth) / 10.0;
        left.extend(table.leaves(now));
        table.puback_all(now);
    }
    let reading = left.iter().position(|name| name.starts_with("reading"));
    assert_eq!(reading, None, "a county that receipts nothing has 256 alarms, and the rest is paced");
    table.receipt(4.0, Lane::Alarm, &[(1, 256)]);
    for tenth in 41..60_u32 {
        let now = f64::from(tenth) / 10.0;
        left.extend(table.leaves(now));
        table.puback_all(now);
    }
    let last_alarm = left.iter().position(|name| name == "alarm 300").expect("all alarms leave");
    let reading = left.iter().position(|name| name.starts_with("reading")).expect("then the readings");
    assert!(last_alarm < reading);
}
