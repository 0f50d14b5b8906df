//! Receipts on their way to the log.
//!
//! A receipt that is lost costs one message more, because the county takes a record twice as once. So receipts wait for
//! the next turn that is written anyway, and only an alarm's is worth a write of its own.

use std::collections::BTreeMap;
use std::time::Duration;

use crate::core::alarm::life_cycle::State;
use crate::core::alarm::{Alarm, AlarmId};
use crate::core::id::Epoch;
use crate::core::sequence::{Lane, Range};
use crate::core::time::Mono;
use crate::limits::people::UNRECEIPTED_MAX;
use crate::relay::message::Ack;
use crate::store::Undecided;
use crate::store::record::Decision;

/// An alarm's receipt waits no longer. judgement: it ends the alarm's way, and alarms are rare.
const ALARM_WAIT: Duration = Duration::from_secs(1);
/// Other receipts wait no longer: at one write each half minute they cost an SD card nothing.
const OTHER_WAIT: Duration = Duration::from_secs(30);

/// What the county has receipted and the log does not know.
#[derive(Debug, Default)]
pub(super) struct Receipts {
    ranges: BTreeMap<(Epoch, Lane), Vec<Range>>,
    rejects: Vec<Undecided>,
    due: Option<Mono>,
}

impl Receipts {
    /// Takes a receipt in.
    pub(super) fn take_in(&mut self, now: Mono, ack: Ack) {
        let wait = if ack.lane == Lane::Alarm { ALARM_WAIT } else { OTHER_WAIT };
        self.due = Some(self.due.map_or(now + wait, |due| due.min(now + wait)));
        for reject in ack.reject {
            self.rejects.push(Undecided::Rejected { lane: ack.lane, seq: reject.seq, reason: reject.reason });
        }
        if !ack.ranges.is_empty() {
            let known = self.ranges.entry((ack.epoch, ack.lane)).or_default();
            for range in ack.ranges {
                join(known, range);
            }
        }
    }

    /// When they are to be written by themselves.
    pub(super) fn due(&self) -> Option<Mono> {
        self.due
    }

    /// Everything, for the turn that is being written.
    pub(super) fn take_out(&mut self) -> Vec<Undecided> {
        self.due = None;
        let mut out = std::mem::take(&mut self.rejects);
        for ((epoch, lane), ranges) in std::mem::take(&mut self.ranges) {
            out.push(Undecided::Receipt { epoch, lane, ranges });
        }
        out
    }
}

/// What the county may not know of: the first record of every alarm that takes the second path, until its receipt comes.
#[derive(Debug, Default)]
pub(super) struct SecondPath {
    waiting: BTreeMap<(Epoch, u64), AlarmId>,
}

impl SecondPath {
    /// The alarms among what was just decided whose receipt is waited for from here on. A drill is the link's own affair.
    pub(super) fn committed<'a>(&mut self, epoch: Epoch, decisions: &'a [Decision]) -> Vec<&'a Alarm> {
        let mut begun = Vec::new();
        for decision in decisions {
            let Decision::Alarm { seq, alarm } = decision else { continue };
            let first = !self.waiting.values().any(|known| *known == alarm.id) && is_news(alarm);
            if first {
                if self.waiting.len() >= UNRECEIPTED_MAX {
                    // Its text has long left, and a receipt for it would change nothing.
                    self.waiting.pop_first();
                }
                self.waiting.insert((epoch, *seq), alarm.id);
                begun.push(&**alarm);
            }
        }
        begun
    }

    /// The alarms that a receipt is for.
    pub(super) fn receipted(&mut self, ack: &Ack) -> Vec<AlarmId> {
        if ack.lane != Lane::Alarm {
            return Vec::new();
        }
        let has = |seq: u64| ack.ranges.iter().any(|range| (range.0..=range.1).contains(&seq));
        let (known, waiting) = std::mem::take(&mut self.waiting)
            .into_iter()
            .partition(|((epoch, seq), _)| *epoch == ack.epoch && has(*seq));
        self.waiting = waiting;
        BTreeMap::into_values(known).collect()
    }
}

/// Whether a record is the one by which the county first hears of somebody who needs help, or of a box that loses its mains.
pub(super) fn is_news(alarm: &Alarm) -> bool {
    let raised = matches!(alarm.state, State::Raised { climb } if climb.round == 0 && climb.called <= 1);
    // Nobody's answer ends the news of a fault: its later records say what the first one did, with other minutes.
    let again = !alarm.id.condition.rule().about_person && alarm.rev > 1;
    let told = again || alarm.clocks.first_notice_sent.is_some();
    alarm.id.condition.takes_the_second_path() && !alarm.id.drill && raised && !told
}

/// Receipts mostly follow one another, so most ranges grow the last one.
fn join(known: &mut Vec<Range>, range: Range) {
    match known.last_mut() {
        Some(last) if range.0 == last.1.saturating_add(1) => last.1 = range.1,
        _ => known.push(range),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::core::effect::{Effect, Input};
    use crate::core::power::Power;
    use crate::core::roster::Roster;
    use crate::core::station::{Identity, Rules, Station};
    use crate::core::time::{Boot, Moment, Trust, Wall};
    use crate::relay::message::Reject;

    fn ack(lane: Lane, ranges: &[(u64, u64)]) -> Ack {
        let ranges = ranges.iter().map(|(from, to)| Range(*from, *to)).collect();
        Ack { epoch: Epoch(1), lane, ranges, reject: Vec::new() }
    }

    #[test]
    fn receipts_gather_and_an_alarms_does_not_wait_long() {
        let mut receipts = Receipts::default();
        receipts.take_in(Mono(0), ack(Lane::Reading, &[(1, 9)]));
        assert_eq!(receipts.due(), Some(Mono(30_000)));
        receipts.take_in(Mono(500), ack(Lane::Reading, &[(10, 12), (20, 20)]));
        receipts.take_in(Mono(1_000), ack(Lane::Alarm, &[(3, 3)]));
        assert_eq!(receipts.due(), Some(Mono(2_000)));
        let out = receipts.take_out();
        assert_eq!(out.len(), 2);
        assert!(out.contains(&Undecided::Receipt {
            epoch: Epoch(1),
            lane: Lane::Reading,
            ranges: vec![Range(1, 12), Range(20, 20)]
        }));
        assert_eq!((receipts.due(), receipts.take_out().len()), (None, 0));
    }

    #[test]
    fn rule_27_of_lost_mains_the_county_is_texted_the_first_record_and_no_other() {
        let at = Moment { boot: Boot(1), mono: Mono(0), wall: Wall(0), trust: Trust::Synced };
        let identity = Identity { station: "st1".parse().expect("id"), epoch: Epoch(1) };
        let mut station = Station::new(identity, Rules::default(), Roster::default(), at);
        let effects = station.handle(at, &Input::Power(Power { mains: Some(false), minutes_left: Some(90) }));
        let recorded = |effect| if let Effect::Commit(alarm) = effect { Some(alarm) } else { None };
        let lost = effects.into_iter().find_map(recorded).expect("a fault");
        assert!(is_news(&lost));
        assert!(!is_news(&Alarm { rev: 2, ..*lost }));
    }

    #[test]
    fn a_rejected_record_is_written_down() {
        let mut receipts = Receipts::default();
        let reject = vec![Reject { seq: 4, reason: "unreadable".to_owned() }];
        receipts.take_in(Mono(0), Ack { reject, ..ack(Lane::Alarm, &[]) });
        assert!(matches!(&receipts.take_out()[..], [Undecided::Rejected { seq: 4, .. }]));
    }
}
