//! Devices and the links they hang on: who was heard, who is missing, and who is therefore not watched.

use std::collections::BTreeSet;
use std::time::Duration;

use super::{Station, Timer};
use crate::core::alarm::{Evidence, Position, Reason, Subject};
use crate::core::condition::Condition;
use crate::core::detector::Finding;
use crate::core::detector::device_health::{DeviceHealth, Found, Measured, Outlook};
use crate::core::effect::{DeviceChange, DeviceEvent, Effect};
use crate::core::id::{DeviceId, ResidentId, SourceId};
use crate::core::intake::{Memory, News};
use crate::core::reading::{Measure, Nature, Quantity, Said, Sample};
use crate::core::roster::{Device, Service, Tier};
use crate::core::time::{Moment, Mono};
use crate::core::unit::Milli;
use crate::core::visit;
use crate::core::watch::{self, Contribution, Watch, WatchState};

/// How long a source may be down before it is a fault.
/// judgement: a broker or bridge that restarts is back within half of it, and a fault must not cry at every restart.
pub(super) const SOURCE_FAULT_AFTER: Duration = Duration::from_mins(1);

/// A source that falls this often without having been steady in between is a fault, also while it is up.
/// judgement: a bridge that is updated falls once or twice; one that comes and goes all night watches half of it.
const FALLS_MAX: u8 = 3;

/// How long a source must be up to be steady. judgement: as long as a bridge takes to be back and heard from.
const STEADY_AFTER: Duration = Duration::from_mins(5);

/// One device at work.
#[derive(Debug)]
pub(super) struct Unit {
    pub(super) memory: Memory,
    pub(super) health: DeviceHealth,
    /// When its standing was last shown to the county.
    shown: Option<Mono>,
    /// Where it was last, where it knows.
    pub(super) place: Option<Position>,
}

/// One source, with the bridge behind it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Link {
    /// The connection or port is there.
    up: bool,
    /// The bridge behind it says it is online.
    bridge_up: bool,
    /// Since when it has been as it is.
    since: Mono,
    /// How often it has fallen since it was steady.
    falls: u8,
}

/// What is shown of a device.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct DeviceStanding {
    /// When it was last heard.
    pub heard: Option<Moment>,
    /// By when it must be heard again, in station time.
    pub next_expected: Mono,
    /// The rhythm by which it is supervised: configured, learned, or its class's.
    pub rhythm: Duration,
    /// Its gravest fault.
    pub fault: Option<Condition>,
    /// Why it has that.
    pub why: Option<Reason>,
    /// How long its battery lasts, once that was learned.
    pub outlook: Option<Outlook>,
    /// The charge it claims, in per cent.
    pub battery: Option<Milli>,
    /// Link quality: 0–255 for Zigbee, dBm otherwise.
    pub link: Option<Milli>,
    /// Whether what it hangs on is up.
    pub reachable: bool,
}

/// What is shown of a source.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SourceStanding {
    /// Which.
    pub id: SourceId,
    /// Up: the connection, and the bridge behind it.
    pub up: bool,
    /// Since when.
    pub since: Mono,
}

impl Unit {
    pub(super) fn new(device: &Device, charge_low_percent: u8, now: Mono) -> Unit {
        let health = DeviceHealth::new(device, charge_low_percent, now);
        Unit { memory: Memory::default(), health, shown: None, place: None }
    }

    /// Takes a sample: what in it is news, and what it says about the device itself.
    pub(super) fn hear(
        &mut self,
        now: Moment,
        device: &Device,
        sample: &Sample,
        news: &mut Vec<News>,
        found: &mut Vec<Found>,
    ) {
        self.memory.take(now.mono, device, sample, news);
        self.see_place(now, sample);
        // A bridge's word on whether a device can be reached is a level, and not a word of the device; neither is what a
        // broker kept from before. A device's own heartbeat is an event.
        let bridges_word =
            |said: &Said| said.nature == Nature::Level && matches!(said.measure, Measure::Availability { .. });
        let only_reachability = !sample.said.is_empty() && sample.said.iter().all(bridges_word);
        if !sample.retained && !only_reachability {
            self.health.hear(now, device, found);
            self.health.judge(now, sample, news, found);
        }
        for item in news.iter() {
            self.health.news(now, item, found);
        }
    }

