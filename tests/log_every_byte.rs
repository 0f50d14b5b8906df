//! A scripted hour with 20 alarms, cut at every byte of every write: nothing that was acknowledged is missing, and
//! what was torn is named.

mod village_log;

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::sync::{Arc, Mutex};

use shouwang::core::alarm::AlarmId;
use shouwang::core::reading::Measure;
use shouwang::core::sequence::Lane;
use shouwang::store::books::Books;
use shouwang::store::files::Files;
use shouwang::store::files::fake::{Change, FakeDisk};
use shouwang::store::handout::records;
use shouwang::store::log::{Log, Stream};
use shouwang::store::record::{Decision, Snapshot};
use shouwang::store::{Journal, Options, Outcome, Report};
use village_log::{alarm_draft, at, open, receipt_draft, sample, small, start_draft};

/// What must be there from a certain change of the disk on.
struct Acknowledged {
    /// Changes made when it was acknowledged.
    changes: usize,
    /// Revision of every alarm.
    alarms: BTreeMap<AlarmId, u32>,
    /// Newest number and receipts of the alarm lane.
    alarm: (u64, u64),
    /// Newest reading on the disk.
    readings: u64,
}

fn options() -> Options {
    // Small segments, so that the hour has many births in it.
    let mut options = small();
    options.urgent.segment_bytes = 8_000;
    options.routine.segment_bytes = 4_000;
    options
}

fn revisions(snapshot: &Snapshot) -> BTreeMap<AlarmId, u32> {
    snapshot.open.iter().chain(&snapshot.closed).map(|alarm| (alarm.id, alarm.rev)).collect()
}

fn acknowledge(disk: &FakeDisk, journal: &Journal) -> Acknowledged {
    let books = journal.books();
    let lanes = books.ledger.lanes();
    let alarm = lanes[&Lane::Alarm];
    Acknowledged {
        changes: disk.history().len(),
        alarms: revisions(&books.ledger.snapshot()),
        alarm: (alarm.head, alarm.receipted),
        readings: lanes[&Lane::Reading].head,
    }
}

/// The hour: an alarm every three minutes, closed and receipted some later, and a reading every ten seconds.
fn hour(disk: &FakeDisk) -> Vec<Acknowledged> {
    let (mut journal, _) = open(disk, options());
    let mut acknowledged = vec![acknowledge(disk, &journal)];
    let mut commit = |journal: &mut Journal, draft| {
        assert_eq!(journal.commit(draft).outcome, Outcome::Durable);
        acknowledged.push(acknowledge(disk, journal));
    };
    commit(&mut journal, start_draft(0));
    for n in 1..=20_u64 {
        let ms = n * 180_000;
        for second in (0..180).step_by(30) {
            journal.routine(at(ms - 180_000 + second * 1000), sample("d1", Measure::Motion(true)));
        }
        commit(&mut journal, alarm_draft(ms, n, 1, true));
        if n > 2 {
            commit(&mut journal, alarm_draft(ms + 1000, n - 2, 2, false));
        }
        if n % 4 == 0 {
            commit(&mut journal, receipt_draft(ms + 2000, Lane::Alarm, 1, n));
        }
    }
    acknowledged
}

/// Opens what a cut has left and compares it with what was acknowledged before.
fn examine(disk: &FakeDisk, acknowledged: &Acknowledged, place: &str) -> Vec<Report> {
    let (journal, reports) = open(disk, options());
    let shared = journal.shared_books();
    for report in &reports {
        assert!(matches!(report, Report::FirstStart | Report::Torn(_)), "{place}: {report}");
    }
    {
        let books = journal.books();
        let lanes = books.ledger.lanes();
        let found = revisions(&books.ledger.snapshot());
        for (id, rev) in &acknowledged.alarms {
            assert!(found.get(id).is_some_and(|found| found >= rev), "{place}: {id} rev {rev} is missing");
        }
        let alarm = lanes[&Lane::Alarm];
        assert!(alarm.head >= acknowledged.alarm.0 && alarm.receipted >= acknowledged.alarm.1, "{place}: {alarm:?}");
        assert!(lanes[&Lane::Reading].head >= acknowledged.readings, "{place}: readings");
    }
    outbox_is_whole(disk, &shared, place);
    reports.into_iter().filter(|report| *report != Report::FirstStart).collect()
}

