//! Tasmota: ESP8266 and ESP32 nodes, and 433 MHz bridges, with the Tasmota firmware over MQTT.
//!
//! | topic, in either order of `FullTopic` | payload |
//! | --- | --- |
//! | `tele/<topic>/STATE` | `{"Time":…,"POWER":"OFF","Wifi":{"RSSI":44,"Signal":-78}}` every 300 s |
//! | `tele/<topic>/SENSOR` | `{"Time":…,"Switch1":"ON","AM2301":{"Temperature":…,"Humidity":…},"TempUnit":"C"}` |
//! | `tele/<topic>/LWT` | `Online` or `Offline` |
//! | `tele/<topic>/RESULT` | `{"RfReceived":{"Data":"0xD3125E"}}`, `{"ZbReceived":{…}}` |
//! | `stat/<topic>/RESULT` | `{"Button1":{"Action":"SINGLE"}}`, `{"Switch1":{"Action":"ON"}}`, answers to orders |
//! | `stat/<topic>/STATUS8`, `STATUS10` | `{"StatusSNS":{…}}`, as SENSOR |
//! | `stat/<topic>/POWER1` and others | the state of a relay, answers: nothing |
//!
//! | key | what it says |
//! | --- | --- |
//! | `Switch1` | a switch, by its role |
//! | `Button1.Action` | a button, by its role: SINGLE, DOUBLE, TRIPLE, HOLD |
//! | `<driver>.Temperature`, `Humidity`, `Illuminance` | numbers; `TempUnit` may be F |
//! | `Wifi.Signal` | dBm; `Wifi.RSSI` is a quality in per cent and is not used |
//! | `RfReceived.Data` | a 433 MHz code of a transmitter, by its role |
//! | `ZbReceived.<address>` | a Zigbee device behind the node |
//!
//! Source: Tasmota's documentation of MQTT, rules and Zigbee2Tasmota, and captured lines.
//!
//! Design constraints:
//!
//! - The node's address is its topic. A transmitter heard by a bridge is a device of its own, whichever bridge hears it:
//!   `rf:` and the code. The last of six digits of an EV1527 is the command and not part of the address. What its codes
//!   mean stands in `map`, or, with `model = "Kerui"`, in that maker's table.
//! - One frame is one device's, so of several switches only the first speaks by the role; `map` names the others.
//! - `Time` is local without an offset, and is not read.

use serde_json::{Map, Value};

use super::json::{self, Item, Scalar};
use super::speech::Speech;
use super::{Decode, DecodeError, Decoded, Format, Frame, Transport, mapping};
use crate::core::reading::{Contact, Measure, Quantity};
use crate::limits::MQTT_PAYLOAD_BYTES_MAX;

/// The registry's line.
pub const FORMAT: Format = Format {
    name: "tasmota",
    about: "ESP nodes and 433 MHz bridges with Tasmota: buttons, switches, climate sensors, RF transmitters",
    about_zh: "刷了 Tasmota 的 ESP 节点和 433 MHz 网桥:按钮、开关、温湿度传感器、射频发射器",
    transport: Transport::Mqtt { base_topic: "", filters: &["tele/#", "stat/#", "+/tele/#", "+/stat/#"] },
    // As of all 433 MHz transmitters: a press is 4 to 25 copies within about 1.5 s, and two bridges may hear it.
    merge_ms: 2_000,
    steady_ms: 0,
    decoder: || Box::new(Tasmota),
};

struct Tasmota;

/// A topic, understood.
struct Topic<'a> {
    node: &'a str,
    telemetry: bool,
    what: &'a str,
}

impl Decode for Tasmota {
    fn decode(&mut self, frame: &Frame<'_>) -> Result<Decoded, DecodeError> {
        let topic = topic(frame)?;
        match (topic.telemetry, topic.what) {
            (true, "LWT") => return availability(topic.node, frame.bytes),
            (true, "STATE" | "SENSOR" | "RESULT") | (false, "RESULT" | "STATUS8" | "STATUS10" | "STATUS11") => {}
            // Relays, answers to orders and the firmware's own matters.
            _ => return Ok(Decoded::default()),
        }
        let text = json::bounded(frame.bytes, MQTT_PAYLOAD_BYTES_MAX)?;
        if text.trim_ascii().is_empty() {
            // A cleared topic: nobody spoke.
            return Ok(Decoded::default());
        }
        let mended = json::nan_as_null(text);
        let text = mended.as_deref().unwrap_or(text);
        let report = Report::read(text)?;
        if let Some(code) = report.rf_code {
            return rf(code.as_deref(), frame);
        }
        if let Some(zigbee) = report.zigbee {
            return zigbee_device(zigbee);
        }
        let mut speech = Speech::of(topic.node)?;
        report.speak(&mut speech, frame.context.of(topic.node));
        speech.finish()
    }

