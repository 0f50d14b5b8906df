//! The channel on a real port: a simulated modem behind a pty, in real time.

use std::path::Path;
use std::time::Duration;

use tokio::sync::{mpsc, oneshot};
use tokio_util::sync::CancellationToken;

use shouwang::limits::modem::MODEM_ERRANDS_MAX;
use shouwang::notify::channel::{Ailment, Deed, Errand, FromChannel, Health, Recipient, Ring, Said, Ticket, Word};
use shouwang::notify::modem::shell::{Settings, run};
use shouwang::private::Private;
use shouwang::sim::modem::{Modem, Mood, Network, Person};

use crate::support::pty::PluggedModem;
use crate::support::telephone::text_of;
use crate::support::{soon, until};

const LI: &str = "13800000001";

/// A modem without pauses that would only make the tests slow.
fn quick() -> Mood {
    Mood { answers_ms: (1, 5), sends_ms: (20, 60), registers_after_s: Some(0), boots_s: 1, ..Mood::calm() }
}

struct Channel {
    errands: mpsc::Sender<Errand>,
    said: mpsc::Receiver<Said>,
    stop: CancellationToken,
    task: tokio::task::JoinHandle<()>,
}

impl Channel {
    fn start(port: &Path, pin: Option<&str>) -> Self {
        let (errands, taken) = mpsc::channel(MODEM_ERRANDS_MAX);
        let (told, said) = mpsc::channel(4);
        let stop = CancellationToken::new();
        let pin = pin.map(|pin| Private::new(pin.to_owned()));
        let settings = Settings { port: port.to_owned(), baud: 115_200, pin, speaks: false };
        let task = tokio::spawn(run(settings, taken, told, stop.clone()));
        Self { errands, said, stop, task }
    }

    async fn give(&self, ticket: u64, deed: Deed) {
        let to = Recipient { responder: None, phone: Some(Private::new(LI.to_owned())) };
        self.errands.send(Errand { ticket: Ticket(ticket), to, deed }).await.expect("taken");
    }

    async fn next(&mut self) -> Said {
        soon("something is told", self.said.recv()).await.expect("it is told")
    }

    async fn expects(&mut self, what: FromChannel) {
        let said = self.next().await;
        assert_eq!(said.what, what);
    }

    async fn is_up(&mut self) {
        self.expects(FromChannel::Health(Health::Up)).await;
    }

    async fn stops(self) {
        self.stop.cancel();
        soon("the channel stops", self.task).await.expect("it ends without a panic");
    }
}

fn word(ticket: u64, word: Word) -> FromChannel {
    FromChannel::Word(Ticket(ticket), word)
}

#[tokio::test]
async fn a_letter_goes_out_and_its_answer_comes_in_and_is_deleted_when_kept() {
    let folder = tempfile::tempdir().expect("a folder");
    let port = folder.path().join("modem");
    let mut person = Person::who_writes(0, "17");
    person.fate = shouwang::sim::modem::Fate::Delivered(200);
    let plugged = PluggedModem::plug(&port, Modem::new(1, quick(), Network::with([(LI, person)])).with_pin("1234"));
    let mut channel = Channel::start(&port, Some("1234"));
    channel.is_up().await;
    channel.give(1, text_of("示例:王奶奶按了求助。回复 17 我去")).await;
    channel.expects(word(1, Word::Sent)).await;
    channel.expects(word(1, Word::Delivered)).await;
    let Said { what: FromChannel::Incoming(incoming), kept } = channel.next().await else { panic!("an answer") };
    assert_eq!(incoming.text.reveal(), "17");
    assert_eq!(plugged.modem().stored(), 1, "it is on the SIM until it is kept");
    kept.expect("wanted").send(()).expect("heard");
    until("it is deleted", || plugged.modem().stored() == 0).await;
    assert_eq!(plugged.modem().network().texts_to(LI), ["示例:王奶奶按了求助。回复 17 我去"]);
    channel.stops().await;
}

