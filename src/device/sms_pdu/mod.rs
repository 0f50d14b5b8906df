//! Short messages in PDU mode (3GPP TS 23.040 and 23.038), as a modem takes and gives them.
//!
//! ```text
//! centre · first octet · reference · to · protocol · coding · [validity] · length · [header] · text      SUBMIT
//! centre · first octet · from · protocol · coding · time (7) · length · [header] · text                  DELIVER
//! centre · first octet · reference · to · time (7) · discharge (7) · status                              STATUS REPORT
//! ```
//!
//! | first octet | |
//! | --- | --- |
//! | 03 | 00 deliver, 01 submit, 02 status report |
//! | 04 | reject duplicates |
//! | 18 | 00 no validity, 10 relative, 18 absolute |
//! | 20 | a status report is wanted |
//! | 40 | a header stands before the text |
//!
//! Design constraints:
//!
//! - Text mode cannot carry Chinese or long messages portably, so nothing here knows it.
//! - Broken PDUs occur: what cannot be read is an error, a time that is none is left out, and a status is never lost for it.
//! - Numbers and texts are personal: they are behind `Private`, and only their own wire form and `decode` open them.
//!
//! `alphabet` has the signs, `octets` addresses and times, `message` the three messages, `compose` makes parts of a text.

mod fields;

pub mod alphabet;

pub mod octets;

pub mod message;

pub mod compose;

use serde_json::{Map, Value};

use super::{Decode, DecodeError, Decoded, Format, Frame, Transport};

pub use compose::TooManyParts;
pub use message::{Body, Deliver, Delivery, Message, Pdu, StatusReport, Submit};
pub use octets::{Address, Concat, Timestamp, Validity};

/// The registry's line.
pub const FORMAT: Format = Format {
    name: "sms_pdu",
    about: "short messages as a 2G or 4G modem takes and gives them",
    about_zh: "短信:2G/4G 模块收发的 PDU",
    transport: Transport::Modem,
    // A message is no sample; there is nothing to be merged.
    merge_ms: 0,
    steady_ms: 0,
    decoder: || Box::new(SmsPdu),
};

/// Longest PDU: 12 octets of a centre, 164 of a message; and some room for broken ones.
const PDU_BYTES_MAX: usize = 256;

struct SmsPdu;

impl Decode for SmsPdu {
    fn decode(&mut self, frame: &Frame<'_>) -> Result<Decoded, DecodeError> {
        if frame.bytes.len() > PDU_BYTES_MAX {
            return Err(DecodeError::TooLong);
        }
        // A message is for the notifier, and says nothing of a device here.
        fields::of(frame).map(|_| Decoded::default())
    }

    fn fields(&self, frame: &Frame<'_>) -> Map<String, Value> {
        fields::of(frame).unwrap_or_default()
    }

    fn encode(&self, fields: &Map<String, Value>) -> Option<Vec<u8>> {
        fields::write(fields).map(|(pdu, _)| pdu)
    }
}
