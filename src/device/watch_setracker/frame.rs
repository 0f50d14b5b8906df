//! The frame: its header, where it ends, and what stands in it, in the order of its values.

use std::str::from_utf8;

use crate::device::DecodeError;
use crate::device::framing::Cut;

/// Longest frame with voice or a picture (source: the protocol's description).
pub(super) const VOICE_BYTES_MAX: usize = 64 * 1024;

/// Longest frame of anything else (source: the protocol's description).
const TEXT_BYTES_MAX: usize = 2 * 1024;

/// Longest ID taken. judgement: an IMEI has 15 digits; some vendors put a version before it.
const ID_DIGITS_MAX: usize = 20;

/// What stands before the content.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Head<'a> {
    pub(super) manufacturer: &'a str,
    pub(super) id: &'a str,
    pub(super) sequence: Option<&'a str>,
    pub(super) declared: usize,
    /// Where the content begins.
    content: usize,
}

/// How far a header can be read.
enum Look<'a> {
    Head(Head<'a>),
    More,
    None,
}

/// Reads the header at the beginning of `bytes`.
fn look(bytes: &[u8]) -> Look<'_> {
    let mut at = 0;
    let mut part = |most: usize, is: fn(u8) -> bool, end: u8| -> Result<Option<&str>, ()> {
        let rest = bytes.get(at..).unwrap_or_default();
        let length = rest.iter().take_while(|byte| is(**byte)).take(most).count();
        match rest.get(length) {
            None => Ok(None),
            Some(byte) if *byte == end => {
                at += length + 1;
                rest.get(..length).and_then(|part| from_utf8(part).ok()).map(Some).ok_or(())
            }
            Some(_) => Err(()),
        }
    };
    let mut read = || -> Result<Option<Head<'_>>, ()> {
        let Some(_) = part(0, |_| false, b'[')? else { return Ok(None) };
        let Some(manufacturer) = part(2, |byte| byte.is_ascii_alphanumeric(), b'*')? else { return Ok(None) };
        let Some(id) = part(ID_DIGITS_MAX, |byte| byte.is_ascii_digit(), b'*')? else { return Ok(None) };
        let Some(first) = part(4, |byte| byte.is_ascii_hexdigit(), b'*')? else { return Ok(None) };
        if manufacturer.len() != 2 || id.is_empty() || first.len() != 4 {
            return Err(());
        }
        Ok(Some(Head { manufacturer, id, sequence: None, declared: hex(first), content: 0 }))
    };
    let head = match read() {
        Ok(Some(head)) => head,
        Ok(None) => return Look::More,
        Err(()) => return Look::None,
    };
    let first =
        from_utf8(bytes.get(at.saturating_sub(5)..at.saturating_sub(1)).unwrap_or_default()).unwrap_or_default();
    // Four hex digits and a star more: then the first four were a sequence number.
    let rest = bytes.get(at..).unwrap_or_default();
    let digits = rest.iter().take(4).take_while(|byte| byte.is_ascii_hexdigit()).count();
    match (digits, rest.get(digits)) {
        (_, None) => Look::More,
        (4, Some(b'*')) => {
            let declared = hex(from_utf8(rest.get(..4).unwrap_or_default()).unwrap_or_default());
            Look::Head(Head { sequence: Some(first), declared, content: at + 5, ..head })
        }
        _ => Look::Head(Head { content: at, ..head }),
    }
}

fn hex(digits: &str) -> usize {
    usize::from_str_radix(digits, 16).unwrap_or(0)
}

/// Finds a frame at the beginning of `bytes`.
///
/// Going from left to right, the first of these ends it: the bracket where LEN says; the bracket that balances the first
/// one; a bracket right before the next header, which ends a frame whose Wi-Fi name holds an opening bracket only. A
/// header anywhere else shows that this frame lost its end.
pub(super) fn cut(bytes: &[u8]) -> Cut {
    if bytes.first() != Some(&b'[') {
        return Cut::Skip(bytes.iter().position(|byte| *byte == b'[').unwrap_or(bytes.len()));
    }
    let head = match look(bytes) {
        Look::Head(head) => head,
        Look::More => return Cut::More,
        Look::None => return Cut::Broken(DecodeError::NotMine),
    };
    let content = bytes.get(head.content..).unwrap_or_default();
    let bytes_max = match content_kind(content) {
        Some(b"TK" | b"img" | b"JXTK") => VOICE_BYTES_MAX,
        Some(_) => TEXT_BYTES_MAX,
        None => return Cut::More,
    };
    let mut depth = 1_u32;
    for (at, byte) in content.iter().enumerate() {
        let end = head.content + at + 1;
        match byte {
            b']' if at == head.declared || depth == 1 => return Cut::Frame(end),
            b']' => depth -= 1,
            b'[' => {
                if matches!(look(content.get(at..).unwrap_or_default()), Look::Head(_)) {
                    let ended = at > 0 && content.get(at - 1) == Some(&b']');
                    return if ended { Cut::Frame(end - 1) } else { Cut::Broken(DecodeError::Length) };
                }
                depth += 1;
            }
            _ => {}
        }
        if end >= bytes_max {
            return Cut::Broken(DecodeError::TooLong);
        }
    }
    Cut::More
}

