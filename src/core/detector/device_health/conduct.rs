//! Can what a device says be believed? One that is stuck, chatters, measures the impossible or has a double is heard and
//! is no witness.
//!
//! Constraints:
//! - A doubt takes away a device's weight and nothing else: its help calls and hazards are heard as before.
//! - Everything is judged on a word of the device, so it needs no clock of its own: one that says nothing more is silent,
//!   which is another fault.
//! - A few numbers a device, whatever it sends.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::core::alarm::Reason;
use crate::core::intake::News;
use crate::core::reading::{Contact, Measure, Nature, Sample};
use crate::core::time::Mono;

/// A passive infrared sensor sees changes only, and falls back by a timer. judgement: nobody is busy in front of one for
/// half a day without a pause; in recordings of five homes none stayed on for five minutes.
const MOTION_ON_MAX: Duration = Duration::from_hours(12);
/// A radar sees whoever lies in bed. judgement: three days without leaving a room are a person's illness or a fan in it.
const PRESENCE_ON_MAX: Duration = Duration::from_hours(72);
/// Doors stand open in summer, and some people never leave their bed (in recordings of five homes 58 h and 43 h were the
/// longest). judgement: a week of it says nothing of people any more.
const STANDING_ON_MAX: Duration = Duration::from_hours(168);

/// Span in which changes are counted.
const CHATTER_WITHIN: Duration = Duration::from_hours(1);
/// More changes than this within the span are no person's. judgement: one every two seconds, for an hour; the busiest
/// sensor of five recorded homes, a bed mat under a restless sleeper, made 1,457.
const CHATTER_MAX: u16 = 1_800;

/// So many of the last sixteen frames with something impossible in them make a doubt. judgement: a quarter; a torn
/// frame that passed its checksum is one in thousands.
const IMPOSSIBLE_MIN: u32 = 4;
/// So many clean ones in a row end it. judgement: half of what is remembered.
const CLEAN: u16 = 0x00FF;

/// So often within the span two senders must have been seen. judgement: one that comes back over another way displaces
/// itself once or twice, two that share an address take turns for ever.
const SENDERS_SEEN_MIN: u8 = 4;
/// Without a second sender for so long, or so much apart, there is one.
const SENDERS_WITHIN: Duration = Duration::from_hours(6);

/// How one device has behaved of late.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Conduct {
    /// Since when the level of its class stands on.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    on_since: Option<Mono>,
    /// It has said that the level is off at least once: one that never does is not stuck when it is on.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    knows_off: bool,
    /// Changes since the beginning of the running span.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    changes: Option<(Mono, u16)>,
    /// The last frames, the newest in the lowest bit: 1 for one with something impossible in it.
    #[serde(default, skip_serializing_if = "is_clean")]
    impossible: u16,
    /// When a second sender was last seen, and how often.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    senders: Option<(Mono, u8)>,
    /// What there is against it, each once.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    doubts: Vec<Reason>,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde's skip_serializing_if passes a reference")]
const fn is_clean(frames: &u16) -> bool {
    *frames == 0
}

/// A doubt that came or went.
pub type Turned = (Reason, bool);

impl Conduct {
    /// What there is against it, oldest first.
    #[must_use]
    pub fn doubts(&self) -> &[Reason] {
        &self.doubts
    }

    /// Takes a live word of the device.
    pub fn hear(&mut self, now: Mono, sample: &Sample, news: &[News], turned: &mut Vec<Turned>) {
        self.judge_level(now, sample, turned);
        self.count_changes(now, news, turned);
        self.impossible = self.impossible << 1 | u16::from(sample.implausible > 0);
        if self.impossible & CLEAN == 0 {
            self.doubt(Reason::Impossible, false, turned);
        } else if self.impossible.count_ones() >= IMPOSSIBLE_MIN {
            self.doubt(Reason::Impossible, true, turned);
        }
        if self.senders.is_some_and(|(last, _)| now.since(last) > SENDERS_WITHIN) {
            self.senders = None;
            self.doubt(Reason::TwoSenders, false, turned);
        }
    }

    /// A source saw a second sender speak under the device's address while the first was there.
    pub fn two_senders(&mut self, now: Mono, turned: &mut Vec<Turned>) {
        let seen = match self.senders {
            Some((last, seen)) if now.since(last) <= SENDERS_WITHIN => seen.saturating_add(1),
            _ => 1,
        };
        self.senders = Some((now, seen));
        if seen >= SENDERS_SEEN_MIN {
            self.doubt(Reason::TwoSenders, true, turned);
        }
    }

