//! Which machine this is, as far as it can say: a card that was copied or moved to another one is found out at the start there.
//!
//! A name that the hardware has tells two boards with copies of one card apart; the installation's name tells a data folder that was
//! copied to another installation apart. Both together are told in a digest, because the second is not to leave the machine. Source:
//! machine-id(5), which asks for exactly that.

use std::path::Path;

use sha2::{Digest as _, Sha256};

use crate::core::log_head::Link;

/// Where names stand that everybody may read; of those that are there, all count. Source: the kernel's device tree on boards (a
/// Raspberry Pi's serial number), machine-id(5).
const NAMES: [&str; 2] = ["/proc/device-tree/serial-number", "/etc/machine-id"];

/// So many hex digits tell machines apart. judgement: 64 bits, and no more of a secret than needed.
const DIGITS: usize = 16;

/// This machine; none when it has no name of its own.
#[must_use]
pub fn this() -> Option<String> {
    of(NAMES.iter().filter_map(|name| std::fs::read(Path::new(name)).ok()))
}

/// The machine of these names.
fn of(names: impl Iterator<Item = Vec<u8>>) -> Option<String> {
    let mut digest = Sha256::new();
    digest.update(b"shouwang machine 1");
    let mut is_named = false;
    for name in names {
        let name = name.trim_ascii();
        is_named |= !name.is_empty();
        digest.update((name.len() as u64).to_le_bytes());
        digest.update(name);
    }
    let mut digits = Link(digest.finalize().into()).to_string();
    digits.truncate(DIGITS);
    is_named.then_some(digits)
}

/// Whether the data were last used on another machine. What either does not know is not held against it.
#[must_use]
pub fn is_another(before: Option<&str>, this: Option<&str>) -> bool {
    matches!((before, this), (Some(before), Some(this)) if before != this)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn machines_are_told_apart_by_either_name_and_a_machine_without_one_says_nothing() {
        let of = |names: &[&str]| of(names.iter().map(|name| name.as_bytes().to_vec()));
        let one = of(&["10000000a1b2c3d4\0", "0123456789abcdef0123456789abcdef\n"]);
        assert_eq!(one.as_ref().map(String::len), Some(DIGITS));
        assert_ne!(one, of(&["10000000ffffffff\0", "0123456789abcdef0123456789abcdef\n"]));
        assert_ne!(one, of(&["10000000a1b2c3d4\0", "fedcba9876543210fedcba9876543210\n"]));
        assert_eq!(of(&["", "\n"]), None);
        assert!(is_another(Some("a"), Some("b")));
        assert!(!is_another(None, Some("b")) && !is_another(Some("a"), None) && !is_another(Some("a"), Some("a")));
    }
}
