//! Names, places and telephones for paper: the one file of it that reads private values.

use super::Press;
use crate::core::id::{HomeId, ResidentId, ResponderId};
use crate::private::Private;

impl Press<'_> {
    /// What people call the station.
    pub(super) fn station_name(&self) -> &str {
        self.station.reveal()
    }

    /// A responder's name; their pseudonym where the list has none.
    pub(super) fn name(&self, who: ResponderId) -> String {
        let card = self.village.people.responders.get(&who);
        card.map_or_else(|| who.to_string(), |card| card.name.reveal().clone())
    }

    /// A responder's telephone, where it was asked for.
    pub(super) fn phone(&self, who: ResponderId) -> Option<&str> {
        text(self.village.people.responders.get(&who)?.phone.as_ref())
    }

    /// What people call a resident.
    pub(super) fn address_form(&self, who: ResidentId) -> String {
        let card = self.village.people.residents.get(&who);
        card.map_or_else(|| who.to_string(), |card| card.address_form.reveal().clone())
    }

    /// Group and number of a house.
    pub(super) fn label(&self, home: HomeId) -> String {
        let card = self.village.people.homes.get(&home);
        card.map_or_else(|| home.to_string(), |card| card.label.reveal().clone())
    }

    /// How a stranger finds it.
    pub(super) fn landmark(&self, home: HomeId) -> Option<&str> {
        text(self.village.people.homes.get(&home)?.landmark.as_ref())
    }
}

/// What may be missing.
pub(super) fn text(private: Option<&Private<String>>) -> Option<&str> {
    private.map(|private| private.reveal().as_str())
}

/// A message as it is sent.
pub(super) fn message(text: &Private<String>) -> &str {
    text.reveal()
}
