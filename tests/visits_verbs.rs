//! `shouwang visits` as somebody at the desk uses it: what is due, a visit that was done with the code of the door, and a month's
//! report out of the log.

mod support;
mod village_log;

use std::path::Path;
use std::sync::Arc;

use shouwang::core::alarm::Arrival;
use shouwang::core::roster::Tier;
use shouwang::core::time::Wall;
use shouwang::core::visit::{Deed, Open, Reason, Record, Standing, Visit};
use shouwang::store::files::disk::Disk;
use shouwang::store::{Draft, Journal, Undecided};
use support::shell::Shell;
use support::until;
use village_log::{alarm, at, small, start_draft};

const CODE: &str = "904713";
const WRONG: &str = "770913";

const VILLAGE: &str = r#"
[homes.h1]
label = "示例一组 1 号"
door_code = "904713"
[homes.h2]
label = "示例一组 2 号"

[responders.p1]
name = "示例甲"
role = "neighbour"
[responders.desk]
name = "示例值班室"
role = "duty_desk"

[residents.r1]
name = "示例老人一"
address_form = "示例奶奶"
home = "h1"
tier = "high"
[residents.r2]
name = "示例老人二"
address_form = "示例爷爷"
home = "h2"
"#;

/// Whether some file below a folder holds these bytes.
fn holds(folder: &Path, text: &str) -> bool {
    std::fs::read_dir(folder).expect("a folder").any(|entry| {
        let path = entry.expect("readable").path();
        if path.is_dir() {
            return holds(&path, text);
        }
        let bytes = std::fs::read(&path).unwrap_or_default();
        bytes.windows(text.len()).any(|window| window == text.as_bytes())
    })
}

#[tokio::test]
async fn rule_30_a_visit_with_the_code_of_the_door_is_proven_and_the_code_is_kept_nowhere() {
    let desk = Shell::new("visits", "", VILLAGE);
    let _station = desk.start();
    until("the station answers", || desk.run(&["list"]).status.success()).await;

    let said = desk.said(&["done", "r1", "--by", "p1", "--door", CODE, "--lang", "zh"]);
    assert_eq!(said, "已登记探访:r1(已核实)\n");
    let said = desk.said(&["done", "r2", "--by", "desk", "--lang", "en"]);
    assert_eq!(said, "Visit noted: r2 (self-reported)\n");
    let wrong = desk.run(&["done", "r1", "--by", "p1", "--door", WRONG, "--lang", "en"]);
    assert!(wrong.status.success(), "a wrong code refuses nobody");
    assert!(String::from_utf8_lossy(&wrong.stdout).contains("self-reported"));
    for (args, why) in [(["done", "r9", "--by", "p1"], "没有这位老人"), (["done", "r1", "--by", "nobody"], "没有")]
    {
        let refused = desk.run(&[args.as_slice(), &["--lang", "zh"]].concat());
        assert!(!refused.status.success(), "{args:?}");
        let said = String::from_utf8_lossy(&refused.stdout).into_owned();
        assert!(said.starts_with("未执行") && said.contains(why), "{said}");
    }

    let said = desk.said(&["note", "r1", "--by", "desk", "--text", "登记错了", "--lang", "zh"]);
    assert_eq!(said, "已加备注: r1\n");

    let rows = desk.json(&["list", "--all"]);
    let row =
        |id: &str| rows.as_array().expect("rows").iter().find(|row| row["resident"] == id).expect("a row").clone();
    assert_eq!((&row("r1")["last"]["by"], &row("r1")["tier"]), (&"p1".into(), &"high".into()));
    let named = desk.said(&["list", "--all", "--names", "--lang", "zh"]);
    assert!(named.contains("示例奶奶 (r1) · h1 · 高") && named.contains("示例甲 (p1) · 自报"), "{named}");
    let plain = desk.said(&["list", "--all", "--lang", "en"]);
    assert!(!plain.contains("示例") && plain.contains("r2 · h2"), "{plain}");
    assert_eq!(desk.said(&["list", "--lang", "zh"]), "没有待探访的老人。\n");

    let month = jiff::Timestamp::now().to_zoned(jiff::tz::TimeZone::fixed(jiff::tz::offset(8)));
    let month = month.strftime("%Y-%m").to_string();
    let report = desk.json(&["report", "--month", &month]);
    let high = report["visits"].as_array().expect("tiers").iter().find(|row| row["tier"] == "high").expect("a row");
    assert_eq!((&high["made"], &high["visited"], &high["rate_percent"]), (&2.into(), &1.into(), &100.into()));
    let text = desk.said(&["report", "--month", &month, "--lang", "zh"]);
    assert!(text.contains("本月还没有结束") && text.contains("志愿者(邻居、网格员、家属) · 已核实"), "{text}");

    let journal = std::fs::read_to_string(desk.path("journal")).expect("a log");
    for code in [CODE, WRONG] {
        // The shelf of the village's versions is the one place beside the file.
        let kept = ["data/log", "data/state"].iter().any(|folder| holds(&desk.path(folder), code));
        assert!(!kept && !journal.contains(code), "it is in no record, and in no line");
    }
}

