//! The two messages that a network sends to a modem, written by hand: another hand than the decoder's, so that one mistake does
//! not hide the other.

use crate::device::hex;
use crate::device::sms_pdu::alphabet::to_ucs2;

/// Units of UCS-2 in a part.
const PART_UNITS: usize = 67;

/// Units of UCS-2 in a message of its own.
const WHOLE_UNITS: usize = 70;

/// A number as type and swapped digits, behind how many there are.
fn address(number: &str) -> Vec<u8> {
    let digits: Vec<u8> = number.bytes().filter(u8::is_ascii_digit).map(|sign| sign - b'0').collect();
    let mut all = vec![u8::try_from(digits.len()).unwrap_or(20), if number.starts_with('+') { 0x91 } else { 0x81 }];
    all.extend(digits.chunks(2).map(|pair| (pair.get(1).unwrap_or(&0xF) << 4) | pair.first().unwrap_or(&0xF)));
    all
}

/// 2026-01-02 03:04:05 and so many seconds, China's time.
fn time(second: u64) -> [u8; 7] {
    let two = |value: u64| {
        let value = u8::try_from(value % 100).unwrap_or(0);
        ((value % 10) << 4) | (value / 10)
    };
    [
        two(26),
        two(1),
        two(2 + second / 86_400 % 26),
        two(second / 3_600 % 24),
        two(second / 60 % 60),
        two(second % 60),
        0x23,
    ]
}

/// A text of somebody, in as many PDUs as it takes, each in hex with its octets behind the centre.
pub(super) fn deliver(from: &str, text: &str, second: u64, reference: u8) -> Vec<(String, usize)> {
    let units: Vec<u8> = to_ucs2(text);
    let whole = units.len() <= WHOLE_UNITS * 2;
    let pieces: Vec<&[u8]> = if whole { vec![&units] } else { units.chunks(PART_UNITS * 2).collect() };
    let total = u8::try_from(pieces.len()).unwrap_or(u8::MAX);
    let write = |(piece, nth): (&[u8], u8)| {
        let mut tpdu = vec![if whole { 0x04 } else { 0x44 }];
        tpdu.extend(address(from));
        tpdu.extend([0x00, 0x08]);
        tpdu.extend(time(second));
        let header: &[u8] = if whole { &[] } else { &[5, 0, 3, reference, total, nth] };
        tpdu.push(u8::try_from(header.len() + piece.len()).unwrap_or(u8::MAX));
        tpdu.extend(header);
        tpdu.extend(piece);
        with_centre(&tpdu)
    };
    pieces.into_iter().zip(1..=u8::MAX).map(write).collect()
}

/// What became of a message.
pub(super) fn status_report(reference: u8, to: &str, status: u8, second: u64) -> (String, usize) {
    let mut tpdu = vec![0x06, reference];
    tpdu.extend(address(to));
    tpdu.extend(time(second));
    tpdu.extend(time(second));
    tpdu.push(status);
    with_centre(&tpdu)
}

fn with_centre(tpdu: &[u8]) -> (String, usize) {
    let mut pdu = vec![0x00];
    pdu.extend(tpdu);
    (hex::write(&pdu).to_uppercase(), tpdu.len())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::device::sms_pdu::{Message, Pdu};

    #[test]
    fn what_is_written_here_is_read_there() {
        let (pdu, octets) = deliver("+8613800000001", "我去", 61, 0).remove(0);
        let bytes = hex::read(pdu.as_bytes()).expect("hex");
        assert_eq!(bytes.len(), octets + 1);
        let Message::Deliver(read) = Pdu::read(&bytes).expect("reads").message else { panic!("a message") };
        assert_eq!(read.from.number().reveal(), "+8613800000001");
        assert_eq!(read.body.as_text().expect("a text").reveal(), "我去");
        assert_eq!(read.time.expect("a time").to_string(), "2026-01-02T00:01:01+08:00");
        let (pdu, _) = status_report(9, "10086", 0x41, 0);
        let Message::StatusReport(read) = Pdu::read(&hex::read(pdu.as_bytes()).expect("hex")).expect("reads").message
        else {
            panic!("a report")
        };
        assert_eq!((read.reference, read.status, read.to.number().reveal().as_str()), (9, 0x41, "10086"));
        assert_eq!(deliver("10086", &"守".repeat(71), 0, 1).len(), 2);
    }
}
