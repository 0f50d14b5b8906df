//! How far the stations' logs had come, day by day. The county keeps every head, so that a log that was written anew after the fact no
//! longer leads through them.

use sqlx::SqliteConnection;

use super::book::{Book, BookError};
use super::ingest::Record;
use super::sql;
use super::write::whole;
use crate::core::id::StationId;
use crate::core::log_head::{Link, LogHead, LogStream};
use crate::relay::heads::KeptHead;

/// Writes a head; whether it stands under its number, by this message or an earlier one.
pub(super) async fn write(
    to: &mut SqliteConnection,
    record: &Record,
    seq: u64,
    head: &LogHead,
    now_ms: i64,
) -> Result<bool, BookError> {
    let (station, gateway) = (record.speaker.station.as_str(), record.speaker.gateway.as_str());
    let (epoch, seq) = (record.epoch.to_string(), whole(seq));
    let mut stands = true;
    for stream in &head.streams {
        let (index, chain) = (whole(stream.index), stream.chain.to_string());
        let written = sqlx::query(sql::LOG_HEAD)
            .bind(station)
            .bind(gateway)
            .bind(&epoch)
            .bind(seq)
            .bind(stream.stream.word())
            .bind(index)
            .bind(&chain)
            .bind(head.at.wall.0)
            .bind(head.at.trust.word())
            .bind(now_ms)
            .execute(&mut *to)
            .await?;
        if written.rows_affected() == 0 {
            let there: (i64, String) = sqlx::query_as(sql::LOG_HEAD_THERE)
                .bind(station)
                .bind(gateway)
                .bind(&epoch)
                .bind(seq)
                .bind(stream.stream.word())
                .fetch_one(&mut *to)
                .await?;
            stands &= there == (index, chain);
        }
    }
    Ok(stands)
}

type Columns = (String, String, String, String, i64, String, i64, String, i64);

impl Book {
    /// The heads of a station's log, in the order in which they came.
    ///
    /// # Errors
    /// [`BookError`].
    pub async fn heads(&self, station: StationId) -> Result<Vec<KeptHead>, BookError> {
        let rows: Vec<Columns> =
            sqlx::query_as(sql::LIST_LOG_HEADS).bind(station.as_str()).fetch_all(&self.pool).await?;
        // What the county wrote it can read; a row that somebody else wrote is no head.
        let kept = rows.into_iter().filter_map(|row| {
            let (station, gateway, epoch, stream, index, chain, at_ms, at_trust, received_ms) = row;
            let (stream, chain) = (LogStream::from_word(&stream)?, chain.parse::<Link>().ok()?);
            let index = u64::try_from(index).ok()?;
            Some(KeptHead { station, gateway, epoch, stream, index, chain, at_ms, at_trust, received_ms })
        });
        Ok(kept.collect())
    }
}
