//! One thing that waits for a channel, and its place in the order.

use crate::core::alarm::{Alarm, AlarmId};
use crate::core::audience::Because;
use crate::core::condition::Priority;
use crate::core::id::{ChannelId, ResponderId};
use crate::core::time::Mono;
use crate::private::Private;

/// One notice to one person. Its parts name it, so telling it twice is telling it once.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Mark {
    /// About which alarm.
    pub alarm: AlarmId,
    /// To whom.
    pub who: ResponderId,
    /// On which rung; none for other reasons.
    pub rung: Option<u8>,
    /// In which round.
    pub round: u8,
    /// Why.
    pub because: Because,
}

/// Which work goes first. Source of the order: CARE-RULES 1; the second path stands with the first, because it must be out
/// within a minute.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Class {
    /// A high alarm about a person.
    High,
    /// Another alarm about a person.
    Person,
    /// A drill, or a test.
    Drill,
    /// A thing.
    Fault,
}

/// Within a class.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Stage {
    /// The first letter that anybody gets of an alarm: four seconds, and somebody knows.
    FirstLetter,
    /// The county's, when its link gave no receipt.
    County,
    /// Further letters, and what became of answers.
    Letter,
    /// The first call of an alarm.
    FirstRing,
    /// Further calls.
    Ring,
}

/// What is to be done.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Work {
    /// A notice as a message.
    Letter(Mark),
    /// A notice as a call.
    Ring(Mark),
    /// A notice to a group, which gets codes, and names on consent only.
    Group(Mark),
    /// A text that is written already, to somebody of the village.
    Words {
        /// Whom.
        to: ResponderId,
        /// Of which alarm, where it is of one.
        about: Option<AlarmId>,
        /// What.
        text: Private<String>,
    },
    /// A text to a number that is nobody's of the village.
    Number {
        /// Which.
        to: Private<String>,
        /// Of which alarm, where it is of one.
        about: Option<AlarmId>,
        /// What.
        text: Private<String>,
    },
    /// A call to a number that is nobody's of the village.
    RingNumber {
        /// Which.
        to: Private<String>,
        /// Of which alarm.
        about: AlarmId,
    },
}

/// Something that waits.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Job {
    /// How much it matters.
    pub class: Class,
    /// For which channel.
    pub channel: ChannelId,
    /// What.
    pub work: Work,
    /// Not before then.
    pub not_before: Mono,
    /// How often it was tried.
    pub tries: u8,
}

impl Class {
    /// The class of an alarm's notices.
    #[must_use]
    pub fn of(alarm: &Alarm) -> Class {
        match alarm.priority {
            _ if alarm.id.drill || alarm.test_by.is_some() => Class::Drill,
            Priority::High => Class::High,
            Priority::Medium | Priority::Low => Class::Person,
            Priority::Technical => Class::Fault,
        }
    }
}

impl Work {
    /// The notice that it tells to one person.
    #[must_use]
    pub const fn mark(&self) -> Option<Mark> {
        match self {
            Work::Letter(mark) | Work::Ring(mark) => Some(*mark),
            Work::Group(_) | Work::Words { .. } | Work::Number { .. } | Work::RingNumber { .. } => None,
        }
    }

    /// The alarm that it is about.
    #[must_use]
    pub const fn alarm(&self) -> Option<AlarmId> {
        match self {
            Work::Letter(mark) | Work::Ring(mark) | Work::Group(mark) => Some(mark.alarm),
            Work::Words { about, .. } | Work::Number { about, .. } => *about,
            Work::RingNumber { about, .. } => Some(*about),
        }
    }

    /// Whether a telephone rings for it.
    #[must_use]
    pub const fn rings(&self) -> bool {
        matches!(self, Work::Ring(_) | Work::RingNumber { .. })
    }
}
