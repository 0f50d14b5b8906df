//! The siren with a simulated line, a board on a pty, and programs.

mod support;

use std::os::fd::OwnedFd;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use rustix::pty::{OpenptFlags, grantpt, openpt, ptsname, unlockpt};
use shouwang::config::signals::Siren;
use shouwang::core::id::Slug;
use shouwang::limits::channels::SIREN_ON_MAX;
use shouwang::notify::channel::{Ailment, FromChannel, Health, Said};
use shouwang::notify::siren::line::{Line, LineError};
use shouwang::notify::siren::{self, Order, Settings};
use support::soon;
use tokio::sync::{mpsc, watch};
use tokio::time::{Instant, sleep};
use tokio_util::sync::CancellationToken;
use tokio_util::task::AbortOnDropHandle;

fn name() -> Slug {
    "room".parse().expect("an id")
}

/// How the simulated line behaves.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Conduct {
    Sound,
    Broken,
    Hangs,
}

/// What happened to the simulated line: second since the start, and what it was switched to.
type Log = Arc<Mutex<Vec<(u64, bool)>>>;

struct Simulated {
    began: Instant,
    log: Log,
    conduct: Arc<Mutex<Conduct>>,
}

impl Line for Simulated {
    async fn set(&mut self, sounds: bool) -> Result<(), LineError> {
        let conduct = *self.conduct.lock().expect("unpoisoned");
        match conduct {
            Conduct::Sound => {}
            Conduct::Broken => return Err(LineError::Program("made-up".to_owned())),
            Conduct::Hangs => std::future::pending().await,
        }
        let second = self.began.elapsed().as_secs();
        let mut log = self.log.lock().expect("unpoisoned");
        if log.last().is_none_or(|(_, last)| *last != sounds) {
            log.push((second, sounds));
        }
        Ok(())
    }
}

/// A siren at work.
struct Station {
    orders: watch::Sender<Order>,
    said: mpsc::Receiver<Said>,
    stop: CancellationToken,
    task: AbortOnDropHandle<()>,
}

impl Station {
    fn open<F: Future<Output = ()> + Send + 'static>(
        run: impl FnOnce(watch::Receiver<Order>, mpsc::Sender<Said>, CancellationToken) -> F,
    ) -> Self {
        let ((orders, taken), (saying, said)) = (watch::channel(Order::Silent), mpsc::channel(16));
        let stop = CancellationToken::new();
        let task = AbortOnDropHandle::new(tokio::spawn(run(taken, saying, stop.clone())));
        Self { orders, said, stop, task }
    }

    fn sound_for(&self, seconds: u64) {
        self.orders.send_replace(Order::Sound { until: Instant::now() + Duration::from_secs(seconds) });
    }

    async fn health(&mut self) -> Health {
        match soon("the siren says something", self.said.recv()).await.expect("it runs").what {
            FromChannel::Health(health) => health,
            other => panic!("a siren says {other:?}"),
        }
    }

    async fn stop(self) {
        self.stop.cancel();
        soon("the siren ends", self.task).await.expect("without a panic");
    }
}

fn simulated() -> (Station, Log, Arc<Mutex<Conduct>>) {
    let (log, conduct) = (Log::default(), Arc::new(Mutex::new(Conduct::Sound)));
    let line = Simulated { began: Instant::now(), log: Arc::clone(&log), conduct: Arc::clone(&conduct) };
    (Station::open(|orders, said, stop| siren::drive(name(), line, orders, said, stop)), log, conduct)
}

fn log(log: &Log) -> Vec<(u64, bool)> {
    log.lock().expect("unpoisoned").clone()
}

/// Lets virtual time pass.
async fn after(seconds: u64) {
    sleep(Duration::from_secs(seconds)).await;
}

#[tokio::test(start_paused = true)]
async fn it_is_off_at_the_start_sounds_as_long_as_it_is_told_and_ends_off() {
    let (station, line, _) = simulated();
    after(10).await;
    station.sound_for(60);
    after(100).await;
    station.sound_for(60);
    after(20).await;
    station.orders.send_replace(Order::Silent);
    after(10).await;
    station.sound_for(60);
    after(10).await;
    station.stop().await;
    let expected = [(0, false), (10, true), (70, false), (110, true), (130, false), (140, true), (150, false)];
    assert_eq!(log(&line), expected);
}

#[tokio::test(start_paused = true)]
async fn one_order_sounds_for_three_minutes_at_most_and_the_next_one_again() {
    let (station, line, _) = simulated();
    let hour = Instant::now() + Duration::from_hours(1);
    station.orders.send_replace(Order::Sound { until: hour });
    after(100).await;
    station.orders.send_replace(Order::Sound { until: hour });
    after(500).await;
    let fuse = SIREN_ON_MAX.as_secs();
    assert_eq!(log(&line), [(0, true), (fuse, false)], "the same order is no new one");
    station.sound_for(3_600);
    after(500).await;
    assert_eq!(log(&line)[2..], [(600, true), (600 + fuse, false)]);
}

#[tokio::test(start_paused = true)]
async fn an_order_that_was_given_before_the_siren_began_is_heard() {
    let log = Log::default();
    let began = Instant::now();
    let conduct = Arc::new(Mutex::new(Conduct::Sound));
    let line = Simulated { began, log: Arc::clone(&log), conduct };
    let (orders, taken) = watch::channel(Order::Silent);
    orders.send_replace(Order::Sound { until: began + Duration::from_mins(1) });
    let (said, _hearing) = mpsc::channel(16);
    let stop = CancellationToken::new();
    let _task = AbortOnDropHandle::new(tokio::spawn(siren::drive(name(), line, taken, said, stop)));
    after(100).await;
    assert_eq!(*log.lock().expect("unpoisoned"), [(0, true), (60, false)]);
}

