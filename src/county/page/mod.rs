//! The county page: what civil-affairs staff read, people who are not watched first, live over HTTP on this machine.
//!
//! - **It decides nothing and changes nothing.** Every address is read with GET; it has a read-only look at the book
//!   and shares nothing with the ingest but the process. Whatever goes wrong here, receipts go on.
//! - **It never looks calm for want of news.** No database, a deaf service, a silent station, a lost connection: each
//!   is a sentence on the page, and nothing that cannot be read is left out.
//! - **Loopback only, and only by an address.** A proxy with TLS and log-in stands in front; anybody who reaches this
//!   port has passed it. A browser on the same machine could be made to come here by a foreign name that resolves to
//!   127.0.0.1 (DNS rebinding), past that log-in; so a request is answered only when its `Host` is `localhost` or a
//!   loopback address. nginx sends just that of its own accord; other proxies have to be told to. A list of further
//!   names would be one more key to get wrong, and buys nothing.
//! - **Nothing from elsewhere.** Style and script are this program's own, everything a gateway said is escaped, and the
//!   content policy forbids the browser to fetch or run anything else.

use std::collections::BTreeMap;
use std::io;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;

use jiff::tz::TimeZone;
use tokio::net::TcpListener;
use tokio::time::sleep;
use tokio_util::sync::CancellationToken;
use tracing::info;

use super::retry::{Faults, RETRY, wait};
use super::settings::Clock;
use crate::core::id::StationId;
use crate::http::door::Door;
use crate::limits;

mod survey;

mod sheet;

mod device;

mod html;

mod lists;

mod live;

mod answer;

/// What the page shows, and how people read it.
#[derive(Clone)]
pub struct Board {
    /// File of the county's database; it need not exist yet.
    pub database: PathBuf,
    /// The county's clock.
    pub clock: Clock,
    /// A station without a heartbeat for this long is silent, in seconds.
    pub silent_after_s: u32,
    /// What people call the stations that may speak; one of them that was never heard is shown as silent.
    pub names: BTreeMap<StationId, String>,
    /// Zone in which people read times.
    pub zone: TimeZone,
}

impl std::fmt::Debug for Board {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Board").field("database", &self.database).finish_non_exhaustive()
    }
}

/// Serves the page at `listen` until `stop`, and tries again for as long as the address cannot be had: the ingest
/// beside it is worth more than the page.
pub async fn serve_at(listen: SocketAddr, board: Board, stop: CancellationToken) {
    let (mut faults, mut retry) = (Faults::new("the county page"), RETRY);
    while !stop.is_cancelled() {
        let ended = match TcpListener::bind(listen).await {
            Ok(listener) => {
                faults.clear();
                serve(listener, board.clone(), stop.clone()).await
            }
            Err(error) => Err(error),
        };
        let Err(error) = ended else { return };
        faults.raise(&format!("cannot be served at {listen}: {error}; free that port, or change [console] listen"));
        tokio::select! {
            () = stop.cancelled() => {}
            () = sleep(wait(&mut retry)) => {}
        }
    }
}

/// Serves the page on a bound listener until `stop`.
///
/// # Errors
/// The listener is not on a loopback address, or fails.
pub async fn serve(listener: TcpListener, board: Board, stop: CancellationToken) -> io::Result<()> {
    let address = listener.local_addr()?;
    if !address.ip().is_loopback() {
        return Err(io::Error::new(io::ErrorKind::InvalidInput, "the page has no log-in and is for 127.0.0.1 only"));
    }
    info!("the county page is at http://{address}/");
    let feed = Arc::new(live::Feed::new(stop.clone()));
    let reader = Arc::new(survey::Reader::new(board));
    let routes = answer::routes(answer::Desk { reader: reader.clone(), feed: feed.clone() });
    let stopped = stop.clone();
    let serving = axum::serve(Door::new(listener, limits::COUNTY_PAGE_CONNECTIONS_MAX), routes)
        .with_graceful_shutdown(async move { stopped.cancelled().await })
        .into_future();
    let patience = async {
        stop.cancelled().await;
        sleep(limits::COUNTY_PAGE_STOP_WAIT).await;
    };
    tokio::select! {
        ended = serving => ended,
        () = feed.run(&reader) => Ok(()),
        () = patience => Ok(()),
    }
}
