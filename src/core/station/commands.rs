//! What people and the county may order, and what they are answered.

use super::Station;
use super::book::{bounded, drill_evidence, keep_note, unmoved};
use crate::core::alarm::life_cycle::Trigger;
use crate::core::alarm::{Alarm, AlarmId, Disposition, Note, NoteKind, Subject};
use crate::core::condition::Condition;
use crate::core::effect::{Answer, Authority, Command, Effect, OpenAlarm, Order, Refusal};
use crate::core::id::{CommandId, ResidentId, ResponderId};
use crate::core::time::{Moment, Mono};
use crate::limits;

impl Station {
    /// Runs a command once; a repeat is answered as before.
    pub(super) fn command(&mut self, now: Moment, command: &Command, effects: &mut Vec<Effect>) {
        if let Some((_, answer)) = self.answered.get(&command.id) {
            effects.push(Effect::Answer(command.id, answer.clone()));
            return;
        }
        let answer = self.obey(now, command, effects).unwrap_or_else(|reason| Answer::Refused { reason });
        // A question asked again deserves a fresh answer.
        if !matches!(command.order, Order::Query) {
            self.remember_answer(now.mono, command.id, answer.clone());
        }
        effects.push(Effect::Answer(command.id, answer));
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
            Order::Accept { alarm, by } => {
                let travel_min = self.responder(command, *by)?;
                self.trigger(now, *alarm, Trigger::Accept { by: *by, travel_min }, effects)
            }
            Order::Withdraw { alarm, by } => {
                self.responder(command, *by)?;
                self.trigger(now, *alarm, Trigger::Withdraw { by: *by }, effects)
            }
            Order::OnSite { alarm, by } => {
                self.responder(command, *by)?;
                self.trigger(now, *alarm, Trigger::OnSite { by: *by }, effects)
            }
            Order::Close { alarm, by, disposition, conversation } => {
                self.close(now, command, *alarm, *by, *disposition, conversation, effects)
            }
            Order::Note { alarm, by, text } => {
                if let Some(by) = by {
                    self.responder(command, *by)?;
                }
                let note = Note { at: now, by: *by, kind: NoteKind::Remark, text: bounded(text) };
                self.note(*alarm, note, effects)
            }
            Order::Acknowledge { alarm, by } => self.acknowledge(now, command, *alarm, *by, effects),
            Order::Drill { resident } => self.drill(now, *resident, effects),
            Order::Query => Ok(self.what_is_open()),
        }
    }

    /// Only a local person who stands in the village's list may answer an alarm. Gives their minutes on the way.
    fn responder(&self, command: &Command, by: ResponderId) -> Result<u16, Refusal> {
        if command.from == Authority::County {
            return Err(Refusal::OnlyLocal);
        }
        self.travel_min(by).ok_or(Refusal::UnknownResponder)
    }

    fn known(&self, id: AlarmId) -> Result<Alarm, Refusal> {
        self.book.get(id).cloned().ok_or(Refusal::UnknownAlarm)
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
            (Authority::Local, Some(by)) => drop(self.responder(command, by)?),
            (Authority::County, Some(_)) => return Err(Refusal::OnlyLocal),
            (Authority::County, None) => {}
        }
        let mut alarm = self.known(id)?;
        let trigger = Trigger::Close { by, disposition, conversation: !conversation.is_empty() };
        let step = match self.try_step(&alarm, now, trigger) {
            Ok(step) => step,
            // CARE-RULES 10: what the county wanted is kept, and the village's ladder goes on.
            Err(reason @ Refusal::NeedsConversation) if command.from == Authority::County => {
                let text = disposition.word().to_owned();
                let note = Note { at: now, by: None, kind: NoteKind::CountyCloseRefused, text };
                self.note(id, note, effects)?;
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
        self.settle(now, alarm, step, effects);
        self.done(id)
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
            // It pauses the county's own escalation, and nothing here.
            (Authority::County, _) => {
                let note = Note { at: now, by: None, kind: NoteKind::CountyAcknowledged, text: String::new() };
                self.note(id, note, effects)
            }
            (Authority::Local, None) => Err(Refusal::NobodyNamed),
            (Authority::Local, Some(by)) => {
                self.responder(command, by)?;
                self.trigger(now, id, Trigger::Acknowledge { by }, effects)
            }
        }
    }

    fn note(&mut self, id: AlarmId, note: Note, effects: &mut Vec<Effect>) -> Result<Answer, Refusal> {
        let mut alarm = self.known(id)?;
        if !alarm.is_open() {
            return Err(Refusal::AlreadyClosed);
        }
        if !keep_note(&mut alarm, note) {
            return Err(Refusal::Full);
        }
        let step = unmoved(&alarm);
        self.record(alarm, step, effects);
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

    fn done(&self, id: AlarmId) -> Result<Answer, Refusal> {
        let alarm = self.book.get(id).ok_or(Refusal::UnknownAlarm)?;
        Ok(Answer::Done { alarm: id, rev: alarm.rev, state: alarm.state.word().to_owned() })
    }
}
