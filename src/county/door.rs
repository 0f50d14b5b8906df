//! Who takes how many places in the county's intake: no gateway may fill it while others speak.
//!
//! - Behind one connection a gateway that floods would hold up everybody: the intake fills, the broker's queue for the county fills,
//!   and a full queue drops whatever comes next, of whomever. So what a gateway sends beyond its share is left at once, without a
//!   wait and without the database, and the connection runs on at the speed of the network.
//! - Only a record has a share: its gateway sends it again until it has a receipt, so nothing is lost by leaving it. A standing or an
//!   answer is said once; thousands of retained ones come at once when the county starts, and each of them waits for room.
//! - Alarms have a share of their own, so that a gateway's own readings and events never cost it one.
//! - Whoever may not speak here shares a few places with all others who may not, and takes nobody's watch: made-up names push out
//!   no gateway.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex, PoisonError};

use tokio::time::Instant;

use super::ingest::{Speaker, admit};
use crate::core::id::StationId;
use crate::core::sequence::Lane;
use crate::limits::border::{COUNTY_SHARE_MAX, COUNTY_SHARE_UNWATCHED_MAX, COUNTY_SPEAKERS_MAX, COUNTY_SPEAKING};
use crate::relay::message::Topic;

/// The places of one connection's intake.
#[derive(Debug, Clone)]
pub(super) struct Door {
    may_speak: Arc<BTreeSet<StationId>>,
    shares: Arc<Mutex<Shares>>,
}

#[derive(Debug, Default)]
struct Shares {
    held: BTreeMap<Share, u16>,
    heard: BTreeMap<Speaker, Instant>,
    left: BTreeMap<Speaker, i64>,
}

