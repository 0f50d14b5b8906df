//! Scenarios: time tables of what happens and who is told, on the whole station, in virtual time. Each is named after the
//! rule of care it proves.

mod clock;

mod ended;

mod enrolment;

mod flood;

mod restart;

mod supervision;

mod village;

use shouwang::core::alarm::life_cycle::State;
use shouwang::core::alarm::{Disposition, NoteKind, Subject};
use shouwang::core::audience::{Audience, Because};
use shouwang::core::condition::{Condition, Priority};
use shouwang::core::effect::{Answer, Authority, Order};
use shouwang::core::reading::{FallVerdict, Measure, Quantity, Said};
use shouwang::core::refusal::Refusal;
use shouwang::core::time::Gap;
use shouwang::core::unit::Milli;
use shouwang::core::watch::Watch;

use village::{Play, id, rung};

const PRESS: Said = Said::event(Measure::Sos(true));

const fn fall(verdict: FallVerdict) -> Said {
    Said::event(Measure::Fall(verdict))
}

#[test]
fn a_press_is_told_at_once_and_climbs_until_somebody_comes() {
    let mut play = Play::watched();
    play.hear(10, "button", &[PRESS]);
    play.until(140);
    assert_eq!(
        play.told(),
        [
            (10, Condition::HelpCall, rung(0), Because::Raised),
            (70, Condition::HelpCall, rung(1), Because::NotAccepted),
            (130, Condition::HelpCall, rung(2), Because::NotAccepted),
        ]
    );
    play.accept(150, Condition::HelpCall, "g-1");
    assert_eq!(
        play.told(),
        [(150, Condition::HelpCall, rung(0), Because::BackUp)],
        "behind the last rung comes the first"
    );
    play.until(460);
    assert_eq!(play.told(), [(450, Condition::HelpCall, Audience::Acceptor(id("g-1")), Because::HalfLease)]);
    let alarm = play.open(Condition::HelpCall);
    play.order(470, Authority::Local, Order::OnSite { alarm, by: id("g-1"), door: None });
    let by = Some(id("g-1"));
    let close = Order::Close { alarm, by, disposition: Disposition::Helped, conversation: String::new() };
    play.order(900, Authority::Local, close);
    let closed = play.newest(Condition::HelpCall).expect("the alarm's last record");
    assert!(!closed.visit_due, "somebody was there");
    let clocks = closed.clocks;
    for (name, clock, expected) in [
        ("occurred", clocks.occurred, Some(10)),
        ("detected", clocks.detected, Some(10)),
        ("committed", clocks.committed, Some(10)),
        ("first_notice_sent", clocks.first_notice_sent, None),
        ("delivered", clocks.delivered, None),
        ("seen", clocks.seen, None),
        ("accepted", clocks.accepted, Some(150)),
        ("on_site", clocks.on_site, Some(470)),
        ("closed", clocks.closed, Some(900)),
    ] {
        assert_eq!(clock.map(|at| at.mono.0 / 1000 - 10_000), expected, "{name}");
    }
    play.until(100_000);
    assert!(play.told().iter().all(|told| told.1 != Condition::HelpCall), "a closed alarm is silent");
}

#[test]
fn rule_05_nobody_answers_and_everybody_is_called_again_and_again() {
    let mut play = Play::watched();
    play.hear(0, "button", &[PRESS]);
    play.until(1000);
    let told = play.told();
    assert_eq!(told[6], (360, Condition::HelpCall, Audience::Everyone, Because::Unanswered));
    assert_eq!(told[7].0, 660);
    let Some(State::Raised { climb }) = play.newest(Condition::HelpCall).map(|alarm| alarm.state) else {
        panic!("still raised")
    };
    assert!(climb.unanswered.is_some(), "未响应 is a result, not a silence");
}

#[test]
fn rule_06_a_lease_that_runs_out_calls_the_next_rung_in_addition() {
    let mut play = Play::watched();
    play.hear(0, "button", &[PRESS]);
    play.accept(10, Condition::HelpCall, "n-1");
    assert_eq!(play.told().last(), Some(&(10, Condition::HelpCall, rung(1), Because::BackUp)));
    play.until(620);
    assert_eq!(
        play.told(),
        [
            (310, Condition::HelpCall, Audience::Acceptor(id("n-1")), Because::HalfLease),
            (610, Condition::HelpCall, rung(1), Because::LeaseOver),
            (610, Condition::HelpCall, Audience::Acceptor(id("n-1")), Because::LeaseOver),
        ],
        "and the ten minutes without acceptance begin anew"
    );
}

