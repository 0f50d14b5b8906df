//! The morning as a time table: what devices say and what neighbours do, to the village second. Pure: the same seed is
//! the same morning.

use std::collections::BTreeMap;
use std::time::Duration;

use super::village::{Kit, kits};
use crate::core::alarm::Disposition;
use crate::core::condition::Condition;
use crate::core::roster::Role;
use crate::sim::chance::Chance;

/// How long the morning is, in village time.
pub const LENGTH: Duration = Duration::from_mins(90);

/// From when on the radar of home 9 says nothing, and when it has a new battery, in minutes.
const RADAR_DEAD: std::ops::Range<u64> = 3..76;

/// One thing that happens.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Deed {
    /// A device speaks.
    Speak {
        /// Its name on the air.
        name: String,
        /// Through the hub, or through the Zigbee bridge.
        on_hub: bool,
        /// What it says, as it stands on the wire.
        words: String,
    },
    /// Somebody answers for the alarm of that condition about that resident.
    Answer {
        /// Number of the resident.
        resident: u32,
        /// Of what.
        condition: Condition,
        /// Who.
        by: &'static str,
        /// What they do.
        act: Act,
    },
    /// The line to the county is cut or mended.
    Line {
        /// Mended.
        whole: bool,
    },
}

/// What a neighbour does about an alarm.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Act {
    /// Goes.
    Accept,
    /// Has arrived.
    OnSite,
    /// Says how it ended.
    Close(Disposition),
}

/// The morning.
#[derive(Debug)]
pub struct Story {
    /// By village milliseconds, and the order of writing.
    deeds: BTreeMap<(u64, usize), Deed>,
}

impl Story {
    /// Writes the morning: ordinary life by the seed, the events at their times.
    #[must_use]
    pub fn new(seed: u64) -> Story {
        let mut story = Story { deeds: BTreeMap::new() };
        story.ordinary_life(seed);
        story.events();
        story
    }

    /// Takes what has happened by then.
    pub fn due(&mut self, by: Duration) -> Vec<Deed> {
        let end = (millis(by) + 1, 0);
        let later = self.deeds.split_off(&end);
        std::mem::replace(&mut self.deeds, later).into_values().collect()
    }

    /// When something happens next.
    #[must_use]
    pub fn next_at(&self) -> Option<Duration> {
        self.deeds.keys().next().map(|(at, _)| Duration::from_millis(*at))
    }

    fn at(&mut self, minute: u64, second: u64, deed: Deed) {
        self.at_ms((minute * 60 + second) * 1000, deed);
    }

    fn at_ms(&mut self, ms: u64, deed: Deed) {
        self.deeds.insert((ms, self.deeds.len()), deed);
    }

    /// People walk about; devices say what they measure, and that they are there.
    fn ordinary_life(&mut self, seed: u64) {
        let mut chance = Chance::stream(seed, "ordinary life", 0);
        for kit in kits() {
            // Everything is heard once in the first seconds, as after the installer's visit.
            let mut at_ms = 2_000 + chance.below(8_000);
            let mut round = 0;
            while at_ms < millis(LENGTH) {
                let dead = kit.name == "radar-09" && RADAR_DEAD.contains(&(at_ms / 60_000));
                if !dead {
                    self.at_ms(at_ms, speak(&kit, &usual(&kit, round, &mut chance)));
                }
                round += 1;
                at_ms += u64::from(kit.rhythm_s) * (300 + chance.below(500));
            }
        }
    }

