//! A small village for tests of sources: a format of plain words, an address book, and both lanes in the hand.

use std::sync::Arc;

use serde_json::Value;
use shouwang::core::effect::Input;
use shouwang::core::id::{DeviceId, SourceId};
use shouwang::core::reading::{Implausible, Measure, Origin, Quantity, Said, Sample};
use shouwang::core::roster::Class;
use shouwang::device::framing::Framing;
use shouwang::device::{Decode, DecodeError, Decoded, Format, Frame, Listed, Transport};
use shouwang::source::counters::Counters;
use shouwang::source::heard::Heard;
use shouwang::source::lanes::{Arrival, RoutineLane, UrgentLane, lanes};
use shouwang::source::{Inlet, Resolve, Utc};
use tokio::sync::watch;
use tokio::time::Instant;

use super::soon;

/// What the village's wall clock shows: 2026-10-03T13:14:15Z.
pub const UTC_S: i64 = 1_791_033_255;

/// Words over MQTT: the topic is the address, the payload is words.
pub const WORDS_MQTT: Format = Format {
    name: "words",
    about: "plain words, for tests",
    about_zh: "plain words, for tests",
    transport: Transport::Mqtt { base_topic: "words", filters: &["#"], bridged: false, announces: false },
    steady_ms: 0,
    merge_ms: 700,
    decoder: || Box::new(Words),
};

/// Words over a serial port: the first word is the address.
pub const WORDS_SERIAL: Format = Format {
    name: "word-lines",
    transport: Transport::Serial { baud: 115_200, framing: Framing::Lines { bytes_max: 64 } },
    ..WORDS_MQTT
};

/// Words: `sos`, `button`, `battery=97`, `steps=5`, `motion`, `impossible`, `garbled`, `bridge-online`, `list=a,b`.
struct Words;

impl Decode for Words {
    fn decode(&mut self, frame: &Frame<'_>) -> Result<Decoded, DecodeError> {
        let text = std::str::from_utf8(frame.bytes).map_err(|_| DecodeError::NotUtf8)?;
        let mut words = text.split(' ');
        let address = match frame.topic {
            Some(topic) => topic.strip_prefix("words/").ok_or(DecodeError::NotMine)?,
            None => words.next().unwrap_or_default(),
        };
        let mut decoded = Decoded { address: Some(address.to_owned()), ..Decoded::default() };
        if let Some(kind) = frame.context.of(address).get("says").and_then(Value::as_str) {
            words = kind.split(' ');
        }
        for word in words {
            let number = |text: &str| text.parse::<f64>().map_err(|_| DecodeError::WrongType);
            match word.split_once('=').unwrap_or((word, "")) {
                ("sos", _) => decoded.said.push(Said::event(Measure::Sos(true))),
                ("button", _) => decoded.said.push(Said::event(Measure::Button("single".parse().expect("a code")))),
                ("motion", _) => decoded.said.push(Said::level(Measure::Motion(true))),
                ("impossible", _) => decoded.dropped.push(("heart_rate", Implausible::OutOfRange)),
                ("garbled", _) => decoded.refused_keys.push(("battery", DecodeError::WrongType)),
                ("nothing", _) => {}
                ("bridge-online", _) => {
                    decoded.address = None;
                    decoded.said.push(Said::level(Measure::Availability { online: true, bridge: true }));
                }
                ("list", names) => {
                    let listed = |name: &str| Listed { address: name.to_owned(), model: Some("M1".to_owned()) };
                    decoded.address = None;
                    decoded.listed.extend(names.split(',').map(listed));
                }
                (kind, value) => {
                    let quantity = Quantity::from_word(kind).ok_or(DecodeError::Unknown)?;
                    let measure = Measure::number(quantity, number(value)?).map_err(|_| DecodeError::WrongType)?;
                    decoded.said.push(Said::level(measure));
                }
            }
        }
        Ok(decoded)
    }
}

/// `d…` is an enrolled device of that id, `d-bus/2` of the id `d-bus-2`, a number `9…` the enrolled device `d9…`; everybody
/// else is a stranger, or the device `d-any` of a book that knows `everybody`. What may alarm is urgent, and a bridge.
struct AddressBook {
    context: Value,
}

