//! What people answer, and how far notices have come.
//!
//! An answer is judged by what the alarms' records say that this person was told, and by nothing else (CARE-RULES 4): a code
//! answers the alarm it was given for, a bare digit the only open one, and whoever was told nothing answers nothing.

use super::Station;
use super::book::{keep_note, unmoved};
use crate::core::alarm::life_cycle::{State, Trigger};
use crate::core::alarm::told::Reached;
use crate::core::alarm::{Alarm, AlarmId, Ambulance, Disposition, Note, NoteKind};
use crate::core::answer::{Confirm, Given, Held, Meant, Outcome, Reply, Way, Wish, meant};
use crate::core::audience::{Audience, Because};
use crate::core::condition::{Condition, Priority};
use crate::core::effect::{Answer, Authority, Command, Effect, Order, Report};
use crate::core::id::{ResidentId, ResponderId};
use crate::core::refusal::Refusal;
use crate::core::time::{Moment, Trust};
use crate::core::visit::DoorCode;

/// What somebody can be asked about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum About {
    Alarm(AlarmId),
    RollCall,
    Absence(ResidentId),
}

impl Station {
    /// Somebody answered. What counts is obeyed like any other order; whatever it was, they are told what became of it.
    pub(super) fn reply(&mut self, now: Moment, reply: &Reply, effects: &mut Vec<Effect>) {
        // A message that was read from the card twice, or a stranger's: it stands in the log.
        let Some(by) = reply.by else { return };
        if self.answered.contains_key(&reply.id) {
            return;
        }
        let (alarm, outcome) = self.judge(now, by, reply, effects);
        // What has no answer of its own is remembered as one that was refused, so that it is judged once.
        let answer = Answer::Refused { reason: Refusal::NotNow };
        if !self.answered.contains_key(&reply.id) {
            self.remember_answer(now.mono, reply.id, answer.clone());
            effects.push(Effect::Answer(reply.id, answer));
        }
        effects.push(Effect::Confirm(Confirm { to: by, way: reply.way, alarm, outcome }));
    }

    fn judge(
        &mut self,
        now: Moment,
        by: ResponderId,
        reply: &Reply,
        effects: &mut Vec<Effect>,
    ) -> (Option<AlarmId>, Outcome) {
        let Some(wish) = reply.wish else { return (None, Outcome::NotUnderstood) };
        let given = match (reply.way, reply.sent) {
            (Way::Call, _) => Given::InTheCall,
            (_, Some(at)) => Given::At(at),
            (_, None) => Given::Sometime,
        };
        let alarm = match meant(reply.code, given, now.trust, self.held(by)) {
            Meant::This(About::Alarm(alarm)) => alarm,
            Meant::This(About::RollCall) => return (None, self.answer_roll_call(now, by, wish, effects)),
            Meant::This(About::Absence(resident)) => {
                return (None, self.answer_absence(now, by, resident, wish, effects));
            }
            Meant::AskForCode => return (None, Outcome::AskForCode),
            Meant::UnknownCode => return (None, Outcome::UnknownCode),
        };
        let is_not_back = alarm.condition == Condition::NotBack;
        // CARE-RULES 24: a bare digit never answers what is asked of an absence; in the call about it a key does.
        if is_not_back && reply.code.is_none() && reply.way != Way::Call && matches!(wish, Wish::One | Wish::Two) {
            return (Some(alarm), Outcome::AskForCode);
        }
        let wish = match wish {
            Wish::One if is_not_back => Wish::Returned,
            Wish::Two if is_not_back => Wish::Extend,
            Wish::One => Wish::Come,
            Wish::Two => Wish::Busy,
            other => other,
        };
        if matches!(wish, Wish::Returned | Wish::Extend) {
            let answer = self.answer_not_back(now, alarm, by, wish, effects);
            return (Some(alarm), answer.map_or_else(|why| Outcome::Refused(wish, why), |_| Outcome::Done(wish)));
        }
        let Some(order) = self.order_for(wish, alarm, by, reply.door) else {
            return (Some(alarm), Outcome::NotUnderstood);
        };
        let command = Command { id: reply.id, from: Authority::Local, order };
        let answer = self.obey_once(now, &command, effects);
        match answer {
            Answer::Refused { reason } => (Some(alarm), Outcome::Refused(wish, reason)),
            _ => (Some(alarm), Outcome::Done(wish)),
        }
    }

