//! Enrolment over a running station: a stranger becomes a device, is replaced and removed, without a restart.

mod support;

use std::os::unix::fs::PermissionsExt as _;

use rumqttc::v5::mqttbytes::QoS;
use serde_json::Value;
use support::house::{Enrolled, House};
use support::player::Player;
use support::{installed, until};

fn devices() -> Vec<Enrolled> {
    let device = |id: &str, address: &str, resident: &str| Enrolled {
        id: id.into(),
        source: "zigbee",
        address: address.into(),
        resident: resident.into(),
        role: "sos",
    };
    vec![device("d001", "button-1", "r01"), device("d002", "button-2", "r02")]
}

fn open<'a>(alarms: &'a Value, condition: &str, subject: &str) -> Option<&'a Value> {
    alarms.as_array()?.iter().find(|alarm| {
        alarm["id"].as_str().is_some_and(|id| id.contains(&format!("{subject}.")) && id.ends_with(condition))
    })
}

fn onsets(house: &House, condition: &str, subject: &str) -> u64 {
    let alarms = house.shell(&["alarms", "--json"]);
    open(&alarms, condition, subject).and_then(|alarm| alarm["onsets"].as_u64()).unwrap_or(0)
}

async fn until_onsets(house: &House, condition: &str, subject: &str, count: u64) {
    let what = format!("{condition} of {subject} was found {count} times");
    until(&what, || onsets(house, condition, subject) == count).await;
}

fn heard(house: &House, address: &str) -> Option<Value> {
    let rows = house.shell(&["devices", "heard", "--json"]);
    rows.as_array()?.iter().find(|row| row["address"] == address).cloned()
}

async fn until_heard(house: &House, address: &str, count: u64) {
    until("the station has heard it", || heard(house, address).is_some_and(|row| row["count"] == count)).await;
}

#[tokio::test]
async fn a_stranger_is_enrolled_replaced_and_removed_without_a_restart() {
    if !installed("mosquitto") {
        return;
    }
    let mut house = House::build(&devices()).await;
    house.start_gateway_and_wait().await;
    until("the source is up", || house.shell(&["status", "--json"])["sources"]["zigbee"] == true).await;
    let before = std::fs::read_to_string(house.path("village.toml")).expect("reads");
    let revision = house.shell(&["status", "--json"])["village"].clone();

    house.press("0xNEW").await;
    until_heard(&house, "0xNEW", 1).await;
    assert_eq!(heard(&house, "0xNEW").expect("heard")["device"], Value::Null);
    assert_eq!(onsets(&house, "help_call", "resident-r01"), 0, "a stranger raises no alarm");

    let answer = house.shell(&[
        "devices",
        "enrol",
        "0xnew",
        "--resident",
        "r01",
        "--room",
        "bedroom",
        "--role",
        "sos",
        "--by",
        "n-1",
        "--json",
    ]);
    assert_eq!(answer["changed"]["device"], "d003");
    assert_eq!(
        (&answer["changed"]["in_force"], &answer["changed"]["change"]["by"]),
        (&Value::from(true), &Value::from("n-1"))
    );
    let after = std::fs::read_to_string(house.path("village.toml")).expect("reads");
    assert!(after.starts_with(&before) && after.contains("address = \"0xNEW\""), "as it was heard: {after}");
    assert_ne!(house.shell(&["status", "--json"])["village"], revision);
    house.press("0xNEW").await;
    until_onsets(&house, "help_call", "resident-r01", 1).await;
    assert_eq!(heard(&house, "0xNEW").expect("heard")["device"], "d003");

    let answer = house.shell(&["devices", "replace", "d003", "0xNEWER", "--source", "zigbee", "--json"]);
    assert_eq!((&answer["changed"]["device"], &answer["changed"]["former"]), (&"d003".into(), &"d003-1".into()));
    house.press("0xNEW").await;
    until_onsets(&house, "stranger_call", "device-d003-1", 1).await;
    assert_eq!(onsets(&house, "help_call", "resident-r01"), 1, "what was taken down calls for nobody");

    let answer = house.shell(&["devices", "remove", "d002", "--json"]);
    assert_eq!(answer["changed"]["change"]["removed"][0], "d002");
    house.press("button-2").await;
    until_onsets(&house, "stranger_call", "device-d002", 1).await;
    assert_eq!(onsets(&house, "help_call", "resident-r02"), 0);

    stands_over_a_restart(&mut house).await;
    until("the source is up", || house.shell(&["status", "--json"])["sources"]["zigbee"] == true).await;
    house.press("0xNEWER").await;
    until_onsets(&house, "help_call", "resident-r01", 2).await;
    nothing_private_is_told(&house);
    versions_are_kept(&house, 4);
}

