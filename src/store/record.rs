//! What is written: the record formats of the log, as plain values.
//!
//! The payload of every record is JSON, because a record must still be readable by any tool in twenty years; the
//! frame around it (length, CRC, chain) is binary and belongs to `log`. Fields are only ever added, with a default.

use serde::{Deserialize, Serialize};

use super::log::Position;
use crate::core::alarm::{Alarm, AlarmId};
use crate::core::effect::{Answer, DeviceEvent, Input};
use crate::core::id::{CommandId, Epoch, StationId};
use crate::core::log_head::LogHead;
use crate::core::reading::Sample;
use crate::core::sequence::{Lane, Range, SkipReason};
use crate::core::stop::Stop;
use crate::core::time::{Gap, Moment, Mono};
use crate::core::visit;

/// What a record is: the byte in its frame.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u8)]
pub enum Kind {
    /// A [`Turn`].
    Turn = 1,
    /// A [`Snapshot`].
    Snapshot = 2,
    /// A [`Carried`].
    Carried = 3,
    /// A [`Block`].
    Block = 17,
}

impl Kind {
    /// The byte in the frame.
    #[must_use]
    pub const fn byte(self) -> u8 {
        self as u8
    }
}

/// A record, read back.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Entry {
    /// One turn of the station.
    Turn(Turn),
    /// What the urgent stream amounts to at the beginning of a segment.
    Snapshot(Box<Snapshot>),
    /// A decision of a segment that was retired.
    Carried(Carried),
    /// Routine samples.
    Block(Block),
}

/// A record whose CRC holds and which this version cannot read.
#[derive(Debug, thiserror::Error)]
pub enum UnreadableEntry {
    /// Written by a newer version.
    #[error("record kind {0} is not known to this version")]
    Kind(u8),
    /// Not in the form that its kind has.
    #[error("record cannot be read: {0}")]
    Form(#[from] serde_json::Error),
}

impl Entry {
    /// Reads a record's payload.
    ///
    /// # Errors
    /// [`UnreadableEntry`] for records of newer versions.
    pub fn read(kind: u8, payload: &[u8]) -> Result<Entry, UnreadableEntry> {
        const TURN: u8 = Kind::Turn.byte();
        const SNAPSHOT: u8 = Kind::Snapshot.byte();
        const CARRIED: u8 = Kind::Carried.byte();
        const BLOCK: u8 = Kind::Block.byte();
        Ok(match kind {
            TURN => Entry::Turn(serde_json::from_slice(payload)?),
            SNAPSHOT => Entry::Snapshot(serde_json::from_slice(payload)?),
            CARRIED => Entry::Carried(serde_json::from_slice(payload)?),
            BLOCK => Entry::Block(serde_json::from_slice(payload)?),
            other => return Err(UnreadableEntry::Kind(other)),
        })
    }
}

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
    /// How far the log had come before this turn, number `seq` of the device lane: the county keeps it.
    Head {
        /// Number in its lane.
        seq: u64,
        /// How far.
        head: LogHead,
    },
    /// Something happened to somebody's visits; the county is not sent it.
    Visit(Box<visit::Record>),
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
    /// The station was not running for a time, or somebody has seen to that.
    Stop(Stop),
    /// People were told of faults together.
    Digest {
        /// Of these.
        faults: Vec<AlarmId>,
    },
}

impl Decision {
    /// Its lane and number, if it goes to the county under one of its own.
    #[must_use]
    pub const fn number(&self) -> Option<(Lane, u64)> {
        match self {
            Decision::Alarm { seq, .. } => Some((Lane::Alarm, *seq)),
            Decision::Device { seq, .. } | Decision::Head { seq, .. } => Some((Lane::Device, *seq)),
            Decision::Start(_)
            | Decision::Visit(_)
            | Decision::Answer { .. }
            | Decision::Receipt { .. }
            | Decision::Rejected { .. }
            | Decision::Skipped { .. }
            | Decision::Stop(_)
            | Decision::Digest { .. } => None,
        }
    }
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
    /// Which machine it runs on, as a digest; none where the machine has no name of its own, and in records of older versions.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub machine: Option<String>,
    /// Which station it watches for; none in records of older versions.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub station: Option<StationId>,
    /// Whether the log before was whole. Then a new sequence gives up nothing: what has no receipt is sent under it.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub is_whole: bool,
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

/// A decision without a receipt, copied out of a segment before it was retired.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Carried {
    /// When it was decided.
    pub at: Moment,
    /// The decision.
    pub decision: Decision,
}

/// What all records before amount to: the first record of every urgent segment, so that a start reads one segment.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Snapshot {
    /// The newest moment recorded.
    pub at: Option<Moment>,
    /// The sequence space in force; none before the first start.
    pub epoch: Option<Epoch>,
    /// The last start.
    pub start: Option<Start>,
    /// Open alarms.
    pub open: Vec<Alarm>,
    /// Alarms closed lately.
    pub closed: Vec<Alarm>,
    /// The alarm lane.
    pub alarm: LaneSnapshot,
    /// The device lane.
    pub device: LaneSnapshot,
    /// The reading lane.
    pub reading: ReadingSnapshot,
    /// Answered commands.
    pub answers: Vec<Answered>,
    /// Records that the county refused.
    pub rejects: Vec<Rejected>,
    /// Stops of the day before.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub stops: Vec<Stop>,
    /// Open faults that people were told of together.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub told_faults: Vec<AlarmId>,
    /// When they were last told of any.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub digest: Option<Moment>,
    /// How everybody's visits stand.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub visits: Vec<visit::Standing>,
    /// When the box came back last after a stop of unknown length.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub unsure_since: Option<Mono>,
}

/// A lane whose records stand in the urgent stream.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct LaneSnapshot {
    /// Number of the newest record.
    pub head: u64,
    /// Records without a receipt, and where they are: `[seq, segment, offset]`, segment 0 when the record follows in this
    /// very segment.
    pub waiting: Vec<(u64, u64, u64)>,
    /// Holes without a receipt.
    pub holes: Vec<Hole>,
}

impl LaneSnapshot {
    /// The places of the waiting records.
    pub fn places(&self) -> impl Iterator<Item = (u64, Option<Position>)> {
        self.waiting.iter().map(|(seq, segment, offset)| {
            (*seq, (*segment > 0).then_some(Position { segment: *segment, offset: *offset }))
        })
    }
}

/// The reading lane.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct ReadingSnapshot {
    /// Number of the newest reading that was on the disk.
    pub head: u64,
    /// Everything up to here has its receipt.
    pub receipted: u64,
    /// And these ranges above.
    pub above: Vec<Range>,
    /// Holes without a receipt.
    pub holes: Vec<Hole>,
}

/// Numbers that were dropped.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Hole {
    /// From and to, both included.
    pub range: Range,
    /// Why.
    pub reason: SkipReason,
}

/// A command that was answered.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Answered {
    /// When.
    pub at: Moment,
    /// Which.
    pub id: CommandId,
    /// What was answered.
    pub answer: Answer,
}

/// A record that the county refused.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Rejected {
    /// When.
    pub at: Moment,
    /// In which lane.
    pub lane: Lane,
    /// Which.
    pub seq: u64,
    /// Why.
    pub reason: String,
}
