//! Times as devices write them, printed for people; nothing of them is ever believed (no decoder hands on a device's time).

use jiff::Timestamp;
use jiff::civil::DateTime;

/// A date and time of digits, `YYMMDDhhmmss` or two or four digits of year first, as `2026-10-03T21:14:15`; `None` when
/// they are no date.
#[must_use]
pub fn of_digits(digits: &str) -> Option<String> {
    let mut pairs = Vec::with_capacity(7);
    let bytes = digits.as_bytes();
    if !matches!(bytes.len(), 12 | 14) || !bytes.iter().all(u8::is_ascii_digit) {
        return None;
    }
    for pair in bytes.chunks_exact(2) {
        let [tens, ones] = pair else { return None };
        pairs.push(i8::try_from((tens - b'0') * 10 + (ones - b'0')).ok()?);
    }
    let (year, rest) = match pairs.as_slice() {
        [century, year, rest @ ..] if rest.len() == 5 => (i16::from(*century) * 100 + i16::from(*year), rest),
        [year, rest @ ..] => (2000 + i16::from(*year), rest),
        [] => return None,
    };
    let [month, day, hour, minute, second] = *rest else { return None };
    DateTime::new(year, month, day, hour, minute, second, 0).ok().map(|time| time.to_string())
}

/// Seconds since 1970 as `2026-04-30T11:07:08Z`.
#[must_use]
pub fn of_epoch(seconds: i64) -> Option<String> {
    Timestamp::from_second(seconds).ok().map(|time| time.to_string())
}

/// Seconds since 1970 as the fourteen digits `20260430110708`, for replies that set a watch.
#[must_use]
pub fn to_digits(seconds: i64) -> Option<String> {
    let digits: String = of_epoch(seconds)?.chars().filter(char::is_ascii_digit).collect();
    (digits.len() == 14).then_some(digits)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn digits_become_a_date_or_nothing() {
        assert_eq!(of_digits("080524061830").as_deref(), Some("2008-05-24T06:18:30"));
        assert_eq!(of_digits("20261003211415").as_deref(), Some("2026-10-03T21:14:15"));
        assert_eq!(of_digits("000000000000"), None);
        assert_eq!(of_digits("08052406183"), None);
        assert_eq!(of_digits("0805240618x0"), None);
    }

    #[test]
    fn a_clock_is_set_with_fourteen_digits() {
        assert_eq!(to_digits(1_777_547_228).as_deref(), Some("20260430110708"));
        assert_eq!(to_digits(i64::MAX), None);
    }
}
