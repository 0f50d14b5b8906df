//! The wait between two attempts to connect: full jitter under a cap that doubles with every attempt.

use std::time::Duration;

use tokio::time::Instant;

use crate::limits::{RECONNECT_CAP, RECONNECT_CAP_ALARM};

/// A wait that has begun.
#[derive(Debug, Clone, Copy)]
pub(super) struct Pause {
    since: Instant,
    attempt: u32,
    chance: u64,
}

impl Pause {
    /// Before the first attempt, which follows at once.
    pub(super) fn first(now: Instant) -> Self {
        Self { since: now, attempt: 0, chance: 0 }
    }

    /// After so many failures in a row.
    pub(super) fn after(failures: u32, now: Instant) -> Self {
        // Without randomness every gateway waits the middle of the span: worse jitter, and still a wait.
        Self { since: now, attempt: failures, chance: getrandom::u64().unwrap_or(u64::MAX / 2) }
    }

    /// How many attempts in a row have failed.
    pub(super) fn failures(&self) -> u32 {
        self.attempt
    }

    /// When the next attempt follows; sooner when an alarm has come in the meantime.
    pub(super) fn ends_at(&self, alarm_waits: bool) -> Instant {
        let cap = if alarm_waits { RECONNECT_CAP_ALARM } else { RECONNECT_CAP };
        self.since + back_off(self.attempt, cap, self.chance)
    }
}

/// Anything up to a second that doubles with every attempt, up to `cap`; at least a twentieth of it, so that a broker
/// that closes at once is not hammered. No wait before attempt 0.
fn back_off(attempt: u32, cap: Duration, chance: u64) -> Duration {
    if attempt == 0 {
        return Duration::ZERO;
    }
    let most = Duration::from_secs(1).saturating_mul(1 << (attempt - 1).min(16)).min(cap);
    let least = most / 20;
    let span_ms = u64::try_from(most.saturating_sub(least).as_millis()).unwrap_or(u64::MAX);
    least + Duration::from_millis(chance % span_ms.saturating_add(1))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn waits_double_up_to_the_cap_and_an_alarm_shortens_them() {
        assert_eq!(back_off(0, RECONNECT_CAP, 7), Duration::ZERO);
        assert_eq!(back_off(1, RECONNECT_CAP, 0), Duration::from_millis(50));
        assert_eq!(back_off(1, RECONNECT_CAP, 950), Duration::from_secs(1));
        assert_eq!(back_off(3, RECONNECT_CAP, 3_800), Duration::from_secs(4));
        assert_eq!(back_off(7, RECONNECT_CAP, 57_000), RECONNECT_CAP);
        for attempt in 1..80 {
            for chance in [0, 1, u64::MAX, u64::MAX / 2] {
                let wait = back_off(attempt, RECONNECT_CAP, chance);
                assert!(wait >= Duration::from_millis(50) && wait <= RECONNECT_CAP);
                assert!(back_off(attempt, RECONNECT_CAP_ALARM, chance) <= RECONNECT_CAP_ALARM);
            }
        }
    }
}
