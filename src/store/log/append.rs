//! Writing a stream: opening it after whatever happened, one write and one sync for a batch, fresh segments.

use std::io;
use std::sync::Arc;
use std::time::Duration;

use serde::Serialize;

use super::frame::{self, Chain, HEADER_BYTES, Header};
use super::read::{header, own_header, segments};
use super::walk::{Step, step};
use super::{Missing, Position, Stream, Torn};
use crate::core::time::{Moment, Mono};
use crate::limits::{TORN_BYTES_MAX, TORN_KEPT};
use crate::store::files::{Files, Handle, read_from};

/// A stream open for appending.
pub struct Log {
    files: Arc<dyn Files>,
    stream: Stream,
    /// Oldest first.
    segments: Vec<Segment>,
    /// The newest segment; none when the next record must begin a fresh one.
    handle: Option<Box<dyn Handle>>,
    /// Bytes of the newest segment that were written at its birth.
    preamble_bytes: u64,
    last_segment: u64,
    next_index: u64,
    chain: Chain,
    staged: Staged,
    bytes_written: u64,
}

/// One segment file.
#[derive(Debug, Clone, Copy)]
pub struct Segment {
    /// Its number.
    pub number: u64,
    /// Its length.
    pub bytes: u64,
    /// What it says of itself; none when its header is damaged.
    pub header: Option<Header>,
}

/// What a fresh segment's header says beside what the log knows.
#[derive(Debug, Clone, Copy)]
pub struct Birth {
    /// When.
    pub at: Moment,
    /// Number in the reading lane of its first sample; 0 in the urgent stream.
    pub first_number: u64,
}

/// A log, and what was found when it was opened.
pub struct Opened {
    /// The log.
    pub log: Log,
    /// A write that a power cut interrupted.
    pub torn: Option<Torn>,
    /// Damage in the newest segment. Older ones are not read.
    pub missing: Vec<Missing>,
    /// The newest record that is well.
    pub last: Option<Position>,
}

/// Records on their way to the disk.
#[derive(Default)]
struct Staged {
    bytes: Vec<u8>,
    birth: Option<Header>,
    segment: u64,
    base: u64,
    next_index: u64,
    chain: Option<Chain>,
}

impl Log {
    /// Opens a stream: reads the headers of all segments and the records of the newest one.
    ///
    /// # Errors
    /// Fails when the directory cannot be listed. Whatever else is wrong is named in [`Opened`] and survived.
    pub fn open(files: Arc<dyn Files>, stream: Stream) -> io::Result<Opened> {
        let mut all = Vec::new();
        for number in segments(&*files, stream)? {
            let bytes = files.open(&stream.file_name(number)).and_then(|handle| handle.len()).unwrap_or_default();
            all.push(Segment { number, bytes, header: header(&*files, stream, number) });
        }
        let log = Log {
            stream,
            last_segment: all.last().map_or(0, |segment| segment.number),
            segments: all,
            handle: None,
            preamble_bytes: 0,
            next_index: 1,
            chain: Chain::START,
            staged: Staged::default(),
            bytes_written: 0,
            files,
        };
        let mut opened = Opened { log, torn: None, missing: Vec::new(), last: None };
        opened.find_end();
        opened.log.remove_unborn();
        Ok(opened)
    }

    /// The segments, oldest first.
    #[must_use]
    pub fn segments(&self) -> &[Segment] {
        &self.segments
    }

    /// Bytes on the disk.
    #[must_use]
    pub fn bytes(&self) -> u64 {
        self.segments.iter().map(|segment| segment.bytes).sum()
    }

    /// Bytes written since it was opened.
    #[must_use]
    pub fn bytes_written(&self) -> u64 {
        self.bytes_written
    }

    /// The chain's newest link, and the index of the next record.
    #[must_use]
    pub fn head(&self) -> (Chain, u64) {
        (self.chain, self.next_index)
    }

    /// Whether the next record must begin a fresh segment: there is none, it has reached `segment_bytes`, or it is not trusted.
    #[must_use]
    pub fn wants_birth(&self, segment_bytes: u64) -> bool {
        let grown = self.segments.last().map_or(0, |segment| segment.bytes.saturating_sub(self.preamble_bytes));
        self.handle.is_none() || grown >= segment_bytes
    }

