//! From record to record through the bytes of one segment, over damage: pure.

use super::frame::{Frame, MARKER};

/// What lies at an offset.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Step<'a> {
    /// A whole record.
    Frame(Frame<'a>),
    /// Damage up to this offset, where a whole record begins.
    Damaged {
        /// First byte that is well again.
        until: usize,
    },
    /// Bytes, and no whole record after them.
    Tail,
    /// Nothing more.
    End,
}

/// Looks at `bytes` from `at` on.
#[must_use]
pub fn step(bytes: &[u8], at: usize) -> Step<'_> {
    let Some(rest) = bytes.get(at..).filter(|rest| !rest.is_empty()) else { return Step::End };
    if let Some(frame) = Frame::read(rest) {
        return Step::Frame(frame);
    }
    // A record is believed again only where its CRC holds. The marker is in no payload, so this looks at one place a
    // record, not at every byte.
    rest.windows(MARKER.len())
        .enumerate()
        .skip(1)
        .filter(|(_, window)| *window == MARKER)
        .find(|(offset, _)| rest.get(*offset..).and_then(Frame::read).is_some())
        .map_or(Step::Tail, |(offset, _)| Step::Damaged { until: at + offset })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::log::frame::{Chain, begin, seal};

    fn three_records() -> (Vec<u8>, Vec<usize>) {
        let (mut bytes, mut starts, mut chain) = (Vec::new(), Vec::new(), Chain::START);
        for index in 1..=3 {
            let start = begin(&mut bytes);
            bytes.extend_from_slice(format!("record {index}").as_bytes());
            chain = seal(&mut bytes, start, 1, index, chain);
            starts.push(start);
        }
        (bytes, starts)
    }

    fn indexes(bytes: &[u8]) -> (Vec<u64>, usize) {
        let (mut at, mut found, mut damaged) = (0, Vec::new(), 0);
        loop {
            match step(bytes, at) {
                Step::Frame(frame) => {
                    found.push(frame.index);
                    at += frame.bytes.len();
                }
                Step::Damaged { until } => {
                    damaged += until - at;
                    at = until;
                }
                Step::Tail => return (found, damaged + bytes.len() - at),
                Step::End => return (found, damaged),
            }
        }
    }

    #[test]
    fn one_damaged_byte_costs_one_record() {
        let (bytes, starts) = three_records();
        assert_eq!(indexes(&bytes), (vec![1, 2, 3], 0));
        for at in 0..bytes.len() {
            let mut wrong = bytes.clone();
            wrong[at] ^= 0x55;
            let hit = starts.iter().filter(|start| **start <= at).count() as u64;
            let left: Vec<u64> = (1..=3).filter(|index| *index != hit).collect();
            assert_eq!(indexes(&wrong).0, left, "byte {at}");
        }
    }

    #[test]
    fn a_cut_is_a_tail() {
        let (bytes, starts) = three_records();
        for len in 0..bytes.len() {
            let whole = starts.iter().skip(1).filter(|start| **start <= len).count() as u64;
            let tail = len - starts[usize::try_from(whole).expect("small")];
            assert_eq!(indexes(&bytes[..len]), ((1..=whole).collect(), tail), "cut at {len}");
        }
    }
}
