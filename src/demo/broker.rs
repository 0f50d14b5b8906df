//! A broker that needs no installation: MQTT 5 on a loopback port, on a thread and a runtime of its own.
//!
//! It keeps everything in memory, so it stands for a box's mosquitto in a demonstration and nowhere else. One protocol
//! version only: rumqttd falls over when a message with properties meets a client of the older one.

use std::io;
use std::net::{Ipv4Addr, SocketAddr, TcpListener};
use std::thread::JoinHandle;
use std::time::Duration;

use rumqttd::protocol::v5::V5;
use rumqttd::{ConnectionSettings, LinkType, Router, RouterConfig, Server, ServerSettings};
use tokio::net::TcpStream;
use tokio::sync::oneshot;

/// How long the broker may take until it listens. judgement: it is a thread and a socket.
const LISTENS_WITHIN: Duration = Duration::from_secs(5);

/// A broker at work; it ends when this is dropped.
#[derive(Debug)]
pub struct EmbeddedBroker {
    port: u16,
    stop: Option<oneshot::Sender<()>>,
    thread: Option<JoinHandle<()>>,
}

impl EmbeddedBroker {
    /// Starts one on a free port and waits until it listens.
    ///
    /// # Errors
    /// No port, thread or answer.
    pub async fn start(name: &str) -> io::Result<EmbeddedBroker> {
        // The broker opens its port by itself and does not tell which, so a free one is looked for before.
        let port = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?.local_addr()?.port();
        let (stop, stopped) = oneshot::channel::<()>();
        let settings = settings(name, port);
        let thread = std::thread::Builder::new().name(name.to_owned()).spawn(move || {
            let Ok(runtime) = tokio::runtime::Builder::new_current_thread().enable_all().build() else { return };
            let router = Router::new(0, router()).spawn();
            runtime.block_on(async {
                let mut server = Server::new(settings, router, V5);
                tokio::select! {
                    _ = stopped => {}
                    _ = server.start(LinkType::Remote) => {}
                }
            });
            runtime.shutdown_background();
        })?;
        let broker = EmbeddedBroker { port, stop: Some(stop), thread: Some(thread) };
        let listens = async {
            while TcpStream::connect((Ipv4Addr::LOCALHOST, port)).await.is_err() {
                tokio::time::sleep(Duration::from_millis(5)).await;
            }
        };
        tokio::time::timeout(LISTENS_WITHIN, listens).await.map_err(|_| io::ErrorKind::TimedOut)?;
        Ok(broker)
    }

    /// Where it listens, on 127.0.0.1.
    #[must_use]
    pub const fn port(&self) -> u16 {
        self.port
    }
}

impl Drop for EmbeddedBroker {
    fn drop(&mut self) {
        if let Some(stop) = self.stop.take() {
            let _ = stop.send(());
        }
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

/// Room for the whole story; what is older than ten segments nobody waits for.
fn router() -> RouterConfig {
    RouterConfig {
        max_connections: 100,
        max_outgoing_packet_count: 200,
        max_segment_size: 1 << 20,
        max_segment_count: 10,
        ..RouterConfig::default()
    }
}

fn settings(name: &str, port: u16) -> ServerSettings {
    ServerSettings {
        name: name.to_owned(),
        listen: SocketAddr::from((Ipv4Addr::LOCALHOST, port)),
        tls: None,
        next_connection_delay_ms: 1,
        connections: ConnectionSettings {
            connection_timeout_ms: 10_000,
            max_payload_size: 1 << 20,
            max_inflight_count: 200,
            auth: None,
            external_auth: None,
            dynamic_filters: true,
        },
    }
}
