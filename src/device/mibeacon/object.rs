//! The objects of MiBeacon: what each says.
//!
//! Numbers are little end first. Objects that say nothing for this house (fingerprints, locks, toothbrushes, plants, kettles,
//! durations that repeat what a state has said) are known and skipped; unknown ones are counted.
//!
//! | id | bytes | meaning |
//! | --- | --- | --- |
//! | 0003, 000F | 1, 3 | motion; motion and lux |
//! | 0007 | 1 | lock's door: 0 open, 1 closed, 2 left open, 3 knock, 4 pried, 5 stuck |
//! | 000A, 2000 | 2, 5 | body temperature 0.01 °C; two sensors and battery |
//! | 1001 | 3 | button: which, value, how |
//! | 1004, 1006, 100D | 2, 2, 4 | temperature 0.1 °C, humidity 0.1 %, both |
//! | 1007, 4805 | 3, f32 | lux |
//! | 100A, 4803, 4C03 | 1 | battery % |
//! | 1014, 4806, 487B, 4A68 | 1 | water: 1 = wet; 4A68 by place: 0, 2 wet, 1, 3 dry |
//! | 1015 | 1 | smoke |
//! | 1017, 4818, 101B | 4, 2, 4 | seconds without motion, of which only 0 is motion; 101B is a timer that ran out |
//! | 1019 | 1 | door: 0 open, 1 closed, 2 left open, 3 reset |
//! | 4801, 4C01; 4802, 4C02, 4808, 4C08 | f32; u8, f32 | temperature; humidity |
//! | 4804, 4A12 | 1 | door: 1 open, 2 closed |
//! | 4A0F, 4A1A | 1 | pried off, left open: 1 |
//! | 483C, 484E | 1 | bed pad, presence: 1 somebody, 0 (and mostly 2) nobody |
//! | 4A01, 4E01 | 1 | battery low |
//! | 4A08 | f32 | motion and lux |
//! | 4A0C–4A0E, 4E0C–4E0E, 560C–560E | 0–1 | press, double press, long press |
//! | 4A13 | 1 | press: 1 |
//! | 4E16, 6E16 | 9 | scales: profile, 0.01 kg; profile, packed 0.1 kg, pulse and impedance |
//! | 5810, 6461 | 1 | band: 1 awake, 0, 2 asleep; 1 off the wrist, 0, 2 on it |

use super::product::{Trait, departs};
use crate::core::reading::{Contact, Measure, Quantity, SleepState};
use crate::device::DecodeError;
use crate::device::ble::bytes::{signed, unsigned};
use crate::device::speech::Speech;

/// Says what an object says.
///
/// # Errors
/// `Unknown` for ids and values that nobody has listed, `Length` for another length than the id's.
pub(super) fn say(speech: &mut Speech, product: u16, id: u16, data: &[u8]) -> Result<(), DecodeError> {
    match id {
        0x0003..=0x2000 => say_of_first_kind(speech, product, id, data),
        _ => say_of_second_kind(speech, product, id, data),
    }
}

/// Objects that the maker defined for everybody.
fn say_of_first_kind(speech: &mut Speech, product: u16, id: u16, data: &[u8]) -> Result<(), DecodeError> {
    let lux = departs(product) != Trait::DarkOrBright;
    match (id, data) {
        (0x0003, [motion]) => happened_or_not(speech, *motion != 0),
        (0x0007, [door]) => match door {
            0 | 2 | 4 => contact(speech, Contact::Open),
            1 | 3 | 5 => contact(speech, Contact::Closed),
            _ => return Err(DecodeError::Unknown),
        },
        (0x000A, [_, _]) => speech.number(Quantity::BodyTemp, integer(data) / 100.0),
        (0x000F, [_, _, _]) => {
            speech.level(Measure::Motion(true));
            if lux {
                speech.number(Quantity::Illuminance, natural(data));
            }
        }
        (0x1001, [_, _, how]) => return press_of_first_kind(speech, product, *how),
        (0x1004, [_, _]) => speech.number(Quantity::AmbientTemp, integer(data) / 10.0),
        (0x1006, [_, _]) => speech.number(Quantity::Humidity, natural(data) / 10.0),
        (0x1007, [_, _, _]) if lux => speech.number(Quantity::Illuminance, natural(data)),
        (0x100A, [percent]) => battery(speech, product, *percent),
        (0x100D, [a, b, c, d]) => {
            speech.number(Quantity::AmbientTemp, integer(&[*a, *b]) / 10.0);
            speech.number(Quantity::Humidity, natural(&[*c, *d]) / 10.0);
        }
        (0x1014, [wet]) => speech.level(Measure::Leak(*wet != 0)),
        (0x1015, [smoke]) => speech.level(Measure::Smoke(*smoke != 0)),
        (0x1017, [_, _, _, _]) => speech.level(Measure::Motion(unsigned(data) == 0)),
        (0x1019, [door]) => match door {
            0 | 2 => contact(speech, Contact::Open),
            1 => contact(speech, Contact::Closed),
            3 => {}
            _ => return Err(DecodeError::Unknown),
        },
        (0x101B, [_, _, _, _]) => speech.level(Measure::Motion(false)),
        (0x2000, [a, b, c, d, percent]) => {
            speech.number(Quantity::BodyTemp, inner_temperature(integer(&[*a, *b]), integer(&[*c, *d])));
            speech.number(Quantity::Battery, f64::from(*percent));
        }
        (0x0006 | 0x0008 | 0x000B | 0x0010 | 0x1003 | 0x1005 | 0x1007..=0x100E | 0x1010..=0x1013 | 0x1018, _) => {}
        _ => return Err(refusal(id)),
    }
    Ok(())
}

