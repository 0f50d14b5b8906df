//! Frames from a serial port: a hub, a radar or a receiver on a USB adapter that is plugged, unplugged and renumbered.
//!
//! Constraints, each met in the field:
//! - A port whose device has gone reads `Ok(0)` at once and for ever, or an error; both mean *gone*. Going on to
//!   read would burn a core.
//! - The port is dropped **before** it is opened again: while it is held, the kernel gives the returning device
//!   a new number.
//! - Renumbering is solved by the name: `/dev/serial/by-id/…` is opened again under that name and no list of
//!   ports is searched.

use std::path::{Path, PathBuf};
use std::time::Duration;

use tokio::io::AsyncReadExt;
use tokio::time::{Instant, sleep, sleep_until};
use tokio_serial::{SerialPortBuilderExt, SerialStream};
use tokio_util::sync::CancellationToken;
use tracing::warn;

use super::counters::Scope;
use super::front_door::{Admitted, FrontDoor, NotMine, Raw};
use super::lanes::{Arrival, StationGone};
use super::{Inlet, SourceError, Standing, random};
use crate::backoff::Backoff;
use crate::core::effect::Input;
use crate::core::id::SourceId;
use crate::device::framing::{Framer, Framing, Piece};
use crate::device::{DecodeError, Format};
use crate::limits::{SERIAL_FRAME_AGE_MAX, SERIAL_LINE_AGE_MAX};

/// judgement: an adapter that was only reset is back in half a second; one that stays away costs an open every ten.
const REOPEN: Backoff = Backoff::new(Duration::from_millis(500), Duration::from_secs(10));

/// One read's buffer. judgement: what 115,200 baud bring in a third of a second.
const READ_BYTES: usize = 4096;

/// One serial port.
#[derive(Debug, Clone)]
pub struct SerialSettings {
    /// The source's name.
    pub id: SourceId,
    /// The port, best under `/dev/serial/by-id/`.
    pub path: PathBuf,
    /// Baud; 8N1, no flow control.
    pub baud: u32,
    /// What is spoken on it.
    pub format: Format,
    /// How its frames are found.
    pub framing: Framing,
}

/// Whether the kernel may give this path to another device after a replug: `check` warns of it.
#[must_use]
pub fn may_be_renumbered(path: &Path) -> bool {
    path.file_name().and_then(|name| name.to_str()).is_some_and(|name| {
        path.parent() == Some(Path::new("/dev")) && (name.starts_with("ttyUSB") || name.starts_with("ttyACM"))
    })
}

/// Reads a port until `stop`, or until the station has ended.
pub async fn run(settings: SerialSettings, inlet: Inlet, stop: CancellationToken) {
    let mut reader = Reader {
        door: FrontDoor::new(settings.id, settings.format, inlet.clone()),
        standing: Standing::new(settings.id, inlet.lanes.clone()),
        settings,
        inlet,
        stop,
    };
    // The only error is that the station has ended, and then there is nothing left to do.
    let _: Result<(), StationGone> = reader.read_until_stopped().await;
}

/// Reads a port whose format nobody knows, in stretches that a silence ends, until the time is over.
///
/// # Errors
/// [`SourceError`] when it cannot be opened or has gone; what `each` could not keep, as `PortUnusable`.
pub async fn stretches(
    path: &Path,
    baud: u32,
    until: Instant,
    mut each: impl FnMut(&[u8]) -> std::io::Result<()>,
) -> Result<(), SourceError> {
    let mut port = open(path, baud)?;
    let mut stretch: Vec<u8> = Vec::new();
    let mut buffer = vec![0; READ_BYTES];
    loop {
        let silent = Instant::now() + SILENCE;
        let read = tokio::select! {
            read = port.read(&mut buffer) => read,
            () = sleep_until(silent), if !stretch.is_empty() => Ok(0),
            () = sleep_until(until) => Ok(0),
        };
        match read {
            Ok(bytes @ 1..) => stretch.extend_from_slice(buffer.get(..bytes).unwrap_or_default()),
            // A port that has gone reads nothing at once and for ever.
            Ok(0) if Instant::now() < silent.min(until) => return Err(SourceError::PortGone { path: path.to_owned() }),
            Ok(_) => {}
            Err(_) => return Err(SourceError::PortGone { path: path.to_owned() }),
        }
        let over = Instant::now() >= until;
        if !stretch.is_empty() && (over || stretch.len() >= READ_BYTES || Instant::now() >= silent) {
            let kept = each(&stretch);
            kept.map_err(|error| SourceError::PortUnusable { path: path.to_owned(), why: error.to_string() })?;
            stretch.clear();
        }
        if over {
            return Ok(());
        }
    }
}

/// Silence that ends a stretch of an unknown format. judgement: longer than an adapter's 16 ms, shorter than the pause
/// between two reports of a radar.
const SILENCE: Duration = Duration::from_millis(50);

struct Reader {
    settings: SerialSettings,
    inlet: Inlet,
    door: FrontDoor,
    standing: Standing,
    // Looked at only where nothing is in hand: a line that was read is delivered before the source ends.
    stop: CancellationToken,
}

