//! The roll-call of those who are on duty (CARE-RULES 21).

use shouwang::core::id::ResponderId;
use shouwang::core::plan::Plan;
use shouwang::core::roster::{Responder, ResponderRole, Roster};
use shouwang::core::station::RollCallStanding;
use shouwang::core::time::{Gap, Trust};

use super::street::Street;
use super::village::{id, plan, roster};

const MINUTE: u64 = 60;
const HOUR: u64 = 60 * MINUTE;

/// Second 0 is 18:00, so it is 19:00 at [`HOUR`]. Until 20:00 the desk is on duty, then the grid worker, and by night n-1.
fn evening() -> Plan {
    plan(18)
}

/// The village with a second grid worker, who is not on duty.
fn list() -> Roster {
    let mut list = roster();
    let other = Responder { id: id("g-2"), role: ResponderRole::GridWorker, travel_min: 5, dispatched: true };
    list.responders.insert(other.id, other);
    list
}

fn street() -> Street {
    Street::new(list(), evening())
}

/// The questions that somebody was sent: when, and by which code they are answered.
fn questions(street: &Street, who: &str) -> Vec<(u64, String)> {
    let all = street.texts_to(who).into_iter().filter(|(_, text)| text.contains("点名"));
    all.map(|(at, text)| (at, text.split_once("在请回").expect("a code").1.chars().take(2).collect())).collect()
}

fn code(street: &Street, who: &str) -> String {
    questions(street, who).pop().expect("they were asked").1
}

fn standing(street: &Street) -> RollCallStanding {
    street.station.roll_call(street.moment())
}

fn names(people: &[ResponderId]) -> Vec<&str> {
    people.iter().map(ResponderId::as_str).collect()
}

fn gaps(street: &Street) -> Vec<(String, String)> {
    let all = standing(street).gaps.into_iter();
    all.map(|(gap, next)| (gap.to_string(), next.map(|next| next.to_string()).unwrap_or_default())).collect()
}

#[test]
fn rule_21_those_on_duty_in_the_coming_night_are_asked_at_seven_and_no_one_else() {
    let mut street = street();
    street.until(HOUR - 1);
    assert!(street.sent.is_empty() && standing(&street).at.is_none());
    street.until(HOUR + 30);
    for who in ["desk", "g-1", "n-1"] {
        let [(at, _)] = questions(&street, who)[..] else { panic!("{who} is asked once") };
        assert!((HOUR..HOUR + 30).contains(&at), "{who} at {at}");
    }
    for who in ["g-2", "doctor", "child"] {
        assert!(street.texts_to(who).is_empty(), "{who} is not on duty");
    }
    assert_eq!(names(&standing(&street).waiting), ["desk", "g-1", "n-1"]);
    assert!(!street.sent.iter().any(|sent| sent.what == "☎"), "nobody is rung up for it");
}

#[test]
fn rule_21_a_reply_with_the_code_answers_in_whatever_words() {
    let mut street = street();
    street.until(HOUR + 60);
    for (who, words) in [("desk", "在"), ("g-1", ""), ("n-1", " ok")] {
        let text = format!("{}{words}", code(&street, who));
        street.text(street.second() + 1, who, &text);
    }
    street.until(4 * HOUR);
    assert_eq!(names(&standing(&street).present), ["desk", "g-1", "n-1"]);
    assert!(gaps(&street).is_empty() && street.texts_to("g-2").is_empty());
    let thanks = street.texts_to("n-1").into_iter().filter(|(_, text)| text.contains("您今晚在岗")).count();
    assert_eq!(thanks, 1, "they are told that it was heard");
}

#[test]
fn rule_21_who_is_silent_at_eight_is_a_gap_and_the_next_of_the_role_is_asked() {
    let mut street = street();
    street.until(HOUR + 60);
    for who in ["desk", "n-1"] {
        let text = code(&street, who);
        street.text(street.second() + 1, who, &text);
    }
    street.until(2 * HOUR - 1);
    assert_eq!(names(&standing(&street).waiting), ["g-1"]);
    street.until(2 * HOUR + 30);
    assert_eq!(gaps(&street), [("g-1".to_owned(), "g-2".to_owned())]);
    assert_eq!(questions(&street, "g-2").len(), 1);
    assert!(street.texts_to("doctor").is_empty());
    // The gap is filled, and stays shown until whoever is on duty answers too.
    let text = code(&street, "g-2");
    street.text(2 * HOUR + 60, "g-2", &text);
    assert!(names(&standing(&street).present).contains(&"g-2"));
    assert_eq!(gaps(&street).len(), 1);
    let text = code(&street, "g-1");
    street.text(2 * HOUR + 120, "g-1", &text);
    assert!(gaps(&street).is_empty(), "late is better than never");
}

