//! Reading the village from top to bottom: homes, responders, their rota, ladders, residents; each knows those before it.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use toml::de::DeValue;

use super::super::document::{Found, Section};
use super::super::problem::What;
use super::super::station::Station;
use super::{
    AddressBook, CONTACTS_MIN, Contact, DEVICE_KEYS, HOME_KEYS, HomeCard, LADDER_KEYS, People, RESIDENT_KEYS,
    RESPONDER_KEYS, RUNG_KEYS, ResidentCard, VISIT_KEYS, Village, absence, devices, door, proof, rota,
};
use crate::core::consent::Purpose;
use crate::core::id::{HomeId, ResidentId, ResponderId, RoomId, Slug};
use crate::core::roster::{Ladder, Resident, Responder, ResponderRole, Roster, Rung, Service, Tier};
use crate::core::visit::Rhythm;
use crate::private::Private;

/// The village, with every problem reported; what is wrong is left out.
pub(super) fn village(top: &Section<'_>, station: Option<&Station>) -> Village {
    let mut roster = Roster::default();
    let mut people = People::default();
    if let Some(station) = station {
        roster.sources = station.sources.iter().map(|source| source.id).collect();
    }
    let homes = top.by_id("homes", HOME_KEYS);
    for (id, section) in &homes {
        people.homes.insert(HomeId(*id), home(section));
    }
    let responders = top.by_id("responders", RESPONDER_KEYS);
    for (id, section) in &responders {
        let id = ResponderId(*id);
        if let Some((responder, contact)) = responder(id, section, &people) {
            roster.travel_min.extend(contact.travel_min.iter().map(|(home, minutes)| ((id, *home), *minutes)));
            roster.responders.insert(id, responder);
            people.responders.insert(id, contact);
        }
    }
    // A responder whose own entry is wrong is known all the same: one mistake is one problem.
    let known = ids_of(&responders);
    let (rota, mut lapses) = rota::rota(top, &known);
    let ladders: BTreeMap<Slug, Ladder> =
        top.by_id("ladders", LADDER_KEYS).iter().map(|(id, section)| (*id, ladder(section, &known, &people))).collect();
    roster.visits = visits(&top.table("visits", VISIT_KEYS));
    let residents = top.by_id("residents", RESIDENT_KEYS);
    for (id, section) in &residents {
        let id = ResidentId(*id);
        if let Some((resident, card)) = resident(id, section, &ladders, &known, &roster, &people) {
            roster.residents.insert(id, resident);
            people.residents.insert(id, card);
        }
    }
    let (absences, past) = absence::absences(top, &ids_of(&residents), &known);
    lapses.extend(past);
    let sections = top.by_id("devices", DEVICE_KEYS);
    let known_things = devices::Known::new(station, &roster, &people, ids_of(&residents));
    let (devices, enrolled) = devices::read(&sections, &known_things);
    roster.devices = devices;
    let addresses = AddressBook::new(station.map(|station| station.id), enrolled);
    let (revision, file) = (String::new(), String::new());
    Village { roster, addresses, people, rota, absences, ladders, revision, lapses, file }
}

fn visits(section: &Section<'_>) -> Rhythm {
    let days = |name| section.whole(name).and_then(|days| u16::try_from(days).ok());
    let usual = Rhythm::default();
    Rhythm {
        ordinary_days: days("ordinary_days").unwrap_or(usual.ordinary_days),
        high_days: days("high_days").unwrap_or(usual.high_days),
    }
}

fn home(section: &Section<'_>) -> HomeCard {
    let mut rooms = Vec::new();
    for (name, found) in section.texts("rooms") {
        match name.parse() {
            Ok(room) => rooms.push(RoomId(room)),
            Err(why) => {
                let problem = section.wrong("rooms", &found, What::NotAnId);
                section.report(
                    problem.allowed("ids such as bedroom, bathroom, kitchen, hall, yard").fix(format!("{why}")),
                );
            }
        }
    }
    HomeCard {
        label: private(section, "label").unwrap_or_default(),
        landmark: private(section, "landmark"),
        door_note: private(section, "door_note"),
        rooms,
        pet: section.flag("pet"),
        visitor: section.flag("visitor"),
        second_person: section.flag("second_person"),
        door_code: door::read(section),
    }
}

