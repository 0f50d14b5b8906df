//! Not enrolled is not ignored (CARE-RULES 17): *a call from a device out of service, or three presses of an unknown one
//! within a minute, is told; and at most once an hour*.

use std::collections::BTreeMap;

use super::Verdicts;
use super::register::Register;
use crate::core::alarm::Subject;
use crate::core::condition::Condition;
use crate::core::id::StrangerId;
use crate::core::reading::FallVerdict;
use crate::core::time::Mono;
use crate::sim::air::Delivery;
use crate::sim::gateway::Turned;
use crate::sim::place::{Place, Standing};
use crate::sim::trace::Ms;
use crate::sim::wear::Claim;

const HOUR_MS: u64 = 3_600_000;
/// Copies of a press come closer together than this, and presses of people do not. judgement: the longest time within which a
/// format merges.
const APART_MS: Ms = 16_000;
/// Three presses within this are surely within a minute by the box's clock, too.
const MINUTE_MS: Ms = 57_000;

/// See the module.
#[derive(Debug, Default)]
pub(super) struct Strangers {
    /// When each was last told of, in station time, and whether the log surely has it.
    told: BTreeMap<Subject, (Mono, bool)>,
    /// When a device out of service was last heard.
    heard_at: BTreeMap<usize, Ms>,
    /// The last presses of unknown devices.
    presses: BTreeMap<usize, Vec<Ms>>,
}

impl Strangers {
    /// What was heard in a turn from devices that are not in service, and what came of it.
    pub(super) fn turned(
        &mut self,
        now: Ms,
        place: &Place,
        register: &Register,
        turned: &Turned,
        verdicts: &mut Verdicts,
    ) {
        for alarm in turned.records.iter().filter(|alarm| alarm.id.condition == Condition::StrangerCall) {
            let Some(newest) = alarm.evidence.last().filter(|one| one.at.mono == turned.at.mono) else { continue };
            let subject = alarm.id.subject;
            let before = self.told.insert(subject, (newest.at.mono, turned.durable));
            // Strangers beyond the limit share the station's notice.
            let often = before.is_some_and(|(at, sure)| sure && newest.at.mono.0 < at.0 + HOUR_MS);
            if often && alarm.is_open() && subject != Subject::Station {
                verdicts.against(now, "a_stranger_is_told_at_most_once_an_hour", || alarm.id.to_string());
            }
        }
        let due: Vec<Subject> =
            turned.heard.iter().filter_map(|delivery| self.calls(now, place, register, delivery)).collect();
        for subject in due {
            let told = |subject: Subject| self.told.get(&subject).map(|(at, _)| *at);
            let told = told(subject).max(told(Subject::Station).filter(|_| matches!(subject, Subject::Stranger(_))));
            if told.is_none_or(|at| turned.at.mono.0 > at.0 + HOUR_MS) {
                verdicts.against(now, "not_enrolled_is_not_ignored", || subject.to_string());
            }
        }
    }

    /// Nobody knows whether it is in the log.
    pub(super) fn interrupted(&mut self, turned: &Turned) {
        for alarm in turned.records.iter().filter(|alarm| alarm.id.condition == Condition::StrangerCall) {
            self.told.insert(alarm.id.subject, (turned.at.mono, false));
        }
    }

    /// Presses are counted in memory only.
    pub(super) fn killed(&mut self) {
        self.presses.clear();
    }

    /// Whom must be told of because of this message, if it is surely news.
    fn calls(&mut self, now: Ms, place: &Place, register: &Register, delivery: &Delivery) -> Option<Subject> {
        let index = delivery.sent.kit.filter(|_| !delivery.retained)?;
        let kit = &place.kits[index];
        let subject = Subject::Device(kit.device);
        match kit.standing {
            Standing::Enrolled if place.serves(kit) || !register.left_for_long(now, place.homes[kit.home].resident) => {
                None
            }
            Standing::Enrolled | Standing::Removed => {
                let alone = self.heard_at.insert(index, now).is_none_or(|last| now > last + APART_MS);
                let calls = matches!(
                    delivery.sent.claim,
                    Claim::Strange | Claim::Press(_) | Claim::Fall(_, FallVerdict::Confirmed | FallVerdict::Suspected)
                );
                (alone && calls && !delivery.again).then_some(subject)
            }
            Standing::Stranger => {
                let presses = self.presses.entry(index).or_default();
                if presses.last().is_some_and(|last| now < last + 2_000) {
                    return None;
                }
                presses.push(now);
                let third = presses.len().checked_sub(3).and_then(|at| presses.get(at).copied())?;
                (now < third + MINUTE_MS).then_some(Subject::Stranger(StrangerId(kit.device.0)))
            }
        }
    }
}
