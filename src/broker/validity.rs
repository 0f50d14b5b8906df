//! From when and until when a certificate holds, read from the certificate itself.
//!
//! rustls judges the certificate of the other side and says nothing of one's own, and the crates that read whole certificates
//! bring a dozen others for two dates. So the few steps of DER that lead to the dates are taken here: every length is checked
//! against what is left, nothing is decoded that is stepped over, and whatever is not as expected is no date.

use jiff::civil::DateTime;
use jiff::tz::TimeZone;

/// DER tags. Source: ITU-T X.690.
mod tag {
    pub(super) const INTEGER: u8 = 0x02;
    pub(super) const UTC_TIME: u8 = 0x17;
    pub(super) const GENERALIZED_TIME: u8 = 0x18;
    pub(super) const SEQUENCE: u8 = 0x30;
    /// The version of a certificate, which one of the first version leaves out.
    pub(super) const VERSION: u8 = 0xa0;
}

/// The time in which a certificate holds, both ends included.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Validity {
    /// It holds from here on, in seconds since 1970 UTC.
    pub from_s: i64,
    /// It holds until here, in seconds since 1970 UTC.
    pub until_s: i64,
}

/// How a certificate stands at a time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stands {
    /// It does not hold yet.
    NotYet,
    /// It holds for so many whole days more.
    Holds {
        /// Days.
        days: i64,
    },
    /// It is over.
    Over,
}

impl Validity {
    /// The dates of a certificate in DER; none when it is not a certificate of X.509.
    ///
    /// Source: RFC 5280 section 4.1: `Certificate { tbsCertificate { [0] version, serialNumber, signature, issuer, validity, … } … }`.
    #[must_use]
    pub fn of(certificate: &[u8]) -> Option<Validity> {
        let mut whole = Der(Der(certificate).take(tag::SEQUENCE)?);
        let mut signed = Der(whole.take(tag::SEQUENCE)?);
        if signed.peek() == Some(tag::VERSION) {
            signed.take(tag::VERSION)?;
        }
        signed.take(tag::INTEGER)?;
        signed.take(tag::SEQUENCE)?;
        signed.take(tag::SEQUENCE)?;
        let mut dates = Der(signed.take(tag::SEQUENCE)?);
        Some(Validity { from_s: dates.time()?, until_s: dates.time()? })
    }

    /// How it stands at a time in seconds since 1970 UTC.
    #[must_use]
    pub fn at(self, now_s: i64) -> Stands {
        if now_s < self.from_s {
            Stands::NotYet
        } else if now_s > self.until_s {
            Stands::Over
        } else {
            Stands::Holds { days: self.days_left(now_s) }
        }
    }

    /// Whole days until its end at a time in seconds since 1970 UTC; negative when it is over.
    #[must_use]
    pub fn days_left(self, now_s: i64) -> i64 {
        self.until_s.saturating_sub(now_s).div_euclid(86_400)
    }
}

/// What is left to be read.
struct Der<'a>(&'a [u8]);

impl<'a> Der<'a> {
    fn peek(&self) -> Option<u8> {
        self.0.first().copied()
    }

