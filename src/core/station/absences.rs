//! Who is away from home (CARE-RULES 24): asked after the day before, ended by day, and never a reason not to hear a call.
//!
//! ```text
//!          10:00 the day before            10:00 of the last day
//! away ────── asked ── "17 2" ─▶ seven days more
//!   │           │ "17 1" ─▶ at home       │ no answer
//!   │ about in two places                 ▼
//!   └─▶ watched again, and asked: 回来了?  watched again, and a call: nobody says that they are back
//! ```
//!
//! Constraints:
//! - `village.toml` is the truth of absences, and the plan brings them as instants. What somebody answers goes into the file, and
//!   comes back with the next plan; so an answer that was lost on the way is asked for once more after a start, and no absence goes
//!   on because of a memory.
//! - Being away only ends reminders that nobody is heard. Help calls, smoke, gas and CO are never suspended by it (CARE-RULES 22).
//! - While nobody knows what time it is nobody is away, and by night nobody is asked or called for this.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use super::{Station, Timer};
use crate::core::alarm::told::Code;
use crate::core::alarm::{Alarm, AlarmId, Away, Evidence, Note, NoteKind, Reason, Subject};
use crate::core::answer::{Held, Outcome, Wish};
use crate::core::condition::Condition;
use crate::core::effect::{AbsenceChange, Answer, Effect, Question};
use crate::core::id::{DeviceId, ResidentId, ResponderId, RoomId};
use crate::core::intake::News;
use crate::core::plan::Absence;
use crate::core::reading::Measure;
use crate::core::refusal::Refusal;
use crate::core::roster::{Device, Ladder, ResponderRole, Rung};
use crate::core::time::{Moment, Mono, Trust, Wall};
use crate::core::visit;

/// Somebody who is about in two places within this time is in the home. judgement: a radio that repeats itself speaks of one place,
/// and who waters the flowers for a neighbour is asked after, which costs one text.
const ABOUT_WITHIN: Duration = Duration::from_mins(30);

/// Whoever said that it is somebody else is not asked again for this long. judgement: whoever looks after the home comes once a day.
const ASKED_AGAIN_AFTER: Duration = Duration::from_hours(24);

/// An absence that ended so long ago is no news after a start. judgement: by then the next day's silence speaks for itself.
const OVER_IS_NEWS: Duration = Duration::from_hours(24);

/// What was answered is in the village file by then, or was lost on the way and is asked once more. judgement: the file is written in
/// a blink, and who is repairing it by hand is done in an hour.
const WRITTEN_WITHIN: Duration = Duration::from_hours(1);

/// How long the contact has before the duty desk is called too. judgement: as long as the longest usual rung, twice.
const CONTACT_WAIT: Duration = Duration::from_mins(5);

/// How long whoever is with them has before the village's ladder is called too. judgement: as long as a usual rung.
const FIRST_WAIT: Duration = Duration::from_mins(2);

/// A position that is older says nothing of where somebody is. judgement: a day's way.
const POSITION_IS_OLD: Duration = Duration::from_hours(24);

/// What is remembered of absences; a start asks again.
#[derive(Debug, Default)]
pub(super) struct Absences {
    /// Who is away now.
    away: BTreeSet<ResidentId>,
    /// What was asked about whom.
    asked: BTreeMap<ResidentId, Asked>,
    /// Who was about at home during the absence that ends then, and is watched as if it had ended.
    back: BTreeMap<ResidentId, Wall>,
    /// Where somebody was last about in the home of whoever is away.
    about: BTreeMap<ResidentId, (Place, Mono)>,
    /// When the contact said that it was somebody else.
    not_back: BTreeMap<ResidentId, Mono>,
    /// The ends that a call was made of.
    called: BTreeMap<ResidentId, Wall>,
}

/// A question to whoever knows.
#[derive(Debug, Clone, Copy)]
struct Asked {
    who: ResponderId,
    code: Option<Code>,
    /// The end of the absence that it is about.
    until: Wall,
    about: Question,
    /// It has left; by night it waits, and is answered all the same by whoever knows its code from before a start.
    sent: bool,
    /// When they answered; the plan has it when the village file does.
    answered: Option<Mono>,
}

/// A room, or a device that stands in none.
type Place = Result<RoomId, DeviceId>;

impl Absences {
    /// What somebody is asked, by the codes of the questions.
    pub(super) fn held<T>(
        &self,
        who: ResponderId,
        about: impl Fn(ResidentId) -> T + Copy,
    ) -> impl Iterator<Item = Held<T>> {
        let theirs = self.asked.iter().filter(move |(_, asked)| asked.who == who);
        theirs.filter_map(move |(resident, asked)| {
            Some(Held { code: Some(asked.code?), about: about(*resident), sent: None, is_open: false })
        })
    }

