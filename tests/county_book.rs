//! What the county's book makes of records that are odd and true: told without a log, of a station whose id was corrected, of one
//! gateway too many, of a newer gateway.

mod support;

use shouwang::core::alarm::Alarm;
use shouwang::core::id::Epoch;
use shouwang::core::sequence::Lane;
use shouwang::county::board::AlarmRow;
use shouwang::county::book::Book;
use shouwang::county::ingest::take;
use shouwang::county::receipt::Batch;
use shouwang::limits::border::COUNTY_GATEWAYS_MAX;
use shouwang::relay::message::Ack;
use sqlx::ConnectOptions as _;
use support::county_messages::{EPOCH, alarm, alarm_message, device_message, heartbeat};

const NOW_MS: i64 = 1_700_000_000_000;
const ROOT: &str = "sw/1/st1/gw1";

struct Scene {
    book: Book,
    dir: tempfile::TempDir,
}

impl Scene {
    async fn set() -> Scene {
        let dir = tempfile::tempdir().expect("a directory");
        let book = Book::open(&dir.path().join("county.sqlite"), NOW_MS).await.expect("opens");
        Scene { book, dir }
    }

    /// One message in a batch of its own, as the service takes it; the receipts.
    async fn say(&self, topic: &str, payload: &[u8]) -> Vec<Ack> {
        let mut batch = Batch::default();
        batch.add(take(topic, payload, false), payload);
        let committed = self.book.commit(&batch, NOW_MS).await.expect("committed");
        batch.receipts(&committed).into_iter().map(|(_, ack)| ack).collect()
    }

    /// One revision of an alarm; that it has its receipt.
    async fn tell(&self, seq: u64, alarm: Alarm) {
        let acks = self.say(&format!("{ROOT}/ev/{}", Lane::Alarm), &alarm_message(EPOCH, seq, alarm)).await;
        assert!(acks.len() == 1 && acks[0].ranges.len() == 1 && acks[0].reject.is_empty(), "{acks:?}");
    }

    async fn alarms(&self, open_only: bool) -> Vec<AlarmRow> {
        self.book.alarms(open_only).await.expect("reads")
    }

    async fn refused(&self, why: &str) -> i64 {
        let stations = self.book.stations(NOW_MS, 180).await.expect("reads");
        stations.iter().filter_map(|row| row.refused.get(why)).sum()
    }
}

/// Told without the log: the first two revisions are open, further ones closed.
fn undurable(nth: u32, rev: u32) -> Alarm {
    Alarm { durable: false, ..alarm(nth, rev) }
}

#[tokio::test]
async fn an_alarm_that_the_log_ends_in_the_words_of_a_former_life_is_over_and_one_that_it_does_not_end_is_open() {
    let scene = Scene::set().await;
    scene.tell(1, alarm(1, 1)).await;
    scene.tell(2, undurable(1, 2)).await;
    scene.tell(3, undurable(1, 3)).await;
    assert_eq!(scene.alarms(true).await.len(), 0, "over, as far as the county knows");
    // Started anew from what the log has: the same words under the second revision, and nobody has answered.
    scene.tell(2, alarm(1, 2)).await;
    assert_eq!(scene.alarms(true).await.len(), 1, "in this life it is open");
    // And the end, in the words that the former life had for it.
    scene.tell(3, alarm(1, 3)).await;
    assert_eq!(scene.alarms(true).await.len(), 0, "and over");
    // What comes late from the former life changes nothing.
    scene.tell(2, undurable(1, 2)).await;
    scene.tell(3, undurable(1, 3)).await;
    assert_eq!(scene.alarms(true).await.len(), 0);
    assert_eq!(scene.refused("taken").await, 0);
}

#[tokio::test]
async fn a_number_of_what_was_told_without_a_log_is_no_sign_of_two_machines() {
    let scene = Scene::set().await;
    scene.tell(1, undurable(1, 1)).await;
    // The gateway started anew without it, and its number went to what came then.
    scene.tell(1, alarm(2, 1)).await;
    scene.tell(1, alarm(2, 1)).await;
    // The one before is told again from another source, and a copy of its first message comes late.
    scene.tell(2, alarm(1, 1)).await;
    scene.tell(1, undurable(1, 1)).await;
    scene.tell(1, alarm(2, 1)).await;
    assert_eq!(scene.refused("renumbered").await, 0);
    assert_eq!(scene.alarms(true).await.len(), 2);
    // Two logs that gave one number twice are one.
    scene.tell(1, alarm(3, 1)).await;
    assert_eq!(scene.refused("renumbered").await, 1);
}

