//! A card that was copied: the box finds out at its start on another machine, and the county finds out where the box cannot.

mod support;

use std::process::Command;

use serde_json::Value;
use shouwang::core::effect::{DeviceChange, DeviceEvent};
use shouwang::core::log_head::{Link, LogHead, LogStream, StreamHead};
use shouwang::core::sequence::Lane;
use shouwang::county::book::Book;
use shouwang::county::ingest;
use shouwang::county::receipt::Batch;
use shouwang::county::show;
use shouwang::relay::message::{DeviceMessage, encode};
use shouwang::words::Lang;
use sqlx::ConnectOptions as _;
use support::county_messages::{EPOCH, alarm, alarm_message, device_message, moment};
use support::house::{House, buttons};
use support::{installed, until};

const ROOT: &str = "sw/1/st1/gw1";

/// One message in a batch of its own, as the service takes it; the numbers receipted and refused.
async fn taken(book: &Book, lane: Lane, payload: &[u8]) -> (usize, usize) {
    let mut batch = Batch::default();
    batch.add(ingest::take(&format!("{ROOT}/ev/{lane}"), payload, false), payload);
    let committed = book.commit(&batch, 1_700_000_000_000).await.expect("committed");
    let acks = batch.receipts(&committed);
    let sum = |of: &dyn Fn(&shouwang::relay::message::Ack) -> usize| acks.iter().map(|(_, ack)| of(ack)).sum();
    (sum(&|ack| ack.ranges.len()), sum(&|ack| ack.reject.len()))
}

fn head(seq: u64, index: u64, byte: u8) -> Vec<u8> {
    let streams = vec![StreamHead { stream: LogStream::Urgent, index, chain: Link([byte; 32]) }];
    let head = Some(LogHead { at: moment(seq), streams });
    encode(&DeviceMessage { epoch: EPOCH, seq, event: None, head, skipped: None })
}

fn other_event(seq: u64) -> Vec<u8> {
    let event = DeviceEvent {
        at: moment(seq + 5),
        device: Some("d018".parse().expect("a slug")),
        source: "zigbee".parse().expect("a slug"),
        what: DeviceChange::Lost,
        behind: Vec::new(),
    };
    encode(&DeviceMessage { epoch: EPOCH, seq, event: Some(event), head: None, skipped: None })
}

#[tokio::test]
async fn two_machines_on_one_sequence_lose_nothing_at_the_county_and_are_counted_and_shown() {
    let dir = tempfile::tempdir().expect("a directory");
    let book = Book::open(&dir.path().join("county.sqlite"), 0).await.expect("opens");
    // The original, twice, as a gateway that has no receipt sends again.
    for _ in 0..2 {
        assert_eq!(taken(&book, Lane::Alarm, &alarm_message(EPOCH, 7, alarm(1, 1))).await, (1, 0));
        assert_eq!(taken(&book, Lane::Device, &device_message(EPOCH, 3)).await, (1, 0));
        assert_eq!(taken(&book, Lane::Device, &head(4, 90, 0xAA)).await, (1, 0));
    }
    let stations = book.stations(1_700_000_000_000, 180).await.expect("read");
    assert!(stations[0].refused.is_empty(), "to send again is no dispute: {:?}", stations[0].refused);

    // The copy counts on from the same number.
    assert_eq!(taken(&book, Lane::Alarm, &alarm_message(EPOCH, 7, alarm(2, 1))).await, (1, 0));
    assert_eq!(taken(&book, Lane::Device, &other_event(3)).await, (0, 1), "it is not said to be stored");
    assert_eq!(taken(&book, Lane::Device, &head(4, 91, 0xBB)).await, (0, 1));
    let alarms = book.alarms(false).await.expect("read");
    assert_eq!(alarms.len(), 2, "both alarms stand on the board");
    let stations = book.stations(1_700_000_000_000, 180).await.expect("read");
    assert_eq!(stations[0].refused.get("renumbered"), Some(&3), "{:?}", stations[0].refused);
    let heads = book.heads("st1".parse().expect("a slug")).await.expect("read");
    assert_eq!(heads.iter().map(|head| (head.index, head.chain)).collect::<Vec<_>>(), [(90, Link([0xAA; 32]))]);
    for (lang, word) in [(Lang::Zh, "两台机器"), (Lang::En, "two machines")] {
        let lines = show::stations(&stations, 1_700_000_000_000, lang);
        assert!(lines.iter().any(|line| line.contains(word)), "{lines:?}");
    }
    // What was refused is kept as it came.
    let file = sqlx::sqlite::SqliteConnectOptions::new().filename(dir.path().join("county.sqlite"));
    let mut database = file.connect().await.expect("opens");
    let kept: Vec<String> = sqlx::query_scalar("SELECT payload FROM rejects WHERE lane = 'device'")
        .fetch_all(&mut database)
        .await
        .expect("read");
    assert_eq!(kept.len(), 2, "{kept:?}");
    assert!(kept.iter().any(|payload| payload.contains("d018")), "{kept:?}");
}

