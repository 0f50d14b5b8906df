//! What stands on the page and in which order, before it has a language. Pure: rows in, lists out.
//!
//! - Nobody is well for want of news: whoever cannot be heard stands among the people who are not watched, a listed
//!   station that was never heard among the silent ones, and what cannot be read among what wants an answer.
//! - What wants somebody now comes first in every list; the rest keeps its order.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use super::device::{Device, Devices};
use super::survey::Survey;
use crate::core::id::StationId;
use crate::core::watch::Watch;
use crate::county::board::{AlarmRow, Listening, ResidentRow, StationRow};
use crate::county::case::{Case, Cause};
use crate::county::show;
use crate::county::since::Since;
use crate::county::texts::ByText;
use crate::county::told::Told;
use crate::limits;
use crate::relay::message::{Heartbeat, ResidentState};

/// Everything on the page.
#[derive(Debug, Clone, PartialEq)]
pub struct Sheet {
    /// When it was read.
    pub now_ms: i64,
    /// Whether the county itself hears anything.
    pub listening: Listening,
    /// Alarms that are not on the page because they were refused.
    pub refused_alarms: i64,
    /// Texts that were refused, by kind.
    pub refused_texts: BTreeMap<String, i64>,
    /// Residents who are not fully watched, BLIND before WEAK, the longest first.
    pub unwatched: Vec<Unwatched>,
    /// How many are watched.
    pub watched: usize,
    /// Open alarms about people, those that nobody answered first, each oldest first; drills last.
    pub people: Vec<Open>,
    /// Open alarms about things, oldest first.
    pub things: Vec<Open>,
    /// Stations, silent ones first.
    pub stations: Vec<Station>,
    /// Devices.
    pub devices: Devices,
}

/// A resident who is not fully watched.
#[derive(Debug, Clone, PartialEq)]
pub struct Unwatched {
    /// Pseudonym.
    pub resident: String,
    /// BLIND or WEAK.
    pub watch: Watch,
    /// Since when.
    pub since: Since,
    /// What people call their station.
    pub station: String,
    /// Why.
    pub why: Why,
}

/// Why somebody is not fully watched.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Why {
    /// Nothing is heard of their station.
    StationSilent,
    /// Nothing but a text is heard of their station, which watches over them by itself.
    Guarded,
    /// What the station says of them cannot be read.
    Unreadable,
    /// No device of theirs is heard.
    NoWitness,
    /// Only these are, which is too little.
    Only(Vec<String>),
}

/// An alarm that wants an answer.
#[derive(Debug, Clone, PartialEq)]
pub struct Open {
    /// What is wrong, how urgent, and where it stands; none when this program cannot read it.
    pub known: Option<Told>,
    /// Whom or what it is about.
    pub about: String,
    /// Since when.
    pub since: Since,
    /// What people call its station.
    pub station: String,
    /// Its station is silent: this is how it stood when the station was last heard.
    pub stale: bool,
    /// How far the county's own ladder has come with it.
    pub case: Option<Case>,
}

/// A station.
#[derive(Debug, Clone, PartialEq)]
pub struct Station {
    /// What people call it.
    pub name: String,
    /// Station and gateway.
    pub place: String,
    /// How it is.
    pub voice: Voice,
    /// Since when the broker says that it is not connected.
    pub disconnected: Option<Since>,
    /// How many residents it has, and how many of them are watched.
    pub residents: (usize, usize),
    /// Age of what waits there without a receipt, in seconds; only when something waits.
    pub waits_s: Option<u64>,
    /// It cannot write its log.
    pub undurable: bool,
    /// It says that it has no mains.
    pub no_mains: bool,
    /// Minutes that its battery lasts, where it knows them.
    pub battery_min: Option<u16>,
    /// Sources that are down.
    pub down: Vec<String>,
    /// Messages of it that were refused.
    pub refused: i64,
    /// How it stands by its newest text, while that counts.
    pub by_text: Option<ByText>,
    /// How far the county's own ladder has come with its silence.
    pub case: Option<Case>,
}

/// Whether a station is heard.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Voice {
    /// It stands in the county's list and was never heard.
    Never,
    /// It was heard, and is not any more; with its last heartbeat.
    Silent(Option<Since>),
    /// It speaks and stands in no list.
    Unlisted,
    /// It has only just been heard, and has no heartbeat yet.
    Born,
    /// Its last heartbeat.
    Heard(Since),
}

