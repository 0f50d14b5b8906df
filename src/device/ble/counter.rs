//! Which words of a device were heard before, so that a copy says nothing twice and an old frame is refused.
//!
//! | frame | told by | the same within a minute | later, or lower |
//! | --- | --- | --- | --- |
//! | sealed with a key | a counter of 32 bits that grows, and what the frame says | a copy | a device that began anew, or replayed |
//! | open | a number of 8 bits, and what the frame says | a copy | news |
//!
//! Design constraints:
//!
//! - A lost press leaves a person on the floor, a false one costs a walk: where a device that began anew and an old frame
//!   look alike, the device is believed. Buttons begin anew with every battery, and nodes in deep sleep with every press.
//! - A lower number of an open frame is news, because it proves nothing either way: it wraps after 256 frames.
//! - A frame of the first hundred that somebody recorded and sends again is believed, until the true counter leaps over it.
//!   No counter of a true device is ever refused for such a deception, only the next low one.
//! - Time comes with the frame ([`Frame::heard_ms`](crate::device::Frame::heard_ms)), and only tells copies from words.

use std::collections::BTreeMap;

use super::mac::Mac;
use crate::device::DecodeError;
use crate::limits::RADIO_COUNTERS_MAX;

/// How long after it was first heard a word is taken for a copy, in milliseconds. Source: CARE-RULES 18, by which what is
/// repeated more than 60 s after the last is a press.
const COPY_MS: u64 = 60_000;

/// A sealed counter up to this that is no higher than the last one may be that of a device that began anew. judgement: a
/// changed battery is followed by an installer's test within the first hundred frames.
const RESTART_MAX: u32 = 100;

/// Copies may come this many frames late. judgement: a bridge that is a minute behind another; a help button sends one or
/// two frames a press.
const LATE_MAX: usize = 8;

/// Whether a frame says something new.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Heard {
    /// It does.
    New,
    /// It does not: radios repeat each frame, and several bridges hear it.
    Repeat,
    /// It says nothing at all, and anybody can have sent it.
    Unproven,
}

/// What the devices last said.
#[derive(Debug, Default)]
pub struct Counters {
    sealed: BTreeMap<Mac, Sealed>,
    open: BTreeMap<Mac, Word>,
}

/// The memory as one frame meets it.
#[derive(Debug)]
pub struct Memory<'a> {
    counters: &'a mut Counters,
    heard_ms: u64,
}

/// What a frame was told by, and when it was first heard.
#[derive(Debug, Clone, Copy)]
struct Word {
    number: u32,
    says: u32,
    heard_ms: u64,
}

/// The counters of a device whose frames are sealed.
#[derive(Debug, Clone, Copy)]
struct Sealed {
    last: u32,
    /// The words that were news, the latest first.
    words: [Option<Word>; LATE_MAX],
    /// How far it had counted before it began anew; 0 when it never did.
    before_restart: u32,
    /// A lower counter is believed only when the last has come this far: a restart was believed and the old counter went on
    /// behind it, so that it was a replay.
    believed_from: u32,
}

impl Counters {
    /// The memory for a frame that was heard at this time.
    pub const fn at(&mut self, heard_ms: u64) -> Memory<'_> {
        Memory { counters: self, heard_ms }
    }
}

impl Memory<'_> {
    /// Takes the counter of a frame whose seal is good, and what it says.
    ///
    /// # Errors
    /// `Replayed` when the counter does not grow, and the device has not begun anew either.
    pub fn sealed(self, mac: Mac, counter: u32, says: &[u8]) -> Result<Heard, DecodeError> {
        let word = Word::new(counter, says, self.heard_ms);
        if let Some(before) = self.counters.sealed.get_mut(&mac) {
            return before.take(word);
        }
        let mut words = [None; LATE_MAX];
        words[0] = Some(word);
        insert_bounded(
            &mut self.counters.sealed,
            mac,
            Sealed { last: counter, words, before_restart: 0, believed_from: 0 },
        );
        Ok(Heard::New)
    }

    /// Takes the number of an open frame, and what it says.
    pub fn open(self, mac: Mac, number: u8, says: &[u8]) -> Heard {
        let word = Word::new(number.into(), says, self.heard_ms);
        match self.counters.open.get_mut(&mac) {
            Some(last) if word.is_copy_of(last) => return Heard::Repeat,
            Some(last) => *last = word,
            None => insert_bounded(&mut self.counters.open, mac, word),
        }
        Heard::New
    }
}

