//! A made-up county for the relay's tests: an MQTT client that notes what arrives and receipts as it is told.

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex};

use rumqttc::v5::mqttbytes::QoS;
use rumqttc::v5::mqttbytes::v5::Publish;
use serde_json::{Value, json};

use shouwang::core::sequence::{Lane, Range};

use crate::support::player::Player;

/// What the county does with what arrives.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Habit {
    /// Receipts every message at once.
    Receipt,
    /// Says nothing.
    Withhold,
}

/// A message as it arrived.
#[derive(Debug, Clone, PartialEq)]
pub struct Arrived {
    pub topic: String,
    pub retained: bool,
    pub payload: Value,
    pub content_type: Option<String>,
    pub expiry_s: Option<u32>,
}

impl Arrived {
    /// The last part of its topic, such as `alarm`.
    pub fn kind(&self) -> &str {
        self.topic.rsplit('/').next().unwrap_or_default()
    }

    /// The record numbers in it, of a lane's message.
    pub fn numbers(&self) -> (u64, u64) {
        let number = |value: &Value| value.as_u64().expect("a number");
        match &self.payload["seq"] {
            Value::Array(range) => (number(&range[0]), number(&range[1])),
            seq => (number(seq), number(seq)),
        }
    }
}

/// The county.
pub struct County {
    player: Player,
    habit: Arc<Mutex<Habit>>,
}

const ROOT: &str = "sw/1/st1/gw1";

impl County {
    /// Connects, subscribes to everything of the gateway and stays connected whatever happens to the broker.
    pub async fn connect(port: u16, habit: Habit) -> Self {
        let habit = Arc::new(Mutex::new(habit));
        let habits = habit.clone();
        let receipt = move |publish: &Publish| {
            let message = arrived(publish).filter(|message| message.topic.contains("/ev/"))?;
            let receipts = *habits.lock().expect("not poisoned") == Habit::Receipt;
            receipts.then(|| (format!("{ROOT}/ack"), receipt(&message).into_bytes()))
        };
        let player = Player::join_replying(port, QoS::AtLeastOnce, &[&format!("{ROOT}/#")], receipt).await;
        Self { player, habit }
    }

    /// Changes its habit.
    pub fn set_habit(&self, habit: Habit) {
        *self.habit.lock().expect("not poisoned") = habit;
    }

    /// Everything that arrived, in order.
    pub fn arrived(&self) -> Vec<Arrived> {
        self.player.heard().iter().filter_map(|heard| arrived(&heard.publish)).collect()
    }

    /// What arrived on topics that end in this.
    pub fn of_kind(&self, kind: &str) -> Vec<Arrived> {
        self.arrived().into_iter().filter(|message| message.kind() == kind).collect()
    }

    /// The numbers of a lane that arrived at least once.
    pub fn seen(&self, lane: Lane) -> BTreeSet<u64> {
        self.of_kind(lane.word()).iter().flat_map(|message| message.numbers().0..=message.numbers().1).collect()
    }

    /// Says something below the gateway's root.
    pub async fn say(&self, below: &str, payload: &Value) {
        self.player.say(&format!("{ROOT}/{below}"), payload.to_string()).await;
    }

    /// Says that it is there, or not, retained.
    pub async fn say_online(&self, online: bool, since: i64) {
        let payload = json!({"online": online, "since": since, "consumers": 1}).to_string();
        self.player.keep("sw/1/county/state", payload).await;
    }

    /// Sends a receipt for these ranges.
    pub async fn receipt(&self, epoch: &str, lane: Lane, ranges: &[Range]) {
        self.say("ack", &json!({"epoch": epoch, "lane": lane, "ranges": ranges})).await;
    }
}

/// What the gateway said; nothing for what it is told.
fn arrived(publish: &Publish) -> Option<Arrived> {
    let topic = String::from_utf8(publish.topic.to_vec()).ok()?;
    if topic.ends_with("/ack") || topic.contains("/cmd/") {
        return None;
    }
    let properties = publish.properties.clone().unwrap_or_default();
    Some(Arrived {
        topic,
        retained: publish.retain,
        payload: serde_json::from_slice(&publish.payload).unwrap_or(Value::Null),
        content_type: properties.content_type,
        expiry_s: properties.message_expiry_interval,
    })
}

fn receipt(message: &Arrived) -> String {
    let (from, to) = message.numbers();
    json!({"epoch": message.payload["epoch"], "lane": message.kind(), "ranges": [[from, to]]}).to_string()
}
