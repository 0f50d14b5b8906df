//! How the modem stands with its network, and the health that is told of it.

use super::command::Command;
use super::{Dialogue, Stage};
use crate::core::time::Mono;
use crate::device::gsm_at::{Registration, signal_dbm};
use crate::limits::modem as limit;
use crate::notify::channel::{Ailment, FromChannel, Health};

/// Network, signal, and what was told.
pub(super) struct Standing {
    /// When network and signal are looked at next.
    pub(super) next_look: Mono,
    /// How well it hears, as it said last.
    pub(super) signal_dbm: Option<i16>,
    in_network: bool,
    in_4g: bool,
    /// Out of every network since then.
    without_since: Mono,
    look: Look,
    /// What it suffers from, where that is known for certain.
    ailment: Option<Ailment>,
    told: Option<Health>,
}

/// What is looked at next.
#[derive(Clone, Copy)]
enum Look {
    Network,
    Network4g,
    Signal,
    Settings,
}

impl Standing {
    pub(super) const fn new(now: Mono) -> Self {
        Self {
            next_look: now,
            signal_dbm: None,
            in_network: false,
            in_4g: false,
            without_since: now,
            look: Look::Network,
            ailment: None,
            told: None,
        }
    }

    /// The modem has started: it is in no network until it says so.
    pub(super) const fn restart(&mut self, now: Mono) {
        if self.is_registered() {
            self.without_since = now;
        }
        self.in_network = false;
        self.in_4g = false;
        self.signal_dbm = None;
        self.look = Look::Network;
        self.next_look = now;
    }

    /// Whether messages and calls can be tried. Some modems tell of 4G alone, some of calls alone.
    pub(super) const fn is_registered(&self) -> bool {
        self.in_network || self.in_4g
    }

    /// What was told of it, if it is down.
    pub(super) const fn down(&self) -> Option<Ailment> {
        match self.told {
            Some(Health::Down(ailment)) => Some(ailment),
            Some(Health::Up) | None => None,
        }
    }

    /// It works as far as the modem and its SIM go, or it is known why not.
    pub(super) const fn suffers(&mut self, ailment: Option<Ailment>) {
        self.ailment = ailment;
    }

    pub(super) fn registration(&mut self, now: Mono, one: &Registration) {
        let before = self.is_registered();
        match one.of {
            "CREG" => self.in_network = one.is_registered(),
            "CEREG" => self.in_4g = one.is_registered(),
            // Packets alone carry no message.
            _ => {}
        }
        if before && !self.is_registered() {
            self.without_since = now;
            self.next_look = self.next_look.min(now + limit::MODEM_SEARCH_RHYTHM);
        }
    }

    pub(super) fn signal(&mut self, index: u8) {
        self.signal_dbm = signal_dbm(index);
    }

    /// The next look, when it is due.
    pub(super) fn next_command(&self, now: Mono) -> Option<Command> {
        (now >= self.next_look).then_some(match self.look {
            Look::Network => Command::Network,
            Look::Network4g => Command::Network4g,
            Look::Signal => Command::Signal,
            Look::Settings => Command::Mode,
        })
    }

    /// One of them was asked for, and answered or not.
    pub(super) fn asked(&mut self, now: Mono, command: &Command) {
        // Before an errand the settings are asked for out of turn.
        let in_turn = self.next_command(now).as_ref() == Some(command);
        if !in_turn {
            return;
        }
        self.look = match command {
            Command::Network => Look::Network4g,
            Command::Network4g => Look::Signal,
            Command::Signal => Look::Settings,
            _ => Look::Network,
        };
        if matches!(self.look, Look::Network) {
            let rhythm = if self.is_registered() { limit::MODEM_LOOK_RHYTHM } else { limit::MODEM_SEARCH_RHYTHM };
            self.next_look = now + rhythm;
        }
    }
}

impl Dialogue {
    /// Tells how the channel is, where that has changed.
    pub(super) fn tell_health(&mut self) {
        let Some((health, from)) = self.health() else { return };
        if self.now >= from && self.standing.told != Some(health) {
            self.standing.told = Some(health);
            self.steps.push(super::Step::Say(FromChannel::Health(health)));
        }
    }

    /// When the health is to be told although nothing happens.
    pub(super) fn health_due(&self) -> Mono {
        match self.health() {
            Some((health, from)) if self.standing.told != Some(health) => from,
            _ => Mono(u64::MAX),
        }
    }

    /// How it is, and from when on that is said; `None` while it is being found out.
    fn health(&self) -> Option<(Health, Mono)> {
        let standing = &self.standing;
        match (&self.stage, standing.ailment) {
            (Stage::Closed(since), None) => Some((Health::Down(Ailment::NotThere), *since + limit::MODEM_GRACE)),
            (Stage::Closed(since), Some(_)) if self.now >= *since + limit::MODEM_GRACE * 3 => {
                Some((Health::Down(Ailment::NotThere), *since))
            }
            (_, Some(ailment)) => Some((Health::Down(ailment), self.now)),
            (Stage::Ready, None) if standing.is_registered() => Some((Health::Up, self.now)),
            (Stage::Ready, None) => {
                Some((Health::Down(Ailment::NoNetwork), standing.without_since + limit::MODEM_GRACE))
            }
            (Stage::Starting(_) | Stage::Waking(_), None) => None,
        }
    }
}