impl Word {
    fn new(number: u32, says: &[u8], heard_ms: u64) -> Self {
        Self { number, says: crc32fast::hash(says), heard_ms }
    }

    /// The time runs from the first copy, not from the last one: who presses every half minute is not to be one long press.
    const fn is_copy_of(&self, earlier: &Self) -> bool {
        self.number == earlier.number && self.says == earlier.says && self.is_within_a_copys_time_of(earlier)
    }

    const fn is_within_a_copys_time_of(&self, earlier: &Self) -> bool {
        self.heard_ms.saturating_sub(earlier.heard_ms) <= COPY_MS
    }
}

impl Sealed {
    fn take(&mut self, word: Word) -> Result<Heard, DecodeError> {
        if self.words.iter().flatten().any(|earlier| word.is_copy_of(earlier)) {
            return Ok(Heard::Repeat);
        }
        if word.number > self.last {
            self.go_on(word);
            return Ok(Heard::New);
        }
        // Whatever the distance: a button that was changed at 80, or whose battery fell out at 3, counts from 0 again.
        if word.number <= RESTART_MAX && self.last >= self.believed_from {
            self.begin_anew(word);
            return Ok(Heard::New);
        }
        if self.is_late(&word) { Ok(Heard::Repeat) } else { Err(DecodeError::Replayed) }
    }

    fn go_on(&mut self, word: Word) {
        // After a true restart the counter walks past the old one; after a replay it leaps over it. A device that nobody
        // heard for so long leaps too, so it is held against it for no longer than a replay could gain by it.
        let leap = word.number - self.last > RESTART_MAX;
        if leap && self.last < self.before_restart && word.number > self.before_restart {
            self.believed_from = word.number.saturating_add(RESTART_MAX);
        }
        self.last = word.number;
        self.note(word);
    }

    fn begin_anew(&mut self, word: Word) {
        // Who begins anew twice in a row, or is replayed twice, has still come as far as before the first time.
        if self.last > RESTART_MAX || self.last > self.before_restart {
            self.before_restart = self.last;
        }
        self.believed_from = 0;
        self.last = word.number;
        self.note(word);
    }

    /// Whether it is one of the frames just before the last new one, which a slower bridge hands on behind it. What it says
    /// is older than what was said, and how long ago it was sealed nobody knows.
    fn is_late(&self, word: &Word) -> bool {
        let behind = usize::try_from(self.last - word.number).unwrap_or(usize::MAX);
        let in_time = |[newest, ..]: &[Option<Word>; LATE_MAX]| {
            newest.is_some_and(|newest| word.is_within_a_copys_time_of(&newest))
        };
        behind <= LATE_MAX && in_time(&self.words)
    }

