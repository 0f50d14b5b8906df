//! What the box itself lives on: mains, battery, the SIM's credit (CARE-RULES 27).
//!
//! The box and the homes hang on one mains, so when the box loses it, the sensors that are plugged in there are taken for silent
//! at once: each until it is heard again, and not only until the mains are back. None of them is blamed: the fault is one,
//! of the station, and names them all.
//!
//! Mains that come back are believed to stay after a while only, so that mains that blink all evening are one fault.

use std::collections::BTreeSet;
use std::time::Duration;

use super::{Station, Timer};
use crate::core::alarm::{Alarm, Evidence, Left, Reason, Subject};
use crate::core::condition::Condition;
use crate::core::effect::Effect;
use crate::core::id::{DeviceId, HomeId, ResidentId};
use crate::core::power::Power;
use crate::core::reading::{Measure, Said};
use crate::core::time::{Moment, Mono, Trust};
use crate::core::watch::{self, Watch};
use crate::limits::power::MAINS_HOMES_MAX;

/// Mains must be back for so long before the fault is over. judgement: a line that is being repaired comes and goes in minutes.
const STEADY_AFTER: Duration = Duration::from_mins(5);

/// The fault's record is renewed at most so often. judgement: homes fall silent and come back by the dozen, in a minute.
const RENEW_AFTER: Duration = Duration::from_mins(1);

/// The end of the SIM's credit is told so many days ahead. Source: CARE-RULES 27.
pub const CREDIT_NOTICE_DAYS: u16 = 14;

/// How often the calendar is asked. judgement: a day is what is counted, and a clock may be set at any hour.
const CALENDAR_EVERY: Duration = Duration::from_hours(1);

const DAY_MS: i64 = 86_400_000;

/// What is known of the box's own supply.
#[derive(Debug, Default)]
pub(super) struct Supply {
    power: Power,
    /// Since when the mains are as they are.
    since: Mono,
    /// Devices on mains of which nothing was heard since they went.
    pub(super) silenced: BTreeSet<DeviceId>,
    /// With so many days left the end of the credit was told last: once a day is enough, whatever people do with the fault.
    told_days: Option<u16>,
    /// When the county's number last took a text.
    proven: Option<Moment>,
}

impl Station {
    /// What the box runs on; nothing is known before somebody has looked.
    #[must_use]
    pub const fn power(&self) -> Power {
        self.supply.power
    }

    /// When a telephone of the county's last confirmed a text.
    #[must_use]
    pub const fn second_path_proven(&self) -> Option<Moment> {
        self.supply.proven
    }

    /// Homes in which somebody is not watched, and would be if their devices had mains.
    #[must_use]
    pub fn blind_by_mains(&self) -> Vec<HomeId> {
        let by_mains = self.watch.keys().filter(|id| self.is_blind_by_mains(**id));
        let homes: BTreeSet<HomeId> =
            by_mains.filter_map(|id| self.roster.residents.get(id)).map(|resident| resident.home).collect();
        homes.into_iter().collect()
    }

    /// Whether nobody watches over a resident, and somebody would if their devices had mains.
    pub(super) fn is_blind_by_mains(&self, id: ResidentId) -> bool {
        let blind = self.watch.get(&id).is_some_and(|state| state.watch == Watch::Blind);
        blind
            && !self.supply.silenced.is_empty()
            && watch::judge(self.contributions(id, &BTreeSet::new())) != Watch::Blind
    }

    /// What the box runs on has changed, or how long it lasts.
    pub(super) fn take_power(&mut self, now: Moment, power: Power, effects: &mut Vec<Effect>) {
        let before = std::mem::replace(&mut self.supply.power, power);
        match power.mains {
            Some(false) if before.mains != power.mains => self.mains_gone(now, before, effects),
            Some(true) if before.mains != power.mains => self.mains_back(now),
            _ => {}
        }
        let unreadable = if power.mains.is_none() { Reason::MainsUnreadable } else { Reason::Over };
        self.own_fault(now, Condition::MainsUnknown, power.mains.is_none(), unreadable, effects);
        if power.is_nearly_over() {
            self.own_fault(now, Condition::StationBatteryLow, true, Reason::BatteryMinutes, effects);
        }
        if before.minutes_left != power.minutes_left {
            self.mind_the_mains(now);
        }
    }

    /// The SIM's text to its own number came back, or has not.
    pub(super) fn take_credit(&mut self, now: Moment, good: bool, effects: &mut Vec<Effect>) {
        let reason = if good { Reason::OwnTextBack } else { Reason::OwnTextLost };
        self.own_fault(now, Condition::CreditDoubtful, !good, reason, effects);
    }

