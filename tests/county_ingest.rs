//! What the county takes, what it refuses and what it says about it, without a broker or a database.

mod support;

use std::collections::BTreeSet;

use proptest::prelude::*;
use shouwang::core::sequence::{Lane, Range, SkipReason};
use shouwang::county::ingest::{Content, Intake, Numbers, Record, Refusal, Standing, Why, admit, take};
use shouwang::county::receipt::{Batch, Committed};
use shouwang::limits;
use shouwang::relay::message::{Ack, AlarmMessage, AlarmRecord, Skipped, encode};
use support::county_messages::{
    EPOCH, alarm, alarm_message, device_message, gateway_state, heartbeat, reading_message,
};

const ROOT: &str = "sw/1/st1/gw1";

fn record(below: &str, payload: &[u8]) -> Record {
    match take(&format!("{ROOT}/{below}"), payload, false) {
        Ok(Intake::Record(record)) => record,
        other => panic!("not a record: {other:?}"),
    }
}

fn refused(below: &str, payload: &[u8]) -> Refusal {
    take(&format!("{ROOT}/{below}"), payload, false).expect_err("this is refused")
}

fn acks(messages: &[(&str, Vec<u8>)]) -> Vec<Ack> {
    let mut batch = Batch::default();
    for (below, payload) in messages {
        batch.add(take(&format!("{ROOT}/{below}"), payload, false), payload);
    }
    batch.receipts(&Committed::default()).into_iter().map(|(_, ack)| ack).collect()
}

#[test]
fn a_receipt_names_exactly_what_was_in_the_transaction() {
    let acks = acks(&[
        ("ev/alarm", alarm_message(EPOCH, 4, alarm(1, 1))),
        ("ev/reading", encode(&reading_message(EPOCH, 11, 5))),
        ("ev/alarm", alarm_message(EPOCH, 1, alarm(2, 1))),
        ("ev/alarm", alarm_message(EPOCH, 2, alarm(3, 1))),
        ("ev/alarm", alarm_message(EPOCH, 2, alarm(3, 1))),
        ("ev/device", device_message(EPOCH, 9)),
        ("ev/reading", encode(&reading_message(EPOCH, 16, 1))),
        ("hb", heartbeat()),
    ]);
    let ack = |lane, ranges: &[Range]| Ack { epoch: EPOCH, lane, ranges: ranges.to_vec(), reject: Vec::new() };
    assert_eq!(
        acks,
        [
            ack(Lane::Alarm, &[Range(1, 2), Range(4, 4)]),
            ack(Lane::Device, &[Range(9, 9)]),
            ack(Lane::Reading, &[Range(11, 16)]),
        ]
    );
}

#[test]
fn the_topic_says_who_speaks() {
    let payload = alarm_message(EPOCH, 1, alarm(1, 1));
    let Ok(Intake::Record(record)) = take("sw/1/st9/gw7/ev/alarm", &payload, false) else { panic!("a record") };
    assert_eq!((record.speaker.station.as_str(), record.speaker.gateway.as_str()), ("st9", "gw7"));
    for topic in ["sw/1/st1/gw1/ack", "sw/1/st1/gw1/cmd/c1", "sw/1/county/state", "zigbee2mqtt/x", ""] {
        assert_eq!(take(topic, &payload, false).expect_err("refused").why, Why::Topic, "{topic}");
    }
}

#[test]
fn an_unlisted_station_is_not_taken_and_none_of_its_numbers_is_refused() {
    let listed = BTreeSet::from(["st1".parse().expect("a slug")]);
    assert_eq!(admit("sw/1/st1/gw1/hb", &listed), Ok(()));
    assert_eq!(admit("sw/1/st2/gw1/hb", &BTreeSet::new()), Ok(()));
    let refusal = admit("sw/1/st2/gw1/ev/alarm", &listed).expect_err("refused");
    assert_eq!((refusal.why, refusal.numbers), (Why::Unlisted, None));
}

