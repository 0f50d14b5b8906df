//! What Theengs Gateway and OpenMQTTGateway have in common: their topics, and the JSON of a Bluetooth broadcast.
//!
//! | topic below the base | payload |
//! | --- | --- |
//! | `<gateway>/BTtoMQTT/<MAC>` | one broadcast |
//! | `<gateway>/LWT` | `online`, `offline`; retained |
//! | `<gateway>/…` | others are the formats' own |
//!
//! | key of a broadcast | meaning |
//! | --- | --- |
//! | `id`, `rssi` | address; signal at this gateway |
//! | `tempc` `hum` `lux` `batt` `volt` | room °C, %, lx; battery %, V |
//! | `open`; `contact` | true = open; `open`, `closed`, `timeout not closed` |
//! | `motion` | true, false |
//! | `weight` with `unit` | kg, lb or jin |
//! | `act_bpm`, `steps` | a band's pulse, which may be minutes old, and its steps |
//! | `accx` `accy` `accz` | m/s² |
//! | `button`, `button1`… with `packet` | a press by BTHome's code |
//! | `servicedata`, `servicedatauuid` | the broadcast itself, in hex |
//! | `encr`, `cipher`, `ctr`, `mic` | a sealed BTHome broadcast, taken apart |
//! | `tempf`, `bpm`, `uuid`, `mfid`, `distance`, … | not read: copies, guesses, administration |
//!
//! Design constraints:
//!
//! - Where the broadcast itself is at hand and is BTHome or MiBeacon, it is read in place of what the gateway made of it: the
//!   gateway drops what it does not know, and only the broadcast has a seal.
//! - Of a device with an enrolled key only what the key opens is believed; anything else says nothing of it, not even its
//!   signal. A gateway that opens broadcasts by itself needs the key there, and none here.
//! - A press in the gateway's own keys is said of devices that are enrolled with a `model`, because for other makers the
//!   same key is a counter or a setting.
//! - One gateway offline is the bridge offline while it is the only one under the base; of several each speaks for itself.

use std::collections::BTreeMap;

use serde_json::{Map, Value};

use super::ble;
use super::ble::counter::{Counters, Heard};
use super::ble::mac::Mac;
use super::hex;
use super::json::{self, Item, Scalar};
use super::motion::{Motion, MotionKind};
use super::speech::Speech;
use super::unit::{M_PER_S2_PER_G, to_vocabulary};
use super::{DecodeError, Decoded, Frame, bthome_v2, mibeacon};
use crate::core::reading::{Contact, Measure, Quantity};
use crate::limits::{MQTT_PAYLOAD_BYTES_MAX, RADIO_GATEWAYS_MAX};

/// Base topic of an installation that nobody configured.
pub const BASE_TOPIC: &str = "home";

/// Largest acceleration along one axis as these gateways print it. What they call m/s² is a tenth of it for tags that count
/// in thousandths of g, so 16 is the vocabulary's 16 g, and the sensors' "no value" (32.13) lies beyond.
const ACCELERATION_MAX: f64 = 16.0;

/// A topic below the base: which gateway, what, and what stands behind.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Topic<'a> {
    /// The gateway's name.
    pub gateway: &'a str,
    /// `BTtoMQTT`, `LWT`, `SYStoMQTT`…
    pub what: &'a str,
    /// The rest, without a `/` at its beginning.
    pub rest: &'a str,
}

impl<'a> Topic<'a> {
    /// Takes a frame's topic apart.
    ///
    /// # Errors
    /// `NotMine` for topics outside of the base.
    pub fn of(frame: &Frame<'a>) -> Result<Self, DecodeError> {
        let below = frame.topic.and_then(|topic| topic.strip_prefix(BASE_TOPIC)?.strip_prefix('/'));
        let (gateway, behind) = below.and_then(|below| below.split_once('/')).ok_or(DecodeError::NotMine)?;
        let (what, rest) = behind.split_once('/').unwrap_or((behind, ""));
        if gateway.is_empty() { Err(DecodeError::NotMine) } else { Ok(Self { gateway, what, rest }) }
    }
}

/// Remembers the gateways and the last frame of each device.
#[derive(Default)]
pub struct Gateways {
    online: BTreeMap<Box<str>, bool>,
    bthome: Counters,
    mibeacon: Counters,
    presses: Counters,
}

