//! The SIM's text to its own number: whether it still sends and receives, which it does while it is paid (CARE-RULES 27).
//!
//! ```text
//!  every exercise: text with a stamp ──▶ own number ──▶ comes in with that stamp   good
//!        refused by the network, or not back ten minutes after it left             lost; twice in a row is a fault
//! ```
//!
//! Constraints:
//! - What comes in from the own number in these words is nobody's answer and no stranger's, whenever it comes.
//! - A stamp is station time, which never repeats: a text that a network brings days later proves nothing of today.
//! - The minutes count from when the network took it: a modem that is busy with a village's alarms is not out of credit.

use super::job::{Class, Job, Work};
use super::{Act, Handed, Kind, Queue};
use crate::core::effect::Input;
use crate::core::time::Mono;
use crate::limits::power::OWN_TEXT_BACK_WITHIN;
use crate::notify::channel::{Incoming, Word};
use crate::notify::directory::plain_number;
use crate::private::Private;

/// So many in a row are a fault. Source: CARE-RULES 27, "two failures are a fault".
const LOST_IN_A_ROW: u8 = 2;

/// In front of the stamp: nobody answers in these words.
const WORDS: &str = "SHOUWANG SELF-TEST ";

/// How it stands with the texts to the own number.
#[derive(Debug, Default)]
pub(super) struct OwnText {
    waiting: Option<Waiting>,
    lost: u8,
}

/// The newest of them, while nobody knows what became of it.
#[derive(Debug)]
struct Waiting {
    text: Private<String>,
    /// When the network took it.
    left: Option<Mono>,
}

impl Queue {
    /// Writes to the own number. One that still waits for the modem then has waited for a whole exercise, and is lost.
    pub(super) fn write_to_self(&mut self, now: Mono, acts: &mut Vec<Act>) {
        let (Some(to), Some(channel)) = (self.county.own.clone(), self.of_kind(Kind::Modem).next()) else { return };
        if let Some(waiting) = self.own_text.waiting.take() {
            self.jobs.retain(|_, job| !is_it(&job.work, &waiting));
            self.own_text_lost(acts);
        }
        let text = Private::new(format!("{WORDS}{}", now.0));
        self.own_text.waiting = Some(Waiting { text: text.clone(), left: None });
        let work = Work::Number { to, about: None, text };
        self.push(Job { class: Class::Fault, channel, work, not_before: now, tries: 0 });
    }

    /// What a channel said of an errand, if that was the text to the own number.
    pub(super) fn mind_own_text(&mut self, now: Mono, handed: &Handed, word: Word) {
        let Some(waiting) = self.own_text.waiting.as_mut().filter(|waiting| is_it(&handed.job.work, waiting)) else {
            return;
        };
        // Where nobody knows whether it left it may yet come back.
        if matches!(word, Word::Sent | Word::Failed(_)) {
            waiting.left.get_or_insert(now);
        }
    }

    /// Takes a message that came in, if it is one of these.
    pub(super) fn is_own_text(&mut self, incoming: &Incoming, acts: &mut Vec<Act>) -> bool {
        let (Some(own), Some(from)) = (&self.county.own, &incoming.from.phone) else { return false };
        let ours = plain_number(own.reveal()) == plain_number(from.reveal());
        if !ours || !incoming.text.reveal().trim().starts_with(WORDS.trim_end()) {
            return false;
        }
        let said = incoming.text.reveal().trim();
        if self.own_text.waiting.take_if(|waiting| waiting.text.reveal() == said).is_some() {
            // Told each time: a station that has started anew does not know what is open here.
            self.own_text.lost = 0;
            acts.push(Act::Tell(Input::Credit { good: true }));
        }
        true
    }

    /// When the text is lost.
    pub(super) fn own_text_due(&self) -> Option<Mono> {
        self.own_text.waiting.as_ref().and_then(|waiting| waiting.left).map(|left| left + OWN_TEXT_BACK_WITHIN)
    }

    /// Gives up on a text that did not come back.
    pub(super) fn give_up_own_text(&mut self, now: Mono, acts: &mut Vec<Act>) {
        if self.own_text_due().is_some_and(|due| due <= now) {
            self.own_text.waiting = None;
            self.own_text_lost(acts);
        }
    }

    fn own_text_lost(&mut self, acts: &mut Vec<Act>) {
        self.own_text.lost = self.own_text.lost.saturating_add(1);
        if self.own_text.lost >= LOST_IN_A_ROW {
            acts.push(Act::Tell(Input::Credit { good: false }));
        }
    }
}

fn is_it(work: &Work, waiting: &Waiting) -> bool {
    matches!(work, Work::Number { text, about: None, .. } if *text == waiting.text)
}
