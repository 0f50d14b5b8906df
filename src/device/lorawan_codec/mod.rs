//! Payloads of LoRaWAN devices, by maker and model: the inside of what a network server hands on.
//!
//! | maker | devices | file |
//! | --- | --- | --- |
//! | Milesight | WS101 button, VS373 fall radar, doors, motion, presence, leak, gas, smoke, climate | [`milesight`] |
//! | Browan | Tabs: door, motion, leak, button, locator, air | [`browan`] |
//! | Dragino | LDS/LWL doors and leaks, LHT65, LGT-92 and TrackerD, PB01 | [`dragino`] |
//! | Abeeway | trackers and badges with SOS | [`abeeway`] |
//!
//! A server's own converter renames its keys with every version, so the bytes are read here where the model is known, and the
//! converter's [`object`] only where it is not.
//!
//! Design constraints:
//!
//! - The model comes from enrolment or from the server's device profile, and is never guessed from a device's name.
//! - What was (history) says nothing of what is.

mod abeeway;

mod browan;

mod dragino;

mod milesight;

mod object;

pub mod server;

use std::collections::BTreeSet;

use serde_json::{Map, Value};

use super::json::Item;
use super::speech::Speech;
use super::{Decode, DecodeError, Decoded, Format, Frame, Transport};
use crate::limits::LISTED_DEVICES_MAX;

/// The registry's line.
pub const FORMAT: Format = Format {
    name: "lorawan_codec",
    about: "payloads of Milesight, Browan, Dragino and Abeeway LoRaWAN devices, inside of what a network server hands on",
    about_zh: "Milesight、Browan、Dragino、Abeeway 的 LoRaWAN 设备数据(由网络服务器转交)",
    transport: Transport::Inside,
    merge_ms: 0,
    steady_ms: 0,
    decoder: || Box::new(LorawanCodec::default()),
};

/// Whether the device's newest word was a fall.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
struct Fallen(bool);

/// An uplink without its radio.
#[derive(Debug, Clone, Copy)]
pub struct Uplink<'a> {
    /// Maker, where it is known.
    pub vendor: Option<&'a str>,
    /// Model, as enrolment or the server's profile writes it.
    pub model: &'a str,
    /// Port.
    pub port: Option<u8>,
    /// The bytes.
    pub payload: &'a [u8],
}

/// The makers whose payloads are read here.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Maker {
    Milesight,
    Browan,
    Dragino,
    Abeeway,
}

impl Maker {
    /// The maker by its name, or by how its models are called.
    fn of(vendor: Option<&str>, model: &str) -> Option<Self> {
        const VENDORS: &[(&str, Maker)] = &[
            ("milesight", Maker::Milesight),
            ("browan", Maker::Browan),
            ("merryiot", Maker::Browan),
            ("dragino", Maker::Dragino),
            ("abeeway", Maker::Abeeway),
        ];
        const MODELS: &[(&str, Maker)] = &[
            ("milesight", Maker::Milesight),
            ("am1", Maker::Milesight),
            ("am3", Maker::Milesight),
            ("at101", Maker::Milesight),
            ("em3", Maker::Milesight),
            ("em4", Maker::Milesight),
            ("em5", Maker::Milesight),
            ("gs1", Maker::Milesight),
            ("gs3", Maker::Milesight),
            ("gs5", Maker::Milesight),
            ("gs6", Maker::Milesight),
            ("uc", Maker::Milesight),
            ("vs1", Maker::Milesight),
            ("vs3", Maker::Milesight),
            ("ws1", Maker::Milesight),
            ("ws2", Maker::Milesight),
            ("ws3", Maker::Milesight),
            ("ws5", Maker::Milesight),
            ("tbam", Maker::Browan),
            ("tbdw", Maker::Browan),
            ("tbms", Maker::Browan),
            ("tbwl", Maker::Browan),
            ("tbpb", Maker::Browan),
            ("tbhh", Maker::Browan),
            ("tbhv", Maker::Browan),
            ("tbol", Maker::Browan),
            ("lds0", Maker::Dragino),
            ("lwl0", Maker::Dragino),
            ("lht65", Maker::Dragino),
            ("lgt92", Maker::Dragino),
            ("lgt-92", Maker::Dragino),
            ("trackerd", Maker::Dragino),
            ("pb01", Maker::Dragino),
            ("abeeway", Maker::Abeeway),
            ("asset-tracker", Maker::Abeeway),
            ("micro-tracker", Maker::Abeeway),
            ("compact-tracker", Maker::Abeeway),
            ("industrial-tracker", Maker::Abeeway),
            ("smart-badge", Maker::Abeeway),
        ];
        let find = |list: &[(&str, Maker)], name: &str| {
            list.iter().find(|(begin, _)| model_is(name, begin)).map(|(_, maker)| *maker)
        };
        match vendor {
            Some(vendor) => find(VENDORS, vendor),
            None => find(MODELS, model),
        }
    }
}

