//! What was said and whether it is an event or a level, with its short form in the log.

use std::fmt;

use serde::de::{self, SeqAccess};
use serde::ser::SerializeSeq as _;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::measure::Measure;
use super::parts::Plain;
use crate::core::word::words;

words! {
    /// Whether a thing said is something that happened, or a state that is repeated while it lasts.
    Nature {
        /// It happened once; saying it again is a second time (outside the format's merge window).
        Event = "event",
        /// It is so; only the change is news (CARE-RULES 18 for help calls).
        Level = "level",
    }
}

/// One measure as its sender meant it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Said {
    /// What.
    pub measure: Measure,
    /// Event or level.
    pub nature: Nature,
}

impl Said {
    /// An event.
    #[must_use]
    pub const fn event(measure: Measure) -> Self {
        Self { measure, nature: Nature::Event }
    }

    /// A level.
    #[must_use]
    pub const fn level(measure: Measure) -> Self {
        Self { measure, nature: Nature::Level }
    }
}

// In the log a measure is a short list: ["battery",97] for a level, ["sos",true,"event"] for an event.
impl Serialize for Said {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        let event = self.nature == Nature::Event;
        let mut list = to.serialize_seq(Some(if event { 3 } else { 2 }))?;
        let bridge = self.measure.scope().is_some();
        list.serialize_element(self.measure.kind())?;
        match self.measure {
            Measure::Availability { online, .. } if bridge => {
                list.serialize_element(if online { "bridge_online" } else { "bridge_offline" })?;
            }
            _ => list.serialize_element(&self.measure.value())?,
        }
        if event {
            list.serialize_element(&self.nature)?;
        }
        list.end()
    }
}

impl<'de> Deserialize<'de> for Said {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        #[derive(Deserialize)]
        #[serde(untagged)]
        enum Owned {
            Flag(bool),
            Number(f64),
            Text(String),
            Pressure { sys: f64, dia: f64, map: Option<f64> },
            Position { lat: f64, lon: f64 },
        }
        struct Visitor;
        impl<'de> de::Visitor<'de> for Visitor {
            type Value = Said;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a list [kind, value] or [kind, value, \"event\"]")
            }
            fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Said, A::Error> {
                let kind: std::borrow::Cow<'de, str> =
                    list.next_element()?.ok_or_else(|| de::Error::invalid_length(0, &self))?;
                let value: Owned = list.next_element()?.ok_or_else(|| de::Error::invalid_length(1, &self))?;
                let nature = list.next_element::<Nature>()?.unwrap_or(Nature::Level);
                let plain = match &value {
                    Owned::Flag(flag) => Plain::Flag(*flag),
                    Owned::Number(number) => Plain::Number(*number),
                    Owned::Text(text) => Plain::Text(text),
                    Owned::Pressure { sys, dia, map } => Plain::Pressure { sys: *sys, dia: *dia, map: *map },
                    Owned::Position { lat, lon } => Plain::Position { lat: *lat, lon: *lon },
                };
                let measure = Measure::from_parts(&kind, plain).map_err(de::Error::custom)?;
                Ok(Said { measure, nature })
            }
        }
        from.deserialize_seq(Visitor)
    }
}