impl Gateways {
    /// A gateway's word on being reachable: its own, or the broker's after its end.
    ///
    /// # Errors
    /// `Unknown` for other words.
    pub fn last_will(&mut self, gateway: &str, bytes: &[u8]) -> Result<Decoded, DecodeError> {
        let online = match bytes.trim_ascii() {
            b"online" => true,
            b"offline" => false,
            // A cleared topic.
            b"" => return Ok(Decoded::default()),
            _ => return Err(DecodeError::Unknown),
        };
        let was_dark = !self.online.values().any(|online| *online);
        if self.online.contains_key(gateway) || self.online.len() < RADIO_GATEWAYS_MAX {
            self.online.insert(gateway.into(), online);
        }
        let is_dark = !self.online.values().any(|online| *online);
        let bridge = is_dark || was_dark || self.online.len() <= 1;
        let mut speech = if bridge { Speech::of_nobody_named() } else { Speech::of(gateway)? };
        speech.level(Measure::Availability { online, bridge });
        speech.finish()
    }

    /// One broadcast.
    ///
    /// # Errors
    /// Those of JSON; `WrongType` without an address; `Replayed` for an old one, `Length` for one that is cut off.
    pub fn broadcast(&mut self, topic: Topic<'_>, frame: &Frame<'_>) -> Result<Decoded, DecodeError> {
        let text = json::bounded(frame.bytes, MQTT_PAYLOAD_BYTES_MAX)?;
        if text.trim_ascii().is_empty() {
            return Ok(Decoded::default());
        }
        let heard = Broadcast::read(text)?;
        let address = heard.address(topic)?;
        let context = frame.context.of(&address);
        let mut speech = Speech::of(&address)?;
        let unopened = |key, why| ble::unopened(&address, key, why, None);
        match (Mac::parse(&address), heard.raw()) {
            (Some(mac), Some(raw)) => match self.raw(&mut speech, mac, &raw, context, frame.heard_ms) {
                Ok(Heard::New | Heard::Repeat) => {}
                // Nobody enrolled a key, so the signal is as good as that of a device that never seals.
                Err(why @ DecodeError::NoKey) if !has_key(context) => {
                    heard.speak_signal(&mut speech);
                    let Decoded { said, dropped, .. } = ble::heard(speech, &address);
                    return Ok(Decoded { said, dropped, ..unopened("no_key", why) });
                }
                other => return ble::told(speech, &address, other, None),
            },
            _ if has_key(context) => return Ok(unopened("replayed", DecodeError::Replayed)),
            (mac, None) => {
                heard.speak(&mut speech);
                self.presses(&mut speech, &heard, mac, context, frame.heard_ms);
            }
            (None, Some(_)) => return Ok(unopened("id", DecodeError::WrongType)),
        }
        heard.speak_signal(&mut speech);
        speech.finish()
    }

    /// Reads the broadcast itself.
    fn raw(
        &mut self,
        speech: &mut Speech,
        mac: Mac,
        raw: &Raw,
        context: &Value,
        heard_ms: u64,
    ) -> Result<Heard, DecodeError> {
        match raw {
            Raw::BtHome(data) => bthome_v2::speak_service_data(speech, self.bthome.at(heard_ms), mac, data, context),
            Raw::MiBeacon(data) => mibeacon::speak_service_data(speech, self.mibeacon.at(heard_ms), mac, data, context),
            // The gateway took the first byte away, and the seal covers it: it fits for one of the two that devices send.
            Raw::Sealed(tail) => {
                let mut with = |info: u8| {
                    let data = [&[info], tail.as_slice()].concat();
                    bthome_v2::speak_service_data(speech, self.bthome.at(heard_ms), mac, &data, context)
                };
                match with(0x45) {
                    Err(DecodeError::WrongKey) => with(0x41),
                    other => other,
                }
            }
        }
    }

