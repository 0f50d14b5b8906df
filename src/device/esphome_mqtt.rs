//! ESPHome over MQTT: nodes that somebody built, above all radars on ESP32-C6 boards.
//!
//! | topic | payload |
//! | --- | --- |
//! | `<node>/status` | `online` or `offline`, the node's last will |
//! | `<node>/binary_sensor/<object_id>/state` | `ON` or `OFF` |
//! | `<node>/sensor/<object_id>/state` | a number in the component's unit, or `nan` |
//! | `<node>/event/<object_id>/state` | `{"event_type":"…"}` |
//! | `<node>/<other component>/<object_id>/state` | outputs and settings: nothing |
//!
//! `object_id` is the name of the entity in lower snake case, so it is whatever the builder called it. The tables below
//! have the names of the components' documentation (ld2410, seeed_mr60fda2, seeed_mr60bha2) and of the sensor classes;
//! for every other name enrolment has the meaning: `map = { bed_mat = "bed", gap = "distance cm" }`. A name without one is
//! refused and counted, because a guess would be believed.
//!
//! Source: ESPHome's documentation of the MQTT component and of the radars; `nan` is ESPHome's "no value".
//!
//! Design constraints: a state is a level, and is published again at every connection. The address is the node's name, so
//! that one enrolment covers a radar with all its entities. Distances of these radars are in centimetres; 0 is "no target".

use serde_json::{Map, Value};

use super::json::{self, Item, Scalar};
use super::speech::Speech;
use super::{Decode, DecodeError, Decoded, Format, Frame, Transport, mapping};
use crate::core::reading::Measure;
use crate::limits::MQTT_PAYLOAD_BYTES_MAX;

/// The registry's line.
pub const FORMAT: Format = Format {
    name: "esphome_mqtt",
    about: "ESPHome nodes over MQTT: LD2410, MR60FDA2 fall and MR60BHA2 vital radars, home-made sensors",
    about_zh: "通过 MQTT 的 ESPHome 节点:LD2410、MR60FDA2 跌倒和 MR60BHA2 生命体征雷达,自制传感器",
    transport: Transport::Mqtt {
        base_topic: "",
        filters: &["+/status", "+/+/+/state"],
        bridged: false,
        announces: false,
    },
    // judgement: levels are published at each change; an event may be delivered twice by a reconnecting broker.
    merge_ms: 1_000,
    // Each message is one entity's, so two messages in a row that say the same say nothing of the others.
    steady_ms: 0,
    decoder: || Box::new(EspHome),
};

struct EspHome;

/// A topic, understood.
enum Topic<'a> {
    Status(&'a str),
    State { node: &'a str, component: &'a str, object: &'a str },
}

impl Decode for EspHome {
    fn decode(&mut self, frame: &Frame<'_>) -> Result<Decoded, DecodeError> {
        match topic(frame)? {
            Topic::Status(node) => {
                let mut speech = Speech::of(node)?;
                match frame.bytes.trim_ascii() {
                    b"online" => speech.level(Measure::Availability { online: true, bridge: false }),
                    b"offline" => speech.level(Measure::Availability { online: false, bridge: false }),
                    b"" => return Ok(Decoded::default()),
                    // Many programs have a topic of this name.
                    _ => return Err(DecodeError::NotMine),
                }
                speech.finish()
            }
            Topic::State { node, component, object } => {
                let text = json::bounded(frame.bytes, MQTT_PAYLOAD_BYTES_MAX)?.trim_ascii();
                state(node, component, object, text, frame.context.of(node))
            }
        }
    }

    fn fields(&self, frame: &Frame<'_>) -> Map<String, Value> {
        let mut fields = Map::new();
        let text = std::str::from_utf8(frame.bytes).unwrap_or_default().trim_ascii();
        let mut put = |key: &str, value: Value| _ = fields.insert(key.to_owned(), value);
        match topic(frame) {
            Ok(Topic::Status(node)) => {
                put("node", node.into());
                put("online", (text == "online").into());
            }
            Ok(Topic::State { node, component, object }) => {
                put("node", node.into());
                put("component", component.into());
                put("object_id", object.into());
                match component {
                    "sensor" => put("value", number(text).map_or(Value::Null, Value::from)),
                    _ => put("state", text.into()),
                }
            }
            Err(_) => {}
        }
        fields
    }
}

/// Components whose states are ESPHome's. Source: the components that publish over MQTT.
const COMPONENTS: &[&str] = &[
    "alarm_control_panel",
    "binary_sensor",
    "button",
    "climate",
    "cover",
    "datetime",
    "event",
    "fan",
    "light",
    "lock",
    "number",
    "select",
    "sensor",
    "switch",
    "text",
    "text_sensor",
    "update",
    "valve",
];

fn topic<'a>(frame: &Frame<'a>) -> Result<Topic<'a>, DecodeError> {
    let mut parts = frame.topic.unwrap_or_default().split('/');
    match (parts.next(), parts.next(), parts.next(), parts.next(), parts.next()) {
        // Home Assistant's own birth message has this form too.
        (Some("homeassistant"), ..) => Err(DecodeError::NotMine),
        (Some(node), Some("status"), None, None, None) if !node.is_empty() => Ok(Topic::Status(node)),
        (Some(node), Some(component), Some(object), Some("state"), None)
            if !node.is_empty() && !object.is_empty() && COMPONENTS.contains(&component) =>
        {
            Ok(Topic::State { node, component, object })
        }
        _ => Err(DecodeError::NotMine),
    }
}

