//! Sets of numbers as ranges: receipts above a gap, and holes. Pure and bounded.

use std::collections::BTreeMap;

use crate::core::sequence::{Range, SkipReason};
use crate::limits::RANGES_MAX;
use crate::store::record::Hole;

/// Numbers that have their receipt: everything up to a mark, and ranges above it.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Receipts {
    upto: u64,
    above: BTreeMap<u64, u64>,
}

impl Receipts {
    /// From a mark and the ranges above it.
    #[must_use]
    pub fn new(upto: u64, above: &[Range]) -> Self {
        let mut receipts = Receipts { upto, above: BTreeMap::new() };
        for range in above {
            receipts.insert(*range);
        }
        receipts
    }

    /// Everything up to here has its receipt.
    #[must_use]
    pub fn upto(&self) -> u64 {
        self.upto
    }

    /// The ranges above the mark.
    #[must_use]
    pub fn above(&self) -> Vec<Range> {
        self.above.iter().map(|(from, to)| Range(*from, *to)).collect()
    }

    /// Adds a range. In any order, any number of times: the set is the same.
    pub fn insert(&mut self, Range(from, to): Range) {
        if to <= self.upto || from > to {
            return;
        }
        let (mut from, mut to) = (from.max(1), to);
        // All ranges that touch the new one become one with it.
        while let Some((start, end)) = self.above.range(..=to.saturating_add(1)).next_back().map(|(a, b)| (*a, *b)) {
            if end.saturating_add(1) < from {
                break;
            }
            (from, to) = (from.min(start), to.max(end));
            self.above.remove(&start);
        }
        if from <= self.upto.saturating_add(1) {
            self.upto = to;
        } else if self.above.len() < RANGES_MAX {
            self.above.insert(from, to);
        }
    }
}

/// Numbers that were dropped and have no receipt yet.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Holes(BTreeMap<u64, (u64, SkipReason)>);

impl Holes {
    /// Adds a hole; it joins the one before it when they touch and have the same reason.
    pub fn insert(&mut self, Hole { range: Range(from, to), reason }: Hole) {
        if from > to || from == 0 {
            return;
        }
        self.remove(Range(from, to));
        if let Some((before, (end, why))) = self.0.range_mut(..from).next_back()
            && *end + 1 == from
            && *why == reason
        {
            debug_assert!(*before < from);
            *end = to;
            return;
        }
        self.0.insert(from, (to, reason));
    }

    /// Joins the newest holes, with what lies between them, until at most [`RANGES_MAX`] are left.
    pub fn join_newest(&mut self) {
        while self.0.len() > RANGES_MAX
            && let Some((_, (end, _))) = self.0.pop_last()
            && let Some(mut before) = self.0.last_entry()
        {
            before.get_mut().0 = end;
        }
    }

    /// Takes a range out: it has its receipt.
    pub fn remove(&mut self, Range(from, to): Range) {
        while let Some((start, (end, reason))) = self.0.range(..=to).next_back().map(|(start, hole)| (*start, *hole)) {
            if end < from {
                break;
            }
            self.0.remove(&start);
            if end > to {
                self.0.insert(to + 1, (end, reason));
            }
            if start < from {
                self.0.insert(start, (from - 1, reason));
                break;
            }
        }
    }

    /// The hole around a number, if it is in one.
    #[must_use]
    pub fn around(&self, number: u64) -> Option<Hole> {
        let (from, (to, reason)) = self.0.range(..=number).next_back()?;
        (*to >= number).then_some(Hole { range: Range(*from, *to), reason: *reason })
    }

    /// All holes, in order.
    pub fn iter(&self) -> impl Iterator<Item = Hole> {
        self.0.iter().map(|(from, (to, reason))| Hole { range: Range(*from, *to), reason: *reason })
    }

    /// The holes from a number on, in order; the first may begin before it.
    pub fn from(&self, number: u64) -> impl Iterator<Item = Hole> {
        let start = self.around(number).map_or(number, |hole| hole.range.0);
        self.0.range(start..).map(|(from, (to, reason))| Hole { range: Range(*from, *to), reason: *reason })
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn receipts_in_any_order_and_number_are_the_set_of_their_numbers(
            ranges in proptest::collection::vec((0_u64..60, 0_u64..12), 0..60),
        ) {
            let (mut receipts, mut model) = (Receipts::default(), BTreeSet::new());
            for (from, len) in ranges {
                receipts.insert(Range(from, from + len));
                model.extend((from..=from + len).filter(|number| *number > 0));
                let upto = (1..100).take_while(|number| model.contains(number)).last().unwrap_or(0);
                prop_assert_eq!(receipts.upto(), upto);
                let above: BTreeSet<u64> = receipts.above().iter().flat_map(|range| range.0..=range.1).collect();
                let expected: BTreeSet<u64> = model.iter().copied().filter(|number| *number > upto).collect();
                prop_assert_eq!(above, expected);
            }
        }

        #[test]
        fn holes_are_the_set_of_their_numbers(
            steps in proptest::collection::vec((any::<bool>(), 1_u64..60, 0_u64..12), 0..60),
        ) {
            let (mut holes, mut model) = (Holes::default(), BTreeSet::new());
            for (add, from, len) in steps {
                if add {
                    holes.insert(Hole { range: Range(from, from + len), reason: SkipReason::Damaged });
                    model.extend(from..=from + len);
                } else {
                    holes.remove(Range(from, from + len));
                    model.retain(|number| !(from..=from + len).contains(number));
                }
                let numbers: BTreeSet<u64> = holes.iter().flat_map(|hole| hole.range.0..=hole.range.1).collect();
                prop_assert_eq!(&numbers, &model);
                for number in 0..80 {
                    prop_assert_eq!(holes.around(number).is_some(), model.contains(&number));
                }
            }
        }
    }

    #[test]
    fn both_are_bounded() {
        let (mut receipts, mut holes) = (Receipts::default(), Holes::default());
        for number in 1..=2 * RANGES_MAX as u64 {
            receipts.insert(Range(number * 2, number * 2));
            holes.insert(Hole { range: Range(number * 2, number * 2), reason: SkipReason::Budget });
            holes.join_newest();
        }
        assert_eq!((receipts.above().len(), holes.iter().count()), (RANGES_MAX, RANGES_MAX));
        assert!(holes.around(4 * RANGES_MAX as u64).is_some(), "the newest hole was joined, not forgotten");
    }
}
