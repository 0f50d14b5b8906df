//! From what happens to what is sent: the real bytes that bridges and hubs put on the wire, with what each frame truly
//! claims, for the oracle.
//!
//! A deed makes utterances, some of them later; an utterance becomes a frame when it is said, because every publish of a
//! bridge repeats what it has in its cache at that moment.

use std::fmt::Write as _;

use super::chance::Chance;
use super::person::Deed;
use super::place::{Kit, Make, Place, Standing, Wire};
use super::trace::Ms;
use crate::core::reading::FallVerdict;

/// A frame on its way, and the truth behind it.
#[derive(Debug, Clone, PartialEq, Eq)]
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
    /// A sensor's level: motion, an open door.
    Level(bool),
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
    /// A report in its rhythm.
    Report,
}

/// What one device is, and what its bridge has in its cache.
#[derive(Debug, Clone)]
struct State {
    charge: u8,
    reports: u32,
    tamper: bool,
    level: bool,
    silent_until: Ms,
}

/// All devices as they stand.
#[derive(Debug)]
pub(super) struct Wear {
    states: Vec<State>,
    chance: Chance,
    causes: Cause,
}

impl Wear {
    /// Devices as they hang on the first day.
    pub(super) fn new(place: &Place, seed: u64) -> Wear {
        let mut chance = Chance::stream(seed, "wear", 0);
        let state = |_: &Kit| State {
            charge: u8::try_from(chance.between(40, 100)).unwrap_or(80),
            reports: 0,
            tamper: false,
            level: false,
            silent_until: 0,
        };
        let states = place.kits.iter().map(state).collect();
        Wear { states, chance, causes: 0 }
    }

    /// How many things have truly happened that a person should be told of.
    pub(super) const fn causes(&self) -> Cause {
        self.causes
    }

