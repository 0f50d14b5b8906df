//! What the box runs on: readings of its power supply, and what is believed of them (CARE-RULES 27).
//!
//! A contact that bounces, a charger that is plugged in and a driver that starts all make a supply blink for seconds, so one
//! reading is no news. What is not known stays so: a box that cannot look is never "on mains".

use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::time::Mono;

/// A change is believed when readings say the same for this long. judgement: a blink is over by then, and of the 180 s in which
/// the county is to know nearly all are left.
pub const BELIEVED_AFTER: Duration = Duration::from_secs(10);

/// Below so many minutes the battery of the box is low. judgement: somebody called then can still bring a generator, or shut
/// nothing and sit beside the telephone.
pub const BATTERY_LOW_MIN: u16 = 30;

/// An estimate that moved by less is no news, in minutes: gauges wander. judgement: nobody plans by five minutes.
const STEP_MIN: u16 = 5;

/// What the box runs on, and how long that lasts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Power {
    /// Whether it is on mains; none when that is not known.
    pub mains: Option<bool>,
    /// Minutes that its battery lasts; none on mains, where nobody waits for it, and when that is not known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub minutes_left: Option<u16>,
}

/// Makes news of readings.
#[derive(Debug, Default)]
pub struct PowerMeter {
    /// What was read last of the mains, and since when it has read the same.
    seen: Option<(Mono, Option<bool>)>,
    /// What the station was told last.
    told: Option<Power>,
}

impl Power {
    /// Whether the battery is nearly empty, and nothing fills it.
    #[must_use]
    pub fn is_nearly_over(self) -> bool {
        self.mains != Some(true) && self.minutes_left.is_some_and(|minutes| minutes < BATTERY_LOW_MIN)
    }

    /// Whether it says something that `told` has not said already.
    fn is_news_after(self, told: Power) -> bool {
        let moved = match (self.minutes_left, told.minutes_left) {
            // The longer it lasts, the less a few minutes matter.
            (Some(minutes), Some(before)) => minutes.abs_diff(before) >= (before / 4).max(STEP_MIN),
            (minutes, before) => minutes.is_some() != before.is_some(),
        };
        self.mains != told.mains || moved || (self.is_nearly_over() && !told.is_nearly_over())
    }
}

impl PowerMeter {
    /// Takes a reading, and says what the station is to know when that is news.
    pub fn read(&mut self, now: Mono, read: Power) -> Option<Power> {
        let (since, _) = *self.seen.get_or_insert((now, read.mains));
        if self.seen.is_some_and(|(_, mains)| mains != read.mains) {
            self.seen = Some((now, read.mains));
            return None;
        }
        if now.since(since) < BELIEVED_AFTER {
            return None;
        }
        let minutes_left = read.minutes_left.filter(|_| read.mains != Some(true));
        let power = Power { minutes_left, ..read };
        if self.told.is_some_and(|told| !power.is_news_after(told)) {
            return None;
        }
        self.told = Some(power);
        Some(power)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MAINS: Power = Power { mains: Some(true), minutes_left: None };
    const UNKNOWN: Power = Power { mains: None, minutes_left: None };

    fn battery(minutes: u16) -> Power {
        Power { mains: Some(false), minutes_left: Some(minutes) }
    }

    /// What is told of readings five seconds apart, by the second at which it is.
    fn told(readings: &[Power]) -> Vec<(usize, Power)> {
        let mut meter = PowerMeter::default();
        let each = readings.iter().enumerate();
        each.filter_map(|(nth, read)| Some((nth * 5, meter.read(Mono(nth as u64 * 5_000), *read)?))).collect()
    }

    #[test]
    fn two_equal_readings_ten_seconds_apart_are_believed_and_a_blink_is_not() {
        assert_eq!(told(&[MAINS, MAINS, MAINS, MAINS]), [(10, MAINS)]);
        let cut = battery(200);
        assert_eq!(told(&[MAINS, MAINS, MAINS, cut, cut, MAINS, cut, cut, cut]), [(10, MAINS), (40, cut)]);
        assert_eq!(told(&[cut, MAINS, cut, MAINS, cut, MAINS]), [], "what wavers is not known");
    }

    #[test]
    fn what_cannot_be_read_is_told_as_not_known_and_never_as_mains() {
        assert_eq!(told(&[UNKNOWN, UNKNOWN, UNKNOWN]), [(10, UNKNOWN)]);
        assert_eq!(told(&[MAINS, MAINS, MAINS, UNKNOWN, UNKNOWN, UNKNOWN]), [(10, MAINS), (25, UNKNOWN)]);
    }

    #[test]
    fn a_battery_that_drains_is_told_in_steps_and_at_its_last_half_hour() {
        let readings: Vec<Power> = (0..=240).rev().map(battery).collect();
        let minutes: Vec<u16> = told(&readings).iter().filter_map(|(_, power)| power.minutes_left).collect();
        assert_eq!(minutes, [238, 179, 135, 102, 77, 58, 44, 33, 29, 22, 17, 12, 7, 2]);
    }

    #[test]
    fn minutes_are_nobodys_matter_while_it_is_on_mains() {
        let full = Power { minutes_left: Some(240), ..MAINS };
        assert_eq!(told(&[full, full, full, full]), [(10, MAINS)]);
        assert!(!Power { minutes_left: Some(3), ..MAINS }.is_nearly_over() && battery(29).is_nearly_over());
    }
}
