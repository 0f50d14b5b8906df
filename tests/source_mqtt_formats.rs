//! Every format that comes over MQTT, through a real broker: what its vectors say arrives on the lanes, and nothing else.

mod support;

use bytes::Bytes;
use rumqttc::v5::mqttbytes::QoS;
use serde_json::{Value, json};
use shouwang::core::effect::Input;
use shouwang::core::reading::{Measure, Said};
use shouwang::device::harness::Vector;
use shouwang::device::{FORMATS, Format, Frame, Transport};
use shouwang::source::lanes::Arrival;
use shouwang::source::mqtt::{FeedSettings, MqttSettings, run};
use support::broker::Broker;
use support::vectors;
use support::village::{Village, address_book};
use support::{installed, soon, until_found};
use tokio_util::sync::CancellationToken;
use tokio_util::task::AbortOnDropHandle;

/// The vectors as messages. Those of a format whose bridges hand bare payloads on tell the bytes only: their topic is
/// the one that such a bridge would take.
fn messages(format: &Format, base_topic: &str) -> Vec<(String, Bytes)> {
    let topic = |vector: &Vector| match (&vector.topic, vector.context()["characteristic"].as_str()) {
        (Some(topic), _) if !topic.is_empty() => topic.clone(),
        (_, Some(uuid)) => format!("{base_topic}/A4C1388D18B2/{}", uuid.trim_start_matches("0x")),
        _ => format!("{base_topic}/{}", vector.context()["mac"].as_str().unwrap_or("A4C1388D18B2")),
    };
    vectors::of(format)
        .iter()
        .map(|vector| (topic(vector), vector.bytes().expect("bytes").into_owned().into()))
        .collect()
}

/// What the messages say, in their order, by lane.
fn expected(format: &Format, messages: &[(String, Bytes)]) -> [Vec<Vec<Said>>; 2] {
    let (mut fresh, mut lanes) = ((format.decoder)(), [Vec::new(), Vec::new()]);
    for (topic, bytes) in messages {
        let frame = Frame { topic: Some(topic), bytes, context: &Value::Null, utc_s: None, heard_ms: 0 };
        let Ok(decoded) = fresh.decode(&frame) else { continue };
        if decoded.said.is_empty() && decoded.dropped.is_empty() && decoded.motion.is_empty() {
            continue;
        }
        let urgent = decoded.address.is_none() || decoded.said.iter().any(|said| said.measure.may_alarm());
        lanes[usize::from(!urgent)].push(decoded.said);
    }
    lanes
}

fn said(arrival: Arrival) -> Option<Vec<Said>> {
    if let Some(done) = arrival.done {
        done.durable();
    }
    match arrival.input {
        Input::Sample(sample) => Some(sample.said),
        _ => None,
    }
}

#[test]
fn a_format_that_tells_of_its_bridge_or_announces_topics_is_registered_as_such() {
    for format in FORMATS {
        let Transport::Mqtt { base_topic, bridged, announces, .. } = format.transport else { continue };
        let mut fresh = (format.decoder)();
        for (topic, bytes) in messages(format, base_topic) {
            let frame = Frame { topic: Some(&topic), bytes: &bytes, context: &Value::Null, utc_s: None, heard_ms: 0 };
            let Ok(decoded) = fresh.decode(&frame) else { continue };
            let of_a_bridge = |said: &Said| matches!(said.measure, Measure::Availability { bridge: true, .. });
            assert!(bridged || !decoded.said.iter().any(of_a_bridge), "{}: {topic}", format.name);
            assert!(announces || decoded.announced.is_empty(), "{}: {topic}", format.name);
        }
    }
}

#[tokio::test]
async fn what_the_vectors_say_arrives_through_a_real_broker() {
    if !installed("mosquitto") {
        return;
    }
    let broker = Broker::start("max_queued_messages 0\nmax_inflight_messages 0\n").await;
    for format in FORMATS {
        let Transport::Mqtt { base_topic, .. } = format.transport else { continue };
        let feed = FeedSettings { format: *format, base_topic: base_topic.to_owned() };
        let mut messages = messages(format, base_topic);
        messages.retain(|(topic, _)| feed.hears(topic));
        assert!(!messages.is_empty(), "{}: nothing that its vectors say can be said on its topics", format.name);
        let [urgent, routine] = expected(format, &messages);

        let mut village = Village::new();
        village.book.send(address_book(json!({"everybody": true}))).expect("the inlet holds a receiver");
        let settings = MqttSettings {
            id: "broker".parse().expect("an id"),
            broker: broker.plain(),
            client_id: format!("shouwang-test-{}", format.name),
            keep_session: false,
            feeds: vec![feed],
        };
        let stop = CancellationToken::new();
        let task = tokio::spawn(run(settings, village.inlet.clone(), stop.clone()));
        let task = AbortOnDropHandle::new(task);
        village.expect_source(true).await;
        broker.publish_all(QoS::AtLeastOnce, false, messages).await;

        for (nth, want) in urgent.iter().enumerate() {
            let got = until_found("an urgent sample", async || said(village.next_urgent().await)).await;
            assert_eq!(got, *want, "{}: urgent sample {nth} of {}", format.name, urgent.len());
        }
        let got = village.next_routine(routine.len()).await;
        let got: Vec<Vec<Said>> = got.into_iter().map(|sample| sample.said).collect();
        assert_eq!(got, routine, "{}", format.name);
        stop.cancel();
        soon("the source ends", task).await.expect("it does not panic");
        assert_eq!(village.routine.waiting(), 0, "{}: more came than the vectors say", format.name);
    }
}
