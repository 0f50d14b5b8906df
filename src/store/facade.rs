//! The store as the daemon sees it: asynchronous questions to threads that may be slow, with answers that never are.

use std::collections::BTreeMap;
use std::sync::mpsc::SyncSender;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread::JoinHandle;

use tokio::sync::oneshot;

use super::books::Books;
use super::files::Files;
use super::follower::{self, Ask};
use super::handout::{self, Cursor, Readings};
use super::journal::Journal;
use super::ledger::{Draft, Ledger, Progress, Undecided};
use super::log::Chain;
use super::record::Decision;
use super::state::{Checked, follow};
use super::writer::{self, Request, Waiters};
use super::{Committed, Degraded, Options, Report, StoreError, Usage};
use crate::core::alarm::Alarm;
use crate::core::reading::Sample;
use crate::core::sequence::{Lane, Range, SkipReason};
use crate::core::time::Moment;
use crate::limits::COMMIT_DEADLINE_IN_TROUBLE;

/// The store. Clones are handles to the same one.
#[derive(Clone)]
pub struct Store(Arc<Inner>);

struct Inner {
    files: Arc<dyn Files>,
    books: Arc<Mutex<Books>>,
    waiters: Arc<Waiters>,
    writer: SyncSender<Request>,
    follower: SyncSender<Ask>,
    cursor: Arc<Mutex<Cursor>>,
    options: Options,
    threads: Mutex<Vec<JoinHandle<()>>>,
}

/// A store that is open, and what it knows.
pub struct Opened {
    /// The store.
    pub store: Store,
    /// The ledger as the log left it.
    pub ledger: Ledger,
    /// The devices' last words, and when they were kept.
    pub words: Option<(Moment, Vec<u8>)>,
    /// What was found.
    pub reports: Vec<Report>,
}

impl Store {
    /// Opens the store and starts its two threads.
    ///
    /// # Errors
    /// [`StoreError`]: the directory cannot be read, or there are no threads. Damage is survived and reported.
    pub fn open(files: Arc<dyn Files>, checked: Checked, options: Options) -> Result<Opened, StoreError> {
        let Checked { mut index, aside } = checked;
        let (journal, mut reports) = Journal::open(Arc::clone(&files), options)?;
        let why = match follow::join(&files, &mut *index) {
            Ok(joined) => aside.or(joined),
            Err(error) => {
                tracing::warn!(%error, "the state index cannot follow the log");
                aside
            }
        };
        reports.extend(why.filter(|_| !reports.contains(&Report::FirstStart)).map(|why| Report::Rebuilt { why }));
        let words = index.words().unwrap_or_else(|error| {
            tracing::warn!(%error, "the devices' last words are lost");
            None
        });
        let (books, waiters) = (journal.shared_books(), Arc::<Waiters>::default());
        let ledger = journal.books().ledger.clone();
        let (follower, index_thread) =
            follower::start(Arc::clone(&files), Arc::clone(&books), index, journal.indexed())
                .map_err(StoreError::Thread)?;
        let (writer, log_thread) =
            writer::start(journal, Arc::clone(&waiters), follower.clone()).map_err(StoreError::Thread)?;
        let cursor = Arc::default();
        let threads = Mutex::new(vec![log_thread, index_thread]);
        let inner = Inner { files, books, waiters, writer, follower, cursor, options, threads };
        Ok(Opened { store: Store(Arc::new(inner)), ledger, words, reports })
    }

    /// Numbers the decisions, writes the turn and syncs it. Answers within the deadline: [`super::Outcome::Durable`], or
    /// degraded, and then the turn is written later, with its numbers and in its place. A disk that is known to be in
    /// trouble is hardly waited for: people are told at once.
    pub async fn commit(&self, draft: Draft) -> Committed {
        let now = draft.at;
        // Waiting begins before the books are let go, so that no answer can come in between.
        let (ticket, decisions, told, deadline) = {
            let mut books = self.books();
            let usual = self.0.options.commit_deadline;
            let deadline = if books.trouble.is_some() { usual.min(COMMIT_DEADLINE_IN_TROUBLE) } else { usual };
            let (ticket, decisions) = books.enter(draft);
            (ticket, decisions, self.0.waiters.wait(ticket), deadline)
        };
        self.wake(Request::Turns);
        // An answer, a deadline and a thread that is gone all mean: look into the books.
        let _ = tokio::time::timeout(deadline, told).await;
        self.0.waiters.leave(ticket);
        self.wake_if_due(now);
        self.books().committed(ticket, decisions)
    }

    /// Takes a routine sample in; it is written and synced with its block, within [`Options::gather`].
    pub fn routine(&self, at: Moment, sample: Sample) {
        self.books().gather.push(at, sample);
        self.wake_if_due(at);
    }

    /// Lets what is due be done: blocks, turns that the disk refused, ballast. To be called every second or so.
    pub fn tick(&self, now: Moment) {
        self.wake(Request::Tick(now));
    }

