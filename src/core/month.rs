//! What a span of time amounts to for a report: visits due, done and missed by risk tier (CARE-RULES 31), and how long it took
//! until somebody was there (CARE-RULES 30). Pure: a fold over records of the log, and nothing else.
//!
//! How it is counted:
//! - A visit belongs to the span in which its time is over. In time is *done*, otherwise it is *missed*, also when somebody went
//!   later; *waiting* is what still has time.
//! - Whoever was visited by routine before it was due counts as one due and done: otherwise a village that is ahead of its calendar
//!   would have nothing to show.
//! - What a wrong clock made due was taken back, and counts as nothing.
//! - An arrival is counted in the span in which it was, by whoever was there first; from when the alarm was found. Proven and
//!   self-reported, volunteers and the staffed centre, stand apart.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::alarm::{Alarm, AlarmId, State};
use super::id::{ResidentId, ResponderId};
use super::roster::{ResponderRole, Tier};
use super::rota::Span;
use super::time::{Moment, Mono, Trust, Wall};
use super::visit::{Deed, Reason, Record, Standing, Visit};
use super::word::words;

words! {
    /// Whose figures these are (CARE-RULES 30).
    Group {
        /// Neighbours, grid workers and family.
        Volunteers = "volunteers",
        /// The duty desk and the village doctor.
        Staffed = "staffed",
        /// People who no longer stand in the village's list.
        Unlisted = "unlisted",
    }
}

impl Group {
    /// The group of a role.
    #[must_use]
    pub const fn of(role: Option<ResponderRole>) -> Group {
        match role {
            Some(ResponderRole::Neighbour | ResponderRole::GridWorker | ResponderRole::Family) => Group::Volunteers,
            Some(ResponderRole::DutyDesk | ResponderRole::VillageDoctor) => Group::Staffed,
            None => Group::Unlisted,
        }
    }
}

/// Visits of one risk tier.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Visits {
    /// Residents whose visits are counted.
    pub residents: u32,
    /// Those of them who were visited at least once.
    pub visited: u32,
    /// Visits that were made, due or not.
    pub made: u32,
    /// Visits whose time was over, or that were done before.
    pub due: u32,
    /// Done in time.
    pub done: u32,
    /// Not done in time.
    pub missed: u32,
    /// Those of the missed that were done later.
    pub late: u32,
    /// Those that still have time.
    pub waiting: u32,
}

impl Visits {
    /// Of a hundred visits that were due so many were done in time, rounded down; none where none was due.
    #[must_use]
    pub fn rate_percent(&self) -> Option<u32> {
        (self.done * 100).checked_div(self.due)
    }
}

/// How one group arrived, on its own word or proven.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Arrivals {
    /// Visits that they made.
    pub visits: u32,
    /// Alarms at which they were there first.
    pub alarms: u32,
    /// Half of these took at most so long, in seconds.
    pub median_s: Option<u64>,
    /// Nine of ten took at most so long, in seconds.
    pub p90_s: Option<u64>,
}

/// What a span amounts to.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Month {
    /// By risk tier.
    pub visits: BTreeMap<Tier, Visits>,
    /// By group, and whether it is proven.
    pub arrivals: Vec<(Group, bool, Arrivals)>,
}

/// Gathers it, record by record in the order of the log.
#[derive(Debug)]
pub struct Gather {
    span: Span,
    people: BTreeMap<ResidentId, Person>,
    owed: BTreeMap<(ResidentId, Reason, Mono), Owed>,
    visits: Vec<(ResidentId, Visit, bool)>,
    arrivals: BTreeMap<AlarmId, First>,
}

#[derive(Debug, Clone, Copy, Default)]
struct Person {
    tier: Option<Tier>,
    left: bool,
}

#[derive(Debug, Clone, Copy)]
struct Owed {
    by: Wall,
    missed: bool,
    done: Option<Wall>,
}

#[derive(Debug, Clone, Copy)]
struct First {
    by: ResponderId,
    took: Duration,
    proven: bool,
}

impl Gather {
    /// For a span of wall time.
    #[must_use]
    pub fn new(span: Span) -> Gather {
        let (people, owed, arrivals) = (BTreeMap::new(), BTreeMap::new(), BTreeMap::new());
        Gather { span, people, owed, visits: Vec::new(), arrivals }
    }

