//! Things: *a dead source is one fault, and its devices are not blamed; a device that has been silent beyond its limit is
//! found; a battery that is low is on the list, and one that is well is not; a sensor that is stuck or chatters is doubted,
//! and a sound one is believed; nobody is called watched by silence, or blind while somebody speaks*.

mod conduct;

mod watching;

use std::collections::{BTreeMap, BTreeSet};

use self::conduct::Conduct;
use super::Verdicts;
use crate::core::alarm::life_cycle::State;
use crate::core::alarm::{Disposition, Subject};
use crate::core::condition::Condition;
use crate::core::detector::device_health::{CHARGE_LOW_PERCENT, silence_limit};
use crate::core::id::{DeviceId, HomeId, SourceId};
use crate::core::roster::Device;
use crate::sim::air::Delivery;
use crate::sim::gateway::{Gateway, Turned};
use crate::sim::place::{Kit, Place, Wire};
use crate::sim::trace::Ms;

/// Words that the process had not written when it was killed are forgotten. Source: `limits::ROUTINE_GATHER` and some.
const AT_RISK_MS: Ms = 15_000;
/// How far the two clocks may differ about a silence. judgement: starts, turns and the reserve behind a reboot.
const SLACK_MS: Ms = 180_000;

/// Ends of silences that are kept of a home. judgement: more than lie within one limit.
const ENDED_MAX: usize = 512;

/// A battery's fall is believed after this. Source: `core::detector::device_health::battery`.
const WEEK_MS: Ms = 6 * 86_400_000;

/// Until the box knows that a wire is dead. judgement: a slow commit and the turn after it.
const WAY_MS: Ms = 3_000;

/// See the module.
#[derive(Debug, Default)]
pub(super) struct Audit {
    last: BTreeMap<usize, Word>,
    /// Words that were heard before the log lost something: the box remembers them, or something older.
    older: BTreeMap<usize, Word>,
    /// The first charge that a device claimed, and when.
    first_charge: BTreeMap<usize, (Ms, u8)>,
    conduct: BTreeMap<usize, Conduct>,
    deaf: BTreeMap<Wire, Deaf>,
    /// When the faults of sources ended by themselves.
    sources_back: BTreeMap<SourceId, Vec<Ms>>,
    /// When the log last took something.
    written_at: Ms,
    /// Faults that somebody took off the list although they last.
    waived: BTreeSet<(DeviceId, Condition)>,
    /// The newest word of what people move in a home, and when it spoke again after a silence of how long.
    homes: BTreeMap<HomeId, Quiet>,
    /// A device is complained about once a sentence.
    said: BTreeSet<(&'static str, DeviceId)>,
}

/// How a home's sensors were quiet together.
#[derive(Debug, Default)]
struct Quiet {
    newest: Ms,
    /// When somebody moved again, and after how long, the last few times.
    ended: Vec<(Ms, Ms)>,
}

/// True time during which nothing could be heard on a wire.
#[derive(Debug, Clone, Copy, Default)]
struct Deaf {
    total_ms: Ms,
    since: Option<Ms>,
}

#[derive(Debug, Clone, Copy)]
struct Word {
    at: Ms,
    /// Time without hearing before it.
    deaf_before_ms: Ms,
    charge: Option<u8>,
    sure: bool,
}

impl Audit {
    /// A message reached the process.
    pub(super) fn delivered(&mut self, now: Ms, delivery: &Delivery) {
        let Some(kit) = delivery.sent.kit.filter(|_| !delivery.retained) else { return };
        let before = self.last.get(&kit);
        let charge = delivery.sent.charge.or(before.and_then(|word| word.charge));
        let sure = delivery.sent.charge.is_some() || before.is_none_or(|word| word.sure);
        if let Some(charge) = delivery.sent.charge {
            let first = self.first_charge.entry(kit).or_insert((now, charge));
            // Another battery begins again.
            if charge > first.1 {
                *first = (now, charge);
            }
        }
        self.conduct.entry(kit).or_default().hear(now, &delivery.sent);
        let deaf_before_ms = self.deaf.get(&delivery.sent.wire).map_or(0, |deaf| deaf.total_ms);
        self.last.insert(kit, Word { at: now, deaf_before_ms, charge, sure });
    }

