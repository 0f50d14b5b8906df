//! Letters: sent in parts, delivered or not, and never twice.

use shouwang::notify::channel::{Failure, Word};
use shouwang::sim::modem::{Fate, Modem, Mood, Network, Person};

use crate::support::telephone::Telephone;

const LI: &str = "13800000001";
const ZHANG: &str = "13800000002";

fn village() -> Network {
    Network::with([(LI, Person::silent()), (ZHANG, Person::off())])
}

#[test]
fn a_letter_is_sent_and_then_delivered() {
    let mut phone = Telephone::up(1, Mood::calm(), village());
    phone.text(1, LI, "示例:王奶奶按了求助。回复 17 我去");
    assert!(phone.until(60, |it| it.words(1).len() == 2));
    assert_eq!(phone.words(1), [Word::Sent, Word::Delivered]);
    assert_eq!(phone.modem.network().texts_to(LI), ["示例:王奶奶按了求助。回复 17 我去"]);
}

#[test]
fn a_letter_to_a_telephone_that_is_off_is_sent_and_nothing_more_is_claimed() {
    let mut phone = Telephone::up(1, Mood::calm(), village());
    phone.text(1, ZHANG, "示例");
    phone.pass(600);
    assert_eq!(phone.words(1), [Word::Sent]);
}

#[test]
fn the_network_may_give_a_letter_up() {
    let mut network = village();
    network.put(LI, Person { fate: Fate::GivenUp(3_600_000), ..Person::silent() });
    let mut phone = Telephone::up(1, Mood::calm(), network);
    phone.text(1, LI, "示例");
    phone.pass(3_700);
    assert_eq!(phone.words(1), [Word::Sent, Word::NotDelivered]);
}

#[test]
fn a_report_that_comes_before_the_answer_is_not_lost() {
    let mut network = village();
    network.put(LI, Person { fate: Fate::Delivered(0), ..Person::silent() });
    let mut phone = Telephone::up(1, Mood::calm(), network);
    phone.text(1, LI, "示例");
    assert!(phone.until(60, |it| it.words(1).len() == 2));
    assert_eq!(phone.words(1), [Word::Sent, Word::Delivered]);
}

#[test]
fn a_long_letter_goes_in_parts_and_is_delivered_when_all_are() {
    let mut phone = Telephone::up(1, Mood::calm(), village());
    let text = "示例一二三四五六七八".repeat(20);
    phone.text(1, LI, &text);
    assert!(phone.until(60, |it| it.is_over(1)));
    assert_eq!(phone.words(1), [Word::Sent]);
    assert!(phone.until(60, |it| it.words(1).len() == 2));
    assert_eq!(phone.words(1), [Word::Sent, Word::Delivered]);
    assert_eq!(phone.modem.network().parts.len(), 3);
    assert_eq!(phone.modem.network().texts_to(LI), [text]);
}

#[test]
fn what_cannot_be_dialled_or_is_too_long_is_refused_at_once() {
    let mut phone = Telephone::up(1, Mood::calm(), village());
    for (ticket, to, text) in [(1, "示例", "a"), (2, "10086;+CFUN=0", "a"), (3, LI, "守".repeat(671).as_str())] {
        phone.text(ticket, to, text);
        assert_eq!(phone.words(ticket), [Word::Failed(Failure::Unable)]);
    }
    phone.happens(shouwang::notify::modem::Event::Time);
    assert_eq!(phone.modem.network().parts, []);
}

#[test]
fn a_part_that_is_refused_is_tried_again_and_reaches_them_once() {
    let mood = Mood { refuses: 300, ..Mood::calm() };
    let mut sent = 0;
    for seed in 0..40 {
        let mut phone = Telephone::up(seed, mood.clone(), village());
        phone.text(1, LI, "示例");
        assert!(phone.until(180, |it| it.is_over(1)), "{seed}");
        let there = phone.modem.network().texts_to(LI).len();
        match phone.words(1)[0] {
            Word::Sent => {
                sent += 1;
                assert_eq!(there, 1, "{seed}");
            }
            Word::Failed(Failure::Trouble) => assert_eq!(there, 0, "{seed}"),
            other => panic!("{seed}: {other:?}"),
        }
    }
    assert!(sent > 30, "{sent} of 40");
}

