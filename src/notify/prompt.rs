//! Recorded sentences, played by a program of the village's choice in homes and in the station.
//!
//! Constraints:
//! - ***Heard* does not wait** (CARE-RULES E: within 3 s): it interrupts whatever plays in its home, and no limit is before it.
//! - One sentence at a time in a place, and one that waits: the newest, because an older one is no longer true.
//! - Every order ends in *played* or *not played* in bounded time; a player that runs on is killed with its children.
//! - A missing sentence is played in the village's usual dialect where that has it, and is a fault of its place either way, which is
//!   looked for before it is needed.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use tokio::sync::mpsc;
use tokio::task::{AbortHandle, Id, JoinError, JoinSet};
use tokio::time::{Instant, sleep_until, timeout};
use tokio_util::sync::CancellationToken;
use tracing::{info, warn};

use super::channel::{Ailment, Health};
use super::clip::{Clip, Place, Prompt};
use super::program::Program;
use crate::config::signals::{Player, Prompts};
use crate::core::id::Slug;
use crate::limits::channels::{LAST_WORD_WAIT, PROMPTS_AT_ONCE_MAX, PROMPTS_LOOK_EVERY};

/// What is told of a place.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct FromPlayer {
    /// Where.
    pub place: Place,
    /// What.
    pub what: PlayerWord,
}

/// What a player says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PlayerWord {
    /// The program has started to play it.
    Started(Clip),
    /// It was played to its end. Over.
    Played(Clip),
    /// It was not, or not to its end: replaced, missing, or the program failed. Over.
    NotPlayed(Clip),
    /// The place can be spoken to, or cannot; said when it changes.
    Health(Health),
}

/// Endings of files, in the order in which they are looked for.
const ENDINGS: &[&str] = &["wav", "mp3", "ogg", "opus", "flac"];

/// Plays what it is given until `stop`, or until nobody gives any more.
pub async fn run(
    prompts: Prompts,
    mut orders: mpsc::Receiver<Prompt>,
    said: mpsc::Sender<FromPlayer>,
    stop: CancellationToken,
) {
    let mut stage = Stage::new(prompts, said);
    let mut look_at = Instant::now();
    loop {
        tokio::select! {
            biased;
            () = stop.cancelled() => break,
            order = orders.recv() => match order {
                Some(order) => stage.take(order).await,
                None => break,
            },
            Some(ended) = stage.players.join_next_with_id() => stage.ended(ended).await,
            () = sleep_until(look_at) => {
                stage.look().await;
                look_at = Instant::now() + PROMPTS_LOOK_EVERY;
            }
        }
    }
    // The house may have stopped listening before.
    let _ = timeout(LAST_WORD_WAIT, stage.end(orders)).await;
}

struct Stage {
    prompts: Prompts,
    said: mpsc::Sender<FromPlayer>,
    players: JoinSet<Result<(), String>>,
    playing: BTreeMap<Place, Playing>,
    waiting: BTreeMap<Place, Clip>,
    standing: BTreeMap<Place, Standing>,
}

/// A sentence that is being played.
struct Playing {
    clip: Clip,
    task: AbortHandle,
}

/// How a place is.
#[derive(Debug, Clone, Copy, Default)]
struct Standing {
    /// Sentences are missing.
    incomplete: bool,
    /// The last one that was played failed.
    failed: bool,
    told: Option<Health>,
}

impl Stage {
    fn new(prompts: Prompts, said: mpsc::Sender<FromPlayer>) -> Self {
        let homes = prompts.homes.keys().map(|home| Place::Home(*home));
        let places = homes.chain(prompts.station.is_some().then_some(Place::Station));
        let standing = places.map(|place| (place, Standing::default())).collect();
        Self { said, players: JoinSet::new(), playing: BTreeMap::new(), waiting: BTreeMap::new(), standing, prompts }
    }

    fn player(&self, place: Place) -> Option<&Player> {
        match place {
            Place::Station => self.prompts.station.as_ref(),
            Place::Home(home) => self.prompts.homes.get(&home),
        }
    }

    async fn take(&mut self, Prompt { place, clip }: Prompt) {
        let Some(player) = self.player(place).cloned() else {
            return self.say(place, PlayerWord::NotPlayed(clip)).await;
        };
        let is_free = match self.playing.get(&place) {
            Some(playing) if clip == Clip::Heard && playing.clip != Clip::Heard => {
                let Playing { clip, task } = self.playing.remove(&place).expect("it plays");
                task.abort();
                self.say(place, PlayerWord::NotPlayed(clip)).await;
                true
            }
            Some(_) => false,
            None => clip == Clip::Heard || self.playing.len() < PROMPTS_AT_ONCE_MAX,
        };
        if is_free {
            self.start(place, clip, player);
        } else if let Some(older) = self.waiting.insert(place, clip) {
            self.say(place, PlayerWord::NotPlayed(older)).await;
        }
    }

