//! Names and places for the pages, by pseudonym: the one file of them that reads private values.
//!
//! Who is shown what is decided by whoever asks here: the answer page, the desk and the wall each ask for no more than
//! CARE-RULES 28 gives them.

use super::duty::DutyView;
use crate::config::village::People;
use crate::core::alarm::Alarm;
use crate::core::id::{HomeId, ResidentId, ResponderId, SourceId};
use crate::core::roster::{ResponderRole, Roster, Service};
use crate::private::Private;

/// Surnames of two signs. Source: those of them that the 2020 census counts above ten thousand people.
const DOUBLE_SURNAMES: [&str; 12] =
    ["欧阳", "上官", "皇甫", "令狐", "诸葛", "司徒", "司马", "申屠", "夏侯", "贺兰", "完颜", "慕容"];

/// The village as the pages know it.
#[derive(Debug, Clone, Default)]
pub struct Known {
    /// Who is watched by what, and who is called.
    pub roster: Roster,
    /// Their names.
    pub people: People,
    /// Who is on duty.
    pub duty: DutyView,
}

impl Known {
    /// The home of an alarm.
    #[must_use]
    pub fn home_of(&self, alarm: &Alarm) -> Option<HomeId> {
        let residents = alarm.resident().and_then(|id| self.roster.residents.get(&id)).map(|resident| resident.home);
        alarm.home.or(residents)
    }

    /// Through which source an alarm was heard.
    #[must_use]
    pub fn source_of(&self, alarm: &Alarm) -> Option<SourceId> {
        self.roster.devices.get(&alarm.device?).map(|device| device.source)
    }

    /// Whether somebody stands in the village's list of responders.
    #[must_use]
    pub fn has(&self, who: ResponderId) -> bool {
        self.roster.responders.contains_key(&who)
    }

    /// Whether somebody may be sent.
    #[must_use]
    pub fn is_sent(&self, who: ResponderId) -> bool {
        self.roster.responders.get(&who).is_some_and(|responder| responder.dispatched)
    }

    /// What somebody is in the village.
    #[must_use]
    pub fn role(&self, who: ResponderId) -> Option<ResponderRole> {
        self.roster.responders.get(&who).map(|responder| responder.role)
    }

    /// Whether a resident is there to be watched: not away, and not gone.
    #[must_use]
    pub fn is_active(&self, who: ResidentId) -> bool {
        self.roster.residents.get(&who).is_some_and(|resident| resident.service == Service::Active)
    }

    /// What people call a resident: 王奶奶. Their pseudonym where nobody has said.
    pub(super) fn address_form(&self, who: ResidentId) -> String {
        let card = self.people.residents.get(&who);
        card.map_or_else(|| who.to_string(), |card| card.address_form.reveal().clone())
    }

    /// A resident's surname, for the wall.
    pub(super) fn surname(&self, who: ResidentId) -> String {
        self.people.residents.get(&who).map_or_else(|| who.to_string(), |card| surname(card.name.reveal()).to_owned())
    }

    /// Group and number of a house.
    pub(super) fn label(&self, home: HomeId) -> String {
        self.people.homes.get(&home).map_or_else(|| home.to_string(), |card| card.label.reveal().clone())
    }

    /// How a stranger finds it.
    pub(super) fn landmark(&self, home: HomeId) -> Option<&str> {
        self.people.homes.get(&home)?.landmark.as_ref().map(|landmark| landmark.reveal().as_str())
    }

    /// What whoever goes must know at the door.
    pub(super) fn door_note(&self, home: HomeId) -> Option<&str> {
        self.people.homes.get(&home)?.door_note.as_ref().map(|note| note.reveal().as_str())
    }

    /// Whether a card with a code hangs inside of its door.
    #[must_use]
    pub fn has_door_code(&self, home: HomeId) -> bool {
        self.people.homes.get(&home).is_some_and(|card| card.door_code.is_some())
    }

    /// A responder's name.
    pub(super) fn name(&self, who: ResponderId) -> String {
        self.people.responders.get(&who).map_or_else(|| who.to_string(), |card| card.name.reveal().clone())
    }

    /// A responder's telephone, for the desk.
    pub(super) fn phone(&self, who: ResponderId) -> Option<&str> {
        self.people.responders.get(&who)?.phone.as_ref().map(|phone| phone.reveal().as_str())
    }
}

/// The station's own number, which whoever is called may have.
pub(super) fn number(call_back: Option<&Private<String>>) -> Option<&str> {
    call_back.map(|number| number.reveal().as_str())
}

fn surname(name: &str) -> &str {
    if name.is_ascii() {
        return name.rsplit(' ').next().unwrap_or(name);
    }
    if let Some(double) = DOUBLE_SURNAMES.iter().find(|double| name.starts_with(**double)) {
        return double;
    }
    let end = name.char_indices().nth(1).map_or(name.len(), |(at, _)| at);
    &name[..end]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_surname_is_one_sign_or_two_of_a_double_one() {
        for (name, expected) in
            [("示例甲", "示"), ("欧阳示例", "欧阳"), ("Example Granny", "Granny"), ("", ""), ("示", "示")]
        {
            assert_eq!(surname(name), expected, "{name}");
        }
    }
}
