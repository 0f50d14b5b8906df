//! The one place that reads the clocks.
//!
//! Station time is the kernel's boot-time clock plus an offset that the log carries over reboots, so it never goes back.
//! The wall clock is taken as it is, together with what it is worth.

use std::path::Path;
use std::sync::Mutex;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use rustix::time::{ClockId, clock_gettime};

use crate::core::id::Epoch;
use crate::core::time::{Boot, Gap, Moment, Mono, Rate, Trust, Wall};
use crate::store::record::Start;

/// systemd-timesyncd makes this file when it has set the clock in this boot. Source: systemd-timesyncd.service(8).
const SYNCED_MARK: &str = "/run/systemd/timesync/synchronized";

/// How often the mark is looked for. judgement: a changed trust matters to the minute, a file look-up a turn does not pay.
const LOOK_EVERY: Duration = Duration::from_secs(10);

/// No true time is before this program was written: 2026-11-01T00:00:00Z.
const WRITTEN: Wall = Wall(1_793_491_200_000);

/// After a reboot station time resumes this far behind the newest record. It covers what was said but not written:
/// routine blocks are written within 10 s, everything else before it is said.
const RESERVED: Duration = Duration::from_mins(1);

/// How time passes. On a box it is the kernel's time; a demonstration lets village minutes pass in seconds, and everything
/// in it that reads a clock reads this one.
#[derive(Debug, Clone, Copy, Default)]
pub struct Tempo {
    scaled: Option<Scaled>,
}

#[derive(Debug, Clone, Copy)]
struct Scaled {
    rate: Rate,
    begun_boottime_ms: u64,
    begun_wall: Wall,
}

impl Tempo {
    /// Time passes at `rate` from here on, and the wall clock shows `wall`.
    #[must_use]
    pub fn scaled(rate: Rate, wall: Wall) -> Tempo {
        let scaled = Scaled { rate, begun_boottime_ms: kernel_boottime_ms(), begun_wall: wall };
        Tempo { scaled: Some(scaled) }
    }

    /// The wall clock.
    #[must_use]
    pub fn wall(self) -> Wall {
        let Some(scaled) = self.scaled else { return kernel_wall() };
        Wall(scaled.begun_wall.0.saturating_add_unsigned(scaled.passed_ms()))
    }

    /// How fast it passes.
    #[must_use]
    pub fn rate(self) -> Rate {
        self.scaled.map_or_else(Rate::default, |scaled| scaled.rate)
    }

    fn boottime_ms(self) -> u64 {
        self.scaled.map_or_else(kernel_boottime_ms, |scaled| scaled.begun_boottime_ms + scaled.passed_ms())
    }

    fn is_synced(self) -> bool {
        self.scaled.is_some() || Path::new(SYNCED_MARK).exists()
    }
}

impl Scaled {
    fn passed_ms(self) -> u64 {
        let kernel = Duration::from_millis(kernel_boottime_ms().saturating_sub(self.begun_boottime_ms));
        u64::try_from(self.rate.passes(kernel).as_millis()).unwrap_or(u64::MAX)
    }
}

/// The station's clock.
#[derive(Debug)]
pub struct Clock {
    tempo: Tempo,
    boot: Boot,
    mono_minus_boottime_ms: i64,
    floor: Wall,
    looked: Mutex<(Option<Mono>, bool)>,
}

/// What the log knew of the run before.
#[derive(Debug, Clone)]
pub struct Before {
    /// Its start.
    pub start: Start,
    /// Its newest record.
    pub last: Moment,
}

/// The kernel's name of this boot.
#[must_use]
pub fn kernel_boot() -> String {
    std::fs::read_to_string("/proc/sys/kernel/random/boot_id").map(|id| id.trim().to_owned()).unwrap_or_default()
}

impl Clock {
    /// Carries station time on from the run before, and says what is known of the time between.
    #[must_use]
    pub fn start(tempo: Tempo, before: Option<&Before>, epoch: Epoch) -> (Clock, Start) {
        let (boottime_ms, kernel_boot) = (tempo.boottime_ms(), kernel_boot());
        let wall = tempo.wall();
        let synced = tempo.is_synced();
        let (boot, mono_ms, gap) = match before {
            None => (Boot(1), boottime_ms, Gap::First),
            Some(Before { start, last }) if start.kernel_boot == kernel_boot && !kernel_boot.is_empty() => {
                let mono_ms = boottime_ms.saturating_add_signed(start.mono_minus_boottime_ms);
                (last.boot, mono_ms.max(last.mono.0), Gap::SameBoot)
            }
            Some(Before { last, .. }) => {
                let boot = Boot(last.boot.0.saturating_add(1));
                let passed = u64::try_from(wall.0.saturating_sub(last.wall.0)).ok();
                match passed.filter(|_| synced && last.trust == Trust::Synced) {
                    Some(ms) => (boot, last.mono.0.saturating_add(ms), Gap::Known { ms }),
                    None => (boot, (last.mono + RESERVED).0, Gap::Unknown),
                }
            }
        };
        let offset = i128::from(mono_ms) - i128::from(boottime_ms);
        let mono_minus_boottime_ms = i64::try_from(offset).unwrap_or(i64::MAX);
        let floor = before.map_or(WRITTEN, |before| before.last.wall.max(WRITTEN));
        let start = Start {
            version: env!("CARGO_PKG_VERSION").to_owned(),
            kernel_boot,
            mono_minus_boottime_ms,
            gap,
            epoch,
            machine: None,
            station: None,
            is_whole: false,
        };
        (Clock { tempo, boot, mono_minus_boottime_ms, floor, looked: Mutex::new((None, synced)) }, start)
    }

