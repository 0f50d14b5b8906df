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
pub(super) const BEGIN: Wall = Wall(1_793_548_800_000);

/// No true time is before the program was written, as in the daemon's clock.
const WRITTEN: Wall = Wall(1_793_491_200_000);

/// After a reboot station time resumes this far behind the newest record, as in the daemon's clock.
const RESERVED: Duration = Duration::from_mins(1);

/// How far a crystal of a cheap board is off, in parts per million. judgement: data sheets say 20 to 50, cold and age add some.
pub(super) const DRIFT_PPM_MAX: u64 = 80;

/// Nothing is waited for this long: a thousand years.
const FAR_MS: i64 = 1_000 * 366 * 86_400_000;

const MINUTE: Ms = 60_000;
const HOUR: Ms = 60 * MINUTE;

/// One boot of the box.
#[derive(Debug, Clone, Copy)]
pub(super) struct Hardware {
    booted_at: Ms,
    boots: u64,
    /// How fast its crystal is, in parts per million.
    drift_ppm: i64,
    /// How far the wall clock is off at the boot: no battery holds it over a power cut.
    wall_off_ms: i64,
    /// When the network sets it.
    synced_at: Ms,
    /// How far off the network's own time is, while somebody gives out a wrong one.
    network_off_ms: i64,
}

/// The clock of one process.
#[derive(Debug, Clone, Copy)]
pub(super) struct Clock {
    hardware: Hardware,
    boot: Boot,
    mono_minus_boottime_ms: i64,
    floor: Wall,
    /// Where station time and wall clock stood at the start, for a box that wrongly counts by the wall clock.
    by_wall: Option<(Mono, Wall)>,
}

impl Hardware {
    /// Switched on for the first time.
    pub(super) fn first() -> Hardware {
        Hardware { booted_at: 0, boots: 1, drift_ppm: 0, wall_off_ms: 0, synced_at: 0, network_off_ms: 0 }
    }

    /// Switched on again at `now` after `off_ms` without power.
    pub(super) fn power_on(&mut self, now: Ms, off_ms: Ms, chance: &mut Chance) {
        self.booted_at = now;
        self.boots += 1;
        // The system keeps the time of its last orderly moment in a file, about hourly.
        let stale_ms = off_ms + chance.below(HOUR);
        self.wall_off_ms = -signed(stale_ms);
        self.synced_at = now + if chance.percent(40) { 0 } else { chance.between(5_000, 20 * MINUTE) };
    }

    /// That boot is worse than most: it begins in 1970, or far in the future, and the network's time comes late or never; and the
    /// crystal is what it is.
    pub(super) fn misread(&mut self, chance: &mut Chance) {
        self.drift_ppm = signed(chance.below(2 * DRIFT_PPM_MAX)) - signed(DRIFT_PPM_MAX);
        let since_1970 = BEGIN.0 + signed(self.booted_at);
        match chance.below(10) {
            0..4 => self.wall_off_ms = -since_1970,
            4 => (self.wall_off_ms, self.synced_at) = (-since_1970, Ms::MAX),
            5 => self.wall_off_ms = signed(chance.between(HOUR, 400 * 24 * HOUR)),
            6 => self.synced_at = Ms::MAX,
            _ => return,
        }
        if self.synced_at != Ms::MAX {
            self.synced_at = self.booted_at + chance.between(MINUTE, 20 * MINUTE);
        }
    }

    /// The network gives out a time that is so far off; 0 is the right one.
    pub(super) fn step(&mut self, by_ms: i64) {
        self.network_off_ms = by_ms;
    }

    /// The network's time is right, and the box has it.
    pub(super) fn come_right(&mut self, now: Ms) {
        self.synced_at = self.synced_at.min(now);
        self.network_off_ms = 0;
    }

