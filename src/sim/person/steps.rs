//! From where somebody is to what a home's sensors notice: motion, doors, beds, a radar's presence.

use std::ops::Range;

use super::habits::{Habits, Kind};
use super::whereabouts::{Bearing, Diary, Whereabouts};
use super::{Deed, HOUR, MINUTE, SECOND};
use crate::sim::chance::Chance;
use crate::sim::place::{Make, Place, Room};
use crate::sim::trace::Ms;

/// A door stands open so long when somebody goes through.
const DOOR_OPEN: Range<Ms> = 3 * SECOND..20 * SECOND;

/// What of a home notices somebody.
struct Sensors {
    motion: Vec<(Room, usize)>,
    /// Sees whoever is in the bedroom.
    radar: Option<usize>,
    bed: Option<usize>,
    door: Option<usize>,
}

impl Sensors {
    fn of(place: &Place, home: usize) -> Sensors {
        let kits = || place.homes.get(home).into_iter().flat_map(|home| &home.kits).copied();
        let motion = kits().filter(|kit| place.kits[*kit].make == Make::Motion);
        Sensors {
            motion: motion.map(|kit| (place.kits[kit].room, kit)).collect(),
            radar: place.kit(home, |make| make == Make::Radar),
            bed: place.kit(home, |make| make == Make::Bed),
            door: place.kit(home, |make| make == Make::Door),
        }
    }
}

/// One home's day, noticed.
pub(super) struct Steps<'a> {
    sensors: Sensors,
    chance: &'a mut Chance,
    deeds: &'a mut Vec<(Ms, Deed)>,
}

impl<'a> Steps<'a> {
    /// Notices of a home, written into `deeds`.
    pub(super) fn of(place: &Place, home: usize, chance: &'a mut Chance, deeds: &'a mut Vec<(Ms, Deed)>) -> Self {
        Steps { sensors: Sensors::of(place, home), chance, deeds }
    }

    /// What is noticed of the resident in a span.
    pub(super) fn resident(&mut self, diary: &Diary, span: &Range<Ms>) {
        let mut before = diary.at(span.start.saturating_sub(1));
        let stays = diary.between(span.start, span.end);
        for (index, (at, here)) in stays.iter().enumerate() {
            let until = stays.get(index + 1).map_or(span.end, |(next, _)| *next);
            self.changes(*at, before, *here);
            self.stays(*at, until, *here);
            before = *here;
        }
    }

    /// Pets, and whoever else lives there.
    pub(super) fn others(&mut self, habits: &Habits, span: &Range<Ms>) {
        let times = if habits.pet { 12 } else { 0 } + if habits.company { 30 } else { 0 };
        for _ in 0..times {
            let at = span.start + self.chance.below(span.end - span.start);
            if let Some(room) = [Room::Living, Room::Kitchen].get(self.chance.index(2)) {
                self.seen(at, *room);
            }
        }
    }

    /// People who call: through the door and into the living room, whether somebody is home or not.
    pub(super) fn visitors(&mut self, habits: &Habits, kind: Kind, diary: &Diary, span: &Range<Ms>) {
        let times = match kind {
            Kind::Feast { away: false } => self.chance.between(4, 10),
            Kind::Feast { away: true } => 0,
            Kind::Ill => 1 + self.chance.times(habits.visits),
            Kind::Ordinary => self.chance.times(habits.visits),
        };
        for _ in 0..times {
            let at = span.start + self.chance.below(10 * HOUR);
            let leaves = at + self.chance.between(5 * MINUTE, 90 * MINUTE);
            if leaves >= span.end || !diary.at(at).indoors() {
                continue;
            }
            self.door(at);
            self.busy(at, leaves, Room::Living, 3 * MINUTE);
            self.door(leaves);
        }
    }

    fn changes(&mut self, at: Ms, before: Whereabouts, here: Whereabouts) {
        if before.indoors() != here.indoors() {
            self.door(at);
        }
        if before.room != here.room {
            // The living room lies between all others.
            self.seen(at, Room::Living);
            self.seen(at + 2 * SECOND, here.room);
        }
        for (kit, was, is) in [
            (self.sensors.bed, before.in_bed(), here.in_bed()),
            (self.sensors.radar, before.room == Room::Bedroom, here.room == Room::Bedroom),
        ] {
            if let Some(kit) = kit.filter(|_| was != is) {
                self.deeds.push((at + SECOND, Deed::Occupies { kit, on: is }));
            }
        }
    }

    fn stays(&mut self, from: Ms, until: Ms, here: Whereabouts) {
        let every = match here.bearing {
            Bearing::Up => 3 * MINUTE,
            Bearing::Resting => 14 * MINUTE,
            Bearing::Asleep => 80 * MINUTE,
            Bearing::OnFloor { crawls: true } => 90 * SECOND,
            Bearing::OnFloor { crawls: false } | Bearing::Out => return,
        };
        self.busy(from, until, here.room, every);
    }

    /// Somebody moves in a room about so often.
    fn busy(&mut self, from: Ms, until: Ms, room: Room, every: Ms) {
        if !self.sensors.motion.iter().any(|(seen, _)| *seen == room) {
            return;
        }
        let mut now = from + self.chance.between(every / 2, every * 3 / 2);
        while now < until {
            self.seen(now, room);
            now += self.chance.between(every / 2, every * 3 / 2);
        }
    }

    fn seen(&mut self, at: Ms, room: Room) {
        let kit = self.sensors.motion.iter().find(|(seen, _)| *seen == room).map(|(_, kit)| *kit);
        self.deeds.extend(kit.map(|kit| (at, Deed::Moves { kit })));
    }

    fn door(&mut self, at: Ms) {
        let Some(kit) = self.sensors.door else { return };
        self.deeds.push((at, Deed::Door { kit, open: true }));
        let closed = at + self.chance.between(DOOR_OPEN.start, DOOR_OPEN.end);
        self.deeds.push((closed, Deed::Door { kit, open: false }));
    }
}