/// Every number without a receipt can be read back from where the ledger says it is.
fn outbox_is_whole(disk: &FakeDisk, books: &Mutex<Books>, place: &str) {
    let (head, receipted) = {
        let books = books.lock().expect("sound");
        let alarm = books.ledger.lanes()[&Lane::Alarm];
        (alarm.head, alarm.receipted)
    };
    let handout = records(disk, books, Lane::Alarm, 1, usize::MAX);
    let numbers: Vec<u64> = handout.records.iter().map(|(seq, _)| *seq).collect();
    assert_eq!(numbers, (receipted + 1..=head).collect::<Vec<_>>(), "{place}");
    assert!(handout.records.iter().all(|(_, decision)| matches!(decision, Decision::Alarm { .. })), "{place}");
}

/// The log at every byte: opening it brings back exactly what was there before the write that was cut, and names the
/// rest. Equal files are equal stores, so what holds before the write holds after the cut.
fn reopen(cut: &FakeDisk, before: &BTreeMap<String, Vec<u8>>, place: &str) -> u64 {
    let mut torn = 0;
    for stream in [Stream::Urgent, Stream::Routine] {
        let opened = Log::open(Arc::new(cut.clone()), stream).expect("opens");
        assert_eq!(opened.missing, [], "{place}");
        torn += opened.torn.map_or(0, |torn| torn.bytes);
    }
    assert!(segments(cut) == *before, "{place}");
    torn
}

fn segments(disk: &FakeDisk) -> BTreeMap<String, Vec<u8>> {
    let names = disk.list().expect("listed").into_iter().filter(|name| !name.contains(".torn-"));
    names.map(|name| (name.clone(), disk.contents(&name).expect("there"))).collect()
}

/// Cuts at every byte of every change; this thread does its part of them.
fn cut_everywhere(history: &[Change], acknowledged: &[Acknowledged], part: usize, parts: usize) -> (usize, usize) {
    let (disk, mut cuts, mut torn) = (FakeDisk::new(), 0, 0);
    let mut unborn = BTreeSet::new();
    for (number, change) in history.iter().enumerate() {
        let known = acknowledged.iter().rev().find(|known| known.changes <= number).expect("the first is at 0");
        match change {
            Change::Create { file, .. } => unborn.insert(*file),
            Change::Rename { .. } => std::mem::take(&mut unborn).is_empty(),
            _ => false,
        };
        let (bytes, born) = match change {
            Change::Append { bytes, file } => (bytes.len(), !unborn.contains(file)),
            _ => (0, false),
        };
        let mut before = segments(&disk);
        before.retain(|name, _| Path::new(name).extension().is_none_or(|ending| ending != "new"));
        for prefix in (0..bytes).filter(|prefix| prefix % parts == part) {
            let place = format!("change {number} byte {prefix} of {bytes}");
            let cut = disk.copy();
            cut.redo(change, Some(prefix));
            let named = reopen(&cut, &before, &place);
            // A segment that is not born yet leaves nothing to name.
            assert_eq!(named, if born { prefix as u64 } else { 0 }, "{place}");
            torn += usize::from(named > 0);
            cuts += 1;
        }
        // The whole store, at a few places of each change: cut there, and with what was not synced gone too.
        for prefix in [0, bytes / 3, bytes].into_iter().filter(|prefix| (number + prefix) % parts == part) {
            let place = format!("change {number} byte {prefix} of {bytes}, the whole store");
            let cut = disk.copy();
            cut.redo(change, (bytes > 0).then_some(prefix));
            let lost = cut.copy();
            examine(&cut, known, &place);
            lost.cut_power();
            assert_eq!(examine(&lost, known, &format!("{place}, unsynced bytes lost")), []);
            cuts += 1;
        }
        disk.redo(change, None);
    }
    (cuts, torn)
}

#[test]
fn nothing_acknowledged_is_missing_after_a_cut_at_any_byte() {
    let disk = FakeDisk::new();
    disk.record();
    let acknowledged = hour(&disk);
    let history = disk.history();
    assert!(history.iter().filter(|change| matches!(change, Change::Rename { .. })).count() > 6, "many segments");
    let (cuts, torn) = std::thread::scope(|scope| {
        let parts: Vec<_> = (0..2)
            .map(|part| {
                scope.spawn({
                    let (h, a) = (&history, &acknowledged);
                    move || cut_everywhere(h, a, part, 2)
                })
            })
            .collect();
        parts
            .into_iter()
            .map(|part| part.join().expect("holds"))
            .fold((0, 0), |sum, part| (sum.0 + part.0, sum.1 + part.1))
    });
    let bytes: usize =
        history.iter().map(|change| if let Change::Append { bytes, .. } = change { bytes.len() } else { 0 }).sum();
    assert!(cuts > bytes, "every byte of {bytes} was tried: {cuts}");
    // Writes to a segment that exists leave a torn tail; those to one that is not born yet leave nothing.
    assert!(torn > 10_000, "{torn} torn tails were named");
}
