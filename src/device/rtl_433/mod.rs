//! rtl_433: what an SDR receiver hears on 315, 433 and 868 MHz, as JSON over MQTT.
//!
//! | topic below the base; the host may be missing | what comes of it |
//! | --- | --- |
//! | `<host>/events` | one JSON object a decode |
//! | `<host>/devices/<model>[/<subtype>][/<channel>][/<id>]/<field>` | the same, one value a message |
//! | `<host>/availability` | `online` or `offline`, for everything that is heard there |
//! | `<host>/states` | the receiver's own state: nothing |
//!
//! | key | meaning |
//! | --- | --- |
//! | `model` | which decoder read it; names changed in 2018 to 2020, both are understood |
//! | `id`; `device` before 2020 | the transmitter, a number or a text |
//! | `subtype`; `device_type` before 2020 | what kind of sensor it is |
//! | `battery_ok` 1 or 0; before 2020 `battery` OK or LOW, or `battery_low` with the opposite sense | the battery |
//! | `rssi`, `snr` | the link, with `-M level` |
//!
//! What each model's own keys mean stands in `model`. Source: the decoders' documented output (snapshot 91b2ebd).
//!
//! Design constraints:
//!
//! - The address is model and id, in today's spelling, so that a newer receiver does not lose the devices. A model that is
//!   not in the table keeps subtype and channel in it, because two weather stations may share an id.
//! - A press is sent 4 to 25 times, and some copies are read as another model: those have other addresses and are nobody's.
//! - A code means what the protocol prints, or what enrolment says (`map`, with keys like `"cmd=205"`). No code is a help
//!   call by itself.
//! - Nothing is authenticated: good enough to call for help, and never to call it off.

mod model;

use std::borrow::Cow;
use std::fmt::Write as _;

use serde_json::{Map, Value};

use self::model::Model;
use super::json::{self, Item, Scalar};
use super::speech::Speech;
use super::{Decode, DecodeError, Decoded, Format, Frame, Transport, mapping};
use crate::core::reading::Measure;
use crate::limits::{MQTT_PAYLOAD_BYTES_MAX, TOPIC_BYTES_MAX};

/// Base topic of an installation that nobody configured.
const BASE_TOPIC: &str = "rtl_433";

/// The registry's line.
pub const FORMAT: Format = Format {
    name: "rtl_433",
    about: "433 MHz buttons and sensors heard by an SDR receiver with rtl_433: Kerui, Chuango, EV1527, Honeywell, DSC, Visonic, X10",
    about_zh: "用 rtl_433 和 SDR 接收器听到的 433 MHz 按钮和传感器:科瑞、创高、EV1527、Honeywell、DSC、Visonic、X10",
    transport: Transport::Mqtt {
        base_topic: BASE_TOPIC,
        filters: &[
            "events",
            "+/events",
            "devices/#",
            "+/devices/#",
            "states",
            "+/states",
            "availability",
            "+/availability",
        ],
    },
    // Source: the page's window; one press is 4 to 25 transmissions within about 1.5 s.
    merge_ms: 2_000,
    steady_ms: 0,
    decoder: || Box::new(Rtl433),
};

struct Rtl433;

/// A topic below the base, understood.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Topic<'a> {
    Event,
    /// Model, what stands between it and the field, and the field.
    Field(&'a str, &'a str, &'a str),
    States,
    Availability,
}

/// The keys that mean something, in alphabetical order.
const KEYS: &[&str] = &[
    "alarm",
    "alert",
    "battery",
    "battery_low",
    "battery_mV",
    "battery_ok",
    "channel",
    "closed",
    "cmd",
    "cmd_id",
    "code",
    "contact_open",
    "device",
    "device_type",
    "event",
    "extradata",
    "heartbeat",
    "humidity",
    "id",
    "learn",
    "light_lux",
    "model",
    "motion",
    "open",
    "opened",
    "reed_open",
    "remarks",
    "restore",
    "rssi",
    "secret_knock",
    "seq",
    "snr",
    "state",
    "subtype",
    "supervised",
    "switch1",
    "switch2",
    "switch3",
    "switch4",
    "switch5",
    "tamper",
    "tampered",
    "temperature_C",
    "temperature_F",
    "tristate",
    "unit",
    "water",
];

