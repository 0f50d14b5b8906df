//! The port of a modem: bytes and time to the dialogue, its steps to the port and to whoever listens.
//!
//! Constraints:
//! - It ends when it is told to, and for nothing else: a port that is gone is opened again for ever, with back-off. While it is
//!   gone, errands are still taken and ended with a word.
//! - The port is dropped before it is opened again: while it is held, the kernel gives a returning modem another name.
//! - Of numbers and texts nothing is logged; what is logged is whether the channel is up.

use std::future::poll_fn;
use std::path::PathBuf;
use std::pin::Pin;
use std::task::Poll;

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::sync::{mpsc, oneshot};
use tokio::time::{Instant, sleep_until, timeout};
use tokio_serial::{SerialPortBuilderExt as _, SerialStream};
use tokio_util::sync::CancellationToken;
use tracing::{info, warn};

use super::{Dialogue, Event, IncomingId, Manner, Step};
use crate::backoff::Backoff;
use crate::config;
use crate::core::time::Mono;
use crate::limits::modem as limit;
use crate::notify::channel::{Errand, FromChannel, Health, Said};
use crate::private::Private;

use std::time::Duration;

/// One read's buffer. judgement: what 115,200 baud bring in a tenth of a second.
const READ_BYTES: usize = 1_024;

/// judgement: a module that was switched off and on is back in some seconds; one that stays away costs an open every ten.
const REOPEN: Backoff = Backoff::new(Duration::from_millis(500), Duration::from_secs(10));

/// A modem at a port.
#[derive(Debug, Clone)]
pub struct Settings {
    /// The port, best under `/dev/serial/by-id/`.
    pub port: PathBuf,
    /// Baud; 8N1, no flow control.
    pub baud: u32,
    /// The SIM's PIN, if it has one.
    pub pin: Option<Private<String>>,
    /// It can say a text into a call.
    pub speaks: bool,
}

impl Settings {
    /// As `[modem]` has it, with the PIN that its file holds.
    #[must_use]
    pub fn of(modem: &config::Modem, pin: Option<Private<String>>) -> Self {
        let speaks = modem.speak == config::modem::Speak::Simcom;
        Self { port: modem.port.clone(), baud: modem.baud, pin, speaks }
    }
}

/// Serves a modem until it is told to stop. The errands' channel should hold [`limit::MODEM_ERRANDS_MAX`].
pub async fn run(
    settings: Settings,
    errands: mpsc::Receiver<Errand>,
    said: mpsc::Sender<Said>,
    stop: CancellationToken,
) {
    let born = Instant::now();
    let [first_number, ..] = random().to_le_bytes();
    let manner = Manner { pin: settings.pin.clone(), speaks: settings.speaks, first_number };
    let mut shell = Shell {
        dialogue: Dialogue::new(Mono(0), manner),
        settings,
        born,
        port: None,
        open_at: Some(born),
        opened: born,
        backoff: REOPEN,
        errands,
        has_errands: true,
        said,
        unkept: Vec::new(),
    };
    // Everything that is told waits for its listener, so that stopping must be possible at any place.
    let _stopped = stop.run_until_cancelled(shell.serve()).await;
}

struct Shell {
    settings: Settings,
    dialogue: Dialogue,
    born: Instant,
    port: Option<SerialStream>,
    /// When the port is opened; none while it is open.
    open_at: Option<Instant>,
    opened: Instant,
    backoff: Backoff,
    errands: mpsc::Receiver<Errand>,
    /// Somebody may still give an errand.
    has_errands: bool,
    said: mpsc::Sender<Said>,
    unkept: Vec<(IncomingId, oneshot::Receiver<()>)>,
}

/// What happened.
enum Woken {
    Read(usize),
    PortGone,
    Open,
    Errand(Errand),
    NoErrands,
    Kept(IncomingId, bool),
    Time,
}

impl Shell {
    async fn serve(&mut self) {
        let mut buffer = [0; READ_BYTES];
        loop {
            let woken = self.wait(&mut buffer).await;
            let now = self.now();
            let steps = match woken {
                Woken::Read(bytes) => self.dialogue.handle(now, Event::Bytes(buffer.get(..bytes).unwrap_or_default())),
                Woken::PortGone => {
                    self.close();
                    self.dialogue.handle(now, Event::Gone)
                }
                Woken::Open => self.open(now),
                Woken::Errand(errand) => self.dialogue.handle(now, Event::Errand(errand)),
                Woken::NoErrands => {
                    self.has_errands = false;
                    Vec::new()
                }
                Woken::Kept(id, true) => self.dialogue.handle(now, Event::Kept(id)),
                Woken::Kept(id, false) => self.dialogue.handle(now, Event::NotKept(id)),
                Woken::Time => self.dialogue.handle(now, Event::Time),
            };
            self.carry_out(steps).await;
        }
    }

