//! Another list of the village, taken while the station runs, and who is no longer served (CARE-RULES 26).
//!
//! Taking a list is a restart in which nothing was missed: a device that stands in both lists goes on as it is, with its
//! deadlines, its faults and its history; open alarms stay as they stand and climb the ladders of the new list. A station
//! that begins with the new list and replays the log comes to the same, because [`VillageChange`] is in it.

use std::collections::BTreeMap;

use super::devices::Unit;
use super::{Station, Timer};
use crate::core::alarm::{Alarm, Evidence, Reason, Subject};
use crate::core::condition::Condition;
use crate::core::detector;
use crate::core::effect::{Effect, NewVillage, VillageChange};
use crate::core::id::{DeviceId, ResidentId};
use crate::core::roster::{Device, Resident, Roster};
use crate::core::time::{Moment, Mono};

/// Faults that are the thing's own and leave with it.
const OF_THE_THING: [Condition; 2] = [Condition::BatteryLow, Condition::Tamper];

/// The devices in service of every resident.
pub(super) fn devices_of(roster: &Roster) -> BTreeMap<ResidentId, Vec<DeviceId>> {
    let mut all: BTreeMap<ResidentId, Vec<DeviceId>> = BTreeMap::new();
    for device in roster.devices.values().filter(|device| !device.removed) {
        if let Some(resident) = device.resident {
            all.entry(resident).or_default().push(device.id);
        }
    }
    all
}

impl Station {
    /// Whether a device of this id stands in the list and is in service.
    #[must_use]
    pub fn serves(&self, id: DeviceId) -> bool {
        self.roster.devices.get(&id).is_some_and(|device| self.roster.serves(device))
    }

    /// The village's list changed.
    pub(super) fn take_village(&mut self, now: Moment, new: &NewVillage, effects: &mut Vec<Effect>) {
        let Some(mut roster) = new.roster.clone() else {
            self.begin_afresh(now.mono, &new.change);
            return;
        };
        self.rules.bind(&mut roster);
        let before = std::mem::replace(&mut self.roster, roster);
        self.devices_of = devices_of(&self.roster);
        self.take_devices(now.mono, &before);
        self.begin_afresh(now.mono, &new.change);
        self.take_residents(&before);
        self.end_faults_of_things(now, &new.change, effects);
        self.retire_faults(now, effects);
        self.review_everybody(now, &before, effects);
        self.mind_the_visits(now, effects);
    }

    /// Devices that are new in the list, and ids under which another thing hangs: what was said before says nothing of them,
    /// and their silence counts from here. Were an old thing's words kept, the first press of the new one could be taken for a
    /// copy of the last press of the old.
    pub(super) fn begin_afresh(&mut self, at: Mono, change: &VillageChange) {
        for id in change.enrolled.iter().chain(&change.replaced) {
            let Some(device) = self.roster.devices.get(id) else { continue };
            let mut unit = Unit::new(device, self.rules.charge_low_percent, at);
            let subject = Subject::Device(*id);
            unit.health
                .believe(|condition| !OF_THE_THING.contains(&condition) && self.book.is_open(subject, condition));
            self.units.insert(*id, unit);
            self.changed_devices.insert(*id);
            self.arm_device(*id);
        }
    }

    /// Whether the alarm is about somebody who is no longer served: it stays open until somebody says how it ended, and
    /// reminds nobody.
    pub(super) fn is_over(&self, alarm: &Alarm) -> bool {
        matches!(alarm.id.subject, Subject::Resident(id) if self.roster.has_left(id))
    }

    /// When the alarm's state moves by itself.
    pub(super) fn deadline_of(&self, alarm: &Alarm) -> Option<Mono> {
        if self.is_over(alarm) { None } else { alarm.state.deadline() }
    }

    /// Devices that came begin; those that went end; those whose entry changed go on with what they had said.
    fn take_devices(&mut self, now: Mono, before: &Roster) {
        let (units, charge_low_percent) = (std::mem::take(&mut self.units), self.rules.charge_low_percent);
        for id in units.keys().filter(|id| !self.roster.devices.contains_key(id)) {
            self.timers.set(Timer::Device(*id), None);
            self.changed_devices.insert(*id);
        }
        let mut known = units;
        for (id, device) in &self.roster.devices {
            let fresh = || Unit::new(device, charge_low_percent, now);
            let unit = match (known.remove(id), before.devices.get(id)) {
                (Some(unit), Some(same)) if same == device => unit,
                (Some(unit), _) => {
                    let subject = Subject::Device(*id);
                    let mut changed = fresh();
                    changed.recall(device, unit.words());
                    changed.health.believe(|condition| self.book.is_open(subject, condition));
                    changed
                }
                (None, _) => fresh(),
            };
            let was_served = before.devices.get(id).is_some_and(|device| before.serves(device));
            if before.devices.get(id) != Some(device) || was_served != self.roster.serves(device) {
                self.changed_devices.insert(*id);
            }
            self.units.insert(*id, unit);
        }
        let arm: Vec<DeviceId> = self.changed_devices.iter().copied().filter(|id| self.serves(*id)).collect();
        for id in arm {
            self.timers.set(Timer::Device(id), None);
            self.arm_device(id);
        }
    }

    /// Whoever came gets detectors; whoever went, or is no longer served, is neither watched nor called for.
    fn take_residents(&mut self, before: &Roster) {
        let mut detectors = std::mem::take(&mut self.detectors);
        for id in self.roster.residents.keys() {
            self.detectors.insert(*id, detectors.remove(id).unwrap_or_else(detector::all));
        }
        let gone: Vec<ResidentId> = self.watch.keys().copied().filter(|id| !self.roster.is_watched_over(*id)).collect();
        for id in gone {
            self.watch.remove(&id);
            self.timers.set(Timer::Resident(id), None);
            self.changed_residents.insert(id);
        }
        let deadlines: Vec<(Timer, Option<Mono>)> = self
            .book
            .open()
            .filter(|alarm| alarm.resident().is_some_and(|id| before.has_left(id) != self.roster.has_left(id)))
            .map(|alarm| (Timer::Alarm(alarm.id), self.deadline_of(alarm)))
            .collect();
        for (timer, deadline) in deadlines {
            self.timers.set(timer, deadline);
        }
    }

    /// A low battery or an open case went away with the thing.
    fn end_faults_of_things(&mut self, now: Moment, change: &VillageChange, effects: &mut Vec<Effect>) {
        for id in &change.replaced {
            for condition in OF_THE_THING {
                let evidence = Evidence { at: now, device: None, said: None, reason: Reason::Over };
                self.cleared(now, Subject::Device(*id), condition, evidence, effects);
            }
        }
    }

    fn review_everybody(&mut self, now: Moment, before: &Roster, effects: &mut Vec<Effect>) {
        let residents: Vec<ResidentId> = self.roster.residents.keys().copied().collect();
        for id in residents {
            self.review_watch(now, id, effects);
            // Somebody who was paused and is not, or whose tier rose, has another clock although nothing else changed.
            let same = |of: &Resident, other: &Resident| of.service == other.service && of.tier == other.tier;
            let known = before.residents.get(&id).zip(self.roster.residents.get(&id));
            if known.is_some_and(|(old, new)| !same(old, new) && new.service.is_served()) {
                self.mind_blindness(now, id, effects);
            }
        }
    }

    /// The devices that hang where nobody is served any more.
    pub fn free_devices(&self) -> impl Iterator<Item = &Device> {
        self.roster.devices.values().filter(|device| self.roster.is_free(device))
    }
}
