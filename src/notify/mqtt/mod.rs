//! A topic a responder at the local broker, for mini-programs on the station's own network; answers come back the same way.
//!
//! ```text
//! sw/1/local/notify/{responder}           the JSON of `body.rs`, QoS 1, for an hour
//! sw/1/local/notify/answer/{responder}    {"code":17,"wish":"我去"}, QoS 1; in the name of that responder
//! ```
//!
//! Constraints:
//! - **The broker's rules say who may write which answer**: an answer is believed to be from whom its topic names.
//! - A PUBACK is *sent*, but one that says that nobody has ever listened there is *unreachable*: the next rung need not wait for them.
//! - An answer is acknowledged when the house has kept it. One that was not kept ends the connection, so that the broker sends it again.
//! - A fresh client for every connection, polled by a task of its own and thrown away whole with the first error (`relay/link.rs` says
//!   why). With one message in flight its PUBACK cannot be mistaken; one that does not come in time ends the connection, so that it cannot
//!   come for the next.

mod link;

use std::collections::{BTreeSet, VecDeque};

use serde::Deserialize;
use tokio::sync::{mpsc, oneshot};
use tokio::time::{Instant, sleep_until, timeout_at};
use tokio_util::sync::CancellationToken;
use tracing::warn;

use super::body::{self, Run};
use super::channel::{Ailment, Deed, Errand, Failure, FromChannel, Incoming, Letter, Recipient, Said, Word};
use super::letters::{self, Utc, Voice};
use super::ready::{Around, NotReady};
use crate::backoff::Backoff;
use crate::broker::{Broker, Login};
use crate::config::channels::BrokerLink;
use crate::core::alarm::told::Code;
use crate::core::id::{ResponderId, Slug};
use crate::limits::channels::{
    ANSWER_KEPT_WAIT, ANSWER_WISH_BYTES_MAX, ANSWERS_UNKEPT_MAX, NOTIFY_CONNECT_DEADLINE, NOTIFY_PUBACK_WAIT,
    NOTIFY_RECONNECT_CAP, NOTIFY_RECONNECT_FLOOR,
};
use crate::private::Private;
use link::{Link, Refusal, Upshot};

/// Under which notices and answers stand.
const ROOT: &str = "sw/1/local/notify";

/// The local broker as it is configured.
#[derive(Clone)]
pub struct Settings {
    /// The channel's name, for the journal.
    pub name: Slug,
    /// The broker.
    pub broker: Broker,
    /// The same at every start: the broker keeps answers under it.
    pub client_id: String,
    /// The wall time.
    pub utc: Utc,
}

impl Settings {
    /// As it is configured, with its secrets.
    pub(super) fn of(name: Slug, link: &BrokerLink, around: &Around) -> Result<Self, NotReady> {
        let login = link.username.clone().zip(around.read_any(link.password.as_ref())?);
        let login = login.map(|(username, password)| Login { username, password });
        let broker =
            Broker { url: link.url.clone(), ca_file: link.ca_file.clone(), identity: link.identity.clone(), login };
        Ok(Self { name, broker, client_id: link.client_id.clone(), utc: around.utc.clone() })
    }
}

/// Publishes until `stop`, or until nobody gives errands any more.
pub async fn run(
    settings: Settings,
    errands: mpsc::Receiver<Errand>,
    said: mpsc::Sender<Said>,
    stop: CancellationToken,
) {
    let voice = Voice::new(settings.name, said.clone());
    let publisher = Publisher {
        settings,
        errands,
        said,
        voice,
        stop,
        run: Run(letters::random()),
        in_hand: None,
        complained: BTreeSet::new(),
    };
    publisher.run().await;
}

struct Publisher {
    settings: Settings,
    errands: mpsc::Receiver<Errand>,
    said: mpsc::Sender<Said>,
    voice: Voice,
    stop: CancellationToken,
    run: Run,
    in_hand: Option<InHand>,
    /// Kinds of answers that were refused, each said once.
    complained: BTreeSet<&'static str>,
}

/// The errand that is not over.
struct InHand {
    errand: Errand,
    letter: Letter,
    to: ResponderId,
    until: Instant,
}

/// Why a connection is left.
enum Left {
    /// For good.
    Stop,
    /// To be made anew.
    Again,
}

impl Publisher {
    async fn run(mut self) {
        let mut backoff = Backoff::new(NOTIFY_RECONNECT_FLOOR, NOTIFY_RECONNECT_CAP);
        loop {
            let began = Instant::now();
            let left = self.one_connection().await;
            backoff.worked_for(began.elapsed());
            let again = Instant::now() + backoff.next(letters::random());
            if matches!(left, Left::Stop) || self.rest(again).await {
                break;
            }
        }
        if let Some(InHand { errand, .. }) = self.in_hand.take() {
            self.voice.last_word(errand.ticket).await;
        }
        self.voice.end(self.errands).await;
    }

