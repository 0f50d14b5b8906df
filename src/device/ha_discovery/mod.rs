//! Home Assistant discovery: whatever announces itself, understood by its own description.
//!
//! | topic | what comes of it |
//! | --- | --- |
//! | `homeassistant/<component>[/<node>]/<object>/config` | one entity: state topic, template, class, unit, words, device |
//! | `homeassistant/device/<object>/config` | a device with its entities under `components` |
//! | the announced state topics | what the entities' classes make of it; see `class` |
//! | the announced availability topics | whether the device can be reached |
//!
//! Keys may be abbreviated (`stat_t`, `dev_cla`), and `~` stands for a base topic; see `config`. An empty payload takes the
//! announcement back.
//!
//! Source: Home Assistant's MQTT documentation (discovery, abbreviations, device classes), and captures of zigbee2mqtt.
//!
//! Design constraints:
//!
//! - The address is the device's first identifier, so that one enrolment covers all its entities.
//! - Announcements are remembered within `DISCOVERED_ENTITIES_MAX`; a topic that was never announced is not this format's.
//! - One state topic may serve many entities: all of them speak. Where they are of several devices, the one that calls for
//!   help speaks, else the first; the others are counted.
//! - An availability topic that several devices share says nothing of one of them; `…/bridge/state` is the bridge's.
//! - A state is a level. What a button did is an event; the cached copy of it that zigbee2mqtt may keep is empty.
//! - A bridge that has a format of its own announces its devices here as well: an operator chooses one of the two.

mod class;
mod config;
mod template;

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Map, Value};

use self::class::Class;
use self::config::{Announcement, Config, Entity, Place, Reach, is_word, word_of};
use super::json::{self, Item, Scalar};
use super::speech::Speech;
use super::unit::to_vocabulary;
use super::{Decode, DecodeError, Decoded, Format, Frame, Listed, Transport, mapping};
use crate::core::reading::Measure;
use crate::limits::{DISCOVERED_ENTITIES_MAX, DISCOVERED_PARTS_MAX, MQTT_PAYLOAD_BYTES_MAX};

/// Base topic of an installation that nobody configured.
const BASE_TOPIC: &str = "homeassistant";

/// The registry's line.
pub const FORMAT: Format = Format {
    name: "ha_discovery",
    about: "whatever announces itself to Home Assistant over MQTT: sensors, contacts, buttons of any maker",
    about_zh: "任何通过 MQTT 向 Home Assistant 自我介绍的设备:各厂家的传感器、门磁、按钮",
    transport: Transport::Mqtt {
        base_topic: BASE_TOPIC,
        filters: &["+/+/config", "+/+/+/config"],
        bridged: true,
        announces: true,
    },
    // judgement: a trigger is published once; a broker's redelivery after a reconnect may repeat it at once.
    merge_ms: 1_000,
    steady_ms: 0,
    decoder: || Box::new(Discovery::default()),
};

/// Remembers what was announced, and nothing else.
#[derive(Debug, Default)]
struct Discovery {
    /// Announcements by the config topic below the base.
    announced: BTreeMap<Box<str>, Remembered>,
    /// Which announcements point to a topic.
    topics: BTreeMap<Box<str>, BTreeSet<Box<str>>>,
    /// Entities and availability topics in all of them.
    parts: usize,
}

#[derive(Debug)]
struct Remembered {
    address: Box<str>,
    entities: Vec<Entity>,
    reach: Vec<Reach>,
}

impl Decode for Discovery {
    fn decode(&mut self, frame: &Frame<'_>) -> Result<Decoded, DecodeError> {
        let topic = frame.topic.ok_or(DecodeError::NotMine)?;
        if self.topics.contains_key(topic) {
            return self.state(topic, frame);
        }
        let (key, place) = place(frame)?;
        if frame.bytes.trim_ascii().is_empty() {
            self.forget(key);
            return Ok(Decoded::default());
        }
        let announcement = Announcement::read(place, frame.bytes)?;
        Ok(self.remember(key, announcement))
    }

