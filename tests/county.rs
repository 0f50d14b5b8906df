//! The county service with a real broker and a real database: committed first, then receipted, never twice.

mod support;

use std::path::Path;
use std::sync::atomic::Ordering;
use std::time::Duration;

use shouwang::core::alarm::{Alarm, Disposition};
use shouwang::core::effect::Answer;
use shouwang::core::id::{DeviceId, Epoch};
use shouwang::core::sequence::{Lane, Range};
use shouwang::core::watch::Watch;
use shouwang::county::book::Book;
use shouwang::county::ingest::Speaker;
use shouwang::county::{order, show};
use shouwang::relay::message::{
    Ack, CommandMessage, CommandResult, CountyOrder, CountyState, DeviceState, Reject, ResultMessage, encode,
};
use shouwang::words::Lang;
use sqlx::{ConnectOptions, Connection, SqliteConnection};
use support::authority::{Authority, VALID};
use support::broker::Broker;
use support::county_messages::{
    EPOCH, alarm, alarm_message, device_message, gateway_state, heartbeat, moment, reading_message, resident,
};
use support::county_service::County;
use support::player::Player;
use support::{PATIENCE, installed, until_found};

const ROOT: &str = "sw/1/st1/gw1";

/// Everything one test needs; `None` when there is no broker to test with.
struct Scene {
    county: County,
    gateway: Player,
    // Dropped last: the others end on their own terms before their broker does.
    broker: Broker,
    dir: tempfile::TempDir,
}

impl Scene {
    async fn set() -> Option<Scene> {
        if !installed("mosquitto") {
            return None;
        }
        let dir = tempfile::tempdir().expect("a temporary directory");
        let broker = Broker::start("").await;
        let gateway = gateway(&broker).await;
        let county = County::start(dir.path(), broker.port());
        let scene = Scene { county, gateway, broker, dir };
        scene.until_county_is(true).await;
        Some(scene)
    }

    async fn until_county_is(&self, online: bool) {
        until_found("the county's state", async || (county_state(&self.gateway)? == online).then_some(())).await;
    }

    /// Waits until the receipts of a lane cover so many numbers; returns their ranges and the refused numbers.
    async fn receipts(&self, epoch: Epoch, lane: Lane, count: u64) -> (Vec<Range>, Vec<Reject>) {
        until_found(&format!("{count} {lane} receipts"), async || {
            let (ranges, rejects) = receipts(&self.gateway, epoch, lane);
            let settled: u64 = ranges.iter().map(|range| range.1 - range.0 + 1).sum();
            (settled + u64::try_from(rejects.len()).expect("small") >= count).then_some((ranges, rejects))
        })
        .await
    }

    /// Sends those of the alarms 1 to `count` that have no receipt yet, as a gateway does again and again.
    async fn send_what_has_no_receipt(&self, count: u32) {
        let (ranges, _) = receipts(&self.gateway, EPOCH, Lane::Alarm);
        for nth in 1..=count {
            let seq = u64::from(nth);
            if !ranges.iter().any(|range| (range.0..=range.1).contains(&seq)) {
                self.gateway.say(&format!("{ROOT}/ev/alarm"), alarm_message(EPOCH, seq, alarm(nth, 1))).await;
            }
        }
    }

    async fn send_until_all_have_a_receipt(&self, count: u32) {
        let all = [Range(1, u64::from(count))];
        let mut resend = tokio::time::interval(Duration::from_secs(1));
        until_found("a receipt for every alarm", async || {
            if receipts(&self.gateway, EPOCH, Lane::Alarm).0 == all {
                return Some(());
            }
            if tokio::time::timeout(Duration::from_millis(1), resend.tick()).await.is_ok() {
                self.send_what_has_no_receipt(count).await;
            }
            None
        })
        .await;
    }

    async fn rows(&self, table: &'static str) -> i64 {
        rows(&self.county.settings.database, table).await
    }

    async fn book(&self) -> Book {
        Book::open_to_read(&self.county.settings.database).await.expect("the service made it")
    }
}

