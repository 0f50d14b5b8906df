//! Editing the village file by program: what people wrote stays as they wrote it, and what comes out is always sound.

use std::path::Path;

use proptest::prelude::*;
use serde_json::Value;
use shouwang::config::village::edit::absence::{Away, Said};
use shouwang::config::village::edit::{Edit, EditError, Edited, Enrol, Thing};
use shouwang::config::village::rota::Swap;
use shouwang::config::{Station, Village};
use shouwang::core::id::DeviceId;
use shouwang::core::reading::Origin;
use shouwang::core::roster::Role;
use shouwang::core::spoken::Spoken;
use shouwang::private::Private;

const FORMATS: &[Spoken<'_>] =
    &[Spoken::over("mqtt", "zigbee2mqtt").with_bridge(), Spoken::over("serial", "json_lines")];
const TODAY: &str = "2026-03-01";

fn station() -> Station {
    let text = std::fs::read_to_string("config/shouwang.toml").expect("tests run in the package's folder");
    Station::parse("shouwang.toml", &text, Path::new("/etc/shouwang"), FORMATS).expect("sound").value
}

fn example() -> String {
    std::fs::read_to_string("config/village.example.toml").expect("tests run in the package's folder")
}

fn thing(address: &str) -> Thing {
    Thing {
        source: "zigbee".parse().expect("an id"),
        format: None,
        address: Private::new(address.to_owned()),
        model: None,
        key: None,
    }
}

fn enrol(address: &str) -> Enrol {
    Enrol {
        id: None,
        thing: thing(address),
        resident: Some("r01".parse().expect("an id")),
        home: None,
        room: Some("bedroom".parse().expect("an id")),
        role: Role::Sos,
        rhythm_s: None,
        mute: false,
    }
}

fn remove(device: &str) -> Edit {
    Edit::Remove { device: device.parse().expect("an id") }
}

fn replace(device: &str, address: &str) -> Edit {
    Edit::Replace { device: device.parse().expect("an id"), by: thing(address) }
}

/// The night of a day, in which p01 and p02 are on duty.
fn swap(date: &str, out: &str, stands_in: &str) -> Edit {
    let id = |text: &str| text.parse().expect("an id");
    let date = date.parse().expect("a day");
    Edit::Swap(Swap { date, shift: "night".parse().expect("an id"), out: id(out), stands_in: id(stands_in) })
}

fn edit(text: &str, edit: &Edit) -> Result<Edited, EditError> {
    edit.apply("village.toml", text, TODAY, &station())
}

fn device_of(edited: &Edited) -> DeviceId {
    edited.device.expect("it is about a device")
}

/// The lines that one text has and the other has not, with `-` and `+` in front.
fn difference(before: &str, after: &str) -> Vec<String> {
    let (old, new): (Vec<&str>, Vec<&str>) = (before.split('\n').collect(), after.split('\n').collect());
    let (mut said, mut at) = (Vec::new(), 0);
    for line in new {
        match old.get(at) {
            Some(same) if *same == line => at += 1,
            // A line that was changed is one that went and one that came.
            Some(other) if old.get(at + 1).is_some() && line.split(" = ").next() == other.split(" = ").next() => {
                said.extend([format!("-{other}"), format!("+{line}")]);
                at += 1;
            }
            _ => said.push(format!("+{line}")),
        }
    }
    assert_eq!(at, old.len(), "every old line stands in the new file, in its order: {said:?}");
    said
}

#[test]
fn enrolling_adds_a_table_at_the_end_and_touches_nothing_else() {
    let text = example();
    let with_all = Enrol {
        rhythm_s: Some(7200),
        mute: true,
        thing: Thing {
            format: Some("zigbee2mqtt".to_owned()),
            model: Some("M 1".to_owned()),
            ..thing("示例 \"按钮\" \\ 9")
        },
        ..enrol("")
    };
    let edited = edit(&text, &Edit::Enrol(with_all)).expect("sound");
    assert_eq!(device_of(&edited).as_str(), "d009");
    assert!(edited.text.starts_with(&text), "every byte of the old file stays");
    assert_eq!(
        edited.text[text.len()..],
        *"\n[devices.d009]\nsource = \"zigbee\"\nformat = \"zigbee2mqtt\"\naddress = \"示例 \\\"按钮\\\" \\\\ 9\"\n\
          resident = \"r01\"\nroom = \"bedroom\"\nrole = \"sos\"\nrhythm_s = 7200\nmute = true\nmodel = \"M 1\"\n"
    );
    let village = &edited.village.value;
    assert_eq!(
        village.addresses.resolve("zigbee2mqtt", "示例 \"按钮\" \\ 9"),
        Origin::Device(device_of(&edited)),
        "the address is read as it was given"
    );
}

#[test]
fn removing_adds_the_day_behind_the_last_line_of_the_device() {
    let text = example();
    let edited = edit(&text, &remove("d001")).expect("sound");
    assert_eq!(difference(&text, &edited.text), ["+removed = 2026-03-01"]);
    assert!(edited.village.value.roster.devices[&device_of(&edited)].removed);
    let again = edit(&edited.text, &remove("d001")).expect_err("once is enough");
    assert!(matches!(again, EditError::Removed(_)));
}

#[test]
fn replacing_changes_the_address_and_keeps_the_old_thing_known() {
    let text = example();
    let edited = edit(&text, &replace("d004", "example-button-9")).expect("sound");
    let said = difference(&text, &edited.text);
    assert_eq!(
        said[..5],
        [
            "-address = \"example-button-2\"",
            "+address = \"example-button-9\"",
            "+[devices.d004-1]",
            "+source = \"zigbee\"",
            "+address = \"example-button-2\""
        ]
    );
    assert_eq!(said.last().map(String::as_str), Some("+"));
    let former = edited.former.expect("it was something else before");
    let village = &edited.village.value;
    let resolve = |address| village.addresses.resolve("zigbee2mqtt", address);
    assert_eq!(
        (resolve("example-button-9"), resolve("example-button-2")),
        (Origin::Device(device_of(&edited)), Origin::Device(former))
    );
    let before = Village::parse("village.toml", &text, Some(&station())).expect("sound").value;
    assert_eq!(
        village.roster.devices[&device_of(&edited)],
        before.roster.devices[&device_of(&edited)],
        "it keeps its place"
    );
    assert!(village.roster.devices[&former].removed);
    assert_eq!(village.addresses.replaced_since(&before.addresses), [device_of(&edited)]);
    // And back again: an address that is used again belongs to the device in service.
    let back = edit(&edited.text, &replace("d004", "example-button-2")).expect("sound");
    assert_eq!(
        back.village.value.addresses.resolve("zigbee2mqtt", "example-button-2"),
        Origin::Device(device_of(&back))
    );
    assert_eq!(back.former.map(|id| id.to_string()).as_deref(), Some("d004-2"));
}

fn prove(who: &str, phone: &str) -> Edit {
    Edit::Prove { who: who.parse().expect("an id"), phone: Private::new(phone.to_owned()) }
}

#[test]
fn rule_20_a_proof_stands_below_the_telephone_that_it_proves() {
    let text = example();
    let proven =
        |edited: &Edited, who: &str| edited.village.value.people.responders[&who.parse().expect("id")].is_proven;
    let edited = edit(&text, &prove("p01", "00000000001")).expect("sound");
    let [line] = difference(&text, &edited.text).try_into().expect("one line");
    assert!(line.starts_with("+proven = \"2026-03-01 "), "{line}");
    assert!(proven(&edited, "p01") && !proven(&edited, "p02"));
    let below = format!("phone = \"00000000001\"\n{}\n", &line[1..]);
    assert!(edited.text.contains(&below));
    // Proven again, the old proof is replaced; another number has none until it is.
    let later =
        prove("p01", "00000000001").apply("village.toml", &edited.text, "2026-04-01", &station()).expect("sound");
    assert_eq!(later.text, edited.text.replace("2026-03-01 ", "2026-04-01 "));
    let other = edited.text.replace("00000000001", "00000000009");
    assert!(
        !Village::parse("village.toml", &other, Some(&station())).expect("sound").value.people.responders
            [&"p01".parse().expect("id")]
            .is_proven
    );
    assert!(matches!(edit(&other, &prove("p01", "00000000001")), Err(EditError::OtherNumber(_))));
    let again = edit(&other, &prove("p01", "00000000009")).expect("sound");
    assert!(proven(&again, "p01") && again.text.matches("\nproven = ").count() == 1);
    assert!(matches!(edit(&text, &prove("p99", "00000000001")), Err(EditError::UnknownResponder(_))));
    let windows = text.replace('\n', "\r\n");
    let edited = edit(&windows, &prove("p02", "00000000002")).expect("sound");
    assert!(edited.text.contains("\r\nproven = \"2026-03-01 ") && !edited.text.contains("\r\r"));
    let inline = "responders = { p1 = { name = \"示例甲\", phone = \"00000000001\", role = \"neighbour\" } }\n";
    assert!(matches!(edit(inline, &prove("p1", "00000000001")), Err(EditError::Form)));
}

#[test]
fn a_swap_adds_its_lines_and_changes_the_rota_of_that_night_only() {
    let text = example().replace('\n', "\r\n");
    let edited = edit(&text, &swap("2026-12-03", "p01", "p03")).expect("sound");
    assert!(edited.text.starts_with(&text) && edited.device.is_none());
    assert_eq!(
        edited.text[text.len()..],
        *"\r\n[[swaps]]\r\ndate = 2026-12-03\r\nshift = \"night\"\r\nout = \"p01\"\r\nin = \"p03\"\r\n"
    );
    let rota = edited.village.value.rota;
    let on = |date: &str| rota.on_shift(date.parse().expect("a day"), "night".parse().expect("an id"));
    let ids = |date: &str| on(date).iter().map(ToString::to_string).collect::<Vec<_>>();
    assert_eq!(
        (ids("2026-12-03"), ids("2026-12-04")),
        (vec!["p03".into(), "p02".into()], vec!["p01".into(), "p02".into()])
    );
    let json = serde_json::to_string(&swap("2026-12-03", "p01", "p03")).expect("writes");
    assert_eq!(serde_json::from_str::<Edit>(&json).expect("reads"), swap("2026-12-03", "p01", "p03"));
}

fn away(until: &str) -> Edit {
    let date = |text: &str| text.parse().expect("a day");
    let (resident, contact) = ("r01".parse().expect("an id"), Some("p01".parse().expect("an id")));
    Edit::Away(Away { resident, from: date(TODAY), until: date(until), contact })
}

#[test]
fn an_absence_is_written_moved_and_ended_and_nothing_else_changes() {
    let text = example();
    let gone = edit(&text, &away("2026-03-08")).expect("sound");
    let entry = "\n[[absences]]\nresident = \"r01\"\nfrom = 2026-03-01\nuntil = 2026-03-08\ncontact = \"p01\"\n";
    assert_eq!(gone.text, format!("{text}{entry}"));
    assert!(matches!(edit(&gone.text, &away("2026-03-09")), Err(EditError::AwayAlready(_))));
    let resident = "r01".parse().expect("an id");
    let until = gone.village.value.absences[0].away(&station().zone).until;
    let said = Said { resident, until: Some(until) };
    let longer = edit(&gone.text, &Edit::Extend(said)).expect("sound");
    assert_eq!(difference(&gone.text, &longer.text), ["-until = 2026-03-08", "+until = 2026-03-15"]);
    // Said twice it is done once: the absence that was meant has another end by now.
    assert_eq!(edit(&longer.text, &Edit::Extend(said)).expect_err("refused"), EditError::NotAway(resident));
    let back = edit(&longer.text, &Edit::Back(Said { resident, until: None })).expect("sound");
    assert_eq!(difference(&longer.text, &back.text), ["+back = 2026-03-01"]);
    assert!(back.village.value.absences[0].plan(&back.village.value.roster, &station().zone).is_none());
    assert!(matches!(edit(&back.text, &Edit::Back(said)), Err(EditError::NotAway(_))));
    assert!(edit(&back.text, &away("2026-04-01")).is_ok(), "and they may go again");
    // Nobody said that they had come back from the last time: whoever goes again had.
    let over = gone.text.replace("from = 2026-03-01", "from = 2026-02-01").replace("2026-03-08", "2026-02-08");
    let again = edit(&over, &away("2026-04-01")).expect("sound");
    assert_eq!(difference(&over, &again.text)[..1], ["+back = 2026-02-08"]);
    for (wrong, why) in [("2026-03-01", "no night away"), ("2026-02-01", "past")] {
        assert!(matches!(edit(&text, &away(wrong)), Err(EditError::AbsencePast(_))), "{why}");
    }
    let json = serde_json::to_string(&away("2026-03-08")).expect("writes");
    assert_eq!(serde_json::from_str::<Edit>(&json).expect("reads"), away("2026-03-08"));
}

#[test]
fn an_absence_ends_at_ten_and_its_contact_is_the_one_written_the_family_or_the_key_holder() {
    let text = example();
    let gone = edit(&text, &away("2026-03-08")).expect("sound").village.value;
    let zone = station().zone;
    let plan = gone.absences[0].plan(&gone.roster, &zone).expect("they are away");
    let hour = |at| shouwang::config::village::rota::expand::local(at, &zone).to_string();
    assert_eq!(hour(plan.away.from), "2026-03-01T00:00:00");
    assert_eq!(hour(plan.away.until), "2026-03-08T10:00:00");
    assert_eq!(hour(plan.ask), "2026-03-07T10:00:00");
    assert_eq!(plan.contact, Some("p01".parse().expect("an id")));
    let mut roster = gone.roster.clone();
    let resident = roster.residents.get_mut(&plan.resident).expect("in the list");
    (resident.family, resident.key_holder) = (vec!["f01".parse().expect("an id")], Some("p02".parse().expect("an id")));
    let nobody_named = shouwang::config::village::Absence { contact: None, ..gone.absences[0].clone() };
    let contact = |roster: &_| nobody_named.plan(roster, &zone).expect("they are away").contact;
    assert_eq!(contact(&roster), Some("f01".parse().expect("an id")));
    roster.residents.get_mut(&plan.resident).expect("in the list").family.clear();
    assert_eq!(contact(&roster), Some("p02".parse().expect("an id")));
}

#[test]
fn a_night_may_be_swapped_until_its_morning() {
    let wanted = |date| edit(&example(), &swap(date, "p01", "p03"));
    assert!(wanted("2026-03-01").is_ok() && wanted("2026-02-28").is_ok(), "the night that began yesterday");
    assert!(matches!(wanted("2026-02-27"), Err(EditError::Past(_))));
}

#[test]
fn lines_end_as_the_file_ends_them_also_without_a_last_one() {
    let text = example().replace('\n', "\r\n");
    let edited = edit(&text, &remove("d002")).expect("sound");
    assert_eq!(difference(&text, &edited.text), ["+removed = 2026-03-01\r"]);
    let more = edit(&edited.text, &Edit::Enrol(enrol("new"))).expect("sound");
    assert!(!more.text.replace("\r\n", "").contains('\n'));
    let cut = example().trim_end().to_owned();
    let edited = edit(&cut, &remove("d008")).expect("sound");
    assert_eq!(edited.text, format!("{cut}\nremoved = 2026-03-01"));
    assert!(edit(&edited.text, &Edit::Enrol(enrol("new"))).is_ok());
}

#[test]
fn a_wrong_edit_is_refused_with_the_usual_problems() {
    let text = example();
    for (wrong, word) in [
        (Enrol { room: Some("attic".parse().expect("an id")), ..enrol("new") }, "unknown_name"),
        (Enrol { resident: Some("r99".parse().expect("an id")), ..enrol("new") }, "unknown_name"),
        (Enrol { resident: None, room: None, ..enrol("new") }, "ownerless"),
        (Enrol { rhythm_s: Some(0), ..enrol("new") }, "out_of_range"),
        (enrol("example-motion-1"), "shared"),
        (
            Enrol { thing: Thing { format: Some("json_lines".to_owned()), ..thing("new") }, ..enrol("") },
            "unknown_format",
        ),
    ] {
        let refused = edit(&text, &Edit::Enrol(wrong)).expect_err(word);
        let EditError::Unsound(problems) = refused else { panic!("{word}: {refused}") };
        assert_eq!(problems.list().iter().map(|problem| problem.what.word()).collect::<Vec<_>>(), [word]);
        assert!(!problems.to_string().contains("example-motion-1"), "no address is printed: {problems}");
    }
    assert!(matches!(edit(&text, &remove("d099")), Err(EditError::Unknown(_))));
    assert!(matches!(edit(&text, &replace("d001", "example-button-1")), Err(EditError::Same(_))));
    assert!(matches!(edit(&text, &Edit::Enrol(enrol("a\nb"))), Err(EditError::Text)));
    let taken = Enrol { id: Some("d001".parse().expect("an id")), ..enrol("new") };
    assert!(matches!(edit(&text, &Edit::Enrol(taken)), Err(EditError::Taken(_))));
}

#[test]
fn a_key_is_not_printed_and_must_come_anew_with_a_new_thing() {
    let with_key = |address: &str| Thing { key: Some(Private::new("00112233".to_owned())), ..thing(address) };
    let edited = edit(&example(), &Edit::Enrol(Enrol { thing: with_key("new"), ..enrol("") })).expect("sound");
    let village = &edited.village.value;
    assert_eq!(village.addresses.context("zigbee2mqtt", "new")["key"], "00112233");
    assert!(!format!("{:?} {:?}", village.addresses.enrolled(), with_key("new")).contains("0011"));
    assert!(matches!(edit(&edited.text, &replace("d009", "newer")), Err(EditError::KeyWanted(_))));
    let renewed = Edit::Replace { device: device_of(&edited), by: with_key("newer") };
    assert!(edit(&edited.text, &renewed).is_ok());
}

#[test]
fn what_codes_mean_is_told_to_the_decoder_and_stays_with_the_place() {
    let map = "map = { \"6DD6AE\" = \"contact=open\", pull_cord = \"sos\" }";
    let text = example().replacen("role = \"sos\"", &format!("role = \"sos\"\n{map}"), 1);
    let edited = edit(&text, &replace("d001", "newer")).expect("sound");
    for address in ["newer", "example-button-1"] {
        let context = edited.village.value.addresses.context("zigbee2mqtt", address);
        assert_eq!(context["map"]["6DD6AE"], "contact=open");
        assert_eq!(context["role"], "sos", "{context}");
    }
    assert_eq!(edited.village.value.addresses.context("zigbee2mqtt", "example-button-2"), &Value::Null);
}

#[test]
fn a_form_that_only_a_hand_can_change_is_left_to_it() {
    let text = example();
    let (before, last) = text.split_at(text.find("[devices.d008]").expect("it is there"));
    assert!(last.contains("role = \"gas\""));
    let one_line =
        "d008 = { source = \"zigbee\", address = \"a\", home = \"h03\", room = \"kitchen\", role = \"gas\" }";
    let inline = format!("{before}[devices]\n{one_line}\n");
    assert!(matches!(edit(&inline, &remove("d008")), Err(EditError::Form)));
    let dotted = "devices.d008.source = \"zigbee\"\ndevices.d008.address = \"a\"\ndevices.d008.role = \"other\"\n";
    let village = Village::parse("village.toml", dotted, Some(&station()));
    assert!(village.is_ok() && matches!(edit(dotted, &remove("d008")), Err(EditError::Form)));
}

#[derive(Debug, Clone)]
enum Act {
    Enrol(u8),
    Replace(usize, u8),
    Remove(usize),
}

fn acts() -> impl Strategy<Value = Vec<Act>> {
    let act = prop_oneof![
        any::<u8>().prop_map(Act::Enrol),
        (any::<usize>(), any::<u8>()).prop_map(|(device, address)| Act::Replace(device, address)),
        any::<usize>().prop_map(Act::Remove),
    ];
    prop::collection::vec(act, 1..24)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 48, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn a_damaged_file_is_edited_soundly_or_not_at_all(
        at in any::<usize>(),
        length in 0..40_usize,
        with in "[\\[\\]{}=#\"'\r\n.,a-d0-9 ]{0,6}",
    ) {
        let mut signs: Vec<char> = example().chars().collect();
        let at = at % signs.len();
        let end = (at + length).min(signs.len());
        signs.splice(at..end, with.chars());
        let text: String = signs.into_iter().collect();
        for wanted in [Edit::Enrol(enrol("new")), replace("d004", "new"), remove("d005"), swap("2026-12-03", "p01", "p03")] {
            if let Ok(edited) = edit(&text, &wanted) {
                prop_assert!(Village::parse("village.toml", &text, Some(&station())).is_ok(), "only a sound file is edited");
                let again = Village::parse("village.toml", &edited.text, Some(&station())).expect("sound").value;
                prop_assert!(edited.device.is_none_or(|device| again.roster.devices.contains_key(&device)));
            }
        }
    }

    #[test]
    fn any_sequence_of_edits_leaves_a_sound_file_with_its_untouched_lines(acts in acts()) {
        let (station, start) = (station(), example());
        let mut text = start.clone();
        let mut done = 0;
        for act in acts {
            let village = Village::parse("village.toml", &text, Some(&station)).expect("sound").value;
            let ids: Vec<String> = village.roster.devices.keys().map(ToString::to_string).collect();
            let pick = |at: usize| ids[at % ids.len()].as_str();
            let wanted = match act {
                Act::Enrol(n) => Edit::Enrol(enrol(&format!("thing-{n}"))),
                Act::Replace(at, n) => replace(pick(at), &format!("thing-{n}")),
                Act::Remove(at) => remove(pick(at)),
            };
            match wanted.apply("village.toml", &text, TODAY, &station) {
                Ok(edited) => {
                    // Comments, blank lines and whatever is not an address stay, in their order.
                    let mut lines = edited.text.lines();
                    for line in text.lines().filter(|line| !line.starts_with("address = ")) {
                        prop_assert!(lines.any(|other| other == line), "lost: {line}");
                    }
                    prop_assert_eq!(&edited.village.value.roster,
                        &Village::parse("village.toml", &edited.text, Some(&station)).expect("sound").value.roster);
                    text = edited.text;
                    done += 1;
                }
                // Refused edits change nothing; the reasons are the other tests' matter.
                Err(EditError::Unsound(_) | EditError::Removed(_) | EditError::Same(_)) => {}
                Err(other) => prop_assert!(false, "{other}"),
            }
        }
        prop_assert!(done == 0 || text != start);
    }
}
