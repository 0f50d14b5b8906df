//! JSON Lines over serial: the profile for home-made hubs and nodes (ESP32, Arduino, STM32, LoRa modules).
//!
//! One object a line, ended by LF, at most 1024 bytes of UTF-8:
//!
//! ```text
//! {"d":"bed-3","t":12345,"k":"heart_rate","v":64,"u":"bpm"}     one reading
//! {"d":"belt-7","r":[{"k":"sos","v":true},{"k":"battery","v":83}]}   several
//! {"d":"belt-7","hz":50,"s":0.00048828,"a":[[0,0,2048],[1,0,2047]]}   a window of raw acceleration
//! {"d":"bed-3"}                                                 "I am here"
//! ```
//!
//! | key | meaning |
//! | --- | --- |
//! | `d` | the device's name; the address at enrolment |
//! | `k`, `v`, `u` | kind and value in the words of the vocabulary, and the unit if it is not the vocabulary's |
//! | `r` | a list of objects with `k`, `v`, `u` |
//! | `hz`, `s`, `a` | samples a second, g a step, `[x, y, z]` in steps |
//! | others | ignored: `t` (no device's clock is believed), `seq`, `mac` |
//!
//! Design constraints:
//!
//! - A hub's boot log runs over the same cable: a line that does not begin with `{` is refused before it is looked at.
//! - A window is checked and says no more than that its device is alive; reducing it to readings is not a decoder's work.
//! - C prints a missing number as `nan` or `inf`, which is not JSON: such a value is taken as `null`.
//! - A press is an event, and `sos: false` is its release; the node may repeat an alarm over the radio (see `merge_ms`).

use super::framing::Framing;
use super::json::{self, Item, Scalar};
use super::speech::Speech;
use super::unit::{MMHG_PER_KPA, to_vocabulary};
use super::{Decode, DecodeError, Decoded, Format, Frame, Transport};
use crate::core::reading::{Plain, Quantity};
use crate::limits::JSON_LINE_BYTES_MAX;

/// The registry's line.
pub const FORMAT: Format = Format {
    name: "json_lines",
    about: "home-made hubs and LoRa nodes that write one JSON object a line over USB or UART",
    about_zh: "自制集线器和 LoRa 节点:经 USB 或串口,每行一个 JSON 对象",
    transport: Transport::Serial { baud: 115_200, framing: Framing::Lines { bytes_max: JSON_LINE_BYTES_MAX } },
    // judgement: a node repeats an alarm 3 to 5 times over an unacknowledged radio; a 100-byte packet takes about 0.4 s at
    // 2.4 kbit/s and nodes wait 1 to 2 s between repeats, so the last copy comes within 10 s of the first.
    merge_ms: 10_000,
    steady_ms: 0,
    decoder: || Box::new(JsonLines),
};

/// Fastest window accepted, in samples a second. judgement: sixteen times what fall detection needs.
const WINDOW_HZ_MAX: f64 = 800.0;

/// Largest sample, in steps of `s`: the converters of accelerometers have 16 bits, with a little room.
const WINDOW_STEP_MAX: f64 = 1_048_576.0;

struct JsonLines;

impl Decode for JsonLines {
    fn decode(&mut self, frame: &Frame<'_>) -> Result<Decoded, DecodeError> {
        if frame.bytes.trim_ascii_start().first() != Some(&b'{') {
            return Err(DecodeError::NotMine);
        }
        let text = json::bounded(frame.bytes, JSON_LINE_BYTES_MAX)?;
        match speak(text) {
            // A thermometer's `nan` must not cost the press that stands beside it.
            Err(DecodeError::NotJson) => match json::nan_as_null(text) {
                Some(mended) => speak(&mended),
                None => Err(DecodeError::NotJson),
            },
            spoken => spoken,
        }
    }
}

fn speak(text: &str) -> Result<Decoded, DecodeError> {
    let line = Line::read(text)?;
    let name = match line.device.map(Item::scalar) {
        Some(Scalar::Text(name)) => name,
        Some(_) => return Err(DecodeError::WrongType),
        None => return Err(DecodeError::NotMine),
    };
    let mut speech = Speech::of(&name)?;
    line.one.speak(&mut speech);
    if let Some(list) = line.list {
        let walk = list.list(|entry| match One::read(entry) {
            Ok(one) => one.speak(&mut speech),
            Err(_) => speech.refuse("r", DecodeError::WrongType),
        });
        if walk.is_err() {
            speech.refuse("r", DecodeError::WrongType);
        }
    }
    if let Err(why) = line.window.check() {
        speech.refuse("a", why);
    }
    speech.finish()
}

/// The keys of a line.
#[derive(Default)]
struct Line<'a> {
    device: Option<Item<'a>>,
    one: One<'a>,
    list: Option<Item<'a>>,
    window: Window<'a>,
}

impl<'a> Line<'a> {
    fn read(text: &'a str) -> Result<Self, DecodeError> {
        let mut line = Self::default();
        Item::whole(text).object(|key, item| match key {
            "d" => line.device = Some(item),
            "r" => line.list = Some(item),
            "hz" => line.window.hz = Some(item),
            "s" => line.window.scale = Some(item),
            "a" => line.window.samples = Some(item),
            _ => line.one.take(key, item),
        })?;
        Ok(line)
    }
}

