//! What an installer says a word means: the `map` of an enrolled device.
//!
//! Some formats only carry names that somebody chose (an entity's) or codes that mean nothing by themselves (a transmitter's).
//! Enrolment then has the meaning, as an object of two forms:
//!
//! ```toml
//! map = { bed_mat = "bed", pull_cord = "sos", gap = "distance cm" }    # a named value: its kind, and a unit if it is another
//! map = { "6DD6AE" = "contact=open", "6DD6A7" = "contact=closed" }    # a code: a kind, and its value where it is not true
//! ```
//!
//! A kind is one of the vocabulary, or `ignore`. What is not in the map keeps the meaning that its format gives it.

use serde_json::Value;

use super::DecodeError;
use super::json::Scalar;
use super::speech::Speech;
use super::unit::to_vocabulary;
use crate::core::reading::{Contact, FallVerdict, IGNORE, Measure, Plain, Quantity, Unspeakable};

/// What enrolment says of this key.
#[must_use]
pub fn target<'c>(context: &'c Value, key: &str) -> Option<&'c str> {
    context.get("map")?.get(key)?.as_str()
}

/// A named value has this value: says it under the kind, as a level; `key` names the place for the counter.
pub fn stands(speech: &mut Speech, key: &'static str, kind: &str, value: &Scalar<'_>) {
    if kind == IGNORE || matches!(value, Scalar::Null) {
        return;
    }
    let (word, unit) = kind.split_once(' ').map_or((kind, None), |(word, unit)| (word, Some(unit)));
    if let Some(quantity) = Quantity::from_word(word) {
        let Some(number) = number(value) else { return speech.refuse(key, DecodeError::WrongType) };
        return match unit.map_or(Some(number), |unit| to_vocabulary(quantity, unit, number)) {
            Some(number) => speech.number(quantity, number),
            None => speech.refuse(key, DecodeError::Unknown),
        };
    }
    match (kind, value, flag(value)) {
        ("button", _, Some(true)) => speech.code(key, "single", Measure::Button),
        ("button", _, Some(false)) => {}
        ("button", Scalar::Text(word), None) => speech.code(key, word, Measure::Button),
        (_, _, Some(on)) => match flag_measure(kind, on) {
            Ok(measure @ Measure::AlarmUnspecified) => speech.event(measure),
            Ok(measure) => speech.level(measure),
            Err(Unspeakable::Quiet) => {}
            Err(_) => speech.refuse(key, DecodeError::Unknown),
        },
        (_, Scalar::Text(word), None) => speech.vocabulary(key, kind, Plain::Text(word)),
        _ => speech.refuse(key, DecodeError::WrongType),
    }
}

/// A code was sent: says what it means. A code tells what happened, so a flag that it raises is an event.
pub fn happened(speech: &mut Speech, key: &'static str, target: &str, code: &str) {
    let (kind, word) =
        target.split_once('=').map_or((target.trim(), "true"), |(kind, word)| (kind.trim(), word.trim()));
    match kind {
        IGNORE => {}
        "button" => speech.code(key, if word == "true" { code } else { word }, Measure::Button),
        "rf_code" => speech.code(key, code, Measure::RfCode),
        _ => {
            let value = Scalar::Text(word.into());
            let plain = match (flag_word(word), number(&value)) {
                (Some(on), _) => flag_measure(kind, on),
                (None, Some(number)) => Measure::from_parts(kind, Plain::Number(number)),
                (None, None) => Measure::from_parts(kind, Plain::Text(word)),
            };
            match plain {
                Ok(measure) if measure.scope().is_some() => speech.refuse(key, DecodeError::Unknown),
                Ok(measure) if is_raised(&measure) => speech.event(measure),
                Ok(measure) => speech.level(measure),
                Err(Unspeakable::Quiet) => {}
                Err(_) => speech.refuse(key, DecodeError::Unknown),
            }
        }
    }
}

/// A flag of the vocabulary; a door's `true` is open, and a fall's is the device's own verdict.
///
/// # Errors
/// As for [`Measure::from_parts`].
pub fn flag_measure(kind: &str, on: bool) -> Result<Measure, Unspeakable> {
    Ok(match kind {
        "contact" => Measure::Contact(if on { Contact::Open } else { Contact::Closed }),
        "fall" => Measure::Fall(if on { FallVerdict::Confirmed } else { FallVerdict::Normal }),
        "availability" => Measure::Availability { online: on, bridge: false },
        _ => return Measure::from_parts(kind, Plain::Flag(on)),
    })
}

