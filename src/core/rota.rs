//! Who is on duty when, and who has nobody within fifteen minutes: the rota as instants.
//!
//! Shifts, weekdays and holidays are the village's own matter and end where its file is read; here a duty has a beginning
//! and an end and nothing else, so no zone, summer time or festival can make the core wrong. A plan is made for a window
//! and says nothing about the time outside of it: what is not known is neither somebody's duty nor a gap.

use std::collections::BTreeMap;

use super::id::{HomeId, ResidentId, ResponderId};
use super::roster::{Roster, Service};
use super::time::Wall;
use crate::limits::rota::{DUTIES_MAX, HOME_GAPS_MAX};

/// Minutes within which somebody on duty is to reach a home. Source: ARCHITECTURE, people.
pub const NEAR_MIN: u16 = 15;

/// A span of wall time, its end excluded.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Span {
    /// Its first millisecond.
    pub from: Wall,
    /// The first millisecond behind it.
    pub until: Wall,
}

/// Somebody is on duty from here to there.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Duty {
    /// The first millisecond of it.
    pub from: Wall,
    /// The first millisecond behind it.
    pub until: Wall,
    /// Who.
    pub responder: ResponderId,
}

/// Who is on duty at every instant of a window.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rota {
    window: Span,
    /// By beginning. No two of one person touch, and each reaches into the window.
    duties: Vec<Duty>,
}

/// Where nobody comes in time, in a window.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Forecast {
    /// For which time it is made.
    pub window: Span,
    /// When nobody is on duty at all.
    pub nobody: Vec<Span>,
    /// When nobody on duty reaches the home of a resident within [`NEAR_MIN`]; residents without a gap are left out.
    pub far: BTreeMap<ResidentId, Vec<Span>>,
}

impl Span {
    /// Whether an instant lies in it.
    #[must_use]
    pub fn contains(self, at: Wall) -> bool {
        self.from <= at && at < self.until
    }

    /// Whether no instant lies in it.
    #[must_use]
    pub fn is_empty(self) -> bool {
        self.from >= self.until
    }

    /// What lies in both.
    #[must_use]
    pub fn within(self, other: Span) -> Span {
        Span { from: self.from.max(other.from), until: self.until.min(other.until) }
    }
}

impl Duty {
    /// From when to when.
    #[must_use]
    pub const fn span(&self) -> Span {
        Span { from: self.from, until: self.until }
    }
}

impl Rota {
    /// The plan of a window. Duties of one person that touch become one; what does not reach into the window is left out.
    ///
    /// Beyond [`DUTIES_MAX`] duties the window ends where the first one is missing.
    #[must_use]
    pub fn of(window: Span, mut duties: Vec<Duty>) -> Self {
        duties.retain(|duty| !duty.span().within(window).is_empty());
        duties.sort_unstable_by_key(|duty| (duty.responder, duty.from, duty.until));
        duties.dedup_by(|later, kept| {
            let touches = later.responder == kept.responder && later.from <= kept.until;
            if touches {
                kept.until = kept.until.max(later.until);
            }
            touches
        });
        duties.sort_unstable();
        let missing = duties.get(DUTIES_MAX).map(|first| first.from);
        duties.truncate(DUTIES_MAX);
        let until = missing.map_or(window.until, |missing| missing.clamp(window.from, window.until));
        Self { window: Span { until, ..window }, duties }
    }

    /// What it says of a part of its window.
    #[must_use]
    pub fn within(&self, window: Span) -> Self {
        Self::of(window.within(self.window), self.duties.clone())
    }

    /// For which time it speaks.
    #[must_use]
    pub const fn window(&self) -> Span {
        self.window
    }

    /// Every duty that reaches into the window, by beginning, as long as it is.
    #[must_use]
    pub fn duties(&self) -> &[Duty] {
        &self.duties
    }

