//! A hub on a serial port: a real pty under a name as udev makes one, of which the test knows whether what it said was read.

use std::fs::File;
use std::path::{Path, PathBuf};

use tokio::io::AsyncWriteExt as _;
use tokio_serial::{SerialPort as _, SerialStream};

/// A hub, plugged in or not.
pub struct Hub {
    name: PathBuf,
    port: Option<(SerialStream, File)>,
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
        let (near, far) = SerialStream::pair().expect("a pty");
        let path = far.name().expect("a name");
        // Held open, so that the port does not end when whoever uses it closes it; and without the library's lock.
        let held = File::options().read(true).write(true).open(&path).expect("opens");
        drop(far);
        std::os::unix::fs::symlink(path, &self.name).expect("a link");
        self.port = Some((near, held));
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
        let Some((near, _)) = &mut self.port else { return false };
        near.write_all(line.as_bytes()).await.is_ok()
    }

    /// Whether everything that it said was taken out of its port.
    pub fn is_read(&self) -> bool {
        self.port.as_ref().is_some_and(|(_, held)| rustix::io::ioctl_fionread(held).is_ok_and(|unread| unread == 0))
    }
}
