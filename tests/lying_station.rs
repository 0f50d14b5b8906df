//! A station that lies is refused, counted and shown, and the honest station beside it loses nothing.
//!
//! The broker here lets everybody say and hear everything, as if its access list were missing: what the county itself refuses. What
//! only the access list can refuse (speaking under another's topics) is in `county_access.rs`.

mod support;

use std::collections::BTreeMap;
use std::time::Duration;

use serde_json::json;
use shouwang::core::alarm::Alarm;
use shouwang::core::id::Epoch;
use shouwang::core::sequence::Lane;
use shouwang::core::watch::Watch;
use shouwang::county::book::Book;
use shouwang::limits;
use shouwang::limits::border::COUNTY_GATEWAYS_MAX;
use shouwang::relay::message::{Ack, encode};
use sqlx::{ConnectOptions, SqliteConnection};
use support::broker::Broker;
use support::county_messages::{
    EPOCH, alarm, alarm_message, device_message, gateway_state, heartbeat, reading_message, resident,
};
use support::county_service::County;
use support::player::Player;
use support::{installed, until, until_found};

const HONEST: &str = "sw/1/st1/gw1";
const LIAR: &str = "sw/1/st9/gw9";
const LIARS_EPOCH: Epoch = Epoch(0x11a7);

struct Scene {
    county: County,
    honest: Player,
    liar: Player,
    _broker: Broker,
    _dir: tempfile::TempDir,
}

/// An alarm of the liar's own station.
fn own_alarm(nth: u32, rev: u32) -> Alarm {
    let mut alarm = alarm(nth, rev);
    (alarm.id.station, alarm.id.epoch) = ("st9".parse().expect("a slug"), LIARS_EPOCH);
    alarm
}

impl Scene {
    /// The honest station has an open alarm, an event, readings and a resident's state at the county already.
    async fn set() -> Option<Scene> {
        if !installed("mosquitto") {
            return None;
        }
        let dir = tempfile::tempdir().expect("a temporary directory");
        let broker = Broker::start("max_queued_messages 2000").await;
        let honest = Player::join(broker.port(), &["sw/1/st1/gw1/ack", "sw/1/county/state"]).await;
        let liar = Player::join(broker.port(), &["sw/1/#"]).await;
        let county = County::start(dir.path(), broker.port());
        let scene = Scene { county, honest, liar, _broker: broker, _dir: dir };
        until("the county listens", || {
            scene.honest.heard().iter().any(|heard| heard.publish.topic == "sw/1/county/state")
        })
        .await;
        scene.honest.keep(&format!("{HONEST}/state"), gateway_state(true, 1)).await;
        scene.honest.say(&format!("{HONEST}/hb"), heartbeat()).await;
        scene.honest.keep(&format!("{HONEST}/resident/r01"), resident(Watch::Watched)).await;
        scene.honest.say(&format!("{HONEST}/ev/device"), device_message(EPOCH, 1)).await;
        scene.honest.say(&format!("{HONEST}/ev/reading"), encode(&reading_message(EPOCH, 1, 10))).await;
        scene.honest.say(&format!("{HONEST}/ev/alarm"), alarm_message(EPOCH, 1, alarm(1, 1))).await;
        scene.settled(&scene.honest, HONEST, EPOCH, Lane::Alarm, 1).await;
        scene.settled(&scene.honest, HONEST, EPOCH, Lane::Device, 1).await;
        scene.settled(&scene.honest, HONEST, EPOCH, Lane::Reading, 10).await;
        Some(scene)
    }

    async fn lie(&self, below: &str, payload: impl Into<Vec<u8>>) {
        self.liar.say(&format!("{LIAR}/{below}"), payload).await;
    }

