//! Everything that is written to people, from the alarm and the village's names: what each of them may read, and no more.

use super::directory::Directory;
use super::message::{self, Facts};
use crate::core::alarm::told::Code;
use crate::core::alarm::{Alarm, AlarmId, Subject};
use crate::core::answer::{Confirm, Outcome, Wish};
use crate::core::audience::Because;
use crate::core::condition::Condition;
use crate::core::consent::Purpose;
use crate::core::id::{HomeId, ResidentId, ResponderId};
use crate::core::refusal::Refusal;
use crate::limits::duty::PROOF_TIME;
use crate::private::Private;
use crate::words::device::room;
use crate::words::{Lang, Say as _, notice, people, power};

/// The text of a notice to somebody who is called.
#[must_use]
pub fn notice(alarm: &Alarm, because: Because, code: Option<Code>, directory: &dyn Directory) -> Private<String> {
    let who = alarm.resident().and_then(|resident| directory.address_form(resident));
    let place = alarm.home.and_then(|home| directory.place(home));
    let (label, landmark) = (place.map(|place| place.label), place.and_then(|place| place.landmark));
    let lang = directory.lang();
    // CARE-RULES 24: where a device is that they carry goes before the way home, which comes second.
    let position = position(alarm, lang);
    let names = match &position {
        Some(position) => Names { who, place: Some(position), landmark: label, away: true },
        None => Names { who, place: label, landmark, away: alarm.is_away() },
    };
    written(alarm, because, code, &names, directory)
}

/// The same to those who are not called themselves: codes, and the form of address and place only where the resident has consented
/// to that (CARE-RULES 28). How to find the home is for whoever goes. Where an alarm is nobody's own, nobody can have consented.
#[must_use]
pub fn for_others(alarm: &Alarm, because: Because, purpose: Purpose, directory: &dyn Directory) -> Private<String> {
    let consents = alarm.resident().is_some_and(|resident| directory.consents(resident, purpose));
    let who = alarm.resident().map(|resident| {
        let form = directory.address_form(resident).filter(|_| consents);
        form.cloned().unwrap_or_else(|| Private::new(resident.to_string()))
    });
    let place = alarm.home.map(|home| {
        let label = directory.place(home).map(|place| place.label).filter(|_| consents);
        label.cloned().unwrap_or_else(|| Private::new(home.to_string()))
    });
    // That nobody is in is for those alone who are called.
    let names = Names { who: who.as_ref(), place: place.as_ref(), landmark: None, away: false };
    written(alarm, because, None, &names, directory)
}

/// All that a number gets that nobody has read a code back from (CARE-RULES 20).
#[must_use]
pub fn for_an_unproven_number(directory: &dyn Directory) -> Private<String> {
    let call_back = directory.call_back().map(|number| number.reveal().as_str());
    Private::new(notice::unproven(directory.station().reveal(), call_back, directory.lang()))
}

/// The evening's question to somebody on duty; it has nothing that is personal, so any number of theirs may get it.
#[must_use]
pub fn roll_call(code: Code, directory: &dyn Directory) -> Private<String> {
    Private::new(notice::roll_call(directory.station().reveal(), code.number(), directory.lang()))
}

/// A question about an absence; who is meant is said only to a number that its owner has proven (CARE-RULES 20).
#[must_use]
pub fn absence(
    to: ResponderId,
    code: Code,
    resident: ResidentId,
    ends: bool,
    directory: &dyn Directory,
) -> Private<String> {
    let who = directory.address_form(resident).filter(|_| directory.is_proven(to));
    let who = who.map(|who| who.reveal().as_str());
    let (station, lang) = (directory.station().reveal(), directory.lang());
    let say = if ends { notice::absence_ends } else { notice::came_back };
    Private::new(say(station, who, code.number(), lang))
}

/// The text that brings a code to a number that is to be proven.
#[must_use]
pub fn proof(code: &Private<String>, directory: &dyn Directory) -> Private<String> {
    let minutes = PROOF_TIME.as_secs() / 60;
    let call_back = directory.call_back().map(|number| number.reveal().as_str());
    Private::new(people::proof(directory.station().reveal(), call_back, code.reveal(), minutes, directory.lang()))
}

/// What a modem that can speak says to whoever picks up.
#[must_use]
pub fn spoken(alarm: &Alarm, because: Because, directory: &dyn Directory) -> Private<String> {
    let told = notice(alarm, because, None, directory);
    let keys = if alarm.id.condition == Condition::NotBack { notice::KEYS_NOT_BACK } else { notice::KEYS };
    Private::new(format!("{}{}", told.reveal(), keys.say(directory.lang())))
}