    fn events(&mut self) {
        let zigbee = |name: &str, words: &str| Deed::Speak { name: name.into(), on_hub: false, words: words.into() };
        let belt = |name: &str, fall: &str| Deed::Speak {
            name: name.into(),
            on_hub: true,
            words: format!(r#"{{"d":"{name}","k":"fall","v":"{fall}"}}"#),
        };
        let press = |home: u32| {
            zigbee(&format!("button-{home:02}"), r#"{"action":"emergency","battery":96,"linkquality":110}"#)
        };
        let battery = |percent: u32| format!(r#"{{"occupancy":false,"battery":{percent},"linkquality":80}}"#);

        self.at(4, 0, press(3));
        self.answered(3, Condition::HelpCall, "p01", [(5, 20), (9, 0), (15, 0)], Disposition::Helped);
        self.at(12, 0, zigbee("motion-07", &battery(9)));
        self.at(18, 0, belt("belt-05", "confirmed"));
        self.at(18, 12, belt("belt-05", "cleared"));
        self.at(24, 0, zigbee("smoke-02", r#"{"smoke":true,"battery":88,"linkquality":95}"#));
        self.answered(2, Condition::Smoke, "p01", [(24, 40), (27, 30), (31, 0)], Disposition::HazardRemoved);
        self.at(29, 0, zigbee("smoke-02", r#"{"smoke":false,"battery":88,"linkquality":95}"#));
        self.at(34, 0, belt("belt-11", "confirmed"));
        // The neighbour does not answer; the grid worker, called a minute later, goes.
        self.answered(11, Condition::FallConfirmed, "g01", [(36, 30), (41, 0), (52, 0)], Disposition::Medical);
        self.at(56, 0, Deed::Line { whole: false });
        self.at(58, 30, press(6));
        self.answered(6, Condition::HelpCall, "p01", [(59, 30), (63, 0), (66, 0)], Disposition::Helped);
        self.at(68, 0, Deed::Line { whole: true });
        self.at(78, 0, zigbee("motion-07", &battery(100)));
        self.at(82, 0, press(10));
        self.answered(10, Condition::HelpCall, "p02", [(83, 0), (85, 0), (86, 0)], Disposition::MistakenPress);
    }

    /// The three things that a neighbour does, at (minute, second).
    fn answered(
        &mut self,
        resident: u32,
        condition: Condition,
        by: &'static str,
        times: [(u64, u64); 3],
        ending: Disposition,
    ) {
        for (act, (minute, second)) in [Act::Accept, Act::OnSite, Act::Close(ending)].into_iter().zip(times) {
            self.at(minute, second, Deed::Answer { resident, condition, by, act });
        }
    }
}

fn speak(kit: &Kit, words: &str) -> Deed {
    Deed::Speak { name: kit.name.clone(), on_hub: kit.on_hub, words: words.to_owned() }
}

/// What a device says when nothing is the matter.
fn usual(kit: &Kit, round: u64, chance: &mut Chance) -> String {
    let link = 60 + chance.below(120);
    match kit.role {
        Role::Sos => format!(r#"{{"battery":96,"linkquality":{link}}}"#),
        Role::Smoke => format!(r#"{{"smoke":false,"battery":88,"linkquality":{link}}}"#),
        Role::Fall => {
            let pulse = 60 + chance.below(25);
            format!(
                r#"{{"d":"{}","r":[{{"k":"heart_rate","v":{pulse},"u":"bpm"}},{{"k":"battery","v":81,"u":"%"}}]}}"#,
                kit.name
            )
        }
        Role::Presence => format!(r#"{{"presence":{},"linkquality":{link}}}"#, round.is_multiple_of(2)),
        _ => {
            let low = kit.name == "motion-07" && round > 0;
            let battery = if low { String::new() } else { r#""battery":90,"#.to_owned() };
            format!(r#"{{"occupancy":{},{battery}"linkquality":{link}}}"#, round.is_multiple_of(2))
        }
    }
}

fn millis(span: Duration) -> u64 {
    u64::try_from(span.as_millis()).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_same_seed_is_the_same_morning_and_nothing_is_left_behind() {
        let all = |seed| {
            let mut story = Story::new(seed);
            let mut deeds = Vec::new();
            while let Some(at) = story.next_at() {
                deeds.push((at, story.due(at)));
            }
            deeds
        };
        let morning = all(1);
        assert_eq!(morning, all(1));
        assert_ne!(morning, all(2));
        assert!(
            morning.windows(2).all(|pair| pair[0].0 < pair[1].0) && morning.iter().all(|(_, deeds)| !deeds.is_empty())
        );
    }
}