    /// No device is called silent while nothing can be heard on its wire.
    pub(super) fn turned(&mut self, now: Ms, place: &Place, turned: &Turned, verdicts: &mut Verdicts) {
        if turned.wrote && turned.durable {
            self.written_at = now;
        }
        let begun = turned.records.iter().filter(|alarm| alarm.rev == 1 && turned.start.is_none());
        for alarm in begun.filter(|alarm| alarm.id.condition == Condition::DeviceSilent) {
            let Subject::Device(device) = alarm.id.subject else { continue };
            // What somebody took off the list while it lasted may come back whenever it is looked at.
            if self.waived.contains(&(device, alarm.id.condition)) {
                continue;
            }
            let Some(kit) = place.kits.iter().find(|kit| kit.device == device) else { continue };
            let deaf = self.deaf.get(&kit.wire).and_then(|deaf| deaf.since).is_some_and(|since| since + WAY_MS < now);
            if deaf {
                verdicts.against(now, "a_dead_source_is_one_fault", || alarm.id.to_string());
            }
        }
        for alarm in &turned.records {
            let itself = matches!(alarm.state, State::Closed { disposition: Disposition::SelfCleared, .. });
            if let (Subject::Source(source), Condition::SourceDown, true) =
                (alarm.id.subject, alarm.id.condition, itself)
            {
                self.sources_back.entry(source).or_default().push(now);
            }
        }
        self.waive(turned);
    }

    /// A turn may be in the log: so may be what people ended in it.
    pub(super) fn interrupted(&mut self, turned: &Turned) {
        self.waive(turned);
    }

    fn waive(&mut self, turned: &Turned) {
        for alarm in &turned.records {
            let Subject::Device(device) = alarm.id.subject else { continue };
            let by_people = matches!(alarm.state, State::Closed { disposition, .. } if disposition.is_for_people());
            if by_people {
                self.waived.insert((device, alarm.id.condition));
            } else {
                self.waived.remove(&(device, alarm.id.condition));
            }
        }
    }

    /// The log has lost nobody knows what: of every device the station may remember something older.
    pub(super) fn doubt(&mut self) {
        self.older.append(&mut self.last);
    }

    /// The process is dead.
    pub(super) fn killed(&mut self, now: Ms) {
        // On a disk that took nothing, words of many minutes are lost.
        let safe_until = now.min(self.written_at);
        for word in self.last.values_mut().filter(|word| word.at + AT_RISK_MS > safe_until) {
            word.sure = false;
        }
        self.conduct.values_mut().for_each(|conduct| conduct.interrupted(true));
        // The next life knows when this one last wrote, not when it ended.
        for wire in Wire::ALL {
            self.deaf.entry(wire).or_default().since.get_or_insert(self.written_at);
        }
    }

    /// Something can be heard on a wire, or nothing.
    pub(super) fn wire(&mut self, now: Ms, wire: Wire, up: bool) {
        self.conduct.values_mut().filter(|conduct| conduct.wire() == Some(wire)).for_each(|one| one.interrupted(false));
        let deaf = self.deaf.entry(wire).or_default();
        match (up, deaf.since) {
            (true, Some(since)) => *deaf = Deaf { total_ms: deaf.total_ms + (now - since), since: None },
            (false, None) => deaf.since = Some(now),
            _ => {}
        }
    }

    /// A look at the list of faults.
    pub(super) fn look(&mut self, now: Ms, place: &Place, gateway: &Gateway, lived_since: Ms, verdicts: &mut Verdicts) {
        self.look_at_homes(place);
        if now > lived_since + SLACK_MS {
            self.look_at_people(now, place, gateway, verdicts);
        }
        for (index, kit) in place.kits.iter().enumerate().filter(|(_, kit)| place.serves(kit)) {
            let Some(word) = self.last.get(&index).copied() else { continue };
            let complaints = [
                self.charge(now, index, gateway, kit, word),
                self.silence(now, place, gateway, kit, word),
                self.conduct(now, index, gateway, kit, word),
            ];
            for (sentence, what) in complaints.into_iter().flatten() {
                if self.said.insert((sentence, kit.device)) {
                    verdicts.against(now, sentence, || what);
                }
            }
        }
    }

