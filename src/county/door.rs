//! Who takes how many places in the county's intake: no gateway may fill it while others speak.
//!
//! Behind one connection a gateway that floods would hold up everybody: the intake fills, the broker's queue for the county fills,
//! and a full queue drops whatever comes next, of whomever. So what a gateway sends beyond its share is left at once, without a
//! wait and without the database, and the connection runs on at the speed of the network. Nothing is lost by it: a gateway sends
//! again what has no receipt. Alarms have a share of their own, so that a gateway's own readings and events never cost it one.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

use tokio::time::Instant;

use super::ingest::Speaker;
use crate::core::sequence::Lane;
use crate::limits::border::{COUNTY_SHARE_MAX, COUNTY_SPEAKERS_MAX, COUNTY_SPEAKING};
use crate::relay::message::Topic;

/// The places of one connection's intake.
#[derive(Debug, Clone, Default)]
pub(super) struct Door(Arc<Mutex<Shares>>);

#[derive(Debug, Default)]
struct Shares {
    held: BTreeMap<Share, u16>,
    heard: BTreeMap<Speaker, Instant>,
    left: BTreeMap<Speaker, i64>,
}

/// What is counted together: a gateway's alarms, or everything else it says.
type Share = (Speaker, bool);

/// A place in the intake, given back when it is dropped.
#[derive(Debug)]
pub(super) struct Place {
    door: Door,
    share: Option<Share>,
}

/// The gateway has its share already.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct BeyondShare;

impl Door {
    /// A place for a message on this topic.
    ///
    /// # Errors
    /// [`BeyondShare`]: the message is to be left; it is counted.
    pub(super) fn enter(&self, topic: &[u8], now: Instant) -> Result<Place, BeyondShare> {
        let parsed = std::str::from_utf8(topic).ok().and_then(Topic::parse);
        // What is no topic of a gateway is refused in one step.
        let Some((station, gateway, below)) = parsed else { return Ok(Place { door: self.clone(), share: None }) };
        let speaker = Speaker { station, gateway };
        let share = (speaker, matches!(below, Topic::Event(Lane::Alarm)));
        let mut shares = self.shares();
        let others = shares.others_speak(speaker, now);
        let held = shares.held.get(&share).copied().unwrap_or(0);
        let most = if shares.heard.contains_key(&speaker) { COUNTY_SHARE_MAX } else { 0 };
        if others && held >= most {
            *shares.left.entry(speaker).or_default() += 1;
            if shares.left.len() > COUNTY_SPEAKERS_MAX {
                shares.left.pop_first();
            }
            return Err(BeyondShare);
        }
        shares.held.insert(share, held.saturating_add(1));
        drop(shares);
        Ok(Place { door: self.clone(), share: Some(share) })
    }

    /// How many messages of whom were left since this was last asked.
    pub(super) fn take_left(&self) -> BTreeMap<Speaker, i64> {
        std::mem::take(&mut self.shares().left)
    }

    fn shares(&self) -> std::sync::MutexGuard<'_, Shares> {
        // Nothing panics while holding it, and a panic ends the process.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Shares {
    /// Notes that `speaker` speaks, and tells whether others do too.
    fn others_speak(&mut self, speaker: Speaker, now: Instant) -> bool {
        if self.heard.len() >= COUNTY_SPEAKERS_MAX {
            self.heard.retain(|_, at| now.duration_since(*at) < COUNTY_SPEAKING);
        }
        if self.heard.len() < COUNTY_SPEAKERS_MAX || self.heard.contains_key(&speaker) {
            self.heard.insert(speaker, now);
        }
        let speaks = |at: &Instant| now.duration_since(*at) < COUNTY_SPEAKING;
        self.heard.iter().any(|(other, at)| *other != speaker && speaks(at))
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let Some(share) = self.share else { return };
        let mut shares = self.door.shares();
        match shares.held.get_mut(&share) {
            Some(held) if *held > 1 => *held -= 1,
            _ => {
                shares.held.remove(&share);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ALARMS: &[u8] = b"sw/1/st1/gw1/ev/alarm";
    const EVENTS: &[u8] = b"sw/1/st1/gw1/ev/device";
    const OTHER: &[u8] = b"sw/1/st2/gw1/ev/alarm";

    #[test]
    fn a_flood_leaves_room_for_others_and_for_the_gateways_own_alarms() {
        let (door, now) = (Door::default(), Instant::now());
        let honest = door.enter(OTHER, now).expect("a place");
        let flood: Vec<Place> = (0..COUNTY_SHARE_MAX).map(|_| door.enter(EVENTS, now).expect("its share")).collect();
        assert_eq!(door.enter(EVENTS, now).err(), Some(BeyondShare));
        assert!(
            door.enter(ALARMS, now).is_ok() && door.enter(OTHER, now).is_ok() && door.enter(b"nonsense", now).is_ok()
        );
        assert_eq!(door.take_left().into_values().collect::<Vec<_>>(), [1]);
        drop((flood, honest));
        assert!(door.enter(EVENTS, now).is_ok());
        assert!(door.shares().held.is_empty(), "every place is given back");
    }

    #[test]
    fn who_speaks_alone_has_all_places() {
        let (door, now) = (Door::default(), Instant::now());
        drop(door.enter(OTHER, now));
        let later = now + COUNTY_SPEAKING;
        let all: Vec<_> = (0..1_000).map(|_| door.enter(EVENTS, later)).collect();
        assert!(all.iter().all(Result::is_ok));
    }
}
