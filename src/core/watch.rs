//! Are we watching? Per resident: WATCHED, WEAK or BLIND, since when, held up by which witnesses.
//!
//! "No evidence" is never shown as "fine": a device that was never heard, or that hangs on a source which is down, is no
//! witness.

use std::time::Duration;

use super::id::DeviceId;
use super::time::Moment;
use super::word::words;

/// A resident who is not watched for longer than this is a fault; in the high-risk tier, at once.
/// Source: ARCHITECTURE, watch state (judgement there: a bridge restart or a village power blink is over by then).
pub const BLIND_FAULT_AFTER: Duration = Duration::from_mins(30);

words! {
    /// The watch state of a resident.
    Watch {
        /// 守护中: a help-call device and a life-sign witness inside their limits, neither slow nor mute.
        Watched = "watched",
        /// 守护减弱: only one of the two, or only slow or mute ones.
        Weak = "weak",
        /// 未守护: neither, or what they hang on is down.
        Blind = "blind",
    }
}

/// What one of a resident's devices contributes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[expect(clippy::struct_excessive_bools, reason = "independent properties, each asked by itself")]
pub struct Contribution {
    /// Which device.
    pub device: DeviceId,
    /// It was heard within its limit, and its source is up.
    pub inside: bool,
    /// There is nothing against believing it: neither stuck nor chattering, no impossible values, no double.
    pub believed: bool,
    /// It is slow or mute: found missing only late.
    pub late: bool,
    /// It can call for help.
    pub help_call: bool,
    /// Its readings are evidence of life.
    pub life_sign: bool,
}

impl Contribution {
    /// Whether it counts at all: heard in time, and to be believed.
    #[must_use]
    pub const fn holds(&self) -> bool {
        self.inside && self.believed
    }
}

/// The watch state that these contributions hold up.
pub fn judge(contributions: impl Iterator<Item = Contribution> + Clone) -> Watch {
    let inside = contributions.filter(Contribution::holds);
    let prompt = |wanted: fn(&Contribution) -> bool| inside.clone().any(|each| wanted(&each) && !each.late);
    let any = inside.clone().any(|each| each.help_call || each.life_sign);
    match (prompt(|each| each.help_call), prompt(|each| each.life_sign)) {
        (true, true) => Watch::Watched,
        _ if any => Watch::Weak,
        _ => Watch::Blind,
    }
}

/// A resident's watch state and since when.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WatchState {
    /// The state.
    pub watch: Watch,
    /// Since when.
    pub since: Moment,
    /// The devices that hold it up.
    pub witnesses: Vec<DeviceId>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[expect(clippy::fn_params_excessive_bools, reason = "a column each in the table below")]
    fn device(inside: bool, late: bool, help_call: bool, life_sign: bool) -> Contribution {
        Contribution { device: "d1".parse().expect("id"), inside, believed: true, late, help_call, life_sign }
    }

    #[test]
    fn watched_needs_a_prompt_help_call_and_a_prompt_life_sign() {
        let (button, motion) = (device(true, false, true, false), device(true, false, false, true));
        let slow_button = device(true, true, true, false);
        let silent_motion = device(false, false, false, true);
        let climate = device(true, false, false, false);
        let doubted = |device: Contribution| Contribution { believed: false, ..device };
        let table: &[(&[Contribution], Watch)] = &[
            (&[button, motion], Watch::Watched),
            (&[device(true, false, true, true)], Watch::Watched),
            (&[button], Watch::Weak),
            (&[motion], Watch::Weak),
            (&[slow_button, motion], Watch::Weak),
            (&[slow_button], Watch::Weak),
            (&[button, silent_motion], Watch::Weak),
            (&[silent_motion], Watch::Blind),
            (&[climate], Watch::Blind),
            (&[button, doubted(motion)], Watch::Weak),
            (&[doubted(button), motion], Watch::Weak),
            (&[doubted(motion)], Watch::Blind),
            (&[], Watch::Blind),
        ];
        for (devices, expected) in table {
            assert_eq!(judge(devices.iter().copied()), *expected, "{devices:?}");
        }
    }
}