    /// Presses in the gateway's own keys.
    fn presses(
        &mut self,
        speech: &mut Speech,
        heard: &Broadcast<'_>,
        mac: Option<Mac>,
        context: &Value,
        heard_ms: u64,
    ) {
        if heard.presses.is_empty() {
            return;
        }
        if context.get("model").and_then(Value::as_str).is_none() {
            return speech.refuse("button", DecodeError::Unknown);
        }
        let codes: Vec<u8> = heard.presses.iter().map(|(_, code)| *code).collect();
        if let (Some(mac), Some(packet)) = (mac, heard.packet)
            && self.presses.at(heard_ms).open(mac, packet, &codes) == Heard::Repeat
        {
            return;
        }
        for code in codes {
            match bthome_v2::press(code) {
                Some(word) => speech.code("button", word, Measure::Button),
                None if code == 0 => {}
                None => speech.refuse("button", DecodeError::Unknown),
            }
        }
    }
}

fn has_key(context: &Value) -> bool {
    ["key", "bindkey"].iter().any(|name| context.get(name).is_some_and(|key| !key.is_null()))
}

/// The broadcast itself, as far as the gateway hands it on.
enum Raw {
    BtHome(Vec<u8>),
    MiBeacon(Vec<u8>),
    /// Of sealed BTHome everything but the first byte.
    Sealed(Vec<u8>),
}

/// The keys of a broadcast.
#[derive(Default)]
struct Broadcast<'a> {
    id: Option<String>,
    rssi: Option<f64>,
    said: Vec<(&'static str, Quantity, Scalar<'a>)>,
    open: Option<Scalar<'a>>,
    contact: Option<Scalar<'a>>,
    motion: Option<Scalar<'a>>,
    weight: Option<f64>,
    unit: Option<String>,
    axes: [Option<f64>; 3],
    packet: Option<u8>,
    presses: Vec<(String, u8)>,
    service: Option<String>,
    service_data: Option<String>,
    encrypted: bool,
    parts: [Option<String>; 3],
}

/// Keys that are numbers of the vocabulary.
const NUMBERS: &[(&str, Quantity)] = &[
    ("act_bpm", Quantity::HeartRate),
    ("batt", Quantity::Battery),
    ("hum", Quantity::Humidity),
    ("lux", Quantity::Illuminance),
    ("steps", Quantity::Steps),
    ("tempc", Quantity::AmbientTemp),
    ("volt", Quantity::Voltage),
];

/// Buttons of one device. judgement: the largest of these remotes has four.
const PRESSES_MAX: usize = 8;

impl<'a> Broadcast<'a> {
    fn read(text: &'a str) -> Result<Self, DecodeError> {
        let mut one = Self::default();
        Item::whole(text).object(|key, item| one.take(key, item))?;
        Ok(one)
    }

    fn take(&mut self, key: &str, item: Item<'a>) {
        let text = || item.text().map(std::borrow::Cow::into_owned);
        if let Some((key, quantity)) = NUMBERS.iter().find(|(name, _)| *name == key) {
            if self.said.len() < NUMBERS.len() {
                self.said.push((key, *quantity, item.scalar()));
            }
            return;
        }
        match key {
            "id" => self.id = text(),
            "rssi" => self.rssi = item.number(),
            "open" => self.open = Some(item.scalar()),
            "contact" => self.contact = Some(item.scalar()),
            "motion" => self.motion = Some(item.scalar()),
            "weight" => self.weight = item.number(),
            "unit" => self.unit = text(),
            "accx" => self.axes[0] = item.number(),
            "accy" => self.axes[1] = item.number(),
            "accz" => self.axes[2] = item.number(),
            "packet" => self.packet = item.number().and_then(byte),
            "servicedatauuid" => self.service = text(),
            "servicedata" => self.service_data = text(),
            "encr" => self.encrypted = item.number().is_some_and(|kind| kind > 0.0),
            "cipher" => self.parts[0] = text(),
            "ctr" => self.parts[1] = text(),
            "mic" => self.parts[2] = text(),
            _ if key.starts_with("button") && self.presses.len() < PRESSES_MAX => {
                if let Some(code) = item.number().and_then(byte) {
                    self.presses.push((key.to_owned(), code));
                }
            }
            _ => {}
        }
    }

    /// The address in the payload, else the topic's.
    fn address(&self, topic: Topic<'_>) -> Result<String, DecodeError> {
        let named = self.id.as_deref().filter(|id| !id.is_empty()).unwrap_or(topic.rest);
        if named.is_empty() {
            return Err(DecodeError::WrongType);
        }
        Ok(Mac::parse(named).map_or_else(|| named.to_owned(), |mac| mac.to_string()))
    }

