//! Reading a stream, record by record, over segments and damage, while the daemon may be writing it.

use std::collections::VecDeque;
use std::io;
use std::sync::Arc;

use super::frame::{Chain, FRAME_BYTES, Frame, HEADER_BYTES, Header};
use super::walk::{Step, step};
use super::{Missing, Position, Stream};
use crate::limits::RECORD_BYTES_MAX;
use crate::store::files::{Files, Handle, read_from};

/// What a [`Reader`] comes upon.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Item {
    /// A record whose CRC holds.
    Record(Record),
    /// A range that cannot be read.
    Missing(Missing),
}

/// A record whose CRC holds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Record {
    /// Where it begins.
    pub position: Position,
    /// Its number in the stream.
    pub index: u64,
    /// What its payload is.
    pub kind: u8,
    /// The record before, as it says.
    pub prev: Chain,
    bytes: Vec<u8>,
}

impl Record {
    fn new(position: Position, frame: &Frame<'_>) -> Record {
        Record { position, index: frame.index, kind: frame.kind, prev: frame.prev, bytes: frame.bytes.to_vec() }
    }

    /// Its contents.
    #[must_use]
    pub fn payload(&self) -> &[u8] {
        self.bytes.get(FRAME_BYTES..).unwrap_or_default()
    }

    /// Its link of the chain.
    #[must_use]
    pub fn chain(&self) -> Chain {
        Chain::of(&self.bytes)
    }

    /// Where the next record begins, if it is in the same segment.
    #[must_use]
    pub fn end(&self) -> Position {
        Position { offset: self.position.offset + self.bytes.len() as u64, ..self.position }
    }
}

/// The numbers of a stream's segments, oldest first.
pub fn segments(files: &dyn Files, stream: Stream) -> io::Result<Vec<u64>> {
    let mut numbers: Vec<u64> = files.list()?.iter().filter_map(|name| stream.number_of(name, ".log")).collect();
    numbers.sort_unstable();
    Ok(numbers)
}

/// A segment's header; `None` when it is damaged, gone, another segment's, or cannot be read.
#[must_use]
pub fn header(files: &dyn Files, stream: Stream, segment: u64) -> Option<Header> {
    let handle = files.open(&stream.file_name(segment)).ok()?;
    own_header(&read_from(&*handle, 0, HEADER_BYTES).ok()?, stream, segment)
}

/// The header at the beginning of a segment's bytes, when it is that segment's: a file may have been put in another's place.
pub(super) fn own_header(bytes: &[u8], stream: Stream, segment: u64) -> Option<Header> {
    Header::read(bytes).filter(|header| header.stream == stream && header.segment == segment)
}

/// The one record at `position`.
pub fn record_at(files: &dyn Files, stream: Stream, position: Position) -> io::Result<Record> {
    record_in(&*files.open(&stream.file_name(position.segment))?, position)
}

/// The one record at `position` of a segment that is open already.
pub fn record_in(handle: &dyn Handle, position: Position) -> io::Result<Record> {
    // Most records are smaller than this; a larger one says so in its frame and is read again.
    const GUESS: usize = 4096;
    let mut bytes = read_from(handle, position.offset, GUESS)?;
    if let Some(len) = bytes.get(4..8).and_then(|len| len.try_into().ok()).map(u32::from_le_bytes) {
        let whole = FRAME_BYTES + usize::try_from(len).unwrap_or(usize::MAX).min(RECORD_BYTES_MAX);
        if whole > GUESS {
            bytes = read_from(handle, position.offset, whole)?;
        }
    }
    let frame = Frame::read(&bytes).ok_or(io::ErrorKind::InvalidData)?;
    Ok(Record::new(position, &frame))
}

/// Reads a stream from a position to its end. Ends at a tail that is still being written, and can be asked again by
/// making another one from [`Record::end`] of the last record.
#[derive(Debug)]
pub struct Reader {
    files: Arc<dyn Files>,
    stream: Stream,
    todo: VecDeque<u64>,
    current: Option<Loaded>,
    /// Where to begin in the first segment.
    offset: u64,
    /// Index of the next record, once known.
    expect: Option<u64>,
    damage: Option<Damage>,
    /// A record that waits behind the damage before it.
    waiting: Option<Record>,
}

/// Bytes read at a time. judgement: two blocks of readings and a little, so that a relay that catches up with a week
/// holds a window of it and not whole segments.
const WINDOW_BYTES: usize = 128 * 1024;

/// A segment that is being read, through a window that moves over it.
struct Loaded {
    segment: u64,
    /// None once everything up to `end` is in the window.
    handle: Option<Box<dyn Handle>>,
    /// Length of the file when it was opened.
    end: u64,
    /// Where in the file the window begins.
    base: u64,
    bytes: Vec<u8>,
    at: usize,
    /// Index from which on this segment is superseded by the next.
    superseded_from: Option<u64>,
}

impl Loaded {
    /// Moves the window on by a piece; false when it reaches the end of the segment.
    fn move_on(&mut self) -> io::Result<bool> {
        let Some(handle) = &self.handle else { return Ok(false) };
        // A file that ends within its header leaves less in the window than the header is long.
        let read = self.at.min(self.bytes.len());
        self.bytes.drain(..read);
        self.base += read as u64;
        self.at -= read;
        let from = self.base + self.bytes.len() as u64;
        let left = usize::try_from(self.end.saturating_sub(from)).unwrap_or(usize::MAX);
        let piece = read_from(&**handle, from, left.min(WINDOW_BYTES))?;
        if piece.is_empty() {
            self.handle = None;
            return Ok(false);
        }
        self.bytes.extend_from_slice(&piece);
        Ok(true)
    }
}