    /// How many of the oldest segments are beyond the budget. The newest two always stay: one to write, and one whose
    /// snapshot can be used should the newest be damaged.
    #[must_use]
    pub fn surplus(&self, bytes_max: u64, kept: Duration, now: Mono) -> usize {
        let mut bytes = self.bytes();
        self.segments
            .windows(3)
            .take_while(|segments| {
                let [oldest, next, _] = segments else { return false };
                let over = bytes > bytes_max;
                let old = next.header.is_some_and(|next| next.born.mono + kept < now);
                bytes = bytes.saturating_sub(oldest.bytes);
                over || old
            })
            .count()
    }

    /// Begins a batch; what was staged and not written is forgotten.
    pub fn begin(&mut self, birth: Option<Birth>) {
        let staged = &mut self.staged;
        staged.bytes.clear();
        staged.next_index = self.next_index;
        staged.chain = Some(self.chain);
        staged.birth = birth.map(|birth| Header {
            stream: self.stream,
            segment: self.last_segment + 1,
            first_index: self.next_index,
            first_number: birth.first_number,
            born: birth.at,
            chain: self.chain,
        });
        if let Some(header) = &staged.birth {
            (staged.segment, staged.base) = (header.segment, 0);
            header.write(&mut staged.bytes);
        } else {
            let open = self.segments.last();
            (staged.segment, staged.base) = open.map_or((0, 0), |segment| (segment.number, segment.bytes));
        }
    }

    /// Adds a record to the batch and says where it will be.
    ///
    /// # Panics
    /// Never: the records of the store are bounded and have text keys only.
    pub fn stage(&mut self, kind: u8, payload: &impl Serialize) -> Position {
        let staged = &mut self.staged;
        let start = frame::begin(&mut staged.bytes);
        serde_json::to_writer(&mut staged.bytes, payload).expect("records have text keys only and always serialise");
        let prev = staged.chain.unwrap_or(Chain::START);
        staged.chain = Some(frame::seal(&mut staged.bytes, start, kind, staged.next_index, prev));
        staged.next_index += 1;
        Position { segment: staged.segment, offset: staged.base + start as u64 }
    }

    /// Writes the batch with one write and makes it durable with one sync.
    ///
    /// # Errors
    /// The operating system's. Nothing of the batch counts then, and the next one must begin a fresh segment.
    pub fn write(&mut self) -> io::Result<()> {
        let outcome = match self.staged.birth {
            Some(header) => self.bear(header),
            None => self.extend(),
        };
        match outcome {
            Ok(()) => {
                self.next_index = self.staged.next_index;
                self.chain = self.staged.chain.unwrap_or(self.chain);
            }
            Err(_) => self.handle = None,
        }
        outcome
    }

    /// Unlinks the oldest segment.
    pub fn retire_oldest(&mut self) -> io::Result<()> {
        if let Some(oldest) = self.segments.first().filter(|_| self.segments.len() > 2) {
            self.files.remove(&self.stream.file_name(oldest.number))?;
            self.segments.remove(0);
        }
        Ok(())
    }

    fn extend(&mut self) -> io::Result<()> {
        let (Some(handle), Some(segment)) = (&mut self.handle, self.segments.last_mut()) else {
            return Err(io::Error::other("no open segment"));
        };
        self.bytes_written += self.staged.bytes.len() as u64;
        handle.append(&self.staged.bytes)?;
        handle.sync_data()?;
        segment.bytes += self.staged.bytes.len() as u64;
        Ok(())
    }

    fn bear(&mut self, header: Header) -> io::Result<()> {
        let unborn = self.stream.unborn_name(header.segment);
        self.handle = None;
        self.remove_unborn();
        let handle = self.write_unborn(&unborn).inspect_err(|_| self.remove_unborn())?;
        // From here on the number may be taken on the disk, whatever the calls below say.
        self.last_segment = header.segment;
        let bytes = self.staged.bytes.len() as u64;
        self.files.rename(&unborn, &self.stream.file_name(header.segment))?;
        self.segments.push(Segment { number: header.segment, bytes, header: Some(header) });
        self.files.sync_dir()?;
        self.preamble_bytes = bytes;
        self.handle = Some(handle);
        Ok(())
    }

    fn write_unborn(&mut self, name: &str) -> io::Result<Box<dyn Handle>> {
        let mut handle = self.files.create(name)?;
        self.bytes_written += self.staged.bytes.len() as u64;
        handle.append(&self.staged.bytes)?;
        handle.sync_data()?;
        Ok(handle)
    }

    /// Removes what is left of a birth that did not come to its end. Nothing in it was ever acknowledged; when it cannot
    /// be removed now it is in nobody's way.
    fn remove_unborn(&self) {
        for name in self.files.list().unwrap_or_default() {
            if self.stream.number_of(&name, ".new").is_some() {
                let _ = self.files.remove(&name);
            }
        }
    }
}

