//! An RS-485 bus whose devices misbehave: real ptys, with devices on them that are silent, refuse, or answer nonsense.

mod support;

use std::collections::BTreeMap;
use std::os::fd::OwnedFd;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use rustix::pty::{OpenptFlags, grantpt, openpt, ptsname, unlockpt};
use shouwang::config::bus::Parity;
use shouwang::core::reading::{Measure, Origin, Quantity, Sample};
use shouwang::core::register::{FlagKind, Form, Function, Meaning, Point, Profile};
use shouwang::core::unit::Milli;
use shouwang::device::modbus_rtu;
use shouwang::source::modbus::{BusDevice, BusSettings, run};
use support::until;
use support::village::Village;
use tempfile::TempDir;
use tokio::io::unix::AsyncFd;
use tokio_util::sync::CancellationToken;
use tokio_util::task::AbortOnDropHandle;

/// How a device behaves.
#[derive(Debug, Clone)]
enum Act {
    /// It answers with these registers.
    Answers(Vec<u16>),
    /// It says nothing.
    Silent,
    /// It refuses.
    Refuses,
    /// Its answer is damaged on the way.
    WrongCrc(Vec<u16>),
    /// Another device answers for it.
    OfAnother(Vec<u16>),
    /// It answers more and less than was asked.
    Short,
    /// Noise comes before its answer.
    BehindNoise(Vec<u16>),
    /// It babbles.
    Babbles,
}

type Acts = Arc<Mutex<BTreeMap<u8, Act>>>;

fn crc(bytes: &[u8]) -> [u8; 2] {
    let mut sum = 0xFFFF_u16;
    for byte in bytes {
        sum ^= u16::from(*byte);
        for _ in 0..8 {
            sum = if sum & 1 == 1 { sum >> 1 ^ 0xA001 } else { sum >> 1 };
        }
    }
    sum.to_le_bytes()
}

fn frame(bytes: &[u8]) -> Vec<u8> {
    [bytes, &crc(bytes)].concat()
}

fn registers(slave: u8, function: u8, words: &[u16]) -> Vec<u8> {
    let data: Vec<u8> = words.iter().flat_map(|word| word.to_be_bytes()).collect();
    let count = u8::try_from(data.len()).expect("few registers");
    frame(&[&[slave, function, count], data.as_slice()].concat())
}

fn reply(request: &[u8], acts: &Acts) -> Vec<u8> {
    let (slave, function) = (request[0], request[1]);
    assert_eq!(request[6..8], crc(&request[..6]), "the gateway asks soundly");
    match acts.lock().expect("not poisoned").get(&slave) {
        None | Some(Act::Silent) => Vec::new(),
        Some(Act::Answers(words)) => registers(slave, function, words),
        Some(Act::Refuses) => frame(&[slave, function | 0x80, 2]),
        Some(Act::WrongCrc(words)) => {
            let mut bytes = registers(slave, function, words);
            *bytes.last_mut().expect("a frame") ^= 0xFF;
            bytes
        }
        Some(Act::OfAnother(words)) => registers(slave + 1, function, words),
        Some(Act::Short) => registers(slave, function, &[]),
        Some(Act::BehindNoise(words)) => [&[0x00, 0xFF, 0x55][..], &registers(slave, function, words)].concat(),
        Some(Act::Babbles) => [0x41; 300].to_vec(),
    }
}

/// The far end of the bus, until it is dropped.
struct Bus {
    path: PathBuf,
    task: AbortOnDropHandle<()>,
}

impl Bus {
    fn plug(path: &Path, acts: &Acts) -> Self {
        let master = openpt(OpenptFlags::RDWR | OpenptFlags::NOCTTY).expect("a pty");
        grantpt(&master).expect("its end may be opened");
        unlockpt(&master).expect("its end can be opened");
        let name = ptsname(&master, Vec::new()).expect("a name").into_string().expect("UTF-8");
        std::os::unix::fs::symlink(name, path).expect("a link");
        let task = AbortOnDropHandle::new(tokio::spawn(answer(master, Arc::clone(acts))));
        Self { path: path.to_owned(), task }
    }

