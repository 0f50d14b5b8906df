//! ChirpStack v4: the events of a LoRaWAN network server, as JSON over MQTT.
//!
//! | topic below `application/<id>/device/<devEui>/event` | what comes of it |
//! | --- | --- |
//! | `up` | the device's words: `data` (Base64) by [`lorawan_codec`](super::lorawan_codec), else `object`; `rxInfo` |
//! | `join` | it is on the air |
//! | `status` | `batteryLevel` %, `externalPower` |
//! | `location` | a position |
//! | `ack`, `txack`, `log`, `integration` | administration: nothing |
//!
//! `deviceInfo` carries `devEui` and `deviceProfileName`, which is taken for the model where enrolment knows none. Source: the
//! project's public documentation.
//!
//! Design constraints:
//!
//! - Proto3 leaves out zeros, falses and empty texts: a missing key is no news about it.
//! - `deduplicationId` names one message; the broker may deliver it twice.
//! - A device's name may carry a person's and is not read.

use std::borrow::Cow;

use serde_json::{Map, Value, json};

use super::json::{self, Item, Scalar};
use super::lorawan_codec::Codec;
use super::lorawan_codec::server::{Delivered, ServerUplink};
use super::speech::Speech;
use super::{Decode, DecodeError, Decoded, Format, Frame, Transport};
use crate::core::reading::{Measure, Quantity};
use crate::limits::MQTT_PAYLOAD_BYTES_MAX;

/// Base topic of an installation that nobody configured.
const BASE_TOPIC: &str = "application";

/// The registry's line.
pub const FORMAT: Format = Format {
    name: "chirpstack",
    about: "LoRaWAN buttons, fall radars, doors, leaks and trackers behind ChirpStack v4",
    about_zh: "ChirpStack v4 背后的 LoRaWAN 按钮、跌倒雷达、门磁、水浸、定位器",
    transport: Transport::Mqtt {
        base_topic: BASE_TOPIC,
        filters: &["+/device/+/event/+"],
        bridged: false,
        announces: false,
    },
    // judgement: a device without an answer repeats its uplink 2 or 3 s later, up to eight times, under the same counter; the
    // server drops those, and a broker's redelivery carries the same deduplicationId.
    merge_ms: 3_000,
    steady_ms: 0,
    decoder: || Box::new(ChirpStack::default()),
};

/// Remembers the last message of each device, and whose newest word was a fall.
#[derive(Default)]
struct ChirpStack {
    codec: Codec,
    delivered: Delivered,
}

/// A topic below the base.
struct Topic<'a> {
    dev_eui: &'a str,
    event: &'a str,
}

impl<'a> Topic<'a> {
    fn of(frame: &Frame<'a>) -> Result<Self, DecodeError> {
        let below = frame.topic.and_then(|topic| topic.strip_prefix(BASE_TOPIC)?.strip_prefix('/'));
        let mut parts = below.ok_or(DecodeError::NotMine)?.split('/');
        match (parts.next(), parts.next(), parts.next(), parts.next(), parts.next(), parts.next()) {
            (Some(_), Some("device"), Some(dev_eui), Some("event"), Some(event), None) if !dev_eui.is_empty() => {
                Ok(Self { dev_eui, event })
            }
            _ => Err(DecodeError::NotMine),
        }
    }
}

impl Decode for ChirpStack {
    fn decode(&mut self, frame: &Frame<'_>) -> Result<Decoded, DecodeError> {
        let topic = Topic::of(frame)?;
        let event = Event::read(frame.bytes)?;
        let address = topic.dev_eui.to_ascii_uppercase();
        let mut speech = Speech::of(&address)?;
        let repeated = event.id.as_deref().is_some_and(|id| !self.delivered.is_news(&address, id));
        if repeated {
            return speech.finish();
        }
        match topic.event {
            "up" => event.uplink(frame.context.of(&address)).speak(&mut speech, &mut self.codec, &address),
            "join" => speech.alive(),
            "status" => event.speak_status(&mut speech),
            "location" => event.speak_location(&mut speech),
            _ => {}
        }
        // The server's envelope was good: what nobody here can read is counted, and its device is not alive for that.
        Ok(speech.into_decoded())
    }

