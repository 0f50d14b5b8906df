//! The village itself: homes, residents, devices and their names on the air, and the people who help.
//!
//! Every home is made by its number, so that a village of ten homes has every kind of device and every bad habit of
//! devices: buttons that send an event and buttons that send a level, old bridge settings, a topic retained by mistake, a
//! room radar that judges falls, a watch on a connection of its own, a 433 MHz button that nobody can ask how it is. Names
//! on the air carry made-up names of people, as installers do, so that a leak shows.

use std::collections::BTreeMap;
use std::time::Duration;

use crate::core::id::{
    DeviceId, Epoch, HomeId, ResidentId, ResponderId, RoomId, Slug, SourceId, StationId, StrangerId,
};
use crate::core::reading::Origin;
use crate::core::roster::{
    Chemistry, Device, Ladder, Resident, Responder, ResponderRole, Role, Roster, Rung, Service, Tier,
};
use crate::core::station::Identity;

/// How a frame reaches the gateway.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Wire {
    /// A Zigbee bridge behind the local broker.
    Zigbee,
    /// A hub of home-made LoRa nodes on a serial port.
    Hub,
    /// A receiver of 433 MHz transmitters on a serial port.
    Receiver,
    /// The port to which watches connect.
    Watches,
}

/// A room of a home, or where there is none.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Room {
    /// Where the bed stands.
    Bedroom,
    /// In the middle of the house, with the door.
    Living,
    /// The kitchen.
    Kitchen,
    /// The bathroom.
    Bathroom,
    /// The yard, where the latrine is.
    Yard,
    /// Somewhere else.
    Elsewhere,
}

impl Room {
    const fn word(self) -> &'static str {
        match self {
            Room::Bedroom => "bedroom",
            Room::Living => "living",
            Room::Kitchen => "kitchen",
            Room::Bathroom => "bathroom",
            Room::Yard => "yard",
            Room::Elsewhere => "elsewhere",
        }
    }
}

impl Wire {
    /// All of them.
    pub(super) const ALL: [Wire; 4] = [Wire::Zigbee, Wire::Hub, Wire::Receiver, Wire::Watches];

    /// The source's id.
    pub(super) fn source(self) -> SourceId {
        SourceId(slug(match self {
            Wire::Zigbee => "zigbee",
            Wire::Hub => "hub",
            Wire::Receiver => "receiver",
            Wire::Watches => "watches",
        }))
    }

    /// The format spoken on it.
    pub(super) const fn format(self) -> &'static str {
        match self {
            Wire::Zigbee => "zigbee2mqtt",
            Wire::Hub => "json_lines",
            Wire::Receiver => "rflink_serial",
            Wire::Watches => "watch_setracker",
        }
    }
}

/// What a device is and how it speaks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Make {
    /// A help button that sends an action; under the bridge's old setting an empty action follows.
    ActionButton {
        /// The old setting is on.
        legacy: bool,
    },
    /// A help button that sends a level, whose release may be lost.
    LevelButton,
    /// A plain button enrolled as cancel button.
    CancelButton,
    /// A wearable that judges falls and has a button, over LoRa.
    Pendant,
    /// A ceiling radar that judges falls.
    Radar,
    /// A motion sensor.
    Motion,
    /// A door contact.
    Door,
    /// Smoke, gas, carbon monoxide or water detector.
    Detector(&'static str),
    /// Temperature and humidity.
    Climate,
    /// A mat under the sheet of the bed.
    Bed,
    /// A help button of 433 MHz: it says each press several times, and otherwise nothing.
    MuteButton,
    /// A watch with a help key that judges falls and waits for an answer.
    Watch,
}

impl Make {
    /// Whether it says nothing by itself.
    pub(super) const fn is_mute(self) -> bool {
        matches!(self, Make::MuteButton)
    }

    /// Whether it tells when its case is opened.
    pub(super) const fn has_case(self) -> bool {
        matches!(self, Make::LevelButton | Make::Detector(_) | Make::Pendant)
    }

    /// Whether people switch it by what they do.
    pub(super) const fn is_switched(self) -> bool {
        matches!(self, Make::Motion | Make::Door | Make::Bed)
    }

