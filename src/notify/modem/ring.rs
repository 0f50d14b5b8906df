//! Ringing a telephone, hearing a key, and hanging up.
//!
//! ```text
//!  wanted ──ATD──▶ dialling ──OK──▶ calling ──picked up──▶ talking ──▶ ending ──nothing of it is left──▶ over
//!    ▲                │ refused        │  rings: Delivered    │  Key       ▲
//!    └─ a few times ──┘                └──── busy, no answer, time ─────────┘
//! ```
//!
//! How a call stands is asked every second (`AT+CLCC`), because few modems tell it; what a modem tells of itself is taken too.
//! A call is over when the list of calls does not have it any more: that keeps a call of ours from going on unheard, and the
//! line from being busy for the next.

use super::command::Command;
use super::{Dialogue, Outcome, Stage as Port, Task};
use crate::core::time::Mono;
use crate::device::gsm_at::{AtLine, Call, CallStage, Failure as Refusal, Retry};
use crate::device::hex;
use crate::device::sms_pdu::alphabet::to_ucs2;
use crate::limits::modem as limit;
use crate::notify::channel::{Failure, Ring, Word};
use crate::private::Private;

use std::time::Duration;

/// A call in hand.
pub(super) struct Ringing {
    to: Private<String>,
    rings_for: Duration,
    /// What is to be said, in hex, and how often still.
    say: Option<(Private<String>, u8)>,
    stage: Stage,
    tries: u8,
    dialled: Mono,
    has_rung: bool,
    was_picked_up: bool,
    /// The next look at the list of calls.
    next_look: Mono,
    /// Looks in a row that the modem refused, and that did not find the call.
    refused: u8,
    empty: u8,
    /// The call as this look has found it.
    found: Option<CallStage>,
    /// Something is to be said when the line is free.
    speak: bool,
}

enum Stage {
    /// To be dialled, not before then.
    Wanted(Mono),
    /// The modem dials.
    Dialling,
    /// The network looks for the telephone, or it rings; until then.
    Calling(Mono),
    /// Somebody has picked up; until then.
    Talking(Mono),
    /// It ends, and this is the word for it.
    Ending {
        /// What is told when it has ended.
        word: Word,
        /// Rounds of hanging up.
        rounds: u8,
        /// The modem said that it hung up.
        told_so: bool,
        /// The list of calls is to be asked.
        look: bool,
    },
}

impl Ringing {
    pub(super) fn new(to: Private<String>, ring: &Ring, speaks: bool) -> Self {
        let said = |text: &Private<String>| {
            let cut: String = text.reveal().chars().take(limit::MODEM_SPOKEN_SIGNS_MAX).collect();
            (Private::new(hex::write(&to_ucs2(&cut)).to_uppercase()), limit::MODEM_SPOKEN_TIMES)
        };
        Self {
            to,
            rings_for: Duration::from_secs(ring.for_s.min(limit::MODEM_RING_S_MAX).into()),
            say: ring.say.as_ref().filter(|_| speaks).map(said),
            stage: Stage::Wanted(Mono(0)),
            tries: 0,
            dialled: Mono(0),
            has_rung: false,
            was_picked_up: false,
            next_look: Mono(0),
            refused: 0,
            empty: 0,
            found: None,
            speak: false,
        }
    }

    /// Until when it may be dialled, if that waits.
    pub(super) fn waits_until(&self, begin_by: Mono) -> Option<Mono> {
        let until = if self.tries == 0 { begin_by } else { self.dialled + limit::MODEM_SETUP_MAX };
        matches!(self.stage, Stage::Wanted(_)).then_some(until)
    }

    /// When its next command is due.
    pub(super) fn due(&self, registered: bool) -> Mono {
        match self.stage {
            Stage::Wanted(not_before) if registered => not_before,
            Stage::Wanted(_) | Stage::Dialling => Mono(u64::MAX),
            Stage::Calling(until) | Stage::Talking(until) if self.is_blind() => until,
            Stage::Calling(until) | Stage::Talking(until) => until.min(self.next_look),
            Stage::Ending { .. } => Mono(0),
        }
    }

    /// The modem was lost, and every call with it: the word for that, if anything had begun.
    pub(super) const fn interrupted(&mut self) -> Option<Word> {
        match self.stage {
            Stage::Wanted(_) => None,
            Stage::Ending { word, .. } => Some(word),
            _ if self.was_picked_up => Some(Word::HungUp),
            _ => Some(Word::Failed(Failure::Trouble)),
        }
    }

    /// The modem cannot list its calls.
    const fn is_blind(&self) -> bool {
        self.refused >= limit::MODEM_CALL_LOOKS_REFUSED_MAX
    }

