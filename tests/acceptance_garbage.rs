//! 1,000 malformed payloads between valid alarms: all valid alarms pass, each refusal is counted and shown once per kind.

mod support;

use bytes::Bytes;
use rumqttc::v5::mqttbytes::QoS;
use support::house::{House, buttons};
use support::{installed, until};

const ALARMS: usize = 50;
const GARBAGE: usize = 1_000;

/// Every kind of thing a broken bridge, a curious neighbour or a bad cable sends.
fn malformed() -> Vec<Vec<u8>> {
    let nested = |open: &str, close: &str, depth: usize| format!("{}1{}", open.repeat(depth), close.repeat(depth));
    let mut kinds: Vec<Vec<u8>> = [
        "{",
        "}",
        "not json",
        "{\"occupancy\":",
        "{\"occupancy\":tru",
        "[1,2,3]",
        "42",
        "\"text\"",
        "{\"action\":[\"emergency\"]}",
        "{\"action\":{\"x\":\"emergency\"}}",
        "{\"action\":7}",
        "{\"sos\":\"yes\"}",
        "{\"battery\":NaN}",
        "{\"temperature\":Infinity}",
        "{\"temperature\":1e999}",
        "{\"linkquality\":\"high\"}",
        "{\"battery\":-99999999999999999999999999}",
        "{\"action\":\"emer\\ud800gency\"}",
        "{\"action\":\"emergency\"",
        "\u{feff}{}",
        "{\"a\":\"\\u0000\"}",
        "{\"smoke\":[]}",
        "{\"smoke\":\"true\"}",
    ]
    .iter()
    .map(|text| text.as_bytes().to_vec())
    .collect();
    kinds.push(nested("[", "]", 20_000).into_bytes());
    kinds.push(nested("{\"a\":", "}", 5_000).into_bytes());
    kinds.push(b"{\"occupancy\":\"\xff\xfe\xc0\x80\"}".to_vec());
    kinds.push(b"\xff\xfe\x00\x01\x80\x81".to_vec());
    kinds.push(vec![0; 64]);
    kinds.push(vec![b'x'; 1024 * 1024]);
    kinds.push(format!("{{\"action\":\"{}\"}}", "e".repeat(1024 * 1024)).into_bytes());
    kinds
}

#[tokio::test]
async fn a_thousand_malformed_payloads_stop_nothing_and_are_counted() {
    if !installed("mosquitto") {
        return;
    }
    let enrolled = buttons(ALARMS + 1);
    let mut house = House::build(&enrolled).await;
    house.start_console();
    house.start_gateway_and_wait().await;
    let kinds = malformed();
    // The last button never calls: it only sends garbage, under its own enrolled name.
    let victim = format!("zigbee2mqtt/{}", enrolled[ALARMS].address);
    for (number, device) in enrolled[..ALARMS].iter().enumerate() {
        let share = GARBAGE / ALARMS;
        let batch = (number * share..(number + 1) * share)
            .map(|index| (victim.clone(), Bytes::from(kinds[index % kinds.len()].clone())));
        house.local.publish_all(QoS::AtLeastOnce, false, batch).await;
        house.press(&device.address).await;
    }
    let calls = || house.at_county("alarms").into_iter().filter(|alarm| alarm["condition"] == "help_call");
    until("every valid alarm is at the county", || calls().count() >= ALARMS).await;
    assert_eq!(calls().count(), ALARMS, "no false alarm");
    let last = enrolled[ALARMS].resident.as_str();
    assert!(calls().all(|alarm| alarm["resident"] != last), "garbage is no press");

    let refused = |counters: &serde_json::Map<String, serde_json::Value>| -> u64 {
        counters.iter().filter(|(name, _)| name.contains("refused")).filter_map(|(_, count)| count.as_u64()).sum()
    };
    let counted = || house.shell(&["status", "--json"])["counters"].as_object().map_or(0, refused);
    // Some kinds are well-formed and merely say nothing; everything that could not be read is counted.
    until("the refusals are counted", || counted() >= (GARBAGE / 2) as u64).await;
    let log = std::fs::read_to_string(house.path("gateway.log")).unwrap_or_default();
    let shown = log.lines().filter(|line| line.contains("refused")).count();
    println!("alarms={ALARMS} malformed={GARBAGE} refused={} log_lines={shown}", counted());
    assert!(shown < 40, "shown once per kind, not once per message: {shown} lines");
    assert!(!log.contains(&enrolled[ALARMS].address), "no address in a log line");
}