impl Opened {
    /// Finds the newest record that is well, and opens the newest segment if it can be trusted.
    fn find_end(&mut self) {
        let numbers: Vec<u64> = self.log.segments.iter().rev().map(|segment| segment.number).collect();
        for (age, number) in numbers.into_iter().enumerate() {
            let found = self.scan(number, age == 0);
            if found {
                return;
            }
        }
    }

    /// Scans one segment; whether it holds a record that is well.
    fn scan(&mut self, number: u64, newest: bool) -> bool {
        let log = &mut self.log;
        let name = log.stream.file_name(number);
        let Ok(bytes) = log.files.open(&name).and_then(|handle| read_from(&*handle, 0, usize::MAX)) else {
            return false;
        };
        let header = own_header(&bytes, log.stream, number);
        if header.is_none() && Header::read(&bytes).is_some() {
            // Another segment was put in this one's place: nothing in it says where the log ends.
            self.missing.push(Missing {
                stream: log.stream,
                at: Position { segment: number, offset: 0 },
                bytes: bytes.len() as u64,
                from: None,
                until: None,
            });
            return false;
        }
        let (mut at, mut last, mut expect) = (HEADER_BYTES, None, header.map(|header| header.first_index));
        let mut tail = bytes.len().saturating_sub(HEADER_BYTES) as u64;
        loop {
            match step(&bytes, at) {
                Step::Frame(frame) => {
                    let position = Position { segment: number, offset: at as u64 };
                    if last.is_none() {
                        log.preamble_bytes = (at + frame.bytes.len()) as u64;
                    }
                    last = Some((position, frame));
                    at += frame.bytes.len();
                    expect = Some(frame.index + 1);
                    tail = (bytes.len() - at) as u64;
                }
                Step::Damaged { until } => {
                    self.missing.push(Missing {
                        stream: log.stream,
                        at: Position { segment: number, offset: at as u64 },
                        bytes: (until - at) as u64,
                        from: expect,
                        until: bytes.get(until..).and_then(frame::Frame::read).map(|frame| frame.index),
                    });
                    at = until;
                }
                Step::Tail | Step::End => break,
            }
        }
        if let Some((position, frame)) = last {
            self.last = Some(position);
            log.next_index = frame.index + 1;
            log.chain = Chain::of(frame.bytes);
        } else if let Some(header) = header.filter(|_| newest) {
            log.next_index = header.first_index;
            log.chain = header.chain;
        }
        if newest {
            let at = Position { segment: number, offset: bytes.len() as u64 - tail };
            self.end_at(at, tail, &bytes, header.is_some() && last.is_some());
        }
        last.is_some()
    }

    /// Cuts a torn tail, after copying it aside, and opens the newest segment for appending. What fails here costs
    /// nothing but a fresh segment.
    fn end_at(&mut self, at: Position, tail: u64, bytes: &[u8], trusted: bool) {
        let log = &mut self.log;
        let mut kept_as = None;
        if tail > 0 {
            let offset = usize::try_from(at.offset).unwrap_or(usize::MAX);
            kept_as = log.keep_aside(at.segment, bytes.get(offset..).unwrap_or_default()).ok();
            self.torn = Some(Torn { stream: log.stream, at, bytes: tail, kept_as: kept_as.clone() });
        }
        if !trusted || (tail > 0 && kept_as.is_none()) {
            return;
        }
        // A killed process leaves in the page cache what it had not synced. It reads well and is believed from here on, so
        // it must outlive a power cut as well.
        let open = || {
            let mut handle = log.files.open_append(&log.stream.file_name(at.segment))?;
            if tail > 0 {
                handle.truncate(at.offset)?;
            }
            handle.sync_data()?;
            log.files.sync_dir()?;
            io::Result::Ok(handle)
        };
        if let (Ok(handle), Some(segment)) = (open(), log.segments.last_mut()) {
            segment.bytes = at.offset;
            log.handle = Some(handle);
        }
    }
}

