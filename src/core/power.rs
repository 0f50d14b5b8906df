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

/// When no reading was believed for this long, it is not known what the box runs on. judgement: a repair of the line and a driver
/// that starts are over by then, and of the 180 s in which the county is to know two thirds are left.
pub const DOUBTED_AFTER: Duration = Duration::from_mins(1);

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
    /// When a reading was believed last; before the first, since when it looks.
    believed: Option<Mono>,
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
    /// Takes what a look has read, and says what the station is to know when that is news. A look that is still under way has
    /// read nothing, which speaks for nothing; when that lasts, nothing is known.
    pub fn look(&mut self, now: Mono, read: Option<Power>) -> Option<Power> {
        let believed = *self.believed.get_or_insert(now);
        let power = if let Some(steady) = read.filter(|read| self.is_steady(now, read.mains)) {
            self.believed = Some(now);
            Power { minutes_left: steady.minutes_left.filter(|_| steady.mains != Some(true)), ..steady }
        } else if now.since(believed) >= DOUBTED_AFTER {
            if read.is_none() {
                // What was read before so long a look says nothing of what is read after it.
                self.seen = None;
            }
            self.doubtful(read)
        } else {
            return None;
        };
        if self.told.is_some_and(|told| !power.is_news_after(told)) {
            return None;
        }
        self.told = Some(power);
        Some(power)
    }

    /// Whether the mains have read the same for long enough.
    fn is_steady(&mut self, now: Mono, mains: Option<bool>) -> bool {
        match self.seen {
            Some((since, seen)) if seen == mains => now.since(since) >= BELIEVED_AFTER,
            _ => {
                self.seen = Some((now, mains));
                false
            }
        }
    }

    /// What is known while the mains waver: a battery that drains in between may be empty at the end of it, so its minutes count,
    /// those of the last reading that had any.
    fn doubtful(&self, read: Option<Power>) -> Power {
        let drained = read.filter(|read| read.mains != Some(true)).and_then(|read| read.minutes_left);
        let before = self.told.filter(|told| told.mains.is_none()).and_then(|told| told.minutes_left);
        Power { mains: None, minutes_left: drained.or(before) }
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
    fn told<R: Copy + Into<Option<Power>>>(readings: &[R]) -> Vec<(usize, Power)> {
        let mut meter = PowerMeter::default();
        let each = readings.iter().enumerate();
        each.filter_map(|(nth, read)| Some((nth * 5, meter.look(Mono(nth as u64 * 5_000), (*read).into())?))).collect()
    }

    #[test]
    fn two_equal_readings_ten_seconds_apart_are_believed_and_a_blink_is_not() {
        assert_eq!(told(&[MAINS, MAINS, MAINS, MAINS]), [(10, MAINS)]);
        let cut = battery(200);
        assert_eq!(told(&[MAINS, MAINS, MAINS, cut, cut, MAINS, cut, cut, cut]), [(10, MAINS), (40, cut)]);
        assert_eq!(told(&[cut, MAINS, cut, MAINS, cut, MAINS]), [], "what wavers is not known");
    }

    #[test]
    fn what_wavers_for_a_minute_is_not_known_until_it_is_steady() {
        let wavers = |cut: Power| (0..40).map(move |nth| if nth % 2 == 0 { cut } else { MAINS });
        let cut = Power { mains: Some(false), minutes_left: None };
        let readings: Vec<Power> = wavers(cut).collect();
        assert_eq!(told(&readings), [(60, UNKNOWN)], "once");
        let readings: Vec<Power> = [MAINS; 3].into_iter().chain(wavers(cut)).chain([MAINS; 2]).collect();
        assert_eq!(told(&readings), [(10, MAINS), (70, UNKNOWN), (220, MAINS)]);
        // Two equal readings in a row are no ten seconds.
        let readings: Vec<Power> = (0..40).map(|nth| if nth % 4 < 2 { cut } else { MAINS }).collect();
        assert_eq!(told(&readings), [(60, UNKNOWN)]);
    }

    #[test]
    fn a_battery_that_ends_while_the_mains_waver_is_told() {
        let readings: Vec<Power> = (0..40).map(|nth| if nth % 2 == 0 { battery(50 - nth) } else { MAINS }).collect();
        let doubtful = |minutes| Power { mains: None, minutes_left: Some(minutes) };
        assert_eq!(
            told(&readings),
            [(60, doubtful(38)), (110, doubtful(28)), (150, doubtful(20)), (180, doubtful(14))]
        );
        assert!(doubtful(28).is_nearly_over());
    }

    #[test]
    fn a_look_under_way_speaks_for_nothing_and_one_that_hangs_leaves_it_unknown() {
        let slowly = |power: Power| [None, Some(power)].into_iter().cycle();
        let readings: Vec<Option<Power>> = slowly(MAINS).take(20).chain(slowly(battery(200)).take(20)).collect();
        assert_eq!(told(&readings), [(15, MAINS), (115, battery(200))], "read every ten seconds");
        let hangs = [Some(MAINS); 3].into_iter().chain([None; 20]).chain([Some(MAINS); 3]);
        assert_eq!(told(&hangs.collect::<Vec<_>>()), [(10, MAINS), (70, UNKNOWN), (125, MAINS)]);
        assert_eq!(told(&[None; 20]), [(60, UNKNOWN)], "and so is what never answered");
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
