//! Milesight: channel, type and value, one after the other (usually on port 85).
//!
//! | channel, type | bytes | meaning |
//! | --- | --- | --- |
//! | 01 75 | 1 | battery % |
//! | xx 67, xx 68 | 2, 1 | temperature 0.1 °C, humidity 0.5 %; 83 67 has an alarm byte more |
//! | FF 2E | 1 | press: 1 short, 2 long, 3 double (WS101) |
//! | FF 34 | 3 | key, mode, press: 1 short, 2 double, 3 long (WS136, WS156) |
//! | 05 FD | 2 | people (VS321) |
//! | 03 00 … 06 00 | 1 | by model, see [`binary`] |
//! | 05 8E; 03 8E | 1 | gas (GS101); occupancy (VS330) |
//! | 06 65 | 6 | lux and two more (AM100) |
//! | 04 88 | 9 | latitude, longitude 10⁻⁶ °, motion (AT101) |
//! | 03 F8 | 6 | VS373: 0 somebody, 1 nobody, 2 in bed, 3 out of bed, 4 fall; target 1 motionless; two times |
//! | 06 FB | 5 | VS373 alarm: number (2), kind, state (1 begins, 2 ends, 3 ignored), region |
//! | 20 CE | by model | history: what was, and says nothing of what is |
//! | FF xx | by type | device information |
//!
//! GS524N speaks otherwise: version, message, battery %, density, temperature °C, and a byte that makes the sum zero.
//!
//! Source: the maker's user guides. Where its examples and its own decoder disagree (WS301's tamper, VS373's alarm 0), the
//! decoder is followed: that is what runs.

use super::{Fallen, model_is};
use crate::core::reading::{Contact, DeviceInactivity, FallVerdict, Measure, Quantity};
use crate::device::DecodeError;
use crate::device::ble::bytes::{Bytes, signed, unsigned};
use crate::device::speech::Speech;

/// Says what an uplink says.
///
/// # Errors
/// `Checksum` and `Length` for a smoke detector's frame that is broken.
pub(super) fn speak(speech: &mut Speech, model: &str, payload: &[u8], fallen: &mut Fallen) -> Result<(), DecodeError> {
    if model_is(model, "gs524") {
        return smoke_detector(speech, payload);
    }
    let mut bytes = Bytes(payload);
    while let (Some(channel), Some(kind)) = (bytes.byte(), bytes.byte()) {
        let Some(length) = length(model, channel, kind) else {
            // Its length is unknown, so nothing behind it can be read.
            speech.refuse("channel", DecodeError::Unknown);
            break;
        };
        let Some(value) = bytes.take(length) else {
            speech.refuse("channel", DecodeError::Length);
            break;
        };
        say(speech, model, (channel, kind), value, fallen);
    }
    Ok(())
}

/// Any channel.
const ANY: u8 = 0x00;

/// Bytes of a value by channel and type; a channel's own row goes before the one of its type.
const LENGTHS: &[(u8, &[u8], usize)] = &[
    (0xFF, &[0x01, 0x0B, 0x0F, 0x29, 0x2E, 0x3F, 0xFE], 1),
    (0xFF, &[0x09, 0x0A, 0xFF], 2),
    (0xFF, &[0x34], 3),
    (0xFF, &[0x08], 6),
    (0xFF, &[0x16], 8),
    (0x02, &[0xA5], 8),
    (0x03, &[0xF8], 6),
    (0x04, &[0xF9], 4),
    (0x04, &[0x88], 9),
    (0x05, &[0xFD], 2),
    (0x05, &[0x5B], 7),
    (0x05, &[0xFA], 8),
    (0x06, &[0xA6, 0xFE], 4),
    (0x06, &[0xFB], 5),
    (0x06, &[0x65], 6),
    (0x06, &[0xD9], 9),
    (0x06, &[0xE1], 8),
    (0x07, &[0xFF], 1),
    (0x08, &[0xF4], 2),
    (0x0A, &[0xEF], 4),
    (0x21, &[0xCE], 18),
    (0x83, &[0x67, 0x82], 3),
    (0x84, &[0x68], 2),
    (0x85, &[0x00], 2),
    (0x86, &[0xE1], 9),
    (ANY, &[0x00, 0x01, 0x29, 0x68, 0x70, 0x75, 0x81, 0x8E, 0xA7, 0xA8, 0xCB], 1),
    (ANY, &[0x65, 0x67, 0x6A, 0x73, 0x74, 0x7D, 0x82, 0xC9, 0xE6], 2),
    (ANY, &[0x80, 0x83, 0x90, 0x94, 0xC8, 0xCC], 4),
];

