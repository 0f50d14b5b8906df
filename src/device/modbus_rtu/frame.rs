//! Modbus frames on a serial line: found by expected length and CRC, because a USB adapter blurs the silence between them.

use crate::core::register::Function;
use crate::device::DecodeError;
use crate::device::framing::Cut;

/// Longest frame of the specification.
pub(super) const BYTES_MAX: usize = 256;

/// Most bits that one request may ask for.
const BITS_MAX: u16 = 2000;

/// A whole frame.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Adu<'a> {
    pub(super) slave: u8,
    pub(super) function: u8,
    pub(super) body: Body<'a>,
}

/// What a frame carries.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Body<'a> {
    /// So many values from this address on are asked for.
    Request { address: u16, count: u16 },
    /// They are answered.
    Answer { data: &'a [u8] },
    /// Refused with this code.
    Exception { code: u8 },
    /// One value is written; the answer repeats it.
    Write { address: u16, value: u16 },
    /// Many values are written.
    WriteMany { address: u16, count: u16, data: &'a [u8] },
    /// Many values were written.
    Written { address: u16, count: u16 },
}

/// CRC-16/MODBUS: reflected polynomial A001, from FFFF.
pub(super) fn crc(bytes: &[u8]) -> u16 {
    bytes.iter().fold(0xFFFF, |sum, byte| {
        (0..8).fold(sum ^ u16::from(*byte), |sum, _| if sum & 1 == 1 { sum >> 1 ^ 0xA001 } else { sum >> 1 })
    })
}

/// The first whole frame that begins here, whichever of its two directions it goes.
pub(super) fn first(bytes: &[u8]) -> Result<(Adu<'_>, usize), Cut> {
    let Some(&[slave, function]) = bytes.first_chunk() else { return Err(Cut::More) };
    let lengths = lengths(function, bytes.get(2..).unwrap_or_default());
    let mut waits = false;
    for length in lengths.into_iter().flatten() {
        let Some(frame) = bytes.get(..length) else {
            waits = true;
            continue;
        };
        let Some((covered, sum)) = frame.split_last_chunk() else { continue };
        let body = covered.get(2..).and_then(|rest| body(function, rest));
        if let (true, Some(body)) = (crc(covered) == u16::from_le_bytes(*sum), body) {
            return Ok((Adu { slave, function: function & 0x7F, body }, length));
        }
    }
    Err(if waits { Cut::More } else { Cut::Broken(DecodeError::Checksum) })
}

/// How long the frame is if it is an answer, and if it is a request; `None` where it cannot be one, or cannot be told yet.
fn lengths(function: u8, rest: &[u8]) -> [Option<usize>; 2] {
    let counted = |before: usize, at: usize| rest.get(at).map(|count| before + usize::from(*count) + 2);
    match function {
        0x01..=0x04 => [counted(3, 0).or(Some(BYTES_MAX)), Some(8)],
        0x05 | 0x06 => [Some(8), None],
        0x0F | 0x10 => [Some(8), counted(7, 4)],
        0x81..=0x84 | 0x85 | 0x86 | 0x8F | 0x90 => [Some(5), None],
        _ => [None, None],
    }
}

/// The body of a frame whose length and CRC fit, without function and CRC.
fn body(function: u8, rest: &[u8]) -> Option<Body<'_>> {
    let pair = |at: usize| rest.get(at..at + 2).map(|two| u16::from_be_bytes([two[0], two[1]]));
    match (Function::from_number(function), function, rest) {
        (Some(asked), _, [count, data @ ..]) if usize::from(*count) == data.len() && !data.is_empty() => {
            // Four bytes are a request too; as an answer they would be an odd number of bytes of whole registers.
            (asked.is_of_bits() || data.len().is_multiple_of(2))
                .then_some(Body::Answer { data })
                .or_else(|| Some(Body::Request { address: pair(0)?, count: pair(2)? }).filter(|_| rest.len() == 4))
        }
        (Some(_), _, [_, _, _, _]) => {
            let (address, count) = (pair(0)?, pair(2)?);
            (1..=BITS_MAX).contains(&count).then_some(Body::Request { address, count })
        }
        (None, 0x81.., [code]) => Some(Body::Exception { code: *code }),
        (None, 0x05 | 0x06, [_, _, _, _]) => Some(Body::Write { address: pair(0)?, value: pair(2)? }),
        (None, 0x0F | 0x10, [_, _, _, _]) => Some(Body::Written { address: pair(0)?, count: pair(2)? }),
        (None, 0x0F | 0x10, [_, _, _, _, count, data @ ..]) if usize::from(*count) == data.len() => {
            Some(Body::WriteMany { address: pair(0)?, count: pair(2)?, data })
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_crc_is_that_of_the_specification() {
        assert_eq!(crc(&[0x01, 0x03, 0x00, 0x00, 0x00, 0x02]), 0x0BC4);
        assert_eq!(crc(b"123456789"), 0x4B37);
    }

    #[test]
    fn a_request_and_an_answer_are_told_apart_by_their_length() {
        let with_crc = |bytes: &[u8]| [bytes, &crc(bytes).to_le_bytes()].concat();
        let request = with_crc(&[1, 4, 0, 1, 0, 2]);
        assert!(matches!(first(&request), Ok((Adu { body: Body::Request { address: 1, count: 2 }, .. }, 8))));
        let answer = with_crc(&[1, 4, 4, 0xFF, 0xCB, 3, 0x8E]);
        assert!(matches!(first(&answer), Ok((Adu { body: Body::Answer { .. }, .. }, 9))));
        let odd = with_crc(&[1, 3, 3, 0, 0, 2]);
        assert!(matches!(first(&odd), Ok((Adu { body: Body::Request { address: 0x300, count: 2 }, .. }, 8))));
        assert_eq!(first(&answer[..5]), Err(Cut::More));
    }
}
