//! A modem that misbehaves: every errand ends in its time, whatever happens, and the health that is told is true.

use proptest::prelude::*;

use shouwang::core::time::Mono;
use shouwang::limits::modem::{MODEM_CALL_MAX, MODEM_LETTER_MAX};
use shouwang::notify::channel::{Ailment, Failure, Health, Word};
use shouwang::notify::modem::Manner;
use shouwang::private::Private;
use shouwang::sim::modem::{Modem, Mood, Network, Person};

use crate::support::telephone::Telephone;

const LI: &str = "13800000001";

fn village() -> Network {
    Network::with([(LI, Person::who_presses(5, '1'))])
}

fn with_pin(modem: Modem, pin: Option<&str>) -> Telephone {
    let pin = pin.map(|pin| Private::new(pin.to_owned()));
    Telephone::with(modem, Manner { pin, ..Manner::default() })
}

#[test]
fn a_modem_that_waits_for_the_message_of_a_process_that_was_killed_is_up_within_seconds() {
    let mut modem = Modem::new(1, Mood::calm(), Network::with([("13800000001", Person::silent())]));
    modem.hear(Mono(0), b"AT+CMGS=20\r");
    let mut telephone = Telephone::with(modem, Manner::default());
    assert!(telephone.until(30, |it| it.health() == Some(Health::Up)), "{:?}", telephone.told);
    assert_eq!(telephone.modem.network().parts, [], "and nothing of it was sent");
}

#[test]
fn it_is_up_within_seconds_and_says_so_once() {
    let mut phone = Telephone::new(1, Mood::calm(), village());
    assert!(phone.until(10, |it| it.health() == Some(Health::Up)));
    phone.pass(3_600);
    assert_eq!(phone.told.len(), 1, "{:?}", phone.told);
    assert_eq!(phone.dialogue.signal_dbm(), Some(-77));
}

#[test]
fn a_sim_with_a_pin_is_opened_and_opened_again_after_a_restart() {
    let mut phone = with_pin(Modem::new(1, Mood::calm(), village()).with_pin("1234"), Some("1234"));
    assert!(phone.until(30, |it| it.health() == Some(Health::Up)));
    phone.modem.restart(phone.now);
    phone.pass(60);
    phone.text(1, LI, "示例");
    assert!(phone.until(30, |it| it.words(1) == [Word::Sent]));
    assert_eq!(phone.modem.wrong_pins, 0);
}

#[test]
fn a_wrong_pin_is_tried_once_and_never_again() {
    let mut phone = with_pin(Modem::new(1, Mood::calm(), village()).with_pin("1234"), Some("9999"));
    phone.pass(600);
    phone.modem.restart(phone.now);
    phone.pass(600);
    phone.unplug();
    phone.plug();
    phone.pass(600);
    assert_eq!(phone.health(), Some(Health::Down(Ailment::Pin)));
    assert_eq!(phone.modem.wrong_pins, 1);
}

#[test]
fn what_cannot_be_a_pin_is_not_tried() {
    for pin in [None, Some("12"), Some("abcd"), Some("123456789")] {
        let mut phone = with_pin(Modem::new(1, Mood::calm(), village()).with_pin("1234"), pin);
        phone.pass(120);
        assert_eq!((phone.health(), phone.modem.wrong_pins), (Some(Health::Down(Ailment::Pin)), 0), "{pin:?}");
    }
}

#[test]
fn whatever_goes_wrong_a_pin_is_never_tried_twice() {
    for seed in 0..200 {
        let modem = Modem::new(seed, Mood::one_in_five(), village()).with_pin("1234");
        let mut phone = with_pin(modem, Some("9999"));
        phone.pass(1_800);
        let tries = phone.written.windows(8).filter(|window| window == b"AT+CPIN=").count();
        assert!(tries <= 1 && phone.modem.wrong_pins <= 1, "{seed}: {tries}");
    }
}

