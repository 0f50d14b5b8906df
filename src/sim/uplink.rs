//! Carries the pump's steps out: fetches records from the store, makes the messages of the contract, and hands them to
//! the way to the county.

use std::time::Duration;

use super::gateway::Gateway;
use super::trace::Ms;
use crate::core::id::Epoch;
use crate::core::reading::Origin;
use crate::core::sequence::{Lane, Range, SkipReason};
use crate::core::time::Mono;
use crate::limits::{MESSAGE_BYTES_MAX, READING_MESSAGE_BYTES_MAX};
use crate::relay::fit;
use crate::relay::lane::LaneStanding;
use crate::relay::message::{
    AlarmMessage, AlarmRecord, CommandResult, DeviceMessage, ReadingBody, ReadingMessage, ResultMessage, Skipped,
    encode,
};
use crate::relay::pump::{Event, Pump, Standing, Step};
use crate::relay::window::Token;
use crate::store::handout;
use crate::store::record::Decision;
use crate::store::{Draft, Ledger, Readings, Undecided};

/// Largest payload that the county's broker takes, as the house's limit says.
const PAYLOAD_BYTES_MAX: usize = MESSAGE_BYTES_MAX;

/// Between two heartbeats. Longer than a station's, because nothing in the village listens to them.
const HEARTBEAT: Duration = Duration::from_mins(5);

/// A message that leaves for the county.
#[derive(Debug, Clone)]
pub(super) struct Upward {
    /// Names it until its PUBACK; none for what is not acknowledged.
    pub token: Option<Token>,
    /// What it is.
    pub cargo: Cargo,
    /// Its payload.
    pub bytes: Vec<u8>,
}

/// What a message is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Cargo {
    /// The first word of a connection.
    Birth,
    /// Heartbeat, retained standing.
    Standing,
    /// Records of a lane.
    Records(Lane, Range),
    /// An answer to a command.
    Answer,
}

/// What came of asking the pump.
pub(super) enum Asked {
    /// A message leaves.
    Leaves(Upward),
    /// Carried out, and nothing leaves.
    Nothing,
    /// The connection is to be built anew.
    Rebuild,
    /// The pump waits.
    Waits,
}

/// A pump that goes on where the ledger stands.
pub(super) fn pump(ledger: &Ledger, epoch: Epoch, now: Mono) -> Pump {
    let lanes = ledger.lanes();
    let lane = |lane: Lane| LaneStanding {
        head: lanes.get(&lane).copied().unwrap_or_default().head,
        settled: ledger.settled(epoch, lane),
        oldest_at: now,
    };
    let (alarm, device, reading) = (lane(Lane::Alarm), lane(Lane::Device), lane(Lane::Reading));
    Pump::new(&Standing { epoch, alarm, device, reading, send_readings: true, heartbeat: HEARTBEAT })
}

impl Gateway {
    /// Carries out the pump's next step.
    pub(super) fn next_upward(&mut self, now: Ms) -> Asked {
        let at = self.clock.at(now);
        let Some(step) = self.pump.next(at.mono) else { return Asked::Waits };
        let leaves = |token, cargo, bytes| Asked::Leaves(Upward { token, cargo, bytes });
        match step {
            Step::Birth(token) => leaves(Some(token), Cargo::Birth, Vec::new()),
            Step::Retained(token, _) => leaves(Some(token), Cargo::Standing, Vec::new()),
            Step::Heartbeat => leaves(None, Cargo::Standing, Vec::new()),
            Step::Rebuild => Asked::Rebuild,
            Step::Answer(token) => {
                let Some((id, answer)) = self.answers.pop_front() else { return self.refused(at.mono, token) };
                let message = ResultMessage { id, at, result: CommandResult::Answered(answer) };
                leaves(Some(token), Cargo::Answer, encode(&message))
            }
            Step::Records { token, lane, from, to } => {
                let Some(fitted) = self.fetch(now, lane, from, to) else { return self.refused(at.mono, token) };
                self.pump.handle(at.mono, Event::Took { token, to: fitted.to });
                self.spoiled.sends(token, lane, Range(from, fitted.to));
                leaves(Some(token), Cargo::Records(lane, Range(from, fitted.to)), fitted.payload)
            }
        }
    }

