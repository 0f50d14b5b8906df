//! The errand desk: tells a device what the shell asks of it, on the connection that the device keeps.

use std::sync::Arc;

use tokio::sync::{mpsc, watch};
use tokio_util::sync::CancellationToken;

use super::clock::Clock;
use crate::control::protocol::{Body, ErrandAnswer, Reply, Request};
use crate::control::server::Asked;
use crate::core::errand::Errand;
use crate::core::id::DeviceId;
use crate::source::Resolve;
use crate::source::tcp::{Errands, Sent};

/// The desk.
pub(super) struct ErrandDesk {
    /// The ways to the sources whose devices can be told something.
    ways: Vec<Errands>,
    book: watch::Receiver<Arc<dyn Resolve>>,
    clock: Arc<Clock>,
}

impl ErrandDesk {
    pub(super) fn new(ways: Vec<Errands>, book: watch::Receiver<Arc<dyn Resolve>>, clock: &Arc<Clock>) -> Self {
        Self { ways, book, clock: Arc::clone(clock) }
    }

    /// Does what is asked until told to stop.
    pub(super) async fn run(self, mut asked: mpsc::Receiver<Asked>, stop: CancellationToken) {
        loop {
            let asked = tokio::select! {
                biased;
                () = stop.cancelled() => return,
                asked = asked.recv() => asked,
            };
            let Some(asked) = asked else { return };
            let Request::Tell { device, errand } = asked.request else { continue };
            let body = Body::Errand(self.tell(device, errand).await);
            // An asker who has gone does not want the answer.
            let _ = asked.reply.send(Reply { now: self.clock.now(), body });
        }
    }

    async fn tell(&self, device: DeviceId, errand: Errand) -> ErrandAnswer {
        let book = self.book.borrow().clone();
        let Some(address) = book.address(device) else { return ErrandAnswer::NotEnrolled };
        for way in &self.ways {
            match way.send(address, errand).await {
                Sent::Sent => return ErrandAnswer::Sent,
                Sent::HasNone => return ErrandAnswer::HasNone,
                Sent::NotConnected => {}
            }
        }
        ErrandAnswer::NotConnected
    }
}
