//! How fast a connection is read: so many frames a minute, and a few at once; pure.

use std::time::Duration;

use tokio::time::Instant;

use crate::limits::tcp::{TCP_DEVICE_FRAMES_PER_MIN, TCP_STRANGER_FRAMES_PER_MIN, TCP_STRANGERS_CALLS_PER_MIN};

/// Frames that are paid for, by the time until which they are.
#[derive(Debug, Clone, Copy)]
pub(super) struct Pace {
    paid_until: Instant,
}

/// What a frame costs, and for how many there is credit.
#[derive(Debug)]
pub(super) struct Price {
    frame: Duration,
    credit: u32,
}

/// Frames of one connection of a stranger.
pub(super) const STRANGER: Price = Price { frame: a_minute_for(TCP_STRANGER_FRAMES_PER_MIN), credit: 20 };

/// Frames of one connection of an enrolled device.
pub(super) const DEVICE: Price = Price { frame: a_minute_for(TCP_DEVICE_FRAMES_PER_MIN), credit: 200 };

/// Calls of all strangers together.
pub(super) const STRANGERS_CALLS: Price = Price { frame: a_minute_for(TCP_STRANGERS_CALLS_PER_MIN), credit: 100 };

const fn a_minute_for(frames: u32) -> Duration {
    Duration::from_micros(60_000_000 / frames as u64)
}

impl Pace {
    pub(super) const fn new(now: Instant) -> Self {
        Self { paid_until: now }
    }

    /// Takes `frames` into account.
    pub(super) fn spend(&mut self, now: Instant, frames: u32, price: &Price) {
        self.paid_until = self.paid_until.max(now) + price.frame * frames;
    }

    /// From when on there is credit again.
    pub(super) fn resumes(&self, price: &Price) -> Instant {
        self.paid_until.checked_sub(price.frame * price.credit).unwrap_or(self.paid_until)
    }

    /// Forgets what is owed.
    pub(super) const fn forgive(&mut self, now: Instant) {
        self.paid_until = now;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn a_stranger_says_twenty_things_at_once_and_then_one_a_second() {
        // Past the beginning of the clock, so that credit can lie behind.
        tokio::time::advance(Duration::from_hours(1)).await;
        let now = Instant::now();
        let mut pace = Pace::new(now);
        pace.spend(now, 20, &STRANGER);
        assert!(pace.resumes(&STRANGER) <= now);
        pace.spend(now, 2, &STRANGER);
        assert_eq!(pace.resumes(&STRANGER), now + Duration::from_secs(2));
        pace.forgive(now);
        pace.spend(now, 200, &DEVICE);
        assert!(pace.resumes(&DEVICE) <= now);
    }
}