/// What a name means.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Meaning {
    /// A kind of the vocabulary.
    Kind(&'static str),
    /// A distance in centimetres.
    Centimetres,
    /// Known, and of no use here.
    Nothing,
}

/// Names of binary sensors.
const FLAGS: &[(Meaning, &[&str])] = &[
    (
        Meaning::Kind("presence"),
        &[
            "has_target",
            "human_presence",
            "occupancy",
            "out_pin_presence_status",
            "people_exist",
            "person_information",
            "presence",
            "presence_information",
            "radar_has_target",
            "radar_presence",
            "target",
        ],
    ),
    (Meaning::Kind("fall"), &["fall", "fall_detected", "falling_detected", "falling_information"]),
    (Meaning::Kind("motion"), &["has_moving_target", "motion", "moving_target", "pir", "pir_motion"]),
    (Meaning::Kind("contact"), &["contact", "door", "door_contact", "opening", "window", "window_contact"]),
    (Meaning::Kind("bed"), &["bed", "bed_occupancy", "bed_occupied", "bed_presence", "in_bed"]),
    (Meaning::Kind("sos"), &["emergency_button", "panic_button", "sos", "sos_button"]),
    (Meaning::Kind("button"), &["button"]),
    (Meaning::Kind("smoke"), &["smoke", "smoke_detected"]),
    (Meaning::Kind("gas"), &["gas", "gas_detected"]),
    (Meaning::Kind("co"), &["carbon_monoxide", "co"]),
    (Meaning::Kind("leak"), &["flood", "leak", "moisture", "water", "water_leak"]),
    (Meaning::Kind("vibration"), &["vibration"]),
    (Meaning::Kind("tamper"), &["tamper"]),
    (Meaning::Kind("battery_low"), &["battery_low", "low_battery"]),
    // A resting target is presence, which has its own name.
    (Meaning::Nothing, &["has_still_target", "status", "still_target"]),
];

/// Names of sensors.
const NUMBERS: &[(Meaning, &[&str])] = &[
    (
        Meaning::Kind("breath_rate"),
        &[
            "breath_rate",
            "breathing_rate",
            "real-time_respiratory_rate",
            "real_time_respiratory_rate",
            "respiratory_rate",
        ],
    ),
    (Meaning::Kind("heart_rate"), &["heart_rate", "real-time_heart_rate", "real_time_heart_rate"]),
    (
        Meaning::Centimetres,
        &[
            "detection_distance",
            "distance",
            "distance_to_detection_object",
            "moving_distance",
            "still_distance",
            "target_distance",
        ],
    ),
    (
        Meaning::Kind("target_count"),
        &["num_targets", "number_of_targets", "people_count", "presence_target_count", "target_count", "target_number"],
    ),
    (
        Meaning::Kind("illuminance"),
        &["ambient_light", "illuminance", "light_level", "seeed_mr60bha2_illuminance", "seeed_mr60fda2_illuminance"],
    ),
    (Meaning::Kind("ambient_temp"), &["ambient_temperature", "room_temperature", "temperature"]),
    (Meaning::Kind("humidity"), &["humidity", "room_humidity"]),
    (Meaning::Kind("battery"), &["battery", "battery_level"]),
    (Meaning::Kind("voltage"), &["battery_voltage"]),
    (Meaning::Kind("rssi"), &["rssi", "wifi_signal", "wifi_signal_db", "wifi_signal_strength"]),
    // The radar's own measures of an echo, its raw photocell, and the node's health.
    (Meaning::Nothing, &["light", "move_energy", "moving_energy", "still_energy", "uptime", "wifi_signal_percent"]),
];

