//! One batch into the tables, inside one transaction.

use std::collections::{BTreeMap, BTreeSet};

use sqlx::{QueryBuilder, Sqlite, SqliteConnection};

use super::book::BookError;
use super::ingest::{Content, Numbers, Record, Refusal, Report, Speaker, Standing, Why};
use super::receipt::{Batch, Committed, DISPUTED, DeadLetter, FOREIGN_EPOCH};
use super::revision::{self, Alarm};
use super::{heads, sql};
use crate::core::effect::DeviceEvent;
use crate::core::id::{DeviceId, Epoch, StationId};
use crate::core::reading::Said;
use crate::core::sequence::{Lane, Range};
use crate::core::time::Moment;
use crate::limits;
use crate::limits::border::{
    COUNTY_EPOCHS_MAX, COUNTY_GATEWAYS_MAX, COUNTY_REFUSAL_ROWS_MAX, COUNTY_REFUSED_KEPT_OF_STATION_MAX,
};
use crate::relay::message::{DeviceMessage, GatewayState, ReadingBody, Skipped, encode};
use crate::relay::text::{StatusText, Text};

/// Writes a batch; the caller commits.
pub(super) async fn batch(to: &mut SqliteConnection, batch: &Batch, now_ms: i64) -> Result<Committed, BookError> {
    let mut committed = Committed::default();
    for (speaker, live) in batch.speakers() {
        if !meet(to, speaker, live, now_ms).await? {
            committed.unmet.insert(speaker);
        }
    }
    for (place, record) in batch.records.iter().enumerate() {
        // A true alarm is never lost to too many names: one that nobody made up is worth more than the table's size.
        if committed.unmet.contains(&record.speaker) && !matches!(record.content, Content::Alarm { .. }) {
            continue;
        }
        if !own_epoch(to, record.speaker, record.epoch, now_ms).await? {
            committed.foreign_epoch.insert(place);
            // A true alarm is never lost to a wrong number: it stands under whoever speaks, where it harms nobody.
            if !matches!(record.content, Content::Alarm { .. }) {
                continue;
            }
        }
        match &record.content {
            Content::Alarm { seq, body, text, .. } => {
                match revision::alarm(to, record, *seq, body, text, now_ms).await? {
                    Alarm::Stored => {}
                    Alarm::Renumbered => {
                        committed.renumbered.insert(place);
                    }
                    Alarm::Disputed => {
                        committed.disputed.insert(place);
                    }
                }
            }
            Content::Device { seq, event, text } => {
                if !device_event(to, record, *seq, event, text, now_ms).await? {
                    committed.renumbered.insert(place);
                    committed.disputed.insert(place);
                }
            }
            Content::Head { seq, head } => {
                if !heads::write(to, record, *seq, head, now_ms).await? {
                    committed.renumbered.insert(place);
                    committed.disputed.insert(place);
                }
            }
            Content::Readings { at, hist, batch } => {
                let disputed = readings(to, record, *at, *hist, batch, now_ms).await?;
                if !disputed.is_empty() {
                    committed.disputed_readings.insert(place, disputed);
                }
            }
            Content::Skipped { lane, skipped, .. } => hole(to, record, *lane, skipped, now_ms).await?,
        }
    }
    for report in batch.reports.iter().filter(|report| !committed.unmet.contains(&report.speaker)) {
        standing(to, report, now_ms).await?;
    }
    dead_letters(to, batch, &committed, now_ms).await?;
    Ok(committed)
}

/// Whether the sequence space is this station's, as far as is known. The first that speaks in it has it; another gateway of the same
/// station may go on in it, for a card moves to another box.
async fn own_epoch(to: &mut SqliteConnection, speaker: Speaker, epoch: Epoch, now_ms: i64) -> Result<bool, BookError> {
    let (station, epoch) = (speaker.station.as_str(), epoch.to_string());
    let owner: Option<String> = sqlx::query_scalar(sql::EPOCH_OF).bind(&epoch).fetch_optional(&mut *to).await?;
    if let Some(owner) = owner {
        return Ok(owner == station);
    }
    let count: i64 = sqlx::query_scalar(sql::EPOCHS_COUNT).bind(station).fetch_one(&mut *to).await?;
    if count < COUNTY_EPOCHS_MAX {
        sqlx::query(sql::EPOCH).bind(&epoch).bind(station).bind(now_ms).execute(&mut *to).await?;
    }
    Ok(true)
}

