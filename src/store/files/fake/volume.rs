//! What is on the disk, what of it is durable, and what every change does to both.

use std::collections::{BTreeMap, BTreeSet};
use std::io;
use std::sync::Arc;

use super::{AtRisk, Call, Change, Plan, Tally};

#[derive(Debug, Clone, Default)]
pub(super) struct Volume {
    /// Shared with the copies of this disk until one of them changes.
    pub(super) files: BTreeMap<u64, Arc<Body>>,
    pub(super) names: BTreeMap<String, u64>,
    pub(super) durable_names: BTreeMap<String, u64>,
    /// The names that were said to be durable by a disk that lied; none when it did not.
    pub(super) claimed_names: Option<BTreeMap<String, u64>>,
    pub(super) next_file: u64,
    pub(super) capacity: Option<u64>,
    pub(super) plans: BTreeMap<Call, Plan>,
    pub(super) hanging: bool,
    /// A sync is said to be done, and is not.
    pub(super) lying: bool,
    pub(super) history: Option<Vec<Change>>,
    pub(super) tally: Tally,
}

#[derive(Debug, Clone, Default)]
pub(super) struct Body {
    pub(super) bytes: Vec<u8>,
    /// How many of them are durable.
    pub(super) synced: usize,
    /// How many were said to be durable.
    pub(super) claimed: usize,
    /// Durable bytes beyond, which a truncation that is not synced yet has hidden.
    pub(super) hidden: Vec<u8>,
}

impl Body {
    /// Whether a power cut may change it.
    pub(super) fn is_at_risk(&self) -> bool {
        self.synced < self.bytes.len() || !self.hidden.is_empty()
    }

    /// All its bytes are durable from here on.
    pub(super) fn make_durable(&mut self) {
        self.synced = self.bytes.len();
        self.claimed = self.synced;
    }
}

impl Volume {
    /// Fails as planned.
    pub(super) fn trip(&mut self, call: Call) -> io::Result<()> {
        let Some(plan) = self.plans.get_mut(&call) else { return Ok(()) };
        if plan.grace > 0 {
            plan.grace -= 1;
            return Ok(());
        }
        let fault = plan.fault;
        plan.failures = plan.failures.saturating_sub(1);
        if plan.failures == 0 {
            self.plans.remove(&call);
        }
        Err(fault.error())
    }

    pub(super) fn used(&self) -> u64 {
        self.names.values().filter_map(|file| self.files.get(file)).map(|body| body.bytes.len() as u64).sum()
    }

    pub(super) fn change(&mut self, change: Change) {
        self.apply(&change, None);
        if let Some(history) = &mut self.history {
            history.push(change);
        }
    }

    pub(super) fn apply(&mut self, change: &Change, prefix: Option<usize>) {
        match change {
            Change::Create { name, file } => {
                self.names.insert(name.clone(), *file);
                self.files.insert(*file, Arc::default());
                self.next_file = self.next_file.max(*file + 1);
            }
            Change::Append { file, bytes } => {
                if let Some(body) = self.body_mut(*file) {
                    let bytes = prefix.and_then(|prefix| bytes.get(..prefix)).unwrap_or(bytes);
                    body.bytes.extend_from_slice(bytes);
                }
            }
            Change::Truncate { file, len } => {
                if let Some(body) = self.body_mut(*file)
                    && *len < body.bytes.len()
                {
                    let cut = body.bytes.split_off(*len);
                    let durable = body.synced.saturating_sub(*len);
                    body.hidden = cut.into_iter().take(durable).chain(body.hidden.drain(..)).collect();
                    body.synced = body.synced.min(*len);
                    body.claimed = body.claimed.min(*len);
                }
            }
            Change::Sync { file } => {
                if let Some(body) = self.body_mut(*file) {
                    body.synced = body.bytes.len();
                    body.hidden.clear();
                }
            }
            Change::Rename { from, to } => {
                if let Some(file) = self.names.remove(from) {
                    self.names.insert(to.clone(), file);
                }
                self.sweep();
            }
            Change::Remove { name } => {
                self.names.remove(name);
                self.sweep();
            }
            Change::SyncDir => {
                self.durable_names = self.names.clone();
                self.claimed_names = None;
                self.sweep();
            }
            Change::Claim { file } => self.claim(*file),
            Change::ClaimDir => self.claim_names(),
        }
    }

    pub(super) fn body_mut(&mut self, file: u64) -> Option<&mut Body> {
        self.files.get_mut(&file).map(Arc::make_mut)
    }

    pub(super) fn names_of(&self, file: u64) -> Vec<&String> {
        self.names.iter().filter(|(_, named)| **named == file).map(|(name, _)| name).collect()
    }

    pub(super) fn durable_names_of(&self, file: u64) -> Vec<&String> {
        self.durable_names.iter().filter(|(_, named)| **named == file).map(|(name, _)| name).collect()
    }

    /// The names that lead somewhere when only these changes of names had reached the card.
    pub(super) fn names_after(&self, kept: &[AtRisk]) -> BTreeMap<String, u64> {
        let came = |file: &u64| kept.contains(&AtRisk::Names { file: *file });
        let old = self.durable_names.iter().filter(|(_, file)| !came(file));
        let new = self.names.iter().filter(|(_, file)| came(file));
        old.chain(new).map(|(name, file)| (name.clone(), *file)).collect()
    }

    /// Frees files that no name leads to.
    pub(super) fn sweep(&mut self) {
        let lists = [Some(&self.names), Some(&self.durable_names), self.claimed_names.as_ref()];
        let led_to: BTreeSet<u64> = lists.into_iter().flatten().flat_map(BTreeMap::values).copied().collect();
        self.files.retain(|file, _| led_to.contains(file));
    }
}
