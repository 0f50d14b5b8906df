//! Theengs Gateway: a process on a Pi (or an ESP32 with its decoder) that publishes Bluetooth broadcasts as JSON over MQTT.
//!
//! Topics `home/<gateway>/BTtoMQTT/<MAC>` and `home/<gateway>/LWT`; the keys, their units and the rules are in
//! [`home_gateway`](super::home_gateway), which its sister format shares. Source: the project's public documentation.
//!
//! Design constraints:
//!
//! - Presence copies under `home/presence/…` repeat what was said and are not subscribed to.

use serde_json::{Map, Value};

use super::home_gateway::{BASE_TOPIC, Gateways, Topic, broadcast_fields};
use super::{Decode, DecodeError, Decoded, Format, Frame, Transport};

/// The registry's line.
pub const FORMAT: Format = Format {
    name: "theengs_ble",
    about: "Bluetooth thermometers, doors, motion, buttons, scales and bands heard by Theengs Gateway",
    about_zh: "Theengs Gateway 收到的蓝牙温湿度计、门磁、人体感应、按钮、体重秤、手环",
    transport: Transport::Mqtt {
        base_topic: BASE_TOPIC,
        filters: &["+/BTtoMQTT/#", "+/LWT"],
        bridged: true,
        announces: false,
    },
    // judgement: several gateways hand on one broadcast within a second or two of each other.
    merge_ms: 3_000,
    steady_ms: 0,
    decoder: || Box::new(Theengs::default()),
};

/// Remembers the gateways and the last frame of each device.
#[derive(Default)]
struct Theengs {
    gateways: Gateways,
}

impl Decode for Theengs {
    fn decode(&mut self, frame: &Frame<'_>) -> Result<Decoded, DecodeError> {
        let topic = Topic::of(frame)?;
        match (topic.what, topic.rest) {
            ("BTtoMQTT", _) => self.gateways.broadcast(topic, frame),
            ("LWT", "") => self.gateways.last_will(topic.gateway, frame.bytes),
            _ => Err(DecodeError::NotMine),
        }
    }