    /// Waits until the receipt of a number is there.
    async fn settled(&self, by: &Player, root: &str, epoch: Epoch, lane: Lane, seq: u64) {
        until(&format!("the receipt of {lane} {seq} for {root}"), || {
            let acks = acks(by, root);
            let of = acks.iter().filter(|ack| (ack.epoch, ack.lane) == (epoch, lane));
            of.flat_map(|ack| ack.ranges.clone()).any(|range| (range.0..=range.1).contains(&seq))
        })
        .await;
    }

    /// Waits until a number of the liar's is refused; with which words.
    async fn refused(&self, epoch: Epoch, lane: Lane, seq: u64) -> String {
        until_found(&format!("the refusal of {lane} {seq}"), async || {
            let acks = acks(&self.liar, LIAR);
            let of = acks.iter().filter(|ack| (ack.epoch, ack.lane) == (epoch, lane));
            of.flat_map(|ack| ack.reject.clone()).find(|reject| reject.seq == seq).map(|reject| reject.reason)
        })
        .await
    }

    /// How often something was refused of the liar, by kind, once `why` stands among it.
    async fn counted(&self, why: &str) -> i64 {
        until_found(&format!("{why} is counted"), async || {
            let book = Book::open_to_read(&self.county.settings.database).await.expect("the service made it");
            let stations = book.stations(1_700_000_000_000, 180).await.expect("reads");
            let liar = stations.into_iter().find(|row| row.station == "st9")?;
            liar.refused.get(why).copied()
        })
        .await
    }

    /// Everything of the honest station, as it stands in the tables.
    async fn rows_of_the_honest(&self) -> BTreeMap<&'static str, Vec<String>> {
        let mut connection = open(&self.county).await;
        let mut rows = BTreeMap::new();
        for (table, statement) in [
            ("alarms", "SELECT alarm_id || rev || state || is_open FROM alarms WHERE station = 'st1'"),
            ("alarm_records", "SELECT alarm_id || rev || body FROM alarm_records WHERE station = 'st1'"),
            ("alarm_numbers", "SELECT epoch || seq || alarm_id FROM alarm_numbers WHERE station = 'st1'"),
            ("device_events", "SELECT epoch || seq || body FROM device_events WHERE station = 'st1'"),
            ("readings", "SELECT epoch || seq || said FROM readings WHERE station = 'st1'"),
            ("residents", "SELECT resident || watch || body FROM residents WHERE station = 'st1'"),
            ("gateways", "SELECT gateway || online || epoch || conn FROM gateways WHERE station = 'st1'"),
            ("command_results", "SELECT id || body FROM command_results WHERE station = 'st1'"),
            ("refusals", "SELECT why || times FROM refusals WHERE station = 'st1'"),
            ("rejects", "SELECT lane || from_seq FROM rejects WHERE station = 'st1'"),
        ] {
            let of: Vec<String> = sqlx::query_scalar(statement).fetch_all(&mut connection).await.expect("reads");
            rows.insert(table, of);
        }
        rows
    }

    /// The honest station still has its receipts within moments.
    async fn the_honest_is_heard(&self, seq: u64) {
        let nth = u32::try_from(seq).expect("small");
        self.honest.say(&format!("{HONEST}/ev/alarm"), alarm_message(EPOCH, seq, alarm(nth, 1))).await;
        self.settled(&self.honest, HONEST, EPOCH, Lane::Alarm, seq).await;
    }
}

async fn open(county: &County) -> SqliteConnection {
    let database = &county.settings.database;
    sqlx::sqlite::SqliteConnectOptions::new().filename(database).connect().await.expect("opens")
}

async fn count(county: &County, statement: &'static str) -> i64 {
    sqlx::query_scalar(statement).fetch_one(&mut open(county).await).await.expect("counts")
}

fn acks(by: &Player, root: &str) -> Vec<Ack> {
    let topic = format!("{root}/ack");
    let heard = by.heard();
    let of = heard.iter().filter(|heard| heard.publish.topic == topic.as_bytes());
    of.map(|heard| serde_json::from_slice(&heard.publish.payload).expect("a receipt")).collect()
}

