//! stub
use serde::{Deserialize, Serialize};

use super::super::id::ResponderId;
use super::super::time::Mono;
use super::Disposition;

/// Where an alarm stands. Each state owns only what is true in it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "is")]
pub enum State {
    /// The person is asked first; raised at `until` unless cancelled.
    PreAlarm {
        /// End of the window.
        until: Mono,
    },
    /// Climbing the ladder.
    Raised {
        /// The rungs called so far.
        climb: Climb,
    },
    /// A named local person goes: a lease, because silence is not an outcome.
    Accepted {
        /// Who.
        by: ResponderId,
        /// End of the lease.
        until: Mono,
        /// When the acceptor is asked "到了吗?"; none once asked.
        ask: Option<Mono>,
        /// After a new press: when the next rung is called if nobody replied (CARE-RULES 7).
        #[serde(default, skip_serializing_if = "Option::is_none")]
        pressed_again: Option<Mono>,
        /// Where the ladder stood.
        climb: Climb,
    },
    /// Somebody is there: a lease too.
    OnSite {
        /// Who.
        by: ResponderId,
        /// When they are asked again; none once asked.
        ask: Option<Mono>,
        /// When the ladder re-opens.
        until: Mono,
        /// Where the ladder stood.
        climb: Climb,
    },
    /// It ended.
    Closed {
        /// Who closed it; none for the machine.
        by: Option<ResponderId>,
        /// How.
        disposition: Disposition,
        /// Nobody was there to see (CARE-RULES 15).
        #[serde(default, skip_serializing_if = "std::ops::Not::not")]
        unverified: bool,
    },
}

/// How far the ladder has been climbed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Climb {
    /// Highest rung called, counted from 0.
    pub rung: u8,
    /// Round, counted from 0.
    pub round: u8,
    /// When the next rung is due.
    pub next: Option<Mono>,
    /// Since when nobody has answered although everybody was called: 未响应.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub unanswered: Option<Mono>,
}

impl State {
    /// The state's word.
    #[must_use]
    pub const fn word(&self) -> &'static str {
        match self {
            State::PreAlarm { .. } => "pre_alarm",
            State::Raised { .. } => "raised",
            State::Accepted { .. } => "accepted",
            State::OnSite { .. } => "on_site",
            State::Closed { .. } => "closed",
        }
    }
}