#[test]
fn no_sim_no_network_no_port_and_no_answer_are_told_apart() {
    let never = Mood { registers_after_s: None, ..Mood::calm() };
    for (modem, wanted) in [
        (Modem::new(1, Mood::calm(), village()).without_sim(), Ailment::NoSim),
        (Modem::new(1, never, village()), Ailment::NoNetwork),
        (Modem::new(1, Mood::dead(), village()), Ailment::Hangs),
    ] {
        let mut phone = Telephone::with(modem, Manner::default());
        phone.pass(300);
        assert_eq!(phone.health(), Some(Health::Down(wanted)));
        assert_eq!(phone.told.len(), 1, "{wanted:?} is told once");
        phone.text(1, LI, "示例");
        assert!(phone.is_over(1), "a channel that is down fails at once");
    }
    let mut phone = Telephone::up(1, Mood::calm(), village());
    phone.unplug();
    phone.pass(120);
    assert_eq!(phone.health(), Some(Health::Down(Ailment::NotThere)));
    phone.plug();
    assert!(phone.until(30, |it| it.health() == Some(Health::Up)));
}

#[test]
fn a_modem_that_hangs_is_switched_off_and_on_and_works_again() {
    let mut phone = Telephone::up(1, Mood::calm(), village());
    phone.modem.set_mood(Mood { is_dead: true, ..Mood::calm() });
    assert!(phone.until(200, |it| it.modem.starts == 1), "an idle modem is found out too");
    phone.modem.set_mood(Mood::calm());
    phone.text(1, LI, "示例");
    assert!(phone.until(60, |it| it.words(1) == [Word::Sent]), "{:?}", phone.told);
    assert_eq!(phone.health(), Some(Health::Up), "it was back before anybody had to be told");
}

#[test]
fn a_modem_that_nothing_helps_is_said_to_hang_and_comes_back_when_it_lives() {
    let mut phone = Telephone::up(1, Mood::calm(), village());
    phone.modem.set_mood(Mood::dead());
    assert!(phone.until(400, |it| it.health() == Some(Health::Down(Ailment::Hangs))));
    phone.pass(3_600);
    phone.modem.set_mood(Mood::calm());
    assert!(phone.until(300, |it| it.health() == Some(Health::Up)));
}

#[test]
fn a_modem_that_takes_everything_but_messages_is_switched_off_and_on() {
    let network = Network::with([(LI, Person::off())]);
    let mut phone = Telephone::up(1, Mood::calm(), network);
    for ticket in 1..=3 {
        assert_eq!(phone.modem.starts, 0);
        phone.text_without_answer(ticket, LI);
        assert_eq!(phone.words(ticket), [Word::Failed(Failure::Unknown)]);
    }
    phone.pass(30);
    assert_eq!(phone.modem.starts, 1);
}

#[test]
fn a_silent_restart_is_noticed_by_its_echo_and_nothing_is_sent_in_text_mode() {
    let mood = Mood { starts_silently: true, ..Mood::calm() };
    for wait_ms in (0..20_000).step_by(500) {
        let mut phone = Telephone::up(1, mood.clone(), village());
        phone.modem.restart(phone.now);
        phone.pass_ms(wait_ms);
        phone.text(1, LI, "示例");
        assert!(phone.until(180, |it| it.is_over(1)));
        phone.pass(200);
        let taken = &phone.modem.network().parts;
        assert!(taken.iter().all(|part| part.to == LI && part.text == "示例"), "{wait_ms}: {taken:?}");
    }
}

#[test]
fn slow_noisy_and_restless_modems_do_their_work() {
    for (name, mood, within_s) in
        [("slow", Mood::slow(), 180), ("noisy", Mood::noisy(), 60), ("restless", Mood::restless(), 180)]
    {
        let mut sent = 0;
        let mut phone = Telephone::up(7, mood, village());
        for ticket in 1..=20 {
            phone.text(ticket, LI, &format!("示例{ticket}"));
            assert!(phone.until(within_s, |it| it.is_over(ticket)), "{name}");
            sent += usize::from(phone.words(ticket)[0] == Word::Sent);
            phone.pass(20);
        }
        assert!(sent >= 15, "{name}: {sent} of 20");
    }
}

