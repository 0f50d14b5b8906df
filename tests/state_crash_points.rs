//! The power goes while the state index is written: any mix of old and new sectors of sled's file, with the old mark or the new one, with
//! and without the end of the log. The program's own check in a child decides, the log rebuilds, and every alarm is there.

mod village_log;

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use shouwang::core::alarm::AlarmId;
use shouwang::store::files::Files;
use shouwang::store::files::fake::{FakeDisk, SECTOR_BYTES};
use shouwang::store::state::{Index as _, SledIndex, Starts, Why, follow, open_checked};
use shouwang::store::{Journal, Opened, Options, Outcome, Report, Store};
use village_log::hour::options;
use village_log::{alarm_draft, at, open, start_draft};

const EXE: &str = env!("CARGO_BIN_EXE_shouwang");

/// Alarms of a script, one a minute; every cut is a child process or two.
fn alarms() -> u64 {
    if std::env::var_os("SHOUWANG_LONG").is_some() { 96 } else { 24 }
}

/// The index is made durable behind so many alarms.
const DURABLE_EVERY: u64 = 3;

/// So many parts at risk are tried in all their combinations; of more, each alone, each missing, every beginning and every end.
const EXHAUSTIVE_PARTS: usize = 4;

/// The files of a folder by their names.
type Image = BTreeMap<PathBuf, Vec<u8>>;

/// What must be in the history: every alarm's newest revision.
type Known = BTreeMap<AlarmId, u32>;

/// A step of the index: what its folder and the log held, and what was acknowledged.
struct Step {
    image: Image,
    log: FakeDisk,
    /// The log without its newest turn.
    log_before: FakeDisk,
    known: Known,
    known_before: Known,
    is_durable: bool,
}

fn image(dir: &Path) -> Image {
    fn walk(root: &Path, dir: &Path, into: &mut Image) {
        for entry in fs::read_dir(dir).into_iter().flatten() {
            let path = entry.expect("entry").path();
            if path.is_dir() {
                walk(root, &path, into);
            } else {
                let name = path.strip_prefix(root).expect("below it").to_owned();
                into.insert(name, fs::read(&path).expect("read"));
            }
        }
    }
    let mut files = Image::new();
    walk(dir, dir, &mut files);
    files
}

fn put_down(image: &Image, dir: &Path) {
    for (name, bytes) in image {
        let path = dir.join(name);
        fs::create_dir_all(path.parent().expect("below the folder")).expect("made");
        fs::write(path, bytes).expect("written");
    }
}

fn known(journal: &Journal, so_far: &Known) -> Known {
    let snapshot = journal.books().ledger.snapshot();
    let mut known = so_far.clone();
    known.extend(snapshot.open.iter().chain(&snapshot.closed).map(|alarm| (alarm.id, alarm.rev)));
    known
}

/// Alarms that come and are closed, and an index that follows: what stood on the disks after every step.
fn script(options: Options) -> Vec<Step> {
    let (disk, dir) = (FakeDisk::new(), tempfile::tempdir().expect("a directory"));
    let (mut journal, _) = open(&disk, options);
    let files: Arc<dyn Files> = Arc::new(disk.clone());
    let mut index = SledIndex::open(dir.path()).expect("opens");
    let indexed = journal.indexed();
    indexed.store(0, Ordering::Release);
    let (mut steps, mut so_far): (Vec<Step>, Known) = (Vec::new(), Known::new());
    let mut log_before = disk.copy();
    assert_eq!(journal.commit(start_draft(0)).outcome, Outcome::Durable);
    for n in 1..=alarms() {
        let known_before = so_far.clone();
        let drafts = [(n, 1, true)].into_iter().chain((n > 2).then(|| (n - 2, 2, false)));
        for (alarm, rev, is_open) in drafts {
            log_before = disk.copy();
            let draft = alarm_draft(n * 60_000 + u64::from(rev), alarm, rev, is_open);
            assert_eq!(journal.commit(draft).outcome, Outcome::Durable);
        }
        so_far = known(&journal, &so_far);
        follow::catch_up(&files, &mut index).expect("follows");
        let is_durable = n % DURABLE_EVERY == 0;
        if is_durable {
            index.put_words(at(n * 60_000), format!("the words of minute {n}").as_bytes()).expect("kept");
            index.make_durable().expect("durable");
            indexed.store(index.applied().map_or(0, |applied| applied.at.segment), Ordering::Release);
        }
        let (image, known) = (image(dir.path()), so_far.clone());
        let log_before = log_before.copy();
        steps.push(Step { image, log: disk.copy(), log_before, known, known_before, is_durable });
    }
    steps
}

/// The sectors in which two contents of a file differ, as numbers.
fn differing(old: &[u8], new: &[u8]) -> Vec<usize> {
    let sector = |bytes: &[u8], index: usize| {
        let from = (index * SECTOR_BYTES).min(bytes.len());
        bytes[from..(from + SECTOR_BYTES).min(bytes.len())].to_vec()
    };
    let sectors = old.len().max(new.len()).div_ceil(SECTOR_BYTES);
    (0..sectors).filter(|index| sector(old, *index) != sector(new, *index)).collect()
}

