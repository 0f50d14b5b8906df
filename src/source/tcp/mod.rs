//! Frames from devices that connect by themselves: 4G watches, pendants and badges, over the open network.
//!
//! ```text
//!  watch ══ connection: framer, decoder, front door ══▶ lanes ══▶ station
//!    ▲            │ routine: answered at once                        │
//!    └── answer ──┴── what may alarm: answered from the disk ◀───────┘
//! ```
//!
//! Constraints:
//! - **Answers in time.** An unanswered watch connects again in a loop, and its wearer has no help button meanwhile. But
//!   the answer to an alarm is the promise that it is kept: without it the watch sends the alarm again.
//! - **Nothing here is believed.** There is no password in these protocols. An address is a claim, only enrolled ones may
//!   alarm, and whoever is not enrolled shares a small part of the places; see [`places`].
//! - **Nobody can hold anything up.** Each connection is a task of its own with bounds on what is held of it, how fast it
//!   is read, how long a frame takes, how much of it is no frame, and how long it takes no answers.
//! - **One device, one connection.** The newer wins, and what has come on the older one is still read.
//! - A listener that cannot be opened is a source that is down, and is tried again for ever.

mod connection;

mod mail;

mod errands;

mod outbox;

mod pace;

mod places;

use std::io::ErrorKind;
use std::net::SocketAddr;
use std::sync::atomic::AtomicUsize;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::net::{TcpListener, TcpSocket, TcpStream};
use tokio::time::{Instant, sleep};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;
use tracing::warn;

use super::counters::Scope;
use super::lanes::StationGone;
use super::{Inlet, SourceError, Standing, random};
use crate::backoff::Backoff;
use crate::core::id::{DeviceId, SourceId};
use crate::core::reading::Origin;
use crate::device::Format;
use crate::device::framing::Framing;
use crate::limits::tcp::{TCP_ACCEPT_PAUSE, TCP_BACKLOG};
use connection::{Connection, End};
use errands::Asked;
pub use errands::{Errands, ErrandsTaken, Sent, errands};
use mail::{Mail, Why};
use pace::{Pace, STRANGERS_CALLS};
use places::{NoPlace, Number, Places};

/// judgement: an address that is configured too early, or a port that another program leaves, is there within seconds.
const REOPEN: Backoff = Backoff::new(Duration::from_millis(500), Duration::from_secs(10));

/// What the kernel keeps of answers for one device. judgement: a hundred answers; the kernel doubles it.
const SEND_BUFFER_BYTES: u32 = 8 * 1024;

/// What the kernel keeps of a device's frames. judgement: a window in which voice still flows; the kernel doubles it.
const RECEIVE_BUFFER_BYTES: u32 = 16 * 1024;

/// One port that devices connect to.
#[derive(Debug, Clone)]
pub struct TcpSettings {
    /// The source's name.
    pub id: SourceId,
    /// Where it listens.
    pub listen: SocketAddr,
    /// What is spoken there.
    pub format: Format,
    /// How its frames are found.
    pub framing: Framing,
}

/// What the connections of a source share.
struct Shared {
    settings: TcpSettings,
    inlet: Inlet,
    places: Mutex<Places>,
    /// Calls of strangers, whoever they are and however often they connect.
    calls: Mutex<Pace>,
    /// Bytes of unfinished frames.
    held: AtomicUsize,
    stop: CancellationToken,
}

/// Listens until `stop`, or until the station has ended.
///
/// At `stop` it goes on for at most three seconds, so that what the station still commits is answered.
pub async fn run(settings: TcpSettings, inlet: Inlet, errands: ErrandsTaken, stop: CancellationToken) {
    let mut listener = Listener {
        standing: Standing::new(settings.id, inlet.lanes.clone()),
        shared: Arc::new(Shared {
            settings,
            inlet,
            places: Mutex::default(),
            calls: Mutex::new(Pace::new(Instant::now())),
            held: AtomicUsize::new(0),
            stop: stop.child_token(),
        }),
        errands,
        connections: TaskTracker::new(),
    };
    // The only error is that the station has ended, and then there is nothing left to do.
    let _: Result<(), StationGone> = listener.listen_until_stopped().await;
    listener.shared.stop.cancel();
    listener.connections.close();
    listener.connections.wait().await;
}

struct Listener {
    shared: Arc<Shared>,
    standing: Standing,
    errands: ErrandsTaken,
    connections: TaskTracker,
}

impl Listener {
    async fn listen_until_stopped(&mut self) -> Result<(), StationGone> {
        let stop = self.shared.stop.clone();
        let mut backoff = REOPEN;
        loop {
            match open(self.shared.settings.listen) {
                Ok(listener) => {
                    self.standing.up().await?;
                    self.accept_until_stopped(&listener).await;
                    return Ok(());
                }
                Err(why) => self.standing.down(&why).await?,
            }
            if stop.run_until_cancelled(sleep(backoff.next(random()))).await.is_none() {
                return Ok(());
            }
        }
    }

    async fn accept_until_stopped(&mut self, listener: &TcpListener) {
        let mut sent_out = true;
        loop {
            let accepted = tokio::select! {
                biased;
                () = self.shared.stop.cancelled() => return,
                asked = self.errands.0.recv(), if sent_out => {
                    match asked {
                        Some(asked) => self.shared.errand(asked),
                        None => sent_out = false,
                    }
                    continue;
                }
                accepted = listener.accept() => accepted,
            };
            match accepted {
                Ok((stream, peer)) => self.take_in(stream, peer),
                // It was gone before it was looked at.
                Err(error) if error.kind() == ErrorKind::ConnectionAborted => {}
                Err(error) => {
                    self.shared.count("accept_failed", &format!("no connection can be taken: {error}"));
                    sleep(TCP_ACCEPT_PAUSE).await;
                }
            }
        }
    }

