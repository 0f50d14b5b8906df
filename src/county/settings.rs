//! What the county console is told by its configuration.

use std::collections::BTreeSet;
use std::path::PathBuf;
use std::sync::Arc;

use crate::core::id::StationId;
use crate::private::Private;

/// The county's wall clock, Unix milliseconds: made once by the verb, faked in tests.
pub type Clock = Arc<dyn Fn() -> i64 + Send + Sync>;

/// Settings of the county console.
#[derive(Debug, Clone)]
pub struct Settings {
    /// The county's broker: `mqtt://HOST[:PORT]` or `mqtts://HOST[:PORT]`.
    pub broker_url: String,
    /// Certificates (PEM) of the authority that signed the broker's; needed for `mqtts`.
    pub ca_file: Option<PathBuf>,
    /// User name at the broker.
    pub username: Option<String>,
    /// Password at the broker.
    pub password: Option<Private<String>>,
    /// File of the SQLite database.
    pub database: PathBuf,
    /// A station without a heartbeat for this long is silent, in seconds.
    pub silent_after_s: u32,
    /// The stations that may speak; none listed: every station that the broker lets in.
    pub stations: BTreeSet<StationId>,
    /// Client id at the broker, unique there; the readings' connection appends `-readings`.
    pub client_id: String,
}

/// Source: ARCHITECTURE, county contract: "the county raises station silent at 180 s".
pub const SILENT_AFTER_S: u32 = 180;

/// Why the settings cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum SettingsError {
    /// The address cannot be read.
    #[error("the broker's address must look like mqtt://host:1883 or mqtts://host:8883")]
    Url,
    /// TLS without an authority.
    #[error("mqtts needs ca_file: the certificate (PEM) of the authority that signed the broker's")]
    NoAuthority,
    /// The authority's file cannot be read.
    #[error("ca_file {path} cannot be read: {error}")]
    Authority {
        /// Which file.
        path: PathBuf,
        /// What the system says.
        error: std::io::Error,
    },
    /// The authority's file holds no certificate.
    #[error("ca_file {0} holds no certificate in PEM form")]
    NoCertificate(PathBuf),
    /// The client id cannot be used.
    #[error("client_id must have 1 to 64 signs")]
    ClientId,
}
