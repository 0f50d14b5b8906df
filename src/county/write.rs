//! One batch into the tables, inside one transaction.

use std::collections::BTreeMap;

use sqlx::{QueryBuilder, Sqlite, SqliteConnection};

use super::book::BookError;
use super::ingest::{Content, Numbers, Record, Report, Speaker, Standing, Why};
use super::receipt::{Batch, Committed, DISPUTED, DeadLetter};
use super::undurable::{self, Place};
use super::{sql, told};
use crate::core::alarm::{Disposition, State, Subject};
use crate::core::effect::DeviceEvent;
use crate::core::id::{DeviceId, Epoch, ResidentId};
use crate::core::reading::Said;
use crate::core::sequence::{Lane, Range};
use crate::core::time::Moment;
use crate::limits;
use crate::relay::message::{AlarmBody, GatewayState, ReadingBody, Skipped, encode};
use crate::relay::text::{AlarmText, StatusText, Text};

/// Writes a batch; the caller commits.
pub(super) async fn batch(to: &mut SqliteConnection, batch: &Batch, now_ms: i64) -> Result<Committed, BookError> {
    let mut committed = Committed::default();
    for (speaker, live) in batch.speakers() {
        meet(to, speaker, live, now_ms).await?;
    }
    for (place, record) in batch.records.iter().enumerate() {
        match &record.content {
            Content::Alarm { seq, body, text } => match alarm(to, record, *seq, body, text, now_ms).await? {
                Alarm::Stored => {}
                Alarm::Renumbered => committed.renumbered += 1,
                Alarm::Disputed => {
                    committed.disputed.insert(place);
                }
            },
            Content::Device { seq, event, text } => device_event(to, record, *seq, event, text, now_ms).await?,
            Content::Readings { at, hist, batch } => readings(to, record, *at, *hist, batch, now_ms).await?,
            Content::Skipped { lane, skipped, .. } => hole(to, record, *lane, skipped, now_ms).await?,
        }
    }
    for report in &batch.reports {
        standing(to, report, now_ms).await?;
    }
    dead_letters(to, batch, &committed, now_ms).await?;
    Ok(committed)
}

async fn meet(to: &mut SqliteConnection, speaker: Speaker, live: bool, now_ms: i64) -> Result<(), BookError> {
    let Speaker { station, gateway } = speaker;
    sqlx::query(sql::MEET_GATEWAY).bind(station.as_str()).bind(gateway.as_str()).bind(now_ms).execute(&mut *to).await?;
    if live {
        sqlx::query(sql::HEAR_GATEWAY)
            .bind(station.as_str())
            .bind(gateway.as_str())
            .bind(now_ms)
            .execute(&mut *to)
            .await?;
    }
    Ok(())
}

/// What became of an alarm's record.
enum Alarm {
    /// It stands in the database, by this message or an earlier one.
    Stored,
    /// The same, and its number stood for another record before.
    Renumbered,
    /// Another record of the same alarm and revision stands there.
    Disputed,
}

async fn alarm(
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
        if said != (there.0.as_str(), there.1.as_str(), there.2.as_deref()) {
            match undurable::replace(to, record.speaker, body, text, now_ms).await? {
                Place::Taken => return Ok(Alarm::Disputed),
                Place::Given => {}
                Place::GivenAndNewest => board(to, record.speaker, body, now_ms).await?,
            }
        }
    } else {
        board(to, record.speaker, body, now_ms).await?;
    }
    number(to, record, seq, &id, rev, now_ms).await
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

/// Writes how a station stands by a text that was sent at `as_of_ms`; whether it was newer than what is there.
pub(super) async fn status_text(
    to: &mut SqliteConnection,
    status: &StatusText,
    as_of_ms: i64,
    now_ms: i64,
) -> Result<bool, BookError> {
    let written = sqlx::query(sql::STATUS_TEXT)
        .bind(status.station.as_str())
        .bind(status.gateway.as_str())
        .bind(status.epoch.to_string())
        .bind(whole(status.sent_s))
        .bind(as_of_ms)
        .bind(now_ms)
        .bind(Text::Status(*status).write())
        .execute(&mut *to)
        .await?;
    Ok(written.rows_affected() > 0)
}

