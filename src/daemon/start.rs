//! From files to a station that goes on where the last run ended.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use tracing::{error, info, warn};

use super::clock::{self, Before, Clock, Tempo};
use super::machine;
use crate::config::village::clerk::{self, Clerk};
use crate::config::{self, Problems, Sound, Village};
use crate::control::protocol::Objection;
use crate::core::detector;
use crate::core::effect::{Effect, Input, NewVillage, VillageChange, VillageDeed};
use crate::core::id::{Epoch, StationId};
use crate::core::plan::Plan;
use crate::core::roster::Roster;
use crate::core::station::{Identity, Rules, Station, Words, roll_call_memory};
use crate::core::stop::Stop;
use crate::core::time::{Moment, Mono};
use crate::device;
use crate::limits;
use crate::store::files::disk::Disk;
use crate::store::record::Start;
use crate::store::state::check::Starts;
use crate::store::{Budget, Ledger, Opened, Options, Report, Store, StoreError, Undecided, replay, state};

/// How far back the log is read when the last-heard table is missing. judgement: a day, the cap of every supervision
/// limit but those of class slow, and some; at 500 devices that is two seconds' work, once, after damage.
const RELEARN_MAX: Duration = Duration::from_hours(25);

/// Why the gateway cannot start.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// The configuration is wrong.
    #[error("{0}")]
    Config(Problems),
    /// The store cannot be opened.
    #[error("{0}")]
    Store(#[from] StoreError),
    /// The data directory cannot be made or is in use.
    #[error("the data directory {} cannot be used: {source}; is another gateway running?", path.display())]
    Data {
        /// Which.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// The control socket cannot be opened.
    #[error("the control socket {} cannot be opened: {source}; does its directory exist and belong to the service's user?", path.display())]
    Socket {
        /// Where.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// A secret cannot be read.
    #[error("{0}")]
    Secret(#[from] config::SecretError),
    /// An address cannot be used.
    #[error("{0}")]
    Address(String),
    /// The kernel gives no randomness.
    #[error("the kernel gives no randomness for a new epoch: {0}")]
    Randomness(#[from] getrandom::Error),
}

impl From<Problems> for StartError {
    fn from(problems: Problems) -> Self {
        StartError::Config(problems)
    }
}

/// Both configuration files, sound.
pub(super) struct Loaded {
    pub(super) station: config::Station,
    pub(super) village: Village,
    /// The village file as it was read.
    pub(super) text: String,
    pub(super) clerk: Clerk,
    /// What is different since the station last watched; none when nothing is.
    pub(super) change: Option<VillageChange>,
    /// Why the village file is refused and `village` is the last sound list; none when it is what stands in the file.
    pub(super) refused: Vec<Objection>,
}

/// Loads both files; warnings are said once.
pub(super) fn load(path: &Path) -> Result<Loaded, StartError> {
    let station = config::Station::load(path, &device::spoken())?;
    let clerk = Clerk::of(station.value.clone());
    let (text, village, refused) = read_village(&clerk)?;
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    let unknown = station.value.pages.as_ref().map(|pages| pages.unknown_users(&name, &village.value.roster));
    let unknown = unknown.unwrap_or_default();
    for problem in station.warnings.list().iter().chain(village.warnings.list()).chain(unknown.list()) {
        warn!("{problem}");
    }
    let change = changed(&clerk, &village.value);
    Ok(Loaded { station: station.value, village: village.value, text, clerk, change, refused })
}

/// The village file, or the last sound list where the file is refused: a slip in an editor must not leave a village unwatched.
fn read_village(clerk: &Clerk) -> Result<(String, Sound<Village>, Vec<Objection>), Problems> {
    let problems = match clerk.read() {
        Ok((text, village)) => return Ok((text, village, Vec::new())),
        Err(problems) => problems,
    };
    let Some((text, village)) = clerk.last_sound() else { return Err(problems) };
    for problem in problems.list() {
        error!("{problem}");
    }
    error!(revision = %village.value.revision, "the village file is refused; the station watches by the last sound list");
    let refused = Objection::of_file(&problems);
    Ok((text, village, refused))
}

/// What is different in the village since the station last watched; none when nothing is.
fn changed(clerk: &Clerk, village: &Village) -> Option<VillageChange> {
    let last = clerk.last_in_force();
    if last.as_ref().is_some_and(|(version, _)| version.revision == village.revision) {
        return None;
    }
    let by = clerk.author_of(&village.revision).unwrap_or_else(clerk::by_hand);
    let before = last.and_then(|(_, before)| before);
    let before = before.as_ref().map(|before| (&before.roster, &before.addresses));
    Some(clerk::change(before, village, by, VillageDeed::Start))
}

/// Everything that goes on from the run before.
pub(super) struct Started {
    pub(super) station: Station,
    pub(super) clock: Arc<Clock>,
    pub(super) store: Store,
    pub(super) ledger: Ledger,
    pub(super) epoch: Epoch,
    pub(super) starts: Starts,
    /// What the first turn has to keep, carry out and write.
    pub(super) inputs: Vec<Input>,
    pub(super) effects: Vec<Effect>,
    pub(super) first: Vec<Undecided>,
}

/// Opens the store, carries time on, and replays what the devices last said.
pub(super) fn start(
    config: &config::Station,
    roster: Roster,
    times: impl Fn(Moment) -> Plan,
    change: Option<VillageChange>,
    tempo: Tempo,
) -> Result<Started, StartError> {
    let dir = &config.data_dir;
    let in_use = |source| StartError::Data { path: dir.clone(), source };
    let files = Arc::new(Disk::own(&dir.join("log")).map_err(in_use)?);
    let starts = Starts::begin(&dir.join("starts"), &clock::kernel_boot(), clock::boottime());
    let exe = std::env::current_exe().map_err(in_use)?;
    let checked = state::check::open_checked(&exe, &dir.join("state"), &starts, limits::STATE_CHECK_DEADLINE);
    let Opened { store, ledger, words, reports } = Store::open(files.clone(), checked, store_options(config))?;
    for report in &reports {
        if report == &Report::FirstStart { info!("{report}") } else { warn!("{report}") }
    }
    let machine = machine::this();
    let moved = machine::is_another(ledger.start().and_then(|start| start.machine.as_deref()), machine.as_deref());
    if moved {
        warn!(
            "these data were last used on another machine: moved or copied here; their sequence ends, and a new one begins"
        );
    }
    let renamed = is_another_station(ledger.start().and_then(|start| start.station), config.id);
    if renamed {
        warn!(station = %config.id, "these data were last used for another station: its sequence ends, and a new one begins");
    }
    let is_whole = !reports.iter().any(Report::breaks_the_sequence);
    let epoch = epoch(&ledger, is_whole && !moved && !renamed)?;
    let before = ledger.start().cloned().zip(ledger.newest()).map(|(start, last)| Before { start, last });
    let (clock, start) = Clock::start(tempo, before.as_ref(), epoch);
    let start = Start { machine, station: Some(config.id), is_whole, ..start };
    let now = clock.now();
    let gap = start.gap;
    info!(?gap, boot = now.boot.0, trust = now.trust.word(), "start");

    let identity = Identity { station: config.id, epoch };
    let mut station = Station::new(identity, rules(config), roster, now);
    let last = before.as_ref().map(|before| before.last.mono);
    let alive = before.map(|before| newest_proof_of_life(before.last, words.as_ref().map(|(at, _)| *at)));
    relearn(&mut station, &ledger, words, last, &files);
    // The list was changed while nobody watched: what was said before by a thing that was replaced is another's.
    let inputs: Vec<Input> =
        change.map(|change| Input::Village(Box::new(NewVillage { change, roster: None }))).into_iter().collect();
    for input in &inputs {
        station.relearn(now, input);
    }
    station.know_times(times(now));
    let own_number = config.modem.as_ref().is_some_and(|modem| modem.number.is_some());
    let mut effects = station.retire_supply(now, last, config.power.is_some(), own_number);
    effects.extend(station.resume(now, last, gap));
    if reports.iter().any(|report| matches!(report, Report::Rebuilt { .. })) {
        effects.extend(station.handle(now, &Input::StateRebuilt));
    }
    effects.extend(alive.and_then(|alive| Stop::of(alive, now, gap)).map(|stop| station.stopped(stop)));
    let first = vec![Undecided::Start(start)];
    Ok(Started { station, clock: Arc::new(clock), store, ledger, epoch, starts, inputs, effects, first })
}

/// Until when the run before was surely alive. In a quiet village the last-heard table is newer than the newest record.
fn newest_proof_of_life(record: Moment, words: Option<Moment>) -> Moment {
    words.filter(|words| words.mono > record.mono).unwrap_or(record)
}

/// Reads a state index through in this process: damage shows as an abort, which is why it is a child's work.
///
/// # Errors
/// A sentence on what could not be read.
pub fn check_state(dir: &Path) -> Result<(), String> {
    state::check_state(dir).map_err(|error| error.to_string())
}

/// Whether the data are of a station with another id. The county counts every station's records by themselves.
fn is_another_station(before: Option<StationId>, this: StationId) -> bool {
    before.is_some_and(|before| before != this)
}

/// The sequence goes on, unless nobody can say how far it had come, another machine may go on with it as well, or it is another station's.
fn epoch(ledger: &Ledger, goes_on: bool) -> Result<Epoch, StartError> {
    match ledger.epoch() {
        Some(epoch) if goes_on => Ok(epoch),
        _ => Ok(Epoch(getrandom::u64()?)),
    }
}

/// Puts back alarms and answers, and teaches the devices' memories from the last-heard table and what was logged since.
fn relearn(
    station: &mut Station,
    ledger: &Ledger,
    words: Option<(Moment, Vec<u8>)>,
    last: Option<Mono>,
    files: &Arc<Disk>,
) {
    let (known_at, words) = match words.map(|(at, bytes)| (at, serde_json::from_slice::<Words>(&bytes))) {
        Some((at, Ok(words))) => (Some(at.mono), words),
        Some((_, Err(error))) => {
            warn!(%error, "the last-heard table cannot be read: the log is read instead");
            (None, Words::default())
        }
        None => (None, Words::default()),
    };
    station.restore(ledger.past(words));
    let Some(last) = last else { return };
    let since = known_at.unwrap_or(last - RELEARN_MAX).min(last - detector::memory()).min(last - roll_call_memory());
    let files: Arc<dyn crate::store::files::Files> = files.clone();
    match replay(&files, since) {
        Ok(inputs) => inputs.for_each(|(at, input)| station.relearn(at, &input)),
        Err(error) => warn!(%error, "the log could not be read back: devices are as the last-heard table says"),
    }
}

/// How large the store of this station may get.
#[must_use]
pub fn store_options(station: &config::Station) -> Options {
    let store = station.store;
    Options {
        urgent: Budget {
            segment_bytes: store.urgent_segment_bytes,
            bytes_max: store.urgent_bytes,
            kept: store.urgent_keep,
        },
        routine: Budget {
            segment_bytes: store.routine_segment_bytes,
            bytes_max: store.routine_bytes,
            kept: store.routine_keep,
        },
        ballast_bytes: store.ballast_bytes,
        gather: store.routine_block,
        ..Options::default()
    }
}

fn rules(station: &config::Station) -> Rules {
    Rules {
        charge_low_percent: station.rules.battery_low_percent,
        everyone_after: station.rules.unanswered_after,
        blind_fault_after: station.rules.blind_fault_after,
        paid_until: station.modem.as_ref().and_then(|modem| modem.paid_until_end(&station.zone)),
    }
}
