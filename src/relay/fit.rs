//! Payloads measured before they are published: a packet that the broker does not take would be tried for ever.

use super::message::{AlarmMessage, AlarmRecord, DeviceMessage, ReadingMessage, encode};
use crate::core::sequence::Range;

/// A payload, and the last number it covers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fitted {
    /// The bytes.
    pub payload: Vec<u8>,
    /// The last record number in them.
    pub to: u64,
    /// Something was left out to make it fit.
    pub cut: bool,
}

/// An alarm record. What can be looked up elsewhere is cut first: the list of devices behind a fault, then older
/// notes, then evidence between the first and the newest, then homes. `None` when even that is too large.
#[must_use]
pub fn alarm(mut message: AlarmMessage, bytes_max: usize) -> Option<Fitted> {
    let to = match &message.record {
        AlarmRecord::Alarm(_) => message.seq,
        AlarmRecord::Skipped { skipped } => skipped.to.max(message.seq),
    };
    let mut cut = false;
    loop {
        let payload = encode(&message);
        if payload.len() <= bytes_max {
            return Some(Fitted { payload, to, cut });
        }
        let AlarmRecord::Alarm(body) = &mut message.record else { return None };
        if !body.behind.is_empty() {
            body.behind.truncate(body.behind.len() / 2);
        } else if !body.notes.is_empty() {
            body.notes.drain(..body.notes.len().div_ceil(2));
        } else if body.evidence.len() > 2 {
            body.evidence.drain(1..body.evidence.len().div_ceil(2));
        } else if !body.homes.is_empty() {
            body.homes.truncate(body.homes.len() / 2);
        } else {
            return None;
        }
        cut = true;
    }
}

/// A device record; the list of devices behind a source is cut if it must be.
#[must_use]
pub fn device(mut message: DeviceMessage, bytes_max: usize) -> Option<Fitted> {
    let to = message.skipped.as_ref().map_or(message.seq, |skipped| skipped.to.max(message.seq));
    let mut cut = false;
    loop {
        let payload = encode(&message);
        if payload.len() <= bytes_max {
            return Some(Fitted { payload, to, cut });
        }
        let behind = &mut message.event.as_mut().filter(|event| !event.behind.is_empty())?.behind;
        behind.truncate(behind.len() / 2);
        cut = true;
    }
}

/// Readings: as many from the front as fit. `None` when a single one does not.
#[must_use]
pub fn readings(mut message: ReadingMessage, bytes_max: usize) -> Option<Fitted> {
    loop {
        let payload = encode(&message);
        if payload.len() <= bytes_max {
            return Some(Fitted { payload, to: message.seq.1.max(message.seq.0), cut: false });
        }
        if message.batch.len() < 2 {
            return None;
        }
        // In proportion, a tenth less, and at least one less.
        let fitting = message.batch.len() * bytes_max / payload.len();
        let keep = (fitting - fitting / 10).clamp(1, message.batch.len() - 1);
        message.batch.truncate(keep);
        message.seq = Range(message.seq.0, message.seq.0 + (keep as u64 - 1));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::core::effect::{DeviceChange, DeviceEvent};
    use crate::core::id::{DeviceId, Epoch};
    use crate::core::reading::{Measure, Said};
    use crate::core::sequence::SkipReason;
    use crate::core::time::{Boot, Moment, Mono, Trust, Wall};
    use crate::relay::message::{ReadingBody, Skipped};

    const AT: Moment = Moment { boot: Boot(1), mono: Mono(1), wall: Wall(1), trust: Trust::Synced };

    fn batch(count: u64) -> ReadingMessage {
        let body = |number: u64| ReadingBody {
            dev: format!("d{number}").parse().expect("id"),
            after_ms: 0,
            said: vec![Said::level(Measure::Motion(true))],
        };
        ReadingMessage {
            epoch: Epoch(1),
            seq: Range(10, 9 + count),
            at: AT,
            batch: (0..count).map(body).collect(),
            skipped: None,
            hist: false,
        }
    }

    #[test]
    fn a_batch_is_cut_to_fit_and_says_how_far_it_reaches() {
        let fitted = readings(batch(1_000), 4_000).expect("fits");
        assert!(fitted.payload.len() <= 4_000 && fitted.payload.len() > 2_000, "{}", fitted.payload.len());
        let read: ReadingMessage = serde_json::from_slice(&fitted.payload).expect("readable");
        assert_eq!(read.seq, Range(10, fitted.to));
        assert_eq!(read.batch.len() as u64, fitted.to - 9);
        assert_eq!(readings(batch(1), 20), None);
    }

    #[test]
    fn a_named_hole_reaches_to_its_end() {
        let skipped = Some(Skipped { from: 7, to: 900, reason: SkipReason::Budget });
        let message = DeviceMessage { epoch: Epoch(1), seq: 7, event: None, head: None, skipped };
        assert_eq!(device(message, 65_536).map(|fitted| fitted.to), Some(900));
    }

    #[test]
    fn a_coordinator_with_thousands_behind_it_still_fits() {
        let behind: Vec<DeviceId> = (0..5_000).map(|number| format!("device-{number}").parse().expect("id")).collect();
        let event = DeviceEvent {
            at: AT,
            device: None,
            source: "zigbee".parse().expect("id"),
            what: DeviceChange::SourceDown,
            behind,
        };
        let message = DeviceMessage { epoch: Epoch(1), seq: 1, event: Some(event), head: None, skipped: None };
        let fitted = device(message, 65_536).expect("fits");
        assert!(fitted.cut && fitted.payload.len() <= 65_536);
    }
}
