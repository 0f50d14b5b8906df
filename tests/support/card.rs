//! Cards of the test's own: a small ext4 file system in a file, which can be filled and can break; and a disk in a mood, between the
//! program and its files.

use std::fs::{self, File};
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::Command;

use super::child::Guard;
use super::installed;

/// A file system of its own, mounted on a folder.
pub struct Card {
    image: PathBuf,
    folder: PathBuf,
    fillers: usize,
}

impl Card {
    /// Makes one of so many MiB and mounts it; none, with a word, where nobody may mount.
    pub fn insert(image: &Path, folder: &Path, mib: u64) -> Option<Card> {
        if !(installed("mkfs.ext4") && installed("mount")) {
            return None;
        }
        fs::create_dir_all(folder).expect("the folder can be made");
        File::create(image).and_then(|file| file.set_len(mib << 20)).expect("the image can be made");
        let card = Card { image: image.to_owned(), folder: folder.to_owned(), fillers: 0 };
        // No blocks are kept for root, as whom the test runs.
        Guard::run_to_end_in(Path::new("/"), "mkfs.ext4", ["-q", "-m", "0", text(image)]);
        card.put_back().then_some(card)
    }

    /// Mounts it, as after a reboot.
    pub fn put_back(&self) -> bool {
        let mounted = run("mount", &["-o", "loop,errors=remount-ro", text(&self.image), text(&self.folder)]);
        assert!(mounted || std::env::var("CI").as_deref() != Ok("true"), "a loop device must be there in CI");
        if !mounted {
            let _ = writeln!(std::io::stderr(), "skipped: a test wants to mount a file, which this user may not");
        }
        mounted
    }

    /// Takes it out, and lets the file system's own check see to it.
    pub fn take_out_and_check(&self) {
        assert!(run("umount", &[text(&self.folder)]), "nobody uses it");
        // 1 and 2 say that it was put right.
        let checked = Command::new("e2fsck").args(["-f", "-y", text(&self.image)]).env("PATH", path()).output();
        let code = checked.expect("e2fsck comes with mkfs.ext4").status.code();
        assert!(matches!(code, Some(0..=2)), "{code:?}");
    }

    /// Takes every block that is free.
    pub fn fill(&mut self) {
        self.fillers += 1;
        let mut filler = File::create(self.filler(self.fillers)).expect("a name is free");
        for piece in [1 << 20, 1 << 12] {
            while filler.write_all(&vec![0x5A; piece]).is_ok() {}
        }
        // What the file system had promised and not placed yet is placed.
        let _ = filler.sync_all();
    }

    /// Gives every block back that was taken.
    pub fn make_room(&mut self) {
        for number in 1..=std::mem::take(&mut self.fillers) {
            fs::remove_file(self.filler(number)).expect("a filler goes");
        }
    }

    /// Lets the file system find an error in itself: it turns read-only, as it does when the card reports one.
    pub fn break_it(&self) {
        let found = Command::new("findmnt").args(["-n", "-o", "SOURCE", text(&self.folder)]).output();
        let device = String::from_utf8(found.expect("findmnt comes with mount").stdout).expect("a name");
        let name = device.trim().trim_start_matches("/dev/");
        fs::write(format!("/sys/fs/ext4/{name}/trigger_fs_error"), "1").expect("the kernel lets itself be asked");
    }

    fn filler(&self, number: usize) -> PathBuf {
        self.folder.join(format!("filler-{number}"))
    }
}

impl Drop for Card {
    fn drop(&mut self) {
        // Whoever still uses it is ended soon; the loop device goes with the last of them.
        run("umount", &["-l", text(&self.folder)]);
    }
}

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

fn run(program: &str, arguments: &[&str]) -> bool {
    let output = Command::new(program).args(arguments).env("PATH", path()).output();
    output.is_ok_and(|output| output.status.success())
}

fn path() -> String {
    format!("{}:/usr/sbin:/sbin", std::env::var("PATH").unwrap_or_default())
}

fn text(path: &Path) -> &str {
    path.to_str().expect("a temporary folder has a plain name")
}
