//! A modem that is silent, that starts by itself, or that hangs.
//!
//! ```text
//!  no answer ──▶ ESC, AT, AT, AT ──answers──▶ a moment of silence ──▶ on with it
//!                      └─ silent ──▶ AT+CFUN=1,1, port closed and opened ──▶ start ──▶ … in vain twice: it hangs
//! ```

use super::command::Command;
use super::{Dialogue, Outcome, Stage, Start, Step, Task, UnderHand};
use crate::core::time::Mono;
use crate::limits::modem as limit;
use crate::notify::channel::{Ailment, Failure};
use crate::private::Private;

/// Leaves the prompt for a message without sending anything.
pub(super) const ESCAPE: &[u8] = b"\x1B";

/// Switches the modem off and on.
const POWER_CYCLE: &[u8] = b"AT+CFUN=1,1\r";

/// How the modem has behaved.
pub(super) struct Recovery {
    /// Commands without an answer since the last that was answered, `AT` and messages left out.
    silences: u8,
    /// Messages without an answer since the last that was answered.
    silent_sends: u8,
    /// Times that it was switched off and on since it was last ready.
    cycles: u8,
    ready_since: Mono,
    /// It echoes although it was told not to.
    echoes: bool,
    /// It has started by itself; the start begins when the command under way has ended.
    pub(super) start_wanted: bool,
}

/// A modem that is being woken.
pub(super) struct Waking {
    /// Tries of `AT` in vain.
    tries: u8,
    /// It has answered: then it is waited for silence, until then and at the longest.
    quiet: Option<(Mono, Mono)>,
    /// The start that was interrupted, if it was one.
    start: Option<Start>,
}

impl Waking {
    pub(super) fn until(&self) -> Mono {
        self.quiet.map_or(Mono(0), |(until, longest)| until.min(longest))
    }
}

impl Recovery {
    pub(super) const fn new(now: Mono) -> Self {
        Self { silences: 0, silent_sends: 0, cycles: 0, ready_since: now, echoes: false, start_wanted: false }
    }

    pub(super) const fn is_ready(&mut self, now: Mono) {
        self.ready_since = now;
        self.cycles = 0;
        self.start_wanted = false;
    }

    /// Whether what a starting modem says late has long been said.
    pub(super) fn is_long_ready(&self, now: Mono) -> bool {
        now.since(self.ready_since) >= limit::MODEM_SIM_WAIT
    }

    /// A command has ended.
    pub(super) fn ended(&mut self, command: &Command, outcome: Outcome) {
        let count = match command {
            Command::Wake => return,
            Command::Pdu(_) => &mut self.silent_sends,
            _ => &mut self.silences,
        };
        *count = if outcome == Outcome::Silent { count.saturating_add(1) } else { 0 };
    }

    const fn is_hopeless(&self) -> bool {
        self.silences >= limit::MODEM_SILENCES_MAX || self.silent_sends >= limit::MODEM_SILENCES_MAX
    }
}

impl Dialogue {
    /// The port is open.
    pub(super) fn opened(&mut self) {
        self.ear.forget();
        self.recovery.echoes = false;
        self.begin_anew();
    }

    /// The port has gone, or cannot be opened.
    pub(super) fn gone(&mut self) {
        if !matches!(self.stage, Stage::Closed(_)) {
            self.stage = Stage::Closed(self.now);
            self.under_way = None;
            self.refuse = false;
            self.interrupted();
        }
    }

    /// The modem has started without being told to: it knows nothing of what it was told.
    pub(super) fn started_by_itself(&mut self) {
        match &self.stage {
            Stage::Closed(_) => {}
            // It is at the very beginning, and no answer is lost.
            Stage::Starting(start) if !start.is_past_echo() => {}
            Stage::Starting(start) => {
                self.stage = Stage::Starting(start.again(self.now));
                self.under_way = None;
            }
            Stage::Ready | Stage::Waking(_) => self.begin_anew(),
        }
    }

    /// A line repeats the command under way.
    pub(super) fn echoed(&mut self) {
        match &self.stage {
            Stage::Starting(start) => self.recovery.echoes |= start.is_past_echo(),
            // Its settings are gone, and with them perhaps the PDU mode: the command is answered, and then it starts.
            Stage::Ready => self.recovery.start_wanted |= !self.recovery.echoes,
            Stage::Closed(_) | Stage::Waking(_) => {}
        }
    }

