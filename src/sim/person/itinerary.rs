//! A day of one person, from rising to rising: through which rooms they go, and how they are there.

use super::habits::{Habits, Kind};
use super::whereabouts::{Bearing, Diary, Whereabouts};
use super::{DAY, HOUR, MINUTE};
use crate::sim::chance::Chance;
use crate::sim::place::Room;
use crate::sim::trace::Ms;

/// Meals begin at these times of day; the tables of a village are set within the hour.
const MEALS: [Ms; 2] = [11 * HOUR + 30 * MINUTE, 17 * HOUR + 30 * MINUTE];

/// The day of somebody as it is decided, step by step.
pub(super) struct Itinerary<'a> {
    /// Who.
    pub habits: &'a Habits,
    /// Where it is written.
    pub diary: &'a mut Diary,
    /// Its chance.
    pub chance: &'a mut Chance,
    now: Ms,
}

impl<'a> Itinerary<'a> {
    /// An itinerary that begins at `now`.
    pub(super) fn begin(habits: &'a Habits, diary: &'a mut Diary, chance: &'a mut Chance, now: Ms) -> Itinerary<'a> {
        Itinerary { habits, diary, chance, now }
    }

    /// A day of that kind, until they rise again.
    pub(super) fn day(&mut self, kind: Kind, day: u64, until: Ms) {
        let sleep = (day * DAY + self.habits.sleep + self.chance.below(30 * MINUTE)).min(until - 5 * HOUR);
        match kind {
            Kind::Ill => self.in_bed(sleep),
            Kind::Ordinary => {
                self.morning();
                self.through_the_day(day, sleep, self.habits.outings);
            }
            Kind::Feast { away: true } => {
                self.morning();
                let back = sleep - self.chance.between(HOUR, 4 * HOUR);
                self.until(Room::Elsewhere, Bearing::Out, back);
                self.through_the_day(day, sleep, 0);
            }
            Kind::Feast { away: false } => {
                self.morning();
                self.through_the_day(day, sleep, 0);
            }
        }
        self.stay(Room::Bathroom, Bearing::Up, 4 * MINUTE, 15 * MINUTE);
        self.night(until, if kind == Kind::Ill { 2 * self.habits.nights } else { self.habits.nights });
    }

    /// Asleep, and now and then on the way to the toilet.
    pub(super) fn night(&mut self, until: Ms, per_hundred: u64) {
        let times = self.chance.times(per_hundred);
        let span = until.saturating_sub(self.now);
        for left in (1..=times).rev() {
            let part = until.saturating_sub(self.now) / (left + 1);
            let sleeps = self.chance.between(part / 2, part);
            self.until(Room::Bedroom, Bearing::Asleep, self.now + sleeps);
            if span > HOUR && self.now + 30 * MINUTE < until {
                self.toilet();
            }
        }
        self.until(Room::Bedroom, Bearing::Asleep, until);
    }

    fn morning(&mut self) {
        self.toilet();
        self.stay(Room::Bathroom, Bearing::Up, 4 * MINUTE, 12 * MINUTE);
        self.stay(Room::Kitchen, Bearing::Up, 20 * MINUTE, 45 * MINUTE);
    }

    fn through_the_day(&mut self, day: u64, sleep: Ms, outings: u64) {
        let mut meals = MEALS.map(|meal| day * DAY + meal + self.chance.below(40 * MINUTE)).into_iter().peekable();
        let mut nap = self.habits.naps;
        let mut out = self.chance.percent(outings);
        while self.now < sleep {
            let hour = self.now / HOUR % 24;
            if meals.next_if(|meal| *meal <= self.now).is_some() {
                self.stay(Room::Kitchen, Bearing::Up, 25 * MINUTE, 60 * MINUTE);
            } else if nap && hour == 13 {
                nap = false;
                self.stay(Room::Bedroom, Bearing::Asleep, 30 * MINUTE, 100 * MINUTE);
            } else if out && (8..17).contains(&hour) && self.chance.percent(30) {
                out = self.chance.percent(30);
                self.stay(Room::Elsewhere, Bearing::Out, 20 * MINUTE, 3 * HOUR);
            } else {
                self.pass_time(hour);
            }
        }
    }

    fn pass_time(&mut self, hour: u64) {
        let evening = hour >= 18;
        match self.chance.below(100) {
            0..30 => self.stay(Room::Living, Bearing::Resting, 15 * MINUTE, 70 * MINUTE),
            30..55 => self.stay(Room::Living, Bearing::Up, 5 * MINUTE, 30 * MINUTE),
            55..70 => self.toilet(),
            70..82 if !evening => self.stay(Room::Yard, Bearing::Out, 10 * MINUTE, 50 * MINUTE),
            70..90 => self.stay(Room::Kitchen, Bearing::Up, 4 * MINUTE, 20 * MINUTE),
            _ => self.stay(Room::Bedroom, Bearing::Up, 3 * MINUTE, 12 * MINUTE),
        }
    }

    /// Days in bed, with the way to the toilet and some soup.
    fn in_bed(&mut self, until: Ms) {
        while self.now < until {
            self.stay(Room::Bedroom, Bearing::Resting, 30 * MINUTE, 2 * HOUR);
            if self.chance.percent(20) {
                self.stay(Room::Kitchen, Bearing::Up, 5 * MINUTE, 15 * MINUTE);
            }
            self.toilet();
        }
    }

    /// In the house, or over the yard: the door opens, and somebody is back in a quarter of an hour.
    fn toilet(&mut self) {
        if self.habits.latrine {
            self.stay(Room::Yard, Bearing::Out, 5 * MINUTE, 15 * MINUTE);
        } else {
            self.stay(Room::Bathroom, Bearing::Up, 3 * MINUTE, 12 * MINUTE);
        }
    }

    fn stay(&mut self, room: Room, bearing: Bearing, least: Ms, most: Ms) {
        let until = self.now + self.chance.between(least, most);
        self.until(room, bearing, until);
    }

    fn until(&mut self, room: Room, bearing: Bearing, until: Ms) {
        self.diary.stay(self.now, Whereabouts { room, bearing });
        self.now = self.now.max(until);
    }
}
