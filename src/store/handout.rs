//! What the relay asks for: records without a receipt, read back from the log by position, and readings from a cursor.

use std::io;
use std::sync::{Arc, Mutex, PoisonError};

use super::books::Books;
use super::files::Files;
use super::gather::cost;
use super::journal::read_decision;
use super::ledger::outbox::{Place, Waiting};
use super::log::read::{header, record_at, segments};
use super::log::{Item, Position, Reader, Stream};
use super::record::{Block, Decision, Entry, Hole, Timed};
use crate::core::sequence::{Lane, Range, SkipReason};
use crate::core::time::Moment;

/// Records without a receipt.
#[derive(Debug, Default)]
pub struct Handout {
    /// In order. A record that cannot be read just now is left out, and is there when asked again.
    pub records: Vec<(u64, Decision)>,
    /// Records that are damaged for good: to be named as holes.
    pub damaged: Vec<u64>,
}

/// What is asked for, as far as memory has it.
#[derive(Debug, Default)]
pub struct Begun {
    handout: Handout,
    /// Records that only the log has.
    written: Vec<(u64, Position)>,
}

/// At most `max` records of a lane without a receipt, from a number on.
pub fn begin(books: &Books, lane: Lane, from_seq: u64, max: usize) -> Begun {
    let mut begun = Begun::default();
    let Some(outbox) = books.ledger.outbox(lane) else { return begun };
    let records = &mut begun.handout.records;
    for waiting in outbox.waiting(from_seq).take(max) {
        match waiting {
            // Not durable and not told: nobody hears of it yet, nor of what comes after it.
            Waiting::Record(_, Place::Unwritten) => break,
            // Told without the log. An alarm goes out all the same, and says so of itself; a device event cannot say so,
            // and its number would be given to another one if the process died before the disk took it.
            Waiting::Record(_, Place::Told) if lane == Lane::Device => break,
            Waiting::Record(seq, Place::Told) => {
                records.extend(books.in_memory(lane, seq).map(|decision| (seq, decision)));
            }
            Waiting::Record(seq, Place::Written(position)) => match books.in_memory(lane, seq) {
                Some(decision) => records.push((seq, decision)),
                None => begun.written.push((seq, position)),
            },
            Waiting::Hole(Hole { range, reason }) => {
                records.push((range.0, Decision::Skipped { lane, range, reason }));
            }
        }
    }
    begun
}

impl Begun {
    /// The records, when memory had them all: no disk is asked.
    ///
    /// # Errors
    /// Itself, when the log must be read; see [`Begun::read`].
    pub fn whole(self) -> Result<Handout, Self> {
        if self.written.is_empty() { Ok(self.handout) } else { Err(self) }
    }

    /// Reads the rest from the log.
    pub fn read(self, files: &dyn Files, books: &Mutex<Books>, lane: Lane) -> Handout {
        let Begun { mut handout, written } = self;
        for (seq, position) in written {
            match read_decision(files, position, lane, seq) {
                Ok(carried) => handout.records.push((seq, carried.decision)),
                Err(error) => {
                    let books = books.lock().unwrap_or_else(PoisonError::into_inner);
                    let here = books.ledger.outbox(lane).and_then(|outbox| outbox.place(seq))
                        == Some(Place::Written(position));
                    // Gone with its segment, and not carried: it was damaged when that was tried.
                    let gone = matches!(error.kind(), io::ErrorKind::InvalidData | io::ErrorKind::NotFound);
                    if here && gone {
                        handout.damaged.push(seq);
                    }
                }
            }
        }
        handout.records.sort_by_key(|(seq, _)| *seq);
        handout
    }
}

/// At most `max` records of a lane without a receipt, from a number on, for a caller who may wait for the disk.
pub fn records(files: &dyn Files, books: &Mutex<Books>, lane: Lane, from_seq: u64, max: usize) -> Handout {
    let begun = begin(&books.lock().unwrap_or_else(PoisonError::into_inner), lane, from_seq, max);
    begun.read(files, books, lane)
}

