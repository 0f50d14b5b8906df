//! Somebody comes, or another is called: *whoever held an alarm and holds it no more is followed by somebody else; half-way it is
//! asked whether they are there; a further press is told to whoever goes; after a stop of unknown length everybody is told again at
//! once, and nobody's word is good for more than five minutes; nobody reads a notice more often than it was given* (CARE-RULES 6, 7,
//! 15, 23).
//!
//! Judged on what the station had people told; that each of these is written to is said in `telephones`.

use std::collections::BTreeMap;

use super::Verdicts;
use crate::core::alarm::life_cycle::State;
use crate::core::alarm::{Alarm, AlarmId, Subject};
use crate::core::audience::{Audience, Because};
use crate::core::effect::Notice;
use crate::core::id::{ResidentId, ResponderId};
use crate::core::time::{Gap, Moment, Mono};
use crate::sim::gateway::Turned;
use crate::sim::trace::Ms;

/// How late somebody may be told. judgement: a slow commit before it.
const LATE_MS: Ms = 2_500;
/// Source: CARE-RULES 23, "leases shrink to 5 minutes".
const AFTER_STOP_MS: u64 = 5 * 60_000;
/// A press so soon after another rings nobody again. Source: `core::station::book`.
const STILL_RINGING_MS: u64 = 10_000;

/// What is owed to an alarm.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Owed {
    /// Somebody other than whoever held it is called.
    Another(ResponderId),
    /// Whoever goes is told of another press.
    Again(ResponderId),
    /// It is told again after a stop.
    Restart,
}

impl Owed {
    const fn sentence(self) -> &'static str {
        match self {
            Owed::Another(_) => "who_goes_no_more_is_followed_by_another",
            Owed::Again(_) => "a_further_press_is_told_to_who_goes",
            Owed::Restart => "after_an_unknown_stop_all_is_told_again",
        }
    }

    fn is_given_by(self, notice: &Notice) -> bool {
        match self {
            Owed::Another(before) => notice.people.iter().any(|who| *who != before),
            Owed::Again(by) => notice.because == Because::Again && notice.people.contains(&by),
            Owed::Restart => true,
        }
    }
}

/// A word that somebody goes, as it was written.
#[derive(Debug, Clone, Copy)]
struct Word {
    by: ResponderId,
    until: Mono,
    /// When half of it is over; nothing once it was asked, and after a start, which may have heard of it later.
    half: Option<Mono>,
}

/// See the module.
#[derive(Debug, Default)]
pub(super) struct Comes {
    open: BTreeMap<AlarmId, Alarm>,
    owed: BTreeMap<(AlarmId, Owed), Ms>,
    words: BTreeMap<AlarmId, Word>,
    /// When an onset last made a record.
    pressed: BTreeMap<AlarmId, Mono>,
    /// Notices less letters that were read, in this life.
    given: BTreeMap<(AlarmId, ResponderId), u64>,
    life: u32,
}

impl Comes {
    /// Somebody is served no more: nobody is reminded of them (CARE-RULES 26).
    pub(super) fn leaves(&mut self, who: ResidentId) {
        let theirs = |alarm: &AlarmId| alarm.subject == Subject::Resident(who);
        self.owed.retain(|(alarm, _), _| !theirs(alarm));
        self.words.retain(|alarm, _| !theirs(alarm));
    }

    /// The process is dead: what it owed is owed by the next one in its own way.
    pub(super) fn killed(&mut self) {
        self.owed.clear();
        self.words.clear();
        self.given.clear();
        self.pressed.clear();
        self.life += 1;
    }

    /// A process begins with what the log held.
    pub(super) fn began(&mut self, alarms: &BTreeMap<AlarmId, Alarm>) {
        let open = alarms.iter().filter(|(id, alarm)| alarm.is_open() && id.condition.rule().about_person);
        self.open = open.map(|(id, alarm)| (*id, alarm.clone())).collect();
    }

    /// Reads a turn's records. `left` says of whom nobody is reminded any more.
    pub(super) fn turned(&mut self, now: Ms, turned: &Turned, left: impl Fn(&Alarm) -> bool, verdicts: &mut Verdicts) {
        if turned.start == Some(Gap::Unknown) {
            let told = self.open.values().filter(|alarm| !left(alarm)).map(|alarm| ((alarm.id, Owed::Restart), now));
            self.owed.extend(told);
        }
        for alarm in turned.records.iter().filter(|alarm| alarm.id.condition.rule().about_person) {
            let before = self.open.get(&alarm.id).cloned();
            self.owed.retain(|(id, owed), _| *id != alarm.id || still(*owed, alarm));
            if !left(alarm) {
                self.owes(now, turned.at, before.as_ref(), alarm);
            }
            if !left(alarm) {
                self.word(turned.at, before.as_ref(), alarm);
            }
            if alarm.is_open() {
                self.open.insert(alarm.id, alarm.clone());
            } else {
                self.open.remove(&alarm.id);
                self.pressed.remove(&alarm.id);
                self.given.retain(|(id, _), _| *id != alarm.id);
            }
        }
        if turned.start == Some(Gap::Unknown) {
            let latest = turned.at.mono.0 + AFTER_STOP_MS;
            let long = self.open.values().find(|alarm| held(alarm).is_some_and(|(_, until)| until.0 > latest));
            if let Some(alarm) = long.filter(|alarm| !left(alarm)) {
                verdicts.against(now, "after_an_unknown_stop_a_word_is_good_for_five_minutes", || alarm.id.to_string());
            }
        }
    }