    /// Whether it is worn.
    pub(super) const fn is_worn(self) -> bool {
        matches!(self, Make::Pendant | Make::Watch)
    }

    const fn wire(self) -> Wire {
        match self {
            Make::Pendant => Wire::Hub,
            Make::MuteButton => Wire::Receiver,
            Make::Watch => Wire::Watches,
            _ => Wire::Zigbee,
        }
    }

    const fn model(self) -> &'static str {
        match self {
            Make::ActionButton { .. } => "TS0215A_sos",
            Make::LevelButton => "SEB01ZB",
            Make::CancelButton => "WXKG01LM",
            Make::Pendant | Make::MuteButton | Make::Watch => "",
            Make::Bed => "ZG-210Z",
            Make::Radar => "HS2FD-EF1-3.0",
            Make::Motion => "RTCGQ11LM",
            Make::Door => "MCCGQ11LM",
            Make::Detector(_) => "HS1SA",
            Make::Climate => "WSDCGQ11LM",
        }
    }

    const fn role(self) -> Role {
        match self {
            Make::ActionButton { .. } | Make::LevelButton | Make::MuteButton => Role::Sos,
            Make::CancelButton => Role::Cancel,
            Make::Pendant | Make::Watch => Role::Fall,
            Make::Bed => Role::Bed,
            Make::Radar => Role::Presence,
            Make::Motion => Role::Motion,
            Make::Door => Role::Door,
            Make::Detector(kind) => match kind.as_bytes() {
                b"smoke" => Role::Smoke,
                b"gas" => Role::Gas,
                b"carbon_monoxide" => Role::Co,
                _ => Role::Leak,
            },
            Make::Climate => Role::Climate,
        }
    }

    /// How often it reports by itself, in minutes.
    pub(super) const fn rhythm_min(self) -> u64 {
        match self {
            Make::Watch => 10,
            Make::Pendant => 40,
            Make::Radar => 30,
            Make::Climate => 60,
            _ => 120,
        }
    }

    /// Whether the bridge is told to send it with an acknowledged quality of service.
    const fn acknowledged(self) -> bool {
        !matches!(self, Make::Motion | Make::Door | Make::Climate | Make::Bed)
    }
}

/// A device on the air.
#[derive(Debug, Clone)]
pub(super) struct Kit {
    /// Its id.
    pub device: DeviceId,
    /// Whose home it hangs in; none for the neighbour's.
    pub home: usize,
    /// What it is.
    pub make: Make,
    /// Its name on the air.
    pub address: String,
    /// In which room.
    pub room: Room,
    /// How it is heard.
    pub wire: Wire,
    /// Sent with acknowledgement.
    pub acknowledged: bool,
    /// Retained by the broker by mistake.
    pub retained: bool,
    /// Enrolled, enrolled and removed, or never enrolled.
    pub standing: Standing,
}

/// Whether a device belongs here.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Standing {
    Enrolled,
    Removed,
    Stranger,
}

/// A home and who lives there.
#[derive(Debug, Clone)]
pub(super) struct Home {
    /// Who.
    pub resident: ResidentId,
    /// A device asks "are you all right?" before an alarm.
    pub prompt: bool,
    /// Its devices.
    pub kits: Vec<usize>,
}

/// The village.
#[derive(Debug)]
pub(super) struct Place {
    /// As the station knows it.
    pub roster: Roster,
    /// Homes.
    pub homes: Vec<Home>,
    /// Every device on the air.
    pub kits: Vec<Kit>,
    /// The station.
    pub station: StationId,
    addresses: BTreeMap<Wire, BTreeMap<String, Origin>>,
}

/// An id out of a text that is known to be one.
pub(super) fn slug(text: &str) -> Slug {
    text.parse().expect("the village's own ids are slugs")
}

impl Place {
    /// A village of so many homes.
    pub(super) fn new(homes: u32) -> Place {
        let mut place = Place {
            roster: Roster::default(),
            homes: Vec::new(),
            kits: Vec::new(),
            station: StationId(slug("st1")),
            addresses: BTreeMap::new(),
        };
        for number in 0..homes {
            place.furnish(number);
        }
        place.strange_buttons();
        place.enrol();
        place
    }