#[tokio::test]
async fn an_alarm_that_names_another_station_stands_under_whoever_speaks_and_the_true_one_stays_as_it_is() {
    let Some(scene) = Scene::set().await else { return };
    let before = scene.rows_of_the_honest().await;
    // The end of the honest station's alarm, and an alarm in its name.
    scene.lie("ev/alarm", alarm_message(LIARS_EPOCH, 1, alarm(1, 3))).await;
    scene.lie("ev/alarm", alarm_message(LIARS_EPOCH, 2, alarm(2, 1))).await;
    scene.settled(&scene.liar, LIAR, LIARS_EPOCH, Lane::Alarm, 1).await;
    scene.settled(&scene.liar, LIAR, LIARS_EPOCH, Lane::Alarm, 2).await;
    assert_eq!(scene.counted("foreign").await, 2);
    assert_eq!(scene.rows_of_the_honest().await, before);
    let own = "SELECT COUNT(*) FROM alarms WHERE station = 'st9' AND alarm_id LIKE 'st9.%'";
    assert_eq!(count(&scene.county, own).await, 2);
    scene.the_honest_is_heard(2).await;
}

#[tokio::test]
async fn a_wrong_epoch_is_refused_and_numbers_that_jump_back_change_nothing() {
    let Some(scene) = Scene::set().await else { return };
    let before = scene.rows_of_the_honest().await;
    // Another station's sequence space.
    scene.lie("ev/device", device_message(EPOCH, 1)).await;
    scene.lie("ev/reading", encode(&reading_message(EPOCH, 5, 2))).await;
    let said = scene.refused(EPOCH, Lane::Device, 1).await;
    assert!(said.contains("belongs to another station"), "{said}");
    scene.refused(EPOCH, Lane::Reading, 6).await;
    // What may be a true alarm is taken all the same, under the name of whoever speaks.
    scene.lie("ev/alarm", alarm_message(EPOCH, 1, own_alarm(1, 1))).await;
    scene.settled(&scene.liar, LIAR, EPOCH, Lane::Alarm, 1).await;
    assert_eq!(scene.counted("epoch").await, 3);
    // Numbers that were given before, for other words.
    scene.lie("ev/device", device_message(LIARS_EPOCH, 7)).await;
    scene.lie("ev/reading", encode(&reading_message(LIARS_EPOCH, 1, 3))).await;
    scene.settled(&scene.liar, LIAR, LIARS_EPOCH, Lane::Device, 7).await;
    scene.settled(&scene.liar, LIAR, LIARS_EPOCH, Lane::Reading, 3).await;
    let other = String::from_utf8(device_message(LIARS_EPOCH, 7)).expect("UTF-8").replace("d017", "d018");
    scene.lie("ev/device", other).await;
    let mut other = reading_message(LIARS_EPOCH, 2, 3);
    other.batch[1].dev = "d018".parse().expect("a slug");
    scene.lie("ev/reading", encode(&other)).await;
    let said = scene.refused(LIARS_EPOCH, Lane::Device, 7).await;
    assert!(said.contains("another record of this number"), "{said}");
    scene.refused(LIARS_EPOCH, Lane::Reading, 3).await;
    scene.settled(&scene.liar, LIAR, LIARS_EPOCH, Lane::Reading, 4).await;
    assert_eq!(scene.counted("taken").await, 2);
    assert_eq!(scene.rows_of_the_honest().await, before);
    scene.the_honest_is_heard(2).await;
}

