//! The whole house as one function.
//!
//! **The contract. Take the inputs that wait (at most [`limits::TURN_INPUTS_MAX`]); [`Station::handle`] each; append them and
//! what was decided to the log, one sync; then carry out the effects in order; then the next. A log that does not answer
//! within [`limits::COMMIT_DEADLINE`] is *degraded*: people are told at once, the source's acknowledgement is withheld, the
//! record is kept in memory and marked undurable, and a fault is raised.**
//!
//! Three things follow: nobody is told of an alarm that a power cut could erase; a restart can always finish what was
//! begun; and effects are safe to carry out twice, because every id is made from its cause.

mod book;

mod commands;

mod people;

mod replies;

mod faults;

mod roll_call;

mod absences;

mod stops;

mod visits;

mod trial;

mod devices;

mod quiet;

mod restart;

mod strangers;

mod timers;

mod supply;

mod village;

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

pub use book::Book;
pub use devices::{DeviceStanding, SourceStanding};
pub use faults::is_digest_doubtful;
pub use restart::{Past, Words};
pub use roll_call::{RollCallStanding, memory as roll_call_memory};
pub use supply::CREDIT_NOTICE_DAYS;

use self::absences::Absences;
use self::devices::{Link, Unit};
use self::roll_call::RollCall;
use self::strangers::Strangers;
use self::supply::Supply;
use self::timers::{Timer, Timers};
use self::visits::Visits;
use super::alarm::told::Code;
use super::alarm::{Alarm, AlarmId, Evidence, Reason, Subject};
use super::condition::Condition;
use super::detector::device_health::CHARGE_LOW_PERCENT;
use super::detector::{self, Detector, Finding, Heard};
use super::effect::{Answer, Effect, Input};
use super::id::{ChannelId, CommandId, DeviceId, Epoch, HomeId, ResidentId, ResponderId, SourceId, StationId};
use super::intake::News;
use super::plan::Plan;
use super::reading::{Origin, Reading, Sample};
use super::roster::{Device, EVERYONE_AFTER, Roster};
use super::stop::Stop;
use super::time::{Moment, Mono, Trust, Wall};
use super::watch::{BLIND_FAULT_AFTER, WatchState};
use crate::limits;

/// A wall clock that is not set for this long is a fault. judgement: a box without a battery clock asks the network for the
/// time once a mobile link stands, which takes some minutes; no rule runs on the wall clock meanwhile.
const CLOCK_FAULT_AFTER: Duration = Duration::from_mins(10);

/// Which station this is, and in which sequence space it speaks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Identity {
    /// The station.
    pub station: StationId,
    /// The epoch, for the ids of alarms found from here on.
    pub epoch: Epoch,
}

/// What the rules of care leave to the village.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Rules {
    /// A claimed charge at or below this is a low battery, in per cent.
    pub charge_low_percent: u8,
    /// Without acceptance for this long everyone is called.
    pub everyone_after: Duration,
    /// A resident who is not watched for longer than this is a fault.
    pub blind_fault_after: Duration,
    /// The SIM is paid until then: the end of the last paid day where the station stands; none where nobody says.
    pub paid_until: Option<Wall>,
}

impl Default for Rules {
    fn default() -> Self {
        Self {
            charge_low_percent: CHARGE_LOW_PERCENT,
            everyone_after: EVERYONE_AFTER,
            blind_fault_after: BLIND_FAULT_AFTER,
            paid_until: None,
        }
    }
}

impl Rules {
    /// Gives every ladder of a village what the village decided for all of them.
    fn bind(&self, roster: &mut Roster) {
        for resident in roster.residents.values_mut() {
            resident.ladder.everyone_after = self.everyone_after;
        }
    }
}

/// The station: who is watched, what has been heard, which alarms stand.
#[derive(Debug)]
pub struct Station {
    identity: Identity,
    rules: Rules,
    roster: Roster,
    units: BTreeMap<DeviceId, Unit>,
    devices_of: BTreeMap<ResidentId, Vec<DeviceId>>,
    links: BTreeMap<SourceId, Link>,
    detectors: BTreeMap<ResidentId, Vec<Box<dyn Detector>>>,
    watch: BTreeMap<ResidentId, WatchState>,
    book: Book,
    strangers: Strangers,
    answered: BTreeMap<CommandId, (Mono, Answer)>,
    timers: Timers,
    /// What the clock on the wall means.
    plan: Plan,
    /// The code that somebody was given last.
    last_code: BTreeMap<ResponderId, Code>,
    /// Homes in which somebody tests, and until when.
    tests: BTreeMap<HomeId, (ResponderId, Mono)>,
    /// Faults that people were told of together.
    told_faults: BTreeSet<AlarmId>,
    last_digest: Option<Mono>,
    roll_call: RollCall,
    absences: Absences,
    /// Times in which it was not running, oldest first.
    stops: Vec<Stop>,
    visits: Visits,
    clock_unset: bool,
    /// What the box itself lives on.
    supply: Supply,
    /// Homes in which sensors were missed together and nothing was heard since.
    quiet_homes: BTreeSet<HomeId>,
    /// Devices that were missed with others, were given time to follow them, and have not been heard since.
    waited_for: BTreeSet<DeviceId>,
    changed_devices: BTreeSet<DeviceId>,
    changed_residents: BTreeSet<ResidentId>,
}

