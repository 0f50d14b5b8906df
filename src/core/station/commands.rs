//! What people and the county may order, and what they are answered.

use super::Station;
use super::book::{bounded, drill_evidence, keep_note, unmoved};
use crate::core::alarm::life_cycle::{State, Step, Trigger};
use crate::core::alarm::{Alarm, AlarmId, Disposition, Note, NoteKind, Subject};
use crate::core::answer::Wish;
use crate::core::audience::{Audience, Because};
use crate::core::condition::Condition;
use crate::core::effect::{Answer, Authority, Command, Effect, OpenAlarm, Order};
use crate::core::id::{CommandId, ResidentId, ResponderId};
use crate::core::refusal::Refusal;
use crate::core::time::{Moment, Mono};
use crate::limits;

impl Station {
    /// Runs a command once; a repeat is answered as before.
    pub(super) fn command(&mut self, now: Moment, command: &Command, effects: &mut Vec<Effect>) {
        if let Some((_, answer)) = self.answered.get(&command.id) {
            effects.push(Effect::Answer(command.id, answer.clone()));
            return;
        }
        self.obey_once(now, command, effects);
    }

    /// Obeys a command that was not answered before, and remembers the answer.
    pub(super) fn obey_once(&mut self, now: Moment, command: &Command, effects: &mut Vec<Effect>) -> Answer {
        let answer = self.obey(now, command, effects).unwrap_or_else(|reason| Answer::Refused { reason });
        // A question asked again deserves a fresh answer.
        if !matches!(command.order, Order::Query) {
            self.remember_answer(now.mono, command.id, answer.clone());
        }
        effects.push(Effect::Answer(command.id, answer.clone()));
        answer
    }

    pub(super) fn remember_answer(&mut self, now: Mono, id: CommandId, answer: Answer) {
        self.answered.retain(|_, (at, _)| now.since(*at) < limits::COMMAND_MEMORY);
        if self.answered.len() >= limits::COMMANDS_REMEMBERED_MAX {
            let oldest = self.answered.iter().min_by_key(|(_, (at, _))| *at).map(|(id, _)| *id);
            if let Some(oldest) = oldest {
                self.answered.remove(&oldest);
            }
        }
        self.answered.insert(id, (now, answer));
    }

    fn obey(&mut self, now: Moment, command: &Command, effects: &mut Vec<Effect>) -> Result<Answer, Refusal> {
        match &command.order {
            Order::Accept { alarm, by } => self.accept(now, command, *alarm, *by, effects),
            Order::Busy { alarm, by } => {
                self.sendable_responder(now, command, *alarm, *by, Wish::Busy.word(), effects)?;
                self.busy(now, *alarm, *by, effects)
            }
            Order::Seen { alarm, by } => {
                self.responder(command, *by)?;
                self.seen(now, *alarm, *by, effects)
            }
            Order::Want120 { alarm, by } => {
                self.responder(command, *by)?;
                self.want_120(now, *alarm, *by, effects)
            }
            Order::Dialled120 { alarm, by } => {
                self.responder(command, *by)?;
                self.dialled_120(now, *alarm, *by, effects)
            }
            Order::Mute { alarm, by } => {
                self.responder(command, *by)?;
                self.mute(now, *alarm, *by, effects)
            }
            Order::Test { home, by } => {
                self.responder(command, *by)?;
                self.open_test(now, *home, *by)
            }
            Order::Withdraw { alarm, by } => {
                self.responder(command, *by)?;
                self.trigger(now, *alarm, Trigger::Withdraw { by: *by }, effects)
            }
            Order::OnSite { alarm, by, door } => {
                self.sendable_responder(now, command, *alarm, *by, Wish::Arrived.word(), effects)?;
                self.arrive(now, *alarm, *by, *door, effects)
            }
            Order::Close { alarm, by, disposition, conversation } => {
                self.close(now, command, *alarm, *by, *disposition, conversation, effects)
            }
            Order::Note { alarm, by, text } => {
                if let Some(by) = by {
                    self.responder(command, *by)?;
                }
                let note = Note { at: now, by: *by, kind: NoteKind::Remark, text: bounded(text) };
                self.note(now, *alarm, note, effects)
            }
            Order::Acknowledge { alarm, by } => self.acknowledge(now, command, *alarm, *by, effects),
            Order::Drill { resident } => self.drill(now, *resident, effects),
            Order::Visited { resident, by, door } => {
                self.responder(command, *by)?;
                self.visited(now, *resident, *by, *door, effects)
            }
            Order::VisitNote { resident, by, text } => {
                self.responder(command, *by)?;
                self.note_visit(now, *resident, *by, text, effects)
            }
            Order::Query => Ok(self.what_is_open()),
            Order::NoteStop { until, by } => {
                self.responder(command, *by)?;
                self.note_stop(now, *until, *by, effects)
            }
        }
    }

