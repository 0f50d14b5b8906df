//! Smoke, gas, carbon monoxide, water: the detector on the ceiling has decided already, so it is told at once. A detector
//! that falls quiet is noted; the alarm stays, because smoke thins out through an open door (latching, table D).

use std::time::Duration;

use super::{Detector, Finding, Heard, evidence};
use crate::core::alarm::Reason;
use crate::core::intake::Meaning;

/// The environment detector. Its state is the level of each device, which the intake keeps.
#[derive(Debug, Clone, Copy)]
pub struct Environment;

impl Detector for Environment {
    fn name(&self) -> &'static str {
        "environment"
    }

    fn hear(&mut self, heard: &Heard<'_>, findings: &mut Vec<Finding>) {
        let now = heard.reading.at;
        match heard.meaning {
            Meaning::Hazard(condition, true) => {
                findings.push(Finding::Onset(condition, evidence(now, heard, Reason::Hazard)));
            }
            Meaning::Hazard(condition, false) => {
                findings.push(Finding::Cleared(condition, evidence(now, heard, Reason::HazardCleared)));
            }
            Meaning::HelpCall(_) | Meaning::Cancel | Meaning::Fall(_) | Meaning::Other => {}
        }
    }

    fn memory(&self) -> Duration {
        Duration::ZERO
    }
}
