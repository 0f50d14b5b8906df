//! From a box on the table to a file of frames: beside a running gateway, without one, and of a port nobody knows.

mod support;

use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::process::{Child, Command};

use serde_json::Value;
use support::house::{Enrolled, House};
use support::hub::Hub;
use support::{installed, until, until_found};

fn belt() -> Vec<Enrolled> {
    let (id, address, resident) = ("belt".into(), "belt-7".into(), "r01".into());
    vec![Enrolled { id, source: "hub", address, resident, role: "sos" }]
}

/// Begins to record, into a file of the house.
fn record(house: &House, what: &[&str], into: &Path) -> Child {
    let config = house.path("shouwang.toml");
    let mut command = Command::new(env!("CARGO_BIN_EXE_shouwang"));
    command.arg("record").args(what).arg(into).arg("--config").arg(config);
    command.spawn().expect("the binary under test runs")
}

fn frames(path: &Path) -> Vec<Value> {
    let text = std::fs::read_to_string(path).unwrap_or_default();
    text.lines().filter_map(|line| serde_json::from_str(line).ok()).collect()
}

/// What `decode` makes of a recording.
fn decoded(format: &str, path: &Path) -> Vec<Value> {
    let output = Command::new(env!("CARGO_BIN_EXE_shouwang")).args(["decode", format]).arg(path).output();
    let output = output.expect("the binary under test runs");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8_lossy(&output.stdout).lines().map(|line| serde_json::from_str(line).expect("JSON")).collect()
}

#[tokio::test]
async fn a_running_gateway_records_while_it_watches() {
    if !installed("mosquitto") || !installed("socat") {
        return;
    }
    let mut house = House::build(&belt()).await;
    let mut hub = Hub::plug(&house.path("hub")).await;
    house.start_gateway_and_wait().await;
    until("the hub's port is open", || {
        house.try_shell(&["status", "--json"]).is_some_and(|status| status["sources"]["hub"] == true)
    })
    .await;
    let file = house.path("hub.jsonl");
    let mut recording = record(&house, &["--source", "hub", "--seconds", "2"], &file);
    until("the frame is recorded", || {
        hub.say("rst:0x1 (POWERON_RESET)\n{\"d\":\"belt-7\",\"k\":\"sos\",\"v\":true}\n");
        frames(&file).len() >= 2
    })
    .await;
    assert!(recording.wait().expect("it ends").success());
    assert_eq!(std::fs::metadata(&file).expect("the file").permissions().mode() & 0o777, 0o600);
    let all = decoded("json_lines", &file);
    assert!(all.iter().any(|line| line["readings"][0]["kind"] == "sos"), "{all:?}");
    assert!(all.iter().any(|line| line["error"] == "not a frame of this format"), "noise is recorded too: {all:?}");
    until("the press raised its alarm meanwhile", || {
        house
            .shell(&["alarms", "--json"])
            .as_array()
            .is_some_and(|open| open.iter().any(|alarm| alarm["condition"] == "help_call"))
    })
    .await;
    let unknown = record(&house, &["--source", "nowhere", "--seconds", "1"], &file).wait().expect("it ends");
    assert!(!unknown.success());
}

#[tokio::test]
async fn without_a_gateway_the_source_is_opened_and_so_is_a_port_of_an_unknown_format() {
    if !installed("mosquitto") || !installed("socat") {
        return;
    }
    let house = House::build(&belt()).await;
    let mut hub = Hub::plug(&house.path("hub")).await;
    let (known, unknown) = (house.path("known.jsonl"), house.path("unknown.jsonl"));
    let mut recording = record(&house, &["--source", "hub", "--seconds", "2"], &known);
    until("the frame is recorded", || {
        hub.say("{\"d\":\"bed-3\",\"k\":\"bed\",\"v\":true}\n");
        !frames(&known).is_empty()
    })
    .await;
    assert!(recording.wait().expect("it ends").success());
    assert_eq!(decoded("json_lines", &known)[0]["readings"][0]["kind"], "bed");

    let port = house.path("hub");
    let mut recording =
        record(&house, &["--port", port.to_str().expect("text"), "--baud", "9600", "--seconds", "2"], &unknown);
    until("the stretch is recorded", || {
        hub.say(b"\xf4\xf3\xf2\xf1");
        frames(&unknown).iter().any(|frame| frame["input_hex"].as_str().is_some_and(|hex| hex.contains("f4f3f2f1")))
    })
    .await;
    assert!(recording.wait().expect("it ends").success());
}

#[tokio::test]
async fn a_broker_is_recorded_with_its_topics_and_keeps_no_session() {
    if !installed("mosquitto") {
        return;
    }
    let house = House::build(&belt()).await;
    let file = house.path("zigbee.jsonl");
    let mut recording = record(&house, &["--source", "zigbee", "--seconds", "3"], &file);
    until_found("the press is recorded", async || {
        house.press("示例按钮").await;
        (!frames(&file).is_empty()).then_some(())
    })
    .await;
    assert!(recording.wait().expect("it ends").success());
    let heard = frames(&file);
    assert_eq!(heard[0]["topic"], "zigbee2mqtt/示例按钮");
    assert_eq!(decoded("zigbee2mqtt", &file)[0]["fields"]["address"], "示例按钮");
}
