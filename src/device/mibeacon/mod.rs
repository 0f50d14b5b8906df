//! MiBeacon: broadcasts of Xiaomi, Mijia and Linptech sensors, service data 0xFE95; and of their scales, 181D and 181B.
//!
//! | bytes | meaning |
//! | --- | --- |
//! | control | bit 3 sealed, 4 address follows, 5 capability follows, 6 objects follow, 7 mesh, 12–15 version (2–5) |
//! | product | the model's number, see [`product`] |
//! | number | grows with every frame |
//! | address | six bytes, last first |
//! | capability | one byte, and one more if its bit 5 is set |
//! | objects | id (2), length (1), data each, see [`object`] |
//! | counter, tag | 3 + 4 bytes behind the objects of a sealed frame of version 4 or 5; 3 + 1 of version 2 or 3 |
//!
//! Sealed: AES-CCM with `11` beside it. Versions 4 and 5: nonce = address reversed ‖ product ‖ number ‖ counter. Versions 2
//! and 3: nonce = the first five bytes ‖ counter ‖ address reversed without its last byte. A bridge publishes the service data
//! under `mibeacon/<MAC>`, those of another service under `mibeacon/<MAC>/<UUID>`. Source: the maker's public description
//! of objects, and what is publicly known of the rest.
//!
//! Design constraints:
//!
//! - A frame without objects is a sign of life of an open device; a device with a key is only believed under its seal.
//! - The old versions carry no whole tag: what comes out must be whole objects to the last byte, or the key was wrong.
//! - The counter of a sealed frame is `counter ‖ number`, 32 bits, and grows.

mod object;

mod product;

mod scale;

use serde_json::{Map, Value, json};

use super::ble::bytes::Bytes;
use super::ble::counter::{Counters, Heard, Memory};
use super::ble::mac::Mac;
use super::ble::seal::Key;
use super::ble::{self, Handed};
use super::hex;
use super::speech::Speech;
use super::{Decode, DecodeError, Decoded, Format, Frame, Transport};

/// Base topic of a bridge that nobody configured.
const BASE_TOPIC: &str = "mibeacon";

/// The registry's line.
pub const FORMAT: Format = Format {
    name: "mibeacon",
    about: "Xiaomi, Mijia and Linptech broadcasts: doors, motion, presence, leak, smoke, buttons, bed pads, bands, scales",
    about_zh: "小米/米家/领普蓝牙广播:门窗、人体、存在、水浸、烟雾、按钮、床垫压力、手环、体重秤",
    transport: Transport::Mqtt { base_topic: BASE_TOPIC, filters: &["+", "+/+"], bridged: false, announces: false },
    // judgement: a device repeats a frame 3 to 10 times within two seconds, and a second bridge hands its copies on within two
    // more; the frame's number catches what comes later.
    merge_ms: 4_000,
    steady_ms: 0,
    decoder: || Box::new(MiBeacon::default()),
};

/// Remembers the last frame of each device.
#[derive(Default)]
struct MiBeacon {
    counters: Counters,
}

impl Decode for MiBeacon {
    fn decode(&mut self, frame: &Frame<'_>) -> Result<Decoded, DecodeError> {
        let handed = Handed::read(frame, BASE_TOPIC)?;
        if let Some(service) = scale::Service::of(handed.uuid, frame.context.of("")) {
            let address = handed.address(None, frame)?.to_string();
            let mut speech = Speech::of(&address)?;
            service.speak(&mut speech, &handed.payload)?;
            return Ok(ble::heard(speech, &address));
        }
        let envelope = Envelope::read(&handed.payload)?;
        let mac = handed.address(envelope.mac, frame)?;
        let address = mac.to_string();
        let mut speech = Speech::of(&address)?;
        let model = product::model(envelope.product);
        let memory = self.counters.at(frame.heard_ms);
        let heard = speak(&mut speech, memory, mac, &envelope, frame.context.of(&address));
        ble::told(speech, &address, heard, model)
    }

