//! From what a device said to what it means: sample to readings.
//!
//! Four of the rules every adapter needs live here, once: role before meaning, repeats merge, retained words never
//! raise, and CARE-RULES 18 for help calls that are told as a level. The fifth, that only enrolled devices may alarm, is
//! kept by the caller: it has no [`Device`] to give for the others.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::alarm::Reason;
use super::condition::Condition;
use super::reading::{FallVerdict, Measure, Nature, Quantity, Said, Sample};
use super::roster::{Device, Role};
use super::time::Mono;

/// A level help call that repeats after more than this, with nothing else changed, is a press. Source: CARE-RULES 18.
pub const LEVEL_PRESS_AFTER: Duration = Duration::from_mins(1);

/// Kinds remembered per device. judgement: the richest device of the vectors says twelve.
const LEVELS_MAX: usize = 24;

/// What a thing said means, once the device's role is known.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Meaning {
    /// A call for help; the reason says how it was recognised.
    HelpCall(Reason),
    /// A press on a cancel button.
    Cancel,
    /// A fall verdict.
    Fall(FallVerdict),
    /// A hazard came or went.
    Hazard(Condition, bool),
    /// Anything else.
    Other,
}

/// Something that is news: an event, or a level that changed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct News {
    /// What was said.
    pub said: Said,
    /// What it means.
    pub meaning: Meaning,
}

/// What the station remembers of one device's words: enough to tell news from repeats.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Memory {
    /// When it was last heard; none before the first time.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub heard: Option<Mono>,
    /// Its newest word of every kind.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    levels: Vec<Said>,
    /// When its help level last counted as a press.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pressed: Option<Mono>,
    /// The newest event and when it was first said, for merging repeats.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    event: Option<(Said, Mono)>,
}

impl Memory {
    /// Moves the time of the last word by a span in which nothing could be heard, because the box was off.
    ///
    /// Presses and events stay where they are. A bridge or broker may have kept one that was made meanwhile, and whether
    /// it is a copy is asked of true time: when in doubt it is a press, and a copy rings once more (CARE-RULES 13, 18).
    pub fn postpone(&mut self, span: Duration) {
        if let Some(time) = &mut self.heard {
            *time = *time + span;
        }
    }

    /// The newest number of that quantity.
    #[must_use]
    pub fn number(&self, quantity: Quantity) -> Option<super::unit::Milli> {
        self.levels.iter().find_map(|said| match said.measure {
            Measure::Number(kind, value) if kind == quantity => Some(value),
            _ => None,
        })
    }

    /// Its newest word of that kind.
    #[must_use]
    pub fn level(&self, kind: &str) -> Option<Measure> {
        self.levels.iter().map(|said| said.measure).find(|measure| measure.kind() == kind)
    }

    /// Takes one sample and tells what in it is news, life-safety first.
    pub fn take(&mut self, now: Mono, device: &Device, sample: &Sample, news: &mut Vec<News>) {
        // A message the broker kept says nothing of when it was true; only its supervision words are used, elsewhere.
        if sample.retained {
            return;
        }
        let carried = self.carries_a_report(&sample.said);
        for said in &sample.said {
            if let Some(item) = self.one(now, device, *said, sample.merge_ms, carried) {
                news.push(item);
            }
        }
        self.heard = Some(now);
        news.sort_by_key(|item| !item.meaning.is_life_safety());
    }

    fn one(&mut self, now: Mono, device: &Device, said: Said, merge_ms: u32, carried: bool) -> Option<News> {
        let meaning = meaning(device.role, said.measure);
        match said.nature {
            // A heartbeat between two copies of a press must not make two of them. It is remembered, or the second time that a
            // device logs out would be no news.
            Nature::Event if said.measure.is_reachability() => {
                self.remember(said);
                None
            }
            Nature::Event => {
                let window = Duration::from_millis(u64::from(merge_ms));
                let repeat = self.event.is_some_and(|(last, at)| last == said && now.since(at) < window);
                if repeat {
                    return None;
                }
                self.event = Some((said, now));
                if let Meaning::Fall(_) = meaning {
                    // A bridge repeats the newest verdict as a level with every later report: it is known already.
                    self.remember(said);
                }
                Some(News { said, meaning })
            }
            Nature::Level => {
                let before = self.remember(said);
                let edge = before != Some(said.measure);
                match meaning {
                    Meaning::HelpCall(_) => self.help_level(now, said, edge, carried),
                    Meaning::Cancel | Meaning::Fall(_) | Meaning::Hazard(..) | Meaning::Other => {
                        edge.then_some(News { said, meaning })
                    }
                }
            }
        }
    }

