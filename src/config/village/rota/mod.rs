//! The weekly rota as a village writes it: shifts by the clock on the wall, lists by weekday, swaps, leave and holidays.
//!
//! A village thinks in days and shifts, the core in instants; [`WeeklyRota::plan`] is the only way from one to the other.
//! A duty belongs to the day on which it begins, so the night of the third ends on the morning of the fourth, and a swap
//! of the third is about the whole of it. Leave is about the clock: whoever is away from the fourth on is gone at midnight.

pub mod holidays;

pub mod expand;

mod hours;

pub(in crate::config) mod read;

use std::collections::{BTreeMap, BTreeSet};

use jiff::civil::{Date, DateTime, Time, Weekday};
use serde::{Deserialize, Serialize};

pub(super) use read::{Lapse, day, lapse, lapsed, rota, some};

use super::super::key::Key;
use crate::core::id::{ResponderId, Slug};
use crate::core::word::words;

words! {
    /// The lists of a shift: who is on it on which days.
    List {
        /// Every day that has no list of its own.
        Daily = "daily",
        /// Mondays.
        Mon = "mon",
        /// Tuesdays.
        Tue = "tue",
        /// Wednesdays.
        Wed = "wed",
        /// Thursdays.
        Thu = "thu",
        /// Fridays.
        Fri = "fri",
        /// Saturdays.
        Sat = "sat",
        /// Sundays.
        Sun = "sun",
        /// Public holidays, whatever the weekday.
        Holiday = "holiday",
        /// Weekends that are worked in exchange for a holiday (调休).
        Workday = "workday",
    }
}

words! {
    /// What the calendar says of a day.
    DayKind {
        /// Its weekday, and nothing else.
        Ordinary = "ordinary",
        /// A public holiday, or one of the village.
        Holiday = "holiday",
        /// A weekend that is worked (调休).
        Workday = "workday",
    }
}

/// The rota of a village.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct WeeklyRota {
    /// The shifts, by name.
    pub shifts: BTreeMap<Slug, Shift>,
    /// Days that are not what their weekday says.
    pub calendar: Calendar,
    /// Who takes over from whom, in the order of the file.
    pub swaps: Vec<Swap>,
    /// Who is away.
    pub leaves: Vec<Leave>,
}

/// A shift.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Shift {
    /// Local time at which it begins.
    pub from: Time,
    /// Local time at which it ends; on the next day when it is not later than the beginning.
    pub until: Time,
    /// Who is on it.
    pub lists: BTreeMap<List, Vec<ResponderId>>,
}

/// What a village adds to the public holidays.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Calendar {
    /// Days off.
    pub holidays: BTreeSet<Date>,
    /// Days that are worked.
    pub workdays: BTreeSet<Date>,
}

/// One duty that is taken over.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Swap {
    /// The day on which the shift begins.
    #[serde(with = "day_as_text")]
    pub date: Date,
    /// Which shift.
    pub shift: Slug,
    /// Whose turn it would be.
    pub out: ResponderId,
    /// Who takes it.
    #[serde(rename = "in")]
    pub stands_in: ResponderId,
}

/// Somebody is away.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Leave {
    /// Who.
    pub who: ResponderId,
    /// The first day.
    pub from: Date,
    /// The last day.
    pub until: Date,
}

/// Keys of a shift.
pub(super) const SHIFT_KEYS: &[Key] = &[
    Key::required("from", "When it begins, local time, as \"07:30\"."),
    Key::required("until", "When it ends; on the next day when this is not later than from."),
    Key::optional("daily", "Ids of those on it on every day that has no list of its own."),
    Key::optional("mon", "Ids of those on it on Mondays; [] is nobody."),
    Key::optional("tue", "Ids of those on it on Tuesdays."),
    Key::optional("wed", "Ids of those on it on Wednesdays."),
    Key::optional("thu", "Ids of those on it on Thursdays."),
    Key::optional("fri", "Ids of those on it on Fridays."),
    Key::optional("sat", "Ids of those on it on Saturdays."),
    Key::optional("sun", "Ids of those on it on Sundays."),
    Key::optional("holiday", "Ids of those on it on public holidays; left out, the weekday's."),
    Key::optional("workday", "Ids of those on it on weekends that are worked; left out, the weekday's."),
];

/// Keys of the calendar.
pub(super) const CALENDAR_KEYS: &[Key] = &[
    Key::optional("holidays", "Days off beside the public holidays, as [2026-02-13]."),
    Key::optional("workdays", "Days that are worked although they are weekends or public holidays."),
];

