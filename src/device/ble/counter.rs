//! Which frame of a device was the last, so that a repeat says nothing twice and an old one is refused.
//!
//! | frame | told by | same | lower |
//! | --- | --- | --- | --- |
//! | sealed with a key | a counter of 32 bits that grows | a repeat | replayed, or a device that began anew |
//! | open | a number of 8 bits, and what the frame says | a repeat | news |
//!
//! A lower number of an open frame is news, because it proves nothing either way: it wraps after 256 frames and begins
//! anew with every battery, and refusing it could cost a press.

use std::collections::BTreeMap;

use super::mac::Mac;
use crate::device::DecodeError;
use crate::limits::RADIO_COUNTERS_MAX;

/// A sealed counter up to this, far below the last one, is that of a device that began anew. judgement: a changed battery
/// is followed by an installer's test within the first hundred frames.
const RESTART_MAX: u32 = 100;

/// Whether a frame says something new.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Heard {
    /// It does.
    New,
    /// It is the last one again: radios repeat each frame, and several bridges hear it.
    Repeat,
}

/// The last frame of each device.
#[derive(Debug, Default)]
pub struct Counters {
    sealed: BTreeMap<Mac, Sealed>,
    open: BTreeMap<Mac, (u8, u32)>,
}

/// The counters of a device whose frames are sealed.
#[derive(Debug, Clone, Copy)]
struct Sealed {
    last: u32,
    /// The last counter before the device began anew.
    before_restart: Option<u32>,
    /// A restart was believed and the old counter went on behind it: that was a replay, and no other is believed.
    deceived: bool,
}

impl Counters {
    /// Takes the counter of a frame whose seal is good.
    ///
    /// # Errors
    /// `Replayed` when the counter does not grow.
    pub fn sealed(&mut self, mac: Mac, counter: u32) -> Result<Heard, DecodeError> {
        let Some(before) = self.sealed.get_mut(&mac) else {
            insert_bounded(&mut self.sealed, mac, Sealed { last: counter, before_restart: None, deceived: false });
            return Ok(Heard::New);
        };
        let last = before.last;
        if counter == last {
            return Ok(Heard::Repeat);
        }
        if counter > last {
            // After a true restart the counter walks past the old one; after a replay it leaps over it.
            let leap = counter - last > RESTART_MAX;
            before.deceived |= before.before_restart.is_some_and(|old| leap && last < old && counter > old);
            before.last = counter;
            return Ok(Heard::New);
        }
        // judgement: no clock tells a long silence here, so distance decides: close below the last is a replay, close to
        // zero and far below is a new battery. A replayed frame of the first hundred gets through once and then never.
        let restart = counter <= RESTART_MAX && last - counter > RESTART_MAX && !before.deceived;
        if !restart {
            return Err(DecodeError::Replayed);
        }
        *before = Sealed { last: counter, before_restart: Some(last), deceived: false };
        Ok(Heard::New)
    }

    /// Takes the number of an open frame, and what it says.
    pub fn open(&mut self, mac: Mac, number: u8, says: &[u8]) -> Heard {
        let now = (number, crc32fast::hash(says));
        match self.open.get_mut(&mac) {
            Some(last) if *last == now => return Heard::Repeat,
            Some(last) => *last = now,
            None => insert_bounded(&mut self.open, mac, now),
        }
        Heard::New
    }
}

fn insert_bounded<T>(map: &mut BTreeMap<Mac, T>, mac: Mac, value: T) {
    if map.len() >= RADIO_COUNTERS_MAX {
        map.pop_first();
    }
    map.insert(mac, value);
}

#[cfg(test)]
mod tests {
    use super::*;

    const MAC: Mac = Mac([0xA4, 0xC1, 0x38, 0, 0, 1]);

    fn all(counters: &[u32]) -> Vec<Result<Heard, DecodeError>> {
        let mut memory = Counters::default();
        counters.iter().map(|counter| memory.sealed(MAC, *counter)).collect()
    }

    #[test]
    fn a_sealed_counter_must_grow_and_may_repeat() {
        let (new, repeat, old) = (Ok(Heard::New), Ok(Heard::Repeat), Err(DecodeError::Replayed));
        assert_eq!(all(&[500, 500, 501, 500, 499, 502]), [new, repeat, new, old, old, new]);
        assert_eq!(all(&[50, 49]), [new, old], "close below is no restart");
    }

    #[test]
    fn a_new_battery_is_believed_and_a_replayed_one_only_once() {
        let (new, old) = (Ok(Heard::New), Err(DecodeError::Replayed));
        assert_eq!(all(&[9_000, 0, 1, 2]), [new, new, new, new]);
        assert_eq!(all(&[9_000, 3, 9_001, 3, 4]), [new, new, new, old, old]);
    }

    #[test]
    fn an_open_frame_is_a_repeat_only_if_it_says_the_same() {
        let mut memory = Counters::default();
        let heard =
            [(7, b"a"), (7, b"a"), (7, b"b"), (6, b"a"), (6, b"a")].map(|(id, says)| memory.open(MAC, id, says));
        assert_eq!(heard, [Heard::New, Heard::Repeat, Heard::New, Heard::New, Heard::Repeat]);
    }

    #[test]
    fn a_flood_of_devices_is_bounded() {
        let mut memory = Counters::default();
        for device in 0..=RADIO_COUNTERS_MAX {
            let [.., a, b, c, d] = device.to_be_bytes();
            memory.open(Mac([0, 0, a, b, c, d]), 1, b"x");
        }
        assert_eq!(memory.open.len(), RADIO_COUNTERS_MAX);
    }
}