/// One decode, or the one field of it that a message carries.
#[derive(Debug, Default)]
struct Event<'a> {
    values: Vec<(&'static str, Scalar<'a>)>,
    /// The transmission itself, as a flex decoder gives it: hex digits.
    codes: Option<String>,
}

impl Decode for Rtl433 {
    fn decode(&mut self, frame: &Frame<'_>) -> Result<Decoded, DecodeError> {
        match topic(frame)? {
            Topic::States => Ok(Decoded::default()),
            Topic::Availability => availability(frame.bytes),
            Topic::Event => {
                let text = text(frame.bytes)?;
                let event = Event::read(&text)?;
                let Some(name) = event.text("model") else {
                    // The receiver's own remarks are published here too, and have no model.
                    return if event.values.is_empty() { Err(DecodeError::NotMine) } else { Ok(Decoded::default()) };
                };
                let model = Model::of(&name);
                let mut speech = Speech::of(&event.address(&name, model)?)?;
                let context = speech_context(frame, &speech);
                speak(&mut speech, model, &event, context, || mapped(&text, context));
                speech.finish()
            }
            Topic::Field(name, between, field) => {
                let text = json::bounded(frame.bytes, MQTT_PAYLOAD_BYTES_MAX)?.trim_ascii();
                let model = Model::of(name);
                let event = Event::of_field(between, field, text);
                let mut speech = Speech::of(&address_of_field(name, model, between, &event))?;
                let context = speech_context(frame, &speech);
                let word = format!("{field}={text}");
                speak(&mut speech, model, &event, context, || {
                    mapping::target(context, &word).map(|target| (word.clone(), target)).into_iter().collect()
                });
                speech.finish()
            }
        }
    }

    fn fields(&self, frame: &Frame<'_>) -> Map<String, Value> {
        let mut fields = Map::new();
        match topic(frame) {
            Ok(Topic::Field(model, between, field)) => {
                let value = std::str::from_utf8(frame.bytes).unwrap_or_default().trim_ascii();
                for (key, word) in [("model", model), ("id", last_segment(between)), ("field", field), ("value", value)]
                {
                    fields.insert(key.into(), word.into());
                }
                fields.insert("split_topics".into(), true.into());
            }
            Ok(Topic::Event) => {
                if let Ok(text) = text(frame.bytes)
                    && let Ok(event) = Event::read(&text)
                {
                    event.print(&mut fields);
                }
            }
            Ok(Topic::States | Topic::Availability) | Err(_) => {}
        }
        fields
    }
}

fn topic<'a>(frame: &Frame<'a>) -> Result<Topic<'a>, DecodeError> {
    let base = frame.context.of("").get("base").and_then(Value::as_str).unwrap_or(BASE_TOPIC);
    let below =
        frame.topic.and_then(|topic| topic.strip_prefix(base)?.strip_prefix('/')).ok_or(DecodeError::NotMine)?;
    let without_host = below.split_once('/').map(|(_, rest)| rest);
    [Some(below), without_host].into_iter().flatten().find_map(layout).ok_or(DecodeError::NotMine)
}

fn layout(below: &str) -> Option<Topic<'_>> {
    match below {
        "events" => return Some(Topic::Event),
        "states" => return Some(Topic::States),
        "availability" => return Some(Topic::Availability),
        _ => {}
    }
    let (rest, field) = below.strip_prefix("devices/")?.rsplit_once('/')?;
    let (model, between) = rest.split_once('/').unwrap_or((rest, ""));
    (!model.is_empty() && !field.is_empty()).then_some(Topic::Field(model, between, field))
}

