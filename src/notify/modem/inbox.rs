//! Messages that come in: read from the SIM, joined, handed over, and deleted when they are kept.
//!
//! Constraints:
//! - A message leaves the SIM only after the receiver has said that it is kept. If anything ends in between, it is read again:
//!   receivers expect one message twice.
//! - An index says nothing over a restart of the modem, so a stored message is known by its PDU, and its index is looked up
//!   again before it is deleted.
//! - Parts that never come are waited for for a limited time; then what is there is given, with `…` in the gaps.
//! - What cannot be understood is read some times more, and then deleted: a full SIM takes no further message.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use jiff::tz::Offset;

use super::IncomingId;
use super::command::Command;
use crate::core::time::{Mono, Wall};
use crate::device::hex;
use crate::device::sms_pdu::{Concat, Deliver, Message, Pdu, StatusReport};
use crate::limits::modem as limit;
use crate::notify::channel::{Incoming, Recipient};
use crate::private::Private;

/// What stands in the place of a part that is missing.
const GAP: &str = "…";

/// Everything that came in and is not done with.
pub(super) struct Inbox {
    /// Announced, with how often it was read in vain.
    to_read: BTreeMap<u16, u8>,
    /// PDUs that are on their way, in the order of their announcement.
    follows: VecDeque<Follows>,
    known: Vec<Known>,
    /// What the list under way has shown.
    seen: BTreeSet<u16>,
    next_list: Mono,
    next_id: u64,
}

/// A PDU stands on one of the next lines.
struct Follows {
    index: Option<u16>,
    octets: Option<u16>,
}

/// A message that was read.
struct Known {
    pdu: Vec<u8>,
    /// Where it is stored; none for what was never stored, or was before the modem started anew.
    index: Option<u16>,
    standing: Standing,
}

enum Standing {
    /// It waits for other parts, or for room.
    Waiting(Part),
    /// Somebody has it and has not said that it is kept.
    Handed(IncomingId),
    /// Done with: it may be deleted.
    Done,
}

/// A part of a message, or a whole one.
struct Part {
    from: Private<String>,
    text: Private<String>,
    sent: Option<Wall>,
    concat: Option<Concat>,
    since: Mono,
}

/// What a PDU is.
pub(super) enum Taken {
    /// A report.
    Report(StatusReport),
    /// A message, or nothing of interest.
    Message,
}

impl Default for Inbox {
    fn default() -> Self {
        Self {
            to_read: BTreeMap::new(),
            follows: VecDeque::new(),
            known: Vec::new(),
            seen: BTreeSet::new(),
            next_list: Mono(0),
            next_id: 0,
        }
    }
}

impl Inbox {
    /// The modem has started: places mean nothing any more, and everything is listed again.
    pub(super) fn restart(&mut self, now: Mono) {
        self.to_read.clear();
        self.follows.clear();
        self.known.iter_mut().for_each(|known| known.index = None);
        self.next_list = now;
    }

    /// Something is stored there.
    pub(super) fn announced(&mut self, now: Mono, memory: &str, index: u16) {
        if memory == "SM" && self.to_read.len() < limit::MODEM_STORED_MAX {
            self.to_read.entry(index).or_insert(0);
        } else {
            self.next_list = self.next_list.min(now);
        }
    }

    /// A PDU stands on one of the next lines: of a stored message, or of one that is told at once.
    pub(super) fn follows(&mut self, index: Option<u16>, octets: Option<u16>) {
        if self.follows.len() >= limit::MODEM_EARLY_REPORTS_MAX {
            self.follows.pop_front();
        }
        self.seen.extend(index);
        self.follows.push_back(Follows { index, octets });
    }

    /// A line that may be an announced PDU; `None` when it is none.
    pub(super) fn line(&mut self, now: Mono, line: &str) -> Option<Taken> {
        if self.follows.is_empty() {
            return None;
        }
        let pdu = hex::read(line.as_bytes()).filter(|pdu| !pdu.is_empty())?;
        let octets = pdu.len().checked_sub(1 + usize::from(*pdu.first()?));
        let as_long = |follows: &Follows| follows.octets.map(usize::from) == octets;
        let place = self.follows.iter().position(as_long);
        let follows = self.follows.remove(place.unwrap_or(0))?;
        Some(self.read(now, pdu, follows.index, place.is_some() || follows.octets.is_none()))
    }

    /// The command under way has ended, so nothing follows any more.
    pub(super) fn nothing_follows(&mut self) {
        self.follows.clear();
    }

