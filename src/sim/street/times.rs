//! What the clock on the wall means in the village: duty, night, the roll-call, and who is away (CARE-RULES 1, 21, 24).

use crate::core::effect::AbsenceChange;
use crate::core::id::{ResidentId, ResponderId};
use crate::core::plan::{Absence, Plan};
use crate::core::roster::Roster;
use crate::core::rota::{Duty, Rota, Span};
use crate::core::time::Wall;
use crate::sim::clock::true_wall;
use crate::sim::person::DAY;
use crate::sim::place::slug;
use crate::sim::trace::Ms;

const HOUR: Ms = 3_600_000;
/// Whoever is away stays away for so much longer when it is said so. Source: CARE-RULES 24.
const EXTENDED: Ms = 7 * DAY;
/// Every so many homes somebody is away.
const AWAY_EVERY: usize = 6;

/// The absences that stand in the village's file.
#[derive(Debug, Default)]
pub(in crate::sim) struct Absences(Vec<Absence>);

impl Absences {
    /// Some are away for a night, some for longer.
    pub(in crate::sim) fn new(roster: &Roster) -> Absences {
        let residents =
            roster.residents.values().enumerate().filter(|(number, _)| number % AWAY_EVERY == AWAY_EVERY - 1);
        let absence = |(number, resident): (usize, &crate::core::roster::Resident)| {
            let nights = 1 + (number / AWAY_EVERY) as u64 % 3;
            let (from, until) = (8 * HOUR, nights * DAY + 10 * HOUR);
            let first = resident.ladder.rungs.first().and_then(|rung| rung.responders.first()).copied();
            Absence {
                resident: resident.id,
                away: Span { from: true_wall(from), until: true_wall(until) },
                ask: true_wall(from.max(until - DAY)),
                contact: if number % 2 == 1 { first } else { None },
                first: Vec::new(),
            }
        };
        Absences(residents.map(absence).collect())
    }

    /// Writes down what somebody said of an absence, as the keeper of the village file does. Says whether anything changed.
    pub(super) fn change(&mut self, resident: ResidentId, until: Wall, change: AbsenceChange, now: Ms) -> bool {
        let known = self.0.iter().position(|one| one.resident == resident && one.away.until == until);
        let Some(at) = known else { return false };
        match change {
            AbsenceChange::Ended => drop(self.0.remove(at)),
            AbsenceChange::Extended => {
                let Some(absence) = self.0.get_mut(at) else { return false };
                absence.away.until = later(until, EXTENDED);
                absence.ask = later(until, EXTENDED - DAY).max(true_wall(now));
            }
        }
        true
    }

    /// The times for so many days, and some before and behind them.
    pub(in crate::sim) fn plan(&self, days: u64) -> Plan {
        let mut plan = Plan { absences: self.0.clone(), ..Plan::default() };
        let window = Span { from: Wall(true_wall(0).0 - signed(2 * DAY)), until: true_wall((days + 9) * DAY) };
        let mut duties = Vec::new();
        // From two days before the first morning: a box whose clock lags asks about yesterday.
        for day in -2..=signed(days) + 8 {
            let at = |minutes: i64| Wall(true_wall(0).0 + day * signed(DAY) + minutes * 60_000);
            let span = |from: i64, until: i64| Span { from: at(from), until: at(until) };
            let mut on = |who: &str, from: i64, until: i64| {
                duties.push(Duty { from: at(from), until: at(until), responder: ResponderId(slug(who)) });
            };
            on("desk", 8 * 60, 20 * 60);
            on(if day % 2 == 0 { "g-0" } else { "g-1" }, 20 * 60, 32 * 60);
            on("n-0", 18 * 60, 22 * 60);
            plan.nights.push(span(21 * 60, 31 * 60));
            plan.fault_hours.push(span(7 * 60 + 30, 20 * 60 + 30));
            plan.roll_calls.push(at(19 * 60));
            plan.dates.push(span(0, 24 * 60));
        }
        plan.rota = Rota::of(window, duties);
        plan
    }
}

/// Whether the village sleeps, from 21 to 7 (CARE-RULES 1).
pub(in crate::sim) const fn is_night(now: Ms) -> bool {
    let hour = now % DAY / HOUR;
    hour >= 21 || hour < 7
}

fn later(at: Wall, span: Ms) -> Wall {
    Wall(at.0 + signed(span))
}

fn signed(ms: Ms) -> i64 {
    i64::try_from(ms).unwrap_or(i64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::core::time::{Boot, Moment, Mono, Trust};
    use crate::sim::place::Place;

    fn at(now: Ms) -> Moment {
        Moment { boot: Boot(1), mono: Mono(now), wall: true_wall(now), trust: Trust::Synced }
    }

    #[test]
    fn every_hour_of_a_run_has_somebody_on_duty_and_is_day_or_night() {
        let plan = Absences::default().plan(2);
        for hour in 0..48 {
            let now = hour * HOUR + 60_000;
            assert_eq!(plan.may_be_night(at(now)), is_night(now), "hour {hour}");
            assert!(plan.on_duty(at(now)).is_some_and(|on| !on.is_empty()), "hour {hour}");
        }
        assert_eq!(plan.roll_call_at(at(20 * HOUR)), Some(true_wall(19 * HOUR)));
    }

    #[test]
    fn rule_24_what_is_said_of_an_absence_stands_in_the_file_once() {
        let mut absences = Absences::new(&Place::new(12).roster);
        let Some(first) = absences.0.first().cloned() else { panic!("somebody is away") };
        let until = first.away.until;
        assert!(absences.change(first.resident, until, AbsenceChange::Extended, HOUR));
        assert!(!absences.change(first.resident, until, AbsenceChange::Ended, HOUR), "that end is none by now");
        let until = absences.plan(1).absences[0].away.until;
        assert_eq!(until.0 - first.away.until.0, 7 * 86_400_000);
        assert!(absences.change(first.resident, until, AbsenceChange::Ended, HOUR));
        assert_eq!(absences.plan(1).absences.len(), 1);
    }
}
