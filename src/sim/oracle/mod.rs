//! The oracle: what must be true, in sentences, checked at every step or at the end.
//!
//! It knows the truth behind every frame and sees what the box lets out, and nothing else: it never asks the station
//! what it should have decided.

mod heard;

mod story;

mod keeping;

mod arrived;

mod audit;

mod strangers;

mod register;

mod hours;

mod repeats;

mod telephones;

mod answers;

mod comes;

use std::collections::BTreeMap;

use serde::Serialize;

use self::answers::Answers;
use self::audit::Audit;
use self::comes::Comes;
use self::heard::Heard;
use self::hours::Hours;
use self::keeping::Keeping;
use self::register::Register;
use self::repeats::Repeats;
use self::story::Story;
use self::strangers::Strangers;
use self::telephones::Telephones;
use super::air::Delivery;
use super::county::County;
use super::gateway::{Gateway, Turned};
use super::place::{Place, Wire};
use super::rot::Loss;
use super::street::{Names, Whom};
use super::trace::Ms;
use crate::core::alarm::{Alarm, AlarmId};
use crate::core::effect::Notice;
use crate::core::id::{ResidentId, ResponderId};
use crate::core::roster::Service;
use crate::core::sequence::{Lane, Range};
use crate::core::time::Moment;
use crate::limits;
use crate::notify::channel::Errand;

/// Violations kept; further ones are counted. judgement: the first one is looked at.
const VIOLATIONS_MAX: usize = 20;

/// A sentence that did not hold.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Violation {
    /// Its name.
    pub sentence: &'static str,
    /// When, in milliseconds of the village.
    pub at_ms: u64,
    /// What was seen.
    pub what: String,
}

/// Where violations are written down.
#[derive(Debug, Default)]
pub(super) struct Verdicts {
    list: Vec<Violation>,
    count: u64,
}

impl Verdicts {
    /// Writes a violation down.
    pub(super) fn against(&mut self, now: Ms, sentence: &'static str, what: impl FnOnce() -> String) {
        self.count += 1;
        if self.list.len() < VIOLATIONS_MAX {
            self.list.push(Violation { sentence, at_ms: now, what: what() });
        }
    }
}

/// What the oracle has seen.
#[derive(Debug, Default)]
pub(super) struct Oracle {
    verdicts: Verdicts,
    heard: Heard,
    story: Story,
    keeping: Keeping,
    audit: Audit,
    strangers: Strangers,
    register: Register,
    hours: Hours,
    repeats: Repeats,
    telephones: Telephones,
    answers: Answers,
    comes: Comes,
    lived_since: Ms,
}

impl Oracle {
    /// A message reached a living process.
    pub(super) fn delivered(&mut self, now: Ms, place: &Place, delivery: &Delivery) {
        self.heard.delivered(now, place, delivery);
        self.audit.delivered(now, delivery);
    }

    /// A turn was taken and its write is known.
    pub(super) fn turned(&mut self, now: Ms, place: &Place, turned: &Turned) {
        let Oracle { verdicts, heard, story, keeping, audit, telephones, answers, strangers, register, .. } = self;
        strangers.turned(now, place, register, turned, verdicts);
        heard.turned(now, place, turned, verdicts);
        story.turned(now, place, turned, self.lived_since, verdicts);
        audit.turned(now, place, turned, verdicts);
        telephones.turned(now, turned);
        answers.turned(now, turned, verdicts);
        let has_left = |alarm: &Alarm| alarm.resident().is_some_and(|who| place.roster.has_left(who));
        self.comes.turned(now, turned, has_left, verdicts);
        if turned.durable {
            keeping.written(turned);
        }
        self.hours.turned(now, turned, &self.story, &mut self.verdicts);
        self.repeats.turned(now, turned, &mut self.verdicts);
    }

    /// The process was killed inside the write: nobody knows whether the turn is in the log.
    pub(super) fn interrupted(&mut self, turned: &Turned) {
        self.keeping.interrupted(turned);
        self.audit.interrupted(turned);
        self.strangers.interrupted(turned);
    }

    /// A person is told.
    pub(super) fn told(&mut self, now: Ms, at: Moment, notice: &Notice) {
        self.register.told(now, notice, &mut self.verdicts);
        if let Some(alarm) = self.story.told(now, at, notice, &mut self.verdicts)
            && alarm.durable
        {
            self.keeping.promise(alarm.id, alarm.rev);
        }
    }

    /// People are to be told, by these names.
    pub(super) fn ordered(&mut self, now: Ms, at: Moment, notice: &Notice, names: &Names) {
        self.comes.ordered(notice);
        self.telephones.ordered(now, at, notice, names, &mut self.verdicts);
    }

    /// The modem is given something to do.
    pub(super) fn handed(&mut self, now: Ms, errand: &Errand, whom: Whom, names: &Names) {
        self.telephones.handed(now, errand, whom, names, &mut self.verdicts);
    }

    /// Somebody reads a letter that they can answer, which that life had given to the modem.
    pub(super) fn read(&mut self, now: Ms, life: u32, alarm: AlarmId, who: ResponderId) {
        self.comes.read(now, life, alarm, who, &mut self.verdicts);
    }

    /// The modem is free.
    pub(super) fn idle(&mut self, now: Ms) {
        self.telephones.idle(now);
    }

