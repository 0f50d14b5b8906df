//! A serial port that is plugged, unplugged and full of noise: real ptys, held by socat.

mod support;

use std::path::{Path, PathBuf};

use serde_json::json;
use shouwang::core::reading::{Measure, Origin, Sample};
use shouwang::core::roster::Class;
use shouwang::device::framing::{Framer, Framing, Piece};
use shouwang::device::{FORMATS, Format, Transport};
use shouwang::source::front_door::{Admitted, FrontDoor, Raw};
use shouwang::source::serial::{SerialSettings, run};
use support::hub::Hub;
use support::vectors;
use support::village::{Village, WORDS_SERIAL, address_book, number};
use support::{installed, soon, until};
use tempfile::TempDir;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;
use tokio_util::task::AbortOnDropHandle;

/// A source that reads the port of a folder of its own.
struct Reading {
    _folder: TempDir,
    path: PathBuf,
    village: Village,
    stop: CancellationToken,
    task: AbortOnDropHandle<()>,
}

impl Reading {
    fn start(format: Format) -> Self {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let path = folder.path().join("usb-hub");
        let village = Village::new();
        let stop = CancellationToken::new();
        let reader = run(of_format("hub", &path, format), village.inlet.clone(), stop.clone());
        let task = AbortOnDropHandle::new(tokio::spawn(reader));
        Self { _folder: folder, path, village, stop, task }
    }

    /// A reader whose hub is plugged in and heard.
    async fn plugged() -> (Self, Hub) {
        Self::plugged_speaking(WORDS_SERIAL).await
    }

    async fn plugged_speaking(format: Format) -> (Self, Hub) {
        let mut reading = Self::start(format);
        reading.village.expect_source(false).await;
        let hub = Hub::plug(&reading.path).await;
        reading.village.expect_source(true).await;
        (reading, hub)
    }

    async fn next_number(&self) -> Option<i64> {
        self.village.next_routine(1).await.first().and_then(number)
    }
}

fn settings(id: &str, path: &Path) -> SerialSettings {
    of_format(id, path, WORDS_SERIAL)
}

fn of_format(id: &str, path: &Path, format: Format) -> SerialSettings {
    let framing = format.transport.framing().expect("a stream");
    SerialSettings { id: id.parse().expect("an id"), path: path.to_owned(), baud: 115_200, format, framing }
}

#[tokio::test]
async fn a_hub_that_is_absent_at_start_is_heard_once_it_is_plugged_in() {
    if !installed("socat") {
        return;
    }
    let (mut reading, mut hub) = Reading::plugged().await;
    hub.say("d1 battery=80 sos\nd2 steps=7\n");
    let (sample, arrival) = reading.village.next_urgent_sample().await;
    assert_eq!(sample.from, Origin::Device("d1".parse().expect("an id")));
    assert_eq!(sample.said.first().map(|said| said.measure), Some(Measure::Sos(true)));
    assert!(!sample.retained);
    assert!(arrival.done.is_none(), "a serial line cannot be acknowledged");
    assert_eq!(reading.next_number().await, Some(7));
}

#[tokio::test]
async fn a_hub_that_is_pulled_out_and_put_back_is_heard_again() {
    if !installed("socat") {
        return;
    }
    let (mut reading, mut hub) = Reading::plugged().await;
    for round in 1..=2 {
        hub.say(format!("d1 steps={round}\nd1 steps=9"));
        assert_eq!(reading.next_number().await, Some(round));
        hub.unplug().await;
        reading.village.expect_source(false).await;
        hub = Hub::plug(&reading.path).await;
        // Said once each: nothing else stands between the two.
        reading.village.expect_source(true).await;
    }
    hub.say("d1 steps=3\n");
    assert_eq!(reading.next_number().await, Some(3), "half a line from before the unplugging is not its beginning");
}

#[tokio::test]
async fn lines_survive_any_split_and_any_noise_between_them() {
    if !installed("socat") {
        return;
    }
    let (reading, mut hub) = Reading::plugged().await;
    for piece in ["d1 st", "eps=", "1\r", "\nd1 steps=2\n"] {
        hub.say(piece);
    }
    hub.say(b"\xff\x00\xfe garbage \x80\n\n\r\nets Jul 29 2019 12:21:46 rst:0x1\nd1 steps=3\n");
    let overlong = "x".repeat(10_000);
    hub.say(format!("{overlong}\nd1 steps=4\n"));
    for expected in 1..=4 {
        assert_eq!(reading.next_number().await, Some(expected));
    }
    assert_eq!(reading.village.count("hub.serial.line_overlong"), 1);
    assert_eq!(reading.village.count("word-lines.refused.not_utf8"), 1);
    assert_eq!(reading.village.count("word-lines.refused.unknown"), 1);
}

