//! How the session carries out a step of the pump, and reads what the county says.

use std::time::Duration;

use serde::de::DeserializeOwned;
use tokio::time::timeout;

use crate::core::sequence::Lane;
use crate::core::time::Mono;
use crate::limits::{MESSAGE_BYTES_MAX, READING_MESSAGE_BYTES_MAX, RELAY_FETCH_DEADLINE};

use super::fit::{self, Fitted};
use super::link::{Publication, QueueFull};
use super::message::{Ack, COUNTY_STATE_TOPIC, CommandMessage, CountyOrder, CountyState, Topic, encode};
use super::pump::{Event, Step};
use super::records::{FromCounty, Records, RetainedMessage};
use super::retained::RetainedKey;
use super::session::{Carried, Connection, Session};
use super::trouble::{Trouble, short};
use super::window::Token;

/// Expiry of a reading (ARCHITECTURE, county contract).
const READING_EXPIRY: Duration = Duration::from_hours(7 * 24);
/// Expiry of a device event (ARCHITECTURE, county contract).
const DEVICE_EXPIRY: Duration = Duration::from_hours(30 * 24);
/// Expiry of a resident's watch state (ARCHITECTURE, county contract).
const RESIDENT_EXPIRY: Duration = Duration::from_hours(24);
/// Expiry of an answer. judgement: a receipt's; the county asks again under the same id and is answered again.
const ANSWER_EXPIRY: Duration = Duration::from_hours(24);

/// What came of asking the store for records.
enum Fetched {
    Made(Fitted),
    /// Not now.
    Missing,
    /// Never: it is larger than any message may be.
    TooLarge,
}

impl<R: Records> Session<R> {
    /// Carries out one step.
    ///
    /// # Errors
    /// When only a new connection helps.
    pub(super) async fn carry_out(&mut self, connection: &mut Connection, step: Step) -> Result<Carried, Trouble> {
        match step {
            Step::Birth(token) => {
                let birth = self.birth();
                self.publish(connection, token, birth);
            }
            Step::Heartbeat => {
                let heartbeat = self.heartbeat();
                if connection.link.publish(heartbeat) == Err(QueueFull) {
                    self.count("relay.queue_full");
                }
            }
            Step::Records { token, lane, from, to } => {
                return Ok(self.send_records(connection, token, lane, from, to).await);
            }
            Step::Answer(token) => {
                if let Some(answer) = self.answers.pop_front() {
                    let topic = Topic::Result(answer.id).under(&self.root);
                    let publication = acknowledged(topic, encode(&answer), Some(ANSWER_EXPIRY));
                    connection.answers.insert(token, answer);
                    self.publish(connection, token, publication);
                } else {
                    self.pump.handle(self.now(), Event::Refused(token));
                }
            }
            Step::Retained(token, key) => {
                let publication = self.standing(key);
                self.publish(connection, token, publication);
            }
            Step::Rebuild => return Err(Trouble::Stalled),
        }
        Ok(Carried::Done)
    }

    async fn send_records(
        &mut self,
        connection: &mut Connection,
        token: Token,
        lane: Lane,
        from: u64,
        to: u64,
    ) -> Carried {
        let bytes_max = connection.payload_bytes_max;
        let fetched = timeout(RELAY_FETCH_DEADLINE, self.fetch(lane, from, to, bytes_max)).await;
        let now = self.now();
        let fitted = match fetched.unwrap_or(Fetched::Missing) {
            Fetched::Made(fitted) => fitted,
            Fetched::Missing => {
                self.count("relay.not_fetched");
                self.pump.handle(now, Event::Refused(token));
                return Carried::StoreIsSlow;
            }
            // Too large for this broker is the broker's fault and may be repaired; so is an alarm, which is never given up.
            Fetched::TooLarge if lane == Lane::Alarm || bytes_max < MESSAGE_BYTES_MAX => {
                self.count("relay.oversize");
                self.complain(Trouble::TakesTooLittle(bytes_max));
                self.pump.handle(now, Event::Refused(token));
                return Carried::Done;
            }
            Fetched::TooLarge => {
                self.count("relay.oversize");
                self.pump.handle(now, Event::Took { token, to: from });
                let dead = self.pump.give_up(now, token, "larger than any message may be");
                if let Some(dead) = dead {
                    self.told.push(FromCounty::Receipt(dead));
                }
                return Carried::Done;
            }
        };
        if fitted.cut {
            self.count("relay.records_cut");
        }
        self.pump.handle(now, Event::Took { token, to: fitted.to });
        let expiry = match lane {
            Lane::Alarm => None,
            Lane::Device => Some(DEVICE_EXPIRY),
            Lane::Reading => Some(READING_EXPIRY),
        };
        let topic = Topic::Event(lane).under(&self.root);
        self.publish(connection, token, acknowledged(topic, fitted.payload, expiry));
        Carried::Done
    }

