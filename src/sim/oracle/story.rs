//! The life of every alarm as it was written and told: *nobody cancels what may not be cancelled; a window ends at its
//! second; whoever is raised is told; after an acceptance only the acceptor and the back-up are called; no rung is late*.

use std::collections::{BTreeMap, BTreeSet};

use super::Verdicts;
use crate::core::alarm::life_cycle::State;
use crate::core::alarm::{Alarm, AlarmId, Disposition, Subject};
use crate::core::audience::{Audience, Because};
use crate::core::effect::{Input, Notice, Order};
use crate::core::id::ResidentId;
use crate::core::time::{Gap, Moment, Mono};
use crate::sim::gateway::{Gateway, Turned};
use crate::sim::place::{Place, Standing};
use crate::sim::trace::Ms;
use crate::sim::wear::Claim;

/// How late a deadline may be carried out. judgement: a slow commit before it.
const LATE_MS: Ms = 2_500;

/// See the module.
#[derive(Debug, Default)]
pub(super) struct Story {
    known: BTreeMap<AlarmId, Known>,
    open: BTreeSet<AlarmId>,
    /// Who is served no more: nothing about them moves by itself (CARE-RULES 26).
    left: BTreeSet<ResidentId>,
    told: u64,
}

#[derive(Debug, Clone)]
struct Known {
    alarm: Alarm,
    /// Since when people should have been told that it is raised.
    untold_since: Option<Ms>,
    told: bool,
    /// When it was taken: calls of the same turn were decided before.
    taken_at: Option<Mono>,
}

impl Story {
    /// How many alarms there have been.
    pub(super) fn alarms(&self) -> usize {
        self.known.len()
    }

    /// How often people were told.
    pub(super) fn told_count(&self) -> u64 {
        self.told
    }

