//! What goes wrong, and when.

use std::collections::BTreeSet;
use std::fmt;
use std::str::FromStr;

use super::chance::Chance;
use super::person::DAY;
use super::street::Mood;
use super::trace::Ms;
use crate::core::word::words;
use crate::store::files::fake::{Call, Fault as DiskFault};

words! {
    /// A kind of thing that goes wrong.
    Fault {
        /// The process is killed, between any two effects and inside a write.
        Kill = "kill",
        /// The power is cut: what was not synced is lost, in any prefix; the box boots after an unknown time.
        Power = "power",
        /// The county cannot be reached.
        Link = "link",
        /// The county's broker acknowledges and loses everything.
        Broker = "broker",
        /// The county commits and gives no receipts.
        Deaf = "deaf",
        /// The local broker, the bridge or the serial adapter is gone.
        Source = "source",
        /// The disk is full, fails to write or fails to sync.
        Disk = "disk",
        /// Messages come twice, and late.
        Repeat = "repeat",
        /// The modem hangs, or finds no network.
        Modem = "modem",
    }
}

/// The kinds of fault of a run.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Faults(BTreeSet<Fault>);

impl Faults {
    /// Nothing goes wrong.
    #[must_use]
    pub fn none() -> Faults {
        Faults::default()
    }

    /// Everything goes wrong.
    #[must_use]
    pub fn all() -> Faults {
        Faults(Fault::ALL.iter().copied().collect())
    }

    /// Only this.
    #[must_use]
    pub fn only(fault: Fault) -> Faults {
        Faults(BTreeSet::from([fault]))
    }

    pub(super) fn has(&self, fault: Fault) -> bool {
        self.0.contains(&fault)
    }
}

/// A word that names no fault.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("'{word}' is no fault; none, all, or a list of: {}", Fault::ALL.iter().map(|fault| fault.word()).collect::<Vec<_>>().join(", "))]
pub struct FaultsError {
    /// The word.
    pub word: String,
}

impl FromStr for Faults {
    type Err = FaultsError;

    fn from_str(text: &str) -> Result<Self, FaultsError> {
        match text {
            "none" => return Ok(Faults::none()),
            "all" => return Ok(Faults::all()),
            _ => {}
        }
        let one =
            |word: &str| Fault::from_word(word.trim()).ok_or_else(|| FaultsError { word: word.trim().to_owned() });
        text.split(',').map(one).collect::<Result<_, _>>().map(Faults)
    }
}

impl fmt::Display for Faults {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0.len() {
            0 => f.write_str("none"),
            all if all == Fault::ALL.len() => f.write_str("all"),
            _ => f.write_str(&self.0.iter().map(|fault| fault.word()).collect::<Vec<_>>().join(",")),
        }
    }
}

/// One thing that goes wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Mishap {
    /// The process is killed at its next turn with something to write, or at once.
    Kill {
        /// At once, between two turns.
        idle: bool,
    },
    /// The power goes for so long.
    Power {
        /// For how long.
        off_ms: Ms,
        /// Between two turns.
        idle: bool,
    },
    /// No way to the county.
    Link,
    /// The county's broker forgets.
    Broker,
    /// The county gives no receipts.
    Deaf,
    /// The local broker stops.
    LocalBroker,
    /// The bridge says it is offline.
    Bridge,
    /// The serial adapter is pulled.
    Unplug,
    /// Writes or syncs fail.
    DiskFails(Call, DiskFault),
    /// The disk is full.
    DiskFull,
    /// The modem does nothing, or reaches nobody.
    Modem(Mood),
}

/// A mishap, when, and for how long.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Strike {
    /// When.
    pub at: Ms,
    /// What.
    pub what: Mishap,
    /// For how long; 0 for what is over at once.
    pub span: Ms,
}

const SECOND: Ms = 1_000;
const MINUTE: Ms = 60 * SECOND;

/// Everything that goes wrong in a run, in order of time. judgement: the rates are far above life, so that a day meets
/// every kind several times and most pairs of kinds.
pub(super) fn plan(faults: &Faults, seed: u64, days: u64) -> Vec<Strike> {
    let mut strikes = Vec::new();
    for fault in Fault::ALL.iter().filter(|fault| faults.has(**fault)) {
        let mut chance = Chance::stream(seed, fault.word(), 0);
        let a_day = match fault {
            Fault::Kill => 9,
            Fault::Source => 5,
            Fault::Link | Fault::Disk => 4,
            Fault::Power | Fault::Broker => 3,
            Fault::Deaf => 2,
            Fault::Modem => 3,
            Fault::Repeat => 0,
        };
        for _ in 0..a_day * days {
            let at = chance.below(days * DAY);
            let (what, span) = one(*fault, &mut chance);
            strikes.push(Strike { at, what, span });
        }
    }
    strikes.sort_by_key(|strike| strike.at);
    strikes
}

fn one(fault: Fault, chance: &mut Chance) -> (Mishap, Ms) {
    match fault {
        Fault::Kill | Fault::Repeat => (Mishap::Kill { idle: chance.percent(20) }, 0),
        Fault::Power => {
            let off_ms = chance.between(20 * SECOND, 30 * MINUTE);
            (Mishap::Power { off_ms, idle: chance.percent(30) }, 0)
        }
        Fault::Link => (Mishap::Link, chance.between(10 * SECOND, 40 * MINUTE)),
        Fault::Broker => (Mishap::Broker, chance.between(5 * SECOND, 3 * MINUTE)),
        Fault::Deaf => (Mishap::Deaf, chance.between(10 * SECOND, 2 * MINUTE)),
        Fault::Source => match chance.below(3) {
            0 => (Mishap::LocalBroker, chance.between(2 * SECOND, 20 * MINUTE)),
            1 => (Mishap::Bridge, chance.between(10 * SECOND, 20 * MINUTE)),
            _ => (Mishap::Unplug, chance.between(2 * SECOND, 20 * MINUTE)),
        },
        Fault::Disk => {
            let what = match chance.below(5) {
                0 => Mishap::DiskFull,
                1 => Mishap::DiskFails(Call::Append, DiskFault::Eio),
                2 => Mishap::DiskFails(Call::Append, DiskFault::Erofs),
                3 => Mishap::DiskFails(Call::Sync, DiskFault::Eio),
                _ => Mishap::DiskFails(Call::Name, DiskFault::Eio),
            };
            (what, chance.between(2 * SECOND, 15 * MINUTE))
        }
        Fault::Modem => {
            let mood = if chance.percent(40) { Mood::Dead } else { Mood::NoNetwork };
            (Mishap::Modem(mood), chance.between(20 * SECOND, 25 * MINUTE))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn faults_are_named_one_by_one_or_all() {
        assert_eq!("none".parse::<Faults>(), Ok(Faults::none()));
        assert_eq!("all".parse::<Faults>(), Ok(Faults::all()));
        let two: Faults = "kill, disk".parse().expect("two faults");
        assert_eq!(two.to_string(), "kill,disk");
        assert!("kill,earthquake".parse::<Faults>().is_err());
    }

    #[test]
    fn a_plan_is_its_seed() {
        assert_eq!(plan(&Faults::all(), 3, 1), plan(&Faults::all(), 3, 1));
        assert_ne!(plan(&Faults::all(), 3, 1), plan(&Faults::all(), 4, 1));
        assert!(plan(&Faults::none(), 3, 1).is_empty());
    }
}
