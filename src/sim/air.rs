//! What lies between devices and box: the local broker with its persistent session, cables, and watches' connections.
//!
//! A message with acknowledgement stays with the broker until the gateway has acknowledged it, and is delivered again
//! after every reconnect. One without is gone when nobody listens, and so is every line on a cable. A watch says its alarm again
//! until it is answered, or tired of it.

use std::collections::BTreeMap;
use std::rc::Rc;

use super::place::Wire;
use super::wear::{Claim, Sent};

/// Messages without acknowledgement that the broker has on the way. Source: mosquitto.conf(5), `max_inflight_messages`.
const IN_FLIGHT_MAX: usize = 20;

/// One message on its way to the gateway.
#[derive(Debug, Clone)]
pub(super) struct Delivery {
    /// The broker's number, if it wants an acknowledgement.
    pub packet: Option<u64>,
    /// What is delivered.
    pub sent: Rc<Sent>,
    /// The broker kept it from before.
    pub retained: bool,
    /// Delivered before, or a copy.
    pub again: bool,
}

/// Broker, bridge and cable.
#[derive(Debug)]
#[expect(clippy::struct_excessive_bools, reason = "four things that are up or down, each by itself")]
pub(super) struct Air {
    /// The broker runs.
    pub broker_up: bool,
    /// The bridge runs.
    pub bridge_up: bool,
    /// The serial adapter is plugged in.
    pub port_up: bool,
    session: bool,
    waiting: BTreeMap<u64, Waiting>,
    /// Alarms of watches that nobody has answered.
    unanswered: BTreeMap<u64, Claim>,
    kept: BTreeMap<String, Rc<Sent>>,
    next_packet: u64,
}

#[derive(Debug)]
struct Waiting {
    sent: Rc<Sent>,
    in_flight: bool,
    delivered: bool,
}

impl Air {
    /// Everything is up, and nobody listens yet.
    pub(super) fn new() -> Air {
        Air {
            broker_up: true,
            bridge_up: true,
            port_up: true,
            session: false,
            waiting: BTreeMap::new(),
            unanswered: BTreeMap::new(),
            kept: BTreeMap::new(),
            next_packet: 1,
        }
    }

    /// A frame leaves its device. What comes of it at the gateway; nothing when it is lost or waits.
    pub(super) fn publish(&mut self, sent: Sent) -> Vec<Delivery> {
        let from_bridge = sent.kit.is_none();
        let sent = Rc::new(sent);
        let live = |packet| Delivery { packet, again: sent.copy, sent: Rc::clone(&sent), retained: false };
        match sent.wire {
            Wire::Hub if self.port_up => vec![live(None)],
            Wire::Receiver => vec![live(None)],
            Wire::Watches if !sent.acknowledged => vec![live(None)],
            Wire::Watches => self.unanswered(&sent).map(|packet| live(Some(packet))).into_iter().collect(),
            Wire::Zigbee if self.broker_up && (self.bridge_up || from_bridge) => {
                if let Some(topic) = sent.topic.clone().filter(|_| sent.retained) {
                    self.kept.insert(topic, Rc::clone(&sent));
                }
                if sent.acknowledged {
                    let packet = self.next_packet;
                    self.next_packet += 1;
                    self.waiting.insert(packet, Waiting { sent, in_flight: false, delivered: false });
                    self.deliver()
                } else if self.session {
                    vec![live(None)]
                } else {
                    Vec::new()
                }
            }
            Wire::Hub | Wire::Zigbee => Vec::new(),
        }
    }

    /// The gateway has acknowledged; what the broker sends next.
    pub(super) fn acknowledged(&mut self, packet: u64) -> Vec<Delivery> {
        self.waiting.remove(&packet);
        self.unanswered.remove(&packet);
        self.deliver()
    }

    /// The gateway connects and subscribes: what waits comes again, and what was kept comes as kept.
    pub(super) fn connect(&mut self) -> Vec<Delivery> {
        self.session = true;
        let mut all = self.deliver();
        let kept = self.kept.values();
        all.extend(kept.map(|sent| Delivery { packet: None, sent: Rc::clone(sent), retained: true, again: true }));
        all
    }

    /// The connection ends: what was not acknowledged will come again.
    pub(super) fn disconnect(&mut self) {
        self.session = false;
        for waiting in self.waiting.values_mut() {
            waiting.in_flight = false;
        }
    }

    /// Whether the gateway is connected.
    pub(super) const fn has_session(&self) -> bool {
        self.session
    }

    /// Whether a message that wants an acknowledgement came over a session that is over.
    pub(super) fn is_gone(&self, delivery: &Delivery) -> bool {
        delivery.packet.is_some() && delivery.sent.wire == Wire::Zigbee && !self.session
    }

    /// The number by which a watch's alarm is answered; none for a repeat of what was answered.
    fn unanswered(&mut self, sent: &Sent) -> Option<u64> {
        if sent.copy {
            return self.unanswered.iter().find(|(_, claim)| **claim == sent.claim).map(|(packet, _)| *packet);
        }
        let packet = self.next_packet;
        self.next_packet += 1;
        self.unanswered.insert(packet, sent.claim);
        Some(packet)
    }

    fn deliver(&mut self) -> Vec<Delivery> {
        if !self.session || !self.broker_up {
            return Vec::new();
        }
        let room = IN_FLIGHT_MAX.saturating_sub(self.waiting.values().filter(|waiting| waiting.in_flight).count());
        let mut out = Vec::new();
        for (packet, waiting) in self.waiting.iter_mut().filter(|(_, waiting)| !waiting.in_flight).take(room) {
            let again = waiting.delivered || waiting.sent.copy;
            (waiting.in_flight, waiting.delivered) = (true, true);
            out.push(Delivery { packet: Some(*packet), sent: Rc::clone(&waiting.sent), retained: false, again });
        }
        out
    }
}

#[cfg(test)]
mod tests {
    use super::super::wear::bridge;
    use super::*;

    #[test]
    fn what_is_not_acknowledged_comes_again_and_what_is_kept_comes_as_kept() {
        let mut air = Air::new();
        assert!(air.publish(bridge(0, "state", "online".to_owned())).is_empty(), "nobody listens yet");
        let first = air.connect();
        assert_eq!(
            first.iter().map(|one| (one.packet, one.retained)).collect::<Vec<_>>(),
            [(Some(1), false), (None, true)]
        );
        air.disconnect();
        assert!(air.connect()[0].again);
        air.acknowledged(1);
        air.disconnect();
        assert!(air.connect().iter().all(|one| one.retained));
    }

    #[test]
    fn the_broker_has_no_more_than_its_window_on_the_way() {
        let mut air = Air::new();
        air.connect();
        let sent: usize = (0..50).map(|_| air.publish(bridge(0, "state", "online".to_owned())).len()).sum();
        assert_eq!((sent, air.waiting.len()), (IN_FLIGHT_MAX, 50));
        assert_eq!(air.acknowledged(1).len(), 1);
    }
}
