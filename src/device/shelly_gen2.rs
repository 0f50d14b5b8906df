//! Shelly Gen2 and later: smoke and flood sensors, inputs and relays over MQTT.
//!
//! | topic | payload |
//! | --- | --- |
//! | `<id>/online` | `true` or `false`, the device's last will |
//! | `<id>/events/rpc` | `{"src":…,"method":"NotifyStatus","params":{"ts":…,"flood:0":{…}}}`: what changed; `NotifyFullStatus`: all |
//! | `<id>/events/rpc` | `{"method":"NotifyEvent","params":{"events":[{"component":"input:0","event":"single_push"}]}}` |
//! | `<id>/status/<component>` | one component: `{"id":0,"alarm":false}` |
//!
//! | component and key | what it says |
//! | --- | --- |
//! | `smoke:N.alarm`, `flood:N.alarm` | smoke, leak; also as an event `alarm` or `alarm_off` |
//! | `input:N` | events `single_push`, `double_push`, `triple_push`, `long_push`: a button; `state`: a switch |
//! | `devicepower:N.battery` | `percent`, `V` |
//! | `temperature:N.tC`, `humidity:N.rh`, `illuminance:N.lux` | numbers; the `temperature` inside a relay is its own |
//! | `presencezone:N` | `value`: presence, `num_objects` |
//! | `wifi.rssi` | dBm |
//! | `switch:N.output` and others | a relay: nothing |
//!
//! Source: Shelly's Gen2 API documentation (notifications, component pages).
//!
//! Design constraints: a status is a delta, so a missing key says nothing. The address is the topic's prefix, which is the
//! device's id unless somebody changed it, and is the same in all its topics. Of several inputs wired as switches the
//! first speaks by the role; enrolment's `map` (`"input:1" = "sos"`) names the others.

use serde_json::{Map, Value};

use super::json::{self, Item, Scalar};
use super::speech::Speech;
use super::{Decode, DecodeError, Decoded, Format, Frame, Transport, mapping};
use crate::core::reading::{Measure, Quantity};
use crate::limits::MQTT_PAYLOAD_BYTES_MAX;

/// The registry's line.
pub const FORMAT: Format = Format {
    name: "shelly_gen2",
    about: "Shelly Gen2 and later: smoke and flood sensors, buttons on inputs, climate sensors",
    about_zh: "Shelly 第二代及以后:烟雾、漏水传感器,接在输入端的按钮,温湿度传感器",
    transport: Transport::Mqtt {
        base_topic: "",
        filters: &["+/online", "+/events/rpc", "+/status/+"],
        bridged: false,
        announces: false,
    },
    // judgement: an alarm comes as a status and as an event within the same second.
    merge_ms: 1_000,
    steady_ms: 0,
    decoder: || Box::new(Shelly),
};

struct Shelly;

