//! BTHome v2: the open format of Bluetooth LE broadcasts, service data 0xFCD2.
//!
//! | bytes | meaning |
//! | --- | --- |
//! | info | bit 0 sealed, bit 1 an address follows, bit 2 sends on events only, bits 5–7 version (2) |
//! | address | six bytes, last first, if info says so |
//! | objects | an id and its value each; texts and raw bytes carry their length |
//! | counter, tag | 4 + 4 bytes behind the objects of a sealed frame |
//!
//! Sealed: AES-CCM, nonce = address ‖ D2 FC ‖ info ‖ counter. A bridge publishes the service data under `bthome/<MAC>`.
//! Source: the format's public description. The objects and their meaning are in [`object`].
//!
//! Design constraints:
//!
//! - An unknown object ends the frame, because its length is unknown; what stood before it is kept.
//! - A frame that cannot be opened says nothing. With an enrolled key, an open frame is a forgery.
//! - Of several buttons in one frame each untouched one is a placeholder; the word of a press is the same for every button
//!   and the fields number them, because roles are given to devices.

mod object;

use serde_json::{Map, Value, json};

use self::object::{Meaning, PACKET_ID, Read};
use super::ble::bytes::Bytes;
use super::ble::counter::{Counters, Heard, Memory};
use super::ble::mac::Mac;
use super::ble::seal::Key;
use super::ble::{self, Handed};
use super::hex;
use super::speech::Speech;
use super::unit::KG_PER_POUND;
use super::{Decode, DecodeError, Decoded, Format, Frame, Transport};
use crate::core::reading::{Contact, Measure, Quantity};

/// Base topic of a bridge that nobody configured.
const BASE_TOPIC: &str = "bthome";

/// The registry's line.
pub const FORMAT: Format = Format {
    name: "bthome_v2",
    about: "BTHome broadcasts: Shelly BLU buttons, doors and motion, home-made ESP32 and nRF nodes, reflashed thermometers",
    about_zh: "BTHome 蓝牙广播:Shelly BLU 按钮、门磁、人体感应,自制 ESP32/nRF 节点,刷机温湿度计",
    transport: Transport::Mqtt { base_topic: BASE_TOPIC, filters: &["+"], bridged: false, announces: false },
    // judgement: a press is broadcast for about a second, and a second bridge hands its copy on within two more; the packet
    // number catches what comes later.
    merge_ms: 3_000,
    steady_ms: 0,
    decoder: || Box::new(BtHome::default()),
};

/// Remembers the last frame of each device.
#[derive(Default)]
struct BtHome {
    counters: Counters,
}

impl Decode for BtHome {
    fn decode(&mut self, frame: &Frame<'_>) -> Result<Decoded, DecodeError> {
        let handed = Handed::read(frame, BASE_TOPIC)?;
        let envelope = Envelope::read(&handed.payload)?;
        let mac = handed.address(envelope.mac, frame)?;
        let address = mac.to_string();
        let mut speech = Speech::of(&address)?;
        let context = frame.context.of(&address);
        let heard = speak(&mut speech, self.counters.at(frame.heard_ms), mac, &envelope, context);
        ble::told(speech, &address, heard, None)
    }

    fn fields(&self, frame: &Frame<'_>) -> Map<String, Value> {
        let read = || {
            let handed = Handed::read(frame, BASE_TOPIC).ok()?;
            let envelope = Envelope::read(&handed.payload).ok()?;
            let mac = handed.address(envelope.mac, frame).ok()?;
            let context = frame.context.of(&mac.to_string());
            Some(envelope.fields(&envelope.open(mac, context).unwrap_or_default()))
        };
        read().unwrap_or_default()
    }
}

/// Says what service data say of this device, for formats that hand them on too.
///
/// # Errors
/// `NoKey`, `WrongKey`, `Replayed`, `Length`, and `Unknown` for another version; nothing is said then.
pub fn speak_service_data(
    speech: &mut Speech,
    memory: Memory<'_>,
    mac: Mac,
    data: &[u8],
    context: &Value,
) -> Result<Heard, DecodeError> {
    speak(speech, memory, mac, &Envelope::read(data)?, context)
}

