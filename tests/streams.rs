//! Every format that comes as a stream: however it was split the same is heard, and damage costs the damaged frame.
//! And the corpus of inputs that once broke something, or are likely to.
//!
//! A new format gets all of this by its line in the registry.

#[path = "../fuzz/src/look.rs"]
mod look;
mod support;

use std::fs;
use std::path::Path;

use look::Input;
use proptest::prelude::*;
use serde_json::Value;
use shouwang::device::framing::{Cut, Framer, Framing, Piece};
use shouwang::device::{self, FORMATS, Format};
use support::vectors;

/// Whether no check can show that bytes are missing in what stands at the beginning of `stretch`, where it has only `left`
/// bytes left, so that it takes the beginning of the next one.
fn is_missed_by_nothing(format: &Format, framing: Framing, stretch: &[u8], left: usize) -> bool {
    let Framing::Frames { cut, .. } = framing else { return false };
    match (format.name, cut(stretch)) {
        // A wrong sum is taken when the records fill the packet, because the maker's own example has one.
        ("eview_pendant", _) => true,
        // A notification has neither a sum nor an end. The sums of the others have eight bits: what is taken instead of
        // the missing bytes may come to the same.
        ("witmotion" | "tinyframe_60ghz", Cut::Frame(bytes) | Cut::MoreOr(bytes)) => bytes > left,
        _ => false,
    }
}

/// WitMotion's sensors send packets on a wire and notifications by radio. A notification has neither a sum nor an end.
fn is_notification(format: &Format, frame: &[u8]) -> bool {
    format.name == "witmotion" && matches!(frame, [_, 0x61 | 0x71, ..])
}

/// The whole frames among a format's vectors, as they come off the wire.
fn frames(format: &Format, framing: Framing) -> Vec<Vec<u8>> {
    vectors::of(format)
        .into_iter()
        .filter_map(|vector| {
            let mut bytes = vector.bytes().expect("a frame").into_owned();
            // A text may stand without its ending.
            match framing {
                Framing::Lines { .. } => bytes.push(b'\n'),
                Framing::Frames { .. } if vector.input_text.is_some() && bytes.last() != Some(&b']') => {
                    bytes.push(b'#');
                }
                Framing::Frames { .. } => {}
            }
            let mut framer = Framer::new(framing);
            let whole = matches!(framer.next_piece(&mut bytes.as_slice()), Some(Piece::Frame(_)));
            (whole && !framer.unfinished()).then_some(bytes)
        })
        .collect()
}

/// Frames that one sender sends one after the other.
fn of_one_sender(format: &Format, framing: Framing, picks: &[prop::sample::Index]) -> Vec<Vec<u8>> {
    let frames = frames(format, framing);
    let mut sent: Vec<Vec<u8>> = picks.iter().map(|pick| pick.get(&frames).clone()).collect();
    let sort = is_notification(format, &sent[0]);
    sent.retain(|frame| is_notification(format, frame) == sort);
    sent
}

/// The frames that are found in a stretch, when nothing more comes behind it.
fn found(framing: Framing, stretch: &[u8]) -> Vec<Vec<u8>> {
    let (mut framer, mut chunk, mut all) = (Framer::new(framing), stretch, Vec::new());
    loop {
        while let Some(piece) = framer.next_piece(&mut chunk) {
            if let Piece::Frame(bytes) = piece {
                all.push(bytes.to_vec());
            }
        }
        if !framer.unfinished() {
            return all;
        }
        framer.give_up();
    }
}

/// Every frame of `wanted` but the one at `lost` is among the found ones, in order.
fn are_there(wanted: &[Vec<u8>], lost: usize, found: &[Vec<u8>]) -> bool {
    let mut rest = found.iter();
    wanted.iter().enumerate().filter(|(at, _)| *at != lost).all(|(_, frame)| {
        let line = frame.strip_suffix(b"\n").unwrap_or(frame);
        let line = line.strip_suffix(b"\r").unwrap_or(line);
        rest.any(|found| found == frame || found == line)
    })
}

/// Whether its last byte is all that parts the frame from the next one, so that without it the two are one: that of
/// a text, and a delimiter that stands at the beginning as well.
fn ends_in_delimiter(framing: Framing, frame: &[u8]) -> bool {
    matches!(framing, Framing::Lines { .. }) || frame.is_ascii() || frame.first() == frame.last()
}

fn streams() -> Vec<(&'static Format, Framing)> {
    FORMATS.iter().filter_map(|format| Some((format, format.transport.framing()?))).collect()
}

