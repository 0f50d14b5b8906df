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
        /// The supply flickers: three power cuts within a minute, three unclean starts.
        Flicker = "flicker",
        /// Nothing arrives any more on the connection to the county, and nobody is told; or everything takes many seconds.
        Limp = "limp",
        /// Crystals are off, boots begin in 1970 or in the future, the network's time comes late or never, or is wrong for a while.
        Clock = "clock",
        /// The county commits after minutes, or is away for hours.
        County = "county",
        /// The county's database is put back from an old copy, or is empty.
        Restored = "restored",
        /// Receipts that nobody gave: of another epoch, for what was never sent.
        Forged = "forged",
        /// The disk takes seconds to sync.
        Slow = "slow",
        /// The disk says that it has synced, and has not.
        Lie = "lie",
        /// Bits rot in the log while the process is down, or the state index is lost.
        Rot = "rot",
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
    /// Three power cuts within a minute.
    Flicker,
    /// The connection to the county stands, and nothing comes through.
    HalfOpen,
    /// What is on the way to the county or back takes long.
    SlowLink,
    /// The network's time is wrong by so much.
    NetworkTime {
        /// By how much.
        off_ms: i64,
    },
    /// The county's transactions take long.
    SlowCounty,
    /// The county is away; its broker is not.
    CountyAway,
    /// The county's database is another one.
    Restored {
        /// An empty one, and not an old copy.
        empty: bool,
    },
    /// Somebody sends receipts.
    Forged,
    /// A sync takes long.
    SlowDisk,
    /// A sync is said to be done, and is not.
    LyingDisk,
    /// Something on the disk rots while the process is down.
    Rot(Rot),
    /// The modem does nothing, or reaches nobody.
    Modem(Mood),
}

/// What rots.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Rot {
    /// A bit of a segment of the log; the newest, or any.
    Bit {
        /// Of the newest.
        newest: bool,
    },
    /// A page of a segment reads as zeros.
    Page,
    /// The state index.
    Index,
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
const HOUR: Ms = 60 * MINUTE;

/// Everything that goes wrong in a run, in order of time. judgement: the rates are far above life, so that a day meets
/// every kind several times and most pairs of kinds. The days after the first have a third of it each: what takes days to
/// happen finds room between two deaths, and every kind still strikes within a week.
pub(super) fn plan(faults: &Faults, seed: u64, days: u64) -> Vec<Strike> {
    let mut strikes = Vec::new();
    for fault in Fault::ALL.iter().filter(|fault| faults.has(**fault)) {
        let mut chance = Chance::stream(seed, fault.word(), 0);
        for _ in 0..chance.times(per_hundred_days(*fault) * (days + 2) / 3) {
            let at = chance.below(days * DAY);
            let (what, span) = one(*fault, &mut chance);
            let what = back_by(what, (days * DAY).saturating_sub(at));
            strikes.push(Strike { at, what, span });
            // A lie that no power cut finds out is none.
            if fault == &Fault::Lie && chance.percent(60) {
                let off_ms = chance.between(20 * SECOND, 10 * MINUTE);
                let what = Mishap::Power { off_ms, idle: chance.percent(30) };
                strikes.push(Strike { at: at + chance.below(span), what, span: 0 });
            }
        }
    }
    strikes.sort_by_key(|strike| strike.at);
    strikes
}

/// The power is back when nothing goes wrong any more.
fn back_by(mishap: Mishap, left_ms: Ms) -> Mishap {
    match mishap {
        Mishap::Power { off_ms, idle } => Mishap::Power { off_ms: off_ms.min(left_ms), idle },
        other => other,
    }
}

/// How often something goes wrong in a hundred days.
const fn per_hundred_days(fault: Fault) -> u64 {
    match fault {
        Fault::Kill => 900,
        Fault::Source => 500,
        Fault::Link | Fault::Disk | Fault::Forged => 400,
        Fault::Power | Fault::Broker | Fault::Limp | Fault::Clock | Fault::Slow | Fault::Modem => 300,
        Fault::Deaf => 200,
        Fault::County => 120,
        Fault::Flicker | Fault::Lie | Fault::Rot => 100,
        Fault::Restored => 70,
        Fault::Repeat => 0,
    }
}

fn one(fault: Fault, chance: &mut Chance) -> (Mishap, Ms) {
    match fault {
        Fault::Kill | Fault::Repeat => (Mishap::Kill { idle: chance.percent(20) }, 0),
        Fault::Power => {
            let off_ms = if chance.percent(15) {
                chance.between(HOUR, 5 * HOUR)
            } else {
                chance.between(20 * SECOND, 30 * MINUTE)
            };
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
        Fault::Flicker => (Mishap::Flicker, 0),
        Fault::Limp if chance.percent(50) => (Mishap::HalfOpen, chance.between(10 * SECOND, 3 * MINUTE)),
        Fault::Limp => (Mishap::SlowLink, chance.between(MINUTE, 20 * MINUTE)),
        Fault::Clock => {
            let years = chance.percent(40);
            let far = if years { chance.between(365, 5 * 366) * DAY } else { chance.between(MINUTE, 12 * HOUR) };
            let off_ms = i64::try_from(far).unwrap_or(0) * if chance.percent(50) { 1 } else { -1 };
            (Mishap::NetworkTime { off_ms }, chance.between(10 * SECOND, 40 * MINUTE))
        }
        Fault::County if chance.percent(75) => (Mishap::SlowCounty, chance.between(MINUTE, 20 * MINUTE)),
        Fault::County => (Mishap::CountyAway, chance.between(20 * MINUTE, 4 * HOUR)),
        Fault::Restored => (Mishap::Restored { empty: chance.percent(50) }, 0),
        Fault::Forged => (Mishap::Forged, 0),
        Fault::Slow => (Mishap::SlowDisk, chance.between(10 * SECOND, 15 * MINUTE)),
        Fault::Lie => (Mishap::LyingDisk, chance.between(MINUTE, 60 * MINUTE)),
        Fault::Rot => {
            let what = match chance.below(4) {
                0 => Rot::Bit { newest: true },
                1 => Rot::Bit { newest: false },
                2 => Rot::Page,
                _ => Rot::Index,
            };
            (Mishap::Rot(what), 0)
        }
    }
}

impl Mishap {
    /// Its word, in reports. Those of one word overlap, and are over when the last one is.
    pub(super) const fn word(self) -> &'static str {
        match self {
            Mishap::Kill { .. } => "kill",
            Mishap::Power { .. } => "power",
            Mishap::Link => "link",
            Mishap::Broker => "broker",
            Mishap::Deaf => "deaf",
            Mishap::LocalBroker => "local_broker",
            Mishap::Bridge => "bridge",
            Mishap::Unplug => "unplug",
            Mishap::DiskFails(..) => "disk_fails",
            Mishap::DiskFull => "disk_full",
            Mishap::Flicker => "flicker",
            Mishap::HalfOpen => "half_open",
            Mishap::SlowLink => "slow_link",
            Mishap::NetworkTime { .. } => "network_time",
            Mishap::SlowCounty => "slow_county",
            Mishap::CountyAway => "county_away",
            Mishap::Restored { .. } => "restored",
            Mishap::Forged => "forged",
            Mishap::SlowDisk => "slow_disk",
            Mishap::LyingDisk => "lying_disk",
            Mishap::Rot(_) => "rot",
            Mishap::Modem(_) => "modem",
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