/// One reading: `k`, `v`, `u`.
#[derive(Default)]
struct One<'a> {
    kind: Option<Item<'a>>,
    value: Option<Item<'a>>,
    unit: Option<Item<'a>>,
}

impl<'a> One<'a> {
    fn read(entry: Item<'a>) -> Result<Self, DecodeError> {
        let mut one = Self::default();
        entry.object(|key, item| one.take(key, item))?;
        if one.kind.is_none() { Err(DecodeError::WrongType) } else { Ok(one) }
    }

    fn take(&mut self, key: &str, item: Item<'a>) {
        match key {
            "k" => self.kind = Some(item),
            "v" => self.value = Some(item),
            "u" => self.unit = Some(item),
            _ => {}
        }
    }

    fn speak(&self, speech: &mut Speech) {
        let (kind, value) = match (self.kind, self.value) {
            (None, None) => return,
            (Some(kind), Some(value)) => (kind, value),
            (None, Some(_)) | (Some(_), None) => return speech.refuse("k", DecodeError::WrongType),
        };
        let Some(kind) = kind.text() else { return speech.refuse("k", DecodeError::WrongType) };
        let unit = match self.unit.map(Item::scalar) {
            None | Some(Scalar::Null) => None,
            Some(Scalar::Text(unit)) => Some(unit),
            Some(_) => return speech.refuse("u", DecodeError::WrongType),
        };
        match value.scalar() {
            // "Not measured": nothing is said.
            Scalar::Null => {}
            Scalar::Flag(flag) => speech.vocabulary("v", &kind, Plain::Flag(flag)),
            Scalar::Text(text) => speech.vocabulary("v", &kind, Plain::Text(&text)),
            Scalar::Number(number) => match measured(&kind, unit.as_deref(), number) {
                Some(number) => speech.vocabulary("v", &kind, Plain::Number(number)),
                None => speech.refuse("u", DecodeError::WrongType),
            },
            Scalar::Other => match compound(value, unit.as_deref()) {
                Some(plain) => speech.vocabulary("v", &kind, plain),
                None => speech.refuse("v", DecodeError::WrongType),
            },
        }
    }
}

/// The number in the vocabulary's unit; `None` when the unit is not surely one of the kind's.
fn measured(kind: &str, unit: Option<&str>, number: f64) -> Option<f64> {
    match (Quantity::from_word(kind), unit) {
        (Some(quantity), Some(unit)) => to_vocabulary(quantity, unit, number),
        _ => Some(number),
    }
}

/// `{"sys":…,"dia":…}` in mmHg or kPa, `{"lat":…,"lon":…}` in degrees.
fn compound(value: Item<'_>, unit: Option<&str>) -> Option<Plain<'static>> {
    let (mut sys, mut dia, mut map, mut lat, mut lon) = (None, None, None, None, None);
    value
        .object(|key, item| match key {
            "sys" => sys = item.number(),
            "dia" => dia = item.number(),
            "map" => map = item.number(),
            "lat" => lat = item.number(),
            "lon" => lon = item.number(),
            _ => {}
        })
        .ok()?;
    match (sys, dia, lat, lon, unit) {
        (Some(sys), Some(dia), None, None, None | Some("mmHg")) => Some(Plain::Pressure { sys, dia, map }),
        (Some(sys), Some(dia), None, None, Some("kPa")) => {
            // One decimal of mmHg is all that a cuff's kPa carry.
            let mmhg = |kpa: f64| (kpa * MMHG_PER_KPA * 10.0).round() / 10.0;
            Some(Plain::Pressure { sys: mmhg(sys), dia: mmhg(dia), map: map.map(mmhg) })
        }
        (None, None, Some(lat), Some(lon), None | Some("deg")) => Some(Plain::Position { lat, lon }),
        _ => None,
    }
}

/// A window of raw acceleration: `hz`, `s`, `a`.
#[derive(Default)]
struct Window<'a> {
    hz: Option<Item<'a>>,
    scale: Option<Item<'a>>,
    samples: Option<Item<'a>>,
}

impl Window<'_> {
    /// No window, or one of the right shape.
    fn check(&self) -> Result<(), DecodeError> {
        let Some(samples) = self.samples else { return Ok(()) };
        let within = |item: Option<Item<'_>>, max: f64| {
            item.and_then(Item::number).is_some_and(|number| number > 0.0 && number <= max)
        };
        // One step of more than 1 g is no accelerometer.
        if !within(self.hz, WINDOW_HZ_MAX) || !within(self.scale, 1.0) {
            return Err(DecodeError::WrongType);
        }
        let (mut good, mut count) = (true, 0_usize);
        samples.list(|sample| {
            count += 1;
            good &= is_step_triple(sample);
        })?;
        if good && count > 0 { Ok(()) } else { Err(DecodeError::WrongType) }
    }
}

fn is_step_triple(sample: Item<'_>) -> bool {
    let (mut good, mut count) = (true, 0_usize);
    let walk = sample.list(|axis| {
        count += 1;
        good &= axis.number().is_some_and(|step| step.fract() == 0.0 && step.abs() <= WINDOW_STEP_MAX);
    });
    walk.is_ok() && good && count == 3
}
