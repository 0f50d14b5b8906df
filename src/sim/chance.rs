//! All chance of the village: SplitMix64 from one seed, so that the same seed is the same village on every machine.
//!
//! Whoever draws has a stream of its own ([`Chance::stream`]), so that one more draw in one place moves nothing in the
//! others.

/// A stream of draws.
#[derive(Debug, Clone)]
pub struct Chance {
    state: u64,
}

/// Step of SplitMix64. Source: Steele, Lea and Flood, "Fast splittable pseudorandom number generators", 2014: 2^64 / φ,
/// made odd.
const STEP: u64 = 0x9E37_79B9_7F4A_7C15;

impl Chance {
    /// The stream of that name under a seed.
    pub fn stream(seed: u64, name: &str, number: u64) -> Chance {
        let mut chance = Chance { state: seed };
        for byte in name.bytes() {
            chance.state = chance.draw() ^ u64::from(byte);
        }
        chance.state = chance.draw() ^ number;
        chance
    }

    /// 64 bits.
    pub fn draw(&mut self) -> u64 {
        self.state = self.state.wrapping_add(STEP);
        let mut mixed = self.state;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        mixed ^ (mixed >> 31)
    }

    /// A number below `bound`; 0 when the bound is 0.
    pub fn below(&mut self, bound: u64) -> u64 {
        let product = u128::from(self.draw()) * u128::from(bound);
        u64::try_from(product >> 64).unwrap_or(0)
    }

    /// A number from `low` to `high`, both included.
    pub fn between(&mut self, low: u64, high: u64) -> u64 {
        low + self.below(high.saturating_sub(low).saturating_add(1))
    }

    /// True that often in a hundred.
    pub fn percent(&mut self, percent: u64) -> bool {
        self.below(100) < percent
    }

    /// True that often in a thousand.
    pub fn per_mille(&mut self, per_mille: u64) -> bool {
        self.below(1000) < per_mille
    }

    /// An index below `len`; 0 when there is nothing to choose from.
    pub fn index(&mut self, len: usize) -> usize {
        usize::try_from(self.below(len as u64)).unwrap_or(0)
    }

    /// How often something happens that happens `per_hundred` times in a hundred: whole part surely, the rest by chance.
    pub fn times(&mut self, per_hundred: u64) -> u64 {
        per_hundred / 100 + u64::from(self.percent(per_hundred % 100))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_stream_is_its_seed_and_name() {
        let first: Vec<u64> = (0..4).map(|_| Chance::stream(1, "a", 0).draw()).collect();
        assert!(first.iter().all(|draw| *draw == first[0]));
        assert_ne!(Chance::stream(1, "a", 0).draw(), Chance::stream(1, "b", 0).draw());
        assert_ne!(Chance::stream(1, "a", 0).draw(), Chance::stream(1, "a", 1).draw());
        assert_ne!(Chance::stream(1, "a", 0).draw(), Chance::stream(2, "a", 0).draw());
    }

    #[test]
    fn draws_stay_in_their_bounds_and_reach_them() {
        let mut chance = Chance::stream(7, "bounds", 0);
        let draws: Vec<u64> = (0..1000).map(|_| chance.between(3, 6)).collect();
        assert_eq!((draws.iter().min(), draws.iter().max()), (Some(&3), Some(&6)));
        assert_eq!((chance.below(0), chance.index(0)), (0, 0));
        let hits = (0..10_000).filter(|_| chance.percent(20)).count();
        assert!((1800..2200).contains(&hits), "{hits}");
    }
}
