//! One decode, as JSON or as the one field of it that a topic carries, and who spoke.

use std::borrow::Cow;
use std::fmt::Write as _;

use serde_json::{Map, Value};

use super::model::Model;
use crate::device::json::{Item, Scalar};
use crate::device::{DecodeError, mapping};
use crate::limits::TOPIC_BYTES_MAX;

/// The keys that mean something, in alphabetical order.
const KEYS: &[&str] = &[
    "alarm",
    "alert",
    "battery",
    "battery_low",
    "battery_mV",
    "battery_ok",
    "channel",
    "class",
    "closed",
    "cmd",
    "cmd_id",
    "code",
    "contact_open",
    "data",
    "device",
    "device_type",
    "event",
    "extradata",
    "heartbeat",
    "humidity",
    "id",
    "learn",
    "light_lux",
    "model",
    "motion",
    "open",
    "opened",
    "reed_open",
    "remarks",
    "restore",
    "rssi",
    "secret_knock",
    "seq",
    "snr",
    "state",
    "subtype",
    "supervised",
    "switch1",
    "switch2",
    "switch3",
    "switch4",
    "switch5",
    "tamper",
    "tampered",
    "temperature_C",
    "temperature_F",
    "tristate",
    "unit",
    "water",
];

/// One decode, or the one field of it that a message carries.
#[derive(Debug, Default)]
pub(super) struct Event<'a> {
    pub(super) values: Vec<(&'static str, Scalar<'a>)>,
    /// The transmission itself, as a flex decoder gives it: hex digits.
    codes: Option<String>,
}

impl<'a> Event<'a> {
    pub(super) fn read(text: &'a str) -> Result<Self, DecodeError> {
        let mut event = Event::default();
        Item::whole(text).object(|key, item| match key {
            "codes" => event.codes = first_code(item),
            _ => event.keep(key, item.scalar()),
        })?;
        Ok(event)
    }

    /// The one field of a message, with what its topic says.
    pub(super) fn of_field(between: &'a str, field: &str, text: &'a str) -> Self {
        let mut event = Event::default();
        let mut places = between.split('/').filter(|place| !place.is_empty()).rev();
        if let Some(id) = places.next() {
            event.keep("id", Scalar::Text(id.into()));
        }
        if let Some(subtype) = places.next_back() {
            event.keep("subtype", Scalar::Text(subtype.into()));
        }
        let number = text.parse().ok().filter(|number: &f64| number.is_finite());
        event.keep(field, number.map_or_else(|| Scalar::Text(text.into()), Scalar::Number));
        event
    }

    fn keep(&mut self, key: &str, value: Scalar<'a>) {
        let known = KEYS.binary_search(&key).ok().and_then(|at| KEYS.get(at));
        if let (Some(known), true) = (known, value != Scalar::Null && self.get(key).is_none()) {
            self.values.push((known, value));
        }
    }

