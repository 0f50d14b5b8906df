//! What came to the station and moved no alarm: it stands in the log for whoever inspects it, and nothing follows from it.
//!
//! - **An answer that counts is an order** and stands in the log as one, also when the station refuses it. What never becomes an order
//!   is this: a link that nobody has, a form that another site sent, a wrong password, a command of the county that came too late; and
//!   who logged in and out.
//! - **In pseudonyms only:** neither the browser's address nor a word that somebody typed is kept, for they may have typed a name or a
//!   password.
//! - **Each stands in the log**, one by one while they are few. A flood is counted, and the count is written when its minute is over:
//!   whoever sends without end neither wears the card nor pushes the village's history out of the log.

use std::collections::BTreeMap;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::alarm::AlarmId;
use super::id::ResponderId;
use super::time::Mono;
use super::word::words;
use crate::limits::record::{ATTEMPT_KINDS_MAX, ATTEMPTS_PER_MIN};

const MINUTE: Duration = Duration::from_mins(1);

words! {
    /// What somebody wanted.
    Tried {
        /// To see what is behind a link.
        OpenLink = "open_link",
        /// To answer an alarm through a link.
        AnswerByLink = "answer_by_link",
        /// To answer an alarm at the desk, or to note something else there.
        AnswerAtDesk = "answer_at_desk",
        /// To log in at the desk.
        LogIn = "log_in",
        /// To log out.
        LogOut = "log_out",
        /// To order something from the county.
        CountyCommand = "county_command",
    }
}

words! {
    /// Why nothing came of it.
    Barred {
        /// Nobody has such a link.
        LinkUnknown = "link_unknown",
        /// The link's alarm was closed long ago.
        LinkOver = "link_over",
        /// Another site's page made the browser send it.
        ForeignForm = "foreign_form",
        /// It could not be read, or names what there is not.
        BadForm = "bad_form",
        /// Nobody is logged in with that browser.
        NotLoggedIn = "not_logged_in",
        /// They may look only.
        NotAllowed = "not_allowed",
        /// A wrong name or password.
        LoginWrong = "login_wrong",
        /// After too many wrong ones none was looked at.
        LoginFlood = "login_flood",
        /// It came after the time until which it was meant.
        TooLate = "too_late",
    }
}

/// One attempt, or several that were alike.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Attempt {
    /// What was wanted.
    pub tried: Tried,
    /// Why nothing came of it; none for whoever did log in or out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub barred: Option<Barred>,
    /// In whose name, where that is known. With a barred one it is what the browser held or claimed, and proves nobody.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub by: Option<ResponderId>,
    /// About which alarm, where there is one of that id.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub alarm: Option<AlarmId>,
    /// How often, in the minute before it was written.
    #[serde(default = "once", skip_serializing_if = "is_once")]
    pub times: u32,
}

impl Attempt {
    /// Once, by nobody who is known.
    #[must_use]
    pub const fn new(tried: Tried, barred: Option<Barred>) -> Attempt {
        Attempt { tried, barred, by: None, alarm: None, times: 1 }
    }

    /// The same without who and of what: what many have in common.
    #[must_use]
    pub const fn kind(self) -> Attempt {
        Attempt::new(self.tried, self.barred)
    }
}

/// Lets attempts through to the log: one by one while they are few, counted when they are many.
#[derive(Debug, Default)]
pub struct Pace {
    /// When the minute under way began; none while nothing came since the last one.
    since: Option<Mono>,
    /// How many of it were let through one by one.
    single: u32,
    /// The minute before was a flood, so this one is only counted.
    flooded: bool,
    /// To be written at once.
    ready: Vec<Attempt>,
    /// To be written when it is over, by what they have in common.
    counted: BTreeMap<Attempt, u32>,
}

impl Pace {
    /// Somebody tried something.
    pub fn note(&mut self, attempt: Attempt, now: Mono) {
        if self.flooded || self.single >= ATTEMPTS_PER_MIN {
            self.count(attempt, now);
        } else {
            self.since.get_or_insert(now);
            self.single += 1;
            self.ready.push(attempt);
        }
    }

    /// Keeps one for the end of the minute.
    pub fn count(&mut self, attempt: Attempt, now: Mono) {
        self.since.get_or_insert(now);
        let times = attempt.times;
        let key = Attempt { times: 1, ..attempt };
        let room = self.counted.len() < ATTEMPT_KINDS_MAX || self.counted.contains_key(&key);
        let count = self.counted.entry(if room { key } else { attempt.kind() }).or_default();
        *count = count.saturating_add(times);
    }

