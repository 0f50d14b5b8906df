//! The county's ladder at work: it looks at the book every second, and carries out over its channel what the ladder decides.
//!
//! - The ladder never waits for the database: what cannot be saved is done all the same, and saved with the next change. What cannot
//!   be read is as it was.
//! - Without a channel nobody is called, and that is said in the log and in every case: its calls have failed.

#![expect(clippy::similar_names, reason = "a cause and the case that is made of it: each is the right word")]

use std::collections::BTreeMap;
use std::path::PathBuf;

use tokio::sync::mpsc;
use tokio::time::{MissedTickBehavior, interval};
use tokio_util::sync::CancellationToken;

use super::book::{Book, BookError};
use super::case::{Case, Cause, Situation};
use super::cases::{Answer, Said};
use super::causes;
use super::ladder::{Effect, Escalation, Input};
use super::plan::Plan;
use super::retry::Faults;
use super::settings::Clock;
use super::sms::{Arrival, Senders, Why};
use super::texts::Desk;
use crate::limits;
use crate::notify::channel::{Errand, Failure, FromChannel, Health, Said as Spoken, Ticket, Word};

/// Both ends of a channel, as the ladder holds them.
#[derive(Debug)]
pub struct Line {
    /// Errands go here, one at a time.
    pub errands: mpsc::Sender<Errand>,
    /// What the channel says comes from here; a message is let go of when the book has it.
    pub says: mpsc::Receiver<Spoken>,
}

/// What the ladder is told.
pub struct Post {
    /// File of the county's database.
    pub database: PathBuf,
    /// The county's clock.
    pub clock: Clock,
    /// A station without a heartbeat for this long is silent, in seconds.
    pub silent_after_s: u32,
    /// Whom it calls.
    pub plan: Plan,
    /// Whose texts are taken, when the channel brings one.
    pub senders: Senders,
}

impl std::fmt::Debug for Post {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Post").field("database", &self.database).finish_non_exhaustive()
    }
}

/// Calls whoever has to be called, until `stop`.
pub async fn run(post: Post, line: Option<Line>, stop: CancellationToken) {
    let (errands, mut says) = match line {
        Some(Line { errands, says }) => (Some(errands), Some(says)),
        None => (None, None),
    };
    let mut room = Room {
        book: None,
        ladder: None,
        errands,
        faults: Faults::new("the county's ladder"),
        line: Faults::new("the county's channel"),
        unsaved: BTreeMap::new(),
        handled: Vec::new(),
        post,
    };
    let mut rhythm = interval(limits::DUTY_RHYTHM);
    rhythm.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        let said = tokio::select! {
            biased;
            () = stop.cancelled() => return,
            said = next(&mut says) => Some(said),
            _ = rhythm.tick() => None,
        };
        let done = match said {
            Some(None) => {
                (says, room.errands) = (None, None);
                Ok(())
            }
            Some(Some(Spoken { what, kept })) => {
                let heard = room.hear(what).await;
                if let (Ok(()), Some(kept)) = (&heard, kept) {
                    // A channel that has gone meanwhile reads it again, and it is taken once.
                    let _ = kept.send(());
                }
                heard
            }
            None => room.look().await,
        };
        match done {
            Ok(()) => room.faults.clear(),
            Err(error) => {
                room.faults.raise(&error.to_string());
                room.input(Input::Tick).await;
            }
        }
    }
}

async fn next(says: &mut Option<mpsc::Receiver<Spoken>>) -> Option<Spoken> {
    match says {
        Some(says) => says.recv().await,
        None => std::future::pending().await,
    }
}

struct Room {
    post: Post,
    book: Option<Book>,
    /// None until the book could be read once.
    ladder: Option<Escalation>,
    errands: Option<mpsc::Sender<Errand>>,
    faults: Faults,
    line: Faults,
    /// What the book did not take; none in the place of a case that is over.
    unsaved: BTreeMap<Cause, Option<Box<Case>>>,
    /// Answers that had their effect and stand in the book still; as many as that holds at most.
    handled: Vec<Answer>,
}

impl Room {
    fn now_ms(&self) -> i64 {
        (self.post.clock)()
    }

    /// The book, opened once: a database that disappeared is an error, and an empty one in its place would hide that.
    async fn book(&mut self) -> Result<Book, BookError> {
        if let Some(book) = &self.book {
            return Ok(book.clone());
        }
        let book = Book::open(&self.post.database, self.now_ms()).await?;
        if self.ladder.is_none() {
            self.ladder = Some(Escalation::new(self.post.plan.clone(), book.cases().await?));
        }
        self.book = Some(book.clone());
        Ok(book)
    }

