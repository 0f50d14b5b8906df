//! The log: append-only segment files, and nothing in the store is true unless it stands here.
//!
//! ```text
//! urgent-0000000007.log
//! ┌────────┬─────────────────────────────┬────────┬────────┬───
//! │ header │ snapshot (urgent only)      │ record │ record │ …
//! └────────┴─────────────────────────────┴────────┴────────┴───
//!   born under another name, synced, then renamed: a segment exists whole or not at all
//! ```
//!
//! - Every record carries the SHA-256 of the record before it, across segments: the chain is the audit log.
//! - A failed write or sync ends trust in the open segment: what the page cache says of it is not believed, and the
//!   next record begins a fresh segment. A segment says at which record index it begins; records at or above that index
//!   in older segments are *superseded* and nobody reads them.
//! - A tail that was torn by a power cut is named and copied aside before it is cut. Damage before valid records is
//!   stepped over, and the missing range is named. Neither stops anything.

pub mod frame;

pub mod walk;

pub mod read;

pub mod append;

pub mod beginning;

pub mod verify;

use std::fmt;

use serde::{Deserialize, Serialize};

pub use append::Log;
pub use frame::Chain;
pub use read::{Item, Reader, Record};

/// A stream of the log.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Stream {
    /// Turns of the station: alarms, commands, receipts. Each is synced before anyone is told.
    Urgent,
    /// Blocks of readings.
    Routine,
}

impl Stream {
    /// Its word, in file names and sentences.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Stream::Urgent => "urgent",
            Stream::Routine => "routine",
        }
    }

    const fn byte(self) -> u8 {
        match self {
            Stream::Urgent => b'u',
            Stream::Routine => b'r',
        }
    }

    /// File name of a segment.
    #[must_use]
    pub fn file_name(self, segment: u64) -> String {
        format!("{}-{segment:010}.log", self.word())
    }

    /// Name under which a segment is written until it is whole.
    fn unborn_name(self, segment: u64) -> String {
        format!("{}-{segment:010}.new", self.word())
    }

    /// The segment number of a file name of this stream with that ending.
    fn number_of(self, name: &str, ending: &str) -> Option<u64> {
        name.strip_prefix(self.word())?.strip_prefix('-')?.strip_suffix(ending)?.parse().ok()
    }
}

impl fmt::Display for Stream {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.word())
    }
}

/// Where a record begins.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Position {
    /// In which segment.
    pub segment: u64,
    /// At which byte of it.
    pub offset: u64,
}

impl fmt::Display for Position {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "segment {} byte {}", self.segment, self.offset)
    }
}

/// Bytes at the end of the newest segment that are not a whole record: a write that a power cut interrupted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Torn {
    /// In which stream.
    pub stream: Stream,
    /// Where the tail begins.
    pub at: Position,
    /// How long it is.
    pub bytes: u64,
    /// The file it was copied to, when that succeeded; otherwise it lies where it was and is never read.
    pub kept_as: Option<String>,
}

impl fmt::Display for Torn {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} log: torn tail of {} bytes at {}", self.stream, self.bytes, self.at)?;
        match &self.kept_as {
            Some(name) => write!(f, ", kept as {name}"),
            None => f.write_str(", left in place"),
        }
    }
}

/// Records that are damaged or gone, between records that are well.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Missing {
    /// In which stream.
    pub stream: Stream,
    /// Where the damage begins.
    pub at: Position,
    /// How many bytes cannot be read; 0 when a whole segment is gone.
    pub bytes: u64,
    /// Index of the first record that is missing, when the record before is known.
    pub from: Option<u64>,
    /// Index of the first record that is well again.
    pub until: Option<u64>,
}

impl fmt::Display for Missing {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} log: {} damaged bytes at {}; ", self.stream, self.bytes, self.at)?;
        match (self.from, self.until) {
            (Some(from), Some(until)) if from < until => write!(f, "records {from} to {} are missing", until - 1),
            (Some(from), Some(_)) => write!(f, "no record is missing before {from}"),
            (_, Some(until)) => write!(f, "records before {until} are missing"),
            (Some(from), None) => write!(f, "records from {from} on are missing"),
            (None, None) => f.write_str("it is not known which records are missing"),
        }
    }
}
