//! One life of the box's dispatcher: the real queue, and the siren that it keeps, as the daemon's does.

use std::collections::BTreeMap;

use super::Names;
use super::second_path::SecondPath;
use crate::core::alarm::life_cycle::State;
use crate::core::alarm::{Alarm, AlarmId};
use crate::core::id::ChannelId;
use crate::core::time::{Moment, Mono};
use crate::notify::queue::{Act, Event, Kind, Queue};
use crate::notify::siren_plan::Unanswered;
use crate::sim::place::slug;

/// The village has one channel to people.
pub(super) fn modem() -> ChannelId {
    ChannelId(slug("modem"))
}

/// See the module.
#[derive(Debug)]
pub(in crate::sim) struct Dispatcher {
    queue: Queue,
    /// What the county may not know of.
    pub second_path: SecondPath,
    unanswered: BTreeMap<AlarmId, Unanswered>,
}

impl Dispatcher {
    /// A dispatcher that knows nothing.
    pub(in crate::sim) fn new(names: &Names) -> Dispatcher {
        Dispatcher {
            queue: Queue::new([(modem(), Kind::Modem)], names.numbers()),
            second_path: SecondPath::default(),
            unanswered: BTreeMap::new(),
        }
    }

    /// Takes what happened, and says what is to be done about it.
    pub(super) fn handle(&mut self, now: Moment, event: Event, names: &Names) -> Vec<Act> {
        if let Event::Alarm(alarm) = &event {
            self.mind_the_siren(now.mono, alarm);
        }
        self.queue.handle(now, event, names)
    }

    /// When it wants to be asked again.
    pub(in crate::sim) fn deadline(&self) -> Option<Mono> {
        self.queue.deadline()
    }

    /// How much waits for the modem.
    pub(in crate::sim) fn waiting(&self) -> usize {
        self.queue.waiting()
    }

    /// How much found no room to wait.
    pub(in crate::sim) fn dropped(&self) -> u64 {
        self.queue.dropped()
    }

    /// Whether the siren has sounded since an alarm came to it, or sounds at this moment for another.
    pub(in crate::sim) fn siren_knows(&self, alarm: AlarmId) -> bool {
        self.unanswered.contains_key(&alarm)
    }

    fn mind_the_siren(&mut self, now: Mono, alarm: &Alarm) {
        let sounds = matches!(alarm.state, State::Raised { climb } if climb.unanswered.is_some());
        if sounds && !alarm.id.drill {
            let known = self.unanswered.entry(alarm.id).or_insert(Unanswered { since: now, muted_until: None });
            known.muted_until = alarm.muted_until;
        } else {
            self.unanswered.remove(&alarm.id);
        }
    }
}
