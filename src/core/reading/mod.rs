//! The vocabulary: what a device can say, in one closed list.
//!
//! A decoder turns a frame into a [`Sample`]: what one device said at one instant, knowing nothing of
//! people. The station's intake turns it into [`Reading`]s: whose, where, when. The list of kinds is
//! [`Measure`]; the numeric ones share [`Quantity`], whose table of units and accepted ranges is the only
//! place where plausibility is decided.

pub mod vocabulary;

pub mod code;

pub mod measure;

pub mod parts;

pub mod said;

use serde::{Deserialize, Serialize};

pub use code::{Code, CodeError};
pub use measure::{Measure, MeasureValue};
pub use parts::{IGNORE, Plain, Unspeakable};
pub use said::{Nature, Said};
pub use vocabulary::{
    Activity, Contact, DeviceInactivity, FallVerdict, Implausible, Quantity, QuantityRule, SleepState,
};

use super::id::{DeviceId, HomeId, ResidentId, RoomId, SourceId, StrangerId};
use super::time::Moment;

/// Who said it, as far as the gateway knows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Origin {
    /// An enrolled device, or one that was removed and is still on the air.
    Device(DeviceId),
    /// A device that was never enrolled here; it is listed as heard and can raise nothing about a person.
    Stranger(StrangerId),
    /// The bridge behind a source, speaking for every device on it.
    Bridge(SourceId),
}

/// What one device said at one instant.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Sample {
    /// Who.
    pub from: Origin,
    /// What, in the order of the frame, life-safety first.
    pub said: Vec<Said>,
    /// The broker kept it from an earlier session: good for levels of supervision, never for an alarm.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub retained: bool,
    /// Repeats of the same event within this many milliseconds are one event (named by the format).
    #[serde(default, skip_serializing_if = "is_zero")]
    pub merge_ms: u32,
    /// Numbers of the frame that were left out because no such thing can be: out of the vocabulary's range.
    #[serde(default, skip_serializing_if = "is_none")]
    pub implausible: u8,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde's skip_serializing_if passes a reference")]
const fn is_none(count: &u8) -> bool {
    *count == 0
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde's skip_serializing_if passes a reference")]
fn is_zero(value: &u32) -> bool {
    *value == 0
}

/// What the station believes: whose, where, when.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Reading {
    /// When the gateway received it.
    pub at: Moment,
    /// From which device.
    pub device: DeviceId,
    /// About whom; a device of a shared room has none.
    pub resident: Option<ResidentId>,
    /// In which home.
    pub home: Option<HomeId>,
    /// In which room.
    pub room: Option<RoomId>,
    /// What.
    pub measure: Measure,
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::core::unit::Milli;

    #[test]
    fn what_was_said_survives_the_log() {
        let code: Code = "cmd:3".parse().expect("valid");
        let all = vec![
            Said::event(Measure::Sos(true)),
            Said::event(Measure::Button(code)),
            Said::level(Measure::Switch(true)),
            Said::event(Measure::Fall(FallVerdict::Confirmed)),
            Said::level(Measure::Contact(Contact::Open)),
            Said::level(Measure::Number(Quantity::Voltage, Milli(2_995))),
            Said::level(Measure::BloodPressure { sys: Milli::whole(120), dia: Milli::whole(80), map: None }),
            Said::level(Measure::Availability { online: false, bridge: true }),
            Said::level(Measure::Availability { online: true, bridge: false }),
            Said::level(Measure::Location { lat_microdeg: 31_230_416, lon_microdeg: 121_473_701 }),
        ];
        let json = serde_json::to_string(&all).expect("serialises");
        assert_eq!(serde_json::from_str::<Vec<Said>>(&json).expect("parses"), all);
        assert!(json.starts_with(r#"[["sos",true,"event"],"#), "{json}");
    }

    #[test]
    fn zero_and_nan_are_not_values() {
        assert_eq!(Measure::number(Quantity::HeartRate, 0.0), Err(Implausible::Absent));
        assert_eq!(Measure::number(Quantity::HeartRate, f64::NAN), Err(Implausible::Absent));
        assert_eq!(Measure::number(Quantity::HeartRate, 251.0), Err(Implausible::OutOfRange));
        assert_eq!(Measure::number(Quantity::AmbientTemp, 0.0), Ok(Measure::Number(Quantity::AmbientTemp, Milli(0))));
        assert_eq!(Measure::blood_pressure(80.0, 120.0, None), Err(Implausible::OutOfRange));
    }

    #[test]
    fn a_released_button_is_no_reading() {
        assert!(!Measure::from_parts("sos", Plain::Flag(false)).expect("speakable").is_reading());
        assert_eq!(Measure::from_parts("alarm_unspecified", Plain::Flag(false)), Err(Unspeakable::Quiet));
        assert_eq!(Measure::from_parts("no_such_kind", Plain::Flag(true)), Err(Unspeakable::Kind));
    }
}
