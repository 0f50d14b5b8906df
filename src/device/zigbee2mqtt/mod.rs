//! zigbee2mqtt: the state, availability and bridge topics of a Zigbee bridge, as JSON over MQTT.
//!
//! | topic below the base | what comes of it |
//! | --- | --- |
//! | `<friendly_name>` | the device's words; the name may contain `/` and is never split |
//! | `<friendly_name>/availability` | the bridge's word on whether it can be reached |
//! | `bridge/state` | the same for everything behind the bridge |
//! | `bridge/devices` | which models there are, and so what their keys mean |
//! | `bridge/…`, `…/set`, `…/get`, `…/action` | administration, orders, and a copy of the action: nothing |
//!
//! Design constraints:
//!
//! - A state key is a level, because every publish repeats the cached values of the others; `action` is an event, because
//!   it is published once. So a battery report that carries a cached `sos: true` is no second press by itself.
//! - `null` means "not reported yet" and an empty `action` or payload means "cleared": nothing is said.
//! - A key that cannot be read is counted and swallows nothing beside it.

mod bridge;
mod key;
mod model;

use std::borrow::Cow;
use std::collections::BTreeMap;

use serde_json::{Map, Value};

use self::bridge::{Known, List};
use self::key::Meaning;
use self::model::{Dialect, Mat, Occupancy, Odd};
use super::json::{self, Item, Scalar};
use super::speech::Speech;
use super::unit::to_vocabulary;
use super::{Decode, DecodeError, Decoded, Format, Frame, Transport};
use crate::core::reading::{Contact, FallVerdict, Measure};
use crate::limits::{LISTED_DEVICES_MAX, MQTT_PAYLOAD_BYTES_MAX};

/// Base topic of an installation that nobody configured.
const BASE_TOPIC: &str = "zigbee2mqtt";

/// The registry's line.
pub const FORMAT: Format = Format {
    name: "zigbee2mqtt",
    about: "Zigbee buttons, motion, door, smoke, gas and leak sensors, radars and bed mats behind zigbee2mqtt",
    about_zh: "zigbee2mqtt 背后的 Zigbee 按钮,活动、门磁、烟雾、燃气、漏水传感器,雷达和床垫",
    transport: Transport::Mqtt { base_topic: BASE_TOPIC, filters: &["#"], bridged: true, announces: false },
    // judgement: the bridge publishes an action once; a broker's redelivery after a reconnect may repeat it at once, and
    // nobody calls for help twice within a second.
    merge_ms: 1_000,
    steady_ms: 0,
    decoder: || Box::new(Zigbee2Mqtt::default()),
};

/// Remembers what its bridge told it, and nothing else.
#[derive(Debug, Default)]
struct Zigbee2Mqtt {
    /// Devices of the newest `bridge/devices`, by friendly name.
    devices: BTreeMap<Box<str>, Known>,
    /// Devices whose newest posture was a fall, because no word of theirs takes a fall back.
    fallen: BTreeMap<Box<str>, FallVerdict>,
}

