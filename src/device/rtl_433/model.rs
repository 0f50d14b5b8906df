//! What each model's keys mean.
//!
//! | model | what it says |
//! | --- | --- |
//! | Kerui-Security | `cmd` 10 motion, 14 open, 7 close, 11 tamper, 5 water, 15 battery low; `state` says the same as a word |
//! | Chuango-Security | `cmd_id` 2 panic key; 6, 7, 10, 11 a sensor of a zone; 3 tamper, 12 closing, 13 battery low, 0 test; others keys |
//! | Generic-Remote | `id` 16 bits and `cmd` 8 bits of a PT2262 or EV1527: a code without a meaning |
//! | Generic-Motion | a code, sent on motion |
//! | Smoke-GS558 | smoke; with `learn` 1 it is being paired |
//! | Interlogix-Security | `subtype`, and `switch1` to `switch5` as OPEN or CLOSED; see [`interlogix`] |
//! | Honeywell-Security | `state` open or closed, or the loops `contact_open` and `reed_open`; `alarm`, `tamper` |
//! | DSC-Security | `closed`, `tamper` |
//! | Visonic-Powercode | `alarm`: opened, moved or pressed, whatever the device is; `tamper` |
//! | X10-Security | `event`, earlier `remarks`: words of what happened |
//! | SimpliSafe-Sensor, SimpliSafe-Keypad | `state` 1 open, 2 closed; `extradata`: words |
//! | Honeywell-ActivLink | `subtype` Doorbell, PIR-Motion, Contact; `secret_knock` is three fast presses; `open`; `tampered` |
//! | others | the keys that every decoder spells alike |
//!
//! Traps, each with a vector:
//!
//! - Smoke-GS558 has a weak check, and key fobs are read as one. It is believed of enrolled devices only, as everything is.
//! - An Interlogix motion event and its hourly report look alike. So it never says motion.
//! - SimpliSafe panic buttons are printed as an open contact. Enrolment says what they are: `map = {"state=1" = "sos"}`.

use serde_json::Value;

use super::event::{Event, whole_number};
use crate::core::reading::{Contact, Measure, Quantity};
use crate::device::speech::Speech;
use crate::device::{DecodeError, mapping};

/// A model that has rules of its own.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Model {
    Kerui,
    Chuango,
    Remote,
    Motion,
    Gs558,
    Interlogix,
    Honeywell,
    Dsc,
    Visonic,
    X10,
    SimpliSafe,
    ActivLink,
    Other,
}

/// Every spelling of a name, with today's first among its own. Source: the renaming of 2018 to 2020 as the corpus has it.
const NAMES: &[(&str, Model)] = &[
    ("Kerui-Security", Model::Kerui),
    ("Kerui-Security-Sensor", Model::Kerui),
    ("Chuango-Security", Model::Chuango),
    ("Chuango-Security-Technology", Model::Chuango),
    ("Generic-Remote", Model::Remote),
    ("Generic-Motion", Model::Motion),
    ("Generic-motion-sensor", Model::Motion),
    ("Smoke-GS558", Model::Gs558),
    ("Smoke-detector-GS-558", Model::Gs558),
    ("Interlogix-Security", Model::Interlogix),
    ("Interlogix", Model::Interlogix),
    ("Honeywell-Security", Model::Honeywell),
    ("Honeywell-Door/Window-Sensor", Model::Honeywell),
    ("Honeywell-Door-Window-Sensor", Model::Honeywell),
    ("DSC-Security", Model::Dsc),
    ("DSC-Contact", Model::Dsc),
    ("DSC", Model::Dsc),
    ("Visonic-Powercode", Model::Visonic),
    ("X10-Security", Model::X10),
    ("SimpliSafe-Sensor", Model::SimpliSafe),
    ("SimpliSafe-Keypad", Model::SimpliSafe),
    ("Honeywell-ActivLink", Model::ActivLink),
    ("Honeywell-Doorbell", Model::ActivLink),
    ("Honeywell-Wireless-Doorbell", Model::ActivLink),
];

impl Model {
    /// The model of a printed name, in whichever spelling.
    pub(super) fn of(name: &str) -> Self {
        find(name).map_or(Model::Other, |(_, model)| *model)
    }

    /// The name as it is spelled today.
    pub(super) fn name(self, name: &str) -> &str {
        match (self, find(name)) {
            // Two devices of one maker, both spelled as ever but for the blank.
            (Model::SimpliSafe, Some((own, _))) => own,
            _ => NAMES.iter().find(|(_, model)| *model == self).map_or(name, |(today, _)| today),
        }
    }