    fn fields(&self, frame: &Frame<'_>) -> Map<String, Value> {
        let (Ok(topic), Ok(event)) = (Topic::of(frame), Event::read(frame.bytes)) else { return Map::new() };
        let mut fields =
            Map::from_iter([("event".to_owned(), json!(topic.event)), ("dev_eui".to_owned(), json!(topic.dev_eui))]);
        let whole: Value = serde_json::from_slice(frame.bytes).unwrap_or_default();
        let copied = [
            ("time", &whole["time"]),
            ("device_name", &whole["deviceInfo"]["deviceName"]),
            ("f_port", &whole["fPort"]),
            ("f_cnt", &whole["fCnt"]),
            ("object", &whole["object"]),
            ("location", &whole["location"]),
            ("level", &whole["level"]),
            ("code", &whole["code"]),
            ("margin", &whole["margin"]),
            ("battery_level", &whole["batteryLevel"]),
        ];
        fields.extend(
            copied.into_iter().filter(|(_, value)| !value.is_null()).map(|(key, value)| (key.into(), value.clone())),
        );
        if let Some(hex) = event.uplink(frame.context.of(&topic.dev_eui.to_ascii_uppercase())).payload_hex() {
            fields.insert("data_hex".into(), hex.into());
        }
        fields
    }
}

/// The keys of an event that mean something here.
#[derive(Default)]
struct Event<'a> {
    id: Option<String>,
    profile: Option<String>,
    port: Option<f64>,
    data: Option<String>,
    object: Option<Item<'a>>,
    heard_by: Option<Item<'a>>,
    battery: Option<f64>,
    battery_unknown: bool,
    mains: bool,
    location: Option<Item<'a>>,
}

impl<'a> Event<'a> {
    fn read(bytes: &'a [u8]) -> Result<Self, DecodeError> {
        let text = json::bounded(bytes, MQTT_PAYLOAD_BYTES_MAX)?;
        let mut event = Self::default();
        Item::whole(text).object(|key, item| match key {
            "deduplicationId" => event.id = item.text().map(Cow::into_owned),
            "deviceInfo" => event.profile = profile(item),
            "fPort" => event.port = item.number(),
            "data" => event.data = item.text().map(Cow::into_owned),
            "object" => event.object = Some(item).filter(|item| item.scalar() == Scalar::Other),
            "rxInfo" => event.heard_by = Some(item),
            "batteryLevel" => event.battery = item.number(),
            "externalPower" => event.mains = item.scalar() == Scalar::Flag(true),
            "batteryLevelUnavailable" => event.battery_unknown = item.scalar() == Scalar::Flag(true),
            "location" => event.location = Some(item),
            _ => {}
        })?;
        Ok(event)
    }

    fn uplink(&self, enrolled: &Value) -> ServerUplink<'a> {
        let model = enrolled.get("model").and_then(Value::as_str).map(str::to_owned);
        ServerUplink {
            vendor: None,
            model: model.or_else(|| self.profile.clone()),
            port: self.port,
            data: self.data.clone(),
            object: self.object,
            heard_by: self.heard_by,
        }
    }

    /// A level of 255 is "not known" in the radio's own words, and the server may hand it on so.
    fn speak_status(&self, speech: &mut Speech) {
        if self.mains {
            speech.level(Measure::Mains(true));
        }
        if let Some(level) = self.battery.filter(|level| !self.mains && !self.battery_unknown && *level <= 100.0) {
            speech.number(Quantity::Battery, level);
        }
    }

    fn speak_location(&self, speech: &mut Speech) {
        let (mut lat, mut lon) = (None, None);
        let walked = self.location.map(|item| {
            item.object(|key, item| match key {
                "latitude" => lat = item.number(),
                "longitude" => lon = item.number(),
                _ => {}
            })
        });
        match (walked, Measure::location(lat.unwrap_or(0.0), lon.unwrap_or(0.0))) {
            (Some(Ok(())), Ok(measure)) if lat.or(lon).is_some() => speech.level(measure),
            _ => speech.refuse("location", DecodeError::WrongType),
        }
    }
}

