//! Golden vectors: one decoded, and compared by the rules that stand beside them.
//!
//! A vector is one line of JSON: `id`, `protocol`, the frame (`input_hex`, `input_text`, or `topic` and `payload`), what
//! the decoder must be told (`context`), and what must come of it (`expect`, `readings`). The test of all formats and the
//! verb `decode` both use this module, so what an installer sees is what the test compares.
//!
//! Rules: numbers agree within 1e-4 after conversion to the vocabulary's unit; `readings` is a set, and only link quality,
//! voltage and `availability: online` may come in addition; a line without `readings` is compared by `expect` against the
//! decoder's `fields`; `expect.error` matches any refusal; every line meets a fresh decoder. The bytes of a format that comes
//! as a stream are a stretch of that stream: its frames are found first, and a line that says `expect.frames_decoded` is about
//! finding them: their number must be right, and `readings` names what must be among the rest. A text is one frame. A line with
//! `expect.direction` = `encode` is written from `expect` and compared with the bytes.

use std::borrow::Cow;

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

use super::framing::{Framer, Framing, Piece};
use super::unit::{M_PER_S2_PER_G, to_vocabulary};
use super::{Decode, DecodeError, Decoded, Format, Frame, hex};
use crate::core::reading::{Nature, Quantity, Said};
use crate::limits::{ADDRESS_BYTES_MAX, FRAME_SAID_MAX, LISTED_DEVICES_MAX, MOTION_SAMPLES_MAX, REPLY_BYTES_MAX};

/// Largest relative difference of two numbers that are still the same (source: the rules of the vector files).
const TOLERANCE: f64 = 1e-4;

/// One line of a vector file, or a frame typed at the shell.
#[derive(Debug, Clone, Default, Deserialize)]
pub struct Vector {
    /// Stable name.
    #[serde(default)]
    pub id: String,
    /// Name of the format.
    #[serde(default)]
    pub protocol: String,
    /// The frame in hex; blanks are skipped.
    #[serde(default)]
    pub input_hex: Option<String>,
    /// The frame as text, without its line end.
    #[serde(default)]
    pub input_text: Option<String>,
    /// The topic, over MQTT.
    #[serde(default)]
    pub topic: Option<String>,
    /// The payload, over MQTT; an object stands for its own JSON.
    #[serde(default)]
    pub payload: Option<Value>,
    /// What the decoder must be told.
    #[serde(default)]
    pub context: Value,
    /// What must come of it on the level of the protocol.
    #[serde(default)]
    pub expect: Map<String, Value>,
    /// What must come of it in the vocabulary; absent when the frame is no reading.
    #[serde(default)]
    pub readings: Option<Vec<Value>>,
}

/// Why a vector cannot be run.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum VectorError {
    /// No frame in it.
    #[error("no frame: give input_hex, input_text or payload")]
    NoFrame,
    /// The hex is not hex.
    #[error("input_hex is not hex: pairs of 0-9 a-f are expected")]
    Hex,
}

