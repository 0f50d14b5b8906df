//! The exercise of the second path: a text that says how the station stands, so that the county sees 断网,本地在守 and not a dead box.

use std::time::Duration;

use super::answers::Identity;
use crate::core::station::Station;
use crate::core::time::{Moment, Mono};
use crate::core::watch::Watch;
use crate::limits::second::STATUS_TEXT_EVERY;
use crate::private::Private;
use crate::relay::text::{Stamp, StatusText, Text};

/// The first one goes so long after a start. judgement: by then the sources have been heard, and the modem is in its network.
const FIRST_AFTER: Duration = Duration::from_mins(10);

const MIB: u64 = 1024 * 1024;

/// When it is due, and since when the county is out of reach.
#[derive(Debug, Default)]
pub(super) struct Exercise {
    due: Option<Mono>,
    unreachable_since: Option<Mono>,
}

impl Exercise {
    /// The county's broker is connected, or is not.
    pub(super) fn link(&mut self, now: Mono, up: bool) {
        self.unreachable_since = if up { None } else { Some(self.unreachable_since.unwrap_or(now)) };
    }

    /// The text, when it is time for it.
    pub(super) fn text(
        &mut self,
        now: Moment,
        station: &Station,
        identity: &Identity,
        durable: bool,
        disk_free_bytes: Option<u64>,
    ) -> Option<Private<String>> {
        let due = *self.due.get_or_insert(now.mono + FIRST_AFTER);
        if now.mono < due {
            return None;
        }
        self.due = Some(now.mono + STATUS_TEXT_EVERY);
        let count = |number: usize| u16::try_from(number).unwrap_or(u16::MAX);
        let open = |about_person: bool| {
            count(station.open_alarms().filter(|alarm| alarm.id.condition.rule().about_person == about_person).count())
        };
        let watched = |watch: Watch| count(station.watch().values().filter(|state| state.watch == watch).count());
        let status = StatusText {
            station: identity.station,
            gateway: identity.gateway,
            epoch: identity.epoch,
            sent_s: now.mono.0 / 1000,
            at: Stamp::of(now),
            people: open(true),
            things: open(false),
            residents: [Watch::Watched, Watch::Weak, Watch::Blind].map(watched),
            without_link_s: self
                .unreachable_since
                .map(|since| u32::try_from(now.mono.since(since).as_secs()).unwrap_or(u32::MAX)),
            durable: Some(durable),
            disk_free_mib: disk_free_bytes.map(|bytes| u32::try_from(bytes / MIB).unwrap_or(u32::MAX)),
            mains: station.power().mains,
            battery_min: station.power().minutes_left,
        };
        Some(Private::new(Text::Status(status).write()))
    }
}
