//! Which PUBACK belongs to which publish.
//!
//! The MQTT client tells a packet's id only when it is encoded, in the order in which the packets were handed over;
//! the PUBACK names the id and may come in any order.

use std::collections::{BTreeMap, VecDeque};

use super::window::Token;

/// The client and we disagree about what was sent; only a fresh connection helps.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct OutOfStep;

/// Publishes of one connection.
#[derive(Debug, Default)]
pub struct Pairing {
    handed_over: VecDeque<Token>,
    by_packet_id: BTreeMap<u16, Token>,
}

impl Pairing {
    /// A publish of QoS 1 was handed to the client.
    pub fn hand_over(&mut self, token: Token) {
        self.handed_over.push_back(token);
    }

    /// The client encoded the next publish under this id; id 0 is QoS 0 and has no PUBACK.
    pub fn departed(&mut self, packet_id: u16) -> Result<(), OutOfStep> {
        if packet_id == 0 {
            return Ok(());
        }
        let token = self.handed_over.pop_front().ok_or(OutOfStep)?;
        match self.by_packet_id.insert(packet_id, token) {
            None => Ok(()),
            Some(_) => Err(OutOfStep),
        }
    }

    /// A PUBACK came for this id.
    pub fn acknowledged(&mut self, packet_id: u16) -> Result<Token, OutOfStep> {
        self.by_packet_id.remove(&packet_id).ok_or(OutOfStep)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn acknowledgements_in_any_order_find_their_publish() {
        let mut pairing = Pairing::default();
        for number in 1..=3 {
            pairing.hand_over(Token(number));
        }
        // A heartbeat of QoS 0 goes between them and takes nobody's place.
        for packet_id in [1, 0, 2, 3] {
            assert_eq!(pairing.departed(packet_id), Ok(()));
        }
        assert_eq!(pairing.acknowledged(2), Ok(Token(2)));
        pairing.hand_over(Token(4));
        // Ids are used again as soon as they are free.
        assert_eq!(pairing.departed(2), Ok(()));
        assert_eq!(pairing.acknowledged(3), Ok(Token(3)));
        assert_eq!(pairing.acknowledged(2), Ok(Token(4)));
        assert_eq!(pairing.acknowledged(1), Ok(Token(1)));
    }

    #[test]
    fn what_cannot_be_is_told() {
        let mut pairing = Pairing::default();
        assert_eq!(pairing.departed(1), Err(OutOfStep));
        assert_eq!(pairing.acknowledged(1), Err(OutOfStep));
        pairing.hand_over(Token(1));
        pairing.hand_over(Token(2));
        assert_eq!(pairing.departed(7), Ok(()));
        assert_eq!(pairing.departed(7), Err(OutOfStep));
    }
}
