//! Telephone numbers as they are dialled and compared: the only file here that reads one.

use crate::device::sms_pdu::Address;
use crate::private::Private;

/// Digits that make a number: shorter ones are parts of garbage. Source: the shortest service numbers have three.
const DIGITS_MIN: usize = 3;

/// A number as a modem dials it: digits, and `+` before them; blanks and hyphens of people are left out. Nothing else is let
/// through, because it would be a command.
pub(super) fn dialled(written: &Private<String>) -> Option<Private<String>> {
    let bare: String = written.reveal().chars().filter(|sign| !matches!(sign, ' ' | '-')).collect();
    let digits = bare.strip_prefix('+').unwrap_or(&bare);
    let sound = (DIGITS_MIN..=20).contains(&digits.len()) && digits.bytes().all(|sign| sign.is_ascii_digit());
    sound.then(|| Private::new(bare))
}

/// A dialled number as the address of a message.
pub(super) fn address(dialled: &Private<String>) -> Option<Address> {
    Address::new(dialled.reveal()).ok()
}

/// Whether it can be a number at all.
pub(super) fn is_number(written: &Private<String>) -> bool {
    digits(written).is_some()
}

/// Whether two numbers are one telephone's: one may stand with its country and one without.
pub(super) fn same(one: &Private<String>, other: &Private<String>) -> bool {
    match (digits(one), digits(other)) {
        (Some(one), Some(other)) => one.ends_with(other) || other.ends_with(one),
        _ => false,
    }
}

fn digits(written: &Private<String>) -> Option<&str> {
    let digits = written.reveal().trim_start_matches('+');
    (digits.len() >= DIGITS_MIN && digits.bytes().all(|sign| sign.is_ascii_digit())).then_some(digits)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn private(text: &str) -> Private<String> {
        Private::new(text.to_owned())
    }

    #[test]
    fn only_a_number_is_dialled() {
        for (written, wanted) in [
            ("138 0000 0001", Some("13800000001")),
            ("+86-13800000001", Some("+8613800000001")),
            ("10086", Some("10086")),
            ("10086;+CFUN=0", None),
            ("10086\r", None),
            ("*21*1#", None),
            ("示例", None),
            ("12", None),
            ("", None),
        ] {
            assert_eq!(dialled(&private(written)), wanted.map(private), "{written:?}");
        }
    }

    #[test]
    fn a_telephone_is_known_with_and_without_its_country() {
        assert!(same(&private("+8613800000001"), &private("13800000001")));
        assert!(!same(&private("13800000002"), &private("13800000001")));
        assert!(!same(&private("A"), &private("A")));
    }
}
