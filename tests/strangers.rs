//! A device that is not enrolled can never raise an alarm about a person, in any format, whatever it says: every format's
//! vectors and what mutation makes of them, through the front door and the station.

mod support;

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use proptest::prelude::*;
use serde_json::Value;
use shouwang::core::effect::Input;
use shouwang::core::id::{Epoch, StrangerId};
use shouwang::core::reading::{Origin, Sample};
use shouwang::core::roster::{Chemistry, Class, Device, Resident, Role, Roster, Tier};
use shouwang::core::station::{Identity, Rules, Station};
use shouwang::core::time::{Boot, Moment, Mono, Trust, Wall};
use shouwang::device::framing::{Framer, Piece};
use shouwang::device::{FORMATS, Format};
use shouwang::source::Resolve;
use shouwang::source::front_door::{FrontDoor, Raw};
use support::vectors;
use support::village::Village;
use tokio::time::Instant;

/// A village that knows nobody of those who speak here. What enrolment would know of a frame is the vector's context, so
/// that encrypted words are heard too.
struct Nobody(Value);

impl Resolve for Nobody {
    fn origin(&self, _: &str, _: &str) -> Origin {
        Origin::Stranger("x0123456789".parse::<StrangerId>().expect("an id"))
    }

    fn context(&self, _: &str, _: &str) -> Option<&Value> {
        Some(&self.0)
    }

    fn class(&self, sample: &Sample) -> Class {
        Class::of(sample, |_| false)
    }
}

/// One resident with one button, which is silent here.
fn station(source: &str) -> Station {
    let (resident, home) = ("r1".parse().expect("an id"), "h1".parse().expect("an id"));
    let button = Device {
        id: "button".parse().expect("an id"),
        resident: Some(resident),
        home: Some(home),
        room: None,
        role: Role::Sos,
        source: source.parse().expect("an id"),
        rhythm: Some(Duration::from_hours(24)),
        mute: false,
        battery: Chemistry::Unknown,
        mains: false,
        removed: false,
    };
    let person = Resident { tier: Tier::High, ..Resident::new(resident, home) };
    let roster = Roster {
        residents: BTreeMap::from([(resident, person)]),
        devices: BTreeMap::from([(button.id, button)]),
        responders: BTreeMap::new(),
        sources: vec![source.parse().expect("an id")],
        ..Roster::default()
    };
    let identity = Identity { station: "st1".parse().expect("an id"), epoch: Epoch(1) };
    Station::new(identity, Rules::default(), roster, moment(0))
}

fn moment(s: u64) -> Moment {
    let wall = Wall(1_790_000_000_000 + i64::try_from(s).expect("small") * 1000);
    Moment { boot: Boot(1), mono: Mono(10_000_000 + s * 1000), wall, trust: Trust::Synced }
}

/// Plays bytes of nobody we know to the station, four times in as many seconds.
fn play(format: &'static Format, topic: Option<&str>, bytes: &[u8], context: Value) -> Station {
    let village = Village::new();
    village.book.send(Arc::new(Nobody(context))).expect("the inlet holds a receiver");
    let mut door = FrontDoor::new("source".parse().expect("an id"), *format, village.inlet.clone());
    let mut station = station("source");
    for s in 1..=4 {
        let mut frame = |bytes: &[u8]| {
            let raw = Raw { topic, bytes, retained: false, utc_s: None };
            if let Some(admitted) = door.admit(&raw, Instant::now()) {
                let _ = station.handle(moment(s), &Input::Sample(admitted.sample));
            }
        };
        frame(bytes);
        let Some(framing) = format.transport.framing() else { continue };
        let (mut framer, mut chunk) = (Framer::new(framing), bytes);
        while let Some(piece) = framer.next_piece(&mut chunk) {
            if let Piece::Frame(bytes) = piece {
                frame(bytes);
            }
        }
    }
    station
}

fn is_quiet(station: &Station) -> bool {
    station.open_alarms().all(|alarm| !alarm.id.condition.rule().about_person)
}

#[tokio::test]
async fn no_vector_of_any_format_raises_anything_for_a_stranger() {
    let mut noticed = 0;
    for format in FORMATS {
        for vector in vectors::of(format) {
            let bytes = vector.bytes().expect("a frame");
            let station = play(format, vector.topic.as_deref(), &bytes, vector.context());
            assert!(is_quiet(&station), "{}: {:?}", vector.id, station.open_alarms().collect::<Vec<_>>());
            noticed += station.open_alarms().count();
        }
    }
    assert!(noticed > 0, "nothing reached the station: strangers that call are noticed, not ignored");
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 100, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn nothing_that_a_stranger_may_say_raises_anything(
        pick in any::<prop::sample::Index>(),
        hits in proptest::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 0..4),
        cut in proptest::option::of(any::<prop::sample::Index>()),
    ) {
        for format in FORMATS {
            let all = vectors::of(format);
            let vector = pick.get(&all);
            let mut bytes = vector.bytes().expect("a frame").into_owned();
            for (at, byte) in &hits {
                if !bytes.is_empty() {
                    let at = at.index(bytes.len());
                    bytes[at] = *byte;
                }
            }
            if let Some(cut) = cut {
                bytes.truncate(cut.index(bytes.len() + 1));
            }
            let runtime = tokio::runtime::Builder::new_current_thread().build().expect("a runtime");
            let _inside = runtime.enter();
            let station = play(format, vector.topic.as_deref(), &bytes, vector.context());
            prop_assert!(is_quiet(&station), "{}: {:?}", vector.id, bytes);
        }
    }
}