    fn owes(&mut self, now: Ms, at: Moment, before: Option<&Alarm>, alarm: &Alarm) {
        let (Some(before), id) = (before, alarm.id) else { return };
        match (held(before), alarm.state) {
            (Some((by, _)), State::Raised { .. }) => {
                self.owed.insert((id, Owed::Another(by)), now);
            }
            (Some((by, _)), State::Accepted { by: still, .. }) if by == still && alarm.onsets > before.onsets => {
                let fresh = alarm.evidence.last().is_some_and(|evidence| evidence.at.mono == at.mono);
                let last = self.pressed.get(&id).copied();
                if fresh && last.is_some_and(|last| at.mono.0 > last.0 + STILL_RINGING_MS) {
                    self.owed.insert((id, Owed::Again(by)), now);
                }
            }
            _ => {}
        }
        if alarm.onsets > before.onsets {
            self.pressed.insert(id, at.mono);
        }
    }

    fn word(&mut self, at: Moment, before: Option<&Alarm>, alarm: &Alarm) {
        let State::Accepted { by, until, .. } = alarm.state else {
            self.words.remove(&alarm.id);
            return;
        };
        let known = self.words.get(&alarm.id).filter(|word| (word.by, word.until) == (by, until));
        let same = before.and_then(held) == Some((by, until));
        if known.is_none() && !same {
            let half = Mono(at.mono.0 + until.0.saturating_sub(at.mono.0) / 2);
            self.words.insert(alarm.id, Word { by, until, half: Some(half) });
        }
    }

    /// The station has somebody told.
    pub(super) fn ordered(&mut self, notice: &Notice) {
        let id = notice.alarm;
        self.owed.retain(|(alarm, owed), _| *alarm != id || !owed.is_given_by(notice));
        for who in &notice.people {
            *self.given.entry((id, *who)).or_insert(0) += 1;
        }
        // A start asks whoever goes at once, and not again at the half of what is left.
        let asks = matches!(notice.because, Because::HalfLease | Because::Restart);
        let asked = |word: &Word| asks && notice.to == Audience::Acceptor(word.by);
        if let Some(word) = self.words.get_mut(&id).filter(|word| asked(word)) {
            word.half = None;
        }
    }

    /// Somebody reads a letter that they can answer. One that an earlier life had given may come once more.
    pub(super) fn read(&mut self, now: Ms, life: u32, alarm: AlarmId, who: ResponderId, verdicts: &mut Verdicts) {
        if life != self.life + 1 || !self.open.contains_key(&alarm) {
            return;
        }
        match self.given.get_mut(&(alarm, who)) {
            Some(given) if *given > 0 => *given -= 1,
            _ => {
                verdicts
                    .against(now, "nobody_reads_a_notice_more_often_than_it_was_given", || format!("{alarm} {who}"));
            }
        }
    }

    /// Time has passed in a living process that has nothing to do.
    pub(super) fn overdue(&mut self, now: Ms, at: Moment, verdicts: &mut Verdicts) {
        let late = self.owed.iter().find(|(_, since)| now > **since + LATE_MS).map(|(key, _)| *key);
        if let Some((alarm, owed)) = late {
            self.owed.remove(&(alarm, owed));
            verdicts.against(now, owed.sentence(), || format!("{alarm} {owed:?}"));
        }
        for (alarm, word) in &mut self.words {
            if word.half.is_some_and(|half| at.mono.0 > half.0 + LATE_MS) {
                word.half = None;
                verdicts.against(now, "halfway_it_is_asked_whether_they_are_there", || format!("{alarm} {}", word.by));
            }
        }
    }
}

/// Whether something is owed still, after that record.
fn still(owed: Owed, alarm: &Alarm) -> bool {
    match owed {
        Owed::Another(_) => matches!(alarm.state, State::Raised { .. }),
        Owed::Again(by) => held(alarm).is_some_and(|(holder, _)| holder == by),
        Owed::Restart => alarm.is_open(),
    }
}

fn held(alarm: &Alarm) -> Option<(ResponderId, Mono)> {
    match alarm.state {
        State::Accepted { by, until, .. } | State::OnSite { by, until, .. } => Some((by, until)),
        State::PreAlarm { .. } | State::Raised { .. } | State::Closed { .. } => None,
    }
}
