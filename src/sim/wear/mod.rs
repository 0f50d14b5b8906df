//! From what happens to what is sent: the real bytes that bridges and hubs put on the wire, with what each frame truly
//! claims, for the oracle.
//!
//! A deed makes utterances, some of them later; an utterance becomes a frame when it is said, because every publish of a
//! bridge repeats what it has in its cache at that moment. What a device does for long it does word by word: each word says
//! when the next one is due.
//!
//! Devices have the habits of devices: a pace and a clock of their own, a level that falls back by a timer, a battery that
//! dies, a sensor that sticks or chatters, a hub that gathers before it sends.

mod act;

mod frames;

use super::chance::Chance;
use super::place::{Kit, Place, Wire};
use super::trace::Ms;
use crate::core::reading::FallVerdict;
pub(super) use frames::bridge;

/// A frame on its way, and the truth behind it.
#[derive(Debug, Clone, PartialEq, Eq)]
#[expect(clippy::struct_excessive_bools, reason = "each is a property of a frame by itself")]
pub(super) struct Sent {
    /// When it leaves the device.
    pub at: Ms,
    /// Which device; none for the bridge itself.
    pub kit: Option<usize>,
    /// How it goes.
    pub wire: Wire,
    /// Topic, on MQTT.
    pub topic: Option<String>,
    /// Payload.
    pub bytes: Vec<u8>,
    /// With acknowledgement (QoS 1).
    pub acknowledged: bool,
    /// The broker keeps it.
    pub retained: bool,
    /// What it claims.
    pub claim: Claim,
    /// A further copy of a frame, or a late one: it may be taken for news, and need not.
    pub copy: bool,
    /// The charge it reports, in per cent.
    pub charge: Option<u8>,
    /// The level of a sensor that people switch.
    pub level: Option<bool>,
    /// Its sensor is stuck or chatters.
    pub faulty: bool,
}

/// Number of something that truly happened.
pub(super) type Cause = u32;

/// What a frame truly claims about a person.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Claim {
    /// Nothing.
    Nothing,
    /// A press, told as an event.
    Press(Cause),
    /// A help button's level.
    Level {
        /// The level.
        on: bool,
        /// The press that this frame was sent for, if it was.
        press: Option<Cause>,
    },
    /// A cancel by the wearer or on a cancel button.
    Cancel,
    /// A fall, told as an event.
    Fall(Cause, FallVerdict),
    /// A radar's verdict, told as a level.
    FallLevel(Option<Cause>, FallVerdict),
    /// A hazard's level.
    Hazard {
        /// Which.
        kind: &'static str,
        /// It is there.
        on: bool,
        /// What it was sent for.
        cause: Option<Cause>,
    },
    /// A press on a button that is not enrolled.
    Strange,
}

/// Something that a device is about to say.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Utterance {
    /// When.
    pub at: Ms,
    /// Which device.
    pub kit: usize,
    /// What.
    pub word: Word,
    /// A repeat that the device sends by itself.
    pub copy: bool,
}

