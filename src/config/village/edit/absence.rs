//! A resident is away, stays away for longer, or is back (CARE-RULES 24).

use jiff::civil::Date;
use serde::{Deserialize, Serialize};
use toml::Spanned;
use toml::de::{DeTable, DeValue};

use super::EditError;
use super::text::{Entry, Lines, Patch, appended};
use crate::config::Station;
use crate::config::village::{Absence, Village};
use crate::core::id::{ResidentId, ResponderId};
use crate::core::time::Wall;
use crate::limits::rota::{ABSENCE_DAYS_MAX, ABSENCES_MAX};

/// So many days more. Source: CARE-RULES 24.
const EXTENSION_DAYS: i64 = 7;

/// A time away that begins, or has another end.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Away {
    /// Who.
    pub resident: ResidentId,
    /// From this day on, as 2026-12-05.
    #[serde(with = "crate::config::village::rota::day_as_text")]
    pub from: Date,
    /// Until 10:00 of this day.
    #[serde(with = "crate::config::village::rota::day_as_text")]
    pub until: Date,
    /// Who knows when they come back.
    #[serde(default)]
    pub contact: Option<ResponderId>,
}

/// What is said of an absence that there is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Said {
    /// Whose.
    pub resident: ResidentId,
    /// The instant at which the one that is meant ends; left out, the one that there is.
    #[serde(default)]
    pub until: Option<Wall>,
}

/// Writes an absence, or the end of the one that there is anew.
pub(super) fn away(text: &str, away: &Away, today: Date, before: &Village) -> Result<String, EditError> {
    if !before.roster.is_watched_over(away.resident) {
        return Err(EditError::UnknownResident(away.resident));
    }
    if let Some(unknown) = away.contact.filter(|contact| !before.roster.responders.contains_key(contact)) {
        return Err(EditError::UnknownResponder(unknown));
    }
    if away.until <= away.from || away.until <= today {
        return Err(EditError::AbsencePast(away.until));
    }
    if away.until > away.from.saturating_add(jiff::Span::new().days(ABSENCE_DAYS_MAX)) {
        return Err(EditError::AbsenceTooLong(away.until));
    }
    let last = newest(before, away.resident);
    if last.is_some_and(|absence| absence.until >= today) {
        return Err(EditError::AwayAlready(away.resident));
    }
    if before.absences.len() >= ABSENCES_MAX {
        return Err(EditError::TooManyAbsences);
    }
    let mut patch = Patch::new(text);
    // Whoever goes again has come back from the last time.
    if let Some(last) = last {
        patch.insert(entry(text, before, last)?.end()?, &format!("back = {}", last.until));
    }
    let mut lines = Lines(vec![String::new(), "[[absences]]".to_owned()]);
    lines.text("resident", Some(away.resident.as_str()))?;
    lines.raw("from", Some(&away.from.to_string()));
    lines.raw("until", Some(&away.until.to_string()));
    lines.text("contact", away.contact.as_ref().map(ResponderId::as_str))?;
    Ok(appended(&patch.done(), lines))
}

/// Seven days more.
pub(super) fn extended(text: &str, said: &Said, before: &Village, station: &Station) -> Result<String, EditError> {
    let absence = meant(said, before, station)?;
    let mut patch = Patch::new(text);
    let entry = entry(text, before, absence)?;
    patch.replace(entry.value("until").ok_or(EditError::Form)?, &later(absence).to_string());
    Ok(patch.done())
}

/// They are back.
pub(super) fn back(
    text: &str,
    said: &Said,
    today: Date,
    before: &Village,
    station: &Station,
) -> Result<String, EditError> {
    let absence = meant(said, before, station)?;
    let mut patch = Patch::new(text);
    patch.insert(entry(text, before, absence)?.end()?, &format!("back = {today}"));
    Ok(patch.done())
}

/// What the absences are to be afterwards, in the order of the file.
pub(super) fn wanted(edit: &super::Edit, today: Date, before: &Village) -> Vec<Absence> {
    let mut all = before.absences.clone();
    let at = |resident| newest(before, resident).and_then(|newest| all.iter().position(|absence| absence == newest));
    match edit {
        super::Edit::Away(Away { resident, from, until, contact }) => {
            if let Some(last) = at(*resident).and_then(|at| all.get_mut(at)) {
                last.back = Some(last.until);
            }
            let (first, back) = (Vec::new(), None);
            all.push(Absence { resident: *resident, from: *from, until: *until, contact: *contact, first, back });
        }
        super::Edit::Extend(said) => {
            if let Some(absence) = at(said.resident).and_then(|at| all.get_mut(at)) {
                absence.until = later(absence);
            }
        }
        super::Edit::Back(said) => {
            if let Some(absence) = at(said.resident).and_then(|at| all.get_mut(at)) {
                absence.back = Some(today);
            }
        }
        _ => {}
    }
    all
}

fn later(absence: &Absence) -> Date {
    absence.until.saturating_add(jiff::Span::new().days(EXTENSION_DAYS))
}

/// The newest absence of which nobody has said that it is over.
fn newest(village: &Village, resident: ResidentId) -> Option<&Absence> {
    let theirs = village.absences.iter().filter(|absence| absence.resident == resident && absence.back.is_none());
    theirs.max_by_key(|absence| absence.until)
}

/// The absence that is meant; none when it has another end by now.
fn meant<'v>(said: &Said, before: &'v Village, station: &Station) -> Result<&'v Absence, EditError> {
    let known = newest(before, said.resident);
    let is_meant = |absence: &&Absence| said.until.is_none_or(|until| absence.away(&station.zone).until == until);
    known.filter(is_meant).ok_or(EditError::NotAway(said.resident))
}

/// Where it stands in the text: at its place in the list.
fn entry<'t>(text: &'t str, before: &Village, absence: &Absence) -> Result<Entry<'t>, EditError> {
    let place = before.absences.iter().position(|other| other == absence).ok_or(EditError::Form)?;
    let mut root = DeTable::parse(text).map_err(|_| EditError::Form)?.into_inner();
    let Some(DeValue::Array(all)) = root.remove("absences").map(Spanned::into_inner) else {
        return Err(EditError::Form);
    };
    match all.into_iter().nth(place).map(Spanned::into_inner) {
        Some(DeValue::Table(table)) => Ok(Entry { text, table }),
        _ => Err(EditError::Form),
    }
}
