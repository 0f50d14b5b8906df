//! Is the device itself well? Silence beyond its limit (CARE-RULES 25), words that cannot be believed, battery, tamper: one
//! instance per device.
//!
//! A device is judged only while the gateway could have heard it: when its source or bridge is down, the fault is the
//! source's, and the silence is counted from the moment it is back.

pub mod rhythm;

pub mod conduct;

pub mod battery;

use std::time::Duration;

use serde::{Deserialize, Serialize};

pub use self::battery::{Battery, Measured, Outlook};
pub use self::conduct::Conduct;
pub use self::rhythm::Rhythm;
use crate::core::alarm::{Evidence, Reason};
use crate::core::condition::Condition;
use crate::core::detector::Finding;
use crate::core::effect::DeviceChange;
use crate::core::intake::{Memory, News};
use crate::core::reading::{Measure, Quantity, Sample};
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
    limit_of(device, device.rhythm())
}

fn limit_of(device: &Device, rhythm: Duration) -> Duration {
    let cap = if device.role.is_life_safety() { CAP_LIFE_SAFETY } else { CAP_OTHERS };
    (rhythm * 4).min(cap).max(rhythm * 3 / 2)
}

/// Whether the device is of class *slow*: its rhythm is beyond the cap, so its silence is found late.
#[must_use]
pub fn is_slow(device: &Device) -> bool {
    let cap = if device.role.is_life_safety() { CAP_LIFE_SAFETY } else { CAP_OTHERS };
    device.rhythm() > cap
}

/// What was learned of a device over days, small enough to be written with its last words.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Learned {
    /// How often it speaks.
    #[serde(default, skip_serializing_if = "Rhythm::is_empty")]
    pub rhythm: Rhythm,
    /// Whether it can be believed.
    #[serde(default, skip_serializing_if = "is_blameless")]
    pub conduct: Conduct,
    /// How its battery falls.
    #[serde(default, skip_serializing_if = "Battery::is_empty")]
    pub battery: Battery,
}

fn is_blameless(conduct: &Conduct) -> bool {
    *conduct == Conduct::default()
}

/// Standing of one device.
#[derive(Debug, Clone, PartialEq, Eq)]
#[expect(clippy::struct_excessive_bools, reason = "each is a fault of its own, and they come and go apart")]
pub struct DeviceHealth {
    limit: Duration,
    charge_low_percent: u8,
    learned: Learned,
    /// From when silence is counted: the last word, or the moment from which it could have been heard.
    counted_from: Mono,
    /// It could be heard all the time since its last word: the gap that ends with the next one is a sample.
    unbroken: bool,
    heard: Option<Moment>,
    silent: bool,
    /// Its charge is low, by its own words.
    charge_low: bool,
    /// Its battery has fewer than [`NOTICE_DAYS`](battery::NOTICE_DAYS) left, by how it falls.
    battery_ending: bool,
    tampered: bool,
}

/// A finding about the device, with the event for the county's device lane.
pub type Found = (Finding, Option<DeviceChange>);

impl DeviceHealth {
    /// A device of which nothing has been heard yet.
    #[must_use]
    pub fn new(device: &Device, charge_low_percent: u8, now: Mono) -> Self {
        Self {
            limit: Rhythm::default().limit(device),
            charge_low_percent,
            learned: Learned::default(),
            counted_from: now,
            unbroken: false,
            heard: None,
            silent: false,
            charge_low: false,
            battery_ending: false,
            tampered: false,
        }
    }

    /// Carries on from an earlier run.
    pub fn resume(&mut self, device: &Device, counted_from: Mono, heard: Option<Moment>, learned: Learned) {
        self.counted_from = counted_from;
        self.heard = heard;
        self.limit = learned.rhythm.limit(device);
        self.battery_ending = learned.battery.outlook(device.battery).is_some_and(Outlook::is_ending);
        self.learned = learned;
    }