#[tokio::test]
async fn what_was_overheard_and_is_said_again_adds_nothing_to_the_honest_station() {
    let Some(scene) = Scene::set().await else { return };
    let before = scene.rows_of_the_honest().await;
    let overheard: Vec<(String, Vec<u8>)> = scene
        .liar
        .heard()
        .iter()
        .map(|heard| (String::from_utf8_lossy(&heard.publish.topic).into_owned(), heard.publish.payload.to_vec()))
        .filter(|(topic, _)| topic.starts_with("sw/1/st1/gw1/ev/"))
        .collect();
    assert!(overheard.len() >= 3);
    for (topic, payload) in &overheard {
        // As it was, under its own topics and on every lane of the liar's.
        scene.liar.say(topic, payload.clone()).await;
        for lane in ["alarm", "device", "reading"] {
            scene.lie(&format!("ev/{lane}"), payload.clone()).await;
        }
    }
    assert_eq!(scene.counted("foreign").await, 1);
    // An alarm is no event and a batch is no alarm; the rest is of another station's sequence space.
    until_found("all of it was refused", async || {
        let times = "SELECT COALESCE(SUM(times), 0) FROM refusals WHERE station = 'st9'";
        (count(&scene.county, times).await >= 9).then_some(())
    })
    .await;
    let own = "SELECT COUNT(*) FROM alarms WHERE station = 'st9' AND alarm_id NOT LIKE 'st9.%'";
    for table in [
        own,
        "SELECT COUNT(*) FROM device_events WHERE station = 'st9'",
        "SELECT COUNT(*) FROM readings WHERE station = 'st9'",
    ] {
        assert_eq!(count(&scene.county, table).await, 0, "{table}");
    }
    assert_eq!(scene.rows_of_the_honest().await, before);
    scene.the_honest_is_heard(2).await;
}

