//! What falls due when, in order.

use std::collections::{BTreeMap, BTreeSet};

use crate::core::alarm::AlarmId;
use crate::core::id::{DeviceId, ResidentId, SourceId};
use crate::core::time::Mono;

/// What a deadline is about; alarms first among equals.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Timer {
    Alarm(AlarmId),
    Source(SourceId),
    Resident(ResidentId),
    Device(DeviceId),
    Digest,
    RollCall,
    Absences,
    Visits,
    Unheard,
    Clock,
    Mains,
    Calendar,
}

/// At most one deadline a thing.
///
/// Devices push their deadline on with every word. Re-sorting it each time would cost two tree operations a reading, so
/// [`Timers::arm_by`] leaves an earlier deadline standing; when that fires, the device is asked again.
#[derive(Debug, Default)]
pub(super) struct Timers {
    queue: BTreeSet<(Mono, Timer)>,
    armed: BTreeMap<Timer, Mono>,
}

impl Timers {
    /// Sets the deadline, or takes it away.
    pub(super) fn set(&mut self, timer: Timer, at: Option<Mono>) {
        if let Some(before) = self.armed.remove(&timer) {
            self.queue.remove(&(before, timer));
        }
        if let Some(at) = at {
            self.armed.insert(timer, at);
            self.queue.insert((at, timer));
        }
    }

    /// Makes sure of a deadline no later than `at`.
    pub(super) fn arm_by(&mut self, timer: Timer, at: Mono) {
        if self.armed.get(&timer).is_none_or(|armed| *armed > at) {
            self.set(timer, Some(at));
        }
    }

    /// The earliest deadline.
    pub(super) fn next(&self) -> Option<Mono> {
        self.queue.first().map(|(at, _)| *at)
    }

    /// Takes the earliest deadline if it has been reached.
    pub(super) fn pop_due(&mut self, now: Mono) -> Option<Timer> {
        let (at, timer) = *self.queue.first()?;
        if at > now {
            return None;
        }
        self.queue.remove(&(at, timer));
        self.armed.remove(&timer);
        Some(timer)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn device(name: &str) -> Timer {
        Timer::Device(name.parse().expect("id"))
    }

    #[test]
    fn deadlines_come_in_order_and_once() {
        let mut timers = Timers::default();
        timers.set(device("b"), Some(Mono(2)));
        timers.set(device("a"), Some(Mono(1)));
        timers.set(device("a"), Some(Mono(3)));
        assert_eq!(timers.next(), Some(Mono(2)));
        assert_eq!(timers.pop_due(Mono(1)), None);
        assert_eq!(timers.pop_due(Mono(9)), Some(device("b")));
        assert_eq!(timers.pop_due(Mono(9)), Some(device("a")));
        assert_eq!(timers.pop_due(Mono(9)), None);
    }

    #[test]
    fn a_later_deadline_does_not_move_an_armed_one() {
        let mut timers = Timers::default();
        timers.arm_by(device("a"), Mono(5));
        timers.arm_by(device("a"), Mono(9));
        assert_eq!(timers.next(), Some(Mono(5)));
        timers.arm_by(device("a"), Mono(2));
        assert_eq!(timers.next(), Some(Mono(2)));
    }
}
