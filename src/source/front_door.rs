//! From a frame to the lane it takes: the one place where every source's frames pass.
//!
//! The order is the rule: bounds before parsing, decoding before believing, and whose it is before what it means.
//! What does not pass is counted by format and kind of refusal and said once a kind in the log, without its bytes
//! and without its sender's address.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::time::Duration;

use serde_json::Value;
use tokio::time::Instant;
use tracing::warn;

use super::counters::Scope;
use super::heard::Speaker;
use super::{Inlet, Resolve};
use crate::core::errand::Errand;
use crate::core::id::{DeviceId, SourceId};
use crate::core::reading::{Implausible, Measure, Nature, Origin, Quantity, Said, Sample};
use crate::core::roster::Class;
use crate::device::{Decode, DecodeError, Decoded, Enrolled, Format, Frame, Transport};
use crate::limits::{ADDRESS_BYTES_MAX, BRIDGE_LIST_BYTES_MAX, MQTT_PAYLOAD_BYTES_MAX, TOPIC_BYTES_MAX};

/// One format behind one source: its decoder, and the way through the door.
pub struct FrontDoor {
    source: SourceId,
    format: Format,
    decoder: Box<dyn Decode>,
    inlet: Inlet,
    /// Where the decoder's clock begins.
    opened: Instant,
    /// What the enrolled devices of a format with `steady_ms` last said, and when it was handed on.
    standing: BTreeMap<DeviceId, Standing>,
}

/// By kind, as many as the vocabulary has: the level that stands (`None` for a number, whose changes are no news), and since
/// when. Devices that say one kind a frame are many, so a frame cannot be compared with the one before it. What says nothing
/// but raw movement stands under the empty kind.
type Standing = BTreeMap<&'static str, (Option<Measure>, Instant)>;

/// A frame as its source read it.
#[derive(Debug, Clone, Copy)]
pub struct Raw<'a> {
    /// The topic, with the format's usual base topic.
    pub topic: Option<&'a str>,
    /// The bytes.
    pub bytes: &'a [u8],
    /// The broker kept it from before.
    pub retained: bool,
    /// The gateway's wall time in seconds since 1970, UTC, while it is trusted.
    pub utc_s: Option<i64>,
}

/// What came of a frame that passed.
#[derive(Debug)]
pub struct Admitted {
    /// The sample.
    pub sample: Sample,
    /// The lane it takes.
    pub class: Class,
}

/// A frame that was understood.
#[derive(Debug, Default)]
pub struct Taken {
    /// What is for the station.
    pub admitted: Option<Admitted>,
    /// The address that the frame was spoken from.
    pub address: Option<String>,
    /// What the device waits to hear back.
    pub reply: Vec<u8>,
    /// Topics where more of the device's words are found.
    pub announced: Vec<String>,
}

/// The largest payload taken under a topic below its base: only the list of a bridge's devices may be large.
#[must_use]
pub fn payload_bytes_max(topic_below_base: &str) -> usize {
    if topic_below_base == "bridge/devices" { BRIDGE_LIST_BYTES_MAX } else { MQTT_PAYLOAD_BYTES_MAX }
}

/// Who speaks in a frame.
enum Who<'a> {
    /// The device with this address, as enrolment writes it.
    Device(Cow<'a, str>),
    /// A bridge, for all its devices.
    Bridge,
    /// It is not to be known.
    Nobody,
}

/// What enrolment knows of the devices of one format.
struct Known<'a> {
    resolve: &'a dyn Resolve,
    format: &'static str,
}

impl Enrolled for Known<'_> {
    fn of(&self, address: &str) -> &Value {
        self.resolve.context(self.format, address).unwrap_or(&Value::Null)
    }
}

impl FrontDoor {
    /// A door with a fresh decoder.
    #[must_use]
    pub fn new(source: SourceId, format: Format, inlet: Inlet) -> Self {
        Self { source, decoder: (format.decoder)(), format, inlet, opened: Instant::now(), standing: BTreeMap::new() }
    }

    /// Takes a frame as far as its sample; `None` when nothing of it is for the station.
    ///
    /// That is so for refused frames, for pure administration, and for the routine words of strangers, of which
    /// only the heard list knows.
    pub fn admit(&mut self, raw: &Raw<'_>, now: Instant) -> Option<Admitted> {
        self.take(raw, now).ok().flatten()?.admitted
    }

