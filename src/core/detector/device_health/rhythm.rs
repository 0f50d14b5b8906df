//! How often a device speaks, learned from its own gaps.
//!
//! A device that reports by a timer is told by its *usual* longest gap of a day. A sensor that speaks because somebody
//! moves is silent because nobody does: the mean of its gaps is seconds and says nothing, so it is told by the *longest*
//! gap that it has come back from. Either way one number a day is enough: the longest gap that ended on it.
//!
//! Constraints:
//! - A gap in which the device could not be heard (the box, its source or its bridge was down) is no sample.
//! - Learning widens a limit soon and narrows it late: an alarm that cries for nothing is learned from at once, and a
//!   limit is narrowed only when every weekday was seen twice.
//! - A silence that was a fault teaches at most the limit that it broke, so that a dead battery of five days does not
//!   buy the next one seven.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::{CAP_LIFE_SAFETY, CAP_OTHERS, PRESS_PROVEN, limit_of};
use crate::core::roster::Device;
use crate::core::time::Mono;
use crate::limits::RHYTHM_DAYS;

/// Span of one number of the sketch.
const DAY: Duration = Duration::from_hours(24);

/// Days with a gap that are needed before a usual gap is believed. judgement: one strange day is outvoted by two.
const USUAL_DAYS_MIN: usize = 3;

/// The shortest rhythm that is believed of a device whose class is not faster. judgement: the limit is then an hour, and a
/// radio mesh that heals itself or a router that restarts takes minutes.
const SHORTEST: Duration = Duration::from_mins(15);

/// The rhythm of a sensor that people move, before a whole day of it was seen and where enrolment does not say it: the limit
/// is then the cap. judgement: such sensors report every 50 minutes or every 25 hours (protocol notes), and a class is no
/// more than a guess at which.
const UNSEEN: Duration = Duration::from_hours(6);

/// What is remembered of a device's gaps: two weeks in as many small numbers.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Rhythm {
    /// The longest gap that ended on each of the last days, in minutes rounded up; 0 for a day on which none ended.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    days: Vec<u16>,
    /// The same of the running day.
    #[serde(default, skip_serializing_if = "is_zero")]
    today: u16,
    /// When the running day began; none before the device was heard.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    since: Option<Mono>,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde's skip_serializing_if passes a reference")]
const fn is_zero(value: &u16) -> bool {
    *value == 0
}

impl Rhythm {
    /// The device was heard; `gap` is how long it had been silent, if that is a sample. Says whether what is known changed.
    pub fn hear(&mut self, now: Mono, gap: Option<Duration>) -> bool {
        let mut since = *self.since.get_or_insert(now);
        let mut changed = false;
        let days = now.since(since).as_secs() / DAY.as_secs();
        for _ in 0..if days > RHYTHM_DAYS as u64 { 0 } else { days } {
            self.days.push(std::mem::take(&mut self.today));
            since = since + DAY;
            changed = true;
        }
        if now.since(since) >= DAY {
            // Nothing that is remembered is of the last days any more.
            *self = Rhythm::default();
            since = now;
            changed = true;
        }
        let surplus = self.days.len().saturating_sub(RHYTHM_DAYS);
        self.days.drain(..surplus);
        self.since = Some(since);
        if let Some(gap) = gap {
            let minutes = u16::try_from(gap.as_secs().div_ceil(60)).unwrap_or(u16::MAX);
            changed |= minutes > self.today;
            self.today = self.today.max(minutes);
        }
        changed
    }

    /// For `span` the device could not be heard: the running day is that much longer.
    pub fn postpone(&mut self, span: Duration) {
        self.since = self.since.map(|since| since + span);
    }

