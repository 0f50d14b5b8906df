//! A device that is missed: alone, with its whole home, or with everything behind its source.
//!
//! A coordinator that hangs, a bridge that dreams and a network that carries nothing look well from here: the port is open
//! and the broker answers. But devices that report by a timer do not fall silent together, so where they do, it is one fault
//! of the source, which names them all.
//!
//! Sensors that people move fall silent together when nobody is in, and when the home's power or router is out. That is one
//! fault, which names them all, and not one a sensor: who goes away for two days must not bury a village's faults. Each of
//! them is missed at its own limit all the same, and is no witness from then on.
//!
//! Whoever is missed with others keeps a deadline: nothing may make it forgotten, neither a person who closes the fault nor a
//! link that goes and comes. And it is given time to follow the others once, not each time that they fall silent again.
//!
//! A start knows from the records which sources were silent and were heard again, and leaves their devices the time that they were
//! given. It forgets which homes were silent as a whole: who is overdue there then is missed at once and alone, which is one
//! fault too many rather than one too few.

use std::time::Duration;

use super::{Station, Timer};
use crate::core::alarm::life_cycle::State;
use crate::core::alarm::{Alarm, Disposition, Evidence, Reason, Subject};
use crate::core::condition::Condition;
use crate::core::detector::Finding;
use crate::core::effect::{DeviceChange, DeviceEvent, Effect};
use crate::core::id::{DeviceId, SourceId};
use crate::core::roster::Device;
use crate::core::time::{Moment, Mono};

/// So many others must report by a timer behind a source before their silence is the source's. judgement: two batteries that
/// were put in on the same day end on the same day, four do not within an hour.
const REPORTERS_MIN: usize = 3;

/// So many words of others must be missing. judgement: a radio that loses one in three loses six in a row once in 700 times,
/// and a device is missed after four of its own.
const MISSED_WORDS_MIN: u64 = 6;

/// A device owes something, in thousandths of a word, once it is this late. Source: CARE-RULES 25, its shortest limit; so that
/// devices which all report in the same minute of an hour do not owe anything before that minute.
const LATE_MILLI_WORDS: u64 = 1_500;

/// How many thousandths of a word a device of this rhythm would have said meanwhile.
fn milli_words(silence: Duration, rhythm: Duration) -> u64 {
    (silence.as_secs() * 1_000).checked_div(rhythm.as_secs()).unwrap_or_default()
}

impl Station {
    /// A device has been silent for longer than its limit, and no fault of its own says so yet.
    pub(super) fn missed(&mut self, now: Moment, device: &Device, reason: Reason, effects: &mut Vec<Effect>) {
        if self.still_waits(now, device) {
            self.changed_devices.insert(device.id);
            if let Some(resident) = device.resident {
                self.review_watch(now, resident, effects);
            }
            return;
        }
        if self.is_quiet(device.source) || self.source_falls_quiet(now, device, effects) {
            self.missed_with_others(now, device, effects);
            return;
        }
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
        self.missed_with_others(now, device, effects);
    }

    /// It is no witness, and is asked for again: by then a fault names it, or it has one of its own.
    fn missed_with_others(&mut self, now: Moment, device: &Device, effects: &mut Vec<Effect>) {
        if let Some(unit) = self.units.get(&device.id) {
            self.timers.set(Timer::Device(device.id), Some(now.mono + unit.health.limit()));
        }
        self.changed_devices.insert(device.id);
        if let Some(resident) = device.resident {
            self.review_watch(now, resident, effects);
        }
    }

    /// Whether the source has a fault because nothing behind it is heard.
    pub(super) fn is_quiet(&self, source: SourceId) -> bool {
        let fault = self.open_alarm(Subject::Source(source), Condition::SourceDown);
        fault.and_then(|fault| fault.evidence.first()).is_some_and(|evidence| evidence.reason == Reason::SourceQuiet)
    }

    /// Whether this device is missed because nothing behind its source is heard, which is then the source's fault.
    fn source_falls_quiet(&mut self, now: Moment, device: &Device, effects: &mut Vec<Effect>) -> bool {
        let source = device.source;
        if self.book.is_open(Subject::Source(source), Condition::SourceDown) {
            return false; // Its link has come back and is not steady yet: who does not follow is missed alone.
        }
        let behind = self.behind(source);
        let last = behind.iter().filter_map(|id| Some(self.units.get(id)?.health.counted_from())).max();
        let silence = last.map_or(Duration::ZERO, |last| now.mono.since(last));
        let others = behind.iter().filter(|id| **id != device.id).filter_map(|id| self.roster.devices.get(id));
        let rhythms = others.filter_map(|other| self.reports(other));
        let owed = rhythms.map(|rhythm| milli_words(silence, rhythm)).filter(|words| *words >= LATE_MILLI_WORDS);
        let words: Vec<u64> = owed.collect();
        if words.len() < REPORTERS_MIN || words.iter().sum::<u64>() < MISSED_WORDS_MIN * 1_000 {
            return false;
        }
        self.source_fails(now, source, Reason::SourceQuiet, effects);
        self.review_watch_behind(now, source, effects);
        true
    }

