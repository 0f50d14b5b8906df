//! `shouwang check` on the shipped files and on broken ones: what it says and what it answers.

use std::path::{Path, PathBuf};

use shouwang::cli::check::{Checked, check};
use shouwang::config::machine::Machine;
use shouwang::config::plan::Gap;
use shouwang::config::{Problems, What};
use shouwang::core::spoken::Spoken;
use shouwang::core::time::Wall;
use shouwang::core::watch::Watch;
use shouwang::words::Lang;
use shouwang::words::plan::{gap, pace};
use shouwang::words::setting::mistake_zh;

const FORMATS: &[Spoken<'_>] =
    &[Spoken::over("mqtt", "zigbee2mqtt").with_bridge(), Spoken::over("serial", "json_lines")];

/// 1 March 2026.
const NOW: Wall = Wall(1_772_323_200_000);

fn config(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("config").join(name)
}

fn bare_machine() -> Machine {
    Machine { credentials: None, mosquitto_conf: PathBuf::from("/nonexistent/mosquitto.conf") }
}

fn shipped() -> Checked {
    check(&config("shouwang.toml"), Some(&config("village.example.toml")), &bare_machine(), FORMATS, NOW)
}

fn whats(problems: &Problems) -> Vec<What> {
    problems.list().iter().map(|problem| problem.what).collect()
}

#[test]
fn the_example_village_shows_every_watch_state_worth_telling() {
    let checked = shipped();
    assert!(checked.is_sound(), "{}", checked.problems);
    let plan = checked.plan.expect("a plan");
    let states: Vec<(&str, Watch)> = plan.residents.iter().map(|one| (one.id.as_str(), one.watch_at_best)).collect();
    assert_eq!(states, [("r01", Watch::Watched), ("r02", Watch::Weak), ("r03", Watch::Watched), ("r04", Watch::Blind)]);
    let [r01, r02, _, r04] = plan.residents.as_slice() else { panic!("four residents") };
    assert!(r01.gaps.is_empty());
    assert_eq!(r02.gaps, [Gap::HelpCallUnproven]);
    assert_eq!(r04.gaps, [Gap::NoHelpCall, Gap::NoLifeSign]);
    let times: Vec<u64> = r01.rungs.iter().map(|rung| rung.after_s).collect();
    assert_eq!((times.as_slice(), r01.everybody_after_s), ([0, 120, 240].as_slice(), 600));
    // The smoke detector of a home with one resident is theirs; the gas detector of a shared home is nobody's own.
    assert!(r01.devices.iter().any(|device| device.id.as_str() == "d003"));
    assert_eq!(plan.shared.iter().map(|device| device.id.as_str()).collect::<Vec<_>>(), ["d008"]);
}

#[test]
fn names_are_shown_only_when_asked_for_and_telephones_never() {
    let checked = shipped();
    for lang in [Lang::Zh, Lang::En] {
        assert!(!checked.text(lang, false).contains("示例"));
        let named = checked.text(lang, true);
        assert!(named.contains("示例奶奶") && !named.contains("0000000000"), "{named}");
    }
    assert!(!checked.json(false).to_string().contains("示例"));
    assert_eq!(checked.json(true)["names"]["r01"], "示例奶奶");
}

#[test]
fn the_plan_is_said_in_both_languages() {
    let checked = shipped();
    let zh = checked.text(Lang::Zh, false);
    for word in ["守护减弱", "未守护", "求助按钮 · h01 · 卧室", "+2 分钟: 值班室(当班), 当班的人", "未覆盖", "配置可用"]
    {
        assert!(zh.contains(word), "{word} is missing:\n{zh}");
    }
    let en = checked.text(Lang::En, false);
    for word in [
        "weakly watched",
        "not watched",
        "help button · h01 · bedroom",
        "+2 min: duty desk (on duty), whoever is on duty",
        "not covered",
        "sound",
    ] {
        assert!(en.contains(word), "{word} is missing:\n{en}");
    }
}

#[test]
fn what_the_machine_lacks_is_a_warning_and_no_error() {
    let checked = shipped();
    assert!(checked.is_sound());
    let whats = whats(&checked.problems);
    for what in [What::BrokerUnseen, What::FileMissing, What::SecretUnreadable] {
        assert!(whats.contains(&what), "{what} is missing: {whats:?}");
    }
}

#[test]
fn what_the_calendar_does_not_know_is_said_in_time_and_forbids_nothing() {
    let at =
        |now| check(&config("shouwang.toml"), Some(&config("village.example.toml")), &bare_machine(), FORMATS, now);
    assert!(!whats(&shipped().problems).contains(&What::HolidaysUnknown), "the year is known");
    // 10 December 2026: the year after it was never announced to this program, and the example has lists for holidays.
    let checked = at(Wall(1_796_860_800_000));
    assert!(checked.is_sound() && whats(&checked.problems).contains(&What::HolidaysUnknown), "{}", checked.problems);
    assert!(checked.text(Lang::Zh, false).contains("不知道这一年的放假安排"));
}

#[test]
fn rule_27_a_sim_that_is_paid_for_two_weeks_at_most_is_warned_of() {
    let directory = tempfile::tempdir().expect("a directory");
    let at = |name: &str| directory.path().join(name);
    let text = "[station]\nid = \"st1\"\ngateway = \"gw1\"\n[[source]]\nid = \"hub\"\nkind = \"serial\"\n\
                path = \"/dev/serial/by-id/x\"\nformat = \"json_lines\"\n[modem]\nport = \"/dev/serial/by-id/y\"\n\
                paid_until = 2026-03-15\n[county]\nurl = \"mqtts://county.example\"\nca_file = \"ca.pem\"\n";
    std::fs::write(at("shouwang.toml"), text).expect("writes");
    std::fs::copy(config("village.example.toml"), at("village.toml")).expect("copies");
    // 28 February in Shanghai, its next day, the last paid day, and the one after, each at 00:30 there.
    for (now, what) in [
        (1_772_209_800_000, None),
        (1_772_296_200_000, Some(What::CreditEnding)),
        (1_773_505_800_000, Some(What::CreditEnding)),
        (1_773_592_200_000, Some(What::Lapsed)),
    ] {
        let checked = check(&at("shouwang.toml"), None, &bare_machine(), FORMATS, Wall(now));
        let of_sim = checked.problems.list().iter().filter(|problem| problem.key == "modem.paid_until");
        assert_eq!(of_sim.map(|problem| problem.what).collect::<Vec<_>>(), Vec::from_iter(what), "{now}");
    }
}

#[test]
fn what_says_what_the_box_runs_on_and_is_not_there_is_a_warning() {
    let directory = tempfile::tempdir().expect("a directory");
    let at = |name: &str| directory.path().join(name);
    let text = "[station]\nid = \"st1\"\ngateway = \"gw1\"\n[power]\nmains = \"/nonexistent/online\"\n\
                time_to_empty = \"/nonexistent/time\"\n[county]\nurl = \"mqtts://county.example\"\nca_file = \"ca.pem\"\n";
    std::fs::write(at("shouwang.toml"), text).expect("writes");
    let checked = check(&at("shouwang.toml"), None, &bare_machine(), FORMATS, NOW);
    for key in ["power.mains", "power.time_to_empty"] {
        let missing = checked.problems.list().iter().find(|problem| problem.key == key);
        assert_eq!(missing.map(|problem| problem.what), Some(What::FileMissing), "{}", checked.problems);
    }
}

#[test]
fn rule_20_telephones_that_nobody_has_proven_are_one_warning_about_those_who_are_called() {
    let checked = shipped();
    let said: Vec<_> = checked.problems.list().iter().filter(|problem| problem.what == What::Unproven).collect();
    let [one] = said[..] else { panic!("one warning: {said:?}") };
    assert_eq!(one.value.as_deref(), Some("desk, p01, p02, p03"), "family is told, and not called");
    assert!(checked.is_sound() && checked.text(Lang::Zh, false).contains("电话还没有验证过"));
}

/// What `check` says of a station and a village that were written for it: what, and of which key and value.
fn said_of(station: &str, village: &str) -> Vec<(What, String, Option<String>)> {
    let directory = tempfile::tempdir().expect("a directory");
    let at = |name: &str| directory.path().join(name);
    std::fs::write(at("shouwang.toml"), format!("[station]\nid = \"st1\"\ngateway = \"gw1\"\n{station}"))
        .expect("writes");
    std::fs::write(at("village.toml"), village).expect("writes");
    let checked = check(&at("shouwang.toml"), Some(&at("village.toml")), &bare_machine(), FORMATS, NOW);
    assert!(checked.is_sound(), "{}", checked.problems);
    let list = checked.problems.list().iter();
    for problem in list.clone() {
        assert!(!problem.key.is_empty() && !problem.fix.is_empty() && !problem.file.is_empty(), "{problem}");
    }
    list.map(|problem| (problem.what, problem.key.clone(), problem.value.clone())).collect()
}

/// The keys of which `check` says this.
fn keys_of(said: &[(What, String, Option<String>)], what: What) -> Vec<&str> {
    said.iter().filter(|(other, ..)| *other == what).map(|(_, key, _)| key.as_str()).collect()
}

#[test]
fn a_station_that_can_tell_nobody_or_has_one_way_to_the_county_says_so() {
    const MODEM: &str = "[modem]\nport = \"/dev/serial/by-id/example\"\n";
    const COUNTY: &str = "[county]\nurl = \"mqtts://example.org\"\nca_file = \"ca.pem\"\n";
    const NUMBER: &str = "[notices]\ncounty_text = \"00000000012\"\n";
    let group = "[channels.robot]\nkind = \"wecom\"\nurl_file = \"robot\"\n";
    let own = "[channels.phones]\nkind = \"mqtt\"\n";
    for (station, nobody, second) in [
        (String::new(), vec!["modem"], vec![]),
        (group.to_owned(), vec!["modem"], vec![]),
        (own.to_owned(), vec![], vec![]),
        (format!("{COUNTY}{own}"), vec![], vec!["modem"]),
        (format!("{COUNTY}{MODEM}"), vec![], vec!["notices.county_text"]),
        (format!("{COUNTY}{NUMBER}"), vec!["modem"], vec!["modem"]),
        (format!("{COUNTY}{NUMBER}{MODEM}"), vec![], vec![]),
    ] {
        let said = said_of(&station, "");
        assert_eq!(keys_of(&said, What::NobodyTold), nobody, "{station}");
        assert_eq!(keys_of(&said, What::NoSecondPath), second, "{station}");
    }
}

#[test]
fn a_rung_on_which_nobody_stands_is_said_with_its_place() {
    let village = r#"
[homes.h1]
label = "示例一组 1 号"
landmark = "示例大槐树"
[responders.p1]
name = "示例甲"
role = "neighbour"
[responders.f1]
name = "示例乙"
role = "family"
[ladders.usual]
rungs = [{ call = ["p1"] }, { roles = ["village_doctor"] }, { on_duty = true }, { roles = ["family"] }]
[residents.r1]
name = "示例老人"
address_form = "示例奶奶"
home = "h1"
ladder = "usual"
"#;
    let said = said_of("", village);
    let family = "ladders.usual.rungs[3]";
    assert_eq!(keys_of(&said, What::RungDeserted), ["ladders.usual.rungs[1]", "ladders.usual.rungs[2]", family]);
    assert_eq!(keys_of(&said, What::NotCovered), ["residents.r1"], "fewer than three can be reached");
    let shift = "[shifts.day]\nfrom = \"07:00\"\nuntil = \"19:00\"\ndaily = [\"p1\"]\n";
    let doctor = "[responders.d1]\nname = \"示例丙\"\nrole = \"village_doctor\"\n";
    let said = said_of("", &format!("{village}{shift}{doctor}"));
    assert_eq!(keys_of(&said, What::RungDeserted), [family], "family is informed and not sent");
    let never =
        format!("{village}{shift}{doctor}").replace("ladder = \"usual\"", "ladder = \"usual\"\nnever = [\"p1\"]");
    let said = said_of("", &never);
    assert_eq!(keys_of(&said, What::RungDeserted), [family, "residents.r1.never"], "empty for one person only");
}

#[test]
fn homes_that_a_stranger_does_not_find_at_night_are_one_warning() {
    let said = shipped().problems;
    let said: Vec<_> = said.list().iter().filter(|problem| problem.what == What::NoLandmark).collect();
    let [one] = said[..] else { panic!("one warning: {said:?}") };
    assert_eq!((one.key.as_str(), one.value.as_deref()), ("homes.*.landmark", Some("h02, h03")));
    let home = "[homes.h1]\nlabel = \"示例\"\n[homes.h2]\nlabel = \"示例\"\n";
    let empty = format!("{home}[residents.r1]\nname = \"示例\"\naddress_form = \"示例\"\nhome = \"h1\"\n");
    let said = said_of("", &format!("{empty}service = \"moved\"\n"));
    assert!(keys_of(&said, What::NoLandmark).is_empty(), "nobody is served there");
}

#[test]
fn rule_28_consent_stands_in_the_plan_where_it_was_given_and_its_absence_is_no_warning() {
    let checked = shipped();
    let zh = checked.text(Lang::Zh, false);
    assert_eq!(zh.matches("已同意: 群消息可写称呼和住处").count(), 1, "{zh}");
    assert_eq!(checked.json(false)["plan"]["residents"][0]["consent"], serde_json::json!(["group"]));
}

#[test]
fn a_broken_station_file_does_not_hide_what_is_wrong_with_the_village() {
    let directory = tempfile::tempdir().expect("a directory");
    let at = |name: &str| directory.path().join(name);
    std::fs::write(at("shouwang.toml"), "[station]\nid = \"st1\"\n").expect("writes");
    std::fs::write(at("village.toml"), "[residents.r1]\nnmae = \"x\"\n").expect("writes");
    let checked = check(&at("shouwang.toml"), None, &bare_machine(), FORMATS, NOW);
    assert!(!checked.is_sound());
    let files: Vec<&str> = checked.problems.list().iter().map(|problem| problem.file.as_str()).collect();
    assert!(files.contains(&"shouwang.toml") && files.contains(&"village.toml"), "{}", checked.problems);
    assert!(checked.text(Lang::Zh, false).contains("缺少这个键"));
}

#[test]
fn every_mistake_gap_and_pace_has_its_chinese() {
    for what in What::ALL {
        let zh = mistake_zh(what.word()).unwrap_or_else(|| panic!("{what} has no Chinese in words::setting"));
        assert!(!zh.is_ascii());
    }
    for each in Gap::ALL {
        assert!(gap(each.word(), Lang::Zh).is_some() && gap(each.word(), Lang::En).is_some(), "{each}");
    }
    assert!(pace("slow", Lang::Zh).is_some() && pace("mute", Lang::En).is_some());
}

#[test]
fn a_village_of_three_hundred_homes_and_five_thousand_devices_loads_whole() {
    use std::fmt::Write as _;
    let directory = tempfile::tempdir().expect("a directory");
    let mut text = std::fs::read_to_string(config("village.example.toml")).expect("reads");
    for home in 0..300 {
        _ = writeln!(text, "[homes.x{home}]\nlabel = \"示例 {home}\"\nrooms = [\"hall\"]");
        _ = writeln!(
            text,
            "[residents.x{home}]\nname = \"示例\"\naddress_form = \"示例\"\nhome = \"x{home}\"\nladder = \"usual\""
        );
    }
    for device in 0..5_000 {
        let home = device % 300;
        _ = writeln!(text, "[devices.x{device}]\nsource = \"zigbee\"\naddress = \"x{device}\"\nresident = \"x{home}\"");
        _ = writeln!(text, "room = \"hall\"\nrole = \"motion\"");
    }
    let village = directory.path().join("village.toml");
    std::fs::write(&village, text).expect("writes");
    let checked = check(&config("shouwang.toml"), Some(&village), &bare_machine(), FORMATS, NOW);
    assert!(checked.is_sound(), "{}", checked.problems);
    let plan = checked.plan.expect("a plan");
    assert_eq!(plan.residents.iter().map(|one| one.devices.len()).sum::<usize>(), 5_000 + 7);
}

#[test]
fn whoever_may_log_in_in_nobodys_name_is_named_with_the_nearest_one() {
    let directory = tempfile::tempdir().expect("a directory");
    let station = directory.path().join("shouwang.toml");
    let text = std::fs::read_to_string(config("shouwang.toml")).expect("the shipped file");
    let users = ["desk", "visitor"].map(|user| {
        let responder = if user == "desk" { "dekk" } else { "p01" };
        format!("[web.users.{user}]\nresponder = \"{responder}\"\npassword_hash = \"desk.hash\"\n")
    });
    std::fs::write(&station, format!("{text}\n{}", users.concat())).expect("writes");
    let village = config("village.example.toml");
    let checked = check(&station, Some(&village), &bare_machine(), FORMATS, NOW);
    assert!(checked.is_sound(), "{}", checked.problems);
    let unknown = checked.problems.list().iter().filter(|problem| problem.what == What::DeskUserUnknown);
    let said: Vec<String> = unknown.map(ToString::to_string).collect();
    assert_eq!(
        said,
        [
            "shouwang.toml: warning: web.users.desk.responder = dekk: nobody of the village file has this id, so whoever \
          logs in by this name can do nothing. Nearest: desk. Fix: write the id of a responder of the village file."
        ]
    );
    assert!(checked.text(Lang::Zh, false).contains("用这个用户名登录的人什么也做不了"));
}
