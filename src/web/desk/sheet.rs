//! The desk's lists in their order, and what follows next of each alarm. Pure.

use std::cmp::Reverse;

use crate::control::protocol::{CountyTrouble, VisitRow};
use crate::core::alarm::{Alarm, State};
use crate::core::id::ResidentId;
use crate::core::stop::Stop;
use crate::core::time::{Moment, Mono, Wall};
use crate::core::watch::Watch;
use crate::web::asking::Survey;
use crate::web::names::Known;
use crate::words::{Both, desk as say};

/// What the desk shows at one moment.
#[derive(Debug)]
pub(in crate::web) struct Sheet<'a> {
    pub(in crate::web) now: Moment,
    /// Alarms about people: those that nobody answered first, then the more urgent, then the older; drills last.
    pub(in crate::web) people: Vec<&'a Alarm>,
    /// Faults: those without an owner first, then the older.
    pub(in crate::web) things: Vec<&'a Alarm>,
    /// Residents who are not fully watched, BLIND first, then the longest so.
    pub(in crate::web) unwatched: Vec<(ResidentId, Watch, Moment)>,
    /// Residents who are away from home, and until when; for whoever has logged in, and not for the wall (CARE-RULES 28).
    pub(in crate::web) away: Vec<(ResidentId, Wall)>,
    /// How many are watched.
    pub(in crate::web) watched: usize,
    /// Times in which the station was not running, oldest first.
    pub(in crate::web) stops: &'a [Stop],
    /// Whom somebody is to visit, the most pressing first.
    pub(in crate::web) visits: Vec<&'a VisitRow>,
    pub(in crate::web) durable: bool,
    pub(in crate::web) county: bool,
    pub(in crate::web) county_trouble: Option<&'a CountyTrouble>,
}

/// What happens to an alarm by itself, and when.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::web) struct Step {
    pub(in crate::web) what: Both,
    pub(in crate::web) due: Mono,
}

impl<'a> Sheet<'a> {
    pub(in crate::web) fn of(survey: &'a Survey, known: &Known) -> Sheet<'a> {
        let (mut people, mut things): (Vec<&Alarm>, Vec<&Alarm>) =
            survey.alarms.iter().partition(|alarm| alarm.id.condition.rule().about_person);
        people.sort_by_key(|alarm| (alarm.id.drill, is_answered(alarm), Reverse(alarm.priority), alarm.id.onset));
        things.sort_by_key(|alarm| (is_answered(alarm), alarm.id.onset));

        // Whoever is away for a time is missed by nobody, and nobody is to read here that they are.
        let away = &survey.status.away;
        let residents =
            survey.status.residents.iter().filter(|(id, _)| known.is_active(**id) && !away.contains_key(*id));
        let (watched, rest): (Vec<_>, Vec<_>) = residents.partition(|(_, (watch, _))| *watch == Watch::Watched);
        let mut unwatched: Vec<_> = rest.into_iter().map(|(id, (watch, since))| (*id, *watch, *since)).collect();
        unwatched.sort_by_key(|(_, watch, since)| (Reverse(*watch), since.mono));
        Sheet {
            now: survey.now,
            people,
            things,
            unwatched,
            watched: watched.len(),
            away: away.iter().map(|(id, until)| (*id, *until)).collect(),
            stops: &survey.status.stops,
            visits: VisitRow::due(&survey.visits, survey.now),
            durable: survey.status.durable,
            county_trouble: survey.status.county_trouble.as_ref(),
            county: survey.status.relay_connected && survey.status.county_online != Some(false),
        }
    }

    /// Residents of this watch state.
    pub(in crate::web) fn count(&self, watch: Watch) -> usize {
        match watch {
            Watch::Watched => self.watched,
            other => self.unwatched.iter().filter(|(_, watch, _)| *watch == other).count(),
        }
    }

    /// Alarms about people to which nobody goes, drills apart.
    pub(in crate::web) fn unanswered(&self) -> usize {
        self.people.iter().filter(|alarm| !alarm.id.drill && !is_answered(alarm)).count()
    }

    /// Alarms about people to which somebody goes, drills apart.
    pub(in crate::web) fn answered(&self) -> usize {
        self.people.iter().filter(|alarm| !alarm.id.drill && is_answered(alarm)).count()
    }
}

/// Whether somebody goes, or sees to it.
pub(in crate::web) const fn is_answered(alarm: &Alarm) -> bool {
    matches!(alarm.state, State::Accepted { .. } | State::OnSite { .. } | State::Closed { .. })
}

/// Since when nobody has answered although everybody was called.
pub(in crate::web) const fn unanswered_since(alarm: &Alarm) -> Option<Mono> {
    match alarm.state {
        State::Raised { climb } => climb.unanswered,
        _ => None,
    }
}

/// What happens next if nobody does anything.
pub(in crate::web) fn next_step(alarm: &Alarm) -> Option<Step> {
    let step = |what, due| Some(Step { what, due });
    if !alarm.id.condition.rule().about_person {
        return None;
    }
    let due = alarm.state.deadline()?;
    match alarm.state {
        State::PreAlarm { .. } => step(say::NEXT_RAISED, due),
        State::Raised { climb } if climb.unanswered.is_some() => step(say::NEXT_EVERYBODY, due),
        State::Raised { .. } => step(say::NEXT_RUNG, due),
        State::Accepted { ask, pressed_again, .. } => {
            let what = match due {
                due if pressed_again == Some(due) => say::NEXT_PRESS,
                due if ask == Some(due) => say::NEXT_ASK,
                _ => say::NEXT_LEASE,
            };
            step(what, due)
        }
        State::OnSite { ask, .. } => step(if ask == Some(due) { say::NEXT_HOW } else { say::NEXT_REOPEN }, due),
        State::Closed { .. } => None,
    }
}