impl Station {
    /// A station that has heard nothing yet.
    #[must_use]
    pub fn new(identity: Identity, rules: Rules, mut roster: Roster, now: Moment) -> Station {
        rules.bind(&mut roster);
        let unit = |device: &Device| (device.id, Unit::new(device, rules.charge_low_percent, now.mono));
        let units = roster.devices.values().map(unit).collect();
        let links = roster.sources.iter().map(|source| (*source, Link::unknown(now.mono))).collect();
        let detectors = roster.residents.keys().map(|resident| (*resident, detector::all())).collect();
        let devices_of = village::devices_of(&roster);
        let mut station = Station {
            identity,
            rules,
            roster,
            units,
            devices_of,
            links,
            detectors,
            watch: BTreeMap::new(),
            book: Book::default(),
            strangers: Strangers::default(),
            answered: BTreeMap::new(),
            timers: Timers::default(),
            plan: Plan::default(),
            last_code: BTreeMap::new(),
            tests: BTreeMap::new(),
            told_faults: BTreeSet::new(),
            last_digest: None,
            roll_call: RollCall::default(),
            absences: Absences::default(),
            stops: Vec::new(),
            visits: Visits::default(),
            clock_unset: false,
            supply: Supply::default(),
            quiet_homes: BTreeSet::new(),
            waited_for: BTreeSet::new(),
            changed_devices: BTreeSet::new(),
            changed_residents: BTreeSet::new(),
        };
        station.arm_all(now);
        station
    }

    /// Takes one input. Whatever is due at `now` is done first, whatever the input, so that a stuck button cannot starve
    /// the deadlines.
    pub fn handle(&mut self, now: Moment, input: &Input) -> Vec<Effect> {
        let mut effects = Vec::new();
        self.fire_due(now, &mut effects);
        self.mind_the_clock(now, &mut effects);
        match input {
            Input::Sample(sample) => self.sample(now, sample, &mut effects),
            Input::Source { id, up } => self.source(now, *id, *up, &mut effects),
            Input::TwoSenders { device } => self.two_senders(now, *device, &mut effects),
            Input::Command(command) => self.command(now, command, &mut effects),
            Input::Reply(reply) => self.reply(now, reply, &mut effects),
            Input::Report(report) => self.report(now, *report, &mut effects),
            Input::Channel { id, up } => self.channel(now, *id, *up, &mut effects),
            Input::Plan(plan) => {
                self.plan = (**plan).clone();
                self.mind_the_digest(now);
                self.mind_the_roll_call(now, &mut effects);
                self.mind_the_absences(now, &mut effects);
                self.mind_the_visits(now, &mut effects);
            }
            Input::Disk { up, short } => {
                let reason = if *up { Reason::LogBack } else { Reason::LogFailed };
                self.own_fault(now, Condition::DiskFault, !up, reason, &mut effects);
                // A fault of its own: that readings stop must not hide that alarms are not written either.
                let reason = if *short { Reason::DiskShort } else { Reason::DiskRoomy };
                self.own_fault(now, Condition::DiskShort, *short, reason, &mut effects);
            }
            Input::StateRebuilt => {
                self.own_fault(now, Condition::StateRebuilt, true, Reason::IndexDamaged, &mut effects);
            }
            Input::Village(new) => self.take_village(now, new, &mut effects),
            Input::Power(power) => self.take_power(now, *power, &mut effects),
            Input::Credit { good } => self.take_credit(now, *good, &mut effects),
            Input::SecondPathProven => self.take_proof(now),
            Input::VillageFile { sound } => {
                let reason = if *sound { Reason::FileSound } else { Reason::FileRefused };
                self.own_fault(now, Condition::VillageFileRefused, !sound, reason, &mut effects);
            }
            Input::Pages { up } => {
                let reason = if *up { Reason::PagesBack } else { Reason::PagesFailed };
                self.own_fault(now, Condition::PagesDown, !up, reason, &mut effects);
            }
            // What moves no alarm is in the log by being an input.
            Input::Attempt(_) | Input::Tick => {}
        }
        effects
    }

