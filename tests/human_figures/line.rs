//! A modem that fails now and then, and the people at its other end.

use std::collections::BTreeMap;
use std::collections::btree_map::OccupiedEntry;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use shouwang::core::id::ResponderId;
use shouwang::core::time::Mono;
use shouwang::notify::channel::{Deed, Errand, Failure, FromChannel, Ticket, Word};
use shouwang::sim::chance::Chance;

use crate::street::Line;

/// Station time of the street's second 0, which is noon.
const NOON_MS: u64 = 10_000_000;

/// Whether the village sleeps, from 21 to 7.
pub fn is_night(now: Mono) -> bool {
    let hour = (12 + now.0.saturating_sub(NOON_MS) / 3_600_000) % 24;
    !(7..21).contains(&hour)
}

/// What the modem does, and what people do about it.
pub struct Telephones {
    chance: Chance,
    /// Of a hundred calls by day they pick up so many.
    answers: BTreeMap<ResponderId, u64>,
    /// The code of the last letter that each has got.
    codes: BTreeMap<ResponderId, u8>,
    agenda: BTreeMap<(Mono, u64), FromChannel>,
    order: u64,
    /// Until then it does nothing.
    pub fails_until: Mono,
    /// What it was given, and when.
    pub given: Vec<(Mono, Errand)>,
    /// What people will write, after so many seconds.
    pub texts: Vec<(u64, ResponderId, String)>,
    pub letters: u32,
    pub calls: u32,
}

impl Telephones {
    /// People who answer 17 to 47 % of calls.
    pub fn new(seed: u64, everybody: &[ResponderId]) -> Self {
        let mut chance = Chance::stream(seed, "telephones", 0);
        let answers = everybody.iter().map(|who| (*who, chance.between(17, 47))).collect();
        Self {
            chance,
            answers,
            codes: BTreeMap::new(),
            agenda: BTreeMap::new(),
            order: 0,
            fails_until: Mono(0),
            given: Vec::new(),
            texts: Vec::new(),
            letters: 0,
            calls: 0,
        }
    }

    fn says(&mut self, at: Mono, ticket: Ticket, word: Word) {
        self.order += 1;
        self.agenda.insert((at, self.order), FromChannel::Word(ticket, word));
    }

    fn letter(&mut self, now: Mono, errand: &Errand, code: Option<u8>) {
        self.letters += 1;
        let after = |seconds| now + Duration::from_secs(seconds);
        match self.chance.below(100) {
            0..5 => return self.says(after(2), errand.ticket, Word::Failed(Failure::Trouble)),
            5..7 => return self.says(after(10), errand.ticket, Word::Failed(Failure::Unknown)),
            _ => self.says(after(4), errand.ticket, Word::Sent),
        }
        if self.chance.percent(15) {
            return;
        }
        self.says(after(7), errand.ticket, Word::Delivered);
        let (Some(who), Some(code)) = (errand.to.responder, code) else { return };
        self.codes.insert(who, code);
        let (answers, soon, late) = if is_night(now) { (5, 60, 600) } else { (15, 30, 240) };
        if self.chance.percent(answers) {
            self.writes(who, code, soon, late);
        }
    }

    fn writes(&mut self, who: ResponderId, code: u8, soon: u64, late: u64) {
        let words = match self.chance.below(100) {
            0..70 => format!("{code}"),
            70..90 => format!("{code} 忙"),
            90..95 => "1".to_owned(),
            _ => "谁?".to_owned(),
        };
        let after_s = self.chance.between(soon, late);
        self.texts.push((after_s, who, words));
    }

    fn ring(&mut self, now: Mono, errand: &Errand, for_s: u64) {
        self.calls += 1;
        let after = |seconds| now + Duration::from_secs(seconds);
        let ticket = errand.ticket;
        match self.chance.below(100) {
            0..4 => return self.says(after(8), ticket, Word::Failed(Failure::NoNetwork)),
            4..9 => return self.says(after(6), ticket, Word::Failed(Failure::Busy)),
            9..12 => return self.says(after(8), ticket, Word::Failed(Failure::Unreachable)),
            _ => self.says(after(5), ticket, Word::Delivered),
        }
        let Some(who) = errand.to.responder else { return self.says(after(5 + for_s), ticket, Word::RangOut) };
        let by_day = self.answers.get(&who).copied().unwrap_or(17);
        let (answers, soon, late) = if is_night(now) { (by_day / 2, 12, 28) } else { (by_day, 4, 20) };
        if !self.chance.percent(answers) {
            return self.says(after(5 + for_s), ticket, Word::RangOut);
        }
        let picked_up = 5 + self.chance.between(soon, late);
        self.says(after(picked_up), ticket, Word::PickedUp);
        match self.chance.below(100) {
            0..60 => self.says(after(picked_up + 3), ticket, Word::Key('1')),
            60..75 => self.says(after(picked_up + 3), ticket, Word::Key('2')),
            75..85 => {
                if let Some(code) = self.codes.get(&who).copied() {
                    self.writes(who, code, picked_up + 20, picked_up + 120);
                }
            }
            _ => {}
        }
        self.says(after(picked_up + 8), ticket, Word::HungUp);
    }
}

/// The line of the street to these telephones.
pub struct HumanLine(pub Arc<Mutex<Telephones>>);

impl Line for HumanLine {
    fn give(&mut self, now: Mono, errand: Errand) {
        let mut telephones = self.0.lock().expect("one thread");
        telephones.given.push((now, errand.clone()));
        if now < telephones.fails_until {
            return telephones.says(now + Duration::from_secs(20), errand.ticket, Word::Failed(Failure::Trouble));
        }
        match &errand.deed {
            Deed::Text(letter) => telephones.letter(now, &errand, letter.code),
            Deed::Ring(ring) => telephones.ring(now, &errand, u64::from(ring.for_s)),
        }
    }

    fn deadline(&self) -> Option<Mono> {
        self.0.lock().expect("one thread").agenda.keys().next().map(|(at, _)| *at)
    }

    fn turn(&mut self, now: Mono) -> Vec<FromChannel> {
        let mut telephones = self.0.lock().expect("one thread");
        // One at a time, so that the oracle looks between them.
        let due = telephones.agenda.first_entry().filter(|entry| entry.key().0 <= now);
        due.map(OccupiedEntry::remove).into_iter().collect()
    }

    fn cut(&mut self, _: Mono) {
        self.0.lock().expect("one thread").agenda.clear();
    }
}
