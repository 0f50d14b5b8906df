//! A group robot of WeCom (企业微信): its address with the key in it is all the log-in there is.
//!
//! ```text
//! POST /cgi-bin/webhook/send?key=…    {"msgtype":"text","text":{"content":"…"}}      or "markdown"
//! 200 {"errcode":0,"errmsg":"ok"}     sent
//! 200 {"errcode":45009,…}             over the limit: another try may mend it       -1: they are busy
//! 200 {"errcode":93000,…}             no such robot: not let in                     anything else: refused
//! ```
//!
//! Source: developer.work.weixin.qq.com, documents 91770 (robots) and 90313 (codes).
//!
//! Constraints:
//! - **A 200 is not yet *sent***: the code in it decides, and an answer without one (a hotel's log-in page) is trouble.
//! - A robot takes 20 messages a minute, and what is beyond is lost. They are counted here, and a quarter is kept for what is high, so
//!   that a storm of faults does not silence a help call.

use std::collections::VecDeque;
use std::time::Duration;

use serde::Deserialize;
use serde_json::json;
use tokio::sync::mpsc;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use super::body::{cut, with_link};
use super::channel::{Ailment, Errand, Failure, Letter, Said};
use super::letters::{self, Carrier, Setback};
use super::post::{Answer, Post};
use super::ready::{Around, NotReady};
use crate::config::channels::{WecomForm, WecomLink};
use crate::core::condition::Priority;
use crate::core::id::Slug;
use crate::limits::channels::{WECOM_KEPT_FOR_HIGH, WECOM_MARKDOWN_BYTES_MAX, WECOM_PER_MINUTE, WECOM_TEXT_BYTES_MAX};

pub use super::post::Server;

/// A robot as it is configured.
#[derive(Debug, Clone)]
pub struct Settings {
    /// The channel's name, for the journal.
    pub name: Slug,
    /// The robot's address.
    pub server: Server,
    /// In which form it writes.
    pub form: WecomForm,
}

impl Settings {
    /// As it is configured, with its secrets.
    pub(super) fn of(name: Slug, link: &WecomLink, around: &Around) -> Result<Self, NotReady> {
        Ok(Self { name, server: around.server(&link.url, &link.ca_file)?, form: link.form })
    }
}

/// Posts until `stop`, or until nobody gives errands any more.
pub async fn run(
    settings: Settings,
    errands: mpsc::Receiver<Errand>,
    said: mpsc::Sender<Said>,
    stop: CancellationToken,
) {
    let name = settings.name;
    letters::run(name, Robot { settings, pace: Pace::default() }, errands, said, stop).await;
}

struct Robot {
    settings: Settings,
    pace: Pace,
}

impl Carrier for Robot {
    async fn carry(&mut self, _: &Errand, letter: &Letter) -> Result<(), Setback> {
        if !self.pace.allows(Instant::now(), letter.priority) {
            let why = format!("the robot's limit of {WECOM_PER_MINUTE} messages a minute is used up");
            return Err(Setback { failure: Failure::Trouble, ailment: None, why });
        }
        let post = Post { headers: Vec::new(), body: message(letter, self.settings.form) };
        judge(&self.settings.server.post(post).await?)
    }

    async fn probe(&mut self) -> Result<(), Setback> {
        self.settings.server.probe().await
    }
}

fn message(letter: &Letter, form: WecomForm) -> Vec<u8> {
    let text = with_link(letter);
    let message = match form {
        WecomForm::Text => json!({ "msgtype": "text", "text": { "content": cut(&text, WECOM_TEXT_BYTES_MAX) } }),
        WecomForm::Markdown => {
            json!({ "msgtype": "markdown", "markdown": { "content": cut(&text, WECOM_MARKDOWN_BYTES_MAX) } })
        }
    };
    message.to_string().into_bytes()
}

fn judge(answer: &Answer) -> Result<(), Setback> {
    #[derive(Deserialize)]
    struct Told {
        errcode: i64,
    }
    answer.judge()?;
    let Ok(Told { errcode }) = serde_json::from_slice(&answer.body) else {
        return Err(Setback::trouble(Ailment::NotThere, "what answers is not WeCom: is a log-in page in between?"));
    };
    let why = format!("WeCom answered errcode {errcode}");
    let (failure, ailment) = match errcode {
        0 => return Ok(()),
        -1 | 45009 => (Failure::Trouble, None),
        93000 => (Failure::Refused, Some(Ailment::NotLetIn)),
        _ => (Failure::Refused, None),
    };
    Err(Setback { failure, ailment, why })
}

/// When the last messages left.
#[derive(Debug, Default)]
struct Pace {
    left: VecDeque<Instant>,
}

impl Pace {
    /// Whether one more may leave; it is counted then.
    fn allows(&mut self, now: Instant, priority: Priority) -> bool {
        const MINUTE: Duration = Duration::from_mins(1);
        while self.left.front().is_some_and(|left| now.duration_since(*left) >= MINUTE) {
            self.left.pop_front();
        }
        let kept = if priority == Priority::High { 0 } else { WECOM_KEPT_FOR_HIGH };
        let allows = self.left.len() < WECOM_PER_MINUTE - kept;
        if allows {
            self.left.push_back(now);
        }
        allows
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn of_twenty_a_minute_five_are_kept_for_what_is_high() {
        let (mut pace, start) = (Pace::default(), Instant::now());
        let mut sent = |second: u64, priority| pace.allows(start + Duration::from_secs(second), priority);
        let faults = (0..20).filter(|second| sent(*second, Priority::Technical)).count();
        assert_eq!(faults, 15);
        let calls = (20..40).filter(|second| sent(*second, Priority::High)).count();
        assert_eq!(calls, 5);
        assert!(!sent(59, Priority::High));
        assert!(sent(60, Priority::High), "the first fault is a minute ago");
    }
}
