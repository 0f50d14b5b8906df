//! What one pass through each stage of a press costs: decode, decide, write, send. `cargo bench`.

#[path = "../tests/village_log/mod.rs"]
mod village_log;

use std::cell::Cell;
use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use divan::{Bencher, black_box};
use serde_json::Value;
use shouwang::core::effect::Input;
use shouwang::core::id::HomeId;
use shouwang::core::reading::{Measure, Said, Sample};
use shouwang::core::roster::{Chemistry, Device, Ladder, Resident, Role, Roster, Rung};
use shouwang::core::sequence::{Lane, Range};
use shouwang::core::station::{Identity, Rules, Station};
use shouwang::core::time::Mono;
use shouwang::device::{self, Frame};
use shouwang::relay::lane::LaneStanding;
use shouwang::relay::message::Ack;
use shouwang::relay::pump::{Event, Pump, Standing, Step};
use shouwang::store::files::disk::Disk;
use shouwang::store::files::{FakeDisk, Files};
use shouwang::store::{Journal, Options, Outcome};
use village_log::{EPOCH, alarm_draft, at, sample};

/// A large village.
const HOMES: usize = 500;

fn main() {
    divan::main();
}

/// The usual message of a motion sensor, and of a button that is pressed.
#[divan::bench(args = [
    r#"{"occupancy":true,"battery":88,"illuminance":40,"voltage":2990,"linkquality":120}"#,
    r#"{"action":"emergency","battery":97,"linkquality":120}"#,
])]
fn decode_zigbee2mqtt(bencher: Bencher<'_, '_>, payload: &str) {
    let format = device::format("zigbee2mqtt").expect("the format is built in");
    let mut decoder = (format.decoder)();
    let frame = Frame {
        topic: Some("zigbee2mqtt/d0001"),
        bytes: payload.as_bytes(),
        context: &Value::Null,
        utc_s: None,
        heard_ms: 0,
    };
    bencher.bench_local(|| decoder.decode(black_box(&frame)));
}

/// Every home has a button and a motion sensor.
fn station() -> Station {
    let rung = Rung { wait: Duration::from_mins(1), ..Rung::default() };
    let mut roster = Roster { sources: vec!["zigbee".parse().expect("an id")], ..Roster::default() };
    for number in 0..HOMES {
        let home: HomeId = format!("h{number:04}").parse().expect("an id");
        let resident = Resident {
            ladder: Ladder { rungs: vec![rung.clone(); 3], ..Ladder::default() },
            ..Resident::new(format!("r{number:04}").parse().expect("an id"), home)
        };
        for (prefix, role) in [("button", Role::Sos), ("motion", Role::Motion)] {
            let device = Device {
                id: format!("{prefix}{number:04}").parse().expect("an id"),
                resident: Some(resident.id),
                home: Some(home),
                room: None,
                role,
                source: roster.sources[0],
                rhythm: None,
                mute: false,
                battery: Chemistry::Unknown,
                mains: false,
                removed: false,
            };
            roster.devices.insert(device.id, device);
        }
        roster.residents.insert(resident.id, resident);
    }
    let identity = Identity { station: "st1".parse().expect("an id"), epoch: EPOCH };
    Station::new(identity, Rules::default(), roster, at(0))
}

/// A routine word that changes something: motion comes and goes.
#[divan::bench]
fn station_routine(bencher: Bencher<'_, '_>) {
    let mut station = station();
    let turn = Cell::new(0_usize);
    let input = || {
        let number = turn.replace(turn.get() + 1);
        Input::Sample(sample(
            &format!("motion{:04}", number % HOMES),
            Measure::Motion((number / HOMES).is_multiple_of(2)),
        ))
    };
    bencher.with_inputs(input).bench_local_values(|input| station.handle(at(1_000), black_box(&input)));
}

/// A press in a village in which nothing is open.
#[divan::bench]
fn station_press(bencher: Bencher<'_, '_>) {
    let from = sample("button0001", Measure::Sos(true)).from;
    let press =
        Sample { from, said: vec![Said::event(Measure::Sos(true))], retained: false, merge_ms: 1_000, implausible: 0 };
    let input = Input::Sample(press);
    bencher.with_inputs(station).bench_local_refs(|station| station.handle(at(1_000), black_box(&input)));
}

/// One turn, appended and synced.
fn commit(bencher: Bencher<'_, '_>, files: Arc<dyn Files>) {
    let options = Options { ballast_bytes: 0, reserve_bytes: 0, ..Options::default() };
    let (mut journal, _) = Journal::open(files, options).expect("opens");
    let number = Cell::new(0_u64);
    let draft = || {
        number.set(number.get() + 1);
        // Few alarms with many records each: the ledger stays as small as a village's.
        alarm_draft(number.get(), number.get() % 100, 1, true)
    };
    bencher.with_inputs(draft).bench_local_values(|draft| {
        assert_eq!(journal.commit(draft).outcome, Outcome::Durable);
    });
}

/// Without a disk: what framing, chaining and the ledger cost.
#[divan::bench(sample_count = 200, sample_size = 1)]
fn commit_on_a_fake_disk(bencher: Bencher<'_, '_>) {
    commit(bencher, Arc::new(FakeDisk::new()));
}

/// On the file system of the working directory: mostly its fdatasync.
#[divan::bench(sample_count = 200, sample_size = 1)]
fn commit_on_this_disk(bencher: Bencher<'_, '_>) {
    let folder = tempfile::tempdir_in(".").expect("the working directory can be written");
    commit(bencher, Arc::new(Disk::own(folder.path()).expect("an own folder")));
}

/// An alarm's record from its number to its receipt, with this many without one before it.
#[divan::bench(args = [0, 100, 10_000])]
fn pump_pick_and_receipt(bencher: Bencher<'_, '_>, waiting: u64) {
    let lane = |head| LaneStanding { head, settled: Vec::new(), oldest_at: Mono(0) };
    let standing = Standing {
        epoch: EPOCH,
        alarm: lane(waiting),
        device: lane(0),
        reading: lane(0),
        send_readings: true,
        heartbeat: Duration::from_secs(30),
    };
    let mut pump = Pump::new(&standing);
    pump.handle(Mono(1), Event::Connected { receive_max: 20 });
    let mut head = waiting;
    bencher.bench_local(|| {
        head += 1;
        let now = Mono(head);
        pump.handle(now, Event::Head { lane: Lane::Alarm, head });
        let mut sent = BTreeMap::new();
        while let Some(step) = pump.next(now) {
            match step {
                Step::Records { token, to, from, .. } => {
                    pump.handle(now, Event::Took { token, to });
                    pump.handle(now, Event::Published(token));
                    sent.insert(from, to);
                }
                Step::Birth(token) | Step::Answer(token) | Step::Retained(token, _) => {
                    pump.handle(now, Event::Published(token));
                }
                Step::Heartbeat | Step::Rebuild => {}
            }
        }
        let ranges = sent.into_iter().map(|(from, to)| Range(from, to)).collect();
        pump.receipt(now, Ack { epoch: EPOCH, lane: Lane::Alarm, ranges, reject: Vec::new() })
    });
}
