//! The people who are called, by habit: most accept, some do not come, some close what is not over.

use std::collections::BTreeMap;

use super::chance::Chance;
use super::place::{Place, slug};
use super::trace::Ms;
use crate::core::alarm::{Alarm, AlarmId, Disposition};
use crate::core::condition::Condition;
use crate::core::effect::{Answer, Authority, Command, Order};
use crate::core::id::{CommandId, ResponderId};
use crate::core::refusal::Refusal;

const SECOND: Ms = 1_000;
const MINUTE: Ms = 60 * SECOND;

/// A command that somebody is about to give.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Errand {
    /// When.
    pub at: Ms,
    /// The command; given again under the same id until it is answered.
    pub command: Command,
}

/// The responders.
#[derive(Debug)]
pub(super) struct Responders {
    chance: Chance,
    commands: u64,
    /// Who has decided to go.
    going: BTreeMap<AlarmId, ResponderId>,
    /// In the end everybody does what is asked, so that every alarm can come to an end.
    pub diligent: bool,
}

impl Responders {
    /// Responders of a village.
    pub(super) fn new(seed: u64) -> Responders {
        Responders {
            chance: Chance::stream(seed, "responders", 0),
            commands: 0,
            going: BTreeMap::new(),
            diligent: false,
        }
    }

    /// Somebody orders something on the station's page.
    pub(super) fn page(&mut self, now: Ms, order: Order) -> Errand {
        if let Order::Accept { alarm, by } = order {
            self.going.entry(alarm).or_insert(by);
        }
        self.errand(now, order)
    }

    /// A command was answered.
    pub(super) fn answered(&mut self, now: Ms, command: &Command, answer: &Answer) -> Option<Errand> {
        let done = matches!(answer, Answer::Done { .. });
        match (&command.order, answer) {
            (Order::Accept { alarm, by }, _) if done => self.set_out(now, *alarm, *by),
            (Order::OnSite { alarm, by, .. }, _) if done => {
                let at = now + self.chance.between(3 * MINUTE, 25 * MINUTE);
                let disposition = self.ending(alarm.condition);
                Some(self.close(at, *alarm, *by, disposition))
            }
            (Order::Close { alarm, by: Some(by), disposition, .. }, _) if done && !disposition.ends() => {
                // Whoever could not get in tries again with a key.
                let at = now + self.chance.between(MINUTE, 4 * MINUTE);
                Some(self.errand(at, Order::Accept { alarm: *alarm, by: *by }))
            }
            (Order::Close { alarm, by: Some(by), .. }, Answer::Refused { reason: Refusal::NeedsAcceptance }) => {
                Some(self.errand(now + 10 * SECOND, Order::Accept { alarm: *alarm, by: *by }))
            }
            (Order::Close { alarm, .. } | Order::Withdraw { alarm, .. }, _) if done => {
                self.going.remove(alarm);
                None
            }
            (Order::Accept { alarm, by }, Answer::Refused { .. }) => {
                if self.going.get(alarm) == Some(by) {
                    self.going.remove(alarm);
                }
                None
            }
            _ => None,
        }
    }

    /// The station's keeper looks at the list of faults.
    pub(super) fn look(&mut self, now: Ms, faults: &[Alarm]) -> Vec<Errand> {
        let desk = ResponderId(slug("desk"));
        let mut errands = Vec::new();
        for fault in faults.iter().filter(|alarm| !alarm.id.condition.rule().about_person) {
            if !self.diligent && !self.chance.percent(40) {
                continue;
            }
            let latches = fault.id.condition.rule().latches;
            let alarm = fault.id;
            let order = if latches {
                let disposition = Disposition::Repaired;
                Order::Close { alarm, by: Some(desk), disposition, conversation: String::new() }
            } else {
                Order::Acknowledge { alarm, by: Some(desk) }
            };
            let at = now + self.chance.between(SECOND, MINUTE);
            errands.push(self.errand(at, order));
        }
        errands
    }

    /// The county meddles: it acknowledges, and now and then wants to close from afar (CARE-RULES 10).
    pub(super) fn county(&mut self, now: Ms, alarm: AlarmId) -> Option<Errand> {
        let order = match self.chance.below(100) {
            0..15 => Order::Acknowledge { alarm, by: None },
            15..22 => {
                let disposition = Disposition::NoHelpNeeded;
                Order::Close { alarm, by: None, disposition, conversation: String::new() }
            }
            _ => return None,
        };
        let at = now + self.chance.between(SECOND, 5 * MINUTE);
        let mut errand = self.errand(at, order);
        errand.command.from = Authority::County;
        Some(errand)
    }

    /// A drill in a home.
    pub(super) fn drill(&mut self, now: Ms, place: &Place, home: usize) -> Option<Errand> {
        let resident = place.homes.get(home)?.resident;
        Some(self.errand(now, Order::Drill { resident }))
    }

    /// What follows an acceptance: most arrive, some think better of it, some never come, some say it is over from afar.
    fn set_out(&mut self, now: Ms, alarm: AlarmId, by: ResponderId) -> Option<Errand> {
        let at = now + self.chance.between(MINUTE, 12 * MINUTE);
        let habit = if self.diligent { 0 } else { self.chance.below(100) };
        match habit {
            0..70 => Some(self.errand(at, Order::OnSite { alarm, by, door: None })),
            70..80 => Some(self.errand(at, Order::Withdraw { alarm, by })),
            80..88 => Some(self.close(at, alarm, by, Disposition::FalseAlarm)),
            _ => {
                self.going.remove(&alarm);
                None
            }
        }
    }

    fn close(&mut self, at: Ms, alarm: AlarmId, by: ResponderId, disposition: Disposition) -> Errand {
        let conversation = if self.chance.percent(20) { "spoke with the resident".to_owned() } else { String::new() };
        self.errand(at, Order::Close { alarm, by: Some(by), disposition, conversation })
    }

    fn ending(&mut self, condition: Condition) -> Disposition {
        if !self.diligent && self.chance.percent(12) {
            return Disposition::NoAnswer;
        }
        match (condition, self.chance.below(3)) {
            (Condition::Smoke | Condition::Gas | Condition::CarbonMonoxide | Condition::WaterLeak, _) => {
                Disposition::HazardRemoved
            }
            (_, 0) => Disposition::FalseAlarm,
            (_, 1) => Disposition::Medical,
            _ => Disposition::Helped,
        }
    }

    fn errand(&mut self, at: Ms, order: Order) -> Errand {
        self.commands += 1;
        let id = CommandId(slug(&format!("c{}", self.commands)));
        Errand { at, command: Command { id, from: Authority::Local, order } }
    }
}
