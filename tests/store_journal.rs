//! The store as one synchronous machine: what it promises when the disk does not do its part.

mod village_log;

use std::sync::{Arc, Mutex};

use shouwang::core::effect::Input;
use shouwang::core::reading::Measure;
use shouwang::core::sequence::{Lane, Range, SkipReason};
use shouwang::core::time::Mono;
use shouwang::limits::FRESH_TURNS_MAX;
use shouwang::store::books::Books;
use shouwang::store::files::Files;
use shouwang::store::files::fake::{Call, FakeDisk, Fault};
use shouwang::store::handout::{Cursor, readings, records};
use shouwang::store::log::Stream;
use shouwang::store::log::read::segments;
use shouwang::store::record::Decision;
use shouwang::store::{Budget, Degraded, Journal, Options, Outcome, Readings, Report, replay};
use village_log::{EPOCH, alarm, alarm_draft, at, open, receipt_draft, sample, small, start_draft};

fn commit_alarms(journal: &mut Journal, numbers: std::ops::RangeInclusive<u64>) {
    for n in numbers {
        assert_eq!(journal.commit(alarm_draft(n * 1000, n, 1, true)).outcome, Outcome::Durable);
    }
}

/// The numbers, and the alarms under them, that the relay would be given.
fn outbox(disk: &FakeDisk, books: &Mutex<Books>) -> Vec<(u64, u64)> {
    let handout = records(disk, books, Lane::Alarm, 1, 10_000);
    assert_eq!(handout.damaged, [0_u64; 0]);
    let number = |decision: &Decision| match decision {
        Decision::Alarm { seq, alarm } => (*seq, alarm.id.onset.0 / 1000),
        other => panic!("not an alarm: {other:?}"),
    };
    handout.records.iter().map(|(_, decision)| number(decision)).collect()
}

fn all_readings(disk: &FakeDisk, journal: &Journal, mut from: u64) -> Vec<(u64, u64, Option<SkipReason>)> {
    let files: Arc<dyn Files> = Arc::new(disk.clone());
    let (mut cursor, mut found) = (Cursor::default(), Vec::new());
    loop {
        match readings(&files, &journal.shared_books(), &mut cursor, from, 300) {
            Readings::Batch { seq, samples, .. } => {
                let to = seq + samples.len() as u64 - 1;
                found.push((seq, to, None));
                from = to + 1;
            }
            Readings::Skipped { range: Range(a, b), reason } => {
                found.push((a, b, Some(reason)));
                from = b + 1;
            }
            Readings::UpToDate => return found,
        }
    }
}

fn move_about(journal: &mut Journal, seconds: std::ops::Range<u64>) {
    for second in seconds {
        journal.routine(at(second * 1000), sample("d1", Measure::Motion(second % 2 == 0)));
    }
}

#[test]
fn a_restart_finds_what_was_committed() {
    let disk = FakeDisk::new();
    let (mut journal, reports) = open(&disk, small());
    assert_eq!(reports, [Report::FirstStart]);
    assert_eq!(journal.commit(start_draft(0)).outcome, Outcome::Durable);
    commit_alarms(&mut journal, 1..=20);
    assert_eq!(journal.commit(alarm_draft(30_000, 3, 2, false)).outcome, Outcome::Durable);
    assert_eq!(journal.commit(receipt_draft(31_000, Lane::Alarm, 1, 7)).outcome, Outcome::Durable);
    let before = journal.books().ledger.snapshot();
    assert!(segments(&disk, Stream::Urgent).expect("listed").len() > 3, "several segments were needed");
    disk.cut_power();
    let (journal, reports) = open(&disk, small());
    assert_eq!(reports, []);
    assert_eq!(journal.books().ledger.snapshot(), before);
    assert_eq!(journal.books().ledger.epoch(), Some(EPOCH));
    let expected: Vec<(u64, u64)> = (8..=20).map(|n| (n, n)).chain([(21, 3)]).collect();
    assert_eq!(outbox(&disk, &journal.shared_books()), expected);
}

