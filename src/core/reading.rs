//! The vocabulary: what a device can say, in one closed list.
//!
//! A decoder turns a frame into a [`Sample`]: what one device said at one instant, knowing nothing of
//! people. The station's intake turns it into [`Reading`]s: whose, where, when. The list of kinds is
//! [`Measure`]; the numeric ones share [`Quantity`], whose table of units and accepted ranges is the only
//! place where plausibility is decided.

use std::fmt;

use serde::de::{self, SeqAccess};
use serde::ser::SerializeSeq;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::id::{DeviceId, HomeId, ResidentId, RoomId, Slug, SourceId, StrangerId};
use super::time::Moment;
use super::unit::Milli;
use super::word::words;

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
        /// Battery voltage.
        Voltage = "voltage",
        /// Received signal strength.
        Rssi = "rssi",
        /// Signal to noise ratio.
        Snr = "snr",
        /// Link quality index.
        Lqi = "lqi",
    }
}

/// Unit and accepted range of a [`Quantity`] (`../shared/protocols` vocabulary; a value outside is dropped and counted, never an error).
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
            Quantity::Voltage => QuantityRule { min: Milli(500), ..rule("V", 0, 60) },
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

/// One thing said, in the vocabulary.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Measure {
    /// The help button: one press, one event. `false` is the release of a level: no reading of its own, but it
    /// arms the next edge (CARE-RULES 18).
    Sos(bool),
    /// A button whose meaning its role gives: `single`, `double`, `long`, `cmd:3` is written `cmd-3`.
    Button(Slug),
    /// A 433 MHz code whose meaning its role gives.
    RfCode(Slug),
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

    /// The measure of that kind and value: the inverse of [`Measure::kind`] and [`Measure::value`], and the
    /// decoder of formats that speak the vocabulary themselves.
    ///
    /// # Errors
    /// A sentence for the person who wrote the sender: unknown kind, wrong type, or an implausible number.
    pub fn from_parts(kind: &str, value: Plain<'_>) -> Result<Measure, Unspeakable> {
        let flag = |make: fn(bool) -> Measure| match value {
            Plain::Flag(flag) => Ok(make(flag)),
            _ => Err(Unspeakable::Type { want: "true or false" }),
        };
        let text = || match value {
            Plain::Text(text) => Ok(text),
            _ => Err(Unspeakable::Type { want: "a text" }),
        };
        let code = |make: fn(Slug) -> Measure| {
            text().and_then(|text| {
                text.parse().map(make).map_err(|_| Unspeakable::Type { want: "a word of at most 23 signs a-z 0-9 - _" })
            })
        };
        Ok(match kind {
            "sos" => flag(Measure::Sos)?,
            "alarm_unspecified" => match value {
                Plain::Flag(true) => Measure::AlarmUnspecified,
                Plain::Flag(false) => return Err(Unspeakable::Quiet),
                _ => return Err(Unspeakable::Type { want: "true or false" }),
            },
            "button" => code(Measure::Button)?,
            "rf_code" => code(Measure::RfCode)?,
            "switch" => match value {
                Plain::Text("ON") | Plain::Flag(true) => Measure::Switch(true),
                Plain::Text("OFF") | Plain::Flag(false) => Measure::Switch(false),
                _ => return Err(Unspeakable::Type { want: "ON or OFF" }),
            },
            "fall" => Measure::Fall(
                FallVerdict::from_word(text()?)
                    .ok_or(Unspeakable::Type { want: "confirmed, suspected, normal or cleared" })?,
            ),
            "device_inactivity" => Measure::DeviceInactivity(
                DeviceInactivity::from_word(text()?)
                    .ok_or(Unspeakable::Type { want: "long_absence, stationary, motionless or struggle" })?,
            ),
            "smoke" => flag(Measure::Smoke)?,
            "gas" => flag(Measure::Gas)?,
            "co" => flag(Measure::Co)?,
            "leak" => flag(Measure::Leak)?,
            "vibration" => flag(Measure::Vibration)?,
            "motion" => flag(Measure::Motion)?,
            "presence" => flag(Measure::Presence)?,
            "activity" => Measure::Activity(
                Activity::from_word(text()?).ok_or(Unspeakable::Type { want: "none, still or moving" })?,
            ),
            "contact" => {
                Measure::Contact(Contact::from_word(text()?).ok_or(Unspeakable::Type { want: "open or closed" })?)
            }
            "bed" => flag(Measure::Bed)?,
            "sleep_state" => Measure::SleepState(
                SleepState::from_word(text()?)
                    .ok_or(Unspeakable::Type { want: "deep, light, awake, asleep or none" })?,
            ),
            "worn" => flag(Measure::Worn)?,
            "tamper" => flag(Measure::Tamper)?,
            "battery_low" => flag(Measure::BatteryLow)?,
            "charging" => flag(Measure::Charging)?,
            "mains" => flag(Measure::Mains)?,
            "availability" => match value {
                Plain::Text("online") => Measure::Availability { online: true, bridge: false },
                Plain::Text("offline") => Measure::Availability { online: false, bridge: false },
                Plain::Text("bridge_online") => Measure::Availability { online: true, bridge: true },
                Plain::Text("bridge_offline") => Measure::Availability { online: false, bridge: true },
                _ => return Err(Unspeakable::Type { want: "online or offline" }),
            },
            "blood_pressure" => match value {
                Plain::Pressure { sys, dia, map } => Measure::blood_pressure(sys, dia, map)?,
                _ => return Err(Unspeakable::Type { want: "{\"sys\":…,\"dia\":…}" }),
            },
            "location" => match value {
                Plain::Position { lat, lon } => Measure::location(lat, lon)?,
                _ => return Err(Unspeakable::Type { want: "{\"lat\":…,\"lon\":…}" }),
            },
            other => match (Quantity::from_word(other), value) {
                (Some(quantity), Plain::Number(number)) => Measure::number(quantity, number)?,
                (Some(_), _) => return Err(Unspeakable::Type { want: "a number" }),
                (None, _) => return Err(Unspeakable::Kind),
            },
        })
    }

    /// Whether it is a reading in the vocabulary: all but the release of a help button.
    #[must_use]
    pub const fn is_reading(&self) -> bool {
        !matches!(self, Measure::Sos(false))
    }

    /// Whether a repeat of it is an event each time it is said, rather than a state that is said again.
    #[must_use]
    pub const fn is_event(&self) -> bool {
        matches!(self, Measure::Sos(true) | Measure::Button(_) | Measure::RfCode(_) | Measure::AlarmUnspecified)
    }
}

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

    #[test]
    fn what_was_said_survives_the_log() {
        let slug: Slug = "cmd-3".parse().expect("valid");
        let all = vec![
            Said::event(Measure::Sos(true)),
            Said::event(Measure::Button(slug)),
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
