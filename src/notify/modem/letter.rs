//! Sending a letter, part by part.
//!
//! ```text
//!  wanted ──AT+CMGS=n──▶ announced ──prompt──▶ given ──+CMGS: r, OK──▶ taken ──▶ the next part
//!    ▲                      │ refused            │ refused: it was not sent
//!    └──── a few times ─────┴────────────────────┘
//!                                                └ silence, or "the network did not answer": unknown ──▶ Failed(Trouble)
//! ```

use super::command::Command;
use super::number::address;
use super::{Dialogue, Outcome, Step, Task, UnderHand};
use crate::core::time::Mono;
use crate::device::gsm_at::{Failure as Refusal, Retry};
use crate::device::hex;
use crate::device::sms_pdu::{Body, Submit, Validity};
use crate::limits::modem as limit;
use crate::notify::channel::{Failure, FromChannel, Word};
use crate::private::Private;

/// A letter in hand.
pub(super) struct Letter {
    to: Private<String>,
    parts: Vec<Submit>,
    /// The network's number of every part that it has taken.
    taken: Vec<u8>,
    stage: Stage,
    /// Tries of this part.
    tries: u8,
    /// Since its first command.
    since: Option<Mono>,
    /// When the part in hand was given to the modem.
    given: Mono,
}

/// How far the next part is.
enum Stage {
    /// To be announced, not before then.
    Wanted(Mono),
    /// The modem is to prompt for it.
    Announced,
    /// The modem has it.
    Given {
        /// The network has it, under this number.
        reference: Option<u8>,
    },
    /// The modem had it and said nothing.
    Unknown,
}

impl Letter {
    /// A letter to a number; `None` when it is none, or too long.
    pub(super) fn new(to: Private<String>, text: &Private<String>, number: u8) -> Option<Self> {
        let template = Submit {
            // Dropped duplicates would drop the second of two letters that a modem gives one number.
            reject_duplicates: false,
            validity: Some(Validity::For(limit::MODEM_VALIDITY)),
            ..Submit::new(address(&to)?, Body::text(""))
        };
        let parts = template.parts(text.reveal(), number).ok().filter(|parts| parts.len() <= limit::MODEM_PARTS_MAX)?;
        Some(Self {
            to,
            parts,
            taken: Vec::new(),
            stage: Stage::Wanted(Mono(0)),
            tries: 0,
            since: None,
            given: Mono(0),
        })
    }

    /// Until when its next part may begin, if that waits.
    pub(super) fn waits_until(&self, begin_by: Mono) -> Option<Mono> {
        let until = self.since.map_or(begin_by, |since| since + limit::MODEM_LETTER_BEGIN_MAX);
        matches!(self.stage, Stage::Wanted(_)).then_some(until)
    }

    /// Whether the network may have a part of which it has not said so.
    pub(super) const fn is_unknown(&self) -> bool {
        matches!(self.stage, Stage::Unknown)
    }

    pub(super) const fn to(&self) -> &Private<String> {
        &self.to
    }

    /// Whether the network has, or may have, some of it.
    pub(super) const fn is_perhaps_there(&self) -> bool {
        !self.taken.is_empty() || matches!(self.stage, Stage::Given { .. } | Stage::Unknown)
    }

    /// When its next command is due.
    pub(super) const fn due(&self, registered: bool) -> Mono {
        match self.stage {
            Stage::Wanted(not_before) if registered => not_before,
            _ => Mono(u64::MAX),
        }
    }

    /// The modem was lost. Whether the letter is over, because the network may have the part in hand.
    pub(super) const fn interrupted(&mut self) -> bool {
        match self.stage {
            Stage::Wanted(_) => false,
            Stage::Announced => {
                self.stage = Stage::Wanted(Mono(0));
                false
            }
            Stage::Given { .. } | Stage::Unknown => true,
        }
    }
}

impl Dialogue {
    fn letter(&mut self) -> Option<&mut Letter> {
        match &mut self.errand.as_mut()?.task {
            Task::Letter(letter) => Some(letter),
            Task::Ring(_) => None,
        }
    }

    pub(super) fn next_of_letter(&mut self, registered: bool) -> Option<Command> {
        let now = self.now;
        let letter = self.letter()?;
        let Stage::Wanted(not_before) = letter.stage else { return None };
        if letter.since.is_some_and(|since| now.since(since) >= limit::MODEM_LETTER_BEGIN_MAX) {
            self.fail(if registered { Failure::Trouble } else { Failure::NoNetwork });
            return None;
        }
        if now < not_before || !registered {
            return None;
        }
        let (_, octets) = letter.parts.get(letter.taken.len())?.write(None);
        letter.since.get_or_insert(now);
        letter.stage = Stage::Announced;
        Some(Command::Submit(octets))
    }

