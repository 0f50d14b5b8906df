//! What must be true at every step, whatever people and machines do.

use std::collections::BTreeMap;

use shouwang::core::alarm::{Alarm, AlarmId, State};
use shouwang::core::audience::{Audience, Because};
use shouwang::core::effect::Notice;
use shouwang::core::id::ResponderId;
use shouwang::core::time::{Moment, Mono};
use shouwang::notify::channel::{Deed, Errand};
use shouwang::words::Lang;
use shouwang::words::notice::lead;

use crate::street::Street;

/// The oracle of one story.
pub struct Oracle {
    seed: u64,
    last: BTreeMap<AlarmId, Alarm>,
    /// Since when somebody holds an alarm, and who.
    held: BTreeMap<AlarmId, (Mono, ResponderId)>,
    records_read: usize,
    notices_read: usize,
}

impl Oracle {
    pub fn new(seed: u64) -> Self {
        Self { seed, last: BTreeMap::new(), held: BTreeMap::new(), records_read: 0, notices_read: 0 }
    }

    /// The newest record of an alarm.
    pub fn last(&self, alarm: AlarmId) -> Option<&Alarm> {
        self.last.get(&alarm)
    }

    /// All alarms about people.
    pub fn about_people(&self) -> impl Iterator<Item = &Alarm> {
        self.last.values().filter(|alarm| alarm.id.condition.rule().about_person && !alarm.id.drill)
    }

    /// Looks at what happened since it looked last; says who has said that they go.
    pub fn look(&mut self, street: &Street, given: &[(Mono, Errand)]) -> Vec<(AlarmId, ResponderId)> {
        let now = street.moment().mono;
        let gone = self.read_records(street, now);
        self.everything_goes_on(street, now);
        for (at, notice) in &street.notices[self.notices_read..] {
            self.may_be_told(street, *at, notice);
        }
        self.notices_read = street.notices.len();
        for (at, errand) in given {
            self.may_be_handed(*at, errand);
        }
        gone
    }

    fn read_records(&mut self, street: &Street, now: Mono) -> Vec<(AlarmId, ResponderId)> {
        let mut gone = Vec::new();
        for alarm in &street.records[self.records_read..] {
            match holder(alarm).filter(|_| alarm.id.condition.rule().about_person) {
                Some(by) if self.held.get(&alarm.id).is_none_or(|(_, before)| *before != by) => {
                    self.held.insert(alarm.id, (now, by));
                    gone.push((alarm.id, by));
                }
                Some(_) => {}
                None => drop(self.held.remove(&alarm.id)),
            }
            self.last.insert(alarm.id, alarm.clone());
        }
        self.records_read = street.records.len();
        gone
    }

    /// An open alarm about a person has a deadline that is ahead, and the station wakes for it.
    fn everything_goes_on(&self, street: &Street, now: Mono) {
        for alarm in street.station.open_alarms().filter(|alarm| alarm.id.condition.rule().about_person) {
            let due = match alarm.state {
                State::PreAlarm { until } | State::Accepted { until, .. } | State::OnSite { until, .. } => Some(until),
                State::Raised { climb } => climb.next,
                State::Closed { .. } => None,
            };
            let what = || format!("seed {} at {now:?}: {} {:?}", self.seed, alarm.id, alarm.state);
            let due = due.unwrap_or_else(|| panic!("it waits for nothing: {}", what()));
            assert!(due >= now, "its time is over: {}", what());
            assert!(street.station.deadline().is_some_and(|wakes| wakes <= due), "nobody wakes for it: {}", what());
        }
    }

    fn may_be_told(&self, street: &Street, at: Moment, notice: &Notice) {
        let what = || format!("seed {} at {} s: {notice:?}", self.seed, street.second());
        let Some(alarm) = self.last.get(&notice.alarm) else { panic!("of nothing: {}", what()) };
        assert!(!was_over(alarm, at.mono), "it was over: {}", what());
        let is_held = self.held.get(&notice.alarm).filter(|(since, _)| *since < at.mono);
        if let Some((_, by)) = is_held {
            let is_for_holder = notice.people == [*by];
            assert!(!calls_to_come(notice.because) || is_for_holder, "somebody goes already: {}", what());
        }
        let Some(resident) = alarm.resident().and_then(|resident| street.list.residents.get(&resident)) else { return };
        for who in &notice.people {
            let listed = street.list.responders.contains_key(who);
            let on_ladder = resident.ladder.rungs.iter().any(|rung| rung.responders.contains(who));
            let may = match notice.to {
                Audience::Rung(_) => on_ladder,
                Audience::KeyHolder(_) => resident.key_holder == Some(*who),
                Audience::Acceptor(holder) => holder == *who,
                _ => listed,
            };
            assert!(listed && may, "{who} is not concerned: {}", what());
        }
    }

    fn may_be_handed(&self, at: Mono, errand: &Errand) {
        let Some(who) = errand.to.responder else { return };
        let what = || format!("seed {} at {at:?}: {errand:?} {}", self.seed, words_of(errand));
        let letter = match &errand.deed {
            Deed::Text(letter) => letter,
            Deed::Ring(_) => {
                let rings_for = |alarm: &Alarm| alarm.told_to(who).is_some() && !was_over(alarm, at);
                assert!(self.last.values().any(rings_for), "for nothing: {}", what());
                return;
            }
        };
        let (Some(alarm), Some(_)) = (letter.alarm.and_then(|alarm| self.last.get(&alarm)), letter.code) else {
            return;
        };
        assert!(!was_over(alarm, at), "it was over: {}", what());
        if let Some((since, by)) = self.held.get(&alarm.id)
            && *since < at
            && *by != who
        {
            assert!(!words_call_to_come(letter.text.reveal()), "{by} goes already: {}", what());
        }
    }
}

fn was_over(alarm: &Alarm, at: Mono) -> bool {
    !alarm.is_open() && alarm.clocks.closed.is_some_and(|closed| closed.mono < at)
}

fn holder(alarm: &Alarm) -> Option<ResponderId> {
    match alarm.state {
        State::Accepted { by, .. } | State::OnSite { by, .. } => Some(by),
        State::PreAlarm { .. } | State::Raised { .. } | State::Closed { .. } => None,
    }
}

const CALLS_TO_COME: [Because; 6] = [
    Because::Raised,
    Because::NotAccepted,
    Because::Unanswered,
    Because::Restart,
    Because::Withdrawn,
    Because::NotAnEnding,
];

fn calls_to_come(because: Because) -> bool {
    CALLS_TO_COME.contains(&because)
}

fn words_call_to_come(text: &str) -> bool {
    let begins = |because: &Because| lead(*because).is_some_and(|lead| text.starts_with(lead.say(Lang::Zh)));
    text.starts_with("紧急:") || CALLS_TO_COME.iter().any(begins)
}

fn words_of(errand: &Errand) -> &str {
    match &errand.deed {
        Deed::Text(letter) => letter.text.reveal(),
        Deed::Ring(_) => "☎",
    }
}
