//! Where a process dies: between two turns, before or inside the write of a turn, or between two of its effects.

use super::chance::Chance;
use crate::store::files::FakeDisk;
use crate::store::files::fake::Change;

/// A death that waits for its turn.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Death {
    /// The power goes with it, for so long.
    pub power_off_ms: Option<u64>,
    /// It waits for a turn that writes an alarm, where most is at stake.
    pub in_alarm: bool,
}

/// Where in a turn.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Point {
    /// Inside the write, anywhere from nothing written to everything synced.
    InWrite,
    /// After the write and so many things that go outward.
    After(usize),
}

impl Point {
    /// A point in a turn that wrote and lets out so many things.
    pub(super) fn choose(outward: usize, chance: &mut Chance) -> Point {
        if chance.percent(35) { Point::InWrite } else { Point::After(chance.index(outward + 1)) }
    }
}

/// The disk as it is when a process dies inside the writes of `history`, which began on `before`: some of the changes
/// happened, of the next one perhaps a part. A power cut takes what was not synced, or leaves it: both happen on cards.
pub(super) fn torn(before: &FakeDisk, history: &[Change], power: bool, chance: &mut Chance) -> FakeDisk {
    let disk = before.copy();
    let happened = chance.index(history.len() + 1);
    for change in history.iter().take(happened) {
        disk.redo(change, None);
    }
    if let Some(Change::Append { bytes, .. }) = history.get(happened)
        && let Some(change) = history.get(happened)
    {
        disk.redo(change, Some(chance.index(bytes.len() + 1)));
    }
    if power && chance.percent(70) {
        disk.cut_power();
    }
    disk
}
