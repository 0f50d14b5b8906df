//! Who is meant: an audience becomes people, by the ladder, the rota and the clock on the wall.

use std::collections::BTreeSet;

use super::Station;
use super::absences::ladder_away;
use crate::core::alarm::life_cycle::State;
use crate::core::alarm::told::Code;
use crate::core::alarm::{Alarm, Subject};
use crate::core::audience::{Audience, Because};
use crate::core::condition::{Condition, Priority};
use crate::core::effect::Notice;
use crate::core::id::{HomeId, ResponderId};
use crate::core::roster::{Ladder, Resident, ResponderRole, Rung};
use crate::core::time::{Moment, Mono, Wall};
use crate::limits;
use crate::limits::people::EVERYONE_MAX;

/// By night so many people are called at once. Source: CARE-RULES 5.
const TOGETHER_BY_NIGHT: usize = 2;

/// How long a tester has to say "ok" before the full ladder is called. Source: CARE-RULES 19.
const TEST_ANSWER_S: u64 = 180;

impl Station {
    /// The ladder of an alarm as it stands now: people, and no roles. Empty when it is about nobody.
    pub(super) fn ladder_now(&self, now: Moment, alarm: &Alarm) -> Ladder {
        if let Some(tester) = alarm.test_by {
            let wait = std::time::Duration::from_secs(TEST_ANSWER_S);
            let rung = Rung { responders: vec![tester], wait, ..Rung::default() };
            return Ladder { rungs: vec![rung], everyone_after: self.rules.everyone_after, ..Ladder::default() };
        }
        let Some(resident) = self.resident_of(alarm) else { return Ladder::default() };
        let on_duty = self.plan.on_duty(now);
        let never = &resident.ladder.never;
        let ladder = ladder_away(alarm, resident.ladder.clone());
        let rung = |rung: &Rung| {
            let people = self.people_of(rung, on_duty.as_deref()).into_iter().filter(|who| !never.contains(who));
            Rung { responders: people.collect(), wait: rung.wait, ..Rung::default() }
        };
        let mut rungs: Vec<Rung> = ladder.rungs.iter().map(rung).collect();
        if self.plan.may_be_night(now) {
            pair_by_night(&mut rungs);
        }
        Ladder { rungs, everyone_after: resident.ladder.everyone_after, ..Ladder::default() }
    }

    /// What is to be said to whom because of a call, and the alarm's note of it.
    pub(super) fn notice(&mut self, now: Moment, alarm: &mut Alarm, to: Audience, because: Because) -> Option<Notice> {
        let (to, people) = match (because, to) {
            (Because::BackUp, Audience::Rung(next)) => self.back_up(now, alarm, next)?,
            (_, to) => {
                let people = self.people(now, alarm, &to);
                (to, people)
            }
        };
        if people.is_empty() && to != Audience::Everyone {
            return None;
        }
        let round = alarm.state.round();
        for who in &people {
            let code = alarm.told_to(*who).map_or_else(|| self.fresh_code(*who), |told| told.code);
            alarm.tell(*who, &to, round, because, code);
        }
        let rings = self.rings(now, alarm, because);
        Some(Notice { alarm: alarm.id, to, people, rings, round, because })
    }

    /// CARE-RULES 6: one other than whoever goes. They may stand on the next rung too, or alone on it: then it is the nearest rung on
    /// which somebody else stands who has not said that they cannot.
    fn back_up(&self, now: Moment, alarm: &Alarm, next: u8) -> Option<(Audience, Vec<ResponderId>)> {
        let rungs = self.ladder_now(now, alarm).rungs;
        let from_next = rungs.iter().enumerate().cycle().skip(usize::from(next)).take(rungs.len());
        let free =
            |who: &&ResponderId| Some(**who) != holder(alarm) && !alarm.told_to(**who).is_some_and(|told| told.busy);
        let mut others = from_next.filter_map(|(at, rung)| Some((at, *rung.responders.iter().find(free)?)));
        let (at, who) = others.next()?;
        Some((Audience::Rung(u8::try_from(at).ok()?), vec![who]))
    }

