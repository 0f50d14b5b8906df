//! A county with the honest habit: it commits, then gives receipts. Its database is two maps, one for each unique key.

use std::collections::{BTreeMap, BTreeSet};

use super::rot::Loss;
use super::trace::Ms;
use crate::core::alarm::AlarmId;
use crate::core::effect::Answer;
use crate::core::id::{CommandId, DeviceId, Epoch};
use crate::core::sequence::{Lane, Range};
use crate::relay::message::{
    Ack, AlarmBody, AlarmMessage, AlarmRecord, CommandResult, DeviceMessage, ReadingMessage, ResultMessage,
};

/// Messages that the county's broker keeps for a county that is away. Source: mosquitto.conf(5), `max_queued_messages`.
const QUEUED_MAX: usize = 1_000;

/// The county's side.
#[derive(Debug, Default)]
pub(super) struct County {
    numbers: BTreeMap<(Epoch, Lane, u64), Row>,
    alarms: BTreeMap<(AlarmId, u32), AlarmBody>,
    /// Exactly these bytes were committed before, up to this number.
    known: BTreeMap<(Lane, u64, u32), (Epoch, Range)>,
    /// Numbers that stand for nothing.
    holes: BTreeMap<(Epoch, Lane), Vec<Range>>,
    inbox: Vec<(Lane, Vec<u8>)>,
    /// A transaction is due.
    pub commit_at: Option<Ms>,
    /// Its transactions take long.
    pub slow: bool,
    /// It is away; what is sent waits at its broker.
    pub away: bool,
    /// Which of its lives it is: others can tell that it was away.
    pub since: i64,
    /// What it asks a station whose alarms it may have forgotten, until it has the answer.
    pub question: Option<CommandId>,
    pub(super) past: Past,
}

/// What is known of the county's books beside what stands in them.
#[derive(Debug, Default)]
pub(super) struct Past {
    /// An old copy of its books.
    pub(super) copy: Books,
    /// Records that it had committed and that its books have lost.
    pub(super) forgotten: Books,
    /// Alarms that it was told of as open when it asked.
    pub(super) told: BTreeSet<AlarmId>,
    /// Alarms that were not among them.
    pub(super) over: BTreeSet<AlarmId>,
    /// Alarms that were not among them, when there were too many for an answer.
    pub(super) unsure: BTreeSet<AlarmId>,
    /// Every alarm that it ever had.
    pub(super) ever: BTreeSet<AlarmId>,
    /// Records that a station's disk has lost: what comes in their place may say something else.
    pub(super) doubtful: BTreeSet<(AlarmId, u32)>,
    /// Numbers that a station may give again, because its disk lost them without a trace.
    pub(super) again: Vec<(Epoch, Lane, Range)>,
}

/// The keys of what was committed.
#[derive(Debug, Clone, Default)]
pub(super) struct Books {
    /// Numbers.
    pub(super) numbers: BTreeSet<(Epoch, Lane, u64)>,
    /// Records of alarms.
    pub(super) records: BTreeSet<(AlarmId, u32)>,
}

/// What stands under a number.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Row {
    /// The record, and whether a log had taken it when it was told.
    Alarm(AlarmId, u32, bool),
    Event(u32),
    Reading(DeviceId, u64),
}

/// What one transaction came to.
#[derive(Debug, Default)]
pub(super) struct Transaction {
    /// Its receipts.
    pub acks: Vec<Ack>,
    /// Alarms heard of for the first time.
    pub new: Vec<AlarmId>,
    /// What contradicts what was committed before.
    pub disputes: Vec<String>,
}

impl Past {
    /// Whether the county knows that an alarm is over, or cannot know, though its books have it open.
    pub(super) fn is_past(&self, id: AlarmId) -> bool {
        self.over.contains(&id) || self.unsure.contains(&id) || self.is_doubtful(id)
    }

    /// Whether a station's disk has lost something of an alarm.
    pub(super) fn is_doubtful(&self, id: AlarmId) -> bool {
        self.doubtful.range((id, 0)..=(id, u32::MAX)).next().is_some()
    }
}

impl County {
    /// A message arrives. Whoever is away finds no more than so many of them at the broker.
    pub(super) fn take(&mut self, lane: Lane, bytes: Vec<u8>) {
        if !self.away || self.inbox.len() < QUEUED_MAX {
            self.inbox.push((lane, bytes));
        }
    }

