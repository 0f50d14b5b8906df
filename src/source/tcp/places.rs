//! Who may have a connection, and which one speaks for a device; pure.
//!
//! An address that a device says is only a claim, and there is no password in these protocols. So places are kept for those
//! who have named an enrolled device, all others share a small part of them, and among those the peer address that has most
//! gives up its oldest: whoever floods pays for it. One device has one connection, and the newer wins, because a watch that
//! lost its network comes back long before its old connection is known to be dead.

use std::collections::BTreeMap;
use std::net::IpAddr;
use std::sync::Arc;

use tokio::time::Instant;

use super::mail::Mail;
use crate::core::id::DeviceId;
use crate::limits::tcp::{TCP_CONNECTIONS_MAX, TCP_JUMP_WINDOW, TCP_PEER_STRANGERS_MAX, TCP_STRANGERS_MAX};

/// Number of a connection; it never comes again.
pub(super) type Number = u64;

/// Everybody who is connected to one source.
#[derive(Debug, Default)]
pub(super) struct Places {
    next: Number,
    all: BTreeMap<Number, Place>,
    devices: BTreeMap<DeviceId, Number>,
    /// Connections on which nobody enrolled has spoken, by peer address; oldest first.
    strangers: BTreeMap<IpAddr, Vec<Number>>,
    strangers_count: usize,
}

#[derive(Debug)]
struct Place {
    peer: IpAddr,
    mail: Arc<Mail>,
    /// Who it is, and since when.
    device: Option<(DeviceId, Instant)>,
}

/// A newcomer has a place.
#[derive(Debug)]
pub(super) struct Admitted {
    pub(super) number: Number,
    /// Whose place it took.
    pub(super) crowded_out: Option<Arc<Mail>>,
}

/// A newcomer has no place, because every one belongs to an enrolled device.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct NoPlace;

/// A connection was named.
#[derive(Debug, Default)]
pub(super) struct Named {
    /// The device's older connection.
    pub(super) older: Option<Arc<Mail>>,
    /// The older one came from another address a moment ago: two devices say the same address.
    pub(super) duplicate: bool,
}

impl Places {
    /// Gives a newcomer a place, perhaps at the cost of a stranger.
    pub(super) fn admit(&mut self, peer: IpAddr, mail: &Arc<Mail>) -> Result<Admitted, NoPlace> {
        let of_peer = self.strangers.get(&peer).map_or(0, Vec::len);
        let crowded = self.strangers_count >= TCP_STRANGERS_MAX || self.all.len() >= TCP_CONNECTIONS_MAX;
        let crowded_out = if of_peer >= TCP_PEER_STRANGERS_MAX {
            self.oldest_stranger(peer)
        } else if crowded {
            Some(self.crowd_out().ok_or(NoPlace)?)
        } else {
            None
        };
        let number = self.next;
        self.next += 1;
        self.all.insert(number, Place { peer, mail: Arc::clone(mail), device: None });
        self.strangers.entry(peer).or_default().push(number);
        self.strangers_count += 1;
        Ok(Admitted { number, crowded_out })
    }

    /// An enrolled device has spoken on this connection.
    pub(super) fn name(&mut self, number: Number, device: DeviceId, now: Instant) -> Named {
        let Some(place) = self.all.get_mut(&number) else { return Named::default() };
        let peer = place.peer;
        let before = place.device.replace((device, now));
        match before {
            None => self.forget_stranger(peer, number),
            Some((other, _)) if other != device && self.devices.get(&other) == Some(&number) => {
                self.devices.remove(&other);
            }
            Some(_) => {}
        }
        let older = self.devices.insert(device, number).filter(|older| *older != number);
        let Some(older) = older.and_then(|older| self.all.remove(&older)) else { return Named::default() };
        let lately = older.device.is_some_and(|(_, since)| now.duration_since(since) < TCP_JUMP_WINDOW);
        Named { older: Some(older.mail), duplicate: lately && older.peer != peer }
    }

    /// The connection has ended.
    pub(super) fn leave(&mut self, number: Number) {
        let Some(place) = self.all.remove(&number) else { return };
        match place.device {
            Some((device, _)) if self.devices.get(&device) == Some(&number) => {
                self.devices.remove(&device);
            }
            Some(_) => {}
            None => self.forget_stranger(place.peer, number),
        }
    }

    /// Where the connection of a device is told something.
    pub(super) fn mail_of(&self, device: DeviceId) -> Option<&Arc<Mail>> {
        self.devices.get(&device).and_then(|number| self.all.get(number)).map(|place| &place.mail)
    }

    /// Takes the place of the oldest connection of the peer address that has most strangers.
    fn crowd_out(&mut self) -> Option<Arc<Mail>> {
        let most = self.strangers.values().map(Vec::len).max()?;
        let of_most = self.strangers.iter().filter(|(_, numbers)| numbers.len() == most);
        let (peer, _) = of_most.min_by_key(|(_, numbers)| numbers.first().copied())?;
        self.oldest_stranger(*peer)
    }

