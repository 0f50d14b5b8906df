//! Many watches of every family at the real gateway, with some that behave badly: every press alarms once, and nobody waits.
//!
//! The long form is 2,000 watches for ten minutes: `SHOUWANG_LONG=1 cargo test --release --test acceptance_watches`.

mod support;

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::net::SocketAddr;
use std::time::Duration;

use rustix::process::{Resource, getrlimit, setrlimit};
use support::house::{Enrolled, House};
use support::village_of_watches::{Family, Lived, Plan, live};
use support::watch::{Watch, free_port, setracker};
use support::{installed, is_long, until, until_within};
use tokio::task::JoinSet;
use tokio::time::{Instant, sleep, timeout_at};

const RESIDENTS: usize = 300;

/// Garbage that one peer sends.
const GARBAGE_BYTES: usize = 10 * 1024 * 1024;

struct Size {
    watches: usize,
    presses: usize,
    lasts: Duration,
    /// Within this time all are switched on, as after a power cut.
    ramp: Duration,
    heartbeat: Duration,
}

fn size() -> Size {
    if is_long() {
        Size {
            watches: 2_000,
            presses: 100,
            lasts: Duration::from_mins(10),
            ramp: Duration::from_secs(30),
            heartbeat: Duration::from_mins(1),
        }
    } else {
        Size {
            watches: 100,
            presses: 20,
            lasts: Duration::from_secs(6),
            ramp: Duration::from_secs(1),
            heartbeat: Duration::from_secs(1),
        }
    }
}

fn source(family: Family) -> &'static str {
    match family {
        Family::Setracker => "setracker",
        Family::Iw => "iw",
        Family::Eview => "eview",
        Family::Jt808 => "jt808",
    }
}

/// Watch `number` of the village; the last one is enrolled and behaves badly.
fn enrolled(number: usize) -> (Family, Enrolled) {
    let family = Family::ALL[number % Family::ALL.len()];
    let device = Enrolled {
        id: format!("w{number:04}"),
        source: source(family),
        address: family.address(number),
        resident: format!("r{:04}", number % RESIDENTS),
        role: "sos",
    };
    (family, device)
}

/// A socket for every watch, here and in the gateway, which inherits the limit.
fn allow_many_files() {
    let mut limit = getrlimit(Resource::Nofile);
    limit.current = limit.maximum;
    setrlimit(Resource::Nofile, limit).expect("up to its maximum a limit may be raised");
}

/// Logs in as an enrolled watch, says more and more and reads nothing; comes again when it is closed.
async fn never_reads(port: SocketAddr, address: String) {
    loop {
        let Ok(mut watch) = Watch::try_connect_from(2, port).await else { continue };
        while watch.try_say(setracker(&address, "LK").repeat(50)).await.is_ok() {}
    }
}

/// Begins a frame that never ends, a byte a second.
async fn byte_a_second(port: SocketAddr) {
    loop {
        let Ok(mut watch) = Watch::try_connect_from(3, port).await else { continue };
        for byte in b"[3G*8000000001*FFFF*TK,".iter().chain(std::iter::repeat(&b'x')) {
            if watch.try_say([*byte]).await.is_err() {
                break;
            }
            sleep(Duration::from_secs(1)).await;
        }
    }
}

/// Sends ten megabytes of what is no frame.
async fn garbage(port: SocketAddr) -> u64 {
    let noise: Vec<u8> =
        (0..64 * 1024_u32).flat_map(|number| number.wrapping_mul(2_654_435_761).to_le_bytes()).collect();
    let (mut sent, mut connections) = (0, 0);
    while sent < GARBAGE_BYTES {
        let Ok(mut peer) = Watch::try_connect_from(4, port).await else { continue };
        connections += 1;
        for chunk in noise.chunks(8 * 1024) {
            sent += chunk.len();
            if peer.try_say(chunk).await.is_err() {
                break;
            }
        }
    }
    connections
}

