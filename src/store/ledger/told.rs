//! What people were told that stands in no alarm: stops of the station, and faults that they were told of together.

use std::collections::BTreeSet;

use crate::core::alarm::AlarmId;
use crate::core::station::is_digest_doubtful;
use crate::core::stop::Stop;
use crate::core::time::Moment;
use crate::limits::record::STOPS_MAX;

#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(super) struct Told {
    /// Stops of the day before, oldest first.
    pub(super) stops: Vec<Stop>,
    /// Open faults of which people were told together.
    pub(super) faults: BTreeSet<AlarmId>,
    /// When they were last told of any.
    pub(super) digest: Option<Moment>,
}

impl Told {
    /// A stop's newest record; the moment at which it ended names it.
    pub(super) fn stop(&mut self, at: Moment, stop: Stop) {
        self.stops.retain(|known| !known.is_old(at));
        if let Some(known) = self.stops.iter_mut().find(|known| known.until.mono == stop.until.mono) {
            // Who has seen to it stays so, also when the record before is read again.
            *known = Stop { noted: stop.noted.or(known.noted), ..stop };
            return;
        }
        if self.stops.len() >= STOPS_MAX {
            self.stops.remove(0);
        }
        self.stops.push(stop);
    }

    /// A digest. One that is read again is known already, and what was forgotten of it stays so.
    pub(super) fn digest<'a>(&mut self, at: Moment, faults: impl Iterator<Item = &'a AlarmId>) {
        if self.digest.is_some_and(|known| known.mono >= at.mono) {
            return;
        }
        self.faults.extend(faults);
        self.digest = Some(at);
    }

    /// A start at `at`, after a run that was alive last at `last`: the station tells again what may not have left, and a start
    /// after this one must not find it told.
    pub(super) fn start(&mut self, at: Moment, last: Option<Moment>) {
        let before = self.digest.filter(|digest| digest.mono < at.mono);
        if before.zip(last).is_some_and(|(digest, last)| is_digest_doubtful(digest.mono, last.mono)) {
            self.faults.clear();
        }
    }
}
