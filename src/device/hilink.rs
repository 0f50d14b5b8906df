//! Hi-Link's command frames, which the LD2410 and LD2450 share: asked with `FD FC FB FA`, answered in the same dress.
//!
//! ```text
//! FD FC FB FA · length (2) · command (2) · value · 04 03 02 01            command, numbers little-endian
//! FD FC FB FA · length (2) · command | 01 00 (2) · status (2) · value · 04 03 02 01     its answer, status 0 = done
//! ```
//!
//! The gateway sends none of them: an installer sets a radar up with its maker's tool. They are known so that they are told
//! from noise, and shown by `decode`.

use serde_json::{Map, Value, json};

use super::DecodeError;
use super::framing::Cut;

const HEADER: &[u8] = &[0xFD, 0xFC, 0xFB, 0xFA];
const FOOTER: &[u8] = &[0x04, 0x03, 0x02, 0x01];

/// Longest value of a command or answer that is taken. judgement: the longest of the makers' lists has 28 bytes.
const LENGTH_MAX: usize = 64;

/// Longest frame.
pub(super) const BYTES_MAX: usize = 6 + LENGTH_MAX + 4;

/// Cuts a command or answer out of a stream whose frames may begin with these bytes.
pub(super) fn cut(bytes: &[u8], may_begin: &[u8]) -> Cut {
    if !bytes.starts_with(HEADER) {
        return Cut::begun(bytes, HEADER, may_begin);
    }
    let Some((length, _)) = bytes.get(4..).and_then(<[u8]>::split_first_chunk) else { return Cut::More };
    let length = usize::from(u16::from_le_bytes(*length));
    if !(2..=LENGTH_MAX).contains(&length) {
        return Cut::Broken(DecodeError::Length);
    }
    let end = 6 + length + FOOTER.len();
    // There is no sum: a head inside shows that the length is damaged and reaches into the next message.
    let known = bytes.get(HEADER.len()..end.min(bytes.len())).unwrap_or_default();
    if known.windows(HEADER.len()).any(|window| window == HEADER) {
        return Cut::Broken(DecodeError::Length);
    }
    match bytes.get(..end) {
        None => Cut::More,
        Some(frame) if frame.ends_with(FOOTER) => Cut::Frame(end),
        Some(_) => Cut::Broken(DecodeError::Length),
    }
}

/// What a command or answer says; nothing when it is none.
pub(super) fn fields(frame: &[u8]) -> Map<String, Value> {
    let mut fields = Map::new();
    let body = (cut(frame, &[]) == Cut::Frame(frame.len())).then(|| frame.get(6..frame.len() - FOOTER.len())).flatten();
    let Some((&[command, high], value)) = body.and_then(<[u8]>::split_first_chunk) else { return fields };
    fields.insert("command".into(), format!("0x{command:02x}").into());
    if let Some(name) = name(command) {
        fields.insert("name".into(), name.into());
    }
    if let (0x01, Some((status, value))) = (high, value.split_first_chunk()) {
        fields.insert("direction".into(), "reply".into());
        fields.insert("ack_status".into(), u16::from_le_bytes(*status).into());
        add_value(&mut fields, command, value);
    } else {
        fields.insert("direction".into(), "command".into());
        fields.insert("value".into(), json!(value));
    }
    fields
}

const fn name(command: u8) -> Option<&'static str> {
    Some(match command {
        0x60 => "PARAMETERS_WRITE",
        0x61 => "PARAMETERS_READ",
        0x62 => "ENGINEERING_ENABLE",
        0x63 => "ENGINEERING_DISABLE",
        0x64 => "GATE_SENSITIVITY_SET",
        0xA0 => "FIRMWARE_VERSION",
        0xA1 => "BAUD_RATE_SET",
        0xA2 => "FACTORY_RESET",
        0xA3 => "MODULE_RESTART",
        0xA4 => "BLUETOOTH_SET",
        0xA5 => "BLUETOOTH_MAC_GET",
        0xA8 => "BLUETOOTH_AUTHENTICATE",
        0xA9 => "BLUETOOTH_PASSWORD_SET",
        0xAA => "DISTANCE_RESOLUTION_SET",
        0xAB => "DISTANCE_RESOLUTION_GET",
        0xAD => "LIGHT_CONTROL_SET",
        0xAE => "LIGHT_CONTROL_GET",
        0xFE => "CONFIG_DISABLE",
        0xFF => "CONFIG_ENABLE",
        _ => return None,
    })
}

fn add_value(fields: &mut Map<String, Value>, command: u8, value: &[u8]) {
    let mut put = |key: &str, value: Value| fields.insert(key.to_owned(), value);
    match (command, value) {
        (0xFF, &[v0, v1, b0, b1]) => {
            put("protocol_version", u16::from_le_bytes([v0, v1]).into());
            put("buffer_size", u16::from_le_bytes([b0, b1]).into());
        }
        (0xA0, &[t0, t1, minor, major, b0, b1, b2, b3]) => {
            let build = u32::from_le_bytes([b0, b1, b2, b3]);
            put("firmware_type", u16::from_le_bytes([t0, t1]).into());
            put("version_major", major.into());
            put("version_minor", minor.into());
            put("version_build", format!("0x{build:08x}").into());
            put("version_text", format!("V{major}.{minor:02x}.{build:08x}").into());
        }
        (0xA5, mac) if mac.len() == 6 => {
            let pairs: Vec<String> = mac.iter().map(|byte| format!("{byte:02X}")).collect();
            put("mac", pairs.join(":").into());
        }
        (0xAB, &[r0, r1]) => {
            let code = u16::from_le_bytes([r0, r1]);
            put("resolution_code", code.into());
            put("resolution_cm", if code == 0 { 75 } else { 20 }.into());
        }
        (0xAE, &[control, threshold, out, ..]) => {
            put("light_control", control.into());
            put("light_threshold", threshold.into());
            put("out_default", out.into());
        }
        (0x61, [0xAA, max_gate, moving_max, static_max, rest @ ..]) if rest.len() == 20 => {
            let (gates, timeout) = rest.split_at(18);
            let (moving, still) = gates.split_at(9);
            put("max_gate", (*max_gate).into());
            put("max_moving_gate", (*moving_max).into());
            put("max_static_gate", (*static_max).into());
            put("moving_gate_sensitivity", json!(moving));
            put("static_gate_sensitivity", json!(still));
            if let &[t0, t1] = timeout {
                put("no_one_timeout_s", u16::from_le_bytes([t0, t1]).into());
            }
        }
        (_, []) => {}
        (_, value) => {
            put("value", json!(value));
        }
    }
}
