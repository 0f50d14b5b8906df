//! The message: where it ends, its values, the position in it, and its answer.

use std::str::from_utf8;

use crate::device::framing::Cut;
use crate::device::{DecodeError, stamp};

/// Longest message. judgement: voice comes in packets of 1 KiB, a list of Wi-Fi stations is shorter.
pub(super) const BYTES_MAX: usize = 2 * 1024;

const PREFIXES: [&str; 2] = ["IW", "TRV"];

/// The prefix that stands here.
fn prefix(bytes: &[u8]) -> Option<&'static str> {
    PREFIXES.into_iter().find(|word| bytes.starts_with(word.as_bytes()))
}

/// Whether prefix and command begin here; `None` when more must come.
fn begins(bytes: &[u8]) -> Option<bool> {
    let Some(word) = prefix(bytes) else {
        let may = PREFIXES.iter().any(|word| word.as_bytes().starts_with(bytes));
        return if may { None } else { Some(false) };
    };
    let rest = bytes.get(word.len()..).unwrap_or_default();
    let fits = |at: usize, byte: u8| match at {
        0 => matches!(byte, b'A'..=b'D'),
        1 => byte == b'P',
        _ => byte.is_ascii_uppercase() || byte.is_ascii_digit(),
    };
    let command = rest.get(..rest.len().min(4)).unwrap_or_default();
    if !command.iter().enumerate().all(|(at, byte)| fits(at, *byte)) {
        return Some(false);
    }
    (command.len() == 4).then_some(true)
}

/// Finds a message at the beginning of `bytes`. A second beginning before the `#` shows that the first lost its end.
pub(super) fn cut(bytes: &[u8]) -> Cut {
    match begins(bytes) {
        None => return Cut::More,
        Some(false) => {
            let next = bytes.iter().skip(1).position(|byte| matches!(byte, b'I' | b'T'));
            return Cut::Skip(next.map_or(bytes.len(), |next| next + 1));
        }
        Some(true) => {}
    }
    for (at, byte) in bytes.iter().enumerate().skip(6) {
        match byte {
            b'#' => return Cut::Frame(at + 1),
            b'I' | b'T' if begins(bytes.get(at..).unwrap_or_default()) == Some(true) => {
                return Cut::Broken(DecodeError::Length);
            }
            _ => {}
        }
    }
    Cut::More
}

/// A message taken apart.
pub(super) struct Message<'a> {
    pub(super) prefix: &'static str,
    pub(super) command: &'a str,
    body: &'a [u8],
}

impl<'a> Message<'a> {
    /// A message with or without its `#`.
    pub(super) fn read(bytes: &'a [u8]) -> Result<Self, DecodeError> {
        if bytes.len() > BYTES_MAX {
            return Err(DecodeError::TooLong);
        }
        let bytes = bytes.trim_ascii();
        let bytes = bytes.strip_suffix(b"#").unwrap_or(bytes);
        let Some(prefix) = prefix(bytes) else { return Err(DecodeError::NotMine) };
        match begins(bytes) {
            Some(true) => {}
            Some(false) => return Err(DecodeError::NotMine),
            None => return Err(DecodeError::Length),
        }
        let (command, body) = bytes.get(prefix.len()..).and_then(|rest| rest.split_at_checked(4)).unwrap_or_default();
        Ok(Self { prefix, command: from_utf8(command).map_err(|_| DecodeError::NotUtf8)?, body })
    }

