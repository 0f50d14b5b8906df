//! A test of a home's devices, which must never swallow a call (CARE-RULES 19).
//!
//! The first press is raised at once, marked as a test, with the tester as its only rung. Their "ok" closes it. A second press, or
//! no "ok" in three minutes, drops the mark, and the full ladder begins from its bottom; it occurred when it was first pressed.

use super::Station;
use crate::core::alarm::Alarm;
use crate::core::alarm::life_cycle::{Among, State, Step};
use crate::core::condition::{Condition, Rule};
use crate::core::effect::Answer;
use crate::core::id::{HomeId, ResponderId};
use crate::core::refusal::Refusal;
use crate::core::time::{Moment, Mono};
use crate::limits::people::{TEST_WINDOW, TEST_WINDOWS_MAX};

impl Station {
    /// Opens a window; one that is open already begins anew.
    pub(super) fn open_test(&mut self, now: Moment, home: HomeId, by: ResponderId) -> Result<Answer, Refusal> {
        if !self.roster.residents.values().any(|resident| resident.home == home) {
            return Err(Refusal::UnknownHome);
        }
        self.tests.retain(|_, (_, until)| *until > now.mono);
        if self.tests.len() >= TEST_WINDOWS_MAX && !self.tests.contains_key(&home) {
            return Err(Refusal::Full);
        }
        let until = now.mono + TEST_WINDOW;
        self.tests.insert(home, (by, until));
        Ok(Answer::TestOpen { home, until })
    }

    /// The tester, if an alarm that is found now is the first of a test.
    pub(super) fn take_test(&mut self, now: Mono, home: Option<HomeId>, rule: &Rule) -> Option<ResponderId> {
        let pressed = matches!(
            rule.condition,
            Condition::HelpCall | Condition::Smoke | Condition::Gas | Condition::CarbonMonoxide | Condition::WaterLeak
        );
        let (by, until) = self.tests.get(&home.filter(|_| pressed)?).copied()?;
        self.tests.remove(&home?);
        (until > now).then_some(by)
    }

    /// It was no test after all, or nobody said so: the full ladder, from its bottom.
    pub(super) fn take_seriously(&self, now: Moment, alarm: &mut Alarm) -> Step {
        alarm.test_by = None;
        let ladder = self.ladder_now(now, alarm);
        let among = Among { rule: alarm.id.condition.rule(), priority: alarm.priority, ladder: &ladder };
        State::found(&among, None, now.mono)
    }
}
