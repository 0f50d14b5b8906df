//! Lines out of a serial stream: any split, any garbage, a bounded buffer; pure.
//!
//! A line that is longer than it may be is skipped to its end, so its tail is not taken for a line of its own. The
//! buffer holds one line and never grows past the longest allowed.

use super::Piece;
use crate::device::DecodeError;

/// Cuts a stream into lines ended by LF or CR LF.
#[derive(Debug)]
pub(super) struct Lines {
    partial: Vec<u8>,
    bytes_max: usize,
    state: State,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum State {
    /// `partial` is the beginning of a line.
    Collecting,
    /// `partial` was given out as a line and is cleared at the next call.
    Given,
    /// The rest of an overlong line is skipped.
    Skipping,
}

impl Lines {
    /// Lines of at most `bytes_max` bytes, the ending not counted.
    pub(super) const fn new(bytes_max: usize) -> Self {
        Self { partial: Vec::new(), bytes_max, state: State::Collecting }
    }

    /// Takes bytes from the front of `chunk` up to the next line; `None` once the chunk is used up.
    pub(super) fn next_piece(&mut self, chunk: &mut &[u8]) -> Option<Piece<'_>> {
        while !chunk.is_empty() {
            if self.state == State::Given {
                self.partial.clear();
                self.state = State::Collecting;
            }
            let (piece, ended) = take_piece(chunk);
            match (self.state, ended) {
                (State::Skipping, true) => self.state = State::Collecting,
                (State::Skipping, false) => {}
                // One more byte than allowed may be the CR of the ending.
                _ if self.partial.len() + piece.len() > self.bytes_max + 1 => {
                    self.partial.clear();
                    self.state = if ended { State::Collecting } else { State::Skipping };
                    return Some(Piece::Damaged(DecodeError::TooLong));
                }
                (_, false) => self.partial.extend_from_slice(piece),
                (_, true) => {
                    self.partial.extend_from_slice(piece);
                    self.state = State::Given;
                    if self.partial.last() == Some(&b'\r') {
                        self.partial.pop();
                    }
                    if self.partial.len() > self.bytes_max {
                        return Some(Piece::Damaged(DecodeError::TooLong));
                    }
                    if !self.partial.is_empty() {
                        return Some(Piece::Frame(&self.partial));
                    }
                }
            }
        }
        None
    }

    /// Whether a line has begun and not ended.
    pub(super) fn unfinished(&self) -> bool {
        match self.state {
            State::Collecting => !self.partial.is_empty(),
            State::Given => false,
            State::Skipping => true,
        }
    }

    /// Bytes that are held of a line that has begun.
    pub(super) fn held_bytes(&self) -> usize {
        if self.state == State::Given { 0 } else { self.partial.len() }
    }

    /// Gives the memory back while no line has begun.
    pub(super) fn rest(&mut self) {
        if self.held_bytes() == 0 {
            self.partial = Vec::new();
            if self.state == State::Given {
                self.state = State::Collecting;
            }
        }
    }

    /// Forgets the line that has begun: its sender was reset in the middle, and what comes next is a line of its own.
    pub(super) fn forget_unfinished(&mut self) {
        self.partial.clear();
        self.state = State::Collecting;
    }
}

/// The bytes up to the next LF, and whether there was one.
fn take_piece<'a>(chunk: &mut &'a [u8]) -> (&'a [u8], bool) {
    if let Some(at) = chunk.iter().position(|byte| *byte == b'\n') {
        let (piece, rest) = chunk.split_at(at);
        *chunk = rest.get(1..).unwrap_or_default();
        (piece, true)
    } else {
        (std::mem::take(chunk), false)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// All lines of the chunks, an overlong one as `None`.
    fn cut(lines: &mut Lines, chunks: &[&[u8]]) -> Vec<Option<Vec<u8>>> {
        let mut out = Vec::new();
        for chunk in chunks {
            let mut rest = *chunk;
            while let Some(piece) = lines.next_piece(&mut rest) {
                out.push(match piece {
                    Piece::Frame(line) => Some(line.to_vec()),
                    Piece::Damaged(_) | Piece::Noise(_) => None,
                });
            }
        }
        out
    }

    fn all(texts: &[Option<&str>]) -> Vec<Option<Vec<u8>>> {
        texts.iter().map(|text| text.map(|text| text.as_bytes().to_vec())).collect()
    }

    #[test]
    fn a_line_may_be_split_anywhere_and_end_in_crlf() {
        let mut lines = Lines::new(8);
        let got = cut(&mut lines, &[b"a", b"b\r", b"\nc", b"d\n\n\r\nef\n", b"12345678\r\n"]);
        assert_eq!(got, all(&[Some("ab"), Some("cd"), Some("ef"), Some("12345678")]));
        assert!(!lines.unfinished());
    }

    #[test]
    fn an_overlong_line_is_said_once_and_its_tail_is_no_line() {
        let mut lines = Lines::new(4);
        let got = cut(&mut lines, &[b"ok\n12345\n", b"123456", b"7890", b"tail\nok\n"]);
        assert_eq!(got, all(&[Some("ok"), None, None, Some("ok")]));
    }

    #[test]
    fn a_forgotten_beginning_does_not_spoil_the_next_line() {
        let mut lines = Lines::new(4);
        assert_eq!(cut(&mut lines, &[b"12"]), []);
        assert!(lines.unfinished());
        lines.forget_unfinished();
        assert_eq!(cut(&mut lines, &[b"ab\n123456"]), all(&[Some("ab"), None]));
        assert!(lines.unfinished());
        lines.forget_unfinished();
        assert_eq!(cut(&mut lines, &[b"cd\n"]), all(&[Some("cd")]));
    }

    proptest! {
        #[test]
        fn however_it_is_split_the_lines_are_the_same(
            stream in proptest::collection::vec(prop_oneof![Just(b'\n'), Just(b'\r'), any::<u8>()], 0..200),
            splits in proptest::collection::vec(0_usize..200, 0..8),
        ) {
            let whole = cut(&mut Lines::new(16), &[&stream]);
            let mut places: Vec<usize> = splits.into_iter().map(|at| at.min(stream.len())).collect();
            places.extend([0, stream.len()]);
            places.sort_unstable();
            let chunks: Vec<&[u8]> = places.windows(2).map(|pair| &stream[pair[0]..pair[1]]).collect();
            let mut lines = Lines::new(16);
            prop_assert_eq!(cut(&mut lines, &chunks), whole);
            prop_assert!(lines.partial.len() <= 17);
        }
    }
}
