//! The state index on a card that is full: it fails without a panic, which would end the process, the history goes on in memory, a start
//! on the full card has every alarm, and a start with room has its index again.

mod support;
mod village_log;

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use shouwang::store::files::Disk;
use shouwang::store::state::{Starts, open_checked};
use shouwang::store::{Opened, Options, Outcome, Report, Store};
use support::card::{Card, can_mount};
use village_log::{alarm_draft, at, start_draft};

const EXE: &str = env!("CARGO_BIN_EXE_shouwang");

/// Last words of so many bytes are larger than what sled may still have room for in its file.
const WORDS_BYTES: usize = 60_000;

static PANICS: AtomicUsize = AtomicUsize::new(0);

fn open(data: &Path) -> (Store, Vec<Report>) {
    let disk = Disk::own(&data.join("log")).expect("owned");
    let starts = Starts::begin(&data.join("starts"), "made-up-boot", Duration::from_secs(1_000));
    let checked = open_checked(Path::new(EXE), &data.join("state"), &starts, Duration::from_secs(60));
    let _ = starts.end();
    let options = Options { ballast_bytes: 0, ..Options::default() };
    let Opened { store, reports, .. } = Store::open(Arc::new(disk), checked, options).expect("opens");
    (store, reports)
}

async fn onsets(store: &Store) -> Vec<u64> {
    store.alarms(1_000).await.iter().rev().map(|alarm| alarm.id.onset.0 / 1_000).collect()
}

#[tokio::test]
async fn an_index_on_a_full_card_ends_nothing_and_is_there_again_with_room() {
    if !can_mount() {
        return;
    }
    let dir = tempfile::tempdir().expect("a directory");
    let data = dir.path().join("data");
    let card = Card::insert(&dir.path().join("card.img"), &data, 48);
    std::panic::set_hook(Box::new(|panic| {
        eprintln!("{panic}");
        PANICS.fetch_add(1, Ordering::Relaxed);
    }));
    let (store, reports) = open(&data);
    assert_eq!(reports, [Report::FirstStart]);
    assert_eq!(store.commit(start_draft(0)).await.outcome, Outcome::Durable);
    for n in 1..=30 {
        assert_eq!(store.commit(alarm_draft(n * 1_000, n, 1, true)).await.outcome, Outcome::Durable);
    }
    store.put_words(at(40_000), vec![b'w'; 100]).await;

    card.fill();
    let mut rounds = 0_u8;
    while !store.usage().index_failed {
        rounds += 1;
        assert!(rounds < 200, "sled finds room on a full card");
        let words = (0..WORDS_BYTES).map(|at| u8::try_from((at * 7 + usize::from(rounds)) % 251).expect("small"));
        store.put_words(at(41_000), words.collect()).await;
    }
    println!("the index fails after {rounds} writes of {WORDS_BYTES} bytes to a full card");
    // Whatever of these the card still takes, the station knows them, and the history has what the log has.
    let known = store.commit(alarm_draft(50_000, 50, 1, true)).await.outcome;
    let whole: Vec<u64> = (1..=30).collect();
    assert_eq!(onsets(&store).await.iter().copied().filter(|n| *n <= 30).collect::<Vec<_>>(), whole);
    store.close(at(60_000)).await;
    drop(store);

    let (store, reports) = open(&data);
    println!("a start on the full card: {reports:?}");
    let mut there = onsets(&store).await;
    there.retain(|n| *n <= 30);
    assert_eq!(there, whole, "a start on the full card has every alarm");
    store.close(at(70_000)).await;
    drop(store);

    card.empty();
    let (store, reports) = open(&data);
    println!("a start with room again: {reports:?}");
    let wanted = if known == Outcome::Durable { 31 } else { 30 };
    assert!(onsets(&store).await.len() >= wanted);
    assert!(!store.usage().index_failed);
    store.put_words(at(80_000), b"the last words".to_vec()).await;
    store.close(at(80_000)).await;
    drop(store);
    let (store, reports) = open(&data);
    assert_eq!(reports, [], "and the index is well");
    assert_eq!(onsets(&store).await.iter().filter(|n| **n <= 30).count(), 30);
    store.close(at(90_000)).await;
    assert_eq!(PANICS.load(Ordering::Relaxed), 0, "a panic would have ended the process");
}
