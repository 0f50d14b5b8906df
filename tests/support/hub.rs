//! A hub on a serial port: a real pty, held by socat, under a path that stays while the device comes and goes.

use std::path::{Path, PathBuf};

use super::child::Guard;
use super::until;

/// A plugged hub.
pub struct Hub {
    path: PathBuf,
    socat: Guard,
}

impl Hub {
    /// Plugs a hub in: `path` becomes a link to a fresh pty, as udev makes one under `/dev/serial/by-id`.
    pub async fn plug(path: &Path) -> Self {
        // One direction only, so that socat does not end when the reader closes the port.
        let port = format!("pty,raw,echo=0,link={}", path.display());
        let socat = Guard::start("socat", ["-u", "-", port.as_str()]);
        until("the port appears", || path.exists()).await;
        Self { path: path.to_owned(), socat }
    }

    /// Sends bytes as they are.
    pub fn say(&mut self, bytes: impl AsRef<[u8]>) {
        self.socat.write(bytes.as_ref());
    }

    /// Pulls it out: the pty is closed and the link goes away.
    pub async fn unplug(self) {
        let Self { path, socat } = self;
        socat.stop();
        until("the port vanishes", || !path.exists()).await;
    }
}
