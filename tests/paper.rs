//! What is printed: the rota for a wall and the volunteer's sheet, as the shell makes them and as a real browser lays them out on A4.

mod support;

use std::fmt::Write as _;

use shouwang::core::alarm::told::Code;
use shouwang::core::answer::Wish;
use shouwang::notify::message::is_one_message;
use shouwang::notify::reply;
use shouwang::words::{Lang, sheet};
use support::browser::{BROWSER, argument, browse, shots};
use support::installed;
use support::shell::Shell;

const STATION: &str = "[notices]\nstation_name = \"示例村照料站\"\ncall_back = \"13800000099\"\n";

/// A village with everything that a sheet shows: a swap, leave, a holiday, a gap, a home that nobody reaches, somebody who is paused,
/// and names that are marks of HTML.
const VILLAGE: &str = r#"
[homes.h1]
label = "示例一组 1 号"
landmark = "示例大槐树<旁>"
door_note = "示例狗在院里"
[homes.h2]
label = "示例一组 2 号"

[responders.p1]
name = "示例甲<b>"
phone = "13800000001"
role = "neighbour"
travel_min = 5
[responders.p2]
name = "示例乙"
phone = "13800000002"
role = "grid_worker"
travel_min = 40
travel = { h1 = 4 }
[responders.p3]
name = "示例丙"
phone = "13800000003"
role = "village_doctor"
[responders.desk]
name = "示例值班室"
phone = "13800000004"
role = "duty_desk"
[responders.f1]
name = "示例家属"
phone = "13800000005"
role = "family"

[ladders.usual]
rungs = [{ call = ["p1"], roles = ["grid_worker"] }, { roles = ["duty_desk"] }]

[shifts.day]
from = "07:30"
until = "20:30"
daily = ["desk", "p1"]
holiday = ["p2"]
[shifts.night]
from = "20:30"
until = "07:30"
daily = ["p2"]
sat = []

[[swaps]]
date = 2026-09-29
shift = "night"
out = "p2"
in = "p3"

[[leave]]
who = "p2"
from = 2026-10-01
until = 2026-10-01

[residents.r1]
name = "示例老人一"
address_form = "示例奶奶"
home = "h1"
ladder = "usual"
tier = "high"
[residents.r2]
name = "示例老人二"
address_form = "示例爷爷"
home = "h2"
ladder = "usual"
service = "paused"
[residents.r3]
name = "示例老人三"
address_form = "示例大娘"
home = "h2"
ladder = "usual"
never = ["p1"]
"#;

/// How many sheets of paper a browser makes of it.
async fn sheets(desk: &Shell, name: &str, args: &[&str]) -> usize {
    let (page, pdf) = (desk.path(&format!("{name}.html")), desk.path(&format!("{name}.pdf")));
    let file = page.display().to_string();
    desk.said(&[args, &["--out", &file]].concat());
    let (address, to) = (format!("file://{file}"), argument("print-to-pdf", &pdf.display().to_string()));
    browse(&desk.path(""), &["--no-pdf-header-footer".to_owned(), to, address.clone()]).await;
    if let Some(shots) = shots() {
        let shape = if args[0] == "rota" { "1180,860" } else { "860,1200" };
        let picture = argument("screenshot", &shots.join(format!("paper-{name}.png")).display().to_string());
        browse(&desk.path(""), &[argument("window-size", shape), picture, address]).await;
    }
    let pdf = std::fs::read(pdf).expect("a PDF");
    let is_page = |at: &[u8]| at.starts_with(b"/Type /Page") && !at.starts_with(b"/Type /Pages");
    pdf.windows(12).filter(|at| is_page(at)).count()
}

/// What stands between the tags.
fn text_of(page: &str) -> String {
    let (_, body) = page.split_once("<body").expect("a body");
    let texts = body.split('<').filter_map(|part| part.split_once('>')).map(|(_, text)| text);
    texts.collect::<Vec<_>>().join("|")
}

const WEEK: [&str; 4] = ["rota", "print", "--week", "2026-10-01"];

