//! Restart is replay: committed alarms are put back as they stood, the log teaches the devices' memories again, and what
//! is due is done.
//!
//! Committed alarm states win over what a replay would say, because an urgent input and what was decided on it are one
//! record: they are on disk together or not at all. So the replay only rebuilds memory and never raises; the first live
//! turn afterwards finds whatever is true and has no alarm.

use std::collections::BTreeMap;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::devices::{SOURCE_FAULT_AFTER, Unit};
use super::{Station, Timer};
use crate::core::alarm::life_cycle::{State, Trigger};
use crate::core::alarm::told::{Reached, Told};
use crate::core::alarm::{Alarm, AlarmId, Evidence, Reason, Subject};
use crate::core::audience::Because;
use crate::core::condition::Condition;
use crate::core::detector::Finding;
use crate::core::detector::device_health::Learned;
use crate::core::effect::{Answer, Effect, Input};
use crate::core::id::{CommandId, DeviceId, ResponderId, SourceId};
use crate::core::intake::Memory;
use crate::core::plan::Plan;
use crate::core::reading::Origin;
use crate::core::roster::{Device, Service};
use crate::core::stop::Stop;
use crate::core::time::{Gap, Moment, Mono};
use crate::core::visit::Standing;

/// What an earlier run left behind.
#[derive(Debug, Clone, Default)]
pub struct Past {
    /// Open alarms, and those closed lately.
    pub alarms: Vec<Alarm>,
    /// Commands answered lately, with when.
    pub answered: Vec<(CommandId, Mono, Answer)>,
    /// The last-heard table.
    pub words: Words,
    /// Open faults that people were told of together.
    pub told_faults: Vec<AlarmId>,
    /// When people were last told of faults together.
    pub last_digest: Option<Mono>,
    /// Times in which it was not running, oldest first.
    pub stops: Vec<Stop>,
    /// How everybody's visits stand.
    pub visits: Vec<Standing>,
    /// When the box came back last after a stop of unknown length; none when it never did.
    pub unsure_since: Option<Mono>,
}

/// The last-heard table: every device's last words, small enough to be written whole.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Words {
    /// By device.
    pub devices: BTreeMap<DeviceId, LastWords>,
}

/// One device's last words.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct LastWords {
    /// When it was last heard; none when it never was.
    pub heard: Option<Moment>,
    /// From when its silence is counted.
    pub counted_from: Mono,
    /// What it said.
    pub memory: Memory,
    /// What was learned of it over days.
    #[serde(default)]
    pub learned: Learned,
}

impl Unit {
    /// What is to be remembered of it.
    pub(super) fn words(&self) -> LastWords {
        LastWords {
            heard: self.health.heard(),
            counted_from: self.health.counted_from(),
            memory: self.memory.clone(),
            learned: self.health.learned().clone(),
        }
    }

    /// Goes on with what was remembered.
    pub(super) fn recall(&mut self, device: &Device, words: LastWords) {
        self.memory = words.memory;
        self.health.resume(device, words.counted_from, words.heard, words.learned);
    }
}

impl Station {
    /// The last-heard table as it stands.
    #[must_use]
    pub fn words(&self) -> Words {
        Words { devices: self.units.iter().map(|(id, unit)| (*id, unit.words())).collect() }
    }

    /// Puts back what an earlier run left. Call once, before [`Station::relearn`] and [`Station::resume`].
    pub fn restore(&mut self, past: Past) {
        for alarm in past.alarms {
            self.timers.set(Timer::Alarm(alarm.id), self.deadline_of(&alarm));
            self.book.put(alarm);
        }
        self.clock_unset = self.book.is_open(Subject::Station, Condition::ClockFault);
        self.restore_visits(past.visits, past.unsure_since);
        for (id, at, answer) in past.answered {
            self.remember_answer(at, id, answer);
        }
        self.told_faults = past.told_faults.into_iter().collect();
        self.last_digest = past.last_digest;
        self.stops = past.stops;
        for (id, words) in past.words.devices {
            if let (Some(device), Some(unit)) = (self.roster.devices.get(&id), self.units.get_mut(&id)) {
                unit.recall(device, words);
            }
        }
    }

