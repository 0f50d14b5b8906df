//! The house and its disk: what became of a turn, who is acknowledged, and when the disk itself is a fault.

use std::time::Duration;

use tracing::{error, info};

use super::house::{House, Turn, undecided};
use crate::core::effect::Input;
use crate::core::time::Moment;
use crate::limits;
use crate::source::lanes::Acknowledge;
use crate::store::record::Decision;
use crate::store::{Committed, Draft, Outcome, Undecided};

/// While the disk refuses readings and takes turns, it is asked this often.
/// judgement: an empty turn costs the card one sync, and a fault of the disk is wanted within minutes.
const ASK_EVERY: Duration = Duration::from_mins(1);

impl House {
    /// What became of the turn on disk decides whether its sources are acknowledged. Says when the disk went or came back.
    pub(super) fn settle(&mut self, committed: &Committed, acknowledge: &mut Vec<Acknowledge>) -> Option<bool> {
        match committed.outcome {
            Outcome::Durable => {
                // The log keeps its order: what was withheld before is on disk before this.
                self.state.withheld.drain(..).chain(acknowledge.drain(..)).for_each(Acknowledge::durable);
                let trouble = self.state.trouble.take()?;
                info!(%trouble, "the log takes records again");
                Some(true)
            }
            Outcome::Degraded(trouble) => {
                self.state.withheld.append(acknowledge);
                // Beyond the limit the oldest are let go unacknowledged: their sender keeps them.
                let surplus = self.state.withheld.len().saturating_sub(limits::WITHHELD_MAX);
                self.state.withheld.drain(..surplus);
                for decision in &committed.decisions {
                    if let Decision::Alarm { alarm, .. } = decision {
                        self.station.mark_undurable(alarm.id);
                    }
                }
                if self.state.trouble.replace(trouble).is_some() {
                    return None;
                }
                error!(%trouble, "the log does not take records: people are told without it");
                Some(false)
            }
        }
    }

    /// Tells the station about its own disk, and commits what it makes of that as far as the disk lets.
    pub(super) async fn disk(&mut self, up: bool) {
        let now = self.clock.now();
        let input = Input::Disk { up };
        let mut turn = Turn::of(Vec::new(), self.station.handle(now, &input));
        self.station.seal(&mut turn.effects, now);
        let decisions: Vec<Undecided> = turn.effects.iter().filter_map(undecided).collect();
        if !decisions.is_empty() {
            let committed = self.store.commit(Draft { at: now, inputs: vec![input], decisions }).await;
            if let Outcome::Degraded(trouble) = committed.outcome {
                self.state.trouble = Some(trouble);
            }
        }
        self.carry_out(&mut turn, now);
    }

    /// The disk may go or come back while no turn asks it: readings are refused in a quiet night, or what waited is
    /// written behind the house's back. An empty turn then asks.
    pub(super) async fn look_at_disk(&mut self, now: Moment) {
        let refused = self.store.usage().block_failures;
        let (known, asked) = self.state.refused;
        let is_refusing = refused > known && asked.is_none_or(|asked| now.mono.since(asked) >= ASK_EVERY);
        let ask = match self.state.trouble {
            None => is_refusing,
            Some(_) => self.store.trouble().is_none(),
        };
        if !ask {
            return;
        }
        self.state.refused = (refused, Some(now.mono));
        let draft = Draft { at: self.clock.now(), inputs: Vec::new(), decisions: Vec::new() };
        let committed = self.store.commit(draft).await;
        if let Some(up) = self.settle(&committed, &mut Vec::new()) {
            self.disk(up).await;
        }
    }
}
