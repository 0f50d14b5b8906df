//! A disk in memory that can fail in every way a card fails: for tests and for the simulated village.
//!
//! It knows what is durable and what only looks so: [`FakeDisk::cut_power`] forgets the rest. It can write down
//! everything that is done to it ([`FakeDisk::record`]), so that a test can do it again up to any byte of any write.

mod volume;

mod lie;

use std::io;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};

use rustix::io::Errno;

use self::volume::Volume;
use super::{Files, Handle};

/// One change to the disk.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Change {
    /// A file was made.
    Create {
        /// Its name.
        name: String,
        /// Its number, which stays when it is renamed.
        file: u64,
    },
    /// Bytes were added.
    Append {
        /// To this file.
        file: u64,
        /// These.
        bytes: Vec<u8>,
    },
    /// A file was cut.
    Truncate {
        /// Which.
        file: u64,
        /// To this length.
        len: usize,
    },
    /// A file's bytes became durable.
    Sync {
        /// Which.
        file: u64,
    },
    /// A file was renamed.
    Rename {
        /// From.
        from: String,
        /// To.
        to: String,
    },
    /// A file was removed.
    Remove {
        /// Its name.
        name: String,
    },
    /// Names became durable.
    SyncDir,
    /// A disk that lies said that a file's bytes are durable.
    Claim {
        /// Which.
        file: u64,
    },
    /// It said so of names.
    ClaimDir,
}

/// What can be made to fail.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Call {
    /// [`Handle::append`]: half of the bytes are written.
    Append,
    /// [`Handle::sync_data`].
    Sync,
    /// [`Handle::read_at`].
    Read,
    /// [`Files::create`], [`Files::rename`], [`Files::remove`] and [`Files::sync_dir`].
    Name,
}

/// How it fails.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fault {
    /// Input/output error.
    Eio,
    /// No space left.
    Enospc,
    /// Read-only file system.
    Erofs,
}

impl Fault {
    fn error(self) -> io::Error {
        match self {
            Fault::Eio => Errno::IO.into(),
            Fault::Enospc => Errno::NOSPC.into(),
            Fault::Erofs => Errno::ROFS.into(),
        }
    }
}

/// Something that is not durable, and that a power cut takes or leaves by itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum AtRisk {
    /// Bytes of a file, a sector of them.
    Sector {
        /// The file's number.
        file: u64,
        /// Which sector, from 0.
        index: usize,
    },
    /// The names that lead to a file.
    Names {
        /// The file's number.
        file: u64,
    },
}

/// A card keeps or loses bytes in units of this. Source: the smallest logical block of Linux' block layer.
pub const SECTOR_BYTES: usize = 512;

/// What was done to the disk so far.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Tally {
    /// Calls of [`Handle::append`].
    pub appends: u64,
    /// Calls of [`Handle::sync_data`].
    pub syncs: u64,
    /// Bytes written.
    pub bytes_written: u64,
    /// Bytes read.
    pub bytes_read: u64,
}

/// A disk in memory. Clones are handles to the same disk; [`FakeDisk::copy`] makes another.
#[derive(Debug, Clone, Default)]
pub struct FakeDisk(Arc<Shared>);

#[derive(Debug, Default)]
struct Shared {
    volume: Mutex<Volume>,
    released: Condvar,
}

#[derive(Debug, Clone, Copy)]
struct Plan {
    /// Calls that still succeed.
    grace: u64,
    /// Calls that then fail.
    failures: u64,
    fault: Fault,
}

impl FakeDisk {
    /// An empty disk without limits or faults.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Another disk with the same contents, and no faults, limits or history.
    #[must_use]
    pub fn copy(&self) -> FakeDisk {
        let volume = self.volume();
        let copy = Volume {
            files: volume.files.clone(),
            names: volume.names.clone(),
            durable_names: volume.durable_names.clone(),
            claimed_names: volume.claimed_names.clone(),
            next_file: volume.next_file,
            ..Volume::default()
        };
        FakeDisk(Arc::new(Shared { volume: Mutex::new(copy), released: Condvar::new() }))
    }

    /// The power goes: what was not synced is gone, names and bytes.
    pub fn cut_power(&self) {
        let mut volume = self.volume();
        volume.names = volume.durable_names.clone();
        volume.claimed_names = None;
        for body in volume.files.values_mut().filter(|body| body.is_at_risk()) {
            let body = Arc::make_mut(body);
            body.bytes.truncate(body.synced);
            body.bytes.append(&mut body.hidden);
            body.make_durable();
        }
        volume.sweep();
    }

