//! Orders down to devices: report every so often, measure, ring.

use tokio::sync::{mpsc, oneshot};

use crate::device::Command;
use crate::limits::tcp::TCP_ORDERS_MAX;

/// What came of an order.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Sent {
    /// It is on its way on the device's connection. Whether the device obeys, it does not say.
    Sent,
    /// The device has no connection here.
    NotConnected,
    /// Its format has no such order.
    HasNone,
}

/// Where orders for the devices of one source are given; cheap to clone.
#[derive(Debug, Clone)]
pub struct Orders(mpsc::Sender<Asked>);

/// The source's end of [`Orders`].
#[derive(Debug)]
pub struct OrdersTaken(pub(super) mpsc::Receiver<Asked>);

/// An order and who waits for what comes of it.
#[derive(Debug)]
pub(super) struct Asked {
    pub(super) address: String,
    pub(super) command: Command,
    pub(super) sent: oneshot::Sender<Sent>,
}

/// A way for orders to one source.
#[must_use]
pub fn orders() -> (Orders, OrdersTaken) {
    let (orders, taken) = mpsc::channel(TCP_ORDERS_MAX);
    (Orders(orders), OrdersTaken(taken))
}

impl Orders {
    /// Gives an order to the enrolled device at this address, and says what came of it.
    pub async fn send(&self, address: &str, command: Command) -> Sent {
        let (sent, answer) = oneshot::channel();
        let asked = Asked { address: address.to_owned(), command, sent };
        // Both ways to fail are the same: the connection or the whole source has ended meanwhile.
        if self.0.send(asked).await.is_err() { Sent::NotConnected } else { answer.await.unwrap_or(Sent::NotConnected) }
    }
}