    /// When [`Input::Tick`] is wanted next.
    #[must_use]
    pub fn deadline(&self) -> Option<Mono> {
        self.timers.next()
    }

    /// Ends a turn before it is handed to the log: stamps the moment on every alarm whose first record is in it, and leaves out calls
    /// about what is over at its end, whichever of its inputs wanted them. That goes for a thing's fault which a start finds to
    /// have ended while the box was off, too.
    pub fn seal(&mut self, effects: &mut Vec<Effect>, at: Moment) {
        let over = |effect: &Effect| match effect {
            Effect::Commit(alarm) if !alarm.is_open() => Some(alarm.id),
            _ => None,
        };
        let over: BTreeSet<AlarmId> = effects.iter().filter_map(over).collect();
        let is_over = |id: AlarmId| over.contains(&id) || self.is_past_fault(id);
        effects.retain(|effect| !matches!(effect, Effect::Notify(notice) if is_over(notice.alarm)));
        for effect in effects {
            if let Effect::Commit(alarm) = effect
                && alarm.clocks.committed.is_none()
            {
                alarm.clocks.committed = Some(at);
                self.book.stamp_committed(alarm.id, at);
            }
        }
    }

    /// Whether an alarm is about a thing, and closed.
    fn is_past_fault(&self, id: AlarmId) -> bool {
        !id.condition.rule().about_person && self.book.get(id).is_some_and(|alarm| !alarm.is_open())
    }

    /// Marks alarms whose record the log did not take in time.
    pub fn mark_undurable(&mut self, id: AlarmId) {
        self.book.mark_undurable(id);
    }

    /// Every open alarm, oldest first.
    pub fn open_alarms(&self) -> impl Iterator<Item = &Alarm> {
        self.book.open()
    }

    /// Alarms closed lately, oldest first.
    pub fn closed_alarms(&self) -> impl Iterator<Item = &Alarm> {
        self.book.closed()
    }

    /// An alarm that is open or was closed lately.
    #[must_use]
    pub fn alarm(&self, id: AlarmId) -> Option<&Alarm> {
        self.book.get(id)
    }

    /// The village.
    #[must_use]
    pub const fn roster(&self) -> &Roster {
        &self.roster
    }

    /// Every served resident's watch state.
    #[must_use]
    pub const fn watch(&self) -> &BTreeMap<ResidentId, WatchState> {
        &self.watch
    }

    /// Devices and residents whose shown standing changed since the last call.
    pub fn take_changed(&mut self) -> (BTreeSet<DeviceId>, BTreeSet<ResidentId>) {
        (std::mem::take(&mut self.changed_devices), std::mem::take(&mut self.changed_residents))
    }

    fn sample(&mut self, now: Moment, sample: &Sample, effects: &mut Vec<Effect>) {
        match sample.from {
            Origin::Device(id) => match self.roster.devices.get(&id).copied() {
                Some(device) if self.roster.serves(&device) => self.device_spoke(now, &device, sample, effects),
                Some(device) => self.removed_device_spoke(now, &device, sample, effects),
                // Enrolled when the sample was taken, and struck from the list since.
                None => {}
            },
            Origin::Stranger(id) => self.stranger_spoke(now, id, sample, effects),
            Origin::Bridge(source) => self.bridge_spoke(now, source, sample, effects),
        }
    }

    fn device_spoke(&mut self, now: Moment, device: &Device, sample: &Sample, effects: &mut Vec<Effect>) {
        let measured = self.battery_measured(device, sample);
        let Some(unit) = self.units.get_mut(&device.id) else { return };
        let mut news: Vec<News> = Vec::new();
        let mut found = Vec::new();
        let (was_inside, limit_before) = (unit.health.is_inside(), unit.health.limit());
        let heard_before = unit.health.heard();
        unit.hear(now, device, sample, &mut news, &mut found);
        if let Some(measured) = measured {
            unit.health.measure_battery(now, device, measured, &mut found);
        }
        let (is_inside, narrower) = (unit.health.is_inside(), unit.health.limit() < limit_before);
        let was_silenced = unit.health.heard() != heard_before && self.supply.silenced.remove(&device.id);
        if unit.is_worth_showing(now.mono, device, &news, !found.is_empty()) {
            self.changed_devices.insert(device.id);
        }
        if narrower {
            self.arm_device(device.id);
        }
        self.waited_for.remove(&device.id);
        self.home_speaks(now, device);
        self.source_speaks(now, device.source, effects);
        // Life-safety first: a help call is decided before the battery that came with it.
        for item in &news {
            self.detect(now, device, item, effects);
        }
        for (finding, change) in found {
            self.device_found(now, device, finding, change, effects);
        }
        self.mind_who_is_about(now, device, &news, effects);
        if let Some(resident) = device.resident
            && (was_inside != is_inside || was_silenced)
        {
            self.review_watch(now, resident, effects);
        }
    }

