//! What a gateway told without its log, and has told anew: the log is the truth.
//!
//! A station whose disk takes nothing tells the county all the same, and says so of each record. When it then starts anew without
//! them, it goes on from what its log has, and gives the same revisions to what happens then. What stands here would otherwise
//! be a ghost: an alarm that was closed in a life of which nothing is left, and that nobody has answered in this one.

use sqlx::SqliteConnection;

use super::book::BookError;
use super::ingest::Speaker;
use super::sql;
use crate::core::alarm::Disposition;
use crate::relay::message::AlarmBody;

/// The one field that matters here.
#[derive(serde::Deserialize)]
struct Durable {
    #[serde(default = "yes")]
    durable: bool,
}

const fn yes() -> bool {
    true
}

/// What became of a record in whose place another one stood.
pub(super) enum Place {
    /// The other one stays: it stands in a log too.
    Taken,
    /// It stands there; where the log knows nothing newer, the board went back behind it.
    Given,
}

/// Puts a record that stands in its gateway's log into the place of one that did not, whatever that one said.
pub(super) async fn replace(
    to: &mut SqliteConnection,
    speaker: Speaker,
    body: &AlarmBody,
    text: &str,
    now_ms: i64,
) -> Result<Place, BookError> {
    let (id, rev) = (body.id.to_string(), i64::from(body.rev));
    let (station, gateway) = (speaker.station.as_str(), speaker.gateway.as_str());
    let there: Vec<(i64, String)> = sqlx::query_as(sql::ALARM_RECORDS_FROM)
        .bind(station)
        .bind(gateway)
        .bind(&id)
        .bind(rev)
        .fetch_all(&mut *to)
        .await?;
    let same = there.first().filter(|(known, _)| *known == rev);
    if !body.durable || same.is_none_or(|(_, body)| is_durable(body)) {
        return Ok(Place::Taken);
    }
    sqlx::query(sql::ALARM_RECORD_AGAIN)
        .bind(station)
        .bind(gateway)
        .bind(&id)
        .bind(rev)
        .bind(&body.state)
        .bind(body.priority.word())
        .bind(body.disposition.map(Disposition::word))
        .bind(now_ms)
        .bind(text)
        .execute(&mut *to)
        .await?;
    if !there.iter().any(|(_, body)| is_durable(body)) {
        sqlx::query(sql::ALARM_BEFORE).bind(station).bind(gateway).bind(&id).bind(rev - 1).execute(&mut *to).await?;
    }
    Ok(Place::Given)
}

/// Whether a stored record stands in its gateway's log, as far as it says.
pub(super) async fn stands_in_log(
    to: &mut SqliteConnection,
    speaker: Speaker,
    id: &str,
    rev: i64,
) -> Result<bool, BookError> {
    let body: Option<String> = sqlx::query_scalar(sql::ALARM_RECORD_BODY)
        .bind(speaker.station.as_str())
        .bind(speaker.gateway.as_str())
        .bind(id)
        .bind(rev)
        .fetch_optional(&mut *to)
        .await?;
    Ok(body.is_none_or(|body| is_durable(&body)))
}

fn is_durable(body: &str) -> bool {
    serde_json::from_str::<Durable>(body).map_or(true, |said| said.durable)
}