    /// CARE-RULES 18: the edge is a press; so is a repeat after more than a minute, unless the message is the report of
    /// another value that merely carries the old level along. When in doubt, it is a press.
    fn help_level(&mut self, now: Mono, said: Said, edge: bool, carried: bool) -> Option<News> {
        let reason = match (edge, self.pressed) {
            (true, _) | (false, None) => Reason::Pressed,
            (false, Some(last)) if now.since(last) > LEVEL_PRESS_AFTER && !carried => Reason::PressedWithoutRelease,
            (false, Some(_)) => return None,
        };
        self.pressed = Some(now);
        Some(News { said, meaning: Meaning::HelpCall(reason) })
    }

    /// Whether the message reports a new number (a charge, a temperature): then a level beside it is a cached one. Flags
    /// such as `tamper` or `battery_low` travel in the same radio message as the button, so a change in them proves
    /// nothing; link figures change always.
    fn carries_a_report(&self, said: &[Said]) -> bool {
        said.iter().any(|said| match said.measure {
            Measure::Number(quantity, value) => !quantity.is_link() && self.number(quantity) != Some(value),
            _ => false,
        })
    }

    /// Keeps the newest word of a kind and returns the one before.
    fn remember(&mut self, said: Said) -> Option<Measure> {
        let kind = said.measure.kind();
        if let Some(known) = self.levels.iter_mut().find(|known| known.measure.kind() == kind) {
            Some(std::mem::replace(&mut known.measure, said.measure))
        } else {
            if self.levels.len() < LEVELS_MAX {
                self.levels.push(said);
            }
            None
        }
    }
}

impl Meaning {
    const fn is_life_safety(self) -> bool {
        matches!(self, Meaning::HelpCall(_) | Meaning::Fall(_) | Meaning::Hazard(_, true))
    }
}

/// Role before meaning: a plain button, code, switch or unspecified alarm is what its enrolment says; words that mean
/// something by themselves mean it under every role, except that a cancel button never calls.
#[must_use]
pub fn meaning(role: Role, measure: Measure) -> Meaning {
    match measure {
        Measure::Sos(true) if role == Role::Cancel => Meaning::Cancel,
        Measure::Sos(true) => Meaning::HelpCall(Reason::Pressed),
        Measure::Button(code) if is_press(code.as_str()) => by_role(role, true),
        Measure::RfCode(_) | Measure::AlarmUnspecified => by_role(role, true),
        Measure::Switch(on) => by_role(role, on),
        Measure::Fall(verdict) => Meaning::Fall(verdict),
        Measure::Smoke(on) => Meaning::Hazard(Condition::Smoke, on),
        Measure::Gas(on) => Meaning::Hazard(Condition::Gas, on),
        Measure::Co(on) => Meaning::Hazard(Condition::CarbonMonoxide, on),
        Measure::Leak(on) => Meaning::Hazard(Condition::WaterLeak, on),
        _ => Meaning::Other,
    }
}

fn by_role(role: Role, on: bool) -> Meaning {
    match role {
        // A wearable's button without a meaning of its own is its help button.
        Role::Sos | Role::Fall if on => Meaning::HelpCall(Reason::Pressed),
        Role::Cancel if on => Meaning::Cancel,
        Role::Smoke => Meaning::Hazard(Condition::Smoke, on),
        Role::Gas => Meaning::Hazard(Condition::Gas, on),
        Role::Co => Meaning::Hazard(Condition::CarbonMonoxide, on),
        Role::Leak => Meaning::Hazard(Condition::WaterLeak, on),
        _ => Meaning::Other,
    }
}

