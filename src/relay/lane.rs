//! One lane of the outbox, as numbers only: what is there, what was sent, what has its receipt.
//!
//! *Invariant:* every number up to the head is in exactly one place: settled (receipted or rejected), waiting for its
//! receipt, in flight, or unsent (from the cursor on). Nothing leaves `settled`, so nothing is sent after its receipt.

use crate::core::sequence::Range;
use crate::core::time::Mono;
use crate::limits::RECEIPT_RANGES_MAX;

use super::ages::Ages;
use super::ranges::Ranges;
use super::waiting::{Run, Waiting};

/// A lane as the store knows it at the start.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LaneStanding {
    /// Number of the newest record; 0 before the first.
    pub head: u64,
    /// Numbers that are receipted, rejected or dropped and forgotten: never to be sent.
    pub settled: Vec<Range>,
    /// When the oldest other one became known, in station time.
    pub oldest_at: Mono,
}

/// What became of a range that the county named.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Settling {
    /// These numbers are new; empty when all had their receipt already.
    New(Vec<Range>),
    /// Nothing of it was ever sent.
    NeverSent,
    /// It would scatter the receipts beyond their limit.
    TooScattered,
    /// It is not a range.
    NotARange,
}

/// Numbers to send.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Pick {
    /// First number.
    pub from: u64,
    /// Last number.
    pub to: u64,
    /// How often they were sent before on this connection.
    pub tries: u32,
}

/// The numbers of one lane.
#[derive(Debug, Clone)]
pub struct Outlane {
    head: u64,
    /// The highest number the county may have seen: sent by this process, or there before it began.
    ceiling: u64,
    /// The first unsent number is this one or a later one.
    cursor: u64,
    settled: Ranges,
    waiting: Waiting,
    ages: Ages,
}

impl Outlane {
    /// The lane as the store knows it; everything unsettled is unsent.
    #[must_use]
    pub fn new(standing: &LaneStanding) -> Self {
        let mut settled = Ranges::default();
        // 0 is not a number; holding it settled makes "settled up to" one look-up.
        settled.insert(0, 0);
        for &Range(from, to) in &standing.settled {
            settled.insert(from, to.min(standing.head));
        }
        let mut lane = Self {
            head: standing.head,
            ceiling: standing.head,
            cursor: 1,
            settled,
            waiting: Waiting::default(),
            ages: Ages::new(standing.oldest_at),
        };
        lane.restart();
        lane
    }

    /// Newer records exist; a lower head is ignored.
    pub fn raise(&mut self, now: Mono, head: u64) {
        if head > self.head {
            self.ages.note(now, self.head + 1);
            self.head = head;
        }
    }

    /// Number of the newest record.
    #[must_use]
    pub fn head(&self) -> u64 {
        self.head
    }

    /// Everything up to here is settled.
    #[must_use]
    pub fn settled_to(&self) -> u64 {
        self.settled.first_missing(0).map_or(u64::MAX, |first| first - 1)
    }

    /// Whether records wait for their receipt, wherever they are.
    #[must_use]
    pub fn has_unsettled(&self) -> bool {
        self.settled_to() < self.head
    }

    /// Since when the oldest of them is known.
    pub fn unsettled_since(&mut self) -> Option<Mono> {
        self.has_unsettled().then(|| self.ages.since(self.settled_to() + 1))
    }

    /// How many were sent and wait for their receipt, those in flight not counted.
    #[must_use]
    pub fn waiting_count(&self) -> u64 {
        self.waiting.count()
    }

    /// When the first of them is due again.
    #[must_use]
    pub fn due_at(&self) -> Option<Mono> {
        self.waiting.earliest().map(|run| run.due)
    }

    /// Everything unsettled is to be sent again, oldest first; what is in flight is left to arrive.
    pub fn restart(&mut self) {
        self.waiting.clear();
        self.cursor = self.settled_to().saturating_add(1);
    }

    /// The first unsent number.
    pub fn first_unsent(&mut self, in_flight: &[(u64, u64)]) -> Option<u64> {
        loop {
            let at = self.settled.first_missing(self.cursor).filter(|&at| at <= self.head)?;
            let behind = match self.waiting.at(at) {
                Some(run) => Some(run.to),
                None => in_flight.iter().find(|(from, to)| (*from..=*to).contains(&at)).map(|&(_, to)| to),
            };
            match behind {
                None => {
                    self.cursor = at;
                    return Some(at);
                }
                Some(to) => self.cursor = to.checked_add(1)?,
            }
        }
    }

    /// Takes up to `count` unsent numbers.
    pub fn pick_unsent(&mut self, in_flight: &[(u64, u64)], count: u64) -> Option<Pick> {
        let from = self.first_unsent(in_flight)?;
        let to = self.free_end(from, in_flight).min(from.saturating_add(count.max(1) - 1));
        self.cursor = to.saturating_add(1);
        Some(Pick { from, to, tries: 0 })
    }

    /// Takes up to `count` numbers that are due again.
    pub fn pick_due(&mut self, now: Mono, count: u64) -> Option<Pick> {
        let run = self.waiting.earliest().filter(|run| run.due <= now)?;
        let to = run.to.min(run.from.saturating_add(count.max(1) - 1));
        self.waiting.remove(run.from, to);
        Some(Pick { from: run.from, to, tries: run.tries })
    }

