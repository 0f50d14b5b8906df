//! Routine samples on their way into a block. Pure.

use std::collections::VecDeque;
use std::time::Duration;

use super::record::{Block, Timed};
use crate::core::reading::Sample;
use crate::core::time::{Moment, Mono};
use crate::limits::ROUTINE_WAITING_BYTES_MAX;

/// How far the wall clock may step within a block before its samples' wall times would be wrong.
const WALL_STEP_MAX_MS: i64 = 1_000;

/// Samples that are acknowledged and not written yet.
#[derive(Debug, Default)]
pub struct Gather {
    waiting: VecDeque<(Moment, Sample)>,
    bytes: usize,
    lost: u64,
    dropped: u64,
}

/// About how many bytes a sample takes in a block.
#[must_use]
pub fn cost(sample: &Sample) -> usize {
    // {"after_ms":12345,"from":{"device":"d017"},"said":[]} and ["ambient_temp",21.5] for each thing said.
    60 + 22 * sample.said.len()
}

impl Gather {
    /// Takes a sample in; at the limit the oldest go, and their numbers will stand for nothing.
    pub fn push(&mut self, at: Moment, sample: Sample) {
        self.bytes += cost(&sample);
        self.waiting.push_back((at, sample));
        while self.bytes > ROUTINE_WAITING_BYTES_MAX && self.pop() {
            self.lost += 1;
            self.dropped += 1;
        }
    }

    /// How many samples wait.
    #[must_use]
    pub fn len(&self) -> usize {
        self.waiting.len()
    }

    /// Whether no sample waits.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.waiting.is_empty()
    }

    /// How many samples were dropped since the start.
    #[must_use]
    pub fn dropped(&self) -> u64 {
        self.dropped
    }

    /// Numbers that will have to stand for nothing, before the next block has its own.
    #[must_use]
    pub fn lost(&self) -> u64 {
        self.lost
    }

    /// The next numbers may have been given out before: they must stand for nothing.
    pub fn lose(&mut self, count: u64) {
        self.lost += count;
    }

    /// The lost numbers have become a hole in the ledger.
    pub fn named_lost(&mut self, count: u64) {
        self.lost = self.lost.saturating_sub(count);
    }

    /// Whether a block should be written: the oldest sample has waited for `gather`, or there are `block_bytes` of them.
    #[must_use]
    pub fn due(&self, now: Mono, gather: Duration, block_bytes: usize) -> bool {
        self.bytes >= block_bytes || self.waiting.front().is_some_and(|(at, _)| at.mono + gather <= now)
    }

    /// The next block, its first reading having this number. Its samples wait on until [`Gather::written`].
    #[must_use]
    pub fn block(&self, seq: u64, block_bytes: usize) -> Option<Block> {
        let at = self.waiting.front()?.0;
        let mut bytes = 0;
        let samples = self
            .waiting
            .iter()
            .take_while(|(when, sample)| {
                bytes += cost(sample);
                bytes <= block_bytes.max(cost(sample)) && same_clock(at, *when)
            })
            .map_while(|(when, sample)| {
                let after_ms = u32::try_from(when.mono.since(at.mono).as_millis()).ok()?;
                Some(Timed { after_ms, sample: sample.clone() })
            });
        Some(Block { at, seq, samples: samples.collect() })
    }

    /// The first `count` samples are on the disk.
    pub fn written(&mut self, count: usize) {
        for _ in 0..count {
            self.pop();
        }
    }

    fn pop(&mut self) -> bool {
        let Some((_, sample)) = self.waiting.pop_front() else { return false };
        self.bytes = self.bytes.saturating_sub(cost(&sample));
        true
    }
}

/// Whether the second moment is what the first one's clocks say after the time between them.
fn same_clock(first: Moment, second: Moment) -> bool {
    let expected = first.at(second.mono);
    first.boot == second.boot
        && first.trust == second.trust
        && first.mono <= second.mono
        && (expected.wall.0.saturating_sub(second.wall.0)).saturating_abs() <= WALL_STEP_MAX_MS
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::core::reading::{Measure, Origin, Said};
    use crate::core::time::{Boot, Trust, Wall};

    fn moment(ms: u64) -> Moment {
        let wall = Wall(i64::try_from(ms).expect("small"));
        Moment { boot: Boot(1), mono: Mono(ms), wall, trust: Trust::Synced }
    }

    fn sample() -> Sample {
        let from = Origin::Device("d1".parse().expect("id"));
        Sample { from, said: vec![Said::level(Measure::Motion(true))], retained: false, merge_ms: 0, implausible: 0 }
    }

    #[test]
    fn a_block_is_due_by_time_or_size_and_waits_until_it_is_written() {
        let mut gather = Gather::default();
        let (span, size) = (Duration::from_secs(5), 3 * cost(&sample()));
        assert!(!gather.due(Mono(1_000_000), span, size));
        gather.push(moment(1_000), sample());
        assert!(!gather.due(Mono(5_999), span, size) && gather.due(Mono(6_000), span, size));
        gather.push(moment(1_500), sample());
        gather.push(moment(1_600), sample());
        gather.push(moment(1_700), sample());
        assert!(gather.due(Mono(1_700), span, size));
        let block = gather.block(7, size).expect("a block");
        assert_eq!((block.seq, block.samples.len(), block.samples[1].after_ms), (7, 3, 500));
        assert_eq!(gather.block(7, size), Some(block));
        gather.written(3);
        assert_eq!(gather.block(10, 1).expect("at least one").samples.len(), 1);
    }

    #[test]
    fn a_step_of_the_clock_ends_a_block() {
        let mut gather = Gather::default();
        gather.push(moment(1_000), sample());
        gather.push(Moment { wall: Wall(90_000_000), ..moment(2_000) }, sample());
        assert_eq!(gather.block(1, 10_000).expect("a block").samples.len(), 1);
    }

    #[test]
    fn the_oldest_go_at_the_limit_and_are_counted() {
        let mut gather = Gather::default();
        let fits = ROUTINE_WAITING_BYTES_MAX / cost(&sample());
        for _ in 0..fits + 10 {
            gather.push(moment(1), sample());
        }
        assert_eq!((gather.len(), gather.lost()), (fits, 10));
    }
}
