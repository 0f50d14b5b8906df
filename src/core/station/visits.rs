//! Whom somebody is to visit (CARE-RULES 31), and where nobody knows how a resident is (CARE-RULES 15, 23, 24, 27).
//!
//! Constraints:
//! - What is counted in dates is judged by day, between 07:30 and 20:30, and by a clock that is one. What is over in the night is
//!   said in the morning. A visit that was done, or that nobody knows how somebody is, is taken in at any hour.
//! - Every change is a record, and nothing else is: the log's snapshot holds the standings, so that a restart reads no history.
//! - Nobody is woken by it: it is a list at the desk.

use std::collections::BTreeMap;
use std::time::Duration;

use super::book::{bounded, keep_note};
use super::{Station, Timer};
use crate::core::alarm::life_cycle::{State, Trigger};
use crate::core::alarm::{Alarm, AlarmId, Arrival, Note, NoteKind};
use crate::core::effect::{Answer, Effect, Order};
use crate::core::id::{HomeId, ResidentId, ResponderId};
use crate::core::refusal::Refusal;
use crate::core::roster::{Resident, Service, Tier};
use crate::core::time::{Gap, Moment, Mono};
use crate::core::visit::{Deed, DoorCode, Reason, Record, Standing, Today, Visit};
use crate::limits::visits::{DOOR_PEOPLE_MAX, DOOR_TRIES_MAX};

/// A home from which nothing is heard for this long after a stop of unknown length is listed. Source: CARE-RULES 23.
const UNHEARD_AFTER: Duration = Duration::from_hours(1);

/// Everybody's visits.
#[derive(Debug, Default)]
pub(super) struct Visits {
    of: BTreeMap<ResidentId, Standing>,
    /// When the box came back after a stop of unknown length, while it is not yet said which homes have been silent since.
    unsure_since: Option<Mono>,
}

/// What an alarm's end tells of a visit.
#[derive(Debug, Clone, Copy)]
pub(super) enum Told {
    /// Somebody was there.
    Seen(Visit, AlarmId),
    /// Nobody was: somebody is to go.
    Unverified,
}

impl Station {
    /// How everybody's visits stand, by id.
    pub fn visits(&self) -> impl Iterator<Item = &Standing> {
        self.visits.of.values()
    }

    /// The home at whose door somebody stands who gives this order.
    #[must_use]
    pub fn door_of(&self, order: &Order) -> Option<HomeId> {
        let home_of = |id: ResidentId| self.roster.residents.get(&id).map(|resident| resident.home);
        match order {
            Order::OnSite { alarm, .. } => {
                let alarm = self.book.get(*alarm)?;
                alarm.home.or_else(|| alarm.resident().and_then(home_of))
            }
            Order::Visited { resident, .. } => home_of(*resident),
            _ => None,
        }
    }

    /// Nobody knows how those are who live in these homes: somebody is to go within a day.
    pub(super) fn visits_due_for(&mut self, now: Moment, homes: &[HomeId], why: Reason, effects: &mut Vec<Effect>) {
        let lives_there = |resident: &&Resident| homes.contains(&resident.home);
        let residents = self.roster.residents.values().filter(lives_there);
        for id in residents.map(|resident| resident.id).collect::<Vec<_>>() {
            self.visit_due_for(now, id, why, effects);
        }
    }

    /// The same for one resident. Nothing new where somebody is to go for that reason already.
    pub(super) fn visit_due_for(&mut self, now: Moment, id: ResidentId, why: Reason, effects: &mut Vec<Effect>) {
        if self.roster.is_watched_over(id) {
            let deed = self.visits_of(id, now).want_soon(why, now);
            self.record_visit(id, deed, effects);
        }
    }

    /// Whatever is due by the calendar, and when that is next.
    pub(super) fn mind_the_visits(&mut self, now: Moment, effects: &mut Vec<Effect>) {
        let hours_until = self.plan.fault_hours_until(now);
        if let (Some(date), Some(_)) = (self.plan.date(now), hours_until) {
            let served: Vec<ResidentId> =
                self.roster.residents.keys().copied().filter(|id| self.roster.is_watched_over(*id)).collect();
            for id in served {
                let today = Today { now, date, every_days: self.days_of(id) };
                if !self.visits.of.contains_key(&id) {
                    self.visits_of(id, now);
                    self.record_visit(id, Some(Deed::Listed), effects);
                }
                while let Some(deed) = self.visits_of(id, now).judge(today) {
                    self.record_visit(id, Some(deed), effects);
                }
            }
        }
        self.end_visits(effects);
        let open = self.visits.of.values().flat_map(|standing| &standing.open);
        let due_today = open.filter(|open| open.missed.is_none()).map(|open| open.by);
        let due_today = due_today.filter(|by| *by > now.wall && hours_until.is_some_and(|until| *by < until)).min();
        let next = due_today.or_else(|| self.plan.next_fault_hours(now));
        self.timers.set(Timer::Visits, next.map(|at| now.mono + now.until(at)));
    }

