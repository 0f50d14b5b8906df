//! `[[source]]` with `kind = "modbus"`, and `[profile.NAME]`: a bus, its devices, and how each kind of them is read.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::time::Duration;

use toml::de::DeValue;

use super::document::Section;
use super::key::Key;
use super::problem::What;
use crate::core::id::Slug;
use crate::core::reading::Quantity;
use crate::core::register::{FlagKind, Form, Function, Meaning, Point, Profile};
use crate::core::word::words;
use crate::limits::{BUS_DEVICES_MAX, PROFILE_POINTS_MAX};

words! {
    /// Parity of a port.
    Parity {
        /// None: 8N1, what Chinese makers ship.
        None = "none",
        /// Even: 8E1, the specification's own.
        Even = "even",
        /// Odd: 8O1.
        Odd = "odd",
    }
}

/// A bus on a serial port.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ModbusLink {
    /// Device file.
    pub path: PathBuf,
    /// Bits a second; the format's usual speed where it is left out.
    pub baud: Option<u32>,
    /// Parity.
    pub parity: Parity,
    /// Each device is asked so often.
    pub every: Duration,
    /// Which device is read by which profile, in the order of the file.
    pub devices: Vec<BusDevice>,
}

/// A device of a bus.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct BusDevice {
    /// Its number on the bus.
    pub slave: u8,
    /// Name of its profile.
    pub profile: Slug,
}

/// The profiles of a configuration, by name.
pub type Profiles = BTreeMap<Slug, Profile>;

/// Keys of a source with `kind = "modbus"`.
pub const MODBUS_KEYS: &[Key] = &[
    super::source::ID,
    super::source::KIND,
    super::source::PATH,
    super::source::BAUD,
    Key::or("parity", "\"none\"", "Parity: none (8N1), even (8E1) or odd (8O1)."),
    Key::or("every_s", "2", "Each device is asked so often.").within(1, 60, "s"),
    Key::required("devices", "The devices, each as { slave = 1, profile = \"NAME\" }."),
];

/// Keys of one device of a bus.
pub const DEVICE_KEYS: &[Key] = &[
    Key::required("slave", "Its number on the bus, set by its switches; the address is SOURCE/SLAVE.")
        .within(1, 247, "number"),
    Key::required("profile", "How it is read: the NAME of a [profile.NAME]."),
];

/// Keys of a profile.
pub const PROFILE_KEYS: &[Key] =
    &[Key::required("points", "Its values, each as { function = 3, address = 0, kind = \"…\" }.")];

/// Keys of one value of a profile.
pub const POINT_KEYS: &[Key] = &[
    Key::required("function", "1 coils, 2 inputs, 3 holding registers, 4 input registers.").within(1, 4, "number"),
    Key::required("address", "Where it stands, counted from 0 as on the wire.").within(0, 65_535, "number"),
    Key::optional(
        "type",
        "How it is written: u16, i16, u32, i32, f32, or with _swapped the low register first; bits are bit.",
    ),
    Key::optional("scale", "One step in the unit of the kind, as 0.1; left out it is 1."),
    Key::required("kind", "What it says, a word of the vocabulary."),
    Key::optional("unit", "The kind's own unit, for whoever reads the profile; another one is converted by scale."),
    Key::optional("alarm_when", "The value that means true; left out, everything but 0 does.")
        .within(0, 65_535, "number"),
    Key::optional(
        "part",
        "Makes it a device of its own, SOURCE/SLAVE/PART: for channels that belong to several people.",
    ),
];

/// Millionths in one.
const MILLION: i64 = 1_000_000;

/// Reads all profiles.
pub(super) fn read_profiles(top: &Section<'_>) -> Profiles {
    top.by_id("profile", PROFILE_KEYS).into_iter().map(|(name, section)| (name, read_profile(&section))).collect()
}

fn read_profile(section: &Section<'_>) -> Profile {
    let points = section.demand("points").and_then(|_| section.list("points")).unwrap_or_default();
    if let (Some(found), true) = (section.find("points"), points.is_empty() || points.len() > PROFILE_POINTS_MAX) {
        let problem = section.wrong("points", &found, What::OutOfRange);
        section.report(
            problem.allowed(format!("1 to {PROFILE_POINTS_MAX} values")).fix("write the values that the device has"),
        );
    }
    Profile { points: points.into_iter().filter_map(|point| read_point(&point.holding(POINT_KEYS))).collect() }
}

fn read_point(section: &Section<'_>) -> Option<Point> {
    let function =
        section.whole("function").and_then(|number| u8::try_from(number).ok()).and_then(Function::from_number);
    let address = section.whole("address").and_then(|address| u16::try_from(address).ok());
    let form = match section.find("type") {
        Some(_) => section.word("type", Form::ALL, Form::word),
        None => function.map(|function| if function.is_of_bits() { Form::Bit } else { Form::U16 }),
    };
    if let (Some(function), Some(form), Some(found)) = (function, form, section.find("type"))
        && function.is_of_bits() != (form == Form::Bit)
    {
        let problem = section.wrong("type", &found, What::Contradiction);
        section.report(problem.allowed("bit with functions 1 and 2, the others with 3 and 4").fix("leave type out"));
    }
    let scale_millionths = read_scale(section);
    let meaning = read_meaning(section, form);
    let part = section.find("part").and_then(|_| section.id("part"));
    Some(Point {
        function: function?,
        address: address?,
        form: form?,
        scale_millionths: scale_millionths?,
        meaning: meaning?,
        part,
    })
}

