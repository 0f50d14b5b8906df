//! Is the state index well? Asked in a child process, because damage in sled shows as panics, and here a panic ends
//! the process.
//!
//! What is not well is moved aside whole, never deleted and never looked at twice: `state.bad-1`, `state.bad-2`, …, the
//! last two are kept. And if the process keeps ending right after its start, the index goes aside without a look.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::time::Duration;

use super::{Index, MemoryIndex, SledIndex, StateError, Why};
use crate::limits::{STATE_BAD_KEPT, UNCLEAN_STARTS_MAX, UNCLEAN_WINDOW};

/// The hidden verb under which the program checks an index.
pub const CHECK_VERB: &str = "check-state";

/// What a check found.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    /// It can be opened.
    Well,
    /// It must be put aside.
    Bad(Why),
}

/// Opens the index and reads every tree through. May end the process: to be called in a child.
///
/// # Errors
/// [`StateError`] when anything cannot be read or does not fit together.
pub fn check_state(dir: &Path) -> Result<(), StateError> {
    SledIndex::open(dir)?.check()
}

/// Runs `EXE check-state DIR` and waits for it at most `deadline`.
pub fn check_in_child(exe: &Path, dir: &Path, deadline: Duration) -> Verdict {
    if !dir.exists() {
        return Verdict::Well;
    }
    let child = Command::new(exe)
        .arg(CHECK_VERB)
        .arg(dir)
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn();
    let Ok(mut child) = child else { return Verdict::Bad(Why::Damaged) };
    match wait(&mut child, deadline) {
        Some(status) if status.success() => Verdict::Well,
        Some(status) if status.code().is_some() => Verdict::Bad(Why::Damaged),
        Some(_) => Verdict::Bad(Why::Crashed),
        None => Verdict::Bad(Why::TimedOut),
    }
}

/// Waits for a child, and ends it at the deadline.
fn wait(child: &mut Child, deadline: Duration) -> Option<ExitStatus> {
    // The standard library has no wait with a deadline.
    const STEP: Duration = Duration::from_millis(2);
    let steps = deadline.as_millis() / STEP.as_millis();
    for _ in 0..steps {
        match child.try_wait() {
            Ok(Some(status)) => return Some(status),
            Ok(None) => std::thread::sleep(STEP),
            Err(_) => break,
        }
    }
    // Both only fail when the child is gone already.
    let _ = child.kill();
    let _ = child.wait();
    None
}

/// An index that is open, and why it is a new one if it is.
pub struct Checked {
    /// The index.
    pub index: Box<dyn Index>,
    /// Why the old one was put aside.
    pub aside: Option<Why>,
}

impl From<MemoryIndex> for Checked {
    fn from(index: MemoryIndex) -> Self {
        Checked { index: Box::new(index), aside: None }
    }
}

/// Checks the index, puts it aside if it is not well, and opens it or a new one. Where no index can be kept at all, the
/// one in memory does until the next start.
pub fn open_checked(exe: &Path, dir: &Path, starts: &Starts, deadline: Duration) -> Checked {
    let verdict = if starts.too_many() { Verdict::Bad(Why::UncleanStarts) } else { check_in_child(exe, dir, deadline) };
    let mut aside = None;
    if let Verdict::Bad(why) = verdict {
        aside = Some(why);
        put_aside(dir);
    }
    let index = SledIndex::open(dir).or_else(|error| {
        tracing::warn!(%error, "the state index cannot be opened and is put aside");
        aside = Some(Why::Damaged);
        put_aside(dir);
        SledIndex::open(dir)
    });
    match index {
        Ok(index) => Checked { index: Box::new(index), aside },
        Err(error) => {
            tracing::warn!(%error, "no state index can be kept; it lives in memory until the next start");
            Checked { index: Box::new(MemoryIndex::default()), aside: Some(Why::Damaged) }
        }
    }
}

/// Renames the directory to `….bad-N` and removes the oldest of such directories.
fn put_aside(dir: &Path) {
    let (Some(parent), Some(name)) = (dir.parent(), dir.file_name().and_then(|name| name.to_str())) else { return };
    let prefix = format!("{name}.bad-");
    let entries = fs::read_dir(parent).into_iter().flatten().flatten();
    let mut kept: Vec<u64> =
        entries.filter_map(|entry| entry.file_name().to_str()?.strip_prefix(&prefix)?.parse().ok()).collect();
    kept.sort_unstable();
    let next = kept.last().map_or(1, |last| last + 1);
    let of = |number: u64| parent.join(format!("{prefix}{number}"));
    if let Err(error) = fs::rename(dir, of(next)) {
        tracing::warn!(%error, "the damaged state index cannot be put aside");
        return;
    }
    for oldest in kept.iter().take((kept.len() + 1).saturating_sub(STATE_BAD_KEPT)) {
        if let Err(error) = fs::remove_dir_all(of(*oldest)) {
            tracing::warn!(%error, "an old damaged state index cannot be removed");
        }
    }
}

