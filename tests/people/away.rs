//! Residents who are away from home (CARE-RULES 24, and 22: nothing that calls for help is ever suspended).

use shouwang::core::alarm::{Alarm, Reason};
use shouwang::core::condition::Condition;
use shouwang::core::effect::{AbsenceChange, Order};
use shouwang::core::plan::{Absence, Plan};
use shouwang::core::reading::{Measure, Said};
use shouwang::core::roster::{Role, Roster, Service};
use shouwang::core::rota::Span;
use shouwang::core::time::{Gap, Trust};
use shouwang::core::visit;

use super::street::{Phone, Street};
use super::village::{hours, id, plan, roster};

const MINUTE: u64 = 60;
const HOUR: u64 = 60 * MINUTE;
/// Ten in the morning of the first day, and of the second.
const ASKED: u64 = 2 * HOUR;
const ENDS: u64 = 26 * HOUR;
/// How long a letter may take to leave after it is due.
const SOON: u64 = 30;

/// From eight in the morning on; r1 is away until ten of the next day, and the child knows when they come back.
fn times() -> Plan {
    times_until(26)
}

fn times_until(hour: u64) -> Plan {
    let Span { until, .. } = hours(0, hour);
    let ask = hours(0, hour - 24).until;
    let away = Span { from: hours(0, 1).from, until };
    let absence = Absence { resident: id("r1"), away, ask, contact: Some(id("child")), first: Vec::new() };
    Plan { absences: vec![absence], ..plan(8) }
}

fn at_home() -> Plan {
    plan(8)
}

/// The village with sensors in three rooms of the first home.
fn list() -> Roster {
    let mut list = roster();
    for (name, room, role) in
        [("hall", "hall", Role::Motion), ("hall-2", "hall", Role::Motion), ("kitchen", "kitchen", Role::Motion)]
    {
        let device =
            shouwang::core::roster::Device { id: id(name), room: Some(id(room)), role, ..list.devices[&id("button1")] };
        list.devices.insert(device.id, device);
    }
    list
}

fn street() -> Street {
    Street::new(list(), times())
}

/// The questions that somebody was sent: when, and under which code.
fn questions(street: &Street, who: &str) -> Vec<(u64, String)> {
    let all = street.texts_to(who).into_iter().filter(|(_, text)| text.contains("外出"));
    all.filter_map(|(at, text)| Some((at, text.split_once("请回")?.1.chars().take(2).collect()))).collect()
}

fn code(street: &Street) -> String {
    questions(street, "child").pop().expect("the contact is asked").1
}

fn moves(street: &mut Street, s: u64, device: &str) {
    street.hear(s, device, &[Said::level(Measure::Motion(true))]);
    street.hear(s + 2, device, &[Said::level(Measure::Motion(false))]);
}

fn is_called(street: &Street) -> bool {
    street.records.iter().any(|alarm| alarm.id.condition == Condition::NotBack)
}

#[test]
fn rule_24_the_contact_is_asked_at_ten_of_the_day_before_in_one_message() {
    let mut street = street();
    street.until(ASKED - 1);
    assert!(street.sent.is_empty());
    street.until(ENDS - 1);
    let asked = questions(&street, "child");
    assert_eq!(asked.len(), 1, "once: {asked:?}");
    assert!((ASKED..ASKED + SOON).contains(&asked[0].0), "{asked:?}");
    let text = &street.texts_to("child")[0].1;
    assert!(text.contains("示例r1奶奶") && text.contains("再延7天"), "{text}");
    assert!(text.encode_utf16().count() <= 70, "{text}");
    assert!(questions(&street, "n-1").is_empty() && street.rings_of("child").is_empty());
}