async fn gateway(broker: &Broker) -> Player {
    let filters = ["sw/1/st1/gw1/ack", "sw/1/st1/gw1/cmd/+", "sw/1/county/state"];
    Player::join(broker.port(), &filters).await
}

fn county_state(player: &Player) -> Option<bool> {
    let heard = player.heard();
    let last = heard.iter().rfind(|heard| heard.publish.topic == "sw/1/county/state")?;
    Some(serde_json::from_slice::<CountyState>(&last.publish.payload).expect("the county's state").online)
}

/// The receipts so far, as sorted and joined ranges, and the refusals.
fn receipts(player: &Player, epoch: Epoch, lane: Lane) -> (Vec<Range>, Vec<Reject>) {
    let (mut numbers, mut rejects) = (std::collections::BTreeSet::new(), Vec::new());
    for heard in player.heard().iter().filter(|heard| heard.publish.topic == "sw/1/st1/gw1/ack") {
        let ack: Ack = serde_json::from_slice(&heard.publish.payload).expect("a receipt");
        if (ack.epoch, ack.lane) == (epoch, lane) {
            numbers.extend(ack.ranges.iter().flat_map(|range| range.0..=range.1));
            rejects.extend(ack.reject);
        }
    }
    let mut ranges: Vec<Range> = Vec::new();
    for number in numbers {
        match ranges.last_mut() {
            Some(last) if last.1 + 1 == number => last.1 = number,
            _ => ranges.push(Range(number, number)),
        }
    }
    (ranges, rejects)
}

async fn rows(database: &Path, table: &'static str) -> i64 {
    let mut connection = open(database).await;
    let mut count = sqlx::QueryBuilder::<sqlx::Sqlite>::new("SELECT COUNT(*) FROM ");
    count.push(table).build_query_scalar().fetch_one(&mut connection).await.expect("counts")
}

async fn open(database: &Path) -> SqliteConnection {
    sqlx::sqlite::SqliteConnectOptions::new().filename(database).connect().await.expect("opens")
}

fn speaker() -> Speaker {
    Speaker { station: "st1".parse().expect("a slug"), gateway: "gw1".parse().expect("a slug") }
}

#[tokio::test]
async fn what_is_committed_is_receipted_and_nothing_else() {
    let Some(scene) = Scene::set().await else { return };
    for (seq, nth) in [(1, 1), (2, 2), (4, 3)] {
        scene.gateway.say(&format!("{ROOT}/ev/alarm"), alarm_message(EPOCH, seq, alarm(nth, 1))).await;
    }
    scene.gateway.say(&format!("{ROOT}/ev/device"), device_message(EPOCH, 7)).await;
    scene.gateway.say(&format!("{ROOT}/ev/reading"), encode(&reading_message(EPOCH, 21, 30))).await;

    assert_eq!(scene.receipts(EPOCH, Lane::Alarm, 3).await, (vec![Range(1, 2), Range(4, 4)], vec![]));
    assert_eq!(scene.receipts(EPOCH, Lane::Device, 1).await, (vec![Range(7, 7)], vec![]));
    assert_eq!(scene.receipts(EPOCH, Lane::Reading, 30).await, (vec![Range(21, 50)], vec![]));
    assert_eq!(scene.rows("alarm_records").await, 3);
    assert_eq!(scene.rows("device_events").await, 1);
    assert_eq!(scene.rows("readings").await, 30);
    let heard = scene.gateway.heard();
    let ack = heard.iter().map(|heard| &heard.publish).find(|publish| publish.topic == "sw/1/st1/gw1/ack");
    let ack = ack.cloned().expect("a receipt");
    let properties = ack.properties.expect("the contract's properties");
    assert!(!ack.retain);
    assert_eq!(properties.content_type.as_deref(), Some(shouwang::relay::message::CONTENT_TYPE));
    assert!(properties.message_expiry_interval.is_some_and(|seconds| seconds > 86_000), "a receipt lives a day");
    scene.county.stop().await;
}

