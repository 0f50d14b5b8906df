//! People with habits: what they read, what they answer, and what they then do.
//!
//! They know what their telephones showed them and what they see, and nothing of the station. Rates are far above life, so that a
//! day has every kind of answer. judgement: all of them.

use std::collections::BTreeMap;

use super::telephone::{Reach, Telephone};
use super::times::is_night;
use super::words::{Letter, Means, write};
use super::{Parcel, Whom, Written};
use crate::core::alarm::AlarmId;
use crate::core::effect::Order;
use crate::core::id::ResponderId;
use crate::core::roster::Roster;
use crate::private::Private;
use crate::sim::chance::Chance;
use crate::sim::trace::Ms;

const SECOND: Ms = 1_000;
const MINUTE: Ms = 60 * SECOND;

/// What somebody has in mind.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::sim) enum Intent {
    /// To say this by a text, under this code.
    Says(Means, Option<u8>),
    /// To say it from somebody else's telephone.
    Borrows(Means, Option<u8>),
    /// To say on the station's page that they come.
    Page,
    /// To go, if nothing has become of it.
    GoesAnyway,
    /// To be there.
    Arrives,
    /// To be done.
    Ends,
}

/// What somebody does in the end.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::sim) enum Does {
    /// They write.
    Writes(Written),
    /// They use the station's page.
    Orders(Order),
    /// They stand in the home.
    Arrives,
    /// They will do this later.
    Later(Ms, Intent),
}

/// How far somebody is with an alarm.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Stage {
    /// They said that they come, at that time.
    Said(Ms),
    /// They are on the way.
    Going,
    /// They are there.
    There,
}

#[derive(Debug)]
struct Person {
    phone: Telephone,
    /// Of a hundred calls by day they pick up so many.
    picks_up: u64,
    codes: BTreeMap<AlarmId, u8>,
    doing: BTreeMap<AlarmId, Stage>,
}

/// See the module.
#[derive(Debug)]
pub(in crate::sim) struct People {
    all: BTreeMap<ResponderId, Person>,
    chance: Chance,
    /// In the end everybody can be reached and does what is asked.
    pub diligent: bool,
}

impl People {
    /// People of a village: every fourth switches the telephone off to sleep.
    pub(super) fn new(roster: &Roster, seed: u64) -> People {
        let mut chance = Chance::stream(seed, "people", 0);
        let person = |(number, who): (usize, &ResponderId)| {
            let phone = Telephone { seed, number: number as u64, sleeps: number % 4 == 3 };
            let picks_up = chance.between(25, 65);
            (*who, Person { phone, picks_up, codes: BTreeMap::new(), doing: BTreeMap::new() })
        };
        let all = roster.responders.keys().enumerate().map(person).collect();
        People { all, chance, diligent: false }
    }

    /// Whether a telephone can be reached. The county's always can.
    pub(super) fn reach(&self, now: Ms, whom: Whom) -> Reach {
        match whom {
            _ if self.diligent => Reach::On,
            Whom::Responder(who) => self.all.get(&who).map_or(Reach::Off, |person| person.phone.reach(now)),
            Whom::County | Whom::Duty => Reach::On,
            Whom::Nobody => Reach::Off,
        }
    }

    /// When letters arrive.
    pub(super) fn on_at(&self, now: Ms, whom: Whom) -> Ms {
        match whom {
            Whom::Responder(who) if !self.diligent => self.all.get(&who).map_or(now, |person| person.phone.on_at(now)),
            _ => now,
        }
    }

    /// Whether they pick up a call, after how long, and which key they press.
    pub(super) fn picks_up(&mut self, now: Ms, whom: Whom) -> Option<(Ms, Option<char>)> {
        let Whom::Responder(who) = whom else { return None };
        let by_day = self.all.get(&who)?.picks_up;
        let picks_up = match () {
            () if self.diligent => 95,
            () if is_night(now) => by_day / 2,
            () => by_day,
        };
        if !self.chance.percent(picks_up) {
            return None;
        }
        let after = self.chance.between(4 * SECOND, 26 * SECOND);
        let key = match self.chance.below(100) {
            _ if self.diligent => Some('1'),
            0..55 => Some('1'),
            55..68 => Some('2'),
            68..71 => Some('5'),
            _ => None,
        };
        Some((after, key))
    }

