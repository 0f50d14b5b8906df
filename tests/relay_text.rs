//! The text of the second path: it comes back as it went, it always fits, and what was damaged is refused.

use proptest::prelude::*;
use shouwang::core::alarm::{AlarmId, Subject};
use shouwang::core::condition::{Condition, Priority};
use shouwang::core::id::{Epoch, Slug};
use shouwang::core::time::{Mono, Trust, Wall};
use shouwang::limits::COUNTY_TEXT_SIGNS_MAX;
use shouwang::relay::text::{AlarmText, Stamp, Stands, StatusText, Text, TextError};

const TRUSTS: [Trust; 3] = [Trust::Synced, Trust::Holdover, Trust::Unset];

fn slug(text: &str) -> Slug {
    text.parse().expect("a slug")
}

fn an_alarm() -> AlarmText {
    AlarmText {
        gateway: "gw1".parse().expect("a slug"),
        id: "st1.9f3a61c08b24d75e.86400000.resident-r04.help_call".parse().expect("an id"),
        rev: 1,
        stands: Stands::Raised,
        priority: Priority::High,
        occurred: Stamp::new(Wall(1_795_286_400_000), Trust::Synced),
        sent_s: 86_440,
    }
}

fn a_status() -> StatusText {
    StatusText {
        station: "st1".parse().expect("a slug"),
        gateway: "gw1".parse().expect("a slug"),
        epoch: Epoch(0x9f3a_61c0_8b24_d75e),
        sent_s: 86_440,
        at: Stamp::new(Wall(1_795_286_440_000), Trust::Synced),
        people: 1,
        things: 3,
        residents: [10, 2, 0],
        without_link_s: Some(7_200),
        durable: Some(true),
        disk_free_mib: Some(1_000),
        mains: Some(false),
        battery_min: Some(90),
    }
}

fn slugs() -> impl Strategy<Value = Slug> {
    "[a-z0-9][a-z0-9_-]{0,22}".prop_map(|text| slug(&text))
}

fn subjects() -> impl Strategy<Value = Subject> {
    use shouwang::core::id::{DeviceId, ResidentId, SourceId, StrangerId};
    prop_oneof![
        slugs().prop_map(|id| Subject::Resident(ResidentId(id))),
        slugs().prop_map(|id| Subject::Device(DeviceId(id))),
        slugs().prop_map(|id| Subject::Source(SourceId(id))),
        slugs().prop_map(|id| Subject::Stranger(StrangerId(id))),
        Just(Subject::Station),
    ]
}

fn stamps() -> impl Strategy<Value = Stamp> {
    (any::<i64>(), 0..3_usize).prop_map(|(wall, trust)| Stamp::new(Wall(wall), TRUSTS[trust]))
}

prop_compose! {
    fn alarms()(
        station in slugs(), gateway in slugs(), subject in subjects(), epoch: u64, onset: u64, rev: u32, drill: bool,
        condition in prop::sample::select(Condition::ALL), stands in prop::sample::select(Stands::ALL),
        priority in prop::sample::select(Priority::ALL), occurred in stamps(), sent_s in 0..=u64::MAX / 1000,
    ) -> Text {
        let station = shouwang::core::id::StationId(station);
        let id = AlarmId { onset: Mono(onset), subject, condition, drill, station, epoch: Epoch(epoch) };
        let gateway = shouwang::core::id::GatewayId(gateway);
        Text::Alarm(AlarmText { gateway, id, rev, stands, priority, occurred, sent_s })
    }
}

prop_compose! {
    fn statuses()(
        station in slugs(), gateway in slugs(), epoch: u64, sent_s in 0..=u64::MAX / 1000, at in stamps(),
        people: u16, things: u16, residents: [u16; 3], without_link_s: Option<u32>, durable: Option<bool>,
        disk_free_mib: Option<u32>, mains: Option<bool>, battery_min: Option<u16>,
    ) -> Text {
        let (station, gateway) = (shouwang::core::id::StationId(station), shouwang::core::id::GatewayId(gateway));
        Text::Status(StatusText {
            station, gateway, epoch: Epoch(epoch), sent_s, at, people, things, residents, without_link_s, durable,
            disk_free_mib, mains, battery_min,
        })
    }
}

