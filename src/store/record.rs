//! What is written: the record formats of the log, as plain values.
//!
//! The payload of every record is JSON, because a record must still be readable by any tool in twenty years; the
//! frame around it (length, CRC, chain) is binary and belongs to `log`. Fields are only ever added, with a default.

use serde::{Deserialize, Serialize};

use crate::core::alarm::Alarm;
use crate::core::effect::{Answer, DeviceEvent, Input};
use crate::core::id::{CommandId, Epoch};
use crate::core::reading::Sample;
use crate::core::sequence::{Lane, Range, SkipReason};
use crate::core::time::{Gap, Moment};

/// One turn of the station: the urgent inputs it took and what it decided, in one record, so that it is either
/// wholly on disk or not at all.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Turn {
    /// When the turn was taken and handed to the log.
    pub at: Moment,
    /// The urgent inputs, in the order in which they were handled.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub inputs: Vec<Input>,
    /// What was decided, in order.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub decisions: Vec<Decision>,
}

/// One decision.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Decision {
    /// The process started.
    Start(Start),
    /// An alarm's new record, number `seq` of the alarm lane.
    Alarm {
        /// Number in its lane.
        seq: u64,
        /// The alarm as it stands after it.
        alarm: Box<Alarm>,
    },
    /// A device event, number `seq` of the device lane.
    Device {
        /// Number in its lane.
        seq: u64,
        /// What happened.
        event: DeviceEvent,
    },
    /// A command was answered (a query's answer is not kept).
    Answer {
        /// Which command.
        id: CommandId,
        /// What was answered.
        answer: Answer,
    },
    /// The county committed these records.
    Receipt {
        /// Of this epoch.
        epoch: Epoch,
        /// Of this lane.
        lane: Lane,
        /// These ranges.
        ranges: Vec<Range>,
    },
    /// The county refused a record: it goes to the dead-letter list and is shown, and is not sent again.
    Rejected {
        /// Of this lane.
        lane: Lane,
        /// This number.
        seq: u64,
        /// For this reason.
        reason: String,
    },
    /// Records that were dropped, in their place, so that the sequence stays gap-free and the hole is known.
    Skipped {
        /// Of this lane.
        lane: Lane,
        /// From and to, both included.
        range: Range,
        /// Why.
        reason: SkipReason,
    },
}

/// One start of the process, with what is needed to carry station time on.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Start {
    /// Version of the program.
    pub version: String,
    /// The kernel's name of this boot.
    pub kernel_boot: String,
    /// Station time minus the kernel's boot-time clock, in milliseconds.
    pub mono_minus_boottime_ms: i64,
    /// What is known of the time before.
    pub gap: Gap,
    /// The sequence space in force from here on.
    pub epoch: Epoch,
}

/// A block of routine samples, each written once, in the order received.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Block {
    /// When the first of them was received.
    pub at: Moment,
    /// The number of the first of them in the reading lane; the others follow one by one.
    pub seq: u64,
    /// The samples.
    pub samples: Vec<Timed>,
}

/// A sample and how long after its block's beginning it was received.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Timed {
    /// Milliseconds after [`Block::at`].
    pub after_ms: u32,
    /// What was said.
    #[serde(flatten)]
    pub sample: Sample,
}
