//! Visits: somebody goes and sees how a resident is, because it is time (CARE-RULES 31), or because nobody knows how they are
//! (CARE-RULES 15, 23, 24, 27).
//!
//! ```text
//!  counted ──the days of their tier──▶ due ──end of that day──▶ missed
//!     ▲     ──nobody knows how they are──▶ due ──24 h──▶ missed   │
//!     └───────────────── done ◀──────────────┴────────────────────┘
//! ```
//!
//! Constraints:
//! - A [`Standing`] is all that is known of one resident's visits, and each record holds it whole: what is taken in twice is
//!   taken in once, and a restart needs no replay.
//! - A resident has at most one open visit a reason, and it is missed at most once. One visit serves every reason.
//! - Days are the wall's, whose clock may be wrong or not set: nothing is judged without one, and what a wrong one said is
//!   taken back when it is right again. Station time is the witness that never runs faster than the days do.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::alarm::AlarmId;
use super::id::{HomeId, ResidentId, ResponderId};
use super::roster::Tier;
use super::rota::Span;
use super::time::{Moment, Mono, Trust, Wall};
use super::word::words;
use crate::limits::visits::{DOOR_TRIES_MAX, OPEN_VISITS_MAX};

/// Within this time somebody goes where nobody knows how a resident is. judgement: a day and a night, so that it needs nobody
/// who is not on duty anyhow; what cannot wait so long is an alarm.
pub const EXTRA_WITHIN: Duration = Duration::from_hours(24);

/// Whatever the wall says, an open visit is missed this long after it became due. judgement: the longest that any of them has,
/// and an hour for a day on which clocks are put back.
const MISSED_AT_LATEST: Duration = Duration::from_hours(25);

/// A date has about so many milliseconds: how many dates lie between two midnights is told to the nearest one, so that an
/// hour more or less makes no difference.
const DAY_MS: i64 = 86_400_000;

words! {
    /// Why somebody is to go.
    Reason {
        /// It is time, by their risk tier (CARE-RULES 31).
        Routine = "routine",
        /// An alarm about them was closed, and nobody had been there (CARE-RULES 15).
        Unverified = "unverified",
        /// After a stop of unknown length nothing was heard from their home for an hour (CARE-RULES 23).
        NothingHeard = "nothing_heard",
        /// The village lost mains, and nothing watches them (CARE-RULES 27).
        MainsLost = "mains_lost",
        /// Their absence is over, and nobody has said where they are (CARE-RULES 24).
        AbsenceUnanswered = "absence_unanswered",
    }
}

/// After how many days a visit is due, by risk tier.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Rhythm {
    /// In the ordinary tier.
    pub ordinary_days: u16,
    /// In the high tier.
    pub high_days: u16,
}

impl Default for Rhythm {
    /// judgement: a month, by which civil affairs count visits (CARE-RULES 31), and a week for those at high risk.
    fn default() -> Self {
        Self { ordinary_days: 30, high_days: 7 }
    }
}

impl Rhythm {
    /// That of a tier.
    #[must_use]
    pub const fn of(self, tier: Tier) -> u16 {
        match tier {
            Tier::Ordinary => self.ordinary_days,
            Tier::High => self.high_days,
        }
    }
}

/// What a code from a card inside a door was found to be. The code itself is compared where names are known, and goes no further.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum DoorCode {
    /// It is that of this home.
    Of(HomeId),
    /// It is none that was looked for.
    Wrong,
}

/// A visit that is to be done.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Open {
    /// Why.
    pub reason: Reason,
    /// Since when it has been due.
    pub since: Moment,
    /// By when somebody is to have gone, as people's clocks show.
    pub by: Wall,
    /// When it was found that nobody had; it stays to be done.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub missed: Option<Moment>,
}

/// A visit that was done.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Visit {
    /// When it was reported.
    pub at: Moment,
    /// By whom.
    pub by: ResponderId,
    /// They gave the code from inside of the door; otherwise it is their own word (CARE-RULES 30).
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub proven: bool,
}

/// How one resident's visits stand.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Standing {
    /// Whose.
    pub resident: ResidentId,
    /// Counts the records of them from 1.
    pub rev: u32,
    /// From when the next visit is counted: the last one, or when they first stood in the list.
    pub counted: Moment,
    /// The first instant of that date; none while no clock has shown it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub day: Option<Wall>,
    /// The last visit.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub last: Option<Visit>,
    /// What is to be done, at most one a reason.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub open: Vec<Open>,
    /// Wrong door codes given with visits to them since a right one, or within the last day.
    #[serde(default, skip_serializing_if = "is_none_yet")]
    pub wrong_codes: u8,
}

