//! The journal: the whole store as one synchronous machine over a disk. The daemon runs it on a thread of its own
//! ([`super::writer`]), the simulated village calls it directly, in virtual time.
//!
//! **What goes to the disk, and when it counts:**
//!
//! - A turn is one record. All turns that wait are written with one write and one `fdatasync`; then they are durable.
//! - A write or sync that fails leaves them waiting: they are told as undurable, and written again to a fresh segment
//!   with the next turn or tick. Their order and their numbers stay.
//! - When the disk is full, the ballast goes first, and readings stop long before.
//! - A block of samples is written and synced at least every [`Options::gather`]. Its readings have their numbers only
//!   then, so that no number is ever given to two readings.

use std::io;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use super::ballast::Ballast;
use super::books::{Books, Work, Written};
use super::files::Files;
use super::ledger::{Draft, Undecided};
use super::log::append::Birth;
use super::log::{Log, Position, Stream};
use super::record::{Carried, Entry, Kind, LaneSnapshot, Snapshot};
use super::{Committed, Degraded, Options, Outcome, Report, StoreError, recover};
use crate::core::reading::Sample;
use crate::core::sequence::{Lane, Range, SkipReason};
use crate::core::time::{Moment, Mono};

/// Urgent segments that one birth may retire, so that it stays short.
const RETIRED_AT_ONCE_MAX: usize = 4;

/// Numbers left out of the reading lane when the whole routine stream is gone and nobody knows how far it had come.
/// judgement: more readings than 5,000 devices send in a day.
const NUMBERS_LOST_WITH_STREAM: u64 = 10_000_000;

/// While readings are being dropped, their hole is written down this often. judgement: a note is a few hundred bytes of
/// ballast, so a disk that stays full for a year still has some.
const HOLE_EVERY: Duration = Duration::from_hours(1);

/// The store as one synchronous machine.
pub struct Journal {
    files: Arc<dyn Files>,
    books: Arc<Mutex<Books>>,
    urgent: Log,
    routine: Log,
    ballast: Ballast,
    options: Options,
    /// Urgent segments below this number are in the state index, durably; older ones may be retired.
    indexed: Arc<AtomicU64>,
    hole_written: Mono,
    drop_reason: SkipReason,
}

impl Journal {
    /// Opens the store after whatever happened to it, and says what that was.
    ///
    /// # Errors
    /// Fails when the directory cannot be listed. Damage is survived and reported.
    pub fn open(files: Arc<dyn Files>, options: Options) -> Result<(Journal, Vec<Report>), StoreError> {
        let mut reports = Vec::new();
        let urgent = Log::open(Arc::clone(&files), Stream::Urgent).map_err(StoreError::List)?;
        let routine = Log::open(Arc::clone(&files), Stream::Routine).map_err(StoreError::List)?;
        if urgent.log.segments().is_empty() && routine.log.segments().is_empty() {
            reports.push(Report::FirstStart);
        }
        reports.extend(urgent.torn.iter().chain(&routine.torn).cloned().map(Report::Torn));
        let folded = recover::fold(&files, &urgent.log)?;
        reports.extend(folded.missing.iter().chain(&routine.missing).copied().map(Report::Missing));
        reports.extend(folded.unreadable.iter().copied().map(Report::Unreadable));

        let mut books = Books::new(folded.ledger);
        let mut drop_reason = SkipReason::DiskFull;
        let known = books.ledger.lanes().get(&Lane::Reading).copied().unwrap_or_default();
        match recover::newest_block(&*files, &routine) {
            Some(block) => {
                books.ledger.saw(block.at);
                books.ledger.wrote_readings((block.seq + block.samples.len() as u64).saturating_sub(1));
            }
            None if known.head > 0 => {
                reports.push(Report::RoutineLost);
                books.gather.lose(NUMBERS_LOST_WITH_STREAM);
                drop_reason = SkipReason::Damaged;
            }
            None => {}
        }
        // Lost at the border of two records, an end leaves no damage behind; what the urgent stream noted of it does.
        if routine.log.head().1 <= folded.blocks && !reports.contains(&Report::RoutineLost) {
            reports.push(Report::RoutineCut);
        }
        let journal = Journal {
            ballast: Ballast::open(Arc::clone(&files), options.ballast_bytes),
            files,
            books: Arc::new(Mutex::new(books)),
            urgent: urgent.log,
            routine: routine.log,
            options,
            indexed: Arc::new(AtomicU64::new(u64::MAX)),
            hole_written: Mono(0),
            drop_reason,
        };
        journal.see_usage();
        Ok((journal, reports))
    }

    /// The books, to be shared with whoever must not wait for the disk.
    #[must_use]
    pub fn shared_books(&self) -> Arc<Mutex<Books>> {
        Arc::clone(&self.books)
    }

    /// The books.
    pub fn books(&self) -> MutexGuard<'_, Books> {
        self.books.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The files it works on.
    #[must_use]
    pub fn files(&self) -> Arc<dyn Files> {
        Arc::clone(&self.files)
    }

