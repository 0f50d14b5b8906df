//! What the county console is told by its configuration.

use std::collections::BTreeSet;
use std::path::PathBuf;
use std::sync::Arc;

use crate::broker::{Broker, TlsFileError};
use crate::core::id::StationId;
use crate::core::time::Rate;

/// The county's wall clock, Unix milliseconds: made once by the verb, faked in tests.
pub type Clock = Arc<dyn Fn() -> i64 + Send + Sync>;

/// Settings of the county console.
#[derive(Debug, Clone)]
pub struct Settings {
    /// The county's broker.
    pub broker: Broker,
    /// File of the SQLite database.
    pub database: PathBuf,
    /// A station without a heartbeat for this long is silent, in seconds.
    pub silent_after_s: u32,
    /// The stations that may speak; none listed: every station that the broker lets in.
    pub stations: BTreeSet<StationId>,
    /// Client id at the broker, unique there; the readings' connection appends `-readings`.
    pub client_id: String,
    /// How fast the county's clock passes.
    pub rate: Rate,
}

/// Source: ARCHITECTURE, county contract: "the county raises station silent at 180 s".
pub const SILENT_AFTER_S: u32 = 180;

/// Why the settings cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum SettingsError {
    /// The broker's certificate cannot be checked.
    #[error(transparent)]
    CaFile(#[from] TlsFileError),
    /// The client id cannot be used.
    #[error("client_id must have 1 to 64 signs")]
    ClientId,
}
