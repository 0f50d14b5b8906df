//! `shouwang audit verify`: beside the running gateway, over damage, and against the heads that the county keeps, which alone find out a
//! log that was written anew from end to end.

mod support;
mod village_log;

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::sync::Arc;

use serde_json::{Value, json};
use shouwang::store::files::Disk;
use shouwang::store::log::Stream;
use shouwang::store::log::frame::{Chain, FRAME_BYTES, Frame, HEADER_BYTES, Header, begin, seal};
use shouwang::store::log::read::segments;
use shouwang::store::log::verify::verify;
use shouwang::store::{Journal, Outcome};
use support::house::{House, buttons};
use support::{installed, until, until_found};
use tempfile::TempDir;
use village_log::{alarm_draft, at, sample, small, start_draft};

/// A data folder with several segments of both streams, and the head that the county was told in the middle.
struct Station {
    dir: TempDir,
    heads: PathBuf,
}

impl Station {
    fn new() -> Station {
        let dir = tempfile::tempdir().expect("a directory");
        let disk = Arc::new(Disk::own(&dir.path().join("log")).expect("owned"));
        let (mut journal, _) = Journal::open(disk, small()).expect("opens");
        assert_eq!(journal.commit(start_draft(0)).outcome, Outcome::Durable);
        let mut told = Vec::new();
        for n in 1..=40 {
            let _ = journal.commit(alarm_draft(n * 60_000, n, 1, true));
            journal.routine(at(n * 60_000), sample("d1", shouwang::core::reading::Measure::Motion(true)));
            if n % 10 == 0 {
                let head = journal.books().usage.head(at(n * 60_000));
                told.extend(head.streams.iter().map(|stream| {
                    json!({ "station": "st1", "gateway": "gw1", "epoch": "0000000000005eed", "stream": stream.stream,
                        "index": stream.index, "chain": stream.chain, "at_ms": head.at.wall.0, "at_trust": "synced",
                        "received_ms": head.at.wall.0 })
                }));
            }
        }
        journal.finish(at(50 * 60_000));
        let heads = dir.path().join("heads.json");
        fs::write(&heads, Value::Array(told).to_string()).expect("written");
        Station { dir, heads }
    }

    fn audit(&self, more: &[&str]) -> (bool, Value) {
        let output = audit(self.dir.path(), &[more, &["--json"]].concat());
        (output.status.success(), serde_json::from_slice(&output.stdout).expect("JSON"))
    }

    fn against(&self) -> (bool, Value) {
        self.audit(&["--against", self.heads.to_str().expect("text")])
    }

    fn segment(&self, number: usize) -> PathBuf {
        let disk = Disk::visit(&self.dir.path().join("log"));
        let numbers = segments(&disk, Stream::Urgent).expect("listed");
        assert!(numbers.len() > 4, "{numbers:?}");
        self.dir.path().join("log").join(Stream::Urgent.file_name(numbers[number]))
    }

    fn change(&self, number: usize, change: impl FnOnce(&mut Vec<u8>)) {
        let path = self.segment(number);
        let mut bytes = fs::read(&path).expect("read");
        change(&mut bytes);
        fs::write(path, bytes).expect("written");
    }
}

fn audit(data: &Path, more: &[&str]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_shouwang"));
    command.args(["audit", "verify", "--data"]).arg(data).args(more).output().expect("the binary under test runs")
}

#[test]
fn a_whole_log_is_whole_and_the_county_knows_it() {
    let station = Station::new();
    let (well, said) = station.against();
    assert!(well && said["whole"] == true, "{said}");
    assert_eq!(
        (&said["streams"][0]["first"], said["streams"][0]["missing"].as_array()),
        (&json!(1), Some(&Vec::new()))
    );
    let heads = said["heads"].as_array().expect("a list");
    assert!(heads.len() >= 7 && heads.iter().all(|head| head["judged"] == "same"), "{said}");
    let empty = tempfile::tempdir().expect("a directory");
    assert!(!audit(empty.path(), &[]).status.success(), "where there is no log nothing is whole");
}

