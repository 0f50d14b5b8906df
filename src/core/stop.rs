//! A time in which the station was not running: whoever called then may not have been heard (CARE-RULES 23).
//!
//! It begins with the newest proof that the run before was alive, which may be some minutes older than its end, and ends with this
//! start. What is known of its length may grow later: a clock that is set after the start tells when that start was.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::id::ResponderId;
use super::time::{Gap, Moment, Trust};
use crate::limits::record::{STOP_SHORT, STOP_SHOWN};

/// One stop.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Stop {
    /// The newest proof of life before it.
    pub from: Moment,
    /// The start after it. Its station time names the stop.
    pub until: Moment,
    /// What was known of the time between at that start.
    pub gap: Gap,
    /// Who has seen to it, and when: the desk is not told of it any more.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub noted: Option<Noted>,
}

/// Somebody has seen to a stop.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Noted {
    /// When.
    pub at: Moment,
    /// Who.
    pub by: ResponderId,
}

/// What people's clocks showed at the end of a stop.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum End {
    /// This, and both ends are by a clock that is trusted.
    Known(Moment),
    /// This at the earliest: the box had no clock of its own meanwhile.
    AtLeast(Moment),
    /// Nobody knows.
    Unknown,
}

impl Stop {
    /// The stop that ended at `now`, if it is worth telling: longer than a minute, or of a length that nobody knows.
    #[must_use]
    pub fn of(from: Moment, now: Moment, gap: Gap) -> Option<Stop> {
        let told = match gap {
            Gap::First => false,
            Gap::SameBoot | Gap::Known { .. } => now.mono.since(from.mono) > STOP_SHORT,
            Gap::Unknown => true,
        };
        told.then_some(Stop { from, until: now, gap, noted: None })
    }

    /// Whether the desk is still to be told of it.
    #[must_use]
    pub fn is_shown(&self, now: Moment) -> bool {
        self.noted.is_none() && !self.is_old(now)
    }

    /// Whether it is too long ago to be told.
    #[must_use]
    pub fn is_old(&self, now: Moment) -> bool {
        now.mono.since(self.until.mono) >= STOP_SHOWN
    }

    /// When it ended, by what is known `now`.
    #[must_use]
    pub fn end(&self, now: Moment) -> End {
        // In the boot of the start both clocks went the same way, so a clock that was set since shows when that start was.
        let same_boot = now.boot == self.until.boot;
        let until = if same_boot && now.trust == Trust::Synced { now.at(self.until.mono) } else { self.until };
        let follows = until.wall >= self.from.wall;
        let is_clock = |moment: Moment| moment.trust == Trust::Synced;
        match self.gap {
            Gap::SameBoot | Gap::Known { .. } => End::Known(until),
            _ if is_clock(self.from) && is_clock(until) && follows => End::Known(until),
            _ if until.trust != Trust::Unset && self.from.trust != Trust::Unset && follows => End::AtLeast(until),
            _ => End::Unknown,
        }
    }

    /// How long it was, where that is known.
    #[must_use]
    pub fn length(&self, now: Moment) -> Option<Duration> {
        match self.end(now) {
            End::Known(end) => {
                u64::try_from(end.wall.0.saturating_sub(self.from.wall.0)).ok().map(Duration::from_millis)
            }
            End::AtLeast(_) | End::Unknown => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::core::time::{Boot, Mono, Wall};

    fn at(boot: u32, second: u64, wall_s: i64, trust: Trust) -> Moment {
        Moment { boot: Boot(boot), mono: Mono(second * 1000), wall: Wall(wall_s * 1000), trust }
    }

    #[test]
    fn a_stop_is_told_when_it_was_longer_than_a_minute_or_of_unknown_length() {
        let from = at(1, 100, 1_000, Trust::Synced);
        let told = |second, gap| Stop::of(from, at(1, second, 1_000, Trust::Synced), gap).is_some();
        for (second, gap, expected) in [
            (160, Gap::SameBoot, false),
            (161, Gap::SameBoot, true),
            (160, Gap::Known { ms: 60_000 }, false),
            (9_000, Gap::Known { ms: 8_900_000 }, true),
            (110, Gap::Unknown, true),
            (9_000, Gap::First, false),
        ] {
            assert_eq!(told(second, gap), expected, "{second} {gap:?}");
        }
    }

    #[test]
    fn rule_23_the_end_is_at_least_until_a_clock_is_set() {
        let from = at(1, 100, 1_000, Trust::Synced);
        let until = at(2, 160, 1_030, Trust::Holdover);
        let stop = Stop::of(from, until, Gap::Unknown).expect("told");
        assert_eq!(stop.end(at(2, 170, 1_040, Trust::Holdover)), End::AtLeast(until));
        let set = at(2, 200, 9_040, Trust::Synced);
        assert_eq!(stop.end(set), End::Known(at(2, 160, 9_000, Trust::Synced)));
        assert_eq!((stop.length(set), stop.length(until)), (Some(Duration::from_secs(8_000)), None));
        let later = at(3, 400, 9_900, Trust::Synced);
        assert_eq!(stop.end(later), End::AtLeast(until), "another boot's clock says nothing of that start");

        let unset = Stop::of(from, at(2, 160, 0, Trust::Unset), Gap::Unknown).expect("told");
        assert_eq!(unset.end(at(2, 170, 10, Trust::Unset)), End::Unknown);
        let nowhere = Stop { from: at(1, 100, 0, Trust::Unset), ..stop };
        assert_eq!(nowhere.end(set), End::Unknown, "it is not known when it began");
    }

    #[test]
    fn a_stop_is_told_for_a_day_or_until_somebody_has_seen_to_it() {
        let until = at(2, 160, 1_030, Trust::Holdover);
        let stop = Stop::of(at(1, 100, 1_000, Trust::Synced), until, Gap::Unknown).expect("told");
        let day = STOP_SHOWN.as_secs();
        assert!(stop.is_shown(at(2, 160 + day - 1, 0, Trust::Unset)));
        assert!(!stop.is_shown(at(2, 160 + day, 0, Trust::Unset)));
        let noted = Some(Noted { at: until, by: "desk".parse().expect("id") });
        assert!(!Stop { noted, ..stop }.is_shown(until));
    }
}
