//! A modem's dialogue and a simulated modem at its port, in virtual time.

use std::time::Duration;

use shouwang::core::condition::Priority;
use shouwang::core::time::Mono;
use shouwang::notify::channel::{Deed, Errand, FromChannel, Health, Incoming, Letter, Recipient, Ring, Ticket, Word};
use shouwang::notify::modem::{Dialogue, Event, IncomingId, Manner, Step};
use shouwang::private::Private;
use shouwang::sim::modem::{Modem, Mood, Network};

/// Turns at one and the same moment before it is a loop.
const TURNS_MAX: usize = 2_000;

/// Both ends of a port.
pub struct Telephone {
    pub dialogue: Dialogue,
    pub modem: Modem,
    pub now: Mono,
    /// What was told, and when.
    pub told: Vec<(Mono, FromChannel)>,
    /// What came in, and when.
    pub came: Vec<(Mono, IncomingId, Incoming)>,
    /// What comes in is kept at once.
    pub keeps: bool,
    /// Bytes come one by one.
    pub one_by_one: bool,
    /// Everything that was written to the modem.
    pub written: Vec<u8>,
    reopen: Option<Mono>,
    turns: usize,
}

impl Telephone {
    pub fn new(seed: u64, mood: Mood, network: Network) -> Self {
        Self::with(Modem::new(seed, mood, network), Manner::default())
    }

    pub fn with(modem: Modem, manner: Manner) -> Self {
        Self {
            dialogue: Dialogue::new(Mono(0), manner),
            modem,
            now: Mono(0),
            told: Vec::new(),
            came: Vec::new(),
            keeps: true,
            one_by_one: false,
            written: Vec::new(),
            reopen: Some(Mono(0)),
            turns: 0,
        }
    }

    /// A telephone that has started and says that it is up.
    pub fn up(seed: u64, mood: Mood, network: Network) -> Self {
        let mut telephone = Self::new(seed, mood, network);
        assert!(telephone.until(120, |it| it.health() == Some(Health::Up)), "up: {:?}", telephone.told);
        telephone
    }

    /// The port is pulled out, and not put back.
    pub fn unplug(&mut self) {
        self.reopen = None;
        self.happens(Event::Gone);
    }

    /// The port is put back.
    pub fn plug(&mut self) {
        self.reopen = Some(self.now);
    }

    pub fn give(&mut self, ticket: u64, to: &str, deed: Deed) {
        let to = Recipient { responder: None, phone: Some(Private::new(to.to_owned())) };
        self.happens(Event::Errand(Errand { ticket: Ticket(ticket), to, deed }));
    }

    pub fn text(&mut self, ticket: u64, to: &str, text: &str) {
        self.give(ticket, to, text_of(text));
    }

    /// A letter that the network takes and of which the modem says nothing.
    pub fn text_without_answer(&mut self, ticket: u64, to: &str) {
        let before = self.written.len();
        self.text(ticket, to, "示例");
        assert!(self.until(10, |it| it.written[before..].windows(8).any(|window| window == b"AT+CMGS=")));
        self.modem.set_mood(Mood { loses: 1_000, ..Mood::calm() });
        assert!(self.until(10, |it| it.written.ends_with(b"\x1A")));
        self.modem.set_mood(Mood::calm());
        assert!(self.until(180, |it| it.is_over(ticket)));
    }

    pub fn ring(&mut self, ticket: u64, to: &str, for_s: u16) {
        self.give(ticket, to, Deed::Ring(Ring { for_s, say: None }));
    }

    /// What was told of an errand.
    pub fn words(&self, ticket: u64) -> Vec<Word> {
        let of = |(_, said): &(Mono, FromChannel)| match said {
            FromChannel::Word(Ticket(of), word) if *of == ticket => Some(*word),
            _ => None,
        };
        self.told.iter().filter_map(of).collect()
    }

    /// Whether an errand is over.
    pub fn is_over(&self, ticket: u64) -> bool {
        self.words(ticket).iter().any(|word| word.is_over())
    }

    /// The health that was told last.
    pub fn health(&self) -> Option<Health> {
        let of = |(_, said): &(Mono, FromChannel)| match said {
            FromChannel::Health(health) => Some(*health),
            _ => None,
        };
        self.told.iter().rev().find_map(of)
    }

    /// The texts that came in.
    pub fn texts(&self) -> Vec<&str> {
        self.came.iter().map(|(_, _, incoming)| incoming.text.reveal().as_str()).collect()
    }

    /// Lets time pass until it holds; whether it did so in time.
    pub fn until(&mut self, within_s: u64, holds: impl Fn(&Self) -> bool) -> bool {
        self.until_within(Duration::from_secs(within_s), holds)
    }

    /// Lets time pass.
    pub fn pass(&mut self, seconds: u64) {
        self.until(seconds, |_| false);
    }

    /// Lets a little time pass.
    pub fn pass_ms(&mut self, milliseconds: u64) {
        self.until_within(Duration::from_millis(milliseconds), |_| false);
    }

    fn until_within(&mut self, within: Duration, holds: impl Fn(&Self) -> bool) -> bool {
        let end = self.now + within;
        while !holds(self) {
            let next = self.next();
            if next > end {
                self.now = end;
                self.turn();
                return holds(self);
            }
            self.turns = if next > self.now { 0 } else { self.turns + 1 };
            assert!(self.turns < TURNS_MAX, "a loop at {:?}", self.now);
            self.now = self.now.max(next);
            self.turn();
        }
        true
    }

    /// When something happens next at either end.
    pub fn next(&self) -> Mono {
        self.dialogue.deadline().min(self.modem.deadline()).min(self.reopen.unwrap_or(Mono(u64::MAX)))
    }

    /// It is this time by now: whatever is due happens.
    pub fn at(&mut self, now: Mono) {
        self.now = now;
        self.turn();
    }

    fn turn(&mut self) {
        if self.reopen.is_some_and(|at| at <= self.now) {
            self.reopen = None;
            self.happens(Event::Opened);
        }
        let bytes = self.modem.says(self.now);
        if self.one_by_one {
            for byte in bytes {
                self.happens(Event::Bytes(&[byte]));
            }
        } else if !bytes.is_empty() {
            self.happens(Event::Bytes(&bytes));
        }
        self.happens(Event::Time);
    }

    pub fn happens(&mut self, event: Event<'_>) {
        let mut kept = Vec::new();
        for step in self.dialogue.handle(self.now, event) {
            match step {
                Step::Write(bytes) => {
                    self.written.extend(bytes.reveal());
                    self.modem.hear(self.now, bytes.reveal());
                }
                Step::Say(said) => self.told.push((self.now, said)),
                Step::Receive(id, incoming) => {
                    self.came.push((self.now, id, incoming));
                    kept.push(id);
                }
                Step::Reopen(at) => self.reopen = Some(at.max(self.now)),
            }
        }
        if self.keeps {
            for id in kept {
                self.happens(Event::Kept(id));
            }
        }
    }
}

/// A message with nothing but words.
pub fn text_of(text: &str) -> Deed {
    let text = Private::new(text.to_owned());
    Deed::Text(Letter { text, alarm: None, priority: Priority::High, code: None, link: None })
}