/// Which of those sectors had reached the card.
fn choices(sectors: &[usize]) -> BTreeSet<Vec<usize>> {
    let of = |is_kept: &dyn Fn(usize) -> bool| {
        let kept = sectors.iter().enumerate().filter(|(place, _)| is_kept(*place));
        kept.map(|(_, sector)| *sector).collect::<Vec<_>>()
    };
    if sectors.len() <= EXHAUSTIVE_PARTS {
        return (0..1_usize << sectors.len()).map(|subset| of(&|place| subset >> place & 1 == 1)).collect();
    }
    // A long write is taken in so many places that its beginning, its middle and its end are among them.
    let stride = sectors.len().div_ceil(8);
    let mut choices = BTreeSet::from([of(&|_| true), of(&|_| false), of(&|place| place % 2 == 0)]);
    for one in (0..sectors.len()).step_by(stride).chain([sectors.len() - 1]) {
        choices.insert(of(&|place| place == one));
        choices.insert(of(&|place| place != one));
        choices.insert(of(&|place| place < one));
        choices.insert(of(&|place| place >= one));
    }
    choices
}

/// A file of which these sectors are new and all others old; behind the old end, what did not come is empty.
fn mixed(old: &[u8], new: &[u8], came: &[usize]) -> Vec<u8> {
    let mut bytes = old.to_vec();
    for sector in came {
        let (from, to) = (sector * SECTOR_BYTES, ((sector + 1) * SECTOR_BYTES).min(new.len()));
        bytes.resize(bytes.len().max(to), 0);
        if from < to {
            bytes[from..to].copy_from_slice(&new[from..to]);
        }
    }
    bytes
}

/// What a cut left of the index.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
struct Count {
    cuts: usize,
    rebuilt: usize,
}

/// Opens what a cut has left. Every alarm that is known is there, and the second start finds nothing to say.
async fn examine(
    left: &Image,
    log: &FakeDisk,
    known: &Known,
    is_whole: bool,
    place: &str,
    count: &mut Count,
) -> Option<Why> {
    let dir = tempfile::tempdir().expect("a directory");
    let state = dir.path().join("state");
    put_down(left, &state);
    let disk = log.copy();
    disk.cut_power();
    let (first, why) = start(&disk, dir.path(), place).await;
    let required = known.iter().filter(|_| is_whole || why.is_none());
    for (id, rev) in required {
        let found = first.get(id);
        assert!(found.is_some_and(|found| found >= rev), "{place}: {id} rev {rev} is missing: {found:?} {why:?}");
    }
    if why.is_some() {
        let (second, again) = start(&disk, dir.path(), place).await;
        assert_eq!((again, &second), (None, &first), "{place}: what was rebuilt is well");
    }
    count.cuts += 1;
    count.rebuilt += usize::from(why.is_some());
    why
}

/// One start of the store: its history, and why its index was rebuilt.
async fn start(disk: &FakeDisk, dir: &Path, place: &str) -> (Known, Option<Why>) {
    let starts = Starts::begin(&dir.join("starts"), "made-up-boot", Duration::from_secs(1_000));
    let checked = open_checked(Path::new(EXE), &dir.join("state"), &starts, Duration::from_secs(60));
    starts.end().expect("removed");
    let Opened { store, reports, ledger, .. } = Store::open(Arc::new(disk.clone()), checked, options()).expect("opens");
    let history: Known = store.alarms(1_000).await.iter().map(|alarm| (alarm.id, alarm.rev)).collect();
    for alarm in ledger.open_alarms() {
        assert!(history.get(&alarm.id).is_some_and(|rev| *rev >= alarm.rev), "{place}: {} is open", alarm.id);
    }
    store.close(at(10_000_000)).await;
    let why = reports.iter().find_map(|report| if let Report::Rebuilt { why } = report { Some(*why) } else { None });
    let others: Vec<_> = reports.iter().filter(|report| !matches!(report, Report::Rebuilt { .. })).collect();
    assert!(others.iter().all(|report| matches!(report, Report::Torn(_) | Report::FirstStart)), "{place}: {others:?}");
    (history, why)
}

