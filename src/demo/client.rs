//! A client of an embedded broker, for the bridge that speaks and for the listener on the wire.

use std::io;
use std::sync::Arc;
use std::time::Duration;

use rumqttc::v5::mqttbytes::QoS;
use rumqttc::v5::mqttbytes::v5::{Filter, Packet, Publish};
use rumqttc::v5::{AsyncClient, Event, MqttOptions};
use tokio::sync::Notify;
use tokio_util::task::AbortOnDropHandle;

/// Messages that may wait to be sent. judgement: all devices of the village at once.
const WAITING_MAX: usize = 200;

/// judgement: a loopback connection stands within thousandths of a second.
const JOINS_WITHIN: Duration = Duration::from_secs(5);

/// A client at work; it is gone when this is dropped.
#[derive(Debug)]
pub struct Client {
    sender: AsyncClient,
    _task: AbortOnDropHandle<()>,
}

impl Client {
    /// Connects to the broker on that port of this machine and hears what the filters let through.
    ///
    /// # Errors
    /// The broker does not answer.
    pub async fn join(
        name: &str,
        port: u16,
        filters: &'static [&'static str],
        mut hear: impl FnMut(&Publish) + Send + 'static,
    ) -> io::Result<Client> {
        let mut options = MqttOptions::new(name, "127.0.0.1", port);
        options.set_keep_alive(Duration::from_secs(30));
        let (sender, mut events) = AsyncClient::new(options, WAITING_MAX);
        let joined = Arc::new(Notify::new());
        let (confirmed, subscriber) = (Arc::clone(&joined), sender.clone());
        let task = tokio::spawn(async move {
            loop {
                match events.poll().await {
                    Ok(Event::Incoming(Packet::ConnAck(_))) if filters.is_empty() => confirmed.notify_one(),
                    Ok(Event::Incoming(Packet::ConnAck(_))) => {
                        let filters = filters.iter().map(|filter| Filter::new(*filter, QoS::AtLeastOnce));
                        let _ = subscriber.try_subscribe_many(filters);
                    }
                    Ok(Event::Incoming(Packet::SubAck(_))) => confirmed.notify_one(),
                    Ok(Event::Incoming(Packet::Publish(publish))) => hear(&publish),
                    Ok(_) => {}
                    Err(_) => tokio::time::sleep(Duration::from_millis(50)).await,
                }
            }
        });
        let client = Client { sender, _task: AbortOnDropHandle::new(task) };
        tokio::time::timeout(JOINS_WITHIN, joined.notified()).await.map_err(|_| io::ErrorKind::TimedOut)?;
        Ok(client)
    }

    /// Publishes with QoS 1.
    ///
    /// # Errors
    /// The connection has ended.
    pub async fn say(&self, topic: String, payload: &str, retain: bool) -> io::Result<()> {
        let sent = self.sender.publish(topic, QoS::AtLeastOnce, retain, payload.to_owned());
        sent.await.map_err(io::Error::other)
    }
}
