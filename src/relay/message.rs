//! The county contract, version 1: topics and payloads, and nothing else knows JSON towards the county.
//!
//! MQTT 5, JSON, UTF-8, at most `limits::MESSAGE_BYTES_MAX` a message, content type [`CONTENT_TYPE`]. Both sides, the
//! gateway's relay and the county's ingest, use these types. Unknown keys are ignored on reading, so that a newer
//! gateway can speak to an older county.

use std::collections::BTreeMap;

use serde::de::DeserializeOwned;
use serde::{Deserialize, Deserializer, Serialize};

use crate::core::alarm::{Alarm, AlarmId, Arrival, Clocks, Disposition, Evidence, Left, Note, State};
use crate::core::condition::{Condition, Criterion, Priority};
use crate::core::effect::{Answer, DeviceEvent};
use crate::core::id::{CommandId, DeviceId, Epoch, GatewayId, HomeId, ResidentId, RoomId, StationId};
use crate::core::log_head::LogHead;
use crate::core::reading::Said;
use crate::core::sequence::{Lane, Range, SkipReason};
use crate::core::time::{Boot, Moment, Trust};
use crate::core::watch::Watch;

/// MQTT content type of every payload.
pub const CONTENT_TYPE: &str = "application/vnd.shouwang.v1+json";

/// Topic on which the county says that it is there: tells "broker up, county deaf".
pub const COUNTY_STATE_TOPIC: &str = "sw/1/county/state";

/// Root of one gateway's topics: `sw/1/{station}/{gateway}`.
#[must_use]
pub fn root(station: StationId, gateway: GatewayId) -> String {
    format!("sw/1/{station}/{gateway}")
}

/// A topic below a gateway's root.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Topic {
    /// Birth and will.
    State,
    /// Heartbeat.
    Heartbeat,
    /// A record of a lane.
    Event(Lane),
    /// A device's retained standing.
    Device(DeviceId),
    /// A resident's retained watch state.
    Resident(ResidentId),
    /// Receipts.
    Ack,
    /// A command.
    Command(CommandId),
    /// Its answer.
    Result(CommandId),
}

impl Topic {
    /// The topic below `root`.
    #[must_use]
    pub fn under(&self, root: &str) -> String {
        match self {
            Topic::State => format!("{root}/state"),
            Topic::Heartbeat => format!("{root}/hb"),
            Topic::Event(lane) => format!("{root}/ev/{lane}"),
            Topic::Device(id) => format!("{root}/dev/{id}"),
            Topic::Resident(id) => format!("{root}/resident/{id}"),
            Topic::Ack => format!("{root}/ack"),
            Topic::Command(id) => format!("{root}/cmd/{id}"),
            Topic::Result(id) => format!("{root}/res/{id}"),
        }
    }

    /// Takes a whole topic apart; `None` for topics that are not of this contract.
    #[must_use]
    pub fn parse(topic: &str) -> Option<(StationId, GatewayId, Topic)> {
        let mut parts = topic.split('/');
        if (parts.next()?, parts.next()?) != ("sw", "1") {
            return None;
        }
        let station = parts.next()?.parse().ok()?;
        let gateway = parts.next()?.parse().ok()?;
        let below = match (parts.next()?, parts.next()) {
            ("state", None) => Topic::State,
            ("hb", None) => Topic::Heartbeat,
            ("ack", None) => Topic::Ack,
            ("ev", Some(lane)) => Topic::Event(Lane::from_word(lane)?),
            ("dev", Some(id)) => Topic::Device(id.parse().ok()?),
            ("resident", Some(id)) => Topic::Resident(id.parse().ok()?),
            ("cmd", Some(id)) => Topic::Command(id.parse().ok()?),
            ("res", Some(id)) => Topic::Result(id.parse().ok()?),
            _ => return None,
        };
        if parts.next().is_some() { None } else { Some((station, gateway, below)) }
    }
}

