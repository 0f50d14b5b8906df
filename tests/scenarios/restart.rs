//! Kills, reboots and changed lists: what a start owes to those who called before it.

use shouwang::core::alarm::life_cycle::State;
use shouwang::core::audience::{Audience, Because};
use shouwang::core::condition::Condition;
use shouwang::core::reading::{FallVerdict, Measure, Quantity, Said};
use shouwang::core::roster::{Service, Tier};
use shouwang::core::station::Words;
use shouwang::core::time::{Gap, Trust};
use shouwang::core::unit::Milli;

use super::village::{Play, id, rung};
use super::{PRESS, fall};

#[test]
fn rule_23_after_a_stop_of_unknown_length_open_alarms_are_told_again_and_leases_shrink() {
    let mut play = Play::watched();
    play.hear(0, "button", &[PRESS]);
    play.hear(5, "smoke", &[Said::level(Measure::Smoke(true))]);
    play.hear(8, "watch", &[fall(FallVerdict::Confirmed)]);
    play.accept(10, Condition::HelpCall, "n-1");
    play.told();
    play.restart(12, 20, Gap::Unknown);
    let told = play.told();
    assert!(told.contains(&(20, Condition::Smoke, rung(0), Because::Restart)), "{told:?}");
    assert!(told.contains(&(20, Condition::FallConfirmed, rung(0), Because::Restart)), "{told:?}");
    assert!(told.contains(&(20, Condition::HelpCall, Audience::Acceptor(id("n-1")), Because::Restart)), "{told:?}");
    let Some(State::Accepted { until, .. }) = play.newest(Condition::HelpCall).map(|alarm| alarm.state) else {
        panic!("still accepted")
    };
    assert_eq!(until.0 / 1000, 10_000 + 20 + 300);
}

#[test]
fn a_kill_inside_the_window_changes_nothing() {
    let mut play = Play::watched();
    play.hear(0, "watch", &[fall(FallVerdict::Confirmed)]);
    play.restart(10, 15, Gap::SameBoot);
    play.until(29);
    assert_eq!(play.state_of(Condition::FallConfirmed), Some("pre_alarm"));
    play.until(95);
    assert_eq!(
        play.told(),
        [
            (30, Condition::FallConfirmed, rung(0), Because::Raised),
            (90, Condition::FallConfirmed, rung(1), Because::NotAccepted),
        ]
    );
}

#[test]
fn a_kill_between_a_record_and_its_call_loses_no_call() {
    let mut play = Play::watched();
    play.hear(0, "button", &[PRESS]);
    play.hear(1, "smoke", &[Said::level(Measure::Smoke(true))]);
    play.accept(5, Condition::Smoke, "n-1");
    play.until(70);
    play.told();
    play.restart(70, 75, Gap::SameBoot);
    assert_eq!(
        play.told(),
        [(75, Condition::HelpCall, rung(0), Because::Raised), (75, Condition::HelpCall, rung(1), Because::NotAccepted),],
        "whoever the record names as called and no report as reached, and nobody for what somebody has taken"
    );
    play.until(130);
    assert_eq!(
        play.told(),
        [(120, Condition::HelpCall, rung(2), Because::NotAccepted)],
        "the ladder goes on in its time"
    );
}

#[test]
fn a_fault_ends_also_when_the_last_heard_table_was_lost() {
    let mut play = Play::watched();
    play.until(4 * 3600 + 60);
    assert!(play.silent("button"));
    play.restart_with(4 * 3600 + 70, Gap::SameBoot, Words::default());
    assert!(play.silent("button"));
    play.hear(4 * 3600 + 100, "button", &[]);
    assert!(!play.silent("button"), "it was heard again");
}

#[test]
fn a_window_that_ended_while_the_process_was_down_is_raised_at_its_start() {
    let mut play = Play::watched();
    play.hear(0, "watch", &[fall(FallVerdict::Confirmed)]);
    play.restart(10, 45, Gap::SameBoot);
    assert_eq!(play.told(), [(45, Condition::FallConfirmed, rung(0), Because::Raised)]);
    assert_eq!(play.count(Condition::FallConfirmed), 1);
}

#[test]
fn rule_23_after_a_stop_of_unknown_length_the_next_rung_counts_as_due() {
    let mut play = Play::watched();
    play.hear(0, "button", &[PRESS]);
    play.told();
    play.restart(5, 20, Gap::Unknown);
    assert_eq!(
        play.told(),
        [
            (20, Condition::HelpCall, rung(0), Because::Restart),
            (20, Condition::HelpCall, rung(1), Because::NotAccepted),
        ]
    );
}

#[test]
fn a_press_after_the_acceptance_is_told_again_after_a_kill() {
    let mut play = Play::watched();
    play.hear(0, "button", &[PRESS]);
    play.accept(10, Condition::HelpCall, "n-1");
    play.hear(40, "button", &[PRESS]);
    play.told();
    play.restart(40, 45, Gap::SameBoot);
    assert_eq!(play.told(), [(45, Condition::HelpCall, Audience::Acceptor(id("n-1")), Because::Again)]);
}

