//! What the page has refused, counted for the station's status.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::time::Instant;

use crate::core::attempt::Barred;
use crate::core::word::words;

words! {
    /// What is counted.
    Count {
        /// A link that nobody has.
        LinkUnknown = "web.link_unknown",
        /// More of them than in a minute are looked at.
        LinkFlood = "web.link_flood",
        /// A link whose alarm is long closed.
        LinkOver = "web.link_over",
        /// An answer through a link was given to the station.
        Answers = "web.answers",
        /// An answer that the station refused.
        AnswersRefused = "web.answers_refused",
        /// A form that another site made a browser send.
        ForeignForm = "web.foreign_form",
        /// A form that could not be read.
        BadForm = "web.bad_form",
        /// Somebody logged in.
        Login = "web.login",
        /// A wrong name or password.
        LoginWrong = "web.login_wrong",
        /// More of them than in a minute are looked at.
        LoginFlood = "web.login_flood",
        /// Somebody who may only look wanted to act.
        NotAllowed = "web.not_allowed",
        /// Somebody wanted to act who is not logged in.
        NotLoggedIn = "web.not_logged_in",
    }
}

impl Count {
    /// Under which count what was barred for this reason stands; none for what no page bars.
    pub(super) const fn of(barred: Barred) -> Option<Count> {
        Some(match barred {
            Barred::LinkUnknown => Count::LinkUnknown,
            Barred::LinkOver => Count::LinkOver,
            Barred::ForeignForm => Count::ForeignForm,
            Barred::BadForm => Count::BadForm,
            Barred::NotLoggedIn => Count::NotLoggedIn,
            Barred::NotAllowed => Count::NotAllowed,
            Barred::LoginWrong => Count::LoginWrong,
            Barred::LoginFlood => Count::LoginFlood,
            Barred::TooLate => return None,
        })
    }
}

/// Counts since the start, shared with whoever shows them.
#[derive(Debug, Clone, Default)]
pub struct Tally(Arc<Mutex<BTreeMap<Count, u64>>>);

impl Tally {
    /// One more.
    pub(super) fn add(&self, count: Count) {
        let mut counts = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        *counts.entry(count).or_default() += 1;
    }

    /// What was counted, by name, for the status and the heartbeat.
    #[must_use]
    pub fn view(&self) -> BTreeMap<String, u64> {
        let counts = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        counts.iter().map(|(count, number)| (count.word().to_owned(), *number)).collect()
    }
}

/// So many of something in a minute, and no more.
#[derive(Debug)]
pub(super) struct Minute {
    most: u32,
    state: Mutex<(Option<Instant>, u32)>,
}

impl Minute {
    pub(super) fn new(most: u32) -> Self {
        Self { most, state: Mutex::new((None, 0)) }
    }

    /// Whether there were as many in this minute as there may be.
    pub(super) fn is_full(&self) -> bool {
        let state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        state.1 >= self.most && state.0.is_some_and(|since| since.elapsed() < Duration::from_mins(1))
    }

    /// One more of it.
    pub(super) fn add(&self) {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        match state.0 {
            Some(since) if since.elapsed() < Duration::from_mins(1) => state.1 = state.1.saturating_add(1),
            _ => *state = (Some(Instant::now()), 1),
        }
    }
}
