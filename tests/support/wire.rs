//! A TCP proxy in the test's own hands: it delays, trickles, holds, swallows and cuts. On the way between a gateway and its local
//! broker it also reads along, because what counts as accepted is what the *gateway* has acknowledged: a broker that is killed forgets.
//!
//! One buffer of a few KiB a direction is all that a connection holds; nothing is kept back in memory.

use std::collections::BTreeMap;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::Duration;

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::tcp::{ReadHalf, WriteHalf};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tokio::task::JoinSet;
use tokio::time::{sleep, timeout};
use tokio_util::task::AbortOnDropHandle;

use super::mqtt_reader::{Packet, PacketReader};

/// Longest that the proxy itself waits for the server behind it.
const CONNECT_WAIT: Duration = Duration::from_secs(5);

/// What passes, and how.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mood {
    /// Everything, at once.
    Well,
    /// Everything, each piece so late.
    Slow(Duration),
    /// A few bytes at a time, with a pause behind each piece.
    Trickle {
        /// Bytes of a piece.
        bytes: usize,
        /// The pause.
        pause: Duration,
    },
    /// Nothing is read: both ends keep their connections, and nothing moves.
    Hold,
    /// Everything is taken, and nothing arrives: a connection that is open at one end only. It is cut when the mood is over.
    Swallow,
    /// Whoever connects is reset.
    Refuse,
}

/// How connections are ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Cut {
    /// In order.
    Fin,
    /// On the spot.
    Reset,
}

/// When a message's topic was acknowledged, in milliseconds of the test's clock, as often as it was.
pub type Accepted = BTreeMap<String, Vec<u64>>;

/// The proxy.
pub struct Wire {
    port: u16,
    mood: watch::Sender<Mood>,
    cut: watch::Sender<(u64, Cut)>,
    accepted: Arc<Mutex<Accepted>>,
    delivered: Arc<Mutex<Accepted>>,
    _task: AbortOnDropHandle<()>,
}

/// What a connection shares with its proxy.
#[derive(Clone)]
struct Shared {
    mood: watch::Receiver<Mood>,
    cut: watch::Receiver<(u64, Cut)>,
    accepted: Arc<Mutex<Accepted>>,
    delivered: Arc<Mutex<Accepted>>,
    clock: fn() -> u64,
}

impl Wire {
    /// A proxy on a free port, before this server. `clock` tells when something was acknowledged.
    pub async fn before(server: SocketAddr, clock: fn() -> u64) -> Self {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.expect("a free port");
        let port = listener.local_addr().expect("a bound socket has an address").port();
        let (mood, moods) = watch::channel(Mood::Well);
        let (cut, cuts) = watch::channel((0, Cut::Fin));
        let (accepted, delivered) = (Arc::default(), Arc::default());
        let shared = Shared {
            mood: moods,
            cut: cuts,
            accepted: Arc::clone(&accepted),
            delivered: Arc::clone(&delivered),
            clock,
        };
        let task = AbortOnDropHandle::new(tokio::spawn(accept(listener, server, shared)));
        Self { port, mood, cut, accepted, delivered, _task: task }
    }

    /// Its port on 127.0.0.1.
    pub fn port(&self) -> u16 {
        self.port
    }

    /// Its address as an MQTT broker's.
    pub fn url(&self) -> String {
        format!("mqtt://127.0.0.1:{}", self.port)
    }

    /// Changes what passes.
    pub fn set(&self, mood: Mood) {
        let before = self.mood.send_replace(mood);
        if before == Mood::Swallow && mood != Mood::Swallow {
            // Bytes are missing: what would come next makes no sense to either end.
            self.cut(Cut::Reset);
        }
    }

    /// Ends all connections, the last way for those that end by themselves later too.
    pub fn cut(&self, how: Cut) {
        self.cut.send_modify(|(times, was)| {
            *times += 1;
            *was = how;
        });
    }

    /// What the client behind it has acknowledged so far.
    pub fn accepted(&self) -> MutexGuard<'_, Accepted> {
        self.accepted.lock().expect("nobody panics with it")
    }

    /// What the server has brought so far, every time that it was brought.
    pub fn delivered(&self) -> MutexGuard<'_, Accepted> {
        self.delivered.lock().expect("nobody panics with it")
    }
}