    /// Alarms by condition.
    pub(super) fn by_condition(&self) -> BTreeMap<&'static str, u64> {
        let mut count = BTreeMap::new();
        for id in self.known.keys() {
            *count.entry(if id.drill { "drill" } else { id.condition.word() }).or_insert(0) += 1;
        }
        count
    }

    /// The alarm as last seen.
    pub(super) fn alarm(&self, id: AlarmId) -> Option<&Alarm> {
        self.known.get(&id).map(|known| &known.alarm)
    }

    /// Every alarm as last seen.
    pub(super) fn all(&self) -> impl Iterator<Item = &Alarm> {
        self.known.values().map(|known| &known.alarm)
    }

    /// The log's word replaces what was seen: a turn was interrupted, or was never durable.
    pub(super) fn correct(&mut self, id: AlarmId, alarm: Option<Alarm>, now: Ms) {
        self.open.remove(&id);
        let Some(alarm) = alarm else {
            self.known.remove(&id);
            return;
        };
        if alarm.is_open() {
            self.open.insert(id);
        }
        let raised = is_raised(&alarm);
        let known = self.known.entry(id).or_insert(Known {
            alarm: alarm.clone(),
            untold_since: None,
            told: false,
            taken_at: None,
        });
        if raised && !known.told {
            known.untold_since.get_or_insert(now);
        }
        known.alarm = alarm;
    }

    /// Reads a turn's records.
    pub(super) fn turned(&mut self, now: Ms, place: &Place, turned: &Turned, lived_since: Ms, verdicts: &mut Verdicts) {
        for alarm in &turned.records {
            let before = self.known.get(&alarm.id).map(|known| known.alarm.clone());
            let expected = before.as_ref().map_or(1, |before| before.rev + 1);
            if alarm.rev != expected {
                verdicts.against(now, "revisions_follow_one_another", || {
                    format!("{} rev {} after {}", alarm.id, alarm.rev, expected - 1)
                });
            }
            if before.is_none() {
                self.alone(now, alarm, verdicts);
            }
            step(now, place, turned, before.as_ref(), alarm, lived_since, verdicts);
            self.keep(now, turned.at.mono, before.as_ref(), alarm);
        }
    }

    fn alone(&self, now: Ms, alarm: &Alarm, verdicts: &mut Verdicts) {
        let cause = |alarm: &Alarm| (alarm.id.subject, alarm.id.condition, alarm.id.drill);
        let mut open = self.open.iter().filter_map(|id| self.alarm(*id));
        let twin = open.find(|other| cause(other) == cause(alarm));
        if let Some(twin) = twin {
            verdicts.against(now, "a_second_onset_joins_the_open_alarm", || format!("{} beside {}", alarm.id, twin.id));
        }
    }

    fn keep(&mut self, now: Ms, at: Mono, before: Option<&Alarm>, alarm: &Alarm) {
        let begins = is_raised(alarm) && before.is_none_or(|before| matches!(before.state, State::PreAlarm { .. }));
        let known = self.known.entry(alarm.id).or_insert(Known {
            alarm: alarm.clone(),
            untold_since: None,
            told: false,
            taken_at: None,
        });
        known.alarm = alarm.clone();
        if alarm.is_open() {
            self.open.insert(alarm.id);
        } else {
            self.open.remove(&alarm.id);
        }
        if begins {
            known.untold_since = Some(now);
        }
        if !is_raised(alarm) {
            known.untold_since = None;
            if before.is_some_and(is_raised) {
                known.taken_at = Some(at);
            }
        }
    }

    /// Somebody is served no more.
    pub(super) fn leaves(&mut self, who: ResidentId) {
        self.left.insert(who);
    }

    /// Somebody is told. Gives the record that the notice speaks of.
    pub(super) fn told(&mut self, now: Ms, at: Moment, notice: &Notice, verdicts: &mut Verdicts) -> Option<&Alarm> {
        self.told += 1;
        let Some(known) = self.known.get_mut(&notice.alarm) else {
            verdicts.against(now, "nobody_is_told_of_what_is_not_written", || notice.alarm.to_string());
            return None;
        };
        known.untold_since = None;
        known.told = true;
        let to_acceptor = matches!(notice.to, Audience::Acceptor(_));
        let allowed = match known.alarm.state {
            State::PreAlarm { .. } | State::Closed { .. } => false,
            State::Raised { .. } => true,
            State::Accepted { until, .. } | State::OnSite { until, .. } => {
                let before = known.taken_at == Some(at.mono);
                to_acceptor
                    || before
                    || at.mono >= until
                    || matches!(notice.because, Because::BackUp | Because::Again | Because::Wants120)
            }
        };
        if !allowed {
            let state = known.alarm.state.word();
            verdicts.against(now, "after_an_acceptance_the_others_are_left_alone", || {
                format!("{} {state}: {:?} because {:?}", notice.alarm, notice.to, notice.because)
            });
        }
        Some(&known.alarm)
    }

    /// Deadlines that nobody carried out, and raised alarms that nobody was told of, though the process lives.
    pub(super) fn overdue(&mut self, now: Ms, at: Moment, lived_since: Ms, verdicts: &mut Verdicts) {
        for id in &self.open {
            let Some(known) = self.known.get_mut(id) else { continue };
            if known.alarm.resident().is_some_and(|who| self.left.contains(&who)) {
                continue;
            }
            if known.untold_since.is_some_and(|since| now > since.max(lived_since) + LATE_MS) {
                known.untold_since = None;
                verdicts.against(now, "who_is_raised_is_told", || id.to_string());
            }
            let due = known.alarm.state.deadline().filter(|_| id.condition.rule().about_person);
            if due.is_some_and(|due| at.mono.0 > due.0 + LATE_MS && now > lived_since + LATE_MS) {
                let state = known.alarm.state.word();
                verdicts.against(now, "no_deadline_passes", || format!("{id} {state}, due at {due:?}"));
            }
        }
    }

    /// No alarm is open at the end that nobody was told of.
    pub(super) fn end(&self, now: Ms, gateway: &Gateway, verdicts: &mut Verdicts) {
        for alarm in gateway.station.open_alarms().filter(|alarm| alarm.id.condition.rule().about_person) {
            let told = self.known.get(&alarm.id).is_some_and(|known| known.told);
            let left = alarm.resident().is_some_and(|who| self.left.contains(&who));
            if !told && !left && is_raised(alarm) {
                verdicts.against(now, "no_alarm_stays_open_untold", || alarm.id.to_string());
            }
        }
    }
}

fn is_raised(alarm: &Alarm) -> bool {
    matches!(alarm.state, State::Raised { .. }) && alarm.id.condition.rule().about_person
}

