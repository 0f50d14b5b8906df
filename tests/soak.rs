//! A station of 500 devices at a hundred times the rhythm of life, with everything that comes and goes in a village meanwhile: whether
//! memory, descriptors, threads and disk stay what they are.
//!
//! Two hours in the long form (`just soak`), half a minute otherwise, which tells about descriptors and budgets and nothing about memory.

mod support;

use std::fs;
use std::path::Path;
use std::time::Duration;

use bytes::Bytes;
use rumqttc::v5::mqttbytes::QoS;
use shouwang::control::client;
use shouwang::control::protocol::{Body, Request};
use shouwang::core::alarm::Disposition;
use shouwang::core::condition::Condition;
use shouwang::core::effect::Order;
use shouwang::core::id::ResponderId;
use support::house::{self, Enrolled, House, buttons};
use support::hub::Hub;
use support::{installed, is_long, until_within};
use tokio::time::Instant;

/// Help buttons, each of a resident.
const BUTTONS: usize = 60;
/// Everything else.
const SENSORS: usize = 440;
/// A device of a home speaks about every two minutes; so many words are a second of 500 of them, a hundred times as fast.
const WORDS_A_SECOND: usize = 420;
/// The smallest budget of the routine stream, so that segments are retired many times in two hours.
const ROUTINE_MIB: u64 = 64;
const URGENT_MIB: u64 = 64;
const SEGMENT_MIB: u64 = 1;

/// What the two processes hold at one moment.
#[derive(Debug, Clone, Copy)]
struct Reading {
    at_s: u64,
    gateway_kib: u64,
    console_kib: u64,
    descriptors: u64,
    threads: u64,
    console_descriptors: u64,
    log_bytes: u64,
    state_bytes: u64,
}

fn enrolled() -> Vec<Enrolled> {
    let mut all = buttons(BUTTONS);
    all.extend((1..=SENSORS).map(|number| Enrolled {
        id: format!("m{number:04}"),
        source: if number.is_multiple_of(8) { "hub" } else { "zigbee" },
        address: format!("motion_{number:04}"),
        resident: format!("r{:04}", number % BUTTONS + 1),
        role: "motion",
    }));
    all
}

/// A second's words of the sensors on the broker.
fn words(second: u64) -> Vec<(String, Bytes)> {
    let first = usize::try_from(second).expect("small") * WORDS_A_SECOND;
    let on_zigbee = (first..first + WORDS_A_SECOND).map(|count| (count % SENSORS + 1, count));
    let on_zigbee = on_zigbee.filter(|(number, _)| !number.is_multiple_of(8));
    let word = |(number, count): (usize, usize)| {
        let payload = format!(
            r#"{{"battery":{},"illuminance":{},"occupancy":{}}}"#,
            40 + count % 60,
            count % 900,
            count % 2 == 0
        );
        (format!("zigbee2mqtt/motion_{number:04}"), Bytes::from(payload))
    };
    on_zigbee.map(word).collect()
}

/// What happens in a second beside the sensors: presses and their ends, a link that goes and comes, a hub that is pulled, a list that is
/// changed.
async fn live(house: &mut House, hub: &mut Option<Hub>, second: u64) {
    if second.is_multiple_of(5) {
        house.press(&format!("button_{:04}", second / 5 % BUTTONS as u64 + 1)).await;
    }
    if second % 5 == 3 {
        close_all(house);
    }
    match second % 120 {
        20 => house.county.kill(),
        35 => assert!(house.county.start_again().await, "the county's broker starts again"),
        50 => house.kill_console(),
        55 => house.start_console(),
        70 => {
            if let Some(hub) = hub.take() {
                hub.unplug().await;
            }
        }
        80 => *hub = Some(Hub::plug(&house.path("hub")).await),
        90 => {
            let path = house.path("village.toml");
            let text = fs::read_to_string(&path).expect("reads");
            fs::write(&path, format!("{}\n# {second}\n", text.split("\n# ").next().unwrap_or_default()))
                .expect("writes");
            house.hang_up_gateway();
        }
        _ => {}
    }
    if let Some(hub) = hub {
        for number in (8..=SENSORS).step_by(8).filter(|number| (*number as u64 + second).is_multiple_of(3)) {
            hub.say(format!("{{\"d\":\"motion_{number:04}\",\"k\":\"motion\",\"v\":{}}}\n", second.is_multiple_of(2)));
        }
    }
}

