//! Who is called, and why.

use serde::{Deserialize, Serialize};

use super::id::ResponderId;

/// Why a notice is sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Because {
    /// The alarm was raised.
    Raised,
    /// Nobody has accepted yet: the next rung in addition.
    NotAccepted,
    /// All rungs and rounds are used up: everyone, and the state is 未响应.
    Unanswered,
    /// Pressed again, or worse, while somebody is on the way (CARE-RULES 7).
    Again,
    /// Half of the lease is over: "到了吗?".
    HalfLease,
    /// The lease is over: the next rung in addition, and the acceptor is told.
    LeaseOver,
    /// On site for 20 minutes: "how is it going?".
    OnSiteLong,
    /// The station was down for an unknown time (CARE-RULES 23): "at least since …".
    Restart,
    /// A back-up is warned when a high alarm is accepted.
    BackUp,
    /// Not an ending: could not enter, not found, no answer, wrong home.
    NotAnEnding,
    /// The acceptor withdrew.
    Withdrawn,
    /// 需要 120: the desk and the family are told (CARE-RULES 9).
    Wants120,
    /// Nobody can get in, and they have a key (CARE-RULES 15).
    KeyWanted,
    /// A test, of which they are the tester (CARE-RULES 19).
    Test,
    /// A thing is wrong, and somebody has to see to it.
    Fault,
}

/// To whom.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Audience {
    /// A rung of the ladder, counted from 0.
    Rung(u8),
    /// The acceptor.
    Acceptor(ResponderId),
    /// Whoever has a key to the home.
    KeyHolder(ResponderId),
    /// The tester.
    Tester(ResponderId),
    /// The duty desk and the family.
    Informed,
    /// The duty desk.
    Desk,
    /// Every contact, the siren and the county's duty phone.
    Everyone,
}
