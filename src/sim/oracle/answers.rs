//! What answers do: *somebody goes only who said so, of an alarm that they named or the only one it could be; an ambulance that is
//! needed accepts nothing; what the county says accepts nothing* (CARE-RULES 4, 9, 10).

use std::collections::BTreeMap;

use super::Verdicts;
use crate::core::alarm::life_cycle::State;
use crate::core::alarm::{Alarm, AlarmId};
use crate::core::answer::{Reply, Way, Wish};
use crate::core::effect::{Input, Order};
use crate::core::id::ResponderId;
use crate::sim::gateway::Turned;
use crate::sim::trace::Ms;

/// See the module.
#[derive(Debug, Default)]
pub(super) struct Answers {
    /// Open alarms as they were last written.
    open: BTreeMap<AlarmId, Alarm>,
}

impl Answers {
    /// A process begins with what the log held.
    pub(super) fn began(&mut self, alarms: &BTreeMap<AlarmId, Alarm>) {
        self.open =
            alarms.iter().filter(|(_, alarm)| alarm.is_open()).map(|(id, alarm)| (*id, alarm.clone())).collect();
    }

    /// Reads a turn's records against what people said in it.
    pub(super) fn turned(&mut self, now: Ms, turned: &Turned, verdicts: &mut Verdicts) {
        for alarm in &turned.records {
            let before = self.open.get(&alarm.id);
            let held_before = before.and_then(holder);
            if let Some(by) = holder(alarm).filter(|by| held_before != Some(*by) && is_about_person(alarm)) {
                let ordered = turned.orders.iter().any(|order| takes(order, alarm.id, by));
                let said = turned.said.iter().any(|input| match input {
                    Input::Reply(reply) => self.counts(turned, reply, alarm, by),
                    _ => false,
                });
                if !ordered && !said {
                    verdicts.against(now, "who_goes_has_said_so", || format!("{by} takes {}", alarm.id));
                }
            }
            if let Some(wanted) = before.and_then(|before| before.ambulance).filter(|wanted| wanted.dialled.is_none()) {
                let stays = alarm.ambulance.is_some_and(|after| after.wanted == wanted.wanted);
                let by_whom = alarm.ambulance.and_then(|after| after.dialled_by);
                let is_that = |reply: &Reply| reply.by == by_whom && reply.wish == Some(Wish::Dialled120);
                let said = turned.said.iter().any(|input| matches!(input, Input::Reply(reply) if is_that(reply)));
                let confirmed = said || turned.orders.iter().any(|order| matches!(order, Order::Dialled120 { .. }));
                if !stays || (by_whom.is_some() && !confirmed) {
                    verdicts
                        .against(now, "an_ambulance_stays_wanted_until_somebody_has_dialled", || alarm.id.to_string());
                }
            }
        }
        for alarm in &turned.records {
            if alarm.is_open() {
                self.open.insert(alarm.id, alarm.clone());
            } else {
                self.open.remove(&alarm.id);
            }
        }
    }

    /// Whether that reply can make that person the holder of that alarm. What was given in the same turn counts as well: an alarm may
    /// have opened or closed in it before the reply was read.
    fn counts(&self, turned: &Turned, reply: &Reply, alarm: &Alarm, by: ResponderId) -> bool {
        let coming = matches!(reply.wish, Some(Wish::One | Wish::Come | Wish::Arrived));
        if reply.by != Some(by) || !coming {
            return false;
        }
        let told = |of: &Alarm| of.told_to(by).and_then(|told| told.code);
        match reply.code {
            Some(code) => told(alarm) == Some(code),
            None if reply.way == Way::Call => true,
            None => {
                let moved = |id: AlarmId| turned.records.iter().any(|record| record.id == id);
                let mut others = self.open.values().filter(|other| !moved(other.id) && is_acceptable(other, by));
                alarm.told_to(by).is_some() && others.all(|other| other.told_to(by).is_none())
            }
        }
    }
}

fn takes(order: &Order, id: AlarmId, who: ResponderId) -> bool {
    match order {
        Order::Accept { alarm, by } | Order::OnSite { alarm, by, .. } => (*alarm, *by) == (id, who),
        _ => false,
    }
}

fn is_about_person(alarm: &Alarm) -> bool {
    alarm.id.condition.rule().about_person
}

fn holder(alarm: &Alarm) -> Option<ResponderId> {
    match alarm.state {
        State::Accepted { by, .. } | State::OnSite { by, .. } => Some(by),
        State::PreAlarm { .. } | State::Raised { .. } | State::Closed { .. } => None,
    }
}

/// CARE-RULES 4: an open notice that can be accepted.
fn is_acceptable(alarm: &Alarm, by: ResponderId) -> bool {
    match alarm.state {
        State::PreAlarm { .. } | State::Raised { .. } => true,
        State::Accepted { by: holder, .. } => holder == by,
        State::OnSite { .. } | State::Closed { .. } => false,
    }
}
