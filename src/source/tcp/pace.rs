//! How fast a connection is read: so many frames a minute, and a few at once; pure.

use std::time::Duration;

use tokio::time::Instant;

use crate::limits::tcp::{TCP_DEVICE_FRAMES_PER_MIN, TCP_STRANGER_FRAMES_PER_MIN};

/// Frames that are paid for, by the time until which they are.
#[derive(Debug, Clone, Copy)]
pub(super) struct Pace {
    paid_until: Instant,
}

/// What a frame costs, and how much may be owed.
struct Price {
    frame: Duration,
    credit: u32,
}

const STRANGER: Price = Price { frame: a_minute_for(TCP_STRANGER_FRAMES_PER_MIN), credit: 20 };
const DEVICE: Price = Price { frame: a_minute_for(TCP_DEVICE_FRAMES_PER_MIN), credit: 200 };

const fn a_minute_for(frames: u32) -> Duration {
    Duration::from_micros(60_000_000 / frames as u64)
}

impl Pace {
    pub(super) const fn new(now: Instant) -> Self {
        Self { paid_until: now }
    }

    /// Takes `frames` into account; what a stranger owed is forgiven once it is an enrolled device.
    pub(super) fn spend(&mut self, now: Instant, frames: u32, enrolled: bool) {
        self.paid_until = self.paid_until.max(now) + price(enrolled).frame * frames;
    }

    /// From when on more may be read.
    pub(super) fn resumes(&self, enrolled: bool) -> Instant {
        let price = price(enrolled);
        self.paid_until.checked_sub(price.frame * price.credit).unwrap_or(self.paid_until)
    }

    /// Forgets what is owed.
    pub(super) const fn forgive(&mut self, now: Instant) {
        self.paid_until = now;
    }
}

const fn price(enrolled: bool) -> &'static Price {
    if enrolled { &DEVICE } else { &STRANGER }
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
        pace.spend(now, 20, false);
        assert!(pace.resumes(false) <= now);
        pace.spend(now, 2, false);
        assert_eq!(pace.resumes(false), now + Duration::from_secs(2));
        pace.forgive(now);
        pace.spend(now, 200, true);
        assert!(pace.resumes(true) <= now);
    }
}
