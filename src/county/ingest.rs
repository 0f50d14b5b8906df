//! What gateways send, taken apart: topic and payload to something that can be stored. Pure.
//!
//! - The topic says who speaks: nothing in a payload can speak for another gateway, and every row and receipt is
//!   keyed by the speaker.
//! - What cannot be read is refused, with its number when that can still be told, so that the gateway puts it on its
//!   dead-letter list instead of sending it for ever. A reason never repeats what the payload says.
//! - A record that can be read in part is taken in part: one unreadable reading does not cost its neighbours.

use std::collections::BTreeSet;

use serde::Deserialize;
use serde_json::{Map, Value};

use crate::core::effect::DeviceEvent;
use crate::core::id::{CommandId, DeviceId, Epoch, GatewayId, ResidentId, StationId};
use crate::core::log_head::{LogHead, LogStream};
use crate::core::sequence::{Lane, Range};
use crate::core::time::Moment;
use crate::core::word::words;
use crate::limits;
use crate::relay::message::{
    AlarmBody, DeviceState, GatewayState, Heartbeat, ReadingBody, ResidentState, ResultMessage, Skipped, Topic,
};

/// The gateway that sent a message, as its topic says.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Speaker {
    /// Its station.
    pub station: StationId,
    /// The box itself.
    pub gateway: GatewayId,
}

/// Something that can be stored.
#[derive(Debug, Clone, PartialEq)]
pub enum Intake {
    /// A numbered record: wants a receipt.
    Record(Record),
    /// A report of how things stand: the next one replaces it, and it has no receipt.
    Report(Report),
}

/// One message of a lane.
#[derive(Debug, Clone, PartialEq)]
pub struct Record {
    /// From whom.
    pub speaker: Speaker,
    /// Of this sequence space.
    pub epoch: Epoch,
    /// What it carries; the lane follows from it.
    pub content: Content,
    /// Numbers of it that could not be read, one by one.
    pub refused: Vec<(u64, String)>,
}

/// What a record carries.
#[derive(Debug, Clone, PartialEq)]
pub enum Content {
    /// One revision of an alarm.
    Alarm {
        /// Number in the alarm lane.
        seq: u64,
        /// As read.
        body: Box<AlarmBody>,
        /// As sent, with whatever a newer gateway adds; one that names another station stands under whoever speaks.
        text: String,
        /// It names another station than the one that speaks.
        is_foreign: bool,
    },
    /// One event of a device or source.
    Device {
        /// Number in the device lane.
        seq: u64,
        /// As read.
        event: DeviceEvent,
        /// As sent.
        text: String,
    },
    /// How far a station's log has come.
    Head {
        /// Number in the device lane.
        seq: u64,
        /// How far.
        head: LogHead,
    },
    /// Readings with their numbers.
    Readings {
        /// When the first of the message was received at the gateway.
        at: Moment,
        /// Sent late because the link was down.
        hist: bool,
        /// Number and reading.
        batch: Vec<(u64, ReadingBody)>,
    },
    /// A hole, named.
    Skipped {
        /// In this lane.
        lane: Lane,
        /// The number of the message itself: inside the hole, or next to it.
        seq: Range,
        /// The hole.
        skipped: Skipped,
    },
}

/// A report of how things stand.
#[derive(Debug, Clone, PartialEq)]
pub struct Report {
    /// From whom.
    pub speaker: Speaker,
    /// Said just then, and not kept by the broker from before: a sign of life.
    pub live: bool,
    /// What.
    pub standing: Standing,
}

/// How something stands. Texts are as sent, with whatever a newer gateway adds.
#[derive(Debug, Clone, PartialEq)]
pub enum Standing {
    /// Birth or will.
    State(Box<GatewayState>, String),
    /// Heartbeat.
    Heartbeat(Box<Heartbeat>, String),
    /// A device's standing; `None` when the device was removed.
    Device(DeviceId, Option<(Box<DeviceState>, String)>),
    /// A resident's watch state; `None` when the gateway says nothing of them any more.
    Resident(ResidentId, Option<(Box<ResidentState>, String)>),
    /// The answer to a command.
    Result(CommandId, Box<ResultMessage>, String),
}