    /// They read a letter.
    pub(super) fn read(&mut self, now: Ms, who: ResponderId, parcel: &Parcel) -> Vec<(Ms, Intent)> {
        let letter = Letter::of(&parcel.text);
        let Some(person) = self.all.get_mut(&who) else { return Vec::new() };
        if let (Some(alarm), Some(code)) = (parcel.alarm, letter.code()) {
            person.codes.insert(alarm, code);
        }
        let stage = parcel.alarm.and_then(|alarm| person.doing.get(&alarm).copied());
        match (letter, parcel.alarm) {
            (Letter::Call(code) | Letter::KeyWanted(code), Some(_)) => self.called(now, code, stage),
            (Letter::HalfWay(code), Some(_)) if self.chance.percent(15) => {
                vec![(self.chance.between(10 * SECOND, 60 * SECOND), Intent::Says(Means::Busy, code))]
            }
            (Letter::HowIsIt(code), Some(_)) if self.diligent || self.chance.percent(80) => {
                vec![(self.chance.between(10 * SECOND, 60 * SECOND), Intent::Says(Means::Helped, code))]
            }
            (Letter::BackUp(code), Some(_)) if self.chance.percent(8) => {
                vec![(self.chance.between(10 * SECOND, 90 * SECOND), Intent::Says(Means::Come, code))]
            }
            (Letter::YouGo, Some(alarm)) => self.goes(who, alarm),
            (Letter::AnotherGoes, Some(alarm)) => {
                self.forget(who, alarm);
                Vec::new()
            }
            (Letter::Unproven, Some(_)) if self.diligent || self.chance.percent(30) => {
                vec![(self.chance.between(30 * SECOND, 3 * MINUTE), Intent::Page)]
            }
            (Letter::WithCode, _) if self.diligent || self.chance.percent(70) => self.says_it_with_its_code(who),
            (Letter::RollCall(code), _) => self.answers(code, 75, Means::Present, Means::Busy),
            (Letter::Away(code), _) => self.answers(code, 60, Means::One, Means::Two),
            _ => Vec::new(),
        }
    }

    /// They do what they have in mind, if it is still so.
    pub(super) fn act(&mut self, now: Ms, who: ResponderId, alarm: Option<AlarmId>, intent: Intent) -> Vec<Does> {
        match intent {
            Intent::Says(means, code) => {
                let anyway = match (means, alarm) {
                    (Means::Come | Means::One, Some(alarm)) => self.said(now, who, alarm),
                    _ => None,
                };
                let mut does = vec![self.writes(now, Some(who), alarm, means, code)];
                does.extend(anyway.map(|(after, intent)| Does::Later(after, intent)));
                does
            }
            Intent::Borrows(means, code) => vec![self.writes(now, None, alarm, means, code)],
            Intent::Page => {
                let accept = |alarm| vec![Does::Orders(Order::Accept { alarm, by: who })];
                alarm.map(accept).unwrap_or_default()
            }
            Intent::GoesAnyway => {
                let Some(alarm) = alarm else { return Vec::new() };
                let waits = matches!(self.stage(who, alarm), Some(Stage::Said(_)));
                let goes = if waits { self.goes(who, alarm) } else { Vec::new() };
                goes.into_iter().map(|(after, intent)| Does::Later(after, intent)).collect()
            }
            Intent::Arrives => alarm.map(|alarm| self.arrives(now, who, alarm)).unwrap_or_default(),
            Intent::Ends => alarm.map(|alarm| self.ends(now, who, alarm)).unwrap_or_default(),
        }
    }

    fn called(&mut self, now: Ms, code: Option<u8>, stage: Option<Stage>) -> Vec<(Ms, Intent)> {
        let after = if is_night(now) { MINUTE..=6 * MINUTE } else { 15 * SECOND..=4 * MINUTE };
        let mut after = self.chance.between(*after.start(), *after.end());
        if self.diligent {
            after = self.chance.between(5 * SECOND, 40 * SECOND);
        }
        match stage {
            Some(Stage::Said(at)) if now < at + 2 * MINUTE => return Vec::new(),
            // Whoever is on the way says so again, or is still driving.
            Some(Stage::Going | Stage::There) if !self.diligent && self.chance.percent(50) => return Vec::new(),
            _ => {}
        }
        let other = code.map(|code| if code < 99 { code + 1 } else { 10 });
        let intent = match self.chance.below(1_000) {
            _ if self.diligent => Intent::Says(Means::Come, code),
            0..180 => Intent::Says(Means::Come, code),
            180..230 => Intent::Says(Means::One, None),
            230..270 => Intent::Says(Means::Busy, code),
            270..285 => Intent::Says(Means::Two, None),
            285..300 => Intent::Says(Means::Come, other),
            300..315 => Intent::Says(Means::Nonsense, code),
            315..325 => Intent::Borrows(Means::Come, code),
            325..340 => Intent::Says(Means::Wants120, code),
            340..400 => Intent::Page,
            _ => return Vec::new(),
        };
        vec![(after, intent)]
    }

    fn answers(&mut self, code: Option<u8>, percent: u64, first: Means, second: Means) -> Vec<(Ms, Intent)> {
        let answers = self.diligent || self.chance.percent(percent);
        let means = if self.chance.percent(85) { first } else { second };
        // Now and then somebody leaves the code out, and a bare digit must not answer a question.
        let code = if self.chance.percent(92) { code } else { None };
        let after = self.chance.between(MINUTE, 50 * MINUTE);
        if answers { vec![(after, Intent::Says(means, code))] } else { Vec::new() }
    }

