//! What the services say of themselves: to standard error, which the journal takes.

use tracing_subscriber::EnvFilter;

use crate::config::station::LogLevel;

/// Begins to log at the configured level; `RUST_LOG` narrows or widens it for one run.
pub(super) fn begin(level: LogLevel) {
    let level = level.word();
    let filter = EnvFilter::try_from_default_env()
        .unwrap_or_else(|_| EnvFilter::new(format!("{level},sled=warn,rumqttc=warn,sqlx=warn")));
    tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_writer(std::io::stderr)
        .with_ansi(false)
        // Told on standard error, a line that could not be written there would be a panic, and the end of the station.
        .log_internal_errors(false)
        .init();
}

/// Begins to log to a file, for a verb whose terminal tells something else.
#[cfg(feature = "demo")]
pub(super) fn begin_in_file(path: &std::path::Path) -> std::io::Result<()> {
    let file = std::sync::Mutex::new(std::fs::File::create(path)?);
    let filter = EnvFilter::try_from_default_env().unwrap_or_else(|_| EnvFilter::new("info,rumqttd=warn"));
    tracing_subscriber::fmt().with_env_filter(filter).with_writer(file).with_ansi(false).init();
    Ok(())
}
