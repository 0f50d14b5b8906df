//! One transaction's worth of messages, and the receipts for it. Pure.
//!
//! A receipt says exactly what one transaction committed, so it is computed from the same value that was committed,
//! and only after the database said so.

use std::collections::{BTreeMap, BTreeSet};

use super::ingest::{Content, Intake, Numbers, Record, Refusal, Report, Speaker, Why};
use crate::core::id::Epoch;
use crate::core::sequence::{Lane, Range};
use crate::limits;
use crate::relay::message::{Ack, Reject};

/// What one transaction stores.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Batch {
    /// Numbered records, in the order of arrival.
    pub records: Vec<Record>,
    /// Reports, in the order of arrival.
    pub reports: Vec<Report>,
    /// What was refused, for the dead-letter list and the counters.
    pub refused: Vec<DeadLetter>,
    /// Messages that were left because their gateway sent more than its share.
    pub left: BTreeMap<Speaker, i64>,
}

/// A refused message with what is kept of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DeadLetter {
    /// Who, which numbers, why.
    pub refusal: Refusal,
    /// The message as sent, when its numbers could be told; empty otherwise.
    pub payload: String,
}

/// What the database says of a batch it has committed.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Committed {
    /// Places in [`Batch::records`] of alarm and device records that are not stored, because another record of the same key
    /// stands there and says something else.
    pub disputed: BTreeSet<usize>,
    /// The same for single readings: their numbers, by the place of their message.
    pub disputed_readings: BTreeMap<usize, BTreeSet<u64>>,
    /// Places of records whose sequence space belongs to another station. An alarm among them is stored all the same, because it
    /// may be true; the others are not.
    pub foreign_epoch: BTreeSet<usize>,
    /// Speakers of whom nothing but alarms is stored, because their station has as many gateways as a station may have.
    pub unmet: BTreeSet<Speaker>,
    /// Places of records whose number had been given to another record before: the gateway counts a lane anew without a new
    /// epoch, or two machines are at work with one station's data. Those of alarms are stored all the same.
    pub renumbered: BTreeSet<usize>,
}

/// Why a disputed record is refused.
pub const DISPUTED: &str = "another record of this number or revision is stored, and it says something else";

/// Why a record of another station's sequence space is refused.
pub const FOREIGN_EPOCH: &str = "this epoch belongs to another station: was this box cloned?";

impl Batch {
    /// Adds a message that was taken apart.
    pub fn add(&mut self, taken: Result<Intake, Refusal>, payload: &[u8]) {
        match taken {
            Ok(Intake::Record(record)) => {
                let (speaker, epoch, lane) = (record.speaker, record.epoch, record.content.lane());
                self.refused.extend(record.refused.iter().map(|(seq, reason)| DeadLetter {
                    refusal: Refusal {
                        speaker: Some(speaker),
                        why: Why::Body,
                        numbers: Some(Numbers { epoch, lane, range: Range(*seq, *seq) }),
                        reason: reason.clone(),
                    },
                    payload: String::new(),
                }));
                self.records.push(record);
            }
            Ok(Intake::Report(report)) => self.reports.push(report),
            Err(refusal) => {
                let kept = if refusal.numbers.is_some() { payload } else { &[] };
                self.refused.push(DeadLetter { refusal, payload: String::from_utf8_lossy(kept).into_owned() });
            }
        }
    }

