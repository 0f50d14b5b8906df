//! From a profile to what must be asked, and from the answers to readings.

use std::collections::BTreeSet;

use crate::core::id::Slug;
use crate::core::reading::Measure;
use crate::core::register::{Form, Function, Meaning, Point, Profile};
use crate::device::speech::Speech;
use crate::device::{DecodeError, Decoded};

/// Neighbouring values that are asked for at once. judgement: cheap nodes answer 32 registers and refuse more.
const READ_MAX: u16 = 32;

/// One request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Read {
    /// How it is asked.
    pub function: Function,
    /// From where on.
    pub address: u16,
    /// How many bits or registers.
    pub count: u16,
}

/// What was answered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Values {
    /// Bits, in the order of their addresses.
    Bits(Vec<bool>),
    /// Registers, in the order of their addresses.
    Words(Vec<u16>),
}

impl Values {
    /// How many there are.
    #[must_use]
    pub const fn count(&self) -> usize {
        match self {
            Values::Bits(bits) => bits.len(),
            Values::Words(words) => words.len(),
        }
    }
}

/// The requests that read all points of a profile. Only neighbours are asked for together: many devices refuse a request
/// that touches an address that they do not have.
#[must_use]
pub fn reads(profile: &Profile) -> Vec<Read> {
    let mut spans: Vec<(Function, u16, u16)> =
        profile.points.iter().map(|point| (point.function, point.address, point.form.width())).collect();
    spans.sort_unstable();
    let mut reads: Vec<Read> = Vec::new();
    for (function, address, width) in spans {
        let end = address.saturating_add(width);
        match reads.last_mut() {
            Some(last)
                if last.function == function
                    && address <= last.address.saturating_add(last.count)
                    && end - last.address <= READ_MAX =>
            {
                last.count = last.count.max(end - last.address);
            }
            _ => reads.push(Read { function, address, count: width }),
        }
    }
    reads
}

/// What a device says with these answers: one for each of its parts. A part of which every value came and means something is
/// online. Of one that misses a value, or tells a fault in its place, only what may alarm is handed on: it must not look as
/// if it were watching.
#[must_use]
pub fn speak(profile: &Profile, slave: u8, answers: &[(Read, Values)]) -> Vec<Decoded> {
    let spoken = parts(profile).into_iter().filter_map(|part| {
        let mut speech = Speech::of(&address(slave, part)).ok()?;
        let (mut whole, mut faulty) = (true, false);
        for point in profile.points.iter().filter(|point| point.part == part) {
            match value(point, answers) {
                Some(value) => faulty |= !say(&mut speech, point, value),
                None => whole = false,
            }
        }
        if faulty || whole {
            speech.level(Measure::Availability { online: !faulty, bridge: false });
        }
        let mut decoded = speech.finish().ok()?;
        if faulty || !whole {
            decoded.said.retain(|said| said.measure.may_alarm() || said.measure.kind() == "availability");
        }
        (!decoded.said.is_empty()).then_some(decoded)
    });
    spoken.collect()
}

/// What is said of a device that does not answer: each part of it that misses a value is offline. It must never read as "no
/// smoke".
#[must_use]
pub fn offline(profile: &Profile, slave: u8, answers: &[(Read, Values)]) -> Vec<Decoded> {
    let missing = parts(profile)
        .into_iter()
        .filter(|part| profile.points.iter().any(|point| point.part == *part && value(point, answers).is_none()));
    let speeches = missing.filter_map(|part| {
        let mut speech = Speech::of(&address(slave, part)).ok()?;
        speech.level(Measure::Availability { online: false, bridge: false });
        speech.finish().ok()
    });
    speeches.collect()
}

fn parts(profile: &Profile) -> BTreeSet<Option<Slug>> {
    profile.points.iter().map(|point| point.part).collect()
}

/// The address on the bus; the bus's own name is put before it at the front door.
fn address(slave: u8, part: Option<Slug>) -> String {
    part.map_or_else(|| slave.to_string(), |part| format!("{slave}/{part}"))
}

