//! What telephones get: *whoever is to be told is written to, the most urgent first; a message is complete; nothing private goes to a
//! number that nobody has proven; nothing is sent of what is over; nobody answers for ten minutes, and everybody is called*.
//!
//! Judged on what the modem was given to do, and never on what the queue meant to do (CARE-RULES 1, 2, 5, 20).

use std::collections::{BTreeMap, BTreeSet};

use super::Verdicts;
use crate::core::alarm::life_cycle::State;
use crate::core::alarm::{Alarm, AlarmId, Subject};
use crate::core::audience::{Audience, Because};
use crate::core::condition::Priority;
use crate::core::effect::Notice;
use crate::core::id::{ResidentId, ResponderId};
use crate::core::time::{Moment, Trust};
use crate::notify::channel::{Deed, Errand, Letter};
use crate::notify::directory::Directory;
use crate::sim::clock::true_wall;
use crate::sim::gateway::{Gateway, Turned};
use crate::sim::street::{Names, Whom, is_night};
use crate::sim::trace::Ms;
use crate::words::{Lang, Say as _};

/// A free modem is given what waits within this time. judgement: a slow commit lies between.
const LATE_MS: Ms = 2_500;
/// Source: CARE-RULES 5, "10 minutes without acceptance".
const EVERYBODY_AFTER: Ms = 10 * 60_000;
/// A clock that is right is not further off. judgement: a crystal's drift between two times of the network.
const CLOCK_MS: Ms = 60_000;
/// How often it is looked whether somebody has waited that long.
const LOOK_EVERY: Ms = 10_000;

/// One notice to one person, as it names itself.
type Mark = (AlarmId, ResponderId, Option<u8>, u8, Because);

/// See the module.
#[derive(Debug, Default)]
pub(super) struct Telephones {
    alarms: BTreeMap<AlarmId, Known>,
    /// Notices of this life.
    marks: BTreeSet<Mark>,
    /// When the process began: a start calls again only those of a rung whom nobody has reached.
    began_at: Ms,
    /// Who waits for a letter of which alarm, and since when.
    waits: BTreeMap<(AlarmId, ResponderId), Ms>,
    /// Since when the modem has nothing to do.
    idle_since: Option<Ms>,
    /// When alarms were over. What is handed in that moment had left the queue before.
    over: BTreeMap<AlarmId, Ms>,
    looked: Ms,
    letters: u64,
    calls: u64,
}

#[derive(Debug)]
struct Known {
    alarm: Alarm,
    raised_since: Option<Ms>,
    everybody: bool,
    /// Who was called on which rung of which round, in whichever life: a start calls only whom it need not take as reached.
    called: BTreeSet<(u8, u8, ResponderId)>,
}

impl Telephones {
    /// Letters and calls that the modem was given.
    pub(super) const fn counts(&self) -> (u64, u64) {
        (self.letters, self.calls)
    }

    /// A process begins, with what the log gave it.
    pub(super) fn began(&mut self, now: Ms, alarms: &BTreeMap<AlarmId, Alarm>) {
        self.alarms.retain(|id, _| alarms.get(id).is_some_and(Alarm::is_open));
        for alarm in alarms.values().filter(|alarm| alarm.is_open()) {
            self.keep(now, alarm);
        }
        self.marks.clear();
        self.waits.clear();
        self.idle_since = Some(now);
        self.began_at = now;
        for known in self.alarms.values_mut() {
            known.raised_since = known.raised_since.map(|_| now);
        }
    }

    /// A process is dead: nobody waits for what it was doing.
    pub(super) fn killed(&mut self) {
        self.waits.clear();
        self.idle_since = None;
    }

    /// Reads a turn's records.
    pub(super) fn turned(&mut self, now: Ms, turned: &Turned) {
        for alarm in &turned.records {
            if !alarm.is_open() {
                self.alarms.remove(&alarm.id);
                self.over.insert(alarm.id, now);
                self.marks.retain(|mark| mark.0 != alarm.id);
                self.waits.retain(|(of, _), _| *of != alarm.id);
                continue;
            }
            let raised = matches!(alarm.state, State::Raised { .. });
            if !raised {
                self.waits.retain(|(of, _), _| *of != alarm.id);
            }
            self.keep(now, alarm);
        }
    }

