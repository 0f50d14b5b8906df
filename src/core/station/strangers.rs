//! Not enrolled is not ignored (CARE-RULES 17): a removed device that calls, or an unknown one pressed three times within
//! a minute, is a technical notice. It is still not an alarm about a person.

use std::collections::BTreeMap;
use std::time::Duration;

use super::Station;
use crate::core::alarm::{Evidence, Reason, Subject};
use crate::core::condition::Condition;
use crate::core::effect::Effect;
use crate::core::id::StrangerId;
use crate::core::intake::{self, Meaning};
use crate::core::reading::{FallVerdict, Said, Sample};
use crate::core::roster::{Device, Role};
use crate::core::time::{Moment, Mono};
use crate::limits;

/// Presses of an unknown device that make a notice. Source: CARE-RULES 17.
const PRESSES: usize = 3;
/// Within this time. Source: CARE-RULES 17.
const WITHIN: Duration = Duration::from_mins(1);
/// At most one notice a device in this time. Source: CARE-RULES 17.
const NOTICE_EVERY: Duration = Duration::from_hours(1);

/// Who was heard and is not enrolled, as far as presses go.
#[derive(Debug, Default)]
pub(super) struct Strangers {
    known: BTreeMap<StrangerId, Presses>,
}

#[derive(Debug, Clone, Copy)]
struct Presses {
    times: [Option<Mono>; PRESSES],
}

impl Strangers {
    /// Counts a press; true when it is the third within a minute.
    fn press(&mut self, id: StrangerId, now: Mono) -> bool {
        if !self.known.contains_key(&id) && self.known.len() >= limits::STRANGERS_MAX {
            let oldest = self.known.iter().min_by_key(|(_, presses)| presses.times[PRESSES - 1]).map(|(id, _)| *id);
            if let Some(oldest) = oldest {
                self.known.remove(&oldest);
            }
        }
        let presses = self.known.entry(id).or_insert(Presses { times: [None; PRESSES] });
        presses.times.rotate_left(1);
        presses.times[PRESSES - 1] = Some(now);
        presses.times[0].is_some_and(|first| now.since(first) <= WITHIN)
    }
}

impl Station {
    /// An unknown device spoke. What its buttons mean is unknown too, so every press counts as a possible call.
    pub(super) fn stranger_spoke(&mut self, now: Moment, id: StrangerId, sample: &Sample, effects: &mut Vec<Effect>) {
        if sample.retained {
            return;
        }
        let press = sample.said.iter().find(|said| is_call(intake::meaning(Role::Sos, said.measure)));
        let Some(press) = press.copied() else { return };
        if self.strangers.press(id, now.mono) {
            let subject = self.stranger_subject(id);
            self.stranger_called(now, subject, press, Reason::UnknownPressedThrice, effects);
        }
    }

    /// The stranger itself, or the station for all strangers beyond the limit: noise on the air must not fill the book.
    fn stranger_subject(&self, id: StrangerId) -> Subject {
        let own = Subject::Stranger(id);
        if self.book.is_open(own, Condition::StrangerCall) {
            return own;
        }
        let known = self.book.open().filter(|alarm| matches!(alarm.id.subject, Subject::Stranger(_))).count();
        if known < limits::STRANGER_CALLS_OPEN_MAX { own } else { Subject::Station }
    }

    /// A removed device spoke: its role is still known, so one call is enough.
    pub(super) fn removed_device_spoke(
        &mut self,
        now: Moment,
        device: &Device,
        sample: &Sample,
        effects: &mut Vec<Effect>,
    ) {
        if sample.retained {
            return;
        }
        let call = sample.said.iter().find(|said| {
            let meaning = intake::meaning(device.role, said.measure);
            is_call(meaning) || is_danger(meaning)
        });
        if let Some(call) = call.copied() {
            self.stranger_called(now, Subject::Device(device.id), call, Reason::RemovedDeviceCalled, effects);
        }
    }

    fn stranger_called(
        &mut self,
        now: Moment,
        subject: Subject,
        said: Said,
        reason: Reason,
        effects: &mut Vec<Effect>,
    ) {
        let noticed_lately = self
            .open_alarm(subject, Condition::StrangerCall)
            .is_some_and(|alarm| alarm.evidence.last().is_some_and(|last| now.mono.since(last.at.mono) < NOTICE_EVERY));
        if noticed_lately {
            return;
        }
        let evidence = Evidence { at: now, device: None, said: Some(said), reason };
        self.onset(now, subject, Condition::StrangerCall, None, &[], evidence, false, effects);
    }
}

const fn is_call(meaning: Meaning) -> bool {
    matches!(meaning, Meaning::HelpCall(_))
}

const fn is_danger(meaning: Meaning) -> bool {
    matches!(
        meaning,
        Meaning::Fall(FallVerdict::Confirmed | FallVerdict::Suspected)
            | Meaning::Hazard(Condition::Smoke | Condition::Gas | Condition::CarbonMonoxide, true)
    )
}
