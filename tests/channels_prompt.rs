//! Recorded sentences, played by a real script that writes down what it was told.

mod support;

use std::path::Path;
use std::time::Duration;

use shouwang::config::signals::{Player, Prompts};
use shouwang::notify::channel::{Ailment, Health};
use shouwang::notify::clip::{Clip, Place, Prompt};
use shouwang::notify::prompt::{self, FromPlayer, PlayerWord};
use support::soon;
use tempfile::TempDir;
use tokio::sync::mpsc;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;
use tokio_util::task::AbortOnDropHandle;

/// A village's sentences and players.
struct Village {
    folder: TempDir,
    orders: mpsc::Sender<Prompt>,
    said: mpsc::Receiver<FromPlayer>,
    stop: CancellationToken,
    task: AbortOnDropHandle<()>,
}

const HOME: &str = "h02";

fn home() -> Place {
    Place::Home(HOME.parse().expect("an id"))
}

fn record(folder: &Path, dialect: &str, clips: &[Clip]) {
    std::fs::create_dir_all(folder.join(dialect)).expect("a folder");
    for clip in clips {
        std::fs::write(folder.join(dialect).join(format!("{clip}.wav")), "sound").expect("writes");
    }
}

impl Village {
    /// With a player that runs this script with the file as `$1`, the home as `$2` and the village's folder as `$3`.
    fn open(script: &str, limit: Duration, dialect: Option<&str>, recorded: &[(&str, &[Clip])]) -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        for (dialect, clips) in recorded {
            record(folder.path(), dialect, clips);
        }
        let own = folder.path().to_str().expect("UTF-8");
        let command = ["/bin/sh", "-c", script, "sh", "{clip}", "{home}", own].map(str::to_owned).to_vec();
        let player = Player { command, dialect: dialect.map(|dialect| dialect.parse().expect("an id")) };
        let prompts = Prompts {
            folder: folder.path().to_owned(),
            dialect: "standard".parse().expect("an id"),
            limit,
            station: None,
            homes: [(HOME.parse().expect("an id"), player)].into(),
        };
        let ((orders, taken), (saying, said)) = (mpsc::channel(8), mpsc::channel(32));
        let stop = CancellationToken::new();
        let task = AbortOnDropHandle::new(tokio::spawn(prompt::run(prompts, taken, saying, stop.clone())));
        Self { folder, orders, said, stop, task }
    }

    async fn play(&self, place: Place, clip: Clip) {
        self.orders.send(Prompt { place, clip }).await.expect("it runs");
    }

    /// The next word about the home that is not its health.
    async fn word(&mut self) -> PlayerWord {
        loop {
            let what = soon("the player says something", self.said.recv()).await.expect("it runs").what;
            if !matches!(what, PlayerWord::Health(_)) {
                return what;
            }
        }
    }

    async fn health(&mut self) -> Health {
        loop {
            let what = soon("the player says something", self.said.recv()).await.expect("it runs").what;
            if let PlayerWord::Health(health) = what {
                return health;
            }
        }
    }

    fn note(&self) -> String {
        std::fs::read_to_string(self.folder.path().join("note")).unwrap_or_default()
    }
}

const NOTES: &str = r#"printf '%s %s\n' "${1##*/}" "$2" >> "$3/note""#;
/// Plays until the file `done` is there.
const PLAYS_ON: &str = r#"printf '%s\n' "${1##*/}" >> "$3/note"; while [ ! -e "$3/done" ]; do sleep 0.01; done"#;
const LIMIT: Duration = Duration::from_secs(20);

#[tokio::test]
async fn rule_e_heard_is_played_within_three_seconds_in_its_home() {
    let mut village = Village::open(NOTES, LIMIT, None, &[("standard", Clip::ALL)]);
    let began = Instant::now();
    village.play(home(), Clip::Heard).await;
    assert_eq!(village.word().await, PlayerWord::Started(Clip::Heard));
    assert!(began.elapsed() < Duration::from_secs(3));
    assert_eq!(village.word().await, PlayerWord::Played(Clip::Heard));
    assert_eq!(village.note(), "heard.wav h02\n");
}