fn text(bytes: &[u8]) -> Result<Cow<'_, str>, DecodeError> {
    let text = json::bounded(bytes, MQTT_PAYLOAD_BYTES_MAX)?;
    Ok(json::nan_as_null(text).map_or(Cow::Borrowed(text), Cow::Owned))
}

fn availability(bytes: &[u8]) -> Result<Decoded, DecodeError> {
    let mut speech = Speech::of_nobody_named();
    match bytes.trim_ascii() {
        b"online" => speech.level(Measure::Availability { online: true, bridge: true }),
        b"offline" => speech.level(Measure::Availability { online: false, bridge: true }),
        b"" => {}
        _ => return Err(DecodeError::Unknown),
    }
    speech.finish()
}

/// What enrolment knows of whoever speaks.
fn speech_context<'a>(frame: &Frame<'a>, speech: &Speech) -> &'a Value {
    frame.context.of(speech.address().unwrap_or_default())
}

/// The words of a map that this event uses.
fn mapped<'c>(text: &str, context: &'c Value) -> Vec<(String, &'c str)> {
    let mut found = Vec::new();
    if context.get("map").is_some() {
        // It was walked before, so it is an object.
        let _ = Item::whole(text).object(|key, item| {
            let word = format!("{key}={}", plain(&item.scalar()).unwrap_or_default());
            if let Some(target) = mapping::target(context, &word) {
                found.push((word, target));
            }
        });
    }
    found
}

fn speak<'c>(
    speech: &mut Speech,
    model: Model,
    event: &Event<'_>,
    context: &Value,
    mapped: impl FnOnce() -> Vec<(String, &'c str)>,
) {
    model.speak(speech, event, context);
    for (word, target) in mapped() {
        let code = word.split_once('=').map_or("", |(_, value)| value);
        mapping::happened(speech, "map", target, code);
    }
}

impl<'a> Event<'a> {
    fn read(text: &'a str) -> Result<Self, DecodeError> {
        let mut event = Event::default();
        Item::whole(text).object(|key, item| match key {
            "codes" => event.codes = first_code(item),
            _ => event.keep(key, item.scalar()),
        })?;
        Ok(event)
    }

    /// The one field of a message, with what its topic says.
    fn of_field(between: &'a str, field: &str, text: &'a str) -> Self {
        let mut event = Event::default();
        let mut places = between.split('/').filter(|place| !place.is_empty()).rev();
        if let Some(id) = places.next() {
            event.keep("id", Scalar::Text(id.into()));
        }
        if let Some(subtype) = places.last() {
            event.keep("subtype", Scalar::Text(subtype.into()));
        }
        let number = text.parse().ok().filter(|number: &f64| number.is_finite());
        event.keep(field, number.map_or_else(|| Scalar::Text(text.into()), Scalar::Number));
        event
    }

    fn keep(&mut self, key: &str, value: Scalar<'a>) {
        let known = KEYS.binary_search(&key).ok().and_then(|at| KEYS.get(at));
        if let (Some(known), true) = (known, value != Scalar::Null && self.get(key).is_none()) {
            self.values.push((known, value));
        }
    }

