//! From what happens to what is sent: the real bytes that bridges and hubs put on the wire, with what each frame truly
//! claims, for the oracle.
//!
//! A device remembers what its bridge caches, because every publish repeats it.

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
    /// Whether it reports an open case.
    pub tamper: Option<bool>,
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
        /// The frame reports a new number, so its level is a cached one.
        report: bool,
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

/// What one device's bridge has in its cache.
#[derive(Debug, Clone)]
struct State {
    charge: u8,
    /// A charge that was claimed by a [`Deed::Charge`] does not run on.
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

    /// The frames that come of a deed, in order of time.
    pub(super) fn act(&mut self, place: &Place, now: Ms, home: usize, deed: Deed) -> Vec<Sent> {
        let mut sent = Vec::new();
        let find = |wanted: fn(Make) -> bool| place.kit(home, wanted);
        match deed {
            Deed::Moves => {
                if let Some(kit) = find(|make| make == Make::Motion) {
                    self.level(place, kit, now, true, &mut sent);
                    self.level(place, kit, now + 60_000, false, &mut sent);
                }
            }
            Deed::PassesDoor => {
                if let Some(kit) = find(|make| make == Make::Door) {
                    self.level(place, kit, now, true, &mut sent);
                    self.level(place, kit, now + 8_000, false, &mut sent);
                }
            }
            Deed::Presses => {
                if let Some(kit) = find(|make| matches!(make, Make::ActionButton { .. } | Make::LevelButton)) {
                    self.press(place, kit, now, &mut sent);
                }
            }
            Deed::PressesPendant => {
                if let Some(kit) = find(|make| make == Make::Pendant) {
                    let claim = Claim::Press(self.cause());
                    self.lora(place, kit, now, r#""k":"sos","v":true"#, claim, &mut sent);
                }
            }
            Deed::PressesCancel => {
                if let Some(kit) = find(|make| make == Make::CancelButton) {
                    self.action(place, kit, now, "single", Claim::Cancel, &mut sent);
                }
            }
            Deed::Falls { sure, radar, cleared_after } => {
                self.fall(place, home, now, sure, radar, cleared_after, &mut sent);
            }
            Deed::Hazard { kit, on } => self.hazard(place, kit, now, on, true, &mut sent),
            Deed::Reports { kit } => self.report(place, kit, now, &mut sent),
            Deed::Charge { kit, percent } => {
                self.states[kit].charge = percent;
                self.report(place, kit, now, &mut sent);
            }
            Deed::Tampers { kit, open } => {
                self.states[kit].tamper = open;
                self.report(place, kit, now, &mut sent);
            }
            Deed::FallsSilent { kit, span } => self.states[kit].silent_until = now + span,
            Deed::StrangePress { kit } => self.action(place, kit, now, "emergency", Claim::Strange, &mut sent),
            Deed::Drill => {}
        }
        sent.retain(|frame| frame.kit.is_none_or(|kit| self.states[kit].silent_until <= frame.at));
        sent
    }

    fn cause(&mut self) -> Cause {
        self.causes += 1;
        self.causes
    }

    fn press(&mut self, place: &Place, kit: usize, now: Ms, sent: &mut Vec<Sent>) {
        let cause = self.cause();
        match place.kits[kit].make {
            Make::LevelButton => {
                self.states[kit].level = true;
                let claim = Claim::Level { on: true, press: Some(cause), report: false };
                self.state(place, kit, now, claim, sent);
                // Three releases in ten are lost on the air, and the bridge goes on repeating the level.
                if !self.chance.percent(30) {
                    self.states[kit].level = false;
                    let claim = Claim::Level { on: false, press: None, report: false };
                    self.state(place, kit, now + 1_500, claim, sent);
                }
            }
            _ => self.action(place, kit, now, "emergency", Claim::Press(cause), sent),
        }
    }

    #[expect(clippy::too_many_arguments, reason = "the fields of a fall beside where and when it happens")]
    fn fall(
        &mut self,
        place: &Place,
        home: usize,
        now: Ms,
        sure: bool,
        radar: bool,
        cleared_after: Option<Ms>,
        sent: &mut Vec<Sent>,
    ) {
        let verdict = if sure { FallVerdict::Confirmed } else { FallVerdict::Suspected };
        let (radar_kit, pendant) =
            (place.kit(home, |make| make == Make::Radar), place.kit(home, |make| make == Make::Pendant));
        match (radar_kit.filter(|_| radar), pendant) {
            (Some(kit), _) => {
                let cause = self.cause();
                self.radar(place, kit, now, Some(cause), verdict, sent);
                // The radar repeats its word, then lets the flag fall back by a timer.
                self.radar(place, kit, now + 20_000, Some(cause), verdict, sent);
                self.radar(place, kit, now + 45_000, None, FallVerdict::Normal, sent);
            }
            (None, Some(kit)) => {
                let claim = Claim::Fall(self.cause(), verdict);
                let said = format!(r#""k":"fall","v":"{verdict}""#);
                self.lora(place, kit, now, &said, claim, sent);
                if let Some(after) = cleared_after {
                    self.lora(place, kit, now + after, r#""k":"fall","v":"cleared""#, Claim::Cancel, sent);
                } else {
                    // The wearable's flag falls back: never a cancel (CARE-RULES 14).
                    self.lora(place, kit, now + 12_000, r#""k":"fall","v":"normal""#, Claim::Nothing, sent);
                }
            }
            (None, None) => {}
        }
    }

    fn radar(
        &mut self,
        place: &Place,
        kit: usize,
        at: Ms,
        cause: Option<Cause>,
        verdict: FallVerdict,
        sent: &mut Vec<Sent>,
    ) {
        let word = match verdict {
            FallVerdict::Confirmed => "fall_alarm",
            FallVerdict::Suspected => "fall_warning",
            FallVerdict::Normal | FallVerdict::Cleared => "normal",
        };
        let payload = format!(r#"{{"fall_status":"{word}","linkquality":{},"occupancy":true}}"#, self.link());
        sent.push(frame(place, kit, at, payload, Claim::FallLevel(cause, verdict)));
    }

    fn hazard(&mut self, place: &Place, kit: usize, now: Ms, on: bool, happens: bool, sent: &mut Vec<Sent>) {
        let Make::Detector(kind) = place.kits[kit].make else { return };
        self.states[kit].level = on;
        let cause = (on && happens).then(|| self.cause());
        self.state(place, kit, now, Claim::Hazard { kind, on, cause }, sent);
    }

    /// What a device says by itself, in its rhythm.
    fn report(&mut self, place: &Place, kit: usize, now: Ms, sent: &mut Vec<Sent>) {
        let state = &mut self.states[kit];
        state.reports += 1;
        let before = state.charge;
        // A battery loses a point every third report, and none below what was claimed low.
        if state.reports.is_multiple_of(3) && state.charge > 20 {
            state.charge -= 1;
        }
        let report = state.charge != before || state.charge <= 20;
        let on = state.level;
        match place.kits[kit].make {
            Make::Pendant => self.pendant_report(place, kit, now, sent),
            Make::Radar => {
                let payload = format!(r#"{{"fall_status":"normal","linkquality":{},"occupancy":false}}"#, self.link());
                sent.push(frame(place, kit, now, payload, Claim::FallLevel(None, FallVerdict::Normal)));
            }
            Make::LevelButton => {
                let claim = Claim::Level { on, press: None, report };
                self.state(place, kit, now, claim, sent);
            }
            Make::Detector(kind) => self.state(place, kit, now, Claim::Hazard { kind, on, cause: None }, sent),
            Make::ActionButton { .. } | Make::CancelButton | Make::Motion | Make::Door | Make::Climate => {
                self.state(place, kit, now, Claim::Nothing, sent);
            }
        }
    }

    fn pendant_report(&mut self, place: &Place, kit: usize, now: Ms, sent: &mut Vec<Sent>) {
        let State { charge, tamper, .. } = self.states[kit];
        let line = format!(
            r#"{{"d":"{}","t":{now},"r":[{{"k":"battery","v":{charge}}},{{"k":"tamper","v":{tamper}}},{{"k":"worn","v":true}}]}}"#,
            place.kits[kit].address
        );
        let mut report = frame(place, kit, now, line, Claim::Nothing);
        (report.charge, report.tamper) = (Some(charge), Some(tamper));
        sent.push(report);
    }

    fn level(&mut self, place: &Place, kit: usize, at: Ms, on: bool, sent: &mut Vec<Sent>) {
        self.states[kit].level = on;
        self.state(place, kit, at, Claim::Nothing, sent);
    }

    /// A publish of the bridge: everything that is cached, whatever it was sent for.
    fn state(&mut self, place: &Place, kit: usize, at: Ms, claim: Claim, sent: &mut Vec<Sent>) {
        let link = self.link();
        let State { charge, tamper, level, .. } = self.states[kit];
        let on = match claim {
            Claim::Level { on, .. } | Claim::Hazard { on, .. } => on,
            _ => level,
        };
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
        let mut publish = frame(place, kit, at, payload, claim);
        publish.charge = Some(charge);
        if matches!(place.kits[kit].make, Make::LevelButton | Make::Detector(_)) {
            publish.tamper = Some(tamper);
        }
        sent.push(publish);
    }

    /// An action, and under the old setting the empty one that follows it.
    fn action(&mut self, place: &Place, kit: usize, at: Ms, action: &str, claim: Claim, sent: &mut Vec<Sent>) {
        let (charge, link) = (self.states[kit].charge, self.link());
        let payload = |action: &str| {
            format!(r#"{{"action":"{action}","battery":{charge},"linkquality":{link},"last_seen":"2026-11-02T00:00:00+08:00"}}"#)
        };
        let mut publish = frame(place, kit, at, payload(action), claim);
        publish.charge = Some(charge);
        sent.push(publish);
        if place.kits[kit].make == (Make::ActionButton { legacy: true }) {
            sent.push(frame(place, kit, at + 100, payload(""), Claim::Nothing));
        }
    }

    /// A node says it three times over a radio that acknowledges nothing.
    fn lora(&mut self, place: &Place, kit: usize, at: Ms, said: &str, claim: Claim, sent: &mut Vec<Sent>) {
        let address = &place.kits[kit].address;
        for repeat in 0..3 {
            let line = format!(r#"{{"d":"{address}","seq":{},{said}}}"#, at + repeat);
            let mut one = frame(place, kit, at + repeat * 1_700, line, claim);
            one.copy = repeat > 0;
            sent.push(one);
        }
    }

    fn link(&mut self) -> u64 {
        self.chance.between(30, 200)
    }
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
        tamper: None,
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
        tamper: None,
    }
}