fn read_scale(section: &Section<'_>) -> Option<i64> {
    let Some(found) = section.find("scale") else { return Some(MILLION) };
    let written = match found.value {
        DeValue::Float(float) => float.as_str().parse::<f64>().ok(),
        DeValue::Integer(whole) => whole.as_str().parse::<f64>().ok(),
        _ => None,
    };
    #[expect(clippy::cast_possible_truncation, reason = "the range is checked right before")]
    let millionths =
        written.map(|scale| scale * 1e6).filter(|scale| scale.abs() <= 1e12).map(|scale| scale.round() as i64);
    let millionths = millionths.filter(|millionths| *millionths != 0);
    if millionths.is_none() {
        let problem = section.wrong("scale", &found, What::OutOfRange);
        section
            .report(problem.allowed("a number from 0.000001 to 1000000").fix("write what one step is worth, as 0.1"));
    }
    millionths
}

fn read_meaning(section: &Section<'_>, form: Option<Form>) -> Option<Meaning> {
    let found = section.demand("kind")?;
    let word = section.text_of("kind", &found)?;
    let alarm_when = section.find("alarm_when").and_then(|_| section.whole("alarm_when"));
    match (FlagKind::from_word(&word), Quantity::from_word(&word)) {
        (Some(kind), _) => {
            if form.is_some_and(|form| matches!(form, Form::F32 | Form::F32Swapped)) {
                let problem = section.wrong("kind", &found, What::Contradiction);
                section.report(problem.fix("give it a type of whole numbers: this kind is true or false"));
            }
            Some(Meaning::Flag { kind, alarm_when: alarm_when.and_then(|value| u16::try_from(value).ok()) })
        }
        (None, Some(quantity)) => {
            if let (Some(_), Some(at)) = (alarm_when, section.find("alarm_when")) {
                let problem = section.wrong("alarm_when", &at, What::Contradiction);
                section.report(problem.fix("take it out: a number is judged by the station"));
            }
            check_unit(section, quantity);
            Some(Meaning::Number(quantity))
        }
        (None, None) => {
            let flags = FlagKind::ALL.iter().map(|kind| kind.word());
            let words: Vec<&str> = flags.chain(Quantity::ALL.iter().map(|quantity| quantity.word())).collect();
            section.report(section.not_among("kind", &found, What::UnknownWord, &word, &words));
            None
        }
    }
}

fn check_unit(section: &Section<'_>, quantity: Quantity) {
    let Some(found) = section.find("unit") else { return };
    let Some(unit) = section.text_of("unit", &found) else { return };
    let own = quantity.rule().unit;
    if unit != own {
        let problem = section.wrong("unit", &found, What::Contradiction).allowed(own);
        section.report(problem.fix(format!("write unit = \"{own}\", and in scale what one step is worth in it")));
    }
}

/// Reads a bus.
pub(super) fn read(section: &Section<'_>, profiles: &Profiles) -> Option<ModbusLink> {
    let path = super::source::read_path(section, "path");
    let baud = section.find("baud").and_then(|_| section.whole("baud")).and_then(|baud| u32::try_from(baud).ok());
    let parity = section.word("parity", Parity::ALL, Parity::word);
    let every = section.whole("every_s").map(Duration::from_secs);
    let devices = read_devices(section, profiles);
    Some(ModbusLink { path: path?, baud, parity: parity?, every: every?, devices })
}

fn read_devices(section: &Section<'_>, profiles: &Profiles) -> Vec<BusDevice> {
    let mut devices: Vec<BusDevice> = Vec::new();
    let listed = section.demand("devices").and_then(|_| section.list("devices")).unwrap_or_default();
    if let (Some(found), true) = (section.find("devices"), listed.is_empty() || listed.len() > BUS_DEVICES_MAX) {
        let problem =
            section.wrong("devices", &found, What::OutOfRange).allowed(format!("1 to {BUS_DEVICES_MAX} devices"));
        section.report(problem.fix("list the devices of the bus; another bus has its own adapter and source"));
    }
    for entry in listed {
        let entry = entry.holding(DEVICE_KEYS);
        let slave = entry.whole("slave").and_then(|slave| u8::try_from(slave).ok());
        let profile = entry.id("profile");
        if let (Some(profile), Some(found)) = (profile, entry.find("profile"))
            && !profiles.contains_key(&profile)
        {
            let names: Vec<&str> = profiles.keys().map(Slug::as_str).collect();
            entry.report(entry.not_among("profile", &found, What::UnknownName, profile.as_str(), &names));
        }
        let (Some(slave), Some(profile)) = (slave, profile) else { continue };
        if let (true, Some(found)) = (devices.iter().any(|other| other.slave == slave), entry.find("slave")) {
            entry.report(entry.wrong("slave", &found, What::Shared).fix("give every device of the bus its own number"));
        }
        devices.push(BusDevice { slave, profile });
    }
    devices
}