#[tokio::test]
async fn what_comes_again_is_receipted_again_and_stored_once() {
    let Some(scene) = Scene::set().await else { return };
    let readings = encode(&reading_message(EPOCH, 1, 10));
    for _ in 0..2 {
        scene.gateway.forget();
        scene.gateway.say(&format!("{ROOT}/ev/alarm"), alarm_message(EPOCH, 1, alarm(1, 1))).await;
        scene.gateway.say(&format!("{ROOT}/ev/device"), device_message(EPOCH, 1)).await;
        scene.gateway.say(&format!("{ROOT}/ev/reading"), readings.clone()).await;
        assert_eq!(scene.receipts(EPOCH, Lane::Alarm, 1).await.0, [Range(1, 1)]);
        assert_eq!(scene.receipts(EPOCH, Lane::Device, 1).await.0, [Range(1, 1)]);
        assert_eq!(scene.receipts(EPOCH, Lane::Reading, 10).await.0, [Range(1, 10)]);
    }
    // A store that was rebuilt sends the same record in a new sequence space.
    scene.gateway.say(&format!("{ROOT}/ev/alarm"), alarm_message(Epoch(0xb2), 1, alarm(1, 1))).await;
    assert_eq!(scene.receipts(Epoch(0xb2), Lane::Alarm, 1).await, (vec![Range(1, 1)], vec![]));
    assert_eq!(scene.rows("alarm_records").await, 1);
    assert_eq!(scene.rows("alarm_numbers").await, 2);
    assert_eq!((scene.rows("device_events").await, scene.rows("readings").await), (1, 10));
}

#[tokio::test]
async fn an_alarm_is_never_lost_to_a_number_that_was_used_before() {
    let Some(scene) = Scene::set().await else { return };
    let topic = format!("{ROOT}/ev/alarm");
    scene.gateway.say(&topic, alarm_message(EPOCH, 1, alarm(1, 1))).await;
    scene.receipts(EPOCH, Lane::Alarm, 1).await;
    // The gateway lost its tail and counts on: another alarm under a number that is taken.
    scene.gateway.forget();
    scene.gateway.say(&topic, alarm_message(EPOCH, 1, alarm(2, 1))).await;
    assert_eq!(scene.receipts(EPOCH, Lane::Alarm, 1).await, (vec![Range(1, 1)], vec![]));
    assert_eq!(scene.rows("alarm_records").await, 2);
    // The same revision of the same alarm with another state is no repeat: it is refused, and kept to be looked at.
    let mut other = alarm(1, 3);
    other.rev = 1;
    scene.gateway.say(&topic, alarm_message(EPOCH, 2, other)).await;
    let (ranges, rejects) = scene.receipts(EPOCH, Lane::Alarm, 2).await;
    assert_eq!(ranges, [Range(1, 1)]);
    assert_eq!(rejects.iter().map(|reject| reject.seq).collect::<Vec<_>>(), [2]);
    assert_eq!(scene.rows("rejects").await, 1);
}

#[tokio::test]
async fn what_was_told_without_a_log_gives_way_to_the_log_and_the_board_goes_back_with_it() {
    let Some(scene) = Scene::set().await else { return };
    let topic = format!("{ROOT}/ev/alarm");
    let say = async |seq, alarm| scene.gateway.say(&topic, alarm_message(EPOCH, seq, alarm)).await;
    say(1, alarm(1, 1)).await;
    // The disk takes nothing: somebody came and it was over, and the log does not know.
    for rev in [2, 3, 4] {
        say(rev, Alarm { rev: u32::try_from(rev).expect("small"), durable: false, ..alarm(1, 4) }).await;
    }
    scene.receipts(EPOCH, Lane::Alarm, 4).await;
    assert_eq!(
        scene.book().await.alarms(true).await.expect("reads").len(),
        0,
        "it is over, as far as the county knows"
    );
    // Started anew without them, the station has nobody who came, and gives the numbers to what happens then.
    say(2, alarm(1, 2)).await;
    say(5, alarm(2, 1)).await;
    let (_, rejects) = scene.receipts(EPOCH, Lane::Alarm, 5).await;
    until_found("the alarm that nobody answered", async || {
        let open = scene.book().await.alarms(true).await.expect("reads");
        (open.len() == 2).then_some(())
    })
    .await;
    assert_eq!(rejects.len(), 0);
    // Two that stand in a log and differ are a dispute, whoever is right.
    say(6, Alarm { rev: 2, ..alarm(1, 4) }).await;
    let (_, rejects) = scene.receipts(EPOCH, Lane::Alarm, 6).await;
    assert_eq!(rejects.iter().map(|reject| reject.seq).collect::<Vec<_>>(), [6]);
    scene.county.stop().await;
}

