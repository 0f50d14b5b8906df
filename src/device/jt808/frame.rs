//! The message: where it ends, its escapes and header, the locations in it, and its answer.

use crate::device::framing::Cut;
use crate::device::hex;
use crate::device::{DecodeError, stamp};

/// Longest frame. Source: a body of 1,023 bytes and the longest header, every byte of them escaped, and both delimiters.
pub(super) const BYTES_MAX: usize = 2 * (1_023 + 21 + 1) + 2;

/// Header of the older form, and the check.
pub(super) const SHORTEST: usize = 13;

const DELIMITER: u8 = 0x7e;

/// Finds a message at the beginning of `bytes`: up to the first delimiter where the check fits.
///
/// Where it does not fit, and the header announces more, the delimiter may be a byte of the body that was not escaped;
/// not if another one follows at once, because then a message has ended and the next begins.
pub(super) fn cut(bytes: &[u8]) -> Cut {
    if bytes.first() != Some(&DELIMITER) {
        return Cut::Skip(bytes.iter().position(|byte| *byte == DELIMITER).unwrap_or(bytes.len()));
    }
    // One pass, whatever stands there: escapes are undone, counted and summed up on the way.
    let (mut length, mut sum, mut attributes, mut escape) = (0_usize, 0_u8, [0_u8; 2], false);
    for (at, byte) in bytes.iter().enumerate().skip(1) {
        if *byte == DELIMITER && !escape {
            match (length, bytes.get(at + 1)) {
                // The end of one and the beginning of the next.
                (0, _) => return Cut::Skip(1),
                (..SHORTEST, _) => return Cut::Frame(at),
                // A check that fits what is longer than announced ends at the beginning of the next message.
                _ if sum == 0 && length <= announced(attributes) => return Cut::Frame(at + 1),
                _ if length >= announced(attributes) => return Cut::Broken(DecodeError::Checksum),
                (_, None) => return Cut::More,
                (_, Some(&DELIMITER)) => return Cut::Broken(DecodeError::Checksum),
                (_, Some(_)) => {}
            }
        }
        let byte = match (escape, *byte) {
            (false, 0x7d) => {
                escape = true;
                continue;
            }
            (true, 0x01) => 0x7d,
            (true, 0x02) => 0x7e,
            (true, _) => return Cut::Broken(DecodeError::NotMine),
            (false, byte) => byte,
        };
        escape = false;
        if let Some(attribute) = length.checked_sub(2).and_then(|index| attributes.get_mut(index)) {
            *attribute = byte;
        }
        length += 1;
        sum ^= byte;
    }
    Cut::More
}

/// Bytes of a whole message as its own header has it.
fn announced(attributes: [u8; 2]) -> usize {
    let attributes = u16::from_be_bytes(attributes);
    let header = if attributes >> 14 & 1 == 1 { 17 } else { 12 };
    let parts = if attributes >> 13 & 1 == 1 { 4 } else { 0 };
    header + parts + usize::from(attributes & 0x03ff) + 1
}

/// What stands between the delimiters, as it was before escaping; `None` after an escape that does not exist.
fn unescaped(bytes: &[u8]) -> Option<Vec<u8>> {
    let mut out = Vec::with_capacity(bytes.len());
    let mut bytes = bytes.iter();
    while let Some(byte) = bytes.next() {
        out.push(match byte {
            0x7d => match bytes.next()? {
                0x01 => 0x7d,
                0x02 => 0x7e,
                _ => return None,
            },
            other => *other,
        });
    }
    Some(out)
}

pub(super) fn escaped(bytes: &[u8]) -> Vec<u8> {
    let mut out = vec![DELIMITER];
    for byte in bytes {
        match byte {
            0x7d => out.extend([0x7d, 0x01]),
            0x7e => out.extend([0x7d, 0x02]),
            other => out.push(*other),
        }
    }
    out.push(DELIMITER);
    out
}

