//! A device that is missed: alone, or with its whole home.
//!
//! Sensors that people move fall silent together when nobody is in, and when the home's power or router is out. That is one
//! fault, which names them all, and not one a sensor: who goes away for two days must not bury a village's faults. Each of
//! them is missed at its own limit all the same, and is no witness from then on.
//!
//! A start forgets which homes were silent as a whole: who is overdue then is missed at once and alone, which is one fault
//! too many rather than one too few.

use super::{Station, Timer};
use crate::core::alarm::{Evidence, Reason, Subject};
use crate::core::condition::Condition;
use crate::core::detector::Finding;
use crate::core::effect::{DeviceChange, DeviceEvent, Effect};
use crate::core::id::DeviceId;
use crate::core::roster::Device;
use crate::core::time::Moment;

impl Station {
    /// A device has been silent for longer than its limit, and no fault of its own says so yet.
    pub(super) fn missed(&mut self, now: Moment, device: &Device, reason: Reason, effects: &mut Vec<Effect>) {
        let beside = self.quiet_beside(now, device);
        if beside.is_empty() {
            let evidence = Evidence { at: now, device: None, said: None, reason };
            let finding = Finding::Onset(Condition::DeviceSilent, evidence);
            self.device_found(now, device, finding, Some(DeviceChange::Lost), effects);
            return;
        }
        self.quiet_homes.extend(device.home);
        if !self.is_named_with_its_home(device) {
            let evidence = Evidence { at: now, device: None, said: None, reason: Reason::HomeQuiet };
            let subject = Subject::Device(device.id);
            self.onset(now, subject, Condition::DeviceSilent, Some(device), &beside, evidence, false, effects);
            let what = DeviceChange::Lost;
            let (device, source) = (Some(device.id), device.source);
            effects.push(Effect::Device(DeviceEvent { at: now, device, source, what, behind: beside }));
        }
        self.changed_devices.insert(device.id);
        if let Some(resident) = device.resident {
            self.review_watch(now, resident, effects);
        }
    }

    /// A sensor was heard. If its home was silent as a whole, the others have their whole limit from here on to follow; who
    /// does not is missed alone.
    pub(super) fn home_speaks(&mut self, now: Moment, device: &Device) {
        let Some(home) = device.home.filter(|_| device.role.is_moved_by_people()) else { return };
        if !self.quiet_homes.remove(&home) {
            return;
        }
        for other in self.roster.devices.values().filter(|other| other.home == Some(home) && !other.removed) {
            let Some(unit) = self.units.get(&other.id).filter(|unit| unit.health.is_silent()) else { continue };
            if !self.book.is_open(Subject::Device(other.id), Condition::DeviceSilent) {
                self.timers.set(Timer::Device(other.id), Some(now.mono + unit.health.limit()));
            }
        }
    }

    /// The sensors of a home that people move, beside this one, when none of them was heard in the second half of its
    /// limit; none when one was, or when there is nobody to compare with. One that has a fault of its own does not count.
    fn quiet_beside(&self, now: Moment, device: &Device) -> Vec<DeviceId> {
        let (Some(home), Some(unit)) = (device.home, self.units.get(&device.id)) else { return Vec::new() };
        if !device.role.is_moved_by_people() {
            return Vec::new();
        }
        let quiet_since = now.mono - unit.health.limit() / 2;
        let mut beside = Vec::new();
        for other in self.roster.devices.values().filter(|other| other.home == Some(home) && other.id != device.id) {
            let well = other.role.is_moved_by_people() && !other.removed && self.is_reachable(other.source);
            let Some(unit) = self.units.get(&other.id).filter(|_| well) else { continue };
            if self.book.is_open(Subject::Device(other.id), Condition::DeviceSilent) && !self.speaks_for_home(other.id)
            {
                continue;
            }
            if unit.health.heard().is_some_and(|at| at.mono > quiet_since) {
                return Vec::new();
            }
            beside.push(other.id);
        }
        beside
    }

    /// Whether the fault of another sensor of its home names it, and it has not been heard since.
    fn is_named_with_its_home(&self, device: &Device) -> bool {
        let heard = self.units.get(&device.id).and_then(|unit| unit.health.heard()).map(|at| at.mono);
        let mut open = self.book.open().filter(|alarm| alarm.id.condition == Condition::DeviceSilent);
        open.any(|alarm| {
            alarm.home == device.home
                && alarm.behind.contains(&device.id)
                && heard.is_none_or(|at| at <= alarm.id.onset)
        })
    }

    /// Whether its own fault names others of its home.
    fn speaks_for_home(&self, id: DeviceId) -> bool {
        let alarm = self.open_alarm(Subject::Device(id), Condition::DeviceSilent);
        alarm.is_some_and(|alarm| !alarm.behind.is_empty())
    }
}