/// A topic below the base, understood.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Topic<'a> {
    Bridge(&'a str),
    Availability(&'a str),
    Device(&'a str),
    Order,
}

impl Decode for Zigbee2Mqtt {
    fn decode(&mut self, frame: &Frame<'_>) -> Result<Decoded, DecodeError> {
        match self.topic(frame)? {
            Topic::Bridge("state") => availability(Speech::of_nobody_named(), frame.bytes, true),
            Topic::Bridge("devices") => self.take_list(frame.bytes),
            Topic::Bridge(_) | Topic::Order => Ok(Decoded::default()),
            Topic::Availability(name) => availability(Speech::of(name)?, frame.bytes, false),
            Topic::Device(name) => self.state(name, frame),
        }
    }

    fn fields(&self, frame: &Frame<'_>) -> Map<String, Value> {
        let mut fields = Map::new();
        match self.topic(frame) {
            Ok(Topic::Bridge(below)) => return bridge::fields(below, frame.bytes),
            Ok(Topic::Device(name)) => {
                fields.insert("friendly_name".into(), name.into());
                let listed = self.devices.get(name).and_then(|known| known.model.as_deref());
                if let Some(model) = listed.or_else(|| frame.context.of(name).get("model")?.as_str()) {
                    fields.insert("model".into(), model.into());
                }
            }
            Ok(Topic::Availability(name)) => {
                fields.insert("device".into(), name.into());
                if let Ok(Some(online)) = bridge::online(frame.bytes) {
                    fields.insert("state".into(), if online { "online" } else { "offline" }.into());
                }
            }
            Ok(Topic::Order) | Err(_) => {}
        }
        fields
    }
}

impl Zigbee2Mqtt {
    /// What a topic is. A name of the bridge's list is taken whole, whatever it looks like; the remainder of an unlisted
    /// one is taken for a name, because a device may speak before its list arrives.
    fn topic<'a>(&self, frame: &Frame<'a>) -> Result<Topic<'a>, DecodeError> {
        let base = frame.context.of("").get("base").and_then(Value::as_str).unwrap_or(BASE_TOPIC);
        let below = frame.topic.and_then(|topic| topic.strip_prefix(base)?.strip_prefix('/'));
        let below = below.filter(|below| !below.is_empty()).ok_or(DecodeError::NotMine)?;
        if self.devices.contains_key(below) {
            return Ok(Topic::Device(below));
        }
        if let Some(topic) = below.strip_prefix("bridge/") {
            return Ok(Topic::Bridge(topic));
        }
        Ok(match below.rsplit_once('/') {
            Some((name, "availability")) => Topic::Availability(name),
            // `action` repeats the action of the state payload as a bare word, for other listeners.
            Some((_, "set" | "get" | "action")) => Topic::Order,
            _ => Topic::Device(below),
        })
    }

    fn take_list(&mut self, bytes: &[u8]) -> Result<Decoded, DecodeError> {
        let list = List::read(bytes)?;
        let refused_keys = if list.refused == 0 { Vec::new() } else { vec![("devices", DecodeError::WrongType)] };
        let listed = list.listed();
        self.devices = list.devices;
        self.fallen.retain(|name, _| self.devices.contains_key(name));
        Ok(Decoded { refused_keys, listed, ..Decoded::default() })
    }

    fn state(&mut self, name: &str, frame: &Frame<'_>) -> Result<Decoded, DecodeError> {
        let text = json::bounded(frame.bytes, MQTT_PAYLOAD_BYTES_MAX)?;
        if text.trim_ascii().is_empty() {
            // A cleared topic: nobody spoke.
            return Ok(Decoded::default());
        }
        let dialect = match self.devices.get(name) {
            Some(known) if known.model.is_some() => Cow::Borrowed(&known.dialect),
            _ => Cow::Owned(
                frame.context.of(name).get("model").and_then(Value::as_str).map(Dialect::of_model).unwrap_or_default(),
            ),
        };
        let mut speech = Speech::of(name)?;
        let mut posture = None;
        Item::whole(text).object(|key, item| {
            let Some((key, meaning)) = key::find(key) else { return };
            match (meaning, item.scalar()) {
                (_, Scalar::Null) => {}
                (Meaning::Posture(words), Scalar::Text(word)) => posture = Meaning::said_by(words, &word).or(posture),
                (_, value) => speak(&mut speech, &dialect, key, meaning, &value),
            }
        })?;
        if let Some(said) = posture {
            self.speak_posture(&mut speech, name, said);
        }
        speech.finish()
    }

    /// A posture's fall is an event when the posture changes to it, and a level while it is repeated from the cache:
    /// nothing takes it back, and as a level alone the second fall would be no news.
    fn speak_posture(&mut self, speech: &mut Speech, name: &str, said: &[Measure]) {
        let before = self.fallen.get(name).copied();
        let mut fallen = None;
        for measure in said {
            match measure {
                Measure::Fall(verdict) => {
                    fallen = Some(*verdict);
                    if before == fallen { speech.level(*measure) } else { speech.event(*measure) }
                }
                _ => speech.level(*measure),
            }
        }
        match fallen {
            Some(_) if before == fallen => {}
            Some(verdict) if self.fallen.len() < LISTED_DEVICES_MAX => {
                self.fallen.insert(Box::from(name), verdict);
            }
            // Beyond the limit every repeat is an event: too many alarms rather than one too few.
            Some(_) => {}
            None => {
                self.fallen.remove(name);
            }
        }
    }
}

fn availability(mut speech: Speech, bytes: &[u8], bridge: bool) -> Result<Decoded, DecodeError> {
    match bridge::online(bytes)? {
        Some(online) => {
            speech.level(Measure::Availability { online, bridge });
            speech.finish()
        }
        None => Ok(Decoded::default()),
    }
}

