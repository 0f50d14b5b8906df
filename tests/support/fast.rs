//! A whole station in this process, in whose time a minute passes in a tenth of a second.

use std::num::NonZeroU32;
use std::path::{Path, PathBuf};
use std::time::Duration;

use shouwang::control::client;
use shouwang::control::protocol::{Body, Request, Status};
use shouwang::core::alarm::Alarm;
use shouwang::core::condition::Condition;
use shouwang::core::time::{Rate, Wall};
use shouwang::daemon::clock::Tempo;
use shouwang::daemon::{self, Signals};
use tempfile::TempDir;
use tokio::task::JoinHandle;

use super::{soon, until, until_found};

/// The village file it begins with.
pub const VILLAGE: &str = "[homes.h01]\nlabel = \"示例 1 号\"\n[responders.desk]\nname = \"示例值班室\"\nrole = \"duty_desk\"\n\
                       [ladders.usual]\nrungs = [{ call = [\"desk\"], wait_s = 60 }]\n[residents.r01]\nname = \"示例\"\n\
                       address_form = \"示例奶奶\"\nhome = \"h01\"\nladder = \"usual\"\n";

/// The station.
pub struct Fast {
    folder: TempDir,
    tempo: Tempo,
}

/// It runs.
pub struct Running {
    pub signals: Signals,
    task: JoinHandle<()>,
}

impl Fast {
    pub fn new() -> Fast {
        Self::with("")
    }

    /// The same with more in `shouwang.toml`.
    pub fn with(more: &str) -> Fast {
        let folder = tempfile::tempdir().expect("a folder");
        let here = folder.path().display();
        let station = format!(
            "[station]\nid = \"st1\"\ngateway = \"gw1\"\nvillage_file = \"village.toml\"\ndata_dir = \"{here}/data\"\n\
             control_socket = \"{here}/control.sock\"\n[[source]]\nid = \"hub\"\nkind = \"serial\"\n\
             path = \"{here}/hub\"\nformat = \"json_lines\"\n[store]\nballast_mib = 8\n{more}"
        );
        std::fs::write(folder.path().join("shouwang.toml"), station).expect("writes");
        std::fs::write(folder.path().join("village.toml"), VILLAGE).expect("writes");
        let rate = Rate(NonZeroU32::new(600).expect("not zero"));
        Fast { folder, tempo: Tempo::scaled(rate, Wall(1_795_320_000_000)) }
    }

    pub fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    pub async fn start(&self) -> Running {
        let (config, tempo, signals) = (self.path("shouwang.toml"), self.tempo, Signals::default());
        let told = signals.clone();
        let task = tokio::spawn(async move {
            daemon::run(&config, tempo, told).await.unwrap_or_else(|error| panic!("{error}"));
        });
        let socket = self.path("control.sock");
        until_found("the station answers", async || status(&socket).await).await;
        Running { signals, task }
    }

    pub async fn status(&self) -> Status {
        status(&self.path("control.sock")).await.expect("it answers")
    }

    /// Open faults of that kind.
    pub async fn open(&self, condition: Condition) -> Vec<Alarm> {
        let Some(Body::Alarms(mut alarms)) = ask(&self.socket(), Request::Alarms { all: false }).await else {
            return Vec::new();
        };
        alarms.retain(|alarm| alarm.id.condition == condition);
        alarms
    }

    pub fn socket(&self) -> PathBuf {
        self.path("control.sock")
    }

    pub async fn passes(&self, span: Duration) {
        let until_ms = self.tempo.wall().0 + i64::try_from(span.as_millis()).expect("small");
        until("time passes", || self.tempo.wall().0 >= until_ms).await;
    }
}

impl Running {
    pub async fn stop(self) {
        self.signals.stop.cancel();
        soon("the station ends", self.task).await.expect("it ends well");
    }
}

/// Asks the station.
pub async fn ask(socket: &Path, request: Request) -> Option<Body> {
    let socket = socket.to_owned();
    let asked = tokio::task::spawn_blocking(move || client::ask(&socket, &request).ok());
    asked.await.expect("it does not panic").map(|reply| reply.body)
}

async fn status(socket: &Path) -> Option<Status> {
    match ask(socket, Request::Status).await? {
        Body::Status(status) => Some(*status),
        _ => None,
    }
}