    fn look_at_homes(&mut self, place: &Place) {
        for (index, kit) in place.kits.iter().enumerate() {
            let device = place.roster.devices.get(&kit.device).filter(|device| device.role.is_moved_by_people());
            let Some(home) = device.and_then(|device| device.home) else { continue };
            let (Some(word), quiet) = (self.last.get(&index), self.homes.entry(home).or_default()) else { continue };
            if word.at > quiet.newest {
                quiet.ended.push((word.at, word.at - quiet.newest));
                quiet.newest = word.at;
                quiet.ended.drain(..quiet.ended.len().saturating_sub(ENDED_MAX));
            }
        }
    }

    /// When a device is missed from: its last word, or the moment at which its home, silent as a whole for half the device's
    /// limit, was heard again. Who goes away for a day has no dead sensors, and the first one passed speaks for the others.
    /// Likewise for who had been silent for its whole limit when the fault of its source ended: it has its limit once more to
    /// follow the others behind it.
    fn missed_from(&self, device: &Device, limit_ms: Ms, word: Word) -> Ms {
        let moved = device.home.filter(|_| device.role.is_moved_by_people());
        let ended = moved.and_then(|home| self.homes.get(&home)).map_or(&[][..], |quiet| &quiet.ended);
        let again = ended.iter().filter(|(_, quiet_ms)| quiet_ms + SLACK_MS >= limit_ms / 2).map(|(at, _)| *at);
        let back = self.sources_back.get(&device.source).map_or(&[][..], Vec::as_slice);
        let back = back.iter().copied().find(|at| *at + SLACK_MS >= word.at + limit_ms);
        again.chain(back).fold(word.at, Ms::max)
    }

    fn charge(&self, now: Ms, index: usize, gateway: &Gateway, kit: &Kit, word: Word) -> Option<Complaint> {
        let charge = word.charge.filter(|_| word.sure && word.at + AT_RISK_MS < now)?;
        // What has fallen for a week may end within two, whatever is left of it.
        let falls = self.first_charge.get(&index).is_some_and(|(at, first)| now > at + WEEK_MS && charge + 1 < *first);
        let (low, well) = (charge <= CHARGE_LOW_PERCENT, charge >= CHARGE_LOW_PERCENT + 5 && !falls);
        if self.waived.contains(&(kit.device, Condition::BatteryLow)) {
            return None;
        }
        let listed = is_open(gateway, kit, Condition::BatteryLow);
        let wrong = (low && !listed) || (well && listed);
        wrong.then(|| ("a_low_battery_is_on_the_list", format!("{} at {charge} %, on the list: {listed}", kit.device)))
    }

    fn silence(&self, now: Ms, place: &Place, gateway: &Gateway, kit: &Kit, word: Word) -> Option<Complaint> {
        let device = place.roster.devices.get(&kit.device)?;
        let limit_ms = u64::try_from(silence_limit(device).as_millis()).unwrap_or(Ms::MAX);
        let Deaf { total_ms, since } = self.deaf.get(&kit.wire).copied().unwrap_or_default();
        let silent_ms = now - word.at;
        let missed_ms = now - self.missed_from(device, limit_ms, word);
        let heard_ms = missed_ms.saturating_sub(total_ms - word.deaf_before_ms);
        let listed = is_open(gateway, kit, Condition::DeviceSilent);
        let named = gateway
            .station
            .open_alarms()
            .any(|alarm| alarm.id.condition == Condition::DeviceSilent && alarm.behind.contains(&kit.device));
        if self.waived.contains(&(kit.device, Condition::DeviceSilent)) {
            return None;
        }
        let what = || format!("{} silent for {} min of {} min", kit.device, silent_ms / 60_000, limit_ms / 60_000);
        if !listed && !named && since.is_none() && heard_ms > limit_ms + SLACK_MS {
            return Some(("a_silent_device_is_found", what()));
        }
        if listed && word.sure && silent_ms > 1_000 && silent_ms < limit_ms / 2 {
            return Some(("a_device_that_speaks_is_not_silent", what()));
        }
        None
    }
}

/// A sentence, and what was seen.
type Complaint = (&'static str, String);

fn is_open(gateway: &Gateway, kit: &Kit, condition: Condition) -> bool {
    let subject = Subject::Device(kit.device);
    gateway.station.open_alarms().any(|alarm| alarm.id.subject == subject && alarm.id.condition == condition)
}