    /// What somebody was told of: the open alarms, then what they are asked, then what is over; the newest first among each.
    fn held(&self, by: ResponderId) -> Vec<Held<About>> {
        let held = |alarm: &Alarm| {
            let told = alarm.told_to(by)?;
            let sent = told.sent.filter(|at| at.trust != Trust::Unset).map(|at| at.wall);
            Some(Held { code: told.code, about: About::Alarm(alarm.id), sent, is_open: is_acceptable(alarm, by) })
        };
        let mut open: Vec<_> = self.book.open().filter_map(held).collect();
        open.reverse();
        let mut closed: Vec<_> = self.book.closed().filter_map(held).collect();
        closed.reverse();
        open.extend(self.roll_call.held(by, About::RollCall));
        open.extend(self.absences.held(by, About::Absence));
        open.extend(closed);
        open
    }

    fn order_for(&self, wish: Wish, alarm: AlarmId, by: ResponderId, door: Option<DoorCode>) -> Option<Order> {
        let close = |disposition| Order::Close { alarm, by: Some(by), disposition, conversation: String::new() };
        let known = self.book.get(alarm);
        Some(match wish {
            // To an alarm it says nothing: it may mean at home, or there.
            Wish::One | Wish::Two | Wish::Present | Wish::Returned | Wish::Extend | Wish::SomebodyElse => return None,
            Wish::Come if known.is_some_and(|alarm| alarm.test_by == Some(by)) => close(Disposition::Test),
            Wish::Come if !alarm.condition.rule().about_person => Order::Acknowledge { alarm, by: Some(by) },
            Wish::Come => Order::Accept { alarm, by },
            Wish::Busy => Order::Busy { alarm, by },
            Wish::Arrived => Order::OnSite { alarm, by, door },
            Wish::Helped => close(Disposition::Helped),
            Wish::Mistaken => close(Disposition::MistakenPress),
            Wish::WrongHome => close(Disposition::WrongHome),
            Wish::CouldNotEnter => close(Disposition::CouldNotEnter),
            Wish::Wants120 => Order::Want120 { alarm, by },
            Wish::Dialled120 => Order::Dialled120 { alarm, by },
        })
    }

    /// Somebody who was called cannot come. Whoever had accepted withdraws by it.
    pub(super) fn busy(
        &mut self,
        now: Moment,
        id: AlarmId,
        by: ResponderId,
        effects: &mut Vec<Effect>,
    ) -> Result<Answer, Refusal> {
        let mut alarm = self.known(id)?;
        let trigger = match alarm.state {
            State::Accepted { by: holder, .. } | State::OnSite { by: holder, .. } if holder == by => {
                Trigger::Withdraw { by }
            }
            _ => Trigger::RungOut,
        };
        let Some(told) = alarm.told.iter_mut().find(|told| told.who == by) else { return Err(Refusal::NotNow) };
        // Who says it twice does not climb two rungs.
        let said_before = std::mem::replace(&mut told.busy, true);
        let step = self.try_step(&alarm, now, trigger)?;
        let step = if said_before && matches!(trigger, Trigger::RungOut) { unmoved(&alarm) } else { step };
        self.settle(now, alarm, step, effects);
        self.done(id)
    }

    /// Somebody looked at it: a clock, and nothing else (CARE-RULES 3).
    pub(super) fn seen(
        &mut self,
        now: Moment,
        id: AlarmId,
        by: ResponderId,
        effects: &mut Vec<Effect>,
    ) -> Result<Answer, Refusal> {
        self.known(id)?;
        self.report(now, Report { alarm: id, who: by, reached: Reached::Seen }, effects);
        self.done(id)
    }

    /// CARE-RULES 9: it raises the priority, tells desk and family, and accepts nothing.
    pub(super) fn want_120(
        &mut self,
        now: Moment,
        id: AlarmId,
        by: ResponderId,
        effects: &mut Vec<Effect>,
    ) -> Result<Answer, Refusal> {
        let mut alarm = self.known_open(id)?;
        // One that was dialled for may have been for something that is over: whoever says it again means it.
        if alarm.ambulance.is_none_or(|ambulance| ambulance.dialled.is_some()) {
            alarm.ambulance = Some(Ambulance { wanted: now, by, dialled: None, dialled_by: None });
            alarm.priority = if alarm.priority == Priority::Technical { alarm.priority } else { Priority::High };
            let step = unmoved(&alarm).and_call(Audience::Informed, Because::Wants120);
            self.record(now, alarm, step, effects);
        }
        self.done(id)
    }