    pub(super) const fn take_proof(&mut self, at: Moment) {
        self.supply.proven = Some(at);
    }

    fn mains_gone(&mut self, now: Moment, before: Power, effects: &mut Vec<Effect>) {
        self.supply.since = now.mono;
        let known = self.book.is_open(Subject::Station, Condition::MainsLost);
        // A box that starts in a cut, or could not look for a while, has the same cut: whoever was heard in it has power.
        if !known || before.mains.is_some() {
            self.silence_the_mains(now, effects);
        }
        if known {
            self.timers.set(Timer::Mains, None);
            self.mind_the_mains(now);
            return;
        }
        let behind: Vec<DeviceId> = self.on_mains().collect();
        let said = Some(Said::level(Measure::Mains(false)));
        let evidence = Evidence { at: now, device: None, said, reason: Reason::MainsGone };
        self.onset(now, Subject::Station, Condition::MainsLost, None, &behind, evidence, false, effects);
    }

    fn silence_the_mains(&mut self, now: Moment, effects: &mut Vec<Effect>) {
        let silenced: Vec<DeviceId> = self.on_mains().collect();
        self.supply.silenced.extend(&silenced);
        let of = |id: &DeviceId| self.roster.devices.get(id).and_then(|device| device.resident);
        let residents: BTreeSet<ResidentId> = silenced.iter().filter_map(of).collect();
        for resident in residents {
            self.review_watch(now, resident, effects);
        }
    }

    fn on_mains(&self) -> impl Iterator<Item = DeviceId> {
        let devices = self.roster.devices.values();
        devices.filter(|device| device.mains && self.roster.serves(device)).map(|device| device.id)
    }

    /// The time without mains is no silence of anybody's: each has its whole limit from here on to be heard.
    fn mains_back(&mut self, now: Moment) {
        let gone_since = std::mem::replace(&mut self.supply.since, now.mono);
        for id in self.supply.silenced.clone() {
            if let Some(unit) = self.units.get_mut(&id) {
                unit.health.reachable_again(gone_since, now.mono);
            }
            self.timers.set(Timer::Device(id), None);
            self.arm_device(id);
        }
        let faults = [Condition::MainsLost, Condition::StationBatteryLow];
        if faults.iter().any(|fault| self.book.is_open(Subject::Station, *fault)) {
            self.timers.arm_by(Timer::Mains, now.mono + STEADY_AFTER);
        }
    }

    /// Makes sure that the fault's record is renewed soon.
    pub(super) fn mind_the_mains(&mut self, now: Moment) {
        if self.book.is_open(Subject::Station, Condition::MainsLost) {
            self.timers.arm_by(Timer::Mains, now.mono + RENEW_AFTER);
        }
    }

    /// Mains that are back have been so for long enough, or what the fault's record says is to be renewed.
    pub(super) fn mains_due(&mut self, now: Moment, effects: &mut Vec<Effect>) {
        let steady_at = self.supply.since + STEADY_AFTER;
        if self.supply.power.mains != Some(true) {
            return self.renew(now, Condition::MainsLost, effects);
        }
        if now.mono < steady_at {
            self.renew(now, Condition::MainsLost, effects);
            self.timers.arm_by(Timer::Mains, steady_at);
            return;
        }
        self.own_fault(now, Condition::StationBatteryLow, false, Reason::MainsBack, effects);
        self.own_fault(now, Condition::MainsLost, false, Reason::MainsBack, effects);
    }

    /// A record of the fault as it stands, where it says something else than the last one.
    fn renew(&mut self, now: Moment, condition: Condition, effects: &mut Vec<Effect>) {
        let (homes, left) = self.extent(now, condition);
        let Some(alarm) = self.open_alarm(Subject::Station, condition) else { return };
        if alarm.homes == homes && alarm.left == left {
            return;
        }
        let alarm = Alarm { homes, left, ..alarm.clone() };
        let step = super::book::unmoved(&alarm);
        self.record(now, alarm, step, effects);
    }

