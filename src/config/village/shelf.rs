//! The village file on disk: replaced whole or not at all, and every version that was in force kept with its number.
//!
//! ```text
//!  DATA_DIR/village.d/0001.toml      a version of the file, mode 600
//!  DATA_DIR/village.d/history.jsonl  a line a version: number, revision, when, who, what, which devices
//! ```
//!
//! Snapshots hold names, so they lie in one folder of the data directory, which nobody but the service may enter and which
//! whoever must forget a person goes through (CARE-RULES 29). The history says which version the station last had in force:
//! by that a start knows what was changed while it was away.

use std::fs::{self, DirBuilder, File, OpenOptions};
use std::io::{self, Read as _, Write as _};
use std::os::unix::fs::{
    DirBuilderExt as _, MetadataExt as _, OpenOptionsExt as _, PermissionsExt as _, chown, fchown,
};
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use super::revision_of;
use crate::core::effect::VillageDeed;
use crate::core::id::{DeviceId, Slug};
use crate::limits::{CONFIG_BYTES_MAX, VILLAGE_HISTORY_BYTES_MAX, VILLAGE_SNAPSHOTS_MAX};

/// Name of the folder in the data directory.
const FOLDER: &str = "village.d";
const HISTORY: &str = "history.jsonl";

/// One version of the village file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Version {
    /// Its snapshot's number.
    pub number: u32,
    /// Its revision.
    pub revision: String,
    /// When it was written or taken over, RFC 3339.
    pub at: String,
    /// Who.
    pub by: Slug,
    /// What was done; none for a version that was found in the place of a known one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub did: Option<VillageDeed>,
    /// The devices concerned.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub devices: Vec<DeviceId>,
    /// The station has taken it over.
    pub in_force: bool,
}

/// Who did what to a version when.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Deed {
    /// When, RFC 3339.
    pub at: String,
    /// Who.
    pub by: Slug,
    /// What.
    pub did: Option<VillageDeed>,
    /// The devices concerned.
    pub devices: Vec<DeviceId>,
    /// The station has taken it over.
    pub in_force: bool,
}

/// The folder of snapshots.
#[derive(Debug, Clone)]
pub struct Shelf {
    folder: PathBuf,
}

impl Shelf {
    /// The shelf of a data directory; its folder is made when the first snapshot is kept.
    #[must_use]
    pub fn of(data_dir: &Path) -> Self {
        Self { folder: data_dir.join(FOLDER) }
    }

    /// All versions of the history, oldest first; lines that cannot be read are left out.
    #[must_use]
    pub fn history(&self) -> Vec<Version> {
        let text = read_within(&self.folder.join(HISTORY), VILLAGE_HISTORY_BYTES_MAX).unwrap_or_default();
        text.lines().filter_map(|line| serde_json::from_str(line).ok()).collect()
    }

    /// The version that the station last had in force, with its text while its snapshot is there.
    #[must_use]
    pub fn last_in_force(&self) -> Option<(Version, Option<String>)> {
        let version = self.history().into_iter().rev().find(|version| version.in_force)?;
        let text = read_within(&self.path(version.number), CONFIG_BYTES_MAX).ok();
        let text = text.filter(|text| revision_of(text) == version.revision);
        Some((version, text))
    }

    /// The versions that were in force, newest first, whose snapshots are still there as they were.
    pub fn all_in_force(&self) -> impl Iterator<Item = String> + use<> {
        let shelf = self.clone();
        let versions = self.history().into_iter().rev().filter(|version| version.in_force);
        versions.filter_map(move |version| {
            let text = read_within(&shelf.path(version.number), CONFIG_BYTES_MAX).ok();
            text.filter(|text| revision_of(text) == version.revision)
        })
    }

    /// Keeps a version under the next number; the newest one again is only a line of history more.
    ///
    /// # Errors
    /// The folder cannot be written.
    pub fn keep(&self, text: &str, deed: Deed) -> io::Result<u32> {
        self.make()?;
        let mut history = self.history();
        let revision = revision_of(text);
        let newest = history.last();
        let number = match newest {
            Some(newest) if newest.revision == revision && self.path(newest.number).exists() => newest.number,
            _ => self.numbers()?.last().copied().max(newest.map(|newest| newest.number)).unwrap_or(0) + 1,
        };
        if !self.path(number).exists() {
            Staged::write(&self.path(number), text)?.commit()?;
        }
        let Deed { at, by, did, devices, in_force } = deed;
        history.push(Version { number, revision, at, by, did, devices, in_force });
        self.forget_oldest(&mut history)?;
        let mut lines = String::new();
        for version in &history {
            lines.push_str(&serde_json::to_string(version)?);
            lines.push('\n');
        }
        Staged::write(&self.folder.join(HISTORY), &lines)?.commit()?;
        Ok(number)
    }