    /// Everything that is not durable: each may reach the card before the power goes, or not, in any order.
    #[must_use]
    pub fn at_risk(&self) -> Vec<AtRisk> {
        let volume = self.volume();
        let mut parts: Vec<AtRisk> = Vec::new();
        for (file, body) in &volume.files {
            let sectors = (body.synced / SECTOR_BYTES)..body.bytes.len().div_ceil(SECTOR_BYTES);
            if body.synced < body.bytes.len() {
                parts.extend(sectors.map(|index| AtRisk::Sector { file: *file, index }));
            }
            if volume.names_of(*file) != volume.durable_names_of(*file) {
                parts.push(AtRisk::Names { file: *file });
            }
        }
        parts
    }

    /// The power goes, and of what was not synced these parts had reached the card. A sector that had not, in front of one that had,
    /// reads as `filler`.
    pub fn cut_power_keeping(&self, kept: &[AtRisk], filler: u8) {
        let mut volume = self.volume();
        volume.names = volume.names_after(kept);
        volume.durable_names = volume.names.clone();
        volume.claimed_names = None;
        for (file, body) in volume.files.iter_mut().filter(|(_, body)| body.is_at_risk()) {
            let body = Arc::make_mut(body);
            body.bytes.append(&mut body.hidden);
            let lost = |index: &usize| !kept.contains(&AtRisk::Sector { file: *file, index: *index });
            let sectors = (body.synced / SECTOR_BYTES)..body.bytes.len().div_ceil(SECTOR_BYTES);
            let (mut end, synced) = (body.synced, body.synced);
            for index in sectors {
                let (from, to) = (index * SECTOR_BYTES, ((index + 1) * SECTOR_BYTES).min(body.bytes.len()));
                if lost(&index) {
                    body.bytes.get_mut(from.max(synced)..to).unwrap_or_default().fill(filler);
                } else {
                    end = to;
                }
            }
            body.bytes.truncate(end);
            body.make_durable();
        }
        volume.sweep();
    }

    /// Lets `call` succeed `grace` times and then fail `failures` times.
    pub fn fail(&self, call: Call, grace: u64, failures: u64, fault: Fault) {
        self.volume().plans.insert(call, Plan { grace, failures, fault });
    }

    /// Takes all planned faults back.
    pub fn heal(&self) {
        self.volume().plans.clear();
    }

    /// The disk holds this many bytes; `None`: any number.
    pub fn set_capacity(&self, bytes: Option<u64>) {
        self.volume().capacity = bytes;
    }

    /// Every append and sync hangs from here on, until [`FakeDisk::release`].
    pub fn hang(&self) {
        self.volume().hanging = true;
    }

    /// Lets hanging calls go on.
    pub fn release(&self) {
        self.volume().hanging = false;
        self.0.released.notify_all();
    }

    /// Writes down every change from here on.
    pub fn record(&self) {
        self.volume().history = Some(Vec::new());
    }

    /// Writes nothing down any more, and forgets what was written down.
    pub fn forget_history(&self) {
        self.volume().history = None;
    }

    /// How many changes were written down so far.
    #[must_use]
    pub fn changes(&self) -> usize {
        self.volume().history.as_ref().map_or(0, Vec::len)
    }

    /// The changes written down so far.
    #[must_use]
    pub fn history(&self) -> Vec<Change> {
        self.volume().history.clone().unwrap_or_default()
    }

    /// Does a recorded change again; of an [`Change::Append`] only the first `prefix` bytes when one is given.
    pub fn redo(&self, change: &Change, prefix: Option<usize>) {
        self.volume().apply(change, prefix);
    }

    /// What was done so far.
    #[must_use]
    pub fn tally(&self) -> Tally {
        self.volume().tally
    }

    /// Overwrites bytes of a file behind everybody's back, as a failing card does.
    pub fn damage(&self, name: &str, offset: usize, bytes: &[u8]) {
        let mut volume = self.volume();
        let Some(file) = volume.names.get(name).copied() else { return };
        let Some(body) = volume.body_mut(file) else { return };
        for (old, new) in body.bytes.iter_mut().skip(offset).zip(bytes) {
            *old = *new;
        }
    }