    /// The county's broker has acknowledged a publish.
    pub(super) fn published(&mut self, now: Ms, token: Token) {
        self.pump.handle(self.clock.mono(now), Event::Published(token));
        if let Some(ack) = self.spoiled.published(self.epoch, token) {
            self.receipt(now, ack);
        }
    }

    fn refused(&mut self, now: Mono, token: Token) -> Asked {
        self.pump.handle(now, Event::Refused(token));
        Asked::Nothing
    }

    fn fetch(&mut self, now: Ms, lane: Lane, from: u64, to: u64) -> Option<fit::Fitted> {
        match lane {
            Lane::Alarm => {
                let record = match self.record(now, lane, from)? {
                    Decision::Alarm { alarm, .. } => AlarmRecord::Alarm(Box::new((*alarm).into())),
                    Decision::Skipped { range, reason, .. } => {
                        AlarmRecord::Skipped { skipped: Skipped { from: range.0, to: range.1, reason } }
                    }
                    _ => return None,
                };
                let seq = self.spoiled.number(self.life, from);
                fit::alarm(AlarmMessage { epoch: self.epoch, seq, record }, PAYLOAD_BYTES_MAX)
            }
            Lane::Device => {
                let (event, head, skipped) = match self.record(now, lane, from)? {
                    Decision::Device { event, .. } => (Some(event), None, None),
                    Decision::Head { head, .. } => (None, Some(head), None),
                    Decision::Skipped { range, reason, .. } => {
                        (None, None, Some(Skipped { from: range.0, to: range.1, reason }))
                    }
                    _ => return None,
                };
                fit::device(DeviceMessage { epoch: self.epoch, seq: from, event, head, skipped }, PAYLOAD_BYTES_MAX)
            }
            Lane::Reading => self.readings(now, from, to),
        }
    }

    fn record(&mut self, now: Ms, lane: Lane, seq: u64) -> Option<Decision> {
        let handout = handout::records(&*self.journal.files(), &self.journal.shared_books(), lane, seq, 1);
        let hole = |decision: &Decision| matches!(decision, Decision::Skipped { range, .. } if range.0 <= seq);
        if !handout.damaged.is_empty() {
            self.name_damaged(now, lane, &handout.damaged);
        }
        let mut records = handout.records.into_iter();
        records.find(|(number, decision)| *number == seq || hole(decision)).map(|(_, decision)| decision)
    }

    /// Records that can never be sent become holes, which are handed out with the next question, as in the store.
    fn name_damaged(&mut self, now: Ms, lane: Lane, damaged: &[u64]) {
        let hole = |seq: &u64| Undecided::Skipped { lane, range: Range(*seq, *seq), reason: SkipReason::Damaged };
        let decisions = damaged.iter().map(hole).collect();
        let at = self.clock.at(now);
        // Durable or not: the books hold the holes.
        let _ = self.journal.commit(Draft { at, inputs: Vec::new(), decisions });
    }

    fn readings(&mut self, now: Ms, from: u64, to: u64) -> Option<fit::Fitted> {
        let (files, books) = (self.journal.files(), self.journal.shared_books());
        let found = handout::readings(&files, &books, &mut self.cursor, from, READING_MESSAGE_BYTES_MAX);
        let epoch = self.epoch;
        let message = match found {
            Readings::UpToDate => return None,
            Readings::Skipped { range, reason } => {
                let skipped = Some(Skipped { from: range.0, to: range.1, reason });
                let at = self.clock.at(now);
                ReadingMessage { epoch, seq: range, at, batch: Vec::new(), skipped, hist: true }
            }
            Readings::Batch { seq, at, samples } => {
                let wanted = usize::try_from(to.saturating_sub(seq).saturating_add(1)).unwrap_or(usize::MAX);
                let body = |timed: crate::store::record::Timed| {
                    let Origin::Device(dev) = timed.sample.from else { return None };
                    Some(ReadingBody { dev, after_ms: timed.after_ms, said: timed.sample.said })
                };
                let batch: Vec<ReadingBody> = samples.into_iter().take(wanted).filter_map(body).collect();
                let last = seq + (batch.len() as u64).saturating_sub(1);
                ReadingMessage { epoch, seq: Range(seq, last), at, batch, skipped: None, hist: false }
            }
        };
        fit::readings(message, READING_MESSAGE_BYTES_MAX)
    }
}
