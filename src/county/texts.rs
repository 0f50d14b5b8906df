//! Texts of the second path in the book, and how a station stands by them.
//!
//! A text never hides that a station is silent: it says what the station said of itself, how old that is, and that only
//! text messages come through.

use std::collections::BTreeMap;

use serde::Serialize;

use super::board::StationRow;
use super::book::{Book, BookError};
use super::plan::{Plan, Who};
use super::sms::{Arrival, Senders, Why};
use super::{revision, sql, write};
use crate::limits;
use crate::relay::text::{StatusText, Text};
use crate::words::{self, Lang};

/// Whoever takes in texts, one by one: from lines, or from a modem.
#[derive(Debug)]
pub struct Desk {
    book: Book,
    senders: Senders,
    plan: Plan,
}

/// What became of a message that came in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Receipt {
    /// It is in the book.
    Kept(Kept, Text),
    /// It is an answer of somebody whom the county may call, and waits for the ladder.
    Passed(Who),
    /// It was refused and counted.
    Refused(Why),
}

impl Desk {
    /// Takes in what these stations may send, and what those whom the county calls answer.
    #[must_use]
    pub const fn new(book: Book, senders: Senders, plan: Plan) -> Self {
        Self { book, senders, plan }
    }

    /// Takes in one message, or one that could not even be taken apart.
    ///
    /// # Errors
    /// [`BookError`]: it is not in the book, and may be given again.
    pub async fn take(&self, arrival: Result<&Arrival, Why>, now_ms: i64) -> Result<Receipt, BookError> {
        let read = arrival.and_then(|arrival| Ok((arrival, arrival.read(&self.senders)?)));
        let why = match (read, arrival) {
            (Ok((arrival, text)), _) => {
                let kept = self.book.text(&text, arrival.as_of_ms(&text, now_ms), now_ms).await?;
                return Ok(Receipt::Kept(kept, text));
            }
            (Err(Why::NotOurs), Ok(arrival)) => match arrival.answer(&self.plan, now_ms) {
                Some(answer) if self.book.leave_answer(&answer).await? => return Ok(Receipt::Passed(answer.who)),
                Some(_) => Why::NoAnswer,
                None => Why::NotOurs,
            },
            (Err(why), _) => why,
        };
        self.book.refuse_text(why, now_ms).await?;
        Ok(Receipt::Refused(why))
    }
}

impl Receipt {
    /// A line for whoever gave the message: a word for programs, what it was, and nothing of whose number it came from.
    #[must_use]
    pub fn line(&self, lang: Lang) -> String {
        match self {
            Receipt::Kept(kept, text) => {
                let kept = match kept {
                    Kept::Stored => "stored",
                    Kept::Known => "known",
                };
                match text {
                    Text::Alarm(alarm) => format!("{kept}\talarm\t{}\t{}", alarm.id, alarm.rev),
                    Text::Status(status) => format!("{kept}\tstatus\t{}/{}", status.station, status.gateway),
                }
            }
            Receipt::Passed(who) => format!("passed\tanswer\t{who}"),
            Receipt::Refused(why) => format!("refused\t{why}\t{}", words::second::refused(why.word(), lang)),
        }
    }
}

/// What became of a text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kept {
    /// It said something new, and is in the book.
    Stored,
    /// The book has it already, from another text or over MQTT.
    Known,
}

/// How a station stood by its newest text.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct ByText {
    /// When it was sent, as far as can be told: never later than it came.
    pub as_of_ms: i64,
    /// When it came, by the county's clock.
    pub received_ms: i64,
    /// 断网,本地在守: the station is out of reach over MQTT, and this text, which is not too old, is newer than all that was
    /// heard of it there.
    pub guards: bool,
    /// Since when it is out of reach: as it says, or else its last heartbeat.
    pub without_link_since_ms: Option<i64>,
    /// Open alarms about people.
    pub people: u16,
    /// Open alarms about things.
    pub things: u16,
    /// Residents who are watched, weakly watched, not watched, as the station sees it.
    pub residents: [u16; 3],
    /// Whether its log takes records.
    pub durable: Option<bool>,
    /// Free space on its disk, in MiB.
    pub disk_free_mib: Option<u32>,
    /// Whether it is on mains.
    pub mains: Option<bool>,
    /// How long its battery lasts, in minutes.
    pub battery_min: Option<u16>,
}

