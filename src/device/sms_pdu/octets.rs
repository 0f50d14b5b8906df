//! The parts of a PDU that are neither its head nor its text: addresses, times, validity, concatenation (3GPP TS 23.040).

use std::fmt;
use std::time::Duration;

use jiff::civil::{self, DateTime};

use super::alphabet;
use crate::device::DecodeError;
use crate::private::Private;

/// Takes octets from the front of a PDU.
pub(super) struct Octets<'a>(pub(super) &'a [u8]);

impl<'a> Octets<'a> {
    pub(super) fn take(&mut self, count: usize) -> Result<&'a [u8], DecodeError> {
        let (taken, rest) = self.0.split_at_checked(count).ok_or(DecodeError::Length)?;
        self.0 = rest;
        Ok(taken)
    }

    pub(super) fn one(&mut self) -> Result<u8, DecodeError> {
        let (first, rest) = self.0.split_first().ok_or(DecodeError::Length)?;
        self.0 = rest;
        Ok(*first)
    }

    pub(super) fn seven(&mut self) -> Result<[u8; 7], DecodeError> {
        self.take(7)?.try_into().map_err(|_| DecodeError::Length)
    }
}

/// Who sends or receives: a telephone number, or a sender's name in letters.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Address {
    /// Type of number and numbering plan, as on the wire: `91` international, `81` national, `D0` letters.
    kind: u8,
    /// `+` and digits, digits, or letters.
    number: Private<String>,
}

const INTERNATIONAL: u8 = 0x91;
const NATIONAL: u8 = 0x81;
const LETTERS: u8 = 0xD0;

impl Address {
    /// The address of a number as people write it: `+86…`, `10086`, or a name in letters.
    ///
    /// # Errors
    /// `TooLong` with more than 20 digits or 11 letters, `WrongType` when it is neither.
    pub fn new(number: &str) -> Result<Self, DecodeError> {
        let digits = number.strip_prefix('+').unwrap_or(number);
        let is_dialled = !digits.is_empty() && digits.bytes().all(|sign| digit_of(sign).is_some());
        let (kind, long) = match is_dialled {
            true if number.starts_with('+') => (INTERNATIONAL, digits.len() > 20),
            true => (NATIONAL, digits.len() > 20),
            false => (LETTERS, alphabet::to_septets(number).ok_or(DecodeError::WrongType)?.len() > 11),
        };
        match (long, number.is_empty()) {
            (true, _) => Err(DecodeError::TooLong),
            (_, true) => Err(DecodeError::WrongType),
            _ => Ok(Self { kind, number: Private::new(number.to_owned()) }),
        }
    }

    /// The number, for a person entitled to read it, or to compare with enrolled ones.
    #[must_use]
    pub const fn number(&self) -> &Private<String> {
        &self.number
    }

    /// Reads type and digits; `half_octets` of them.
    fn read(kind: u8, octets: &[u8], half_octets: usize) -> Self {
        let text = match kind & 0x70 {
            // Many senders count whole octets.
            0x50 => {
                alphabet::from_septets(&alphabet::without_filling(alphabet::unpack(octets, 0, half_octets * 4 / 7)))
            }
            of_number => {
                let plus = if of_number == 0x10 { "+" } else { "" };
                plus.chars().chain(half_octets_of(octets).take(half_octets)).collect()
            }
        };
        Self { kind, number: Private::new(text) }
    }

    /// Reads an address of a message: its length counts half octets.
    pub(super) fn of_message(octets: &mut Octets<'_>) -> Result<Self, DecodeError> {
        let half_octets = usize::from(octets.one()?);
        let kind = octets.one()?;
        Ok(Self::read(kind, octets.take(half_octets.div_ceil(2))?, half_octets))
    }

    /// Reads the address of the message centre: its length counts octets, and none says that the SIM knows it.
    pub(super) fn of_centre(octets: &mut Octets<'_>) -> Result<Option<Self>, DecodeError> {
        let length = usize::from(octets.one()?);
        let mut part = Octets(octets.take(length)?);
        if length == 0 {
            return Ok(None);
        }
        let kind = part.one()?;
        Ok(Some(Self::read(kind, part.0, part.0.len() * 2)))
    }

