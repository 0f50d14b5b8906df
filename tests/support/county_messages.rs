//! Messages as a gateway makes them, for tests.

use std::collections::BTreeMap;

use shouwang::core::alarm::ladder::Climb;
use shouwang::core::alarm::{Alarm, AlarmId, Clocks, Disposition, Evidence, Reason, State, Subject};
use shouwang::core::condition::{CRITERION, Condition};
use shouwang::core::effect::{DeviceChange, DeviceEvent};
use shouwang::core::id::Epoch;
use shouwang::core::reading::{Measure, Quantity, Said};
use shouwang::core::sequence::Range;
use shouwang::core::time::{Boot, Moment, Mono, Trust, Wall};
use shouwang::core::watch::Watch;
use shouwang::relay::message::{
    AlarmMessage, AlarmRecord, DeviceMessage, GatewayState, Heartbeat, ReadingBody, ReadingMessage, ResidentState,
    encode,
};

pub const EPOCH: Epoch = Epoch(0xa1);

pub fn moment(ms: u64) -> Moment {
    let wall = Wall(1_700_000_000_000 + i64::try_from(ms).expect("small"));
    Moment { boot: Boot(1), mono: Mono(ms), wall, trust: Trust::Synced }
}

/// The alarm of the `nth` resident, at that revision; the third revision is closed.
pub fn alarm(nth: u32, rev: u32) -> Alarm {
    let resident = format!("r{nth:02}").parse().expect("a slug");
    let onset = moment(u64::from(nth) * 1000);
    let clocks = Clocks { occurred: Some(onset), detected: Some(onset), committed: Some(onset), ..Clocks::default() };
    let state = if rev < 3 {
        State::Raised { climb: Climb::none(onset.mono) }
    } else {
        State::Closed { by: None, disposition: Disposition::Helped, unverified: false }
    };
    Alarm {
        id: AlarmId {
            onset: onset.mono,
            subject: Subject::Resident(resident),
            condition: Condition::HelpCall,
            drill: false,
            station: "st1".parse().expect("a slug"),
            epoch: EPOCH,
        },
        rev,
        state,
        priority: Condition::HelpCall.rule().priority,
        device: Some("d017".parse().expect("a slug")),
        home: None,
        room: None,
        clocks,
        onsets: 1,
        cleared: None,
        evidence: vec![Evidence {
            at: onset,
            device: None,
            said: Some(Said::event(Measure::Sos(true))),
            reason: Reason::Pressed,
        }],
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

pub fn alarm_message(epoch: Epoch, seq: u64, alarm: Alarm) -> Vec<u8> {
    encode(&AlarmMessage { epoch, seq, record: AlarmRecord::Alarm(Box::new(alarm.into())) })
}

pub fn device_message(epoch: Epoch, seq: u64) -> Vec<u8> {
    let event = DeviceEvent {
        at: moment(seq),
        device: Some("d017".parse().expect("a slug")),
        source: "zigbee".parse().expect("a slug"),
        what: DeviceChange::Back,
        behind: Vec::new(),
    };
    encode(&DeviceMessage { epoch, seq, event: Some(event), head: None, skipped: None })
}

pub fn reading_message(epoch: Epoch, from: u64, count: u32) -> ReadingMessage {
    let reading = |after_ms| ReadingBody {
        dev: "d017".parse().expect("a slug"),
        after_ms,
        said: vec![Said::level(Measure::number(Quantity::Battery, 97.0).expect("plausible"))],
    };
    ReadingMessage {
        epoch,
        seq: Range(from, from + u64::from(count) - 1),
        at: moment(from),
        batch: (0..count).map(reading).collect(),
        skipped: None,
        hist: false,
    }
}

pub fn gateway_state(online: bool, conn: u64) -> Vec<u8> {
    encode(&GatewayState {
        online,
        epoch: EPOCH,
        boot: Boot(1),
        conn,
        version: "0.1.0".to_owned(),
        cfg_rev: "0123456789abcdef".to_owned(),
        clock: moment(conn),
        lanes: BTreeMap::new(),
    })
}

pub fn heartbeat() -> Vec<u8> {
    encode(&Heartbeat {
        epoch: EPOCH,
        at: moment(0),
        clock: Trust::Synced,
        lanes: BTreeMap::new(),
        oldest_unreceipted_s: 0,
        drops: BTreeMap::new(),
        disk_free_bytes: None,
        durable: true,
        mains: None,
        battery_min: None,
        cert_days: None,
        sources: BTreeMap::new(),
        residents: BTreeMap::new(),
        second_path_proven: None,
    })
}

pub fn resident(watch: Watch) -> Vec<u8> {
    encode(&ResidentState { as_of: moment(0), watch, since: moment(0), witnesses: Vec::new() })
}