/// XOR of everything; zero over a message with its check.
pub(super) fn check(bytes: &[u8]) -> u8 {
    bytes.iter().fold(0, |sum, byte| sum ^ byte)
}

/// A message without its delimiters.
pub(super) fn inside(frame: &[u8]) -> Result<Vec<u8>, DecodeError> {
    if frame.len() > BYTES_MAX {
        return Err(DecodeError::TooLong);
    }
    let bytes = frame.strip_prefix(&[DELIMITER]).ok_or(DecodeError::NotMine)?;
    unescaped(bytes.strip_suffix(&[DELIMITER]).unwrap_or(bytes)).ok_or(DecodeError::NotMine)
}

/// Who speaks, and in which form of the standard.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Identity {
    /// Six bytes, ten in the form of 2019.
    pub(super) number: Vec<u8>,
    /// The form of 2019 with its version.
    pub(super) version: Option<u8>,
}

impl Identity {
    pub(super) fn address(&self) -> String {
        hex::write(&self.number)
    }
}

/// A message taken apart.
pub(super) struct Message {
    pub(super) id: u16,
    pub(super) attributes: u16,
    pub(super) identity: Identity,
    pub(super) serial: u16,
    /// Which part of a message in parts it is, from 1.
    part: Option<u16>,
    body: Vec<u8>,
}

impl Message {
    /// Takes a message apart, its check included.
    pub(super) fn read(bytes: &[u8]) -> Result<Self, DecodeError> {
        if check(bytes) != 0 {
            return Err(DecodeError::Checksum);
        }
        let mut rest = Taker(bytes.split_last().map(|(_, rest)| rest).unwrap_or_default());
        Self::take(&mut rest).ok_or(DecodeError::Length)
    }

    fn take(rest: &mut Taker<'_>) -> Option<Self> {
        let (id, attributes) = (rest.u16()?, rest.u16()?);
        let (version, digits) = if attributes >> 14 & 1 == 1 { (Some(rest.u8()?), 10) } else { (None, 6) };
        let identity = Identity { number: rest.bytes(digits)?.to_vec(), version };
        let serial = rest.u16()?;
        let part = if attributes >> 13 & 1 == 1 {
            let _parts = rest.u16()?;
            Some(rest.u16()?)
        } else {
            None
        };
        Some(Self { id, attributes, identity, serial, part, body: rest.0.to_vec() })
    }

    pub(super) const fn is_encrypted(&self) -> bool {
        self.attributes >> 10 & 0b111 != 0
    }

    pub(super) const fn is_split(&self) -> bool {
        self.part.is_some()
    }

    /// Whether its body may be looked into as a whole.
    pub(super) const fn is_plain(&self) -> bool {
        !self.is_encrypted() && !self.is_split()
    }

    /// Whether its body may be looked into from the beginning.
    pub(super) const fn is_readable(&self) -> bool {
        !self.is_encrypted() && matches!(self.part, None | Some(1))
    }

    /// The bodies of all locations in it.
    pub(super) fn locations(&self) -> Vec<&[u8]> {
        match self.id {
            LOCATION => vec![&self.body],
            STORED => {
                let mut rest = Taker(self.body.get(3..).unwrap_or_default());
                std::iter::from_fn(|| rest.u16().and_then(|length| rest.bytes(usize::from(length)))).collect()
            }
            _ => Vec::new(),
        }
    }
}

pub(super) const HEARTBEAT: u16 = 0x0002;
pub(super) const LOG_OUT: u16 = 0x0003;
const ASKS_TIME: u16 = 0x0004;
pub(super) const REGISTER: u16 = 0x0100;
pub(super) const AUTHENTICATE: u16 = 0x0102;
const LOCATION: u16 = 0x0200;
pub(super) const STORED: u16 = 0x0704;

