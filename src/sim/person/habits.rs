//! Who somebody is: drawn once from the seed, and the same every day.
//!
//! judgement: all shares, from what carers of such villages tell; none of them is measured.

use super::{DAY, HOUR, MINUTE};
use crate::sim::chance::Chance;
use crate::sim::trace::Ms;

/// A day is one of these.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    /// As always.
    Ordinary,
    /// In bed.
    Ill,
    /// A feast of the village: out all day, or a house full of people.
    Feast {
        /// Nobody is home.
        away: bool,
    },
}

/// What somebody's days have in common.
#[derive(Debug, Clone)]
#[expect(clippy::struct_excessive_bools, reason = "traits of a person, each by itself")]
pub(in crate::sim) struct Habits {
    seed: u64,
    home: u64,
    /// Time of day at which they rise.
    rise: Ms,
    /// Time of day at which they go to bed.
    pub(super) sleep: Ms,
    /// Sleeps after lunch.
    pub(super) naps: bool,
    /// A cat or dog walks through the house.
    pub(super) pet: bool,
    /// Somebody else lives there and moves about, too.
    pub(super) company: bool,
    /// The toilet is in the yard.
    pub(super) latrine: bool,
    /// Does not hear a prompt.
    pub(super) deaf: bool,
    /// Goes out on so many days of a hundred.
    pub(super) outings: u64,
    /// Is called on, on so many days of a hundred.
    pub(super) visits: u64,
    /// Goes to the toilet so often in a night, in hundredths.
    pub(super) nights: u64,
    /// Wears the wearable so often in a hundred, by day.
    pub(super) wears: u64,
}

impl Habits {
    /// The habits of whoever lives in a home.
    pub(super) fn draw(seed: u64, home: usize) -> Habits {
        let home = home as u64;
        let mut chance = Chance::stream(seed, "habits", home);
        Habits {
            seed,
            home,
            rise: chance.between(5 * HOUR, 7 * HOUR + 30 * MINUTE),
            sleep: chance.between(20 * HOUR, 22 * HOUR + 30 * MINUTE),
            naps: chance.percent(60),
            pet: chance.percent(30),
            company: chance.percent(20),
            latrine: chance.percent(35),
            deaf: chance.percent(25),
            outings: chance.between(30, 95),
            visits: chance.between(10, 70),
            nights: chance.between(60, 280),
            wears: chance.between(60, 98),
        }
    }

    /// When they rise on a day.
    pub(super) fn rises(&self, day: u64) -> Ms {
        let mut chance = Chance::stream(self.seed, "rise", self.home << 16 | day);
        day * DAY + self.rise + chance.below(40 * MINUTE)
    }

    /// What kind of day it is for them.
    pub(super) fn kind(&self, day: u64) -> Kind {
        if (0..3).any(|ago| day >= ago && self.falls_ill(day - ago) > ago) {
            return Kind::Ill;
        }
        let feast = Chance::stream(self.seed, "feast", day).percent(12);
        if !feast {
            return Kind::Ordinary;
        }
        Kind::Feast { away: Chance::stream(self.seed, "feast at home", self.home << 16 | day).percent(50) }
    }

    /// For how many days they fall ill on that day; mostly 0.
    fn falls_ill(&self, day: u64) -> u64 {
        let mut chance = Chance::stream(self.seed, "ill", self.home << 16 | day);
        if chance.percent(3) { chance.between(1, 3) } else { 0 }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn habits_are_the_seeds_and_days_come_in_all_kinds() {
        let people: Vec<Habits> = (0..40).map(|home| Habits::draw(5, home)).collect();
        assert_eq!(people[3].rises(2), Habits::draw(5, 3).rises(2));
        let traits: [fn(&Habits) -> bool; 5] =
            [|who| who.latrine, |who| who.company, |who| who.pet, |who| who.naps, |who| who.deaf];
        assert!(traits.iter().all(|has| people.iter().any(has) && !people.iter().all(has)));
        let kinds: Vec<Kind> = people.iter().flat_map(|who| (0..100).map(|day| who.kind(day))).collect();
        for wanted in [Kind::Ordinary, Kind::Ill, Kind::Feast { away: true }, Kind::Feast { away: false }] {
            assert!(kinds.contains(&wanted), "{wanted:?}");
        }
    }
}