    fn start(&mut self, place: Place, clip: Clip, player: Player) {
        let prompts = &self.prompts;
        let dialects = [player.dialect.unwrap_or(prompts.dialect), prompts.dialect];
        let (folder, limit, said) = (prompts.folder.clone(), prompts.limit, self.said.clone());
        let task = self.players.spawn(async move {
            let file = find(&folder, &dialects, clip).await.ok_or("its file is missing")?;
            let program = Program::start(&command(&player, &file, place)).map_err(|why| why.to_string())?;
            let _ = said.send(FromPlayer { place, what: PlayerWord::Started(clip) }).await;
            program.end(limit).await.map_err(|why| why.to_string())
        });
        self.playing.insert(place, Playing { clip, task });
    }

    async fn ended(&mut self, ended: Result<(Id, Result<(), String>), JoinError>) {
        let id = ended.as_ref().map_or_else(JoinError::id, |(id, _)| *id);
        // One that was interrupted has been told of.
        let Some(place) = self.playing.iter().find(|(_, playing)| playing.task.id() == id).map(|(place, _)| *place)
        else {
            return;
        };
        let Playing { clip, .. } = self.playing.remove(&place).expect("it played");
        let outcome = ended.map_or_else(|why| Err(why.to_string()), |(_, outcome)| outcome);
        match &outcome {
            Ok(()) => self.say(place, PlayerWord::Played(clip)).await,
            Err(why) => {
                warn!(%place, %clip, "a sentence was not played: {why}");
                self.say(place, PlayerWord::NotPlayed(clip)).await;
            }
        }
        self.stand(place, |standing| standing.failed = outcome.is_err()).await;
        self.next(place);
    }

    /// Plays what waits: in this place, or else in another.
    fn next(&mut self, place: Place) {
        let is_free = |place: &Place| !self.playing.contains_key(place);
        let here = self.waiting.contains_key(&place).then_some(place);
        let Some(place) = here.or_else(|| self.waiting.keys().copied().find(is_free)) else { return };
        if let (Some(clip), Some(player)) = (self.waiting.remove(&place), self.player(place).cloned()) {
            self.start(place, clip, player);
        }
    }

    /// Looks whether every sentence of every place is there, in its own dialect.
    async fn look(&mut self) {
        let places: Vec<Place> = self.standing.keys().copied().collect();
        for place in places {
            let dialect = self.player(place).and_then(|player| player.dialect).unwrap_or(self.prompts.dialect);
            let mut missing = Vec::new();
            for clip in Clip::ALL {
                if find(&self.prompts.folder, &[dialect], *clip).await.is_none() {
                    missing.push(clip.word());
                }
            }
            if !missing.is_empty() && !self.standing.get(&place).is_some_and(|standing| standing.incomplete) {
                warn!(%place, %dialect, "sentences are missing: {}", missing.join(", "));
            }
            self.stand(place, |standing| standing.incomplete = !missing.is_empty()).await;
        }
    }

    async fn stand(&mut self, place: Place, change: impl FnOnce(&mut Standing)) {
        let Some(standing) = self.standing.get_mut(&place) else { return };
        change(standing);
        let health = if standing.incomplete || standing.failed { Health::Down(Ailment::NotThere) } else { Health::Up };
        if standing.told != Some(health) {
            standing.told = Some(health);
            info!(%place, ?health, "what can be said there has changed");
            self.say(place, PlayerWord::Health(health)).await;
        }
    }

    async fn end(mut self, mut orders: mpsc::Receiver<Prompt>) {
        self.players.abort_all();
        orders.close();
        let playing: Vec<(Place, Clip)> = self.playing.iter().map(|(place, playing)| (*place, playing.clip)).collect();
        for (place, clip) in playing.into_iter().chain(self.waiting.clone()) {
            self.say(place, PlayerWord::NotPlayed(clip)).await;
        }
        while let Some(Prompt { place, clip }) = orders.recv().await {
            self.say(place, PlayerWord::NotPlayed(clip)).await;
        }
    }

    async fn say(&self, place: Place, what: PlayerWord) {
        // The only error is that the house has stopped listening.
        let _ = self.said.send(FromPlayer { place, what }).await;
    }
}

/// The file of a sentence: in the first dialect that has it.
async fn find(folder: &Path, dialects: &[Slug], clip: Clip) -> Option<PathBuf> {
    for dialect in dialects {
        for ending in ENDINGS {
            let file = folder.join(dialect.as_str()).join(format!("{clip}.{ending}"));
            if tokio::fs::try_exists(&file).await.unwrap_or(false) {
                return Some(file);
            }
        }
    }
    None
}

/// The program with its arguments filled in.
fn command(player: &Player, file: &Path, place: Place) -> Vec<String> {
    let (file, place) = (file.to_string_lossy(), place.to_string());
    player.command.iter().map(|part| part.replace("{home}", &place).replace("{clip}", &file)).collect()
}
