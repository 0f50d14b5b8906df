//! How many days a battery has left, with how sure that is.
//!
//! The charge that a device claims is mostly its voltage in other words, and a voltage sags in the cold: an unheated home
//! would have new batteries every winter morning. So every value is brought to room temperature where the room's is known,
//! the best of a day is its point, and the fall between points of weeks is what is believed.
//!
//! Constraints:
//! - Eight points a battery: when they are full every other one goes and the next come half as often, so that the first
//!   days of a coin cell and its third year are both remembered.
//! - Careful: the fastest plausible fall decides when somebody is told, and no cell is believed to outlive its kind.
//! - A cell that is charged again has no last day, and gets none.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::core::roster::Chemistry;
use crate::core::time::Mono;
use crate::core::unit::Milli;
use crate::limits::BATTERY_POINTS_MAX;

/// Days of notice before a battery is empty. Source: ARCHITECTURE, supervision: at least 14 days where the data allow.
pub const NOTICE_DAYS: u32 = 14;
/// A battery has this many days again before it is well. judgement: half as many again, more than the estimate wanders.
pub const WELL_DAYS: u32 = 21;

/// Days over which a fall must have been seen. judgement: a week of weather and use.
const SPAN_DAYS_MIN: u32 = 7;
/// The least fall that is one, in thousandths. judgement: claimed charges come in steps of a half to two per cent.
const FALL_MIN: u16 = 20;
/// A rise by so much is another battery, or the same one charged. judgement: warmth gives back less.
const REFILL_MIN: u16 = 200;
/// A cell that is full again so soon was charged. judgement: nobody buys batteries every six weeks twice in a row.
const CHARGED_WITHIN_DAYS: u32 = 45;

/// Room temperature, to which values are brought, in °C.
const ROOM: i64 = 20;
/// Below this the correction grows no further, in K under room temperature. judgement: cells fail there rather than sag.
const COLD_MAX: i64 = 30;
/// What a claimed charge loses a K of cold, in thousandths. judgement: 5 mV/K over the 1.5 V that makers map to 100 %.
const CLAIM_SAG: i64 = 3;

/// What is known of a chemistry. Sources: the shape of makers' discharge curves at loads under a milliampere and their
/// temperature tables; judgement: the corners, read generously, since each maker's cell differs by more.
struct Cell {
    /// (mV at room temperature, thousandths left), falling.
    curve: &'static [(i64, i64)],
    /// What the voltage loses a K of cold, in mV.
    sag: i64,
    /// A device stops before its cell is empty, in thousandths.
    reserve: i64,
    /// The longest a cell of its kind lasts in a sensor, in days.
    life_days: i64,
}

const fn cell(chemistry: Chemistry) -> Cell {
    const COIN: &[(i64, i64)] =
        &[(3000, 1000), (2950, 900), (2900, 700), (2850, 500), (2800, 350), (2700, 200), (2500, 80), (2200, 0)];
    const ALKALINE: &[(i64, i64)] =
        &[(3200, 1000), (3000, 850), (2800, 650), (2600, 450), (2400, 250), (2200, 120), (2000, 40), (1800, 0)];
    const LI_ION: &[(i64, i64)] =
        &[(4200, 1000), (4000, 800), (3850, 600), (3750, 400), (3700, 300), (3600, 150), (3400, 50), (3200, 0)];
    const LI_SOCL2: &[(i64, i64)] =
        &[(3650, 1000), (3600, 700), (3550, 400), (3500, 250), (3400, 120), (3300, 60), (3000, 0)];
    match chemistry {
        Chemistry::Cr2032 => Cell { curve: COIN, sag: 5, reserve: 100, life_days: 2 * 365 },
        Chemistry::Cr2450 => Cell { curve: COIN, sag: 5, reserve: 100, life_days: 3 * 365 },
        Chemistry::Alkaline => Cell { curve: ALKALINE, sag: 4, reserve: 100, life_days: 2 * 365 },
        Chemistry::LiIon => Cell { curve: LI_ION, sag: 3, reserve: 100, life_days: 60 },
        // Flat to the end: the least that is left is the hardest to see.
        Chemistry::LiSocl2 => Cell { curve: LI_SOCL2, sag: 4, reserve: 150, life_days: 10 * 365 },
        // The careful default: no voltage says anything, and the reserve is the largest.
        Chemistry::Unknown => Cell { curve: &[], sag: 0, reserve: 150, life_days: 2 * 365 },
    }
}

