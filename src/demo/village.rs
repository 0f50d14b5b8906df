//! Who lives here: twelve homes, what hangs on their walls, who comes when they call. Everybody is made up.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::io;
use std::path::Path;

use crate::core::id::StationId;
use crate::core::roster::Role;
use crate::words::{Both, Lang};

/// Homes in the village.
pub const HOMES: u32 = 12;

/// Id of the station.
pub const STATION: &str = "demo-station";

/// What people call it.
const STATION_NAME: Both = Both::new("示例照料站", "Example station");

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

/// What people call the stations of this county: there is one.
#[must_use]
pub fn names(lang: Lang) -> BTreeMap<StationId, String> {
    STATION.parse().into_iter().map(|id| (id, STATION_NAME.say(lang).to_owned())).collect()
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
}

/// Writes the two files that a station is configured with.
///
/// # Errors
/// The folder cannot be written.
pub fn write(folder: &Path, ports: Ports, lang: Lang) -> io::Result<()> {
    let Ports { local, link } = ports;
    let place = folder.display();
    let station = format!(
        "[station]\nid = \"{STATION}\"\ngateway = \"demo-gw\"\nvillage_file = \"village.toml\"\n\
         data_dir = \"{place}/data\"\ncontrol_socket = \"{place}/control.sock\"\n\n\
         [[source]]\nid = \"zigbee\"\nkind = \"mqtt\"\nurl = \"mqtt://127.0.0.1:{local}\"\nformats = [\"zigbee2mqtt\"]\n\n\
         [[source]]\nid = \"hub\"\nkind = \"serial\"\npath = \"{place}/hub\"\nformat = \"json_lines\"\n\n\
         [county]\nurl = \"mqtt://127.0.0.1:{link}\"\n\n[store]\nballast_mib = 8\n"
    );
    std::fs::write(folder.join("shouwang.toml"), station)?;
    std::fs::write(folder.join("village.toml"), village(lang))
}

/// Who comes: id, name in both languages, role, minutes on the way.
const RESPONDERS: [(&str, Both, &str, u16); 4] = [
    ("p01", Both::new("示例邻居甲", "Neighbour A"), "neighbour", 5),
    ("p02", Both::new("示例邻居乙", "Neighbour B"), "neighbour", 5),
    ("g01", Both::new("示例网格员丙", "Grid worker C"), "grid_worker", 10),
    ("desk", Both::new("示例值班室", "Duty desk"), "duty_desk", 10),
];

const LADDERS: &str = r#"
[ladders.east]
rungs = [{ call = ["p01"], wait_s = 60 }, { call = ["g01"], wait_s = 120 }, { call = ["desk"], wait_s = 120 }]

[ladders.west]
rungs = [{ call = ["p02"], wait_s = 60 }, { call = ["g01"], wait_s = 120 }, { call = ["desk"], wait_s = 120 }]
"#;

/// What everybody is called: made-up people are obviously made up.
const WOMAN: Both = Both::new("示例奶奶", "Granny Example");
const MAN: Both = Both::new("示例爷爷", "Grandpa Example");

fn village(lang: Lang) -> String {
    let mut text = LADDERS.to_owned();
    for (number, (id, name, role, travel_min)) in (1..).zip(RESPONDERS) {
        let name = name.say(lang);
        let _ = write!(
            text,
            "\n[responders.{id}]\nname = \"{name}\"\nphone = \"{number:011}\"\nrole = \"{role}\"\ntravel_min = {travel_min}\n"
        );
    }
    for home in 1..=HOMES {
        let ladder = if home <= 6 { "east" } else { "west" };
        let form = if home % 2 == 0 { MAN } else { WOMAN }.say(lang);
        let _ = write!(
            text,
            "\n[homes.h{home:02}]\nlabel = \"示例村 {home}\"\nrooms = [\"bedroom\", \"hall\", \"kitchen\"]\n\n\
             [residents.r{home:02}]\nname = \"{form} {home}\"\naddress_form = \"{form}\"\nhome = \"h{home:02}\"\n\
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