#[tokio::test]
async fn an_alarm_under_the_id_that_the_station_had_before_is_stored_under_whoever_speaks() {
    let scene = Scene::set().await;
    scene.tell(1, alarm(1, 1)).await;
    let acks = scene.say("sw/1/st2/gw1/ev/alarm", &alarm_message(EPOCH, 1, alarm(1, 3))).await;
    assert!(acks[0].reject.is_empty() && acks[0].ranges.len() == 1, "{acks:?}");
    let acks = scene.say("sw/1/st2/gw1/ev/alarm", &alarm_message(EPOCH, 2, alarm(2, 1))).await;
    assert!(acks[0].reject.is_empty() && acks[0].ranges.len() == 1, "{acks:?}");
    let mut open: Vec<_> = scene.alarms(true).await.iter().map(|row| row.body().expect("readable").id).collect();
    open.sort_by_key(|id| id.station);
    let of: Vec<_> = open.iter().map(|id| (id.station.as_str(), id.subject)).collect();
    assert_eq!(of, [("st1", alarm(1, 1).id.subject), ("st2", alarm(2, 1).id.subject)], "the true one stays open");
    let row = scene.alarms(true).await.into_iter().find(|row| row.station == "st2").expect("there");
    assert_eq!(row.record["id_as_sent"], alarm(2, 1).id.to_string());
    assert_eq!(scene.refused("foreign").await, 2);
}

#[tokio::test]
async fn of_one_gateway_too_many_alarms_are_stored_and_nothing_else() {
    let scene = Scene::set().await;
    for nth in 0..COUNTY_GATEWAYS_MAX {
        scene.say(&format!("sw/1/st1/made-up-{nth}/hb"), &heartbeat()).await;
    }
    assert!(scene.say(&format!("{ROOT}/ev/device"), &device_message(EPOCH, 1)).await.is_empty());
    scene.tell(1, alarm(1, 1)).await;
    assert_eq!(scene.alarms(true).await.len(), 1);
    assert_eq!(scene.refused("gateways").await, 2);
}

#[tokio::test]
async fn a_sequence_space_in_which_two_stations_spoke_before_is_given_to_neither() {
    let scene = Scene::set().await;
    let path = scene.dir.path().join("county.sqlite");
    scene.tell(1, alarm(1, 1)).await;
    // As the version before the spaces had owners left it.
    let mut database = sqlx::sqlite::SqliteConnectOptions::new().filename(&path).connect().await.expect("opens");
    for statement in [
        "INSERT INTO alarm_numbers SELECT 'a0', gateway, epoch, seq, alarm_id, rev, received_ms FROM alarm_numbers",
        "INSERT INTO alarm_numbers SELECT station, gateway, 'own', seq, alarm_id, rev, received_ms FROM alarm_numbers
            WHERE station = 'st1'",
        "DROP TABLE epochs",
        "DELETE FROM schema_version WHERE version = 4",
    ] {
        sqlx::query(statement).execute(&mut database).await.expect("done");
    }
    drop(Book::open(&path, NOW_MS).await.expect("opens"));
    let owned: Vec<(String, String)> =
        sqlx::query_as("SELECT epoch, station FROM epochs").fetch_all(&mut database).await.expect("reads");
    assert_eq!(owned, [("own".to_owned(), "st1".to_owned())]);
    // Whoever speaks in it next has it.
    let acks = scene.say(&format!("{ROOT}/ev/device"), &device_message(EPOCH, 1)).await;
    assert!(acks[0].reject.is_empty(), "{acks:?}");
}

#[tokio::test]
async fn evidence_in_words_of_a_newer_gateway_costs_no_alarm() {
    let scene = Scene::set().await;
    let mut newer = alarm(1, 1);
    newer.evidence.push(newer.evidence[0]);
    let text = String::from_utf8(alarm_message(Epoch(0xa1), 1, newer)).expect("UTF-8");
    let newer = text.replacen("\"reason\":\"pressed\"", "\"reason\":\"word_of_tomorrow\"", 1);
    assert_ne!(text, newer);
    let acks = scene.say(&format!("{ROOT}/ev/alarm"), newer.as_bytes()).await;
    assert!(acks[0].reject.is_empty(), "{acks:?}");
    let alarms = scene.alarms(true).await;
    assert_eq!(alarms[0].body().expect("readable").evidence, alarm(1, 1).evidence);
    assert!(alarms[0].record["evidence"].to_string().contains("word_of_tomorrow"), "it is kept as it was sent");
}
