//! What goes wrong and when: a plan from one seed, made before anything runs, so that a run can be told and repeated.
//!
//! Harms stand on lanes. On one lane one harm follows the other; the lanes overlap as they like.

use std::collections::BTreeMap;
use std::time::Duration;

use crate::support::chance::Chance;

/// Everything that can go wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Harm {
    /// The gateway ends by SIGKILL and starts again.
    KillGateway,
    /// The gateway ends by SIGTERM and starts again, as for an update.
    UpdateGateway,
    /// The gateway stands still for a while, as on a machine that swaps.
    FreezeGateway,
    /// The county's console ends by SIGKILL and starts again.
    KillCounty,
    /// The county's broker is killed, with all that it held, and stays away for a while.
    KillCountyBroker,
    /// The county's broker stands still: connections stay, and nothing answers.
    FreezeCountyBroker,
    /// The local broker is killed, with all that nobody had fetched.
    KillLocalBroker,
    /// The local broker stands still.
    FreezeLocalBroker,
    /// Everything between the gateway and the county comes late.
    SlowLink,
    /// A few bytes at a time.
    TrickleLink,
    /// Nothing moves.
    HoldLink,
    /// What is sent to the county is taken, and never arrives.
    SwallowLink,
    /// Whoever connects to the county is reset.
    RefuseLink,
    /// The connections are closed.
    CloseLink,
    /// The connections are reset.
    ResetLink,
    /// The same harms between the county's console and its broker.
    SlowConsole,
    /// The console's connection is reset.
    ResetConsole,
    /// What passes between the console and its broker is swallowed.
    SwallowConsole,
    /// The local connection of the gateway is reset.
    ResetLocal,
    /// The line to the county carries 16 kbit a second.
    NarrowLine,
    /// The line carries 64 kbit a second, shared by classes.
    SharedLine,
    /// The line is cut: packets go nowhere.
    CutLine,
    /// The disk has no room left.
    DiskFull,
    /// The disk does not answer.
    DiskHangs,
    /// The disk goes read-only for good, until it is repaired and the gateway started.
    DiskReadOnly,
    /// The wall clock jumps by years.
    ClockYears,
    /// The wall clock jumps back by hours.
    ClockHoursBack,
    /// The wall clock stands in 1970.
    Clock1970,
    /// The hub on the serial port is pulled out, and comes back under another number.
    UnplugHub,
    /// The modem is pulled out, and comes back under another number.
    UnplugModem,
    /// One command in five fails at the modem.
    MoodyModem,
}

use Harm as H;

/// The lanes: the shortest and longest pause before each harm, how long a harm lasts, and the harms.
const LANES: [(&str, Range, Range, &[Harm]); 7] = [
    ("gateway", (8_000, 20_000), (1_500, 4_000), &[H::KillGateway, H::KillGateway, H::UpdateGateway, H::FreezeGateway]),
    (
        "county",
        (8_000, 20_000),
        (2_000, 10_000),
        &[H::KillCounty, H::KillCountyBroker, H::FreezeCountyBroker, H::KillCounty],
    ),
    ("local", (20_000, 50_000), (1_000, 5_000), &[H::KillLocalBroker, H::FreezeLocalBroker, H::ResetLocal]),
    (
        "link",
        (3_000, 12_000),
        (2_000, 10_000),
        &[
            H::SlowLink,
            H::TrickleLink,
            H::HoldLink,
            H::SwallowLink,
            H::RefuseLink,
            H::CloseLink,
            H::ResetLink,
            H::SlowConsole,
            H::ResetConsole,
            H::SwallowConsole,
            H::NarrowLine,
            H::SharedLine,
            H::CutLine,
        ],
    ),
    ("disk", (25_000, 50_000), (4_000, 8_000), &[H::DiskFull, H::DiskHangs, H::DiskReadOnly]),
    ("clock", (15_000, 40_000), (5_000, 15_000), &[H::ClockYears, H::ClockHoursBack, H::Clock1970]),
    ("ports", (10_000, 30_000), (1_000, 6_000), &[H::UnplugHub, H::UnplugModem, H::MoodyModem]),
];

/// Milliseconds, from and to.
type Range = (u64, u64);

/// One harm of the plan.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Planned {
    /// So long after the one before it on its lane was over.
    pub pause: Duration,
    /// What.
    pub harm: Harm,
    /// For so long, where a harm has a length.
    pub lasts: Duration,
}

/// The harms of every lane, enough for so long. A lane begins anywhere in its round and takes every harm in turn, so that a short run
/// has as many kinds as it can.
pub fn plan(seed: u64, length: Duration) -> BTreeMap<&'static str, Vec<Planned>> {
    let lane = |(nth, (name, pauses, lengths, harms)): (usize, &(&'static str, Range, Range, &'static [Harm]))| {
        let mut chance = Chance::seeded(seed.wrapping_mul(1_000_003).wrapping_add(nth as u64));
        let mut between = |(from, to): Range| Duration::from_millis(from + chance.below(to - from));
        let first = usize::try_from(between((0, 1_000)).as_millis()).unwrap_or(0);
        let (mut planned, mut passed) = (Vec::new(), Duration::ZERO);
        for turn in first.. {
            let next = Planned { pause: between(*pauses), harm: harms[turn % harms.len()], lasts: between(*lengths) };
            passed += next.pause + next.lasts;
            if passed > length {
                break;
            }
            planned.push(next);
        }
        (*name, planned)
    };
    LANES.iter().enumerate().map(lane).collect()
}

#[test]
fn one_seed_is_one_plan_and_a_long_plan_has_every_harm() {
    let hour = Duration::from_hours(1);
    assert_eq!(plan(7, hour), plan(7, hour));
    assert_ne!(plan(7, hour), plan(8, hour));
    let kinds = |plan: &BTreeMap<&str, Vec<Planned>>| {
        let kinds: std::collections::BTreeSet<Harm> = plan.values().flatten().map(|planned| planned.harm).collect();
        kinds.len()
    };
    let all: std::collections::BTreeSet<Harm> = LANES.iter().flat_map(|lane| lane.3.iter().copied()).collect();
    assert_eq!(kinds(&plan(7, hour)), all.len());
}
