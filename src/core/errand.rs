//! What a device can be told to do: the way back from here to it.

use serde::{Deserialize, Serialize};

/// Something that a device is sent to do.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Errand {
    /// Report the position every so many seconds.
    ReportEvery {
        /// Seconds.
        seconds: u32,
    },
    /// Measure the heart rate at once.
    MeasureHeartRate,
    /// Ring or vibrate, so that it can be found.
    Find,
}
