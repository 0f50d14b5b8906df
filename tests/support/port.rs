//! A serial port of the test's own: both ends of a pty, of which no child of the test inherits one. A device is gone only when nobody
//! holds its end any more.

use std::fs::File;
use std::io;
use std::path::{Path, PathBuf};

use rustix::fs::{OFlags, fcntl_setfl};
use rustix::pty::{OpenptFlags, grantpt, openpt, ptsname, unlockpt};
use rustix::termios::{OptionalActions, tcgetattr, tcsetattr};
use tokio::net::unix::pipe::{Receiver, Sender};

/// The device's end, and a handle on the other one.
pub struct Port {
    says: Sender,
    hears: Receiver,
    /// Held open, so that the port does not end when whoever uses it closes it; and without the library's lock.
    far: File,
    path: PathBuf,
}

impl Port {
    /// A fresh port.
    pub fn open() -> Port {
        let near = openpt(OpenptFlags::RDWR | OpenptFlags::NOCTTY | OpenptFlags::CLOEXEC).expect("a pty");
        grantpt(&near).and_then(|()| unlockpt(&near)).expect("a pty can be used");
        let name = ptsname(&near, Vec::new()).expect("a pty has a name");
        let path = PathBuf::from(name.to_str().expect("a plain name"));
        let far = File::options().read(true).write(true).open(&path).expect("opens");
        let mut settings = tcgetattr(&far).expect("a terminal");
        settings.make_raw();
        tcsetattr(&far, OptionalActions::Now, &settings).expect("a terminal");
        fcntl_setfl(&near, OFlags::RDWR | OFlags::NONBLOCK).expect("it can be polled");
        // A terminal is polled as a pipe is.
        let says = near.try_clone().and_then(Sender::from_owned_fd_unchecked).expect("it can be polled");
        let hears = Receiver::from_owned_fd_unchecked(near).expect("it can be polled");
        Port { says, hears, far, path }
    }

    /// Where the other end is found.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Bytes that the other end has not taken out.
    pub fn unread(&self) -> u64 {
        rustix::io::ioctl_fionread(&self.far).expect("a terminal")
    }

    /// Reads what was written at the other end.
    pub async fn read(&self, buffer: &mut [u8]) -> io::Result<usize> {
        loop {
            self.hears.readable().await?;
            match self.hears.try_read(buffer) {
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => {}
                read => return read,
            }
        }
    }

    /// Writes, and waits for room.
    pub async fn write_all(&self, mut bytes: &[u8]) -> io::Result<()> {
        while !bytes.is_empty() {
            self.says.writable().await?;
            match self.says.try_write(bytes) {
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => {}
                written => bytes = &bytes[written?..],
            }
        }
        Ok(())
    }
}
