//! The station as a neighbour reaches it: over its control socket, as the shell does.

use std::path::PathBuf;

use crate::control::client::{AskError, ask};
use crate::control::protocol::{Body, Reply, Request, Status};
use crate::core::alarm::Alarm;
use crate::core::effect::{Answer, Order};
use crate::core::id::CommandId;

/// The socket. Every question is asked on a thread that may wait.
#[derive(Debug, Clone)]
pub struct Station {
    socket: PathBuf,
    orders: u32,
}

impl Station {
    /// The station behind that socket.
    #[must_use]
    pub const fn at(socket: PathBuf) -> Station {
        Station { socket, orders: 0 }
    }

    /// Open and closed alarms and faults.
    ///
    /// # Errors
    /// [`AskError`]: it does not answer (yet, or any more).
    pub async fn alarms(&self) -> Result<Vec<Alarm>, AskError> {
        match self.ask(Request::Alarms { all: true }).await? {
            Body::Alarms(alarms) => Ok(alarms),
            _ => Ok(Vec::new()),
        }
    }

    /// How it is; none for an answer that is another.
    ///
    /// # Errors
    /// [`AskError`]: it does not answer (yet, or any more).
    pub async fn status(&self) -> Result<Option<Status>, AskError> {
        match self.ask(Request::Status).await? {
            Body::Status(status) => Ok(Some(*status)),
            _ => Ok(None),
        }
    }

    /// Does something in a neighbour's name.
    ///
    /// # Errors
    /// [`AskError`]: it does not answer any more.
    pub async fn order(&mut self, order: Order) -> Result<Option<Answer>, AskError> {
        self.orders += 1;
        let id: CommandId = format!("demo-{}", self.orders).parse().expect("a name that is a slug");
        match self.ask(Request::Order { id, order, door: None }).await? {
            Body::Answer(answer) => Ok(Some(answer)),
            _ => Ok(None),
        }
    }

    async fn ask(&self, request: Request) -> Result<Body, AskError> {
        let socket = self.socket.clone();
        let asked = tokio::task::spawn_blocking(move || ask(&socket, &request)).await;
        let reply: Reply = asked.map_err(|error| AskError::Broken(std::io::Error::other(error)))??;
        Ok(reply.body)
    }
}
