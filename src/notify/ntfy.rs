//! ntfy: push messages to telephones over a server of one's own, or the public one.
//!
//! ```text
//! POST /    Authorization: Bearer tk_…
//! {"topic":"…","title":"守望 紧急","message":"…","priority":5,"tags":["rotating_light"],"click":"https://…"}
//! ```
//!
//! Source: docs.ntfy.sh, "Publish as JSON": posted to the server's root, which takes a Chinese title as it is, where headers are
//! ASCII; and the topic, which on a server without accounts is the password, does not come into its access log.
//!
//! Constraints:
//! - A 200 counts only with the id under which the server keeps the message.
//! - Who has no topic is not told through this channel: the errand fails at once, and the queue takes another.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::json;
use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;

use super::body::cut;
use super::channel::{Ailment, Errand, Failure, Letter, Said};
use super::letters::{self, Carrier, Setback};
use super::post::{Answer, Post};
use super::ready::{Around, NotReady};
use crate::config::channels::NtfyLink;
use crate::core::condition::Priority;
use crate::core::id::{ResponderId, Slug};
use crate::limits::channels::NTFY_MESSAGE_BYTES_MAX;
use crate::private::Private;
use crate::words::{Lang, Say as _};

pub use super::post::Server;

/// A server as it is configured.
#[derive(Debug, Clone)]
pub struct Settings {
    /// The channel's name, for the journal.
    pub name: Slug,
    /// The server.
    pub server: Server,
    /// Topic of everybody who has none of their own.
    pub topic: Option<Private<String>>,
    /// Topics of single responders.
    pub topics: BTreeMap<ResponderId, Private<String>>,
    /// Access token, where the server asks for one.
    pub token: Option<Private<String>>,
}

impl Settings {
    /// As it is configured, with its secrets.
    pub(super) fn of(name: Slug, link: &NtfyLink, around: &Around) -> Result<Self, NotReady> {
        let topics = link.topics.iter().map(|(responder, topic)| Ok((*responder, topic_of(around.read(topic)?)?)));
        Ok(Self {
            name,
            server: Server { url: link.url.clone(), ca_file: link.ca_file.clone() },
            topic: around.read_any(link.topic.as_ref())?.map(topic_of).transpose()?,
            topics: topics.collect::<Result<_, NotReady>>()?,
            token: around.read_any(link.token.as_ref())?,
        })
    }
}

/// A topic as ntfy takes them. Source: docs.ntfy.sh, "Picking a topic".
fn topic_of(topic: Private<String>) -> Result<Private<String>, NotReady> {
    let text = topic.reveal();
    let sound = (1..=64).contains(&text.len())
        && text.bytes().all(|sign| sign.is_ascii_alphanumeric() || matches!(sign, b'-' | b'_'));
    if sound { Ok(topic) } else { Err(NotReady::Topic) }
}

/// Posts until `stop`, or until nobody gives errands any more.
pub async fn run(
    settings: Settings,
    errands: mpsc::Receiver<Errand>,
    said: mpsc::Sender<Said>,
    stop: CancellationToken,
) {
    letters::run(settings.name, Pusher { settings }, errands, said, stop).await;
}

struct Pusher {
    settings: Settings,
}

impl Carrier for Pusher {
    async fn carry(&mut self, errand: &Errand, letter: &Letter) -> Result<(), Setback> {
        let own = errand.to.responder.and_then(|responder| self.settings.topics.get(&responder));
        let Some(topic) = own.or(self.settings.topic.as_ref()) else {
            let why = "the recipient has no topic".to_owned();
            return Err(Setback { failure: Failure::Unable, ailment: None, why });
        };
        let bearer = self.settings.token.as_ref().map(|token| format!("Bearer {}", token.reveal()));
        let headers = bearer.map(|bearer| ("authorization", Private::new(bearer))).into_iter().collect();
        judge(&self.settings.server.post(Post { headers, body: message(topic, letter) }).await?)
    }

    async fn probe(&mut self) -> Result<(), Setback> {
        self.settings.server.probe().await
    }
}

fn message(topic: &Private<String>, letter: &Letter) -> Vec<u8> {
    // Five wakes a telephone that is set to silent; three rings as messages do.
    let (priority, tag) = match letter.priority {
        Priority::High => (5, "rotating_light"),
        Priority::Medium => (4, "warning"),
        Priority::Low => (3, "eyes"),
        Priority::Technical => (3, "wrench"),
    };
    let mut message = json!({
        "topic": topic.reveal(),
        "title": format!("守望 {}", letter.priority.say(Lang::Zh)),
        "message": cut(letter.text.reveal(), NTFY_MESSAGE_BYTES_MAX),
        "priority": priority,
        "tags": [tag],
    });
    if let Some(link) = &letter.link {
        message["click"] = json!(link.reveal());
    }
    message.to_string().into_bytes()
}

fn judge(answer: &Answer) -> Result<(), Setback> {
    #[derive(Deserialize)]
    struct Kept {
        #[serde(rename = "id")]
        _id: String,
    }
    answer.judge()?;
    let kept: Result<Kept, _> = serde_json::from_slice(&answer.body);
    let not_ntfy = |_| Setback::trouble(Ailment::NotThere, "what answers is not ntfy: is a log-in page in between?");
    kept.map(drop).map_err(not_ntfy)
}
