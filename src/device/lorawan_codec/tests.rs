//! Models and traps that the golden vectors leave out.

use super::*;
use crate::core::reading::{FallVerdict, Measure, Quantity, Said};
use crate::core::unit::Milli;
use serde_json::json;

fn heard(
    codec: &mut LorawanCodec,
    vendor: &str,
    device: &str,
    port: u8,
    payload: &[u8],
) -> Result<Decoded, DecodeError> {
    let context = json!({"vendor": vendor, "device": device, "fport": port});
    codec.decode(&Frame { topic: None, bytes: payload, context: &context, utc_s: None, heard_ms: 0 })
}

fn said(vendor: &str, device: &str, port: u8, payload: &[u8]) -> Vec<Said> {
    heard(&mut LorawanCodec::default(), vendor, device, port, payload).expect("decodes").said
}

#[test]
fn a_fall_is_an_event_when_it_begins_and_a_level_while_it_is_repeated() {
    let mut codec = LorawanCodec::default();
    let report = |detection: u8| [0x03, 0xF8, detection, 0, 0, 0, 0, 0];
    let mut natures = Vec::new();
    for payload in [report(4).to_vec(), report(4).to_vec(), report(0).to_vec(), report(4).to_vec()] {
        let all = heard(&mut codec, "milesight", "vs373", 85, &payload).expect("decodes").said;
        natures.push(all.into_iter().find(|said| matches!(said.measure, Measure::Fall(_))));
    }
    let fall = Measure::Fall(FallVerdict::Confirmed);
    assert_eq!(natures, [Some(Said::event(fall)), Some(Said::level(fall)), None, Some(Said::event(fall))]);
    let ended = [0x06, 0xFB, 0x2A, 0, 0, 2, 1];
    let all = heard(&mut codec, "milesight", "vs373", 85, &ended).expect("decodes").said;
    assert_eq!(all, [Said::level(Measure::Fall(FallVerdict::Normal))]);
}

#[test]
fn a_press_passes_before_an_unknown_channel() {
    let decoded = heard(&mut LorawanCodec::default(), "milesight", "ws101", 85, &[0xFF, 0x2E, 2, 0x77, 0x99, 1])
        .expect("decodes");
    assert_eq!(decoded.said, [Said::event(Measure::Button("long".parse().expect("a code")))]);
    assert_eq!(decoded.refused_keys, [("channel", DecodeError::Unknown)]);
    let cut = heard(&mut LorawanCodec::default(), "milesight", "ws101", 85, &[0xFF, 0x2E]);
    assert_eq!(cut, Err(DecodeError::Length));
}

#[test]
fn a_smoke_detector_is_checked_and_its_test_is_no_smoke() {
    let test = [0x22, 0x1E, 0x64, 0x00, 0x1C, 0x40];
    let kinds: Vec<_> = said("milesight", "gs524n", 85, &test).iter().map(|said| said.measure.kind()).collect();
    assert_eq!(kinds, ["battery", "ambient_temp"]);
    let fire = [0x22, 0x11, 0x64, 0x20, 0x30, 0x19];
    assert_eq!(said("milesight", "gs524n", 85, &fire)[0], Said::level(Measure::Smoke(true)));
    let broken = heard(&mut LorawanCodec::default(), "milesight", "gs524n", 85, &[0x22, 0x11, 0x64, 0x20, 0x30, 0]);
    assert_eq!(broken, Err(DecodeError::Checksum));
}

#[test]
fn sos_of_trackers_is_a_level() {
    let abeeway = [3, 0x7A, 193, 137, 0, 0, 29, 40, 185, 1, 96, 55, 2];
    let place = Measure::location(48.920_806_4, 2.308_275_2).expect("on the globe");
    assert_eq!(said("abeeway", "micro-tracker", 18, &abeeway), [Said::level(Measure::Sos(true)), Said::level(place)]);
    assert_eq!(said("abeeway", "asset-tracker-3", 19, &[0x49, 94, 0, 0])[0], Said::level(Measure::Sos(true)));
    let calm = said("abeeway", "asset-tracker-2", 18, &[10, 0, 249, 134, 0, 0]);
    assert_eq!(calm, [Said::level(Measure::Sos(false))]);
    let dragino = [0, 0, 0, 0, 0, 0, 0, 0, 0x4F, 0x46, 0x60];
    assert_eq!(said("dragino", "lgt92", 2, &dragino)[0], Said::level(Measure::Sos(true)));
}

#[test]
fn the_maker_is_found_by_the_model_and_other_names_are_nobodys() {
    for known in
        ["WS101", "ws101-868M", "Milesight WS101", "VS373", "TBMS100", "LDS02", "LHT65N", "Abeeway Micro Tracker"]
    {
        assert!(Codec::knows(None, known), "{known}");
    }
    for other in ["", "Test device-profile", "示例", "cube", "w"] {
        assert!(!Codec::knows(None, other), "{other}");
    }
    assert!(!Codec::knows(Some("示例"), "WS101"), "the maker's name goes first");
}

#[test]
fn climate_of_dragino_is_read_with_its_probe() {
    let payload = [0xCB, 0xF6, 0x0B, 0x0D, 0x03, 0x76, 0x05, 0x01, 0x2C, 0x7F, 0xFF];
    let number = |quantity, milli| Said::level(Measure::Number(quantity, Milli(milli)));
    assert_eq!(
        said("dragino", "lht65", 2, &payload),
        [
            number(Quantity::AmbientTemp, 28_290),
            number(Quantity::Humidity, 88_600),
            number(Quantity::Voltage, 3_062),
            number(Quantity::Illuminance, 300_000),
        ]
    );
}