async fn number(
    to: &mut SqliteConnection,
    record: &Record,
    seq: u64,
    id: &str,
    rev: i64,
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
    Ok(if (there.0.as_str(), there.1) == (id, rev) { Alarm::Stored } else { Alarm::Renumbered })
}

async fn device_event(
    to: &mut SqliteConnection,
    record: &Record,
    seq: u64,
    event: &DeviceEvent,
    text: &str,
    now_ms: i64,
) -> Result<(), BookError> {
    sqlx::query(sql::DEVICE_EVENT)
        .bind(record.speaker.station.as_str())
        .bind(record.speaker.gateway.as_str())
        .bind(record.epoch.to_string())
        .bind(whole(seq))
        .bind(event.device.as_ref().map(DeviceId::as_str))
        .bind(event.source.as_str())
        .bind(event.what.word())
        .bind(event.at.wall.0)
        .bind(event.at.trust.word())
        .bind(now_ms)
        .bind(text)
        .execute(&mut *to)
        .await?;
    Ok(())
}

async fn readings(
    to: &mut SqliteConnection,
    record: &Record,
    at: Moment,
    hist: bool,
    batch: &[(u64, ReadingBody)],
    now_ms: i64,
) -> Result<(), BookError> {
    let Speaker { station, gateway } = record.speaker;
    let epoch = record.epoch.to_string();
    for rows in batch.chunks(sql::READINGS_A_STATEMENT) {
        let mut statement = QueryBuilder::<Sqlite>::new(sql::READINGS);
        statement.push_values(rows, |mut row, (seq, reading)| {
            row.push_bind(station.as_str())
                .push_bind(gateway.as_str())
                .push_bind(epoch.as_str())
                .push_bind(whole(*seq))
                .push_bind(reading.dev.as_str())
                .push_bind(at.wall.0.saturating_add(i64::from(reading.after_ms)))
                .push_bind(at.trust.word())
                .push_bind(hist)
                .push_bind(said(&reading.said))
                .push_bind(now_ms);
        });
        statement.push(sql::READINGS_END);
        statement.build().execute(&mut *to).await?;
    }
    Ok(())
}

async fn hole(
    to: &mut SqliteConnection,
    record: &Record,
    lane: Lane,
    skipped: &Skipped,
    now_ms: i64,
) -> Result<(), BookError> {
    sqlx::query(sql::SKIPPED)
        .bind(record.speaker.station.as_str())
        .bind(record.speaker.gateway.as_str())
        .bind(record.epoch.to_string())
        .bind(lane.word())
        .bind(whole(skipped.from))
        .bind(whole(skipped.to))
        .bind(skipped.reason.word())
        .bind(now_ms)
        .execute(&mut *to)
        .await?;
    Ok(())
}

async fn standing(to: &mut SqliteConnection, report: &Report, now_ms: i64) -> Result<(), BookError> {
    let (station, gateway) = (report.speaker.station.as_str(), report.speaker.gateway.as_str());
    let query = match &report.standing {
        Standing::State(state, text) => return birth_or_will(to, report.speaker, state, text, now_ms).await,
        // A heartbeat that a broker kept is no sign of life.
        Standing::Heartbeat(..) if !report.live => return Ok(()),
        Standing::Heartbeat(_, text) => sqlx::query(sql::HEARTBEAT).bind(station).bind(gateway).bind(now_ms).bind(text),
        Standing::Device(id, None) => sqlx::query(sql::DEVICE_GONE).bind(station).bind(gateway).bind(id.as_str()),
        Standing::Device(id, Some((_, text))) => {
            sqlx::query(sql::DEVICE).bind(station).bind(gateway).bind(id.as_str()).bind(now_ms).bind(text)
        }
        Standing::Resident(id, None) => sqlx::query(sql::RESIDENT_GONE).bind(station).bind(gateway).bind(id.as_str()),
        Standing::Resident(id, Some((state, text))) => sqlx::query(sql::RESIDENT)
            .bind(station)
            .bind(gateway)
            .bind(id.as_str())
            .bind(state.watch.word())
            .bind(now_ms)
            .bind(text),
        Standing::Result(id, _, text) => {
            sqlx::query(sql::COMMAND_RESULT).bind(station).bind(gateway).bind(id.as_str()).bind(now_ms).bind(text)
        }
    };
    query.execute(&mut *to).await?;
    Ok(())
}

