//! Devices that announce where they speak, when their broker kept what they said: a real mosquitto.

mod support;

use std::time::Duration;

use bytes::Bytes;
use rumqttc::v5::mqttbytes::QoS;
use shouwang::core::reading::{Origin, Sample};
use shouwang::source::lanes::Acknowledge;
use shouwang::source::mqtt::{FeedSettings, MqttSettings, run};
use support::broker::Broker;
use support::village::Village;
use support::{installed, soon};
use tokio::time::{Instant, timeout};
use tokio_util::sync::CancellationToken;
use tokio_util::task::AbortOnDropHandle;

/// A source that listens to one broker, under the same name at every start.
struct Listening {
    stop: CancellationToken,
    task: AbortOnDropHandle<()>,
}

impl Listening {
    fn start(broker: &Broker, village: &Village) -> Self {
        let format = *shouwang::device::format("ha_discovery").expect("it is in the registry");
        let settings = MqttSettings {
            id: "ha".parse().expect("an id"),
            broker: broker.plain(),
            client_id: "shouwang-test".to_owned(),
            keep_session: true,
            feeds: vec![FeedSettings { format, base_topic: "homeassistant".to_owned() }],
        };
        let stop = CancellationToken::new();
        let task = AbortOnDropHandle::new(tokio::spawn(run(settings, village.inlet.clone(), stop.clone())));
        Self { stop, task }
    }

    async fn stop(self) {
        self.stop.cancel();
        soon("the source ends", self.task).await.expect("it does not panic");
    }
}

/// A pendant announces itself: what it does and its battery come under one topic.
async fn announce(broker: &Broker, name: &str) {
    let config = format!(
        r#"{{"dev":{{"ids":["{name}"]}},"cmps":{{
            "call":{{"p":"event","stat_t":"hub/{name}","val_tpl":"{{{{ value_json.action }}}}"}},
            "battery":{{"p":"sensor","dev_cla":"battery","unit_of_meas":"%","stat_t":"hub/{name}",
                "val_tpl":"{{{{ value_json.battery }}}}"}}}}}}"#
    );
    broker.publish(&config_topic(name), QoS::AtLeastOnce, true, config).await;
}

fn config_topic(name: &str) -> String {
    format!("homeassistant/device/{name}/config")
}

