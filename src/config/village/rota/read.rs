//! Reading the rota out of the village file, and what a day later makes of it.

use std::collections::{BTreeMap, BTreeSet};

use jiff::civil::{Date, DateTime, Time};
use toml::de::DeValue;

use super::super::super::document::{Found, Section};
use super::super::super::problem::{Problem, Problems, What};
use super::super::read::reference;
use super::{CALENDAR_KEYS, Calendar, LEAVE_KEYS, Leave, List, SHIFT_KEYS, SWAP_KEYS, Shift, Swap, WeeklyRota};
use crate::core::id::{ResponderId, Slug};
use crate::limits::rota::{CALENDAR_DAYS_MAX, LEAVES_MAX, ON_SHIFT_MAX, SHIFTS_MAX, SWAPS_MAX};

/// Days for which the holidays should be known ahead. judgement: the year's announcement comes in November, and whoever
/// writes the rota needs a month.
const AHEAD_DAYS: i64 = 31;

/// Something of the file that means nothing any more from a moment on.
#[derive(Debug, Clone)]
pub(in super::super) struct Lapse {
    /// By the clock on the wall.
    from: DateTime,
    problem: Problem,
}

/// The rota, and what of it will lapse. `known` has the ids of all responders.
pub(in super::super) fn rota(top: &Section<'_>, known: &[&str]) -> (WeeklyRota, Vec<Lapse>) {
    let mut lapses = Vec::new();
    let calendar = calendar(&top.table("calendar", CALENDAR_KEYS));
    let sections = top.by_id("shifts", SHIFT_KEYS);
    if let Some((_, surplus)) = sections.get(SHIFTS_MAX) {
        report_too_many(surplus, SHIFTS_MAX, "take some out");
    }
    let read = sections.iter().take(SHIFTS_MAX).map(|(id, section)| (*id, shift(section, known)));
    let shifts: BTreeMap<Slug, Shift> = read.filter_map(|(id, shift)| Some((id, shift?))).collect();
    // A shift whose own entry is wrong is known all the same: one mistake is one problem.
    let names: Vec<&str> = sections.iter().map(|(id, _)| id.as_str()).collect();
    let mut rota = WeeklyRota { shifts, calendar, ..WeeklyRota::default() };
    for section in some(top, "leave", LEAVES_MAX) {
        let section = section.holding(LEAVE_KEYS);
        let Some(leave) = leave(&section, known) else { continue };
        lapses.push(lapse(&section, "until", leave.span().1));
        rota.leaves.push(leave);
    }
    for section in some(top, "swaps", SWAPS_MAX) {
        let section = section.holding(SWAP_KEYS);
        let Some(swap) = swap(&section, &names, known) else { continue };
        if let Some(shift) = rota.shifts.get(&swap.shift) {
            lapses.push(lapse(&section, "date", shift.of(swap.date).1));
            judge_swap(&section, &swap, shift, &rota);
        }
        rota.swaps.push(swap);
    }
    (rota, lapses.into_iter().flatten().collect())
}

/// What is to be said of a rota at a moment by the clock on the wall: what has lapsed, and a year without its holidays.
pub(in super::super) fn lapsed(rota: &WeeklyRota, lapses: &[Lapse], file: &str, now: DateTime) -> Problems {
    let mut problems = Problems::default();
    for lapse in lapses.iter().filter(|lapse| lapse.from <= now) {
        problems.push(lapse.problem.clone());
    }
    let ahead = now.date().saturating_add(jiff::Span::new().days(AHEAD_DAYS));
    for year in rota.unknown_years(now.date(), ahead) {
        let problem = Problem::file(file, What::HolidaysUnknown).key("calendar.holidays").value(year.to_string());
        problems.push(problem.fix(format!(
            "write the days off of {year} that were announced into [calendar] holidays, and the worked weekends into workdays"
        )));
    }
    problems.sorted()
}

