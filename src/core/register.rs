//! Register maps: where a Modbus device keeps a value, and what the value means in the vocabulary.
//!
//! The same box has another map from another seller, so a map is configuration, called a *profile*. These are its types: the
//! configuration makes them, the decoder reads by them.

use super::id::Slug;
use super::reading::{Contact, Measure, Quantity};
use super::word::words;

/// How the devices of one kind are read.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Profile {
    /// Their values.
    pub points: Vec<Point>,
}

/// One value of a device.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Point {
    /// How it is asked for.
    pub function: Function,
    /// Where it stands, counted from 0 as on the wire.
    pub address: u16,
    /// How it is written.
    pub form: Form,
    /// Millionths of the vocabulary's unit in one step.
    pub scale_millionths: i64,
    /// What it means.
    pub meaning: Meaning,
    /// A part that is enrolled as a device of its own: a channel of a module whose contacts belong to several people.
    pub part: Option<Slug>,
}

/// What a value means.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Meaning {
    /// It is a number.
    Number(Quantity),
    /// It says whether something is so.
    Flag {
        /// What.
        kind: FlagKind,
        /// The value that says so. Without one, everything but 0 does.
        alarm_when: Option<u16>,
    },
}

/// A function of Modbus that reads.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Function {
    /// 01: outputs of one bit.
    Coils,
    /// 02: inputs of one bit, dry contacts.
    Inputs,
    /// 03: registers that can be written.
    Holding,
    /// 04: registers that can only be read.
    Registers,
}

impl Function {
    /// The function of this number.
    #[must_use]
    pub const fn from_number(number: u8) -> Option<Self> {
        Some(match number {
            1 => Function::Coils,
            2 => Function::Inputs,
            3 => Function::Holding,
            4 => Function::Registers,
            _ => return None,
        })
    }

    /// Its number on the wire.
    #[must_use]
    pub const fn number(self) -> u8 {
        match self {
            Function::Coils => 1,
            Function::Inputs => 2,
            Function::Holding => 3,
            Function::Registers => 4,
        }
    }

    /// Whether it reads bits.
    #[must_use]
    pub const fn is_of_bits(self) -> bool {
        matches!(self, Function::Coils | Function::Inputs)
    }
}

words! {
    /// How a value is written. Of two registers the first is the high one, unless they are swapped.
    Form {
        /// One bit.
        Bit = "bit",
        /// One register, not negative.
        U16 = "u16",
        /// One register with a sign.
        I16 = "i16",
        /// Two registers, not negative.
        U32 = "u32",
        /// Two registers with a sign.
        I32 = "i32",
        /// Two registers, a floating-point number.
        F32 = "f32",
        /// As `u32`, the low register first (CDAB).
        U32Swapped = "u32_swapped",
        /// As `i32`, the low register first.
        I32Swapped = "i32_swapped",
        /// As `f32`, the low register first.
        F32Swapped = "f32_swapped",
    }
}

impl Form {
    /// How many bits or registers it takes.
    #[must_use]
    pub const fn width(self) -> u16 {
        match self {
            Form::Bit | Form::U16 | Form::I16 => 1,
            Form::U32 | Form::I32 | Form::F32 | Form::U32Swapped | Form::I32Swapped | Form::F32Swapped => 2,
        }
    }
}

words! {
    /// What a flag says.
    FlagKind {
        /// The help button is pressed.
        Sos = "sos",
        /// Smoke.
        Smoke = "smoke",
        /// Combustible gas.
        Gas = "gas",
        /// Carbon monoxide.
        Co = "co",
        /// Water on the floor.
        Leak = "leak",
        /// Motion.
        Motion = "motion",
        /// Somebody is there.
        Presence = "presence",
        /// The door or window is open.
        Contact = "contact",
        /// Somebody lies on the mat.
        Bed = "bed",
        /// The case is open.
        Tamper = "tamper",
        /// The battery is low.
        BatteryLow = "battery_low",
        /// On mains power.
        Mains = "mains",
        /// A switch whose meaning its role gives.
        Switch = "switch",
    }
}

impl FlagKind {
    /// The measure that says it.
    #[must_use]
    pub const fn measure(self, on: bool) -> Measure {
        match self {
            FlagKind::Sos => Measure::Sos(on),
            FlagKind::Smoke => Measure::Smoke(on),
            FlagKind::Gas => Measure::Gas(on),
            FlagKind::Co => Measure::Co(on),
            FlagKind::Leak => Measure::Leak(on),
            FlagKind::Motion => Measure::Motion(on),
            FlagKind::Presence => Measure::Presence(on),
            FlagKind::Contact => Measure::Contact(if on { Contact::Open } else { Contact::Closed }),
            FlagKind::Bed => Measure::Bed(on),
            FlagKind::Tamper => Measure::Tamper(on),
            FlagKind::BatteryLow => Measure::BatteryLow(on),
            FlagKind::Mains => Measure::Mains(on),
            FlagKind::Switch => Measure::Switch(on),
        }
    }
}
