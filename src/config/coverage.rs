//! What is missing so that somebody comes: ways to people, people on rungs, homes that can be found. Pure.
//!
//! Everything here is a warning of `shouwang check` and no mistake of a file: a station watches without a modem too, and says so.

use super::problem::{Problem, Problems, What};
use super::station::Station;
use super::village::Village;
use crate::core::id::HomeId;
use crate::core::roster::{Ladder, Rung};

/// How many ids are written into one warning; of more it says how many.
const IDS_SHOWN_MAX: usize = 24;

/// What of this station's file, called `file`, leaves people unreached.
#[must_use]
pub fn of_station(file: &str, station: &Station) -> Problems {
    let mut problems = Problems::default();
    if station.modem.is_none() && station.channels.iter().all(|channel| channel.group) {
        let fix = "add [modem], or a channel with group = false to one person";
        problems.push(Problem::file(file, What::NobodyTold).key("modem").fix(fix));
    }
    let missing = if station.modem.is_none() {
        Some(("modem", "add [modem], and county_text in [notices]"))
    } else if station.notices.county_text.is_none() {
        Some(("notices.county_text", "add county_text in [notices]: the county's number for texts"))
    } else {
        None
    };
    // That there is no county is said elsewhere.
    if let Some((key, fix)) = missing.filter(|_| station.county.is_some()) {
        problems.push(Problem::file(file, What::NoSecondPath).key(key).fix(fix));
    }
    problems
}

impl Village {
    /// What of this village leaves somebody unreached: rungs on which nobody stands, and homes that are hard to find.
    #[must_use]
    pub fn coverage(&self) -> Problems {
        let mut problems = Problems::default();
        for (name, ladder) in &self.ladders {
            for nth in self.deserted(ladder) {
                let problem = Problem::file(&self.file, What::RungDeserted).key(format!("ladders.{name}.rungs[{nth}]"));
                problems.push(
                    problem.fix("name somebody in call who may be sent, or put somebody of the role into the village"),
                );
            }
        }
        self.deserted_for_one(&mut problems);
        let unmarked: Vec<String> = self.homes_without_landmark().map(|home| home.to_string()).collect();
        if !unmarked.is_empty() {
            let problem = Problem::file(&self.file, What::NoLandmark).key("homes.*.landmark").value(some_of(&unmarked));
            problems.push(problem.fix("add landmark = \"…\": what a stranger sees first in the dark"));
        }
        problems
    }

    /// The rungs of a ladder on which nobody stands, whoever is on duty.
    fn deserted<'a>(&'a self, ladder: &'a Ladder) -> impl Iterator<Item = usize> + 'a {
        ladder.rungs.iter().enumerate().filter(|(_, rung)| !self.is_manned(rung, ladder)).map(|(nth, _)| nth)
    }

    fn is_manned(&self, rung: &Rung, ladder: &Ladder) -> bool {
        // Without a rota nobody is ever on duty, so whoever is on duty is nobody.
        let rung = Rung { on_duty: rung.on_duty && self.has_duties(), ..rung.clone() };
        self.roster.responders.values().any(|who| rung.may_call(who) && !ladder.never.contains(&who.id))
    }

    fn has_duties(&self) -> bool {
        self.rota.shifts.values().any(|shift| shift.lists.values().any(|list| !list.is_empty()))
    }

    /// Rungs that are empty for one resident only, because of whom the village never calls for them.
    fn deserted_for_one(&self, problems: &mut Problems) {
        for resident in self.roster.residents.values().filter(|resident| resident.service.is_served()) {
            let ladder = &resident.ladder;
            let others = Ladder { never: Vec::new(), ..ladder.clone() };
            // A rung that names nobody at all is refused in the file, so this one was emptied by `never`.
            let names_nobody = |rung: &Rung| rung.responders.is_empty() && rung.roles.is_empty() && !rung.on_duty;
            let by_never = |rung: &Rung| names_nobody(rung) || self.is_manned(rung, &others);
            if ladder.rungs.iter().any(|rung| !self.is_manned(rung, ladder) && by_never(rung)) {
                let key = format!("residents.{}.never", resident.id);
                let fix = "take somebody out of never, or give this resident a ladder of their own";
                problems.push(Problem::file(&self.file, What::RungDeserted).key(key).fix(fix));
            }
        }
    }

    /// Homes of people who are served that nobody has said how to find.
    fn homes_without_landmark(&self) -> impl Iterator<Item = HomeId> + '_ {
        let lives = |home: &HomeId| {
            self.roster.residents.values().any(|resident| resident.home == *home && resident.service.is_served())
        };
        let unmarked = self.people.homes.iter().filter(|(_, card)| card.landmark.is_none());
        unmarked.map(|(home, _)| *home).filter(move |home| lives(home))
    }
}

/// The first of many ids, so that a line about three hundred homes stays a line.
fn some_of(ids: &[String]) -> String {
    let shown = ids.iter().take(IDS_SHOWN_MAX).cloned().collect::<Vec<_>>().join(", ");
    if ids.len() > IDS_SHOWN_MAX { format!("{shown}, … ({} in all)", ids.len()) } else { shown }
}
