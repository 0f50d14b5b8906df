//! What was truly said and reached the gateway, and what must come of it: *every press, hazard and fall that the gateway
//! heard is raised, in time, once a cause*.

use std::collections::{BTreeMap, BTreeSet};

use super::Verdicts;
use crate::core::alarm::{AlarmId, Subject};
use crate::core::condition::Condition;
use crate::core::reading::FallVerdict;
use crate::sim::air::Delivery;
use crate::sim::gateway::Turned;
use crate::sim::place::{Place, Standing};
use crate::sim::trace::Ms;
use crate::sim::wear::{Cause, Claim};

/// From hearing to the record. judgement: a slow card's commit and a full turn before it; a person notices no less.
const IN_TIME_MS: Ms = 3_000;

/// A press that follows a recorded one within this time is counted with it: the telephones still ring. Source: `core::station`, the
/// book of alarms.
const STILL_RINGING_MS: Ms = 10_000;

/// A level help call that repeats after more than this is a press. Source: CARE-RULES 18, and a second for the way.
const LEVEL_PRESS_MS: Ms = 61_000;

/// See the module.
#[derive(Debug, Default)]
pub(super) struct Heard {
    owed: Vec<Owed>,
    live: BTreeMap<usize, Level>,
    durable: BTreeMap<usize, Level>,
    /// Devices whose words the log has not taken yet.
    unwritten: BTreeSet<usize>,
    alarm_of: BTreeMap<Cause, AlarmId>,
    causes: BTreeSet<Cause>,
    /// Causes of which some frame has reached a process.
    reached: BTreeSet<Cause>,
    /// The newest record of what somebody's condition was found by, and when.
    newest: BTreeMap<(Subject, Condition), (Ms, AlarmId, u32)>,
}

/// A record that must come.
#[derive(Debug, Clone)]
struct Owed {
    packet: Option<u64>,
    kit: usize,
    wanted: (Subject, Condition),
    by: Ms,
    met: Option<(AlarmId, u32)>,
}

/// What a device said last, as far as the gateway has heard.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
struct Level {
    /// Its level; none before it had one.
    value: Option<u8>,
    /// When its level last counted as a press.
    pressed_at: Option<Ms>,
    /// When it last told an event.
    event_at: Option<Ms>,
    charge: Option<u8>,
    /// The log has lost what it said.
    doubtful: bool,
}

/// What a claim asks for.
pub(super) enum Asks {
    /// This must be raised.
    Must(Condition),
    /// Something may be.
    May,
    /// Nothing.
    Nothing,
}

impl Heard {
    /// How many true causes the gateway has heard of.
    pub(super) fn causes(&self) -> usize {
        self.causes.len()
    }

    /// A message reached the process; what must come of it follows from what it heard before.
    pub(super) fn delivered(&mut self, now: Ms, place: &Place, delivery: &Delivery) {
        let Some(kit) = delivery.sent.kit.filter(|_| !delivery.retained) else { return };
        if !place.serves(&place.kits[kit]) {
            return;
        }
        // A repeat whose first frame was lost on the way is the first one here.
        let first = cause(delivery.sent.claim).is_some_and(|cause| self.reached.insert(cause));
        let asks = asks(&self.live.get(&kit).copied().unwrap_or_default(), delivery, first, now);
        self.learn(kit, delivery, now);
        if let Asks::Must(condition) = asks {
            let resident = place.homes[place.kits[kit].home].resident;
            let wanted = (Subject::Resident(resident), condition);
            self.owed.push(Owed { packet: delivery.packet, kit, wanted, by: now + IN_TIME_MS, met: None });
        }
    }

    fn learn(&mut self, kit: usize, delivery: &Delivery, now: Ms) {
        let mut level = self.live.get(&kit).copied().unwrap_or_default();
        match delivery.sent.claim {
            Claim::Level { on, .. } => {
                if on && !matches!(asks(&level, delivery, false, now), Asks::Nothing) {
                    level.pressed_at = Some(now);
                }
                level.value = Some(u8::from(on));
            }
            Claim::FallLevel(_, verdict) => level.value = Some(verdict as u8),
            Claim::Hazard { on, .. } => level.value = Some(u8::from(on)),
            Claim::Press(_) | Claim::Fall(..) => level.event_at = Some(now),
            Claim::Nothing | Claim::Cancel | Claim::Strange => {}
        }
        level.charge = delivery.sent.charge.or(level.charge);
        level.doubtful = false;
        self.live.insert(kit, level);
        self.unwritten.insert(kit);
    }

