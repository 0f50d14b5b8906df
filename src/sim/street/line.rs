//! The modem and the network behind it, in virtual time: one thing at a time, letters that take seconds, calls that ring, reports
//! that come or do not, and a SIM card that keeps what came in.

use std::collections::{BTreeMap, BTreeSet};

use super::habit::People;
use super::telephone::Reach;
use super::{Happening, Parcel, Whom, Written};
use crate::core::time::Wall;
use crate::notify::channel::{Ailment, Deed, Errand, Failure, Health, Incoming, Letter, Recipient, Ring, Ticket, Word};
use crate::private::Private;
use crate::sim::chance::Chance;
use crate::sim::clock::true_wall;
use crate::sim::trace::Ms;

const SECOND: Ms = 1_000;
/// A process finds its modem ready after this long.
const START: Ms = 8 * SECOND;
/// A modem that does not answer is given up after this long for each errand.
const GIVEN_UP: Ms = 25 * SECOND;
/// And said to be ill after this long.
const SAID_ILL: Ms = 45 * SECOND;

/// How the modem is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(in crate::sim) enum Mood {
    /// It works, and fails now and then.
    Well,
    /// It answers nothing.
    Dead,
    /// It finds no network.
    NoNetwork,
}

/// See the module.
#[derive(Debug)]
pub(in crate::sim) struct Line {
    mood: Mood,
    /// Counts its power-ups: what was in it before is gone.
    pub boots: u32,
    ready_at: Ms,
    /// What it does, and for which life.
    busy: Option<(u32, Ticket)>,
    inbox: BTreeMap<u64, Written>,
    /// What the living process has read and not let go of.
    read: BTreeSet<u64>,
    texts: u64,
    chance: Chance,
}

impl Line {
    /// A modem that works.
    pub(in crate::sim) fn new(seed: u64) -> Line {
        Line {
            mood: Mood::Well,
            boots: 0,
            ready_at: 0,
            busy: None,
            inbox: BTreeMap::new(),
            read: BTreeSet::new(),
            texts: 0,
            chance: Chance::stream(seed, "line", 0),
        }
    }

    /// Whether it has something to do for that life.
    pub(in crate::sim) fn is_busy(&self, life: u32) -> bool {
        self.busy.is_some_and(|(of, _)| of == life)
    }

    /// A process begins to use it.
    pub(super) fn begin(&mut self, now: Ms, life: u32) -> Vec<(Ms, Happening)> {
        self.busy = None;
        self.read.clear();
        self.ready_at = now + START;
        vec![self.health(self.ready_at, life), (self.ready_at, Happening::Reads(life))]
    }

    /// It loses its power with the box.
    pub(in crate::sim) fn lose_power(&mut self) {
        self.boots += 1;
    }

    /// It changes its mood, and says so to whoever lives after a while.
    pub(super) fn turn(&mut self, now: Ms, life: u32, mood: Mood) -> Vec<(Ms, Happening)> {
        self.mood = mood;
        vec![self.health(now + SAID_ILL, life)]
    }

    fn health(&self, at: Ms, life: u32) -> (Ms, Happening) {
        let health = match self.mood {
            Mood::Well => Health::Up,
            Mood::Dead => Health::Down(Ailment::Hangs),
            Mood::NoNetwork => Health::Down(Ailment::NoNetwork),
        };
        (at, Happening::Health(life, health))
    }

    /// It is given something to do. What comes of it is decided here, as far as it is chance.
    pub(super) fn give(
        &mut self,
        now: Ms,
        life: u32,
        errand: &Errand,
        to: Whom,
        people: &mut People,
    ) -> Vec<(Ms, Happening)> {
        self.busy = Some((life, errand.ticket));
        let begin = now.max(self.ready_at);
        let word = |at, word| (at, Happening::Word(life, errand.ticket, word));
        match (self.mood, &errand.deed) {
            (Mood::Dead, _) => vec![word(begin + GIVEN_UP, Word::Failed(Failure::Trouble))],
            (Mood::NoNetwork, _) => vec![word(begin + 3 * SECOND, Word::Failed(Failure::NoNetwork))],
            (Mood::Well, Deed::Text(letter)) => self.letter(begin, life, errand.ticket, to, letter),
            (Mood::Well, Deed::Ring(ring)) => self.ring(begin, life, errand.ticket, to, ring, people),
        }
    }