    /// Somebody says that they have visited a resident.
    pub(super) fn visited(
        &mut self,
        now: Moment,
        resident: ResidentId,
        by: ResponderId,
        door: Option<DoorCode>,
        effects: &mut Vec<Effect>,
    ) -> Result<Answer, Refusal> {
        if !self.roster.is_watched_over(resident) {
            return Err(Refusal::UnknownResident);
        }
        let home = self.roster.residents.get(&resident).map(|known| known.home).ok_or(Refusal::UnknownResident)?;
        let today = self.plan.date(now).map(|date| date.from);
        let deed = self.visits_of(resident, now).reported(now, by, door, home, today);
        let proven = matches!(deed, Deed::Done { visit: Visit { proven: true, .. }, .. });
        self.record_visit(resident, Some(deed), effects);
        Ok(Answer::Visited { resident, proven })
    }

    /// Somebody remarks on a resident's visits.
    pub(super) fn note_visit(
        &mut self,
        now: Moment,
        resident: ResidentId,
        by: ResponderId,
        text: &str,
        effects: &mut Vec<Effect>,
    ) -> Result<Answer, Refusal> {
        if !self.roster.is_watched_over(resident) {
            return Err(Refusal::UnknownResident);
        }
        self.visits_of(resident, now);
        self.record_visit(resident, Some(Deed::Noted { by, text: bounded(text) }), effects);
        Ok(Answer::VisitNoted { resident })
    }

    /// Somebody has arrived. A wrong code is noted and refuses nothing: they stand at the door (CARE-RULES 30).
    pub(super) fn arrive(
        &mut self,
        now: Moment,
        id: AlarmId,
        by: ResponderId,
        door: Option<DoorCode>,
        effects: &mut Vec<Effect>,
    ) -> Result<Answer, Refusal> {
        let mut alarm = self.known(id)?;
        let step = self.try_step(&alarm, now, Trigger::OnSite { by })?;
        let home = alarm.home.or_else(|| self.resident_of(&alarm).map(|resident| resident.home));
        let proven = proves(&mut alarm, now, by, door, home);
        alarm.arrival = Some(match alarm.arrival {
            Some(known) if known.by == by => Arrival { proven: known.proven || proven, ..known },
            _ => Arrival { by, at: now, proven },
        });
        self.settle(now, alarm, step, effects);
        self.done(id)
    }

    /// What a step of an alarm tells of a visit to those whom it is about; nothing while it goes on, and of a drill.
    pub(super) fn visit_told_by(&self, alarm: &Alarm, after: &State) -> Option<(Vec<ResidentId>, Told)> {
        let State::Closed { unverified, .. } = *after else { return None };
        if alarm.id.drill || !alarm.id.condition.rule().about_person || !alarm.is_open() {
            return None;
        }
        let told = match alarm.state {
            _ if unverified => Told::Unverified,
            State::OnSite { by, .. } => {
                let arrival = alarm.arrival.filter(|arrival| arrival.by == by)?;
                Told::Seen(Visit { at: arrival.at, by, proven: arrival.proven }, alarm.id)
            }
            _ => return None,
        };
        // A hazard in a room that several share is about all who live there.
        let lives_there = |resident: &&Resident| Some(resident.home) == alarm.home;
        let residents = match alarm.resident() {
            Some(resident) => vec![resident],
            None => self.roster.residents.values().filter(lives_there).map(|resident| resident.id).collect(),
        };
        Some((residents, told))
    }

    /// Takes it in.
    pub(super) fn take_visit_told(
        &mut self,
        now: Moment,
        residents: &[ResidentId],
        told: Told,
        effects: &mut Vec<Effect>,
    ) {
        for id in residents.iter().copied() {
            match told {
                Told::Unverified => self.visit_due_for(now, id, Reason::Unverified, effects),
                Told::Seen(visit, alarm) if self.roster.is_watched_over(id) => {
                    let date = self.plan.date(visit.at).map(|date| date.from);
                    let deed = self.visits_of(id, now).done(visit, Some(alarm), date);
                    self.record_visit(id, Some(deed), effects);
                }
                Told::Seen(..) => {}
            }
        }
    }

    /// Puts back what an earlier run knew.
    pub(super) fn restore_visits(&mut self, standings: Vec<Standing>, unsure_since: Option<Mono>) {
        self.visits.of = standings.into_iter().map(|standing| (standing.resident, standing)).collect();
        self.visits.unsure_since = unsure_since;
    }