    fn accept(
        &mut self,
        now: Moment,
        command: &Command,
        id: AlarmId,
        by: ResponderId,
        effects: &mut Vec<Effect>,
    ) -> Result<Answer, Refusal> {
        self.sendable_responder(now, command, id, by, Wish::Come.word(), effects)?;
        let known = self.book.get(id);
        if known.is_some_and(|alarm| alarm.test_by == Some(by)) {
            // CARE-RULES 19: that is the tester's "ok", on whatever way it comes.
            return self.close(now, command, id, Some(by), Disposition::Test, "", effects);
        }
        let home = known.and_then(|alarm| alarm.home);
        let travel_min = self.travel_min(by, home).unwrap_or_default();
        self.trigger(now, id, Trigger::Accept { by, travel_min }, effects)
    }

    /// Only a local person who stands in the village's list may answer an alarm.
    fn responder(&self, command: &Command, by: ResponderId) -> Result<(), Refusal> {
        if command.from == Authority::County {
            return Err(Refusal::OnlyLocal);
        }
        if self.roster.responders.contains_key(&by) { Ok(()) } else { Err(Refusal::UnknownResponder) }
    }

    /// The same, and one who may be sent. What the others answer is a note, shown to the desk (CARE-RULES 4).
    fn sendable_responder(
        &mut self,
        now: Moment,
        command: &Command,
        alarm: AlarmId,
        by: ResponderId,
        said: &str,
        effects: &mut Vec<Effect>,
    ) -> Result<(), Refusal> {
        self.responder(command, by)?;
        // Whoever is with somebody who is away is there, whatever they are at home.
        if !self.is_inform_only(by) || self.is_with_them(alarm, by) {
            return Ok(());
        }
        let text = said.to_owned();
        self.note(now, alarm, Note { at: now, by: Some(by), kind: NoteKind::Answered, text }, effects)?;
        Err(Refusal::InformOnly)
    }

    pub(super) fn known(&self, id: AlarmId) -> Result<Alarm, Refusal> {
        self.book.get(id).cloned().ok_or(Refusal::UnknownAlarm)
    }

    /// The same, and one that is not over.
    pub(super) fn known_open(&self, id: AlarmId) -> Result<Alarm, Refusal> {
        let alarm = self.known(id)?;
        if alarm.is_open() { Ok(alarm) } else { Err(Refusal::AlreadyClosed) }
    }

    fn trigger(
        &mut self,
        now: Moment,
        id: AlarmId,
        trigger: Trigger,
        effects: &mut Vec<Effect>,
    ) -> Result<Answer, Refusal> {
        let alarm = self.known(id)?;
        let step = self.try_step(&alarm, now, trigger)?;
        self.settle(now, alarm, step, effects);
        self.done(id)
    }

    #[expect(clippy::too_many_arguments, reason = "each is a field of the order, borrowed apart")]
    fn close(
        &mut self,
        now: Moment,
        command: &Command,
        id: AlarmId,
        by: Option<ResponderId>,
        disposition: Disposition,
        conversation: &str,
        effects: &mut Vec<Effect>,
    ) -> Result<Answer, Refusal> {
        match (command.from, by) {
            (Authority::Local, None) => return Err(Refusal::NobodyNamed),
            (Authority::Local, Some(by)) => self.responder(command, by)?,
            (Authority::County, Some(_)) => return Err(Refusal::OnlyLocal),
            (Authority::County, None) => {}
        }
        let mut alarm = self.known(id)?;
        // The tester stands in the home.
        let tested = disposition == Disposition::Test && by.is_some() && alarm.test_by == by;
        let spoken_with = !conversation.is_empty() || tested;
        if let Some(by) = by
            && !spoken_with
            && id.condition.rule().about_person
        {
            // Whoever is far away knows how it ended only from the resident.
            self.sendable_responder(now, command, id, by, disposition.word(), effects)?;
        }
        let trigger = Trigger::Close { by, disposition, conversation: spoken_with };
        let step = match self.try_step(&alarm, now, trigger) {
            Ok(step) => step,
            // CARE-RULES 10: what the county wanted is kept, and the village's ladder goes on.
            Err(reason @ Refusal::NeedsConversation) if command.from == Authority::County => {
                let text = disposition.word().to_owned();
                let note = Note { at: now, by: None, kind: NoteKind::CountyCloseRefused, text };
                self.note(now, id, note, effects)?;
                return Ok(Answer::Noted { alarm: id, reason });
            }
            Err(reason) => return Err(reason),
        };
        if !conversation.is_empty() {
            keep_note(&mut alarm, Note { at: now, by, kind: NoteKind::Conversation, text: bounded(conversation) });
        }
        if !disposition.ends() {
            let text = disposition.word().to_owned();
            keep_note(&mut alarm, Note { at: now, by, kind: NoteKind::NotAnEnding, text });
        }
        let step = self.with_key_holder(&alarm, disposition, step);
        self.settle(now, alarm, step, effects);
        self.done(id)
    }