    /// The device could not be heard for a while: what it would have said is not known.
    pub fn interrupted(&mut self) {
        self.on_since = None;
        self.changes = None;
    }

    fn judge_level(&mut self, now: Mono, sample: &Sample, turned: &mut Vec<Turned>) {
        let levels =
            || sample.said.iter().filter(|said| said.nature == Nature::Level).map(|said| standing(said.measure));
        let longest_on = levels().filter_map(|level| level.filter(|level| level.on)).map(|level| level.at_most).max();
        let Some(at_most) = longest_on else {
            if levels().flatten().any(|level| !level.on) {
                self.on_since = None;
                self.knows_off = true;
                self.doubt(Reason::StuckOn, false, turned);
            }
            return;
        };
        let since = *self.on_since.get_or_insert(now);
        if self.knows_off && now.since(since) > at_most {
            self.doubt(Reason::StuckOn, true, turned);
        }
    }

    fn count_changes(&mut self, now: Mono, news: &[News], turned: &mut Vec<Turned>) {
        let fresh = u16::try_from(news.iter().filter(|item| is_turn(item.said.measure)).count()).unwrap_or(u16::MAX);
        let (since, before) = *self.changes.get_or_insert((now, 0));
        if now.since(since) < CHATTER_WITHIN {
            let count = before.saturating_add(fresh);
            self.changes = Some((since, count));
            if count > CHATTER_MAX {
                self.doubt(Reason::Chatter, true, turned);
            }
            return;
        }
        self.changes = Some((now, fresh));
        // Twice the span without a word is quiet too.
        if before <= CHATTER_MAX / 2 || now.since(since) >= CHATTER_WITHIN * 2 {
            self.doubt(Reason::Chatter, false, turned);
        }
    }

    fn doubt(&mut self, reason: Reason, on: bool, turned: &mut Vec<Turned>) {
        let known = self.doubts.iter().position(|doubt| *doubt == reason);
        match (known, on) {
            (None, true) => self.doubts.push(reason),
            (Some(place), false) => _ = self.doubts.remove(place),
            (None, false) | (Some(_), true) => return,
        }
        turned.push((reason, on));
    }
}

/// A level that people switch, and how long it can stand on.
struct Standing {
    on: bool,
    at_most: Duration,
}

const fn standing(measure: Measure) -> Option<Standing> {
    let (on, at_most) = match measure {
        Measure::Motion(on) | Measure::Vibration(on) => (on, MOTION_ON_MAX),
        Measure::Presence(on) => (on, PRESENCE_ON_MAX),
        Measure::Contact(contact) => (matches!(contact, Contact::Open), STANDING_ON_MAX),
        Measure::Bed(on) => (on, STANDING_ON_MAX),
        _ => return None,
    };
    Some(Standing { on, at_most })
}

