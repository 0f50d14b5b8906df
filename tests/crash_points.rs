//! A power cut that takes any part of what was not synced, and cards that lie, rot, are swapped, put back and copied: the store
//! runs on, says so, and nothing that was acknowledged is missing without being named.

mod village_log;

use std::collections::BTreeSet;
use std::sync::atomic::{AtomicUsize, Ordering};

use shouwang::store::Report;
use shouwang::store::files::fake::{AtRisk, Change, FakeDisk};
use village_log::hour::{Acknowledged, examine, hour, known_at};

/// So many parts at risk are tried in all their combinations; of more, each alone, each missing, every beginning and every end.
const EXHAUSTIVE_PARTS: usize = 6;

/// What a sector holds that was never written: nothing, or whatever was there before.
const FILLERS: [u8; 2] = [0x00, 0xA5];

/// Which parts of those at risk had reached the card.
fn choices(parts: &[AtRisk]) -> BTreeSet<Vec<AtRisk>> {
    let of = |is_kept: &dyn Fn(usize) -> bool| {
        let kept = parts.iter().enumerate().filter(|(at, _)| is_kept(*at));
        kept.map(|(_, part)| *part).collect::<Vec<_>>()
    };
    let mut choices = BTreeSet::new();
    if parts.len() <= EXHAUSTIVE_PARTS {
        for subset in 0..1_usize << parts.len() {
            choices.insert(of(&|at| subset >> at & 1 == 1));
        }
        return choices;
    }
    for one in 0..=parts.len() {
        choices.insert(of(&|at| at == one));
        choices.insert(of(&|at| at != one));
        choices.insert(of(&|at| at < one));
        choices.insert(of(&|at| at >= one));
        choices.insert(of(&|at| at % 2 == one % 2));
    }
    choices
}

/// Cuts the power behind every change, with every choice of what reached the card; this thread does its part of them.
fn cut_everywhere(history: &[Change], acknowledged: &[Acknowledged], part: usize, parts: usize) -> usize {
    let (disk, mut cuts) = (FakeDisk::new(), 0);
    for (number, change) in history.iter().enumerate() {
        disk.redo(change, None);
        if number % parts != part {
            continue;
        }
        let known = known_at(acknowledged, number + 1);
        for kept in choices(&disk.at_risk()) {
            for filler in FILLERS {
                let cut = disk.copy();
                cut.cut_power_keeping(&kept, filler);
                let place = format!("behind change {number} with {kept:?} kept and {filler:#x} elsewhere");
                let said = examine(&cut, known, &place);
                // What was lost was never acknowledged; what is said of it names a place and makes nobody look for more.
                let is_plain = |report: &Report| matches!(report, Report::Torn(_) | Report::Missing(_));
                assert!(said.iter().all(is_plain), "{place}: {said:?}");
                cuts += 1;
            }
        }
    }
    cuts
}

#[test]
fn nothing_acknowledged_is_missing_whatever_part_of_what_was_not_synced_is_lost() {
    let disk = FakeDisk::new();
    disk.record();
    let acknowledged = hour(&disk);
    let history = disk.history();
    let cuts = AtomicUsize::new(0);
    std::thread::scope(|scope| {
        for part in 0..2 {
            let (history, acknowledged, cuts) = (&history, &acknowledged, &cuts);
            scope.spawn(move || cuts.fetch_add(cut_everywhere(history, acknowledged, part, 2), Ordering::Relaxed));
        }
    });
    let cuts = cuts.load(Ordering::Relaxed);
    println!("{cuts} power cuts behind {} changes: nothing acknowledged is missing", history.len());
    assert!(cuts > 5 * history.len(), "{cuts}");
}
