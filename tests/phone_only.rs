//! The whole story of an alarm by telephone and text only: the real program, a modem at a port, and neither broker, county nor internet.

mod support;

use std::fmt::Write as _;
use std::net::SocketAddr;
use std::process::Command;
use std::time::Duration;

use jiff::Timestamp;
use jiff::civil::Date;
use jiff::tz::TimeZone;
use serde_json::Value;
use tempfile::TempDir;
use tokio::time::Instant;

use shouwang::config::village::proof;
use shouwang::core::alarm::AlarmId;
use shouwang::core::id::ResponderId;
use shouwang::private::Private;
use shouwang::relay::text::{Stands, Text};
use shouwang::sim::modem::{Modem, Mood, Network, Person};
use support::child::Guard;
use support::pty::PluggedModem;
use support::watch::{Watch, alarm, free_port, setracker};
use support::{until, until_within};

/// Everybody on the ladder, with a telephone that is nobody's.
const PEOPLE: [(&str, &str, &str); 3] =
    [("n-1", "neighbour", "13800000001"), ("g-1", "grid_worker", "13800000002"), ("desk", "duty_desk", "13800000003")];

const COUNTY: &str = "13800000012";

const CLOCKS: [&str; 9] =
    ["occurred", "detected", "committed", "first_notice_sent", "delivered", "seen", "accepted", "on_site", "closed"];

/// Of the second path: the text is out within this time of the press. Source: ARCHITECTURE, the second path.
const COUNTY_WITHIN: Duration = Duration::from_mins(1);

/// A station with nothing but a telephone.
struct Alone {
    folder: TempDir,
    gateway: Option<Guard>,
    watches: SocketAddr,
    plugged: PluggedModem,
}

impl Alone {
    async fn start() -> Self {
        Self::start_with("Asia/Shanghai", "").await
    }

    /// In that time zone, with more in the village file.
    async fn start_with(zone: &str, more: &str) -> Self {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let (watches, nobody) = (free_port(), free_port());
        std::fs::write(folder.path().join("shouwang.toml"), station(&folder, watches, nobody, zone)).expect("written");
        std::fs::write(folder.path().join("village.toml"), village() + more).expect("written");
        let mood = Mood { answers_ms: (1, 5), sends_ms: (100, 400), registers_after_s: Some(0), ..Mood::calm() };
        // The neighbour picks up, hears who calls, and presses no key.
        let picks_up = Person { answers_after_s: Some(2), hangs_up_after_s: Some(3), ..Person::silent() };
        let silent = || Person { fate: shouwang::sim::modem::Fate::Delivered(500), ..Person::silent() };
        let [(_, _, n), (_, _, g), (_, _, desk)] = PEOPLE;
        let network = Network::with([(n, picks_up), (g, silent()), (desk, silent()), (COUNTY, silent())]);
        let plugged = PluggedModem::plug(&folder.path().join("modem"), Modem::new(1, mood, network));
        let mut alone = Self { folder, gateway: None, watches, plugged };
        let log = alone.folder.path().join("gateway.log");
        let config = alone.config();
        let line = ["run", "--config", config.as_str()];
        alone.gateway = Some(Guard::start_logged(env!("CARGO_BIN_EXE_shouwang"), line, &log));
        let mut ended = false;
        until("the gateway answers or ends", || {
            ended = alone.gateway.as_mut().is_some_and(Guard::has_ended);
            ended || alone.shell(&["status", "--json"]).is_some()
        })
        .await;
        assert!(!ended, "the gateway ended by itself:\n{}", alone.log());
        alone
    }

    fn config(&self) -> String {
        self.folder.path().join("shouwang.toml").display().to_string()
    }

    fn log(&self) -> String {
        std::fs::read_to_string(self.folder.path().join("gateway.log")).unwrap_or_default()
    }

    /// A verb of the shell; its JSON, when it succeeds.
    fn shell(&self, verb: &[&str]) -> Option<Value> {
        let output =
            Command::new(env!("CARGO_BIN_EXE_shouwang")).args(verb).args(["--config", &self.config()]).output();
        let output = output.expect("the binary under test runs");
        output.status.success().then(|| serde_json::from_slice(&output.stdout).unwrap_or(Value::Null))
    }

    /// The help call, as the shell lists it.
    fn call(&self) -> Value {
        let alarms = self.shell(&["alarms", "--all", "--json"]).expect("the shell answers");
        let calls = alarms.as_array().into_iter().flatten().filter(|alarm| alarm["condition"] == "help_call");
        let calls: Vec<&Value> = calls.collect();
        assert!(calls.len() <= 1, "one press is one alarm: {calls:?}");
        calls.first().map_or(Value::Null, |call| (*call).clone())
    }

