//! The Things Stack v3: the events of a LoRaWAN network server, as JSON over MQTT.
//!
//! | topic below `v3/<application>@<tenant>/devices/<id>` | what comes of it |
//! | --- | --- |
//! | `up` | the device's words: `frm_payload` (Base64) by [`lorawan_codec`](super::lorawan_codec), else `decoded_payload` |
//! | `join` | it is on the air |
//! | `location/solved` | a position |
//! | `down/…`, `service/data` | administration: nothing |
//!
//! `end_device_ids.dev_eui` is the address, or `device_id` where the server leaves it out; `version_ids` name brand and model. Source:
//! the project's public documentation.
//!
//! Design constraints:
//!
//! - Zeros are left out: a missing key is no news about it.
//! - The broker may deliver a message twice: the same counter and bytes of a device are one message.

use std::borrow::Cow;

use serde_json::{Map, Value, json};

use super::json::{self, Item, Scalar};
use super::lorawan_codec::Codec;
use super::lorawan_codec::server::{Delivered, ServerUplink};
use super::speech::Speech;
use super::{Decode, DecodeError, Decoded, Format, Frame, Transport};
use crate::core::reading::Measure;
use crate::limits::MQTT_PAYLOAD_BYTES_MAX;

/// Base topic of an installation that nobody configured.
const BASE_TOPIC: &str = "v3";

/// The registry's line.
pub const FORMAT: Format = Format {
    name: "tts_v3",
    about: "LoRaWAN buttons, fall radars, doors, leaks and trackers behind The Things Stack v3",
    about_zh: "The Things Stack v3 背后的 LoRaWAN 按钮、跌倒雷达、门磁、水浸、定位器",
    transport: Transport::Mqtt {
        base_topic: BASE_TOPIC,
        filters: &["+/devices/+/up", "+/devices/+/join", "+/devices/+/location/+"],
        bridged: false,
        announces: false,
    },
    // judgement: as for the other network server.
    merge_ms: 3_000,
    steady_ms: 0,
    decoder: || Box::new(ThingsStack::default()),
};

/// Remembers the last message of each device, and whose newest word was a fall.
#[derive(Default)]
struct ThingsStack {
    codec: Codec,
    delivered: Delivered,
}

/// A topic below the base.
struct Topic<'a> {
    device_id: &'a str,
    event: &'a str,
}

impl<'a> Topic<'a> {
    fn of(frame: &Frame<'a>) -> Result<Self, DecodeError> {
        let below = frame.topic.and_then(|topic| topic.strip_prefix(BASE_TOPIC)?.strip_prefix('/'));
        let (_, behind) = below.and_then(|below| below.split_once("/devices/")).ok_or(DecodeError::NotMine)?;
        let (device_id, event) = behind.split_once('/').ok_or(DecodeError::NotMine)?;
        if device_id.is_empty() { Err(DecodeError::NotMine) } else { Ok(Self { device_id, event }) }
    }
}

impl Decode for ThingsStack {
    fn decode(&mut self, frame: &Frame<'_>) -> Result<Decoded, DecodeError> {
        let topic = Topic::of(frame)?;
        let event = Event::read(frame.bytes)?;
        let address = event.dev_eui.clone().unwrap_or_else(|| topic.device_id.to_owned());
        let mut speech = Speech::of(&address)?;
        match topic.event {
            "up" => {
                let message = format!("{:?} {:?} {:?}", event.session, event.count, event.uplink.data);
                // Without a counter nothing tells a second press from a second copy of the first.
                if event.count.is_none() || self.delivered.is_news(&address, &message) {
                    event.uplink(frame.context.of(&address)).speak(&mut speech, &mut self.codec, &address);
                }
            }
            "join" => speech.alive(),
            "location/solved" => match event.location {
                Some((lat, lon)) => match Measure::location(lat, lon) {
                    Ok(measure) => speech.level(measure),
                    Err(_) => speech.refuse("location", DecodeError::WrongType),
                },
                None => speech.refuse("location", DecodeError::WrongType),
            },
            _ => {}
        }
        Ok(speech.into_decoded())
    }

    fn fields(&self, frame: &Frame<'_>) -> Map<String, Value> {
        let (Ok(topic), Ok(event)) = (Topic::of(frame), Event::read(frame.bytes)) else { return Map::new() };
        let mut fields = Map::from_iter([("device_id".to_owned(), json!(topic.device_id))]);
        let kind = if topic.event == "join" { "join_accept" } else { topic.event };
        fields.insert("kind".into(), kind.into());
        let signal = event.uplink.best_signal();
        let more = [
            ("dev_eui", event.dev_eui.clone().map(Value::from)),
            ("f_port", event.uplink.port.map(Value::from)),
            ("f_cnt", event.count.map(Value::from)),
            ("data_hex", event.uplink.payload_hex().map(Value::from)),
            ("rssi", signal.map(|(rssi, _)| rssi.into())),
            ("snr", signal.and_then(|(_, snr)| snr).map(Value::from)),
        ];
        fields.extend(more.into_iter().filter_map(|(key, value)| Some((key.to_owned(), value?))));
        fields
    }
}