async fn stands_over_a_restart(house: &mut House) {
    let alarms = house.shell(&["alarms", "--json"]);
    let village = house.shell(&["status", "--json"])["village"].clone();
    house.stop_gateway();
    house.start_gateway_and_wait().await;
    assert_eq!(house.shell(&["status", "--json"])["village"], village);
    for (condition, subject) in
        [("help_call", "resident-r01"), ("stranger_call", "device-d003-1"), ("stranger_call", "device-d002")]
    {
        let now = house.shell(&["alarms", "--json"]);
        let id = |alarms: &Value| open(alarms, condition, subject).map(|alarm| alarm["id"].clone());
        assert_eq!(id(&now), id(&alarms), "{condition} of {subject} stands as before");
    }
}

fn nothing_private_is_told(house: &House) {
    let log = std::fs::read_to_string(house.path("gateway.log")).expect("reads");
    assert!(log.contains("another list of the village") && log.contains("d003"), "{log}");
    for private in ["0xNEW", "button-2", "示例老人"] {
        assert!(!log.contains(private), "{private} stands in the log");
    }
}

fn versions_are_kept(house: &House, count: usize) {
    let folder = house.path("data/village.d");
    assert_eq!(std::fs::metadata(&folder).expect("is there").permissions().mode() & 0o077, 0);
    let mut snapshots = 0;
    for entry in std::fs::read_dir(&folder).expect("lists") {
        let entry = entry.expect("reads");
        assert_eq!(entry.metadata().expect("looks").permissions().mode() & 0o777, 0o600);
        snapshots += usize::from(entry.file_name().to_string_lossy().ends_with(".toml"));
    }
    assert_eq!(snapshots, count);
    let history = std::fs::read_to_string(folder.join("history.jsonl")).expect("reads");
    let did: Vec<Value> = history.lines().map(|line| serde_json::from_str(line).expect("JSON")).collect();
    let did: Vec<&str> = did.iter().filter_map(|line| line["did"].as_str()).collect();
    assert_eq!(did, ["start", "enrol", "replace", "remove"]);
}

#[tokio::test]
async fn a_file_that_was_edited_by_hand_is_taken_over_whole_or_not_at_all() {
    if !installed("mosquitto") {
        return;
    }
    let mut house = House::build(&devices()).await;
    house.start_gateway_and_wait().await;
    until("the source is up", || house.shell(&["status", "--json"])["sources"]["zigbee"] == true).await;
    let county = Player::join(house.county.port(), &["sw/1/test-station/test-gw/#"]).await;
    house.press("button-2").await;
    until_onsets(&house, "help_call", "resident-r02", 1).await;
    let file = house.path("village.toml");
    let text = std::fs::read_to_string(&file).expect("reads");
    assert_eq!(
        house.shell(&["village", "reload", "--json"])["same"]["revision"],
        house.shell(&["status", "--json"])["village"]
    );

    let moved = text.replacen("home = \"h-r02\"\n", "home = \"h-r02\"\nservice = \"moved\"\n", 1);
    let wrong = moved.replace("role = \"sos\"", "role = \"sooos\"");
    std::fs::write(&file, &wrong).expect("writes");
    assert!(!house.run_shell(&["village", "reload"]).status.success());
    let status = house.shell(&["status", "--json"]);
    assert_eq!(status["village_refused"][0]["what"], "unknown_word");
    assert!(status["residents"]["r02"].is_array(), "the list before it stays in force");

    std::fs::write(&file, &moved).expect("writes");
    house.hang_up_gateway();
    until("the new list is in force", || house.shell(&["status", "--json"])["residents"]["r02"].is_null()).await;
    assert_eq!(house.shell(&["status", "--json"])["village_refused"], Value::Null);
    let rows = house.shell(&["devices", "--json"]);
    let free = rows.as_array().expect("a list").iter().find(|row| row["id"] == "d002").expect("it is listed");
    assert_eq!(free["free"], true);
    // Another press than the one before: a copy of that would be taken for one.
    let single = br#"{"action":"single","linkquality":120}"#.to_vec();
    house.local.publish("zigbee2mqtt/button-2", QoS::AtLeastOnce, false, single).await;
    until_onsets(&house, "stranger_call", "device-d002", 1).await;
    assert_eq!(onsets(&house, "help_call", "resident-r02"), 1, "it stays open, for somebody to say how it ended");
    for topic in ["dev/d002", "resident/r02"] {
        let topic = format!("sw/1/test-station/test-gw/{topic}");
        until("what the broker kept of it is cleared", || {
            let told = county.heard();
            let last = told.iter().rfind(|heard| heard.publish.topic == topic.as_bytes());
            last.is_some_and(|heard| heard.publish.payload.is_empty())
        })
        .await;
    }
}