#[tokio::test]
async fn a_call_is_answered_with_a_key() {
    let folder = tempfile::tempdir().expect("a folder");
    let port = folder.path().join("modem");
    let person = Person { hangs_up_after_s: Some(2), presses: vec![(1, '1')], ..Person::who_presses(1, '1') };
    let _plugged = PluggedModem::plug(&port, Modem::new(1, quick(), Network::with([(LI, person)])));
    let mut channel = Channel::start(&port, None);
    channel.is_up().await;
    channel.give(1, Deed::Ring(Ring { for_s: 30, say: None })).await;
    for wanted in [Word::Delivered, Word::PickedUp, Word::Key('1'), Word::HungUp] {
        channel.expects(word(1, wanted)).await;
    }
    channel.stops().await;
}

#[tokio::test]
async fn a_modem_that_is_pulled_out_and_put_back_goes_on() {
    let folder = tempfile::tempdir().expect("a folder");
    let port = folder.path().join("modem");
    let network = Network::with([(LI, Person::silent())]);
    let plugged = PluggedModem::plug(&port, Modem::new(1, quick(), network));
    let mut channel = Channel::start(&port, None);
    channel.is_up().await;
    let plugged = plugged.replug().await;
    channel.give(1, text_of("示例")).await;
    channel.expects(word(1, Word::Sent)).await;
    assert_eq!(plugged.modem().network().texts_to(LI), ["示例"]);
    channel.stops().await;
}

#[tokio::test]
async fn what_is_not_kept_stays_on_the_sim_for_the_next_start() {
    let folder = tempfile::tempdir().expect("a folder");
    let port = folder.path().join("modem");
    let plugged = PluggedModem::plug(&port, Modem::new(1, quick(), Network::default()));
    let mut channel = Channel::start(&port, None);
    channel.is_up().await;
    let now = plugged.now();
    plugged.modem().text_in(now, LI, "2 正忙");
    let Said { kept, .. } = channel.next().await;
    drop::<Option<oneshot::Sender<()>>>(kept);
    channel.stops().await;
    assert_eq!(plugged.modem().stored(), 1);
    let mut channel = Channel::start(&port, None);
    let mut texts = Vec::new();
    while texts.is_empty() {
        let Said { what, kept } = channel.next().await;
        if let FromChannel::Incoming(incoming) = what {
            texts.push(incoming.text.reveal().clone());
            kept.expect("wanted").send(()).expect("heard");
        }
    }
    assert_eq!(texts, ["2 正忙"]);
    until("it is deleted", || plugged.modem().stored() == 0).await;
    channel.stops().await;
}

#[tokio::test(start_paused = true)]
async fn without_a_port_an_errand_ends_and_the_channel_says_why() {
    let folder = tempfile::tempdir().expect("a folder");
    let mut channel = Channel::start(&folder.path().join("nothing"), None);
    channel.give(1, text_of("示例")).await;
    let begun = tokio::time::Instant::now();
    channel.expects(word(1, Word::Failed(shouwang::notify::channel::Failure::Trouble))).await;
    assert!(begun.elapsed() < Duration::from_secs(25), "{:?}", begun.elapsed());
    channel.expects(FromChannel::Health(Health::Down(Ailment::NotThere))).await;
    channel.stops().await;
}

#[tokio::test]
async fn a_listener_that_does_not_listen_does_not_keep_it_from_stopping() {
    let folder = tempfile::tempdir().expect("a folder");
    let port = folder.path().join("modem");
    let plugged = PluggedModem::plug(&port, Modem::new(1, quick(), Network::default()));
    let channel = Channel::start(&port, None);
    let now = plugged.now();
    for nth in 0..10 {
        plugged.modem().text_in(now, LI, &format!("示例{nth}"));
    }
    until("it is full", || channel.said.len() == 4).await;
    channel.stops().await;
}
