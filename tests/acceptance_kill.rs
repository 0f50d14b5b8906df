//! `kill -9` of the gateway at random moments while alarms flow and the county's broker is killed at random too: every
//! alarm whose message the local broker acknowledged is in the county's database exactly once.
//!
//! 20 rounds; `SHOUWANG_LONG=1` makes it 100. `SHOUWANG_SEED` repeats a run's moments.

mod support;

use std::collections::BTreeMap;
use std::time::Duration;

use support::chance::Chance;
use support::house::{House, buttons};
use support::{installed, is_long, until_within};

const RESIDENTS: usize = 20;

#[tokio::test]
async fn killed_at_any_moment_no_acknowledged_alarm_is_lost_or_doubled() {
    if !installed("mosquitto") {
        return;
    }
    let rounds = if is_long() { 100 } else { 20 };
    let mut chance = Chance::from_environment();
    let enrolled = buttons(RESIDENTS * rounds);
    let mut house = House::build(&enrolled).await;
    house.start_console();
    house.start_gateway_and_wait().await;
    let mut pressed = 0;
    for round in 0..rounds {
        let batch = &enrolled[round * RESIDENTS..(round + 1) * RESIDENTS];
        // A kill must hit a gateway at work, and not one that is still starting.
        house.until_gateway_answers().await;
        let kill_at = chance.below(RESIDENTS as u64);
        let broker_at = chance.below(RESIDENTS as u64 * 2);
        for (number, device) in batch.iter().enumerate() {
            house.press(&device.address).await;
            pressed += 1;
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
    let arrived = || house.at_county("alarms").iter().filter(|alarm| alarm["condition"] == "help_call").count();
    until_within(Duration::from_mins(1), "every pressed alarm is at the county", || arrived() >= pressed).await;
    let alarms = house.at_county("alarms");
    let mut by_resident: BTreeMap<&str, u32> = BTreeMap::new();
    for alarm in alarms.iter().filter(|alarm| alarm["condition"] == "help_call") {
        *by_resident.entry(alarm["resident"].as_str().expect("a resident")).or_default() += 1;
    }
    let lost = enrolled.iter().filter(|device| !by_resident.contains_key(device.resident.as_str())).count();
    let duplicates = by_resident.values().filter(|count| **count > 1).count();
    println!(
        "rounds={rounds} seed={} pressed={pressed} accepted={pressed} committed={} duplicate_rows={duplicates} lost={lost}",
        chance.seed(),
        by_resident.len()
    );
    assert_eq!((lost, duplicates), (0, 0), "{}", house.log_tail());
}