async fn birth_or_will(
    to: &mut SqliteConnection,
    speaker: Speaker,
    state: &GatewayState,
    text: &str,
    now_ms: i64,
) -> Result<(), BookError> {
    sqlx::query(if state.online { sql::BIRTH } else { sql::WILL })
        .bind(speaker.station.as_str())
        .bind(speaker.gateway.as_str())
        .bind(state.epoch.to_string())
        .bind(i64::from(state.boot.0))
        .bind(whole(state.conn))
        .bind(now_ms)
        .bind(text)
        .execute(&mut *to)
        .await?;
    Ok(())
}

async fn dead_letters(
    to: &mut SqliteConnection,
    batch: &Batch,
    committed: &Committed,
    now_ms: i64,
) -> Result<(), BookError> {
    let disputed = committed.disputed.iter().filter_map(|place| batch.records.get(*place)).filter_map(disputed);
    let letters: Vec<DeadLetter> = batch.refused.iter().cloned().chain(disputed).collect();
    if letters.is_empty() {
        return Ok(());
    }
    let mut times: BTreeMap<(Speaker, Why), i64> = BTreeMap::new();
    let mut kept: i64 = sqlx::query_scalar(sql::REJECTS_COUNT).fetch_one(&mut *to).await?;
    for DeadLetter { refusal, payload } in &letters {
        let Some(speaker) = refusal.speaker else { continue };
        *times.entry((speaker, refusal.why)).or_default() += 1;
        let Some(Numbers { epoch, lane, range }) = refusal.numbers else { continue };
        if kept < limits::COUNTY_REFUSED_KEPT_MAX {
            reject(to, speaker, (epoch, lane, range), &refusal.reason, payload, now_ms).await?;
            kept += 1;
        }
    }
    for ((speaker, why), times) in times {
        sqlx::query(sql::REFUSAL)
            .bind(speaker.station.as_str())
            .bind(speaker.gateway.as_str())
            .bind(why.word())
            .bind(times)
            .bind(now_ms)
            .execute(&mut *to)
            .await?;
    }
    Ok(())
}

async fn reject(
    to: &mut SqliteConnection,
    speaker: Speaker,
    (epoch, lane, range): (Epoch, Lane, Range),
    reason: &str,
    payload: &str,
    now_ms: i64,
) -> Result<(), BookError> {
    sqlx::query(sql::REJECT)
        .bind(speaker.station.as_str())
        .bind(speaker.gateway.as_str())
        .bind(epoch.to_string())
        .bind(lane.word())
        .bind(whole(range.0))
        .bind(whole(range.1))
        .bind(reason)
        .bind(now_ms)
        .bind(payload)
        .execute(&mut *to)
        .await?;
    Ok(())
}

/// A disputed alarm as a dead letter.
fn disputed(record: &Record) -> Option<DeadLetter> {
    let Content::Alarm { seq, text, .. } = &record.content else { return None };
    let numbers = Numbers { epoch: record.epoch, lane: Lane::Alarm, range: Range(*seq, *seq) };
    Some(DeadLetter {
        refusal: super::ingest::Refusal {
            speaker: Some(record.speaker),
            why: Why::Taken,
            numbers: Some(numbers),
            reason: DISPUTED.to_owned(),
        },
        payload: text.clone(),
    })
}

/// What was said, as it stands on the wire: `[[kind, value], …]`.
fn said(said: &[Said]) -> String {
    String::from_utf8(encode(&said)).unwrap_or_default()
}

/// A number as the databases keep it; larger ones were refused, or only need to stay different from small ones.
fn whole(number: u64) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}