    fn texts_to(&self, number: &str) -> Vec<String> {
        self.plugged.modem().network().texts_to(number)
    }

    /// Waits for a text to that number that says this; gives it back.
    async fn text_with(&self, number: &str, words: &str) -> String {
        let find = || self.texts_to(number).into_iter().find(|text| text.contains(words));
        let mut found = None;
        until_within(Duration::from_mins(1), words, || {
            found = find();
            found.is_some()
        })
        .await;
        found.expect("just found")
    }

    /// Somebody answers by a text.
    fn writes(&self, number: &str, text: &str) {
        let now = self.plugged.now();
        self.plugged.modem().text_in(now, number, text);
    }
}

fn station(folder: &TempDir, watches: SocketAddr, nobody: SocketAddr, zone: &str) -> String {
    let folder = folder.path().display();
    format!(
        r#"
[station]
id = "test-station"
gateway = "test-gw"
zone = "{zone}"
village_file = "village.toml"
data_dir = "{folder}/data"
control_socket = "{folder}/control.sock"

[[source]]
id = "watches"
kind = "tcp"
listen = "{watches}"
format = "watch_setracker"

[county]
url = "mqtt://{nobody}"

[notices]
station_name = "示例站"
call_back = "13800000099"
county_text = "{COUNTY}"

[modem]
port = "{folder}/modem"

[store]
routine_block_s = 1
ballast_mib = 8
"#
    )
}

fn village() -> String {
    let mut text = String::new();
    for (who, role, number) in PEOPLE {
        let id: ResponderId = who.parse().expect("an id");
        let day = "2026-11-22".parse().expect("a day");
        let proven = proof::write(id, &Private::new(number.to_owned()), day);
        let _ = write!(
            text,
            "[responders.{who}]\nname = \"示例{who}\"\nphone = \"{number}\"\nproven = \"{proven}\"\nrole = \"{role}\"\n\n"
        );
    }
    text + r#"
[ladders.usual]
rungs = [{ call = ["n-1", "g-1"], wait_s = 120 }, { call = ["desk"], wait_s = 120 }]

[homes.h01]
label = "示例一组1号"
landmark = "示例大槐树旁"
rooms = ["bedroom"]

[residents.r01]
name = "示例老人"
address_form = "示例奶奶"
home = "h01"
ladder = "usual"

[devices.watch]
source = "watches"
address = "8000000001"
resident = "r01"
role = "sos"
"#
}

/// The two digits by which a notice is answered.
fn code_of(text: &str) -> String {
    let behind = text.split_once("去请回").expect("it says how to reply").1;
    behind.chars().take(2).collect()
}

#[tokio::test]
async fn without_link_and_internet_somebody_is_written_to_and_called_and_comes_and_the_county_knows() {
    let mut alone = Alone::start().await;
    let [(_, _, neighbour), (_, _, worker), _] = PEOPLE;
    let mut watch = Watch::connect(alone.watches).await;
    let pressed = (Instant::now(), alone.plugged.now());
    watch.say(setracker("8000000001", &alarm("00010000"))).await;

    let first = alone.text_with(neighbour, "示例奶奶").await;
    for part in ["紧急:", "求助", "起", "示例一组1号", "示例大槐树旁", "去请回", "去不了回"] {
        assert!(first.contains(part), "{part}: {first}");
    }
    until("the neighbour's telephone rings and is picked up", || {
        alone.plugged.modem().network().calls_to(neighbour).iter().any(|call| call.picked_up.is_some())
    })
    .await;
    until("picking up is seen, and not more", || !alone.call()["clocks"]["seen"].is_null()).await;
    assert_eq!(alone.call()["state"], "raised");

    let code = code_of(&alone.text_with(worker, "示例奶奶").await);
    for (answer, confirmed, state) in [
        ("我去", "已登记:您去示例奶奶家", "accepted"),
        ("到了", "已登记:您到了示例奶奶家", "on_site"),
        ("没事了", "已办结:示例奶奶", "closed"),
    ] {
        alone.writes(worker, &format!("{code} {answer}"));
        alone.text_with(worker, confirmed).await;
        assert_eq!(alone.call()["state"], state, "{answer}\n{}", alone.log());
    }

    let county = alone.text_with(COUNTY, "SW").await;
    let sent = alone.plugged.modem().network().parts.iter().find(|part| part.to == COUNTY).map(|part| part.at);
    let took = sent.expect("just found").since(pressed.1);
    let Ok(Text::Alarm(read)) = Text::read(&county) else { panic!("not read back: {county}") };
    let call = alone.call();
    let id: AlarmId = serde_json::from_value(call["id"].clone()).unwrap_or_else(|_| panic!("{}", call["id"]));
    assert_eq!((read.id, read.stands), (id, Stands::Raised));
    assert!(took <= COUNTY_WITHIN, "{took:?}");
    assert_eq!(alone.texts_to(COUNTY).len(), 1, "told once");

    for name in CLOCKS {
        assert!(!call["clocks"][name].is_null(), "{name}: {call}");
    }
    assert_eq!((&call["disposition"], &call["durable"]), (&Value::from("helped"), &Value::from(true)));
    assert!(call.to_string().contains("\"g-1\""), "by whom: {call}");
    println!(
        "county text after {:.1} s, the whole story {:.1} s",
        took.as_secs_f64(),
        pressed.0.elapsed().as_secs_f64()
    );
    alone.gateway.take().expect("it runs").stop();
    assert_eq!(names_somebody(&alone.folder.path().join("data")), None);
    assert!(PERSONAL.iter().all(|personal| !alone.log().contains(personal)), "{}", alone.log());
}