#[test]
fn rule_24_one_says_back_and_two_says_seven_days_more() {
    for (answer, change) in [
        (" 1", AbsenceChange::Ended),
        ("回来了", AbsenceChange::Ended),
        (" 2", AbsenceChange::Extended),
        ("再延7天", AbsenceChange::Extended),
    ] {
        let mut street = street();
        street.until(ASKED + SOON);
        let text = format!("{}{answer}", code(&street));
        street.text(ASKED + 60, "child", &text);
        let end = times().absences[0].away.until;
        assert_eq!(street.said_away, [(id("r1"), id("child"), end, change)], "{answer}");
        street.until(ASKED + 90);
        let told = street.texts_to("child").pop().expect("confirmed in words").1;
        assert!(told.starts_with("已收到"), "{told}");
        // The village file has it, and so has the plan.
        let then = if change == AbsenceChange::Ended { at_home() } else { times_until(26 + 7 * 24) };
        street.plan(ASKED + 100, then);
        assert_eq!(street.station.is_away(id("r1")), change == AbsenceChange::Extended);
        street.until(ENDS + HOUR);
        assert!(!is_called(&street), "nobody is called about what was answered");
        assert_eq!(questions(&street, "child").len(), 1);
    }
}

#[test]
fn rule_24_a_bare_digit_never_answers_it_and_another_person_does_not_either() {
    let mut street = street();
    street.until(ASKED + SOON);
    street.text(ASKED + 60, "child", "1");
    street.text(ASKED + 70, "child", "2");
    let text = format!("{} 1", code(&street));
    street.text(ASKED + 80, "n-1", &text);
    assert!(street.said_away.is_empty());
    assert!(street.station.is_away(id("r1")));
}

#[test]
fn rule_24_no_answer_is_a_call_at_ten_to_the_contact_and_then_to_the_desk() {
    let mut street = street();
    street.phones.insert(id("child"), Phone::PicksUp(8));
    street.until(ENDS - 1);
    assert!(!is_called(&street));
    street.until(ENDS + 4 * MINUTE);
    assert!(!street.station.is_away(id("r1")), "watched again");
    let visits: Vec<_> =
        street.station.visits().filter(|of| of.open_for(visit::Reason::AbsenceUnanswered).is_some()).collect();
    assert_eq!(visits.len(), 1, "and somebody is to look in");
    let rang = street.rings_of("child");
    assert!(rang.first().is_some_and(|at| (ENDS..ENDS + 60).contains(at)), "{rang:?}");
    assert!(street.rings_of("desk").is_empty());
    street.until(ENDS + 6 * MINUTE);
    assert!(!street.rings_of("desk").is_empty(), "nobody has answered: the desk too");
    let text = street.texts_to("child").pop().expect("a letter with it").1;
    assert!(text.contains("外出未归") && text.contains("再延7天"), "{text}");
    // What the contact says in answer to the call counts as in answer to the question.
    let code = street.code(Condition::NotBack, "child");
    street.text(ENDS + 7 * MINUTE - 5, "child", "1");
    assert!(street.said_away.is_empty(), "a bare digit does not answer it");
    street.text(ENDS + 7 * MINUTE, "child", &format!("{code} 1"));
    assert_eq!(street.said_away.pop().map(|said| said.3), Some(AbsenceChange::Ended));
    street.plan(ENDS + 8 * MINUTE, at_home());
    assert_eq!(street.state(Condition::NotBack), "closed");
    let note = street.newest(Condition::NotBack).notes.last().expect("who said it stands in the record").clone();
    assert_eq!((note.by, note.text.as_str()), (Some(id("child")), "returned"));
}

#[test]
fn rule_24_who_answers_the_call_by_going_is_an_acceptor_like_any_other() {
    let mut street = street();
    street.until(ENDS + 6 * MINUTE);
    let alarm = street.newest(Condition::NotBack).id;
    street.order(ENDS + 7 * MINUTE, Order::Accept { alarm, by: id("desk") });
    assert_eq!(street.state(Condition::NotBack), "accepted");
}

