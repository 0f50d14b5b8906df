//! What people answer when they were told of an alarm, and what becomes of it (CARE-RULES 4).
//!
//! Every answer that comes in is an input of the station and so stands in the log, also one that changes nothing: from a number
//! that nobody has, under a code that was not given, twice, or too late.

use serde::{Deserialize, Serialize};

use super::alarm::AlarmId;
use super::alarm::told::Code;
use super::id::{CommandId, ResponderId};
use super::refusal::Refusal;
use super::time::{Trust, Wall};
use super::visit::DoorCode;
use super::word::words;

words! {
    /// What somebody wants to say.
    Wish {
        /// 1: what it means is said by what it answers: to an alarm that they come, to an absence that they are back.
        One = "one",
        /// 2: that they cannot, or that it goes on.
        Two = "two",
        /// 我去: accepts. During a test it is the tester's "ok" (CARE-RULES 19).
        Come = "come",
        /// 正忙: the next rung at once.
        Busy = "busy",
        /// 在: there, in answer to a roll-call (CARE-RULES 21).
        Present = "present",
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
        /// 回来了: the resident who was away is at home again (CARE-RULES 24).
        Returned = "returned",
        /// 再延: they stay away for seven days more.
        Extend = "extend",
        /// 是别人: who is about in the home is somebody else.
        SomebodyElse = "somebody_else",
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
    /// What the code was that they gave from inside of the door (CARE-RULES 30).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub door: Option<DoorCode>,
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

/// Something that somebody was told, and answers by a code.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Held<T> {
    /// By which code.
    pub code: Option<Code>,
    /// What it is.
    pub about: T,
    /// When the first notice of it left, by a clock that was one; none when none has, or the clock was none.
    pub sent: Option<Wall>,
    /// A bare answer may be about it: it is open, and no question with a code of its own (CARE-RULES 21, 24).
    pub is_open: bool,
}

/// When an answer was given.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Given {
    /// In the call that tells of it.
    InTheCall,
    /// Then, by the network's clock.
    At(Wall),
    /// Nobody knows.
    Sometime,
}

/// What an answer is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Meant<T> {
    /// This.
    This(T),
    /// It may mean several, or one that it cannot have been an answer to.
    AskForCode,
    /// It names a code that was not given to them.
    UnknownCode,
}

/// What an answer is about, to somebody who holds these, the newest first; `trust` is what the own clock is worth (CARE-RULES 4).
pub fn meant<T: Copy>(
    code: Option<Code>,
    given: Given,
    trust: Trust,
    held: impl IntoIterator<Item = Held<T>>,
) -> Meant<T> {
    let mut held = held.into_iter();
    if code.is_some() {
        return held.find(|held| held.code == code).map_or(Meant::UnknownCode, |held| Meant::This(held.about));
    }
    let mut open = held.filter(|held| held.is_open);
    let (Some(only), None) = (open.next(), open.next()) else { return Meant::AskForCode };
    let is_after = match (given, only.sent) {
        (Given::InTheCall, _) => true,
        // Times are compared only where both clocks were clocks.
        (Given::At(given), Some(sent)) => trust != Trust::Unset && given > sent,
        (Given::At(_), None) | (Given::Sometime, _) => false,
    };
    if is_after { Meant::This(only.about) } else { Meant::AskForCode }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn held(code: u8, about: u8, sent: i64, is_open: bool) -> Held<u8> {
        Held { code: Code::new(code), about, sent: Some(Wall(sent)), is_open }
    }

    fn bare(held: &[Held<u8>], at: i64) -> Meant<u8> {
        meant(None, Given::At(Wall(at)), Trust::Synced, held.iter().copied())
    }

    #[test]
    fn rule_4_a_bare_digit_counts_for_the_only_open_notice_and_only_when_sent_after_it() {
        let one = held(17, 1, 1_000, true);
        assert_eq!(bare(&[one], 1_001), Meant::This(1));
        assert_eq!(bare(&[one], 1_000), Meant::AskForCode, "it was on its way before");
        assert_eq!(bare(&[held(18, 2, 900, true), one], 2_000), Meant::AskForCode);
        assert_eq!(
            bare(&[held(18, 2, 900, false), one], 2_000),
            Meant::This(1),
            "a question never counts, nor what is over"
        );
        assert_eq!(bare(&[], 2_000), Meant::AskForCode);
        assert_eq!(
            meant(None, Given::At(Wall(2_000)), Trust::Unset, [one]),
            Meant::AskForCode,
            "no time is known here"
        );
        assert_eq!(meant(None, Given::Sometime, Trust::Synced, [one]), Meant::AskForCode);
        assert_eq!(meant(None, Given::InTheCall, Trust::Unset, [one]), Meant::This(1));
        assert_eq!(bare(&[Held { sent: None, ..one }], 2_000), Meant::AskForCode, "nothing had left for them");
    }

    #[test]
    fn rule_4_a_code_answers_what_it_was_given_for_and_no_other_persons() {
        let coded =
            |code: u8, held: &[Held<u8>]| meant(Code::new(code), Given::Sometime, Trust::Unset, held.iter().copied());
        assert_eq!(coded(17, &[held(18, 2, 1, true)]), Meant::UnknownCode);
        assert_eq!(coded(17, &[held(17, 2, 5, true), held(17, 1, 1, true)]), Meant::This(2), "the newest");
        assert_eq!(coded(20, &[held(20, 3, 1, false)]), Meant::This(3), "a question is answered by its code");
    }
}