impl Resolve for AddressBook {
    fn origin(&self, _format: &str, address: &str) -> Origin {
        let id = if address.starts_with('9') { format!("d{address}") } else { address.replace('/', "-") };
        match id.parse::<DeviceId>() {
            Ok(device) if id.starts_with('d') => Origin::Device(device),
            _ if self.context.get("everybody").is_some() => Origin::Device("d-any".parse().expect("an id")),
            _ => Origin::Stranger("x1".parse().expect("an id")),
        }
    }

    fn context(&self, _format: &str, address: &str) -> Option<&Value> {
        self.context.get(address)
    }

    fn class(&self, sample: &Sample) -> Class {
        let urgent =
            matches!(sample.from, Origin::Bridge(_)) || sample.said.iter().any(|said| said.measure.may_alarm());
        if urgent { Class::Urgent } else { Class::Routine }
    }
}

/// Stands where the station stands: everything that a source brings arrives here.
pub struct Village {
    /// For sources.
    pub inlet: Inlet,
    /// What is urgent.
    pub urgent: UrgentLane,
    /// What is routine.
    pub routine: RoutineLane,
    /// Changes the address book.
    pub book: watch::Sender<Arc<dyn Resolve>>,
}

impl Village {
    /// An empty village.
    pub fn new() -> Self {
        let counters = Arc::new(Counters::default());
        let (lanes, urgent, routine) = lanes(Arc::clone(&counters));
        let (book, resolve) = watch::channel(address_book(Value::Null));
        let heard = Arc::new(Heard::new(Arc::clone(&counters)));
        let utc: Utc = Arc::new(|| Some(UTC_S));
        Self { inlet: Inlet { lanes, resolve, heard, counters, utc }, urgent, routine, book }
    }

    /// A counter's value; 0 before it first counts.
    pub fn count(&self, name: &str) -> u64 {
        self.inlet.counters.view().get(name).copied().unwrap_or(0)
    }

    /// The next urgent arrival.
    pub async fn next_urgent(&mut self) -> Arrival {
        soon("something urgent arrives", self.urgent.recv()).await.expect("the sources hold the lane")
    }

    /// The next urgent sample, past sources that go up and down.
    pub async fn next_urgent_sample(&mut self) -> (Sample, Arrival) {
        loop {
            let arrival = self.next_urgent().await;
            if let Input::Sample(sample) = &arrival.input {
                return (sample.clone(), arrival);
            }
        }
    }

    /// Waits until the next word of a source on itself, which is to be `up`.
    pub async fn expect_source(&mut self, up: bool) -> SourceId {
        match self.next_urgent().await.input {
            Input::Source { id, up: said } if said == up => id,
            other => panic!("the source is to say up: {up}, and this came: {other:?}"),
        }
    }

    /// The next `count` routine samples, oldest first.
    pub async fn next_routine(&self, count: usize) -> Vec<Sample> {
        let mut arrivals = Vec::new();
        while arrivals.len() < count {
            let more = count - arrivals.len();
            soon("something routine arrives", self.routine.take(&mut arrivals, more)).await;
        }
        let sample = |arrival: Arrival| match arrival.input {
            Input::Sample(sample) => sample,
            other => panic!("only samples are routine: {other:?}"),
        };
        arrivals.into_iter().map(sample).collect()
    }

    /// How often each address was heard.
    pub fn heard(&self) -> Vec<(String, u64)> {
        let resolve = self.inlet.resolve.borrow().clone();
        let view = self.inlet.heard.view(&*resolve, Instant::now());
        view.iter().map(|line| (line.address.reveal().clone(), line.count)).collect()
    }
}

/// An address book with what it knows of addresses.
pub fn address_book(context: Value) -> Arc<dyn Resolve> {
    Arc::new(AddressBook { context })
}

/// The number in a sample that says one, such as `steps=5`.
pub fn number(sample: &Sample) -> Option<i64> {
    sample.said.iter().find_map(|said| match said.measure {
        Measure::Number(Quantity::Steps, milli) => Some(milli.0 / 1000),
        _ => None,
    })
}