    /// A notice that may not have left before a stop, to these people again.
    pub(super) fn repeated(
        &self,
        now: Moment,
        alarm: &Alarm,
        rung: Option<u8>,
        people: Vec<ResponderId>,
        because: Because,
    ) -> Notice {
        let to = match (rung, people.first()) {
            (Some(rung), _) => Audience::Rung(rung),
            (None, Some(who)) if people.len() == 1 => Audience::Acceptor(*who),
            (None, _) => Audience::Everyone,
        };
        let rings = self.rings(now, alarm, because);
        Notice { alarm: alarm.id, to, people, rings, round: alarm.state.round(), because }
    }

    /// Whether telephones ring for it (CARE-RULES 1). Whoever is only told of a matter is written to.
    fn rings(&self, now: Moment, alarm: &Alarm, because: Because) -> bool {
        let about_person = alarm.id.condition.rule().about_person;
        // CARE-RULES 24: no answer is a call.
        let loud = alarm.priority == Priority::High
            || alarm.id.condition == Condition::NotBack
            || (about_person && self.plan.may_be_night(now));
        loud && !matches!(because, Because::Wants120 | Because::Fault | Because::BackUp)
    }

    /// Who is meant at this moment, each once, in the order in which they are called.
    pub(super) fn people(&self, now: Moment, alarm: &Alarm, to: &Audience) -> Vec<ResponderId> {
        match to {
            Audience::Rung(rung) => {
                let mut rungs = self.ladder_now(now, alarm).rungs;
                let rung = usize::from(*rung);
                if rung < rungs.len() { rungs.swap_remove(rung).responders } else { Vec::new() }
            }
            Audience::Acceptor(who) | Audience::KeyHolder(who) | Audience::Tester(who) => vec![*who],
            Audience::Desk => self.desk(now),
            Audience::Informed => {
                let mut people = self.desk(now);
                people.extend(self.resident_of(alarm).into_iter().flat_map(|resident| &resident.family).copied());
                each_once(people)
            }
            Audience::Everyone => self.everyone(now, alarm),
        }
    }

    /// Minutes somebody needs to a home.
    pub(super) fn travel_min(&self, by: ResponderId, home: Option<HomeId>) -> Option<u16> {
        let usual = self.roster.responders.get(&by)?.travel_min;
        let there = home.and_then(|home| self.roster.travel_min.get(&(by, home)).copied());
        Some(there.unwrap_or(usual))
    }

    /// The resident whom an alarm is about.
    pub(super) fn resident_of(&self, alarm: &Alarm) -> Option<&Resident> {
        match alarm.id.subject {
            Subject::Resident(id) => self.roster.residents.get(&id),
            _ => None,
        }
    }

    /// Whoever sits at the duty desk; where nobody does, whoever is on duty; and where nobody is, everybody who may be sent.
    pub(super) fn desk(&self, now: Moment) -> Vec<ResponderId> {
        let on_duty = self.plan.on_duty(now);
        let desk = Rung { roles: vec![ResponderRole::DutyDesk], ..Rung::default() };
        let people = self.people_of(&desk, on_duty.as_deref());
        if !people.is_empty() {
            return people;
        }
        let all = self.people_of(&Rung { on_duty: true, ..Rung::default() }, on_duty.as_deref());
        if all.is_empty() { self.sendable().take(EVERYONE_MAX).collect() } else { all }
    }

    fn everyone(&self, now: Moment, alarm: &Alarm) -> Vec<ResponderId> {
        let mut people: Vec<ResponderId> =
            self.ladder_now(now, alarm).rungs.into_iter().flat_map(|rung| rung.responders).collect();
        people.extend(self.sendable());
        if let Some(resident) = self.resident_of(alarm) {
            people.extend(resident.key_holder);
            people.extend(&resident.family);
        }
        let mut people = each_once(people);
        people.truncate(EVERYONE_MAX);
        people
    }

    fn sendable(&self) -> impl Iterator<Item = ResponderId> {
        self.roster.responders.values().filter(|responder| responder.dispatched).map(|responder| responder.id)
    }

