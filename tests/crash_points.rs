//! A power cut that takes any part of what was not synced, and cards that lie, rot, are swapped, put back and copied: the store
//! runs on, says so, and nothing that was acknowledged is missing without being named.

mod village_log;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex};

use shouwang::core::alarm::AlarmId;
use shouwang::store::files::Files;
use shouwang::store::files::fake::{AtRisk, Change, FakeDisk};
use shouwang::store::log::frame::HEADER_BYTES;
use shouwang::store::log::read::segments;
use shouwang::store::log::{Item, Missing, Reader, Stream};
use shouwang::store::record::{Decision, Entry};
use shouwang::store::{Options, Outcome, Report};
use village_log::hour::{Acknowledged, examine, hour, hour_with, known_at, options};
use village_log::{alarm, alarm_draft, open};

/// So many parts at risk are tried in all their combinations; of more, each alone, each missing, every beginning and every end.
const EXHAUSTIVE_PARTS: usize = 6;

/// What a sector holds that was never written: nothing, or whatever was there before.
const FILLERS: [u8; 2] = [0x00, 0xA5];

/// Which parts of those at risk had reached the card.
fn choices(parts: &[AtRisk]) -> BTreeSet<Vec<AtRisk>> {
    let of = |is_kept: &dyn Fn(usize) -> bool| {
        let kept = parts.iter().enumerate().filter(|(at, _)| is_kept(*at));
        kept.map(|(_, part)| *part).collect::<Vec<_>>()
    };
    let mut choices = BTreeSet::new();
    if parts.len() <= EXHAUSTIVE_PARTS {
        for subset in 0..1_usize << parts.len() {
            choices.insert(of(&|at| subset >> at & 1 == 1));
        }
        return choices;
    }
    for one in 0..=parts.len() {
        choices.insert(of(&|at| at == one));
        choices.insert(of(&|at| at != one));
        choices.insert(of(&|at| at < one));
        choices.insert(of(&|at| at >= one));
        choices.insert(of(&|at| at % 2 == one % 2));
    }
    choices
}

/// Power cuts by what was done to the disk last; those in a start that was itself a start after a cut stand apart.
type Cuts = BTreeMap<&'static str, usize>;

const fn kind(change: &Change) -> &'static str {
    match change {
        Change::Create { .. } => "create",
        Change::Append { .. } => "append",
        Change::Truncate { .. } => "truncate",
        Change::Sync { .. } => "sync of a file",
        Change::Rename { .. } => "rename",
        Change::Remove { .. } => "unlink",
        Change::SyncDir => "sync of the directory",
    }
}

/// The power goes again while the start after a cut cuts, copies and removes: behind every change that the start makes.
fn cut_the_start(cut: &FakeDisk, known: &Acknowledged, place: &str) -> usize {
    let started = cut.copy();
    started.record();
    drop(open(&started, options()));
    let (disk, mut cuts) = (cut.copy(), 0);
    for (number, change) in started.history().iter().enumerate() {
        disk.redo(change, None);
        for kept in choices(&disk.at_risk()) {
            let again = disk.copy();
            again.cut_power_keeping(&kept, FILLERS[1]);
            let place = format!("{place}, and behind change {number} of the start after it with {kept:?} kept");
            let _ = examine(&again, known, &place);
            cuts += 1;
        }
    }
    cuts
}

/// Cuts the power behind every change, with every choice of what reached the card; this thread does its part of them.
fn cut_everywhere(history: &[Change], acknowledged: &[Acknowledged], part: usize, parts: usize) -> Cuts {
    let (disk, mut cuts) = (FakeDisk::new(), Cuts::new());
    for (number, change) in history.iter().enumerate() {
        disk.redo(change, None);
        if number % parts != part {
            continue;
        }
        let known = known_at(acknowledged, number + 1);
        for kept in choices(&disk.at_risk()) {
            for filler in FILLERS {
                let cut = disk.copy();
                cut.cut_power_keeping(&kept, filler);
                let place = format!("behind change {number} with {kept:?} kept and {filler:#x} elsewhere");
                *cuts.entry("a start after a cut").or_default() += cut_the_start(&cut, known, &place);
                let said = examine(&cut, known, &place);
                // What was lost was never acknowledged; what is said of it names a place and makes nobody look for more.
                let is_plain = |report: &Report| matches!(report, Report::Torn(_) | Report::Missing(_));
                assert!(said.iter().all(is_plain), "{place}: {said:?}");
                *cuts.entry(kind(change)).or_default() += 1;
            }
        }
    }
    cuts
}