    /// The word for a call that ended without us.
    fn word_for(&self, end: Option<&AtLine>, now: Mono, registered: bool) -> Word {
        // Without the list of calls only the time tells a telephone that rang from one that was never found.
        let rang = self.has_rung || (self.is_blind() && now.since(self.dialled) >= limit::MODEM_DIAL_WAIT);
        match end {
            _ if self.was_picked_up => Word::HungUp,
            // Busy after ringing is a call that was refused.
            Some(AtLine::Busy) if !rang => Word::Failed(Failure::Busy),
            Some(AtLine::NoAnswer) => Word::RangOut,
            _ if rang => Word::RangOut,
            _ if !registered => Word::Failed(Failure::NoNetwork),
            _ => Word::Failed(Failure::Unreachable),
        }
    }

    fn end(&mut self, word: Word) {
        if !matches!(self.stage, Stage::Ending { .. }) {
            self.stage = Stage::Ending { word, rounds: 0, told_so: false, look: false };
        }
    }
}

impl Dialogue {
    fn ringing(&mut self) -> Option<&mut Ringing> {
        match &mut self.errand.as_mut()?.task {
            Task::Ring(ring) => Some(ring),
            Task::Letter(_) => None,
        }
    }

    /// Whether a call of ours is under way.
    pub(super) fn is_calling(&self) -> bool {
        let task = self.errand.as_ref().map(|errand| &errand.task);
        matches!(task, Some(Task::Ring(ring)) if !matches!(ring.stage, Stage::Wanted(_)))
    }

    pub(super) fn next_of_ring(&mut self, registered: bool) -> Option<Command> {
        let now = self.now;
        let ring = self.ringing()?;
        match &mut ring.stage {
            Stage::Wanted(not_before) if now >= *not_before && registered => {
                ring.stage = Stage::Dialling;
                ring.dialled = now;
                return Some(Command::Dial(ring.to.clone()));
            }
            Stage::Wanted(_) | Stage::Dialling => return None,
            Stage::Calling(until) if now >= *until => {
                // It rang for as long as it was to; or it was never found.
                let word = ring.word_for(None, now, registered);
                ring.end(word);
            }
            Stage::Talking(until) if now >= *until => ring.end(Word::HungUp),
            Stage::Calling(_) | Stage::Talking(_) => {
                if std::mem::take(&mut ring.speak)
                    && let Some((text, times)) = &mut ring.say
                    && *times > 0
                {
                    *times -= 1;
                    return Some(Command::Speak(text.clone()));
                }
                return (now >= ring.next_look && !ring.is_blind()).then(|| ring.look());
            }
            Stage::Ending { .. } => {}
        }
        self.next_of_ending()
    }

    /// Hangs up and looks, until nothing of the call is left.
    fn next_of_ending(&mut self) -> Option<Command> {
        let ring = self.ringing()?;
        let blind = ring.is_blind();
        let Stage::Ending { word, rounds, told_so, look } = &mut ring.stage else { return None };
        if std::mem::take(look) && !blind {
            return Some(ring.look());
        }
        if *told_so && blind {
            let word = *word;
            self.tell(word);
            return None;
        }
        if *rounds >= limit::MODEM_HANG_UP_ROUNDS {
            let word = *word;
            self.tell(word);
            // Whether a telephone still rings somewhere is not known, unless the modem forgets everything.
            self.power_cycle();
            return None;
        }
        *rounds += 1;
        Some(if *rounds % 2 == 1 { Command::HangUp } else { Command::HangUpOld })
    }

    /// `ATD` has ended.
    pub(super) fn dial_ended(&mut self, outcome: Outcome) {
        let now = self.now;
        let registered = self.standing.is_registered();
        let Some(ring) = self.ringing() else { return };
        if !matches!(ring.stage, Stage::Dialling) {
            return;
        }
        ring.tries += 1;
        match outcome {
            // Silence: it may have dialled all the same, and the list of calls will say.
            Outcome::Ok | Outcome::Silent => {
                ring.stage = Stage::Calling(now + limit::MODEM_SETUP_MAX.max(ring.rings_for));
                ring.next_look = now + limit::MODEM_CALL_RHYTHM;
            }
            Outcome::Refused(why) if why.retry() == Retry::Later && ring.tries < limit::MODEM_TRIES_MAX => {
                ring.stage = Stage::Wanted(now + limit::MODEM_TRY_PAUSE);
            }
            Outcome::Refused(why) => self.fail(match why {
                Refusal::Equipment(30..=32) | Refusal::Message(331) => Failure::NoNetwork,
                _ if !registered => Failure::NoNetwork,
                _ => Failure::Trouble,
            }),
        }
    }

