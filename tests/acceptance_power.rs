//! The power is cut at random moments while alarms flow: whatever the gateway had acknowledged by then is in its log when the card's
//! file system has replayed its journal and the store has opened it.
//!
//! The card is an ext4 in a file over a loop device that writes around the page cache, and a cut is a copy of that file: what the
//! program or the kernel still held in memory is not in it. The file lies on an XFS, which copies it in an instant and whole, also in
//! the middle of a sync (a copy that takes its time would show a card that never was). It shows that nothing is acknowledged before it
//! is written, in an order that the file system recovers from. It does not show a card that loses or reorders what it has
//! said to have written: that is the fake disk's, in `tests/crash_points.rs`.
//!
//! 10 cuts; `SHOUWANG_LONG=1` makes it 500. `SHOUWANG_SEED` repeats a run's moments.

mod support;

use std::collections::BTreeMap;
use std::net::{Ipv4Addr, SocketAddr};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use tokio::time::{Instant, sleep};

use shouwang::core::effect::Input;
use shouwang::core::reading::Origin;
use shouwang::store::files::{Disk, Files};
use shouwang::store::log::{Stream, verify::verify};
use shouwang::store::record::Entry;
use shouwang::store::state::check::CHECK_VERB;
use shouwang::store::{Journal, Options, Report};
use support::card::{Card, can_mount, run, try_run};
use support::chance::Chance;
use support::house::{House, buttons};
use support::player::Player;
use support::wire::Wire;
use support::{binary, installed, is_long};

/// Cuts of one house; then another one begins, so that logs stay short.
const CUTS_A_HOUSE: usize = 50;

/// Residents of a house. A press of a button that was pressed a second ago may be taken for its repeat, so they take turns.
const RESIDENTS: usize = 120;

/// Room on the card. judgement: the ballast, and the log of a house.
const CARD_MIB: u64 = 96;

/// What was found on the cards.
#[derive(Debug, Default)]
struct Found {
    cuts: usize,
    acknowledged: usize,
    missing: usize,
    /// Cards that know more than was acknowledged: the power went between the two.
    ahead: usize,
    /// Cards on which a record was cut in its middle, and those whose index of what can be rebuilt was not well.
    torn: usize,
    index_aside: usize,
}

/// A file system that copies a file in an instant.
struct Shelf {
    folder: PathBuf,
}

impl Shelf {
    fn put_up(image: &Path, folder: &Path) -> Shelf {
        let file = std::fs::File::create(image).expect("the image can be made");
        file.set_len(2 << 30).expect("it takes no room yet");
        run("mkfs.xfs", &["-q", "-m", "reflink=1", text(image)]);
        std::fs::create_dir_all(folder).expect("a folder to mount on");
        run("mount", &["-o", "loop", text(image), text(folder)]);
        Shelf { folder: folder.to_owned() }
    }
}

impl Drop for Shelf {
    fn drop(&mut self) {
        try_run("umount", &["--lazy", text(&self.folder)]);
    }
}

#[tokio::test]
async fn whatever_was_acknowledged_before_the_power_went_is_on_the_card() {
    if !installed("mosquitto") || !can_mount() || !installed("mkfs.xfs") {
        return;
    }
    let cuts = if is_long() { 500 } else { 10 };
    let mut chance = Chance::from_environment();
    println!("seed {}", chance.seed());
    let (mut found, begun) = (Found::default(), Instant::now());
    while found.cuts < cuts {
        let share = (cuts - found.cuts).min(CUTS_A_HOUSE);
        Box::pin(cut_a_house(share, &mut chance, &mut found)).await;
    }
    println!("{found:?} in {:.0} s", begun.elapsed().as_secs_f64());
    assert_eq!(found.missing, 0);
    assert!(found.acknowledged >= cuts, "there was something to lose");
}

fn clock() -> u64 {
    u64::try_from(shouwang::daemon::clock::boottime().as_millis()).unwrap_or(u64::MAX)
}