/// Birth, retained, at every CONNACK; the will is the same with `online: false` and the same (epoch, boot, conn). A will
/// that matches no current birth is ignored.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct GatewayState {
    /// Born or dead.
    pub online: bool,
    /// Sequence space in force.
    pub epoch: Epoch,
    /// Number of the boot.
    pub boot: Boot,
    /// Number of the connection within this process and boot; pairs a will with its birth.
    pub conn: u64,
    /// Version of the program.
    pub version: String,
    /// Revision of `village.toml` in force: the first 16 hex digits of its SHA-256.
    pub cfg_rev: String,
    /// The clock at connecting.
    pub clock: Moment,
    /// Head of every lane at connecting.
    pub lanes: BTreeMap<Lane, LaneState>,
}

/// How far a lane has got.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct LaneState {
    /// Number of the newest record; 0 before the first.
    pub head: u64,
    /// Everything up to here has the county's receipt.
    pub receipted: u64,
}

/// Every 30 s; the county raises "station silent" at 180 s without one.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Heartbeat {
    /// Sequence space in force.
    pub epoch: Epoch,
    /// When.
    pub at: Moment,
    /// Quality of the clock.
    pub clock: Trust,
    /// Head and receipts of every lane.
    pub lanes: BTreeMap<Lane, LaneState>,
    /// Age of the oldest record without a receipt, in seconds.
    pub oldest_unreceipted_s: u64,
    /// What was dropped since the start, by counter name.
    pub drops: BTreeMap<String, u64>,
    /// Bytes free on the log's file system; `null` when unknown.
    pub disk_free_bytes: Option<u64>,
    /// Whether the log takes records.
    pub durable: bool,
    /// Whether the box is on mains; `null` when it cannot tell.
    pub mains: Option<bool>,
    /// Minutes that its battery lasts; `null` on mains, and when it cannot tell.
    #[serde(default)]
    pub battery_min: Option<u16>,
    /// Days until the client certificate ends; `null` without one.
    pub cert_days: Option<i64>,
    /// Sources by name: up or down.
    pub sources: BTreeMap<String, bool>,
    /// Residents by watch state: `watched`, `weak`, `blind`.
    pub residents: BTreeMap<String, u32>,
    /// When a telephone of the county's last confirmed a text; `null` until one has, and where the network confirms none.
    pub second_path_proven: Option<Moment>,
}

/// One record of the alarm lane.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AlarmMessage {
    /// Sequence space.
    pub epoch: Epoch,
    /// Number in the alarm lane.
    pub seq: u64,
    /// The record: an alarm's revision, or a hole.
    #[serde(flatten)]
    pub record: AlarmRecord,
}

/// What stands under a number of the alarm lane.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum AlarmRecord {
    /// An alarm's revision.
    Alarm(Box<AlarmBody>),
    /// A hole, named.
    Skipped {
        /// The dropped range and why.
        skipped: Skipped,
    },
}

/// A dropped range, in its place.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Skipped {
    /// First dropped number.
    pub from: u64,
    /// Last dropped number.
    pub to: u64,
    /// Why.
    pub reason: SkipReason,
}

/// An alarm as the county sees it: pseudonyms only.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AlarmBody {
    /// Its cause.
    pub id: AlarmId,
    /// Number of this record of it.
    pub rev: u32,
    /// Word of its state: `pre_alarm`, `raised`, `accepted`, `on_site`, `closed`.
    pub state: String,
    /// Its state in full.
    pub standing: State,
    /// What is wrong.
    pub condition: Condition,
    /// How urgent.
    pub priority: Priority,
    /// Pseudonym of the resident.
    pub resident: Option<ResidentId>,
    /// The device that raised it.
    pub device: Option<DeviceId>,
    /// The home.
    pub home: Option<HomeId>,
    /// The room.
    pub room: Option<RoomId>,
    /// All nine clocks, `null` until they have happened.
    pub clocks: Clocks,
    /// How often it was found again while open.
    pub onsets: u16,
    /// When its condition cleared by itself.
    pub cleared: Option<Moment>,
    /// First and newest evidence; of a newer gateway's, what can be read.
    #[serde(deserialize_with = "readable")]
    pub evidence: Vec<Evidence>,
    /// Notes; of a newer gateway's, what can be read.
    #[serde(deserialize_with = "readable")]
    pub notes: Vec<Note>,
    /// How it ended.
    pub disposition: Option<Disposition>,
    /// Devices behind a fault that stands for many.
    pub behind: Vec<DeviceId>,
    /// The homes in which somebody is not watched because of a fault of the box.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub homes: Vec<HomeId>,
    /// What is left until the fault takes something down with it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub left: Option<Left>,
    /// By which rules.
    pub criterion: Criterion,
    /// A drill.
    pub drill: bool,
    /// Whether the log took it before anyone was told.
    pub durable: bool,
    /// A visit is due.
    pub visit_due: bool,
    /// Who is there, or was at its end, and whether that is proven (CARE-RULES 30).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub arrival: Option<Arrival>,
}