#[tokio::test]
async fn what_is_too_large_or_too_deep_is_refused_and_holds_up_nobody() {
    let Some(scene) = Scene::set().await else { return };
    let before = scene.rows_of_the_honest().await;
    let fat = "示".repeat(limits::MESSAGE_BYTES_MAX / 3 + 1);
    scene.lie("ev/alarm", json!({ "epoch": LIARS_EPOCH, "seq": 1, "fat": fat }).to_string()).await;
    scene.lie("ev/device", json!({ "epoch": LIARS_EPOCH, "seq": 2, "fat": fat.repeat(3) }).to_string()).await;
    let deep = format!(r#"{{"epoch":"{LIARS_EPOCH}","seq":3,"deep":{}{}}}"#, "[".repeat(20_000), "]".repeat(20_000));
    scene.lie("ev/alarm", deep).await;
    let giant = json!({ "epoch": LIARS_EPOCH, "seq": [1, 9_000_000], "at": null, "hist": false, "batch": [] });
    scene.lie("ev/reading", giant.to_string()).await;
    scene.lie("hb", vec![b'{'; limits::MESSAGE_BYTES_MAX + 1]).await;
    scene.lie("resident/r01", "[".repeat(60_000)).await;
    // Beyond what the county takes from its broker at all.
    scene.lie("ev/alarm", vec![b' '; 300_000]).await;
    assert_eq!(scene.refused(LIARS_EPOCH, Lane::Alarm, 1).await, "the message is longer than 64 KiB");
    assert!(scene.counted("too_large").await >= 1);
    scene.refused(LIARS_EPOCH, Lane::Alarm, 3).await;
    until_found("each is counted, but what the broker does not deliver", async || {
        let times = "SELECT COALESCE(SUM(times), 0) FROM refusals WHERE station = 'st9'";
        (count(&scene.county, times).await == 6).then_some(())
    })
    .await;
    assert_eq!(scene.rows_of_the_honest().await, before);
    scene.the_honest_is_heard(2).await;
    assert!(scene.county.is_running());
}

#[tokio::test]
async fn births_wills_results_and_standings_count_for_whoever_speaks_them_only() {
    let Some(scene) = Scene::set().await else { return };
    let before = scene.rows_of_the_honest().await;
    // The honest box's own words, under the liar's name: they say nothing of the honest one.
    scene.liar.keep(&format!("{LIAR}/state"), gateway_state(false, 1)).await;
    scene.liar.keep(&format!("{LIAR}/resident/r01"), resident(Watch::Blind)).await;
    scene.liar.keep(&format!("{LIAR}/dev/d017"), Vec::new()).await;
    scene.lie("res/c1", r#"{"at":{"boot":1,"mono":1,"wall":1,"trust":"synced"},"result":"done"}"#).await;
    // Topics on which no box speaks.
    scene.lie("ack", r#"{"epoch":"a1","lane":"alarm","ranges":[[1,9]]}"#).await;
    scene.lie("cmd/c1", "{}").await;
    until_found("the liar's words have come", async || {
        let there = count(&scene.county, "SELECT COUNT(*) FROM residents WHERE station = 'st9'").await;
        (there == 1).then_some(())
    })
    .await;
    assert_eq!(scene.rows_of_the_honest().await, before);
    // By more gateways than a station has.
    for nth in 0..COUNTY_GATEWAYS_MAX + 20 {
        scene.liar.say(&format!("sw/1/st9/made-up-{nth}/hb"), heartbeat()).await;
        scene.liar.say(&format!("sw/1/st9/made-up-{nth}/ev/device"), device_message(LIARS_EPOCH, 1)).await;
    }
    scene.liar.say(&format!("{LIAR}/ev/device"), device_message(LIARS_EPOCH, 1)).await;
    scene.settled(&scene.liar, LIAR, LIARS_EPOCH, Lane::Device, 1).await;
    let gateways = count(&scene.county, "SELECT COUNT(*) FROM gateways WHERE station = 'st9'").await;
    assert_eq!(gateways, COUNTY_GATEWAYS_MAX);
    assert!(count(&scene.county, "SELECT COALESCE(SUM(times), 0) FROM refusals WHERE why = 'gateways'").await >= 20);
    scene.the_honest_is_heard(2).await;
}

#[tokio::test]
async fn a_flood_delays_no_alarm_of_the_honest_station() {
    let Some(scene) = Scene::set().await else { return };
    let stop = tokio_util::sync::CancellationToken::new();
    let flood = async {
        let mut seq = 100;
        while !stop.is_cancelled() {
            for _ in 0..200 {
                scene.lie("ev/device", device_message(LIARS_EPOCH, seq)).await;
                seq += 1;
            }
            tokio::task::yield_now().await;
        }
        seq - 100
    };
    let honest = async {
        let mut longest = Duration::ZERO;
        for seq in 2..=30_u64 {
            let began = tokio::time::Instant::now();
            let message = alarm_message(EPOCH, seq, alarm(u32::try_from(seq).expect("small"), 1));
            // As a gateway does: again every second until the receipt.
            let mut again = tokio::time::interval(Duration::from_secs(1));
            until_found("the receipt", async || {
                if tokio::time::timeout(Duration::from_millis(1), again.tick()).await.is_ok() {
                    scene.honest.say(&format!("{HONEST}/ev/alarm"), message.clone()).await;
                }
                let acks = acks(&scene.honest, HONEST);
                let of = acks.iter().filter(|ack| ack.lane == Lane::Alarm).flat_map(|ack| ack.ranges.clone());
                of.into_iter().any(|range| (range.0..=range.1).contains(&seq)).then_some(())
            })
            .await;
            longest = longest.max(began.elapsed());
        }
        stop.cancel();
        longest
    };
    let (sent, longest) = tokio::join!(flood, honest);
    println!("flood of {sent} messages; longest wait of an honest alarm for its receipt: {longest:?}");
    // judgement: twice a gateway's longest wait before it sends an alarm again, and a slow disk.
    assert!(longest < Duration::from_secs(5), "{longest:?}");
    assert!(sent > 200);
    assert_eq!(count(&scene.county, "SELECT COUNT(*) FROM alarms WHERE station = 'st1'").await, 30);
    let refusals = count(&scene.county, "SELECT COUNT(*) FROM refusals WHERE station = 'st1'").await;
    assert_eq!(refusals, 0, "nothing of the honest station was refused or left");
}
