//! CARE-RULES 23, the clock: wherever the wall clock goes, nobody is called for nothing, nobody is called late, and in the end the
//! times are right.

use std::collections::BTreeSet;

use shouwang::core::audience::{Audience, Because};
use shouwang::core::condition::Condition;
use shouwang::core::plan::Plan;
use shouwang::core::reading::{FallVerdict, Measure, Said};
use shouwang::core::rota::{Duty, Rota, Span};
use shouwang::core::time::{Gap, Trust, Wall};

use super::village::{Play, id, rung};
use super::{PRESS, fall};

const YEARS_5_MS: i64 = 5 * 365 * 86_400_000;
const TO_1970_MS: i64 = -1_790_000_000_000;
const HOUR_S: u64 = 3_600;

type Told = Vec<(u64, Condition, Audience, Because)>;

/// A day on which things happen: true alarms and a device that falls silent, with the clock as `clocks` sets it.
fn day(plan: Option<&Plan>, clocks: &[(u64, Trust, i64)]) -> (Told, BTreeSet<(Condition, String)>) {
    let mut play = Play::watched();
    if let Some(plan) = plan {
        play.station.know_times(plan.clone());
    }
    let mut clocks = clocks.iter().copied().peekable();
    let names = ["cancel", "watch", "motion", "radar"];
    for minute in (0..16 * 60).step_by(5) {
        let s = minute * 60;
        while let Some((at, trust, skew)) = clocks.next_if(|(at, ..)| *at <= s) {
            play.clock(at, trust, skew);
        }
        for name in names {
            play.hear(s, name, &[]);
        }
        // The button and the smoke detector fall silent after four hours.
        for name in ["button", "smoke"].into_iter().filter(|_| s < 4 * HOUR_S) {
            play.hear(s, name, &[]);
        }
        match minute {
            15 => play.hear(s + 1, "button", &[PRESS]),
            60 => {
                play.accept(s + 1, Condition::HelpCall, "n-1");
            }
            90 => play.hear(s + 1, "watch", &[fall(FallVerdict::Confirmed)]),
            180 => play.hear(s + 1, "smoke", &[Said::level(Measure::Smoke(true))]),
            _ => {}
        }
    }
    let kinds = play.records().iter().map(|alarm| (alarm.id.condition, format!("{:?}", alarm.id.subject))).collect();
    (play.told(), kinds)
}

#[test]
fn rule_23_a_clock_that_goes_five_years_ahead_and_back_calls_nobody_else_and_nobody_later() {
    let (right, kinds) = day(None, &[]);
    assert!(right.len() > 10 && kinds.len() >= 4, "{right:?} {kinds:?}");
    for trust in [Trust::Synced, Trust::Holdover, Trust::Unset] {
        // Ahead while the help call climbs, back while the fall does, and once more the other way.
        let clocks = [
            (16 * 60, trust, YEARS_5_MS),
            (92 * 60, Trust::Synced, 0),
            (7 * HOUR_S, trust, -YEARS_5_MS),
            (7 * HOUR_S + 400, Trust::Synced, 0),
        ];
        let (told, mut found) = day(None, &clocks);
        assert!(told == right, "others are called, or later: {trust:?}");
        // A clock that is wrong for longer than a boot takes is a fault of its own, and the only one.
        let before = found.len();
        found.retain(|(condition, _)| *condition != Condition::ClockFault);
        let of_the_clock = before - found.len();
        assert_eq!((found == kinds, of_the_clock), (true, usize::from(trust == Trust::Unset)), "{trust:?}");
    }
}

#[test]
fn rule_23_a_boot_in_1970_delays_no_call_and_its_times_are_right_once_the_clock_is_set() {
    let mut play = Play::watched();
    play.hear(100, "button", &[PRESS]);
    play.told();
    play.next_clock(Trust::Unset, TO_1970_MS);
    play.restart(200, 260, Gap::Unknown);
    let told = play.told();
    assert!(told.contains(&(260, Condition::HelpCall, rung(1), Because::Restart)), "{told:?}");
    play.hear(400, "smoke", &[Said::level(Measure::Smoke(true))]);
    play.hear(500, "watch", &[fall(FallVerdict::Confirmed)]);
    play.until(840);
    let told = play.told();
    assert!(told.contains(&(400, Condition::Smoke, rung(0), Because::Raised)), "{told:?}");
    assert!(told.contains(&(530, Condition::FallConfirmed, rung(0), Because::Raised)), "{told:?}");
    let detected =
        |play: &Play| play.newest(Condition::FallConfirmed).and_then(|alarm| alarm.clocks.detected).expect("detected");
    assert_eq!((detected(&play).trust, detected(&play).wall.0 < 1_000_000_000), (Trust::Unset, true));
    // NTP after ten minutes: the records stay as they are, and what they say is known.
    play.clock(850, Trust::Synced, 0);
    let known = detected(&play).as_known(play.moment());
    assert_eq!((known.trust, known.wall), (Trust::Synced, Play::right_wall(500)));
    let pressed = play.newest(Condition::HelpCall).and_then(|alarm| alarm.clocks.detected).expect("detected");
    assert_eq!(pressed.as_known(play.moment()).wall, Play::right_wall(100), "of the boot before, by its own clock");
    play.until(3 * HOUR_S);
    let kinds: BTreeSet<Condition> = play.records().iter().map(|alarm| alarm.id.condition).collect();
    assert_eq!(
        kinds,
        BTreeSet::from([Condition::HelpCall, Condition::Smoke, Condition::FallConfirmed, Condition::DeviceSilent])
    );
    assert!(!play.silent("button"), "its rhythm is an hour, and it was reachable for three");
}