/// The value as true or false, in the words that home devices use.
#[must_use]
pub fn flag(value: &Scalar<'_>) -> Option<bool> {
    match value {
        Scalar::Flag(flag) => Some(*flag),
        Scalar::Number(number) if number.abs() < f64::EPSILON => Some(false),
        Scalar::Number(number) if (number - 1.0).abs() < f64::EPSILON => Some(true),
        Scalar::Text(word) => flag_word(word.trim_ascii()),
        _ => None,
    }
}

/// The value as a number, also where it stands as text.
#[must_use]
pub fn number(value: &Scalar<'_>) -> Option<f64> {
    match value {
        Scalar::Number(number) => Some(*number),
        Scalar::Text(word) => word.trim_ascii().parse().ok(),
        _ => None,
    }
}

fn flag_word(word: &str) -> Option<bool> {
    let is = |words: &[&str]| words.iter().any(|one| one.eq_ignore_ascii_case(word));
    if is(&["on", "true", "1", "yes", "open"]) {
        Some(true)
    } else if is(&["off", "false", "0", "no", "closed"]) {
        Some(false)
    } else {
        None
    }
}

/// Whether it is a flag's `true` that no later code takes back.
const fn is_raised(measure: &Measure) -> bool {
    matches!(
        measure,
        Measure::Smoke(true)
            | Measure::Gas(true)
            | Measure::Co(true)
            | Measure::Leak(true)
            | Measure::Motion(true)
            | Measure::Vibration(true)
            | Measure::Tamper(true)
            | Measure::Fall(FallVerdict::Confirmed | FallVerdict::Suspected)
    ) || measure.is_event()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::core::reading::Said;

    fn said(tell: impl FnOnce(&mut Speech)) -> Vec<Said> {
        let mut speech = Speech::of("示例设备").expect("an address");
        tell(&mut speech);
        speech.finish().expect("speaks").said
    }

    #[test]
    fn a_named_flag_is_a_level_and_a_code_is_an_event() {
        let on = Scalar::Text("ON".into());
        assert_eq!(said(|speech| stands(speech, "x", "sos", &on)), [Said::level(Measure::Sos(true))]);
        assert_eq!(said(|speech| happened(speech, "x", "sos", "cmd=5")), [Said::event(Measure::Sos(true))]);
        assert_eq!(said(|speech| happened(speech, "x", "motion", "A")), [Said::event(Measure::Motion(true))]);
        let closed = Said::level(Measure::Contact(Contact::Closed));
        assert_eq!(said(|speech| happened(speech, "x", "contact=closed", "7")), [closed]);
        assert_eq!(said(|speech| stands(speech, "x", "contact", &Scalar::Flag(false))), [closed]);
        let fall = Said::level(Measure::Fall(FallVerdict::Confirmed));
        assert_eq!(said(|speech| stands(speech, "x", "fall", &on)), [fall]);
        assert_eq!(said(|speech| stands(speech, "x", "ignore", &on)), []);
    }

    #[test]
    fn a_number_may_have_another_unit() {
        let near = Scalar::Text("81.0".into());
        let metres = Measure::number(Quantity::Distance, 0.81).expect("plausible");
        assert_eq!(said(|speech| stands(speech, "x", "distance cm", &near)), [Said::level(metres)]);
        let mut speech = Speech::of("x").expect("an address");
        stands(&mut speech, "x", "distance ft", &near);
        assert_eq!(speech.finish(), Err(DecodeError::Unknown));
    }

    #[test]
    fn a_kind_that_nobody_knows_is_counted() {
        for kind in ["help", "bridge", ""] {
            let mut speech = Speech::of("x").expect("an address");
            stands(&mut speech, "entity", kind, &Scalar::Flag(true));
            happened(&mut speech, "entity", kind, "1");
            assert_eq!(speech.finish(), Err(DecodeError::Unknown), "{kind}");
        }
    }

    #[test]
    fn the_map_is_enrolments_word() {
        let context = serde_json::json!({"map": {"mat": "bed", "odd": 7}});
        assert_eq!(target(&context, "mat"), Some("bed"));
        assert_eq!(target(&context, "odd"), None);
        assert_eq!(target(&Value::Null, "mat"), None);
    }
}
