//! The way to the county and back: connections, the broker in between, receipts.

use super::fault::Fault;
use super::trace::{Ms, is_private};
use super::uplink::{Asked, Cargo, Upward};
use super::village::{Event, Village};
use crate::relay::message::{Ack, encode};
use crate::relay::pump::Event as PumpEvent;
use crate::relay::window::Token;

/// Publishes without acknowledgement that the county's broker takes. Source: mosquitto.conf(5), `receive_maximum`.
const RECEIVE_MAX: u16 = 20;
/// The county gathers what arrives into a transaction for so long.
const TRANSACTION: Ms = 20;

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
                    let way = self.chance.between(20, 120);
                    self.after(way, Event::AtBroker(self.link.conn, upward));
                }
            }
        }
    }

    /// A message reaches the county's broker: acknowledged at once, and handed on, unless the broker forgets it.
    pub(super) fn at_broker(&mut self, conn: u64, upward: Upward) {
        let over = !self.link.connected || self.link.conn != conn;
        // What was on its way when the connection broke has arrived or not.
        if over && self.chance.percent(50) {
            return;
        }
        if !over && let Some(token) = upward.token {
            let way = self.chance.between(20, 120);
            self.after(way, Event::Published(conn, token));
        }
        if self.link.forgets {
            return;
        }
        if let Cargo::Records(lane, _) = upward.cargo {
            self.county.take(lane, upward.bytes);
            if self.county.commit_at.is_none() {
                self.county.commit_at = Some(self.now + TRANSACTION);
                self.after(TRANSACTION, Event::Commit);
            }
        }
    }

    /// The broker's acknowledgement reaches the gateway.
    pub(super) fn published(&mut self, conn: u64, token: Token) {
        let (now, current) = (self.now, self.link.connected && self.link.conn == conn);
        if let Some(gateway) = self.gateway.as_mut().filter(|_| current) {
            gateway.pump.handle(gateway.clock.mono(now), PumpEvent::Published(token));
        }
    }

    /// The county commits, and only then gives receipts.
    pub(super) fn county_commits(&mut self) {
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
        let way = self.chance.between(20, 150);
        self.after(way, Event::Receipt(self.link.conn, ack));
    }

    /// A receipt reaches the gateway, as bytes.
    pub(super) fn receipt(&mut self, conn: u64, ack: &Ack) {
        let current = self.link.connected && self.link.conn == conn;
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
        let Some(gateway) = &mut self.gateway else { return };
        self.link.conn += 1;
        self.link.connected = true;
        let mono = gateway.clock.mono(self.now);
        gateway.pump.handle(mono, PumpEvent::Connected { receive_max: RECEIVE_MAX });
        gateway.pump.handle(mono, PumpEvent::County { online: true, since: 1 });
        self.trace.line(self.now, format_args!("connected to the county, {}", self.link.conn));
        for ack in std::mem::take(&mut self.link.kept) {
            self.send_receipt(ack);
        }
    }

    /// The connection breaks; `again` when there is still a way.
    pub(super) fn hang_up(&mut self, again: bool) {
        self.link.up = again;
        if self.link.connected {
            self.link.connected = false;
            if let Some(gateway) = &mut self.gateway {
                gateway.pump.handle(gateway.clock.mono(self.now), PumpEvent::Disconnected);
            }
            self.trace.line(self.now, format_args!("connection to the county is gone"));
        }
        if again {
            self.dial_soon();
        }
    }

    /// Tries to reach the county in a moment.
    pub(super) fn dial_soon(&mut self) {
        let way = self.chance.between(200, 3_000);
        self.after(way, Event::Dial(self.lives));
    }
}
