//! What came to the pages and moved no alarm, on its way into the log.
//!
//! - **Each stands in the log**, one by one while they are few. A flood is counted, and the count is written when its minute is over:
//!   whoever sends forms without end neither wears the card nor pushes the village's history out of the log.
//! - **Nobody waits for it.** A page is answered at once; what the station did not take is kept as a count for the next minute.

use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::sync::Notify;
use tokio::time::{Instant, sleep_until};
use tokio_util::sync::CancellationToken;
use tracing::warn;

use super::asking::Asker;
use crate::core::attempt::Attempt;
use crate::limits::record::{ATTEMPT_KINDS_MAX, ATTEMPTS_PER_MIN};

const MINUTE: Duration = Duration::from_mins(1);

/// What is still to be written.
#[derive(Debug, Default)]
pub(super) struct Attempts {
    waiting: Mutex<Waiting>,
    /// There is something that was not there before.
    news: Notify,
}

/// The minute under way. Pure.
#[derive(Debug, Default)]
struct Waiting {
    /// When it began; none while nothing came since the last one.
    since: Option<Instant>,
    /// How many of it were let through one by one.
    single: u32,
    /// The minute before was a flood, so this one is only counted.
    flooded: bool,
    /// To be written at once.
    ready: Vec<Attempt>,
    /// To be written when it is over, by what they have in common.
    counted: BTreeMap<Attempt, u32>,
}

impl Attempts {
    /// Somebody tried something.
    pub(super) fn note(&self, attempt: Attempt) {
        self.waiting().note(attempt, Instant::now());
        self.news.notify_one();
    }

    /// Hands everything to the station in its time, until told to stop, and then the rest.
    pub(super) async fn run(&self, station: &Asker, stop: &CancellationToken) {
        loop {
            let due = self.waiting().due();
            let over = async {
                match due {
                    Some(due) => sleep_until(due).await,
                    None => std::future::pending().await,
                }
            };
            tokio::select! {
                biased;
                () = stop.cancelled() => {
                    let rest = self.waiting().take_all();
                    return self.hand(station, rest).await;
                }
                () = self.news.notified() => {}
                () = over => {}
            }
            let due = self.waiting().take(Instant::now());
            self.hand(station, due).await;
        }
    }

    async fn hand(&self, station: &Asker, attempts: Vec<Attempt>) {
        if attempts.is_empty() || station.keep(attempts.clone()).await.is_ok() {
            return;
        }
        warn!("the station did not take what was tried at the pages; it is counted, and written later");
        let mut waiting = self.waiting();
        waiting.since.get_or_insert_with(Instant::now);
        for attempt in attempts {
            waiting.count(attempt);
        }
    }

    fn waiting(&self) -> MutexGuard<'_, Waiting> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Waiting {
    fn note(&mut self, attempt: Attempt, now: Instant) {
        self.since.get_or_insert(now);
        if self.flooded || self.single >= ATTEMPTS_PER_MIN {
            self.count(attempt);
        } else {
            self.single += 1;
            self.ready.push(attempt);
        }
    }

    fn count(&mut self, attempt: Attempt) {
        let times = attempt.times;
        let key = Attempt { times: 1, ..attempt };
        let room = self.counted.len() < ATTEMPT_KINDS_MAX || self.counted.contains_key(&key);
        let key = if room { key } else { attempt.kind() };
        let count = self.counted.entry(key).or_default();
        *count = count.saturating_add(times);
    }

    fn due(&self) -> Option<Instant> {
        self.since.map(|since| since + MINUTE)
    }

    /// What is to be written now.
    fn take(&mut self, now: Instant) -> Vec<Attempt> {
        if self.due().is_none_or(|due| now < due) {
            return std::mem::take(&mut self.ready);
        }
        let counted: u32 = self.counted.values().fold(0, |sum, times| sum.saturating_add(*times));
        let flooded = self.single.saturating_add(counted) > ATTEMPTS_PER_MIN;
        let all = self.take_all();
        // The minute after a flood is counted whole, so that one that goes on costs one record a minute.
        (self.since, self.flooded) = (flooded.then_some(now), flooded);
        all
    }

    fn take_all(&mut self) -> Vec<Attempt> {
        let waiting = std::mem::take(self);
        let counted = waiting.counted.into_iter().map(|(attempt, times)| Attempt { times, ..attempt });
        waiting.ready.into_iter().chain(counted).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::core::attempt::{Barred, Tried};

    fn wrong_link() -> Attempt {
        Attempt::new(Tried::OpenLink, Some(Barred::LinkUnknown))
    }

    fn times(attempts: &[Attempt]) -> Vec<u32> {
        attempts.iter().map(|attempt| attempt.times).collect()
    }

    #[test]
    fn a_few_are_written_one_by_one_and_a_flood_once_a_minute_with_its_count() {
        let (mut waiting, begun) = (Waiting::default(), Instant::now());
        let at = |second| begun + Duration::from_secs(second);
        for second in 0..50 {
            waiting.note(wrong_link(), at(second));
        }
        assert_eq!(times(&waiting.take(at(50))), [1; 6]);
        assert_eq!(waiting.take(at(59)), [], "the minute is not over");
        assert_eq!(times(&waiting.take(at(60))), [44]);
        for second in 61..110 {
            waiting.note(wrong_link(), at(second));
        }
        assert_eq!(waiting.take(at(119)), [], "a flood that goes on is counted whole");
        assert_eq!(times(&waiting.take(at(120))), [49]);
        assert_eq!(waiting.take(at(180)), []);
        assert_eq!(waiting.due(), None, "and is over when a minute was quiet");
        waiting.note(wrong_link(), at(300));
        assert_eq!(times(&waiting.take(at(300))), [1]);
    }

    #[test]
    fn what_is_counted_says_who_while_there_are_few_and_is_never_lost() {
        let (mut waiting, now) = (Waiting { flooded: true, ..Waiting::default() }, Instant::now());
        for number in 0..40 {
            let by = format!("p{number}").parse().ok();
            waiting.note(Attempt { by, ..wrong_link() }, now);
            waiting.note(Attempt { by, ..wrong_link() }, now);
        }
        let all = waiting.take_all();
        assert_eq!(all.len(), ATTEMPT_KINDS_MAX + 1);
        assert_eq!(all.iter().map(|attempt| attempt.times).sum::<u32>(), 80);
        let nobodys: Vec<&Attempt> = all.iter().filter(|attempt| attempt.by.is_none()).collect();
        assert_eq!(nobodys, [&Attempt { times: 48, ..wrong_link() }]);
    }
}