impl Sheet {
    /// Puts in order what the book said. `names`: what people call the stations that may speak.
    #[must_use]
    pub fn of(survey: &Survey, names: &BTreeMap<StationId, String>) -> Sheet {
        let called = |station: &str| name(names, station);
        let heard = survey.stations.iter().filter(|row| row.first_heard_ms.is_some());
        let silent: BTreeSet<(&str, &str)> =
            heard.clone().filter(|row| row.silent).map(|row| (row.station.as_str(), row.gateway.as_str())).collect();

        let residents = heard.flat_map(|row| row.residents.iter().map(move |resident| (resident, row)));
        let (watched, rest): (Vec<_>, Vec<_>) = residents.partition(|(resident, _)| resident.watch == Watch::Watched);
        let mut unwatched: Vec<Unwatched> =
            rest.into_iter().map(|(resident, row)| unwatched(resident, row, called(&row.station))).collect();
        unwatched.sort_by_key(|one| (Reverse(one.watch), one.since.at_ms));

        let is_silent = |station: &str, gateway: &str| silent.contains(&(station, gateway));
        let alarms = survey.alarms.iter().map(|row| {
            let alarm = open(row, called(&row.station), is_silent(&row.station, &row.gateway));
            Open { case: case_of_alarm(&survey.cases, row), ..alarm }
        });
        let (mut people, mut things): (Vec<Open>, Vec<Open>) = alarms.partition(Open::is_about_person);
        people.sort_by_key(|alarm| (alarm.is_drill(), !alarm.is_unanswered(), alarm.since.at_ms));
        things.sort_by_key(|alarm| alarm.since.at_ms);

        let mut stations: Vec<Station> = survey
            .stations
            .iter()
            .map(|row| station(row, called(&row.station), &survey.cases))
            .chain(never(survey, names))
            .collect();
        stations.sort_by_key(|station| !station.is_silent());

        let devices = survey
            .devices
            .iter()
            .map(|row| Device::of(row, called(&row.station), is_silent(&row.station, &row.gateway)));
        Sheet {
            now_ms: survey.now_ms,
            listening: survey.listening,
            refused_alarms: survey.refused_alarms,
            refused_texts: survey.refused_texts.clone(),
            unwatched,
            watched: watched.len(),
            people,
            things,
            stations,
            devices: Devices::of(devices),
        }
    }

    /// How many residents have this watch state.
    #[must_use]
    pub fn count(&self, watch: Watch) -> usize {
        match watch {
            Watch::Watched => self.watched,
            other => self.unwatched.iter().filter(|one| one.watch == other).count(),
        }
    }

    /// Open alarms about people to which nobody goes, drills apart.
    #[must_use]
    pub fn unanswered(&self) -> usize {
        self.people.iter().filter(|alarm| alarm.is_unanswered() && !alarm.is_drill()).count()
    }

    /// Open alarms about people to which somebody goes, drills apart.
    #[must_use]
    pub fn answered(&self) -> usize {
        self.people.iter().filter(|alarm| !alarm.is_unanswered() && !alarm.is_drill()).count()
    }

    /// Stations that are not heard.
    #[must_use]
    pub fn silent(&self) -> usize {
        self.stations.iter().filter(|station| station.is_silent()).count()
    }
}

impl Open {
    /// What cannot be read may be about a person.
    #[must_use]
    pub fn is_about_person(&self) -> bool {
        self.known.as_ref().is_none_or(|known| known.condition.rule().about_person)
    }

    /// Nobody has said that they go.
    #[must_use]
    pub fn is_unanswered(&self) -> bool {
        self.known.as_ref().is_none_or(|known| !known.stands.is_answered())
    }

    /// A drill is shown as one, and alarms nobody.
    #[must_use]
    pub fn is_drill(&self) -> bool {
        self.known.as_ref().is_some_and(|known| known.drill)
    }
}

impl Station {
    /// Nothing is heard of it although it should be.
    #[must_use]
    pub fn is_silent(&self) -> bool {
        matches!(self.voice, Voice::Never | Voice::Silent(_))
    }
}

/// A gateway's own word, short and on one line.
pub(super) fn word(text: &str) -> String {
    text.chars().filter(|sign| !sign.is_control()).take(limits::COUNTY_PAGE_WORD_MAX).collect()
}