/// A topic, understood.
enum Topic<'a> {
    Online(&'a str),
    Rpc(&'a str),
    Status(&'a str, &'a str),
}

impl Decode for Shelly {
    fn decode(&mut self, frame: &Frame<'_>) -> Result<Decoded, DecodeError> {
        match topic(frame)? {
            Topic::Online(id) => {
                let online = match frame.bytes.trim_ascii() {
                    b"true" => true,
                    b"false" => false,
                    b"" => return Ok(Decoded::default()),
                    // Many programs have a topic of this name.
                    _ => return Err(DecodeError::NotMine),
                };
                let mut speech = Speech::of(id)?;
                speech.level(Measure::Availability { online, bridge: false });
                speech.finish()
            }
            Topic::Rpc(id) => {
                let text = json::bounded(frame.bytes, MQTT_PAYLOAD_BYTES_MAX)?;
                let notice = Notice::read(text)?;
                let mut teller = Teller { speech: Speech::of(id)?, context: frame.context.of(id), switch: None };
                match (notice.method.as_deref(), notice.params) {
                    (Some("NotifyStatus" | "NotifyFullStatus"), Some(params)) => {
                        params.object(|component, item| teller.component(component, item))?;
                    }
                    (Some("NotifyEvent"), Some(params)) => teller.events(params)?,
                    // A notice of another kind, or the answer to somebody's question.
                    (Some(_), _) => return Ok(Decoded::default()),
                    (None, _) => return Err(DecodeError::NotMine),
                }
                teller.speech.finish()
            }
            Topic::Status(id, component) => {
                let text = json::bounded(frame.bytes, MQTT_PAYLOAD_BYTES_MAX)?;
                if text.trim_ascii().is_empty() {
                    return Ok(Decoded::default());
                }
                let mut teller = Teller { speech: Speech::of(id)?, context: frame.context.of(id), switch: None };
                // Looked through first: what is no object is no status of a Shelly.
                Item::whole(text).object(|_, _| {})?;
                teller.component(component, Item::whole(text));
                teller.speech.finish()
            }
        }
    }

    fn fields(&self, frame: &Frame<'_>) -> Map<String, Value> {
        let mut fields = Map::new();
        let text = std::str::from_utf8(frame.bytes).unwrap_or_default();
        match topic(frame) {
            Ok(Topic::Online(_)) => _ = fields.insert("online".into(), (text.trim_ascii() == "true").into()),
            Ok(Topic::Status(_, component)) => print(&mut fields, component, Item::whole(text)),
            Ok(Topic::Rpc(_)) => {
                if let Ok(Notice { method: Some(method), params: Some(params) }) = Notice::read(text) {
                    fields.insert("method".into(), method.into());
                    let walk = params.object(|key, item| {
                        if key == "events" {
                            print_events(&mut fields, item);
                        } else if key != "ts" {
                            print(&mut fields, key, item);
                        }
                    });
                    if walk.is_err() {
                        fields.clear();
                    }
                }
            }
            Err(_) => {}
        }
        fields
    }
}

/// Components without a number.
const SINGLE: &[&str] =
    &["ble", "bthome", "cloud", "knx", "matter", "modbus", "mqtt", "sys", "ui", "wifi", "ws", "eth"];

fn topic<'a>(frame: &Frame<'a>) -> Result<Topic<'a>, DecodeError> {
    let mut parts = frame.topic.unwrap_or_default().split('/');
    match (parts.next(), parts.next(), parts.next(), parts.next()) {
        (Some(""), ..) => Err(DecodeError::NotMine),
        (Some(id), Some("online"), None, None) => Ok(Topic::Online(id)),
        (Some(id), Some("events"), Some("rpc"), None) => Ok(Topic::Rpc(id)),
        (Some(id), Some("status"), Some(component), None)
            if component_number(component).is_some() || SINGLE.contains(&component) =>
        {
            Ok(Topic::Status(id, component))
        }
        _ => Err(DecodeError::NotMine),
    }
}

/// `flood:0` is `("flood", 0)`.
fn component_number(component: &str) -> Option<(&str, u32)> {
    let (kind, number) = component.split_once(':')?;
    Some((kind, number.parse().ok()?)).filter(|_| !kind.is_empty())
}

/// The envelope of a notification.
struct Notice<'a> {
    method: Option<String>,
    params: Option<Item<'a>>,
}

impl<'a> Notice<'a> {
    fn read(text: &'a str) -> Result<Self, DecodeError> {
        let mut notice = Notice { method: None, params: None };
        Item::whole(text).object(|key, item| match key {
            "method" => notice.method = item.text().map(Into::into),
            "params" => notice.params = Some(item),
            _ => {}
        })?;
        Ok(notice)
    }
}

/// Tells one message of one device.
struct Teller<'c> {
    speech: Speech,
    context: &'c Value,
    /// The input that spoke as the device's switch.
    switch: Option<u32>,
}

