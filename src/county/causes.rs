//! What the book says that wants the county's own people: silent stations, and alarms that a village left unanswered. Pure.

use super::board::{AlarmRow, Listening, StationRow};
use super::case::{Case, Cause, Facts, Situation};
use super::plan::Plan;
use super::since::Since;
use super::told::Told;
use crate::relay::text::Stands;

use std::collections::BTreeMap;

/// Everything that stands. A station is silent when it was not heard although the county listened all the while; as long as the county
/// does not listen itself, what stood before still stands, and nothing begins.
#[must_use]
pub fn situation(
    stations: &[StationRow],
    alarms: &[AlarmRow],
    listening: Listening,
    (plan, silent_after_s): (&Plan, u32),
    cases: &BTreeMap<Cause, Case>,
    now_ms: i64,
) -> Situation {
    let residents = |station: &str, gateway: &str| {
        let row = stations.iter().find(|row| (row.station.as_str(), row.gateway.as_str()) == (station, gateway));
        row.map_or(0, |row| row.residents.len())
    };
    let unanswered = alarms.iter().filter_map(|row| {
        let told = Told::of(row)?;
        // A drill exercises the village, and wakes nobody at the county.
        let counts = told.stands == Stands::Unanswered && told.condition.rule().about_person && !told.drill;
        let (station, gateway) = (row.station.parse().ok()?, row.gateway.parse().ok()?);
        let cause = Cause::Unanswered { station, gateway, alarm: told.id };
        let facts = Facts { since: told.since, residents: residents(&row.station, &row.gateway), guards: false };
        counts.then_some((cause, facts))
    });
    let can_tell = listening.deaf_for(now_ms).is_none() && has_listened(listening, silent_after_s, now_ms);
    let silent = stations.iter().filter_map(|row| {
        let cause = Cause::Silent { station: row.station.parse().ok()?, gateway: row.gateway.parse().ok()? };
        let last_ms = row.heartbeat_ms.or(row.first_heard_ms)?;
        let counts = row.silent && (can_tell || cases.contains_key(&cause)) && !is_retired(plan, row);
        let facts = Facts {
            since: Since::seen(last_ms),
            residents: row.residents.len(),
            guards: row.by_text.as_ref().is_some_and(|text| text.guards),
        };
        counts.then_some((cause, facts))
    });
    unanswered.chain(silent).collect()
}

/// Whether the county has listened for as long as a station may be silent.
fn has_listened(listening: Listening, silent_after_s: u32, now_ms: i64) -> bool {
    let since_ms = listening.since_ms.unwrap_or(now_ms);
    now_ms.saturating_sub(since_ms) > i64::from(silent_after_s) * 1000
}

fn is_retired(plan: &Plan, row: &StationRow) -> bool {
    let station = row.station.parse().ok().and_then(|id| plan.stations.get(&id));
    station.is_some_and(|known| known.retired.iter().any(|gateway| gateway.as_str() == row.gateway))
}
