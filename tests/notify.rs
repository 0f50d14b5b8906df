//! What systemd is told: that the station watches, that it lives, and that it ends.

mod support;

use std::os::unix::net::UnixDatagram;
use std::time::Duration;

use support::house::{House, buttons};
use support::installed;

/// Longest wait for one word. judgement: thirty times the daemon's own rhythm.
const PATIENCE: Duration = Duration::from_secs(30);

/// The next word to systemd.
fn heard(socket: &UnixDatagram) -> String {
    let mut word = [0; 256];
    let length = socket.recv(&mut word).expect("the daemon tells systemd how it stands");
    String::from_utf8_lossy(&word[..length]).trim_end().to_owned()
}

#[tokio::test]
async fn systemd_hears_that_the_station_watches_then_that_it_lives_and_at_last_that_it_ends() {
    if !installed("mosquitto") {
        return;
    }
    let mut house = House::build(&buttons(1)).await;
    let path = house.path("notify");
    let socket = UnixDatagram::bind(&path).expect("a socket in the house's folder");
    socket.set_read_timeout(Some(PATIENCE)).expect("a socket takes a timeout");

    house.start_gateway_under_watchdog(&path);
    assert_eq!(heard(&socket), "READY=1");
    for _ in 0..3 {
        assert_eq!(heard(&socket), "WATCHDOG=1");
    }
    house.stop_gateway();
    let last = std::iter::repeat_with(|| heard(&socket)).find(|word| word != "WATCHDOG=1");
    assert_eq!(last.as_deref(), Some("STOPPING=1"));
}
