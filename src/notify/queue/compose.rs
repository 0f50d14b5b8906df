//! A job becomes an errand: to whom, and in which words.

use super::Queue;
use super::job::{Mark, Work};
use crate::core::alarm::told::Code;
use crate::core::alarm::{Alarm, AlarmId};
use crate::core::audience::Because;
use crate::core::condition::Priority;
use crate::core::consent::Purpose;
use crate::core::id::ResponderId;
use crate::notify::channel::{Deed, Letter, Recipient, Ring};
use crate::notify::directory::Directory;
use crate::notify::wording;
use crate::private::Private;

/// A telephone rings for this long. Source: CARE-RULES 1, "ring at least 30 s".
const RING_S: u16 = 30;

impl Queue {
    /// Who is to get what. Nothing where the alarm is over by now.
    pub(super) fn deed(&self, work: &Work, directory: &dyn Directory) -> Option<(Recipient, Deed)> {
        let person = |who: ResponderId| Recipient { responder: Some(who), phone: directory.phone(who).cloned() };
        match work {
            Work::Letter(mark) => {
                let alarm = self.alarms.get(&mark.alarm)?;
                Some((person(mark.who), Deed::Text(letter_of(alarm, *mark, directory))))
            }
            Work::Ring(mark) => {
                let alarm = self.alarms.get(&mark.alarm)?;
                let say = directory.is_proven(mark.who).then(|| wording::spoken(alarm, mark.because, directory));
                Some((person(mark.who), Deed::Ring(Ring { for_s: RING_S, say })))
            }
            Work::Group(mark) => {
                let alarm = self.alarms.get(&mark.alarm)?;
                let text = wording::for_others(alarm, mark.because, Purpose::Group, directory);
                let letter = Letter { text, alarm: Some(alarm.id), priority: alarm.priority, code: None, link: None };
                Some((Recipient::default(), Deed::Text(letter)))
            }
            Work::Words { to, about, text } => Some((person(*to), Deed::Text(plain(text, *about)))),
            Work::RingNumber { to, about } => {
                let alarm = self.alarms.get(about)?;
                let say = wording::for_others(alarm, Because::Unanswered, Purpose::County, directory);
                let ring = Ring { for_s: RING_S, say: Some(say) };
                Some((Recipient { responder: None, phone: Some(to.clone()) }, Deed::Ring(ring)))
            }
            Work::Number { to, about, text } => {
                Some((Recipient { responder: None, phone: Some(to.clone()) }, Deed::Text(plain(text, *about))))
            }
        }
    }
}

fn letter_of(alarm: &Alarm, mark: Mark, directory: &dyn Directory) -> Letter {
    let code = alarm.told_to(mark.who).and_then(|told| told.code);
    let proven = directory.is_proven(mark.who);
    // CARE-RULES 20: a number that nobody has read a code back from gets nothing that is personal.
    let text = if proven {
        wording::notice(alarm, mark.because, code, directory)
    } else {
        wording::for_an_unproven_number(directory)
    };
    let link = directory.link(alarm.id, mark.who).filter(|_| proven);
    Letter { text, alarm: Some(alarm.id), priority: alarm.priority, code: code.map(Code::number), link }
}

fn plain(text: &Private<String>, about: Option<AlarmId>) -> Letter {
    Letter { text: text.clone(), alarm: about, priority: Priority::Medium, code: None, link: None }
}