    fn keep(&mut self, now: Ms, alarm: &Alarm) {
        let raised = matches!(alarm.state, State::Raised { .. });
        let known = self.alarms.entry(alarm.id).or_insert_with(|| Known {
            alarm: alarm.clone(),
            raised_since: None,
            everybody: false,
            called: BTreeSet::new(),
        });
        let counts = raised && alarm.id.condition.rule().about_person && alarm.test_by.is_none();
        known.raised_since = if counts { Some(known.raised_since.unwrap_or(now)) } else { None };
        known.everybody = known.everybody && counts;
        known.alarm = alarm.clone();
    }

    /// The station has somebody told.
    pub(super) fn ordered(&mut self, now: Ms, at: Moment, notice: &Notice, names: &Names, verdicts: &mut Verdicts) {
        let Some(known) = self.alarms.get_mut(&notice.alarm) else { return };
        known.everybody |= notice.to == Audience::Everyone;
        if let Audience::Rung(rung) = notice.to {
            known.called.extend(notice.people.iter().map(|who| (rung, notice.round, *who)));
        }
        let raised = matches!(known.alarm.state, State::Raised { .. });
        self.rings(now, at, notice, verdicts);
        // Whoever was to come is not written to when another input of the same turn says that somebody goes.
        if !raised && !matches!(notice.to, Audience::Acceptor(_)) && notice.because != Because::BackUp {
            return;
        }
        let rung = if let Audience::Rung(rung) = notice.to { Some(rung) } else { None };
        for who in notice.people.iter().filter(|who| names.phone(**who).is_some()) {
            if self.marks.insert((notice.alarm, *who, rung, notice.round, notice.because)) {
                self.waits.entry((notice.alarm, *who)).or_insert(now);
            }
        }
    }

    /// CARE-RULES 1: of a high alarm, and at night of every one about a person, whoever is called is rung; CARE-RULES 5: by night two
    /// of them at once. A box to which the network gave a wrong time cannot know that it is night, and is not asked to.
    fn rings(&self, now: Ms, at: Moment, notice: &Notice, verdicts: &mut Verdicts) {
        let Some(Known { alarm, called, .. }) = self.alarms.get(&notice.alarm) else { return };
        let about_person = alarm.id.condition.rule().about_person;
        let right = at.trust == Trust::Synced && at.wall.0.abs_diff(true_wall(now).0) < CLOCK_MS;
        let by_night = is_night(now) && right;
        let loud = about_person && (alarm.priority == Priority::High || by_night);
        if loud && is_a_call_to_come(notice.because) && !notice.rings {
            verdicts.against(now, "a_telephone_rings", || format!("{} {:?}", notice.alarm, notice.because));
        }
        let climbs = matches!(notice.because, Because::Raised | Because::NotAccepted);
        let pairs = by_night
            && climbs
            && now > self.began_at
            && about_person
            && alarm.test_by.is_none()
            && alarm.away.is_none();
        if pairs
            && let Audience::Rung(0) = notice.to
            && called.iter().filter(|(rung, round, _)| (*rung, *round) == (0, notice.round)).count() < 2
        {
            verdicts
                .against(now, "by_night_two_are_called_at_once", || format!("{} {:?}", notice.alarm, notice.people));
        }
    }

    /// The modem is given something to do.
    pub(super) fn handed(&mut self, now: Ms, errand: &Errand, whom: Whom, names: &Names, verdicts: &mut Verdicts) {
        self.idle_since = None;
        match &errand.deed {
            Deed::Text(letter) => {
                self.letters += 1;
                if let (Some(alarm), Whom::Responder(who)) = (letter.alarm, whom) {
                    // The same letter may answer to two notices: whoever has one knows.
                    self.waits.remove(&(alarm, who));
                    self.complete(now, letter, who, names, verdicts);
                }
                // A question, and the words of what became of an answer, say nothing of their place in the order.
                if let Some(alarm) =
                    letter.alarm.filter(|alarm| letter.code.is_some() && self.alarms.contains_key(alarm))
                {
                    self.in_turn(now, self.rank(alarm), verdicts);
                }
            }
            Deed::Ring(ring) => {
                self.calls += 1;
                if ring.for_s < 30 {
                    verdicts.against(now, "a_telephone_rings_for_half_a_minute", || format!("{} s", ring.for_s));
                }
                // A letter takes four seconds and a call forty.
                let waits = self.waits.keys().find(|(alarm, _)| self.rank(*alarm) == HIGH);
                if let Some((alarm, who)) = waits {
                    verdicts.against(now, "letters_go_before_calls", || format!("{alarm} waits for {who}"));
                }
            }
        }
    }

    /// The modem has done it.
    pub(super) fn idle(&mut self, now: Ms) {
        self.idle_since = Some(now);
    }