/// Somebody goes to every open call, arrives, and says how it ended.
fn close_all(house: &House) {
    let by: ResponderId = "n-1".parse().expect("an id");
    let ask = |request: Request| client::ask(&house.path("control.sock"), &request).map(|reply| reply.body);
    let Ok(Body::Alarms(open)) = ask(Request::Alarms { all: false }) else { return };
    for alarm in open.into_iter().filter(|alarm| alarm.id.condition == Condition::HelpCall).map(|alarm| alarm.id) {
        let close = Order::Close { alarm, by: Some(by), disposition: Disposition::Helped, conversation: String::new() };
        for order in [Order::Accept { alarm, by }, Order::OnSite { alarm, by, door: None }, close] {
            let id = format!("s{:x}", getrandom::u64().expect("the kernel gives random numbers"));
            // What a killed county or a full turn makes late is tried again at the next look.
            let _ = ask(Request::Order { id: id.parse().expect("an id"), order, door: None });
        }
    }
}

fn read(house: &House, began: Instant) -> Reading {
    let (gateway, console) = (house.gateway_pid(), house.console_pid());
    let data = house.path("data");
    Reading {
        at_s: began.elapsed().as_secs(),
        gateway_kib: house.resident_kib(),
        console_kib: console.map_or(0, |pid| house::proc_figure(pid, "status", "VmRSS:")),
        descriptors: entries(&format!("/proc/{gateway}/fd")),
        threads: entries(&format!("/proc/{gateway}/task")),
        console_descriptors: console.map_or(0, |pid| entries(&format!("/proc/{pid}/fd"))),
        log_bytes: bytes_below(&data.join("log")),
        state_bytes: bytes_below(&data.join("state")),
    }
}

fn entries(folder: &str) -> u64 {
    fs::read_dir(folder).map_or(0, |entries| entries.count() as u64)
}

fn bytes_below(folder: &Path) -> u64 {
    let entries = fs::read_dir(folder).into_iter().flatten().flatten();
    entries.map(|entry| if entry.path().is_dir() { bytes_below(&entry.path()) } else { size_of(&entry) }).sum()
}

fn size_of(entry: &fs::DirEntry) -> u64 {
    entry.metadata().map_or(0, |metadata| metadata.len())
}

/// How far the mean of the last quarter lies above that of the second, and what it may: twice the spread of all that lies between, or
/// a mebibyte. judgement: an allocator gives pages back in steps; a leak of one byte a word is three mebibytes in two hours.
fn growth(figures: &[u64]) -> (f64, f64) {
    #[expect(clippy::cast_precision_loss, reason = "kibibytes of a process are far below 2^52")]
    let figures: Vec<f64> = figures.iter().map(|figure| *figure as f64).collect();
    let mean = |part: &[f64]| part.iter().sum::<f64>() / part.len().max(1) as f64;
    let quarter = figures.len() / 4;
    let (second, last) = (&figures[quarter..2 * quarter], &figures[figures.len() - quarter..]);
    let after = &figures[quarter..];
    let about = mean(after);
    let spread = mean(&after.iter().map(|figure| (figure - about).powi(2)).collect::<Vec<_>>()).sqrt();
    (mean(last) - mean(second), (2.0 * spread).max(1024.0))
}

