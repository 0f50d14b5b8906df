//! `shouwang people` as an installer uses it: the list, and a telephone that is proven by the code that its owner reads out.

mod support;

use std::io::{Read as _, Write as _};

use serde_json::Value;
use shouwang::sim::modem::{Modem, Mood, Network, Person};
use support::pty::PluggedModem;
use support::shell::Shell;
use support::until;

const NUMBER: &str = "13800000001";

const VILLAGE: &str = r#"# 一份手写的名册 / written by hand
[homes.h1]
label = "示例一组 1 号"

[responders.p1]
name = "示例甲"
phone = "13800000001" # 手机 / mobile
role = "neighbour"
[responders.p2]
name = "示例乙"
phone = "13800000002"
role = "grid_worker"
[responders.p3]
name = "示例丙"
role = "village_doctor"
[responders.f1]
name = "示例丁"
role = "family"

[ladders.usual]
rungs = [{ call = ["p1"] }, { roles = ["grid_worker"] }]

[residents.r1]
name = "示例老人"
address_form = "示例奶奶"
home = "h1"
ladder = "usual"
"#;

/// A station, and one with a modem.
fn desk(modem: bool) -> Shell {
    let port = if modem { "[modem]\nport = \"{data}/modem\"\n" } else { "" };
    Shell::new("people", &format!("[notices]\nstation_name = \"示例站\"\n{port}"), VILLAGE)
}

#[test]
fn the_list_shows_who_is_proven_reachable_and_on_which_ladders() {
    let desk = desk(false);
    let zh = desk.said(&["list", "--lang", "zh"]);
    assert_eq!(
        zh,
        "f1 · 家属 · 只告知 · 没有电话 · 不在任何呼叫顺序里\n\
         p1 · 邻居 · 可联系 · 电话未验证 · 呼叫顺序: usual\n\
         p2 · 网格员 · 可联系 · 电话未验证 · 呼叫顺序: usual\n\
         p3 · 村医 · 没有电话 · 不在任何呼叫顺序里\n"
    );
    let named = desk.said(&["list", "--names", "--lang", "en"]);
    assert!(named.contains("示例甲 (p1) · neighbour · reachable · telephone not proven · ladders: usual"), "{named}");
    assert!(!named.contains("1380000"), "telephones are never shown");
    let rows: Value = serde_json::from_str(&desk.said(&["list", "--json"])).expect("JSON");
    let p1 = &rows["people"][1];
    assert_eq!((&p1["id"], &p1["is_proven"], &p1["ladders"][0]), (&"p1".into(), &false.into(), &"usual".into()));
    assert!(p1.get("name").is_none());
}

#[tokio::test]
async fn rule_20_a_telephone_is_proven_by_the_code_that_its_owner_reads_out() {
    let desk = desk(true);
    let mood = Mood { answers_ms: (1, 5), sends_ms: (20, 60), registers_after_s: Some(0), boots_s: 1, ..Mood::calm() };
    let network = Network::with([(NUMBER, Person::silent())]);
    let plugged = PluggedModem::plug(&desk.path("modem"), Modem::new(1, mood, network));
    let _gateway = desk.start();
    let texts = || plugged.modem().network().texts_to(NUMBER);
    until("the gateway sends the code", || desk.run(&["prove", "p1", "--lang", "zh"]).status.success()).await;
    until("the code has arrived", || !texts().is_empty()).await;
    let text = texts().pop().expect("a text");
    let code = text.split_once("请把").and_then(|(_, rest)| rest.get(..4)).expect("the code").to_owned();
    assert_eq!(text, format!("示例站登记值守电话,与钱无关:请把{code}念给站里的人,10分钟内有效"));

    let other = if code == "0000" { "0001" } else { "0000" };
    assert!(desk.refused(&["prove", "p1", other, "--lang", "zh"]).contains("还可以试 4 次"));
    assert!(desk.refused(&["prove", "p2", &code, "--lang", "zh"]).contains("没有有效的验证码"));
    assert!(desk.refused(&["prove", "p3", "--lang", "zh"]).contains("没有电话"));
    assert!(desk.refused(&["prove", "p9", "--lang", "zh"]).contains("没有这个响应人编号"));
    assert_eq!(desk.village(), VILLAGE);

    let said = desk.said(&["prove", "p1", &code, "--by", "p2", "--lang", "zh"]);
    assert!(said.contains("电话已验证: p1") && said.contains("已生效"), "{said}");
    let village = desk.village();
    let proof = village.lines().find(|line| line.starts_with("proven = ")).expect("a proof").to_owned();
    let line = "phone = \"13800000001\" # 手机 / mobile\n";
    assert_eq!(village, VILLAGE.replace(line, &format!("{line}{proof}\n")), "every other byte stays");
    assert!(desk.said(&["list", "--lang", "zh"]).contains("p1 · 邻居 · 可联系 · 电话已验证 · 呼叫顺序: usual\n"));
    assert!(desk.refused(&["prove", "p1", &code, "--lang", "zh"]).contains("没有有效的验证码"), "it is spent");
    let history = std::fs::read_to_string(desk.path("data/village.d/history.jsonl")).expect("reads");
    let newest: Value = serde_json::from_str(history.lines().last().expect("a line")).expect("JSON");
    assert_eq!((&newest["by"], &newest["did"]), (&Value::from("p2"), &Value::from("prove")));
    let log = std::fs::read_to_string(desk.path("journal")).expect("reads");
    assert!(!log.contains(&code) && !log.contains(NUMBER), "neither stands in the log");
}

#[tokio::test]
async fn without_a_modem_no_code_is_sent_and_it_is_said_why() {
    let desk = desk(false);
    let _gateway = desk.start();
    until("the gateway answers", || desk.refused(&["prove", "p1", "--lang", "en"]).contains("No modem is configured"))
        .await;
    // An edit that nobody read a code back for does not come in over the socket.
    let mut socket = std::os::unix::net::UnixStream::connect(desk.path("s")).expect("connects");
    let edit = format!("{{\"ask\":\"edit\",\"edit\":{{\"edit\":\"prove\",\"who\":\"p1\",\"phone\":\"{NUMBER}\"}}}}\n");
    socket.write_all(edit.as_bytes()).expect("writes");
    let mut answer = String::new();
    socket.read_to_string(&mut answer).expect("reads");
    assert!(answer.contains("could not be read"), "{answer}");
    assert_eq!(desk.village(), VILLAGE);
}