/// Two days by the hour from second 0 on, with local midnight after an hour; at midnight g-1 hands over to the desk.
fn midnight() -> Plan {
    let at = |hour: i64| Wall(Play::right_wall(0).0 + hour * 3_600_000);
    let span = |from, until| Span { from: at(from), until: at(until) };
    let duty = |from, until, who: &str| Duty { from: at(from), until: at(until), responder: id(who) };
    Plan {
        rota: Rota::of(span(-23, 49), vec![duty(-23, 1, "g-1"), duty(1, 25, "desk"), duty(25, 49, "g-1")]),
        nights: vec![span(-2, 8), span(22, 32)],
        fault_hours: vec![span(8, 22)],
        roll_calls: vec![at(20)],
        dates: vec![span(-23, 1), span(1, 25), span(25, 49)],
        ..Plan::default()
    }
}

#[test]
fn rule_23_a_midnight_that_comes_twice_and_a_shift_that_ends_with_it_call_the_same_people() {
    let plan = midnight();
    let (right, kinds) = day(Some(&plan), &[]);
    // Half an hour after midnight the clock is set back by an hour, and set right an hour later: midnight comes twice.
    let twice = [(90 * 60, Trust::Synced, -3_600_000), (150 * 60, Trust::Synced, 0)];
    assert!(day(Some(&plan), &twice) == (right.clone(), kinds.clone()), "midnight that comes twice");
    // Forward over midnight and back.
    let early = [(30 * 60, Trust::Synced, 3_600_000), (75 * 60, Trust::Synced, 0)];
    assert!(day(Some(&plan), &early) == (right, kinds), "a midnight that was not one");
}

#[test]
fn rule_23_a_gap_of_five_hours_that_nobody_could_measure_blames_no_device_and_delays_no_call() {
    for (trust, skew) in [(Trust::Unset, TO_1970_MS), (Trust::Holdover, 5 * 3_600_000), (Trust::Synced, 5 * 3_600_000)]
    {
        let mut play = Play::watched();
        play.hear(900, "button", &[PRESS]);
        play.accept(950, Condition::HelpCall, "n-1");
        play.hear(960, "smoke", &[Said::level(Measure::Smoke(true))]);
        play.told();
        // Station time goes on from a mark reserved ahead: five hours passed, and a minute is known of.
        play.next_clock(trust, skew);
        play.restart(1_000, 1_060, Gap::Unknown);
        let told = play.told();
        assert!(told.contains(&(1_060, Condition::Smoke, rung(0), Because::Restart)), "{told:?}");
        assert!(told.iter().any(|(at, condition, ..)| (*at, *condition) == (1_060, Condition::HelpCall)), "{told:?}");
        for minute in (20..240).step_by(10) {
            for name in ["button", "cancel", "watch", "motion", "radar"] {
                play.hear(minute * 60, name, &[]);
            }
        }
        play.hear(241 * 60, "watch", &[fall(FallVerdict::Confirmed)]);
        play.until(242 * 60);
        let told = play.told();
        assert!(told.contains(&(241 * 60 + 30, Condition::FallConfirmed, rung(0), Because::Raised)), "{told:?}");
        assert_eq!(play.count(Condition::DeviceSilent), 0, "{trust:?}");
        let kinds: BTreeSet<Condition> = play.records().iter().map(|alarm| alarm.id.condition).collect();
        let mut expected = BTreeSet::from([Condition::HelpCall, Condition::Smoke, Condition::FallConfirmed]);
        expected.extend((trust == Trust::Unset).then_some(Condition::ClockFault));
        assert_eq!(kinds, expected, "{trust:?}");
    }
}
