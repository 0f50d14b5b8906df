//! A telephone: on, off, busy, out of reach at night.

use super::times::is_night;
use crate::sim::chance::Chance;
use crate::sim::trace::Ms;

const HOUR: Ms = 3_600_000;
/// Somebody talks for so long at a time.
const TALK: Ms = 120_000;

/// Whether somebody can be reached.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Reach {
    /// It rings, and letters arrive.
    On,
    /// They talk; letters arrive.
    Busy,
    /// It is off, or far from every mast.
    Off,
}

/// One telephone, the same however often it is asked.
#[derive(Debug, Clone, Copy)]
pub(super) struct Telephone {
    /// The village's seed.
    pub seed: u64,
    /// Which.
    pub number: u64,
    /// Its owner switches it off to sleep.
    pub sleeps: bool,
}

impl Telephone {
    /// How it is at that moment.
    pub(super) fn reach(self, now: Ms) -> Reach {
        let mut off = Chance::stream(self.seed, "off", (self.number << 32) | (now / HOUR));
        let mut busy = Chance::stream(self.seed, "busy", (self.number << 32) | (now / TALK));
        match () {
            () if (self.sleeps && is_night(now)) || off.percent(6) => Reach::Off,
            () if busy.percent(4) => Reach::Busy,
            () => Reach::On,
        }
    }

    /// When letters arrive on it, from then on.
    pub(super) fn on_at(self, now: Ms) -> Ms {
        let mut at = now;
        // A day and some has an hour in which every telephone is on.
        for _ in 0..48 {
            if self.reach(at) != Reach::Off {
                return at;
            }
            at = (at / HOUR + 1) * HOUR;
        }
        at
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_telephone_that_sleeps_is_off_at_night_and_gets_its_letters_in_the_morning() {
        let phone = Telephone { seed: 3, number: 7, sleeps: true };
        assert_eq!(phone.reach(23 * HOUR), Reach::Off);
        let on = phone.on_at(23 * HOUR);
        assert!(on >= 31 * HOUR && phone.reach(on) != Reach::Off);
        let awake = Telephone { sleeps: false, ..phone };
        let reached = (0..1_000).filter(|hour| awake.reach(hour * HOUR) == Reach::On).count();
        assert!((850..=950).contains(&reached), "{reached}");
    }
}