/// Objects that each product's own description defines.
fn say_of_second_kind(speech: &mut Speech, product: u16, id: u16, data: &[u8]) -> Result<(), DecodeError> {
    match (id, data) {
        (0x4801 | 0x4C01, [_, _, _, _]) => speech.number(Quantity::AmbientTemp, float(data)),
        (0x4802 | 0x4C02, [_]) => speech.number(Quantity::Humidity, natural(data)),
        (0x4808 | 0x4C08, [_, _, _, _]) => speech.number(Quantity::Humidity, float(data)),
        (0x4803 | 0x4C03, [_]) => speech.number(Quantity::Battery, natural(data)),
        (0x4804 | 0x4A12 | 0x4A0F | 0x4A1A, [1]) => contact(speech, Contact::Open),
        (0x4804 | 0x4A12, [2]) => contact(speech, Contact::Closed),
        (0x4805, [_, _, _, _]) => speech.number(Quantity::Illuminance, float(data)),
        (0x4806 | 0x487B, [wet]) => speech.level(Measure::Leak(*wet != 0)),
        (0x4A68, [place @ 0..=3]) => speech.level(Measure::Leak(place % 2 == 0)),
        (0x4818, [_, _]) => speech.level(Measure::Motion(unsigned(data) == 0)),
        (0x483C, [state @ 0..=1]) => speech.level(Measure::Bed(*state == 1)),
        (0x484E, [state]) => speech.level(Measure::Presence(is_present(product, *state))),
        (0x4A01 | 0x4E01, [low]) => speech.level(Measure::BatteryLow(*low != 0)),
        (0x4A08, [_, _, _, _]) => {
            speech.level(Measure::Motion(true));
            speech.number(Quantity::Illuminance, float(data));
        }
        (0x4A13, [pressed @ 0..=1]) => {
            if *pressed == 1 {
                press(speech, "press");
            }
        }
        (0x4A0C | 0x4E0C | 0x560C, [] | [_]) => match (departs(product), data) {
            (Trait::PressInValue, [1]) => press(speech, "press"),
            (Trait::PressInValue, [8]) => press(speech, "long_press"),
            (Trait::PressInValue, [15]) => press(speech, "double_press"),
            (Trait::PressInValue, _) => return Err(DecodeError::Unknown),
            _ => press(speech, "press"),
        },
        (0x4A0D | 0x4E0D | 0x560D, [] | [_]) => press(speech, "double_press"),
        (0x4A0E | 0x4E0E | 0x560E, [] | [_]) => press(speech, "long_press"),
        (0x4E16, [_, weight @ .., _, _, _, _]) if data.len() == 9 => weigh(speech, natural(weight) / 100.0),
        (0x6E16, [_, packed @ .., _, _, _, _]) if data.len() == 9 => unpack_scale(speech, unsigned(packed)),
        // judgement: 1 is captured as "awake" and "off the wrist"; the other is 2 by the maker's habit, or 0.
        (0x5810, [1]) => speech.level(Measure::SleepState(SleepState::Awake)),
        (0x5810, [0 | 2]) => speech.level(Measure::SleepState(SleepState::Asleep)),
        (0x6461, [worn @ 0..=2]) => speech.level(Measure::Worn(*worn != 1)),
        (0x4A0F | 0x4A1A, [0]) | (0x3003 | 0x483D..=0x4840 | 0x484F..=0x4852 | 0x4C14 | 0x4E1C | 0x5422, _) => {}
        _ => return Err(refusal(id)),
    }
    Ok(())
}