#[test]
fn the_rota_for_a_wall_shows_who_comes_with_swaps_leave_holidays_and_gaps() {
    let desk = Shell::new("", STATION, VILLAGE);
    let page = desk.said(&[&WEEK[..], &["--lang", "zh"]].concat());
    assert!(page.starts_with("<!DOCTYPE html><html lang=\"zh-CN\">"), "{}", &page[..80]);
    let text = text_of(&page);
    for shown in [
        "2026年9月28日 – 10月4日",
        "示例村照料站",
        "9/28",
        "替示例乙",
        "请假",
        "放假",
        "无人",
        "10月1日 周四 00:00–24:00 全村没有人值班",
        "9月28日 周一 20:30–次日 07:30 15 分钟内无人可到:示例一组 2 号",
        "找谁",
        "示例值班室",
        "负责人签名",
        "名册版本 ",
    ] {
        assert!(text.contains(shown), "{shown} is missing in {text}");
    }
    let english = text_of(&desk.said(&[&WEEK[..], &["--lang", "en"]].concat()));
    for shown in
        ["Who is on duty", "for 示例乙", "on leave", "holiday", "nobody in the village is on duty", "Signature"]
    {
        assert!(english.contains(shown), "{shown} is missing in {english}");
    }
    let weeks = desk.said(&[&WEEK[..], &["--weeks", "3"]].concat());
    assert_eq!(weeks.matches("<section").count(), 3);
    assert!(!desk.run(&["rota", "print", "--weeks", "40"]).status.success());
    assert!(text_of(&Shell::new("", STATION, "").said(&["rota", "print", "--lang", "zh"])).contains("没有写班次"));
}

#[test]
fn rule_28_a_rota_on_a_wall_has_no_telephone_unless_asked_for_and_nothing_of_those_who_are_served() {
    let desk = Shell::new("", STATION, VILLAGE);
    let wall = desk.said(&WEEK);
    for hidden in
        ["1380000", "示例奶奶", "示例爷爷", "示例大娘", "示例老人", "示例大槐树", "示例狗在院里", "r1", "暂停"]
    {
        assert!(!wall.contains(hidden), "{hidden} hangs on the wall");
    }
    let phones = desk.said(&[&WEEK[..], &["--phones"]].concat());
    assert!(phones.contains("13800000002") && phones.contains("13800000004") && !phones.contains("示例奶奶"));
}

#[test]
fn the_sheet_says_for_whom_how_it_comes_and_what_to_reply() {
    let desk = Shell::new("", STATION, VILLAGE);
    let text = text_of(&desk.said(&["people", "sheet", "p1", "--lang", "zh"]));
    for shown in [
        "示例甲",
        "邻居",
        "示例奶奶",
        "示例一组 1 号",
        "5 分钟",
        "紧急:示例奶奶求助(卧室),03:12起。示例一组1号,大槐树旁。按下求助按钮。去请回17,去不了回17忙",
        "17 到了",
        "17 没事了",
        "17 需要120",
        "17 不是这家",
        "17 进不了门",
        "门不开怎么办",
        "测试:",
        "【演练】",
        "照料站电话",
        "白班 07:30–20:30",
    ] {
        assert!(text.contains(shown), "{shown} is missing in {text}");
    }
    let english = text_of(&desk.said(&["people", "sheet", "p1", "--lang", "en"]));
    for shown in ["Coming: reply 17. Cannot: 17 2", "17 need 120", "17 locked", "5 min", "Test:"] {
        assert!(english.contains(shown), "{shown} is missing in {english}");
    }
    let worker = text_of(&desk.said(&["people", "sheet", "p2", "--lang", "zh"]));
    assert!(worker.contains("40 分钟") && worker.contains("当班时"), "by role: {worker}");
    let family = text_of(&desk.said(&["people", "sheet", "f1", "--lang", "zh"]));
    assert!(family.contains("不用出动") && !family.contains("17") && !family.contains("一组 1 号"), "{family}");
    assert_eq!(desk.said(&["people", "sheet"]).matches("<section").count(), 5, "a sheet for everybody");
    let nobody = desk.run(&["people", "sheet", "p9", "--lang", "zh"]);
    assert!(!nobody.status.success() && String::from_utf8_lossy(&nobody.stderr).contains("没有这个响应人"));
}

#[test]
fn rule_28_a_sheet_says_who_where_and_how_far_and_no_more() {
    let desk = Shell::new("", STATION, VILLAGE);
    let page = desk.said(&["people", "sheet", "p1"]);
    for hidden in
        ["1380000000", "示例老人", "示例大娘", "暂停", "paused", "高风险", "示例乙", "示例狗在院里", "r1", "h1"]
    {
        assert!(!text_of(&page).contains(hidden), "{hidden} stands on the sheet");
    }
    assert!(page.contains("示例爷爷"), "whoever is away for a time stands there like the others");
}