/// The word of a press by its code in this format, which gateways pass on as it is; `None` for untouched and unlisted.
#[must_use]
pub const fn press(code: u8) -> Option<&'static str> {
    object::press(code)
}

fn speak(
    speech: &mut Speech,
    memory: Memory<'_>,
    mac: Mac,
    envelope: &Envelope<'_>,
    context: &Value,
) -> Result<Heard, DecodeError> {
    let objects = envelope.open(mac, context)?;
    let heard = match (envelope.seal, packet_id(&objects)) {
        (Some(seal), _) => memory.sealed(mac, seal.counter, &objects)?,
        (None, Some(id)) => memory.open(mac, id, &objects),
        (None, None) => Heard::New,
    };
    if heard == Heard::New {
        for object in Objects::of(&objects) {
            match object {
                Ok((object, read)) => say(speech, object, read),
                Err(why) => speech.refuse("object", why),
            }
        }
    }
    Ok(heard)
}

/// Service data, taken apart.
struct Envelope<'a> {
    info: u8,
    mac: Option<Mac>,
    /// The objects, sealed or open.
    body: &'a [u8],
    seal: Option<Seal>,
}

#[derive(Clone, Copy)]
struct Seal {
    counter: u32,
    counter_bytes: [u8; 4],
    tag: [u8; 4],
}

const SEALED: u8 = 1;
const MAC_INCLUDED: u8 = 2;
const TRIGGER_BASED: u8 = 4;
const VERSION: u8 = 2;

impl<'a> Envelope<'a> {
    fn read(data: &'a [u8]) -> Result<Self, DecodeError> {
        // Some bridges leave the service's number before its data.
        let mut bytes = Bytes(data.strip_prefix(&[0xd2, 0xfc]).unwrap_or(data));
        let info = bytes.byte().ok_or(DecodeError::Length)?;
        let mut envelope = Self { info, mac: None, body: &[], seal: None };
        if envelope.version() == VERSION && info & MAC_INCLUDED != 0 {
            envelope.mac = Some(bytes.take(6).and_then(Mac::from_reversed).ok_or(DecodeError::Length)?);
        }
        envelope.body = bytes.0;
        if envelope.version() == VERSION && info & SEALED != 0 {
            let split = bytes.0.len().checked_sub(8).ok_or(DecodeError::Length)?;
            let (body, tail) = bytes.0.split_at(split);
            let mut tail = Bytes(tail);
            let mut four = || tail.take(4).and_then(|four| four.try_into().ok()).ok_or(DecodeError::Length);
            let (counter_bytes, tag): ([u8; 4], [u8; 4]) = (four()?, four()?);
            envelope.body = body;
            envelope.seal = Some(Seal { counter: u32::from_le_bytes(counter_bytes), counter_bytes, tag });
        }
        Ok(envelope)
    }

    const fn version(&self) -> u8 {
        self.info >> 5
    }

    /// The objects in the open.
    fn open(&self, mac: Mac, context: &Value) -> Result<Vec<u8>, DecodeError> {
        if self.version() != VERSION {
            return Err(DecodeError::Unknown);
        }
        match (self.seal, Key::of(context)?) {
            (None, None) => Ok(self.body.to_vec()),
            (None, Some(_)) => Err(DecodeError::Replayed),
            (Some(_), None) => Err(DecodeError::NoKey),
            (Some(seal), Some(key)) => key.open_13(nonce(mac, self.info, seal.counter_bytes), self.body, seal.tag),
        }
    }