    fn says_it_with_its_code(&mut self, who: ResponderId) -> Vec<(Ms, Intent)> {
        let Some(person) = self.all.get(&who) else { return Vec::new() };
        let said = |(alarm, stage): (&AlarmId, &Stage)| match stage {
            Stage::Said(at) => Some((*at, *alarm)),
            Stage::Going | Stage::There => None,
        };
        let newest = person.doing.iter().filter_map(said).max();
        let code = newest.and_then(|(_, alarm)| person.codes.get(&alarm).copied());
        let again = code.map(|code| (self.chance.between(10 * SECOND, MINUTE), Intent::Says(Means::Come, Some(code))));
        again.into_iter().collect()
    }

    fn writes(
        &mut self,
        now: Ms,
        by: Option<ResponderId>,
        alarm: Option<AlarmId>,
        means: Means,
        code: Option<u8>,
    ) -> Does {
        let stays = matches!(means, Means::Busy | Means::Two | Means::WrongHome | Means::CouldNotEnter);
        if let (Some(who), Some(alarm), true) = (by, alarm, stays) {
            self.forget(who, alarm);
        }
        let text = Private::new(write(means, code, &mut self.chance));
        Does::Writes(Written { by, alarm, means, code, text, sent: now })
    }

    /// Somebody has said that they come; some do not wait to be told that it was understood.
    fn said(&mut self, now: Ms, who: ResponderId, alarm: AlarmId) -> Option<(Ms, Intent)> {
        let person = self.all.get_mut(&who)?;
        let stage = person.doing.entry(alarm).or_insert(Stage::Said(now));
        let waits = matches!(stage, Stage::Said(_));
        (waits && self.chance.percent(60)).then_some((2 * MINUTE, Intent::GoesAnyway))
    }

    /// Most arrive, some think better of it, some never come, some say it is over from afar.
    fn goes(&mut self, who: ResponderId, alarm: AlarmId) -> Vec<(Ms, Intent)> {
        let Some(person) = self.all.get_mut(&who) else { return Vec::new() };
        if matches!(person.doing.get(&alarm), Some(Stage::Going | Stage::There)) {
            return Vec::new();
        }
        person.doing.insert(alarm, Stage::Going);
        let code = person.codes.get(&alarm).copied();
        let after = self.chance.between(MINUTE, 12 * MINUTE);
        let habit = if self.diligent { 0 } else { self.chance.below(100) };
        match habit {
            0..72 => vec![(after, Intent::Arrives)],
            72..80 => vec![(after, Intent::Says(Means::Busy, code))],
            80..87 => vec![(after, Intent::Says(Means::Mistaken, code))],
            _ => {
                self.forget(who, alarm);
                Vec::new()
            }
        }
    }

    fn arrives(&mut self, now: Ms, who: ResponderId, alarm: AlarmId) -> Vec<Does> {
        let Some(person) = self.all.get_mut(&who) else { return Vec::new() };
        if person.doing.get(&alarm) != Some(&Stage::Going) {
            return Vec::new();
        }
        person.doing.insert(alarm, Stage::There);
        let code = person.codes.get(&alarm).copied();
        let mut does = vec![Does::Arrives];
        if self.diligent || self.chance.percent(85) {
            does.push(self.writes(now, Some(who), Some(alarm), Means::Arrived, code));
        }
        does.push(Does::Later(self.chance.between(3 * MINUTE, 25 * MINUTE), Intent::Ends));
        does
    }

    fn ends(&mut self, now: Ms, who: ResponderId, alarm: AlarmId) -> Vec<Does> {
        let Some(person) = self.all.get(&who) else { return Vec::new() };
        if person.doing.get(&alarm) != Some(&Stage::There) {
            return Vec::new();
        }
        let code = person.codes.get(&alarm).copied();
        let means = match self.chance.below(100) {
            _ if self.diligent => Means::Helped,
            0..76 => Means::Helped,
            76..84 => Means::Mistaken,
            84..88 => Means::WrongHome,
            88..94 => Means::CouldNotEnter,
            _ => Means::Wants120,
        };
        let mut does = vec![self.writes(now, Some(who), Some(alarm), means, code)];
        if means == Means::Wants120 {
            does.push(Does::Later(self.chance.between(MINUTE, 3 * MINUTE), Intent::Says(Means::Dialled120, code)));
            does.push(Does::Later(self.chance.between(8 * MINUTE, 20 * MINUTE), Intent::Says(Means::Helped, code)));
        }
        if means != Means::Wants120 {
            self.forget(who, alarm);
        }
        does
    }

    fn stage(&self, who: ResponderId, alarm: AlarmId) -> Option<Stage> {
        self.all.get(&who)?.doing.get(&alarm).copied()
    }

    fn forget(&mut self, who: ResponderId, alarm: AlarmId) {
        if let Some(person) = self.all.get_mut(&who) {
            person.doing.remove(&alarm);
        }
    }
}