fn name(names: &BTreeMap<StationId, String>, station: &str) -> String {
    let known = station.parse().ok().and_then(|id| names.get(&StationId(id)));
    known.cloned().unwrap_or_else(|| station.to_owned())
}

fn unwatched(resident: &ResidentRow, row: &StationRow, station: String) -> Unwatched {
    let why = match serde_json::from_value::<ResidentState>(resident.reported.clone()) {
        _ if row.silent && row.by_text.as_ref().is_some_and(|text| text.guards) => Why::Guarded,
        _ if row.silent => Why::StationSilent,
        Err(_) => Why::Unreadable,
        Ok(state) if state.witnesses.is_empty() => Why::NoWitness,
        Ok(state) => Why::Only(state.witnesses.iter().map(ToString::to_string).collect()),
    };
    let since = Since::of_watch(resident, row);
    Unwatched { resident: resident.resident.clone(), watch: resident.watch, since, station, why }
}

fn open(row: &AlarmRow, station: String, silent: bool) -> Open {
    let Some(told) = Told::of(row) else {
        let id = row.record.get("id").and_then(Value::as_str).unwrap_or("?");
        let since = Since::received(row.first_received_ms);
        return Open { known: None, about: word(id), since, station, stale: silent, case: None };
    };
    // A text needs no link, so it does not tell of the time before the link was lost.
    let stale = silent && !told.by_text;
    Open { about: show::about(&told.id), since: told.since, station, stale, known: Some(told), case: None }
}

fn case_of_alarm(cases: &BTreeMap<Cause, Case>, row: &AlarmRow) -> Option<Case> {
    let id = row.record.get("id").and_then(Value::as_str)?;
    cases.get(&format!("{}/{}/{id}", row.station, row.gateway).parse().ok()?).cloned()
}

fn station(row: &StationRow, name: String, cases: &BTreeMap<Cause, Case>) -> Station {
    let heartbeat: Option<Heartbeat> = row.heartbeat.clone().and_then(|said| serde_json::from_value(said).ok());
    let last = row.heartbeat_ms.map(Since::seen);
    let voice = match (row.first_heard_ms, row.silent, last) {
        (None, ..) => Voice::Unlisted,
        (_, true, last) => Voice::Silent(last),
        (_, false, None) => Voice::Born,
        (_, false, Some(last)) => Voice::Heard(last),
    };
    let watched = row.residents.iter().filter(|resident| resident.watch == Watch::Watched).count();
    let down = heartbeat.iter().flat_map(|beat| &beat.sources).filter(|(_, up)| !**up);
    Station {
        name,
        place: format!("{}/{}", row.station, row.gateway),
        voice,
        disconnected: row.online_since_ms.filter(|_| row.online == Some(false)).map(Since::seen),
        residents: (row.residents.len(), watched),
        waits_s: heartbeat.as_ref().map(|beat| beat.oldest_unreceipted_s).filter(|seconds| *seconds > 0),
        undurable: heartbeat.as_ref().is_some_and(|beat| !beat.durable),
        no_mains: heartbeat.as_ref().is_some_and(|beat| beat.mains == Some(false)),
        battery_min: heartbeat.as_ref().and_then(|beat| beat.battery_min),
        down: down.map(|(source, _)| word(source)).collect(),
        refused: row.refused.values().sum(),
        by_text: row.by_text.clone().filter(|text| text.guards),
        case: format!("{}/{}", row.station, row.gateway)
            .parse()
            .ok()
            .and_then(|cause: Cause| cases.get(&cause).cloned()),
    }
}

/// Stations that stand in the list and of which the book knows nothing.
fn never(survey: &Survey, names: &BTreeMap<StationId, String>) -> impl Iterator<Item = Station> {
    let known: BTreeSet<&str> =
        survey.stations.iter().filter(|row| row.first_heard_ms.is_some()).map(|row| row.station.as_str()).collect();
    let missing = names.iter().filter(move |(id, _)| !known.contains(id.as_str()));
    missing.map(|(id, name)| Station {
        name: name.clone(),
        place: id.to_string(),
        voice: Voice::Never,
        disconnected: None,
        residents: (0, 0),
        waits_s: None,
        undurable: false,
        no_mains: false,
        battery_min: None,
        down: Vec::new(),
        refused: 0,
        by_text: None,
        case: None,
    })
}
