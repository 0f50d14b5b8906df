//! The two lanes between the sources and the station.
//!
//! Constraints:
//! - *Urgent* holds [`URGENT_LANE_MAX`] inputs and is awaited: a source that finds it full waits, and what its
//!   devices send meanwhile stays with the broker or in the kernel. Nothing in it is ever dropped.
//! - *Routine* is a ring: the newest reading is worth more than the oldest, so a station that falls behind loses
//!   the oldest, and the loss is counted. Pushing never waits, so a flood of readings cannot delay a help call.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::{Notify, mpsc, oneshot};
use tokio::time::Instant;

use super::counters::{Counters, Scope};
use crate::core::effect::Input;
use crate::core::id::SourceId;
use crate::core::roster::Class;
use crate::limits::{ROUTINE_LANE_MAX, URGENT_LANE_MAX};

/// One input on its way to the station.
#[derive(Debug)]
pub struct Arrival {
    /// Where it came in.
    pub source: SourceId,
    /// When its frame was read. The station stamps its own [`Moment`](crate::core::time::Moment) from it.
    pub received: Instant,
    /// A sample, or the source's own going up or down.
    pub input: Input,
    /// To be told once the input is on disk; `None` where the sender cannot be told.
    pub done: Option<Acknowledge>,
}

/// The station's promise to the sender that an input is on disk.
///
/// Dropping it unused withholds the acknowledgement: the sender keeps the message and delivers it again.
#[derive(Debug)]
pub struct Acknowledge(oneshot::Sender<Kept>);

/// What became of an input whose sender can be told.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kept {
    /// It is on disk.
    Durable,
    /// A stranger's word that decided nothing, and is kept nowhere: it need not come again, and nobody is to believe that help
    /// was called.
    Nothing,
}

/// The sender's end of an [`Acknowledge`]: what became of it, or `Err` when that is withheld.
pub type Acknowledged = oneshot::Receiver<Kept>;

impl Acknowledge {
    /// A promise, and where to wait for it.
    #[must_use]
    pub fn pair() -> (Self, Acknowledged) {
        let (promise, kept) = oneshot::channel();
        (Self(promise), kept)
    }

    /// Says that the input is on disk.
    pub fn durable(self) {
        // A source that has gone meanwhile is delivered to again, which the core takes as one event.
        let _ = self.0.send(Kept::Durable);
    }

    /// Says that there was nothing to be kept.
    pub fn nothing(self) {
        let _ = self.0.send(Kept::Nothing);
    }
}

/// The station has ended: there is nobody to deliver to, and the source ends too.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the station has ended")]
pub struct StationGone;

/// The sources' end of both lanes.
#[derive(Debug, Clone)]
pub struct Lanes {
    urgent: mpsc::Sender<Arrival>,
    routine: Arc<Ring>,
}

/// The station's end of the urgent lane.
pub type UrgentLane = mpsc::Receiver<Arrival>;

/// The station's end of the routine lane.
#[derive(Debug)]
pub struct RoutineLane(Arc<Ring>);

/// Both lanes, empty.
#[must_use]
pub fn lanes(counters: Arc<Counters>) -> (Lanes, UrgentLane, RoutineLane) {
    let (urgent, urgent_end) = mpsc::channel(URGENT_LANE_MAX);
    let ring = Arc::new(Ring { waiting: Mutex::default(), arrived: Notify::new(), counters });
    (Lanes { urgent, routine: Arc::clone(&ring) }, urgent_end, RoutineLane(ring))
}

impl Lanes {
    /// Puts an input on the lane of its class: awaited when urgent, at once when routine.
    ///
    /// # Errors
    /// [`StationGone`].
    pub async fn put(&self, class: Class, arrival: Arrival) -> Result<(), StationGone> {
        match class {
            Class::Urgent => self.urgent(arrival).await,
            Class::Routine => {
                self.routine(arrival);
                Ok(())
            }
        }
    }

    /// Puts an input on the urgent lane, waiting for room.
    ///
    /// # Errors
    /// [`StationGone`].
    pub async fn urgent(&self, arrival: Arrival) -> Result<(), StationGone> {
        self.urgent.send(arrival).await.map_err(|_| StationGone)
    }

