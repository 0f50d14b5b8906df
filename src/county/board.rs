//! What the book knows, as lists: the rows that the console prints and, later, the board shows.
//!
//! A station that is not heard is told by the county's own clock, and so is whether its residents are watched
//! (CARE-RULES 11): what a gateway said before it fell silent is worth nothing by then.

use std::collections::BTreeMap;

use serde::Serialize;
use serde_json::{Map, Value};

use super::book::{Book, BookError, LISTENED, LISTENING_SINCE};
use super::sql;
use super::texts::ByText;
use crate::core::alarm::AlarmId;
use crate::core::time::Moment;
use crate::core::watch::Watch;
use crate::relay::message::{AlarmBody, Heartbeat};

/// One alarm: its newest revision.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct AlarmRow {
    /// Of which station.
    pub station: String,
    /// By which gateway.
    pub gateway: String,
    /// When the county first heard of it, by its own clock.
    pub first_received_ms: i64,
    /// When this revision came.
    pub received_ms: i64,
    /// This revision is known by its text message alone: the record is what the text had room for.
    pub by_text: bool,
    /// What the gateway's newest sign of life said of its clock: by it a time is known that was taken before the clock was set.
    #[serde(skip)]
    pub clock: Option<Moment>,
    /// The record as sent: `id`, `rev`, `state`, `clocks` and all the rest.
    #[serde(flatten)]
    pub record: Map<String, Value>,
}

impl AlarmRow {
    /// The record in its types; `None` only for one that this program cannot read.
    #[must_use]
    pub fn body(&self) -> Option<AlarmBody> {
        serde_json::from_value(Value::Object(self.record.clone())).ok()
    }
}

/// One device as its gateway last described it.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct DeviceRow {
    /// Of which station.
    pub station: String,
    /// By which gateway.
    pub gateway: String,
    /// Which.
    pub device: String,
    /// When the description came, by the county's clock.
    pub received_ms: i64,
    /// The description as sent: `battery`, `last_heard`, `fault` and all the rest.
    #[serde(flatten)]
    pub standing: Map<String, Value>,
}

/// One gateway.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct StationRow {
    /// Which station.
    pub station: String,
    /// Which box.
    pub gateway: String,
    /// When the county first heard of it; `null` when it may not speak here.
    pub first_heard_ms: Option<i64>,
    /// When it last sent anything.
    pub heard_ms: Option<i64>,
    /// Whether it was connected to the broker when the broker last said; `null` when it never did.
    pub online: Option<bool>,
    /// Since when.
    pub online_since_ms: Option<i64>,
    /// When its last heartbeat came.
    pub heartbeat_ms: Option<i64>,
    /// How old that is, in seconds.
    pub heartbeat_age_s: Option<i64>,
    /// No heartbeat for longer than the configured time: a dead box is an alarm (CARE-RULES 11).
    pub silent: bool,
    /// Its last birth or will, as sent.
    pub birth: Option<Value>,
    /// Its last heartbeat, as sent.
    pub heartbeat: Option<Value>,
    /// Its residents.
    pub residents: Vec<ResidentRow>,
    /// What was refused from it, by kind.
    pub refused: BTreeMap<String, i64>,
    /// How it stood by its newest text; it takes nothing away from [`silent`](Self::silent).
    pub by_text: Option<ByText>,
}

/// One resident.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct ResidentRow {
    /// Pseudonym.
    pub resident: String,
    /// Whether they are watched, as the county sees it: BLIND when the station is silent.
    pub watch: Watch,
    /// What the gateway said last, with its moments and witnesses.
    pub reported: Value,
    /// When that came.
    pub received_ms: i64,
}

/// Whether the county service itself listens: if it does not, silence says nothing about a station.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize)]
pub struct Listening {
    /// Since when, by the county's clock.
    pub since_ms: Option<i64>,
    /// When it last said so.
    pub last_ms: Option<i64>,
}

impl Listening {
    /// For how long it has not listened, in milliseconds; `None` while it does.
    #[must_use]
    pub fn deaf_for(&self, now_ms: i64) -> Option<i64> {
        let age = self.last_ms.map_or(i64::MAX, |last| now_ms.saturating_sub(last));
        (age > DEAF_AFTER_MS).then_some(age)
    }
}

/// judgement: three of the service's own beats.
const DEAF_AFTER_MS: i64 = 30_000;

/// Whether a station is silent: its newest heartbeat, or without one its first word, is older than `silent_after_s`.
#[must_use]
pub fn is_silent(heartbeat_ms: Option<i64>, first_heard_ms: i64, now_ms: i64, silent_after_s: u32) -> bool {
    let newest = heartbeat_ms.unwrap_or(first_heard_ms);
    now_ms.saturating_sub(newest) > i64::from(silent_after_s) * 1000
}

type GatewayColumns =
    (String, String, i64, Option<i64>, Option<bool>, Option<i64>, Option<String>, Option<i64>, Option<String>);

impl Book {
    /// All alarms, oldest first; with `open_only` those that still want an answer.
    ///
    /// # Errors
    /// [`BookError`].
    pub async fn alarms(&self, open_only: bool) -> Result<Vec<AlarmRow>, BookError> {
        type Row = (String, String, i64, i64, bool, String, Option<String>);
        let rows: Vec<Row> = sqlx::query_as(sql::LIST_ALARMS).bind(open_only).fetch_all(&self.pool).await?;
        let row = |(station, gateway, first_received_ms, received_ms, by_text, body, heartbeat): Row| {
            let record: Map<String, Value> = stored("alarm_records", &body)?;
            // One that this program cannot read tells no time, and neither does one of another life: boots are counted anew in it.
            let heartbeat = heartbeat.and_then(|body| serde_json::from_str::<Heartbeat>(&body).ok());
            let id = record.get("id").and_then(Value::as_str).and_then(|id| id.parse::<AlarmId>().ok());
            let clock = heartbeat.filter(|hb| id.is_some_and(|id| id.epoch == hb.epoch)).map(|hb| hb.at);
            Ok(AlarmRow { station, gateway, first_received_ms, received_ms, by_text, clock, record })
        };
        rows.into_iter().map(row).collect()
    }