impl std::fmt::Debug for Loaded {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Loaded").field("segment", &self.segment).field("base", &self.base).finish_non_exhaustive()
    }
}

#[derive(Debug, Clone, Copy)]
struct Damage {
    at: Position,
    bytes: u64,
    /// Nothing whole came after it in its segment: only missing if the next segment does not go on where this one ended.
    tail: bool,
}

impl Reader {
    /// Reads the stream from its oldest segment, or from a record's position.
    ///
    /// # Errors
    /// Fails when the directory cannot be listed; whatever cannot be read later is an [`Item::Missing`].
    pub fn open(files: Arc<dyn Files>, stream: Stream, from: Option<Position>) -> io::Result<Reader> {
        let mut todo: VecDeque<u64> = segments(&*files, stream)?.into();
        let mut offset = 0;
        if let Some(from) = from {
            todo.retain(|segment| *segment >= from.segment);
            if todo.front() == Some(&from.segment) {
                offset = from.offset;
            }
        }
        Ok(Reader { files, stream, todo, current: None, offset, expect: None, damage: None, waiting: None })
    }

    fn load(&mut self, segment: u64) {
        let base = std::mem::take(&mut self.offset);
        let mut damage = |bytes| {
            self.damage.get_or_insert(Damage { at: Position { segment, offset: base }, bytes, tail: false });
        };
        let opened = self.files.open(&self.stream.file_name(segment)).and_then(|handle| {
            let bytes = read_from(&*handle, base, WINDOW_BYTES)?;
            Ok((handle.len()?, handle, bytes))
        });
        let (end, handle, bytes, at) = match opened {
            Ok((end, handle, bytes)) if base > 0 => (end, Some(handle), bytes, 0),
            // A file of the other stream: its records are well, and none of this stream's.
            Ok((end, _, bytes)) if Header::read(&bytes).is_some_and(|header| header.stream != self.stream) => {
                damage(end);
                (0, None, Vec::new(), 0)
            }
            Ok((end, handle, bytes)) => {
                match own_header(&bytes, self.stream, segment) {
                    Some(header) => self.expect = self.expect.or(Some(header.first_index)),
                    None => damage(HEADER_BYTES as u64),
                }
                (end, Some(handle), bytes, HEADER_BYTES)
            }
            // Retired while this reader was on its way to it: what was needed of it was carried forward.
            Err(error) if error.kind() == io::ErrorKind::NotFound => (0, None, Vec::new(), 0),
            Err(_) => {
                damage(0);
                (0, None, Vec::new(), 0)
            }
        };
        let superseded_from =
            self.todo.front().and_then(|next| header(&*self.files, self.stream, *next)).map(|next| next.first_index);
        self.current = Some(Loaded { segment, handle, end, base, bytes, at, superseded_from });
    }

    /// Hands out a record, after the damage before it.
    fn deliver(&mut self, record: Record) -> Item {
        let gap = self.expect.is_some_and(|expect| record.index > expect);
        let damage = self.damage.take().filter(|damage| gap || !damage.tail);
        if !gap && damage.is_none() {
            self.expect = Some(record.index + 1);
            return Item::Record(record);
        }
        let missing = Missing {
            stream: self.stream,
            at: damage.map_or(record.position, |damage| damage.at),
            bytes: damage.map_or(0, |damage| damage.bytes),
            from: self.expect,
            until: Some(record.index),
        };
        self.expect = Some(record.index);
        self.waiting = Some(record);
        Item::Missing(missing)
    }
}

impl Iterator for Reader {
    type Item = Item;

    fn next(&mut self) -> Option<Item> {
        if let Some(record) = self.waiting.take() {
            return Some(self.deliver(record));
        }
        loop {
            let Some(current) = &mut self.current else {
                let Some(segment) = self.todo.pop_front() else {
                    let damage = self.damage.take().filter(|damage| !damage.tail)?;
                    let (at, bytes) = (damage.at, damage.bytes);
                    return Some(Item::Missing(Missing {
                        stream: self.stream,
                        at,
                        bytes,
                        from: self.expect,
                        until: None,
                    }));
                };
                self.load(segment);
                continue;
            };
            let position = Position { segment: current.segment, offset: current.base + current.at as u64 };
            match step(&current.bytes, current.at) {
                Step::Frame(frame) if current.superseded_from.is_some_and(|from| frame.index >= from) => {
                    self.current = None;
                }
                Step::Frame(frame) => {
                    current.at += frame.bytes.len();
                    if self.expect.is_none_or(|expect| frame.index >= expect) {
                        let record = Record::new(position, &frame);
                        return Some(self.deliver(record));
                    }
                }
                Step::Damaged { until } => {
                    let bytes = (until - current.at) as u64;
                    current.at = until;
                    let damage = self.damage.get_or_insert(Damage { at: position, bytes: 0, tail: false });
                    damage.bytes += bytes;
                    damage.tail = false;
                }
                // What looks like a tail or an end may only be the window's.
                Step::Tail | Step::End if current.handle.is_some() => {
                    if current.move_on().is_err() {
                        let bytes = current.end.saturating_sub(position.offset);
                        current.handle = None;
                        self.damage.get_or_insert(Damage { at: position, bytes, tail: false });
                    }
                }
                Step::Tail => {
                    let bytes = (current.bytes.len() - current.at) as u64;
                    self.damage.get_or_insert(Damage { at: position, bytes, tail: true });
                    self.current = None;
                }
                Step::End => self.current = None,
            }
        }
    }
}
