//! How old the oldest record without a receipt is, told from a few marks instead of a time for every record.

use std::collections::VecDeque;
use std::time::Duration;

use crate::core::time::Mono;
use crate::limits::AGE_MARKS_MAX;

/// A second mark within this time is not kept: its records count as those of the mark before.
const GRAIN: Duration = Duration::from_secs(1);

/// When the records of a lane became known: each mark stands for its number and those behind it.
#[derive(Debug, Clone)]
pub struct Ages {
    marks: VecDeque<(u64, Mono)>,
}

impl Ages {
    /// Everything known at the start is as old as its oldest.
    #[must_use]
    pub fn new(oldest_at: Mono) -> Self {
        Self { marks: VecDeque::from([(0, oldest_at)]) }
    }

    /// Records from `number` on become known.
    pub fn note(&mut self, now: Mono, number: u64) {
        if self.marks.back().is_some_and(|&(_, at)| now.since(at) < GRAIN) {
            return;
        }
        self.marks.push_back((number, now));
        if self.marks.len() > AGE_MARKS_MAX {
            // Every second one goes: its records then count as those of the mark before, which is older.
            let mut keep = false;
            self.marks.retain(|_| {
                keep = !keep;
                keep
            });
        }
    }

    /// When `number` became known, or a little before. Marks before it are forgotten.
    pub fn since(&mut self, number: u64) -> Mono {
        while self.marks.get(1).is_some_and(|&(next, _)| next <= number) {
            self.marks.pop_front();
        }
        self.marks.front().map_or(Mono(0), |&(_, at)| at)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_age_is_never_told_too_low_and_the_marks_are_few() {
        let mut ages = Ages::new(Mono(0));
        for number in 1..=1_000_u64 {
            ages.note(Mono(number * 2_000), number);
        }
        assert!(ages.marks.len() <= AGE_MARKS_MAX);
        for number in [1_u64, 17, 500, 999] {
            let since = ages.since(number);
            assert!(since <= Mono(number * 2_000), "{number}: {since:?}");
        }
        assert!(ages.since(1_000) > Mono(1_000_000));
    }

    #[test]
    fn a_burst_is_one_mark() {
        let mut ages = Ages::new(Mono(0));
        for number in 1..=500 {
            ages.note(Mono(60_000 + number), number);
        }
        assert_eq!(ages.marks.len(), 2);
        assert_eq!(ages.since(400), Mono(60_001));
    }
}
