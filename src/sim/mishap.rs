//! What goes wrong in the village, and how it comes right: deaths and starts of the process, links, brokers, the disk.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::crash::Death;
use super::fault::{Fault, Mishap};
use super::gateway::Gateway;
use super::place::Wire;
use super::start::{Beginning, Started};
use super::street::Mood;
use super::trace::Ms;
use super::village::{Event, Village};
use super::wear;
use crate::core::alarm::{Alarm, AlarmId};
use crate::core::id::Epoch;
use crate::store::files::fake::{Call, Fault as DiskFault};
use crate::store::files::{FakeDisk, Files};
use crate::store::{Journal, Options};

/// The service manager starts the process again after this long.
const RESTART: std::ops::RangeInclusive<Ms> = 1_000..=5_000;
/// A box boots in this time.
const BOOT: std::ops::RangeInclusive<Ms> = 15_000..=60_000;
/// A death that waits for a turn to die in waits no longer.
const DEATH_WAITS: Ms = 30 * 60_000;
/// A supply that flickers fails so often.
const FLICKERS: u32 = 3;
/// For so long.
const FLICKER_OFF: Ms = 1_000;
/// It comes back to a box that boots fast, so that each start is cut off again within the minute.
const FAST_BOOT: std::ops::RangeInclusive<Ms> = 4_000..=9_000;
/// And lives so long.
const FLICKER_LIFE: std::ops::RangeInclusive<Ms> = 50..=9_000;