    /// What a broker kept says nothing of when it was so.
    fn see_place(&mut self, at: Moment, sample: &Sample) {
        let mut places = sample.said.iter().filter(|_| !sample.retained).filter_map(|said| match said.measure {
            Measure::Location { lat_microdeg, lon_microdeg } => Some(Position { lat_microdeg, lon_microdeg, at }),
            _ => None,
        });
        self.place = places.next_back().or(self.place);
    }

    /// The county is shown a device when something about it changed, and otherwise once a rhythm.
    pub(super) fn is_worth_showing(&mut self, now: Mono, device: &Device, news: &[News], found: bool) -> bool {
        let charge = news.iter().any(|item| matches!(item.said.measure, Measure::Number(Quantity::Battery, _)));
        let stale = self.shown.is_none_or(|shown| now.since(shown) >= self.health.learned().rhythm.of(device));
        let worth = found || charge || stale;
        if worth {
            self.shown = Some(now);
        }
        worth
    }
}

impl Link {
    /// Before its source has said anything.
    pub(super) const fn unknown(now: Mono) -> Link {
        Link { up: false, bridge_up: true, since: now, falls: 0 }
    }

    /// It has been down since before this run.
    pub(super) const fn down_since(&mut self, since: Mono) {
        self.since = since;
    }

    const fn is_up(self) -> bool {
        self.up && self.bridge_up
    }

    const fn is_unsteady(self) -> bool {
        self.falls >= FALLS_MAX
    }

    /// It changed from up to down or back.
    fn turned(self, before: Link, now: Mono) -> Link {
        let fell = !self.is_up();
        let was_steady = fell && now.since(before.since) >= STEADY_AFTER;
        let falls = if was_steady { 0 } else { before.falls };
        Link { since: now, falls: falls.saturating_add(u8::from(fell)), ..self }
    }
}

impl Station {
    /// What is shown of a device.
    #[must_use]
    pub fn device_standing(&self, id: DeviceId) -> Option<DeviceStanding> {
        let (unit, device) = (self.units.get(&id)?, self.roster.devices.get(&id)?);
        let number = |quantity| unit.memory.number(quantity);
        Some(DeviceStanding {
            heard: unit.health.heard(),
            next_expected: unit.health.next_expected(),
            rhythm: unit.health.learned().rhythm.of(device),
            fault: unit.health.fault().map(|(fault, _)| fault),
            why: unit.health.fault().map(|(_, why)| why),
            outlook: unit.health.learned().battery.outlook(device.battery),
            battery: number(Quantity::Battery),
            link: number(Quantity::Lqi).or_else(|| number(Quantity::Rssi)),
            reachable: self.is_reachable(device.source),
        })
    }

    /// Every source's standing.
    pub fn sources(&self) -> impl Iterator<Item = SourceStanding> {
        self.links.iter().map(|(id, link)| SourceStanding { id: *id, up: link.is_up(), since: link.since })
    }

    /// Arms every deadline of a fresh station and judges everybody's watch state.
    pub(super) fn arm_all(&mut self, now: Moment) {
        let devices: Vec<DeviceId> = self.units.keys().copied().collect();
        for id in devices {
            self.arm_device(id);
        }
        if self.rules.paid_until.is_some() {
            self.timers.arm_by(Timer::Calendar, now.mono);
        }
        for id in self.links.keys() {
            self.timers.arm_by(Timer::Source(*id), now.mono + SOURCE_FAULT_AFTER);
        }
        let residents: Vec<ResidentId> = self.roster.residents.keys().copied().collect();
        for resident in residents {
            self.review_watch(now, resident, &mut Vec::new());
            // Its sources have not had the time to come up: who is blind at once otherwise is blind after that time here.
            let blind = self.watch.get(&resident).is_some_and(|state| state.watch == Watch::Blind);
            if blind && self.is_blind_at_once(resident) {
                self.timers.set(Timer::Resident(resident), Some(now.mono + SOURCE_FAULT_AFTER));
            }
        }
    }

    fn is_blind_at_once(&self, id: ResidentId) -> bool {
        let resident = self.roster.residents.get(&id);
        resident.is_some_and(|resident| resident.tier == Tier::High && resident.service == Service::Active)
    }

