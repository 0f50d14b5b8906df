//! Whom the county calls, by `county.toml` and the time of day. Pure.
//!
//! - A station is silent: its duty phone, then its township, then the county's duty (CARE-RULES 11). An alarm about a person that the
//!   village left unanswered: the county's duty first (CARE-RULES 5), then township and duty phone; the village has been called.
//! - **A screen with nobody on shift is not a rung**: a level without a telephone that somebody answers at this hour is passed
//!   over, not waited for. When no level is left, everybody is called whose number is known, on shift or not.

use std::collections::BTreeMap;
use std::fmt;
use std::str::FromStr;

use jiff::Timestamp;
use jiff::civil::Time;
use jiff::tz::TimeZone;

use super::case::Cause;
use super::sms;
use crate::core::id::{GatewayId, ResponderId, Slug, StationId};
use crate::private::Private;
use crate::words::Lang;

/// Somebody the county can call. Their number stands in the plan and nowhere else.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Who {
    /// Whoever answers a station's duty phone.
    Station(StationId),
    /// Whoever answers a township's.
    Township(Slug),
    /// One of the county's own people.
    Person(ResponderId),
}

/// A text that names nobody whom the county calls.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not somebody whom the county calls")]
pub struct WhoError;

impl fmt::Display for Who {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Who::Station(id) => write!(f, "station-{id}"),
            Who::Township(id) => write!(f, "township-{id}"),
            Who::Person(id) => write!(f, "person-{id}"),
        }
    }
}

impl FromStr for Who {
    type Err = WhoError;

    fn from_str(text: &str) -> Result<Self, WhoError> {
        let (kind, id) = text.split_once('-').ok_or(WhoError)?;
        let id: Slug = id.parse().map_err(|_| WhoError)?;
        match kind {
            "station" => Ok(Who::Station(StationId(id))),
            "township" => Ok(Who::Township(id)),
            "person" => Ok(Who::Person(ResponderId(id))),
            _ => Err(WhoError),
        }
    }
}

/// Whom the county calls.
#[derive(Debug, Clone)]
pub struct Plan {
    /// The stations.
    pub stations: BTreeMap<StationId, PlannedStation>,
    /// Duty phones of the townships.
    pub townships: BTreeMap<Slug, Private<String>>,
    /// The county's own people.
    pub people: BTreeMap<ResponderId, Private<String>>,
    /// Who of them is on duty by day, and by night.
    pub shifts: Shifts,
    /// Zone of the shifts.
    pub zone: TimeZone,
    /// Language of what they are sent.
    pub lang: Lang,
}

/// What the plan knows of a station.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct PlannedStation {
    /// What people call it.
    pub name: String,
    /// Its duty phone.
    pub duty_phone: Option<Private<String>>,
    /// Its township.
    pub township: Option<Slug>,
    /// Boxes that were taken away: nobody misses them.
    pub retired: Vec<GatewayId>,
}

/// Who of the county is on duty when; all on a shift are called together.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Shifts {
    /// By day.
    pub day: Vec<ResponderId>,
    /// By night.
    pub night: Vec<ResponderId>,
    /// When the day shift begins.
    pub day_begins: Time,
    /// When the night shift begins.
    pub night_begins: Time,
}

/// One level of the county's ladder.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Level {
    Station,
    Township,
    County,
    Village,
}

const WHEN_SILENT: &[Level] = &[Level::Station, Level::Township, Level::County];
const WHEN_UNANSWERED: &[Level] = &[Level::County, Level::Village];

impl Shifts {
    /// Who is on shift at this time of day.
    #[must_use]
    pub fn at(&self, time: Time) -> &[ResponderId] {
        let is_day = if self.day_begins <= self.night_begins {
            (self.day_begins..self.night_begins).contains(&time)
        } else {
            !(self.night_begins..self.day_begins).contains(&time)
        };
        if is_day { &self.day } else { &self.night }
    }
}

impl Plan {
    /// The number of somebody.
    #[must_use]
    pub fn phone(&self, who: Who) -> Option<&Private<String>> {
        match who {
            Who::Station(id) => self.stations.get(&id)?.duty_phone.as_ref(),
            Who::Township(id) => self.townships.get(&id),
            Who::Person(id) => self.people.get(&id),
        }
    }

    /// Whose number this is; the first of them, where several share one.
    #[must_use]
    pub fn whose(&self, number: &Private<String>) -> Option<Who> {
        self.all().find(|who| self.phone(*who).is_some_and(|phone| sms::is_same(phone, number)))
    }

    /// Whether two of them answer the same telephone.
    #[must_use]
    pub fn share(&self, one: Who, other: Who) -> bool {
        match (self.phone(one), self.phone(other)) {
            (Some(one), Some(other)) => sms::is_same(one, other),
            _ => one == other,
        }
    }

    /// What people call a station in a message; by its id where its name would make the message longer than one.
    #[must_use]
    pub fn name(&self, station: StationId) -> String {
        let known = self.stations.get(&station).map(|known| known.name.as_str());
        let fits = known.filter(|name| self.lang == Lang::Zh || name.is_ascii());
        fits.map_or_else(|| station.to_string(), str::to_owned)
    }

    /// The next rung at or above this level that somebody answers, with the number of levels that are then passed.
    pub(super) fn rung(&self, cause: &Cause, passed: u8, now_ms: i64) -> Option<(Vec<Who>, u8)> {
        let levels = match cause {
            Cause::Silent { .. } => WHEN_SILENT,
            Cause::Unanswered { .. } => WHEN_UNANSWERED,
        };
        let rungs = (1_u8..).zip(levels).skip(usize::from(passed));
        rungs
            .map(|(passed, level)| (self.reached(self.level(*level, cause.station(), now_ms)), passed))
            .find(|(rung, _)| !rung.is_empty())
    }

    /// Everybody who may know of it, on shift or not, each telephone once.
    pub(super) fn everybody(&self, cause: &Cause) -> Vec<Who> {
        let local = self.level(Level::Village, cause.station(), 0);
        self.reached(local.into_iter().chain(self.people.keys().map(|id| Who::Person(*id))).collect())
    }

    fn level(&self, level: Level, station: StationId, now_ms: i64) -> Vec<Who> {
        let township = self.stations.get(&station).and_then(|known| known.township).map(Who::Township);
        match level {
            Level::Station => vec![Who::Station(station)],
            Level::Township => township.into_iter().collect(),
            Level::Village => township.into_iter().chain([Who::Station(station)]).collect(),
            Level::County => self.on_shift(now_ms).iter().map(|id| Who::Person(*id)).collect(),
        }
    }

    fn on_shift(&self, now_ms: i64) -> &[ResponderId] {
        let Ok(now) = Timestamp::from_millisecond(now_ms) else { return &self.shifts.day };
        self.shifts.at(now.to_zoned(self.zone.clone()).time())
    }

    /// Those who have a number, each telephone once.
    fn reached(&self, all: Vec<Who>) -> Vec<Who> {
        let mut reached: Vec<Who> = Vec::new();
        for who in all.into_iter().filter(|who| self.phone(*who).is_some()) {
            if !reached.iter().any(|other| self.share(*other, who)) {
                reached.push(who);
            }
        }
        reached
    }

    fn all(&self) -> impl Iterator<Item = Who> {
        let stations = self.stations.keys().map(|id| Who::Station(*id));
        let townships = self.townships.keys().map(|id| Who::Township(*id));
        self.people.keys().map(|id| Who::Person(*id)).chain(townships).chain(stations)
    }
}