#[tokio::test]
async fn every_press_alarms_once_and_nobody_is_harmed() {
    if !installed("mosquitto") {
        return;
    }
    allow_many_files();
    let size = size();
    let ports: BTreeMap<&str, SocketAddr> = Family::ALL.map(|family| (source(family), free_port())).into();
    let mut sources = String::new();
    for family in Family::ALL {
        let (id, format) = (source(family), family.format());
        let _ = write!(
            sources,
            "\n[[source]]\nid = \"{id}\"\nkind = \"tcp\"\nlisten = \"{}\"\nformat = \"{format}\"\n",
            ports[id]
        );
    }
    // One more than live as watches do, of the first family: it never reads.
    let deaf = size.watches.next_multiple_of(Family::ALL.len());
    let devices: Vec<Enrolled> = (0..size.watches).chain([deaf]).map(|number| enrolled(number).1).collect();
    let mut house = House::build_with(&devices, &sources).await;
    house.start_console();
    house.start_gateway_and_wait().await;
    let (rss_before, computed_before) = (house.resident_kib(), house.computed_ms());

    let begun = Instant::now();
    let ends = begun + size.lasts;
    let bad = tokio::spawn(bad_peers(ports["setracker"], Family::Setracker.address(deaf), ends));
    let mut watches = JoinSet::new();
    for number in 0..size.watches {
        let (family, device) = enrolled(number);
        let share = |of: Duration| of * u32::try_from(number).expect("few") / u32::try_from(size.watches).expect("few");
        // Presses come in the middle, when everybody is there.
        let pressed = (number < size.presses).then(|| {
            begun
                + size.ramp
                + size.lasts.saturating_sub(size.ramp) / 3
                + share(size.lasts / 3) * (size.watches / size.presses).try_into().expect("few")
        });
        watches.spawn(live(Plan {
            family,
            address: device.address,
            port: ports[source(family)],
            begins: begun + share(size.ramp),
            heartbeat: size.heartbeat,
            press: pressed,
            ends,
        }));
    }
    sleep(size.ramp + size.lasts.saturating_sub(size.ramp) / 4).await;
    let rss_connected = house.resident_kib();
    let lived: Vec<Lived> = watches.join_all().await;
    let garbage_connections = bad.await.expect("the bad peers do not panic");
    let (rss_after, computed) = (house.resident_kib(), house.computed_ms() - computed_before);
    check(&house, &size, &lived).await;
    let per_connection = rss_connected.saturating_sub(rss_before) * 1024 / size.watches as u64;
    println!(
        "watches={} lasted_s={} cpu_ms={computed} cpu_percent={:.1} rss_kib={rss_before}/{rss_connected}/{rss_after} \
         bytes_per_connection={per_connection} garbage_connections={garbage_connections}",
        size.watches,
        size.lasts.as_secs(),
        f64::from(u32::try_from(computed).unwrap_or(u32::MAX)) / size.lasts.as_secs_f64() / 10.0,
    );
    assert!(rss_after < 128 * 1024, "memory is bounded: {rss_after} KiB");
}

async fn bad_peers(port: SocketAddr, deaf: String, ends: Instant) -> u64 {
    let for_ever = async { tokio::join!(never_reads(port, deaf), byte_a_second(port)) };
    tokio::join!(timeout_at(ends, for_ever), garbage(port)).1
}

async fn check(house: &House, size: &Size, lived: &[Lived]) {
    let mut delays: Vec<Duration> = lived.iter().filter_map(|watch| watch.answered).collect();
    assert_eq!(delays.len(), size.presses, "every press is answered\n{}", house.log_tail());
    delays.sort_unstable();
    let heartbeats: u64 = lived.iter().map(|watch| watch.heartbeats).sum();
    let connections: u64 = lived.iter().map(|watch| watch.connections).sum();
    let slowest = lived.iter().map(|watch| watch.slowest).max().unwrap_or_default();
    println!(
        "presses={} sent={} answered_p50_ms={} answered_max_ms={} heartbeats={heartbeats} slowest_heartbeat_ms={} \
         connections={connections}",
        size.presses,
        lived.iter().map(|watch| watch.sent).sum::<u64>(),
        delays[delays.len() / 2].as_millis(),
        delays[delays.len() - 1].as_millis(),
        slowest.as_millis(),
    );
    let calls = || house.at_county("alarms").into_iter().filter(|alarm| alarm["condition"] == "help_call");
    until_within(Duration::from_mins(1), "every press is an alarm at the county", || calls().count() >= size.presses)
        .await;
    assert_eq!(calls().count(), size.presses, "each press alarms once");
    let mut residents: Vec<String> = calls().map(|alarm| alarm["resident"].to_string()).collect();
    residents.sort_unstable();
    residents.dedup();
    assert_eq!(residents.len(), size.presses, "each about its own person");
    let mut counters = serde_json::Map::new();
    until("the bad peers are counted", || {
        counters = house.shell(&["status", "--json"])["counters"].as_object().cloned().unwrap_or_default();
        counters.contains_key("setracker.tcp.garbage")
    })
    .await;
    let tcp: Vec<String> = counters
        .iter()
        .filter(|(name, _)| name.contains(".tcp."))
        .map(|(name, count)| format!("{name}={count}"))
        .collect();
    println!("{}", tcp.join(" "));
}
