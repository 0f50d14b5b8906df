//! A scripted hour with 20 alarms, and what of it was acknowledged when.

use std::collections::BTreeMap;
use std::sync::Mutex;

use shouwang::core::alarm::AlarmId;
use shouwang::core::reading::Measure;
use shouwang::core::sequence::Lane;
use shouwang::store::books::Books;
use shouwang::store::files::fake::FakeDisk;
use shouwang::store::handout::records;
use shouwang::store::record::{Decision, Snapshot};
use shouwang::store::{Journal, Options, Outcome, Report};

use super::{alarm_draft, at, open, receipt_draft, sample, small, start_draft};

/// What must be there from a certain change of the disk on.
pub struct Acknowledged {
    /// Changes made when it was acknowledged.
    pub changes: usize,
    /// Revision of every alarm.
    alarms: BTreeMap<AlarmId, u32>,
    /// Newest number and receipts of the alarm lane.
    alarm: (u64, u64),
    /// Newest reading on the disk.
    readings: u64,
}

/// Small segments, so that the hour has many births in it.
pub fn options() -> Options {
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

/// The hour: an alarm every three minutes, closed and receipted some later, and a reading every thirty seconds.
pub fn hour(disk: &FakeDisk) -> Vec<Acknowledged> {
    hour_with(disk, options())
}

/// The hour on a disk with other budgets.
pub fn hour_with(disk: &FakeDisk, options: Options) -> Vec<Acknowledged> {
    let (mut journal, _) = open(disk, options);
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

/// The newest of what was acknowledged by that change.
pub fn known_at(acknowledged: &[Acknowledged], change: usize) -> &Acknowledged {
    acknowledged.iter().rev().find(|known| known.changes <= change).expect("the first is at 0")
}

/// Opens what a cut has left and compares it with what was acknowledged before. What is said of it, the first start apart.
pub fn examine(disk: &FakeDisk, acknowledged: &Acknowledged, place: &str) -> Vec<Report> {
    let (journal, reports) = open(disk, options());
    let shared = journal.shared_books();
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
