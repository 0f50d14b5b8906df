//! Deliberate mistakes of the box, each in a small village: the oracle notices every one of them within a hundred seeds, and says
//! nothing of the same seeds without the mistake.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, PoisonError};
use std::thread;

use shouwang::sim::{Faults, Sabotage, Settings, run};

/// A mistake, and the weather in which it shows.
const MISTAKES: [(Sabotage, &str); 17] = [
    (Sabotage::SkipCommit, "power"),
    (Sabotage::DropUrgent, "none"),
    (Sabotage::ColdStart, "kill"),
    (Sabotage::SkipSync, "power"),
    (Sabotage::DropWrite, "none"),
    (Sabotage::ForgetRound, "kill"),
    (Sabotage::WallDuration, "clock"),
    (Sabotage::RemoveOnPuback, "broker"),
    (Sabotage::PirCancelsFall, "none"),
    (Sabotage::SingleLane, "slow"),
    (Sabotage::AckBeforeCommit, "none"),
    (Sabotage::RunTwice, "repeat"),
    (Sabotage::NumbersTwice, "kill"),
    (Sabotage::OldEpochReceipt, "forged"),
    (Sabotage::LostDeadline, "kill"),
    (Sabotage::EndlessLease, "kill"),
    (Sabotage::CountyAckStops, "none"),
];

const SEEDS_MAX: u64 = 100;

fn settings(seed: u64, faults: &str, sabotage: Option<Sabotage>) -> Settings {
    let faults: Faults = faults.parse().expect("faults that exist");
    Settings { seed, days: 1, homes: 6, faults, sabotage, keep: None }
}

/// The first sentence that a run broke.
fn broken(settings: &Settings) -> Option<&'static str> {
    let report = run(settings, None).expect("no file is written");
    report.violations.first().map(|violation| violation.sentence)
}

#[test]
fn every_mistake_is_noticed() {
    if cfg!(debug_assertions) {
        println!("skipped: some forty village-days want the release profile, `just mutations`");
        return;
    }
    let (next, rows) = (AtomicUsize::new(0), Mutex::new(Vec::new()));
    thread::scope(|scope| {
        for _ in 0..2 {
            scope.spawn(|| {
                while let Some((mistake, faults)) = MISTAKES.get(next.fetch_add(1, Ordering::Relaxed)) {
                    let caught = (1..=SEEDS_MAX).find_map(|seed| {
                        let sound = broken(&settings(seed, faults, None));
                        assert_eq!(sound, None, "seed {seed} with {faults} and without a mistake");
                        broken(&settings(seed, faults, Some(*mistake))).map(|sentence| (seed, sentence))
                    });
                    rows.lock().unwrap_or_else(PoisonError::into_inner).push((mistake.word(), *faults, caught));
                }
            });
        }
    });
    let mut rows = rows.into_inner().unwrap_or_else(PoisonError::into_inner);
    rows.sort_unstable();
    println!("{:<20} {:<12} {:>4}  sentence", "mistake", "weather", "seed");
    for (mistake, faults, caught) in &rows {
        let (seed, sentence) =
            caught.map_or(("-".to_owned(), "not noticed"), |(seed, sentence)| (seed.to_string(), sentence));
        println!("{mistake:<20} {faults:<12} {seed:>4}  {sentence}");
    }
    assert_eq!(rows.len(), Sabotage::ALL.len(), "every mistake has its row");
    assert!(rows.iter().all(|(.., caught)| caught.is_some()), "the table above says which mistake was not noticed");
}