/// The keys of an event that mean something here.
#[derive(Default)]
struct Event<'a> {
    dev_eui: Option<String>,
    session: Option<String>,
    count: Option<f64>,
    uplink: ServerUplink<'a>,
    location: Option<(f64, f64)>,
}

impl<'a> Event<'a> {
    fn read(bytes: &'a [u8]) -> Result<Self, DecodeError> {
        let text = json::bounded(bytes, MQTT_PAYLOAD_BYTES_MAX)?;
        let mut event = Self::default();
        // A part of another shape is a key less, and spoils nothing beside it.
        Item::whole(text).object(|key, part| {
            let _ = match key {
                "end_device_ids" => part.object(|key, item| {
                    if key == "dev_eui" {
                        event.dev_eui = item.text().map(|eui| eui.to_ascii_uppercase()).filter(|eui| !eui.is_empty());
                    }
                }),
                "uplink_message" => part.object(|key, item| event.take(key, item)),
                "location_solved" => part.object(|key, item| {
                    if key == "location" {
                        event.location = position(item);
                    }
                }),
                _ => Ok(()),
            };
        })?;
        Ok(event)
    }

    fn take(&mut self, key: &str, item: Item<'a>) {
        match key {
            "session_key_id" => self.session = item.text().map(Cow::into_owned),
            "f_port" => self.uplink.port = item.number(),
            "f_cnt" => self.count = item.number(),
            "frm_payload" => self.uplink.data = item.text().map(Cow::into_owned),
            "decoded_payload" => self.uplink.object = Some(item).filter(|item| item.scalar() == Scalar::Other),
            "rx_metadata" => self.uplink.heard_by = Some(item),
            "version_ids" => {
                let uplink = &mut self.uplink;
                let _ = item.object(|key, item| match key {
                    "brand_id" => uplink.vendor = item.text().map(Cow::into_owned),
                    "model_id" => uplink.model = item.text().map(Cow::into_owned),
                    _ => {}
                });
            }
            _ => {}
        }
    }

    /// The uplink with what enrolment knows of its model.
    fn uplink(self, enrolled: &Value) -> ServerUplink<'a> {
        match enrolled.get("model").and_then(Value::as_str) {
            Some(model) => ServerUplink { vendor: None, model: Some(model.to_owned()), ..self.uplink },
            None => self.uplink,
        }
    }
}

fn position(item: Item<'_>) -> Option<(f64, f64)> {
    let (mut lat, mut lon) = (None, None);
    item.object(|key, item| match key {
        "latitude" => lat = item.number(),
        "longitude" => lon = item.number(),
        _ => {}
    })
    .ok()?;
    lat.or(lon).map(|_| (lat.unwrap_or(0.0), lon.unwrap_or(0.0)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::core::reading::Said;

    fn decode(decoder: &mut ThingsStack, payload: &Value, context: &Value) -> Decoded {
        let topic = Some("v3/app@ttn/devices/示例/up");
        let bytes = payload.to_string();
        decoder.decode(&Frame { topic, bytes: bytes.as_bytes(), context, utc_s: None, heard_ms: 0 }).expect("decodes")
    }

    #[test]
    fn brand_and_model_of_the_server_choose_the_codec() {
        let up = |count: u32| {
            json!({"end_device_ids": {"dev_eui": "24e124535b000001"}, "uplink_message": {"f_port": 85, "f_cnt": count,
                "frm_payload": "/y4D", "version_ids": {"brand_id": "milesight-iot", "model_id": "ws101"}}})
        };
        let mut decoder = ThingsStack::default();
        let press = Said::event(Measure::Button("double".parse().expect("a code")));
        let first = decode(&mut decoder, &up(7), &Value::Null);
        assert_eq!((first.said, first.address.as_deref()), (vec![press], Some("24E124535B000001")));
        assert_eq!(decode(&mut decoder, &up(7), &Value::Null).said, [], "delivered twice");
        assert_eq!(decode(&mut decoder, &up(8), &Value::Null).said, [press]);
    }

    #[test]
    fn parts_of_another_shape_cost_only_themselves() {
        let up = json!({"end_device_ids": 7, "uplink_message": {"frm_payload": "/y4D", "version_ids": [], "rx_metadata": {}}});
        let heard = decode(&mut ThingsStack::default(), &up, &json!({"model": "WS101"}));
        assert_eq!((heard.said.len(), heard.address.as_deref()), (1, Some("示例")));
    }

    #[test]
    fn a_solved_position_is_said() {
        let topic = Some("v3/app@ttn/devices/d1/location/solved");
        let solved = br#"{"location_solved":{"location":{"latitude":37.3,"longitude":-8.8}}}"#;
        let frame = Frame { topic, bytes: solved, context: &Value::Null, utc_s: None, heard_ms: 0 };
        let heard = ThingsStack::default().decode(&frame).expect("decodes");
        assert_eq!(heard.said, [Said::level(Measure::location(37.3, -8.8).expect("on the globe"))]);
    }
}
