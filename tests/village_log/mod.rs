//! Made-up alarms, samples and drafts for the tests of the store.

#![allow(dead_code, reason = "every test file uses its own part of it")]

pub mod hour;

use std::sync::Arc;

use shouwang::core::alarm::life_cycle::{Climb, State};
use shouwang::core::alarm::{Alarm, AlarmId, Clocks, Disposition, Evidence, Reason, Subject};
use shouwang::core::condition::{CRITERION, Condition, Priority};
use shouwang::core::effect::Input;
use shouwang::core::id::{Epoch, ResidentId};
use shouwang::core::reading::{Measure, Origin, Said, Sample};
use shouwang::core::sequence::{Lane, Range};
use shouwang::core::time::{Boot, Gap, Moment, Mono, Trust, Wall};
use shouwang::store::files::{FakeDisk, Files};
use shouwang::store::record::Start;
use shouwang::store::{Budget, Draft, Journal, Options, Report, Undecided};

pub const EPOCH: Epoch = Epoch(0x5eed);

/// A moment, that many milliseconds after the station began.
pub fn at(ms: u64) -> Moment {
    let wall = Wall(1_760_000_000_000 + i64::try_from(ms).expect("small"));
    Moment { boot: Boot(1), mono: Mono(ms), wall, trust: Trust::Synced }
}

/// What a device said.
pub fn sample(device: &str, measure: Measure) -> Sample {
    let from = Origin::Device(device.parse().expect("id"));
    Sample { from, said: vec![Said::level(measure)], retained: false, merge_ms: 0, implausible: 0 }
}

/// The help call number `n`, as its record number `rev` says.
pub fn alarm(n: u64, rev: u32, open: bool) -> Alarm {
    let onset = at(n * 1000);
    let resident: ResidentId = format!("r{n:04}").parse().expect("id");
    let closed = State::Closed { by: None, disposition: Disposition::Test, unverified: false };
    Alarm {
        id: AlarmId {
            onset: onset.mono,
            subject: Subject::Resident(resident),
            condition: Condition::HelpCall,
            drill: false,
            station: "st1".parse().expect("id"),
            epoch: EPOCH,
        },
        rev,
        state: if open { State::Raised { climb: Climb::default() } } else { closed },
        priority: Priority::High,
        device: None,
        home: None,
        room: None,
        clocks: Clocks { occurred: Some(onset), closed: (!open).then_some(onset), ..Clocks::default() },
        onsets: 1,
        cleared: None,
        evidence: vec![Evidence { at: onset, device: None, said: None, reason: Reason::Pressed }],
        notes: Vec::new(),
        behind: Vec::new(),
        homes: Vec::new(),
        left: None,
        criterion: CRITERION,
        durable: true,
        visit_due: false,
        incident: None,
        told: Vec::new(),
        ambulance: None,
        muted_until: None,
        test_by: None,
        away: None,
        arrival: None,
        door_tries: Vec::new(),
    }
}

/// A turn that raises or closes that help call.
pub fn alarm_draft(ms: u64, n: u64, rev: u32, open: bool) -> Draft {
    let press = Input::Sample(sample(&format!("d{n:04}"), Measure::Sos(open)));
    Draft { at: at(ms), inputs: vec![press], decisions: vec![Undecided::Alarm(Box::new(alarm(n, rev, open)))] }
}

/// A turn that says that the process started.
pub fn start_draft(ms: u64) -> Draft {
    let start = Start {
        version: "0".to_owned(),
        kernel_boot: "made-up".to_owned(),
        mono_minus_boottime_ms: 0,
        gap: Gap::First,
        epoch: EPOCH,
        machine: None,
        station: None,
        is_whole: false,
    };
    Draft { at: at(ms), inputs: Vec::new(), decisions: vec![Undecided::Start(start)] }
}

/// A turn that takes a receipt.
pub fn receipt_draft(ms: u64, lane: Lane, from: u64, to: u64) -> Draft {
    let receipt = Undecided::Receipt { epoch: EPOCH, lane, ranges: vec![Range(from, to)] };
    Draft { at: at(ms), inputs: Vec::new(), decisions: vec![receipt] }
}

/// Small segments, no ballast, no reserve.
pub fn small() -> Options {
    let budget = Budget { segment_bytes: 4096, ..Options::default().urgent };
    Options { urgent: budget, routine: budget, ballast_bytes: 0, reserve_bytes: 0, ..Options::default() }
}

/// Opens the journal on a disk.
pub fn open(disk: &FakeDisk, options: Options) -> (Journal, Vec<Report>) {
    let files: Arc<dyn Files> = Arc::new(disk.clone());
    Journal::open(files, options).expect("opens")
}