    /// CARE-RULES 23: the hour in which a home must be heard goes on over a restart, and counts only while the box listens.
    pub(super) fn resume_visits(&mut self, now: Moment, last: Option<Mono>, gap: Gap, effects: &mut Vec<Effect>) {
        if gap == Gap::Unknown {
            self.visits.unsure_since = Some(now.mono);
        }
        let listened = match (self.visits.unsure_since, last) {
            (Some(since), Some(last)) if gap != Gap::Unknown => last.since(since),
            _ => Duration::ZERO,
        };
        let left = UNHEARD_AFTER.saturating_sub(listened);
        if left.is_zero() {
            self.visits.unsure_since = None;
        }
        self.timers.set(Timer::Unheard, self.visits.unsure_since.map(|_| now.mono + left));
        self.mind_the_visits(now, effects);
    }

    /// CARE-RULES 23: homes from which nothing was heard for an hour after a stop of unknown length are listed for a visit.
    pub(super) fn list_unheard(&mut self, now: Moment, effects: &mut Vec<Effect>) {
        let Some(since) = self.visits.unsure_since.take() else { return };
        let mut homes: BTreeMap<HomeId, bool> = BTreeMap::new();
        for device in self.roster.devices.values().filter(|device| self.roster.serves(device)) {
            let owner = device.resident.and_then(|id| self.roster.residents.get(&id));
            let Some(home) = device.home.or(owner.map(|resident| resident.home)) else { continue };
            let heard = self.units.get(&device.id).and_then(|unit| unit.health.heard());
            *homes.entry(home).or_default() |= heard.is_some_and(|at| at.mono >= since);
        }
        let silent: Vec<HomeId> = homes.into_iter().filter(|(_, heard)| !heard).map(|(home, _)| home).collect();
        self.visits_due_for(now, &silent, Reason::NothingHeard, effects);
    }

    /// After how many days somebody is visited; none while they are away.
    fn days_of(&self, id: ResidentId) -> Option<u16> {
        let is_there = |resident: &&Resident| resident.service == Service::Active && !self.is_away(id);
        let resident = self.roster.residents.get(&id).filter(is_there)?;
        Some(self.roster.visits.of(resident.tier))
    }

    fn tier_of(&self, id: ResidentId) -> Tier {
        self.roster.residents.get(&id).map_or(Tier::Ordinary, |resident| resident.tier)
    }

    /// Somebody's standing; who has none is counted from now on.
    fn visits_of(&mut self, id: ResidentId, now: Moment) -> &mut Standing {
        let today = self.plan.date(now).map(|date| date.from);
        self.visits.of.entry(id).or_insert_with(|| Standing::new(id, now, today))
    }

    /// Whoever has left, or stands in the list no longer, is visited no more (CARE-RULES 26).
    fn end_visits(&mut self, effects: &mut Vec<Effect>) {
        let ended: Vec<ResidentId> =
            self.visits.of.keys().copied().filter(|id| !self.roster.is_watched_over(*id)).collect();
        for id in ended {
            self.record_visit(id, Some(Deed::Ended), effects);
            self.visits.of.remove(&id);
        }
    }

    /// The one place where somebody's visits change in the log.
    fn record_visit(&mut self, id: ResidentId, deed: Option<Deed>, effects: &mut Vec<Effect>) {
        let (Some(deed), tier) = (deed, self.tier_of(id)) else { return };
        let Some(standing) = self.visits.of.get_mut(&id) else { return };
        standing.rev += 1;
        effects.push(Effect::Visit(Box::new(Record { tier, deed, standing: standing.clone() })));
    }
}

/// Whether a code proves that somebody is in the alarm's home; a wrong one is counted and noted.
fn proves(alarm: &mut Alarm, now: Moment, by: ResponderId, door: Option<DoorCode>, home: Option<HomeId>) -> bool {
    let Some(door) = door else { return false };
    let tries = alarm.door_tries.iter().find(|(who, _)| *who == by).map_or(0, |(_, tries)| *tries);
    let is_new = tries == 0 && alarm.door_tries.len() >= DOOR_PEOPLE_MAX;
    if tries >= DOOR_TRIES_MAX || is_new {
        return false;
    }
    if matches!(door, DoorCode::Of(of) if Some(of) == home) {
        return true;
    }
    alarm.door_tries.retain(|(who, _)| *who != by);
    alarm.door_tries.push((by, tries + 1));
    let note = Note { at: now, by: Some(by), kind: NoteKind::WrongDoorCode, text: String::new() };
    // Where the notes are full the count stands all the same.
    _ = keep_note(alarm, note);
    false
}