/// What happened to a resident's visits.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "did")]
pub enum Deed {
    /// They stand in the list, and are counted from here on.
    Listed,
    /// The clock was set: what was begun without one has its date.
    Dated,
    /// Somebody is to go.
    Due {
        /// Why.
        reason: Reason,
    },
    /// Nobody has gone in time.
    Missed {
        /// Why somebody was to.
        reason: Reason,
    },
    /// Somebody has gone.
    Done {
        /// The visit.
        visit: Visit,
        /// What it was for; nothing when it came before it was due.
        served: Vec<Reason>,
        /// The alarm about them that was closed on site; none for a visit that was reported by itself.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        alarm: Option<AlarmId>,
    },
    /// It is not due after all: the clock had been wrong, the tier is another, or they are away.
    Withdrawn {
        /// Why somebody was to go.
        reason: Reason,
    },
    /// Somebody has remarked on it: a wrong entry is not undone.
    Noted {
        /// Who.
        by: ResponderId,
        /// Free words, bounded by `limits::NOTE_BYTES_MAX`; people are asked not to write names.
        text: String,
    },
    /// They are no longer served: nobody is to go (CARE-RULES 26).
    Ended,
}

/// A record of the log: what happened, and how it stands after it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Record {
    /// Their risk tier then, by which a report counts them.
    pub tier: Tier,
    /// What happened.
    #[serde(flatten)]
    pub deed: Deed,
    /// How it stands after it.
    pub standing: Standing,
}

/// What a standing is judged by.
#[derive(Debug, Clone, Copy)]
pub struct Today {
    /// Now, by a clock that is one.
    pub now: Moment,
    /// The date on the wall, from midnight to midnight.
    pub date: Span,
    /// After so many days a visit is due; none for somebody who is away.
    pub every_days: Option<u16>,
}

impl Standing {
    /// Of somebody who stands in the list for the first time.
    #[must_use]
    pub const fn new(resident: ResidentId, now: Moment, today: Option<Wall>) -> Standing {
        Standing { resident, rev: 0, counted: now, day: today, last: None, open: Vec::new(), wrong_codes: 0 }
    }

    /// The open visit for a reason.
    #[must_use]
    pub fn open_for(&self, reason: Reason) -> Option<&Open> {
        self.open.iter().find(|open| open.reason == reason)
    }

    /// The first instant of the date on which the next routine visit is due, told to the hour; none while no clock has shown
    /// from which date it counts.
    #[must_use]
    pub fn due_from(&self, every_days: u16) -> Option<Wall> {
        self.day.map(|day| Wall(day.0.saturating_add(i64::from(every_days) * DAY_MS)))
    }

    /// The next thing that is true today and stands in no record, done to the standing; asked again until nothing is.
    pub fn judge(&mut self, today: Today) -> Option<Deed> {
        if self.day.is_none() || self.open.iter().any(|open| open.since.trust == Trust::Unset) {
            self.date(today);
            return Some(Deed::Dated);
        }
        let is_due = today.every_days.is_some_and(|every| self.days_since(today) >= i64::from(every));
        match (is_due, self.open_for(Reason::Routine).is_some()) {
            (true, false) => return self.want(Reason::Routine, today.now, today.date.until),
            (false, true) => {
                self.open.retain(|open| open.reason != Reason::Routine);
                return Some(Deed::Withdrawn { reason: Reason::Routine });
            }
            (true, true) | (false, false) => {}
        }
        let now = today.now;
        let late = |open: &Open| now.wall >= open.by || now.mono.since(open.since.mono) >= MISSED_AT_LATEST;
        let missed = self.open.iter_mut().find(|open| open.missed.is_none() && late(open))?;
        missed.missed = Some(now);
        Some(Deed::Missed { reason: missed.reason })
    }

    /// Somebody is to go within [`EXTRA_WITHIN`]; nothing new where they are to go for that reason already.
    pub fn want_soon(&mut self, reason: Reason, now: Moment) -> Option<Deed> {
        self.want(reason, now, soon(now))
    }

    /// Somebody was there. It serves everything that was open.
    pub fn done(&mut self, visit: Visit, alarm: Option<AlarmId>, today: Option<Wall>) -> Deed {
        let served = self.open.drain(..).map(|open| open.reason).collect();
        (self.counted, self.day, self.last) = (visit.at, today, Some(visit));
        Deed::Done { visit, served, alarm }
    }

