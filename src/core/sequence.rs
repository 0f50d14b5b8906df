//! Numbers towards the county: which record of which lane.

use serde::{Deserialize, Serialize};

use super::word::words;

words! {
    /// A sequence towards the county: `(gateway, epoch, lane, seq)` is gap-free.
    Lane {
        /// Alarms: never dropped.
        Alarm = "alarm",
        /// Events of devices and sources.
        Device = "device",
        /// Readings.
        Reading = "reading",
    }
}

/// A whole number of records `from..=to` of a lane.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Range(pub u64, pub u64);

words! {
    /// Why records were dropped.
    SkipReason {
        /// The reading lane's byte budget is used up: oldest first.
        Budget = "budget",
        /// The disk is full: readings stop first.
        DiskFull = "disk_full",
        /// The segment that held them was damaged.
        Damaged = "damaged",
        /// They have the receipt of the sequence before, and are not sent again under this one.
        Receipted = "receipted",
    }
}