fn show(reading: &Reading, words: u64) {
    let Reading { at_s, gateway_kib, console_kib, descriptors, threads, console_descriptors, log_bytes, state_bytes } =
        reading;
    println!(
        "{at_s:>5} s  {words:>8} words  gateway {gateway_kib:>6} KiB {descriptors:>3} fd {threads:>2} threads  county {console_kib:>6} KiB \
         {console_descriptors:>3} fd  log {:>4} MiB  index {:>3} MiB",
        log_bytes >> 20,
        state_bytes >> 20
    );
}

#[tokio::test]
async fn two_hours_at_a_hundred_times_the_rhythm_of_life_leave_nothing_behind() {
    if !installed("mosquitto") || !installed("socat") {
        return;
    }
    let seconds = std::env::var("SHOUWANG_SOAK_S").ok().and_then(|text| text.parse().ok());
    let seconds: u64 = seconds.unwrap_or(if is_long() { 7_200 } else { 30 });
    let mut house = House::build(&enrolled()).await;
    house.add_config(&format!(
        "routine_mib = {ROUTINE_MIB}\nurgent_mib = {URGENT_MIB}\nroutine_segment_mib = {SEGMENT_MIB}\n"
    ));
    let mut hub = Some(Hub::plug(&house.path("hub")).await);
    house.start_gateway_and_wait().await;
    house.start_console();
    let began = Instant::now();
    let (mut readings, mut said) = (Vec::new(), 0_u64);
    let every = (seconds / 240).max(1);
    for second in 0..seconds {
        let batch = words(second);
        said += batch.len() as u64;
        house.local.publish_all(QoS::AtLeastOnce, false, batch).await;
        live(&mut house, &mut hub, second).await;
        if second % every == 0 {
            let reading = read(&house, began);
            if second % (every * 12) == 0 {
                show(&reading, said);
            }
            readings.push(reading);
        }
        tokio::time::sleep_until(began + Duration::from_secs(second + 1)).await;
    }
    house.county.start_again().await;
    house.kill_console();
    house.start_console();
    until_within(Duration::from_mins(5), "every record has its receipt", || {
        let lanes = &house.shell(&["status", "--json"])["lanes"];
        ["alarm", "device", "reading"].iter().all(|lane| lanes[lane][0] == lanes[lane][1])
    })
    .await;
    show(&read(&house, began), said);
    judge(&readings);
}

fn judge(readings: &[Reading]) {
    let later = &readings[readings.len() / 4..];
    let early = &readings[..readings.len() / 2];
    let most = |of: &[Reading], figure: fn(&Reading) -> u64| of.iter().map(figure).max().unwrap_or(0);
    for (name, figure, room) in [
        ("descriptors of the gateway", (|reading| reading.descriptors) as fn(&Reading) -> u64, 4),
        ("threads of the gateway", |reading| reading.threads, 4),
        ("descriptors of the county", |reading| reading.console_descriptors, 4),
    ] {
        let (before, after) = (most(early, figure), most(later, figure));
        println!("{name}: at most {before} in the first half, {after} after the first quarter");
        assert!(after <= before + room, "{name} rise from {before} to {after}");
    }
    let budget = (ROUTINE_MIB + URGENT_MIB + 8 + 2 * SEGMENT_MIB) << 20;
    assert!(most(readings, |reading| reading.log_bytes) <= budget, "the log keeps to its budgets");
    for (name, figure) in [
        ("the gateway's memory", (|reading| reading.gateway_kib) as fn(&Reading) -> u64),
        ("the county's memory", |reading| reading.console_kib),
    ] {
        let figures: Vec<u64> = readings.iter().map(figure).filter(|figure| *figure > 0).collect();
        let (grown, allowed) = growth(&figures);
        println!("{name}: {grown:+.0} KiB from the second quarter to the last; noise {allowed:.0} KiB");
        if is_long() {
            assert!(grown <= allowed, "{name} grows by {grown:.0} KiB, beyond its noise of {allowed:.0} KiB");
        }
    }
}