/// What the terminal itself sends as an answer; to answer those would never end.
const ANSWERS: [u16; 10] = [0x0001, 0x0104, 0x0106, 0x0107, 0x0201, 0x0302, 0x0500, 0x0700, 0x0802, 0x0805];

/// Takes big-endian numbers from the front.
pub(super) struct Taker<'a>(pub(super) &'a [u8]);

impl<'a> Taker<'a> {
    fn bytes(&mut self, count: usize) -> Option<&'a [u8]> {
        let (part, rest) = self.0.split_at_checked(count)?;
        self.0 = rest;
        Some(part)
    }

    fn take<const N: usize>(&mut self) -> Option<[u8; N]> {
        self.bytes(N)?.try_into().ok()
    }

    fn u8(&mut self) -> Option<u8> {
        self.take().map(u8::from_be_bytes)
    }

    fn u16(&mut self) -> Option<u16> {
        self.take().map(u16::from_be_bytes)
    }

    pub(super) fn u32(&mut self) -> Option<u32> {
        self.take().map(u32::from_be_bytes)
    }
}

/// A location.
pub(super) struct Location<'a> {
    pub(super) alarm: u32,
    pub(super) status: u32,
    pub(super) lat: f64,
    pub(super) lon: f64,
    pub(super) altitude: u16,
    pub(super) speed: f64,
    pub(super) course: u16,
    pub(super) time: &'a [u8],
    items: &'a [u8],
}

impl<'a> Location<'a> {
    pub(super) fn read(body: &'a [u8]) -> Option<Self> {
        let mut rest = Taker(body);
        let (alarm, status) = (rest.u32()?, rest.u32()?);
        let degrees = |value: u32, negative: u32| {
            let degrees = f64::from(value) / 1e6;
            if status >> negative & 1 == 1 { -degrees } else { degrees }
        };
        Some(Self {
            alarm,
            status,
            lat: degrees(rest.u32()?, 2),
            lon: degrees(rest.u32()?, 3),
            altitude: rest.u16()?,
            speed: f64::from(rest.u16()?) / 10.0,
            course: rest.u16()?,
            time: rest.bytes(6)?,
            items: rest.0,
        })
    }

    pub(super) const fn is_valid(&self) -> bool {
        self.status >> 1 & 1 == 1
    }

    /// Items with their data, as far as they can be told apart.
    pub(super) fn items(&self) -> impl Iterator<Item = (u8, &'a [u8])> {
        let mut rest = Taker(self.items);
        std::iter::from_fn(move || {
            let (id, length) = (rest.u8()?, rest.u8()?);
            Some((id, rest.bytes(usize::from(length))?))
        })
    }
}

/// Id and body of what the terminal waits to hear.
pub(super) fn answer(message: &Message, utc_s: Option<i64>) -> Option<(u16, Vec<u8>)> {
    if ANSWERS.contains(&message.id) {
        return None;
    }
    let mut body = message.serial.to_be_bytes().to_vec();
    if message.id == REGISTER && message.is_plain() {
        body.push(0);
        // The code of authentication is no secret here: an address is a claim, and enrolment decides.
        body.extend(message.identity.address().bytes());
        return Some((0x8100, body));
    }
    let digits = utc_s.filter(|_| message.id == ASKS_TIME && message.is_plain()).and_then(stamp::to_digits);
    if let Some(digits) = digits.as_deref().and_then(|digits| digits.get(2..)) {
        return Some((0x8004, bcd(digits)));
    }
    // 3: not supported. A terminal that asks for a time which nobody knows keeps its own; and no call is said to be taken that
    // was not read.
    let result = if message.id == ASKS_TIME || !message.is_readable() { 3 } else { 0 };
    body.extend(message.id.to_be_bytes());
    body.push(result);
    Some((0x8001, body))
}

fn bcd(digits: &str) -> Vec<u8> {
    digits.as_bytes().chunks(2).map(|pair| pair.iter().fold(0, |byte, digit| byte << 4 | (digit & 0x0f))).collect()
}
