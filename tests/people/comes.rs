//! Section A from rule 6 on: somebody comes, or says that they do; and what a stop does to it.

use shouwang::core::condition::Condition;
use shouwang::core::effect::{Answer, Order};
use shouwang::core::reading::{Measure, Said};
use shouwang::core::refusal::Refusal;
use shouwang::core::time::Gap;

use super::street::Street;
use super::village::{id, night, noon, roster};

const CALL: Condition = Condition::HelpCall;

#[test]
fn rule_06_the_lease_is_travel_time_and_five_minutes_and_ends_loudly() {
    let mut street = Street::new(roster(), noon());
    street.press(0, "button1");
    let alarm = street.newest(CALL).id;
    street.order(10, Order::Accept { alarm, by: id("n-1") });
    street.take_sent();
    // Five minutes on the way and five: ten.
    street.until(10 + 299);
    assert!(street.texts_to("n-1").iter().all(|(_, text)| !text.contains("到了吗")));
    street.until(10 + 305);
    assert!(street.texts_to("n-1").iter().any(|(_, text)| text.starts_with("到了吗?")));
    street.take_sent();
    street.until(10 + 610);
    assert!(street.texts_to("g-1").iter().any(|(_, text)| text.starts_with("去的人未报到")), "{:?}", street.sent);
    assert!(street.texts_to("n-1").iter().any(|(_, text)| text.starts_with("去的人未报到")), "the first is told");
}

#[test]
fn rule_06_minutes_to_this_home_make_the_lease() {
    let mut list = roster();
    list.travel_min.insert((id("n-1"), id("h1")), 14);
    let mut street = Street::new(list, noon());
    street.press(0, "button1");
    let alarm = street.newest(CALL).id;
    street.order(0, Order::Accept { alarm, by: id("n-1") });
    street.until(19 * 60 - 1);
    assert_eq!(street.state(CALL), "accepted");
    street.until(19 * 60);
    assert_eq!(street.state(CALL), "raised");
}

#[test]
fn rule_06_smoke_gives_five_minutes_and_says_what_to_do() {
    let mut street = Street::new(roster(), noon());
    street.hear(0, "smoke1", &[Said::level(Measure::Smoke(true))]);
    assert!(street.texts_to("n-1")[0].1.contains("119"), "{:?}", street.sent);
    let alarm = street.newest(Condition::Smoke).id;
    street.order(1, Order::Accept { alarm, by: id("n-1") });
    street.until(300);
    assert_eq!(street.state(Condition::Smoke), "accepted");
    street.until(301);
    assert_eq!(street.state(Condition::Smoke), "raised");
}

#[test]
fn rule_06_one_back_up_is_warned_when_a_high_alarm_is_accepted() {
    let mut street = Street::new(roster(), noon());
    street.press(0, "button1");
    let alarm = street.newest(CALL).id;
    street.order(10, Order::Accept { alarm, by: id("n-1") });
    street.until(60);
    assert!(street.texts_to("g-1").iter().any(|(_, text)| text.starts_with("请准备接替")));
    assert!(street.texts_to("desk").is_empty());
}

#[test]
fn rule_06_by_night_the_back_up_is_one_other_and_not_whoever_goes() {
    let mut street = Street::new(roster(), night());
    street.press(0, "button1");
    let alarm = street.newest(CALL).id;
    street.order(10, Order::Accept { alarm, by: id("g-1") });
    street.until(60);
    let warned = |who| street.texts_to(who).iter().any(|(_, text)| text.starts_with("请准备接替"));
    assert_eq!(["n-1", "g-1", "desk"].map(warned), [false, false, true], "{:?}", street.sent);
}

#[test]
fn rule_06_on_site_is_asked_at_20_minutes_and_reopens_at_40() {
    let mut street = Street::new(roster(), noon());
    street.press(0, "button1");
    let alarm = street.newest(CALL).id;
    street.order(10, Order::OnSite { alarm, by: id("n-1"), door: None });
    street.take_sent();
    street.until(10 + 20 * 60 + 60);
    assert!(street.texts_to("n-1").iter().any(|(_, text)| text.starts_with("现在怎样")), "{:?}", street.sent);
    street.until(10 + 40 * 60);
    assert_eq!(street.state(CALL), "raised");
}

#[test]
fn rule_07_a_new_press_while_somebody_is_on_the_way_rings_the_acceptor_and_then_the_next() {
    let mut street = Street::new(roster(), noon());
    street.press(0, "button1");
    let alarm = street.newest(CALL).id;
    street.order(10, Order::Accept { alarm, by: id("n-1") });
    street.until(120);
    street.take_sent();
    street.press(120, "button1");
    street.until(150);
    assert!(street.texts_to("n-1").iter().any(|(_, text)| text.starts_with("又一次")));
    assert!(!street.rings_of("n-1").is_empty());
    assert!(street.texts_to("g-1").is_empty());
    street.until(230);
    assert!(!street.texts_to("g-1").is_empty(), "nobody replied in 60 s");
}