    fn fields(&self, frame: &Frame<'_>) -> Map<String, Value> {
        let mut fields = Map::new();
        let Ok(topic) = topic(frame) else { return fields };
        fields.insert("device".into(), topic.node.into());
        let Ok(text) = json::bounded(frame.bytes, MQTT_PAYLOAD_BYTES_MAX) else { return fields };
        match text.trim_ascii() {
            "Online" => _ = fields.insert("online".into(), true.into()),
            "Offline" => _ = fields.insert("online".into(), false.into()),
            _ => {
                let walk = Item::whole(text).object(|key, item| print(&mut fields, key, item));
                if walk.is_err() {
                    fields.retain(|key, _| key == "device");
                }
            }
        }
        fields
    }
}

/// `prefix/topic/WHAT`, or `topic/prefix/WHAT`; what is told is always in capitals.
fn topic<'a>(frame: &Frame<'a>) -> Result<Topic<'a>, DecodeError> {
    let (place, what) = frame.topic.and_then(|topic| topic.rsplit_once('/')).ok_or(DecodeError::NotMine)?;
    let prefix = |word: &str| match word {
        "tele" => Some(true),
        "stat" => Some(false),
        _ => None,
    };
    let first = place.split_once('/').and_then(|(word, node)| Some((prefix(word)?, node)));
    let last = || place.rsplit_once('/').and_then(|(node, word)| Some((prefix(word)?, node)));
    let (telemetry, node) = first.or_else(last).ok_or(DecodeError::NotMine)?;
    let spoken = !what.is_empty() && what.bytes().all(|byte| byte.is_ascii_uppercase() || byte.is_ascii_digit());
    if node.is_empty() || !spoken { Err(DecodeError::NotMine) } else { Ok(Topic { node, telemetry, what }) }
}

fn availability(node: &str, bytes: &[u8]) -> Result<Decoded, DecodeError> {
    let online = match bytes.trim_ascii() {
        b"Online" => true,
        b"Offline" => false,
        b"" => return Ok(Decoded::default()),
        _ => return Err(DecodeError::Unknown),
    };
    let mut speech = Speech::of(node)?;
    speech.level(Measure::Availability { online, bridge: false });
    speech.finish()
}