impl Vector {
    /// The frame's bytes.
    ///
    /// # Errors
    /// [`VectorError`].
    pub fn bytes(&self) -> Result<Cow<'_, [u8]>, VectorError> {
        match (&self.input_hex, &self.input_text, &self.payload) {
            (Some(hex), ..) => unhex(hex).map(Cow::Owned),
            (None, Some(text), _) | (None, None, Some(Value::String(text))) => Ok(Cow::Borrowed(text.as_bytes())),
            (None, None, Some(payload)) => Ok(Cow::Owned(payload.to_string().into_bytes())),
            (None, None, None) => Err(VectorError::NoFrame),
        }
    }

    /// What the decoder is told: the vector's context, the model and map that live enrolment would know, and for parts of a
    /// message which part the bytes are.
    #[must_use]
    pub fn context(&self) -> Value {
        let mut context = match &self.context {
            Value::Object(context) => context.clone(),
            _ => Map::new(),
        };
        for key in ["model", "map", "direction"] {
            if let (false, Some(value)) = (context.contains_key(key), self.expect.get(key)) {
                context.insert(key.to_owned(), value.clone());
            }
        }
        Value::Object(context)
    }

    /// Decodes the frame with a fresh decoder.
    ///
    /// # Errors
    /// [`VectorError`] when there is no frame; a frame that the decoder refuses is an [`Outcome`] with an error.
    pub fn run(&self, format: &Format) -> Result<Outcome, VectorError> {
        let bytes = match self.bytes() {
            Ok(bytes) => bytes,
            // Half a pair of digits is no frame, and is refused like one.
            Err(VectorError::Hex) if self.expect.contains_key("error") => {
                let error = Some(VectorError::Hex.to_string());
                return Ok(Outcome { id: self.id.clone(), readings: Vec::new(), fields: Map::new(), error });
            }
            Err(why) => return Err(why),
        };
        let context = self.context();
        let frame = Frame { topic: self.topic.as_deref(), bytes: &bytes, context: &context, utc_s: None, heard_ms: 0 };
        let mut run =
            Run { decoder: (format.decoder)(), all: Decoded::default(), fields: Map::new(), frames: 0, why: None };
        match format.transport.framing().filter(|_| self.input_hex.is_some()) {
            Some(framing) => run.stretch(framing, &frame),
            None => run.frame(&frame),
        }
        let Run { decoder, all, mut fields, frames, why } = run;
        let error = why.filter(|_| frames == 0).map(|why| why.to_string());
        let readings = if error.is_none() { readings(&all) } else { Vec::new() };
        add_fields(&mut fields, &all);
        if let Some(encoded) = decoder.encode(&self.expect).filter(|_| self.is_written()) {
            fields.insert("encoded_hex".into(), hex::write(&encoded).into());
        }
        Ok(Outcome { id: self.id.clone(), readings, fields, error })
    }

    /// Whether the bytes are to be written rather than read.
    fn is_written(&self) -> bool {
        self.expect.get("direction").and_then(Value::as_str) == Some("encode")
    }
}

/// A frame that was heard, as a line of a vector file that still waits for its `expect` and `readings`: text where the bytes
/// are text that a person can read, hex otherwise.
#[must_use]
pub fn line(format: &str, topic: Option<&str>, bytes: &[u8]) -> Value {
    let is_plain = |sign: char| !sign.is_control() || matches!(sign, '\t');
    let text = std::str::from_utf8(bytes).ok().filter(|text| text.chars().all(is_plain));
    let mut line = json!({"protocol": format, "basis": "captured", "expect": {}});
    match (topic, text) {
        (Some(topic), Some(text)) => (line["topic"], line["payload"]) = (topic.into(), text.into()),
        (Some(topic), None) => (line["topic"], line["input_hex"]) = (topic.into(), hex::write(bytes).into()),
        (None, Some(text)) => line["input_text"] = text.into(),
        (None, None) => line["input_hex"] = hex::write(bytes).into(),
    }
    line
}

/// Checks what the house promises of whatever a decoder says, for tests that feed decoders with anything at all: it is
/// bounded, and life-safety stands first.
///
/// # Errors
/// What is broken.
pub fn within_bounds(decoded: &Decoded) -> Result<(), &'static str> {
    let is_address = |address: &str| !address.is_empty() && address.len() <= ADDRESS_BYTES_MAX;
    let rank = |said: &Said| !said.measure.may_call();
    let promises = [
        (decoded.address.as_deref().is_none_or(is_address), "the address is empty or too long"),
        (decoded.said.len() <= FRAME_SAID_MAX, "too much is said"),
        (decoded.said.is_sorted_by_key(rank), "life-safety does not stand first"),
        (decoded.dropped.len() <= FRAME_SAID_MAX, "too much is dropped"),
        (decoded.refused_keys.len() <= FRAME_SAID_MAX, "too much is refused"),
        (decoded.listed.len() <= LISTED_DEVICES_MAX, "too many devices are listed"),
        (decoded.listed.iter().all(|listed| is_address(&listed.address)), "a listed address is empty or too long"),
        (decoded.motion.len() <= FRAME_SAID_MAX, "too many windows"),
        (decoded.motion.iter().all(|motion| motion.samples.len() <= MOTION_SAMPLES_MAX), "a window is too long"),
        (decoded.reply.len() <= REPLY_BYTES_MAX, "the reply is too long"),
        (decoded.announced.len() <= FRAME_SAID_MAX, "too many topics are announced"),
    ];
    promises.iter().find(|(kept, _)| !kept).map_or(Ok(()), |(_, broken)| Err(*broken))
}

/// A decoder and what came of its frames so far.
struct Run {
    decoder: Box<dyn Decode>,
    all: Decoded,
    fields: Map<String, Value>,
    /// Frames that were decoded.
    frames: usize,
    /// Why the first refused one was refused.
    why: Option<DecodeError>,
}