impl Log {
    /// Copies a torn tail to a file of its own and makes it durable; the oldest of such files go.
    fn keep_aside(&self, segment: u64, tail: &[u8]) -> io::Result<String> {
        let stem = format!("{}.torn-", self.stream.file_name(segment).trim_end_matches(".log"));
        let prefix = format!("{}-", self.stream);
        let mut kept: Vec<String> = self.files.list()?;
        kept.retain(|name| name.starts_with(&prefix) && name.contains(".torn-"));
        let number = (1..=kept.len() + 1).find(|number| !kept.contains(&format!("{stem}{number}"))).unwrap_or(1);
        let name = format!("{stem}{number}");
        let mut handle = self.files.create(&name)?;
        handle.append(tail.get(..TORN_BYTES_MAX).unwrap_or(tail))?;
        handle.sync_data()?;
        for oldest in kept.iter().take((kept.len() + 1).saturating_sub(TORN_KEPT)) {
            self.files.remove(oldest)?;
        }
        self.files.sync_dir()?;
        Ok(name)
    }
}

#[cfg(test)]
mod tests {
    use super::super::read::{Item, Reader};
    use super::*;
    use crate::core::time::{Boot, Trust, Wall};
    use crate::store::files::FakeDisk;
    use crate::store::files::fake::{Call, Fault};

    fn birth(mono: u64) -> Birth {
        let at = Moment { boot: Boot(1), mono: Mono(mono), wall: Wall(0), trust: Trust::Unset };
        Birth { at, first_number: 0 }
    }

    fn open(disk: &FakeDisk) -> Opened {
        Log::open(Arc::new(disk.clone()), Stream::Urgent).expect("opens")
    }

    /// Appends words one by one, a fresh segment every `each`.
    fn write(log: &mut Log, words: &[&str], each: u64) -> io::Result<()> {
        for (mono, word) in words.iter().enumerate() {
            log.begin(log.wants_birth(each).then(|| birth(mono as u64)));
            log.stage(1, word);
            log.write()?;
        }
        Ok(())
    }

    fn read(disk: &FakeDisk) -> (Vec<String>, Vec<Missing>) {
        let (mut words, mut missing) = (Vec::new(), Vec::new());
        for item in Reader::open(Arc::new(disk.clone()), Stream::Urgent, None).expect("opens") {
            match item {
                Item::Record(record) => words.push(serde_json::from_slice(record.payload()).expect("a word")),
                Item::Missing(range) => missing.push(range),
            }
        }
        (words, missing)
    }

    #[test]
    fn records_larger_and_smaller_than_the_readers_window_are_read_alike() {
        let disk = FakeDisk::new();
        let mut log = open(&disk).log;
        let (small, large, huge) = ("s".repeat(100), "l".repeat(90_000), "h".repeat(400_000));
        let words: Vec<&str> = [&small, &large, &small, &huge, &large, &small, &large].map(String::as_str).to_vec();
        write(&mut log, &words, 10_000_000).expect("written");
        let (found, missing) = read(&disk);
        assert_eq!((found.iter().map(String::as_str).collect::<Vec<_>>(), missing.len()), (words, 0));
    }

    #[test]
    fn what_a_killed_process_left_unsynced_is_synced_before_it_is_believed() {
        let disk = FakeDisk::new();
        let mut log = open(&disk).log;
        write(&mut log, &["one"], 1_000_000).expect("written");
        disk.fail(Call::Sync, 0, 1, Fault::Eio);
        write(&mut log, &["two"], 1_000_000).expect_err("written, and not synced");
        assert_eq!(open(&disk).log.head().1, 3, "the page cache still has it");
        disk.cut_power();
        assert_eq!(open(&disk).log.head().1, 3, "whoever was told of it was not told in vain");
    }

    #[test]
    fn what_is_appended_is_read_over_segments_and_openings() {
        let disk = FakeDisk::new();
        write(&mut open(&disk).log, &["a", "b", "c"], 50).expect("written");
        write(&mut open(&disk).log, &["d", "e"], 50).expect("written");
        assert!(disk.list().expect("listed").len() > 2);
        assert_eq!(read(&disk), (["a", "b", "c", "d", "e"].map(str::to_owned).to_vec(), vec![]));
    }

    #[test]
    fn a_torn_tail_is_named_kept_aside_and_cut() {
        let disk = FakeDisk::new();
        write(&mut open(&disk).log, &["a", "b"], 1000).expect("written");
        let name = Stream::Urgent.file_name(1);
        let whole = disk.contents(&name).expect("there");
        let mut handle = disk.open_append(&name).expect("opens");
        handle.truncate(whole.len() as u64 - 1).expect("cut");
        let mut opened = open(&disk);
        let torn = opened.torn.expect("named");
        assert_eq!(torn.at, Position { segment: 1, offset: whole.len() as u64 - torn.bytes - 1 });
        assert_eq!(disk.contents(&torn.kept_as.expect("kept")).expect("there").len() as u64, torn.bytes);
        write(&mut opened.log, &["c"], 1000).expect("written");
        assert_eq!(read(&disk), (vec!["a".to_owned(), "c".to_owned()], vec![]));
        for _ in 0..20 {
            let len = disk.contents(&name).expect("there").len() as u64;
            disk.open_append(&name).expect("opens").append(b"torn").expect("written");
            assert_eq!(open(&disk).torn.expect("named").at.offset, len);
        }
        let kept = disk.list().expect("listed").iter().filter(|name| name.contains("torn")).count();
        assert_eq!(kept, TORN_KEPT);
    }