impl Teller<'_> {
    fn component(&mut self, component: &str, item: Item<'_>) {
        let (kind, at) = component_number(component).unwrap_or((component, 0));
        // A component that is no object (`ts`, `null` after it was removed) says nothing.
        let _ = match kind {
            "smoke" => item.object(|key, item| self.flag(key, "alarm", "smoke", &item)),
            "flood" => item.object(|key, item| self.flag(key, "alarm", "leak", &item)),
            "input" => item.object(|key, item| {
                if key == "state" {
                    self.input(at, &item.scalar());
                }
            }),
            "devicepower" => item.object(|key, item| {
                if key == "battery" {
                    let _ = item.object(|key, item| match key {
                        "percent" => self.number(Quantity::Battery, &item),
                        "V" => self.number(Quantity::Voltage, &item),
                        _ => {}
                    });
                }
            }),
            "temperature" => self.numbers(item, "tC", Quantity::AmbientTemp),
            "humidity" => self.numbers(item, "rh", Quantity::Humidity),
            "illuminance" => self.numbers(item, "lux", Quantity::Illuminance),
            "presencezone" => item.object(|key, item| match key {
                "value" | "state" => self.flag(key, key, "presence", &item),
                "num_objects" => self.number(Quantity::TargetCount, &item),
                _ => {}
            }),
            "wifi" => self.numbers(item, "rssi", Quantity::Rssi),
            _ => Ok(()),
        };
    }

    fn flag(&mut self, key: &str, wanted: &str, kind: &'static str, item: &Item<'_>) {
        if key == wanted {
            mapping::stands(&mut self.speech, kind, kind, &item.scalar());
        }
    }

    fn input(&mut self, at: u32, state: &Scalar<'_>) {
        let kind = mapping::target(self.context, &format!("input:{at}"));
        if let Some(kind) = kind {
            return mapping::stands(&mut self.speech, "input", kind, state);
        }
        match self.switch {
            // An input that is wired as a button has no state.
            _ if *state == Scalar::Null => {}
            // What another input is wired to, only the map knows.
            other if at != 0 || other.is_some_and(|other| other != at) => {
                self.speech.refuse("input", DecodeError::Unknown);
                self.speech.alive();
            }
            _ => {
                self.switch = Some(at);
                mapping::stands(&mut self.speech, "input", "switch", state);
            }
        }
    }

    fn numbers(&mut self, item: Item<'_>, wanted: &str, quantity: Quantity) -> Result<(), DecodeError> {
        item.object(|key, item| {
            if key == wanted {
                self.number(quantity, &item);
            }
        })
    }

    fn number(&mut self, quantity: Quantity, item: &Item<'_>) {
        match item.scalar() {
            // Not measured.
            Scalar::Null => {}
            Scalar::Number(number) => self.speech.number(quantity, number),
            _ => self.speech.refuse(quantity.word(), DecodeError::WrongType),
        }
    }

    fn events(&mut self, params: Item<'_>) -> Result<(), DecodeError> {
        params.object(|key, item| {
            if key == "events" && item.list(|event| self.event(event)).is_err() {
                self.speech.refuse("events", DecodeError::WrongType);
            }
        })
    }

    fn event(&mut self, event: Item<'_>) {
        let (mut component, mut word) = (None, None);
        let walk = event.object(|key, item| match key {
            "component" => component = item.text(),
            "event" => word = item.text(),
            _ => {}
        });
        let (Ok(()), Some(component), Some(word)) = (walk, component, word) else {
            return self.speech.refuse("events", DecodeError::WrongType);
        };
        match (component_number(&component), &*word) {
            (Some(("input", at)), "single_push" | "double_push" | "triple_push" | "long_push") => {
                let press = word.trim_end_matches("_push");
                match mapping::target(self.context, &format!("input:{at}")) {
                    Some(target) => mapping::happened(&mut self.speech, "input", target, press),
                    None => self.speech.code("event", press, Measure::Button),
                }
            }
            (Some(("smoke", _)), "alarm") => self.speech.level(Measure::Smoke(true)),
            (Some(("smoke", _)), "alarm_off") => self.speech.level(Measure::Smoke(false)),
            (Some(("flood", _)), "alarm") => self.speech.level(Measure::Leak(true)),
            (Some(("flood", _)), "alarm_off") => self.speech.level(Measure::Leak(false)),
            // A Bluetooth button that a Shelly relays is another device, and speaks its own format.
            (Some(("bthomedevice" | "bthomesensor", _)), _) => self.speech.refuse("bthome", DecodeError::Unknown),
            // Edges of a press, configuration, updates, scripts.
            _ => {}
        }
    }
}