    /// `NO CARRIER`, `BUSY`, `NO ANSWER`: the end of a call, or of dialling.
    pub(super) fn call_over(&mut self, line: &AtLine) {
        let now = self.now;
        let registered = self.standing.is_registered();
        let dialling = self.under_way.take_if(|under_way| matches!(under_way.command, Command::Dial(_))).is_some();
        let Some(ring) = self.ringing() else { return };
        ring.tries = ring.tries.max(u8::from(dialling));
        if !matches!(ring.stage, Stage::Wanted(_)) {
            let word = ring.word_for(Some(line), now, registered);
            ring.end(word);
        }
        if matches!(self.stage, Port::Ready) {
            self.go_on();
        }
    }

    /// What a modem tells of a call.
    pub(super) fn call_goes(&mut self, line: &AtLine) {
        match line {
            AtLine::Call(Call { comes_in: false, is_voice: true, stage }) => {
                let asked = self.under_way.as_ref().is_some_and(|under_way| under_way.command == Command::Calls);
                match self.ringing() {
                    Some(ring) if asked => ring.found = Some(*stage),
                    // Told unasked, as SIMCom modems do.
                    Some(_) if *stage != CallStage::Ended => self.call_stands(*stage),
                    _ => {}
                }
            }
            AtLine::Alerting => self.call_stands(CallStage::Alerting),
            AtLine::PickedUp => self.call_stands(CallStage::Active),
            AtLine::Key(key) => {
                // Whoever presses a key has picked up, whether or not the list of calls has said so yet.
                self.call_stands(CallStage::Active);
                let now = self.now;
                let Some(ring) = self.ringing().filter(|ring| ring.was_picked_up) else { return };
                if let Stage::Talking(until) = &mut ring.stage {
                    *until = (*until).min(now + limit::MODEM_KEY_LINGER);
                }
                self.tell(Word::Key(*key));
            }
            AtLine::Spoken => {
                if let Some(ring) = self.ringing() {
                    ring.speak = true;
                }
            }
            _ => {}
        }
    }

    /// The list of calls has ended.
    pub(super) fn calls_listed(&mut self, outcome: Outcome) {
        let now = self.now;
        let registered = self.standing.is_registered();
        let Some(ring) = self.ringing() else { return };
        ring.next_look = now + limit::MODEM_CALL_RHYTHM;
        let found = ring.found.take().filter(|stage| *stage != CallStage::Ended);
        match outcome {
            Outcome::Refused(_) => ring.refused = ring.refused.saturating_add(1),
            Outcome::Ok => ring.refused = 0,
            Outcome::Silent => return,
        }
        if outcome == Outcome::Ok {
            ring.empty = if found.is_some() { 0 } else { ring.empty.saturating_add(1) };
        }
        if let Stage::Ending { word, told_so, .. } = ring.stage {
            if (outcome == Outcome::Ok && found.is_none()) || (outcome != Outcome::Ok && told_so) {
                self.tell(word);
            }
            return;
        }
        match found {
            Some(stage) => self.call_stands(stage),
            None if ring.empty >= limit::MODEM_CALL_LOOKS_EMPTY_MAX => {
                let word = ring.word_for(None, now, registered);
                ring.end(word);
            }
            None => {}
        }
    }

    /// A command to hang up has ended.
    pub(super) fn hung_up(&mut self, is_ok: bool) {
        if let Some(Ringing { stage: Stage::Ending { told_so, look, .. }, .. }) = self.ringing() {
            *told_so |= is_ok;
            *look = true;
        }
    }

    /// The call is known to be that far.
    fn call_stands(&mut self, stage: CallStage) {
        let now = self.now;
        let Some(ring) = self.ringing() else { return };
        if matches!(ring.stage, Stage::Wanted(_) | Stage::Ending { .. }) {
            return;
        }
        let (first_ring, first_word) = match stage {
            CallStage::Alerting => (!ring.has_rung, false),
            CallStage::Active | CallStage::Held => (!ring.has_rung, !ring.was_picked_up),
            _ => (false, false),
        };
        if first_ring {
            ring.has_rung = true;
            if matches!(ring.stage, Stage::Calling(_) | Stage::Dialling) {
                ring.stage = Stage::Calling(now + ring.rings_for);
            }
        }
        if first_word {
            ring.was_picked_up = true;
            ring.stage = Stage::Talking(now + limit::MODEM_TALK_MAX);
            ring.speak = true;
        }
        // A telephone that was picked up has rung, whether or not anybody looked.
        if first_ring {
            self.tell(Word::Delivered);
        }
        if first_word {
            self.tell(Word::PickedUp);
        }
    }
}

impl Ringing {
    /// Asks for the calls that there are.
    const fn look(&mut self) -> Command {
        self.found = None;
        Command::Calls
    }
}