async fn accept(listener: TcpListener, server: SocketAddr, shared: Shared) {
    let mut connections = JoinSet::new();
    loop {
        tokio::select! {
            accepted = listener.accept() => {
                let Ok((client, _)) = accepted else { continue };
                if *shared.mood.borrow() == Mood::Refuse {
                    reset(&client);
                    continue;
                }
                connections.spawn(carry(client, server, shared.clone()));
            }
            Some(_) = connections.join_next() => {}
        }
    }
}

fn reset(stream: &TcpStream) {
    // Fails only on a socket that is gone already.
    let _ = stream.set_zero_linger();
}

/// One connection, until an end closes it or it is cut.
async fn carry(mut client: TcpStream, server: SocketAddr, mut shared: Shared) {
    let Ok(Ok(mut server)) = timeout(CONNECT_WAIT, TcpStream::connect(server)).await else {
        reset(&client);
        return;
    };
    let _ = (client.set_nodelay(true), server.set_nodelay(true));
    shared.cut.mark_unchanged();
    let mut cut = shared.cut.clone();
    let names = Mutex::new(BTreeMap::new());
    let (from_client, to_client) = client.split();
    let (from_server, to_server) = server.split();
    let (up, down) = (shared.clone(), shared.clone());
    tokio::select! {
        () = pump(from_client, to_server, up, |packet| heard_up(packet, &names, &shared)) => {}
        () = pump(from_server, to_client, down, |packet| heard_down(packet, &names, &shared)) => {}
        _ = cut.changed() => {}
    }
    if cut.borrow().1 == Cut::Reset {
        reset(&client);
        reset(&server);
    }
}

/// The gateway says that it has it.
fn heard_up(packet: &Packet, names: &Mutex<BTreeMap<u16, String>>, shared: &Shared) {
    if let Packet::PubAck { id, refused: false } = packet
        && let Some(topic) = names.lock().expect("nobody panics with it").remove(id)
    {
        note(&shared.accepted, topic, (shared.clock)());
    }
}

/// The broker brings a message, under a packet's number where it is to be acknowledged.
fn heard_down(packet: &Packet, names: &Mutex<BTreeMap<u16, String>>, shared: &Shared) {
    let Packet::Publish { id, topic } = packet else { return };
    note(&shared.delivered, topic.clone(), (shared.clock)());
    if let Some(id) = id {
        names.lock().expect("nobody panics with it").insert(*id, topic.clone());
    }
}

fn note(book: &Mutex<Accepted>, topic: String, now: u64) {
    book.lock().expect("nobody panics with it").entry(topic).or_default().push(now);
}

/// Carries one direction, as the mood has it.
async fn pump(mut from: ReadHalf<'_>, mut to: WriteHalf<'_>, mut shared: Shared, heard: impl Fn(&Packet)) {
    let mut buffer = [0; 4096];
    let mut reader = PacketReader::default();
    loop {
        let mood = *shared.mood.borrow_and_update();
        let room = match mood {
            Mood::Trickle { bytes, .. } => bytes.clamp(1, buffer.len()),
            _ => buffer.len(),
        };
        let read = tokio::select! {
            read = from.read(&mut buffer[..room]), if mood != Mood::Hold => read,
            changed = shared.mood.changed() => if changed.is_ok() { continue } else { return },
        };
        let read = match read {
            Ok(0) | Err(_) => break,
            Ok(read) => read,
        };
        // Read when it arrived, and not when it is passed on: what has left the sender has left it.
        for packet in reader.read(&buffer[..read]) {
            heard(&packet);
        }
        match mood {
            Mood::Slow(late) => sleep(late).await,
            Mood::Trickle { pause, .. } => sleep(pause).await,
            Mood::Well | Mood::Hold | Mood::Swallow | Mood::Refuse => {}
        }
        if mood != Mood::Swallow && to.write_all(&buffer[..read]).await.is_err() {
            break;
        }
    }
}