fn calendar(section: &Section<'_>) -> Calendar {
    let holidays = days(section, "holidays");
    let workdays = days(section, "workdays");
    for (date, found) in &workdays {
        if holidays.iter().any(|(holiday, _)| holiday == date) {
            let problem = section.wrong("workdays", found, What::Contradiction);
            section.report(problem.fix("keep this day in one of the two lists"));
        }
    }
    let set = |days: Vec<(Date, Found<'_>)>| days.into_iter().map(|(date, _)| date).collect::<BTreeSet<_>>();
    Calendar { holidays: set(holidays), workdays: set(workdays) }
}

fn shift(section: &Section<'_>, known: &[&str]) -> Option<Shift> {
    let from = clock(section, "from", "00:00 to 23:59, as 07:30");
    let until = clock(section, "until", "00:00 to 24:00, as 20:30");
    let mut lists = BTreeMap::new();
    for list in List::ALL {
        if let Some(found) = section.find(list.word()) {
            lists.insert(*list, people(section, list.word(), &found, known));
        }
    }
    if lists.is_empty() {
        section.report(section.whole_table(What::Empty).fix("say who is on it: daily = [\"ID\"]"));
    }
    Some(Shift { from: from?, until: until?, lists })
}

/// The people of a list of a shift.
fn people(section: &Section<'_>, name: &'static str, found: &Found<'_>, known: &[&str]) -> Vec<ResponderId> {
    let texts = section.texts(name);
    if texts.len() > ON_SHIFT_MAX {
        let problem = section.wrong(name, found, What::TooMany).allowed(format!("at most {ON_SHIFT_MAX}"));
        section.report(problem.fix("name those who would come first"));
        return Vec::new();
    }
    let mut all = Vec::new();
    for (text, found) in &texts {
        match text.parse().ok().map(ResponderId).filter(|_| known.contains(&text.as_ref())) {
            None => section.report(section.not_among(name, found, What::UnknownName, text, known)),
            Some(id) if all.contains(&id) => {
                section.report(section.wrong(name, found, What::Shared).fix("name everybody once a shift"));
            }
            Some(id) => all.push(id),
        }
    }
    all
}

fn leave(section: &Section<'_>, known: &[&str]) -> Option<Leave> {
    let who = reference(section, "who", known).map(ResponderId);
    let (from, until) = (day(section, "from"), day(section, "until"));
    let leave = Leave { who: who?, from: from?, until: until? };
    if leave.until < leave.from {
        if let Some(found) = section.find("until") {
            let problem = section.wrong("until", &found, What::Contradiction);
            section.report(problem.allowed(format!("{} or later", leave.from)).fix("write the last day of the leave"));
        }
        return None;
    }
    Some(leave)
}

fn swap(section: &Section<'_>, shifts: &[&str], known: &[&str]) -> Option<Swap> {
    let date = day(section, "date");
    let shift = reference(section, "shift", shifts);
    let out = reference(section, "out", known).map(ResponderId);
    let stands_in = reference(section, "in", known).map(ResponderId);
    Some(Swap { date: date?, shift: shift?, out: out?, stands_in: stands_in? })
}

/// Says when a swap does not do what whoever wrote it wanted; the swaps before it are done already.
fn judge_swap(section: &Section<'_>, swap: &Swap, shift: &Shift, rota: &WeeklyRota) {
    let on = rota.on_shift(swap.date, swap.shift);
    let (out, stands_in) = (section.find("out"), section.find("in"));
    if let (false, Some(found)) = (on.contains(&swap.out), &out) {
        let those = on.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ");
        let problem = section.wrong("out", found, What::SwapVoid);
        section.report(if those.is_empty() {
            problem.fix("nobody is on that shift that day: take the swap out")
        } else {
            problem.allowed(those).fix("name somebody who is on that shift that day, or take the swap out")
        });
    } else if let (true, Some(found)) = (on.contains(&swap.stands_in), &stands_in) {
        let problem = section.wrong("in", found, What::SwapVoid);
        section.report(problem.fix("name somebody who is not on that shift already, or take the swap out"));
    }
    let (from, until) = shift.of(swap.date);
    let is_away = |leave: &&super::Leave| {
        let (gone, back) = leave.span();
        leave.who == swap.stands_in && gone < until && from < back
    };
    if let (Some(leave), Some(found)) = (rota.leaves.iter().find(is_away), &stands_in) {
        let problem = section.wrong("in", found, What::OnLeave);
        let away = format!("away from {} until {}: name somebody who is there", leave.from, leave.until);
        section.report(problem.fix(away));
    }
}

/// What is past from a moment on.
pub(in super::super) fn lapse(section: &Section<'_>, name: &'static str, from: DateTime) -> Option<Lapse> {
    let problem = section.wrong(name, &section.find(name)?, What::Lapsed);
    Some(Lapse { from, problem: problem.fix(format!("take this {} out", section.path())) })
}

/// The tables of a list; what is beyond the limit is reported once.
pub(in super::super) fn some<'d>(top: &Section<'d>, name: &'static str, max: usize) -> Vec<Section<'d>> {
    let mut all = top.list(name).unwrap_or_default();
    if let Some(surplus) = all.get(max) {
        report_too_many(surplus, max, "take those that are past out");
    }
    all.truncate(max);
    all
}

fn report_too_many(surplus: &Section<'_>, max: usize, fix: &str) {
    surplus.report(surplus.whole_table(What::TooMany).allowed(format!("at most {max}")).fix(fix));
}

/// A day.
pub(in super::super) fn day(section: &Section<'_>, name: &'static str) -> Option<Date> {
    let found = section.demand(name)?;
    day_of(section, name, &found)
}

/// The days of a list.
fn days<'d>(section: &Section<'d>, name: &'static str) -> Vec<(Date, Found<'d>)> {
    let items = section.items(name, "a list of days", "[2026-02-13]");
    if let Some(surplus) = items.get(CALENDAR_DAYS_MAX) {
        let problem = section.wrong(name, surplus, What::TooMany).allowed(format!("at most {CALENDAR_DAYS_MAX}"));
        section.report(problem.fix("take past days out"));
    }
    let items = items.into_iter().take(CALENDAR_DAYS_MAX);
    items.filter_map(|found| Some((day_of(section, name, &found)?, found))).collect()
}

