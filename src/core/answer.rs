//! What people answer when they were told of an alarm, and what becomes of it (CARE-RULES 4).
//!
//! Every answer that comes in is an input of the station and so stands in the log, also one that changes nothing: from a number
//! that nobody has, under a code that was not given, twice, or too late.

use serde::{Deserialize, Serialize};

use super::alarm::AlarmId;
use super::alarm::told::Code;
use super::effect::Refusal;
use super::id::{CommandId, ResponderId};
use super::time::Wall;
use super::word::words;

words! {
    /// What somebody wants to say.
    Wish {
        /// 我去: accepts. During a test it is the tester's "ok" (CARE-RULES 19).
        Come = "come",
        /// 正忙: the next rung at once.
        Busy = "busy",
        /// 到了: on site.
        Arrived = "arrived",
        /// 没事了: helped, and it is over.
        Helped = "helped",
        /// 误触: pressed by mistake.
        Mistaken = "mistaken",
        /// 不是这家 (CARE-RULES 16).
        WrongHome = "wrong_home",
        /// 进不了门 (CARE-RULES 15).
        CouldNotEnter = "could_not_enter",
        /// 需要 120: accepts nothing (CARE-RULES 9).
        Wants120 = "wants_120",
        /// 已拨 120: a person confirms having dialled.
        Dialled120 = "dialled_120",
    }
}

words! {
    /// On which way an answer came.
    Way {
        /// A text message.
        Text = "text",
        /// A key pressed during a call.
        Call = "call",
        /// A channel that knows its people by itself.
        Channel = "channel",
    }
}

/// An answer as it came in, without its words: these may hold a name, and are not kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Reply {
    /// Made from who, when and what, so that a message that is read twice is answered once.
    pub id: CommandId,
    /// Who; none for a number that nobody of the village has.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub by: Option<ResponderId>,
    /// On which way.
    pub way: Way,
    /// Which notice it names.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub code: Option<Code>,
    /// What it says; none where that is not known to be an answer.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub wish: Option<Wish>,
    /// When it was sent, by the network's clock; a key is pressed when it is heard.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sent: Option<Wall>,
}

/// What somebody who answered is told in words.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Confirm {
    /// Who.
    pub to: ResponderId,
    /// On the way on which they answered.
    pub way: Way,
    /// Of which alarm, where it is plain.
    pub alarm: Option<AlarmId>,
    /// What.
    pub outcome: Outcome,
}

/// What became of an answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome {
    /// It is done.
    Done(Wish),
    /// It is not done, for this reason.
    Refused(Wish, Refusal),
    /// It may mean several notices, or none: they are asked for the code.
    AskForCode,
    /// It names a code that they do not hold.
    UnknownCode,
    /// It is not known to be an answer.
    NotUnderstood,
}
