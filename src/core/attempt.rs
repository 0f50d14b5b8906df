//! What came to the station's pages and moved no alarm: it stands in the log for whoever inspects it, and nothing follows from it.
//!
//! An answer that counts is an order and stands in the log as one, also when the station refuses it. What never becomes an order is
//! this: a link that nobody has, a form that another site sent, a wrong password, and who logged in and out. In pseudonyms only:
//! neither the browser's address nor a word that somebody typed is kept, for they may have typed a name or a password.

use serde::{Deserialize, Serialize};

use super::alarm::AlarmId;
use super::id::ResponderId;
use super::word::words;

words! {
    /// What somebody wanted of the pages.
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
}