    /// The values between commas, without the comma that stands before the first.
    fn values(&self) -> impl Iterator<Item = &'a str> {
        let body = self.body.strip_prefix(b",").unwrap_or(self.body);
        body.split(|byte| *byte == b',').map(|value| from_utf8(value).unwrap_or_default().trim())
    }

    pub(super) fn value(&self, index: usize) -> &'a str {
        self.values().nth(index).unwrap_or_default()
    }

    pub(super) fn imei(&self) -> Option<&'a str> {
        let imei = self.value(0);
        (imei.len() == 15 && imei.bytes().all(|byte| byte.is_ascii_digit())).then_some(imei)
    }

    /// Whether it is the receipt for an order: a tail of six digits and nothing else.
    pub(super) fn is_receipt(&self) -> bool {
        let tail = self.body.strip_prefix(b",").unwrap_or(self.body);
        tail.len() == 6 && tail.iter().all(u8::is_ascii_digit)
    }

    pub(super) fn answer(&self, utc_s: Option<i64>) -> Option<String> {
        if self.is_receipt() {
            return None;
        }
        let mut command = self.command.chars();
        let first = match command.next()? {
            'A' => 'B',
            'C' => 'D',
            _ => return None,
        };
        let (prefix, rest) = (self.prefix, command.as_str());
        let time = utc_s.filter(|_| self.command == "AP00" && prefix == "IW").and_then(stamp::to_digits);
        Some(match time {
            Some(time) => format!("{prefix}{first}{rest},{time},0#"),
            None => format!("{prefix}{first}{rest}#"),
        })
    }
}

/// The first part of a position, and the values behind it.
pub(super) struct Position<'a> {
    pub(super) date: &'a str,
    pub(super) valid: bool,
    pub(super) lat: f64,
    pub(super) lon: f64,
    pub(super) speed: f64,
    pub(super) time: &'a str,
    pub(super) course: f64,
    pub(super) status: Status,
    /// mcc, mnc, lac, cid, alarm.
    pub(super) rest: Vec<&'a str>,
}

/// Signal, satellites, battery.
#[derive(Clone, Copy)]
pub(super) struct Status {
    pub(super) signal: f64,
    pub(super) satellites: f64,
    pub(super) battery: f64,
}

/// Takes fixed widths from the front of a text.
pub(super) struct Taker<'a>(pub(super) &'a str);

impl<'a> Taker<'a> {
    fn take(&mut self, width: usize) -> Option<&'a str> {
        let (part, rest) = self.0.split_at_checked(width)?;
        self.0 = rest;
        Some(part)
    }

    fn number(&mut self, width: usize) -> Option<f64> {
        self.take(width)?.trim().parse().ok().filter(|number: &f64| number.is_finite())
    }

    /// `ddmm.mmmm` up to one of two letters; the second makes it negative.
    fn degrees(&mut self, degree_digits: usize, letters: [char; 2]) -> Option<f64> {
        let end = self.0.find(letters)?;
        let degrees: f64 = self.take(degree_digits)?.parse().ok()?;
        let minutes: f64 = self.take(end.checked_sub(degree_digits)?)?.parse().ok()?;
        let value = degrees + minutes / 60.0;
        let negative = self.take(1)?.starts_with(letters[1]);
        value.is_finite().then_some(if negative { -value } else { value })
    }

    pub(super) fn status(&mut self) -> Option<Status> {
        Some(Status { signal: self.number(3)?, satellites: self.number(3)?, battery: self.number(3)? })
    }
}

impl<'a> Position<'a> {
    pub(super) fn read(message: &Message<'a>) -> Option<Self> {
        let mut values = message.values();
        let mut fixed = Taker(values.next()?);
        Some(Self {
            date: fixed.take(6)?,
            valid: fixed.take(1)? == "A",
            lat: fixed.degrees(2, ['N', 'S'])?,
            lon: fixed.degrees(3, ['E', 'W'])?,
            speed: fixed.number(5)?,
            time: fixed.take(6)?,
            course: fixed.number(6)?,
            status: fixed.status()?,
            rest: values.take(5).collect(),
        })
    }

    /// Two digits right behind the cell.
    pub(super) fn alarm(&self) -> Option<&'a str> {
        self.rest.get(4).copied().filter(|code| code.len() == 2 && code.bytes().all(|byte| byte.is_ascii_digit()))
    }
}