#[tokio::test]
async fn the_board_shows_the_newest_revision_whatever_comes_last() {
    let Some(scene) = Scene::set().await else { return };
    for (seq, rev) in [(1, 1), (3, 3), (2, 2)] {
        scene.gateway.say(&format!("{ROOT}/ev/alarm"), alarm_message(EPOCH, seq, alarm(1, rev))).await;
    }
    scene.gateway.say(&format!("{ROOT}/ev/alarm"), alarm_message(EPOCH, 4, alarm(2, 1))).await;
    scene.receipts(EPOCH, Lane::Alarm, 4).await;
    let book = scene.book().await;
    let all = book.alarms(false).await.expect("reads");
    let told: Vec<_> = all.iter().map(|row| (row.record["rev"].as_u64(), row.record["state"].as_str())).collect();
    assert_eq!(told, [(Some(3), Some("closed")), (Some(1), Some("raised"))]);
    let clocks = all[0].record["clocks"].as_object().expect("the clocks");
    assert_eq!(clocks.len(), 9, "{clocks:?}");
    let open = book.alarms(true).await.expect("reads");
    assert_eq!(open.len(), 1);
    let lines = show::alarms(&open, moment(200_000).wall.0, Lang::Zh);
    assert!(lines[0].starts_with("紧急 · 求助 · r02 · st1/gw1 · 3 分钟 18 秒前 · 报警中"), "{lines:?}");
}

