//! The roll-call (CARE-RULES 21): at 19:00 those who are on duty in the coming night are asked to answer; who has not by 20:00, or
//! says that they cannot, is a gap that is shown, and somebody else is asked.
//!
//! ```text
//! 19:00 asked ──"17 在"──▶ answered
//!         │ 1 h, or "17 忙"
//!         ▼
//!        gap ──▶ the next one of that role is asked; where there is none, anybody who may be sent and is not on duty
//! ```
//!
//! Constraints:
//! - The question carries a code of its own, and a bare digit never answers it.
//! - The code is made from the evening and the person, so that a restart knows it again; answers stand in the log.
//! - While nobody knows what time it is nobody is asked, and from 21:00 on nobody is woken by a question.

use std::collections::BTreeMap;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::{Station, Timer};
use crate::core::alarm::told::Code;
use crate::core::answer::{Held, Outcome, Reply, Wish};
use crate::core::effect::{Effect, Question};
use crate::core::id::ResponderId;
use crate::core::time::{Moment, Mono, Trust, Wall};
use crate::limits::duty::ROLL_CALL_HEARD_MAX;

/// How long somebody has to answer. Source: CARE-RULES 21, 19:00 to 20:00.
const ANSWER_WITHIN: Duration = Duration::from_hours(1);

/// For so long after its beginning people are asked. Source: CARE-RULES 1, the night begins at 21:00.
const ASKING: Duration = Duration::from_hours(2);

/// How far back a restart reads answers: a roll-call that may still ask began within this time.
#[must_use]
pub const fn memory() -> Duration {
    ASKING
}

/// The evening's roll-call.
#[derive(Debug, Default)]
pub(super) struct RollCall {
    at: Option<Wall>,
    asked: BTreeMap<ResponderId, Asked>,
    /// Coded answers that the log taught before the plan was known.
    heard: BTreeMap<(ResponderId, Code), (Moment, Wish)>,
}

/// Somebody who was asked.
#[derive(Debug)]
struct Asked {
    code: Option<Code>,
    until: Mono,
    said: Said,
    gap: Option<Gap>,
}

/// Somebody did not answer in time, or cannot.
#[derive(Debug, Clone, Copy)]
struct Gap {
    /// Who was asked in their place, where there was anybody.
    next: Option<ResponderId>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Said {
    Nothing,
    Present,
    Unable,
}

/// How the evening's roll-call stands, in pseudonyms.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct RollCallStanding {
    /// When it began; none where none has since the start.
    pub at: Option<Wall>,
    /// The clock is not set, so nobody is asked.
    pub clock_unset: bool,
    /// Who has answered that they are there.
    pub present: Vec<ResponderId>,
    /// Who still has time to answer.
    pub waiting: Vec<ResponderId>,
    /// Who has not answered in time, or cannot, and who was asked in their place.
    pub gaps: Vec<(ResponderId, Option<ResponderId>)>,
}

impl RollCallStanding {
    /// Whoever was to answer and has not, or cannot.
    #[must_use]
    pub fn unanswered(&self) -> Vec<ResponderId> {
        self.gaps.iter().map(|(who, _)| *who).collect()
    }
}

impl RollCall {
    /// The question that somebody holds, for telling what their answer is about.
    pub(super) fn held<T>(&self, who: ResponderId, about: T) -> Option<Held<T>> {
        let code = self.code_of(who)?;
        Some(Held { code: Some(code), about, sent: None, is_open: false })
    }

    /// The code of somebody's question, which no alarm may have.
    pub(super) fn code_of(&self, who: ResponderId) -> Option<Code> {
        self.asked.get(&who)?.code
    }

    fn next_deadline(&self) -> Option<Mono> {
        let open = self.asked.values().filter(|asked| asked.gap.is_none());
        open.filter(|asked| asked.said != Said::Present).map(|asked| asked.until).min()
    }
}

impl Station {
    /// How the evening's roll-call stands.
    #[must_use]
    pub fn roll_call(&self, now: Moment) -> RollCallStanding {
        let asked = &self.roll_call.asked;
        let who = |is: &dyn Fn(&Asked) -> bool| {
            asked.iter().filter(|(_, asked)| is(asked)).map(|(who, _)| *who).collect::<Vec<_>>()
        };
        let gaps = asked.iter().filter_map(|(who, asked)| Some((*who, asked.gap?.next)));
        RollCallStanding {
            at: self.roll_call.at,
            clock_unset: now.trust == Trust::Unset,
            present: who(&|asked| asked.said == Said::Present),
            waiting: who(&|asked| asked.said == Said::Nothing && asked.gap.is_none()),
            gaps: gaps.filter(|(who, _)| asked.get(who).is_some_and(|asked| asked.said != Said::Present)).collect(),
        }
    }

    /// Whatever of the roll-call is due, and when it is next.
    pub(super) fn mind_the_roll_call(&mut self, now: Moment, effects: &mut Vec<Effect>) {
        let due = self.plan.roll_call_at(now);
        if let Some(at) = due
            && is_asking(now, at)
            && self.roll_call.at != Some(at)
        {
            self.begin_roll_call(now, at, now.mono + ANSWER_WITHIN, effects);
        }
        self.find_gaps(now, effects);
        let next = self.plan.next_roll_call(now).map(|at| now.mono + now.until(at));
        let next = [next, self.roll_call.next_deadline()].into_iter().flatten().min();
        self.timers.set(Timer::RollCall, next);
    }