/// What a device says of its battery at one time, and how warm it is there.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Measured {
    /// Charge that it claims, in per cent.
    pub percent: Option<Milli>,
    /// Voltage, in volts.
    pub voltage: Option<Milli>,
    /// Temperature around it, in °C, where it is known.
    pub celsius: Option<Milli>,
}

/// Days that a battery has left.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Outlook {
    /// As it seems.
    pub days: u32,
    /// At least, if it falls as fast as it ever did for long.
    pub at_least: u32,
    /// At most.
    pub at_most: u32,
}

impl Outlook {
    /// Whether somebody is to bring a battery.
    #[must_use]
    pub const fn is_ending(self) -> bool {
        self.at_least <= NOTICE_DAYS
    }
}

/// A day of station time and what was left on it, in thousandths.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
struct Point(u32, u16);

/// What is remembered of one battery.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Battery {
    /// Points of its way down, at least `apart` days apart.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    points: Vec<Point>,
    #[serde(default)]
    apart: u32,
    /// The newest day that is over.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    latest: Option<Point>,
    /// The best of the running day.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    today: Option<Point>,
    /// How often in a row it was full again soon.
    #[serde(default)]
    charged: u8,
}

impl Measured {
    /// What is left in thousandths, brought to room temperature: the less of what charge and voltage say.
    fn left(self, chemistry: Chemistry) -> Option<u16> {
        let cell = cell(chemistry);
        let cold = self.celsius.map_or(0, |celsius| (ROOM - celsius.0 / 1000).clamp(0, COLD_MAX));
        let claimed = self.percent.map(|percent| (percent.0 / 100 + cold * CLAIM_SAG).clamp(0, 1000));
        let measured = self.voltage.and_then(|volts| along(cell.curve, volts.0 + cold * cell.sag));
        let left = claimed.into_iter().chain(measured).min()?;
        u16::try_from(left).ok()
    }
}

