//! One modem for everything: many alarms at once, restarts, clocks that jump, the second path, and the whole story of an alarm.

use shouwang::core::alarm::Disposition;
use shouwang::core::condition::Condition;
use shouwang::core::effect::Order;
use shouwang::core::time::{Gap, Trust};

use super::street::{Mood, Phone, Street};
use super::village::{id, night, noon, roster, roster_of};

const CALL: Condition = Condition::HelpCall;

#[test]
fn a_restart_in_the_middle_of_each_step_tells_nobody_twice_and_forgets_nobody() {
    for stop in [1, 3, 5, 20, 40, 100, 121, 123, 150, 200, 245] {
        let mut street = Street::new(roster(), noon());
        street.press(0, "button1");
        street.restart(stop, stop + 2, Gap::SameBoot, noon());
        street.until(600);
        for who in ["n-1", "g-1", "desk"] {
            let texts: Vec<_> = street.texts_to(who).into_iter().filter(|(at, _)| *at < 355).collect();
            assert!(!texts.is_empty(), "{who} after a stop at {stop}");
            // What was on its way when the process ended is sent again: better twice than never.
            assert!(texts.len() <= 2, "{who} after a stop at {stop}: {texts:?}");
        }
        let code = street.code(CALL, "n-1");
        street.text(601, "n-1", &code.to_string());
        assert_eq!(street.state(CALL), "accepted", "the code holds over a restart at {stop}");
    }
}

#[test]
fn five_alarms_on_one_modem_all_have_their_first_letter_and_call_soon() {
    let mut list = roster_of(5);
    // Each has a neighbour of their own, so that no call serves two.
    for number in 1..=5 {
        let name = format!("n-{number}");
        let mut responder = list.responders[&id("n-1")];
        responder.id = id(&name);
        list.responders.insert(responder.id, responder);
        let resident = list.residents.get_mut(&id(&format!("r{number}"))).expect("a resident");
        resident.ladder.rungs[0] = super::village::rung(&name);
    }
    let mut street = Street::new(list, noon());
    for number in 1..=5 {
        street.press(0, &format!("button{number}"));
    }
    street.until(600);
    let first = |what: fn(&Street, &str) -> Option<u64>| {
        (1..=5).map(|number| what(&street, &format!("n-{number}")).expect("told")).max().expect("five")
    };
    let letter = first(|street, who| street.texts_to(who).first().map(|(at, _)| *at));
    let call = first(|street, who| street.rings_of(who).first().copied());
    println!("five alarms on one modem: last first letter after {letter} s, last first call after {call} s");
    assert!(letter <= 20 && call <= 20 + 5 * 36, "{letter} {call}");
}

#[test]
fn one_call_serves_all_that_waits_for_the_same_telephone() {
    let mut street = Street::new(roster(), noon());
    street.phones.insert(id("n-1"), Phone::Presses(8, '1'));
    street.press(0, "button1");
    street.press(1, "button2");
    street.press(2, "button3");
    street.until(40);
    assert_eq!(street.rings_of("n-1").len(), 1);
    assert!(street.station.open_alarms().all(|alarm| alarm.clocks.seen.is_some()), "all of them are seen");
    assert!(street.station.open_alarms().all(|alarm| alarm.state.word() == "raised"), "a key for three is for none");
}

#[test]
fn whoever_goes_is_not_called_to_come() {
    let mut street = Street::new(roster(), night());
    street.press(0, "button1");
    // The modem still rings the neighbour when the second one, who is to be called next, answers the letter.
    let code = street.code(CALL, "g-1");
    street.text(20, "g-1", &code.to_string());
    street.until(300);
    assert_eq!(street.rings_of("g-1"), [0; 0], "{:?}", street.sent);
    assert_eq!(street.rings_of("n-1").len(), 1, "and no second call to anybody else");

    let mut street = Street::new(roster(), night());
    street.press(0, "button1");
    street.until(50);
    assert_eq!(street.rings_of("g-1").len(), 1, "it rings, and is answered by a text");
    let code = street.code(CALL, "g-1");
    street.text(51, "g-1", &code.to_string());
    street.until(300);
    assert_eq!(street.rings_of("g-1").len(), 1, "{:?}", street.sent);
}

