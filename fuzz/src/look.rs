//! What is asked of every decoder, whatever it is fed: no panic, nothing unbounded, and the same samples however a stream
//! was split.
//!
//! An input is one line of head and then bytes: `FORMAT<TAB>TOPIC<TAB>CONTEXT`, the topic empty where there is none, the
//! context a JSON object or empty. The head is text so that a file of the corpus can be read by people.

use serde_json::Value;

use super::device::framing::{Framer, Framing, Piece};
use super::device::harness::within_bounds;
use super::device::{self, Decode, Decoded, Format, Frame};

/// One input, taken apart.
#[derive(Debug, Clone)]
pub struct Input<'a> {
    /// For which format.
    pub format: &'static Format,
    /// Topic, over MQTT.
    pub topic: Option<&'a str>,
    /// What enrolment knows.
    pub context: Value,
    /// The frame, or a stretch of a stream.
    pub bytes: &'a [u8],
}

impl<'a> Input<'a> {
    /// Takes an input apart; `None` when its head names no format.
    #[must_use]
    pub fn read(input: &'a [u8]) -> Option<Self> {
        let end = input.iter().position(|byte| *byte == b'\n')?;
        let mut head = std::str::from_utf8(&input[..end]).ok()?.splitn(3, '\t');
        let format = device::format(head.next()?)?;
        let topic = head.next().filter(|topic| !topic.is_empty());
        let context = head.next().and_then(|text| serde_json::from_str(text).ok()).unwrap_or_default();
        Some(Self { format, topic, context, bytes: &input[end + 1..] })
    }

    /// The input as a file.
    #[must_use]
    pub fn write(&self) -> Vec<u8> {
        let context = if self.context.is_null() { String::new() } else { self.context.to_string() };
        let head = format!("{}\t{}\t{context}\n", self.format.name, self.topic.unwrap_or_default());
        [head.as_bytes(), self.bytes].concat()
    }
}

/// Looks at one input with fresh decoders.
///
/// # Panics
/// When a promise is broken.
pub fn one(input: &[u8]) {
    let Some(input) = Input::read(input) else { return };
    let mut decoder = (input.format.decoder)();
    frame(&mut *decoder, &input);
    let _ = decoder.fields(&Frame {
        topic: input.topic,
        bytes: input.bytes,
        context: &input.context,
        utc_s: None,
        heard_ms: 0,
    });
    if let Some(framing) = input.format.transport.framing() {
        splits(framing, &input);
    }
}

/// Feeds the bytes to a decoder as one frame; twice, because it may remember.
///
/// # Panics
/// When a promise is broken.
pub fn frame(decoder: &mut dyn Decode, input: &Input<'_>) {
    for utc_s in [None, Some(1_790_000_000)] {
        let frame = Frame { topic: input.topic, bytes: input.bytes, context: &input.context, utc_s, heard_ms: 0 };
        if let Ok(decoded) = decoder.decode(&frame) {
            assert_eq!(within_bounds(&decoded), Ok(()), "{decoded:?}");
        }
    }
}

/// Feeds the bytes as a stream, whole and in pieces.
///
/// # Panics
/// When they do not come to the same.
pub fn splits(framing: Framing, input: &Input<'_>) {
    let all = input.bytes;
    let whole = stream(framing, input, &[all]);
    let (front, back) = all.split_at(all.len() / 2);
    assert_eq!(stream(framing, input, &[front, back]), whole, "in two pieces");
    // Byte by byte is dear, and what is found there is found in the first bytes.
    let (near, far) = all.split_at(all.len().min(200));
    let mut pieces: Vec<&[u8]> = near.chunks(1).collect();
    pieces.push(far);
    assert_eq!(stream(framing, input, &pieces), whole, "byte by byte");
}

/// What comes of a stream that arrived in these pieces, with a fresh framer and decoder.
///
/// # Panics
/// When a promise is broken.
#[must_use]
pub fn stream(framing: Framing, input: &Input<'_>, pieces: &[&[u8]]) -> Vec<Decoded> {
    let (mut framer, mut decoder) = (Framer::new(framing), (input.format.decoder)());
    let mut all = Vec::new();
    let mut take = |framer: &mut Framer, mut chunk: &[u8]| {
        while let Some(piece) = framer.next_piece(&mut chunk) {
            let Piece::Frame(bytes) = piece else { continue };
            assert!(bytes.len() <= framing.bytes_max(), "a frame of {} bytes", bytes.len());
            let frame = Frame { topic: None, bytes, context: &input.context, utc_s: None, heard_ms: 0 };
            if let Ok(decoded) = decoder.decode(&frame) {
                assert_eq!(within_bounds(&decoded), Ok(()), "{decoded:?}");
                all.push(decoded);
            }
        }
    };
    for piece in pieces {
        take(&mut framer, piece);
    }
    // Nothing more comes: each false beginning is given up until the end.
    while framer.unfinished() {
        framer.give_up();
        take(&mut framer, &[]);
    }
    all
}