    /// The codes of somebody's questions.
    pub(super) fn codes_of(&self, who: ResponderId) -> impl Iterator<Item = Code> {
        self.asked.values().filter(move |asked| asked.who == who).filter_map(|asked| asked.code)
    }
}

impl Station {
    /// Whether the resident is away, so that their silence is expected.
    #[must_use]
    pub fn is_away(&self, resident: ResidentId) -> bool {
        self.absences.away.contains(&resident)
    }

    /// Everybody who is away, and until when.
    pub fn away(&self) -> impl Iterator<Item = (ResidentId, Wall)> {
        let absences = self.plan.absences.iter().filter(|absence| self.is_away(absence.resident));
        absences.map(|absence| (absence.resident, absence.away.until))
    }

    /// Whatever of the absences is due, and when something is next.
    pub(super) fn mind_the_absences(&mut self, now: Moment, effects: &mut Vec<Effect>) {
        let served = |absence: &&Absence| self.roster.is_watched_over(absence.resident);
        let all: Vec<Absence> = self.plan.absences.iter().filter(served).cloned().collect();
        self.forget_what_is_past(&all);
        self.end_what_was_answered(now, &all, effects);
        let away = all.iter().filter(|absence| self.is_in_force(now, absence)).map(|absence| absence.resident);
        self.take_away(now, away.collect(), effects);
        if now.trust == Trust::Unset || all.is_empty() {
            self.timers.set(Timer::Absences, None);
            return;
        }
        // A contact sleeps too: what falls into the night waits for its end.
        let by_day = !self.plan.may_be_night(now);
        for absence in &all {
            self.mind_the_question(now, absence, by_day, effects);
            if by_day {
                self.call_about(now, absence, effects);
            }
        }
        let marks = all.iter().flat_map(|absence| [absence.away.from, absence.ask, absence.away.until]);
        let next = marks.chain(self.plan.night_ends(now)).filter(|at| *at > now.wall).min();
        let next = next.map(|at| now.mono + now.until(at));
        self.timers.set(Timer::Absences, next);
    }

    /// A device of a home was heard. If somebody is about there in two places, whoever is away is watched again at once, and asked
    /// after.
    pub(super) fn mind_who_is_about(&mut self, now: Moment, device: &Device, news: &[News], effects: &mut Vec<Effect>) {
        if !device.role.is_moved_by_people() || !news.iter().any(|item| is_somebody(item.said.measure)) {
            return;
        }
        // Few are away, and most readings come from homes of others.
        let missed = self.absences.away.iter().chain(self.absences.called.keys());
        let Some(resident) = missed.copied().find(|id| self.is_of(device, *id)) else { return };
        let place: Place = device.room.ok_or(device.id);
        let before = self.absences.about.insert(resident, (place, now.mono));
        if before.is_some_and(|(before, at)| before != place && now.mono.since(at) <= ABOUT_WITHIN) {
            self.somebody_is_home(now, resident, device.id, effects);
        }
    }

    /// What an alarm says of its subject's being away. Only a device that knows where it is is carried; a button on the wall is not.
    pub(super) fn away_of(
        &self,
        now: Moment,
        subject: Subject,
        condition: Condition,
        device: Option<&Device>,
    ) -> Option<Away> {
        let Subject::Resident(resident) = subject else { return None };
        let absence = self.plan.absences.iter().find(|absence| absence.resident == resident)?;
        if condition == Condition::NotBack {
            let first = absence.contact.into_iter().collect();
            return Some(Away { first, at: None, until: Some(absence.away.until) });
        }
        if !self.is_away(resident) {
            return None;
        }
        let unit = device.and_then(|device| self.units.get(&device.id));
        let at = unit.and_then(|unit| unit.place).filter(|place| now.mono.since(place.at.mono) <= POSITION_IS_OLD);
        let first = if at.is_some() && condition == Condition::HelpCall { absence.first.clone() } else { Vec::new() };
        Some(Away { first, at, until: None })
    }

    /// Somebody has answered a question about somebody's absence. What could be said in answer to something else is no answer.
    pub(super) fn answer_absence(
        &mut self,
        now: Moment,
        by: ResponderId,
        resident: ResidentId,
        wish: Wish,
        effects: &mut Vec<Effect>,
    ) -> Outcome {
        let Some(asked) = self.absences.asked.get_mut(&resident) else { return Outcome::UnknownCode };
        let change = match (asked.about, wish) {
            (_, Wish::One | Wish::Returned) => AbsenceChange::Ended,
            (Question::AbsenceEnds(_), Wish::Two) | (_, Wish::Extend) => AbsenceChange::Extended,
            (Question::CameBack(_), Wish::Two | Wish::SomebodyElse) => {
                // Somebody else is in the home: they are away as was said.
                self.absences.asked.remove(&resident);
                self.absences.back.remove(&resident);
                self.absences.not_back.insert(resident, now.mono);
                self.mind_the_absences(now, effects);
                return Outcome::Done(Wish::SomebodyElse);
            }
            _ => return Outcome::NotUnderstood,
        };
        asked.answered = Some(now.mono);
        effects.push(Effect::Absence { resident, by, until: asked.until, change });
        Outcome::Done(if change == AbsenceChange::Ended { Wish::Returned } else { Wish::Extend })
    }