    /// Takes a frame; `None` when it was refused, which is counted here.
    ///
    /// # Errors
    /// [`NotMine`], uncounted, when the frame is of another format: the caller may know whose, or calls
    /// [`FrontDoor::nobodys`].
    pub fn take(&mut self, raw: &Raw<'_>, now: Instant) -> Result<Option<Taken>, NotMine> {
        if !self.within_bounds(raw) {
            return Ok(None);
        }
        let (source, format) = (self.source, self.format.name);
        self.inlet.heard.recorder.hear(source, format, raw.topic, raw.bytes, now);
        let resolve = self.inlet.resolve.borrow().clone();
        let context = Known { resolve: &*resolve, format: self.format.name };
        let frame = Frame {
            topic: raw.topic,
            bytes: raw.bytes,
            context: &context,
            utc_s: raw.utc_s,
            heard_ms: self.heard_ms(now),
        };
        match self.decoder.decode(&frame) {
            Ok(mut decoded) => {
                let (reply, announced) = (std::mem::take(&mut decoded.reply), std::mem::take(&mut decoded.announced));
                let address = decoded.address.clone();
                let admitted = self.sample(decoded, raw.retained, &*resolve, now);
                Ok(Some(Taken { admitted, address, reply, announced }))
            }
            Err(DecodeError::NotMine) => Err(NotMine),
            Err(error) => {
                self.damaged(error);
                Ok(None)
            }
        }
    }

    /// Takes what was already decoded, by a source that asks its devices and so knows more than a frame would tell.
    pub fn hear(&mut self, decoded: Decoded, now: Instant) -> Option<Admitted> {
        let resolve = self.inlet.resolve.borrow().clone();
        self.sample(decoded, false, &*resolve, now)
    }

    /// Counts a frame that no format here knows.
    pub fn nobodys(&self) {
        self.damaged(DecodeError::NotMine);
    }

    /// Counts a frame that was refused before it was one: found damaged in its stream.
    pub fn damaged(&self, why: DecodeError) {
        self.refuse(word(why), &why);
    }

    /// The bytes of an errand for the device that speaks here.
    pub fn errand(&mut self, errand: Errand) -> Option<Vec<u8>> {
        self.decoder.errand(errand)
    }

    /// The decoder's clock.
    fn heard_ms(&self, now: Instant) -> u64 {
        u64::try_from(now.saturating_duration_since(self.opened).as_millis()).unwrap_or(u64::MAX)
    }

    /// Whether the frame keeps to its sizes.
    fn within_bounds(&self, raw: &Raw<'_>) -> bool {
        let (below, bytes_max) = match (self.format.transport, raw.topic) {
            (Transport::Mqtt { base_topic, .. }, Some(topic)) => {
                if topic.len() > TOPIC_BYTES_MAX {
                    self.refuse("topic_too_long", &"the topic is too long");
                    return false;
                }
                let below = below_base(topic, base_topic).unwrap_or("");
                (below, payload_bytes_max(below))
            }
            (transport, _) => ("", transport.frame_bytes_max().unwrap_or(MQTT_PAYLOAD_BYTES_MAX)),
        };
        if raw.bytes.len() > bytes_max && below.starts_with("bridge/") {
            // A bridge's words on itself (zigbee2mqtt's `bridge/info` and `bridge/definitions`) are often that long and
            // say nothing of a device: nobody is to be sent looking for what is wrong with them.
            self.inlet.counters.add(Scope::Format(self.format.name), "ignored", "long_bridge_topic");
            return false;
        }
        if raw.bytes.len() > bytes_max {
            self.damaged(DecodeError::TooLong);
            return false;
        }
        true
    }

    fn sample(&mut self, decoded: Decoded, retained: bool, resolve: &dyn Resolve, now: Instant) -> Option<Admitted> {
        let name = self.format.name;
        for (kind, why) in &decoded.dropped {
            // Zeros that mean "no measurement" are a device's daily bread; an impossible number is worth a counter.
            self.inlet.counters.add(Scope::Format(name), why.word(), kind);
        }
        let source = self.source;
        let speaker = |address, origin| Speaker { format: name, address, origin, source, at: now };
        for (key, _) in &decoded.refused_keys {
            self.inlet.counters.add(Scope::Format(name), "refused_key", key);
        }
        for listed in decoded.listed.iter().filter(|listed| listed.address.len() <= ADDRESS_BYTES_MAX) {
            let origin = resolve.origin(name, &listed.address);
            self.inlet.heard.list(&speaker(&listed.address, origin), listed.model.as_deref());
        }
        if decoded.said.is_empty() && decoded.dropped.is_empty() && decoded.motion.is_empty() {
            return None;
        }
        let from = match self.who(decoded.address.as_deref()) {
            Who::Nobody => return None,
            Who::Bridge => Origin::Bridge(source),
            Who::Device(address) => {
                let origin = resolve.origin(name, &address);
                self.inlet.heard.note(&speaker(&address, origin), &decoded.said, !retained);
                origin
            }
        };
        let impossible = decoded.dropped.iter().filter(|(kind, why)| is_impossible(kind, *why)).count();
        let implausible = u8::try_from(impossible).unwrap_or(u8::MAX);
        let said = life_safety_first(decoded.said);
        if self.stands_already(from, &said, now) {
            return None;
        }
        let sample = Sample { from, said, retained, merge_ms: self.format.merge_ms, implausible };
        let class = resolve.class(&sample);
        // A stranger's button may be somebody's call (CARE-RULES 17): only its role would say, and it has none.
        let kept = class == Class::Urgent || !matches!(from, Origin::Stranger(_)) || sample.may_call();
        kept.then_some(Admitted { sample, class })
    }

