//! Falls as a device reports them. The window in which the person is asked belongs to the alarm (table D); this detector
//! says what opens it and what may close it.
//!
//! CARE-RULES 13 and 14: only the wearer's own "cleared" on the wearable, or a cancel button, ends the window. A flag
//! that falls back to `normal` is a timer or a room radar: noted, never a cancel. No room sensor cancels a fall.

use std::time::Duration;

use super::{Detector, Finding, Heard, evidence};
use crate::core::alarm::Reason;
use crate::core::condition::Condition;
use crate::core::intake::Meaning;
use crate::core::reading::FallVerdict;
use crate::core::roster::Role;

const CONDITIONS: [Condition; 2] = [Condition::FallConfirmed, Condition::FallSuspected];

/// The fall detector, as reported by a device.
#[derive(Debug, Clone, Copy)]
pub struct Fall;

impl Detector for Fall {
    fn name(&self) -> &'static str {
        "fall"
    }

    fn hear(&mut self, heard: &Heard<'_>, findings: &mut Vec<Finding>) {
        let with = |reason| evidence(heard.reading.at, heard, reason);
        let both = |findings: &mut Vec<Finding>, finding: fn(Condition, _) -> Finding, reason| {
            findings.extend(CONDITIONS.map(|condition| finding(condition, with(reason))));
        };
        match heard.meaning {
            Meaning::Fall(FallVerdict::Confirmed) => {
                findings.push(Finding::Onset(Condition::FallConfirmed, with(Reason::FallConfirmed)));
            }
            Meaning::Fall(FallVerdict::Suspected) => {
                findings.push(Finding::Onset(Condition::FallSuspected, with(Reason::FallSuspected)));
            }
            Meaning::Fall(FallVerdict::Cleared) if is_worn(heard.role) => {
                both(findings, Finding::Cancel, Reason::WearerCleared);
            }
            Meaning::Fall(FallVerdict::Cleared | FallVerdict::Normal) => {
                both(findings, Finding::Noted, Reason::FlagFellBack);
            }
            Meaning::Cancel => both(findings, Finding::Cancel, Reason::CancelPressed),
            Meaning::HelpCall(_) | Meaning::Hazard(..) | Meaning::Other => {}
        }
    }

    fn memory(&self) -> Duration {
        Duration::ZERO
    }
}

/// Whether a device of this role is on the body: only there can the wearer have cancelled.
const fn is_worn(role: Role) -> bool {
    matches!(role, Role::Fall | Role::Sos | Role::Vital)
}
