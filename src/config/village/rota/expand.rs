//! From the clock on the wall to instants, through any zone.
//!
//! A local time stands for the first instant at which the clock on the wall shows it or has passed it. Where the clock leaps
//! forward over it, that is the moment of the leap; where the clock is put back and shows it twice, that is the first time.
//! A later local time then never stands for an earlier instant, so two shifts that meet on the wall meet in time as well:
//! no hole and no overlap, and a shift that lies inside of a leap is empty.

use jiff::Timestamp;
use jiff::civil::{Date, DateTime};
use jiff::tz::{AmbiguousOffset, TimeZone};

use super::WeeklyRota;
use crate::core::id::Slug;
use crate::core::rota::{Duty, Rota, Span};
use crate::core::time::Wall;
use crate::limits::rota::ROTA_DAYS_MAX;

/// The longest shift ends a day after the one on which it begins, and no clock was ever moved by more than a day.
const DAYS_BEFORE: i64 = 3;

const DAY_MS: i64 = 86_400_000;

impl WeeklyRota {
    /// The rota of a window as instants, in the station's zone; at most [`ROTA_DAYS_MAX`] days of it.
    #[must_use]
    pub fn plan(&self, window: Span, zone: &TimeZone) -> Rota {
        let longest = window.from.0.saturating_add(i64::from(ROTA_DAYS_MAX) * DAY_MS);
        let window = Span { until: window.until.min(Wall(longest)), ..window };
        let mut duties = Vec::new();
        let mut date = Some(local(Wall(window.from.0.saturating_sub(DAYS_BEFORE * DAY_MS)), zone).date());
        // A clock that was put back over midnight shows the day before once more.
        let last = local(window.until, zone).date();
        let last = last.tomorrow().unwrap_or(last);
        while let Some(day) = date.filter(|day| *day <= last) {
            for shift in self.shifts.keys() {
                duties.extend(self.duties(day, *shift, zone));
            }
            date = day.tomorrow().ok();
        }
        Rota::of(window, duties)
    }

    /// From when to when a shift of a day is.
    #[must_use]
    pub fn span(&self, date: Date, shift: Slug, zone: &TimeZone) -> Option<Span> {
        let (from, until) = self.shifts.get(&shift)?.of(date);
        Some(Span { from: first_at(from, zone), until: first_at(until, zone) })
    }

    /// The duties of a shift of a day, in the order of its list, without the time in which somebody is on leave.
    #[must_use]
    pub fn duties(&self, date: Date, shift: Slug, zone: &TimeZone) -> Vec<Duty> {
        let Some(whole) = self.span(date, shift, zone) else { return Vec::new() };
        let mut duties = Vec::new();
        for responder in self.on_shift(date, shift) {
            let mut left = vec![whole];
            for leave in self.leaves.iter().filter(|leave| leave.who == responder) {
                let (from, until) = leave.span();
                let away = Span { from: first_at(from, zone), until: first_at(until, zone) };
                left = left.into_iter().flat_map(|span| without(span, away)).collect();
            }
            let theirs = left.into_iter().filter(|span| !span.is_empty());
            duties.extend(theirs.map(|Span { from, until }| Duty { from, until, responder }));
        }
        duties
    }
}

/// What is left of a span before and behind another.
fn without(span: Span, other: Span) -> [Span; 2] {
    let before = Span { until: span.until.min(other.from), ..span };
    let behind = Span { from: span.from.max(other.until), ..span };
    [before, behind]
}

/// What the clock on the wall shows.
#[must_use]
pub fn local(at: Wall, zone: &TimeZone) -> DateTime {
    let nearest = if at.0 < 0 { Timestamp::MIN } else { Timestamp::MAX };
    zone.to_datetime(Timestamp::from_millisecond(at.0).unwrap_or(nearest))
}

/// The first instant at which the clock on the wall shows a time or has passed it.
#[must_use]
pub fn first_at(at: DateTime, zone: &TimeZone) -> Wall {
    let instant = match zone.to_ambiguous_timestamp(at).offset() {
        AmbiguousOffset::Unambiguous { offset } | AmbiguousOffset::Fold { before: offset, .. } => {
            offset.to_timestamp(at)
        }
        // Read by the offset behind the leap, a time inside of it lies before the leap.
        AmbiguousOffset::Gap { after, .. } => after.to_timestamp(at).map(|before_it| {
            let leap = zone.following(before_it).find(|change| change.offset() == after);
            leap.map_or(before_it, |leap| leap.timestamp())
        }),
    };
    let nearest = if at.year() < 1970 { Timestamp::MIN } else { Timestamp::MAX };
    Wall(instant.unwrap_or(nearest).as_millisecond())
}
