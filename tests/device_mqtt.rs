//! Formats that stand at one broker's root: each message reaches the format that it is of, through a real mosquitto.

mod support;

use rumqttc::v5::mqttbytes::QoS;
use shouwang::core::id::DeviceId;
use shouwang::core::reading::{FallVerdict, Measure, Origin, Said, Sample};
use shouwang::device::{self, Transport};
use shouwang::source::mqtt::{FeedSettings, MqttSettings, run};
use support::broker::Broker;
use support::village::Village;
use support::{installed, until};
use tokio_util::sync::CancellationToken;
use tokio_util::task::AbortOnDropHandle;

/// Formats that listen to topics of the same form, in the order in which a message is offered to them.
const FEEDS: &[&str] = &["tasmota", "esphome_mqtt", "shelly_gen2", "rtl_433", "ha_discovery"];

fn listen(broker: &Broker, village: &Village) -> AbortOnDropHandle<()> {
    let feed = |name: &&str| {
        let format = *device::format(name).expect("registered");
        let Transport::Mqtt { base_topic, .. } = format.transport else { panic!("{name} comes over MQTT") };
        FeedSettings { format, base_topic: base_topic.to_owned() }
    };
    let settings = MqttSettings {
        id: "nodes".parse().expect("an id"),
        broker: broker.plain(),
        client_id: "shouwang-test".to_owned(),
        feeds: FEEDS.iter().map(feed).collect(),
    };
    AbortOnDropHandle::new(tokio::spawn(run(settings, village.inlet.clone(), CancellationToken::new())))
}

fn is_of(sample: &Sample, device: &str, said: &[Said]) {
    let device: DeviceId = device.parse().expect("an id");
    assert_eq!((sample.from, sample.said.as_slice()), (Origin::Device(device), said));
}

#[tokio::test]
async fn each_message_reaches_its_own_format() {
    if !installed("mosquitto") {
        return;
    }
    let broker = Broker::start("").await;
    let mut village = Village::new();
    let _source = listen(&broker, &village);
    village.expect_source(true).await;

    let smoke = r#"{"src":"d3","method":"NotifyStatus","params":{"ts":1.5,"smoke:0":{"id":0,"alarm":true}}}"#;
    let panic = r#"{"time":"@0.1s","model":"X10-Security","id":"f58e","code":"88","event":"KR15A PANIC"}"#;
    for (topic, payload) in
        [("d2/binary_sensor/fall_detected/state", "ON"), ("d3/events/rpc", smoke), ("rtl_433/gw/events", panic)]
    {
        broker.publish(topic, QoS::AtLeastOnce, false, payload).await;
    }
    let fall = Measure::Fall(FallVerdict::Confirmed);
    is_of(&village.next_urgent_sample().await.0, "d2", &[Said::level(fall)]);
    is_of(&village.next_urgent_sample().await.0, "d3", &[Said::level(Measure::Smoke(true))]);
    let (call, _) = village.next_urgent_sample().await;
    assert!(matches!(call.from, Origin::Stranger(_)), "a transmitter that nobody enrolled");
    assert_eq!(call.said, [Said::event(Measure::Sos(true))]);

    let online = Said::level(Measure::Availability { online: true, bridge: false });
    for (topic, payload, device) in
        [("tele/d1/LWT", "Online", "d1"), ("d2/status", "online", "d2"), ("d3/online", "true", "d3")]
    {
        broker.publish(topic, QoS::AtLeastOnce, false, payload).await;
        is_of(&village.next_routine(1).await[0], device, &[online]);
    }
    broker.publish("d4/status", QoS::AtLeastOnce, false, "busy").await;
    until("nobody's message is counted", || village.count("esphome_mqtt.refused.not_mine") == 1).await;
}

#[tokio::test]
async fn what_announces_itself_is_listened_to_from_then_on() {
    if !installed("mosquitto") {
        return;
    }
    let broker = Broker::start("").await;
    let config = r#"{"~":"cun/men","stat_t":"~/state","dev_cla":"smoke","avty_t":"~/avail","dev":{"ids":["d6"]}}"#;
    broker.publish("homeassistant/binary_sensor/d6/config", QoS::AtLeastOnce, true, config).await;
    broker.publish("cun/men/state", QoS::AtLeastOnce, true, "ON").await;
    let mut village = Village::new();
    let _source = listen(&broker, &village);

    let smoke = [Said::level(Measure::Smoke(true))];
    let (kept, _) = village.next_urgent_sample().await;
    is_of(&kept, "d6", &smoke);
    assert!(kept.retained, "the broker kept it from before");
    broker.publish("cun/men/state", QoS::AtLeastOnce, false, "ON").await;
    let (live, arrival) = village.next_urgent_sample().await;
    is_of(&live, "d6", &smoke);
    assert!(!live.retained && arrival.done.is_some(), "it waits for the disk");
    broker.publish("cun/men/avail", QoS::AtLeastOnce, false, "offline").await;
    let offline = Said::level(Measure::Availability { online: false, bridge: false });
    is_of(&village.next_routine(1).await[0], "d6", &[offline]);
}
