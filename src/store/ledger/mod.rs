//! The ledger: what the urgent stream amounts to. Pure: a fold over its records, and nothing else.
//!
//! Taking the same record in twice is taking it in once, because after a failed write a record may stand in the log
//! twice, and because a segment's snapshot may already hold what the records behind it say.

pub mod outbox;

pub mod ranges;

mod told;

use std::collections::{BTreeMap, VecDeque};

use self::outbox::{Outbox, Place, Waiting};
use self::ranges::{Holes, Receipts};
use self::told::Told;
use super::log::Position;
use super::record::{Answered, Carried, Decision, Hole, ReadingSnapshot, Rejected, Snapshot, Start, Turn};
use crate::core::alarm::{Alarm, AlarmId};
use crate::core::effect::{Answer, DeviceEvent, Input};
use crate::core::id::{CommandId, Epoch, ResidentId};
use crate::core::log_head::LogHead;
use crate::core::sequence::{Lane, Range, SkipReason};
use crate::core::station::{Past, Words};
use crate::core::stop::Stop;
use crate::core::time::{Gap, Moment, Mono};
use crate::core::visit;
use crate::limits::visits::VISITED_RESIDENTS_MAX;
use crate::limits::{CLOSED_ALARMS_KEPT, CLOSED_ALARMS_MAX, COMMAND_MEMORY, COMMANDS_REMEMBERED_MAX, REJECTS_MAX};

/// A turn before its records have their numbers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Draft {
    /// When it was taken.
    pub at: Moment,
    /// The urgent inputs, in order.
    pub inputs: Vec<Input>,
    /// What was decided, in order.
    pub decisions: Vec<Undecided>,
}

/// A decision before it has its number.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Undecided {
    /// The process started.
    Start(Start),
    /// An alarm's new record.
    Alarm(Box<Alarm>),
    /// A device event.
    Device(DeviceEvent),
    /// How far the log had come before this turn.
    Head(LogHead),
    /// Something happened to somebody's visits.
    Visit(Box<visit::Record>),
    /// A command was answered.
    Answer {
        /// Which.
        id: CommandId,
        /// What was answered.
        answer: Answer,
    },
    /// The county committed records.
    Receipt {
        /// Of this epoch.
        epoch: Epoch,
        /// Of this lane.
        lane: Lane,
        /// These.
        ranges: Vec<Range>,
    },
    /// The county refused a record.
    Rejected {
        /// Of this lane.
        lane: Lane,
        /// This one.
        seq: u64,
        /// For this reason.
        reason: String,
    },
    /// The next `count` numbers of a lane stand for nothing.
    Lost {
        /// Of this lane.
        lane: Lane,
        /// How many.
        count: u64,
        /// Why.
        reason: SkipReason,
    },
    /// These numbers of a lane can no longer be sent.
    Skipped {
        /// Of this lane.
        lane: Lane,
        /// These.
        range: Range,
        /// Why.
        reason: SkipReason,
    },
    /// The station was not running for a time, or somebody has seen to that.
    Stop(Stop),
    /// People were told of faults together.
    Digest {
        /// Of these.
        faults: Vec<AlarmId>,
    },
}

/// How far a lane has got.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Progress {
    /// Number of the newest record; 0 before the first.
    pub head: u64,
    /// Everything up to here has the county's receipt.
    pub receipted: u64,
}

/// What the urgent stream amounts to.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Ledger {
    newest: Option<Moment>,
    epoch: Option<Epoch>,
    start: Option<Start>,
    open: BTreeMap<AlarmId, Alarm>,
    /// In the order in which they were closed.
    closed: VecDeque<Alarm>,
    alarm: Outbox,
    device: Outbox,
    reading: ReadingLane,
    /// In the order in which they were answered.
    answers: VecDeque<Answered>,
    rejects: VecDeque<Rejected>,
    told: Told,
    visits: BTreeMap<ResidentId, visit::Standing>,
    unsure_since: Option<Mono>,
    foreign_receipts: u64,
}

#[derive(Debug, Clone, PartialEq, Eq, Default)]
struct ReadingLane {
    head: u64,
    receipts: Receipts,
    holes: Holes,
}

