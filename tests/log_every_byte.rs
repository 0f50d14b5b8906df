//! A scripted hour with 20 alarms, cut at every byte of every write: nothing that was acknowledged is missing, and
//! what was torn is named.

mod village_log;

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::sync::Arc;

use shouwang::store::Report;
use shouwang::store::files::Files;
use shouwang::store::files::fake::{Change, FakeDisk};
use shouwang::store::log::{Log, Stream};
use village_log::hour::{Acknowledged, examine, hour, known_at};

/// The log at every byte: opening it brings back exactly what was there before the write that was cut, and names the
/// rest. Equal files are equal stores, so what holds before the write holds after the cut.
fn reopen(cut: &FakeDisk, before: &BTreeMap<String, Vec<u8>>, place: &str) -> u64 {
    let mut torn = 0;
    for stream in [Stream::Urgent, Stream::Routine] {
        let opened = Log::open(Arc::new(cut.clone()), stream).expect("opens");
        assert_eq!(opened.missing, [], "{place}");
        torn += opened.torn.map_or(0, |torn| torn.bytes);
    }
    assert!(segments(cut) == *before, "{place}");
    torn
}

fn segments(disk: &FakeDisk) -> BTreeMap<String, Vec<u8>> {
    let names = disk.list().expect("listed").into_iter().filter(|name| !name.contains(".torn-"));
    names.map(|name| (name.clone(), disk.contents(&name).expect("there"))).collect()
}

/// Cuts at every byte of every change; this thread does its part of them.
fn cut_everywhere(history: &[Change], acknowledged: &[Acknowledged], part: usize, parts: usize) -> (usize, usize) {
    let (disk, mut cuts, mut torn) = (FakeDisk::new(), 0, 0);
    let mut unborn = BTreeSet::new();
    for (number, change) in history.iter().enumerate() {
        let known = known_at(acknowledged, number);
        match change {
            Change::Create { file, .. } => unborn.insert(*file),
            Change::Rename { .. } => std::mem::take(&mut unborn).is_empty(),
            _ => false,
        };
        let (bytes, born) = match change {
            Change::Append { bytes, file } => (bytes.len(), !unborn.contains(file)),
            _ => (0, false),
        };
        let mut before = segments(&disk);
        before.retain(|name, _| Path::new(name).extension().is_none_or(|ending| ending != "new"));
        for prefix in (0..bytes).filter(|prefix| prefix % parts == part) {
            let place = format!("change {number} byte {prefix} of {bytes}");
            let cut = disk.copy();
            cut.redo(change, Some(prefix));
            let named = reopen(&cut, &before, &place);
            // A segment that is not born yet leaves nothing to name.
            assert_eq!(named, if born { prefix as u64 } else { 0 }, "{place}");
            torn += usize::from(named > 0);
            cuts += 1;
        }
        // The whole store, at a few places of each change: cut there, and with what was not synced gone too.
        for prefix in [0, bytes / 3, bytes].into_iter().filter(|prefix| (number + prefix) % parts == part) {
            let place = format!("change {number} byte {prefix} of {bytes}, the whole store");
            let cut = disk.copy();
            cut.redo(change, (bytes > 0).then_some(prefix));
            let lost = cut.copy();
            let said = examine(&cut, known, &place);
            assert!(said.iter().all(|report| matches!(report, Report::Torn(_))), "{place}: {said:?}");
            lost.cut_power();
            assert_eq!(examine(&lost, known, &format!("{place}, unsynced bytes lost")), []);
            cuts += 1;
        }
        disk.redo(change, None);
    }
    (cuts, torn)
}

#[test]
fn nothing_acknowledged_is_missing_after_a_cut_at_any_byte() {
    let disk = FakeDisk::new();
    disk.record();
    let acknowledged = hour(&disk);
    let history = disk.history();
    assert!(history.iter().filter(|change| matches!(change, Change::Rename { .. })).count() > 6, "many segments");
    let (cuts, torn) = std::thread::scope(|scope| {
        let parts: Vec<_> = (0..2)
            .map(|part| {
                scope.spawn({
                    let (h, a) = (&history, &acknowledged);
                    move || cut_everywhere(h, a, part, 2)
                })
            })
            .collect();
        parts
            .into_iter()
            .map(|part| part.join().expect("holds"))
            .fold((0, 0), |sum, part| (sum.0 + part.0, sum.1 + part.1))
    });
    let bytes: usize =
        history.iter().map(|change| if let Change::Append { bytes, .. } = change { bytes.len() } else { 0 }).sum();
    println!("crash points at every byte of every append: {cuts}, {torn} torn tails named, violations 0");
    assert!(cuts > bytes, "every byte of {bytes} was tried: {cuts}");
    // Writes to a segment that exists leave a torn tail; those to one that is not born yet leave nothing.
    assert!(torn > 10_000, "{torn} torn tails were named");
}
