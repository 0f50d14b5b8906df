//! Frames out of a byte stream: any split, any garbage, overlapping headers, a bounded buffer; pure.
//!
//! A format says how its frames are found with one pure function, [`Framing::Frames::cut`], that looks at the beginning
//! of what has come so far. The [`Framer`] does the rest, so that every format gets the same promises:
//!
//! - However the stream was split, the same pieces come out.
//! - Damage costs the damaged frame: the search goes on one byte after a header that led nowhere, never by throwing the
//!   buffer away.
//! - The buffer never holds more than the longest frame allowed.
//! - A false header that announces a long frame cannot hold up a true frame behind it: when nothing more comes for a
//!   while, the source calls [`Framer::give_up`].

mod lines;

use super::DecodeError;
use lines::Lines;

/// How the frames of a format are found in a stream.
#[derive(Debug, Clone, Copy)]
pub enum Framing {
    /// Lines ended by LF or CR LF, of at most so many bytes without their ending.
    Lines {
        /// Longest line.
        bytes_max: usize,
    },
    /// Frames that tell where they end.
    Frames {
        /// Longest frame. A function that needs to see more before it decides has found none.
        bytes_max: usize,
        /// Looks at the beginning of a stretch of the stream, which is never empty. Whatever it answers, but
        /// [`Cut::More`], it must answer as well when more bytes stand behind.
        cut: fn(&[u8]) -> Cut,
    },
}

impl Framing {
    /// Longest frame.
    #[must_use]
    pub const fn bytes_max(&self) -> usize {
        match self {
            Framing::Lines { bytes_max } | Framing::Frames { bytes_max, .. } => *bytes_max,
        }
    }
}

/// What stands at the beginning of a stretch of a stream.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Cut {
    /// A whole frame of this many bytes.
    Frame(usize),
    /// So many bytes that belong to no frame; at least one.
    Skip(usize),
    /// What began like a frame is none, for this reason. One byte is passed over.
    Broken(DecodeError),
    /// It may be a frame, and its end has not come.
    More,
}

/// What comes out of a stream.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Piece<'a> {
    /// A whole frame; a line comes without its ending and is never empty.
    Frame(&'a [u8]),
    /// A frame that is damaged, or a line that is too long.
    Damaged(DecodeError),
    /// Bytes of no frame.
    Noise(usize),
}

/// Finds the frames of one stream.
#[derive(Debug)]
pub struct Framer(Inner);

#[derive(Debug)]
enum Inner {
    Lines(Lines),
    Frames(Frames),
}

impl Framer {
    /// For a stream that begins.
    #[must_use]
    pub const fn new(framing: Framing) -> Self {
        Self(match framing {
            Framing::Lines { bytes_max } => Inner::Lines(Lines::new(bytes_max)),
            Framing::Frames { bytes_max, cut } => {
                Inner::Frames(Frames { cut, bytes_max, held: Vec::new(), from: 0, given_up: false })
            }
        })
    }

    /// Takes bytes from the front of `chunk` up to the next piece; `None` once the chunk is used up.
    pub fn next_piece(&mut self, chunk: &mut &[u8]) -> Option<Piece<'_>> {
        match &mut self.0 {
            Inner::Lines(lines) => lines.next_piece(chunk),
            Inner::Frames(frames) => frames.next_piece(chunk),
        }
    }

    /// Whether a frame has begun and not ended.
    #[must_use]
    pub fn unfinished(&self) -> bool {
        match &self.0 {
            Inner::Lines(lines) => lines.unfinished(),
            Inner::Frames(frames) => frames.from < frames.held.len(),
        }
    }

    /// Believes no more that the frame which has begun will end: its sender was reset in the middle, or it was none.
    /// Pieces may have stood behind its beginning, so [`Framer::next_piece`] is to be asked again.
    pub fn give_up(&mut self) {
        match &mut self.0 {
            Inner::Lines(lines) => lines.forget_unfinished(),
            Inner::Frames(frames) => frames.given_up = frames.from < frames.held.len(),
        }
    }
}

#[derive(Debug)]
struct Frames {
    cut: fn(&[u8]) -> Cut,
    bytes_max: usize,
    /// What has come and may be the beginning of a frame; the bytes before `from` were given out.
    held: Vec<u8>,
    from: usize,
    given_up: bool,
}

