//! A real mosquitto on a free port, a gateway played by an MQTT client, and the county service beside them.

use std::collections::BTreeSet;
use std::io::Write as _;
use std::net::{TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use rumqttc::v5::mqttbytes::QoS;
use rumqttc::v5::mqttbytes::v5::{Packet, Publish};
use rumqttc::v5::{AsyncClient, Event, MqttOptions};
use shouwang::county::{Clock, Settings, session};
use tokio_util::sync::CancellationToken;

/// How long any test waits for anything before it fails.
pub const PATIENCE: Duration = Duration::from_secs(30);

/// A mosquitto that this test started.
pub struct Broker {
    child: Option<Child>,
    conf: PathBuf,
    pub port: u16,
}

impl Broker {
    /// Starts a broker, or says that there is none: then the test is skipped, except in CI, where it fails.
    pub fn start(dir: &Path) -> Option<Broker> {
        Self::start_with(dir, "")
    }

    /// Starts a broker with a certificate for `localhost`; returns it with its authority's file, beside which another
    /// authority's stands as `other.crt`.
    pub fn start_with_tls(dir: &Path) -> Option<(Broker, PathBuf)> {
        for (name, subject) in [("ca", "/CN=made up"), ("other", "/CN=another")] {
            openssl(
                dir,
                &format!(
                    "req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 2 -keyout {name}.key -out {name}.crt -subj"
                ),
                &[subject],
            )?;
        }
        openssl(
            dir,
            "req -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout broker.key -out broker.csr -subj /CN=localhost",
            &[],
        )?;
        std::fs::write(dir.join("broker.ext"), "subjectAltName=DNS:localhost\n").expect("writes");
        openssl(
            dir,
            "x509 -req -in broker.csr -CA ca.crt -CAkey ca.key -CAcreateserial -days 2 -extfile broker.ext -out broker.crt",
            &[],
        )?;
        let file = |name: &str| dir.join(name).display().to_string();
        let tls =
            format!("certfile {}\nkeyfile {}\ncafile {}\n", file("broker.crt"), file("broker.key"), file("ca.crt"));
        Some((Self::start_with(dir, &tls)?, dir.join("ca.crt")))
    }

    fn start_with(dir: &Path, more: &str) -> Option<Broker> {
        let Some(program) = mosquitto() else {
            return skip("mosquitto");
        };
        let port = TcpListener::bind("127.0.0.1:0").and_then(|free| free.local_addr()).expect("a free port").port();
        let conf = dir.join("mosquitto.conf");
        let mut file = std::fs::File::create(&conf).expect("a temporary file");
        writeln!(
            file,
            "listener {port} 127.0.0.1\nallow_anonymous true\n{more}persistence false\nlog_type none\nuser root"
        )
        .expect("writes");
        let mut broker = Broker { child: None, conf, port };
        broker.restart(&program);
        Some(broker)
    }

    fn restart(&mut self, program: &Path) {
        let mut mosquitto = Command::new(program);
        mosquitto.arg("-c").arg(&self.conf).stdout(Stdio::null()).stderr(Stdio::null());
        self.child = Some(mosquitto.spawn().expect("mosquitto starts"));
        let listens = (0..500).any(|_| {
            let there = TcpStream::connect(("127.0.0.1", self.port)).is_ok();
            if !there {
                std::thread::sleep(Duration::from_millis(10));
            }
            there
        });
        assert!(listens, "mosquitto does not listen");
    }

    /// Kills the broker as a power cut would, then starts it again on the same port.
    pub fn kill_and_restart(&mut self) {
        self.kill();
        self.restart(&mosquitto().expect("it was there"));
    }

    fn kill(&mut self) {
        if let Some(mut child) = self.child.take() {
            child.kill().expect("a child of this test");
            child.wait().expect("ends");
        }
    }
}

impl Drop for Broker {
    fn drop(&mut self) {
        self.kill();
    }
}

/// Without a program that a test needs it is skipped, except in CI, where it fails.
fn skip<T>(program: &str) -> Option<T> {
    assert!(std::env::var_os("CI").is_none_or(|ci| ci != "true"), "{program} is missing and CI needs it");
    eprintln!("skipped: {program} is not installed");
    None
}

fn openssl(dir: &Path, words: &str, more: &[&str]) -> Option<()> {
    let mut openssl = Command::new("openssl");
    openssl.args(words.split(' ')).args(more).current_dir(dir).stdout(Stdio::null()).stderr(Stdio::null());
    match openssl.status() {
        Ok(status) => {
            assert!(status.success(), "openssl {words}");
            Some(())
        }
        Err(_) => skip("openssl"),
    }
}

fn mosquitto() -> Option<PathBuf> {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let places = std::env::split_paths(&path).chain([PathBuf::from("/usr/sbin"), PathBuf::from("/usr/local/sbin")]);
    places.map(|dir| dir.join("mosquitto")).find(|program| program.is_file())
}

/// A client that plays a gateway, or listens as anyone.
pub struct Player {
    pub client: AsyncClient,
    heard: Arc<Mutex<Vec<Publish>>>,
    task: tokio::task::JoinHandle<()>,
}

impl Player {
    /// Connects and subscribes; returns once the broker has confirmed it.
    pub async fn join(port: u16, name: &str, filters: &[&str]) -> Player {
        let mut options = MqttOptions::new(name, "127.0.0.1", port);
        options.set_max_packet_size(Some(1 << 20)).set_outgoing_inflight_upper_limit(100);
        let (client, mut events) = AsyncClient::new(options, 64);
        for filter in filters {
            client.subscribe(*filter, QoS::AtLeastOnce).await.expect("the channel is open");
        }
        let heard = Arc::new(Mutex::new(Vec::new()));
        let (collected, wanted) = (heard.clone(), filters.len());
        let (ready, joined) = tokio::sync::oneshot::channel();
        let task = tokio::spawn(async move {
            let (mut ready, mut confirmed) = (Some(ready), 0);
            while let Ok(event) = events.poll().await {
                match event {
                    Event::Incoming(Packet::SubAck(_)) => confirmed += 1,
                    Event::Incoming(Packet::Publish(publish)) => collected.lock().expect("not poisoned").push(publish),
                    _ => {}
                }
                if confirmed == wanted
                    && let Some(ready) = ready.take()
                {
                    let _ = ready.send(());
                }
            }
        });
        tokio::time::timeout(PATIENCE, joined).await.expect("the broker answers").expect("the player lives");
        Player { client, heard, task }
    }

    /// Publishes at QoS 1.
    pub async fn say(&self, topic: &str, payload: impl Into<Vec<u8>>) {
        self.client.publish(topic, QoS::AtLeastOnce, false, payload.into()).await.expect("the channel is open");
    }

    /// Publishes at QoS 1, retained.
    pub async fn keep(&self, topic: &str, payload: impl Into<Vec<u8>>) {
        self.client.publish(topic, QoS::AtLeastOnce, true, payload.into()).await.expect("the channel is open");
    }

    /// Everything heard so far.
    pub fn heard(&self) -> Vec<Publish> {
        self.heard.lock().expect("not poisoned").clone()
    }

    /// Forgets what was heard so far.
    pub fn forget(&self) {
        self.heard.lock().expect("not poisoned").clear();
    }
}

impl Drop for Player {
    fn drop(&mut self) {
        self.task.abort();
    }
}

/// Looks again and again until `look` finds something.
pub async fn until<T>(what: &str, mut look: impl AsyncFnMut() -> Option<T>) -> T {
    let deadline = tokio::time::Instant::now() + PATIENCE;
    loop {
        if let Some(found) = look().await {
            return found;
        }
        assert!(tokio::time::Instant::now() < deadline, "waited in vain for {what}");
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
}

/// The county service, running, with a clock of the test's own.
pub struct County {
    pub settings: Settings,
    pub now_ms: Arc<AtomicI64>,
    stop: CancellationToken,
    task: Option<tokio::task::JoinHandle<()>>,
}

impl County {
    /// Starts the service.
    pub fn start(dir: &Path, port: u16) -> County {
        let settings = Self::settings(dir, port);
        let now_ms = Arc::new(AtomicI64::new(1_700_000_000_000));
        let mut county = County { settings, now_ms, stop: CancellationToken::new(), task: None };
        let (settings, clock, stop) = (county.settings.clone(), county.clock(), county.stop.clone());
        county.task = Some(tokio::spawn(async move {
            Box::pin(session::serve(&settings, clock, stop)).await.expect("the settings are sound");
        }));
        county
    }

    /// Settings for a service on that broker, with its database in `dir`.
    pub fn settings(dir: &Path, port: u16) -> Settings {
        Settings {
            broker_url: format!("mqtt://127.0.0.1:{port}"),
            ca_file: None,
            username: None,
            password: None,
            database: dir.join("county.sqlite"),
            silent_after_s: 180,
            stations: BTreeSet::new(),
            client_id: "county-under-test".to_owned(),
        }
    }

    /// A clock that stands still.
    pub fn clock_at(now_ms: i64) -> Clock {
        Arc::new(move || now_ms)
    }

    /// Ends the service in the middle of whatever it does.
    pub async fn kill(&mut self) {
        if let Some(task) = self.task.take() {
            task.abort();
            assert!(task.await.expect_err("it was running").is_cancelled());
        }
    }

    /// The test's clock.
    pub fn clock(&self) -> Clock {
        let now_ms = self.now_ms.clone();
        Arc::new(move || now_ms.load(Ordering::SeqCst))
    }

    /// Whether the service still runs.
    pub fn is_running(&self) -> bool {
        self.task.as_ref().is_some_and(|task| !task.is_finished())
    }

    /// Stops the service as a signal would.
    pub async fn stop(mut self) {
        self.stop.cancel();
        if let Some(task) = self.task.take() {
            tokio::time::timeout(PATIENCE, task).await.expect("it ends").expect("it ends well");
        }
    }
}

impl Drop for County {
    fn drop(&mut self) {
        self.stop.cancel();
        if let Some(task) = &self.task {
            task.abort();
        }
    }
}
