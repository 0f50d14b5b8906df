//! The outbox of a lane: an index over the records of the urgent stream that have no receipt.

use std::collections::BTreeMap;

use super::ranges::Holes;
use crate::core::sequence::{Range, SkipReason};
use crate::limits::OUTBOX_MAX;
use crate::store::log::Position;
use crate::store::record::{Hole, LaneSnapshot};

/// Where a record is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Place {
    /// On its way to the disk: nobody is told yet.
    Unwritten,
    /// In memory only, because the disk did not take it in time: told all the same.
    Told,
    /// In the log.
    Written(Position),
}

/// What waits for a receipt in one lane.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Outbox {
    head: u64,
    waiting: BTreeMap<u64, Place>,
    holes: Holes,
}

/// One number that waits.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Waiting {
    /// A record.
    Record(u64, Place),
    /// A hole.
    Hole(Hole),
}

impl Waiting {
    /// Its first number.
    #[must_use]
    pub const fn seq(&self) -> u64 {
        match self {
            Waiting::Record(seq, _) => *seq,
            Waiting::Hole(hole) => hole.range.0,
        }
    }
}

impl Outbox {
    /// Number of the newest record.
    #[must_use]
    pub fn head(&self) -> u64 {
        self.head
    }

    /// Everything up to here has its receipt.
    #[must_use]
    pub fn receipted(&self) -> u64 {
        let waiting = self.waiting.keys().next().copied();
        let hole = self.holes.iter().next().map(|hole| hole.range.0);
        waiting.into_iter().chain(hole).min().map_or(self.head, |first| first - 1)
    }

    /// How many records wait.
    #[must_use]
    pub fn len(&self) -> usize {
        self.waiting.len()
    }

