//! The retained standings of devices and residents: only the newest is worth sending, so only the key is kept.

use std::collections::BTreeSet;
use std::ops::Bound;

use crate::core::id::{DeviceId, ResidentId};
use crate::limits::RETAINED_KEYS_MAX;

/// Whose retained standing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum RetainedKey {
    /// A resident's watch state.
    Resident(ResidentId),
    /// A device's standing.
    Device(DeviceId),
}

/// The keys whose standing has changed since it was last sent.
#[derive(Debug, Clone, Default)]
pub struct Changed {
    keys: BTreeSet<RetainedKey>,
    last: Option<RetainedKey>,
}

impl Changed {
    /// Notes a change; false when there is no room for another key.
    pub fn note(&mut self, key: RetainedKey) -> bool {
        let room = self.keys.len() < RETAINED_KEYS_MAX || self.keys.contains(&key);
        if room {
            self.keys.insert(key);
        }
        room
    }

    /// Takes the next key, going round, so that a device that changes all the time holds up no other.
    pub fn take(&mut self) -> Option<RetainedKey> {
        let behind =
            self.last.and_then(|last| self.keys.range((Bound::Excluded(last), Bound::Unbounded)).next().copied());
        let key = behind.or_else(|| self.keys.first().copied())?;
        self.keys.remove(&key);
        self.last = Some(key);
        Some(key)
    }

    /// Whether there is anything to send.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.keys.is_empty()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn device(id: &str) -> RetainedKey {
        RetainedKey::Device(id.parse().expect("id"))
    }

    #[test]
    fn a_busy_device_holds_up_no_other() {
        let mut changed = Changed::default();
        for id in ["d1", "d2", "d3"] {
            changed.note(device(id));
        }
        let mut order = Vec::new();
        for _ in 0..4 {
            order.push(changed.take().expect("one is there"));
            changed.note(device("d1"));
        }
        assert_eq!(order, [device("d1"), device("d2"), device("d3"), device("d1")]);
    }

    #[test]
    fn changes_of_one_key_are_one() {
        let mut changed = Changed::default();
        assert!(changed.note(device("d1")) && changed.note(device("d1")));
        assert_eq!(changed.take(), Some(device("d1")));
        assert!(changed.is_empty() && changed.take().is_none());
    }
}
