//! What has changed between two looks at the station. Pure.

use std::collections::BTreeMap;

use crate::core::alarm::{Alarm, AlarmId, Disposition, State};
use crate::core::id::ResidentId;
use crate::core::watch::Watch;

/// One look.
#[derive(Debug, Clone, Default)]
pub struct Seen {
    /// Alarms and faults, open and closed.
    pub alarms: BTreeMap<AlarmId, Alarm>,
    /// Who is watched how.
    pub watch: BTreeMap<ResidentId, Watch>,
}

/// One change.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum News {
    /// An alarm took a step.
    Alarm(Box<Alarm>, Turn),
    /// Somebody is watched otherwise than before.
    Watch(ResidentId, Watch),
}

/// Which step.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Turn {
    /// The person is asked first.
    AskedFirst,
    /// It is an alarm, or a fault.
    Raised,
    /// Nobody has answered yet, so more are called.
    Climbed,
    /// Somebody goes.
    Accepted,
    /// Somebody is there.
    OnSite,
    /// It ended.
    Closed,
}

impl Turn {
    /// Whether it is the first step of an alarm: what follows a device's word at once.
    #[must_use]
    pub const fn begins(self) -> bool {
        matches!(self, Turn::AskedFirst | Turn::Raised)
    }
}

impl Seen {
    /// Whether everybody is watched.
    #[must_use]
    pub fn are_all_watched(&self) -> bool {
        !self.watch.is_empty() && self.watch.values().all(|watch| *watch == Watch::Watched)
    }

    /// What is new in a later look, alarms first, in the order in which they began.
    #[must_use]
    pub fn news(&self, later: &Seen) -> Vec<News> {
        let mut news = Vec::new();
        for (id, alarm) in &later.alarms {
            let before = self.alarms.get(id).map(|before| &before.state);
            news.extend(turns(before, &alarm.state).into_iter().map(|turn| News::Alarm(Box::new(alarm.clone()), turn)));
        }
        for (resident, watch) in &later.watch {
            if self.watch.get(resident) != Some(watch) {
                news.push(News::Watch(*resident, *watch));
            }
        }
        news
    }
}

/// The steps that lie between two states. A look may come late, and what happened in between is told all the same.
fn turns(before: Option<&State>, after: &State) -> Vec<Turn> {
    match (before, after) {
        (None, State::PreAlarm { .. }) => vec![Turn::AskedFirst],
        (None | Some(State::PreAlarm { .. }), State::Raised { .. }) => vec![Turn::Raised],
        (Some(State::Raised { climb: before }), State::Raised { climb: after })
            if (before.round, before.called) != (after.round, after.called) =>
        {
            vec![Turn::Climbed]
        }
        (None | Some(State::PreAlarm { .. }), State::Accepted { .. }) => vec![Turn::Raised, Turn::Accepted],
        (Some(State::Raised { .. } | State::OnSite { .. }), State::Accepted { .. }) => vec![Turn::Accepted],
        (Some(State::Raised { .. } | State::Accepted { .. }), State::OnSite { .. }) => vec![Turn::OnSite],
        (Some(State::Accepted { .. } | State::OnSite { .. }), State::Raised { .. }) => vec![Turn::Climbed],
        (Some(State::Closed { .. }), State::Closed { .. }) => Vec::new(),
        (None, State::Closed { disposition: Disposition::Cancelled, .. }) => vec![Turn::AskedFirst, Turn::Closed],
        (None, State::Closed { .. }) => vec![Turn::Raised, Turn::Closed],
        (_, State::Closed { .. }) => vec![Turn::Closed],
        _ => Vec::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::core::alarm::life_cycle::Climb;
    use crate::core::time::Mono;

    #[test]
    fn a_late_look_misses_no_step() {
        let climb = |called| Climb { since: Mono(0), called, round: 0, next: None, unanswered: None };
        let raised = |called| State::Raised { climb: climb(called) };
        let cancelled = State::Closed { by: None, disposition: Disposition::Cancelled, unverified: false };
        assert_eq!(turns(None, &cancelled), [Turn::AskedFirst, Turn::Closed]);
        assert_eq!(turns(None, &raised(1)), [Turn::Raised]);
        assert_eq!(turns(Some(&raised(1)), &raised(1)), []);
        assert_eq!(turns(Some(&raised(1)), &raised(2)), [Turn::Climbed]);
        assert_eq!(turns(Some(&raised(2)), &cancelled), [Turn::Closed]);
    }
}