    /// Whether no record waits.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.waiting.is_empty()
    }

    /// Where a waiting record is.
    #[must_use]
    pub fn place(&self, seq: u64) -> Option<Place> {
        self.waiting.get(&seq).copied()
    }

    /// Takes a record in. A number that is known already only gets its place; numbers that were jumped over are a hole,
    /// because only damage takes a record out of a gap-free sequence.
    pub fn record(&mut self, seq: u64, place: Place) {
        if seq <= self.head {
            self.put(seq, place);
            return;
        }
        self.hole(Hole { range: Range(self.head + 1, seq - 1), reason: SkipReason::Damaged });
        self.head = seq;
        self.waiting.insert(seq, place);
        if self.waiting.len() > OUTBOX_MAX
            && let Some(oldest) = self.waiting.keys().next().copied()
        {
            self.hole(Hole { range: Range(oldest, oldest), reason: SkipReason::Budget });
        }
    }

    /// Says where a record that waits is.
    pub fn put(&mut self, seq: u64, place: Place) {
        if let Some(old) = self.waiting.get_mut(&seq)
            && (matches!(place, Place::Written(_)) || !matches!(old, Place::Written(_)))
        {
            *old = place;
        }
    }

    /// Takes a hole in: its records, if any, are not sent.
    pub fn hole(&mut self, hole: Hole) {
        let Range(from, to) = hole.range;
        if from > to {
            return;
        }
        self.head = self.head.max(to);
        self.forget(hole.range);
        self.holes.insert(hole);
    }

    /// Takes a receipt: any order, any number of times.
    pub fn receipt(&mut self, range: Range) {
        if range.0 <= range.1 {
            self.forget(range);
            self.holes.remove(range);
        }
    }

    /// What waits from a number on, in order.
    pub fn waiting(&self, from: u64) -> impl Iterator<Item = Waiting> {
        let mut records = self.waiting.range(from..).map(|(seq, place)| Waiting::Record(*seq, *place)).peekable();
        let mut holes = self.holes.from(from).map(Waiting::Hole).peekable();
        std::iter::from_fn(move || match (records.peek(), holes.peek()) {
            (Some(record), Some(hole)) if record.seq() < hole.seq() => records.next(),
            (Some(_), None) => records.next(),
            (_, Some(_)) => holes.next(),
            (None, None) => None,
        })
    }

    /// A new sequence space begins: the numbers go on, and what waits keeps its number; all others are a hole there. Of a log that is
    /// whole they are known to have their receipt, but for the holes that were named before.
    pub fn begin_epoch(&mut self, is_whole: bool) {
        let named = if is_whole { self.holes.clone() } else { Holes::default() };
        let reason = if is_whole { SkipReason::Receipted } else { SkipReason::Damaged };
        let mut next = 1;
        let ends = self.waiting.keys().copied().chain([self.head + 1]).collect::<Vec<u64>>();
        for seq in ends {
            if next < seq {
                self.holes.insert(Hole { range: Range(next, seq - 1), reason });
            }
            next = seq + 1;
        }
        for hole in named.iter() {
            self.holes.insert(hole);
        }
    }

    /// After the log was read: a record that should have followed and did not is a hole.
    pub fn name_lost(&mut self) {
        let lost: Vec<u64> =
            self.waiting.iter().filter(|(_, place)| **place == Place::Unwritten).map(|(seq, _)| *seq).collect();
        for seq in lost {
            self.hole(Hole { range: Range(seq, seq), reason: SkipReason::Damaged });
        }
    }

    /// Its form in a snapshot.
    #[must_use]
    pub fn snapshot(&self) -> LaneSnapshot {
        let waiting = self.waiting.iter().map(|(seq, place)| match place {
            Place::Written(position) => (*seq, position.segment, position.offset),
            Place::Unwritten | Place::Told => (*seq, 0, 0),
        });
        LaneSnapshot { head: self.head, waiting: waiting.collect(), holes: self.holes.iter().collect() }
    }

    /// From a snapshot.
    #[must_use]
    pub fn restore(from: &LaneSnapshot) -> Outbox {
        let mut holes = Holes::default();
        for hole in &from.holes {
            holes.insert(*hole);
        }
        let waiting = from.places().map(|(seq, place)| (seq, place.map_or(Place::Unwritten, Place::Written)));
        Outbox { head: from.head, waiting: waiting.collect(), holes }
    }

    fn forget(&mut self, Range(from, to): Range) {
        let gone: Vec<u64> = self.waiting.range(from..=to).map(|(seq, _)| *seq).collect();
        for seq in gone {
            self.waiting.remove(&seq);
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn what_waits_is_what_was_recorded_and_has_no_receipt(
            head in 0_u64..40,
            receipts in proptest::collection::vec((0_u64..50, 0_u64..50), 0..40),
        ) {
            let mut outbox = Outbox::default();
            let mut model: BTreeSet<u64> = (1..=head).collect();
            for seq in 1..=head {
                outbox.record(seq, Place::Told);
            }
            for (from, to) in receipts {
                outbox.receipt(Range(from, to));
                model.retain(|seq| !(from..=to).contains(seq));
                let waiting: BTreeSet<u64> = outbox.waiting(0).map(|waiting| waiting.seq()).collect();
                prop_assert_eq!(&waiting, &model);
                prop_assert_eq!(outbox.receipted(), model.first().map_or(head, |first| first - 1));
                prop_assert_eq!(outbox.head(), head);
            }
        }
    }

    #[test]
    fn a_jump_is_a_hole_in_its_place() {
        let mut outbox = Outbox::default();
        outbox.record(1, Place::Told);
        outbox.record(4, Place::Told);
        let hole = Hole { range: Range(2, 3), reason: SkipReason::Damaged };
        let all: Vec<Waiting> = outbox.waiting(1).collect();
        assert_eq!(all, [Waiting::Record(1, Place::Told), Waiting::Hole(hole), Waiting::Record(4, Place::Told)]);
        assert_eq!(outbox.waiting(3).map(|waiting| waiting.seq()).collect::<Vec<_>>(), [2, 4]);
        outbox.receipt(Range(1, 2));
        assert_eq!(outbox.receipted(), 2);
        outbox.receipt(Range(3, 4));
        assert_eq!(outbox.receipted(), 4);
    }

    #[test]
    fn a_new_epoch_keeps_what_waits_and_names_the_rest() {
        let mut outbox = Outbox::default();
        for seq in 1..=5 {
            outbox.record(seq, Place::Told);
        }
        outbox.receipt(Range(1, 2));
        outbox.receipt(Range(4, 5));
        outbox.begin_epoch(false);
        let all: Vec<u64> = outbox.waiting(0).map(|waiting| waiting.seq()).collect();
        assert_eq!((all.as_slice(), outbox.receipted(), outbox.head()), ([1, 3, 4].as_slice(), 0, 5));
    }

    #[test]
    fn a_snapshot_says_the_same() {
        let mut outbox = Outbox::default();
        outbox.record(2, Place::Written(Position { segment: 3, offset: 77 }));
        outbox.record(3, Place::Told);
        let mut again = Outbox::restore(&outbox.snapshot());
        assert_eq!(again.place(3), Some(Place::Unwritten), "its record follows in the same segment");
        again.put(3, Place::Told);
        assert_eq!(again, outbox);
    }
}
