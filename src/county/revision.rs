//! One revision of an alarm into the tables: its record, the number under which it came, and the board.

use sqlx::SqliteConnection;

use super::book::BookError;
use super::ingest::{Record, Speaker};
use super::undurable::{self, Place};
use super::write::whole;
use super::{sql, told};
use crate::core::alarm::{Disposition, State, Subject};
use crate::core::id::{DeviceId, ResidentId};
use crate::relay::message::AlarmBody;
use crate::relay::text::AlarmText;

/// What became of an alarm's record.
pub(super) enum Alarm {
    /// It stands in the database, by this message or an earlier one.
    Stored,
    /// The same, and its number stood for another record before.
    Renumbered,
    /// Another record of the same alarm and revision stands there.
    Disputed,
}

/// Writes one revision of an alarm.
pub(super) async fn alarm(
    to: &mut SqliteConnection,
    record: &Record,
    seq: u64,
    body: &AlarmBody,
    text: &str,
    now_ms: i64,
) -> Result<Alarm, BookError> {
    let Speaker { station, gateway } = record.speaker;
    let (id, rev) = (body.id.to_string(), i64::from(body.rev));
    let said = (body.state.as_str(), body.priority.word(), body.disposition.map(Disposition::word));
    let inserted = sqlx::query(sql::ALARM_RECORD)
        .bind(station.as_str())
        .bind(gateway.as_str())
        .bind(&id)
        .bind(rev)
        .bind(said.0)
        .bind(said.1)
        .bind(said.2)
        .bind(now_ms)
        .bind(text)
        .execute(&mut *to)
        .await?
        .rows_affected();
    if inserted == 0 {
        let there: (String, String, Option<String>) = sqlx::query_as(sql::ALARM_RECORD_THERE)
            .bind(station.as_str())
            .bind(gateway.as_str())
            .bind(&id)
            .bind(rev)
            .fetch_one(&mut *to)
            .await?;
        // A record made anew after a rebuild may differ in a clock; one that says something else is no repeat.
        let is_repeat = said == (there.0.as_str(), there.1.as_str(), there.2.as_deref());
        match undurable::replace(to, record.speaker, body, text, now_ms).await? {
            Place::Taken if is_repeat => {}
            Place::Taken => return Ok(Alarm::Disputed),
            Place::Given => board(to, record.speaker, body, now_ms).await?,
        }
    } else {
        board(to, record.speaker, body, now_ms).await?;
    }
    number(to, record, (seq, body.durable), (&id, rev), now_ms).await
}

async fn board(to: &mut SqliteConnection, speaker: Speaker, body: &AlarmBody, now_ms: i64) -> Result<(), BookError> {
    let occurred = body.clocks.occurred.or(body.clocks.detected);
    sqlx::query(sql::ALARM)
        .bind(speaker.station.as_str())
        .bind(speaker.gateway.as_str())
        .bind(body.id.to_string())
        .bind(i64::from(body.rev))
        .bind(!matches!(body.standing, State::Closed { .. }))
        .bind(&body.state)
        .bind(body.condition.word())
        .bind(body.priority.word())
        .bind(body.resident.as_ref().map(ResidentId::as_str))
        .bind(body.device.as_ref().map(DeviceId::as_str))
        .bind(body.drill)
        .bind(occurred.map(|at| at.wall.0))
        .bind(occurred.map(|at| at.trust.word()))
        .bind(now_ms)
        .bind(false)
        .execute(&mut *to)
        .await?;
    Ok(())
}

/// Writes one revision of an alarm that came as a text; whether it was new.
pub(super) async fn alarm_text(to: &mut SqliteConnection, alarm: &AlarmText, now_ms: i64) -> Result<bool, BookError> {
    let (station, gateway, id, rev) = (alarm.id.station, alarm.gateway, alarm.id.to_string(), i64::from(alarm.rev));
    let (state, priority) = (told::state_word(alarm.stands), alarm.priority.word());
    let inserted = sqlx::query(sql::ALARM_RECORD_BY_TEXT)
        .bind(station.as_str())
        .bind(gateway.as_str())
        .bind(&id)
        .bind(rev)
        .bind(state)
        .bind(priority)
        .bind(now_ms)
        .bind(told::record_of_text(alarm))
        .execute(&mut *to)
        .await?
        .rows_affected();
    if inserted == 0 {
        return Ok(false);
    }
    let resident = match alarm.id.subject {
        Subject::Resident(id) => Some(id),
        Subject::Device(_) | Subject::Source(_) | Subject::Stranger(_) | Subject::Channel(_) | Subject::Station => None,
    };
    sqlx::query(sql::ALARM)
        .bind(station.as_str())
        .bind(gateway.as_str())
        .bind(&id)
        .bind(rev)
        // A number can be forged, so what a text says has ended stays on the board until its record comes.
        .bind(true)
        .bind(state)
        .bind(alarm.id.condition.word())
        .bind(priority)
        .bind(resident.as_ref().map(ResidentId::as_str))
        .bind(None::<&str>)
        .bind(alarm.id.drill)
        .bind(alarm.occurred.wall().0)
        .bind(alarm.occurred.trust.word())
        .bind(now_ms)
        .bind(true)
        .execute(&mut *to)
        .await?;
    Ok(true)
}

async fn number(
    to: &mut SqliteConnection,
    record: &Record,
    (seq, is_durable): (u64, bool),
    (id, rev): (&str, i64),
    now_ms: i64,
) -> Result<Alarm, BookError> {
    let Speaker { station, gateway } = record.speaker;
    let (epoch, seq) = (record.epoch.to_string(), whole(seq));
    let inserted = sqlx::query(sql::ALARM_NUMBER)
        .bind(station.as_str())
        .bind(gateway.as_str())
        .bind(&epoch)
        .bind(seq)
        .bind(id)
        .bind(rev)
        .bind(now_ms)
        .execute(&mut *to)
        .await?
        .rows_affected();
    if inserted > 0 {
        return Ok(Alarm::Stored);
    }
    let there: (String, i64) = sqlx::query_as(sql::ALARM_NUMBER_THERE)
        .bind(station.as_str())
        .bind(gateway.as_str())
        .bind(&epoch)
        .bind(seq)
        .fetch_one(&mut *to)
        .await?;
    if (there.0.as_str(), there.1) == (id, rev) {
        return Ok(Alarm::Stored);
    }
    // Two machines are told by two logs that gave one number twice. A record that stands in none proves nothing: its gateway started
    // anew without it, and gave its number to what came then.
    if is_durable && undurable::stands_in_log(to, record.speaker, &there.0, there.1).await? {
        return Ok(Alarm::Renumbered);
    }
    if is_durable {
        sqlx::query(sql::ALARM_NUMBER_AGAIN)
            .bind(station.as_str())
            .bind(gateway.as_str())
            .bind(&epoch)
            .bind(seq)
            .bind(id)
            .bind(rev)
            .bind(now_ms)
            .execute(&mut *to)
            .await?;
    }
    Ok(Alarm::Stored)
}
