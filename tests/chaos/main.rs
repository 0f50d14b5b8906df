//! Chaos in real time: the real program as gateway and as county, real brokers, real ports, a simulated modem, and a seeded plan of
//! harms that overlap, while people press for help by both wires. In the end everything is healed, and the ledger must close: nothing
//! that was accepted is lost, nothing is there twice, everybody was told.
//!
//! Three minutes in CI, a minute elsewhere; `SHOUWANG_CHAOS_MINUTES` says how long, `SHOUWANG_SEED` repeats a plan. On a failure the
//! folder with logs and database stays, and the command that repeats it is printed; `SHOUWANG_CHAOS_LANES=disk,ports` leaves the other
//! lanes of the plan out, to find the one that matters.

#[path = "../support/mod.rs"]
mod support;

mod plan;

mod papers;

mod line;

mod hub;

mod world;

mod harms;

mod presses;

mod people;

mod ledger;

use std::cell::RefCell;
use std::path::Path;
use std::rc::Rc;
use std::time::Duration;

use tokio::task::LocalSet;
use tokio::time::{Instant, sleep};

use harms::{Done, run_lane};
use ledger::{Evidence, Ledger, read_county, read_log};
use people::{Answers, answer, answer_on, letters};
use presses::{Book, Bridge, press_on, read_on};
use shouwang::core::sequence::Lane;
use support::chance::Chance;
use support::installed;
use support::wire::{Cut, Mood};
use world::World;

/// Longest time from the last harm until everything is quiet.
const QUIET_WITHIN: Duration = Duration::from_mins(3);

fn minutes() -> u64 {
    let given = std::env::var("SHOUWANG_CHAOS_MINUTES").ok().and_then(|minutes| minutes.parse().ok());
    let usual = if std::env::var("CI").as_deref() == Ok("true") { 3 } else { 1 };
    given.unwrap_or(usual)
}

/// Keeps the folder and says how to repeat it, when the test fails.
struct Keep {
    folder: Option<tempfile::TempDir>,
    seed: u64,
    minutes: u64,
}

impl Drop for Keep {
    fn drop(&mut self) {
        if std::thread::panicking()
            && let Some(folder) = self.folder.take()
        {
            println!("kept: {}", folder.keep().display());
            println!(
                "to repeat it: SHOUWANG_SEED={} SHOUWANG_CHAOS_MINUTES={} cargo test --release --locked --test chaos -- --nocapture",
                self.seed, self.minutes
            );
        }
    }
}

#[tokio::test]
async fn nothing_that_was_accepted_is_lost_or_doubled_and_everybody_is_told() {
    if !installed("mosquitto") {
        return;
    }
    // A machine that judges changes plays one plan, so that it does not judge dice; `just chaos` plays fresh ones.
    let plan = std::env::var("SHOUWANG_CHAOS_PLAN").ok().and_then(|seed| seed.parse().ok());
    let chance = plan.map_or_else(Chance::from_environment, Chance::seeded);
    let (seed, minutes) = (chance.seed(), minutes());
    println!("seed {seed}, {minutes} minutes");
    let keep = Keep { folder: Some(tempfile::tempdir().expect("a temporary folder")), seed, minutes };
    let folder = keep.folder.as_ref().expect("just made").path().to_owned();
    LocalSet::new().run_until(run(&folder, chance, Duration::from_mins(minutes))).await;
}

