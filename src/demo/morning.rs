//! The shell of the demonstration: lets the morning happen, looks at what the real program makes of it, and tells it.

use std::collections::{BTreeMap, BTreeSet};
use std::io::{self, Write};
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use jiff::tz::TimeZone;
use tokio::net::TcpListener;
use tokio::time::{Instant, sleep, timeout};
use tokio_util::sync::CancellationToken;

use super::news::{News, Seen};
use super::scene::{Scene, SceneError};
use super::script::Script;
use super::station::Station;
use super::story::{Act, Deed, LENGTH, Story};
use super::tally::Tally;
use super::teller::{Stage, Teller};
use super::village;
use crate::control::client::AskError;
use crate::core::alarm::{Alarm, AlarmId};
use crate::core::effect::Order;
use crate::core::time::{Rate, Wall};
use crate::county::board::{AlarmRow, StationRow};
use crate::county::book::{Book, BookError};
use crate::county::page::{self, Board};
use crate::county::{self, session};
use crate::daemon::clock::Tempo;
use crate::daemon::{self, Signals, StartError};
use crate::words::Lang;

/// How often it looks, by the kernel's time. judgement: an event is told before anybody could miss it.
const LOOK: Duration = Duration::from_millis(25);
/// How long a line waits for its receipt, so that both are told together.
const RECEIPT_PATIENCE: Duration = Duration::from_millis(150);
/// How long the parts may take to be there, and at the end for everything to arrive. judgement: a busy machine's seconds.
const PATIENCE: Duration = Duration::from_secs(15);

/// What it is to be.
#[derive(Debug, Clone, Copy)]
pub struct Settings {
    /// How fast village time passes.
    pub rate: Rate,
    /// Of the ordinary life.
    pub seed: u64,
    /// Goes on after the morning until it is stopped, so that the page can be looked at.
    pub stay: bool,
    /// In which language.
    pub lang: Lang,
    /// Where.
    pub stage: Stage,
    /// The village's wall clock at the beginning.
    pub begin: Wall,
}