/// What a payload holds of what is heard.
#[derive(Default)]
struct Report<'a> {
    /// `RfReceived` is there; its code, if it can be read.
    rf_code: Option<Option<String>>,
    zigbee: Option<Item<'a>>,
    /// `SwitchN` and what it says.
    switches: Vec<(u8, Scalar<'a>)>,
    actions: Vec<(u8, Scalar<'a>)>,
    numbers: Vec<(Quantity, f64)>,
    fahrenheit: bool,
}

/// Switches and buttons of one node. Source: Tasmota has 28 of each on an ESP32.
const INPUTS_MAX: usize = 32;

impl<'a> Report<'a> {
    fn read(text: &'a str) -> Result<Self, DecodeError> {
        let mut report = Self::default();
        Item::whole(text).object(|key, item| {
            if key == "StatusSNS" {
                // A node that cannot be read inside says nothing.
                let _ = item.object(|key, item| report.take(key, item));
            } else {
                report.take(key, item);
            }
        })?;
        Ok(report)
    }

    fn take(&mut self, key: &str, item: Item<'a>) {
        match key {
            "RfReceived" => {
                let mut code = None;
                let _ = item.object(|key, item| {
                    if key == "Data" {
                        code = rf_word(&item.scalar());
                    }
                });
                self.rf_code = Some(code);
            }
            "ZbReceived" => self.zigbee = Some(item),
            "TempUnit" => self.fahrenheit = item.text().as_deref() == Some("F"),
            "Wifi" => self.driver(item, |key| (key == "Signal").then_some(Quantity::Rssi)),
            // The processor's own warmth, and what a meter or a Bluetooth relay says of others.
            "ESP32" | "ENERGY" | "BLE" | "IBEACON" => {}
            _ => {
                if let Some(at) = numbered(key, "Switch") {
                    push(&mut self.switches, at, value_or_action(item));
                } else if let Some(at) = numbered(key, "Button") {
                    push(&mut self.actions, at, value_or_action(item));
                } else {
                    self.driver(item, |key| match key {
                        "Temperature" => Some(Quantity::AmbientTemp),
                        "Humidity" => Some(Quantity::Humidity),
                        "Illuminance" => Some(Quantity::Illuminance),
                        _ => None,
                    });
                }
            }
        }
    }

    /// The numbers of a driver's object; of two drivers with the same quantity the first one speaks.
    fn driver(&mut self, item: Item<'a>, quantity: impl Fn(&str) -> Option<Quantity>) {
        let (mut found, mut anothers) = (Vec::new(), false);
        let _ = item.object(|key, item| {
            anothers |= matches!(key, "mac" | "MAC" | "Mac");
            if let (Some(quantity), Some(number)) = (quantity(key), item.number()) {
                found.push((quantity, number));
            }
        });
        for (quantity, number) in found.into_iter().filter(|_| !anothers) {
            if !self.numbers.iter().any(|(other, _)| *other == quantity) {
                self.numbers.push((quantity, number));
            }
        }
    }

    fn speak(mut self, speech: &mut Speech, context: &Value) {
        self.switches.sort_by_key(|(at, _)| *at);
        let mut plain = None;
        for (at, value) in &self.switches {
            match (mapping::target(context, &format!("Switch{at}")), plain) {
                (Some(kind), _) => mapping::stands(speech, "switch", kind, value),
                (None, None) => {
                    plain = Some(at);
                    mapping::stands(speech, "switch", "switch", value);
                }
                (None, Some(_)) => speech.refuse("switch", DecodeError::Unknown),
            }
        }
        for (at, value) in &self.actions {
            let action = if let Scalar::Text(word) = value { word.to_ascii_lowercase() } else { String::new() };
            match (mapping::target(context, &format!("Button{at}")), &*action) {
                (_, "") => speech.refuse("button", DecodeError::WrongType),
                (_, "clear" | "off") => {}
                (Some(target), _) => mapping::happened(speech, "button", target, &action),
                (None, "hold") => speech.code("button", "long", Measure::Button),
                (None, _) => speech.code("button", &action, Measure::Button),
            }
        }
        for (quantity, number) in self.numbers {
            let number = match quantity {
                Quantity::AmbientTemp if self.fahrenheit => (number - 32.0) * 5.0 / 9.0,
                _ => number,
            };
            speech.number(quantity, number);
        }
    }
}

fn push<'a>(inputs: &mut Vec<(u8, Scalar<'a>)>, at: u8, value: Scalar<'a>) {
    if inputs.len() < INPUTS_MAX {
        inputs.push((at, value));
    }
}

/// `Switch3` with the stem `Switch` is 3.
fn numbered(key: &str, stem: &str) -> Option<u8> {
    key.strip_prefix(stem)?.parse().ok()
}

/// `"ON"`, or `{"Action":"ON"}`, or `{"State":"ON"}`.
fn value_or_action<'a>(item: Item<'a>) -> Scalar<'a> {
    let mut value = item.scalar();
    let _ = item.object(|key, item| {
        if key.eq_ignore_ascii_case("action") || key.eq_ignore_ascii_case("state") {
            value = item.scalar();
        }
    });
    value
}

/// `"D3125E"`, `"0xD3125E"`, or with `SetOption28` the number itself, in upper-case hex.
fn rf_word(value: &Scalar<'_>) -> Option<String> {
    let text = match value {
        Scalar::Text(text) => text,
        Scalar::Number(number) => return hex_of(*number),
        _ => return None,
    };
    let digits = text.trim_ascii().trim_start_matches("0x").trim_start_matches("0X").to_ascii_uppercase();
    (!digits.is_empty() && digits.bytes().all(|digit| digit.is_ascii_hexdigit())).then_some(digits)
}

#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "the range and the fraction are checked right before"
)]
fn hex_of(number: f64) -> Option<String> {
    (number.fract() == 0.0 && (0.0..9e15).contains(&number)).then(|| format!("{:06X}", number as u64))
}

