//! Where the station leaves what is new for the county. Leaving something never waits.
//!
//! Heads and changed keys are states, so newer ones replace older ones and there is no queue to fill; answers are
//! bounded and a refused one is the county's to ask for again.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::Notify;

use crate::core::sequence::Lane;
use crate::limits::{ANSWERS_WAITING_MAX, RETAINED_KEYS_MAX};

use super::message::ResultMessage;
use super::retained::RetainedKey;

/// The letterbox; clones are the same one.
#[derive(Debug, Clone, Default)]
pub struct Letterbox {
    inner: Arc<Inner>,
}

#[derive(Debug, Default)]
struct Inner {
    letters: Mutex<Letters>,
    flag: Notify,
}

/// Everything that was left since the last look.
#[derive(Debug, Default)]
pub(super) struct Letters {
    pub(super) heads: BTreeMap<Lane, u64>,
    pub(super) changed: BTreeSet<RetainedKey>,
    pub(super) answers: VecDeque<ResultMessage>,
    pub(super) answers_dropped: u64,
    pub(super) retained_dropped: u64,
}

impl Letterbox {
    /// Records up to `head` of this lane are in the store.
    pub fn head(&self, lane: Lane, head: u64) {
        self.leave(|letters| {
            let known = letters.heads.entry(lane).or_default();
            *known = head.max(*known);
        });
    }

    /// A retained standing changed, came or went. Only changes worth a message on a metered link should be left here:
    /// a device's standing as it is shown, not every time it is heard.
    pub fn changed(&self, key: RetainedKey) {
        self.leave(|letters| {
            if letters.changed.len() < RETAINED_KEYS_MAX {
                letters.changed.insert(key);
            } else {
                letters.retained_dropped += 1;
            }
        });
    }

    /// The answer to a county command. A full box drops it and counts; the county asks again.
    pub fn answer(&self, message: ResultMessage) {
        self.leave(|letters| {
            if letters.answers.len() < ANSWERS_WAITING_MAX {
                letters.answers.push_back(message);
            } else {
                letters.answers_dropped += 1;
            }
        });
    }

    /// Waits until something was left since the last call.
    pub(super) async fn news(&self) {
        self.inner.flag.notified().await;
    }

    /// Takes everything out.
    pub(super) fn take(&self) -> Letters {
        std::mem::take(&mut *self.lock())
    }

    fn leave(&self, put: impl FnOnce(&mut Letters)) {
        put(&mut self.lock());
        self.inner.flag.notify_one();
    }

    fn lock(&self) -> MutexGuard<'_, Letters> {
        // Every change is a single insertion, so what a panicking holder left behind is whole.
        self.inner.letters.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::core::effect::Answer;
    use crate::core::refusal::Refusal;
    use crate::core::time::{Boot, Moment, Mono, Trust, Wall};
    use crate::relay::message::CommandResult;

    #[test]
    fn only_the_newest_head_counts_and_a_full_box_counts_what_it_drops() {
        let letterbox = Letterbox::default();
        for head in [3, 9, 7] {
            letterbox.head(Lane::Alarm, head);
        }
        let at = Moment { boot: Boot(1), mono: Mono(1), wall: Wall(1), trust: Trust::Unset };
        for _ in 0..=ANSWERS_WAITING_MAX {
            let result = CommandResult::Answered(Answer::Refused { reason: Refusal::NotNow });
            letterbox.answer(ResultMessage { id: "c1".parse().expect("id"), at, result });
        }
        let letters = letterbox.take();
        assert_eq!(letters.heads, BTreeMap::from([(Lane::Alarm, 9)]));
        assert_eq!((letters.answers.len(), letters.answers_dropped), (ANSWERS_WAITING_MAX, 1));
        assert!(letterbox.take().answers.is_empty());
    }
}