impl ReadingLane {
    /// A new sequence space begins: the numbers go on. Of a log that is whole everything without a receipt is sent under it; of another
    /// nobody knows which numbers stand for what.
    fn begin_epoch(&mut self, is_whole: bool) {
        let before = std::mem::take(self);
        self.head = before.head;
        if !is_whole {
            self.holes.insert(Hole { range: Range(1, before.head), reason: SkipReason::Damaged });
            return;
        }
        let below = Range(1, before.receipts.upto());
        for range in std::iter::once(below).chain(before.receipts.above()) {
            self.holes.insert(Hole { range, reason: SkipReason::Receipted });
        }
        for hole in before.holes.iter() {
            self.holes.insert(hole);
        }
        self.holes.join_newest();
    }
}

impl Ledger {
    /// The newest moment recorded; station time goes on from here.
    #[must_use]
    pub fn newest(&self) -> Option<Moment> {
        self.newest
    }

    /// The sequence space in force; none before the first start.
    #[must_use]
    pub fn epoch(&self) -> Option<Epoch> {
        self.epoch
    }

    /// The last start of the process.
    #[must_use]
    pub fn start(&self) -> Option<&Start> {
        self.start.as_ref()
    }

    /// The open alarms, each as it stands, in order of onset.
    pub fn open_alarms(&self) -> impl Iterator<Item = &Alarm> {
        self.open.values()
    }

    /// Alarms closed within [`CLOSED_ALARMS_KEPT`], in the order in which they were closed.
    pub fn closed_alarms(&self) -> impl Iterator<Item = &Alarm> {
        self.closed.iter()
    }

    /// An alarm that is open or was closed lately.
    #[must_use]
    pub fn alarm(&self, id: &AlarmId) -> Option<&Alarm> {
        self.open.get(id).or_else(|| self.closed.iter().rev().find(|alarm| alarm.id == *id))
    }

    /// What a command was answered within [`COMMAND_MEMORY`].
    #[must_use]
    pub fn answer(&self, id: CommandId) -> Option<&Answer> {
        self.answers.iter().rev().find(|answered| answered.id == id).map(|answered| &answered.answer)
    }

    /// The remembered answers, oldest first.
    pub fn answers(&self) -> impl Iterator<Item = &Answered> {
        self.answers.iter()
    }

    /// What a station goes on with, beside the last-heard table.
    #[must_use]
    pub fn past(&self, words: Words) -> Past {
        Past {
            alarms: self.open_alarms().chain(self.closed_alarms()).cloned().collect(),
            answered: self.answers.iter().map(|known| (known.id, known.at.mono, known.answer.clone())).collect(),
            words,
            told_faults: self.told.faults.iter().copied().collect(),
            last_digest: self.told.digest.map(|at| at.mono),
            stops: self.told.stops.clone(),
            visits: self.visits.values().cloned().collect(),
            unsure_since: self.unsure_since,
        }
    }

    /// Records that the county refused, oldest first.
    pub fn rejects(&self) -> impl Iterator<Item = &Rejected> {
        self.rejects.iter()
    }

    /// How everybody's visits stand, by id.
    pub fn visits(&self) -> impl Iterator<Item = &visit::Standing> {
        self.visits.values()
    }

    /// When the box came back last after a stop of unknown length; none when it never did.
    #[must_use]
    pub fn unsure_since(&self) -> Option<Mono> {
        self.unsure_since
    }

    /// Receipts for another epoch that came since the log was read, and were ignored.
    #[must_use]
    pub fn foreign_receipts(&self) -> u64 {
        self.foreign_receipts
    }

    /// How far every lane has got.
    #[must_use]
    pub fn lanes(&self) -> BTreeMap<Lane, Progress> {
        let of = |outbox: &Outbox| Progress { head: outbox.head(), receipted: outbox.receipted() };
        let reading = Progress { head: self.reading.head, receipted: self.reading.receipts.upto() };
        BTreeMap::from([(Lane::Alarm, of(&self.alarm)), (Lane::Device, of(&self.device)), (Lane::Reading, reading)])
    }

