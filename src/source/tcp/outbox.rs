//! What is on its way to a device: written at once, and what the kernel does not take waits here, for a while.

use std::collections::VecDeque;
use std::io::ErrorKind;

use tokio::net::TcpStream;
use tokio::time::{Instant, timeout_at};

use crate::limits::tcp::{TCP_REPLIES_OWED_MAX, TCP_REPLY_PATIENCE, TCP_UNSENT_AGE_MAX, TCP_UNSENT_BYTES_MAX};
use crate::source::lanes::{Acknowledged, Kept};

/// The device takes nothing, or is gone.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Stuck {
    /// It reads nothing.
    NeverReads,
    /// The connection is broken.
    Gone,
}

/// Bytes that wait for room in the kernel.
#[derive(Debug, Default)]
pub(super) struct Outbox {
    bytes: Vec<u8>,
    since: Option<Instant>,
}

impl Outbox {
    /// Sends, or keeps what cannot be sent at once.
    pub(super) fn send(&mut self, stream: &TcpStream, bytes: &[u8], now: Instant) -> Result<(), Stuck> {
        if bytes.is_empty() {
            return Ok(());
        }
        if self.bytes.len() + bytes.len() > TCP_UNSENT_BYTES_MAX {
            return Err(Stuck::NeverReads);
        }
        self.bytes.extend_from_slice(bytes);
        self.since.get_or_insert(now);
        self.go_on(stream, now)
    }

    /// Sends more of what waits.
    pub(super) fn go_on(&mut self, stream: &TcpStream, now: Instant) -> Result<(), Stuck> {
        while !self.bytes.is_empty() {
            match stream.try_write(&self.bytes) {
                Ok(0) => return Err(Stuck::Gone),
                Ok(sent) => {
                    self.bytes.drain(..sent.min(self.bytes.len()));
                    self.since = Some(now);
                }
                Err(error) if matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::Interrupted) => return Ok(()),
                Err(_) => return Err(Stuck::Gone),
            }
        }
        *self = Self::default();
        Ok(())
    }

    pub(super) const fn is_empty(&self) -> bool {
        self.bytes.is_empty()
    }

    /// When it has taken too long.
    pub(super) fn due(&self) -> Option<Instant> {
        self.since.map(|since| since + TCP_UNSENT_AGE_MAX)
    }
}

/// Answers to what may alarm: given when the station says that it is on disk, and not otherwise.
#[derive(Debug, Default)]
pub(super) struct Owed(VecDeque<Answer>);

#[derive(Debug)]
struct Answer {
    kept: Acknowledged,
    received: Instant,
    bytes: Vec<u8>,
}

impl Owed {
    /// Owes an answer; whether an older one was given up for it.
    pub(super) fn owe(&mut self, kept: Acknowledged, received: Instant, bytes: Vec<u8>) -> bool {
        self.0.push_back(Answer { kept, received, bytes });
        if self.0.len() <= TCP_REPLIES_OWED_MAX {
            return false;
        }
        self.0.pop_front();
        true
    }

    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Waits until the oldest answer is due (empty when there is none to be given) or withheld (`None`); for ever
    /// while nothing is owed. It may be cancelled.
    pub(super) async fn next(&mut self) -> Option<Vec<u8>> {
        let Some(answer) = self.0.front_mut() else { return std::future::pending().await };
        let kept = timeout_at(answer.received + TCP_REPLY_PATIENCE, &mut answer.kept).await;
        let answer = self.0.pop_front()?;
        if self.0.is_empty() {
            self.0 = VecDeque::new();
        }
        match kept {
            Ok(Ok(Kept::Durable)) => Some(answer.bytes),
            // Nobody heard the call, and the watch is not told otherwise: it calls again.
            Ok(Ok(Kept::Nothing)) => Some(Vec::new()),
            Ok(Err(_)) | Err(_) => None,
        }
    }
}
