//! What the disk loses although it had said that it keeps it, and what rots on it while the process is down.
//!
//! The village compares what the log held before with what can be read of it after: exactly that, and nothing else, the
//! oracle then no longer demands. The next start has to say so whenever it can know.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::RangeInclusive;
use std::sync::Arc;

use super::crash;
use super::fault::Rot;
use super::sabotage::Sabotage;
use super::village::Village;
use crate::core::alarm::{Alarm, AlarmId};
use crate::core::id::Epoch;
use crate::core::sequence::{Lane, Range};
use crate::store::files::{FakeDisk, Files};
use crate::store::log::{Item, Position, Reader, Stream, read};
use crate::store::record::{Decision, Entry};
use crate::store::{Journal, Options, Report as Opening};

/// Bytes of a page of a card. Source: the page of Linux' cache.
const PAGE_BYTES: usize = 4096;

/// Nothing older than so many segments was written while a disk lied. judgement: an hour of the worst village fills three.
const AT_RISK_SEGMENTS: u64 = 8;

/// How the state index fares beside the log.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) enum Index {
    /// It follows.
    #[default]
    Whole,
    /// It is gone.
    Lost,
    /// It knows more than the log, which lost its end.
    Ahead,
}

/// What a log holds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Held {
    /// Every record of an alarm that can be read in those segments of it that are looked at.
    pub records: BTreeSet<(AlarmId, u32)>,
    /// The alarms as the next start finds them.
    pub alarms: BTreeMap<AlarmId, Alarm>,
    /// How far each lane had come.
    pub heads: BTreeMap<Lane, u64>,
    /// Its sequence space.
    pub epoch: Option<Epoch>,
    /// The segments of the urgent stream that were read.
    pub segments: RangeInclusive<u64>,
}

/// What is gone of a log.
#[derive(Debug, Clone, Default)]
pub(super) struct Loss {
    /// Records of alarms.
    pub records: BTreeSet<(AlarmId, u32)>,
    /// Numbers above what the log remembers, in a sequence space that goes on: they will be given again.
    pub again: Vec<(Epoch, Lane, Range)>,
}

impl Held {
    /// Reads it. The disk stays as it is.
    pub(super) fn on(disk: &FakeDisk, segments: RangeInclusive<u64>) -> Held {
        let copy = disk.copy();
        let files: Arc<dyn Files> = Arc::new(copy);
        let (records, alarms, heads) = (BTreeSet::new(), BTreeMap::new(), BTreeMap::new());
        let mut held = Held { records, alarms, heads, epoch: None, segments: segments.clone() };
        let from = Some(Position { segment: *segments.start(), offset: 0 });
        if let Ok(reader) = Reader::open(Arc::clone(&files), Stream::Urgent, from) {
            for item in reader {
                let Item::Record(record) = item else { continue };
                if record.position.segment > *segments.end() {
                    break;
                }
                match Entry::read(record.kind, record.payload()) {
                    Ok(Entry::Turn(turn)) => turn.decisions.iter().for_each(|decision| held.see(decision)),
                    Ok(Entry::Carried(carried)) => held.see(&carried.decision),
                    Ok(Entry::Snapshot(_) | Entry::Block(_)) | Err(_) => {}
                }
            }
        }
        if let Ok((journal, _)) = Journal::open(files, Options::default()) {
            let books = journal.books();
            let all = books.ledger.open_alarms().chain(books.ledger.closed_alarms());
            held.alarms = all.map(|alarm| (alarm.id, alarm.clone())).collect();
            held.heads = books.ledger.lanes().into_iter().map(|(lane, progress)| (lane, progress.head)).collect();
            held.epoch = books.ledger.epoch();
        }
        held
    }

    fn see(&mut self, decision: &Decision) {
        if let Decision::Alarm { alarm, .. } = decision {
            self.records.insert((alarm.id, alarm.rev));
        }
    }

    /// What of it is gone in `after`.
    fn without(&self, after: &Held) -> Loss {
        let mut again = Vec::new();
        for (lane, head) in &self.heads {
            let there = after.heads.get(lane).copied().unwrap_or(0);
            if let Some(epoch) = self.epoch.filter(|_| there < *head) {
                again.push((epoch, *lane, Range(there + 1, *head)));
            }
        }
        Loss { records: self.records.difference(&after.records).copied().collect(), again }
    }
}