/// Lives through the hour, and cuts it everywhere.
fn cut_an_hour(options: Options) -> Cuts {
    let disk = FakeDisk::new();
    disk.record();
    let acknowledged = hour_with(&disk, options);
    let history = disk.history();
    let all: Mutex<Cuts> = Mutex::default();
    std::thread::scope(|scope| {
        for part in 0..2 {
            let (history, acknowledged, all) = (&history, &acknowledged, &all);
            scope.spawn(move || {
                for (kind, cuts) in cut_everywhere(history, acknowledged, part, 2) {
                    *all.lock().expect("sound").entry(kind).or_default() += cuts;
                }
            });
        }
    });
    let cuts = all.into_inner().expect("sound");
    let sum: usize = cuts.values().sum();
    println!("crash points behind {} changes of the log: {sum}, violations 0: {cuts:?}", history.len());
    assert!(sum > 5 * history.len(), "{cuts:?}");
    cuts
}

#[test]
fn nothing_acknowledged_is_missing_whatever_part_of_what_was_not_synced_is_lost() {
    let cuts = cut_an_hour(options());
    assert!(
        ["append", "sync of a file", "rename", "sync of the directory"].iter().all(|kind| cuts[kind] > 10),
        "{cuts:?}"
    );
}

#[test]
fn nothing_acknowledged_is_missing_when_the_power_goes_while_old_segments_go() {
    let mut options = options();
    options.urgent.segment_bytes = 4_000;
    options.urgent.bytes_max = 2 * options.urgent.segment_bytes;
    options.routine.segment_bytes = 2_000;
    options.routine.bytes_max = 2 * options.routine.segment_bytes;
    let cuts = cut_an_hour(options);
    assert!(cuts["unlink"] > 10, "names that go, reordered with names that come: {cuts:?}");
}

/// What happens to a card that was well, behind everybody's back.
type Harm = fn(&FakeDisk, &[String]);

/// Every one of them, by the name that a technician would give it.
const HARMS: [(&str, Harm); 9] = [
    ("a bit flips in a record", |disk, names| flip(disk, &names[1], 400, 0x04)),
    ("a bit flips in a frame", |disk, names| flip(disk, &names[1], HEADER_BYTES + 6, 0x01)),
    ("a bit flips in a header", |disk, names| flip(disk, &names[1], 33, 0x80)),
    ("a page is zero", |disk, names| disk.damage(&names[1], 1_024, &[0; 4_096])),
    ("a page holds another file's", |disk, names| {
        let other = disk.contents(&names[0]).expect("there");
        disk.damage(&names[1], 1_024, &other[..2_048]);
    }),
    ("a segment is cut short", |disk, names| {
        let mut file = disk.open_append(&names[1]).expect("opens");
        file.truncate(2_000).expect("cut");
    }),
    ("a segment is gone", |disk, names| disk.remove(&names[1]).expect("removed")),
    ("two segments are exchanged", |disk, names| {
        for (from, to) in [(&names[1], "aside"), (&names[2], names[1].as_str()), (&"aside".to_owned(), &names[2])] {
            disk.rename(from, to).expect("renamed");
        }
    }),
    ("an old segment is put in the place of a newer one", |disk, names| {
        let old = disk.contents(&names[0]).expect("there");
        disk.remove(&names[2]).expect("removed");
        disk.create(&names[2]).expect("created").append(&old).expect("written");
    }),
];

fn flip(disk: &FakeDisk, name: &str, at: usize, bit: u8) {
    let old = disk.contents(name).expect("there")[at];
    disk.damage(name, at, &[old ^ bit]);
}