/// Bytes of a channel's value.
fn length(model: &str, channel: u8, kind: u8) -> Option<usize> {
    if (channel, kind) == (0x20, 0xCE) {
        return history(model);
    }
    let row = |(of, kinds, _): &&(u8, &[u8], usize)| (*of == channel || *of == ANY) && kinds.contains(&kind);
    LENGTHS.iter().find(row).map(|(.., length)| *length)
}

/// Bytes of one entry of a model's history.
fn history(model: &str) -> Option<usize> {
    const LENGTHS: &[(&str, usize)] = &[
        ("vs373", 9),
        ("ws203", 9),
        ("em300-mcs", 8),
        ("em300-mld", 8),
        ("em300-sld", 8),
        ("em300-zld", 8),
        ("em300-th", 7),
        ("em300-di", 13),
        ("em320-th", 7),
        ("ws302", 11),
        ("at101", 12),
        ("am102", 7),
    ];
    LENGTHS.iter().find(|(name, _)| model_is(model, name)).map(|(_, length)| *length)
}

fn say(speech: &mut Speech, model: &str, at: (u8, u8), value: &[u8], fallen: &mut Fallen) {
    match (at, value) {
        ((0x01, 0x75), [percent]) => speech.number(Quantity::Battery, f64::from(*percent)),
        // Beside an alarm byte the value is the one that raised it.
        ((_, 0x67), [low, high, ..]) => {
            speech.number(Quantity::AmbientTemp, f64::from(i16::from_le_bytes([*low, *high])) / 10.0);
        }
        ((_, 0x68), [half, ..]) => speech.number(Quantity::Humidity, f64::from(*half) / 2.0),
        ((0xFF, 0x2E), [how]) => match how {
            1 => speech.code("press", "short", Measure::Button),
            2 => speech.code("press", "long", Measure::Button),
            3 => speech.code("press", "double", Measure::Button),
            _ => speech.refuse("press", DecodeError::Unknown),
        },
        ((channel, 0x00), [state]) => match (binary(model, channel), state) {
            (Some(make), 0 | 1) => speech.level(make(*state == 1)),
            (Some(_), _) => speech.refuse("state", DecodeError::Unknown),
            // Daylight, inputs that somebody wired, learning states.
            (None, _) => {}
        },
        ((0x05, 0x8E), [state]) if model_is(model, "gs101") => speech.level(Measure::Gas(*state != 0)),
        // 2 and 3 are a sensor that has not learned its room yet.
        ((0x03, 0x8E), [state @ 0..=1]) if model_is(model, "vs330") => speech.level(Measure::Presence(*state == 1)),
        ((0xFF, 0x34), [_, _, how]) => match how {
            1 => speech.code("press", "short", Measure::Button),
            2 => speech.code("press", "double", Measure::Button),
            3 => speech.code("press", "long", Measure::Button),
            _ => speech.refuse("press", DecodeError::Unknown),
        },
        ((0x05, 0xFD), [low, high]) => {
            speech.number(Quantity::TargetCount, f64::from(u16::from_le_bytes([*low, *high])));
        }
        ((0x06, 0x65), [low, high, ..]) => {
            speech.number(Quantity::Illuminance, f64::from(u16::from_le_bytes([*low, *high])));
        }
        ((0x04, 0x88), [position @ .., _]) => place(speech, position),
        ((0x03, 0xF8), [detection, target, ..]) => detect(speech, *detection, *target, fallen),
        ((0x06, 0xFB), [_, _, kind, state, _]) => alarm(speech, *kind, *state, fallen),
        _ => {}
    }
}

/// What a flag says.
type Flag = fn(bool) -> Measure;

/// What a channel with one bit means, by the model's series.
fn binary(model: &str, channel: u8) -> Option<Flag> {
    const DOOR: Flag = |open| Measure::Contact(if open { Contact::Open } else { Contact::Closed });
    const TABLE: &[(&str, u8, Flag)] = &[
        ("am3", 0x05, Measure::Motion),
        ("at101", 0x07, Measure::Tamper),
        ("em300-mcs", 0x06, DOOR),
        ("em300-mld", 0x05, Measure::Leak),
        ("em300-sld", 0x05, Measure::Leak),
        ("em300-zld", 0x05, Measure::Leak),
        ("vs340", 0x03, Measure::Presence),
        ("vs341", 0x03, Measure::Presence),
        ("vs370", 0x03, Measure::Presence),
        ("ws202", 0x03, Measure::Motion),
        ("ws203", 0x05, Measure::Presence),
        ("ws301", 0x03, DOOR),
        // 1 = taken off its wall.
        ("ws301", 0x04, Measure::Tamper),
        ("ws303", 0x03, Measure::Leak),
    ];
    TABLE.iter().find(|(name, of, _)| *of == channel && model_is(model, name)).map(|(.., make)| *make)
}

