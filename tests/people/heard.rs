//! Section A, rules 1 to 5: an alarm is heard, and an answer to it counts or does not.

use shouwang::core::alarm::told::Reached;
use shouwang::core::condition::Condition;
use shouwang::core::effect::Order;
use shouwang::core::reading::{Measure, Said};

use super::street::{Mood, Phone, Street};
use super::village::{id, night, noon, phone_of, roster, twice};

const CALL: Condition = Condition::HelpCall;

#[test]
fn rule_01_a_high_alarm_rings_by_day_and_is_written_first() {
    let mut street = Street::new(roster(), noon());
    street.press(0, "button1");
    street.until(60);
    assert_eq!(street.texts_to("n-1").first().map(|(at, _)| *at), Some(0));
    assert_eq!(street.rings_of("n-1"), [4, 39], "for 30 s, and twice");
    assert_eq!(street.rings_of("g-1"), [0; 0], "by day one person a rung");
}

#[test]
fn rule_01_by_night_an_alarm_that_is_not_high_rings_too() {
    for (plan, rings) in [(noon(), false), (night(), true)] {
        let mut street = Street::new(roster(), plan);
        street.hear(0, "smoke1", &[Said::level(Measure::Leak(true))]);
        street.until(30);
        assert_eq!(street.state(Condition::WaterLeak), "raised");
        assert_eq!(!street.rings_of("n-1").is_empty(), rings);
    }
}

#[test]
fn rule_01_picking_up_is_seen_and_not_accepted() {
    let mut street = Street::new(roster(), noon());
    street.phones.insert(id("n-1"), Phone::PicksUp(8));
    street.press(0, "button1");
    street.until(60);
    let alarm = street.newest(CALL);
    assert!(alarm.clocks.seen.is_some() && alarm.clocks.accepted.is_none());
    assert_eq!(street.state(CALL), "raised");
    street.until(125);
    assert!(!street.rings_of("g-1").is_empty(), "the next rung is called in its time");
}

#[test]
fn rule_01_a_key_accepts_and_another_is_busy() {
    let mut street = Street::new(roster(), noon());
    street.phones.insert(id("n-1"), Phone::Presses(8, '1'));
    street.press(0, "button1");
    street.until(25);
    assert_eq!(street.state(CALL), "accepted");
    assert!(street.texts_to("n-1").iter().any(|(_, text)| text.contains("已登记:您去示例r1奶奶家")));

    let mut street = Street::new(roster(), noon());
    street.phones.insert(id("n-1"), Phone::Presses(8, '2'));
    street.press(0, "button1");
    street.until(30);
    assert_eq!(street.state(CALL), "raised");
    assert!(!street.texts_to("g-1").is_empty(), "the next rung at once, and not after two minutes");
}

#[test]
fn rule_01_a_telephone_in_use_works_and_is_called_again_soon() {
    let mut street = Street::new(roster(), noon());
    street.phones.insert(id("n-1"), Phone::Busy);
    street.press(0, "button1");
    street.until(100);
    assert_eq!(street.rings_of("n-1"), [4, 25]);
    assert!(street.texts_to("g-1").is_empty(), "the letter is there: the rung has its time");
}

#[test]
fn rule_01_people_before_things_on_one_modem() {
    let mut street = Street::new(roster(), noon());
    // A fault that is told at once, and while its letter is on its way a call for help.
    street.list.devices.get_mut(&id("button3")).expect("a device").removed = true;
    let mut street = Street::new(street.list, noon());
    street.press(0, "button3");
    street.press(1, "button1");
    street.until(120);
    let order: Vec<String> = street.sent.iter().map(|sent| sent.to.clone()).collect();
    assert_eq!(order[0], "desk", "what was begun is finished");
    assert_eq!(order[1], "n-1");
}

#[test]
fn rule_02_the_message_is_complete_without_a_link() {
    let mut street = Street::new(roster(), noon());
    street.press(0, "button1");
    let texts = street.texts_to("n-1");
    let code = street.code(CALL, "n-1");
    assert_eq!(
        texts[0].1,
        format!("紧急:示例r1奶奶求助(卧室),00:00起。示例一组h1号。按下求助按钮。去请回{code},去不了回{code}忙")
    );
}

#[test]
fn rule_03_looking_changes_nothing_but_the_clock_of_seen() {
    let mut street = Street::new(roster(), noon());
    street.press(0, "button1");
    let alarm = street.newest(CALL).id;
    let before = street.newest(CALL).state;
    street.order(5, Order::Seen { alarm, by: id("n-1") });
    assert_eq!(street.newest(CALL).state, before);
    assert!(street.newest(CALL).clocks.seen.is_some());
}