    /// Tells what the clock on the wall means, so that whoever is called by [`Station::resume`] is who is on duty now.
    pub fn know_times(&mut self, plan: Plan) {
        self.plan = plan;
    }

    /// Teaches one logged input again: it refreshes memories, and decides nothing.
    pub fn relearn(&mut self, at: Moment, input: &Input) {
        let sample = match input {
            Input::Sample(sample) => sample,
            // What was said before says nothing of what is new.
            Input::Village(new) => return self.begin_afresh(at.mono, &new.change),
            Input::Report(report) => return self.relearn_report(at, *report),
            Input::Reply(reply) => return self.relearn_reply(at, reply),
            Input::SecondPathProven => return self.take_proof(at),
            _ => return,
        };
        let Origin::Device(id) = sample.from else { return };
        let (Some(device), Some(unit)) = (self.roster.devices.get(&id), self.units.get_mut(&id)) else { return };
        // The log that is read back does not say when a source was down: its gaps are no samples.
        unit.health.interrupted();
        let mut forgotten = Vec::new();
        unit.hear(at, device, sample, &mut forgotten, &mut Vec::new());
    }

    /// Goes live at `now`, having last been alive at `last`. What happened to deadlines in between is in `gap`.
    pub fn resume(&mut self, now: Moment, last: Option<Mono>, gap: Gap) -> Vec<Effect> {
        // While the box was off nothing could be heard; its own outage is never blamed on its sensors.
        let off = last.map_or(Duration::ZERO, |last| now.mono.since(last));
        for unit in self.units.values_mut() {
            unit.memory.postpone(off);
            unit.health.reachable_after(off);
        }
        let mut effects = Vec::new();
        self.retire_faults(now, &mut effects);
        self.believe_records(off);
        self.recall_silenced(now.mono, off);
        self.arm_all(now);
        if gap == Gap::Unknown {
            self.restart_alarms(now, &mut effects);
        } else {
            self.repeat_calls(now, &mut effects);
        }
        self.find_unrecorded(now, &mut effects);
        self.resume_roll_call(now, off, &mut effects);
        self.mind_the_absences(now, &mut effects);
        self.mind_the_calendar(now, &mut effects);
        self.resume_visits(now, last, gap, &mut effects);
        self.resume_digest(now, last);
        self.fire_due(now, &mut effects);
        self.changed_devices.extend(self.units.keys());
        self.changed_residents.extend(self.roster.residents.keys());
        effects
    }

    /// The village's list has changed since: a fault of what it no longer serves ends here, for nothing would ever end it.
    pub(super) fn retire_faults(&mut self, now: Moment, effects: &mut Vec<Effect>) {
        let ended: Vec<(Subject, Condition)> = self
            .book
            .open()
            // A call from a device out of service is about just that.
            .filter(|alarm| alarm.id.condition != Condition::StrangerCall)
            .filter(|alarm| !alarm.id.condition.rule().about_person && !self.is_served(alarm.id.subject))
            .map(|alarm| (alarm.id.subject, alarm.id.condition))
            .collect();
        for (subject, condition) in ended {
            let evidence = Evidence { at: now, device: None, said: None, reason: Reason::Over };
            self.cleared(now, subject, condition, evidence, effects);
        }
    }

    fn is_served(&self, subject: Subject) -> bool {
        match subject {
            Subject::Resident(id) => {
                self.roster.residents.get(&id).is_some_and(|resident| resident.service == Service::Active)
            }
            Subject::Device(id) => self.roster.devices.get(&id).is_some_and(|device| self.roster.serves(device)),
            Subject::Source(id) => self.roster.sources.contains(&id),
            // A channel that is configured no longer is reported by nobody: the house closes its fault at the start.
            Subject::Stranger(_) | Subject::Channel(_) | Subject::Station => true,
        }
    }