fn texts() -> impl Strategy<Value = Text> {
    prop_oneof![alarms(), statuses()]
}

#[test]
fn an_alarm_and_a_standing_look_like_this() {
    assert_eq!(Text::Alarm(an_alarm()).write(), "SW1A/ST1/GW1/RR04/HEC/2F65KDP3OS40U/1FFUO0/1/RH/STOV7UO/1UP4/1HV61XF");
    assert_eq!(
        Text::Status(a_status()).write(),
        "SW1S/ST1/GW1/2F65KDP3OS40U/1UP4/STOV7VS/1.3/A.2.0/5K0/1.RS/0.2I/0ECPYRH"
    );
}

#[test]
fn the_longest_of_all_texts_fits_into_one_message() {
    let long = "a".repeat(Slug::LEN_MAX);
    let wall = Stamp::new(Wall(i64::MAX), Trust::Unset);
    let longest = |condition| {
        let id = AlarmId {
            onset: Mono(u64::MAX),
            subject: Subject::Resident(long.parse().expect("a slug")),
            condition,
            drill: true,
            station: long.parse().expect("a slug"),
            epoch: Epoch(u64::MAX),
        };
        let gateway = long.parse().expect("a slug");
        let sent_s = u64::MAX / 1000;
        let alarm = AlarmText { gateway, id, rev: u32::MAX, occurred: wall, sent_s, ..an_alarm() };
        Text::Alarm(alarm).write().len()
    };
    assert_eq!(Condition::ALL.iter().map(|condition| longest(*condition)).max(), Some(151));
    let status = StatusText {
        station: long.parse().expect("a slug"),
        gateway: long.parse().expect("a slug"),
        epoch: Epoch(u64::MAX),
        sent_s: u64::MAX / 1000,
        at: wall,
        people: u16::MAX,
        things: u16::MAX,
        residents: [u16::MAX; 3],
        without_link_s: Some(u32::MAX),
        disk_free_mib: Some(u32::MAX),
        battery_min: Some(u16::MAX),
        ..a_status()
    };
    assert_eq!(Text::Status(status).write().len(), 145);
    const { assert!(151 <= COUNTY_TEXT_SIGNS_MAX) };
}

#[test]
fn every_condition_has_letters_of_its_own() {
    for condition in Condition::ALL {
        let id = AlarmId { condition: *condition, ..an_alarm().id };
        let text = Text::Alarm(AlarmText { id, ..an_alarm() });
        assert_eq!(Text::read(&text.write()), Ok(text), "{condition}");
    }
}

#[test]
fn what_phones_add_is_no_damage() {
    let text = Text::Alarm(an_alarm());
    let sent = text.write();
    let (front, rest) = sent.split_at(40);
    for came in [
        sent.to_lowercase(),
        format!("\u{feff}  {sent}\r\n"),
        format!("\"{sent}\""),
        format!("【示例短信】{sent}。"),
        format!("Fwd: {sent}.\n-- \nSent from my phone"),
        format!("{front}\r\n{rest}"),
        format!("{front}=\n {rest}\0\0"),
        format!("swim at 5? sw1 {sent}"),
        format!("{} {sent}", sent.replace("/1/RH", "/2/RH")),
    ] {
        assert_eq!(Text::read(&came), Ok(text), "{came}");
    }
}

#[test]
fn a_text_that_is_none_says_so_and_a_damaged_one_says_that() {
    for none in ["", "17 我去", "SW", "Hello", "【示例】验证码 1234", "swim"] {
        assert_eq!(Text::read(none), Err(TextError::NotOurs), "{none}");
    }
    let sent = Text::Alarm(an_alarm()).write();
    assert_eq!(Text::read(&sent[..60]), Err(TextError::Damaged));
    assert_eq!(Text::read(&sent.replace("/1/RH", "/2/RH")), Err(TextError::Damaged));
}

