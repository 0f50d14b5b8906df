//! The pairing desk: opens a bridge for newcomers when the shell asks, and remembers who came until it is opened again.

use std::collections::VecDeque;
use std::sync::Arc;

use tokio::sync::mpsc;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;
use tokio_util::task::AbortOnDropHandle;
use tracing::{info, warn};

use super::clock::Clock;
use crate::control::protocol::{Body, NewcomerRow, PairingAnswer, Reply, Request};
use crate::control::server::Asked;
use crate::core::id::SourceId;
use crate::limits::{NEWCOMERS_MAX, PAIRING_EVENTS_MAX};
use crate::source::mqtt::pairing::{self, Newcomer, PairingNews, PairingSettings};

/// The desk.
pub(super) struct PairingDesk {
    bridges: Vec<PairingSettings>,
    clock: Arc<Clock>,
    session: Option<Session>,
    source: Option<SourceId>,
    open_until: Option<Instant>,
    trouble: Option<String>,
    newcomers: VecDeque<Newcomer>,
}

/// A bridge that is open, or about to be.
struct Session {
    news: mpsc::Receiver<PairingNews>,
    close: CancellationToken,
    /// Whoever asked, until the bridge has answered.
    waiting: Vec<Asked>,
    _task: AbortOnDropHandle<()>,
}

impl PairingDesk {
    pub(super) fn new(bridges: Vec<PairingSettings>, clock: Arc<Clock>) -> Self {
        let newcomers = VecDeque::new();
        Self { bridges, clock, session: None, source: None, open_until: None, trouble: None, newcomers }
    }

    /// Does what is asked until told to stop; a bridge that is open then is closed.
    pub(super) async fn run(mut self, mut asked: mpsc::Receiver<Asked>, stop: CancellationToken) {
        loop {
            tokio::select! {
                biased;
                () = stop.cancelled() => break,
                Some(asked) = asked.recv() => self.take(asked).await,
                news = next(&mut self.session) => self.hear(news),
            }
        }
        if let Some(Session { news: mut rest, close, .. }) = self.session {
            close.cancel();
            while rest.recv().await.is_some() {}
        }
    }

    async fn take(&mut self, asked: Asked) {
        match asked.request {
            Request::Pair { seconds: 0, .. } => match &mut self.session {
                Some(session) => {
                    session.close.cancel();
                    session.waiting.push(asked);
                }
                None => self.answer(asked),
            },
            Request::Pair { source, seconds } => match self.bridge(source) {
                Ok(settings) => self.open(settings, seconds, asked).await,
                Err(trouble) => {
                    self.trouble = Some(trouble.to_owned());
                    self.answer(asked);
                }
            },
            _ => self.answer(asked),
        }
    }

    fn bridge(&self, source: Option<SourceId>) -> Result<PairingSettings, &'static str> {
        let mut fitting = self.bridges.iter().filter(|bridge| source.is_none_or(|source| bridge.id == source));
        match (fitting.next(), fitting.next()) {
            (Some(bridge), None) => Ok(bridge.clone()),
            (Some(_), Some(_)) => Err("several sources have a bridge; choose with --source"),
            (None, _) => Err("no source of this name has a zigbee2mqtt bridge"),
        }
    }

    async fn open(&mut self, settings: PairingSettings, seconds: u16, asked: Asked) {
        // A bridge that is open is asked anew; its session is another's then.
        if let Some(Session { news: mut rest, close, waiting, .. }) = self.session.take() {
            close.cancel();
            while rest.recv().await.is_some() {}
            self.answer_all(waiting);
        }
        let (sender, news) = mpsc::channel(PAIRING_EVENTS_MAX);
        let close = CancellationToken::new();
        (self.source, self.open_until, self.trouble) = (Some(settings.id), None, None);
        self.newcomers.clear();
        let task = AbortOnDropHandle::new(tokio::spawn(pairing::run(settings, seconds, sender, close.clone())));
        self.session = Some(Session { news, close, waiting: vec![asked], _task: task });
    }

    fn hear(&mut self, news: PairingNews) {
        match news {
            PairingNews::Open(span) => {
                info!(source = ?self.source, seconds = span.as_secs(), "the bridge is open for newcomers");
                self.open_until = Some(Instant::now() + span);
            }
            PairingNews::Newcomer(newcomer) => {
                self.note(newcomer);
                return;
            }
            PairingNews::Closed(why) => {
                if let Some(why) = &why {
                    warn!(source = ?self.source, %why, "the bridge could not be opened, or was lost");
                } else {
                    info!(source = ?self.source, "the bridge is closed");
                }
                (self.open_until, self.trouble) = (None, why.map(|why| why.to_string()));
                let waiting = self.session.take().map(|session| session.waiting).unwrap_or_default();
                self.answer_all(waiting);
                return;
            }
        }
        let waiting = self.session.as_mut().map(|session| std::mem::take(&mut session.waiting)).unwrap_or_default();
        self.answer_all(waiting);
    }

    fn note(&mut self, newcomer: Newcomer) {
        info!(source = ?self.source, stage = %newcomer.stage, "a newcomer");
        if let Some(known) = self.newcomers.iter_mut().find(|known| known.address == newcomer.address) {
            known.stage = newcomer.stage;
            known.model = newcomer.model.or(known.model.take());
            return;
        }
        if self.newcomers.len() == NEWCOMERS_MAX {
            self.newcomers.pop_front();
        }
        self.newcomers.push_back(newcomer);
    }

    fn answer_all(&self, waiting: Vec<Asked>) {
        for asked in waiting {
            self.answer(asked);
        }
    }

    fn answer(&self, asked: Asked) {
        let left = |until: Instant| until.saturating_duration_since(Instant::now());
        let newcomers = self.newcomers.iter().map(|newcomer| NewcomerRow {
            address: newcomer.address.reveal().clone(),
            stage: newcomer.stage.word().to_owned(),
            model: newcomer.model.clone(),
        });
        let answer = PairingAnswer {
            source: self.source,
            open_s: self.open_until.map(|until| left(until).as_secs() + 1),
            trouble: self.trouble.clone(),
            newcomers: newcomers.collect(),
        };
        // An asker who has gone does not want the answer.
        let _ = asked.reply.send(Reply { now: self.clock.now(), body: Body::Pairing(answer) });
    }
}

/// The next news of the bridge; without one it is waited for for ever.
async fn next(session: &mut Option<Session>) -> PairingNews {
    match session {
        Some(session) => session.news.recv().await.unwrap_or(PairingNews::Closed(None)),
        None => std::future::pending().await,
    }
}
