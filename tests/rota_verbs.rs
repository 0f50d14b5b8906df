//! `shouwang rota` as people call it: the printed rota, the forecast, and a swap that edits the village file.

mod support;

use serde_json::Value;
use support::shell::Shell;

const VILLAGE: &str = r#"# 一份手写的名册 / written by hand
[homes.h1]
label = "示例一组 1 号"
[homes.h2]
label = "示例一组 2 号"

[responders.p1]
name = "示例甲"
role = "neighbour"
[responders.p2]
name = "示例乙"
role = "neighbour"
travel_min = 40
travel = { h1 = 5 }
[responders.p3]
name = "示例丙"
role = "village_doctor"

[shifts.day]
from = "07:30"
until = "20:30"
daily = ["p1"]   # 白天 / by day
holiday = ["p3"]
[shifts.night]
from = "20:30"
until = "07:30"
daily = ["p2"]
sun = []

[[leave]]
who = "p2"
from = 2099-12-05
until = 2099-12-05

[residents.r1]
name = "示例老人一"
address_form = "示例奶奶"
home = "h1"
[residents.r2]
name = "示例老人二"
address_form = "示例爷爷"
home = "h2"
"#;

#[test]
fn the_rota_is_printed_by_day_and_shift_in_both_languages() {
    let desk = Shell::new("rota", "", VILLAGE);
    let zh = desk.said(&["show", "--from", "2099-12-04", "--days", "3", "--lang", "zh"]);
    assert_eq!(
        zh,
        "值班表 · 12月4日 周五 – 12月6日 周日\n\
         注意:不知道这一年的放假安排,请写进 [calendar]: 2099\n\n\
         12月4日 周五\n  day        07:30–20:30  p1\n  night      20:30–次日 07:30  p2 [20:30–24:00]\n\n\
         12月5日 周六\n  day        07:30–20:30  p1\n  night      20:30–次日 07:30  p2 [00:00–07:30]\n\n\
         12月6日 周日\n  day        07:30–20:30  p1\n  night      20:30–次日 07:30  无人\n"
    );
    let en = desk.said(&["show", "--from", "2026-10-01", "--days", "1", "--lang", "en", "--names"]);
    assert!(en.contains("Thu 2026-10-01 · holiday\n") && en.contains("示例丙 (p3)"), "{en}");
    let rows: Value =
        serde_json::from_str(&desk.said(&["show", "--from", "2026-10-01", "--days", "1", "--json"])).expect("JSON");
    let day = &rows["days"][0];
    assert_eq!((&day["date"], &day["kind"]), (&Value::from("2026-10-01"), &Value::from("holiday")));
    assert_eq!(day["shifts"][0]["on_duty"][0]["who"], "p3");
}

#[test]
fn the_forecast_says_who_has_nobody_near_and_when_and_that_there_is_nothing_to_say() {
    let desk = Shell::new("rota", "", VILLAGE);
    let zh = desk.said(&["forecast", "--from", "2099-12-04", "--days", "2", "--lang", "zh"]);
    // r1 has nobody while p2 is away; r2 by night, because p2 needs forty minutes.
    for line in [
        "12月5日 周六 00:00–07:30 全村没有人值班\n12月5日 周六 00:00–07:30 有 1 人 15 分钟内无人可到:r1\n",
        "12月4日 周五 20:30–次日 07:30 有 1 人 15 分钟内无人可到:r2\n",
    ] {
        assert!(zh.contains(line), "{line} is missing:\n{zh}");
    }
    assert!(!zh.contains("示例"), "no name is shown unasked: {zh}");
    let named = desk.said(&["forecast", "--from", "2099-12-04", "--days", "2", "--lang", "en", "--names"]);
    assert!(named.contains("1 person has nobody within 15 minutes: 示例爷爷 (r2)"), "{named}");
    let rows = desk.said(&["forecast", "--from", "2099-12-04", "--days", "2", "--json"]);
    let rows: Value = serde_json::from_str(&rows).expect("JSON");
    assert_eq!(rows["nobody_near"]["r2"].as_array().map(Vec::len), Some(3));
    let near = Shell::new("rota", "", &VILLAGE.replace("travel_min = 40\n", "").replace("sun = []\n", ""));
    let said = near.said(&["forecast", "--from", "2026-12-01", "--days", "3", "--lang", "en"]);
    assert!(said.contains("somebody on duty is within 15 minutes of everybody"), "{said}");
    let empty = Shell::new("rota", "", "[responders.p1]\nname = \"示例\"\nrole = \"neighbour\"\n");
    for verb in ["show", "forecast"] {
        assert!(empty.said(&[verb, "--lang", "zh"]).contains("没有写班次"), "{verb}");
    }
}

