//! A broker that redelivers, restarts and is fed nonsense: a real mosquitto.

mod support;

use std::time::Duration;

use bytes::Bytes;
use rumqttc::v5::mqttbytes::QoS;
use shouwang::core::effect::Input;
use shouwang::core::reading::Origin;
use shouwang::limits::PUBACK_WITHHELD_MAX;
use shouwang::source::lanes::{Acknowledge, Arrival};
use shouwang::source::mqtt::{FeedSettings, MqttSettings, run};
use support::authority::{Authority, VALID};
use support::broker::Broker;
use support::village::{Village, WORDS_MQTT, number};
use support::{installed, soon, until};
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;
use tokio_util::task::AbortOnDropHandle;

const SURVIVES_ABSENCE: &str = "queue_qos0_messages true\nmax_queued_messages 10000\n";

/// A source that listens.
struct Listening {
    stop: CancellationToken,
    task: AbortOnDropHandle<()>,
}

impl Listening {
    fn start(broker: &Broker, village: &Village) -> Self {
        Self::with(settings(broker), village)
    }

    fn with(settings: MqttSettings, village: &Village) -> Self {
        let stop = CancellationToken::new();
        let task = AbortOnDropHandle::new(tokio::spawn(run(settings, village.inlet.clone(), stop.clone())));
        Self { stop, task }
    }

    /// Ends it as a shutdown does.
    async fn stop(self) {
        self.stop.cancel();
        soon("the source ends", self.task).await.expect("it does not panic");
    }

    /// Ends it as `kill -9` does: no DISCONNECT, no PUBACK.
    async fn kill(self) {
        self.task.abort();
        // Once the task is gone, so is its socket.
        assert!(soon("the source ends", self.task).await.expect_err("it was ended").is_cancelled());
    }
}

fn settings(broker: &Broker) -> MqttSettings {
    MqttSettings {
        id: "z2m".parse().expect("an id"),
        broker: broker.plain(),
        client_id: "shouwang-test".to_owned(),
        keep_session: true,
        feeds: vec![FeedSettings { format: WORDS_MQTT, base_topic: "words".to_owned() }],
    }
}

fn steps(range: std::ops::RangeInclusive<i64>) -> impl Iterator<Item = (String, Bytes)> {
    range.map(|n| ("words/d1".to_owned(), Bytes::from(format!("steps={n}"))))
}

async fn numbers(village: &Village, count: usize) -> Vec<i64> {
    village.next_routine(count).await.iter().filter_map(number).collect()
}

#[tokio::test]
async fn a_message_becomes_an_arrival_on_its_lane() {
    if !installed("mosquitto") {
        return;
    }
    let broker = Broker::start("").await;
    let mut village = Village::new();
    let _source = Listening::start(&broker, &village);
    village.expect_source(true).await;
    broker.publish("words/d1", QoS::AtMostOnce, false, "sos battery=3").await;
    let (sample, arrival) = village.next_urgent_sample().await;
    assert_eq!(sample.from, Origin::Device("d1".parse().expect("an id")));
    assert!(arrival.done.is_none(), "QoS 0 has no PUBACK");
    broker.publish("words/d2", QoS::AtLeastOnce, false, "steps=7").await;
    assert_eq!(numbers(&village, 1).await, [7]);
    broker.publish("words/d1", QoS::AtLeastOnce, false, "sos").await;
    assert!(village.next_urgent_sample().await.1.done.is_some(), "an urgent QoS 1 message waits for the disk");
}

#[tokio::test]
async fn an_urgent_message_that_is_not_on_disk_is_delivered_again() {
    if !installed("mosquitto") {
        return;
    }
    let broker = Broker::start("").await;
    let mut village = Village::new();
    let source = Listening::start(&broker, &village);
    village.expect_source(true).await;
    broker.publish("words/d1", QoS::AtLeastOnce, false, "sos").await;
    let (_, in_hand) = village.next_urgent_sample().await;
    source.kill().await;
    drop(in_hand);

    let source = Listening::start(&broker, &village);
    let (sample, arrival) = village.next_urgent_sample().await;
    assert_eq!(sample.said.len(), 1);
    arrival.done.expect("QoS 1").durable();
    // A shutdown waits for the PUBACK to be out, so the third run is a proof that it was.
    source.stop().await;

    let _source = Listening::start(&broker, &village);
    village.expect_source(true).await;
    broker.publish("words/d1", QoS::AtLeastOnce, false, "sos battery=9").await;
    let (sample, _arrival) = village.next_urgent_sample().await;
    assert_eq!(sample.said.len(), 2, "the acknowledged message does not come a third time");
}