    /// How visits stood before the first record.
    pub fn before<'a>(&mut self, standings: impl IntoIterator<Item = &'a Standing>) {
        for standing in standings {
            self.people.entry(standing.resident).or_default();
            self.owe(standing);
        }
    }

    /// A record of visits.
    pub fn visit(&mut self, at: Moment, record: &Record) {
        let (standing, resident) = (&record.standing, record.standing.resident);
        // Somebody who had left before the span is none of its residents.
        let person = self.people.entry(resident).or_default();
        *person = Person { tier: Some(record.tier), left: record.deed == Deed::Ended && at.wall < self.span.from };
        self.owe(standing);
        let mut of = self.owed.iter_mut().filter(|((who, ..), owed)| *who == resident && owed.done.is_none());
        match &record.deed {
            Deed::Done { visit, served, .. } => {
                of.filter(|((_, reason, _), _)| served.contains(reason))
                    .for_each(|(_, owed)| owed.done = Some(visit.at.wall));
                self.visits.push((resident, *visit, served.contains(&Reason::Routine)));
            }
            Deed::Missed { reason } => {
                if let Some((_, owed)) = of.rfind(|((_, of, _), _)| of == reason) {
                    owed.missed = true;
                }
            }
            Deed::Withdrawn { reason } => {
                let taken_back = of.rfind(|((_, of, _), _)| of == reason).map(|(key, _)| *key);
                taken_back.map(|key| self.owed.remove(&key));
            }
            Deed::Ended => self.owed.retain(|(who, ..), owed| *who != resident || owed.missed || owed.done.is_some()),
            Deed::Listed | Deed::Dated | Deed::Due { .. } | Deed::Noted { .. } => {}
        }
    }

    /// A record of an alarm.
    pub fn alarm(&mut self, alarm: &Alarm) {
        if alarm.id.drill || !alarm.id.condition.rule().about_person {
            return;
        }
        let (Some(on_site), Some(detected)) = (alarm.clocks.on_site, alarm.clocks.detected) else { return };
        let by = alarm.arrival.map(|arrival| arrival.by).or(match alarm.state {
            State::OnSite { by, .. } => Some(by),
            _ => None,
        });
        if let Some(by) = by
            && on_site.trust != Trust::Unset
            && self.span.contains(on_site.wall)
        {
            let took = on_site.mono.since(detected.mono);
            let first = self.arrivals.entry(alarm.id).or_insert(First { by, took, proven: false });
            first.proven |= alarm.arrival.is_some_and(|arrival| arrival.by == first.by && arrival.proven);
        }
    }

    /// What it amounts to at a moment, with the roles of the people and, for those of whom nothing was recorded, the tiers.
    #[must_use]
    pub fn sum(
        &self,
        now: Wall,
        role: impl Fn(ResponderId) -> Option<ResponderRole>,
        tier: impl Fn(ResidentId) -> Option<Tier>,
    ) -> Month {
        let mut month = Month::default();
        let tier_of = |id: ResidentId| self.people.get(&id).and_then(|person| person.tier).or_else(|| tier(id));
        let of = |id| tier_of(id).unwrap_or(Tier::Ordinary);
        let in_span = |visit: &Visit| visit.at.trust != Trust::Unset && self.span.contains(visit.at.wall);
        for tier in Tier::ALL {
            month.visits.insert(*tier, Visits::default());
        }
        let mut row = |id: ResidentId, add: &dyn Fn(&mut Visits)| add(month.visits.entry(of(id)).or_default());
        for (id, _) in self.people.iter().filter(|(_, person)| !person.left) {
            let visited = self.visits.iter().any(|(who, visit, _)| who == id && in_span(visit));
            row(*id, &|visits| {
                (visits.residents, visits.visited) = (visits.residents + 1, visits.visited + u32::from(visited));
            });
        }
        let mut by_routine = BTreeSet::new();
        // What is over with the last instant of the span belongs to it.
        let owed = self.owed.iter().filter(|(_, owed)| self.span.contains(Wall(owed.by.0 - 1)));
        for ((id, reason, _), owed) in owed {
            if *reason == Reason::Routine {
                by_routine.insert(*id);
            }
            row(*id, &|visits| owed.count(visits, now));
        }
        for (id, _, was_due) in self.visits.iter().filter(|(_, visit, _)| in_span(visit)) {
            row(*id, &|visits| visits.made += 1);
            if !was_due && by_routine.insert(*id) {
                row(*id, &|visits| (visits.due, visits.done) = (visits.due + 1, visits.done + 1));
            }
        }
        month.arrivals = self.arrivals_by(role, in_span);
        month
    }

    fn arrivals_by(
        &self,
        role: impl Fn(ResponderId) -> Option<ResponderRole>,
        in_span: impl Fn(&Visit) -> bool,
    ) -> Vec<(Group, bool, Arrivals)> {
        let both = |group: &Group| [(*group, true), (*group, false)];
        let rows = Group::ALL.iter().flat_map(both).map(|(group, proven)| {
            let theirs = |by, is_proven| Group::of(role(by)) == group && is_proven == proven;
            let firsts = self.arrivals.values().filter(|first| theirs(first.by, first.proven));
            let mut took: Vec<u64> = firsts.map(|first| first.took.as_secs()).collect();
            took.sort_unstable();
            let visits = self.visits.iter().filter(|(_, visit, _)| in_span(visit) && theirs(visit.by, visit.proven));
            let arrivals = Arrivals {
                visits: count(visits.count()),
                alarms: count(took.len()),
                median_s: share(&took, 50),
                p90_s: share(&took, 90),
            };
            (group, proven, arrivals)
        });
        // A group of nobody is left out where there is nothing of it.
        rows.filter(|(group, _, arrivals)| *group != Group::Unlisted || *arrivals != Arrivals::default()).collect()
    }

    /// Every open visit of a standing is owed from when it first stands there.
    fn owe(&mut self, standing: &Standing) {
        for open in &standing.open {
            let key = (standing.resident, open.reason, open.since.mono);
            let owed = self.owed.entry(key).or_insert(Owed { by: open.by, missed: false, done: None });
            owed.by = open.by;
            owed.missed |= open.missed.is_some();
        }
    }
}