#[test]
fn rule_24_absences_never_end_by_night() {
    let mut street = street();
    // The clock leaps over the morning: what would have ended at ten is found at 22:30.
    street.clock(ENDS - 2 * HOUR, 14 * 3_600_000 + 1_800_000, Trust::Synced);
    street.until(ENDS - HOUR);
    assert!(!is_called(&street), "nobody is woken for it");
    street.until(ENDS + 8 * HOUR);
    assert!(is_called(&street), "in the morning they are called");
}

#[test]
fn rule_24_activity_in_two_rooms_asks_and_arms_again_and_one_room_does_not() {
    let mut street = street();
    moves(&mut street, 600, "hall");
    moves(&mut street, 660, "hall-2");
    moves(&mut street, 3_000, "kitchen");
    assert!(street.station.is_away(id("r1")), "one room at a time, half an hour apart");
    assert!(street.sent.is_empty());
    moves(&mut street, 3_300, "hall");
    assert!(!street.station.is_away(id("r1")), "watched again at once");
    street.until(3_330);
    let text = street.texts_to("child").pop().expect("asked").1;
    assert!(text.contains("有人走动"), "{text}");
    let answer = format!("{} 1", code(&street));
    street.text(3_400, "child", &answer);
    assert_eq!(street.said_away.len(), 1);
}

#[test]
fn rule_24_somebody_else_in_the_home_is_no_return_and_is_asked_after_once_a_day() {
    let mut street = street();
    moves(&mut street, 300, "hall");
    moves(&mut street, 330, "kitchen");
    street.until(360);
    let answer = format!("{} 2", code(&street));
    street.text(400, "child", &answer);
    assert!(street.station.is_away(id("r1")) && street.said_away.is_empty());
    street.until(430);
    assert!(street.texts_to("child").pop().expect("confirmed").1.contains("是别人"));
    moves(&mut street, 3_000, "hall");
    moves(&mut street, 3_030, "kitchen");
    street.until(3_060);
    assert!(street.station.is_away(id("r1")));
    assert_eq!(questions(&street, "child").len(), 1, "not asked again today");
}

#[test]
fn rule_24_whoever_is_about_after_the_end_is_noted_and_answers_nothing() {
    let mut street = street();
    street.until(ENDS + MINUTE);
    assert_eq!(street.state(Condition::NotBack), "raised");
    moves(&mut street, ENDS + 2 * MINUTE, "kitchen");
    moves(&mut street, ENDS + 3 * MINUTE, "hall");
    moves(&mut street, ENDS + 4 * MINUTE, "kitchen");
    assert_eq!(street.state(Condition::NotBack), "raised", "it may be whoever has the key");
    let about = |alarm: &Alarm| alarm.evidence.iter().filter(|known| known.reason == Reason::AboutAtHome).count();
    assert_eq!(about(street.newest(Condition::NotBack)), 1);
    // A day later it still stands: nothing but the village file and people end it.
    street.plan(ENDS + 30 * HOUR, times());
    street.until(ENDS + 31 * HOUR);
    assert_eq!(street.state(Condition::NotBack), "raised");
    let firsts = street.records.iter().filter(|of| of.rev == 1 && of.id.condition == Condition::NotBack).count();
    assert_eq!(firsts, 1);
}

#[test]
fn rule_24_a_call_about_an_absence_outlives_a_restart_without_a_clock() {
    let mut street = street();
    street.until(ENDS + MINUTE);
    street.clock(ENDS + MINUTE, -3_600_000, Trust::Unset);
    street.restart(ENDS + MINUTE, ENDS + 10 * MINUTE, Gap::Unknown, times());
    assert_eq!(street.state(Condition::NotBack), "raised");
    street.until(ENDS + 20 * MINUTE);
    assert_eq!(street.state(Condition::NotBack), "raised");
}