/// What a device says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Word {
    /// A sensor's level: motion, an open door, a bed.
    Level(bool),
    /// A motion sensor's timer: it falls back when nobody has moved since.
    FallsBack,
    /// A help button's level, and the press it is sent for.
    Help(bool, Option<Cause>),
    /// A hazard's level, and what it is sent for.
    Hazard(bool, Option<Cause>),
    /// An action.
    Action(&'static str, Claim),
    /// A radar's verdict.
    Radar(FallVerdict, Option<Cause>),
    /// A wearable's words.
    Pendant(&'static str, Claim),
    /// A watch's alarm.
    Alarm(Claim),
    /// A 433 MHz button.
    Transmits(Cause),
    /// A report because of something.
    Report,
    /// A report in its rhythm, and the next one after it.
    Beat,
    /// The other level, and again, until then.
    Chatters(Ms),
    /// It has joined its bridge again, which tells everybody.
    Joined,
}

/// What one device is, and what its bridge has in its cache.
#[derive(Debug, Clone)]
struct State {
    charge: u8,
    /// Reports until the charge falls by a point.
    until_point: u8,
    tamper: bool,
    level: bool,
    silent_until: Ms,
    /// Its sensor is stuck on until then.
    stuck_until: Ms,
    /// When nobody will have moved for so long that a motion sensor falls back.
    falls_back_at: Ms,
    /// Its battery dies from then, with that charge, until then.
    dying: Option<(Ms, u8, Ms)>,
    /// How long its minute is, in thousandths.
    pace: u64,
    /// How far its clock is ahead.
    clock_off_ms: u64,
}

/// All devices as they stand.
#[derive(Debug)]
pub(super) struct Wear {
    states: Vec<State>,
    chance: Chance,
    causes: Cause,
}

/// A motion sensor falls back after so long without motion. Source: zigbee2mqtt, `occupancy_timeout` of its converters.
const FALLS_BACK: Ms = 90_000;
/// A hub sends what it has gathered so often.
const GATHERS: Ms = 5 * 60_000;
/// Two words of a sensor that chatters.
const CHATTERS_EVERY: Ms = 800;

impl Wear {
    /// Devices as they hang on the first day.
    pub(super) fn new(place: &Place, seed: u64) -> Wear {
        let mut chance = Chance::stream(seed, "wear", 0);
        let state = |_: &Kit| State {
            charge: u8::try_from(chance.between(40, 100)).unwrap_or(80),
            until_point: 12,
            tamper: false,
            level: false,
            silent_until: 0,
            stuck_until: 0,
            falls_back_at: 0,
            dying: None,
            pace: chance.between(960, 1_000),
            clock_off_ms: chance.below(20 * 60_000),
        };
        let states = place.kits.iter().map(state).collect();
        Wear { states, chance, causes: 0 }
    }

    /// How many things have truly happened that a person should be told of.
    pub(super) const fn causes(&self) -> Cause {
        self.causes
    }

    /// The first word of every device that speaks by itself.
    pub(super) fn first_words(&mut self, place: &Place) -> Vec<Utterance> {
        let speaking = place.kits.iter().enumerate().filter(|(_, kit)| place.serves(kit) && !kit.make.is_mute());
        let first = |(kit, it): (usize, &Kit)| {
            let at = self.chance.below(it.make.rhythm_min() * 60_000);
            Utterance { at, kit, word: Word::Beat, copy: false }
        };
        speaking.map(first).collect()
    }

    /// The frames of an utterance, with what the bridge has in its cache when it is said, and the word that follows it by
    /// itself. No frames from a silent device.
    pub(super) fn speak(&mut self, place: &Place, utterance: &Utterance) -> (Vec<Sent>, Option<Utterance>) {
        let Utterance { at, kit, word, copy } = *utterance;
        let next = self.next(place, kit, at, word);
        self.wither(kit, at);
        let state = &mut self.states[kit];
        let level = match word {
            Word::Level(on) | Word::Help(on, _) | Word::Hazard(on, _) => on || state.stuck_until > at,
            Word::FallsBack if state.falls_back_at > at || !state.level => return (Vec::new(), next),
            Word::FallsBack => state.stuck_until > at,
            Word::Chatters(_) => !state.level,
            _ => state.level,
        };
        state.level = level;
        if state.silent_until > at {
            return (Vec::new(), next);
        }
        let mut sent = self.frames(place, kit, at, word);
        let faulty = self.states[kit].stuck_until > at || matches!(word, Word::Chatters(_));
        for one in &mut sent {
            one.copy |= copy;
            one.faulty = faulty;
        }
        (sent, next)
    }

    /// What a device says next by itself.
    fn next(&mut self, place: &Place, kit: usize, at: Ms, word: Word) -> Option<Utterance> {
        let after = |at: Ms, word: Word| Some(Utterance { at, kit, word, copy: false });
        let state = self.states.get(kit)?;
        match word {
            Word::Beat => {
                let rhythm = place.kits[kit].make.rhythm_min() * 60 * state.pace;
                // A dying battery's words become rare.
                let weary = state.dying.map_or(100, |(from, _, until)| 100 + 200 * passed(at, from, until) / 100);
                after(at + self.chance.between(rhythm * 8 / 10, rhythm) * weary / 100, word)
            }
            Word::FallsBack if state.falls_back_at > at => after(state.falls_back_at, word),
            Word::Chatters(until) if at < until => after(at + CHATTERS_EVERY, word),
            _ => None,
        }
    }

    /// The charge of a battery that dies follows the time; at its end the device is silent until somebody comes.
    fn wither(&mut self, kit: usize, at: Ms) {
        let state = &mut self.states[kit];
        let Some((from, charge, until)) = state.dying else { return };
        let left = u64::from(charge) * (100 - passed(at, from, until)) / 100;
        state.charge = u8::try_from(left).unwrap_or(0);
        if at >= until {
            state.silent_until = Ms::MAX;
        }
    }

    fn cause(&mut self) -> Cause {
        self.causes += 1;
        self.causes
    }
}

/// How much of a span has passed, in per cent.
fn passed(now: Ms, from: Ms, until: Ms) -> u64 {
    (now.saturating_sub(from) * 100).checked_div(until.saturating_sub(from)).unwrap_or(100).min(100)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sim::person::Deed;
    use crate::sim::place::Make;

    fn place_with(wanted: impl Fn(Make) -> bool) -> (Place, usize, usize) {
        let place = Place::new(10);
        let (home, kit) =
            (0..10).find_map(|home| Some((home, place.kit(home, &wanted)?))).expect("ten homes have every make");
        (place, home, kit)
    }

    /// Everything that follows from a deed until then, as frames.
    fn said(wear: &mut Wear, place: &Place, home: usize, deed: Deed, until: Ms) -> Vec<Sent> {
        let mut waiting = wear.act(place, 0, home, deed);
        let mut all = Vec::new();
        while let Some(index) = (0..waiting.len()).min_by_key(|index| waiting[*index].at) {
            let utterance = waiting.swap_remove(index);
            if utterance.at < until {
                let (sent, next) = wear.speak(place, &utterance);
                all.extend(sent);
                waiting.extend(next);
            }
        }
        all
    }

    #[test]
    fn every_word_of_every_make_is_read_by_its_decoder() {
        let place = Place::new(10);
        let mut wear = Wear::new(&place, 1);
        let mut decoders = crate::sim::start::decoders();
        for utterance in wear.first_words(&place) {
            for sent in wear.speak(&place, &utterance).0 {
                let decoder = decoders.get_mut(&sent.wire).expect("every wire has a decoder");
                let frame = crate::device::Frame {
                    topic: sent.topic.as_deref(),
                    bytes: &sent.bytes,
                    context: &serde_json::Value::Null,
                    utc_s: None,
                    heard_ms: 0,
                };
                let decoded = decoder.decode(&frame).expect("reads");
                let kit = sent.kit.map(|kit| &place.kits[kit]).expect("of a device");
                assert_eq!(decoded.address.as_deref(), Some(kit.address.as_str()), "{:?}", kit.make);
                assert!(!decoded.said.is_empty() && decoded.refused_keys.is_empty(), "{:?} {decoded:?}", kit.make);
            }
        }
    }

    #[test]
    fn a_watch_and_a_mute_button_call() {
        use crate::core::reading::{FallVerdict, Measure};
        for (wanted, deed, measure) in [
            (Make::Watch, Deed::PressesPendant, Some(Measure::Sos(true))),
            (
                Make::Watch,
                Deed::Falls { sure: true, radar: false, worn: true, cleared_after: None },
                Some(Measure::Fall(FallVerdict::Confirmed)),
            ),
            (Make::MuteButton, Deed::Presses, None),
        ] {
            let (place, home, kit) = place_with(|make| make == wanted);
            let mut wear = Wear::new(&place, 1);
            let sent = said(&mut wear, &place, home, deed, 600_000);
            assert!(sent.len() > 1 && sent.iter().skip(1).all(|one| one.copy), "{wanted:?} repeats itself");
            let mut decoders = crate::sim::start::decoders();
            let frame = crate::device::Frame {
                topic: None,
                bytes: &sent[0].bytes,
                context: &serde_json::Value::Null,
                utc_s: None,
                heard_ms: 0,
            };
            let decoded = decoders.get_mut(&sent[0].wire).expect("a decoder").decode(&frame).expect("reads");
            assert_eq!(decoded.address.as_deref(), Some(place.kits[kit].address.as_str()));
            match measure {
                Some(measure) => assert!(decoded.said.iter().any(|said| said.measure == measure), "{decoded:?}"),
                None => assert!(matches!(decoded.said[0].measure, Measure::Button(_)), "{decoded:?}"),
            }
        }
    }

    #[test]
    fn a_dying_battery_falls_grows_rare_and_ends_until_it_is_replaced() {
        let (place, home, kit) = place_with(|make| make == Make::Climate);
        let mut wear = Wear::new(&place, 2);
        let hour = 3_600_000;
        wear.act(&place, 0, home, Deed::Dies { kit, span: 10 * hour });
        let mut waiting = Some(Utterance { at: 0, kit, word: Word::Beat, copy: false });
        let mut heard = Vec::new();
        while let Some(utterance) = waiting.filter(|utterance| utterance.at < 24 * hour) {
            let (sent, next) = wear.speak(&place, &utterance);
            heard.extend(sent.iter().map(|sent| (utterance.at, sent.charge.expect("it claims a charge"))));
            waiting = next;
        }
        assert!(heard.windows(2).all(|pair| pair[1].1 <= pair[0].1), "{heard:?}");
        assert!(heard.last().is_some_and(|(at, _)| *at < 10 * hour), "{heard:?}");
        let gaps: Vec<Ms> = heard.windows(2).map(|pair| pair[1].0 - pair[0].0).collect();
        assert!(gaps.last() > gaps.first(), "{gaps:?}");
        wear.act(&place, 24 * hour, home, Deed::Charge { kit, percent: 99 });
        let back = Utterance { at: 24 * hour, kit, word: Word::Report, copy: false };
        assert_eq!(wear.speak(&place, &back).0[0].charge, Some(99));
    }

    #[test]
    fn a_motion_sensor_falls_back_once_when_nobody_moves_and_not_while_it_is_stuck() {
        let (place, home, kit) = place_with(|make| make == Make::Motion);
        let levels = |wear: &mut Wear, stuck: bool| {
            if stuck {
                wear.act(&place, 0, home, Deed::Sticks { kit, span: 600_000 });
            }
            let sent = said(wear, &place, home, Deed::Moves { kit }, 600_000);
            sent.iter().map(|sent| String::from_utf8_lossy(&sent.bytes).contains("true")).collect::<Vec<bool>>()
        };
        assert_eq!(levels(&mut Wear::new(&place, 1), false), [true, false]);
        assert!(levels(&mut Wear::new(&place, 1), true).iter().all(|on| *on));
    }

    #[test]
    fn a_chattering_sensor_turns_more_often_than_any_person() {
        let (place, home, kit) = place_with(|make| make == Make::Door);
        let sent = said(&mut Wear::new(&place, 1), &place, home, Deed::Chatters { kit, span: 3_600_000 }, 7_200_000);
        assert!(sent.len() > 3_700, "{}", sent.len());
    }
}