#[test]
fn a_failing_disk_degrades_and_the_records_follow_in_order() {
    for (call, fault, why) in [
        (Call::Append, Fault::Eio, Degraded::Failing),
        (Call::Sync, Fault::Eio, Degraded::Failing),
        (Call::Append, Fault::Erofs, Degraded::ReadOnly),
        (Call::Append, Fault::Enospc, Degraded::Full),
    ] {
        let disk = FakeDisk::new();
        let (mut journal, _) = open(&disk, small());
        commit_alarms(&mut journal, 1..=3);
        disk.fail(call, 0, u64::MAX, fault);
        for n in 4..=6 {
            let committed = journal.commit(alarm_draft(n * 1000, n, 1, true));
            assert_eq!(committed.outcome, Outcome::Degraded(why));
            let [Decision::Alarm { seq, alarm }] = committed.decisions.as_slice() else { panic!("one alarm") };
            assert_eq!((*seq, alarm.durable), (n, false));
        }
        let numbers: Vec<(u64, u64)> = (1..=6).map(|n| (n, n)).collect();
        assert_eq!(outbox(&disk, &journal.shared_books()), numbers, "the relay has them all the same");
        disk.heal();
        journal.tick(at(9000));
        assert!(journal.books().trouble.is_none());
        commit_alarms(&mut journal, 7..=7);
        disk.cut_power();
        let (journal, _) = open(&disk, small());
        let numbers: Vec<(u64, u64)> = (1..=7).map(|n| (n, n)).collect();
        assert_eq!(outbox(&disk, &journal.shared_books()), numbers, "{fault:?}");
        let files: Arc<dyn Files> = Arc::new(disk);
        let presses = replay(&files, Mono(0)).expect("opens").count();
        assert_eq!(presses, 7, "an input that was written twice is replayed once");
    }
}

#[test]
fn a_full_disk_takes_alarms_on_its_ballast_and_drops_readings_as_a_named_hole() {
    let disk = FakeDisk::new();
    let capacity = 400_000;
    disk.set_capacity(Some(capacity));
    let urgent = Options::default().urgent;
    let options = Options { urgent, ballast_bytes: 100_000, reserve_bytes: 50_000, ..small() };
    let (mut journal, _) = open(&disk, options);
    journal.tick(at(0));
    assert_eq!(journal.books().usage.ballast_bytes, 100_000);
    move_about(&mut journal, 0..60);
    let written = journal.books().ledger.lanes()[&Lane::Reading].head;
    assert!(written > 40);

    // Somebody else fills the disk to the last byte.
    let mut stuff = disk.create("stuff").expect("created");
    let free = disk.free_bytes().expect("known");
    stuff.append(&vec![0; usize::try_from(free).expect("small")]).expect("fits");
    move_about(&mut journal, 60..200);
    commit_alarms(&mut journal, 1001..=1020);
    assert_eq!(journal.books().usage.ballast_bytes, 0, "the ballast was let go");
    assert!(free < capacity);
    // Many more readings than may wait in memory.
    for second in 1100..20_000 {
        journal.routine(at(second * 1000), sample("d1", Measure::Motion(true)));
    }
    commit_alarms(&mut journal, 20_001..=20_005);
    let dropped = journal.books().usage.samples_dropped;
    assert!(dropped > 1000);

    disk.remove("stuff").expect("removed");
    journal.tick(at(21_000_000));
    let (again, reports) = open(&disk, options);
    assert_eq!(reports, []);
    let found = all_readings(&disk, &again, 1);
    let mut next = 1;
    for (from, to, _) in &found {
        assert_eq!(*from, next, "no number is missing: {found:?}");
        next = to + 1;
    }
    let holes: u64 =
        found.iter().filter(|found| found.2 == Some(SkipReason::DiskFull)).map(|(a, b, _)| b - a + 1).sum();
    assert_eq!(holes, again.books().ledger.lanes()[&Lane::Reading].head - readings_on_disk(&found));
    assert!(holes >= dropped, "{holes} of {dropped}");
    assert_eq!(outbox(&disk, &again.shared_books()).len(), 25);
}

fn readings_on_disk(found: &[(u64, u64, Option<SkipReason>)]) -> u64 {
    found.iter().filter(|found| found.2.is_none()).map(|(a, b, _)| b - a + 1).sum()
}