#[tokio::test(start_paused = true)]
async fn nobody_who_gives_orders_is_silence() {
    let (station, line, _) = simulated();
    station.sound_for(60);
    after(5).await;
    let Station { orders, task, .. } = station;
    drop(orders);
    soon("the siren ends", task).await.expect("without a panic");
    assert_eq!(log(&line), [(0, true), (5, false)]);
}

#[tokio::test(start_paused = true)]
async fn a_line_that_fails_is_a_fault_and_is_switched_off_as_soon_as_it_can_be() {
    for conduct in [Conduct::Broken, Conduct::Hangs] {
        let (mut station, line, is) = simulated();
        assert_eq!(station.health().await, Health::Up);
        station.sound_for(60);
        after(10).await;
        *is.lock().expect("unpoisoned") = conduct;
        after(100).await;
        assert_eq!(station.health().await, Health::Down(Ailment::NotThere));
        assert_eq!(log(&line).last(), Some(&(0, true)), "it could not be switched off");
        *is.lock().expect("unpoisoned") = Conduct::Sound;
        assert_eq!(station.health().await, Health::Up);
        let (second, sounds) = *log(&line).last().expect("switched");
        assert!(!sounds && second < 120, "{conduct:?}: {second}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_cable_that_is_pulled_is_a_fault_before_the_siren_is_needed() {
    let (mut station, _, is) = simulated();
    assert_eq!(station.health().await, Health::Up);
    *is.lock().expect("unpoisoned") = Conduct::Broken;
    let began = Instant::now();
    assert_eq!(
        support::until_found("a fault", async || station.said.recv().await.map(|said| said.what)).await,
        FromChannel::Health(Health::Down(Ailment::NotThere))
    );
    assert!(began.elapsed() <= Duration::from_hours(1) + Duration::from_secs(10));
}

/// The far end of a serial port.
fn board(path: &Path) -> OwnedFd {
    let master = openpt(OpenptFlags::RDWR | OpenptFlags::NOCTTY).expect("a pty");
    grantpt(&master).expect("its end may be opened");
    unlockpt(&master).expect("its end can be opened");
    rustix::io::ioctl_fionbio(&master, true).expect("it need not block");
    let name = ptsname(&master, Vec::new()).expect("a name").into_string().expect("UTF-8");
    std::os::unix::fs::symlink(name, path).expect("a link");
    master
}

#[tokio::test]
async fn a_relay_board_is_told_off_on_and_off() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("relay");
    let master = board(&path);
    let mut station = Station::open(|orders, said, stop| {
        siren::run(Settings { name: name(), siren: Siren::Relay { path, number: 1 } }, orders, said, stop)
    });
    assert_eq!(station.health().await, Health::Up);
    let mut told = Vec::new();
    let mut hear = |count: usize| {
        let mut bytes = [0; 64];
        if let Ok(read) = rustix::io::read(&master, &mut bytes) {
            told.extend_from_slice(&bytes[..read]);
        }
        (told.len() >= count).then(|| told.clone())
    };
    support::until_found("off", async || hear(4)).await;
    station.sound_for(600);
    support::until_found("on", async || hear(8)).await;
    station.stop().await;
    let told = support::until_found("off again", async || hear(12)).await;
    assert_eq!(told, [0xA0, 1, 0, 0xA1, 0xA0, 1, 1, 0xA2, 0xA0, 1, 0, 0xA1]);
}

#[tokio::test]
async fn what_is_not_there_is_a_fault() {
    let nowhere = PathBuf::from("/nonexistent/siren");
    for siren in [
        Siren::Gpio { chip: nowhere.clone(), line: 17, active_low: true },
        Siren::Relay { path: nowhere.clone(), number: 1 },
        Siren::Rts { path: nowhere.clone() },
        Siren::Dtr { path: nowhere },
        Siren::Command { on: vec!["true".to_owned()], off: vec!["/nonexistent/program".to_owned()] },
        Siren::Command { on: vec!["true".to_owned()], off: vec!["false".to_owned()] },
    ] {
        let mut station =
            Station::open(|orders, said, stop| siren::run(Settings { name: name(), siren }, orders, said, stop));
        assert_eq!(station.health().await, Health::Down(Ailment::NotThere));
    }
}

#[tokio::test]
async fn programs_switch_it_without_a_shell() {
    let folder = tempfile::tempdir().expect("a folder");
    let note = folder.path().join("a note; with $(signs)");
    let script = "printf '%s\\n' \"$1\" >> \"$2\"";
    let command =
        |word: &str| ["/bin/sh", "-c", script, "sh", word, note.to_str().expect("UTF-8")].map(str::to_owned).to_vec();
    let siren = Siren::Command { on: command("on"), off: command("off") };
    let station = Station::open(|orders, said, stop| siren::run(Settings { name: name(), siren }, orders, said, stop));
    let written = || std::fs::read_to_string(&note).unwrap_or_default();
    support::until("off", || written() == "off\n").await;
    station.sound_for(600);
    support::until("on", || written() == "off\non\n").await;
    station.stop().await;
    assert_eq!(written(), "off\non\noff\n");
}
