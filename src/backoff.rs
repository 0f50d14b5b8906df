//! How long to wait before trying again: exponential, jittered, capped; pure.
//!
//! Every retry of the house waits like this, so that nothing ever spins on a closed port and a village of
//! gateways does not return in one wave after a power cut. There is no last try: whoever gives up after
//! ten attempts needs a person to drive out.

use std::time::Duration;

/// The waits of one thing that is tried again and again.
#[derive(Debug, Clone)]
pub struct Backoff {
    floor: Duration,
    cap: Duration,
    ceiling: Duration,
}

impl Backoff {
    /// Waits of at least `floor` and at most `cap`.
    #[must_use]
    pub const fn new(floor: Duration, cap: Duration) -> Self {
        Self { floor, cap, ceiling: floor }
    }

    /// The next wait: anywhere between the floor and a ceiling that doubles with every try, up to the cap.
    ///
    /// `random` picks the place, so a caller with the same numbers sees the same waits.
    #[must_use]
    pub fn next(&mut self, random: u64) -> Duration {
        self.ceiling = self.ceiling.saturating_mul(2).min(self.cap).max(self.floor);
        // The upper 32 bits as a fraction of one: fine enough for a wait, and whole numbers only.
        let spread = self.ceiling.saturating_sub(self.floor).as_micros();
        let offset = (spread * u128::from(random >> 32)) >> 32;
        self.floor + Duration::from_micros(u64::try_from(offset).unwrap_or(u64::MAX))
    }

    /// Tells that the thing worked for `lasted` before it failed again.
    ///
    /// Only what lasted longer than the cap earns a fresh start: a connection that is made and lost at once
    /// (a broker that throws out one of two clients with the same id) must not be retried at full speed.
    pub fn worked_for(&mut self, lasted: Duration) {
        if lasted >= self.cap {
            self.ceiling = self.floor;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const FLOOR: Duration = Duration::from_millis(500);
    const CAP: Duration = Duration::from_secs(10);

    #[test]
    fn the_ceiling_doubles_up_to_the_cap() {
        let mut backoff = Backoff::new(FLOOR, CAP);
        let highest: Vec<u128> = (0..7).map(|_| backoff.next(u64::MAX).as_millis()).collect();
        assert_eq!(highest, [999, 1_999, 3_999, 7_999, 9_999, 9_999, 9_999]);
    }

    #[test]
    fn the_floor_is_never_undercut_and_the_jitter_is_full() {
        let mut backoff = Backoff::new(FLOOR, CAP);
        for _ in 0..10 {
            assert_eq!(backoff.next(0), FLOOR);
        }
        assert_eq!(backoff.next(1 << 63), (FLOOR + CAP) / 2);
    }

    #[test]
    fn only_what_lasted_earns_a_fresh_start() {
        let mut backoff = Backoff::new(FLOOR, CAP);
        for _ in 0..5 {
            let _ = backoff.next(0);
        }
        backoff.worked_for(CAP / 2);
        assert!(backoff.next(u64::MAX) > Duration::from_secs(9));
        backoff.worked_for(CAP);
        assert!(backoff.next(u64::MAX) < Duration::from_secs(1));
    }

    #[test]
    fn a_cap_below_the_floor_is_harmless() {
        let mut backoff = Backoff::new(CAP, FLOOR);
        assert_eq!(backoff.next(u64::MAX), CAP);
    }
}
