//! What somebody can do about an alarm from a page, and which of it makes sense for them as it stands. Pure.

use crate::core::alarm::{Alarm, AlarmId, Disposition, NoteKind, State};
use crate::core::effect::Order;
use crate::core::id::ResponderId;
use crate::core::word::words;

words! {
    /// What somebody says about an alarm.
    Act {
        /// 我去.
        Come = "come",
        /// 正忙: the next rung at once.
        Busy = "busy",
        /// 去不了了: who had accepted cannot go after all.
        Withdraw = "withdraw",
        /// 到了.
        Arrived = "arrived",
        /// 没事了: helped, and it is over.
        Helped = "helped",
        /// 误触: pressed by mistake.
        Mistaken = "mistaken",
        /// 不是这家 (CARE-RULES 16).
        WrongHome = "wrong_home",
        /// 进不了门 (CARE-RULES 15).
        CouldNotEnter = "could_not_enter",
        /// 没人应.
        NoAnswer = "no_answer",
        /// 没找到.
        NotFound = "not_found",
        /// 需要 120: accepts nothing (CARE-RULES 9).
        Want120 = "want_120",
        /// 已拨 120.
        Dialled120 = "dialled_120",
        /// The tester's "ok" (CARE-RULES 19).
        Tested = "tested",
        /// A drill is over.
        Drilled = "drilled",
        /// Takes care of a fault.
        Acknowledge = "acknowledge",
        /// A fault was repaired.
        Repaired = "repaired",
    }
}

/// What is offered to one person: the one thing most likely wanted, what stands beside it, and what is folded away.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Offer {
    /// The main thing, largest.
    pub main: Option<Act>,
    /// Beside it.
    pub beside: Vec<Act>,
    /// Folded away under 其他情况.
    pub others: Vec<Act>,
}

/// How an alarm stands for one person.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Standing {
    /// Nobody goes yet.
    Nobody,
    /// This person goes.
    Mine,
    /// This person is there.
    MineOnSite,
    /// Somebody else goes.
    Theirs(ResponderId),
    /// Somebody else is there.
    TheirsOnSite(ResponderId),
    /// It is over.
    Over,
}

impl Standing {
    /// How an alarm stands for somebody.
    #[must_use]
    pub fn of(alarm: &Alarm, who: ResponderId) -> Standing {
        match alarm.state {
            State::PreAlarm { .. } | State::Raised { .. } => Standing::Nobody,
            State::Accepted { by, .. } if by == who => Standing::Mine,
            State::Accepted { by, .. } => Standing::Theirs(by),
            State::OnSite { by, .. } if by == who => Standing::MineOnSite,
            State::OnSite { by, .. } => Standing::TheirsOnSite(by),
            State::Closed { .. } => Standing::Over,
        }
    }

    /// Whether this person holds it.
    #[must_use]
    pub const fn is_mine(self) -> bool {
        matches!(self, Standing::Mine | Standing::MineOnSite)
    }
}

/// What somebody said last of an open alarm that is no ending (CARE-RULES 15).
#[must_use]
pub fn not_an_ending(alarm: &Alarm, who: ResponderId) -> Option<Disposition> {
    let mut notes = alarm.notes.iter().rev().filter(|_| alarm.is_open());
    let note = notes.find(|note| note.kind == NoteKind::NotAnEnding && note.by == Some(who))?;
    Disposition::from_word(&note.text)
}

