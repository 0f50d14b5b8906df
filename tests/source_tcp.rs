//! Watches over real sockets: answered in time, answered truly, and nobody can push another one out.

mod support;

use std::net::SocketAddr;

use shouwang::core::effect::Input;
use shouwang::core::errand::Errand;
use shouwang::core::reading::{Measure, Origin};
use shouwang::device;
use shouwang::limits::tcp::{TCP_GARBAGE_BYTES_MAX, TCP_PEER_STRANGERS_MAX, TCP_STRANGERS_MAX};
use shouwang::source::tcp::{Errands, Sent, TcpSettings, errands, run};
use support::village::{UTC_S, Village};
use support::watch::{Watch, alarm, free_port, setracker};
use support::{soon, until, until_found};
use tokio_util::sync::CancellationToken;
use tokio_util::task::AbortOnDropHandle;

/// An enrolled watch, as `support::village` knows it.
const ENROLLED: &str = "9000000001";

/// A stranger's.
const STRANGER: &str = "8000000001";

/// A listening source.
struct Port {
    at: SocketAddr,
    village: Village,
    errands: Errands,
    stop: CancellationToken,
    task: AbortOnDropHandle<()>,
}

impl Port {
    async fn open(format: &str) -> Self {
        let mut port = Self::start(format, free_port());
        port.village.expect_source(true).await;
        port
    }

    fn start(format: &str, at: SocketAddr) -> Self {
        let format = *device::format(format).expect("registered");
        let framing = format.transport.framing().expect("a stream");
        let settings = TcpSettings { id: "watches".parse().expect("an id"), listen: at, format, framing };
        let (village, stop, (errands, taken)) = (Village::new(), CancellationToken::new(), errands());
        let task = tokio::spawn(run(settings, village.inlet.clone(), taken, stop.clone()));
        Self { at, village, errands, stop, task: AbortOnDropHandle::new(task) }
    }

    fn count(&self, what: &str) -> u64 {
        self.village.count(&format!("watches.tcp.{what}"))
    }

    async fn until_counted(&self, what: &str) {
        until(what, || self.count(what) >= 1).await;
    }

    /// A connected watch that was answered.
    async fn watch(&self, id: &str) -> Watch {
        let mut watch = Watch::connect(self.at).await;
        watch.say(setracker(id, "LK")).await;
        watch.hear(setracker(id, "LK")).await;
        watch
    }
}

#[tokio::test]
async fn a_help_call_is_answered_when_it_is_kept_and_nothing_waits_behind_it() {
    let mut port = Port::open("watch_setracker").await;
    let mut watch = port.watch(ENROLLED).await;
    watch.say(setracker(ENROLLED, &alarm("00010000"))).await;
    let (sample, arrival) = port.village.next_urgent_sample().await;
    assert_eq!(sample.from, Origin::Device(format!("d{ENROLLED}").parse().expect("an id")));
    assert_eq!(sample.said[0].measure, Measure::Sos(true));
    // The heartbeat behind it is answered before it, so it was not answered.
    watch.say(setracker(ENROLLED, "LK")).await;
    watch.hear(setracker(ENROLLED, "LK")).await;
    // And so is another help call taken meanwhile.
    watch.say(setracker(ENROLLED, &alarm("00200000"))).await;
    let (fall, second) = port.village.next_urgent_sample().await;
    assert_eq!(fall.said[0].measure.kind(), "fall");
    arrival.done.expect("the watch waits for its answer").durable();
    watch.hear(setracker(ENROLLED, "AL")).await;
    second.done.expect("the watch waits for its answer").durable();
    watch.hear(setracker(ENROLLED, "AL")).await;
    assert_eq!(port.count("reply_withheld"), 0);
}

#[tokio::test]
async fn a_help_call_that_could_not_be_kept_is_not_answered_and_comes_again() {
    let mut port = Port::open("watch_setracker").await;
    let mut watch = port.watch(ENROLLED).await;
    for answered in [false, true] {
        watch.say(setracker(ENROLLED, &alarm("00010000"))).await;
        let done = port.village.next_urgent_sample().await.1.done.expect("the watch waits for its answer");
        if answered {
            done.durable();
            watch.hear(setracker(ENROLLED, "AL")).await;
        } else {
            drop(done);
            port.until_counted("reply_withheld").await;
        }
    }
}

