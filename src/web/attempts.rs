//! What came to the pages and moved no alarm, on its way into the log. Nobody waits for it: a page is answered at once, and what the
//! station did not take is kept as a count for the next minute.

use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::sync::Notify;
use tokio::time::{Instant, sleep_until};
use tokio_util::sync::CancellationToken;
use tracing::warn;

use super::asking::Asker;
use crate::core::attempt::{Attempt, Pace};
use crate::core::time::Mono;

/// What is still to be written.
#[derive(Debug)]
pub(super) struct Attempts {
    begun: Instant,
    pace: Mutex<Pace>,
    /// There is something that was not there before.
    news: Notify,
}

impl Attempts {
    pub(super) fn new() -> Self {
        Self { begun: Instant::now(), pace: Mutex::default(), news: Notify::new() }
    }

    /// Somebody tried something.
    pub(super) fn note(&self, attempt: Attempt) {
        self.pace().note(attempt, self.now());
        self.news.notify_one();
    }

    /// Hands everything to the station in its time, until told to stop, and then the rest.
    pub(super) async fn run(&self, station: &Asker, stop: &CancellationToken) {
        loop {
            let due = self.pace().due();
            let over = async {
                match due {
                    Some(due) => sleep_until(self.begun + Duration::from_millis(due.0)).await,
                    None => std::future::pending().await,
                }
            };
            tokio::select! {
                biased;
                () = stop.cancelled() => {
                    let rest = self.pace().take_all();
                    return self.hand(station, rest).await;
                }
                () = self.news.notified() => {}
                () = over => {}
            }
            let due = self.pace().take(self.now());
            self.hand(station, due).await;
        }
    }

    async fn hand(&self, station: &Asker, attempts: Vec<Attempt>) {
        if attempts.is_empty() || station.keep(attempts.clone()).await.is_ok() {
            return;
        }
        warn!("the station did not take what was tried at the pages; it is counted, and written later");
        let (mut pace, now) = (self.pace(), self.now());
        for attempt in attempts {
            pace.count(attempt, now);
        }
    }

    /// Time since the pages began, rounded up, so that a minute is over when its timer says so.
    fn now(&self) -> Mono {
        Mono(u64::try_from(self.begun.elapsed().as_micros().div_ceil(1000)).unwrap_or(u64::MAX))
    }

    fn pace(&self) -> MutexGuard<'_, Pace> {
        self.pace.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