fn responder(id: ResponderId, section: &Section<'_>, people: &People) -> Option<(Responder, Contact)> {
    let name = private(section, "name");
    let phone = phone(section, "phone");
    let proven = section.find("proven").and_then(|_| section.text("proven"));
    let role = section.word("role", ResponderRole::ALL, ResponderRole::word);
    let travel_min = section.whole("travel_min").and_then(|minutes| u16::try_from(minutes).ok());
    let mut travel = BTreeMap::new();
    let homes: Vec<&str> = people.homes.keys().map(HomeId::as_str).collect();
    for (key, found) in section.entries("travel") {
        let minutes = match found.value {
            DeValue::Integer(minutes) => minutes.as_str().parse().ok().filter(|minutes| (1..=120).contains(minutes)),
            _ => None,
        };
        let home = key.parse().ok().map(HomeId).filter(|home| people.homes.contains_key(home));
        match (home, minutes) {
            (Some(home), Some(minutes)) => _ = travel.insert(home, minutes),
            (None, _) => section.report(section.not_among("travel", &found, What::UnknownName, key, &homes)),
            (_, None) => {
                let problem = section.wrong("travel", &found, What::OutOfRange).allowed("1 to 120 (min)");
                section.report(problem.fix("write whole minutes"));
            }
        }
    }
    let role = role?;
    let dispatched =
        if section.find("dispatched").is_some() { section.flag("dispatched") } else { role != ResponderRole::Family };
    // A number that was changed since is another's.
    let is_proven = phone.as_ref().zip(proven).is_some_and(|(phone, proven)| proof::holds(id, phone, &proven));
    let contact = Contact { name: name?, phone, is_proven, travel_min: travel, dispatched };
    Some((Responder { id, role, travel_min: travel_min?, dispatched }, contact))
}

fn ladder(section: &Section<'_>, known: &[&str], people: &People) -> Ladder {
    if section.demand("rungs").is_none() {
        return Ladder::default();
    }
    let Some(rungs) = section.list("rungs") else { return Ladder::default() };
    let rungs = rungs.into_iter().map(|rung| rung_of(&rung.holding(RUNG_KEYS), known, people));
    let rungs: Vec<Rung> = rungs.collect();
    if rungs.is_empty() {
        section.report(section.whole_table(What::Empty).fix("add a rung: rungs = [{ call = [\"ID\"] }]"));
    }
    Ladder { rungs, ..Ladder::default() }
}

fn rung_of(section: &Section<'_>, known: &[&str], people: &People) -> Rung {
    let responders = sent(section, "call", known, people);
    let mut roles = Vec::new();
    let words: Vec<&str> = ResponderRole::ALL.iter().map(|role| role.word()).collect();
    for (word, found) in section.texts("roles") {
        match ResponderRole::from_word(&word) {
            Some(role) if !roles.contains(&role) => roles.push(role),
            Some(_) => section.report(section.wrong("roles", &found, What::Shared).fix("name every role once a rung")),
            None => section.report(section.not_among("roles", &found, What::UnknownWord, &word, &words)),
        }
    }
    let on_duty = section.flag("on_duty");
    let says_nobody =
        ["call", "roles"].iter().all(|key| section.items(key, "a list of texts", "").is_empty()) && !on_duty;
    if says_nobody {
        section.report(
            section.whole_table(What::Empty).fix("name somebody in call, or a role in roles, or write on_duty = true"),
        );
    }
    Rung { responders, roles, on_duty, wait: Duration::from_secs(section.whole("wait_s").unwrap_or_default()) }
}

/// Responders who may be sent, each once.
fn sent(section: &Section<'_>, key: &'static str, known: &[&str], people: &People) -> Vec<ResponderId> {
    let mut responders = Vec::new();
    for (id, found) in responders_in(section, key, known) {
        if people.responders.get(&id).is_some_and(|contact| !contact.dispatched) {
            let problem = section.wrong(key, &found, What::FamilyNotDispatched);
            section.report(problem.fix(format!("take {id} out, or write dispatched = true in responders.{id}")));
        } else if responders.contains(&id) {
            section.report(section.wrong(key, &found, What::Shared).fix("name everybody once"));
        } else {
            responders.push(id);
        }
    }
    responders
}

/// The responders whose ids stand in a list.
pub(super) fn responders_in<'d>(
    section: &Section<'d>,
    key: &'static str,
    known: &[&str],
) -> Vec<(ResponderId, Found<'d>)> {
    let mut responders = Vec::new();
    for (name, found) in section.texts(key) {
        match name.parse().ok().map(ResponderId).filter(|_| known.contains(&name.as_ref())) {
            Some(id) => responders.push((id, found)),
            None => section.report(section.not_among(key, &found, What::UnknownName, &name, known)),
        }
    }
    responders
}

