//! Since when something is so, as far as the county can tell.
//!
//! A gateway's clock is believed when it is synced. Otherwise the county's own knowledge is the lower bound: it is so
//! "at least" since the county heard of it.

use std::time::Duration;

use super::board::{ResidentRow, StationRow};
use crate::core::time::{Moment, Trust};

/// The beginning of something, in Unix milliseconds by the county's clock or by one that agrees with it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Since {
    /// When.
    pub at_ms: i64,
    /// It may have begun earlier: no trusted clock has seen the beginning.
    pub at_least: bool,
}

impl Since {
    /// A moment of a gateway, of which the county heard at `received_ms`.
    #[must_use]
    pub fn told(at: Moment, received_ms: i64) -> Since {
        if at.trust == Trust::Synced { Since::seen(at.wall.0) } else { Since::received(received_ms) }
    }

    /// By the county's own clock.
    #[must_use]
    pub fn seen(at_ms: i64) -> Since {
        Since { at_ms, at_least: false }
    }

    /// It was so already when the county heard of it.
    #[must_use]
    pub fn received(received_ms: i64) -> Since {
        Since { at_ms: received_ms, at_least: true }
    }

    /// Since when a resident's watch state stands: by the county's clock when the station is silent.
    #[must_use]
    pub fn of_watch(resident: &ResidentRow, station: &StationRow) -> Since {
        let reported = resident.reported.get("since").and_then(|since| serde_json::from_value(since.clone()).ok());
        match (station.silent, reported) {
            (true, _) => Since::seen(station.heartbeat_ms.unwrap_or(resident.received_ms)),
            (false, Some(at)) => Since::told(at, resident.received_ms),
            (false, None) => Since::seen(resident.received_ms),
        }
    }

    /// How long ago that was; nothing for what lies ahead of the county's clock.
    #[must_use]
    pub fn age(self, now_ms: i64) -> Duration {
        Duration::from_millis(u64::try_from(now_ms.saturating_sub(self.at_ms)).unwrap_or(0))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::core::time::{Boot, Mono, Wall};

    #[test]
    fn a_clock_that_is_not_trusted_gives_a_lower_bound() {
        let moment = |trust| Moment { boot: Boot(1), mono: Mono(0), wall: Wall(5_000), trust };
        assert_eq!(Since::told(moment(Trust::Synced), 9_000), Since { at_ms: 5_000, at_least: false });
        assert_eq!(Since::told(moment(Trust::Holdover), 9_000), Since { at_ms: 9_000, at_least: true });
        assert_eq!(Since::told(moment(Trust::Unset), 9_000), Since { at_ms: 9_000, at_least: true });
    }

    #[test]
    fn what_lies_ahead_has_no_age() {
        assert_eq!(Since::seen(5_000).age(1_000), Duration::ZERO);
        assert_eq!(Since::seen(i64::MIN).age(i64::MAX), Duration::from_millis(i64::MAX.unsigned_abs()));
    }
}