    /// Commits what arrived.
    pub(super) fn commit(&mut self) -> Transaction {
        self.commit_at = None;
        let mut done = Transaction::default();
        let mut settled: BTreeMap<(Epoch, Lane), Vec<Range>> = BTreeMap::new();
        for (lane, bytes) in std::mem::take(&mut self.inbox) {
            match self.store(lane, &bytes, &mut done) {
                Ok((epoch, range)) => settled.entry((epoch, lane)).or_default().push(range),
                Err(why) => done.disputes.push(why),
            }
        }
        let ack = |((epoch, lane), ranges)| Ack { epoch, lane, ranges, reject: Vec::new() };
        done.acks = settled.into_iter().map(ack).collect();
        done
    }

    /// The first number up to `head` under which nothing stands, nor ever stood.
    pub(super) fn first_missing(&self, epoch: Epoch, lane: Lane, head: u64) -> Option<u64> {
        let holes = self.holes.get(&(epoch, lane)).map_or(&[][..], Vec::as_slice);
        let mut seq = 1;
        while seq <= head {
            let key = (epoch, lane, seq);
            if self.numbers.contains_key(&key) || self.past.forgotten.numbers.contains(&key) {
                seq += 1;
            } else if let Some(hole) = holes.iter().find(|hole| hole.0 <= seq && seq <= hole.1) {
                seq = hole.1 + 1;
            } else {
                return Some(seq);
            }
        }
        None
    }

    /// Whether a record of an alarm is there, or was there until the county lost its books.
    pub(super) fn has_record(&self, id: AlarmId, rev: u32) -> bool {
        self.alarms.contains_key(&(id, rev)) || self.past.forgotten.records.contains(&(id, rev))
    }

    /// The newest record of every alarm.
    pub(super) fn newest(&self) -> BTreeMap<AlarmId, &AlarmBody> {
        self.alarms.iter().map(|((id, _), body)| (*id, body)).collect()
    }

    /// An answer arrives; whether it was the one that is waited for.
    pub(super) fn answered(&mut self, bytes: &[u8]) -> bool {
        let Ok(message) = serde_json::from_slice::<ResultMessage>(bytes) else { return false };
        if self.question != Some(message.id) {
            return false;
        }
        self.question = None;
        if let CommandResult::Answered(Answer::Open { alarms, more }) = message.result {
            self.past.told = alarms.iter().map(|open| open.id).collect();
            let newest = self.newest().into_iter();
            let not_named = newest.map(|(id, _)| id).filter(|id| !self.past.told.contains(id));
            // A list that is cut short says nothing of the faults that it does not name; people stand first in it.
            let cut_short = |id: &AlarmId| more > 0 && !id.condition.rule().about_person;
            let (unsure, over): (Vec<AlarmId>, Vec<AlarmId>) = not_named.partition(cut_short);
            self.past.unsure.extend(unsure);
            self.past.over.extend(over);
        }
        true
    }

    /// A copy of the books is put aside.
    pub(super) fn put_copy_aside(&mut self) {
        let numbers = self.numbers.keys().copied().collect();
        self.past.copy = Books { numbers, records: self.alarms.keys().copied().collect() };
    }

    /// The books are those of the copy, or empty; what had arrived and was not committed is lost too.
    pub(super) fn forget(&mut self, empty: bool) {
        let copy = if empty { Books::default() } else { self.past.copy.clone() };
        let Past { forgotten, .. } = &mut self.past;
        self.numbers.retain(|key, _| copy.numbers.contains(key) || !forgotten.numbers.insert(*key));
        self.alarms.retain(|key, _| copy.records.contains(key) || !forgotten.records.insert(*key));
        self.known.clear();
        self.inbox.clear();
        self.since += 1;
    }

    /// Whether it knew an alarm before it lost its books, and was not sent it since.
    pub(super) fn has_forgotten(&self, id: AlarmId, rev: u32) -> bool {
        self.past.forgotten.records.contains(&(id, rev)) && !self.alarms.contains_key(&(id, rev))
    }