    /// Waits for the next connection, and is taken errands meanwhile; whether it is the end.
    async fn rest(&mut self, until: Instant) -> bool {
        loop {
            tokio::select! {
                biased;
                () = self.stop.cancelled() => return true,
                errand = self.errands.recv(), if self.in_hand.is_none() => match errand {
                    Some(errand) => self.take(errand).await,
                    None => return true,
                },
                () = overdue(self.in_hand.as_ref()) => self.over(Word::Failed(Failure::NoNetwork)).await,
                () = sleep_until(until) => return false,
            }
        }
    }

    /// Looks at an errand; what cannot be done is over at once.
    async fn take(&mut self, errand: Errand) {
        match (errand.deed.clone(), errand.to.responder) {
            (Deed::Text(letter), Some(to)) => {
                self.in_hand = Some(InHand { errand, letter, to, until: Instant::now() + NOTIFY_PUBACK_WAIT });
            }
            _ => self.voice.word(errand.ticket, Word::Failed(Failure::Unable)).await,
        }
    }

    async fn over(&mut self, word: Word) {
        if let Some(InHand { errand, .. }) = self.in_hand.take() {
            self.voice.word(errand.ticket, word).await;
        }
    }

    async fn one_connection(&mut self) -> Left {
        let transport = match self.settings.broker.transport().await {
            Ok(transport) => transport,
            Err(why) => {
                self.voice.down(Ailment::NotThere, &why.to_string()).await;
                return Left::Again;
            }
        };
        let mut link = Link::open(&self.settings, transport, &format!("{ROOT}/answer/+"));
        let mut connection = Connection { sent: false, up: false, until: Instant::now() + NOTIFY_CONNECT_DEADLINE };
        let mut unkept: VecDeque<Unkept> = VecDeque::new();
        loop {
            if connection.up
                && !connection.sent
                && let Some(in_hand) = &self.in_hand
            {
                let id = self.run.id(&in_hand.errand, &in_hand.letter);
                let payload = body::json(&in_hand.errand, &in_hand.letter, &id, (self.settings.utc)());
                if !link.publish(format!("{ROOT}/{}", in_hand.to), payload) {
                    return Left::Again;
                }
                connection.sent = true;
            }
            let upshot = tokio::select! {
                biased;
                () = self.stop.cancelled() => return Left::Stop,
                upshot = link.upshot() => upshot,
                kept = first_kept(&mut unkept) => match kept {
                    Some(answer) => { link.acknowledge(&answer); continue }
                    None => return Left::Again,
                },
                errand = self.errands.recv(), if self.in_hand.is_none() => match errand {
                    Some(errand) => { self.take(errand).await; continue }
                    None => return Left::Stop,
                },
                () = overdue(self.in_hand.as_ref()) => {
                    let failure = if connection.up { Failure::Trouble } else { Failure::NoNetwork };
                    self.over(Word::Failed(failure)).await;
                    if connection.sent {
                        self.voice.down(Ailment::NotThere, "the local broker takes a message and does not say so").await;
                        return Left::Again;
                    }
                    continue;
                }
                () = sleep_until(connection.until), if !connection.up => {
                    self.voice.down(Ailment::NotThere, "the local broker does not answer").await;
                    return Left::Again;
                }
            };
            if let Some(left) = self.follow(upshot, &mut connection, &mut unkept).await {
                return left;
            }
        }
    }

    async fn follow(
        &mut self,
        upshot: Upshot,
        connection: &mut Connection,
        unkept: &mut VecDeque<Unkept>,
    ) -> Option<Left> {
        match upshot {
            Upshot::Up => {
                connection.up = true;
                self.voice.up().await;
            }
            Upshot::Taken(refusal) if connection.sent => {
                connection.sent = false;
                self.over(word_for(refusal)).await;
            }
            Upshot::Taken(_) => {}
            Upshot::Answer(answer) => {
                // One that is refused waits for its turn too: PUBACKs are given in the order of receipt (MQTT 5, 4.6).
                let mut kept = None;
                if let Some(incoming) = self.read(&answer) {
                    let (keeper, keeping) = oneshot::channel();
                    let keeper = answer.wants_puback().then_some(keeper);
                    kept = Some(keeping);
                    let said = Said { what: FromChannel::Incoming(incoming), kept: keeper };
                    if self.said.send(said).await.is_err() {
                        return Some(Left::Stop);
                    }
                }
                if answer.wants_puback() {
                    if unkept.len() >= usize::from(ANSWERS_UNKEPT_MAX) {
                        self.voice.down(Ailment::NotThere, "the local broker sends more answers than it may").await;
                        return Some(Left::Again);
                    }
                    unkept.push_back(Unkept { answer, kept, until: Instant::now() + ANSWER_KEPT_WAIT });
                }
            }
            Upshot::Lost { not_let_in, why } => {
                let ailment = if not_let_in { Ailment::NotLetIn } else { Ailment::NotThere };
                self.voice.down(ailment, &why).await;
                return Some(Left::Again);
            }
        }
        None
    }