#[tokio::test]
async fn rule_e_heard_interrupts_what_plays_and_other_sentences_wait_for_their_turn() {
    let mut village = Village::open(PLAYS_ON, LIMIT, None, &[("standard", Clip::ALL)]);
    village.play(home(), Clip::AreYouWell).await;
    assert_eq!(village.word().await, PlayerWord::Started(Clip::AreYouWell));
    support::until("it plays", || village.note() == "are_you_well.wav\n").await;
    let began = Instant::now();
    village.play(home(), Clip::Heard).await;
    assert_eq!(village.word().await, PlayerWord::NotPlayed(Clip::AreYouWell));
    assert_eq!(village.word().await, PlayerWord::Started(Clip::Heard));
    assert!(began.elapsed() < Duration::from_secs(3));
    // Of what waits, the newest wins.
    village.play(home(), Clip::Comes).await;
    village.play(home(), Clip::Withdrawn).await;
    assert_eq!(village.word().await, PlayerWord::NotPlayed(Clip::Comes));
    std::fs::write(village.folder.path().join("done"), "").expect("writes");
    assert_eq!(village.word().await, PlayerWord::Played(Clip::Heard));
    assert_eq!(village.word().await, PlayerWord::Started(Clip::Withdrawn));
    assert_eq!(village.word().await, PlayerWord::Played(Clip::Withdrawn));
    assert_eq!(village.note(), "are_you_well.wav\nheard.wav\nwithdrawn.wav\n");
}

#[tokio::test]
async fn a_player_that_runs_on_is_ended_with_its_children() {
    let child = r#"(trap '' TERM; echo $$ > "$3/child"; while :; do sleep 0.01; echo beat >> "$3/note"; done) & wait"#;
    let mut village = Village::open(child, Duration::from_millis(300), None, &[("standard", Clip::ALL)]);
    assert_eq!(village.health().await, Health::Up);
    village.play(home(), Clip::Heard).await;
    assert_eq!(village.word().await, PlayerWord::Started(Clip::Heard));
    assert_eq!(village.word().await, PlayerWord::NotPlayed(Clip::Heard));
    assert_eq!(village.health().await, Health::Down(Ailment::NotThere));
    // Nobody writes any more: two looks in a row find the same.
    let mut last = String::new();
    let mut same = 0;
    support::until("its children have ended", || {
        let note = village.note();
        same = if note == last { same + 1 } else { 0 };
        last = note;
        same > 20
    })
    .await;
}

#[tokio::test]
async fn a_sentence_that_a_dialect_lacks_is_played_in_the_usual_one_and_is_a_fault() {
    let own: &[Clip] = &[Clip::Comes];
    let mut village = Village::open(NOTES, LIMIT, Some("hakka"), &[("standard", Clip::ALL), ("hakka", own)]);
    assert_eq!(village.health().await, Health::Down(Ailment::NotThere), "before it is needed");
    village.play(home(), Clip::Comes).await;
    assert_eq!(village.word().await, PlayerWord::Started(Clip::Comes));
    assert_eq!(village.word().await, PlayerWord::Played(Clip::Comes));
    village.play(home(), Clip::Heard).await;
    assert_eq!(village.word().await, PlayerWord::Started(Clip::Heard));
    assert_eq!(village.word().await, PlayerWord::Played(Clip::Heard));
}

#[tokio::test]
async fn what_cannot_be_played_is_told_and_nothing_is_silent() {
    let mut village = Village::open("exit 3", LIMIT, None, &[("standard", Clip::ALL)]);
    assert_eq!(village.health().await, Health::Up);
    village.play(home(), Clip::Heard).await;
    assert_eq!(village.word().await, PlayerWord::Started(Clip::Heard));
    assert_eq!(village.word().await, PlayerWord::NotPlayed(Clip::Heard));
    assert_eq!(village.health().await, Health::Down(Ailment::NotThere));
    village.play(Place::Station, Clip::Heard).await;
    assert_eq!(village.word().await, PlayerWord::NotPlayed(Clip::Heard), "the station has no player");

    let mut village = Village::open(NOTES, LIMIT, None, &[]);
    village.play(home(), Clip::Heard).await;
    assert_eq!(village.word().await, PlayerWord::NotPlayed(Clip::Heard));
}

#[tokio::test]
async fn a_stop_ends_what_plays_and_says_so() {
    let mut village = Village::open(PLAYS_ON, LIMIT, None, &[("standard", Clip::ALL)]);
    village.play(home(), Clip::Heard).await;
    assert_eq!(village.word().await, PlayerWord::Started(Clip::Heard));
    village.play(home(), Clip::Comes).await;
    village.stop.cancel();
    assert_eq!(village.word().await, PlayerWord::NotPlayed(Clip::Heard));
    soon("it ends", &mut village.task).await.expect("without a panic");
}