    /// Half octets and the octets that hold them.
    fn packed(&self) -> (usize, Vec<u8>) {
        let text = self.number.reveal();
        if self.kind & 0x70 == 0x50 {
            let septets = alphabet::to_septets(text).unwrap_or_default();
            return ((septets.len() * 7).div_ceil(4), alphabet::pack(&septets, 0));
        }
        let digits: Vec<u8> = text.trim_start_matches('+').bytes().filter_map(digit_of).collect();
        let octets = digits.chunks(2).map(|pair| match *pair {
            [first, second] => second << 4 | first,
            [first] => 0xF0 | first,
            _ => 0xFF,
        });
        (digits.len(), octets.collect())
    }

    pub(super) fn write_of_message(&self, to: &mut Vec<u8>) {
        let (half_octets, octets) = self.packed();
        to.push(u8::try_from(half_octets).unwrap_or(u8::MAX));
        to.push(self.kind);
        to.extend(octets);
    }

    pub(super) fn write_of_centre(&self, to: &mut Vec<u8>) {
        let (_, octets) = self.packed();
        to.push(u8::try_from(octets.len() + 1).unwrap_or(u8::MAX));
        to.push(self.kind);
        to.extend(octets);
    }
}

/// What a dialled sign is on the wire.
const fn digit_of(sign: u8) -> Option<u8> {
    match sign {
        b'0'..=b'9' => Some(sign - b'0'),
        b'*' => Some(0xA),
        b'#' => Some(0xB),
        _ => None,
    }
}

/// Half octets as signs, low one first, up to the filling F; what else is no digit is shown in hex.
fn half_octets_of(octets: &[u8]) -> impl Iterator<Item = char> {
    let halves = octets.iter().flat_map(|octet| [octet & 0xF, octet >> 4]).take_while(|half| *half != 0xF);
    halves.filter_map(|half| char::from_digit(half.into(), 16))
}

/// A time of the network, with its offset from UTC in quarters of an hour.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Timestamp {
    /// Date and time where the centre stands.
    pub local: DateTime,
    /// Offset from UTC, in quarters of an hour.
    pub quarters: i8,
}

impl Timestamp {
    /// Reads seven swapped octets; `None` when they are no time, as broken reports have them.
    #[must_use]
    pub fn read(octets: [u8; 7]) -> Option<Self> {
        let two = |octet: u8| {
            let (tens, ones) = (octet & 0xF, octet >> 4);
            (tens <= 9 && ones <= 9).then_some(i16::from(tens) * 10 + i16::from(ones))
        };
        let [years, months, days, hours, minutes, seconds, zone] = octets;
        let small = |octet| two(octet).and_then(|value| i8::try_from(value).ok());
        let local = civil::DateTime::new(
            2000 + two(years)?,
            small(months)?,
            small(days)?,
            small(hours)?,
            small(minutes)?,
            small(seconds)?,
            0,
        );
        // The top bit of the first half octet is the minus.
        let quarters = small(zone & !0x08)?;
        Some(Self { local: local.ok()?, quarters: if zone & 0x08 == 0 { quarters } else { -quarters } })
    }

    /// The seven octets.
    #[must_use]
    pub fn write(&self) -> [u8; 7] {
        let two = |value: u8| (value % 10) << 4 | (value / 10 % 10);
        let parts = [self.local.month(), self.local.day(), self.local.hour(), self.local.minute(), self.local.second()];
        let [month, day, hour, minute, second] = parts.map(i8::unsigned_abs);
        let year = u8::try_from(self.local.year().rem_euclid(100)).unwrap_or_default();
        let zone = two(self.quarters.unsigned_abs()) | if self.quarters < 0 { 0x08 } else { 0 };
        [two(year), two(month), two(day), two(hour), two(minute), two(second), zone]
    }

    /// Reads what [`Timestamp`] writes: `2013-07-10T13:39:00+02:00`.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let (local, zone) = text.split_at_checked(text.len().checked_sub(6)?)?;
        let (sign, minutes) = match zone.split_at_checked(1)? {
            ("+", rest) => (1, rest),
            ("-", rest) => (-1, rest),
            _ => return None,
        };
        let (hours, minutes) = minutes.split_once(':')?;
        let quarters: i8 = hours.parse::<i8>().ok()?.checked_mul(4)?.checked_add(minutes.parse::<i8>().ok()? / 15)?;
        Some(Self { local: local.parse().ok()?, quarters: sign * quarters })
    }
}