#[test]
fn damage_is_named_by_its_file_place_and_records_in_both_languages() {
    let station = Station::new();
    station.change(1, |bytes| bytes[HEADER_BYTES + FRAME_BYTES + 9] ^= 4);
    let (well, said) = station.audit(&[]);
    let missing = &said["streams"][0]["missing"][0];
    assert!(!well && missing["offset"] == HEADER_BYTES, "{said}");
    let file = missing["file"].as_str().expect("a name");
    for (lang, word) in [("zh", "损坏"), ("en", "damaged")] {
        let output = audit(station.dir.path(), &["--lang", lang]);
        let text = String::from_utf8_lossy(&output.stdout);
        assert!(!output.status.success() && text.contains(word) && text.contains(file), "{text}");
    }
    assert!(!station.against().0, "and is not well because the county's heads agree");
}

#[test]
fn a_record_that_was_changed_with_its_crc_is_found_by_the_next() {
    let station = Station::new();
    station.change(1, |bytes| {
        let frame = Frame::read(&bytes[HEADER_BYTES..]).expect("whole");
        let (kind, index, prev, len) = (frame.kind, frame.index, frame.prev, frame.bytes.len());
        let payload = String::from_utf8(frame.payload.to_vec()).expect("text").replacen("boot", "BOOT", 1);
        let mut forged = Vec::new();
        let start = begin(&mut forged);
        forged.extend_from_slice(payload.as_bytes());
        seal(&mut forged, start, kind, index, prev);
        bytes.splice(HEADER_BYTES..HEADER_BYTES + len, forged);
    });
    let (well, said) = station.audit(&[]);
    assert!(!well && said["streams"][0]["altered"].as_array().is_some_and(|list| list.len() == 1), "{said}");
}

/// Writes the whole urgent stream anew from an edit on, with every CRC, link and header as they would be.
fn write_anew(station: &Station, edited: u64) {
    let log = station.dir.path().join("log");
    let disk = Disk::visit(&log);
    let mut chain = Chain::START;
    for number in segments(&disk, Stream::Urgent).expect("listed") {
        let path = log.join(Stream::Urgent.file_name(number));
        let bytes = fs::read(&path).expect("read");
        let header = Header::read(&bytes).expect("a header");
        let (mut anew, mut at) = (Vec::new(), HEADER_BYTES);
        Header { chain, ..header }.write(&mut anew);
        while let Some(frame) = bytes.get(at..).and_then(Frame::read) {
            at += frame.bytes.len();
            let mut payload = String::from_utf8(frame.payload.to_vec()).expect("text");
            if frame.index == edited {
                payload = payload.replacen("boot", "BOOT", 1);
            }
            let start = begin(&mut anew);
            anew.extend_from_slice(payload.as_bytes());
            chain = seal(&mut anew, start, frame.kind, frame.index, chain);
        }
        assert_eq!(at, bytes.len());
        fs::write(path, anew).expect("written");
    }
}

#[test]
fn a_log_that_was_written_anew_from_end_to_end_is_found_out_by_the_countys_heads_alone() {
    let station = Station::new();
    write_anew(&station, u64::MAX);
    assert!(station.against().0, "written anew without an edit it is the same");
    write_anew(&station, 25);
    let (well, said) = station.audit(&[]);
    assert!(well, "nothing in it shows it: {said}");
    let (well, said) = station.against();
    let urgent = said["heads"].as_array().expect("a list").iter().filter(|head| head["stream"] == "urgent");
    let judged: Vec<(u64, &str)> = urgent
        .map(|head| (head["index"].as_u64().expect("a number"), head["judged"].as_str().expect("a word")))
        .collect();
    assert!(!well && judged.iter().all(|(index, judged)| *judged == if *index < 25 { "same" } else { "other" }));
    assert!(judged.iter().any(|(_, judged)| *judged == "other"), "{judged:?}");
    let output = audit(station.dir.path(), &["--against", station.heads.to_str().expect("text"), "--lang", "zh"]);
    assert!(String::from_utf8_lossy(&output.stdout).contains("日志在事后被改写"));
}