    fn fields(&self, objects: &[u8]) -> Map<String, Value> {
        let mut fields = Map::new();
        fields.insert("encrypted".into(), (self.info & SEALED != 0).into());
        fields.insert("mac_included".into(), (self.info & MAC_INCLUDED != 0).into());
        fields.insert("trigger_based".into(), (self.info & TRIGGER_BASED != 0).into());
        fields.insert("version".into(), self.version().into());
        if let Some(seal) = self.seal {
            fields.insert("counter".into(), hex::write(&seal.counter_bytes).into());
            fields.insert("mic_hex".into(), hex::write(&seal.tag).into());
            fields.insert("plaintext_hex".into(), hex::write(objects).into());
        }
        let all: Vec<_> = Objects::of(objects).filter_map(Result::ok).collect();
        fields.insert("no_values".into(), all.is_empty().into());
        let (mut sensors, mut units) = (Map::new(), Map::new());
        let (mut binary, mut events) = (Map::new(), Map::new());
        for (at, (object, read)) in all.iter().enumerate() {
            let list = match read {
                Read::Flag(_) => &mut binary,
                Read::Button(_) | Read::Dimmer(..) => &mut events,
                _ => &mut sensors,
            };
            let alike = |(other, of): &&(&object::Object, Read<'_>)| {
                other.name == object.name && matches!(of, Read::Flag(_)) == matches!(read, Read::Flag(_))
            };
            let name = if all.iter().filter(alike).count() > 1 {
                let nth = all.iter().take(at + 1).filter(alike).count();
                format!("{}_{nth}", object.name)
            } else {
                object.name.to_owned()
            };
            if !object.unit.is_empty() {
                units.insert(name.clone(), object.unit.into());
            }
            list.insert(name, read.value());
        }
        for (key, list) in [("sensors", sensors), ("units", units), ("binary", binary), ("events", events)] {
            if !list.is_empty() {
                fields.insert(key.into(), json!(list));
            }
        }
        fields
    }
}

fn nonce(mac: Mac, info: u8, counter: [u8; 4]) -> [u8; 13] {
    let mut nonce = [0; 13];
    let parts = mac.0.into_iter().chain([0xd2, 0xfc, info]).chain(counter);
    nonce.iter_mut().zip(parts).for_each(|(place, byte)| *place = byte);
    nonce
}

/// Objects one after the other, until one is unknown or cut off.
struct Objects<'a>(Bytes<'a>);

impl<'a> Objects<'a> {
    const fn of(objects: &'a [u8]) -> Self {
        Self(Bytes(objects))
    }
}

impl<'a> Iterator for Objects<'a> {
    type Item = Result<(&'static object::Object, Read<'a>), DecodeError>;

    fn next(&mut self) -> Option<Self::Item> {
        let id = self.0.byte()?;
        let item = match object::find(id) {
            Some(object) => object.take(&mut self.0).map(|read| (object, read)).ok_or(DecodeError::Length),
            None => Err(DecodeError::Unknown),
        };
        if item.is_err() {
            self.0 = Bytes(&[]);
        }
        Some(item)
    }
}

fn packet_id(objects: &[u8]) -> Option<u8> {
    let mut found = Objects::of(objects).filter_map(Result::ok).filter(|(object, _)| object.id == PACKET_ID);
    match found.next()? {
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "one byte, read as such")]
        (_, Read::Number(id)) => Some(id as u8),
        _ => None,
    }
}

fn say(speech: &mut Speech, object: &object::Object, read: Read<'_>) {
    match (object.meaning, read) {
        (Meaning::Number(quantity), Read::Number(number)) => speech.number(quantity, number),
        (Meaning::Pounds, Read::Number(pounds)) => speech.number(Quantity::Weight, pounds * KG_PER_POUND),
        (Meaning::Flag(make), Read::Flag(flag)) => speech.level(make(flag)),
        (Meaning::Opening, Read::Flag(open)) => {
            speech.level(Measure::Contact(if open { Contact::Open } else { Contact::Closed }));
        }
        (_, Read::Button(code)) => match object::press(code) {
            Some(word) => speech.code(object.name, word, Measure::Button),
            None if code == 0 => {}
            None => speech.refuse(object.name, DecodeError::Unknown),
        },
        _ => {}
    }
}

#[cfg(test)]
mod tests;
