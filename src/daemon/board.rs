//! What the relay may know of the house without asking the station task: standings for the retained topics, the birth
//! and the heartbeat. The station task writes it after each turn; the relay reads it when it sends.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use super::clock::Clock;
use crate::core::effect::Answer;
use crate::core::id::{CommandId, DeviceId, Epoch, ResidentId, SourceId};
use crate::core::power::Power;
use crate::core::reading::Origin;
use crate::core::sequence::{Lane, Range};
use crate::core::station::Station;
use crate::core::time::{Moment, Trust};
use crate::core::unit::Milli;
use crate::core::watch::Watch;
use crate::relay::message::{
    AlarmMessage, AlarmRecord, CommandResult, DeviceMessage, DeviceState, GatewayState, Heartbeat, LaneState,
    ReadingBody, ReadingMessage, ResidentState, ResultMessage, Skipped,
};
use crate::relay::records::{Records, Report, RetainedMessage};
use crate::relay::retained::RetainedKey;
use crate::source::counters::Counters;
use crate::store::record::Decision;
use crate::store::{Readings, Store};
use crate::web::tally::Tally;

/// A batch that was received longer ago than this when it is sent is marked as history.
/// judgement: twice the longest time a block is gathered.
const HISTORY_AFTER: Duration = Duration::from_secs(20);

/// The house as the relay sees it.
pub(super) struct Board {
    pub(super) clock: Arc<Clock>,
    pub(super) store: Store,
    counters: Arc<Counters>,
    /// What the pages have refused.
    pages: Tally,
    pub(super) epoch: Epoch,
    shown: Mutex<Shown>,
}

/// What changes from turn to turn.
#[derive(Default)]
struct Shown {
    /// Of the village file in force.
    revision: String,
    /// None where there is nothing to stand for any more: what the broker keeps of it is cleared, at every connection.
    retained: BTreeMap<RetainedKey, Option<RetainedMessage>>,
    sources: BTreeMap<SourceId, bool>,
    watch: BTreeMap<Watch, u32>,
    power: Power,
    /// When the county's number last took a text. The SIM's text to itself proves its credit and nothing of the county's number,
    /// so it does not count here; where the network confirms no texts this stays empty, and the county knows by what it gets.
    second_path_proven: Option<Moment>,
    durable: bool,
}

impl Board {
    pub(super) fn new(
        clock: &Arc<Clock>,
        store: Store,
        counters: &Arc<Counters>,
        pages: Tally,
        epoch: Epoch,
        revision: String,
    ) -> Board {
        Board {
            clock: Arc::clone(clock),
            store,
            counters: Arc::clone(counters),
            pages,
            epoch,
            shown: Mutex::new(Shown { revision, durable: true, ..Shown::default() }),
        }
    }

    /// Takes over what a turn changed, and says which retained standings are to be sent.
    pub(super) fn update(&self, station: &mut Station, now: Moment, durable: bool) -> Vec<RetainedKey> {
        let (devices, residents) = station.take_changed();
        let mut shown = self.shown();
        shown.durable = durable;
        shown.power = station.power();
        shown.second_path_proven = station.second_path_proven();
        shown.sources = station.sources().map(|source| (source.id, source.up)).collect();
        let mut changed = Vec::new();
        for device in devices {
            let key = RetainedKey::Device(device);
            shown.retained.insert(key, device_message(station, device, now));
            changed.push(key);
        }
        if residents.is_empty() {
            return changed;
        }
        for resident in residents {
            let key = RetainedKey::Resident(resident);
            shown.retained.insert(key, resident_message(station, resident, now));
            changed.push(key);
        }
        shown.watch = [Watch::Watched, Watch::Weak, Watch::Blind]
            .map(|watch| (watch, station.watch().values().filter(|state| state.watch == watch).count()))
            .into_iter()
            .map(|(watch, count)| (watch, u32::try_from(count).unwrap_or(u32::MAX)))
            .collect();
        changed
    }

    /// Another version of the village file is in force.
    pub(super) fn revise(&self, revision: &str) {
        revision.clone_into(&mut self.shown().revision);
    }

    /// Everything that was refused, dropped or withheld in front of the station, and by its pages.
    pub(super) fn counts(&self) -> BTreeMap<String, u64> {
        let mut counts = self.counters.view();
        counts.extend(self.pages.view());
        counts
    }

    /// Revision of the village file in force.
    pub(super) fn revision(&self) -> String {
        self.shown().revision.clone()
    }

    /// The answer to a county command.
    pub(super) fn result(&self, id: CommandId, answer: Answer) -> ResultMessage {
        ResultMessage { id, at: self.clock.now(), result: CommandResult::Answered(answer) }
    }

    /// The answer to a county command that was not run.
    pub(super) fn not_run(&self, id: CommandId, why: &str) -> ResultMessage {
        ResultMessage { id, at: self.clock.now(), result: CommandResult::NotRun { not_run: why.to_owned() } }
    }

    async fn record(&self, lane: Lane, seq: u64) -> Option<Decision> {
        let found = self.store.alarm_records(lane, seq, 1).await;
        let hole = |decision: &Decision| matches!(decision, Decision::Skipped { range, .. } if range.0 <= seq);
        found.into_iter().find(|(number, decision)| *number == seq || hole(decision)).map(|(_, decision)| decision)
    }