#[test]
fn a_start_is_not_told_as_blindness_of_those_at_high_risk() {
    let mut play = Play::watched();
    play.list.residents.get_mut(&id("r1")).expect("a resident").tier = Tier::High;
    play.restart(10, 15, Gap::SameBoot);
    play.until(600);
    assert_eq!(play.count(Condition::ResidentBlind), 0, "the source was up within a second");
    play.source(700, false);
    play.until(700);
    assert_eq!(play.count(Condition::ResidentBlind), 1, "later it is told at once");
}

#[test]
fn a_source_that_stays_away_from_a_start_on_blinds_those_at_high_risk() {
    let mut play = Play::watched();
    play.list.residents.get_mut(&id("r1")).expect("a resident").tier = Tier::High;
    play.restart_without_source(15, Gap::SameBoot);
    play.until(74);
    assert_eq!(play.count(Condition::ResidentBlind), 0);
    play.until(75);
    assert_eq!(play.count(Condition::ResidentBlind), 1);
}

#[test]
fn rule_26_a_fault_of_what_is_served_no_longer_ends_at_the_next_start() {
    let mut play = Play::watched();
    play.hear(0, "smoke", &[Said::level(Measure::BatteryLow(true))]);
    play.source(1, false);
    play.until(3600);
    assert_eq!(play.state_of(Condition::ResidentBlind), Some("raised"));
    play.list.residents.get_mut(&id("r1")).expect("a resident").service = Service::Paused;
    play.list.devices.get_mut(&id("smoke")).expect("a device").removed = true;
    play.restart(3600, 3605, Gap::SameBoot);
    assert_eq!(play.state_of(Condition::ResidentBlind), Some("closed"));
    assert_eq!(play.state_of(Condition::BatteryLow), Some("closed"));
    play.until(8 * 3600);
    assert_eq!(play.state_of(Condition::BatteryLow), Some("closed"));
}

#[test]
fn a_person_taken_from_the_list_is_still_helped() {
    let mut play = Play::watched();
    play.hear(0, "button", &[PRESS]);
    play.list.residents.clear();
    play.told();
    play.restart(5, 10, Gap::SameBoot);
    assert_eq!(play.told(), [(10, Condition::HelpCall, rung(0), Because::Raised)], "the same people are called again");
    play.until(60);
    assert_eq!(play.told(), [(60, Condition::HelpCall, Audience::Everyone, Because::NotAccepted)]);
    play.until(700);
    assert!(play.told().len() > 1, "and everyone is called again and again");
}

#[test]
fn a_fault_ends_also_when_the_word_was_written_and_its_record_was_not() {
    let battery = |percent| Said::level(Measure::Number(Quantity::Battery, Milli::whole(percent)));
    let mut play = Play::watched();
    play.hear(0, "motion", &[battery(9)]);
    play.hear(600, "motion", &[battery(98)]);
    assert_eq!(play.state_of(Condition::BatteryLow), Some("closed"));
    play.lose_record();
    assert_eq!(play.state_of(Condition::BatteryLow), Some("raised"));
    play.restart(601, 605, Gap::SameBoot);
    assert_eq!(play.state_of(Condition::BatteryLow), Some("closed"));
}

#[test]
fn a_record_is_believed_over_older_words() {
    let battery = |percent| Said::level(Measure::Number(Quantity::Battery, Milli::whole(percent)));
    let mut play = Play::watched();
    play.hear(0, "motion", &[battery(60)]);
    let words = play.station.words();
    play.hear(600, "motion", &[battery(9)]);
    play.restart_with(605, Gap::SameBoot, words);
    assert_eq!(play.state_of(Condition::BatteryLow), Some("raised"));
}

#[test]
fn a_clock_that_nobody_sets_is_a_fault_until_it_is_set_also_over_a_restart() {
    let mut play = Play::watched();
    play.trust(100, Trust::Unset);
    play.trust(400, Trust::Holdover);
    play.until(2_000);
    assert_eq!(play.count(Condition::ClockFault), 0, "a box that boots has some minutes to ask for the time");
    play.trust(2_000, Trust::Unset);
    play.until(2_599);
    assert_eq!(play.count(Condition::ClockFault), 0);
    play.until(2_600);
    assert_eq!(play.state_of(Condition::ClockFault), Some("raised"));
    play.restart(2_700, 2_710, Gap::SameBoot);
    play.until(9_000);
    assert_eq!((play.state_of(Condition::ClockFault), play.count(Condition::ClockFault)), (Some("raised"), 1));
    play.trust(9_000, Trust::Synced);
    assert_eq!(play.state_of(Condition::ClockFault), Some("closed"));
}
