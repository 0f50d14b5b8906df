//! Where a process dies: between two turns, before or inside the write of a turn, or between two of its effects.

use super::chance::Chance;
use crate::store::files::FakeDisk;
use crate::store::files::fake::{AtRisk, Change};

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

/// The disk as it is when a process dies inside a turn's writes. `before` is an older state of it and `history` everything that
/// was done since, the turn's own writes from `mark` on: of these some happened, of the next one perhaps a part.
pub(super) fn torn(before: &FakeDisk, history: &[Change], mark: usize, chance: &mut Chance) -> FakeDisk {
    let happened = mark + chance.index(history.len() - mark + 1);
    for change in history.iter().take(happened) {
        before.redo(change, None);
    }
    if let Some(Change::Append { bytes, .. }) = history.get(happened)
        && let Some(change) = history.get(happened)
    {
        before.redo(change, Some(chance.index(bytes.len() + 1)));
    }
    before.copy()
}

/// The power goes: what was not synced is lost, or parts of it had reached the card, in any order. Whether there may be holes then.
pub(super) fn cut_power(disk: &FakeDisk, chance: &mut Chance) -> bool {
    let at_risk = disk.at_risk();
    if at_risk.is_empty() || chance.percent(70) {
        disk.cut_power();
        return false;
    }
    let kept: Vec<AtRisk> = at_risk.into_iter().filter(|_| chance.percent(50)).collect();
    disk.cut_power_keeping(&kept, 0);
    true
}
