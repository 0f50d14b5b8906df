//! Help calls: a press is a call, at once, every time (CARE-RULES 13). Never delayed, merged away or read as a cancel.

use std::time::Duration;

use super::{Detector, Finding, Heard, evidence};
use crate::core::condition::Condition;
use crate::core::intake::Meaning;

/// The help-call detector. It has no state: there is nothing a press would have to wait for.
#[derive(Debug, Clone, Copy)]
pub struct HelpCall;

impl Detector for HelpCall {
    fn name(&self) -> &'static str {
        "help_call"
    }

    fn hear(&mut self, heard: &Heard<'_>, findings: &mut Vec<Finding>) {
        if let Meaning::HelpCall(reason) = heard.meaning {
            findings.push(Finding::Onset(Condition::HelpCall, evidence(heard.reading.at, heard, reason)));
        }
    }

    fn memory(&self) -> Duration {
        Duration::ZERO
    }
}
