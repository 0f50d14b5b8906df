//! The store as the daemon sees it: answers in time from a disk that hangs, and one truth afterwards.

mod support;
mod village_log;

use std::sync::Arc;
use std::time::Duration;

use shouwang::core::reading::Measure;
use shouwang::core::sequence::{Lane, Range, SkipReason};
use shouwang::core::time::Mono;
use shouwang::limits::FRESH_TURNS_MAX;
use shouwang::store::files::fake::FakeDisk;
use shouwang::store::log::{Stream, verify::verify};
use shouwang::store::record::Decision;
use shouwang::store::state::{Checked, MemoryIndex};
use shouwang::store::{Degraded, Opened, Options, Outcome, Readings, Store, replay};
use support::until;
use village_log::{alarm_draft, at, receipt_draft, sample, small, start_draft};

fn open(disk: &FakeDisk, options: Options) -> Opened {
    Store::open(Arc::new(disk.clone()), Checked::from(MemoryIndex::default()), options).expect("opens")
}

async fn numbers(store: &Store) -> Vec<u64> {
    store.alarm_records(Lane::Alarm, 1, 1000).await.into_iter().map(|(seq, _)| seq).collect()
}

#[tokio::test]
async fn a_turn_is_durable_numbered_and_found_again() {
    let disk = FakeDisk::new();
    let Opened { store, ledger, words, .. } = open(&disk, small());
    assert_eq!((ledger.epoch(), words), (None, None));
    assert_eq!(store.commit(start_draft(0)).await.outcome, Outcome::Durable);
    for n in 1..=12 {
        let committed = store.commit(alarm_draft(n * 1000, n, 1, true)).await;
        assert_eq!((committed.outcome, committed.lanes[&Lane::Alarm].head), (Outcome::Durable, n));
    }
    assert_eq!(store.commit(receipt_draft(20_000, Lane::Alarm, 1, 4)).await.lanes[&Lane::Alarm].receipted, 4);
    assert_eq!(numbers(&store).await, (5..=12).collect::<Vec<_>>());
    let history = store.alarms(5).await;
    assert_eq!(history.iter().map(|alarm| alarm.id.onset.0 / 1000).collect::<Vec<_>>(), [12, 11, 10, 9, 8]);
    store.close(at(21_000)).await;
    disk.cut_power();
    let Opened { store, ledger, .. } = open(&disk, small());
    assert_eq!(ledger.open_alarms().count(), 12);
    assert_eq!(numbers(&store).await, (5..=12).collect::<Vec<_>>());
    assert_eq!(store.alarms(100).await.len(), 12, "the history was rebuilt from the log");
}

#[tokio::test]
async fn a_disk_that_hangs_degrades_at_the_deadline_and_is_reconciled_later() {
    let disk = FakeDisk::new();
    let options = Options { commit_deadline: Duration::from_millis(30), ..small() };
    let Opened { store, .. } = open(&disk, options);
    // The first commits may themselves be slow on a busy machine: only what hangs is judged by the short deadline.
    let _ = store.commit(start_draft(0)).await;
    let _ = store.commit(alarm_draft(1000, 1, 1, true)).await;
    until("the disk is well again", || store.trouble().is_none()).await;
    disk.hang();
    for n in 2..=4 {
        let committed = store.commit(alarm_draft(n * 1000, n, 1, true)).await;
        assert_eq!(committed.outcome, Outcome::Degraded(Degraded::Slow));
        assert!(matches!(&committed.decisions[0], Decision::Alarm { seq, alarm } if *seq == n && !alarm.durable));
    }
    assert_eq!(store.trouble(), Some(Degraded::Slow));
    assert_eq!(numbers(&store).await, [1, 2, 3, 4], "the relay has them all the same");
    // A receipt that overtakes the log.
    let _ = store.commit(receipt_draft(5000, Lane::Alarm, 2, 2)).await;
    assert_eq!(numbers(&store).await, [1, 3, 4]);
    disk.release();
    until("the disk is well again", || store.trouble().is_none()).await;
    assert_eq!(numbers(&store).await, [1, 3, 4]);
    store.close(at(9000)).await;
    disk.cut_power();
    let Opened { store, ledger, .. } = open(&disk, small());
    assert_eq!(numbers(&store).await, [1, 3, 4]);
    assert_eq!(ledger.lanes()[&Lane::Alarm].head, 4);
    assert_eq!(replay(&store.files(), Mono(0)).expect("opens").count(), 4, "every press once");
    assert!(verify(store.files(), Stream::Urgent).expect("read").is_whole());
}

