//! The golden vectors, read once for all who try them.

use std::fs;
use std::path::{Path, PathBuf};

use shouwang::device::Format;
use shouwang::device::harness::Vector;

/// Where the project's own vectors lie.
pub fn directory() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/vectors")
}

/// Vector files of a directory by the name of their format.
pub fn files(directory: &Path) -> Vec<(String, PathBuf)> {
    let entries = fs::read_dir(directory).unwrap_or_else(|error| panic!("{}: {error}", directory.display()));
    let mut files: Vec<(String, PathBuf)> = entries
        .map(|entry| entry.expect("a readable entry").path())
        .filter(|path| path.extension().is_some_and(|extension| extension == "jsonl"))
        .map(|path| (path.file_stem().expect("a name").to_string_lossy().into_owned(), path))
        .collect();
    files.sort();
    files
}

/// The vectors of a file.
pub fn read(path: &Path) -> Vec<Vector> {
    let text = fs::read_to_string(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    text.lines()
        .filter(|line| !line.trim().is_empty())
        .map(|line| serde_json::from_str(line).unwrap_or_else(|error| panic!("{}: {error}: {line}", path.display())))
        .collect()
}

/// The vectors of a format.
pub fn of(format: &Format) -> Vec<Vector> {
    read(&directory().join(format!("{}.jsonl", format.name)))
}
