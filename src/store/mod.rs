//! The store: what must not be lost.
//!
//! ```text
//!  draft ─▶ books ─▶ journal ─▶ log: urgent   (truth: turns, chained)
//!  sample ─▶ (numbers,          log: routine  (blocks of readings)
//!            ledger)            ballast
//!                                  │ followed by
//!                                  ▼
//!                               state index (sled: history, last words; can be rebuilt)
//! ```
//!
//! Constraints, each held by a test: one write and one sync is the only commit point; nothing acknowledged is missing
//! after a cut at any byte; what is damaged is named, and nothing damaged stops a start; no IO error ends the process;
//! a disk that hangs delays nobody beyond the deadline; alarms are never dropped, readings only as a named hole.

pub mod files;

pub mod log;

pub mod record;

pub mod ledger;

pub mod gather;

pub mod books;

pub mod ballast;

pub mod recover;

pub mod journal;

pub mod handout;

pub mod replay;

pub mod decisions;

pub mod state;

pub mod follower;

pub mod writer;

pub mod facade;

use std::collections::BTreeMap;
use std::fmt;
use std::io;
use std::time::Duration;

pub use self::facade::{Opened, Store};
pub use self::handout::Readings;
pub use self::journal::Journal;
pub use self::ledger::{Draft, Ledger, Progress, Undecided};
pub use self::replay::replay;

use self::log::{Chain, Missing, Position, Torn};
use self::record::Decision;
use self::state::Why;
use crate::core::log_head::{Link, LogHead, LogStream, StreamHead};
use crate::core::sequence::Lane;
use crate::core::time::Moment;
use crate::limits;

/// How large things may get and how long they may take. [`Options::default`] is what the limits of the house say.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Options {
    /// Budget of the urgent stream.
    pub urgent: Budget,
    /// Budget of the routine stream.
    pub routine: Budget,
    /// Bytes of ballast.
    pub ballast_bytes: u64,
    /// Readings stop when less than this is free.
    pub reserve_bytes: u64,
    /// A block is written at the latest this long after its first sample.
    pub gather: Duration,
    /// A block is written as soon as it has this many bytes.
    pub block_bytes: usize,
    /// How long the log may take to answer a commit.
    pub commit_deadline: Duration,
}

/// How much of a stream is kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Budget {
    /// A segment is ended when it has grown by this much.
    pub segment_bytes: u64,
    /// The whole stream.
    pub bytes_max: u64,
    /// For how long.
    pub kept: Duration,
}

impl Default for Options {
    fn default() -> Self {
        Options {
            urgent: Budget {
                segment_bytes: limits::URGENT_SEGMENT_BYTES,
                bytes_max: limits::URGENT_BYTES_MAX,
                kept: limits::URGENT_KEPT,
            },
            routine: Budget {
                segment_bytes: limits::ROUTINE_SEGMENT_BYTES,
                bytes_max: limits::ROUTINE_BYTES_MAX,
                kept: limits::ROUTINE_KEPT,
            },
            ballast_bytes: limits::BALLAST_BYTES,
            reserve_bytes: limits::ROUTINE_RESERVE_BYTES,
            gather: limits::ROUTINE_GATHER,
            block_bytes: limits::ROUTINE_BLOCK_BYTES,
            commit_deadline: limits::COMMIT_DEADLINE,
        }
    }
}

/// What became of a turn.
#[derive(Debug, Clone, PartialEq, Eq)]
#[must_use = "a turn that is not durable is to be said so"]
pub struct Committed {
    /// Whether it is on the disk.
    pub outcome: Outcome,
    /// The decisions with their numbers; alarms are marked undurable when they are.
    pub decisions: Vec<Decision>,
    /// How far every lane has got.
    pub lanes: BTreeMap<Lane, Progress>,
}

/// Whether a turn is on the disk.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome {
    /// Synced.
    Durable,
    /// In memory only; people are told at once, and it is written as soon as the disk takes it.
    Degraded(Degraded),
}

/// Why a turn is not on the disk.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Degraded {
    /// The disk did not answer within the deadline.
    Slow,
    /// The disk is full, ballast and all.
    Full,
    /// The file system is read-only.
    ReadOnly,
    /// The disk reports errors.
    Failing,
}

impl From<&io::Error> for Degraded {
    fn from(error: &io::Error) -> Self {
        match error.kind() {
            io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => Degraded::Full,
            io::ErrorKind::ReadOnlyFilesystem => Degraded::ReadOnly,
            _ => Degraded::Failing,
        }
    }
}

