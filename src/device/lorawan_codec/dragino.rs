//! Dragino: doors, leaks, room climate, a locator with an alarm key, a call button. Big end first.
//!
//! | model | port | bytes |
//! | --- | --- | --- |
//! | LDS01, LDS02, LWL01, LWL02 | 10 | bit 15 open, bit 14 wet, battery mV (14 bits); mode 1 door, 2 leak, 3 both; count, duration |
//! | LHT65 | 2 | state (2 bits) and battery mV (14), temperature 0.01 °C, humidity 0.1 %, probe's kind, its value (2) |
//! | LGT-92, TrackerD | 2 | latitude, longitude 10⁻⁶ ° (4 each), bit 14 alarm and battery mV (14 bits), … |
//! | PB01 | 2 | battery mV (2), sound, pressed, temperature 0.1 °C (2), humidity 0.1 % (2) |
//!
//! Frames of the doors may be cut after the mode by some network servers' converters; what is missing is zero. Source: the
//! maker's manuals.

use super::model_is;
use crate::core::reading::{Contact, Measure, Quantity};
use crate::device::DecodeError;
use crate::device::speech::Speech;

/// Says what an uplink says.
///
/// # Errors
/// `Unknown` for other models and ports, `Length` for short frames.
pub(super) fn speak(speech: &mut Speech, model: &str, port: Option<u8>, payload: &[u8]) -> Result<(), DecodeError> {
    let is = |names: &[&str]| names.iter().any(|name| model_is(model, name));
    match port {
        Some(10) if is(&["lds01", "lds02", "lwl01", "lwl02"]) => door_or_leak(speech, payload),
        Some(2) if is(&["lht65"]) => climate(speech, payload),
        Some(2) if is(&["lgt92", "lgt-92", "trackerd"]) => locator(speech, payload),
        Some(2) if is(&["pb01"]) => call_button(speech, payload),
        _ => Err(DecodeError::Unknown),
    }
}

fn volts(high: u8, low: u8) -> f64 {
    f64::from(u16::from_be_bytes([high, low]) & 0x3FFF) / 1000.0
}

fn door_or_leak(speech: &mut Speech, payload: &[u8]) -> Result<(), DecodeError> {
    let [high, low, mode, ..] = payload else { return Err(DecodeError::Length) };
    let door = Measure::Contact(if high & 0x80 != 0 { Contact::Open } else { Contact::Closed });
    let leak = Measure::Leak(high & 0x40 != 0);
    match mode {
        1 => speech.level(door),
        2 => speech.level(leak),
        3 => {
            speech.level(door);
            speech.level(leak);
        }
        _ => speech.refuse("mode", DecodeError::Unknown),
    }
    speech.number(Quantity::Voltage, volts(*high, *low));
    Ok(())
}

fn climate(speech: &mut Speech, payload: &[u8]) -> Result<(), DecodeError> {
    let [v1, v0, t1, t0, h1, h0, probe, p1, p0, ..] = payload else { return Err(DecodeError::Length) };
    let word = |high: &u8, low: &u8| [*high, *low];
    speech.number(Quantity::AmbientTemp, f64::from(i16::from_be_bytes(word(t1, t0))) / 100.0);
    speech.number(Quantity::Humidity, f64::from(u16::from_be_bytes(word(h1, h0))) / 10.0);
    speech.number(Quantity::Voltage, volts(*v1, *v0));
    if probe & 0x7F == 5 {
        speech.number(Quantity::Illuminance, f64::from(u16::from_be_bytes(word(p1, p0))));
    }
    Ok(())
}

/// The alarm is a level: the locator repeats it every minute until it is taken back.
fn locator(speech: &mut Speech, payload: &[u8]) -> Result<(), DecodeError> {
    let (lat, rest) = payload.split_first_chunk::<4>().ok_or(DecodeError::Length)?;
    let (lon, rest) = rest.split_first_chunk::<4>().ok_or(DecodeError::Length)?;
    let [high, low, ..] = rest else { return Err(DecodeError::Length) };
    speech.level(Measure::Sos(high & 0x40 != 0));
    let degrees = |bytes: &[u8; 4]| f64::from(i32::from_be_bytes(*bytes)) / 1e6;
    let (lat, lon) = (degrees(lat), degrees(lon));
    if let (true, Ok(measure)) = ((lat, lon) != (0.0, 0.0), Measure::location(lat, lon)) {
        speech.level(measure);
    }
    speech.number(Quantity::Voltage, volts(*high, *low));
    Ok(())
}

fn call_button(speech: &mut Speech, payload: &[u8]) -> Result<(), DecodeError> {
    let [v1, v0, _, pressed, t1, t0, h1, h0, ..] = payload else { return Err(DecodeError::Length) };
    if *pressed != 0 {
        speech.code("alarm", "single", Measure::Button);
    }
    speech.number(Quantity::AmbientTemp, f64::from(i16::from_be_bytes([*t1, *t0])) / 10.0);
    speech.number(Quantity::Humidity, f64::from(u16::from_be_bytes([*h1, *h0])) / 10.0);
    speech.number(Quantity::Voltage, volts(*v1, *v0));
    Ok(())
}