    /// Takes the place of the oldest connection of this peer on which nobody enrolled has spoken: a carrier puts strangers and
    /// enrolled watches behind one address, and nobody knows which of them a newcomer is.
    fn oldest_stranger(&mut self, peer: IpAddr) -> Option<Arc<Mail>> {
        let oldest = *self.strangers.get(&peer)?.first()?;
        self.forget_stranger(peer, oldest);
        self.all.remove(&oldest).map(|place| place.mail)
    }

    fn forget_stranger(&mut self, peer: IpAddr, number: Number) {
        let Some(numbers) = self.strangers.get_mut(&peer) else { return };
        if let Some(at) = numbers.iter().position(|other| *other == number) {
            numbers.remove(at);
            self.strangers_count -= 1;
        }
        if numbers.is_empty() {
            self.strangers.remove(&peer);
        }
    }
}

#[cfg(test)]
mod tests {
    use std::net::Ipv4Addr;
    use std::time::Duration;

    use super::*;

    fn peer(number: usize) -> IpAddr {
        IpAddr::V4(Ipv4Addr::from(u32::try_from(number).expect("a small number")))
    }

    fn device(id: &str) -> DeviceId {
        id.parse().expect("an id")
    }

    fn admit(places: &mut Places, from: usize) -> Result<Admitted, NoPlace> {
        places.admit(peer(from), &Arc::default())
    }

    #[tokio::test(start_paused = true)]
    async fn a_flood_from_one_address_pushes_itself_out_and_others_get_in_also_from_there() {
        let mut places = Places::default();
        for _ in 0..TCP_PEER_STRANGERS_MAX {
            assert!(admit(&mut places, 1).expect("a place").crowded_out.is_none());
        }
        let behind_the_same_address = admit(&mut places, 1).expect("a place");
        assert!(behind_the_same_address.crowded_out.is_some(), "the oldest of them has gone");
        places.name(behind_the_same_address.number, device("d1"), Instant::now());
        for _ in 0..3 * TCP_PEER_STRANGERS_MAX {
            admit(&mut places, 1).expect("a place");
        }
        assert!(places.mail_of(device("d1")).is_some(), "who has named itself stays");
        let watch = admit(&mut places, 2).expect("another address has its place");
        assert!(watch.crowded_out.is_none());
    }

    #[tokio::test(start_paused = true)]
    async fn a_flood_from_many_addresses_crowds_out_itself_and_never_an_enrolled_device() {
        let (mut places, now) = (Places::default(), Instant::now());
        let enrolled = admit(&mut places, 1).expect("a place").number;
        places.name(enrolled, device("d1"), now);
        for from in 0..8 {
            for _ in 0..TCP_PEER_STRANGERS_MAX {
                admit(&mut places, 100 + from).expect("a place");
            }
        }
        let newcomer = admit(&mut places, 2).expect("a place");
        assert!(newcomer.crowded_out.is_some());
        assert!(places.mail_of(device("d1")).is_some());
        // Whoever comes alone stays: the next to go is again one of those with many.
        admit(&mut places, 3).expect("a place");
        assert!(places.all.contains_key(&newcomer.number));
        assert_eq!(places.strangers_count, TCP_STRANGERS_MAX);
    }

    #[tokio::test(start_paused = true)]
    async fn when_every_place_is_an_enrolled_device_the_newcomer_is_told_so() {
        let (mut places, now) = (Places::default(), Instant::now());
        for number in 0..TCP_CONNECTIONS_MAX {
            let place = admit(&mut places, number).expect("a place").number;
            places.name(place, device(&format!("d{number}")), now);
        }
        assert_eq!(admit(&mut places, 1).expect_err("none left"), NoPlace);
    }

    #[tokio::test(start_paused = true)]
    async fn the_newer_connection_of_a_device_wins_and_one_that_jumps_is_seen() {
        let (mut places, now) = (Places::default(), Instant::now());
        let name = |places: &mut Places, from, at| {
            let number = admit(places, from).expect("a place").number;
            (number, places.name(number, device("d1"), at))
        };
        assert!(name(&mut places, 1, now).1.older.is_none());
        let (second, named) = name(&mut places, 1, now);
        assert!(named.older.is_some() && !named.duplicate, "from the same address");
        let (third, named) = name(&mut places, 2, now + Duration::from_secs(5));
        assert!(named.older.is_some() && named.duplicate, "from another address within a minute");
        let (fourth, named) = name(&mut places, 1, now + Duration::from_mins(5));
        assert!(named.older.is_some() && !named.duplicate, "minutes later");
        for gone in [second, third] {
            places.leave(gone);
        }
        assert!(places.mail_of(device("d1")).is_some(), "an older one that ends takes nothing with it");
        places.leave(fourth);
        assert!(places.mail_of(device("d1")).is_none() && places.all.is_empty() && places.strangers_count == 0);
    }
}