#[tokio::test]
async fn without_a_running_station_the_file_is_changed_for_the_next_start() {
    if !installed("mosquitto") {
        return;
    }
    let mut house = House::build(&devices()).await;
    house.start_gateway_and_wait().await;
    house.stop_gateway();
    let text = std::fs::read_to_string(house.path("village.toml")).expect("reads");
    let wrong = ["devices", "enrol", "0xNEW", "--source", "zigbee", "--resident", "r09", "--role", "sos"];
    let refused = house.run_shell(&wrong);
    assert!(!refused.status.success() && String::from_utf8_lossy(&refused.stderr).contains("r01, r02"));
    assert_eq!(std::fs::read_to_string(house.path("village.toml")).expect("reads"), text);

    let answer = house.shell(&["devices", "replace", "d001", "0xNEW", "--source", "zigbee", "--json"]);
    assert_eq!((&answer["changed"]["device"], &answer["changed"]["in_force"]), (&"d001".into(), &false.into()));
    house.start_gateway_and_wait().await;
    let log = std::fs::read_to_string(house.path("data/village.d/history.jsonl")).expect("reads");
    let last: Value = serde_json::from_str(log.lines().last().expect("a line")).expect("JSON");
    assert_eq!((&last["did"], &last["in_force"]), (&"start".into(), &true.into()));
    assert!(last["devices"].as_array().is_some_and(|devices| devices.contains(&"d001".into())), "{last}");
    until("the source is up", || house.shell(&["status", "--json"])["sources"]["zigbee"] == true).await;
    house.press("0xNEW").await;
    until_onsets(&house, "help_call", "resident-r01", 1).await;
}

#[tokio::test]
async fn a_swap_is_taken_over_by_the_running_station() {
    if !installed("mosquitto") {
        return;
    }
    let mut house = House::build(&devices()).await;
    let file = house.path("village.toml");
    let people = "[responders.v1]\nname = \"示例\"\nrole = \"neighbour\"\n[responders.v2]\nname = \"示例\"\nrole = \"neighbour\"\n";
    let shift = "[shifts.night]\nfrom = \"20:00\"\nuntil = \"08:00\"\ndaily = [\"v1\"]\n";
    let before = std::fs::read_to_string(&file).expect("reads") + people + shift;
    std::fs::write(&file, &before).expect("writes");
    house.start_gateway_and_wait().await;
    let answer = house.shell(&["rota", "swap", "2099-12-03", "night", "v1", "v2", "--by", "n-1", "--json"]);
    assert_eq!(answer["changed"]["in_force"], true, "{answer}");
    assert_eq!(answer["changed"]["change"]["did"], "swap");
    assert!(std::fs::read_to_string(&file).expect("reads").starts_with(&before), "what people wrote stays");
    let again = house.run_shell(&["rota", "swap", "2099-12-03", "night", "v1", "v2", "--lang", "zh"]);
    let said = String::from_utf8_lossy(&again.stderr);
    assert!(!again.status.success() && said.contains("没有排这个人"), "{said}");
    let shown = house.shell(&["rota", "show", "--from", "2099-12-03", "--days", "1", "--json"]);
    assert_eq!(shown["days"][0]["shifts"][0]["on_duty"][0]["who"], "v2");
}