#[tokio::test]
async fn a_routine_message_does_not_overtake_an_urgent_one_at_the_puback() {
    if !installed("mosquitto") {
        return;
    }
    let broker = Broker::start("").await;
    let mut village = Village::new();
    let source = Listening::start(&broker, &village);
    village.expect_source(true).await;
    broker.publish("words/d1", QoS::AtLeastOnce, false, "sos").await;
    let (_, in_hand) = village.next_urgent_sample().await;
    broker.publish("words/d1", QoS::AtLeastOnce, false, "steps=5").await;
    assert_eq!(numbers(&village, 1).await, [5]);
    source.kill().await;
    drop(in_hand);

    let _source = Listening::start(&broker, &village);
    village.next_urgent_sample().await;
    assert_eq!(numbers(&village, 1).await, [5], "its PUBACK stood behind the urgent one's");
}

#[tokio::test]
async fn a_broken_disk_does_not_make_the_broker_fall_silent() {
    if !installed("mosquitto") {
        return;
    }
    // As strict as brokers come: one message more than are ever withheld.
    let broker = Broker::start(&format!("max_inflight_messages {}\n", PUBACK_WITHHELD_MAX + 1)).await;
    let mut village = Village::new();
    let _source = Listening::start(&broker, &village);
    village.expect_source(true).await;
    let count = 3 * PUBACK_WITHHELD_MAX;
    let calls = (0..count).map(|n| (format!("words/d{n}"), Bytes::from_static(b"sos")));
    broker.publish_all(QoS::AtLeastOnce, false, calls).await;
    for _ in 0..count {
        // Dropped with its promise: the log did not take it.
        drop(village.next_urgent_sample().await);
    }
    until("every promise is looked at", || village.count("z2m.puback_withheld") == count as u64).await;
    assert_eq!(village.count("z2m.puback_given_up"), (count - PUBACK_WITHHELD_MAX) as u64);
}

#[tokio::test]
async fn what_the_broker_kept_is_marked_retained() {
    if !installed("mosquitto") {
        return;
    }
    let broker = Broker::start("").await;
    broker.publish("words/d1", QoS::AtLeastOnce, true, "sos").await;
    let mut village = Village::new();
    let _source = Listening::start(&broker, &village);
    let (sample, _arrival) = village.next_urgent_sample().await;
    assert!(sample.retained);
    broker.publish("words/d1", QoS::AtLeastOnce, true, "sos").await;
    let (sample, _arrival) = village.next_urgent_sample().await;
    assert!(!sample.retained, "said while we listen is news, kept or not");
}

#[tokio::test]
async fn a_broker_that_is_killed_and_started_again_is_back_within_three_seconds() {
    if !installed("mosquitto") {
        return;
    }
    let mut broker = Broker::start("").await;
    let mut village = Village::new();
    let _source = Listening::start(&broker, &village);
    village.expect_source(true).await;
    broker.kill();
    village.expect_source(false).await;
    assert!(broker.start_again().await, "its port is free again");
    let back = Instant::now();
    village.expect_source(true).await;
    assert!(back.elapsed() < Duration::from_secs(3), "back after {:?}", back.elapsed());
    // Its session died with it: only a fresh SUBSCRIBE hears this.
    broker.publish_all(QoS::AtMostOnce, false, steps(1..=1)).await;
    assert_eq!(numbers(&village, 1).await, [1]);
}

#[tokio::test]
async fn a_broker_that_is_absent_at_start_is_found_once_it_is_there() {
    if !installed("mosquitto") {
        return;
    }
    let mut broker = Broker::start("").await;
    broker.kill();
    let mut village = Village::new();
    let _source = Listening::start(&broker, &village);
    village.expect_source(false).await;
    assert!(broker.start_again().await, "its port is free again");
    village.expect_source(true).await;
}

