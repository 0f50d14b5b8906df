//! The names and numbers of the street: made up, and nobody's.

use std::collections::BTreeMap;

use shouwang::core::alarm::AlarmId;
use shouwang::core::consent::Purpose;
use shouwang::core::id::{HomeId, ResidentId, ResponderId};
use shouwang::core::roster::Roster;
use shouwang::core::time::Moment;
use shouwang::core::visit::DoorCode;
use shouwang::notify::directory::{Directory, Place, plain_number};
use shouwang::private::Private;
use shouwang::words::Lang;

use super::village::phone_of;

/// The village's names.
#[derive(Debug, Clone)]
pub struct Names {
    pub unproven: Vec<ResponderId>,
    pub without_phone: Vec<ResponderId>,
    pub consent: Vec<(ResidentId, Purpose)>,
    all: Vec<ResponderId>,
    station: Private<String>,
    call_back: Private<String>,
    phones: BTreeMap<ResponderId, Private<String>>,
    residents: BTreeMap<ResidentId, Private<String>>,
    homes: BTreeMap<HomeId, Private<String>>,
    /// The codes on cards inside of doors.
    pub doors: BTreeMap<HomeId, Private<String>>,
}

impl Names {
    pub fn of(list: &Roster) -> Names {
        let all: Vec<ResponderId> = list.responders.keys().copied().collect();
        let phones = all.iter().map(|who| (*who, Private::new(phone_of(who)))).collect();
        let residents =
            list.residents.keys().map(|resident| (*resident, Private::new(format!("示例{resident}奶奶")))).collect();
        let homes = list.residents.values().map(|resident| resident.home);
        let homes = homes.map(|home| (home, Private::new(format!("示例一组{home}号")))).collect();
        Names {
            unproven: Vec::new(),
            without_phone: Vec::new(),
            consent: Vec::new(),
            all,
            station: Private::new("示例站".to_owned()),
            call_back: Private::new("00000009999".to_owned()),
            phones,
            residents,
            homes,
            doors: BTreeMap::new(),
        }
    }
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
        if self.without_phone.contains(&who) { None } else { self.phones.get(&who) }
    }
    fn is_proven(&self, who: ResponderId) -> bool {
        !self.unproven.contains(&who)
    }
    fn who_has(&self, phone: &Private<String>) -> Option<ResponderId> {
        let number = plain_number(phone.reveal());
        self.all.iter().copied().find(|who| self.phones.get(who).is_some_and(|own| *own.reveal() == number))
    }
    fn address_form(&self, resident: ResidentId) -> Option<&Private<String>> {
        self.residents.get(&resident)
    }
    fn consents(&self, resident: ResidentId, to: Purpose) -> bool {
        self.consent.contains(&(resident, to))
    }
    fn place(&self, home: HomeId) -> Option<Place<'_>> {
        self.homes.get(&home).map(|label| Place { label, landmark: None })
    }
    fn door_code(&self, code: &Private<String>, homes: &[HomeId]) -> Option<DoorCode> {
        let has = |home: &&HomeId| self.doors.get(*home).is_some_and(|own| own == code);
        let home = homes.iter().find(has).copied();
        let any = homes.iter().any(|home| self.doors.contains_key(home));
        any.then(|| home.map_or(DoorCode::Wrong, DoorCode::Of))
    }
    fn clock(&self, at: Moment) -> String {
        let minutes = at.wall.0.div_euclid(60_000).rem_euclid(24 * 60);
        format!("{:02}:{:02}", minutes / 60, minutes % 60)
    }
    fn link(&self, _: AlarmId, _: ResponderId) -> Option<Private<String>> {
        None
    }
}