#[test]
fn every_stream_format_has_whole_frames_among_its_vectors() {
    for (format, framing) in streams() {
        assert!(frames(format, framing).len() >= 2, "{}", format.name);
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 300, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn however_a_stream_is_split_the_same_is_heard(
        picks in proptest::collection::vec(any::<prop::sample::Index>(), 1..6),
        noise in proptest::collection::vec(any::<u8>(), 0..12),
        hits in proptest::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 0..3),
        splits in proptest::collection::vec(any::<prop::sample::Index>(), 0..6),
    ) {
        for (format, framing) in streams() {
            let frames = frames(format, framing);
            let mut stretch: Vec<u8> = Vec::new();
            for pick in &picks {
                stretch.extend(pick.get(&frames));
                stretch.extend(&noise);
            }
            for (at, byte) in &hits {
                let at = at.index(stretch.len());
                stretch[at] ^= byte;
            }
            let mut places: Vec<usize> = splits.iter().map(|at| at.index(stretch.len() + 1)).collect();
            places.extend([0, stretch.len()]);
            places.sort_unstable();
            let pieces: Vec<&[u8]> = places.windows(2).map(|pair| &stretch[pair[0]..pair[1]]).collect();
            let input = Input { format, topic: None, context: Value::Null, bytes: &stretch };
            let whole = look::stream(framing, &input, &[&stretch]);
            prop_assert_eq!(look::stream(framing, &input, &pieces), whole.clone(), "{}", format.name);
            let bytes: Vec<&[u8]> = stretch.chunks(1).collect();
            prop_assert_eq!(look::stream(framing, &input, &bytes), whole, "{}", format.name);
        }
    }

    #[test]
    fn what_was_decided_of_a_beginning_stays_decided(
        pick in any::<prop::sample::Index>(),
        noise in proptest::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 0..4),
        end in any::<prop::sample::Index>(),
    ) {
        for (format, framing) in streams() {
            let Framing::Frames { cut, .. } = framing else { continue };
            let mut bytes = pick.get(&frames(format, framing)).clone();
            for (at, byte) in &noise {
                let at = at.index(bytes.len());
                bytes[at] ^= byte;
            }
            let short = &bytes[..=end.index(bytes.len())];
            match cut(short) {
                Cut::More | Cut::MoreOr(_) => {}
                // What is passed over may be passed over in larger steps.
                Cut::Skip(some) => prop_assert!(matches!(cut(&bytes), Cut::Skip(more) if more >= some), "{}", format.name),
                decided => prop_assert_eq!(cut(&bytes), decided, "{}", format.name),
            }
        }
    }

    #[test]
    fn damage_costs_the_damaged_frame(
        picks in proptest::collection::vec(any::<prop::sample::Index>(), 2..6),
        hit in any::<prop::sample::Index>(),
        place in any::<prop::sample::Index>(),
        flip in 1_u8..=255,
    ) {
        for (format, framing) in streams() {
            let mut sent = of_one_sender(format, framing, &picks);
            let wanted = sent.clone();
            let lost = hit.index(sent.len());
            let frame = &mut sent[lost];
            let end = frame.len() - usize::from(ends_in_delimiter(framing, frame));
            frame[place.index(end)] ^= flip;
            let all = found(framing, &sent.concat());
            prop_assert!(are_there(&wanted, lost, &all), "{}: {lost} of {wanted:?} damaged: {all:?}", format.name);
        }
    }

    #[test]
    fn what_is_missing_in_the_middle_costs_its_frame(
        picks in proptest::collection::vec(any::<prop::sample::Index>(), 2..6),
        hit in any::<prop::sample::Index>(),
        place in any::<prop::sample::Index>(),
        count in 1_usize..12,
    ) {
        for (format, framing) in streams() {
            let mut sent = of_one_sender(format, framing, &picks);
            let wanted = sent.clone();
            let lost = hit.index(sent.len());
            let frame = &mut sent[lost];
            let end = frame.len() - usize::from(ends_in_delimiter(framing, frame));
            let from = place.index(end);
            frame.drain(from..(from + count).min(end));
            let left = frame.len();
            if is_missed_by_nothing(format, framing, &sent[lost..].concat(), left) {
                continue;
            }
            let all = found(framing, &sent.concat());
            prop_assert!(are_there(&wanted, lost, &all), "{}: {lost} of {wanted:?} cut: {all:?}", format.name);
        }
    }
}

#[test]
fn the_corpus_and_every_vector_are_survived() {
    let corpus =
        fs::read_dir(Path::new(env!("CARGO_MANIFEST_DIR")).join("fuzz/corpus/decode")).expect("the corpus is there");
    let mut count = 0;
    for entry in corpus {
        let path = entry.expect("an entry").path();
        let input = fs::read(&path).expect("a readable file");
        assert!(Input::read(&input).is_some(), "{} names no format in its head", path.display());
        look::one(&input);
        count += 1;
    }
    assert!(count > 0, "the corpus is empty");
    for format in FORMATS {
        for vector in vectors::of(format) {
            let bytes = vector.bytes().expect("a frame");
            let input = Input { format, topic: vector.topic.as_deref(), context: vector.context(), bytes: &bytes };
            look::one(&input.write());
        }
    }
}