    /// A source's connection came or went.
    pub(super) fn source(&mut self, now: Moment, id: SourceId, up: bool, effects: &mut Vec<Effect>) {
        let link = self.links.entry(id).or_insert(Link::unknown(now.mono));
        let changed = Link { up, ..*link };
        self.relink(now, id, changed, effects);
    }

    /// A bridge speaks for every device behind it.
    pub(super) fn bridge_spoke(&mut self, now: Moment, source: SourceId, sample: &Sample, effects: &mut Vec<Effect>) {
        for said in &sample.said {
            if let Measure::Availability { online, bridge: true } = said.measure {
                let link = self.links.entry(source).or_insert(Link::unknown(now.mono));
                let changed = Link { bridge_up: online, ..*link };
                self.relink(now, source, changed, effects);
            }
        }
    }

    fn relink(&mut self, now: Moment, id: SourceId, changed: Link, effects: &mut Vec<Effect>) {
        let Some(before) = self.links.insert(id, changed).filter(|before| *before != changed) else { return };
        if before.is_up() == changed.is_up() {
            return;
        }
        let turned = changed.turned(before, now.mono);
        self.links.insert(id, turned);
        if turned.is_up() {
            self.source_is_back(now, id, before.since, effects);
        } else {
            let patience = if turned.is_unsteady() { Duration::ZERO } else { SOURCE_FAULT_AFTER };
            self.timers.set(Timer::Source(id), Some(now.mono + patience));
        }
        self.review_watch_behind(now, id, effects);
    }

    fn source_is_back(&mut self, now: Moment, id: SourceId, since: Mono, effects: &mut Vec<Effect>) {
        for device in self.behind(id) {
            if let Some(unit) = self.units.get_mut(&device) {
                unit.health.reachable_again(since, now.mono);
            }
            self.arm_device(device);
        }
        self.wait_for_others(now, |other| other.source == id);
        if self.links.get(&id).is_some_and(|link| link.is_unsteady()) {
            self.timers.set(Timer::Source(id), Some(now.mono + STEADY_AFTER));
        } else {
            self.timers.set(Timer::Source(id), None);
            self.source_is_well(now, id, effects);
        }
    }

    fn source_is_well(&mut self, now: Moment, id: SourceId, effects: &mut Vec<Effect>) {
        // Where nothing was heard although the link was up, its coming back says nothing.
        if self.book.is_open(Subject::Source(id), Condition::SourceDown) && !self.is_quiet(id) {
            self.source_recovers(now, id, Reason::LinkBack, effects);
        }
    }

    /// One fault that names every device behind a source.
    pub(super) fn source_fails(&mut self, now: Moment, source: SourceId, reason: Reason, effects: &mut Vec<Effect>) {
        let behind = self.behind(source);
        let evidence = Evidence { at: now, device: None, said: None, reason };
        self.onset(now, Subject::Source(source), Condition::SourceDown, None, &behind, evidence, false, effects);
        let what = DeviceChange::SourceDown;
        effects.push(Effect::Device(DeviceEvent { at: now, device: None, source, what, behind }));
    }

    /// The end of it.
    pub(super) fn source_recovers(&mut self, now: Moment, source: SourceId, reason: Reason, effects: &mut Vec<Effect>) {
        let evidence = Evidence { at: now, device: None, said: None, reason };
        self.cleared(now, Subject::Source(source), Condition::SourceDown, evidence, effects);
        let what = DeviceChange::SourceBack;
        effects.push(Effect::Device(DeviceEvent { at: now, device: None, source, what, behind: Vec::new() }));
    }

    /// The source has been down for a while: one fault that names every device behind it, instead of one a device. Or it
    /// has been up for long enough to be steady again.
    pub(super) fn source_due(&mut self, now: Moment, id: SourceId, effects: &mut Vec<Effect>) {
        if self.is_reachable(id) {
            if let Some(link) = self.links.get_mut(&id) {
                link.falls = 0;
            }
            self.source_is_well(now, id, effects);
            return;
        }
        if self.book.is_open(Subject::Source(id), Condition::SourceDown) {
            return;
        }
        self.source_fails(now, id, Reason::LinkDown, effects);
    }

