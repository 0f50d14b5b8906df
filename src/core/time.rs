//! Time as a value: the core never asks a clock, it is told.
//!
//! A box without a battery clock wakes up in 1970 and may jump by years, so rules run on [`Mono`], which
//! never goes back, not even over a reboot; [`Wall`] is for people and records and always travels with
//! its [`Trust`].

use std::fmt;
use std::num::NonZeroU32;
use std::ops::{Add, Sub};
use std::time::Duration;

use serde::{Deserialize, Serialize};

/// Station time in milliseconds. Same boot: the kernel's boot-time clock. New boot: resumes at a mark
/// reserved ahead, so it never repeats.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Mono(pub u64);

impl Mono {
    /// Time from `earlier` to this moment; zero when `earlier` is later.
    #[must_use]
    pub fn since(self, earlier: Mono) -> Duration {
        Duration::from_millis(self.0.saturating_sub(earlier.0))
    }
}

impl Add<Duration> for Mono {
    type Output = Mono;

    fn add(self, span: Duration) -> Mono {
        Mono(self.0.saturating_add(millis(span)))
    }
}

impl Sub<Duration> for Mono {
    type Output = Mono;

    fn sub(self, span: Duration) -> Mono {
        Mono(self.0.saturating_sub(millis(span)))
    }
}

impl fmt::Debug for Mono {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{:03}s", self.0 / 1000, self.0 % 1000)
    }
}

fn millis(span: Duration) -> u64 {
    u64::try_from(span.as_millis()).unwrap_or(u64::MAX)
}

/// How many times as fast as the kernel's time station time passes: 1 on a box, more in a demonstration.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Rate(pub NonZeroU32);

impl Default for Rate {
    fn default() -> Rate {
        Rate(NonZeroU32::MIN)
    }
}

impl Rate {
    /// How much station time passes in `span` of the kernel's.
    #[must_use]
    pub fn passes(self, span: Duration) -> Duration {
        span.saturating_mul(self.0.get())
    }

    /// How long the kernel takes for `span` of station time.
    #[must_use]
    pub fn takes(self, span: Duration) -> Duration {
        span / self.0.get()
    }
}

/// Wall clock, milliseconds since 1970 UTC. May jump; never used for durations.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Wall(pub i64);

impl fmt::Debug for Wall {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}ms", self.0)
    }
}

/// How far the wall clock may be believed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Trust {
    /// Set by the network and kept in step.
    Synced,
    /// Plausible: not before the newest time this station has recorded, but not confirmed since the boot.
    Holdover,
    /// Known to be wrong or never set: before the newest recorded time or before this program was built.
    Unset,
}

impl Trust {
    /// The word on the wire and on the page.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Trust::Synced => "synced",
            Trust::Holdover => "holdover",
            Trust::Unset => "unset",
        }
    }
}

/// Number of the boot in this station's life, counted by the log.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Boot(pub u32);

/// The only way the core learns the time; every durable record and message carries one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Moment {
    /// In which boot.
    pub boot: Boot,
    /// Station time, for rules.
    pub mono: Mono,
    /// Wall time, for people.
    pub wall: Wall,
    /// What the wall time is worth.
    pub trust: Trust,
}

impl Moment {
    /// This moment moved by the same span on both clocks: for a deadline that fell due a little before it was looked at.
    #[must_use]
    pub fn at(self, mono: Mono) -> Moment {
        let shift = i128::from(mono.0) - i128::from(self.mono.0);
        let wall = i128::from(self.wall.0) + shift;
        Moment { mono, wall: Wall(i64::try_from(wall).unwrap_or(self.wall.0)), ..self }
    }

    /// Whether the clock was set between an earlier moment of this run and this one: it is confirmed and was not, or it went
    /// another way than station time.
    #[must_use]
    pub fn was_set_since(self, before: Moment) -> bool {
        let moved = i128::from(self.wall.0) - i128::from(before.at(self.mono).wall.0);
        (self.trust == Trust::Synced && before.trust != Trust::Synced) || moved.unsigned_abs() > CLOCK_STEP.as_millis()
    }

