//! One thing said, as a value of a closed list.

use serde::{Serialize, Serializer};

use super::code::Code;
use super::vocabulary::{Activity, Contact, DeviceInactivity, FallVerdict, Implausible, Quantity, SleepState};
use crate::core::unit::Milli;

/// One thing said, in the vocabulary.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Measure {
    /// The help button: one press, one event. `false` is the release of a level: no reading of its own, but it
    /// arms the next edge (CARE-RULES 18).
    Sos(bool),
    /// A button whose meaning its role gives: `single`, `double`, `long`, `cmd:3`.
    Button(Code),
    /// A 433 MHz code whose meaning its role gives, in upper-case hex.
    RfCode(Code),
    /// The device says alarm and not which; its role decides.
    AlarmUnspecified,
    /// A switch whose meaning its role gives.
    Switch(bool),
    /// The device's own fall verdict.
    Fall(FallVerdict),
    /// A timer inside the device.
    DeviceInactivity(DeviceInactivity),
    /// Smoke.
    Smoke(bool),
    /// Combustible gas.
    Gas(bool),
    /// Carbon monoxide.
    Co(bool),
    /// Water on the floor.
    Leak(bool),
    /// Vibration.
    Vibration(bool),
    /// PIR motion; `true` decays and `false` is mostly a timer.
    Motion(bool),
    /// Radar or thermal presence; `false` is real.
    Presence(bool),
    /// Radar motion class.
    Activity(Activity),
    /// Door or window.
    Contact(Contact),
    /// In bed, or on the mat.
    Bed(bool),
    /// Sleep monitor.
    SleepState(SleepState),
    /// The wearable is on the body.
    Worn(bool),
    /// A number.
    Number(Quantity, Milli),
    /// Blood pressure in mmHg.
    BloodPressure {
        /// Systolic.
        sys: Milli,
        /// Diastolic.
        dia: Milli,
        /// Mean arterial pressure.
        map: Option<Milli>,
    },
    /// The case was opened.
    Tamper(bool),
    /// The device says its battery is low.
    BatteryLow(bool),
    /// Charging.
    Charging(bool),
    /// On mains power.
    Mains(bool),
    /// The bridge's or device's own word on being reachable.
    Availability {
        /// Online.
        online: bool,
        /// It speaks for every device behind the bridge.
        bridge: bool,
    },
    /// A valid position fix, in millionths of a degree.
    Location {
        /// Latitude.
        lat_microdeg: i32,
        /// Longitude.
        lon_microdeg: i32,
    },
}

impl Measure {
    /// A number of the vocabulary, if it is plausible.
    ///
    /// # Errors
    /// [`Implausible`] for NaN, "no measurement" zeros and values outside the accept column.
    pub fn number(quantity: Quantity, value: f64) -> Result<Measure, Implausible> {
        let milli = Milli::from_decimal(value).ok_or(Implausible::Absent)?;
        let rule = quantity.rule();
        if rule.zero_is_absent && milli == Milli(0) {
            return Err(Implausible::Absent);
        }
        if milli < rule.min || milli > rule.max {
            return Err(Implausible::OutOfRange);
        }
        Ok(Measure::Number(quantity, milli))
    }

    /// A blood pressure in mmHg, if it is plausible: 50–280 over 30–180, systolic above diastolic.
    ///
    /// # Errors
    /// [`Implausible`] as for [`Measure::number`].
    pub fn blood_pressure(sys: f64, dia: f64, map: Option<f64>) -> Result<Measure, Implausible> {
        let (sys, dia) = (
            Milli::from_decimal(sys).ok_or(Implausible::Absent)?,
            Milli::from_decimal(dia).ok_or(Implausible::Absent)?,
        );
        if sys == Milli(0) || dia == Milli(0) {
            return Err(Implausible::Absent);
        }
        let within = |value: Milli, min: i64, max: i64| value >= Milli::whole(min) && value <= Milli::whole(max);
        if !within(sys, 50, 280) || !within(dia, 30, 180) || sys <= dia {
            return Err(Implausible::OutOfRange);
        }
        Ok(Measure::BloodPressure { sys, dia, map: map.and_then(Milli::from_decimal) })
    }

    /// A position in degrees, if it lies on the globe.
    ///
    /// # Errors
    /// [`Implausible`] for NaN and positions off the globe.
    pub fn location(lat: f64, lon: f64) -> Result<Measure, Implausible> {
        if !lat.is_finite() || !lon.is_finite() {
            return Err(Implausible::Absent);
        }
        if lat.abs() > 90.0 || lon.abs() > 180.0 {
            return Err(Implausible::OutOfRange);
        }
        #[expect(clippy::cast_possible_truncation, reason = "180 million fits an i32")]
        let micro = |degrees: f64| (degrees * 1_000_000.0).round() as i32;
        Ok(Measure::Location { lat_microdeg: micro(lat), lon_microdeg: micro(lon) })
    }

