//! The village of the street: three homes, a rota, and times that tests can move.

use std::collections::BTreeMap;
use std::str::FromStr;
use std::time::Duration;

use shouwang::core::id::ResponderId;
use shouwang::core::plan::Plan;
use shouwang::core::roster::{Chemistry, Device, Ladder, Resident, Responder, ResponderRole, Role, Roster, Rung};
use shouwang::core::rota::{Duty, Rota, Span};
use shouwang::core::time::Wall;
use shouwang::private::Private;

/// Wall time of second 0: 00:00 of a day, by a clock that shows UTC.
pub const BEGIN_WALL_MS: i64 = 1_790_035_200_000;

pub fn id<T: FromStr>(text: &str) -> T
where
    T::Err: std::fmt::Debug,
{
    text.parse().expect("a valid id")
}

/// A made-up number that is nobody's.
pub fn phone_of(who: &ResponderId) -> String {
    let sum: u32 = who.as_str().bytes().map(u32::from).sum();
    format!("0000{sum:07}")
}

pub fn duty_number() -> Private<String> {
    Private::new("00000000013".to_owned())
}

pub fn county_number() -> Private<String> {
    Private::new("00000000012".to_owned())
}

pub fn own_number() -> Private<String> {
    Private::new("00000000014".to_owned())
}

/// Residents r1 to r3 in homes h1 to h3 with a button and a smoke detector each; three rungs: the neighbour, the grid worker, the
/// desk. A doctor has the key of h1, and r1 has family that is only informed.
pub fn roster() -> Roster {
    let mut roster = Roster { sources: vec![id("zigbee")], ..Roster::default() };
    for (name, role) in [
        ("n-1", ResponderRole::Neighbour),
        ("g-1", ResponderRole::GridWorker),
        ("desk", ResponderRole::DutyDesk),
        ("doctor", ResponderRole::VillageDoctor),
        ("child", ResponderRole::Family),
    ] {
        let dispatched = role != ResponderRole::Family;
        roster.responders.insert(id(name), Responder { id: id(name), role, travel_min: 5, dispatched });
    }
    for number in 1..=3 {
        let resident = Resident {
            prompt: true,
            ladder: Ladder { rungs: vec![rung("n-1"), rung("g-1"), rung("desk")], ..Ladder::default() },
            ..Resident::new(id(&format!("r{number}")), id(&format!("h{number}")))
        };
        roster.residents.insert(resident.id, resident);
        for (kind, role) in [("button", Role::Sos), ("smoke", Role::Smoke), ("watch", Role::Fall)] {
            let device = device(&format!("{kind}{number}"), number, role);
            roster.devices.insert(device.id, device);
        }
    }
    if let Some(first) = roster.residents.get_mut(&id("r1")) {
        first.key_holder = Some(id("doctor"));
        first.family = vec![id("child")];
    }
    roster
}

/// The same with so many homes; the further ones have a button each, and the ladder of the first.
pub fn roster_of(homes: u32) -> Roster {
    let mut list = roster();
    let ladder = list.residents[&id("r1")].ladder.clone();
    for number in 4..=homes {
        let (resident, home) = (id(&format!("r{number}")), id(&format!("h{number}")));
        list.residents.insert(resident, Resident { ladder: ladder.clone(), ..Resident::new(resident, home) });
        let mut device = list.devices[&id("button1")];
        (device.id, device.resident, device.home) = (id(&format!("button{number}")), Some(resident), Some(home));
        list.devices.insert(device.id, device);
    }
    list
}

pub fn rung(who: &str) -> Rung {
    Rung { responders: vec![id(who)], wait: Duration::from_mins(2), ..Rung::default() }
}

fn device(name: &str, home: u32, role: Role) -> Device {
    Device {
        id: id(name),
        resident: Some(id(&format!("r{home}"))),
        home: Some(id(&format!("h{home}"))),
        room: Some(id("bedroom")),
        role,
        source: id("zigbee"),
        rhythm: Some(Duration::from_hours(24)),
        mute: false,
        battery: Chemistry::Unknown,
        mains: false,
        removed: false,
    }
}

pub fn hours(from: u64, until: u64) -> Span {
    let at = |hour: u64| Wall(BEGIN_WALL_MS + i64::try_from(hour).expect("small") * 3_600_000);
    Span { from: at(from), until: at(until) }
}

/// Two days by the hour: the desk is on duty from 8 to 20, the neighbour and the grid worker otherwise; from `begin` on it is
/// that hour at second 0.
pub fn plan(begin: u64) -> Plan {
    let shift = |from: u64, until: u64| {
        let (from, until) = (from.saturating_sub(begin), until.saturating_sub(begin));
        hours(from, until)
    };
    let mut duties = Vec::new();
    let mut on = |who: &str, span: Span| duties.push(Duty { from: span.from, until: span.until, responder: id(who) });
    for day in [0, 24, 48] {
        on("desk", shift(day + 8, day + 20));
        on("n-1", shift(day, day + 8));
        on("g-1", shift(day + 20, day + 24));
    }
    Plan {
        rota: Rota::of(hours(0, 48), duties),
        nights: vec![shift(0, 7), shift(21, 31), shift(45, 55)],
        fault_hours: vec![shift(7, 20), shift(31, 44)],
        roll_calls: vec![shift(19, 20).from, shift(43, 44).from],
        absences: Vec::new(),
        dates: vec![shift(0, 24), shift(24, 48)],
    }
}

/// The middle of a day.
pub fn noon() -> Plan {
    plan(12)
}

/// One in the morning.
pub fn night() -> Plan {
    plan(1)
}

/// How many letters, by person, were sent twice.
pub fn twice(texts: &[(u64, String)]) -> Vec<&String> {
    let mut counts: BTreeMap<&String, usize> = BTreeMap::new();
    for (_, text) in texts {
        *counts.entry(text).or_default() += 1;
    }
    counts.into_iter().filter(|(_, count)| *count > 1).map(|(text, _)| text).collect()
}
