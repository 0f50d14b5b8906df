//! Whatever happens to a card, in either stream, old segment or newest: a reviewed table of what is said, by whom, and what is lost. The
//! store runs on every time, and what is lost is named.
//!
//! `SHOUWANG_BLESS=1 cargo test --test card_harms` writes the table.

mod village_log;

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::sync::Arc;

use shouwang::store::files::Files;
use shouwang::store::files::fake::FakeDisk;
use shouwang::store::log::frame::{Chain, HEADER_BYTES};
use shouwang::store::log::read::segments;
use shouwang::store::log::verify::{Judged, Verified, verify_with};
use shouwang::store::log::{Item, Reader, Stream};
use shouwang::store::state::{Index, MemoryIndex, follow};
use shouwang::store::{Draft, Journal, Outcome, Report, Undecided};
use village_log::hour::{hour, options};
use village_log::{alarm_draft, at, open};

const TABLE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/card_harms.table");

/// What happens to the file of that name, among all of its stream.
type Harm = fn(&FakeDisk, &str, &[String]);

const HARMS: [(&str, Harm); 11] = [
    ("a bit flips in a record", |disk, name, _| flip(disk, name, HEADER_BYTES + 300, 0x04)),
    ("a bit flips in a frame", |disk, name, _| flip(disk, name, HEADER_BYTES + 6, 0x01)),
    ("a bit flips in the header", |disk, name, _| flip(disk, name, 33, 0x80)),
    ("a page is zero", |disk, name, _| disk.damage(name, 1_024, &[0; 4_096])),
    ("the file is cut short", |disk, name, _| resize(disk, name, 2_000)),
    ("the file is empty", |disk, name, _| resize(disk, name, 0)),
    ("the file is gone", |disk, name, _| disk.remove(name).expect("removed")),
    ("an old copy of the file is put back", |disk, name, _| {
        // As a backup would: up to the end of a record.
        let whole = disk.contents(name).expect("there");
        let stream = if name.starts_with("urgent") { Stream::Urgent } else { Stream::Routine };
        let ends = ends_of_records(disk, stream, name);
        let half = ends.iter().copied().find(|end| *end > whole.len() / 2).expect("a record ends in the second half");
        resize(disk, name, half);
    }),
    ("the file is exchanged with the oldest", |disk, name, all| {
        for (from, to) in [(name, "aside"), (all[0].as_str(), name), ("aside", all[0].as_str())] {
            disk.rename(from, to).expect("renamed");
        }
    }),
    ("the oldest is put in its place", |disk, name, all| {
        let old = disk.contents(&all[0]).expect("there");
        put(disk, name, &old);
    }),
    ("a file of the other stream is in its place", |disk, name, _| {
        let other = if name.starts_with("urgent") { Stream::Routine } else { Stream::Urgent };
        let bytes = disk.contents(&names(disk, other)[0]).expect("there");
        put(disk, name, &bytes);
    }),
];

fn flip(disk: &FakeDisk, name: &str, at: usize, bit: u8) {
    let old = disk.contents(name).expect("there")[at];
    disk.damage(name, at, &[old ^ bit]);
}

fn resize(disk: &FakeDisk, name: &str, len: usize) {
    disk.open_append(name).and_then(|mut file| file.truncate(len as u64)).expect("cut");
}

fn put(disk: &FakeDisk, name: &str, bytes: &[u8]) {
    disk.remove(name).expect("removed");
    disk.create(name).and_then(|mut file| file.append(bytes)).expect("written");
}

fn names(disk: &FakeDisk, stream: Stream) -> Vec<String> {
    segments(disk, stream).expect("listed").into_iter().map(|segment| stream.file_name(segment)).collect()
}

fn files(disk: &FakeDisk) -> Arc<dyn Files> {
    Arc::new(disk.clone())
}

fn records(disk: &FakeDisk, stream: Stream) -> BTreeMap<u64, Chain> {
    let items = Reader::open(files(disk), stream, None).expect("opens");
    let records = items.filter_map(|item| if let Item::Record(record) = item { Some(record) } else { None });
    records.map(|record| (record.index, record.chain())).collect()
}

fn ends_of_records(disk: &FakeDisk, stream: Stream, name: &str) -> Vec<usize> {
    let items = Reader::open(files(disk), stream, None).expect("opens");
    let here = items.filter_map(|item| match item {
        Item::Record(record) if stream.file_name(record.position.segment) == name => Some(record.end().offset),
        _ => None,
    });
    here.map(|end| usize::try_from(end).expect("small")).collect()
}

/// What the start says, in words.
fn said(reports: &[Report]) -> BTreeSet<&'static str> {
    let word = |report: &Report| match report {
        Report::FirstStart => "first start",
        Report::Torn(_) => "torn tail",
        Report::Missing(_) => "missing range",
        Report::Unreadable(_) => "unreadable record",
        Report::RoutineLost => "readings lost",
        Report::RoutineCut => "readings cut",
        Report::Rebuilt { .. } => "index rebuilt",
    };
    reports.iter().map(word).collect()
}

