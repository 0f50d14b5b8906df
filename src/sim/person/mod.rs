//! Days of people and things: what truly happens in a home, and when. Nothing here knows of sensors' words or of the box.
//!
//! A resident's day is an itinerary from rising to rising, by habits drawn once. What sensors notice follows from where
//! the person truly is ([`Whereabouts`]), and not from a rate.
//!
//! Calls, falls and hazards come far more often than in life, so that a day of ten homes has every kind of alarm; the rest
//! of the day is a real day's. judgement: all rates.

mod whereabouts;

mod habits;

mod itinerary;

mod fall;

mod steps;

mod things;

use self::habits::Habits;
use self::itinerary::Itinerary;
use self::steps::Steps;
use self::things::some_time;
pub(in crate::sim) use self::whereabouts::{Diary, Whereabouts};
use super::chance::Chance;
use super::place::{Place, Standing};
use super::trace::Ms;
use crate::core::roster::Service;

const SECOND: Ms = 1_000;
const MINUTE: Ms = 60 * SECOND;
const HOUR: Ms = 60 * MINUTE;
/// A day.
pub(super) const DAY: Ms = 24 * HOUR;

/// A resident is paused or leaves on so many of a thousand days.
const LEAVES: u64 = 12;

/// What happens.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Deed {
    /// Somebody moves where the sensor sees it.
    Moves {
        /// Which sensor.
        kit: usize,
    },
    /// The door opens or closes.
    Door {
        /// Which contact.
        kit: usize,
        /// It opens.
        open: bool,
    },
    /// Somebody lies down on a mat or comes under a radar, or leaves it.
    Occupies {
        /// Which.
        kit: usize,
        /// They come.
        on: bool,
    },
    /// The help button is pressed.
    Presses,
    /// The button of the wearable is pressed; the one on the wall where there is no wearable.
    PressesPendant,
    /// The cancel button is pressed.
    PressesCancel,
    /// A fall that a device could notice.
    Falls {
        /// The device is sure.
        sure: bool,
        /// Under the ceiling radar.
        radar: bool,
        /// The wearable is on.
        worn: bool,
        /// The wearer cancels on the wearable after this long.
        cleared_after: Option<Ms>,
    },
    /// A detector's hazard comes or goes.
    Hazard {
        /// Which detector.
        kit: usize,
        /// It comes.
        on: bool,
    },
    /// A device's charge changes: it runs down, or its battery is replaced.
    Charge {
        /// Which.
        kit: usize,
        /// Per cent.
        percent: u8,
    },
    /// A case is opened or closed.
    Tampers {
        /// Which.
        kit: usize,
        /// Opened.
        open: bool,
    },
    /// A device falls silent for a time.
    FallsSilent {
        /// Which.
        kit: usize,
        /// For how long.
        span: Ms,
    },
    /// A button that is not enrolled is pressed.
    StrangePress {
        /// Which.
        kit: usize,
    },
    /// The station's keeper holds a drill.
    Drill,
    /// A battery dies within that time: the charge falls, words become rare, then there are none until it is replaced.
    Dies {
        /// Which device's.
        kit: usize,
        /// In so long.
        span: Ms,
    },
    /// A sensor is stuck on.
    Sticks {
        /// Which.
        kit: usize,
        /// For how long.
        span: Ms,
    },
    /// A sensor chatters.
    Chatters {
        /// Which.
        kit: usize,
        /// For how long.
        span: Ms,
    },
    /// A device starts again and tells its old level.
    Reboots {
        /// Which.
        kit: usize,
    },
    /// A device is joined to its bridge again, under the same address.
    RePairs {
        /// Which.
        kit: usize,
    },
    /// The resident's record changes (CARE-RULES 26).
    Serves {
        /// To this.
        service: Service,
    },
}

/// Something that will happen.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Planned {
    /// When.
    pub at: Ms,
    /// In which home.
    pub home: usize,
    /// What.
    pub deed: Deed,
}

/// Everybody who lives in the village, and the truth about them.
#[derive(Debug)]
pub(super) struct People {
    seed: u64,
    habits: Vec<Habits>,
    diaries: Vec<Diary>,
}

impl People {
    /// Whoever lives in these homes.
    pub(super) fn new(place: &Place, seed: u64) -> People {
        let habits: Vec<Habits> = (0..place.homes.len()).map(|home| Habits::draw(seed, home)).collect();
        let diaries = vec![Diary::default(); habits.len()];
        People { seed, habits, diaries }
    }

    /// Where the resident of a home truly is. Known for the days that were begun.
    pub(super) fn whereabouts(&self, home: usize, now: Ms) -> Whereabouts {
        self.diaries.get(home).map_or(Whereabouts::ASLEEP, |diary| diary.at(now))
    }

    /// The next day of the whole village, from everybody's rising to their rising on the day after. Days are begun one
    /// after another; the first one has the night before it.
    pub(super) fn begin_day(&mut self, place: &Place, day: u64) -> Vec<Planned> {
        let mut plan = Vec::new();
        for (home, (habits, diary)) in self.habits.iter().zip(&mut self.diaries).enumerate() {
            let mut chance = Chance::stream(self.seed, "day", day * 1_000_000 + home as u64);
            let deeds = day_of(place, home, habits, diary, day, &mut chance);
            plan.extend(deeds.into_iter().map(|(at, deed)| Planned { at, home, deed }));
        }
        let mut chance = Chance::stream(self.seed, "strange", day);
        strange_things(place, day * DAY, &mut chance, &mut plan);
        plan
    }
}

