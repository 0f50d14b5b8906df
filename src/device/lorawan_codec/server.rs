//! What LoRaWAN network servers have in common: an uplink in JSON, heard by several gateways, delivered at least once.

use std::collections::BTreeMap;

use base64::Engine as _;
use base64::alphabet::STANDARD;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};

use super::{Codec, Uplink};
use crate::core::reading::Quantity;
use crate::device::DecodeError;
use crate::device::hex;
use crate::device::json::Item;
use crate::device::speech::Speech;
use crate::limits::LISTED_DEVICES_MAX;

/// The servers write `=` at the end; not everything that hands their messages on keeps it.
const BASE64: GeneralPurpose = GeneralPurpose::new(
    &STANDARD,
    GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent),
);

/// An uplink as a server hands it on.
#[derive(Default)]
pub struct ServerUplink<'a> {
    /// Maker, where the server says it.
    pub vendor: Option<String>,
    /// Model: enrolment's, else the server's.
    pub model: Option<String>,
    /// Port.
    pub port: Option<f64>,
    /// The bytes in Base64.
    pub data: Option<String>,
    /// What the server's converter made of them.
    pub object: Option<Item<'a>>,
    /// The gateways that heard it, a list of objects with `rssi` and `snr`.
    pub heard_by: Option<Item<'a>>,
}

impl ServerUplink<'_> {
    /// Says what the uplink says: by its bytes where the model is known, by the converter's object otherwise.
    pub fn speak(&self, speech: &mut Speech, codec: &mut Codec, address: &str) {
        if let Some((rssi, snr)) = self.best_signal() {
            speech.number(Quantity::Rssi, rssi);
            if let Some(snr) = snr {
                speech.number(Quantity::Snr, snr);
            }
        }
        match self.by_bytes(speech, codec, address) {
            Ok(()) => {}
            // A model or port that no codec here lists: the converter may know it.
            Err(why) => match self.object {
                Some(object) => {
                    if let Err(why) = codec.speak_object(speech, address, object) {
                        speech.refuse("object", why);
                    }
                }
                None if self.data.is_some() => speech.refuse("data", why),
                None => {}
            },
        }
    }

    fn by_bytes(&self, speech: &mut Speech, codec: &mut Codec, address: &str) -> Result<(), DecodeError> {
        let model = self.model.as_deref().ok_or(DecodeError::Unknown)?;
        let payload = self.payload().ok_or(DecodeError::WrongType)?;
        let uplink = Uplink { vendor: self.vendor.as_deref(), model, port: self.port(), payload: &payload };
        codec.speak(speech, address, &uplink)
    }

    /// The bytes.
    #[must_use]
    pub fn payload(&self) -> Option<Vec<u8>> {
        BASE64.decode(self.data.as_deref()?).ok()
    }

    /// The bytes in hex, for an installer's eyes.
    #[must_use]
    pub fn payload_hex(&self) -> Option<String> {
        self.payload().map(|payload| hex::write(&payload))
    }

    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "the range is checked right before")]
    fn port(&self) -> Option<u8> {
        self.port.filter(|port| (0.0..=255.0).contains(port)).map(|port| port as u8)
    }

    /// Signal at the gateway that heard it best.
    #[must_use]
    pub fn best_signal(&self) -> Option<(f64, Option<f64>)> {
        let mut best: Option<(f64, Option<f64>)> = None;
        let walked = self.heard_by?.list(|gateway| {
            let (mut rssi, mut snr) = (None, None);
            let read = gateway.object(|key, item| match key {
                "rssi" => rssi = item.number(),
                "snr" => snr = item.number(),
                _ => {}
            });
            if let (Ok(()), Some(rssi)) = (read, rssi)
                && best.is_none_or(|(other, _)| rssi > other)
            {
                best = Some((rssi, snr));
            }
        });
        best.filter(|_| walked.is_ok())
    }
}

/// Messages that a server delivers twice: the last one of each device, by its print.
#[derive(Default)]
pub struct Delivered(BTreeMap<Box<str>, u32>);

impl Delivered {
    /// Whether this message of the device was not the last one already.
    pub fn is_news(&mut self, address: &str, message: &str) -> bool {
        let print = crc32fast::hash(message.as_bytes());
        if let Some(last) = self.0.get_mut(address) {
            return std::mem::replace(last, print) != print;
        }
        if self.0.len() >= LISTED_DEVICES_MAX {
            self.0.pop_first();
        }
        self.0.insert(address.into(), print);
        true
    }
}
