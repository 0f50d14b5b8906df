//! What can be asked over the local socket, and what is answered.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::core::alarm::Alarm;
use crate::core::effect::{Answer, Order};
use crate::core::id::{CommandId, DeviceId, Epoch, GatewayId, HomeId, ResidentId, RoomId, SourceId, StationId};
use crate::core::roster::Role;
use crate::core::time::Moment;
use crate::core::unit::Milli;
use crate::core::watch::Watch;

/// A question or an order.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "ask")]
pub enum Request {
    /// The open alarms, or with `all` those closed lately too.
    Alarms {
        /// Closed ones too.
        all: bool,
    },
    /// An order, in the name of a local person.
    Order {
        /// Makes doing it twice doing it once.
        id: CommandId,
        /// What.
        order: Order,
    },
    /// Every device's standing.
    Devices,
    /// What was heard on the air, the unassigned ones first.
    Heard,
    /// Begin to record what a source hears.
    Record {
        /// Which.
        source: SourceId,
        /// For how long.
        seconds: u32,
    },
    /// What was recorded since the last time this was asked.
    Recorded,
    /// How the station itself is.
    Status,
}

/// An answer, with the station's time, so that ages can be told.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Reply {
    /// When it was answered.
    pub now: Moment,
    /// What.
    pub body: Body,
}

/// What is answered.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Body {
    /// Alarms, oldest first.
    Alarms(Vec<Alarm>),
    /// What became of an order.
    Answer(Answer),
    /// Devices.
    Devices(Vec<DeviceRow>),
    /// What was heard.
    Heard(Vec<HeardRow>),
    /// A recording has begun.
    Recording,
    /// Recorded frames.
    Recorded(RecordedFrames),
    /// The station.
    Status(Box<Status>),
    /// The request could not be read or answered.
    Trouble(String),
}

/// One enrolled device.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct DeviceRow {
    /// Which.
    pub id: DeviceId,
    /// Whose.
    pub resident: Option<ResidentId>,
    /// In which home.
    pub home: Option<HomeId>,
    /// In which room.
    pub room: Option<RoomId>,
    /// What for.
    pub role: Role,
    /// Heard through.
    pub source: SourceId,
    /// Whether that is up.
    pub reachable: bool,
    /// When it was last heard.
    pub heard: Option<Moment>,
    /// Seconds until it must be heard again; negative when it is late.
    pub expected_in_s: i64,
    /// Word of its fault.
    pub fault: Option<String>,
    /// Claimed charge in per cent.
    pub battery: Option<Milli>,
    /// Link quality.
    pub link: Option<Milli>,
    /// Taken out of service.
    pub removed: bool,
}

/// One device on the air. Its address may carry a person's name: it is shown to the installer here and nowhere else.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct HeardRow {
    /// Wire format.
    pub format: String,
    /// Its address or name on the air.
    pub address: String,
    /// The device it is enrolled as, if it is.
    pub device: Option<DeviceId>,
    /// Maker's model, when its bridge says so.
    pub model: Option<String>,
    /// Kinds of its last words.
    pub kinds: Vec<String>,
    /// Link quality of its last words.
    pub link: Option<Milli>,
    /// How often it was heard.
    pub count: u64,
    /// Seconds since it was last heard; none when only its bridge names it.
    pub heard_s_ago: Option<u64>,
}

/// Recorded frames, each a line as vectors are written. They may carry names and positions: they are shown to the installer
/// here and nowhere else.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RecordedFrames {
    /// The frames in the order in which they were heard.
    pub frames: Vec<serde_json::Value>,
    /// More may come.
    pub running: bool,
    /// Frames that did not fit since the recording began.
    pub missed: u64,
}

/// How the station itself is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Status {
    /// Version of the program.
    pub version: String,
    /// Station.
    pub station: StationId,
    /// Gateway.
    pub gateway: GatewayId,
    /// Sequence space in force.
    pub epoch: Epoch,
    /// Whether the log takes records.
    pub durable: bool,
    /// Whether the county's broker is connected.
    pub relay_connected: bool,
    /// Whether the county says that it consumes; none before it said anything.
    pub county_online: Option<bool>,
    /// Per lane: newest record, and how far the county has receipted.
    pub lanes: BTreeMap<String, (u64, u64)>,
    /// Sources: up or down.
    pub sources: BTreeMap<SourceId, bool>,
    /// Residents: watched, weak or blind, since when.
    pub residents: BTreeMap<ResidentId, (Watch, Moment)>,
    /// Open alarms.
    pub open_alarms: usize,
    /// Everything that was counted: refusals, drops, repeats.
    pub counters: BTreeMap<String, u64>,
}
