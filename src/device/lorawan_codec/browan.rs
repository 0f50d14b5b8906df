//! Browan (Tabs, MerryIoT): fixed frames by port.
//!
//! | port | device | bytes behind status, battery and board temperature |
//! | --- | --- | --- |
//! | 100 | TBDW100 door | time (2), count (3) |
//! | 102 | TBMS100 motion | time (2), count (3) |
//! | 103 | TBHH100, TBHV110 air | humidity, CO2 (2), VOC (2); TBHV110 also IAQ (2), room temperature |
//! | 104 | TBAM100 light | lux × 100 (3) |
//! | 106 | TBWL100 leak | humidity, temperature |
//! | 136 | TBOL100 locator | latitude (28 bits), longitude (29 bits), 10⁻⁶ ° |
//! | 147 | TBPB100 button | time (2), count (3) |
//!
//! Status: bit 0 is the event; of the locator bit 0 is its button and bits 3 and 4 are "no fix". Battery: (25 + low 4 bits) / 10 V.
//! Temperatures: low 7 bits − 32 °C. Source: the maker's reference manuals.

use crate::core::reading::{Contact, Measure, Quantity};
use crate::device::DecodeError;
use crate::device::ble::bytes::unsigned;
use crate::device::speech::Speech;

/// Says what an uplink says.
///
/// # Errors
/// `Unknown` for other ports, `Length` for short frames.
pub(super) fn speak(speech: &mut Speech, port: Option<u8>, payload: &[u8]) -> Result<(), DecodeError> {
    let port =
        port.filter(|port| matches!(port, 100 | 102 | 103 | 104 | 106 | 136 | 147)).ok_or(DecodeError::Unknown)?;
    let [status, battery, board, rest @ ..] = payload else { return Err(DecodeError::Length) };
    let event = status & 1 == 1;
    match (port, rest) {
        (100, [_, _, _, _, _]) => {
            speech.level(Measure::Contact(if event { Contact::Open } else { Contact::Closed }));
        }
        (102, [_, _, _, _, _]) => {
            speech.level(Measure::Presence(event));
            speech.number(Quantity::AmbientTemp, celsius(*board));
        }
        (103, [humidity, .., room]) if rest.len() == 8 => air(speech, *humidity, *room),
        (103, [humidity, _, _, _, _]) => air(speech, *humidity, *board),
        (104, [a, b, c]) => {
            let hundredths = u32::from_le_bytes([*a, *b, *c, 0]);
            speech.number(Quantity::Illuminance, f64::from(hundredths) / 100.0);
        }
        (106, [_, _]) => speech.level(Measure::Leak(event)),
        (136, [lat @ .., _, _, _, _]) if lat.len() == 4 => {
            if event {
                speech.code("status", "single", Measure::Button);
            }
            if status & 0x18 == 0 {
                locate(speech, unsigned(lat), unsigned(rest.get(4..).unwrap_or_default()));
            }
        }
        (147, [_, _, _, _, _]) => {
            if event {
                speech.code("status", "single", Measure::Button);
            }
        }
        _ => return Err(DecodeError::Length),
    }
    speech.number(Quantity::Voltage, f64::from(25 + (battery & 0x0F)) / 10.0);
    Ok(())
}

fn celsius(byte: u8) -> f64 {
    f64::from(byte & 0x7F) - 32.0
}

fn air(speech: &mut Speech, humidity: u8, room: u8) {
    speech.number(Quantity::AmbientTemp, celsius(room));
    // 127 is a sensor that has failed.
    if humidity & 0x7F != 127 {
        speech.number(Quantity::Humidity, f64::from(humidity & 0x7F));
    }
}

fn locate(speech: &mut Speech, lat: u64, lon: u64) {
    #[expect(clippy::cast_precision_loss, reason = "29 bits are exact")]
    let degrees = |raw: u64, bits: u32| {
        let low = i64::try_from(raw & ((1 << bits) - 1)).unwrap_or(0);
        let signed = if low >> (bits - 1) & 1 == 1 { low - (1 << bits) } else { low };
        signed as f64 / 1e6
    };
    let (lat, lon) = (degrees(lat, 28), degrees(lon, 29));
    if let (true, Ok(measure)) = ((lat, lon) != (0.0, 0.0), Measure::location(lat, lon)) {
        speech.level(measure);
    }
}
