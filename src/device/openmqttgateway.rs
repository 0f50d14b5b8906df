//! OpenMQTTGateway: an ESP32 that hears Bluetooth and 433 MHz and publishes JSON over MQTT; one a house is a low-cost relay.
//!
//! | topic below `home/<gateway>` | what comes of it |
//! | --- | --- |
//! | `BTtoMQTT/<MAC>` | a broadcast; keys and rules in [`home_gateway`](super::home_gateway) |
//! | `433toMQTT` | `{"value":6083752,"protocol":1,"length":24}`: an `rf_code`, its value in hex of `length` bits |
//! | `RTL_433toMQTT/<model>/<id>` | rtl_433's own JSON |
//! | `SYStoMQTT` | the gateway is alive; `rssi` of its Wi-Fi |
//! | `LWT` | `online`, `offline` |
//!
//! Source: the project's public documentation.
//!
//! Design constraints:
//!
//! - A 433 MHz transmitter has no address but its code, so `rf:<code>` is the address and its role gives the meaning. A
//!   remote with several keys is several addresses.

use serde_json::{Map, Value, json};

use super::home_gateway::{BASE_TOPIC, Gateways, Topic, broadcast_fields};
use super::json::{self, Item};
use super::rtl_433;
use super::speech::Speech;
use super::{Decode, DecodeError, Decoded, Format, Frame, Transport};
use crate::core::reading::{Measure, Quantity};
use crate::limits::MQTT_PAYLOAD_BYTES_MAX;

/// The registry's line.
pub const FORMAT: Format = Format {
    name: "openmqttgateway",
    about: "Bluetooth broadcasts and 433 MHz buttons and sensors heard by OpenMQTTGateway on an ESP32",
    about_zh: "OpenMQTTGateway(ESP32)收到的蓝牙广播和 433 MHz 按钮、传感器",
    transport: Transport::Mqtt {
        base_topic: BASE_TOPIC,
        filters: &["+/BTtoMQTT/#", "+/433toMQTT/#", "+/RTL_433toMQTT/#", "+/SYStoMQTT", "+/LWT"],
        bridged: true,
        announces: false,
    },
    // judgement: a 433 MHz press is sent 4 to 25 times within 1.5 s, and a second gateway hands its copies on a little later.
    merge_ms: 3_000,
    steady_ms: 0,
    decoder: || Box::new(OpenMqttGateway::default()),
};

/// Longest code, in bits. Source: the receiver's library keeps a code in 64.
const CODE_BITS_MAX: f64 = 64.0;

/// Remembers the gateways and the last frame of each device.
#[derive(Default)]
struct OpenMqttGateway {
    gateways: Gateways,
}

impl Decode for OpenMqttGateway {
    fn decode(&mut self, frame: &Frame<'_>) -> Result<Decoded, DecodeError> {
        let topic = Topic::of(frame)?;
        match (topic.what, topic.rest) {
            ("BTtoMQTT", _) => self.gateways.broadcast(topic, frame),
            ("433toMQTT", _) => speak_code(&Code::read(frame.bytes)?),
            ("RTL_433toMQTT", _) => rtl_433::event(frame),
            ("SYStoMQTT", "") => speak_system(topic.gateway, frame.bytes),
            ("LWT", "") => self.gateways.last_will(topic.gateway, frame.bytes),
            _ => Err(DecodeError::NotMine),
        }
    }

    fn fields(&self, frame: &Frame<'_>) -> Map<String, Value> {
        match Topic::of(frame).map(|topic| topic.what) {
            Ok("BTtoMQTT") => broadcast_fields(frame),
            Ok("RTL_433toMQTT") => rtl_433::event_fields(frame),
            Ok("433toMQTT") => Code::read(frame.bytes).map(|code| code.fields()).unwrap_or_default(),
            _ => Map::new(),
        }
    }
}

/// A code as the receiver's library prints it.
struct Code {
    value: u64,
    bits: u8,
    protocol: Option<f64>,
}