    /// Whether nothing has been learned.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.since.is_none()
    }

    /// Whether enough days were seen to narrow a limit. judgement: two weeks, so that each weekday was seen twice; on real
    /// homes one week made three times as many false faults.
    #[must_use]
    pub fn is_ripe(&self) -> bool {
        self.days.len() >= RHYTHM_DAYS
    }

    /// The rhythm by which the device is supervised: what its enrolment says, else what it has shown, else its class.
    #[must_use]
    pub fn of(&self, device: &Device) -> Duration {
        let class = device.rhythm();
        match self.learned(device) {
            _ if device.rhythm.is_some() => class,
            _ if device.role.is_moved_by_people() && self.days.is_empty() => UNSEEN.max(class),
            None => class,
            Some(learned) if self.is_ripe() => learned.max(class.min(SHORTEST)),
            Some(learned) => learned.max(class),
        }
    }

    /// How long it may be silent (CARE-RULES 25). A mute device must be heard within 7 days; one that speaks by what people
    /// do every day is missed sooner, once that has been learned.
    #[must_use]
    pub fn limit(&self, device: &Device) -> Duration {
        if !device.mute {
            return limit_of(device, self.of(device));
        }
        match self.learned(device) {
            Some(learned) if device.role.is_moved_by_people() && self.is_ripe() => {
                limit_of(device, learned.max(SHORTEST)).min(PRESS_PROVEN)
            }
            _ => PRESS_PROVEN,
        }
    }

    /// Whether the device is of class *slow* by what is known of it.
    #[must_use]
    pub fn is_slow(&self, device: &Device) -> bool {
        let cap = if device.role.is_life_safety() { CAP_LIFE_SAFETY } else { CAP_OTHERS };
        self.of(device) > cap
    }

    fn learned(&self, device: &Device) -> Option<Duration> {
        let minutes = if device.role.is_moved_by_people() {
            self.days.iter().copied().max().unwrap_or_default().max(self.today)
        } else {
            let mut days: Vec<u16> = self.days.iter().copied().filter(|gap| *gap > 0).collect();
            days.sort_unstable();
            if days.len() < USUAL_DAYS_MIN { 0 } else { days.get(days.len() / 2).copied().unwrap_or_default() }
        };
        (minutes > 0).then(|| Duration::from_mins(u64::from(minutes)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::core::detector::device_health::tests::device;
    use crate::core::roster::Role;

    const HOUR: u64 = 3_600_000;

    /// Plays gaps in hours one after another, beginning at hour 0.
    fn played(gaps: impl IntoIterator<Item = u64>) -> Rhythm {
        let (mut rhythm, mut now) = (Rhythm::default(), 0);
        rhythm.hear(Mono(0), None);
        for gap in gaps {
            now += gap * HOUR;
            rhythm.hear(Mono(now), Some(Duration::from_hours(gap)));
        }
        rhythm
    }

    fn unconfigured(role: Role) -> Device {
        Device { rhythm: None, ..device(role, 60) }
    }

    #[test]
    fn a_sensor_that_people_move_is_told_by_its_longest_gap_and_not_by_its_mean() {
        let days = (0..15).flat_map(|_| std::iter::repeat_n(1, 16).chain([8]));
        let rhythm = played(days);
        assert!(rhythm.is_ripe());
        assert_eq!(rhythm.of(&unconfigured(Role::Motion)), Duration::from_hours(8));
        assert_eq!(rhythm.limit(&unconfigured(Role::Motion)), Duration::from_hours(24));
    }

    #[test]
    fn a_reporter_is_told_by_its_usual_gap_and_a_bad_day_is_outvoted() {
        let mut gaps = vec![2; 12 * 10];
        gaps.push(20);
        gaps.extend([2; 12 * 6]);
        let rhythm = played(gaps);
        assert_eq!(rhythm.of(&unconfigured(Role::Climate)), Duration::from_hours(2));
        assert_eq!(rhythm.of(&unconfigured(Role::Sos)), Duration::from_hours(2));
        assert_eq!(rhythm.of(&unconfigured(Role::Door)), Duration::from_hours(20));
    }

    #[test]
    fn a_slower_device_is_believed_soon_and_a_faster_one_late() {
        let two_days = played(std::iter::repeat_n(12, 4));
        assert_eq!(two_days.of(&unconfigured(Role::Door)), Duration::from_hours(12));
        assert_eq!(Rhythm::default().limit(&unconfigured(Role::Door)), CAP_OTHERS, "nobody knows it yet");
        let fast = || std::iter::repeat_n(0, 10).chain([1]);
        let a_week = played((0..24 * 7).flat_map(|_| fast()));
        assert_eq!(a_week.of(&unconfigured(Role::Climate)), Role::Climate.rhythm());
        let slow_class = Device { mute: true, ..unconfigured(Role::Door) };
        let week_of_days = played(std::iter::repeat_n(6, 4 * 7));
        assert_eq!(week_of_days.limit(&slow_class), PRESS_PROVEN);
        let two_weeks = played(std::iter::repeat_n(6, 4 * 14));
        assert_eq!(two_weeks.limit(&slow_class), Duration::from_hours(24));
    }

    #[test]
    fn a_mute_button_is_pressed_by_nobodys_rhythm() {
        let button = Device { mute: true, ..unconfigured(Role::Sos) };
        assert_eq!(played(std::iter::repeat_n(6, 4 * 15)).limit(&button), PRESS_PROVEN);
    }

    #[test]
    fn what_enrolment_says_is_not_learned_over() {
        let rhythm = played(std::iter::repeat_n(12, 2 * 15));
        assert_eq!(rhythm.of(&device(Role::Motion, 30)), Duration::from_mins(30));
    }

    #[test]
    fn two_weeks_without_a_word_are_a_fresh_start() {
        let mut rhythm = played(std::iter::repeat_n(6, 4 * 15));
        let now = 15 * 24 * HOUR + 16 * 24 * HOUR;
        assert!(rhythm.hear(Mono(now), None));
        assert!(!rhythm.is_ripe() && rhythm.learned(&unconfigured(Role::Door)).is_none());
    }
}
