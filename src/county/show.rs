//! The lists as text, a line a thing. Pure: rows and the time in, lines out.
//!
//! Everything has its age, and what is not known is said to be not known.

use std::collections::BTreeMap;
use std::time::Duration;

use serde_json::Value;

use super::board::{AlarmRow, DeviceRow, Listening, ResidentRow, StationRow};
use super::case::{Case, Cause};
use super::ingest::Why;
use super::since::Since;
use super::texts::ByText;
use super::told::Told;
use crate::core::alarm::{AlarmId, Subject};
use crate::core::condition::Condition;
use crate::core::effect::Answer;
use crate::core::watch::Watch;
use crate::relay::message::{CommandResult, DeviceState, ResultMessage};
use crate::words::escalation::Climb;
use crate::words::second::Standing;
use crate::words::{self, Lang, Say as _, console as say};

/// First line when the service does not listen: every list below it is old.
#[must_use]
pub fn deaf(listening: Listening, now_ms: i64, lang: Lang) -> Option<String> {
    listening.deaf_for(now_ms)?;
    Some(say::deaf(listening.last_ms.map(|last_ms| Since::seen(last_ms).age(now_ms)), lang))
}

/// A line for alarms that are not on the board because they were refused.
#[must_use]
pub fn refused_alarms(count: i64, lang: Lang) -> Option<String> {
    (count > 0).then(|| say::refused_alarms(count, lang))
}

/// Alarms, a line each.
#[must_use]
pub fn alarms(rows: &[AlarmRow], now_ms: i64, lang: Lang) -> Vec<String> {
    if rows.is_empty() {
        return vec![say::NO_ALARMS.say(lang).to_owned()];
    }
    rows.iter().map(|row| alarm(row, now_ms, lang)).collect()
}

fn alarm(row: &AlarmRow, now_ms: i64, lang: Lang) -> String {
    let place = format!("{}/{}", row.station, row.gateway);
    let Some(told) = Told::of(row) else {
        let id = row.record.get("id").and_then(Value::as_str).unwrap_or("?");
        let age = ago(row.first_received_ms, now_ms, lang);
        return format!("{} · {place} · {age}  {id}", say::UNREADABLE.say(lang));
    };
    let mut parts = vec![
        told.priority.say(lang).to_owned(),
        told.condition.say(lang).to_owned(),
        about(&told.id),
        place,
        age(told.since, now_ms, lang),
        told.standing(lang).to_owned(),
    ];
    parts.extend(told.arrival_proven.map(|proven| words::alarm::arrival(proven).say(lang).to_owned()));
    parts.extend(told.disposition.map(|how| how.say(lang).to_owned()));
    parts.extend(told.extent(lang));
    let marks = [
        (told.drill, words::alarm::DRILL),
        (told.by_text, words::second::BY_TEXT),
        (!told.durable, words::alarm::UNDURABLE),
        (told.visit_due, words::alarm::VISIT_DUE),
    ];
    parts.extend(marks.iter().filter(|(is, _)| *is).map(|(_, mark)| format!("[{}]", mark.say(lang))));
    format!("{}  {}", parts.join(" · "), told.id)
}

/// Whom or what an alarm is about.
pub(super) fn about(id: &AlarmId) -> String {
    match id.subject {
        Subject::Resident(id) => id.to_string(),
        Subject::Device(id) => id.to_string(),
        Subject::Source(id) => id.to_string(),
        Subject::Stranger(id) => id.to_string(),
        Subject::Channel(id) => id.to_string(),
        Subject::Station => id.station.to_string(),
    }
}

/// Devices, a line each.
#[must_use]
pub fn devices(rows: &[DeviceRow], now_ms: i64, lang: Lang) -> Vec<String> {
    if rows.is_empty() {
        return vec![say::NO_DEVICES.say(lang).to_owned()];
    }
    rows.iter().map(|row| device(row, now_ms, lang)).collect()
}

