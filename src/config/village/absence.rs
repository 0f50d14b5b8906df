//! Residents who are away from home for a time (CARE-RULES 24), as days of the calendar.

use jiff::civil::{Date, DateTime, Time};
use jiff::tz::TimeZone;

use super::super::document::Section;
use super::super::key::Key;
use super::super::problem::What;
use super::read::{reference, responders_in};
use super::rota::expand::first_at;
use super::rota::{Lapse, day, lapse, some};
use crate::core::id::{ResidentId, ResponderId};
use crate::core::plan;
use crate::core::roster::Roster;
use crate::core::rota::Span;
use crate::limits::rota::{ABSENCES_MAX, ON_SHIFT_MAX};

/// When an absence ends on its last day, and when the contact is asked on the day before. Source: CARE-RULES 24, "by day (10:00)".
const ENDS_AT: Time = Time::constant(10, 0, 0, 0);

/// Somebody is away from home.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Absence {
    /// Who.
    pub resident: ResidentId,
    /// From the midnight of this day on.
    pub from: Date,
    /// Until 10:00 of this day.
    pub until: Date,
    /// Who knows when they come back.
    pub contact: Option<ResponderId>,
    /// Who is called first when they call for help meanwhile.
    pub first: Vec<ResponderId>,
    /// The day on which they came back before that.
    pub back: Option<Date>,
}

/// Keys of an absence.
pub(super) const ABSENCE_KEYS: &[Key] = &[
    Key::required("resident", "Id of the resident who is away."),
    Key::required("from", "The first day, as 2026-12-05."),
    Key::required("until", "The last day; it ends at 10:00, and the contact is asked the day before."),
    Key::optional(
        "contact",
        "Id of the responder who is asked; left out, their family, or who has the key, or the desk.",
    ),
    Key::or("first", "[]", "Ids of responders who are called first when they call for help away from home."),
    Key::optional("back", "The day on which they came back earlier; `shouwang village back` writes it."),
];

impl Absence {
    /// From when to when it is, in the station's zone.
    #[must_use]
    pub fn away(&self, zone: &TimeZone) -> Span {
        Span { from: first_at(self.from.to_datetime(Time::midnight()), zone), until: first_at(self.ends(), zone) }
    }

    /// As instants, with whom to ask; none where they came back before its end.
    #[must_use]
    pub fn plan(&self, roster: &Roster, zone: &TimeZone) -> Option<plan::Absence> {
        if self.back.is_some() {
            return None;
        }
        let resident = roster.residents.get(&self.resident);
        let family = || resident.and_then(|resident| resident.family.first().copied());
        let key = || resident.and_then(|resident| resident.key_holder);
        let away = self.away(zone);
        let day_before = self.until.yesterday().unwrap_or(self.until);
        Some(plan::Absence {
            resident: self.resident,
            away,
            ask: first_at(day_before.to_datetime(ENDS_AT), zone).max(away.from),
            contact: self.contact.or_else(family).or_else(key),
            first: self.first.clone(),
        })
    }

    fn ends(&self) -> DateTime {
        self.until.to_datetime(ENDS_AT)
    }
}

/// The absences of a file, and when each is past. `residents` and `responders` have the ids that there are.
pub(super) fn absences(top: &Section<'_>, residents: &[&str], responders: &[&str]) -> (Vec<Absence>, Vec<Lapse>) {
    let (mut all, mut lapses): (Vec<Absence>, Vec<Option<Lapse>>) = (Vec::new(), Vec::new());
    for section in some(top, "absences", ABSENCES_MAX) {
        let section = section.holding(ABSENCE_KEYS);
        let Some(absence) = absence(&section, residents, responders) else { continue };
        let overlaps = |other: &Absence| other.from < absence.until && absence.from < other.until;
        let two = all.iter().any(|of| of.resident == absence.resident && of.back.is_none() && overlaps(of));
        if let (true, None, Some(found)) = (two, absence.back, section.find("resident")) {
            let problem = section.wrong("resident", &found, What::Shared);
            section.report(problem.fix("keep one absence of this resident, and take the other out"));
        }
        let past = absence.back.map_or(absence.ends(), |back| back.to_datetime(Time::midnight()));
        // The day behind it belongs to whoever says that they are back.
        let past = past.date().tomorrow().map_or(past, |day| day.to_datetime(ENDS_AT));
        lapses.push(lapse(&section, if absence.back.is_some() { "back" } else { "until" }, past));
        all.push(absence);
    }
    (all, lapses.into_iter().flatten().collect())
}

fn absence(section: &Section<'_>, residents: &[&str], responders: &[&str]) -> Option<Absence> {
    let resident = reference(section, "resident", residents).map(ResidentId);
    let (from, until) = (day(section, "from"), day(section, "until"));
    let contact = section.find("contact").and_then(|_| reference(section, "contact", responders)).map(ResponderId);
    let first = responders_in(section, "first", responders).into_iter().map(|(id, _)| id).take(ON_SHIFT_MAX).collect();
    let back = section.find("back").and_then(|_| day(section, "back"));
    let absence = Absence { resident: resident?, from: from?, until: until?, contact, first, back };
    if absence.until <= absence.from {
        if let Some(found) = section.find("until") {
            let problem = section.wrong("until", &found, What::Contradiction);
            let later = absence.from.tomorrow().unwrap_or(absence.from);
            section.report(problem.allowed(format!("{later} or later")).fix("write the day on which they come back"));
        }
        return None;
    }
    Some(absence)
}