    /// A picked range really reaches to `to`: the rest comes next, and a hole that reaches further is taken with it.
    /// Returns where the flight ends.
    pub fn took(&mut self, now: Mono, pick: Pick, to: u64, in_flight: &[(u64, u64)]) -> u64 {
        let to = to.clamp(pick.from, self.head.max(pick.from));
        self.ceiling = self.ceiling.max(to);
        if to < pick.to {
            self.waiting.insert(Run { from: to + 1, to: pick.to, tries: pick.tries, due: now });
            return to;
        }
        let end = if to > pick.to { to.min(self.free_end(pick.from, in_flight)).max(pick.to) } else { to };
        if end >= self.cursor {
            self.cursor = end.saturating_add(1);
        }
        end
    }

    /// The county may have seen the records up to here.
    pub fn has_seen(&mut self, to: u64) {
        self.ceiling = self.ceiling.max(to.min(self.head));
    }

    /// A flight ended: what is still unsettled waits for its receipt, or for its next try.
    pub fn wait(&mut self, pick: Pick, due: Mono) {
        for Range(from, to) in self.settled.missing_in(pick.from, pick.to) {
            self.waiting.insert(Run { from, to, tries: pick.tries.saturating_add(1), due });
        }
    }

    /// The county settled `from..=to`, by receipt or by rejection.
    pub fn settle(&mut self, from: u64, to: u64) -> Settling {
        if from > to {
            return Settling::NotARange;
        }
        let (from, to) = (from.max(1), to.min(self.ceiling));
        if from > to {
            return Settling::NeverSent;
        }
        if self.settled.fragments() >= RECEIPT_RANGES_MAX && self.settled.would_fragment(from, to) {
            return Settling::TooScattered;
        }
        let new = self.settled.missing_in(from, to);
        for &Range(from, to) in &new {
            self.settled.insert(from, to);
            self.waiting.remove(from, to);
        }
        Settling::New(new)
    }

    /// The last number of the unsent stretch that begins at `from`.
    fn free_end(&self, from: u64, in_flight: &[(u64, u64)]) -> u64 {
        let next_flight = in_flight.iter().map(|&(start, _)| start).filter(|&start| start > from).min();
        [self.settled.next_start(from), self.waiting.next_start(from), next_flight]
            .into_iter()
            .flatten()
            .map(|start| start - 1)
            .fold(self.head, u64::min)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lane(head: u64, settled: &[Range]) -> Outlane {
        Outlane::new(&LaneStanding { head, settled: settled.to_vec(), oldest_at: Mono(0) })
    }

    #[test]
    fn only_what_is_unsettled_is_picked() {
        let mut lane = lane(10, &[Range(1, 2), Range(5, 6)]);
        assert_eq!(lane.settled_to(), 2);
        assert_eq!(lane.pick_unsent(&[], 100), Some(Pick { from: 3, to: 4, tries: 0 }));
        assert_eq!(lane.pick_unsent(&[(3, 4), (8, 8)], 100), Some(Pick { from: 7, to: 7, tries: 0 }));
        assert_eq!(lane.pick_unsent(&[(3, 4), (7, 7), (8, 8)], 1), Some(Pick { from: 9, to: 9, tries: 0 }));
    }

    #[test]
    fn a_batch_that_was_cut_goes_on_where_it_was_cut() {
        let mut lane = lane(100, &[]);
        let pick = lane.pick_unsent(&[], 50).expect("unsent");
        assert_eq!(lane.took(Mono(0), pick, 20, &[]), 20);
        assert_eq!(lane.pick_due(Mono(0), 50), Some(Pick { from: 21, to: 50, tries: 0 }));
        assert_eq!(lane.pick_unsent(&[], 50), Some(Pick { from: 51, to: 100, tries: 0 }));
    }

    #[test]
    fn a_named_hole_is_taken_whole() {
        let mut lane = lane(1_000_000, &[]);
        let pick = lane.pick_unsent(&[], 50).expect("unsent");
        assert_eq!(lane.took(Mono(0), pick, 900_000, &[]), 900_000);
        assert_eq!(lane.settle(1, 900_000), Settling::New(vec![Range(1, 900_000)]));
        assert_eq!(lane.pick_unsent(&[], 1), Some(Pick { from: 900_001, to: 900_001, tries: 0 }));
    }

    #[test]
    fn a_receipt_reaches_no_further_than_what_the_county_may_have_seen() {
        let mut lane = lane(3, &[]);
        lane.raise(Mono(0), 10);
        assert_eq!(lane.settle(4, 9), Settling::NeverSent);
        assert_eq!(lane.settle(u64::MAX, u64::MAX), Settling::NeverSent);
        assert_eq!(lane.settle(9, 4), Settling::NotARange);
        assert_eq!(lane.settle(0, u64::MAX), Settling::New(vec![Range(1, 3)]));
        assert_eq!(lane.settle(1, 2), Settling::New(vec![]));
        assert_eq!(lane.pick_unsent(&[], 99), Some(Pick { from: 4, to: 10, tries: 0 }));
    }

    #[test]
    fn scattered_receipts_cost_bounded_memory() {
        let mut lane = lane(1_000_000, &[]);
        let mut refused = 0;
        for number in (2..=1_000_000).step_by(2) {
            refused += u32::from(lane.settle(number, number) == Settling::TooScattered);
        }
        assert!(lane.settled.fragments() <= RECEIPT_RANGES_MAX && refused > 0);
        assert_eq!(lane.settle(1, 1), Settling::New(vec![Range(1, 1)]), "closing a hole is always taken");
        assert!(matches!(lane.settle(0, u64::MAX), Settling::New(new) if !new.is_empty()));
    }
}
