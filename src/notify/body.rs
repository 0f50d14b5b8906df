//! A notice as a program is told it: the JSON that a webhook and the local broker carry; pure.
//!
//! ```json
//! { "schema": 1, "id": "st1.….help_call/9f3a61c08b24d75e-41", "alarm": "st1.….help_call", "to": "r07", "priority": "high",
//!   "text": "紧急:…", "code": 17, "link": null, "sent_at": "2026-11-22T03:12:05Z" }
//! ```
//!
//! Constraints:
//! - Fields are only added; `schema` changes when one changes its meaning.
//! - What is not known is `null` and not left out: no alarm for a question of the roll-call, no `sent_at` while the clock is unset.

use jiff::Timestamp;
use serde::Serialize;

use super::channel::{Errand, Letter};
use crate::core::alarm::AlarmId;
use crate::core::condition::Priority;
use crate::core::id::ResponderId;

/// Version of the form.
const SCHEMA: u8 = 1;

/// Numbers the errands of one run of a channel. Tickets begin again with the process, and the other end must not take the first
/// letter of a new run for the repetition of an old one: so the run is in the id.
#[derive(Debug, Clone, Copy)]
pub(super) struct Run(pub(super) u64);

impl Run {
    /// By which the other end knows an errand again: the same however often it is sent.
    pub(super) fn id(self, errand: &Errand, letter: &Letter) -> String {
        let alarm = letter.alarm.map_or_else(|| "none".to_owned(), |alarm| alarm.to_string());
        format!("{alarm}/{:016x}-{}", self.0, errand.ticket.0)
    }
}

/// The notice as JSON. `sent` is the wall time in seconds since 1970, UTC.
pub(super) fn json(errand: &Errand, letter: &Letter, id: &str, sent: Option<i64>) -> Vec<u8> {
    let body = Body {
        schema: SCHEMA,
        id,
        alarm: letter.alarm,
        to: errand.to.responder,
        priority: letter.priority,
        text: letter.text.reveal(),
        code: letter.code,
        link: letter.link.as_ref().map(|link| link.reveal().as_str()),
        sent_at: sent.and_then(|sent| Timestamp::from_second(sent).ok()).map(|sent| sent.to_string()),
    };
    serde_json::to_vec(&body).expect("texts and numbers are always JSON")
}

#[derive(Serialize)]
struct Body<'a> {
    schema: u8,
    id: &'a str,
    alarm: Option<AlarmId>,
    to: Option<ResponderId>,
    priority: Priority,
    text: &'a str,
    code: Option<u8>,
    link: Option<&'a str>,
    sent_at: Option<String>,
}

/// A text of at most so many bytes of UTF-8, cut at a sign and marked where it was longer.
pub(super) fn cut(text: &str, bytes_max: usize) -> String {
    const MARK: char = '…';
    if text.len() <= bytes_max {
        return text.to_owned();
    }
    let end = text.floor_char_boundary(bytes_max.saturating_sub(MARK.len_utf8()));
    let mut kept = text.get(..end).unwrap_or_default().to_owned();
    kept.push(MARK);
    kept
}

/// The words, and behind them the link where there is one.
pub(super) fn with_link(letter: &Letter) -> String {
    let text = letter.text.reveal();
    letter.link.as_ref().map_or_else(|| text.clone(), |link| format!("{text}\n{}", link.reveal()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::notify::channel::{Deed, Recipient, Ticket};
    use crate::private::Private;

    #[test]
    fn a_notice_is_the_form_that_the_head_of_this_file_shows() {
        let letter = Letter {
            text: Private::new("紧急:示例".to_owned()),
            alarm: "st1.0000000000000007.5.resident-r1.help_call".parse().ok(),
            priority: Priority::High,
            code: Some(17),
            link: None,
        };
        let to = Recipient { responder: "r07".parse().ok(), phone: None };
        let errand = Errand { ticket: Ticket(41), to, deed: Deed::Text(letter.clone()) };
        let id = Run(7).id(&errand, &letter);
        assert_eq!(id, "st1.0000000000000007.5.resident-r1.help_call/0000000000000007-41");
        let body = String::from_utf8(json(&errand, &letter, &id, Some(1_795_317_125))).expect("UTF-8");
        assert_eq!(
            body,
            "{\"schema\":1,\"id\":\"st1.0000000000000007.5.resident-r1.help_call/0000000000000007-41\",\
             \"alarm\":\"st1.0000000000000007.5.resident-r1.help_call\",\"to\":\"r07\",\"priority\":\"high\",\
             \"text\":\"紧急:示例\",\"code\":17,\"link\":null,\"sent_at\":\"2026-11-22T03:12:05Z\"}"
        );
        let unknown = Letter { alarm: None, ..letter };
        assert_eq!(Run(7).id(&errand, &unknown), "none/0000000000000007-41");
        let body = String::from_utf8(json(&errand, &unknown, "x", None)).expect("UTF-8");
        assert!(body.contains("\"alarm\":null") && body.ends_with("\"sent_at\":null}"), "{body}");
    }

    #[test]
    fn a_text_that_is_too_long_is_cut_between_two_signs() {
        assert_eq!(cut("示例", 6), "示例");
        assert_eq!(cut("示例奶奶", 11), "示例…");
        assert_eq!(cut("示例奶奶", 9), "示例…");
        assert_eq!(cut("示例", 3), "…");
    }
}