/// Knows a gateway from here on; not when its station has as many as a station may have.
async fn meet(to: &mut SqliteConnection, speaker: Speaker, live: bool, now_ms: i64) -> Result<bool, BookError> {
    let Speaker { station, gateway } = speaker;
    let known: i64 = sqlx::query_scalar(sql::GATEWAY_KNOWN)
        .bind(station.as_str())
        .bind(gateway.as_str())
        .fetch_one(&mut *to)
        .await?;
    if known == 0 {
        let count: i64 = sqlx::query_scalar(sql::GATEWAYS_COUNT).bind(station.as_str()).fetch_one(&mut *to).await?;
        if count >= COUNTY_GATEWAYS_MAX {
            return Ok(false);
        }
    }
    sqlx::query(sql::MEET_GATEWAY).bind(station.as_str()).bind(gateway.as_str()).bind(now_ms).execute(&mut *to).await?;
    if live {
        sqlx::query(sql::HEAR_GATEWAY)
            .bind(station.as_str())
            .bind(gateway.as_str())
            .bind(now_ms)
            .execute(&mut *to)
            .await?;
    }
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

/// Whether it stands under its number, by this message or an earlier one.
async fn device_event(
    to: &mut SqliteConnection,
    record: &Record,
    seq: u64,
    event: &DeviceEvent,
    text: &str,
    now_ms: i64,
) -> Result<bool, BookError> {
    let inserted = sqlx::query(sql::DEVICE_EVENT)
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
        .await?
        .rows_affected();
    if inserted > 0 {
        return Ok(true);
    }
    let there: String = sqlx::query_scalar(sql::DEVICE_EVENT_THERE)
        .bind(record.speaker.station.as_str())
        .bind(record.speaker.gateway.as_str())
        .bind(record.epoch.to_string())
        .bind(whole(seq))
        .fetch_one(&mut *to)
        .await?;
    // As it is read and not as it is written: another version of the gateway may write more.
    let there = serde_json::from_str::<DeviceMessage>(&there).ok().and_then(|message| message.event);
    Ok(there.is_none_or(|there| there == *event))
}

/// Writes readings; the numbers of those that are not stored, because other ones stand there.
async fn readings(
    to: &mut SqliteConnection,
    record: &Record,
    at: Moment,
    hist: bool,
    batch: &[(u64, ReadingBody)],
    now_ms: i64,
) -> Result<BTreeSet<u64>, BookError> {
    let mut stored = 0;
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
        stored += statement.build().execute(&mut *to).await?.rows_affected();
    }
    if usize::try_from(stored) == Ok(batch.len()) {
        return Ok(BTreeSet::new());
    }
    let (Some((first, _)), Some((last, _))) = (batch.first(), batch.last()) else { return Ok(BTreeSet::new()) };
    let there: Vec<(i64, String, String)> = sqlx::query_as(sql::READINGS_THERE)
        .bind(station.as_str())
        .bind(gateway.as_str())
        .bind(epoch.as_str())
        .bind(whole(*first))
        .bind(whole(*last))
        .fetch_all(&mut *to)
        .await?;
    let there: BTreeMap<i64, (String, String)> =
        there.into_iter().map(|(seq, device, words)| (seq, (device, words))).collect();
    let differs = |(seq, reading): &&(u64, ReadingBody)| {
        there.get(&whole(*seq)).is_some_and(|(device, words)| {
            (device.as_str(), words.as_str()) != (reading.dev.as_str(), said(&reading.said).as_str())
        })
    };
    Ok(batch.iter().filter(differs).map(|(seq, _)| *seq).collect())
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
    let at = |place: &usize| batch.records.get(*place);
    let disputed = committed.disputed.iter().filter_map(at).map(|record| letter(record, Why::Taken, DISPUTED));
    let foreign = committed.foreign_epoch.iter().filter_map(at).map(|record| letter(record, Why::Epoch, FOREIGN_EPOCH));
    let letters: Vec<DeadLetter> = batch.refused.iter().cloned().chain(disputed).chain(foreign).collect();
    let mut times = others_refused(batch, committed);
    if letters.is_empty() && times.is_empty() {
        return Ok(());
    }
    let mut kept_of: BTreeMap<StationId, i64> = BTreeMap::new();
    let mut kept_of_all: i64 = sqlx::query_scalar(sql::REJECTS_COUNT_ALL).fetch_one(&mut *to).await?;
    for DeadLetter { refusal, payload } in &letters {
        let Some(speaker) = refusal.speaker else { continue };
        *times.entry((speaker, refusal.why)).or_default() += 1;
        let Some(Numbers { epoch, lane, range }) = refusal.numbers else { continue };
        if committed.unmet.contains(&speaker) {
            continue;
        }
        let kept = if let Some(kept) = kept_of.get(&speaker.station) {
            *kept
        } else {
            let station = speaker.station.as_str();
            sqlx::query_scalar(sql::REJECTS_COUNT).bind(station).fetch_one(&mut *to).await?
        };
        let room = kept < COUNTY_REFUSED_KEPT_OF_STATION_MAX && kept_of_all < limits::COUNTY_REFUSED_KEPT_MAX;
        if room {
            reject(to, speaker, (epoch, lane, range), &refusal.reason, payload, now_ms).await?;
            kept_of_all += 1;
        }
        kept_of.insert(speaker.station, kept + i64::from(room));
    }
    for ((speaker, why), times) in times {
        if !may_count(to, speaker, why).await? {
            continue;
        }
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

/// Whether a kind of refusal is counted: names that nobody bears must not fill the table.
async fn may_count(to: &mut SqliteConnection, speaker: Speaker, why: Why) -> Result<bool, BookError> {
    let known: i64 = sqlx::query_scalar(sql::REFUSAL_KNOWN)
        .bind(speaker.station.as_str())
        .bind(speaker.gateway.as_str())
        .bind(why.word())
        .fetch_one(&mut *to)
        .await?;
    if known > 0 {
        return Ok(true);
    }
    let rows: i64 = sqlx::query_scalar(sql::REFUSALS_COUNT).fetch_one(&mut *to).await?;
    Ok(rows < COUNTY_REFUSAL_ROWS_MAX)
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

/// What was not taken, or not as it was meant, and is no dead letter.
fn others_refused(batch: &Batch, committed: &Committed) -> BTreeMap<(Speaker, Why), i64> {
    let at = |place: &usize| batch.records.get(*place);
    let mut times: BTreeMap<(Speaker, Why), i64> = BTreeMap::new();
    times.extend(batch.left.iter().map(|(speaker, count)| ((*speaker, Why::Flood), *count)));
    for (place, numbers) in &committed.disputed_readings {
        let Some(record) = at(place) else { continue };
        *times.entry((record.speaker, Why::Taken)).or_default() += i64::try_from(numbers.len()).unwrap_or(i64::MAX);
    }
    for speaker in &committed.unmet {
        *times.entry((*speaker, Why::Gateways)).or_default() += 1;
    }
    for record in committed.renumbered.iter().filter_map(at) {
        *times.entry((record.speaker, Why::Renumbered)).or_default() += 1;
    }
    for record in batch.records.iter().filter(|record| record.content.is_foreign()) {
        *times.entry((record.speaker, Why::Foreign)).or_default() += 1;
    }
    times
}

/// An alarm or an event that was not taken, as a dead letter.
fn letter(record: &Record, why: Why, reason: &str) -> DeadLetter {
    let (seq, payload) = match &record.content {
        Content::Alarm { seq, text, .. } | Content::Device { seq, text, .. } => (seq, text.clone()),
        Content::Head { seq, head } => (seq, String::from_utf8_lossy(&encode(head)).into_owned()),
        Content::Readings { .. } | Content::Skipped { .. } => {
            let refusal = Refusal { speaker: Some(record.speaker), why, numbers: None, reason: reason.to_owned() };
            return DeadLetter { refusal, payload: String::new() };
        }
    };
    // An alarm of another station's sequence space is stored, so it is counted and no dead letter.
    let is_stored = why == Why::Epoch && matches!(record.content, Content::Alarm { .. });
    let numbers = Numbers { epoch: record.epoch, lane: record.content.lane(), range: Range(*seq, *seq) };
    let numbers = (!is_stored).then_some(numbers);
    let refusal = Refusal { speaker: Some(record.speaker), why, numbers, reason: reason.to_owned() };
    DeadLetter { refusal, payload }
}

/// What was said, as it stands on the wire: `[[kind, value], …]`.
fn said(said: &[Said]) -> String {
    String::from_utf8(encode(&said)).unwrap_or_default()
}

/// A number as the databases keep it; larger ones were refused, or only need to stay different from small ones.
pub(super) fn whole(number: u64) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}