    pub(super) fn get(&self, key: &str) -> Option<&Scalar<'a>> {
        self.values.iter().find(|(own, _)| *own == key).map(|(_, value)| value)
    }

    /// The value as a text, whatever it was.
    pub(super) fn text(&self, key: &str) -> Option<String> {
        self.get(key).and_then(plain)
    }

    pub(super) fn number(&self, key: &str) -> Option<f64> {
        self.get(key).and_then(mapping::number)
    }

    pub(super) fn flag(&self, key: &str) -> Option<bool> {
        self.get(key).and_then(mapping::flag)
    }

    /// Whether it is a whole decode, and not one field of it.
    pub(super) fn is_whole(&self) -> bool {
        self.get("model").is_some()
    }

    pub(super) fn id(&self) -> Option<String> {
        self.text("id").or_else(|| self.text("device")).filter(|id| !id.is_empty())
    }

    pub(super) fn subtype(&self) -> Option<String> {
        ["subtype", "device_type", "class"].into_iter().find_map(|key| self.text(key))
    }

    /// The transmission in hex, for decoders that know no id.
    pub(super) fn code(&self) -> Option<String> {
        let code = self.codes.clone().or_else(|| self.text("code")).or_else(|| self.text("data"))?;
        let code = code.trim_start_matches("0x").to_ascii_uppercase();
        (!code.is_empty() && code.bytes().all(|byte| byte.is_ascii_hexdigit())).then_some(code)
    }

    pub(super) fn address(&self, name: &str, model: Model) -> Result<String, DecodeError> {
        let mut address = model.name(name).to_owned();
        if model == Model::Other {
            for part in [self.subtype(), self.text("channel")].into_iter().flatten() {
                let _ = write!(address, "/{part}");
            }
        }
        if let Some(own) = self.id().or_else(|| self.code()) {
            let _ = write!(address, "/{own}");
        }
        // Longer than any topic it could come under.
        if address.len() > TOPIC_BYTES_MAX { Err(DecodeError::TooLong) } else { Ok(address) }
    }

    pub(super) fn print(&self, fields: &mut Map<String, Value>) {
        for (key, value) in &self.values {
            let flag = matches!(*key, "learn" | "secret_knock" | "alarm" | "closed" | "event" | "tamper");
            let printed = match (value, flag.then(|| mapping::flag(value)).flatten()) {
                (_, Some(flag)) => flag.into(),
                (Scalar::Number(number), None) => whole_number(*number).map_or((*number).into(), Value::from),
                (Scalar::Flag(flag), None) => (*flag).into(),
                (Scalar::Text(text), None) => text.as_ref().into(),
                (Scalar::Null | Scalar::Other, None) => Value::Null,
            };
            // A keypad's `extradata` may be somebody's code for the door.
            if *key != "extradata" {
                fields.insert((*key).into(), printed);
            }
        }
        if let Some(id) = self.id() {
            fields.insert("id".into(), id.into());
        }
        if let Some(subtype) = self.subtype() {
            fields.insert("subtype".into(), subtype.into());
        }
        if let Some(code) = &self.codes {
            fields.insert("codes".into(), code.as_str().into());
        }
        let old = ["device_type", "device", "battery", "battery_low"].iter().any(|key| self.get(key).is_some());
        let name = self.text("model").unwrap_or_default();
        if old || Model::of(&name).name(&name) != name {
            fields.insert("legacy_keys".into(), true.into());
        }
    }
}

/// `["{24}d3125e", …]`: the first row, without its length.
fn first_code(item: Item<'_>) -> Option<String> {
    let mut first = None;
    item.list(|row| first = first.take().or_else(|| row.text().map(Cow::into_owned))).ok()?;
    let row: String = first?;
    Some(row.rsplit_once('}').map_or(row.as_str(), |(_, code)| code).to_owned())
}

/// A value as a text, however its sender wrote it.
pub(super) fn plain(value: &Scalar<'_>) -> Option<String> {
    match value {
        Scalar::Text(text) => Some(text.trim_ascii().to_owned()),
        // What is written with hundreds of digits is no device's word.
        Scalar::Number(number) => whole_number(*number)
            .map(|whole| whole.to_string())
            .or_else(|| (1e-6..9e15).contains(&number.abs()).then(|| number.to_string())),
        Scalar::Flag(flag) => Some(flag.to_string()),
        Scalar::Null | Scalar::Other => None,
    }
}

/// The number as a whole one, if it is one that a double holds exactly.
#[expect(clippy::cast_possible_truncation, reason = "the range and the fraction are checked right before")]
pub(super) fn whole_number(number: f64) -> Option<i64> {
    (number.fract() == 0.0 && number.abs() < 9e15).then_some(number as i64)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_key_is_found() {
        assert!(KEYS.is_sorted());
    }

    #[test]
    fn a_number_is_written_as_an_identity_is_read() {
        for (number, text) in [(176_547.0, "176547"), (0.33, "0.33"), (-1.0, "-1")] {
            assert_eq!(plain(&Scalar::Number(number)).as_deref(), Some(text));
        }
        assert_eq!(whole_number(f64::INFINITY), None);
        assert_eq!(plain(&Scalar::Number(7.7e302)), None);
    }
}
