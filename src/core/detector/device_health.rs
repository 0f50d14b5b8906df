//! Is the device itself well? Silence beyond its limit (CARE-RULES 25), battery, tamper: one instance per device.
//!
//! A device is judged only while the gateway could have heard it: when its source or bridge is down, the fault is the
//! source's, and the silence is counted from the moment it is back.

use std::time::Duration;

use crate::core::alarm::{Evidence, Reason};
use crate::core::condition::Condition;
use crate::core::detector::Finding;
use crate::core::effect::DeviceChange;
use crate::core::intake::{Memory, News};
use crate::core::reading::{Measure, Quantity};
use crate::core::roster::Device;
use crate::core::time::{Moment, Mono};
use crate::core::unit::Milli;

/// Cap of the supervision limit for life-safety devices. Source: CARE-RULES 25.
pub const CAP_LIFE_SAFETY: Duration = Duration::from_hours(4);
/// Cap of the supervision limit for all others. Source: CARE-RULES 25.
pub const CAP_OTHERS: Duration = Duration::from_hours(24);
/// A mute device must be pressed within this time. Source: CARE-RULES 25.
pub const PRESS_PROVEN: Duration = Duration::from_hours(168);
/// Claimed charge at which a battery is called low, in per cent.
/// judgement: below it common cells of alarm buttons fail within weeks; makers' own flags come at 10 to 20.
pub const CHARGE_LOW_PERCENT: u8 = 15;
/// A low battery is well again this far above the limit, in per cent: more than claimed charges wander.
const CHARGE_WELL_ABOVE: u8 = 5;

/// How long a device may be silent: `max(min(4 × rhythm, cap), 1.5 × rhythm)` (CARE-RULES 25).
#[must_use]
pub fn silence_limit(device: &Device) -> Duration {
    if device.mute {
        return PRESS_PROVEN;
    }
    let rhythm = device.rhythm();
    let cap = if device.role.is_life_safety() { CAP_LIFE_SAFETY } else { CAP_OTHERS };
    (rhythm * 4).min(cap).max(rhythm * 3 / 2)
}

/// Whether the device is of class *slow*: its rhythm is beyond the cap, so its silence is found late.
#[must_use]
pub fn is_slow(device: &Device) -> bool {
    let cap = if device.role.is_life_safety() { CAP_LIFE_SAFETY } else { CAP_OTHERS };
    device.rhythm() > cap
}

/// Standing of one device.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct DeviceHealth {
    limit: Duration,
    charge_low_percent: u8,
    /// From when silence is counted: the last word, or the moment from which it could have been heard.
    counted_from: Mono,
    heard: Option<Moment>,
    silent: bool,
    battery_low: bool,
    tampered: bool,
}

/// A finding about the device, with the event for the county's device lane.
pub type Found = (Finding, Option<DeviceChange>);

impl DeviceHealth {
    /// A device of which nothing has been heard yet.
    #[must_use]
    pub fn new(device: &Device, charge_low_percent: u8, now: Mono) -> Self {
        Self {
            limit: silence_limit(device),
            charge_low_percent,
            counted_from: now,
            heard: None,
            silent: false,
            battery_low: false,
            tampered: false,
        }
    }

    /// Carries on from an earlier run.
    pub const fn resume(&mut self, counted_from: Mono, heard: Option<Moment>) {
        self.counted_from = counted_from;
        self.heard = heard;
    }

    /// Takes over the faults that the records say are open.
    pub fn believe(&mut self, open: impl Fn(Condition) -> bool) {
        self.silent |= open(Condition::DeviceSilent);
        self.battery_low |= open(Condition::BatteryLow);
        self.tampered |= open(Condition::Tamper);
    }

    /// Finds the faults that are over by the device's last words although the records hold them open: the words were
    /// written and what was decided on them was not. `since` is when a fault was last recorded; words from before say nothing.
    pub fn review(
        &mut self,
        now: Moment,
        memory: &Memory,
        since: impl Fn(Condition) -> Option<Mono>,
        found: &mut Vec<Found>,
    ) {
        let evidence = Evidence { at: now, device: None, said: None, reason: Reason::Over };
        let said_later = |condition| since(condition).is_some_and(|since| self.heard.is_some_and(|at| at.mono > since));
        let well = match (memory.level("battery_low"), memory.number(Quantity::Battery)) {
            (Some(Measure::BatteryLow(true)), _) | (None, None) => false,
            (_, charge) => charge.is_none_or(|charge| charge >= self.well_at()),
        };
        if self.battery_low && well && said_later(Condition::BatteryLow) {
            self.battery_low = false;
            found.push((Finding::Cleared(Condition::BatteryLow, evidence), Some(DeviceChange::BatteryOk)));
        }
        let closed = memory.level("tamper") == Some(Measure::Tamper(false));
        if self.tampered && closed && said_later(Condition::Tamper) {
            self.tampered = false;
            found.push((Finding::Cleared(Condition::Tamper, evidence), None));
        }
    }

    /// When it was last heard.
    #[must_use]
    pub const fn heard(&self) -> Option<Moment> {
        self.heard
    }

    /// By when it must be heard again.
    #[must_use]
    pub fn next_expected(&self) -> Mono {
        self.counted_from + self.limit
    }

    /// From when its silence is counted.
    #[must_use]
    pub const fn counted_from(&self) -> Mono {
        self.counted_from
    }

    /// Whether it was heard, and within its limit.
    #[must_use]
    pub const fn is_inside(&self) -> bool {
        self.heard.is_some() && !self.silent
    }

    /// Whether it has been found silent.
    #[must_use]
    pub const fn is_silent(&self) -> bool {
        self.silent
    }