/// The entries that this program can read: a newer gateway may know more reasons, and its alarm is worth more than any of them.
fn readable<'de, D: Deserializer<'de>, T: DeserializeOwned>(from: D) -> Result<Vec<T>, D::Error> {
    let entries = Vec::<serde_json::Value>::deserialize(from)?;
    Ok(entries.into_iter().filter_map(|entry| serde_json::from_value(entry).ok()).collect())
}

impl From<Alarm> for AlarmBody {
    fn from(alarm: Alarm) -> Self {
        let disposition = match alarm.state {
            State::Closed { disposition, .. } => Some(disposition),
            State::PreAlarm { .. } | State::Raised { .. } | State::Accepted { .. } | State::OnSite { .. } => None,
        };
        let arrival = alarm.present();
        AlarmBody {
            state: alarm.state.word().to_owned(),
            standing: alarm.state,
            condition: alarm.id.condition,
            priority: alarm.priority,
            resident: alarm.resident(),
            device: alarm.device,
            home: alarm.home,
            room: alarm.room,
            clocks: alarm.clocks,
            onsets: alarm.onsets,
            cleared: alarm.cleared,
            evidence: alarm.evidence,
            notes: alarm.notes,
            disposition,
            behind: alarm.behind,
            homes: alarm.homes,
            left: alarm.left,
            criterion: alarm.criterion,
            drill: alarm.id.drill,
            durable: alarm.durable,
            visit_due: alarm.visit_due,
            arrival,
            rev: alarm.rev,
            id: alarm.id,
        }
    }
}

/// Records `seq..seq + batch.len()` of the reading lane, or a hole.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ReadingMessage {
    /// Sequence space.
    pub epoch: Epoch,
    /// First and last number in the message.
    pub seq: Range,
    /// When the first of them was received.
    pub at: Moment,
    /// One entry a number.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub batch: Vec<ReadingBody>,
    /// Instead of a batch: these numbers were dropped.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub skipped: Option<Skipped>,
    /// Sent later than it was received because the link was down.
    pub hist: bool,
}

/// What one device said.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ReadingBody {
    /// Which device.
    pub dev: DeviceId,
    /// Milliseconds after the message's `at`.
    pub after_ms: u32,
    /// What: lists `[kind, value]`.
    pub said: Vec<Said>,
}

/// One record of the device lane.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct DeviceMessage {
    /// Sequence space.
    pub epoch: Epoch,
    /// Number in the device lane.
    pub seq: u64,
    /// What happened; one event for a coordinator with all devices behind it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub event: Option<DeviceEvent>,
    /// Instead of an event: how far the station's log has come, once a day and at every start.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub head: Option<LogHead>,
    /// Instead of an event: these numbers were dropped.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub skipped: Option<Skipped>,
}

/// A device's retained standing; an empty retained payload when it is removed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct DeviceState {
    /// When this was made.
    pub as_of: Moment,
    /// Claimed charge in per cent.
    pub battery: Option<u8>,
    /// Days of battery left, once learned.
    pub days_left: Option<u32>,
    /// Link quality as the format gives it: 0–255 for Zigbee, dBm otherwise.
    pub link: Option<i32>,
    /// When it was last heard.
    pub last_heard: Option<Moment>,
    /// By when it must be heard again.
    pub next_expected: Option<Moment>,
    /// Word of its fault; `null` when it has none.
    pub fault: Option<String>,
}

