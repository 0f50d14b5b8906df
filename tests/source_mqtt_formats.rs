//! Every format that comes over MQTT, through a real broker: what its vectors say arrives on the lanes, and nothing else.

mod support;

use std::path::Path;
use std::sync::Arc;

use bytes::Bytes;
use rumqttc::v5::mqttbytes::QoS;
use serde_json::Value;
use shouwang::core::effect::Input;
use shouwang::core::reading::{Origin, Said, Sample};
use shouwang::core::roster::Class;
use shouwang::device::harness::Vector;
use shouwang::device::{FORMATS, Format, Frame, Transport};
use shouwang::source::Resolve;
use shouwang::source::lanes::Arrival;
use shouwang::source::mqtt::{FeedSettings, MqttSettings, run};
use support::broker::Broker;
use support::village::Village;
use support::{installed, soon, until_found};
use tokio_util::sync::CancellationToken;
use tokio_util::task::AbortOnDropHandle;

/// A village in which everybody is enrolled, so that routine words are handed on too.
struct Everybody;

impl Resolve for Everybody {
    fn origin(&self, _: &str, _: &str) -> Origin {
        Origin::Device("d1".parse().expect("an id"))
    }

    fn context(&self, _: &str, _: &str) -> Option<&Value> {
        None
    }

    fn class(&self, sample: &Sample) -> Class {
        Class::of(sample, |_| false)
    }
}

fn vectors(format: &Format) -> Vec<Vector> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/vectors").join(format!("{}.jsonl", format.name));
    let text = std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    let all = text.lines().map(|line| serde_json::from_str::<Vector>(line).expect("a vector"));
    // What is told by a context is the vectors' test; here it is the way that counts.
    all.filter(|vector| vector.topic.as_deref().is_some_and(|topic| !topic.is_empty())).collect()
}

/// What the messages say, in their order, by lane.
fn expected(format: &Format, messages: &[(String, Bytes)]) -> [Vec<Vec<Said>>; 2] {
    let (mut fresh, mut lanes) = ((format.decoder)(), [Vec::new(), Vec::new()]);
    for (topic, bytes) in messages {
        let frame = Frame { topic: Some(topic), bytes, context: &Value::Null, utc_s: None };
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

#[tokio::test]
async fn what_the_vectors_say_arrives_through_a_real_broker() {
    if !installed("mosquitto") {
        return;
    }
    let broker = Broker::start("max_queued_messages 0\nmax_inflight_messages 0\n").await;
    for format in FORMATS {
        let Transport::Mqtt { base_topic, .. } = format.transport else { continue };
        let feed = FeedSettings { format: *format, base_topic: base_topic.to_owned() };
        let messages: Vec<(String, Bytes)> = vectors(format)
            .iter()
            .map(|vector| (vector.topic.clone().expect("a topic"), vector.bytes().expect("bytes").into_owned().into()))
            .filter(|(topic, _): &(String, Bytes)| feed.hears(topic))
            .collect();
        if messages.is_empty() {
            continue;
        }
        let [urgent, routine] = expected(format, &messages);

        let mut village = Village::new();
        village.book.send(Arc::new(Everybody)).expect("the inlet holds a receiver");
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
