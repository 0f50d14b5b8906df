//! The files of the tree, read once per check; a made-up tree for the checks' own tests.

use std::fs;
use std::path::Path;

/// Folders that are not part of the house: what is built, and what version control keeps.
const NOT_OURS: &[&str] = &["target", ".git", "fuzz/target", "fuzz/artifacts"];

/// Text files, sorted by path.
pub struct Tree {
    files: Vec<File>,
}

/// One file.
pub struct File {
    /// Path from the top, with `/`.
    pub path: String,
    /// Its text.
    pub text: String,
}

impl Tree {
    /// This repository. Files that are not text are left out.
    pub fn of_the_house() -> Tree {
        let mut files = Vec::new();
        walk(Path::new(env!("CARGO_MANIFEST_DIR")), "", &mut files);
        files.sort_by(|a, b| a.path.cmp(&b.path));
        assert!(files.iter().any(|file| file.path == "src/lib.rs"), "the tree is not where it was built");
        Tree { files }
    }

    /// A made-up one.
    #[cfg(test)]
    pub fn made_up(files: &[(&str, &str)]) -> Tree {
        let files = files.iter().map(|(path, text)| File { path: (*path).to_owned(), text: (*text).to_owned() });
        Tree { files: files.collect() }
    }

    /// Every file.
    pub fn all(&self) -> impl Iterator<Item = &File> {
        self.files.iter()
    }

    /// Every Rust file below a folder.
    pub fn rust<'a>(&'a self, below: &'a str) -> impl Iterator<Item = &'a File> {
        let is_rust = |file: &&File| Path::new(&file.path).extension().is_some_and(|ending| ending == "rs");
        self.files.iter().filter(move |file| file.path.starts_with(below)).filter(is_rust)
    }

    /// The file of that path.
    pub fn file(&self, path: &str) -> Option<&File> {
        self.files.iter().find(|file| file.path == path)
    }

    /// Whether a file or folder of that path is there.
    pub fn has(&self, path: &str) -> bool {
        let folder = format!("{path}/");
        self.files.iter().any(|file| file.path == path || file.path.starts_with(&folder))
    }
}

impl File {
    /// Its lines, counted from 1.
    pub fn lines(&self) -> impl Iterator<Item = (usize, &str)> {
        self.text.lines().enumerate().map(|(at, line)| (at + 1, line))
    }
}

fn walk(folder: &Path, name: &str, files: &mut Vec<File>) {
    let entries = fs::read_dir(folder).unwrap_or_else(|why| panic!("{}: {why}", folder.display()));
    for entry in entries {
        let entry = entry.expect("a folder that was opened can be read");
        let own = entry.file_name().to_string_lossy().into_owned();
        let path = if name.is_empty() { own.clone() } else { format!("{name}/{own}") };
        if NOT_OURS.contains(&path.as_str()) {
            continue;
        }
        if entry.path().is_dir() {
            walk(&entry.path(), &path, files);
        } else if let Ok(text) = fs::read_to_string(entry.path()) {
            files.push(File { path, text });
        }
    }
}
