//! Calls: what the other end does, what is told of it, and that the line is free afterwards.

use shouwang::notify::channel::{Deed, Failure, Ring, Word};
use shouwang::notify::modem::Manner;
use shouwang::private::Private;
use shouwang::sim::modem::{Modem, Mood, Network, Person};

use crate::support::telephone::Telephone;

const LI: &str = "13800000001";
const STRANGER: &str = "13800000099";

fn alone(person: Person) -> Network {
    Network::with([(LI, person)])
}

/// Every kind of modem that tells calls in its own way, and what it can know.
fn kinds() -> [(&'static str, Mood); 3] {
    let blind = Mood { lists_calls: false, ..Mood::calm() };
    [
        ("one that lists its calls", Mood::calm()),
        ("one that tells and lists", Mood { tells_calls: true, ..Mood::calm() }),
        ("one that tells only", Mood { tells_calls: true, ..blind }),
    ]
}

/// The words of a call of thirty seconds, and the telephone afterwards.
fn call(mood: Mood, person: Person) -> (Vec<Word>, Telephone) {
    let mut phone = Telephone::up(1, mood, alone(person));
    phone.ring(1, LI, 30);
    assert!(phone.until(180, |it| it.is_over(1)), "{:?}", phone.told);
    assert!(!phone.modem.is_in_call(), "the line is free when the word is told");
    (phone.words(1), phone)
}

#[test]
fn what_the_other_end_does_is_told() {
    use Word::{Delivered, Failed, HungUp, Key, PickedUp, RangOut};
    let refuses = Person { refuses_after_s: Some(8), ..Person::silent() };
    let hangs_up = Person { hangs_up_after_s: Some(5), ..Person::who_presses(6, '2') };
    let says_nothing = Person { answers_after_s: Some(3), ..Person::silent() };
    let table = [
        ("nobody picks up", Person::silent(), vec![Delivered, RangOut]),
        ("picked up, and a key", Person::who_presses(6, '1'), vec![Delivered, PickedUp, Key('1'), HungUp]),
        ("picked up, and nothing", says_nothing, vec![Delivered, PickedUp, HungUp]),
        ("picked up, a key, and hung up", hangs_up, vec![Delivered, PickedUp, Key('2'), HungUp]),
        ("refused", refuses, vec![Delivered, RangOut]),
        ("busy", Person::busy(), vec![Failed(Failure::Busy)]),
        ("off", Person::off(), vec![Failed(Failure::Unreachable)]),
    ];
    for (kind, mood) in kinds() {
        for (what, person, wanted) in &table {
            let (words, _) = call(mood.clone(), person.clone());
            assert_eq!(&words, wanted, "{what}, with {kind}");
        }
    }
}

#[test]
fn a_telephone_rings_for_as_long_as_it_is_to() {
    for (kind, mood) in kinds() {
        let (_, phone) = call(mood, Person::silent());
        let made = phone.modem.network().calls_to(LI)[0].clone();
        let rang = made.ended.expect("ended").since(made.rang.expect("rang"));
        assert!((29..=33).contains(&rang.as_secs()), "{rang:?} with {kind}");
    }
}

#[test]
fn with_a_modem_that_tells_and_lists_nothing_a_key_alone_shows_that_somebody_picked_up() {
    let mood = Mood { lists_calls: false, ..Mood::calm() };
    let (words, phone) = call(mood.clone(), Person::silent());
    assert_eq!(words, [Word::RangOut]);
    assert_eq!(phone.modem.network().calls_to(LI).len(), 1);
    let (words, _) = call(mood, Person::who_presses(5, '1'));
    assert_eq!(words, [Word::Delivered, Word::PickedUp, Word::Key('1'), Word::HungUp]);
}

#[test]
fn a_call_that_was_picked_up_is_held_for_a_key_and_then_ended_by_us() {
    let (_, phone) = call(Mood::calm(), Person { answers_after_s: Some(3), ..Person::silent() });
    let made = phone.modem.network().calls_to(LI)[0].clone();
    let talked = made.ended.expect("ended").since(made.picked_up.expect("picked up"));
    assert!((39..=44).contains(&talked.as_secs()), "{talked:?}");
    let (_, phone) = call(Mood::calm(), Person::who_presses(3, '1'));
    let made = phone.modem.network().calls_to(LI)[0].clone();
    let talked = made.ended.expect("ended").since(made.picked_up.expect("picked up"));
    assert!((8..=13).contains(&talked.as_secs()), "a key ends it soon: {talked:?}");
}

#[test]
fn a_modem_that_speaks_says_it_twice() {
    let manner = Manner { speaks: true, ..Manner::default() };
    let network = alone(Person { answers_after_s: Some(3), ..Person::silent() });
    let mut phone = Telephone::with(Modem::new(1, Mood::calm(), network), manner);
    phone.give(1, LI, Deed::Ring(Ring { for_s: 30, say: Some(Private::new("示例:按 1 我去".to_owned())) }));
    assert!(phone.until(180, |it| it.is_over(1)));
    assert_eq!(phone.modem.network().calls_to(LI)[0].said, ["示例:按 1 我去", "示例:按 1 我去"]);
}

#[test]
fn five_calls_go_one_after_the_other() {
    let numbers: Vec<String> = (1..=5).map(|nth| format!("1380000000{nth}")).collect();
    let network = Network::with(numbers.iter().map(|number| (number.as_str(), Person::who_presses(2, '1'))));
    let mut phone = Telephone::up(1, Mood::calm(), network);
    let begun = phone.now;
    for (ticket, number) in (1..).zip(&numbers) {
        phone.ring(ticket, number, 30);
        assert!(phone.until(180, |it| it.is_over(ticket)));
        assert_eq!(phone.words(ticket).last(), Some(&Word::HungUp));
    }
    let took = phone.now.since(begun).as_secs();
    assert!(took < 90, "five calls that are answered took {took} s");
}

#[test]
fn a_call_that_comes_in_is_refused_and_the_line_is_free() {
    let mut phone = Telephone::up(1, Mood::calm(), alone(Person::silent()));
    phone.modem.call_in(phone.now, STRANGER);
    assert!(phone.until(10, |it| !it.modem.is_in_call()));
    phone.modem.call_in(phone.now, STRANGER);
    phone.ring(1, LI, 30);
    assert!(phone.until(60, |it| it.is_over(1)));
    assert_eq!(phone.words(1), [Word::Delivered, Word::RangOut]);
}

#[test]
fn a_call_that_comes_in_during_ours_changes_nothing() {
    let mut phone = Telephone::up(1, Mood::calm(), alone(Person::who_presses(10, '1')));
    phone.ring(1, LI, 30);
    phone.pass(6);
    let waits = format!("\r\n+CCWA: \"{STRANGER}\",129,1\r\n\r\nRING\r\n\r\n+CLIP: \"{STRANGER}\",129\r\n");
    phone.modem.say_unasked(phone.now, waits.as_bytes());
    assert!(phone.until(60, |it| it.is_over(1)));
    assert_eq!(phone.words(1), [Word::Delivered, Word::PickedUp, Word::Key('1'), Word::HungUp]);
}

#[test]
fn a_modem_that_starts_anew_during_a_call_ends_it_with_a_word() {
    for after_s in 0..40 {
        let mut phone = Telephone::up(1, Mood::calm(), alone(Person::who_presses(15, '1')));
        phone.ring(1, LI, 30);
        phone.pass(after_s);
        phone.modem.restart(phone.now);
        assert!(phone.until(330, |it| it.is_over(1)), "{after_s}");
        let last = phone.words(1).pop();
        assert!(matches!(last, Some(Word::HungUp | Word::Failed(Failure::Trouble))), "{after_s}: {last:?}");
    }
}

#[test]
fn through_a_modem_that_fails_one_command_in_five_every_call_ends_and_leaves_the_line_free() {
    let people = [Person::silent(), Person::who_presses(5, '1'), Person::busy(), Person::off()];
    let mut phone = Telephone::up(3, Mood::one_in_five(), Network::default());
    let mut answered = 0;
    for ticket in 1..=80_usize {
        phone.modem.network_mut().put(LI, people[ticket % 4].clone());
        let begun = phone.now;
        phone.ring(ticket as u64, LI, 30);
        assert!(phone.until(330, |it| it.is_over(ticket as u64)), "{ticket}: {:?}", phone.words(ticket as u64));
        assert!(phone.now.since(begun).as_secs() <= 330);
        assert!(!phone.modem.is_in_call(), "{ticket}");
        answered += usize::from(phone.words(ticket as u64).contains(&Word::Key('1')));
    }
    // A modem that starts anew once in a hundred commands loses a call in four.
    assert!(answered >= 10, "{answered} of 20 keys were heard");
}
