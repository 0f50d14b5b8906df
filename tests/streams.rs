//! Every format that comes as a stream, cut out of it: any split gives the same frames, what was decided stays decided, and
//! damage costs what was damaged.

use std::fs;
use std::path::Path;

use proptest::prelude::*;
use shouwang::device::framing::{Cut, Framer, Framing, Piece};
use shouwang::device::harness::Vector;
use shouwang::device::{FORMATS, Format};

/// Stream formats with the frames of their vectors, each whole and alone.
fn streams() -> Vec<(&'static Format, Framing, Vec<Vec<u8>>)> {
    let streams = FORMATS.iter().filter_map(|format| {
        let framing = format.transport.framing()?;
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("tests/vectors/{}.jsonl", format.name));
        let text = fs::read_to_string(path).expect("every format has vectors");
        let vectors = text.lines().map(|line| serde_json::from_str::<Vector>(line).expect("a vector"));
        let frames: Vec<Vec<u8>> = vectors.flat_map(|vector| frames_of(&vector, framing)).collect();
        assert!(!frames.is_empty(), "{} has a vector with a frame", format.name);
        Some((format, framing, frames))
    });
    streams.collect()
}

fn frames_of(vector: &Vector, framing: Framing) -> Vec<Vec<u8>> {
    let mut bytes = vector.bytes().expect("a frame").into_owned();
    // A text may stand without its ending.
    bytes.extend(if vector.input_text.is_some() { ending(framing) } else { b"" });
    cut(framing, &[&bytes]).0
}

/// What ends a text of this framing: a line's end, or the sign that no other format minds.
fn ending(framing: Framing) -> &'static [u8] {
    match framing {
        Framing::Lines { .. } => b"\n",
        Framing::Frames { .. } => b"#",
    }
}

/// All frames of the chunks, and how many bytes of no frame there were.
fn cut(framing: Framing, chunks: &[&[u8]]) -> (Vec<Vec<u8>>, usize) {
    let mut framer = Framer::new(framing);
    let (mut found, mut lost) = (Vec::new(), 0);
    for chunk in chunks {
        let mut rest = *chunk;
        while let Some(piece) = framer.next_piece(&mut rest) {
            match piece {
                Piece::Frame(frame) => found.push(frame.to_vec()),
                Piece::Damaged(_) => lost += 1,
                Piece::Noise(bytes) => lost += bytes,
            }
        }
        assert!(framer.held_bytes() <= framing.bytes_max() + 1);
    }
    (found, lost)
}

fn joined(framing: Framing, frames: &[Vec<u8>]) -> Vec<u8> {
    let between: &[u8] = if matches!(framing, Framing::Lines { .. }) { b"\n" } else { b"" };
    frames.iter().flat_map(|frame| frame.iter().chain(between)).copied().collect()
}

/// A stretch of a stream: some frames, with some bytes changed.
fn any_stretch() -> impl Strategy<Value = (&'static str, Framing, Vec<u8>)> {
    let frames = proptest::sample::select(streams()).prop_flat_map(|(format, framing, frames)| {
        (Just((format.name, framing)), proptest::collection::vec(proptest::sample::select(frames), 1..5))
    });
    let changes = proptest::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 0..4);
    (frames, changes).prop_map(|(((name, framing), frames), changes)| {
        let mut bytes = joined(framing, &frames);
        for (at, byte) in changes {
            if !bytes.is_empty() {
                let at = at.index(bytes.len());
                bytes[at] ^= byte;
            }
        }
        (name, framing, bytes)
    })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 400, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn any_split_gives_the_same_frames(
        (name, framing, bytes) in any_stretch(),
        splits in proptest::collection::vec(any::<prop::sample::Index>(), 0..8),
    ) {
        let whole = cut(framing, &[&bytes]);
        let mut places: Vec<usize> = splits.iter().map(|at| at.index(bytes.len() + 1)).chain([0, bytes.len()]).collect();
        places.sort_unstable();
        let chunks: Vec<&[u8]> = places.windows(2).map(|pair| &bytes[pair[0]..pair[1]]).collect();
        prop_assert_eq!(cut(framing, &chunks), whole, "{}", name);
    }

    #[test]
    fn what_was_decided_of_a_beginning_stays_decided(
        (name, framing, bytes) in any_stretch(),
        end in any::<prop::sample::Index>(),
    ) {
        if let (Framing::Frames { cut, .. }, false) = (framing, bytes.is_empty()) {
            let short = &bytes[..=end.index(bytes.len())];
            match cut(short) {
                Cut::More => {}
                // What is passed over may be passed over in larger steps.
                Cut::Skip(some) => prop_assert!(matches!(cut(&bytes), Cut::Skip(more) if more >= some), "{}", name),
                decided => prop_assert_eq!(cut(&bytes), decided, "{}", name),
            }
        }
    }
}

#[test]
fn frames_behind_each_other_are_all_found() {
    for (format, framing, frames) in streams() {
        let (found, lost) = cut(framing, &[&joined(framing, &frames)]);
        // A vector may hold what is taken for a frame alone and is none in a stream; nearly all stand by themselves.
        assert!(
            found.len() * 10 >= frames.len() * 9,
            "{}: {} of {}, {lost} lost",
            format.name,
            found.len(),
            frames.len()
        );
    }
}
