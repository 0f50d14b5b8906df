//! The words of the vocabulary: what a kind can say, and for numbers in which unit and range.

use crate::core::unit::Milli;
use crate::core::word::words;

words! {
    /// A device's own verdict on a fall, not the gateway's.
    FallVerdict {
        /// The device is sure.
        Confirmed = "confirmed",
        /// The device thinks so.
        Suspected = "suspected",
        /// The flag fell back (a timer, a room radar): never a cancel (CARE-RULES 14).
        Normal = "normal",
        /// The wearer cancelled on the wearable.
        Cleared = "cleared",
    }
}

words! {
    /// A door or window.
    Contact {
        /// Open.
        Open = "open",
        /// Closed.
        Closed = "closed",
    }
}

words! {
    /// A radar's motion class.
    Activity {
        /// Nobody.
        None = "none",
        /// Somebody who does not move.
        Still = "still",
        /// Somebody who moves.
        Moving = "moving",
    }
}

words! {
    /// A sleep monitor's state.
    SleepState {
        /// Deep sleep.
        Deep = "deep",
        /// Light sleep.
        Light = "light",
        /// In bed, awake.
        Awake = "awake",
        /// Asleep, depth unknown.
        Asleep = "asleep",
        /// Nobody in bed.
        None = "none",
    }
}

words! {
    /// A timer inside the device ran out.
    DeviceInactivity {
        /// Nobody seen for long.
        LongAbsence = "long_absence",
        /// Somebody does not move about.
        Stationary = "stationary",
        /// Somebody does not move at all.
        Motionless = "motionless",
        /// Somebody struggles.
        Struggle = "struggle",
    }
}

words! {
    /// A numeric kind. Unit and accepted range are in [`Quantity::rule`].
    Quantity {
        /// Radar's index of body motion.
        BodyMotion = "body_motion",
        /// Distance to the person.
        Distance = "distance",
        /// People seen by a radar.
        TargetCount = "target_count",
        /// Heart rate.
        HeartRate = "heart_rate",
        /// Breaths a minute.
        BreathRate = "breath_rate",
        /// Oxygen saturation.
        Spo2 = "spo2",
        /// Body temperature.
        BodyTemp = "body_temp",
        /// Room temperature.
        AmbientTemp = "ambient_temp",
        /// Relative humidity.
        Humidity = "humidity",
        /// Illuminance.
        Illuminance = "illuminance",
        /// Blood glucose.
        Glucose = "glucose",
        /// Body weight.
        Weight = "weight",
        /// Steps counted.
        Steps = "steps",
        /// Battery charge that the device claims.
        Battery = "battery",
        /// Voltage of the battery, or of the mains that is measured.
        Voltage = "voltage",
        /// Received signal strength.
        Rssi = "rssi",
        /// Signal to noise ratio.
        Snr = "snr",
        /// Link quality index.
        Lqi = "lqi",
    }
}

/// Unit and accepted range of a [`Quantity`] (the vocabulary's accept column; a value outside is dropped and counted, never an error).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct QuantityRule {
    /// Unit as printed.
    pub unit: &'static str,
    /// Smallest accepted value.
    pub min: Milli,
    /// Largest accepted value.
    pub max: Milli,
    /// Whether zero is the device's way of saying "no measurement".
    pub zero_is_absent: bool,
}

impl Quantity {
    /// The vocabulary's accept column.
    #[must_use]
    pub const fn rule(self) -> QuantityRule {
        const fn rule(unit: &'static str, min: i64, max: i64) -> QuantityRule {
            QuantityRule { unit, min: Milli::whole(min), max: Milli::whole(max), zero_is_absent: false }
        }
        const fn vital(unit: &'static str, min: i64, max: i64) -> QuantityRule {
            QuantityRule { zero_is_absent: true, ..rule(unit, min, max) }
        }
        match self {
            Quantity::BodyMotion => rule("index", 0, 100),
            Quantity::Distance => rule("m", 0, 20),
            Quantity::TargetCount => rule("count", 0, 100),
            Quantity::HeartRate => vital("bpm", 20, 250),
            Quantity::BreathRate => vital("rpm", 3, 60),
            Quantity::Spo2 => vital("%", 50, 100),
            Quantity::BodyTemp => vital("C", 30, 43),
            Quantity::AmbientTemp => rule("C", -40, 85),
            Quantity::Humidity | Quantity::Battery => rule("%", 0, 100),
            Quantity::Illuminance => rule("lx", 0, 1_000_000),
            // judgement: meters read 0.6 to 33.3 mmol/L; a little room on both sides.
            Quantity::Glucose => vital("mmol/L", 0, 50),
            Quantity::Weight => vital("kg", 0, 500),
            Quantity::Steps => rule("count", 0, 1_000_000),
            // Batteries up to 60 V, and mains: BTHome's object 4A counts tenths of a volt, and meters say 231.7 V beside the
            // voltage of their own cell, or the 400 V between two phases.
            Quantity::Voltage => QuantityRule { min: Milli(500), ..rule("V", 0, 1_000) },
            Quantity::Rssi => rule("dBm", -150, 0),
            Quantity::Snr => rule("dB", -30, 30),
            Quantity::Lqi => rule("lqi", 0, 255),
        }
    }

    /// Whether the number only describes the radio link, and so is never news about the device or its room.
    #[must_use]
    pub const fn is_link(self) -> bool {
        matches!(self, Quantity::Rssi | Quantity::Snr | Quantity::Lqi)
    }
}

/// Why a number is not taken as a value.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Implausible {
    /// NaN, infinite, or the zero that means "no measurement".
    Absent,
    /// Outside the accepted range of the vocabulary.
    OutOfRange,
}

impl Implausible {
    /// Word for counters and pages.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Implausible::Absent => "absent",
            Implausible::OutOfRange => "out_of_range",
        }
    }
}
