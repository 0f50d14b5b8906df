//! The way of a frame from its bytes to its lane.

mod support;

use std::time::Duration;

use serde_json::json;
use shouwang::core::reading::{Measure, Origin};
use shouwang::core::roster::Class;
use shouwang::device::Format;
use shouwang::limits::{ADDRESS_BYTES_MAX, MQTT_PAYLOAD_BYTES_MAX, TOPIC_BYTES_MAX};
use shouwang::source::front_door::{Admitted, FrontDoor, Raw};
use support::village::{Village, WORDS_MQTT, WORDS_SERIAL, address_book};
use tokio::time::Instant;

fn door(village: &Village) -> FrontDoor {
    FrontDoor::new("z2m".parse().expect("an id"), WORDS_MQTT, village.inlet.clone())
}

fn admit(door: &mut FrontDoor, topic: &str, bytes: impl AsRef<[u8]>) -> Option<Admitted> {
    door.admit(&Raw { topic: Some(topic), bytes: bytes.as_ref(), retained: false, utc_s: None }, Instant::now())
}

#[tokio::test]
async fn life_safety_stands_first_whatever_the_order_of_the_frame() {
    let village = Village::new();
    let admitted = admit(&mut door(&village), "words/d1", "battery=3 motion sos").expect("admitted");
    let kinds: Vec<&str> = admitted.sample.said.iter().map(|said| said.measure.kind()).collect();
    assert_eq!(kinds, ["sos", "battery", "motion"]);
    assert_eq!(admitted.class, Class::Urgent);
    assert_eq!(admitted.sample.from, Origin::Device("d1".parse().expect("an id")));
    assert_eq!(admitted.sample.merge_ms, WORDS_MQTT.merge_ms);
}

#[tokio::test]
async fn the_routine_words_of_a_stranger_go_no_further_than_the_heard_list() {
    let village = Village::new();
    let mut door = door(&village);
    assert!(admit(&mut door, "words/示例按钮", "battery=3").is_none());
    assert_eq!(village.heard(), [("示例按钮".to_owned(), 1)]);
    let call = admit(&mut door, "words/示例按钮", "sos").expect("a stranger's call is for the station");
    assert!(matches!(call.sample.from, Origin::Stranger(_)));
    assert_eq!(call.class, Class::Urgent);
}

#[tokio::test]
async fn rule_17_a_strangers_plain_button_is_for_the_station_and_keeps_off_the_urgent_lane() {
    let village = Village::new();
    let call = admit(&mut door(&village), "words/示例按钮", "button battery=3").expect("it may be a call");
    assert!(matches!(call.sample.from, Origin::Stranger(_)));
    assert_eq!(call.class, Class::Routine, "it decides nothing before the third press");
}

#[tokio::test]
async fn refusals_are_counted_by_format_and_kind() {
    let village = Village::new();
    let mut door = door(&village);
    assert!(admit(&mut door, "words/d1", [0xff, 0xfe]).is_none());
    assert!(admit(&mut door, "words/d1", "no-such-kind=1").is_none());
    assert!(admit(&mut door, "words/d1", "no-such-kind=1").is_none());
    assert!(admit(&mut door, "words/d1", vec![b' '; MQTT_PAYLOAD_BYTES_MAX + 1]).is_none());
    assert!(admit(&mut door, &format!("words/{}", "d".repeat(TOPIC_BYTES_MAX)), "motion").is_none());
    assert!(admit(&mut door, &format!("words/{}", "d".repeat(ADDRESS_BYTES_MAX + 1)), "motion").is_none());
    for (name, count) in
        [("not_utf8", 1), ("unknown", 2), ("too_long", 1), ("topic_too_long", 1), ("address_too_long", 1)]
    {
        assert_eq!(village.count(&format!("words.refused.{name}")), count, "{name}");
    }
    assert_eq!(village.heard(), []);
    assert!(admit(&mut door, "words/d1", "motion").is_some(), "what follows a refusal passes");
}

#[tokio::test]
async fn only_the_list_of_a_bridge_may_be_large() {
    let village = Village::new();
    let mut door = door(&village);
    let list = format!("list={}", "a".repeat(MQTT_PAYLOAD_BYTES_MAX / 16) + &",b".repeat(MQTT_PAYLOAD_BYTES_MAX));
    assert!(admit(&mut door, "words/bridge/devices", &list).is_none(), "a list is administration");
    assert_eq!(village.heard(), [("b".to_owned(), 0)], "the address that is too long is not listed");
    assert_eq!(village.count("words.refused.too_long"), 0);
    assert!(admit(&mut door, "words/d1", &list).is_none());
    assert_eq!(village.count("words.refused.too_long"), 1);
    assert!(admit(&mut door, "words/bridge/info", &list).is_none());
    assert_eq!(village.count("words.ignored.long_bridge_topic"), 1, "what a bridge says of itself is no refusal");
    assert_eq!(village.count("words.refused.too_long"), 1);
}