#[tokio::test]
async fn frames_survive_any_split_and_two_may_come_in_one_read() {
    let mut port = Port::open("watch_setracker").await;
    let mut watch = port.watch(ENROLLED).await;
    let two = format!("{}noise{}", setracker(ENROLLED, "LK"), setracker(ENROLLED, &alarm("00010000")));
    for byte in two.as_bytes() {
        watch.say([*byte]).await;
    }
    port.village.next_urgent_sample().await;
    watch.hear(setracker(ENROLLED, "LK")).await;
    watch.say(two.repeat(2)).await;
    watch.hear(setracker(ENROLLED, "LK").repeat(2)).await;
    for _ in 0..2 {
        port.village.next_urgent_sample().await;
    }
}

#[tokio::test]
async fn a_watch_that_logs_in_is_told_the_time_and_is_known_from_then_on() {
    let mut port = Port::open("watch_iw_trv").await;
    let mut watch = Watch::connect(port.at).await;
    let sos = "IWAP10061003A2933.7800N10633.0600E000.0131415000.0008000906400502,460,0,9520,3671,01#";
    // Nobody has logged in: it could be anybody's call, so it is not said to be heard.
    watch.say(sos).await;
    watch.say("IWAP00900000000000001#").await;
    assert_eq!(UTC_S, 1_791_033_255);
    watch.hear("IWBP00,20261003131415,0#").await;
    assert_eq!(port.village.count("watch_iw_trv.refused.nameless"), 1);
    watch.say(sos).await;
    let (sample, arrival) = port.village.next_urgent_sample().await;
    assert_eq!(sample.from, Origin::Device("d900000000000001".parse().expect("an id")));
    arrival.done.expect("the watch waits for its answer").durable();
    watch.hear("IWBP10#").await;
}

#[tokio::test]
async fn a_strangers_call_is_answered_only_where_it_is_kept_and_its_heartbeat_at_once() {
    let mut port = Port::open("watch_setracker").await;
    let mut watch = port.watch(STRANGER).await;
    watch.say(setracker(STRANGER, &alarm("00010000"))).await;
    let (sample, arrival) = port.village.next_urgent_sample().await;
    assert!(matches!(sample.from, Origin::Stranger(_)));
    arrival.done.expect("the watch waits for its answer").durable();
    watch.hear(setracker(STRANGER, "AL")).await;
    // One that decides nothing is kept nowhere, and its wearer is not to believe that somebody comes.
    watch.say(setracker(STRANGER, &alarm("00010000"))).await;
    port.village.next_urgent_sample().await.1.done.expect("the watch waits for its answer").nothing();
    watch.say(setracker(STRANGER, "LK")).await;
    watch.hear(setracker(STRANGER, "LK")).await;
    assert_eq!(port.count("reply_withheld"), 0);
    assert_eq!(port.village.heard().first().map(|(address, _)| address.as_str()), Some(STRANGER));
}

#[tokio::test]
async fn the_newer_connection_of_a_device_wins() {
    let mut port = Port::open("watch_setracker").await;
    let mut first = port.watch(ENROLLED).await;
    let mut second = port.watch(ENROLLED).await;
    soon("the older is closed", first.until_closed()).await;
    port.until_counted("taken_over").await;
    assert_eq!(port.count("duplicate"), 0, "one device that came back");
    let mut elsewhere = Watch::connect_from(2, port.at).await;
    elsewhere.say(setracker(ENROLLED, "LK")).await;
    elsewhere.hear(setracker(ENROLLED, "LK")).await;
    soon("the older is closed", second.until_closed()).await;
    assert_eq!(port.count("duplicate"), 1, "two devices that say the same number");
    until_found("the station learns it", async || {
        matches!(port.village.next_urgent().await.input, Input::TwoSenders { .. }).then_some(())
    })
    .await;
}

