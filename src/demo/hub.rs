//! A hub of wearables on a serial port: a real pty, under a name as udev makes one.

use std::fs::File;
use std::io::{self, Write as _};
use std::os::fd::OwnedFd;
use std::os::unix::ffi::OsStrExt as _;
use std::path::{Path, PathBuf};

use rustix::pty::{OpenptFlags, grantpt, openpt, ptsname, unlockpt};
use rustix::termios::{OptionalActions, tcgetattr, tcsetattr};

/// A plugged hub.
#[derive(Debug)]
pub struct Hub {
    port: File,
    /// Held open, so that what is said before the gateway opens the port is kept and not an error.
    _far: File,
    name: PathBuf,
}

impl Hub {
    /// Plugs it in: `name` becomes a link to its port.
    ///
    /// # Errors
    /// The system has no pty left, or the name is taken.
    pub fn plug(name: &Path) -> io::Result<Hub> {
        let near: OwnedFd = openpt(OpenptFlags::RDWR | OpenptFlags::NOCTTY)?;
        grantpt(&near)?;
        unlockpt(&near)?;
        let path = ptsname(&near, Vec::new())?;
        let path = Path::new(std::ffi::OsStr::from_bytes(path.as_bytes()));
        let far = File::options().read(true).write(true).open(path)?;
        // Without this the port would send back every word that it hears.
        let mut plain = tcgetattr(&far)?;
        plain.make_raw();
        tcsetattr(&far, OptionalActions::Now, &plain)?;
        std::os::unix::fs::symlink(path, name)?;
        Ok(Hub { port: File::from(near), _far: far, name: name.to_owned() })
    }

    /// Says one line. A few short lines always fit into the kernel's buffer of the port.
    ///
    /// # Errors
    /// The port is gone.
    pub fn say(&mut self, line: &str) -> io::Result<()> {
        self.port.write_all(format!("{line}\n").as_bytes())
    }
}

impl Drop for Hub {
    fn drop(&mut self) {
        let _ = std::fs::remove_file(&self.name);
    }
}
