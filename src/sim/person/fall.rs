//! Falls, and what follows: some are told by a device, some by a button, and some by nobody.

use super::habits::Habits;
use super::whereabouts::{Bearing, Diary, Whereabouts};
use super::{Deed, HOUR, MINUTE, SECOND};
use crate::sim::chance::Chance;
use crate::sim::place::Room;
use crate::sim::trace::Ms;

/// How somebody falls.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    /// From standing, with an impact.
    Standing,
    /// Slides down, softly: no device says anything.
    Slide,
    /// In the bathroom, where the wearable is often off.
    Bathroom,
    /// Beside the door, on coming home.
    AtDoor,
    /// Out of bed, at night.
    OutOfBed,
}

const KINDS: [Kind; 5] = [Kind::Standing, Kind::Slide, Kind::Bathroom, Kind::AtDoor, Kind::OutOfBed];

/// What follows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum After {
    /// Gets up again after a moment.
    GetsUp,
    /// Gets up and cancels on the wearable.
    Cancels,
    /// Gets up, and presses the cancel button because the prompt asks.
    AnswersPrompt,
    /// Presses the button, or that of the wearable.
    Presses,
    /// Cannot reach it, and crawls.
    Crawls,
    /// Lies still until somebody comes.
    LiesStill,
}

/// A fall of somebody in that span, into their diary; what devices are told of it.
pub(super) fn happen(
    habits: &Habits,
    diary: &mut Diary,
    span: std::ops::Range<Ms>,
    chance: &mut Chance,
) -> Vec<(Ms, Deed)> {
    let kind = KINDS[chance.index(KINDS.len())];
    let Some((at, room)) = moment(kind, diary, span, chance) else { return Vec::new() };
    let after = follow(habits, chance);
    let lies = match after {
        After::GetsUp | After::Cancels | After::AnswersPrompt => chance.between(5 * SECOND, 3 * MINUTE),
        After::Presses => chance.between(15 * MINUTE, 60 * MINUTE),
        After::Crawls | After::LiesStill => chance.between(40 * MINUTE, 9 * HOUR),
    };
    let bearing = Bearing::OnFloor { crawls: after == After::Crawls };
    diary.interrupt(at, at + lies, Whereabouts { room, bearing });
    told(habits, kind, after, at, room, chance)
}

/// When and where somebody falls so: in a stay that fits, if there is one.
fn moment(kind: Kind, diary: &Diary, span: std::ops::Range<Ms>, chance: &mut Chance) -> Option<(Ms, Room)> {
    let stays = diary.between(span.start, span.end);
    let pairs = stays.windows(2).filter_map(|pair| match pair {
        [(begin, here), (end, next)] => {
            let (room, bearing) = (here.room, here.bearing);
            let inside = begin + chance.below(end - begin);
            match kind {
                Kind::Standing | Kind::Slide => (bearing == Bearing::Up).then_some((inside, room)),
                Kind::Bathroom => (room == Room::Bathroom && bearing == Bearing::Up).then_some((inside, room)),
                Kind::AtDoor => (!here.indoors() && next.indoors()).then_some((*end + SECOND, Room::Living)),
                Kind::OutOfBed => (bearing == Bearing::Asleep).then_some((inside, Room::Bedroom)),
            }
        }
        _ => None,
    });
    let fitting: Vec<(Ms, Room)> = pairs.collect();
    fitting.get(chance.index(fitting.len())).copied()
}

fn follow(habits: &Habits, chance: &mut Chance) -> After {
    match chance.below(100) {
        0..20 => After::GetsUp,
        20..35 => After::Cancels,
        // Who does not hear the prompt does not answer it.
        35..50 if !habits.deaf => After::AnswersPrompt,
        35..65 => After::Presses,
        65..80 => After::Crawls,
        _ => After::LiesStill,
    }
}

fn told(habits: &Habits, kind: Kind, after: After, at: Ms, room: Room, chance: &mut Chance) -> Vec<(Ms, Deed)> {
    let mut deeds = Vec::new();
    let worn = match kind {
        Kind::Slide => false,
        Kind::Bathroom | Kind::OutOfBed => chance.percent(habits.wears / 2),
        Kind::Standing | Kind::AtDoor => chance.percent(habits.wears),
    };
    let radar = kind != Kind::Slide && room == Room::Bedroom;
    let cleared_after = (after == After::Cancels).then(|| chance.between(3 * SECOND, 40 * SECOND));
    if worn || radar {
        let sure = chance.percent(60);
        deeds.push((at + SECOND, Deed::Falls { sure, radar, worn, cleared_after }));
    }
    match after {
        After::Presses => {
            let pressed = at + chance.between(10 * SECOND, 10 * MINUTE);
            deeds.push((pressed, if worn { Deed::PressesPendant } else { Deed::Presses }));
        }
        After::AnswersPrompt => deeds.push((at + chance.between(4 * SECOND, MINUTE), Deed::PressesCancel)),
        After::GetsUp | After::Cancels | After::Crawls | After::LiesStill => {}
    }
    deeds
}