    /// How many messages of the alarm lane were refused: alarms that are not on the board.
    ///
    /// # Errors
    /// [`BookError`].
    pub async fn refused_alarms(&self) -> Result<i64, BookError> {
        Ok(sqlx::query_scalar(sql::REFUSED_ALARMS).fetch_one(&self.pool).await?)
    }

    /// All devices.
    ///
    /// # Errors
    /// [`BookError`].
    pub async fn devices(&self) -> Result<Vec<DeviceRow>, BookError> {
        let rows: Vec<(String, String, String, i64, String)> =
            sqlx::query_as(sql::LIST_DEVICES).fetch_all(&self.pool).await?;
        let row = |(station, gateway, device, received_ms, body): (_, _, _, _, String)| {
            Ok(DeviceRow { station, gateway, device, received_ms, standing: stored("devices", &body)? })
        };
        rows.into_iter().map(row).collect()
    }

    /// All gateways with their residents, judged at `now_ms`; those that were refused as unlisted stand among them.
    ///
    /// # Errors
    /// [`BookError`].
    pub async fn stations(&self, now_ms: i64, silent_after_s: u32) -> Result<Vec<StationRow>, BookError> {
        let gateways: Vec<GatewayColumns> = sqlx::query_as(sql::LIST_GATEWAYS).fetch_all(&self.pool).await?;
        let mut rows = BTreeMap::new();
        for (station, gateway, first, heard_ms, online, online_since_ms, birth, heartbeat_ms, heartbeat) in gateways {
            let row = StationRow {
                first_heard_ms: Some(first),
                heard_ms,
                online,
                online_since_ms,
                heartbeat_ms,
                heartbeat_age_s: heartbeat_ms.map(|at| now_ms.saturating_sub(at) / 1000),
                silent: is_silent(heartbeat_ms, first, now_ms, silent_after_s),
                birth: birth.map(|body| stored("gateways", &body)).transpose()?,
                heartbeat: heartbeat.map(|body| stored("gateways", &body)).transpose()?,
                ..StationRow::unheard(&station, &gateway)
            };
            rows.insert((station, gateway), row);
        }
        let refusals: Vec<(String, String, String, i64)> =
            sqlx::query_as(sql::LIST_REFUSALS).fetch_all(&self.pool).await?;
        for (station, gateway, why, times) in refusals {
            let unheard = StationRow::unheard(&station, &gateway);
            rows.entry((station, gateway)).or_insert(unheard).refused.insert(why, times);
        }
        self.residents_into(&mut rows).await?;
        self.status_texts_into(&mut rows, now_ms).await?;
        Ok(rows.into_values().collect())
    }

    /// Whether the service listens.
    ///
    /// # Errors
    /// [`BookError`].
    pub async fn listened(&self) -> Result<Listening, BookError> {
        let at = |name| sqlx::query_scalar(sql::SERVICE_AT).bind(name).fetch_optional(&self.pool);
        Ok(Listening { since_ms: at(LISTENING_SINCE).await?, last_ms: at(LISTENED).await? })
    }

    async fn residents_into(&self, rows: &mut BTreeMap<(String, String), StationRow>) -> Result<(), BookError> {
        let residents: Vec<(String, String, String, i64, String)> =
            sqlx::query_as(sql::LIST_RESIDENTS).fetch_all(&self.pool).await?;
        for (station, gateway, resident, received_ms, body) in residents {
            let Some(row) = rows.get_mut(&(station, gateway)) else { continue };
            let reported: Value = stored("residents", &body)?;
            let said = reported.get("watch").and_then(Value::as_str).and_then(Watch::from_word);
            let watch = if row.silent { Watch::Blind } else { said.unwrap_or(Watch::Blind) };
            row.residents.push(ResidentRow { resident, watch, reported, received_ms });
        }
        Ok(())
    }
}

impl StationRow {
    pub(super) fn unheard(station: &str, gateway: &str) -> Self {
        StationRow {
            station: station.to_owned(),
            gateway: gateway.to_owned(),
            first_heard_ms: None,
            heard_ms: None,
            online: None,
            online_since_ms: None,
            heartbeat_ms: None,
            heartbeat_age_s: None,
            silent: true,
            birth: None,
            heartbeat: None,
            residents: Vec::new(),
            refused: BTreeMap::new(),
            by_text: None,
        }
    }
}

fn stored<T: serde::de::DeserializeOwned>(table: &'static str, body: &str) -> Result<T, BookError> {
    serde_json::from_str(body).map_err(|error| BookError::Stored { table, error })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_station_is_silent_by_the_county_clock_alone() {
        assert!(!is_silent(Some(1_000), 0, 181_000, 180));
        assert!(is_silent(Some(1_000), 0, 181_001, 180));
        assert!(is_silent(None, 1_000, 181_001, 180), "born and never heard again");
        assert!(!is_silent(None, 1_000, 2_000, 180), "born just now");
    }

    #[test]
    fn a_county_that_does_not_listen_says_so() {
        assert_eq!(Listening::default().deaf_for(5), Some(i64::MAX));
        let listening = Listening { since_ms: Some(0), last_ms: Some(100_000) };
        assert_eq!(listening.deaf_for(110_000), None);
        assert_eq!(listening.deaf_for(160_000), Some(60_000));
    }
}