    /// Numbers of a lane that are never to be sent: receipted, rejected, or dropped and told. Nothing is settled in a sequence space
    /// that is about to begin: in it, what was settled is a hole, and the hole has to be sent.
    #[must_use]
    pub fn settled(&self, epoch: Epoch, lane: Lane) -> Vec<Range> {
        if self.epoch != Some(epoch) {
            return Vec::new();
        }
        let Some(outbox) = self.outbox(lane) else {
            let upto = self.reading.receipts.upto();
            let below = (upto > 0).then_some(Range(1, upto));
            return below.into_iter().chain(self.reading.receipts.above()).collect();
        };
        let mut settled = Vec::new();
        let mut next = 1;
        for waiting in outbox.waiting(1) {
            let (from, to) = match waiting {
                Waiting::Record(seq, _) => (seq, seq),
                Waiting::Hole(hole) => (hole.range.0, hole.range.1),
            };
            if from > next {
                settled.push(Range(next, from - 1));
            }
            next = next.max(to.saturating_add(1));
        }
        if outbox.head() >= next {
            settled.push(Range(next, outbox.head()));
        }
        settled
    }

    /// The outbox of a lane; none for readings, whose outbox is a cursor over the routine stream.
    #[must_use]
    pub fn outbox(&self, lane: Lane) -> Option<&Outbox> {
        match lane {
            Lane::Alarm => Some(&self.alarm),
            Lane::Device => Some(&self.device),
            Lane::Reading => None,
        }
    }

    /// The hole in the reading lane around a number.
    #[must_use]
    pub fn reading_hole(&self, seq: u64) -> Option<Hole> {
        self.reading.holes.around(seq)
    }

    /// The next hole in the reading lane from a number on.
    #[must_use]
    pub fn next_reading_hole(&self, seq: u64) -> Option<Hole> {
        self.reading.holes.from(seq).next()
    }

    /// Numbers a draft and takes it in: the turn is on its way to the disk.
    #[must_use]
    pub fn enter(&mut self, draft: Draft) -> Turn {
        let mut decisions = Vec::with_capacity(draft.decisions.len());
        for undecided in draft.decisions {
            let decision = self.number(undecided);
            self.take(draft.at, &decision, Place::Unwritten);
            decisions.push(decision);
        }
        self.saw(draft.at);
        Turn { at: draft.at, inputs: draft.inputs, decisions }
    }

    /// Takes a turn of the log in.
    pub fn apply(&mut self, turn: &Turn, place: Place) {
        for decision in &turn.decisions {
            self.take(turn.at, decision, place);
        }
        self.saw(turn.at);
    }

    /// Takes a carried decision in: the same record at another place.
    pub fn apply_carried(&mut self, carried: &Carried, position: Position) {
        if let Some((lane, seq)) = carried.decision.number() {
            self.put(lane, seq, Place::Written(position));
        }
    }

    /// Says where a turn's records are.
    pub fn put_turn(&mut self, turn: &Turn, place: Place) {
        for (lane, seq) in turn.decisions.iter().filter_map(Decision::number) {
            self.put(lane, seq, place);
        }
    }

    /// Says where a record is.
    pub fn put(&mut self, lane: Lane, seq: u64, place: Place) {
        if let Some(outbox) = self.outbox_mut(lane) {
            outbox.put(seq, place);
        }
    }

    /// A record that waits can never be sent: it is a hole.
    pub fn lose(&mut self, lane: Lane, seq: u64) {
        if let Some(outbox) = self.outbox_mut(lane)
            && outbox.place(seq).is_some()
        {
            outbox.hole(Hole { range: Range(seq, seq), reason: SkipReason::DiskFull });
        }
    }

    /// Readings up to this number are on the disk.
    pub fn wrote_readings(&mut self, upto: u64) {
        self.reading.head = self.reading.head.max(upto);
    }

    /// A moment that was recorded.
    pub fn saw(&mut self, at: Moment) {
        if self.newest.is_none_or(|newest| newest.mono <= at.mono) {
            self.newest = Some(at);
        }
    }

    /// After the log was read: records that it should hold and does not are named as holes, and counting begins.
    pub fn end_reading(&mut self) {
        self.alarm.name_lost();
        self.device.name_lost();
        self.foreign_receipts = 0;
    }

