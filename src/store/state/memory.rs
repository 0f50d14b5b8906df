//! The index in memory: for tests, for the simulated village, and for a box whose disk takes no index.

use std::collections::BTreeMap;

use super::{Applied, Index, StateError};
use crate::core::alarm::{Alarm, AlarmId};
use crate::core::time::Moment;
use crate::limits::ALARM_HISTORY_MAX;

/// An index that the next start rebuilds.
#[derive(Debug, Default)]
pub struct MemoryIndex {
    // An alarm's id sorts by its onset first.
    alarms: BTreeMap<AlarmId, Alarm>,
    applied: Option<Applied>,
    words: Option<(Moment, Vec<u8>)>,
}

impl Index for MemoryIndex {
    fn applied(&self) -> Option<Applied> {
        self.applied
    }

    fn put(&mut self, alarms: &[Alarm], applied: Applied) -> Result<(), StateError> {
        for alarm in alarms {
            // A record that waits for its receipt is carried forward behind newer ones.
            if self.alarms.get(&alarm.id).is_none_or(|known| known.rev <= alarm.rev) {
                self.alarms.insert(alarm.id, alarm.clone());
            }
        }
        while self.alarms.len() > ALARM_HISTORY_MAX {
            self.alarms.pop_first();
        }
        self.applied = Some(applied);
        Ok(())
    }

    fn newest(&self, limit: usize) -> Result<Vec<Alarm>, StateError> {
        Ok(self.alarms.values().rev().take(limit).cloned().collect())
    }

    fn put_words(&mut self, at: Moment, bytes: &[u8]) -> Result<(), StateError> {
        self.words = Some((at, bytes.to_vec()));
        Ok(())
    }

    fn words(&self) -> Result<Option<(Moment, Vec<u8>)>, StateError> {
        Ok(self.words.clone())
    }

    fn make_durable(&mut self) -> Result<(), StateError> {
        Ok(())
    }

    fn clear(&mut self) -> Result<(), StateError> {
        self.alarms.clear();
        self.applied = None;
        Ok(())
    }
}