    /// The same in answer to the call that was made when nobody had said it in time.
    pub(super) fn answer_not_back(
        &mut self,
        now: Moment,
        id: AlarmId,
        by: ResponderId,
        wish: Wish,
        effects: &mut Vec<Effect>,
    ) -> Result<Answer, Refusal> {
        let alarm = self.known_open(id)?;
        let until = alarm.away.as_ref().and_then(|away| away.until).filter(|_| id.condition == Condition::NotBack);
        let (resident, until) = alarm.resident().zip(until).ok_or(Refusal::NotNow)?;
        let change = if wish == Wish::Returned { AbsenceChange::Ended } else { AbsenceChange::Extended };
        effects.push(Effect::Absence { resident, by, until, change });
        let note = Note { at: now, by: Some(by), kind: NoteKind::Answered, text: wish.word().to_owned() };
        self.note(now, id, note, effects)
    }

    /// Whether somebody is named to go first for a subject who is away.
    pub(super) fn is_with_them(&self, id: AlarmId, by: ResponderId) -> bool {
        let away = self.book.get(id).filter(|alarm| alarm.id.condition == Condition::HelpCall);
        away.and_then(|alarm| alarm.away.as_ref()).is_some_and(|away| away.first.contains(&by))
    }

    /// Whether a device tells of this resident: theirs, or in a home where nobody else lives who is served.
    fn is_of(&self, device: &Device, resident: ResidentId) -> bool {
        let home = self.roster.residents.get(&resident).map(|of| of.home);
        let mut living = self.roster.residents.values().filter(|of| Some(of.home) == home && of.service.is_served());
        match device.resident {
            Some(owner) => owner == resident,
            None => device.home.is_some() && device.home == home && living.all(|of| of.id == resident),
        }
    }

    fn is_in_force(&self, now: Moment, absence: &Absence) -> bool {
        let was_seen = self.absences.back.get(&absence.resident) == Some(&absence.away.until);
        now.trust != Trust::Unset && absence.away.contains(now.wall) && !was_seen
    }

    /// Reminders that nobody is heard end while somebody is away, and begin when they are not any more.
    fn take_away(&mut self, now: Moment, away: BTreeSet<ResidentId>, effects: &mut Vec<Effect>) {
        let before = std::mem::replace(&mut self.absences.away, away);
        let changed: Vec<ResidentId> = before.symmetric_difference(&self.absences.away).copied().collect();
        for resident in changed {
            self.changed_residents.insert(resident);
            self.mind_blindness(now, resident, effects);
        }
    }

    /// What was asked of an absence that has another end by now, or none, is no question any more.
    fn forget_what_is_past(&mut self, all: &[Absence]) {
        let ends: BTreeMap<ResidentId, Wall> =
            all.iter().map(|absence| (absence.resident, absence.away.until)).collect();
        let stands = |resident: &ResidentId, until: Wall| ends.get(resident) == Some(&until);
        self.absences.asked.retain(|resident, asked| stands(resident, asked.until));
        self.absences.back.retain(|resident, until| stands(resident, *until));
        self.absences.called.retain(|resident, until| stands(resident, *until));
        self.absences.about.retain(|resident, _| ends.contains_key(resident));
        self.absences.not_back.retain(|resident, _| ends.contains_key(resident));
    }

    /// A call about an absence is answered by the village file alone: it is gone from there, or has another end. No clock is asked.
    fn end_what_was_answered(&mut self, now: Moment, all: &[Absence], effects: &mut Vec<Effect>) {
        let stands = |alarm: &Alarm| {
            let until = alarm.away.as_ref().and_then(|away| away.until);
            all.iter().any(|of| Some(of.resident) == alarm.resident() && Some(of.away.until) == until)
        };
        let open = self.book.open().filter(|alarm| alarm.id.condition == Condition::NotBack && !alarm.id.drill);
        let answered: Vec<ResidentId> = open.filter(|alarm| !stands(alarm)).filter_map(Alarm::resident).collect();
        for resident in answered {
            let evidence = Evidence { at: now, device: None, said: None, reason: Reason::Over };
            self.cleared(now, Subject::Resident(resident), Condition::NotBack, evidence, effects);
        }
    }

