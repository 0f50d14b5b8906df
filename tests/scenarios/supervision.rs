//! CARE-RULES 25 and what it leaves open: who is missed when, what is learned, and who is heard and not believed.

use std::time::Duration;

use shouwang::core::alarm::{Disposition, Reason, Subject};
use shouwang::core::condition::Condition;
use shouwang::core::effect::{Answer, Authority, Input, Order};
use shouwang::core::reading::{Measure, Quantity, Said};
use shouwang::core::roster::{Device, Role, Roster};
use shouwang::core::time::Gap;
use shouwang::core::unit::Milli;
use shouwang::core::watch::Watch;

use super::PRESS;
use super::village::{Play, device, id, roster};

const MIN: u64 = 60;
const HOUR: u64 = 60 * MIN;
const DAY: u64 = 24 * HOUR;

/// A village whose device `name` is enrolled otherwise.
fn with(name: &str, change: impl FnOnce(&mut Device)) -> Play {
    let mut list = roster();
    change(list.devices.get_mut(&id(name)).expect("in the village"));
    Play::watching(list)
}

fn watch(play: &Play) -> Watch {
    play.station.watch()[&id("r1")].watch
}

fn reason(play: &Play, condition: Condition) -> Option<Reason> {
    play.newest(condition).and_then(|alarm| alarm.evidence.last()).map(|evidence| evidence.reason)
}

/// Keeps everything but `name` speaking every ten minutes from `from` to `to`.
fn others_speak(play: &mut Play, name: &str, from: u64, to: u64) {
    let mut at = from;
    while at < to {
        for other in ["button", "cancel", "watch", "motion", "smoke", "radar"].into_iter().filter(|one| *one != name) {
            play.hear(at, other, &[]);
        }
        at += 10 * MIN;
    }
    play.until(to);
}

#[test]
fn rule_25_a_device_is_missed_at_its_limit_and_not_before() {
    for (name, rhythm, limit) in [
        ("button", 20 * MIN, 80 * MIN),
        ("button", 2 * HOUR, 4 * HOUR),
        ("button", 4 * HOUR, 6 * HOUR),
        ("motion", 2 * HOUR, 8 * HOUR),
        ("motion", 12 * HOUR, 24 * HOUR),
        ("motion", 20 * HOUR, 30 * HOUR),
    ] {
        let mut play = with(name, |device| device.rhythm = Some(Duration::from_secs(rhythm)));
        others_speak(&mut play, name, 0, limit - 1);
        assert!(!play.silent(name), "{name} every {rhythm} s");
        play.until(limit);
        assert!(play.silent(name), "{name} every {rhythm} s is missed after {limit} s");
        play.hear(limit + 5, name, &[]);
        assert!(!play.silent(name), "it is heard again");
    }
}

#[test]
fn rule_25_a_mute_button_is_asked_for_a_press_after_seven_days() {
    let mut play = with("button", |device| device.mute = true);
    others_speak(&mut play, "button", 0, 7 * DAY - 1);
    assert!(!play.silent("button"));
    play.until(7 * DAY);
    assert!(play.silent("button"));
    assert_eq!(reason(&play, Condition::DeviceSilent), Some(Reason::PressDue));
}

#[test]
fn a_sensor_of_which_nobody_has_said_how_often_it_speaks_is_learned_by_its_longest_gap() {
    let mut play = with("motion", |device| (device.rhythm, device.home) = (None, None));
    // By day every half hour, and ten hours of night.
    for day in 0..15 {
        for turn in 0..28 {
            play.hear(day * DAY + turn * HOUR / 2 + 1, "motion", &[]);
        }
    }
    let last = 14 * DAY + 27 * HOUR / 2 + 1;
    play.until(last + DAY - 1);
    assert!(!play.silent("motion"), "four times ten hours, and the cap is 24");
    play.until(last + DAY);
    assert!(play.silent("motion"));
}

#[test]
fn what_was_learned_survives_a_restart_and_the_time_off_teaches_nothing() {
    let mut play = with("radar", |device| (device.rhythm, device.home) = (None, None));
    for turn in 0..15 * 24 * 6 {
        play.hear(turn * 10 * MIN + 1, "radar", &[]);
    }
    let end = 15 * DAY;
    let rhythm = |play: &Play| play.station.device_standing(id("radar")).expect("enrolled").rhythm;
    assert_eq!(rhythm(&play), Duration::from_mins(10));
    play.restart(end, end + 9 * HOUR, Gap::Known { ms: 9 * HOUR * 1000 });
    play.hear(end + 9 * HOUR + 1, "radar", &[]);
    assert_eq!(rhythm(&play), Duration::from_mins(10), "nine hours without the box are no gap");
    play.source(end + 10 * HOUR, false);
    play.source(end + 20 * HOUR, true);
    play.hear(end + 20 * HOUR + 1, "radar", &[]);
    assert_eq!(rhythm(&play), Duration::from_mins(10), "and neither are ten without the receiver");
}