fn sealed(fields: &str) -> String {
    let mut crc = crc32fast::hash(fields.as_bytes());
    let mut digits = [b'0'; 7];
    for digit in digits.iter_mut().rev() {
        *digit = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ"[usize::try_from(crc % 36).expect("small")];
        crc /= 36;
    }
    format!("{fields}{}", String::from_utf8_lossy(&digits))
}

#[test]
fn a_newer_writer_may_add_fields_and_must_raise_the_version_for_more() {
    let text = Text::Alarm(an_alarm());
    let sent = text.write();
    let fields = &sent[..sent.len() - 7];
    assert_eq!(sealed(fields), sent);
    assert_eq!(Text::read(&sealed(&format!("{fields}X.Y/NEW/"))), Ok(text));
    assert_eq!(Text::read(&sealed(&fields.replacen("RH/", "RHX1/", 1))), Ok(text), "a further mark of a state");
    assert_eq!(Text::read(&sealed(&fields.replacen("SW1A", "SW2A", 1))), Err(TextError::Version(2)));
    assert_eq!(Text::read(&sealed(&fields.replacen("SW1A", "SW1Q", 1))), Err(TextError::Field("kind")));
    assert_eq!(Text::read(&sealed(&fields.replacen("HEC", "ZZZ", 1))), Err(TextError::Field("condition")));
    assert_eq!(Text::read(&sealed("SW1A/ST1/")), Err(TextError::Field("gateway")));
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn a_text_comes_back_as_it_went_in_one_message_of_plain_signs(text in texts()) {
        let sent = text.write();
        prop_assert!(sent.len() <= COUNTY_TEXT_SIGNS_MAX, "{} {sent}", sent.len());
        let is_plain = |sign: u8| sign.is_ascii_digit() || sign.is_ascii_uppercase() || b"./:-".contains(&sign);
        prop_assert!(sent.bytes().all(is_plain), "{sent}");
        prop_assert_eq!(Text::read(&sent), Ok(text));
    }

    #[test]
    fn any_one_damaged_sign_is_found(text in texts(), with in "[ -~\r\n]") {
        let sent = text.write();
        for at in 0..sent.len() {
            if !sent[at..=at].eq_ignore_ascii_case(&with) {
                let damaged = format!("{}{with}{}", &sent[..at], &sent[at + 1..]);
                prop_assert!(Text::read(&damaged).is_err(), "{at} {damaged}");
            }
        }
    }

    #[test]
    fn two_signs_in_the_wrong_order_are_found(text in texts()) {
        let sent = text.write();
        for at in 1..sent.len() {
            let (one, other) = (&sent[at - 1..at], &sent[at..=at]);
            if one != other {
                let damaged = format!("{}{other}{one}{}", &sent[..at - 1], &sent[at + 1..]);
                prop_assert!(Text::read(&damaged).is_err(), "{at} {damaged}");
            }
        }
    }

    #[test]
    fn a_cut_text_is_found_wherever_it_is_cut(text in texts()) {
        let sent = text.write();
        for at in 1..sent.len() {
            prop_assert!(Text::read(&sent[..at]).is_err(), "{}", &sent[..at]);
            prop_assert!(Text::read(&sent[at..]).is_err(), "{}", &sent[at..]);
            if at + 1 < sent.len() {
                let without = format!("{}{}", &sent[..at], &sent[at + 1..]);
                prop_assert!(Text::read(&without).is_err(), "{without}");
            }
        }
    }

    #[test]
    fn no_text_makes_it_panic(text in "\\PC{0,200}", sealed_fields in "SW1[AS](/[A-Z0-9.:-]{0,8}){0,14}/") {
        let _ = Text::read(&text);
        let _ = Text::read(&sealed(&sealed_fields));
    }
}