    /// The kind's word in the vocabulary.
    #[must_use]
    pub const fn kind(&self) -> &'static str {
        match self {
            Measure::Sos(_) => "sos",
            Measure::Button(_) => "button",
            Measure::RfCode(_) => "rf_code",
            Measure::AlarmUnspecified => "alarm_unspecified",
            Measure::Switch(_) => "switch",
            Measure::Fall(_) => "fall",
            Measure::DeviceInactivity(_) => "device_inactivity",
            Measure::Smoke(_) => "smoke",
            Measure::Gas(_) => "gas",
            Measure::Co(_) => "co",
            Measure::Leak(_) => "leak",
            Measure::Vibration(_) => "vibration",
            Measure::Motion(_) => "motion",
            Measure::Presence(_) => "presence",
            Measure::Activity(_) => "activity",
            Measure::Contact(_) => "contact",
            Measure::Bed(_) => "bed",
            Measure::SleepState(_) => "sleep_state",
            Measure::Worn(_) => "worn",
            Measure::Number(quantity, _) => quantity.word(),
            Measure::BloodPressure { .. } => "blood_pressure",
            Measure::Tamper(_) => "tamper",
            Measure::BatteryLow(_) => "battery_low",
            Measure::Charging(_) => "charging",
            Measure::Mains(_) => "mains",
            Measure::Availability { .. } => "availability",
            Measure::Location { .. } => "location",
        }
    }

    /// Its unit, where it has one.
    #[must_use]
    pub const fn unit(&self) -> Option<&'static str> {
        match self {
            Measure::Number(quantity, _) => Some(quantity.rule().unit),
            Measure::BloodPressure { .. } => Some("mmHg"),
            Measure::Location { .. } => Some("deg"),
            _ => None,
        }
    }

    /// Its scope, where it speaks for more than one device.
    #[must_use]
    pub const fn scope(&self) -> Option<&'static str> {
        match self {
            Measure::Availability { bridge: true, .. } => Some("bridge"),
            _ => None,
        }
    }

    /// The value alone, as JSON shows it.
    #[must_use]
    pub fn value(&self) -> MeasureValue<'_> {
        MeasureValue(self)
    }

    /// Whether it is a reading in the vocabulary: all but the release of a help button.
    #[must_use]
    pub const fn is_reading(&self) -> bool {
        !matches!(self, Measure::Sos(false))
    }

    /// Whether it says of its device that it can be reached or not, and nothing else.
    #[must_use]
    pub const fn is_reachability(&self) -> bool {
        matches!(self, Measure::Availability { bridge: false, .. })
    }

    /// Whether a repeat of it is an event each time it is said, rather than a state that is said again.
    #[must_use]
    pub const fn is_event(&self) -> bool {
        matches!(self, Measure::Sos(true) | Measure::Button(_) | Measure::RfCode(_) | Measure::AlarmUnspecified)
    }
}

/// A measure's value, serialised as the vocabulary writes it.
#[derive(Debug, Clone, Copy)]
pub struct MeasureValue<'a>(&'a Measure);

impl Serialize for MeasureValue<'_> {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        #[derive(Serialize)]
        struct Pressure {
            sys: Milli,
            dia: Milli,
            #[serde(skip_serializing_if = "Option::is_none")]
            map: Option<Milli>,
        }
        #[derive(Serialize)]
        struct Position {
            lat: f64,
            lon: f64,
        }
        match *self.0 {
            Measure::AlarmUnspecified => to.serialize_bool(true),
            Measure::Button(code) | Measure::RfCode(code) => code.serialize(to),
            Measure::Switch(on) => to.serialize_str(if on { "ON" } else { "OFF" }),
            Measure::Fall(verdict) => verdict.serialize(to),
            Measure::DeviceInactivity(what) => what.serialize(to),
            Measure::Activity(class) => class.serialize(to),
            Measure::Contact(state) => state.serialize(to),
            Measure::SleepState(state) => state.serialize(to),
            Measure::Sos(flag)
            | Measure::Smoke(flag)
            | Measure::Gas(flag)
            | Measure::Co(flag)
            | Measure::Leak(flag)
            | Measure::Vibration(flag)
            | Measure::Motion(flag)
            | Measure::Presence(flag)
            | Measure::Bed(flag)
            | Measure::Worn(flag)
            | Measure::Tamper(flag)
            | Measure::BatteryLow(flag)
            | Measure::Charging(flag)
            | Measure::Mains(flag) => to.serialize_bool(flag),
            Measure::Number(_, milli) => milli.serialize(to),
            Measure::BloodPressure { sys, dia, map } => Pressure { sys, dia, map }.serialize(to),
            Measure::Availability { online, .. } => to.serialize_str(if online { "online" } else { "offline" }),
            Measure::Location { lat_microdeg, lon_microdeg } => {
                Position { lat: f64::from(lat_microdeg) / 1e6, lon: f64::from(lon_microdeg) / 1e6 }.serialize(to)
            }
        }
    }
}
