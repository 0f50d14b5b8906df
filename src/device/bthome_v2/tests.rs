//! Counters, keys and forgeries of BTHome.

use super::*;
use crate::core::reading::{Code, Said};

const KEY: &str = "231d39c1d7cc1ab1aee224cd096db932";
const SEALED_MOTION: &[u8] = &[0x41, 0x87, 0xb9, 0x00, 0x11, 0x22, 0x33, 0x72, 0xb0, 0x23, 0x1f];

/// An hour, in milliseconds.
const HOUR_MS: u64 = 3_600_000;

fn decode(decoder: &mut BtHome, bytes: &[u8], context: &Value) -> Result<Decoded, DecodeError> {
    decode_at(decoder, bytes, context, 0)
}

fn decode_at(decoder: &mut BtHome, bytes: &[u8], context: &Value, heard_ms: u64) -> Result<Decoded, DecodeError> {
    let topic = Some("bthome/5448E68F80A5");
    decoder.decode(&Frame { topic, bytes, context, utc_s: None, heard_ms })
}

fn press(word: &str) -> Said {
    Said::event(Measure::Button(word.parse::<Code>().expect("a code")))
}

#[test]
fn a_press_is_said_once_whatever_the_number_of_copies() {
    let mut decoder = BtHome::default();
    let said = |decoder: &mut BtHome, id: u8| {
        decode(decoder, &[0x44, 0x00, id, 0x3a, 0x01], &Value::Null).expect("decodes").said
    };
    assert_eq!(said(&mut decoder, 5), [press("press")]);
    assert_eq!(said(&mut decoder, 5), []);
    assert_eq!(said(&mut decoder, 6), [press("press")]);
    assert_eq!(said(&mut decoder, 0), [press("press")], "a new battery begins anew, and its press counts");
}

#[test]
fn a_sealed_frame_opens_once_and_its_copies_say_nothing() {
    let mut decoder = BtHome::default();
    let context = json!({"key": KEY});
    let first = decode(&mut decoder, SEALED_MOTION, &context).expect("decodes");
    assert_eq!(first.said, [Said::level(Measure::Motion(true))]);
    assert_eq!(first.address.as_deref(), Some("54:48:E6:8F:80:A5"));
    assert_eq!(decode(&mut decoder, SEALED_MOTION, &context).expect("decodes").said, []);
}

#[test]
fn without_the_key_or_with_another_nothing_is_said_and_the_device_is_listed() {
    let other = json!({"bindkey": "814aac74c4f17b6c1581e1ab87816b99"});
    for (context, key, why) in
        [(Value::Null, "no_key", DecodeError::NoKey), (other, "wrong_key", DecodeError::WrongKey)]
    {
        let decoded = decode(&mut BtHome::default(), SEALED_MOTION, &context).expect("counted");
        assert_eq!(decoded.said, []);
        assert_eq!(decoded.refused_keys, [(key, why)]);
        assert_eq!(decoded.listed.len(), 1);
    }
}

#[test]
fn an_open_frame_of_a_device_with_a_key_is_refused() {
    let mut decoder = BtHome::default();
    let context = json!({"key": KEY});
    assert_eq!(decode(&mut decoder, &[0x40, 0x29, 0x00], &context), Err(DecodeError::Replayed));
    assert_eq!(decode(&mut decoder, &[0x40, 0x29, 0x00], &json!({"key": "示例"})).map(|it| it.said), Ok(vec![]));
}

#[test]
fn a_counter_that_falls_is_refused_and_a_wrong_tag_moves_no_counter() {
    let mut decoder = BtHome::default();
    let context = json!({"key": KEY});
    let mut forged = SEALED_MOTION.to_vec();
    forged[3..7].copy_from_slice(&[0xff; 4]);
    assert_eq!(decode(&mut decoder, &forged, &context).expect("counted").said, []);
    assert_eq!(decode(&mut decoder, SEALED_MOTION, &context).expect("decodes").said.len(), 1);
    let mac = Mac::parse("5448E68F80A5").expect("an address");
    decoder.counters.at(0).sealed(mac, 0x3322_1101, b"").expect("grows");
    assert_eq!(decode(&mut decoder, SEALED_MOTION, &context).map(|it| it.said), Ok(vec![]), "a late copy");
    assert_eq!(decode_at(&mut decoder, SEALED_MOTION, &context, HOUR_MS), Err(DecodeError::Replayed));
}

#[test]
fn a_node_that_wakes_with_the_same_packet_id_is_heard_at_every_press() {
    let mut decoder = BtHome::default();
    let mut hear = |heard_ms| {
        let frame = [0x44, 0x00, 0x00, 0x3a, 0x01];
        decode_at(&mut decoder, &frame, &Value::Null, heard_ms).expect("decodes").said
    };
    assert_eq!(hear(0), [press("press")]);
    assert_eq!(hear(1_000), []);
    assert_eq!(hear(HOUR_MS), [press("press")]);
}

#[test]
fn an_unknown_object_ends_the_frame_and_keeps_what_stood_before() {
    let decoded = decode(&mut BtHome::default(), &[0x40, 0x3a, 0x01, 0x77, 0x29, 0x01], &Value::Null).expect("decodes");
    assert_eq!(decoded.said, [press("press")]);
    assert_eq!(decoded.refused_keys, [("object", DecodeError::Unknown)]);
    let text = decode(&mut BtHome::default(), b"40 3a01", &Value::Null);
    assert_eq!(text.map(|it| it.said), Ok(vec![]), "hex with blanks is no hex text, and no frame of version 2");
    let text = decode(&mut BtHome::default(), b"403a01\n", &Value::Null).expect("decodes");
    assert_eq!(text.said, [press("press")]);
}
