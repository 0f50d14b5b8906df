//! An MQTT client that plays a gateway, a county or a listener, whatever happens to its broker.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use rumqttc::v5::mqttbytes::QoS;
use rumqttc::v5::mqttbytes::v5::{Filter, Packet, Publish};
use rumqttc::v5::{AsyncClient, Event, MqttOptions};
use tokio::sync::Notify;
use tokio::time::{Instant, sleep};
use tokio_util::task::AbortOnDropHandle;

use super::soon;

/// What a player says at once to a message that it hears: a topic and a payload.
pub type Reply = Option<(String, Vec<u8>)>;

/// A message as it arrived.
#[derive(Clone)]
pub struct Heard {
    pub at: Instant,
    pub publish: Publish,
}

/// A client at work.
pub struct Player {
    client: AsyncClient,
    heard: Arc<Mutex<Vec<Heard>>>,
    _task: AbortOnDropHandle<()>,
}

impl Player {
    /// Connects and subscribes with QoS 1; returns once the broker has confirmed it.
    pub async fn join(port: u16, filters: &[&str]) -> Self {
        Self::join_replying(port, QoS::AtLeastOnce, filters, |_| None).await
    }

    /// As [`Player::join`], with QoS 0: it holds up no broker, and nothing is kept for it.
    pub async fn overhear(port: u16, filters: &[&str]) -> Self {
        Self::join_replying(port, QoS::AtMostOnce, filters, |_| None).await
    }

    /// As [`Player::join`], answering what it hears.
    pub async fn join_replying(
        port: u16,
        qos: QoS,
        filters: &[&str],
        mut reply: impl FnMut(&Publish) -> Reply + Send + 'static,
    ) -> Self {
        let mut options = options(port);
        options.set_keep_alive(Duration::from_secs(5));
        let (client, mut events) = AsyncClient::new(options, 1_000);
        let filters: Vec<Filter> = filters.iter().map(|filter| Filter::new(*filter, qos)).collect();
        let heard = Arc::new(Mutex::new(Vec::new()));
        let joined = Arc::new(Notify::new());
        let (notes, confirmed, sender) = (heard.clone(), joined.clone(), client.clone());
        let task = tokio::spawn(async move {
            loop {
                match events.poll().await {
                    Ok(Event::Incoming(Packet::ConnAck(_))) => {
                        sender.try_subscribe_many(filters.clone()).expect("room for its subscriptions");
                    }
                    Ok(Event::Incoming(Packet::SubAck(_))) => confirmed.notify_one(),
                    Ok(Event::Incoming(Packet::Publish(publish))) => {
                        if let Some((topic, payload)) = reply(&publish) {
                            sender.try_publish(topic, QoS::AtLeastOnce, false, payload).expect("room for a reply");
                        }
                        notes.lock().expect("not poisoned").push(Heard { at: Instant::now(), publish });
                    }
                    Ok(_) => {}
                    Err(_) => sleep(Duration::from_millis(20)).await,
                }
            }
        });
        soon("the broker confirms the subscriptions", joined.notified()).await;
        Self { client, heard, _task: AbortOnDropHandle::new(task) }
    }

    /// Publishes at QoS 1.
    pub async fn say(&self, topic: &str, payload: impl Into<Vec<u8>>) {
        self.publish(topic, false, payload.into()).await;
    }

    /// Publishes at QoS 1, retained.
    pub async fn keep(&self, topic: &str, payload: impl Into<Vec<u8>>) {
        self.publish(topic, true, payload.into()).await;
    }

    async fn publish(&self, topic: &str, retain: bool, payload: Vec<u8>) {
        let said = self.client.publish(topic, QoS::AtLeastOnce, retain, payload);
        soon("the broker takes what is said", said).await.expect("the player's task runs");
    }

    /// Everything heard so far, in order.
    pub fn heard(&self) -> Vec<Heard> {
        self.heard.lock().expect("not poisoned").clone()
    }

    /// Forgets what was heard so far.
    pub fn forget(&self) {
        self.heard.lock().expect("not poisoned").clear();
    }
}

/// Options of a client with a name of its own, for the largest messages that pass.
pub fn options(port: u16) -> MqttOptions {
    let name = getrandom::u64().expect("the kernel gives random numbers");
    let mut options = MqttOptions::new(format!("test-{name:016x}"), "127.0.0.1", port);
    options.set_max_packet_size(Some(1 << 20)).set_outgoing_inflight_upper_limit(100);
    options
}