    /// Who speaks.
    fn who<'a>(&self, address: Option<&'a str>) -> Who<'a> {
        match (self.format.transport, address) {
            (_, Some(address)) if address.len() > ADDRESS_BYTES_MAX => {
                self.refuse("address_too_long", &"the device's address is too long");
                Who::Nobody
            }
            // A bus numbers its devices for itself, and another bus has the same numbers.
            (Transport::Bus { .. }, Some(address)) => Who::Device(format!("{}/{address}", self.source).into()),
            (_, Some(address)) => Who::Device(address.into()),
            (Transport::Mqtt { .. }, None) => Who::Bridge,
            // The one device of a port is called after its port.
            (Transport::Serial { .. }, None) => Who::Device(self.source.as_str().to_owned().into()),
            (_, None) => {
                self.refuse("nameless", &"the device has not said who it is");
                Who::Nobody
            }
        }
    }

    /// Whether a device that reports many times a second says only what it said a moment ago: the same levels, whatever
    /// its numbers. What happened, and what changed, is always news.
    fn stands_already(&mut self, from: Origin, said: &[Said], now: Instant) -> bool {
        let (steady, Origin::Device(device)) = (Duration::from_millis(u64::from(self.format.steady_ms)), from) else {
            return false;
        };
        if steady.is_zero() {
            return false;
        }
        let standing = self.standing.entry(device).or_default();
        let level = |said: &Said| (!matches!(said.measure, Measure::Number(..))).then_some(said.measure);
        let stands = |kind: &str, level: Option<Measure>| {
            standing.get(kind).is_some_and(|(stood, since)| *stood == level && now.duration_since(*since) < steady)
        };
        let all_stand = said.iter().all(|said| {
            let is_level = said.nature == Nature::Level || said.measure.is_reachability();
            is_level && stands(said.measure.kind(), level(said))
        });
        if all_stand && (!said.is_empty() || stands("", None)) {
            return true;
        }
        standing.extend(said.iter().map(|said| (said.measure.kind(), (level(said), now))));
        if said.is_empty() {
            standing.insert("", (None, now));
        }
        false
    }

    fn refuse(&self, kind: &'static str, why: &dyn std::fmt::Display) {
        let name = self.format.name;
        if self.inlet.counters.add(Scope::Format(name), "refused", kind) == 1 {
            warn!(source = %self.source, format = name, kind, "a frame was refused: {why}; more of this kind are only counted");
        }
    }
}

/// The frame is of another format.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct NotMine;

/// The topic below a base; the whole topic where the base is empty.
#[must_use]
pub fn below_base<'t>(topic: &'t str, base: &str) -> Option<&'t str> {
    if base.is_empty() { Some(topic) } else { topic.strip_prefix(base)?.strip_prefix('/') }
}

/// Puts what may alarm before what may not, each in the order of the frame: a press is not to wait for a battery.
fn life_safety_first(mut said: Vec<Said>) -> Vec<Said> {
    let rank = |said: &Said| !said.measure.may_call();
    if !said.is_sorted_by_key(rank) {
        said.sort_by_key(rank);
    }
    said
}

/// Whether a dropped number speaks against the sensor that measured it. A figure of the battery or the radio that means
/// "unknown" (255 in many formats) does not, and neither does a zero that means "no measurement".
fn is_impossible(kind: &str, why: Implausible) -> bool {
    let of_itself =
        |quantity: Quantity| quantity.is_link() || matches!(quantity, Quantity::Battery | Quantity::Voltage);
    why == Implausible::OutOfRange && !Quantity::from_word(kind).is_some_and(of_itself)
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
        DecodeError::NoKey => "no_key",
        DecodeError::WrongKey => "wrong_key",
        DecodeError::Replayed => "replayed",
    }
}