#[test]
fn rule_24_who_was_about_by_night_is_asked_after_in_the_morning_and_the_end_is_called_about_all_the_same() {
    let mut street = street();
    // 22:30, half an hour apart at most.
    moves(&mut street, 52_200, "hall");
    moves(&mut street, 52_260, "kitchen");
    assert!(!street.station.is_away(id("r1")), "watched again at once");
    street.until(23 * HOUR - 1);
    assert!(!street.texts_to("child").iter().any(|(_, text)| text.contains("有人走动")), "nobody is woken for it");
    street.until(23 * HOUR + 60);
    assert!(street.texts_to("child").iter().any(|(_, text)| text.contains("有人走动")));
    street.until(ENDS + MINUTE);
    assert!(is_called(&street), "nobody has answered");
}

#[test]
fn rule_24_what_could_be_an_answer_to_something_else_is_none() {
    let mut street = street();
    street.until(ASKED + SOON);
    let code = code(&street);
    for text in
        [code.clone(), format!("{code} 去"), format!("{code} 忙"), format!("{code} 别人"), format!("{code} 到了")]
    {
        let second = street.second() + 30;
        street.text(second, "child", &text);
        assert!(street.said_away.is_empty(), "{text}");
    }
    assert!(street.station.is_away(id("r1")));
}

#[test]
fn rule_24_another_resident_of_the_home_is_not_whoever_is_away() {
    let mut list = list();
    let home = list.residents[&id("r1")].home;
    list.residents.get_mut(&id("r2")).expect("in the list").home = home;
    for name in ["hall", "kitchen"] {
        list.devices.get_mut(&id(name)).expect("in the list").resident = Some(id("r2"));
    }
    let mut street = Street::new(list, times());
    moves(&mut street, 300, "hall");
    moves(&mut street, 330, "kitchen");
    assert!(street.station.is_away(id("r1")));
}

#[test]
fn rule_26_of_whoever_is_served_no_more_nobody_is_asked() {
    let mut list = list();
    list.residents.get_mut(&id("r1")).expect("in the list").service = Service::Deceased;
    let mut street = Street::new(list, times());
    street.until(ENDS + HOUR);
    assert!(questions(&street, "child").is_empty() && !is_called(&street));
}

#[test]
fn rule_24_a_call_from_away_goes_first_to_whoever_is_with_them_and_says_where() {
    let mut times = times();
    times.absences[0].first = vec![id("child")];
    let mut street = Street::new(list(), times);
    let position = Measure::location(30.123_456, 120.654_321).expect("a place");
    street.hear(300, "watch1", &[Said::level(position)]);
    street.press(600, "watch1");
    street.until(620);
    let text = street.texts_to("child").pop().expect("called first").1;
    assert!(text.contains("位置30.12346,120.65432"), "{text}");
    assert!(text.find("位置") < text.find("一组"), "the home comes second: {text}");
    assert!(street.texts_to("n-1").is_empty());
    // Family is only informed at home; whoever is with them goes.
    let code = street.code(Condition::HelpCall, "child");
    street.text(630, "child", &format!("{code}"));
    assert_eq!(street.state(Condition::HelpCall), "accepted");
}

#[test]
fn rule_24_the_villages_ladder_follows_whoever_is_with_them_and_an_end_meanwhile_skips_nobody() {
    let mut times = times();
    times.absences[0].first = vec![id("child")];
    let mut street = Street::new(list(), times);
    let position = Measure::location(30.123_456, 120.654_321).expect("a place");
    street.hear(300, "watch1", &[Said::level(position)]);
    street.press(2 * HOUR, "watch1");
    street.until(2 * HOUR + 30);
    let text = street.texts_to("child").pop().expect("called first").1;
    assert!(text.contains("前位置30.1"), "an old position says how old: {text}");
    street.plan(2 * HOUR + 60, at_home());
    street.until(2 * HOUR + 180);
    assert!(!street.texts_to("n-1").is_empty(), "the first rung of the village's own ladder");
    assert!(street.texts_to("g-1").is_empty());
}