#[test]
fn rule_04_a_coded_reply_accepts_and_is_confirmed_in_words() {
    let mut street = Street::new(roster(), noon());
    street.press(0, "button1");
    let code = street.code(CALL, "n-1");
    street.text(20, "n-1", &format!("回复 {code} 我去"));
    assert_eq!(street.state(CALL), "accepted");
    street.until(60);
    let confirmed = street.texts_to("n-1").into_iter().find(|(_, text)| text.contains("已登记"));
    assert!(confirmed.expect("confirmed").1.starts_with("已登记:您去示例r1奶奶家"));
}

#[test]
fn rule_04_a_bare_one_counts_only_for_the_only_open_notice_and_only_after_it() {
    let mut street = Street::new(roster(), noon());
    street.text(1, "n-1", "1");
    street.press(2, "button1");
    assert_eq!(street.state(CALL), "raised", "an answer to nothing is none");
    let early = street.moment().wall;
    street.until(20);
    street.text_from(&phone_of(&id("n-1")), "1", Some(early));
    assert_eq!(street.state(CALL), "raised", "it was on its way before the notice");
    street.text(30, "n-1", "1");
    assert_eq!(street.state(CALL), "accepted");
}

#[test]
fn rule_04_a_bare_one_with_two_alarms_open_asks_for_the_code() {
    let mut street = Street::new(roster(), noon());
    street.press(0, "button1");
    street.press(1, "button2");
    street.until(20);
    street.text(21, "n-1", "1");
    assert!(street.station.open_alarms().all(|alarm| alarm.state.word() == "raised"));
    street.until(120);
    assert!(street.texts_to("n-1").iter().any(|(_, text)| text.contains("连同两位数字")));
}

#[test]
fn rule_04_two_is_busy_and_the_next_rung_is_called_at_once() {
    let mut street = Street::new(roster(), noon());
    street.press(0, "button1");
    let code = street.code(CALL, "n-1");
    street.text(20, "n-1", &format!("{code} 2"));
    street.until(41);
    assert!(street.texts_to("g-1").first().is_some_and(|(at, _)| *at < 41), "{:?}", street.sent);
    assert_eq!(street.state(CALL), "raised");
    street.text(42, "n-1", &format!("{code} 2。"));
    street.until(80);
    assert!(street.texts_to("desk").is_empty(), "saying it twice does not climb two rungs");
}

#[test]
fn rule_04_another_persons_code_an_unknown_code_and_a_strangers_answer_change_nothing() {
    let mut street = Street::new(roster(), noon());
    street.press(0, "button1");
    street.until(20);
    let code = street.code(CALL, "n-1");
    street.text(21, "doctor", &code.to_string());
    street.text(22, "n-1", &if code == 99 { 98 } else { code + 1 }.to_string());
    street.text_from("00000000777", &code.to_string(), Some(street.moment().wall));
    assert_eq!(street.state(CALL), "raised");
    assert_eq!(street.shown, 1, "the stranger's stands at the desk");
    let replies =
        street.log.iter().filter(|(_, input)| matches!(input, shouwang::core::effect::Input::Reply(_))).count();
    assert_eq!(replies, 3, "and all of them in the log");
}

#[test]
fn rule_04_family_that_is_only_informed_leaves_a_note() {
    let mut street = Street::new(roster(), noon());
    street.press(0, "button1");
    let alarm = street.newest(CALL).id;
    street.order(5, Order::Want120 { alarm, by: id("n-1") });
    street.until(60);
    let code = street.code(CALL, "child");
    street.text(61, "child", &format!("{code} 我去"));
    assert_eq!(street.state(CALL), "raised");
    let note = street.newest(CALL).notes.last().expect("a note");
    assert_eq!((note.by, note.text.as_str()), (Some(id("child")), "come"));
    street.until(200);
    assert!(street.texts_to("child").iter().any(|(_, text)| text.contains("已转告值班室")));
}

#[test]
fn rule_04_a_message_that_the_modem_reads_twice_is_answered_once() {
    let mut street = Street::new(roster(), noon());
    street.press(0, "button1");
    let text = street.code(CALL, "n-1").to_string();
    street.until(20);
    let sent = Some(street.moment().wall);
    street.text_from(&phone_of(&id("n-1")), &text, sent);
    let revision = street.newest(CALL).rev;
    street.text_from(&phone_of(&id("n-1")), &text, sent);
    assert_eq!(street.newest(CALL).rev, revision);
    street.until(100);
    let confirmed = street.texts_to("n-1").iter().filter(|(_, text)| text.contains("已登记")).count();
    assert_eq!(confirmed, 1);
}

#[test]
fn rule_05_rungs_add_up_and_nobody_is_told_twice_for_one_rung_and_round() {
    let mut street = Street::new(roster(), noon());
    street.press(0, "button1");
    street.until(590);
    for who in ["n-1", "g-1", "desk"] {
        assert!(!street.texts_to(who).is_empty(), "{who}");
    }
    let first_round: Vec<_> = street.texts_to("n-1").into_iter().filter(|(at, _)| *at < 360).collect();
    assert!(twice(&first_round).is_empty(), "{first_round:?}");
    let code = street.code(CALL, "n-1");
    street.text(591, "n-1", &code.to_string());
    assert_eq!(street.state(CALL), "accepted", "who was called first may still accept");
}

