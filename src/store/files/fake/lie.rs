//! A card that lies: it says that a sync is done and has the bytes in its own memory only, as cheap cards do.

use std::sync::Arc;

use super::FakeDisk;
use super::volume::Volume;

impl FakeDisk {
    /// From here on every sync is said to be done, and nothing becomes durable; or the disk owns up, and what it had said becomes true.
    pub fn lie(&self, lies: bool) {
        let mut volume = self.volume();
        volume.lying = lies;
        if !lies {
            volume.own_up();
        }
    }

    /// Whether something that was said to be durable is not.
    #[must_use]
    pub fn owes(&self) -> bool {
        let volume = self.volume();
        volume.claimed_names.is_some() || volume.files.values().any(|body| body.claimed > body.synced)
    }

    /// The disk as it would be if it had never lied.
    #[must_use]
    pub fn honest(&self) -> FakeDisk {
        let copy = self.copy();
        copy.volume().own_up();
        copy
    }
}

impl Volume {
    /// A file's bytes are said to be durable.
    pub(super) fn claim(&mut self, file: u64) {
        if let Some(body) = self.body_mut(file) {
            body.claimed = body.bytes.len();
        }
    }

    /// Names are said to be durable.
    pub(super) fn claim_names(&mut self) {
        if self.names != self.durable_names {
            self.claimed_names = Some(self.names.clone());
        }
    }

    fn own_up(&mut self) {
        for body in self.files.values_mut().filter(|body| body.claimed > body.synced) {
            let body = Arc::make_mut(body);
            body.synced = body.claimed.min(body.bytes.len());
            body.hidden.clear();
        }
        if let Some(claimed) = self.claimed_names.take() {
            self.durable_names = claimed;
        }
        self.sweep();
    }
}

#[cfg(test)]
mod tests {
    use super::super::super::Files;
    use super::*;

    #[test]
    fn what_a_lying_disk_said_is_lost_with_the_power_and_kept_when_it_owns_up() {
        let disk = FakeDisk::new();
        let mut file = disk.create("a").expect("created");
        file.append(b"true").expect("written");
        file.sync_data().expect("synced");
        disk.sync_dir().expect("synced");
        disk.lie(true);
        file.append(b"lie").expect("written");
        file.sync_data().expect("said to be synced");
        disk.create("b").expect("created");
        disk.sync_dir().expect("said to be synced");
        file.append(b"more").expect("written");
        assert!(disk.owes());
        let (honest, betrayed) = (disk.honest(), disk.copy());
        honest.cut_power();
        assert_eq!(
            (honest.contents("a").expect("there"), honest.list().expect("listed").len()),
            (b"truelie".to_vec(), 2)
        );
        betrayed.cut_power();
        assert_eq!(
            (betrayed.contents("a").expect("there"), betrayed.list().expect("listed").len()),
            (b"true".to_vec(), 1)
        );
        assert!(!betrayed.owes());
        disk.lie(false);
        assert!(!disk.owes());
        disk.cut_power();
        assert_eq!(disk.contents("a").expect("there"), b"truelie");
    }
}
