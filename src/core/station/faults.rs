//! When people are told of things that are wrong: at once only where somebody's life hangs on it, otherwise by day and
//! together (CARE-RULES D).

use std::time::Duration;

use super::{Station, Timer};
use crate::core::alarm::life_cycle::State;
use crate::core::alarm::{Alarm, AlarmId, Subject};
use crate::core::condition::Condition;
use crate::core::effect::Effect;
use crate::core::roster::Tier;
use crate::core::time::{Moment, Mono};
use crate::limits::people::DIGEST_MAX;

/// How long faults are gathered before they are told together. judgement: a power cut is over in this time, or has taken down
/// everything that hangs on it.
const GATHER: Duration = Duration::from_mins(10);

/// At least so much lies between two digests. judgement: whoever sees to the first one is not called away from it.
const BETWEEN_DIGESTS: Duration = Duration::from_hours(1);

/// A digest's letters have left after this long. judgement: a queue full of alarms is sent by then, and where nothing leaves, the
/// channel's own fault is open and shown.
const LEAVES_WITHIN: Duration = Duration::from_mins(30);

/// Whether a run that was alive last at `last` may have ended before the letters of its last digest left: the log has the digest
/// first. Telling people twice is better than never.
#[must_use]
pub fn is_digest_doubtful(digest: Mono, last: Mono) -> bool {
    last.since(digest) < LEAVES_WITHIN
}

impl Station {
    /// Whether a fault is told at once, by night too. Source: CARE-RULES D, under the table; 17.
    pub(super) fn is_told_at_once(&self, alarm: &Alarm) -> bool {
        match (alarm.id.condition, alarm.id.subject) {
            // Behind a battery that is empty nobody is watched: who hears of it at seven hears of it too late.
            (Condition::StrangerCall | Condition::DiskFault | Condition::StationBatteryLow, _) => true,
            (Condition::ResidentBlind, Subject::Resident(id)) => {
                self.roster.residents.get(&id).is_some_and(|resident| resident.tier == Tier::High)
            }
            _ => false,
        }
    }

    /// Makes sure that open faults nobody was told of are told.
    pub(super) fn mind_the_digest(&mut self, now: Moment) {
        if self.untold_faults().next().is_none() {
            return;
        }
        let gathered = if self.plan.are_fault_hours(now) {
            now.mono + GATHER
        } else {
            // Not before somebody knows what time it is: the plan arms it again.
            let Some(from) = self.plan.next_fault_hours(now) else { return };
            now.mono + now.until(from)
        };
        let free = self.last_digest.map_or(Mono(0), |last| last + BETWEEN_DIGESTS);
        self.timers.arm_by(Timer::Digest, gathered.max(free));
    }

    /// The digest is due: everything that is open and was not told, in one message.
    pub(super) fn digest(&mut self, now: Moment, effects: &mut Vec<Effect>) {
        if !self.plan.are_fault_hours(now) {
            self.mind_the_digest(now);
            return;
        }
        let faults: Vec<AlarmId> = self.untold_faults().take(DIGEST_MAX).collect();
        self.told_faults.retain(|id| self.book.get(*id).is_some_and(Alarm::is_open));
        self.told_faults.extend(&faults);
        let people = self.desk(now);
        if !faults.is_empty() && !people.is_empty() {
            self.last_digest = Some(now.mono);
            effects.push(Effect::Digest { faults, people });
        }
        self.mind_the_digest(now);
    }

    /// After a start: what nobody was told of is told, and once more what may not have left.
    pub(super) fn resume_digest(&mut self, now: Moment, last: Option<Mono>) {
        if self.last_digest.zip(last).is_some_and(|(digest, last)| is_digest_doubtful(digest, last)) {
            self.told_faults.clear();
        }
        self.mind_the_digest(now);
    }

    fn untold_faults(&self) -> impl Iterator<Item = AlarmId> {
        self.book
            .open()
            .filter(|alarm| !alarm.id.condition.rule().about_person && matches!(alarm.state, State::Raised { .. }))
            .filter(|alarm| alarm.told.is_empty() && !self.told_faults.contains(&alarm.id))
            .map(|alarm| alarm.id)
    }
}