#[test]
fn rule_22_being_away_suspends_no_call_for_help_and_hides_no_home() {
    let mut times = times();
    times.absences[0].first = vec![id("child")];
    let mut street = Street::new(list(), times);
    assert!(street.station.is_away(id("r1")));
    street.press(600, "button1");
    street.until(615);
    let text = street.texts_to("n-1").pop().expect("the neighbour is called at once").1;
    assert!(text.contains("示例一组h1号") && text.contains("登记外出") && !text.contains("位置"), "{text}");
    assert!(street.texts_to("child").is_empty(), "a button on the wall is pressed by somebody at home");
    street.hear(700, "smoke1", &[Said::level(Measure::Smoke(true))]);
    street.until(800);
    for condition in [Condition::HelpCall, Condition::Smoke] {
        assert_eq!(street.state(condition), "raised");
    }
    let smoke: Vec<_> = street.texts_to("n-1").into_iter().filter(|(_, text)| text.contains("119")).collect();
    assert!(smoke[0].1.contains("示例一组h1号"), "{smoke:?}");
    assert!(street.rings_of("n-1").first().is_some_and(|at| *at < 700), "{:?}", street.rings_of("n-1"));
}

#[test]
fn rule_24_while_they_are_away_nobody_is_reminded_that_nothing_is_heard() {
    let mut there = Street::new(list(), at_home());
    let mut away = street();
    for street in [&mut there, &mut away] {
        street.input(&shouwang::core::effect::Input::Source { id: id("zigbee"), up: false });
        street.until(HOUR);
    }
    let blind = |street: &Street| {
        let open = street.station.open_alarms().filter(|alarm| alarm.id.condition == Condition::ResidentBlind);
        open.filter_map(shouwang::core::alarm::Alarm::resident).collect::<Vec<_>>()
    };
    assert_eq!(blind(&there), [id("r1"), id("r2"), id("r3")]);
    assert_eq!(blind(&away), [id("r2"), id("r3")]);
    away.plan(HOUR + 60, at_home());
    away.until(HOUR + 61);
    assert_eq!(blind(&away).len(), 3, "back at home it is a fault like anybody's");
}

#[test]
fn rule_24_after_a_start_what_is_not_in_the_file_is_asked_once_more() {
    let mut street = street();
    street.until(ASKED + SOON);
    let before = code(&street);
    // The power goes after the answer and before the file has it.
    street.text(ASKED + 60, "child", &format!("{before} 2"));
    street.said_away.clear();
    street.restart(ASKED + 61, ASKED + 120, Gap::Known { ms: 59_000 }, times());
    street.until(ASKED + 200);
    assert_eq!(questions(&street, "child").len(), 2);
    let again = code(&street);
    assert_eq!(again, before, "under the code that they know");
    street.text(ASKED + 210, "child", &format!("{again} 2"));
    assert_eq!(street.said_away.len(), 1);
    // A start after the end does not call a second time.
    street.plan(ASKED + 220, times());
    street.until(ENDS + HOUR);
    let calls = || times();
    let made = street.records.iter().filter(|alarm| alarm.id.condition == Condition::NotBack && alarm.rev == 1).count();
    street.restart(ENDS + HOUR, ENDS + 2 * HOUR, Gap::Known { ms: 3_600_000 }, calls());
    street.until(ENDS + 3 * HOUR);
    let again =
        street.records.iter().filter(|alarm| alarm.id.condition == Condition::NotBack && alarm.rev == 1).count();
    assert_eq!((made, again), (1, 1));
}

#[test]
fn rule_24_without_a_clock_nobody_is_away_and_nobody_is_asked() {
    let mut street = street();
    street.clock(60, 0, Trust::Unset);
    street.until(ENDS + HOUR);
    assert!(!street.station.is_away(id("r1")));
    assert!(questions(&street, "child").is_empty() && !is_called(&street));
}

#[test]
fn rule_24_to_a_number_that_nobody_has_proven_no_name_goes() {
    let mut street = street();
    street.names.unproven.push(id("child"));
    street.until(ASKED + SOON);
    let text = street.texts_to("child").pop().expect("asked").1;
    assert!(!text.contains("示例r1") && text.contains("您联系的老人"), "{text}");
}
