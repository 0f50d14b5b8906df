//! The pages of the station: the answer page behind a link, and the duty desk with its wall screen.
//!
//! - **They decide nothing.** They ask the station as the shell does, over the same channel, and whatever somebody taps is an order
//!   that the station judges and writes down. Whatever goes wrong here, alarms go on.
//! - **Looking changes nothing** (CARE-RULES 3). Messengers fetch links before their readers do, so every GET is without an effect
//!   of any kind, and only a form that this page made, sent by the browser that shows it, becomes an order.
//! - **Whoever looks sees what they need, and no more** (CARE-RULES 28): behind a link who, where and what, and how to find it
//!   once they have accepted; on the wall a house number and a surname; without a link or a log-in nothing at all.
//! - **It works without a script and without a network but this one.** The script only keeps the desk live and counts seconds.

pub mod link;

pub mod settings;

pub mod act;

pub mod tally;

mod attempts;

pub mod duty;

pub mod names;

pub mod password;

pub mod session;

mod asking;

mod form;

mod frame;

mod answer;

mod desk;

mod routes;

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;

use tokio::net::TcpListener;
use tokio::sync::{mpsc, watch};
use tokio::time::sleep;
use tokio_util::sync::CancellationToken;
use tracing::info;

use crate::control::server::Asked;
use crate::http::door::Door;
use crate::limits::web::{CONNECTIONS_MAX, STOP_WAIT};
use asking::Asker;
use names::Known;
pub use settings::Settings;

/// Serves the pages on a bound listener until `stop`.
///
/// # Errors
/// The listener is not on a loopback address and there is no TLS, or it fails.
pub async fn serve(
    listener: TcpListener,
    settings: Settings,
    station: mpsc::Sender<Asked>,
    known: watch::Receiver<Arc<Known>>,
    stop: CancellationToken,
) -> io::Result<()> {
    let address = listener.local_addr()?;
    if settings.seal.is_none() && !address.ip().is_loopback() {
        let why =
            "without TLS the page is for 127.0.0.1 only; write cert_file and key_file, or listen = \"127.0.0.1:8090\"";
        return Err(io::Error::new(io::ErrorKind::InvalidInput, why));
    }
    announce(address, settings.seal.is_some());
    let door = Door::new(listener, CONNECTIONS_MAX);
    let door = match settings.seal.clone() {
        Some(seal) => door.sealed(seal),
        None => door,
    };
    let web = Arc::new(routes::Web::new(settings, Asker::new(station), known, stop.clone()));
    let stopped = stop.clone();
    let serving = axum::serve(door, routes::routes(web.clone()))
        .with_graceful_shutdown(async move { stopped.cancelled().await })
        .into_future();
    let patience = async {
        stop.cancelled().await;
        sleep(STOP_WAIT).await;
    };
    let served = async {
        let ended = tokio::select! {
            ended = serving => ended,
            () = web.feed.run(&web) => Ok(()),
            () = patience => Ok(()),
        };
        web.closed.cancel();
        ended
    };
    // What was tried until the last connection was cut is still handed over.
    let (ended, ()) = tokio::join!(served, web.attempts.run(&web.station, &web.closed));
    ended
}

fn announce(address: SocketAddr, sealed: bool) {
    let scheme = if sealed { "https" } else { "http" };
    info!("the station's page is at {scheme}://{address}/desk");
}
