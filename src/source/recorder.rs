//! Frames as they were heard, kept for a few seconds because an installer asked: the beginning of a new decoder, or of a
//! complaint to a maker.
//!
//! Constraints:
//! - Nothing is kept unless somebody asked, for as long as they asked, and one asks at a time.
//! - Frames may carry people's names and positions: they leave only to whoever may open the control socket, and never go
//!   into a log.
//! - What waits to be fetched is bounded; what does not fit is missed and counted.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::time::Instant;

use crate::core::id::SourceId;
use crate::device::harness;
use crate::limits::{RECORDED_BYTES_MAX, RECORDED_REPLY_BYTES_MAX};

/// One frame as it was heard.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Recorded {
    /// Since the recording began.
    pub after: Duration,
    /// Its format.
    pub format: &'static str,
    /// The topic, over MQTT.
    pub topic: Option<String>,
    /// The bytes.
    pub bytes: Vec<u8>,
}

impl Recorded {
    /// The frame as a line of a vector file.
    #[must_use]
    pub fn vector(&self) -> serde_json::Value {
        let mut line = harness::line(self.format, self.topic.as_deref(), &self.bytes);
        line["at_ms"] = u64::try_from(self.after.as_millis()).unwrap_or(u64::MAX).into();
        line
    }
}

/// What was fetched.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Fetched {
    /// Frames in the order in which they were heard.
    pub frames: Vec<Recorded>,
    /// More may come.
    pub running: bool,
    /// Frames that did not fit since the recording began.
    pub missed: u64,
}

/// Records one source at a time.
#[derive(Debug, Default)]
pub struct Recorder {
    // Looked at for every frame, so that a recorder at rest costs no lock.
    running: AtomicBool,
    tape: Mutex<Option<Tape>>,
}

#[derive(Debug)]
struct Tape {
    source: SourceId,
    began: Instant,
    until: Instant,
    frames: std::collections::VecDeque<Recorded>,
    bytes: usize,
    missed: u64,
}

impl Recorder {
    /// Begins to record a source; `false` when another recording runs.
    pub fn begin(&self, source: SourceId, time: Duration, now: Instant) -> bool {
        let mut tape = self.tape();
        if tape.as_ref().is_some_and(|tape| now < tape.until) {
            return false;
        }
        *tape = Some(Tape {
            source,
            began: now,
            until: now + time,
            frames: std::collections::VecDeque::new(),
            bytes: 0,
            missed: 0,
        });
        self.running.store(true, Ordering::Relaxed);
        true
    }

    /// Keeps a frame, if its source is recorded.
    pub(super) fn hear(&self, source: SourceId, format: &'static str, topic: Option<&str>, bytes: &[u8], now: Instant) {
        if !self.running.load(Ordering::Relaxed) {
            return;
        }
        let mut tape = self.tape();
        let Some(tape) = tape.as_mut().filter(|tape| tape.source == source) else { return };
        if now >= tape.until {
            self.running.store(false, Ordering::Relaxed);
        } else if tape.bytes + bytes.len() > RECORDED_BYTES_MAX {
            tape.missed += 1;
        } else {
            tape.bytes += bytes.len();
            let (after, topic) = (now - tape.began, topic.map(str::to_owned));
            tape.frames.push_back(Recorded { after, format, topic, bytes: bytes.to_vec() });
        }
    }

    /// Takes what has been recorded so far.
    pub fn fetch(&self, now: Instant) -> Fetched {
        let mut slot = self.tape();
        let Some(tape) = slot.as_mut() else { return Fetched::default() };
        let (mut frames, mut bytes) = (Vec::new(), 0);
        while bytes < RECORDED_REPLY_BYTES_MAX
            && let Some(frame) = tape.frames.pop_front()
        {
            bytes += frame.bytes.len();
            frames.push(frame);
        }
        tape.bytes -= bytes;
        let fetched = Fetched { frames, running: now < tape.until || !tape.frames.is_empty(), missed: tape.missed };
        if !fetched.running {
            *slot = None;
            self.running.store(false, Ordering::Relaxed);
        }
        fetched
    }

    fn tape(&self) -> MutexGuard<'_, Option<Tape>> {
        self.tape.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn id(text: &str) -> SourceId {
        text.parse().expect("an id")
    }

    #[tokio::test(start_paused = true)]
    async fn one_source_is_recorded_for_its_time_and_no_other() {
        let (recorder, now) = (Recorder::default(), Instant::now());
        recorder.hear(id("hub"), "json_lines", None, b"before", now);
        assert!(recorder.begin(id("hub"), Duration::from_secs(5), now));
        assert!(!recorder.begin(id("other"), Duration::from_secs(5), now), "one at a time");
        recorder.hear(id("hub"), "json_lines", None, b"a", now + Duration::from_secs(1));
        recorder.hear(id("other"), "json_lines", None, b"b", now + Duration::from_secs(1));
        let fetched = recorder.fetch(now + Duration::from_secs(2));
        assert_eq!(fetched.frames.iter().map(|frame| frame.bytes.as_slice()).collect::<Vec<_>>(), [b"a"]);
        assert!(fetched.running);
        recorder.hear(id("hub"), "json_lines", None, b"late", now + Duration::from_secs(5));
        assert_eq!(recorder.fetch(now + Duration::from_secs(6)), Fetched::default());
        assert!(recorder.begin(id("other"), Duration::from_secs(5), now + Duration::from_secs(6)));
    }

    #[tokio::test(start_paused = true)]
    async fn what_does_not_fit_is_missed_and_counted() {
        let (recorder, now) = (Recorder::default(), Instant::now());
        assert!(recorder.begin(id("hub"), Duration::from_secs(5), now));
        let frame = vec![0; RECORDED_BYTES_MAX / 4];
        for _ in 0..6 {
            recorder.hear(id("hub"), "json_lines", None, &frame, now);
        }
        let mut frames = 0;
        loop {
            let fetched = recorder.fetch(now + Duration::from_secs(9));
            frames += fetched.frames.len();
            assert_eq!(fetched.missed, 2);
            if !fetched.running {
                break;
            }
        }
        assert_eq!(frames, 4);
    }
}
