//! Presses, all the while and by both wires, each with a place of its own in the book; and readings beside them.
//!
//! *Accepted* is what the gateway has taken upon itself. Over MQTT that is its PUBACK, as the proxy before the local broker saw it
//! leave; a message that dies with the broker, or that QoS 0 lets fall, was never accepted. A serial port has no such word: a press
//! counts when the gateway that took its last byte out of the port has run for three seconds more (its log answers within two).

use std::cell::{Cell, RefCell};
use std::collections::{BTreeMap, BTreeSet};
use std::rc::Rc;
use std::time::Duration;

use rumqttc::v5::mqttbytes::QoS;
use rumqttc::v5::{AsyncClient, MqttOptions};
use tokio::task::JoinSet;
use tokio::time::{Instant, interval, sleep};
use tokio_util::task::AbortOnDropHandle;

use crate::papers::{HUB, SENSORS, ZIGBEE, button, resident};
use crate::support::chance::Chance;
use crate::support::player::options;
use crate::world::{World, clock};

/// How long a gateway that has read a press must run on.
const RUNS_ON: Duration = Duration::from_secs(3);

/// A press that the hub's gateway has not read by then is given up.
const READ_WITHIN: Duration = Duration::from_secs(40);

/// A button is let alone for so long after a press.
const REST_MS: u64 = 25_000;

/// On which wire a press went.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum By {
    /// MQTT, to be acknowledged.
    Acknowledged,
    /// MQTT, at QoS 0.
    AtMostOnce,
    /// The hub's serial port.
    Serial,
}

/// One press.
#[derive(Debug, Clone)]
pub struct Press {
    pub resident: String,
    pub address: String,
    pub by: By,
    /// When it was made.
    pub at_ms: u64,
    /// When it was accepted, if its wire tells so by itself.
    pub accepted_ms: Option<u64>,
}

impl Press {
    /// Where it is heard, if it goes over MQTT.
    pub fn topic(&self) -> String {
        format!("zigbee2mqtt/{}", self.address)
    }
}

/// All presses, in order.
#[derive(Debug, Default)]
pub struct Book {
    pub presses: Vec<Press>,
    /// Whose alarm is open, as the gateway last said.
    pub open: BTreeSet<String>,
    last: BTreeMap<String, u64>,
}

impl Book {
    fn is_free(&self, resident: &str, now: u64) -> bool {
        !self.open.contains(resident) && self.last.get(resident).is_none_or(|at| now >= at + REST_MS)
    }

    fn enter(&mut self, number: usize, by: By) -> usize {
        let (resident, at_ms) = (resident(number), clock());
        self.last.insert(resident.clone(), at_ms);
        self.presses.push(Press { resident, address: button(number), by, at_ms, accepted_ms: None });
        self.presses.len() - 1
    }
}

/// The bridge: one connection to the local broker, whatever happens to it.
pub struct Bridge {
    client: AsyncClient,
    _task: AbortOnDropHandle<()>,
}

impl Bridge {
    /// Connects, now or later.
    pub fn join(port: u16) -> Self {
        let mut wanted: MqttOptions = options(port);
        wanted.set_keep_alive(Duration::from_secs(5));
        let (client, mut events) = AsyncClient::new(wanted, 1_000);
        let task = AbortOnDropHandle::new(tokio::spawn(async move {
            loop {
                if events.poll().await.is_err() {
                    sleep(Duration::from_millis(100)).await;
                }
            }
        }));
        Self { client, _task: task }
    }

    fn say(&self, address: &str, qos: QoS, payload: String) {
        // What finds no room while the broker is away is not sent, and so was not accepted.
        let _ = self.client.try_publish(format!("zigbee2mqtt/{address}"), qos, false, payload);
    }
}

/// Readings of the sensors, ten a second, for as long as it is polled.
pub async fn read_on(bridge: &Bridge) {
    let mut tick = interval(Duration::from_millis(100));
    for number in 0_usize.. {
        tick.tick().await;
        let payload = format!("{{\"occupancy\":{},\"illuminance\":{number}}}", (number / SENSORS).is_multiple_of(2));
        bridge.say(&format!("motion_{:04}", number % SENSORS + 1), QoS::AtMostOnce, payload);
    }
}

/// Presses until `end`.
pub async fn press_on(world: Rc<World>, bridge: &Bridge, book: &Rc<RefCell<Book>>, mut chance: Chance, end: Instant) {
    let mut serial = JoinSet::new();
    let waiting = Rc::new(Cell::new(0_usize));
    while Instant::now() < end {
        sleep(Duration::from_millis(250 + chance.below(900))).await;
        let by = match chance.below(10) {
            0 => By::AtMostOnce,
            1..=3 => By::Serial,
            _ => By::Acknowledged,
        };
        let (first, count) = if by == By::Serial { (ZIGBEE + 1, HUB) } else { (1, ZIGBEE) };
        let start = usize::try_from(chance.below(count as u64)).unwrap_or(0);
        let free = (0..count)
            .map(|nth| first + (start + nth) % count)
            .find(|number| book.borrow().is_free(&resident(*number), clock()));
        let Some(number) = free else { continue };
        let nth = book.borrow_mut().enter(number, by);
        let payload = || r#"{"action":"emergency","battery":97,"linkquality":120}"#.to_owned();
        match by {
            By::Acknowledged => bridge.say(&button(number), QoS::AtLeastOnce, payload()),
            By::AtMostOnce => bridge.say(&button(number), QoS::AtMostOnce, payload()),
            By::Serial => {
                waiting.set(waiting.get() + 1);
                let (world, book, waiting) = (Rc::clone(&world), Rc::clone(book), Rc::clone(&waiting));
                serial.spawn_local(async move {
                    let accepted = press_serial(&world, number).await;
                    book.borrow_mut().presses[nth].accepted_ms = accepted;
                    waiting.set(waiting.get() - 1);
                });
            }
        }
        while serial.try_join_next().is_some() {}
    }
    serial.join_all().await;
}

/// Says a press into the port; when it was accepted, if it was.
async fn press_serial(world: &World, number: usize) -> Option<u64> {
    let line = format!("{{\"d\":\"{}\",\"k\":\"sos\",\"v\":true}}\n", button(number));
    let (plugged, of_life) = {
        let mut hub = world.hub.lock().await;
        if !hub.say(&line).await {
            return None;
        }
        (hub.plugged, world.life.get())
    };
    let is_gone = || world.life.get() != of_life || world.gateway.borrow().is_none();
    let patience = Instant::now() + READ_WITHIN;
    loop {
        sleep(Duration::from_millis(10)).await;
        let hub = world.hub.lock().await;
        if hub.plugged != plugged || is_gone() || Instant::now() > patience {
            return None;
        }
        if hub.is_read() {
            break;
        }
    }
    let read_ms = clock();
    let mut ran = Duration::ZERO;
    while ran < RUNS_ON {
        let step = Instant::now();
        sleep(Duration::from_millis(20)).await;
        if is_gone() {
            return None;
        }
        if !world.is_frozen.get() {
            ran += step.elapsed();
        }
    }
    Some(read_ms + u64::try_from(RUNS_ON.as_millis()).unwrap_or(0))
}