/// A value as it was written.
#[derive(Clone, Copy)]
enum Raw {
    Whole(i64),
    Float(f32),
}

/// The point's value, where one of the answers holds it.
fn value(point: &Point, answers: &[(Read, Values)]) -> Option<Raw> {
    answers.iter().find_map(|(read, values)| value_in(point, *read, values))
}

fn value_in(point: &Point, read: Read, values: &Values) -> Option<Raw> {
    if read.function != point.function {
        return None;
    }
    let at = usize::from(point.address.checked_sub(read.address)?);
    let words = match values {
        Values::Bits(bits) => return bits.get(at).map(|bit| Raw::Whole(i64::from(*bit))),
        Values::Words(words) => words.get(at..at + usize::from(point.form.width()))?,
    };
    let wide = |high: &u16, low: &u16| u32::from(*high) << 16 | u32::from(*low);
    Some(match (point.form, words) {
        (Form::Bit | Form::U16, [word]) => Raw::Whole(i64::from(*word)),
        (Form::I16, [word]) => Raw::Whole(i64::from(word.cast_signed())),
        (Form::U32, [high, low]) | (Form::U32Swapped, [low, high]) => Raw::Whole(i64::from(wide(high, low))),
        (Form::I32, [high, low]) | (Form::I32Swapped, [low, high]) => {
            Raw::Whole(i64::from(wide(high, low).cast_signed()))
        }
        (Form::F32, [high, low]) | (Form::F32Swapped, [low, high]) => Raw::Float(f32::from_bits(wide(high, low))),
        _ => return None,
    })
}