/// Starts that have not been followed by a clean end, or by five minutes of running: in a plain file, because nothing
/// else may be trusted when the process keeps ending.
#[derive(Debug)]
pub struct Starts {
    file: PathBuf,
    recent: usize,
}

impl Starts {
    /// Counts this start. `kernel_boot` names the boot, `boottime` is the time since. A disk that does not take the count
    /// is no reason not to start: what is known of earlier starts is used.
    #[must_use]
    pub fn begin(file: &Path, kernel_boot: &str, boottime: Duration) -> Starts {
        let text = fs::read_to_string(file).unwrap_or_default();
        let mut recent: Vec<String> =
            text.lines().filter(|line| is_recent(line, kernel_boot, boottime)).map(str::to_owned).collect();
        recent.push(format!("{kernel_boot} {}", boottime.as_millis()));
        // One more than matters is never needed.
        let surplus = recent.len().saturating_sub(UNCLEAN_STARTS_MAX);
        let kept = || {
            fs::write(file, recent[surplus..].join("\n") + "\n")?;
            fs::File::open(file)?.sync_all()
        };
        if let Err(error) = kept() {
            tracing::warn!(%error, "this start could not be counted");
        }
        Starts { file: file.to_owned(), recent: recent.len() }
    }

    /// Whether this is the third start or more within the window, none of which ended well.
    #[must_use]
    pub fn too_many(&self) -> bool {
        self.recent >= UNCLEAN_STARTS_MAX
    }

    /// The process ends as it should, or has run for longer than the window.
    ///
    /// # Errors
    /// When the file cannot be removed.
    pub fn end(&self) -> io::Result<()> {
        match fs::remove_file(&self.file) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
            _ => Ok(()),
        }
    }
}

/// A start of this boot within the window; or of another boot, when this boot is younger than the window: the box may
/// be restarting with the process.
fn is_recent(line: &str, kernel_boot: &str, boottime: Duration) -> bool {
    let Some((boot, at)) = line.split_once(' ') else { return false };
    let Ok(at) = at.parse().map(Duration::from_millis) else { return false };
    if boot == kernel_boot { boottime.saturating_sub(at) <= UNCLEAN_WINDOW } else { boottime <= UNCLEAN_WINDOW }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn starts(file: &Path, boot: &str, seconds: u64) -> Starts {
        Starts::begin(file, boot, Duration::from_secs(seconds))
    }

    #[test]
    fn the_third_unclean_start_within_five_minutes_is_one_too_many() {
        let dir = tempfile::tempdir().expect("a directory");
        let file = dir.path().join("starts");
        assert!(!starts(&file, "a", 10).too_many());
        assert!(!starts(&file, "a", 20).too_many());
        assert!(starts(&file, "a", 30).too_many());
        assert!(starts(&file, "a", 40).too_many());
        starts(&file, "a", 50).end().expect("removed");
        assert!(!starts(&file, "a", 60).too_many());
        assert!(!starts(&file, "a", 70).too_many());
        assert!(!starts(&file, "a", 1000).too_many(), "the others were long ago");
        // The box restarts with the process.
        assert!(!starts(&file, "b", 10).too_many());
        assert!(starts(&file, "c", 10).too_many());
    }

    #[test]
    fn a_disk_that_does_not_take_the_count_does_not_stop_the_start() {
        let dir = tempfile::tempdir().expect("a directory");
        assert!(!starts(dir.path(), "a", 10).too_many(), "a directory cannot be written as a file");
    }

    #[test]
    fn the_last_two_damaged_indexes_are_kept() {
        let dir = tempfile::tempdir().expect("a directory");
        let state = dir.path().join("state");
        for _ in 0..5 {
            fs::create_dir(&state).expect("made");
            put_aside(&state);
        }
        let mut names: Vec<_> =
            fs::read_dir(dir.path()).expect("listed").map(|e| e.expect("entry").file_name()).collect();
        names.sort();
        assert_eq!(names, ["state.bad-4", "state.bad-5"]);
    }
}