    fn fields(&self, frame: &Frame<'_>) -> Map<String, Value> {
        let read = || {
            let handed = Handed::read(frame, BASE_TOPIC).ok()?;
            if let Some(service) = scale::Service::of(handed.uuid, frame.context.of("")) {
                return Some(service.fields(&handed.payload));
            }
            let envelope = Envelope::read(&handed.payload).ok()?;
            let mac = handed.address(envelope.mac, frame).ok()?;
            let objects = envelope.open(mac, frame.context.of(&mac.to_string())).unwrap_or_default();
            Some(envelope.fields(&objects))
        };
        read().unwrap_or_default()
    }
}

/// Says what service data say of this device, for formats that hand them on too.
///
/// # Errors
/// `NoKey`, `WrongKey`, `Replayed`, `Length`, and `NotMine` for what is no frame; nothing is said then.
pub fn speak_service_data(
    speech: &mut Speech,
    memory: Memory<'_>,
    mac: Mac,
    data: &[u8],
    context: &Value,
) -> Result<Heard, DecodeError> {
    speak(speech, memory, mac, &Envelope::read(data)?, context)
}

fn speak(
    speech: &mut Speech,
    memory: Memory<'_>,
    mac: Mac,
    envelope: &Envelope<'_>,
    context: &Value,
) -> Result<Heard, DecodeError> {
    if envelope.control & OBJECTS == 0 {
        // Anybody can send this much, so it is a sign of life only of a device that never seals.
        if Key::of(context)?.is_some() {
            return Ok(Heard::Unproven);
        }
        speech.alive();
        return Ok(Heard::New);
    }
    let objects = envelope.open(mac, context)?;
    let heard = match envelope.counter {
        Some(counter) if envelope.control & SEALED != 0 => memory.sealed(mac, counter, &objects)?,
        _ => memory.open(mac, envelope.number, &objects),
    };
    if heard == Heard::New {
        for object in Objects(Bytes(&objects)) {
            let said = object.and_then(|(id, data)| object::say(speech, envelope.product, id, data));
            if let Err(why) = said {
                speech.refuse("object", why);
            }
        }
    }
    Ok(heard)
}

/// Service data, taken apart.
struct Envelope<'a> {
    /// The first five bytes.
    head: [u8; 5],
    control: u16,
    product: u16,
    number: u8,
    mac: Option<Mac>,
    /// The objects, sealed or open.
    body: &'a [u8],
    /// Counter and number of a sealed frame together.
    counter: Option<u32>,
    /// Counter and tag.
    tail: &'a [u8],
}

const SEALED: u16 = 1 << 3;
const MAC_INCLUDED: u16 = 1 << 4;
const CAPABILITY: u16 = 1 << 5;
const OBJECTS: u16 = 1 << 6;
const MESH: u16 = 1 << 7;

/// Capability: an input-output byte follows.
const CAPABILITY_MORE: u8 = 1 << 5;

/// Oldest version whose objects have this shape.
const VERSION_MIN: u16 = 2;

/// Oldest version whose seal has a whole tag.
const VERSION_TAGGED: u16 = 4;