    fn raw(&self) -> Option<Raw> {
        let bytes = |text: &Option<String>| hex::read(text.as_deref().filter(|text| !text.is_empty())?.as_bytes());
        if let (Some(service), Some(data)) = (self.service.as_deref(), bytes(&self.service_data)) {
            let service = service.to_ascii_lowercase();
            match service.trim_start_matches("0x").trim_start_matches("0000").get(..4) {
                Some("fcd2") => return Some(Raw::BtHome(data)),
                Some("fe95") => return Some(Raw::MiBeacon(data)),
                _ => {}
            }
        }
        let [cipher, counter, tag] = self.parts.each_ref().map(bytes);
        // MiBeacon counts with three bytes, and its nonce needs what the gateway leaves out.
        let counter = counter.filter(|counter| counter.len() == 4)?;
        self.encrypted.then_some(Raw::Sealed([cipher?, counter, tag?].concat()))
    }

    /// Says how well the gateway received it.
    fn speak_signal(&self, speech: &mut Speech) {
        if let Some(rssi) = self.rssi {
            speech.number(Quantity::Rssi, rssi);
        }
    }

    /// Says what the gateway made of the broadcast.
    fn speak(&self, speech: &mut Speech) {
        for (key, quantity, value) in &self.said {
            match value {
                Scalar::Number(number) => speech.number(*quantity, *number),
                Scalar::Null => {}
                _ => speech.refuse(key, DecodeError::WrongType),
            }
        }
        let door = |open: bool| Measure::Contact(if open { Contact::Open } else { Contact::Closed });
        match &self.open {
            Some(Scalar::Flag(open)) => speech.level(door(*open)),
            Some(Scalar::Null) | None => {}
            Some(_) => speech.refuse("open", DecodeError::WrongType),
        }
        match &self.contact {
            Some(Scalar::Text(word)) => match word.as_ref() {
                "open" | "timeout not closed" => speech.level(door(true)),
                "closed" => speech.level(door(false)),
                _ => speech.refuse("contact", DecodeError::Unknown),
            },
            Some(Scalar::Null) | None => {}
            Some(_) => speech.refuse("contact", DecodeError::WrongType),
        }
        match &self.motion {
            Some(Scalar::Flag(motion)) => speech.level(Measure::Motion(*motion)),
            Some(Scalar::Null) | None => {}
            Some(_) => speech.refuse("motion", DecodeError::WrongType),
        }
        if let Some(weight) = self.weight {
            match to_vocabulary(Quantity::Weight, self.unit.as_deref().unwrap_or("kg"), weight) {
                Some(kilograms) => speech.number(Quantity::Weight, kilograms),
                None => speech.refuse("unit", DecodeError::Unknown),
            }
        }
        if let [Some(x), Some(y), Some(z)] = self.axes {
            let axis = |value: f64| {
                MotionKind::Accel.to_steps(value / M_PER_S2_PER_G).filter(|_| value.abs() <= ACCELERATION_MAX)
            };
            if let (Some(x), Some(y), Some(z)) = (axis(x), axis(y), axis(z)) {
                speech.motion(Motion { kind: MotionKind::Accel, rate_mhz: None, samples: vec![[x, y, z]] });
            }
        }
    }
}

#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "the range is checked right before")]
fn byte(number: f64) -> Option<u8> {
    (number.fract() == 0.0 && (0.0..=255.0).contains(&number)).then_some(number as u8)
}

/// What a broadcast says of itself, for an installer's eyes.
#[must_use]
pub fn broadcast_fields(frame: &Frame<'_>) -> Map<String, Value> {
    let mut fields = Map::new();
    let Ok(text) = json::bounded(frame.bytes, MQTT_PAYLOAD_BYTES_MAX) else { return fields };
    let walked = Item::whole(text).object(|key, item| {
        let shown = ["id", "name", "brand", "model", "model_id", "type", "rssi", "encr", "servicedatauuid"];
        let value = match item.scalar() {
            Scalar::Text(text) => Value::from(text.as_ref()),
            Scalar::Number(number) => Value::from(number),
            _ => return,
        };
        if key == "id" {
            fields.insert("device".into(), value.clone());
        }
        if shown.contains(&key) {
            fields.insert(key.into(), value);
        }
    });
    if walked.is_err() { Map::new() } else { fields }
}
