//! What a decoder says, put together by rule: the one place for plausibility, order, repeats and bounds.
//!
//! A decoder only tells a [`Speech`] what it read. The rules that every adapter needs live here and in
//! [`Measure::number`]: a zero or NaN that means "no measurement" and a value outside its range are dropped and counted,
//! life-safety comes first, the same thing said twice in one frame is said once, and nothing grows without bound.

use super::motion::Motion;
use super::{DecodeError, Decoded};
use crate::core::reading::{Code, Measure, Nature, Plain, Quantity, Said, Unspeakable};
use crate::limits::{ADDRESS_BYTES_MAX, FRAME_SAID_MAX, MOTION_SAMPLES_MAX, REPLY_BYTES_MAX, TOPIC_BYTES_MAX};

/// A [`Decoded`] in the making.
#[derive(Debug, Default)]
pub struct Speech(Decoded);

impl Speech {
    /// The speech of the device at this address.
    ///
    /// # Errors
    /// `TooLong` when the address is longer than `ADDRESS_BYTES_MAX`, `WrongType` when it is empty.
    pub fn of(address: &str) -> Result<Self, DecodeError> {
        if address.len() > ADDRESS_BYTES_MAX {
            return Err(DecodeError::TooLong);
        }
        if address.is_empty() {
            return Err(DecodeError::WrongType);
        }
        Ok(Self(Decoded { address: Some(address.to_owned()), ..Decoded::default() }))
    }

    /// The speech of whoever stands behind a frame that names nobody: a bridge for all its devices over MQTT, the one
    /// device of a serial port.
    #[must_use]
    pub fn of_nobody_named() -> Self {
        Self::default()
    }

    /// Who speaks.
    #[must_use]
    pub fn address(&self) -> Option<&str> {
        self.0.address.as_deref()
    }

    /// Something is so.
    pub fn level(&mut self, measure: Measure) {
        self.say(Said::level(measure));
    }

    /// Something happened.
    pub fn event(&mut self, measure: Measure) {
        self.say(Said::event(measure));
    }

    /// The device itself says that it is there, and nothing else: a heartbeat, a join. A bridge's word on whether a device
    /// can be reached is a level.
    pub fn alive(&mut self) {
        self.event(Measure::Availability { online: true, bridge: false });
    }

    /// A number was measured; it is dropped and counted when it is not plausible.
    pub fn number(&mut self, quantity: Quantity, value: f64) {
        match Measure::number(quantity, value) {
            Ok(measure) => self.level(measure),
            Err(why) => push_bounded(&mut self.0.dropped, (quantity.word(), why)),
        }
    }

    /// A button or code whose meaning its role gives; signs that a [`Code`] may not hold become `-`, and it is cut at a
    /// code's length.
    pub fn code(&mut self, key: &'static str, word: &str, make: fn(Code) -> Measure) {
        let code: String =
            word.trim().chars().map(|sign| if Code::takes(sign) { sign } else { '-' }).take(Code::LEN_MAX).collect();
        match code.parse() {
            Ok(code) => self.event(make(code)),
            Err(_) => self.refuse(key, DecodeError::Unknown),
        }
    }

    /// A window of raw movement.
    pub fn motion(&mut self, motion: Motion) {
        if motion.samples.is_empty() || motion.samples.len() > MOTION_SAMPLES_MAX {
            self.refuse("motion", DecodeError::TooLong);
        } else if self.0.motion.len() < FRAME_SAID_MAX {
            self.0.motion.push(motion);
        }
    }

    /// What the device waits to hear back.
    pub fn reply(&mut self, bytes: &[u8]) {
        if self.0.reply.len() + bytes.len() <= REPLY_BYTES_MAX {
            self.0.reply.extend_from_slice(bytes);
        }
    }

    /// A topic where more of this device's words are found.
    pub fn announce(&mut self, topic: &str) {
        if self.0.announced.len() < FRAME_SAID_MAX && topic.len() <= TOPIC_BYTES_MAX {
            self.0.announced.push(topic.to_owned());
        }
    }

    /// A kind and value in the vocabulary's own words, for formats that speak it; `key` names the place for the counter.
    pub fn vocabulary(&mut self, key: &'static str, kind: &str, value: Plain<'_>) {
        match (kind, value) {
            ("button" | "rf_code", Plain::Text("")) => return,
            ("button", Plain::Text(word)) => return self.code(key, &word.to_ascii_lowercase(), Measure::Button),
            ("rf_code", Plain::Text(word)) => return self.code(key, &word.to_ascii_uppercase(), Measure::RfCode),
            _ => {}
        }
        match Measure::from_parts(kind, value) {
            // Only a bridge's own format may speak for a bridge.
            Ok(measure) if measure.scope().is_some() => self.refuse(key, DecodeError::Unknown),
            Ok(measure) if is_happening(&measure) => self.event(measure),
            Ok(measure) => self.level(measure),
            Err(Unspeakable::Quiet) => {}
            Err(Unspeakable::Implausible(why)) => {
                let word = Quantity::from_word(kind).map_or(key, Quantity::word);
                push_bounded(&mut self.0.dropped, (word, why));
            }
            Err(Unspeakable::Kind) => self.refuse(key, DecodeError::Unknown),
            Err(Unspeakable::Type { .. }) => self.refuse(key, DecodeError::WrongType),
        }
    }

