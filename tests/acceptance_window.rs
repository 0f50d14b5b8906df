//! Killed between an impact and the end of its window: still raised at the right moment; rung times survive.

mod support;

use serde_json::Value;
use support::house::{Enrolled, House};
use support::hub::Hub;
use support::{installed, until};

/// Without a prompt in the home a confirmed fall is raised after this. Source: CARE-RULES, table D.
const WINDOW_MS: u64 = 15_000;

fn fall(house: &House) -> Option<Value> {
    let alarms = house.try_shell(&["alarms", "--json"])?;
    alarms.as_array()?.iter().find(|alarm| alarm["condition"] == "fall_confirmed").cloned()
}

#[tokio::test]
async fn killed_inside_the_window_it_is_raised_at_the_right_second_and_the_ladder_goes_on() {
    if !installed("mosquitto") || !installed("socat") {
        return;
    }
    let belt =
        Enrolled { id: "belt".into(), source: "hub", address: "belt-7".into(), resident: "r01".into(), role: "fall" };
    let mut house = House::build(&[belt]).await;
    let mut hub = Hub::plug(&house.path("hub")).await;
    house.start_gateway_and_wait().await;
    until("the hub's port is open", || house.shell(&["status", "--json"])["sources"]["hub"] == true).await;
    hub.say("{\"d\":\"belt-7\",\"k\":\"fall\",\"v\":\"confirmed\"}\n");
    until("the window is open", || fall(&house).is_some_and(|alarm| alarm["state"] == "pre_alarm")).await;
    let asked = fall(&house).expect("an open alarm");
    let until_ms = asked["standing"]["until"].as_u64().expect("the end of the window");
    let onset_ms = asked["clocks"]["detected"]["mono"].as_u64().expect("detected");
    assert_eq!(until_ms - onset_ms, WINDOW_MS);

    house.kill_gateway();
    house.start_gateway_and_wait().await;
    let after = fall(&house).expect("the alarm survived");
    assert_eq!(after["standing"]["until"], asked["standing"]["until"], "the window ends when it would have");
    until("it is raised", || fall(&house).is_some_and(|alarm| alarm["state"] == "raised")).await;
    let raised = fall(&house).expect("an open alarm");
    let climb = &raised["standing"]["climb"];
    let since = climb["since"].as_u64().expect("when the ladder began");
    assert!((until_ms..until_ms + 1_000).contains(&since), "raised {} ms after the window's end", since - until_ms);

    house.kill_gateway();
    house.start_gateway_and_wait().await;
    let again = fall(&house).expect("the alarm survived");
    assert_eq!((&again["standing"], &again["rev"]), (&raised["standing"], &raised["rev"]), "rung times survive");
}