words! {
    /// Why a message was refused. Counted by kind.
    Why {
        /// The topic is not one on which a gateway speaks.
        Topic = "topic",
        /// The station is not one that may speak here.
        Unlisted = "unlisted",
        /// Longer than the contract allows.
        TooLarge = "too_large",
        /// Not UTF-8.
        NotUtf8 = "not_utf8",
        /// Not JSON, cut off, or nested too deeply.
        NotJson = "not_json",
        /// No sequence number can be told.
        NoNumber = "no_number",
        /// The number is zero, too large, or does not fit what it numbers.
        Number = "number",
        /// The body cannot be read.
        Body = "body",
        /// Another record stands under the same key already.
        Taken = "taken",
        /// A number stands for two records, and both are kept: two machines may be at work with one station's data.
        Renumbered = "renumbered",
        /// An alarm names another station than the one that speaks; it is stored under the one that speaks, and no other has it.
        Foreign = "foreign",
        /// Its sequence space belongs to another station.
        Epoch = "epoch",
        /// One gateway sent more at once than its share while others spoke; what was left comes again.
        Flood = "flood",
        /// A station speaks by more gateways than any station has: of a further one only alarms are stored.
        Gateways = "gateways",
    }
}

/// A message, or a part of one, that is not stored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refusal {
    /// From whom, when the topic tells.
    pub speaker: Option<Speaker>,
    /// Why, in one word.
    pub why: Why,
    /// Which numbers, when that can be told: these are refused in a receipt.
    pub numbers: Option<Numbers>,
    /// Why, in a sentence for a technician; nothing of the payload is in it.
    pub reason: String,
}

/// Numbers of a lane.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Numbers {
    /// Of this sequence space.
    pub epoch: Epoch,
    /// Of this lane.
    pub lane: Lane,
    /// These.
    pub range: Range,
}

impl Content {
    /// The lane it belongs to.
    #[must_use]
    pub const fn lane(&self) -> Lane {
        match self {
            Content::Alarm { .. } => Lane::Alarm,
            Content::Device { .. } | Content::Head { .. } => Lane::Device,
            Content::Readings { .. } => Lane::Reading,
            Content::Skipped { lane, .. } => *lane,
        }
    }

    /// An alarm that names another station than the one that speaks.
    pub(super) const fn is_foreign(&self) -> bool {
        matches!(self, Content::Alarm { is_foreign: true, .. })
    }

    /// The numbers that are settled once it is stored.
    #[must_use]
    pub fn numbers(&self) -> Vec<Range> {
        match self {
            Content::Alarm { seq, .. } | Content::Device { seq, .. } | Content::Head { seq, .. } => {
                vec![Range(*seq, *seq)]
            }
            Content::Readings { batch, .. } => batch.iter().map(|(seq, _)| Range(*seq, *seq)).collect(),
            Content::Skipped { seq, skipped, .. } => vec![*seq, Range(skipped.from, skipped.to)],
        }
    }
}

/// Lets a listed station speak; an empty list lets every station. An unlisted one gets no receipt and no refusal of
/// a number, so it goes on sending, and nothing of it is lost when somebody lists it.
///
/// # Errors
/// [`Refusal`] with [`Why::Unlisted`].
pub fn admit(topic: &str, may_speak: &BTreeSet<StationId>) -> Result<(), Refusal> {
    match Topic::parse(topic) {
        Some((station, gateway, _)) if !may_speak.is_empty() && !may_speak.contains(&station) => {
            Err(refusal(Some(Speaker { station, gateway }), Why::Unlisted, "the station is not listed here"))
        }
        _ => Ok(()),
    }
}

