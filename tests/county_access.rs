//! The county's broker as it is shipped: certificates say who connects, and the access list what they may say and hear.

mod support;

use std::sync::{Arc, Mutex};
use std::time::Duration;

use rumqttc::v5::mqttbytes::QoS;
use rumqttc::v5::mqttbytes::v5::{Filter, Packet, PubAckReason};
use rumqttc::v5::{AsyncClient, Event};
use shouwang::broker::Broker as Reached;
use shouwang::relay::message::COUNTY_STATE_TOPIC;
use support::authority::{Authority, VALID};
use support::broker::Broker;
use support::{installed, soon, until};
use tokio::sync::mpsc;
use tokio_util::task::AbortOnDropHandle;

/// Somebody with a certificate.
struct Somebody {
    client: AsyncClient,
    pubacks: mpsc::Receiver<PubAckReason>,
    heard: Arc<Mutex<Vec<String>>>,
    _task: AbortOnDropHandle<()>,
}

impl Somebody {
    async fn connect(reached: &Reached, name: &str) -> Somebody {
        let transport = reached.transport().await.expect("the files are sound");
        let mut options = reached.options(name, transport);
        options.set_keep_alive(Duration::from_secs(30));
        let (client, mut events) = AsyncClient::new(options, 100);
        let (to_us, pubacks) = mpsc::channel(100);
        let heard = Arc::new(Mutex::new(Vec::new()));
        let (notes, (joined, mut is_joined)) = (heard.clone(), mpsc::channel(1));
        client.try_subscribe_many([Filter::new("sw/1/#", QoS::AtLeastOnce)]).expect("room");
        let task = tokio::spawn(async move {
            loop {
                match events.poll().await {
                    Ok(Event::Incoming(Packet::SubAck(_))) => joined.send(()).await.expect("somebody waits"),
                    Ok(Event::Incoming(Packet::PubAck(ack))) => to_us.send(ack.reason).await.expect("somebody waits"),
                    Ok(Event::Incoming(Packet::Publish(publish))) => {
                        let topic = String::from_utf8_lossy(&publish.topic).into_owned();
                        notes.lock().expect("not poisoned").push(topic);
                    }
                    Ok(_) => {}
                    Err(error) => panic!("the connection ended: {error}"),
                }
            }
        });
        soon("the subscription", is_joined.recv()).await.expect("joined");
        Somebody { client, pubacks, heard, _task: AbortOnDropHandle::new(task) }
    }

    /// Whether the broker lets it say something on this topic.
    async fn may_say(&mut self, topic: &str) -> bool {
        self.client.try_publish(topic, QoS::AtLeastOnce, false, "{}").expect("room");
        let reason = soon("the broker's answer", self.pubacks.recv()).await.expect("an answer");
        matches!(reason, PubAckReason::Success | PubAckReason::NoMatchingSubscribers)
    }

    fn heard(&self) -> Vec<String> {
        self.heard.lock().expect("not poisoned").clone()
    }
}

#[tokio::test]
async fn a_gateway_speaks_and_hears_for_itself_only_and_the_county_hears_all() {
    if !(installed("mosquitto") && installed("openssl")) {
        return;
    }
    let authority = Authority::create();
    let broker = Broker::start_for_the_county(&authority).await;
    let reached = |file: &str, name: &str| broker.shown(&authority, authority.issue_client(file, name, VALID));
    let mut a = Somebody::connect(&reached("a", "st1/gw1"), "a").await;
    let mut b = Somebody::connect(&reached("b", "st2/gw1"), "b").await;
    let mut county = Somebody::connect(&reached("county", "county"), "county").await;

    let below = ["state", "hb", "ev/alarm", "ev/device", "ev/reading", "dev/d017", "resident/r01", "res/c1"];
    for topic in below {
        assert!(a.may_say(&format!("sw/1/st1/gw1/{topic}")).await, "its own {topic}");
        for other in ["st2/gw1", "st1/gw2", "county"] {
            assert!(!a.may_say(&format!("sw/1/{other}/{topic}")).await, "{other}/{topic} is another's");
        }
        assert!(!county.may_say(&format!("sw/1/st1/gw1/{topic}")).await, "the county speaks for no box: {topic}");
    }
    // Receipts, commands and the county's own word are the county's alone.
    for topic in ["sw/1/st1/gw1/ack", "sw/1/st2/gw1/ack", "sw/1/st1/gw1/cmd/c1", COUNTY_STATE_TOPIC, "sw/2/x", "other"]
    {
        assert!(!a.may_say(topic).await && !b.may_say(topic).await, "{topic}");
    }
    for topic in
        ["sw/1/st1/gw1/ack", "sw/1/st1/gw1/cmd/c1", "sw/1/st2/gw1/ack", "sw/1/st2/gw1/cmd/c2", COUNTY_STATE_TOPIC]
    {
        assert!(county.may_say(topic).await, "{topic}");
    }
    // A last word of the county's behind all others, so that nothing is still on its way.
    until("both have heard the county", || {
        [&a, &b].iter().all(|box_| box_.heard().iter().any(|topic| topic == COUNTY_STATE_TOPIC))
    })
    .await;
    assert_eq!(a.heard(), ["sw/1/st1/gw1/ack", "sw/1/st1/gw1/cmd/c1", COUNTY_STATE_TOPIC]);
    assert_eq!(b.heard(), ["sw/1/st2/gw1/ack", "sw/1/st2/gw1/cmd/c2", COUNTY_STATE_TOPIC]);
    let own: Vec<String> = below.iter().map(|topic| format!("sw/1/st1/gw1/{topic}")).collect();
    let of_boxes = county.heard().into_iter().filter(|topic| topic != COUNTY_STATE_TOPIC).collect::<Vec<_>>();
    assert_eq!(of_boxes, own, "the county has heard every word of the box, and no other");
}