    fn note(&mut self, word: Word) {
        self.words.rotate_right(1);
        self.words[0] = Some(word);
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

    const NEW: Result<Heard, DecodeError> = Ok(Heard::New);
    const COPY: Result<Heard, DecodeError> = Ok(Heard::Repeat);
    const OLD: Result<Heard, DecodeError> = Err(DecodeError::Replayed);

    const HOUR: u64 = 3_600;

    /// Sealed frames at these seconds with these counters, and what must come of each.
    #[track_caller]
    fn sealed(table: &[(u64, u32, Result<Heard, DecodeError>)]) {
        let mut memory = Counters::default();
        for (line, (second, counter, expected)) in table.iter().enumerate() {
            let heard = memory.at(second * 1_000).sealed(MAC, *counter, &counter.to_le_bytes());
            assert_eq!(heard, *expected, "line {line}: counter {counter} at {second} s");
        }
    }

    /// Open frames at these seconds with these numbers and words, and what must come of each.
    #[track_caller]
    fn open(table: &[(u64, u8, &str, Heard)]) {
        let mut memory = Counters::default();
        for (line, (second, number, says, expected)) in table.iter().enumerate() {
            let heard = memory.at(second * 1_000).open(MAC, *number, says.as_bytes());
            assert_eq!(heard, *expected, "line {line}: number {number} at {second} s");
        }
    }

    #[test]
    fn a_sealed_counter_must_grow_and_its_copies_say_nothing() {
        sealed(&[(0, 500, NEW), (1, 500, COPY), (60, 500, COPY), (HOUR, 501, NEW), (HOUR, 501, COPY)]);
        sealed(&[(0, 500, NEW), (61, 500, OLD), (HOUR, 499, OLD), (HOUR, 101, OLD), (HOUR, 501, NEW)]);
    }

    #[test]
    fn copies_of_two_bridges_may_come_out_of_order() {
        sealed(&[(0, 500, NEW), (1, 501, NEW), (1, 500, COPY), (2, 502, NEW), (2, 501, COPY), (2, 500, COPY)]);
        sealed(&[(0, 50, NEW), (1, 51, NEW), (1, 50, COPY), (2, 51, COPY), (3, 52, NEW), (3, 50, COPY)]);
        sealed(&[(0, 5_000, NEW), (9, 0, NEW), (10, 5_000, COPY), (11, 1, NEW), (11, 0, COPY), (12, 2, NEW)]);
    }

    #[test]
    fn a_late_frame_that_was_never_heard_is_a_copy_only_close_behind_a_new_one() {
        sealed(&[(0, 500, NEW), (60, 492, COPY), (60, 491, OLD), (61, 499, OLD), (62, 501, NEW), (63, 499, COPY)]);
        // In the first hundred it may be a device that began anew, and is heard.
        sealed(&[(0, 50, NEW), (1, 49, NEW), (1, 50, COPY), (2, 51, NEW)]);
    }

    #[test]
    fn a_changed_battery_is_believed_at_once_whatever_the_counter_was() {
        for last in [1, 3, 80, 100, 101, 150, 200, 201, 5_000, u32::MAX] {
            sealed(&[(0, last, NEW), (HOUR, 0, NEW), (HOUR, 0, COPY), (2 * HOUR, 1, NEW), (9 * HOUR, 2, NEW)]);
            sealed(&[(0, last, NEW), (1, 0, NEW), (1, last, COPY), (2, 0, COPY)]);
        }
        // The test of the installer was not heard, but the press after it.
        sealed(&[(0, 150, NEW), (HOUR, 7, NEW), (2 * HOUR, 8, NEW)]);
    }

    #[test]
    fn a_battery_that_falls_out_again_and_again_costs_no_press() {
        sealed(&[(0, 3, NEW), (HOUR, 0, NEW), (2 * HOUR, 0, NEW), (2 * HOUR + 1, 0, COPY), (3 * HOUR, 0, NEW)]);
        sealed(&[(0, 5_000, NEW), (100, 0, NEW), (110, 1, NEW), (200, 0, NEW), (300, 1, NEW), (400, 0, NEW)]);
        sealed(&[(0, 5, NEW), (61, 5, NEW), (122, 5, NEW), (123, 6, NEW), (124, 5, COPY)]);
    }

    #[test]
    fn a_counter_that_began_anew_within_the_minute_is_told_from_a_copy_by_its_words() {
        let mut memory = Counters::default();
        let mut hear =
            |counter, says: &str, second: u64| memory.at(second * 1_000).sealed(MAC, counter, says.as_bytes());
        assert_eq!(hear(0, "battery", 0), NEW);
        assert_eq!(hear(0, "press", 20), NEW, "the battery was seated again, and the first frame is the press");
        assert_eq!(hear(0, "press", 21), COPY);
    }

    #[test]
    fn a_replay_of_the_first_hundred_ends_when_the_true_counter_leaps_over_it() {
        let leap = [(0, 5_000, NEW), (HOUR, 3, NEW), (HOUR + 1, 4, NEW), (2 * HOUR, 5_001, NEW)];
        let refused = [(3 * HOUR, 3, OLD), (3 * HOUR, 4, OLD), (3 * HOUR, 100, OLD), (3 * HOUR, 5_000, OLD)];
        let onward = [(4 * HOUR, 5_002, NEW), (5 * HOUR, 0, OLD), (6 * HOUR, 5_100, NEW), (7 * HOUR, 3, OLD)];
        sealed(&[leap, refused, onward].concat());
        // Two replays in a row hide the true counter no better than one.
        sealed(&[(0, 5_000, NEW), (HOUR, 90, NEW), (2 * HOUR, 3, NEW), (3 * HOUR, 5_001, NEW), (4 * HOUR, 3, OLD)]);
        let ran_on = [(0, 5_000, NEW), (HOUR, 99, NEW), (HOUR, 102, NEW), (2 * HOUR, 3, NEW)];
        sealed(&[&ran_on[..], &[(3 * HOUR, 5_001, NEW), (4 * HOUR, 3, OLD)]].concat());
    }

    #[test]
    fn no_replay_makes_the_true_device_be_refused() {
        for last in [2_u32, 80, 150, 5_000] {
            let replays = [(0, last, NEW), (HOUR, 0, NEW), (HOUR, 1, NEW)];
            sealed(&[&replays[..], &[(2 * HOUR, last + 1, NEW), (3 * HOUR, last + 2, NEW)]].concat());
        }
    }

    #[test]
    fn a_deception_is_forgotten_when_the_counter_has_gone_on_for_a_hundred_frames() {
        let deceived = [(0, 5_000, NEW), (HOUR, 3, NEW), (2 * HOUR, 5_001, NEW), (3 * HOUR, 0, OLD)];
        let changed = [(5 * HOUR, 0, NEW), (6 * HOUR, 1, NEW), (7 * HOUR, 0, NEW), (8 * HOUR, 1, NEW)];
        sealed(&[&deceived[..], &[(4 * HOUR, 5_101, NEW)], &changed].concat());
        // A true new battery, then so long a gap that it looked like a replay.
        let gap = [(0, 300, NEW), (HOUR, 0, NEW), (9 * HOUR, 450, NEW), (10 * HOUR, 550, NEW), (11 * HOUR, 0, NEW)];
        sealed(&gap);
        // A battery that falls out twice and a short gap do not even look like one.
        sealed(&[(0, 5_000, NEW), (100, 3, NEW), (200, 0, NEW), (300, 150, NEW), (400, 0, NEW)]);
    }

    #[test]
    fn after_a_restart_of_the_house_the_first_frame_of_a_device_is_news_whatever_its_counter() {
        sealed(&[(0, 5_000, NEW), (1, 5_000, COPY), (2, 5_001, NEW)]);
        sealed(&[(0, 0, NEW), (HOUR, 1, NEW)]);
        // The replay that the empty memory let through is over with the true device's next word.
        sealed(&[(0, 3, NEW), (HOUR, 5_001, NEW), (HOUR + 1, 5_001, COPY), (2 * HOUR, 5_002, NEW)]);
    }

    #[test]
    fn an_open_frame_is_a_copy_only_if_it_says_the_same_within_the_minute() {
        use Heard::{New, Repeat};
        open(&[(0, 7, "a", New), (1, 7, "a", Repeat), (2, 7, "b", New), (3, 6, "a", New), (4, 6, "a", Repeat)]);
        // A node in deep sleep begins at the same number with every press.
        open(&[
            (0, 0, "press", New),
            (2, 0, "press", Repeat),
            (HOUR, 0, "press", New),
            (HOUR + 60, 0, "press", Repeat),
        ]);
        open(&[(0, 0, "press", New), (40, 0, "press", Repeat), (61, 0, "press", New), (100, 0, "press", Repeat)]);
    }

    #[test]
    fn a_flood_of_devices_is_bounded() {
        let mut memory = Counters::default();
        for device in 0..=RADIO_COUNTERS_MAX {
            let [.., a, b, c, d] = device.to_be_bytes();
            let mac = Mac([0, 0, a, b, c, d]);
            memory.at(0).open(mac, 1, b"x");
            memory.at(0).sealed(mac, 1, b"x").expect("the first");
        }
        assert_eq!((memory.open.len(), memory.sealed.len()), (RADIO_COUNTERS_MAX, RADIO_COUNTERS_MAX));
    }
}