#[tokio::test]
async fn what_is_said_while_nobody_listens_waits_in_the_session() {
    if !installed("mosquitto") {
        return;
    }
    let mut broker = Broker::start(&format!("{SURVIVES_ABSENCE}persistence true\n")).await;
    let mut village = Village::new();
    let source = Listening::start(&broker, &village);
    village.expect_source(true).await;
    source.stop().await;
    broker.publish_all(QoS::AtMostOnce, false, steps(1..=20)).await;
    // More than the receive maximum: mosquitto sends them all at once after an absence.
    broker.publish_all(QoS::AtLeastOnce, false, steps(21..=1000)).await;
    broker.stop();
    assert!(broker.start_again().await, "its port is free again");
    let source = Listening::start(&broker, &village);
    let mut got = numbers(&village, 1000).await;
    got.sort_unstable();
    assert_eq!(got, (1..=1000).collect::<Vec<_>>());
    source.stop().await;

    let _source = Listening::start(&broker, &village);
    broker.publish_all(QoS::AtMostOnce, false, steps(0..=0)).await;
    assert_eq!(numbers(&village, 1).await, [0], "each had its PUBACK, and none comes again");
    assert_eq!(village.count("z2m.puback_overflow"), 0);
}

#[tokio::test]
async fn with_the_shipped_broker_a_press_of_qos_0_survives_a_killed_gateway() {
    if !installed("mosquitto") {
        return;
    }
    let broker = Broker::start_as_shipped().await;
    let mut village = Village::new();
    let source = Listening::start(&broker, &village);
    village.expect_source(true).await;
    broker.publish("words/d1", QoS::AtMostOnce, false, "sos").await;
    let (_, in_hand) = village.next_urgent_sample().await;
    source.kill().await;
    drop(in_hand);
    broker.publish("words/d2", QoS::AtMostOnce, false, "sos").await;

    let _source = Listening::start(&broker, &village);
    for device in ["d1", "d2"] {
        let (sample, arrival) = village.next_urgent_sample().await;
        assert_eq!(sample.from, Origin::Device(device.parse().expect("an id")));
        arrival.done.map(Acknowledge::durable).expect("the broker raises it to QoS 1");
    }
}

#[tokio::test]
async fn a_shutdown_waits_for_the_disk_and_leaves_the_rest_to_the_broker() {
    if !installed("mosquitto") {
        return;
    }
    let broker = Broker::start("").await;
    let mut village = Village::new();
    let source = Listening::start(&broker, &village);
    village.expect_source(true).await;
    broker.publish("words/d1", QoS::AtLeastOnce, false, "sos").await;
    let (_, in_hand) = village.next_urgent_sample().await;
    let stopping = tokio::spawn(source.stop());
    // Said while it winds down: QoS 0 exists nowhere else and still arrives, QoS 1 stays with the broker.
    broker.publish("words/d2", QoS::AtLeastOnce, false, "steps=1").await;
    broker.publish("words/d2", QoS::AtMostOnce, false, "steps=2").await;
    assert_eq!(numbers(&village, 1).await, [2]);
    in_hand.done.map(Acknowledge::durable).expect("QoS 1");
    soon("the source ends", stopping).await.expect("it does not panic");

    let _source = Listening::start(&broker, &village);
    assert_eq!(numbers(&village, 1).await, [1]);
    village.expect_source(true).await;
    assert!(village.urgent.is_empty(), "the acknowledged press does not come again");
}

#[tokio::test]
async fn nonsense_is_counted_and_what_stands_between_it_arrives() {
    if !installed("mosquitto") {
        return;
    }
    let broker = Broker::start("").await;
    let mut village = Village::new();
    let _source = Listening::start(&broker, &village);
    village.expect_source(true).await;
    let nonsense: [Bytes; 4] = [
        Bytes::from(vec![b'x'; 1024 * 1024]),
        Bytes::from_static(b"\xff\xfe\xfd"),
        Bytes::from_static(b"{\"sos\": tr"),
        Bytes::from_static(b"steps=NaN"),
    ];
    let messages = (0..100_usize).flat_map(|n| {
        let bad = nonsense.get(n % nonsense.len()).cloned().unwrap_or_default();
        [("words/d1".to_owned(), bad), ("words/d1".to_owned(), Bytes::from_static(b"sos"))]
    });
    broker.publish_all(QoS::AtLeastOnce, false, messages).await;
    for _ in 0..100 {
        village.next_urgent_sample().await.1.done.map(Acknowledge::durable).expect("QoS 1");
    }
    for kind in ["too_long", "not_utf8", "unknown", "wrong_type"] {
        assert_eq!(village.count(&format!("words.refused.{kind}")), 25, "{kind}");
    }
}

