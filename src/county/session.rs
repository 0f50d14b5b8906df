//! The running service: two connections to the broker, each feeding the book and giving receipts.
//!
//! - **Alarms have a connection of their own.** A flood of readings fills the queue that the broker keeps for a
//!   connection, and a full queue drops what comes next; behind the same connection that would be an alarm. Retained
//!   standings are such a flood too: thousands of them come at once with every subscription.
//! - **The polling half does not wait for the database.** A message's PUBACK is withheld until it is committed, so a
//!   database that stands still stops the broker's deliveries at the announced window, while pings go on. mosquitto
//!   2.0.11 was seen to deliver far beyond the window after the first PUBACK: what finds no room is left to the
//!   gateway's resending.
//! - **A database that fails ends nothing.** The transaction is tried again, no receipt leaves, and the county says
//!   that it is deaf (`sw/1/county/state`, `online: false`).
//! - Both halves of a connection live and die together: what was taken and not committed is sent again anyway.

use std::time::Duration;

use rumqttc::v5::mqttbytes::QoS;
use rumqttc::v5::mqttbytes::v5::{
    Filter, LastWill, LastWillProperties, Packet, PubAckReason, Publish, SubscribeReasonCode,
};
use rumqttc::v5::{AsyncClient, Event, EventLoop};
use tokio::sync::mpsc;
use tokio::time::{Instant, sleep, timeout, timeout_at};
use tokio_util::sync::CancellationToken;
use tracing::{info, warn};

use super::book::{Book, BookError};
use super::door::{BeyondShare, Door};
use super::retry::{Faults, RETRY, wait};
use super::settings::{Clock, Settings, SettingsError};
use super::way::{self, Way};
use super::writer::{Arrived, BEAT, Gone, Writer, state};
use crate::backoff::Backoff;
use crate::limits;
use crate::relay::message::{CONTENT_TYPE, COUNTY_STATE_TOPIC, encode};

/// A broker that has not confirmed the subscription by then is as good as absent. judgement: twice a slow hand-shake.
const SUBSCRIBE_DEADLINE: Duration = Duration::from_secs(10);

/// One of the two connections.
struct Consumer {
    name: &'static str,
    client_id_suffix: &'static str,
    filters: &'static [(&'static str, QoS)],
    /// Whether it speaks for the county on `sw/1/county/state`.
    announces: bool,
}

/// Only topics on which gateways speak: the county does not want to hear its own receipts.
const CONSUMERS: [Consumer; 2] = [
    Consumer {
        name: "alarms",
        client_id_suffix: "",
        filters: &[
            ("sw/1/+/+/ev/alarm", QoS::AtLeastOnce),
            ("sw/1/+/+/ev/device", QoS::AtLeastOnce),
            ("sw/1/+/+/state", QoS::AtLeastOnce),
            ("sw/1/+/+/hb", QoS::AtLeastOnce),
            ("sw/1/+/+/res/+", QoS::AtLeastOnce),
        ],
        announces: true,
    },
    Consumer {
        name: "readings and standings",
        client_id_suffix: "-readings",
        // A standing is worth no PUBACK: the next one says all that it said.
        filters: &[
            ("sw/1/+/+/ev/reading", QoS::AtLeastOnce),
            ("sw/1/+/+/dev/+", QoS::AtMostOnce),
            ("sw/1/+/+/resident/+", QoS::AtMostOnce),
        ],
        announces: false,
    },
];

/// Runs the county service until `stop`.
///
/// # Errors
/// Settings that cannot be used, and a database made by a newer program. Nothing else ends it: what fails is said
/// once and tried again.
pub async fn serve(settings: &Settings, clock: Clock, stop: CancellationToken) -> Result<(), ServeError> {
    let way = Way::new(settings).await?;
    let run = async {
        let book = open(settings, &clock).await?;
        let [first, second] =
            CONSUMERS.each_ref().map(|consumer| consumer.run(&way, settings, book.clone(), clock.clone()));
        tokio::join!(first, second);
        Ok(())
    };
    tokio::select! {
        // Dropping the connections without a DISCONNECT makes the broker publish the will: the county is deaf.
        () = stop.cancelled() => Ok(()),
        ended = run => ended,
    }
}

/// Why the service cannot run.
#[derive(Debug, thiserror::Error)]
pub enum ServeError {
    /// The settings cannot be used.
    #[error(transparent)]
    Settings(#[from] SettingsError),
    /// The database cannot be used by this program.
    #[error(transparent)]
    Book(BookError),
}

async fn open(settings: &Settings, clock: &Clock) -> Result<Book, ServeError> {
    let (mut faults, mut retry) = (Faults::new("the county database"), RETRY);
    loop {
        match Book::open(&settings.database, clock()).await {
            Ok(book) => {
                faults.clear();
                return Ok(book);
            }
            Err(error @ BookError::Newer { .. }) => return Err(ServeError::Book(error)),
            Err(error) => faults.raise(&error.to_string()),
        }
        sleep(wait(&mut retry)).await;
    }
}

impl Consumer {
    /// Connects, again and again. Never ends.
    async fn run(&self, way: &Way, settings: &Settings, book: Book, clock: Clock) {
        let client_id = format!("{}{}", settings.client_id, self.client_id_suffix);
        let (mut faults, mut retry) = (Faults::new(self.name), RETRY);
        loop {
            let mut options = match way.options(&client_id).await {
                Ok(options) => options,
                Err(error) => {
                    faults.raise(&error.to_string());
                    sleep(wait(&mut retry)).await;
                    continue;
                }
            };
            options.set_manual_acks(true);
            if self.announces {
                options.set_last_will(will(clock()));
            }
            let (client, events) = AsyncClient::new(options, limits::COUNTY_REPLIES_MAX);
            // One place more than messages can be under way: for the word that the subscription stands.
            let (to_writer, arrived) = mpsc::channel(usize::from(limits::COUNTY_INTAKE_MAX) + 1);
            let door = Door::new(&settings.stations);
            let writer = Writer {
                door: door.clone(),
                book: &book,
                client: client.clone(),
                clock: &clock,
                may_speak: &settings.stations,
                announces: self.announces,
                beat: settings.rate.takes(BEAT),
            };
            let mut poller =
                Poller { consumer: self, client, to_writer, clock: &clock, door, listening: false, leaving: false };
            let cause = tokio::select! {
                cause = poller.run(events, &mut faults, &mut retry) => cause,
                Gone = writer.run(arrived) => "the connection ended".to_owned(),
            };
            faults.raise(&format!("{cause} (broker {})", way.place()));
            sleep(wait(&mut retry)).await;
        }
    }
}

/// The polling half of one connection.
struct Poller<'a> {
    consumer: &'a Consumer,
    client: AsyncClient,
    to_writer: mpsc::Sender<Arrived>,
    clock: &'a Clock,
    door: Door,
    /// The subscription is confirmed.
    listening: bool,
    /// Messages are left, because they come beyond the window and there is no room for them.
    leaving: bool,
}