    fn get(&self, key: &str) -> Option<&Scalar<'a>> {
        self.values.iter().find(|(own, _)| *own == key).map(|(_, value)| value)
    }

    /// The value as a text, whatever it was.
    fn text(&self, key: &str) -> Option<String> {
        self.get(key).and_then(plain)
    }

    fn number(&self, key: &str) -> Option<f64> {
        self.get(key).and_then(mapping::number)
    }

    fn flag(&self, key: &str) -> Option<bool> {
        self.get(key).and_then(mapping::flag)
    }

    /// Whether it is a whole decode, and not one field of it.
    fn is_whole(&self) -> bool {
        self.get("model").is_some()
    }

    fn id(&self) -> Option<String> {
        self.text("id").or_else(|| self.text("device")).filter(|id| !id.is_empty())
    }

    fn subtype(&self) -> Option<String> {
        self.text("subtype").or_else(|| self.text("device_type"))
    }

    /// The transmission in hex, for decoders that know no id.
    fn code(&self) -> Option<String> {
        let code = self.codes.clone().or_else(|| self.text("code"))?;
        let code = code.trim_start_matches("0x").to_ascii_uppercase();
        (!code.is_empty() && code.bytes().all(|byte| byte.is_ascii_hexdigit())).then_some(code)
    }

    fn address(&self, name: &str, model: Model) -> Result<String, DecodeError> {
        let mut address = model.name(name).to_owned();
        if model == Model::Other {
            for part in [self.subtype(), self.text("channel")].into_iter().flatten() {
                let _ = write!(address, "/{part}");
            }
        }
        if let Some(own) = self.id().or_else(|| self.code()) {
            let _ = write!(address, "/{own}");
        }
        // Longer than any topic it could come under.
        if address.len() > TOPIC_BYTES_MAX { Err(DecodeError::TooLong) } else { Ok(address) }
    }

    fn print(&self, fields: &mut Map<String, Value>) {
        for (key, value) in &self.values {
            let flag = matches!(*key, "learn" | "secret_knock" | "alarm" | "closed" | "event" | "tamper");
            let printed = match (value, flag.then(|| mapping::flag(value)).flatten()) {
                (_, Some(flag)) => flag.into(),
                (Scalar::Number(number), None) => whole_number(*number).map_or((*number).into(), Value::from),
                (Scalar::Flag(flag), None) => (*flag).into(),
                (Scalar::Text(text), None) => text.as_ref().into(),
                (Scalar::Null | Scalar::Other, None) => Value::Null,
            };
            // A keypad's `extradata` may be somebody's code for the door.
            if *key != "extradata" {
                fields.insert((*key).into(), printed);
            }
        }
        if let Some(id) = self.id() {
            fields.insert("id".into(), id.into());
        }
        if let Some(subtype) = self.subtype() {
            fields.insert("subtype".into(), subtype.into());
        }
        if let Some(code) = &self.codes {
            fields.insert("codes".into(), code.as_str().into());
        }
        let old = ["device_type", "device", "battery", "battery_low"].iter().any(|key| self.get(key).is_some());
        let name = self.text("model").unwrap_or_default();
        if old || Model::of(&name).name(&name) != name {
            fields.insert("legacy_keys".into(), true.into());
        }
    }
}

fn address_of_field(name: &str, model: Model, between: &str, event: &Event<'_>) -> String {
    let own = if model == Model::Other { between } else { last_segment(between) };
    let name = model.name(name);
    match event.code() {
        _ if !own.is_empty() => format!("{name}/{own}"),
        Some(code) => format!("{name}/{code}"),
        None => name.to_owned(),
    }
}

fn last_segment(between: &str) -> &str {
    between.rsplit('/').next().unwrap_or_default()
}

/// `["{24}d3125e", …]`: the first row, without its length.
fn first_code(item: Item<'_>) -> Option<String> {
    let mut first = None;
    item.list(|row| first = first.take().or_else(|| row.text().map(Cow::into_owned))).ok()?;
    let row: String = first?;
    Some(row.rsplit_once('}').map_or(row.as_str(), |(_, code)| code).to_owned())
}

fn plain(value: &Scalar<'_>) -> Option<String> {
    match value {
        Scalar::Text(text) => Some(text.trim_ascii().to_owned()),
        Scalar::Number(number) => {
            Some(whole_number(*number).map_or_else(|| number.to_string(), |whole| whole.to_string()))
        }
        Scalar::Flag(flag) => Some(flag.to_string()),
        Scalar::Null | Scalar::Other => None,
    }
}

/// The number as a whole one, if it is one that a double holds exactly.
#[expect(clippy::cast_possible_truncation, reason = "the range and the fraction are checked right before")]
fn whole_number(number: f64) -> Option<i64> {
    (number.fract() == 0.0 && number.abs() < 9e15).then_some(number as i64)
}