    #[test]
    fn after_a_failed_write_or_sync_a_fresh_segment_supersedes_what_is_not_known() {
        for call in [Call::Append, Call::Sync] {
            let disk = FakeDisk::new();
            let mut log = open(&disk).log;
            write(&mut log, &["a", "b"], 1000).expect("written");
            disk.fail(call, 0, 1, Fault::Eio);
            assert!(write(&mut log, &["lost"], 1000).is_err());
            assert!(log.wants_birth(1000), "the page cache is not believed");
            write(&mut log, &["c", "d"], 1000).expect("written");
            assert_eq!(read(&disk), (["a", "b", "c", "d"].map(str::to_owned).to_vec(), vec![]), "{call:?}");
            let mut again = open(&disk).log;
            write(&mut again, &["e"], 1000).expect("written");
            assert_eq!(read(&disk).0.len(), 5);
        }
    }

    #[test]
    fn a_birth_that_fails_at_any_call_is_taken_up_again() {
        for call in [Call::Append, Call::Sync, Call::Name] {
            for grace in 0..4 {
                let disk = FakeDisk::new();
                let mut log = open(&disk).log;
                write(&mut log, &["a"], 0).expect("written");
                disk.fail(call, grace, 1, Fault::Eio);
                let failed = write(&mut log, &["b"], 0).is_err();
                disk.heal();
                write(&mut log, if failed { &["b", "c"] } else { &["c"] }, 0).expect("written");
                let words = ["a", "b", "c"].map(str::to_owned).to_vec();
                assert_eq!(read(&disk), (words.clone(), vec![]), "{call:?} {grace}");
                disk.cut_power();
                assert_eq!(read(&disk), (words, vec![]), "{call:?} {grace} after a power cut");
            }
        }
    }

    #[test]
    fn damage_is_stepped_over_and_named() {
        let disk = FakeDisk::new();
        write(&mut open(&disk).log, &["a", "b", "c", "d"], 50).expect("written");
        let numbers = segments(&disk, Stream::Urgent).expect("listed");
        assert_eq!(numbers, [1, 2]);
        disk.damage(&Stream::Urgent.file_name(1), HEADER_BYTES + 54, b"?");
        let (words, missing) = read(&disk);
        assert_eq!(words, ["b", "c", "d"]);
        assert!(matches!(missing.as_slice(), [Missing { from: Some(1), until: Some(2), .. }]), "{missing:?}");
    }

    #[test]
    fn a_damaged_end_of_an_older_segment_is_named_by_the_next_segments_header() {
        let disk = FakeDisk::new();
        write(&mut open(&disk).log, &["a", "b", "c", "d"], 50).expect("written");
        let len = disk.contents(&Stream::Urgent.file_name(1)).expect("there").len();
        disk.damage(&Stream::Urgent.file_name(1), len - 1, b"?");
        let (words, missing) = read(&disk);
        assert_eq!(words, ["a", "c", "d"]);
        assert!(matches!(missing.as_slice(), [Missing { from: Some(2), until: Some(3), .. }]), "{missing:?}");
    }

    #[test]
    fn the_budget_retires_the_oldest_and_never_the_newest_two() {
        let disk = FakeDisk::new();
        let mut log = open(&disk).log;
        write(&mut log, &["a", "b", "c", "d", "e"], 0).expect("written");
        assert_eq!(log.segments().len(), 5);
        let ever = Duration::from_secs(1_000_000);
        assert_eq!(log.surplus(u64::MAX, ever, Mono(5)), 0);
        assert_eq!(log.surplus(0, ever, Mono(5)), 3);
        assert_eq!(log.surplus(log.bytes() - 1, ever, Mono(5)), 1);
        assert_eq!(log.surplus(u64::MAX, Duration::from_millis(2), Mono(5)), 2, "a and b are over before 3 ms");
        for _ in 0..9 {
            log.retire_oldest().expect("unlinked");
        }
        assert_eq!(read(&disk).0, ["d", "e"]);
    }
}
