//! The state index deleted, emptied, overwritten, garbled: rebuilt from the log, said, and every alarm there. The check
//! runs in a child process, as in the field, because damage in sled ends the process that meets it.

mod village_log;

use std::fs;
use std::os::unix::fs::FileExt;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use shouwang::store::files::Disk;
use shouwang::store::log::Stream;
use shouwang::store::state::{Checked, Starts, Verdict, Why, check_in_child, open_checked};
use shouwang::store::{Opened, Options, Outcome, Report, Store};
use tempfile::TempDir;
use village_log::{alarm_draft, at, start_draft};

const EXE: &str = env!("CARGO_BIN_EXE_shouwang");
const ALARMS: u64 = 60;
const WORDS: &[u8] = b"the last words of the devices";

fn checked(dir: &Path, boottime_s: u64) -> Checked {
    let starts = Starts::begin(&dir.join("starts"), "made-up-boot", Duration::from_secs(boottime_s));
    let checked = open_checked(Path::new(EXE), &dir.join("state"), &starts, Duration::from_secs(20));
    starts.end().expect("removed");
    checked
}

fn open(dir: &Path) -> Opened {
    let disk = Disk::own(&dir.join("log")).expect("owned");
    let options = Options { ballast_bytes: 0, ..Options::default() };
    Store::open(Arc::new(disk), checked(dir, 1000), options).expect("opens")
}

/// A station with a log and an index.
async fn station() -> TempDir {
    let dir = tempfile::tempdir().expect("a directory");
    let Opened { store, reports, .. } = open(dir.path());
    assert_eq!(reports, [Report::FirstStart]);
    assert_eq!(store.commit(start_draft(0)).await.outcome, Outcome::Durable);
    for n in 1..=ALARMS {
        assert_eq!(store.commit(alarm_draft(n * 1000, n, 1, n % 3 == 0)).await.outcome, Outcome::Durable);
    }
    store.put_words(at(70_000), WORDS.to_vec()).await;
    assert_eq!(store.alarms(1000).await.len() as u64, ALARMS);
    store.close(at(80_000)).await;
    dir
}

/// A station's files, copied, so that each case has its own.
fn copy(from: &Path) -> TempDir {
    fn copy_dir(from: &Path, to: &Path) {
        fs::create_dir_all(to).expect("made");
        for entry in fs::read_dir(from).expect("listed") {
            let entry = entry.expect("entry");
            let target = to.join(entry.file_name());
            if entry.file_type().expect("type").is_dir() {
                copy_dir(&entry.path(), &target);
            } else {
                fs::copy(entry.path(), target).expect("copied");
            }
        }
    }
    let dir = tempfile::tempdir().expect("a directory");
    copy_dir(from, dir.path());
    dir
}

/// Opens the station and asserts that all alarms are there; what the reports say of the index.
async fn all_alarms_are_there(dir: &Path) -> Option<Why> {
    let Opened { store, ledger, reports, .. } = open(dir);
    let mut onsets: Vec<u64> = store.alarms(1000).await.iter().map(|alarm| alarm.id.onset.0 / 1000).collect();
    onsets.reverse();
    assert_eq!(onsets, (1..=ALARMS).collect::<Vec<_>>());
    assert_eq!(ledger.open_alarms().count() as u64, ALARMS / 3);
    store.close(at(90_000)).await;
    let why = reports.iter().find_map(|report| if let Report::Rebuilt { why } = report { Some(*why) } else { None });
    assert_eq!(reports.len(), usize::from(why.is_some()), "{reports:?}");
    why
}

#[tokio::test]
async fn a_sound_index_is_used_as_it_is() {
    let dir = station().await;
    assert_eq!(all_alarms_are_there(dir.path()).await, None);
    let (at_words, words) = open(dir.path()).words.expect("kept");
    assert_eq!((at_words, words.as_slice()), (at(70_000), WORDS));
}

#[tokio::test]
async fn an_index_that_is_deleted_or_emptied_is_rebuilt() {
    let station = station().await;
    let dir = copy(station.path());
    fs::remove_dir_all(dir.path().join("state")).expect("deleted");
    assert_eq!(all_alarms_are_there(dir.path()).await, Some(Why::Missing));

    let dir = copy(station.path());
    for entry in fs::read_dir(dir.path().join("state")).expect("listed") {
        let path = entry.expect("entry").path();
        if path.is_dir() { fs::remove_dir_all(path).expect("emptied") } else { fs::remove_file(path).expect("emptied") }
    }
    assert_eq!(all_alarms_are_there(dir.path()).await, Some(Why::Missing));

    let dir = copy(station.path());
    fs::write(dir.path().join("state/db"), b"").expect("emptied");
    assert!(all_alarms_are_there(dir.path()).await.is_some());
}

