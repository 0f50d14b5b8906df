//! The county's commands: written down, sent, and the answer awaited for a while.
//!
//! A command is written down before it leaves, whoever sends it. The running service stores the answer as well, so
//! an answer that comes after the sender has given up is not lost.

use std::time::Duration;

use rumqttc::v5::AsyncClient;
use rumqttc::v5::mqttbytes::QoS;
use rumqttc::v5::mqttbytes::v5::{Packet, PubAckReason, SubscribeReasonCode};
use rumqttc::v5::{Event, EventLoop};
use tokio::time::timeout;

use super::book::{Book, BookError};
use super::ingest::Speaker;
use super::settings::{Clock, Settings, SettingsError};
use super::way::{self, Way};
use crate::core::id::CommandId;
use crate::relay::message::{CommandMessage, CountyOrder, ResultMessage, Topic, encode, root};

/// Why a command has no answer.
#[derive(Debug, thiserror::Error)]
pub enum OrderError {
    /// The settings cannot be used.
    #[error(transparent)]
    Settings(#[from] SettingsError),
    /// It could not be written down, so it was not sent.
    #[error("the command was not sent, because it could not be written down: {0}")]
    Book(#[from] BookError),
    /// The broker could not be reached.
    #[error("the command was not sent: {0}")]
    NotSent(String),
    /// The connection broke after it was sent.
    #[error("the command {id} was sent, and the connection broke before an answer came: {cause}")]
    Broke {
        /// Which command.
        id: CommandId,
        /// Why.
        cause: String,
    },
    /// No answer in time.
    #[error(
        "the command {id} was sent, and no answer came within {waited_s} s: the station may be dark or asleep; \
         it will not run it later than that"
    )]
    NoAnswer {
        /// Which command.
        id: CommandId,
        /// How long was waited, in seconds.
        waited_s: u64,
    },
    /// The answer cannot be read.
    #[error("the station answered the command {id} with something that cannot be read")]
    Unreadable {
        /// Which command.
        id: CommandId,
    },
}

/// Sends one command and waits for its answer.
///
/// # Errors
/// [`OrderError`].
pub async fn send(
    settings: &Settings,
    to: Speaker,
    order: CountyOrder,
    wait: Duration,
    clock: &Clock,
) -> Result<ResultMessage, OrderError> {
    let way = Way::new(settings).await?;
    let id = new_id()?;
    let now_ms = clock();
    let wait_ms = i64::try_from(wait.as_millis()).unwrap_or(i64::MAX);
    let message = CommandMessage { not_after: Some(now_ms.saturating_add(wait_ms)), order };
    let body = encode(&message);
    let book = Book::open(&settings.database, now_ms).await?;
    book.command(to, id, now_ms, message.not_after, &String::from_utf8_lossy(&body)).await?;

    let options = way.options(&format!("{}-{id}", settings.client_id)).await.map_err(SettingsError::from)?;
    let (client, mut events) = AsyncClient::new(options, 8);
    let mut sent = false;
    let exchange = exchange(&client, &mut events, to, id, body, wait, &mut sent);
    match timeout(wait, exchange).await {
        Ok(answer) => answer,
        Err(_) if sent => Err(OrderError::NoAnswer { id, waited_s: wait.as_secs() }),
        Err(_) => Err(OrderError::NotSent(format!("the broker {} does not answer", way.place()))),
    }
}

async fn exchange(
    client: &AsyncClient,
    events: &mut EventLoop,
    to: Speaker,
    id: CommandId,
    body: Vec<u8>,
    wait: Duration,
    sent: &mut bool,
) -> Result<ResultMessage, OrderError> {
    let root = root(to.station, to.gateway);
    let (command, result) = (Topic::Command(id).under(&root), Topic::Result(id).under(&root));
    let expiry_s = u32::try_from(wait.as_secs().max(1)).unwrap_or(u32::MAX);
    let not_sent = |what: &str| OrderError::NotSent(what.to_owned());
    loop {
        match events.poll().await {
            Ok(Event::Incoming(Packet::ConnAck(_))) => client
                .try_subscribe(result.clone(), QoS::AtLeastOnce)
                .map_err(|_| not_sent("the subscription to its answer could not be made"))?,
            Ok(Event::Incoming(Packet::SubAck(ack))) => {
                if !ack.return_codes.iter().all(|code| matches!(code, SubscribeReasonCode::Success(_))) {
                    return Err(not_sent("the broker refuses the subscription to its answer"));
                }
                let properties = way::properties(Some(expiry_s));
                client
                    .try_publish_with_properties(command.clone(), QoS::AtLeastOnce, false, body.clone(), properties)
                    .map_err(|_| not_sent("the connection takes no message"))?;
                *sent = true;
            }
            Ok(Event::Incoming(Packet::Publish(publish))) if publish.topic == result => {
                return serde_json::from_slice(&publish.payload).map_err(|_| OrderError::Unreadable { id });
            }
            Ok(Event::Incoming(Packet::PubAck(ack))) if ack.reason == PubAckReason::NoMatchingSubscribers => {
                return Err(not_sent("no gateway of that station and name is there to take it"));
            }
            Ok(Event::Incoming(Packet::PubAck(ack))) if ack.reason != PubAckReason::Success => {
                return Err(not_sent("the broker refuses the command: may this user write its topic?"));
            }
            Ok(_) => {}
            Err(error) if *sent => return Err(OrderError::Broke { id, cause: way::cause(&error) }),
            Err(error) => return Err(OrderError::NotSent(way::cause(&error))),
        }
    }
}

/// A new command id: random, because two consoles may send at the same time.
fn new_id() -> Result<CommandId, OrderError> {
    let random =
        getrandom::u64().map_err(|_| OrderError::NotSent("this computer gives no random numbers".to_owned()))?;
    Ok(format!("c{random:016x}").parse().expect("17 signs of 0-9 and a-f after a letter are a slug"))
}