#[test]
fn a_home_that_falls_silent_as_a_whole_is_one_fault_and_who_does_not_follow_is_missed_alone() {
    let mut play = with("motion", |device| device.rhythm = Some(Duration::from_hours(1)));
    play.hear(60, "motion", &[]);
    play.hear(90, "radar", &[]);
    play.until(4 * HOUR + 89);
    assert!(play.silent("motion") && !play.silent("radar"));
    let fault = play.newest(Condition::DeviceSilent).expect("the fault of the home").clone();
    assert_eq!(fault.behind, [id("radar")]);
    assert_eq!(reason(&play, Condition::DeviceSilent), Some(Reason::HomeQuiet));
    play.until(30 * HOUR);
    assert!(!play.silent("radar"), "it is named already");
    let standing = play.station.device_standing(id("radar")).expect("enrolled");
    assert_eq!(standing.fault, Some(Condition::DeviceSilent), "and is no witness all the same");
    // Somebody comes home, and one sensor does not follow.
    let mut at = 30 * HOUR;
    while at < 34 * HOUR {
        play.hear(at, "motion", &[]);
        assert!(!play.silent("radar"), "it has its limit to follow");
        at += 10 * MIN;
    }
    play.until(34 * HOUR);
    assert!(!play.silent("motion") && play.silent("radar"));
}

/// Those that report by a timer, every hour.
const REPORTERS: [&str; 7] = ["button", "cancel", "smoke", "more-1", "more-2", "more-3", "more-4"];

fn with_more_buttons() -> Roster {
    let mut list = roster();
    let more = (1..=4).map(|n| device(&format!("more-{n}"), Some("r1"), Role::Sos, 60));
    list.devices.extend(more.map(|device| (device.id, device)));
    list
}

#[test]
fn a_source_that_falls_silent_again_and_again_hides_no_dead_device() {
    let mut play = Play::watching(with_more_buttons());
    for round in 0..3 {
        let begin = round * 6 * HOUR;
        for name in &REPORTERS[1..] {
            play.hear(begin, name, &[]);
        }
        // The button is dead from the beginning, and its link goes and comes besides.
        play.source(begin + 5 * HOUR, false);
        play.source(begin + 5 * HOUR + MIN, true);
    }
    play.until(13 * HOUR);
    assert!(play.silent("button"), "it was given time to follow the others once");
}

#[test]
fn a_fault_of_a_source_gives_no_time_to_who_was_not_missing_when_it_ended() {
    let mut play = Play::watching(with_more_buttons());
    for name in REPORTERS {
        play.hear(MIN, name, &[]);
    }
    play.source(HOUR, false);
    play.source(HOUR + 5 * MIN, true);
    assert_eq!(play.count(Condition::SourceDown), 1);
    for hour in 1..4 {
        for name in &REPORTERS[1..] {
            play.hear(hour * HOUR + 10 * MIN, name, &[]);
        }
    }
    play.until(4 * HOUR + 5 * MIN);
    assert!(!play.silent("button"), "five minutes in which it could not be heard are not counted");
    play.until(4 * HOUR + 7 * MIN);
    assert!(play.silent("button"), "and what was counted before them still is");
}

#[test]
fn a_fault_of_a_source_that_somebody_closes_makes_nothing_forgotten() {
    let mut play = Play::watching(with_more_buttons());
    for name in REPORTERS {
        play.hear(MIN, name, &[]);
    }
    play.until(4 * HOUR + MIN);
    assert_eq!(play.count(Condition::SourceDown), 1);
    let alarm = play.open(Condition::SourceDown);
    let close = Order::Close { alarm, by: None, disposition: Disposition::Repaired, conversation: String::new() };
    let closed = play.order(4 * HOUR + 2 * MIN, Authority::County, close);
    assert!(matches!(closed, Answer::Done { .. }), "{closed:?}");
    for hour in 4..8 {
        for name in &REPORTERS[1..] {
            play.hear(hour * HOUR + 3 * MIN, name, &[]);
        }
    }
    play.until(8 * HOUR + MIN);
    assert!(play.silent("button"));
}