/// Takes one message apart. `retained` says that the broker kept it from before.
///
/// # Errors
/// [`Refusal`], with the numbers to refuse when they can be told.
pub fn take(topic: &str, payload: &[u8], retained: bool) -> Result<Intake, Refusal> {
    let Some((station, gateway, below)) = Topic::parse(topic) else {
        return Err(refusal(None, Why::Topic, "the topic is not of this contract"));
    };
    let speaker = Speaker { station, gateway };
    let refuse = |why, reason: &str| refusal(Some(speaker), why, reason);
    if let Topic::Event(lane) = below {
        return record(speaker, lane, payload).map(Intake::Record);
    }
    if payload.len() > limits::MESSAGE_BYTES_MAX {
        return Err(refuse(Why::TooLarge, "the message is longer than 64 KiB"));
    }
    let text = std::str::from_utf8(payload).map_err(|_| refuse(Why::NotUtf8, "the message is not UTF-8"))?;
    let unreadable = |error: serde_json::Error| refuse(why_unreadable(&error), &where_it_breaks(&error));
    let standing = match below {
        Topic::State => Standing::State(serde_json::from_str(text).map_err(unreadable)?, text.to_owned()),
        Topic::Heartbeat => Standing::Heartbeat(serde_json::from_str(text).map_err(unreadable)?, text.to_owned()),
        Topic::Device(id) if text.is_empty() => Standing::Device(id, None),
        Topic::Device(id) => {
            Standing::Device(id, Some((serde_json::from_str(text).map_err(unreadable)?, text.to_owned())))
        }
        Topic::Resident(id) if text.is_empty() => Standing::Resident(id, None),
        Topic::Resident(id) => {
            Standing::Resident(id, Some((serde_json::from_str(text).map_err(unreadable)?, text.to_owned())))
        }
        Topic::Result(id) => Standing::Result(id, serde_json::from_str(text).map_err(unreadable)?, text.to_owned()),
        Topic::Event(_) | Topic::Ack | Topic::Command(_) => {
            return Err(refuse(Why::Topic, "a gateway does not speak on this topic"));
        }
    };
    Ok(Intake::Report(Report { speaker, live: !retained, standing }))
}

/// The part that every numbered message has, read first: with it a refusal can name its number.
#[derive(Deserialize)]
struct Envelope {
    epoch: Epoch,
    seq: Seq,
    #[serde(default)]
    skipped: Option<Skipped>,
}

#[derive(Deserialize)]
#[serde(untagged)]
enum Seq {
    One(u64),
    Many(Range),
}

fn record(speaker: Speaker, lane: Lane, payload: &[u8]) -> Result<Record, Refusal> {
    let refuse = |why, reason: &str| refusal(Some(speaker), why, reason);
    let text = std::str::from_utf8(payload).map_err(|_| refuse(Why::NotUtf8, "the message is not UTF-8"))?;
    let Envelope { epoch, seq, skipped } =
        serde_json::from_str(text).map_err(|error| match why_unreadable(&error) {
            Why::NotJson => refuse(Why::NotJson, &where_it_breaks(&error)),
            _ => refuse(Why::NoNumber, "the message has no epoch and seq that can be read"),
        })?;
    let range = match seq {
        Seq::One(seq) => Range(seq, seq),
        Seq::Many(range) => range,
    };
    if !is_range(range) {
        return Err(refuse(Why::Number, "seq is zero, too large or backwards"));
    }
    let refuse = |why, reason: &str| {
        let few = range.1 - range.0 < limits::COUNTY_REFUSED_PER_MESSAGE_MAX;
        Refusal { numbers: few.then_some(Numbers { epoch, lane, range }), ..refusal(Some(speaker), why, reason) }
    };
    if payload.len() > limits::MESSAGE_BYTES_MAX {
        return Err(refuse(Why::TooLarge, "the message is longer than 64 KiB"));
    }
    let record = |content, refused| Record { speaker, epoch, content, refused };
    if let Some(skipped) = skipped {
        if !is_range(Range(skipped.from, skipped.to)) {
            return Err(refuse(Why::Number, "the skipped range is zero, too large or backwards"));
        }
        return Ok(record(Content::Skipped { lane, seq: range, skipped }, Vec::new()));
    }
    match lane {
        Lane::Alarm | Lane::Device if range.0 != range.1 => Err(refuse(Why::Number, "one record has one number")),
        Lane::Alarm => {
            let body: Box<AlarmBody> =
                serde_json::from_str(text).map_err(|error| refuse(Why::Body, &where_it_breaks(&error)))?;
            let unreadable = |error: serde_json::Error| refuse(Why::Body, &where_it_breaks(&error));
            let content = alarm(speaker, range.0, body, text).map_err(unreadable)?;
            Ok(record(content, Vec::new()))
        }
        Lane::Device => {
            let unreadable = |error: serde_json::Error| refuse(Why::Body, &where_it_breaks(&error));
            let LogHeads { head } = serde_json::from_str(text).map_err(unreadable)?;
            if let Some(head) = head {
                let counted = head.streams.iter().all(|stream| i64::try_from(stream.index).is_ok());
                let is_head = counted && head.streams.len() <= LogStream::ALL.len();
                let content = is_head.then_some(Content::Head { seq: range.0, head });
                let content = content.ok_or_else(|| refuse(Why::Body, "the log's head cannot be true"))?;
                return Ok(record(content, Vec::new()));
            }
            let DeviceEvents { event } = serde_json::from_str(text).map_err(unreadable)?;
            Ok(record(Content::Device { seq: range.0, event, text: text.to_owned() }, Vec::new()))
        }
        Lane::Reading => {
            let readings: Readings =
                serde_json::from_str(text).map_err(|error| refuse(Why::Body, &where_it_breaks(&error)))?;
            if u64::try_from(readings.batch.len()) != Ok(range.1 - range.0 + 1) {
                return Err(refuse(Why::Number, "seq and batch are not of the same length"));
            }
            let (batch, refused) = readings_of(range.0, readings.batch);
            Ok(record(Content::Readings { at: readings.at, hist: readings.hist, batch }, refused))
        }
    }
}

