//! A disk that takes nothing, from the start on: the gateway starts, people are told, the county is told that it is not
//! durable, the fault stands in the list; and when the disk is back it says so by itself and everything is written.

mod support;

use serde_json::Value;
use support::house::{House, buttons};
use support::{installed, until};

fn is_open(house: &House, condition: &str) -> bool {
    house
        .shell(&["alarms", "--json"])
        .as_array()
        .is_some_and(|open| open.iter().any(|one| one["id"].as_str().is_some_and(|id| id.contains(condition))))
}

fn help_call(house: &House, resident: &str) -> Option<Value> {
    let of = |alarm: &Value| alarm["condition"] == "help_call" && alarm["resident"] == resident;
    house.at_county("alarms").into_iter().find(of)
}

#[tokio::test]
async fn a_gateway_without_a_disk_watches_and_says_so_and_writes_it_all_when_the_disk_is_back() {
    if !installed("mosquitto") || !installed("prlimit") {
        return;
    }
    let mut house = House::build(&buttons(2)).await;
    house.start_console();
    house.start_gateway_and_wait().await;
    house.press("button_0001").await;
    until("the first call is at the county", || help_call(&house, "r0001").is_some()).await;
    house.stop_gateway();

    house.start_gateway_on_dead_disk();
    until("the gateway answers", || house.try_shell(&["status", "--json"]).is_some()).await;
    assert!(is_open(&house, "r0001.help_call"), "what was written before is known");
    house.press("button_0002").await;
    until("the second call is at the county", || help_call(&house, "r0002").is_some()).await;
    assert_eq!(help_call(&house, "r0002").expect("there")["durable"], false, "and is said not to be durable");
    assert!(is_open(&house, "station.disk_fault"));

    house.mend_disk();
    until("the fault ends by itself", || !is_open(&house, "station.disk_fault")).await;
    house.kill_gateway();
    house.start_gateway_and_wait().await;
    assert!(is_open(&house, "r0001.help_call") && is_open(&house, "r0002.help_call"), "both are in the log");
}