fn draft(ms: u64, decision: Undecided) -> Draft {
    Draft { at: at(ms), inputs: Vec::new(), decisions: vec![decision] }
}

fn record(tier: Tier, standing: &mut Standing, deed: Deed) -> Undecided {
    standing.rev += 1;
    Undecided::Visit(Box::new(Record { tier, deed, standing: standing.clone() }))
}

/// Somebody arrived at call number `n`, so many seconds after it.
fn arrived(n: u64, took_s: u64, by: &str, proven: bool) -> Undecided {
    let mut call = alarm(n, 2, false);
    let on_site = at(n * 1000 + took_s * 1000);
    call.clocks.detected = Some(at(n * 1000));
    call.clocks.on_site = Some(on_site);
    call.arrival = Some(Arrival { by: by.parse().expect("id"), at: on_site, proven });
    Undecided::Alarm(Box::new(call))
}

#[test]
fn rule_31_a_month_is_read_out_of_a_log_of_many_segments() {
    const HOUR: u64 = 3_600_000;
    let desk = Shell::new("visits", "", VILLAGE);
    let (mut journal, _) =
        Journal::open(Arc::new(Disk::own(&desk.path("data/log")).expect("a folder")), small()).expect("opens");
    let mut commit = |draft| drop(journal.commit(draft));
    commit(start_draft(0));
    let mut one = Standing::new("r1".parse().expect("id"), at(0), None);
    let mut two = Standing::new("r2".parse().expect("id"), at(0), None);
    commit(draft(1, record(Tier::High, &mut one, Deed::Listed)));
    commit(draft(2, record(Tier::Ordinary, &mut two, Deed::Listed)));
    for standing in [&mut one, &mut two] {
        let by = Wall(at(24 * HOUR).wall.0);
        standing.open.push(Open { reason: Reason::Routine, since: at(HOUR), by, missed: None });
        commit(draft(HOUR, record(Tier::High, standing, Deed::Due { reason: Reason::Routine })));
    }
    // Enough of other things that the segments above are not the newest.
    for n in 10..80 {
        commit(draft(HOUR + n, arrived(n, 60 * (n - 9), if n % 2 == 0 { "p1" } else { "desk" }, n < 40)));
    }
    let deed = one.done(Visit { at: at(2 * HOUR), by: "p1".parse().expect("id"), proven: true }, None, None);
    commit(draft(2 * HOUR, record(Tier::High, &mut one, deed)));
    two.open[0].missed = Some(at(25 * HOUR));
    commit(draft(25 * HOUR, record(Tier::Ordinary, &mut two, Deed::Missed { reason: Reason::Routine })));
    drop(journal);

    let report = desk.json(&["report", "--month", "2025-10"]);
    let of = |list: &str, key: &str, value: &str, proven: Option<bool>| {
        let rows = report[list].as_array().expect("rows").iter();
        let mut fits = rows.filter(|row| row[key] == value && proven.is_none_or(|proven| row["proven"] == proven));
        fits.next().expect("a row").clone()
    };
    let high = of("visits", "tier", "high", None);
    assert_eq!((&high["due"], &high["done"], &high["rate_percent"]), (&1.into(), &1.into(), &100.into()), "{report}");
    let ordinary = of("visits", "tier", "ordinary", None);
    assert_eq!((&ordinary["due"], &ordinary["missed"], &ordinary["residents"]), (&1.into(), &1.into(), &1.into()));
    let proven = of("arrivals", "group", "volunteers", Some(true));
    assert_eq!((&proven["alarms"], &proven["visits"]), (&15.into(), &1.into()));
    assert_eq!((&proven["median_s"], &proven["p90_s"]), (&(15 * 60).into(), &(27 * 60).into()));
    let staffed = of("arrivals", "group", "staffed", Some(false));
    assert_eq!((&staffed["alarms"], &staffed["visits"]), (&20.into(), &0.into()));

    let csv = desk.said(&["report", "--month", "2025-10", "--csv"]);
    assert!(csv.contains("2025-10,visits,high,,1,1,1,1,1,0,0,0,100,,,,\n"), "{csv}");
    let text = desk.said(&["report", "--month", "2025-10", "--lang", "en"]);
    assert!(text.contains("ordinary: 1 residents, 0 of them visited, 0 visits; due 1, done 0, missed 1"), "{text}");
    let empty = desk.said(&["report", "--month", "2025-12", "--lang", "zh"]);
    assert!(!empty.contains("本月还没有结束"), "{empty}");
    assert!(!desk.run(&["report", "--month", "2025-13"]).status.success());
}
