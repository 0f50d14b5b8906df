//! What was refused, dropped or withheld in front of the station, by name.
//!
//! Constraint: every part of a name comes from the code or the configuration, never from a frame, so a flood of
//! nonsense makes numbers larger and the list no longer.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::{Mutex, MutexGuard, PoisonError};

use crate::core::id::SourceId;

/// Whose counter it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Scope {
    /// A source's.
    Source(SourceId),
    /// A format's, over all sources that speak it.
    Format(&'static str),
    /// The routine lane's.
    RoutineLane,
    /// The heard list's.
    Heard,
}

impl fmt::Display for Scope {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Scope::Source(id) => id.fmt(f),
            Scope::Format(name) => f.write_str(name),
            Scope::RoutineLane => f.write_str("routine_lane"),
            Scope::Heard => f.write_str("heard"),
        }
    }
}

/// The counters of all sources, shared by them; status and heartbeat read them.
#[derive(Debug, Default)]
pub struct Counters(Mutex<BTreeMap<(Scope, &'static str, &'static str), u64>>);

impl Counters {
    /// Adds one, and gives the new value: at 1 the caller may say it once in the log.
    pub fn add(&self, scope: Scope, what: &'static str, detail: &'static str) -> u64 {
        let mut counts = self.counts();
        let count = counts.entry((scope, what, detail)).or_insert(0);
        *count = count.saturating_add(1);
        *count
    }

    /// All counters since the start by name, such as `serial-1.serial.line_overlong`.
    #[must_use]
    pub fn view(&self) -> BTreeMap<String, u64> {
        let name = |(scope, what, detail): &(Scope, &str, &str)| match *detail {
            "" => format!("{scope}.{what}"),
            detail => format!("{scope}.{what}.{detail}"),
        };
        self.counts().iter().map(|(key, count)| (name(key), *count)).collect()
    }

    fn counts(&self) -> MutexGuard<'_, BTreeMap<(Scope, &'static str, &'static str), u64>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_counter_is_found_by_its_name_and_tells_its_first_time() {
        let counters = Counters::default();
        let source = Scope::Source("z2m".parse().expect("id"));
        assert_eq!(counters.add(source, "puback_withheld", ""), 1);
        assert_eq!(counters.add(source, "puback_withheld", ""), 2);
        assert_eq!(counters.add(Scope::Format("zigbee2mqtt"), "refused", "not_json"), 1);
        let view: Vec<(String, u64)> = counters.view().into_iter().collect();
        assert_eq!(view, [("z2m.puback_withheld".to_owned(), 2), ("zigbee2mqtt.refused.not_json".to_owned(), 1)]);
    }
}
