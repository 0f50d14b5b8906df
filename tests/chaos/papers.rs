//! The files of the world: what the gateway, the console and the county's broker are told, and who lives in the village.

use std::net::SocketAddr;
use std::path::Path;

use shouwang::config::village::proof;
use shouwang::core::id::ResponderId;
use shouwang::private::Private;

use crate::support::house::{Enrolled, village};
use crate::world::PHONES;

/// Homes with a Zigbee button, and behind them homes with one of the hub's.
pub const ZIGBEE: usize = 160;
pub const HUB: usize = 80;

/// Motion sensors that speak all the while.
pub const SENSORS: usize = 40;

/// The resident of the home of that number, from 1.
pub fn resident(number: usize) -> String {
    format!("r{number:04}")
}

/// The address of their button.
pub fn button(number: usize) -> String {
    format!("button_{number:04}")
}

/// What a letter says of their home, and no other's.
pub fn label(resident: &str) -> String {
    format!("示例 {resident}")
}

/// Writes them all.
pub fn write(folder: &Path, local: &str, county: &str, console: &str, county_at: SocketAddr) {
    let put = |name: &str, text: String| std::fs::write(folder.join(name), text).expect("the folder can be written");
    put("shouwang.toml", station(folder, local, county));
    put("village.toml", proven(&village(&enrolled())));
    put("county.toml", county_toml(folder, console));
    let broker = format!(
        "listener {} {}\nallow_anonymous true\npersistence false\nmax_queued_messages 100000\nuser root\n",
        county_at.port(),
        county_at.ip()
    );
    put("county-broker.conf", broker);
}

fn enrolled() -> Vec<Enrolled> {
    let home = |number: usize| Enrolled {
        id: format!("b{number:04}"),
        source: if number <= ZIGBEE { "zigbee" } else { "hub" },
        address: button(number),
        resident: resident(number),
        role: "sos",
    };
    let sensor = |number: usize| Enrolled {
        id: format!("m{number:04}"),
        source: "zigbee",
        address: format!("motion_{number:04}"),
        resident: resident(number),
        role: "motion",
    };
    (1..=ZIGBEE + HUB).map(home).chain((1..=SENSORS).map(sensor)).collect()
}

fn station(folder: &Path, local: &str, county: &str) -> String {
    let folder = folder.display();
    format!(
        r#"
[station]
id = "test-station"
gateway = "test-gw"
village_file = "village.toml"
data_dir = "{folder}/card/station"
control_socket = "{folder}/control.sock"
log_level = "info"

[[source]]
id = "zigbee"
kind = "mqtt"
url = "{local}"
formats = ["zigbee2mqtt"]

[[source]]
id = "hub"
kind = "serial"
path = "{folder}/hub"
format = "json_lines"

[county]
url = "{county}"
heartbeat_s = 5

[store]
routine_block_s = 1
ballast_mib = 8
urgent_mib = 64
routine_mib = 64
state_mib = 32

[modem]
port = "{folder}/modem"
"#
    )
}

fn county_toml(folder: &Path, console: &str) -> String {
    let folder = folder.display();
    format!(
        r#"
[broker]
url = "{console}"

[console]
database = "{folder}/county.sqlite"

[stations.test-station]
name = "示例照料站"
"#
    )
}

/// The village with the telephones of its people proven, so that they get whole messages.
fn proven(village: &str) -> String {
    let mut village = village.to_owned();
    for (who, phone) in ["n-1", "g-1", "desk"].into_iter().zip(PHONES) {
        let id: ResponderId = who.parse().expect("an id");
        let day = "2026-11-22".parse().expect("a day");
        let proof = proof::write(id, &Private::new(phone.to_owned()), day);
        let line = format!("phone = \"{phone}\"\n");
        village = village.replace(&line, &format!("{line}proven = \"{proof}\"\n"));
    }
    village
}
