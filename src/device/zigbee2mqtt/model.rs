//! What a model's keys mean where models differ.
//!
//! The bridge's list of devices names each device's model and what it exposes; that is where meaning comes from. It is
//! never guessed from a friendly name. A model that nobody knows has the plain meaning: `occupancy` is motion, `contact`
//! is a door. That errs on the safe side, because `presence: false` claims that nobody is there, and `motion: false`
//! claims nothing.

use super::key::{self, Meaning};
use crate::device::json::{Item, Scalar};
use crate::device::unit::to_vocabulary;

/// How one model speaks.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(super) struct Dialect {
    pub(super) occupancy: Occupancy,
    pub(super) contact: Mat,
    odd: Vec<(&'static str, Odd)>,
}

/// What `occupancy` means.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) enum Occupancy {
    /// A passive infrared sensor.
    #[default]
    Motion,
    /// A radar.
    Presence,
    /// A bed or chair strap.
    Bed,
}

/// What `contact` is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) enum Mat {
    /// A door or window.
    #[default]
    Door,
    /// A pressure pad wired as a contact: open = somebody lies on it.
    Bed,
}

/// A key that this model uses otherwise than the table of keys says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Odd {
    /// Another unit.
    Unit(Box<str>),
    /// Words instead of `true` and `false`.
    Words {
        /// `true`.
        on: Box<str>,
        /// `false`.
        off: Box<str>,
    },
    /// Something else altogether (a setting, a meter): the key is skipped.
    Foreign,
}

/// Models whose `occupancy` is a radar's, in alphabetical order. Source: the converters' descriptions (26.112.0) of models
/// that expose `occupancy` and are mmWave or microwave presence sensors. MIR-HE200-TY is missing with intent: it exposes
/// `presence` beside it, and its `occupancy` is movement.
const RADARS: &[&str] = &[
    "3RPL01084Z",
    "3RPS01083Z",
    "ES1ZZ(TY)",
    "HE300_ZB",
    "HS2FD-EF1-3.0",
    "HS8OS-EF1-3.0",
    "M1P-E",
    "MG1_5RZ",
    "MG3-5RZ",
    "MTD085-ZB",
    "NAS-PS09B2",
    "OPS305",
    "SNZB-06P",
    "SNZB-06P24",
    "SR-ZG9030F-PS",
    "TS0225_EKAZA",
    "TS0601_motion_sensor",
    "VZM32-SN",
    "ZB-24GMS02",
    "ZIS-01P",
    "ZY_HPS01",
    "eMotion Air",
];

/// Keys that only radars have.
const RADAR_KEYS: &[&str] =
    &["target_distance", "motion_state", "human_motion_state", "fall_status", "fall_down_status", "radar_sensitivity"];

/// Longest word kept for `true` or `false`, in bytes. judgement: the converters use ON, OFF and the like.
const WORD_BYTES_MAX: usize = 32;

impl Dialect {
    /// The dialect of a model by its name alone.
    pub(super) fn of_model(model: &str) -> Self {
        let occupancy = match model {
            "TS0601_bed_presence_sensor" => Occupancy::Bed,
            _ if RADARS.binary_search(&model).is_ok() => Occupancy::Presence,
            _ => Occupancy::Motion,
        };
        let contact = if model == "SPM915" { Mat::Bed } else { Mat::Door };
        Self { occupancy, contact, odd: Vec::new() }
    }

    /// The dialect of a bridge's `definition` of a device: the model's name first, then what it exposes.
    pub(super) fn of_definition(model: &str, description: &str, exposes: Option<Item<'_>>) -> Self {
        let mut dialect = Self::of_model(model);
        let (mut presence, mut radar) = (false, describes_a_radar(description));
        let read = exposes.map(|list| {
            list.list(|item| {
                let Some(entry) = Exposed::read(item) else { return };
                presence |= entry.property == "presence";
                radar |= RADAR_KEYS.contains(&&*entry.property);
                let odd = key::find(&entry.property).and_then(|(key, meaning)| Some((key, entry.odd(meaning)?)));
                if let Some((key, odd)) = odd {
                    dialect.odd.retain(|(other, _)| *other != key);
                    dialect.odd.push((key, odd));
                }
            })
        });
        // With a `presence` of its own, the model's `occupancy` is its motion.
        if dialect.occupancy == Occupancy::Motion && radar && !presence && read.is_some_and(|walk| walk.is_ok()) {
            dialect.occupancy = Occupancy::Presence;
        }
        dialect
    }

    /// How this model uses a key, where that is unusual.
    pub(super) fn odd(&self, key: &str) -> Option<&Odd> {
        self.odd.iter().find(|(own, _)| *own == key).map(|(_, odd)| odd)
    }
}

/// One entry of `exposes`.
#[derive(Default)]
struct Exposed<'a> {
    property: std::borrow::Cow<'a, str>,
    kind: std::borrow::Cow<'a, str>,
    unit: Option<std::borrow::Cow<'a, str>>,
    on: Option<Scalar<'a>>,
    off: Option<Scalar<'a>>,
    settable: bool,
}

