//! A made-up house behind the relay: records by number, and a station that notes what it is told.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use tokio::sync::mpsc;
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

use shouwang::core::id::Epoch;
use shouwang::core::reading::{Measure, Said};
use shouwang::core::sequence::{Lane, Range, SkipReason};
use shouwang::core::time::{Boot, Moment, Mono, Rate, Trust, Wall};
use shouwang::relay::lane::LaneStanding;
use shouwang::relay::letterbox::Letterbox;
use shouwang::relay::message::{
    AlarmMessage, AlarmRecord, DeviceMessage, DeviceState, GatewayState, Heartbeat, LaneState, ReadingBody,
    ReadingMessage, Skipped,
};
use shouwang::relay::pump::Standing;
use shouwang::relay::records::{FromCounty, Records, Report, RetainedMessage};
use shouwang::relay::retained::RetainedKey;
use shouwang::relay::session::{self, Settings};

use crate::support::broker::Broker;

pub const EPOCH: Epoch = Epoch(0xE1);
pub const AT: Moment = Moment { boot: Boot(3), mono: Mono(1), wall: Wall(1), trust: Trust::Synced };

/// The store's side: every number has a record, and asking for a settled one is noted.
pub struct House {
    /// What its clock shows.
    pub clock: Mutex<Moment>,
    /// What the newest heartbeat said of its certificate.
    pub cert_days: Mutex<Option<i64>>,

    pub settled: Mutex<BTreeMap<Lane, BTreeSet<u64>>>,
    pub asked_after_settled: Mutex<Vec<(Lane, u64)>>,
    pub devices: Mutex<BTreeSet<RetainedKey>>,
}

/// The clock of a box that is well.
pub fn today() -> Moment {
    Moment { wall: Wall(jiff::Timestamp::now().as_millisecond()), ..AT }
}

impl Default for House {
    /// Its clock shows when the test runs.
    fn default() -> Self {
        let (clock, cert_days) = (Mutex::new(today()), Mutex::default());
        Self {
            clock,
            cert_days,
            settled: Mutex::default(),
            asked_after_settled: Mutex::default(),
            devices: Mutex::default(),
        }
    }
}

impl House {
    fn asked(&self, lane: Lane, seq: u64) {
        if self.settled.lock().expect("not poisoned").get(&lane).is_some_and(|numbers| numbers.contains(&seq)) {
            self.asked_after_settled.lock().expect("not poisoned").push((lane, seq));
        }
    }
}

fn hole(seq: u64) -> Skipped {
    Skipped { from: seq, to: seq, reason: SkipReason::Damaged }
}

impl Records for House {
    async fn alarm(&self, seq: u64) -> Option<AlarmMessage> {
        self.asked(Lane::Alarm, seq);
        Some(AlarmMessage { epoch: EPOCH, seq, record: AlarmRecord::Skipped { skipped: hole(seq) } })
    }

    async fn device(&self, seq: u64) -> Option<DeviceMessage> {
        self.asked(Lane::Device, seq);
        Some(DeviceMessage { epoch: EPOCH, seq, event: None, head: None, skipped: Some(hole(seq)) })
    }

    async fn readings(&self, from: u64, to: u64, _bytes_max: usize) -> Option<ReadingMessage> {
        self.asked(Lane::Reading, from);
        let body = |number: u64| ReadingBody {
            dev: format!("d{number}").parse().expect("an id"),
            after_ms: 0,
            said: vec![Said::level(Measure::Motion(true))],
        };
        let batch = (from..=to).map(body).collect();
        Some(ReadingMessage { epoch: EPOCH, seq: Range(from, to), at: AT, batch, skipped: None, hist: true })
    }

    fn clock(&self) -> Moment {
        *self.clock.lock().expect("not poisoned")
    }

    fn birth(&self, conn: u64, lanes: BTreeMap<Lane, LaneState>) -> GatewayState {
        GatewayState {
            online: true,
            epoch: EPOCH,
            boot: Boot(3),
            conn,
            version: "0".to_owned(),
            cfg_rev: "0".to_owned(),
            clock: AT,
            lanes,
        }
    }

    fn heartbeat(&self, report: Report) -> Heartbeat {
        let cert_days = report.certificate.map(|dates| dates.days_left(self.clock().wall.0 / 1000));
        *self.cert_days.lock().expect("not poisoned") = cert_days;
        Heartbeat {
            epoch: EPOCH,
            at: AT,
            clock: Trust::Synced,
            lanes: report.lanes,
            oldest_unreceipted_s: report.oldest_unreceipted_s,
            drops: report.drops,
            disk_free_bytes: None,
            durable: true,
            mains: None,
            battery_min: None,
            cert_days,
            sources: BTreeMap::new(),
            residents: BTreeMap::new(),
            second_path_proven: None,
        }
    }

