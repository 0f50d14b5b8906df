//! How a life of the box begins: the store is opened, time carried on, memories restored and relearned, as the daemon does.

use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;
use std::time::Duration;

use super::Sabotage;
use super::clock::Hardware;
use super::gateway::{Gateway, LastWords, Turned};
use super::place::{Place, Wire};
use super::rot::Index;
use super::sabotage::Spoiled;
use super::street::{Dispatcher, Street};
use super::trace::Ms;
use crate::core::alarm::{Alarm, AlarmId};
use crate::core::detector;
use crate::core::effect::Input;
use crate::core::id::Epoch;
use crate::core::station::{Rules, Station, Words};
use crate::core::time::Mono;
use crate::device::{self, Decode};
use crate::store::files::{FakeDisk, Files};
use crate::store::handout::Cursor;
use crate::store::state::Why;
use crate::store::{Budget, Journal, Ledger, Options, Report, replay};

/// How far back the log is read when that table is missing, as in the daemon.
const RELEARN_MAX: Duration = Duration::from_hours(25);

/// What a life begins with.
pub(super) struct Beginning<'a> {
    /// Number of the life.
    pub life: u32,
    /// When.
    pub now: Ms,
    /// The village.
    pub place: &'a Place,
    /// The disk as the last life left it.
    pub disk: &'a FakeDisk,
    /// The last-heard table, if the state index still has it.
    pub words: Option<LastWords>,
    /// The boot.
    pub hardware: &'a Hardware,
    /// A fresh epoch, should one be needed.
    pub fresh: Epoch,
    /// How the state index fares.
    pub index: Index,
    /// What is done wrong on purpose.
    pub sabotage: Option<Sabotage>,
    /// Names and times.
    pub street: &'a Street,
}

/// A life that has begun.
pub(super) struct Started {
    /// It.
    pub gateway: Gateway,
    /// Its first turn.
    pub turned: Turned,
    /// What was found when the store was opened.
    pub reports: Vec<Report>,
    /// The alarms that the log held.
    pub kept: BTreeMap<AlarmId, Alarm>,
}

impl Gateway {
    /// Starts a process: opens the store, carries time on, restores and relearns, and takes the first turn.
    pub(super) fn start(beginning: Beginning<'_>) -> Result<Started, String> {
        let Beginning { life, now, place, disk, words, hardware, fresh, index, sabotage, street } = beginning;
        let files: Arc<dyn Files> = Arc::new(disk.clone());
        let (journal, mut reports) =
            Journal::open(Arc::clone(&files), options(place.homes.len())).map_err(|error| error.to_string())?;
        let books = journal.books();
        let ledger = &books.ledger;
        let why = match index {
            Index::Whole if words.is_some() || ledger.start().is_none() => None,
            Index::Whole | Index::Lost => Some(Why::Missing),
            Index::Ahead => Some(Why::NotOfThisLog),
        };
        reports.extend(why.map(|why| Report::Rebuilt { why }));
        let words = words.filter(|_| why.is_none());
        // The sequence goes on, unless nobody can say how far it had come.
        let broken = reports.iter().any(Report::breaks_the_sequence);
        let epoch = ledger.epoch().filter(|_| !broken).unwrap_or(fresh);
        let before = ledger.start().cloned().zip(ledger.newest());
        let (mut clock, start) = hardware.start(now, before.as_ref().map(|(start, last)| (start, *last)), epoch);
        if sabotage == Some(Sabotage::WallDuration) {
            clock.count_by_wall(now);
        }
        let at = clock.at(now);
        let last = before.map(|(_, last)| last.mono);
        let mut station = Station::new(place.identity(epoch), Rules::default(), place.roster.clone(), at);
        let alarms: Vec<Alarm> = ledger.open_alarms().chain(ledger.closed_alarms()).cloned().collect();
        let kept: BTreeMap<AlarmId, Alarm> = alarms.iter().map(|alarm| (alarm.id, alarm.clone())).collect();
        let cold = sabotage == Some(Sabotage::ColdStart);
        if !cold {
            relearn(&mut station, ledger, words, last, &files, sabotage)?;
        }
        let pump = super::uplink::pump(ledger, epoch, at.mono);
        drop(books);
        let mut gateway = Gateway {
            life,
            clock,
            epoch,
            station,
            journal,
            pump,
            answers: VecDeque::new(),
            dispatcher: Dispatcher::new(&street.names),
            free_at: now,
            cursor: Cursor::default(),
            decoders: decoders(),
            urgent: VecDeque::new(),
            routine: VecDeque::new(),
            receipts: Vec::new(),
            receipts_due: None,
            withheld: Vec::new(),
            disk_is_up: true,
            words_at: at.mono,
            block_due: None,
            sync_ms: 0,
            late_until: None,
            spoiled: Spoiled::new(sabotage),
        };
        let gap = start.gap;
        gateway.station.know_times(street.absences.plan(street.days));
        let mut effects = if cold { Vec::new() } else { gateway.station.resume(at, last, gap) };
        if why.is_some() && !cold {
            effects.extend(gateway.station.handle(at, &Input::StateRebuilt));
        }
        let turned = gateway.begin(at, start, effects);
        Ok(Started { gateway, turned, reports, kept })
    }
}

/// A store small enough that days go through many segments, and a disk that can be full. Every segment begins with what the
/// ledger knows, which grows with the village: a smaller one would hold little else.
fn options(homes: usize) -> Options {
    let days = Duration::from_hours(400 * 24);
    let segment_bytes = 32 * 1024 * (homes as u64).max(4);
    Options {
        urgent: Budget { segment_bytes, bytes_max: 64 * 1024 * 1024, kept: days },
        routine: Budget { segment_bytes: 64 * 1024, bytes_max: 64 * 1024 * 1024, kept: days },
        ballast_bytes: 16 * 1024,
        reserve_bytes: 32 * 1024,
        ..Options::default()
    }
}

pub(super) fn decoders() -> BTreeMap<Wire, Box<dyn Decode>> {
    let decoder = |wire: Wire| Some((wire, (device::format(wire.format())?.decoder)()));
    Wire::ALL.into_iter().filter_map(decoder).collect()
}

fn relearn(
    station: &mut Station,
    ledger: &Ledger,
    words: Option<LastWords>,
    last: Option<Mono>,
    files: &Arc<dyn Files>,
    sabotage: Option<Sabotage>,
) -> Result<(), String> {
    let (known_at, words) = match words {
        Some(words) => {
            let bytes = serde_json::to_vec(&words.words).map_err(|error| error.to_string())?;
            (Some(words.at), serde_json::from_slice(&bytes).map_err(|error| error.to_string())?)
        }
        None => (None, Words::default()),
    };
    let mut past = ledger.past(words);
    if let Some(sabotage) = sabotage {
        past.alarms.iter_mut().for_each(|alarm| sabotage.bend(alarm));
    }
    station.restore(past);
    let Some(last) = last else { return Ok(()) };
    let since = known_at.unwrap_or(last - RELEARN_MAX).min(last - detector::memory());
    let inputs = replay(files, since).map_err(|error| error.to_string())?;
    inputs.for_each(|(at, input)| station.relearn(at, &input));
    Ok(())
}
