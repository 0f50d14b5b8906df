//! What passes through the county's broker, and when by the kernel's time: alarms going up, receipts coming down.
//!
//! It listens beside the county and believes neither it nor the gateway: what is told at the end is counted here.

use std::collections::{BTreeMap, BTreeSet};
use std::io;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use rumqttc::v5::mqttbytes::QoS;
use rumqttc::v5::mqttbytes::v5::{Filter, Packet, Publish};
use rumqttc::v5::{AsyncClient, Event, MqttOptions};
use tokio::sync::Notify;
use tokio::time::Instant;
use tokio_util::task::AbortOnDropHandle;

use crate::core::alarm::AlarmId;
use crate::core::sequence::{Lane, Range};
use crate::relay::message::{Ack, AlarmMessage, AlarmRecord};

/// judgement: a loopback connection stands within thousandths of a second.
const JOINS_WITHIN: Duration = Duration::from_secs(5);

/// What has passed.
#[derive(Debug, Default)]
pub struct Passed {
    /// When an alarm's first message passed, and which numbers its messages have.
    alarms: BTreeMap<AlarmId, (Instant, BTreeSet<u64>)>,
    /// When a number's receipt passed.
    receipts: BTreeMap<u64, Instant>,
}

/// The listener.
#[derive(Debug)]
pub struct Wire {
    passed: Arc<Mutex<Passed>>,
    _task: AbortOnDropHandle<()>,
}

impl Wire {
    /// Listens at the broker on that port of this machine.
    ///
    /// # Errors
    /// The broker does not answer.
    pub async fn tap(port: u16) -> io::Result<Wire> {
        let mut options = MqttOptions::new("demo-wire", "127.0.0.1", port);
        options.set_keep_alive(Duration::from_secs(30));
        let (client, mut events) = AsyncClient::new(options, 10);
        let passed: Arc<Mutex<Passed>> = Arc::default();
        let (notes, joined) = (Arc::clone(&passed), Arc::new(Notify::new()));
        let confirmed = Arc::clone(&joined);
        let task = tokio::spawn(async move {
            loop {
                match events.poll().await {
                    Ok(Event::Incoming(Packet::ConnAck(_))) => {
                        let topics = ["sw/1/+/+/ev/alarm", "sw/1/+/+/ack"];
                        let _ = client.try_subscribe_many(topics.map(|topic| Filter::new(topic, QoS::AtLeastOnce)));
                    }
                    Ok(Event::Incoming(Packet::SubAck(_))) => confirmed.notify_one(),
                    Ok(Event::Incoming(Packet::Publish(publish))) => held(&notes).note(&publish, Instant::now()),
                    Ok(_) => {}
                    Err(_) => tokio::time::sleep(Duration::from_millis(50)).await,
                }
            }
        });
        tokio::time::timeout(JOINS_WITHIN, joined.notified()).await.map_err(|_| io::ErrorKind::TimedOut)?;
        Ok(Wire { passed, _task: AbortOnDropHandle::new(task) })
    }

    /// When the alarm's first message passed, and when that message's receipt did.
    #[must_use]
    pub fn times(&self, id: AlarmId) -> Option<(Instant, Option<Instant>)> {
        let passed = held(&self.passed);
        let (at, numbers) = passed.alarms.get(&id)?;
        Some((*at, numbers.first().and_then(|seq| passed.receipts.get(seq)).copied()))
    }

    /// Whether every message of this alarm that passed has its receipt.
    #[must_use]
    pub fn is_receipted(&self, id: AlarmId) -> bool {
        let passed = held(&self.passed);
        passed.alarms.get(&id).is_some_and(|(_, numbers)| numbers.iter().all(|seq| passed.receipts.contains_key(seq)))
    }
}

/// Nothing panics while it holds the notes, so a poisoned lock is as good as another.
fn held(passed: &Mutex<Passed>) -> MutexGuard<'_, Passed> {
    passed.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Passed {
    fn note(&mut self, publish: &Publish, at: Instant) {
        if publish.topic.ends_with(b"/ack") {
            let Ok(ack) = serde_json::from_slice::<Ack>(&publish.payload) else { return };
            if ack.lane == Lane::Alarm {
                for seq in ack.ranges.iter().flat_map(|Range(from, to)| *from..=*to) {
                    self.receipts.entry(seq).or_insert(at);
                }
            }
        } else if let Ok(AlarmMessage { seq, record: AlarmRecord::Alarm(body), .. }) =
            serde_json::from_slice(&publish.payload)
        {
            self.alarms.entry(body.id).or_insert_with(|| (at, BTreeSet::new())).1.insert(seq);
        }
    }
}