fn profile(device_info: Item<'_>) -> Option<String> {
    let mut profile = None;
    let walked = device_info.object(|key, item| {
        if key == "deviceProfileName" {
            profile = item.text().map(Cow::into_owned);
        }
    });
    profile.filter(|_| walked.is_ok())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::core::reading::Said;

    const UP: &str = "application/示例/device/24e124535b000001/event/up";

    fn decode(decoder: &mut ChirpStack, topic: &str, payload: &Value, context: &Value) -> Result<Decoded, DecodeError> {
        let bytes = payload.to_string();
        decoder.decode(&Frame { topic: Some(topic), bytes: bytes.as_bytes(), context, utc_s: None, heard_ms: 0 })
    }

    fn press() -> Said {
        Said::event(Measure::Button("short".parse().expect("a code")))
    }

    #[test]
    fn the_bytes_go_before_the_converter_and_enrolment_before_the_profile() {
        let up = json!({"fPort": 85, "data": "/y4B", "object": {"press": "long"},
            "deviceInfo": {"deviceProfileName": "nobody's"}});
        let enrolled = json!({"model": "WS101"});
        let mut decoder = ChirpStack::default();
        assert_eq!(decode(&mut decoder, UP, &up, &enrolled).expect("decodes").said, [press()]);
        let long = Said::event(Measure::Button("long".parse().expect("a code")));
        let converted = decode(&mut decoder, UP, &up, &Value::Null).expect("decodes");
        assert_eq!((converted.said, converted.address.as_deref()), (vec![long], Some("24E124535B000001")));
    }

    #[test]
    fn a_message_that_is_delivered_twice_is_one_press() {
        let up = |id: &str| {
            json!({"deduplicationId": id, "fPort": 85, "data": "/y4B",
            "deviceInfo": {"deviceProfileName": "WS101"}})
        };
        let mut decoder = ChirpStack::default();
        let mut presses = |id: &str| decode(&mut decoder, UP, &up(id), &Value::Null).expect("decodes").said.len();
        assert_eq!((presses("a"), presses("a"), presses("b")), (1, 0, 1));
    }

    #[test]
    fn the_best_gateway_is_heard_and_missing_keys_are_no_news() {
        let up = json!({"rxInfo": [{"rssi": -110, "snr": -3}, 7, {"rssi": -97}, {"snr": 9}]});
        let heard = decode(&mut ChirpStack::default(), UP, &up, &Value::Null).expect("decodes");
        assert_eq!(heard.said, [Said::level(Measure::number(Quantity::Rssi, -97.0).expect("plausible"))]);
        let status = UP.replace("event/up", "event/status");
        let unknown = json!({"margin": 7, "batteryLevelUnavailable": true});
        assert_eq!(decode(&mut ChirpStack::default(), &status, &unknown, &Value::Null).expect("decodes").said, []);
        let plugged = json!({"externalPower": true, "batteryLevel": 0});
        let said = decode(&mut ChirpStack::default(), &status, &plugged, &Value::Null).expect("decodes").said;
        assert_eq!(said, [Said::level(Measure::Mains(true))]);
    }

    #[test]
    fn topics_of_version_3_and_orders_are_not_taken() {
        for topic in [
            "application/1/device/24e124535b000001/rx",
            "application/1/device/24e124535b000001/command/down",
            "application/1/device//event/up",
            "application/1/device/24e124535b000001/event/up/x",
            "applications/1/device/2/event/up",
        ] {
            assert_eq!(decode(&mut ChirpStack::default(), topic, &json!({}), &Value::Null), Err(DecodeError::NotMine));
        }
    }
}
