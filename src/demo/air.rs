//! What is on the air: a Zigbee bridge that speaks to the local broker, in its own words.

use std::io;
use std::time::Duration;

use rumqttc::v5::mqttbytes::QoS;
use rumqttc::v5::mqttbytes::v5::Packet;
use rumqttc::v5::{AsyncClient, Event, MqttOptions};
use tokio::sync::oneshot;
use tokio_util::task::AbortOnDropHandle;

/// Messages that may wait to be sent. judgement: all devices of the village at once.
const WAITING_MAX: usize = 200;

/// judgement: a loopback connection stands within thousandths of a second.
const JOINS_WITHIN: Duration = Duration::from_secs(5);

/// The bridge.
#[derive(Debug)]
pub struct Air {
    client: AsyncClient,
    _task: AbortOnDropHandle<()>,
}

impl Air {
    /// Connects the bridge to the broker on that port of this machine.
    ///
    /// # Errors
    /// The broker does not answer.
    pub async fn join(port: u16) -> io::Result<Air> {
        let mut options = MqttOptions::new("demo-bridge", "127.0.0.1", port);
        options.set_keep_alive(Duration::from_secs(30));
        let (client, mut events) = AsyncClient::new(options, WAITING_MAX);
        let (joined, join) = oneshot::channel();
        let mut joined = Some(joined);
        let task = tokio::spawn(async move {
            loop {
                match events.poll().await {
                    Ok(Event::Incoming(Packet::ConnAck(_))) => {
                        let _ = joined.take().map(|joined| joined.send(()));
                    }
                    Ok(_) => {}
                    Err(_) => tokio::time::sleep(Duration::from_millis(50)).await,
                }
            }
        });
        let air = Air { client, _task: AbortOnDropHandle::new(task) };
        tokio::time::timeout(JOINS_WITHIN, join)
            .await
            .map_err(|_| io::ErrorKind::TimedOut)?
            .map_err(io::Error::other)?;
        air.say("bridge/state", r#"{"state":"online"}"#, true).await?;
        Ok(air)
    }

    /// One message of a device, as its bridge sends it.
    ///
    /// # Errors
    /// The connection has ended.
    pub async fn device(&self, name: &str, payload: &str) -> io::Result<()> {
        self.say(name, payload, false).await
    }

    async fn say(&self, topic: &str, payload: &str, retain: bool) -> io::Result<()> {
        let topic = format!("zigbee2mqtt/{topic}");
        let sent = self.client.publish(topic, QoS::AtLeastOnce, retain, payload.to_owned());
        sent.await.map_err(io::Error::other)
    }
}
