//! What a connection is told from outside: that its place is needed, or an errand for its device.

use std::sync::{Mutex, MutexGuard, PoisonError};

use tokio::sync::{Notify, oneshot};

use super::errands::Sent;
use crate::core::errand::Errand;

/// The letter-box of one connection. It is small, because there are thousands.
#[derive(Debug, Default)]
pub(super) struct Mail {
    letters: Mutex<Letters>,
    arrived: Notify,
}

/// What lies in it.
#[derive(Debug, Default)]
pub(super) struct Letters {
    /// The connection is to end.
    pub(super) end: Option<Why>,
    /// An errand for the device.
    pub(super) errand: Option<(Errand, oneshot::Sender<Sent>)>,
}

/// Why a place is needed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Why {
    /// The device has come again.
    TakenOver,
    /// Somebody else needs the place.
    CrowdedOut,
}

impl Mail {
    /// Tells the connection to end.
    pub(super) fn end(&self, why: Why) {
        self.letters().end = Some(why);
        self.arrived.notify_one();
    }

    /// Puts an errand in; one that still lay there is answered as not delivered, by being dropped.
    pub(super) fn errand(&self, errand: Errand, sent: oneshot::Sender<Sent>) {
        self.letters().errand = Some((errand, sent));
        self.arrived.notify_one();
    }

    /// Waits for letters.
    pub(super) async fn arrived(&self) {
        self.arrived.notified().await;
    }

    /// Takes what lies there.
    pub(super) fn take(&self) -> Letters {
        std::mem::take(&mut *self.letters())
    }

    fn letters(&self) -> MutexGuard<'_, Letters> {
        self.letters.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