    /// A file's bytes, if it exists.
    #[must_use]
    pub fn contents(&self, name: &str) -> Option<Vec<u8>> {
        let volume = self.volume();
        volume.files.get(volume.names.get(name)?).map(|body| body.bytes.clone())
    }

    fn volume(&self) -> MutexGuard<'_, Volume> {
        self.0.volume.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn free_volume(&self) -> MutexGuard<'_, Volume> {
        let volume = self.volume();
        self.0.released.wait_while(volume, |volume| volume.hanging).unwrap_or_else(PoisonError::into_inner)
    }

    fn handle(&self, name: &str) -> io::Result<Box<dyn Handle>> {
        let file = *self.volume().names.get(name).ok_or(Errno::NOENT)?;
        Ok(Box::new(Open { disk: self.clone(), file }))
    }
}

impl Files for FakeDisk {
    fn list(&self) -> io::Result<Vec<String>> {
        Ok(self.volume().names.keys().cloned().collect())
    }

    fn create(&self, name: &str) -> io::Result<Box<dyn Handle>> {
        let mut volume = self.volume();
        volume.trip(Call::Name)?;
        if volume.names.contains_key(name) {
            return Err(Errno::EXIST.into());
        }
        let file = volume.next_file;
        volume.change(Change::Create { name: name.to_owned(), file });
        drop(volume);
        self.handle(name)
    }

    fn open(&self, name: &str) -> io::Result<Box<dyn Handle>> {
        self.handle(name)
    }

    fn open_append(&self, name: &str) -> io::Result<Box<dyn Handle>> {
        self.handle(name)
    }

    fn rename(&self, from: &str, to: &str) -> io::Result<()> {
        let mut volume = self.volume();
        volume.trip(Call::Name)?;
        if !volume.names.contains_key(from) {
            return Err(Errno::NOENT.into());
        }
        volume.change(Change::Rename { from: from.to_owned(), to: to.to_owned() });
        Ok(())
    }

    fn remove(&self, name: &str) -> io::Result<()> {
        let mut volume = self.volume();
        volume.trip(Call::Name)?;
        if !volume.names.contains_key(name) {
            return Err(Errno::NOENT.into());
        }
        volume.change(Change::Remove { name: name.to_owned() });
        Ok(())
    }

    fn sync_dir(&self) -> io::Result<()> {
        let mut volume = self.volume();
        volume.trip(Call::Name)?;
        let change = if volume.lying { Change::ClaimDir } else { Change::SyncDir };
        volume.change(change);
        Ok(())
    }

    fn free_bytes(&self) -> io::Result<u64> {
        let volume = self.volume();
        Ok(volume.capacity.map_or(u64::MAX, |capacity| capacity.saturating_sub(volume.used())))
    }
}

struct Open {
    disk: FakeDisk,
    file: u64,
}

impl Handle for Open {
    fn len(&self) -> io::Result<u64> {
        let volume = self.disk.volume();
        Ok(volume.files.get(&self.file).ok_or(Errno::BADF)?.bytes.len() as u64)
    }

    fn append(&mut self, bytes: &[u8]) -> io::Result<()> {
        let mut volume = self.disk.free_volume();
        volume.tally.appends += 1;
        let free = volume.capacity.map_or(u64::MAX, |capacity| capacity.saturating_sub(volume.used()));
        let fits = usize::try_from(free).unwrap_or(usize::MAX);
        let (written, outcome) = match volume.trip(Call::Append) {
            Err(error) => ((bytes.len() / 2).min(fits), Err(error)),
            Ok(()) if fits < bytes.len() => (fits, Err(Fault::Enospc.error())),
            Ok(()) => (bytes.len(), Ok(())),
        };
        volume.tally.bytes_written += written as u64;
        let bytes = bytes.get(..written).unwrap_or_default().to_vec();
        volume.change(Change::Append { file: self.file, bytes });
        outcome
    }

    fn read_at(&self, offset: u64, into: &mut [u8]) -> io::Result<usize> {
        let mut volume = self.disk.volume();
        volume.trip(Call::Read)?;
        let body = volume.files.get(&self.file).ok_or(Errno::BADF)?;
        let from = usize::try_from(offset).unwrap_or(usize::MAX).min(body.bytes.len());
        let bytes = body.bytes.get(from..).unwrap_or_default();
        let read = bytes.len().min(into.len());
        if let (Some(to), Some(from)) = (into.get_mut(..read), bytes.get(..read)) {
            to.copy_from_slice(from);
        }
        volume.tally.bytes_read += read as u64;
        Ok(read)
    }

