//! The clerk changes the village file on disk: read, changed, judged, the old version kept, and only then replaced.
//!
//! The station and the shell without a station use the same clerk; only the station has anything in force.

use std::io;
use std::path::PathBuf;

use jiff::Timestamp;
use jiff::tz::TimeZone;

use super::edit::{Edit, EditError, Edited};
use super::shelf::{self, Deed, Shelf, Staged, Version};
use super::{AddressBook, Village};
use crate::config::problem::Problems;
use crate::config::{self, Sound, Station};
use crate::core::effect::{VillageChange, VillageDeed};
use crate::core::id::{DeviceId, Slug};
use crate::core::roster::Roster;
use crate::core::time::Wall;

/// Why the village file stays as it is.
#[derive(Debug, thiserror::Error)]
pub enum ClerkError {
    /// The change itself.
    #[error(transparent)]
    Edit(#[from] EditError),
    /// The file as it stands is wrong.
    #[error("{0}")]
    Unsound(Problems),
    /// Somebody else changed the file meanwhile.
    #[error("the village file was changed by somebody else at this moment; try again")]
    Meanwhile,
    /// It cannot be written.
    #[error("{} cannot be written: {source}; may this user write to its folder?", path.display())]
    Write {
        /// The file or folder.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
}

impl ClerkError {
    /// Its word, for the sentence in Chinese; empty where the problems of the file have their own.
    #[must_use]
    pub const fn word(&self) -> &'static str {
        match self {
            ClerkError::Edit(edit) => edit.word(),
            ClerkError::Unsound(_) => "",
            ClerkError::Meanwhile => "changed_meanwhile",
            ClerkError::Write { .. } => "cannot_write",
        }
    }
}

/// Who changes something, and when.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Author {
    /// Who.
    pub by: Slug,
    /// When.
    pub at: Wall,
}

/// The clerk of one station.
#[derive(Debug, Clone)]
pub struct Clerk {
    station: Station,
    shelf: Shelf,
}

impl Clerk {
    /// The clerk of a station.
    #[must_use]
    pub fn of(station: Station) -> Self {
        let shelf = Shelf::of(&station.data_dir);
        Self { station, shelf }
    }

    /// Changes the file, which holds the new version when this returns. [`Clerk::note`] puts it on the shelf.
    ///
    /// # Errors
    /// [`ClerkError`]; the file is as it was then.
    pub fn edit(&self, edit: &Edit, author: Author) -> Result<Edited, ClerkError> {
        let (path, zone) = (&self.station.village_file, &self.station.zone);
        let unwritable = |source| ClerkError::Write { path: path.clone(), source };
        let _alone = shelf::alone_with(path).map_err(unwritable)?;
        let text = config::read(path).map_err(ClerkError::Unsound)?;
        let edited = edit.apply(&config::name_of(path), &text, &day(author.at, zone), &self.station)?;
        let no_shelf = |source| ClerkError::Write { path: self.station.data_dir.clone(), source };
        self.shelf.keep_found(&text, &stamp(author.at, zone), author.by).map_err(no_shelf)?;
        let staged = Staged::write(path, &edited.text).map_err(unwritable)?;
        // An editor may have saved the file in the same moment, and what it wrote is not to be lost.
        if config::read(path).ok().as_ref() != Some(&text) {
            return Err(ClerkError::Meanwhile);
        }
        staged.commit().map_err(unwritable)?;
        Ok(edited)
    }

    /// Reads the file as it stands.
    ///
    /// # Errors
    /// Everything that is wrong with it.
    pub fn read(&self) -> Result<(String, Sound<Village>), Problems> {
        let path = &self.station.village_file;
        let text = config::read(path)?;
        let village = Village::parse(&config::name_of(path), &text, Some(&self.station))?;
        Ok((text, village))
    }

    /// Puts a version on the shelf, with who did what.
    ///
    /// # Errors
    /// The shelf cannot be written.
    pub fn note(&self, text: &str, change: &VillageChange, at: Wall, in_force: bool) -> io::Result<()> {
        // The shelf has one history, which is written anew like the file.
        let _alone = shelf::alone_with(&self.station.village_file)?;
        let all = change.enrolled.iter().chain(&change.replaced).chain(&change.removed);
        let devices: Vec<DeviceId> = all.copied().collect();
        let at = stamp(at, &self.station.zone);
        self.shelf.keep(text, Deed { at, by: change.by, did: Some(change.did), devices, in_force }).map(drop)
    }

    /// The version that the station last had in force, and what it amounted to as far as it can still be read.
    #[must_use]
    pub fn last_in_force(&self) -> Option<(Version, Option<Village>)> {
        let (version, text) = self.shelf.last_in_force()?;
        let read = |text: String| Village::parse("", &text, Some(&self.station)).ok();
        Some((version, text.and_then(read).map(|sound| sound.value)))
    }

    /// The newest list on the shelf that was in force once and can be used with this configuration: what a station watches by
    /// when the file itself is refused at a start. A village with a list of yesterday is watched; one without a list is not.
    #[must_use]
    pub fn last_sound(&self) -> Option<(String, Sound<Village>)> {
        let name = config::name_of(&self.station.village_file);
        self.shelf.all_in_force().find_map(|text| {
            let village = Village::parse(&name, &text, Some(&self.station)).ok()?;
            Some((text, village))
        })
    }

    /// Who wrote a version, as far as the history says.
    #[must_use]
    pub fn author_of(&self, revision: &str) -> Option<Slug> {
        let history = self.shelf.history();
        history.iter().rev().find(|version| version.revision == revision).map(|version| version.by)
    }
}

/// What is different in another list.
#[must_use]
pub fn change(before: Option<(&Roster, &AddressBook)>, village: &Village, by: Slug, did: VillageDeed) -> VillageChange {
    let revision = village.revision.clone();
    let mut change =
        VillageChange { revision, by, did, enrolled: Vec::new(), replaced: Vec::new(), removed: Vec::new() };
    let Some((roster, addresses)) = before else { return change };
    let serves = |list: &Roster, id: &DeviceId| list.devices.get(id).is_some_and(|device| list.serves(device));
    let new = &village.roster;
    change.enrolled = new.devices.keys().copied().filter(|id| serves(new, id) && !serves(roster, id)).collect();
    change.removed = roster.devices.keys().copied().filter(|id| serves(roster, id) && !serves(new, id)).collect();
    change.replaced = village.addresses.replaced_since(addresses);
    change
}

/// A day, as TOML writes it.
fn day(at: Wall, zone: &TimeZone) -> String {
    let at = Timestamp::from_millisecond(at.0).unwrap_or_default().to_zoned(zone.clone());
    at.date().to_string()
}

/// A moment to the second, RFC 3339.
fn stamp(at: Wall, zone: &TimeZone) -> String {
    let at = Timestamp::from_millisecond(at.0).unwrap_or_default().to_zoned(zone.clone());
    at.strftime("%Y-%m-%dT%H:%M:%S%:z").to_string()
}

/// Whose name stands behind a change that a hand made in the file.
///
/// # Panics
/// Never: the name is a slug.
#[must_use]
pub fn by_hand() -> Slug {
    "hand".parse().expect("four letters are a slug")
}