    async fn look(&mut self) -> Result<(), BookError> {
        let book = self.book().await?;
        self.save(&book).await?;
        let now_ms = self.now_ms();
        let situation = self.situation(&book, now_ms).await?;
        self.input(Input::Look(&situation)).await;
        for answer in book.answers().await? {
            // One that could not be taken out of the book has its effect once all the same.
            if !self.handled.contains(&answer) {
                match &answer.said {
                    Said::Acknowledged(cause) => self.input(Input::Acknowledge(*cause, answer.who)).await,
                    Said::Text(text) => self.input(Input::Reply(answer.who, text, answer.at_ms)).await,
                }
                self.handled.push(answer.clone());
            }
            if self.unsaved.is_empty() {
                book.answer_taken(&answer).await?;
                self.handled.retain(|handled| *handled != answer);
            }
        }
        Ok(())
    }

    async fn situation(&self, book: &Book, now_ms: i64) -> Result<Situation, BookError> {
        let silent_after_s = self.post.silent_after_s;
        let (stations, alarms) = (book.stations(now_ms, silent_after_s).await?, book.alarms(true).await?);
        let listening = book.listened().await?;
        let none = BTreeMap::new();
        let cases = self.ladder.as_ref().map_or(&none, Escalation::cases);
        Ok(causes::situation(&stations, &alarms, listening, (&self.post.plan, silent_after_s), cases, now_ms))
    }

    /// What the channel says. A message is a station's text, or somebody's answer, or nothing of ours.
    async fn hear(&mut self, said: FromChannel) -> Result<(), BookError> {
        match said {
            FromChannel::Word(ticket, word) => self.input(Input::Word(ticket, word)).await,
            FromChannel::Incoming(incoming) => {
                let book = self.book().await?;
                let desk = Desk::new(book, self.post.senders.clone(), self.post.plan.clone());
                desk.take(Ok(&Arrival::from(&incoming)), self.now_ms()).await?;
            }
            FromChannel::Health(Health::Up) => self.line.clear(),
            FromChannel::Health(Health::Down(ailment)) => {
                self.line.raise(&format!("it cannot call anybody: {ailment:?}"));
            }
        }
        Ok(())
    }

    /// Gives the ladder an input and carries out what it returns; without a channel each errand fails at once.
    async fn input(&mut self, input: Input<'_>) {
        let now_ms = self.now_ms();
        let Some(mut effects) = self.ladder.as_mut().map(|ladder| ladder.handle(now_ms, input)) else { return };
        loop {
            let mut failed: Option<Ticket> = None;
            for effect in effects {
                match effect {
                    Effect::Save(cause, case) => drop(self.unsaved.insert(cause, Some(case))),
                    Effect::Forget(cause) => drop(self.unsaved.insert(cause, None)),
                    Effect::Send(errand) => failed = self.send(errand),
                    Effect::Unread => self.count_unread().await,
                }
            }
            let Some((ticket, ladder)) = failed.zip(self.ladder.as_mut()) else { break };
            effects = ladder.handle(now_ms, Input::Word(ticket, Word::Failed(Failure::Unable)));
        }
        if let Some(book) = self.book.clone()
            && let Err(error) = self.save(&book).await
        {
            self.faults.raise(&error.to_string());
        }
    }

    /// Hands an errand to the channel; its ticket when that does not take it.
    fn send(&mut self, errand: Errand) -> Option<Ticket> {
        let ticket = errand.ticket;
        let Some(errands) = &self.errands else {
            self.line.raise("nobody is called: the county has no channel");
            return Some(ticket);
        };
        if errands.try_send(errand).is_ok() {
            return None;
        }
        self.line.raise("nobody is called: the channel takes nothing");
        Some(ticket)
    }

    async fn save(&mut self, book: &Book) -> Result<(), BookError> {
        let now_ms = self.now_ms();
        while let Some((cause, case)) = self.unsaved.first_key_value() {
            match case {
                Some(case) => book.save_case(cause, case, now_ms).await?,
                None => book.forget_case(cause).await?,
            }
            self.unsaved.pop_first();
        }
        Ok(())
    }

    async fn count_unread(&mut self) {
        let now_ms = self.now_ms();
        if let Some(book) = &self.book
            && let Err(error) = book.refuse_text(Why::NoAnswer, now_ms).await
        {
            self.faults.raise(&error.to_string());
        }
    }
}
