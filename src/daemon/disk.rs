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

/// How often the county is told how far the log has come. Source: ARCHITECTURE, store: its head goes to the county daily.
const HEAD_EVERY: Duration = Duration::from_hours(24);

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

    /// Tells the station about its own disk, and commits what it makes of that as far as the disk lets. A disk that takes turns may
    /// be too full for readings.
    pub(super) async fn disk(&mut self, takes_turns: bool) {
        let now = self.clock.now();
        let short = takes_turns && self.store.usage().is_short;
        self.state.short = short;
        let input = Input::Disk { up: takes_turns && !short, short };
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
        if self.state.trouble.is_none() && self.store.usage().is_short != self.state.short {
            self.disk(true).await;
        }
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

    /// Once a day and at every start the county is told how far the log has come, in the device lane: kept, receipted, and sent again
    /// until it is.
    pub(super) async fn keep_head(&mut self, now: Moment) {
        if self.state.head_kept.is_some_and(|last| now.mono.since(last) < HEAD_EVERY) {
            return;
        }
        self.state.head_kept = Some(now.mono);
        let head = self.store.usage().head(now);
        if head.streams.is_empty() {
            return;
        }
        let draft = Draft { at: now, inputs: Vec::new(), decisions: vec![Undecided::Head(head)] };
        let committed = self.store.commit(draft).await;
        if let Some(up) = self.settle(&committed, &mut Vec::new()) {
            self.disk(up).await;
        }
    }
}
