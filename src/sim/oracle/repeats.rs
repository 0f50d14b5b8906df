//! *A command is run once, and answered as often as it is asked: in the same words.*

use std::collections::BTreeMap;

use super::Verdicts;
use crate::core::effect::Answer;
use crate::core::id::CommandId;
use crate::core::time::Mono;
use crate::limits::COMMAND_MEMORY;
use crate::sim::gateway::{Outward, Turned};
use crate::sim::trace::Ms;

/// See the module.
#[derive(Debug, Default)]
pub(super) struct Repeats {
    /// What was answered first, when, and whether the log had taken it.
    first: BTreeMap<CommandId, (Mono, Answer, bool)>,
}

impl Repeats {
    /// Compares a turn's answers with those that were given before.
    pub(super) fn turned(&mut self, now: Ms, turned: &Turned, verdicts: &mut Verdicts) {
        for outward in &turned.outward {
            let Outward::Answer(id, answer) = outward else { continue };
            if matches!(answer, Answer::Open { .. }) {
                continue;
            }
            let mono = turned.at.mono;
            match self.first.get(id) {
                Some((at, first, true)) if first != answer && mono.since(*at) < COMMAND_MEMORY => {
                    verdicts.against(now, "a_command_is_run_once", || format!("{id:?}: {first:?}, then {answer:?}"));
                }
                Some((_, _, true)) => {}
                _ => {
                    self.first.insert(*id, (mono, answer.clone(), turned.durable));
                }
            }
        }
    }

    /// The log has lost nobody knows what.
    pub(super) fn doubt(&mut self) {
        self.first.clear();
    }
}
