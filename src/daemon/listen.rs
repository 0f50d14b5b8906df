//! One source heard without a station: for an installer who records frames before there is a gateway.
//!
//! Nothing that is heard here is kept or decided, and nobody is told that it was: what asks for an acknowledgement gets
//! none, so that a call made meanwhile is made again once a gateway runs.

use std::sync::Arc;

use serde_json::Value;
use tokio::sync::watch;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use super::sources::{self, Session};
use super::start::StartError;
use crate::config::{self, source::Link};
use crate::core::id::{SourceId, StrangerId};
use crate::core::reading::{Origin, Sample};
use crate::core::roster::Class;
use crate::source::counters::Counters;
use crate::source::heard::Heard;
use crate::source::lanes::lanes;
use crate::source::{Inlet, Resolve};

/// Listens to one source of the configuration until `stop`.
///
/// # Errors
/// [`StartError`] when it cannot begin.
pub async fn listen(
    mut config: config::Station,
    source: SourceId,
    heard: Arc<Heard>,
    stop: CancellationToken,
) -> Result<(), StartError> {
    config.sources.retain(|known| known.id == source);
    for known in &mut config.sources {
        if let Link::Mqtt(link) = &mut known.link {
            // A session of its own: the gateway's own one, and what waits in it, is left alone.
            link.client_id.push_str("-record");
        }
    }
    let counters: Arc<Counters> = Arc::default();
    let (lanes, mut urgent, routine) = lanes(Arc::clone(&counters));
    let stranger = "recorded".parse().map_err(|_| StartError::Address(source.to_string()))?;
    let (_book, resolve) = watch::channel::<Arc<dyn Resolve>>(Arc::new(Nobody(stranger)));
    let inlet = Inlet { lanes, resolve, heard, counters, utc: Arc::new(|| None) };
    let tracker = TaskTracker::new();
    sources::spawn(&config, inlet, &tracker, &stop, Session::Passing)?;
    tracker.close();
    let mut heard_routine = Vec::new();
    loop {
        tokio::select! {
            () = stop.cancelled() => break,
            arrival = urgent.recv() => drop(arrival),
            () = routine.take(&mut heard_routine, usize::MAX) => heard_routine.clear(),
        }
    }
    Ok(())
}

/// A village in which nobody is enrolled.
struct Nobody(StrangerId);

impl Resolve for Nobody {
    fn origin(&self, _: &str, _: &str) -> Origin {
        Origin::Stranger(self.0)
    }

    fn context(&self, _: &str, _: &str) -> Option<&Value> {
        None
    }

    fn class(&self, sample: &Sample) -> Class {
        Class::of(sample, |_| false)
    }
}
