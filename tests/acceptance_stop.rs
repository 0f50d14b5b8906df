//! An ordinary end, with help calls on their way: what was brought to the gateway's door is decided before it ends.

mod support;

use bytes::Bytes;
use support::house::{Enrolled, House, buttons};
use support::{installed, until};

const RESIDENTS: usize = 30;
const PRESS: &[u8] = br#"{"action":"emergency","battery":97}"#;

#[tokio::test]
async fn a_help_call_that_stands_before_the_door_when_the_gateway_is_to_end_is_not_lost() {
    if !installed("mosquitto") {
        return;
    }
    let enrolled = buttons(RESIDENTS);
    let mut house = House::build(&enrolled).await;
    house.start_gateway_and_wait().await;
    let pressed = |house: &House| {
        let open = house.shell(&["alarms", "--json"]);
        open.as_array().map_or(0, |open| open.iter().filter(|alarm| alarm["priority"] == "high").count())
    };
    until("the source is up", || house.shell(&["status", "--json"])["sources"]["zigbee"] == true).await;
    // QoS 0, as a bridge sends by itself: once with the gateway they exist nowhere else.
    let press = |device: &Enrolled| (format!("zigbee2mqtt/{}", device.address), Bytes::from_static(PRESS));
    house.stop_gateway_behind(enrolled.iter().map(press).collect()).await;
    house.start_gateway_and_wait().await;
    assert_eq!(pressed(&house), RESIDENTS, "{}", house.log_tail());
}
