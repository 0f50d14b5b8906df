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

mod radio;
mod report;

use serde_json::{Map, Value};

use self::radio::{code_of, rf, zigbee_device};
use self::report::{Report, numbered};
use super::json::{self, Item, Scalar};
use super::speech::Speech;
use super::{Decode, DecodeError, Decoded, Format, Frame, Transport};
use crate::core::reading::Measure;
use crate::limits::MQTT_PAYLOAD_BYTES_MAX;

/// The registry's line.
pub const FORMAT: Format = Format {
    name: "tasmota",
    about: "ESP nodes and 433 MHz bridges with Tasmota: buttons, switches, climate sensors, RF transmitters",
    about_zh: "刷了 Tasmota 的 ESP 节点和 433 MHz 网桥:按钮、开关、温湿度传感器、射频发射器",
    transport: Transport::Mqtt {
        base_topic: "",
        filters: &["tele/#", "stat/#", "+/tele/#", "+/stat/#"],
        bridged: false,
        announces: false,
    },
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
        if let Some(transmission) = report.transmission {
            return rf(&code_of(transmission).ok_or(DecodeError::WrongType)?, frame);
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
            if let Some(code) = code_of(item) {
                put("rf_code", code.into());
            }
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::core::reading::Said;

    fn decode(topic: &str, payload: &str) -> Result<Decoded, DecodeError> {
        Tasmota.decode(&Frame {
            topic: Some(topic),
            bytes: payload.as_bytes(),
            context: &Value::Null,
            utc_s: None,
            heard_ms: 0,
        })
    }

    #[test]
    fn a_transmitter_is_the_same_whichever_bridge_hears_it_in_whichever_order_of_topics() {
        let heard: Vec<Decoded> = [
            ("tele/bridge1/RESULT", r#"{"RfReceived":{"Data":"D3125E","RfKey":"None"}}"#),
            ("bridge2/tele/RESULT", r#"{"RfReceived":{"Data":"0xd3125e","Bits":24}}"#),
        ]
        .iter()
        .map(|(topic, payload)| decode(topic, payload).expect("decodes"))
        .collect();
        assert_eq!(heard[0], heard[1]);
        assert_eq!(heard[0].address.as_deref(), Some("rf:D3125"));
    }

    #[test]
    fn a_press_passes_whatever_stands_beside_it() {
        let payload = r#"{"Switch1":{},"Button1":{"Action":"SINGLE"},"AM2301":{"Temperature":1e999},"Button2":7}"#;
        let decoded = decode("stat/x/RESULT", payload).expect("decodes");
        assert_eq!(decoded.said, [Said::event(Measure::Button("single".parse().expect("a code")))]);
        let refused: Vec<&str> = decoded.refused_keys.iter().map(|(key, _)| *key).collect();
        assert_eq!(refused, ["switch", "button"]);
    }

    #[test]
    fn what_is_no_topic_of_tasmota_is_left_to_others() {
        for other in ["tele/x", "tele/x/state", "x/y/STATE", "tele//STATE", "/tele/STATE", "stat/x/", ""] {
            assert_eq!(decode(other, "{}").err(), Some(DecodeError::NotMine), "{other}");
        }
        assert_eq!(decode("stat/x/STATUS5", "{}"), Ok(Decoded::default()));
    }
}