/// A button's release is the end of a press and not another one.
fn is_press(code: &str) -> bool {
    !code.ends_with("release")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::core::reading::Origin;
    use crate::core::roster::Chemistry;
    use crate::core::unit::Milli;

    fn device(role: Role) -> Device {
        Device {
            id: "d1".parse().expect("id"),
            resident: None,
            home: None,
            room: None,
            role,
            source: "zigbee".parse().expect("id"),
            rhythm: None,
            mute: false,
            battery: Chemistry::Unknown,
            mains: false,
            removed: false,
        }
    }

    fn battery(percent: i64) -> Said {
        Said::level(Measure::Number(Quantity::Battery, Milli::whole(percent)))
    }

    fn lqi(value: i64) -> Said {
        Said::level(Measure::Number(Quantity::Lqi, Milli::whole(value)))
    }

    const SOS: Said = Said::level(Measure::Sos(true));
    const RELEASE: Said = Said::level(Measure::Sos(false));

    /// Plays (second, words) to one device and lists the seconds at which a help call is heard.
    fn calls(role: Role, merge_ms: u32, story: &[(u64, &[Said])]) -> Vec<(u64, Reason)> {
        let (mut memory, device) = (Memory::default(), device(role));
        let mut heard = Vec::new();
        for (second, said) in story {
            let sample = Sample {
                from: Origin::Device(device.id),
                said: said.to_vec(),
                retained: false,
                merge_ms,
                implausible: 0,
            };
            let mut news = Vec::new();
            memory.take(Mono(second * 1000), &device, &sample, &mut news);
            for item in news {
                if let Meaning::HelpCall(reason) = item.meaning {
                    heard.push((*second, reason));
                }
            }
        }
        heard
    }

    #[test]
    fn a_press_released_and_pressed_again_is_two_calls() {
        let story: &[(u64, &[Said])] = &[(0, &[SOS]), (2, &[RELEASE]), (5, &[SOS]), (6, &[SOS])];
        assert_eq!(calls(Role::Sos, 0, story), [(0, Reason::Pressed), (5, Reason::Pressed)]);
    }

    #[test]
    fn a_lost_release_does_not_swallow_the_next_press() {
        let story: &[(u64, &[Said])] = &[(0, &[SOS, lqi(80)]), (30, &[SOS, lqi(70)]), (700, &[SOS, lqi(120)])];
        assert_eq!(calls(Role::Sos, 0, story), [(0, Reason::Pressed), (700, Reason::PressedWithoutRelease)]);
    }

    #[test]
    fn a_battery_report_that_carries_a_cached_level_is_no_press() {
        let story: &[(u64, &[Said])] = &[(0, &[SOS, battery(84)]), (3600, &[SOS, battery(83)])];
        assert_eq!(calls(Role::Sos, 0, story), [(0, Reason::Pressed)]);
    }

    #[test]
    fn a_lost_release_a_battery_report_and_a_press_are_told_apart() {
        let story: &[(u64, &[Said])] =
            &[(0, &[SOS, battery(84)]), (3600, &[SOS, battery(83)]), (3700, &[SOS, battery(83)])];
        assert_eq!(calls(Role::Sos, 0, story), [(0, Reason::Pressed), (3700, Reason::PressedWithoutRelease)]);
    }

    #[test]
    fn a_press_made_while_the_box_was_off_is_a_press() {
        let (mut memory, button) = (Memory::default(), device(Role::Sos));
        let press = |memory: &mut Memory, second: u64| {
            let sample = Sample {
                from: Origin::Device(button.id),
                said: vec![SOS],
                retained: false,
                merge_ms: 0,
                implausible: 0,
            };
            let mut news = Vec::new();
            memory.take(Mono(second * 1000), &button, &sample, &mut news);
            news.len()
        };
        assert_eq!(press(&mut memory, 0), 1);
        memory.postpone(Duration::from_mins(10));
        assert_eq!(press(&mut memory, 601), 1, "its release was lost, and the broker kept it");
        assert_eq!(press(&mut memory, 602), 0, "a copy of it is not another one");
    }

    #[test]
    fn when_in_doubt_it_is_a_press() {
        let low = Said::level(Measure::BatteryLow(true));
        let well = Said::level(Measure::BatteryLow(false));
        let story: &[(u64, &[Said])] = &[(0, &[SOS, well]), (100, &[SOS, low])];
        assert_eq!(calls(Role::Sos, 0, story), [(0, Reason::Pressed), (100, Reason::PressedWithoutRelease)]);
    }

    #[test]
    fn copies_of_one_event_merge_and_the_next_event_is_new() {
        let press = Said::event(Measure::Sos(true));
        let story: &[(u64, &[Said])] = &[(0, &[press]), (1, &[press]), (4, &[press])];
        assert_eq!(calls(Role::Sos, 2000, story), [(0, Reason::Pressed), (4, Reason::Pressed)]);
    }

    #[test]
    fn the_role_gives_a_plain_button_its_meaning() {
        let single = Said::event(Measure::Button("single".parse().expect("code")));
        let release = Said::event(Measure::Button("hold_release".parse().expect("code")));
        assert_eq!(calls(Role::Sos, 0, &[(0, &[single]), (1, &[release])]), [(0, Reason::Pressed)]);
        assert_eq!(calls(Role::Other, 0, &[(0, &[single])]), []);
        assert_eq!(meaning(Role::Cancel, Measure::Sos(true)), Meaning::Cancel);
        assert_eq!(meaning(Role::Smoke, Measure::AlarmUnspecified), Meaning::Hazard(Condition::Smoke, true));
    }

    #[test]
    fn what_the_broker_kept_raises_nothing_and_swallows_nothing() {
        let (mut memory, device) = (Memory::default(), device(Role::Sos));
        let mut sample =
            Sample { from: Origin::Device(device.id), said: vec![SOS], retained: true, merge_ms: 0, implausible: 0 };
        let mut news = Vec::new();
        memory.take(Mono(0), &device, &sample, &mut news);
        assert!(news.is_empty() && memory.heard.is_none());
        sample.retained = false;
        memory.take(Mono(1000), &device, &sample, &mut news);
        assert_eq!(news.len(), 1, "the live press that follows is heard");
    }
}
