//! A hub on a serial port: a real pty under a name as udev makes one, of which the test knows whether what it said was read.

use std::path::{Path, PathBuf};

use crate::support::port::Port;

/// A hub, plugged in or not.
pub struct Hub {
    name: PathBuf,
    port: Option<Port>,
    /// Counts how often it was plugged in.
    pub plugged: u32,
}

impl Hub {
    /// A hub that will be found under this name; it is not plugged in.
    pub fn named(name: &Path) -> Self {
        Self { name: name.to_owned(), port: None, plugged: 0 }
    }

    /// Plugs it in: the name becomes a link to a fresh port.
    pub fn plug(&mut self) {
        let port = Port::open();
        std::os::unix::fs::symlink(port.path(), &self.name).expect("a link");
        self.port = Some(port);
        self.plugged += 1;
    }

    /// Pulls it out: the port hangs up and the name is gone.
    pub fn unplug(&mut self) {
        self.port = None;
        // It is there unless it was not plugged in.
        let _ = std::fs::remove_file(&self.name);
    }

    /// Says a line; whether the port took it.
    pub async fn say(&mut self, line: &str) -> bool {
        match &self.port {
            Some(port) => port.write_all(line.as_bytes()).await.is_ok(),
            None => false,
        }
    }

    /// Whether everything that it said was taken out of its port.
    pub fn is_read(&self) -> bool {
        self.port.as_ref().is_some_and(|port| port.unread() == 0)
    }
}
