//! `shouwang village away`, `absences` and `back` as somebody at the station uses them, with nothing running.

mod support;

use serde_json::Value;
use support::shell::Shell;

const VILLAGE: &str = r#"# 一份手写的名册 / written by hand
[homes.h1]
label = "示例一组 1 号"

[responders.p1]
name = "示例甲"
role = "neighbour"

[residents.r1]
name = "示例老人"
address_form = "示例奶奶"
home = "h1"
"#;

#[test]
fn an_absence_is_written_listed_and_ended_and_no_name_is_printed() {
    let desk = Shell::new("village", "", VILLAGE);
    assert_eq!(desk.said(&["absences", "--lang", "zh"]), "没有人登记外出。\n");
    let away = ["away", "r1", "--until", "2099-12-05", "--from", "2099-12-01", "--contact", "p1"];
    let said = desk.said(&[&away[..], &["--lang", "zh"]].concat());
    assert!(said.starts_with("已登记外出: r1 · 2099-12-01 – 2099-12-05 10:00\n"), "{said}");
    assert!(desk.village().starts_with(VILLAGE), "what people wrote stays");
    assert_eq!(
        desk.said(&["absences", "--lang", "en"]),
        "r1  2099-12-01 – 2099-12-05 10:00  asked the day before: p1\n"
    );
    let rows = desk.json(&["absences"]);
    assert_eq!((&rows[0]["resident"], &rows[0]["contact"]), (&Value::from("r1"), &Value::from("p1")));

    let twice = desk.refused(&[&away[..], &["--lang", "zh"]].concat());
    assert!(twice.contains("这位老人已登记外出") && twice.contains("shouwang village back"), "{twice}");
    let said = desk.said(&["back", "r1", "--lang", "en"]);
    assert!(said.starts_with("Back at home: r1\n"), "{said}");
    assert_eq!(desk.json(&["absences"]), Value::Array(Vec::new()));
    assert!(desk.refused(&["back", "r1", "--lang", "zh"]).contains("没有登记外出"));
}

#[test]
fn an_absence_that_means_nothing_is_refused_with_what_to_do_and_nothing_is_changed() {
    let desk = Shell::new("village", "", VILLAGE);
    for (args, zh) in [
        (&["away", "r9", "--until", "2099-12-05"][..], "名册里没有这位服务中的老人"),
        (&["away", "r1", "--until", "2020-12-05"], "回来的日子要晚于第一天"),
        (&["away", "r1", "--until", "2099-12-05", "--from", "2099-12-05"], "回来的日子要晚于第一天"),
        (&["away", "r1", "--until", "2099-12-05"], "外出最多登记半年"),
        (&["away", "r1", "--until", "2099-12-05", "--from", "2099-12-01", "--contact", "p9"], "没有这个响应人"),
        (&["back", "r1"], "没有登记外出"),
    ] {
        let said = desk.refused(&[args, &["--lang", "zh"]].concat());
        assert!(said.contains(zh), "{args:?}: {said}");
    }
    let zh = desk.run(&["away", "r1"]);
    assert_eq!(zh.status.code(), Some(2), "a day is wanted");
    assert_eq!(desk.village(), VILLAGE);
}
