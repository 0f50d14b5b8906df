//! Not enrolled is not ignored (CARE-RULES 17): a removed device that calls, or an unknown one pressed three times within
//! a minute, is a technical notice. It is still not an alarm about a person.

use std::collections::BTreeMap;
use std::time::Duration;

use super::Station;
use crate::core::alarm::{Evidence, Reason, Subject};
use crate::core::condition::Condition;
use crate::core::effect::Effect;
use crate::core::id::StrangerId;
use crate::core::intake::{self, Meaning, News};
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
    /// Counts a press; true when it is the third within a minute. A radio that says each press several times is not pressed
    /// several times: copies within `merge` of a press are that press.
    fn press(&mut self, id: StrangerId, now: Mono, merge: Duration) -> bool {
        if !self.known.contains_key(&id) && self.known.len() >= limits::STRANGERS_MAX {
            let oldest = self.known.iter().min_by_key(|(_, presses)| presses.times[PRESSES - 1]).map(|(id, _)| *id);
            if let Some(oldest) = oldest {
                self.known.remove(&oldest);
            }
        }
        let presses = self.known.entry(id).or_insert(Presses { times: [None; PRESSES] });
        if presses.times[PRESSES - 1].is_some_and(|last| now.since(last) < merge) {
            return false;
        }
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
        let merge = Duration::from_millis(u64::from(sample.merge_ms));
        if self.strangers.press(id, now.mono, merge) {
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

    /// A device out of service spoke: its role is still known, so one call is enough. What is a call and what a report that
    /// carries an old one along is told apart as for every device (CARE-RULES 18).
    pub(super) fn removed_device_spoke(
        &mut self,
        now: Moment,
        device: &Device,
        sample: &Sample,
        effects: &mut Vec<Effect>,
    ) {
        let Some(unit) = self.units.get_mut(&device.id) else { return };
        let mut news: Vec<News> = Vec::new();
        unit.hear(now, device, sample, &mut news, &mut Vec::new());
        if let Some(call) = news.iter().find(|item| is_call(item.meaning) || is_danger(item.meaning)) {
            self.stranger_called(now, Subject::Device(device.id), call.said, Reason::RemovedDeviceCalled, effects);
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
        // Closing the notice does not buy another one within the hour.
        let of_subject = self.book.open().chain(self.book.closed()).filter(|alarm| {
            alarm.id.subject == subject && alarm.id.condition == Condition::StrangerCall && !alarm.id.drill
        });
        let lately = |at: Moment| now.mono.since(at.mono) < NOTICE_EVERY;
        let evidence = of_subject.flat_map(|alarm| &alarm.evidence);
        if evidence.filter(|each| each.reason == reason).any(|each| lately(each.at)) {
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
