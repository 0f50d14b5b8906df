//! A telephone that its owner has proven (CARE-RULES 20): the day, and a check of whose number it was.
//!
//! ```text
//! proven = "2026-11-22 5f0c1d2e"
//! ```
//!
//! The check ties the proof to the person and to the number as it stands: whoever writes another number into the file, by hand too,
//! has an unproven one.

use jiff::civil::Date;
use sha2::{Digest, Sha256};

use crate::core::id::ResponderId;
use crate::private::Private;

/// The text that says that this number was proven on that day.
#[must_use]
pub fn write(who: ResponderId, phone: &Private<String>, on: Date) -> String {
    format!("{on} {}", check(who, phone))
}

/// Whether a text proves this person's number.
#[must_use]
pub fn holds(who: ResponderId, phone: &Private<String>, proven: &str) -> bool {
    let Some((day, check)) = proven.split_once(' ') else { return false };
    day.parse::<Date>().is_ok() && check == self::check(who, phone)
}

/// The first 8 hex digits of a hash over both.
fn check(who: ResponderId, phone: &Private<String>) -> String {
    let mut hash = Sha256::new();
    hash.update(who.as_str());
    hash.update([0]);
    hash.update(phone.reveal());
    let first = hash.finalize().iter().take(4).fold(0, |number: u32, byte| number << 8 | u32::from(*byte));
    format!("{first:08x}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_proof_is_of_one_person_and_one_number() {
        let who = |name: &str| name.parse::<ResponderId>().expect("an id");
        let phone = |number: &str| Private::new(number.to_owned());
        let day = "2026-11-22".parse().expect("a day");
        let proof = write(who("p01"), &phone("13800000001"), day);
        assert!(proof.starts_with("2026-11-22 ") && !proof.contains("1380000"));
        assert!(holds(who("p01"), &phone("13800000001"), &proof));
        assert!(!holds(who("p02"), &phone("13800000001"), &proof));
        assert!(!holds(who("p01"), &phone("13800000002"), &proof));
        for broken in ["", "2026-11-22", "yesterday 12345678", "2026-11-22 00000000"] {
            assert!(!holds(who("p01"), &phone("13800000001"), broken), "{broken}");
        }
    }
}
