//! A real mosquitto on a free port, in a folder of its own.

use std::fs;
use std::net::{Ipv4Addr, TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::time::Duration;

use rumqttc::v5::mqttbytes::QoS;
use rumqttc::v5::mqttbytes::v5::Packet;
use rumqttc::v5::{AsyncClient, Event};
use tempfile::TempDir;

use shouwang::broker::identity::Identity;

use super::authority::{Authority, VALID};
use super::child::Guard;
use super::player::options;
use super::{soon, until};

/// A broker that can be killed and started again under the same port.
pub struct Broker {
    folder: TempDir,
    port: u16,
    running: Option<Guard>,
}

impl Broker {
    /// Starts one with the given lines of configuration behind its listener's. It keeps nothing unless they say so.
    pub async fn start(lines: &str) -> Self {
        Self::start_with(|port, folder| {
            format!(
                "listener {port} 127.0.0.1\nallow_anonymous true\npersistence_location {}/\n{lines}\n",
                folder.display()
            )
        })
        .await
    }

    /// Starts one with the configuration that is shipped, but for its port and its folder.
    pub async fn start_as_shipped() -> Self {
        let shipped = fs::read_to_string("config/mosquitto.conf").expect("tests run in the package's folder");
        let (listener, folder_line) = ("\nlistener 1883 ", "\npersistence_location /var/lib/mosquitto/");
        assert!(shipped.contains(listener) && shipped.contains(folder_line), "the shipped file has both lines");
        Self::start_with(|port, folder| {
            shipped
                .replace(listener, &format!("\nlistener {port} "))
                .replace(folder_line, &format!("\npersistence_location {}/", folder.display()))
        })
        .await
    }

    /// Starts one with the county's configuration and access list as they are shipped, but for port, folder and certificates.
    pub async fn start_for_the_county(authority: &Authority) -> Self {
        let shipped = fs::read_to_string("config/mosquitto-county.conf").expect("tests run in the package's folder");
        let access = fs::canonicalize("config/county.acl").expect("it is shipped");
        let own = authority.issue("broker", "IP:127.0.0.1", VALID);
        Self::start_with(|port, folder| {
            let line_of = |line: &str| match line.split_once(' ').map_or(line, |(name, _)| name) {
                "listener" => format!("listener {port} 127.0.0.1"),
                "cafile" => format!("cafile {}", authority.certificate().display()),
                "certfile" => own.clone(),
                "keyfile" => String::new(),
                "acl_file" => format!("acl_file {}", access.display()),
                "persistence_location" => format!("persistence_location {}/", folder.display()),
                _ => line.to_owned(),
            };
            shipped.lines().map(line_of).collect::<Vec<_>>().join("\n")
        })
        .await
    }

    /// How to reach it with TLS and a certificate.
    pub fn shown(&self, authority: &Authority, identity: Identity) -> shouwang::broker::Broker {
        shouwang::broker::Broker { identity: Some(identity), ..self.with_tls("127.0.0.1", authority.certificate()) }
    }

    async fn start_with(config: impl Fn(u16, &Path) -> String) -> Self {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let mut broker = Self { folder, port: 0, running: None };
        // Between finding a free port and taking it, somebody else may take it.
        for _ in 0..5 {
            broker.port = free_port();
            // As root mosquitto would change to a user who may not write here.
            let config = format!("{}\nuser root\n", config(broker.port, broker.folder.path()));
            fs::write(broker.folder.path().join("mosquitto.conf"), config).expect("the folder can be written");
            if broker.start_again().await {
                return broker;
            }
        }
        panic!("mosquitto does not start with its configuration");
    }

    /// Its port on 127.0.0.1.
    pub fn port(&self) -> u16 {
        self.port
    }

    /// Its address.
    pub fn url(&self) -> String {
        format!("mqtt://127.0.0.1:{}", self.port)
    }

    /// How to reach it without TLS and without a login.
    pub fn plain(&self) -> shouwang::broker::Broker {
        Self::at(&self.url(), None)
    }

    /// How to reach it with TLS under this name.
    pub fn with_tls(&self, name: &str, ca_file: PathBuf) -> shouwang::broker::Broker {
        Self::at(&format!("mqtts://{name}:{}", self.port), Some(ca_file))
    }

    /// How a broker is reached at this address without a login.
    pub fn at(url: &str, ca_file: Option<PathBuf>) -> shouwang::broker::Broker {
        shouwang::broker::Broker { url: url.parse().expect("an address"), ca_file, identity: None, login: None }
    }

    /// Ends it on the spot: what it has not written is lost.
    pub fn kill(&mut self) {
        self.running.take().expect("it runs").kill();
    }

    /// Holds it: connections stay open and nothing answers.
    pub fn freeze(&self) {
        self.running.as_ref().expect("it runs").freeze();
    }

    /// Lets it go on.
    pub fn thaw(&self) {
        self.running.as_ref().expect("it runs").thaw();
    }

    /// Ends it in peace: it writes its database, if it keeps one.
    pub fn stop(&mut self) {
        self.running.take().expect("it runs").stop();
    }

    /// Starts it again after an end; whether it took its port.
    pub async fn start_again(&mut self) -> bool {
        let config = self.folder.path().join("mosquitto.conf");
        let mut guard = Guard::start("mosquitto", [std::ffi::OsStr::new("-c"), config.as_os_str()]);
        let mut listens = false;
        until("mosquitto listens or ends", || {
            listens = TcpStream::connect((Ipv4Addr::LOCALHOST, self.port)).is_ok();
            listens || guard.has_ended()
        })
        .await;
        // A port that somebody else has taken listens too.
        let ours = listens && !guard.has_ended();
        self.running = Some(guard);
        ours
    }

    /// Publishes and waits until the broker has it: for its PUBACK, or with QoS 0 for the answer to a ping behind it.
    pub async fn publish(&self, topic: &str, qos: QoS, retain: bool, payload: impl Into<bytes::Bytes>) {
        self.publish_all(qos, retain, [(topic.to_owned(), payload.into())]).await;
    }

    /// Publishes many over one connection, as [`Broker::publish`] does one.
    pub async fn publish_all(
        &self,
        qos: QoS,
        retain: bool,
        messages: impl IntoIterator<Item = (String, bytes::Bytes)>,
    ) {
        let messages: Vec<(String, bytes::Bytes)> = messages.into_iter().collect();
        let mut options = options(self.port);
        options.set_keep_alive(Duration::from_mins(1));
        let (client, mut event_loop) = AsyncClient::new(options, messages.len() + 1);
        let count = messages.len();
        for (topic, payload) in messages {
            client.try_publish(topic, qos, retain, payload).expect("room for every message");
        }
        // Answered only after everything before it: the broker reads in order.
        client.try_subscribe("test/nothing", QoS::AtMostOnce).expect("room for one more");
        let mut pubacks = if qos == QoS::AtMostOnce { 0 } else { count };
        let mut answered = false;
        while pubacks > 0 || !answered {
            match soon("the broker takes the messages", event_loop.poll()).await.expect("the broker is there") {
                Event::Incoming(Packet::PubAck(_)) => pubacks -= 1,
                Event::Incoming(Packet::SubAck(_)) => answered = true,
                _ => {}
            }
        }
    }
}

/// A port that was free a moment ago.
pub fn free_port() -> u16 {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("a free port");
    listener.local_addr().expect("a bound socket has an address").port()
}