    /// A device's deadline: it is late, or has been heard since the deadline was set, or could not be heard.
    pub(super) fn device_due(&mut self, now: Moment, id: DeviceId, effects: &mut Vec<Effect>) {
        let served = |device: &Device| self.roster.serves(device);
        let Some(device) = self.roster.devices.get(&id).copied().filter(served) else { return };
        if !self.is_reachable(device.source) {
            return; // Its deadline is set again when its source is back.
        }
        let silenced = self.is_silenced(id);
        let Some(unit) = self.units.get_mut(&id) else { return };
        if silenced {
            // The fault of the mains names it. It is asked for again all the same: nothing may make it forgotten.
            self.timers.set(Timer::Device(id), Some(now.mono + unit.health.limit()));
            return;
        }
        unit.health.tick(now);
        if !unit.health.is_silent() {
            self.arm_device(id);
        } else if !self.book.is_open(Subject::Device(id), Condition::DeviceSilent) {
            // A press is asked for where somebody can press; a mute sensor is silent like others.
            let by_press = device.mute && !device.role.is_moved_by_people();
            let reason = if by_press { Reason::PressDue } else { Reason::Silent };
            self.missed(now, &device, reason, effects);
        }
    }

    /// Sets the deadline of a device that is not silent; a silent one is waited for without a clock.
    pub(super) fn arm_device(&mut self, id: DeviceId) {
        if let Some(unit) = self.units.get(&id).filter(|unit| !unit.health.is_silent()) {
            self.timers.arm_by(Timer::Device(id), unit.health.next_expected());
        }
    }

    /// A claim about a device meets the book, the county's device lane, and its resident's watch state.
    pub(super) fn device_found(
        &mut self,
        now: Moment,
        device: &Device,
        finding: Finding,
        change: Option<DeviceChange>,
        effects: &mut Vec<Effect>,
    ) {
        let subject = Subject::Device(device.id);
        let again = matches!(finding, Finding::Onset(condition, _) if self.book.is_open(subject, condition));
        if !again {
            self.found(now, subject, Some(device), finding, effects);
        }
        if let Some(what) = change {
            let event =
                DeviceEvent { at: now, device: Some(device.id), source: device.source, what, behind: Vec::new() };
            effects.push(Effect::Device(event));
        }
        self.arm_device(device.id);
        self.changed_devices.insert(device.id);
        if let Some(resident) = device.resident {
            self.review_watch(now, resident, effects);
        }
    }

    /// Judges a resident's watch state afresh.
    pub(super) fn review_watch(&mut self, now: Moment, id: ResidentId, effects: &mut Vec<Effect>) {
        let Some(resident) = self.roster.residents.get(&id) else { return };
        if !resident.service.is_served() {
            return;
        }
        let contributions: Vec<Contribution> = self.contributions(id, &self.supply.silenced).collect();
        let watch = watch::judge(contributions.iter().copied());
        let witnesses: Vec<DeviceId> = contributions
            .iter()
            .filter(|each| each.holds() && (each.help_call || each.life_sign))
            .map(|each| each.device)
            .collect();
        let since = match self.watch.get(&id) {
            Some(before) if before.watch == watch => before.since,
            _ => now,
        };
        let state = WatchState { watch, since, witnesses };
        if self.watch.get(&id) == Some(&state) {
            return;
        }
        self.watch.insert(id, state);
        self.changed_residents.insert(id);
        self.mind_blindness(now, id, effects);
        self.mind_the_mains(now);
    }

    /// Sets the clock after which it is a fault that nobody watches over the resident, or ends the fault.
    pub(super) fn mind_blindness(&mut self, now: Moment, id: ResidentId, effects: &mut Vec<Effect>) {
        let paused = self.roster.residents.get(&id).is_some_and(|resident| resident.service == Service::Paused);
        let expected = paused || self.is_away(id);
        let blind = self.watch.get(&id).filter(|state| state.watch == Watch::Blind && !expected);
        if let Some(since) = blind.map(|state| state.since) {
            let limit = if self.is_blind_at_once(id) { Duration::ZERO } else { self.rules.blind_fault_after };
            self.timers.set(Timer::Resident(id), Some(since.mono + limit));
        } else {
            self.timers.set(Timer::Resident(id), None);
            let evidence = Evidence { at: now, device: None, said: None, reason: Reason::Over };
            self.cleared(now, Subject::Resident(id), Condition::ResidentBlind, evidence, effects);
        }
    }