#[test]
fn rule_05_by_night_two_people_are_called_in_parallel() {
    let mut street = Street::new(roster(), night());
    street.press(0, "button1");
    street.until(60);
    assert!(!street.texts_to("n-1").is_empty() && !street.texts_to("g-1").is_empty());
    assert!(street.texts_to("desk").is_empty());
    assert!(!street.rings_of("g-1").is_empty());
}

#[test]
fn rule_05_what_is_undelivered_after_30_s_counts_as_no_answer() {
    let mut street = Street::new(roster(), noon());
    street.phones.insert(id("n-1"), Phone::Off);
    street.press(0, "button1");
    street.until(45);
    assert!(!street.texts_to("g-1").is_empty(), "the next rung does not wait for two minutes");
    let told = street.newest(CALL).told_to(id("n-1")).copied().expect("told");
    assert_eq!(told.reached, Reached::Nobody, "it left, and is on no telephone");
}

#[test]
fn rule_05_whoever_has_no_telephone_is_not_waited_for() {
    let mut street = Street::new(roster(), noon());
    street.names.without_phone = vec![id("n-1"), id("g-1")];
    street.press(0, "button1");
    street.until(1);
    assert_eq!(street.texts_to("desk").len(), 1, "the third rung at once");
}

#[test]
fn rule_05_everyone_silent_to_the_top_and_round_then_everybody_and_unanswered() {
    let mut street = Street::new(roster(), noon());
    street.press(0, "button1");
    street.until(601);
    let alarm = street.newest(CALL);
    assert!(matches!(alarm.state, shouwang::core::alarm::State::Raised { climb } if climb.unanswered.is_some()));
    street.until(1200);
    for who in ["doctor", "child", "county duty"] {
        assert!(!street.texts_to(who).is_empty(), "all contacts: {who}");
    }
    let duty = street.texts_to("county duty");
    assert!(duty[0].1.contains("r1") && !duty[0].1.contains("示例"), "codes and no names: {duty:?}");
    assert!(!street.rings_of("county duty").is_empty());
    let rings = street.rings_of("n-1").len();
    street.until(3600);
    let later = street.rings_of("n-1").len() - rings;
    assert!(later >= 6, "again and again: {later} times in 40 minutes");
}

#[test]
fn rule_05_an_empty_ladder_calls_everybody_at_once() {
    let mut list = roster();
    list.residents.get_mut(&id("r1")).expect("a resident").ladder.rungs.clear();
    let mut street = Street::new(list, noon());
    street.press(0, "button1");
    street.until(120);
    for who in ["n-1", "g-1", "desk", "doctor"] {
        assert!(!street.texts_to(who).is_empty(), "{who}");
    }
}

#[test]
fn rule_05_a_dead_modem_is_a_fault_and_the_ladder_climbs_all_the_same() {
    let mut street = Street::new(roster(), noon());
    street.mood = Mood::Dead;
    street.health(0, false);
    street.press(1, "button1");
    street.until(601);
    assert_eq!(street.state(Condition::ChannelDown), "raised");
    let alarm = street.newest(CALL);
    assert!(matches!(alarm.state, shouwang::core::alarm::State::Raised { climb } if climb.unanswered.is_some()));
    assert!(alarm.clocks.first_notice_sent.is_none(), "and it does not claim to have told anybody");
    street.mood = Mood::Well;
    street.health(700, true);
    assert_eq!(street.state(Condition::ChannelDown), "closed");
    street.until(1300);
    assert!(street.newest(CALL).clocks.delivered.is_some(), "once it is back people are told");
}

#[test]
fn rule_05_a_modem_that_fails_one_letter_in_three_loses_none_and_doubles_none() {
    let mut street = Street::new(roster(), noon());
    street.mood = Mood::FailsEvery(3);
    for (at, device) in [(0, "button1"), (300, "button2"), (600, "button3")] {
        street.press(at, device);
    }
    street.until(1_100);
    for who in ["n-1", "g-1", "desk"] {
        let texts: Vec<_> = street.texts_to(who).into_iter().filter(|(_, text)| text.starts_with("紧急")).collect();
        assert!(twice(&texts).is_empty(), "{who}: {texts:?}");
    }
    assert_eq!(street.texts_to("n-1").iter().filter(|(_, text)| text.starts_with("紧急")).count(), 3);
}

#[test]
fn a_letter_whose_fate_is_unknown_is_not_sent_again_and_the_ladder_climbs() {
    // By day a leak does not ring, so that only letters tell.
    let mut street = Street::new(roster(), noon());
    street.mood = Mood::Unsure;
    street.hear(0, "smoke1", &[Said::level(Measure::Leak(true))]);
    street.until(12);
    assert_eq!(street.texts_to("n-1").len(), 1);
    assert!(!street.texts_to("g-1").is_empty());
}
