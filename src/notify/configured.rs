//! A channel as it is configured, at work: one line a kind.
//!
//! A secret that cannot be read is a channel that is down and says so, not a house that does not start: errands fail at once, and the
//! file is looked at again until it is there.

use std::pin::Pin;

use tokio::sync::mpsc;
use tokio::time::{Instant, sleep_until};
use tokio_util::sync::CancellationToken;

use super::channel::{Ailment, Errand, Failure, Said, Word};
use super::letters::Voice;
use super::ready::NotReady;
use super::{mqtt, ntfy, webhook, wecom};
use crate::config::channels::{Channel, Way};
use crate::limits::channels::SECRET_AGAIN;

pub use super::ready::Around;

/// Runs a channel until `stop`, or until nobody gives errands any more.
pub async fn run(
    channel: Channel,
    around: Around,
    mut errands: mpsc::Receiver<Errand>,
    said: mpsc::Sender<Said>,
    stop: CancellationToken,
) {
    let mut voice = Voice::new(channel.name, said.clone());
    let start = loop {
        match prepare(&channel, &around) {
            Ok(start) => break start,
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
    start(errands, said, stop).await;
}

/// Every kind of channel, with its secrets read.
fn prepare(Channel { name, way, .. }: &Channel, around: &Around) -> Result<Start, NotReady> {
    Ok(match way {
        Way::Webhook(link) => start(webhook::Settings::of(*name, link, around)?, webhook::run),
        Way::Wecom(link) => start(wecom::Settings::of(*name, link, around)?, wecom::run),
        Way::Ntfy(link) => start(ntfy::Settings::of(*name, link, around)?, ntfy::run),
        Way::Mqtt(link) => start(mqtt::Settings::of(*name, link, around)?, mqtt::run),
    })
}

/// What is left to do when the secrets are there.
type Start = Box<dyn FnOnce(mpsc::Receiver<Errand>, mpsc::Sender<Said>, CancellationToken) -> Running + Send>;

type Running = Pin<Box<dyn Future<Output = ()> + Send>>;

fn start<S, R, F>(settings: S, run: R) -> Start
where
    S: Send + 'static,
    R: FnOnce(S, mpsc::Receiver<Errand>, mpsc::Sender<Said>, CancellationToken) -> F + Send + 'static,
    F: Future<Output = ()> + Send + 'static,
{
    Box::new(move |errands, said, stop| Box::pin(run(settings, errands, said, stop)))
}
