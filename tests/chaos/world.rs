//! The world that is harmed: the gateway on a card of its own, both brokers, the county's console, a hub and a modem at ports, and a
//! proxy of the test's own in each connection.
//!
//! Everything that is started here ends with it, and with the test's thread.

use std::cell::{Cell, RefCell};
use std::net::{Ipv4Addr, SocketAddr};
use std::path::{Path, PathBuf};
use std::time::Duration;

use tokio::net::TcpStream;
use tokio::sync::Mutex;
use tokio::time::{sleep, timeout};

use shouwang::control::client::ask;
use shouwang::control::protocol::{Body, Request, Status};
use shouwang::core::alarm::Alarm;
use shouwang::sim::modem::{Fate, Modem, Mood, Network, Person};

use crate::hub::Hub;
use crate::line::Line;
use crate::support::broker::{Broker, free_port};
use crate::support::card::{Card, can_mount};
use crate::support::child::Guard;
use crate::support::house::LOCAL_BROKER;
use crate::support::pty::PluggedModem;
use crate::support::wire::Wire;
use crate::{papers, support};

/// Room on the station's card. judgement: an hour's log, three times over.
const CARD_MIB: u64 = 192;

/// Where Debian puts the library that moves a process's wall clock.
const FAKETIME: &str = "/usr/lib/x86_64-linux-gnu/faketime/libfaketimeMT.so.1";

/// The people of the village, as the papers have them.
pub const PHONES: [&str; 3] = ["00000000001", "00000000002", "00000000003"];

/// The world.
pub struct World {
    pub folder: PathBuf,
    pub card: RefCell<Option<Card>>,
    pub line: Option<Line>,
    pub local: Mutex<Broker>,
    pub county_broker: RefCell<Option<Guard>>,
    county_at: SocketAddr,
    /// Between the gateway and its local broker.
    pub witness: Wire,
    /// Between the gateway and the county's broker.
    pub link: Wire,
    /// Between the county's console and its broker.
    pub console_link: Wire,
    pub gateway: RefCell<Option<Guard>>,
    pub console: RefCell<Option<Guard>>,
    pub hub: Mutex<Hub>,
    pub modem: RefCell<Option<PluggedModem>>,
    /// The modem's zero, on the test's clock.
    pub modem_born_ms: u64,
    /// Counts the gateway's lives.
    pub life: Cell<u64>,
    /// Whether the gateway stands still.
    pub is_frozen: Cell<bool>,
    /// Whoever harms the disk or ends the gateway holds this: what is acknowledged on a broken disk (people were told of it, and it
    /// is said to be undurable) is beyond the promise when the process ends as well.
    pub gate: Mutex<()>,
    has_faketime: bool,
}

/// The test's clock, which is the station's: milliseconds since boot.
pub fn clock() -> u64 {
    u64::try_from(shouwang::daemon::clock::boottime().as_millis()).unwrap_or(u64::MAX)
}

impl World {
    /// Builds everything and starts it.
    pub async fn build(folder: &Path) -> World {
        let card = can_mount().then(|| Card::insert(&folder.join("card.img"), &folder.join("card"), CARD_MIB));
        let line = Line::lay();
        let local = Broker::start(LOCAL_BROKER).await;
        let at = line.as_ref().map_or(Ipv4Addr::LOCALHOST, |_| Line::county());
        let county_at = SocketAddr::from((at, free_port()));
        let to_county = Wire::before(county_at, clock).await;
        let console_link = Wire::before(county_at, clock).await;
        let witness = Wire::before(SocketAddr::from((Ipv4Addr::LOCALHOST, local.port())), clock).await;
        let has_faketime = Path::new(FAKETIME).exists();
        assert!(has_faketime || std::env::var("CI").as_deref() != Ok("true"), "faketime must be installed in CI");
        papers::write(folder, &witness.url(), &to_county.url(), &console_link.url(), county_at);
        let mut hub = Hub::named(&folder.join("hub"));
        hub.plug();
        let modem_born_ms = clock();
        let modem = PluggedModem::plug(&folder.join("modem"), Modem::new(1, calm(), network()));
        let world = World {
            folder: folder.to_owned(),
            card: RefCell::new(card),
            line,
            local: Mutex::new(local),
            county_broker: RefCell::default(),
            county_at,
            witness,
            link: to_county,
            console_link,
            gateway: RefCell::default(),
            console: RefCell::default(),
            hub: Mutex::new(hub),
            modem: RefCell::new(Some(modem)),
            modem_born_ms,
            life: Cell::new(0),
            is_frozen: Cell::new(false),
            gate: Mutex::new(()),
            has_faketime,
        };
        world.set_clock("+0");
        world.start_county_broker().await;
        world.start_console();
        world.start_gateway();
        support::until("the gateway listens", || folder.join("control.sock").exists()).await;
        world
    }

    /// Whether the wall clock can be moved.
    pub fn has_faketime(&self) -> bool {
        self.has_faketime
    }