    fn take_in(&self, stream: TcpStream, peer: SocketAddr) {
        let shared = Arc::clone(&self.shared);
        let mail = Arc::new(Mail::default());
        let admitted = shared.places().admit(peer.ip().to_canonical(), &mail);
        let number = match admitted {
            Ok(admitted) => {
                if let Some(other) = admitted.crowded_out {
                    other.end(Why::CrowdedOut);
                }
                admitted.number
            }
            Err(NoPlace) => return shared.count("full", "every place belongs to an enrolled device"),
        };
        // Answers are small and are not to wait for each other.
        let _ = stream.set_nodelay(true);
        self.connections.spawn(async move {
            let mut connection = Connection::new(Arc::clone(&shared), number, stream, mail, Instant::now());
            shared.ended(connection.serve().await);
        });
    }
}

impl Shared {
    fn places(&self) -> MutexGuard<'_, Places> {
        self.places.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Whether one more call of a stranger is heard: those of enrolled devices are not to stand behind a thousand of them.
    fn hears_strangers(&self, now: Instant) -> bool {
        let mut calls = self.calls.lock().unwrap_or_else(PoisonError::into_inner);
        let hears = calls.resumes(&STRANGERS_CALLS) <= now;
        if hears {
            calls.spend(now, 1, &STRANGERS_CALLS);
        } else {
            self.count("stranger_withheld", "strangers call for help by the dozen a second");
        }
        hears
    }

    /// An enrolled device has spoken on a connection; whether another sender spoke under its address a moment ago.
    fn named(&self, number: Number, device: DeviceId, now: Instant) -> bool {
        let named = self.places().name(number, device, now);
        if named.duplicate {
            self.count("duplicate", "a device connects from two addresses by turns: two devices have the same number");
        }
        if let Some(older) = named.older {
            older.end(Why::TakenOver);
        }
        named.duplicate
    }

    fn errand(&self, Asked { address, errand, sent }: Asked) {
        let resolve = self.inlet.resolve.borrow().clone();
        let mail = match resolve.origin(self.settings.format.name, &address) {
            Origin::Device(device) => self.places().mail_of(device).cloned(),
            Origin::Stranger(_) | Origin::Bridge(_) => None,
        };
        match mail {
            Some(mail) => mail.errand(errand, sent),
            // Whoever does not wait any more does not want to know.
            None => drop(sent.send(Sent::NotConnected)),
        }
    }

    /// Counts why a connection ended, where that is worth a counter.
    fn ended(&self, end: End) {
        let (what, why) = match end {
            End::Closed | End::Stopped | End::StationGone => return,
            End::Evicted(Why::TakenOver) => ("taken_over", "a device has come again; its older connection was closed"),
            End::Evicted(Why::CrowdedOut) => ("crowded_out", "many connections without an enrolled device"),
            End::Nameless => ("nameless", "a device did not say who it is"),
            End::Renamed => ("renamed", "a device said to be another than before"),
            End::Idle => ("idle", "a device fell silent"),
            End::Unfinished => ("unfinished", "a frame did not end"),
            End::Garbage => ("garbage", "too much came that is no frame: is this the port of this format?"),
            End::Memory => ("memory", "too many long frames at once"),
            End::NeverReads => ("never_reads", "a device takes no answers"),
        };
        self.count(what, why);
    }

    fn count(&self, what: &'static str, why: &str) {
        let id = self.settings.id;
        if self.inlet.counters.add(Scope::Source(id), "tcp", what) == 1 {
            warn!(source = %id, what, "{why}; more of this are only counted");
        }
    }
}

fn open(listen: SocketAddr) -> Result<TcpListener, SourceError> {
    let refused = |error: std::io::Error| match error.kind() {
        ErrorKind::AddrInUse => SourceError::ListenBusy { listen },
        ErrorKind::AddrNotAvailable => SourceError::ListenElsewhere { listen },
        ErrorKind::PermissionDenied => SourceError::ListenForbidden { listen },
        _ => SourceError::ListenUnusable { listen, why: error.to_string() },
    };
    let socket = if listen.is_ipv4() { TcpSocket::new_v4() } else { TcpSocket::new_v6() }.map_err(refused)?;
    // A restarted gateway does not wait for the connections of the one before; connections inherit the buffers.
    let set = socket
        .set_reuseaddr(true)
        .and_then(|()| socket.set_send_buffer_size(SEND_BUFFER_BYTES))
        .and_then(|()| socket.set_recv_buffer_size(RECEIVE_BUFFER_BYTES));
    set.map_err(refused)?;
    socket.bind(listen).map_err(refused)?;
    socket.listen(TCP_BACKLOG).map_err(refused)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What [`Listener::take_in`] spawns, without running it.
    fn size_of_task<T: Future>(_: impl Fn(Arc<Shared>, TcpStream, Arc<Mail>) -> T) -> usize {
        size_of::<T>()
    }

    #[test]
    fn a_connection_that_waits_is_small() {
        let task = |shared: Arc<Shared>, stream: TcpStream, mail: Arc<Mail>| async move {
            let mut connection = Connection::new(Arc::clone(&shared), 0, stream, mail, Instant::now());
            shared.ended(connection.serve().await);
        };
        assert!(size_of_task(task) <= 2048, "{} bytes, of thousands of connections", size_of_task(task));
    }
}