    /// Says what the event means.
    pub(super) fn speak(self, speech: &mut Speech, event: &Event<'_>, context: &Value) {
        match self {
            Model::Kerui => kerui(speech, event),
            Model::Chuango => chuango(speech, event),
            Model::Remote => remote(speech, event, context),
            Model::Motion => {
                if event.get("code").is_some() {
                    speech.event(Measure::Motion(true));
                }
            }
            Model::Gs558 => match event.flag("learn") {
                Some(false) => speech.event(Measure::Smoke(true)),
                Some(true) => heard(speech),
                None => {}
            },
            Model::Interlogix => interlogix(speech, event),
            Model::Honeywell => honeywell(speech, event),
            Model::Dsc => {
                contact(speech, event.flag("closed").map(|closed| !closed));
            }
            Model::Visonic => alarm(speech, event),
            Model::X10 => x10(speech, event),
            Model::SimpliSafe => simplisafe(speech, event),
            Model::ActivLink => activlink(speech, event),
            Model::Other => other(speech, event),
        }
        common(speech, self, event);
    }
}

fn find(name: &str) -> Option<&'static (&'static str, Model)> {
    let same = |a: char, b: char| a == b || (a == '-' && matches!(b, ' ' | '_'));
    NAMES.iter().find(|(own, _)| {
        own.chars().count() == name.chars().count() && own.chars().zip(name.chars()).all(|(a, b)| same(a, b))
    })
}

/// The keys that every model spells alike.
fn common(speech: &mut Speech, model: Model, event: &Event<'_>) {
    // What these two call tamper is said with their other words.
    if !matches!(model, Model::Kerui | Model::ActivLink)
        && let Some(tamper) = flag(speech, event, "tamper")
    {
        speech.level(Measure::Tamper(tamper));
    }
    if let Some(low) = battery_low(speech, event) {
        speech.level(Measure::BatteryLow(low));
    }
    for (key, quantity, scale) in
        [("battery_mV", Quantity::Voltage, 0.001), ("rssi", Quantity::Rssi, 1.0), ("snr", Quantity::Snr, 1.0)]
    {
        if let Some(number) = event.number(key) {
            speech.number(quantity, number * scale);
        }
    }
}

/// Whether the battery is low. `battery_ok` may also be a fraction, of which only nothing is surely low.
fn battery_low(speech: &mut Speech, event: &Event<'_>) -> Option<bool> {
    if let Some(ok) = event.get("battery_ok") {
        let ok = mapping::number(ok).or_else(|| mapping::flag(ok).map(f64::from));
        if ok.is_none() {
            speech.refuse("battery_ok", DecodeError::WrongType);
        }
        return ok.map(|ok| ok <= 0.0);
    }
    match event.text("battery").as_deref() {
        Some("OK") => return Some(false),
        Some("LOW") => return Some(true),
        _ => {}
    }
    flag(speech, event, "battery_low")
}

fn kerui(speech: &mut Speech, event: &Event<'_>) {
    let word = match event.number("cmd").and_then(whole_number) {
        Some(10) => "motion",
        Some(14) => "open",
        Some(7) => "close",
        Some(11) => "tamper",
        Some(5) => "water",
        Some(15) => "battery",
        Some(other) => return speech.code("cmd", &format!("cmd:{other}"), Measure::Button),
        None => &event.text("state").unwrap_or_default(),
    };
    match word {
        "motion" => speech.event(Measure::Motion(true)),
        "open" => speech.level(Measure::Contact(Contact::Open)),
        "close" | "closed" => speech.level(Measure::Contact(Contact::Closed)),
        "tamper" => speech.event(Measure::Tamper(true)),
        "water" => speech.event(Measure::Leak(true)),
        "battery" => speech.level(Measure::BatteryLow(true)),
        "" => kerui_field(speech, event),
        _ => speech.refuse("state", DecodeError::Unknown),
    }
}

/// The flags that repeat the command; they matter where each value has its own topic.
fn kerui_field(speech: &mut Speech, event: &Event<'_>) {
    for (key, raised) in
        [("motion", Measure::Motion(true)), ("tamper", Measure::Tamper(true)), ("water", Measure::Leak(true))]
    {
        if event.flag(key) == Some(true) {
            speech.event(raised);
        }
    }
    contact(speech, event.flag("opened"));
}