impl ByText {
    fn of(status: &StatusText, (as_of_ms, received_ms): (i64, i64), row: &StationRow, now_ms: i64) -> Self {
        let out_of_reach = row.silent || row.online == Some(false);
        let is_newer = row.heartbeat_ms.is_none_or(|heartbeat_ms| as_of_ms > heartbeat_ms);
        let said = status.without_link_s.map(|seconds| as_of_ms.saturating_sub(i64::from(seconds) * 1000));
        ByText {
            as_of_ms,
            received_ms,
            guards: out_of_reach && is_newer && is_in_time(as_of_ms, now_ms),
            without_link_since_ms: said.or(row.heartbeat_ms),
            people: status.people,
            things: status.things,
            residents: status.residents,
            durable: status.durable,
            disk_free_mib: status.disk_free_mib,
            mains: status.mains,
            battery_min: status.battery_min,
        }
    }
}

/// Whether the next text is not overdue yet.
#[must_use]
pub fn is_in_time(as_of_ms: i64, now_ms: i64) -> bool {
    let patience = limits::STATUS_TEXT_EVERY + limits::STATUS_TEXT_MARGIN;
    u128::try_from(now_ms.saturating_sub(as_of_ms)).unwrap_or(0) <= patience.as_millis()
}

impl Book {
    /// Writes a text that was sent at `sent_ms`, in one transaction; when this returns, it is durable.
    ///
    /// # Errors
    /// [`BookError`]: nothing of it is stored, and it may be given again.
    pub async fn text(&self, text: &Text, sent_ms: i64, now_ms: i64) -> Result<Kept, BookError> {
        let mut transaction = self.pool.begin_with(sql::BEGIN).await?;
        let is_new = match text {
            Text::Alarm(alarm) => revision::alarm_text(&mut transaction, alarm, now_ms).await?,
            Text::Status(status) => write::status_text(&mut transaction, status, sent_ms.min(now_ms), now_ms).await?,
        };
        transaction.commit().await?;
        Ok(if is_new { Kept::Stored } else { Kept::Known })
    }

    /// Counts a refused text.
    ///
    /// # Errors
    /// [`BookError`].
    pub async fn refuse_text(&self, why: Why, now_ms: i64) -> Result<(), BookError> {
        sqlx::query(sql::REFUSED_TEXT).bind(why.word()).bind(now_ms).execute(&self.pool).await?;
        Ok(())
    }

    /// How many texts were refused, by kind.
    ///
    /// # Errors
    /// [`BookError`].
    pub async fn refused_texts(&self) -> Result<BTreeMap<String, i64>, BookError> {
        let rows: Vec<(String, i64)> = sqlx::query_as(sql::LIST_REFUSED_TEXTS).fetch_all(&self.pool).await?;
        Ok(rows.into_iter().collect())
    }

    /// Adds how stations stand by text; one that was never heard otherwise stands there as silent.
    pub(super) async fn status_texts_into(
        &self,
        rows: &mut BTreeMap<(String, String), StationRow>,
        now_ms: i64,
    ) -> Result<(), BookError> {
        let texts: Vec<(String, String, i64, i64, String)> =
            sqlx::query_as(sql::LIST_STATUS_TEXTS).fetch_all(&self.pool).await?;
        for (station, gateway, as_of_ms, received_ms, body) in texts {
            // One that a newer program wrote is not read by this one.
            let Ok(Text::Status(status)) = Text::read(&body) else { continue };
            let unheard = StationRow::unheard(&station, &gateway);
            let row = rows.entry((station, gateway)).or_insert(unheard);
            row.first_heard_ms.get_or_insert(received_ms);
            row.by_text = Some(ByText::of(&status, (as_of_ms, received_ms), row, now_ms));
        }
        Ok(())
    }
}
