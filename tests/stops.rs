//! A whole station that was not running for some minutes: what it says of it after its start, and after the next (CARE-RULES 23).

mod support;

use std::num::NonZeroU32;
use std::path::{Path, PathBuf};
use std::time::Duration;

use shouwang::control::client;
use shouwang::control::protocol::{Body, Request, Status};
use shouwang::core::effect::{Answer, Order};
use shouwang::core::stop::Stop;
use shouwang::core::time::{Gap, Rate, Wall};
use shouwang::daemon::clock::Tempo;
use shouwang::daemon::{self, Signals};
use support::{soon, until};
use tempfile::TempDir;
use tokio::task::JoinHandle;

const VILLAGE: &str = "[homes.h01]\nlabel = \"示例 1 号\"\n[responders.desk]\nname = \"示例值班室\"\nrole = \"duty_desk\"\n\
                       [ladders.usual]\nrungs = [{ call = [\"desk\"], wait_s = 60 }]\n[residents.r01]\nname = \"示例\"\n\
                       address_form = \"示例奶奶\"\nhome = \"h01\"\nladder = \"usual\"\n";

/// A station in whose time a minute passes in a tenth of a second.
struct Fast {
    folder: TempDir,
    tempo: Tempo,
}

/// It runs.
struct Running {
    signals: Signals,
    task: JoinHandle<()>,
}

impl Fast {
    fn new() -> Fast {
        let folder = tempfile::tempdir().expect("a folder");
        let here = folder.path().display();
        let station = format!(
            "[station]\nid = \"st1\"\ngateway = \"gw1\"\nvillage_file = \"village.toml\"\ndata_dir = \"{here}/data\"\n\
             control_socket = \"{here}/control.sock\"\n[[source]]\nid = \"hub\"\nkind = \"serial\"\n\
             path = \"{here}/hub\"\nformat = \"json_lines\"\n[store]\nballast_mib = 8\n"
        );
        std::fs::write(folder.path().join("shouwang.toml"), station).expect("writes");
        std::fs::write(folder.path().join("village.toml"), VILLAGE).expect("writes");
        let rate = Rate(NonZeroU32::new(600).expect("not zero"));
        Fast { folder, tempo: Tempo::scaled(rate, Wall(1_795_320_000_000)) }
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    async fn start(&self) -> Running {
        let (config, tempo, signals) = (self.path("shouwang.toml"), self.tempo, Signals::default());
        let told = signals.clone();
        let task = tokio::spawn(async move {
            daemon::run(&config, tempo, told).await.unwrap_or_else(|error| panic!("{error}"));
        });
        let socket = self.path("control.sock");
        support::until_found("the station answers", async || status(&socket).await).await;
        Running { signals, task }
    }

    async fn status(&self) -> Status {
        status(&self.path("control.sock")).await.expect("it answers")
    }

    async fn passes(&self, span: Duration) {
        let until_ms = self.tempo.wall().0 + i64::try_from(span.as_millis()).expect("small");
        until("time passes", || self.tempo.wall().0 >= until_ms).await;
    }
}

impl Running {
    async fn stop(self) {
        self.signals.stop.cancel();
        soon("the station ends", self.task).await.expect("it ends well");
    }
}

async fn ask(socket: &Path, request: Request) -> Option<Body> {
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

#[tokio::test]
async fn rule_23_a_stop_of_minutes_is_told_over_the_next_start_until_somebody_has_seen_to_it() {
    let fast = Fast::new();
    let running = fast.start().await;
    assert_eq!(fast.status().await.stops, [], "nothing was before the first start");
    running.stop().await;
    fast.passes(Duration::from_mins(5)).await;

    let running = fast.start().await;
    let [stop]: [Stop; 1] = fast.status().await.stops.try_into().expect("one stop");
    assert_eq!((stop.gap, stop.noted), (Gap::SameBoot, None));
    assert!(stop.until.mono.since(stop.from.mono) >= Duration::from_mins(5), "{stop:?}");
    running.stop().await;

    let running = fast.start().await;
    let known = fast.status().await.stops;
    assert!(known.contains(&stop), "the next start knows it from the log: {known:?}");
    for stop in known {
        let order = Order::NoteStop { until: stop.until.mono, by: "desk".parse().expect("id") };
        let id = format!("t{}", stop.until.mono.0).parse().expect("id");
        let answer = ask(&fast.path("control.sock"), Request::Order { id, order, door: None }).await;
        assert_eq!(answer, Some(Body::Answer(Answer::StopNoted { until: stop.until.mono })));
    }
    assert_eq!(fast.status().await.stops, []);
    running.stop().await;
    let running = fast.start().await;
    assert!(!fast.status().await.stops.contains(&stop));
    running.stop().await;
}