async fn run(folder: &Path, chance: Chance, length: Duration) {
    let mut lanes = plan::plan(chance.seed(), length);
    if let Ok(only) = std::env::var("SHOUWANG_CHAOS_LANES") {
        lanes.retain(|lane, _| only.split(',').any(|name| name == *lane));
    }
    let world = Rc::new(World::build(folder).await);
    let bridge = Bridge::join(world.local.lock().await.port());
    let book = Rc::new(RefCell::new(Book::default()));
    let (done, answers) = (RefCell::new(Done::default()), RefCell::new(Answers::default()));
    let begun = Instant::now();
    let end = begun + length;
    let mut harming = Vec::new();
    for lane in lanes.values() {
        harming.push(run_lane(&world, lane, begun, end, &done));
    }
    {
        let storm = async {
            tokio::join!(
                futures_util::future::join_all(harming),
                press_on(Rc::clone(&world), &bridge, &book, chance, end)
            )
        };
        tokio::select! {
            _ = storm => {}
            () = read_on(&bridge) => {}
            () = answer_on(&world, &book, &answers) => {}
        }
    }
    heal(&world);
    println!("{:7.2} s healed", begun.elapsed().as_secs_f64());
    let logged = settle(&world, &book, &answers).await;
    println!("{:7.2} s quiet", begun.elapsed().as_secs_f64());
    world.console.borrow_mut().take().expect("it runs").stop();
    let county = read_county(&folder.join("county.sqlite")).await;
    let letters = world.modem.borrow().as_ref().map(|plugged| letters(plugged.modem().network(), world.modem_born_ms));
    let ledger = Ledger::of(&Evidence {
        presses: &book.borrow().presses,
        pubacks: &world.witness.accepted(),
        brought: &world.witness.delivered(),
        undurable: &done.borrow().undurable,
        letters: &letters.unwrap_or_default(),
        logged: &logged,
        county: &county,
        closed: answers.borrow().closed,
    });
    for (harm, count) in &done.borrow().counts {
        println!("{:44} {count:>8}", format!("{harm:?}"));
    }
    println!("{:44} {:>8}\n", "harms that cannot be done here", done.borrow().skipped);
    println!("{ledger}");
    assert_eq!(logged.damage, 0, "the log is whole");
    assert!(ledger.lost.is_empty() && ledger.doubled.is_empty() && ledger.untold.is_empty(), "see above");
    assert_eq!(logged.lanes[&Lane::Alarm].0, logged.lanes[&Lane::Alarm].1, "every record of an alarm has its receipt");
    assert_eq!(county.rejects, 0, "the county refused nothing");
}

/// Whatever may still be wrong is put right.
fn heal(world: &World) {
    for wire in [&world.witness, &world.link, &world.console_link] {
        wire.set(Mood::Well);
    }
    // A connection that was spoilt by a mood is not waited for.
    world.link.cut(Cut::Fin);
    if let Some(line) = &world.line {
        line.mend();
    }
    world.set_clock("+0");
}

/// Waits until nothing is under way any more, and ends the gateway; its log.
async fn settle(world: &World, book: &RefCell<Book>, answers: &RefCell<Answers>) -> ledger::Logged {
    let end = Instant::now() + QUIET_WITHIN;
    loop {
        // What was brought before the end is heard, told and closed; then its records want their receipts.
        let mut quiet = 0;
        while quiet < 3 {
            let in_time = Instant::now() < end;
            assert!(in_time, "not quiet in time: {}", standing(world).await);
            sleep(Duration::from_secs(1)).await;
            world.assert_alive();
            let open = answer(world, book, answers).await;
            let is_settled = world.status().await.is_some_and(|status| {
                let lanes = ["alarm", "device"].map(|lane| status.lanes.get(lane).copied().unwrap_or_default());
                status.durable && lanes.iter().all(|(head, receipted)| head == receipted)
            });
            quiet = if open == Some(0) && is_settled { quiet + 1 } else { 0 };
        }
        world.end_gateway(true).await;
        let logged = read_log(&world.log_folder());
        let lane = logged.lanes.get(&Lane::Alarm).copied().unwrap_or_default();
        if lane.0 == lane.1 {
            return logged;
        }
        // Something was said while it ended.
        world.start_gateway();
    }
}

async fn standing(world: &World) -> String {
    if let Some(plugged) = &*world.modem.borrow() {
        println!("the modem was last told: {:?}", plugged.last_commands());
    }
    let Some(status) = world.status().await else {
        return format!("the gateway does not answer\n{}", world::tail(&world.folder.join("gateway.log")));
    };
    format!(
        "durable {}, connected {}, county {:?}, lanes {:?}, open {}\n{}",
        status.durable,
        status.relay_connected,
        status.county_online,
        status.lanes,
        status.open_alarms,
        world::tail(&world.folder.join("gateway.log"))
    )
}