    /// A station's disk has lost this.
    pub(super) fn doubt(&mut self, loss: &Loss) {
        self.past.doubtful.extend(loss.records.iter().copied());
        self.past.again.extend(loss.again.iter().copied());
    }

    fn store(&mut self, lane: Lane, bytes: &[u8], done: &mut Transaction) -> Result<(Epoch, Range), String> {
        let fingerprint = (lane, bytes.len() as u64, crc32fast::hash(bytes));
        if let Some(known) = self.known.get(&fingerprint) {
            return Ok(*known);
        }
        let unreadable = |error: serde_json::Error| format!("the county cannot read a {lane} message: {error}");
        let (epoch, range, hole) = match lane {
            Lane::Alarm => {
                let message: AlarmMessage = serde_json::from_slice(bytes).map_err(unreadable)?;
                match message.record {
                    AlarmRecord::Alarm(body) => {
                        self.alarm(message.epoch, message.seq, *body, done);
                        (message.epoch, Range(message.seq, message.seq), false)
                    }
                    AlarmRecord::Skipped { skipped } => (message.epoch, Range(skipped.from, skipped.to), true),
                }
            }
            Lane::Device => {
                let message: DeviceMessage = serde_json::from_slice(bytes).map_err(unreadable)?;
                let range = message.skipped.map_or(Range(message.seq, message.seq), |hole| Range(hole.from, hole.to));
                if message.event.is_some() {
                    self.number(message.epoch, lane, message.seq, Row::Event(fingerprint.2), done);
                }
                (message.epoch, range, message.event.is_none())
            }
            Lane::Reading => {
                let message: ReadingMessage = serde_json::from_slice(bytes).map_err(unreadable)?;
                for (seq, body) in (message.seq.0..).zip(&message.batch) {
                    let row = Row::Reading(body.dev, message.at.mono.0 + u64::from(body.after_ms));
                    self.number(message.epoch, lane, seq, row, done);
                }
                (message.epoch, message.seq, message.skipped.is_some())
            }
        };
        if hole {
            self.holes.entry((epoch, lane)).or_default().push(range);
        }
        self.known.insert(fingerprint, (epoch, range));
        Ok((epoch, range))
    }

    fn alarm(&mut self, epoch: Epoch, seq: u64, body: AlarmBody, done: &mut Transaction) {
        let key = (body.id, body.rev);
        let row = Row::Alarm(body.id, body.rev, body.durable);
        match self.numbers.get(&(epoch, Lane::Alarm, seq)) {
            // A record that no log had taken was told and may have been forgotten: what the log took later stands in its
            // place.
            Some(Row::Alarm(.., false)) => {
                self.numbers.insert((epoch, Lane::Alarm, seq), row);
            }
            // The same record, as it was told before the log took it: late, and right.
            Some(Row::Alarm(id, rev, true)) if (*id, *rev) == (body.id, body.rev) => {}
            _ => self.number(epoch, Lane::Alarm, seq, row, done),
        }
        if self.alarms.range((body.id, 0)..=(body.id, u32::MAX)).next().is_none() {
            done.new.push(body.id);
            self.past.ever.insert(body.id);
        }
        match self.alarms.get(&key) {
            Some(known) if known.durable && !same(known, &body) && !self.past.doubtful.contains(&key) => {
                done.disputes.push(format!("{} rev {} says two things", body.id, body.rev));
            }
            Some(known) if known.durable && !self.past.doubtful.contains(&key) => {}
            _ => {
                self.alarms.insert(key, body);
            }
        }
    }

    fn number(&mut self, epoch: Epoch, lane: Lane, seq: u64, row: Row, done: &mut Transaction) {
        if self.past.again.iter().any(|(of, on, range)| (*of, *on) == (epoch, lane) && range.0 <= seq && seq <= range.1)
        {
            self.numbers.insert((epoch, lane, seq), row);
            return;
        }
        let known = *self.numbers.entry((epoch, lane, seq)).or_insert(row);
        if known != row {
            done.disputes.push(format!("{lane} {seq} of {epoch} stands for two records: {known:?} and {row:?}"));
        }
    }
}

/// Whether two copies of a record agree. A record that was told before the log took it says so in one copy only.
fn same(first: &AlarmBody, second: &AlarmBody) -> bool {
    let mut second = second.clone();
    second.durable = first.durable;
    *first == second
}