async fn cut_a_house(cuts: usize, chance: &mut Chance, found: &mut Found) {
    let mut house = House::build(&buttons(RESIDENTS)).await;
    // Declared behind the house, so that both are taken away before its folder is.
    let shelf = Shelf::put_up(&house.path("shelf.img"), &house.path("shelf"));
    let card = Card::insert(&shelf.folder.join("card.img"), &house.path("data"), CARD_MIB);
    let local = SocketAddr::from((Ipv4Addr::LOCALHOST, house.local.port()));
    let witness = Wire::before(local, clock).await;
    let config = house.path("shouwang.toml");
    let told = std::fs::read_to_string(&config).expect("the house wrote it");
    std::fs::write(&config, told.replace(&house.local.url(), &witness.url())).expect("the folder can be written");
    house.start_console();
    house.start_gateway_and_wait().await;
    let player = Player::join(house.local.port(), &["test/nothing"]).await;
    let mut moment = Chance::seeded(chance.below(u64::MAX));
    let presses = async {
        for number in 0_usize.. {
            let topic = format!("zigbee2mqtt/button_{:04}", number % RESIDENTS + 1);
            player.say(&topic, br#"{"action":"emergency","battery":97,"linkquality":120}"#.to_vec()).await;
            // 120 in a second and a half at the fastest.
            sleep(Duration::from_millis(13 + chance.below(12))).await;
        }
    };
    let cutting = async {
        let copy = shelf.folder.join("cut.img");
        for _ in 0..cuts {
            sleep(Duration::from_micros(moment.below(150_000))).await;
            let acknowledged = acknowledged(&witness);
            run("cp", &["--reflink=always", text(card.image()), text(&copy)]);
            let (image, at) = (copy.clone(), house.path("cut"));
            // Beside the load, which goes on.
            let looked = tokio::task::spawn_blocking(move || look(&image, &at, &acknowledged)).await;
            found.add(&looked.expect("looking does not panic"));
        }
    };
    tokio::select! {
        () = presses => {}
        () = cutting => {}
    }
    house.stop_gateway();
}

/// How often each button's press was acknowledged so far.
fn acknowledged(witness: &Wire) -> BTreeMap<String, usize> {
    let of = |(topic, times): (&String, &Vec<u64>)| {
        let button = topic.trim_start_matches("zigbee2mqtt/button_");
        (format!("b{button}"), times.len())
    };
    witness.accepted().iter().map(of).collect()
}

impl Found {
    fn add(&mut self, more: &Found) {
        self.cuts += more.cuts;
        self.acknowledged += more.acknowledged;
        self.missing += more.missing;
        self.ahead += more.ahead;
        self.torn += more.torn;
        self.index_aside += more.index_aside;
    }
}

/// Puts a copy of the card in, opens the store on it and counts.
fn look(image: &Path, at: &Path, acknowledged: &BTreeMap<String, usize>) -> Found {
    let mut card = Card::reinsert(image, at);
    let files: Arc<dyn Files> = Arc::new(Disk::own(&at.join("log")).expect("the folder is there"));
    let (journal, reports) = Journal::open(Arc::clone(&files), Options::default()).expect("the store opens");
    assert!(!reports.iter().any(Report::breaks_the_sequence), "{reports:?}");
    assert!(verify(Arc::clone(&files), Stream::Urgent).expect("it can be read").is_whole(), "the chain holds");
    drop(journal);
    let mut logged: BTreeMap<String, usize> = BTreeMap::new();
    for item in shouwang::store::log::Reader::open(Arc::clone(&files), Stream::Urgent, None).expect("it can be read") {
        let shouwang::store::log::Item::Record(record) = item else { continue };
        let Ok(Entry::Turn(turn)) = Entry::read(record.kind, record.payload()) else { continue };
        for input in turn.inputs {
            if let Input::Sample(sample) = input
                && let Origin::Device(device) = sample.from
            {
                *logged.entry(device.to_string()).or_default() += 1;
            }
        }
    }
    let missing = acknowledged.iter().map(|(device, times)| times.saturating_sub(*logged.get(device).unwrap_or(&0)));
    let found = Found {
        cuts: 1,
        acknowledged: acknowledged.values().sum(),
        missing: missing.sum(),
        ahead: usize::from(logged.values().sum::<usize>() > acknowledged.values().sum()),
        torn: usize::from(reports.iter().any(|report| matches!(report, Report::Torn(_)))),
        index_aside: usize::from(!try_run(binary(), &[CHECK_VERB, text(&at.join("state"))])),
    };
    drop(files);
    card.take_out();
    found
}

fn text(path: &Path) -> &str {
    path.to_str().expect("the temporary folder has a plain name")
}