#[tokio::test]
async fn a_connection_belongs_to_one_device() {
    let mut port = Port::open("watch_setracker").await;
    let mut watch = port.watch(STRANGER).await;
    // What it says under another number is heard all the same: it may be a help call.
    watch.say(setracker(ENROLLED, &alarm("00010000"))).await;
    port.village.next_urgent_sample().await;
    soon("it is closed", watch.until_closed()).await;
    port.until_counted("renamed").await;
}

#[tokio::test]
async fn a_flood_of_strangers_does_not_stop_an_enrolled_help_call() {
    let mut port = Port::open("watch_setracker").await;
    let mut watch = port.watch(ENROLLED).await;
    let mut flood = Vec::new();
    for from in 3..=12 {
        for _ in 0..=TCP_PEER_STRANGERS_MAX {
            flood.push(Watch::connect_from(from, port.at).await);
        }
    }
    assert!(flood.len() > TCP_STRANGERS_MAX);
    port.until_counted("crowded_out").await;
    watch.say(setracker(ENROLLED, &alarm("00010000"))).await;
    port.village.next_urgent_sample().await.1.done.expect("a promise").durable();
    watch.hear(setracker(ENROLLED, "AL")).await;
    // And an enrolled one that comes now gets in, although strangers call and call.
    for from in 20..30 {
        let mut caller = Watch::connect_from(from, port.at).await;
        caller.say(setracker(STRANGER, &alarm("00010000")).repeat(20)).await;
        flood.push(caller);
    }
    until("most of the strangers' calls are not taken", || {
        while port.village.urgent.try_recv().is_ok() {}
        port.count("stranger_withheld") >= 50
    })
    .await;
    let mut late = Watch::connect_from(2, port.at).await;
    late.say(setracker("9000000002", &alarm("00010000"))).await;
    port.village.next_urgent_sample().await.1.done.expect("a promise").durable();
    late.hear(setracker("9000000002", "AL")).await;
}

#[tokio::test]
async fn garbage_closes_its_own_connection_only() {
    let port = Port::open("watch_setracker").await;
    let mut watch = port.watch(ENROLLED).await;
    let mut noisy = Watch::connect(port.at).await;
    let garbage = vec![b'x'; TCP_GARBAGE_BYTES_MAX];
    let mut said = Ok(());
    while said.is_ok() {
        said = noisy.try_say(&garbage).await;
    }
    port.until_counted("garbage").await;
    watch.say(setracker(ENROLLED, "LK")).await;
    watch.hear(setracker(ENROLLED, "LK")).await;
}

#[tokio::test(start_paused = true)]
async fn a_frame_that_does_not_end_hides_nothing_and_ends_its_connection() {
    let mut port = Port::open("watch_setracker").await;
    let mut watch = port.watch(ENROLLED).await;
    // Announced as voice, so that its end may be far; behind it stands a help call, and half a frame.
    watch.say("[3G*9000000001*FFFF*TK,").await;
    watch.say(setracker(ENROLLED, &alarm("00010000"))).await;
    watch.say("[3G*9000000001*00").await;
    watch.until_closed().await;
    port.until_counted("unfinished").await;
    port.village.next_urgent_sample().await;
}

#[tokio::test(start_paused = true)]
async fn who_does_not_say_who_it_is_is_closed_after_half_a_minute() {
    let port = Port::open("watch_setracker").await;
    Watch::connect(port.at).await.until_closed().await;
    port.until_counted("nameless").await;
}

#[tokio::test(start_paused = true)]
async fn who_falls_silent_is_closed_after_its_heartbeats_are_missed() {
    let port = Port::open("watch_setracker").await;
    let mut watch = port.watch(ENROLLED).await;
    watch.until_closed().await;
    port.until_counted("idle").await;
}

#[tokio::test(start_paused = true)]
async fn who_takes_no_answers_is_closed() {
    let port = Port::open("watch_setracker").await;
    let mut deaf = port.watch(ENROLLED).await;
    let heartbeats = setracker(ENROLLED, "LK").repeat(100);
    let mut said = Ok(());
    while said.is_ok() {
        said = deaf.try_say(&heartbeats).await;
    }
    port.until_counted("never_reads").await;
    // Nobody else noticed.
    port.watch("9000000002").await;
}