    /// Who is on duty at an instant, each once; nobody outside of the window.
    pub fn on_duty(&self, at: Wall) -> impl Iterator<Item = ResponderId> + '_ {
        let known = self.window.contains(at);
        let begun = self.duties.iter().take_while(move |duty| known && duty.from <= at);
        begun.filter(move |duty| at < duty.until).map(|duty| duty.responder)
    }

    /// Until when somebody is on duty who is on duty at an instant.
    #[must_use]
    pub fn until(&self, responder: ResponderId, at: Wall) -> Option<Wall> {
        let mut theirs = self.duties.iter().filter(|duty| duty.responder == responder);
        theirs.find(|duty| duty.span().contains(at)).map(|duty| duty.until).filter(|_| self.window.contains(at))
    }

    /// When somebody comes or goes next after an instant; none when the window ends before.
    #[must_use]
    pub fn next_change(&self, after: Wall) -> Option<Wall> {
        let ends = self.duties.iter().flat_map(|duty| [duty.from, duty.until]);
        ends.filter(|end| *end > after && self.window.contains(*end)).min()
    }

    /// When nobody who counts is on duty, within the window.
    fn gaps(&self, counts: impl Fn(ResponderId) -> bool) -> Vec<Span> {
        let mut gaps = Vec::new();
        let mut covered = self.window.from;
        for duty in self.duties.iter().filter(|duty| counts(duty.responder)) {
            if duty.from > covered {
                gaps.push(Span { from: covered, until: duty.from });
            }
            covered = covered.max(duty.until);
        }
        let rest = Span { from: covered, until: self.window.until };
        if !rest.is_empty() {
            gaps.push(rest);
        }
        if gaps.len() > HOME_GAPS_MAX {
            gaps.truncate(HOME_GAPS_MAX);
            if let Some(last) = gaps.last_mut() {
                last.until = self.window.until;
            }
        }
        gaps
    }

    /// Where nobody comes in time: for every resident who is served, the spans in which nobody on duty reaches the home
    /// within [`NEAR_MIN`]. `reach_min` says in how many minutes a responder is at a home, and none for whoever is not sent.
    #[must_use]
    pub fn forecast(&self, roster: &Roster, reach_min: impl Fn(ResponderId, HomeId) -> Option<u16>) -> Forecast {
        let mut homes: BTreeMap<HomeId, Vec<Span>> = BTreeMap::new();
        let mut far = BTreeMap::new();
        // Whoever is away for a time needs nobody who comes.
        for resident in roster.residents.values().filter(|resident| resident.service == Service::Active) {
            let is_near = |id| reach_min(id, resident.home).is_some_and(|minutes| minutes <= NEAR_MIN);
            let gaps = homes.entry(resident.home).or_insert_with(|| self.gaps(is_near));
            if !gaps.is_empty() {
                far.insert(resident.id, gaps.clone());
            }
        }
        Forecast { window: self.window, nobody: self.gaps(|_| true), far }
    }
}

