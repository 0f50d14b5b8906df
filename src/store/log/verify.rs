//! The audit of a stream: every record's CRC and its place in the chain.

use std::collections::{BTreeMap, BTreeSet};
use std::io;
use std::sync::Arc;

use super::frame::Chain;
use super::read::{Item, Reader, Record, segments};
use super::{Missing, Position, Stream};
use crate::core::id::Epoch;
use crate::store::files::Files;
use crate::store::record::{Decision, Entry};

/// Breaks and missing ranges that are listed; more are only counted.
const LISTED_MAX: usize = 100;

/// What an audit found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Verified {
    /// Records whose CRC holds.
    pub records: u64,
    /// Index of the oldest of them; 0 in an empty stream.
    pub first_index: u64,
    /// Index of the newest.
    pub last_index: u64,
    /// The newest link of the chain.
    pub head: Chain,
    /// Ranges that cannot be read, at most the first hundred.
    pub missing: Vec<Missing>,
    /// Records that do not continue the one before although none is missing between them: somebody changed or
    /// exchanged a record. At most the first hundred.
    pub breaks: Vec<Position>,
    /// The sequences that the log names in its starts and snapshots; only the urgent stream has them.
    pub epochs: BTreeSet<Epoch>,
}

impl Verified {
    /// Whether every record is there and continues the one before.
    #[must_use]
    pub fn is_whole(&self) -> bool {
        self.missing.is_empty() && self.breaks.is_empty()
    }
}

/// The links of some records, by index.
pub type Links = BTreeMap<u64, Chain>;

/// What the log says of a head that somebody kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Judged {
    /// The record is there, and it is the one.
    Same,
    /// The record was retired with its segment: the log is younger than the head.
    Retired,
    /// It is older than the oldest record, and nothing had to be retired that far: somebody took it away.
    Removed,
    /// Another record stands in its place: it, or a record before it, was written anew.
    Other,
    /// It came under a sequence that this log never had, before this log began: the log of a former card, which nobody can compare.
    Former,
    /// The log ends before it.
    Beyond,
    /// It lies in a range that cannot be read.
    Unreadable,
}

impl Judged {
    /// Whether nobody has to answer for it. What cannot be read is answered for as damage.
    #[must_use]
    pub const fn is_well(self) -> bool {
        matches!(self, Judged::Same | Judged::Retired | Judged::Former | Judged::Unreadable)
    }
}

impl Verified {
    /// Judges a head by the links that [`verify_with`] found.
    #[must_use]
    pub fn judge(&self, links: &Links, index: u64, chain: Chain) -> Judged {
        match links.get(&index) {
            Some(link) if *link == chain => Judged::Same,
            Some(_) => Judged::Other,
            None if index > self.last_index => Judged::Beyond,
            None if index < self.first_index => Judged::Retired,
            None => Judged::Unreadable,
        }
    }
}

/// Reads a whole stream through and checks the chain.
///
/// # Errors
/// Fails when the directory cannot be listed.
pub fn verify(files: Arc<dyn Files>, stream: Stream) -> io::Result<Verified> {
    verify_with(files, stream, &BTreeSet::new()).map(|(verified, _)| verified)
}

/// So often a stream is read again because its oldest segment was retired under the reader. judgement: the budget retires one a week.
const READ_AGAIN_MAX: usize = 3;

/// Reads a whole stream through, beside the daemon if need be, checks the chain, and notes the links of the records `wanted`.
///
/// # Errors
/// Fails when the directory cannot be listed.
pub fn verify_with(files: Arc<dyn Files>, stream: Stream, wanted: &BTreeSet<u64>) -> io::Result<(Verified, Links)> {
    let oldest = || Ok::<_, io::Error>(segments(&*files, stream)?.first().copied());
    let mut before = oldest()?;
    for _ in 0..READ_AGAIN_MAX {
        let read = read_through(Arc::clone(&files), stream, wanted)?;
        let after = oldest()?;
        if read.0.missing.is_empty() || before == after {
            return Ok(read);
        }
        before = after;
    }
    read_through(files, stream, wanted)
}