impl Code {
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "the ranges are checked right before")]
    fn read(bytes: &[u8]) -> Result<Self, DecodeError> {
        let text = json::bounded(bytes, MQTT_PAYLOAD_BYTES_MAX)?;
        let (mut value, mut bits, mut protocol) = (None, None, None);
        Item::whole(text).object(|key, item| match key {
            "value" => value = item.number(),
            "length" => bits = item.number(),
            "protocol" => protocol = item.number(),
            _ => {}
        })?;
        // Beyond 2^53 the JSON of this library is no longer exact.
        let value = value.filter(|value| (1.0..9_007_199_254_740_992.0).contains(value) && value.fract() == 0.0);
        let bits = bits.filter(|bits| (1.0..=CODE_BITS_MAX).contains(bits) && bits.fract() == 0.0);
        let (value, bits) = (value.ok_or(DecodeError::WrongType)?, bits.ok_or(DecodeError::WrongType)?);
        Ok(Self { value: value as u64, bits: bits as u8, protocol })
    }

    /// Upper-case hex, filled up to the number of its bits.
    fn hex(&self) -> String {
        format!("{:0width$X}", self.value, width = usize::from(self.bits.div_ceil(4)))
    }

    fn fields(&self) -> Map<String, Value> {
        let all = [
            ("rf_value", json!(self.value)),
            ("rf_hex", json!(self.hex().to_ascii_lowercase())),
            ("bits", json!(self.bits)),
            ("protocol", json!(self.protocol)),
        ];
        all.into_iter().map(|(key, value)| (key.to_owned(), value)).collect()
    }
}

fn speak_code(code: &Code) -> Result<Decoded, DecodeError> {
    let hex = code.hex();
    let mut speech = Speech::of(&format!("rf:{hex}"))?;
    speech.code("value", &hex, Measure::RfCode);
    speech.finish()
}

/// The gateway's own report: it lives, and how well it hears its Wi-Fi.
fn speak_system(gateway: &str, bytes: &[u8]) -> Result<Decoded, DecodeError> {
    let text = json::bounded(bytes, MQTT_PAYLOAD_BYTES_MAX)?;
    let mut speech = Speech::of(gateway)?;
    speech.alive();
    Item::whole(text).object(|key, item| {
        if let ("rssi", Some(rssi)) = (key, item.number()) {
            speech.number(Quantity::Rssi, rssi);
        }
    })?;
    speech.finish()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::core::reading::Said;

    fn decode(topic: &str, payload: &str) -> Result<Decoded, DecodeError> {
        let frame =
            Frame { topic: Some(topic), bytes: payload.as_bytes(), context: &Value::Null, utc_s: None, heard_ms: 0 };
        OpenMqttGateway::default().decode(&frame)
    }

    #[test]
    fn a_code_keeps_its_leading_zeros_and_is_its_own_address() {
        let heard = decode("home/esp/433toMQTT", r#"{"value":1361,"protocol":1,"length":24}"#).expect("decodes");
        assert_eq!(heard.said, [Said::event(Measure::RfCode("000551".parse().expect("a code")))]);
        assert_eq!(heard.address.as_deref(), Some("rf:000551"));
        for bad in [r#"{"value":0,"length":24}"#, r#"{"value":1e18,"length":24}"#, r#"{"value":5}"#, "{}"] {
            assert_eq!(decode("home/esp/433toMQTT", bad), Err(DecodeError::WrongType), "{bad}");
        }
    }

    #[test]
    fn a_report_of_the_gateway_is_its_sign_of_life() {
        let heard = decode("home/esp/SYStoMQTT", r#"{"uptime":1200,"version":"v1.8.1","rssi":-61}"#).expect("decodes");
        assert_eq!((heard.address.as_deref(), heard.said.len()), (Some("esp"), 2));
        assert_eq!(decode("home/esp/SYStoMQTT", "x"), Err(DecodeError::NotMine));
    }

    #[test]
    fn topics_of_others_are_not_taken() {
        for topic in ["home", "home/esp", "home//BTtoMQTT/A", "house/esp/LWT", "home/esp/commands/MQTTtoBT"] {
            assert_eq!(decode(topic, "{}"), Err(DecodeError::NotMine), "{topic}");
        }
    }
}