#[test]
fn rule_21_where_the_role_has_no_other_anybody_who_may_be_sent_is_asked_and_family_is_not() {
    let mut street = street();
    street.until(HOUR + 60);
    let text = format!("{}忙", code(&street, "n-1"));
    street.text(HOUR + 61, "n-1", &text);
    street.until(HOUR + 90);
    assert_eq!(gaps(&street), [("n-1".to_owned(), "doctor".to_owned())], "who cannot is a gap at once");
    // At eight the two others are gaps too; nobody is left for the second of them, and by night nobody is asked.
    street.until(2 * HOUR + 60);
    let said: Vec<(String, String)> = gaps(&street);
    assert_eq!(said.len(), 3);
    assert!(said.contains(&("desk".to_owned(), "g-2".to_owned())), "{said:?}");
    street.until(9 * HOUR);
    assert!(street.texts_to("child").is_empty());
    assert!(street.sent.iter().all(|sent| sent.at_s < 3 * HOUR), "by night nobody is woken by a question");
}

#[test]
fn rule_21_a_bare_digit_does_not_answer_it_and_still_answers_an_alarm() {
    let mut street = street();
    street.until(HOUR + 60);
    street.text(HOUR + 61, "n-1", "1");
    assert!(names(&standing(&street).waiting).contains(&"n-1"));
    street.until(HOUR + 70);
    assert!(street.texts_to("n-1").iter().any(|(_, text)| text.contains("两位数字")), "they are asked for the code");
    street.press(HOUR + 100, "button1");
    street.until(HOUR + 120);
    let alarm = street.code(shouwang::core::condition::Condition::HelpCall, "n-1").to_string();
    assert_ne!(alarm, code(&street, "n-1"), "the question's code is no alarm's");
    street.text(HOUR + 121, "n-1", "1");
    assert_eq!(street.state(shouwang::core::condition::Condition::HelpCall), "accepted");
    assert!(names(&standing(&street).waiting).contains(&"n-1"), "that was the alarm");
}

#[test]
fn rule_21_after_a_restart_in_between_nobody_who_answered_is_asked_again_and_codes_stay() {
    let mut street = street();
    street.until(HOUR + 60);
    let (desk, grid) = (code(&street, "desk"), code(&street, "g-1"));
    street.text(HOUR + 61, "desk", &desk);
    street.restart(HOUR + 20 * MINUTE, HOUR + 21 * MINUTE, Gap::SameBoot, evening());
    street.until(HOUR + 30 * MINUTE);
    assert_eq!(questions(&street, "desk").len(), 1);
    assert_eq!(names(&standing(&street).present), ["desk"]);
    assert_eq!(questions(&street, "g-1").len(), 2, "better twice than never");
    street.text(HOUR + 31 * MINUTE, "g-1", &grid);
    assert_eq!(names(&standing(&street).present), ["desk", "g-1"], "the code of before the restart");
    street.until(2 * HOUR + 10);
    assert_eq!(gaps(&street), [("n-1".to_owned(), "doctor".to_owned())], "their hour goes on over the restart");
}

#[test]
fn rule_21_a_clock_that_is_not_set_asks_nobody_and_says_so() {
    let mut street = street();
    street.clock(10, 0, Trust::Unset);
    street.until(HOUR + 30 * MINUTE);
    assert!(standing(&street).clock_unset && standing(&street).at.is_none());
    assert!(street.texts_to("desk").iter().all(|(_, text)| !text.contains("点名")));
    // Set again before night, it asks then, and everybody has an hour.
    street.clock(HOUR + 40 * MINUTE, 0, Trust::Synced);
    street.until(HOUR + 41 * MINUTE);
    assert!(!standing(&street).clock_unset);
    assert_eq!(names(&standing(&street).waiting), ["desk", "g-1", "n-1"]);
    street.until(2 * HOUR + 39 * MINUTE);
    assert!(gaps(&street).is_empty());
    street.until(2 * HOUR + 41 * MINUTE);
    assert_eq!(gaps(&street).len(), 3);
}
