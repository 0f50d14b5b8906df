//! The log's own thread: a card that stalls stalls nothing else.
//!
//! What is to be written lies in the books; a request only wakes the thread, so a full queue loses nothing.

use std::collections::BTreeMap;
use std::io;
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;

use tokio::sync::oneshot;

use super::books::Ticket;
use super::follower::Ask;
use super::journal::Journal;
use crate::core::time::Moment;
use crate::limits::STORE_QUEUE;

/// What the thread is asked.
pub enum Request {
    /// Turns wait in the books.
    Turns,
    /// Time has passed.
    Tick(Moment),
    /// Write everything and end; answered when that is done.
    Finish(Moment, oneshot::Sender<()>),
}

/// Who waits for which turn.
#[derive(Debug, Default)]
pub struct Waiters(Mutex<BTreeMap<Ticket, oneshot::Sender<()>>>);

impl Waiters {
    /// Waits for a turn: answered when it is written, or when writing it failed.
    pub fn wait(&self, ticket: Ticket) -> oneshot::Receiver<()> {
        let (tell, told) = oneshot::channel();
        self.map(|waiters| waiters.insert(ticket, tell));
        told
    }

    /// Whoever waited gave up.
    pub fn leave(&self, ticket: Ticket) {
        self.map(|waiters| waiters.remove(&ticket));
    }

    fn tell(&self, journal: &Journal) {
        let books = journal.books();
        let waiters = self.map(|waiters| {
            let (over, on): (BTreeMap<_, _>, BTreeMap<_, _>) = std::mem::take(waiters)
                .into_iter()
                .partition(|(ticket, _)| books.trouble.is_some() || !books.is_pending(*ticket));
            *waiters = on;
            over
        });
        drop(books);
        for (_, waiter) in waiters {
            // Whoever waited may have given up at the deadline.
            let _ = waiter.send(());
        }
    }

    fn map<T>(&self, change: impl FnOnce(&mut BTreeMap<Ticket, oneshot::Sender<()>>) -> T) -> T {
        change(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

/// Starts the thread.
///
/// # Errors
/// When the operating system gives no thread.
pub fn start(
    mut journal: Journal,
    waiters: Arc<Waiters>,
    follower: SyncSender<Ask>,
) -> io::Result<(SyncSender<Request>, JoinHandle<()>)> {
    let (requests, received) = sync_channel(STORE_QUEUE);
    let thread = std::thread::Builder::new()
        .name("log".to_owned())
        .spawn(move || run(&mut journal, &received, &waiters, &follower))?;
    Ok((requests, thread))
}

fn run(journal: &mut Journal, requests: &Receiver<Request>, waiters: &Waiters, follower: &SyncSender<Ask>) {
    while let Ok(request) = requests.recv() {
        match request {
            Request::Turns => journal.write_turns(),
            Request::Tick(now) => journal.tick(now),
            Request::Finish(now, done) => {
                journal.finish(now);
                waiters.tell(journal);
                let _ = done.send(());
                return;
            }
        }
        waiters.tell(journal);
        // A full queue means that the follower is about to look anyway.
        let _ = follower.try_send(Ask::Follow);
    }
}