impl Village<'_> {
    /// Something goes wrong.
    pub(super) fn strike(&mut self, mishap: Mishap, span: Ms) {
        self.trace.line(self.now, format_args!("strike {mishap:?} for {span} ms"));
        *self.struck.entry(mishap.word()).or_insert(0) += 1;
        match mishap {
            Mishap::Kill { idle } => self.threaten(None, idle),
            Mishap::Power { off_ms, idle } => self.threaten(Some(off_ms), idle),
            Mishap::Flicker => {
                self.flickers = FLICKERS;
                self.flicker();
            }
            Mishap::Rot(rot) => {
                self.die(Death { power_off_ms: None, in_alarm: false });
                self.rot(rot);
            }
            Mishap::Restored { empty } => self.county_restored(empty),
            Mishap::Forged => self.forge(),
            _ => {
                *self.lasting.entry(mishap.word()).or_insert(0) += 1;
                self.begin(mishap);
                self.after(span, Event::Heal(mishap));
            }
        }
    }

    fn threaten(&mut self, power_off_ms: Option<Ms>, idle: bool) {
        let death = Death { power_off_ms, in_alarm: self.chance.percent(60) };
        if self.gateway.is_none() {
            return;
        }
        if idle {
            self.die(death);
        } else {
            self.death = Some(death);
            self.before = Some(self.disk.copy());
            self.disk.record();
            self.after(DEATH_WAITS, Event::Perish(self.lives));
        }
    }

    /// The supply fails once more, for a moment, between two turns.
    pub(super) fn flicker(&mut self) {
        self.flickers = self.flickers.saturating_sub(1);
        self.die(Death { power_off_ms: Some(FLICKER_OFF), in_alarm: false });
    }

    /// No death waits any more.
    fn calm_death(&mut self) {
        self.death = None;
        self.before = None;
        self.disk.forget_history();
    }

    /// A death that found no turn to die in.
    pub(super) fn perish(&mut self, life: u32) {
        if let Some(death) = self.death.filter(|_| self.lives == life) {
            self.die(death);
        }
    }

    fn begin(&mut self, mishap: Mishap) {
        match mishap {
            Mishap::Kill { .. }
            | Mishap::Power { .. }
            | Mishap::Flicker
            | Mishap::Restored { .. }
            | Mishap::Forged
            // The disk is asked what lasts when it syncs.
            | Mishap::SlowDisk
            | Mishap::Rot(_) => {}
            Mishap::Link => self.hang_up(false),
            Mishap::Broker => self.link.forgets = true,
            Mishap::Deaf => self.link.deaf = true,
            Mishap::Modem(mood) => self.turn_modem(mood),
            Mishap::LocalBroker => {
                self.air.broker_up = false;
                self.lose_wire(Wire::Zigbee);
            }
            Mishap::Bridge => {
                self.bridge_says("offline");
                self.air.bridge_up = false;
            }
            Mishap::Unplug => {
                self.air.port_up = false;
                self.lose_wire(Wire::Hub);
            }
            Mishap::DiskFails(call, fault) => self.disk.fail(call, 0, u64::MAX, fault),
            Mishap::DiskFull => {
                let used = self.disk.free_bytes().map_or(0, |free| u64::MAX - free);
                self.disk.set_capacity(Some(used_bytes(&self.disk).max(used)));
            }
            Mishap::HalfOpen => self.half_open(),
            Mishap::SlowLink => self.link.slow = true,
            Mishap::NetworkTime { off_ms } => self.network_time(off_ms),
            Mishap::SlowCounty => self.county.slow = true,
            Mishap::CountyAway => self.county_away(true),
            Mishap::LyingDisk => self.disk.lie(true),
        }
    }

    /// It comes right again, when nothing else of its kind lasts.
    pub(super) fn heal(&mut self, mishap: Mishap) {
        let lasting = self.lasting.entry(mishap.word()).or_insert(0);
        *lasting = lasting.saturating_sub(1);
        if *lasting > 0 {
            return;
        }
        self.trace.line(self.now, format_args!("heal {mishap:?}"));
        match mishap {
            Mishap::Kill { .. }
            | Mishap::Power { .. }
            | Mishap::Flicker
            | Mishap::Restored { .. }
            | Mishap::Forged
            // The disk is asked what lasts when it syncs.
            | Mishap::SlowDisk
            | Mishap::Rot(_) => {}
            Mishap::Link | Mishap::HalfOpen => {
                self.link.up = !["link", "half_open"].iter().any(|word| self.lasts(word));
                self.dial_soon();
            }
            Mishap::Broker => {
                self.link.forgets = false;
                // A broker that lost its messages was restarted: connections do not survive that.
                self.hang_up(true);
            }
            Mishap::Deaf => self.link.deaf = false,
            Mishap::Modem(_) => self.turn_modem(Mood::Well),
            Mishap::LocalBroker => {
                self.air.broker_up = true;
                // The bridge connects again, too, and says how it is.
                self.bridge_says(if self.air.bridge_up { "online" } else { "offline" });
                self.connect_soon(Wire::Zigbee);
            }
            Mishap::Bridge => {
                self.air.bridge_up = true;
                self.bridge_says("online");
                let list = wear::bridge(self.now, "devices", self.place.bridge_devices());
                self.at(self.now, Event::Frame(list));
            }
            Mishap::Unplug => {
                self.air.port_up = true;
                self.connect_soon(Wire::Hub);
            }
            Mishap::DiskFails(..) => self.disk.heal(),
            Mishap::DiskFull => self.disk.set_capacity(None),
            Mishap::SlowLink => self.link.slow = false,
            Mishap::NetworkTime { .. } => self.network_time(0),
            Mishap::SlowCounty => self.county.slow = false,
            Mishap::CountyAway => self.county_away(false),
            Mishap::LyingDisk => self.disk.lie(false),
        }
    }

    /// Whether something of that word lasts.
    pub(super) fn lasts(&self, word: &str) -> bool {
        self.lasting.get(word).is_some_and(|count| *count > 0)
    }

    /// The network gives out a time that is so far off.
    fn network_time(&mut self, off_ms: i64) {
        self.hardware.step(off_ms);
        if let Some(gateway) = &mut self.gateway {
            gateway.clock.see(&self.hardware);
        }
    }

    /// Everything comes right, for the end.
    pub(super) fn rest(&mut self) {
        self.calm_death();
        self.lasting.clear();
        self.queue.retain(|_, event| !matches!(event, Event::Heal(_) | Event::Strike(..)));
        self.responders.diligent = true;
        self.street.people.diligent = true;
        self.flickers = 0;
        self.hardware.come_right(self.now);
        for mishap in [
            Mishap::Link,
            Mishap::Broker,
            Mishap::Deaf,
            Mishap::LocalBroker,
            Mishap::Bridge,
            Mishap::Unplug,
            Mishap::DiskFails(Call::Sync, DiskFault::Eio),
            Mishap::DiskFull,
            Mishap::Modem(Mood::Well),
            Mishap::SlowLink,
            Mishap::NetworkTime { off_ms: 0 },
            Mishap::SlowCounty,
            Mishap::CountyAway,
            Mishap::SlowDisk,
            Mishap::LyingDisk,
        ] {
            self.heal(mishap);
        }
    }

    /// The process dies here and now; the disk is as it is.
    pub(super) fn die(&mut self, death: Death) {
        self.calm_death();
        if self.gateway.take().is_none() {
            return;
        }
        self.oracle.killed(self.now);
        self.air.disconnect();
        self.lose_connection();
        match death.power_off_ms {
            None => {
                self.kills += 1;
                let down = self.chance.between(*RESTART.start(), *RESTART.end());
                self.trace.line(self.now, format_args!("killed, back in {down} ms"));
                self.after(down, Event::Start);
            }
            Some(off_ms) => {
                self.cuts += 1;
                self.street.line.lose_power();
                self.cut_disk();
                // A card's own trouble does not outlast the power; what lasts strikes again by itself.
                let boot = if self.flickers > 0 { FAST_BOOT } else { BOOT };
                let off = off_ms + self.chance.between(*boot.start(), *boot.end());
                self.trace.line(self.now, format_args!("power cut, back in {off} ms"));
                self.hardware.power_on(self.now + off_ms, off_ms, &mut self.chance);
                if self.settings.faults.has(Fault::Clock) {
                    self.hardware.misread(&mut self.chance);
                }
                // The index lags the log and may lose its newest words.
                if self.chance.percent(10) {
                    self.words = None;
                }
                self.after(off, Event::Start);
            }
        }
    }

    /// The process starts.
    pub(super) fn start(&mut self) {
        if self.gateway.is_some() {
            return;
        }
        self.lives += 1;
        let life = self.lives;
        let fresh = Epoch(self.chance.draw() | 0xa << 60);
        let words = self.words.clone();
        let found = self.look_before_start();
        let beginning = Beginning {
            life,
            now: self.now,
            place: &self.place,
            disk: &self.disk,
            words,
            hardware: &self.hardware,
            fresh,
            index: std::mem::take(&mut self.index),
            sabotage: self.settings.sabotage,
            street: &self.street,
        };
        let Started { gateway, turned, reports, kept } = match Gateway::start(beginning) {
            Ok(started) => started,
            Err(why) => return self.oracle.against(self.now, "the_log_can_be_opened", why),
        };
        self.look_at_damage(gateway.epoch, found, &kept, &reports);
        self.oracle.began(self.now, &kept);
        self.trace.line(self.now, format_args!("start of life {life}, gap {:?}", turned.start));
        self.gateway = Some(gateway);
        self.street_begins();
        self.settle(turned, None);
        for wire in Wire::ALL {
            self.connect_soon(wire);
        }
        self.dial_soon();
        if self.flickers > 0 {
            let lives = self.chance.between(*FLICKER_LIFE.start(), *FLICKER_LIFE.end());
            self.after(lives, Event::Flicker(life));
        }
    }

    /// The process has opened the port or reached the broker.
    pub(super) fn connect(&mut self, life: u32, wire: Wire) {
        let reachable = match wire {
            Wire::Zigbee => self.air.broker_up && !self.air.has_session(),
            Wire::Hub => self.air.port_up,
            Wire::Receiver | Wire::Watches => true,
        };
        let Some(gateway) = self.gateway.as_mut().filter(|gateway| gateway.life == life && reachable) else { return };
        gateway.source(wire.source(), true);
        if wire != Wire::Zigbee || self.air.bridge_up {
            self.oracle.wire(self.now, wire, true);
        }
        if wire == Wire::Zigbee {
            for delivery in self.air.connect() {
                self.deliver(delivery);
            }
        }
    }

    fn lose_wire(&mut self, wire: Wire) {
        self.oracle.wire(self.now, wire, false);
        if wire == Wire::Zigbee {
            self.air.disconnect();
        }
        if let Some(gateway) = &mut self.gateway {
            gateway.source(wire.source(), false);
        }
    }

    fn connect_soon(&mut self, wire: Wire) {
        let way = self.chance.between(100, 900);
        self.after(way, Event::Connect(self.lives, wire));
    }

    fn bridge_says(&mut self, word: &str) {
        let state = wear::bridge(self.now, "state", format!(r#"{{"state":"{word}"}}"#));
        self.at(self.now, Event::Frame(state));
        self.oracle.wire(self.now, Wire::Zigbee, word == "online" && self.air.has_session());
    }
}

/// The alarms that the log holds, read by whoever opens it next.
pub(super) fn kept(disk: &FakeDisk) -> Result<BTreeMap<AlarmId, Alarm>, String> {
    let files: Arc<dyn Files> = Arc::new(disk.copy());
    let (journal, _) = Journal::open(files, Options::default()).map_err(|error| error.to_string())?;
    let books = journal.books();
    let all = books.ledger.open_alarms().chain(books.ledger.closed_alarms());
    Ok(all.map(|alarm| (alarm.id, alarm.clone())).collect())
}

fn used_bytes(disk: &FakeDisk) -> u64 {
    let names = disk.list().unwrap_or_default();
    names.iter().filter_map(|name| disk.contents(name)).map(|bytes| bytes.len() as u64).sum()
}
