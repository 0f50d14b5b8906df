//! What passes through the county's broker, and when by the kernel's time: alarms going up, receipts coming down.
//!
//! It listens beside the county and believes neither it nor the gateway: what is told at the end is counted here.

use std::collections::{BTreeMap, BTreeSet};
use std::io;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use rumqttc::v5::mqttbytes::v5::Publish;
use tokio::time::Instant;

use super::client::Client;
use crate::core::alarm::AlarmId;
use crate::core::sequence::{Lane, Range};
use crate::relay::message::{Ack, AlarmMessage, AlarmRecord};

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
    _client: Client,
}

impl Wire {
    /// Listens at the broker on that port of this machine.
    ///
    /// # Errors
    /// The broker does not answer.
    pub async fn tap(port: u16) -> io::Result<Wire> {
        let passed: Arc<Mutex<Passed>> = Arc::default();
        let notes = Arc::clone(&passed);
        let hear = move |publish: &Publish| held(&notes).note(publish, Instant::now());
        let client = Client::join("demo-wire", port, &["sw/1/+/+/ev/alarm", "sw/1/+/+/ack"], hear).await?;
        Ok(Wire { passed, _client: client })
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