fn chuango(speech: &mut Speech, event: &Event<'_>) {
    const WORDS: &[&str] = &[
        "Test",
        "Disarm",
        "Alarm",
        "Tamper",
        "Home Mode",
        "On",
        "Home Mode Zone",
        "Normal Zone",
        "Arm",
        "",
        "Single Delay Zone",
        "24H Zone",
        "Closing",
        "Low Battery",
    ];
    let written = event.text("cmd").filter(|word| !word.is_empty());
    let by_word = written.as_deref().and_then(|word| WORDS.iter().position(|own| own.eq_ignore_ascii_case(word)));
    let by_word = by_word.and_then(|at| i64::try_from(at).ok());
    match event.number("cmd_id").and_then(whole_number).or(by_word) {
        // Somebody tries the detector out: it lives, and nothing burns.
        Some(0) => heard(speech),
        // The panic key, printed as such in the table.
        Some(2) => speech.event(Measure::Sos(true)),
        Some(3) => speech.event(Measure::Tamper(true)),
        Some(6 | 7 | 10 | 11) => speech.event(Measure::AlarmUnspecified),
        Some(12) => speech.level(Measure::Contact(Contact::Closed)),
        Some(13) => speech.level(Measure::BatteryLow(true)),
        Some(other) => speech.code("cmd_id", &format!("cmd:{other}"), Measure::Button),
        None if written.is_some() => speech.refuse("cmd", DecodeError::Unknown),
        None => {}
    }
}

/// A code without a meaning: the role gives it one, or the map. Where enrolment has only the decoder's own name for the
/// model, nobody has said what its codes are for, and it is told as heard: half of what the air carries decodes as this.
fn remote(speech: &mut Speech, event: &Event<'_>, context: &Value) {
    let (Some(id), Some(cmd)) = (event.number("id").and_then(whole_number), event.number("cmd").and_then(whole_number))
    else {
        return;
    };
    let named_only =
        context.get("model").and_then(Value::as_str).is_some_and(|model| Model::of(model) == Model::Remote)
            && context.get("role").is_none();
    if named_only || context.get("map").is_some() {
        return heard(speech);
    }
    if (0..=0xFFFF).contains(&id) && (0..=0xFF).contains(&cmd) {
        speech.code("cmd", &format!("{:06X}", id << 8 | cmd), Measure::RfCode);
    } else {
        speech.refuse("cmd", DecodeError::Unknown);
    }
}

/// The inputs F1 to F5 of a transmitter (US patent 5,761,206), which each kind of sensor uses in its own way.
///
/// | subtype | what is known |
/// | --- | --- |
/// | contact | `switch1` is the door; `switch3`, the cover, floats where the outer contacts are used |
/// | smoke | `switch4` CLOSED in a capture of smoke; OPEN, with `switch5` CLOSED, in one of test and tamper |
/// | glass | `switch1` goes to CLOSED when glass breaks |
/// | keyfob | the pressed key is CLOSED |
/// | motion | an event and a report look alike: nothing |
fn interlogix(speech: &mut Speech, event: &Event<'_>) {
    let closed = |key: &str| match event.text(key).as_deref() {
        Some("CLOSED") => Some(true),
        Some("OPEN") => Some(false),
        _ => None,
    };
    match event.subtype().as_deref() {
        Some("contact") => contact(speech, closed("switch1").map(|closed| !closed)),
        Some("smoke") => match (closed("switch4"), closed("switch5")) {
            (Some(true), _) => speech.event(Measure::Smoke(true)),
            (Some(false), Some(true)) => speech.event(Measure::Tamper(true)),
            _ => {}
        },
        Some("glass") if closed("switch1") == Some(true) => speech.event(Measure::AlarmUnspecified),
        Some("keyfob") => {
            for (key, button) in [
                ("switch1", "cmd:1"),
                ("switch2", "cmd:2"),
                ("switch3", "cmd:3"),
                ("switch4", "cmd:4"),
                ("switch5", "cmd:5"),
            ] {
                if closed(key) == Some(true) {
                    speech.code(key, button, Measure::Button);
                }
            }
        }
        _ => {}
    }
}