    /// An answer as the house reads answers: the code, and behind it the words.
    fn read(&mut self, answer: &link::Answer) -> Option<Incoming> {
        match read(answer) {
            Ok(incoming) => Some(incoming),
            Err(why) => {
                if self.complained.insert(why) {
                    warn!(channel = %self.settings.name, "an answer at the local broker is not taken: {why}");
                }
                None
            }
        }
    }
}

/// How far one connection has come.
struct Connection {
    /// The errand in hand was handed to the client.
    sent: bool,
    up: bool,
    until: Instant,
}

/// An answer without its PUBACK.
struct Unkept {
    answer: Box<link::Answer>,
    /// Resolved when the house has kept it; none for one that it need not keep.
    kept: Option<oneshot::Receiver<()>>,
    until: Instant,
}

/// The oldest answer, once it may have its PUBACK; none when it was not kept.
async fn first_kept(unkept: &mut VecDeque<Unkept>) -> Option<Box<link::Answer>> {
    match unkept.front_mut() {
        None => std::future::pending().await,
        Some(Unkept { kept: None, .. }) => {}
        Some(Unkept { kept: Some(kept), until, .. }) => timeout_at(*until, kept).await.ok()?.ok()?,
    }
    unkept.pop_front().map(|first| first.answer)
}

async fn overdue(in_hand: Option<&InHand>) {
    match in_hand {
        Some(in_hand) => sleep_until(in_hand.until).await,
        None => std::future::pending().await,
    }
}

fn word_for(refusal: Option<Refusal>) -> Word {
    match refusal {
        None => Word::Sent,
        Some(Refusal::NobodyListens) => Word::Failed(Failure::Unreachable),
        Some(Refusal::NotAllowed) => Word::Failed(Failure::Refused),
        Some(Refusal::Other) => Word::Failed(Failure::Trouble),
    }
}

fn read(answer: &link::Answer) -> Result<Incoming, &'static str> {
    #[derive(Deserialize)]
    struct Written {
        code: Option<u8>,
        wish: String,
    }
    if answer.retained {
        return Err("it is retained, so nobody knows when it was given: publish answers without the retain flag");
    }
    let below =
        std::str::from_utf8(&answer.topic).ok().and_then(|topic| topic.strip_prefix(ROOT)?.strip_prefix("/answer/"));
    let responder: ResponderId = below.and_then(|id| id.parse().ok()).ok_or("its topic names no responder's id")?;
    let written: Written =
        serde_json::from_slice(&answer.payload).map_err(|_| "it is not {\"code\":17,\"wish\":\"…\"}")?;
    if written.wish.len() > ANSWER_WISH_BYTES_MAX || written.wish.contains(char::is_control) {
        return Err("its wish is longer than an answer");
    }
    let text = match written.code {
        Some(code) if Code::new(code).is_none() => return Err("a code has two digits"),
        Some(code) => format!("{code} {}", written.wish),
        None => written.wish,
    };
    let from = Recipient { responder: Some(responder), phone: None };
    Ok(Incoming { from, text: Private::new(text), sent: None })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn answer(topic: &str, payload: &str) -> link::Answer {
        link::Answer::made_up(topic, payload)
    }

    #[test]
    fn an_answer_is_read_as_a_text_from_the_responder_that_its_topic_names() {
        let read =
            read(&answer("sw/1/local/notify/answer/r07", r#"{"code":17,"wish":"我去","more":1}"#)).expect("an answer");
        assert_eq!((read.from.responder, read.from.phone), ("r07".parse().ok(), None));
        assert_eq!(read.text, Private::new("17 我去".to_owned()));
        let bare = super::read(&answer("sw/1/local/notify/answer/r07", r#"{"wish":"1"}"#)).expect("an answer");
        assert_eq!(bare.text, Private::new("1".to_owned()));
    }

    #[test]
    fn what_is_no_answer_is_refused_with_the_reason() {
        let long = format!(r#"{{"code":17,"wish":"{}"}}"#, "去".repeat(200));
        for (topic, payload) in [
            ("sw/1/local/notify/answer/R 7", r#"{"code":17,"wish":"我去"}"#),
            ("sw/1/local/notify/r07", r#"{"code":17,"wish":"我去"}"#),
            ("sw/1/local/notify/answer/r07", "17 我去"),
            ("sw/1/local/notify/answer/r07", r#"{"code":7,"wish":"我去"}"#),
            ("sw/1/local/notify/answer/r07", r#"{"code":"17","wish":"我去"}"#),
            ("sw/1/local/notify/answer/r07", &long),
        ] {
            assert!(read(&answer(topic, payload)).is_err(), "{topic} {payload}");
        }
        let mut old = answer("sw/1/local/notify/answer/r07", r#"{"code":17,"wish":"我去"}"#);
        old.retained = true;
        assert!(read(&old).is_err());
    }
}