fn read_through(files: Arc<dyn Files>, stream: Stream, wanted: &BTreeSet<u64>) -> io::Result<(Verified, Links)> {
    let mut links = Links::new();
    let mut verified = Verified {
        records: 0,
        first_index: 0,
        last_index: 0,
        head: Chain::START,
        missing: Vec::new(),
        breaks: Vec::new(),
        epochs: BTreeSet::new(),
    };
    // The oldest record's predecessor was retired with its segment, and a missing range takes its links along.
    let mut known = false;
    for item in Reader::open(files, stream, None)? {
        match item {
            Item::Record(record) => {
                let continues =
                    if known { record.prev == verified.head } else { record.index > 1 || record.prev == Chain::START };
                if !continues && verified.breaks.len() < LISTED_MAX {
                    verified.breaks.push(record.position);
                }
                if verified.records == 0 {
                    verified.first_index = record.index;
                }
                verified.records += 1;
                verified.last_index = record.index;
                verified.head = record.chain();
                if wanted.contains(&record.index) {
                    links.insert(record.index, verified.head);
                }
                known = true;
                verified.epochs.extend(epochs_in(&record));
            }
            Item::Missing(range) => {
                known = known && range.from == range.until;
                if verified.missing.len() < LISTED_MAX {
                    verified.missing.push(range);
                }
            }
        }
    }
    Ok((verified, links))
}

fn epochs_in(record: &Record) -> Vec<Epoch> {
    match Entry::read(record.kind, record.payload()) {
        Ok(Entry::Turn(turn)) => {
            let starts = turn.decisions.iter().filter_map(|decision| match decision {
                Decision::Start(start) => Some(start.epoch),
                _ => None,
            });
            starts.collect()
        }
        Ok(Entry::Snapshot(snapshot)) => snapshot.epoch.into_iter().collect(),
        Ok(Entry::Carried(_) | Entry::Block(_)) | Err(_) => Vec::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::super::append::{Birth, Log};
    use super::super::frame::{FRAME_BYTES, Frame, HEADER_BYTES, begin, seal};
    use super::*;
    use crate::core::time::{Boot, Moment, Mono, Trust, Wall};
    use crate::store::files::FakeDisk;

    fn four_records() -> FakeDisk {
        let disk = FakeDisk::new();
        let mut log = Log::open(Arc::new(disk.clone()), Stream::Urgent).expect("opens").log;
        let at = Moment { boot: Boot(1), mono: Mono(0), wall: Wall(0), trust: Trust::Unset };
        for word in ["a", "b", "c", "d"] {
            log.begin(log.wants_birth(120).then_some(Birth { at, first_number: 0 }));
            log.stage(1, &word);
            log.write().expect("written");
        }
        disk
    }

    fn audit(disk: &FakeDisk) -> Verified {
        verify(Arc::new(disk.clone()), Stream::Urgent).expect("read")
    }

    #[test]
    fn a_whole_log_is_whole() {
        let verified = audit(&four_records());
        assert!(verified.is_whole(), "{verified:?}");
        assert_eq!((verified.records, verified.first_index, verified.last_index), (4, 1, 4));
    }

    #[test]
    fn a_record_that_was_changed_with_its_crc_breaks_the_chain() {
        let disk = four_records();
        let name = Stream::Urgent.file_name(1);
        let bytes = disk.contents(&name).expect("there");
        let frame = Frame::read(&bytes[HEADER_BYTES..]).expect("whole");
        let mut forged = Vec::new();
        let start = begin(&mut forged);
        forged.extend_from_slice(b"\"x\"");
        seal(&mut forged, start, frame.kind, frame.index, frame.prev);
        assert_eq!(forged.len(), FRAME_BYTES + 3);
        disk.damage(&name, HEADER_BYTES, &forged);
        let verified = audit(&disk);
        assert_eq!(verified.breaks, [Position { segment: 1, offset: (HEADER_BYTES + FRAME_BYTES + 3) as u64 }]);
    }

    #[test]
    fn a_damaged_record_is_missing_and_not_called_forged() {
        let disk = four_records();
        disk.damage(&Stream::Urgent.file_name(1), HEADER_BYTES + FRAME_BYTES, b"?");
        let verified = audit(&disk);
        assert_eq!((verified.missing.len(), verified.breaks.len(), verified.records), (1, 0, 3));
    }
}