    /// What a fault of the box's supply takes with it, and how much of the supply is left.
    pub(super) fn extent(&self, now: Moment, condition: Condition) -> (Vec<HomeId>, Option<Left>) {
        let minutes = || self.supply.power.minutes_left.map(Left::Minutes);
        match condition {
            Condition::MainsLost => {
                let mut homes = self.blind_by_mains();
                homes.truncate(MAINS_HOMES_MAX);
                (homes, minutes())
            }
            Condition::StationBatteryLow => (Vec::new(), minutes()),
            Condition::CreditEnding => (Vec::new(), self.credit_days(now).map(Left::Days)),
            _ => (Vec::new(), None),
        }
    }

    /// Whether a device is quiet because it has no mains, as far as can be known. Where nobody looks at the mains, nobody sees them
    /// come back either: only a fault that stands open says that they are gone.
    pub(super) fn is_silenced(&self, id: DeviceId) -> bool {
        let gone = self
            .supply
            .power
            .mains
            .map_or_else(|| self.book.is_open(Subject::Station, Condition::MainsLost), |mains| !mains);
        gone && self.supply.silenced.contains(&id)
    }

    /// A fault of a supply that is not configured ends here, for nothing would ever end it: of the box's power, of the SIM's own
    /// number. The run before was alive last at `last`. Call between [`Station::restore`] and [`Station::resume`].
    ///
    /// Devices that a cut named have their whole limit from here on to be heard, as when mains are seen to come back.
    pub fn retire_supply(
        &mut self,
        now: Moment,
        last: Option<Mono>,
        has_power: bool,
        has_own_number: bool,
    ) -> Vec<Effect> {
        let mut effects = Vec::new();
        if !has_power {
            let cut = self.book.open_id(Subject::Station, Condition::MainsLost, false);
            if let (Some(cut), Some(last)) = (cut, last) {
                let behind = self.book.get(cut).map(|alarm| alarm.behind.clone()).unwrap_or_default();
                for id in behind {
                    if let Some(unit) = self.units.get_mut(&id) {
                        unit.health.reachable_again(cut.onset, last);
                    }
                }
            }
            for fault in [Condition::MainsLost, Condition::MainsUnknown, Condition::StationBatteryLow] {
                self.own_fault(now, fault, false, Reason::Over, &mut effects);
            }
        }
        if !has_own_number {
            self.own_fault(now, Condition::CreditDoubtful, false, Reason::Over, &mut effects);
        }
        effects
    }

    /// A start: whoever a cut named and was not heard since is silenced still, whether that cut is over or not.
    /// `off` is how long the box itself was off.
    pub(super) fn recall_silenced(&mut self, now: Mono, off: Duration) {
        let open = self.book.open_id(Subject::Station, Condition::MainsLost, false);
        self.supply.since = open.map_or(now, |cut| cut.onset + off);
        let cuts = self.book.open().chain(self.book.closed());
        let cuts = cuts.filter(|alarm| alarm.id.condition == Condition::MainsLost && !alarm.id.drill);
        let named = cuts.flat_map(|cut| cut.behind.iter().map(|id| (*id, cut.id.onset)));
        let unheard = named.filter(|(id, onset)| {
            let heard = self.units.get(id).and_then(|unit| unit.health.heard());
            self.roster.devices.get(id).is_some_and(|device| device.mains) && heard.is_none_or(|at| at.mono < *onset)
        });
        self.supply.silenced = unheard.map(|(id, _)| id).collect();
    }

    /// Full days for which the SIM is paid; none where that is not known, or nobody knows what day it is.
    fn credit_days(&self, now: Moment) -> Option<u16> {
        let until = self.rules.paid_until.filter(|_| now.trust != Trust::Unset)?;
        let left_ms = until.0.saturating_sub(now.wall.0).max(0);
        Some(u16::try_from(left_ms / DAY_MS).unwrap_or(u16::MAX))
    }

    /// Asks the calendar whether the SIM's credit is near its end.
    pub(super) fn mind_the_calendar(&mut self, now: Moment, effects: &mut Vec<Effect>) {
        if self.rules.paid_until.is_none() {
            // It was taken out of the configuration: nobody would end its fault.
            return self.own_fault(now, Condition::CreditEnding, false, Reason::Over, effects);
        }
        self.timers.set(Timer::Calendar, Some(now.mono + CALENDAR_EVERY));
        let Some(days) = self.credit_days(now) else { return };
        if days > CREDIT_NOTICE_DAYS {
            return self.own_fault(now, Condition::CreditEnding, false, Reason::Over, effects);
        }
        self.renew(now, Condition::CreditEnding, effects);
        if self.supply.told_days.replace(days) != Some(days) {
            self.own_fault(now, Condition::CreditEnding, true, Reason::PaidUntilNear, effects);
        }
    }
}
