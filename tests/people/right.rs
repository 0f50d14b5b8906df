//! Section B and D: it is about the right person, it does not end too early, and faults wait for the day.

use shouwang::core::alarm::Disposition;
use shouwang::core::condition::{Condition, Priority};
use shouwang::core::effect::{Answer, Order};
use shouwang::core::reading::{Measure, Said};
use shouwang::core::refusal::Refusal;
use shouwang::core::roster::{ResponderRole, Rung, Tier};

use super::street::Street;
use super::village::{id, night, noon, phone_of, plan, roster, roster_of};

const CALL: Condition = Condition::HelpCall;

#[test]
fn rule_15_nobody_gets_in_and_who_has_the_key_is_called() {
    let mut street = Street::new(roster(), noon());
    street.hear(0, "smoke1", &[Said::level(Measure::Leak(true))]);
    let code = street.code(Condition::WaterLeak, "n-1");
    street.text(20, "n-1", &code.to_string());
    street.text(200, "n-1", &format!("{code} 进不了门"));
    let alarm = street.newest(Condition::WaterLeak);
    assert_eq!((alarm.state.word(), alarm.priority), ("raised", Priority::High), "not an ending, and more urgent");
    street.until(300);
    assert!(street.texts_to("doctor").iter().any(|(_, text)| text.starts_with("进不了门,请带钥匙")));
    assert!(street.texts_to("n-1").iter().any(|(_, text)| text.contains("110、119")));
    assert!(street.texts_to("g-1").iter().any(|(_, text)| text.starts_with("仍需有人去")));
}

#[test]
fn rule_15_closed_from_afar_is_unverified_and_leaves_a_visit_due() {
    let mut street = Street::new(roster(), noon());
    street.press(0, "button1");
    let alarm = street.newest(CALL).id;
    let close =
        Order::Close { alarm, by: Some(id("n-1")), disposition: Disposition::FalseAlarm, conversation: String::new() };
    assert_eq!(street.order(5, close.clone()), Answer::Refused { reason: Refusal::NeedsAcceptance });
    street.order(10, Order::Accept { alarm, by: id("n-1") });
    street.order(20, close);
    assert!(street.newest(CALL).visit_due);
}

#[test]
fn rule_16_a_wrong_home_stays_open_and_the_ladder_goes_on() {
    let mut street = Street::new(roster(), noon());
    street.press(0, "button1");
    let code = street.code(CALL, "n-1");
    street.text(20, "n-1", &code.to_string());
    street.text(60, "n-1", &format!("{code}不是这家"));
    assert_eq!(street.state(CALL), "raised");
    street.until(100);
    assert!(!street.texts_to("g-1").is_empty());
    assert!(street.texts_to("n-1").iter().any(|(_, text)| text.contains("报警没有结束")));
}

#[test]
fn rule_17_a_removed_device_that_calls_is_one_notice_to_the_desk_within_a_minute_by_night_too() {
    let mut list = roster();
    list.devices.get_mut(&id("button3")).expect("a device").removed = true;
    let mut street = Street::new(list, night());
    street.press(0, "button3");
    street.press(100, "button3");
    street.until(600);
    let told: Vec<&str> = street.sent.iter().map(|sent| sent.to.as_str()).collect();
    assert_eq!(told, ["desk"], "one text, to the desk, and no telephone rings");
    assert!(street.sent[0].at_s <= 60);
}

#[test]
fn rule_19_the_first_press_of_a_test_goes_to_the_tester_and_their_ok_closes_it() {
    let mut street = Street::new(roster(), noon());
    street.order(0, Order::Test { home: id("h1"), by: id("doctor") });
    street.press(30, "button1");
    assert_eq!(street.newest(CALL).test_by, Some(id("doctor")));
    street.until(60);
    assert!(street.texts_to("doctor")[0].1.starts_with("测试:"));
    assert!(street.texts_to("n-1").is_empty());
    let code = street.code(CALL, "doctor");
    street.text(70, "doctor", &code.to_string());
    let alarm = street.newest(CALL);
    assert!(matches!(
        alarm.state,
        shouwang::core::alarm::State::Closed { disposition: Disposition::Test, unverified: false, .. }
    ));
}

#[test]
fn rule_19_a_second_press_or_no_ok_in_three_minutes_is_a_call_from_its_first_press() {
    for second_press in [true, false] {
        let mut street = Street::new(roster(), noon());
        street.order(0, Order::Test { home: id("h1"), by: id("doctor") });
        street.press(30, "button1");
        let occurred = street.newest(CALL).clocks.occurred;
        if second_press {
            street.press(60, "button1");
            street.until(70);
        } else {
            street.until(30 + 179);
            assert!(street.texts_to("n-1").is_empty());
            street.until(30 + 185);
        }
        let alarm = street.newest(CALL);
        assert_eq!((alarm.test_by, alarm.clocks.occurred), (None, occurred));
        assert!(!street.texts_to("n-1").is_empty(), "the full ladder from its bottom");
    }
}