#[tokio::test]
async fn one_overwritten_page_anywhere_never_costs_an_alarm() {
    let station = station().await;
    let len = fs::metadata(station.path().join("state/db")).expect("there").len();
    let mut rebuilt = 0;
    for (round, place) in (0..len).step_by(4096).enumerate() {
        let fill = if round % 2 == 0 { 0 } else { 0xA7 };
        let dir = copy(station.path());
        let db = fs::File::options().write(true).open(dir.path().join("state/db")).expect("opens");
        db.write_all_at(&[fill; 4096], place).expect("overwritten");
        let why = all_alarms_are_there(dir.path()).await;
        if why.is_some() {
            rebuilt += 1;
            // What was not well is kept, and the new one is well.
            assert!(dir.path().join("state.bad-1").is_dir(), "page at {place}");
            assert_eq!(all_alarms_are_there(dir.path()).await, None, "page at {place}");
        }
    }
    assert!(rebuilt > 20, "what was written over since may go unseen; most must not: {rebuilt}");
}

#[tokio::test]
async fn an_index_of_another_log_is_rebuilt() {
    let (mine, other) = (station().await, tempfile::tempdir().expect("a directory"));
    let Opened { store, .. } = open(other.path());
    for n in 1..=99 {
        let _ = store.commit(alarm_draft(n * 1000, n + 500, 1, true)).await;
    }
    assert_eq!(store.alarms(1000).await.len(), 99);
    store.close(at(1)).await;
    fs::remove_dir_all(mine.path().join("state")).expect("deleted");
    fs::rename(other.path().join("state"), mine.path().join("state")).expect("exchanged");
    assert_eq!(all_alarms_are_there(mine.path()).await, Some(Why::NotOfThisLog));
}

#[tokio::test]
async fn a_log_that_was_put_back_or_has_lost_its_end_is_found_out_by_the_index_and_ends_the_sequence() {
    let (station, name) = (station().await, Stream::Urgent.file_name(1));
    let before = copy(station.path());
    let Opened { store, .. } = open(station.path());
    for n in 1..=9 {
        let _ = store.commit(alarm_draft(100_000 + n, 500 + n, 1, true)).await;
    }
    store.close(at(200_000)).await;
    drop(store);
    let cut = copy(station.path());
    let file = fs::File::options().write(true).open(cut.path().join("log").join(&name)).expect("opened");
    let whole = fs::read(before.path().join("log").join(&name)).expect("read").len();
    file.set_len(whole as u64).expect("cut at the end of a record");
    fs::copy(before.path().join("log").join(&name), station.path().join("log").join(&name)).expect("put back");
    for place in [station.path(), cut.path()] {
        let reports = open(place).reports;
        assert_eq!(reports, [Report::Rebuilt { why: Why::NotOfThisLog }]);
        assert!(reports[0].breaks_the_sequence(), "numbers that the county knows are not given again");
    }
}

#[tokio::test]
async fn after_the_third_unclean_start_the_index_is_put_aside_without_a_look() {
    let dir = station().await;
    for boottime_s in [10, 20] {
        let starts = Starts::begin(&dir.path().join("starts"), "made-up-boot", Duration::from_secs(boottime_s));
        assert!(!starts.too_many());
    }
    let third = checked(dir.path(), 30);
    assert_eq!(third.aside, Some(Why::UncleanStarts));
    assert!(dir.path().join("state.bad-1").is_dir());
    drop(third);
    assert_eq!(all_alarms_are_there(dir.path()).await, Some(Why::Missing));
}

#[tokio::test]
async fn an_index_that_lags_behind_the_log_catches_up() {
    let station = station().await;
    let behind = copy(station.path());
    let Opened { store, .. } = open(station.path());
    for n in 1..=ALARMS {
        let _ = store.commit(alarm_draft(100_000 + n, n, 2, n % 3 == 0)).await;
    }
    store.close(at(200_000)).await;
    let name = Stream::Urgent.file_name(1);
    fs::copy(station.path().join("log").join(&name), behind.path().join("log").join(&name)).expect("copied");
    assert_eq!(all_alarms_are_there(behind.path()).await, None);
    let history = open(behind.path()).store.alarms(1000).await;
    assert!(history.iter().all(|alarm| alarm.rev == 2));
}

#[test]
fn a_child_that_does_not_answer_is_ended() {
    let dir = tempfile::tempdir().expect("a directory");
    let verdict = check_in_child(Path::new("/usr/bin/yes"), dir.path(), Duration::from_millis(50));
    assert_eq!(verdict, Verdict::Bad(Why::TimedOut));
    assert_eq!(check_in_child(Path::new(EXE), &dir.path().join("none"), Duration::from_secs(5)), Verdict::Well);
}