    /// A run that was alive when it began has asked already, and whoever has not answered is asked once more while there is time:
    /// better twice than never.
    pub(super) fn resume_roll_call(&mut self, now: Moment, off: Duration, effects: &mut Vec<Effect>) {
        if let Some(at) = self.plan.roll_call_at(now)
            && is_asking(now, at)
        {
            let since = Duration::from_millis(u64::try_from(now.wall.0 - at.0).unwrap_or_default());
            let was_asked = since >= off;
            let left = ANSWER_WITHIN.saturating_sub(since);
            let deadline = if was_asked { now.mono + left } else { now.mono + ANSWER_WITHIN };
            // Whoever had their hour is shown as a gap, and not asked again.
            let mut over = Vec::new();
            let told = if was_asked && left.is_zero() { &mut over } else { &mut *effects };
            self.begin_roll_call(now, at, deadline, told);
        }
        self.mind_the_roll_call(now, effects);
    }

    /// The log teaches what was answered; what it answered is known when the plan is.
    pub(super) fn relearn_reply(&mut self, at: Moment, reply: &Reply) {
        let (Some(who), Some(code), Some(wish)) = (reply.by, reply.code, reply.wish) else { return };
        if self.roll_call.heard.len() < ROLL_CALL_HEARD_MAX {
            self.roll_call.heard.insert((who, code), (at, wish));
        }
    }

    /// Somebody has answered the question.
    pub(super) fn answer_roll_call(
        &mut self,
        now: Moment,
        who: ResponderId,
        wish: Wish,
        effects: &mut Vec<Effect>,
    ) -> Outcome {
        let Some(asked) = self.roll_call.asked.get_mut(&who) else { return Outcome::UnknownCode };
        asked.said = what(wish);
        if asked.said == Said::Unable {
            asked.until = asked.until.min(now.mono);
        }
        let outcome = Outcome::Done(if asked.said == Said::Unable { Wish::Busy } else { Wish::Present });
        self.mind_the_roll_call(now, effects);
        outcome
    }

    fn begin_roll_call(&mut self, now: Moment, at: Wall, deadline: Mono, effects: &mut Vec<Effect>) {
        self.roll_call.at = Some(at);
        self.roll_call.asked.clear();
        for who in self.plan.on_duty_tonight(at) {
            self.ask(now, at, who, deadline, effects);
        }
        self.roll_call.heard.clear();
    }

    fn ask(&mut self, now: Moment, at: Wall, who: ResponderId, until: Mono, effects: &mut Vec<Effect>) {
        let code = self.question_code(at, "", who);
        let heard = code.and_then(|code| self.roll_call.heard.get(&(who, code)));
        let said = heard.filter(|(heard, _)| heard.wall >= at).map_or(Said::Nothing, |(_, wish)| what(*wish));
        let until = if said == Said::Unable { now.mono } else { until };
        self.roll_call.asked.insert(who, Asked { code, until, said, gap: None });
        if said == Said::Nothing {
            effects.push(Effect::Ask { who, code, about: Question::RollCall });
        }
    }

    /// Whoever is overdue is a gap, and somebody else is asked, once, while it is not yet night.
    fn find_gaps(&mut self, now: Moment, effects: &mut Vec<Effect>) {
        let overdue = |asked: &Asked| asked.gap.is_none() && asked.said != Said::Present && asked.until <= now.mono;
        let gaps: Vec<ResponderId> =
            self.roll_call.asked.iter().filter(|(_, asked)| overdue(asked)).map(|(who, _)| *who).collect();
        let Some(at) = self.roll_call.at else { return };
        let may_ask = now.trust != Trust::Unset && now.wall >= at && is_asking(now, at);
        for gap in gaps {
            let next = if may_ask { self.next_for(at, gap) } else { None };
            if let Some(next) = next {
                self.ask(now, at, next, now.mono + ANSWER_WITHIN, effects);
            }
            if let Some(asked) = self.roll_call.asked.get_mut(&gap) {
                asked.gap = Some(Gap { next });
            }
        }
    }

    /// The next one of the same role; where there is none, anybody who may be sent and is not on duty.
    fn next_for(&self, at: Wall, gap: ResponderId) -> Option<ResponderId> {
        let on_duty = self.plan.on_duty_tonight(at);
        let role = self.roster.responders.get(&gap).map(|responder| responder.role);
        let free = self.roster.responders.values().filter(|responder| responder.dispatched);
        let free: Vec<_> =
            free.filter(|one| !on_duty.contains(&one.id) && !self.roll_call.asked.contains_key(&one.id)).collect();
        let same = free.iter().find(|responder| Some(responder.role) == role);
        same.or(free.first()).map(|responder| responder.id)
    }
}

/// Any answer says that they are there, but one that says that they cannot.
const fn what(wish: Wish) -> Said {
    if matches!(wish, Wish::Busy | Wish::Two) { Said::Unable } else { Said::Present }
}

/// Whether people are asked still, at a roll-call that began then.
fn is_asking(now: Moment, at: Wall) -> bool {
    Moment { wall: at, ..now }.until(now.wall) < ASKING
}
