//! The village's names and numbers, for whoever writes to people.

use jiff::tz::TimeZone;

use crate::config::notices::{Language, Notices};
use crate::config::village::People;
use crate::core::alarm::AlarmId;
use crate::core::id::{HomeId, ResidentId, ResponderId};
use crate::core::time::{Moment, Trust};
use crate::notify::directory::{Directory, Place, plain_number};
use crate::private::Private;
use crate::words::Lang;

/// Names and numbers in force.
#[derive(Debug, Clone)]
pub(super) struct Names {
    pub(super) people: People,
    pub(super) notices: Notices,
    pub(super) zone: TimeZone,
}

impl Directory for Names {
    fn lang(&self) -> Lang {
        match self.notices.language {
            Language::Zh => Lang::Zh,
            Language::En => Lang::En,
        }
    }

    fn station(&self) -> &Private<String> {
        &self.notices.station_name
    }

    fn call_back(&self) -> Option<&Private<String>> {
        self.notices.call_back.as_ref()
    }

    fn phone(&self, who: ResponderId) -> Option<&Private<String>> {
        self.people.responders.get(&who)?.phone.as_ref()
    }

    fn is_proven(&self, who: ResponderId) -> bool {
        self.people.responders.get(&who).is_some_and(|contact| contact.is_proven)
    }

    fn who_has(&self, phone: &Private<String>) -> Option<ResponderId> {
        let number = plain_number(phone.reveal());
        let mut all = self.people.responders.iter();
        let has = |own: &Private<String>| plain_number(own.reveal()) == number;
        all.find(|(_, contact)| contact.phone.as_ref().is_some_and(has)).map(|(who, _)| *who)
    }

    fn address_form(&self, resident: ResidentId) -> Option<&Private<String>> {
        self.people.residents.get(&resident).map(|card| &card.address_form)
    }

    fn place(&self, home: HomeId) -> Option<Place<'_>> {
        let card = self.people.homes.get(&home)?;
        Some(Place { label: &card.label, landmark: card.landmark.as_ref() })
    }

    fn clock(&self, at: Moment) -> String {
        if at.trust == Trust::Unset {
            // A wrong time would be believed.
            return "--:--".to_owned();
        }
        let local = crate::config::village::rota::expand::local(at.wall, &self.zone);
        format!("{:02}:{:02}", local.hour(), local.minute())
    }

    fn link(&self, _: AlarmId, _: ResponderId) -> Option<Private<String>> {
        None
    }
}
