//! One notification, taken apart: what was measured, and the fields of the protocol for an installer's eyes.
//!
//! Flags come first and optional fields follow in the order of their flags. What is shorter than its flags say is refused
//! whole, because its last field would be another one's bytes.

use serde_json::{Map, Value, json};

use super::number::Decimal;
use crate::core::reading::{Measure, Plain, Quantity};
use crate::device::DecodeError;
use crate::device::ble::bytes::Bytes;
use crate::device::speech::Speech;
use crate::device::unit::{KG_PER_POUND, MMHG_PER_KPA};

/// A notification in the making: what it says, and its fields.
pub(super) struct Notification<'a> {
    bytes: Bytes<'a>,
    flags: u8,
    pub(super) speech: Speech,
    pub(super) fields: Map<String, Value>,
    /// Whether a sequence number or a time tells one stored measurement from another.
    pub(super) stamped: bool,
}

/// Milligrams a decilitre of glucose in one millimole a litre (source: its molar mass, 180.16 g/mol).
const MG_PER_DL_PER_MMOL: f64 = 18.016;

/// Reads a notification of this characteristic.
///
/// # Errors
/// `Length` when it is shorter than its flags say, `NotMine` for a characteristic that is not in the table, `Unknown`
/// for a charge over 100 %.
pub(super) fn read(characteristic: u16, bytes: &[u8], speech: Speech) -> Result<Notification<'_>, DecodeError> {
    let mut one = Notification { bytes: Bytes(bytes), flags: 0, speech, fields: Map::new(), stamped: false };
    let read = match characteristic {
        0x2A19 => return one.battery(),
        0x2A37 => Notification::heart_rate,
        0x2A5F => Notification::oximeter_running,
        0x2A5E => Notification::oximeter_spot,
        0x2A35 => Notification::blood_pressure,
        0x2A1C => Notification::temperature,
        0x2A18 => Notification::glucose,
        0x2A9D => Notification::weight,
        _ => return Err(DecodeError::NotMine),
    };
    let whole = one.bytes.byte().and_then(|flags| {
        one.flags = flags;
        read(&mut one)
    });
    whole.map(|()| one).ok_or(DecodeError::Length)
}