impl Battery {
    /// Whether nothing has been learned.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.today.is_none()
    }

    /// Takes what the device says of its battery.
    pub fn take(&mut self, now: Mono, chemistry: Chemistry, measured: Measured) {
        let Some(left) = measured.left(chemistry) else { return };
        let day = u32::try_from(now.since(Mono(0)).as_secs() / Duration::from_hours(24).as_secs()).unwrap_or(u32::MAX);
        match &mut self.today {
            Some(Point(today, best)) if *today >= day => *best = left.max(*best),
            _ => {
                if let Some(over) = self.today.replace(Point(day, left)) {
                    self.close(over);
                }
            }
        }
    }

    /// How long it lasts; none before a fall has been seen over a week, and for cells that are charged.
    #[must_use]
    pub fn outlook(&self, chemistry: Chemistry) -> Option<Outlook> {
        let cell = cell(chemistry);
        let newest = self.latest?;
        // Another battery, or the same one charged: what the old one did says nothing of it, and the day need not end first.
        if self.today.is_some_and(|today| today.1 >= newest.1.saturating_add(REFILL_MIN)) {
            return None;
        }
        let first = self.points.first()?;
        let span = newest.0.saturating_sub(first.0);
        let fell = first.1.saturating_sub(newest.1);
        if chemistry == Chemistry::LiIon || self.charged > 1 || span < SPAN_DAYS_MIN || fell < FALL_MIN {
            return None;
        }
        // Falls in millionths a day, between points that are far enough apart for their noise to be small.
        let all: Vec<Point> = self.points.iter().copied().chain([newest]).collect();
        let apart = (span / 3).max(1);
        let daily = |from: &Point, to: &Point| {
            let days = to.0.checked_sub(from.0).filter(|days| *days >= apart)?;
            Some(1000 * (i64::from(from.1) - i64::from(to.1)) / i64::from(days))
        };
        let mut falls: Vec<i64> =
            all.iter().flat_map(|from| all.iter().filter_map(move |to| daily(from, to))).collect();
        falls.sort_unstable();
        let at = |part: usize| falls.get(falls.len().saturating_sub(1) * part / 10).copied();
        let slowest = 1_000_000 / cell.life_days;
        let usable = 1000 * (i64::from(newest.1) - cell.reserve).max(0);
        let since = self.today.map_or(0, |today| today.0.saturating_sub(newest.0));
        let days = |fall: i64| {
            let days = u32::try_from(usable / fall.max(slowest).max(1)).unwrap_or(u32::MAX);
            days.saturating_sub(since)
        };
        Some(Outlook { days: days(at(5)?), at_least: days(at(8)?), at_most: days(at(2)?) })
    }

    /// A day is over.
    fn close(&mut self, over: Point) {
        let risen = self.latest.is_some_and(|latest| over.1 >= latest.1.saturating_add(REFILL_MIN));
        if risen {
            let lasted = self.points.first().map_or(0, |first| over.0.saturating_sub(first.0));
            self.charged = if lasted <= CHARGED_WITHIN_DAYS { self.charged.saturating_add(1) } else { 0 };
            self.points.clear();
            self.apart = 1;
        }
        self.latest = Some(over);
        if self.points.last().is_some_and(|last| over.0 < last.0.saturating_add(self.apart)) {
            return;
        }
        if self.points.len() >= BATTERY_POINTS_MAX {
            let mut place = 0;
            self.points.retain(|_| {
                place += 1;
                place % 2 == 1
            });
            self.apart = self.apart.max(1).saturating_mul(2);
            if self.points.last().is_some_and(|last| over.0 < last.0.saturating_add(self.apart)) {
                return;
            }
        }
        self.points.push(over);
    }
}

/// The value of a falling curve at `volts`, straight between its corners; none where there is no curve.
fn along(curve: &[(i64, i64)], millivolts: i64) -> Option<i64> {
    let (first, last) = (curve.first()?, curve.last()?);
    if millivolts >= first.0 {
        return Some(first.1);
    }
    let between = curve.windows(2).find_map(|pair| match pair {
        [high, low] if millivolts >= low.0 => {
            Some(low.1 + (millivolts - low.0) * (high.1 - low.1) / (high.0 - low.0).max(1))
        }
        _ => None,
    });
    Some(between.unwrap_or(last.1))
}

#[cfg(test)]
mod tests {
    use super::*;

    const DAY: u64 = 86_400_000;

    fn percent(value: i64) -> Measured {
        Measured { percent: Some(Milli(value * 100)), voltage: None, celsius: None }
    }

    /// Four words a day; `of` gives what is measured on a day at an hour.
    fn lived(chemistry: Chemistry, days: u64, of: impl Fn(u64, u64) -> Measured) -> Battery {
        let mut battery = Battery::default();
        for day in 0..days {
            for hour in [1, 7, 13, 19] {
                battery.take(Mono(day * DAY + hour * 3_600_000), chemistry, of(day, hour));
            }
        }
        battery
    }

    /// A voltage that has a chemistry's curve give `left` thousandths.
    fn volts(chemistry: Chemistry, left: i64) -> i64 {
        let curve = cell(chemistry).curve;
        (2_000..4_300).find(|millivolts| along(curve, *millivolts).is_some_and(|at| at >= left)).expect("on the curve")
    }

    #[test]
    fn a_steady_fall_is_told_with_its_last_day() {
        // 100 % to 15 % in 425 days, two thousandths a day.
        let i = |day: u64| i64::try_from(day).expect("small");
        let battery = lived(Chemistry::Unknown, 201, |day, _| percent(1000 - 2 * i(day)));
        let outlook = battery.outlook(Chemistry::Unknown).expect("a fall was seen");
        assert!((220..=230).contains(&outlook.days), "{outlook:?}");
        assert!(outlook.at_least <= outlook.days && outlook.days <= outlook.at_most, "{outlook:?}");
        assert!(!outlook.is_ending());
    }

