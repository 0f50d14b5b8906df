//! Live pages: one look at the station for all who look on, and a word to each only when something changed.

use std::collections::BTreeMap;
use std::convert::Infallible;
use std::sync::Arc;

use axum::response::sse::Event;
use futures_util::stream::{self, Stream};
use tokio::sync::{Notify, OwnedSemaphorePermit, Semaphore, watch};
use tokio::time::{Instant, sleep};
use tokio_util::sync::CancellationToken;

use super::html::{Look, Picture};
use crate::limits::web::{LISTENERS_MAX, PING, RHYTHM};
use crate::web::routes::Web;
use crate::web::session::Pass;

/// Name of the event that carries the content of `<main>`; the script knows it.
const BOARD: &str = "board";
/// Name of the event that says that the page is live, with the station's time.
const BEAT: &str = "ping";
/// Name of the event after which the browser is to log in again.
const OUT: &str = "out";

/// What live pages are sent, by what they show.
#[derive(Debug)]
pub(in crate::web) struct Feed {
    shown: BTreeMap<Look, watch::Sender<Shown>>,
    /// Somebody began to look on.
    somebody: Notify,
    places: Arc<Semaphore>,
    stop: CancellationToken,
}

/// What is shown, and at what station time.
#[derive(Debug, Clone)]
struct Shown {
    html: Arc<str>,
    now_ms: u64,
}

impl Default for Shown {
    fn default() -> Self {
        Self { html: Arc::from(""), now_ms: 0 }
    }
}

impl Feed {
    pub(in crate::web) fn new(stop: CancellationToken) -> Self {
        Self {
            shown: Look::all().map(|look| (look, watch::Sender::new(Shown::default()))).collect(),
            somebody: Notify::new(),
            places: Arc::new(Semaphore::new(LISTENERS_MAX)),
            stop,
        }
    }

    /// Asks the station again and again while somebody looks on. Never ends.
    pub(in crate::web) async fn run(&self, web: &Web) {
        loop {
            while self.shown.values().all(|sender| sender.receiver_count() == 0) {
                // What was shown last is old by the time that somebody comes.
                for sender in self.shown.values() {
                    sender.send_replace(Shown::default());
                }
                self.somebody.notified().await;
            }
            let picture = Picture::look(web).await;
            for (look, sender) in self.shown.iter().filter(|(_, sender)| sender.receiver_count() > 0) {
                // An event of the protocol cannot carry it.
                let html = picture.main(*look).replace('\r', " ");
                sender.send_if_modified(|last| {
                    last.now_ms = picture.now_ms();
                    let changed = *last.html != *html;
                    if changed {
                        last.html = Arc::from(html);
                    }
                    changed
                });
            }
            sleep(RHYTHM).await;
        }
    }

    /// The events for one page that looks on, until the station stops or the browser is logged out; `None` when there are
    /// too many.
    pub(in crate::web) fn listen(
        &self,
        look: Look,
        pass: Pass,
        web: Arc<Web>,
    ) -> Option<impl Stream<Item = Result<Event, Infallible>> + use<>> {
        let place = self.places.clone().try_acquire_owned().ok()?;
        let shown = self.shown.get(&look)?.subscribe();
        self.somebody.notify_one();
        let sent = Arc::from("");
        let listener =
            Listener { shown, sent, beat_due: false, pass, web, stop: self.stop.clone(), out: false, _place: place };
        Some(stream::unfold(listener, Listener::next))
    }
}

/// One page that looks on.
struct Listener {
    shown: watch::Receiver<Shown>,
    /// What it was sent last; at first nothing, because things may have changed since the page was fetched.
    sent: Arc<str>,
    /// It was sent a board, and the station's time follows.
    beat_due: bool,
    pass: Pass,
    web: Arc<Web>,
    stop: CancellationToken,
    out: bool,
    _place: OwnedSemaphorePermit,
}

impl Listener {
    async fn next(mut self) -> Option<(Result<Event, Infallible>, Self)> {
        if self.out || self.stop.is_cancelled() {
            return None;
        }
        if std::mem::take(&mut self.beat_due) {
            let now = self.shown.borrow().now_ms;
            return Some((Ok(beat(now)), self));
        }
        let board = tokio::select! {
            biased;
            () = self.stop.cancelled() => return None,
            shown = self.shown.wait_for(|shown| !shown.html.is_empty() && shown.html != self.sent) => {
                self.sent = shown.ok()?.html.clone();
                self.beat_due = true;
                Some(Event::default().event(BOARD).data(&*self.sent))
            }
            () = sleep(PING) => None,
        };
        let event = board.unwrap_or_else(|| beat(self.shown.borrow().now_ms));
        if self.web.sessions.find(self.pass, Instant::now()).is_none() {
            self.out = true;
            return Some((Ok(Event::default().event(OUT).data(OUT)), self));
        }
        Some((Ok(event), self))
    }
}

fn beat(now_ms: u64) -> Event {
    Event::default().event(BEAT).data(now_ms.to_string())
}