    /// Looks whether a turn's records answer what is owed, and whether each new one has a cause.
    pub(super) fn turned(&mut self, now: Ms, place: &Place, turned: &Turned, verdicts: &mut Verdicts) {
        for owed in self.owed.iter_mut().filter(|owed| owed.met.is_none()) {
            let device = place.kits[owed.kit].device;
            let answer = turned.records.iter().find(|alarm| {
                (alarm.id.subject, alarm.id.condition) == owed.wanted
                    && !alarm.id.drill
                    && alarm.evidence.iter().any(|one| one.device == Some(device) && one.at.mono == turned.at.mono)
            });
            let rings = self.newest.get(&owed.wanted).filter(|(at, ..)| now < at + STILL_RINGING_MS);
            let rings = rings.map(|(_, id, rev)| (*id, *rev));
            owed.met = answer.map(|alarm| (alarm.id, alarm.rev)).or(rings);
        }
        for alarm in turned.records.iter().filter(|alarm| !alarm.id.drill && alarm.is_open()) {
            if alarm.evidence.last().is_some_and(|one| one.at.mono == turned.at.mono) {
                self.newest.insert((alarm.id.subject, alarm.id.condition), (now, alarm.id, alarm.rev));
            }
        }
        for alarm in turned.records.iter().filter(|alarm| alarm.rev == 1 && !alarm.id.drill) {
            // That an absence is over stands in the village's file, and no device says it.
            if !alarm.id.condition.rule().about_person || alarm.id.condition == Condition::NotBack {
                continue;
            }
            let causes: Vec<Cause> = turned
                .heard
                .iter()
                .filter(|delivery| claims(place, delivery, alarm.id.subject, alarm.id.condition))
                .filter_map(|delivery| cause(delivery.sent.claim))
                .collect();
            let copies =
                turned.heard.iter().any(|delivery| claims(place, delivery, alarm.id.subject, alarm.id.condition));
            if !copies {
                verdicts.against(now, "no_alarm_without_a_cause", || alarm.id.to_string());
            }
            for cause in causes {
                let first = self.alarm_of.get(&cause).copied().unwrap_or(alarm.id);
                if turned.durable {
                    self.alarm_of.insert(cause, first);
                }
                let late_copy = turned.heard.iter().any(|delivery| delivery.sent.copy && delivery.sent.kit.is_some());
                if first != alarm.id && turned.durable && !late_copy {
                    verdicts.against(now, "one_cause_one_alarm", || format!("{first} and {}", alarm.id));
                }
            }
        }
        self.causes.extend(turned.heard.iter().filter_map(|delivery| cause(delivery.sent.claim)));
        if turned.durable {
            self.owed.retain(|owed| owed.packet.is_some() || owed.met.is_none());
            for kit in std::mem::take(&mut self.unwritten) {
                self.durable.extend(self.live.get(&kit).map(|level| (kit, *level)));
            }
        }
    }

    /// An acknowledgement is a promise: what the message said must have been written. Gives the record that keeps it.
    pub(super) fn acknowledged(&mut self, now: Ms, packet: u64, verdicts: &mut Verdicts) -> Option<(AlarmId, u32)> {
        let index = self.owed.iter().position(|owed| owed.packet == Some(packet))?;
        let owed = self.owed.swap_remove(index);
        if owed.met.is_none() {
            let (subject, condition) = owed.wanted;
            verdicts.against(now, "what_is_acknowledged_is_raised", || format!("{subject} {condition}"));
        }
        owed.met
    }

    /// What is owed and late.
    pub(super) fn overdue(&mut self, now: Ms, verdicts: &mut Verdicts) {
        self.owed.retain(|owed| {
            let late = owed.met.is_none() && owed.by < now;
            if late {
                let (subject, condition) = owed.wanted;
                verdicts.against(now, "what_is_heard_is_raised_in_time", || format!("{subject} {condition}"));
            }
            !late
        });
    }

