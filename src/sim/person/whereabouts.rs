//! The truth about a person: where they are and how, from the first night to the last, whatever devices say of it.
//!
//! Sensors are driven by it, and whoever judges silence or an over-stay is judged against it.

use crate::sim::place::Room;
use crate::sim::trace::Ms;

/// How somebody is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::sim) enum Bearing {
    /// Asleep.
    Asleep,
    /// Sits or lies, awake.
    Resting,
    /// Up and about.
    Up,
    /// Lies on the floor and cannot get up.
    OnFloor {
        /// Crawls, so that a room sensor sees it.
        crawls: bool,
    },
    /// Out of the house.
    Out,
}

/// Where somebody is, and how.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::sim) struct Whereabouts {
    /// In which room.
    pub room: Room,
    /// How.
    pub bearing: Bearing,
}

/// Where one resident has been and will be, as far as it is decided.
#[derive(Debug, Clone, Default)]
pub(in crate::sim) struct Diary {
    stays: Vec<(Ms, Whereabouts)>,
}

impl Whereabouts {
    /// In bed in the first night.
    pub(super) const ASLEEP: Whereabouts = Whereabouts { room: Room::Bedroom, bearing: Bearing::Asleep };

    /// Whether somebody lies in bed.
    pub(super) const fn in_bed(self) -> bool {
        matches!((self.room, self.bearing), (Room::Bedroom, Bearing::Asleep | Bearing::Resting))
    }

    /// Whether somebody is inside the walls.
    pub(super) const fn indoors(self) -> bool {
        !matches!(self.room, Room::Yard | Room::Elsewhere)
    }
}

impl Diary {
    /// Where they are at that time.
    pub(in crate::sim) fn at(&self, now: Ms) -> Whereabouts {
        let after = self.stays.partition_point(|(at, _)| *at <= now);
        after.checked_sub(1).and_then(|last| self.stays.get(last)).map_or(Whereabouts::ASLEEP, |(_, where_)| *where_)
    }

    /// From then on they are there.
    pub(super) fn stay(&mut self, at: Ms, whereabouts: Whereabouts) {
        let at = self.stays.last().map_or(at, |(last, _)| at.max(*last));
        if self.stays.last().is_none_or(|(_, last)| *last != whereabouts) {
            self.stays.push((at, whereabouts));
        }
    }

    /// Something comes between: from `at` to `until` they are there, and then wherever they would have been.
    pub(super) fn interrupt(&mut self, at: Ms, until: Ms, whereabouts: Whereabouts) {
        let then = self.at(until);
        self.stays.retain(|(begin, _)| *begin < at || *begin > until);
        let place = self.stays.partition_point(|(begin, _)| *begin < at);
        self.stays.splice(place..place, [(at, whereabouts), (until, then)]);
    }

    /// The stays that begin in that span, in order.
    pub(super) fn between(&self, from: Ms, to: Ms) -> &[(Ms, Whereabouts)] {
        let begin = self.stays.partition_point(|(at, _)| *at < from);
        let end = self.stays.partition_point(|(at, _)| *at < to);
        self.stays.get(begin..end).unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn up(room: Room) -> Whereabouts {
        Whereabouts { room, bearing: Bearing::Up }
    }

    #[test]
    fn a_fall_comes_between_and_the_day_goes_on_where_it_would_have_been() {
        let mut diary = Diary::default();
        for (at, room) in [(100, Room::Kitchen), (200, Room::Living), (300, Room::Bathroom)] {
            diary.stay(at, up(room));
        }
        assert_eq!((diary.at(50), diary.at(100)), (Whereabouts::ASLEEP, up(Room::Kitchen)));
        let floor = Whereabouts { room: Room::Kitchen, bearing: Bearing::OnFloor { crawls: false } };
        diary.interrupt(150, 250, floor);
        let seen: Vec<Whereabouts> = [149, 150, 249, 250, 300].map(|at| diary.at(at)).to_vec();
        assert_eq!(seen, [up(Room::Kitchen), floor, floor, up(Room::Living), up(Room::Bathroom)]);
        assert_eq!(diary.between(150, 300).len(), 2);
    }
}