#[test]
fn a_log_that_lost_its_end_is_found_out_by_the_countys_heads_alone() {
    let station = Station::new();
    let disk = Disk::visit(&station.dir.path().join("log"));
    let newest = *segments(&disk, Stream::Urgent).expect("listed").last().expect("one");
    fs::remove_file(station.dir.path().join("log").join(Stream::Urgent.file_name(newest))).expect("removed");
    let newest = *segments(&disk, Stream::Urgent).expect("listed").last().expect("one");
    fs::remove_file(station.dir.path().join("log").join(Stream::Urgent.file_name(newest))).expect("removed");
    assert!(station.audit(&[]).0, "nothing in it shows it");
    let (well, said) = station.against();
    assert!(!well && said["heads"].as_array().expect("a list").iter().any(|head| head["judged"] == "beyond"), "{said}");
}

#[test]
fn a_log_whose_oldest_segments_were_removed_by_hand_is_not_whole_and_says_since_when_it_begins() {
    let station = Station::new();
    let begins = |said: &Value| said["streams"][0]["since_ms"].as_i64().expect("a time");
    let (_, whole) = station.against();
    for _ in 0..2 {
        fs::remove_file(station.segment(0)).expect("removed");
    }
    let (well, said) = station.audit(&[]);
    assert!(!well && said["streams"][0]["begins_late"] == true && said["kept_by_default"] == true, "{said}");
    assert!(begins(&said) > begins(&whole) && said["streams"][1]["begins_late"] == false, "{said}");
    let heads = fs::read_to_string(&station.heads).expect("read").replace("\"index\":", "\"index\":1,\"was\":");
    fs::write(&station.heads, heads).expect("written");
    let judged = |said: &Value| -> Vec<String> {
        let urgent = said["heads"].as_array().expect("a list").iter().filter(|head| head["stream"] == "urgent");
        urgent.map(|head| head["judged"].as_str().expect("a word").to_owned()).collect()
    };
    let (well, said) = station.against();
    assert!(!well && judged(&said).iter().all(|word| word == "removed") && !judged(&said).is_empty(), "{said}");
    for (lang, removed, since) in
        [("zh", "旧文件被删去", "  自 2025-10-09"), ("en", "old files were removed", "  since 2025-10-09")]
    {
        let output = audit(station.dir.path(), &["--against", station.heads.to_str().expect("text"), "--lang", lang]);
        let text = String::from_utf8_lossy(&output.stdout);
        assert!(text.contains(removed) && text.contains(since), "{text}");
    }
    // What is older than the log has to keep may be gone.
    let long_ago = fs::read_to_string(&station.heads).expect("read").replace("\"at_ms\":1", "\"at_ms\":0,\"was_ms\":1");
    fs::write(&station.heads, long_ago).expect("written");
    assert!(judged(&station.against().1).iter().all(|word| word == "retired"));
}