    fn retained_keys(&self) -> Vec<RetainedKey> {
        self.devices.lock().expect("not poisoned").iter().copied().collect()
    }

    fn retained(&self, key: RetainedKey) -> Option<RetainedMessage> {
        let known = self.devices.lock().expect("not poisoned").contains(&key);
        known.then(|| {
            let state = DeviceState {
                as_of: AT,
                battery: Some(50),
                days_left: None,
                link: None,
                last_heard: Some(AT),
                next_expected: None,
                fault: None,
            };
            RetainedMessage::Device(state, Duration::from_mins(1))
        })
    }
}

/// A gateway: a running session, and what its station was told.
pub struct Gateway {
    pub house: Arc<House>,
    pub letterbox: Letterbox,
    pub told: Arc<Mutex<Vec<FromCounty>>>,
    pub shutdown: CancellationToken,
    pub session: JoinHandle<()>,
    station: Option<JoinHandle<()>>,
}

impl Gateway {
    /// A gateway without login at a plain broker.
    pub fn start(port: u16, heads: [u64; 3]) -> Self {
        Self::with(settings(&format!("mqtt://127.0.0.1:{port}")), heads)
    }

    /// A gateway with these heads of the alarm, device and reading lanes; nothing is receipted yet.
    pub fn with(settings: Settings, heads: [u64; 3]) -> Self {
        Self::in_house(Arc::default(), settings, heads)
    }

    fn in_house(house: Arc<House>, settings: Settings, heads: [u64; 3]) -> Self {
        let (mut gateway, mut receiver) = Self::relaying(house, settings, heads);
        let (notes, store) = (gateway.told.clone(), gateway.house.clone());
        gateway.station = Some(tokio::spawn(async move {
            while let Some(word) = receiver.recv().await {
                if let FromCounty::Receipt(ack) = &word {
                    let mut settled = store.settled.lock().expect("not poisoned");
                    let lane = settled.entry(ack.lane).or_default();
                    for number in ack.ranges.iter().flat_map(|range| range.0..=range.1) {
                        assert!(lane.insert(number), "{} {number} was told twice", ack.lane);
                    }
                }
                notes.lock().expect("not poisoned").push(word);
            }
        }));
        gateway
    }

    /// A gateway whose clock shows this from its start on.
    pub fn at(clock: Moment, settings: Settings, heads: [u64; 3]) -> Self {
        let house = Arc::new(House { clock: Mutex::new(clock), ..House::default() });
        Self::in_house(house, settings, heads)
    }

    /// A gateway whose station has to be played by the caller.
    pub fn without_station(settings: Settings, heads: [u64; 3]) -> (Self, mpsc::Receiver<FromCounty>) {
        Self::relaying(Arc::default(), settings, heads)
    }

    fn relaying(house: Arc<House>, settings: Settings, heads: [u64; 3]) -> (Self, mpsc::Receiver<FromCounty>) {
        let letterbox = Letterbox::default();
        let told = Arc::new(Mutex::new(Vec::new()));
        let shutdown = CancellationToken::new();
        let (sender, receiver) = mpsc::channel(4);
        let [alarm, device, reading] =
            heads.map(|head| LaneStanding { head, settled: Vec::new(), oldest_at: Mono(1_000_000) });
        let standing =
            Standing { epoch: EPOCH, alarm, device, reading, send_readings: true, heartbeat: Duration::from_secs(30) };
        let run = session::run(
            settings,
            standing,
            Mono(1_000_000),
            house.clone(),
            letterbox.clone(),
            sender,
            shutdown.clone(),
        );
        let session = tokio::spawn(run);
        (Self { house, letterbox, told, shutdown, session, station: None }, receiver)
    }

    /// How many records of a lane the station knows as receipted.
    pub fn settled(&self, lane: Lane) -> usize {
        self.house.settled.lock().expect("not poisoned").get(&lane).map_or(0, BTreeSet::len)
    }

    /// Everything the station was told.
    pub fn told(&self) -> Vec<FromCounty> {
        self.told.lock().expect("not poisoned").clone()
    }

    /// Ends it in good order, and tells whether anything was asked for after its receipt.
    pub async fn stop(self) -> Vec<(Lane, u64)> {
        self.shutdown.cancel();
        self.session.await.expect("the session ends well");
        if let Some(station) = self.station {
            station.await.expect("the station's assertions held");
        }
        self.house.asked_after_settled.lock().expect("not poisoned").clone()
    }
}

/// Settings for the made-up station.
pub fn settings(broker: &str) -> Settings {
    Settings {
        station: "st1".parse().expect("an id"),
        gateway: "gw1".parse().expect("an id"),
        broker: Broker::at(broker, None),
        rate: Rate::default(),
    }
}