fn print(fields: &mut Map<String, Value>, component: &str, item: Item<'_>) {
    let mut found = Map::new();
    let walk = item.object(|key, item| match (key, item.scalar()) {
        ("alarm" | "output" | "state", Scalar::Flag(flag)) => _ = found.insert(key.into(), flag.into()),
        ("tC" | "rh" | "lux", Scalar::Number(number)) => _ = found.insert(key.into(), number.into()),
        ("battery", _) => {
            let _ = item.object(|key, item| {
                if let ("percent", Some(percent)) = (key, item.number()) {
                    found.insert("battery_pct".into(), percent.into());
                }
            });
        }
        _ => {}
    });
    if walk.is_ok() {
        // The first component names the message; a battery is beside it.
        fields.entry("component").or_insert_with(|| component.into());
        fields.append(&mut found);
    }
}

fn print_events(fields: &mut Map<String, Value>, events: Item<'_>) {
    let _ = events.list(|event| {
        let _ = event.object(|key, item| {
            if let ("component" | "event", Some(word)) = (key, item.text()) {
                fields.entry(key).or_insert_with(|| word.into_owned().into());
            }
        });
    });
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::core::reading::Said;

    fn decode(topic: &str, payload: &str) -> Result<Decoded, DecodeError> {
        Shelly.decode(&Frame {
            topic: Some(topic),
            bytes: payload.as_bytes(),
            context: &Value::Null,
            utc_s: None,
            heard_ms: 0,
        })
    }

    #[test]
    fn a_press_passes_whatever_stands_beside_it() {
        let payload = r#"{"method":"NotifyEvent","params":{"events":[7,{"event":"single_push"},
            {"component":"input:0","event":"single_push"},{"component":"input:x","event":[]}]}}"#;
        let decoded = decode("i4/events/rpc", payload).expect("decodes");
        assert_eq!(decoded.said, [Said::event(Measure::Button("single".parse().expect("a code")))]);
        assert_eq!(decoded.refused_keys.len(), 3);
    }

    #[test]
    fn an_alarm_is_a_level_and_a_delta_says_nothing_of_what_it_does_not_hold() {
        let said = |params: &str| {
            let payload = format!(r#"{{"method":"NotifyStatus","params":{params}}}"#);
            decode("s/events/rpc", &payload).expect("decodes").said
        };
        assert_eq!(said(r#"{"smoke:0":{"id":0,"alarm":true}}"#), [Said::level(Measure::Smoke(true))]);
        assert_eq!(said(r#"{"smoke:0":{"id":0,"mute":true}}"#), []);
        assert_eq!(said(r#"{"switch:0":{"id":0,"output":true,"temperature":{"tC":41.2}}}"#), []);
    }

    #[test]
    fn topics_of_others_are_left_to_them() {
        for (topic, payload) in [
            ("x/online", "yes"),
            ("x/status", "online"),
            ("x/status/relay", "{}"),
            ("x/events/rpc", "{}"),
            ("x/events/rpc", "[]"),
            ("/online", "true"),
            ("x/status/flood:0", "ON"),
        ] {
            assert_eq!(decode(topic, payload), Err(DecodeError::NotMine), "{topic}");
        }
    }
}