    /// The rhythm of a device that reports by a timer, has been heard, has not been missed itself, and has power.
    fn reports(&self, device: &Device) -> Option<Duration> {
        let unit = self.units.get(&device.id).filter(|unit| unit.health.heard().is_some())?;
        let by_timer = !device.mute && !device.role.is_moved_by_people() && !self.is_silenced(device.id);
        (by_timer && !unit.health.is_silent()).then(|| unit.health.rhythm(device))
    }

    /// A device behind a source was heard. If nothing there was, the others have their whole limit from here on to follow.
    pub(super) fn source_speaks(&mut self, now: Moment, source: SourceId, effects: &mut Vec<Effect>) {
        if !self.is_quiet(source) {
            return;
        }
        self.source_recovers(now, source, Reason::HeardAgain, effects);
        self.wait_for_others(now, |other| other.source == source);
        self.review_watch_behind(now, source, effects);
    }

    /// A sensor was heard. If its home was silent as a whole, the others have their whole limit from here on to follow; who
    /// does not is missed alone.
    pub(super) fn home_speaks(&mut self, now: Moment, device: &Device) {
        let Some(home) = device.home.filter(|_| device.role.is_moved_by_people()) else { return };
        if !self.quiet_homes.remove(&home) {
            return;
        }
        self.wait_for_others(now, |other| other.home == Some(home));
    }

    /// Those of them that are silent and have no fault of their own have their whole limit from here on; who had that before,
    /// and has not been heard since, has no more time.
    pub(super) fn wait_for_others(&mut self, now: Moment, among: impl Fn(&Device) -> bool) {
        for other in self.roster.devices.values().filter(|other| !other.removed && among(other)) {
            let Some(unit) = self.units.get(&other.id).filter(|unit| unit.health.is_silent()) else { continue };
            if self.book.is_open(Subject::Device(other.id), Condition::DeviceSilent) {
                continue;
            }
            let time = if self.waited_for.insert(other.id) { unit.health.limit() } else { Duration::ZERO };
            self.timers.set(Timer::Device(other.id), Some(now.mono + time));
        }
    }

    /// Whether a silent device still has the time that it was given to follow the others behind its source, by this run or by the one
    /// before, as the records have it.
    pub(super) fn still_waits(&mut self, now: Moment, device: &Device) -> bool {
        let Some(unit) = self.units.get(&device.id) else { return false };
        let heard = unit.health.heard().map(|at| at.mono);
        let of_source = |alarm: &&Alarm| alarm.id.subject == Subject::Source(device.source);
        let faults = self.book.closed().filter(of_source).filter(|alarm| alarm.id.condition == Condition::SourceDown);
        // A person who closes the fault gives nobody time: only its own end says that somebody behind it was heard.
        let ended = |fault: &Alarm| matches!(fault.state, State::Closed { disposition: Disposition::SelfCleared, .. });
        let ends = faults.filter(|fault| ended(fault)).filter_map(|fault| Some(fault.clocks.closed?.mono));
        // Who had not been silent for its whole limit by then was given nothing: what was counted before still counts.
        let was_missed = |end: &Mono| heard.is_none_or(|heard| *end >= heard + unit.health.limit());
        let mut since: Vec<Mono> = ends.filter(was_missed).collect();
        since.sort_unstable();
        // Time is given once; when the source falls silent again and speaks again, it is over.
        let [first, again @ ..] = &since[..] else { return false };
        let limit = *first + unit.health.limit();
        let until = again.first().map_or(limit, |again| limit.min(*again));
        if until <= now.mono {
            return false;
        }
        self.timers.set(Timer::Device(device.id), Some(until));
        true
    }

    /// The sensors of a home that people move, beside this one, when none of them was heard in the second half of its
    /// limit; none when one was, or when there is nobody to compare with. One that has a fault of its own, or no power, does not
    /// count.
    fn quiet_beside(&self, now: Moment, device: &Device) -> Vec<DeviceId> {
        let (Some(home), Some(unit)) = (device.home, self.units.get(&device.id)) else { return Vec::new() };
        if !device.role.is_moved_by_people() {
            return Vec::new();
        }
        let quiet_since = now.mono - unit.health.limit() / 2;
        let mut beside = Vec::new();
        for other in self.roster.devices.values().filter(|other| other.home == Some(home) && other.id != device.id) {
            let well = other.role.is_moved_by_people() && !other.removed && self.is_reachable(other.source);
            let Some(unit) = self.units.get(&other.id).filter(|_| well && !self.is_silenced(other.id)) else {
                continue;
            };
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
