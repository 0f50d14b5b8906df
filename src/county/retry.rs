//! Saying a failure once, and how long to wait before the next attempt.

use std::collections::BTreeSet;
use std::time::Duration;

use tracing::{info, warn};

use crate::backoff::Backoff;
use crate::limits;

/// Waits between attempts. judgement: a broker that was restarted on purpose is found again at once.
pub(super) const RETRY: Backoff = Backoff::new(Duration::from_millis(100), limits::COUNTY_RETRY_MAX);

/// The next wait. Without randomness the two connections only retry in step, which harms nothing.
pub(super) fn wait(retry: &mut Backoff) -> Duration {
    retry.next(getrandom::u64().unwrap_or(0))
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
        let mut retry = RETRY;
        for attempt in 1..40_u32 {
            let wait = wait(&mut retry);
            let full = Duration::from_millis(100).saturating_mul(1 << attempt.min(16)).min(limits::COUNTY_RETRY_MAX);
            assert!(wait <= full && wait >= Duration::from_millis(100), "attempt {attempt}: {wait:?}");
        }
    }
}