/// Whether one record may follow the other.
fn step(
    now: Ms,
    place: &Place,
    turned: &Turned,
    before: Option<&Alarm>,
    alarm: &Alarm,
    lived_since: Ms,
    verdicts: &mut Verdicts,
) {
    let answered = turned.said.iter().any(|input| matches!(input, Input::Reply(_)));
    let ordered = answered || !turned.orders.is_empty();
    let restart = turned.start == Some(Gap::Unknown);
    match (before.map(|before| before.state), alarm.state) {
        (None, State::PreAlarm { until }) => {
            let window = until.since(alarm.id.onset);
            let prompt = alarm.resident().and_then(|id| place.roster.residents.get(&id)).is_some_and(|who| who.prompt);
            if alarm.id.condition.rule().window(prompt) != Some(window) {
                verdicts.against(now, "a_window_is_as_long_as_table_d_says", || format!("{} {window:?}", alarm.id));
            }
        }
        (None, State::Raised { .. }) if alarm.id.condition.rule().window(true).is_some() => {
            verdicts.against(now, "a_window_is_as_long_as_table_d_says", || alarm.id.to_string());
        }
        (Some(State::PreAlarm { until }), State::Raised { .. }) if !ordered && !restart => {
            let lived = turned.at.mono.0.saturating_sub(now - lived_since);
            let due = until.0.max(lived);
            if turned.at.mono < until || turned.at.mono.0 > due + LATE_MS {
                verdicts.against(now, "a_window_ends_at_its_second", || {
                    format!("{} due {until:?}, raised {:?}", alarm.id, turned.at.mono)
                });
            }
        }
        (Some(State::Accepted { until, .. } | State::OnSite { until, .. }), State::Raised { .. })
            if !ordered && turned.at.mono < until =>
        {
            verdicts.against(now, "a_lease_is_kept", || format!("{} until {until:?}", alarm.id));
        }
        (
            Some(State::Accepted { until: before, .. } | State::OnSite { until: before, .. }),
            State::Accepted { until, .. } | State::OnSite { until, .. },
        ) if !ordered && until > before => {
            verdicts.against(now, "no_lease_grows_by_itself", || format!("{} from {before:?} to {until:?}", alarm.id));
        }
        (Some(State::Raised { climb: before }), State::Raised { climb }) => {
            let (then, is) = ((before.round, before.called), (climb.round, climb.called));
            if before.since == climb.since && is < then {
                verdicts.against(now, "nobody_climbs_down_a_ladder", || format!("{} {then:?} to {is:?}", alarm.id));
            }
        }
        (Some(State::Raised { .. }), State::Accepted { by, .. }) if alarm.id.condition.rule().about_person => {
            let orders =
                |order: &Order| matches!(order, Order::Accept { alarm: of, by: who } if (*of, *who) == (alarm.id, by));
            if !answered && !turned.orders.iter().any(orders) {
                verdicts.against(now, "only_who_goes_stops_the_ladder", || alarm.id.to_string());
            }
        }
        // How far a notice of it had come may be told of an alarm that is over: that ends nothing.
        (from, State::Closed { by, disposition, .. }) if !matches!(from, Some(State::Closed { .. })) => {
            let in_window = matches!(from, Some(State::PreAlarm { .. }));
            let cancelled = in_window && cancels(place, turned, alarm.id.subject);
            if !may_end(alarm, by.is_some(), disposition, ordered, cancelled) {
                verdicts.against(now, "nobody_ends_what_may_not_be_ended", || format!("{} {disposition}", alarm.id));
            }
        }
        _ => {}
    }
}

/// Whether an alarm may end like that: by a named person's order, by a cancel that really came, or by itself where nothing latches.
fn may_end(alarm: &Alarm, by_somebody: bool, disposition: Disposition, ordered: bool, cancelled: bool) -> bool {
    let rule = alarm.id.condition.rule();
    let spoken = alarm.notes.iter().any(|note| !note.text.is_empty());
    match disposition {
        Disposition::Cancelled => cancelled,
        Disposition::SelfCleared => !rule.latches,
        _ => ordered && (by_somebody || !rule.about_person || spoken),
    }
}

/// Whether the wearer or a cancel button of that resident really spoke in this turn (CARE-RULES 13, 14).
fn cancels(place: &Place, turned: &Turned, subject: Subject) -> bool {
    turned.heard.iter().any(|delivery| {
        let Some(kit) = delivery.sent.kit.map(|kit| &place.kits[kit]) else { return false };
        delivery.sent.claim == Claim::Cancel
            && kit.standing == Standing::Enrolled
            && Subject::Resident(place.homes[kit.home].resident) == subject
    })
}