    /// Of a hundred letters five fail, of two nobody knows whether they left, and one is lost behind the mast.
    fn letter(&mut self, now: Ms, life: u32, ticket: Ticket, to: Whom, letter: &Letter) -> Vec<(Ms, Happening)> {
        let at = now + self.chance.between(3 * SECOND, 6 * SECOND);
        let word = |at, word| (at, Happening::Word(life, ticket, word));
        let confirmed = self.chance.percent(90);
        let (alarm, coded, text) = (letter.alarm, letter.code.is_some(), letter.text.clone());
        let parcel = Parcel { to, errand: (life, ticket), alarm, coded, text, confirmed };
        let leaves = (at, Happening::Leaves(life, self.boots, Box::new(parcel)));
        match self.chance.below(100) {
            0..5 => vec![word(at, Word::Failed(Failure::Trouble))],
            5 => vec![word(at + 10 * SECOND, Word::Failed(Failure::Unknown)), leaves],
            6 => vec![word(at + 10 * SECOND, Word::Failed(Failure::Unknown))],
            7 => vec![word(at, Word::Sent), word(at + 9 * SECOND, Word::NotDelivered)],
            _ => vec![leaves, word(at, Word::Sent)],
        }
    }

    /// When a letter that has left is on its telephone.
    pub(super) fn arrives_at(&mut self, now: Ms, to: Whom, people: &People) -> Ms {
        people.on_at(now, to) + self.chance.between(SECOND, 5 * SECOND)
    }

    fn ring(
        &mut self,
        now: Ms,
        life: u32,
        ticket: Ticket,
        to: Whom,
        ring: &Ring,
        people: &mut People,
    ) -> Vec<(Ms, Happening)> {
        let alerts = now + self.chance.between(4 * SECOND, 8 * SECOND);
        let ends = alerts + u64::from(ring.for_s) * SECOND;
        let word = |at, word| (at, Happening::Word(life, ticket, word));
        if self.chance.percent(3) {
            return vec![word(alerts, Word::Failed(Failure::NoNetwork))];
        }
        match people.reach(now, to) {
            Reach::Busy => return vec![word(alerts, Word::Failed(Failure::Busy))],
            // Some networks say so, and others let a voice say so, which a modem takes for ringing without an alert.
            Reach::Off if self.chance.percent(50) => return vec![word(alerts, Word::Failed(Failure::Unreachable))],
            Reach::Off => return vec![word(ends, Word::RangOut)],
            Reach::On => {}
        }
        let mut words = vec![word(alerts, Word::Delivered)];
        match people.picks_up(alerts, to) {
            None => words.push(word(ends, Word::RangOut)),
            Some((after, key)) => {
                let at = alerts + after.min(u64::from(ring.for_s) * SECOND);
                words.push(word(at, Word::PickedUp));
                words.push((at, Happening::PickedUp(to, key)));
                words.extend(key.map(|key| word(at + 3 * SECOND, Word::Key(key))));
                words.push(word(at + 6 * SECOND, Word::HungUp));
            }
        }
        words
    }

    /// It is free for the next errand.
    pub(super) fn over(&mut self, life: u32, ticket: Ticket) {
        if self.busy == Some((life, ticket)) {
            self.busy = None;
        }
    }

    /// A text comes in: it lies on the SIM card, whoever listens.
    pub(super) fn keep(&mut self, written: Written) {
        self.texts += 1;
        self.inbox.insert(self.texts, written);
    }

    /// Whether a text can come in.
    pub(super) fn hears(&self) -> bool {
        self.mood == Mood::Well
    }

    /// What the living process has not read yet, if the modem can be asked.
    pub(super) fn read(&mut self, number: impl Fn(&Written) -> Private<String>) -> Vec<(u64, Incoming)> {
        if self.mood == Mood::Dead {
            return Vec::new();
        }
        let unread: Vec<u64> = self.inbox.keys().filter(|id| !self.read.contains(id)).copied().collect();
        self.read.extend(&unread);
        let incoming = |id: u64| {
            let written = self.inbox.get(&id)?;
            let from = Recipient { responder: None, phone: Some(number(written)) };
            let sent: Wall = true_wall(written.sent / SECOND * SECOND);
            Some((id, Incoming { from, text: written.text.clone(), sent: Some(sent) }))
        };
        unread.into_iter().filter_map(incoming).collect()
    }

    /// The process has it on disk.
    pub(super) fn let_go(&mut self, text: u64) {
        self.inbox.remove(&text);
        self.read.remove(&text);
    }
}
