//! Where a stream begins, and whether its budget explains that what came before is gone.
//!
//! A segment that was retired and one that somebody unlinked leave the same files behind. The difference is in the ones that stay: the
//! budget retires nothing that is younger than it keeps, unless the stream is full.

use std::io;
use std::time::Duration;

use super::Stream;
use super::read::{header, segments};
use crate::core::time::{Moment, Wall};
use crate::store::Budget;
use crate::store::files::Files;

/// So many segments a stream may be below its budget and still have been full at the last retirement. judgement: the one that went, and
/// one that was longer than most, because a segment ends only after the record that fills it.
const SEGMENTS_BELOW_BUDGET: u64 = 2;

/// Where a stream begins.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Beginning {
    /// When its oldest segment was born; none where there is none, or where its header is damaged.
    pub since: Option<Moment>,
    /// When its newest segment was born, which is when segments were retired last.
    pub newest: Option<Moment>,
    /// Bytes of all its segments.
    pub bytes: u64,
}

/// Looks at the headers of a stream.
///
/// # Errors
/// Fails when the directory cannot be listed.
pub fn beginning(files: &dyn Files, stream: Stream) -> io::Result<Beginning> {
    let numbers = segments(files, stream)?;
    let born =
        |number: Option<&u64>| number.and_then(|number| header(files, stream, *number)).map(|header| header.born);
    let len = |number: &u64| files.open(&stream.file_name(*number)).and_then(|handle| handle.len()).unwrap_or(0);
    Ok(Beginning {
        since: born(numbers.first()),
        newest: numbers.iter().rev().find_map(|number| born(Some(number))),
        bytes: numbers.iter().map(len).sum(),
    })
}

impl Beginning {
    /// Whether what came before was to be retired: the oldest segment left is older than is kept, or the stream is full.
    #[must_use]
    pub fn is_retirement(&self, budget: Budget) -> bool {
        let is_full =
            self.bytes.saturating_add(budget.segment_bytes.saturating_mul(SEGMENTS_BELOW_BUDGET)) > budget.bytes_max;
        let span = self.since.zip(self.newest).map(|(since, newest)| newest.mono.since(since.mono));
        is_full || span.is_some_and(|span| span > budget.kept)
    }

    /// Whether a record of that time is older than the log has to keep.
    #[must_use]
    pub fn may_forget(&self, at: Wall, kept: Duration) -> bool {
        let kept_ms = i64::try_from(kept.as_millis()).unwrap_or(i64::MAX);
        self.newest.is_some_and(|newest| at.0.saturating_add(kept_ms) < newest.wall.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::core::time::{Boot, Mono, Trust};

    const HOUR_MS: u64 = 3_600_000;

    fn at(hours: u64) -> Moment {
        let wall = Wall(i64::try_from(hours * HOUR_MS).expect("small"));
        Moment { boot: Boot(1), mono: Mono(hours * HOUR_MS), wall, trust: Trust::Synced }
    }

    #[test]
    fn a_beginning_is_explained_by_age_or_by_bytes_and_by_nothing_else() {
        let budget = Budget { segment_bytes: 10, bytes_max: 1_000, kept: Duration::from_hours(24) };
        let begins = |since, bytes| Beginning { since: Some(at(since)), newest: Some(at(100)), bytes };
        assert!(!begins(90, 500).is_retirement(budget), "a short log far below its budget");
        assert!(!begins(76, 980).is_retirement(budget), "just as long as is kept");
        assert!(begins(75, 500).is_retirement(budget));
        assert!(begins(90, 981).is_retirement(budget));
        assert!(!Beginning { since: None, ..begins(0, 500) }.is_retirement(budget), "nobody knows since when");
        assert!(begins(90, 500).may_forget(at(75).wall, budget.kept));
        assert!(!begins(90, 500).may_forget(at(80).wall, budget.kept));
    }
}
