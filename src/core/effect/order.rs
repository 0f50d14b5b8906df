//! What can be ordered of the station, and what is answered: plain values.

use serde::{Deserialize, Serialize};

use crate::core::alarm::{AlarmId, Disposition};
use crate::core::id::{CommandId, HomeId, ResidentId, ResponderId};
use crate::core::refusal::Refusal;
use crate::core::time::Mono;
use crate::core::visit::DoorCode;

/// Who stands behind a command.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Authority {
    /// The station's own shell or page.
    Local,
    /// The county (CARE-RULES 10: it cannot quiet a village).
    County,
}

/// A command; its id makes doing it twice doing it once.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Command {
    /// Remembered for `limits::COMMAND_MEMORY`; a repeat is answered and not run again.
    pub id: CommandId,
    /// From where.
    pub from: Authority,
    /// What.
    pub order: Order,
}

/// What can be ordered.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "do")]
pub enum Order {
    /// A named local person goes.
    Accept {
        /// Which alarm.
        alarm: AlarmId,
        /// Who goes.
        by: ResponderId,
    },
    /// Somebody who was called cannot go: the next rung at once.
    Busy {
        /// Which alarm.
        alarm: AlarmId,
        /// Who.
        by: ResponderId,
    },
    /// Somebody looked at it: seen, and nothing else changes (CARE-RULES 3).
    Seen {
        /// Which alarm.
        alarm: AlarmId,
        /// Who.
        by: ResponderId,
    },
    /// The acceptor cannot go after all.
    Withdraw {
        /// Which alarm.
        alarm: AlarmId,
        /// Who.
        by: ResponderId,
    },
    /// Somebody has arrived.
    OnSite {
        /// Which alarm.
        alarm: AlarmId,
        /// Who.
        by: ResponderId,
        /// What the code was that they gave from inside of the door (CARE-RULES 30).
        #[serde(default, skip_serializing_if = "Option::is_none")]
        door: Option<DoorCode>,
    },
    /// It ended, or did not (CARE-RULES 15).
    Close {
        /// Which alarm.
        alarm: AlarmId,
        /// Who says so; the county gives none.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        by: Option<ResponderId>,
        /// How.
        disposition: Disposition,
        /// The named conversation with the resident, in a few words, if there was one.
        #[serde(default, skip_serializing_if = "String::is_empty")]
        conversation: String,
    },
    /// A remark.
    Note {
        /// Which alarm.
        alarm: AlarmId,
        /// Who; the county gives none.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        by: Option<ResponderId>,
        /// The words.
        text: String,
    },
    /// Seen: for technical alarms here, for the county's own escalation there.
    Acknowledge {
        /// Which alarm.
        alarm: AlarmId,
        /// Who; the county gives none.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        by: Option<ResponderId>,
    },
    /// 需要 120: accepts nothing, and stays until somebody has dialled (CARE-RULES 9).
    Want120 {
        /// Which alarm.
        alarm: AlarmId,
        /// Who says so.
        by: ResponderId,
    },
    /// Somebody has dialled 120. The software never does.
    Dialled120 {
        /// Which alarm.
        alarm: AlarmId,
        /// Who has.
        by: ResponderId,
    },
    /// Silences the siren for one alarm, for a while; the ladder goes on (CARE-RULES 12).
    Mute {
        /// Which alarm.
        alarm: AlarmId,
        /// Who.
        by: ResponderId,
    },
    /// Opens a test window in a home (CARE-RULES 19).
    Test {
        /// Which home.
        home: HomeId,
        /// The tester.
        by: ResponderId,
    },
    /// Raise a drill: the whole way, marked as a drill everywhere.
    Drill {
        /// As if this resident had called.
        resident: ResidentId,
    },
    /// Somebody has visited a resident, without an alarm (CARE-RULES 31).
    Visited {
        /// Whom.
        resident: ResidentId,
        /// Who has.
        by: ResponderId,
        /// What the code was that they gave from inside of the door (CARE-RULES 30).
        #[serde(default, skip_serializing_if = "Option::is_none")]
        door: Option<DoorCode>,
    },
    /// A remark on somebody's visits: a wrong entry stays, and this stands beside it.
    VisitNote {
        /// Whose visits.
        resident: ResidentId,
        /// Who says so.
        by: ResponderId,
        /// The words.
        text: String,
    },
    /// What is open?
    Query,
    /// Somebody has seen to a stop of the station: the desk need not be told of it any more (CARE-RULES 23).
    NoteStop {
        /// Which: the station time at which it ended.
        until: Mono,
        /// Who.
        by: ResponderId,
    },
}

impl Order {
    /// The same, with what the code was that came with it. Whoever gives an order does not say so of their own code.
    #[must_use]
    pub const fn with_door(mut self, code: Option<DoorCode>) -> Order {
        if let Order::OnSite { door, .. } | Order::Visited { door, .. } = &mut self {
            *door = code;
        }
        self
    }
}

/// What became of a command.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "answer")]
pub enum Answer {
    /// Done; the alarm as it stands.
    Done {
        /// The alarm concerned.
        alarm: AlarmId,
        /// Its record's number after the command.
        rev: u32,
        /// The word of its state.
        state: String,
    },
    /// Kept as a note, and not done (CARE-RULES 10).
    Noted {
        /// The alarm concerned.
        alarm: AlarmId,
        /// Why it was not done.
        reason: Refusal,
    },
    /// A test window is open in a home.
    TestOpen {
        /// Which home.
        home: HomeId,
        /// Until when, in station time.
        until: Mono,
    },
    /// A visit is in the record.
    Visited {
        /// To whom.
        resident: ResidentId,
        /// By the code of the door; otherwise by the visitor's own word.
        proven: bool,
    },
    /// A remark on somebody's visits is in the record.
    VisitNoted {
        /// Whose.
        resident: ResidentId,
    },
    /// What is open: people first, then things, each oldest first. The county has the records themselves.
    Open {
        /// At most `limits::OPEN_LISTED_MAX` of them, so that the answer fits into one message.
        alarms: Vec<OpenAlarm>,
        /// How many more are open.
        #[serde(default)]
        more: usize,
    },
    /// A stop of the station is seen to.
    StopNoted {
        /// Which.
        until: Mono,
    },
    /// Not done.
    Refused {
        /// Why.
        reason: Refusal,
    },
}

impl Answer {
    /// Why it was not done; none where it was.
    #[must_use]
    pub const fn refusal(&self) -> Option<Refusal> {
        match self {
            Answer::Refused { reason } => Some(*reason),
            _ => None,
        }
    }
}

/// An open alarm in a list: enough to see whether the county knows it as it stands.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct OpenAlarm {
    /// Which.
    pub id: AlarmId,
    /// Number of its newest record.
    pub rev: u32,
    /// Word of its state.
    pub state: String,
}
