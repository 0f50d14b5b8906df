//! Whom the county calls itself: its people with their shifts, and the townships.

use std::collections::BTreeMap;

use jiff::civil::Time;

use super::super::document::Section;
use super::super::key::Key;
use super::super::problem::What;
use super::super::village;
use crate::core::id::{ResponderId, Slug};
use crate::private::Private;

/// `[duty]`, `[people.ID]` and `[townships.ID]`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Duty {
    /// The county's people with their telephones.
    pub people: BTreeMap<ResponderId, Private<String>>,
    /// The townships with their duty phones.
    pub townships: BTreeMap<Slug, Private<String>>,
    /// Who is on duty by day.
    pub day: Vec<ResponderId>,
    /// Who is on duty by night.
    pub night: Vec<ResponderId>,
    /// When the day shift begins.
    pub day_begins: Time,
    /// When the night shift begins.
    pub night_begins: Time,
}

pub(super) const DUTY_KEYS: &[Key] = &[
    Key::optional("day", "Who of [people] is on duty by day; nobody: the county is no rung of its ladder by day."),
    Key::optional(
        "night",
        "Who of [people] is on duty by night; nobody: the county is no rung of its ladder by night.",
    ),
    Key::or("day_begins", "\"08:00\"", "When the day shift begins."),
    Key::or("night_begins", "\"20:00\"", "When the night shift begins."),
];

pub(super) const PEOPLE_KEYS: &[Key] = &[Key::required("phone", "Where they are called.").private()];

pub(super) const TOWNSHIP_KEYS: &[Key] = &[Key::required("phone", "The township's duty phone.").private()];

/// Reads them; beside them the ids of all townships, also of those that cannot be called.
pub(super) fn read(top: &Section<'_>) -> (Option<Duty>, Vec<Slug>) {
    let people = phones(top, "people", PEOPLE_KEYS);
    let townships = phones(top, "townships", TOWNSHIP_KEYS);
    let known: Vec<&str> = people.iter().map(|(id, _)| id.as_str()).collect();
    let duty = top.table("duty", DUTY_KEYS);
    let (day, night) = (on_shift(&duty, "day", &known), on_shift(&duty, "night", &known));
    let (day_begins, night_begins) = (time(&duty, "day_begins"), time(&duty, "night_begins"));
    let ids = townships.iter().map(|(id, _)| *id).collect();
    let called =
        |all: Vec<(Slug, Option<Private<String>>)>| all.into_iter().filter_map(|(id, phone)| Some((id, phone?)));
    let people = called(people).map(|(id, phone)| (ResponderId(id), phone)).collect();
    let townships = called(townships).collect();
    let times = day_begins.zip(night_begins);
    (times.map(|(day_begins, night_begins)| Duty { people, townships, day, night, day_begins, night_begins }), ids)
}

fn phones(top: &Section<'_>, name: &'static str, keys: &'static [Key]) -> Vec<(Slug, Option<Private<String>>)> {
    top.by_id(name, keys).into_iter().map(|(id, section)| (id, village::phone(&section, "phone"))).collect()
}

/// The people of a shift; whoever is not known is reported, and the others stay.
fn on_shift(duty: &Section<'_>, name: &'static str, known: &[&str]) -> Vec<ResponderId> {
    let written = duty.texts(name).into_iter();
    let people = written.filter_map(|(text, found)| {
        if known.contains(&text.as_ref()) {
            return text.parse().ok();
        }
        duty.report(duty.not_among(name, &found, What::UnknownName, &text, known));
        None
    });
    people.collect()
}

fn time(duty: &Section<'_>, name: &'static str) -> Option<Time> {
    let text = duty.text(name)?;
    let parsed = match text.split_once(':') {
        Some((hour, minute)) if hour.len() == 2 && minute.len() == 2 => {
            hour.parse().ok().zip(minute.parse().ok()).and_then(|(hour, minute)| Time::new(hour, minute, 0, 0).ok())
        }
        _ => None,
    };
    if parsed.is_none()
        && let Some(found) = duty.find(name)
    {
        let problem = duty.wrong(name, &found, What::NotATime).allowed("00:00 to 23:59");
        duty.report(problem.fix("write hours and minutes, as \"07:30\""));
    }
    parsed
}