/// What comes next in the reading lane.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Readings {
    /// Readings with the numbers `seq`, `seq + 1`, ….
    Batch {
        /// Number of the first.
        seq: u64,
        /// What [`Timed::after_ms`] counts from.
        at: Moment,
        /// The readings.
        samples: Vec<Timed>,
    },
    /// These numbers stand for nothing.
    Skipped {
        /// From and to, both included.
        range: Range,
        /// Why.
        reason: SkipReason,
    },
    /// There is nothing from that number on.
    UpToDate,
}

/// Where a block was found, so that the next one is found without a search.
#[derive(Debug, Clone, Copy, Default)]
pub struct Cursor(Option<Position>);

/// The readings from a number on, about `bytes_max` of them as the log writes them, and at least one.
pub fn readings(
    files: &Arc<dyn Files>,
    books: &Mutex<Books>,
    cursor: &mut Cursor,
    from_seq: u64,
    bytes_max: usize,
) -> Readings {
    let from = from_seq.max(1);
    let last = {
        let books = books.lock().unwrap_or_else(PoisonError::into_inner);
        let head = books.ledger.lanes().get(&Lane::Reading).map_or(0, |progress| progress.head);
        if from > head {
            return Readings::UpToDate;
        }
        match books.ledger.next_reading_hole(from) {
            Some(Hole { range, reason }) if range.0 <= from => {
                return Readings::Skipped { range: Range(from, range.1), reason };
            }
            Some(hole) => hole.range.0 - 1,
            None => head,
        }
    };
    match find(files, cursor, from) {
        Found::Block(block) if block.seq > from => {
            Readings::Skipped { range: Range(from, last.min(block.seq - 1)), reason: SkipReason::Damaged }
        }
        Found::Block(block) => cut(block, from, bytes_max),
        Found::Damage => Readings::Skipped { range: Range(from, last), reason: SkipReason::Damaged },
        Found::Nothing => Readings::UpToDate,
    }
}

enum Found {
    /// The block with the number, or the first one after it.
    Block(Block),
    /// No block, and something that cannot be read.
    Damage,
    Nothing,
}

fn find(files: &Arc<dyn Files>, cursor: &mut Cursor, from: u64) -> Found {
    // The usual case: the block at the cursor, or the one behind it.
    let mut position = cursor.0;
    for _ in 0..2 {
        let Some(record) = position.and_then(|at| record_at(&**files, Stream::Routine, at).ok()) else { break };
        let Ok(Entry::Block(block)) = Entry::read(record.kind, record.payload()) else { break };
        if block.seq <= from && from < block.seq + block.samples.len() as u64 {
            cursor.0 = position;
            return Found::Block(block);
        }
        position = Some(record.end());
    }
    let Ok(reader) = start(files, from).and_then(|start| Reader::open(Arc::clone(files), Stream::Routine, start))
    else {
        return Found::Nothing;
    };
    let mut damage = false;
    for item in reader {
        let record = match item {
            Item::Record(record) => record,
            Item::Missing(_) => {
                damage = true;
                continue;
            }
        };
        match Entry::read(record.kind, record.payload()) {
            Ok(Entry::Block(block)) if from < block.seq + block.samples.len() as u64 => {
                cursor.0 = Some(record.position);
                return Found::Block(block);
            }
            Ok(Entry::Block(_)) => {}
            Ok(_) | Err(_) => damage = true,
        }
    }
    if damage { Found::Damage } else { Found::Nothing }
}

/// The newest segment that begins at or before the number.
fn start(files: &Arc<dyn Files>, from: u64) -> io::Result<Option<Position>> {
    let segments = segments(&**files, Stream::Routine)?;
    let begins_before =
        |segment: &&u64| header(&**files, Stream::Routine, **segment).is_some_and(|header| header.first_number <= from);
    Ok(segments.iter().rev().find(begins_before).map(|segment| Position { segment: *segment, offset: 0 }))
}

fn cut(block: Block, from: u64, bytes_max: usize) -> Readings {
    let skip = usize::try_from(from - block.seq).unwrap_or(usize::MAX);
    let mut bytes = 0;
    let samples = block.samples.into_iter().skip(skip).enumerate().take_while(|(index, timed)| {
        bytes += cost(&timed.sample);
        *index == 0 || bytes <= bytes_max
    });
    Readings::Batch { seq: from, at: block.at, samples: samples.map(|(_, timed)| timed).collect() }
}
