//! The bytes of a word: what bridge, hub, receiver and watch put on the wire.

use std::fmt::Write as _;

use super::{Cause, Claim, GATHERS, Sent, State, Wear, Word};
use crate::core::reading::FallVerdict;
use crate::sim::place::{Make, Place, Standing, Wire};
use crate::sim::trace::Ms;

/// Alarm bits of a watch. Source: `device/watch_setracker`.
const WATCH_SOS: u32 = 1 << 16;
const WATCH_FALL: u32 = 1 << 21;

impl Wear {
    /// The frames of a word that is said now.
    pub(super) fn frames(&mut self, place: &Place, kit: usize, at: Ms, word: Word) -> Vec<Sent> {
        let link = self.chance.between(30, 200);
        let state = &self.states[kit];
        let on = state.level;
        let publish = |claim: Claim| vec![publish(place, kit, at, link, state, claim)];
        match word {
            Word::Level(_) | Word::FallsBack | Word::Chatters(_) => publish(Claim::Nothing),
            Word::Help(_, press) => publish(Claim::Level { on, press }),
            Word::Hazard(_, cause) => match place.kits[kit].make {
                Make::Detector(kind) => publish(Claim::Hazard { kind, on, cause }),
                _ => Vec::new(),
            },
            Word::Action(action, claim) => actions(place, kit, at, (link, state.charge), action, claim),
            Word::Radar(verdict, cause) => {
                let there = on || verdict != FallVerdict::Normal;
                vec![radar(place, kit, at, link, there, verdict, cause)]
            }
            Word::Pendant(said, claim) => {
                let text = format!(r#"{{"d":"{}","seq":{at},{said}}}"#, place.kits[kit].address);
                vec![frame(place, kit, at, text, claim)]
            }
            Word::Alarm(claim) => vec![watch(place, kit, at, state, claim)],
            Word::Transmits(cause) => vec![transmitted(place, kit, at, Claim::Press(cause))],
            Word::Joined => {
                let mut sent = vec![bridge(at, "devices", place.bridge_devices())];
                sent.push(self.report(place, kit, at, link));
                sent
            }
            Word::Report | Word::Beat => vec![self.report(place, kit, at, link)],
        }
    }

    /// What a device says of itself.
    fn report(&mut self, place: &Place, kit: usize, at: Ms, link: u64) -> Sent {
        let state = &mut self.states[kit];
        // One that was claimed low is so until it is replaced.
        state.until_point = state.until_point.saturating_sub(1);
        if state.until_point == 0 {
            state.until_point = 12;
            state.charge -= u8::from(state.charge > 21);
        }
        let on = state.level;
        match place.kits[kit].make {
            Make::Pendant => pendant(place, kit, at, state),
            Make::Radar => radar(place, kit, at, link, on, FallVerdict::Normal, None),
            Make::LevelButton => publish(place, kit, at, link, state, Claim::Level { on, press: None }),
            Make::Detector(kind) => publish(place, kit, at, link, state, Claim::Hazard { kind, on, cause: None }),
            Make::Watch => watch(place, kit, at, state, Claim::Nothing),
            _ => publish(place, kit, at, link, state, Claim::Nothing),
        }
    }
}

/// A publish of the bridge: everything that is cached, whatever it was sent for.
fn publish(place: &Place, kit: usize, at: Ms, link: u64, state: &State, claim: Claim) -> Sent {
    let State { charge, tamper, level: on, .. } = *state;
    let mut payload = String::with_capacity(96);
    // Writing to a String cannot fail.
    let _ = write!(payload, r#"{{"battery":{charge},"linkquality":{link}"#);
    let _ = match place.kits[kit].make {
        Make::LevelButton => write!(payload, r#","sos":{on},"tamper":{tamper}"#),
        Make::Detector(kind) => write!(payload, r#","{kind}":{on},"tamper":{tamper}"#),
        Make::Motion => write!(payload, r#","illuminance":{},"occupancy":{on}"#, link * 3),
        Make::Door => write!(payload, r#","contact":{}"#, !on),
        Make::Bed => write!(payload, r#","pressure_state":"{}""#, if on { "sit" } else { "none" }),
        Make::Climate => {
            let (celsius, humidity) = (warmth(at) + link % 2, 45 + link % 30);
            write!(payload, r#","temperature":{celsius}.{},"humidity":{humidity}.5"#, link % 10)
        }
        _ => write!(payload, r#","voltage":{}"#, 2_400 + u32::from(charge) * 6),
    };
    payload.push('}');
    let level = place.kits[kit].make.is_switched().then_some(on);
    Sent { charge: Some(charge), level, ..frame(place, kit, at, payload, claim) }
}

/// An unheated room in November, in °C: coldest at six in the morning.
const fn warmth(at: Ms) -> u64 {
    let hour = at / 3_600_000 % 24;
    let from_coldest = if hour >= 6 { hour - 6 } else { hour + 18 };
    let rises = if from_coldest <= 9 { from_coldest } else { (24 - from_coldest) * 9 / 15 };
    7 + rises
}

/// An action, and under the old setting the empty one that follows it.
fn actions(place: &Place, kit: usize, at: Ms, (link, charge): (u64, u8), action: &str, claim: Claim) -> Vec<Sent> {
    let payload = |action: &str| {
        format!(r#"{{"action":"{action}","battery":{charge},"linkquality":{link},"last_seen":1793548800000}}"#)
    };
    let mut sent = vec![Sent { charge: Some(charge), ..frame(place, kit, at, payload(action), claim) }];
    if place.kits[kit].make == (Make::ActionButton { legacy: true }) {
        sent.push(frame(place, kit, at, payload(""), Claim::Nothing));
    }
    sent
}

fn radar(
    place: &Place,
    kit: usize,
    at: Ms,
    link: u64,
    there: bool,
    verdict: FallVerdict,
    cause: Option<Cause>,
) -> Sent {
    let word = match verdict {
        FallVerdict::Confirmed => "fall_alarm",
        FallVerdict::Suspected => "fall_warning",
        FallVerdict::Normal | FallVerdict::Cleared => "normal",
    };
    let payload = format!(r#"{{"fall_status":"{word}","linkquality":{link},"occupancy":{there}}}"#);
    frame(place, kit, at, payload, Claim::FallLevel(cause, verdict))
}

/// A node's report, with its own clock, which is wrong. Its hub gathers such words and sends them together.
fn pendant(place: &Place, kit: usize, at: Ms, state: &State) -> Sent {
    let State { charge, tamper, clock_off_ms, .. } = *state;
    let text = format!(
        r#"{{"d":"{}","t":{},"r":[{{"k":"battery","v":{charge}}},{{"k":"tamper","v":{tamper}}},{{"k":"worn","v":true}}]}}"#,
        place.kits[kit].address,
        at + clock_off_ms
    );
    let leaves = at.next_multiple_of(GATHERS);
    Sent { charge: Some(charge), ..frame(place, kit, leaves, text, Claim::Nothing) }
}

/// A watch's heartbeat, or its alarm with a position that it does not have.
fn watch(place: &Place, kit: usize, at: Ms, state: &State, claim: Claim) -> Sent {
    let State { charge, clock_off_ms, .. } = *state;
    let told = at + clock_off_ms;
    let steps = told / 60_000 % 1_440 * 3;
    let status = match claim {
        Claim::Press(_) => Some(WATCH_SOS),
        Claim::Fall(..) => Some(WATCH_FALL),
        _ => None,
    };
    let content = match status {
        None => format!("LK,{steps},0,{charge}"),
        Some(status) => {
            let (hour, minute, second) = (told / 3_600_000 % 24, told / 60_000 % 60, told / 1_000 % 60);
            format!(
                "AL,{:02}1126,{hour:02}{minute:02}{second:02},V,0.000000,N,0.000000,E,0.00,0,0,0,80,{charge},{steps},0,{status:08X},0,0",
                1 + told / 86_400_000 % 28
            )
        }
    };
    let text = format!("[3G*{}*{:04X}*{content}]", place.kits[kit].address, content.len());
    Sent { acknowledged: status.is_some(), charge: Some(charge), ..frame(place, kit, at, text, claim) }
}

/// One line of the receiver for a 433 MHz button: protocol, number and switch are its address.
fn transmitted(place: &Place, kit: usize, at: Ms, claim: Claim) -> Sent {
    let mut parts = place.kits[kit].address.split('/').skip(1);
    let (id, switch) = (parts.next().unwrap_or_default(), parts.next().unwrap_or_default());
    let text = format!("20;{:02X};EV1527;ID={id};SWITCH={switch};CMD=ON;", at / 350 % 256);
    frame(place, kit, at, text, claim)
}

/// What the bridge says of itself, kept by the broker.
pub(in crate::sim) fn bridge(at: Ms, topic: &str, payload: String) -> Sent {
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
        level: None,
        faulty: false,
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
        level: None,
        faulty: false,
    }
}
