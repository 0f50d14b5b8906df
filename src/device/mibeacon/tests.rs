//! Counters, keys and forgeries of MiBeacon.

use super::*;
use crate::core::reading::Measure;
use crate::core::reading::{Code, Said};

const KEY: &str = "8b72476b60fe2a0b63bf58d588fe4ea1";

/// A bed pad that says "empty".
const BED: &str = "58594c3f1312efbe38c1a418e36bcb000000e6fab951";

/// A dimmer of the first generation that says "pressed".
const DIMMER: &str = "5830b603d28b98c54124f8c3491476757e00000099";

fn decode(decoder: &mut MiBeacon, text: &str, context: &Value) -> Result<Decoded, DecodeError> {
    let mac = if text == BED { "A4C138BEEF12" } else { "F82441C5988B" };
    let topic = format!("mibeacon/{mac}");
    decoder.decode(&Frame { topic: Some(&topic), bytes: text.as_bytes(), context, utc_s: None, heard_ms: 0 })
}

#[test]
fn a_sealed_frame_opens_once_and_its_copies_say_nothing() {
    let mut decoder = MiBeacon::default();
    let context = json!({"key": KEY});
    assert_eq!(decode(&mut decoder, BED, &context).expect("decodes").said, [Said::level(Measure::Bed(false))]);
    assert_eq!(decode(&mut decoder, BED, &context).expect("decodes").said, []);
    let mac = Mac::parse("A4C138BEEF12").expect("an address");
    decoder.counters.at(0).sealed(mac, 0x14, b"").expect("grows");
    assert_eq!(decode(&mut decoder, BED, &context).expect("decodes").said, [], "a copy behind a later frame");
    decoder.counters.at(0).sealed(mac, 5_000, b"").expect("grows");
    let again = |decoder: &mut MiBeacon, heard_ms| {
        let topic = Some("mibeacon/A4C138BEEF12");
        let frame = Frame { topic, bytes: BED.as_bytes(), context: &context, utc_s: None, heard_ms };
        decoder.decode(&frame).map(|heard| heard.said)
    };
    assert_eq!(again(&mut decoder, 3_600_000), Ok(vec![Said::level(Measure::Bed(false))]), "a changed battery");
    decoder.counters.at(3_600_000).sealed(mac, 5_001, b"").expect("it was a replay");
    assert_eq!(again(&mut decoder, 7_200_000), Err(DecodeError::Replayed));
}

#[test]
fn without_the_key_or_with_another_nothing_is_said_and_the_model_is_listed() {
    let other = json!({"bindkey": "814aac74c4f17b6c1581e1ab87816b99"});
    for (context, key, why) in
        [(Value::Null, "no_key", DecodeError::NoKey), (other, "wrong_key", DecodeError::WrongKey)]
    {
        let decoded = decode(&mut MiBeacon::default(), BED, &context).expect("counted");
        assert_eq!((decoded.said, decoded.refused_keys), (vec![], vec![(key, why)]));
        assert_eq!(decoded.listed.first().and_then(|listed| listed.model.as_deref()), Some("PS1BB"));
    }
}

#[test]
fn an_open_frame_of_a_device_with_a_key_is_refused() {
    let open = "505989180167e56638c1a41a4a0101";
    let context = json!({"key": KEY});
    assert_eq!(decode(&mut MiBeacon::default(), open, &context), Err(DecodeError::Replayed));
    assert_eq!(decode(&mut MiBeacon::default(), open, &Value::Null).expect("decodes").said.len(), 1);
    let beacon = "1059db780df4f80238c1a4";
    assert_eq!(decode(&mut MiBeacon::default(), beacon, &context).expect("decodes").said, []);
    let online = Said::event(Measure::Availability { online: true, bridge: false });
    assert_eq!(decode(&mut MiBeacon::default(), beacon, &Value::Null).expect("decodes").said, [online]);
}

#[test]
fn the_first_generation_opens_with_twelve_bytes_and_a_wrong_key_shows() {
    let right = json!({"key": "b853075158487ca39a5b5ea9"});
    let decoded = decode(&mut MiBeacon::default(), DIMMER, &right).expect("decodes");
    assert_eq!((decoded.said, decoded.refused_keys), (vec![], vec![]), "a dimmer's knob is no button");
    let wrong = json!({"key": "b853075158487aa39a5b5ea9"});
    let decoded = decode(&mut MiBeacon::default(), DIMMER, &wrong).expect("counted");
    assert_eq!(decoded.refused_keys, [("wrong_key", DecodeError::WrongKey)]);
}

#[test]
fn presses_are_read_as_each_product_counts_them() {
    let said = |product: u16, how: u8| {
        let mut speech = Speech::of("x").expect("an address");
        object::say(&mut speech, product, 0x1001, &[0, 0, how]).expect("listed");
        speech.finish().expect("speaks").said
    };
    let press = |word: &str| vec![Said::event(Measure::Button(word.parse::<Code>().expect("a code")))];
    assert_eq!((said(0x07BF, 1), said(0x07BF, 2)), (press("double_press"), press("long_press")));
    assert_eq!((said(0x1569, 1), said(0x1569, 2)), (press("long_press"), press("double_press")));
    assert_eq!((said(0x07BF, 0), said(0x03B6, 3)), (press("press"), vec![]));
}

#[test]
fn cut_frames_and_broken_objects_cost_only_themselves() {
    assert_eq!(decode(&mut MiBeacon::default(), "50598918", &Value::Null), Err(DecodeError::Length));
    assert_eq!(decode(&mut MiBeacon::default(), "505989180167e566", &Value::Null), Err(DecodeError::Length));
    assert_eq!(decode(&mut MiBeacon::default(), "d0598918010102", &Value::Null), Err(DecodeError::NotMine));
    let smoke_then_cut = "4050970901151001010410";
    let decoded = decode(&mut MiBeacon::default(), smoke_then_cut, &Value::Null).expect("decodes");
    assert_eq!(decoded.said, [Said::level(Measure::Smoke(true))]);
    assert_eq!(decoded.refused_keys, [("object", DecodeError::Length)]);
}