    /// Somebody confirms having dialled.
    pub(super) fn dialled_120(
        &mut self,
        now: Moment,
        id: AlarmId,
        by: ResponderId,
        effects: &mut Vec<Effect>,
    ) -> Result<Answer, Refusal> {
        let mut alarm = self.known(id)?;
        let Some(ambulance) = &mut alarm.ambulance else { return Err(Refusal::NotWanted) };
        if ambulance.dialled.is_none() {
            (ambulance.dialled, ambulance.dialled_by) = (Some(now), Some(by));
            let step = unmoved(&alarm);
            self.record(now, alarm, step, effects);
        }
        self.done(id)
    }

    /// CARE-RULES 12: one alarm's siren is silent for a while, and its ladder goes on.
    pub(super) fn mute(
        &mut self,
        now: Moment,
        id: AlarmId,
        by: ResponderId,
        effects: &mut Vec<Effect>,
    ) -> Result<Answer, Refusal> {
        let mut alarm = self.known_open(id)?;
        alarm.muted_until = Some(Self::mute_until(&alarm, now.mono));
        keep_note(&mut alarm, Note { at: now, by: Some(by), kind: NoteKind::Muted, text: String::new() });
        let step = unmoved(&alarm);
        self.record(now, alarm, step, effects);
        self.done(id)
    }

    /// How far a notice has come. Only what starts one of the alarm's clocks, or moves its ladder, makes a record.
    pub(super) fn report(&mut self, now: Moment, report: Report, effects: &mut Vec<Effect>) {
        let Some(alarm) = self.book.get(report.alarm) else { return };
        let mut alarm = alarm.clone();
        let clocks = alarm.clocks;
        if !note_report(&mut alarm, now, report) {
            return;
        }
        let newest = match alarm.state {
            State::Raised { climb } if climb.unanswered.is_none() => {
                climb.called.checked_sub(1).map(|rung| (rung, climb.round))
            }
            _ => None,
        };
        let out =
            report.reached == Reached::Nobody && newest.is_some_and(|(rung, round)| alarm.is_rung_out(rung, round));
        let step = if out { self.try_step(&alarm, now, Trigger::RungOut).ok() } else { None };
        match step {
            Some(step) => self.record(now, alarm, step, effects),
            None if alarm.clocks != clocks => {
                let step = unmoved(&alarm);
                self.record(now, alarm, step, effects);
            }
            // The next record carries it, and after a restart the log's input does.
            None => self.book.put_back(alarm),
        }
    }

    /// The log teaches again how far notices had come.
    pub(super) fn relearn_report(&mut self, at: Moment, report: Report) {
        if let Some(alarm) = self.book.get(report.alarm) {
            let mut alarm = alarm.clone();
            note_report(&mut alarm, at, report);
            self.book.put_back(alarm);
        }
    }

    pub(super) fn is_inform_only(&self, by: ResponderId) -> bool {
        self.roster.responders.get(&by).is_some_and(|responder| !responder.dispatched)
    }
}

/// Whether somebody could still say that they go.
fn is_acceptable(alarm: &Alarm, by: ResponderId) -> bool {
    match alarm.state {
        State::PreAlarm { .. } | State::Raised { .. } => true,
        State::Accepted { by: holder, .. } => holder == by,
        State::OnSite { .. } | State::Closed { .. } => false,
    }
}

/// Notes how far somebody's notice has come, and starts the alarm's clocks by it. Says whether anything is new.
fn note_report(alarm: &mut Alarm, at: Moment, report: Report) -> bool {
    let Some(told) = alarm.told.iter_mut().find(|told| told.who == report.who) else {
        // Whoever was not called may look at it all the same.
        let seen = report.reached == Reached::Seen && alarm.clocks.seen.is_none();
        if seen {
            alarm.clocks.seen = Some(at);
        }
        return seen;
    };
    if report.reached <= told.reached {
        return false;
    }
    told.reached = report.reached;
    let clocks = &mut alarm.clocks;
    if report.reached != Reached::Nobody {
        told.sent.get_or_insert(at);
        clocks.first_notice_sent.get_or_insert(at);
    }
    if report.reached >= Reached::Delivered {
        clocks.delivered.get_or_insert(at);
    }
    if report.reached >= Reached::Seen {
        clocks.seen.get_or_insert(at);
    }
    true
}
