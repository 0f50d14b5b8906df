//! The county goes away: brokers that forget, and ten minutes of silence with a backlog behind them.

mod support;

use std::time::Duration;

use support::house::{Enrolled, House, buttons};
use support::passing::{self, Passing};
use support::player::Player;
use support::{installed, is_long, until, until_within};

fn help_calls(house: &House) -> usize {
    house.at_county("alarms").iter().filter(|alarm| alarm["condition"] == "help_call").count()
}

#[tokio::test]
async fn a_broker_that_acknowledges_and_loses_everything_loses_no_alarm() {
    if !installed("mosquitto") {
        return;
    }
    let enrolled = buttons(12);
    let mut house = House::build(&enrolled).await;
    house.start_gateway_and_wait().await;
    until("the gateway is connected to the county's broker", || {
        house.shell(&["status", "--json"])["relay_connected"] == true
    })
    .await;
    for device in &enrolled[..6] {
        house.press(&device.address).await;
    }
    until("the alarms are in the log", || {
        house
            .shell(&["alarms", "--json"])
            .as_array()
            .is_some_and(|open| open.iter().filter(|alarm| alarm["condition"] == "help_call").count() == 6)
    })
    .await;
    // The broker has taken and acknowledged them, nobody has read them, and it keeps nothing on disk.
    house.county.kill();
    for device in &enrolled[6..] {
        house.press(&device.address).await;
    }
    assert!(house.county.start_again().await, "the county's broker starts again, empty");
    house.start_console();
    until("all alarms are in the county's database", || help_calls(&house) == 12).await;
    until("all of them have their receipt", || {
        let lanes = &house.shell(&["status", "--json"])["lanes"]["alarm"];
        lanes[0] == lanes[1]
    })
    .await;
}

/// 500 alarms and 50,000 readings while the county is away from the start: ten minutes of it in the long form, a tenth of
/// everything otherwise.
#[tokio::test]
async fn after_an_outage_alarms_arrive_first_and_nothing_is_sent_after_its_receipt() {
    if !installed("mosquitto") {
        return;
    }
    let (alarms, readings, outage) =
        if is_long() { (500, 50_000, Duration::from_mins(10)) } else { (50, 5_000, Duration::from_secs(5)) };
    let mut enrolled = buttons(alarms);
    enrolled.extend((0..50).map(|number| Enrolled {
        id: format!("m{number:04}"),
        source: "zigbee",
        address: format!("motion_{number:04}"),
        resident: format!("r{:04}", number + 1),
        role: "motion",
    }));
    let mut house = House::build(&enrolled).await;
    house.county.kill();
    house.start_gateway_and_wait().await;
    let begun = tokio::time::Instant::now();
    for batch in 0..50_u32 {
        let messages = (0..readings / 50).map(|number| {
            let payload = format!("{{\"occupancy\":{},\"illuminance\":{number}}}", number % 2 == 0);
            (format!("zigbee2mqtt/motion_{:04}", number % 50), bytes::Bytes::from(payload))
        });
        house.local.publish_all(rumqttc::v5::mqttbytes::QoS::AtLeastOnce, false, messages).await;
        let share = alarms / 50;
        for button in enrolled.iter().skip(batch as usize * share).take(share) {
            house.press(&button.address).await;
        }
        tokio::time::sleep_until(begun + outage * (batch + 1) / 50).await;
    }
    let rss_kib = house.resident_kib();
    let waiting = house.shell(&["status", "--json"])["lanes"]["alarm"][0].as_u64().expect("the newest number");
    assert!(house.county.start_again().await, "the county's broker starts");
    let listener = Player::overhear(house.county.port(), passing::FILTERS).await;
    house.start_console();
    let patience = Duration::from_mins(2);
    until_within(patience, "all alarms are at the county", || help_calls(&house) == alarms).await;
    until_within(patience, "everything has its receipt", || {
        let lanes = &house.shell(&["status", "--json"])["lanes"];
        ["alarm", "reading"].iter().all(|lane| lanes[lane][0] == lanes[lane][1])
    })
    .await;
    let passing = Passing::of(&listener.heard());
    assert!(passing.first_alarms_in_order(), "the oldest alarm first");
    assert!(passing.alarms_before_readings(waiting), "no reading overtook an alarm that waited");
    assert_eq!(passing.sent_after_receipt(), 0, "nothing is sent again after its receipt");
    println!(
        "alarms={alarms} alarm_records={waiting} readings={readings} outage_s={} rss_kib={rss_kib}",
        outage.as_secs()
    );
    assert!(rss_kib < 64 * 1024, "memory is bounded: {rss_kib} KiB");
}