    fn fields(&self, frame: &Frame<'_>) -> Map<String, Value> {
        match Topic::of(frame) {
            Ok(topic) if topic.what == "BTtoMQTT" => broadcast_fields(frame),
            _ => Map::new(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::core::reading::{Code, Measure, Quantity, Said};
    use crate::core::unit::Milli;
    use serde_json::json;

    fn decode(decoder: &mut Theengs, gateway: &str, payload: &str, context: &Value) -> Vec<Said> {
        let topic = format!("home/{gateway}/BTtoMQTT/5448E68F80A5");
        let frame = Frame { topic: Some(&topic), bytes: payload.as_bytes(), context, utc_s: None, heard_ms: 0 };
        decoder.decode(&frame).map(|heard| heard.said).unwrap_or_default()
    }

    fn signal() -> Said {
        Said::level(Measure::Number(Quantity::Rssi, Milli::whole(-70)))
    }

    fn press() -> Said {
        Said::event(Measure::Button("press".parse::<Code>().expect("a code")))
    }

    #[test]
    fn a_press_that_two_gateways_hear_is_said_once_and_both_signals_are_kept() {
        let mut decoder = Theengs::default();
        let raw = r#"{"id":"54:48:E6:8F:80:A5","rssi":-70,"servicedatauuid":"0xfcd2","servicedata":"44001d3a01"}"#;
        assert_eq!(decode(&mut decoder, "east", raw, &Value::Null), [press(), signal()]);
        assert_eq!(decode(&mut decoder, "west", raw, &Value::Null), [signal()]);
    }

    #[test]
    fn a_press_in_the_gateways_own_keys_needs_an_enrolled_model() {
        let payload = r#"{"id":"54:48:E6:8F:80:A5","rssi":-70,"packet":29,"button1":0,"button2":1}"#;
        let mut decoder = Theengs::default();
        assert_eq!(decode(&mut decoder, "east", payload, &Value::Null), [signal()]);
        let enrolled = json!({"model": "SBBT-004CEU"});
        assert_eq!(decode(&mut decoder, "east", payload, &enrolled), [press(), signal()]);
        assert_eq!(decode(&mut decoder, "west", payload, &enrolled), [signal()], "the same packet");
        let next = payload.replace("29", "30");
        assert_eq!(decode(&mut decoder, "west", &next, &enrolled), [press(), signal()]);
    }

    #[test]
    fn a_press_of_a_node_that_wakes_with_the_same_packet_id_is_heard_each_time() {
        let raw = r#"{"id":"54:48:E6:8F:80:A5","servicedatauuid":"0xfcd2","servicedata":"4400003a01"}"#;
        let own = r#"{"id":"54:48:E6:8F:80:A5","packet":0,"button":1}"#;
        let context = json!({"model": "SBBT-002C"});
        for payload in [raw, own] {
            let mut decoder = Theengs::default();
            let mut press_at = |heard_ms| {
                let topic = Some("home/east/BTtoMQTT/5448E68F80A5");
                let frame = Frame { topic, bytes: payload.as_bytes(), context: &context, utc_s: None, heard_ms };
                decoder.decode(&frame).expect("decodes").said
            };
            assert_eq!(press_at(0), [press()]);
            assert_eq!(press_at(60_000), [], "a copy");
            assert_eq!(press_at(3_600_000), [press()], "the next press");
        }
    }

    #[test]
    fn what_cannot_be_opened_is_no_sign_of_life_of_a_device_with_a_key() {
        let key = json!({"key": "231d39c1d7cc1ab1aee224cd096db933"});
        let hear = |rest: &str, context: &Value| {
            let payload = format!(r#"{{"id":"54:48:E6:8F:80:A5","rssi":-70,{rest}}}"#);
            let topic = Some("home/east/BTtoMQTT/5448E68F80A5");
            let frame = Frame { topic, bytes: payload.as_bytes(), context, utc_s: None, heard_ms: 0 };
            Theengs::default().decode(&frame)
        };
        let unopened = |rest, context, counted: &str| {
            let heard = hear(rest, context).expect("decodes");
            assert_eq!(heard.listed.first().map(|listed| listed.address.as_str()), Some("54:48:E6:8F:80:A5"));
            assert_eq!(heard.refused_keys.first().map(|(key, _)| *key), Some(counted), "{rest}");
            heard.said
        };
        let sealed = r#""encr":2,"cipher":"87b9","ctr":"00112233","mic":"72b0231f""#;
        assert_eq!(unopened(sealed, &key, "wrong_key"), []);
        assert_eq!(unopened(r#""motion":true"#, &key, "replayed"), [], "not protected as this device is");
        assert_eq!(unopened(sealed, &Value::Null, "no_key"), [signal()], "nobody enrolled a key");
        assert_eq!(unopened(r#""servicedatauuid":"fcd2","servicedata":"2000""#, &key, "version"), []);
        let open = r#""servicedatauuid":"fcd2","servicedata":"4400073a01""#;
        assert_eq!(hear(open, &key), Err(DecodeError::Replayed));
        let cut = r#""servicedatauuid":"fcd2","servicedata":"4500""#;
        assert_eq!(hear(cut, &Value::Null), Err(DecodeError::Length));
        let bare = r#""servicedatauuid":"fe95","servicedata":"1050970901050000000038c1a4""#;
        assert_eq!(hear(bare, &key).expect("decodes").said, [], "without objects there is no seal");
    }

    #[test]
    fn what_was_handed_through_sealed_opens_with_the_enrolled_key_only() {
        let payload =
            r#"{"id":"54:48:E6:8F:80:A5","rssi":-70,"encr":2,"cipher":"87b9","ctr":"00112233","mic":"72b0231f"}"#;
        let key = json!({"key": "231d39c1d7cc1ab1aee224cd096db932"});
        let motion = Said::level(Measure::Motion(true));
        assert_eq!(decode(&mut Theengs::default(), "east", payload, &key), [motion, signal()]);
        assert_eq!(decode(&mut Theengs::default(), "east", payload, &Value::Null), [signal()]);
        let other = json!({"key": "231d39c1d7cc1ab1aee224cd096db933"});
        assert_eq!(decode(&mut Theengs::default(), "east", payload, &other), []);
        let open = r#"{"id":"54:48:E6:8F:80:A5","rssi":-70,"motion":true}"#;
        assert_eq!(decode(&mut Theengs::default(), "east", open, &key), [], "not protected as this device is");
        assert_eq!(decode(&mut Theengs::default(), "east", open, &Value::Null), [motion, signal()]);
    }

    #[test]
    fn one_gateway_of_several_speaks_for_itself() {
        let mut decoder = Theengs::default();
        let mut will = |gateway: &str, word: &[u8]| {
            let topic = format!("home/{gateway}/LWT");
            let frame = Frame { topic: Some(&topic), bytes: word, context: &Value::Null, utc_s: None, heard_ms: 0 };
            let heard = decoder.decode(&frame).expect("decodes");
            (heard.address, heard.said.first().and_then(|said| said.measure.scope()).is_some())
        };
        assert_eq!(will("east", b"offline"), (None, true));
        assert_eq!(will("east", b"online"), (None, true));
        assert_eq!(will("west", b"online"), (Some("west".into()), false));
        assert_eq!(will("east", b"offline"), (Some("east".into()), false));
        assert_eq!(will("west", b"offline"), (None, true));
        assert_eq!(will("east", b"online"), (None, true));
    }
}
