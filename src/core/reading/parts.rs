//! From kind and value, as a sender wrote them, to a measure: the decoder of formats that speak the vocabulary.

use super::code::Code;
use super::measure::Measure;
use super::vocabulary::{Activity, Contact, DeviceInactivity, FallVerdict, Implausible, Quantity, SleepState};

/// A value as a sender wrote it, before the vocabulary is asked.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Plain<'a> {
    /// `true` or `false`.
    Flag(bool),
    /// A number.
    Number(f64),
    /// A text.
    Text(&'a str),
    /// `{"sys":…,"dia":…}` in mmHg.
    Pressure {
        /// Systolic.
        sys: f64,
        /// Diastolic.
        dia: f64,
        /// Mean arterial pressure.
        map: Option<f64>,
    },
    /// `{"lat":…,"lon":…}` in degrees.
    Position {
        /// Latitude.
        lat: f64,
        /// Longitude.
        lon: f64,
    },
    /// Anything else: null, a list, another object.
    Other,
}

/// Why a kind and value are not a [`Measure`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Unspeakable {
    /// The kind is not in the vocabulary.
    #[error("this kind is not in the vocabulary")]
    Kind,
    /// The value has the wrong type or word.
    #[error("this kind wants {want}")]
    Type {
        /// What it wants.
        want: &'static str,
    },
    /// The value says that nothing happened (`"alarm_unspecified": false`).
    #[error("nothing happened")]
    Quiet,
    /// The number is not a value.
    #[error("the number is {}", .0.word())]
    Implausible(Implausible),
}

impl From<Implausible> for Unspeakable {
    fn from(why: Implausible) -> Self {
        Unspeakable::Implausible(why)
    }
}

/// The word, where a kind may stand, for what is not to be heard.
pub const IGNORE: &str = "ignore";

impl Measure {
    /// The measure of that kind and value: the inverse of [`Measure::kind`] and [`Measure::value`], and the
    /// decoder of formats that speak the vocabulary themselves.
    ///
    /// # Errors
    /// A sentence for the person who wrote the sender: unknown kind, wrong type, or an implausible number.
    pub fn from_parts(kind: &str, value: Plain<'_>) -> Result<Measure, Unspeakable> {
        let flag = |make: fn(bool) -> Measure| value.flag().map(make);
        match kind {
            "sos" => flag(Measure::Sos),
            "alarm_unspecified" => value.flag()?.then_some(Measure::AlarmUnspecified).ok_or(Unspeakable::Quiet),
            "button" => value.code().map(Measure::Button),
            "rf_code" => value.code().map(Measure::RfCode),
            "switch" => value.switch().map(Measure::Switch),
            "fall" => value.word(FallVerdict::from_word, "confirmed, suspected, normal or cleared").map(Measure::Fall),
            "device_inactivity" => value
                .word(DeviceInactivity::from_word, "long_absence, stationary, motionless or struggle")
                .map(Measure::DeviceInactivity),
            "smoke" => flag(Measure::Smoke),
            "gas" => flag(Measure::Gas),
            "co" => flag(Measure::Co),
            "leak" => flag(Measure::Leak),
            "vibration" => flag(Measure::Vibration),
            "motion" => flag(Measure::Motion),
            "presence" => flag(Measure::Presence),
            "activity" => value.word(Activity::from_word, "none, still or moving").map(Measure::Activity),
            "contact" => value.word(Contact::from_word, "open or closed").map(Measure::Contact),
            "bed" => flag(Measure::Bed),
            "sleep_state" => {
                value.word(SleepState::from_word, "deep, light, awake, asleep or none").map(Measure::SleepState)
            }
            "worn" => flag(Measure::Worn),
            "tamper" => flag(Measure::Tamper),
            "battery_low" => flag(Measure::BatteryLow),
            "charging" => flag(Measure::Charging),
            "mains" => flag(Measure::Mains),
            "availability" => {
                value.word(reach, "online or offline").map(|(online, bridge)| Measure::Availability { online, bridge })
            }
            "blood_pressure" => match value {
                Plain::Pressure { sys, dia, map } => Ok(Measure::blood_pressure(sys, dia, map)?),
                _ => Err(Unspeakable::Type { want: "{\"sys\":…,\"dia\":…}" }),
            },
            "location" => match value {
                Plain::Position { lat, lon } => Ok(Measure::location(lat, lon)?),
                _ => Err(Unspeakable::Type { want: "{\"lat\":…,\"lon\":…}" }),
            },
            other => match (Quantity::from_word(other), value) {
                (Some(quantity), Plain::Number(number)) => Ok(Measure::number(quantity, number)?),
                (Some(_), _) => Err(Unspeakable::Type { want: "a number" }),
                (None, _) => Err(Unspeakable::Kind),
            },
        }
    }
}

impl Plain<'_> {
    fn flag(self) -> Result<bool, Unspeakable> {
        match self {
            Plain::Flag(flag) => Ok(flag),
            _ => Err(Unspeakable::Type { want: "true or false" }),
        }
    }

    fn word<T>(self, of: fn(&str) -> Option<T>, want: &'static str) -> Result<T, Unspeakable> {
        match self {
            Plain::Text(text) => of(text).ok_or(Unspeakable::Type { want }),
            _ => Err(Unspeakable::Type { want }),
        }
    }

    fn code(self) -> Result<Code, Unspeakable> {
        self.word(|text| text.parse().ok(), "a word of at most 23 visible ASCII signs")
    }

    fn switch(self) -> Result<bool, Unspeakable> {
        match self {
            Plain::Text("ON") | Plain::Flag(true) => Ok(true),
            Plain::Text("OFF") | Plain::Flag(false) => Ok(false),
            _ => Err(Unspeakable::Type { want: "ON or OFF" }),
        }
    }
}

/// Whether it can be reached, and whether a bridge speaks for all its devices.
fn reach(word: &str) -> Option<(bool, bool)> {
    match word {
        "online" => Some((true, false)),
        "offline" => Some((false, false)),
        "bridge_online" => Some((true, true)),
        "bridge_offline" => Some((false, true)),
        _ => None,
    }
}
