//! What is on its way to the broker: at most a window of publishes without a PUBACK.
//!
//! A PUBACK frees a place and nothing more. A quarter of the window is open to alarms only and readings have few
//! places, so that an alarm never stands behind a backlog in the socket.

use std::collections::BTreeMap;
use std::time::Duration;

use crate::core::sequence::Lane;
use crate::core::time::Mono;
use crate::limits::{PUBACK_SILENCE, READING_MESSAGES_IN_FLIGHT_MAX};

use super::retained::RetainedKey;

/// Names one publish until its PUBACK; never used again within a pump's life.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Token(pub u64);

/// What a publish carries.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Cargo {
    /// The birth.
    Birth,
    /// An answer to a command.
    Answer,
    /// A device's or resident's retained standing.
    Retained(RetainedKey),
    /// Records of a lane.
    Records {
        /// Which lane.
        lane: Lane,
        /// First number.
        from: u64,
        /// Last number.
        to: u64,
        /// How often they were sent before on this connection.
        tries: u32,
    },
}

/// The publishes in flight.
#[derive(Debug, Clone)]
pub struct Window {
    size: usize,
    in_flight: BTreeMap<Token, (Cargo, Mono)>,
    next: u64,
    acknowledged_at: Mono,
}

impl Window {
    /// A closed window.
    #[must_use]
    pub fn new() -> Self {
        Self { size: 0, in_flight: BTreeMap::new(), next: 1, acknowledged_at: Mono(0) }
    }

    /// Opens a window of `size` for a new connection; nothing is in flight.
    pub fn open(&mut self, size: usize) {
        self.size = size;
        self.in_flight.clear();
    }

    /// Closes it and hands back what was in flight, which may or may not have arrived.
    pub fn close(&mut self) -> Vec<Cargo> {
        self.size = 0;
        std::mem::take(&mut self.in_flight).into_values().map(|(cargo, _)| cargo).collect()
    }

    /// Whether an alarm or a birth may leave.
    #[must_use]
    pub fn has_room_for_alarm(&self) -> bool {
        self.in_flight.len() < self.size
    }

    /// Whether anything else may leave.
    #[must_use]
    pub fn has_room(&self) -> bool {
        self.in_flight.len() < self.size - self.size / 4
    }

    /// Whether a message of readings may leave.
    #[must_use]
    pub fn has_room_for_reading(&self) -> bool {
        self.has_room() && self.records(Lane::Reading).count() < READING_MESSAGES_IN_FLIGHT_MAX
    }

    /// Puts something on its way.
    pub fn depart(&mut self, now: Mono, cargo: Cargo) -> Token {
        let token = Token(self.next);
        self.next += 1;
        self.in_flight.insert(token, (cargo, now));
        token
    }

    /// Corrects how far the records of a flight really reach.
    pub fn reach(&mut self, token: Token, end: u64) {
        if let Some((Cargo::Records { to, .. }, _)) = self.in_flight.get_mut(&token) {
            *to = end;
        }
    }

    /// What is on its way under this token.
    #[must_use]
    pub fn cargo(&self, token: Token) -> Option<Cargo> {
        self.in_flight.get(&token).map(|&(cargo, _)| cargo)
    }

    /// Ends a flight: PUBACK, refusal, or it never left. `None` for a token that is not in flight.
    pub fn arrive(&mut self, now: Mono, token: Token) -> Option<Cargo> {
        let (cargo, _) = self.in_flight.remove(&token)?;
        self.acknowledged_at = now;
        Some(cargo)
    }

    /// The numbers of a lane in flight.
    pub fn records(&self, of: Lane) -> impl Iterator<Item = (u64, u64)> + '_ {
        self.in_flight.values().filter_map(move |&(cargo, _)| match cargo {
            Cargo::Records { lane, from, to, .. } if lane == of => Some((from, to)),
            _ => None,
        })
    }

    /// How many publishes are in flight.
    #[must_use]
    pub fn len(&self) -> usize {
        self.in_flight.len()
    }

    /// Whether nothing is in flight.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.in_flight.is_empty()
    }

    /// When the connection counts as stalled: no PUBACK for [`PUBACK_SILENCE`] though something is in flight.
    #[must_use]
    pub fn stalls_at(&self) -> Option<Mono> {
        let oldest = self.in_flight.values().map(|&(_, at)| at).min()?;
        Some(oldest.max(self.acknowledged_at) + PUBACK_SILENCE)
    }

    /// Whether it is stalled.
    #[must_use]
    pub fn is_stalled(&self, now: Mono) -> bool {
        self.stalls_at().is_some_and(|at| at <= now)
    }
}

impl Default for Window {
    fn default() -> Self {
        Self::new()
    }
}

/// Lets a bounded number of sends through in each second.
#[derive(Debug, Clone, Copy, Default)]
pub struct Pace {
    second: Mono,
    used: u32,
}

impl Pace {
    const SECOND: Duration = Duration::from_secs(1);

    /// Whether one more may go in this second.
    #[must_use]
    pub fn allows(&self, now: Mono, per_second: u32) -> bool {
        self.used < per_second || now >= self.refills_at()
    }

    /// One went.
    pub fn went(&mut self, now: Mono) {
        if now >= self.refills_at() {
            *self = Self { second: now, used: 0 };
        }
        self.used += 1;
    }

    /// When the next may go at the latest.
    #[must_use]
    pub fn refills_at(&self) -> Mono {
        self.second + Self::SECOND
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn reading(from: u64) -> Cargo {
        Cargo::Records { lane: Lane::Reading, from, to: from, tries: 0 }
    }

    #[test]
    fn readings_leave_room_for_alarms_even_in_the_smallest_window() {
        for size in 1..=50 {
            let mut window = Window::new();
            window.open(size);
            let mut sent = 0;
            while window.has_room_for_reading() {
                window.depart(Mono(0), reading(sent));
                sent += 1;
            }
            assert!((1..=READING_MESSAGES_IN_FLIGHT_MAX as u64).contains(&sent), "window {size}");
            while window.has_room() {
                window.depart(Mono(0), Cargo::Answer);
            }
            assert_eq!(window.has_room_for_alarm(), size >= 4, "window {size}");
        }
    }

    #[test]
    fn only_silence_with_something_in_flight_is_a_stall() {
        let mut window = Window::new();
        window.open(10);
        assert_eq!(window.stalls_at(), None);
        let first = window.depart(Mono(1_000), Cargo::Birth);
        window.depart(Mono(2_000), Cargo::Answer);
        assert!(!window.is_stalled(Mono(30_999)));
        assert!(window.is_stalled(Mono(31_000)));
        window.arrive(Mono(20_000), first);
        assert!(!window.is_stalled(Mono(49_999)));
        assert!(window.is_stalled(Mono(50_000)));
        assert_eq!(window.arrive(Mono(51_000), first), None);
    }
}