impl Reader {
    async fn read_until_stopped(&mut self) -> Result<(), StationGone> {
        let mut backoff = REOPEN;
        loop {
            let why = match open(&self.settings.path, self.settings.baud) {
                Ok(port) => {
                    self.standing.up().await?;
                    let opened = Instant::now();
                    // The port is moved in, and so dropped before anything else happens.
                    let Some(why) = self.read_until_gone(port).await? else { return Ok(()) };
                    backoff.worked_for(opened.elapsed());
                    why
                }
                Err(why) => why,
            };
            self.standing.down(&why).await?;
            if self.stop.run_until_cancelled(sleep(backoff.next(random()))).await.is_none() {
                return Ok(());
            }
        }
    }

    /// Reads frames; why the port is gone, or `None` when it is to stop.
    async fn read_until_gone(&mut self, mut port: SerialStream) -> Result<Option<SourceError>, StationGone> {
        let framing = self.settings.framing;
        let age_max = match framing {
            Framing::Lines { .. } => SERIAL_LINE_AGE_MAX,
            Framing::Frames { .. } => SERIAL_FRAME_AGE_MAX,
        };
        let mut framer = Framer::new(framing);
        let mut began = Instant::now();
        let mut buffer = vec![0; READ_BYTES];
        loop {
            let read = tokio::select! {
                biased;
                () = self.stop.cancelled() => return Ok(None),
                read = port.read(&mut buffer) => read,
                () = sleep_until(began + age_max), if framer.unfinished() => {
                    framer.give_up();
                    self.count("line_unfinished", "a line or frame did not end");
                    began = Instant::now();
                    self.take_pieces(&mut framer, &[], began).await?;
                    continue;
                }
            };
            let now = Instant::now();
            let chunk = match read {
                Ok(bytes @ 1..) => buffer.get(..bytes).unwrap_or_default(),
                Ok(0) | Err(_) => return Ok(Some(SourceError::PortGone { path: self.settings.path.clone() })),
            };
            if !framer.unfinished() {
                began = now;
            }
            if self.take_pieces(&mut framer, chunk, now).await? {
                // What follows a piece began in this read.
                began = now;
            }
        }
    }

    /// Takes everything that a chunk finishes; whether it finished anything.
    async fn take_pieces(&mut self, framer: &mut Framer, mut chunk: &[u8], now: Instant) -> Result<bool, StationGone> {
        let mut any = false;
        while let Some(piece) = framer.next_piece(&mut chunk) {
            any = true;
            match piece {
                Piece::Frame(frame) => self.take_frame(frame, now).await?,
                Piece::Damaged(DecodeError::TooLong) => self.count("line_overlong", "a line or frame is too long"),
                Piece::Damaged(why) => self.door.damaged(why),
                Piece::Noise(_) => self.count("noise", "bytes of no frame came"),
            }
        }
        Ok(any)
    }

    async fn take_frame(&mut self, frame: &[u8], now: Instant) -> Result<(), StationGone> {
        let raw = Raw { topic: None, bytes: frame, retained: false, utc_s: None };
        let taken = self.door.take(&raw, now).unwrap_or_else(|NotMine| {
            self.door.nobodys();
            None
        });
        let Some(Admitted { sample, class }) = taken.and_then(|taken| taken.admitted) else { return Ok(()) };
        let input = Input::Sample(sample);
        self.inlet.lanes.put(class, Arrival { source: self.settings.id, received: now, input, done: None }).await
    }

    fn count(&self, what: &'static str, why: &str) {
        let id = self.settings.id;
        if self.inlet.counters.add(Scope::Source(id), "serial", what) == 1 {
            warn!(source = %id, "{why} (wrong baud rate, or a hub that was reset?); more of this are only counted");
        }
    }
}

fn open(path: &Path, baud: u32) -> Result<SerialStream, SourceError> {
    use std::io::ErrorKind as Io;
    use tokio_serial::ErrorKind as Kind;

    let path = path.to_path_buf();
    let Some(text) = path.to_str() else {
        return Err(SourceError::PortUnusable { path, why: "the path is not UTF-8".to_owned() });
    };
    tokio_serial::new(text, baud).open_native_async().map_err(|error| match error.kind() {
        Kind::Io(Io::NotFound) => SourceError::PortAbsent { path },
        Kind::Io(Io::PermissionDenied) => SourceError::PortForbidden { path },
        // The library's word for a port that is locked by somebody else.
        Kind::NoDevice => SourceError::PortBusy { path },
        Kind::Io(_) | Kind::InvalidInput | Kind::Unknown => SourceError::PortUnusable { path, why: error.to_string() },
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_numbered_names_may_be_renumbered() {
        assert!(may_be_renumbered(Path::new("/dev/ttyUSB0")));
        assert!(may_be_renumbered(Path::new("/dev/ttyACM1")));
        assert!(!may_be_renumbered(Path::new("/dev/serial/by-id/usb-1a86_USB_Serial-if00-port0")));
        assert!(!may_be_renumbered(Path::new("/dev/serial0")));
    }
}