/// What became of an answer, to whoever gave it; the resident is named only to a number that is proven (CARE-RULES 20).
#[must_use]
pub fn confirmation(confirm: &Confirm, directory: &dyn Directory) -> Private<String> {
    let lang = directory.lang();
    let who = match confirm.alarm.map(|alarm| alarm.subject) {
        Some(Subject::Resident(resident)) if directory.is_proven(confirm.to) => directory.address_form(resident),
        _ => None,
    };
    let who = who.map_or("", |who| who.reveal().as_str());
    Private::new(match confirm.outcome {
        Outcome::Done(wish) => notice::done(wish, who, lang),
        Outcome::Refused(Wish::Come, Refusal::HeldByAnother) => notice::HELD.say(lang).to_owned(),
        Outcome::Refused(_, Refusal::InformOnly) => notice::INFORMED.say(lang).to_owned(),
        Outcome::Refused(_, reason) => notice::not_done(reason, lang),
        Outcome::AskForCode => notice::ASK_FOR_CODE.say(lang).to_owned(),
        Outcome::UnknownCode => notice::UNKNOWN_CODE.say(lang).to_owned(),
        Outcome::NotUnderstood => notice::NOT_UNDERSTOOD.say(lang).to_owned(),
    })
}

/// Faults together, in one message: how many of which kind.
#[must_use]
pub fn digest(faults: &[AlarmId], directory: &dyn Directory) -> Private<String> {
    let mut kinds: Vec<(Condition, usize)> = Vec::new();
    for fault in faults {
        match kinds.iter_mut().find(|(condition, _)| *condition == fault.condition) {
            Some((_, count)) => *count += 1,
            None => kinds.push((fault.condition, 1)),
        }
    }
    // What most hangs on comes first; table D stands in that order.
    kinds.sort_unstable_by_key(|(condition, _)| *condition);
    let mut text = notice::digest(faults.len(), &kinds, directory.lang());
    while !message::is_one_message(&text) && kinds.len() > 1 {
        kinds.pop();
        text = notice::digest(faults.len(), &kinds, directory.lang());
    }
    Private::new(text)
}

/// What is written of one fault of the box beside the digest: how long its battery or credit lasts, and who is not watched
/// meanwhile. A number that is not proven gets the homes' ids. None for a fault of which there is no more to say.
#[must_use]
pub fn detail(alarm: &Alarm, is_proven: bool, directory: &dyn Directory) -> Option<Private<String>> {
    if alarm.homes.is_empty() && alarm.left.is_none() {
        return None;
    }
    let label = |home: &HomeId| directory.place(*home).filter(|_| is_proven).map(|place| place.label.reveal().clone());
    let homes: Vec<String> = alarm.homes.iter().map(|home| label(home).unwrap_or_else(|| home.to_string())).collect();
    let mut named: Vec<&str> = homes.iter().map(String::as_str).collect();
    let (condition, lang) = (alarm.id.condition, directory.lang());
    let mut text = power::detail(condition, alarm.left, &named, homes.len(), lang);
    while !message::is_one_message(&text) && named.len() > 1 {
        named.pop();
        text = power::detail(condition, alarm.left, &named, homes.len(), lang);
    }
    Some(Private::new(text))
}

/// What a reader may know of who and where.
struct Names<'a> {
    who: Option<&'a Private<String>>,
    place: Option<&'a Private<String>>,
    landmark: Option<&'a Private<String>>,
    /// May know that they are written down as away.
    away: bool,
}

/// Where the device is that called, if it is carried, and how long ago it was there.
fn position(alarm: &Alarm, lang: Lang) -> Option<Private<String>> {
    let at = alarm.away.as_ref()?.at?;
    let age = alarm.clocks.detected.map(|detected| detected.mono.since(at.at.mono)).unwrap_or_default();
    Some(Private::new(notice::position(at, age, lang)))
}

fn written(
    alarm: &Alarm,
    because: Because,
    code: Option<Code>,
    names: &Names<'_>,
    directory: &dyn Directory,
) -> Private<String> {
    let lang = directory.lang();
    let since = alarm.clocks.occurred.map(|at| directory.clock(at)).unwrap_or_default();
    let newest = alarm.evidence.last().map(|evidence| evidence.reason.say(lang));
    let left = alarm.left.map(|left| power::left(left, lang));
    let away = names.away.then(|| notice::AWAY.say(lang));
    let known = notice::advice(alarm.id.condition).map(|advice| advice.say(lang));
    let known = known.or(away).or(left.as_deref()).or(newest);
    let facts = Facts {
        condition: alarm.id.condition,
        because,
        who: names.who,
        place: names.place,
        landmark: names.landmark,
        room: alarm.room.as_ref().map(|id| room(id, lang)),
        since: &since,
        known,
        drill: alarm.id.drill,
        code,
    };
    message::text(&facts, lang)
}