fn device(row: &DeviceRow, now_ms: i64, lang: Lang) -> String {
    let mut parts = vec![row.device.clone(), format!("{}/{}", row.station, row.gateway)];
    match serde_json::from_value::<DeviceState>(Value::Object(row.standing.clone())) {
        Ok(state) => {
            parts.push(match state.last_heard {
                None => words::device::NEVER_HEARD.say(lang).to_owned(),
                Some(at) => {
                    let heard = words::device::LAST_HEARD.say(lang);
                    format!("{heard} {}", age(Since::told(at, row.received_ms), now_ms, lang))
                }
            });
            parts.extend(state.battery.map(|percent| format!("{} {percent} %", words::device::BATTERY.say(lang))));
            parts.extend(state.days_left.map(|days| words::device::days_left(days, lang)));
            parts.extend(state.fault.map(|word| fault(&word, lang)));
        }
        Err(_) => parts.push(say::UNREADABLE.say(lang).to_owned()),
    }
    parts.join(" · ")
}

/// How old something is, "at least" when no trusted clock has seen its beginning.
fn age(since: Since, now_ms: i64, lang: Lang) -> String {
    let ago = words::time::ago(since.age(now_ms), lang);
    if since.at_least { format!("{} {ago}", say::AT_LEAST.say(lang)) } else { ago }
}

/// The age of something by the county's own clock.
fn ago(at_ms: i64, now_ms: i64, lang: Lang) -> String {
    age(Since::seen(at_ms), now_ms, lang)
}

/// A device's fault; a word of a later version stays as it is.
fn fault(word: &str, lang: Lang) -> String {
    let what = Condition::from_word(word).map_or(word, |condition| condition.say(lang));
    format!("{}: {what}", words::device::FAULT.say(lang))
}

/// Stations, silent ones first, each with the residents who are not fully watched.
#[must_use]
pub fn stations(rows: &[StationRow], now_ms: i64, lang: Lang) -> Vec<String> {
    if rows.is_empty() {
        return vec![say::NO_STATIONS.say(lang).to_owned()];
    }
    let (silent, heard): (Vec<_>, Vec<_>) = rows.iter().partition(|row| row.silent);
    silent.into_iter().chain(heard).flat_map(|row| station(row, now_ms, lang)).collect()
}

fn station(row: &StationRow, now_ms: i64, lang: Lang) -> Vec<String> {
    let mut parts = vec![format!("{}/{}", row.station, row.gateway)];
    parts.push(match (row.first_heard_ms, row.heartbeat_ms) {
        (None, _) => say::UNLISTED.say(lang).to_owned(),
        (_, None) => say::NO_HEARTBEAT.say(lang).to_owned(),
        (_, Some(at)) => format!("{} {}", say::HEARTBEAT.say(lang), ago(at, now_ms, lang)),
    });
    if row.silent && row.first_heard_ms.is_some() {
        parts.push(format!("!{}", say::STATION_SILENT.say(lang)));
    }
    if let Some(text) = row.by_text.as_ref().filter(|text| text.guards) {
        let since = text.without_link_since_ms.map(|at| Since::seen(at).age(now_ms));
        parts.push(words::second::guards(since, lang));
        parts.push(words::second::standing(&counts(text), Since::seen(text.as_of_ms).age(now_ms), lang));
    }
    if let (Some(false), Some(since)) = (row.online, row.online_since_ms) {
        parts.push(format!("{} {}", say::DISCONNECTED.say(lang), ago(since, now_ms, lang)));
    }
    let count = |watch| row.residents.iter().filter(|resident| resident.watch == watch).count();
    parts.extend(Watch::ALL.iter().map(|watch| format!("{} {}", watch.say(lang), count(*watch))));
    let unreceipted = row.heartbeat.as_ref().and_then(|heartbeat| heartbeat.get("oldest_unreceipted_s"));
    if let Some(seconds) = unreceipted.and_then(Value::as_u64).filter(|seconds| *seconds > 0) {
        let age = words::time::ago(Duration::from_secs(seconds), lang);
        parts.push(format!("{} {age}", say::OLDEST_WITHOUT_RECEIPT.say(lang)));
    }
    if let Some(beat) = row.heartbeat.as_ref().filter(|beat| beat.get("mains") == Some(&Value::Bool(false))) {
        parts.push(words::power::NO_MAINS.say(lang).to_owned());
        let left = beat.get("battery_min").and_then(Value::as_u64).and_then(|minutes| u16::try_from(minutes).ok());
        parts.extend(left.map(|minutes| words::power::battery(minutes, lang)));
    }
    let of = |renumbered: bool| {
        let counts = row.refused.iter().filter(|(why, _)| (*why == Why::Renumbered.word()) == renumbered);
        counts.map(|(_, times)| *times).sum::<i64>()
    };
    let (refused, renumbered) = (of(false), of(true));
    if refused > 0 {
        parts.push(say::refused(refused, lang));
    }
    if renumbered > 0 {
        parts.push(say::renumbered(renumbered, lang));
    }
    let unwatched = row.residents.iter().filter(|resident| resident.watch != Watch::Watched);
    let residents = unwatched.map(|resident| format!("    {}", resident_line(resident, row, now_ms, lang)));
    std::iter::once(parts.join(" · ")).chain(residents).collect()
}

