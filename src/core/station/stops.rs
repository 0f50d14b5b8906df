//! Times in which the station was not running, and who has seen to them (CARE-RULES 23).

use super::Station;
use crate::core::effect::{Answer, Effect};
use crate::core::id::ResponderId;
use crate::core::refusal::Refusal;
use crate::core::stop::{Noted, Stop};
use crate::core::time::{Moment, Mono};
use crate::limits::record::STOPS_MAX;

impl Station {
    /// The stop that ended with this start, for the log and for whoever looks on.
    pub fn stopped(&mut self, stop: Stop) -> Effect {
        if self.stops.len() >= STOPS_MAX {
            self.stops.remove(0);
        }
        self.stops.push(stop);
        Effect::Stop(stop)
    }

    /// Stops of which people are still to be told, oldest first.
    pub fn stops(&self, now: Moment) -> impl Iterator<Item = Stop> {
        self.stops.iter().copied().filter(move |stop| stop.is_shown(now))
    }

    /// Somebody has seen to it: whoever may have called in that time was asked.
    pub(super) fn note_stop(
        &mut self,
        now: Moment,
        until: Mono,
        by: ResponderId,
        effects: &mut Vec<Effect>,
    ) -> Result<Answer, Refusal> {
        let stop = self.stops.iter_mut().find(|stop| stop.until.mono == until && !stop.is_old(now));
        let stop = stop.ok_or(Refusal::UnknownStop)?;
        if stop.noted.is_none() {
            stop.noted = Some(Noted { at: now, by });
            effects.push(Effect::Stop(*stop));
        }
        Ok(Answer::StopNoted { until })
    }
}
