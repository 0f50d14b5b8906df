//! What is on the air: a Zigbee bridge that speaks to the local broker, in its own words.

use std::io;

use super::client::Client;

/// The bridge.
#[derive(Debug)]
pub struct Air {
    client: Client,
}

impl Air {
    /// Connects the bridge to the broker on that port of this machine.
    ///
    /// # Errors
    /// The broker does not answer.
    pub async fn join(port: u16) -> io::Result<Air> {
        let air = Air { client: Client::join("demo-bridge", port, &[], |_| {}).await? };
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
        self.client.say(format!("zigbee2mqtt/{topic}"), payload, retain).await
    }
}