    /// The folder of the station's log.
    pub fn log_folder(&self) -> PathBuf {
        self.folder.join("card/station/log")
    }

    /// Starts the gateway.
    pub fn start_gateway(&self) {
        let config = self.folder.join("shouwang.toml").display().to_string();
        let said = self.folder.join("gateway.log");
        let clock_file = format!("FAKETIME_TIMESTAMP_FILE={}", self.folder.join("clock").display());
        let preload = format!("LD_PRELOAD={FAKETIME}");
        let faked: &[&str] = if self.has_faketime {
            &[&preload, &clock_file, "FAKETIME_NO_CACHE=1", "FAKETIME_DONT_FAKE_MONOTONIC=1", "NO_FAKE_STAT=1"]
        } else {
            &[]
        };
        let line = [faked, &[support::binary(), "run", "--config", &config]].concat();
        self.life.set(self.life.get() + 1);
        *self.gateway.borrow_mut() = Some(Guard::start_logged("env", line, &said));
    }

    /// Ends it: by SIGTERM, or on the spot.
    pub async fn end_gateway(&self, in_order: bool) {
        let Some(mut gateway) = self.gateway.borrow_mut().take() else { return };
        self.life.set(self.life.get() + 1);
        if in_order {
            gateway.ask_to_end();
            support::until("the gateway ends when it is asked to", || gateway.has_ended()).await;
        }
        gateway.kill();
    }

    /// Starts the county's console.
    pub fn start_console(&self) {
        let config = self.folder.join("county.toml").display().to_string();
        let said = self.folder.join("county.log");
        let line = ["county", "--config", config.as_str()];
        *self.console.borrow_mut() = Some(Guard::start_logged(support::binary(), line, &said));
    }

    /// Starts the county's broker, and waits until it listens.
    pub async fn start_county_broker(&self) {
        let config = self.folder.join("county-broker.conf").display().to_string();
        let line = ["mosquitto", "-c", config.as_str()];
        let guard = match &self.line {
            Some(cable) => Guard::start("ip", cable.at_county(&line)),
            None => Guard::start(line[0], &line[1..]),
        };
        *self.county_broker.borrow_mut() = Some(guard);
        // A line that is cut lets nobody look; the broker comes up all the same.
        for _ in 0..100 {
            let looked = timeout(Duration::from_millis(200), TcpStream::connect(self.county_at)).await;
            if matches!(looked, Ok(Ok(_))) {
                return;
            }
            sleep(Duration::from_millis(50)).await;
        }
    }

    /// Moves the gateway's wall clock, in the words of libfaketime.
    pub fn set_clock(&self, offset: &str) {
        // Replaced whole: the library reads it at any moment.
        let (fresh, file) = (self.folder.join("clock.fresh"), self.folder.join("clock"));
        let written = std::fs::write(&fresh, format!("{offset}\n")).and_then(|()| std::fs::rename(&fresh, &file));
        written.expect("the folder can be written");
    }

    /// Asks the gateway; nothing when it does not answer.
    pub async fn ask(&self, request: Request) -> Option<Body> {
        let socket = self.folder.join("control.sock");
        // On a thread of its own: a gateway that stands still lets the asker wait.
        let asked = tokio::task::spawn_blocking(move || ask(&socket, &request)).await;
        asked.expect("asking does not panic").ok().map(|reply| reply.body)
    }

    /// How it is.
    pub async fn status(&self) -> Option<Status> {
        match self.ask(Request::Status).await? {
            Body::Status(status) => Some(*status),
            _ => None,
        }
    }

    /// The open alarms.
    pub async fn alarms(&self) -> Option<Vec<Alarm>> {
        match self.ask(Request::Alarms { all: false }).await? {
            Body::Alarms(alarms) => Some(alarms),
            _ => None,
        }
    }

    /// Nobody may have ended who was not ended.
    pub fn assert_alive(&self) {
        for (name, guard) in [("gateway", &self.gateway), ("county", &self.console)] {
            let ended = guard.borrow_mut().as_mut().is_some_and(Guard::has_ended);
            assert!(!ended, "the {name} ended by itself:\n{}", tail(&self.folder.join(format!("{name}.log"))));
        }
    }
}

/// A modem that is quick, so that a minute has room for many.
pub fn calm() -> Mood {
    Mood { answers_ms: (1, 5), sends_ms: (10, 60), registers_after_s: Some(0), boots_s: 1, ..Mood::calm() }
}

/// Everybody picks up, hears who calls and hangs up.
fn network() -> Network {
    let person =
        Person { answers_after_s: Some(1), hangs_up_after_s: Some(1), fate: Fate::Delivered(300), ..Person::silent() };
    Network::with(PHONES.map(|phone| (phone, person.clone())))
}

/// The last lines of a program's log.
pub fn tail(log: &Path) -> String {
    let text = std::fs::read_to_string(log).unwrap_or_default();
    let lines: Vec<&str> = text.lines().collect();
    lines[lines.len().saturating_sub(25)..].join("\n")
}