/// A found value as a day; anything else is reported.
pub(in crate::config) fn day_of(section: &Section<'_>, name: &'static str, found: &Found<'_>) -> Option<Date> {
    let date = match found.value {
        DeValue::Datetime(written) if written.time.is_none() => written.date.and_then(|date| {
            let year = i16::try_from(date.year).ok()?;
            Date::new(year, i8::try_from(date.month).ok()?, i8::try_from(date.day).ok()?).ok()
        }),
        _ => None,
    };
    if date.is_none() {
        let problem = section.wrong(name, found, What::WrongType).allowed("a day, as 2026-03-01");
        section.report(problem.fix("write the day without quotes"));
    }
    date
}

/// A time of the clock on the wall. 24:00 is the midnight that ends the day, and so 00:00 of the next.
fn clock(section: &Section<'_>, name: &'static str, allowed: &str) -> Option<Time> {
    let found = section.demand(name)?;
    let text = section.text_of(name, &found)?;
    let (hour, minute) = match text.as_bytes() {
        [_, _, b':', _, _] => (number(&text, 0..2), number(&text, 3..5)),
        _ => (None, None),
    };
    let time = match (hour, minute) {
        (Some(24), Some(0)) if name == "until" => Some(Time::midnight()),
        (Some(hour), Some(minute)) => Time::new(hour, minute, 0, 0).ok(),
        _ => None,
    };
    if time.is_none() {
        let near = meant(&text);
        let fix = near
            .as_ref()
            .map_or_else(|| "write hours and minutes, as \"07:30\"".into(), |near| format!("write \"{near}\""));
        section.report(section.wrong(name, &found, What::NotATime).allowed(allowed).nearest(near).fix(fix));
    }
    time
}

fn number(text: &str, at: std::ops::Range<usize>) -> Option<i8> {
    text.get(at).filter(|digits| digits.bytes().all(|sign| sign.is_ascii_digit()))?.parse().ok()
}

/// The time that somebody who typed this may have meant: one digit too few, another sign in the middle.
fn meant(typed: &str) -> Option<String> {
    let mut parts = typed.trim().splitn(2, [':', ':', '.', '点', '时']);
    let hour: i8 = parts.next()?.trim().parse().ok()?;
    let minute = parts.next().unwrap_or_default().trim().trim_end_matches('分');
    let minute: i8 = if minute.is_empty() { 0 } else { minute.parse().ok()? };
    Time::new(hour, minute, 0, 0).ok().map(|_| format!("{hour:02}:{minute:02}"))
}