/// Why an object was not read: of a listed id the length or value is wrong.
fn refusal(id: u16) -> DecodeError {
    const LISTED: &[u16] = &[
        0x0003, 0x0007, 0x000A, 0x000F, 0x1001, 0x1004, 0x1006, 0x1007, 0x100A, 0x100D, 0x1014, 0x1015, 0x1017, 0x1019,
        0x101B, 0x2000, 0x4801, 0x4802, 0x4803, 0x4805, 0x4806, 0x4808, 0x4818, 0x4A08, 0x4C01, 0x4C02, 0x4C03, 0x4C08,
        0x4E16, 0x6E16,
    ];
    if LISTED.contains(&id) { DecodeError::Length } else { DecodeError::Unknown }
}

/// ES3 keeps more beside its lowest bits, and anything but 0 is somebody; on others 2 is nobody as well.
const fn is_present(product: u16, state: u8) -> bool {
    match (product, state) {
        (_, 0) => false,
        (0x50FB, _) => true,
        (_, state) => state != 2,
    }
}

/// A lamp tells motion when it sees it and never its end.
fn happened_or_not(speech: &mut Speech, motion: bool) {
    if motion {
        speech.event(Measure::Motion(true));
    } else {
        speech.level(Measure::Motion(false));
    }
}

fn contact(speech: &mut Speech, state: Contact) {
    speech.level(Measure::Contact(state));
}

fn press(speech: &mut Speech, word: &str) {
    speech.code("button", word, Measure::Button);
}

fn press_of_first_kind(speech: &mut Speech, product: u16, how: u8) -> Result<(), DecodeError> {
    let word = match (departs(product), how) {
        (Trait::Turns, _) => return Ok(()),
        (_, 0) => "press",
        (Trait::LongBeforeDouble, 1) => "long_press",
        (Trait::LongBeforeDouble, 2) | (_, 1) => "double_press",
        (_, 2) => "long_press",
        (_, 3) => "triple_press",
        _ => return Err(DecodeError::Unknown),
    };
    press(speech, word);
    Ok(())
}

/// Charge, and the voltage that it stands for: a coin cell from 2.2 to 3.1 V, a cell of 1.5 V from 0.8 to 1.6 V.
fn battery(speech: &mut Speech, product: u16, percent: u8) {
    let share = f64::from(percent) / 100.0;
    let volts = if departs(product) == Trait::SmallCell { 0.8 + 0.8 * share } else { 2.2 + 0.9 * share };
    speech.number(Quantity::Battery, f64::from(percent));
    speech.number(Quantity::Voltage, volts);
}

fn weigh(speech: &mut Speech, kilograms: f64) {
    if kilograms > 0.0 {
        speech.number(Quantity::Weight, kilograms);
    }
}

/// Weight in the lower 11 bits, pulse less 50 in the next 7, impedance above; 0 and 127 are "not measured".
#[expect(clippy::cast_precision_loss, reason = "eleven and seven bits are exact")]
fn unpack_scale(speech: &mut Speech, packed: u64) {
    weigh(speech, (packed & 0x7FF) as f64 / 10.0);
    let pulse = packed >> 11 & 0x7F;
    if (1..127).contains(&pulse) {
        speech.number(Quantity::HeartRate, (pulse + 50) as f64);
    }
}

/// Body temperature from the skin's and the outer sensor's hundredths of a degree. Source: the publicly known fit to what the
/// maker's app shows between 36.5 and 37.8 °C.
fn inner_temperature(skin: f64, outer: f64) -> f64 {
    // The first exponent is not ln 2, however near: the fit has five digits.
    let (skin, outer) = (skin * 0.006_931_4, outer * 0.005_387_1);
    3.719_34e-11 * skin.exp() - 1.028_01e-8 * outer.exp() + 36.413
}

#[expect(clippy::cast_precision_loss, reason = "at most four bytes are exact")]
fn natural(data: &[u8]) -> f64 {
    unsigned(data) as f64
}

#[expect(clippy::cast_precision_loss, reason = "at most four bytes are exact")]
fn integer(data: &[u8]) -> f64 {
    signed(data) as f64
}

fn float(data: &[u8]) -> f64 {
    <[u8; 4]>::try_from(data).map_or(f64::NAN, |bytes| f64::from(f32::from_le_bytes(bytes)))
}