#[test]
fn rule_07_a_new_press_rings_the_acceptor_and_after_a_minute_the_next_rung() {
    let mut play = Play::watched();
    play.hear(0, "button", &[PRESS]);
    play.accept(10, Condition::HelpCall, "n-1");
    play.told();
    play.hear(40, "button", &[PRESS]);
    play.until(110);
    assert_eq!(
        play.told(),
        [
            (40, Condition::HelpCall, Audience::Acceptor(id("n-1")), Because::Again),
            (100, Condition::HelpCall, rung(1), Because::Again),
        ]
    );
    assert_eq!(play.count(Condition::HelpCall), 1, "a second onset joins the open alarm");
}

#[test]
fn rule_10_the_county_cannot_quiet_a_village() {
    let mut play = Play::watched();
    play.hear(0, "button", &[PRESS]);
    let alarm = play.open(Condition::HelpCall);
    play.told();
    let answer = play.order(5, Authority::County, Order::Acknowledge { alarm, by: None });
    assert!(matches!(answer, Answer::Done { .. }));
    let close = |conversation: &str| Order::Close {
        alarm,
        by: None,
        disposition: Disposition::NoHelpNeeded,
        conversation: conversation.to_owned(),
    };
    let answer = play.order(6, Authority::County, close(""));
    assert_eq!(answer, Answer::Noted { alarm, reason: Refusal::NeedsConversation });
    play.until(70);
    assert_eq!(play.told(), [(60, Condition::HelpCall, rung(1), Because::NotAccepted)], "the ladder goes on");
    let kinds: Vec<NoteKind> =
        play.newest(Condition::HelpCall).expect("open").notes.iter().map(|note| note.kind).collect();
    assert_eq!(kinds, [NoteKind::CountyAcknowledged, NoteKind::CountyCloseRefused]);
    play.order(80, Authority::County, close("电话里她说没事"));
    assert_eq!(play.state_of(Condition::HelpCall), Some("closed"));
}

#[test]
fn rule_13_a_press_is_never_a_cancel_and_a_cancel_after_raising_is_a_note() {
    let mut play = Play::watched();
    play.hear(0, "watch", &[fall(FallVerdict::Confirmed)]);
    play.hear(5, "button", &[PRESS]);
    assert_eq!(play.state_of(Condition::HelpCall), Some("raised"));
    assert_eq!(play.state_of(Condition::FallConfirmed), Some("pre_alarm"));
    play.until(31);
    assert_eq!(play.state_of(Condition::FallConfirmed), Some("raised"));
    play.hear(40, "cancel", &[PRESS]);
    let fall = play.newest(Condition::FallConfirmed).expect("recorded");
    assert_eq!((fall.state.word(), fall.notes[0].kind), ("raised", NoteKind::SaysAllWell));
}

#[test]
fn rule_13_the_wearer_or_a_cancel_button_ends_the_window() {
    for (device, said) in [("watch", fall(FallVerdict::Cleared)), ("cancel", PRESS)] {
        let mut play = Play::watched();
        play.hear(0, "watch", &[fall(FallVerdict::Confirmed)]);
        play.hear(12, device, &[said]);
        play.until(600);
        let fall = play.newest(Condition::FallConfirmed).expect("recorded");
        let closed = State::Closed { by: None, disposition: Disposition::Cancelled, unverified: false };
        assert_eq!(fall.state, closed, "{device}");
        assert_eq!(play.told(), [], "{device}: nobody is called for a cancelled pre-alarm");
    }
}

#[test]
fn rule_14_no_room_sensor_and_no_flag_that_falls_back_cancels_a_fall() {
    for (device, said) in [
        ("motion", Said::level(Measure::Motion(true))),
        ("radar", fall(FallVerdict::Normal)),
        ("radar", fall(FallVerdict::Cleared)),
        ("watch", fall(FallVerdict::Normal)),
        ("watch", fall(FallVerdict::Suspected)),
    ] {
        let mut play = Play::watched();
        play.hear(0, "watch", &[fall(FallVerdict::Confirmed)]);
        play.hear(10, device, &[said]);
        play.until(30);
        assert_eq!(play.state_of(Condition::FallConfirmed), Some("raised"), "{device} {said:?}");
    }
}