    /// Keeps the version that stands in the file now, unless it is the newest that is known: somebody edited it by hand.
    ///
    /// # Errors
    /// The folder cannot be written.
    pub fn keep_found(&self, text: &str, at: &str, by: Slug) -> io::Result<()> {
        let revision = revision_of(text);
        if self.history().last().is_some_and(|newest| newest.revision == revision) {
            return Ok(());
        }
        let deed = Deed { at: at.to_owned(), by, did: None, devices: Vec::new(), in_force: false };
        self.keep(text, deed).map(drop)
    }

    fn forget_oldest(&self, history: &mut Vec<Version>) -> io::Result<()> {
        let numbers = self.numbers()?;
        let surplus = numbers.len().saturating_sub(VILLAGE_SNAPSHOTS_MAX);
        // What was last in force is what the next start compares with.
        let in_force = history.iter().rev().find(|version| version.in_force).map(|version| version.number);
        for number in numbers.into_iter().take(surplus).filter(|number| Some(*number) != in_force) {
            fs::remove_file(self.path(number))?;
            history.retain(|version| version.number != number);
        }
        // One number may have many lines: taken over, left, taken over again.
        let surplus = history.len().saturating_sub(4 * VILLAGE_SNAPSHOTS_MAX);
        history.drain(..surplus);
        Ok(())
    }

    /// The numbers of the snapshots, ascending.
    fn numbers(&self) -> io::Result<Vec<u32>> {
        let mut numbers = Vec::new();
        for entry in fs::read_dir(&self.folder)? {
            let name = entry?.file_name();
            numbers.extend(name.to_str().and_then(|name| name.strip_suffix(".toml")?.parse::<u32>().ok()));
        }
        numbers.sort_unstable();
        Ok(numbers)
    }

    fn path(&self, number: u32) -> PathBuf {
        self.folder.join(format!("{number:04}.toml"))
    }

    /// The folder belongs to whom the data directory belongs, whoever makes it. Before the first start there may be none yet.
    fn make(&self) -> io::Result<()> {
        if self.folder.is_dir() {
            return Ok(());
        }
        DirBuilder::new().recursive(true).mode(0o700).create(&self.folder)?;
        let parent = fs::metadata(self.folder.parent().unwrap_or(Path::new(".")))?;
        give_to(&parent, &self.folder)
    }
}

/// Waits until nobody else edits this file, and keeps others from it until what is returned is dropped: two who edit at once
/// would write the same new version beside it, and one's edit would be lost.
///
/// # Errors
/// Its folder cannot be opened.
pub fn alone_with(target: &Path) -> io::Result<File> {
    let target = fs::canonicalize(target)?;
    let folder = File::open(target.parent().unwrap_or(Path::new("/")))?;
    folder.lock()?;
    Ok(folder)
}

/// A new version of a file, wholly on disk beside it, and not in its place yet. Dropped, it is gone.
#[derive(Debug)]
pub struct Staged {
    beside: PathBuf,
    target: PathBuf,
}

impl Staged {
    /// Writes the new version of `target` beside it. It gets the mode and owner of the file that it replaces; a file that is
    /// new gets mode 600 and the owner of its folder.
    ///
    /// # Errors
    /// The folder cannot be written.
    pub fn write(target: &Path, text: &str) -> io::Result<Self> {
        // A link stays, and the file behind it is replaced.
        let target = fs::canonicalize(target).unwrap_or_else(|_| target.to_owned());
        let mut name = std::ffi::OsString::from(".");
        name.push(target.file_name().unwrap_or_default());
        name.push(".new");
        let beside = target.with_file_name(name);
        // What a crash left behind is nobody's.
        match fs::remove_file(&beside) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
            _ => {}
        }
        let staged = Self { beside, target };
        let mut file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(&staged.beside)?;
        file.write_all(text.as_bytes())?;
        staged.dress(&file)?;
        file.sync_all()?;
        Ok(staged)
    }

    /// Puts it in the place of the old version: after a power cut one of the two is there, whole.
    ///
    /// # Errors
    /// The folder cannot be written; the old version is in its place then.
    pub fn commit(self) -> io::Result<()> {
        fs::rename(&self.beside, &self.target)?;
        File::open(self.target.parent().unwrap_or(Path::new(".")))?.sync_all()
    }

    fn dress(&self, file: &File) -> io::Result<()> {
        match fs::metadata(&self.target) {
            Ok(old) => {
                let mine = file.metadata()?;
                if (mine.uid(), mine.gid()) != (old.uid(), old.gid()) {
                    fchown(file, Some(old.uid()), Some(old.gid()))?;
                }
                file.set_permissions(fs::Permissions::from_mode(old.mode() & 0o7777))
            }
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                let folder = fs::metadata(self.target.parent().unwrap_or(Path::new(".")))?;
                give_to(&folder, &self.beside)
            }
            Err(error) => Err(error),
        }
    }
}

