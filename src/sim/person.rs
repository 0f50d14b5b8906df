//! Days of people and things: what truly happens in a home, and when. Nothing here knows of sensors' words or of the box.
//!
//! Rates are far above life, so that a day of ten homes has every kind of alarm. judgement: all of them.

use super::chance::Chance;
use super::place::{Make, Place, Standing};
use super::trace::Ms;

const MINUTE: Ms = 60_000;
const HOUR: Ms = 60 * MINUTE;
/// A day.
pub(super) const DAY: Ms = 24 * HOUR;

/// What happens.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Deed {
    /// Somebody moves where the sensor sees it.
    Moves,
    /// The door opens and closes.
    PassesDoor,
    /// The help button is pressed.
    Presses,
    /// The button of the wearable is pressed.
    PressesPendant,
    /// The cancel button is pressed.
    PressesCancel,
    /// A fall.
    Falls {
        /// The device is sure.
        sure: bool,
        /// The ceiling radar sees it, not the wearable.
        radar: bool,
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
    /// A device reports by itself.
    Reports {
        /// Which.
        kit: usize,
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

/// A day of the whole village.
pub(super) fn day(place: &Place, seed: u64, day: u64) -> Vec<Planned> {
    let mut plan = Vec::new();
    for home in 0..place.homes.len() {
        let mut chance = Chance::stream(seed, "day", day * 1_000_000 + home as u64);
        let mut diary = Diary { place, home, begin: day * DAY, plan: &mut plan, chance: &mut chance };
        diary.ordinary_day();
        diary.calls();
        diary.falls();
        diary.hazards();
        diary.devices();
    }
    let mut chance = Chance::stream(seed, "strange", day);
    strange_things(place, day * DAY, &mut chance, &mut plan);
    plan
}

struct Diary<'a> {
    place: &'a Place,
    home: usize,
    begin: Ms,
    plan: &'a mut Vec<Planned>,
    chance: &'a mut Chance,
}

impl Diary<'_> {
    fn at(&mut self, ms_of_day: Ms, deed: Deed) {
        self.plan.push(Planned { at: self.begin + ms_of_day, home: self.home, deed });
    }

    fn some_time(&mut self) -> Ms {
        self.chance.between(5 * MINUTE, DAY - HOUR)
    }

    /// Sleep, meals, a nap, outings, the toilet at night.
    fn ordinary_day(&mut self) {
        let wake = 6 * HOUR + self.chance.below(90 * MINUTE) - 45 * MINUTE;
        let sleep = 21 * HOUR + self.chance.below(2 * HOUR) - HOUR;
        for _ in 0..self.chance.times(150) {
            let night = self.chance.below(wake);
            self.at(night, Deed::Moves);
        }
        let out = self.outing(wake, sleep);
        let mut now = wake;
        while now < sleep {
            let napping = (13 * HOUR..14 * HOUR).contains(&now);
            if !napping && !out.contains(&now) {
                self.at(now, Deed::Moves);
            }
            now += self.chance.between(15 * MINUTE, 75 * MINUTE);
        }
        for meal in [7 * HOUR, 11 * HOUR + 30 * MINUTE, 17 * HOUR + 30 * MINUTE] {
            let at = meal + self.chance.below(40 * MINUTE);
            self.at(at, Deed::Moves);
        }
    }

    fn outing(&mut self, wake: Ms, sleep: Ms) -> std::ops::Range<Ms> {
        let from = wake + self.chance.between(HOUR, 5 * HOUR);
        let to = (from + self.chance.between(20 * MINUTE, 3 * HOUR)).min(sleep);
        if !self.chance.percent(70) {
            return 0..0;
        }
        self.at(from, Deed::PassesDoor);
        self.at(to, Deed::PassesDoor);
        from..to
    }

    /// Help calls, some of them insistent, and cancel buttons pressed for no reason or after the call.
    fn calls(&mut self) {
        for _ in 0..self.chance.times(130) {
            let mut at = self.some_time();
            let pendant = self.chance.percent(25);
            let presses = if self.chance.percent(35) { self.chance.between(2, 4) } else { 1 };
            for _ in 0..presses {
                self.at(at, if pendant { Deed::PressesPendant } else { Deed::Presses });
                at += self.chance.between(12_000, 150_000);
            }
            if self.chance.percent(20) {
                self.at(at, Deed::PressesCancel);
            }
        }
    }

    fn falls(&mut self) {
        for _ in 0..self.chance.times(90) {
            let at = self.some_time();
            let radar = self.chance.percent(30);
            let sure = self.chance.percent(60);
            let cleared_after = self.chance.percent(40).then(|| self.chance.between(3_000, 40_000));
            let wearer = if radar { None } else { cleared_after };
            self.at(at, Deed::Falls { sure, radar, cleared_after: wearer });
            if wearer.is_none() && self.chance.percent(30) {
                let late = at + self.chance.between(4_000, 60_000);
                self.at(late, Deed::PressesCancel);
            }
            if self.chance.percent(30) {
                let at = at + self.chance.between(1_000, 25_000);
                self.at(at, Deed::Moves);
            }
        }
    }

    fn hazards(&mut self) {
        for kit in self.place.homes[self.home].kits.clone() {
            if !matches!(self.place.kits[kit].make, Make::Detector(_)) {
                continue;
            }
            for _ in 0..self.chance.times(30) {
                let at = self.some_time();
                self.at(at, Deed::Hazard { kit, on: true });
                let over = at + self.chance.between(MINUTE, 30 * MINUTE);
                self.at(over, Deed::Hazard { kit, on: false });
            }
        }
    }

    /// Reports in their rhythm, batteries that run down and are replaced, cases, silence.
    fn devices(&mut self) {
        for kit in self.place.homes[self.home].kits.clone() {
            let device = self.place.roster.devices.get(&self.place.kits[kit].device);
            let rhythm = device.map_or(HOUR, |device| u64::try_from(device.rhythm().as_millis()).unwrap_or(HOUR));
            let mut now = self.chance.below(rhythm);
            while now < DAY {
                self.at(now, Deed::Reports { kit });
                now += self.chance.between(rhythm * 8 / 10, rhythm);
            }
            if self.chance.percent(6) {
                let (at, low) = (self.some_time(), self.chance.between(5, 15));
                self.at(at, Deed::Charge { kit, percent: u8::try_from(low).unwrap_or(9) });
                let replaced = at + self.chance.between(HOUR, 6 * HOUR);
                self.at(replaced, Deed::Charge { kit, percent: 98 });
            }
            if self.chance.percent(5) {
                let at = self.some_time();
                self.at(at, Deed::Tampers { kit, open: true });
                let closed = at + self.chance.between(MINUTE, HOUR);
                self.at(closed, Deed::Tampers { kit, open: false });
            }
            if self.chance.percent(4) {
                let (at, span) = (self.some_time(), self.chance.between(3 * HOUR, 20 * HOUR));
                self.at(at, Deed::FallsSilent { kit, span });
            }
        }
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
    use super::*;

    #[test]
    fn a_day_is_its_seed_and_has_calls_falls_and_hazards() {
        let place = Place::new(10);
        let plan = day(&place, 7, 0);
        assert_eq!(plan, day(&place, 7, 0));
        assert_ne!(plan, day(&place, 8, 0));
        let count = |wanted: fn(&Deed) -> bool| plan.iter().filter(|planned| wanted(&planned.deed)).count();
        assert!(count(|deed| matches!(deed, Deed::Presses | Deed::PressesPendant)) >= 8);
        assert!(count(|deed| matches!(deed, Deed::Falls { .. })) >= 3);
        assert!(count(|deed| matches!(deed, Deed::Hazard { on: true, .. })) >= 1);
        assert!(plan.iter().all(|planned| planned.at < DAY + 12 * HOUR));
    }
}