    fn truncate(&mut self, len: u64) -> io::Result<()> {
        let mut volume = self.disk.free_volume();
        volume.trip(Call::Append)?;
        let len = usize::try_from(len).unwrap_or(usize::MAX);
        volume.change(Change::Truncate { file: self.file, len });
        Ok(())
    }

    fn sync_data(&mut self) -> io::Result<()> {
        let mut volume = self.disk.free_volume();
        volume.tally.syncs += 1;
        volume.trip(Call::Sync)?;
        let file = self.file;
        let change = if volume.lying { Change::Claim { file } } else { Change::Sync { file } };
        volume.change(change);
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_power_cut_takes_what_was_not_synced() {
        let disk = FakeDisk::new();
        let mut file = disk.create("a").expect("created");
        file.append(b"kept").expect("written");
        file.sync_data().expect("synced");
        disk.sync_dir().expect("synced");
        file.append(b"lost").expect("written");
        disk.create("b").expect("created");
        let before = disk.copy();
        disk.cut_power();
        assert_eq!(disk.list().expect("listed"), ["a"]);
        assert_eq!(disk.contents("a").expect("there"), b"kept");
        assert_eq!(before.contents("a").expect("there"), b"keptlost");
    }

    #[test]
    fn a_power_cut_takes_any_part_of_what_was_not_synced() {
        let disk = FakeDisk::new();
        let mut file = disk.create("a").expect("created");
        file.append(&[1; 500]).expect("written");
        file.sync_data().expect("synced");
        disk.sync_dir().expect("synced");
        file.append(&[2; 1_000]).expect("written");
        disk.create("b").expect("created");
        let parts = disk.at_risk();
        let sector = |index| AtRisk::Sector { file: 0, index };
        assert_eq!(parts, [sector(0), sector(1), sector(2), AtRisk::Names { file: 1 }]);
        let cut = |kept: &[AtRisk]| {
            let cut = disk.copy();
            cut.cut_power_keeping(kept, 9);
            assert_eq!(cut.at_risk(), []);
            (cut.contents("a").expect("there"), cut.list().expect("listed").len())
        };
        assert_eq!(cut(&[]), (vec![1; 500], 1));
        let whole = [vec![1; 500], vec![2; 1_000]].concat();
        assert_eq!(cut(&parts), (whole, 2));
        let holed = [vec![1; 500], vec![2; 12], vec![9; 512], vec![2; 476]].concat();
        assert_eq!(cut(&[sector(0), sector(2)]), (holed, 1));
        assert_eq!(cut(&[sector(0)]).0.len(), 512, "what nothing behind was kept of is not there");
    }

    #[test]
    fn a_truncation_that_was_not_synced_comes_back() {
        let disk = FakeDisk::new();
        let mut file = disk.create("a").expect("created");
        file.append(b"kept").expect("written");
        file.sync_data().expect("synced");
        disk.sync_dir().expect("synced");
        file.truncate(1).expect("cut");
        disk.cut_power();
        assert_eq!(disk.contents("a").expect("there"), b"kept");
    }

    #[test]
    fn faults_come_when_planned_and_go_again() {
        let disk = FakeDisk::new();
        let mut file = disk.create("a").expect("created");
        disk.fail(Call::Append, 1, 1, Fault::Eio);
        file.append(b"one").expect("written");
        assert_eq!(file.append(b"two").expect_err("planned").raw_os_error(), Some(Errno::IO.raw_os_error()));
        file.append(b"3").expect("written");
        assert_eq!(disk.contents("a").expect("there"), b"onet3");
        disk.set_capacity(Some(7));
        assert_eq!(file.append(b"four").expect_err("full").kind(), io::ErrorKind::StorageFull);
        assert_eq!(disk.contents("a").expect("there"), b"onet3fo");
    }

    #[test]
    fn a_history_can_be_done_again_up_to_any_byte() {
        let disk = FakeDisk::new();
        disk.record();
        let mut file = disk.create("a").expect("created");
        file.append(b"hello").expect("written");
        let again = FakeDisk::new();
        let history = disk.history();
        again.redo(&history[0], None);
        again.redo(&history[1], Some(2));
        assert_eq!(again.contents("a").expect("there"), b"he");
    }
}
