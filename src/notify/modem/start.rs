//! The start: awake, its settings, its SIM, its PIN, its settings behind the SIM.

use super::command::{Command, Setting};
use super::{Dialogue, Outcome, Stage, Step};
use crate::core::time::Mono;
use crate::device::gsm_at::{Failure as Refusal, Sim};
use crate::limits::modem as limit;
use crate::notify::channel::Ailment;
use crate::private::Private;

use std::time::Duration;

/// Pause before the SIM is asked again, or the start begins anew.
const PAUSE: Duration = Duration::from_secs(1);

/// A start under way.
pub(super) struct Start {
    /// Since when it has had nothing but its own tries to wait for.
    since: Mono,
    /// Nothing is asked before then.
    pub(super) not_before: Mono,
    turn: Turn,
    /// How often this turn's command was refused.
    refused: u8,
    sim_since: Mono,
    /// What the SIM said to the question under way.
    sim: Option<Sim>,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Turn {
    Wake,
    First(usize),
    Sim,
    Pin,
    Then(usize),
    /// As the one before, in the modem's other way.
    ThenInstead(usize, Setting),
}

/// The PIN, which is never tried again after it was refused, or might have been.
pub(super) struct Pin {
    configured: Option<Private<String>>,
    is_good: bool,
    was_tried: bool,
}

impl Pin {
    pub(super) fn new(configured: Option<&Private<String>>) -> Self {
        // What cannot be a PIN would cost one of three tries.
        let sound = |pin: &&Private<String>| {
            let pin = pin.reveal();
            (4..=8).contains(&pin.len()) && pin.bytes().all(|sign| sign.is_ascii_digit())
        };
        Self { configured: configured.filter(sound).cloned(), is_good: false, was_tried: false }
    }

    /// The PIN, where it may be tried.
    fn try_it(&mut self) -> Option<Private<String>> {
        if self.was_tried && !self.is_good {
            return None;
        }
        self.was_tried = true;
        // Until the SIM says that it is ready, it counts as refused.
        self.is_good = false;
        self.configured.clone()
    }
}

impl Start {
    pub(super) const fn new(now: Mono) -> Self {
        Self { since: now, not_before: now, turn: Turn::Wake, refused: 0, sim_since: now, sim: None }
    }

    /// The same start from its beginning: its time runs on.
    pub(super) const fn again(&self, not_before: Mono) -> Self {
        Self { not_before, turn: Turn::Wake, refused: 0, sim: None, ..*self }
    }

    /// Whether the modem has been told not to echo, and has had its say about it.
    pub(super) const fn is_past_echo(&self) -> bool {
        !matches!(self.turn, Turn::Wake | Turn::First(0))
    }

    pub(super) fn is_overdue(&self, now: Mono) -> bool {
        now.since(self.since) >= limit::MODEM_START_MAX
    }

    const fn turn(&mut self, turn: Turn) {
        self.turn = turn;
        self.refused = 0;
    }

    /// Nothing can be done but to ask the SIM again.
    fn wait_for_sim(&mut self, now: Mono) {
        self.since = now;
        self.not_before = now + limit::MODEM_SIM_RHYTHM;
        self.turn(Turn::Sim);
    }
}

impl Dialogue {
    pub(super) fn next_of_start(&mut self) -> Option<Command> {
        let Stage::Starting(start) = &mut self.stage else { return None };
        if self.now < start.not_before {
            return None;
        }
        if start.turn == Turn::Pin {
            start.turn = Turn::Sim;
            if let Some(pin) = self.pin.try_it() {
                return Some(Command::Pin(pin));
            }
        }
        let settings = |list: &[Setting], nth: usize| list.get(nth).copied().map(Command::Set);
        match start.turn {
            Turn::Wake => Some(Command::Wake),
            Turn::First(nth) => settings(Setting::FIRST, nth),
            Turn::Sim | Turn::Pin => {
                start.sim = None;
                Some(Command::Sim)
            }
            Turn::Then(nth) => settings(Setting::THEN, nth),
            Turn::ThenInstead(_, setting) => Some(Command::Set(setting)),
        }
    }

