//! Topics that the messages of one format pointed to: remembered for the life of the source, asked for on every connection.
//!
//! Constraints:
//! - A connection that ends takes nothing with it: a press that waited in the session comes before anything can be asked for,
//!   and is to find its topic known. A session that the broker has lost has no subscriptions, so all are asked for again.
//! - What could not be asked for, because the client has no room, is asked for a moment later.

use std::collections::BTreeMap;

use rumqttc::v5::AsyncClient;
use rumqttc::v5::mqttbytes::QoS;
use rumqttc::v5::mqttbytes::v5::Filter;

use crate::limits::{ANNOUNCED_ASKED_MAX, ANNOUNCED_TOPICS_MAX};

/// The topics, each with whether it was asked for on this connection.
#[derive(Debug, Default)]
pub(super) struct Announced {
    topics: BTreeMap<String, bool>,
    /// How many were not asked for.
    unasked: usize,
}

impl Announced {
    pub(super) fn contains(&self, topic: &str) -> bool {
        self.topics.contains_key(topic)
    }

    /// Remembers a topic; whether there was room for it. What is no topic is nothing to remember.
    pub(super) fn remember(&mut self, topic: String) -> bool {
        // A wildcard would subscribe to other people's topics, and one bad filter would spoil the SUBSCRIBE of many.
        if topic.is_empty() || topic.contains(['+', '#', '\0']) || self.topics.contains_key(&topic) {
            return true;
        }
        if self.topics.len() >= ANNOUNCED_TOPICS_MAX {
            return false;
        }
        self.topics.insert(topic, false);
        self.unasked += 1;
        true
    }

    /// A new connection has asked for nothing.
    pub(super) fn ask_anew(&mut self) {
        self.unasked = self.topics.len();
        for asked in self.topics.values_mut() {
            *asked = false;
        }
    }

    /// Asks for what was not asked for, as far as the client has room.
    pub(super) fn ask(&mut self, client: &AsyncClient) {
        while self.unasked > 0 {
            let next = self.topics.iter_mut().filter(|(_, asked)| !**asked).take(ANNOUNCED_ASKED_MAX);
            let (topics, marks): (Vec<Filter>, Vec<&mut bool>) =
                next.map(|(topic, asked)| (Filter::new(topic.as_str(), QoS::AtLeastOnce), asked)).unzip();
            let count = topics.len();
            if client.try_subscribe_many(topics).is_err() {
                return;
            }
            for asked in marks {
                *asked = true;
            }
            self.unasked -= count;
        }
    }
}

#[cfg(test)]
mod tests {
    use rumqttc::v5::MqttOptions;

    use super::*;

    fn topics(count: usize) -> Announced {
        let mut announced = Announced::default();
        for n in 0..count {
            assert!(announced.remember(format!("hub/{n}")));
        }
        announced
    }

    #[test]
    fn what_does_not_fit_into_the_client_is_asked_for_later_and_all_of_it_on_the_next_connection() {
        let mut announced = topics(3 * ANNOUNCED_ASKED_MAX + 1);
        let (client, _events) = AsyncClient::new(MqttOptions::new("test", "127.0.0.1", 1), 1);
        announced.ask(&client);
        assert_eq!(announced.unasked, 2 * ANNOUNCED_ASKED_MAX + 1);
        let (client, _events) = AsyncClient::new(MqttOptions::new("test", "127.0.0.1", 1), 8);
        announced.ask(&client);
        assert_eq!(announced.unasked, 0);
        announced.ask_anew();
        assert_eq!(announced.unasked, announced.topics.len());
        assert!(announced.contains("hub/0"), "a connection takes nothing with it");
    }

    #[test]
    fn topics_are_remembered_once_and_so_many() {
        let mut announced = topics(ANNOUNCED_TOPICS_MAX);
        assert!(announced.remember("hub/0".to_owned()), "it is known already");
        assert!(!announced.remember("hub/one-more".to_owned()));
        assert_eq!((announced.unasked, announced.topics.len()), (ANNOUNCED_TOPICS_MAX, ANNOUNCED_TOPICS_MAX));
    }

    #[test]
    fn a_wildcard_is_no_topic() {
        let mut announced = topics(0);
        for wildcard in ["#", "home/+", ""] {
            assert!(announced.remember(wildcard.to_owned()));
        }
        assert_eq!(announced.unasked, 0);
    }
}
