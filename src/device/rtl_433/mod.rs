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

mod event;
mod model;

use std::borrow::Cow;

use serde_json::{Map, Value};

use self::event::{Event, plain};
use self::model::Model;
use super::json::{self, Item};
use super::speech::Speech;
use super::{Decode, DecodeError, Decoded, Format, Frame, Transport, mapping};
use crate::core::reading::Measure;
use crate::limits::MQTT_PAYLOAD_BYTES_MAX;

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
        bridged: true,
        announces: false,
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

impl Decode for Rtl433 {
    fn decode(&mut self, frame: &Frame<'_>) -> Result<Decoded, DecodeError> {
        match topic(frame)? {
            Topic::States => Ok(Decoded::default()),
            Topic::Availability => availability(frame.bytes),
            Topic::Event => event(frame),
            Topic::Field(name, between, field) => {
                let text = json::bounded(frame.bytes, MQTT_PAYLOAD_BYTES_MAX)?.trim_ascii();
                let model = Model::of(name);
                let event = Event::of_field(between, field, text);
                let mut speech = Speech::of(&address_of_field(name, model, between, &event))?;
                let context = speech_context(frame, &speech);
                model.speak(&mut speech, &event, context);
                mapped(&mut speech, context, field, text);
                speech.finish()
            }
        }
    }

    fn fields(&self, frame: &Frame<'_>) -> Map<String, Value> {
        let mut fields = Map::new();
        match topic(frame) {
            Ok(Topic::Event) => fields = event_fields(frame),
            Ok(Topic::Field(model, between, field)) => {
                let value = std::str::from_utf8(frame.bytes).unwrap_or_default().trim_ascii();
                for (key, word) in [("model", model), ("id", last_segment(between)), ("field", field), ("value", value)]
                {
                    fields.insert(key.into(), word.into());
                }
                fields.insert("split_topics".into(), true.into());
            }
            Ok(Topic::States | Topic::Availability) | Err(_) => {}
        }
        fields
    }
}

/// Decodes an event's JSON, whatever its topic: other programs hand it on too.
///
/// # Errors
/// What is no such JSON, or names no model.
pub fn event(frame: &Frame<'_>) -> Result<Decoded, DecodeError> {
    let text = text(frame.bytes)?;
    let event = Event::read(&text)?;
    let Some(name) = event.text("model") else {
        // The receiver's own remarks are published here too, and have no model.
        return if event.values.is_empty() { Err(DecodeError::NotMine) } else { Ok(Decoded::default()) };
    };
    let model = Model::of(&name);
    let mut speech = Speech::of(&event.address(&name, model)?)?;
    let context = speech_context(frame, &speech);
    model.speak(&mut speech, &event, context);
    if context.get("map").is_some() {
        Item::whole(&text).object(|key, item| {
            if let Some(value) = plain(&item.scalar()) {
                mapped(&mut speech, context, key, &value);
            }
        })?;
    }
    speech.finish()
}

/// What an event says, for people's eyes.
pub fn event_fields(frame: &Frame<'_>) -> Map<String, Value> {
    let mut fields = Map::new();
    if let Ok(text) = text(frame.bytes)
        && let Ok(event) = Event::read(&text)
    {
        event.print(&mut fields);
    }
    fields
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

/// Says what enrolment knows of this key with this value.
fn mapped(speech: &mut Speech, context: &Value, key: &str, value: &str) {
    if let Some(target) = mapping::target(context, &format!("{key}={value}")) {
        mapping::happened(speech, "map", target, value);
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::core::reading::Said;

    fn decode(topic: &str, payload: &str) -> Result<Decoded, DecodeError> {
        let topic = format!("rtl_433/{topic}");
        Rtl433.decode(&Frame {
            topic: Some(&topic),
            bytes: payload.as_bytes(),
            context: &Value::Null,
            utc_s: None,
            heard_ms: 0,
        })
    }

    #[test]
    fn a_device_keeps_its_address_over_layouts_and_versions() {
        let same = [
            ("gw/events", r#"{"model":"Interlogix-Security","subtype":"contact","id":"4aa707","switch1":"OPEN"}"#),
            ("gw/events", r#"{"model":"Interlogix","device_type":"contact","id":"4aa707","switch1":"OPEN"}"#),
            ("gw/devices/Interlogix-Security/contact/4aa707/switch1", "OPEN"),
            ("devices/Interlogix/contact/4aa707/switch1", "OPEN"),
        ];
        let heard: Vec<Decoded> = same.map(|(topic, payload)| decode(topic, payload).expect("decodes")).into();
        assert!(heard.iter().all(|one| *one == heard[0]), "{heard:?}");
        assert_eq!(heard[0].address.as_deref(), Some("Interlogix-Security/4aa707"));
        assert_eq!(heard[0].said.len(), 1);

        let events = decode("gw/events", r#"{"model":"Nexus-TH","channel":2,"id":9,"humidity":40}"#).expect("decodes");
        assert_eq!(Ok(events), decode("gw/devices/Nexus-TH/2/9/humidity", "40"));
    }

    #[test]
    fn all_copies_of_a_press_say_the_same() {
        let press = r#"{"time":"@0.1s","model":"Chuango-Security","id":756572,"cmd":"On","cmd_id":5,"rssi":-0.1}"#;
        let copies: Vec<Vec<Said>> = [press, &press.replace("@0.1s", "@0.9s").replace("-0.1", "-7.5")]
            .iter()
            .map(|copy| decode("gw/events", copy).expect("decodes").said)
            .collect();
        assert_eq!(copies[0][0], Said::event(Measure::Button("cmd:5".parse().expect("a code"))));
        assert_eq!(copies[0][0], copies[1][0]);
    }

    #[test]
    fn a_stranger_or_an_enrolled_remote_tells_its_code_and_no_code_is_a_help_call() {
        let heard = decode("gw/events", r#"{"model":"Generic-Remote","id":30847,"cmd":205}"#).expect("decodes");
        assert_eq!(heard.said, [Said::event(Measure::RfCode("787FCD".parse().expect("a code")))]);
    }

    #[test]
    fn a_press_passes_whatever_stands_beside_it() {
        let payload =
            r#"{"model":"X10-Security","id":[],"battery_ok":{},"event":"KR15A PANIC","tamper":"x","rssi":1e999}"#;
        let decoded = decode("gw/events", payload).expect("decodes");
        assert_eq!(decoded.said, [Said::event(Measure::Sos(true))]);
        assert_eq!(decoded.refused_keys.len(), 2);
    }
}
