//! Waiting between attempts, and saying a failure once.

use std::collections::BTreeSet;
use std::time::Duration;

use tracing::{info, warn};

use crate::limits;

/// Shortest wait. judgement: a broker that was restarted on purpose is found again at once.
const FIRST: Duration = Duration::from_millis(100);

/// Waits that double, with jitter, up to `COUNTY_RETRY_MAX`.
#[derive(Debug, Default)]
pub(super) struct Retry {
    attempts: u32,
}

impl Retry {
    /// How long to wait before the next attempt.
    pub(super) fn wait(&mut self) -> Duration {
        let doubled = FIRST.saturating_mul(2_u32.saturating_pow(self.attempts)).min(limits::COUNTY_RETRY_MAX);
        self.attempts = self.attempts.saturating_add(1).min(16);
        // Without randomness the two connections only retry in step, which harms nothing.
        let jitter = f64::from(getrandom::u32().unwrap_or(0)) / f64::from(u32::MAX);
        doubled.mul_f64(0.5 + jitter / 2.0)
    }
}

/// Says each change of a failure once, and its end.
#[derive(Debug)]
pub(super) struct Faults {
    of: &'static str,
    standing: Option<String>,
    refused: BTreeSet<&'static str>,
}

impl Faults {
    pub(super) fn new(of: &'static str) -> Self {
        Self { of, standing: None, refused: BTreeSet::new() }
    }

    /// A failure; the same one again is not said again.
    pub(super) fn raise(&mut self, what: &str) {
        if self.standing.as_deref() != Some(what) {
            warn!(of = self.of, "{what}");
            self.standing = Some(what.to_owned());
        }
    }

    /// It works again.
    pub(super) fn clear(&mut self) {
        if self.standing.take().is_some() {
            info!(of = self.of, "works again");
        }
    }

    /// A refused message: each kind is shown once, the counts are in the database.
    pub(super) fn refused(&mut self, why: &'static str) {
        if self.refused.insert(why) {
            warn!(why, "a message is refused; see `shouwang county stations` for the counts");
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn waits_double_up_to_the_limit_and_never_vanish() {
        let mut retry = Retry::default();
        let waits: Vec<Duration> = (0..40).map(|_| retry.wait()).collect();
        for (attempt, wait) in (0_u32..).zip(&waits) {
            let full = FIRST.saturating_mul(1 << attempt.min(16)).min(limits::COUNTY_RETRY_MAX);
            assert!(*wait <= full && *wait >= full / 2, "attempt {attempt}: {wait:?}");
        }
    }
}
