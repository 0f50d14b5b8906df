//! The real disk.

use std::fs::{File, OpenOptions, TryLockError};
use std::io::{self, Write};
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};

use super::{Files, Handle};

/// Name of the file whose lock says that a daemon owns the directory.
const LOCK: &str = "lock";

/// A directory of the real file system.
#[derive(Debug)]
pub struct Disk {
    dir: PathBuf,
    // Held for as long as the daemon lives; the kernel lets it go even after kill -9.
    _lock: Option<File>,
}

impl Disk {
    /// Opens the directory for the one process that writes, making it if need be.
    ///
    /// # Errors
    /// Fails when another process has it ([`io::ErrorKind::ResourceBusy`]), or it was set up so that it can never be
    /// written. A disk that is full, read-only or failing is opened all the same, so that the station runs on without it
    /// and says so.
    pub fn own(dir: &Path) -> io::Result<Disk> {
        let lock = match make_and_lock(dir) {
            Ok(lock) => Some(lock),
            Err(error) if is_setup(&error) => return Err(error),
            Err(error) => {
                tracing::error!(%error, "the log's directory cannot be written: the station runs on without its disk");
                None
            }
        };
        Ok(Disk { dir: dir.to_owned(), _lock: lock })
    }

    /// Opens the directory for reading beside the daemon: `replay`, `audit`, `evaluate`.
    #[must_use]
    pub fn visit(dir: &Path) -> Disk {
        Disk { dir: dir.to_owned(), _lock: None }
    }
}

/// Makes the directory if need be, and takes its lock.
fn make_and_lock(dir: &Path) -> io::Result<File> {
    if !dir.is_dir() {
        std::fs::create_dir_all(dir)?;
        if let Some(parent) = dir.parent().filter(|parent| !parent.as_os_str().is_empty()) {
            File::open(parent)?.sync_all()?;
        }
    }
    let lock = OpenOptions::new().create(true).append(true).open(dir.join(LOCK))?;
    match lock.try_lock() {
        Ok(()) => Ok(lock),
        Err(TryLockError::WouldBlock) => Err(io::ErrorKind::ResourceBusy.into()),
        Err(TryLockError::Error(error)) => Err(error),
    }
}

/// Whether an error is of the installation and not of the disk: it will not pass, and a person stands before the box.
fn is_setup(error: &io::Error) -> bool {
    matches!(
        error.kind(),
        io::ErrorKind::ResourceBusy
            | io::ErrorKind::PermissionDenied
            | io::ErrorKind::NotADirectory
            | io::ErrorKind::AlreadyExists
    )
}

impl Files for Disk {
    fn list(&self) -> io::Result<Vec<String>> {
        let mut names = Vec::new();
        let entries = match std::fs::read_dir(&self.dir) {
            // The disk did not let it be made: there is nothing in it.
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(names),
            entries => entries?,
        };
        for entry in entries {
            let entry = entry?;
            if let (true, Ok(name)) = (entry.file_type()?.is_file(), entry.file_name().into_string()) {
                names.push(name);
            }
        }
        names.sort();
        Ok(names)
    }

    fn create(&self, name: &str) -> io::Result<Box<dyn Handle>> {
        if !self.dir.is_dir() {
            std::fs::create_dir_all(&self.dir)?;
        }
        let options = OpenOptions::new().read(true).append(true).create_new(true).open(self.dir.join(name))?;
        Ok(Box::new(Open(options)))
    }

    fn open(&self, name: &str) -> io::Result<Box<dyn Handle>> {
        Ok(Box::new(Open(File::open(self.dir.join(name))?)))
    }

    fn open_append(&self, name: &str) -> io::Result<Box<dyn Handle>> {
        Ok(Box::new(Open(OpenOptions::new().read(true).append(true).open(self.dir.join(name))?)))
    }

    fn rename(&self, from: &str, to: &str) -> io::Result<()> {
        std::fs::rename(self.dir.join(from), self.dir.join(to))
    }

    fn remove(&self, name: &str) -> io::Result<()> {
        std::fs::remove_file(self.dir.join(name))
    }

    fn sync_dir(&self) -> io::Result<()> {
        File::open(&self.dir)?.sync_all()
    }

    fn free_bytes(&self) -> io::Result<u64> {
        let stat = rustix::fs::statvfs(&self.dir)?;
        Ok(stat.f_bavail.saturating_mul(stat.f_frsize))
    }
}

struct Open(File);

impl Handle for Open {
    fn len(&self) -> io::Result<u64> {
        Ok(self.0.metadata()?.len())
    }

    fn append(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.0.write_all(bytes)
    }

    fn read_at(&self, offset: u64, into: &mut [u8]) -> io::Result<usize> {
        let mut done = 0;
        while let Some(rest) = into.get_mut(done..).filter(|rest| !rest.is_empty()) {
            match self.0.read_at(rest, offset + done as u64) {
                Ok(0) => break,
                Ok(read) => done += read,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
        Ok(done)
    }

    fn truncate(&mut self, len: u64) -> io::Result<()> {
        self.0.set_len(len)
    }

    fn sync_data(&mut self) -> io::Result<()> {
        self.0.sync_data()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::files::read_from;

    #[test]
    fn one_process_owns_the_directory_and_others_may_visit() {
        let dir = tempfile::tempdir().expect("a directory");
        let disk = Disk::own(dir.path()).expect("owned");
        assert_eq!(Disk::own(dir.path()).expect_err("taken").kind(), io::ErrorKind::ResourceBusy);
        let mut file = disk.create("a").expect("created");
        file.append(b"hello").expect("written");
        assert_eq!(disk.create("a").err().expect("exists").kind(), io::ErrorKind::AlreadyExists);
        file.truncate(4).expect("cut");
        file.append(b"!").expect("written");
        file.sync_data().expect("synced");
        disk.rename("a", "b").expect("renamed");
        disk.sync_dir().expect("synced");
        let visitor = Disk::visit(dir.path());
        assert_eq!(visitor.list().expect("listed"), ["b", "lock"]);
        let read = read_from(&*visitor.open("b").expect("opened"), 1, 100).expect("read");
        assert_eq!(read, b"ell!");
        assert!(visitor.free_bytes().expect("asked") > 0);
    }
}