    /// A command of the start has ended.
    pub(super) fn start_goes_on(&mut self, command: &Command, outcome: Outcome) {
        let (now, is_ok) = (self.now, outcome == Outcome::Ok);
        let Stage::Starting(start) = &mut self.stage else { return };
        match (command, start.turn) {
            (Command::Wake, Turn::Wake) if outcome != Outcome::Silent => {
                // Whatever was asked before and is answered only now is over by then.
                start.not_before = now + limit::MODEM_QUIET;
                start.turn(Turn::First(0));
            }
            // It may stand at the prompt for a message whose process was ended before it had given it: there `AT` is a word of the
            // message, for ever.
            (Command::Wake, Turn::Wake) => self.steps.push(Step::Write(Private::new(super::recovery::ESCAPE.to_vec()))),
            (Command::Set(setting), turn) => {
                start.refused = if is_ok { 0 } else { start.refused + 1 };
                if !is_ok && start.refused < limit::MODEM_SETTING_TRIES {
                    return;
                }
                if !is_ok && setting.is_needed() {
                    *start = start.again(now + PAUSE);
                    return;
                }
                let instead = setting.instead().filter(|_| !is_ok);
                match (turn, instead) {
                    (Turn::Then(nth), Some(instead)) => start.turn(Turn::ThenInstead(nth, instead)),
                    (Turn::Then(nth) | Turn::ThenInstead(nth, _), _) if nth + 1 < Setting::THEN.len() => {
                        start.turn(Turn::Then(nth + 1));
                    }
                    (Turn::First(nth), _) if nth + 1 < Setting::FIRST.len() => start.turn(Turn::First(nth + 1)),
                    (Turn::First(_), _) => {
                        start.sim_since = now;
                        start.turn(Turn::Sim);
                    }
                    _ => self.is_ready(),
                }
            }
            // Whatever it says to the PIN, the SIM is asked.
            (Command::Pin(_), _) => {
                start.sim_since = now;
                start.not_before = now + PAUSE;
                start.turn(Turn::Sim);
            }
            (Command::Sim, _) => self.sim_answered(outcome),
            _ => {}
        }
    }

    /// `+CPIN: …`, asked for or not.
    pub(super) fn sim_says(&mut self, sim: Sim) {
        let asked = self.under_way.as_ref().is_some_and(|under_way| under_way.command == Command::Sim);
        match &mut self.stage {
            Stage::Starting(start) if asked => start.sim = Some(sim),
            // A modem that starts says so late, when it is already being used; and says it unasked when it starts by itself.
            Stage::Ready if sim != Sim::Ready || self.recovery.is_long_ready(self.now) => self.started_by_itself(),
            _ => {}
        }
    }

    fn sim_answered(&mut self, outcome: Outcome) {
        let now = self.now;
        let Stage::Starting(start) = &mut self.stage else { return };
        let says = match outcome {
            Outcome::Ok => start.sim,
            Outcome::Refused(Refusal::Equipment(11)) => Some(Sim::Pin),
            Outcome::Refused(Refusal::Equipment(12)) => Some(Sim::Puk),
            Outcome::Refused(_) | Outcome::Silent => None,
        };
        match says {
            Some(Sim::Ready) => {
                self.pin.is_good = self.pin.was_tried;
                self.standing.suffers(None);
                start.turn(Turn::Then(0));
            }
            Some(Sim::Pin) if self.pin.configured.is_some() && (!self.pin.was_tried || self.pin.is_good) => {
                start.turn(Turn::Pin);
            }
            Some(Sim::Pin) => {
                self.standing.suffers(Some(Ailment::Pin));
                start.wait_for_sim(now);
            }
            Some(Sim::Puk) => {
                self.standing.suffers(Some(Ailment::NoSim));
                start.wait_for_sim(now);
            }
            Some(Sim::Other) | None if now.since(start.sim_since) >= limit::MODEM_SIM_WAIT => {
                self.standing.suffers(Some(Ailment::NoSim));
                start.wait_for_sim(now);
            }
            Some(Sim::Other) | None => start.not_before = now + PAUSE,
        }
    }

    fn is_ready(&mut self) {
        self.stage = Stage::Ready;
        self.recovery.is_ready(self.now);
        self.standing.suffers(None);
        self.standing.restart(self.now);
        self.inbox.restart(self.now);
    }
}