    /// Asks every detector of the device's resident. A device of nobody, in a shared room, still raises hazards.
    fn detect(&mut self, now: Moment, device: &Device, news: &News, effects: &mut Vec<Effect>) {
        let reading = Reading {
            at: now,
            device: device.id,
            resident: device.resident,
            home: device.home,
            room: device.room,
            measure: news.said.measure,
        };
        let heard = Heard { reading: &reading, meaning: news.meaning, role: device.role };
        let mut findings = Vec::new();
        match device.resident.and_then(|resident| self.detectors.get_mut(&resident)) {
            Some(detectors) => detectors.iter_mut().for_each(|each| each.hear(&heard, &mut findings)),
            None => detector::all().iter_mut().for_each(|each| each.hear(&heard, &mut findings)),
        }
        let subject = device.resident.map_or(Subject::Device(device.id), Subject::Resident);
        for finding in findings {
            self.found(now, subject, Some(device), finding, effects);
        }
    }

    /// A detector's claim meets the book of alarms.
    fn found(
        &mut self,
        now: Moment,
        subject: Subject,
        device: Option<&Device>,
        finding: Finding,
        effects: &mut Vec<Effect>,
    ) {
        match finding {
            Finding::Onset(condition, evidence) => {
                self.onset(now, subject, condition, device, &[], evidence, false, effects);
            }
            Finding::Cancel(condition, evidence) => self.cancel(now, subject, condition, evidence, effects),
            Finding::Cleared(condition, evidence) => self.cleared(now, subject, condition, evidence, effects),
            Finding::Noted(condition, evidence) => self.noted(now, subject, condition, evidence, effects),
        }
    }

    /// A way to people came up or went down.
    fn channel(&mut self, now: Moment, id: ChannelId, up: bool, effects: &mut Vec<Effect>) {
        let (subject, condition) = (Subject::Channel(id), Condition::ChannelDown);
        let reason = if up { Reason::Over } else { Reason::NoWay };
        let evidence = Evidence { at: now, device: None, said: None, reason };
        if up {
            self.cleared(now, subject, condition, evidence, effects);
        } else if !self.book.is_open(subject, condition) {
            self.found(now, subject, None, Finding::Onset(condition, evidence), effects);
        }
    }

    /// A fault of the box itself.
    fn own_fault(&mut self, now: Moment, condition: Condition, on: bool, reason: Reason, effects: &mut Vec<Effect>) {
        let evidence = Evidence { at: now, device: None, said: None, reason };
        let finding = if on { Finding::Onset(condition, evidence) } else { Finding::Cleared(condition, evidence) };
        if on && self.book.is_open(Subject::Station, condition) {
            return;
        }
        self.found(now, Subject::Station, None, finding, effects);
    }

    /// People read the wall clock, and the county's certificates are judged by it.
    fn mind_the_clock(&mut self, now: Moment, effects: &mut Vec<Effect>) {
        let unset = now.trust == Trust::Unset;
        if unset == self.clock_unset {
            return;
        }
        self.clock_unset = unset;
        self.timers.set(Timer::Clock, unset.then(|| now.mono + CLOCK_FAULT_AFTER));
        if !unset {
            self.own_fault(now, Condition::ClockFault, false, Reason::ClockSet, effects);
        }
        self.mind_the_roll_call(now, effects);
        self.mind_the_absences(now, effects);
        self.mind_the_calendar(now, effects);
        self.mind_the_visits(now, effects);
    }

    fn fire_due(&mut self, now: Moment, effects: &mut Vec<Effect>) {
        // Bounded, so that a timer that re-arms itself in the past shows as lateness and not as a hang.
        for _ in 0..limits::TIMERS_PER_TURN_MAX {
            let Some(timer) = self.timers.pop_due(now.mono) else { return };
            match timer {
                Timer::Alarm(id) => self.alarm_due(now, id, effects),
                Timer::Device(id) => self.device_due(now, id, effects),
                Timer::Source(id) => self.source_due(now, id, effects),
                Timer::Resident(id) => self.blind_due(now, id, effects),
                Timer::Digest => self.digest(now, effects),
                Timer::RollCall => self.mind_the_roll_call(now, effects),
                Timer::Absences => self.mind_the_absences(now, effects),
                Timer::Visits => self.mind_the_visits(now, effects),
                Timer::Unheard => self.list_unheard(now, effects),
                Timer::Clock => self.own_fault(now, Condition::ClockFault, true, Reason::ClockUnset, effects),
                Timer::Mains => self.mains_due(now, effects),
                Timer::Calendar => self.mind_the_calendar(now, effects),
            }
        }
    }
}