    #[test]
    fn every_chemistry_gives_two_weeks_of_notice_in_a_home_with_cold_nights() {
        for chemistry in [Chemistry::Cr2032, Chemistry::Cr2450, Chemistry::Alkaline, Chemistry::LiSocl2] {
            let cell = cell(chemistry);
            // Nights of 0 °C and days of 12 °C; empty at the reserve after 300 days.
            let left = |day: u64| 1000 - (1000 - cell.reserve) * i64::try_from(day).expect("small") / 300;
            let of = |day: u64, hour: u64| {
                let celsius = if hour < 8 { 0 } else { 12 };
                let sagged = volts(chemistry, left(day)) - (ROOM - celsius) * cell.sag;
                Measured { percent: None, voltage: Some(Milli(sagged)), celsius: Some(Milli::whole(celsius)) }
            };
            let on_day = |day: u64| lived(chemistry, day + 1, of).outlook(chemistry);
            let early = on_day(200).expect("a fall was seen");
            assert!(!early.is_ending(), "{chemistry}: a hundred days early is no notice: {early:?}");
            let two_weeks = on_day(300 - u64::from(NOTICE_DAYS)).expect("a fall was seen");
            assert!(two_weeks.is_ending(), "{chemistry}: two weeks before the end: {two_weeks:?}");
        }
    }

    #[test]
    fn a_winter_is_not_the_end_of_a_battery() {
        // It grows 1 K colder every other day for two months, and the cell loses nothing but its warmth.
        let of = |known: bool| {
            move |day: u64, _: u64| {
                let cold = i64::try_from(day / 2).expect("small");
                let voltage = Some(Milli(volts(Chemistry::Cr2032, 900) - 5 * cold));
                Measured { percent: None, voltage, celsius: known.then_some(Milli::whole(ROOM - cold)) }
            }
        };
        assert_eq!(lived(Chemistry::Cr2032, 40, of(true)).outlook(Chemistry::Cr2032), None, "nothing fell");
        assert!(lived(Chemistry::Cr2032, 40, of(false)).outlook(Chemistry::Cr2032).is_some(), "it seems to");
    }

    #[test]
    fn another_battery_begins_again_and_a_watch_on_its_charger_has_no_last_day() {
        let swapped = lived(Chemistry::Unknown, 110, |day, _| {
            percent(if day < 100 { 1000 - 8 * i64::try_from(day).expect("small") } else { 1000 })
        });
        assert_eq!(swapped.outlook(Chemistry::Unknown), None, "the new one has not fallen");
        assert_eq!(swapped.charged, 0);
        let watch = lived(Chemistry::Unknown, 60, |day, _| percent(if day % 4 == 0 { 1000 } else { 300 }));
        assert!(watch.charged > 1);
        assert_eq!(watch.outlook(Chemistry::Unknown), None);
    }

    #[test]
    fn the_day_on_which_a_battery_is_changed_ends_what_was_said_of_the_old_one() {
        let mut battery =
            lived(Chemistry::Unknown, 41, |day, _| percent(1000 - 20 * i64::try_from(day).expect("small")));
        assert!(battery.outlook(Chemistry::Unknown).is_some_and(Outlook::is_ending));
        battery.take(Mono(40 * DAY + 20 * 3_600_000), Chemistry::Unknown, percent(980));
        assert_eq!(battery.outlook(Chemistry::Unknown), None);
    }

    #[test]
    fn a_battery_is_eight_points_whatever_comes() {
        let i = |day: u64| i64::try_from(day).expect("small");
        let battery = lived(Chemistry::Unknown, 2_000, |day, hour| percent(1000 - i(day) / 3 + i(hour) % 7));
        assert!(battery.points.len() <= BATTERY_POINTS_MAX);
        assert!(serde_json::to_string(&battery).expect("serialises").len() < 200);
        assert_eq!(battery.points.first().map(|point| point.0), Some(0), "the beginning is remembered");
    }
}