    fn fields(&self, frame: &Frame<'_>) -> Map<String, Value> {
        let mut fields = Map::new();
        let Ok((_, place)) = place(frame) else { return fields };
        let mut put = |key: &str, value: Option<&str>| {
            if let Some(value) = value {
                fields.insert(key.to_owned(), value.into());
            }
        };
        put("component", Some(place.component));
        put("node_id", place.node);
        put("object_id", Some(place.object));
        let Ok(text) = json::bounded(frame.bytes, MQTT_PAYLOAD_BYTES_MAX) else { return fields };
        let Ok(config) = Config::read(Item::whole(text)) else { return fields };
        put("device_class", config.class.as_deref());
        put("unit", config.unit.as_deref());
        put("state_topic", config.state_topic().as_deref());
        put("availability_topic", config.availability_topic().as_deref());
        put("device_id", config.device_id().as_deref());
        let template = config.template.as_deref().and_then(template::Template::read);
        put("json_key", template.as_ref().and_then(template::Template::key));
        if let Ok(announcement) = Announcement::read(place, frame.bytes) {
            fields.insert("entities".into(), announcement.entities.len().into());
        }
        fields
    }
}

/// A config topic: the part below the base that names the announcement, and what it says.
fn place<'a>(frame: &Frame<'a>) -> Result<(&'a str, Place<'a>), DecodeError> {
    let base = frame.context.of("").get("base").and_then(Value::as_str).unwrap_or(BASE_TOPIC);
    let below =
        frame.topic.and_then(|topic| topic.strip_prefix(base)?.strip_prefix('/')).ok_or(DecodeError::NotMine)?;
    Place::read(below).map(|place| (below, place)).ok_or(DecodeError::NotMine)
}

impl Discovery {
    fn remember(&mut self, key: &str, mut announcement: Announcement) -> Decoded {
        self.forget(key);
        let parts = announcement.entities.len() + announcement.reach.len();
        if self.parts + parts > DISCOVERED_ENTITIES_MAX {
            announcement.refused.push(("config", DecodeError::TooLong));
            (announcement.entities, announcement.reach) = (Vec::new(), Vec::new());
        }
        let Announcement { address, model, entities, reach, refused } = announcement;
        let topics: BTreeSet<&str> =
            entities.iter().map(|entity| &*entity.state_topic).chain(reach.iter().map(|reach| &*reach.topic)).collect();
        let mut speech = Speech::of_nobody_named();
        for topic in topics {
            let pointing = self.topics.entry(Box::from(topic)).or_default();
            pointing.insert(Box::from(key));
            speech.announce(topic);
        }
        for (key, why) in refused {
            speech.refuse(key, why);
        }
        let listed = vec![Listed { address: address.clone(), model }];
        if !entities.is_empty() || !reach.is_empty() {
            self.parts += entities.len() + reach.len();
            self.announced.insert(Box::from(key), Remembered { address: Box::from(address), entities, reach });
        }
        // What is not understood is counted, and is no reason to refuse the rest of the device.
        Decoded { listed, ..speech.into_decoded() }
    }

    fn forget(&mut self, key: &str) {
        let Some(gone) = self.announced.remove(key) else { return };
        self.parts -= gone.entities.len() + gone.reach.len();
        let topics = gone.entities.iter().map(|entity| &entity.state_topic);
        for topic in topics.chain(gone.reach.iter().map(|reach| &reach.topic)) {
            if let Some(pointing) = self.topics.get_mut(topic) {
                pointing.remove(key);
                if pointing.is_empty() {
                    self.topics.remove(topic);
                }
            }
        }
    }

    /// A message on an announced topic.
    fn state(&self, topic: &str, frame: &Frame<'_>) -> Result<Decoded, DecodeError> {
        let payload = json::bounded(frame.bytes, MQTT_PAYLOAD_BYTES_MAX)?;
        if payload.trim_ascii().is_empty() {
            return Ok(Decoded::default());
        }
        let pointing = self.topics.get(topic).into_iter().flatten();
        let mut devices: BTreeMap<&str, Vec<&Remembered>> = BTreeMap::new();
        for announced in pointing.filter_map(|key| self.announced.get(key)) {
            devices.entry(&announced.address).or_default().push(announced);
        }
        let alone = devices.len() == 1;
        let mut spoken = Vec::new();
        let (mut asked, mut reaches) = (0, None);
        for (address, announcements) in &devices {
            let mut speech = Speech::of(address)?;
            let context = frame.context.of(address);
            for announced in announcements {
                for entity in announced.entities.iter().filter(|entity| &*entity.state_topic == topic) {
                    asked += 1;
                    // Each entity may walk the payload, so only so many do.
                    if asked <= DISCOVERED_PARTS_MAX {
                        entity.speak(&mut speech, payload, context);
                    } else {
                        speech.refuse("entities", DecodeError::TooLong);
                    }
                }
                let online =
                    announced.reach.iter().filter(|reach| &*reach.topic == topic).find_map(|reach| reach.read(payload));
                reaches = reaches.or(online);
                if let (true, Some(online)) = (alone, online) {
                    speech.level(Measure::Availability { online, bridge: false });
                }
            }
            spoken.push(speech);
        }
        choose(spoken, reaches.filter(|_| !alone), topic)
    }
}

