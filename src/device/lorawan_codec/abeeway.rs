//! Abeeway: trackers and badges with an SOS key. Big end first.
//!
//! | generation | bytes |
//! | --- | --- |
//! | second (port 18 and others) | type, status (bit 4 SOS), battery raw 1–254, temperature, options, … |
//! | third (port 19) | bit 6 SOS, bits 3–5 type; battery % (0 = charging), time (2), … |
//!
//! A position of the second generation (type 3, options' low 4 bits 0 = satellites): age, latitude and longitude (3 each, the
//! upper three of four bytes of 10⁻⁷ °), accuracy. One of the third (type 2; byte 4: kind 2, status 1): latitude and longitude (4
//! each) from byte 8. Source: the maker's reference guides.
//!
//! Design constraints:
//!
//! - SOS is a state that every message repeats until it is taken back on the tracker: a level.
//! - The second generation's battery is a raw figure that means % on one firmware and volts on another: it is not read.

use crate::core::reading::{Measure, Quantity};
use crate::device::DecodeError;
use crate::device::speech::Speech;

/// Says what an uplink says.
///
/// # Errors
/// `Length` for short frames.
pub(super) fn speak(speech: &mut Speech, port: Option<u8>, payload: &[u8]) -> Result<(), DecodeError> {
    if port == Some(19) { third(speech, payload) } else { second(speech, payload) }
}

fn second(speech: &mut Speech, payload: &[u8]) -> Result<(), DecodeError> {
    match payload {
        // A frame that only asks for another one carries no status.
        [0, ..] => return Ok(()),
        [_, status, _, _, ..] => speech.level(Measure::Sos(status & 0x10 != 0)),
        _ => return Err(DecodeError::Length),
    }
    if let [3, _, _, _, options, _, lat0, lat1, lat2, lon0, lon1, lon2, ..] = payload
        && options % 16 == 0
    {
        locate(speech, [*lat0, *lat1, *lat2, 0], [*lon0, *lon1, *lon2, 0]);
    }
    Ok(())
}

fn third(speech: &mut Speech, payload: &[u8]) -> Result<(), DecodeError> {
    let [header, battery, _, _, ..] = payload else { return Err(DecodeError::Length) };
    speech.level(Measure::Sos(header & 0x40 != 0));
    match battery {
        0 => speech.level(Measure::Charging(true)),
        1..=100 => speech.number(Quantity::Battery, f64::from(*battery)),
        _ => {}
    }
    if let [_, _, _, _, state, _, _, _, place @ ..] = payload
        && (header >> 3 & 7, state & 7, state >> 3 & 0x0F) == (2, 2, 1)
        && let Some((lat, rest)) = place.split_first_chunk::<4>()
        && let Some((lon, _)) = rest.split_first_chunk::<4>()
    {
        locate(speech, *lat, *lon);
    }
    Ok(())
}

fn locate(speech: &mut Speech, lat: [u8; 4], lon: [u8; 4]) {
    let degrees = |bytes: [u8; 4]| f64::from(i32::from_be_bytes(bytes)) / 1e7;
    if let Ok(measure) = Measure::location(degrees(lat), degrees(lon)) {
        speech.level(measure);
    }
}