#[test]
fn rule_19_a_window_is_for_one_home_and_ends() {
    let mut street = Street::new(roster(), noon());
    street.order(0, Order::Test { home: id("h1"), by: id("doctor") });
    street.press(10, "button2");
    assert_eq!(street.newest(CALL).test_by, None, "another home's call is a call");
    street.press(601, "button1");
    assert!(street.station.open_alarms().all(|alarm| alarm.test_by.is_none()), "ten minutes are over");
    let nowhere = street.order(602, Order::Test { home: id("h9"), by: id("doctor") });
    assert_eq!(nowhere, Answer::Refused { reason: Refusal::UnknownHome });
}

#[test]
fn table_d_faults_wait_for_the_day_and_come_in_one_message() {
    // One in the morning: seven is six hours away.
    let mut street = Street::new(roster(), night());
    for (at, device) in [(0, "smoke1"), (10, "smoke2"), (20, "button3")] {
        street.hear(at, device, &[Said::level(Measure::BatteryLow(true))]);
    }
    street.until(6 * 3600 - 1);
    assert_eq!(street.sent, [], "nobody is woken for a battery");
    street.until(6 * 3600 + 60);
    // Before eight nobody sits at the desk, so its people are those of its role.
    assert_eq!(street.texts_to("desk").len(), 1);
    assert_eq!(street.texts_to("desk")[0].1, "设备故障3件:设备电量低3。请看值班台");
    street.until(17 * 3600);
    assert_eq!(street.texts_to("desk").len(), 1, "once, and nothing else before the evening's roll-call");
}

#[test]
fn table_d_by_day_faults_are_gathered_and_digests_lie_an_hour_apart() {
    let mut street = Street::new(roster(), noon());
    street.hear(0, "smoke1", &[Said::level(Measure::BatteryLow(true))]);
    street.until(599);
    assert_eq!(street.sent, []);
    street.until(620);
    assert_eq!(street.texts_to("desk").len(), 1);
    street.hear(700, "smoke2", &[Said::level(Measure::BatteryLow(true))]);
    street.until(600 + 3599);
    assert_eq!(street.texts_to("desk").len(), 1);
    street.until(600 + 3660);
    assert_eq!(street.texts_to("desk").len(), 2);
}

#[test]
fn table_d_a_blind_resident_of_high_risk_is_told_at_night() {
    let mut list = roster();
    list.residents.get_mut(&id("r1")).expect("a resident").tier = Tier::High;
    let mut street = Street::new(list, night());
    street.input(&shouwang::core::effect::Input::Source { id: id("zigbee"), up: false });
    street.until(1800);
    assert!(!street.texts_to("desk").is_empty(), "{:?}", street.sent);
}

#[test]
fn a_shift_that_changes_at_midnight_changes_who_is_called() {
    let mut list = roster();
    for resident in list.residents.values_mut() {
        let rung = Rung { on_duty: true, wait: std::time::Duration::from_mins(2), ..Rung::default() };
        resident.ladder.rungs = vec![rung];
    }
    // 23:50 at second 0: the grid worker is on duty until midnight, then the neighbour.
    let mut street = Street::new(list, plan(23));
    street.press(3_500, "button1");
    street.until(3_520);
    assert!(!street.texts_to("g-1").is_empty() && street.texts_to("n-1").is_empty());
    street.press(3_610, "button2");
    street.until(3_640);
    assert!(!street.texts_to("n-1").is_empty());
}

#[test]
fn a_role_with_nobody_on_duty_calls_all_of_that_role() {
    let mut list = roster();
    let doctors = Rung { roles: vec![ResponderRole::VillageDoctor], ..Rung::default() };
    list.residents.get_mut(&id("r1")).expect("a resident").ladder.rungs = vec![doctors];
    let mut street = Street::new(list, noon());
    street.press(0, "button1");
    assert_eq!(street.texts_to("doctor").len(), 1);
}

#[test]
fn who_is_never_to_be_called_for_somebody_is_not_called_by_their_ladder() {
    let mut list = roster();
    let ladder = &mut list.residents.get_mut(&id("r1")).expect("a resident").ladder;
    ladder.fit(&[id("doctor")], &[id("n-1")]);
    let mut street = Street::new(list, noon());
    street.press(0, "button1");
    street.until(590);
    assert_eq!(street.texts_to("doctor").first().map(|(at, _)| *at), Some(0));
    assert!(street.texts_to("n-1").is_empty());
}

#[test]
fn a_swap_while_an_alarm_climbs_changes_who_is_called_next() {
    let mut list = roster();
    let on_duty = Rung { on_duty: true, wait: std::time::Duration::from_mins(2), ..Rung::default() };
    list.residents.get_mut(&id("r1")).expect("a resident").ladder.rungs = vec![super::village::rung("n-1"), on_duty];
    let mut street = Street::new(list, noon());
    street.press(0, "button1");
    // The desk was on duty; by another rota it is the grid worker.
    street.plan(60, plan(20));
    street.until(130);
    assert!(!street.texts_to("g-1").is_empty() && street.texts_to("desk").is_empty());
}