#[tokio::test]
async fn a_line_is_bounded_by_its_format() {
    let village = Village::new();
    let mut door = FrontDoor::new("hub".parse().expect("an id"), WORDS_SERIAL, village.inlet.clone());
    let mut line =
        |bytes: &[u8]| door.admit(&Raw { topic: None, bytes, retained: false, utc_s: None }, Instant::now()).is_some();
    assert!(line(b"d1 motion"));
    assert!(!line(&[b' '; 65]));
    assert_eq!(village.count("word-lines.refused.too_long"), 1);
}

#[tokio::test]
async fn a_device_that_says_one_thing_a_frame_many_times_a_second_is_heard_twice_a_minute_and_at_every_change() {
    let village = Village::new();
    let radar = Format { steady_ms: 30_000, ..WORDS_SERIAL };
    let mut door = FrontDoor::new("hub".parse().expect("an id"), radar, village.inlet.clone());
    let began = Instant::now();
    let mut says = |second: u64, line: &str| {
        let raw = Raw { topic: None, bytes: line.as_bytes(), retained: false, utc_s: None };
        door.admit(&raw, began + Duration::from_secs(second)).is_some()
    };
    assert!(says(0, "d1 motion") && says(0, "d1 steps=1"), "both are new");
    for second in 1..30 {
        assert!(!says(second, "d1 motion") && !says(second, &format!("d1 steps={second}")), "at {second} s");
    }
    assert!(says(30, "d1 motion") && says(30, "d1 steps=7"), "the heartbeat");
    assert!(says(31, "d1 sos") && says(31, "d1 sos"), "what happened is always news");
    assert!(says(31, "d2 motion"), "another device");
    assert!(!says(32, "d1 motion"));
}

#[tokio::test]
async fn a_bridge_speaks_for_its_source() {
    let village = Village::new();
    let admitted = admit(&mut door(&village), "words/bridge/state", "bridge-online").expect("admitted");
    assert_eq!(admitted.sample.from, Origin::Bridge("z2m".parse().expect("an id")));
    assert_eq!(village.heard(), []);
}

#[tokio::test]
async fn a_decoder_tells_a_copy_from_a_press_by_the_doors_clock() {
    let village = Village::new();
    let format = shouwang::device::format("bthome_v2").expect("registered");
    let mut door = FrontDoor::new("ble".parse().expect("an id"), *format, village.inlet.clone());
    let press = Raw { topic: Some("bthome/A4C138000001"), bytes: &[0x44, 0, 0, 0x3a, 1], retained: false, utc_s: None };
    let began = Instant::now();
    let mut is_said = |second| door.admit(&press, began + Duration::from_secs(second)).is_some();
    assert!(is_said(1) && !is_said(3), "a press and its copy");
    assert!(is_said(3_600), "the next press of a node that wakes with the same packet id");
}

#[tokio::test]
async fn what_the_broker_had_kept_is_marked_and_was_not_heard() {
    let village = Village::new();
    let raw = Raw { topic: Some("words/d1"), bytes: b"sos", retained: true, utc_s: None };
    let admitted = door(&village).admit(&raw, Instant::now()).expect("admitted");
    assert!(admitted.sample.retained);
    assert_eq!(village.heard(), [("d1".to_owned(), 0)]);
}

#[tokio::test]
async fn a_frame_of_impossible_numbers_still_proves_its_device_alive() {
    let village = Village::new();
    let mut door = door(&village);
    let admitted = admit(&mut door, "words/d1", "impossible").expect("admitted");
    assert!(admitted.sample.said.is_empty());
    assert_eq!(village.count("words.out_of_range.heart_rate"), 1);
    assert!(admit(&mut door, "words/d1", "nothing").is_none(), "pure administration proves nothing");
    assert_eq!(village.heard(), [("d1".to_owned(), 1)]);
}

#[tokio::test]
async fn a_key_that_cannot_be_read_is_counted_and_costs_nothing_beside_it() {
    let village = Village::new();
    let admitted = admit(&mut door(&village), "words/d1", "garbled sos").expect("admitted");
    assert_eq!(admitted.sample.said.first().map(|said| said.measure), Some(Measure::Sos(true)));
    assert_eq!(village.count("words.refused_key.battery"), 1);
}

#[tokio::test]
async fn a_changed_address_book_is_in_force_with_the_next_frame() {
    let village = Village::new();
    let mut door = door(&village);
    let first = admit(&mut door, "words/d1", "motion").expect("admitted");
    assert_eq!(first.class, Class::Routine);
    village.book.send(address_book(json!({ "d1": { "says": "sos" } }))).expect("the inlet holds a receiver");
    let second = admit(&mut door, "words/d1", "motion").expect("admitted");
    assert_eq!(second.sample.said.first().map(|said| said.measure), Some(Measure::Sos(true)));
}
