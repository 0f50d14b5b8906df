//! What the formats of Bluetooth LE broadcasts share: addresses, keys, counters, and the way a bridge hands frames on.
//!
//! A bridge that forwards raw payloads publishes them under `<format>/<MAC>` (or `<format>/<MAC>/<UUID>` where the service
//! or characteristic matters), as bytes or as hex text. That is this project's own convention; any ESP32 sketch can do it.
//!
//! Design constraints:
//!
//! - The address is the topic's, else the frame's own, else enrolment's `mac`: a topic is what the bridge received from.
//! - A payload is taken for hex text only if it came over MQTT and consists of nothing but pairs of hex digits; no frame
//!   of these formats does, because their first bytes lie outside of the letters and digits.
//! - What cannot be opened says nothing of its device, not even that it is alive: anybody can send it.

pub mod mac;

pub mod bytes;

pub mod seal;

pub mod counter;

use std::borrow::Cow;

use serde_json::Value;

use super::speech::Speech;
use super::{DecodeError, Decoded, Frame, Listed};
use counter::Heard;
use mac::Mac;

/// A frame as its bridge handed it on.
pub struct Handed<'a> {
    /// The device that was received, as the topic says.
    pub mac: Option<Mac>,
    /// Service or characteristic, as the topic says.
    pub uuid: Option<&'a str>,
    /// The payload.
    pub payload: Cow<'a, [u8]>,
}

impl<'a> Handed<'a> {
    /// Takes topic and payload apart. A frame without a topic is a bare payload.
    ///
    /// # Errors
    /// `NotMine` for other topics, `TooLong` for payloads that no radio carries.
    pub fn read(frame: &Frame<'a>, base: &str) -> Result<Self, DecodeError> {
        let Some(topic) = frame.topic else {
            return Ok(Self { mac: None, uuid: None, payload: bounded(frame.bytes.into())? });
        };
        let below = topic.strip_prefix(base).and_then(|rest| rest.strip_prefix('/')).ok_or(DecodeError::NotMine)?;
        let (mac, uuid) = match below.split_once('/') {
            Some((mac, uuid)) => (mac, Some(uuid)),
            None => (below, None),
        };
        let mac = Mac::parse(mac).ok_or(DecodeError::NotMine)?;
        Ok(Self { mac: Some(mac), uuid, payload: bounded(bytes::from_hex_text(frame.bytes))? })
    }

    /// Whose frame it is: the topic's address, else the frame's own, else enrolment's.
    ///
    /// # Errors
    /// `NotMine` when nobody says whose.
    pub fn address(&self, own: Option<Mac>, frame: &Frame<'_>) -> Result<Mac, DecodeError> {
        let enrolled = || frame.context.of("").get("mac").and_then(Value::as_str).and_then(Mac::parse);
        self.mac.or(own).or_else(enrolled).ok_or(DecodeError::NotMine)
    }
}

/// Longest payload, in bytes. Source: an extended advertisement carries 255; a notification at the largest MTU 512.
const PAYLOAD_BYTES_MAX: usize = 512;

fn bounded(payload: Cow<'_, [u8]>) -> Result<Cow<'_, [u8]>, DecodeError> {
    if payload.len() > PAYLOAD_BYTES_MAX { Err(DecodeError::TooLong) } else { Ok(payload) }
}

/// A speech that is heard even if nothing in it could be read: the envelope was good, and what was refused is counted.
#[must_use]
pub fn heard(speech: Speech, address: &str) -> Decoded {
    match speech.finish() {
        Ok(decoded) => decoded,
        Err(why) => {
            Decoded { address: Some(address.to_owned()), refused_keys: vec![("values", why)], ..Decoded::default() }
        }
    }
}

/// What is made of a frame whose words were put into `speech`, or why they were not.
///
/// # Errors
/// Why nothing at all can be said of it.
pub fn told(
    speech: Speech,
    address: &str,
    heard: Result<Heard, DecodeError>,
    model: Option<&str>,
) -> Result<Decoded, DecodeError> {
    match heard {
        Ok(Heard::New) => Ok(self::heard(speech, address)),
        Ok(Heard::Repeat | Heard::Unproven) => Ok(nothing_new(address)),
        Err(why @ DecodeError::NoKey) => Ok(unopened(address, "no_key", why, model)),
        Err(why @ DecodeError::WrongKey) => Ok(unopened(address, "wrong_key", why, model)),
        // Versions of a format before and after the one that is read share its service.
        Err(why @ DecodeError::Unknown) => Ok(unopened(address, "version", why, model)),
        Err(why) => Err(why),
    }
}

/// A frame that cannot be opened: counted under `key`, and its device listed, so that the installer sees who needs a key.
#[must_use]
pub fn unopened(address: &str, key: &'static str, why: DecodeError, model: Option<&str>) -> Decoded {
    Decoded {
        address: Some(address.to_owned()),
        refused_keys: vec![(key, why)],
        listed: vec![Listed { address: address.to_owned(), model: model.map(str::to_owned) }],
        ..Decoded::default()
    }
}

/// A frame that says nothing new.
#[must_use]
pub fn nothing_new(address: &str) -> Decoded {
    Decoded { address: Some(address.to_owned()), ..Decoded::default() }
}
