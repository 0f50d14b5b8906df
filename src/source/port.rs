//! A serial port that is opened, lost and opened again for as long as its source lives.
//!
//! Constraints, each met in the field:
//! - The port is dropped **before** it is opened again: while it is held, the kernel gives the returning device
//!   a new number.
//! - Renumbering is solved by the name: `/dev/serial/by-id/…` is opened again under that name and no list of
//!   ports is searched.

use std::path::PathBuf;
use std::time::Duration;

use tokio::time::{Instant, sleep};
use tokio_serial::{Parity, SerialPortBuilderExt, SerialStream};
use tokio_util::sync::CancellationToken;

use super::lanes::{Lanes, StationGone};
use super::{SourceError, Standing, random};
use crate::backoff::Backoff;
use crate::core::id::SourceId;

/// judgement: an adapter that was only reset is back in half a second; one that stays away costs an open every ten.
const REOPEN: Backoff = Backoff::new(Duration::from_millis(500), Duration::from_secs(10));

/// How a port is to be opened: 8 data bits, 1 stop bit, no flow control.
pub(super) struct Wanted {
    pub(super) path: PathBuf,
    pub(super) baud: u32,
    pub(super) parity: Parity,
}

/// Keeps a port open, and says when it is not.
pub(super) struct Port {
    wanted: Wanted,
    standing: Standing,
    stop: CancellationToken,
    backoff: Backoff,
    opened: Option<Instant>,
    /// Before the next opening there is something to be waited for.
    failed: bool,
}

impl Port {
    pub(super) const fn new(id: SourceId, wanted: Wanted, lanes: Lanes, stop: CancellationToken) -> Self {
        Self { wanted, standing: Standing::new(id, lanes), stop, backoff: REOPEN, opened: None, failed: false }
    }

    /// The open port, however long that takes; `None` when it is to stop.
    pub(super) async fn open(&mut self) -> Result<Option<SerialStream>, StationGone> {
        loop {
            if std::mem::take(&mut self.failed)
                && self.stop.run_until_cancelled(sleep(self.backoff.next(random()))).await.is_none()
            {
                return Ok(None);
            }
            match open(&self.wanted) {
                Ok(port) => {
                    self.standing.up().await?;
                    self.opened = Some(Instant::now());
                    return Ok(Some(port));
                }
                Err(why) => {
                    self.failed = true;
                    self.standing.down(&why).await?;
                }
            }
        }
    }

    /// It was open and has ended; whoever used it has dropped it.
    pub(super) async fn lost(&mut self, why: &SourceError) -> Result<(), StationGone> {
        self.failed = true;
        if let Some(opened) = self.opened.take() {
            self.backoff.worked_for(opened.elapsed());
        }
        self.standing.down(why).await
    }
}

/// Opens it once.
pub(super) fn open(wanted: &Wanted) -> Result<SerialStream, SourceError> {
    use std::io::ErrorKind as Io;
    use tokio_serial::ErrorKind as Kind;

    let path = wanted.path.clone();
    let Some(text) = path.to_str() else {
        return Err(SourceError::PortUnusable { path, why: "the path is not UTF-8".to_owned() });
    };
    let builder = tokio_serial::new(text, wanted.baud).parity(wanted.parity);
    builder.open_native_async().map_err(|error| match error.kind() {
        Kind::Io(Io::NotFound) => SourceError::PortAbsent { path },
        Kind::Io(Io::PermissionDenied) => SourceError::PortForbidden { path },
        // The library's word for a port that is locked by somebody else.
        Kind::NoDevice => SourceError::PortBusy { path },
        Kind::Io(_) | Kind::InvalidInput | Kind::Unknown => SourceError::PortUnusable { path, why: error.to_string() },
    })
}