#[test]
fn rule_15_some_endings_are_not_endings() {
    let mut play = Play::watched();
    play.hear(0, "button", &[PRESS]);
    let alarm = play.open(Condition::HelpCall);
    let close = |disposition| Order::Close { alarm, by: Some(id("n-1")), disposition, conversation: String::new() };
    let answer = play.order(5, Authority::Local, close(Disposition::Helped));
    assert_eq!(answer, Answer::Refused { reason: Refusal::NeedsAcceptance });
    play.accept(10, Condition::HelpCall, "n-1");
    play.told();
    play.order(20, Authority::Local, close(Disposition::NoAnswer));
    assert_eq!(play.told(), [(20, Condition::HelpCall, rung(1), Because::NotAnEnding)]);
    play.accept(30, Condition::HelpCall, "g-1");
    play.order(40, Authority::Local, close(Disposition::FalseAlarm));
    let closed = play.newest(Condition::HelpCall).expect("closed");
    assert!(closed.visit_due, "nobody was there to see: a visit is due");
}

#[test]
fn rule_17_not_enrolled_is_not_ignored() {
    let mut play = Play::watched();
    for s in [0, 20] {
        play.hear_stranger(s, "x1", &[PRESS]);
    }
    assert_eq!(play.count(Condition::StrangerCall), 0);
    play.hear_stranger(50, "x1", &[PRESS]);
    assert_eq!(play.subjects(), [Subject::Stranger(id("x1"))]);
    assert_eq!(play.newest(Condition::StrangerCall).expect("raised").priority, Priority::Technical);
    play.hear(60, "old-button", &[PRESS]);
    assert_eq!(play.count(Condition::StrangerCall), 2);
    let revs = play.newest(Condition::StrangerCall).expect("raised").rev;
    play.hear(90, "old-button", &[PRESS]);
    assert_eq!(play.newest(Condition::StrangerCall).expect("raised").rev, revs, "one notice a device and hour");
    assert_eq!(play.count(Condition::HelpCall), 0, "it is still not an alarm about a person");
    let desk = |s| (s, Condition::StrangerCall, Audience::Desk, Because::Fault);
    assert_eq!(play.told(), [desk(50), desk(60)], "the duty desk is told at once, once a device and hour");
}

#[test]
fn rule_25_silence_is_found_and_the_resident_is_shown_weak_then_blind() {
    let mut play = Play::watched();
    let watch = |play: &Play| play.station.watch()[&id("r1")].watch;
    assert_eq!(watch(&play), Watch::Watched);
    play.until(4 * 3600 + 1);
    assert_eq!(watch(&play), Watch::Blind, "every device has been silent for four rhythms");
    assert!(play.newest(Condition::DeviceSilent).is_some());
    assert_eq!(play.count(Condition::ResidentBlind), 0);
    play.until(4 * 3600 + 1801);
    assert_eq!(play.state_of(Condition::ResidentBlind), Some("raised"));
    play.hear(5 * 3600, "motion", &[Said::level(Measure::Motion(true))]);
    assert_eq!(watch(&play), Watch::Weak);
    assert_eq!(play.state_of(Condition::ResidentBlind), Some("closed"), "technical alarms clear themselves");
    play.hear(5 * 3600 + 5, "button", &[]);
    assert_eq!(watch(&play), Watch::Watched);
}

#[test]
fn a_source_that_is_down_is_one_fault_and_its_devices_are_not_blamed() {
    let mut play = Play::watched();
    play.source(100, false);
    assert_eq!(play.station.watch()[&id("r1")].watch, Watch::Blind);
    play.until(10 * 3600);
    assert_eq!(play.count(Condition::SourceDown), 1);
    assert_eq!(play.newest(Condition::SourceDown).expect("raised").behind.len(), 6, "the removed one is not named");
    assert_eq!(play.count(Condition::DeviceSilent), 0);
    play.source(10 * 3600, true);
    assert_eq!(play.state_of(Condition::SourceDown), Some("closed"));
    play.until(10 * 3600 + 600);
    assert_eq!(play.count(Condition::DeviceSilent), 0, "silence is counted from its return");
}

#[test]
fn a_source_or_a_process_that_comes_and_goes_does_not_hide_a_silent_device() {
    let mut play = Play::watched();
    for hour in 0..4 {
        let s = hour * 3600 + 600;
        play.source(s, false);
        play.source(s + 120, true);
        play.restart(s + 1800, s + 1805, Gap::SameBoot);
    }
    play.until(4 * 3600 + 4 * 125 - 60);
    assert!(!play.silent("button"), "the time in which it could not be heard is not counted");
    play.until(4 * 3600 + 4 * 125 + 60);
    assert!(play.silent("button"));
}

#[test]
fn a_start_while_a_source_is_down_blames_none_of_its_devices() {
    let mut play = Play::watched();
    play.source(600, false);
    play.until(5 * 3600);
    play.restart_without_source(5 * 3600 + 5, Gap::SameBoot);
    play.until(6 * 3600);
    play.source(6 * 3600, true);
    play.until(6 * 3600 + 1800);
    assert!(!play.silent("button"), "for all these hours it could not be heard");
    play.until(10 * 3600);
    assert!(play.silent("button"));
}

