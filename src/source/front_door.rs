//! From a frame to the lane it takes: the one place where every source's frames pass.
//!
//! The order is the rule: bounds before parsing, decoding before believing, and whose it is before what it means.
//! What does not pass is counted by format and kind of refusal and said once a kind in the log, without its bytes
//! and without its sender's address.

use serde_json::Value;
use tokio::time::Instant;
use tracing::warn;

use super::counters::Scope;
use super::heard::Speaker;
use super::{Inlet, Resolve};
use crate::core::id::SourceId;
use crate::core::reading::{Measure, Origin, Said, Sample};
use crate::core::roster::Class;
use crate::device::{Decode, DecodeError, Decoded, Format, Frame, Transport};
use crate::limits::{ADDRESS_BYTES_MAX, BRIDGE_LIST_BYTES_MAX, MQTT_PAYLOAD_BYTES_MAX, TOPIC_BYTES_MAX};

/// One format behind one source: its decoder, and the way through the door.
pub struct FrontDoor {
    source: SourceId,
    format: Format,
    decoder: Box<dyn Decode>,
    inlet: Inlet,
}

/// A frame as its source read it.
#[derive(Debug, Clone, Copy)]
pub struct Raw<'a> {
    /// The topic, with the format's usual base topic.
    pub topic: Option<&'a str>,
    /// The bytes.
    pub bytes: &'a [u8],
    /// The broker kept it from before.
    pub retained: bool,
}

/// What came of a frame that passed.
#[derive(Debug)]
pub struct Admitted {
    /// The sample.
    pub sample: Sample,
    /// The lane it takes.
    pub class: Class,
}

/// The largest payload taken under a topic below its base: only the list of a bridge's devices may be large.
#[must_use]
pub fn payload_bytes_max(topic_below_base: &str) -> usize {
    if topic_below_base == "bridge/devices" { BRIDGE_LIST_BYTES_MAX } else { MQTT_PAYLOAD_BYTES_MAX }
}

impl FrontDoor {
    /// A door with a fresh decoder.
    #[must_use]
    pub fn new(source: SourceId, format: Format, inlet: Inlet) -> Self {
        Self { source, decoder: (format.decoder)(), format, inlet }
    }

    /// Takes a frame as far as its sample; `None` when nothing of it is for the station.
    ///
    /// That is so for refused frames, for pure administration, and for the routine words of strangers, of which
    /// only the heard list knows.
    pub fn admit(&mut self, raw: &Raw<'_>, now: Instant) -> Option<Admitted> {
        let below = self.within_bounds(raw)?;
        let resolve = self.inlet.resolve.borrow().clone();
        let context = resolve.context(self.format.name, below).unwrap_or(&Value::Null);
        let frame = Frame { topic: raw.topic, bytes: raw.bytes, context };
        match self.decoder.decode(&frame) {
            Ok(decoded) => self.sample(decoded, raw.retained, &*resolve, now),
            Err(error) => {
                self.refuse(word(error), &error);
                None
            }
        }
    }

    /// Checks sizes; the topic below the format's base when it has one.
    fn within_bounds<'a>(&self, raw: &Raw<'a>) -> Option<&'a str> {
        let (below, bytes_max) = match (self.format.transport, raw.topic) {
            (Transport::SerialLines { line_bytes_max }, _) => ("", line_bytes_max),
            (Transport::Mqtt { base_topic }, Some(topic)) => {
                if topic.len() > TOPIC_BYTES_MAX {
                    self.refuse("topic_too_long", &"the topic is too long");
                    return None;
                }
                let below = topic.strip_prefix(base_topic).and_then(|rest| rest.strip_prefix('/')).unwrap_or("");
                (below, payload_bytes_max(below))
            }
            (Transport::Mqtt { .. }, None) => ("", MQTT_PAYLOAD_BYTES_MAX),
        };
        if raw.bytes.len() > bytes_max && below.starts_with("bridge/") {
            // A bridge's words on itself (zigbee2mqtt's `bridge/info` and `bridge/definitions`) are often that long and
            // say nothing of a device: nobody is to be sent looking for what is wrong with them.
            self.inlet.counters.add(Scope::Format(self.format.name), "ignored", "long_bridge_topic");
            return None;
        }
        if raw.bytes.len() > bytes_max {
            self.refuse(word(DecodeError::TooLong), &DecodeError::TooLong);
            return None;
        }
        Some(below)
    }

    fn sample(&self, decoded: Decoded, retained: bool, resolve: &dyn Resolve, now: Instant) -> Option<Admitted> {
        let name = self.format.name;
        for (kind, why) in &decoded.dropped {
            // Zeros that mean "no measurement" are a device's daily bread; an impossible number is worth a counter.
            self.inlet.counters.add(Scope::Format(name), why.word(), kind);
        }
        let speaker = |address, origin| Speaker { format: name, address, origin, source: self.source, at: now };
        for (key, _) in &decoded.refused_keys {
            self.inlet.counters.add(Scope::Format(name), "refused_key", key);
        }
        for listed in decoded.listed.iter().filter(|listed| listed.address.len() <= ADDRESS_BYTES_MAX) {
            let origin = resolve.origin(name, &listed.address);
            self.inlet.heard.list(&speaker(&listed.address, origin), listed.model.as_deref());
        }
        if decoded.said.is_empty() && decoded.dropped.is_empty() {
            return None;
        }
        let from = match decoded.address.as_deref() {
            None => Origin::Bridge(self.source),
            Some(address) if address.len() > ADDRESS_BYTES_MAX => {
                self.refuse("address_too_long", &"the device's address is too long");
                return None;
            }
            Some(address) => {
                let origin = resolve.origin(name, address);
                self.inlet.heard.note(&speaker(address, origin), &decoded.said, !retained);
                origin
            }
        };
        let said = life_safety_first(decoded.said);
        let sample = Sample { from, said, retained, merge_ms: self.format.merge_ms };
        let class = resolve.class(&sample);
        let kept = class == Class::Urgent || !matches!(from, Origin::Stranger(_));
        kept.then_some(Admitted { sample, class })
    }

    fn refuse(&self, kind: &'static str, why: &dyn std::fmt::Display) {
        let name = self.format.name;
        if self.inlet.counters.add(Scope::Format(name), "refused", kind) == 1 {
            warn!(source = %self.source, format = name, kind, "a frame was refused: {why}; more of this kind are only counted");
        }
    }
}

/// Puts what may alarm before what may not, each in the order of the frame: a press is not to wait for a battery.
fn life_safety_first(mut said: Vec<Said>) -> Vec<Said> {
    let rank = |said: &Said| !(said.measure.may_alarm() || needs_role(&said.measure));
    if !said.is_sorted_by_key(rank) {
        said.sort_by_key(rank);
    }
    said
}

/// Whether only the device's role says what it means, and it may be a help call.
const fn needs_role(measure: &Measure) -> bool {
    matches!(measure, Measure::Button(_) | Measure::RfCode(_) | Measure::Switch(_))
}

/// The refusal's word in counters.
const fn word(error: DecodeError) -> &'static str {
    match error {
        DecodeError::NotMine => "not_mine",
        DecodeError::TooLong => "too_long",
        DecodeError::TooDeep => "too_deep",
        DecodeError::NotUtf8 => "not_utf8",
        DecodeError::NotJson => "not_json",
        DecodeError::WrongType => "wrong_type",
        DecodeError::Checksum => "checksum",
        DecodeError::Length => "length",
        DecodeError::Unknown => "unknown",
    }
}