#[test]
fn a_swap_is_written_behind_what_people_wrote_and_kept_with_who_did_it() {
    let desk = Shell::new("rota", "", VILLAGE);
    let swap = ["swap", "2099-12-03", "night", "p2", "p3", "--by", "p1", "--lang", "zh"];
    let said = desk.said(&swap);
    assert!(said.contains("已换班: 2099-12-03 night · p2 → p3") && said.contains("下次启动时生效"), "{said}");
    let entry = "\n[[swaps]]\ndate = 2099-12-03\nshift = \"night\"\nout = \"p2\"\nin = \"p3\"\n";
    assert_eq!(desk.village(), format!("{VILLAGE}{entry}"));
    let history = std::fs::read_to_string(desk.path("data/village.d/history.jsonl")).expect("reads");
    let newest: Value = serde_json::from_str(history.lines().last().expect("a line")).expect("JSON");
    assert_eq!((&newest["by"], &newest["did"]), (&Value::from("p1"), &Value::from("swap")));
    let show = desk.said(&["show", "--from", "2099-12-03", "--days", "1"]);
    assert!(show.contains("07:30  p3\n"), "{show}");
    // And on to the next: whoever took it over may hand it on.
    desk.said(&["swap", "2099-12-03", "night", "p3", "p1"]);
    let show = desk.said(&["show", "--from", "2099-12-03", "--days", "1"]);
    assert!(show.contains("07:30  p1\n"), "{show}");
}

#[test]
fn a_swap_that_means_nothing_is_refused_and_nothing_is_changed() {
    let desk = Shell::new("rota", "", VILLAGE);
    for (args, word) in [
        (["2099-12-03", "night", "p1", "p3"], "那天那一班没有排这个人"),
        (["2099-12-03", "night", "p2", "p2"], "已经在班"),
        (["2099-12-03", "noon", "p2", "p3"], "没有这个班次"),
        (["2099-12-03", "night", "p2", "p9"], "没有这个响应人编号"),
        (["2020-12-03", "night", "p2", "p3"], "已经过去"),
    ] {
        let output = desk.run(&[&["swap"], &args[..], &["--lang", "zh"]].concat());
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        assert!(!output.status.success() && said.contains(word), "{args:?}: {said}");
    }
    assert_eq!(desk.village(), VILLAGE);
    let inline = "swaps = [{ date = 2099-12-10, shift = \"night\", out = \"p2\", in = \"p1\" }]\n";
    let desk = Shell::new("rota", "", &format!("{inline}{VILLAGE}"));
    let output = desk.run(&["swap", "2099-12-03", "night", "p2", "p3", "--lang", "zh"]);
    assert!(!output.status.success() && String::from_utf8_lossy(&output.stderr).contains("只能手工改"));
    assert_eq!(desk.village(), format!("{inline}{VILLAGE}"));
}

#[test]
fn of_two_who_edit_at_once_neither_loses_anything() {
    let desk = Shell::new("rota", "", VILLAGE);
    let days: Vec<String> = (10..20).map(|day| format!("2099-12-{day}")).collect();
    std::thread::scope(|together| {
        for day in &days {
            let desk = &desk;
            together.spawn(move || {
                let output = desk.run(&["swap", day, "day", "p1", "p3"]);
                assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
            });
        }
    });
    let village = desk.village();
    assert!(days.iter().all(|day| village.contains(&format!("date = {day}"))), "{village}");
}
