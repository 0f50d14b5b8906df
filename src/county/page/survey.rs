//! Reads the book for the page: everything at one moment, or in one word why not.
//!
//! The database may not exist yet, may be made anew, or may stand still. It is therefore opened when it is first
//! needed, again after every failure, and again while the service seems deaf, because an open file that was replaced
//! looks just like that.

use std::collections::BTreeMap;
use std::time::Duration;

use tokio::sync::Mutex;
use tokio::time::timeout;
use tracing::debug;

use super::Board;
use crate::county::board::{AlarmRow, DeviceRow, Listening, StationRow};
use crate::county::book::{Book, BookError};
use crate::county::case::{Case, Cause};
use crate::limits;

/// What the book said at one moment.
#[derive(Debug, Clone, PartialEq)]
pub struct Survey {
    /// When, by the county's clock.
    pub now_ms: i64,
    /// Whether the service that fills the book listens.
    pub listening: Listening,
    /// Messages about alarms that were refused.
    pub refused_alarms: i64,
    /// Texts that were refused, by kind.
    pub refused_texts: BTreeMap<String, i64>,
    /// How far the county's own ladder has come.
    pub cases: BTreeMap<Cause, Case>,
    /// Open alarms.
    pub alarms: Vec<AlarmRow>,
    /// All devices.
    pub devices: Vec<DeviceRow>,
    /// All gateways with their residents.
    pub stations: Vec<StationRow>,
}

/// Why there is nothing to show.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Trouble {
    /// There is no database yet.
    Missing,
    /// Another version of the program made it.
    Version,
    /// It cannot be read.
    Unreadable,
    /// It does not answer in time.
    Slow,
}

impl From<&BookError> for Trouble {
    fn from(error: &BookError) -> Self {
        match error {
            BookError::Missing(_) => Trouble::Missing,
            BookError::Newer { .. } | BookError::Older { .. } => Trouble::Version,
            BookError::Database(_) | BookError::Stored { .. } => Trouble::Unreadable,
        }
    }
}

/// Whoever reads the book for the page.
#[derive(Debug)]
pub struct Reader {
    board: Board,
    open: Mutex<Option<Book>>,
    wait: Duration,
}

impl Reader {
    /// Opens nothing yet.
    #[must_use]
    pub fn new(board: Board) -> Self {
        Self { board, open: Mutex::new(None), wait: limits::COUNTY_PAGE_READ_WAIT }
    }

    /// Whose book it is.
    #[must_use]
    pub fn board(&self) -> &Board {
        &self.board
    }

    /// Reads everything that the page shows.
    ///
    /// # Errors
    /// [`Trouble`].
    pub async fn survey(&self) -> Result<Survey, Trouble> {
        let survey = self
            .read(async |book| {
                let now_ms = (self.board.clock)();
                Ok(Survey {
                    now_ms,
                    listening: book.listened().await?,
                    refused_alarms: book.refused_alarms().await?,
                    refused_texts: book.refused_texts().await?,
                    cases: book.cases().await?,
                    alarms: book.alarms(true).await?,
                    devices: book.devices().await?,
                    stations: book.stations(now_ms, self.board.silent_after_s).await?,
                })
            })
            .await?;
        if survey.listening.deaf_for(survey.now_ms).is_some() {
            *self.open.lock().await = None;
        }
        Ok(survey)
    }

    /// Reads one thing, within the time that a reader of the page may wait.
    ///
    /// # Errors
    /// [`Trouble`].
    pub async fn read<T>(&self, what: impl AsyncFnOnce(&Book) -> Result<T, BookError>) -> Result<T, Trouble> {
        let read = async {
            let book = self.book().await?;
            what(&book).await
        };
        let failed = match timeout(self.wait, read).await {
            Ok(Ok(found)) => return Ok(found),
            Ok(Err(error)) => {
                debug!("the county page: {error}");
                Trouble::from(&error)
            }
            Err(_) => Trouble::Slow,
        };
        *self.open.lock().await = None;
        Err(failed)
    }

    async fn book(&self) -> Result<Book, BookError> {
        let mut open = self.open.lock().await;
        if let Some(book) = open.as_ref() {
            return Ok(book.clone());
        }
        let book = Book::open_to_read(&self.board.database).await?;
        *open = Some(book.clone());
        Ok(book)
    }
}
