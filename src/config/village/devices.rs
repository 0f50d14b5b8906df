//! Devices: whose, where, heard through what.

use std::collections::BTreeMap;
use std::time::Duration;

use serde_json::{Map, Value};

use super::super::document::Section;
use super::super::problem::What;
use super::super::source::Source;
use super::super::station::Station;
use super::read::reference;
use super::rota::read::day_of;
use super::{Enrolled, People};
use crate::core::id::{DeviceId, HomeId, ResidentId, RoomId, Slug, SourceId};
use crate::core::reading::{IGNORE, Measure, Plain, Unspeakable};
use crate::core::roster::{Chemistry, Device, Role, Roster, Service};
use crate::private::Private;

/// Reads all devices, and who speaks under which address.
pub(super) fn read(sections: &[(Slug, Section<'_>)], known: &Known<'_>) -> (BTreeMap<DeviceId, Device>, Vec<Enrolled>) {
    let mut devices = BTreeMap::new();
    let mut taken: BTreeMap<(String, Private<String>), Holder<'_>> = BTreeMap::new();
    for (id, section) in sections {
        let id = DeviceId(*id);
        let Some((device, enrolled)) = device(id, section, known) else { continue };
        devices.insert(id, device);
        let key = (enrolled.format.clone(), enrolled.address.clone());
        let holder = Holder { section, removed: device.removed, enrolled };
        match taken.get(&key) {
            // An address that is used again belongs to the device in service.
            Some(_) if holder.removed => {}
            Some(other) if !other.removed => shared(section, other),
            _ => _ = taken.insert(key, holder),
        }
    }
    (devices, taken.into_values().map(|holder| holder.enrolled).collect())
}

/// The device that has an address.
struct Holder<'a> {
    section: &'a Section<'a>,
    removed: bool,
    enrolled: Enrolled,
}

fn shared(section: &Section<'_>, other: &Holder<'_>) {
    let Some(found) = section.find("address") else { return };
    let problem = section.wrong("address", &found, What::Shared);
    let fix = format!("{} in line {} has it; correct one of the two", other.section.path(), other.section.line());
    section.report(problem.fix(fix));
}

/// What devices may refer to.
pub(super) struct Known<'a> {
    sources: Option<&'a [Source]>,
    source_ids: Vec<&'a str>,
    residents: BTreeMap<ResidentId, HomeId>,
    resident_ids: Vec<&'a str>,
    home_ids: Vec<&'a str>,
    /// The only resident of a home in which nobody else lives.
    alone: BTreeMap<HomeId, ResidentId>,
    people: &'a People,
}

impl<'a> Known<'a> {
    /// `resident_ids` has the residents whose own entry is wrong too: one mistake is one problem.
    pub(super) fn new(
        station: Option<&'a Station>,
        roster: &Roster,
        people: &'a People,
        resident_ids: Vec<&'a str>,
    ) -> Self {
        let mut living: BTreeMap<HomeId, Vec<ResidentId>> = BTreeMap::new();
        for resident in roster.residents.values() {
            if !matches!(resident.service, Service::Moved | Service::Deceased) {
                living.entry(resident.home).or_default().push(resident.id);
            }
        }
        let alone = living.into_iter().filter_map(|(home, residents)| match residents.as_slice() {
            [one] if people.homes.get(&home).is_some_and(|card| !card.second_person) => Some((home, *one)),
            _ => None,
        });
        Self {
            sources: station.map(|station| station.sources.as_slice()),
            source_ids: station.iter().flat_map(|station| &station.sources).map(|source| source.id.as_str()).collect(),
            residents: roster.residents.values().map(|resident| (resident.id, resident.home)).collect(),
            resident_ids,
            home_ids: people.homes.keys().map(HomeId::as_str).collect(),
            alone: alone.collect(),
            people,
        }
    }
}

fn device(id: DeviceId, section: &Section<'_>, known: &Known<'_>) -> Option<(Device, Enrolled)> {
    let source = source(section, known);
    let format = format(section, source, known);
    let address = section.text("address").map(|text| Private::new(text.into_owned()));
    let role = section.word("role", Role::ALL, Role::word);
    let (resident, home) = belonging(section, known);
    let room = room(section, home, known);
    let rhythm = section.whole("rhythm_s").map(Duration::from_secs);
    let removed = removed(section);
    let role = role?;
    let context = context(section, role);
    let station_only = matches!(role, Role::Climate | Role::Other);
    let named = section.find("resident").is_some() || section.find("home").is_some();
    if !station_only && !named && !removed {
        section.report(
            section.whole_table(What::Ownerless).fix("add resident = \"ID\", or home = \"ID\" when several share it"),
        );
    }
    let mute = section.flag("mute");
    let mains = section.flag("mains");
    let battery = section.word("battery", Chemistry::ALL, Chemistry::word).unwrap_or(Chemistry::Unknown);
    let device = Device { id, resident, home, room, role, source: source?, rhythm, mute, battery, mains, removed };
    Some((device, Enrolled { format: format?, address: address?, device: id, context }))
}