impl Owed {
    fn count(&self, visits: &mut Visits, now: Wall) {
        visits.due += 1;
        match self.done {
            Some(done) if !self.missed && done < self.by => visits.done += 1,
            Some(_) => (visits.missed, visits.late) = (visits.missed + 1, visits.late + 1),
            None if self.missed || now >= self.by => visits.missed += 1,
            None => visits.waiting += 1,
        }
    }
}

/// The figure that this share of them does not exceed, in per cent.
fn share(sorted: &[u64], percent: usize) -> Option<u64> {
    sorted.get((sorted.len() * percent).div_ceil(100).checked_sub(1)?).copied()
}

fn count(number: usize) -> u32 {
    u32::try_from(number).unwrap_or(u32::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::core::time::Boot;

    const DAY: i64 = 86_400_000;

    fn day(day: i64) -> Moment {
        let ms = day * DAY;
        Moment { boot: Boot(1), mono: Mono(u64::try_from(ms).expect("late")), wall: Wall(ms), trust: Trust::Synced }
    }

    fn id<T: std::str::FromStr>(text: &str) -> T
    where
        T::Err: std::fmt::Debug,
    {
        text.parse().expect("id")
    }

    /// Days 100 to 130 of a log.
    fn gather() -> Gather {
        Gather::new(Span { from: day(100).wall, until: day(130).wall })
    }

    fn standing(resident: &str) -> Standing {
        Standing::new(id(resident), day(70), Some(day(70).wall))
    }

    fn record(standing: &Standing, deed: Deed) -> Record {
        Record { tier: Tier::Ordinary, deed, standing: standing.clone() }
    }

    fn want(gather: &mut Gather, standing: &mut Standing, since: i64, by: i64) {
        standing.open.push(crate::core::visit::Open {
            reason: Reason::Routine,
            since: day(since),
            by: day(by).wall,
            missed: None,
        });
        gather.visit(day(since), &record(standing, Deed::Due { reason: Reason::Routine }));
    }

    fn visit(gather: &mut Gather, standing: &mut Standing, at: i64, by: &str, proven: bool) {
        let deed = standing.done(Visit { at: day(at), by: id(by), proven }, None, None);
        gather.visit(day(at), &record(standing, deed));
    }

    fn sum(gather: &Gather, now: i64) -> Month {
        let role = |who: ResponderId| match who.as_str() {
            "n-1" => Some(ResponderRole::Neighbour),
            "desk" => Some(ResponderRole::DutyDesk),
            _ => None,
        };
        gather.sum(day(now).wall, role, |_| None)
    }

    #[test]
    fn done_in_time_missed_late_and_waiting_are_told_apart() {
        let mut gather = gather();
        let mut all: Vec<Standing> = ["in-time", "late", "never", "waits", "before"].map(standing).to_vec();
        for standing in &mut all[..3] {
            want(&mut gather, standing, 110, 111);
        }
        want(&mut gather, &mut all[3], 129, 130);
        want(&mut gather, &mut all[4], 99, 100);
        visit(&mut gather, &mut all[0], 110, "n-1", true);
        visit(&mut gather, &mut all[1], 112, "desk", false);
        let visits = sum(&gather, 129).visits[&Tier::Ordinary];
        let told = Visits { residents: 5, visited: 2, made: 2, due: 4, done: 1, missed: 2, late: 1, waiting: 1 };
        assert_eq!(visits, told, "what was over with the last month is not of this one");
        assert_eq!(visits.rate_percent(), Some(25));
        let visits = sum(&gather, 131).visits[&Tier::Ordinary];
        assert_eq!((visits.missed, visits.waiting), (3, 0), "whether or not it was said already");
    }

    #[test]
    fn who_was_visited_before_it_was_due_counts_once_however_often() {
        let (mut gather, mut often) = (gather(), standing("often"));
        gather.before([&often, &standing("nobody-came")]);
        for at in [101, 105, 120] {
            visit(&mut gather, &mut often, at, "n-1", false);
        }
        let visits = sum(&gather, 131).visits[&Tier::Ordinary];
        assert_eq!((visits.residents, visits.visited, visits.made), (2, 1, 3));
        assert_eq!((visits.due, visits.done, visits.rate_percent()), (1, 1, Some(100)));
    }

    #[test]
    fn what_was_taken_back_counts_as_nothing_and_who_has_left_is_no_resident() {
        let (mut gather, mut away, mut gone) = (gather(), standing("away"), standing("gone"));
        want(&mut gather, &mut away, 110, 111);
        away.open.clear();
        gather.visit(day(112), &record(&away, Deed::Withdrawn { reason: Reason::Routine }));
        want(&mut gather, &mut gone, 95, 101);
        gather.visit(day(96), &record(&gone, Deed::Ended));
        let visits = sum(&gather, 131).visits[&Tier::Ordinary];
        assert_eq!(visits, Visits { residents: 1, ..Visits::default() });
        assert_eq!(visits.rate_percent(), None);
    }

    #[test]
    fn rule_30_proven_and_self_reported_volunteers_and_staff_stand_apart() {
        let (mut gather, mut one) = (gather(), standing("r1"));
        visit(&mut gather, &mut one, 101, "n-1", true);
        visit(&mut gather, &mut one, 102, "n-1", false);
        visit(&mut gather, &mut one, 103, "desk", false);
        let told: Vec<(Group, bool, u32)> =
            sum(&gather, 131).arrivals.iter().map(|(group, proven, of)| (*group, *proven, of.visits)).collect();
        assert_eq!(
            told,
            [
                (Group::Volunteers, true, 1),
                (Group::Volunteers, false, 1),
                (Group::Staffed, true, 0),
                (Group::Staffed, false, 1),
            ]
        );
        visit(&mut gather, &mut one, 104, "stranger", false);
        assert_eq!(sum(&gather, 131).arrivals.last().map(|(group, ..)| *group), Some(Group::Unlisted));
    }

    #[test]
    fn shares_of_few_figures_are_figures_of_them() {
        assert_eq!((share(&[], 50), share(&[7], 50), share(&[7], 90)), (None, Some(7), Some(7)));
        let ten: Vec<u64> = (1..=10).collect();
        assert_eq!((share(&ten, 50), share(&ten, 90)), (Some(5), Some(9)));
    }
}
