//! Modbus RTU over RS-485: smoke, gas, temperature, dry contacts, bed mats on modules with inputs. 9600 8N1 mostly.
//!
//! ```text
//! slave · function · address (2) · count (2) · CRC                    request; big-endian, the CRC low byte first
//! slave · function · bytes · data · CRC                               answer
//! slave · function | 80 · code · CRC                                  exception
//! ```
//!
//! | function | |
//! | --- | --- |
//! | 01, 02 | read coils, inputs: bits, lowest first |
//! | 03, 04 | read holding registers, input registers: 16 bits |
//! | 05, 06, 0F, 10 | write one coil, one register, many of them; the gateway writes none |
//!
//! Source: Modbus over serial line V1.02, Modbus application protocol V1.1b3.
//!
//! Design constraints:
//!
//! - What a register means is a profile of the configuration ([`crate::core::register`]), because maps differ per seller.
//!   A lone answer does not say which registers it holds; the one who asked knows ([`Read`]).
//! - There is one master, the gateway: `source/modbus` asks, and puts what it read through [`speak`]. The decoder below is for
//!   frames that an installer has caught, and for vectors.
//! - A device that stops answering is *offline*. A register that cannot be read is never "no smoke".

mod frame;

pub mod registers;

use serde_json::{Map, Value, json};

use super::{Decode, DecodeError, Decoded, Format, Frame, Transport};
use crate::core::reading::Quantity;
use crate::core::register::{FlagKind, Form, Function, Meaning, Point, Profile};
use frame::{Adu, BYTES_MAX, Body};

pub use registers::{Read, Values, offline, reads, speak};

/// The registry's line.
pub const FORMAT: Format = Format {
    name: "modbus_rtu",
    about: "RS-485 sensors and input modules: smoke, gas, temperature, humidity, dry contacts, bed mats",
    about_zh: "RS-485 传感器与输入模块:烟感、燃气、温湿度、干接点、床垫",
    transport: Transport::Bus { baud: 9_600 },
    // It says levels only; there is no event to be merged.
    merge_ms: 0,
    // Asked every other second: changes at once, the rest twice a minute.
    steady_ms: 30_000,
    decoder: || Box::new(ModbusRtu),
};

struct ModbusRtu;

impl Decode for ModbusRtu {
    fn decode(&mut self, frame: &Frame<'_>) -> Result<Decoded, DecodeError> {
        let (adus, why) = all(frame.bytes);
        let Some(first) = adus.first() else { return Err(why) };
        let address = first.slave.to_string();
        let profile = frame.context.of(&address).get("map").and_then(Value::as_str).and_then(example);
        let Some(profile) = profile else { return Ok(Decoded::default()) };
        // Nobody told which registers the answer holds: those that the profile begins with.
        let answers: Vec<(Read, Values)> = adus.iter().filter_map(|adu| answer(&profile, adu)).collect();
        Ok(speak(&profile, first.slave, &answers).into_iter().next().unwrap_or_default())
    }

    fn fields(&self, frame: &Frame<'_>) -> Map<String, Value> {
        let (adus, _) = all(frame.bytes);
        let mut fields = adus.first().map(adu_fields).unwrap_or_default();
        fields.insert("crc_ok".into(), (!adus.is_empty()).into());
        fields.insert("frames_decoded".into(), adus.len().into());
        fields
    }
}

/// Every whole frame among the bytes, and why there is none.
fn all(bytes: &[u8]) -> (Vec<Adu<'_>>, DecodeError) {
    let (mut adus, mut rest, mut why) = (Vec::new(), bytes, DecodeError::Length);
    if bytes.len() > 4 * BYTES_MAX {
        return (adus, DecodeError::TooLong);
    }
    while !rest.is_empty() {
        let taken = match frame::first(rest) {
            Ok((adu, length)) => {
                adus.push(adu);
                length
            }
            Err(cut) => {
                why = cut.alone(rest.len()).err().unwrap_or(why);
                1
            }
        };
        rest = rest.get(taken..).unwrap_or_default();
    }
    (adus, why)
}

/// The values of an answer, as those of the first request of its function that has as many.
fn answer(profile: &Profile, adu: &Adu<'_>) -> Option<(Read, Values)> {
    let Body::Answer { data } = adu.body else { return None };
    let function = Function::from_number(adu.function)?;
    let values = values(function, data);
    let read = reads(profile).into_iter().find(|read| {
        let count = usize::from(read.count);
        read.function == function
            && if function.is_of_bits() { count.div_ceil(8) == data.len() } else { count == values.count() }
    })?;
    Some((read, values))
}

fn values(function: Function, data: &[u8]) -> Values {
    if function.is_of_bits() {
        Values::Bits(data.iter().flat_map(|byte| (0..8).map(move |bit| byte >> bit & 1 == 1)).collect())
    } else {
        Values::Words(data.as_chunks::<2>().0.iter().map(|pair| u16::from_be_bytes(*pair)).collect())
    }
}

fn adu_fields(adu: &Adu<'_>) -> Map<String, Value> {
    let mut fields = Map::new();
    let mut put = |key: &str, value: Value| fields.insert(key.to_owned(), value);
    put("slave", adu.slave.into());
    put("fc", adu.function.into());
    match adu.body {
        Body::Request { address, count } => {
            put("kind", "request".into());
            put("address", address.into());
            put("count", count.into());
        }
        Body::Answer { data } => {
            put("kind", "response".into());
            match Function::from_number(adu.function).map(|function| values(function, data)) {
                Some(Values::Bits(bits)) => put("bits", json!(bits)),
                Some(Values::Words(words)) => put("registers", json!(words)),
                None => None,
            };
        }
        Body::Exception { code } => {
            put("kind", "exception".into());
            put("code", code.into());
            put("exception_code", code.into());
        }
        Body::Write { address, value } => {
            put("kind", "write".into());
            put("address", address.into());
            put("value", value.into());
        }
        Body::WriteMany { address, count, data } => {
            put("kind", "write".into());
            put("address", address.into());
            put("count", count.into());
            put("data", json!(data));
        }
        Body::Written { address, count } => {
            put("kind", "written".into());
            put("address", address.into());
            put("count", count.into());
        }
    }
    fields
}

/// The profiles that vectors name, in any case; those in use are configuration, and stand in its example.
fn example(name: &str) -> Option<Profile> {
    let number = |address, form, quantity| Point {
        function: Function::Registers,
        address,
        form,
        scale_millionths: 100_000,
        meaning: Meaning::Number(quantity),
        part: None,
    };
    let flag = |kind| Point {
        function: Function::Holding,
        address: 0,
        form: Form::U16,
        scale_millionths: 1_000_000,
        meaning: Meaning::Flag { kind, alarm_when: Some(1) },
        part: None,
    };
    let points = match name.to_ascii_lowercase().as_str() {
        "xy-md02" | "sht20" => {
            vec![number(1, Form::I16, Quantity::AmbientTemp), number(2, Form::U16, Quantity::Humidity)]
        }
        "smoke-alarm-register" => vec![flag(FlagKind::Smoke)],
        "gas-alarm-register" => vec![flag(FlagKind::Gas)],
        "co-alarm-register" => vec![flag(FlagKind::Co)],
        _ => return None,
    };
    Some(Profile { points })
}
