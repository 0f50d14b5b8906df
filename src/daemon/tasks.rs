//! Spawning and ending: which tasks there are, and in which order they come and go.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use tokio::net::UnixListener;
use tokio::sync::{Notify, mpsc, watch};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;
use tracing::{info, warn};

use super::answers::Identity;
use super::board::Board;
use super::clock::Tempo;
use super::errands::ErrandDesk;
use super::front::{Front, Nursery};
use super::house::{Desks, Ears, House, Turn};
use super::keeper::{self, InForce, Keeper};
use super::pairing::PairingDesk;
use super::power;
use super::proofs::Proofs;
use super::resolve::VillageBook;
use super::sources::{self, Session};
use super::start::{self, Loaded, StartError, Started};
use crate::broker::Broker;
use crate::config::{self, CountyLink, Village};
use crate::control::server;
use crate::core::sequence::Lane;
use crate::core::time::{Mono, Rate};
use crate::limits;
use crate::relay::lane::LaneStanding;
use crate::relay::letterbox::Letterbox;
use crate::relay::session;
use crate::relay::step::Standing;
use crate::source::counters::Counters;
use crate::source::heard::Heard;
use crate::source::lanes::lanes;
use crate::source::{Inlet, Resolve};
use crate::store::state::check::Starts;

/// What the sources have to end in: they wait for the disk to acknowledge what they brought. judgement: the commit
/// deadline twice; with the log's and the relay's ends it stays within `TimeoutStopSec` of the unit.
const SOURCES_FAREWELL: Duration = Duration::from_secs(4);

/// What the other tasks have to end in, so that systemd does not have to.
const FAREWELL: Duration = Duration::from_secs(10);

/// What the gateway is told from outside while it runs.
#[derive(Debug, Clone, Default)]
pub struct Signals {
    /// It is to end.
    pub stop: CancellationToken,
    /// The village file was changed by hand and is to be taken over (SIGHUP).
    pub reload: Arc<Notify>,
}

/// Runs the gateway until told to stop, in time that passes as `tempo` says.
///
/// # Errors
/// [`StartError`], before anything was spawned.
pub async fn run(path: &Path, tempo: Tempo, signals: Signals) -> Result<(), StartError> {
    let Signals { stop, reload } = signals;
    let Loaded { station: config, village, text, clerk, change, refused } = start::load(path)?;
    let bridges = sources::bridges(&config)?;
    let Village { roster, addresses, revision, rota, absences, people, .. } = village;
    let zone = config.zone.clone();
    let (front, shown, people) = Front::open(&config, &roster, people);
    let times = |now| keeper::times(&rota, &absences, &roster, now, &zone);
    let book: Arc<dyn Resolve> = Arc::new(VillageBook::new(addresses.clone(), &roster));
    let Started { station, clock, store, ledger, epoch, starts, inputs, effects, first } =
        start::start(&config, roster.clone(), times, change.clone(), tempo)?;
    let in_force = InForce { roster, addresses, revision: revision.clone(), rota, absences };
    let listener = listen(&config.control_socket)?;

    let counters: Arc<Counters> = Arc::default();
    let (heard, letterbox) = (Arc::new(Heard::new(Arc::clone(&counters))), Letterbox::default());
    let board = Arc::new(Board::new(&clock, store.clone(), &counters, front.tally(), epoch, revision));
    let (desks, called) = Desks::new();
    let proofs = Proofs::new(people.clone(), config.modem.is_some());
    let mut house = House::new(
        station,
        Arc::clone(&clock),
        store.clone(),
        Arc::clone(&board),
        letterbox.clone(),
        Arc::clone(&heard),
        Arc::clone(&book),
        desks,
        people,
        shown.doors(),
        Identity { station: config.id, gateway: config.gateway, epoch },
    );
    house.begin(clock.now(), Turn::of(inputs, effects), first, refused).await;
    if let Some(change) = change {
        keeper::note(clerk.clone(), text, change, clock.now().wall, true).await;
    }

    // Sources end first, so that what they brought is still decided; the relay ends last, so that it is still sent.
    let (tracker, listening) = (TaskTracker::new(), TaskTracker::new());
    let (sources_stop, relay_stop) = (CancellationToken::new(), CancellationToken::new());
    let (lanes, urgent, routine) = lanes(Arc::clone(&counters));
    let (asked, asked_end) = mpsc::channel(limits::COMMANDS_WAITING_MAX);
    let (to_station, county) = mpsc::channel(limits::COMMANDS_WAITING_MAX);
    let (book, resolve) = watch::channel(book);
    let (to_house, village) = mpsc::channel(1);
    let keeper = Keeper { clerk, clock: Arc::clone(&clock), in_force, house: to_house, book, shown, zone, proofs };
    let nursery = Nursery { tasks: &tracker, bringing: &listening, stop: &sources_stop };
    front.spawn(&config, &clock, lanes.clone(), asked.clone(), &nursery);
    power::spawn(config.power.clone(), &clock, &lanes, &tracker, &sources_stop);
    let inlet = Inlet { lanes, resolve: resolve.clone(), heard, counters, utc: sources::utc(&clock) };
    let ways = sources::spawn(&config, inlet, &listening, &sources_stop, Session::Kept)?;
    tracker.spawn(server::serve(listener, asked, sources_stop.clone()));
    tracker.spawn(keeper.run(called.keeper, reload, sources_stop.clone()));
    tracker.spawn(ErrandDesk::new(ways, resolve, &clock).run(called.errands, sources_stop.clone()));
    tracker.spawn(PairingDesk::new(bridges, Arc::clone(&clock)).run(called.pairing, sources_stop.clone()));
    if let Some(link) = &config.county {
        let (settings, now) = (county_settings(&config, link, tempo.rate())?, clock.now().mono);
        let standing = standing(&ledger, epoch, link, now);
        tracker.spawn(session::run(settings, standing, now, board, letterbox, to_station, relay_stop.clone()));
    }
    drop(ledger);
    tell_that_we_watch();
    let (house_stop, ears) = (CancellationToken::new(), Ears { urgent, routine, asked: asked_end, village, county });
    tokio::join!(house.live(ears, house_stop.clone()), end_sources(stop, &listening, sources_stop, house_stop));
    store.close(clock.now()).await;
    relay_stop.cancel();
    ended(&tracker, "a task", FAREWELL).await;
    note_the_end(&starts);
    Ok(())
}

