//! The packet: where it ends, whether it is whole, its records, and its answer.

use std::str::from_utf8;

use crate::device::DecodeError;
use crate::device::framing::Cut;

/// Bytes before the body.
const HEAD: usize = 8;

/// Longest packet. judgement: the vendor's modem sends 1 KiB at most; four times that.
pub(super) const BYTES_MAX: usize = 4 * 1024;

pub(super) const WANTS_ACK: u8 = 0x10;

pub(super) const DATA: u8 = 0x01;
pub(super) const SERVICES: u8 = 0x03;
pub(super) const RESPONSE: u8 = 0x7f;

/// A packet whose length fits.
pub(super) struct Packet<'a> {
    pub(super) flags: u8,
    pub(super) crc: u16,
    pub(super) index: u16,
    pub(super) command: u8,
    pub(super) body: &'a [u8],
}

impl<'a> Packet<'a> {
    /// Takes a whole packet apart.
    pub(super) fn read(bytes: &'a [u8]) -> Result<Self, DecodeError> {
        let (head, body) = bytes.split_at_checked(HEAD).ok_or(DecodeError::Length)?;
        let [0xab, flags, length @ ..] = head else { return Err(DecodeError::NotMine) };
        let [l0, l1, c0, c1, i0, i1] = *length else { return Err(DecodeError::Length) };
        let command = *body.first().ok_or(DecodeError::Length)?;
        if usize::from(u16::from_le_bytes([l0, l1])) != body.len() {
            return Err(DecodeError::Length);
        }
        let (crc, index) = (u16::from_le_bytes([c0, c1]), u16::from_le_bytes([i0, i1]));
        let packet = Self { flags: *flags, crc, index, command, body };
        if packet.crc_fits() || packet.is_whole() { Ok(packet) } else { Err(DecodeError::Checksum) }
    }

    pub(super) fn crc_fits(&self) -> bool {
        crc16(self.body) == self.crc
    }

    /// Whether the body is whole in itself: an IMEI first, times that were, and records that fill it to the last byte.
    fn is_whole(&self) -> bool {
        let filled: usize = self.records().map(|(_, data)| data.len() + 2).sum();
        let first_is_imei = self.records().next().is_some_and(|(key, data)| key == 0x01 && imei(data).is_some());
        let times_were =
            self.records().filter_map(|(key, data)| time(key, data)).all(|time| time == 0 || time >= BUILT);
        first_is_imei && times_were && filled + 1 == self.body.len()
    }

    /// Keys with their data, as far as they can be told apart.
    pub(super) fn records(&self) -> impl Iterator<Item = (u8, &'a [u8])> {
        let mut rest = self.body.get(1..).unwrap_or_default();
        std::iter::from_fn(move || {
            let (length, behind) = rest.split_first()?;
            let (record, next) = behind.split_at_checked(usize::from(*length))?;
            rest = next;
            let (key, data) = record.split_first()?;
            Some((*key, data))
        })
    }
}

/// No such pendant was built before 2014: where an earlier time stands, the next packet has begun.
const BUILT: u32 = 1_388_534_400;

/// The time in a record that has one.
fn time(key: u8, data: &[u8]) -> Option<u32> {
    let at = match key {
        0x02 => 4,
        0x24 | 0x30 | 0x40 | 0x41 => 0,
        _ => return None,
    };
    Taker(data.get(at..)?).u32()
}

/// CRC-16/XMODEM.
fn crc16(bytes: &[u8]) -> u16 {
    bytes.iter().fold(0, |crc, byte| {
        (0..8).fold(crc ^ u16::from(*byte) << 8, |crc, _| if crc & 0x8000 == 0 { crc << 1 } else { crc << 1 ^ 0x1021 })
    })
}

pub(super) fn imei(data: &[u8]) -> Option<&str> {
    let text = from_utf8(data).ok()?;
    (text.len() == 15 && text.bytes().all(|byte| byte.is_ascii_digit())).then_some(text)
}

/// Finds a packet at the beginning of `bytes`.
pub(super) fn cut(bytes: &[u8]) -> Cut {
    if bytes.first() != Some(&0xab) {
        return Cut::Skip(bytes.iter().position(|byte| *byte == 0xab).unwrap_or(bytes.len()));
    }
    let Some([l0, l1]) = bytes.get(2..4) else { return Cut::More };
    let end = HEAD + usize::from(u16::from_le_bytes([*l0, *l1]));
    if end == HEAD || end > BYTES_MAX {
        return Cut::Broken(DecodeError::Length);
    }
    match bytes.get(..end).map(Packet::read) {
        None => Cut::More,
        Some(Ok(_)) => Cut::Frame(end),
        Some(Err(why)) => Cut::Broken(why),
    }
}

/// Takes little-endian numbers from the front of a record.
pub(super) struct Taker<'a>(pub(super) &'a [u8]);

impl Taker<'_> {
    fn take<const N: usize>(&mut self) -> Option<[u8; N]> {
        let (part, rest) = self.0.split_first_chunk()?;
        self.0 = rest;
        Some(*part)
    }

    pub(super) fn u8(&mut self) -> Option<u8> {
        self.take().map(u8::from_le_bytes)
    }

    pub(super) fn u16(&mut self) -> Option<u16> {
        self.take().map(u16::from_le_bytes)
    }

    pub(super) fn u32(&mut self) -> Option<u32> {
        self.take().map(u32::from_le_bytes)
    }

    fn degrees(&mut self) -> Option<f64> {
        Some(f64::from(self.take().map(i32::from_le_bytes)?) / 1e7)
    }
}

/// Key 20.
pub(super) struct Fix {
    pub(super) lat: f64,
    pub(super) lon: f64,
    pub(super) speed: u16,
    pub(super) hdop: f64,
}

impl Fix {
    pub(super) fn read(data: &[u8]) -> Option<Self> {
        let mut data = Taker(data);
        let (lat, lon, speed) = (data.degrees()?, data.degrees()?, data.u16()?);
        let (_course, _altitude) = (data.u16()?, data.u16()?);
        Some(Self { lat, lon, speed, hdop: f64::from(data.u16()?) / 10.0 })
    }

    pub(super) fn is_valid(&self) -> bool {
        self.hdop > 0.0
    }
}

/// What the pendant waits to hear: the time if it asks for it and we know it, else that its packet came.
pub(super) fn answer(packet: &Packet<'_>, utc_s: Option<i64>) -> Vec<u8> {
    let asks_time = packet.command == SERVICES && packet.records().any(|(key, _)| key == 0x12);
    match utc_s.and_then(|seconds| u32::try_from(seconds).ok()).filter(|_| asks_time) {
        Some(seconds) => {
            let [a, b, c, d] = seconds.to_le_bytes();
            written(packet.index, &[SERVICES, 0x05, 0x12, a, b, c, d])
        }
        None if packet.flags & WANTS_ACK != 0 && packet.command != RESPONSE => {
            written(packet.index, &[RESPONSE, 0x01, 0x00])
        }
        None => Vec::new(),
    }
}

fn written(index: u16, body: &[u8]) -> Vec<u8> {
    let length = u16::try_from(body.len()).unwrap_or(u16::MAX);
    let mut packet = vec![0xab, 0x00];
    packet.extend(length.to_le_bytes());
    packet.extend(crc16(body).to_le_bytes());
    packet.extend(index.to_le_bytes());
    packet.extend(body);
    packet
}