#[test]
fn a_letter_that_failed_is_not_tried_again_when_somebody_goes() {
    let mut street = Street::new(roster(), noon());
    street.mood = Mood::Dead;
    street.press(0, "button1");
    let alarm = street.newest(CALL).id;
    street.order(10, Order::Accept { alarm, by: id("g-1") });
    street.mood = Mood::Well;
    street.until(300);
    assert_eq!(street.texts_to("n-1"), [], "the try of second 0 failed at second 20");
}

#[test]
fn the_county_without_a_receipt_is_told_by_text_within_a_minute_whatever_the_modem_does() {
    for (press, devices) in [(0, &["button1"][..]), (0, &["button1", "button2", "button3"][..])] {
        let mut street = Street::new(roster(), night());
        street.county_hears = false;
        for device in devices {
            street.press(press, device);
        }
        street.until(120);
        let texts = street.texts_to("county");
        assert_eq!(texts.len(), devices.len());
        assert!(texts.iter().all(|(at, _)| *at <= 60), "{texts:?}");
        assert!(texts.iter().all(|(at, _)| *at >= 5));
    }
    let mut street = Street::new(roster(), night());
    street.press(0, "button1");
    street.until(300);
    assert_eq!(street.texts_to("county"), [], "and with one it is not");
}

#[test]
fn a_clock_that_jumps_by_eight_hours_moves_no_rung() {
    for jump in [-8_i64, 8] {
        let mut street = Street::new(roster(), noon());
        street.press(0, "button1");
        street.clock(30, jump * 3_600_000, Trust::Synced);
        street.until(119);
        assert!(street.texts_to("g-1").is_empty(), "{jump}");
        street.until(160);
        assert!(!street.texts_to("g-1").is_empty(), "{jump}");
    }
}

#[test]
fn without_a_clock_it_may_be_night_and_two_are_called() {
    let mut street = Street::new(roster(), noon());
    street.clock(0, 0, Trust::Unset);
    street.press(1, "button1");
    street.until(60);
    assert!(!street.texts_to("g-1").is_empty());
}

#[test]
fn the_whole_story_of_an_alarm_by_telephone_and_text_only() {
    let mut street = Street::new(roster(), night());
    street.county_hears = false;
    street.press(0, "button1");
    let code = street.code(CALL, "g-1");
    street.text(50, "g-1", &format!("{code} 我去"));
    assert_eq!(street.state(CALL), "accepted");
    street.text(400, "g-1", &format!("{code}到了"));
    assert_eq!(street.state(CALL), "on_site");
    street.text(900, "g-1", &format!("{code} 没事了"));
    assert_eq!(street.state(CALL), "closed");
    let alarm = street.newest(CALL);
    let clocks = alarm.clocks;
    for (name, clock) in [
        ("occurred", clocks.occurred),
        ("detected", clocks.detected),
        ("committed", clocks.committed),
        ("first notice sent", clocks.first_notice_sent),
        ("delivered", clocks.delivered),
        ("accepted", clocks.accepted),
        ("on site", clocks.on_site),
        ("closed", clocks.closed),
    ] {
        assert!(clock.is_some(), "{name}");
    }
    let shouwang::core::alarm::State::Closed { by, disposition, unverified } = alarm.state else { panic!("closed") };
    assert_eq!((by, disposition, unverified), (Some(id("g-1")), Disposition::Helped, false));
    street.until(1_000);
    assert_eq!(street.texts_to("county").len(), 1);
    let last = street.texts_to("g-1").last().cloned().expect("thanked");
    assert!(last.1.starts_with("已办结:示例r1奶奶"), "{}", last.1);
}
