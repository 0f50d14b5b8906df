//! Start to the first relayed alarm with 500 devices and seven days of history; idle memory; bytes written a reading.
//!
//! The long form only (`SHOUWANG_LONG=1`, release build): it writes five million readings first.

mod support;

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use rumqttc::v5::mqttbytes::QoS;
use shouwang::core::id::Epoch;
use shouwang::core::reading::{Measure, Origin, Quantity, Said, Sample};
use shouwang::core::time::{Boot, Gap, Moment, Mono, Trust, Wall};
use shouwang::core::unit::Milli;
use shouwang::daemon::clock;
use shouwang::store::files::disk::Disk;
use shouwang::store::record::Start;
use shouwang::store::{Draft, Journal, Options, Undecided};
use support::house::{Enrolled, House, buttons};
use support::player::Player;
use support::{installed, is_long, passing, until_found, until_within};
use tokio::time::Instant;

const SENSORS: usize = 499;
const DAYS: u64 = 7;
const MINUTE_MS: u64 = 60_000;

fn enrolled() -> Vec<Enrolled> {
    let mut all = buttons(1);
    all.extend((1..=SENSORS).map(|number| Enrolled {
        id: format!("m{number:04}"),
        source: "zigbee",
        address: format!("motion_{number:04}"),
        resident: format!("r{:04}", number % 60 + 1),
        role: "motion",
    }));
    all
}

/// Seven days in which every sensor spoke once a minute, ending now, in this boot.
fn write_history(house: &House) -> u64 {
    let span_ms = DAYS * 24 * 60 * MINUTE_MS;
    let began = clock::boottime();
    let at = |mono_ms: u64| Moment {
        boot: Boot(1),
        mono: Mono(mono_ms),
        wall: Wall(1_790_000_000_000 + i64::try_from(mono_ms).expect("a small number")),
        trust: Trust::Holdover,
    };
    let data = house.path("data");
    std::fs::create_dir_all(&data).expect("the folder can be made");
    let disk = Arc::new(Disk::own(&data.join("log")).expect("the log's folder can be made"));
    let (mut journal, _) = Journal::open(disk, Options::default()).expect("an empty log opens");
    let start = Start {
        version: "0.1.0".to_owned(),
        kernel_boot: clock::kernel_boot(),
        mono_minus_boottime_ms: i64::try_from(span_ms).expect("a small number"),
        gap: Gap::First,
        epoch: Epoch(7),
        machine: None,
        station: None,
        is_whole: false,
    };
    let begin_ms = u64::try_from(began.as_millis()).expect("a small number");
    let draft = Draft { at: at(begin_ms), inputs: Vec::new(), decisions: vec![Undecided::Start(start)] };
    let _ = journal.commit(draft);
    let mut written = 0;
    for minute in 0..DAYS * 24 * 60 {
        for number in 1..=SENSORS {
            let from = Origin::Device(format!("m{number:04}").parse().expect("an id"));
            let said = vec![
                Said::level(Measure::Motion(minute % 2 == 0)),
                Said::level(Measure::Number(Quantity::Battery, Milli::whole(90))),
            ];
            let moment = at(begin_ms + minute * MINUTE_MS + number as u64 * MINUTE_MS / 500);
            journal.routine(moment, Sample { from, said, retained: false, merge_ms: 1000, implausible: 0 });
            written += 1;
        }
    }
    journal.finish(at(begin_ms + span_ms));
    written
}

#[tokio::test]
async fn the_first_alarm_after_a_start_with_a_week_of_history() {
    if !is_long() || !installed("mosquitto") {
        println!("skipped: the long form is asked for with SHOUWANG_LONG=1");
        return;
    }
    let mut house = House::build(&enrolled()).await;
    let history = write_history(&house);
    // A run before, so that the measured start is an ordinary one.
    house.start_gateway();
    until_within(Duration::from_mins(1), "the first start is over", || {
        house.try_shell(&["status", "--json"]).is_some()
    })
    .await;
    house.stop_gateway();

    let listener = Player::overhear(house.county.port(), passing::FILTERS).await;
    house.press("button_0001").await;
    let begun = Instant::now();
    house.start_gateway();
    let arrived = until_found("a help call passes", async || {
        let is_help_call = |payload: &[u8]| payload.windows(9).any(|part| part == b"help_call");
        listener.heard().iter().find(|heard| is_help_call(&heard.publish.payload)).map(|heard| heard.at)
    })
    .await;
    let start_ms = arrived.duration_since(begun).as_millis();

    tokio::time::sleep_until(begun + Duration::from_secs(15)).await;
    let idle_kib = house.resident_kib();
    let (mut sent, before) = (0, house.bytes_written());
    for round in 0..10_u64 {
        let messages = (1..=SENSORS).map(|number| {
            let payload =
                format!("{{\"occupancy\":{},\"battery\":90,\"linkquality\":{}}}", round % 2 == 0, number % 200);
            (format!("zigbee2mqtt/motion_{number:04}"), Bytes::from(payload))
        });
        house.local.publish_all(QoS::AtMostOnce, false, messages).await;
        sent += SENSORS;
        tokio::time::sleep_until(begun + Duration::from_secs(15 + 12 * (round + 1))).await;
    }
    let wrote = house.bytes_written() - before;
    println!(
        "history={history} start_to_first_alarm_ms={start_ms} idle_rss_kib={idle_kib} after_rss_kib={} \
         readings={sent} bytes_written={wrote} bytes_per_reading={}",
        house.resident_kib(),
        wrote / sent as u64
    );
    assert!(start_ms < 10_000, "an alarm that waits is relayed within seconds of a start");
}
