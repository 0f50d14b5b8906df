//! Why the county calls its own people, and how far that has gone, as the book keeps it. Pure.

use std::collections::BTreeMap;
use std::fmt;
use std::str::FromStr;
use std::time::Duration;

use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

use super::errands::Rank;
use super::plan::Who;
use super::since::Since;
use crate::core::alarm::AlarmId;
use crate::core::alarm::ladder::EVERYONE_AGAIN;
use crate::core::alarm::life_cycle::{FAULT_CLOCK, ON_SITE_ASK};
use crate::core::id::{GatewayId, StationId};

/// How long a rung has to answer before the next one is called, for an alarm about a person.
/// judgement: a text read and a call back; the village has been calling for ten minutes by then.
pub const WAIT_PERSON: Duration = Duration::from_mins(2);
/// The same for a silent station. judgement: time to look whether the station has power, and to answer.
pub const WAIT_STATION: Duration = Duration::from_mins(5);
/// How often everybody is called again about a silent station.
/// judgement: longer than for a person, so that a county whose own line is cut is not called to death.
pub const EVERYBODY_AGAIN_STATION: Duration = Duration::from_mins(15);
/// Why the county climbs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Cause {
    /// Nothing is heard of a box (CARE-RULES 11).
    Silent {
        /// Its station.
        station: StationId,
        /// The box.
        gateway: GatewayId,
    },
    /// An alarm about a person is 未响应: everybody in the village was called, and nobody came.
    Unanswered {
        /// The station that told it.
        station: StationId,
        /// By which box.
        gateway: GatewayId,
        /// The alarm.
        alarm: AlarmId,
    },
}

/// What is known of a cause.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Facts {
    /// Since when.
    pub since: Since,
    /// How many residents the station has.
    pub residents: usize,
    /// A silent station that watches by itself, as its text says.
    pub guards: bool,
}

/// Everything that stands, as the book tells it.
pub type Situation = BTreeMap<Cause, Facts>;

/// One climb.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Case {
    /// When the county began to climb.
    pub opened_ms: i64,
    /// How many levels were called or passed over.
    pub passed: u8,
    /// Nobody acknowledged although everybody was called.
    pub everybody: bool,
    /// When the next step is due, unless it is paused.
    pub next_ms: i64,
    /// It climbs by messages alone: the station watches by itself.
    pub quiet: bool,
    /// Somebody has it.
    pub pause: Option<Pause>,
    /// Who was called, each once, with how that went the last time.
    pub calls: Vec<Call>,
}

/// An acknowledgement.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Pause {
    /// Whose.
    pub by: Who,
    /// When.
    pub at_ms: i64,
    /// When it climbs again, if the cause still stands.
    pub until_ms: i64,
}

/// Somebody who was called.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Call {
    /// Who.
    pub who: Who,
    /// The code under which they answer.
    pub code: u8,
    /// When they were called last.
    pub at_ms: i64,
    /// They belong to the newest step.
    pub newest: bool,
    /// A message has reached them once at least, as far as the channel knows.
    pub told: bool,
    /// What became of the message.
    pub text: Leg,
    /// What became of the ring.
    pub ring: Leg,
}

/// What became of one half of a call.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Leg {
    /// It is still to be done.
    Waiting,
    /// It was done, whether or not anybody took notice.
    Done,
    /// It could not be done.
    Failed,
    /// It is not wanted.
    Spared,
}

impl Cause {
    /// The station it is about.
    #[must_use]
    pub const fn station(&self) -> StationId {
        match self {
            Cause::Silent { station, .. } | Cause::Unanswered { station, .. } => *station,
        }
    }

    /// The alarm it is about, when it is one.
    #[must_use]
    pub const fn alarm(&self) -> Option<AlarmId> {
        match self {
            Cause::Silent { .. } => None,
            Cause::Unanswered { alarm, .. } => Some(*alarm),
        }
    }

    pub(super) const fn rank(&self) -> Rank {
        match self {
            Cause::Silent { .. } => Rank::Station,
            Cause::Unanswered { .. } => Rank::Person,
        }
    }

    pub(super) const fn wait(&self) -> Duration {
        match self {
            Cause::Silent { .. } => WAIT_STATION,
            Cause::Unanswered { .. } => WAIT_PERSON,
        }
    }

    pub(super) const fn again(&self) -> Duration {
        match self {
            Cause::Silent { .. } => EVERYBODY_AGAIN_STATION,
            Cause::Unanswered { .. } => EVERYONE_AGAIN,
        }
    }

    /// How long an acknowledgement is believed: as long as a fault's owner, or somebody on site, is before they are asked.
    pub(super) const fn pause(&self) -> Duration {
        match self {
            Cause::Silent { .. } => FAULT_CLOCK,
            Cause::Unanswered { .. } => ON_SITE_ASK,
        }
    }
}

impl Call {
    pub(super) const fn failed(&self) -> bool {
        matches!((self.text, self.ring), (Leg::Failed, Leg::Failed | Leg::Spared))
    }
}

impl Case {
    pub(super) const fn begin(now_ms: i64) -> Self {
        Case {
            opened_ms: now_ms,
            passed: 0,
            everybody: false,
            next_ms: now_ms,
            quiet: false,
            pause: None,
            calls: Vec::new(),
        }
    }

    /// Brings deadlines nearer that a clock, which was put back, has put too far.
    pub(super) fn not_later_than(&mut self, pause_ms: i64, next_ms: i64) {
        if let Some(pause) = &mut self.pause {
            pause.until_ms = pause.until_ms.min(pause_ms);
        }
        self.next_ms = self.next_ms.min(next_ms);
    }
}

/// A text that is no cause.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("neither STATION/GATEWAY nor STATION/GATEWAY/ALARM")]
pub struct CauseError;

impl fmt::Display for Cause {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Cause::Silent { station, gateway } => write!(f, "{station}/{gateway}"),
            Cause::Unanswered { station, gateway, alarm } => write!(f, "{station}/{gateway}/{alarm}"),
        }
    }
}

impl FromStr for Cause {
    type Err = CauseError;

    fn from_str(text: &str) -> Result<Self, CauseError> {
        let mut parts = text.splitn(3, '/');
        let mut part = || parts.next().ok_or(CauseError);
        let station = part()?.parse().map_err(|_| CauseError)?;
        let gateway = part()?.parse().map_err(|_| CauseError)?;
        match part() {
            Err(_) => Ok(Cause::Silent { station, gateway }),
            Ok(alarm) => Ok(Cause::Unanswered { station, gateway, alarm: alarm.parse().map_err(|_| CauseError)? }),
        }
    }
}

impl Serialize for Who {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        to.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Who {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        let text = <std::borrow::Cow<'de, str>>::deserialize(from)?;
        text.parse().map_err(de::Error::custom)
    }
}
