//! The village in a box: the same seed is the same trace, every sentence of the oracle holds under every fault, and the
//! oracle can say no. More seeds run in `.ci/run simulate`.

use shouwang::sim::{Faults, Report, Sabotage, Settings, run};

fn day(seed: u64, homes: u32, faults: &str, sabotage: Option<Sabotage>) -> Report {
    let faults: Faults = faults.parse().expect("known faults");
    run(&Settings { seed, days: 1, homes, faults, sabotage }, None).expect("no trace is written")
}

#[test]
fn the_same_seed_gives_the_same_trace_and_another_seed_another() {
    let (first, again, other) = (day(7, 4, "all", None), day(7, 4, "all", None), day(8, 4, "all", None));
    assert_eq!(first, again);
    assert_ne!(first.trace_sha256, other.trace_sha256);
}

#[test]
fn every_sentence_holds_on_days_without_and_with_every_fault() {
    for (seed, faults) in [(1, "none"), (2, "all"), (3, "all"), (4, "kill"), (5, "power")] {
        let report = day(seed, 6, faults, None);
        assert!(report.violations.is_empty(), "{report}");
        assert!(report.alarms > 0 && report.lost == 0, "{report}");
    }
}

#[test]
fn the_oracle_sees_a_box_that_does_wrong() {
    for sabotage in [Sabotage::DropUrgent, Sabotage::ColdStart] {
        let caught = (1..=4).any(|seed| !day(seed, 6, "kill", Some(sabotage)).violations.is_empty());
        assert!(caught, "{sabotage:?} went unseen");
    }
}
