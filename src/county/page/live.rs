//! Live pages: one look at the book for all who look on, and a word to each only when something changed.
//!
//! - The book is read at most once a `limits::COUNTY_PAGE_RHYTHM`, and only while somebody looks on.
//! - A ping is an event and no comment of the protocol, because a script does not see comments, and a connection that
//!   is dead without having ended is found by the script alone.

use std::convert::Infallible;
use std::sync::Arc;

use axum::response::sse::Event;
use futures_util::stream::{self, Stream};
use tokio::sync::{Notify, OwnedSemaphorePermit, Semaphore, watch};
use tokio::time::sleep;
use tokio_util::sync::CancellationToken;

use super::html::Picture;
use super::survey::Reader;
use crate::limits;
use crate::words::Lang;

/// Name of the event that carries the content of `<main>`; the script knows it.
const BOARD: &str = "board";
/// Name of the event that carries nothing.
const PING: &str = "ping";

/// What live pages are sent, by language.
#[derive(Debug)]
pub struct Feed {
    zh: watch::Sender<Arc<str>>,
    en: watch::Sender<Arc<str>>,
    /// Somebody began to look on.
    somebody: Notify,
    places: Arc<Semaphore>,
    stop: CancellationToken,
}

impl Feed {
    /// Nobody looks on yet.
    #[must_use]
    pub fn new(stop: CancellationToken) -> Self {
        Self {
            zh: watch::Sender::new(Arc::from("")),
            en: watch::Sender::new(Arc::from("")),
            somebody: Notify::new(),
            places: Arc::new(Semaphore::new(limits::COUNTY_PAGE_LISTENERS_MAX)),
            stop,
        }
    }

    /// Reads the book again and again while somebody looks on. Never ends.
    pub async fn run(&self, reader: &Reader) {
        loop {
            while self.zh.receiver_count() + self.en.receiver_count() == 0 {
                // What was shown last is old by the time that somebody comes.
                self.zh.send_replace(Arc::from(""));
                self.en.send_replace(Arc::from(""));
                self.somebody.notified().await;
            }
            let picture = Picture::look(reader).await;
            for (sender, lang) in [(&self.zh, Lang::Zh), (&self.en, Lang::En)] {
                let html = picture.main(lang);
                sender.send_if_modified(|last| {
                    let changed = **last != *html;
                    if changed {
                        *last = Arc::from(html);
                    }
                    changed
                });
            }
            sleep(limits::COUNTY_PAGE_RHYTHM).await;
        }
    }

    /// The events for one page that looks on, until the console stops; `None` when there are too many.
    pub fn listen(&self, lang: Lang) -> Option<impl Stream<Item = Result<Event, Infallible>> + use<>> {
        let place = self.places.clone().try_acquire_owned().ok()?;
        let sender = match lang {
            Lang::Zh => &self.zh,
            Lang::En => &self.en,
        };
        let board = sender.subscribe();
        self.somebody.notify_one();
        let listener = Listener { board, sent: Arc::from(""), stop: self.stop.clone(), _place: place };
        Some(stream::unfold(listener, Listener::next))
    }
}

/// One page that looks on.
struct Listener {
    board: watch::Receiver<Arc<str>>,
    /// What it was sent last; at first nothing, because the board may have changed since the page was fetched.
    sent: Arc<str>,
    stop: CancellationToken,
    _place: OwnedSemaphorePermit,
}

impl Listener {
    async fn next(mut self) -> Option<(Result<Event, Infallible>, Self)> {
        let event = tokio::select! {
            biased;
            () = self.stop.cancelled() => return None,
            shown = self.board.wait_for(|html| !html.is_empty() && *html != self.sent) => {
                self.sent = shown.ok()?.clone();
                Event::default().event(BOARD).data(&*self.sent)
            }
            () = sleep(limits::COUNTY_PAGE_PING) => Event::default().event(PING).data(PING),
        };
        Some((Ok(event), self))
    }
}