    async fn unplug(self) {
        std::fs::remove_file(&self.path).expect("the link is there");
        self.task.abort();
        until("the far end is closed", || self.task.is_finished()).await;
    }
}

/// Answers requests as the devices behave.
async fn answer(master: OwnedFd, acts: Acts) {
    rustix::io::ioctl_fionbio(&master, true).expect("it need not block");
    #[expect(deprecated, reason = "its successor is unsafe, and an `OwnedFd` keeps what it asks for")]
    let master = AsyncFd::new(master).expect("in the runtime");
    let (mut heard, mut buffer) = (Vec::new(), [0; 256]);
    loop {
        let mut ready = master.readable().await.expect("the pty lives");
        match rustix::io::read(&master, &mut buffer) {
            Ok(bytes) => heard.extend_from_slice(&buffer[..bytes]),
            Err(rustix::io::Errno::AGAIN) => {
                ready.clear_ready();
                continue;
            }
            // The gateway has not opened its end, or has closed it.
            Err(_) => {
                ready.clear_ready();
                tokio::task::yield_now().await;
                continue;
            }
        }
        while heard.len() >= 8 {
            let request: Vec<u8> = heard.drain(..8).collect();
            let answer = reply(&request, &acts);
            if !answer.is_empty() {
                rustix::io::write(&master, &answer).expect("the gateway listens");
            }
        }
    }
}

/// A bus under way, with the devices 1 (temperature and humidity) and 2 (smoke).
struct Watching {
    _folder: TempDir,
    path: PathBuf,
    village: Village,
    acts: Acts,
    _task: AbortOnDropHandle<()>,
}

impl Watching {
    async fn start(acts: &[(u8, Act)]) -> (Self, Bus) {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let path = folder.path().join("usb-bus");
        let acts: Acts = Arc::new(Mutex::new(acts.iter().cloned().collect()));
        let bus = Bus::plug(&path, &acts);
        let mut village = Village::new();
        let task = tokio::spawn(run(settings(&path), village.inlet.clone(), CancellationToken::new()));
        village.expect_source(true).await;
        (Self { _folder: folder, path, village, acts, _task: AbortOnDropHandle::new(task) }, bus)
    }

    fn act(&self, slave: u8, act: Act) {
        self.acts.lock().expect("not poisoned").insert(slave, act);
    }

    /// The next routine sample of a device, past those of others.
    async fn next_of(&self, device: &str) -> Sample {
        loop {
            let mut next = self.village.next_routine(1).await;
            if let Some(sample) =
                next.pop().filter(|sample| sample.from == Origin::Device(device.parse().expect("an id")))
            {
                return sample;
            }
        }
    }
}

fn settings(path: &Path) -> BusSettings {
    let point = |function, address, form, scale_millionths, meaning| Point {
        function,
        address,
        form,
        scale_millionths,
        meaning,
        part: None,
    };
    let climate = vec![
        point(Function::Registers, 1, Form::I16, 100_000, Meaning::Number(Quantity::AmbientTemp)),
        point(Function::Registers, 2, Form::U16, 100_000, Meaning::Number(Quantity::Humidity)),
    ];
    let smoke = Meaning::Flag { kind: FlagKind::Smoke, alarm_when: Some(1) };
    let smoke = vec![point(Function::Holding, 0, Form::U16, 1_000_000, smoke)];
    BusSettings {
        id: "d-bus".parse().expect("an id"),
        path: path.to_owned(),
        baud: 9_600,
        parity: Parity::None,
        every: Duration::from_millis(30),
        devices: vec![
            BusDevice { slave: 1, profile: Profile { points: climate } },
            BusDevice { slave: 2, profile: Profile { points: smoke } },
        ],
        format: modbus_rtu::FORMAT,
    }
}

fn measures(sample: &Sample) -> Vec<Measure> {
    sample.said.iter().map(|said| said.measure).collect()
}

const ONLINE: Measure = Measure::Availability { online: true, bridge: false };
const OFFLINE: Measure = Measure::Availability { online: false, bridge: false };