    /// Starts a process on this boot, carrying on from what the log knows.
    pub(super) fn start(&self, now: Ms, before: Option<(&Start, Moment)>, epoch: Epoch) -> (Clock, Start) {
        let kernel_boot = format!("boot-{}", self.boots);
        let boottime_ms = self.boottime_ms(now);
        let wall = self.wall(now);
        let synced = now >= self.synced_at;
        let (boot, mono, gap) = match before {
            None => (Boot(1), Mono(unsigned(boottime_ms)), Gap::First),
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
        let mono_minus_boottime_ms = signed(mono.0) - boottime_ms;
        let floor = before.map_or(WRITTEN, |(_, last)| last.wall.max(WRITTEN));
        let clock = Clock { hardware: *self, boot, mono_minus_boottime_ms, floor, by_wall: None };
        let version = "village".to_owned();
        let (machine, station, is_whole) = (None, None, false);
        (clock, Start { version, kernel_boot, mono_minus_boottime_ms, gap, epoch, machine, station, is_whole })
    }

    fn boottime_ms(&self, now: Ms) -> i64 {
        let passed = signed(now.saturating_sub(self.booted_at));
        passed + passed * self.drift_ppm / 1_000_000
    }

    fn wall(&self, now: Ms) -> Wall {
        if now >= self.synced_at {
            Wall(BEGIN.0 + signed(now) + self.network_off_ms)
        } else {
            Wall(BEGIN.0 + signed(self.booted_at) + self.wall_off_ms + self.boottime_ms(now))
        }
    }
}

impl Clock {
    /// The time as the box tells it.
    pub(super) fn at(&self, now: Ms) -> Moment {
        let wall = self.hardware.wall(now);
        let trust = match (now >= self.hardware.synced_at, wall >= self.floor) {
            (true, true) => Trust::Synced,
            (false, true) => Trust::Holdover,
            (_, false) => Trust::Unset,
        };
        Moment { boot: self.boot, mono: self.mono(now), wall, trust }
    }

    /// Station time.
    pub(super) fn mono(&self, now: Ms) -> Mono {
        match self.by_wall {
            Some((mono, wall)) => Mono(unsigned(signed(mono.0) + self.hardware.wall(now).0 - wall.0)),
            None => Mono(unsigned(self.hardware.boottime_ms(now) + self.mono_minus_boottime_ms)),
        }
    }

    /// When station time reaches `mono`, in true time.
    pub(super) fn when(&self, mono: Mono) -> Ms {
        let Hardware { booted_at, drift_ppm, wall_off_ms, synced_at, network_off_ms, .. } = self.hardware;
        if let Some((begun, wall)) = self.by_wall {
            let wanted = wall.0.saturating_add(signed(mono.0) - signed(begun.0)) - BEGIN.0;
            let unset = unsigned(wanted.saturating_sub(wall_off_ms));
            let when = if unset < synced_at { unset } else { unsigned(wanted - network_off_ms).max(synced_at) };
            // The crystal's part in it is small.
            return (when..when + 60_000).find(|at| self.mono(*at) >= mono).unwrap_or(when + 60_000);
        }
        let boottime_ms = signed(mono.0).saturating_sub(self.mono_minus_boottime_ms).max(0);
        if boottime_ms >= FAR_MS {
            return Ms::MAX;
        }
        let exact = i128::from(boottime_ms) * 1_000_000 / i128::from(1_000_000 + drift_ppm);
        let mut when = booted_at.saturating_add(u64::try_from(exact).unwrap_or(0));
        while when > booted_at && self.mono(when - 1) >= mono {
            when -= 1;
        }
        while self.mono(when) < mono {
            when += 1;
        }
        when
    }

    /// What drives it has changed under it: the network's time was stepped.
    pub(super) fn see(&mut self, hardware: &Hardware) {
        self.hardware = *hardware;
    }

    /// Wrongly counts by the wall clock from here on.
    pub(super) fn count_by_wall(&mut self, now: Ms) {
        self.by_wall = Some((self.mono(now), self.hardware.wall(now)));
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

    #[test]
    fn station_time_follows_the_crystal_and_no_step_of_the_network() {
        let mut hardware = Hardware::first();
        for drift_ppm in [-80, -1, 0, 1, 80] {
            hardware.drift_ppm = drift_ppm;
            let (mut clock, _) = hardware.start(1_000, None, Epoch(1));
            for now in [1_000, 77_777, 86_400_000, 604_800_000] {
                let mono = clock.mono(now);
                let when = clock.when(mono);
                assert!(when <= now && clock.mono(when) == mono && clock.mono(when - 1) < mono, "{drift_ppm} {now}");
            }
            let (before, wall) = (clock.mono(90_000), clock.at(90_000).wall);
            hardware.step(-4_000_000_000);
            clock.see(&hardware);
            assert_eq!((clock.mono(90_000), clock.at(90_000).trust), (before, Trust::Unset));
            assert_eq!(clock.at(90_000).wall.0, wall.0 - 4_000_000_000);
            hardware.come_right(90_000);
        }
    }
}