/// A resident's retained watch state. No name.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ResidentState {
    /// When this was made.
    pub as_of: Moment,
    /// Are they being watched?
    pub watch: Watch,
    /// Since when.
    pub since: Moment,
    /// The devices that hold it up.
    pub witnesses: Vec<DeviceId>,
}

/// Exactly what one transaction of the county's database committed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Ack {
    /// Of this sequence space; a receipt for an old epoch is counted and dropped.
    pub epoch: Epoch,
    /// Of this lane.
    pub lane: Lane,
    /// Committed.
    #[serde(default)]
    pub ranges: Vec<Range>,
    /// Refused: goes to a dead-letter list and is shown.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub reject: Vec<Reject>,
}

/// A refused record.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Reject {
    /// Its number.
    pub seq: u64,
    /// Why.
    pub reason: String,
}

/// The county is there, and consuming.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CountyState {
    /// Born or dead (its will).
    pub online: bool,
    /// Since when, Unix milliseconds.
    pub since: i64,
    /// How many consumers it runs.
    pub consumers: u32,
}

/// A command from the county.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CommandMessage {
    /// Not after this Unix time in milliseconds; judged only by a synced clock.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub not_after: Option<i64>,
    /// What.
    #[serde(flatten)]
    pub order: CountyOrder,
}

/// What the county may order.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "do")]
pub enum CountyOrder {
    /// Pauses the county's own escalation only (CARE-RULES 10).
    Acknowledge {
        /// Which alarm.
        alarm: AlarmId,
    },
    /// Close; about a person only with a recorded conversation with the resident.
    Close {
        /// Which alarm.
        alarm: AlarmId,
        /// How.
        disposition: Disposition,
        /// The conversation in a few words.
        #[serde(default, skip_serializing_if = "String::is_empty")]
        conversation: String,
    },
    /// A remark.
    Note {
        /// Which alarm.
        alarm: AlarmId,
        /// The words.
        text: String,
    },
    /// A drill.
    Drill {
        /// As if this resident had called.
        resident: ResidentId,
    },
    /// What is open?
    Query,
    /// Send again what has no receipt, from here on, and the retained topics.
    Resync,
}

/// The answer to a command.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ResultMessage {
    /// Which command.
    pub id: CommandId,
    /// When it was answered.
    pub at: Moment,
    /// What became of it.
    #[serde(flatten)]
    pub result: CommandResult,
}

/// What became of a command.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum CommandResult {
    /// It reached the station and was answered.
    Answered(Answer),
    /// It came too late or could not be read.
    NotRun {
        /// Why, in a sentence.
        not_run: String,
    },
}

/// The payload bytes of a message.
///
/// # Panics
/// Never: every type here serialises.
#[must_use]
pub fn encode<T: Serialize>(message: &T) -> Vec<u8> {
    serde_json::to_vec(message).expect("the contract's types have text keys only and always serialise")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn topics_are_taken_apart_as_they_are_put_together() {
        let root = root("st1".parse().expect("id"), "gw1".parse().expect("id"));
        for topic in [
            Topic::State,
            Topic::Heartbeat,
            Topic::Event(Lane::Alarm),
            Topic::Device("d017".parse().expect("id")),
            Topic::Resident("r04".parse().expect("id")),
            Topic::Ack,
            Topic::Command("c1".parse().expect("id")),
            Topic::Result("c1".parse().expect("id")),
        ] {
            let text = topic.under(&root);
            let (station, gateway, parsed) = Topic::parse(&text).expect("parses");
            assert_eq!((station.as_str(), gateway.as_str(), parsed), ("st1", "gw1", topic));
        }
        for wrong in ["", "sw/2/st1/gw1/state", "sw/1/st1", "sw/1/st1/gw1/ev/cats", "sw/1/st1/gw1/state/x"] {
            assert_eq!(Topic::parse(wrong), None, "{wrong}");
        }
    }
}
