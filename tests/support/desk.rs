//! The queue's end of a channel under test: gives errands, and hears what became of them.

use shouwang::core::condition::Priority;
use shouwang::notify::channel::{
    Deed, Errand, FromChannel, Health, Incoming, Letter, Recipient, Ring, Said, Ticket, Word,
};
use shouwang::private::Private;
use tokio::sync::{mpsc, oneshot};
use tokio_util::sync::CancellationToken;
use tokio_util::task::AbortOnDropHandle;

use super::soon;

/// Made up, and complete.
pub const ALARM: &str = "st1.0000000000000007.5.resident-r1.help_call";

/// A channel at work, from the other side.
pub struct Desk {
    errands: mpsc::Sender<Errand>,
    said: mpsc::Receiver<Said>,
    tickets: u64,
    stop: CancellationToken,
    task: AbortOnDropHandle<()>,
}

impl Desk {
    /// Starts a channel.
    pub fn open<F: Future<Output = ()> + Send + 'static>(
        run: impl FnOnce(mpsc::Receiver<Errand>, mpsc::Sender<Said>, CancellationToken) -> F,
    ) -> Self {
        let ((errands, taken), (saying, said)) = (mpsc::channel(1), mpsc::channel(16));
        let stop = CancellationToken::new();
        let task = AbortOnDropHandle::new(tokio::spawn(run(taken, saying, stop.clone())));
        Self { errands, said, tickets: 0, stop, task }
    }

    /// Gives a letter to a responder.
    pub async fn give(&mut self, letter: Letter, to: Option<&str>) -> Ticket {
        self.give_errand(Deed::Text(letter), to).await
    }

    /// Asks for a call, which no channel but a modem makes.
    pub async fn ring(&mut self) -> Ticket {
        self.give_errand(Deed::Ring(Ring { for_s: 30, say: None }), None).await
    }

    async fn give_errand(&mut self, deed: Deed, to: Option<&str>) -> Ticket {
        self.tickets += 1;
        let ticket = Ticket(self.tickets);
        let to = Recipient { responder: to.map(|id| id.parse().expect("an id")), phone: None };
        self.errands.send(Errand { ticket, to, deed }).await.expect("the channel takes errands");
        ticket
    }

    /// The next thing that the channel says.
    pub async fn next(&mut self) -> Said {
        soon("the channel says something", self.said.recv()).await.expect("the channel runs")
    }

    /// The word of this errand, and what was said of the channel's health until then.
    pub async fn word(&mut self, ticket: Ticket) -> (Word, Vec<Health>) {
        let mut healths = Vec::new();
        loop {
            match self.next().await.what {
                FromChannel::Word(of, word) => {
                    assert_eq!(of, ticket, "a word of another errand");
                    return (word, healths);
                }
                FromChannel::Health(health) => healths.push(health),
                FromChannel::Incoming(_) => panic!("a message came in"),
            }
        }
    }

    /// Gives a letter and waits for its word.
    pub async fn deliver(&mut self, letter: Letter, to: Option<&str>) -> Word {
        let ticket = self.give(letter, to).await;
        self.word(ticket).await.0
    }

    /// The next that is said of the channel's health.
    pub async fn health(&mut self) -> Health {
        loop {
            if let FromChannel::Health(health) = self.next().await.what {
                return health;
            }
        }
    }

    /// The next message that comes in, and by what it is told to be kept.
    pub async fn incoming(&mut self) -> (Incoming, oneshot::Sender<()>) {
        loop {
            let said = self.next().await;
            if let FromChannel::Incoming(incoming) = said.what {
                return (incoming, said.kept.expect("it waits to be kept"));
            }
        }
    }

    /// Stops the channel, and what it said until it ended.
    pub async fn stop(mut self) -> Vec<FromChannel> {
        self.stop.cancel();
        let mut last = Vec::new();
        while let Some(said) = soon("the channel ends", self.said.recv()).await {
            last.push(said.what);
        }
        soon("the channel ends", self.task).await.expect("without a panic");
        last
    }
}

/// A letter of a help call.
pub fn letter() -> Letter {
    Letter {
        text: Private::new("紧急:示例户求助,03:12起。去请回17".to_owned()),
        alarm: ALARM.parse().ok(),
        priority: Priority::High,
        code: Some(17),
        link: Some(Private::new("https://station.example/a/made-up".to_owned())),
    }
}