    /// CARE-RULES 15: whoever has a key is called when nobody gets in.
    fn with_key_holder(&self, alarm: &Alarm, disposition: Disposition, step: Step) -> Step {
        let shut = matches!(disposition, Disposition::CouldNotEnter | Disposition::NoAnswer);
        match self.resident_of(alarm).and_then(|resident| resident.key_holder) {
            Some(holder) if shut => step.and_call(Audience::KeyHolder(holder), Because::KeyWanted),
            _ => step,
        }
    }

    fn acknowledge(
        &mut self,
        now: Moment,
        command: &Command,
        id: AlarmId,
        by: Option<ResponderId>,
        effects: &mut Vec<Effect>,
    ) -> Result<Answer, Refusal> {
        match (command.from, by) {
            (Authority::County, Some(_)) => Err(Refusal::OnlyLocal),
            // It pauses the county's own escalation, and nothing here.
            (Authority::County, None) => {
                let note = Note { at: now, by: None, kind: NoteKind::CountyAcknowledged, text: String::new() };
                self.note(now, id, note, effects)
            }
            (Authority::Local, None) => Err(Refusal::NobodyNamed),
            (Authority::Local, Some(by)) => {
                self.responder(command, by)?;
                let answer = self.trigger(now, id, Trigger::Acknowledge { by }, effects)?;
                self.share_acknowledgement(now, id, by, effects);
                Ok(answer)
            }
        }
    }

    /// CARE-RULES 8: only technical alarms of an incident share an acknowledgement.
    fn share_acknowledgement(&mut self, now: Moment, id: AlarmId, by: ResponderId, effects: &mut Vec<Effect>) {
        let Some(incident) = self.book.get(id).map(Alarm::incident_id) else { return };
        let others: Vec<AlarmId> = self
            .book
            .open()
            .filter(|alarm| alarm.incident_id() == incident && !alarm.id.condition.rule().about_person)
            .filter(|alarm| matches!(alarm.state, State::Raised { .. }))
            .map(|alarm| alarm.id)
            .collect();
        for other in others {
            // One that cannot be acknowledged as it stands keeps its own.
            _ = self.trigger(now, other, Trigger::Acknowledge { by }, effects);
        }
    }

    pub(super) fn note(
        &mut self,
        now: Moment,
        id: AlarmId,
        note: Note,
        effects: &mut Vec<Effect>,
    ) -> Result<Answer, Refusal> {
        let mut alarm = self.known_open(id)?;
        if !keep_note(&mut alarm, note) {
            return Err(Refusal::Full);
        }
        let step = unmoved(&alarm);
        self.record(now, alarm, step, effects);
        self.done(id)
    }

    fn drill(&mut self, now: Moment, resident: ResidentId, effects: &mut Vec<Effect>) -> Result<Answer, Refusal> {
        if !self.roster.residents.contains_key(&resident) || self.roster.has_left(resident) {
            return Err(Refusal::UnknownResident);
        }
        let (subject, condition) = (Subject::Resident(resident), Condition::HelpCall);
        self.onset(now, subject, condition, None, &[], drill_evidence(now), true, effects);
        let id = self.book.open_id(subject, condition, true).ok_or(Refusal::UnknownAlarm)?;
        self.done(id)
    }

    fn what_is_open(&self) -> Answer {
        let (people, things): (Vec<&Alarm>, Vec<&Alarm>) =
            self.book.open().partition(|alarm| alarm.id.condition.rule().about_person);
        let total = people.len() + things.len();
        let alarms: Vec<OpenAlarm> = people
            .into_iter()
            .chain(things)
            .take(limits::OPEN_LISTED_MAX)
            .map(|alarm| OpenAlarm { id: alarm.id, rev: alarm.rev, state: alarm.state.word().to_owned() })
            .collect();
        let more = total - alarms.len();
        Answer::Open { alarms, more }
    }

    pub(super) fn done(&self, id: AlarmId) -> Result<Answer, Refusal> {
        let alarm = self.book.get(id).ok_or(Refusal::UnknownAlarm)?;
        Ok(Answer::Done { alarm: id, rev: alarm.rev, state: alarm.state.word().to_owned() })
    }
}