    /// The same moment with what its wall time is known to be at `now`: a clock that was set later in the same boot tells when
    /// it really was, because station time went on evenly between the two. A time that was confirmed when it was taken, and one
    /// of another boot, stays as it is.
    #[must_use]
    pub fn as_known(self, now: Moment) -> Moment {
        if self.trust != Trust::Synced && now.trust == Trust::Synced && self.boot == now.boot {
            now.at(self.mono)
        } else {
            self
        }
    }

    /// From now to a time on the wall; nothing when that is past.
    #[must_use]
    pub fn until(self, at: Wall) -> Duration {
        Duration::from_millis(u64::try_from(at.0.saturating_sub(self.wall.0)).unwrap_or_default())
    }
}

/// A clock that went so much another way than station time was set. judgement: a crystal is off by a second a day, and a step of
/// less than this moves no certificate and no hour that matters.
const CLOCK_STEP: Duration = Duration::from_mins(1);

/// What is known of the time between the last record of the run before and this start.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Gap {
    /// First start: there was no run before.
    First,
    /// Same boot: the monotonic clock ran on, nothing is unknown.
    SameBoot,
    /// New boot, both ends on a synchronised clock: the station was down for this many milliseconds.
    Known {
        /// Length of the gap.
        ms: u64,
    },
    /// New boot and no trusted clock (CARE-RULES 23).
    Unknown,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn mono_arithmetic_saturates() {
        assert_eq!(Mono(5).since(Mono(9)), Duration::ZERO);
        assert_eq!(Mono(5) - Duration::from_secs(1), Mono(0));
        assert_eq!(Mono(u64::MAX) + Duration::from_secs(1), Mono(u64::MAX));
    }

    #[test]
    fn a_time_taken_before_the_clock_was_set_is_known_afterwards() {
        let taken = Moment { boot: Boot(2), mono: Mono(60_000), wall: Wall(5_000), trust: Trust::Unset };
        let now = Moment { boot: Boot(2), mono: Mono(600_000), wall: Wall(1_800_000_600_000), trust: Trust::Synced };
        let known = Moment { wall: Wall(1_800_000_060_000), trust: Trust::Synced, ..taken };
        assert_eq!(taken.as_known(now), known);
        assert_eq!(known.as_known(Moment { wall: Wall(0), ..now }), known);
        let other_boot = Moment { boot: Boot(1), ..taken };
        assert_eq!(other_boot.as_known(now), other_boot);
        assert_eq!(taken.as_known(Moment { trust: Trust::Holdover, ..now }), taken);
        // It may have been taken after the pair as well.
        let later = Moment { mono: Mono(700_000), ..taken };
        assert_eq!(later.as_known(now).wall, Wall(1_800_000_700_000));
    }

    #[test]
    fn a_clock_that_is_set_is_told_from_one_that_walks() {
        let at = |mono, wall, trust| Moment { boot: Boot(1), mono: Mono(mono), wall: Wall(wall), trust };
        let before = at(1_000, 5_000, Trust::Unset);
        assert!(!at(901_000, 905_500, Trust::Unset).was_set_since(before));
        assert!(at(2_000, 6_000, Trust::Synced).was_set_since(before));
        assert!(at(2_000, 1_800_000_000_000, Trust::Unset).was_set_since(before));
        assert!(at(2_000, -1_800_000_000_000, Trust::Unset).was_set_since(before));
    }

    #[test]
    fn a_moment_moves_both_clocks_together() {
        let now = Moment { boot: Boot(1), mono: Mono(10_000), wall: Wall(1_000_000), trust: Trust::Synced };
        assert_eq!(now.at(Mono(9_000)).wall, Wall(999_000));
        assert_eq!(now.at(Mono(12_000)).wall, Wall(1_002_000));
    }
}
