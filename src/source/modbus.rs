//! An RS-485 bus on a USB adapter: one master, the gateway, which asks every device in turn.
//!
//! Constraints:
//! - What came late, or from nobody, must not be taken for the next answer: the port is emptied before each request, and each
//!   request has a fresh client.
//! - Cheap nodes need a pause between two requests, and answer within a few hundred milliseconds or not at all.
//! - Three misses and the device is *offline*: it is said of the device, at once and by itself. A smoke register that stops
//!   answering must never read as "no smoke"; one that refuses (an exception) or is damaged is missing just as well.
//! - A port that has gone is the source's fault and not its devices'.

use std::io;
use std::path::PathBuf;
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll};
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::time::{Instant, sleep, sleep_until, timeout};
use tokio_modbus::client::{Client as _, rtu};
use tokio_modbus::{Error, Request, Response, Slave};
use tokio_serial::{ClearBuffer, SerialPort, SerialStream};
use tokio_util::sync::CancellationToken;
use tracing::warn;

use super::counters::Scope;
use super::front_door::{Admitted, FrontDoor};
use super::lanes::{Arrival, StationGone};
use super::port::{Port, Wanted};
use super::{Inlet, SourceError};
use crate::config::bus::Parity;
use crate::core::effect::Input;
use crate::core::id::SourceId;
use crate::core::register::{Function, Profile};
use crate::device::modbus_rtu::{self, Read, Values};
use crate::device::{Decoded, Format};
use crate::limits::{MODBUS_ANSWER_WAIT, MODBUS_MISSES_MAX};

/// Pause before a request. Source: cheap nodes need 10 to 50 ms to turn their transceiver round.
const TURN_ROUND: Duration = Duration::from_millis(20);

/// One bus.
#[derive(Debug, Clone)]
pub struct BusSettings {
    /// The source's name.
    pub id: SourceId,
    /// The port, best under `/dev/serial/by-id/`.
    pub path: PathBuf,
    /// Bits a second; 8 data bits, 1 stop bit.
    pub baud: u32,
    /// Parity.
    pub parity: Parity,
    /// Each device is asked so often.
    pub every: Duration,
    /// The devices, in the order in which they are asked.
    pub devices: Vec<BusDevice>,
    /// What is spoken on it.
    pub format: Format,
}

/// One device of a bus.
#[derive(Debug, Clone)]
pub struct BusDevice {
    /// Its number on the bus.
    pub slave: u8,
    /// How it is read.
    pub profile: Profile,
}

/// Asks on a bus until `stop`, or until the station has ended.
pub async fn run(settings: BusSettings, inlet: Inlet, stop: CancellationToken) {
    let BusSettings { id, path, baud, parity, every, devices, format } = settings;
    let parity = match parity {
        Parity::None => tokio_serial::Parity::None,
        Parity::Even => tokio_serial::Parity::Even,
        Parity::Odd => tokio_serial::Parity::Odd,
    };
    let wanted = Wanted { path: path.clone(), baud, parity };
    let mut port = Port::new(id, wanted, inlet.lanes.clone(), stop.clone());
    let door = FrontDoor::new(id, format, inlet.clone());
    let devices = devices.into_iter().map(Polled::new).collect();
    let mut master = Master { id, path, every, door, inlet, devices, stop };
    // The only error is that the station has ended, and then there is nothing left to do.
    let _: Result<(), StationGone> = master.ask_until_stopped(&mut port).await;
}

/// A device and how it answered lately.
struct Polled {
    device: BusDevice,
    reads: Vec<Read>,
    /// Rounds in a row in which an answer was missing.
    misses: u32,
}

impl Polled {
    fn new(device: BusDevice) -> Self {
        Self { reads: modbus_rtu::reads(&device.profile), device, misses: 0 }
    }
}

/// Why an answer is missing.
#[derive(Debug, Clone, Copy)]
enum Miss {
    /// Nothing came.
    Silent,
    /// What came is no answer to what was asked.
    Damaged,
    /// The device refuses the request.
    Refused,
}

impl Miss {
    const fn word(self) -> &'static str {
        match self {
            Miss::Silent => "silent",
            Miss::Damaged => "damaged",
            Miss::Refused => "refused",
        }
    }
}

/// What came of a request.
enum Asked {
    Answered(Values),
    Missed(Miss),
    PortGone,
}

struct Master {
    id: SourceId,
    path: PathBuf,
    every: Duration,
    door: FrontDoor,
    inlet: Inlet,
    devices: Vec<Polled>,
    stop: CancellationToken,
}

impl Master {
    async fn ask_until_stopped(&mut self, port: &mut Port) -> Result<(), StationGone> {
        while let Some(open) = port.open().await? {
            // The port is moved in, and so dropped before anything else happens.
            let Some(why) = self.ask_until_gone(Wire::new(open)).await? else { break };
            port.lost(&why).await?;
        }
        Ok(())
    }

    /// Asks round after round; why the port is gone, or `None` when it is to stop.
    async fn ask_until_gone(&mut self, wire: Wire) -> Result<Option<SourceError>, StationGone> {
        let stop = self.stop.clone();
        loop {
            let next_round = Instant::now() + self.every;
            for nth in 0..self.devices.len() {
                // A device is asked to its end: an answer that has come is handed on.
                if stop.is_cancelled() {
                    return Ok(None);
                }
                if !self.ask(nth, &wire).await? {
                    return Ok(Some(SourceError::PortGone { path: self.path.clone() }));
                }
            }
            if stop.run_until_cancelled(sleep_until(next_round)).await.is_none() {
                return Ok(None);
            }
        }
    }