/// Whether a model's name begins like this; makers append regions and generations, and people their maker's name before.
fn model_is(model: &str, begins: &str) -> bool {
    let bare = ["milesight ", "milesight-", "browan ", "dragino ", "dragino-", "abeeway "]
        .iter()
        .find_map(|maker| model.get(..maker.len()).filter(|head| head.eq_ignore_ascii_case(maker)).map(str::len))
        .and_then(|length| model.get(length..))
        .unwrap_or(model);
    bare.get(..begins.len()).is_some_and(|head| head.eq_ignore_ascii_case(begins))
        || model.get(..begins.len()).is_some_and(|head| head.eq_ignore_ascii_case(begins))
}

/// Reads payloads, and remembers whose newest word was a fall, because no other word takes it back.
#[derive(Default)]
pub struct Codec {
    fallen: BTreeSet<Box<str>>,
}

impl Codec {
    /// Whether the model is one of those read here.
    #[must_use]
    pub fn knows(vendor: Option<&str>, model: &str) -> bool {
        Maker::of(vendor, model).is_some()
    }

    /// Says what an uplink of the device at this address says.
    ///
    /// # Errors
    /// `Unknown` for models and ports that nobody has listed, `Length` and `Checksum` for broken payloads.
    pub fn speak(&mut self, speech: &mut Speech, address: &str, uplink: &Uplink<'_>) -> Result<(), DecodeError> {
        let maker = Maker::of(uplink.vendor, uplink.model).ok_or(DecodeError::Unknown)?;
        let mut fallen = Fallen(self.fallen.contains(address));
        match maker {
            Maker::Milesight => milesight::speak(speech, uplink.model, uplink.payload, &mut fallen),
            Maker::Browan => browan::speak(speech, uplink.port, uplink.payload),
            Maker::Dragino => dragino::speak(speech, uplink.model, uplink.port, uplink.payload),
            Maker::Abeeway => abeeway::speak(speech, uplink.port, uplink.payload),
        }?;
        self.remember(address, fallen);
        Ok(())
    }

    /// Says what the server's own converter made of an uplink.
    ///
    /// # Errors
    /// Those of JSON.
    pub fn speak_object(&mut self, speech: &mut Speech, address: &str, object: Item<'_>) -> Result<(), DecodeError> {
        let mut fallen = Fallen(self.fallen.contains(address));
        object::speak(speech, object, &mut fallen)?;
        self.remember(address, fallen);
        Ok(())
    }

    /// Beyond the limit every repeat of a fall is an event: too many alarms rather than one too few.
    fn remember(&mut self, address: &str, fallen: Fallen) {
        if !fallen.0 {
            self.fallen.remove(address);
        } else if self.fallen.len() < LISTED_DEVICES_MAX {
            self.fallen.insert(address.into());
        }
    }
}

/// A payload alone, with maker, model and port from its context.
#[derive(Default)]
struct LorawanCodec {
    codec: Codec,
}

impl Decode for LorawanCodec {
    fn decode(&mut self, frame: &Frame<'_>) -> Result<Decoded, DecodeError> {
        let context = frame.context.of("");
        let text = |key: &str| context.get(key).and_then(Value::as_str);
        let model = text("device").or_else(|| text("model")).ok_or(DecodeError::NotMine)?;
        let port = context.get("fport").and_then(Value::as_u64).and_then(|port| u8::try_from(port).ok());
        let uplink = Uplink { vendor: text("vendor"), model, port, payload: frame.bytes };
        let mut speech = Speech::of_nobody_named();
        self.codec.speak(&mut speech, "", &uplink)?;
        speech.finish()
    }

    fn fields(&self, frame: &Frame<'_>) -> Map<String, Value> {
        let mut fields = Map::new();
        for key in ["vendor", "device", "fport"] {
            if let Some(value) = frame.context.of("").get(key) {
                fields.insert(key.into(), value.clone());
            }
        }
        fields
    }
}

#[cfg(test)]
mod tests;