/// Keys of a swap.
pub(super) const SWAP_KEYS: &[Key] = &[
    Key::required("date", "The day on which the shift begins, as 2026-12-03."),
    Key::required("shift", "Which shift."),
    Key::required("out", "Id of whoever would be on it."),
    Key::required("in", "Id of whoever takes it."),
];

/// Keys of a leave.
pub(super) const LEAVE_KEYS: &[Key] = &[
    Key::required("who", "Id of whoever is away, and so on no duty."),
    Key::required("from", "The first day, as 2026-12-05."),
    Key::required("until", "The last day."),
];

impl Calendar {
    /// What a day is. What the village writes goes before what the country announces.
    #[must_use]
    pub fn kind(&self, date: Date) -> DayKind {
        if self.workdays.contains(&date) {
            DayKind::Workday
        } else if self.holidays.contains(&date) {
            DayKind::Holiday
        } else {
            holidays::kind(date)
        }
    }

    /// Whether the holidays of a year are known: announced, or written by the village.
    #[must_use]
    pub fn knows(&self, year: i16) -> bool {
        holidays::is_announced(year) || self.holidays.iter().any(|day| day.year() == year)
    }
}

impl Shift {
    /// From when to when its duty of a day is, by the clock on the wall.
    #[must_use]
    pub fn of(&self, date: Date) -> (DateTime, DateTime) {
        let ends_on = if self.until > self.from { date } else { date.tomorrow().unwrap_or(date) };
        (date.to_datetime(self.from), ends_on.to_datetime(self.until))
    }

    /// Its list for a day of that kind.
    fn list(&self, date: Date, kind: DayKind) -> &[ResponderId] {
        let special = match kind {
            DayKind::Ordinary => None,
            DayKind::Holiday => self.lists.get(&List::Holiday),
            DayKind::Workday => self.lists.get(&List::Workday),
        };
        let weekday = || self.lists.get(&List::of(date.weekday()));
        special.or_else(weekday).or_else(|| self.lists.get(&List::Daily)).map_or(&[], Vec::as_slice)
    }
}

impl List {
    /// The list of a weekday.
    #[must_use]
    pub const fn of(weekday: Weekday) -> Self {
        match weekday {
            Weekday::Monday => List::Mon,
            Weekday::Tuesday => List::Tue,
            Weekday::Wednesday => List::Wed,
            Weekday::Thursday => List::Thu,
            Weekday::Friday => List::Fri,
            Weekday::Saturday => List::Sat,
            Weekday::Sunday => List::Sun,
        }
    }
}

impl Leave {
    /// From the first midnight to the last, by the clock on the wall.
    #[must_use]
    pub fn span(&self) -> (DateTime, DateTime) {
        let behind = self.until.tomorrow().unwrap_or(self.until);
        (self.from.to_datetime(Time::midnight()), behind.to_datetime(Time::midnight()))
    }
}

impl WeeklyRota {
    /// Whose turn a shift of a day is, swaps done, and whoever is on leave not yet taken out.
    #[must_use]
    pub fn on_shift(&self, date: Date, shift: Slug) -> Vec<ResponderId> {
        let Some(of) = self.shifts.get(&shift) else { return Vec::new() };
        let mut on: Vec<ResponderId> = of.list(date, self.calendar.kind(date)).to_vec();
        for swap in self.swaps.iter().filter(|swap| swap.date == date && swap.shift == shift) {
            if on.contains(&swap.stands_in) {
                continue;
            }
            if let Some(turn) = on.iter_mut().find(|id| **id == swap.out) {
                *turn = swap.stands_in;
            }
        }
        on
    }

    /// The years of these two days of which the rota wants the holidays and does not know them.
    #[must_use]
    pub fn unknown_years(&self, first: Date, last: Date) -> Vec<i16> {
        let mut years = vec![first.year(), last.year()];
        years.dedup();
        years.retain(|year| self.asks_for_holidays() && !self.calendar.knows(*year));
        years
    }

    /// Whether any shift asks what kind of day it is.
    fn asks_for_holidays(&self) -> bool {
        let special = |shift: &Shift| [List::Holiday, List::Workday].iter().any(|list| shift.lists.contains_key(list));
        self.shifts.values().any(special)
    }
}

/// A day as text, as in a file: 2026-12-03.
pub(super) mod day_as_text {
    use jiff::civil::Date;
    use serde::{Deserialize, Deserializer, Serializer, de};

    #[expect(clippy::trivially_copy_pass_by_ref, reason = "serde hands the field over as it is")]
    pub fn serialize<S: Serializer>(date: &Date, to: S) -> Result<S::Ok, S::Error> {
        to.collect_str(date)
    }

    pub fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<Date, D::Error> {
        let text = <std::borrow::Cow<'de, str>>::deserialize(from)?;
        text.parse().map_err(de::Error::custom)
    }
}