fn place(speech: &mut Speech, position: &[u8]) {
    if let Some((lat, lon)) = position.split_at_checked(4) {
        #[expect(clippy::cast_precision_loss, reason = "four bytes are exact")]
        let degrees = |bytes: &[u8]| signed(bytes) as f64 / 1e6;
        let (lat, lon) = (degrees(lat), degrees(lon));
        // Without a fix both are −1.
        let fixed = unsigned(position) != u64::MAX && (lat, lon) != (0.0, 0.0);
        if let (true, Ok(measure)) = (fixed, Measure::location(lat, lon)) {
            speech.level(measure);
        }
    }
}

/// The radar's report of its room, which repeats while it lasts.
fn detect(speech: &mut Speech, detection: u8, target: u8, fallen: &mut Fallen) {
    match detection {
        0 => speech.level(Measure::Presence(true)),
        1 => speech.level(Measure::Presence(false)),
        2 => speech.level(Measure::Bed(true)),
        3 => speech.level(Measure::Bed(false)),
        4 => {
            speech.level(Measure::Presence(true));
            fall(speech, fallen);
        }
        _ => speech.refuse("detection", DecodeError::Unknown),
    }
    if detection < 4 {
        fallen.0 = false;
    }
    if target == 1 {
        speech.level(Measure::DeviceInactivity(DeviceInactivity::Motionless));
    }
}

/// A fall is an event when it begins and a level while the report repeats it: no other word takes it back.
fn fall(speech: &mut Speech, fallen: &mut Fallen) {
    let measure = Measure::Fall(FallVerdict::Confirmed);
    if std::mem::replace(&mut fallen.0, true) { speech.level(measure) } else { speech.event(measure) }
}

/// The radar's alarm, sent once when it begins and once when it ends.
fn alarm(speech: &mut Speech, kind: u8, state: u8, fallen: &mut Fallen) {
    match (kind, state) {
        // An alarm is one fall, and the report that follows is about the same one.
        (0, 1) => {
            fallen.0 = true;
            speech.event(Measure::Fall(FallVerdict::Confirmed));
        }
        // Ended by its own timer or by whoever stood at the page: nobody cancelled on a wearable.
        (0, 2) => {
            fallen.0 = false;
            speech.level(Measure::Fall(FallVerdict::Normal));
        }
        (1, 1) => speech.event(Measure::DeviceInactivity(DeviceInactivity::Motionless)),
        (2, 1) => speech.event(Measure::DeviceInactivity(DeviceInactivity::Stationary)),
        (3, 1) => speech.level(Measure::Bed(false)),
        (4, 1) => speech.level(Measure::Presence(true)),
        (5, 1) => speech.level(Measure::Presence(false)),
        (0..=5, 2 | 3) => {}
        _ => speech.refuse("alarm", DecodeError::Unknown),
    }
}

fn smoke_detector(speech: &mut Speech, payload: &[u8]) -> Result<(), DecodeError> {
    let [_, message, percent, _, temperature, _] = payload else { return Err(DecodeError::Length) };
    if payload.iter().fold(0_u8, |sum, byte| sum.wrapping_add(*byte)) != 0 {
        return Err(DecodeError::Checksum);
    }
    match message & 0x0F {
        1 => speech.level(Measure::Smoke(true)),
        7 => speech.level(Measure::Smoke(false)),
        4 => speech.level(Measure::BatteryLow(true)),
        10 => speech.level(Measure::Tamper(true)),
        11 => speech.level(Measure::Tamper(false)),
        // Silenced by hand, failing, or tested: neither smoke nor its end.
        2 | 5 | 14 | 15 => {}
        _ => speech.refuse("message", DecodeError::Unknown),
    }
    speech.number(Quantity::Battery, f64::from(*percent));
    speech.number(Quantity::AmbientTemp, f64::from(i8::from_le_bytes([*temperature])));
    Ok(())
}