fn state(node: &str, component: &str, object: &str, text: &str, context: &Value) -> Result<Decoded, DecodeError> {
    let mut speech = Speech::of(node)?;
    let value = Scalar::Text(text.into());
    let named = |table: &'static [(Meaning, &[&str])]| {
        table.iter().find(|(_, names)| names.contains(&object)).map(|(meaning, _)| *meaning)
    };
    if text.is_empty() {
        return Ok(Decoded::default());
    }
    if let Some(kind) = mapping::target(context, object) {
        if !text.eq_ignore_ascii_case("nan") {
            mapping::stands(&mut speech, "map", kind, &value);
        }
        return speech.finish();
    }
    let meaning = match component {
        "binary_sensor" => named(FLAGS),
        "sensor" => named(NUMBERS),
        "event" => {
            Item::whole(text).object(|key, item| {
                if let ("event_type", Some(word)) = (key, item.text()) {
                    speech.code("event_type", &word, Measure::Button);
                }
            })?;
            return speech.finish();
        }
        "text_sensor" => None,
        // Outputs and settings.
        _ => return Ok(Decoded::default()),
    };
    match meaning {
        Some(Meaning::Nothing) => {}
        // ESPHome's "no value", and a radar's "no target".
        Some(_) if text.eq_ignore_ascii_case("nan") => {}
        Some(Meaning::Centimetres) if number(text) == Some(0.0) => {}
        Some(Meaning::Centimetres) => mapping::stands(&mut speech, "state", "distance cm", &value),
        Some(Meaning::Kind(kind)) => mapping::stands(&mut speech, "state", kind, &value),
        // The node is heard, and what it said is not understood: both are true.
        None => return Ok(unknown(node)),
    }
    speech.finish()
}

fn unknown(node: &str) -> Decoded {
    Decoded {
        address: Some(node.to_owned()),
        refused_keys: vec![("object_id", DecodeError::Unknown)],
        ..Decoded::default()
    }
}

fn number(text: &str) -> Option<f64> {
    text.parse().ok().filter(|number: &f64| number.is_finite())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::core::reading::{FallVerdict, Said};

    fn decode(topic: &str, payload: &str, context: &Value) -> Result<Decoded, DecodeError> {
        EspHome.decode(&Frame { topic: Some(topic), bytes: payload.as_bytes(), context, utc_s: None, heard_ms: 0 })
    }

    #[test]
    fn a_fall_is_a_level_and_its_end_is_no_cancel() {
        let said =
            |payload| decode("n/binary_sensor/fall_detected/state", payload, &Value::Null).expect("decodes").said;
        assert_eq!(said("ON"), [Said::level(Measure::Fall(FallVerdict::Confirmed))]);
        assert_eq!(said("OFF"), [Said::level(Measure::Fall(FallVerdict::Normal))]);
    }

    #[test]
    fn a_name_that_only_its_builder_knows_is_heard_and_counted() {
        let heard = decode("n/binary_sensor/grandmas_mat/state", "ON", &Value::Null).expect("heard");
        assert_eq!((heard.said.len(), heard.address.as_deref()), (0, Some("n")));
        assert_eq!(heard.refused_keys, [("object_id", DecodeError::Unknown)]);
        let map = serde_json::json!({"map": {"grandmas_mat": "bed"}});
        let heard = decode("n/binary_sensor/grandmas_mat/state", "ON", &map).expect("heard");
        assert_eq!(heard.said, [Said::level(Measure::Bed(true))]);
    }

    #[test]
    fn no_name_stands_in_two_rows_and_none_shadows_another() {
        for table in [FLAGS, NUMBERS] {
            let mut names: Vec<&str> = table.iter().flat_map(|(_, names)| names.iter().copied()).collect();
            let all = names.len();
            names.sort_unstable();
            names.dedup();
            assert_eq!(names.len(), all);
        }
        assert!(COMPONENTS.is_sorted());
    }
}
