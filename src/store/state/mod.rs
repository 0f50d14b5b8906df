//! The state index: the history of alarms and the devices' last words, for quick answers. Everything about alarms in
//! it can be rebuilt from the log, so damage to it costs a rebuild and a word to the county, and nothing else.
//!
//! It follows the log and is never in the way of a commit: [`follow`] reads what the log has got since, on the index's
//! own thread. Behind a trait, because sled is beta and may be replaced.

pub mod check;

pub mod follow;

pub mod memory;

pub mod sled_index;

use std::fmt;
use std::io;

use super::log::{Chain, Position};
use crate::core::alarm::Alarm;
use crate::core::time::Moment;

pub use check::{Checked, Starts, Verdict, check_in_child, check_state, open_checked};
pub use memory::MemoryIndex;
pub use sled_index::SledIndex;

/// The newest record of the urgent stream that the index holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Applied {
    /// Where it begins.
    pub at: Position,
    /// Its link of the chain: it must be the same record.
    pub chain: Chain,
}

/// What can be rebuilt from the log, kept for quick answers.
pub trait Index: Send {
    /// The newest record that it holds.
    fn applied(&self) -> Option<Applied>;

    /// Takes in records of some alarms, of which each alarm's highest revision counts, and says that everything up to `applied` is
    /// in: all or nothing.
    ///
    /// # Errors
    /// When the index fails; it is then to be put aside.
    fn put(&mut self, alarms: &[Alarm], applied: Applied) -> Result<(), StateError>;

    /// The newest record of each of the newest alarms, open and closed, newest onset first.
    ///
    /// # Errors
    /// When the index fails.
    fn newest(&self, limit: usize) -> Result<Vec<Alarm>, StateError>;

    /// Keeps the devices' last words: bytes that only the caller understands.
    ///
    /// # Errors
    /// When the index fails.
    fn put_words(&mut self, at: Moment, bytes: &[u8]) -> Result<(), StateError>;

    /// The devices' last words.
    ///
    /// # Errors
    /// When the index fails.
    fn words(&self) -> Result<Option<(Moment, Vec<u8>)>, StateError>;

    /// Makes everything durable.
    ///
    /// # Errors
    /// When the disk does.
    fn make_durable(&mut self) -> Result<(), StateError>;

    /// Forgets all alarms, to be rebuilt.
    ///
    /// # Errors
    /// When the index fails.
    fn clear(&mut self) -> Result<(), StateError>;
}

/// Why the state index cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum StateError {
    /// The database says so.
    #[error("the state index fails: {0}")]
    Database(#[from] sled::Error),
    /// The disk says so.
    #[error("the state index cannot be read or written: {0}")]
    Disk(#[from] io::Error),
    /// Written by another version.
    #[error("the state index has format {found}, this version knows {known}")]
    Format {
        /// The index's.
        found: u8,
        /// Ours.
        known: u8,
    },
    /// What stands in it does not fit together.
    #[error("the state index is damaged: {0}")]
    Damaged(&'static str),
    /// The last words are larger than the limit.
    #[error("{0} bytes of last words are more than the limit")]
    TooLarge(usize),
}

/// Why the index was rebuilt.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Why {
    /// It was not there, or empty, and the log was not.
    Missing,
    /// It could not be opened or read through.
    Damaged,
    /// Reading it through took longer than the limit.
    TimedOut,
    /// It ended the process that read it.
    Crashed,
    /// It does not follow from this log.
    NotOfThisLog,
    /// The process had ended uncleanly too often in too short a time: put aside without a look.
    UncleanStarts,
}

impl fmt::Display for Why {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Why::Missing => "it was gone or empty",
            Why::Damaged => "it is damaged",
            Why::TimedOut => "it could not be read in time",
            Why::Crashed => "it ended the process that checked it",
            Why::NotOfThisLog => "it does not belong to this log",
            Why::UncleanStarts => "the program ended unexpectedly three times in five minutes",
        })
    }
}