fn speak(speech: &mut Speech, dialect: &Dialect, key: &'static str, meaning: Meaning, value: &Scalar<'_>) {
    let odd = dialect.odd(key);
    if odd == Some(&Odd::Foreign) {
        return;
    }
    if let Some(make) = flag_meaning(meaning, dialect) {
        return match flag(value, odd) {
            Some(flag) => speech.level(make(flag)),
            None => speech.refuse(key, DecodeError::WrongType),
        };
    }
    match (meaning, value) {
        (Meaning::Action, Scalar::Text(action)) => speak_action(speech, key, action),
        (Meaning::Number(quantity, usual), Scalar::Number(number)) => {
            let unit = if let Some(Odd::Unit(unit)) = odd { unit } else { usual };
            match to_vocabulary(quantity, unit, *number) {
                Some(number) => speech.number(quantity, number),
                None => speech.refuse(key, DecodeError::Unknown),
            }
        }
        (Meaning::Words(words), Scalar::Text(word)) => match Meaning::said_by(words, word) {
            Some(said) => said.iter().for_each(|measure| speech.level(*measure)),
            None => speech.refuse(key, DecodeError::Unknown),
        },
        // Other models keep whatever they like under `status`.
        (Meaning::Posture(_), _) => {}
        _ => speech.refuse(key, DecodeError::WrongType),
    }
}

/// An action is the help call itself, or a button whose meaning its role gives.
fn speak_action(speech: &mut Speech, key: &'static str, action: &str) {
    match action {
        "" => {}
        "emergency" | "sos" | "panic" => speech.event(Measure::Sos(true)),
        // The sensor shook; it is no button, and the same payload says `vibration: true`.
        "vibration" => speech.event(Measure::Vibration(true)),
        _ => speech.code(key, action, Measure::Button),
    }
}

fn flag_meaning(meaning: Meaning, dialect: &Dialect) -> Option<fn(bool) -> Measure> {
    let door = |closed: bool| Measure::Contact(if closed { Contact::Closed } else { Contact::Open });
    let pad = |released: bool| Measure::Bed(!released);
    match (meaning, dialect.occupancy, dialect.contact) {
        (Meaning::Flag(make), ..) => Some(make),
        (Meaning::Occupancy, Occupancy::Motion, _) => Some(Measure::Motion),
        (Meaning::Occupancy, Occupancy::Presence, _) => Some(Measure::Presence),
        (Meaning::Occupancy, Occupancy::Bed, _) => Some(Measure::Bed),
        (Meaning::Contact, _, Mat::Door) => Some(door),
        (Meaning::Contact, _, Mat::Bed) => Some(pad),
        _ => None,
    }
}