impl Poller<'_> {
    /// Moves the connection; returns why it ended.
    async fn run(&mut self, mut events: EventLoop, faults: &mut Faults, retry: &mut Backoff) -> String {
        let subscribe_deadline = Instant::now() + SUBSCRIBE_DEADLINE;
        loop {
            // A poll that is dropped in the middle may lose what it holds; here that ends the connection as well.
            let event = if self.listening {
                events.poll().await
            } else {
                match timeout_at(subscribe_deadline, events.poll()).await {
                    Ok(event) => event,
                    Err(_) => return "the broker does not confirm the subscription".to_owned(),
                }
            };
            let step = match event {
                Ok(Event::Incoming(Packet::Publish(publish))) => self.message(publish).await,
                Ok(Event::Incoming(packet)) => self.incoming(packet),
                Ok(Event::Outgoing(_)) => Ok(()),
                Err(error) => return way::cause(&error),
            };
            if let Err(cause) = step {
                return cause;
            }
            if self.listening {
                faults.clear();
                *retry = RETRY;
            }
        }
    }

    fn incoming(&mut self, packet: Packet) -> Result<(), String> {
        match packet {
            Packet::ConnAck(_) => {
                let filters = self.consumer.filters.iter().map(|(filter, qos)| Filter::new(*filter, *qos));
                let sent = self.client.try_subscribe_many(filters);
                sent.map_err(|_| "the subscription could not be sent".to_owned())
            }
            Packet::SubAck(ack) => {
                if !ack.return_codes.iter().all(|code| matches!(code, SubscribeReasonCode::Success(_))) {
                    return Err("the broker refuses the subscription: may this user read sw/1/#?".to_owned());
                }
                self.listening = true;
                info!(consumer = self.consumer.name, "listening");
                self.to_writer.try_send(Arrived::Listening).map_err(|_| "the writer ended".to_owned())
            }
            Packet::PubAck(ack)
                if !matches!(ack.reason, PubAckReason::Success | PubAckReason::NoMatchingSubscribers) =>
            {
                Err(format!("the broker does not take receipts: {:?}; may this user write sw/1/#?", ack.reason))
            }
            _ => Ok(()),
        }
    }

    /// Hands a message on, and waits a moment for room: meanwhile the network holds back what follows.
    async fn message(&mut self, publish: Publish) -> Result<(), String> {
        let place = match self.door.enter(&publish.topic, Instant::now()) {
            Ok(place) => place,
            Err(BeyondShare) => return self.leave(&publish),
        };
        let arrived = Arrived::Message(Box::new(publish), (self.clock)(), place);
        let Err(mpsc::error::TrySendError::Full(arrived)) = self.to_writer.try_send(arrived) else {
            self.leaving = false;
            return Ok(());
        };
        let Arrived::Message(publish, received_ms, place) = arrived else { return Ok(()) };
        // The wait happens once, not for every message: pings have to go out while the database stands still.
        if !self.leaving
            && let Ok(Ok(room)) = timeout(limits::COUNTY_ROOM_WAIT, self.to_writer.reserve()).await
        {
            room.send(Arrived::Message(publish, received_ms, place));
            return Ok(());
        }
        if !self.leaving {
            warn!(consumer = self.consumer.name, "messages come faster than they are stored; some are left");
            self.leaving = true;
        }
        self.leave(&publish)
    }

    /// Does not take a message.
    fn leave(&self, publish: &Publish) -> Result<(), String> {
        if publish.qos == QoS::AtMostOnce {
            return Ok(());
        }
        // What is left is sent again by its gateway. It is confirmed all the same, because an unconfirmed message
        // takes up a place of the broker's window until the connection ends.
        self.client.try_ack(publish).map_err(|_| "the broker sends far more than the announced window".to_owned())
    }
}

fn will(now_ms: i64) -> LastWill {
    let properties = LastWillProperties {
        delay_interval: None,
        payload_format_indicator: None,
        message_expiry_interval: None,
        content_type: Some(CONTENT_TYPE.to_owned()),
        response_topic: None,
        correlation_data: None,
        user_properties: Vec::new(),
    };
    LastWill::new(COUNTY_STATE_TOPIC, encode(&state(false, now_ms)), QoS::AtLeastOnce, true, Some(properties))
}