#[test]
fn what_cannot_be_read_is_refused_by_its_number_when_that_can_be_told() {
    let number = |lane, from, to| Some(Numbers { epoch: EPOCH, lane, range: Range(from, to) });
    let epoch = EPOCH.to_string();
    let cases = [
        ("ev/alarm", "{".to_owned(), Why::NotJson, None),
        ("ev/alarm", "[".repeat(10_000), Why::NoNumber, None),
        ("ev/alarm", r#"{"seq":1}"#.to_owned(), Why::NoNumber, None),
        ("ev/alarm", format!(r#"{{"epoch":"{epoch}","seq":"7"}}"#), Why::NoNumber, None),
        ("ev/alarm", format!(r#"{{"epoch":"{epoch}","seq":0}}"#), Why::Number, None),
        ("ev/alarm", format!(r#"{{"epoch":"{epoch}","seq":{}}}"#, u64::MAX), Why::Number, None),
        ("ev/alarm", format!(r#"{{"epoch":"{epoch}","seq":7}}"#), Why::Body, number(Lane::Alarm, 7, 7)),
        ("ev/alarm", format!(r#"{{"epoch":"{epoch}","seq":[7,8]}}"#), Why::Number, number(Lane::Alarm, 7, 8)),
        ("ev/device", format!(r#"{{"epoch":"{epoch}","seq":7}}"#), Why::Body, number(Lane::Device, 7, 7)),
        ("ev/reading", format!(r#"{{"epoch":"{epoch}","seq":[3,5]}}"#), Why::Body, number(Lane::Reading, 3, 5)),
        ("ev/reading", format!(r#"{{"epoch":"{epoch}","seq":[5,3]}}"#), Why::Number, None),
        ("ev/reading", format!(r#"{{"epoch":"{epoch}","seq":[1,9000000]}}"#), Why::Body, None),
        ("state", "true".to_owned(), Why::Body, None),
        ("hb", String::new(), Why::NotJson, None),
    ];
    for (below, payload, why, numbers) in cases {
        let refusal = refused(below, payload.as_bytes());
        let start: String = payload.chars().take(60).collect();
        assert_eq!((refusal.why, refusal.numbers), (why, numbers), "{below} {start}");
    }
    assert_eq!(refused("ev/alarm", &[0xff, 0xfe]).why, Why::NotUtf8);
}

#[test]
fn a_message_that_is_too_long_is_refused_by_its_number() {
    let mut message = reading_message(EPOCH, 1, 1500);
    message.batch.iter_mut().for_each(|reading| reading.said = vec![reading.said[0]; 3]);
    let payload = encode(&message);
    assert!(payload.len() > limits::MESSAGE_BYTES_MAX);
    let refusal = refused("ev/reading", &payload);
    assert_eq!((refusal.why, refusal.numbers.map(|of| of.range)), (Why::TooLarge, Some(Range(1, 1500))));
}

#[test]
fn a_reason_repeats_nothing_that_was_sent() {
    let payload = alarm_message(EPOCH, 7, alarm(1, 1));
    let text = String::from_utf8(payload).expect("UTF-8").replace("\"help_call\"", "\"示例奶奶\"");
    let refusal = refused("ev/alarm", text.as_bytes());
    assert_eq!(refusal.why, Why::Body);
    assert!(!refusal.reason.contains("示例"), "{}", refusal.reason);
    let missing = text.replace("\"rev\"", "\"reb\"");
    assert_eq!(
        refused("ev/alarm", missing.replace("\"示例奶奶\"", "\"help_call\"").as_bytes()).reason,
        "the key rev is missing"
    );
}

#[test]
fn one_unreadable_reading_does_not_cost_its_neighbours() {
    let text = String::from_utf8(encode(&reading_message(EPOCH, 5, 3))).expect("UTF-8");
    let payload = text.replacen("\"battery\"", "\"a_kind_of_next_year\"", 1).into_bytes();
    let record = record("ev/reading", &payload);
    assert_eq!(record.content.numbers(), [Range(6, 6), Range(7, 7)]);
    let mut batch = Batch::default();
    batch.add(Ok(Intake::Record(record)), &payload);
    let receipts = batch.receipts(&Committed::default());
    let [(_, ack)] = receipts.as_slice() else { panic!("one receipt: {receipts:?}") };
    assert_eq!(ack.ranges, [Range(6, 7)]);
    assert_eq!(ack.reject.iter().map(|reject| reject.seq).collect::<Vec<_>>(), [5]);
}

#[test]
fn a_hole_is_settled_from_end_to_end() {
    let skipped = Skipped { from: 3, to: 900, reason: SkipReason::Budget };
    let message = AlarmMessage { epoch: EPOCH, seq: 3, record: AlarmRecord::Skipped { skipped: skipped.clone() } };
    assert_eq!(acks(&[("ev/alarm", encode(&message))])[0].ranges, [Range(3, 900)]);
    let mut readings = reading_message(EPOCH, 3, 1);
    readings.batch.clear();
    readings.seq = Range(3, 900);
    readings.skipped = Some(skipped);
    assert_eq!(acks(&[("ev/reading", encode(&readings))])[0].ranges, [Range(3, 900)]);
}

#[test]
fn a_disputed_alarm_is_refused_and_its_neighbours_are_not() {
    let mut batch = Batch::default();
    for seq in 1..=3_u64 {
        let payload = alarm_message(EPOCH, seq, alarm(u32::try_from(seq).expect("small"), 1));
        batch.add(take(&format!("{ROOT}/ev/alarm"), &payload, false), &payload);
    }
    let receipts = batch.receipts(&Committed { disputed: BTreeSet::from([1]), ..Committed::default() });
    let [(_, ack)] = receipts.as_slice() else { panic!("one receipt: {receipts:?}") };
    assert_eq!(ack.ranges, [Range(1, 1), Range(3, 3)]);
    assert_eq!(ack.reject.iter().map(|reject| reject.seq).collect::<Vec<_>>(), [2]);
}

#[test]
fn a_number_that_is_stored_is_never_refused() {
    let good = alarm_message(EPOCH, 7, alarm(1, 1));
    let bad = format!(r#"{{"epoch":"{EPOCH}","seq":7}}"#).into_bytes();
    let acks = acks(&[("ev/alarm", bad), ("ev/alarm", good)]);
    assert_eq!(acks.len(), 1);
    assert_eq!((acks[0].ranges.as_slice(), acks[0].reject.len()), ([Range(7, 7)].as_slice(), 0));
}

#[test]
fn retained_words_are_no_sign_of_life_and_an_empty_one_removes() {
    let take_state = |retained| match take(&format!("{ROOT}/state"), &gateway_state(true, 1), retained) {
        Ok(Intake::Report(report)) => report.live,
        other => panic!("not a report: {other:?}"),
    };
    assert!(take_state(false) && !take_state(true));
    match take(&format!("{ROOT}/dev/d017"), b"", false) {
        Ok(Intake::Report(report)) => {
            assert_eq!(report.standing, Standing::Device("d017".parse().expect("a slug"), None));
        }
        other => panic!("not a report: {other:?}"),
    }
}

#[test]
fn a_newer_gateway_may_say_more() {
    let payload = String::from_utf8(alarm_message(EPOCH, 1, alarm(1, 1))).expect("UTF-8");
    let payload = payload.replacen('{', r#"{"of_next_year":{"a":[1,2]},"#, 1);
    let Content::Alarm { text, body, .. } = record("ev/alarm", payload.as_bytes()).content else { panic!("an alarm") };
    assert_eq!((text.as_str(), body.rev), (payload.as_str(), 1));
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn nothing_that_arrives_makes_it_panic(below in "(ev/(alarm|device|reading)|state|hb|dev/d1|resident/r1|res/c1)", bytes: Vec<u8>) {
        let _ = take(&format!("{ROOT}/{below}"), &bytes, false);
    }

    #[test]
    fn a_damaged_message_is_refused_or_still_numbered_as_it_says(at in 0_usize..2000, byte: u8) {
        let mut payload = encode(&reading_message(EPOCH, 5, 3));
        let at = at % payload.len();
        payload[at] = byte;
        let mut batch = Batch::default();
        batch.add(take(&format!("{ROOT}/ev/reading"), &payload, false), &payload);
        for (_, ack) in batch.receipts(&Committed::default()) {
            prop_assert!(encode(&ack).len() <= limits::MESSAGE_BYTES_MAX);
        }
    }
}
