//! A simulated modem: bytes in, bytes out after a while, a network of people behind it, and moods.
//!
//! ```text
//!  hear(now, bytes) ──▶ ┌───────┐ ──▶ says(now) -> bytes        at deadline()
//!                       │ Modem │
//!  text_in, call_in ──▶ └───┬───┘ ──▶ Network: who was really sent what, and called
//! ```
//!
//! Constraints:
//! - Pure: time is an argument and all chance comes from one seed, so it is driven in virtual time, and from a pty as well.
//! - What counts is what the *network* took, and not what was answered: that is how "none twice" is asserted.
//! - It forgets its settings when it starts, as real ones do: echo on, text mode, nothing announced.

pub mod mood;

pub mod network;

mod pdu;

mod call;

mod command;

use std::collections::{BTreeMap, VecDeque};
use std::time::Duration;

use super::chance::Chance;
use crate::core::time::Mono;

pub use command::pdus_of;
pub use mood::Mood;
pub use network::{CallMade, Fate, Line, Network, Part, Person};

use call::{Happens, InHand};

/// Messages that the SIM stores.
const STORE: u16 = 20;

/// Longest line that is taken.
const LINE_MAX: usize = 2_048;

/// The modem.
#[derive(Debug, Clone)]
#[expect(clippy::struct_excessive_bools, reason = "power, SIM and PIN are as many switches of the real thing")]
pub struct Modem {
    now: Mono,
    mood: Mood,
    network: Network,
    chance: Chance,
    due: BTreeMap<(Mono, u64), Due>,
    order: u64,
    /// What it has said and nobody has fetched.
    out: Vec<u8>,
    input: Vec<u8>,
    /// What was written to it while it was busy: one command is obeyed after the other.
    unread: VecDeque<u8>,
    busy_until: Mono,
    mode: Mode,
    settings: Settings,
    /// The SIM's PIN.
    pin: Option<String>,
    unlocked: bool,
    /// How often a wrong PIN was tried.
    pub wrong_pins: u8,
    /// How often it was switched off and on, or started by itself.
    pub starts: u32,
    has_sim: bool,
    started: Mono,
    is_up: bool,
    is_hung: bool,
    memory: BTreeMap<u16, String>,
    /// Messages for which the SIM has no room.
    waiting: Vec<String>,
    reference: u8,
    call: Option<InHand>,
    nth_call: u64,
    nth_text: u8,
}

/// What is to come.
#[derive(Debug, Clone)]
enum Due {
    Say(Vec<u8>),
    Boots,
    Registers,
    Listens,
    Call(u64, Happens),
    Report { reference: u8, to: String, status: u8 },
    Text { from: String, text: String },
}

/// What the bytes that come are.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Mode {
    Commands,
    /// A message, of so many octets, or to so and so in text mode.
    Message(String),
}

/// What it forgets when it starts.
#[derive(Debug, Clone, Default)]
#[expect(clippy::struct_excessive_bools, reason = "each is a command that was given or was not")]
struct Settings {
    no_echo: bool,
    numbered_errors: bool,
    pdu_mode: bool,
    announces: bool,
    reports: u8,
    hears_keys: bool,
}

impl Modem {
    /// A modem that is on and has booted, with a SIM without PIN.
    #[must_use]
    pub fn new(seed: u64, mood: Mood, network: Network) -> Self {
        let mut modem = Self {
            now: Mono(0),
            chance: Chance::stream(seed, "modem", 0),
            network,
            due: BTreeMap::new(),
            order: 0,
            out: Vec::new(),
            input: Vec::new(),
            unread: VecDeque::new(),
            busy_until: Mono(0),
            mode: Mode::Commands,
            settings: Settings::default(),
            pin: None,
            unlocked: true,
            wrong_pins: 0,
            starts: 0,
            has_sim: true,
            started: Mono(0),
            is_up: true,
            is_hung: mood.is_dead,
            mood,
            memory: BTreeMap::new(),
            waiting: Vec::new(),
            reference: 200,
            call: None,
            nth_call: 0,
            nth_text: 0,
        };
        modem.announce_registration();
        modem
    }

    /// The same with a SIM that wants a PIN.
    #[must_use]
    pub fn with_pin(mut self, pin: &str) -> Self {
        self.pin = Some(pin.to_owned());
        self.unlocked = false;
        self
    }

    /// The same without a SIM.
    #[must_use]
    pub const fn without_sim(mut self) -> Self {
        self.has_sim = false;
        self
    }

    /// The people behind it, and what reached them.
    #[must_use]
    pub const fn network(&self) -> &Network {
        &self.network
    }

    /// The same, to change somebody.
    pub const fn network_mut(&mut self) -> &mut Network {
        &mut self.network
    }

    /// Changes its mood.
    pub fn set_mood(&mut self, mood: Mood) {
        self.is_hung = mood.is_dead;
        self.mood = mood;
    }

    /// How many messages the SIM stores.
    #[must_use]
    pub fn stored(&self) -> usize {
        self.memory.len()
    }

    /// The host has written.
    pub fn hear(&mut self, now: Mono, bytes: &[u8]) {
        self.advance(now);
        if !self.is_up {
            return;
        }
        let room = LINE_MAX.saturating_sub(self.unread.len());
        self.unread.extend(bytes.iter().take(room));
        self.listen();
    }

    /// Reads what was written to it, as far as it is not busy.
    fn listen(&mut self) {
        while self.is_up && self.now >= self.busy_until {
            let Some(byte) = self.unread.pop_front() else { break };
            self.hear_byte(byte);
        }
    }

    /// Everything that it has said by then and that was not fetched yet.
    pub fn says(&mut self, now: Mono) -> Vec<u8> {
        self.advance(now);
        std::mem::take(&mut self.out)
    }