#[tokio::test]
async fn what_a_device_keeps_in_its_registers_is_said_under_its_number() {
    let (mut watching, _bus) =
        Watching::start(&[(1, Act::Answers(vec![0xFFCB, 910])), (2, Act::Answers(vec![0]))]).await;
    let climate = watching.next_of("d-bus-1").await;
    let want = [
        Measure::Number(Quantity::AmbientTemp, Milli(-5_300)),
        Measure::Number(Quantity::Humidity, Milli(91_000)),
        ONLINE,
    ];
    assert_eq!(measures(&climate), want);
    assert_eq!(measures(&watching.next_of("d-bus-2").await), [Measure::Smoke(false), ONLINE]);
    watching.act(2, Act::Answers(vec![1]));
    let (alarm, _) = watching.village.next_urgent_sample().await;
    assert_eq!(measures(&alarm), [Measure::Smoke(true), ONLINE]);
}

#[tokio::test]
async fn a_smoke_register_that_stops_answering_is_offline_and_never_no_smoke() {
    let (watching, _bus) = Watching::start(&[(1, Act::Silent), (2, Act::Answers(vec![0]))]).await;
    assert_eq!(measures(&watching.next_of("d-bus-2").await), [Measure::Smoke(false), ONLINE]);
    watching.act(2, Act::Silent);
    assert_eq!(measures(&watching.next_of("d-bus-2").await), [OFFLINE]);
    assert!(watching.village.count("d-bus.modbus.silent") >= 3);
    watching.act(2, Act::Answers(vec![0]));
    assert_eq!(measures(&watching.next_of("d-bus-2").await), [Measure::Smoke(false), ONLINE], "and it is back");
}

#[tokio::test]
async fn a_refusal_damage_and_somebody_elses_answer_are_misses() {
    for (act, counter) in [
        (Act::Refuses, "refused"),
        (Act::WrongCrc(vec![0]), "damaged"),
        (Act::OfAnother(vec![0]), "damaged"),
        (Act::Short, "damaged"),
        (Act::Babbles, "damaged"),
    ] {
        let (watching, _bus) = Watching::start(&[(1, Act::Answers(vec![200, 500])), (2, act.clone())]).await;
        assert_eq!(measures(&watching.next_of("d-bus-2").await), [OFFLINE], "{act:?}");
        assert!(watching.village.count(&format!("d-bus.modbus.{counter}")) >= 3, "{act:?}");
        assert_eq!(watching.village.count("d-bus.modbus.silent"), 0, "{act:?}: the other device is not disturbed");
    }
}

#[tokio::test]
async fn a_fault_code_in_a_smoke_register_is_offline_and_not_no_smoke() {
    let (watching, _bus) = Watching::start(&[(1, Act::Silent), (2, Act::Answers(vec![3]))]).await;
    assert_eq!(measures(&watching.next_of("d-bus-2").await), [OFFLINE]);
    assert!(watching.village.count("modbus_rtu.refused_key.value") >= 1);
}

#[tokio::test]
async fn noise_before_an_answer_costs_nothing() {
    let (mut watching, _bus) = Watching::start(&[(1, Act::Silent), (2, Act::BehindNoise(vec![1]))]).await;
    let (alarm, _) = watching.village.next_urgent_sample().await;
    assert_eq!(measures(&alarm), [Measure::Smoke(true), ONLINE]);
}

#[tokio::test]
async fn a_bus_that_is_pulled_out_is_the_sources_fault_and_not_its_devices() {
    let (mut watching, bus) = Watching::start(&[(1, Act::Answers(vec![200, 500])), (2, Act::Answers(vec![0]))]).await;
    watching.next_of("d-bus-2").await;
    bus.unplug().await;
    watching.village.expect_source(false).await;
    watching.act(2, Act::Answers(vec![1]));
    let _bus = Bus::plug(&watching.path, &watching.acts);
    watching.village.expect_source(true).await;
    let (alarm, _) = watching.village.next_urgent_sample().await;
    assert_eq!(measures(&alarm), [Measure::Smoke(true), ONLINE], "and nothing was said of being offline");
}