/// An alarm, under whoever speaks. One that names another station may be true (the station's id was corrected while it was open), so
/// it is neither refused nor put under the name it gives: its id is made the speaker's, and what was sent stays beside it.
fn alarm(speaker: Speaker, seq: u64, mut body: Box<AlarmBody>, text: &str) -> Result<Content, serde_json::Error> {
    let as_sent = body.id;
    if as_sent.station == speaker.station {
        return Ok(Content::Alarm { seq, body, text: text.to_owned(), is_foreign: false });
    }
    body.id.station = speaker.station;
    let mut record: Map<String, Value> = serde_json::from_str(text)?;
    record.insert("id".to_owned(), body.id.to_string().into());
    record.insert("id_as_sent".to_owned(), as_sent.to_string().into());
    Ok(Content::Alarm { seq, body, text: Value::Object(record).to_string(), is_foreign: true })
}

#[derive(Deserialize)]
struct DeviceEvents {
    event: DeviceEvent,
}

#[derive(Deserialize)]
struct LogHeads {
    #[serde(default)]
    head: Option<LogHead>,
}

/// A reading message whose entries have not been read yet.
#[derive(Deserialize)]
struct Readings {
    at: Moment,
    #[serde(default)]
    batch: Vec<Value>,
    hist: bool,
}

/// Something under its number.
type Numbered<T> = (u64, T);

/// Entry by entry, so that a kind this county does not know costs only its own reading.
fn readings_of(first: u64, entries: Vec<Value>) -> (Vec<Numbered<ReadingBody>>, Vec<Numbered<String>>) {
    let (mut batch, mut refused) = (Vec::with_capacity(entries.len()), Vec::new());
    for (seq, entry) in (first..).zip(entries) {
        match serde_json::from_value(entry) {
            Ok(reading) => batch.push((seq, reading)),
            Err(error) => refused.push((seq, where_it_breaks(&error))),
        }
    }
    (batch, refused)
}

/// Numbers begin at 1, and end where the databases' whole numbers do.
fn is_range(range: Range) -> bool {
    range.0 >= 1 && range.0 <= range.1 && i64::try_from(range.1).is_ok()
}

fn refusal(speaker: Option<Speaker>, why: Why, reason: &str) -> Refusal {
    Refusal { speaker, why, numbers: None, reason: reason.to_owned() }
}

fn why_unreadable(error: &serde_json::Error) -> Why {
    match error.classify() {
        serde_json::error::Category::Data => Why::Body,
        _ => Why::NotJson,
    }
}

/// Says what is wrong without repeating a value: a value may carry a person's words, a missing key is always ours.
fn where_it_breaks(error: &serde_json::Error) -> String {
    let sentence = error.to_string();
    match sentence.strip_prefix("missing field `").and_then(|rest| rest.split_once('`')) {
        Some((field, _)) => format!("the key {field} is missing"),
        None if error.line() == 0 => "a value cannot be read".to_owned(),
        None => format!("cannot be read at line {}, column {}", error.line(), error.column()),
    }
}