impl fmt::Display for Timestamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (local, minutes) = (self.local, u32::from(self.quarters.unsigned_abs()) * 15);
        let sign = if self.quarters < 0 { '-' } else { '+' };
        write!(f, "{:04}-{:02}-{:02}", local.year(), local.month(), local.day())?;
        write!(f, "T{:02}:{:02}:{:02}", local.hour(), local.minute(), local.second())?;
        write!(f, "{sign}{:02}:{:02}", minutes / 60, minutes % 60)
    }
}

/// How long the network goes on trying.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Validity {
    /// For so long from its taking.
    For(Duration),
    /// Until then.
    Until(Timestamp),
}

impl Validity {
    /// The time that an octet stands for.
    #[must_use]
    pub const fn of_octet(octet: u8) -> Duration {
        let value = octet as u64;
        Duration::from_secs(match octet {
            0..=143 => (value + 1) * 300,
            144..=167 => 12 * 3600 + (value - 143) * 1800,
            168..=196 => (value - 166) * 86_400,
            197..=255 => (value - 192) * 604_800,
        })
    }

    /// The smallest octet that lasts as long; the largest for what is longer than 63 weeks.
    #[must_use]
    pub fn octet_for(time: Duration) -> u8 {
        (0..=u8::MAX).find(|octet| Self::of_octet(*octet) >= time).unwrap_or(u8::MAX)
    }
}

/// Which part of a longer message it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Concat {
    /// The same in all parts; above 255 only where `wide`.
    pub reference: u16,
    /// How many parts.
    pub total: u8,
    /// Which, from 1.
    pub part: u8,
    /// Written with 16 bits.
    pub wide: bool,
}

impl Concat {
    /// Reads an element of a header; `None` when it is another one.
    #[must_use]
    pub const fn read(element: &[u8]) -> Option<Self> {
        match *element {
            [0x00, 3, reference, total, part] => Some(Self { reference: reference as u16, total, part, wide: false }),
            [0x08, 4, high, low, total, part] => {
                Some(Self { reference: u16::from_be_bytes([high, low]), total, part, wide: true })
            }
            _ => None,
        }
    }

    pub(super) fn write(self, to: &mut Vec<u8>) {
        let [high, low] = self.reference.to_be_bytes();
        if self.wide {
            to.extend([6, 0x08, 4, high, low, self.total, self.part]);
        } else {
            to.extend([5, 0x00, 3, low, self.total, self.part]);
        }
    }

    /// Octets of the header that holds it, its length among them.
    pub(super) const fn header_octets(wide: bool) -> usize {
        if wide { 7 } else { 6 }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_alarm_is_valid_for_minutes_and_no_less_than_asked() {
        for (minutes, octet) in [(5, 0), (6, 1), (30, 5), (720, 143), (721, 144), (2 * 1440, 168), (35 * 1440, 197)] {
            assert_eq!(Validity::octet_for(Duration::from_mins(minutes)), octet, "{minutes} minutes");
        }
        assert_eq!(Validity::octet_for(Duration::from_secs(u64::MAX)), 255);
    }

    #[test]
    fn a_time_survives_both_ways_and_a_broken_one_is_none() {
        let octets = [0x70, 0x40, 0x21, 0x32, 0x52, 0x24, 0x2B];
        let time = Timestamp::read(octets).expect("a time");
        assert_eq!(time.to_string(), "2007-04-12T23:25:42-08:00");
        assert_eq!(time.write(), octets);
        assert_eq!(Timestamp::parse("2007-04-12T23:25:42-08:00"), Some(time));
        assert_eq!(Timestamp::read([0xFF; 7]), None);
        assert_eq!(Timestamp::read([0x70, 0x31, 0x21, 0, 0, 0, 0]), None, "there is no month 13");
    }

    #[test]
    fn a_number_is_never_printed() {
        let address = Address::new("+8613800000001").expect("a number");
        assert!(!format!("{address:?}").contains("138"));
        assert_eq!(Address::new("示例"), Err(DecodeError::WrongType));
        assert_eq!(Address::new(&"1".repeat(21)), Err(DecodeError::TooLong));
    }
}