    /// When it says or does something next.
    #[must_use]
    pub fn deadline(&self) -> Mono {
        if self.out.is_empty() { self.due.keys().next().map_or(Mono(u64::MAX), |(at, _)| *at) } else { self.now }
    }

    /// Somebody sends a text to the modem's number.
    pub fn text_in(&mut self, now: Mono, from: &str, text: &str) {
        self.advance(now);
        self.schedule(Duration::ZERO, Due::Text { from: from.to_owned(), text: text.to_owned() });
    }

    /// A PDU lies on the SIM already, or comes in as it is.
    pub fn pdu_in(&mut self, now: Mono, pdu: &str) {
        self.advance(now);
        self.store(pdu.to_owned());
    }

    /// It says something that nobody asked for.
    pub fn say_unasked(&mut self, now: Mono, bytes: &[u8]) {
        self.advance(now);
        self.out.extend_from_slice(bytes);
    }

    /// It is switched off and on, or falls over.
    pub fn restart(&mut self, now: Mono) {
        self.advance(now);
        self.fall();
    }

    fn schedule(&mut self, span: Duration, due: Due) {
        self.order += 1;
        self.due.insert((self.now + span, self.order), due);
    }

    const fn is_up(&self) -> bool {
        self.is_up
    }

    fn is_registered(&self) -> bool {
        let wanted = self.mood.registers_after_s.map(Duration::from_secs);
        self.has_sim && self.unlocked && wanted.is_some_and(|wanted| self.now.since(self.started) >= wanted)
    }

    fn announce_registration(&mut self) {
        if let Some(seconds) = self.mood.registers_after_s {
            self.schedule(Duration::from_secs(seconds), Due::Registers);
        }
    }

    fn advance(&mut self, now: Mono) {
        while let Some(entry) = self.due.first_entry() {
            let (at, _) = *entry.key();
            if at > now {
                break;
            }
            let due = entry.remove();
            self.now = self.now.max(at);
            self.comes(due);
        }
        self.now = self.now.max(now);
    }

    fn comes(&mut self, due: Due) {
        match due {
            Due::Say(bytes) => {
                if self.is_up && !self.is_hung {
                    self.out.extend(bytes);
                }
            }
            Due::Boots => self.boots(),
            Due::Listens => self.listen(),
            Due::Registers => {
                if self.is_up && self.is_registered() && self.settings.announces {
                    self.unasked("+CREG: 1");
                }
            }
            Due::Call(nth, what) => self.happens(nth, &what),
            Due::Report { reference, to, status } => self.report(reference, &to, status),
            Due::Text { from, text } => {
                self.nth_text = self.nth_text.wrapping_add(1);
                for (pdu, _) in pdu::deliver(&from, &text, self.now.0 / 1000, self.nth_text) {
                    self.store(pdu);
                }
            }
        }
    }

    /// It loses its power, and boots.
    fn fall(&mut self) {
        self.starts += 1;
        self.is_up = false;
        self.is_hung = self.is_hung && !self.mood.cycle_helps;
        self.unlocked = self.pin.is_none();
        self.settings = Settings::default();
        self.mode = Mode::Commands;
        self.input.clear();
        self.unread.clear();
        self.busy_until = self.now;
        self.end_call();
        self.due
            .retain(|_, due| !matches!(due, Due::Say(_) | Due::Listens | Due::Boots | Due::Registers | Due::Call(..)));
        self.schedule(Duration::from_secs(self.mood.boots_s), Due::Boots);
    }

    fn boots(&mut self) {
        self.is_up = true;
        self.started = self.now;
        self.announce_registration();
        if self.mood.starts_silently || self.is_hung {
            return;
        }
        self.unasked("RDY");
        self.unasked("+CFUN: 1");
        if self.has_sim {
            self.schedule(Duration::from_millis(1_200), Due::Say(format!("\r\n{}\r\n", self.sim_line()).into_bytes()));
        }
    }

    fn sim_line(&self) -> &'static str {
        match (self.has_sim, self.unlocked, self.wrong_pins) {
            (false, ..) => "+CPIN: NOT INSERTED",
            (true, true, _) => "+CPIN: READY",
            (true, false, 3..) => "+CPIN: SIM PUK",
            (true, false, _) => "+CPIN: SIM PIN",
        }
    }

    fn unasked(&mut self, line: &str) {
        if self.is_up && !self.is_hung {
            self.out.extend(format!("\r\n{line}\r\n").into_bytes());
        }
    }

    /// A message comes in.
    fn store(&mut self, pdu: String) {
        let free = (1..=STORE).find(|index| !self.memory.contains_key(index));
        // The network keeps what a modem cannot take.
        let Some(index) = free.filter(|_| self.is_up) else {
            self.waiting.push(pdu);
            return;
        };
        self.memory.insert(index, pdu);
        if self.settings.announces {
            self.unasked(&format!("+CMTI: \"SM\",{index}"));
        }
    }

    /// A place is free: what waited in the network comes.
    fn make_room(&mut self) {
        for pdu in std::mem::take(&mut self.waiting) {
            self.store(pdu);
        }
    }

    fn report(&mut self, reference: u8, to: &str, status: u8) {
        let (pdu, octets) = pdu::status_report(reference, to, status, self.now.0 / 1000);
        match self.settings.reports {
            1 => self.unasked(&format!("+CDS: {octets}\r\n{pdu}")),
            2 => {
                let Some(index) = (1..=STORE).find(|index| !self.memory.contains_key(index)) else { return };
                self.memory.insert(index, pdu);
                self.unasked(&format!("+CDSI: \"SM\",{index}"));
            }
            _ => {}
        }
    }
}
