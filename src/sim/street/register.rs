//! Who else belongs to the village's people: families who are only informed, and neighbours with a key.

use crate::core::id::{ResponderId, Slug};
use crate::core::roster::{Responder, ResponderRole, Roster};
use crate::sim::place::slug;

/// Every so many homes has family that is informed.
const FAMILY_EVERY: usize = 3;
/// And another one a neighbour with a key.
const KEY_EVERY: usize = 4;

/// Writes families and key holders into the village's list.
pub(in crate::sim) fn enlist(roster: &mut Roster) {
    let neighbours: Vec<ResponderId> =
        roster.responders.values().filter(|one| one.role == ResponderRole::Neighbour).map(|one| one.id).collect();
    for (number, resident) in roster.residents.values_mut().enumerate() {
        if number % FAMILY_EVERY == 0 {
            let family = ResponderId(name(number));
            resident.family = vec![family];
            let informed = Responder { id: family, role: ResponderRole::Family, travel_min: 60, dispatched: false };
            roster.responders.insert(family, informed);
        }
        if number % KEY_EVERY == 1 {
            resident.key_holder = neighbours.get((number / 2 + 1) % neighbours.len().max(1)).copied();
        }
    }
}

fn name(home: usize) -> Slug {
    slug(&format!("f-{home}"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sim::place::Place;

    #[test]
    fn a_village_has_families_that_are_not_sent_and_neighbours_with_keys() {
        let mut roster = Place::new(10).roster;
        enlist(&mut roster);
        let families: Vec<_> = roster.residents.values().flat_map(|resident| &resident.family).collect();
        assert!(families.len() >= 3);
        assert!(families.iter().all(|family| !roster.responders[family].dispatched));
        let keys: Vec<_> = roster.residents.values().filter_map(|resident| resident.key_holder).collect();
        assert!(keys.len() >= 2 && keys.iter().all(|key| roster.responders.contains_key(key)));
    }
}