    /// The modem waits for a PDU.
    pub(super) fn prompted(&mut self) {
        if !self.under_way.as_ref().is_some_and(|under_way| matches!(under_way.command, Command::Submit(_))) {
            return;
        }
        // A modem that has lost its settings may take the PDU for a text to a wrong number.
        if self.recovery.start_wanted {
            self.steps.push(Step::Write(Private::new(b"\x1B".to_vec())));
            self.under_way = None;
            self.submit_ended(Outcome::Silent);
            return;
        }
        let now = self.now;
        let Some(letter) = self.letter() else { return };
        let Some(part) = letter.parts.get(letter.taken.len()) else { return };
        let (pdu, _) = part.write(None);
        letter.stage = Stage::Given { reference: None };
        letter.given = now;
        self.send(Command::Pdu(Private::new(hex::write(&pdu))));
    }

    /// `AT+CMGS=` has ended without a prompt: nothing was sent.
    pub(super) fn submit_ended(&mut self, outcome: Outcome) {
        self.part_refused(match outcome {
            Outcome::Refused(why) => why,
            Outcome::Ok | Outcome::Silent => Refusal::Plain,
        });
    }

    /// What became of the PDU.
    pub(super) fn pdu_ended(&mut self, outcome: Outcome) {
        if self.take_part() {
            return;
        }
        match outcome {
            Outcome::Refused(why) if is_sent_perhaps(why) => self.part_unknown(),
            Outcome::Refused(why) => self.part_refused(why),
            Outcome::Silent => {
                if let Some(letter) = self.letter() {
                    letter.stage = Stage::Unknown;
                }
            }
            Outcome::Ok => {}
        }
    }

    /// `+CMGS: n`: the network has taken the part.
    pub(super) fn part_taken(&mut self, reference: u8) {
        let Some(letter) = self.letter() else { return };
        match letter.stage {
            Stage::Given { .. } => letter.stage = Stage::Given { reference: Some(reference) },
            // Late, and not too late.
            Stage::Unknown => {
                letter.stage = Stage::Given { reference: Some(reference) };
                self.take_part();
            }
            Stage::Wanted(_) | Stage::Announced => {}
        }
    }

    /// Whether the network has said that it has the part in hand.
    pub(super) fn is_part_taken(&self) -> bool {
        matches!(
            self.errand,
            Some(UnderHand { task: Task::Letter(Letter { stage: Stage::Given { reference: Some(_) }, .. }), .. })
        )
    }

    /// Goes on to the next part if this one was taken; whether it was.
    pub(super) fn take_part(&mut self) -> bool {
        let now = self.now;
        let Some(UnderHand { ticket, task: Task::Letter(letter), .. }) = &mut self.errand else { return false };
        let Stage::Given { reference: Some(reference) } = letter.stage else { return false };
        letter.taken.push(reference);
        letter.tries = 0;
        letter.stage = Stage::Wanted(now);
        if letter.taken.len() < letter.parts.len() {
            return true;
        }
        let ticket = *ticket;
        let early = self.reports.sent(now, ticket, &letter.to, &letter.taken);
        self.tell(Word::Sent);
        if let Some(word) = early {
            self.steps.push(Step::Say(FromChannel::Word(ticket, word)));
        }
        true
    }

    /// Whether the network has the part is not known, and will not be: unless it reports something that nobody has sent.
    pub(super) fn part_unknown(&mut self) {
        let Some(UnderHand { task: Task::Letter(letter), .. }) = &mut self.errand else { return };
        match self.reports.unclaimed(letter.given, &letter.to, &letter.taken) {
            Some(reference) => {
                letter.stage = Stage::Given { reference: Some(reference) };
                self.take_part();
            }
            None => self.fail(Failure::Trouble),
        }
    }

    /// The modem has refused the part: it was not sent.
    fn part_refused(&mut self, why: Refusal) {
        let now = self.now;
        let Some(letter) = self.letter() else { return };
        letter.tries += 1;
        if why.retry() == Retry::Later && letter.tries < limit::MODEM_TRIES_MAX {
            letter.stage = Stage::Wanted(now + limit::MODEM_TRY_PAUSE);
        } else {
            self.fail(failure(why));
        }
    }
}

/// Whether the network may have taken a message although the modem refuses it: it did not hear the network's answer.
const fn is_sent_perhaps(why: Refusal) -> bool {
    matches!(why, Refusal::Message(332) | Refusal::Equipment(31))
}

/// What a refusal means for whoever gave the errand.
const fn failure(why: Refusal) -> Failure {
    match why {
        Refusal::Message(1 | 27 | 28 | 30) => Failure::Unreachable,
        Refusal::Message(8 | 10 | 21 | 29 | 50 | 69) => Failure::Refused,
        Refusal::Message(302..=305 | 330) => Failure::Unable,
        Refusal::Message(331) | Refusal::Equipment(30 | 32) => Failure::NoNetwork,
        Refusal::Plain | Refusal::Message(_) | Refusal::Equipment(_) => Failure::Trouble,
    }
}