    /// Takes over the faults that the records say are open.
    pub fn believe(&mut self, open: impl Fn(Condition) -> bool) {
        self.silent |= open(Condition::DeviceSilent);
        self.charge_low |= open(Condition::BatteryLow) && !self.battery_ending;
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
        if self.charge_low && well && said_later(Condition::BatteryLow) {
            self.charge_low = false;
            if !self.battery_ending {
                found.push((Finding::Cleared(Condition::BatteryLow, evidence), Some(DeviceChange::BatteryOk)));
            }
        }
        let closed = memory.level("tamper") == Some(Measure::Tamper(false));
        if self.tampered && closed && said_later(Condition::Tamper) {
            self.tampered = false;
            found.push((Finding::Cleared(Condition::Tamper, evidence), None));
        }
        // What there is against it is remembered with its words; a fault of which nothing is remembered is over.
        if since(Condition::DeviceDoubted).is_some() && self.doubts().is_empty() {
            found.push((Finding::Cleared(Condition::DeviceDoubted, evidence), Some(DeviceChange::Believed)));
        }
    }

    /// When it was last heard.
    #[must_use]
    pub const fn heard(&self) -> Option<Moment> {
        self.heard
    }

    /// How long it may be silent, by what is known of it.
    #[must_use]
    pub const fn limit(&self) -> Duration {
        self.limit
    }

