//! Which machine this is, as far as it can say: a card that was copied or moved to another one is found out at the start there.
//!
//! A name that the hardware has tells two boards with copies of one card apart, and it stays through every boot. Only a machine without
//! one goes by the installation's name, which tells a data folder that was copied to another installation apart; an image that makes that
//! name anew at every boot would otherwise end the sequence at every boot. What is told is a digest, because the installation's name is
//! not to leave the machine. Source: machine-id(5), which asks for exactly that.

use std::path::Path;

use sha2::{Digest as _, Sha256};

use crate::core::log_head::Link;

/// Where names stand that everybody may read; the first that says something counts. Source: the kernel's device tree on boards (a
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
fn of(mut names: impl Iterator<Item = Vec<u8>>) -> Option<String> {
    let name = names.find(|name| says_something(name))?;
    let name = name.trim_ascii();
    let mut digest = Sha256::new();
    digest.update(b"shouwang machine 1");
    digest.update((name.len() as u64).to_le_bytes());
    digest.update(name);
    let mut digits = Link(digest.finalize().into()).to_string();
    digits.truncate(DIGITS);
    Some(digits)
}

/// A serial number of zeros is a board's whose maker gave it none.
fn says_something(name: &[u8]) -> bool {
    name.iter().any(|byte| byte.is_ascii_graphic() && *byte != b'0')
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
    fn machines_are_told_apart_by_the_boards_name_and_only_without_one_by_the_installations() {
        let of = |names: &[&str]| of(names.iter().map(|name| name.as_bytes().to_vec()));
        let (board, made, made_anew) =
            ("10000000a1b2c3d4\0", "0123456789abcdef0123456789abcdef\n", "fedcba9876543210fedcba9876543210\n");
        let one = of(&[board, made]);
        assert_eq!(one.as_ref().map(String::len), Some(DIGITS));
        assert_ne!(one, of(&["10000000ffffffff\0", made]));
        assert_eq!(one, of(&[board, made_anew]), "a name that is made at every boot ends no sequence");
        assert_ne!(of(&[made]), of(&[made_anew]));
        assert_eq!(of(&["0000000000000000\0", made]), of(&[made]));
        assert_eq!(of(&["", "\n"]), None);
        assert!(is_another(Some("a"), Some("b")));
        assert!(!is_another(None, Some("b")) && !is_another(Some("a"), None) && !is_another(Some("a"), Some("a")));
    }
}