fn resident(
    id: ResidentId,
    section: &Section<'_>,
    ladders: &BTreeMap<Slug, Ladder>,
    known: &[&str],
    roster: &Roster,
    people: &People,
) -> Option<(Resident, ResidentCard)> {
    let name = private(section, "name");
    let address_form = private(section, "address_form");
    let homes: Vec<&str> = people.homes.keys().map(HomeId::as_str).collect();
    let home = reference(section, "home", &homes).map(HomeId);
    let service = section.word("service", Service::ALL, Service::word).unwrap_or(Service::Active);
    let tier = section.word("tier", Tier::ALL, Tier::word).unwrap_or(Tier::Ordinary);
    let names: Vec<&str> = ladders.keys().map(Slug::as_str).collect();
    let mut ladder = reference(section, "ladder", &names).and_then(|name| ladders.get(&name)).cloned();
    let first = sent(section, "first", known, people);
    let never: Vec<ResponderId> = responders_in(section, "never", known).into_iter().map(|(id, _)| id).collect();
    if let Some(ladder) = &mut ladder {
        ladder.fit(&first, &never);
    }
    if service == Service::Active || service == Service::Paused {
        judge_ladder(section, ladder.as_ref(), roster, people);
    }
    let prompt = section.flag("prompt");
    let key_holder = if section.find("key_holder").is_some() { reference(section, "key_holder", known) } else { None };
    let family = responders_in(section, "family", known).into_iter().map(|(id, _)| id).collect();
    let consent = consent(section);
    let card = ResidentCard { name: name?, address_form: address_form?, consent };
    let (ladder, key_holder) = (ladder.unwrap_or_default(), key_holder.map(ResponderId));
    Some((Resident { id, home: home?, service, tier, prompt, ladder, key_holder, family }, card))
}

fn consent(section: &Section<'_>) -> BTreeSet<Purpose> {
    let mut consent = BTreeSet::new();
    let words: Vec<&str> = Purpose::ALL.iter().map(|purpose| purpose.word()).collect();
    for (word, found) in section.texts("consent") {
        match Purpose::from_word(&word) {
            Some(purpose) if consent.insert(purpose) => {}
            Some(_) => section.report(section.wrong("consent", &found, What::Shared).fix("name every purpose once")),
            None => section.report(section.not_among("consent", &found, What::UnknownWord, &word, &words)),
        }
    }
    consent
}

fn judge_ladder(section: &Section<'_>, ladder: Option<&Ladder>, roster: &Roster, people: &People) {
    let Some(ladder) = ladder else {
        if section.find("ladder").is_none() {
            section.report(section.whole_table(What::NoLadder).fix("add ladder = \"ID\""));
        }
        return;
    };
    let reachable = reachable_contacts(ladder, roster, people);
    if reachable < CONTACTS_MIN {
        let problem = section.whole_table(What::NotCovered);
        section.report(
            problem
                .allowed(format!("at least {CONTACTS_MIN}, and there are {reachable}"))
                .fix("add responders with telephones to the ladder"),
        );
    }
}

/// How many different people of a ladder can be reached by telephone and sent, whoever is on duty.
pub(in super::super) fn reachable_contacts(ladder: &Ladder, roster: &Roster, people: &People) -> usize {
    let on_it = |id: &ResponderId, rung: &Rung| roster.responders.get(id).is_some_and(|who| rung.may_call(who));
    let counts = |id: &ResponderId| !ladder.never.contains(id) && ladder.rungs.iter().any(|rung| on_it(id, rung));
    people.responders.iter().filter(|(id, contact)| contact.is_reachable() && counts(id)).count()
}

/// The id under a key, which must be one of `known`.
pub(super) fn reference(section: &Section<'_>, name: &'static str, known: &[&str]) -> Option<Slug> {
    let found = section.demand(name)?;
    let text = section.text_of(name, &found)?;
    if known.contains(&text.as_ref()) {
        return text.parse().ok();
    }
    section.report(section.not_among(name, &found, What::UnknownName, &text, known));
    None
}

/// A personal text.
fn private(section: &Section<'_>, name: &'static str) -> Option<Private<String>> {
    section.text(name).map(|text| Private::new(text.into_owned()))
}

/// A telephone number: digits, with `+` in front and spaces or hyphens between allowed, and kept without these.
pub(in super::super) fn phone(section: &Section<'_>, name: &'static str) -> Option<Private<String>> {
    let text = section.text(name)?;
    let found = section.find(name)?;
    phone_of(section, name, &text, &found)
}

/// A list of telephone numbers; one that is none is reported, and the others stay.
pub(in super::super) fn phones(section: &Section<'_>, name: &'static str) -> Vec<Private<String>> {
    let written = section.texts(name).into_iter();
    written.filter_map(|(text, found)| phone_of(section, name, &text, &found)).collect()
}

fn phone_of(section: &Section<'_>, name: &'static str, text: &str, found: &Found<'_>) -> Option<Private<String>> {
    let number: String = text.chars().filter(|sign| !matches!(sign, ' ' | '-')).collect();
    let digits = number.strip_prefix('+').unwrap_or(&number);
    // ITU-T E.164: at most 15 digits; three are the shortest in use (110, 120).
    if (3..=15).contains(&digits.len()) && digits.bytes().all(|sign| sign.is_ascii_digit()) {
        return Some(Private::new(number));
    }
    let problem = section.wrong(name, found, What::NotAPhone);
    section.report(
        problem.allowed("3 to 15 digits, + in front for other countries").fix("write digits only, between quotes"),
    );
    None
}

fn ids_of<T>(all: &[(Slug, T)]) -> Vec<&str> {
    all.iter().map(|(id, _)| id.as_str()).collect()
}
