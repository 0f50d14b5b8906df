//! Things: *a dead source is one fault, and its devices are not blamed; a device that has been silent beyond its limit is
//! found; a battery that is low is on the list, and one that is well is not*.

use std::collections::BTreeMap;

use super::Verdicts;
use crate::core::alarm::Subject;
use crate::core::condition::Condition;
use crate::core::detector::device_health::{CHARGE_LOW_PERCENT, silence_limit};
use crate::sim::air::Delivery;
use crate::sim::gateway::{Gateway, Turned};
use crate::sim::place::{Place, Standing, Wire};
use crate::sim::trace::Ms;

/// Words that the process had not written when it was killed are forgotten. Source: `limits::ROUTINE_GATHER` and some.
const AT_RISK_MS: Ms = 15_000;
/// How far the two clocks may differ about a silence. judgement: starts, turns and the reserve behind a reboot.
const SLACK_MS: Ms = 180_000;

/// See the module.
#[derive(Debug, Default)]
pub(super) struct Audit {
    last: BTreeMap<usize, Word>,
    deaf: BTreeMap<Wire, Deaf>,
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
        let deaf_before_ms = self.deaf.get(&delivery.sent.wire).map_or(0, |deaf| deaf.total_ms);
        self.last.insert(kit, Word { at: now, deaf_before_ms, charge, sure });
    }

    /// A silent device may not be named while its source is named.
    pub(super) fn turned(&mut self, now: Ms, turned: &Turned, verdicts: &mut Verdicts) {
        let begins = |condition| {
            turned.records.iter().filter(move |alarm| alarm.rev == 1 && alarm.id.condition == condition)
        };
        for fault in begins(Condition::SourceDown) {
            let source = match fault.id.subject {
                Subject::Source(source) => source,
                _ => continue,
            };
            let blamed = begins(Condition::DeviceSilent).find(|alarm| {
                matches!(alarm.id.subject, Subject::Device(device) if fault.behind.contains(&device))
            });
            if let Some(blamed) = blamed {
                verdicts.against(now, "a_dead_source_is_one_fault", || format!("{source} and {}", blamed.id));
            }
        }
    }

    /// The process is dead.
    pub(super) fn killed(&mut self, now: Ms) {
        for word in self.last.values_mut().filter(|word| word.at + AT_RISK_MS > now) {
            word.sure = false;
        }
    }

    /// Something can be heard on a wire, or nothing.
    pub(super) fn wire(&mut self, now: Ms, wire: Wire, up: bool) {
        let deaf = self.deaf.entry(wire).or_default();
        match (up, deaf.since) {
            (true, Some(since)) => *deaf = Deaf { total_ms: deaf.total_ms + (now - since), since: None },
            (false, None) => deaf.since = Some(now),
            _ => {}
        }
    }

    /// A look at the list of faults.
    pub(super) fn look(&self, now: Ms, place: &Place, gateway: &Gateway, verdicts: &mut Verdicts) {
        let station = &gateway.station;
        let open = |subject, condition| {
            station.open_alarms().any(|alarm| alarm.id.subject == subject && alarm.id.condition == condition)
        };
        for (index, kit) in place.kits.iter().enumerate().filter(|(_, kit)| kit.standing == Standing::Enrolled) {
            let Some(word) = self.last.get(&index) else { continue };
            let subject = Subject::Device(kit.device);
            let settled = word.at + AT_RISK_MS < now;
            if let Some(charge) = word.charge.filter(|_| word.sure && settled) {
                let listed = open(subject, Condition::BatteryLow);
                if listed != (charge <= CHARGE_LOW_PERCENT) && !(16..20).contains(&charge) {
                    verdicts.against(now, "a_low_battery_is_on_the_list", || {
                        format!("{} at {charge} %, on the list: {listed}", kit.device)
                    });
                }
            }
            let Some(device) = place.roster.devices.get(&kit.device) else { continue };
            let limit_ms = u64::try_from(silence_limit(device).as_millis()).unwrap_or(Ms::MAX);
            let silent_ms = now - word.at;
            let Deaf { total_ms, since } = self.deaf.get(&kit.wire).copied().unwrap_or_default();
            let heard_ms = silent_ms.saturating_sub(total_ms - word.deaf_before_ms);
            let reachable = station.device_standing(kit.device).is_some_and(|standing| standing.reachable);
            let listed = open(subject, Condition::DeviceSilent);
            if reachable && !listed && heard_ms > limit_ms + SLACK_MS && since.is_none() {
                verdicts.against(now, "a_silent_device_is_found", || {
                    format!("{} silent for {} min, limit {} min", kit.device, silent_ms / 60_000, limit_ms / 60_000)
                });
            }
            if listed && silent_ms > 1_000 && silent_ms < limit_ms / 2 && word.sure {
                verdicts.against(now, "a_device_that_speaks_is_not_silent", || kit.device.to_string());
            }
        }
    }
}
