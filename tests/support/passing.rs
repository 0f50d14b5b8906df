//! The order in which records and receipts passed through the county's broker.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use serde_json::Value;
use tokio::time::Instant;

use super::player::Heard;

/// What a player has to overhear so that the order can be told.
pub const FILTERS: &[&str] = &["sw/1/+/+/ev/#", "sw/1/+/+/ack"];

/// A record sent this long after its receipt cannot have crossed it on the way. judgement: loopback takes a
/// thousandth of it, a busy test machine the rest.
const CROSSING: Duration = Duration::from_secs(1);

/// What passed, in order.
#[derive(Default)]
pub struct Passing {
    /// (when, lane, first number, last number)
    records: Vec<(Instant, String, u64, u64)>,
    /// (lane, number) and when its receipt passed first.
    receipts: BTreeMap<(String, u64), Instant>,
}

impl Passing {
    /// Reads the order from what was heard.
    pub fn of(heard: &[Heard]) -> Self {
        let mut passing = Self::default();
        for heard in heard {
            passing.note(heard);
        }
        passing
    }

    fn note(&mut self, Heard { at, publish }: &Heard) {
        let topic = String::from_utf8_lossy(&publish.topic);
        let Ok(message) = serde_json::from_slice::<Value>(&publish.payload) else { return };
        if let Some((_, lane)) = topic.split_once("/ev/") {
            let (from, to) = match &message["seq"] {
                Value::Array(range) => (range[0].as_u64(), range[1].as_u64()),
                seq => (seq.as_u64(), seq.as_u64()),
            };
            if let (Some(from), Some(to)) = (from, to) {
                self.records.push((*at, lane.to_owned(), from, to));
            }
        } else if topic.ends_with("/ack") {
            let lane = message["lane"].as_str().unwrap_or_default().to_owned();
            for range in message["ranges"].as_array().into_iter().flatten() {
                let (from, to) = (range[0].as_u64().unwrap_or(0), range[1].as_u64().unwrap_or(0));
                for seq in from..=to {
                    self.receipts.entry((lane.clone(), seq)).or_insert(*at);
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

    /// Whether the alarms that waited, numbered up to `head`, all passed before the first reading. What an alarm says
    /// later, when it climbs, comes in its own time.
    pub fn alarms_before_readings(&self, head: u64) -> bool {
        let is_alarm = |(_, lane, seq, _): &&(Instant, String, u64, u64)| lane == "alarm" && *seq <= head;
        let first_reading = self.records.iter().position(|(_, lane, ..)| lane == "reading");
        let before = first_reading.map_or(&[][..], |first| &self.records[..first]);
        let seen: BTreeSet<u64> = before.iter().filter(is_alarm).map(|(_, _, seq, _)| *seq).collect();
        head > 0 && seen.len() as u64 == head
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
