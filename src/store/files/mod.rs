//! The only way the store touches a disk: one flat directory behind a trait.
//!
//! Small on purpose: what is not here cannot go wrong. The real disk ([`Disk`]) and the fault-injecting one
//! ([`FakeDisk`]) obey the same contract:
//!
//! - bytes are durable only after [`Handle::sync_data`] on the handle that wrote them;
//! - a name is durable only after [`Files::sync_dir`];
//! - a failed [`Handle::append`] may have written any prefix, and after a failed sync nothing is known about what was
//!   written since the last good one.

pub mod disk;

pub mod fake;

use std::fmt;
use std::io;

pub use disk::Disk;
pub use fake::FakeDisk;

/// A directory of files.
pub trait Files: Send + Sync + fmt::Debug {
    /// The names in the directory, sorted.
    fn list(&self) -> io::Result<Vec<String>>;

    /// Makes a new, empty file for appending; fails if the name exists.
    fn create(&self, name: &str) -> io::Result<Box<dyn Handle>>;

    /// Opens an existing file for reading.
    fn open(&self, name: &str) -> io::Result<Box<dyn Handle>>;

    /// Opens an existing file for reading and appending.
    fn open_append(&self, name: &str) -> io::Result<Box<dyn Handle>>;

    /// Renames a file, replacing what has the new name.
    fn rename(&self, from: &str, to: &str) -> io::Result<()>;

    /// Removes a file.
    fn remove(&self, name: &str) -> io::Result<()>;

    /// Makes names durable: created, renamed and removed ones.
    fn sync_dir(&self) -> io::Result<()>;

    /// Bytes that this program may still write to the disk.
    fn free_bytes(&self) -> io::Result<u64>;
}

/// An open file.
pub trait Handle: Send {
    /// Its length in bytes.
    fn len(&self) -> io::Result<u64>;

    /// Whether it holds nothing.
    fn is_empty(&self) -> io::Result<bool> {
        Ok(self.len()? == 0)
    }

    /// Adds bytes at its end.
    fn append(&mut self, bytes: &[u8]) -> io::Result<()>;

    /// Reads from `offset`; fewer bytes than asked for only at the end of the file.
    fn read_at(&self, offset: u64, into: &mut [u8]) -> io::Result<usize>;

    /// Cuts it to `len` bytes.
    fn truncate(&mut self, len: u64) -> io::Result<()>;

    /// Makes its bytes and length durable.
    fn sync_data(&mut self) -> io::Result<()>;
}

/// Reads at most `max` bytes from `offset` on.
pub fn read_from(handle: &dyn Handle, offset: u64, max: usize) -> io::Result<Vec<u8>> {
    let left = handle.len()?.saturating_sub(offset);
    let mut bytes = vec![0; usize::try_from(left).unwrap_or(usize::MAX).min(max)];
    let read = handle.read_at(offset, &mut bytes)?;
    bytes.truncate(read);
    Ok(bytes)
}
