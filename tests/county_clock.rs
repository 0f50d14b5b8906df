//! Times that a gateway took before its clock was set are right at the county once a sign of life with the right time has come.

mod support;

use shouwang::core::id::Epoch;
use shouwang::core::time::{Boot, Moment, Mono, Trust, Wall};
use shouwang::county::book::Book;
use shouwang::county::ingest::take;
use shouwang::county::receipt::Batch;
use shouwang::county::told::Told;
use shouwang::relay::message::{Heartbeat, encode};
use support::county_messages::{EPOCH, alarm, alarm_message, heartbeat};

const NOW_MS: i64 = 1_800_000_000_000;

fn at(boot: u32, mono: u64, wall: i64, trust: Trust) -> Moment {
    Moment { boot: Boot(boot), mono: Mono(mono), wall: Wall(wall), trust }
}

async fn commit(book: &Book, below: &str, payload: &[u8]) {
    let mut batch = Batch::default();
    batch.add(take(&format!("sw/1/st1/gw1/{below}"), payload, false), payload);
    book.commit(&batch, NOW_MS).await.expect("stored");
}

#[tokio::test]
async fn an_alarm_of_1970_is_shown_with_the_right_time_after_the_first_synced_heartbeat() {
    let folder = tempfile::tempdir().expect("a folder");
    let book = Book::open(&folder.path().join("county.sqlite"), NOW_MS).await.expect("a database");
    let mut of_1970 = alarm(1, 1);
    let occurred = at(4, 60_000, 61_000, Trust::Unset);
    (of_1970.clocks.occurred, of_1970.clocks.detected) = (Some(occurred), Some(occurred));
    commit(&book, "ev/alarm", &alarm_message(EPOCH, 1, of_1970)).await;
    let since = async || {
        let rows = book.alarms(true).await.expect("reads");
        Told::of(rows.first().expect("the alarm")).expect("readable").since
    };
    assert_eq!((since().await.at_ms, since().await.at_least), (NOW_MS, true), "at least since the county heard of it");
    let beat = |clock: Moment| {
        let heartbeat: Heartbeat = serde_json::from_slice(&heartbeat()).expect("a heartbeat");
        encode(&Heartbeat { at: clock, clock: clock.trust, ..heartbeat })
    };
    // Another boot, or a clock that is not confirmed, tells nothing.
    for clock in [at(5, 90_000, NOW_MS, Trust::Synced), at(4, 90_000, NOW_MS, Trust::Holdover)] {
        commit(&book, "hb", &beat(clock)).await;
        assert!(since().await.at_least);
    }
    // The same number of a boot in another life of the box: boots were counted anew.
    let heartbeat: Heartbeat = serde_json::from_slice(&heartbeat()).expect("a heartbeat");
    let another_life = Heartbeat { epoch: Epoch(0xb2), at: at(4, 90_000, NOW_MS, Trust::Synced), ..heartbeat };
    commit(&book, "hb", &encode(&another_life)).await;
    assert!(since().await.at_least, "another life tells nothing of this one");
    commit(&book, "hb", &beat(at(4, 660_000, NOW_MS - 5_000, Trust::Synced))).await;
    assert_eq!((since().await.at_ms, since().await.at_least), (NOW_MS - 605_000, false));
}
