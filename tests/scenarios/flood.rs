//! Too much of one thing: a stuck button, noise on the air, a link that comes and goes.

use shouwang::core::alarm::{Disposition, NoteKind, Subject};
use shouwang::core::audience::{Audience, Because};
use shouwang::core::condition::Condition;
use shouwang::core::effect::{Answer, Authority, Order};

use super::PRESS;
use super::village::{Play, id, rung};

#[test]
fn rule_17_noise_of_a_thousand_strangers_does_not_fill_the_book() {
    let mut play = Play::watched();
    for number in 0..1000 {
        for press in 0..3 {
            play.hear_stranger(number * 4 + press, &format!("x{number}"), &[PRESS]);
        }
    }
    let open = play.station.open_alarms().filter(|alarm| alarm.id.condition == Condition::StrangerCall).count();
    assert_eq!(open, shouwang::limits::STRANGER_CALLS_OPEN_MAX + 1);
    assert!(play.subjects().contains(&Subject::Station), "the rest share one call");
}

#[test]
fn a_button_stuck_for_an_hour_is_counted_and_does_not_flood_log_and_county() {
    let mut play = Play::watched();
    for s in 0..3600 {
        play.hear(s, "button", &[PRESS]);
    }
    play.until(3660);
    let records = play.records().len();
    assert!(records <= 360 + 20, "a record in ten seconds, and the ladder's: {records}");
    assert_eq!(play.newest(Condition::HelpCall).expect("open").onsets, 3600, "every press counts");
    let told = play.told();
    let climbs: Vec<u64> = told.iter().filter(|told| told.3 != Because::Again).map(|told| told.0).take(5).collect();
    assert_eq!(climbs, [0, 60, 120, 180, 240], "the ladder climbs all the same");
    assert!(told.iter().filter(|told| told.3 == Because::Again).count() >= 359, "and the telephones ring on");
}

#[test]
fn rule_07_a_press_after_the_acceptors_reply_rings_again_however_soon() {
    let mut play = Play::watched();
    play.hear(0, "button", &[PRESS]);
    play.accept(10, Condition::HelpCall, "n-1");
    play.hear(40, "button", &[PRESS]);
    play.accept(43, Condition::HelpCall, "n-1");
    play.told();
    play.hear(45, "button", &[PRESS]);
    play.until(105);
    assert_eq!(
        play.told(),
        [
            (45, Condition::HelpCall, Audience::Acceptor(id("n-1")), Because::Again),
            (105, Condition::HelpCall, rung(1), Because::Again),
        ]
    );
}

#[test]
fn a_source_that_comes_and_goes_is_one_fault_until_it_is_steady() {
    let mut play = Play::watched();
    for minute in 1..=120 {
        play.source(minute * 60, false);
        play.until(minute * 60);
        assert_eq!(play.count(Condition::SourceDown), usize::from(minute >= 3), "the third fall is too many");
        play.source(minute * 60 + 30, true);
    }
    assert_eq!(play.state_of(Condition::SourceDown), Some("raised"), "half of the night nobody watched");
    play.until(120 * 60 + 30 + 299);
    assert_eq!(play.state_of(Condition::SourceDown), Some("raised"));
    play.until(120 * 60 + 30 + 300);
    assert_eq!(play.state_of(Condition::SourceDown), Some("closed"));
    play.source(4 * 3600, false);
    play.source(4 * 3600 + 30, true);
    play.until(5 * 3600);
    assert_eq!(play.count(Condition::SourceDown), 1, "one fall later is nothing again");
}

#[test]
fn rule_10_a_county_that_repeats_itself_takes_no_room_from_the_village() {
    let mut play = Play::watched();
    play.hear(0, "button", &[PRESS]);
    let alarm = play.open(Condition::HelpCall);
    for s in 0..40 {
        play.order(s, Authority::County, Order::Acknowledge { alarm, by: None });
    }
    let remark = |text: &str| Order::Note { alarm, by: Some(id("n-1")), text: text.to_owned() };
    for s in 50..100 {
        let answer = play.order(s, Authority::Local, remark("在路上"));
        assert_eq!(matches!(answer, Answer::Done { .. }), s < 50 + 32, "{s}: {answer:?}");
    }
    let close = Order::Close {
        alarm,
        by: None,
        disposition: Disposition::NoHelpNeeded,
        conversation: "电话里她说没事".to_owned(),
    };
    play.order(110, Authority::County, close);
    let notes = &play.newest(Condition::HelpCall).expect("closed").notes;
    assert_eq!(notes.len(), 32);
    assert_eq!(notes.last().map(|note| note.kind), Some(NoteKind::Conversation), "what the ending rests on is kept");
}