impl Notification<'_> {
    const fn has(&self, flag: u8) -> bool {
        self.flags >> flag & 1 == 1
    }

    fn show(&mut self, key: &str, value: impl Into<Value>) {
        self.fields.insert(key.to_owned(), value.into());
    }

    fn short(&mut self) -> Option<Decimal> {
        self.bytes.u16().map(Decimal::short)
    }

    /// A number that may be a special one: shown as `null` then, with the special one's name beside it.
    fn show_decimal(&mut self, key: &str, decimal: Decimal) {
        self.show(key, decimal.special().map_or(json!(decimal.value()), |_| Value::Null));
        if let Some(special) = decimal.special() {
            self.show("special", special);
        }
    }

    /// Year, month, day, hour, minute, second; a year of 0 is "not known".
    fn date_time(&mut self) -> Option<DateTime> {
        let year = self.bytes.u16()?;
        let [month, day, hour, minute, second] = self.bytes.take(5)?.try_into().ok()?;
        self.stamped = true;
        Some(DateTime { year, month, day, hour, minute, second })
    }

    fn battery(mut self) -> Result<Self, DecodeError> {
        match self.bytes.0 {
            [percent @ 0..=100] => {
                self.show("battery_pct", *percent);
                self.speech.number(Quantity::Battery, f64::from(*percent));
                Ok(self)
            }
            [_] => Err(DecodeError::Unknown),
            _ => Err(DecodeError::Length),
        }
    }

    fn heart_rate(&mut self) -> Option<()> {
        let rate = if self.has(0) { self.bytes.u16()? } else { u16::from(self.bytes.byte()?) };
        self.show("heart_rate_bpm", rate);
        let contact = match (self.has(2), self.has(1)) {
            (false, _) => "unsupported",
            (true, false) => "not_detected",
            (true, true) => "detected",
        };
        self.show("contact", contact);
        if self.has(3) {
            let energy = self.bytes.u16()?;
            self.show("energy_kj", energy);
        }
        if self.has(4) {
            let mut intervals = vec![self.bytes.u16()?];
            while !self.bytes.is_empty() {
                intervals.push(self.bytes.u16()?);
            }
            self.show("rr_1024th_s", intervals);
        }
        // Without contact the value is noise.
        if contact != "not_detected" {
            self.speech.number(Quantity::HeartRate, f64::from(rate));
        }
        if contact != "unsupported" {
            self.speech.level(Measure::Worn(contact == "detected"));
        }
        Some(())
    }

    fn oximetry(&mut self) -> Option<()> {
        let (saturation, pulse) = (self.short()?, self.short()?);
        self.show_decimal("spo2_pct", saturation);
        self.show_decimal("pulse_bpm", pulse);
        self.speech.number(Quantity::Spo2, saturation.value());
        self.speech.number(Quantity::HeartRate, pulse.value());
        Some(())
    }

    fn oximeter_running(&mut self) -> Option<()> {
        self.oximetry()?;
        for (flag, name) in [(0, "fast"), (1, "slow")] {
            if self.has(flag) {
                let (saturation, pulse) = (self.short()?, self.short()?);
                self.show_decimal(&format!("spo2_{name}_pct"), saturation);
                self.show_decimal(&format!("pulse_{name}_bpm"), pulse);
            }
        }
        self.oximeter_status(2)
    }

    fn oximeter_spot(&mut self) -> Option<()> {
        self.oximetry()?;
        if self.has(0) {
            let time = self.date_time()?;
            self.show("time", time.text());
        }
        self.show("clock_unset", self.has(4));
        self.oximeter_status(1)
    }

    /// Status of measurement and device and the pulse's amplitude, by three flags from this one on.
    fn oximeter_status(&mut self, first: u8) -> Option<()> {
        if self.has(first) {
            let status = self.bytes.u16()?;
            self.show("measurement_status", status);
        }
        if self.has(first + 1) {
            let status = crate::device::ble::bytes::unsigned(self.bytes.take(3)?);
            self.show("device_status", status);
        }
        if self.has(first + 2) {
            let index = self.short()?;
            self.show_decimal("pulse_amplitude_index", index);
        }
        Some(())
    }

    fn blood_pressure(&mut self) -> Option<()> {
        let [sys, dia, map] = [self.short()?, self.short()?, self.short()?];
        let kilopascal = self.has(0);
        self.show_decimal("systolic", sys);
        self.show_decimal("diastolic", dia);
        self.show_decimal("map", map);
        self.show("unit", if kilopascal { "kPa" } else { "mmHg" });
        if self.has(1) {
            let time = self.date_time()?;
            self.show("time", time.text());
        }
        let pulse = if self.has(2) { Some(self.short()?) } else { None };
        if self.has(3) {
            let user = self.bytes.byte()?;
            self.show("user", user);
        }
        if self.has(4) {
            let status = self.bytes.u16()?;
            self.show("status_bits", status);
            let names = [(0, "body_moved"), (1, "cuff_loose"), (2, "irregular_pulse"), (5, "improper_position")];
            for (bit, name) in names {
                if status >> bit & 1 == 1 {
                    self.show(name, true);
                }
            }
        }
        let mmhg = |decimal: Decimal| {
            // One decimal is all that a cuff's kPa carry.
            let value = decimal.value();
            if kilopascal { (value * MMHG_PER_KPA * 10.0).round() / 10.0 } else { value }
        };
        let pressure =
            Plain::Pressure { sys: mmhg(sys), dia: mmhg(dia), map: Some(mmhg(map)).filter(|map| map.is_finite()) };
        self.speech.vocabulary("blood_pressure", "blood_pressure", pressure);
        if let Some(pulse) = pulse {
            self.show_decimal("pulse_bpm", pulse);
            self.speech.number(Quantity::HeartRate, pulse.value());
        }
        Some(())
    }

    fn temperature(&mut self) -> Option<()> {
        let value = self.bytes.u32().map(Decimal::long)?;
        let mut celsius = value.value();
        if self.has(0) {
            // The reading is the printed field: no thermometer measures finer, and 37.777777 °C would say that it does.
            celsius = to_hundredths((celsius - 32.0) * 5.0 / 9.0);
            self.show_decimal("temperature_f", value);
        }
        self.show_decimal("temperature_c", value);
        if value.special().is_none() {
            self.show("temperature_c", to_hundredths(celsius));
        }
        if self.has(1) {
            let time = self.date_time()?;
            self.show("time", time.text());
        }
        if self.has(2) {
            let place = self.bytes.byte()?;
            self.show("type", place);
        }
        self.speech.number(Quantity::BodyTemp, celsius);
        Some(())
    }

    fn glucose(&mut self) -> Option<()> {
        let sequence = self.bytes.u16()?;
        let base = self.date_time()?;
        self.show("sequence", sequence);
        self.show("base_time", base.text());
        let mut offset = 0;
        if self.has(0) {
            offset = self.bytes.i16()?;
            self.show("time_offset_min", offset);
        }
        self.show("time", base.later(offset).map_or(Value::Null, Value::from));
        let measured = if self.has(1) { Some((self.short()?, self.bytes.byte()?)) } else { None };
        if let Some((concentration, of)) = measured {
            self.show_decimal("concentration_raw", concentration);
            self.show("unit", if self.has(2) { "mol/L" } else { "kg/L" });
            self.show("type", of & 0x0F);
            self.show("location", of >> 4);
        }
        if self.has(3) {
            let status = self.bytes.u16()?;
            self.show("status", status);
            if status & 1 == 1 {
                self.show("battery_low", true);
                self.speech.level(Measure::BatteryLow(true));
            }
        }
        self.show("context_follows", self.has(4));
        match measured {
            // A control solution tests the meter, and is nobody's blood.
            Some((_, of)) if of & 0x0F == 10 => {}
            Some((concentration, _)) => {
                let value = concentration.value();
                let mmol = if self.has(2) { value * 1000.0 } else { value * 100_000.0 / MG_PER_DL_PER_MMOL };
                if mmol.is_finite() {
                    self.show("mmol_per_l", mmol);
                }
                self.speech.number(Quantity::Glucose, mmol);
            }
            None => {}
        }
        Some(())
    }

    fn weight(&mut self) -> Option<()> {
        let raw = self.bytes.u16()?;
        let pounds = self.has(0);
        // The scale could not measure.
        let value = if raw == 0xFFFF { f64::NAN } else { f64::from(raw) };
        let kilograms = if pounds { value / 100.0 * KG_PER_POUND } else { value / 200.0 };
        if pounds && value.is_finite() {
            self.show("weight_lb", value / 100.0);
        }
        self.show("weight_kg", json!(kilograms));
        if self.has(1) {
            let time = self.date_time()?;
            self.show("time", time.text());
        }
        if self.has(2) {
            let user = self.bytes.byte()?;
            self.show("user", user);
        }
        if self.has(3) {
            let (index, height) = (self.bytes.u16()?, self.bytes.u16()?);
            self.show("bmi", f64::from(index) / 10.0);
            let (key, tall) =
                if pounds { ("height_in", f64::from(height) / 10.0) } else { ("height_m", f64::from(height) / 1000.0) };
            self.show(key, tall);
        }
        self.speech.number(Quantity::Weight, kilograms);
        Some(())
    }
}

fn to_hundredths(number: f64) -> f64 {
    (number * 100.0).round() / 100.0
}

/// A meter's own clock, shown and never believed.
#[derive(Debug, Clone, Copy)]
struct DateTime {
    year: u16,
    month: u8,
    day: u8,
    hour: u8,
    minute: u8,
    second: u8,
}

impl DateTime {
    fn text(self) -> Value {
        if self.year == 0 { Value::Null } else { self.written().into() }
    }

    fn written(self) -> String {
        let Self { year, month, day, hour, minute, second } = self;
        format!("{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}")
    }

    /// So many minutes later; `None` when this is no date.
    fn later(self, minutes: i16) -> Option<String> {
        let date: jiff::civil::DateTime = self.written().parse().ok()?;
        let later = date.checked_add(jiff::Span::new().minutes(minutes)).ok()?;
        Some(later.strftime("%Y-%m-%dT%H:%M:%S").to_string())
    }
}
