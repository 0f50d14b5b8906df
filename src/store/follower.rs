//! The state index's own thread: it follows the log, answers questions about the past, and is never waited for by a commit.

use std::io;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::{Receiver, RecvTimeoutError, SyncSender, sync_channel};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread::JoinHandle;
use std::time::Duration;

use tokio::sync::oneshot;

use super::books::Books;
use super::files::Files;
use super::state::{Index, MemoryIndex, StateError, follow};
use crate::core::alarm::Alarm;
use crate::core::time::{Moment, Mono};
use crate::limits::INDEX_FLUSH;
use crate::limits::STORE_QUEUE;

/// How far the index may be behind the log. judgement: nobody asks it for the last second, which the ledger knows; and one
/// transaction of sled costs more processor time than writing the turn that it is about.
const FOLLOW_EVERY: Duration = Duration::from_secs(1);

/// What the thread is asked.
pub enum Ask {
    /// The log has grown.
    Follow,
    /// The newest alarms.
    Newest(usize, oneshot::Sender<Vec<Alarm>>),
    /// Keep the devices' last words, durably; answered when that is done or has failed.
    Words(Moment, Vec<u8>, oneshot::Sender<()>),
    /// Make everything durable and end.
    Finish(oneshot::Sender<()>),
}

/// Starts the thread. `indexed` is told below which urgent segment everything is in the index, durably.
///
/// # Errors
/// When the operating system gives no thread.
pub fn start(
    files: Arc<dyn Files>,
    books: Arc<Mutex<Books>>,
    index: Box<dyn Index>,
    indexed: Arc<AtomicU64>,
) -> io::Result<(SyncSender<Ask>, JoinHandle<()>)> {
    let (asks, asked) = sync_channel(STORE_QUEUE);
    let mut follower =
        Follower { files, books, index, indexed, changed: false, behind: false, followed: Mono(0), flushed: Mono(0) };
    follower.say_indexed();
    let thread = std::thread::Builder::new().name("index".to_owned()).spawn(move || follower.run(&asked))?;
    Ok((asks, thread))
}

struct Follower {
    files: Arc<dyn Files>,
    books: Arc<Mutex<Books>>,
    index: Box<dyn Index>,
    indexed: Arc<AtomicU64>,
    /// Something in the index is not durable yet.
    changed: bool,
    /// The log has grown since the index last followed it.
    behind: bool,
    followed: Mono,
    flushed: Mono,
}

impl Follower {
    fn run(&mut self, asked: &Receiver<Ask>) {
        self.follow();
        loop {
            match asked.recv_timeout(if self.behind { FOLLOW_EVERY } else { INDEX_FLUSH }) {
                Ok(Ask::Follow) => self.follow_soon(),
                Ok(Ask::Newest(limit, answer)) => {
                    self.follow();
                    let newest = self.index.newest(limit);
                    let _ = answer.send(self.survive(newest));
                }
                Ok(Ask::Words(at, bytes, done)) => {
                    let put = self.index.put_words(at, &bytes);
                    match put {
                        Err(StateError::TooLarge(bytes)) => {
                            tracing::warn!(bytes, "last words are too large to be kept");
                        }
                        put => self.survive(put),
                    }
                    self.changed = true;
                    self.flush();
                    let _ = done.send(());
                }
                Ok(Ask::Finish(done)) => {
                    self.follow();
                    self.flush();
                    let _ = done.send(());
                    return;
                }
                Err(RecvTimeoutError::Timeout) if self.behind => self.follow(),
                Err(RecvTimeoutError::Timeout) => self.flush(),
                Err(RecvTimeoutError::Disconnected) => return self.flush(),
            }
        }
    }

    /// Follows when it is time by the log's own clock; when the log falls quiet before, the wait for a question ends.
    fn follow_soon(&mut self) {
        self.behind = true;
        if self.newest().since(self.followed) >= FOLLOW_EVERY {
            self.follow();
        }
    }

    fn follow(&mut self) {
        let before = self.index.applied();
        let caught_up = follow::catch_up(&self.files, &mut *self.index).map(|_| ());
        self.survive(caught_up);
        self.changed |= self.index.applied() != before;
        // The log's own clock, so that a busy night is flushed as often as a quiet one.
        let now = self.newest();
        (self.behind, self.followed) = (false, now);
        if now.since(self.flushed) >= INDEX_FLUSH {
            self.flush();
            self.flushed = now;
        }
    }

    fn flush(&mut self) {
        if self.changed {
            let durable = self.index.make_durable();
            self.survive(durable);
            self.changed = false;
            self.say_indexed();
        }
    }

    fn say_indexed(&self) {
        let segment = self.index.applied().map_or(0, |applied| applied.at.segment);
        self.indexed.store(segment, Ordering::Release);
    }

    /// An index that fails is given up until the next start, which checks and rebuilds it; the history goes on in memory.
    fn survive<T: Default>(&mut self, outcome: Result<T, StateError>) -> T {
        outcome.unwrap_or_else(|error| {
            tracing::warn!(%error, "the state index is given up until the next start");
            self.books().usage.index_failed = true;
            self.index = Box::new(MemoryIndex::default());
            T::default()
        })
    }

    /// When the newest turn of the log was.
    fn newest(&self) -> Mono {
        self.books().ledger.newest().map_or(Mono(0), |at| at.mono)
    }

    fn books(&self) -> MutexGuard<'_, Books> {
        self.books.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
