//! What a day of 500 devices costs a card: bytes and syncs of the log as they are handed to the disk, the same in whole pages, and what the
//! state index writes. `cargo test --test wear -- --nocapture`, or `just wear`.

mod village_log;

use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use shouwang::core::reading::{Measure, Quantity};
use shouwang::core::sequence::Lane;
use shouwang::store::files::{FakeDisk, Files, Handle};
use shouwang::store::state::{Index as _, SledIndex, follow};
use shouwang::store::{Journal, Options, Outcome};
use village_log::{alarm_draft, at, receipt_draft, sample, start_draft};

/// Devices of a large village.
const DEVICES: u64 = 500;

/// Every device says something every so many seconds. judgement: a home's sensors say something every two minutes on average: motion and
/// doors by day, a temperature and a battery in between; the house's routine figure.
const RHYTHM_S: u64 = 120;

/// Alarms a day, each with four records and their receipts. judgement: a village of 60 homes has fewer.
const ALARMS: u64 = 40;

/// A day, or an hour of it where the whole is not asked for.
fn seconds() -> u64 {
    if std::env::var_os("SHOUWANG_LONG").is_some() { 86_400 } else { 7_200 }
}

/// What a card is written in. Source: ext4's block, and the page of the cache.
const PAGE_BYTES: u64 = 4_096;

/// How often the devices' last words are written whole, and the index is made durable. Source: `WORDS_EVERY`, `INDEX_FLUSH`.
const WORDS_EVERY_S: u64 = 300;
const FLUSH_EVERY_S: u64 = 60;

/// What the disk was handed.
#[derive(Debug, Default)]
struct Worn {
    bytes: AtomicU64,
    /// Pages that were dirty at a sync, each as a whole.
    pages: AtomicU64,
    syncs: AtomicU64,
    directory_syncs: AtomicU64,
}

#[derive(Debug)]
struct Counting(FakeDisk, Arc<Worn>);

struct CountingHandle {
    inner: Box<dyn Handle>,
    worn: Arc<Worn>,
    /// From where on it is dirty.
    dirty: Option<u64>,
}

impl Counting {
    fn count(&self, inner: Box<dyn Handle>) -> Box<dyn Handle> {
        Box::new(CountingHandle { inner, worn: Arc::clone(&self.1), dirty: None })
    }
}

impl Files for Counting {
    fn list(&self) -> io::Result<Vec<String>> {
        self.0.list()
    }
    fn create(&self, name: &str) -> io::Result<Box<dyn Handle>> {
        self.0.create(name).map(|handle| self.count(handle))
    }
    fn open(&self, name: &str) -> io::Result<Box<dyn Handle>> {
        self.0.open(name)
    }
    fn open_append(&self, name: &str) -> io::Result<Box<dyn Handle>> {
        self.0.open_append(name).map(|handle| self.count(handle))
    }
    fn rename(&self, from: &str, to: &str) -> io::Result<()> {
        self.0.rename(from, to)
    }
    fn remove(&self, name: &str) -> io::Result<()> {
        self.0.remove(name)
    }
    fn sync_dir(&self) -> io::Result<()> {
        self.1.directory_syncs.fetch_add(1, Ordering::Relaxed);
        self.0.sync_dir()
    }
    fn free_bytes(&self) -> io::Result<u64> {
        self.0.free_bytes()
    }
}

impl Handle for CountingHandle {
    fn len(&self) -> io::Result<u64> {
        self.inner.len()
    }
    fn append(&mut self, bytes: &[u8]) -> io::Result<()> {
        let from = self.inner.len()?;
        self.dirty.get_or_insert(from);
        self.worn.bytes.fetch_add(bytes.len() as u64, Ordering::Relaxed);
        self.inner.append(bytes)
    }
    fn read_at(&self, offset: u64, into: &mut [u8]) -> io::Result<usize> {
        self.inner.read_at(offset, into)
    }
    fn truncate(&mut self, len: u64) -> io::Result<()> {
        self.inner.truncate(len)
    }
    fn sync_data(&mut self) -> io::Result<()> {
        if let Some(from) = self.dirty.take() {
            let pages = self.inner.len()?.div_ceil(PAGE_BYTES) - from / PAGE_BYTES;
            self.worn.pages.fetch_add(pages, Ordering::Relaxed);
        }
        self.worn.syncs.fetch_add(1, Ordering::Relaxed);
        self.inner.sync_data()
    }
}