/// Whether it is something that switches. A radar's classes and numbers move all the time, and tell of nothing by that.
const fn is_turn(measure: Measure) -> bool {
    standing(measure).is_some() || matches!(measure, Measure::Switch(_) | Measure::Tamper(_))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::core::intake::Meaning;
    use crate::core::reading::{Origin, Said};

    const SECOND: u64 = 1_000;
    const HOUR: u64 = 3_600 * SECOND;

    fn sample(said: &[Said]) -> Sample {
        let from = Origin::Device("d1".parse().expect("id"));
        Sample { from, said: said.to_vec(), retained: false, merge_ms: 0, implausible: 0 }
    }

    /// Says one level at a time of the day, as news when `fresh`.
    fn say(conduct: &mut Conduct, at: u64, measure: Measure, fresh: bool) -> Vec<Turned> {
        let (said, mut turned) = (Said::level(measure), Vec::new());
        let news: Vec<News> = fresh.then_some(News { said, meaning: Meaning::Other }).into_iter().collect();
        conduct.hear(Mono(at), &sample(&[said]), &news, &mut turned);
        turned
    }

    #[test]
    fn a_level_that_stays_on_beyond_its_class_is_stuck_until_it_falls() {
        let (on, off) = (Measure::Motion(true), Measure::Motion(false));
        let mut conduct = Conduct::default();
        say(&mut conduct, 0, off, true);
        say(&mut conduct, HOUR, on, true);
        assert_eq!(say(&mut conduct, 13 * HOUR, on, false), []);
        assert_eq!(say(&mut conduct, 13 * HOUR + 1, on, false), [(Reason::StuckOn, true)]);
        assert_eq!(say(&mut conduct, 14 * HOUR, on, false), [], "once is enough");
        assert_eq!(say(&mut conduct, 15 * HOUR, off, true), [(Reason::StuckOn, false)]);
    }

    #[test]
    fn a_sensor_that_has_never_said_off_is_not_stuck_and_an_open_door_in_summer_neither() {
        let mut conduct = Conduct::default();
        for hour in 0..100 {
            assert_eq!(say(&mut conduct, hour * HOUR, Measure::Motion(true), false), []);
        }
        let mut door = Conduct::default();
        say(&mut door, 0, Measure::Contact(Contact::Closed), true);
        for hour in 1..=168 {
            assert_eq!(say(&mut door, hour * HOUR, Measure::Contact(Contact::Open), false), []);
        }
        assert_eq!(say(&mut door, 170 * HOUR, Measure::Contact(Contact::Open), false), [(Reason::StuckOn, true)]);
    }

    #[test]
    fn the_time_in_which_it_could_not_be_heard_is_not_time_on() {
        let mut conduct = Conduct::default();
        say(&mut conduct, 0, Measure::Motion(false), true);
        say(&mut conduct, HOUR, Measure::Motion(true), true);
        conduct.interrupted();
        assert_eq!(say(&mut conduct, 20 * HOUR, Measure::Motion(true), false), []);
    }

    #[test]
    fn a_sensor_that_chatters_for_an_hour_is_doubted_until_an_hour_is_quiet() {
        let mut conduct = Conduct::default();
        let mut turned = Vec::new();
        for second in 0..3_600 {
            turned.extend(say(&mut conduct, second * SECOND, Measure::Motion(second % 2 == 0), true));
        }
        assert_eq!(turned, [(Reason::Chatter, true)]);
        assert_eq!(say(&mut conduct, 3_600 * SECOND, Measure::Motion(true), true), [], "the hour before was loud");
        assert_eq!(say(&mut conduct, 7_200 * SECOND, Measure::Motion(false), true), [(Reason::Chatter, false)]);
    }

    #[test]
    fn a_restless_sleeper_on_a_bed_mat_is_no_chatter() {
        let mut conduct = Conduct::default();
        for turn in 0..1_457 {
            assert_eq!(say(&mut conduct, turn * HOUR / 1_457, Measure::Bed(turn % 2 == 0), true), []);
        }
    }

    #[test]
    fn a_quarter_of_impossible_frames_is_a_doubt_and_a_single_one_is_none() {
        let mut conduct = Conduct::default();
        let mut frame = |minute: u64, implausible| {
            let mut turned = Vec::new();
            conduct.hear(Mono(minute * 60_000), &Sample { implausible, ..sample(&[]) }, &[], &mut turned);
            turned
        };
        for minute in 0..200 {
            assert_eq!(frame(minute, u8::from(minute % 16 == 0)), [], "one in sixteen");
        }
        assert_eq!((0..4).flat_map(|n| frame(200 + n, 2)).collect::<Vec<_>>(), [(Reason::Impossible, true)]);
        assert_eq!((0..7).flat_map(|n| frame(210 + n, 0)).count(), 0);
        assert_eq!(frame(217, 0), [(Reason::Impossible, false)]);
    }

    #[test]
    fn two_senders_that_take_turns_are_a_doubt_and_one_that_comes_back_is_not() {
        let mut conduct = Conduct::default();
        let mut turned = Vec::new();
        for day in 0..10 {
            conduct.two_senders(Mono(day * 24 * HOUR), &mut turned);
        }
        assert_eq!(turned, [], "a watch that comes back by another way once a day");
        for minute in 0..4 {
            conduct.two_senders(Mono(300 * HOUR + minute * 60_000), &mut turned);
        }
        assert_eq!(turned, [(Reason::TwoSenders, true)]);
        turned.clear();
        conduct.hear(Mono(307 * HOUR), &sample(&[]), &[], &mut turned);
        assert_eq!(turned, [(Reason::TwoSenders, false)]);
    }
}