#[tokio::test]
async fn garbage_is_refused_or_counted_and_stops_nothing() {
    let Some(scene) = Scene::set().await else { return };
    for below in ["ev/alarm", "ev/device", "ev/reading", "state", "hb", "dev/d1", "resident/r1", "res/c1"] {
        for garbage in [&b"{"[..], b"\xff\xfe", b"null", b"[[[[", br#"{"epoch":"x","seq":1}"#] {
            scene.gateway.say(&format!("{ROOT}/{below}"), garbage).await;
        }
    }
    scene.gateway.say(&format!("{ROOT}/ev/alarm"), vec![b' '; 80_000]).await;
    scene.gateway.say(&format!("{ROOT}/ev/alarm"), format!(r#"{{"epoch":"{EPOCH}","seq":1}}"#)).await;
    scene.gateway.say(&format!("{ROOT}/ev/alarm"), alarm_message(EPOCH, 2, alarm(1, 1))).await;
    let (ranges, rejects) = scene.receipts(EPOCH, Lane::Alarm, 2).await;
    assert_eq!(ranges, [Range(2, 2)]);
    assert_eq!(rejects, [Reject { seq: 1, reason: "the key id is missing".to_owned() }]);
    let stations = scene.book().await.stations(0, 180).await.expect("reads");
    assert!(stations[0].refused.values().sum::<i64>() > 30, "{:?}", stations[0].refused);
    assert_eq!(scene.book().await.refused_alarms().await.expect("reads"), 1);
    assert!(scene.county.is_running());
}

#[tokio::test]
async fn a_database_that_cannot_be_written_gives_no_receipt_until_it_can() {
    let Some(scene) = Scene::set().await else { return };
    let mut locker = open(&scene.county.settings.database).await;
    let lock = locker.begin_with("BEGIN EXCLUSIVE").await.expect("locks");
    scene.send_what_has_no_receipt(300).await;
    scene.until_county_is(false).await;
    assert_eq!(receipts(&scene.gateway, EPOCH, Lane::Alarm).0, []);
    assert!(scene.county.is_running());
    lock.rollback().await.expect("unlocks");
    scene.send_until_all_have_a_receipt(300).await;
    scene.until_county_is(true).await;
    assert_eq!(scene.rows("alarm_records").await, 300);
}

#[tokio::test]
async fn a_county_that_starts_beside_a_locked_database_is_deaf_until_it_is_free() {
    let Some(mut scene) = Scene::set().await else { return };
    scene.county.kill().await;
    let mut locker = open(&scene.county.settings.database).await;
    let lock = locker.begin_with("BEGIN EXCLUSIVE").await.expect("locks");
    scene.until_county_is(false).await;
    scene.county = County::start(scene.dir.path(), scene.broker.port());
    scene.send_what_has_no_receipt(5).await;
    // Nothing may happen for a while, which cannot be polled for.
    tokio::time::sleep(Duration::from_millis(500)).await;
    assert_eq!((receipts(&scene.gateway, EPOCH, Lane::Alarm).0, county_state(&scene.gateway)), (vec![], Some(false)));
    lock.rollback().await.expect("unlocks");
    scene.until_county_is(true).await;
    scene.send_until_all_have_a_receipt(5).await;
}

#[tokio::test]
async fn a_broker_that_was_killed_is_found_again() {
    let Some(mut scene) = Scene::set().await else { return };
    scene.gateway.say(&format!("{ROOT}/ev/alarm"), alarm_message(EPOCH, 1, alarm(1, 1))).await;
    scene.receipts(EPOCH, Lane::Alarm, 1).await;
    for round in 2..=4_u64 {
        scene.broker.kill();
        assert!(scene.broker.start_again().await, "the broker starts again");
        scene.gateway = gateway(&scene.broker).await;
        scene.until_county_is(true).await;
        let nth = u32::try_from(round).expect("small");
        scene.gateway.say(&format!("{ROOT}/ev/alarm"), alarm_message(EPOCH, round, alarm(nth, 1))).await;
        assert_eq!(scene.receipts(EPOCH, Lane::Alarm, 1).await.0, [Range(round, round)]);
    }
    assert_eq!(scene.rows("alarm_records").await, 4);
}

#[tokio::test]
async fn a_county_that_ends_is_said_to_be_deaf_and_another_carries_on() {
    let Some(Scene { county, gateway, broker, dir }) = Scene::set().await else { return };
    gateway.say(&format!("{ROOT}/ev/alarm"), alarm_message(EPOCH, 1, alarm(1, 1))).await;
    until_found("the receipt", async || (!receipts(&gateway, EPOCH, Lane::Alarm).0.is_empty()).then_some(())).await;
    county.stop().await;
    until_found("the will", async || (!county_state(&gateway)?).then_some(())).await;
    gateway.forget();
    let county = County::start(dir.path(), broker.port());
    until_found("the new county", async || county_state(&gateway).filter(|online| *online)).await;
    gateway.say(&format!("{ROOT}/ev/alarm"), alarm_message(EPOCH, 1, alarm(1, 1))).await;
    until_found("the receipt", async || (!receipts(&gateway, EPOCH, Lane::Alarm).0.is_empty()).then_some(())).await;
    assert_eq!(rows(&county.settings.database, "alarm_records").await, 1);
}

#[tokio::test]
async fn a_service_that_is_killed_over_and_over_loses_nothing_it_gave_a_receipt_for() {
    let Some(mut scene) = Scene::set().await else { return };
    for round in 0..8_u64 {
        scene.send_what_has_no_receipt(200).await;
        let before = scene.gateway.heard().len();
        until_found("a little progress", async || (scene.gateway.heard().len() > before).then_some(())).await;
        // A different moment of its work in every round.
        tokio::time::sleep(Duration::from_millis(round * 3)).await;
        scene.county.kill().await;
        let (receipted, _) = receipts(&scene.gateway, EPOCH, Lane::Alarm);
        let receipted: u64 = receipted.iter().map(|range| range.1 - range.0 + 1).sum();
        let stored = scene.rows("alarm_records").await;
        assert!(u64::try_from(stored).expect("positive") >= receipted, "{receipted} receipts, {stored} rows");
        scene.county = County::start(scene.dir.path(), scene.broker.port());
    }
    scene.send_until_all_have_a_receipt(200).await;
    assert_eq!(scene.rows("alarm_records").await, 200);
    assert_eq!(scene.rows("alarms").await, 200);
}

#[tokio::test]
async fn a_broker_with_tls_is_trusted_by_its_authority_only() {
    if !installed("mosquitto") || !installed("openssl") {
        return;
    }
    let dir = tempfile::tempdir().expect("a temporary directory");
    let (authority, other) = (Authority::create(), Authority::create());
    let broker = Broker::start(&authority.issue("broker", "DNS:localhost", VALID)).await;
    let mut settings = County::settings(dir.path(), broker.port());
    settings.broker = broker.with_tls("localhost", authority.certificate());
    let order = || CountyOrder::Query;
    let clock = County::clock_at(1_700_000_000_000);
    // Nobody listens behind it, and that answer needs a whole exchange with the broker.
    let answer = order::send(&settings, speaker(), order(), PATIENCE, &clock).await;
    assert!(answer.expect_err("nobody is there").to_string().contains("no gateway of that station"));

    settings.broker.ca_file = Some(other.certificate());
    let stranger = order::send(&settings, speaker(), order(), PATIENCE, &clock).await;
    assert!(stranger.expect_err("not trusted").to_string().contains("certificate is not accepted"));
    settings.broker.ca_file = None;
    let unset = order::send(&settings, speaker(), order(), PATIENCE, &clock).await;
    assert!(unset.expect_err("not set").to_string().contains("mqtts needs ca_file"));
}

#[tokio::test]
async fn a_backlog_of_readings_is_taken_quickly_and_an_alarm_does_not_wait_behind_it() {
    let Some(scene) = Scene::set().await else { return };
    let began = tokio::time::Instant::now();
    for batch in 0..50_u64 {
        let message = encode(&reading_message(EPOCH, batch * 100 + 1, 100));
        scene.gateway.say(&format!("{ROOT}/ev/reading"), message).await;
    }
    scene.gateway.say(&format!("{ROOT}/ev/alarm"), alarm_message(EPOCH, 1, alarm(1, 1))).await;
    scene.receipts(EPOCH, Lane::Alarm, 1).await;
    let alarm_after = began.elapsed();
    assert_eq!(scene.receipts(EPOCH, Lane::Reading, 5_000).await.0, [Range(1, 5_000)]);
    let all_after = began.elapsed();
    eprintln!("5,000 readings receipted after {all_after:?}, the alarm behind them after {alarm_after:?}");
    assert!(all_after < Duration::from_secs(10), "{all_after:?}");
    assert_eq!(scene.rows("readings").await, 5_000);
}

#[tokio::test]
async fn a_will_counts_for_its_own_birth_and_a_silent_station_leaves_its_residents_unwatched() {
    let Some(scene) = Scene::set().await else { return };
    let online = async || scene.book().await.stations(0, 180).await.expect("reads").first()?.online;
    scene.gateway.keep(&format!("{ROOT}/state"), gateway_state(true, 2)).await;
    until_found("the birth", async || online().await.filter(|online| *online)).await;
    scene.gateway.keep(&format!("{ROOT}/state"), gateway_state(false, 1)).await;
    scene.gateway.say(&format!("{ROOT}/hb"), heartbeat()).await;
    scene.gateway.keep(&format!("{ROOT}/resident/r01"), resident(Watch::Watched)).await;
    let station = async || {
        let now_ms = scene.county.now_ms.load(Ordering::SeqCst);
        scene.book().await.stations(now_ms, 180).await.expect("reads").remove(0)
    };
    // They come by two connections, in either order.
    until_found("the resident", async || (!station().await.residents.is_empty()).then_some(())).await;
    until_found("the first heartbeat", async || station().await.heartbeat_ms.map(|_| ())).await;
    let row = station().await;
    assert_eq!((row.online, row.silent, row.residents[0].watch), (Some(true), false, Watch::Watched));

    scene.county.now_ms.fetch_add(181_000, Ordering::SeqCst);
    let row = station().await;
    assert_eq!((row.silent, row.residents[0].watch), (true, Watch::Blind));
    let lines = show::stations(&[row], scene.county.now_ms.load(Ordering::SeqCst), Lang::Zh);
    assert!(lines[0].contains("照料站失联") && lines[0].contains("心跳 3 分钟 1 秒前"), "{lines:?}");
    assert!(lines[1].contains("r01 未守护(自 3 分钟 1 秒前)"), "{lines:?}");

    scene.gateway.say(&format!("{ROOT}/hb"), heartbeat()).await;
    until_found("the heartbeat", async || (!station().await.silent).then_some(())).await;
    assert_eq!(station().await.residents[0].watch, Watch::Watched);
    scene.gateway.keep(&format!("{ROOT}/state"), gateway_state(false, 2)).await;
    until_found("the will", async || online().await.filter(|online| !online)).await;
}

#[tokio::test]
async fn a_device_stands_in_the_list_until_it_is_removed() {
    let Some(scene) = Scene::set().await else { return };
    let state = DeviceState {
        as_of: moment(0),
        battery: Some(42),
        days_left: None,
        link: None,
        last_heard: Some(moment(0)),
        next_expected: None,
        fault: None,
    };
    let id: DeviceId = "d017".parse().expect("a slug");
    scene.gateway.keep(&format!("{ROOT}/dev/{id}"), encode(&state)).await;
    let devices = async || scene.book().await.devices().await.expect("reads");
    until_found("the device", async || (!devices().await.is_empty()).then_some(())).await;
    let lines = show::devices(&devices().await, moment(60_000).wall.0, Lang::En);
    assert_eq!(lines, ["d017 · st1/gw1 · last heard 1 min ago · battery 42 %"]);
    scene.gateway.keep(&format!("{ROOT}/dev/{id}"), b"".as_slice()).await;
    until_found("the removal", async || devices().await.is_empty().then_some(())).await;
}

#[tokio::test]
async fn a_command_is_written_down_sent_and_answered() {
    let Some(scene) = Scene::set().await else { return };
    let id = alarm(1, 1).id;
    let close = CountyOrder::Close { alarm: id, disposition: Disposition::NoHelpNeeded, conversation: String::new() };
    let clock = scene.county.clock();
    let sent = order::send(&scene.county.settings, speaker(), close.clone(), PATIENCE, &clock);
    let answered = async {
        let command = until_found("the command", async || {
            let mut publishes = scene.gateway.heard().into_iter().map(|heard| heard.publish);
            publishes.find(|publish| publish.topic.starts_with(b"sw/1/st1/gw1/cmd/"))
        })
        .await;
        let topic = String::from_utf8(command.topic.to_vec()).expect("UTF-8");
        let message: CommandMessage = serde_json::from_slice(&command.payload).expect("a command");
        assert_eq!(message.order, close);
        assert!(message.not_after.is_some());
        let answer = Answer::Done { alarm: id, rev: 4, state: "closed".to_owned() };
        let id = topic.rsplit('/').next().expect("an id").parse().expect("an id");
        let result = ResultMessage { id, at: moment(5), result: CommandResult::Answered(answer) };
        scene.gateway.say(&topic.replace("/cmd/", "/res/"), encode(&result)).await;
    };
    let (result, ()) = tokio::join!(sent, answered);
    let (done, line) = show::outcome(&result.expect("answered"), Lang::Zh);
    assert!(done && line.contains("已办结"), "{line}");
    assert_eq!(scene.rows("commands").await, 1);
    until_found("the stored answer", async || (scene.rows("command_results").await == 1).then_some(())).await;

    let short = Duration::from_millis(300);
    let waited = order::send(&scene.county.settings, speaker(), CountyOrder::Query, short, &clock).await;
    assert!(waited.expect_err("nobody answers").to_string().contains("no answer came"));
    let nowhere = Speaker { gateway: "gw9".parse().expect("a slug"), ..speaker() };
    let lost = order::send(&scene.county.settings, nowhere, CountyOrder::Query, PATIENCE, &clock).await;
    assert!(lost.expect_err("nobody is there").to_string().contains("no gateway of that station"));
}