/// The first word of the content, once it is known to have ended.
fn content_kind(content: &[u8]) -> Option<&[u8]> {
    let end = content.iter().position(|byte| matches!(byte, b',' | b'[' | b']'));
    match end {
        Some(end) => content.get(..end),
        // No command is that long, and a frame without one is bounded as text.
        None => (content.len() > 32).then_some(b""),
    }
}

/// A frame taken apart.
pub(super) struct Message<'a> {
    pub(super) head: Head<'a>,
    pub(super) content: &'a [u8],
    pub(super) kind: &'a str,
    /// What stands behind the kind, parted by commas.
    pub(super) values: Vec<&'a [u8]>,
}

impl<'a> Message<'a> {
    pub(super) fn read(bytes: &'a [u8]) -> Result<Self, DecodeError> {
        if bytes.len() > VOICE_BYTES_MAX {
            return Err(DecodeError::TooLong);
        }
        let bytes = bytes.trim_ascii();
        let head = match look(bytes) {
            Look::Head(head) => head,
            Look::More if bytes.first() == Some(&b'[') => return Err(DecodeError::Length),
            Look::More | Look::None => return Err(DecodeError::NotMine),
        };
        let content = bytes.get(head.content..).and_then(|rest| rest.strip_suffix(b"]")).ok_or(DecodeError::Length)?;
        let mut parts = content.split(|byte| *byte == b',');
        let kind = parts.next().and_then(|kind| from_utf8(kind).ok()).ok_or(DecodeError::NotUtf8)?.trim();
        Ok(Self { head, content, kind, values: parts.collect() })
    }

    pub(super) fn text(&self, index: usize) -> Option<&'a str> {
        self.values.get(index).and_then(|value| from_utf8(value).ok()).map(str::trim)
    }

    pub(super) fn number(&self, index: usize) -> Option<f64> {
        self.text(index)?.parse::<f64>().ok().filter(|number| number.is_finite())
    }

    pub(super) fn is_position(&self) -> bool {
        self.is_alarm() || self.kind.starts_with("UD") || self.kind == "WT"
    }

    pub(super) fn is_alarm(&self) -> bool {
        self.kind.starts_with("AL")
    }

    /// Degrees of the coordinate at `index`, with its letter behind it.
    pub(super) fn degrees(&self, index: usize) -> Option<f64> {
        let value = self.number(index)?;
        Some(if matches!(self.text(index + 1), Some("S" | "W")) { -value.abs() } else { value })
    }

    pub(super) fn status(&self) -> Option<u32> {
        self.text(STATUS).filter(|text| !text.is_empty()).and_then(|text| u32::from_str_radix(text, 16).ok())
    }

    /// What the watch waits to hear.
    pub(super) fn answer(&self) -> Option<&'a str> {
        Some(match self.kind {
            "LK" => "LK",
            "TKQ" | "TKQ2" => self.kind,
            "INIT" => "INIT,1",
            _ if self.is_alarm() => "AL",
            _ => return None,
        })
    }
}

// Places of the values of a position.
pub(super) const DATE: usize = 0;
pub(super) const TIME: usize = 1;
pub(super) const FIX: usize = 2;
pub(super) const LAT: usize = 3;
pub(super) const LON: usize = 5;
pub(super) const SPEED: usize = 7;
pub(super) const COURSE: usize = 8;
pub(super) const ALTITUDE: usize = 9;
pub(super) const SATELLITES: usize = 10;
pub(super) const SIGNAL: usize = 11;
pub(super) const BATTERY: usize = 12;
pub(super) const STEPS: usize = 13;
pub(super) const TUMBLES: usize = 14;
pub(super) const STATUS: usize = 15;

/// A frame to the watch.
pub(super) fn written(manufacturer: &str, id: &str, sequence: Option<&str>, content: &str) -> String {
    let length = content.len();
    match sequence {
        Some(sequence) => format!("[{manufacturer}*{id}*{sequence}*{length:04X}*{content}]"),
        None => format!("[{manufacturer}*{id}*{length:04X}*{content}]"),
    }
}