impl Offer {
    /// What makes sense for somebody. Whoever is only informed is not offered to go.
    #[must_use]
    pub fn of(alarm: &Alarm, who: ResponderId, sendable: bool) -> Offer {
        let standing = Standing::of(alarm, who);
        if standing == Standing::Over {
            return Offer::default();
        }
        if !alarm.id.condition.rule().about_person {
            return of_a_fault(standing);
        }
        let ambulance = match &alarm.ambulance {
            None => Some(Act::Want120),
            Some(wanted) => wanted.dialled.is_none().then_some(Act::Dialled120),
        };
        let mut offer = if alarm.test_by == Some(who) {
            Offer { main: Some(Act::Tested), ..Offer::default() }
        } else if sendable {
            of_a_person(alarm, who, standing)
        } else {
            Offer::default()
        };
        match ambulance {
            // Whoever stands beside the person has it in sight, and everybody what is still to be confirmed.
            Some(act) if act == Act::Dialled120 || standing == Standing::MineOnSite => offer.beside.insert(0, act),
            Some(act) => offer.others.insert(0, act),
            None => {}
        }
        offer
    }

    /// Everything that is offered.
    pub fn all(&self) -> impl Iterator<Item = Act> {
        self.main.into_iter().chain(self.beside.iter().copied()).chain(self.others.iter().copied())
    }
}

fn of_a_person(alarm: &Alarm, who: ResponderId, standing: Standing) -> Offer {
    let not_endings = [Act::CouldNotEnter, Act::NoAnswer, Act::NotFound, Act::WrongHome];
    let over = if alarm.id.drill { Act::Drilled } else { Act::Helped };
    match standing {
        Standing::Nobody => {
            let busy = alarm.told_to(who).is_some_and(|told| told.busy);
            let beside = if busy { Vec::new() } else { vec![Act::Busy] };
            // Whoever stands before a shut door is there already.
            if not_an_ending(alarm, who).is_some_and(|said| said != Disposition::WrongHome) {
                return Offer { main: Some(Act::Arrived), beside, others: not_endings.to_vec() };
            }
            Offer { main: Some(Act::Come), beside, others: vec![Act::Arrived, Act::WrongHome] }
        }
        Standing::Mine => {
            let others = not_endings.into_iter().chain([over, Act::Mistaken]).collect();
            Offer { main: Some(Act::Arrived), beside: vec![Act::Withdraw], others }
        }
        Standing::MineOnSite => Offer { main: Some(over), beside: vec![Act::Mistaken], others: not_endings.to_vec() },
        Standing::Theirs(_) | Standing::TheirsOnSite(_) => {
            Offer { main: None, beside: Vec::new(), others: vec![Act::Arrived, Act::WrongHome] }
        }
        Standing::Over => Offer::default(),
    }
}

fn of_a_fault(standing: Standing) -> Offer {
    let main = match standing {
        Standing::Nobody => Some(Act::Acknowledge),
        Standing::Mine | Standing::MineOnSite => Some(Act::Repaired),
        Standing::Theirs(_) | Standing::TheirsOnSite(_) | Standing::Over => None,
    };
    Offer { main, ..Offer::default() }
}

impl Act {
    /// The order that it is. `conversation`: what was said with the resident, for those who close it without having been there.
    #[must_use]
    pub fn order(self, alarm: AlarmId, by: ResponderId, conversation: String) -> Order {
        let close = |disposition| Order::Close { alarm, by: Some(by), disposition, conversation };
        match self {
            Act::Come => Order::Accept { alarm, by },
            Act::Busy => Order::Busy { alarm, by },
            Act::Withdraw => Order::Withdraw { alarm, by },
            Act::Arrived => Order::OnSite { alarm, by, door: None },
            Act::Want120 => Order::Want120 { alarm, by },
            Act::Dialled120 => Order::Dialled120 { alarm, by },
            Act::Acknowledge => Order::Acknowledge { alarm, by: Some(by) },
            Act::Helped => close(Disposition::Helped),
            Act::Mistaken => close(Disposition::MistakenPress),
            Act::WrongHome => close(Disposition::WrongHome),
            Act::CouldNotEnter => close(Disposition::CouldNotEnter),
            Act::NoAnswer => close(Disposition::NoAnswer),
            Act::NotFound => close(Disposition::NotFound),
            Act::Tested => close(Disposition::Test),
            Act::Drilled => close(Disposition::Drill),
            Act::Repaired => close(Disposition::Repaired),
        }
    }
}
