//! Who lives here: twelve homes, what hangs on their walls, who comes when they call. Everybody is made up.

use std::fmt::Write as _;
use std::io;
use std::path::Path;

use crate::core::roster::Role;

/// Homes in the village.
pub const HOMES: u32 = 12;

/// Id of the station.
pub const STATION: &str = "demo-station";

/// What people call it.
pub const STATION_NAME: &str = "示例照料站";

/// One device, by the name that it has on the air and in the list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Kit {
    /// Its name.
    pub name: String,
    /// Home and resident have the same number, from 1.
    pub home: u32,
    /// In which room.
    pub room: &'static str,
    /// What it is for.
    pub role: Role,
    /// How often it speaks, in seconds.
    pub rhythm_s: u32,
    /// Whether it speaks through the hub on the serial port; otherwise through the Zigbee bridge.
    pub on_hub: bool,
}

/// Everything that is mounted in the village.
#[must_use]
pub fn kits() -> Vec<Kit> {
    let mut kits = Vec::new();
    for home in 1..=HOMES {
        let mut mount = |what: &str, room, role, rhythm_s, on_hub| {
            kits.push(Kit { name: format!("{what}-{home:02}"), home, room, role, rhythm_s, on_hub });
        };
        mount("button", "bedroom", Role::Sos, 3_600, false);
        match home {
            9 => mount("radar", "bedroom", Role::Presence, 600, false),
            _ => mount("motion", "hall", Role::Motion, 600, false),
        }
        match home {
            2 => mount("smoke", "kitchen", Role::Smoke, 3_600, false),
            5 | 11 => mount("belt", "bedroom", Role::Fall, 600, true),
            _ => {}
        }
    }
    kits
}

/// Where the parts find each other.
#[derive(Debug, Clone, Copy)]
pub struct Ports {
    /// The local broker.
    pub local: u16,
    /// The line to the county.
    pub link: u16,
    /// The county's broker.
    pub county: u16,
}

/// Writes the three files that a station and a county are configured with.
///
/// # Errors
/// The folder cannot be written.
pub fn write(folder: &Path, ports: Ports) -> io::Result<()> {
    let Ports { local, link, county } = ports;
    let place = folder.display();
    let station = format!(
        "[station]\nid = \"{STATION}\"\ngateway = \"demo-gw\"\nvillage_file = \"village.toml\"\n\
         data_dir = \"{place}/data\"\ncontrol_socket = \"{place}/control.sock\"\n\n\
         [[source]]\nid = \"zigbee\"\nkind = \"mqtt\"\nurl = \"mqtt://127.0.0.1:{local}\"\nformats = [\"zigbee2mqtt\"]\n\n\
         [[source]]\nid = \"hub\"\nkind = \"serial\"\npath = \"{place}/hub\"\nformat = \"json_lines\"\n\n\
         [county]\nurl = \"mqtt://127.0.0.1:{link}\"\n\n[store]\nballast_mib = 8\n"
    );
    let console = format!(
        "[broker]\nurl = \"mqtt://127.0.0.1:{county}\"\n\n[console]\ndatabase = \"{place}/county.sqlite\"\n\n\
         [stations.{STATION}]\nname = \"{STATION_NAME}\"\n"
    );
    std::fs::write(folder.join("shouwang.toml"), station)?;
    std::fs::write(folder.join("county.toml"), console)?;
    std::fs::write(folder.join("village.toml"), village())
}

const PEOPLE: &str = r#"
[responders.p01]
name = "示例邻居甲"
phone = "00000000001"
role = "neighbour"
travel_min = 5

[responders.p02]
name = "示例邻居乙"
phone = "00000000002"
role = "neighbour"
travel_min = 5

[responders.g01]
name = "示例网格员丙"
phone = "00000000003"
role = "grid_worker"
travel_min = 10

[responders.desk]
name = "示例值班室"
phone = "00000000004"
role = "duty_desk"

[ladders.east]
rungs = [{ call = ["p01"], wait_s = 60 }, { call = ["g01"], wait_s = 120 }, { call = ["desk"], wait_s = 120 }]

[ladders.west]
rungs = [{ call = ["p02"], wait_s = 60 }, { call = ["g01"], wait_s = 120 }, { call = ["desk"], wait_s = 120 }]
"#;

fn village() -> String {
    let mut text = PEOPLE.to_owned();
    for home in 1..=HOMES {
        let ladder = if home <= 6 { "east" } else { "west" };
        let form = if home % 2 == 0 { "示例爷爷" } else { "示例奶奶" };
        let _ = write!(
            text,
            "\n[homes.h{home:02}]\nlabel = \"示例村 {home} 号\"\nrooms = [\"bedroom\", \"hall\", \"kitchen\"]\n\n\
             [residents.r{home:02}]\nname = \"示例老人{home}\"\naddress_form = \"{form}\"\nhome = \"h{home:02}\"\n\
             ladder = \"{ladder}\"\nprompt = true\n"
        );
    }
    for Kit { name, home, room, role, rhythm_s, on_hub } in kits() {
        let (source, role) = (if on_hub { "hub" } else { "zigbee" }, role.word());
        let _ = write!(
            text,
            "\n[devices.{name}]\nsource = \"{source}\"\naddress = \"{name}\"\nresident = \"r{home:02}\"\n\
             room = \"{room}\"\nrole = \"{role}\"\nrhythm_s = {rhythm_s}\n"
        );
    }
    text
}
