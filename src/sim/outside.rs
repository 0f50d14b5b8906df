//! The way to the county and back: connections, the broker in between, receipts.

use super::fault::{Fault, Mishap};
use super::gateway::LANES;
use super::person::DAY;
use super::place::slug;
use super::trace::{Ms, is_private};
use super::uplink::{Asked, Cargo, Upward};
use super::village::{Event, Village};
use crate::core::effect::{Authority, Command, Order};
use crate::core::id::{CommandId, Epoch};
use crate::core::sequence::Range;
use crate::relay::message::{Ack, Reject, encode};
use crate::relay::pump::Event as PumpEvent;
use crate::relay::window::Token;

/// Publishes without acknowledgement that the county's broker takes. Source: mosquitto.conf(5), `receive_maximum`.
const RECEIVE_MAX: u16 = 20;
/// The county gathers what arrives into a transaction for so long.
const TRANSACTION: Ms = 20;
/// A connection on which nothing is heard for this long is over, at both ends. judgement: one and a half times a keep-alive of 30 s.
const KEEP_ALIVE: Ms = 45_000;
/// One in so many messages is followed by forged receipts before its own can be there. judgement: several a day.
const FORGED_ONE_IN: u64 = 500;
/// So soon: nothing is on its way to the county and back in less than four times this.
const FORGED_AFTER: Ms = 10;
/// A question that was not answered is asked again.
const ASKS: Ms = 20_000;