    /// When the minute under way is over.
    #[must_use]
    pub fn due(&self) -> Option<Mono> {
        self.since.map(|since| since + MINUTE)
    }

    /// What is to be written now.
    pub fn take(&mut self, now: Mono) -> Vec<Attempt> {
        if self.due().is_none_or(|due| now < due) {
            return std::mem::take(&mut self.ready);
        }
        let counted = self.counted.values().fold(self.single, |sum, times| sum.saturating_add(*times));
        let flooded = counted > ATTEMPTS_PER_MIN;
        let all = self.take_all();
        // The minute after a flood is counted whole, so that one that goes on costs one record a minute.
        (self.since, self.flooded) = (flooded.then_some(now), flooded);
        all
    }

    /// Everything that is still to be written: nobody comes any more.
    pub fn take_all(&mut self) -> Vec<Attempt> {
        let pace = std::mem::take(self);
        let counted = pace.counted.into_iter().map(|(attempt, times)| Attempt { times, ..attempt });
        pace.ready.into_iter().chain(counted).collect()
    }
}

const fn once() -> u32 {
    1
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "the signature is serde's")]
const fn is_once(times: &u32) -> bool {
    *times == 1
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn its_record_says_what_is_known_and_no_more() {
        let wrong = Attempt::new(Tried::LogIn, Some(Barred::LoginWrong));
        assert_eq!(serde_json::to_string(&wrong).expect("JSON"), r#"{"tried":"log_in","barred":"login_wrong"}"#);
        let by = Some("p01".parse().expect("id"));
        let often = Attempt { by, times: 40, ..Attempt::new(Tried::AnswerByLink, Some(Barred::BadForm)) };
        let text = serde_json::to_string(&often).expect("JSON");
        assert_eq!(text, r#"{"tried":"answer_by_link","barred":"bad_form","by":"p01","times":40}"#);
        for attempt in [wrong, often] {
            let text = serde_json::to_string(&attempt).expect("JSON");
            assert_eq!(serde_json::from_str::<Attempt>(&text).expect("reads"), attempt);
        }
    }

    fn wrong_link() -> Attempt {
        Attempt::new(Tried::OpenLink, Some(Barred::LinkUnknown))
    }

    fn times(attempts: &[Attempt]) -> Vec<u32> {
        attempts.iter().map(|attempt| attempt.times).collect()
    }

    #[test]
    fn a_few_are_written_one_by_one_and_a_flood_once_a_minute_with_its_count() {
        let mut pace = Pace::default();
        let at = |second: u64| Mono(second * 1000);
        for second in 0..50 {
            pace.note(wrong_link(), at(second));
        }
        assert_eq!(times(&pace.take(at(50))), [1; 6]);
        assert_eq!(pace.take(at(59)), [], "the minute is not over");
        assert_eq!(times(&pace.take(at(60))), [44]);
        for second in 61..110 {
            pace.note(wrong_link(), at(second));
        }
        assert_eq!(pace.take(at(119)), [], "a flood that goes on is counted whole");
        assert_eq!(times(&pace.take(at(120))), [49]);
        assert_eq!(pace.take(at(180)), []);
        assert_eq!(pace.due(), None, "and is over when a minute was quiet");
        pace.note(wrong_link(), at(300));
        assert_eq!(times(&pace.take(at(300))), [1]);
    }

    #[test]
    fn what_is_counted_says_who_while_there_are_few_and_is_never_lost() {
        let (mut pace, now) = (Pace { flooded: true, ..Pace::default() }, Mono(0));
        for number in 0..40 {
            let by = format!("p{number}").parse().ok();
            pace.note(Attempt { by, ..wrong_link() }, now);
            pace.note(Attempt { by, ..wrong_link() }, now);
        }
        let all = pace.take_all();
        assert_eq!(all.len(), ATTEMPT_KINDS_MAX + 1);
        assert_eq!(all.iter().map(|attempt| attempt.times).sum::<u32>(), 80);
        let nobodys: Vec<&Attempt> = all.iter().filter(|attempt| attempt.by.is_none()).collect();
        assert_eq!(nobodys, [&Attempt { times: 48, ..wrong_link() }]);
    }
}
