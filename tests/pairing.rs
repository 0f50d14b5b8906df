//! Letting newcomers in, against a real broker and a bridge that answers as zigbee2mqtt does.

mod support;

use std::process::{Child, Command, Output, Stdio};
use std::sync::{Arc, Mutex};

use rumqttc::v5::mqttbytes::QoS;
use rumqttc::v5::mqttbytes::v5::Publish;
use rustix::process::{Pid, Signal, kill_process};
use serde_json::{Value, json};
use support::house::{House, buttons};
use support::player::{Player, Reply};
use support::{installed, soon, until};

const REQUEST: &str = "zigbee2mqtt/bridge/request/permit_join";

/// What the bridge was asked, in order.
type Wishes = Arc<Mutex<Vec<Value>>>;

/// A bridge that says yes, or `refuses`.
async fn bridge(house: &House, refuses: bool) -> (Player, Wishes) {
    let wishes = Wishes::default();
    let noted = Arc::clone(&wishes);
    let answer = move |publish: &Publish| -> Reply {
        let wish: Value = serde_json::from_slice(&publish.payload).expect("the request is JSON");
        noted.lock().expect("not poisoned").push(wish.clone());
        let mut answer =
            json!({ "status": "ok", "data": { "time": wish["time"] }, "transaction": wish["transaction"] });
        if refuses {
            answer =
                json!({ "status": "error", "error": "no adapter", "data": {}, "transaction": wish["transaction"] });
        }
        Some(("zigbee2mqtt/bridge/response/permit_join".to_owned(), answer.to_string().into_bytes()))
    };
    (Player::join_replying(house.local.port(), QoS::AtLeastOnce, &[REQUEST], answer).await, wishes)
}

async fn event(house: &House, kind: &str, data: Value) {
    let payload = json!({ "type": kind, "data": data }).to_string();
    house.local.publish("zigbee2mqtt/bridge/event", QoS::AtLeastOnce, false, payload).await;
}

fn pair(house: &House) -> Child {
    let config = house.path("shouwang.toml");
    let mut command = Command::new(env!("CARGO_BIN_EXE_shouwang"));
    command.args(["devices", "pair", "--source", "zigbee", "--minutes", "2", "--json", "--config"]).arg(config);
    command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("the binary under test runs")
}

/// A running house whose bridge was opened from a shell.
async fn opened() -> (House, Player, Wishes, Child) {
    let mut house = House::build(&buttons(1)).await;
    let (bridge, wishes) = bridge(&house, false).await;
    house.start_gateway_and_wait().await;
    let shell = pair(&house);
    until("the bridge is asked to open", || times(&wishes) == [120]).await;
    (house, bridge, wishes, shell)
}

/// Waits aside, because the bridge lives on this thread.
async fn ended(shell: Child) -> Output {
    let output = tokio::task::spawn_blocking(move || shell.wait_with_output());
    soon("the shell ends", output).await.expect("it is waited for").expect("it ends")
}

fn times(wishes: &Wishes) -> Vec<u64> {
    wishes.lock().expect("not poisoned").iter().filter_map(|wish| wish["time"].as_u64()).collect()
}

#[tokio::test]
async fn a_newcomer_is_seen_to_arrive_and_the_bridge_is_closed_behind_it() {
    if !installed("mosquitto") {
        return;
    }
    let (house, _bridge, wishes, shell) = opened().await;
    assert_eq!(wishes.lock().expect("not poisoned")[0]["value"], true, "version 1 wants it");

    let name = "0x00158d0001aabbcc";
    event(&house, "device_joined", json!({ "friendly_name": name, "ieee_address": name })).await;
    event(&house, "device_interview", json!({ "friendly_name": name, "status": "started" })).await;
    let definition = json!({ "model": "TS0215A_sos", "vendor": "Tuya" });
    let known = json!({ "friendly_name": name, "status": "successful", "supported": true, "definition": definition });
    event(&house, "device_interview", known).await;

    until("the station has seen it come", || {
        let log = std::fs::read_to_string(house.path("gateway.log")).unwrap_or_default();
        log.contains("stage=ready")
    })
    .await;
    kill_process(Pid::from_child(&shell), Signal::INT).expect("the shell runs");
    until("the bridge is asked to close", || times(&wishes) == [120, 0]).await;
    let output = ended(shell).await;
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let said = String::from_utf8_lossy(&output.stdout);
    let last: Value = serde_json::from_str(said.lines().last().expect("it was shown")).expect("JSON");
    assert_eq!(last, json!({ "address": name, "stage": "ready", "model": "TS0215A_sos" }));
    let log = std::fs::read_to_string(house.path("gateway.log")).expect("reads");
    assert!(!log.contains(name), "its address is not logged");
}

#[tokio::test]
async fn a_bridge_that_refuses_or_does_not_answer_is_told_with_its_reason() {
    if !installed("mosquitto") {
        return;
    }
    let mut house = House::build(&buttons(1)).await;
    house.start_gateway_and_wait().await;
    let silent = ended(pair(&house)).await;
    assert!(!silent.status.success());
    let said = String::from_utf8_lossy(&silent.stderr);
    assert!(said.contains("is zigbee2mqtt running"), "{said}");

    let (_bridge, _wishes) = bridge(&house, true).await;
    let refused = ended(pair(&house)).await;
    let said = String::from_utf8_lossy(&refused.stderr);
    assert!(!refused.status.success() && said.contains("no adapter"), "{said}");
}

#[tokio::test]
async fn a_station_that_ends_closes_the_bridge() {
    if !installed("mosquitto") {
        return;
    }
    let (house, _bridge, wishes, shell) = opened().await;
    until("the station knows that it is open", || {
        std::fs::read_to_string(house.path("gateway.log")).unwrap_or_default().contains("open for newcomers")
    })
    .await;
    house.ask_gateway_to_end();
    until("the bridge is asked to close", || times(&wishes) == [120, 0]).await;
    ended(shell).await;
}