#[test]
fn where_nothing_behind_a_source_is_heard_it_is_the_source_s_one_fault_until_something_is() {
    let (mut play, reporters) = (Play::watching(with_more_buttons()), REPORTERS);
    for (at, name) in (HOUR..).step_by(60).zip(reporters) {
        play.hear(at, name, &[]);
    }
    // Its link stays up all the while, as that of a coordinator that hangs does.
    play.until(4 * HOUR - 1);
    assert_eq!(play.count(Condition::SourceDown), 0);
    assert!(play.silent("watch"), "one that is missed before the others had anything to say is missed alone");
    play.until(4 * HOUR);
    assert_eq!(watch(&play), Watch::Blind, "whoever hangs on it is not watched, though no limit of theirs is over");
    play.until(5 * HOUR + 8 * MIN);
    assert_eq!(reason(&play, Condition::SourceDown), Some(Reason::SourceQuiet));
    assert_eq!(play.newest(Condition::SourceDown).map(|fault| fault.behind.len()), Some(10), "it names them all");
    assert_eq!(play.count(Condition::SourceDown), 1);
    assert!(reporters.iter().all(|name| !play.silent(name)), "and none of them has a fault of its own");
    assert!(!play.silent("motion"), "nor has the sensor that was missed first");
    assert_eq!(watch(&play), Watch::Blind);
    // That the link goes and comes says nothing, and neither does a start.
    play.source(6 * HOUR, false);
    play.source(6 * HOUR + MIN, true);
    play.restart_with(8 * HOUR, Gap::SameBoot, play.station.words());
    play.until(20 * HOUR);
    assert_eq!((play.state_of(Condition::SourceDown), play.count(Condition::SourceDown)), (Some("raised"), 1));
    assert!(reporters.iter().all(|name| !play.silent(name)));
    // One is heard, and another does not follow.
    play.hear(20 * HOUR, "button", &[]);
    assert_eq!(play.state_of(Condition::SourceDown), Some("closed"));
    for hour in 20..24 {
        for name in &reporters[2..] {
            play.hear(hour * HOUR + 30 * MIN, name, &[]);
        }
    }
    play.until(24 * HOUR - 1);
    assert!(!play.silent("cancel"), "it has its limit to follow");
    play.until(24 * HOUR);
    assert!(play.silent("cancel"));
}

#[test]
fn a_stuck_sensor_is_heard_and_is_no_witness_until_it_falls() {
    let mut play = Play::watched();
    let motion = |on| [Said::level(Measure::Motion(on))];
    play.hear(1, "motion", &motion(false));
    for hour in 1..=14 {
        let at = hour * HOUR;
        for name in ["button", "watch", "radar"] {
            play.hear(at, name, &[]);
        }
        play.hear(at, "motion", &motion(true));
    }
    assert_eq!(reason(&play, Condition::DeviceDoubted), Some(Reason::StuckOn));
    let witnesses = |play: &Play| play.station.watch()[&id("r1")].witnesses.clone();
    assert!(!witnesses(&play).contains(&id("motion")));
    assert!(play.subjects().contains(&Subject::Device(id("motion"))));
    play.hear(14 * HOUR + 5, "motion", &motion(false));
    assert!(witnesses(&play).contains(&id("motion")));
    assert_eq!(play.state_of(Condition::DeviceDoubted), Some("closed"));
}

#[test]
fn two_senders_under_one_address_hold_nobody_up_and_their_calls_are_heard() {
    let mut play = Play::watched();
    for n in 0..4 {
        play.give(10 + n, &Input::TwoSenders { device: id("button") });
        play.give(10 + n, &Input::TwoSenders { device: id("watch") });
    }
    assert_eq!(watch(&play), Watch::Weak, "nothing that can be believed calls for help");
    play.hear(20, "button", &[PRESS]);
    assert_eq!(play.count(Condition::HelpCall), 1);
    others_speak(&mut play, "", 30 * MIN, 8 * HOUR);
    assert_eq!(watch(&play), Watch::Watched);
}

#[test]
fn impossible_values_and_their_end_are_told_once_each() {
    let mut play = Play::watched();
    for n in 0..6 {
        play.hear_impossible(10 + n, "radar");
    }
    assert_eq!(play.count(Condition::DeviceDoubted), 1);
    assert_eq!(reason(&play, Condition::DeviceDoubted), Some(Reason::Impossible));
    play.restart(20, 25, Gap::SameBoot);
    assert_eq!(play.state_of(Condition::DeviceDoubted), Some("raised"), "a restart forgets nothing");
    for n in 0..8 {
        play.hear(30 + n, "radar", &[]);
    }
    assert_eq!(play.state_of(Condition::DeviceDoubted), Some("closed"));
    assert_eq!(play.count(Condition::DeviceDoubted), 1);
}

#[test]
fn a_battery_is_asked_for_two_weeks_before_its_end_and_a_new_one_ends_it() {
    let mut play = with("smoke", |device| device.rhythm = Some(Duration::from_hours(25)));
    let charge = |day: u64| {
        let tenths = 1000 - 10 * i64::try_from(day).expect("small");
        [Said::level(Measure::Number(Quantity::Battery, Milli(tenths * 100)))]
    };
    // One per cent a day; the last 15 are not counted on, and the limit of the claimed charge is never reached.
    let mut told = None;
    for day in 0..80 {
        play.hear(day * DAY + 10, "smoke", &charge(day));
        if told.is_none() && play.count(Condition::BatteryLow) > 0 {
            told = Some(day);
        }
    }
    assert!(told.is_some_and(|day| (66..=71).contains(&day)), "85 days is the end: {told:?}");
    assert_eq!(reason(&play, Condition::BatteryLow), Some(Reason::BatteryEnding));
    let outlook = play.station.device_standing(id("smoke")).and_then(|standing| standing.outlook);
    assert!(outlook.is_some_and(|outlook| (4..=8).contains(&outlook.days)), "{outlook:?}");
    for day in 80..83 {
        play.hear(day * DAY + 10, "smoke", &charge(0));
    }
    assert_eq!(play.state_of(Condition::BatteryLow), Some("closed"));
}