impl Village<'_> {
    /// Lets the pump send what it wants to send.
    pub(super) fn send_up(&mut self) {
        if !self.link.connected {
            return;
        }
        loop {
            let Some(gateway) = &mut self.gateway else { return };
            match gateway.next_upward(self.now) {
                Asked::Waits => return,
                Asked::Nothing => {}
                Asked::Rebuild => return self.hang_up(true),
                Asked::Leaves(upward) => {
                    if let Cargo::Records(lane, range) = upward.cargo {
                        self.oracle.sent(self.now, gateway, lane, range);
                        self.trace.line(self.now, format_args!("send {lane} {} to {}", range.0, range.1));
                    }
                    if is_private(&upward.bytes) {
                        self.oracle.against(self.now, "nothing_private_leaves", format!("{:?}", upward.cargo));
                    }
                    if !std::mem::replace(&mut self.link.born, true) && upward.cargo != Cargo::Birth {
                        self.oracle.against(self.now, "a_birth_comes_first", format!("{:?}", upward.cargo));
                    }
                    let way = self.way();
                    self.after(way, Event::AtBroker(self.link.conn, upward));
                    self.perhaps_forge();
                }
            }
        }
    }

    /// A message reaches the county's broker: acknowledged at once, and handed on, unless the broker forgets it.
    pub(super) fn at_broker(&mut self, conn: u64, upward: Upward) {
        if self.link.dead == Some(conn) {
            return;
        }
        let over = !self.link.connected || self.link.conn != conn;
        // What was on its way when the connection broke has arrived or not.
        if over && self.chance.percent(50) {
            return;
        }
        if !over && let Some(token) = upward.token {
            let way = self.way();
            self.after(way, Event::Published(conn, token));
        }
        if self.link.forgets {
            return;
        }
        match upward.cargo {
            Cargo::Birth => self.link.shown = Some((conn, true)),
            Cargo::Standing => {}
            Cargo::Answer => {
                if self.county.answered(&upward.bytes) {
                    self.trace.line(self.now, format_args!("county knows what is open"));
                }
            }
            Cargo::Records(lane, _) => {
                self.county.take(lane, upward.bytes);
                self.commit_soon();
            }
        }
    }

    fn commit_soon(&mut self) {
        if self.county.commit_at.is_none() {
            let slow = self.county.slow;
            let takes = if slow { self.chance.between(5_000, 180_000) } else { TRANSACTION };
            self.county.commit_at = Some(self.now + takes);
            self.after(takes, Event::Commit);
        }
    }

    /// How long something is on the way to the county's broker, or back.
    fn way(&mut self) -> Ms {
        let way = self.chance.between(20, 120);
        if self.link.slow { way + self.chance.between(1_000, 20_000) } else { way }
    }

    /// The broker's acknowledgement reaches the gateway.
    pub(super) fn published(&mut self, conn: u64, token: Token) {
        let alive = self.link.connected && self.link.dead != Some(conn);
        let (now, current) = (self.now, alive && self.link.conn == conn);
        if let Some(gateway) = self.gateway.as_mut().filter(|_| current) {
            gateway.published(now, token);
        }
    }

    /// The county commits, and only then gives receipts.
    pub(super) fn county_commits(&mut self) {
        self.county.commit_at = None;
        if self.county.away {
            return;
        }
        let done = self.county.commit();
        for what in done.disputes {
            self.oracle.disputed(self.now, what);
        }
        for alarm in done.new {
            self.trace.line(self.now, format_args!("county has {alarm}"));
            let errand = self.responders.county(self.now, alarm);
            self.errands(errand);
        }
        if self.link.deaf {
            return;
        }
        for ack in done.acks {
            if self.settings.faults.has(Fault::Repeat) && self.chance.percent(5) {
                self.send_receipt(ack.clone());
            }
            self.send_receipt(ack);
        }
    }

    fn send_receipt(&mut self, ack: Ack) {
        if !self.link.connected {
            self.link.kept.push(ack);
            return;
        }
        let mut way = self.way();
        // They may overtake one another.
        if self.settings.faults.has(Fault::Repeat) && self.chance.percent(3) {
            way += self.chance.between(1_000, 90_000);
        }
        self.after(way, Event::Receipt(self.link.conn, ack));
    }

    /// A receipt reaches the gateway, as bytes.
    pub(super) fn receipt(&mut self, conn: u64, ack: &Ack) {
        let current = self.link.connected && self.link.conn == conn && self.link.dead != Some(conn);
        let Ok(ack) = serde_json::from_slice::<Ack>(&encode(ack)) else { return };
        let Some(gateway) = self.gateway.as_mut().filter(|_| current) else {
            self.link.kept.push(ack);
            return;
        };
        let lane = ack.lane;
        if let Some(new) = gateway.receipt(self.now, ack) {
            self.trace.line(self.now, format_args!("receipt {lane} {:?}", new.ranges));
            self.receipted(&new);
        }
    }

    /// The gateway tries to reach the county.
    pub(super) fn dial(&mut self, life: u32) {
        if self.lives != life || self.link.connected || !self.link.up {
            return;
        }
        if self.gateway.is_none() {
            return;
        }
        // Whoever comes back under the same name takes the old connection's place, and its will is published first.
        self.last_will(self.link.conn);
        self.link.conn += 1;
        self.link.connected = true;
        (self.link.born, self.link.dead) = (false, None);
        let Some(gateway) = &mut self.gateway else { return };
        let mono = gateway.clock.mono(self.now);
        gateway.pump.handle(mono, PumpEvent::Connected { receive_max: RECEIVE_MAX });
        gateway.pump.handle(mono, PumpEvent::County { online: !self.county.away, since: self.county.since });
        self.trace.line(self.now, format_args!("connected to the county, {}", self.link.conn));
        for ack in std::mem::take(&mut self.link.kept) {
            self.send_receipt(ack);
        }
    }

    /// The connection breaks; `again` when there is still a way.
    pub(super) fn hang_up(&mut self, again: bool) {
        self.link.up = again;
        if self.link.connected {
            self.lose_connection();
            if let Some(gateway) = &mut self.gateway {
                gateway.pump.handle(gateway.clock.mono(self.now), PumpEvent::Disconnected);
            }
            self.trace.line(self.now, format_args!("connection to the county is gone"));
        }
        if again {
            self.dial_soon();
        }
    }

    /// The connection is gone; sooner or later the broker notices, and publishes the will.
    pub(super) fn lose_connection(&mut self) {
        if std::mem::take(&mut self.link.connected) {
            let notices = self.chance.below(KEEP_ALIVE);
            self.after(notices, Event::Will(self.link.conn));
        }
    }

    /// The broker publishes the will of a connection that is gone and has no successor.
    pub(super) fn last_will(&mut self, conn: u64) {
        if self.link.conn == conn && !self.link.connected {
            self.link.shown = Some((conn, false));
        }
    }

    /// Nothing comes through the connection any more, and nobody is told: the gateway hears no answer to its pings.
    pub(super) fn half_open(&mut self) {
        self.link.up = false;
        if self.link.connected {
            self.link.dead = Some(self.link.conn);
            self.after(KEEP_ALIVE, Event::NoPing(self.link.conn));
        }
    }

    /// The gateway gives a connection up on which nothing comes back.
    pub(super) fn no_ping(&mut self, conn: u64) {
        if self.link.connected && self.link.dead == Some(conn) {
            self.hang_up(self.link.up);
        }
    }

    /// The county goes away, or is back and says so.
    pub(super) fn county_away(&mut self, away: bool) {
        if self.county.away == away {
            return;
        }
        self.county.away = away;
        if !away {
            self.county.since += 1;
            self.commit_soon();
        }
        self.county_shows();
    }

    /// The county works with other books from here on. It says that it began anew, and asks what is open.
    pub(super) fn county_restored(&mut self, empty: bool) {
        self.county.forget(empty);
        self.link.kept.clear();
        let id = CommandId(slug(&format!("q{}", self.county.since)));
        self.county.question = Some(id);
        self.county_shows();
        self.after(ASKS, Event::Ask(id));
    }

    fn county_shows(&mut self) {
        let (online, since) = (!self.county.away, self.county.since);
        if let Some(gateway) = self.gateway.as_mut().filter(|_| self.link.connected && self.link.dead.is_none()) {
            gateway.pump.handle(gateway.clock.mono(self.now), PumpEvent::County { online, since });
        }
    }

    /// The county asks a station what is open, until it has the answer.
    pub(super) fn county_asks(&mut self, id: CommandId) {
        if self.county.question != Some(id) {
            return;
        }
        let reachable = self.link.connected && self.link.dead.is_none() && !self.county.away;
        if let Some(gateway) = self.gateway.as_mut().filter(|_| reachable) {
            gateway.order(Command { id, from: Authority::County, order: Order::Query });
        }
        self.after(ASKS, Event::Ask(id));
    }

    /// Forgers come when something waits for its receipt: what was never sent is settled by nobody.
    fn perhaps_forge(&mut self) {
        let forgers = self.settings.faults.has(Fault::Forged) && self.now < self.settings.days * DAY;
        if forgers && self.chance.below(FORGED_ONE_IN) == 0 {
            self.after(FORGED_AFTER, Event::Strike(Mishap::Forged, 0));
        }
    }

    /// Somebody sends receipts of another epoch, for what was never sent, and for nothing.
    pub(super) fn forge(&mut self) {
        let Some(gateway) = &mut self.gateway else { return };
        for lane in LANES {
            let head = gateway.journal.books().ledger.lanes().get(&lane).map_or(0, |progress| progress.head);
            let ack = |epoch, range| Ack { epoch, lane, ranges: vec![range], reject: Vec::new() };
            let mut refusing = ack(gateway.epoch, Range(1, 0));
            refusing.reject.push(Reject { seq: head + 7, reason: "forged".to_owned() });
            for forged in [
                ack(Epoch(gateway.epoch.0 ^ 1), Range(1, head)),
                ack(gateway.epoch, Range(head + 1, head + 1_000)),
                ack(gateway.epoch, Range(9, 3)),
                refusing,
            ] {
                if let Some(new) = gateway.receipt(self.now, forged) {
                    let what = format!("{lane} {:?} of {head}", new.ranges);
                    self.oracle.against(self.now, "a_forged_receipt_settles_nothing", what);
                }
            }
        }
    }

    /// Tries to reach the county in a moment.
    pub(super) fn dial_soon(&mut self) {
        let way = self.chance.between(200, 3_000);
        self.after(way, Event::Dial(self.lives));
    }
}