    /// The time.
    pub fn now(&self) -> Moment {
        let mono = Mono(self.tempo.boottime_ms().saturating_add_signed(self.mono_minus_boottime_ms));
        let wall = self.tempo.wall();
        let trust = match (self.is_synced(mono), wall >= self.floor) {
            (true, true) => Trust::Synced,
            (false, true) => Trust::Holdover,
            (_, false) => Trust::Unset,
        };
        Moment { boot: self.boot, mono, wall, trust }
    }

    /// How long the kernel takes until `at`.
    pub fn until(&self, at: Mono) -> Duration {
        self.tempo.rate().takes(at.since(self.now().mono))
    }

    fn is_synced(&self, now: Mono) -> bool {
        // A poisoned lock cannot happen (nothing panics while holding it, and a panic ends the process).
        let Ok(mut looked) = self.looked.lock() else { return false };
        if looked.0.is_none_or(|last| now.since(last) >= LOOK_EVERY) {
            *looked = (Some(now), self.tempo.is_synced());
        }
        looked.1
    }
}

/// The kernel's clock since boot.
#[must_use]
pub fn boottime() -> Duration {
    Duration::from_millis(kernel_boottime_ms())
}

/// The time that this thread has had a processor: what work costs on a machine that does other work too.
#[must_use]
pub fn thread_time() -> Duration {
    let time = clock_gettime(ClockId::ThreadCPUTime);
    Duration::from_millis(millis(time.tv_sec, time.tv_nsec))
}

fn kernel_boottime_ms() -> u64 {
    let time = clock_gettime(ClockId::Boottime);
    millis(time.tv_sec, time.tv_nsec)
}

/// Over the C library, and not from the kernel's page as the boot-time clock: there libfaketime can move it, so that the program as it
/// is shipped can be tried under a wall clock that jumps.
#[expect(clippy::disallowed_methods, reason = "this is the one place that reads the clock")]
fn kernel_wall() -> Wall {
    let since_1970 = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    Wall(i64::try_from(since_1970.as_millis()).unwrap_or(i64::MAX))
}

fn millis(seconds: i64, nanoseconds: i64) -> u64 {
    let ms = seconds.saturating_mul(1000).saturating_add(nanoseconds / 1_000_000);
    u64::try_from(ms).unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use std::num::NonZeroU32;

    use super::*;

    fn before(kernel_boot: &str, mono_ms: u64, trust: Trust) -> Before {
        let start = Start {
            version: String::new(),
            kernel_boot: kernel_boot.to_owned(),
            mono_minus_boottime_ms: 5_000,
            gap: Gap::First,
            epoch: Epoch(1),
            machine: None,
            station: None,
            is_whole: false,
        };
        Before { start, last: Moment { boot: Boot(3), mono: Mono(mono_ms), wall: Wall(0), trust } }
    }

    #[test]
    fn the_first_start_takes_the_kernels_time() {
        let (clock, start) = Clock::start(Tempo::default(), None, Epoch(1));
        assert_eq!((start.gap, clock.now().boot), (Gap::First, Boot(1)));
        assert!(clock.now().mono >= Mono(0));
    }

    #[test]
    fn in_the_same_boot_time_runs_on_without_a_jump() {
        let (clock, start) = Clock::start(Tempo::default(), Some(&before(&kernel_boot(), 1, Trust::Synced)), Epoch(1));
        assert_eq!((start.gap, start.mono_minus_boottime_ms, clock.now().boot), (Gap::SameBoot, 5_000, Boot(3)));
    }

    #[test]
    fn scaled_time_passes_faster_and_is_waited_for_shorter() {
        let tempo = Tempo::scaled(Rate(NonZeroU32::new(1_000).expect("not zero")), WRITTEN);
        let (clock, _) = Clock::start(tempo, None, Epoch(1));
        let (now, began) = (clock.now(), kernel_boottime_ms());
        assert_eq!(now.trust, Trust::Synced);
        assert!(clock.until(now.mono + Duration::from_hours(1)) <= Duration::from_millis(3_600));
        while kernel_boottime_ms() < began + 2 {}
        assert!(clock.now().mono.since(now.mono) >= Duration::from_secs(1));
        assert!(clock.now().wall.0 >= now.wall.0 + 1_000);
    }

    #[test]
    fn after_a_reboot_time_never_repeats() {
        let far = 10_000_000_000_000;
        let (clock, start) =
            Clock::start(Tempo::default(), Some(&before("another-boot", far, Trust::Holdover)), Epoch(1));
        assert_eq!((start.gap, clock.now().boot), (Gap::Unknown, Boot(4)));
        assert!(clock.now().mono >= Mono(far) + RESERVED);
    }
}