impl<'a> Exposed<'a> {
    fn read(item: Item<'a>) -> Option<Self> {
        let mut exposed = Self::default();
        item.object(|key, value| match key {
            "property" => exposed.property = value.text().unwrap_or_default(),
            "type" => exposed.kind = value.text().unwrap_or_default(),
            "unit" => exposed.unit = value.text(),
            "value_on" => exposed.on = Some(value.scalar()),
            "value_off" => exposed.off = Some(value.scalar()),
            // Bit 1 of `access`: the property can be set.
            "access" => exposed.settable = matches!(value.number(), Some(bits) if bits % 4.0 >= 2.0),
            _ => {}
        })
        .ok()?;
        Some(exposed)
    }

    /// How the model's use of a key departs from the key's usual meaning, if it does.
    fn odd(&self, meaning: Meaning) -> Option<Odd> {
        match meaning {
            Meaning::Flag(make) => {
                // A vibration *switch* is a setting; a settable smoke is still taken for smoke.
                let setting = self.settable && !make(true).may_alarm();
                if self.kind != "binary" || setting { Some(Odd::Foreign) } else { self.odd_words() }
            }
            Meaning::Occupancy => {
                if self.kind == "binary" {
                    self.odd_words()
                } else {
                    Some(Odd::Foreign)
                }
            }
            // Which of two words means an open door is not certain: only true and false are read.
            Meaning::Contact => (self.kind != "binary" || self.odd_words().is_some()).then_some(Odd::Foreign),
            Meaning::Number(quantity, usual) => match &self.unit {
                _ if self.kind != "numeric" => Some(Odd::Foreign),
                None => None,
                Some(unit) if **unit == *usual => None,
                Some(unit) => Some(match to_vocabulary(quantity, unit, 1.0) {
                    Some(_) => Odd::Unit(Box::from(&**unit)),
                    None => Odd::Foreign,
                }),
            },
            Meaning::Action | Meaning::Words(_) | Meaning::Posture(_) => None,
        }
    }

    fn odd_words(&self) -> Option<Odd> {
        match (&self.on, &self.off) {
            (Some(Scalar::Text(on)), Some(Scalar::Text(off))) if on.len().max(off.len()) <= WORD_BYTES_MAX => {
                Some(Odd::Words { on: Box::from(&**on), off: Box::from(&**off) })
            }
            (Some(Scalar::Text(_)), _) | (_, Some(Scalar::Text(_))) => Some(Odd::Foreign),
            _ => None,
        }
    }
}

/// The converter's description is the maker's words about the model, not the installer's about the device.
fn describes_a_radar(description: &str) -> bool {
    let lower = description.to_ascii_lowercase();
    ["radar", "mmwave", "millimeter", "ghz"].iter().any(|word| lower.contains(word))
        || (lower.contains("presence") && !lower.contains("pir"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn dialect(model: &str, description: &str, exposes: &str) -> Dialect {
        Dialect::of_definition(model, description, Some(Item::whole(exposes)))
    }

    #[test]
    fn a_model_outside_the_table_is_known_by_what_it_exposes() {
        assert!(RADARS.is_sorted());
        let occupancy = r#"{"type":"binary","property":"occupancy","value_on":true,"value_off":false,"access":1}"#;
        let distance = r#"{"type":"numeric","property":"target_distance","unit":"cm","access":1}"#;
        let presence = r#"{"type":"binary","property":"presence","access":1}"#;
        let radar = dialect("NEW-1", "Ceiling sensor", &format!("[{occupancy},{distance}]"));
        assert_eq!(radar.occupancy, Occupancy::Presence);
        assert_eq!(radar.odd("target_distance"), Some(&Odd::Unit("cm".into())));
        let both = dialect("NEW-2", "24 GHz human presence sensor", &format!("[{occupancy},{presence}]"));
        assert_eq!(both.occupancy, Occupancy::Motion);
        let infrared = dialect("NEW-3", "PIR presence sensor", &format!("[{occupancy}]"));
        assert_eq!(infrared.occupancy, Occupancy::Motion);
        assert_eq!(Dialect::of_model("SNZB-06P").occupancy, Occupancy::Presence);
        assert_eq!(Dialect::of_model("王奶奶的雷达").occupancy, Occupancy::Motion);
    }

    #[test]
    fn keys_used_otherwise_are_known() {
        let odd = dialect(
            "NEW-4",
            "",
            r#"[{"type":"numeric","property":"gas","unit":"m³"},
                {"type":"binary","property":"carbon_monoxide","value_on":"ON","value_off":"OFF","access":1},
                {"type":"binary","property":"vibration","value_on":"ON","value_off":"OFF","access":7},
                {"type":"binary","property":"smoke","value_on":true,"value_off":false,"access":3},
                {"type":"numeric","property":"voltage","unit":"V"}, 7, {"type":9}]"#,
        );
        assert_eq!(odd.odd("gas"), Some(&Odd::Foreign));
        assert_eq!(odd.odd("carbon_monoxide"), Some(&Odd::Words { on: "ON".into(), off: "OFF".into() }));
        assert_eq!(odd.odd("vibration"), Some(&Odd::Foreign));
        assert_eq!(odd.odd("smoke"), None);
        assert_eq!(odd.odd("voltage"), Some(&Odd::Unit("V".into())));
    }
}