impl Run {
    fn frame(&mut self, frame: &Frame<'_>) {
        let decoded = self.decoder.decode(frame);
        let first = self.fields.is_empty();
        if first {
            self.fields = self.decoder.fields(frame);
        }
        match decoded {
            Ok(decoded) => {
                self.frames += 1;
                self.all.address = self.all.address.take().or(decoded.address);
                self.all.said.extend(decoded.said);
                self.all.dropped.extend(decoded.dropped);
                self.all.refused_keys.extend(decoded.refused_keys);
                self.all.listed.extend(decoded.listed);
                self.all.motion.extend(decoded.motion);
                self.all.reply.extend(decoded.reply);
                self.all.announced.extend(decoded.announced);
            }
            Err(why) => self.why = self.why.or(Some(why)),
        }
    }

    /// Finds the frames of a stretch of a stream, and decodes each.
    fn stretch(&mut self, framing: Framing, whole: &Frame<'_>) {
        let mut framer = Framer::new(framing);
        let (mut passed, mut first) = (0_usize, None);
        let ending: &[u8] = if matches!(framing, Framing::Lines { .. }) { b"\n" } else { b"" };
        for mut chunk in [whole.bytes, ending] {
            loop {
                while let Some(piece) = framer.next_piece(&mut chunk) {
                    match piece {
                        Piece::Frame(bytes) => {
                            passed += bytes.len();
                            first =
                                first.or_else(|| Some((passed, std::str::from_utf8(bytes).ok().map(str::to_owned))));
                            self.frame(&Frame { bytes, ..*whole });
                        }
                        Piece::Damaged(why) => {
                            passed += 1;
                            self.why = self.why.or(Some(why));
                        }
                        Piece::Noise(bytes) => {
                            passed += bytes;
                            self.why = self.why.or(Some(DecodeError::NotMine));
                        }
                    }
                }
                if !framer.unfinished() || matches!(framing, Framing::Lines { .. }) {
                    break;
                }
                framer.give_up();
            }
        }
        self.fields.insert("frames_decoded".into(), self.frames.into());
        if let Some((end, text)) = first {
            self.fields.insert("bytes_consumed".into(), end.into());
            self.fields.insert("leftover_bytes".into(), whole.bytes.len().saturating_sub(end).into());
            if let Some(text) = text {
                self.fields.insert("first_frame_text".into(), text.into());
            }
        }
    }
}

/// What came of a frame, as `shouwang decode` prints it.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Outcome {
    /// The vector's name.
    pub id: String,
    /// Objects with `kind`, `value`, `unit` and `scope`.
    pub readings: Vec<Value>,
    /// The level of the protocol: `address`, `happened` (kinds that are events rather than levels), `dropped`,
    /// `refused`, `listed`, and what the format adds.
    pub fields: Map<String, Value>,
    /// Why the frame was refused.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub error: Option<String>,
}

impl Outcome {
    /// Compares with what the vector expects.
    ///
    /// # Errors
    /// A sentence for each difference.
    pub fn compare(&self, vector: &Vector) -> Result<(), String> {
        let mut differences = Vec::new();
        match (vector.expect.contains_key("error"), &self.error) {
            (true, None) => differences.push("expected a refusal, was taken".to_owned()),
            (false, Some(error)) => differences.push(format!("refused: {error}")),
            (true, Some(_)) | (false, None) => {}
        }
        let none = Vec::new();
        match &vector.readings {
            Some(wanted) => self.compare_readings(wanted, vector.expect.get("frames_decoded"), &mut differences),
            None if vector.is_written() => self.compare_bytes(vector, &mut differences),
            None if vector.expect.contains_key("error") => self.compare_readings(&none, None, &mut differences),
            None => self.compare_fields(&vector.expect, &mut differences),
        }
        if let Some(wanted) = vector.expect.get("happened") {
            self.compare_happened(wanted, &mut differences);
        }
        if differences.is_empty() { Ok(()) } else { Err(differences.join("; ")) }
    }

    fn compare_readings(&self, wanted: &[Value], frames: Option<&Value>, differences: &mut Vec<String>) {
        if let Some(frames) = frames.filter(|frames| self.fields.get("frames_decoded") != Some(*frames)) {
            differences.push(format!("found {:?} frames, expected {frames}", self.fields.get("frames_decoded")));
        }
        for want in wanted {
            if !self.readings.iter().any(|got| is_same_reading(want, got)) {
                differences.push(format!("missing {want}"));
            }
        }
        for got in &self.readings {
            if frames.is_none() && !is_free(got) && !wanted.iter().any(|want| is_same_reading(want, got)) {
                differences.push(format!("unexpected {got}"));
            }
        }
    }