    /// The content of the next value, if it has this tag.
    fn take(&mut self, tag: u8) -> Option<&'a [u8]> {
        let (&found, rest) = self.0.split_first()?;
        let (&first, rest) = rest.split_first()?;
        // A short length is the byte itself; in a long one it says how many bytes of length follow. Certificates are far below
        // the 64 KiB that two of them can say.
        let (length, rest) = match first {
            0..=0x7f => (usize::from(first), rest),
            0x81 => {
                let (&length, rest) = rest.split_first()?;
                (usize::from(length), rest)
            }
            0x82 => {
                let (length, rest) = rest.split_first_chunk::<2>()?;
                (usize::from(u16::from_be_bytes(*length)), rest)
            }
            _ => return None,
        };
        let (content, rest) = rest.split_at_checked(length)?;
        self.0 = rest;
        (found == tag).then_some(content)
    }

    /// The next time, in seconds since 1970 UTC.
    fn time(&mut self) -> Option<i64> {
        let (year_digits, content) = match self.peek()? {
            tag::UTC_TIME => (2, self.take(tag::UTC_TIME)?),
            tag::GENERALIZED_TIME => (4, self.take(tag::GENERALIZED_TIME)?),
            _ => return None,
        };
        let digits = std::str::from_utf8(content).ok()?.strip_suffix('Z')?;
        if digits.len() != year_digits + 10 || !digits.bytes().all(|sign| sign.is_ascii_digit()) {
            return None;
        }
        let (year, rest) = digits.split_at_checked(year_digits)?;
        let year: i16 = year.parse().ok()?;
        // Source: RFC 5280 section 4.1.2.5.1: two digits from 50 on are of the last century.
        let year = match year_digits {
            2 if year >= 50 => 1900 + year,
            2 => 2000 + year,
            _ => year,
        };
        let two = |at: usize| rest.get(at..at + 2)?.parse::<i8>().ok();
        let time = DateTime::new(year, two(0)?, two(2)?, two(4)?, two(6)?, two(8)?, 0).ok()?;
        Some(time.to_zoned(TimeZone::UTC).ok()?.timestamp().as_second())
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// The part of a made-up certificate that leads to its dates.
    fn certificate(version: bool, from: (u8, &str), until: (u8, &str)) -> Vec<u8> {
        let value = |tag: u8, content: &[u8]| {
            let mut value = vec![tag, u8::try_from(content.len()).expect("short")];
            value.extend(content);
            value
        };
        let dates = [value(from.0, from.1.as_bytes()), value(until.0, until.1.as_bytes())].concat();
        let mut signed = if version { value(tag::VERSION, &[2, 1, 2]) } else { Vec::new() };
        for part in [value(tag::INTEGER, &[1]), value(tag::SEQUENCE, &[]), value(tag::SEQUENCE, &[])] {
            signed.extend(part);
        }
        signed.extend(value(tag::SEQUENCE, &dates));
        value(tag::SEQUENCE, &value(tag::SEQUENCE, &signed))
    }

    #[test]
    fn both_forms_of_a_date_are_read() {
        let (short, long) = ((tag::UTC_TIME, "200101000000Z"), (tag::GENERALIZED_TIME, "20500101000000Z"));
        for version in [true, false] {
            let validity = Validity::of(&certificate(version, short, long)).expect("a certificate");
            assert_eq!(validity, Validity { from_s: 1_577_836_800, until_s: 2_524_608_000 });
        }
        let last_century = (tag::UTC_TIME, "700101000000Z");
        assert_eq!(Validity::of(&certificate(true, last_century, long)).expect("a certificate").from_s, 0);
    }

    #[test]
    fn what_is_no_date_is_none() {
        let good = (tag::UTC_TIME, "200101000000Z");
        for bad in ["2001010000Z", "20010100000+Z", "201301000000Z", "200101000000", "示例"] {
            assert_eq!(Validity::of(&certificate(true, good, (tag::UTC_TIME, bad))), None, "{bad}");
        }
        assert_eq!(Validity::of(b""), None);
    }

    #[test]
    fn days_are_counted_down_to_the_end_and_beyond() {
        let validity = Validity { from_s: 1_000, until_s: 1_000 + 10 * 86_400 };
        assert_eq!(validity.at(999), Stands::NotYet);
        assert_eq!(validity.at(1_000), Stands::Holds { days: 10 });
        assert_eq!(validity.at(1_001), Stands::Holds { days: 9 });
        assert_eq!(validity.at(validity.until_s + 1), Stands::Over);
        assert_eq!(validity.days_left(validity.until_s + 1), -1);
    }

    proptest! {
        #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

        #[test]
        fn nothing_makes_it_panic(bytes: Vec<u8>) {
            let _ = Validity::of(&bytes);
        }

        #[test]
        fn a_certificate_that_is_cut_has_no_dates(cut in 0_usize..52) {
            let whole = certificate(true, (tag::UTC_TIME, "200101000000Z"), (tag::UTC_TIME, "490101000000Z"));
            let cut = whole.get(..cut.min(whole.len() - 1)).expect("shorter");
            prop_assert_eq!(Validity::of(cut), None);
        }
    }
}
