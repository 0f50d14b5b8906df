//! What devices announced, heard before the session is taken up.
//!
//! A broker that kept a session sends what waited in it right behind its CONNACK. A press on an announced topic is among that,
//! and a gateway that was just started would not know the topic: it would count the press as nobody's, and acknowledge it. To
//! hold such messages back until the announcements come does not help, because those come behind them, and a broker sends
//! only so many ahead of their PUBACKs. So a connection of its own, without a session, hears the retained announcements first.
//!
//! Constraints:
//! - **Its messages are read for what they announce only.** Whatever else they say comes again with the session.
//! - QoS 0: nothing is owed for them, and the broker sends all at once.
//! - **It holds up no help call for long**: it ends when the broker falls quiet, or at [`LISTEN_AHEAD_TIME_MAX`]. A broker that
//!   does not allow a second connection is listened to without it, which is counted.

use std::io::ErrorKind;
use std::time::Duration;

use rumqttc::v5::mqttbytes::QoS;
use rumqttc::v5::mqttbytes::v5::{Filter, Packet, Publish};
use rumqttc::v5::{AsyncClient, ConnectionError, Event, MqttOptions};
use tokio::time::{Instant, timeout_at};
use tracing::warn;

use super::options::connect_options;
use super::{Listener, MqttSettings};
use crate::limits::LISTEN_AHEAD_TIME_MAX;
use crate::source::SourceError;
use crate::source::counters::Scope;
use crate::source::front_door::Raw;

/// Nothing heard for so long after the SUBACK: that was all. judgement: retained messages follow at once, and on a busy box the
/// broker is given its turn within a tenth of this.
const QUIET: Duration = Duration::from_secs(1);

/// So often it may break off before the session is taken up all the same. judgement: a broker that restarts breaks off once or
/// twice; one that throws such a connection out always would otherwise never be listened to.
const BREAKS_MAX: u8 = 3;

/// How listening ahead ended.
enum Ended {
    /// The broker has fallen quiet.
    Quiet,
    /// The time was over, or the broker does not allow it.
    Cut,
    /// There is no broker to listen to.
    Lost(ConnectionError),
}

impl Listener {
    /// Hears what is announced, unless it is known or nobody here announces.
    ///
    /// # Errors
    /// Why the broker cannot be reached: then the session is not to be taken up either, or what waits in it would be lost.
    pub(super) async fn listen_ahead(&mut self) -> Result<(), SourceError> {
        let announcing = self.feeds.iter().filter(|feed| feed.announces);
        let filters: Vec<Filter> = announcing
            .flat_map(|feed| &feed.filters)
            .map(|filter| Filter::new(filter.as_str(), QoS::AtMostOnce))
            .collect();
        if self.knows_announced || !self.settings.keep_session || filters.is_empty() {
            return Ok(());
        }
        let client_id = format!("{}-ahead", self.settings.client_id);
        let without_session = MqttSettings { client_id, keep_session: false, ..self.settings.clone() };
        let mut options = connect_options(&without_session).await?;
        options.set_clean_start(true);
        let stop = self.stop.clone();
        match stop.run_until_cancelled(self.hear_announcements(options, filters)).await {
            Some(Ended::Quiet) => self.knows_announced = true,
            Some(Ended::Cut) => {
                let id = self.settings.id;
                if self.counters.add(Scope::Source(id), "listen_ahead_cut", "") == 1 {
                    warn!(source = %id, "not everything that devices announce was heard in time; what waited may be nobody's");
                }
            }
            Some(Ended::Lost(why)) => return Err(SourceError::Broker(Box::new(why))),
            None => {}
        }
        Ok(())
    }

    async fn hear_announcements(&mut self, options: MqttOptions, filters: Vec<Filter>) -> Ended {
        let (client, mut event_loop) = AsyncClient::new(options, 1);
        if client.try_subscribe_many(filters).is_err() {
            // Not a valid filter: the connection that follows says so.
            return Ended::Cut;
        }
        let limit = Instant::now() + LISTEN_AHEAD_TIME_MAX;
        let (mut is_connected, mut quiet_at) = (false, None);
        loop {
            let until = quiet_at.map_or(limit, |quiet_at: Instant| quiet_at.min(limit));
            let packet = match timeout_at(until, event_loop.poll()).await {
                Ok(Ok(Event::Incoming(packet))) => packet,
                Ok(Ok(Event::Outgoing(_))) => continue,
                Ok(Err(why)) if is_absent(&why) => return Ended::Lost(why),
                Ok(Err(why)) if is_connected && self.broken_ahead < BREAKS_MAX => {
                    self.broken_ahead += 1;
                    return Ended::Lost(why);
                }
                Ok(Err(_)) => return Ended::Cut,
                Err(_) => return if until < limit { Ended::Quiet } else { Ended::Cut },
            };
            match packet {
                Packet::ConnAck(_) => is_connected = true,
                Packet::SubAck(_) => quiet_at = Some(Instant::now() + QUIET),
                Packet::Publish(publish) => {
                    self.hear_announcement(&publish);
                    quiet_at = quiet_at.map(|_| Instant::now() + QUIET);
                }
                _ => {}
            }
        }
    }

    fn hear_announcement(&mut self, publish: &Publish) {
        let Ok(topic) = std::str::from_utf8(&publish.topic) else { return };
        for feed in self.feeds.iter_mut().filter(|feed| feed.announces) {
            let Some(usual) = feed.topic(topic) else { continue };
            let raw = Raw { topic: Some(&usual), bytes: &publish.payload, retained: publish.retain, utc_s: None };
            if let Ok(Some(taken)) = feed.door.take(&raw, Instant::now()) {
                feed.announce(taken.announced, &self.counters, self.settings.id);
            }
        }
    }
}

/// Whether nobody listens at the broker's address.
fn is_absent(why: &ConnectionError) -> bool {
    matches!(why, ConnectionError::Io(why) if why.kind() == ErrorKind::ConnectionRefused)
}