    /// Its form at the beginning of a segment.
    #[must_use]
    pub fn snapshot(&self) -> Snapshot {
        Snapshot {
            at: self.newest,
            epoch: self.epoch,
            start: self.start.clone(),
            open: self.open.values().cloned().collect(),
            closed: self.closed.iter().cloned().collect(),
            alarm: self.alarm.snapshot(),
            device: self.device.snapshot(),
            reading: ReadingSnapshot {
                head: self.reading.head,
                receipted: self.reading.receipts.upto(),
                above: self.reading.receipts.above(),
                holes: self.reading.holes.iter().collect(),
            },
            answers: self.answers.iter().cloned().collect(),
            rejects: self.rejects.iter().cloned().collect(),
            stops: self.told.stops.clone(),
            told_faults: self.told.faults.iter().copied().collect(),
            digest: self.told.digest,
            visits: self.visits.values().cloned().collect(),
            unsure_since: self.unsure_since,
        }
    }

    /// From a snapshot.
    #[must_use]
    pub fn restore(from: Snapshot) -> Ledger {
        let mut holes = Holes::default();
        for hole in &from.reading.holes {
            holes.insert(*hole);
        }
        Ledger {
            newest: from.at,
            epoch: from.epoch,
            start: from.start,
            open: from.open.into_iter().map(|alarm| (alarm.id, alarm)).collect(),
            closed: from.closed.into(),
            alarm: Outbox::restore(&from.alarm),
            device: Outbox::restore(&from.device),
            reading: ReadingLane {
                head: from.reading.head,
                receipts: Receipts::new(from.reading.receipted, &from.reading.above),
                holes,
            },
            answers: from.answers.into(),
            rejects: from.rejects.into(),
            told: Told { stops: from.stops, faults: from.told_faults.into_iter().collect(), digest: from.digest },
            visits: from.visits.into_iter().map(|standing| (standing.resident, standing)).collect(),
            unsure_since: from.unsure_since,
            foreign_receipts: 0,
        }
    }

    fn number(&self, undecided: Undecided) -> Decision {
        match undecided {
            Undecided::Start(start) => Decision::Start(start),
            Undecided::Alarm(alarm) => Decision::Alarm { seq: self.alarm.head() + 1, alarm },
            Undecided::Visit(record) => Decision::Visit(record),
            Undecided::Device(event) => Decision::Device { seq: self.device.head() + 1, event },
            Undecided::Head(head) => Decision::Head { seq: self.device.head() + 1, head },
            Undecided::Answer { id, answer } => Decision::Answer { id, answer },
            Undecided::Receipt { epoch, lane, mut ranges } => {
                // A receipt for what was never sent must not swallow what is yet to come, nor the next start's numbers.
                if lane == Lane::Reading {
                    ranges.retain(|range| range.0 <= self.reading.head);
                    for range in &mut ranges {
                        range.1 = range.1.min(self.reading.head);
                    }
                }
                Decision::Receipt { epoch, lane, ranges }
            }
            Undecided::Rejected { lane, seq, reason } => Decision::Rejected { lane, seq, reason },
            Undecided::Lost { lane, count, reason } => {
                let head = self.outbox(lane).map_or(self.reading.head, Outbox::head);
                Decision::Skipped { lane, range: Range(head + 1, head + count), reason }
            }
            Undecided::Skipped { lane, range, reason } => Decision::Skipped { lane, range, reason },
            Undecided::Stop(stop) => Decision::Stop(stop),
            Undecided::Digest { faults } => Decision::Digest { faults },
        }
    }

    fn take(&mut self, at: Moment, decision: &Decision, place: Place) {
        match decision {
            Decision::Start(start) => self.take_start(at, start),
            Decision::Visit(record) => self.take_visit(record),
            Decision::Alarm { seq, alarm } => {
                self.alarm.record(*seq, place);
                self.take_alarm(at, alarm);
            }
            Decision::Device { seq, .. } | Decision::Head { seq, .. } => self.device.record(*seq, place),
            Decision::Answer { id, answer } => self.take_answer(at, *id, answer),
            Decision::Stop(stop) => self.told.stop(at, *stop),
            Decision::Digest { faults } => {
                let open = faults.iter().filter(|id| self.open.contains_key(id));
                self.told.digest(at, open);
            }
            Decision::Receipt { epoch, .. } if self.epoch != Some(*epoch) => self.foreign_receipts += 1,
            Decision::Receipt { lane, ranges, .. } => {
                for range in ranges {
                    // What has its receipt was written once, also where its block is lost: its number is not given again.
                    if *lane == Lane::Reading {
                        self.reading.head = self.reading.head.max(range.1);
                    }
                    self.receipt(*lane, *range);
                }
            }
            Decision::Rejected { lane, seq, reason } => {
                self.receipt(*lane, Range(*seq, *seq));
                let rejected = Rejected { at, lane: *lane, seq: *seq, reason: reason.clone() };
                if !self.rejects.contains(&rejected) {
                    push_bounded(&mut self.rejects, rejected, REJECTS_MAX);
                }
            }
            Decision::Skipped { lane, range, reason } => {
                let hole = Hole { range: *range, reason: *reason };
                if let Some(outbox) = self.outbox_mut(*lane) {
                    outbox.hole(hole);
                } else if range.1 > self.reading.receipts.upto() {
                    self.reading.head = self.reading.head.max(range.1);
                    self.reading.holes.insert(hole);
                    self.reading.holes.join_newest();
                }
            }
        }
    }