    /// A read message; `whole` where it is as long as was announced.
    fn read(&mut self, now: Mono, pdu: Vec<u8>, index: Option<u16>, whole: bool) -> Taken {
        if let Some(known) = self.known.iter_mut().find(|known| known.pdu == pdu) {
            known.index = index.or(known.index);
            index.map(|index| self.to_read.remove(&index));
            return Taken::Message;
        }
        let read = Pdu::read(&pdu).ok().map(|pdu| pdu.message);
        // Bytes are lost on a line: what is shorter than was announced is read again before it is believed.
        if let (Some(index), true) = (index, read.is_none() || !whole) {
            let tries = self.to_read.entry(index).or_insert(0);
            *tries = tries.saturating_add(1);
            if *tries < limit::MODEM_READ_TRIES {
                return Taken::Message;
            }
        }
        if self.known.len() >= limit::MODEM_STORED_MAX {
            // It stays on the SIM, and the next listing finds it.
            index.map(|index| self.to_read.remove(&index));
            return Taken::Message;
        }
        index.map(|index| self.to_read.remove(&index));
        let (standing, taken) = match read {
            Some(Message::Deliver(deliver)) => (waiting(now, &deliver), Taken::Message),
            Some(Message::StatusReport(report)) => (Standing::Done, Taken::Report(report)),
            Some(Message::Submit(_)) | None => (Standing::Done, Taken::Message),
        };
        if index.is_some() || !matches!(standing, Standing::Done) {
            self.known.push(Known { pdu, index, standing });
        }
        taken
    }

    /// The messages that are complete, or were waited for long enough.
    pub(super) fn complete(&mut self, now: Mono) -> Vec<(IncomingId, Incoming)> {
        let mut given = Vec::new();
        while self.unkept() < limit::MODEM_UNKEPT_MAX {
            let Some(first) = self.next_complete(now) else { break };
            let id = IncomingId(self.next_id);
            self.next_id += 1;
            given.push((id, self.hand_over(first, id)));
        }
        given
    }

    /// The receiver has kept it.
    pub(super) fn kept(&mut self, id: IncomingId) {
        for known in &mut self.known {
            if matches!(known.standing, Standing::Handed(handed) if handed == id) {
                known.standing = Standing::Done;
            }
        }
        self.known.retain(|known| known.index.is_some() || !matches!(known.standing, Standing::Done));
    }

    /// The receiver has not kept it: the next listing finds it again.
    pub(super) fn not_kept(&mut self, id: IncomingId) {
        self.known.retain(|known| !matches!(known.standing, Standing::Handed(handed) if handed == id));
    }

    /// What is to be asked of the modem.
    pub(super) fn next_command(&mut self, now: Mono) -> Option<Command> {
        let done = |known: &&Known| matches!(known.standing, Standing::Done);
        if let Some(index) = self.known.iter().filter(done).find_map(|known| known.index) {
            return Some(Command::Delete(index));
        }
        if self.has_room()
            && let Some(index) = self.to_read.keys().next()
        {
            return Some(Command::Read(*index));
        }
        if now >= self.next_list && self.has_room() {
            self.seen.clear();
            return Some(Command::List);
        }
        None
    }

    /// When a message is given although a part of it is missing.
    pub(super) fn joins_due(&self) -> Mono {
        if self.unkept() >= limit::MODEM_UNKEPT_MAX {
            return Mono(u64::MAX);
        }
        let parts = self.known.iter().filter_map(Known::part);
        parts.map(|part| part.since + limit::MODEM_JOIN_WAIT).min().unwrap_or(Mono(u64::MAX))
    }

    /// When the modem is to be asked for all that it stores.
    pub(super) fn list_due(&self) -> Mono {
        if self.has_room() { self.next_list } else { Mono(u64::MAX) }
    }

    /// A message was deleted, or could not be.
    pub(super) fn deleted(&mut self, index: u16, gone: bool) {
        if gone {
            self.known.retain(|known| known.index != Some(index) || !matches!(known.standing, Standing::Done));
        } else {
            // The next listing says where it is, if it is anywhere.
            let here = self.known.iter_mut().filter(|known| known.index == Some(index));
            here.for_each(|known| known.index = None);
        }
    }

    /// A message was asked for; whatever came of it has been told by its lines.
    pub(super) fn asked(&mut self, index: u16, answered: bool) {
        match self.to_read.get_mut(&index) {
            // Nothing is stored there.
            Some(0) if answered => {
                self.to_read.remove(&index);
            }
            Some(tries) if !answered => {
                *tries += 1;
                if *tries >= limit::MODEM_READ_TRIES {
                    self.to_read.remove(&index);
                }
            }
            _ => {}
        }
    }

