//! `kill -9` of the gateway at random moments while alarms flow and the county's broker is killed at random too: every
//! alarm whose message the local broker acknowledged is in the county's database exactly once.
//!
//! 20 rounds; `SHOUWANG_LONG=1` makes it 100, `SHOUWANG_ROUNDS` any number. `SHOUWANG_SEED` repeats a run's moments.

mod support;

use std::collections::BTreeMap;
use std::time::Duration;

use support::chance::Chance;
use support::house::{Enrolled, House, buttons};
use support::{installed, is_long, until_within};

const RESIDENTS: usize = 20;

/// After so many rounds another house begins, so that what is open stays as much as a village may have.
const ROUNDS_A_HOUSE: usize = 50;

fn rounds() -> usize {
    let given = std::env::var("SHOUWANG_ROUNDS").ok().and_then(|rounds| rounds.parse().ok());
    given.unwrap_or(if is_long() { 100 } else { 20 })
}

/// What came of it.
#[derive(Debug, Default)]
struct Figures {
    rounds: usize,
    pressed: usize,
    committed: usize,
    duplicate_rows: usize,
    lost: usize,
}

#[tokio::test]
async fn killed_at_any_moment_no_acknowledged_alarm_is_lost_or_doubled() {
    if !installed("mosquitto") {
        return;
    }
    let rounds = rounds();
    let mut chance = Chance::from_environment();
    let mut figures = Figures::default();
    println!("seed={}", chance.seed());
    while figures.rounds < rounds {
        let share = (rounds - figures.rounds).min(ROUNDS_A_HOUSE);
        Box::pin(kill_a_house(share, &mut chance, &mut figures)).await;
        println!("seed={} {figures:?}", chance.seed());
    }
}

async fn kill_a_house(rounds: usize, chance: &mut Chance, figures: &mut Figures) {
    let enrolled = buttons(RESIDENTS * rounds);
    let mut house = House::build(&enrolled).await;
    house.start_console();
    house.start_gateway_and_wait().await;
    for batch in enrolled.chunks(RESIDENTS) {
        // A kill must hit a gateway at work, and not one that is still starting.
        house.until_gateway_answers().await;
        round(&mut house, batch, chance).await;
    }
    let arrived = || house.at_county("alarms").iter().filter(|alarm| alarm["condition"] == "help_call").count();
    until_within(Duration::from_mins(1), "every pressed alarm is at the county", || arrived() >= enrolled.len()).await;
    let alarms = house.at_county("alarms");
    let mut by_resident: BTreeMap<&str, u32> = BTreeMap::new();
    for alarm in alarms.iter().filter(|alarm| alarm["condition"] == "help_call") {
        *by_resident.entry(alarm["resident"].as_str().expect("a resident")).or_default() += 1;
    }
    let lost = enrolled.iter().filter(|device| !by_resident.contains_key(device.resident.as_str())).count();
    let duplicates = by_resident.values().filter(|count| **count > 1).count();
    figures.rounds += rounds;
    figures.pressed += enrolled.len();
    figures.committed += by_resident.len();
    figures.duplicate_rows += duplicates;
    figures.lost += lost;
    assert_eq!((lost, duplicates), (0, 0), "seed {}\n{}", chance.seed(), house.log_tail());
}

/// Presses all of them, and kills the gateway and perhaps the county's broker at some moment in between.
async fn round(house: &mut House, batch: &[Enrolled], chance: &mut Chance) {
    let kill_at = chance.below(RESIDENTS as u64);
    let broker_at = chance.below(RESIDENTS as u64 * 2);
    for (number, device) in batch.iter().enumerate() {
        house.press(&device.address).await;
        tokio::time::sleep(Duration::from_millis(chance.below(8))).await;
        if number as u64 == kill_at {
            // Up to 5 ms after a press: before, in and after its sync.
            tokio::time::sleep(Duration::from_micros(chance.below(5_000))).await;
            house.kill_gateway();
            house.start_gateway();
        }
        if number as u64 == broker_at {
            house.county.kill();
            assert!(house.county.start_again().await, "the county's broker starts again");
        }
    }
}
