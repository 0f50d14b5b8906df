//! A program of the village's own that switches a siren or plays a sentence: started without a shell, bounded in time, and when it
//! runs on, ended with everything that it started.

use std::io;
use std::process::{ExitStatus, Stdio};
use std::time::Duration;

use rustix::process::{Pid, Signal, kill_process_group};
use tokio::process::{Child, Command};
use tokio::time::timeout;

/// A program at work. Dropped, it is killed with its children.
#[derive(Debug)]
pub(super) struct Program {
    child: Child,
    group: Option<Pid>,
}

/// Why a program did not do its part.
#[derive(Debug, thiserror::Error)]
pub(super) enum ProgramError {
    /// It cannot be started.
    #[error("it cannot be started ({0}): is it installed, and may this program run it?")]
    Start(io::Error),
    /// It ran too long.
    #[error("it did not end within {} s and was ended", .0.as_secs())]
    TooLong(Duration),
    /// It ended with an error.
    #[error("it ended with {0}")]
    Failed(ExitStatus),
}

impl Program {
    /// Starts it. It hears nothing and is not listened to.
    pub(super) fn start(command: &[String]) -> Result<Self, ProgramError> {
        let [program, arguments @ ..] = command else {
            return Err(ProgramError::Start(io::ErrorKind::InvalidInput.into()));
        };
        let child = Command::new(program)
            .args(arguments)
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .process_group(0)
            .kill_on_drop(true)
            .spawn()
            .map_err(ProgramError::Start)?;
        let group = child.id().and_then(|id| i32::try_from(id).ok()).and_then(Pid::from_raw);
        Ok(Self { child, group })
    }

    /// Waits for its end, at most so long.
    pub(super) async fn end(mut self, limit: Duration) -> Result<(), ProgramError> {
        let status = timeout(limit, self.child.wait()).await.map_err(|_| ProgramError::TooLong(limit))?;
        // It ended by itself: what it left running is meant to run, and its number may soon be somebody else's.
        self.group = None;
        match status {
            Err(why) => Err(ProgramError::Start(why)),
            Ok(status) if status.success() => Ok(()),
            Ok(status) => Err(ProgramError::Failed(status)),
        }
    }
}

impl Drop for Program {
    fn drop(&mut self) {
        // With what it started. It has not been waited for, so the number is still its own.
        if let Some(group) = self.group {
            let _ = kill_process_group(group, Signal::KILL);
        }
    }
}
