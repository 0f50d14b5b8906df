//! The county's book: its database, as the rest of the room sees it.
//!
//! - A receipt promises that a record survives a power cut, so a transaction is durable when [`Book::commit`] returns:
//!   write-ahead log, `synchronous = FULL`.
//! - One connection writes. Transactions therefore wait for each other in order instead of failing on a lock, and
//!   the alarms' consumer waits for at most one transaction of readings.
//! - Which database it is, is known here and in `sql` and nowhere else.

use std::path::{Path, PathBuf};

use sqlx::sqlite::{SqliteConnectOptions, SqliteJournalMode, SqlitePool, SqlitePoolOptions, SqliteSynchronous};
use sqlx::{ConnectOptions, Connection, SqliteConnection};

use super::ingest::Speaker;
use super::receipt::{Batch, Committed};
use super::{sql, write};
use crate::core::id::CommandId;
use crate::limits;

/// Why the book could not be read or written.
#[derive(Debug, thiserror::Error)]
pub enum BookError {
    /// There is no database yet.
    #[error("there is no county database at {0}: the county service makes it when it first runs")]
    Missing(PathBuf),
    /// A newer program made it.
    #[error("the county database has schema {found} and this program knows {known}: use the newer program")]
    Newer {
        /// Version found.
        found: i64,
        /// Newest version known.
        known: i64,
    },
    /// An older program made it, and it is opened to be read only.
    #[error("the county database has schema {found} and this program reads {known}: start the county service once")]
    Older {
        /// Version found.
        found: i64,
        /// Version that can be read.
        known: i64,
    },
    /// The database says no: locked, full, damaged, not writable.
    #[error("the county database failed: {0}")]
    Database(#[from] sqlx::Error),
    /// A stored message cannot be read back.
    #[error("a stored message of table {table} cannot be read: {error}")]
    Stored {
        /// In which table.
        table: &'static str,
        /// What the reader says.
        error: serde_json::Error,
    },
}

/// An open county database.
#[derive(Debug, Clone)]
pub struct Book {
    pub(super) pool: SqlitePool,
}

impl Book {
    /// Opens the database, makes it if there is none, and brings its schema up to date.
    ///
    /// # Errors
    /// [`BookError`].
    pub async fn open(path: &Path, now_ms: i64) -> Result<Book, BookError> {
        let options = options(path).journal_mode(SqliteJournalMode::Wal).synchronous(SqliteSynchronous::Full);
        let mut connection = options.clone().create_if_missing(true).connect().await?;
        migrate(&mut connection, now_ms).await?;
        connection.close().await?;
        // From here on a database that disappeared is an error: an empty one made in its place would give receipts
        // for records that nobody finds.
        Ok(Book { pool: pool(options.create_if_missing(false)) })
    }

    /// Opens the database to read it, beside the running service.
    ///
    /// # Errors
    /// [`BookError`].
    pub async fn open_to_read(path: &Path) -> Result<Book, BookError> {
        if !path.exists() {
            return Err(BookError::Missing(path.to_owned()));
        }
        let book = Book { pool: pool(options(path).read_only(true)) };
        let found: Option<i64> = sqlx::query_scalar(sql::READ_VERSION).fetch_one(&book.pool).await?;
        match found.unwrap_or(0) {
            found if found < newest() => Err(BookError::Older { found, known: newest() }),
            found if found > newest() => Err(BookError::Newer { found, known: newest() }),
            _ => Ok(book),
        }
    }

    /// Stores a batch in one transaction; when this returns, it is durable.
    ///
    /// # Errors
    /// [`BookError`]: nothing of the batch is stored, and it may be tried again.
    pub async fn commit(&self, batch: &Batch, now_ms: i64) -> Result<Committed, BookError> {
        let mut transaction = self.pool.begin_with(sql::BEGIN).await?;
        let committed = write::batch(&mut transaction, batch, now_ms).await?;
        transaction.commit().await?;
        Ok(committed)
    }

    /// Writes that the service listens; also the way to find out whether the database can be written.
    ///
    /// # Errors
    /// [`BookError`].
    pub async fn beat(&self, now_ms: i64) -> Result<(), BookError> {
        self.service(LISTENED, now_ms).await
    }

    /// Writes that the service began to listen.
    ///
    /// # Errors
    /// [`BookError`].
    pub async fn listening(&self, now_ms: i64) -> Result<(), BookError> {
        self.service(LISTENING_SINCE, now_ms).await?;
        self.service(LISTENED, now_ms).await
    }

    /// Writes down a command before it is sent.
    ///
    /// # Errors
    /// [`BookError`]: the command must not be sent.
    pub async fn command(
        &self,
        to: Speaker,
        id: CommandId,
        sent_ms: i64,
        not_after_ms: Option<i64>,
        body: &str,
    ) -> Result<(), BookError> {
        sqlx::query(sql::COMMAND)
            .bind(id.as_str())
            .bind(to.station.as_str())
            .bind(to.gateway.as_str())
            .bind(sent_ms)
            .bind(not_after_ms)
            .bind(body)
            .execute(&self.pool)
            .await?;
        Ok(())
    }

    async fn service(&self, name: &str, at_ms: i64) -> Result<(), BookError> {
        sqlx::query(sql::SERVICE).bind(name).bind(at_ms).execute(&self.pool).await?;
        Ok(())
    }
}

/// Row of `service`: since when the service has been listening.
pub(super) const LISTENING_SINCE: &str = "listening_since";
/// Row of `service`: when it last said so.
pub(super) const LISTENED: &str = "listened";

fn options(path: &Path) -> SqliteConnectOptions {
    // The driver's own logging would print whole statements; the session says what matters, once.
    SqliteConnectOptions::new().filename(path).busy_timeout(limits::COUNTY_DATABASE_WAIT).disable_statement_logging()
}

fn pool(options: SqliteConnectOptions) -> SqlitePool {
    SqlitePoolOptions::new()
        .max_connections(1)
        .idle_timeout(None)
        .max_lifetime(None)
        // Long enough for the other consumer to run into its own wait for the lock first.
        .acquire_timeout(limits::COUNTY_DATABASE_WAIT * 3)
        .connect_lazy_with(options)
}

fn newest() -> i64 {
    i64::try_from(sql::MIGRATIONS.len()).unwrap_or(i64::MAX)
}

async fn migrate(connection: &mut SqliteConnection, now_ms: i64) -> Result<(), BookError> {
    let mut transaction = connection.begin_with(sql::BEGIN).await?;
    sqlx::query(sql::CREATE_VERSIONS).execute(&mut *transaction).await?;
    let found: Option<i64> = sqlx::query_scalar(sql::READ_VERSION).fetch_one(&mut *transaction).await?;
    let found = found.unwrap_or(0);
    if found > newest() {
        return Err(BookError::Newer { found, known: newest() });
    }
    for (version, statements) in (1..).zip(sql::MIGRATIONS).filter(|(version, _)| *version > found) {
        for statement in *statements {
            sqlx::query(*statement).execute(&mut *transaction).await?;
        }
        sqlx::query(sql::WRITE_VERSION).bind(version).bind(now_ms).execute(&mut *transaction).await?;
    }
    transaction.commit().await?;
    Ok(())
}