    /// The station's identity in an epoch.
    pub(super) fn identity(&self, epoch: Epoch) -> Identity {
        Identity { station: self.station, epoch }
    }

    /// Whose address it is.
    pub(super) fn origin(&self, wire: Wire, address: &str) -> Origin {
        let known = self.addresses.get(&wire).and_then(|known| known.get(address));
        known.copied().unwrap_or(Origin::Stranger(StrangerId(slug("unlisted"))))
    }

    /// The bridge's list of its devices.
    pub(super) fn bridge_devices(&self) -> String {
        let listed = self.kits.iter().filter(|kit| kit.wire == Wire::Zigbee).map(|kit| {
            format!(
                r#"{{"type":"EndDevice","friendly_name":"{}","definition":{{"model":"{}","description":"","exposes":[]}}}}"#,
                kit.address,
                kit.make.model()
            )
        });
        format!("[{}]", listed.collect::<Vec<_>>().join(","))
    }

    /// Whether what the device says is taken for its resident's: it is enrolled, and they are served.
    pub(super) fn serves(&self, kit: &Kit) -> bool {
        let resident = self.homes.get(kit.home).map(|home| home.resident);
        kit.standing == Standing::Enrolled && resident.is_some_and(|id| self.roster.is_watched_over(id))
    }

    /// The kit of a home with that make, if there is one.
    pub(super) fn kit(&self, home: usize, wanted: impl Fn(Make) -> bool) -> Option<usize> {
        self.homes.get(home)?.kits.iter().copied().find(|kit| self.kits.get(*kit).is_some_and(|kit| wanted(kit.make)))
    }

    fn furnish(&mut self, number: u32) {
        let home = self.homes.len();
        let resident = ResidentId(slug(&format!("r{number:03}")));
        self.homes.push(Home { resident, prompt: number.is_multiple_of(2), kits: Vec::new() });
        let button = match number % 10 {
            9 => Make::MuteButton,
            _ if number % 3 == 1 => Make::LevelButton,
            _ => Make::ActionButton { legacy: number.is_multiple_of(4) },
        };
        let every = |step: u32, from: u32, room: Room, make: Make| (number % step == from).then_some((room, make));
        let makes = [
            Some((Room::Bedroom, button)),
            (number % 5 != 4).then_some((Room::Bedroom, Make::Pendant)),
            Some((Room::Living, Make::Motion)),
            every(2, 0, Room::Bedroom, Make::CancelButton),
            every(2, 1, Room::Living, Make::Door),
            every(2, 0, Room::Kitchen, Make::Detector("smoke")),
            every(4, 1, Room::Kitchen, Make::Detector("gas")),
            every(5, 0, Room::Living, Make::Detector("carbon_monoxide")),
            every(3, 0, Room::Bathroom, Make::Detector("water_leak")),
            every(3, 2, Room::Bedroom, Make::Radar),
            every(4, 2, Room::Bedroom, Make::Climate),
            every(10, 4, Room::Bedroom, Make::Watch),
            every(2, 0, Room::Kitchen, Make::Motion),
            every(3, 1, Room::Bathroom, Make::Motion),
            every(5, 3, Room::Bedroom, Make::Bed),
        ];
        for (index, (room, make)) in makes.into_iter().flatten().enumerate() {
            // What cannot be named on the air has a number.
            let address = match make {
                Make::MuteButton => format!("ev1527/{number:06x}/01"),
                Make::Watch => format!("97000{number:05}"),
                _ => format!("示例奶奶{number}/{index}"),
            };
            self.hang(home, &format!("h{number:03}-{index}"), &address, (room, make), Standing::Enrolled);
        }
    }

    /// A button that was taken out of service and one of the next village.
    fn strange_buttons(&mut self) {
        let make = Make::ActionButton { legacy: false };
        self.hang(0, "old-button", "示例旧按钮", (Room::Living, make), Standing::Removed);
        self.hang(0, "neighbour", "示例邻村按钮", (Room::Elsewhere, make), Standing::Stranger);
    }

