//! Who was told of an alarm, how far it reached them, and by which code they answer.
//!
//! It stands in the alarm's record, so that the code is on disk before anybody can answer by it, and a restart knows whom it
//! need not call again.

use std::fmt;

use serde::{Deserialize, Serialize};

use super::Alarm;
use crate::core::audience::{Audience, Because};
use crate::core::id::ResponderId;
use crate::core::time::Moment;
use crate::core::word::words;
use crate::limits::people::TOLD_MAX;

/// The two digits by which one person answers one alarm: 10 to 99, so that they are never taken for a bare `1` or `2`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "u8", into = "u8")]
pub struct Code(u8);

impl Code {
    /// The code of that number, if it has two digits.
    #[must_use]
    pub const fn new(number: u8) -> Option<Self> {
        if matches!(number, 10..=99) { Some(Self(number)) } else { None }
    }

    /// Its digits.
    #[must_use]
    pub const fn number(self) -> u8 {
        self.0
    }

    /// A code that is not held: the next one around the circle, so that one that was read out yesterday does not come again
    /// soon. Nothing when all are held.
    #[must_use]
    pub fn after(last: Option<Code>, held: impl Fn(Code) -> bool) -> Option<Code> {
        let from = last.map_or(10, |last| last.0 + 1);
        (from..=99).chain(10..from.min(100)).filter_map(Code::new).find(|code| !held(*code))
    }
}

impl TryFrom<u8> for Code {
    type Error = &'static str;

    fn try_from(number: u8) -> Result<Self, Self::Error> {
        Code::new(number).ok_or("a code has two digits")
    }
}

impl From<Code> for u8 {
    fn from(code: Code) -> u8 {
        code.0
    }
}

impl fmt::Display for Code {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

words! {
    /// How far a notice has come, in this order.
    Reached {
        /// It is to be told.
        Asked = "asked",
        /// A network or a server took it.
        Sent = "sent",
        /// It was on no telephone in time: counts as no answer (CARE-RULES 5).
        Nobody = "nobody",
        /// It is on a telephone, or a telephone rings: that proves a telephone and not a person.
        Delivered = "delivered",
        /// Somebody picked up, or opened the page: seen, and not accepted (CARE-RULES 1).
        Seen = "seen",
    }
}

/// One person who was told of an alarm.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Told {
    /// Who.
    pub who: ResponderId,
    /// By which code they answer; none when they hold ninety others.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub code: Option<Code>,
    /// On which rung they were called last; none when they were told for another reason.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rung: Option<u8>,
    /// In which round.
    pub round: u8,
    /// Why they were told last.
    pub because: Because,
    /// How far the last notice has come.
    pub reached: Reached,
    /// When the first notice that left for them did; a bare answer must have been sent after it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sent: Option<Moment>,
    /// They said that they cannot come.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub busy: bool,
}

impl Told {
    /// Whether nothing is to be hoped from the last notice.
    #[must_use]
    pub fn is_out(&self) -> bool {
        self.busy || self.reached == Reached::Nobody
    }
}

impl Alarm {
    /// What somebody was told of it.
    #[must_use]
    pub fn told_to(&self, who: ResponderId) -> Option<&Told> {
        self.told.iter().find(|told| told.who == who)
    }

    /// Notes that somebody is to be told, for this reason.
    pub(in crate::core) fn tell(
        &mut self,
        who: ResponderId,
        to: &Audience,
        round: u8,
        because: Because,
        code: Option<Code>,
    ) {
        let rung = if let Audience::Rung(rung) = to { Some(*rung) } else { None };
        if let Some(told) = self.told.iter_mut().find(|told| told.who == who) {
            *told = Told { rung, round, because, reached: Reached::Asked, busy: told.busy && rung.is_none(), ..*told };
            return;
        }
        if self.told.len() >= TOLD_MAX {
            self.told.remove(TOLD_MAX / 2);
        }
        self.told.push(Told { who, code, rung, round, because, reached: Reached::Asked, sent: None, busy: false });
    }

    /// Whether everybody who was called on this rung in this round is out: nobody need be waited for.
    #[must_use]
    pub fn is_rung_out(&self, rung: u8, round: u8) -> bool {
        let mut on_it = self.told.iter().filter(|told| told.rung == Some(rung) && told.round == round).peekable();
        on_it.peek().is_some() && on_it.all(Told::is_out)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_go_round_and_none_is_held_twice() {
        let number = |last: Option<u8>, held: &dyn Fn(Code) -> bool| {
            Code::after(last.and_then(Code::new), held).map(Code::number)
        };
        assert_eq!(number(None, &|_| false), Some(10));
        assert_eq!(number(Some(99), &|code| code.number() == 10), Some(11));
        assert_eq!(number(Some(40), &|_| true), None);
        assert_eq!(
            number(Some(40), &|code| code.number() != 40),
            Some(40),
            "the last one again, when it is the only one"
        );
        assert_eq!(number(Some(40), &|code| code.number() != 10), Some(10));
    }

    #[test]
    fn a_code_on_the_wire_is_a_number_of_two_digits() {
        assert_eq!(serde_json::to_string(&Code::new(17)).expect("JSON"), "17");
        assert!(serde_json::from_str::<Code>("9").is_err() && serde_json::from_str::<Code>("100").is_err());
    }
}
