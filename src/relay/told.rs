//! What the station is to be told and has not taken yet.
//!
//! Receipts of a lane grow together and a newer state replaces an older one, so a busy station finds few words and
//! never holds the relay up; only commands are counted against `limits::FROM_COUNTY_MAX`.

use std::collections::VecDeque;
use std::mem::discriminant;

use crate::core::sequence::Range;
use crate::limits::FROM_COUNTY_MAX;

use super::message::Ack;
use super::records::FromCounty;

/// The words, oldest first.
#[derive(Debug, Default)]
pub(super) struct Told {
    words: VecDeque<FromCounty>,
}

impl Told {
    /// Adds a word, or joins it to one that says the same.
    pub(super) fn push(&mut self, word: FromCounty) {
        match word {
            FromCounty::Receipt(ack) => self.push_receipt(ack),
            FromCounty::Command { .. } | FromCounty::Unreadable { .. } => self.words.push_back(word),
            FromCounty::County(_)
            | FromCounty::Connected { .. }
            | FromCounty::Disconnected(_)
            | FromCounty::Trouble(_) => {
                // The newest of its kind is the one that is still true.
                self.words.retain(|other| discriminant(other) != discriminant(&word));
                self.words.push_back(word);
            }
        }
    }

    /// The oldest word.
    pub(super) fn pop(&mut self) -> Option<FromCounty> {
        self.words.pop_front()
    }

    /// Whether there is nothing to tell.
    pub(super) fn is_empty(&self) -> bool {
        self.words.is_empty()
    }

    /// Whether the county must wait before it says more.
    pub(super) fn is_full(&self) -> bool {
        self.words.len() >= FROM_COUNTY_MAX
    }

    fn push_receipt(&mut self, ack: Ack) {
        let waiting = self.words.iter_mut().find_map(|word| match word {
            FromCounty::Receipt(waiting) if waiting.lane == ack.lane => Some(waiting),
            _ => None,
        });
        let Some(waiting) = waiting else { return self.words.push_back(FromCounty::Receipt(ack)) };
        for range in ack.ranges {
            match waiting.ranges.last_mut() {
                Some(Range(_, end)) if end.checked_add(1) == Some(range.0) => *end = range.1,
                _ => waiting.ranges.push(range),
            }
        }
        waiting.reject.extend(ack.reject);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::core::id::Epoch;
    use crate::core::sequence::Lane;
    use crate::relay::trouble::Trouble;

    fn receipt(lane: Lane, from: u64, to: u64) -> FromCounty {
        FromCounty::Receipt(Ack { epoch: Epoch(1), lane, ranges: vec![Range(from, to)], reject: Vec::new() })
    }

    #[test]
    fn a_busy_station_finds_one_receipt_a_lane_and_the_newest_state() {
        let mut told = Told::default();
        for number in 1..=10_000 {
            told.push(receipt(Lane::Alarm, number, number));
            told.push(receipt(Lane::Reading, number * 10, number * 10 + 9));
            told.push(FromCounty::Connected { conn: number });
            told.push(FromCounty::Disconnected(Trouble::Dead));
        }
        let words: Vec<FromCounty> = std::iter::from_fn(|| told.pop()).collect();
        assert_eq!(
            words,
            [
                receipt(Lane::Alarm, 1, 10_000),
                receipt(Lane::Reading, 10, 100_009),
                FromCounty::Connected { conn: 10_000 },
                FromCounty::Disconnected(Trouble::Dead),
            ]
        );
    }
}
