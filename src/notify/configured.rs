//! A channel as it is configured, at work: one line a kind.
//!
//! Secrets are read here, when the channel starts. One that cannot be read is a channel that is down and says so, not a house that does
//! not start: errands fail at once, and the file is looked at again until it is there.

use std::path::PathBuf;

use tokio::sync::mpsc;
use tokio::time::{Instant, sleep_until};
use tokio_util::sync::CancellationToken;

use super::channel::{Ailment, Errand, Failure, Said, Word};
use super::letters::{Utc, Voice};
use super::post::Server;
use super::{mqtt, ntfy, webhook, wecom};
use crate::broker::{Broker, Login};
use crate::config::channels::{BrokerLink, Channel, NtfyLink, Way, WebhookLink, WecomLink};
use crate::config::web::{WebUrl, WebUrlError};
use crate::config::{Secret, SecretError};
use crate::limits::channels::SECRET_AGAIN;
use crate::private::Private;

/// What a channel is told beside its configuration.
#[derive(Clone)]
pub struct Around {
    /// `$CREDENTIALS_DIRECTORY`.
    pub credentials: Option<PathBuf>,
    /// The wall time.
    pub utc: Utc,
}

/// Runs a channel until `stop`, or until nobody gives errands any more.
pub async fn run(
    channel: Channel,
    around: Around,
    mut errands: mpsc::Receiver<Errand>,
    said: mpsc::Sender<Said>,
    stop: CancellationToken,
) {
    let mut voice = Voice::new(channel.name, said.clone());
    let ready = loop {
        match Ready::of(&channel, &around) {
            Ok(ready) => break ready,
            Err(why) => voice.down(Ailment::NotLetIn, &why.to_string()).await,
        }
        let again = Instant::now() + SECRET_AGAIN;
        tokio::select! {
            biased;
            () = stop.cancelled() => return voice.end(errands).await,
            errand = errands.recv() => match errand {
                Some(errand) => voice.word(errand.ticket, Word::Failed(Failure::Trouble)).await,
                None => return,
            },
            () = sleep_until(again) => {}
        }
    };
    match ready {
        Ready::Webhook(settings) => webhook::run(settings, errands, said, stop).await,
        Ready::Wecom(settings) => wecom::run(settings, errands, said, stop).await,
        Ready::Ntfy(settings) => ntfy::run(settings, errands, said, stop).await,
        Ready::Mqtt(settings) => mqtt::run(settings, errands, said, stop).await,
    }
}

/// Settings with their secrets.
enum Ready {
    Webhook(webhook::Settings),
    Wecom(wecom::Settings),
    Ntfy(ntfy::Settings),
    Mqtt(mqtt::Settings),
}

/// Why a channel cannot start.
#[derive(Debug, thiserror::Error)]
enum NotReady {
    #[error("{0}")]
    Secret(#[from] SecretError),
    #[error("the address in url_file is none: {0}")]
    Url(#[from] WebUrlError),
    #[error("a topic is made of letters, digits, - and _, at most 64: look at topic_file and topic_files")]
    Topic,
}

impl Ready {
    fn of(channel: &Channel, around: &Around) -> Result<Self, NotReady> {
        let name = channel.name;
        let read = |secret: &Secret| secret.read(around.credentials.as_deref());
        let server = |url: &Secret, ca_file: &PathBuf| -> Result<Server, NotReady> {
            let url: WebUrl = read(url)?.reveal().trim().parse()?;
            Ok(Server { url, ca_file: ca_file.clone() })
        };
        Ok(match &channel.way {
            Way::Webhook(WebhookLink { url, secret, ca_file }) => {
                let (server, secret) = (server(url, ca_file)?, read(secret)?);
                Ready::Webhook(webhook::Settings { name, server, secret, utc: around.utc.clone() })
            }
            Way::Wecom(WecomLink { url, form, ca_file }) => {
                Ready::Wecom(wecom::Settings { name, server: server(url, ca_file)?, form: *form })
            }
            Way::Ntfy(NtfyLink { url, topic, topics, token, ca_file }) => {
                let topics: Result<_, _> =
                    topics.iter().map(|(responder, topic)| Ok((*responder, topic_of(read(topic)?)?))).collect();
                Ready::Ntfy(ntfy::Settings {
                    name,
                    server: Server { url: url.clone(), ca_file: ca_file.clone() },
                    topic: topic.as_ref().map(|topic| topic_of(read(topic)?)).transpose()?,
                    topics: topics.map_err(|why: NotReady| why)?,
                    token: token.as_ref().map(read).transpose()?,
                })
            }
            Way::Mqtt(BrokerLink { url, ca_file, username, password, client_id }) => {
                let password = password.as_ref().map(read).transpose()?;
                let login = username.clone().zip(password).map(|(username, password)| Login { username, password });
                let broker = Broker { url: url.clone(), ca_file: ca_file.clone(), login };
                Ready::Mqtt(mqtt::Settings { name, broker, client_id: client_id.clone(), utc: around.utc.clone() })
            }
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