#[test]
fn a_port_that_is_pulled_out_for_good_ends_what_is_in_hand() {
    for after_ms in (0..9_000).step_by(150) {
        for is_letter in [true, false] {
            let mood = Mood { refuses: 200, ..Mood::calm() };
            let mut phone = Telephone::up(after_ms, mood, village());
            if is_letter {
                phone.text(1, LI, "示例");
            } else {
                phone.ring(1, LI, 30);
            }
            phone.pass_ms(after_ms);
            phone.unplug();
            assert!(phone.until(100, |it| it.is_over(1)), "{after_ms}: {:?}", phone.words(1));
        }
    }
}

#[test]
fn a_second_errand_is_refused_and_the_first_goes_on() {
    let mut phone = Telephone::up(1, Mood::calm(), village());
    phone.ring(1, LI, 30);
    phone.text(2, LI, "示例");
    assert_eq!(phone.words(2), [Word::Failed(Failure::Trouble)]);
    assert!(phone.until(100, |it| it.is_over(1)));
    assert!(phone.dialogue.is_free());
}

/// What one letter in a hundred or a thousand comes to.
#[derive(Debug, Default)]
struct Tally {
    sent: usize,
    refused: usize,
    unknown: usize,
    unknown_and_there: usize,
    longest_s: u64,
}

#[test]
fn letters_through_a_modem_that_fails_one_command_in_five_end_and_none_reaches_anybody_twice() {
    let letters = if std::env::var_os("SHOUWANG_LONG").is_some() { 1_000 } else { 100 };
    let mut tally = Tally::default();
    let mut phone = Telephone::up(11, Mood::one_in_five(), village());
    for ticket in 1..=letters {
        let text = format!(
            "示例:第 {ticket} 条。{}",
            "回复 17 我去。".repeat(usize::try_from(ticket % 3).expect("small") * 5)
        );
        let begun = phone.now;
        phone.text(ticket, LI, &text);
        assert!(phone.until(MODEM_LETTER_MAX.as_secs(), |it| it.is_over(ticket)), "{ticket} is not over in time");
        tally.longest_s = tally.longest_s.max(phone.now.since(begun).as_secs());
        let over = phone.words(ticket).into_iter().find(|word| word.is_over());
        phone.pass(30);
        let mut parts: Vec<&str> =
            phone.modem.network().parts.iter().filter(|part| part.at >= begun).map(|part| part.text.as_str()).collect();
        let taken = parts.len();
        parts.sort_unstable();
        parts.dedup();
        assert_eq!(parts.len(), taken, "{ticket}: a part was taken twice");
        let whole = phone.modem.network().texts_to(LI).iter().filter(|there| **there == text).count();
        match over {
            Some(Word::Sent) => {
                assert_eq!(whole, 1, "{ticket}");
                tally.sent += 1;
            }
            Some(Word::Failed(Failure::Unknown)) => {
                assert!(whole <= 1, "{ticket}");
                tally.unknown += 1;
                tally.unknown_and_there += whole;
            }
            Some(Word::Failed(Failure::Trouble | Failure::NoNetwork)) => {
                assert_eq!(whole, 0, "{ticket}: it is said not to have been sent");
                tally.refused += 1;
            }
            other => panic!("{ticket}: {other:?}"),
        }
    }
    println!("{letters} letters: {tally:?}; the modem started {} times", phone.modem.starts);
    assert!(tally.sent * 10 >= usize::try_from(letters).expect("small") * 7, "{tally:?}");
}

/// A line that a modem may say at any time.
fn unasked() -> impl Strategy<Value = String> {
    prop_oneof![
        Just("RING"),
        Just("+CLIP: \"13800000099\",129"),
        Just("+CRING: VOICE"),
        Just("+CREG: 1"),
        Just("+CREG: 2"),
        Just("+CEREG: 1,\"1A2B\",\"0F3C5D01\",7"),
        Just("^RSSI: 12"),
        Just("+CSQ: 12,99"),
        Just("+CMTI: \"SM\",7"),
        Just("+CMTI: \"ME\",3"),
        Just("+CDSI: \"SM\",8"),
        Just("+CUSD: 0,\"4F60597D\",72"),
        Just("Call Ready"),
        Just("+CDS: 25\r\n0006C80B8131080000000110203040500023102030405000230000"),
        Just("+CMT: ,24"),
        Just("+DTMF: 5"),
        Just("MO RING"),
        Just("+CCWA: \"13800000099\",129,1"),
        Just("+CTTS: 0"),
        Just("\u{0}\u{7f}"),
    ]
    .prop_map(|line| format!("\r\n{line}\r\n"))
}