    fn hang(&mut self, home: usize, device: &str, address: &str, (room, make): (Room, Make), standing: Standing) {
        let wire = make.wire();
        let device = DeviceId(slug(device));
        if standing == Standing::Enrolled {
            self.homes[home].kits.push(self.kits.len());
        }
        let origin = match standing {
            Standing::Stranger => Origin::Stranger(StrangerId(device.0)),
            Standing::Enrolled | Standing::Removed => Origin::Device(device),
        };
        self.addresses.entry(wire).or_default().insert(address.to_owned(), origin);
        self.kits.push(Kit {
            device,
            home,
            make,
            address: address.to_owned(),
            room,
            wire,
            acknowledged: make.acknowledged(),
            retained: matches!(make, Make::ActionButton { .. }) && home % 6 == 3,
            standing,
        });
    }

    fn enrol(&mut self) {
        let devices = self.kits.iter().filter(|kit| kit.standing != Standing::Stranger).map(|kit| Device {
            id: kit.device,
            resident: Some(self.homes[kit.home].resident),
            home: Some(HomeId(slug(&format!("h{:03}", kit.home)))),
            room: Some(RoomId(slug(kit.room.word()))),
            role: kit.make.role(),
            source: kit.wire.source(),
            rhythm: Some(Duration::from_secs(kit.make.rhythm_min() * 60)),
            mute: kit.make.is_mute(),
            battery: Chemistry::Unknown,
            mains: false,
            removed: kit.standing == Standing::Removed,
        });
        let devices = devices.map(|device| (device.id, device)).collect();
        let residents = self.homes.iter().enumerate().map(|(number, home)| Resident {
            id: home.resident,
            home: HomeId(slug(&format!("h{number:03}"))),
            service: Service::Active,
            tier: if number % 7 == 3 { Tier::High } else { Tier::Ordinary },
            prompt: home.prompt,
            ladder: ladder(number),
            key_holder: None,
            family: Vec::new(),
        });
        let residents = residents.map(|resident| (resident.id, resident)).collect();
        let responders = responders(self.homes.len()).map(|responder| (responder.id, responder)).collect();
        let sources = Wire::ALL.map(Wire::source).to_vec();
        self.roster = Roster { residents, devices, responders, sources, ..Roster::default() };
    }
}

/// Two homes share a neighbour; grid workers and the desk are everybody's.
fn ladder(home: usize) -> Ladder {
    let rung = |names: &[String], wait_s| Rung {
        responders: names.iter().map(|name| ResponderId(slug(name))).collect(),
        wait: Duration::from_secs(wait_s),
        ..Rung::default()
    };
    let rungs = vec![
        rung(&[format!("n-{}", home / 2)], 60),
        rung(&[format!("g-{}", home % 2)], 60),
        rung(&["desk".to_owned(), "doctor".to_owned()], 90),
    ];
    Ladder { rungs, ..Ladder::default() }
}

fn responders(homes: usize) -> impl Iterator<Item = Responder> {
    let one =
        |name: &str, role, travel_min| Responder { id: ResponderId(slug(name)), role, travel_min, dispatched: true };
    let neighbours = (0..homes.div_ceil(2)).map(move |number| one(&format!("n-{number}"), ResponderRole::Neighbour, 3));
    neighbours.chain([
        one("g-0", ResponderRole::GridWorker, 8),
        one("g-1", ResponderRole::GridWorker, 12),
        one("desk", ResponderRole::DutyDesk, 10),
        one("doctor", ResponderRole::VillageDoctor, 15),
    ])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ten_homes_have_every_kind_of_device() {
        let place = Place::new(10);
        for make in [
            Make::ActionButton { legacy: true },
            Make::ActionButton { legacy: false },
            Make::LevelButton,
            Make::CancelButton,
            Make::Pendant,
            Make::Radar,
            Make::Motion,
            Make::Door,
            Make::Detector("smoke"),
            Make::Detector("gas"),
            Make::Detector("carbon_monoxide"),
            Make::Detector("water_leak"),
            Make::Climate,
            Make::Bed,
            Make::MuteButton,
            Make::Watch,
        ] {
            assert!(place.kits.iter().any(|kit| kit.make == make), "{make:?}");
        }
        assert!(place.kits.iter().any(|kit| kit.retained));
        assert_eq!(place.roster.devices.len(), place.kits.len() - 1, "the neighbour's button is not ours");
    }
}