/// What a transmitter sent, whichever bridge heard it.
fn rf(code: Option<&str>, frame: &Frame<'_>) -> Result<Decoded, DecodeError> {
    let code = code.ok_or(DecodeError::WrongType)?;
    // 24 bits: 20 of the transmitter, 4 of its command (EV1527).
    let own = code.get(..5).filter(|_| code.len() == 6).unwrap_or(code);
    let address = format!("rf:{own}");
    let context = frame.context.of(&address);
    let mut speech = Speech::of(&address)?;
    let kerui =
        context.get("model").and_then(Value::as_str).is_some_and(|model| model.to_ascii_lowercase().contains("kerui"));
    let command = code.get(own.len()..).unwrap_or_default();
    match (mapping::target(context, code).or_else(|| mapping::target(context, command)), kerui, command) {
        (Some(target), ..) => mapping::happened(&mut speech, "map", target, code),
        (None, true, "A") => speech.event(Measure::Motion(true)),
        (None, true, "E") => speech.level(Measure::Contact(Contact::Open)),
        (None, true, "7") => speech.level(Measure::Contact(Contact::Closed)),
        (None, true, "B") => speech.event(Measure::Tamper(true)),
        (None, true, "F") => speech.level(Measure::BatteryLow(true)),
        _ => speech.code("RfReceived", code, Measure::RfCode),
    }
    speech.finish()
}

/// `{"0x1234":{"Device":"0x1234","Name":…,"Contact":1,"BatteryPercentage":90,"LinkQuality":60}}`. The short address may
/// change when the device joins again; the name is the installer's and stays, so it is the address where there is one.
fn zigbee_device(all: Item<'_>) -> Result<Decoded, DecodeError> {
    let mut first = None;
    all.object(|key, item| {
        if first.is_none() {
            first = Some((key.to_owned(), item));
        }
    })?;
    let Some((mut address, item)) = first else { return Ok(Decoded::default()) };
    let mut said = Vec::new();
    item.object(|key, item| match key {
        "Name" => address = item.text().filter(|name| !name.is_empty()).map_or_else(|| address.clone(), Into::into),
        _ => {
            if let Some((key, kind)) = ZIGBEE.iter().find(|(own, _)| *own == key) {
                said.push((*key, *kind, item.scalar()));
            }
        }
    })?;
    let mut speech = Speech::of(&format!("zb:{address}"))?;
    for (key, kind, value) in &said {
        match (*key, mapping::number(value)) {
            // Half per cents since Zigbee; Tasmota has halved them already.
            ("BatteryPercentage", Some(percent)) => speech.number(Quantity::Battery, percent),
            ("Fire" | "Water" | "Panic" | "PersonalAlarm" | "CO", Some(bits)) => {
                mapping::stands(&mut speech, key, kind, &Scalar::Flag(bits != 0.0));
            }
            _ => mapping::stands(&mut speech, key, kind, value),
        }
    }
    speech.finish()
}

/// Keys of a Zigbee device. Source: the attribute and zone names of Zigbee2Tasmota.
const ZIGBEE: &[(&str, &str)] = &[
    ("BatteryPercentage", "battery"),
    ("BatteryVoltage", "voltage"),
    ("CO", "co"),
    ("Contact", "contact"),
    ("Fire", "smoke"),
    ("Humidity", "humidity"),
    ("Illuminance", "illuminance"),
    ("LinkQuality", "lqi"),
    ("Movement", "vibration"),
    ("Occupancy", "motion"),
    ("Panic", "sos"),
    ("PersonalAlarm", "sos"),
    ("Temperature", "ambient_temp"),
    ("Water", "leak"),
];

/// What an installer's eyes want of a payload.
fn print(fields: &mut Map<String, Value>, key: &str, item: Item<'_>) {
    let mut put = |name: &str, value: Value| _ = fields.insert(name.to_owned(), value);
    match (key, item.scalar()) {
        ("POWER", Scalar::Text(word)) => put("power", word.as_ref().into()),
        ("UptimeSec", Scalar::Number(seconds)) => put("uptime_s", seconds.into()),
        ("Wifi", _) => {
            let _ = item.object(|key, item| {
                if let ("Signal", Some(dbm)) = (key, item.number()) {
                    put("wifi_signal_dbm", dbm.into());
                }
            });
        }
        ("RfReceived", _) => {
            let _ = item.object(|key, item| {
                if let ("Data", Some(code)) = (key, rf_word(&item.scalar())) {
                    put("rf_code", code.into());
                }
            });
        }
        (_, Scalar::Text(word)) if numbered(key, "Switch").is_some() => {
            put(&key.to_ascii_lowercase(), word.as_ref().into());
        }
        _ => {
            let _ = item.object(|inner, item| {
                if let ("Temperature" | "Humidity" | "Illuminance", Some(number)) = (inner, item.number()) {
                    put(&inner.to_ascii_lowercase(), number.into());
                }
            });
        }
    }
}
