//! What radio loses: a little always, and in a burst half of everything.
//!
//! A microwave oven, a van before the aerial, rain: losses come together, so that a press and its repeat go the same way.

use std::collections::BTreeMap;

use super::chance::Chance;
use super::place::Wire;
use super::trace::Ms;

const MINUTE: Ms = 60_000;

/// Lost of a thousand frames in fair air, and in a burst. judgement: of a house where the bridge stands well.
const FAIR: u64 = 3;
const BURST: u64 = 500;

/// The air of the village.
#[derive(Debug)]
pub(super) struct Ether {
    chance: Chance,
    /// The newest burst on every wire: from, until.
    bursts: BTreeMap<Wire, (Ms, Ms)>,
}

impl Ether {
    /// Fair air.
    pub(super) fn new(seed: u64) -> Ether {
        Ether { chance: Chance::stream(seed, "ether", 0), bursts: BTreeMap::new() }
    }

    /// Whether a frame that leaves now is lost. What comes over a connection is not: it is repeated below us.
    pub(super) fn loses(&mut self, now: Ms, wire: Wire) -> bool {
        if wire == Wire::Watches {
            return false;
        }
        let chance = &mut self.chance;
        let mut draw = |after: Ms| {
            let from = after + chance.between(20 * MINUTE, 8 * 60 * MINUTE);
            (from, from + chance.between(4_000, 90_000))
        };
        let (mut from, mut until) = self.bursts.get(&wire).copied().unwrap_or_else(|| draw(0));
        while until <= now {
            (from, until) = draw(until);
        }
        self.bursts.insert(wire, (from, until));
        self.chance.per_mille(if now >= from { BURST } else { FAIR })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn losses_come_in_bursts() {
        let mut ether = Ether::new(1);
        let lost: Vec<Ms> = (0..200_000).map(|n| n * 500).filter(|now| ether.loses(*now, Wire::Zigbee)).collect();
        let close = lost.windows(2).filter(|pair| pair[1] - pair[0] <= 2_000).count();
        assert!((400..3_000).contains(&lost.len()), "{}", lost.len());
        assert!(close * 10 > lost.len() * 4, "{close} of {} soon after another", lost.len());
        assert!(!(0..10_000).any(|now| ether.loses(now, Wire::Watches)));
    }
}