impl Frames {
    fn next_piece(&mut self, chunk: &mut &[u8]) -> Option<Piece<'_>> {
        loop {
            let rest = self.held.get(self.from..).unwrap_or_default();
            let (begins, length) = (self.from, rest.len());
            let step = if length == 0 { Cut::More } else { (self.cut)(rest) };
            match step {
                Cut::Frame(bytes) if bytes > 0 && bytes <= length => {
                    self.from += bytes;
                    return self.held.get(begins..begins + bytes).map(Piece::Frame);
                }
                // A frame that is longer than all that has come is a slip of the format's own function.
                Cut::Frame(_) => return Some(self.pass_over(DecodeError::Length)),
                Cut::Skip(bytes) => {
                    let bytes = bytes.clamp(1, length);
                    self.from += bytes;
                    return Some(Piece::Noise(bytes));
                }
                Cut::Broken(why) => return Some(self.pass_over(why)),
                Cut::More if length >= self.bytes_max => return Some(self.pass_over(DecodeError::TooLong)),
                Cut::More if std::mem::take(&mut self.given_up) && length > 0 => {
                    return Some(self.pass_over(DecodeError::Length));
                }
                Cut::More if chunk.is_empty() => {
                    self.settle();
                    return None;
                }
                Cut::More => self.take_from(chunk),
            }
        }
    }

    const fn pass_over(&mut self, why: DecodeError) -> Piece<'static> {
        self.from += 1;
        Piece::Damaged(why)
    }

    /// Takes as much of the chunk as there is room for.
    fn take_from(&mut self, chunk: &mut &[u8]) {
        self.settle();
        let room = self.bytes_max.saturating_sub(self.held.len());
        let (taken, rest) = chunk.split_at(room.min(chunk.len()));
        self.held.extend_from_slice(taken);
        *chunk = rest;
    }

    /// Lets go of what was given out.
    fn settle(&mut self) {
        self.held.drain(..self.from);
        self.from = 0;
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// `#`, a length, so many bytes, and their sum: a frame as of a radar.
    fn cut(bytes: &[u8]) -> Cut {
        match bytes {
            [b'#'] => Cut::More,
            [b'#', length, ..] => {
                let end = usize::from(*length) + 3;
                let Some(frame) = bytes.get(..end) else { return Cut::More };
                let (sum, body) = frame.split_last().expect("three bytes at least");
                if body[2..].iter().fold(0, |sum: u8, byte| sum.wrapping_add(*byte)) == *sum {
                    Cut::Frame(end)
                } else {
                    Cut::Broken(DecodeError::Checksum)
                }
            }
            other => Cut::Skip(other.iter().position(|byte| *byte == b'#').unwrap_or(other.len())),
        }
    }

    const FRAMING: Framing = Framing::Frames { bytes_max: 40, cut };

    fn cut_all(framer: &mut Framer, chunks: &[&[u8]]) -> (Vec<Vec<u8>>, usize) {
        let (mut all, mut damaged) = (Vec::new(), 0);
        for chunk in chunks {
            let mut rest = *chunk;
            while let Some(piece) = framer.next_piece(&mut rest) {
                match piece {
                    Piece::Frame(frame) => all.push(frame.to_vec()),
                    Piece::Damaged(_) => damaged += 1,
                    Piece::Noise(_) => {}
                }
            }
        }
        (all, damaged)
    }

    #[test]
    fn a_damaged_frame_costs_itself() {
        let stream = b"noise#\x02ab\xc3#\x02ab\xff#\x01z\x7a";
        let (all, damaged) = cut_all(&mut Framer::new(FRAMING), &[stream]);
        assert_eq!((all, damaged), (vec![b"#\x02ab\xc3".to_vec(), b"#\x01z\x7a".to_vec()], 1));
    }

    #[test]
    fn a_false_header_holds_nothing_up_for_good() {
        let mut framer = Framer::new(FRAMING);
        assert_eq!(cut_all(&mut framer, &[b"#\x20", b"#\x01z\x7a"]).0, Vec::<Vec<u8>>::new());
        assert!(framer.unfinished());
        framer.give_up();
        assert_eq!(cut_all(&mut framer, &[b""]), (vec![b"#\x01z\x7a".to_vec()], 1));
        assert!(!framer.unfinished());
        let (all, damaged) = cut_all(&mut Framer::new(FRAMING), &[b"#\xff", &[b'x'; 60], b"#\x01z\x7a"]);
        assert_eq!((all.len(), damaged), (1, 1), "a length beyond the longest frame is found without waiting");
    }

    proptest! {
        #[test]
        fn however_it_is_split_the_frames_are_the_same(
            stream in proptest::collection::vec(prop_oneof![2 => Just(b'#'), 3 => 0_u8..5, 1 => any::<u8>()], 0..300),
            splits in proptest::collection::vec(0_usize..300, 0..8),
        ) {
            let whole = cut_all(&mut Framer::new(FRAMING), &[&stream]);
            let mut places: Vec<usize> = splits.into_iter().map(|at| at.min(stream.len())).collect();
            places.extend([0, stream.len()]);
            places.sort_unstable();
            let chunks: Vec<&[u8]> = places.windows(2).map(|pair| &stream[pair[0]..pair[1]]).collect();
            let mut framer = Framer::new(FRAMING);
            prop_assert_eq!(cut_all(&mut framer, &chunks), whole);
            let Framer(Inner::Frames(inside)) = &framer else { unreachable!() };
            prop_assert!(inside.held.len() <= 40);
        }
    }
}
