//! From the files to the ledger, at start: the newest snapshot that can be read, and every record after it.

use std::sync::Arc;

use super::StoreError;
use super::files::Files;
use super::ledger::Ledger;
use super::ledger::outbox::Place;
use super::log::frame::HEADER_BYTES;
use super::log::read::record_at;
use super::log::{Item, Log, Missing, Position, Reader, Record, Stream, append};
use super::record::{Block, Decision, Entry, Snapshot};
use crate::core::log_head::LogStream;

/// What the urgent stream amounts to, and what could not be read of it.
#[derive(Debug, Default)]
pub struct Folded {
    /// The ledger.
    pub ledger: Ledger,
    /// Ranges that are damaged or gone.
    pub missing: Vec<Missing>,
    /// Records that are well and that this version cannot read.
    pub unreadable: Vec<Position>,
    /// How many blocks the routine stream had when its head was noted last; 0 when it was not, since the snapshot.
    pub blocks: u64,
}

/// Reads the urgent stream from its newest snapshot on.
pub fn fold(files: &Arc<dyn Files>, log: &Log) -> Result<Folded, StoreError> {
    let mut folded = Folded::default();
    let snapshot = newest_snapshot(&**files, log);
    let first = snapshot.as_ref().map(|(at, _)| *at);
    let from = first.map(|at| Position { offset: 0, ..at });
    if let Some((_, snapshot)) = snapshot {
        folded.ledger = Ledger::restore(snapshot);
    }
    for item in Reader::open(Arc::clone(files), Stream::Urgent, from).map_err(StoreError::List)? {
        match item {
            // It was read to know that it can be; twice would be most of a start's time.
            Item::Record(record) if Some(record.position) == first => {}
            Item::Record(record) => folded.take(&record),
            Item::Missing(missing) => folded.missing.push(missing),
        }
    }
    folded.ledger.end_reading();
    Ok(folded)
}

/// The newest block of the routine stream.
pub fn newest_block(files: &dyn Files, routine: &append::Opened) -> Option<Block> {
    let record = record_at(files, Stream::Routine, routine.last?).ok()?;
    match Entry::read(record.kind, record.payload()) {
        Ok(Entry::Block(block)) => Some(block),
        Ok(_) | Err(_) => None,
    }
}

impl Folded {
    fn take(&mut self, record: &Record) {
        match Entry::read(record.kind, record.payload()) {
            Ok(Entry::Snapshot(snapshot)) => self.ledger = Ledger::restore(*snapshot),
            Ok(Entry::Turn(turn)) => {
                self.ledger.apply(&turn, Place::Written(record.position));
                self.blocks = turn.decisions.iter().filter_map(blocks_at_head).next_back().unwrap_or(self.blocks);
            }
            Ok(Entry::Carried(carried)) => self.ledger.apply_carried(&carried, record.position),
            Ok(Entry::Block(_)) | Err(_) => self.unreadable.push(record.position),
        }
    }
}

/// How many blocks a head says that the routine stream had. What it says was synced before.
fn blocks_at_head(decision: &Decision) -> Option<u64> {
    let Decision::Head { head, .. } = decision else { return None };
    head.streams.iter().find(|of| of.stream == LogStream::Routine).map(|of| of.index)
}

/// The newest snapshot that can be read, and where it stands; none when there is no such segment.
fn newest_snapshot(files: &dyn Files, log: &Log) -> Option<(Position, Snapshot)> {
    log.segments().iter().rev().find_map(|segment| {
        let first = Position { segment: segment.number, offset: HEADER_BYTES as u64 };
        let record = record_at(files, Stream::Urgent, first).ok()?;
        match Entry::read(record.kind, record.payload()) {
            Ok(Entry::Snapshot(snapshot)) => Some((first, *snapshot)),
            Ok(_) | Err(_) => None,
        }
    })
}