#[test]
fn when_the_answer_is_lost_the_letter_has_failed_and_is_not_given_again() {
    let mut phone = Telephone::up(1, Mood::calm(), village());
    phone.text_without_answer(1, ZHANG);
    assert_eq!(phone.words(1), [Word::Failed(Failure::Unknown)]);
    phone.pass(600);
    assert_eq!(phone.modem.network().texts_to(ZHANG).len(), 1);
}

#[test]
fn when_the_answer_is_lost_and_the_network_reports_the_letter_it_was_sent() {
    let mut phone = Telephone::up(1, Mood::calm(), village());
    // Reports of letters from before the start would be the other reading.
    phone.pass(3_600);
    phone.text_without_answer(1, LI);
    assert_eq!(phone.words(1), [Word::Sent, Word::Delivered]);
    phone.pass(600);
    assert_eq!(phone.modem.network().texts_to(LI).len(), 1);
}

#[test]
fn a_late_ok_is_not_taken_for_the_networks() {
    let mut phone = Telephone::up(1, Mood::calm(), village());
    phone.text(1, LI, "示例");
    assert!(phone.until(10, |it| it.written.ends_with(b"\x1A")));
    phone.modem.say_unasked(phone.now, b"\r\nOK\r\n");
    assert!(phone.until(10, |it| it.is_over(1)));
    assert_eq!(phone.words(1)[0], Word::Sent);
}

#[test]
fn an_answer_that_is_refused_by_the_networks_silence_is_not_given_again() {
    let mut phone = Telephone::up(1, Mood { sends_ms: (9_000, 9_000), ..Mood::calm() }, village());
    phone.text(1, ZHANG, "示例");
    assert!(phone.until(10, |it| it.written.ends_with(b"\x1A")));
    phone.modem.say_unasked(phone.now, b"\r\n+CMS ERROR: 332\r\n");
    assert!(phone.until(10, |it| it.is_over(1)));
    assert_eq!(phone.words(1), [Word::Failed(Failure::Unknown)]);
    phone.pass(60);
    assert_eq!(phone.modem.network().texts_to(ZHANG).len(), 1);
}

#[test]
fn a_late_report_of_one_letter_is_not_taken_for_another_ones() {
    let mut network = village();
    network.put(LI, Person { fate: Fate::Delivered(100_000), ..Person::silent() });
    let mut phone = Telephone::up(1, Mood::calm(), network);
    phone.pass(3_600);
    phone.text_without_answer(1, LI);
    assert_eq!(phone.words(1), [Word::Failed(Failure::Unknown)]);
    // The report of the first comes while the second is silent.
    phone.text_without_answer(2, LI);
    assert_eq!(phone.words(2), [Word::Failed(Failure::Unknown)]);
}

#[test]
fn an_answer_that_comes_while_the_modem_is_being_woken_still_counts() {
    let mut phone = Telephone::up(1, Mood { sends_ms: (60_010, 60_010), ..Mood::calm() }, village());
    phone.text(1, LI, "示例");
    assert!(phone.until(180, |it| it.is_over(1)));
    assert_eq!(phone.words(1)[0], Word::Sent);
}

#[test]
fn without_a_network_a_letter_waits_a_little_and_then_fails() {
    let mood = Mood { registers_after_s: None, ..Mood::calm() };
    let mut phone = Telephone::with(Modem::new(1, mood, village()), shouwang::notify::modem::Manner::default());
    phone.pass(10);
    phone.text(1, LI, "示例");
    assert!(phone.until(25, |it| it.is_over(1)));
    assert_eq!(phone.words(1), [Word::Failed(Failure::NoNetwork)]);
}

#[test]
fn a_letter_in_the_hands_of_a_modem_that_starts_anew_has_failed_and_one_before_it_goes_on() {
    for after_ms in (0..6_000).step_by(50) {
        let mut phone = Telephone::up(1, Mood::calm(), village());
        phone.text(1, LI, "示例");
        phone.pass_ms(after_ms);
        phone.modem.restart(phone.now);
        assert!(phone.until(180, |it| it.is_over(1)), "{after_ms}");
        let there = phone.modem.network().texts_to(LI).len();
        match phone.words(1)[0] {
            Word::Sent => assert_eq!(there, 1, "{after_ms}"),
            Word::Failed(Failure::Unknown) => assert!(there <= 1, "{after_ms}"),
            other => panic!("{after_ms}: {other:?}"),
        }
    }
}