/// One frame is one device's: the one that calls, else the first that says anything.
fn choose(spoken: Vec<Speech>, shared_reach: Option<bool>, topic: &str) -> Result<Decoded, DecodeError> {
    let alone = spoken.len() == 1;
    let mut first = None;
    let mut others = 0_usize;
    for decoded in spoken.into_iter().map(Speech::finish) {
        if alone {
            return decoded;
        }
        let Ok(decoded) = decoded else { continue };
        let calls = |one: &Decoded| one.said.iter().any(|said| said.measure.may_alarm());
        match &first {
            _ if decoded.said.is_empty() => {}
            None => first = Some(decoded),
            Some(chosen) => {
                others += 1;
                if calls(&decoded) && !calls(chosen) {
                    first = Some(decoded);
                }
            }
        }
    }
    let mut chosen = first.unwrap_or_default();
    if others > 0 {
        chosen.refused_keys.push(("state_topic", DecodeError::Unknown));
    }
    if let (true, Some(online), true) = (chosen.said.is_empty(), shared_reach, topic.ends_with("/bridge/state")) {
        let mut speech = Speech::of_nobody_named();
        speech.level(Measure::Availability { online, bridge: true });
        return speech.finish();
    }
    Ok(chosen)
}

impl Reach {
    fn read(&self, payload: &str) -> Option<bool> {
        let value = self.template.value(payload)?;
        match () {
            () if is_word(&value, &self.online) => Some(true),
            () if is_word(&value, &self.offline) => Some(false),
            () => None,
        }
    }
}

impl Entity {
    fn speak(&self, speech: &mut Speech, payload: &str, context: &Value) {
        let Some(value) = self.template.value(payload).filter(|value| *value != Scalar::Null) else { return };
        if let Some(kind) = mapping::target(context, &self.name) {
            let value = self.flag(&value).map_or(value, Scalar::Flag);
            return mapping::stands(speech, "map", kind, &value);
        }
        match &self.class {
            Class::Flag(kind) => match self.flag(&value) {
                Some(on) => mapping::stands(speech, kind, kind, &Scalar::Flag(on)),
                None if is_unknown(&value) => {}
                None => speech.refuse(kind, DecodeError::WrongType),
            },
            Class::Number(quantity, unit) => match mapping::number(&value) {
                Some(number) => {
                    speech.number(*quantity, to_vocabulary(*quantity, unit, number).unwrap_or(f64::NAN));
                }
                None if is_unknown(&value) => {}
                None => speech.refuse(quantity.word(), DecodeError::WrongType),
            },
            Class::Action => {
                if let Some(word) = word_of(&value) {
                    action(speech, &event_type(&word).unwrap_or(word));
                }
            }
            Class::Trigger(word) if is_word(&value, &self.on) => action(speech, word),
            Class::Trigger(_) | Class::Unnamed => {}
        }
    }

    fn flag(&self, value: &Scalar<'_>) -> Option<bool> {
        match () {
            () if is_word(value, &self.on) => Some(true),
            () if is_word(value, &self.off) => Some(false),
            () => None,
        }
    }
}

/// The help call itself, or a button whose meaning its role gives. The words are those of zigbee2mqtt's help buttons.
fn action(speech: &mut Speech, word: &str) {
    match word {
        "" | "None" => {}
        "emergency" | "sos" | "panic" => speech.event(Measure::Sos(true)),
        _ => speech.code("action", word, Measure::Button),
    }
}

