//! Answers to the shell's questions, made from the station as it stands.

use std::collections::BTreeMap;
use std::time::Duration;

use tokio::time::Instant;

use super::house::House;
use crate::control::protocol::{
    Body, Card, CountyTrouble, DeviceRow, HeardRow, RecordedFrames, Request, Status, VisitRow,
};
use crate::core::alarm::Alarm;
use crate::core::id::{Epoch, GatewayId, SourceId, StationId};
use crate::core::reading::Origin;
use crate::core::unit::Milli;
use crate::limits;
use crate::relay::trouble::Trouble;
use crate::source::recorder::{Fetched, Recorded};

/// Who answers.
#[derive(Debug, Clone, Copy)]
pub(super) struct Identity {
    pub(super) station: StationId,
    pub(super) gateway: GatewayId,
    pub(super) epoch: Epoch,
}

/// What is known of the county's side.
#[derive(Debug, Clone, Default)]
pub(super) struct CountyLink {
    pub(super) connected: bool,
    pub(super) online: Option<bool>,
    /// What is wrong with the way there.
    pub(super) trouble: Option<CountyTrouble>,
}

impl CountyLink {
    /// There is trouble with it; whether it stands is not changed by that.
    pub(super) fn suffer(&mut self, trouble: &Trouble) {
        self.trouble = Some(CountyTrouble { zh: trouble.zh(), en: trouble.to_string() });
    }
}

impl House {
    pub(super) fn answer(&self, request: &Request) -> Body {
        match request {
            Request::Alarms { all } => Body::Alarms(self.alarms(*all)),
            Request::Visits => Body::Visits(VisitRow::of(&self.station)),
            Request::Devices => Body::Devices(self.devices()),
            Request::Heard => Body::Heard(self.heard_rows()),
            Request::Status => Body::Status(Box::new(self.status())),
            Request::Record { source, seconds } => self.record(*source, Duration::from_secs(u64::from(*seconds))),
            Request::Recorded => {
                let Fetched { frames, running, missed } = self.heard.recorder.fetch(Instant::now());
                let frames = frames.iter().map(Recorded::vector).collect();
                Body::Recorded(RecordedFrames { frames, running, missed })
            }
            Request::Keep(_) => Body::Kept,
            Request::Order { .. } => Body::Trouble("an order is answered by its turn".to_owned()),
            Request::Edit { .. }
            | Request::Reload { .. }
            | Request::Prove { .. }
            | Request::Pair { .. }
            | Request::Newcomers
            | Request::Tell { .. } => Body::Trouble("the station is busy with what others asked; try again".to_owned()),
        }
    }

    fn record(&self, source: SourceId, time: Duration) -> Body {
        if self.station.sources().all(|known| known.id != source) {
            let names: Vec<&str> = self.station.roster().sources.iter().map(SourceId::as_str).collect();
            return Body::Trouble(format!("no source is named {source}; there are: {}", names.join(", ")));
        }
        if time > limits::RECORDING_TIME_MAX || !self.heard.recorder.begin(source, time, Instant::now()) {
            return Body::Trouble("another recording runs, or the time is longer than a day".to_owned());
        }
        Body::Recording
    }

    fn alarms(&self, all: bool) -> Vec<Alarm> {
        let mut alarms: Vec<Alarm> = self.station.open_alarms().cloned().collect();
        if all {
            alarms.extend(self.station.closed_alarms().cloned());
            alarms.sort_by_key(|alarm| alarm.id);
        }
        alarms
    }

    fn devices(&self) -> Vec<DeviceRow> {
        let now = self.clock.now().mono;
        let rows = self.station.roster().devices.values().filter_map(|device| {
            let standing = self.station.device_standing(device.id)?;
            let ms = i128::from(standing.next_expected.0) - i128::from(now.0);
            Some(DeviceRow {
                id: device.id,
                resident: device.resident,
                home: device.home,
                room: device.room,
                role: device.role,
                source: device.source,
                reachable: standing.reachable,
                heard: standing.heard,
                expected_in_s: i64::try_from(ms / 1000).unwrap_or(i64::MAX),
                fault: standing.fault.map(|fault| fault.word().to_owned()),
                why: standing.why,
                rhythm_s: standing.rhythm.as_secs(),
                outlook: standing.outlook,
                battery: standing.battery,
                link: standing.link,
                removed: device.removed,
                free: self.station.roster().is_free(device),
            })
        });
        rows.collect()
    }

    fn heard_rows(&self) -> Vec<HeardRow> {
        let lines = self.heard.view(&*self.book, Instant::now());
        let mut rows: Vec<HeardRow> = lines
            .into_iter()
            .map(|line| HeardRow {
                format: line.format.to_owned(),
                source: line.source,
                address: line.address.reveal().clone(),
                device: match line.origin {
                    Origin::Device(id) => Some(id),
                    Origin::Stranger(_) | Origin::Bridge(_) => None,
                },
                model: line.model,
                kinds: line.kinds.into_iter().map(str::to_owned).collect(),
                link: line.link.map(|link| Milli::whole(i64::from(link))),
                count: line.count,
                first_s_ago: line.first_ago.map(|ago| ago.as_secs()),
                heard_s_ago: line.last_ago.map(|ago| ago.as_secs()),
            })
            .collect();
        // Strangers before the enrolled, and whoever was heard for the first time last on top: that is the newcomer.
        let never = u64::MAX;
        rows.sort_by_key(|row| {
            (row.device.is_some(), row.first_s_ago.unwrap_or(never), row.heard_s_ago.unwrap_or(never))
        });
        rows
    }

    fn status(&self) -> Status {
        let mut counters = self.board.counts();
        counters.retain(|_, count| *count > 0);
        Status {
            version: env!("CARGO_PKG_VERSION").to_owned(),
            station: self.identity.station,
            gateway: self.identity.gateway,
            epoch: self.identity.epoch,
            village: self.board.revision(),
            village_refused: self.state.village_refused.clone(),
            durable: self.is_durable(),
            card: Some(self.card()),
            relay_connected: self.link.connected,
            county_online: self.link.online,
            county_trouble: self.link.trouble.clone(),
            lanes: self
                .store
                .lanes()
                .into_iter()
                .map(|(lane, progress)| (lane.word().to_owned(), (progress.head, progress.receipted)))
                .collect(),
            sources: self.station.sources().map(|source| (source.id, source.up)).collect(),
            residents: self
                .station
                .watch()
                .iter()
                .map(|(resident, state)| (*resident, (state.watch, state.since)))
                .collect::<BTreeMap<_, _>>(),
            roll_call: self.station.roll_call(self.clock.now()),
            away: self.station.away().collect(),
            power: self.station.power(),
            second_path_proven: self.station.second_path_proven(),
            stops: self.station.stops(self.clock.now()).collect(),
            open_alarms: self.station.open_alarms().count(),
            counters,
        }
    }

    fn card(&self) -> Card {
        let (usage, options) = (self.store.usage(), self.store.options());
        Card {
            urgent: (usage.urgent_bytes, options.urgent.bytes_max),
            routine: (usage.routine_bytes, options.routine.bytes_max),
            free_bytes: usage.free_bytes,
            reserve_bytes: options.reserve_bytes,
            short: usage.is_short,
            ballast: (usage.ballast_bytes, options.ballast_bytes),
            written_bytes: usage.bytes_written,
            turns_dropped: usage.turns_dropped,
            index_failed: usage.index_failed,
        }
    }
}
