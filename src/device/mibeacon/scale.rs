//! The makers' other services: scales (181D, 181B) and a plant sensor (FD50), which broadcast in the open.
//!
//! | service | bytes |
//! | --- | --- |
//! | 181D | flags (0 lb, 4 jin, 5 settled, 7 stepped off), weight (2), time (7) |
//! | 181B | flags (0 lb), flags (6 jin, 5 settled, 7 stepped off, 1 impedance), time (7), impedance (2), weight (2) |
//! | FD50 | soil moisture, temperature 0.1 °C (2), lux (3), battery %, conductivity (2); big end first |
//!
//! A weight is in 0.005 kg, 0.01 lb or 0.01 jin. Only a settled one is a measurement.

use serde_json::{Map, Value};

use crate::core::reading::Quantity;
use crate::device::DecodeError;
use crate::device::speech::Speech;
use crate::device::unit::to_vocabulary;

/// Whose data they are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Service {
    /// A scale.
    Scale,
    /// A scale that measures impedance.
    BodyScale,
    /// A plant sensor.
    Plant,
}

/// What a scale shows.
struct Shown {
    kilograms: f64,
    settled: bool,
}

impl Service {
    /// The service that the topic or enrolment names, if it is one of these.
    pub(super) fn of(uuid: Option<&str>, context: &Value) -> Option<Self> {
        let named = uuid.or_else(|| context.get("service_uuid").and_then(Value::as_str))?.to_ascii_lowercase();
        match named.trim_start_matches("0x").trim_start_matches("0000").split('-').next()? {
            "181d" => Some(Service::Scale),
            "181b" => Some(Service::BodyScale),
            "fd50" => Some(Service::Plant),
            _ => None,
        }
    }

    /// Says what the data say.
    ///
    /// # Errors
    /// `Length` for another length than the service's.
    pub(super) fn speak(self, speech: &mut Speech, data: &[u8]) -> Result<(), DecodeError> {
        if let (Service::Plant, [_, t1, t0, l2, l1, l0, battery, _, _]) = (self, data) {
            speech.number(Quantity::AmbientTemp, f64::from(i16::from_be_bytes([*t1, *t0])) / 10.0);
            speech.number(Quantity::Illuminance, f64::from(u32::from_be_bytes([0, *l2, *l1, *l0])));
            speech.number(Quantity::Battery, f64::from(*battery));
            return Ok(());
        }
        let shown = self.shown(data).ok_or(DecodeError::Length)?;
        if shown.settled {
            speech.number(Quantity::Weight, shown.kilograms);
        }
        Ok(())
    }

    /// What the data show, on the level of the protocol.
    pub(super) fn fields(self, data: &[u8]) -> Map<String, Value> {
        let mut fields = Map::new();
        if let Some(shown) = self.shown(data) {
            fields.insert("mass_non_stabilized".into(), shown.kilograms.into());
            fields.insert("stabilized".into(), shown.settled.into());
        }
        fields
    }

    fn shown(self, data: &[u8]) -> Option<Shown> {
        let (pounds, jin, state, low, high) = match (self, data) {
            (Service::Scale, [flags, low, high, _, _, _, _, _, _, _]) => (flags & 1, flags >> 4 & 1, flags, low, high),
            (Service::BodyScale, [units, flags, _, _, _, _, _, _, _, _, _, low, high]) => {
                (units & 1, flags >> 6 & 1, flags, low, high)
            }
            _ => return None,
        };
        let raw = f64::from(u16::from_le_bytes([*low, *high]));
        let kilograms = match (pounds, jin) {
            (0, 0) => raw / 200.0,
            (_, 1) => to_vocabulary(Quantity::Weight, "jin", raw / 100.0)?,
            _ => to_vocabulary(Quantity::Weight, "lb", raw / 100.0)?,
        };
        Some(Shown { kilograms, settled: state & 0x20 != 0 && state & 0x80 == 0 })
    }
}