/// Cuts the power between two durable states of the index, with every choice of sectors and of marks.
async fn cut_between(old: &Image, step: &Step, is_whole: bool, place: &str) -> Count {
    let (db, mark) = (PathBuf::from("db"), PathBuf::from("mark.json"));
    let (before, after) = (&old[&db], &step.image[&db]);
    let mut count = Count::default();
    for came in choices(&differing(before, after)) {
        let mut left = old.clone();
        left.insert(db.clone(), mixed(before, after, &came));
        let place = format!("{place}, {} sectors had come: {came:?}", came.len());
        let _ = examine(&left, &step.log, &step.known, is_whole, &place, &mut count).await;
    }
    // Behind the sync of sled's file: a mark half written, not renamed, renamed; with and without sled's other files.
    let marks = [(None, old.get(&mark)), (Some(5), old.get(&mark)), (None, step.image.get(&mark))];
    for (half, renamed) in marks {
        let mut left = step.image.clone();
        left.remove(&mark);
        left.extend(renamed.map(|bytes| (mark.clone(), bytes.clone())));
        if let (Some(half), Some(new)) = (half, step.image.get(&mark)) {
            left.insert(PathBuf::from("mark.new"), new[..half].to_vec());
        }
        let why =
            examine(&left, &step.log, &step.known, is_whole, &format!("{place}, mark {half:?}"), &mut count).await;
        assert_eq!(why, None, "{place}: what is durable is used as it is");
    }
    if !step.is_durable {
        return count;
    }
    // The index had read a turn that the log's own sync had not made durable: the log wins, and says why.
    let place = format!("{place}, the log without its newest turn");
    let why = examine(&step.image, &step.log_before, &step.known_before, is_whole, &place, &mut count).await;
    assert_eq!(why, Some(Why::NotOfThisLog), "{place}");
    count
}

async fn cut_everywhere(options: Options, is_whole: bool) -> Count {
    let steps = script(options);
    let mut old: Option<&Image> = None;
    let mut sum = Count::default();
    for (number, step) in steps.iter().enumerate() {
        if let Some(old) = old {
            let count = cut_between(old, step, is_whole, &format!("behind step {number}")).await;
            sum = Count { cuts: sum.cuts + count.cuts, rebuilt: sum.rebuilt + count.rebuilt };
        }
        if step.is_durable {
            old = Some(&step.image);
        }
    }
    sum
}

#[tokio::test]
async fn the_power_goes_while_the_index_is_written_and_every_alarm_is_there() {
    let Count { cuts, rebuilt } = cut_everywhere(Options { ballast_bytes: 0, ..Options::default() }, true).await;
    println!("{cuts} power cuts in the writing of the index, {rebuilt} of them with a rebuild: violations 0");
    assert!(cuts > 60, "{cuts}");
}

#[tokio::test]
async fn a_segment_goes_only_when_the_durable_index_holds_it_whatever_the_power_does() {
    let mut options = options();
    options.urgent.segment_bytes = 4_000;
    options.urgent.bytes_max = 24_000;
    let Count { cuts, rebuilt } = cut_everywhere(options, false).await;
    println!(
        "{cuts} power cuts in the writing of an index of a log that retires segments, {rebuilt} with a rebuild: violations 0"
    );
    assert!(cuts > 60, "{cuts}");
}

/// The folder of an index as its making goes on: every beginning of its first durable state.
#[tokio::test]
async fn the_power_goes_while_the_index_is_made() {
    let steps = script(Options { ballast_bytes: 0, ..Options::default() });
    let step = steps.iter().find(|step| step.is_durable).expect("there");
    let names: Vec<PathBuf> = step.image.keys().cloned().collect();
    let mut count = Count::default();
    for came in 0..1_usize << names.len().min(4) {
        let mut left = step.image.clone();
        for (place, name) in names.iter().enumerate().filter(|(place, _)| came >> place & 1 == 0) {
            // Either the name did not come, or its bytes did not.
            if place % 2 == 0 {
                left.remove(name)
            } else {
                left.insert(name.clone(), Vec::new())
            };
        }
        let place = format!("of {names:?} the set {came:#b} had come");
        let _ = examine(&left, &step.log, &step.known, true, &place, &mut count).await;
    }
    let db = step.image[Path::new("db")].clone();
    for len in [1, 511, 512, 4_096, 65_536, db.len() / 2, db.len() - 1].into_iter().filter(|len| *len < db.len()) {
        let mut left = step.image.clone();
        left.insert(PathBuf::from("db"), db[..len].to_vec());
        let _ = examine(&left, &step.log, &step.known, true, &format!("{len} bytes of db"), &mut count).await;
    }
    println!("{} power cuts in the making of the index, {} with a rebuild: violations 0", count.cuts, count.rebuilt);
}

#[test]
fn a_half_written_count_of_starts_never_stops_a_start() {
    let dir = tempfile::tempdir().expect("a directory");
    let file = dir.path().join("starts");
    let begin = |seconds| Starts::begin(&file, "made-up-boot", Duration::from_secs(seconds));
    let _ = (begin(10), begin(20));
    let whole = fs::read(&file).expect("there");
    for len in 0..=whole.len() {
        fs::write(&file, &whole[..len]).expect("cut");
        let third = begin(30);
        // A line that was cut within its number still names an earlier start.
        assert!(third.too_many() || len < whole.len() - 1, "{len} of {} bytes", whole.len());
    }
}