fn day_of(
    place: &Place,
    home: usize,
    habits: &Habits,
    diary: &mut Diary,
    day: u64,
    chance: &mut Chance,
) -> Vec<(Ms, Deed)> {
    let (rises, until, kind) = (habits.rises(day), habits.rises(day + 1), habits.kind(day));
    let begin = if day == 0 { 0 } else { rises };
    if day == 0 {
        Itinerary::begin(habits, diary, chance, 0).night(rises, 150);
    }
    Itinerary::begin(habits, diary, chance, rises).day(kind, day, until);
    let mut deeds = Vec::new();
    for _ in 0..chance.times(75) {
        deeds.extend(fall::happen(habits, diary, begin..until, chance));
    }
    let mut steps = Steps::of(place, home, chance, &mut deeds);
    steps.resident(diary, &(begin..until));
    steps.others(habits, &(begin..until));
    steps.visitors(habits, kind, diary, &(rises..until));
    calls(day * DAY, chance, &mut deeds);
    things::day(place, home, day * DAY, chance, &mut deeds);
    leaves(day * DAY, chance, &mut deeds);
    deeds
}

/// Help calls, some of them insistent, and cancel buttons pressed for no reason or after the call.
fn calls(begin: Ms, chance: &mut Chance, deeds: &mut Vec<(Ms, Deed)>) {
    for _ in 0..chance.times(110) {
        let mut at = begin + some_time(chance);
        let pendant = chance.percent(25);
        let presses = if chance.percent(35) { chance.between(2, 4) } else { 1 };
        for _ in 0..presses {
            deeds.push((at, if pendant { Deed::PressesPendant } else { Deed::Presses }));
            at += chance.between(12 * SECOND, 150 * SECOND);
        }
        if chance.percent(20) {
            deeds.push((at, Deed::PressesCancel));
        }
    }
}

/// The resident goes to hospital for a while, moves to the children, or dies.
fn leaves(begin: Ms, chance: &mut Chance, deeds: &mut Vec<(Ms, Deed)>) {
    if !chance.per_mille(LEAVES) {
        return;
    }
    let at = begin + some_time(chance);
    let service = match chance.below(4) {
        0 => Service::Moved,
        1 => Service::Deceased,
        _ => Service::Paused,
    };
    deeds.push((at, Deed::Serves { service }));
    if service == Service::Paused {
        deeds.push((at + chance.between(2 * HOUR, 30 * HOUR), Deed::Serves { service: Service::Active }));
    }
}

/// Presses of the button that was removed and of the neighbour's, and the drill.
fn strange_things(place: &Place, begin: Ms, chance: &mut Chance, plan: &mut Vec<Planned>) {
    for (kit, it) in place.kits.iter().enumerate().filter(|(_, kit)| kit.standing != Standing::Enrolled) {
        for _ in 0..chance.times(150) {
            let mut at = begin + chance.between(HOUR, DAY - HOUR);
            let presses = if it.standing == Standing::Stranger { chance.between(1, 4) } else { 1 };
            for _ in 0..presses {
                plan.push(Planned { at, home: it.home, deed: Deed::StrangePress { kit } });
                at += chance.between(3_000, 25_000);
            }
        }
    }
    let home = chance.index(place.homes.len());
    plan.push(Planned { at: begin + 10 * HOUR + chance.below(HOUR), home, deed: Deed::Drill });
}

#[cfg(test)]
mod tests {
    use super::whereabouts::Bearing;
    use super::*;

    #[test]
    fn a_day_is_its_seed_and_has_calls_falls_and_hazards() {
        let place = Place::new(10);
        let day = |seed| People::new(&place, seed).begin_day(&place, 0);
        let plan = day(7);
        assert_eq!(plan, day(7));
        assert_ne!(plan, day(8));
        let count = |wanted: fn(&Deed) -> bool| plan.iter().filter(|planned| wanted(&planned.deed)).count();
        assert!(count(|deed| matches!(deed, Deed::Presses | Deed::PressesPendant)) >= 8);
        assert!(count(|deed| matches!(deed, Deed::Falls { .. })) >= 3);
        assert!(count(|deed| matches!(deed, Deed::Hazard { on: true, .. })) >= 1);
        assert!((500..6_000).contains(&count(|deed| matches!(deed, Deed::Moves { .. }))));
        assert!(plan.iter().all(|planned| planned.at < 3 * DAY));
    }

    #[test]
    fn people_sleep_at_night_get_up_go_out_and_now_and_then_lie_on_the_floor() {
        let place = Place::new(20);
        let mut people = People::new(&place, 3);
        for day in 0..3 {
            people.begin_day(&place, day);
        }
        let share = |hour: u64, wanted: fn(Bearing) -> bool| {
            let at = (0..3).flat_map(|day| (0..20).map(move |home| (home, day * DAY + hour * HOUR)));
            at.filter(|(home, at)| wanted(people.whereabouts(*home, *at).bearing)).count()
        };
        assert!(share(2, |bearing| bearing == Bearing::Asleep) >= 45, "of 60 nights");
        assert!(share(10, |bearing| bearing == Bearing::Asleep) <= 5);
        assert!(share(10, |bearing| bearing == Bearing::Out) >= 5);
        let fallen: usize = (0..24).map(|hour| share(hour, |bearing| matches!(bearing, Bearing::OnFloor { .. }))).sum();
        assert!((5..400).contains(&fallen), "{fallen} of 1440 hours");
    }
}