    /// Puts an input on the routine lane; at the limit the oldest makes room.
    pub fn routine(&self, arrival: Arrival) {
        let mut waiting = self.routine.waiting();
        if waiting.len() >= ROUTINE_LANE_MAX {
            waiting.pop_front();
            self.routine.counters.add(Scope::RoutineLane, "dropped", "");
        }
        waiting.push_back(arrival);
        drop(waiting);
        self.routine.arrived.notify_one();
    }
}

impl RoutineLane {
    /// Waits for arrivals and moves at most `max` of them, oldest first, to `into`.
    ///
    /// It may be cancelled at any await without losing one, and so may stand in a `select!`.
    pub async fn take(&self, into: &mut Vec<Arrival>, max: usize) {
        loop {
            if self.take_waiting(into, max) > 0 {
                return;
            }
            self.0.arrived.notified().await;
        }
    }

    /// Moves at most `max` waiting arrivals to `into`, and says how many.
    pub fn take_waiting(&self, into: &mut Vec<Arrival>, max: usize) -> usize {
        let mut waiting = self.0.waiting();
        let count = waiting.len().min(max);
        into.extend(waiting.drain(..count));
        if waiting.is_empty() {
            // After a burst the memory goes back; an idle gateway is to stay small.
            waiting.shrink_to(64);
        }
        count
    }

    /// How many are waiting.
    #[must_use]
    pub fn waiting(&self) -> usize {
        self.0.waiting().len()
    }
}

#[derive(Debug)]
struct Ring {
    // A std mutex: it is held for a push or a drain and never over an await.
    waiting: Mutex<VecDeque<Arrival>>,
    arrived: Notify,
    counters: Arc<Counters>,
}

impl Ring {
    fn waiting(&self) -> MutexGuard<'_, VecDeque<Arrival>> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn arrival(up: bool) -> Arrival {
        let id = "s1".parse().expect("id");
        Arrival { source: id, received: Instant::now(), input: Input::Source { id, up }, done: None }
    }

    #[tokio::test]
    async fn the_urgent_lane_waits_and_never_drops() {
        let (lanes, mut urgent, _routine) = lanes(Arc::default());
        for _ in 0..URGENT_LANE_MAX {
            lanes.urgent(arrival(true)).await.expect("room");
        }
        let mut one_more = Box::pin(lanes.urgent(arrival(false)));
        tokio::select! {
            biased;
            _ = &mut one_more => panic!("the lane is full"),
            () = std::future::ready(()) => {}
        }
        assert!(urgent.recv().await.is_some());
        one_more.await.expect("room again");
        assert_eq!(urgent.len(), URGENT_LANE_MAX);
    }

    #[tokio::test]
    async fn a_source_learns_that_the_station_has_ended() {
        let (lanes, urgent, _routine) = lanes(Arc::default());
        drop(urgent);
        assert_eq!(lanes.urgent(arrival(true)).await, Err(StationGone));
    }

    #[tokio::test]
    async fn the_routine_lane_drops_the_oldest_and_counts_it() {
        let counters = Arc::new(Counters::default());
        let (lanes, _urgent, routine) = lanes(Arc::clone(&counters));
        lanes.routine(arrival(false));
        for _ in 0..ROUTINE_LANE_MAX {
            lanes.routine(arrival(true));
        }
        assert_eq!(routine.waiting(), ROUTINE_LANE_MAX);
        assert_eq!(counters.view().get("routine_lane.dropped"), Some(&1));
        let mut taken = Vec::new();
        routine.take(&mut taken, 10).await;
        assert_eq!(taken.len(), 10);
        assert!(taken.iter().all(|arrival| matches!(arrival.input, Input::Source { up: true, .. })));
    }

    #[tokio::test]
    async fn an_empty_routine_lane_is_waited_on() {
        let (lanes, _urgent, routine) = lanes(Arc::default());
        let mut taken = Vec::new();
        let ((), ()) = tokio::join!(routine.take(&mut taken, 10), async { lanes.routine(arrival(true)) });
        assert_eq!(taken.len(), 1);
    }

    #[tokio::test]
    async fn an_unused_promise_is_a_withheld_one() {
        let (promise, kept) = Acknowledge::pair();
        promise.durable();
        assert!(kept.await.is_ok());
        let (promise, withheld) = Acknowledge::pair();
        drop(promise);
        assert!(withheld.await.is_err());
    }
}