/// Bytes that this process has handed to the kernel with calls that write.
fn written_by_process() -> u64 {
    let text = std::fs::read_to_string("/proc/self/io").unwrap_or_default();
    let line = text.lines().find(|line| line.starts_with("wchar:")).unwrap_or_default();
    line.split_whitespace().nth(1).and_then(|figure| figure.parse().ok()).unwrap_or(0)
}

#[test]
fn a_day_of_500_devices_is_printed_and_is_within_what_a_card_bears() {
    let (worn, seconds) = (Arc::<Worn>::default(), seconds());
    let files: Arc<dyn Files> = Arc::new(Counting(FakeDisk::new(), Arc::clone(&worn)));
    let (mut journal, _) =
        Journal::open(Arc::clone(&files), Options { ballast_bytes: 0, ..Options::default() }).expect("opens");
    let dir = tempfile::tempdir().expect("a directory");
    let mut index = SledIndex::open(dir.path()).expect("opens");
    let mut index_bytes = 0;
    let temperature = |n: u64| {
        let tenths = f64::from(u32::try_from(n % 100).expect("small"));
        Measure::number(Quantity::AmbientTemp, 15.0 + tenths / 10.0).expect("plausible")
    };
    assert_eq!(journal.commit(start_draft(0)).outcome, Outcome::Durable);
    let (mut readings, mut alarms) = (0_u64, 0_u64);
    let words = vec![b'w'; 50_000];
    for second in 1..=seconds {
        for device in (0..DEVICES).filter(|device| (second + device).is_multiple_of(RHYTHM_S)) {
            let measure = if device % 3 == 0 { Measure::Motion(second % 2 == 0) } else { temperature(second + device) };
            journal.routine(at(second * 1_000 + device), sample(&format!("d{device:04}"), measure));
            readings += 1;
        }
        if second.is_multiple_of(86_400 / ALARMS) {
            alarms += 1;
            for rev in 1..=4 {
                let _ = journal.commit(alarm_draft(second * 1_000, alarms, rev, rev < 4));
            }
            let _ = journal.commit(receipt_draft(second * 1_000, Lane::Alarm, alarms * 4 - 3, alarms * 4));
        }
        // The county receipts readings by the batch, gathered for half a minute.
        if second.is_multiple_of(30) {
            let head = journal.books().ledger.lanes()[&Lane::Reading].head;
            let _ = journal.commit(receipt_draft(second * 1_000, Lane::Reading, 1, head));
        }
        journal.tick(at(second * 1_000));
        if second.is_multiple_of(FLUSH_EVERY_S) {
            let before = written_by_process();
            follow::catch_up(&files, &mut index).expect("follows");
            if second.is_multiple_of(WORDS_EVERY_S) {
                index.put_words(at(second * 1_000), &words).expect("kept");
            }
            index.make_durable().expect("durable");
            index_bytes += written_by_process() - before;
        }
    }
    let of_day = |figure: u64| figure * 86_400 / seconds;
    let mib = |bytes: u64| format!("{}.{} MiB", bytes >> 20, ((bytes * 10) >> 20) % 10);
    let read = |figure: &AtomicU64| figure.load(Ordering::Relaxed);
    let (bytes, pages, syncs) = (read(&worn.bytes), read(&worn.pages) * PAGE_BYTES, read(&worn.syncs));
    println!("{DEVICES} devices, {} readings and {ALARMS} alarms a day:", of_day(readings));
    println!("  log: {} a day, {} bytes a reading", mib(of_day(bytes)), bytes / readings);
    println!("  log in whole pages: {} a day, {} bytes a reading", mib(of_day(pages)), pages / readings);
    println!("  syncs: {} a day, and {} of the directory", of_day(syncs), of_day(read(&worn.directory_syncs)));
    println!("  state index: {} a day", mib(of_day(index_bytes)));
    let day = of_day(pages + index_bytes);
    println!("  together {} a day, {} GiB a year", mib(day), (day * 365) >> 30);
    assert_eq!(journal.books().usage.samples_dropped, 0);
    // judgement: a card of 32 GB that bears a thousand times its size lasts ten years under 8 GiB a day; a tenth of that is left to the
    // journal of the file system and to the card's own blocks.
    assert!(day < 800 << 20, "{day} bytes a day");
    assert!(bytes / readings < 200, "{} bytes a reading", bytes / readings);
}
