//! The loop that channels of letters share: one errand at a time, each told of until it is over, and the channel's health beside it.
//!
//! Constraints:
//! - A probe never stands before an errand: it is dropped as soon as one comes.
//! - Whatever a carrier does, an errand is over after [`POST_DEADLINE`], and at once when the channel stops.

use std::sync::Arc;

use tokio::sync::mpsc;
use tokio::time::{Instant, sleep_until, timeout};
use tokio_util::sync::CancellationToken;
use tracing::{info, warn};

use super::channel::{Ailment, Deed, Errand, Failure, FromChannel, Health, Letter, Said, Ticket, Word};
use crate::core::id::Slug;
use crate::limits::channels::{LAST_WORD_WAIT, POST_DEADLINE, POST_PROBE_EVERY, POST_PROBE_EVERY_DOWN};

/// Tells the wall time in seconds since 1970, UTC; `None` while nobody has set the clock.
pub type Utc = Arc<dyn Fn() -> Option<i64> + Send + Sync>;

/// Why a letter was not taken.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Setback {
    /// What the queue is told.
    pub(super) failure: Failure,
    /// What the channel suffers from, where the letter is not to blame.
    pub(super) ailment: Option<Ailment>,
    /// For the journal: no text, number or secret.
    pub(super) why: String,
}

impl Setback {
    /// A fault of the channel, which another try may mend.
    pub(super) fn trouble(ailment: Ailment, why: impl Into<String>) -> Self {
        Self { failure: Failure::Trouble, ailment: Some(ailment), why: why.into() }
    }
}

/// What one channel does in its own way.
pub(super) trait Carrier: Send {
    /// Carries one letter.
    fn carry(&mut self, errand: &Errand, letter: &Letter) -> impl Future<Output = Result<(), Setback>> + Send;

    /// Looks whether the other end is there, and sends nothing.
    fn probe(&mut self) -> impl Future<Output = Result<(), Setback>> + Send;
}

/// Carries errands until `stop`, or until nobody gives any more.
pub(super) async fn run(
    name: Slug,
    mut carrier: impl Carrier,
    mut errands: mpsc::Receiver<Errand>,
    said: mpsc::Sender<Said>,
    stop: CancellationToken,
) {
    let mut voice = Voice::new(name, said);
    let mut probe_at = Instant::now();
    loop {
        let probing = async {
            sleep_until(probe_at).await;
            timeout(POST_DEADLINE, carrier.probe()).await.unwrap_or_else(|_| Err(late()))
        };
        tokio::select! {
            biased;
            () = stop.cancelled() => return voice.end(errands).await,
            errand = errands.recv() => {
                let Some(errand) = errand else { return };
                take(&errand, &mut carrier, &mut voice, &stop).await;
            }
            outcome = probing => voice.probed(outcome).await,
        }
        let every = if voice.is_down() { POST_PROBE_EVERY_DOWN } else { POST_PROBE_EVERY };
        probe_at = Instant::now() + every;
    }
}

async fn take(errand: &Errand, carrier: &mut impl Carrier, voice: &mut Voice, stop: &CancellationToken) {
    let Deed::Text(letter) = &errand.deed else {
        return voice.word(errand.ticket, Word::Failed(Failure::Unable)).await;
    };
    let outcome = tokio::select! {
        biased;
        () = stop.cancelled() => return voice.last_word(errand.ticket).await,
        outcome = timeout(POST_DEADLINE, carrier.carry(errand, letter)) => outcome.unwrap_or_else(|_| Err(late())),
    };
    let word = match &outcome {
        Ok(()) => Word::Sent,
        Err(setback) => Word::Failed(setback.failure),
    };
    voice.word(errand.ticket, word).await;
    voice.carried(outcome).await;
}

fn late() -> Setback {
    Setback::trouble(Ailment::NotThere, format!("no answer within {} s", POST_DEADLINE.as_secs()))
}

/// What a channel says to the queue: words, and its health when it changes.
pub(super) struct Voice {
    name: Slug,
    said: mpsc::Sender<Said>,
    health: Option<Health>,
}

impl Voice {
    pub(super) const fn new(name: Slug, said: mpsc::Sender<Said>) -> Self {
        Self { name, said, health: None }
    }

    pub(super) const fn is_down(&self) -> bool {
        matches!(self.health, Some(Health::Down(_)))
    }

    pub(super) async fn word(&self, ticket: Ticket, word: Word) {
        self.say(FromChannel::Word(ticket, word)).await;
    }

    /// Ends an errand because the channel stops.
    pub(super) async fn last_word(&self, ticket: Ticket) {
        // The queue may have stopped before.
        let _ = timeout(LAST_WORD_WAIT, self.word(ticket, Word::Failed(Failure::Trouble))).await;
    }

    /// Ends the errands that were given and not looked at yet.
    pub(super) async fn end(&self, mut errands: mpsc::Receiver<Errand>) {
        errands.close();
        while let Some(errand) = errands.recv().await {
            self.last_word(errand.ticket).await;
        }
    }

    pub(super) async fn up(&mut self) {
        if self.health != Some(Health::Up) {
            info!(channel = %self.name, "the channel works");
            self.health(Health::Up).await;
        }
    }

    pub(super) async fn down(&mut self, ailment: Ailment, why: &str) {
        if self.health != Some(Health::Down(ailment)) {
            warn!(channel = %self.name, "the channel does not work: {why}");
            self.health(Health::Down(ailment)).await;
        }
    }

    async fn carried(&mut self, outcome: Result<(), Setback>) {
        match outcome {
            Ok(()) => self.up().await,
            Err(Setback { ailment: Some(ailment), why, .. }) => self.down(ailment, &why).await,
            Err(Setback { why, .. }) => warn!(channel = %self.name, "a message was not taken: {why}"),
        }
    }

    /// That a server is there again does not mean that it lets us in.
    async fn probed(&mut self, outcome: Result<(), Setback>) {
        match outcome {
            Ok(()) if self.health == Some(Health::Down(Ailment::NotLetIn)) => {}
            Ok(()) => self.up().await,
            Err(setback) => self.carried(Err(setback)).await,
        }
    }

    async fn health(&mut self, health: Health) {
        self.health = Some(health);
        self.say(FromChannel::Health(health)).await;
    }

    async fn say(&self, what: FromChannel) {
        // The only error is that the queue has ended, and then nobody wants to know.
        let _ = self.said.send(Said { what, kept: None }).await;
    }
}

/// A number from the kernel, for jitter and for naming a run; without one, the middle.
pub(super) fn random() -> u64 {
    getrandom::u64().unwrap_or(u64::MAX / 2)
}