    /// What devices will say of a deed.
    pub(super) fn act(&mut self, place: &Place, now: Ms, home: usize, deed: Deed) -> Vec<Utterance> {
        let mut said = Vec::new();
        let find = |wanted: fn(Make) -> bool| place.kit(home, wanted);
        let say = |kit: usize, after: Ms, word: Word| Utterance { at: now + after, kit, word, copy: false };
        match deed {
            Deed::Moves => {
                let kit = find(|make| make == Make::Motion);
                said.extend(kit.map(|kit| say(kit, 0, Word::Level(true))));
                said.extend(kit.map(|kit| say(kit, 60_000, Word::Level(false))));
            }
            Deed::PassesDoor => {
                let kit = find(|make| make == Make::Door);
                said.extend(kit.map(|kit| say(kit, 0, Word::Level(true))));
                said.extend(kit.map(|kit| say(kit, 8_000, Word::Level(false))));
            }
            Deed::Presses => {
                if let Some(kit) = find(|make| matches!(make, Make::ActionButton { .. } | Make::LevelButton)) {
                    self.press(place, kit, now, &mut said);
                }
            }
            Deed::PressesPendant => {
                if let Some(kit) = find(|make| make == Make::Pendant) {
                    let claim = Claim::Press(self.cause());
                    lora(kit, now, Word::Pendant(r#""k":"sos","v":true"#, claim), &mut said);
                }
            }
            Deed::PressesCancel => {
                let kit = find(|make| make == Make::CancelButton);
                said.extend(kit.map(|kit| say(kit, 0, Word::Action("single", Claim::Cancel))));
            }
            Deed::Falls { sure, radar, cleared_after } => {
                let verdict = if sure { FallVerdict::Confirmed } else { FallVerdict::Suspected };
                match (find(|make| make == Make::Radar).filter(|_| radar), find(|make| make == Make::Pendant)) {
                    (Some(kit), _) => self.radar_sees(kit, now, verdict, &mut said),
                    (None, Some(kit)) => self.wearer_falls(kit, now, verdict, cleared_after, &mut said),
                    (None, None) => {}
                }
            }
            Deed::Hazard { kit, on } => {
                let cause = if on { Some(self.cause()) } else { None };
                said.push(say(kit, 0, Word::Hazard(on, cause)));
            }
            Deed::Reports { kit } => said.push(say(kit, 0, Word::Report)),
            Deed::Charge { kit, percent } => {
                self.states[kit].charge = percent;
                said.push(say(kit, 0, Word::Report));
            }
            Deed::Tampers { kit, open } => {
                self.states[kit].tamper = open;
                said.push(say(kit, 0, Word::Report));
            }
            Deed::FallsSilent { kit, span } => self.states[kit].silent_until = now + span,
            Deed::StrangePress { kit } => said.push(say(kit, 0, Word::Action("emergency", Claim::Strange))),
            Deed::Drill => {}
        }
        said
    }

    /// The frames of an utterance, with what the bridge has in its cache when it is said; none from a silent device.
    pub(super) fn speak(&mut self, place: &Place, utterance: &Utterance) -> Vec<Sent> {
        let Utterance { at, kit, word, copy } = *utterance;
        if self.states[kit].silent_until > at {
            return Vec::new();
        }
        let link = self.chance.between(30, 200);
        let mut sent = match word {
            Word::Level(on) => {
                self.states[kit].level = on;
                vec![self.publish(place, kit, at, link, Claim::Nothing)]
            }
            Word::Help(on, press) => {
                self.states[kit].level = on;
                vec![self.publish(place, kit, at, link, Claim::Level { on, press })]
            }
            Word::Hazard(on, cause) => {
                self.states[kit].level = on;
                let Make::Detector(kind) = place.kits[kit].make else { return Vec::new() };
                vec![self.publish(place, kit, at, link, Claim::Hazard { kind, on, cause })]
            }
            Word::Action(action, claim) => self.action(place, kit, at, link, action, claim),
            Word::Radar(verdict, cause) => vec![radar(place, kit, at, link, verdict, cause)],
            Word::Pendant(said, claim) => {
                let text = format!(r#"{{"d":"{}","seq":{at},{said}}}"#, place.kits[kit].address);
                vec![frame(place, kit, at, text, claim)]
            }
            Word::Report => vec![self.report(place, kit, at, link)],
        };
        for one in &mut sent {
            one.copy |= copy;
        }
        sent
    }

    fn cause(&mut self) -> Cause {
        self.causes += 1;
        self.causes
    }

    fn press(&mut self, place: &Place, kit: usize, now: Ms, said: &mut Vec<Utterance>) {
        let cause = self.cause();
        let mut say = |after: Ms, word: Word| said.push(Utterance { at: now + after, kit, word, copy: false });
        if place.kits[kit].make != Make::LevelButton {
            return say(0, Word::Action("emergency", Claim::Press(cause)));
        }
        say(0, Word::Help(true, Some(cause)));
        // Three releases in ten are lost on the air, and the bridge goes on repeating the level.
        if !self.chance.percent(30) {
            say(1_500, Word::Help(false, None));
        }
    }

    /// The radar repeats its word, then lets the flag fall back by a timer.
    fn radar_sees(&mut self, kit: usize, now: Ms, verdict: FallVerdict, said: &mut Vec<Utterance>) {
        let cause = Some(self.cause());
        for (after, word) in [
            (0, Word::Radar(verdict, cause)),
            (20_000, Word::Radar(verdict, cause)),
            (45_000, Word::Radar(FallVerdict::Normal, None)),
        ] {
            said.push(Utterance { at: now + after, kit, word, copy: false });
        }
    }

    fn wearer_falls(
        &mut self,
        kit: usize,
        now: Ms,
        verdict: FallVerdict,
        cleared_after: Option<Ms>,
        said: &mut Vec<Utterance>,
    ) {
        let words = if verdict == FallVerdict::Confirmed {
            r#""k":"fall","v":"confirmed""#
        } else {
            r#""k":"fall","v":"suspected""#
        };
        let claim = Claim::Fall(self.cause(), verdict);
        lora(kit, now, Word::Pendant(words, claim), said);
        match cleared_after {
            Some(after) => lora(kit, now + after, Word::Pendant(r#""k":"fall","v":"cleared""#, Claim::Cancel), said),
            // The wearable's flag falls back: never a cancel (CARE-RULES 14).
            None => lora(kit, now + 12_000, Word::Pendant(r#""k":"fall","v":"normal""#, Claim::Nothing), said),
        }
    }

    /// What a device says by itself, in its rhythm.
    fn report(&mut self, place: &Place, kit: usize, at: Ms, link: u64) -> Sent {
        let state = &mut self.states[kit];
        state.reports += 1;
        // A battery loses a point every third report; one that was claimed low is so until it is replaced.
        if state.reports.is_multiple_of(3) && state.charge > 21 {
            state.charge -= 1;
        }
        let on = state.level;
        match place.kits[kit].make {
            Make::Pendant => {
                let State { charge, tamper, .. } = *state;
                let text = format!(
                    r#"{{"d":"{}","t":{at},"r":[{{"k":"battery","v":{charge}}},{{"k":"tamper","v":{tamper}}},{{"k":"worn","v":true}}]}}"#,
                    place.kits[kit].address
                );
                Sent { charge: Some(charge), ..frame(place, kit, at, text, Claim::Nothing) }
            }
            Make::Radar => radar(place, kit, at, link, FallVerdict::Normal, None),
            Make::LevelButton => self.publish(place, kit, at, link, Claim::Level { on, press: None }),
            Make::Detector(kind) => self.publish(place, kit, at, link, Claim::Hazard { kind, on, cause: None }),
            Make::ActionButton { .. } | Make::CancelButton | Make::Motion | Make::Door | Make::Climate => {
                self.publish(place, kit, at, link, Claim::Nothing)
            }
        }
    }

    /// A publish of the bridge: everything that is cached, whatever it was sent for.
    fn publish(&self, place: &Place, kit: usize, at: Ms, link: u64, claim: Claim) -> Sent {
        let State { charge, tamper, level: on, .. } = self.states[kit];
        let mut payload = format!(r#"{{"battery":{charge},"linkquality":{link}"#);
        // Writing to a String cannot fail.
        let _ = match place.kits[kit].make {
            Make::LevelButton => write!(payload, r#","sos":{on},"tamper":{tamper}"#),
            Make::Detector(kind) => write!(payload, r#","{kind}":{on},"tamper":{tamper}"#),
            Make::Motion => write!(payload, r#","illuminance":{},"occupancy":{on}"#, link * 3),
            Make::Door => write!(payload, r#","contact":{}"#, !on),
            Make::Climate => write!(payload, r#","temperature":{},"humidity":61.5"#, 12 + link % 9),
            Make::ActionButton { .. } | Make::CancelButton | Make::Pendant | Make::Radar => {
                write!(payload, r#","voltage":{}"#, 2_400 + u32::from(charge) * 6)
            }
        };
        payload.push('}');
        Sent { charge: Some(charge), ..frame(place, kit, at, payload, claim) }
    }

    /// An action, and under the old setting the empty one that follows it.
    fn action(&self, place: &Place, kit: usize, at: Ms, link: u64, action: &str, claim: Claim) -> Vec<Sent> {
        let charge = self.states[kit].charge;
        let payload = |action: &str| {
            format!(r#"{{"action":"{action}","battery":{charge},"linkquality":{link},"last_seen":1793548800000}}"#)
        };
        let mut sent = vec![Sent { charge: Some(charge), ..frame(place, kit, at, payload(action), claim) }];
        if place.kits[kit].make == (Make::ActionButton { legacy: true }) {
            sent.push(frame(place, kit, at, payload(""), Claim::Nothing));
        }
        sent
    }
}

/// A node says it three times over a radio that acknowledges nothing.
fn lora(kit: usize, at: Ms, word: Word, said: &mut Vec<Utterance>) {
    said.extend((0..3).map(|repeat| Utterance { at: at + repeat * 1_700, kit, word, copy: repeat > 0 }));
}

fn radar(place: &Place, kit: usize, at: Ms, link: u64, verdict: FallVerdict, cause: Option<Cause>) -> Sent {
    let (word, there) = match verdict {
        FallVerdict::Confirmed => ("fall_alarm", true),
        FallVerdict::Suspected => ("fall_warning", true),
        FallVerdict::Normal | FallVerdict::Cleared => ("normal", false),
    };
    let payload = format!(r#"{{"fall_status":"{word}","linkquality":{link},"occupancy":{there}}}"#);
    frame(place, kit, at, payload, Claim::FallLevel(cause, verdict))
}

/// What the bridge says of itself, kept by the broker.
pub(super) fn bridge(at: Ms, topic: &str, payload: String) -> Sent {
    Sent {
        at,
        kit: None,
        wire: Wire::Zigbee,
        topic: Some(format!("zigbee2mqtt/bridge/{topic}")),
        bytes: payload.into_bytes(),
        acknowledged: true,
        retained: true,
        claim: Claim::Nothing,
        copy: false,
        charge: None,
    }
}

fn frame(place: &Place, kit: usize, at: Ms, payload: String, claim: Claim) -> Sent {
    let it = &place.kits[kit];
    let topic = (it.wire == Wire::Zigbee).then(|| format!("zigbee2mqtt/{}", it.address));
    // What is not enrolled claims nothing about a person.
    let claim = if it.standing == Standing::Enrolled { claim } else { Claim::Strange };
    Sent {
        at,
        kit: Some(kit),
        wire: it.wire,
        topic,
        bytes: payload.into_bytes(),
        acknowledged: it.acknowledged && it.wire == Wire::Zigbee,
        retained: it.retained,
        claim,
        copy: false,
        charge: None,
    }
}
