//! What the store knows without asking the disk: the ledger, turns on their way to the log, samples on their way into
//! a block. No IO: the journal takes work out and says what became of it, so that a disk that hangs holds nobody up.

use std::collections::VecDeque;
use std::sync::Arc;

use super::gather::Gather;
use super::ledger::outbox::Place;
use super::ledger::{Draft, Ledger};
use super::log::Position;
use super::record::{Decision, Snapshot, Turn};
use super::{Committed, Degraded, Outcome, Usage};
use crate::core::sequence::Lane;
use crate::limits::{FRESH_TURNS_MAX, PENDING_TURNS_MAX};

/// Names a turn from the moment it has its numbers until it is in the log.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Ticket(u64);

/// The books.
#[derive(Debug, Default)]
pub struct Books {
    /// What the urgent stream amounts to, with the turns that are on their way to it.
    pub ledger: Ledger,
    /// Samples on their way into a block.
    pub gather: Gather,
    /// Bytes and counters as the journal last saw them.
    pub usage: Usage,
    /// Why the disk does not take records, while it does not.
    pub trouble: Option<Degraded>,
    /// In the order of their tickets.
    pending: VecDeque<Pending>,
    /// The newest turns that are in the log: the relay asks for their records the moment they are durable, and is not to
    /// wait for the disk a second time.
    fresh: VecDeque<Arc<Turn>>,
    last_ticket: u64,
}

#[derive(Debug)]
struct Pending {
    ticket: Ticket,
    turn: Arc<Turn>,
}

/// What the journal is to write.
#[derive(Debug)]
pub struct Work {
    /// All turns that are on their way, in order.
    pub turns: Vec<(Ticket, Arc<Turn>)>,
    /// What all records up to and with these turns amount to.
    pub snapshot: Option<Snapshot>,
}

/// What the journal wrote.
#[derive(Debug, Default)]
pub struct Written {
    /// Turns, and where.
    pub turns: Vec<(Ticket, Position)>,
    /// Records that were carried into a fresh segment, and where to.
    pub carried: Vec<(Lane, u64, Position)>,
}

impl Books {
    /// The books as the log leaves them.
    #[must_use]
    pub fn new(ledger: Ledger) -> Books {
        Books { ledger, ..Books::default() }
    }

    /// Numbers a draft and puts the turn on its way.
    pub fn enter(&mut self, draft: Draft) -> (Ticket, Vec<Decision>) {
        let turn = self.ledger.enter(draft);
        self.last_ticket += 1;
        let ticket = Ticket(self.last_ticket);
        let decisions = turn.decisions.clone();
        if self.pending.len() >= PENDING_TURNS_MAX {
            self.forget_one();
        }
        self.pending.push_back(Pending { ticket, turn: Arc::new(turn) });
        (ticket, decisions)
    }

    /// How many turns are on their way.
    #[must_use]
    pub fn pending(&self) -> usize {
        self.pending.len()
    }

    /// Whether a turn is still on its way.
    #[must_use]
    pub fn is_pending(&self, ticket: Ticket) -> bool {
        self.pending.iter().any(|pending| pending.ticket == ticket)
    }

    /// What is to be written.
    #[must_use]
    pub fn work(&self, with_snapshot: bool) -> Work {
        Work {
            turns: self.pending.iter().map(|pending| (pending.ticket, Arc::clone(&pending.turn))).collect(),
            snapshot: with_snapshot.then(|| self.ledger.snapshot()),
        }
    }

    /// It was written and is durable.
    pub fn settle(&mut self, written: &Written) {
        for (ticket, position) in &written.turns {
            let Some(index) = self.pending.iter().position(|pending| pending.ticket == *ticket) else { continue };
            if let Some(pending) = self.pending.remove(index) {
                self.ledger.put_turn(&pending.turn, Place::Written(*position));
                if pending.turn.decisions.iter().any(|decision| decision.number().is_some()) {
                    if self.fresh.len() >= FRESH_TURNS_MAX {
                        self.fresh.pop_front();
                    }
                    self.fresh.push_back(pending.turn);
                }
            }
        }
        for (lane, seq, position) in &written.carried {
            self.ledger.put(*lane, *seq, Place::Written(*position));
        }
        if self.pending.is_empty() {
            self.trouble = None;
        }
    }

    /// A turn was not written in time: its alarms are marked undurable and told all the same; it stays on its way.
    /// `None` when it is in the log after all.
    pub fn tell(&mut self, ticket: Ticket) -> Option<Vec<Decision>> {
        let pending = self.pending.iter_mut().find(|pending| pending.ticket == ticket)?;
        let turn = Arc::make_mut(&mut pending.turn);
        for decision in &mut turn.decisions {
            if let Decision::Alarm { alarm, .. } = decision {
                alarm.durable = false;
            }
        }
        let turn = Arc::clone(&pending.turn);
        self.ledger.put_turn(&turn, Place::Told);
        Some(turn.decisions.clone())
    }

    /// What became of a turn: in the log, or told without it.
    pub fn committed(&mut self, ticket: Ticket, decisions: Vec<Decision>) -> Committed {
        let (outcome, decisions) = match self.tell(ticket) {
            None => (Outcome::Durable, decisions),
            Some(told) => (Outcome::Degraded(*self.trouble.get_or_insert(Degraded::Slow)), told),
        };
        Committed { outcome, decisions, lanes: self.ledger.lanes() }
    }

    /// A record that is in memory: not yet in the log, or lately written.
    #[must_use]
    pub fn in_memory(&self, lane: Lane, seq: u64) -> Option<Decision> {
        let pending = self.pending.iter().map(|pending| &pending.turn);
        let decisions = pending.chain(self.fresh.iter().rev()).flat_map(|turn| &turn.decisions);
        decisions.into_iter().find(|decision| decision.number() == Some((lane, seq))).cloned()
    }

    /// At the limit: the oldest turn of which the county needs nothing more is forgotten, or else the oldest.
    fn forget_one(&mut self) {
        let needed = |pending: &Pending| {
            pending
                .turn
                .decisions
                .iter()
                .filter_map(Decision::number)
                .any(|(lane, seq)| self.ledger.outbox(lane).is_some_and(|outbox| outbox.place(seq).is_some()))
        };
        let index = self.pending.iter().position(|pending| !needed(pending)).unwrap_or(0);
        self.usage.turns_dropped += 1;
        let Some(forgotten) = self.pending.remove(index) else { return };
        for (lane, seq) in forgotten.turn.decisions.iter().filter_map(Decision::number) {
            self.ledger.lose(lane, seq);
        }
    }
}
