//! Errands down to devices: report every so often, measure, ring.

use tokio::sync::{mpsc, oneshot};

use crate::core::errand::Errand;
use crate::limits::tcp::TCP_ERRANDS_MAX;

/// What came of an errand.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Sent {
    /// It is on its way on the device's connection. Whether the device obeys, it does not say.
    Sent,
    /// The device has no connection here.
    NotConnected,
    /// Its format has no such errand.
    HasNone,
}

/// Where errands for the devices of one source are given; cheap to clone.
#[derive(Debug, Clone)]
pub struct Errands(mpsc::Sender<Asked>);

/// The source's end of [`Errands`].
#[derive(Debug)]
pub struct ErrandsTaken(pub(super) mpsc::Receiver<Asked>);

/// An errand and who waits for what comes of it.
#[derive(Debug)]
pub(super) struct Asked {
    pub(super) address: String,
    pub(super) errand: Errand,
    pub(super) sent: oneshot::Sender<Sent>,
}

/// A way for errands to one source.
#[must_use]
pub fn errands() -> (Errands, ErrandsTaken) {
    let (errands, taken) = mpsc::channel(TCP_ERRANDS_MAX);
    (Errands(errands), ErrandsTaken(taken))
}

impl Errands {
    /// Gives an errand to the enrolled device at this address, and says what came of it.
    pub async fn send(&self, address: &str, errand: Errand) -> Sent {
        let (sent, answer) = oneshot::channel();
        let asked = Asked { address: address.to_owned(), errand, sent };
        // Both ways to fail are the same: the connection or the whole source has ended meanwhile.
        if self.0.send(asked).await.is_err() { Sent::NotConnected } else { answer.await.unwrap_or(Sent::NotConnected) }
    }
}
