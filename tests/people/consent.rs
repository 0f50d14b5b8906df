//! Rule 28, and rule 20 before it: who is named to whom.

use shouwang::core::condition::Condition;
use shouwang::core::consent::Purpose;
use shouwang::core::id::ChannelId;
use shouwang::core::roster::Roster;
use shouwang::notify::queue::Kind;

use super::street::Street;
use super::village::{id, noon, roster};

const CALL: Condition = Condition::HelpCall;

/// What names somebody of the street: the form of address, and the place.
const NAMES: [&str; 2] = ["示例r1奶奶", "示例一组h1号"];

/// A street with a modem and another channel beside it.
fn street_with(list: Roster, channel: &str, kind: Kind) -> Street {
    let channels: Vec<(ChannelId, Kind)> = vec![(id("modem"), Kind::Modem), (id(channel), kind)];
    Street::with(list, noon(), channels)
}

/// Which of somebody's names a text has.
fn named(text: &str) -> Vec<&str> {
    NAMES.into_iter().filter(|name| text.contains(name)).collect()
}

#[test]
fn rule_28_a_group_reads_codes_and_who_consented_by_name() {
    for consented in [false, true] {
        let mut street = street_with(roster(), "robot", Kind::Group);
        if consented {
            street.names.consent.push((id("r1"), Purpose::Group));
        }
        street.press(0, "button1");
        street.press(5, "button2");
        street.until(30);
        let texts = street.texts_to("group");
        let [(_, first), (_, second)] = texts.as_slice() else { panic!("one text an alarm: {texts:?}") };
        if consented {
            assert_eq!(named(first), NAMES);
        } else {
            assert!(named(first).is_empty() && first.contains("r1求助") && first.contains("h1"), "{first}");
        }
        assert!(second.contains("r2求助") && !second.contains("示例"), "another's consent is not theirs: {second}");
        assert!(!texts.iter().any(|(_, text)| text.contains('去')), "no code to reply with is shown to a group");
    }
}

#[test]
fn rule_28_the_countys_duty_phone_reads_codes_and_who_consented_by_name() {
    for (purpose, consented) in [(Purpose::Group, false), (Purpose::County, true)] {
        let mut street = Street::new(roster(), noon());
        street.names.consent.push((id("r1"), purpose));
        street.press(0, "button1");
        street.until(1_000);
        let texts = street.texts_to("county duty");
        assert!(!texts.is_empty());
        for (_, text) in &texts {
            assert_eq!(!named(text).is_empty(), consented, "one purpose is not the other: {text}");
            assert!(consented || text.contains("r1"), "{text}");
        }
    }
}

#[test]
fn rule_28_the_text_that_programs_read_has_codes_whatever_somebody_consented_to() {
    let mut street = Street::new(roster(), noon());
    street.names.consent.extend(Purpose::ALL.iter().map(|purpose| (id("r1"), *purpose)));
    street.county_hears = false;
    street.press(0, "button1");
    street.until(60);
    let texts = street.texts_to("county");
    assert!(!texts.is_empty() && texts.iter().all(|(_, text)| named(text).is_empty()), "{texts:?}");
}

#[test]
fn rule_28_what_is_nobodys_own_is_told_to_a_group_by_codes() {
    let mut list = roster();
    let smoke = list.devices.get_mut(&id("smoke1")).expect("a device");
    smoke.resident = None;
    let mut street = street_with(list, "robot", Kind::Group);
    street.names.consent.push((id("r1"), Purpose::Group));
    let smoke = shouwang::core::reading::Said::level(shouwang::core::reading::Measure::Smoke(true));
    street.hear(0, "smoke1", &[smoke]);
    street.until(30);
    let texts = street.texts_to("group");
    assert!(texts.iter().all(|(_, text)| named(text).is_empty() && text.contains("h1")), "{texts:?}");
    assert!(!texts.is_empty());
}

#[test]
fn rule_28_one_persons_own_channel_is_no_group_and_rule_20_goes_first() {
    for proven in [true, false] {
        let mut street = street_with(roster(), "app", Kind::Personal);
        if !proven {
            street.names.unproven.push(id("n-1"));
        }
        street.press(0, "button1");
        street.until(30);
        let texts = street.texts_to("n-1");
        let letters: Vec<_> = texts.iter().filter(|(at, _)| *at < 10).collect();
        assert_eq!(letters.len(), 2, "by telephone and by their own channel: {texts:?}");
        for (_, text) in letters {
            assert_eq!(named(text).len() == NAMES.len(), proven, "{text}");
            assert!(proven || !text.contains("r1"), "not even the code: {text}");
        }
    }
}

#[test]
fn rule_20_an_unproven_number_that_answers_is_told_what_it_did_and_not_for_whom() {
    let mut street = Street::new(roster(), noon());
    street.names.unproven.push(id("n-1"));
    street.press(0, "button1");
    street.text(20, "n-1", "1");
    assert_eq!(street.state(CALL), "accepted", "it is heard all the same");
    street.until(120);
    let texts = street.texts_to("n-1");
    assert!(texts.iter().any(|(_, text)| text.starts_with("已登记:您去")), "{texts:?}");
    assert!(texts.iter().all(|(_, text)| named(text).is_empty()), "{texts:?}");
}