    /// Where the state index writes down up to which urgent segment it holds everything; without an index nothing is held back.
    #[must_use]
    pub fn indexed(&self) -> Arc<AtomicU64> {
        Arc::clone(&self.indexed)
    }

    /// Numbers the decisions, writes the turn and makes it durable.
    pub fn commit(&mut self, draft: Draft) -> Committed {
        let (ticket, decisions) = self.books().enter(draft);
        self.write_turns();
        self.books().committed(ticket, decisions)
    }

    /// Writes all turns that wait. What the disk refuses stays waiting, and the books say why.
    pub fn write_turns(&mut self) {
        let mut outcome = self.try_write_turns();
        if outcome.as_ref().is_err_and(is_full) && self.ballast.release() {
            outcome = self.try_write_turns();
        }
        if let Err(error) = outcome {
            self.books().trouble = Some(Degraded::from(&error));
        }
        self.see_usage();
    }

    /// Takes a routine sample in; it is written with its block.
    pub fn routine(&mut self, at: Moment, sample: Sample) {
        self.books().gather.push(at, sample);
        self.write_blocks(at, self.options.gather);
    }

    /// Does what is due: turns that wait, blocks, holes, ballast. To be called every second or so.
    pub fn tick(&mut self, now: Moment) {
        if self.books().pending() > 0 {
            self.write_turns();
        }
        self.write_blocks(now, self.options.gather);
        if let Err(error) = self.ballast.take_up(self.options.reserve_bytes) {
            // Only a reserve could not be laid in; the next write says whether the disk is in trouble.
            tracing::debug!(%error, "ballast not taken up");
        }
        self.see_usage();
    }

    /// Writes everything that waits, blocks that are not due too: the process is about to end.
    pub fn finish(&mut self, now: Moment) {
        self.write_turns();
        self.write_blocks(now, Duration::ZERO);
        self.see_usage();
    }

    fn try_write_turns(&mut self) -> io::Result<()> {
        let birth = self.urgent.wants_birth(self.options.urgent.segment_bytes);
        let Work { turns, snapshot } = self.books().work(birth);
        let Some((_, first)) = turns.first() else { return Ok(()) };
        self.urgent.begin(birth.then_some(Birth { at: first.at, first_number: 0 }));
        let mut written = Written::default();
        let mut retire = 0;
        if let Some(snapshot) = &snapshot {
            self.urgent.stage(Kind::Snapshot.byte(), snapshot);
            retire = self.stage_carried(snapshot, first.at.mono, &mut written);
        }
        for (ticket, turn) in &turns {
            written.turns.push((*ticket, self.urgent.stage(Kind::Turn.byte(), &**turn)));
        }
        self.urgent.write()?;
        self.books().settle(&written);
        for _ in 0..retire {
            // A segment that cannot be unlinked is tried again at the next birth.
            if self.urgent.retire_oldest().is_err() {
                break;
            }
        }
        Ok(())
    }

    /// Copies what waits in the oldest segments into the fresh one, and says how many of them can then go.
    fn stage_carried(&mut self, snapshot: &Snapshot, now: Mono, written: &mut Written) -> usize {
        let budget = self.options.urgent;
        let indexed = self.indexed.load(Ordering::Acquire);
        let surplus = self.urgent.surplus(budget.bytes_max, budget.kept, now).min(RETIRED_AT_ONCE_MAX);
        let going: Vec<u64> = self
            .urgent
            .segments()
            .iter()
            .take(surplus)
            .map(|segment| segment.number)
            .take_while(|n| *n < indexed)
            .collect();
        for (count, segment) in going.iter().enumerate() {
            let waiting = |lane: Lane, of: &LaneSnapshot| {
                let here = of.places().filter_map(|(seq, place)| Some((lane, seq, place?)));
                here.filter(|(_, _, place)| place.segment == *segment).collect::<Vec<_>>()
            };
            let mut carried = Vec::new();
            for (lane, seq, place) in
                waiting(Lane::Alarm, &snapshot.alarm).into_iter().chain(waiting(Lane::Device, &snapshot.device))
            {
                match read_decision(&*self.files, place, lane, seq) {
                    Ok(record) => carried.push((lane, seq, record)),
                    // Damaged for good: its hole is named when it is to be sent.
                    Err(error) if error.kind() == io::ErrorKind::InvalidData => {}
                    Err(_) => return count,
                }
            }
            for (lane, seq, record) in carried {
                written.carried.push((lane, seq, self.urgent.stage(Kind::Carried.byte(), &record)));
            }
        }
        going.len()
    }

    /// Writes the blocks that are due, unless the disk is in trouble: then samples wait, and the oldest go.
    fn write_blocks(&mut self, now: Moment, gather: Duration) {
        loop {
            {
                let books = self.books();
                let due = books.gather.due(now.mono, gather, self.options.block_bytes);
                if !due || books.trouble.is_some() {
                    return;
                }
            }
            // A disk that does not say how much is free is believed to have room; the write will tell.
            let room = self.files.free_bytes().map_or(true, |free| free >= self.options.reserve_bytes);
            if !room {
                self.drop_reason = SkipReason::DiskFull;
            }
            let overdue = now.mono.since(self.hole_written) >= HOLE_EVERY;
            if (room || overdue) && !self.name_lost(now) {
                return;
            }
            if !room {
                return;
            }
            if let Err(error) = self.write_block() {
                self.drop_reason = if is_full(&error) { SkipReason::DiskFull } else { SkipReason::Damaged };
                self.books().usage.block_failures += 1;
                return;
            }
        }
    }