    /// What stands open in the records is so, whatever the last-heard table or the replay says: either may be older, or
    /// lost, and a fault that nobody remembers would never be seen to end. A source that was down has been down all the
    /// while, `off` apart, and its devices are not blamed for that time.
    fn believe_records(&mut self, off: Duration) {
        for (id, unit) in &mut self.units {
            let subject = Subject::Device(*id);
            unit.health.believe(|condition| self.book.is_open(subject, condition));
        }
        let quiet: Vec<SourceId> = self.links.keys().copied().filter(|id| self.is_quiet(*id)).collect();
        for (id, link) in self.links.iter_mut().filter(|(id, _)| !quiet.contains(id)) {
            if let Some(fault) = self.book.open_id(Subject::Source(*id), Condition::SourceDown, false) {
                link.down_since(fault.onset - SOURCE_FAULT_AFTER + off);
            }
        }
    }

    /// CARE-RULES 23: open alarms are told again at once, windows count as over, leases shrink.
    fn restart_alarms(&mut self, now: Moment, effects: &mut Vec<Effect>) {
        let open: Vec<Alarm> = self.book.open().cloned().collect();
        for alarm in open {
            if let Ok(step) = self.try_step(&alarm, now, Trigger::Restart)
                && (step.state != alarm.state || !step.calls.is_empty())
            {
                self.record(now, alarm, step, effects);
            }
        }
    }

    /// The run before may have ended between a record and its calls. Whoever the record names as called, and no report says was
    /// reached, is called again for the same reason.
    fn repeat_calls(&self, now: Moment, effects: &mut Vec<Effect>) {
        for alarm in self.book.open().filter(|alarm| !self.is_over(alarm)) {
            let mut again: Vec<(Because, Option<u8>, Vec<ResponderId>)> = Vec::new();
            let wanted = |told: &&Told| match alarm.state {
                State::Raised { .. } => true,
                // Nobody else is called for what somebody has taken.
                State::Accepted { by, .. } | State::OnSite { by, .. } => told.who == by && told.rung.is_none(),
                State::PreAlarm { .. } | State::Closed { .. } => false,
            };
            let unheard = alarm.told.iter().filter(|told| told.reached == Reached::Asked && !told.busy);
            for told in unheard.filter(wanted) {
                match again.iter_mut().find(|(because, rung, _)| (*because, *rung) == (told.because, told.rung)) {
                    Some((.., people)) => people.push(told.who),
                    None => again.push((told.because, told.rung, vec![told.who])),
                }
            }
            for (because, rung, people) in again {
                effects.push(Effect::Notify(self.repeated(now, alarm, rung, people, because)));
            }
        }
    }

    /// A device's condition that the replay taught and that no record speaks of: its block was written, its alarm was not.
    /// The same for one that is over.
    fn find_unrecorded(&mut self, now: Moment, effects: &mut Vec<Effect>) {
        let mut over = Vec::new();
        for (id, unit) in &mut self.units {
            let mut found = Vec::new();
            let since = |condition| self.book.newest_evidence(Subject::Device(*id), condition);
            unit.health.review(now, &unit.memory, since, &mut found);
            over.extend(found.into_iter().map(|(finding, change)| (*id, finding, change)));
        }
        for (id, finding, change) in over {
            let Some(device) = self.roster.devices.get(&id).copied() else { continue };
            self.device_found(now, &device, finding, change, effects);
        }
        let unwell: Vec<(DeviceId, (Condition, Reason))> =
            self.units.iter().filter_map(|(id, unit)| unit.health.fault().map(|fault| (*id, fault))).collect();
        for (id, (condition, reason)) in unwell {
            if self.book.is_open(Subject::Device(id), condition) {
                continue;
            }
            let served = |device: &Device| self.roster.serves(device);
            let Some(device) = self.roster.devices.get(&id).copied().filter(served) else { continue };
            if condition == Condition::DeviceSilent && self.still_waits(now, &device) {
                continue;
            }
            let evidence = Evidence { at: now, device: Some(id), said: None, reason };
            self.device_found(now, &device, Finding::Onset(condition, evidence), None, effects);
        }
    }
}