    pub(super) fn blind_due(&mut self, now: Moment, id: ResidentId, effects: &mut Vec<Effect>) {
        let blind = self.watch.get(&id).is_some_and(|state| state.watch == Watch::Blind);
        if !blind || self.book.is_open(Subject::Resident(id), Condition::ResidentBlind) {
            return;
        }
        let evidence = Evidence { at: now, device: None, said: None, reason: Reason::Blind };
        self.onset(now, Subject::Resident(id), Condition::ResidentBlind, None, &[], evidence, false, effects);
        // CARE-RULES 27: nothing can be mended there before the power is back, so somebody looks in.
        if self.is_blind_by_mains(id) {
            self.visit_due_for(now, id, visit::Reason::MainsLost, effects);
        }
    }

    pub(super) fn review_watch_behind(&mut self, now: Moment, source: SourceId, effects: &mut Vec<Effect>) {
        let mut residents: Vec<ResidentId> = self
            .roster
            .devices
            .values()
            .filter(|device| device.source == source)
            .filter_map(|device| device.resident)
            .collect();
        residents.sort_unstable();
        residents.dedup();
        for resident in residents {
            self.review_watch(now, resident, effects);
        }
    }

    /// What a resident's devices contribute, when those of `silenced` are not heard.
    pub(super) fn contributions(
        &self,
        resident: ResidentId,
        silenced: &BTreeSet<DeviceId>,
    ) -> impl Iterator<Item = Contribution> + Clone {
        let devices = self.devices_of.get(&resident).into_iter().flatten();
        devices.filter_map(|id| self.roster.devices.get(id)).map(move |device| Contribution {
            device: device.id,
            inside: !silenced.contains(&device.id)
                && self.is_reachable(device.source)
                && !self.is_quiet(device.source)
                && self.units.get(&device.id).is_some_and(|unit| unit.health.is_inside()),
            believed: self.units.get(&device.id).is_none_or(|unit| unit.health.doubts().is_empty()),
            late: device.mute || self.is_slow(device),
            help_call: device.role.is_help_call(),
            life_sign: device.role.is_life_sign(),
        })
    }

    fn is_slow(&self, device: &Device) -> bool {
        self.units.get(&device.id).is_some_and(|unit| unit.health.learned().rhythm.is_slow(device))
    }

    /// A source saw a second sender under a device's address.
    pub(super) fn two_senders(&mut self, now: Moment, id: DeviceId, effects: &mut Vec<Effect>) {
        let Some(device) = self.roster.devices.get(&id).copied().filter(|device| !device.removed) else { return };
        let Some(unit) = self.units.get_mut(&id) else { return };
        let mut found = Vec::new();
        unit.health.two_senders(now, &mut found);
        for (finding, change) in found {
            self.device_found(now, &device, finding, change, effects);
        }
    }

    /// What a sample that speaks of the battery says of it, with the temperature around the device where it is known: its
    /// own, or that of another device of the same resident in the same room.
    pub(super) fn battery_measured(&self, device: &Device, sample: &Sample) -> Option<Measured> {
        let is_charge = |said: &Said| matches!(said.measure, Measure::Number(Quantity::Battery | Quantity::Voltage, _));
        if sample.retained || !sample.said.iter().any(is_charge) {
            return None;
        }
        let said = |wanted| {
            sample.said.iter().find_map(|said| match said.measure {
                Measure::Number(quantity, value) if quantity == wanted => Some(value),
                _ => None,
            })
        };
        let celsius = |id: &DeviceId| self.units.get(id)?.memory.number(Quantity::AmbientTemp);
        let beside = || {
            let others = device.resident.and_then(|resident| self.devices_of.get(&resident)).into_iter().flatten();
            let room = |id: &&DeviceId| self.roster.devices.get(id).is_some_and(|other| other.room == device.room);
            others.filter(room).filter(|_| device.room.is_some()).find_map(celsius)
        };
        let celsius = said(Quantity::AmbientTemp).or_else(|| celsius(&device.id)).or_else(beside);
        Some(Measured { percent: said(Quantity::Battery), voltage: said(Quantity::Voltage), celsius })
    }

    pub(super) fn behind(&self, source: SourceId) -> Vec<DeviceId> {
        let devices = self.roster.devices.values();
        devices.filter(|device| device.source == source && self.roster.serves(device)).map(|device| device.id).collect()
    }

    pub(super) fn is_reachable(&self, source: SourceId) -> bool {
        self.links.get(&source).is_some_and(|link| link.is_up())
    }
}