#[test]
fn rule_08_a_press_during_a_fault_of_the_home_climbs_by_itself_in_the_same_incident() {
    let mut street = Street::new(roster(), noon());
    street.hear(0, "smoke1", &[Said::level(Measure::BatteryLow(true))]);
    street.press(10, "button1");
    let fault = street.newest(Condition::BatteryLow).id;
    let call = street.newest(CALL);
    assert_eq!(call.incident, Some(fault));
    street.order(20, Order::Acknowledge { alarm: fault, by: Some(id("desk")) });
    assert_eq!((street.state(Condition::BatteryLow), street.state(CALL)), ("accepted", "raised"));
    street.until(700);
    let unanswered = street.newest(CALL).state;
    assert!(matches!(unanswered, shouwang::core::alarm::State::Raised { climb } if climb.unanswered.is_some()));
}

#[test]
fn rule_08_faults_of_one_incident_share_an_acknowledgement() {
    let mut street = Street::new(roster(), noon());
    street.hear(0, "smoke1", &[Said::level(Measure::BatteryLow(true))]);
    street.hear(1, "button1", &[Said::level(Measure::BatteryLow(true))]);
    street.hear(2, "button2", &[Said::level(Measure::BatteryLow(true))]);
    let first = street.station.open_alarms().map(|alarm| alarm.id).min().expect("open");
    street.order(10, Order::Acknowledge { alarm: first, by: Some(id("desk")) });
    let states: Vec<(String, &str)> =
        street.station.open_alarms().map(|alarm| (alarm.id.subject.to_string(), alarm.state.word())).collect();
    let state_of = |device: &str| states.iter().find(|(subject, _)| subject.contains(device)).map(|(_, state)| *state);
    assert_eq!(
        [state_of("smoke1"), state_of("button1"), state_of("button2")],
        [Some("accepted"), Some("accepted"), Some("raised")]
    );
}

#[test]
fn rule_09_an_ambulance_that_is_needed_accepts_nothing_and_stays_until_somebody_has_dialled() {
    let mut street = Street::new(roster(), noon());
    street.press(0, "button1");
    let code = street.code(CALL, "n-1");
    street.text(20, "n-1", &format!("{code} 要120"));
    assert_eq!(street.state(CALL), "raised");
    let ambulance = street.newest(CALL).ambulance.expect("wanted");
    assert_eq!((ambulance.by, ambulance.dialled), (id("n-1"), None));
    street.until(110);
    for who in ["desk", "child"] {
        assert!(street.texts_to(who).iter().any(|(_, text)| text.starts_with("需要120")), "{who}");
        assert!(street.rings_of(who).is_empty());
    }
    assert!(street.texts_to("n-1").iter().any(|(_, text)| text.contains("120要由您拨打")));
    street.text(115, "n-1", &format!("{code} 已拨120"));
    let ambulance = street.newest(CALL).ambulance.expect("wanted");
    assert_eq!(ambulance.dialled_by, Some(id("n-1")));
    let alarm = street.newest(CALL).id;
    street.press(300, "button2");
    let other = street.station.open_alarms().map(|alarm| alarm.id).find(|id| *id != alarm).expect("open");
    let answer = street.order(301, Order::Dialled120 { alarm: other, by: id("n-1") });
    assert_eq!(answer, Answer::Refused { reason: Refusal::NotWanted });
}

#[test]
fn rule_12_muting_is_for_one_alarm_and_ends() {
    let mut street = Street::new(roster(), noon());
    street.press(0, "button1");
    street.hear(0, "smoke1", &[Said::level(Measure::Leak(true))]);
    let (call, leak) = (street.newest(CALL).id, street.newest(Condition::WaterLeak).id);
    street.order(10, Order::Mute { alarm: call, by: id("desk") });
    street.order(10, Order::Mute { alarm: leak, by: id("desk") });
    let now = street.moment().mono;
    let until = |condition| street.newest(condition).muted_until.expect("muted").since(now).as_secs();
    assert_eq!((until(CALL), until(Condition::WaterLeak)), (120, 600));
    street.until(125);
    assert!(!street.texts_to("g-1").is_empty(), "the ladder goes on");
}

#[test]
fn rule_20_an_unproven_number_gets_nothing_that_is_personal() {
    let mut street = Street::new(roster(), noon());
    street.names.unproven = vec![id("n-1")];
    street.press(0, "button1");
    street.until(30);
    let texts = street.texts_to("n-1");
    assert_eq!(texts[0].1, "示例站:有一个报警无人应答,请回电00000009999");
    assert!(!street.rings_of("n-1").is_empty(), "and is still tried");
}

#[test]
fn rule_23_after_a_stop_of_unknown_length_open_alarms_are_told_again_with_at_least() {
    let mut street = Street::new(roster(), noon());
    street.press(0, "button1");
    street.until(30);
    street.take_sent();
    street.restart(30, 400, Gap::Unknown, noon());
    street.until(460);
    assert!(street.texts_to("n-1").iter().any(|(_, text)| text.contains("至少00:00起")), "{:?}", street.sent);
}
