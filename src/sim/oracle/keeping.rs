//! Nothing promised is lost: *what a person was told, what a sender was acknowledged, is in the log after every kill and
//! every power cut*, unless it was marked undurable when it was told.

use std::collections::{BTreeMap, BTreeSet};

use super::Verdicts;
use super::story::Story;
use crate::core::alarm::{Alarm, AlarmId};
use crate::core::id::Epoch;
use crate::core::sequence::{Lane, Range};
use crate::sim::county::County;
use crate::sim::gateway::Turned;
use crate::sim::rot::Loss;
use crate::sim::trace::Ms;

/// See the module.
#[derive(Debug, Default)]
pub(super) struct Keeping {
    promised: BTreeMap<AlarmId, u32>,
    /// The newest revision that the log is known to hold.
    written: BTreeMap<AlarmId, u32>,
    /// Every revision that the log took.
    all: BTreeSet<(AlarmId, u32)>,
    /// Revisions of turns whose write was interrupted: in the log or not, both are right.
    unsure: BTreeSet<(AlarmId, u32)>,
    /// Numbers that are given again.
    again: Vec<(Epoch, Lane, Range)>,
}

impl Keeping {
    /// From here on the log must hold this revision or a later one.
    pub(super) fn promise(&mut self, id: AlarmId, rev: u32) {
        let known = self.promised.entry(id).or_insert(rev);
        *known = (*known).max(rev);
    }

    /// A turn is in the log.
    pub(super) fn written(&mut self, turned: &Turned) {
        for (alarm, seq) in turned.records.iter().zip(&turned.numbers) {
            self.written.insert(alarm.id, alarm.rev);
            // Under a number that was given before, and lost, the county may hold another record.
            let again = |(epoch, lane, Range(from, to)): &(Epoch, Lane, Range)| {
                (*epoch, *lane) == (turned.epoch, Lane::Alarm) && from <= seq && seq <= to
            };
            if !self.again.iter().any(again) {
                self.all.insert((alarm.id, alarm.rev));
            }
        }
    }

    /// The end: every record that the log took is at the county.
    pub(super) fn end(&self, now: Ms, county: &County, verdicts: &mut Verdicts) {
        for (id, rev) in self.all.iter().filter(|(id, rev)| !county.has_record(*id, *rev)) {
            verdicts.against(now, "every_record_arrives", || format!("{id} rev {rev}"));
        }
    }

    /// The log has lost this, and could not help it.
    pub(super) fn lost(&mut self, loss: &Loss, kept: &BTreeMap<AlarmId, Alarm>) {
        self.again.extend(loss.again.iter().copied());
        for (id, rev) in &loss.records {
            self.all.remove(&(*id, *rev));
            for known in [&mut self.promised, &mut self.written] {
                match kept.get(id) {
                    Some(alarm) => {
                        known.entry(*id).and_modify(|rev| *rev = (*rev).min(alarm.rev));
                    }
                    None => {
                        known.remove(id);
                    }
                }
            }
        }
    }

    /// A turn may be in the log.
    pub(super) fn interrupted(&mut self, turned: &Turned) {
        self.unsure.extend(turned.records.iter().map(|alarm| (alarm.id, alarm.rev)));
    }

    /// A process opened the log: everything that was promised must be there, and nothing that nobody decided.
    pub(super) fn began(
        &mut self,
        now: Ms,
        alarms: &BTreeMap<AlarmId, Alarm>,
        story: &mut Story,
        verdicts: &mut Verdicts,
    ) {
        self.look(now, alarms, story, verdicts);
        for (id, alarm) in alarms {
            let seen = story.alarm(*id).map(|known| known.rev);
            if seen != Some(alarm.rev) {
                let explained = self.unsure.contains(&(*id, alarm.rev)) || seen.is_some_and(|seen| seen > alarm.rev);
                if !explained {
                    verdicts.against(now, "the_log_says_only_what_was_decided", || {
                        format!("{id} rev {} where rev {seen:?} was seen", alarm.rev)
                    });
                }
                story.correct(*id, Some(alarm.clone()), now);
            }
        }
        let gone: Vec<AlarmId> = story
            .all()
            .filter(|known| known.is_open() && !alarms.contains_key(&known.id))
            .map(|known| known.id)
            .collect();
        for id in gone {
            story.correct(id, None, now);
        }
        self.unsure.clear();
    }

    /// What the log holds, against what was promised and written.
    pub(super) fn look(&self, now: Ms, alarms: &BTreeMap<AlarmId, Alarm>, story: &Story, verdicts: &mut Verdicts) {
        for (id, rev) in &self.promised {
            let kept = match alarms.get(id) {
                Some(alarm) => alarm.rev >= *rev,
                // The log keeps what is closed; the ledger forgets it after a time.
                None => story.alarm(*id).is_some_and(|known| !known.is_open()),
            };
            if !kept {
                let found = alarms.get(id).map(|alarm| alarm.rev);
                verdicts.against(now, "what_was_promised_is_kept", || format!("{id} rev {rev}, found {found:?}"));
            }
        }
        for (id, rev) in &self.written {
            let older = alarms.get(id).is_some_and(|alarm| alarm.rev < *rev);
            if older {
                verdicts.against(now, "what_was_written_is_kept", || format!("{id} rev {rev}"));
            }
        }
    }
}