#[test]
fn a_retired_segment_never_takes_an_alarm_without_receipt_along() {
    let disk = FakeDisk::new();
    let budget = Budget { segment_bytes: 2000, bytes_max: 12_000, ..small().urgent };
    let (mut journal, _) = open(&disk, Options { urgent: budget, ..small() });
    assert_eq!(journal.commit(start_draft(0)).outcome, Outcome::Durable);
    commit_alarms(&mut journal, 1..=5);
    // Alarms 2 and 4 stay without a receipt, and hundreds come and go after them.
    for seq in [1, 3, 5] {
        assert_eq!(journal.commit(receipt_draft(6_000, Lane::Alarm, seq, seq)).outcome, Outcome::Durable);
    }
    for seq in 6..200 {
        assert_eq!(journal.commit(alarm_draft(seq * 1000, seq, 1, false)).outcome, Outcome::Durable);
        assert_eq!(journal.commit(receipt_draft(seq * 1000, Lane::Alarm, seq, seq)).outcome, Outcome::Durable);
    }
    let numbers = segments(&disk, Stream::Urgent).expect("listed");
    assert!(numbers[0] > 5, "the oldest segments are gone: {numbers:?}");
    assert_eq!(outbox(&disk, &journal.shared_books()), [(2, 2), (4, 4)]);
    disk.cut_power();
    let (journal, reports) = open(&disk, small());
    assert_eq!(reports, []);
    assert_eq!(outbox(&disk, &journal.shared_books()), [(2, 2), (4, 4)]);
    let handout = records(&disk, &journal.shared_books(), Lane::Alarm, 1, 9);
    assert_eq!(handout.records[0].1, Decision::Alarm { seq: 2, alarm: Box::new(alarm(2, 1, true)) });
}

#[test]
fn readings_over_the_budget_go_oldest_first_and_the_hole_is_named() {
    let disk = FakeDisk::new();
    let budget = Budget { segment_bytes: 2000, bytes_max: 8_000, ..small().urgent };
    let options = Options { routine: budget, ..small() };
    let (mut journal, _) = open(&disk, options);
    assert_eq!(journal.commit(start_draft(0)).outcome, Outcome::Durable);
    move_about(&mut journal, 0..60);
    assert_eq!(journal.commit(receipt_draft(61_000, Lane::Reading, 1, 10)).outcome, Outcome::Durable);
    move_about(&mut journal, 60..600);
    disk.cut_power();
    let (journal, reports) = open(&disk, options);
    assert_eq!(reports, []);
    let found = all_readings(&disk, &journal, 11);
    assert_eq!((found[0].0, found[0].2), (11, Some(SkipReason::Budget)));
    assert!(found[0].1 > 400 && found[1..].iter().all(|found| found.2.is_none()), "{found:?}");
    assert!(journal.books().usage.routine_bytes < 12_000);
}

#[test]
fn a_damaged_middle_is_named_and_the_rest_is_read() {
    let disk = FakeDisk::new();
    let (mut journal, _) = open(&disk, Options::default());
    assert_eq!(journal.commit(start_draft(0)).outcome, Outcome::Durable);
    commit_alarms(&mut journal, 1..=10);
    move_about(&mut journal, 0..100);
    let name = Stream::Urgent.file_name(1);
    let text = disk.contents(&name).expect("there");
    let needle = b"r0005";
    let hit = text.windows(needle.len()).position(|window| window == needle).expect("alarm 5 is in the log");
    disk.damage(&name, hit, b"?");
    let name = Stream::Routine.file_name(1);
    let middle = disk.contents(&name).expect("there").len() / 2;
    disk.damage(&name, middle, b"???");

    let (mut journal, reports) = open(&disk, Options::default());
    assert_eq!(reports.len(), 2, "{reports:?}");
    let said: Vec<String> = reports.iter().map(ToString::to_string).collect();
    assert!(said[0].contains("records 7 to 7 are missing"), "{said:?}");
    let handout = records(&disk, &journal.shared_books(), Lane::Alarm, 1, 99);
    let hole = Decision::Skipped { lane: Lane::Alarm, range: Range(5, 5), reason: SkipReason::Damaged };
    assert_eq!(handout.records.iter().find(|(_, decision)| *decision == hole).expect("named").0, 5);
    assert_eq!(handout.records.len(), 10, "the nine others and the hole");
    let found = all_readings(&disk, &journal, 1);
    assert_eq!(found.iter().filter(|found| found.2 == Some(SkipReason::Damaged)).count(), 1, "{found:?}");
    commit_alarms(&mut journal, 11..=11);
}

#[test]
fn a_damaged_snapshot_is_made_good_by_the_segment_before() {
    let disk = FakeDisk::new();
    let (mut journal, _) = open(&disk, small());
    assert_eq!(journal.commit(start_draft(0)).outcome, Outcome::Durable);
    commit_alarms(&mut journal, 1..=20);
    let before = journal.books().ledger.snapshot();
    let newest = *segments(&disk, Stream::Urgent).expect("listed").last().expect("some");
    disk.damage(&Stream::Urgent.file_name(newest), 200, b"???");
    let (journal, reports) = open(&disk, small());
    assert!(matches!(reports.as_slice(), [Report::Missing(_)]), "{reports:?}");
    assert_eq!(journal.books().ledger.snapshot(), before);
}

