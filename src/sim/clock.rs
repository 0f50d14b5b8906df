//! The box's clocks in true time: boot-time clock, an untrusted wall clock, and station time carried over boots.
//!
//! The rules are those of the daemon's clock: same boot, time runs on; new boot, it resumes at a mark behind the newest
//! record, or after the true gap when both ends were on a synchronised clock.

use std::time::Duration;

use super::chance::Chance;
use super::trace::Ms;
use crate::core::id::Epoch;
use crate::core::time::{Boot, Gap, Moment, Mono, Trust, Wall};
use crate::store::record::Start;

/// Midnight in the village (UTC+8), 2 November 2026.
const BEGIN: Wall = Wall(1_793_548_800_000);

/// After a reboot station time resumes this far behind the newest record, as in the daemon's clock.
const RESERVED: Duration = Duration::from_mins(1);

/// One boot of the box.
#[derive(Debug, Clone)]
pub(super) struct Hardware {
    booted_at: Ms,
    boots: u64,
    /// How far the wall clock is off before the network sets it: no battery holds it over a power cut.
    wall_off_ms: i64,
    synced_at: Ms,
}

/// The clock of one process.
#[derive(Debug, Clone, Copy)]
pub(super) struct Clock {
    boot: Boot,
    /// Station time minus true time.
    offset_ms: i64,
    wall_off_ms: i64,
    synced_at: Ms,
    floor: Wall,
}

impl Hardware {
    /// Switched on for the first time.
    pub(super) fn first() -> Hardware {
        Hardware { booted_at: 0, boots: 1, wall_off_ms: 0, synced_at: 0 }
    }

    /// Switched on again at `now` after `off_ms` without power.
    pub(super) fn power_on(&mut self, now: Ms, off_ms: Ms, chance: &mut Chance) {
        self.booted_at = now;
        self.boots += 1;
        // The system keeps the time of its last orderly moment in a file, about hourly.
        let stale_ms = off_ms + chance.below(3_600_000);
        self.wall_off_ms = -i64::try_from(stale_ms).unwrap_or(0);
        self.synced_at = now + if chance.percent(40) { 0 } else { chance.between(5_000, 1_200_000) };
    }

    /// Starts a process on this boot, carrying on from what the log knows.
    pub(super) fn start(&self, now: Ms, before: Option<(&Start, Moment)>, epoch: Epoch) -> (Clock, Start) {
        let kernel_boot = format!("boot-{}", self.boots);
        let boottime_ms = signed(now - self.booted_at);
        let wall_off_ms = if now >= self.synced_at { 0 } else { self.wall_off_ms };
        let synced = wall_off_ms == 0;
        let wall = Wall(BEGIN.0 + signed(now) + wall_off_ms);
        let (boot, mono, gap) = match before {
            None => (Boot(1), Mono(now - self.booted_at), Gap::First),
            Some((start, last)) if start.kernel_boot == kernel_boot => {
                let mono = boottime_ms + start.mono_minus_boottime_ms;
                (last.boot, Mono(unsigned(mono).max(last.mono.0)), Gap::SameBoot)
            }
            Some((_, last)) => {
                let boot = Boot(last.boot.0 + 1);
                let passed = u64::try_from(wall.0 - last.wall.0).ok();
                match passed.filter(|_| synced && last.trust == Trust::Synced) {
                    Some(ms) => (boot, Mono(last.mono.0 + ms), Gap::Known { ms }),
                    None => (boot, last.mono + RESERVED, Gap::Unknown),
                }
            }
        };
        let clock = Clock {
            boot,
            offset_ms: signed(mono.0) - signed(now),
            wall_off_ms: self.wall_off_ms,
            synced_at: self.synced_at,
            floor: before.map_or(BEGIN, |(_, last)| last.wall.max(BEGIN)),
        };
        let mono_minus_boottime_ms = signed(mono.0) - boottime_ms;
        (clock, Start { version: "village".to_owned(), kernel_boot, mono_minus_boottime_ms, gap, epoch })
    }
}

impl Clock {
    /// The time as the box tells it.
    pub(super) fn at(&self, now: Ms) -> Moment {
        let synced = now >= self.synced_at;
        let off_ms = if synced { 0 } else { self.wall_off_ms };
        let wall = Wall(BEGIN.0 + signed(now) + off_ms);
        let trust = match (synced, wall >= self.floor) {
            (true, _) => Trust::Synced,
            (false, true) => Trust::Holdover,
            (false, false) => Trust::Unset,
        };
        Moment { boot: self.boot, mono: self.mono(now), wall, trust }
    }

    /// Station time.
    pub(super) fn mono(&self, now: Ms) -> Mono {
        Mono(unsigned(signed(now) + self.offset_ms))
    }

    /// When station time reaches `mono`, in true time.
    pub(super) fn when(&self, mono: Mono) -> Ms {
        unsigned(signed(mono.0).saturating_sub(self.offset_ms))
    }
}

/// What clocks that go right show.
pub(super) fn true_wall(now: Ms) -> Wall {
    Wall(BEGIN.0 + signed(now))
}

fn signed(ms: u64) -> i64 {
    i64::try_from(ms).unwrap_or(i64::MAX)
}

fn unsigned(ms: i64) -> u64 {
    u64::try_from(ms).unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn time_runs_on_in_a_boot_and_never_repeats_after_one() {
        let mut hardware = Hardware::first();
        let (clock, start) = hardware.start(1_000, None, Epoch(1));
        assert_eq!((start.gap, clock.mono(5_000), clock.when(Mono(5_000))), (Gap::First, Mono(5_000), 5_000));
        let last = clock.at(8_000);
        let (clock, again) = hardware.start(12_000, Some((&start, last)), Epoch(1));
        assert_eq!((again.gap, clock.mono(12_000)), (Gap::SameBoot, Mono(12_000)));
        hardware.power_on(600_000, 588_000, &mut Chance::stream(1, "power", 0));
        hardware.synced_at = 700_000;
        let (clock, third) = hardware.start(610_000, Some((&again, last)), Epoch(1));
        assert_eq!((third.gap, clock.mono(610_000)), (Gap::Unknown, Mono(68_000)));
        assert_ne!(clock.at(650_000).trust, Trust::Synced);
        assert_eq!(clock.at(700_000).trust, Trust::Synced);
    }
}
