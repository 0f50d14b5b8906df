//! A dead sensor is found within its limit, at less than one false fault per device-month, on weeks of people's rhythms.

mod supervision;
mod support;

use supervision::{LONGEST, Make, made_up, measure, print, recorded};
use support::chance::Chance;
use support::{installed, is_long};

/// False faults that a village bears. Source: the acceptance of supervision.
const FALSE_PER_DEVICE_MONTH: f64 = 1.0;

const MAKES: [(Make, &str); 2] = [
    (Make::Bare, "Sensors that speak only when somebody moves (mute)"),
    (Make::Reporting, "The same sensors with a report of their own every 55 min, 4 h or 12 h, one in twenty lost"),
];

#[test]
fn in_made_up_homes_the_dead_are_found_and_the_living_are_left_alone() {
    let mut chance = Chance::from_environment();
    println!("seed {}", chance.seed());
    let homes: Vec<_> = (0..3).map(|number| made_up::home(number, &mut |bound| chance.below(bound))).collect();
    for (make, title) in MAKES {
        let tallies: Vec<_> = homes
            .iter()
            .map(|home| (home.name.clone(), measure(home, make, 2, &mut |bound| chance.below(bound))))
            .collect();
        for (home, sum) in print(title, &tallies) {
            assert_eq!(sum.in_time, sum.killed, "{home}: every dead sensor within its limit");
            // Seven months of six sensors are few: one absence more or less is a seventh of a fault.
            let is_sum = home == "all";
            assert!(!is_sum || sum.rate() < FALSE_PER_DEVICE_MONTH, "{} false faults per device-month", sum.rate());
            assert_eq!(sum.doubts, 0, "{home}: nothing speaks against a well sensor");
            assert!(sum.hours_at(100) <= LONGEST.as_secs() / 3600, "{home}: found within a week, whatever was learned");
        }
    }
}

#[test]
fn in_recorded_homes_the_dead_are_found_and_the_living_are_left_alone() {
    if !is_long() || !installed("zstd") {
        return;
    }
    let Some(folder) = recorded::folder() else {
        println!("skipped: no recordings; SHOUWANG_DATA names their folder");
        return;
    };
    let mut chance = Chance::from_environment();
    println!("seed {}", chance.seed());
    let homes = recorded::homes(&folder);
    assert!(!homes.is_empty(), "recordings of at least one home");
    for (make, title) in MAKES {
        let tallies: Vec<_> = homes
            .iter()
            .map(|home| (home.name.clone(), measure(home, make, 5, &mut |bound| chance.below(bound))))
            .collect();
        for (home, sum) in print(title, &tallies) {
            assert_eq!(sum.in_time, sum.killed, "{home}: every dead sensor within its limit");
            assert!(sum.rate() < FALSE_PER_DEVICE_MONTH, "{home}: {} false faults per device-month", sum.rate());
        }
    }
}