#[test]
fn heads_of_a_card_before_are_of_another_log_and_accuse_nobody_unless_this_log_was_kept_then() {
    let station = Station::new();
    write_anew(&station, 2);
    let whole = fs::read_to_string(&station.heads).expect("read");
    let another = whole.replace("0000000000005eed", "00000000000000ad");
    let before = another.replace("\"at_ms\":1", "\"at_ms\":0,\"was_ms\":1");
    let urgent = |said: &Value, wanted: &str| {
        let heads = said["heads"].as_array().expect("a list").iter().filter(|head| head["stream"] == "urgent");
        let words: Vec<&str> = heads.map(|head| head["judged"].as_str().expect("a word")).collect();
        assert!(!words.is_empty() && words.iter().all(|word| *word == wanted), "{wanted}: {words:?}");
    };
    fs::write(&station.heads, &before).expect("written");
    urgent(&station.against().1, "former");
    let against = ["--against", station.heads.to_str().expect("text"), "--lang", "en"];
    let output = audit(station.dir.path(), &against);
    let text = String::from_utf8_lossy(&output.stdout);
    assert_eq!(output.status.code(), Some(3), "{text}");
    assert!(
        text.contains("another log (sequence 00000000000000ad, 1970-01-01") && !text.contains("written anew"),
        "{text}"
    );
    for accusing in [another, before.replace("00000000000000ad", "0000000000005eed")] {
        fs::write(&station.heads, accusing).expect("written");
        let (well, said) = station.against();
        urgent(&said, "other");
        assert!(!well);
    }
    assert_eq!(audit(station.dir.path(), &against).status.code(), Some(1));
}

#[test]
fn a_record_that_is_being_written_is_no_damage_and_heads_of_two_gateways_are_not_mixed() {
    let station = Station::new();
    let newest = segments(&Disk::visit(&station.dir.path().join("log")), Stream::Urgent).expect("listed").len() - 1;
    station.change(newest, |bytes| bytes.extend_from_within(HEADER_BYTES..HEADER_BYTES + 100));
    assert!(station.against().0);
    let mut heads: Value = serde_json::from_slice(&fs::read(&station.heads).expect("read")).expect("JSON");
    heads[0]["gateway"] = json!("gw2");
    fs::write(&station.heads, heads.to_string()).expect("written");
    let output = audit(station.dir.path(), &["--against", station.heads.to_str().expect("text")]);
    assert!(!output.status.success() && output.stdout.is_empty());
}

#[tokio::test]
async fn a_running_gateway_is_audited_and_the_county_has_the_head_of_its_log() {
    if !installed("mosquitto") {
        return;
    }
    let mut house = House::build(&buttons(6)).await;
    house.start_console();
    house.start_gateway_and_wait().await;
    house.press("button_0001").await;
    until("the call is at the county", || !house.at_county("alarms").is_empty()).await;
    house.stop_gateway();
    house.start_gateway_and_wait().await;
    let config = house.path("county.toml");
    let heads = || {
        let mut command = Command::new(env!("CARGO_BIN_EXE_shouwang"));
        let output = command.args(["county", "heads", "test-station", "--json", "--config"]).arg(&config).output();
        serde_json::from_slice::<Vec<Value>>(&output.expect("the binary under test runs").stdout).unwrap_or_default()
    };
    let known = until_found("the head of a start is at the county", async || {
        Some(heads()).filter(|heads| heads.iter().any(|head| head["stream"] == "urgent" && head["index"] != 1))
    })
    .await;
    for number in 2..=6 {
        house.press(&format!("button_{number:04}")).await;
        assert!(audit(&house.path("data"), &[]).status.success(), "beside the running gateway");
    }
    let file = house.path("heads.json");
    fs::write(&file, Value::Array(known).to_string()).expect("written");
    let against = ["--against", file.to_str().expect("text"), "--json"];
    let output = audit(&house.path("data"), &against);
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stdout));
    house.stop_gateway();

    // Somebody makes the first call never to have been.
    let disk = Arc::new(Disk::visit(&house.path("data/log")));
    let whole = verify(disk.clone(), Stream::Urgent).expect("read");
    assert!(whole.is_whole());
    let station = Station { dir: tempfile::tempdir().expect("a directory"), heads: file.clone() };
    fs::create_dir(station.dir.path().join("log")).expect("made");
    for name in shouwang::store::files::Files::list(&*disk).expect("listed") {
        fs::copy(house.path("data/log").join(&name), station.dir.path().join("log").join(&name)).expect("copied");
    }
    write_anew(&station, 2);
    assert!(station.audit(&[]).0, "nothing in it shows it");
    assert!(!station.against().0, "the county knows another log");
}