    /// CARE-RULES 24: the contact is asked the day before, and when somebody is about in the home.
    fn mind_the_question(&mut self, now: Moment, absence: &Absence, by_day: bool, effects: &mut Vec<Effect>) {
        let (resident, until) = (absence.resident, absence.away.until);
        let was_seen = self.absences.back.get(&resident) == Some(&until);
        let about = match (was_seen, absence.ask <= now.wall) {
            _ if !absence.away.contains(now.wall) => return,
            (true, _) => Question::CameBack(resident),
            (false, true) => Question::AbsenceEnds(resident),
            (false, false) => return,
        };
        let desk = || self.desk(now).first().copied();
        let known = self.absences.asked.get(&resident).copied();
        let Some(who) = known.map(|asked| asked.who).or(absence.contact).or_else(desk) else { return };
        // The same end and the same person have the same code, also after a start.
        let code = known.map_or_else(|| self.question_code(until, resident.as_str(), who), |asked| asked.code);
        let lost = |asked: &Asked| asked.answered.is_some_and(|at| now.mono.since(at) >= WRITTEN_WITHIN);
        let mut asked = match known {
            Some(asked) if asked.about == about && !lost(&asked) => asked,
            _ => Asked { who, code, until, about, sent: false, answered: None },
        };
        if by_day && !asked.sent {
            asked.sent = true;
            effects.push(Effect::Ask { who, code, about });
        }
        self.absences.asked.insert(resident, asked);
    }

    /// CARE-RULES 24: it ended, and nobody says that they are back.
    fn call_about(&mut self, now: Moment, absence: &Absence, effects: &mut Vec<Effect>) {
        let (resident, until) = (absence.resident, absence.away.until);
        let since = Duration::from_millis(u64::try_from(now.wall.0 - until.0).unwrap_or(u64::MAX));
        if now.wall < until || since > OVER_IS_NEWS {
            return;
        }
        if self.absences.called.insert(resident, until) == Some(until) || self.was_called(resident, until) {
            return;
        }
        let evidence = Evidence { at: now, device: None, said: None, reason: Reason::AbsenceOver };
        self.onset(now, Subject::Resident(resident), Condition::NotBack, None, &[], evidence, false, effects);
        self.visit_due_for(now, resident, visit::Reason::AbsenceUnanswered, effects);
    }

    /// Whether an earlier run called about it already.
    fn was_called(&self, resident: ResidentId, until: Wall) -> bool {
        let mut known = self.book.open().chain(self.book.closed());
        known.any(|alarm| {
            alarm.id.condition == Condition::NotBack
                && alarm.resident() == Some(resident)
                && alarm.away.as_ref().and_then(|away| away.until) == Some(until)
        })
    }

    /// It may be a neighbour, a visitor or a cat, so it answers nothing by itself: they are watched again, and the contact is asked.
    fn somebody_is_home(&mut self, now: Moment, resident: ResidentId, device: DeviceId, effects: &mut Vec<Effect>) {
        let (subject, condition) = (Subject::Resident(resident), Condition::NotBack);
        let said = |alarm: &Alarm| alarm.evidence.iter().any(|known| known.reason == Reason::AboutAtHome);
        if self.open_alarm(subject, condition).is_some_and(|alarm| !said(alarm)) {
            let evidence = Evidence { at: now, device: Some(device), said: None, reason: Reason::AboutAtHome };
            self.noted(now, subject, condition, evidence, effects);
        }
        let absence = self.plan.absences.iter().find(|absence| absence.resident == resident);
        let Some(until) = absence.filter(|of| self.is_in_force(now, of)).map(|of| of.away.until) else { return };
        let said_no = self.absences.not_back.get(&resident);
        if said_no.is_none_or(|at| now.mono.since(*at) >= ASKED_AGAIN_AFTER) {
            self.absences.back.insert(resident, until);
            self.mind_the_absences(now, effects);
        }
    }
}

/// The ladder of an alarm whose subject is away: whoever is with them goes first. Of an absence that is over the contact is
/// called, and then the duty desk.
pub(super) fn ladder_away(alarm: &Alarm, mut ladder: Ladder) -> Ladder {
    let Some(away) = &alarm.away else { return ladder };
    let first = Rung { responders: away.first.clone(), ..Rung::default() };
    if alarm.id.condition == Condition::NotBack {
        let desk = Rung { roles: vec![ResponderRole::DutyDesk], ..Rung::default() };
        ladder.rungs = [first, desk].map(|rung| Rung { wait: CONTACT_WAIT, ..rung }).into();
    } else if !away.first.is_empty() {
        ladder.rungs.insert(0, Rung { wait: FIRST_WAIT, ..first });
    }
    ladder
}

/// Whether it is said because somebody is there.
const fn is_somebody(measure: Measure) -> bool {
    matches!(
        measure,
        Measure::Motion(true)
            | Measure::Presence(true)
            | Measure::Bed(true)
            | Measure::Contact(_)
            | Measure::Vibration(true)
    )
}