    /// Its gravest fault, if it has one.
    #[must_use]
    pub const fn fault(&self) -> Option<Condition> {
        if self.silent {
            Some(Condition::DeviceSilent)
        } else if self.tampered {
            Some(Condition::Tamper)
        } else if self.battery_low {
            Some(Condition::BatteryLow)
        } else {
            None
        }
    }

    /// The device was heard: whatever it said, it lives.
    pub fn hear(&mut self, now: Moment, found: &mut Vec<Found>) {
        let first = self.heard.is_none();
        self.heard = Some(now);
        self.counted_from = now.mono;
        if self.silent {
            self.silent = false;
            let evidence = Evidence { at: now, device: None, said: None, reason: Reason::HeardAgain };
            found.push((Finding::Cleared(Condition::DeviceSilent, evidence), Some(DeviceChange::Back)));
        } else if first {
            let evidence = Evidence { at: now, device: None, said: None, reason: Reason::HeardAgain };
            found.push((Finding::Noted(Condition::DeviceSilent, evidence), Some(DeviceChange::Joined)));
        }
    }

    /// Takes one piece of news of the device about itself.
    pub fn news(&mut self, now: Moment, news: &News, found: &mut Vec<Found>) {
        let low_at = Milli::whole(i64::from(self.charge_low_percent));
        let well_at = self.well_at();
        match news.said.measure {
            Measure::BatteryLow(low) => self.battery(now, news, low, Reason::BatteryLow, found),
            Measure::Number(Quantity::Battery, charge) if charge <= low_at => {
                self.battery(now, news, true, Reason::ChargeLow, found);
            }
            Measure::Number(Quantity::Battery, charge) if charge >= well_at => {
                self.battery(now, news, false, Reason::Over, found);
            }
            Measure::Tamper(open) if open != self.tampered => {
                self.tampered = open;
                let (reason, change) =
                    if open { (Reason::CaseOpened, Some(DeviceChange::Tamper)) } else { (Reason::Over, None) };
                found.push((about(Condition::Tamper, open, now, news, reason), change));
            }
            Measure::Availability { online: false, bridge: false } if !self.silent => {
                self.silent = true;
                let finding = about(Condition::DeviceSilent, true, now, news, Reason::BridgeSaysOffline);
                found.push((finding, Some(DeviceChange::Lost)));
            }
            _ => {}
        }
    }

    /// Lets time pass. While the device could not have been heard, its clock stands still.
    pub fn tick(&mut self, now: Moment, mute: bool, found: &mut Vec<Found>) {
        if !self.silent && now.mono >= self.next_expected() {
            self.silent = true;
            let reason = if mute { Reason::PressDue } else { Reason::Silent };
            let evidence = Evidence { at: now, device: None, said: None, reason };
            found.push((Finding::Onset(Condition::DeviceSilent, evidence), Some(DeviceChange::Lost)));
        }
    }

    /// Its source is back after having been down since `since`: that time is not counted as silence. What was counted
    /// before still is, or a source that comes and goes would hide a dead device for ever.
    pub fn reachable_again(&mut self, since: Mono, now: Mono) {
        self.counted_from = self.counted_from + now.since(since.max(self.counted_from));
    }

    /// The box was off for `span`: nothing could have been heard meanwhile.
    pub fn reachable_after(&mut self, span: Duration) {
        self.counted_from = self.counted_from + span;
    }

    fn well_at(&self) -> Milli {
        Milli::whole(i64::from(self.charge_low_percent.saturating_add(CHARGE_WELL_ABOVE)))
    }

    fn battery(&mut self, now: Moment, news: &News, low: bool, reason: Reason, found: &mut Vec<Found>) {
        if low == self.battery_low {
            return;
        }
        self.battery_low = low;
        let change = if low { DeviceChange::BatteryLow } else { DeviceChange::BatteryOk };
        found.push((about(Condition::BatteryLow, low, now, news, reason), Some(change)));
    }
}

fn about(condition: Condition, on: bool, now: Moment, news: &News, reason: Reason) -> Finding {
    let evidence = Evidence { at: now, device: None, said: Some(news.said), reason };
    if on { Finding::Onset(condition, evidence) } else { Finding::Cleared(condition, evidence) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::core::roster::Role;

    fn device(role: Role, rhythm_min: u64) -> Device {
        Device {
            id: "d1".parse().expect("id"),
            resident: None,
            home: None,
            room: None,
            role,
            source: "zigbee".parse().expect("id"),
            rhythm: Some(Duration::from_secs(rhythm_min * 60)),
            mute: false,
            removed: false,
        }
    }

    #[test]
    fn the_limit_is_four_rhythms_capped_but_never_less_than_one_and_a_half() {
        let hours = |device: &Device| silence_limit(device).as_secs() / 3600;
        assert_eq!(silence_limit(&device(Role::Motion, 10)), Duration::from_mins(40));
        assert_eq!(hours(&device(Role::Sos, 60)), 4);
        assert_eq!(hours(&device(Role::Sos, 4 * 60)), 6);
        assert_eq!(hours(&device(Role::Motion, 8 * 60)), 24);
        assert_eq!(hours(&device(Role::Sos, 24 * 60)), 36);
        assert!(is_slow(&device(Role::Sos, 24 * 60)) && !is_slow(&device(Role::Motion, 24 * 60)));
    }

    #[test]
    fn a_mute_button_is_proven_by_a_press_a_week() {
        let mute = Device { mute: true, ..device(Role::Sos, 60) };
        assert_eq!(silence_limit(&mute), PRESS_PROVEN);
    }
}
