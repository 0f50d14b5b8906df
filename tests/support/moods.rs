//! A disk in a mood, between the program and its files: slow, or refusing to write.

use std::fs;
use std::path::{Path, PathBuf};

use super::child::Guard;
use super::installed;

/// A disk in a mood: what stands between the program and its files.
pub struct Moods {
    library: PathBuf,
    mood: PathBuf,
    folder: PathBuf,
}

impl Moods {
    /// Makes it for the files below a folder; none, with a word, where nothing can be compiled.
    pub fn make(beside: &Path, folder: &Path) -> Option<Moods> {
        if !installed("cc") {
            return None;
        }
        let (source, library) = (beside.join("moods.c"), beside.join("moods.so"));
        fs::write(&source, include_str!("moods.c")).expect("written");
        Guard::run_to_end_in(beside, "cc", ["-shared", "-fPIC", "-O1", "-o", text(&library), text(&source), "-ldl"]);
        let moods = Moods { library, mood: beside.join("mood"), folder: folder.to_owned() };
        moods.is("well");
        Some(moods)
    }

    /// Sets the mood: `well`, `slow N` in milliseconds, `read-only`.
    pub fn is(&self, mood: &str) {
        let fresh = self.mood.with_extension("new");
        fs::write(&fresh, mood).and_then(|()| fs::rename(&fresh, &self.mood)).expect("written");
    }

    /// What a program's environment needs to meet it.
    pub fn environment(&self) -> Vec<String> {
        [("LD_PRELOAD", &self.library), ("DISK_MOOD", &self.mood), ("DISK_FOLDER", &self.folder)]
            .map(|(name, value)| format!("{name}={}", value.display()))
            .to_vec()
    }
}

fn text(path: &Path) -> &str {
    path.to_str().expect("a temporary folder has a plain name")
}
