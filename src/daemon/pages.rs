//! The pages are kept served: a port that is taken is tried again, and the station is told, because pages that cannot be opened
//! are a fault and never a reason not to watch.

use std::future::Future;
use std::io;
use std::net::SocketAddr;
use std::time::Duration;

use tokio::net::TcpListener;
use tokio::time::{Instant, sleep};
use tokio_util::sync::CancellationToken;
use tracing::error;

use crate::backoff::Backoff;
use crate::core::effect::Input;
use crate::core::id::{Slug, SourceId};
use crate::source::lanes::{Arrival, Lanes, StationGone};

/// Between two tries. judgement: a former process gives its port back within seconds; a port that another program holds
/// is free when somebody has seen to it.
const AGAIN: Backoff = Backoff::new(Duration::from_millis(500), Duration::from_secs(30));

/// Serves on `listen` until told to stop. The station hears when the pages cannot be served, and when they are again.
pub(super) async fn keep<F>(listen: SocketAddr, serve: impl Fn(TcpListener) -> F, lanes: Lanes, stop: CancellationToken)
where
    F: Future<Output = io::Result<()>>,
{
    let (mut backoff, mut up) = (AGAIN, None);
    while !stop.is_cancelled() {
        let began = Instant::now();
        let ended = match TcpListener::bind(listen).await {
            Ok(listener) => {
                if tell(true, &mut up, &lanes).await.is_err() {
                    return;
                }
                serve(listener).await
            }
            Err(why) => Err(why),
        };
        if stop.is_cancelled() {
            return;
        }
        if let Err(why) = ended {
            error!(%listen, %why, "the pages cannot be served; alarms go on, and the port is tried again");
        }
        if tell(false, &mut up, &lanes).await.is_err() {
            return;
        }
        backoff.worked_for(began.elapsed());
        tokio::select! {
            () = stop.cancelled() => return,
            () = sleep(backoff.next(crate::source::random())) => {}
        }
    }
}

/// Nothing is to be kept served, which only another start can change: because nobody asked for pages, and then nothing is wrong with
/// them any more, or because they cannot be served as they are configured.
pub(super) async fn never(asked_for: bool, lanes: Lanes) {
    // A station that is gone has nobody to show it to.
    let _ = tell(!asked_for, &mut None, &lanes).await;
}

/// Tells the station what is new to it.
async fn tell(now_up: bool, up: &mut Option<bool>, lanes: &Lanes) -> Result<(), StationGone> {
    if up.replace(now_up) == Some(now_up) {
        return Ok(());
    }
    let source = SourceId("pages".parse::<Slug>().expect("a word of this file is a slug"));
    let input = Input::Pages { up: now_up };
    lanes.urgent(Arrival { source, received: Instant::now(), input, done: None }).await
}