/// Which record of the stream holds which alarms' records.
fn whole_story(disk: &FakeDisk) -> BTreeMap<u64, Vec<(AlarmId, u32)>> {
    let files: Arc<dyn Files> = Arc::new(disk.clone());
    let mut story: BTreeMap<u64, Vec<(AlarmId, u32)>> = BTreeMap::new();
    for item in Reader::open(files, Stream::Urgent, None).expect("opens") {
        let Item::Record(record) = item else { continue };
        if let Ok(Entry::Turn(turn)) = Entry::read(record.kind, record.payload()) {
            let alarms = turn.decisions.iter().filter_map(|decision| match decision {
                Decision::Alarm { alarm, .. } => Some((alarm.id, alarm.rev)),
                _ => None,
            });
            story.entry(record.index).or_default().extend(alarms);
        }
    }
    story
}

/// The names of the urgent stream's segments.
fn urgent_names(disk: &FakeDisk) -> Vec<String> {
    let all = segments(disk, Stream::Urgent).expect("listed").into_iter();
    all.map(|segment| Stream::Urgent.file_name(segment)).collect()
}

/// What is gone of the story is named, and the store runs on. How many records of alarms are lost.
fn runs_on(disk: &FakeDisk, story: &BTreeMap<u64, Vec<(AlarmId, u32)>>, harm: &str) -> usize {
    let left: BTreeSet<(AlarmId, u32)> = whole_story(disk).into_values().flatten().collect();
    let files: Arc<dyn Files> = Arc::new(disk.clone());
    let items = Reader::open(files, Stream::Urgent, None).expect("opens");
    let missing = items.filter_map(|item| if let Item::Missing(missing) = item { Some(missing) } else { None });
    let missing: Vec<Missing> = missing.collect();
    assert!(!missing.is_empty(), "{harm}: said loudly");
    let in_it = |range: &Missing, index: u64| {
        range.from.is_none_or(|from| from <= index) && range.until.is_none_or(|until| index < until)
    };
    let mut lost = 0;
    for (index, alarms) in story {
        for alarm in alarms.iter().filter(|alarm| !left.contains(alarm)) {
            lost += 1;
            let named = missing.iter().any(|range| in_it(range, *index));
            assert!(named, "{harm}: {alarm:?} of record {index} is gone, and nothing names it: {missing:?}");
        }
    }
    // The newest snapshot stands behind the damage, and what is decided from here on is kept.
    let (mut journal, _) = open(disk, options());
    assert_eq!(journal.commit(alarm_draft(4_000_000, 99, 1, true)).outcome, Outcome::Durable, "{harm}");
    disk.cut_power();
    let (journal, _) = open(disk, options());
    let snapshot = journal.books().ledger.snapshot();
    assert!(snapshot.open.iter().any(|kept| kept.id == alarm(99, 1, true).id), "{harm}: what came after is kept");
    assert_eq!(snapshot.open.len() + snapshot.closed.len(), 21, "{harm}: every alarm is known");
    lost
}

#[test]
fn whatever_happens_to_a_card_the_store_runs_on_and_names_what_is_missing() {
    let well = FakeDisk::new();
    hour(&well);
    let (names, story) = (urgent_names(&well), whole_story(&well));
    assert_eq!(names.len(), 4, "the harm is done in the middle");
    for (harm, strike) in HARMS {
        let disk = well.copy();
        strike(&disk, &names);
        println!("{harm}: {} records of alarms lost, and named", runs_on(&disk, &story, harm));
    }
}

#[test]
fn a_bit_that_flips_anywhere_in_a_segment_costs_a_record_at_most_and_it_is_named() {
    let well = FakeDisk::new();
    hour(&well);
    let (names, story) = (urgent_names(&well), whole_story(&well));
    let bytes = well.contents(&names[1]).expect("there").len();
    // A prime step, so that every field of a frame is hit somewhere.
    for at in (0..bytes).step_by(61) {
        let disk = well.copy();
        flip(&disk, &names[1], at, 1 << (at % 8));
        let lost = runs_on(&disk, &story, &format!("a bit flips at byte {at} of {bytes}"));
        assert!(lost <= 1, "byte {at}: {lost}");
    }
}
