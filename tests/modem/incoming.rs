//! What comes in: read, joined, kept, and only then deleted.

use shouwang::core::time::Mono;
use shouwang::notify::channel::Word;
use shouwang::notify::modem::{Event, Manner};
use shouwang::sim::modem::{Modem, Mood, Network, Person, pdus_of};

use crate::support::telephone::Telephone;

const LI: &str = "13800000001";

fn up(mood: Mood) -> Telephone {
    Telephone::up(1, mood, Network::default())
}

#[test]
fn a_text_that_comes_in_is_given_once_and_deleted_when_it_is_kept() {
    let mut phone = up(Mood::calm());
    phone.keeps = false;
    phone.modem.text_in(phone.now, LI, "17");
    phone.pass(1_000);
    assert_eq!(phone.texts(), ["17"]);
    assert_eq!(phone.modem.stored(), 1, "nobody has said that it is kept");
    let (_, id, incoming) = phone.came[0].clone();
    assert_eq!(incoming.from.phone.expect("a number").reveal(), LI);
    phone.happens(Event::Kept(id));
    phone.pass(1);
    assert_eq!((phone.texts().len(), phone.modem.stored()), (1, 0));
}

#[test]
fn an_answer_to_a_letter_comes_back_within_seconds() {
    let network = Network::with([(LI, Person::who_writes(5, "17 我去"))]);
    let mut phone = Telephone::up(1, Mood::calm(), network);
    phone.text(1, LI, "示例。回复 17 我去");
    assert!(phone.until(30, |it| it.texts() == ["17 我去"]));
    assert_eq!(phone.words(1), [Word::Sent, Word::Delivered]);
}

#[test]
fn the_time_of_a_text_is_the_networks() {
    let mut phone = up(Mood::calm());
    phone.now = Mono(61_000);
    phone.modem.text_in(phone.now, LI, "1");
    phone.pass(5);
    // 2026-01-02T00:01:01+08:00, as the simulated network says at its 61st second.
    let wanted: jiff::Timestamp = "2026-01-01T16:01:01Z".parse().expect("a time");
    assert_eq!(phone.came[0].2.sent.expect("a time").0, wanted.as_millisecond());
}

#[test]
fn what_lies_on_the_sim_at_the_start_is_read() {
    let mut modem = Modem::new(1, Mood::calm(), Network::default());
    for pdu in pdus_of(LI, "2 正忙", 0, 1) {
        modem.pdu_in(Mono(0), &pdu);
    }
    let mut phone = Telephone::with(modem, Manner::default());
    phone.pass(30);
    assert_eq!((phone.texts(), phone.modem.stored()), (vec!["2 正忙"], 0));
}

#[test]
fn a_text_that_is_not_kept_is_given_again() {
    let mut phone = up(Mood::calm());
    phone.keeps = false;
    phone.modem.text_in(phone.now, LI, "17");
    phone.pass(5);
    let (_, id, _) = phone.came[0].clone();
    phone.happens(Event::NotKept(id));
    phone.keeps = true;
    phone.pass(900);
    assert_eq!((phone.texts(), phone.modem.stored()), (vec!["17", "17"], 0));
}

#[test]
fn a_text_that_was_not_kept_before_a_restart_of_the_program_is_read_again() {
    let mut phone = up(Mood::calm());
    phone.keeps = false;
    phone.modem.text_in(phone.now, LI, "17");
    phone.pass(5);
    assert_eq!(phone.texts(), ["17"]);
    let mut again = Telephone::with(phone.modem.clone(), Manner::default());
    again.now = phone.now;
    again.pass(60);
    assert_eq!((again.texts(), again.modem.stored()), (vec!["17"], 0));
}

#[test]
fn a_restart_of_the_modem_before_it_is_kept_neither_loses_nor_doubles_it() {
    let mut phone = up(Mood::calm());
    phone.keeps = false;
    phone.modem.text_in(phone.now, LI, "17");
    phone.pass(5);
    phone.modem.restart(phone.now);
    phone.pass(60);
    let (_, id, _) = phone.came[0].clone();
    phone.happens(Event::Kept(id));
    phone.pass(10);
    assert_eq!((phone.texts(), phone.modem.stored()), (vec!["17"], 0));
}

#[test]
fn parts_of_a_longer_text_are_joined_in_whatever_order_they_come() {
    let text = "示例一二三四五六七八".repeat(15);
    let pdus = pdus_of(LI, &text, 0, 9);
    assert_eq!(pdus.len(), 3);
    for order in [[0, 1, 2], [2, 1, 0], [1, 0, 2]] {
        let mut phone = up(Mood::calm());
        for nth in order {
            phone.modem.pdu_in(phone.now, &pdus[nth]);
            phone.pass(3);
        }
        assert_eq!((phone.texts(), phone.modem.stored()), (vec![text.as_str()], 0), "{order:?}");
    }
}

#[test]
fn a_part_that_never_comes_is_waited_for_a_minute() {
    let text = "示例一二三四五六七八".repeat(15);
    let pdus = pdus_of(LI, &text, 0, 9);
    let mut phone = up(Mood::calm());
    phone.modem.pdu_in(phone.now, &pdus[0]);
    phone.modem.pdu_in(phone.now, &pdus[2]);
    phone.pass(55);
    assert!(phone.came.is_empty());
    phone.pass(10);
    let signs: Vec<char> = text.chars().collect();
    let wanted: String = signs[..67].iter().chain(&['…']).chain(&signs[134..]).collect();
    assert_eq!(phone.texts(), [wanted]);
    assert_eq!(phone.modem.stored(), 0);
}

#[test]
fn what_cannot_be_understood_does_not_fill_the_sim() {
    let mut phone = up(Mood::calm());
    for broken in ["00", "FFFFFFFF", "0004", "07911326040000F0040B91"] {
        phone.modem.pdu_in(phone.now, broken);
    }
    phone.modem.text_in(phone.now, LI, "17");
    phone.pass(1_500);
    assert_eq!((phone.texts(), phone.modem.stored()), (vec!["17"], 0));
}

#[test]
fn more_texts_than_the_sim_holds_all_arrive() {
    let mut phone = up(Mood::calm());
    let texts: Vec<String> = (0..60).map(|nth| format!("示例{nth}")).collect();
    for text in &texts {
        phone.modem.text_in(phone.now, LI, text);
    }
    phone.pass(1_500);
    let mut came: Vec<String> = phone.texts().iter().map(|text| (*text).to_owned()).collect();
    came.sort();
    let mut wanted = texts;
    wanted.sort();
    assert_eq!((came, phone.modem.stored()), (wanted, 0));
}

#[test]
fn texts_come_in_while_a_telephone_rings() {
    let mut phone = Telephone::up(1, Mood::calm(), Network::with([(LI, Person::silent())]));
    phone.ring(1, LI, 60);
    phone.pass(10);
    phone.modem.text_in(phone.now, "13800000002", "17");
    phone.pass(5);
    assert_eq!(phone.texts(), ["17"]);
    assert!(!phone.is_over(1));
}

#[test]
fn through_a_modem_that_fails_one_command_in_five_every_text_arrives() {
    let mut phone = Telephone::up(5, Mood::one_in_five(), Network::default());
    for nth in 0..40 {
        phone.modem.text_in(phone.now, LI, &format!("示例{nth}"));
        phone.pass(40);
    }
    phone.pass(3_600);
    for nth in 0..40 {
        let wanted = format!("示例{nth}");
        assert!(phone.texts().contains(&wanted.as_str()), "{wanted} is lost");
    }
    assert_eq!(phone.modem.stored(), 0);
}