    /// At most `max` records of the alarm or device lane that have no receipt, from a number on, with their numbers: those
    /// in the log and those that were told without it. Holes come as [`Decision::Skipped`].
    pub async fn alarm_records(&self, lane: Lane, from_seq: u64, max: usize) -> Vec<(u64, Decision)> {
        let begun = handout::begin(&self.books(), lane, from_seq, max);
        let handout = match begun.whole() {
            Ok(handout) => handout,
            Err(begun) => {
                let (files, books) = (Arc::clone(&self.0.files), Arc::clone(&self.0.books));
                let read = tokio::task::spawn_blocking(move || begun.read(&*files, &books, lane));
                read.await.unwrap_or_default()
            }
        };
        if !handout.damaged.is_empty() {
            tracing::error!(%lane, records = ?handout.damaged, "records without a receipt are damaged in the log");
            self.name_damaged(lane, &handout.damaged).await;
        }
        handout.records
    }

    /// The readings from a number on, about `bytes_max` of them as the log writes them, and at least one.
    pub async fn readings(&self, from_seq: u64, bytes_max: usize) -> Readings {
        let (files, books) = (Arc::clone(&self.0.files), Arc::clone(&self.0.books));
        let cursor = Arc::clone(&self.0.cursor);
        let read = tokio::task::spawn_blocking(move || {
            let mut cursor = cursor.lock().unwrap_or_else(PoisonError::into_inner);
            handout::readings(&files, &books, &mut cursor, from_seq, bytes_max)
        });
        read.await.unwrap_or(Readings::UpToDate)
    }

    /// How far every lane has got.
    #[must_use]
    pub fn lanes(&self) -> BTreeMap<Lane, Progress> {
        self.books().ledger.lanes()
    }

    /// Asks the ledger.
    pub fn ledger<T>(&self, ask: impl FnOnce(&Ledger) -> T) -> T {
        ask(&self.books().ledger)
    }

    /// The newest record of each of the newest alarms, open and closed, newest onset first.
    pub async fn alarms(&self, limit: usize) -> Vec<Alarm> {
        let (answer, answered) = oneshot::channel();
        let asked = self.0.follower.try_send(Ask::Newest(limit, answer)).is_ok();
        if asked { answered.await.unwrap_or_default() } else { Vec::new() }
    }

    /// Keeps the devices' last words, durably.
    pub async fn put_words(&self, at: Moment, bytes: Vec<u8>) {
        let (done, told) = oneshot::channel();
        if self.0.follower.try_send(Ask::Words(at, bytes, done)).is_ok() {
            let _ = told.await;
        }
    }

    /// Why the disk does not take records, while it does not.
    #[must_use]
    pub fn trouble(&self) -> Option<Degraded> {
        self.books().trouble
    }

    /// The limits that it keeps to.
    #[must_use]
    pub fn options(&self) -> &Options {
        &self.0.options
    }

    /// Bytes and counters.
    #[must_use]
    pub fn usage(&self) -> Usage {
        self.books().usage.clone()
    }

    /// The newest link of the urgent stream's chain.
    #[must_use]
    pub fn chain_head(&self) -> Chain {
        self.books().usage.chain
    }

    /// The files, for [`super::replay()`] and [`super::log::verify`].
    #[must_use]
    pub fn files(&self) -> Arc<dyn Files> {
        Arc::clone(&self.0.files)
    }

    /// Writes everything that waits, makes the index durable and ends both threads; waits for each at most the commit deadline.
    pub async fn close(&self, now: Moment) {
        let deadline = self.0.options.commit_deadline;
        let (done, told) = oneshot::channel();
        let mut ended = self.0.writer.try_send(Request::Finish(now, done)).is_ok()
            && tokio::time::timeout(deadline, told).await.is_ok();
        let (done, told) = oneshot::channel();
        ended &=
            self.0.follower.try_send(Ask::Finish(done)).is_ok() && tokio::time::timeout(deadline, told).await.is_ok();
        let threads = std::mem::take(&mut *self.0.threads.lock().unwrap_or_else(PoisonError::into_inner));
        if ended {
            // Both have said that they are done, so this does not wait for the disk.
            for thread in threads {
                let _ = thread.join();
            }
        }
    }

    /// Records that can never be sent become holes, which are handed out with the next question.
    async fn name_damaged(&self, lane: Lane, damaged: &[u64]) {
        let newest = self.books().ledger.newest();
        let Some(at) = newest else { return };
        let hole = |seq: &u64| Undecided::Skipped { lane, range: Range(*seq, *seq), reason: SkipReason::Damaged };
        let decisions = damaged.iter().map(hole).collect();
        // Durable or not: the books hold the holes.
        let _ = self.commit(Draft { at, inputs: Vec::new(), decisions }).await;
    }

    fn wake_if_due(&self, now: Moment) {
        let due = self.books().gather.due(now.mono, self.0.options.gather, self.0.options.block_bytes);
        if due {
            self.wake(Request::Tick(now));
        }
    }

    /// A full queue means that the thread is about to look anyway.
    fn wake(&self, request: Request) {
        let _ = self.0.writer.try_send(request);
    }

    fn books(&self) -> MutexGuard<'_, Books> {
        self.0.books.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