    /// Asks one device for all its values, and hands on what it says; `false` when the port is gone.
    async fn ask(&mut self, nth: usize, wire: &Wire) -> Result<bool, StationGone> {
        let Some(Polled { device: BusDevice { slave, .. }, reads, .. }) = self.devices.get(nth) else {
            return Ok(true);
        };
        let mut answers = Vec::with_capacity(reads.len());
        let mut missed = None;
        for read in reads {
            sleep(TURN_ROUND).await;
            match request(wire, *slave, read).await {
                Asked::Answered(values) => answers.push((*read, values)),
                // A device that is silent is silent for all its values; one that refuses has others.
                Asked::Missed(Miss::Silent) => {
                    missed = Some(Miss::Silent);
                    break;
                }
                Asked::Missed(miss) => missed = Some(miss),
                Asked::PortGone => return Ok(false),
            }
        }
        if let Some(miss) = missed {
            self.count(miss);
        }
        for decoded in self.judge(nth, &answers, missed.is_some()) {
            self.hand_on(decoded).await?;
        }
        Ok(true)
    }

    /// What is to be said of a device after these answers.
    fn judge(&mut self, nth: usize, answers: &[(Read, Values)], missed: bool) -> Vec<Decoded> {
        let Some(polled) = self.devices.get_mut(nth) else { return Vec::new() };
        polled.misses = if missed { polled.misses.saturating_add(1) } else { 0 };
        let BusDevice { slave, profile } = &polled.device;
        let mut said = modbus_rtu::speak(profile, *slave, answers);
        if polled.misses >= MODBUS_MISSES_MAX {
            said.extend(modbus_rtu::offline(profile, *slave, answers));
        }
        said
    }

    async fn hand_on(&mut self, decoded: Decoded) -> Result<(), StationGone> {
        let received = Instant::now();
        let Some(Admitted { sample, class }) = self.door.hear(decoded, received) else { return Ok(()) };
        let arrival = Arrival { source: self.id, received, input: Input::Sample(sample), done: None };
        self.inlet.lanes.put(class, arrival).await
    }

    fn count(&self, miss: Miss) {
        let id = self.id;
        if self.inlet.counters.add(Scope::Source(id), "modbus", miss.word()) == 1 {
            let why = match miss {
                Miss::Silent => "a device did not answer (number, speed, wires A and B, power?)",
                Miss::Damaged => {
                    "an answer was damaged or of somebody else (two devices of one number, no terminator?)"
                }
                Miss::Refused => "a device refuses a request (does the profile fit it?)",
            };
            warn!(source = %id, "{why}; more of this are only counted");
        }
    }
}

/// One request and its answer.
async fn request(wire: &Wire, slave: u8, read: &Read) -> Asked {
    wire.empty();
    let Read { function, address, count } = *read;
    let request = match function {
        Function::Coils => Request::ReadCoils(address, count),
        Function::Inputs => Request::ReadDiscreteInputs(address, count),
        Function::Holding => Request::ReadHoldingRegisters(address, count),
        Function::Registers => Request::ReadInputRegisters(address, count),
    };
    let mut client = rtu::attach_slave(wire.clone(), Slave(slave));
    match timeout(MODBUS_ANSWER_WAIT, client.call(request)).await {
        Ok(Ok(Ok(response))) => match values(response).filter(|values| values.count() >= usize::from(count)) {
            Some(values) => Asked::Answered(values),
            None => Asked::Missed(Miss::Damaged),
        },
        Ok(Ok(Err(_exception))) => Asked::Missed(Miss::Refused),
        Ok(Err(Error::Protocol(_))) => Asked::Missed(Miss::Damaged),
        Ok(Err(Error::Transport(error))) => match error.kind() {
            io::ErrorKind::InvalidData | io::ErrorKind::InvalidInput => Asked::Missed(Miss::Damaged),
            _ => Asked::PortGone,
        },
        // What does not add up is waited out by the library: something came, and it was no answer.
        Err(_) if wire.heard() => Asked::Missed(Miss::Damaged),
        Err(_) => Asked::Missed(Miss::Silent),
    }
}

fn values(response: Response) -> Option<Values> {
    match response {
        Response::ReadCoils(bits) | Response::ReadDiscreteInputs(bits) => Some(Values::Bits(bits)),
        Response::ReadHoldingRegisters(words) | Response::ReadInputRegisters(words) => Some(Values::Words(words)),
        _ => None,
    }
}

/// The port, lent to one client after another. It is locked for single steps only, and never by two at once.
#[derive(Clone)]
struct Wire(Arc<Mutex<Line>>);

struct Line {
    port: SerialStream,
    /// Bytes have come since it was emptied.
    heard: bool,
}

impl Wire {
    fn new(port: SerialStream) -> Self {
        Self(Arc::new(Mutex::new(Line { port, heard: false })))
    }

    fn line(&self) -> MutexGuard<'_, Line> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Throws away what has come.
    fn empty(&self) {
        let mut line = self.line();
        line.heard = false;
        // A port that cannot be emptied is gone, and the request will say so.
        let _ = line.port.clear(ClearBuffer::Input);
    }

    fn heard(&self) -> bool {
        self.line().heard
    }
}

impl AsyncRead for Wire {
    fn poll_read(self: Pin<&mut Self>, cx: &mut Context<'_>, buffer: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        let mut line = self.line();
        let before = buffer.filled().len();
        let read = Pin::new(&mut line.port).poll_read(cx, buffer);
        line.heard |= buffer.filled().len() > before;
        read
    }
}

impl AsyncWrite for Wire {
    fn poll_write(self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.line().port).poll_write(cx, bytes)
    }

    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.line().port).poll_flush(cx)
    }

    fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.line().port).poll_shutdown(cx)
    }
}