proptest! {
    #[test]
    fn unsolicited_lines_at_any_place_change_nothing_of_a_letter(
        lines in proptest::collection::vec((unasked(), 0_u64..900), 0..30),
        one_by_one in any::<bool>(),
    ) {
        let mut phone = Telephone::up(1, Mood::calm(), village());
        phone.one_by_one = one_by_one;
        phone.text(1, LI, "示例");
        for (line, after_ms) in lines {
            phone.pass_ms(after_ms);
            phone.modem.say_unasked(phone.now, line.as_bytes());
        }
        prop_assert!(phone.until(60, |it| it.words(1).contains(&Word::Delivered)), "{:?}", phone.told);
        prop_assert_eq!(phone.words(1), [Word::Sent, Word::Delivered]);
        prop_assert_eq!(phone.modem.network().texts_to(LI).len(), 1);
    }

    #[test]
    fn in_any_mood_every_errand_ends_in_its_time_and_no_part_is_taken_twice(
        seed in any::<u64>(),
        shares in (0_u64..400, 0_u64..150, 0_u64..150, 0_u64..100),
        spoils in (0_u64..300, 0_u64..500, any::<bool>(), any::<bool>(), any::<bool>(), any::<bool>()),
        answers_max in 5_u64..7_000,
        sends_max in 1_000_u64..80_000,
        errands in proptest::collection::vec((any::<bool>(), 0_u64..120), 1..6),
    ) {
        let (refuses, swallows, loses, restarts) = shares;
        let (noise, chatter, echoes, starts_silently, lists_calls, tells_calls) = spoils;
        let mood = Mood {
            refuses, swallows, loses, restarts, noise, chatter, echoes, starts_silently, lists_calls, tells_calls,
            answers_ms: (5, answers_max), sends_ms: (500, sends_max), ..Mood::calm()
        };
        let mut phone = Telephone::new(seed, mood, village());
        for (ticket, (is_letter, after_s)) in (1..).zip(errands) {
            phone.pass(after_s);
            let begun = phone.now;
            let max = if is_letter {
                phone.text(ticket, LI, &format!("示例{ticket}"));
                MODEM_LETTER_MAX
            } else {
                phone.ring(ticket, LI, 30);
                MODEM_CALL_MAX + std::time::Duration::from_secs(30)
            };
            prop_assert!(phone.until(max.as_secs(), |it| it.is_over(ticket)), "{ticket} {:?} {:?}", phone.words(ticket), max);
            prop_assert!(phone.now.since(begun) <= max);
            prop_assert!(phone.dialogue.is_free());
        }
        phone.pass(120);
        let parts = &phone.modem.network().parts;
        prop_assert!(parts.iter().all(|part| part.to == LI), "nothing is sent in text mode: {parts:?}");
        let texts = phone.modem.network().texts_to(LI);
        for text in &texts {
            prop_assert_eq!(texts.iter().filter(|other| *other == text).count(), 1, "{}", text);
        }
        for ticket in 1..=6 {
            let words = phone.words(ticket);
            prop_assert!(words.iter().filter(|word| word.is_over()).count() <= 1, "{words:?}");
        }
    }

    #[test]
    fn any_bytes_at_any_time_are_survived(
        chunks in proptest::collection::vec((proptest::collection::vec(any::<u8>(), 0..60), 0_u64..20_000), 0..40),
    ) {
        let mut phone = Telephone::new(1, Mood::dead(), Network::default());
        phone.text(1, LI, "示例");
        for (bytes, after_ms) in chunks {
            phone.pass_ms(after_ms);
            phone.happens(shouwang::notify::modem::Event::Bytes(&bytes));
            prop_assert!(phone.dialogue.deadline() > Mono(0));
        }
        prop_assert!(phone.until(MODEM_LETTER_MAX.as_secs(), |it| it.is_over(1)));
    }
}
