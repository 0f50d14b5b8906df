//! Frames from a serial port: a hub, a radar or a receiver on a USB adapter that is plugged, unplugged and renumbered.
//!
//! Constraints, each met in the field:
//! - A port whose device has gone reads `Ok(0)` at once and for ever, or an error; both mean *gone*. Going on to
//!   read would burn a core.
//! - How a port is opened, lost and opened again is [`port`](mod@super::port)'s.

use std::path::{Path, PathBuf};
use std::time::Duration;

use tokio::io::AsyncReadExt;
use tokio::time::{Instant, sleep_until};
use tokio_serial::{Parity, SerialStream};
use tokio_util::sync::CancellationToken;
use tracing::warn;

use super::counters::Scope;
use super::front_door::{Admitted, FrontDoor, NotMine, Raw};
use super::lanes::{Arrival, StationGone};
use super::port::{self, Port, Wanted};
use super::{Inlet, SourceError};
use crate::core::effect::Input;
use crate::core::id::SourceId;
use crate::device::framing::{Framer, Framing, Piece};
use crate::device::{DecodeError, Format};
use crate::limits::{SERIAL_FRAME_AGE_MAX, SERIAL_LINE_AGE_MAX};

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
    let wanted = Wanted { path: settings.path.clone(), baud: settings.baud, parity: Parity::None };
    let mut port = Port::new(settings.id, wanted, inlet.lanes.clone(), stop.clone());
    let mut reader =
        Reader { door: FrontDoor::new(settings.id, settings.format, inlet.clone()), settings, inlet, stop };
    // The only error is that the station has ended, and then there is nothing left to do.
    let _: Result<(), StationGone> = reader.read_until_stopped(&mut port).await;
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
    let mut port = port::open(&Wanted { path: path.to_owned(), baud, parity: Parity::None })?;
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
    // Looked at only where nothing is in hand: a line that was read is delivered before the source ends.
    stop: CancellationToken,
}

impl Reader {
    async fn read_until_stopped(&mut self, port: &mut Port) -> Result<(), StationGone> {
        while let Some(open) = port.open().await? {
            // The port is moved in, and so dropped before anything else happens.
            let Some(why) = self.read_until_gone(open).await? else { break };
            port.lost(&why).await?;
        }
        Ok(())
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