#[test]
fn a_source_that_is_back_within_a_minute_is_no_fault() {
    let mut play = Play::watched();
    play.source(100, false);
    play.source(140, true);
    play.until(600);
    assert_eq!(play.count(Condition::SourceDown), 0);
}

#[test]
fn smoke_latches_and_a_weak_battery_clears_itself() {
    let battery = |percent| Said::level(Measure::Number(Quantity::Battery, Milli::whole(percent)));
    let mut play = Play::watched();
    play.hear(0, "smoke", &[Said::level(Measure::Smoke(true)), battery(9)]);
    assert_eq!(play.state_of(Condition::Smoke), Some("raised"));
    assert_eq!(play.state_of(Condition::BatteryLow), Some("raised"));
    play.hear(60, "smoke", &[Said::level(Measure::Smoke(false)), battery(95)]);
    assert_eq!(play.state_of(Condition::Smoke), Some("raised"), "smoke thins out through an open door");
    assert!(play.newest(Condition::Smoke).expect("open").cleared.is_some());
    assert_eq!(play.state_of(Condition::BatteryLow), Some("closed"));
}

#[test]
fn a_drill_is_marked_and_masks_nothing() {
    let mut play = Play::watched();
    play.order(0, Authority::Local, Order::Drill { resident: id("r1") });
    play.hear(5, "button", &[PRESS]);
    assert_eq!(play.count(Condition::HelpCall), 2);
    let drills: Vec<bool> = play.station.open_alarms().map(|alarm| alarm.id.drill).collect();
    assert_eq!(drills, [true, false]);
}

#[test]
fn a_command_repeated_is_answered_and_not_run_again() {
    let mut play = Play::watched();
    play.hear(0, "button", &[PRESS]);
    let answer = play.accept(10, Condition::HelpCall, "nobody");
    assert_eq!(answer, Answer::Refused { reason: Refusal::UnknownResponder });
    let alarm = play.open(Condition::HelpCall);
    let answer = play.order(20, Authority::County, Order::Accept { alarm, by: id("n-1") });
    assert_eq!(answer, Answer::Refused { reason: Refusal::OnlyLocal });
}

#[test]
fn the_county_asks_what_is_open_and_people_come_first() {
    let mut play = Play::watched();
    play.hear(0, "smoke", &[Said::level(Measure::BatteryLow(true))]);
    play.hear(5, "button", &[PRESS]);
    let Answer::Open { alarms, more } = play.order(10, Authority::County, Order::Query) else { panic!("an answer") };
    let conditions: Vec<Condition> = alarms.iter().map(|alarm| alarm.id.condition).collect();
    assert_eq!((conditions, more), (vec![Condition::HelpCall, Condition::BatteryLow], 0));
    assert_eq!((alarms[0].rev, alarms[0].state.as_str()), (1, "raised"));
}

#[test]
fn what_ends_and_begins_again_in_one_moment_is_two_alarms() {
    let mut play = Play::watched();
    play.hear(0, "watch", &[fall(FallVerdict::Confirmed)]);
    play.hear(0, "watch", &[fall(FallVerdict::Cleared)]);
    play.hear(0, "watch", &[fall(FallVerdict::Confirmed)]);
    assert_eq!(
        play.count(Condition::FallConfirmed),
        2,
        "a backlog is taken in one turn, and its last fall is not lost"
    );
    play.until(31);
    assert_eq!(play.told(), [(30, Condition::FallConfirmed, rung(0), Because::Raised)]);
}

#[test]
fn rule_17_a_stranger_that_calls_again_wakes_nobody() {
    let mut play = Play::watched();
    play.hear(0, "old-button", &[PRESS]);
    let alarm = play.open(Condition::StrangerCall);
    play.order(10, Authority::Local, Order::Acknowledge { alarm, by: Some(id("desk")) });
    play.hear(3700, "old-button", &[PRESS]);
    play.until(3 * 3600);
    let everyone = play.told().into_iter().filter(|told| told.2 == Audience::Everyone).count();
    assert_eq!(everyone, 0, "it is a technical notice to its owner");
}

#[test]
fn a_record_says_of_itself_whether_the_disk_took_it() {
    let mut play = Play::watched();
    play.hear(0, "button", &[PRESS]);
    let alarm = play.open(Condition::HelpCall);
    play.station.mark_undurable(alarm);
    assert!(!play.station.alarm(alarm).expect("open").durable);
    play.until(60);
    assert!(play.newest(Condition::HelpCall).expect("climbed").durable, "the disk may be back");
}