/// Whether this user may show a process another machine's name.
fn may_pretend() -> bool {
    let tried = Command::new("unshare").args(["-m", "true"]).status();
    let may = tried.is_ok_and(|status| status.success()) && std::path::Path::new("/etc/machine-id").exists();
    if !may {
        use std::io::Write as _;
        let _ = writeln!(std::io::stderr(), "skipped: only root may show a process another machine's name");
    }
    may
}

#[tokio::test]
async fn data_of_a_station_whose_id_was_corrected_begin_a_sequence_of_their_own_and_say_so() {
    if !installed("mosquitto") {
        return;
    }
    let mut house = House::build(&buttons(1)).await;
    let epoch = |house: &House| house.shell(&["status", "--json"])["epoch"].as_str().expect("a word").to_owned();
    house.start_gateway_and_wait().await;
    let first = epoch(&house);
    house.stop_gateway();
    let config = house.path("shouwang.toml");
    let text = std::fs::read_to_string(&config).expect("read");
    assert!(text.contains("\"test-station\""), "{text}");
    std::fs::write(&config, text.replace("\"test-station\"", "\"test-station-2\"")).expect("written");
    house.start_gateway_and_wait().await;
    let second = epoch(&house);
    assert_ne!(second, first, "a sequence is one station's");
    assert!(house.log_tail().contains("another station"), "{}", house.log_tail());
    house.stop_gateway();
    house.start_gateway_and_wait().await;
    assert_eq!(epoch(&house), second, "and then goes on");
    house.stop_gateway();
}

#[tokio::test]
async fn data_on_another_machine_begin_a_sequence_of_their_own_and_say_so() {
    if !installed("mosquitto") || !installed("unshare") || !may_pretend() {
        return;
    }
    let mut house = House::build(&buttons(3)).await;
    house.start_console();
    house.start_gateway_and_wait().await;
    let epoch = |house: &House| house.shell(&["status", "--json"])["epoch"].as_str().expect("a word").to_owned();
    let first = epoch(&house);
    house.press("button_0001").await;
    until("the first call is at the county", || !house.at_county("alarms").is_empty()).await;
    house.stop_gateway();
    house.start_gateway_and_wait().await;
    assert_eq!(epoch(&house), first, "the same machine goes on");
    house.stop_gateway();

    let name = house.path("machine-id");
    std::fs::write(&name, "0123456789abcdef0123456789abcdef\n").expect("written");
    let script = format!("mount --bind {} /etc/machine-id && exec \"$@\"", name.display());
    house.start_gateway_behind(&["unshare", "-m", "sh", "-c", &script, "sh"]).await;
    let second = epoch(&house);
    assert_ne!(second, first, "a copy of a sequence does not go on with it");
    assert!(house.log_tail().contains("another machine"), "{}", house.log_tail());
    house.press("button_0002").await;
    let called = |house: &House| {
        let alarms = house.at_county("alarms");
        let calls = alarms.iter().filter(|alarm| alarm["condition"] == "help_call");
        let mut residents: Vec<String> = calls.filter_map(|call| Some(call["resident"].as_str()?.to_owned())).collect();
        residents.sort();
        residents
    };
    until("the second call is at the county", || called(&house) == ["r0001", "r0002"]).await;
    let stations: Vec<Value> = house.at_county("stations");
    assert!(stations[0]["refused"].as_object().is_none_or(serde_json::Map::is_empty), "{stations:?}");
    house.stop_gateway();
}