impl Village<'_> {
    /// The power goes, and with it what was not durable; of a disk that had lied, more than that.
    pub(super) fn cut_disk(&mut self) {
        let blamed = self.disk.owes() && self.settings.sabotage != Some(Sabotage::SkipSync);
        if blamed && self.held.is_none() {
            let honest = self.disk.honest();
            honest.cut_power();
            let newest = newest(&honest);
            self.held = Some(Held::on(&honest, newest.saturating_sub(AT_RISK_SEGMENTS)..=newest));
        }
        self.holed |= crash::cut_power(&self.disk, &mut self.chance);
        let Some(before) = self.held.as_ref().filter(|_| blamed) else { return };
        let after = Held::on(&self.disk, before.segments.clone());
        if !before.without(&after).again.is_empty() {
            self.trace.line(self.now, format_args!("the disk had lied"));
            *self.struck.entry("lie_found_out").or_insert(0) += 1;
            // The index is written at other times than the log: it may know better.
            if self.chance.percent(50) {
                self.index = Index::Ahead;
            }
        }
    }

    /// Something rots while the process is down.
    pub(super) fn rot(&mut self, rot: Rot) {
        if rot == Rot::Index {
            self.words = None;
            self.index = Index::Lost;
            return;
        }
        if self.held.is_some() {
            return;
        }
        let mut names = self.disk.list().unwrap_or_default();
        names.retain(|name| std::path::Path::new(name).extension().is_some_and(|ending| ending == "log"));
        if rot == (Rot::Bit { newest: true }) {
            // The newest of each stream stands last of its name.
            names.retain(|name| name.starts_with(Stream::Urgent.word()));
            names.drain(..names.len().saturating_sub(1));
        }
        let Some(name) = names.get(self.chance.index(names.len())) else { return };
        let number = name.trim_end_matches(".log").rsplit('-').next().and_then(|number| number.parse().ok());
        let of_urgent = name.starts_with(Stream::Urgent.word());
        let segment = number.filter(|_| of_urgent).unwrap_or(u64::MAX);
        self.held = Some(Held::on(&self.disk, segment..=segment));
        let bytes = self.disk.contents(name).unwrap_or_default();
        let at = self.chance.index(bytes.len());
        match rot {
            Rot::Page => {
                let from = at / PAGE_BYTES * PAGE_BYTES;
                let len = PAGE_BYTES.min(bytes.len() - from);
                self.disk.damage(name, from, &vec![0; len]);
            }
            Rot::Bit { .. } | Rot::Index => {
                let flipped = bytes.get(at).copied().unwrap_or_default() ^ (1 << self.chance.below(8));
                self.disk.damage(name, at, &[flipped]);
            }
        }
        self.trace.line(self.now, format_args!("rot in {name} at {at}"));
    }

    /// What the log holds that is about to be opened, if it may have lost something.
    pub(super) fn look_before_start(&self) -> Option<Held> {
        self.held.as_ref().map(|held| Held::on(&self.disk, held.segments.clone()))
    }

    /// A process has opened a log that may have lost something: what is gone must be said, and is no longer demanded.
    pub(super) fn look_at_damage(
        &mut self,
        epoch: Epoch,
        after: Option<Held>,
        kept: &BTreeMap<AlarmId, Alarm>,
        reports: &[Opening],
    ) {
        for report in reports {
            self.trace.line(self.now, format_args!("the store says: {report}"));
        }
        let said = |report: &&Opening| !matches!(report, Opening::FirstStart | Opening::Torn(_));
        // What was once damaged is found again, and said again, as long as it is read.
        let known = std::mem::take(&mut self.holed) || self.held.is_some();
        for report in reports.iter().filter(said).filter(|report| !matches!(report, Opening::Rebuilt { .. })) {
            let new = self.damage.insert(report.to_string());
            if new && !known {
                self.oracle.against(self.now, "no_damage_but_a_torn_tail", report.to_string());
            }
        }
        let (Some(before), Some(after)) = (self.held.take(), after) else { return };
        let mut loss = before.without(&after);
        if before.epoch != Some(epoch) {
            loss.again.clear();
        }
        let changed = before.alarms.iter().find(|(id, alarm)| kept.get(id) != Some(alarm));
        if let Some((id, _)) = changed.filter(|_| !reports.iter().any(|report| said(&report)))
            // Nobody can know that a log which ends well once went on.
            && loss.again.is_empty()
        {
            self.oracle.against(self.now, "what_is_missing_is_said", id.to_string());
        }
        self.county.doubt(&loss);
        self.oracle.lost(&loss, kept);
    }
}

/// The newest segment of the urgent stream.
fn newest(disk: &FakeDisk) -> u64 {
    read::segments(disk, Stream::Urgent).ok().and_then(|numbers| numbers.last().copied()).unwrap_or(0)
}