    /// Our own vectors also say which kinds are events, `"happened":["sos"]`; others do not have the key. As among the
    /// readings, that the device is there may be said besides.
    fn compare_happened(&self, wanted: &Value, differences: &mut Vec<String>) {
        let words = |list: &Value| list.as_array().cloned().unwrap_or_default();
        let (wanted, mut happened) = (words(wanted), self.fields.get("happened").map(words).unwrap_or_default());
        if !wanted.contains(&"availability".into()) {
            happened.retain(|kind| kind != "availability");
        }
        if wanted != happened {
            differences.push(format!("what happened is {happened:?}, expected {wanted:?}"));
        }
    }

    fn compare_bytes(&self, vector: &Vector, differences: &mut Vec<String>) {
        let want = vector.bytes().map(|bytes| hex::write(&bytes)).unwrap_or_default();
        match self.fields.get("encoded_hex") {
            Some(got) if got == want.as_str() => {}
            got => differences.push(format!("written as {}, expected {want}", got.unwrap_or(&Value::Null))),
        }
    }

    fn compare_fields(&self, expect: &Map<String, Value>, differences: &mut Vec<String>) {
        for (key, want) in expect {
            match self.fields.get(key) {
                Some(got) if is_same(want, got) => {}
                Some(got) => differences.push(format!("field {key} is {got}, expected {want}")),
                None => differences.push(format!("field {key} is missing, expected {want}")),
            }
        }
    }
}

fn readings(all: &Decoded) -> Vec<Value> {
    let motion = all
        .motion
        .iter()
        .map(|motion| json!({"kind": motion.kind.word(), "value": motion.value(), "unit": motion.kind.unit()}));
    said_readings(&all.said).chain(motion).collect()
}

fn said_readings(said: &[Said]) -> impl Iterator<Item = Value> {
    said.iter().filter(|said| said.measure.is_reading()).map(|said| {
        let mut reading = json!({"kind": said.measure.kind(), "value": said.measure.value()});
        for (key, word) in [("unit", said.measure.unit()), ("scope", said.measure.scope())] {
            if let Some(word) = word {
                reading[key] = word.into();
            }
        }
        reading
    })
}

fn add_fields(fields: &mut Map<String, Value>, decoded: &Decoded) {
    if let Some(address) = &decoded.address {
        fields.insert("address".into(), address.as_str().into());
    }
    let lists = [
        (
            "happened",
            decoded
                .said
                .iter()
                .filter(|said| said.nature == Nature::Event)
                .map(|said| said.measure.kind().into())
                .collect(),
        ),
        ("dropped", decoded.dropped.iter().map(|(kind, why)| json!([kind, why.word()])).collect()),
        ("refused", decoded.refused_keys.iter().map(|(key, why)| json!([key, why.to_string()])).collect()),
        (
            "listed",
            decoded.listed.iter().map(|listed| json!({"address": listed.address, "model": listed.model})).collect(),
        ),
    ];
    if !decoded.reply.is_empty() {
        fields.entry("reply").or_insert_with(|| match std::str::from_utf8(&decoded.reply) {
            Ok(text) => text.into(),
            Err(_) => hex::write(&decoded.reply).into(),
        });
    }
    for (key, list) in lists {
        let list: Vec<Value> = list;
        if !list.is_empty() {
            fields.insert(key.into(), list.into());
        }
    }
}

fn is_free(reading: &Value) -> bool {
    match reading["kind"].as_str() {
        Some("rssi" | "lqi" | "snr" | "voltage") => true,
        Some("availability") => reading["value"] == "online",
        _ => false,
    }
}

fn is_same_reading(want: &Value, got: &Value) -> bool {
    let Some(kind) = want["kind"].as_str() else { return false };
    if want["kind"] != got["kind"] || want.get("scope") != got.get("scope") {
        return false;
    }
    let quantity = Quantity::from_word(kind);
    match (quantity, want["unit"].as_str(), want["value"].as_f64(), got["value"].as_f64()) {
        (Some(quantity), Some(unit), Some(want), Some(got)) => {
            to_vocabulary(quantity, unit, want).is_some_and(|want| is_near(want, got))
        }
        _ if want["unit"] == "m/s2" && got["unit"] == "g" => is_same(&in_g(&want["value"]), &got["value"]),
        _ => is_same(&want["value"], &got["value"]),
    }
}

