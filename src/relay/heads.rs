//! The heads of a station's log as the county hands them to an inspector: a list in a file, which `shouwang audit verify --against` reads.

use serde::{Deserialize, Serialize};

use crate::core::log_head::{Link, LogStream};

/// One head that the county kept.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct KeptHead {
    /// Of which station.
    pub station: String,
    /// Of which gateway.
    pub gateway: String,
    /// Under which sequence space it came.
    pub epoch: String,
    /// Of which stream.
    pub stream: LogStream,
    /// Index of the stream's newest record then.
    pub index: u64,
    /// That record's link of the chain.
    pub chain: Link,
    /// When, by the station's clock, in Unix milliseconds.
    pub at_ms: i64,
    /// What that clock was worth.
    pub at_trust: String,
    /// When it came, by the county's clock, in Unix milliseconds.
    pub received_ms: i64,
}