async fn press(broker: &Broker, name: &str) {
    broker.publish(&format!("hub/{name}"), QoS::AtLeastOnce, false, r#"{"action":"sos"}"#).await;
}

/// Lets the pendant tell its battery until that is heard: from then on its topic is listened to.
async fn listened_to(broker: &Broker, village: &Village, name: &str) {
    let deadline = Instant::now() + support::PATIENCE;
    let mut heard = Vec::new();
    while heard.is_empty() {
        assert!(Instant::now() < deadline, "hub/{name} is not listened to");
        broker.publish(&format!("hub/{name}"), QoS::AtMostOnce, false, r#"{"battery":80}"#).await;
        let _ = timeout(Duration::from_millis(50), village.routine.take(&mut heard, 16)).await;
    }
}

fn is_from(sample: &Sample, name: &str) -> bool {
    sample.from == Origin::Device(name.parse().expect("an id"))
}

#[tokio::test]
async fn a_press_that_waited_while_the_connection_was_down_is_heard() {
    if !installed("mosquitto") {
        return;
    }
    let mut broker = Broker::start("persistence true\n").await;
    announce(&broker, "d1").await;
    let mut village = Village::new();
    let _source = Listening::start(&broker, &village);
    village.expect_source(true).await;
    listened_to(&broker, &village, "d1").await;
    press(&broker, "d1").await;
    let (_, not_on_disk) = village.next_urgent_sample().await;

    broker.stop();
    village.expect_source(false).await;
    drop(not_on_disk);
    assert!(broker.start_again().await, "its port is free again");
    let (sample, arrival) = village.next_urgent_sample().await;
    assert!(is_from(&sample, "d1") && !sample.retained);
    arrival.done.map(Acknowledge::durable).expect("QoS 1");
    assert_eq!(village.count("ha.refused.topic_of_no_format"), 0);
}

#[tokio::test]
async fn what_was_announced_is_asked_for_again_when_the_broker_has_forgotten_everything() {
    if !installed("mosquitto") {
        return;
    }
    let mut broker = Broker::start("").await;
    announce(&broker, "d1").await;
    let mut village = Village::new();
    let _source = Listening::start(&broker, &village);
    village.expect_source(true).await;
    listened_to(&broker, &village, "d1").await;
    broker.kill();
    village.expect_source(false).await;
    // Without a database the announcement is gone as well.
    assert!(broker.start_again().await, "its port is free again");
    village.expect_source(true).await;
    listened_to(&broker, &village, "d1").await;
}

#[tokio::test]
async fn a_press_that_waited_for_a_gateway_with_empty_memory_is_heard_once() {
    if !installed("mosquitto") {
        return;
    }
    let broker = Broker::start("max_queued_messages 10000\n").await;
    for name in ["d1", "d2"] {
        announce(&broker, name).await;
    }
    let mut village = Village::new();
    let source = Listening::start(&broker, &village);
    village.expect_source(true).await;
    listened_to(&broker, &village, "d1").await;
    listened_to(&broker, &village, "d2").await;
    source.stop().await;
    // More than a broker sends ahead of its PUBACKs, and the press behind them.
    let readings = (0..300).map(|_| ("hub/d2".to_owned(), Bytes::from_static(br#"{"battery":70}"#)));
    broker.publish_all(QoS::AtLeastOnce, false, readings).await;
    press(&broker, "d1").await;

    let mut village = Village::new();
    let source = Listening::start(&broker, &village);
    let (sample, arrival) = village.next_urgent_sample().await;
    assert!(is_from(&sample, "d1") && !sample.retained);
    arrival.done.map(Acknowledge::durable).expect("QoS 1");
    assert_eq!(village.next_routine(300).await.len(), 300);
    assert_eq!(village.count("ha.refused.topic_of_no_format"), 0);
    source.stop().await;

    let mut village = Village::new();
    let _source = Listening::start(&broker, &village);
    village.expect_source(true).await;
    press(&broker, "d2").await;
    let (sample, _arrival) = village.next_urgent_sample().await;
    assert!(is_from(&sample, "d2"), "the press of d1 does not come again");
}

#[tokio::test]
async fn what_waited_on_a_topic_that_nobody_announces_any_more_holds_up_nothing() {
    if !installed("mosquitto") {
        return;
    }
    let broker = Broker::start("").await;
    for name in ["d1", "d2"] {
        announce(&broker, name).await;
    }
    let mut village = Village::new();
    let source = Listening::start(&broker, &village);
    village.expect_source(true).await;
    listened_to(&broker, &village, "d1").await;
    listened_to(&broker, &village, "d2").await;
    source.stop().await;
    broker.publish(&config_topic("d2"), QoS::AtLeastOnce, true, "").await;
    press(&broker, "d2").await;
    press(&broker, "d1").await;

    for nobodys in [1, 0] {
        let mut village = Village::new();
        let source = Listening::start(&broker, &village);
        if nobodys > 0 {
            let (sample, arrival) = village.next_urgent_sample().await;
            assert!(is_from(&sample, "d1"));
            arrival.done.map(Acknowledge::durable).expect("QoS 1");
        }
        listened_to(&broker, &village, "d1").await;
        assert_eq!(village.count("ha.refused.topic_of_no_format"), nobodys, "acknowledged, it does not come again");
        assert_eq!(village.count("ha.puback_withheld"), 0);
        source.stop().await;
    }
}

#[tokio::test]
async fn a_broker_without_announcements_is_listened_to_soon() {
    if !installed("mosquitto") {
        return;
    }
    let broker = Broker::start("").await;
    let mut village = Village::new();
    let began = Instant::now();
    let _source = Listening::start(&broker, &village);
    village.expect_source(true).await;
    assert!(began.elapsed() < Duration::from_secs(5), "up after {:?}", began.elapsed());
    assert_eq!(village.count("ha.listen_ahead_cut"), 0);
}