fn honeywell(speech: &mut Speech, event: &Event<'_>) {
    // One loop alone says nothing of the other, so they count in a whole decode only.
    let loops = ["contact_open", "reed_open"].map(|key| event.flag(key).filter(|_| event.is_whole()));
    let open = match event.text("state").as_deref() {
        Some("open") => Some(true),
        Some("closed") => Some(false),
        _ if loops.contains(&Some(true)) => Some(true),
        _ => loops.contains(&Some(false)).then_some(false),
    };
    contact(speech, open);
    alarm(speech, event);
}

fn x10(speech: &mut Speech, event: &Event<'_>) {
    let Some(words) = event.text("event").or_else(|| event.text("remarks")) else { return };
    let has = |word: &str| words.contains(word);
    if has("PANIC") {
        // The key is printed as what it is.
        speech.event(Measure::Sos(true));
    } else if has("OPEN") || has("CLOSED") {
        contact(speech, Some(has("OPEN")));
    } else if has("MOTION") {
        speech.level(Measure::Motion(has("TRIPPED")));
    } else if has("KEY-FOB") || has("REMOTE") {
        let key = event.text("code").unwrap_or_else(|| words.rsplit(' ').next().unwrap_or_default().to_owned());
        speech.code("event", &format!("cmd:{key}"), Measure::Button);
    } else {
        speech.refuse("event", DecodeError::Unknown);
    }
}

fn simplisafe(speech: &mut Speech, event: &Event<'_>) {
    match (event.number("state").and_then(whole_number), event.text("extradata").as_deref()) {
        (Some(1), _) | (None, Some("Contact Open")) => contact(speech, Some(true)),
        (Some(2), _) | (None, Some("Contact Closed")) => contact(speech, Some(false)),
        // The keypad prints which key it was.
        (_, Some(words)) if words.contains("Panic") => speech.event(Measure::Sos(true)),
        (None, None) => {}
        _ => heard(speech),
    }
}

fn activlink(speech: &mut Speech, event: &Event<'_>) {
    let subtype = event.subtype();
    match subtype.as_deref() {
        Some("Doorbell") => match event.flag("secret_knock") {
            Some(knock) => speech.code("secret_knock", if knock { "double" } else { "single" }, Measure::Button),
            None if event.is_whole() => speech.code("alert", "single", Measure::Button),
            None => {}
        },
        Some("PIR-Motion") if event.get("alert").is_some() => speech.event(Measure::Motion(true)),
        Some("Contact") => {
            // −1 says that neither bit is set, as in a report of tampering.
            contact(speech, event.flag("open"));
            if let Some(tampered) = flag(speech, event, "tampered") {
                speech.level(Measure::Tamper(tampered));
            }
        }
        _ => {}
    }
}

/// A model without rules of its own: what all decoders spell alike, and the transmission itself where there is nothing else.
fn other(speech: &mut Speech, event: &Event<'_>) {
    if let Some(celsius) = event.number("temperature_C") {
        speech.number(Quantity::AmbientTemp, celsius);
    } else if let Some(fahrenheit) = event.number("temperature_F") {
        speech.number(Quantity::AmbientTemp, (fahrenheit - 32.0) * 5.0 / 9.0);
    }
    for (key, quantity) in [("humidity", Quantity::Humidity), ("light_lux", Quantity::Illuminance)] {
        if let Some(number) = event.number(key) {
            speech.number(quantity, number);
        }
    }
    contact(speech, event.flag("closed").map(|closed| !closed).or_else(|| event.flag("contact_open")));
    if let Some(motion) = event.flag("motion") {
        speech.level(Measure::Motion(motion));
    }
    alarm(speech, event);
    if let (None, Some(code)) = (event.id(), event.code()) {
        speech.code("code", &code, Measure::RfCode);
    }
}

fn contact(speech: &mut Speech, open: Option<bool>) {
    if let Some(open) = open {
        speech.level(Measure::Contact(if open { Contact::Open } else { Contact::Closed }));
    }
}

fn alarm(speech: &mut Speech, event: &Event<'_>) {
    if flag(speech, event, "alarm") == Some(true) {
        speech.event(Measure::AlarmUnspecified);
    }
}

fn flag(speech: &mut Speech, event: &Event<'_>, key: &'static str) -> Option<bool> {
    let value = event.get(key)?;
    let flag = mapping::flag(value);
    if flag.is_none() {
        speech.refuse(key, DecodeError::WrongType);
    }
    flag
}

/// It was on the air and said nothing of its room: proof of life.
fn heard(speech: &mut Speech) {
    speech.alive();
}
