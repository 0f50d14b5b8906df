//! What the clock on the wall means for the rules of a village, as instants: who is on duty, what is night.
//!
//! Rules run on station time; these few ask what people's clocks show, because people sleep by them. A plan is made for a
//! window, and outside of it, or while the clock is not trusted, nothing is known: the rules then take the careful answer,
//! which wakes one person more.

use std::collections::BTreeSet;

use super::id::{ResidentId, ResponderId};
use super::rota::{Rota, Span};
use super::time::{Moment, Trust, Wall};

/// A village's times for a window.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Plan {
    /// Who is on duty.
    pub rota: Rota,
    /// From 21:00 to 07:00, when every alarm about a person rings (CARE-RULES 1).
    pub nights: Vec<Span>,
    /// From 07:30 to 20:30, when faults reach people (CARE-RULES D).
    pub fault_hours: Vec<Span>,
    /// 19:00 of every day, when those on duty are asked to answer (CARE-RULES 21).
    pub roll_calls: Vec<Wall>,
    /// Who is, will be or was lately away from home (CARE-RULES 24).
    pub absences: Vec<Absence>,
    /// Every date, from midnight to midnight, by which visits are counted (CARE-RULES 31).
    pub dates: Vec<Span>,
}

/// Somebody is away from home for a time.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Absence {
    /// Who.
    pub resident: ResidentId,
    /// While they are away; it ends at 10:00.
    pub away: Span,
    /// When the contact is asked: at 10:00 of the day before, or when it begins where that is later.
    pub ask: Wall,
    /// Who knows when they come back; none where the duty desk is asked.
    pub contact: Option<ResponderId>,
    /// Who is called first when they call for help away from home.
    pub first: Vec<ResponderId>,
}

impl Default for Plan {
    /// The plan of no time at all: everything is unknown.
    fn default() -> Self {
        let nothing = Span { from: Wall(0), until: Wall(0) };
        let rota = Rota::of(nothing, Vec::new());
        let (nights, fault_hours, roll_calls) = (Vec::new(), Vec::new(), Vec::new());
        Self { rota, nights, fault_hours, roll_calls, absences: Vec::new(), dates: Vec::new() }
    }
}

impl Plan {
    /// Whether it speaks of this moment.
    fn knows(&self, now: Moment) -> bool {
        now.trust != Trust::Unset && self.rota.window().contains(now.wall)
    }

    /// Whether it is night, or may be.
    #[must_use]
    pub fn may_be_night(&self, now: Moment) -> bool {
        !self.knows(now) || self.nights.iter().any(|night| night.contains(now.wall))
    }

    /// When it is night no more, if that is known and it is night.
    #[must_use]
    pub fn night_ends(&self, now: Moment) -> Option<Wall> {
        let night = self.nights.iter().find(|night| night.contains(now.wall)).filter(|_| self.knows(now));
        night.map(|night| night.until)
    }

    /// Whether faults may reach people now; not while nobody knows what time it is.
    #[must_use]
    pub fn are_fault_hours(&self, now: Moment) -> bool {
        self.knows(now) && self.fault_hours.iter().any(|hours| hours.contains(now.wall))
    }

    /// When faults may reach people next, if that is known.
    #[must_use]
    pub fn next_fault_hours(&self, now: Moment) -> Option<Wall> {
        let next = self.fault_hours.iter().map(|hours| hours.from).find(|from| *from > now.wall);
        next.filter(|_| self.knows(now))
    }

    /// The date on the wall, if that is known.
    #[must_use]
    pub fn date(&self, now: Moment) -> Option<Span> {
        self.dates.iter().copied().find(|date| date.contains(now.wall) && self.knows(now))
    }

    /// Until when faults may reach people today; none when they may not.
    #[must_use]
    pub fn fault_hours_until(&self, now: Moment) -> Option<Wall> {
        let today = self.fault_hours.iter().find(|hours| hours.contains(now.wall) && self.knows(now));
        today.map(|hours| hours.until)
    }

    /// When the newest roll-call began, if that is known.
    #[must_use]
    pub fn roll_call_at(&self, now: Moment) -> Option<Wall> {
        self.roll_calls.iter().copied().filter(|at| *at <= now.wall && self.knows(now)).max()
    }

    /// When the next roll-call begins, if that is known.
    #[must_use]
    pub fn next_roll_call(&self, now: Moment) -> Option<Wall> {
        self.roll_calls.iter().copied().filter(|at| *at > now.wall && self.knows(now)).min()
    }

    /// Whose duty reaches into the time from this evening to the end of its night, each once.
    #[must_use]
    pub fn on_duty_tonight(&self, evening: Wall) -> BTreeSet<ResponderId> {
        let night = self.nights.iter().filter(|night| night.from >= evening).min();
        // Without a night, what is on duty at that moment.
        let until = night.map_or(Wall(evening.0 + 1), |night| night.until);
        let tonight = Span { from: evening, until };
        let duties = self.rota.duties().iter();
        duties.filter(|duty| !duty.span().within(tonight).is_empty()).map(|duty| duty.responder).collect()
    }

    /// Who is on duty; none where that is not known, and nobody where nobody is.
    #[must_use]
    pub fn on_duty(&self, now: Moment) -> Option<Vec<ResponderId>> {
        self.knows(now).then(|| self.rota.on_duty(now.wall).collect())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::core::rota::Duty;
    use crate::core::time::{Boot, Mono};

    fn at(wall: i64, trust: Trust) -> Moment {
        Moment { boot: Boot(1), mono: Mono(0), wall: Wall(wall), trust }
    }

    fn span(from: i64, until: i64) -> Span {
        Span { from: Wall(from), until: Wall(until) }
    }

    #[test]
    fn what_is_not_known_is_night_and_nobodys_duty_is_not_guessed() {
        let responder = "p01".parse().expect("an id");
        let rota = Rota::of(span(0, 100), vec![Duty { from: Wall(0), until: Wall(50), responder }]);
        let plan = Plan {
            rota,
            nights: vec![span(60, 80)],
            fault_hours: vec![span(10, 40)],
            dates: vec![span(0, 90)],
            ..Plan::default()
        };
        let synced = |wall| at(wall, Trust::Synced);
        assert_eq!(
            [0, 59, 60, 79, 80, 100].map(|wall| plan.may_be_night(synced(wall))),
            [false, false, true, true, false, true]
        );
        assert!(plan.may_be_night(at(0, Trust::Unset)) && !plan.may_be_night(at(0, Trust::Holdover)));
        assert_eq!(plan.on_duty(synced(10)), Some(vec![responder]));
        assert_eq!(plan.on_duty(synced(50)), Some(Vec::new()));
        assert_eq!((plan.on_duty(synced(100)), plan.on_duty(at(10, Trust::Unset))), (None, None));
        assert_eq!([9, 10, 40].map(|wall| plan.are_fault_hours(synced(wall))), [false, true, false]);
        assert_eq!((plan.next_fault_hours(synced(5)), plan.next_fault_hours(synced(10))), (Some(Wall(10)), None));
        assert_eq!([0, 89, 90].map(|wall| plan.date(synced(wall))), [Some(span(0, 90)), Some(span(0, 90)), None]);
        assert_eq!((plan.fault_hours_until(synced(10)), plan.fault_hours_until(synced(40))), (Some(Wall(40)), None));
        assert!(plan.date(at(10, Trust::Unset)).is_none());
        assert!(Plan::default().may_be_night(synced(0)) && Plan::default().on_duty(synced(0)).is_none());
    }
}