    async fn fetch(&self, lane: Lane, from: u64, to: u64, bytes_max: usize) -> Fetched {
        let fitted = match lane {
            Lane::Alarm => match self.records.alarm(from).await {
                Some(message) if message.seq == from => fit::alarm(message, bytes_max),
                Some(_) | None => return Fetched::Missing,
            },
            Lane::Device => match self.records.device(from).await {
                Some(message) if message.seq == from => fit::device(message, bytes_max),
                Some(_) | None => return Fetched::Missing,
            },
            Lane::Reading => {
                let bytes_max = bytes_max.min(READING_MESSAGE_BYTES_MAX);
                match self.records.readings(from, to, bytes_max).await {
                    Some(message) if message.seq.0 == from => fit::readings(message, bytes_max),
                    Some(_) | None => return Fetched::Missing,
                }
            }
        };
        fitted.map_or(Fetched::TooLarge, Fetched::Made)
    }

    fn standing(&self, key: RetainedKey) -> Publication {
        let topic = match key {
            RetainedKey::Device(id) => Topic::Device(id),
            RetainedKey::Resident(id) => Topic::Resident(id),
        };
        let (payload, expiry) = match self.records.retained(key) {
            Some(RetainedMessage::Device(state, rhythm)) => (encode(&state), Some(rhythm.saturating_mul(2))),
            Some(RetainedMessage::Resident(state)) => (encode(&state), Some(RESIDENT_EXPIRY)),
            None => (Vec::new(), None),
        };
        Publication { retain: true, ..acknowledged(topic.under(&self.root), payload, expiry) }
    }

    /// Hands a message to the client and remembers whose PUBACK is the next.
    fn publish(&mut self, connection: &mut Connection, token: Token, publication: Publication) {
        if connection.link.publish(publication) == Ok(()) {
            connection.pairing.hand_over(token);
            return;
        }
        self.count("relay.queue_full");
        let now = self.now();
        self.pump.handle(now, Event::Refused(token));
        if let Some(answer) = connection.answers.remove(&token) {
            self.answers.push_front(answer);
            self.pump.handle(now, Event::Answer);
        }
    }

    /// Reads a message from the county's side.
    pub(super) fn read(&mut self, topic: &[u8], payload: &[u8], retained: bool) {
        let now = self.now();
        let Ok(topic) = std::str::from_utf8(topic) else { return self.count("relay.unreadable") };
        if topic == COUNTY_STATE_TOPIC {
            // An empty payload clears the retained message and says nothing about the county.
            if !payload.is_empty()
                && let Some(state) = self.parse::<CountyState>(payload)
            {
                self.pump.handle(now, Event::County { online: state.online, since: state.since });
                self.told.push(FromCounty::County(state));
            }
            return;
        }
        let ours = Topic::parse(topic)
            .filter(|(station, gateway, _)| (*station, *gateway) == (self.settings.station, self.settings.gateway));
        match ours {
            // A receipt is never kept by the broker: one that is was put there by somebody else than the county.
            Some((_, _, Topic::Ack)) if retained => self.count("relay.retained_receipts"),
            Some((_, _, Topic::Ack)) => {
                if let Some(ack) = self.parse::<Ack>(payload) {
                    self.receipt(now, ack);
                }
            }
            // A retained command would come back with every connection, so it is nobody's wish of this moment.
            Some((_, _, Topic::Command(_))) if retained => self.count("relay.retained_commands"),
            Some((_, _, Topic::Command(id))) => match serde_json::from_slice::<CommandMessage>(payload) {
                Ok(message) => {
                    if message.order == CountyOrder::Resync {
                        self.pump.handle(now, Event::Resync);
                        self.all_retained(now);
                    }
                    self.told.push(FromCounty::Command { id, message });
                }
                Err(error) => {
                    self.count("relay.unreadable");
                    self.told.push(FromCounty::Unreadable { id, why: short(&error.to_string()) });
                }
            },
            Some(_) | None => self.count("relay.unreadable"),
        }
    }

    fn receipt(&mut self, now: Mono, mut ack: Ack) {
        for reject in &mut ack.reject {
            reject.reason = short(&reject.reason);
        }
        if let Some(new) = self.pump.receipt(now, ack) {
            self.told.push(FromCounty::Receipt(new));
        }
    }

    fn parse<T: DeserializeOwned>(&mut self, payload: &[u8]) -> Option<T> {
        let parsed = serde_json::from_slice(payload).ok();
        if parsed.is_none() {
            self.count("relay.unreadable");
        }
        parsed
    }
}

fn acknowledged(topic: String, payload: Vec<u8>, expiry: Option<Duration>) -> Publication {
    Publication { topic, payload, acknowledged: true, retain: false, expiry }
}