    /// It starts anew where it was found to have started by itself, and no command is under way.
    pub(super) fn start_if_wanted(&mut self) {
        if self.under_way.is_none()
            && matches!(self.stage, Stage::Ready)
            && std::mem::take(&mut self.recovery.start_wanted)
        {
            self.begin_anew();
        }
    }

    fn begin_anew(&mut self) {
        self.under_way = None;
        self.refuse = false;
        self.recovery.start_wanted = false;
        self.stage = Stage::Starting(Start::new(self.now));
        self.interrupted();
    }

    /// What was in hand when the modem was lost.
    fn interrupted(&mut self) {
        self.standing.restart(self.now);
        self.inbox.restart(self.now);
        self.settings = super::Settings::Unsure;
        // What the network has said that it has stays sent.
        self.take_part();
        let (is_unknown, word) = match self.errand.as_mut().map(|errand| &mut errand.task) {
            Some(Task::Letter(letter)) => (letter.interrupted(), None),
            Some(Task::Ring(ring)) => (false, ring.interrupted()),
            None => (false, None),
        };
        if is_unknown {
            self.part_unknown();
        }
        if let Some(word) = word {
            self.tell(word);
        }
    }

    /// A command was not answered.
    pub(super) fn wake(&mut self) {
        if self.recovery.is_hopeless() {
            self.power_cycle();
            return;
        }
        let start = match std::mem::replace(&mut self.stage, Stage::Ready) {
            Stage::Starting(start) => Some(start),
            _ => None,
        };
        self.steps.push(Step::Write(Private::new(ESCAPE.to_vec())));
        self.stage = Stage::Waking(Waking { tries: 0, quiet: None, start });
    }

    pub(super) fn next_of_waking(&self) -> Option<Command> {
        match &self.stage {
            Stage::Waking(Waking { quiet: None, .. }) => Some(Command::Wake),
            _ => None,
        }
    }

    /// An `AT` of the waking has ended.
    pub(super) fn woke(&mut self, outcome: Outcome) {
        let now = self.now;
        let Stage::Waking(waking) = &mut self.stage else { return };
        if outcome != Outcome::Silent {
            waking.quiet = Some((now + limit::MODEM_QUIET, now + limit::MODEM_QUIET_MAX));
            return;
        }
        waking.tries += 1;
        if waking.tries >= limit::MODEM_WAKE_TRIES {
            self.power_cycle();
        }
    }

    /// A line came: a modem that has been woken is not yet quiet.
    pub(super) fn heard_while_waking(&mut self) {
        let now = self.now;
        if let Stage::Waking(Waking { quiet: Some((until, _)), .. }) = &mut self.stage {
            *until = now + limit::MODEM_QUIET;
        }
    }

    /// The modem is awake and quiet: on with what was interrupted.
    pub(super) fn end_waking(&mut self) {
        let Stage::Waking(waking) = &mut self.stage else { return };
        if waking.quiet.is_none() || self.now < waking.until() {
            return;
        }
        let start = waking.start.take();
        self.stage = start.map_or(Stage::Ready, |start| Stage::Starting(start.again(self.now)));
        // Nothing was heard of a part that the network may have taken: that stays unknown.
        if let Some(UnderHand { task: Task::Letter(letter), .. }) = &self.errand
            && letter.is_unknown()
        {
            self.part_unknown();
        }
    }

    /// A start that takes too long.
    pub(super) fn watch_start(&mut self) {
        if let Stage::Starting(start) = &self.stage
            && start.is_overdue(self.now)
        {
            self.power_cycle();
        }
    }

    /// Switches the modem off and on, and the port with it: USB modems go and come back. What was in hand is over.
    pub(super) fn power_cycle(&mut self) {
        self.steps.push(Step::Write(Private::new(POWER_CYCLE.to_vec())));
        self.recovery.silences = 0;
        self.recovery.silent_sends = 0;
        self.recovery.cycles = self.recovery.cycles.saturating_add(1);
        if self.recovery.cycles > 1 {
            self.standing.suffers(Some(Ailment::Hangs));
        }
        self.gone();
        if self.errand.is_some() {
            self.fail(Failure::Trouble);
        }
        // Longer each time, up to a minute: a modem that hangs for good is not worn out.
        let rest = limit::MODEM_BOOT_WAIT * u32::from(self.recovery.cycles).min(12);
        self.steps.push(Step::Reopen(self.now + rest));
    }
}