/// How a station stood by its text, as its sentence wants it.
pub(super) fn counts(text: &ByText) -> Standing {
    let ByText { people, things, residents, durable, mains, battery_min, .. } = *text;
    Standing { people, things, residents, durable, mains, battery_min }
}

/// Texts that were refused, in a line; none when there are none.
#[must_use]
pub fn refused_texts(refused: &BTreeMap<String, i64>, lang: Lang) -> Option<String> {
    let kinds = refused.iter().map(|(why, times)| format!("{} {times}", words::second::refused(why, lang)));
    let kinds: Vec<String> = kinds.collect();
    (!kinds.is_empty()).then(|| format!("{}: {}", words::second::REFUSED_TEXTS.say(lang), kinds.join(", ")))
}

/// A resident with since when: by the county's clock when the station is silent.
fn resident_line(resident: &ResidentRow, station: &StationRow, now_ms: i64, lang: Lang) -> String {
    let since = age(Since::of_watch(resident, station), now_ms, lang);
    format!("{} {}({} {since})", resident.resident, resident.watch.say(lang), say::SINCE.say(lang))
}

/// How far the county's own ladder has come with each case, a line each.
#[must_use]
pub fn cases(cases: &BTreeMap<Cause, Case>, now_ms: i64, lang: Lang) -> Vec<String> {
    if cases.is_empty() {
        return vec![words::escalation::NO_CASES.say(lang).to_owned()];
    }
    let line = |(cause, case): (&Cause, &Case)| {
        let what = match cause {
            Cause::Silent { .. } => say::STATION_SILENT.say(lang),
            Cause::Unanswered { alarm, .. } => alarm.condition.say(lang),
        };
        format!("{what} · {}  {cause}", climb(case, now_ms, lang))
    };
    cases.iter().map(line).collect()
}

/// How far the county's own ladder has come with one case.
pub(super) fn climb(case: &Case, now_ms: i64, lang: Lang) -> String {
    let climb = match case.pause {
        Some(pause) => Climb::Acknowledged { by: pause.by.to_string(), since: Since::seen(pause.at_ms).age(now_ms) },
        None if case.everybody && case.calls.is_empty() => Climb::NobodyToCall,
        None => {
            Climb::Calling { called: case.calls.len(), failed: case.calls.iter().filter(|call| call.failed()).count() }
        }
    };
    words::escalation::climb(&climb, lang)
}

/// What became of a command: whether it was done, and a sentence.
#[must_use]
pub fn outcome(result: &ResultMessage, lang: Lang) -> (bool, String) {
    match &result.result {
        CommandResult::Answered(answer) => {
            let done = matches!(answer, Answer::Done { .. } | Answer::Open { .. });
            (done, words::shell::answer(answer, lang))
        }
        CommandResult::NotRun { not_run } => (false, format!("{}: {not_run}", say::NOT_RUN.say(lang))),
    }
}
