//! The village in a box: the same seed is the same village, some live through a day in which everything goes wrong,
//! and the oracle notices a box that does not do its part.

use std::thread;

use shouwang::sim::{Fault, Faults, Report, Sabotage, Settings, run, shrink};

fn settings(seed: u64) -> Settings {
    Settings { seed, days: 1, homes: 10, faults: Faults::all(), sabotage: None, keep: None }
}

fn live(settings: &Settings) -> Report {
    run(settings, None).expect("no file is written")
}

/// Whether the run broke that sentence.
fn broke(report: &Report, sentence: &str) -> bool {
    report.violations.iter().any(|violation| violation.sentence == sentence)
}

#[test]
fn the_same_seed_is_the_same_village() {
    let small = Settings { homes: 4, ..settings(7) };
    let (mut first, mut second) = (Vec::new(), Vec::new());
    let one = run(&small, Some(&mut first)).expect("writes to memory");
    let two = run(&small, Some(&mut second)).expect("writes to memory");
    assert_eq!(one, two);
    assert!(first == second && first.len() > 10_000, "the trace is the same, line by line");
    assert_eq!(live(&small).trace_sha256, one.trace_sha256, "with a file and without");
    assert_ne!(live(&Settings { seed: 8, ..small }).trace_sha256, one.trace_sha256);
}

#[test]
fn eight_villages_live_through_a_day_in_which_everything_goes_wrong() {
    let halves = [2..=5, 6..=9].map(|seeds: std::ops::RangeInclusive<u64>| {
        thread::spawn(move || seeds.map(|seed| live(&settings(seed))).collect::<Vec<_>>())
    });
    let reports: Vec<Report> = halves.into_iter().flat_map(|half| half.join().expect("no village panics")).collect();
    for report in &reports {
        assert!(report.violations.is_empty(), "{report}");
    }
    let sum = |of: fn(&Report) -> u64| reports.iter().map(of).sum::<u64>();
    assert!(sum(|report| report.kills) >= 48 && sum(|report| report.cuts) >= 16, "they really were killed and cut");
    for condition in ["help_call", "smoke", "gas", "fall_confirmed", "device_silent", "source_down", "disk_fault"] {
        let raised: u64 = reports.iter().filter_map(|report| report.by_condition.get(condition)).sum();
        assert!(raised >= 3, "{condition}: {raised}");
    }
}

#[test]
fn a_quiet_day_loses_nothing() {
    let report = live(&Settings { faults: Faults::none(), ..settings(3) });
    assert!(report.violations.is_empty(), "{report}");
    assert_eq!((report.lost, report.kills, report.cuts), (0, 0, 0));
    assert!(report.alarms >= 20);
}

#[test]
fn the_oracle_notices_a_press_that_is_acknowledged_and_not_handled() {
    let report = live(&Settings { faults: Faults::none(), sabotage: Some(Sabotage::DropUrgent), ..settings(3) });
    assert!(broke(&report, "what_is_acknowledged_is_raised"), "{report}");
}

#[test]
fn the_oracle_notices_an_alarm_that_was_told_and_not_written() {
    let report =
        live(&Settings { faults: Faults::only(Fault::Power), sabotage: Some(Sabotage::SkipCommit), ..settings(3) });
    assert!(broke(&report, "every_record_arrives"), "{report}");
    assert!(report.repeat().starts_with("shouwang simulate --seed 3 --days 1 --homes 10 --faults power"));
}

#[test]
fn the_oracle_notices_a_start_that_forgets_what_the_log_knows() {
    let report =
        live(&Settings { faults: Faults::only(Fault::Kill), sabotage: Some(Sabotage::ColdStart), ..settings(3) });
    assert!(broke(&report, "no_deadline_passes") || broke(&report, "who_is_raised_is_told"), "{report}");
}

#[test]
fn a_run_that_fails_is_made_as_small_as_the_press_that_was_dropped() {
    let sabotage = Some(Sabotage::DropUrgent);
    let settings = Settings { homes: 3, faults: Faults::none(), sabotage, ..settings(1) };
    let shrunk = shrink(&settings).expect("no file is written").expect("it fails");
    assert_eq!((shrunk.sentence, shrunk.left), ("what_is_acknowledged_is_raised", 1), "{shrunk:?}");
    assert!(shrunk.of > 100 && shrunk.runs < 60, "{shrunk:?}");
    assert!(broke(&live(&shrunk.settings), shrunk.sentence), "the small run fails by itself");
    let keep = shrunk.settings.keep.as_ref().expect("a list").to_string();
    assert_eq!(keep.parse().ok(), shrunk.settings.keep, "and its list can be given again");
    let sound = Settings { sabotage: None, ..shrunk.settings };
    assert_eq!(shrink(&sound).expect("no file is written"), None, "what holds is not made small");
}
