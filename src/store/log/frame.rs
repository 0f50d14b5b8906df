//! Bytes of a segment: its header and the frame around a record.
//!
//! ```text
//! header (92 bytes)                        record (53 bytes and its payload)
//!  0  8  "shouwang"                         0  4  marker FE 73 77 FF, which is in no UTF-8 text
//!  8  2  version = 1                        4  4  length of the payload
//! 10  1  stream 'u' or 'r'                  8  4  CRC-32 of all other bytes from 4 on
//! 11  1  trust of the wall time            12  8  index of the record in its stream, from 1
//! 12  4  boot                              20  1  kind
//! 16  8  segment number                    21 32  SHA-256 of the record before, all its bytes
//! 24  8  index of its first record         53  …  payload
//! 32  8  number of its first reading
//! 40  8  station time, ms
//! 48  8  wall time, ms since 1970
//! 56 32  SHA-256 of the record before it
//! 88  4  CRC-32 of the 88 bytes before
//! ```
//!
//! Whole numbers are little-endian.

use std::fmt;

use sha2::{Digest, Sha256};

use super::Stream;
use crate::core::time::{Boot, Moment, Mono, Trust, Wall};
use crate::limits::RECORD_BYTES_MAX;

/// Bytes of a segment's header.
pub const HEADER_BYTES: usize = 92;

/// Bytes of a frame in front of its payload.
pub const FRAME_BYTES: usize = 53;

/// The bytes with which every record begins. 0xFE and 0xFF are in no UTF-8 text, so never inside a payload.
pub const MARKER: [u8; 4] = [0xFE, b's', b'w', 0xFF];

const MAGIC: [u8; 8] = *b"shouwang";
const VERSION: u16 = 1;

/// A link of the chain: the SHA-256 of a record.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct Chain(pub [u8; 32]);

impl Chain {
    /// Before the first record.
    pub const START: Chain = Chain([0; 32]);

    /// The link of these bytes.
    #[must_use]
    pub fn of(frame: &[u8]) -> Chain {
        Chain(Sha256::digest(frame).into())
    }
}

impl fmt::Display for Chain {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

impl fmt::Debug for Chain {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// What a segment says of itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Header {
    /// Its stream.
    pub stream: Stream,
    /// Its number.
    pub segment: u64,
    /// Index of its first record; older segments are superseded from there on.
    pub first_index: u64,
    /// Routine stream: number in the reading lane of its first sample. 0 in the urgent stream.
    pub first_number: u64,
    /// When it was born, not after its first record.
    pub born: Moment,
    /// The record it continues from.
    pub chain: Chain,
}

impl Header {
    /// Adds the header's bytes.
    pub fn write(&self, to: &mut Vec<u8>) {
        let start = to.len();
        to.extend_from_slice(&MAGIC);
        to.extend_from_slice(&VERSION.to_le_bytes());
        to.push(self.stream.byte());
        to.push(match self.born.trust {
            Trust::Unset => 0,
            Trust::Holdover => 1,
            Trust::Synced => 2,
        });
        to.extend_from_slice(&self.born.boot.0.to_le_bytes());
        to.extend_from_slice(&self.segment.to_le_bytes());
        to.extend_from_slice(&self.first_index.to_le_bytes());
        to.extend_from_slice(&self.first_number.to_le_bytes());
        to.extend_from_slice(&self.born.mono.0.to_le_bytes());
        to.extend_from_slice(&self.born.wall.0.to_le_bytes());
        to.extend_from_slice(&self.chain.0);
        let crc = crc32fast::hash(to.get(start..).unwrap_or_default());
        to.extend_from_slice(&crc.to_le_bytes());
    }

    /// The header at the beginning of `bytes`; `None` when it is damaged or of another kind.
    #[must_use]
    pub fn read(bytes: &[u8]) -> Option<Header> {
        let header = bytes.get(..HEADER_BYTES)?;
        let (covered, mut rest) = (header.get(..HEADER_BYTES - 4)?, header);
        if take::<8>(&mut rest)? != MAGIC || u16::from_le_bytes(take(&mut rest)?) != VERSION {
            return None;
        }
        let stream = match take::<1>(&mut rest)? {
            [b'u'] => Stream::Urgent,
            [b'r'] => Stream::Routine,
            _ => return None,
        };
        let trust = match take::<1>(&mut rest)? {
            [0] => Trust::Unset,
            [1] => Trust::Holdover,
            [2] => Trust::Synced,
            _ => return None,
        };
        let boot = Boot(u32::from_le_bytes(take(&mut rest)?));
        let segment = u64::from_le_bytes(take(&mut rest)?);
        let first_index = u64::from_le_bytes(take(&mut rest)?);
        let first_number = u64::from_le_bytes(take(&mut rest)?);
        let mono = Mono(u64::from_le_bytes(take(&mut rest)?));
        let wall = Wall(i64::from_le_bytes(take(&mut rest)?));
        let chain = Chain(take(&mut rest)?);
        let crc = u32::from_le_bytes(take(&mut rest)?);
        (crc == crc32fast::hash(covered)).then_some(Header {
            stream,
            segment,
            first_index,
            first_number,
            born: Moment { boot, mono, wall, trust },
            chain,
        })
    }
}

/// A whole record, as its frame says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Frame<'a> {
    /// Number of the record in its stream.
    pub index: u64,
    /// What its payload is.
    pub kind: u8,
    /// The record before.
    pub prev: Chain,
    /// Its contents.
    pub payload: &'a [u8],
    /// All its bytes.
    pub bytes: &'a [u8],
}