#[tokio::test]
async fn an_order_reaches_a_connected_device_and_no_other() {
    let port = Port::open("watch_setracker").await;
    assert_eq!(port.errands.send(ENROLLED, Errand::Find).await, Sent::NotConnected);
    let mut watch = port.watch(ENROLLED).await;
    assert_eq!(port.errands.send(ENROLLED, Errand::Find).await, Sent::Sent);
    watch.hear(setracker(ENROLLED, "FIND")).await;
    assert_eq!(port.errands.send(ENROLLED, Errand::ReportEvery { seconds: 600 }).await, Sent::Sent);
    watch.hear(setracker(ENROLLED, "UPLOAD,600")).await;
    assert_eq!(port.errands.send(ENROLLED, Errand::MeasureHeartRate).await, Sent::Sent);
    watch.hear(setracker(ENROLLED, "hrtstart,1")).await;
    let mut stranger = port.watch(STRANGER).await;
    assert_eq!(port.errands.send(STRANGER, Errand::Find).await, Sent::NotConnected);
    stranger.say(setracker(STRANGER, "LK")).await;
    stranger.hear(setracker(STRANGER, "LK")).await;
    drop(watch);
    let gone = async { while port.errands.send(ENROLLED, Errand::Find).await != Sent::NotConnected {} };
    soon("its end is seen", gone).await;
}

#[tokio::test]
async fn a_pendant_and_a_badge_are_answered_in_their_own_bytes() {
    let mut port = Port::open("jt808").await;
    let mut badge = Watch::connect(port.at).await;
    let number = [0x90, 0, 0, 0, 0, 0x01];
    let message = |id: u16, serial: u8, body: &[u8]| {
        let mut bytes = id.to_be_bytes().to_vec();
        bytes.extend([0, u8::try_from(body.len()).expect("short")]);
        bytes.extend(number);
        bytes.extend([0, serial]);
        bytes.extend(body);
        let check = bytes.iter().fold(0, |sum, byte| sum ^ byte);
        bytes.push(check);
        [vec![0x7e], bytes, vec![0x7e]].concat()
    };
    badge.say(message(0x0002, 5, &[])).await;
    badge.hear(message(0x8001, 0, &[0, 5, 0, 2, 0])).await;
    assert_eq!(port.errands.send("900000000001", Errand::Find).await, Sent::HasNone);
    let mut location = vec![0, 0, 0, 1, 0, 0, 0, 0];
    location.extend([0; 14]);
    location.extend([0x26, 0x10, 0x03, 0x21, 0x14, 0x15]);
    badge.say(message(0x0200, 6, &location)).await;
    port.village.next_urgent_sample().await.1.done.expect("a promise").durable();
    badge.hear(message(0x8001, 1, &[0, 6, 2, 0, 0])).await;

    let port = Port::open("eview_pendant").await;
    let mut pendant = Watch::connect(port.at).await;
    // A question for the time, with its CRC; the answer carries the seconds.
    pendant.say([0xab, 0x10, 0x03, 0x00, 0x12, 0x58, 0x01, 0x00, 0x03, 0x01, 0x12]).await;
    let seconds = u32::try_from(UTC_S).expect("until 2106").to_le_bytes();
    assert_eq!(pendant.take(15).await[8..], [[0x03, 0x05, 0x12].as_slice(), &seconds].concat());
}

#[tokio::test]
async fn a_port_that_another_program_holds_is_waited_for() {
    let holder = std::net::TcpListener::bind("127.0.0.1:0").expect("a free port");
    let mut port = Port::start("watch_setracker", holder.local_addr().expect("it has an address"));
    port.village.expect_source(false).await;
    drop(holder);
    port.village.expect_source(true).await;
    port.watch(ENROLLED).await;
}

#[tokio::test]
async fn what_is_still_kept_at_the_end_is_still_answered() {
    let mut port = Port::open("watch_setracker").await;
    let mut watch = port.watch(ENROLLED).await;
    watch.say(setracker(ENROLLED, &alarm("00010000"))).await;
    let done = port.village.next_urgent_sample().await.1.done.expect("a promise");
    port.stop.cancel();
    done.durable();
    watch.hear(setracker(ENROLLED, "AL")).await;
    soon("the source ends", port.task).await.expect("it does not panic");
}