    /// Everything was listed, or could not be.
    pub(super) fn was_listed(&mut self, now: Mono, answered: bool) {
        self.next_list = now + if answered { limit::MODEM_LIST_RHYTHM } else { limit::MODEM_SIM_WAIT };
        if answered {
            // What is done with and is nowhere needs no deleting.
            let seen = &self.seen;
            self.known.retain(|known| {
                !matches!(known.standing, Standing::Done) || known.index.is_some_and(|index| seen.contains(&index))
            });
        }
    }

    fn has_room(&self) -> bool {
        self.unkept() < limit::MODEM_UNKEPT_MAX && self.known.len() < limit::MODEM_STORED_MAX
    }

    fn unkept(&self) -> usize {
        let ids: BTreeSet<u64> = self.known.iter().filter_map(Known::handed).collect();
        ids.len()
    }

    /// The first part of a message that can be given.
    fn next_complete(&self, now: Mono) -> Option<usize> {
        let waiting = self.known.iter().enumerate().filter_map(|(at, known)| Some((at, known.part()?)));
        let joins: BTreeSet<_> = self.known.iter().filter_map(|known| known.part()?.key()).collect();
        let crowded = joins.len() > limit::MODEM_JOINS_MAX;
        let mut ready = waiting.filter(|(_, part)| {
            part.concat.is_none_or(|concat| {
                let there: BTreeSet<u8> = self.parts_of(part).filter_map(|(_, part)| Some(part.concat?.part)).collect();
                let all = (1..=concat.total).all(|wanted| there.contains(&wanted));
                all || crowded || now.since(part.since) >= limit::MODEM_JOIN_WAIT
            })
        });
        ready.next().map(|(at, _)| at)
    }

    /// The parts of the message that this one is of.
    fn parts_of(&self, of: &Part) -> impl Iterator<Item = (usize, &Part)> {
        let key = of.key();
        let parts = self.known.iter().enumerate().filter_map(|(at, known)| Some((at, known.part()?)));
        parts.filter(move |(_, part)| key.is_some() && part.key() == key)
    }

    fn hand_over(&mut self, first: usize, id: IncomingId) -> Incoming {
        let Some(part) = self.known.get(first).and_then(Known::part) else { return nobody() };
        let from = Recipient { responder: None, phone: Some(part.from.clone()) };
        let (text, sent, all) = match part.concat {
            None => (part.text.reveal().clone(), part.sent, vec![first]),
            Some(concat) => {
                let parts: Vec<(usize, &Part)> = self.parts_of(part).collect();
                let piece = |nth: u8| {
                    let of_it = |(_, part): &&(usize, &Part)| part.concat.is_some_and(|concat| concat.part == nth);
                    parts.iter().find(of_it).map_or(GAP, |(_, part)| part.text.reveal().as_str())
                };
                let text = (1..=concat.total).map(piece).collect::<String>();
                (text, part.sent, parts.iter().map(|(at, _)| *at).collect())
            }
        };
        for at in all {
            if let Some(known) = self.known.get_mut(at) {
                known.standing = Standing::Handed(id);
            }
        }
        Incoming { from, text: Private::new(text), sent }
    }
}

impl Known {
    const fn part(&self) -> Option<&Part> {
        match &self.standing {
            Standing::Waiting(part) => Some(part),
            _ => None,
        }
    }

    const fn handed(&self) -> Option<u64> {
        match &self.standing {
            Standing::Handed(IncomingId(id)) => Some(*id),
            _ => None,
        }
    }
}

impl Part {
    /// What its message is known by; none for a whole message.
    fn key(&self) -> Option<(&Private<String>, u16, u8)> {
        self.concat.map(|concat| (&self.from, concat.reference, concat.total))
    }
}

fn nobody() -> Incoming {
    Incoming { from: Recipient::default(), text: Private::default(), sent: None }
}

/// A message that was sent to us. Data are for the SIM or for nobody, and are done with.
fn waiting(now: Mono, deliver: &Deliver) -> Standing {
    let Some(text) = deliver.body.as_text().cloned() else { return Standing::Done };
    let sound = |concat: &&Concat| concat.total > 1 && (1..=concat.total).contains(&concat.part);
    Standing::Waiting(Part {
        from: deliver.from.number().clone(),
        text,
        sent: deliver.time.and_then(|time| {
            let offset = Offset::from_seconds(i32::from(time.quarters) * 900).ok()?;
            Some(Wall(offset.to_timestamp(time.local).ok()?.as_millisecond()))
        }),
        concat: deliver.concat.iter().find(sound).copied(),
        since: now,
    })
}
