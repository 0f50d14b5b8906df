//! Seeded chance for tests that choose random moments; a failing run prints its seed.

/// A generator (SplitMix64).
pub struct Chance {
    seed: u64,
    state: u64,
}

impl Chance {
    /// From `SHOUWANG_SEED`, else a fresh one.
    pub fn from_environment() -> Chance {
        let given = std::env::var("SHOUWANG_SEED").ok().and_then(|seed| seed.parse().ok());
        let seed = given.unwrap_or_else(|| getrandom::u64().unwrap_or(1) % 1_000_000);
        Chance::seeded(seed)
    }

    /// From this seed.
    pub fn seeded(seed: u64) -> Chance {
        Chance { seed, state: seed }
    }

    /// What to give as `SHOUWANG_SEED` to repeat the run.
    pub fn seed(&self) -> u64 {
        self.seed
    }

    /// A number below `bound`.
    pub fn below(&mut self, bound: u64) -> u64 {
        self.state = self.state.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.state;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        (mixed ^ (mixed >> 31)) % bound.max(1)
    }
}