/// `{"event_type":"press"}`.
fn event_type(payload: &str) -> Option<String> {
    let mut word = None;
    Item::whole(payload)
        .object(|key, item| {
            if key == "event_type" {
                word = item.text();
            }
        })
        .ok()?;
    word.map(Into::into)
}

/// Home Assistant's words for a state that is not known.
fn is_unknown(value: &Scalar<'_>) -> bool {
    matches!(value, Scalar::Text(word) if matches!(&**word, "" | "None" | "unknown" | "unavailable" | "nan"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::core::reading::{Contact, Quantity, Said};
    use crate::core::unit::Milli;

    fn tell(decoder: &mut Discovery, topic: &str, payload: &str) -> Result<Decoded, DecodeError> {
        decoder.decode(&Frame {
            topic: Some(topic),
            bytes: payload.as_bytes(),
            context: &Value::Null,
            utc_s: None,
            heard_ms: 0,
        })
    }

    fn announce(decoder: &mut Discovery, place: &str, class: &str, rest: &str) -> Decoded {
        let payload = format!(r#"{{"dev_cla":"{class}","dev":{{"ids":["d1"],"mdl":"M"}},{rest}}}"#);
        tell(decoder, &format!("homeassistant/{place}/config"), &payload).expect("an announcement")
    }

    #[test]
    fn entities_of_one_topic_all_speak_for_their_device() {
        let mut decoder = Discovery::default();
        let door = r#""stat_t":"z/men","val_tpl":"{{ value_json.contact }}","pl_on":false,"pl_off":true"#;
        let first = announce(&mut decoder, "binary_sensor/1/contact", "door", door);
        assert_eq!(first.announced, ["z/men"]);
        assert_eq!(first.listed, [Listed { address: "d1".into(), model: Some("M".into()) }]);
        let warmth = r#""stat_t":"z/men","val_tpl":"{{ value_json.temperature }}","unit_of_meas":"°F""#;
        announce(&mut decoder, "sensor/1/temperature", "temperature", warmth);
        let low = r#""stat_t":"z/men","val_tpl":"{{ value_json.battery_low }}","pl_on":true,"pl_off":false"#;
        announce(&mut decoder, "binary_sensor/1/battery_low", "battery", low);

        let state = r#"{"contact":false,"temperature":68.0,"battery_low":false,"linkquality":80}"#;
        let heard = tell(&mut decoder, "z/men", state).expect("heard");
        assert_eq!(heard.address.as_deref(), Some("d1"));
        let mut said = heard.said;
        said.sort_by_key(|said| said.measure);
        let warm = Measure::Number(Quantity::AmbientTemp, Milli::whole(20));
        let want = [Measure::Contact(Contact::Open), warm, Measure::BatteryLow(false)];
        assert_eq!(said, want.map(Said::level));
        let partial = tell(&mut decoder, "z/men", r#"{"contact":null,"battery_low":true}"#).expect("heard");
        assert_eq!(partial.said, [Said::level(Measure::BatteryLow(true))]);
    }

    #[test]
    fn an_announcement_taken_back_leaves_nothing_behind() {
        let mut decoder = Discovery::default();
        announce(&mut decoder, "binary_sensor/x", "smoke", r#""stat_t":"x/state","avty_t":"x/avail""#);
        let smoke = tell(&mut decoder, "x/state", "ON").expect("heard");
        assert_eq!(smoke.said, [Said::level(Measure::Smoke(true))]);
        let gone = tell(&mut decoder, "x/avail", "offline").expect("heard");
        assert_eq!(gone.said, [Said::level(Measure::Availability { online: false, bridge: false })]);
        // Announced anew with another topic, then taken back.
        announce(&mut decoder, "binary_sensor/x", "smoke", r#""stat_t":"x/other""#);
        assert_eq!(tell(&mut decoder, "x/state", "ON"), Err(DecodeError::NotMine));
        assert_eq!(tell(&mut decoder, "homeassistant/binary_sensor/x/config", ""), Ok(Decoded::default()));
        assert_eq!(tell(&mut decoder, "x/other", "ON"), Err(DecodeError::NotMine));
        assert!(decoder.announced.is_empty() && decoder.topics.is_empty() && decoder.parts == 0);
    }

    #[test]
    fn a_bad_announcement_changes_nothing() {
        let mut decoder = Discovery::default();
        announce(&mut decoder, "binary_sensor/x", "smoke", r#""stat_t":"x/state""#);
        let cut = tell(&mut decoder, "homeassistant/binary_sensor/x/config", r#"{"stat_t":"y""#);
        assert_eq!(cut, Err(DecodeError::NotJson));
        assert_eq!(tell(&mut decoder, "x/state", "ON").expect("heard").said, [Said::level(Measure::Smoke(true))]);
        assert_eq!(tell(&mut decoder, "x/state", "perhaps"), Err(DecodeError::WrongType));
        assert_eq!(tell(&mut decoder, "x/state", "unavailable").expect("heard").said, []);
    }

    #[test]
    fn a_help_button_s_trigger_is_a_help_call_and_every_other_a_button() {
        let mut decoder = Discovery::default();
        for word in ["emergency", "single"] {
            let trigger = format!(r#""topic":"z/b/action","payload":"{word}","subtype":"{word}""#);
            announce(&mut decoder, &format!("device_automation/1/{word}"), "", &trigger);
        }
        let said = |decoder: &mut Discovery, payload| tell(decoder, "z/b/action", payload).expect("heard").said;
        assert_eq!(said(&mut decoder, "emergency"), [Said::event(Measure::Sos(true))]);
        assert_eq!(said(&mut decoder, "single"), [Said::event(Measure::Button("single".parse().expect("a code")))]);
        assert_eq!(said(&mut decoder, "hold"), []);
        announce(&mut decoder, "event/1/bell", "button", r#""stat_t":"z/bell""#);
        let bell = tell(&mut decoder, "z/bell", r#"{"event_type":"double"}"#).expect("heard");
        assert_eq!(bell.said, [Said::event(Measure::Button("double".parse().expect("a code")))]);
    }

    #[test]
    fn a_topic_of_two_devices_is_that_of_the_one_that_calls() {
        let mut decoder = Discovery::default();
        for (device, class) in [("d1", "motion"), ("d2", "smoke")] {
            let payload = format!(
                r#"{{"dev_cla":"{class}","stat_t":"hub","val_tpl":"{{{{ value_json.{class} }}}}","dev":{{"ids":"{device}"}},
                    "avty":[{{"t":"hub/bridge/state"}},{{"t":"hub/shared"}}]}}"#
            );
            tell(&mut decoder, &format!("homeassistant/binary_sensor/{device}/config"), &payload).expect("announced");
        }
        let heard = tell(&mut decoder, "hub", r#"{"motion":"ON","smoke":"ON"}"#).expect("heard");
        assert_eq!((heard.address.as_deref(), heard.said.len()), (Some("d2"), 1));
        assert_eq!(heard.refused_keys, [("state_topic", DecodeError::Unknown)]);
        let heard = tell(&mut decoder, "hub", r#"{"motion":"ON"}"#).expect("heard");
        assert_eq!((heard.address.as_deref(), heard.refused_keys.len()), (Some("d1"), 0));

        let bridge = tell(&mut decoder, "hub/bridge/state", "offline").expect("heard");
        assert_eq!(bridge.said, [Said::level(Measure::Availability { online: false, bridge: true })]);
        assert_eq!(tell(&mut decoder, "hub/shared", "offline").expect("heard").said, []);
    }

    #[test]
    fn memory_is_bounded_and_what_is_known_stays() {
        let mut decoder = Discovery::default();
        announce(&mut decoder, "binary_sensor/first", "smoke", r#""stat_t":"first""#);
        for at in 0..DISCOVERED_ENTITIES_MAX + 10 {
            let rest = format!(r#""stat_t":"t/{at}""#);
            announce(&mut decoder, &format!("binary_sensor/{at}"), "smoke", &rest);
        }
        assert_eq!(decoder.parts, DISCOVERED_ENTITIES_MAX);
        let late = announce(&mut decoder, "binary_sensor/late", "smoke", r#""stat_t":"late""#);
        assert_eq!((late.announced.len(), late.refused_keys), (0, vec![("config", DecodeError::TooLong)]));
        assert_eq!(tell(&mut decoder, "first", "ON").expect("heard").said, [Said::level(Measure::Smoke(true))]);
    }
}