fn flag(value: &Scalar<'_>, odd: Option<&Odd>) -> Option<bool> {
    match (value, odd) {
        (Scalar::Flag(flag), _) => Some(*flag),
        (Scalar::Text(word), Some(Odd::Words { on, .. })) if **word == **on => Some(true),
        (Scalar::Text(word), Some(Odd::Words { off, .. })) if **word == **off => Some(false),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::core::reading::Said;

    fn decode(decoder: &mut Zigbee2Mqtt, topic: &str, payload: &str) -> Result<Decoded, DecodeError> {
        let topic = format!("zigbee2mqtt/{topic}");
        decoder.decode(&Frame {
            topic: Some(&topic),
            bytes: payload.as_bytes(),
            context: &Value::Null,
            utc_s: None,
            heard_ms: 0,
        })
    }

    fn said(topic: &str, payload: &str) -> Vec<Said> {
        decode(&mut Zigbee2Mqtt::default(), topic, payload).expect("decodes").said
    }

    const LIST: &str = r#"[{"type":"Coordinator","friendly_name":"Coordinator","definition":null}, 7,
        {"type":"EndDevice","friendly_name":"示例村/雷达","definition":{"model":"SNZB-06P","description":"",
         "exposes":[{"type":"binary","property":"occupancy","value_on":true,"value_off":false,"access":1}]}},
        {"type":"EndDevice","friendly_name":"示例村/set","definition":{"model":"TS0601_sos"}},
        {"type":"Router","friendly_name":"插座","definition":{"model":"PLUG","exposes":
         [{"type":"numeric","property":"voltage","unit":"V"}]}},
        {"type":"Router","friendly_name":"未知","definition":null}]"#;

    #[test]
    fn a_press_is_an_event_and_a_cached_flag_is_a_level() {
        assert_eq!(said("x", r#"{"action":"emergency"}"#), [Said::event(Measure::Sos(true))]);
        assert_eq!(said("x", r#"{"sos":true}"#), [Said::level(Measure::Sos(true))]);
        assert_eq!(said("x", r#"{"sos":false}"#), [Said::level(Measure::Sos(false))]);
        assert_eq!(said("x", r#"{"action":""}"#), []);
        assert_eq!(said("x", r#"{"action":null,"sos":null}"#), []);
    }

    #[test]
    fn a_press_passes_whatever_stands_beside_it() {
        let payload =
            r#"{"battery":"full","voltage":1e999,"smoke":"\ud800","action":"sos","occupancy":{},"contact":[]}"#;
        let decoded = decode(&mut Zigbee2Mqtt::default(), "x", payload).expect("decodes");
        assert_eq!(decoded.said, [Said::event(Measure::Sos(true))]);
        let refused: Vec<&str> = decoded.refused_keys.iter().map(|(key, _)| *key).collect();
        assert_eq!(refused, ["battery", "smoke", "occupancy", "contact"]);
        assert_eq!(decoded.dropped.len(), 1);
        for nothing_else in [r#"{"smoke":"yes"}"#, r#"{"action":7}"#, r#"{"battery":"full"}"#] {
            let refused = decode(&mut Zigbee2Mqtt::default(), "x", nothing_else);
            assert_eq!(refused, Err(DecodeError::WrongType), "{nothing_else}");
        }
    }

    #[test]
    fn the_list_gives_names_and_meanings_and_a_bad_list_changes_nothing() {
        let mut decoder = Zigbee2Mqtt::default();
        let before = decode(&mut decoder, "示例村/雷达", r#"{"occupancy":true}"#).expect("decodes");
        assert_eq!(before.said, [Said::level(Measure::Motion(true))]);

        let list = decode(&mut decoder, "bridge/devices", LIST).expect("decodes");
        let addresses: Vec<&str> = list.listed.iter().map(|listed| listed.address.as_str()).collect();
        assert_eq!(addresses, ["插座", "未知", "示例村/set", "示例村/雷达"]);
        assert_eq!(list.refused_keys, [("devices", DecodeError::WrongType)]);

        assert_eq!(decode(&mut decoder, "bridge/devices", "[{"), Err(DecodeError::NotJson));
        assert_eq!(decode(&mut decoder, "bridge/devices", "{}"), Err(DecodeError::NotMine));
        let radar = decode(&mut decoder, "示例村/雷达", r#"{"occupancy":true}"#).expect("decodes");
        assert_eq!(radar.said, [Said::level(Measure::Presence(true))]);
        assert_eq!(radar.address.as_deref(), Some("示例村/雷达"));
        let plug = decode(&mut decoder, "插座", r#"{"voltage":23100}"#).expect("decodes");
        assert_eq!(plug.dropped.len(), 1, "the list's unit is V here, and no house has that many");

        let button = decode(&mut decoder, "示例村/set", r#"{"action":"emergency"}"#).expect("decodes");
        assert_eq!(button.said, [Said::event(Measure::Sos(true))], "a listed name is a name, whatever it looks like");
        let order = decode(&mut decoder, "插座/set", r#"{"action":"emergency"}"#).expect("decodes");
        assert_eq!(order, Decoded::default());
    }

    #[test]
    fn a_second_fall_is_news_though_no_word_takes_the_first_back() {
        let mut decoder = Zigbee2Mqtt::default();
        let falls: Vec<Option<Said>> = ["falling", "falling", "occupied", "falling", "low_posture", "unoccupied"]
            .iter()
            .map(|word| {
                let all = decode(&mut decoder, "x", &format!(r#"{{"status":"{word}"}}"#)).expect("decodes").said;
                all.into_iter().find(|said| matches!(said.measure, Measure::Fall(_)))
            })
            .collect();
        let confirmed = Measure::Fall(FallVerdict::Confirmed);
        let suspected = Measure::Fall(FallVerdict::Suspected);
        assert_eq!(
            falls,
            [
                Some(Said::event(confirmed)),
                Some(Said::level(confirmed)),
                None,
                Some(Said::event(confirmed)),
                Some(Said::event(suspected)),
                None
            ]
        );
        assert!(decoder.fallen.is_empty());
    }

    #[test]
    fn another_base_topic_is_configuration() {
        let context = serde_json::json!({"base": "village3/zigbee"});
        let mut decoder = Zigbee2Mqtt::default();
        let frame =
            |topic| Frame { topic, bytes: br#"{"action":"panic"}"#, context: &context, utc_s: None, heard_ms: 0 };
        assert_eq!(
            decoder.decode(&frame(Some("village3/zigbee/a/b"))).expect("decodes").address.as_deref(),
            Some("a/b")
        );
        for other in
            [None, Some("zigbee2mqtt/a"), Some("village3/zigbee"), Some("village3/zigbee/"), Some("village3/zigbeeX/a")]
        {
            assert_eq!(decoder.decode(&frame(other)), Err(DecodeError::NotMine));
        }
    }

    #[test]
    fn a_cleared_topic_says_nothing_of_anybody() {
        for topic in ["x", "x/availability", "bridge/state"] {
            assert_eq!(decode(&mut Zigbee2Mqtt::default(), topic, ""), Ok(Decoded::default()));
        }
    }
}