#[test]
fn a_record_that_rots_after_the_start_is_named_when_it_is_to_be_sent() {
    let disk = FakeDisk::new();
    let (mut journal, _) = open(&disk, Options::default());
    commit_alarms(&mut journal, 1..=3);
    let len = disk.contents(&Stream::Urgent.file_name(1)).expect("there").len();
    disk.damage(&Stream::Urgent.file_name(1), len - 9, b"?");
    let handout = records(&disk, &journal.shared_books(), Lane::Alarm, 1, 99);
    assert_eq!((handout.records.len(), handout.damaged.len()), (3, 0), "what was lately written is still in memory");
    let fresh = FRESH_TURNS_MAX as u64;
    commit_alarms(&mut journal, 4..=3 + fresh);
    let handout = records(&disk, &journal.shared_books(), Lane::Alarm, 1, 99);
    assert_eq!((handout.records.len(), handout.damaged.as_slice()), (2 + FRESH_TURNS_MAX, [3].as_slice()));
}

#[test]
fn a_lost_routine_stream_never_gives_a_number_twice() {
    let disk = FakeDisk::new();
    let (mut journal, _) = open(&disk, small());
    move_about(&mut journal, 0..100);
    for n in 1..=10 {
        assert_eq!(journal.commit(alarm_draft(100_000, n, 1, true)).outcome, Outcome::Durable);
    }
    for segment in segments(&disk, Stream::Routine).expect("listed") {
        disk.remove(&Stream::Routine.file_name(segment)).expect("removed");
    }
    let (mut journal, reports) = open(&disk, small());
    assert_eq!(reports, [Report::RoutineLost]);
    move_about(&mut journal, 200..220);
    let found = all_readings(&disk, &journal, 1);
    assert_eq!((found[0].0, found[0].2), (1, Some(SkipReason::Damaged)), "{found:?}");
    assert!(found.last().expect("some").1 > 100);
}

#[test]
fn a_replay_merges_both_streams_and_skips_what_is_older() {
    let disk = FakeDisk::new();
    let (mut journal, _) = open(&disk, small());
    for second in 0..400_u64 {
        journal.routine(at(second * 1000), sample("d1", Measure::Motion(second % 2 == 0)));
        if second % 10 == 0 {
            let draft = alarm_draft(second * 1000, second, 1, false);
            assert_eq!(journal.commit(draft).outcome, Outcome::Durable);
        }
    }
    journal.finish(at(400_000));
    let files: Arc<dyn Files> = Arc::new(disk.clone());
    let inputs: Vec<_> = replay(&files, Mono(300_000)).expect("opens").collect();
    assert_eq!(inputs.len(), 110);
    assert!(inputs.windows(2).all(|pair| pair[0].0.mono <= pair[1].0.mono));
    let Input::Sample(first) = &inputs[0].1 else { panic!("a sample") };
    assert!(matches!(first.said[0].measure, Measure::Sos(_)), "urgent first at the same time");
    assert_eq!(inputs[1], (at(300_000), Input::Sample(sample("d1", Measure::Motion(true)))));
    let before = disk.tally().bytes_read;
    assert_eq!(replay(&files, Mono(399_000)).expect("opens").count(), 1);
    let all: u64 = [Stream::Urgent, Stream::Routine]
        .iter()
        .flat_map(|stream| segments(&disk, *stream).expect("listed").into_iter().map(|n| stream.file_name(n)))
        .map(|name| disk.contents(&name).expect("there").len() as u64)
        .sum();
    assert!(disk.tally().bytes_read - before < all / 4, "old segments are not read");
}

#[test]
fn a_routine_reading_costs_less_than_two_hundred_bytes_and_a_commit_one_write_and_one_sync() {
    let disk = FakeDisk::new();
    let (mut journal, _) = open(&disk, Options { ballast_bytes: 0, ..Options::default() });
    commit_alarms(&mut journal, 1..=1);
    let before = disk.tally();
    commit_alarms(&mut journal, 2..=2);
    let after = disk.tally();
    assert_eq!((after.appends - before.appends, after.syncs - before.syncs), (1, 1));
    // 500 devices, one reading a minute.
    for n in 0..5_000_u64 {
        journal.routine(at(n * 120), sample(&format!("d{:03}", n % 500), Measure::Motion(n % 2 == 0)));
    }
    journal.finish(at(600_000));
    let bytes = disk.tally().bytes_written - after.bytes_written;
    assert!(bytes / 5_000 <= 200, "{} bytes", bytes / 5_000);
}
