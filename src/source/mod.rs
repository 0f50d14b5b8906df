//! Where frames come from: serial ports, buses, brokers and devices that connect by themselves, and the way of a frame to the
//! station.
//!
//! A *source* is one serial port, one bus, one broker connection or one TCP port, with a name of its own and the devices
//! behind it.
//!
//! ```text
//!  modbus ─ asks ──┐
//!  serial ─ frames ┤                                      ┌─▶ urgent lane  (awaited, never dropped)
//!                  ├─▶ front door: bounds, decode, whose ─┤
//!  mqtt, tcp ──────┘        │          │                  └─▶ routine lane (a ring, oldest dropped)
//!                        counters  heard list
//! ```
//!
//! Design constraints:
//! - **A source never ends by itself.** Absent at start, unplugged, refused, restarted: it is said once on the urgent
//!   lane (`Input::Source`), and tried again for ever with a capped, jittered [`Backoff`](crate::backoff::Backoff).
//! - **Bad input is refused, counted and shown once a kind**, and never stops what stands behind it.
//! - **An urgent message is acknowledged to its sender when it is on disk**, a routine one at once.
//! - **Nothing is believed of a frame before its bounds are checked**, and nothing of its sender is logged: an
//!   address may be a person's name.

mod port;

pub mod serial;

pub mod modbus;

pub mod mqtt;

pub mod tcp;

pub mod front_door;

pub mod counters;

pub mod heard;

pub mod recorder;

pub mod lanes;

use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;

use serde_json::Value;
use tokio::sync::watch;
use tokio::time::Instant;
use tracing::{info, warn};

use crate::broker::TlsFileError;
use crate::core::effect::Input;
use crate::core::id::{DeviceId, SourceId};
use crate::core::reading::{Origin, Sample};
use crate::core::roster::Class;
use counters::Counters;
use heard::Heard;
use lanes::{Arrival, Lanes, StationGone};

/// What a source must ask about an address: the address book of `village.toml` and the roster's classes.
pub trait Resolve: Send + Sync {
    /// Whose address it is; a stranger's when nobody's.
    fn origin(&self, format: &str, address: &str) -> Origin;

    /// What enrolment knows of a device and its frames do not tell: `{"model": …, "map": …, "key": …}`.
    ///
    /// It is asked before the frame is decoded, so `address` is the topic below the format's base where the
    /// format comes over MQTT, and empty where only the frame itself names its device.
    fn context(&self, format: &str, address: &str) -> Option<&Value>;

    /// Which lane a sample takes.
    fn class(&self, sample: &Sample) -> Class;

    /// The address under which an enrolled device is heard.
    fn address(&self, _device: DeviceId) -> Option<&str> {
        None
    }
}

/// What every source is given; cheap to clone.
#[derive(Clone)]
pub struct Inlet {
    /// Where samples go.
    pub lanes: Lanes,
    /// The address book in force; whoever reads a changed `village.toml` sends the new one.
    pub resolve: watch::Receiver<Arc<dyn Resolve>>,
    /// The heard list.
    pub heard: Arc<Heard>,
    /// What was refused, dropped or withheld.
    pub counters: Arc<Counters>,
    /// The gateway's wall time, for devices that are told the time.
    pub utc: Utc,
}

/// Tells the wall time in seconds since 1970, UTC; `None` while nobody has set the clock.
pub type Utc = Arc<dyn Fn() -> Option<i64> + Send + Sync>;