    /// CARE-RULES 1: high alarms about people first, then other alarms about people, then drills, then faults.
    fn in_turn(&self, now: Ms, rank: u8, verdicts: &mut Verdicts) {
        let more_urgent = self.waits.keys().find(|(alarm, _)| self.rank(*alarm) < rank);
        if let Some((alarm, who)) = more_urgent {
            verdicts.against(now, "what_is_urgent_goes_first", || format!("{alarm} waits for {who}"));
        }
    }

    fn rank(&self, alarm: AlarmId) -> u8 {
        let Some(Known { alarm, .. }) = self.alarms.get(&alarm) else { return FAULT };
        match alarm.priority {
            _ if alarm.id.drill || alarm.test_by.is_some() => DRILL,
            Priority::High => HIGH,
            Priority::Medium | Priority::Low => PERSON,
            Priority::Technical => FAULT,
        }
    }

    /// CARE-RULES 2: who, where, what, since when, what to reply; CARE-RULES 20: nothing of it to a number that is not proven.
    fn complete(&self, now: Ms, letter: &Letter, who: ResponderId, names: &Names, verdicts: &mut Verdicts) {
        let Some(id) = letter.alarm else { return };
        let text = letter.text.reveal().as_str();
        let form = resident_of(id).and_then(|resident| names.address_form(resident));
        if !names.is_proven(who) {
            let told = form.is_some_and(|form| text.contains(form.reveal().as_str()));
            if told {
                verdicts.against(now, "nothing_private_goes_to_an_unproven_number", || format!("{id} to {who}"));
            }
            return;
        }
        let (Some(code), true) = (letter.code, id.condition.rule().about_person) else { return };
        let Some(Known { alarm, .. }) = self.alarms.get(&id) else {
            if self.over.get(&id).is_some_and(|over| *over < now) {
                verdicts.against(now, "nothing_is_sent_of_what_is_over", || format!("{id} to {who}"));
            }
            return;
        };
        let place = alarm.home.and_then(|home| names.place(home)).map(|place| place.label.reveal().as_str());
        let has = |part: Option<&str>| part.is_some_and(|part| text.contains(part));
        let complete = has(form.map(|form| form.reveal().as_str()))
            && has(place)
            && text.contains(id.condition.say(Lang::Zh))
            && text.contains('起')
            && text.contains(&format!("回{code}"));
        if !complete {
            verdicts.against(now, "a_message_is_complete", || format!("{id} to {who}"));
        }
        let drill_is_said = text.starts_with("【演练】");
        if id.drill != drill_is_said {
            verdicts.against(now, "a_drill_is_said_to_be_one", || id.to_string());
        }
    }

    /// Time has passed in a living process.
    pub(super) fn watch(&mut self, now: Ms, gateway: &Gateway, verdicts: &mut Verdicts) {
        if let Some(idle) = self.idle_since
            && let Some((alarm, who)) =
                self.waits.iter().find(|(_, since)| now > idle.max(**since) + LATE_MS).map(|(key, _)| *key)
        {
            self.waits.remove(&(alarm, who));
            verdicts.against(now, "who_is_to_be_told_is_written_to", || format!("{alarm}: {who}"));
        }
        if now < self.looked + LOOK_EVERY {
            return;
        }
        self.looked = now;
        for (id, known) in &mut self.alarms {
            let long = known.raised_since.is_some_and(|since| now > since + EVERYBODY_AFTER + LATE_MS);
            if long && !known.everybody {
                known.everybody = true;
                verdicts.against(now, "after_ten_minutes_everybody_is_called", || id.to_string());
            }
            if long && !id.drill && !gateway.dispatcher.siren_knows(*id) {
                known.raised_since = None;
                verdicts.against(now, "after_ten_minutes_the_siren_sounds", || id.to_string());
            }
        }
        if gateway.dispatcher.dropped() > 0 {
            verdicts.against(now, "no_notice_finds_no_room", || gateway.dispatcher.dropped().to_string());
        }
    }
}

fn resident_of(id: AlarmId) -> Option<ResidentId> {
    if let Subject::Resident(resident) = id.subject { Some(resident) } else { None }
}

const HIGH: u8 = 0;
const PERSON: u8 = 1;
const DRILL: u8 = 2;
const FAULT: u8 = 3;

const fn is_a_call_to_come(because: Because) -> bool {
    matches!(
        because,
        Because::Raised | Because::NotAccepted | Because::Unanswered | Because::Restart | Because::Withdrawn
    )
}
