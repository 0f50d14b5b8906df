//! The siren of the station: told to sound until some moment, or to be silent.
//!
//! Constraints:
//! - **It always ends off**: at the start, when an order ends, when nobody gives orders any more, and at a stop. A line that cannot be
//!   switched off is tried again until it is.
//! - One order sounds for at most [`SIREN_ON_MAX`], whatever it says: whoever orders may hang, and a siren that nobody can stop is
//!   torn off the wall. When to sound again is `siren_plan`'s.
//! - A line is looked at when it is idle, so that a cable that was pulled is a fault before it is needed.

pub mod line;

use tokio::sync::{mpsc, watch};
use tokio::time::{Instant, sleep, sleep_until, timeout};
use tokio_util::sync::CancellationToken;

use super::channel::{Ailment, Said};
use super::letters::Voice;
use crate::config::signals::Siren;
use crate::core::id::Slug;
use crate::limits::channels::{
    SIREN_AGAIN, SIREN_LINE_WAIT, SIREN_LOOK_EVERY, SIREN_OFF_AGAIN, SIREN_OFF_WAIT, SIREN_ON_MAX,
};
use line::{Line, Switch};

/// What the siren is told.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Order {
    /// To be silent.
    Silent,
    /// To sound until then. Another order begins with another moment.
    Sound {
        /// When it ends.
        until: Instant,
    },
}

impl Order {
    /// When it ends, given now.
    fn ends(self) -> Option<Instant> {
        match self {
            Order::Silent => None,
            Order::Sound { until } => Some(until.min(Instant::now() + SIREN_ON_MAX)),
        }
    }
}

/// A siren as it is configured.
#[derive(Debug, Clone)]
pub struct Settings {
    /// Its name, for the journal.
    pub name: Slug,
    /// What switches it.
    pub siren: Siren,
}

/// Sounds as it is told until `stop`, or until nobody gives orders any more. Its health is all that it says.
pub async fn run(
    settings: Settings,
    orders: watch::Receiver<Order>,
    said: mpsc::Sender<Said>,
    stop: CancellationToken,
) {
    drive(settings.name, Switch::new(settings.siren), orders, said, stop).await;
}

/// The same with any line.
pub async fn drive(
    name: Slug,
    line: impl Line,
    mut orders: watch::Receiver<Order>,
    said: mpsc::Sender<Said>,
    stop: CancellationToken,
) {
    let mut driver = Driver { line, voice: Voice::new(name, said) };
    let mut order = *orders.borrow_and_update();
    let mut ends = order.ends();
    loop {
        let now = Instant::now();
        ends = ends.filter(|end| *end > now);
        let Some(look) = stop.run_until_cancelled(driver.switch(ends.is_some())).await else { break };
        tokio::select! {
            biased;
            () = stop.cancelled() => break,
            changed = orders.changed() => {
                if changed.is_err() {
                    break;
                }
                let new = *orders.borrow_and_update();
                if new != order {
                    order = new;
                    ends = order.ends();
                }
            }
            () = sleep_until(ends.map_or(look, |end| end.min(look))) => {}
        }
    }
    driver.end().await;
}

struct Driver<L> {
    line: L,
    voice: Voice,
}

impl<L: Line> Driver<L> {
    /// Switches the line to what it is to do, which may be what it does; when it is to be looked at again.
    async fn switch(&mut self, sounds: bool) -> Instant {
        match self.set(sounds).await {
            Ok(()) => {
                self.voice.up().await;
                Instant::now() + SIREN_LOOK_EVERY
            }
            Err(why) => {
                self.voice.down(Ailment::NotThere, &why).await;
                Instant::now() + SIREN_AGAIN
            }
        }
    }

    async fn set(&mut self, sounds: bool) -> Result<(), String> {
        let late = || format!("it does not answer within {} s", SIREN_LINE_WAIT.as_secs());
        timeout(SIREN_LINE_WAIT, self.line.set(sounds)).await.map_err(|_| late())?.map_err(|why| why.to_string())
    }

    /// Off, for good.
    async fn end(mut self) {
        let until_off = async {
            while self.set(false).await.is_err() {
                sleep(SIREN_OFF_AGAIN).await;
            }
        };
        if timeout(SIREN_OFF_WAIT, until_off).await.is_err() {
            tracing::error!("the siren could not be switched off at the stop: cut its power if it sounds");
        }
    }
}
