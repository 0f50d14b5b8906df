//! Listens on the county's broker and keeps the order in which records and receipts passed.

use std::collections::BTreeMap;
use std::time::Duration;

use rumqttc::v5::mqttbytes::QoS;
use rumqttc::v5::mqttbytes::v5::Packet;
use rumqttc::v5::{AsyncClient, Event, MqttOptions};
use serde_json::Value;
use tokio::sync::oneshot;
use tokio::task::JoinHandle;
use tokio::time::Instant;

use super::soon;

/// A record sent this long after its receipt cannot have crossed it on the way. judgement: loopback takes a
/// thousandth of it, a busy test machine the rest.
const CROSSING: Duration = Duration::from_secs(1);

/// A recorder at work.
pub struct Recorder {
    task: JoinHandle<Seen>,
    stop: Option<oneshot::Sender<()>>,
    help_call: Option<oneshot::Receiver<Instant>>,
}

/// What passed, in order.
#[derive(Default)]
pub struct Seen {
    /// (when, lane, first number, last number)
    records: Vec<(Instant, String, u64, u64)>,
    /// (lane, number) and when its receipt passed first.
    receipts: BTreeMap<(String, u64), Instant>,
}

impl Recorder {
    /// Subscribes and returns once the broker has confirmed it.
    pub async fn start(port: u16) -> Recorder {
        let mut options = MqttOptions::new("test-recorder", "127.0.0.1", port);
        options.set_outgoing_inflight_upper_limit(10);
        options.set_max_packet_size(Some(1024 * 1024));
        let (client, mut events) = AsyncClient::new(options, 16);
        for filter in ["sw/1/+/+/ev/#", "sw/1/+/+/ack"] {
            client.try_subscribe(filter, QoS::AtMostOnce).expect("room for two subscriptions");
        }
        let mut confirmed = 0;
        while confirmed < 2 {
            if let Event::Incoming(Packet::SubAck(_)) =
                soon("the broker confirms", events.poll()).await.expect("it is there")
            {
                confirmed += 1;
            }
        }
        let (stop, mut stopped) = oneshot::channel();
        let (arrived, help_call) = oneshot::channel();
        let mut arrived = Some(arrived);
        let task = tokio::spawn(async move {
            let _client = client;
            let mut seen = Seen::default();
            loop {
                tokio::select! {
                    _ = &mut stopped => return seen,
                    event = events.poll() => match event {
                        Ok(Event::Incoming(Packet::Publish(publish))) => {
                            seen.note(&publish.topic, &publish.payload);
                            if publish.payload.windows(9).any(|part| part == b"help_call")
                                && let Some(arrived) = arrived.take()
                            {
                                let _ = arrived.send(Instant::now());
                            }
                        }
                        Ok(_) => {}
                        Err(_) => return seen,
                    }
                }
            }
        });
        Recorder { task, stop: Some(stop), help_call: Some(help_call) }
    }

    /// When the first help call passed.
    pub async fn first_alarm(&mut self) -> Instant {
        let help_call = self.help_call.take().expect("asked once");
        soon("a help call passes", help_call).await.expect("the recorder runs")
    }

    /// Ends and gives what passed.
    pub async fn finish(&mut self) -> Seen {
        drop(self.stop.take());
        soon("the recorder ends", &mut self.task).await.expect("the recorder did not panic")
    }
}

impl Seen {
    fn note(&mut self, topic: &[u8], payload: &[u8]) {
        let topic = String::from_utf8_lossy(topic);
        let Ok(message) = serde_json::from_slice::<Value>(payload) else { return };
        if let Some((_, lane)) = topic.split_once("/ev/") {
            let (from, to) = match &message["seq"] {
                Value::Array(range) => (range[0].as_u64(), range[1].as_u64()),
                seq => (seq.as_u64(), seq.as_u64()),
            };
            if let (Some(from), Some(to)) = (from, to) {
                self.records.push((Instant::now(), lane.to_owned(), from, to));
            }
        } else if topic.ends_with("/ack") {
            let lane = message["lane"].as_str().unwrap_or_default().to_owned();
            for range in message["ranges"].as_array().into_iter().flatten() {
                let (from, to) = (range[0].as_u64().unwrap_or(0), range[1].as_u64().unwrap_or(0));
                for seq in from..=to {
                    self.receipts.entry((lane.clone(), seq)).or_insert_with(Instant::now);
                }
            }
        }
    }

    /// Whether the first copies of the alarm lane passed in the order of their numbers.
    pub fn first_alarms_in_order(&self) -> bool {
        let mut highest = 0;
        let firsts: Vec<u64> = self
            .records
            .iter()
            .filter(|(_, lane, ..)| lane == "alarm")
            .filter_map(|(_, _, seq, _)| {
                let first = *seq > highest;
                highest = highest.max(*seq);
                first.then_some(*seq)
            })
            .collect();
        firsts.len() > 1 && firsts.windows(2).all(|pair| pair[1] == pair[0] + 1)
    }

    /// Whether the alarms that waited all passed before the first reading.
    pub fn alarms_before_readings(&self) -> bool {
        let first_reading = self.records.iter().position(|(_, lane, ..)| lane == "reading");
        let waited = self.records.iter().filter(|(_, lane, ..)| lane == "alarm").map(|(_, _, seq, _)| *seq).max();
        let before = &self.records[..first_reading.unwrap_or(self.records.len())];
        let highest_before = before.iter().filter(|(_, lane, ..)| lane == "alarm").map(|(_, _, seq, _)| *seq).max();
        first_reading.is_some() && highest_before == waited
    }

    /// How many records passed again after their receipt.
    pub fn sent_after_receipt(&self) -> usize {
        let late = |(at, lane, from, to): &&(Instant, String, u64, u64)| {
            (*from..=*to)
                .any(|seq| self.receipts.get(&(lane.clone(), seq)).is_some_and(|receipted| *at > *receipted + CROSSING))
        };
        self.records.iter().filter(late).count()
    }
}