/// Acceleration along three axes in g, which is what a window holds.
fn in_g(m_per_s2: &Value) -> Value {
    let axes = m_per_s2.as_array().map(Vec::as_slice).unwrap_or_default();
    axes.iter().filter_map(Value::as_f64).map(|axis| axis / M_PER_S2_PER_G).collect()
}

fn is_same(want: &Value, got: &Value) -> bool {
    match (want, got) {
        (Value::Number(want), Value::Number(got)) => match (want.as_f64(), got.as_f64()) {
            (Some(want), Some(got)) => is_near(want, got),
            _ => want == got,
        },
        (Value::Array(want), Value::Array(got)) => {
            want.len() == got.len() && want.iter().zip(got).all(|(want, got)| is_same(want, got))
        }
        (Value::Object(want), Value::Object(got)) => {
            want.len() == got.len() && want.iter().all(|(key, want)| got.get(key).is_some_and(|got| is_same(want, got)))
        }
        _ => want == got,
    }
}

fn is_near(want: f64, got: f64) -> bool {
    (want - got).abs() <= TOLERANCE * want.abs().max(got.abs()) + f64::EPSILON
}

/// The pairs may stand apart, for people's eyes.
fn unhex(text: &str) -> Result<Vec<u8>, VectorError> {
    let digits: Vec<u8> = text.bytes().filter(|sign| !sign.is_ascii_whitespace()).collect();
    hex::read(&digits).ok_or(VectorError::Hex)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn outcome(readings: Value, fields: Value, error: Option<&str>) -> Outcome {
        let (Value::Array(readings), Value::Object(fields)) = (readings, fields) else {
            panic!("a list and an object")
        };
        Outcome { id: "x".into(), readings, fields, error: error.map(str::to_owned) }
    }

    fn vector(line: &Value) -> Vector {
        serde_json::from_value(line.clone()).expect("a vector")
    }

    #[test]
    fn readings_are_a_set_with_tolerance_after_conversion() {
        let want = vector(&json!({"expect": {}, "readings": [
            {"kind": "distance", "value": 81, "unit": "cm"}, {"kind": "presence", "value": true}]}));
        let got = json!([{"kind": "presence", "value": true}, {"kind": "distance", "value": 0.81, "unit": "m"},
            {"kind": "voltage", "value": 2.9, "unit": "V"}, {"kind": "availability", "value": "online"}]);
        assert_eq!(outcome(got, json!({}), None).compare(&want), Ok(()));
        let far = json!([{"kind": "presence", "value": true}, {"kind": "distance", "value": 0.82, "unit": "m"}]);
        assert!(outcome(far, json!({}), None).compare(&want).is_err());
        let more = json!([{"kind": "presence", "value": true}, {"kind": "distance", "value": 0.81, "unit": "m"},
            {"kind": "motion", "value": true}]);
        assert!(outcome(more, json!({}), None).compare(&want).is_err());
        assert!(outcome(json!([]), json!({}), Some("cut off")).compare(&want).is_err());
    }

    #[test]
    fn an_expected_refusal_wants_a_refusal_and_no_readings() {
        let want = vector(&json!({"expect": {"error": "bad checksum"}}));
        assert_eq!(outcome(json!([]), json!({}), Some("anything")).compare(&want), Ok(()));
        assert!(outcome(json!([]), json!({}), None).compare(&want).is_err());
        let said = json!([{"kind": "sos", "value": true}]);
        assert!(outcome(said, json!({}), Some("anything")).compare(&want).is_err());
    }

    #[test]
    fn a_line_without_readings_is_compared_by_its_fields() {
        let want = vector(&json!({"expect": {"length": 3, "text": "你好"}}));
        assert_eq!(outcome(json!([]), json!({"length": 3.0, "text": "你好", "more": 1}), None).compare(&want), Ok(()));
        assert!(outcome(json!([]), json!({"length": 3}), None).compare(&want).is_err());
    }

    #[test]
    fn hex_may_have_blanks_and_must_have_pairs() {
        assert_eq!(unhex("0a FF\n10"), Ok(vec![0x0a, 0xff, 0x10]));
        assert_eq!(unhex("0a f"), Err(VectorError::Hex));
        assert_eq!(unhex("0x10"), Err(VectorError::Hex));
        assert_eq!(Vector::default().bytes(), Err(VectorError::NoFrame));
    }
}