/// Why a source is down: sentences for the person who stands before the box.
#[derive(Debug, thiserror::Error)]
pub enum SourceError {
    /// The port's path does not exist.
    #[error("{} is not there: is the adapter plugged in?", path.display())]
    PortAbsent {
        /// The configured path.
        path: PathBuf,
    },
    /// Another program holds the port.
    #[error("{} is held by another program: a second gateway, a serial monitor or ModemManager; end it", path.display())]
    PortBusy {
        /// The configured path.
        path: PathBuf,
    },
    /// The port may not be opened.
    #[error("{} may not be opened: add the service's user to the group dialout", path.display())]
    PortForbidden {
        /// The configured path.
        path: PathBuf,
    },
    /// It cannot be set up as a serial port.
    #[error("{} cannot be used as a serial port: {why}", path.display())]
    PortUnusable {
        /// The configured path.
        path: PathBuf,
        /// The system's words.
        why: String,
    },
    /// The port was open and ended.
    #[error("{} has gone: unplugged, or its adapter was reset", path.display())]
    PortGone {
        /// The configured path.
        path: PathBuf,
    },
    /// The broker cannot be reached, or the connection broke.
    #[error("no connection to the broker: {0}")]
    Broker(#[source] Box<rumqttc::v5::ConnectionError>),
    /// Somebody else took the session.
    #[error("another program connects to the broker with the same client id: is a second gateway running?")]
    SessionTaken,
    /// The broker refuses this account.
    #[error("the broker refuses the account: check user and password ({code})")]
    AccountRefused {
        /// The broker's reason.
        code: String,
    },
    /// The broker refuses a subscription.
    #[error("the broker refuses the subscription to {filter}: allow this account to read it ({code})")]
    SubscriptionRefused {
        /// Which subscription, of the configuration.
        filter: String,
        /// The broker's reason.
        code: String,
    },
    /// Connected, and not a sign from the broker.
    #[error("connected, but nothing is heard from the broker, not even an answer to a ping")]
    BrokerSilent,
    /// Another program listens there.
    #[error("another program listens on {listen}: is a second gateway running? Else write another port")]
    ListenBusy {
        /// The configured address.
        listen: SocketAddr,
    },
    /// The address is none of this box's.
    #[error("{listen} is no address of this box: write 0.0.0.0 and the port to listen on all")]
    ListenElsewhere {
        /// The configured address.
        listen: SocketAddr,
    },
    /// The port may not be opened.
    #[error("{listen} may not be opened: write a port above 1023")]
    ListenForbidden {
        /// The configured address.
        listen: SocketAddr,
    },
    /// It cannot be listened on.
    #[error("{listen} cannot be listened on: {why}")]
    ListenUnusable {
        /// The configured address.
        listen: SocketAddr,
        /// The system's words.
        why: String,
    },
    /// The broker's certificate cannot be checked.
    #[error(transparent)]
    CaFile(#[from] TlsFileError),
}

/// Whether a source is up, said once on each change: to the station, and in the log.
#[derive(Debug)]
pub(crate) struct Standing {
    id: SourceId,
    lanes: Lanes,
    up: Option<bool>,
    // The last reason told, so that a port that stays away is not a line every ten seconds.
    told: Option<String>,
}

impl Standing {
    pub(crate) const fn new(id: SourceId, lanes: Lanes) -> Self {
        Self { id, lanes, up: None, told: None }
    }

    pub(crate) fn is_up(&self) -> bool {
        self.up == Some(true)
    }

    pub(crate) async fn up(&mut self) -> Result<(), StationGone> {
        if self.up != Some(true) {
            info!(source = %self.id, "the source is up");
        }
        self.told = None;
        self.change(true).await
    }

    pub(crate) async fn down(&mut self, why: &SourceError) -> Result<(), StationGone> {
        let why = why.to_string();
        if self.told.as_ref() != Some(&why) {
            warn!(source = %self.id, "the source is down: {why}");
            self.told = Some(why);
        }
        self.change(false).await
    }

    async fn change(&mut self, up: bool) -> Result<(), StationGone> {
        if self.up == Some(up) {
            return Ok(());
        }
        self.up = Some(up);
        let input = Input::Source { id: self.id, up };
        self.lanes.urgent(Arrival { source: self.id, received: Instant::now(), input, done: None }).await
    }
}

/// A number for a jittered wait. Without the kernel's randomness the wait is merely not jittered.
pub(crate) fn random() -> u64 {
    getrandom::u64().unwrap_or(u64::MAX / 2)
}