    /// The log has lost nobody knows what: whatever a device says next may be new to the station or not.
    pub(super) fn doubt(&mut self) {
        self.live.values_mut().chain(self.durable.values_mut()).for_each(|level| level.doubtful = true);
    }

    /// The process forgot what it had not written; what it had not acknowledged will come again.
    pub(super) fn killed(&mut self) {
        self.owed.clear();
        self.live.clone_from(&self.durable);
        self.unwritten.clear();
    }
}

/// What a claim asks for, given what was heard before; `first` when nothing of its cause was.
fn asks(before: &Level, delivery: &Delivery, first: bool, now: Ms) -> Asks {
    let sent = &delivery.sent;
    let old = (delivery.again && !first) || before.doubtful;
    let must = |condition| if old { Asks::May } else { Asks::Must(condition) };
    let edge = |value: u8, condition| if before.value == Some(value) { Asks::May } else { must(condition) };
    // What had waited at the broker comes all at once, and counts as one.
    let merge_ms = crate::device::format(sent.wire.format()).map_or(0, |format| Ms::from(format.merge_ms));
    let merged = before.event_at.is_some_and(|last| now < last + merge_ms);
    match sent.claim {
        Claim::Press(_) | Claim::Fall(..) if merged => Asks::May,
        Claim::Level { on: true, .. } if before.value == Some(1) => {
            let soon = before.pressed_at.is_some_and(|last| now < last + LEVEL_PRESS_MS);
            match sent.charge != before.charge {
                true if before.doubtful => Asks::May,
                true => Asks::Nothing,
                false if soon => Asks::May,
                false => must(Condition::HelpCall),
            }
        }
        Claim::Press(_) | Claim::Level { on: true, .. } => must(Condition::HelpCall),
        Claim::Fall(_, FallVerdict::Confirmed) => must(Condition::FallConfirmed),
        Claim::Fall(_, FallVerdict::Suspected) => must(Condition::FallSuspected),
        Claim::FallLevel(_, verdict @ FallVerdict::Confirmed) => edge(verdict as u8, Condition::FallConfirmed),
        Claim::FallLevel(_, verdict @ FallVerdict::Suspected) => edge(verdict as u8, Condition::FallSuspected),
        Claim::Hazard { kind, on: true, .. } => edge(1, hazard(kind)),
        _ => Asks::Nothing,
    }
}

/// Whether a message may be what an alarm was raised for.
fn claims(place: &Place, delivery: &Delivery, subject: Subject, condition: Condition) -> bool {
    let Some(kit) = delivery.sent.kit.filter(|_| !delivery.retained) else { return false };
    let kit = &place.kits[kit];
    if kit.standing != Standing::Enrolled || Subject::Resident(place.homes[kit.home].resident) != subject {
        return false;
    }
    match delivery.sent.claim {
        Claim::Press(_) | Claim::Level { on: true, .. } => condition == Condition::HelpCall,
        Claim::Fall(_, verdict) | Claim::FallLevel(_, verdict) => match verdict {
            FallVerdict::Confirmed => condition == Condition::FallConfirmed,
            FallVerdict::Suspected => condition == Condition::FallSuspected,
            FallVerdict::Normal | FallVerdict::Cleared => false,
        },
        Claim::Hazard { kind, on, .. } => on && hazard(kind) == condition,
        Claim::Nothing | Claim::Cancel | Claim::Strange | Claim::Level { on: false, .. } => false,
    }
}

const fn cause(claim: Claim) -> Option<Cause> {
    match claim {
        Claim::Press(cause) | Claim::Fall(cause, _) => Some(cause),
        Claim::Level { press: cause, .. } | Claim::FallLevel(cause, _) | Claim::Hazard { cause, .. } => cause,
        Claim::Nothing | Claim::Cancel | Claim::Strange => None,
    }
}

/// The condition behind a detector's key.
fn hazard(kind: &str) -> Condition {
    match kind {
        "smoke" => Condition::Smoke,
        "gas" => Condition::Gas,
        "carbon_monoxide" => Condition::CarbonMonoxide,
        _ => Condition::WaterLeak,
    }
}
