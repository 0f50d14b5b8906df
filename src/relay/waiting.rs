//! Records that the broker has and the county has not receipted: when each is due to be sent again.
//!
//! Neighbours that fall due together are one run, so a backlog of 10,000 alarms is a few hundred entries. To let them
//! fall due together, moments are rounded down to [`GRAIN_MS`].

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use crate::core::time::Mono;

/// Moments are rounded down to this. judgement: a tenth of the shortest back-off.
const GRAIN_MS: u64 = 100;

/// Numbers `from..=to`, sent `tries` times, due again at `due`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Run {
    /// First number.
    pub from: u64,
    /// Last number.
    pub to: u64,
    /// How often they have been sent since the connection was made.
    pub tries: u32,
    /// When they are sent again.
    pub due: Mono,
}

/// All waiting records of a lane.
#[derive(Debug, Clone, Default)]
pub struct Waiting {
    by_start: BTreeMap<u64, Run>,
    by_due: BTreeSet<(Mono, u64)>,
    count: u64,
}

/// `now` plus `span`, rounded so that neighbours fall due together.
#[must_use]
pub fn due_after(now: Mono, span: Duration) -> Mono {
    let due = now + span;
    Mono(due.0 - due.0 % GRAIN_MS).max(now)
}

impl Waiting {
    /// How many records wait.
    #[must_use]
    pub fn count(&self) -> u64 {
        self.count
    }

    /// Adds a run in the place of whatever was known of its numbers.
    pub fn insert(&mut self, run: Run) {
        if run.from > run.to {
            return;
        }
        self.remove(run.from, run.to);
        let mut merged = run;
        if let Some((_, &left)) = self.by_start.range(..run.from).next_back()
            && left.to.checked_add(1) == Some(run.from)
            && (left.due, left.tries) == (run.due, run.tries)
        {
            self.take(left);
            merged.from = left.from;
        }
        if let Some(right) = run.to.checked_add(1).and_then(|next| self.by_start.get(&next)).copied()
            && (right.due, right.tries) == (run.due, run.tries)
        {
            self.take(right);
            merged.to = right.to;
        }
        self.put(merged);
    }

    /// Removes every number of `from..=to`.
    pub fn remove(&mut self, from: u64, to: u64) {
        if let Some((_, &left)) = self.by_start.range(..from).next_back()
            && left.to >= from
        {
            self.take(left);
            self.put(Run { to: from - 1, ..left });
            if left.to > to {
                self.put(Run { from: to + 1, ..left });
            }
        }
        while let Some((_, &run)) = self.by_start.range(from..=to).next() {
            self.take(run);
            if run.to > to {
                self.put(Run { from: to + 1, ..run });
            }
        }
    }

    /// The run that is due first.
    #[must_use]
    pub fn earliest(&self) -> Option<Run> {
        let (_, from) = self.by_due.first()?;
        self.by_start.get(from).copied()
    }

    /// The run that holds the number.
    #[must_use]
    pub fn at(&self, number: u64) -> Option<Run> {
        self.by_start.range(..=number).next_back().map(|(_, &run)| run).filter(|run| run.to >= number)
    }

    /// The start of the first run behind `number`.
    #[must_use]
    pub fn next_start(&self, number: u64) -> Option<u64> {
        self.by_start.range(number.checked_add(1)?..).next().map(|(&start, _)| start)
    }

    /// Forgets everything.
    pub fn clear(&mut self) {
        *self = Self::default();
    }

    fn put(&mut self, run: Run) {
        self.count += run.to - run.from + 1;
        self.by_due.insert((run.due, run.from));
        self.by_start.insert(run.from, run);
    }

    fn take(&mut self, run: Run) {
        self.count -= run.to - run.from + 1;
        self.by_due.remove(&(run.due, run.from));
        self.by_start.remove(&run.from);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn run(from: u64, to: u64, due: u64) -> Run {
        Run { from, to, tries: 1, due: Mono(due) }
    }

    #[test]
    fn neighbours_that_fall_due_together_are_one_run() {
        let mut waiting = Waiting::default();
        for number in (1..=10_000).rev() {
            waiting.insert(run(number, number, number / 5_000));
        }
        assert_eq!((waiting.by_start.len(), waiting.by_due.len(), waiting.count()), (3, 3, 10_000));
        assert_eq!(waiting.earliest(), Some(run(1, 4_999, 0)));
    }

    #[test]
    fn a_receipt_punches_a_hole() {
        let mut waiting = Waiting::default();
        waiting.insert(run(1, 9, 1_000));
        waiting.insert(run(20, 29, 2_000));
        waiting.remove(4, 5);
        waiting.remove(8, 22);
        let runs: Vec<Run> = waiting.by_start.values().copied().collect();
        assert_eq!(runs, [run(1, 3, 1_000), run(6, 7, 1_000), run(23, 29, 2_000)]);
        assert_eq!((waiting.count(), waiting.by_due.len()), (12, 3));
        waiting.insert(run(2, 25, 3_000));
        let runs: Vec<Run> = waiting.by_start.values().copied().collect();
        assert_eq!(runs, [run(1, 1, 1_000), run(2, 25, 3_000), run(26, 29, 2_000)]);
        assert_eq!(waiting.at(25), Some(run(2, 25, 3_000)));
        assert_eq!(waiting.at(30), None);
    }

    #[test]
    fn due_moments_are_never_later_than_asked_and_never_past() {
        assert_eq!(due_after(Mono(250), Duration::from_secs(1)), Mono(1_200));
        assert_eq!(due_after(Mono(250), Duration::from_millis(10)), Mono(250));
    }
}
