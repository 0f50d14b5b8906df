//! What the county's channel has to do: in which order, one errand at a time, and what becomes of each. Pure.
//!
//! Alarms about people come first, then answers to those who answered, then silent stations. A telephone is rung when its
//! message is gone, and once for all the messages that went there: what it is about stands in them.

use std::collections::BTreeMap;

use super::case::Cause;
use super::plan::Who;
use crate::limits;
use crate::notify::channel::{Deed, Errand, Recipient, Ticket, Word};

/// What an errand is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Task {
    /// The message of a call.
    Text(Cause, Who),
    /// A ring, for everything of which they were sent a message.
    Ring(Who),
    /// A sentence to somebody that nobody waits for.
    Aside,
}

/// In which order errands are done.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Rank {
    Person,
    Aside,
    Station,
}

/// Messages go before rings: they are quick, and whoever is rung finds what it is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Kind {
    Text,
    Ring,
}

#[derive(Debug, Clone)]
struct Waiting {
    task: Task,
    to: Recipient,
    deed: Deed,
}

#[derive(Debug, Clone, Copy)]
struct Flying {
    ticket: Ticket,
    task: Task,
    until_ms: i64,
}

/// The errands that wait, and the one that the channel has.
#[derive(Debug, Clone, Default)]
pub(super) struct Errands {
    waiting: BTreeMap<(Rank, Kind, u64), Waiting>,
    flying: Option<Flying>,
    /// Counts errands; a ticket is never given twice.
    last: u64,
}

impl Errands {
    /// Puts an errand into its place; false when there are too many. A ring for a telephone that is to be rung anyhow is that ring.
    pub(super) fn push(&mut self, rank: Rank, task: Task, to: Recipient, deed: Deed) -> bool {
        let kind = if matches!(deed, Deed::Ring(_)) { Kind::Ring } else { Kind::Text };
        if kind == Kind::Ring {
            let same = |other: &Waiting| matches!(other.task, Task::Ring(_)) && other.to.phone == to.phone;
            match self.waiting.iter().find(|(_, other)| same(other)).map(|(key, _)| *key) {
                Some(key) if key.0 <= rank => return true,
                // It moves up to what is more urgent.
                Some(key) => drop(self.waiting.remove(&key)),
                None => {}
            }
        }
        if self.waiting.len() >= limits::DUTY_ERRANDS_MAX {
            return false;
        }
        self.last += 1;
        self.waiting.insert((rank, kind, self.last), Waiting { task, to, deed });
        true
    }

    /// The next errand, if the channel is free.
    pub(super) fn next(&mut self, now_ms: i64) -> Option<Errand> {
        if self.flying.is_some() {
            return None;
        }
        let ((.., number), Waiting { task, to, deed }) = self.waiting.pop_first()?;
        let ticket = Ticket(number);
        self.flying = Some(Flying { ticket, task, until_ms: now_ms.saturating_add(patience_ms()) });
        Some(Errand { ticket, to, deed })
    }

    /// What a word was about; nothing for an errand that is over.
    pub(super) fn word(&mut self, ticket: Ticket, word: Word) -> Option<Task> {
        let flying = self.flying.filter(|flying| flying.ticket == ticket)?;
        if word.is_over() {
            self.flying = None;
        }
        Some(flying.task)
    }

    /// The errand of which the channel has said nothing for too long; it is given up.
    pub(super) fn overdue(&mut self, now_ms: i64) -> Option<Task> {
        // Never further ahead than it was set: the clock may have been put back.
        let flying = self.flying.as_mut()?;
        flying.until_ms = flying.until_ms.min(now_ms.saturating_add(patience_ms()));
        let over = self.flying.filter(|flying| flying.until_ms <= now_ms)?;
        self.flying = None;
        Some(over.task)
    }

    /// Forgets the messages that wait for a cause, and the rings of those whom nothing else calls.
    pub(super) fn forget(&mut self, cause: Cause, is_called: impl Fn(Who) -> bool) {
        self.waiting.retain(|_, waiting| match waiting.task {
            Task::Text(of, _) => of != cause,
            Task::Ring(who) => is_called(who),
            Task::Aside => true,
        });
    }
}

fn patience_ms() -> i64 {
    i64::try_from(limits::DUTY_ERRAND_TIME.as_millis()).unwrap_or(i64::MAX)
}