    /// Somebody says that they were there, and may give a code from inside of the door of this home.
    pub fn reported(
        &mut self,
        now: Moment,
        by: ResponderId,
        code: Option<DoorCode>,
        home: HomeId,
        today: Option<Wall>,
    ) -> Deed {
        let proven = self.proves(code, home, now.mono);
        self.done(Visit { at: now, by, proven }, None, today)
    }

    /// Whether a code proves that somebody was in this home. After [`DOOR_TRIES_MAX`] wrong ones none does for a day.
    fn proves(&mut self, code: Option<DoorCode>, home: HomeId, now: Mono) -> bool {
        if self.last.is_some_and(|last| now.since(last.at.mono) >= EXTRA_WITHIN) {
            self.wrong_codes = 0;
        }
        match code {
            None => false,
            Some(_) if self.wrong_codes >= DOOR_TRIES_MAX => false,
            Some(DoorCode::Of(of)) if of == home => {
                self.wrong_codes = 0;
                true
            }
            Some(DoorCode::Of(_) | DoorCode::Wrong) => {
                self.wrong_codes += 1;
                false
            }
        }
    }

    fn want(&mut self, reason: Reason, now: Moment, by: Wall) -> Option<Deed> {
        if self.open_for(reason).is_some() || self.open.len() >= OPEN_VISITS_MAX {
            return None;
        }
        self.open.push(Open { reason, since: now, by, missed: None });
        Some(Deed::Due { reason })
    }

    /// The clock is set: what has only station time gets the date that it had.
    fn date(&mut self, today: Today) {
        let now = today.now;
        if self.day.is_none() {
            let days = station_days(self.counted.mono, now.mono);
            self.day = Some(Wall(today.date.from.0.saturating_sub(days.saturating_mul(DAY_MS))));
        }
        for open in self.open.iter_mut().filter(|open| open.since.trust == Trust::Unset) {
            open.since = now.at(open.since.mono);
            open.by = soon(open.since);
        }
    }

    /// Dates since the one from which it is counted. The wall may have been wrong then or be so now; so many days have passed
    /// at least as station time has.
    fn days_since(&self, today: Today) -> i64 {
        let by_wall = self.day.map_or(0, |day| (today.date.from.0.saturating_sub(day.0) + DAY_MS / 2) / DAY_MS);
        by_wall.max(station_days(self.counted.mono, today.now.mono))
    }
}

fn soon(now: Moment) -> Wall {
    now.at(now.mono + EXTRA_WITHIN).wall
}