    /// Whether there is nothing to store.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.records.is_empty() && self.reports.is_empty() && self.refused.is_empty() && self.left.is_empty()
    }

    /// Everyone who spoke and may, and whether a message of theirs was a sign of life.
    #[must_use]
    pub fn speakers(&self) -> BTreeMap<Speaker, bool> {
        let mut speakers = BTreeMap::new();
        let records = self.records.iter().map(|record| (record.speaker, true));
        let reports = self.reports.iter().map(|report| (report.speaker, report.live));
        let admitted = self.refused.iter().filter(|letter| letter.refusal.why != Why::Unlisted);
        let refused = admitted.filter_map(|letter| Some((letter.refusal.speaker?, false)));
        for (speaker, live) in records.chain(reports).chain(refused) {
            *speakers.entry(speaker).or_insert(false) |= live;
        }
        speakers
    }

    /// The receipts for this batch once it is committed: one a gateway, epoch and lane, cut where it would not fit
    /// into a message.
    #[must_use]
    pub fn receipts(&self, committed: &Committed) -> Vec<(Speaker, Ack)> {
        let mut settled: BTreeMap<(Speaker, Epoch, Lane), Settled> = BTreeMap::new();
        for (place, record) in self.records.iter().enumerate() {
            // Nothing is kept of such a gateway but its alarms, so nothing else is settled, and no refusal ends an alarm of it.
            let is_settled = matches!(record.content, Content::Alarm { .. }) && !committed.disputed.contains(&place);
            if committed.unmet.contains(&record.speaker) && !is_settled {
                continue;
            }
            let of = settled.entry((record.speaker, record.epoch, record.content.lane())).or_default();
            let few = |seq: u64, reason: &str| (seq, reason.to_owned());
            match &record.content {
                Content::Alarm { seq, .. } | Content::Device { seq, .. } | Content::Head { seq, .. }
                    if committed.disputed.contains(&place) =>
                {
                    of.refused.extend([few(*seq, DISPUTED)]);
                }
                Content::Alarm { seq, .. } => of.ranges.push(Range(*seq, *seq)),
                content if committed.foreign_epoch.contains(&place) => {
                    let numbers = content.numbers().into_iter().flat_map(|range| range.0..=range.1);
                    let numbers = numbers.take(limits::COUNTY_REFUSED_MAX);
                    of.refused.extend(numbers.map(|seq| few(seq, FOREIGN_EPOCH)));
                }
                content => {
                    let disputed = committed.disputed_readings.get(&place);
                    let is_disputed = |range: &Range| disputed.is_some_and(|numbers| numbers.contains(&range.0));
                    let (refused, stored): (Vec<_>, Vec<_>) = content.numbers().into_iter().partition(is_disputed);
                    of.refused.extend(refused.into_iter().map(|range| few(range.0, DISPUTED)));
                    of.ranges.extend(stored);
                }
            }
        }
        for DeadLetter { refusal, .. } in &self.refused {
            if let (Some(speaker), Some(numbers)) = (refusal.speaker, refusal.numbers)
                && !committed.unmet.contains(&speaker)
            {
                let of = settled.entry((speaker, numbers.epoch, numbers.lane)).or_default();
                let range = numbers.range.0..=numbers.range.1;
                of.refused.extend(range.map(|seq| (seq, refusal.reason.clone())));
            }
        }
        settled
            .into_iter()
            .flat_map(|((speaker, epoch, lane), settled)| {
                settled.acks(epoch, lane).into_iter().map(move |ack| (speaker, ack))
            })
            .collect()
    }
}

/// What became of the numbers of one lane.
#[derive(Default)]
struct Settled {
    ranges: Vec<Range>,
    refused: BTreeMap<u64, String>,
}

impl Settled {
    fn acks(self, epoch: Epoch, lane: Lane) -> Vec<Ack> {
        let ranges = merged(self.ranges);
        // A number that is stored is never refused: an overtaken duplicate may have been unreadable.
        let stored = |seq: u64| {
            let at = ranges.partition_point(|range| range.1 < seq);
            ranges.get(at).is_some_and(|range| range.0 <= seq)
        };
        let reject: Vec<Reject> = self
            .refused
            .into_iter()
            .filter(|(seq, _)| !stored(*seq))
            .map(|(seq, reason)| Reject { seq, reason })
            .collect();
        let committed = ranges.chunks(limits::COUNTY_RANGES_MAX).map(|ranges| Ack {
            epoch,
            lane,
            ranges: ranges.to_vec(),
            reject: Vec::new(),
        });
        let refused = reject.chunks(limits::COUNTY_REFUSED_MAX).map(|reject| Ack {
            epoch,
            lane,
            ranges: Vec::new(),
            reject: reject.to_vec(),
        });
        let mut acks: Vec<Ack> = committed.collect();
        for more in refused {
            match acks.last_mut() {
                // The usual case is one receipt for both; 200 refusals leave room for some ranges beside them.
                Some(last) if last.reject.is_empty() && last.ranges.len() <= 100 => last.reject = more.reject,
                _ => acks.push(more),
            }
        }
        acks
    }
}

/// Sorted, without overlap, touching ranges joined.
fn merged(mut ranges: Vec<Range>) -> Vec<Range> {
    ranges.sort_unstable_by_key(|range| (range.0, range.1));
    let mut merged: Vec<Range> = Vec::new();
    for range in ranges {
        match merged.last_mut() {
            Some(last) if range.0 <= last.1.saturating_add(1) => last.1 = last.1.max(range.1),
            _ => merged.push(range),
        }
    }
    merged
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ranges_are_joined_where_they_touch_and_nowhere_else() {
        let ranges = vec![Range(7, 9), Range(1, 2), Range(3, 3), Range(8, 12), Range(14, 14)];
        assert_eq!(merged(ranges), [Range(1, 3), Range(7, 12), Range(14, 14)]);
    }

    #[test]
    fn a_long_receipt_is_cut_to_fit_a_message() {
        let settled = Settled {
            ranges: (1..=2_500).map(|n| Range(n * (u64::MAX / 5_000), n * (u64::MAX / 5_000))).collect(),
            refused: (1..=500).map(|n| (n, "cannot be read at line 1, column 65536".repeat(5))).collect(),
        };
        let acks = settled.acks(Epoch(u64::MAX), Lane::Reading);
        assert_eq!(acks.iter().map(|ack| ack.ranges.len()).sum::<usize>(), 2_500);
        assert_eq!(acks.iter().map(|ack| ack.reject.len()).sum::<usize>(), 500);
        for ack in &acks {
            assert!(crate::relay::message::encode(ack).len() <= limits::MESSAGE_BYTES_MAX);
        }
    }
}
