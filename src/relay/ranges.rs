//! Sets of record numbers as ranges: 50,000 outstanding readings are one entry until receipts punch holes into them.
//!
//! The sets hold disjoint ranges with a gap between any two, so a set is as small as it can be written down.

use std::collections::BTreeMap;

use crate::core::sequence::Range;

/// A set of whole numbers.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Ranges {
    by_start: BTreeMap<u64, u64>,
}

impl Ranges {
    /// Adds `from..=to`; nothing when `from > to`.
    pub fn insert(&mut self, from: u64, to: u64) {
        if from > to {
            return;
        }
        let (mut start, mut end) = (from, to);
        if let Some((&left, &left_end)) = self.by_start.range(..=from).next_back()
            && left_end >= from.saturating_sub(1)
        {
            start = left;
            end = end.max(left_end);
        }
        while let Some((&next, &next_end)) = self.by_start.range(start..=end.saturating_add(1)).next() {
            end = end.max(next_end);
            self.by_start.remove(&next);
        }
        self.by_start.insert(start, end);
    }

    /// Whether the number is in the set.
    #[must_use]
    pub fn contains(&self, number: u64) -> bool {
        self.by_start.range(..=number).next_back().is_some_and(|(_, &end)| end >= number)
    }

    /// The smallest number from `from` on that is not in the set; `None` when there is none.
    #[must_use]
    pub fn first_missing(&self, from: u64) -> Option<u64> {
        match self.by_start.range(..=from).next_back() {
            Some((_, &end)) if end >= from => end.checked_add(1),
            _ => Some(from),
        }
    }

    /// The start of the first range behind `number`.
    #[must_use]
    pub fn next_start(&self, number: u64) -> Option<u64> {
        self.by_start.range(number.checked_add(1)?..).next().map(|(&start, _)| start)
    }

    /// The parts of `from..=to` that are not in the set, in order.
    #[must_use]
    pub fn missing_in(&self, from: u64, to: u64) -> Vec<Range> {
        let mut missing = Vec::new();
        let mut at = from;
        while at <= to {
            let Some(start) = self.first_missing(at).filter(|&start| start <= to) else { break };
            let end = self.next_start(start).map_or(to, |next| (next - 1).min(to));
            missing.push(Range(start, end));
            let Some(next) = end.checked_add(1) else { break };
            at = next;
        }
        missing
    }

    /// How many ranges the set is made of.
    #[must_use]
    pub fn fragments(&self) -> usize {
        self.by_start.len()
    }

    /// Whether adding `from..=to` would leave one range more than there is.
    #[must_use]
    pub fn would_fragment(&self, from: u64, to: u64) -> bool {
        let touches = self.by_start.range(..=to.saturating_add(1)).next_back();
        touches.is_none_or(|(_, &end)| end < from.saturating_sub(1))
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use proptest::prelude::*;

    use super::*;

    #[test]
    fn neighbours_become_one_range() {
        let mut set = Ranges::default();
        set.insert(5, 6);
        set.insert(1, 2);
        set.insert(3, 4);
        assert_eq!(set.fragments(), 1);
        assert_eq!(set.first_missing(1), Some(7));
        assert_eq!(set.missing_in(0, 9), [Range(0, 0), Range(7, 9)]);
    }

    #[test]
    fn the_ends_of_the_number_line_are_no_trap() {
        let mut set = Ranges::default();
        set.insert(u64::MAX, u64::MAX);
        set.insert(0, 0);
        assert_eq!(set.first_missing(u64::MAX), None);
        assert_eq!(set.missing_in(0, u64::MAX), [Range(1, u64::MAX - 1)]);
        set.insert(0, u64::MAX);
        assert_eq!((set.fragments(), set.first_missing(0)), (1, None));
        set.insert(9, 3);
        assert_eq!(set.fragments(), 1);
    }

    proptest! {
        #[test]
        fn it_behaves_as_a_set_of_numbers(
            inserts in proptest::collection::vec((0u64..60, 0u64..12), 0..40),
            from in 0u64..80,
            span in 0u64..40,
        ) {
            let mut set = Ranges::default();
            let mut model = BTreeSet::new();
            for (start, len) in inserts {
                let before = set.fragments();
                let would = set.would_fragment(start, start + len);
                set.insert(start, start + len);
                model.extend(start..=start + len);
                prop_assert_eq!(would, set.fragments() > before);
            }
            for number in 0..100 {
                prop_assert_eq!(set.contains(number), model.contains(&number));
            }
            prop_assert_eq!(set.first_missing(from), (from..=200).find(|number| !model.contains(number)));
            let missing: Vec<u64> = set.missing_in(from, from + span).into_iter().flat_map(|Range(a, b)| a..=b).collect();
            let expected: Vec<u64> = (from..=from + span).filter(|number| !model.contains(number)).collect();
            prop_assert_eq!(missing, expected);
        }
    }
}