    async fn wait(&mut self, buffer: &mut [u8]) -> Woken {
        let deadline = self.born + Duration::from_millis(self.dialogue.deadline().0.min(FAR_MS));
        let open_at = self.open_at;
        let takes_errand = self.has_errands && self.dialogue.is_free();
        let unkept = &mut self.unkept;
        tokio::select! {
            // What was answered in time is read before the time is looked at, however long somebody did not listen.
            biased;
            read = read(self.port.as_mut(), buffer) => match read {
                Ok(bytes @ 1..) => Woken::Read(bytes),
                // A port whose device has gone reads nothing at once and for ever.
                Ok(0) | Err(_) => Woken::PortGone,
            },
            (id, kept) = answered(unkept) => Woken::Kept(id, kept),
            () = sleep_until(open_at.unwrap_or(deadline)), if open_at.is_some() => Woken::Open,
            () = sleep_until(deadline) => Woken::Time,
            errand = self.errands.recv(), if takes_errand => errand.map_or(Woken::NoErrands, Woken::Errand),
        }
    }

    fn open(&mut self, now: Mono) -> Vec<Step> {
        let path = self.settings.port.to_string_lossy();
        // Why it fails is not told: it has been gone for too long, or is back before anybody cares.
        let Ok(port) = tokio_serial::new(path, self.settings.baud).open_native_async() else {
            self.open_at = Some(Instant::now() + self.backoff.next(random()));
            return self.dialogue.handle(now, Event::Gone);
        };
        self.port = Some(port);
        self.open_at = None;
        self.opened = Instant::now();
        self.dialogue.handle(now, Event::Opened)
    }

    fn close(&mut self) {
        if self.port.take().is_some() {
            self.backoff.worked_for(self.opened.elapsed());
        }
        self.open_at = Some(Instant::now() + self.backoff.next(random()));
    }

    async fn carry_out(&mut self, steps: Vec<Step>) {
        let mut wrote = true;
        for step in steps {
            match step {
                Step::Write(bytes) if wrote => wrote = self.write(&bytes).await,
                // Behind one that failed it is pointless: the port is gone.
                Step::Write(_) => {}
                Step::Say(what) => {
                    log(&what);
                    self.say(Said { what, kept: None }).await;
                }
                Step::Receive(id, incoming) => {
                    let (kept, answer) = oneshot::channel();
                    self.unkept.push((id, answer));
                    self.say(Said { what: FromChannel::Incoming(incoming), kept: Some(kept) }).await;
                }
                Step::Reopen(at) => {
                    self.close();
                    self.open_at = Some(self.born + Duration::from_millis(at.0.min(FAR_MS)));
                }
            }
        }
        if !wrote && self.port.is_some() {
            self.close();
            let now = self.now();
            let steps = self.dialogue.handle(now, Event::Gone);
            // Without a port nothing is written, so that this ends.
            Box::pin(self.carry_out(steps)).await;
        }
    }

    /// Nobody listens any more only when the house is ending, and then there is nothing left to say.
    async fn say(&self, said: Said) {
        let _ = self.said.send(said).await;
    }

    /// Writes, if the port is open and takes it.
    async fn write(&mut self, bytes: &Private<Vec<u8>>) -> bool {
        let Some(port) = &mut self.port else { return true };
        let written = timeout(limit::MODEM_WRITE_WAIT, port.write_all(bytes.reveal())).await;
        matches!(written, Ok(Ok(())))
    }

    fn now(&self) -> Mono {
        Mono(u64::try_from(self.born.elapsed().as_millis()).unwrap_or(FAR_MS))
    }
}

/// Later than anything that is waited for, and no overflow of a clock. Thirty years.
const FAR_MS: u64 = 30 * 365 * 24 * 3_600 * 1_000;

async fn read(port: Option<&mut SerialStream>, buffer: &mut [u8]) -> std::io::Result<usize> {
    match port {
        Some(port) => port.read(buffer).await,
        None => std::future::pending().await,
    }
}

/// The next message of which it is known whether it is kept.
async fn answered(unkept: &mut Vec<(IncomingId, oneshot::Receiver<()>)>) -> (IncomingId, bool) {
    poll_fn(|context| {
        for at in 0..unkept.len() {
            let Some((id, answer)) = unkept.get_mut(at) else { break };
            let id = *id;
            if let Poll::Ready(kept) = Pin::new(answer).poll(context) {
                unkept.swap_remove(at);
                return Poll::Ready((id, kept.is_ok()));
            }
        }
        Poll::Pending
    })
    .await
}

fn log(what: &FromChannel) {
    match what {
        FromChannel::Health(Health::Up) => info!("the modem is up"),
        FromChannel::Health(Health::Down(why)) => warn!(?why, "the modem is down: calls and texts do not go out"),
        FromChannel::Word(..) | FromChannel::Incoming(_) => {}
    }
}

fn random() -> u64 {
    getrandom::u64().unwrap_or(u64::MAX / 2)
}
