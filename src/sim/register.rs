//! Somebody's record changes while the station runs (CARE-RULES 26): paused for the hospital, moved to the children, or dead.

use super::gateway::Arrival;
use super::person::Planned;
use super::place::slug;
use super::trace::Ms;
use super::village::{Event, Village};
use crate::core::effect::{Input, NewVillage, VillageChange, VillageDeed};
use crate::core::roster::Service;

/// Nobody edits the list of a station that is down; whoever wanted to tries again.
const TRY_AGAIN: Ms = 60_000;

impl Village<'_> {
    /// The list says from here on how the resident of a home is served, as a reload of the daemon does it.
    pub(super) fn serve(&mut self, home: usize, service: Service) {
        let Some(resident) = self.place.homes.get(home).map(|home| home.resident) else { return };
        let Some(gateway) = &mut self.gateway else {
            let deed = super::person::Deed::Serves { service };
            return self.after(TRY_AGAIN, Event::Deed(Planned { at: self.now + TRY_AGAIN, home, deed }));
        };
        let Some(record) = self.place.roster.residents.get_mut(&resident) else { return };
        // Who has left does not come back by being unpaused.
        if !record.service.is_served() {
            return;
        }
        record.service = service;
        let change = VillageChange {
            revision: format!("{}", self.now),
            by: slug("desk"),
            did: VillageDeed::Reload,
            enrolled: Vec::new(),
            replaced: Vec::new(),
            removed: Vec::new(),
        };
        let new = NewVillage { change, roster: Some(self.place.roster.clone()) };
        gateway.urgent.push_back(Arrival { input: Input::Village(Box::new(new)), delivery: None, text: None });
        self.trace.line(self.now, format_args!("{resident} is {service}"));
        self.oracle.serves(self.now, resident, service);
    }
}
