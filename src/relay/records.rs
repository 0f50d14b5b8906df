//! What the session asks of the house and what it tells it.

use std::collections::BTreeMap;
use std::future::Future;
use std::time::Duration;

use crate::broker::validity::Validity;
use crate::core::id::CommandId;
use crate::core::sequence::Lane;
use crate::core::time::Moment;

use super::message::{
    Ack, AlarmMessage, CommandMessage, CountyState, DeviceMessage, DeviceState, GatewayState, Heartbeat, LaneState,
    ReadingMessage, ResidentState,
};
use super::retained::RetainedKey;
use super::trouble::Trouble;

/// The records and standings that the session sends. The store and the station stand behind it.
///
/// The three asynchronous calls may take as long as `limits::RELAY_FETCH_DEADLINE`; the others must answer at once.
pub trait Records: Send + Sync + 'static {
    /// Record `seq` of the alarm lane: an alarm's revision, or the hole that begins there. `None`: not to be had now.
    fn alarm(&self, seq: u64) -> impl Future<Output = Option<AlarmMessage>> + Send;

    /// Record `seq` of the device lane.
    fn device(&self, seq: u64) -> impl Future<Output = Option<DeviceMessage>> + Send;

    /// Readings from exactly `from` on, at most up to `to`, or the hole that begins at `from`, whole. More than
    /// `bytes_max` of JSON is cut off again, so the store may stop there.
    fn readings(&self, from: u64, to: u64, bytes_max: usize) -> impl Future<Output = Option<ReadingMessage>> + Send;

    /// The clock: what the certificates of a connection are judged by.
    fn clock(&self) -> Moment;

    /// The birth, with `online: true`; the session makes the will of it.
    fn birth(&self, conn: u64, lanes: BTreeMap<Lane, LaneState>) -> GatewayState;

    /// A heartbeat around what the relay knows.
    fn heartbeat(&self, report: Report) -> Heartbeat;

    /// Every device and resident with a retained standing, at most `limits::RETAINED_KEYS_MAX`.
    fn retained_keys(&self) -> Vec<RetainedKey>;

    /// The standing as it is; `None` when its owner was removed, which clears the retained message.
    fn retained(&self, key: RetainedKey) -> Option<RetainedMessage>;
}

/// What the relay puts into a heartbeat.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Report {
    /// Heads and receipts.
    pub lanes: BTreeMap<Lane, LaneState>,
    /// Age of the oldest record without a receipt, in seconds.
    pub oldest_unreceipted_s: u64,
    /// The relay's counters by name.
    pub drops: BTreeMap<String, u64>,
    /// The dates of the certificate that this connection shows; none when it shows none.
    pub certificate: Option<Validity>,
}

/// A retained standing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum RetainedMessage {
    /// A device's; it expires after twice the device's rhythm.
    Device(DeviceState, Duration),
    /// A resident's; it expires after a day.
    Resident(ResidentState),
}

/// What the session tells the station, in the order in which it happened.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum FromCounty {
    /// What is new in a receipt: exactly these records are settled and belong in the log. They are not sent again in
    /// this run; a run that has lost the note sends them again, which the county recognises.
    Receipt(Ack),
    /// A command; answered through the letterbox.
    Command {
        /// Its id.
        id: CommandId,
        /// What it orders.
        message: CommandMessage,
    },
    /// A command that could not be read; to be answered as not run.
    Unreadable {
        /// Its id.
        id: CommandId,
        /// Why, in a sentence.
        why: String,
    },
    /// The county's word on itself.
    County(CountyState),
    /// A connection stands.
    Connected {
        /// Its number.
        conn: u64,
    },
    /// The connection, or the attempt at one, ended.
    Disconnected(Trouble),
    /// The connection stands and something is wrong with it.
    Trouble(Trouble),
}