impl<'a> Frame<'a> {
    /// The record at the beginning of `bytes`; `None` unless it is whole and its CRC holds.
    #[must_use]
    pub fn read(bytes: &'a [u8]) -> Option<Frame<'a>> {
        let (frame, crc) = Frame::split(bytes)?;
        (crc == Frame::crc(frame.bytes)?).then_some(frame)
    }

    /// The record at the beginning of bytes whose CRC was checked before.
    fn split(bytes: &'a [u8]) -> Option<(Frame<'a>, u32)> {
        let mut rest = bytes;
        if take::<4>(&mut rest)? != MARKER {
            return None;
        }
        let len = usize::try_from(u32::from_le_bytes(take(&mut rest)?)).ok()?;
        if len > RECORD_BYTES_MAX {
            return None;
        }
        let crc = u32::from_le_bytes(take(&mut rest)?);
        let index = u64::from_le_bytes(take(&mut rest)?);
        let [kind] = take(&mut rest)?;
        let prev = Chain(take(&mut rest)?);
        let payload = rest.get(..len)?;
        Some((Frame { index, kind, prev, payload, bytes: bytes.get(..FRAME_BYTES + len)? }, crc))
    }

    fn crc(frame: &[u8]) -> Option<u32> {
        let mut crc = crc32fast::Hasher::new();
        crc.update(frame.get(4..8)?);
        crc.update(frame.get(12..)?);
        Some(crc.finalize())
    }
}

/// Leaves room for a frame at the end of `to`; the payload is written behind it, then [`seal`] is called with what this returned.
#[must_use]
pub fn begin(to: &mut Vec<u8>) -> usize {
    let start = to.len();
    to.extend_from_slice(&MARKER);
    to.resize(start + FRAME_BYTES, 0);
    start
}

/// Fills in the frame that begins at `start` around the payload behind it, and returns the record's link of the chain.
///
/// # Panics
/// When `start` does not come from [`begin`], or the payload is longer than [`RECORD_BYTES_MAX`].
pub fn seal(to: &mut [u8], start: usize, kind: u8, index: u64, prev: Chain) -> Chain {
    let frame = &mut to[start..];
    let len = frame.len() - FRAME_BYTES;
    assert!(len <= RECORD_BYTES_MAX, "a record is bounded by the limits of what it holds");
    let len = u32::try_from(len).expect("RECORD_BYTES_MAX fits 32 bits");
    frame[4..8].copy_from_slice(&len.to_le_bytes());
    frame[12..20].copy_from_slice(&index.to_le_bytes());
    frame[20] = kind;
    frame[21..53].copy_from_slice(&prev.0);
    let crc = Frame::crc(frame).expect("a frame is longer than its head");
    frame[8..12].copy_from_slice(&crc.to_le_bytes());
    Chain::of(frame)
}

fn take<const N: usize>(bytes: &mut &[u8]) -> Option<[u8; N]> {
    let (head, rest) = bytes.split_first_chunk::<N>()?;
    *bytes = rest;
    Some(*head)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_header_survives_and_any_flipped_bit_is_found() {
        let header = Header {
            stream: Stream::Routine,
            segment: 7,
            first_index: 12,
            first_number: 99,
            born: Moment { boot: Boot(3), mono: Mono(5), wall: Wall(-6), trust: Trust::Holdover },
            chain: Chain([9; 32]),
        };
        let mut bytes = Vec::new();
        header.write(&mut bytes);
        assert_eq!(bytes.len(), HEADER_BYTES);
        assert_eq!(Header::read(&bytes), Some(header));
        for bit in 0..bytes.len() * 8 {
            let mut wrong = bytes.clone();
            wrong[bit / 8] ^= 1 << (bit % 8);
            assert_eq!(Header::read(&wrong), None, "bit {bit}");
        }
    }

    #[test]
    fn a_record_survives_and_any_flipped_bit_or_cut_is_found() {
        let mut bytes = b"before".to_vec();
        let start = begin(&mut bytes);
        bytes.extend_from_slice("{\"示例\":1}".as_bytes());
        let chain = seal(&mut bytes, start, 1, 42, Chain([7; 32]));
        let bytes = &bytes[start..];
        let frame = Frame::read(bytes).expect("whole");
        assert_eq!((frame.index, frame.kind, frame.prev), (42, 1, Chain([7; 32])));
        assert_eq!(frame.payload, "{\"示例\":1}".as_bytes());
        assert_eq!(Chain::of(frame.bytes), chain);
        for bit in 0..bytes.len() * 8 {
            let mut wrong = bytes.to_vec();
            wrong[bit / 8] ^= 1 << (bit % 8);
            assert_eq!(Frame::read(&wrong), None, "bit {bit}");
        }
        for len in 0..bytes.len() {
            assert_eq!(Frame::read(&bytes[..len]), None, "cut at {len}");
        }
    }
}