impl Forecast {
    /// The gaps with the residents who share them, in the order of time.
    #[must_use]
    pub fn by_span(&self) -> BTreeMap<Span, Vec<ResidentId>> {
        let mut spans: BTreeMap<Span, Vec<ResidentId>> = BTreeMap::new();
        for (resident, gaps) in &self.far {
            for gap in gaps {
                spans.entry(*gap).or_default().push(*resident);
            }
        }
        spans
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::core::roster::Resident;

    fn who(number: u8) -> ResponderId {
        format!("p{number}").parse().expect("an id")
    }

    fn span(from: i64, until: i64) -> Span {
        Span { from: Wall(from), until: Wall(until) }
    }

    fn duty(from: i64, until: i64, number: u8) -> Duty {
        Duty { from: Wall(from), until: Wall(until), responder: who(number) }
    }

    #[test]
    fn a_part_of_a_plan_says_what_the_whole_says_of_it() {
        let whole = Rota::of(span(0, 100), vec![duty(0, 30, 1), duty(20, 60, 2), duty(70, 90, 1)]);
        let part = whole.within(span(40, 300));
        assert_eq!(part.window(), span(40, 100));
        assert_eq!(part.duties(), [duty(20, 60, 2), duty(70, 90, 1)]);
        for at in [39, 40, 59, 60, 70, 99, 100] {
            let on = |rota: &Rota| rota.on_duty(Wall(at)).collect::<Vec<_>>();
            assert_eq!(on(&part), if at < 40 { Vec::new() } else { on(&whole) }, "{at}");
        }
    }

    fn village(homes: &[(&str, &str, Service)]) -> Roster {
        let mut roster = Roster::default();
        for (id, home, service) in homes {
            let id = id.parse().expect("an id");
            let home = home.parse().expect("an id");
            let resident = Resident { service: *service, ..Resident::new(id, home) };
            roster.residents.insert(id, resident);
        }
        roster
    }

    #[test]
    fn duties_of_one_person_that_touch_are_one() {
        let rota = Rota::of(span(0, 100), vec![duty(50, 90, 1), duty(10, 30, 1), duty(20, 50, 1), duty(20, 20, 2)]);
        assert_eq!(rota.duties(), [duty(10, 90, 1)]);
        assert_eq!((rota.until(who(1), Wall(10)), rota.until(who(1), Wall(90))), (Some(Wall(90)), None));
    }

    #[test]
    fn the_next_change_is_a_coming_or_a_going_inside_of_the_window() {
        let rota = Rota::of(span(0, 100), vec![duty(-5, 30, 1), duty(30, 200, 2), duty(40, 60, 3)]);
        let changes: Vec<_> = [-1, 0, 30, 40, 60].into_iter().map(|at| rota.next_change(Wall(at))).collect();
        assert_eq!(changes, [Some(Wall(30)), Some(Wall(30)), Some(Wall(40)), Some(Wall(60)), None]);
    }

    #[test]
    fn outside_of_the_window_nothing_is_claimed() {
        let rota = Rota::of(span(0, 100), vec![duty(-50, 200, 1)]);
        assert_eq!([-1, 0, 99, 100].map(|at| rota.on_duty(Wall(at)).count()), [0, 1, 1, 0]);
        assert_eq!(rota.until(who(1), Wall(-1)), None);
        let backwards = Rota::of(span(100, 0), vec![duty(0, 100, 1)]);
        assert!(backwards.duties().is_empty() && backwards.gaps(|_| true).is_empty());
    }

    #[test]
    fn a_plan_with_too_many_duties_ends_where_the_first_one_is_missing() {
        let many = i64::try_from(DUTIES_MAX).expect("fits") + 5;
        let duties = (0..many).map(|at| duty(at * 10, at * 10 + 5, 1)).collect();
        let rota = Rota::of(span(0, many * 10), duties);
        let until = (many - 5) * 10;
        assert_eq!((rota.duties().len(), rota.window()), (DUTIES_MAX, span(0, until)));
        let gaps = rota.gaps(|_| true);
        assert_eq!((gaps.len(), gaps.last()), (HOME_GAPS_MAX, Some(&span(2555, until))));
    }

    #[test]
    fn whoever_is_far_or_is_not_sent_does_not_close_a_gap() {
        let active = Service::Active;
        let roster = village(&[("r1", "h1", active), ("r2", "h2", active), ("r3", "h1", Service::Paused)]);
        let rota = Rota::of(span(0, 100), vec![duty(0, 40, 1), duty(40, 70, 2), duty(60, 90, 3)]);
        // p1 is near h1 only, p2 is not sent, p3 is just near enough everywhere.
        let forecast = rota.forecast(&roster, |id, home| match id.as_str() {
            "p1" => Some(if home.as_str() == "h1" { 3 } else { 16 }),
            "p3" => Some(15),
            _ => None,
        });
        assert_eq!(forecast.nobody, [span(90, 100)]);
        let far: Vec<_> = forecast.far.iter().map(|(id, gaps)| (id.as_str(), gaps.as_slice())).collect();
        assert_eq!(far, [("r1", &[span(40, 60), span(90, 100)][..]), ("r2", &[span(0, 60), span(90, 100)][..])]);
        let shared: Vec<_> = forecast.by_span().into_iter().map(|(gap, who)| (gap, who.len())).collect();
        assert_eq!(shared, [(span(0, 60), 1), (span(40, 60), 1), (span(90, 100), 2)]);
    }

    prop_compose! {
        fn duties()(all in prop::collection::vec((-20_i64..120, 0_i64..40, 1_u8..6), 0..24)) -> Vec<Duty> {
            all.into_iter().map(|(from, length, number)| duty(from, from + length, number)).collect()
        }
    }

    proptest! {
        #[test]
        fn at_every_instant_the_plan_says_what_the_duties_say(duties in duties()) {
            let rota = Rota::of(span(0, 100), duties.clone());
            let roster = village(&[("r1", "h1", Service::Active)]);
            let forecast = rota.forecast(&roster, |id, _| (id == who(1) || id == who(2)).then_some(15));
            let far = forecast.far.values().next().cloned().unwrap_or_default();
            for at in (0..100).map(Wall) {
                let mut wanted: Vec<_> =
                    duties.iter().filter(|duty| duty.span().contains(at)).map(|duty| duty.responder).collect();
                wanted.sort_unstable();
                wanted.dedup();
                let mut said: Vec<_> = rota.on_duty(at).collect();
                said.sort_unstable();
                prop_assert_eq!(&said, &wanted);
                prop_assert_eq!(forecast.nobody.iter().any(|gap| gap.contains(at)), said.is_empty());
                let near = said.contains(&who(1)) || said.contains(&who(2));
                prop_assert_eq!(far.iter().any(|gap| gap.contains(at)), !near);
                let next = (at.0 + 1..100).map(Wall).find(|later| {
                    let mut then: Vec<_> = rota.on_duty(*later).collect();
                    then.sort_unstable();
                    then != said
                });
                prop_assert!(next.is_none() || rota.next_change(at) <= next, "nobody comes or goes unseen");
            }
            for gaps in [&forecast.nobody, &far] {
                prop_assert!(gaps.windows(2).all(|two| two[0].until < two[1].from), "neighbours are merged: {:?}", gaps);
            }
        }
    }
}