    /// A message's sender is acknowledged.
    pub(super) fn acknowledged(&mut self, now: Ms, packet: u64) {
        if let Some((alarm, rev)) = self.heard.acknowledged(now, packet, &mut self.verdicts) {
            self.keeping.promise(alarm, rev);
        }
    }

    /// The process is dead.
    pub(super) fn killed(&mut self, now: Ms) {
        self.heard.killed();
        self.audit.killed(now);
        self.telephones.killed();
        self.comes.killed();
        self.strangers.killed();
    }

    /// A process begins, with what the log gave it. To be called before its first turn is shown.
    pub(super) fn began(&mut self, now: Ms, alarms: &BTreeMap<AlarmId, Alarm>) {
        self.lived_since = now;
        self.telephones.began(now, alarms);
        self.answers.began(alarms);
        self.comes.began(alarms);
        self.keeping.began(now, alarms, &mut self.story, &mut self.verdicts);
    }

    /// The log has lost this, and could not help it: it is no longer demanded, and nobody knows what devices said last.
    pub(super) fn lost(&mut self, loss: &Loss, kept: &BTreeMap<AlarmId, Alarm>) {
        self.keeping.lost(loss, kept);
        self.heard.doubt();
        self.audit.doubt();
        self.repeats.doubt();
        self.hours.doubt();
    }

    /// Something can be heard on a wire, or nothing.
    pub(super) fn wire(&mut self, now: Ms, wire: Wire, up: bool) {
        self.audit.wire(now, wire, up);
    }

    /// Somebody's record changes.
    pub(super) fn serves(&mut self, now: Ms, resident: ResidentId, service: Service) {
        self.register.serves(now, resident, service);
        if !service.is_served() {
            self.story.leaves(resident);
            self.comes.leaves(resident);
        }
    }

    /// Records leave for the county.
    pub(super) fn sent(&mut self, now: Ms, gateway: &Gateway, lane: Lane, range: Range) {
        arrived::sent(now, gateway, lane, range, &mut self.verdicts);
    }

    /// The county's database contradicts itself.
    pub(super) fn disputed(&mut self, now: Ms, what: String) {
        self.verdicts.against(now, "one_number_one_record", || what);
    }

    /// Time has passed in a living process.
    pub(super) fn watch(&mut self, now: Ms, gateway: &Gateway, free: bool) {
        if free {
            self.story.overdue(now, gateway.clock.at(now), self.lived_since, &mut self.verdicts);
            self.heard.overdue(now, &mut self.verdicts);
            self.comes.overdue(now, gateway.clock.at(now), &mut self.verdicts);
        }
        self.telephones.watch(now, gateway, &mut self.verdicts);
        let (urgent, routine) = gateway.inputs_waiting();
        let pending = gateway.journal.books().pending();
        let in_flight = gateway.pump.in_flight();
        for (name, len, max) in [
            ("urgent lane", urgent, limits::URGENT_LANE_MAX),
            ("routine lane", routine, limits::ROUTINE_LANE_MAX),
            ("turns that wait for the disk", pending, limits::PENDING_TURNS_MAX),
            ("jobs that wait for the modem", gateway.dispatcher.waiting(), limits::people::JOBS_MAX),
            ("publishes in flight", in_flight, usize::from(limits::RELAY_WINDOW)),
        ] {
            if len > max {
                self.verdicts.against(now, "no_queue_passes_its_limit", || format!("{name}: {len} of {max}"));
            }
        }
    }

    /// The hourly look at devices and sources.
    pub(super) fn look(&mut self, now: Ms, place: &Place, gateway: &Gateway) {
        self.audit.look(now, place, gateway, self.lived_since, &mut self.verdicts);
        self.register.look(now, place, gateway, self.lived_since, &mut self.verdicts);
    }

    /// Something that must not happen at all.
    pub(super) fn against(&mut self, now: Ms, sentence: &'static str, what: String) {
        self.verdicts.against(now, sentence, || what);
    }

    /// The end: county and station agree, and nobody was forgotten.
    pub(super) fn end(&mut self, now: Ms, gateway: &Gateway, county: &County) {
        self.story.end(now, gateway, &mut self.verdicts);
        arrived::end(now, gateway, county, &mut self.verdicts);
        self.keeping.end(now, county, &mut self.verdicts);
    }

    /// What the disk holds at the very end.
    pub(super) fn kept(&mut self, now: Ms, alarms: &BTreeMap<AlarmId, Alarm>) {
        self.keeping.look(now, alarms, &self.story, &mut self.verdicts);
    }

    /// All that did not hold, and how much more there was.
    pub(super) fn violations(self) -> (Vec<Violation>, u64) {
        (self.verdicts.list, self.verdicts.count)
    }

    /// How many alarms there were, how many true causes were heard by the gateway, and how often people were told.
    pub(super) fn counts(&self) -> (usize, usize, u64) {
        (self.story.alarms(), self.heard.causes(), self.story.told_count())
    }

    /// Letters and calls that the modem was given.
    pub(super) fn given(&self) -> (u64, u64) {
        self.telephones.counts()
    }

    /// Alarms by condition.
    pub(super) fn by_condition(&self) -> BTreeMap<&'static str, u64> {
        self.story.by_condition()
    }
}