#[tokio::test]
async fn a_list_of_devices_may_be_large() {
    if !installed("mosquitto") {
        return;
    }
    let broker = Broker::start("").await;
    let names: Vec<String> = (0..2_000).map(|n| format!("示例设备 {n:04} {}", "x".repeat(200))).collect();
    broker
        .publish("words/bridge/devices", QoS::AtLeastOnce, true, format!("list={}", names.join(",").replace(' ', "-")))
        .await;
    let village = Village::new();
    let _source = Listening::start(&broker, &village);
    until("the list is read", || village.heard().len() == names.len()).await;
}

#[tokio::test]
async fn another_base_topic_is_the_same_to_the_decoder() {
    if !installed("mosquitto") {
        return;
    }
    let broker = Broker::start("").await;
    let mut village = Village::new();
    let feeds = vec![FeedSettings { format: WORDS_MQTT, base_topic: "village/zigbee".to_owned() }];
    let _source = Listening::with(MqttSettings { feeds, ..settings(&broker) }, &village);
    village.expect_source(true).await;
    broker.publish("village/zigbee/d1", QoS::AtMostOnce, false, "steps=4").await;
    assert_eq!(numbers(&village, 1).await, [4]);
    assert_eq!(village.heard(), [("d1".to_owned(), 1)]);
}

#[tokio::test]
async fn a_station_that_is_slow_costs_no_message_and_no_connection() {
    if !installed("mosquitto") {
        return;
    }
    let broker = Broker::start(SURVIVES_ABSENCE).await;
    let mut village = Village::new();
    let _source = Listening::start(&broker, &village);
    village.expect_source(true).await;
    // More than both lanes and pending hold, while nobody takes anything.
    let calls = (0..2_000).map(|n| (format!("words/d{n}"), Bytes::from_static(b"sos")));
    broker.publish_all(QoS::AtMostOnce, false, calls).await;
    for n in 0..2_000 {
        let (sample, _) = village.next_urgent_sample().await;
        assert_eq!(sample.from, Origin::Device(format!("d{n}").parse().expect("an id")));
    }
    assert!(village.urgent.is_empty(), "the source did not go down");
}

#[tokio::test]
async fn a_broker_with_tls_is_believed_by_its_certificate_only() {
    if !(installed("mosquitto") && installed("openssl")) {
        return;
    }
    let (authority, other) = (Authority::create(), Authority::create());
    let broker = Broker::start(&authority.issue("broker", "DNS:localhost", VALID)).await;
    let secure = |ca_file| MqttSettings { broker: broker.with_tls("localhost", ca_file), ..settings(&broker) };
    let mut village = Village::new();
    let _source = Listening::with(secure(authority.certificate()), &village);
    village.expect_source(true).await;

    let mut deceived = Village::new();
    let _deceived = Listening::with(secure(other.certificate()), &deceived);
    deceived.expect_source(false).await;
}

#[tokio::test]
#[ignore = "long: a frozen broker shows after two keep-alives, 20 s"]
async fn a_broker_that_freezes_is_left_and_found_again() {
    if !installed("mosquitto") {
        return;
    }
    let broker = Broker::start("").await;
    let mut village = Village::new();
    let _source = Listening::start(&broker, &village);
    village.expect_source(true).await;
    broker.freeze();
    let frozen = Instant::now();
    let down = tokio::time::timeout(Duration::from_secs(40), village.urgent.recv()).await;
    assert!(matches!(down, Ok(Some(Arrival { input: Input::Source { up: false, .. }, .. }))), "{down:?}");
    assert!(frozen.elapsed() > Duration::from_secs(5), "the network did not tell: the silence did");
    broker.thaw();
    village.expect_source(true).await;
}
