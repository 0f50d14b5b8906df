//! The village in a box: simulated days through the real code, in virtual time, with everything going wrong.
//!
//! ```text
//!  person ─▶ wear ─▶ air ─▶ gateway: decoders ─▶ station ─▶ journal on a fake disk
//!  (truth)  (frames) (broker, cable)      │                    │
//!     │                                   ├─▶ responders, commands ┐
//!     ▼                                   └─▶ uplink: pump ─▶ county ─ receipts ─┐
//!  oracle ◀── sees what was said, written, told, sent and kept ◀────┴────────────┘
//! ```
//!
//! Design constraints:
//!
//! - **Same seed, same trace**, to the last bit, on any machine: all chance from one seed, no clock, no hash order.
//! - **The code under test is the daemon's**: decoders, station, journal, handout, pump, messages. Only what the daemon
//!   does between them is done here again, in `gateway` and `uplink`, in the order of the station's contract.
//! - **The oracle never asks the station what is right.** It knows what truly happened and what became of every frame.
//! - **A run ends**: its turns are bounded, so that a loop shows as a violation.

mod trace;

pub mod chance;

mod clock;

mod place;

mod person;

mod wear;

mod ether;

mod air;

mod fault;

mod gateway;

mod start;

mod uplink;

mod county;

mod responders;

mod street;

pub mod modem;

mod oracle;

mod village;

mod crash;

mod mishap;

mod rot;

mod sabotage;

mod outside;

mod calendar;

mod register;

mod report;

mod shrink;

use std::io::{self, Write};

pub use self::fault::{Fault, Faults, FaultsError};
pub use self::oracle::Violation;
pub use self::report::Report;
pub use self::sabotage::Sabotage;
pub use self::shrink::{Keep, KeepError, Shrunk, shrink};

/// Which village, for how long, and what goes wrong.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Settings {
    /// All chance comes of it.
    pub seed: u64,
    /// Days.
    pub days: u64,
    /// Homes.
    pub homes: u32,
    /// What goes wrong.
    pub faults: Faults,
    /// What the box does wrong on purpose, to see the oracle say so.
    pub sabotage: Option<Sabotage>,
    /// What of the plan is kept; all of it when nothing is said.
    pub keep: Option<Keep>,
}

/// Lets the village live, and says what it came to.
///
/// # Errors
/// When the trace cannot be written to `sink`.
pub fn run(settings: &Settings, sink: Option<&mut dyn Write>) -> io::Result<Report> {
    village::Village::new(settings, sink).live()
}
