//! A county with the honest habit: it commits, then gives receipts. Its database is two maps, one for each unique key.

use std::collections::BTreeMap;

use super::trace::Ms;
use crate::core::alarm::AlarmId;
use crate::core::id::{DeviceId, Epoch};
use crate::core::sequence::{Lane, Range};
use crate::relay::message::{Ack, AlarmBody, AlarmMessage, AlarmRecord, DeviceMessage, ReadingMessage};

/// The county's side.
#[derive(Debug, Default)]
pub(super) struct County {
    numbers: BTreeMap<(Epoch, Lane, u64), Row>,
    alarms: BTreeMap<(AlarmId, u32), AlarmBody>,
    /// Exactly these bytes were committed before, up to this number.
    known: BTreeMap<(Lane, u64, u32), (Epoch, Range)>,
    inbox: Vec<(Lane, Vec<u8>)>,
    /// A transaction is due.
    pub commit_at: Option<Ms>,
}

/// What stands under a number.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Row {
    /// The record, and whether a log had taken it when it was told.
    Alarm(AlarmId, u32, bool),
    Event(u32),
    Reading(DeviceId, u64),
    Hole,
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

impl County {
    /// A message arrives.
    pub(super) fn take(&mut self, lane: Lane, bytes: Vec<u8>) {
        self.inbox.push((lane, bytes));
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

    /// Whether something stands under a number.
    pub(super) fn has(&self, epoch: Epoch, lane: Lane, seq: u64) -> bool {
        self.numbers.contains_key(&(epoch, lane, seq))
    }

    /// The newest record of every alarm.
    pub(super) fn newest(&self) -> BTreeMap<AlarmId, &AlarmBody> {
        self.alarms.iter().map(|((id, _), body)| (*id, body)).collect()
    }

    fn store(&mut self, lane: Lane, bytes: &[u8], done: &mut Transaction) -> Result<(Epoch, Range), String> {
        let fingerprint = (lane, bytes.len() as u64, crc32fast::hash(bytes));
        if let Some(known) = self.known.get(&fingerprint) {
            return Ok(*known);
        }
        let unreadable = |error: serde_json::Error| format!("the county cannot read a {lane} message: {error}");
        let (epoch, range) = match lane {
            Lane::Alarm => {
                let message: AlarmMessage = serde_json::from_slice(bytes).map_err(unreadable)?;
                let range = match message.record {
                    AlarmRecord::Alarm(body) => {
                        self.alarm(message.epoch, message.seq, *body, done);
                        Range(message.seq, message.seq)
                    }
                    AlarmRecord::Skipped { skipped } => Range(skipped.from, skipped.to),
                };
                (message.epoch, range)
            }
            Lane::Device => {
                let message: DeviceMessage = serde_json::from_slice(bytes).map_err(unreadable)?;
                let range = message.skipped.map_or(Range(message.seq, message.seq), |hole| Range(hole.from, hole.to));
                if message.event.is_some() {
                    self.number(message.epoch, lane, message.seq, Row::Event(fingerprint.2), done);
                }
                (message.epoch, range)
            }
            Lane::Reading => {
                let message: ReadingMessage = serde_json::from_slice(bytes).map_err(unreadable)?;
                for (seq, body) in (message.seq.0..).zip(&message.batch) {
                    let row = Row::Reading(body.dev, message.at.mono.0 + u64::from(body.after_ms));
                    self.number(message.epoch, lane, seq, row, done);
                }
                (message.epoch, message.seq)
            }
        };
        for seq in range.0..=range.1 {
            self.numbers.entry((epoch, lane, seq)).or_insert(Row::Hole);
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
        }
        match self.alarms.get(&key) {
            Some(known) if known.durable && !same(known, &body) => {
                done.disputes.push(format!("{} rev {} says two things", body.id, body.rev));
            }
            Some(known) if known.durable => {}
            _ => {
                self.alarms.insert(key, body);
            }
        }
    }

    fn number(&mut self, epoch: Epoch, lane: Lane, seq: u64, row: Row, done: &mut Transaction) {
        let known = *self.numbers.entry((epoch, lane, seq)).or_insert(row);
        if known != row && known != Row::Hole {
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