#[tokio::test]
async fn a_disk_known_to_hang_is_not_waited_for_again() {
    let disk = FakeDisk::new();
    let Opened { store, .. } = open(&disk, Options { commit_deadline: Duration::from_secs(2), ..small() });
    let _ = store.commit(start_draft(0)).await;
    disk.hang();
    let _ = store.commit(alarm_draft(1000, 1, 1, true)).await;
    let begun = tokio::time::Instant::now();
    for n in 2..=4 {
        let committed = store.commit(alarm_draft(n * 1000, n, 1, true)).await;
        assert_eq!(committed.outcome, Outcome::Degraded(Degraded::Slow));
    }
    assert!(begun.elapsed() < Duration::from_secs(2), "three presses, and people are told at once of each");
    disk.release();
    until("the disk is well again", || store.trouble().is_none()).await;
    assert_eq!(store.commit(alarm_draft(9000, 9, 1, true)).await.outcome, Outcome::Durable);
}

#[tokio::test]
async fn readings_are_a_cursor_over_what_is_on_the_disk() {
    let disk = FakeDisk::new();
    let Opened { store, .. } = open(&disk, small());
    let _ = store.commit(start_draft(0)).await;
    for second in 0..100 {
        store.routine(at(second * 1000), sample("d1", Measure::Motion(true)));
    }
    // A tick that finds the log's thread busy is left out, and the next one comes.
    until("the readings are in the log", || {
        store.tick(at(200_000));
        store.lanes()[&Lane::Reading].head == 100
    })
    .await;
    let (mut from, mut batches) = (1, 0);
    while let Readings::Batch { seq, samples, .. } = store.readings(from, 500).await {
        assert_eq!(seq, from);
        from += samples.len() as u64;
        batches += 1;
    }
    assert!(from == 101 && batches > 10, "{from} {batches}");
    assert_eq!(store.commit(receipt_draft(200_000, Lane::Reading, 1, 60)).await.lanes[&Lane::Reading].receipted, 60);
    assert!(matches!(store.readings(61, 1).await, Readings::Batch { seq: 61, .. }), "at least one");
}

#[tokio::test]
async fn a_record_that_rots_becomes_a_hole() {
    let disk = FakeDisk::new();
    let Opened { store, .. } = open(&disk, Options { ballast_bytes: 0, ..Options::default() });
    for n in 1..=3 {
        let _ = store.commit(alarm_draft(n * 1000, n, 1, true)).await;
    }
    let name = Stream::Urgent.file_name(1);
    let len = disk.contents(&name).expect("there").len();
    disk.damage(&name, len - 9, b"?");
    assert_eq!(numbers(&store).await, [1, 2, 3], "what was lately written is still in memory");
    let fresh = FRESH_TURNS_MAX as u64;
    for n in 4..=3 + fresh {
        let _ = store.commit(alarm_draft(n * 1000, n, 1, true)).await;
    }
    assert_eq!(numbers(&store).await, (1..=3 + fresh).filter(|n| *n != 3).collect::<Vec<_>>());
    let records = store.alarm_records(Lane::Alarm, 3, 1).await;
    let hole = Decision::Skipped { lane: Lane::Alarm, range: Range(3, 3), reason: SkipReason::Damaged };
    assert_eq!(records, [(3, hole)]);
}

#[tokio::test]
async fn many_at_once_share_one_sync() {
    let disk = FakeDisk::new();
    let Opened { store, .. } = open(&disk, Options { ballast_bytes: 0, ..Options::default() });
    let _ = store.commit(start_draft(0)).await;
    let before = disk.tally().syncs;
    disk.hang();
    let waiting: Vec<_> = (1..=50)
        .map(|n| {
            let store = store.clone();
            tokio::spawn(async move { store.commit(alarm_draft(n * 1000, n, 1, true)).await.outcome })
        })
        .collect();
    until("the alarms are in the log", || store.lanes()[&Lane::Alarm].head == 50).await;
    disk.release();
    for outcome in waiting {
        assert_eq!(outcome.await.expect("ends"), Outcome::Durable);
    }
    assert!(disk.tally().syncs - before <= 3, "one for the first, one for all others");
    store.put_words(at(1), b"last words".to_vec()).await;
    store.close(at(60_000)).await;
}
