//! The whole way, on real input: from a pressed button to the county's receipt, and to a named person's last word.

mod support;

use serde_json::Value;
use support::house::{Enrolled, House};
use support::hub::Hub;
use support::{installed, until};

const CLOCKS: [&str; 9] =
    ["occurred", "detected", "committed", "first_notice_sent", "delivered", "seen", "accepted", "on_site", "closed"];

fn devices() -> Vec<Enrolled> {
    vec![
        Enrolled {
            id: "button".into(),
            source: "zigbee",
            address: "group/wang button".into(),
            resident: "r01".into(),
            role: "sos",
        },
        Enrolled { id: "belt".into(), source: "hub", address: "belt-7".into(), resident: "r02".into(), role: "sos" },
    ]
}

fn alarm_of<'a>(alarms: &'a [Value], resident: &str) -> Option<&'a Value> {
    alarms.iter().find(|alarm| alarm["resident"] == resident && alarm["condition"] == "help_call")
}

#[tokio::test]
async fn a_press_and_a_serial_line_reach_the_county_and_are_closed_by_name() {
    if !installed("mosquitto") || !installed("socat") {
        return;
    }
    let mut house = House::build(&devices()).await;
    let mut hub = Hub::plug(&house.path("hub")).await;
    house.start_console();
    house.start_gateway_and_wait().await;

    house.press("group/wang button").await;
    until("the hub's port is open", || {
        house.try_shell(&["status", "--json"]).is_some_and(|status| status["sources"]["hub"] == true)
    })
    .await;
    hub.say("{\"d\":\"belt-7\",\"k\":\"sos\",\"v\":true}\n");

    for resident in ["r01", "r02"] {
        until("the alarm is in the county's database", || {
            alarm_of(&house.at_county("alarms"), resident).is_some_and(|alarm| alarm["state"] == "raised")
        })
        .await;
    }
    until("the county has receipted everything", || {
        let lanes = &house.shell(&["status", "--json"])["lanes"]["alarm"];
        lanes[0].as_u64() > Some(1) && lanes[0] == lanes[1]
    })
    .await;

    for resident in ["r01", "r02"] {
        let unique = format!("resident-{resident}.help_call");
        house.shell(&["alarms", "accept", &unique, "--by", "n-1", "--json"]);
        house.shell(&["alarms", "onsite", &unique, "--by", "n-1", "--json"]);
        house.shell(&["alarms", "close", &unique, "--by", "n-1", "--as", "helped", "--json"]);
        until("the county knows how it ended", || {
            alarm_of(&house.at_county("alarms"), resident).is_some_and(|alarm| alarm["state"] == "closed")
        })
        .await;
    }
    for alarm in house.at_county("alarms").iter().filter(|alarm| alarm["condition"] == "help_call") {
        let clocks = alarm["clocks"].as_object().expect("the clocks are an object");
        for name in CLOCKS {
            let clock = clocks.get(name).unwrap_or_else(|| panic!("{name} is in the record"));
            let told = ["first_notice_sent", "delivered", "seen"].contains(&name);
            assert_eq!(clock.is_null(), told, "{name}: {clock}");
        }
        assert_eq!((&alarm["disposition"], &alarm["durable"]), (&Value::from("helped"), &Value::from(true)));
    }
    let open = house.shell(&["alarms", "--json"]);
    assert!(open.as_array().is_some_and(|open| open.iter().all(|alarm| alarm["priority"] == "technical")));
}

#[tokio::test]
async fn the_county_commands_and_cannot_quiet_a_village() {
    if !installed("mosquitto") {
        return;
    }
    let mut house = House::build(&devices()).await;
    house.start_console();
    house.start_gateway_and_wait().await;
    house.press("group/wang button").await;
    until("the alarm is in the county's database", || alarm_of(&house.at_county("alarms"), "r01").is_some()).await;
    let id = alarm_of(&house.at_county("alarms"), "r01").and_then(|alarm| alarm["id"].as_str().map(str::to_owned));
    let id = id.expect("an alarm has an id");

    let close = |conversation: &str| {
        let close = ["close", "--alarm", &id, "--disposition", "no_help_needed", "--conversation", conversation];
        house.county_sends(&close)
    };
    assert_eq!(close("")["answer"], "noted", "without a conversation it is kept as a note");
    assert_eq!(house.county_sends(&["acknowledge", "--alarm", &id])["answer"], "done");
    assert_eq!(house.county_sends(&["query"])["alarms"][0]["state"], "raised", "the village's ladder goes on");
    assert_eq!(house.county_sends(&["drill", "--resident", "r02"])["answer"], "done");
    until("the drill is at the county, and says so", || {
        house.at_county("alarms").iter().any(|alarm| alarm["resident"] == "r02" && alarm["drill"] == true)
    })
    .await;
    assert_eq!(close("电话里说没事")["state"], "closed");
    until("the county knows how it ended", || {
        alarm_of(&house.at_county("alarms"), "r01").is_some_and(|alarm| alarm["state"] == "closed")
    })
    .await;
}
