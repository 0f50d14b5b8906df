//! Names and numbers of the village, all made up, as the queue asks for them.

use std::collections::BTreeMap;

use super::Whom;
use crate::core::alarm::AlarmId;
use crate::core::consent::Purpose;
use crate::core::id::{HomeId, ResidentId, ResponderId};
use crate::core::roster::{ResponderRole, Roster};
use crate::core::time::{Moment, Trust};
use crate::core::visit::DoorCode;
use crate::notify::directory::{Directory, Place, plain_number};
use crate::notify::queue::Numbers;
use crate::private::Private;
use crate::words::Lang;

/// In the village's zone the clock shows eight hours more than UTC.
const ZONE_MS: i64 = 8 * 3_600_000;

/// See the module.
#[derive(Debug)]
pub(in crate::sim) struct Names {
    station: Private<String>,
    call_back: Private<String>,
    phones: BTreeMap<ResponderId, Private<String>>,
    owners: BTreeMap<Private<String>, ResponderId>,
    unproven: Vec<ResponderId>,
    forms: BTreeMap<ResidentId, Private<String>>,
    homes: BTreeMap<HomeId, (Private<String>, Private<String>)>,
    county: Private<String>,
    duty: Private<String>,
    stranger: Private<String>,
}

impl Names {
    /// Names for a village: one neighbour has no telephone, one has a number that nobody has proven, and so has every second
    /// family.
    pub(in crate::sim) fn new(roster: &Roster) -> Names {
        let neighbour = |number: usize| {
            let mut all = roster.responders.values().filter(|one| one.role == ResponderRole::Neighbour);
            all.nth(number).map(|one| one.id)
        };
        let (silent, doubtful) = (neighbour(2), neighbour(3));
        let mut phones = BTreeMap::new();
        let mut unproven = Vec::new();
        for (number, one) in roster.responders.values().enumerate() {
            if Some(one.id) != silent {
                phones.insert(one.id, number_of(number));
            }
            if Some(one.id) == doubtful || (one.role == ResponderRole::Family && number % 2 == 0) {
                unproven.push(one.id);
            }
        }
        let owners = phones.iter().map(|(who, phone)| (phone.clone(), *who)).collect();
        let residents = roster.residents.values().enumerate();
        let named = residents.map(|(number, resident)| {
            let label = Private::new(format!("示例{}组{number}号", number / 10 + 1));
            let landmark = Private::new(format!("第{number}棵槐树旁"));
            (resident, Private::new(format!("示例{number}奶奶")), label, landmark)
        });
        let (mut forms, mut homes) = (BTreeMap::new(), BTreeMap::new());
        for (resident, form, label, landmark) in named {
            forms.insert(resident.id, form);
            homes.insert(resident.home, (label, landmark));
        }
        Names {
            station: Private::new("示例站".to_owned()),
            call_back: number_of(9_000),
            phones,
            owners,
            unproven,
            forms,
            homes,
            county: number_of(9_001),
            duty: number_of(9_002),
            stranger: number_of(9_003),
        }
    }

    /// The county's numbers.
    pub(in crate::sim) fn numbers(&self) -> Numbers {
        Numbers { text: Some(self.county.clone()), duty: Some(self.duty.clone()), own: None }
    }

    /// Whose telephone a number is.
    pub(super) fn whose(&self, phone: &Private<String>) -> Whom {
        match self.owners.get(phone) {
            Some(who) => Whom::Responder(*who),
            None if *phone == self.county => Whom::County,
            None if *phone == self.duty => Whom::Duty,
            None => Whom::Nobody,
        }
    }

    /// The number of somebody who writes; whom nobody knows has one, too.
    pub(super) fn number(&self, by: Option<ResponderId>) -> Private<String> {
        by.and_then(|by| self.phones.get(&by)).unwrap_or(&self.stranger).clone()
    }
}

/// A made-up number, written as one that could ring, so that a leak shows.
fn number_of(number: usize) -> Private<String> {
    Private::new(format!("1380000{number:04}"))
}

impl Directory for Names {
    fn lang(&self) -> Lang {
        Lang::Zh
    }

    fn station(&self) -> &Private<String> {
        &self.station
    }

    fn call_back(&self) -> Option<&Private<String>> {
        Some(&self.call_back)
    }

    fn phone(&self, who: ResponderId) -> Option<&Private<String>> {
        self.phones.get(&who)
    }

    fn is_proven(&self, who: ResponderId) -> bool {
        !self.unproven.contains(&who)
    }

    fn who_has(&self, phone: &Private<String>) -> Option<ResponderId> {
        self.owners.get(&Private::new(plain_number(phone.reveal()))).copied()
    }

    fn address_form(&self, resident: ResidentId) -> Option<&Private<String>> {
        self.forms.get(&resident)
    }

    /// Nobody has consented to anything, so that whoever is not called reads codes only.
    fn consents(&self, _: ResidentId, _: Purpose) -> bool {
        false
    }

    fn place(&self, home: HomeId) -> Option<Place<'_>> {
        self.homes.get(&home).map(|(label, landmark)| Place { label, landmark: Some(landmark) })
    }

    fn door_code(&self, _: &Private<String>, _: &[HomeId]) -> Option<DoorCode> {
        None
    }

    fn clock(&self, at: Moment) -> String {
        if at.trust == Trust::Unset {
            return "--:--".to_owned();
        }
        let minutes = (at.wall.0 + ZONE_MS).div_euclid(60_000).rem_euclid(24 * 60);
        format!("{:02}:{:02}", minutes / 60, minutes % 60)
    }

    fn link(&self, _: AlarmId, _: ResponderId) -> Option<Private<String>> {
        None
    }
}