#[test]
fn two_residents_at_once_both_climb_and_one_answer_is_for_one() {
    let mut street = Street::new(roster(), noon());
    street.press(0, "button1");
    street.press(0, "button2");
    street.until(30);
    let first = street.station.open_alarms().next().expect("open").id;
    let code = street.station.alarm(first).and_then(|alarm| alarm.told_to(id("n-1"))).and_then(|told| told.code);
    street.text(31, "n-1", &code.expect("a code").number().to_string());
    let states: Vec<&str> = street.station.open_alarms().map(|alarm| alarm.state.word()).collect();
    assert_eq!(states, ["accepted", "raised"]);
    street.until(200);
    let other = street.station.open_alarms().nth(1).expect("open");
    assert!(other.told_to(id("g-1")).is_some(), "nobody waits behind another's alarm");
}

#[test]
fn a_stuck_button_does_not_push_out_anothers_first_call() {
    let mut street = Street::new(roster(), noon());
    for second in 0..120 {
        street.press(second, "button1");
    }
    street.press(120, "button2");
    street.until(165);
    let second = street.newest(CALL).id;
    let texts = street.texts_to("n-1");
    assert!(texts.iter().any(|(at, text)| *at >= 120 && text.contains("示例r2奶奶")), "{texts:?}");
    assert!(street.station.alarm(second).is_some_and(|alarm| alarm.clocks.first_notice_sent.is_some()));
}

#[test]
fn sixty_homes_in_alarm_at_once_all_climb() {
    let list = roster_of(60);
    let mut street = Street::new(list, night());
    for number in 1..=60 {
        street.press(0, &format!("button{number}"));
    }
    street.until(1_800);
    let open: Vec<_> = street.station.open_alarms().collect();
    assert_eq!(open.len(), 60);
    for alarm in &open {
        assert!(alarm.clocks.first_notice_sent.is_some(), "{}", alarm.id);
        assert!(matches!(alarm.state, shouwang::core::alarm::State::Raised { climb } if climb.unanswered.is_some()));
        let codes: Vec<_> = alarm.told.iter().filter_map(|told| told.code).collect();
        assert_eq!(codes.len(), alarm.told.len(), "each is answered by a code of its own");
    }
    let newest = open.iter().filter_map(|alarm| alarm.clocks.first_notice_sent).map(|at| at.mono).max();
    let first = open.iter().filter_map(|alarm| alarm.clocks.occurred).map(|at| at.mono).min();
    let late = newest.expect("told").since(first.expect("occurred")).as_secs();
    println!("sixty alarms on one modem: the last first letter after {late} s");
    assert!(late <= 60 * 5, "{late}");
}

#[test]
fn rule_29_what_is_written_of_a_whole_story_names_nobody() {
    let mut street = Street::new(roster(), noon());
    street.press(60, "button1");
    street.until(90);
    let code = street.code(CALL, "n-1");
    // Somebody writes a name where a wish is expected, and somebody whom nobody knows writes too.
    street.text(100, "n-1", &format!("{code} 示例r1奶奶摔倒了"));
    street.text_from("00000123456", "我是示例甲", None);
    street.text(110, "n-1", &format!("{code}"));
    street.text(200, "n-1", &format!("{code} 到了"));
    street.text(300, "n-1", &format!("{code} 没事了"));
    assert_eq!(street.state(CALL), "closed");
    let inputs: Vec<_> = street.log.iter().map(|(_, input)| input).collect();
    let written = [
        serde_json::to_string(&inputs).expect("JSON"),
        serde_json::to_string(&street.records).expect("JSON"),
        serde_json::to_string(&street.answers).expect("JSON"),
    ];
    for text in &written {
        for personal in ["示例", "奶奶", "0000012", &phone_of(&id("n-1"))] {
            assert!(!text.contains(personal), "{personal}: {text}");
        }
    }
    assert!(street.texts_to("n-1")[0].1.contains("示例r1奶奶"), "whoever goes is told who");
}

#[test]
fn rule_19_the_testers_ok_counts_at_the_desk_and_in_the_shell_too() {
    let mut street = Street::new(roster(), noon());
    street.order(0, Order::Test { home: id("h1"), by: id("doctor") });
    street.press(60, "button1");
    let alarm = street.newest(CALL).id;
    street.order(90, Order::Accept { alarm, by: id("doctor") });
    assert_eq!(street.state(CALL), "closed");
    street.until(600);
    assert!(street.texts_to("n-1").is_empty(), "the village was never called");
}

#[test]
fn rule_9_whoever_needs_an_ambulance_again_is_red_again() {
    let mut street = Street::new(roster(), noon());
    street.press(0, "button1");
    let (alarm, by) = (street.newest(CALL).id, id("n-1"));
    street.order(10, Order::Want120 { alarm, by });
    street.order(20, Order::Dialled120 { alarm, by });
    let told = street.texts_to("desk").len();
    street.order(600, Order::Want120 { alarm, by });
    assert!(street.newest(CALL).ambulance.is_some_and(|ambulance| ambulance.dialled.is_none()));
    street.until(660);
    assert!(street.texts_to("desk").len() > told, "the desk is told again");
}
