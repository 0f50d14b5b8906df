//! The county's ladder in the book: how far each case has climbed, and what people have answered outside of the running service.

#![expect(clippy::similar_names, reason = "a cause and the case that is made of it: each is the right word")]

use std::collections::BTreeMap;

use super::book::{Book, BookError};
use super::case::{Case, Cause};
use super::plan::Who;
use super::sql;
use crate::limits;

/// What somebody said to the ladder.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Answer {
    /// Who.
    pub who: Who,
    /// What.
    pub said: Said,
    /// When they said it.
    pub at_ms: i64,
}

/// What was said.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Said {
    /// They acknowledge this, at a console.
    Acknowledged(Cause),
    /// They sent this, which is a known answer and nothing else.
    Text(String),
}

impl Said {
    fn written(&self) -> String {
        match self {
            Said::Acknowledged(cause) => format!("acknowledged {cause}"),
            Said::Text(text) => format!("text {text}"),
        }
    }

    fn read(written: &str) -> Option<Self> {
        match written.split_once(' ')? {
            ("acknowledged", cause) => cause.parse().ok().map(Said::Acknowledged),
            ("text", text) => Some(Said::Text(text.to_owned())),
            _ => None,
        }
    }
}

impl Book {
    /// Every case; one that this program cannot read begins anew.
    ///
    /// # Errors
    /// [`BookError`].
    pub async fn cases(&self) -> Result<BTreeMap<Cause, Case>, BookError> {
        let rows: Vec<(String, String)> = sqlx::query_as(sql::LIST_CASES).fetch_all(&self.pool).await?;
        let case = |(cause, body): (String, String)| Some((cause.parse().ok()?, serde_json::from_str(&body).ok()?));
        Ok(rows.into_iter().filter_map(case).collect())
    }

    /// Writes how a case stands.
    ///
    /// # Errors
    /// [`BookError`].
    ///
    /// # Panics
    /// Never: every case serialises.
    pub async fn save_case(&self, cause: &Cause, case: &Case, now_ms: i64) -> Result<(), BookError> {
        let body = serde_json::to_string(case).expect("a case has text keys only and always serialises");
        sqlx::query(sql::CASE).bind(cause.to_string()).bind(now_ms).bind(body).execute(&self.pool).await?;
        Ok(())
    }

    /// Forgets a case that is over.
    ///
    /// # Errors
    /// [`BookError`].
    pub async fn forget_case(&self, cause: &Cause) -> Result<(), BookError> {
        sqlx::query(sql::CASE_OVER).bind(cause.to_string()).execute(&self.pool).await?;
        Ok(())
    }

    /// Leaves an answer for the running service, which looks every second; false when too many wait there.
    ///
    /// # Errors
    /// [`BookError`].
    pub async fn leave_answer(&self, answer: &Answer) -> Result<bool, BookError> {
        let waiting: i64 = sqlx::query_scalar(sql::COUNT_ANSWERS).fetch_one(&self.pool).await?;
        if waiting >= limits::DUTY_INBOX_MAX {
            return Ok(false);
        }
        let (who, said) = (answer.who.to_string(), answer.said.written());
        sqlx::query(sql::ANSWER).bind(answer.at_ms).bind(who).bind(said).execute(&self.pool).await?;
        Ok(true)
    }

    /// The answers that wait, oldest first.
    ///
    /// # Errors
    /// [`BookError`].
    pub async fn answers(&self) -> Result<Vec<Answer>, BookError> {
        let rows: Vec<(i64, String, String)> = sqlx::query_as(sql::LIST_ANSWERS).fetch_all(&self.pool).await?;
        let answer = |(at_ms, who, said): (i64, String, String)| {
            Some(Answer { who: who.parse().ok()?, said: Said::read(&said)?, at_ms })
        };
        Ok(rows.into_iter().filter_map(answer).collect())
    }

    /// Takes out an answer that has had its effect.
    ///
    /// # Errors
    /// [`BookError`].
    pub async fn answer_taken(&self, answer: &Answer) -> Result<(), BookError> {
        let (who, said) = (answer.who.to_string(), answer.said.written());
        sqlx::query(sql::ANSWER_TAKEN).bind(answer.at_ms).bind(who).bind(said).execute(&self.pool).await?;
        Ok(())
    }
}