/// What its decoder must be told. Most need nothing, and the role alone is not worth its memory.
fn context(section: &Section<'_>, role: Role) -> Value {
    let mut known: Map<String, Value> = ["model", "key"]
        .into_iter()
        .filter_map(|name| Some((name.to_owned(), Value::from(section.text(name)?.as_ref()))))
        .collect();
    let map = map(section);
    if !map.is_empty() {
        known.insert("map".to_owned(), Value::Object(map));
    }
    if known.is_empty() {
        return Value::Null;
    }
    known.insert("role".to_owned(), role.word().into());
    Value::Object(known)
}

/// What its codes and named values mean.
fn map(section: &Section<'_>) -> Map<String, Value> {
    let mut map = Map::new();
    for (key, found) in section.entries("map") {
        let Some(meaning) = section.text_of("map", &found) else { continue };
        let kind = meaning.split(['=', ' ']).next().unwrap_or_default();
        if kind != IGNORE && Measure::from_parts(kind, Plain::Flag(true)) == Err(Unspeakable::Kind) {
            let problem = section.wrong("map", &found, What::UnknownWord);
            section.report(problem.allowed("a kind of the vocabulary, as sos, contact=open or distance cm; or ignore"));
        } else {
            map.insert(key.to_owned(), meaning.as_ref().into());
        }
    }
    map
}

fn source(section: &Section<'_>, known: &Known<'_>) -> Option<SourceId> {
    if known.sources.is_none() {
        return section.id("source").map(SourceId);
    }
    reference(section, "source", &known.source_ids).map(SourceId)
}

/// The device's format, which its source must speak.
fn format(section: &Section<'_>, source: Option<SourceId>, known: &Known<'_>) -> Option<String> {
    let written = section.text("format");
    let Some(sources) = known.sources else { return Some(written.unwrap_or_default().into_owned()) };
    let source = sources.iter().find(|one| Some(one.id) == source)?;
    let spoken: Vec<&str> = source.formats().collect();
    match (written, spoken.as_slice()) {
        (Some(format), spoken) if spoken.contains(&format.as_ref()) => Some(format.into_owned()),
        (Some(format), spoken) => {
            let found = section.find("format")?;
            let problem = section.not_among("format", &found, What::UnknownFormat, &format, spoken);
            section.report(problem.allowed(format!("what source {} speaks: {}", source.id, spoken.join(", "))));
            None
        }
        (None, [only]) => Some((*only).to_owned()),
        (None, spoken) => {
            let problem = section.whole_table(What::MissingKey).key(format!("{}.format", section.path()));
            section.report(problem.allowed(spoken.join(", ")).fix("add format, because its source speaks several"));
            None
        }
    }
}

/// Whose it is and where.
fn belonging(section: &Section<'_>, known: &Known<'_>) -> (Option<ResidentId>, Option<HomeId>) {
    let resident = reference(section, "resident", &known.resident_ids).map(ResidentId);
    let home = reference(section, "home", &known.home_ids).map(HomeId);
    let lives_in = resident.and_then(|resident| known.residents.get(&resident).copied());
    if let (Some(home), Some(lives_in), Some(found)) = (home, lives_in, section.find("home"))
        && home != lives_in
    {
        let problem = section.wrong("home", &found, What::Contradiction);
        section.report(problem.allowed(lives_in.as_str()).fix("leave home out: it is the resident's"));
    }
    let home = lives_in.or(home);
    let alone = || known.alone.get(&home?).copied();
    (if section.find("resident").is_some() { resident } else { alone() }, home)
}

fn room(section: &Section<'_>, home: Option<HomeId>, known: &Known<'_>) -> Option<RoomId> {
    let found = section.find("room")?;
    let Some(card) = home.and_then(|home| known.people.homes.get(&home)) else {
        // Without a home nothing can be said of its rooms, and the missing home is a problem of its own.
        return section.id("room").map(RoomId);
    };
    let text = section.text_of("room", &found)?;
    let room = card.rooms.iter().copied().find(|room| room.as_str() == text);
    if room.is_none() {
        let rooms: Vec<&str> = card.rooms.iter().map(RoomId::as_str).collect();
        section.report(section.not_among("room", &found, What::UnknownName, &text, &rooms));
    }
    room
}

fn removed(section: &Section<'_>) -> bool {
    let Some(found) = section.find("removed") else { return false };
    // A day that is none is reported, and the device is out of service all the same.
    let _day = day_of(section, "removed", &found);
    true
}