    /// Writes down that numbers stand for nothing, before any number above them is used; whether that is durable.
    fn name_lost(&mut self, now: Moment) -> bool {
        let count = self.books().gather.lost();
        if count == 0 {
            return true;
        }
        let reason = self.drop_reason;
        let decisions = vec![Undecided::Lost { lane: Lane::Reading, count, reason }];
        self.hole_written = now.mono;
        self.books().gather.named_lost(count);
        matches!(self.commit(Draft { at: now, inputs: Vec::new(), decisions }).outcome, Outcome::Durable)
    }

    fn write_block(&mut self) -> io::Result<()> {
        let block = {
            let books = self.books();
            let head = books.ledger.lanes().get(&Lane::Reading).map_or(0, |progress| progress.head);
            books.gather.block(head + 1, self.options.block_bytes)
        };
        let Some(block) = block else { return Ok(()) };
        let birth = self.routine.wants_birth(self.options.routine.segment_bytes);
        self.routine.begin(birth.then_some(Birth { at: block.at, first_number: block.seq }));
        self.routine.stage(Kind::Block.byte(), &block);
        self.routine.write()?;
        {
            let mut books = self.books();
            books.ledger.wrote_readings(block.seq + block.samples.len() as u64 - 1);
            books.ledger.saw(block.at);
            books.gather.written(block.samples.len());
            books.usage.blocks += 1;
        }
        if birth {
            self.retire_routine(block.at);
        }
        Ok(())
    }

    /// Unlinks the oldest routine segments beyond the budget, after naming the readings in them that have no receipt.
    fn retire_routine(&mut self, now: Moment) {
        let budget = self.options.routine;
        let surplus = self.routine.surplus(budget.bytes_max, budget.kept, now.mono);
        if surplus == 0 {
            return;
        }
        let remaining = self.routine.segments().get(surplus).and_then(|segment| segment.header);
        let receipted = self.books().ledger.lanes().get(&Lane::Reading).map_or(0, |progress| progress.receipted);
        let gone = remaining.map_or(0, |header| header.first_number.saturating_sub(1));
        if gone > receipted {
            let range = Range(receipted + 1, gone);
            let skipped = Undecided::Skipped { lane: Lane::Reading, range, reason: SkipReason::Budget };
            let draft = Draft { at: now, inputs: Vec::new(), decisions: vec![skipped] };
            if !matches!(self.commit(draft).outcome, Outcome::Durable) {
                return;
            }
        }
        for _ in 0..surplus {
            if self.routine.retire_oldest().is_err() {
                break;
            }
        }
    }

    fn see_usage(&self) {
        let free_bytes = self.files.free_bytes().ok();
        let ((chain, next_index), (routine_chain, routine_next)) = (self.urgent.head(), self.routine.head());
        let mut books = self.books();
        let samples_dropped = books.gather.dropped();
        let usage = &mut books.usage;
        usage.samples_dropped = samples_dropped;
        usage.urgent_bytes = self.urgent.bytes();
        usage.routine_bytes = self.routine.bytes();
        usage.bytes_written = self.urgent.bytes_written() + self.routine.bytes_written();
        usage.ballast_bytes = self.ballast.bytes();
        usage.free_bytes = free_bytes;
        // A little more than enough is wanted for the word that it is enough again, so that it does not come and go.
        let enough = self.options.reserve_bytes;
        let enough = if usage.is_short { enough.saturating_add(enough / 4) } else { enough };
        usage.is_short = free_bytes.is_some_and(|free| free < enough);
        (usage.chain, usage.records) = (chain, next_index - 1);
        (usage.routine_chain, usage.routine_records) = (routine_chain, routine_next - 1);
    }
}

/// Reads one decision of the urgent stream.
pub(super) fn read_decision(files: &dyn Files, place: Position, lane: Lane, seq: u64) -> io::Result<Carried> {
    let record = super::log::read::record_at(files, Stream::Urgent, place)?;
    let damaged = || io::Error::from(io::ErrorKind::InvalidData);
    let (at, decisions) = match Entry::read(record.kind, record.payload()).map_err(|_| damaged())? {
        Entry::Turn(turn) => (turn.at, turn.decisions),
        Entry::Carried(carried) => (carried.at, vec![carried.decision]),
        Entry::Snapshot(_) | Entry::Block(_) => return Err(damaged()),
    };
    let decision = decisions.into_iter().find(|decision| decision.number() == Some((lane, seq)));
    decision.map(|decision| Carried { at, decision }).ok_or_else(damaged)
}

fn is_full(error: &io::Error) -> bool {
    matches!(error.kind(), io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded)
}