/// What nobody else may read of these people.
const PERSONAL: [&str; 4] = ["示例奶奶", "示例一组", "13800000001", "13800000002"];

/// Whether what is kept of it names somebody (CARE-RULES 29). The versions of the village file do, and lie in a folder of their own.
fn names_somebody(folder: &std::path::Path) -> Option<String> {
    let entries = std::fs::read_dir(folder).expect("a folder").map(|entry| entry.expect("readable").path());
    for path in entries.filter(|path| path.file_name().is_none_or(|name| name != "village.d")) {
        if path.is_dir() {
            if let Some(found) = names_somebody(&path) {
                return Some(found);
            }
            continue;
        }
        let bytes = std::fs::read(&path).unwrap_or_default();
        for personal in PERSONAL {
            if bytes.windows(personal.len()).any(|window| window == personal.as_bytes()) {
                return Some(format!("{personal} in {}", path.display()));
            }
        }
    }
    None
}

/// A zone in which it is the middle of the day, because nobody is asked by night; and the day that it is there.
fn where_it_is_noon() -> (String, Date) {
    let now = Timestamp::now();
    let hours = 12 - i32::from(now.to_zoned(TimeZone::UTC).hour());
    let zone = if hours <= 0 { format!("Etc/GMT+{}", -hours) } else { format!("Etc/GMT-{hours}") };
    let today = now.in_tz(&zone).expect("a zone of the database").date();
    (zone, today)
}

#[tokio::test]
async fn rule_24_who_is_away_is_asked_after_by_text_and_the_answer_stands_in_the_village_file() {
    let (zone, today) = where_it_is_noon();
    let tomorrow = today.tomorrow().expect("a day");
    let absence = format!(
        "\n[[absences]]\nresident = \"r01\"\nfrom = {today}\nuntil = {tomorrow}  # 走亲戚\ncontact = \"g-1\"\n"
    );
    let mut alone = Alone::start_with(&zone, &absence).await;
    let worker = PEOPLE[1].2;
    let asked = alone.text_with(worker, "外出快到期").await;
    let code: String = asked.split_once("请回").expect("it says how to reply").1.chars().take(2).collect();
    alone.writes(worker, &format!("{code} 2"));
    alone.text_with(worker, "再延7天").await;
    let later = tomorrow.saturating_add(jiff::Span::new().days(7));
    let file = alone.folder.path().join("village.toml");
    let wanted = format!("until = {later}  # 走亲戚");
    let read = || std::fs::read_to_string(&file).expect("the village file is there");
    until("the village file has the new end, and the comment behind it", || read().contains(&wanted)).await;
    until("the station has it", || {
        let status = alone.shell(&["status", "--json"]).expect("the shell answers");
        let until = status["away"]["r01"].as_i64().unwrap_or_default();
        Timestamp::from_millisecond(until).is_ok_and(|at| at.in_tz(&zone).is_ok_and(|at| at.date() == later))
    })
    .await;
    // A call for help is one, wherever they are; the way home is not said.
    let mut watch = Watch::connect(alone.watches).await;
    watch.say(setracker("8000000001", &alarm("00010000"))).await;
    let called = alone.text_with(worker, "求助").await;
    assert!(called.contains("登记外出") || called.contains("位置"), "{called}");
    alone.gateway.take().expect("it runs").stop();
    assert_eq!(names_somebody(&alone.folder.path().join("data")), None);
    assert!(PERSONAL.iter().all(|personal| !alone.log().contains(personal)), "{}", alone.log());
}
