//! Detectors: what a stream of readings means for a person or a device. Each is a pure state machine.

pub mod help_call;

pub mod fall;

pub mod environment;

pub mod device_health;

use std::fmt::Debug;
use std::time::Duration;

use super::alarm::Evidence;
use super::condition::Condition;
use super::intake::Meaning;
use super::reading::Reading;
use super::roster::Role;
use super::time::Moment;

/// What a detector is given.
#[derive(Debug, Clone, Copy)]
pub struct Heard<'a> {
    /// The reading.
    pub reading: &'a Reading,
    /// What it means under its device's role.
    pub meaning: Meaning,
    /// The role of the device that said it.
    pub role: Role,
}

/// What a detector claims.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Finding {
    /// The condition began, or was found again.
    Onset(Condition, Evidence),
    /// A cancel that CARE-RULES 13 and 14 allow for this condition.
    Cancel(Condition, Evidence),
    /// The condition went away by itself.
    Cleared(Condition, Evidence),
    /// Worth keeping with the open alarm, and nothing more.
    Noted(Condition, Evidence),
}

/// A pure state machine of one person: never reads a clock, never blocks.
pub trait Detector: Debug + Send {
    /// Stable name: configuration key and word in records.
    fn name(&self) -> &'static str;

    /// Takes one reading and adds what it finds.
    fn hear(&mut self, heard: &Heard<'_>, findings: &mut Vec<Finding>);

    /// How much past this detector needs to be rebuilt after a restart.
    fn memory(&self) -> Duration;
}

/// A fresh set of detectors for one resident, in the order in which they are asked.
#[must_use]
pub fn all() -> Vec<Box<dyn Detector>> {
    vec![Box::new(help_call::HelpCall), Box::new(fall::Fall), Box::new(environment::Environment)]
}

/// The longest memory of any detector: how far back a restart replays the log.
#[must_use]
pub fn memory() -> Duration {
    all().iter().map(|detector| detector.memory()).max().unwrap_or_default()
}

pub(crate) fn evidence(now: Moment, heard: &Heard<'_>, reason: super::alarm::Reason) -> Evidence {
    Evidence {
        at: now,
        device: Some(heard.reading.device),
        said: Some(super::reading::Said { measure: heard.reading.measure, nature: super::reading::Nature::Event }),
        reason,
    }
}