    /// A known key could not be read. It is counted, and swallows nothing that stands beside it.
    pub fn refuse(&mut self, key: &'static str, why: DecodeError) {
        push_bounded(&mut self.0.refused_keys, (key, why));
    }

    /// The speech, life-safety first.
    ///
    /// # Errors
    /// The first refused key's reason, when nothing else in the frame could be read and its sender waits for no reply.
    pub fn finish(self) -> Result<Decoded, DecodeError> {
        let heard = &self.0;
        let nothing_read =
            heard.said.is_empty() && heard.dropped.is_empty() && heard.motion.is_empty() && heard.reply.is_empty();
        if let (true, Some((_, why))) = (nothing_read, self.0.refused_keys.first()) {
            return Err(*why);
        }
        Ok(self.into_decoded())
    }

    /// The same, where a refused key is no reason to refuse the frame.
    #[must_use]
    pub fn into_decoded(mut self) -> Decoded {
        self.0.said.sort_by_key(|said| !said.measure.may_call());
        self.0
    }

    fn say(&mut self, said: Said) {
        let all = &mut self.0.said;
        if let Some(same) = all.iter_mut().find(|other| other.measure == said.measure) {
            if said.nature == Nature::Event {
                same.nature = Nature::Event;
            }
        } else if all.len() < FRAME_SAID_MAX {
            all.push(said);
        } else {
            let lesser = all.iter_mut().rev().find(|other| !other.measure.may_call());
            if let (true, Some(lesser)) = (said.measure.may_call(), lesser) {
                *lesser = said;
            }
            if !self.0.refused_keys.contains(&("readings", DecodeError::TooLong)) {
                self.refuse("readings", DecodeError::TooLong);
            }
        }
    }
}

/// In the vocabulary's own words a fall or a run-out timer is told when it happens, and no word takes it back before the
/// next one; as a level the second fall would be no news. `normal` is the state between falls.
fn is_happening(measure: &Measure) -> bool {
    use crate::core::reading::FallVerdict::{Cleared, Confirmed, Suspected};
    measure.is_event()
        || matches!(measure, Measure::Fall(Confirmed | Suspected | Cleared) | Measure::DeviceInactivity(_))
}

fn push_bounded<T>(list: &mut Vec<T>, entry: T) {
    if list.len() < FRAME_SAID_MAX {
        list.push(entry);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::core::unit::Milli;

    #[test]
    fn a_press_comes_before_the_battery_and_survives_a_bad_key() {
        let mut speech = Speech::of("示例按钮").expect("an address");
        speech.number(Quantity::Battery, 97.0);
        speech.refuse("voltage", DecodeError::WrongType);
        speech.number(Quantity::HeartRate, 0.0);
        speech.event(Measure::Sos(true));
        let decoded = speech.finish().expect("speaks");
        let kinds: Vec<&str> = decoded.said.iter().map(|said| said.measure.kind()).collect();
        assert_eq!(kinds, ["sos", "battery"]);
        assert_eq!((decoded.dropped.len(), decoded.refused_keys.len()), (1, 1));
    }

    #[test]
    fn a_frame_with_nothing_but_bad_keys_is_refused() {
        let mut speech = Speech::of("x").expect("an address");
        speech.refuse("smoke", DecodeError::WrongType);
        assert_eq!(speech.finish(), Err(DecodeError::WrongType));
    }

    #[test]
    fn said_twice_in_one_frame_is_said_once_and_the_event_wins() {
        let mut speech = Speech::of("x").expect("an address");
        speech.level(Measure::Vibration(true));
        speech.event(Measure::Vibration(true));
        speech.level(Measure::Vibration(true));
        assert_eq!(speech.finish().expect("speaks").said, [Said::event(Measure::Vibration(true))]);
    }

    #[test]
    fn a_flood_of_readings_cannot_push_out_a_press() {
        let mut speech = Speech::of("x").expect("an address");
        for lux in 0..1000 {
            speech.number(Quantity::Illuminance, f64::from(lux));
        }
        speech.event(Measure::Sos(true));
        let decoded = speech.finish().expect("speaks");
        assert_eq!(decoded.said.len(), FRAME_SAID_MAX);
        assert_eq!(decoded.said.first(), Some(&Said::event(Measure::Sos(true))));
        assert_eq!(decoded.refused_keys, [("readings", DecodeError::TooLong)]);
        assert_eq!(decoded.said.last(), Some(&Said::level(Measure::Number(Quantity::Illuminance, Milli::whole(62)))));
    }

    #[test]
    fn addresses_are_bounded() {
        assert!(matches!(Speech::of(&"a".repeat(ADDRESS_BYTES_MAX + 1)), Err(DecodeError::TooLong)));
        assert!(matches!(Speech::of(""), Err(DecodeError::WrongType)));
    }
}