fn station_days(from: Mono, to: Mono) -> i64 {
    i64::try_from(to.since(from).as_millis()).unwrap_or(i64::MAX) / DAY_MS
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde hands a reference")]
const fn is_none_yet(count: &u8) -> bool {
    *count == 0
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::core::time::Boot;

    /// Noon of a day, at station time from the first of them on.
    fn noon(day: i64) -> Moment {
        let ms = day * DAY_MS + DAY_MS / 2;
        Moment {
            boot: Boot(1),
            mono: Mono(u64::try_from(ms).expect("after the first")),
            wall: Wall(ms),
            trust: Trust::Synced,
        }
    }

    fn on(now: Moment) -> Today {
        let from = now.wall.0.div_euclid(DAY_MS) * DAY_MS;
        let date = Span { from: Wall(from), until: Wall(from + DAY_MS) };
        Today { now, date, every_days: Some(30) }
    }

    fn standing() -> Standing {
        let now = noon(0);
        Standing::new("r04".parse().expect("id"), now, Some(on(now).date.from))
    }

    fn judged(standing: &mut Standing, today: Today) -> Vec<Deed> {
        std::iter::from_fn(|| standing.judge(today)).take(20).collect()
    }

    const DUE: Deed = Deed::Due { reason: Reason::Routine };
    const MISSED: Deed = Deed::Missed { reason: Reason::Routine };
    const WITHDRAWN: Deed = Deed::Withdrawn { reason: Reason::Routine };

    fn visit(at: Moment) -> Visit {
        Visit { at, by: "p01".parse().expect("id"), proven: false }
    }

    #[test]
    fn it_is_due_on_its_day_missed_at_the_end_of_it_once_and_stays_to_be_done() {
        let mut standing = standing();
        assert_eq!(judged(&mut standing, on(noon(29))), []);
        assert_eq!(judged(&mut standing, on(noon(30))), [DUE]);
        assert_eq!(standing.open_for(Reason::Routine).expect("open").by, Wall(31 * DAY_MS));
        assert_eq!(judged(&mut standing, on(noon(31))), [MISSED]);
        for day in 32..200 {
            assert_eq!(judged(&mut standing, on(noon(day))), [], "one period is missed once");
        }
        let done = standing.done(visit(noon(200)), None, Some(Wall(200 * DAY_MS)));
        assert!(matches!(done, Deed::Done { served, .. } if served == [Reason::Routine]));
        assert_eq!(judged(&mut standing, on(noon(229))), []);
        assert_eq!(judged(&mut standing, on(noon(230))), [DUE]);
    }

    #[test]
    fn a_clock_that_jumps_five_years_and_back_misses_each_once_and_takes_it_back() {
        let years = 5 * 365 * DAY_MS;
        let jumped = |day: i64| Moment { wall: Wall(noon(day).wall.0 + years), ..noon(day) };
        let mut standing = standing();
        assert_eq!(judged(&mut standing, on(jumped(3))), [DUE]);
        assert_eq!(judged(&mut standing, on(jumped(4))), [MISSED]);
        for day in 5..9 {
            assert_eq!(judged(&mut standing, on(jumped(day))), []);
        }
        assert_eq!(judged(&mut standing, on(noon(9))), [WITHDRAWN]);
        assert_eq!(judged(&mut standing, on(noon(29))), []);
        assert_eq!(judged(&mut standing, on(noon(30))), [DUE], "as if nothing had been");
    }

    #[test]
    fn a_visit_that_a_wrong_clock_dated_into_the_future_is_due_again_by_station_time() {
        let years = 5 * 365 * DAY_MS;
        let mut standing = standing();
        let done = Moment { wall: Wall(noon(3).wall.0 + years), ..noon(3) };
        standing.done(visit(done), None, Some(on(done).date.from));
        assert_eq!(judged(&mut standing, on(noon(32))), []);
        assert_eq!(judged(&mut standing, on(noon(33))), [DUE]);
    }

    #[test]
    fn without_a_clock_it_is_dated_when_there_is_one() {
        let unset = |day: i64| Moment { wall: Wall(0), trust: Trust::Unset, ..noon(day) };
        let mut standing = Standing::new("r04".parse().expect("id"), unset(2), None);
        assert_eq!(
            standing.want_soon(Reason::NothingHeard, unset(5)),
            Some(Deed::Due { reason: Reason::NothingHeard })
        );
        assert_eq!(standing.want_soon(Reason::NothingHeard, unset(5)), None, "it is open already");
        assert_eq!(judged(&mut standing, on(noon(5))), [Deed::Dated]);
        let open = standing.open_for(Reason::NothingHeard).expect("open");
        assert_eq!((open.by, open.since.trust), (noon(6).wall, Trust::Synced));
        assert_eq!(standing.day, Some(Wall(2 * DAY_MS)));
        assert_eq!(judged(&mut standing, on(noon(6))), [Deed::Missed { reason: Reason::NothingHeard }]);
        assert_eq!(judged(&mut standing, on(noon(32))), [DUE]);
    }

    #[test]
    fn whoever_is_away_is_not_visited_by_routine_and_is_again_when_back() {
        let mut standing = standing();
        judged(&mut standing, on(noon(30)));
        let away = Today { every_days: None, ..on(noon(30)) };
        assert_eq!(judged(&mut standing, away), [WITHDRAWN]);
        assert_eq!(judged(&mut standing, on(noon(31))), [DUE]);
    }

    #[test]
    fn rule_30_five_wrong_codes_end_the_comparing_for_a_day() {
        let home: HomeId = "h01".parse().expect("id");
        let mut standing = standing();
        let mut says = |now, code| {
            let deed = standing.reported(now, "p01".parse().expect("id"), code, home, None);
            matches!(deed, Deed::Done { visit: Visit { proven: true, .. }, .. })
        };
        let (right, other) = (Some(DoorCode::Of(home)), Some(DoorCode::Of("h02".parse().expect("id"))));
        for code in [Some(DoorCode::Wrong), other, Some(DoorCode::Wrong), other, other] {
            assert!(!says(noon(1), code));
        }
        assert!(!says(noon(1), right), "it is compared no more");
        assert!(says(noon(2), right));
        assert!(!says(noon(2), None), "who gives none is believed, and has proven nothing");
        assert!(says(noon(2), right));
    }

    #[test]
    fn a_record_is_read_as_it_was_written() {
        let mut standing = standing();
        let deed = standing.done(Visit { proven: true, ..visit(noon(1)) }, None, Some(Wall(DAY_MS)));
        let record = Record { tier: Tier::High, deed, standing };
        let text = serde_json::to_string(&record).expect("JSON");
        assert!(text.starts_with(r#"{"tier":"high","did":"done","visit":{"at":"#), "{text}");
        assert_eq!(serde_json::from_str::<Record>(&text).expect("reads"), record);
    }
}
