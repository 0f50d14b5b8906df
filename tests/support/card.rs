//! A card of a station: a small ext4 in a file, mounted over a loop device, that can be full, hang, go read-only or lose its power.
//!
//! The loop device writes around the page cache of what lies below (`--direct-io=on`), so that the file holds what the card was
//! truly given, and nothing that the kernel would have written later.

use std::fs::File;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use rustix::fs::{FallocateFlags, fallocate, statvfs};

/// A card in its slot.
pub struct Card {
    image: PathBuf,
    mount: PathBuf,
    device: Option<String>,
    is_held: bool,
}

/// Whether loop mounts can be made here, said once where they cannot. In CI they must.
pub fn can_mount() -> bool {
    let is_root = rustix::process::geteuid().is_root();
    let able = is_root && ["mkfs.ext4", "losetup", "mount", "fsfreeze"].iter().all(|tool| super::installed(tool));
    assert!(
        able || std::env::var("CI").as_deref() != Ok("true"),
        "loop mounts must work in CI: as root, with mount and e2fsprogs"
    );
    if !able {
        println!("skipped: loop mounts want root, mount and e2fsprogs");
    }
    able
}

impl Card {
    /// A fresh card of so many MiB, whose file is `image`, mounted at `mount`.
    pub fn insert(image: &Path, mount: &Path, mib: u64) -> Card {
        File::create(image).and_then(|file| file.set_len(mib << 20)).expect("the image can be made");
        // Without blocks for root: the station's user has none either. In blocks as large as any sector that a loop device may take.
        run("mkfs.ext4", &["-q", "-m", "0", "-b", "4096", "-F", text(image)]);
        std::fs::create_dir_all(mount).expect("a folder to mount on");
        let mut card = Card { image: image.to_owned(), mount: mount.to_owned(), device: None, is_held: false };
        card.push_in();
        card
    }

    /// A card that is there already, perhaps with a journal to be replayed.
    pub fn reinsert(image: &Path, mount: &Path) -> Card {
        std::fs::create_dir_all(mount).expect("a folder to mount on");
        let mut card = Card { image: image.to_owned(), mount: mount.to_owned(), device: None, is_held: false };
        card.push_in();
        card
    }

    /// Takes all the room that there is.
    pub fn fill(&self) {
        let filler = File::options().create(true).append(true).open(self.mount.join("filler"));
        let Ok(filler) = filler else { return };
        let mut length = filler.metadata().map_or(0, |about| about.len());
        let mut piece = free_bytes(&self.mount);
        while piece >= 4096 {
            match fallocate(&filler, FallocateFlags::empty(), length, piece) {
                Ok(()) => {
                    length += piece;
                    piece = piece.min(free_bytes(&self.mount));
                }
                Err(_) => piece /= 2,
            }
        }
    }

    /// Gives the room back.
    pub fn empty(&self) {
        let _ = std::fs::remove_file(self.mount.join("filler"));
    }

    /// From here on every write waits.
    pub fn hold(&mut self) {
        self.is_held = try_run("fsfreeze", &["--freeze", text(&self.mount)]);
    }

    /// Writes go on.
    pub fn let_go(&mut self) {
        if std::mem::take(&mut self.is_held) {
            run("fsfreeze", &["--unfreeze", text(&self.mount)]);
        }
    }

    /// The file system finds an error in itself and is read-only from here on, whoever has files open on it. Only
    /// [`Card::repair`] helps, and a start: that is how a worn card goes.
    pub fn go_read_only(&self) {
        run("mount", &["-o", "remount,abort", text(&self.mount)]);
    }

    /// Takes it out, repairs it and puts it back. Nobody may have a file open on it.
    pub fn repair(&mut self) {
        self.take_out();
        // 1: errors were corrected.
        let repaired = Command::new("e2fsck").args(["-p", text(&self.image)]).output().expect("e2fsck runs");
        assert!(repaired.status.code().is_some_and(|code| code <= 1), "e2fsck: {}", said(&repaired));
        self.push_in();
    }

    fn push_in(&mut self) {
        let made = Command::new("losetup").args(["--find", "--show", "--direct-io=on", text(&self.image)]).output();
        let made = made.expect("losetup runs");
        assert!(made.status.success(), "losetup: {}", said(&made));
        let device = String::from_utf8_lossy(&made.stdout).trim().to_owned();
        run("mount", &[self.device.insert(device), text(&self.mount)]);
    }

    /// Takes it out.
    pub fn take_out(&mut self) {
        self.let_go();
        if let Some(device) = self.device.take() {
            run("umount", &[text(&self.mount)]);
            run("losetup", &["--detach", &device]);
        }
    }

    /// The file behind it.
    pub fn image(&self) -> &Path {
        &self.image
    }
}

impl Drop for Card {
    fn drop(&mut self) {
        self.let_go();
        if let Some(device) = self.device.take() {
            // Lazily: a process that a failing test leaves behind ends only after this.
            try_run("umount", &["--lazy", text(&self.mount)]);
            try_run("losetup", &["--detach", &device]);
        }
    }
}

fn free_bytes(path: &Path) -> u64 {
    statvfs(path).map_or(0, |about| about.f_bavail * about.f_frsize)
}

/// Runs a tool that must succeed.
pub fn run(tool: &str, arguments: &[&str]) {
    let output = Command::new(tool).args(arguments).output().expect("the tool starts");
    assert!(output.status.success(), "{tool} {arguments:?}: {}", said(&output));
}

/// Runs a tool; whether it succeeded.
pub fn try_run(tool: &str, arguments: &[&str]) -> bool {
    Command::new(tool).args(arguments).output().is_ok_and(|output| output.status.success())
}

fn said(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).trim().to_owned()
}

fn text(path: &Path) -> &str {
    path.to_str().expect("the temporary folder has a plain name")
}