fn tell_that_we_watch() {
    info!("the station watches");
    tell_systemd(sd_notify::NotifyState::Ready);
}

/// The next start knows by it that nothing went wrong.
fn note_the_end(starts: &Starts) {
    if let Err(error) = starts.end() {
        warn!(%error, "this clean end could not be noted");
    }
}

fn listen(path: &Path) -> Result<UnixListener, StartError> {
    server::listen(path).map_err(|source| StartError::Socket { path: path.to_owned(), source })
}

/// Waits for the end, and ends the sources before the house.
async fn end_sources(
    stop: CancellationToken,
    sources: &TaskTracker,
    sources_stop: CancellationToken,
    house_stop: CancellationToken,
) {
    stop.cancelled().await;
    info!("stopping");
    tell_systemd(sd_notify::NotifyState::Stopping);
    sources_stop.cancel();
    // The house lives until they have ended: their last words are decided, and acknowledged from the disk.
    ended(sources, "a source", SOURCES_FAREWELL).await;
    house_stop.cancel();
}

/// Waits for tasks that were told to end.
async fn ended(tasks: &TaskTracker, who: &str, within: Duration) {
    tasks.close();
    if tokio::time::timeout(within, tasks.wait()).await.is_err() {
        warn!("{who} did not end in time");
    }
}

fn county_settings(config: &config::Station, link: &CountyLink, rate: Rate) -> Result<session::Settings, StartError> {
    Ok(session::Settings {
        station: config.id,
        gateway: config.gateway,
        broker: Broker {
            url: link.url.clone(),
            ca_file: link.ca_file.clone(),
            identity: link.identity.clone(),
            login: sources::login(link.username.as_ref(), link.password.as_ref())?,
        },
        rate,
    })
}

/// What the pump needs to know of every lane.
fn standing(ledger: &crate::store::Ledger, epoch: crate::core::id::Epoch, link: &CountyLink, now: Mono) -> Standing {
    let lane = |lane| LaneStanding {
        head: ledger.lanes().get(&lane).map_or(0, |progress| progress.head),
        settled: ledger.settled(epoch, lane),
        oldest_at: now,
    };
    Standing {
        epoch,
        alarm: lane(Lane::Alarm),
        device: lane(Lane::Device),
        reading: lane(Lane::Reading),
        send_readings: link.readings,
        heartbeat: link.heartbeat,
    }
}

/// Says to systemd how the daemon stands.
fn tell_systemd(state: sd_notify::NotifyState<'_>) {
    // Without systemd there is nobody to tell.
    let _ = sd_notify::notify(&[state]);
}
