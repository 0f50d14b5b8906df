//! The code by which people prove that a telephone is theirs (CARE-RULES 20): pure.
//!
//! ```text
//! begin ── four digits, by text to that number ──▶ the owner reads them aloud ──▶ check
//! ```
//!
//! Constraints:
//! - A code is for one person and for the number as it stood when it was sent; it lives in memory, for [`PROOF_TIME`].
//! - [`PROOF_TRIES`] wrong tries end it, so that it cannot be guessed.

use std::collections::BTreeMap;

use crate::core::id::ResponderId;
use crate::core::time::Mono;
use crate::limits::duty::{PROOF_TIME, PROOF_TRIES, PROOFS_MAX};
use crate::private::Private;

/// Four digits.
const CODES: u64 = 10_000;

/// Codes that were sent and not read back yet.
#[derive(Debug, Default)]
pub struct Proving {
    pending: BTreeMap<ResponderId, Pending>,
}

#[derive(Debug)]
struct Pending {
    phone: Private<String>,
    code: Private<String>,
    until: Mono,
    wrong: u8,
}

/// What a code that was read back is worth.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    /// It is the one that was sent.
    Right,
    /// It is another; so many tries are left.
    Wrong(u8),
    /// No code is out for this person and number, or it has ended.
    NoCode,
}

impl Proving {
    /// A code for somebody's number, made of `random`; one that was out for them counts no more.
    pub fn begin(&mut self, now: Mono, who: ResponderId, phone: Private<String>, random: u64) -> Private<String> {
        self.pending.retain(|_, pending| pending.until > now);
        if self.pending.len() >= PROOFS_MAX && !self.pending.contains_key(&who) {
            let oldest = self.pending.iter().min_by_key(|(_, pending)| pending.until).map(|(who, _)| *who);
            oldest.and_then(|who| self.pending.remove(&who));
        }
        let code = Private::new(format!("{:04}", random % CODES));
        let pending = Pending { phone, code: code.clone(), until: now + PROOF_TIME, wrong: 0 };
        self.pending.insert(who, pending);
        code
    }

    /// What `said` is worth, for the number that they have at this moment.
    pub fn check(&mut self, now: Mono, who: ResponderId, phone: Option<&Private<String>>, said: &str) -> Verdict {
        let Some(pending) = self.pending.get_mut(&who) else { return Verdict::NoCode };
        if pending.until <= now || phone != Some(&pending.phone) {
            self.pending.remove(&who);
            return Verdict::NoCode;
        }
        if said.trim() == pending.code.reveal() {
            return Verdict::Right;
        }
        pending.wrong += 1;
        let left = PROOF_TRIES.saturating_sub(pending.wrong);
        if left == 0 {
            self.pending.remove(&who);
        }
        Verdict::Wrong(left)
    }

    /// It is written down, and the code counts no more.
    pub fn done(&mut self, who: ResponderId) {
        self.pending.remove(&who);
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    const NOW: Mono = Mono(1_000);

    fn who(name: &str) -> ResponderId {
        name.parse().expect("an id")
    }

    fn phone(number: &str) -> Private<String> {
        Private::new(number.to_owned())
    }

    #[test]
    fn rule_20_a_code_counts_for_the_person_and_the_number_to_which_it_went() {
        let (mut proving, p01, number) = (Proving::default(), who("p01"), phone("00000000001"));
        let code = proving.begin(NOW, p01, number.clone(), 120_042);
        assert_eq!(code.reveal(), "0042");
        assert_eq!(proving.check(NOW, who("p02"), Some(&number), "0042"), Verdict::NoCode);
        assert_eq!(proving.check(NOW, p01, Some(&number), " 0042\n"), Verdict::Right);
        assert_eq!(proving.check(NOW, p01, Some(&number), "0042"), Verdict::Right, "until it is written down");
        proving.done(p01);
        assert_eq!(proving.check(NOW, p01, Some(&number), "0042"), Verdict::NoCode);
        proving.begin(NOW, p01, number, 7);
        assert_eq!(proving.check(NOW, p01, Some(&phone("00000000002")), "0007"), Verdict::NoCode, "another number");
        assert_eq!(proving.check(NOW, p01, None, "0007"), Verdict::NoCode);
    }

    #[test]
    fn rule_20_a_code_ends_after_ten_minutes_and_after_five_wrong_tries() {
        let (mut proving, p01, number) = (Proving::default(), who("p01"), phone("00000000001"));
        proving.begin(NOW, p01, number.clone(), 1);
        let last = NOW + PROOF_TIME - Duration::from_millis(1);
        assert_eq!(proving.check(last, p01, Some(&number), "0001"), Verdict::Right);
        assert_eq!(proving.check(NOW + PROOF_TIME, p01, Some(&number), "0001"), Verdict::NoCode);
        proving.begin(NOW, p01, number.clone(), 1);
        let left: Vec<Verdict> = (0..6).map(|_| proving.check(NOW, p01, Some(&number), "1")).collect();
        assert_eq!(left[..5], [4, 3, 2, 1, 0].map(Verdict::Wrong));
        assert_eq!(left[5], Verdict::NoCode);
        assert_eq!(proving.check(NOW, p01, Some(&number), "0001"), Verdict::NoCode);
    }

    #[test]
    fn where_too_many_codes_are_out_the_oldest_gives_way() {
        let mut proving = Proving::default();
        let number = phone("00000000001");
        for at in 0..=PROOFS_MAX {
            let now = NOW + Duration::from_millis(u64::try_from(at).expect("few"));
            proving.begin(now, who(&format!("p{at}")), number.clone(), 1);
        }
        assert_eq!(proving.check(NOW, who("p0"), Some(&number), "0001"), Verdict::NoCode);
        assert_eq!(proving.check(NOW, who("p1"), Some(&number), "0001"), Verdict::Right);
    }
}