    /// How often it speaks, by what is known of it.
    #[must_use]
    pub fn rhythm(&self, device: &Device) -> Duration {
        self.learned.rhythm.of(device)
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

    /// What was learned of it.
    #[must_use]
    pub const fn learned(&self) -> &Learned {
        &self.learned
    }

    /// What there is against believing it, oldest first; it is no witness while there is something.
    #[must_use]
    pub fn doubts(&self) -> &[Reason] {
        self.learned.conduct.doubts()
    }

    /// Its gravest fault with the reason, if it has one.
    #[must_use]
    pub fn fault(&self) -> Option<(Condition, Reason)> {
        if self.silent {
            Some((Condition::DeviceSilent, Reason::Silent))
        } else if let Some(doubt) = self.doubts().first() {
            Some((Condition::DeviceDoubted, *doubt))
        } else if self.tampered {
            Some((Condition::Tamper, Reason::CaseOpened))
        } else if self.charge_low {
            Some((Condition::BatteryLow, Reason::BatteryLow))
        } else if self.battery_ending {
            Some((Condition::BatteryLow, Reason::BatteryEnding))
        } else {
            None
        }
    }

    /// The device was heard: whatever it said, it lives.
    pub fn hear(&mut self, now: Moment, device: &Device, found: &mut Vec<Found>) {
        if self.heard.is_some_and(|last| now.mono < last.mono) {
            return; // A word that is read back from the log, and older than what was remembered of it.
        }
        let first = self.heard.is_none();
        let gap = (self.unbroken && !first).then(|| now.mono.since(self.counted_from).min(self.limit));
        if self.learned.rhythm.hear(now.mono, gap) {
            self.limit = self.learned.rhythm.limit(device);
        }
        self.unbroken = true;
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

    /// Judges whether what it says can be believed.
    pub fn judge(&mut self, now: Moment, sample: &Sample, news: &[News], found: &mut Vec<Found>) {
        let mut turned = Vec::new();
        self.learned.conduct.hear(now.mono, sample, news, &mut turned);
        self.doubted(now, turned, found);
    }

    /// A source saw a second sender speak under its address while the first was there.
    pub fn two_senders(&mut self, now: Moment, found: &mut Vec<Found>) {
        let mut turned = Vec::new();
        self.learned.conduct.two_senders(now.mono, &mut turned);
        self.doubted(now, turned, found);
    }

    /// Takes one piece of news of the device about itself.
    pub fn news(&mut self, now: Moment, news: &News, found: &mut Vec<Found>) {
        let low_at = Milli::whole(i64::from(self.charge_low_percent));
        let well_at = self.well_at();
        match news.said.measure {
            Measure::BatteryLow(low) => self.charge(now, news, low, Reason::BatteryLow, found),
            Measure::Number(Quantity::Battery, charge) if charge <= low_at => {
                self.charge(now, news, true, Reason::ChargeLow, found);
            }
            Measure::Number(Quantity::Battery, charge) if charge >= well_at => {
                self.charge(now, news, false, Reason::Over, found);
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

    /// Takes what it says of its battery, and tells when somebody is to bring one.
    pub fn measure_battery(&mut self, now: Moment, device: &Device, measured: Measured, found: &mut Vec<Found>) {
        self.learned.battery.take(now.mono, device.battery, measured);
        let outlook = self.learned.battery.outlook(device.battery);
        let ending = match outlook {
            Some(outlook) if self.battery_ending => outlook.at_least <= battery::WELL_DAYS,
            outlook => outlook.is_some_and(Outlook::is_ending),
        };
        if ending == self.battery_ending {
            return;
        }
        let was_low = self.is_battery_low();
        self.battery_ending = ending;
        if was_low == self.is_battery_low() {
            return;
        }
        let reason = if ending { Reason::BatteryEnding } else { Reason::Over };
        let evidence = Evidence { at: now, device: None, said: None, reason };
        found.push(if ending {
            (Finding::Onset(Condition::BatteryLow, evidence), Some(DeviceChange::BatteryLow))
        } else {
            (Finding::Cleared(Condition::BatteryLow, evidence), Some(DeviceChange::BatteryOk))
        });
    }

    /// Lets time pass. While the device could not have been heard, its clock stands still.
    pub fn tick(&mut self, now: Moment) {
        self.silent |= now.mono >= self.next_expected();
    }

    /// Its source is back after having been down since `since`: that time is not counted as silence. What was counted
    /// before still is, or a source that comes and goes would hide a dead device for ever.
    pub fn reachable_again(&mut self, since: Mono, now: Mono) {
        let span = now.since(since.max(self.counted_from));
        self.reachable_after(span);
    }

    /// The box was off for `span`: nothing could have been heard meanwhile.
    pub fn reachable_after(&mut self, span: Duration) {
        self.counted_from = self.counted_from + span;
        self.learned.rhythm.postpone(span);
        self.interrupted();
    }

    /// Not everything between its last word and the next is known: nothing is learned of the gap.
    pub fn interrupted(&mut self) {
        self.unbroken = false;
        self.learned.conduct.interrupted();
    }

    fn is_battery_low(&self) -> bool {
        self.charge_low || self.battery_ending
    }

    fn well_at(&self) -> Milli {
        Milli::whole(i64::from(self.charge_low_percent.saturating_add(CHARGE_WELL_ABOVE)))
    }

    fn charge(&mut self, now: Moment, news: &News, low: bool, reason: Reason, found: &mut Vec<Found>) {
        let was_low = self.is_battery_low();
        self.charge_low = low;
        if was_low != self.is_battery_low() {
            let change = if low { DeviceChange::BatteryLow } else { DeviceChange::BatteryOk };
            found.push((about(Condition::BatteryLow, low, now, news, reason), Some(change)));
        }
    }

    /// The first doubt is the fault's beginning, the last one's end its end; what comes and goes between is noted.
    fn doubted(&mut self, now: Moment, turned: Vec<conduct::Turned>, found: &mut Vec<Found>) {
        let mut standing = self.doubts().len() + turned.iter().filter(|(_, on)| !on).count();
        standing -= turned.iter().filter(|(_, on)| *on).count();
        for (reason, on) in turned {
            let evidence =
                Evidence { at: now, device: None, said: None, reason: if on { reason } else { Reason::Over } };
            standing = if on { standing + 1 } else { standing - 1 };
            found.push(match (on, standing) {
                (true, 1) => (Finding::Onset(Condition::DeviceDoubted, evidence), Some(DeviceChange::Doubted)),
                (false, 0) => (Finding::Cleared(Condition::DeviceDoubted, evidence), Some(DeviceChange::Believed)),
                _ => (Finding::Noted(Condition::DeviceDoubted, evidence), None),
            });
        }
    }
}

fn about(condition: Condition, on: bool, now: Moment, news: &News, reason: Reason) -> Finding {
    let evidence = Evidence { at: now, device: None, said: Some(news.said), reason };
    if on { Finding::Onset(condition, evidence) } else { Finding::Cleared(condition, evidence) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::core::roster::{Chemistry, Role};

    pub(super) fn device(role: Role, rhythm_min: u64) -> Device {
        Device {
            id: "d1".parse().expect("id"),
            resident: None,
            home: None,
            room: None,
            role,
            source: "zigbee".parse().expect("id"),
            rhythm: Some(Duration::from_secs(rhythm_min * 60)),
            mute: false,
            battery: Chemistry::Unknown,
            mains: false,
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