/// Why it could not go on.
#[derive(Debug, thiserror::Error)]
pub enum DemoError {
    /// The set could not be made.
    #[error(transparent)]
    Scene(#[from] SceneError),
    /// The terminal or the set broke.
    #[error("the demonstration cannot go on: {0}")]
    Io(#[from] io::Error),
    /// The gateway did not start.
    #[error(transparent)]
    Gateway(#[from] StartError),
    /// The county did not start.
    #[error(transparent)]
    County(#[from] session::ServeError),
    /// The gateway does not answer.
    #[error(transparent)]
    Station(#[from] AskError),
    /// The county's database cannot be read.
    #[error(transparent)]
    Book(#[from] BookError),
    /// A part was not there in time.
    #[error("the gateway or the county did not start within {} s", PATIENCE.as_secs())]
    Late,
}

/// Lets the morning pass and tells it to `out`, until its end or `stop`.
///
/// # Errors
/// [`DemoError`].
pub async fn run(settings: Settings, stop: CancellationToken, out: impl Write) -> Result<Tally, DemoError> {
    // It outlives all parts: the gateway's last words still want a broker and a disk.
    let mut scene = Scene::set(settings.lang).await?;
    let tempo = Tempo::scaled(settings.rate, settings.begin);
    let clock: county::Clock = Arc::new(move || tempo.wall().0);
    let console = scene.county(settings.rate);
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await?;
    let address = listener.local_addr()?;
    let board = Board {
        database: console.database.clone(),
        clock: Arc::clone(&clock),
        silent_after_s: console.silent_after_s,
        names: village::names(settings.lang),
        zone: zone(),
    };
    let config = scene.path("shouwang.toml");
    // The parts end after the morning, and the morning ends when a part does.
    let (parts, broken) = (CancellationToken::new(), CancellationToken::new());
    let gateway = async {
        let signals = Signals { stop: parts.clone(), ..Signals::default() };
        let ended = daemon::run(&config, tempo, signals).await;
        broken.cancel();
        ended
    };
    let county = async {
        let ended = Box::pin(session::serve(&console, clock, parts.clone())).await;
        broken.cancel();
        ended
    };
    let morning = async {
        let told = timeout(PATIENCE, Morning::begin(&mut scene, settings, tempo, address, out));
        let told = tokio::select! {
            begun = told => match begun {
                Ok(Ok(mut morning)) => morning.live(&stop, &broken).await,
                Ok(Err(error)) => Err(error),
                Err(_) => Err(DemoError::Late),
            },
            () = broken.cancelled() => Err(DemoError::Late),
        };
        parts.cancel();
        told
    };
    let page = page::serve(listener, board, parts.clone());
    let (gateway, county, page, told) = tokio::join!(gateway, county, page, morning);
    page?;
    gateway?;
    county?;
    told
}

/// Chinese time, all year.
fn zone() -> TimeZone {
    TimeZone::fixed(jiff::tz::offset(8))
}

struct Morning<'a, W> {
    scene: &'a mut Scene,
    settings: Settings,
    tempo: Tempo,
    teller: Teller<W>,
    story: Story,
    station: Station,
    book: Book,
    seen: Seen,
    /// Who spoke last when, by the kernel's time: from there the way to the county is measured.
    spoke: BTreeMap<String, Instant>,
    script: Script,
    connected: bool,
    /// Since when what has waited is being sent.
    catching_up: Option<Instant>,
    county_misses: bool,
}

impl<'a, W: Write> Morning<'a, W> {
    async fn begin(
        scene: &'a mut Scene,
        settings: Settings,
        tempo: Tempo,
        page: SocketAddr,
        out: W,
    ) -> Result<Self, DemoError> {
        let mut teller = Teller::new(out, settings.stage, zone(), settings.lang);
        let script = Script::new(scene.village.people.clone(), scene.village.roster.clone(), settings.lang);
        script.opening(&mut teller, settings.rate, &format!("http://{page}/?lang={}", settings.lang.word()))?;
        let station = Station::at(scene.path("control.sock"));
        while station.status().await.is_err() {
            sleep(LOOK).await;
        }
        let book = loop {
            if let Ok(book) = Book::open_to_read(&scene.path("county.sqlite")).await {
                break book;
            }
            sleep(LOOK).await;
        };
        Ok(Morning {
            story: Story::new(settings.seed),
            scene,
            settings,
            tempo,
            teller,
            station,
            book,
            seen: Seen::default(),
            spoke: BTreeMap::new(),
            script,
            connected: false,
            catching_up: None,
            county_misses: false,
        })
    }

    /// Until the end of the morning, or longer; then counts.
    async fn live(&mut self, stop: &CancellationToken, broken: &CancellationToken) -> Result<Tally, DemoError> {
        let begun = self.tempo.wall();
        let mut over = false;
        loop {
            let passed = Duration::from_millis(u64::try_from(self.tempo.wall().0 - begun.0).unwrap_or(0));
            for deed in self.story.due(passed) {
                self.happen(deed).await?;
            }
            self.look().await?;
            if passed >= LENGTH && !over {
                over = true;
                if !self.settings.stay {
                    break;
                }
                self.script.stays(&mut self.teller)?;
            }
            let next = self.story.next_at().map_or(LOOK, |at| self.settings.rate.takes(at.saturating_sub(passed)));
            tokio::select! {
                () = stop.cancelled() => break,
                () = broken.cancelled() => break,
                () = sleep(next.min(LOOK)) => {}
            }
        }
        self.count(over).await
    }

    async fn happen(&mut self, deed: Deed) -> Result<(), DemoError> {
        self.scene.happen(&deed).await?;
        match deed {
            Deed::Speak { name, .. } => {
                self.spoke.insert(name, Instant::now());
            }
            Deed::Line { whole } => {
                self.catching_up = whole.then(Instant::now);
                self.script.line(&mut self.teller, self.tempo.wall(), whole)?;
            }
            Deed::Answer { resident, condition, by, act } => {
                let about = format!("r{resident:02}");
                let alarm = self.seen.alarms.values().find(|alarm| {
                    alarm.is_open()
                        && alarm.id.condition == condition
                        && alarm.resident().is_some_and(|resident| resident.to_string() == about)
                });
                if let (Some(alarm), Ok(by)) = (alarm.map(|alarm| alarm.id), by.parse()) {
                    let order = match act {
                        Act::Accept => Order::Accept { alarm, by },
                        Act::OnSite => Order::OnSite { alarm, by, door: None },
                        Act::Close(disposition) => {
                            Order::Close { alarm, by: Some(by), disposition, conversation: String::new() }
                        }
                    };
                    self.station.order(order).await?;
                }
            }
        }
        Ok(())
    }

    /// Looks at the station and at the county, and tells what is new.
    async fn look(&mut self) -> Result<(), DemoError> {
        let alarms = self.station.alarms().await?;
        let Some(status) = self.station.status().await? else { return Ok(()) };
        let mut later = Seen { alarms: self.seen.alarms.clone(), watch: BTreeMap::new() };
        later.alarms.extend(alarms.into_iter().map(|alarm| (alarm.id, alarm)));
        later.watch = status.residents.iter().map(|(resident, (watch, _))| (*resident, *watch)).collect();
        self.connected = status.relay_connected;
        let now = self.tempo.wall();
        for news in self.seen.news(&later) {
            match news {
                News::Alarm(alarm, turn) => {
                    let is_new = !self.seen.alarms.contains_key(&alarm.id)
                        && turn.begins()
                        && alarm.id.condition.rule().about_person;
                    self.script.alarm(&mut self.teller, now, &alarm, turn)?;
                    if is_new {
                        self.tell_way(&alarm).await?;
                    }
                }
                News::Watch(resident, watch) => self.script.watch(&mut self.teller, now, resident, watch)?,
            }
        }
        self.seen = later;
        let settled = ["alarm", "device", "reading"].iter().all(|lane| {
            let (head, receipted) = status.lanes.get(*lane).copied().unwrap_or_default();
            head == receipted
        });
        if self.connected
            && settled
            && let Some(since) = self.catching_up.take()
        {
            self.script.caught_up(&mut self.teller, now, since.elapsed())?;
        }
        self.look_at_county(now).await?;
        self.script.standing(&mut self.teller, now, &self.seen, self.connected)?;
        Ok(())
    }

    /// What the county's staff would see, judged by the county.
    async fn look_at_county(&mut self, now: Wall) -> Result<(), DemoError> {
        let rows: Vec<StationRow> = self.book.stations(now.0, county::SILENT_AFTER_S).await?;
        let misses = rows.iter().any(|row| row.silent);
        if misses != self.county_misses {
            self.county_misses = misses;
            self.script.county(&mut self.teller, now, misses)?;
        }
        Ok(())
    }

    /// The way to the county, measured by the kernel's clock.
    async fn tell_way(&mut self, alarm: &Alarm) -> Result<(), DemoError> {
        let Some(spoke) = alarm.device.and_then(|device| self.spoke.get(&device.to_string()).copied()) else {
            return Ok(());
        };
        let patience = Instant::now() + RECEIPT_PATIENCE;
        loop {
            let times = self.scene.wire.times(alarm.id);
            match times {
                Some((arrived, Some(receipt))) => {
                    let way = (arrived.duration_since(spoke), receipt.duration_since(spoke));
                    return Ok(self.script.way(&mut self.teller, way)?);
                }
                _ if !self.connected || Instant::now() >= patience => {
                    return if self.connected { Ok(()) } else { Ok(self.script.kept(&mut self.teller)?) };
                }
                _ => sleep(Duration::from_millis(2)).await,
            }
        }
    }

    /// Mends what was cut, waits for what is under way, and counts.
    async fn count(&mut self, whole_morning: bool) -> Result<Tally, DemoError> {
        self.teller.settle()?;
        self.scene.happen(&Deed::Line { whole: true }).await?;
        let patience = Instant::now() + PATIENCE;
        let tally = loop {
            let tally = self.tally().await?;
            if tally.is_complete() || Instant::now() >= patience {
                break tally;
            }
            sleep(LOOK).await;
        };
        let alarms = self.seen.alarms.values().filter(|alarm| alarm.id.condition.rule().about_person);
        let alarms: Vec<&Alarm> = alarms.collect();
        self.script.ending(&mut self.teller, &alarms, tally, whole_morning)?;
        Ok(tally)
    }

    async fn tally(&mut self) -> Result<Tally, DemoError> {
        let alarms = self.station.alarms().await?;
        self.seen.alarms.extend(alarms.into_iter().map(|alarm| (alarm.id, alarm)));
        let raised: BTreeSet<AlarmId> = self.seen.alarms.keys().copied().collect();
        let rows = self.book.alarms(false).await?;
        let stored = rows.iter().filter_map(AlarmRow::body).map(|body| body.id).collect();
        let receipted = raised.iter().copied().filter(|id| self.scene.wire.is_receipted(*id)).collect();
        Ok(Tally::of(&raised, &stored, &receipted))
    }
}