    fn shown(&self) -> MutexGuard<'_, Shown> {
        self.shown.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Records for Board {
    async fn alarm(&self, seq: u64) -> Option<AlarmMessage> {
        let record = match self.record(Lane::Alarm, seq).await? {
            Decision::Alarm { alarm, .. } => AlarmRecord::Alarm(Box::new((*alarm).into())),
            Decision::Skipped { range, reason, .. } => {
                AlarmRecord::Skipped { skipped: Skipped { from: range.0, to: range.1, reason } }
            }
            _ => return None,
        };
        Some(AlarmMessage { epoch: self.epoch, seq, record })
    }

    async fn device(&self, seq: u64) -> Option<DeviceMessage> {
        let (event, head, skipped) = match self.record(Lane::Device, seq).await? {
            Decision::Device { event, .. } => (Some(event), None, None),
            Decision::Head { head, .. } => (None, Some(head), None),
            Decision::Skipped { range, reason, .. } => {
                (None, None, Some(Skipped { from: range.0, to: range.1, reason }))
            }
            _ => return None,
        };
        Some(DeviceMessage { epoch: self.epoch, seq, event, head, skipped })
    }

    async fn readings(&self, from: u64, to: u64, bytes_max: usize) -> Option<ReadingMessage> {
        let now = self.clock.now();
        match self.store.readings(from, bytes_max).await {
            Readings::UpToDate => None,
            Readings::Skipped { range, reason } => Some(ReadingMessage {
                epoch: self.epoch,
                seq: range,
                at: now,
                batch: Vec::new(),
                skipped: Some(Skipped { from: range.0, to: range.1, reason }),
                hist: true,
            }),
            Readings::Batch { seq, at, samples } => {
                let wanted = usize::try_from(to.saturating_sub(seq).saturating_add(1)).unwrap_or(usize::MAX);
                let batch: Vec<ReadingBody> = samples
                    .into_iter()
                    .take(wanted)
                    .map(|timed| ReadingBody {
                        dev: speaker(timed.sample.from),
                        after_ms: timed.after_ms,
                        said: timed.sample.said,
                    })
                    .collect();
                let last = seq.saturating_add(batch.len() as u64).saturating_sub(1);
                let hist = now.mono.since(at.mono) > HISTORY_AFTER;
                Some(ReadingMessage { epoch: self.epoch, seq: Range(seq, last), at, batch, skipped: None, hist })
            }
        }
    }

    fn clock(&self) -> Moment {
        self.clock.now()
    }

    fn birth(&self, conn: u64, lanes: BTreeMap<Lane, LaneState>) -> GatewayState {
        let clock = self.clock.now();
        GatewayState {
            online: true,
            epoch: self.epoch,
            boot: clock.boot,
            conn,
            version: env!("CARGO_PKG_VERSION").to_owned(),
            cfg_rev: self.revision(),
            clock,
            lanes,
        }
    }

    fn heartbeat(&self, report: Report) -> Heartbeat {
        let at = self.clock.now();
        let usage = self.store.usage();
        let shown = self.shown();
        let mut drops = report.drops;
        drops.extend(self.counts());
        Heartbeat {
            epoch: self.epoch,
            at,
            clock: at.trust,
            lanes: report.lanes,
            oldest_unreceipted_s: report.oldest_unreceipted_s,
            drops,
            disk_free_bytes: usage.free_bytes,
            durable: shown.durable,
            mains: shown.power.mains,
            battery_min: shown.power.minutes_left,
            cert_days: report
                .certificate
                .filter(|_| at.trust != Trust::Unset)
                .map(|dates| dates.days_left(at.wall.0.div_euclid(1000))),
            sources: shown.sources.iter().map(|(id, up)| (id.to_string(), *up)).collect(),
            residents: shown.watch.iter().map(|(watch, count)| (watch.word().to_owned(), *count)).collect(),
            second_path_proven: shown.second_path_proven,
        }
    }

    fn retained_keys(&self) -> Vec<RetainedKey> {
        self.shown().retained.keys().copied().collect()
    }

    fn retained(&self, key: RetainedKey) -> Option<RetainedMessage> {
        self.shown().retained.get(&key).cloned().flatten()
    }
}

/// Whose reading it is. Only enrolled devices' words are kept; whatever else stood in a block keeps its number.
fn speaker(from: Origin) -> DeviceId {
    match from {
        Origin::Device(id) => id,
        Origin::Stranger(id) => DeviceId(id.0),
        Origin::Bridge(id) => DeviceId(id.0),
    }
}

/// None for somebody who is no longer served (CARE-RULES 26).
fn resident_message(station: &Station, resident: ResidentId, now: Moment) -> Option<RetainedMessage> {
    let state = station.watch().get(&resident)?;
    let (watch, since, witnesses) = (state.watch, state.since, state.witnesses.clone());
    Some(RetainedMessage::Resident(ResidentState { as_of: now, watch, since, witnesses }))
}

/// None for a device out of service.
fn device_message(station: &Station, device: DeviceId, now: Moment) -> Option<RetainedMessage> {
    if !station.serves(device) {
        return None;
    }
    let standing = station.device_standing(device)?;
    let whole = |milli: Milli| milli.0 / 1000;
    let state = DeviceState {
        as_of: now,
        battery: standing.battery.and_then(|percent| u8::try_from(whole(percent)).ok()),
        days_left: standing.outlook.map(|outlook| outlook.at_least),
        link: standing.link.and_then(|link| i32::try_from(whole(link)).ok()),
        last_heard: standing.heard,
        next_expected: Some(now.at(standing.next_expected)),
        fault: standing.fault.map(|fault| fault.word().to_owned()),
    };
    Some(RetainedMessage::Device(state, standing.rhythm * 2))
}
