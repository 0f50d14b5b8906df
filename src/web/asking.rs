//! The page's way to the station: the same questions and orders as the shell's, over the same channel.
//!
//! What was answered is kept for a moment, so that many who look on ask as much as one.

use std::sync::Arc;

use tokio::sync::{Mutex, mpsc, oneshot};
use tokio::time::{Instant, timeout};
use tracing::debug;

use crate::control::protocol::{Body, DeviceRow, Reply, Request, Status, VisitRow};
use crate::control::server::Asked;
use crate::core::alarm::Alarm;
use crate::core::attempt::Attempt;
use crate::core::effect::{Answer, Order};
use crate::core::id::{CommandId, Slug};
use crate::core::stop::Stop;
use crate::core::time::Moment;
use crate::limits::web::{PICTURE_KEPT, STATION_WAIT};

/// The station does not answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Deaf;

/// How things stand at one moment, for those behind a link: alarms, those closed lately too.
#[derive(Debug)]
pub(super) struct Standings {
    pub(super) now: Moment,
    pub(super) alarms: Vec<Alarm>,
    /// Times in which the station was not running, of which people are still to be told.
    pub(super) stops: Vec<Stop>,
}

/// Everything that the desk shows, at one moment.
#[derive(Debug)]
pub(super) struct Survey {
    pub(super) now: Moment,
    /// The open ones.
    pub(super) alarms: Vec<Alarm>,
    pub(super) status: Status,
    pub(super) visits: Vec<VisitRow>,
}

/// Asks the station.
#[derive(Debug)]
pub(super) struct Asker {
    to: mpsc::Sender<Asked>,
    kept: Mutex<Option<(Instant, Arc<Standings>)>>,
}

impl Asker {
    pub(super) fn new(to: mpsc::Sender<Asked>) -> Self {
        Self { to, kept: Mutex::new(None) }
    }

    /// All alarms, as they stood at most [`PICTURE_KEPT`] ago.
    pub(super) async fn alarms(&self) -> Result<Arc<Standings>, Deaf> {
        let mut kept = self.kept.lock().await;
        if let Some((at, alarms)) = kept.as_ref().filter(|(at, _)| at.elapsed() < PICTURE_KEPT) {
            _ = at;
            return Ok(alarms.clone());
        }
        let asked = Instant::now();
        let Reply { now, body: Body::Alarms(alarms) } = self.ask(Request::Alarms { all: true }).await? else {
            return Err(Deaf);
        };
        let Body::Status(status) = self.ask(Request::Status).await?.body else { return Err(Deaf) };
        let alarms = Arc::new(Standings { now, alarms, stops: status.stops });
        *kept = Some((asked, alarms.clone()));
        Ok(alarms)
    }

    /// What the desk shows.
    pub(super) async fn survey(&self) -> Result<Survey, Deaf> {
        let Reply { body: Body::Status(status), .. } = self.ask(Request::Status).await? else { return Err(Deaf) };
        let Reply { now, body: Body::Alarms(alarms) } = self.ask(Request::Alarms { all: false }).await? else {
            return Err(Deaf);
        };
        let (_, visits) = self.visits().await?;
        Ok(Survey { now, alarms, status: *status, visits })
    }

    /// How everybody's visits stand.
    pub(super) async fn visits(&self) -> Result<(Moment, Vec<VisitRow>), Deaf> {
        match self.ask(Request::Visits).await? {
            Reply { now, body: Body::Visits(visits) } => Ok((now, visits)),
            _ => Err(Deaf),
        }
    }

    /// Every device's standing.
    pub(super) async fn devices(&self) -> Result<Vec<DeviceRow>, Deaf> {
        match self.ask(Request::Devices).await?.body {
            Body::Devices(devices) => Ok(devices),
            _ => Err(Deaf),
        }
    }

    /// Gives an order, and forgets what was kept.
    pub(super) async fn order(&self, id: CommandId, order: Order) -> Result<Answer, Deaf> {
        self.order_at_the_door(id, order, None).await
    }

    /// The same, with the code from inside of the door that came with it.
    pub(super) async fn order_at_the_door(
        &self,
        id: CommandId,
        order: Order,
        door: Option<String>,
    ) -> Result<Answer, Deaf> {
        let reply = self.ask(Request::Order { id, order, door }).await;
        *self.kept.lock().await = None;
        match reply?.body {
            Body::Answer(answer) => Ok(answer),
            _ => Err(Deaf),
        }
    }

    /// Has the log keep what moved no alarm.
    pub(super) async fn keep(&self, attempts: Vec<Attempt>) -> Result<(), Deaf> {
        match self.ask(Request::Keep(attempts)).await?.body {
            Body::Kept => Ok(()),
            _ => Err(Deaf),
        }
    }

    async fn ask(&self, request: Request) -> Result<Reply, Deaf> {
        let asking = async {
            let (reply, answer) = oneshot::channel();
            self.to.send(Asked { request, asker: own_name(), reply }).await.ok()?;
            answer.await.ok()
        };
        match timeout(STATION_WAIT, asking).await {
            Ok(Some(Reply { body: Body::Trouble(why), .. })) => {
                debug!(why, "the station did not answer the page");
                Err(Deaf)
            }
            Ok(Some(reply)) => Ok(reply),
            Ok(None) | Err(_) => Err(Deaf),
        }
    }
}

/// By which name the page asks; who gives an order stands in the order.
fn own_name() -> Slug {
    "page".parse().expect("it is an id")
}