impl fmt::Display for Degraded {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Degraded::Slow => "the disk does not answer in time",
            Degraded::Full => "the disk is full",
            Degraded::ReadOnly => "the file system is read-only",
            Degraded::Failing => "the disk reports errors",
        })
    }
}

/// Bytes and counters.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Usage {
    /// The urgent stream on the disk.
    pub urgent_bytes: u64,
    /// The routine stream on the disk.
    pub routine_bytes: u64,
    /// Written to both since the start.
    pub bytes_written: u64,
    /// Ballast held.
    pub ballast_bytes: u64,
    /// Free on the disk; none when it cannot be asked.
    pub free_bytes: Option<u64>,
    /// Blocks written since the start.
    pub blocks: u64,
    /// Blocks that could not be written and were tried again.
    pub block_failures: u64,
    /// Routine samples whose numbers became a hole since the start.
    pub samples_dropped: u64,
    /// Turns forgotten at the limit of memory since the start.
    pub turns_dropped: u64,
    /// Whether the state index failed since the start; the history then lives in memory.
    pub index_failed: bool,
    /// Records in the urgent stream so far.
    pub records: u64,
    /// The newest link of its chain; the county keeps it daily.
    pub chain: Chain,
    /// Blocks in the routine stream so far.
    pub routine_records: u64,
    /// The newest link of its chain.
    pub routine_chain: Chain,
    /// Less than the reserve is free: readings are not written, and alarms are.
    pub is_short: bool,
}

impl Default for Usage {
    fn default() -> Self {
        Usage {
            urgent_bytes: 0,
            routine_bytes: 0,
            bytes_written: 0,
            ballast_bytes: 0,
            free_bytes: None,
            blocks: 0,
            block_failures: 0,
            samples_dropped: 0,
            turns_dropped: 0,
            index_failed: false,
            records: 0,
            chain: Chain::START,
            routine_records: 0,
            routine_chain: Chain::START,
            is_short: false,
        }
    }
}

impl Usage {
    /// How far both streams have come.
    #[must_use]
    pub fn head(&self, at: Moment) -> LogHead {
        let streams = [
            (LogStream::Urgent, self.records, self.chain),
            (LogStream::Routine, self.routine_records, self.routine_chain),
        ];
        let held = streams.into_iter().filter(|(_, index, _)| *index > 0);
        let streams = held.map(|(stream, index, chain)| StreamHead { stream, index, chain: Link(chain.0) }).collect();
        LogHead { at, streams }
    }
}

/// What was found when the store was opened: for the log, the page, and where it says so the county.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Report {
    /// There was no log.
    FirstStart,
    /// A write that a power cut interrupted. Nobody had been told of what it would have said.
    Torn(Torn),
    /// A range that cannot be read.
    Missing(Missing),
    /// A record of the urgent stream that is well and that this version cannot read.
    Unreadable(Position),
    /// The routine stream is gone, though readings had been numbered.
    RoutineLost,
    /// The routine stream ends before a block that the urgent stream knows: its end is lost.
    RoutineCut,
    /// The state index is being rebuilt from the log.
    Rebuilt {
        /// What was wrong with it.
        why: Why,
    },
}

impl Report {
    /// Whether nobody can say any more how far the sequence had come, so that a number might be given to two records: the county would
    /// take the second for the first. An index that knows more than the log shows that the log was put back, or has lost its end.
    #[must_use]
    pub const fn breaks_the_sequence(&self) -> bool {
        match self {
            Report::Missing(_)
            | Report::Unreadable(_)
            | Report::RoutineCut
            | Report::Rebuilt { why: Why::NotOfThisLog } => true,
            Report::FirstStart | Report::Torn(_) | Report::RoutineLost | Report::Rebuilt { .. } => false,
        }
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Report::FirstStart => f.write_str("first start: the log is empty"),
            Report::Torn(torn) => torn.fmt(f),
            Report::Missing(missing) => missing.fmt(f),
            Report::Unreadable(at) => {
                write!(f, "urgent log: the record at {at} was written by another version and is left out")
            }
            Report::Rebuilt { why } => write!(f, "state index: rebuilt from the log because {why}"),
            Report::RoutineCut => f.write_str("routine log: its end is gone; readings without a receipt are lost"),
            Report::RoutineLost => f.write_str("routine log: gone; readings without a receipt are lost"),
        }
    }
}

/// Why the store cannot be opened.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// The directory cannot be read.
    #[error("the store's directory cannot be read: {0}; check that it exists and belongs to the service's user")]
    List(#[source] io::Error),
    /// No thread can be started.
    #[error("the store's thread cannot be started: {0}")]
    Thread(#[source] io::Error),
}