    /// The people of a rung: those named, then those of its roles.
    fn people_of(&self, rung: &Rung, on_duty: Option<&[ResponderId]>) -> Vec<ResponderId> {
        let mut people = rung.responders.clone();
        let is =
            |id: &ResponderId, role| self.roster.responders.get(id).is_some_and(|responder| responder.role == role);
        for role in &rung.roles {
            let of_role: Vec<ResponderId> = self.sendable().filter(|id| is(id, *role)).collect();
            let present = of_role.iter().copied().filter(|id| on_duty.is_some_and(|on| on.contains(id)));
            let present: Vec<ResponderId> = present.collect();
            people.extend(if present.is_empty() { of_role } else { present });
        }
        if rung.on_duty {
            match on_duty {
                Some(on_duty) => people.extend(on_duty),
                None => people.extend(self.sendable()),
            }
        }
        each_once(people)
    }

    /// A code that this person holds for nothing else.
    fn fresh_code(&mut self, who: ResponderId) -> Option<Code> {
        let held: Vec<Code> = self.codes_of(who).chain(self.question_codes_of(who)).collect();
        let open: Vec<Code> = self.open_codes_of(who).chain(self.question_codes_of(who)).collect();
        let last = self.last_code.get(&who).copied();
        // A code of what is over is given again only when there is no other.
        let code =
            Code::after(last, |code| held.contains(&code)).or_else(|| Code::after(last, |code| open.contains(&code)));
        if let Some(code) = code {
            self.last_code.insert(who, code);
        }
        code
    }

    /// Two digits for a question, made from when it is, what it is about and whom it goes to, so that a start knows it again; they
    /// hold it for nothing else.
    pub(super) fn question_code(&self, at: Wall, about: &str, who: ResponderId) -> Option<Code> {
        let letters = who.as_str().bytes().chain(about.bytes());
        let seed =
            letters.fold(at.0.unsigned_abs() / 60_000, |sum, byte| sum.wrapping_mul(31).wrapping_add(u64::from(byte)));
        let first = u8::try_from(10 + seed % 90).ok().and_then(Code::new);
        let held: BTreeSet<Code> = self.codes_of(who).chain(self.question_codes_of(who)).collect();
        let open: BTreeSet<Code> = self.open_codes_of(who).chain(self.question_codes_of(who)).collect();
        // A code of what is over is given again only when there is no other.
        Code::after(first, |code| held.contains(&code)).or_else(|| Code::after(first, |code| open.contains(&code)))
    }

    /// The codes of what somebody is asked.
    fn question_codes_of(&self, who: ResponderId) -> impl Iterator<Item = Code> {
        self.roll_call.code_of(who).into_iter().chain(self.absences.codes_of(who))
    }

    /// The codes of what is open of all that somebody was told of.
    fn open_codes_of(&self, who: ResponderId) -> impl Iterator<Item = Code> {
        self.book.open().filter_map(move |alarm| alarm.told_to(who).and_then(|told| told.code))
    }

    /// The codes of everything that somebody was told of, open or not.
    pub(super) fn codes_of(&self, who: ResponderId) -> impl Iterator<Item = Code> {
        let all = self.book.open().chain(self.book.closed());
        all.filter_map(move |alarm| alarm.told_to(who).and_then(|told| told.code))
    }

    /// Until when an alarm that is muted now is muted.
    pub(super) fn mute_until(alarm: &Alarm, now: Mono) -> Mono {
        let longest = if alarm.priority == Priority::High { limits::people::MUTE_HIGH } else { limits::people::MUTE };
        now + longest
    }
}

fn holder(alarm: &Alarm) -> Option<ResponderId> {
    match alarm.state {
        State::Accepted { by, .. } | State::OnSite { by, .. } => Some(by),
        State::PreAlarm { .. } | State::Raised { .. } | State::Closed { .. } => None,
    }
}

/// One neighbour who sleeps soundly must not be all that stands between a call and its next rung.
fn pair_by_night(rungs: &mut [Rung]) {
    for at in 0..rungs.len() {
        let (these, later) = rungs.split_at_mut(at + 1);
        let Some(rung) = these.last_mut().filter(|rung| !rung.responders.is_empty()) else { continue };
        let mut others = later.iter().flat_map(|rung| rung.responders.iter().copied());
        while rung.responders.len() < TOGETHER_BY_NIGHT
            && let Some(other) = others.next()
        {
            if !rung.responders.contains(&other) {
                rung.responders.push(other);
            }
        }
    }
}

fn each_once(mut people: Vec<ResponderId>) -> Vec<ResponderId> {
    let mut seen = BTreeSet::new();
    people.retain(|who| seen.insert(*who));
    people
}