/// One line of the table: what one harm does to one file.
fn line(
    well: &FakeDisk,
    index: &MemoryIndex,
    stream: Stream,
    name: &str,
    place: &str,
    harm: &str,
    strike: Harm,
) -> String {
    let all = names(well, stream);
    let disk = well.copy();
    strike(&disk, name, &all);

    let before = records(well, stream);
    let (newest, head) = before.last_key_value().map(|(index, chain)| (*index, *chain)).expect("records");
    let (verified, links) = verify_with(files(&disk), stream, &BTreeSet::from([newest])).expect("listed");
    let judged = verified.judge(&links, newest, head);
    let after = records(&disk, stream);
    let lost: Vec<u64> =
        before.iter().filter(|(index, chain)| after.get(index) != Some(chain)).map(|(i, _)| *i).collect();

    let (mut journal, reports) = open(&disk, options());
    let mut followed = MemoryIndex::default();
    if let Some(applied) = index.applied() {
        followed.put(&[], applied).expect("kept");
    }
    let why = follow::join(&files(&disk), &mut followed).expect("joined");
    runs_on(&disk, &mut journal, harm);

    let is_named = |index: u64| is_in_a_named_range(&verified, index);
    let unnamed = lost.iter().filter(|index| !is_named(**index)).count();
    let is_known = judged == Judged::Beyond || judged == Judged::Other;
    assert!(
        unnamed == 0 || is_known,
        "{place}, {harm}: {unnamed} of {lost:?} are gone and nobody names them: {verified:?}"
    );
    if stream == Stream::Urgent && unnamed > 0 {
        assert!(why.is_some(), "{place}, {harm}: the index finds it out at the start");
    }
    let mut says: Vec<String> = said(&reports).into_iter().map(str::to_owned).collect();
    says.extend(why.map(|why| format!("index: {why:?}")));
    let says = if says.is_empty() { "-".to_owned() } else { says.join(", ") };
    let audit = match (verified.missing.len(), verified.breaks.len()) {
        (0, 0) => "whole".to_owned(),
        (missing, breaks) => format!("{missing} missing, {breaks} altered"),
    };
    let ends = reports.iter().any(Report::breaks_the_sequence) || why.is_some();
    let sequence = if ends { "new" } else { "goes on" };
    format!(
        "{place:14} | {harm:42} | {:4} | {audit:22} | {:10} | {sequence:8} | {says}",
        lost.len(),
        format!("{judged:?}")
    )
}

fn is_in_a_named_range(verified: &Verified, index: u64) -> bool {
    verified
        .missing
        .iter()
        .any(|range| range.from.is_none_or(|from| from <= index) && range.until.is_none_or(|until| index < until))
}

/// What is decided from here on is kept.
fn runs_on(disk: &FakeDisk, journal: &mut Journal, harm: &str) {
    assert_eq!(journal.commit(alarm_draft(4_000_000, 99, 1, true)).outcome, Outcome::Durable, "{harm}");
    disk.cut_power();
    let (journal, _) = open(disk, options());
    let open = journal.books().ledger.open_alarms().filter(|alarm| alarm.id.onset.0 == 99_000).count();
    assert_eq!(open, 1, "{harm}: what came after is kept");
}

#[test]
fn the_table_of_what_happens_to_cards_is_as_it_was_reviewed() {
    let well = FakeDisk::new();
    hour(&well);
    let (mut journal, _) = open(&well, options());
    let head = journal.books().usage.head(at(3_700_000));
    let noted = Draft { at: at(3_700_000), inputs: Vec::new(), decisions: vec![Undecided::Head(head)] };
    assert_eq!(journal.commit(noted).outcome, Outcome::Durable, "the county has the head");
    drop(journal);
    let mut index = MemoryIndex::default();
    follow::catch_up(&files(&well), &mut index).expect("follows");
    let mut table = String::from(
        "# What happens to a card, and what becomes of it. lost: records of the stream; audit: shouwang audit verify;\n\
         # county: the head that the county kept; sequence: whether the next start goes on with it; the start says: reports\n\
         # of a start, and the index. Every line runs on, and what is lost lies in a range that the audit names, or behind\n\
         # the end that the county's head knows.\n",
    );
    let _ = writeln!(
        table,
        "{:14} | {:42} | lost | {:22} | {:10} | sequence | the start says",
        "file", "harm", "audit", "county"
    );
    for stream in [Stream::Urgent, Stream::Routine] {
        let all = names(&well, stream);
        for (place, name) in [("oldest but one", &all[1]), ("newest", &all[all.len() - 1])] {
            for (harm, strike) in HARMS {
                let place = format!("{stream} {place}").replace("oldest but one", "old");
                let _ = writeln!(table, "{}", line(&well, &index, stream, name, &place, harm, strike));
            }
        }
    }
    if std::env::var_os("SHOUWANG_BLESS").is_some() {
        std::fs::write(TABLE, &table).expect("written");
    }
    assert_eq!(table, std::fs::read_to_string(TABLE).unwrap_or_default(), "review it, then bless it");
}
