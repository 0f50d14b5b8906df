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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::core::effect::Input;
    use crate::core::id::Epoch;
    use crate::core::power::Power;
    use crate::core::roster::Roster;
    use crate::core::station::{self, Rules};
    use crate::core::time::{Boot, Trust, Wall};

    fn at(minutes: u64) -> Moment {
        let mono = Mono(minutes * 60_000);
        Moment { boot: Boot(1), mono, wall: Wall(1_800_000_000_000), trust: Trust::Synced }
    }

    #[test]
    fn the_text_says_what_the_box_runs_on_and_what_is_not_known_is_left_open() {
        let (station, epoch) = ("st1".parse().expect("id"), Epoch(1));
        let identity = Identity { station, gateway: "gw1".parse().expect("id"), epoch };
        let ours = station::Identity { station, epoch };
        let mut house = Station::new(ours, Rules::default(), Roster::default(), at(0));
        let mut exercise = Exercise::default();
        assert!(exercise.text(at(0), &house, &identity, true, None).is_none(), "not at once");
        let mut said = |now, house: &Station, free| {
            let text = exercise.text(now, house, &identity, true, free).expect("it is time");
            let Ok(Text::Status(status)) = Text::read(text.reveal()) else { panic!("a status") };
            (status.mains, status.battery_min, status.disk_free_mib)
        };
        assert_eq!(said(at(10), &house, None), (None, None, None));
        let power = Power { mains: Some(false), minutes_left: Some(95) };
        let told = house.handle(at(20), &Input::Power(power));
        assert!(!told.is_empty());
        assert_eq!(said(at(310), &house, Some(3 * MIB + 7)), (Some(false), Some(95), Some(3)));
    }
}