    fn take_start(&mut self, at: Moment, start: &Start) {
        if start.gap == Gap::Unknown {
            self.unsure_since = Some(at.mono);
        }
        self.told.start(at, self.newest);
        // A log that has lost its beginning knows numbers and not in which space: they are of another one.
        if self.epoch != Some(start.epoch) {
            self.alarm.begin_epoch(start.is_whole);
            self.device.begin_epoch(start.is_whole);
            self.reading.begin_epoch(start.is_whole);
        }
        self.epoch = Some(start.epoch);
        self.start = Some(start.clone());
    }

    fn take_alarm(&mut self, at: Moment, alarm: &Alarm) {
        if self.alarm(&alarm.id).is_some_and(|known| known.rev > alarm.rev) {
            return;
        }
        self.closed.retain(|closed| closed.id != alarm.id);
        if alarm.is_open() {
            self.open.insert(alarm.id, alarm.clone());
            return;
        }
        self.open.remove(&alarm.id);
        self.told.faults.remove(&alarm.id);
        let forgotten = at.mono - CLOSED_ALARMS_KEPT;
        self.closed.retain(|closed| closed.clocks.closed.is_some_and(|closed| closed.mono >= forgotten));
        push_bounded(&mut self.closed, alarm.clone(), CLOSED_ALARMS_MAX);
    }

    fn take_visit(&mut self, record: &visit::Record) {
        let standing = &record.standing;
        if self.visits.get(&standing.resident).is_some_and(|known| known.rev > standing.rev) {
            return;
        }
        if record.deed == visit::Deed::Ended {
            self.visits.remove(&standing.resident);
            return;
        }
        if self.visits.len() >= VISITED_RESIDENTS_MAX && !self.visits.contains_key(&standing.resident) {
            let oldest = self.visits.values().min_by_key(|known| known.counted.mono).map(|known| known.resident);
            oldest.map(|oldest| self.visits.remove(&oldest));
        }
        self.visits.insert(standing.resident, standing.clone());
    }

    fn take_answer(&mut self, at: Moment, id: CommandId, answer: &Answer) {
        // What is open changes: a question about it is answered anew each time.
        if matches!(answer, Answer::Open { .. }) {
            return;
        }
        let forgotten = at.mono - COMMAND_MEMORY;
        self.answers.retain(|answered| answered.id != id && answered.at.mono >= forgotten);
        push_bounded(&mut self.answers, Answered { at, id, answer: answer.clone() }, COMMANDS_REMEMBERED_MAX);
    }

    fn receipt(&mut self, lane: Lane, Range(from, to): Range) {
        if let Some(outbox) = self.outbox_mut(lane) {
            outbox.receipt(Range(from, to));
            return;
        }
        // A receipt for what was never sent must not swallow what is yet to come.
        let range = Range(from, to.min(self.reading.head));
        self.reading.receipts.insert(range);
        if range.0 <= range.1 {
            self.reading.holes.remove(range);
        }
    }

    fn outbox_mut(&mut self, lane: Lane) -> Option<&mut Outbox> {
        match lane {
            Lane::Alarm => Some(&mut self.alarm),
            Lane::Device => Some(&mut self.device),
            Lane::Reading => None,
        }
    }
}

fn push_bounded<T>(queue: &mut VecDeque<T>, item: T, max: usize) {
    while queue.len() >= max {
        queue.pop_front();
    }
    queue.push_back(item);
}