impl Drop for Staged {
    fn drop(&mut self) {
        // After a commit there is nothing of this name.
        let _ = fs::remove_file(&self.beside);
    }
}

fn give_to(owner: &fs::Metadata, path: &Path) -> io::Result<()> {
    let mine = fs::metadata(path)?;
    if (mine.uid(), mine.gid()) == (owner.uid(), owner.gid()) {
        return Ok(());
    }
    chown(path, Some(owner.uid()), Some(owner.gid()))
}

fn read_within(path: &Path, bytes_max: u64) -> io::Result<String> {
    let mut text = String::new();
    File::open(path)?.take(bytes_max + 1).read_to_string(&mut text)?;
    if text.len() as u64 > bytes_max { Err(io::ErrorKind::FileTooLarge.into()) } else { Ok(text) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn deed(in_force: bool) -> Deed {
        let at = "2026-03-01T08:00:00+08:00".to_owned();
        Deed { at, by: "p01".parse().expect("id"), did: Some(VillageDeed::Enrol), devices: Vec::new(), in_force }
    }

    #[test]
    fn a_crash_between_writing_and_renaming_leaves_the_old_file_and_nothing_in_the_way() {
        let folder = tempfile::tempdir().expect("a folder");
        let file = folder.path().join("village.toml");
        fs::write(&file, "old").expect("writes");
        // A crash runs no destructor: what was staged lies there.
        std::mem::forget(Staged::write(&file, "half").expect("stages"));
        assert_eq!(fs::read_to_string(&file).expect("reads"), "old");
        assert_eq!(fs::read_dir(folder.path()).expect("lists").count(), 2);
        Staged::write(&file, "new").expect("stages over it").commit().expect("commits");
        assert_eq!(fs::read_to_string(&file).expect("reads"), "new");
        assert_eq!(fs::read_dir(folder.path()).expect("lists").count(), 1);
    }

    #[test]
    fn a_replaced_file_keeps_its_mode_and_a_link_to_it_stays_a_link() {
        let folder = tempfile::tempdir().expect("a folder");
        let (file, link) = (folder.path().join("real.toml"), folder.path().join("village.toml"));
        fs::write(&file, "old").expect("writes");
        fs::set_permissions(&file, fs::Permissions::from_mode(0o640)).expect("sets");
        std::os::unix::fs::symlink(&file, &link).expect("links");
        Staged::write(&link, "new").expect("stages").commit().expect("commits");
        assert!(fs::symlink_metadata(&link).expect("looks").is_symlink());
        assert_eq!(fs::read_to_string(&file).expect("reads"), "new");
        assert_eq!(fs::metadata(&file).expect("looks").mode() & 0o777, 0o640);
    }

    #[test]
    fn every_version_is_kept_once_with_who_and_what_and_closed_to_others() {
        let data = tempfile::tempdir().expect("a folder");
        let shelf = Shelf::of(&data.path().join("not-there-yet"));
        assert_eq!(shelf.last_in_force(), None);
        assert_eq!(shelf.keep("one", deed(true)).expect("keeps"), 1);
        assert_eq!(shelf.keep("one", deed(true)).expect("keeps"), 1);
        assert_eq!(shelf.keep("two", deed(false)).expect("keeps"), 2);
        shelf.keep_found("two", "2026-03-02T08:00:00+08:00", "p02".parse().expect("id")).expect("keeps");
        assert_eq!(shelf.history().len(), 3, "a version that is known is not found again");
        shelf.keep_found("three", "2026-03-02T08:00:00+08:00", "p02".parse().expect("id")).expect("keeps");
        let numbers: Vec<u32> = shelf.history().iter().map(|version| version.number).collect();
        assert_eq!(numbers, [1, 1, 2, 3]);
        let (version, text) = shelf.last_in_force().expect("one was");
        assert_eq!((version.number, text.as_deref()), (1, Some("one")));
        for path in [shelf.path(1), shelf.folder.join(HISTORY), shelf.folder.clone()] {
            assert_eq!(fs::metadata(&path).expect("looks").mode() & 0o077, 0, "{}", path.display());
        }
    }

    #[test]
    fn the_shelf_is_bounded_and_never_loses_what_is_in_force() {
        let data = tempfile::tempdir().expect("a folder");
        let shelf = Shelf::of(data.path());
        shelf.keep("in force", deed(true)).expect("keeps");
        for n in 0..VILLAGE_SNAPSHOTS_MAX + 3 {
            shelf.keep(&format!("version {n}"), deed(false)).expect("keeps");
        }
        assert!(shelf.numbers().expect("lists").len() <= VILLAGE_SNAPSHOTS_MAX + 1);
        assert_eq!(shelf.last_in_force().and_then(|(_, text)| text).as_deref(), Some("in force"));
    }
}