impl<'a> Envelope<'a> {
    fn read(data: &'a [u8]) -> Result<Self, DecodeError> {
        // Some bridges leave the service's number before its data.
        let data = data.strip_prefix(&[0x95, 0xfe]).unwrap_or(data);
        let head: [u8; 5] = data.get(..5).and_then(|head| head.try_into().ok()).ok_or(DecodeError::Length)?;
        let [control_low, control_high, product_low, product_high, number] = head;
        let control = u16::from_le_bytes([control_low, control_high]);
        if control & MESH != 0 || control >> 12 < VERSION_MIN {
            return Err(DecodeError::NotMine);
        }
        let mut bytes = Bytes(data.get(5..).unwrap_or_default());
        let mut mac = None;
        if control & MAC_INCLUDED != 0 {
            mac = Some(bytes.take(6).and_then(Mac::from_reversed).ok_or(DecodeError::Length)?);
        }
        if control & CAPABILITY != 0 && bytes.byte().ok_or(DecodeError::Length)? & CAPABILITY_MORE != 0 {
            bytes.byte().ok_or(DecodeError::Length)?;
        }
        let product = u16::from_le_bytes([product_low, product_high]);
        let mut envelope = Self { head, control, product, number, mac, body: bytes.0, counter: None, tail: &[] };
        if control & SEALED != 0 && control & OBJECTS != 0 {
            let tail = if envelope.version() < VERSION_TAGGED { 4 } else { 7 };
            let split = bytes.0.len().checked_sub(tail).ok_or(DecodeError::Length)?;
            (envelope.body, envelope.tail) = bytes.0.split_at(split);
            if let [a, b, c, ..] = envelope.tail {
                envelope.counter = Some(u32::from_le_bytes([number, *a, *b, *c]));
            }
        }
        Ok(envelope)
    }

    const fn version(&self) -> u16 {
        self.control >> 12
    }

    /// The objects in the open.
    fn open(&self, mac: Mac, context: &Value) -> Result<Vec<u8>, DecodeError> {
        let key = Key::of(context)?;
        if self.control & OBJECTS == 0 {
            return Ok(Vec::new());
        }
        let key = match (self.control & SEALED != 0, key) {
            (false, None) => return Ok(self.body.to_vec()),
            (false, Some(_)) => return Err(DecodeError::Replayed),
            (true, None) => return Err(DecodeError::NoKey),
            (true, Some(key)) => key,
        };
        let [m0, m1, m2, m3, m4, m5] = mac.reversed();
        let [h0, h1, h2, h3, h4] = self.head;
        match *self.tail {
            [c0, c1, c2, t0, t1, t2, t3] => {
                let nonce = [m0, m1, m2, m3, m4, m5, h2, h3, h4, c0, c1, c2];
                key.open_12(nonce, &[0x11], self.body, [t0, t1, t2, t3])
            }
            [c0, c1, c2, _] => {
                let nonce = [h0, h1, h2, h3, h4, c0, c1, c2, m0, m1, m2, m3, m4];
                let objects = key.turn_13(nonce, self.body)?;
                let whole = !objects.is_empty() && Objects(Bytes(&objects)).all(|object| object.is_ok());
                if whole { Ok(objects) } else { Err(DecodeError::WrongKey) }
            }
            _ => Err(DecodeError::Length),
        }
    }

    fn fields(&self, objects: &[u8]) -> Map<String, Value> {
        let mut fields = Map::new();
        let product = format!("0x{:04X}", self.product);
        fields.insert("model".into(), product::model(self.product).unwrap_or(&product).into());
        fields.insert("product_id".into(), product.as_str().into());
        fields.insert("version".into(), self.version().into());
        fields.insert("frame_counter".into(), self.number.into());
        fields.insert("encrypted".into(), (self.control & SEALED != 0).into());
        fields.insert("mac_included".into(), self.mac.is_some().into());
        let list: Vec<Value> = Objects(Bytes(objects))
            .filter_map(Result::ok)
            .map(|(id, data)| json!({"id": format!("0x{id:04X}"), "data": hex::write(data)}))
            .collect();
        fields.insert("no_values".into(), list.is_empty().into());
        fields.insert("objects".into(), list.into());
        fields
    }
}

/// Objects one after the other, until one is cut off.
struct Objects<'a>(Bytes<'a>);

impl<'a> Iterator for Objects<'a> {
    type Item = Result<(u16, &'a [u8]), DecodeError>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.0.is_empty() {
            return None;
        }
        let mut read = || {
            let (id, length) = (self.0.u16()?, self.0.byte()?);
            self.0.take(usize::from(length)).map(|data| (id, data))
        };
        let object = read();
        if object.is_none() {
            self.0 = Bytes(&[]);
        }
        Some(object.ok_or(DecodeError::Length))
    }
}

#[cfg(test)]
mod tests;