#[test]
fn a_page_escapes_what_it_is_given_and_asks_for_nothing() {
    let desk = Shell::new("", STATION, VILLAGE);
    for page in [desk.said(&WEEK), desk.said(&["people", "sheet"])] {
        assert!(page.contains("示例甲&lt;b&gt;") && !page.contains("示例甲<b>"));
        for asks in ["src=", "href=", "http://", "https://", "url(", "<script", "@import"] {
            assert!(!page.contains(asks), "{asks}");
        }
    }
    assert!(desk.said(&["people", "sheet"]).contains("示例大槐树&lt;旁&gt;"));
}

#[test]
fn a_page_with_names_is_its_owners_file() {
    use std::os::unix::fs::PermissionsExt as _;
    let desk = Shell::new("", STATION, VILLAGE);
    let file = desk.path("rota.html");
    let said = desk.said(&[&WEEK[..], &["--out", &file.display().to_string()]].concat());
    assert!(said.is_empty() && std::fs::read_to_string(&file).expect("written").contains("示例乙"));
    assert_eq!(std::fs::metadata(&file).expect("there").permissions().mode() & 0o777, 0o600);
    assert!(!desk.run(&[&WEEK[..], &["--out", "/nowhere/x.html"]].concat()).status.success());
}

#[test]
fn what_the_sheet_tells_people_to_reply_is_understood() {
    for wish in Wish::ALL {
        let Some((reply, _)) = sheet::reply(*wish) else { continue };
        for lang in [Lang::Zh, Lang::En] {
            let said = reply::Said::read(reply.say(lang));
            let said = said.unwrap_or_else(|| panic!("{} is no answer", reply.say(lang)));
            assert_eq!((said.code, said.wish), (Code::new(17), *wish), "{}", reply.say(lang));
            assert!(is_one_message(reply.say(lang)));
        }
    }
}

#[tokio::test]
async fn a_week_and_a_sheet_are_one_side_of_paper_each() {
    if !installed(BROWSER) {
        return;
    }
    let desk = Shell::new("", STATION, VILLAGE);
    for lang in ["zh", "en"] {
        assert_eq!(sheets(&desk, &format!("rota-{lang}"), &[&WEEK[..], &["--lang", lang]].concat()).await, 1, "{lang}");
        let sheet = ["people", "sheet", "p1", "--lang", lang];
        assert_eq!(sheets(&desk, &format!("sheet-{lang}"), &sheet).await, 1, "{lang}");
        let all = ["people", "sheet", "--lang", lang];
        assert_eq!(sheets(&desk, &format!("sheets-{lang}"), &all).await, 5, "{lang}: one for each");
    }
    assert_eq!(sheets(&desk, "weeks", &[&WEEK[..], &["--weeks", "4", "--phones"]].concat()).await, 4);
}

#[tokio::test]
async fn a_crowded_week_and_somebody_called_first_for_many_still_fit() {
    if !installed(BROWSER) {
        return;
    }
    let mut village = VILLAGE.to_owned();
    for home in 10..19 {
        _ = write!(
            village,
            "[homes.x{home}]\nlabel = \"示例村二组 {home} 号\"\nlandmark = \"示例村口往北第三家\"\n\
             [residents.x{home}]\nname = \"示例\"\naddress_form = \"示例大爷\"\nhome = \"x{home}\"\nladder = \"usual\"\n"
        );
    }
    let crowded = "[shifts.evening]\nfrom = \"17:00\"\nuntil = \"22:00\"\ndaily = [\"p1\", \"p2\", \"p3\", \"desk\"]\n";
    let crowded = village.replace("[shifts.night]", &format!("{crowded}[shifts.night]"));
    let desk = Shell::new("", STATION, &crowded.replace("daily = [\"p2\"]", "daily = [\"p1\", \"p2\", \"p3\"]"));
    for lang in ["zh", "en"] {
        let rota = [&WEEK[..], &["--lang", lang]].concat();
        assert_eq!(sheets(&desk, &format!("crowded-rota-{lang}"), &rota).await, 1, "{lang}");
        let sheet = ["people", "sheet", "p1", "--lang", lang];
        assert_eq!(sheets(&desk, &format!("crowded-sheet-{lang}"), &sheet).await, 1, "{lang}");
    }
}
