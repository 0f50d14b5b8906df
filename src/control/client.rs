//! The socket's asking side, for the shell: blocking, one question a connection.

use std::io::{BufRead as _, BufReader, Write as _};
use std::os::unix::net::UnixStream;
use std::path::Path;

use serde::Deserialize;

use super::protocol::{Body, Reply, Request};
use crate::core::time::Moment;
use crate::limits;

/// Why a question has no answer.
#[derive(Debug, thiserror::Error)]
pub enum AskError {
    /// No daemon listens there.
    #[error(
        "the station does not answer at {path}: {source}. Is it running (systemctl status shouwang)? \
         May you open its socket (group shouwang)?"
    )]
    Unreachable {
        /// The socket.
        path: String,
        /// What the system says.
        source: std::io::Error,
    },
    /// The connection broke.
    #[error("the station's answer broke off: {0}")]
    Broken(#[from] std::io::Error),
    /// The answer is not one.
    #[error("the station's answer could not be read: {0}. Are the program and the running station of one version?")]
    Unreadable(#[from] serde_json::Error),
    /// The station says why not.
    #[error("{0}")]
    Trouble(String),
}

/// Asks one question.
///
/// # Errors
/// [`AskError`], in words for the person at the shell.
pub fn ask(socket: &Path, request: &Request) -> Result<Reply, AskError> {
    #[derive(Deserialize)]
    struct Raw {
        now: Option<Moment>,
        body: Body,
    }
    let mut stream = UnixStream::connect(socket)
        .map_err(|source| AskError::Unreachable { path: socket.display().to_string(), source })?;
    stream.set_read_timeout(Some(limits::CONTROL_CONNECTION_TIME))?;
    let mut line = serde_json::to_vec(request)?;
    line.push(b'\n');
    stream.write_all(&line)?;
    let mut answer = String::new();
    BufReader::new(stream).read_line(&mut answer)?;
    let raw: Raw = serde_json::from_str(&answer)?;
    match (raw.now, raw.body) {
        (_, Body::Trouble(sentence)) => Err(AskError::Trouble(sentence)),
        (Some(now), body) => Ok(Reply { now, body }),
        (None, _) => Err(AskError::Trouble("the station's answer carries no time".to_owned())),
    }
}
