//! Real bytes that hold a place on the disk, and are let go when it is full so that alarms can still be written.

use std::io;
use std::sync::Arc;

use super::files::Files;

const NAME: &str = "ballast";

/// Bytes written in one go, so that taking up ballast never delays a commit by more than a moment.
const PIECE_BYTES: u64 = 512 * 1024;

/// The ballast of one directory.
pub struct Ballast {
    files: Arc<dyn Files>,
    target_bytes: u64,
    bytes: u64,
}

impl Ballast {
    /// Looks how much ballast there is.
    #[must_use]
    pub fn open(files: Arc<dyn Files>, target_bytes: u64) -> Ballast {
        let bytes = files.open(NAME).and_then(|handle| handle.len()).unwrap_or(0);
        Ballast { files, target_bytes, bytes }
    }

    /// Bytes held.
    #[must_use]
    pub fn bytes(&self) -> u64 {
        self.bytes
    }

    /// Takes up one more piece, if there is plenty of space; bytes written.
    pub fn take_up(&mut self, reserve_bytes: u64) -> io::Result<u64> {
        let missing = self.target_bytes.saturating_sub(self.bytes);
        if missing == 0 || self.files.free_bytes()? < reserve_bytes.saturating_add(missing.saturating_mul(2)) {
            return Ok(0);
        }
        let piece = missing.min(PIECE_BYTES);
        let mut handle = if self.bytes == 0 {
            let _ = self.files.remove(NAME);
            self.files.create(NAME)?
        } else {
            self.files.open_append(NAME)?
        };
        // Not zeros: a file system or a card may keep those without giving them a place.
        handle.append(&vec![0xA5; usize::try_from(piece).unwrap_or(0)])?;
        handle.sync_data()?;
        self.bytes += piece;
        Ok(piece)
    }

    /// Lets it go; whether there was any.
    pub fn release(&mut self) -> bool {
        let held = self.bytes > 0 && self.files.remove(NAME).is_ok();
        if held {
            self.bytes = 0;
            // Most file systems give the space back at once; the rest do with the next commit.
            let _ = self.files.sync_dir();
        }
        held
    }
}