/// What is counted together.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Share {
    /// A gateway's alarms.
    Alarms(Speaker),
    /// Its other records.
    Others(Speaker),
    /// Everything of everybody who may not speak here.
    Strangers,
}

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
    /// A door for these stations; none named: for every station.
    pub(super) fn new(may_speak: &BTreeSet<StationId>) -> Door {
        Door { may_speak: Arc::new(may_speak.clone()), shares: Arc::default() }
    }

    /// A place for a message on this topic.
    ///
    /// # Errors
    /// [`BeyondShare`]: the message is to be left; it is counted where its speaker may speak.
    pub(super) fn enter(&self, topic: &[u8], now: Instant) -> Result<Place, BeyondShare> {
        let topic = std::str::from_utf8(topic).ok().filter(|topic| admit(topic, &self.may_speak).is_ok());
        let mut shares = self.shares();
        let (share, most) = match topic.and_then(Topic::parse) {
            None if shares.speak(None, now) => (Share::Strangers, COUNTY_SHARE_UNWATCHED_MAX),
            None => (Share::Strangers, u16::MAX),
            Some((station, gateway, below)) => {
                let speaker = Speaker { station, gateway };
                let others = shares.note(speaker, now);
                let share = match below {
                    Topic::Event(Lane::Alarm) => Share::Alarms(speaker),
                    Topic::Event(Lane::Device | Lane::Reading) => Share::Others(speaker),
                    _ => return Ok(Place { door: self.clone(), share: None }),
                };
                (share, if others { shares.most(speaker) } else { u16::MAX })
            }
        };
        let held = shares.held.get(&share).copied().unwrap_or(0);
        if held >= most {
            shares.leave(share);
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
        self.shares.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Shares {
    /// Notes that `speaker` speaks, and tells whether others do too.
    fn note(&mut self, speaker: Speaker, now: Instant) -> bool {
        if self.heard.len() >= COUNTY_SPEAKERS_MAX {
            self.heard.retain(|_, at| now.duration_since(*at) < COUNTY_SPEAKING);
        }
        if self.heard.len() < COUNTY_SPEAKERS_MAX || self.heard.contains_key(&speaker) {
            self.heard.insert(speaker, now);
        }
        self.speak(Some(speaker), now)
    }

    /// Whether others than `but` speak.
    fn speak(&self, but: Option<Speaker>, now: Instant) -> bool {
        let speaks = |at: &Instant| now.duration_since(*at) < COUNTY_SPEAKING;
        self.heard.iter().any(|(other, at)| Some(*other) != but && speaks(at))
    }

    /// How many places each share of a speaker's has.
    fn most(&self, speaker: Speaker) -> u16 {
        if self.heard.contains_key(&speaker) { COUNTY_SHARE_MAX } else { COUNTY_SHARE_UNWATCHED_MAX }
    }

    /// Counts a message that is left; a stranger's own name counts for nothing.
    fn leave(&mut self, share: Share) {
        let (Share::Alarms(speaker) | Share::Others(speaker)) = share else { return };
        *self.left.entry(speaker).or_default() += 1;
        if self.left.len() > COUNTY_SPEAKERS_MAX {
            self.left.pop_first();
        }
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

    fn door(may_speak: &[&str]) -> Door {
        Door::new(&may_speak.iter().map(|station| station.parse().expect("a slug")).collect())
    }

    #[test]
    fn a_flood_leaves_room_for_others_and_for_the_gateways_own_alarms() {
        let (door, now) = (door(&[]), Instant::now());
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
        let (door, now) = (door(&[]), Instant::now());
        drop(door.enter(OTHER, now));
        let later = now + COUNTY_SPEAKING;
        let all: Vec<_> = (0..1_000).map(|_| door.enter(EVENTS, later)).collect();
        assert!(all.iter().all(Result::is_ok));
    }

    #[test]
    fn what_is_said_once_has_no_share_and_is_never_left() {
        let (door, now) = (door(&[]), Instant::now());
        drop(door.enter(OTHER, now));
        for below in ["state", "hb", "dev/d1", "resident/r01", "res/c1"] {
            let topic = format!("sw/1/st1/gw1/{below}");
            let all: Vec<_> = (0..1_000).map(|_| door.enter(topic.as_bytes(), now)).collect();
            assert!(all.iter().all(Result::is_ok), "{below}");
        }
        assert!(door.take_left().is_empty());
    }

    #[test]
    fn one_flooder_leaves_places_of_the_intake_to_others() {
        let (door, now) = (door(&[]), Instant::now());
        drop(door.enter(OTHER, now));
        let flood: Vec<_> =
            (0..1_000).flat_map(|_| [door.enter(ALARMS, now), door.enter(EVENTS, now)]).flatten().collect();
        assert!(flood.len() <= usize::from(crate::limits::COUNTY_INTAKE_MAX / 2), "{}", flood.len());
    }

    #[test]
    fn names_that_may_not_speak_push_nobody_out_and_a_gateway_beyond_the_watch_still_has_a_share() {
        let (listed, now) = (door(&["st1", "st2"]), Instant::now());
        drop(listed.enter(OTHER, now));
        let strange: Vec<_> = (0..COUNTY_SPEAKERS_MAX * 2)
            .map(|nth| listed.enter(format!("sw/1/x{nth}/gw1/ev/alarm").as_bytes(), now))
            .collect();
        assert_eq!(strange.iter().flatten().count(), usize::from(COUNTY_SHARE_UNWATCHED_MAX));
        let own: Vec<_> = (0..COUNTY_SHARE_MAX).map(|_| listed.enter(ALARMS, now)).collect();
        assert!(own.iter().all(Result::is_ok) && listed.take_left().is_empty());
        // Where every station may speak, names can fill the watch.
        let open = door(&[]);
        for nth in 0..COUNTY_SPEAKERS_MAX {
            drop(open.enter(format!("sw/1/x{nth}/gw1/hb").as_bytes(), now));
        }
        let own: Vec<_> = (0..COUNTY_SHARE_MAX).map(|_| open.enter(ALARMS, now)).collect();
        assert_eq!(own.iter().flatten().count(), usize::from(COUNTY_SHARE_UNWATCHED_MAX));
    }
}
