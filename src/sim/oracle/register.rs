//! A resident has a state (CARE-RULES 26): *of whoever moved or died nobody is reminded any more, their devices are free and
//! have no faults; that somebody who is paused is not watched is no fault*.

use std::collections::BTreeMap;

use super::Verdicts;
use crate::core::alarm::Subject;
use crate::core::condition::Condition;
use crate::core::effect::Notice;
use crate::core::id::ResidentId;
use crate::core::roster::Service;
use crate::sim::gateway::Gateway;
use crate::sim::place::Place;
use crate::sim::trace::Ms;

/// Until the box has taken the list. judgement: a slow commit and a full turn before it.
const TAKEN_MS: Ms = 5_000;

/// See the module.
#[derive(Debug, Default)]
pub(super) struct Register {
    since: BTreeMap<ResidentId, (Ms, Service)>,
}

impl Register {
    /// Somebody's record changes.
    pub(super) fn serves(&mut self, now: Ms, resident: ResidentId, service: Service) {
        self.since.insert(resident, (now, service));
    }

    /// Whether somebody moved or died, and the box has had the time to take it.
    pub(super) fn left_for_long(&self, now: Ms, resident: ResidentId) -> bool {
        self.since.get(&resident).is_some_and(|(since, service)| !service.is_served() && now > since + TAKEN_MS)
    }

    /// Somebody is told.
    pub(super) fn told(&self, now: Ms, notice: &Notice, verdicts: &mut Verdicts) {
        let Subject::Resident(resident) = notice.alarm.subject else { return };
        if self.left_for_long(now, resident) {
            verdicts.against(now, "of_whoever_has_left_nobody_is_reminded", || {
                format!("{} because {:?}", notice.alarm, notice.because)
            });
        }
    }

    /// A look at the lists.
    pub(super) fn look(&self, now: Ms, place: &Place, gateway: &Gateway, lived_since: Ms, verdicts: &mut Verdicts) {
        if now < lived_since + TAKEN_MS {
            return;
        }
        for (resident, (since, service)) in &self.since {
            if now < since + TAKEN_MS {
                continue;
            }
            let is_theirs = |subject: Subject| match subject {
                Subject::Resident(id) => id == *resident,
                Subject::Device(id) => {
                    place.roster.devices.get(&id).is_some_and(|device| device.resident == Some(*resident))
                }
                _ => false,
            };
            let mut faults = gateway.station.open_alarms().filter(|alarm| {
                let condition = alarm.id.condition;
                let theirs = !condition.rule().about_person && is_theirs(alarm.id.subject);
                theirs && condition != Condition::StrangerCall
            });
            if *service == Service::Paused {
                if let Some(blind) = faults.find(|alarm| alarm.id.condition == Condition::ResidentBlind) {
                    verdicts.against(now, "who_is_paused_is_not_missed", || blind.id.to_string());
                }
            } else if !service.is_served() {
                if let Some(fault) = faults.next() {
                    verdicts.against(now, "whoever_has_left_has_no_faults", || fault.id.to_string());
                }
                if gateway.station.watch().contains_key(resident) {
                    verdicts.against(now, "whoever_has_left_is_not_watched", || resident.to_string());
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::core::alarm::AlarmId;
    use crate::core::audience::{Audience, Because};
    use crate::core::id::{Epoch, StationId};
    use crate::core::time::Mono;
    use crate::sim::place::slug;

    #[test]
    fn a_reminder_of_whoever_has_left_is_a_violation_once_the_box_knows_it() {
        let resident = ResidentId(slug("r001"));
        let id = AlarmId {
            station: StationId(slug("st1")),
            epoch: Epoch(1),
            onset: Mono(0),
            subject: Subject::Resident(resident),
            condition: Condition::HelpCall,
            drill: false,
        };
        let (to, because) = (Audience::Rung(0), Because::Again);
        let notice = Notice { alarm: id, to, people: Vec::new(), rings: true, round: 1, because };
        let (mut register, mut verdicts) = (Register::default(), Verdicts::default());
        register.serves(1_000, resident, Service::Paused);
        register.told(100_000, &notice, &mut verdicts);
        register.serves(200_000, resident, Service::Moved);
        register.told(201_000, &notice, &mut verdicts);
        assert_eq!(verdicts.count, 0);
        register.told(300_000, &notice, &mut verdicts);
        assert_eq!(verdicts.count, 1);
    }
}