#[tokio::test]
async fn the_beginning_of_a_line_that_never_ends_does_not_spoil_the_next() {
    if !installed("socat") {
        return;
    }
    let (reading, mut hub) = Reading::plugged().await;
    hub.say("d1 steps=1");
    until("the beginning is dropped", || reading.village.count("hub.serial.line_unfinished") == 1).await;
    hub.say("d1 steps=2\n");
    assert_eq!(reading.next_number().await, Some(2));
}

#[tokio::test]
async fn a_port_that_another_program_holds_is_waited_for() {
    if !installed("socat") {
        return;
    }
    let (reading, mut hub) = Reading::plugged().await;
    let mut other = Village::new();
    let second = run(settings("second", &reading.path), other.inlet.clone(), CancellationToken::new());
    let _second = AbortOnDropHandle::new(tokio::spawn(second));
    other.expect_source(false).await;
    hub.say("d1 steps=1\n");
    assert_eq!(reading.next_number().await, Some(1), "the first is not disturbed");
    reading.stop.cancel();
    soon("the first ends", reading.task).await.expect("it does not panic");
    other.expect_source(true).await;
    hub.say("d1 steps=2\n");
    assert_eq!(other.next_routine(1).await.first().and_then(number), Some(2));
}

/// The bytes of a format's vectors, one after the other, without those that leave a frame unfinished.
fn stream(format: &Format, framing: Framing) -> Vec<u8> {
    let all = vectors::of(format).into_iter().map(|vector| {
        let mut bytes = vector.bytes().expect("a frame").into_owned();
        if matches!(framing, Framing::Lines { .. }) {
            bytes.extend(b"\r\n");
        }
        bytes
    });
    let whole = all.filter(|bytes| {
        let (mut framer, mut rest) = (Framer::new(framing), bytes.as_slice());
        while framer.next_piece(&mut rest).is_some() {}
        !framer.unfinished()
    });
    whole.flatten().collect()
}

/// What a stream means, without a port: the samples of each lane.
fn meant(format: &Format, framing: Framing, stream: &[u8]) -> (Vec<Sample>, Vec<Sample>) {
    let village = Village::new();
    village.book.send(address_book(json!({"everybody": true}))).expect("the inlet holds a receiver");
    let mut door = FrontDoor::new("hub".parse().expect("an id"), *format, village.inlet.clone());
    let (mut framer, mut rest) = (Framer::new(framing), stream);
    let (mut urgent, mut routine) = (Vec::new(), Vec::new());
    while let Some(piece) = framer.next_piece(&mut rest) {
        let Piece::Frame(bytes) = piece else { continue };
        let raw = Raw { topic: None, bytes, retained: false, utc_s: None };
        match door.admit(&raw, Instant::now()) {
            Some(Admitted { sample, class: Class::Urgent }) => urgent.push(sample),
            Some(Admitted { sample, class: Class::Routine }) => routine.push(sample),
            None => {}
        }
    }
    (urgent, routine)
}

#[tokio::test]
async fn every_serial_format_says_the_same_in_one_piece_and_byte_by_byte() {
    if !installed("socat") {
        return;
    }
    let serial = FORMATS.iter().filter(|format| matches!(format.transport, Transport::Serial { .. }));
    let mut formats = 0;
    for format in serial {
        let framing = format.transport.framing().expect("a stream");
        let stream = stream(format, framing);
        let (urgent, routine) = meant(format, framing, &stream);
        assert!(!urgent.is_empty() || !routine.is_empty(), "{}: its vectors say something", format.name);
        for piece_bytes in [stream.len(), 1] {
            let (mut reading, mut hub) = Reading::plugged_speaking(*format).await;
            reading.village.book.send(address_book(json!({"everybody": true}))).expect("the inlet holds a receiver");
            for piece in stream.chunks(piece_bytes) {
                hub.say(piece);
            }
            let mut heard = Vec::new();
            while heard.len() < urgent.len() {
                heard.push(reading.village.next_urgent_sample().await.0);
            }
            assert_eq!(heard, urgent, "{} in pieces of {piece_bytes}", format.name);
            assert_eq!(
                reading.village.next_routine(routine.len()).await,
                routine,
                "{} in pieces of {piece_bytes}",
                format.name
            );
        }
        formats += 1;
    }
    assert!(formats >= 7, "only {formats} serial formats");
}