/// Says what the value means; whether it means anything.
fn say(speech: &mut Speech, point: &Point, raw: Raw) -> bool {
    #[expect(clippy::cast_precision_loss, reason = "a register has 32 bits and a scale fewer")]
    let number = |whole: i64| whole as f64;
    let scale = number(point.scale_millionths) / 1e6;
    let flag = match (point.meaning, raw) {
        (Meaning::Number(quantity), Raw::Whole(whole)) => {
            speech.number(quantity, number(whole) * scale);
            return true;
        }
        (Meaning::Number(quantity), Raw::Float(float)) => {
            speech.number(quantity, f64::from(float) * scale);
            return true;
        }
        (Meaning::Flag { alarm_when: None, .. }, Raw::Whole(whole)) => Some(whole != 0),
        (Meaning::Flag { alarm_when: Some(alarm), .. }, Raw::Whole(whole)) => match (i64::from(alarm), whole) {
            (alarm, whole) if alarm == whole => Some(true),
            // With an alarm at 0 (a contact that opens) every other value is quiet.
            (0, _) | (_, 0) => Some(false),
            // Neither the alarm nor 0: a fault of the sensor, which is not "no smoke".
            _ => None,
        },
        (Meaning::Flag { .. }, Raw::Float(_)) => None,
    };
    match (point.meaning, flag) {
        (Meaning::Flag { kind, .. }, Some(on)) => speech.level(kind.measure(on)),
        _ => speech.refuse("value", DecodeError::Unknown),
    }
    flag.is_some()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::core::reading::{Quantity, Said};
    use crate::core::register::FlagKind;
    use crate::core::unit::Milli;

    const READ: Read = Read { function: Function::Holding, address: 0, count: 1 };

    fn number(address: u16, form: Form) -> Point {
        Point {
            function: Function::Holding,
            address,
            form,
            scale_millionths: 100_000,
            meaning: Meaning::Number(Quantity::AmbientTemp),
            part: None,
        }
    }

    fn said(point: Point, words: &[u16]) -> Vec<Said> {
        let profile = Profile { points: vec![point] };
        let read = reads(&profile)[0];
        let mut spoken = speak(&profile, 1, &[(read, Values::Words(words.to_vec()))]);
        let mut said = spoken.pop().map(|decoded| decoded.said).unwrap_or_default();
        assert!(said.pop().is_some_and(|last| last.measure.kind() == "availability"));
        said
    }

    #[test]
    fn every_form_is_read_with_its_sign_and_word_order() {
        let float = (-53.0_f32).to_bits().to_be_bytes();
        let [high, low] = [[float[0], float[1]], [float[2], float[3]]].map(u16::from_be_bytes);
        for (form, words) in [
            (Form::I16, vec![0xFFCB]),
            (Form::I32, vec![0xFFFF, 0xFFCB]),
            (Form::I32Swapped, vec![0xFFCB, 0xFFFF]),
            (Form::F32, vec![high, low]),
            (Form::F32Swapped, vec![low, high]),
        ] {
            let want = [Said::level(Measure::Number(Quantity::AmbientTemp, Milli(-5_300)))];
            assert_eq!(said(number(0, form), &words), want, "{form}");
        }
        assert_eq!(said(number(0, Form::U16), &[0xFFCB]), [], "65483 tenths are no temperature");
    }

    #[test]
    fn only_neighbours_are_asked_for_together() {
        let profile = Profile { points: [7, 1, 2, 3].map(|address| number(address, Form::U16)).to_vec() };
        let asked: Vec<(u16, u16)> = reads(&profile).iter().map(|read| (read.address, read.count)).collect();
        assert_eq!(asked, [(1, 3), (7, 1)]);
        let last = Profile { points: vec![number(u16::MAX, Form::U32)] };
        assert_eq!(reads(&last).len(), 1);
    }

    #[test]
    fn a_fault_code_is_not_no_smoke() {
        let smoke = |alarm_when| Point {
            form: Form::U16,
            meaning: Meaning::Flag { kind: FlagKind::Smoke, alarm_when },
            ..number(0, Form::U16)
        };
        assert_eq!(said(smoke(Some(1)), &[0]), [Said::level(Measure::Smoke(false))]);
        assert_eq!(said(smoke(Some(1)), &[2]), []);
        let faulty = speak(&Profile { points: vec![smoke(Some(1))] }, 1, &[(READ, Values::Words(vec![2]))]);
        assert_eq!(faulty[0].said, [Said::level(Measure::Availability { online: false, bridge: false })]);
        assert_eq!(said(smoke(None), &[2]), [Said::level(Measure::Smoke(true))]);
        assert_eq!(said(smoke(Some(0)), &[0]), [Said::level(Measure::Smoke(true))]);
    }

    #[test]
    fn a_register_that_is_missing_leaves_no_more_than_alarms() {
        let smoke =
            Point { meaning: Meaning::Flag { kind: FlagKind::Smoke, alarm_when: None }, ..number(9, Form::U16) };
        let profile = Profile { points: vec![number(0, Form::U16), smoke] };
        let answered = |at: usize, word| (reads(&profile)[at], Values::Words(vec![word]));
        assert_eq!(speak(&profile, 1, &[answered(0, 200)]), [], "a temperature does not prove the smoke sensor");
        assert_eq!(speak(&profile, 1, &[answered(1, 0)]), []);
        assert_eq!(speak(&profile, 1, &[answered(1, 1)])[0].said, [Said::level(Measure::Smoke(true))]);
        assert_eq!(offline(&profile, 1, &[answered(0, 200)]).len(), 1);
        assert_eq!(offline(&profile, 1, &[answered(0, 200), answered(1, 0)]), []);
    }

    #[test]
    fn parts_are_devices_of_their_own() {
        let part = |address, part: &str| Point { part: part.parse().ok(), ..number(address, Form::U16) };
        let profile = Profile { points: vec![part(0, "a"), part(1, "b"), number(2, Form::U16)] };
        let answer = (reads(&profile)[0], Values::Words(vec![1, 2, 3]));
        let addresses = |all: Vec<Decoded>| all.into_iter().filter_map(|one| one.address).collect::<Vec<_>>();
        assert_eq!(addresses(speak(&profile, 5, &[answer])), ["5", "5/a", "5/b"]);
        assert_eq!(addresses(offline(&profile, 5, &[])), ["5", "5/a", "5/b"]);
    }
}
