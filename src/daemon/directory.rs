//! The village's names and numbers, for whoever writes to people.

use std::sync::Arc;

use jiff::tz::TimeZone;

use crate::config::Station;
use crate::config::notices::{Language, Notices};
use crate::core::alarm::AlarmId;
use crate::core::consent::Purpose;
use crate::core::id::{HomeId, ResidentId, ResponderId};
use crate::core::time::{Moment, Trust};
use crate::core::visit::DoorCode;
use crate::notify::directory::{Directory, Place, plain_number};
use crate::private::Private;
use crate::web::Settings;
use crate::web::names::Known;
use crate::words::Lang;

/// Names and numbers in force.
#[derive(Clone)]
pub(super) struct Names {
    known: Arc<Known>,
    notices: Notices,
    zone: TimeZone,
    /// Who makes links to the answer page, where there is one.
    pages: Option<Settings>,
}

impl Names {
    /// The names of a village, and how its people are written to.
    pub(super) fn new(known: Arc<Known>, config: &Station, pages: Option<Settings>) -> Self {
        Self { known, notices: config.notices.clone(), zone: config.zone.clone(), pages }
    }

    /// Whether somebody stands in the village file.
    pub(super) fn knows(&self, who: ResponderId) -> bool {
        self.known.people.responders.contains_key(&who)
    }

    /// The same with another village.
    pub(super) fn with(&self, known: Arc<Known>) -> Self {
        Self { known, ..self.clone() }
    }
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
        self.known.people.responders.get(&who)?.phone.as_ref()
    }

    fn is_proven(&self, who: ResponderId) -> bool {
        self.known.people.responders.get(&who).is_some_and(|contact| contact.is_proven)
    }

    fn who_has(&self, phone: &Private<String>) -> Option<ResponderId> {
        let number = plain_number(phone.reveal());
        let mut all = self.known.people.responders.iter();
        let has = |own: &Private<String>| plain_number(own.reveal()) == number;
        all.find(|(_, contact)| contact.phone.as_ref().is_some_and(has)).map(|(who, _)| *who)
    }

    fn address_form(&self, resident: ResidentId) -> Option<&Private<String>> {
        self.known.people.residents.get(&resident).map(|card| &card.address_form)
    }

    fn consents(&self, resident: ResidentId, to: Purpose) -> bool {
        self.known.people.residents.get(&resident).is_some_and(|card| card.consent.contains(&to))
    }

    fn place(&self, home: HomeId) -> Option<Place<'_>> {
        let card = self.known.people.homes.get(&home)?;
        Some(Place { label: &card.label, landmark: card.landmark.as_ref() })
    }

    fn door_code(&self, code: &Private<String>, homes: &[HomeId]) -> Option<DoorCode> {
        self.known.people.door_code(code, homes.iter().copied())
    }

    fn clock(&self, at: Moment) -> String {
        if at.trust == Trust::Unset {
            // A wrong time would be believed.
            return "--:--".to_owned();
        }
        let local = crate::config::village::rota::expand::local(at.wall, &self.zone);
        format!("{:02}:{:02}", local.hour(), local.minute())
    }

    fn link(&self, alarm: AlarmId, who: ResponderId) -> Option<Private<String>> {
        self.pages.as_ref()?.link(alarm, who)
    }
}
