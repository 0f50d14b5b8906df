//! `shouwang county duty` and `acknowledge`: the county's own ladder, and whom it calls by the configuration.

use std::collections::BTreeMap;
use std::process::ExitCode;

use jiff::tz::TimeZone;

use super::{clock, fail};
use crate::config::county::{Duty, KnownStation};
use crate::core::id::{ResponderId, StationId};
use crate::county::book::{Book, BookError};
use crate::county::case::Cause;
use crate::county::cases::{Answer, Said};
use crate::county::plan::{Plan, PlannedStation, Shifts, Who};
use crate::county::{Settings, show};
use crate::words::{Lang, escalation};

/// What the county calls its own people for.
pub(super) async fn list(settings: &Settings, lang: Lang) -> Result<Vec<String>, BookError> {
    let book = Book::open_to_read(&settings.database).await?;
    Ok(show::cases(&book.cases().await?, clock()(), lang))
}

/// Leaves an acknowledgement for the running service.
pub(super) async fn acknowledge(settings: &Settings, plan: &Plan, what: &str, by: ResponderId, lang: Lang) -> ExitCode {
    if !plan.people.contains_key(&by) {
        eprintln!("{by}: {}", escalation::NOT_IN_PEOPLE.say(lang));
        return ExitCode::FAILURE;
    }
    let now_ms = clock()();
    let left = async {
        let book = Book::open(&settings.database, now_ms).await?;
        let cases = book.cases().await?;
        let is_meant =
            |cause: &Cause| cause.to_string() == what || cause.alarm().is_some_and(|id| id.to_string() == what);
        let Some(cause) = cases.into_keys().find(is_meant) else { return Ok(escalation::NO_SUCH_CASE) };
        let answer = Answer { who: Who::Person(by), said: Said::Acknowledged(cause), at_ms: now_ms };
        Ok::<_, BookError>(if book.leave_answer(&answer).await? { escalation::LEFT } else { escalation::NOT_LEFT })
    };
    match left.await {
        Ok(said) => {
            println!("{}", said.say(lang));
            if said == escalation::LEFT { ExitCode::SUCCESS } else { ExitCode::FAILURE }
        }
        Err(error) => fail(&error),
    }
}

/// Whom the county calls, by its configuration.
pub(super) fn plan(stations: &BTreeMap<StationId, KnownStation>, duty: Duty, zone: TimeZone) -> Plan {
    let Duty { people, townships, day, night, day_begins, night_begins } = duty;
    Plan {
        stations: stations.iter().map(|(id, station)| (*id, planned(station))).collect(),
        townships,
        people,
        shifts: Shifts { day, night, day_begins, night_begins },
        zone,
        lang: Lang::default(),
    }
}

fn planned(station: &KnownStation) -> PlannedStation {
    PlannedStation {
        name: station.name.clone(),
        duty_phone: station.duty_phone.clone(),
        township: station.township,
        retired: station.retired.clone(),
    }
}
