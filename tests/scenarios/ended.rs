//! What is over: nobody is called to it, and what is still reported of it stands in its record once.

use shouwang::core::alarm::Disposition;
use shouwang::core::alarm::told::Reached;
use shouwang::core::audience::{Audience, Because};
use shouwang::core::condition::Condition;
use shouwang::core::effect::{Authority, Input, Order, Report};

use super::PRESS;
use super::village::{Play, id, rung};

#[test]
fn whoever_would_be_told_of_what_another_word_of_the_same_turn_ends_is_left_alone() {
    let mut play = Play::watched();
    play.hear(0, "button", &[PRESS]);
    let (alarm, by) = (play.open(Condition::HelpCall), id("n-1"));
    play.told();
    // After a stop two texts wait on the SIM card: that somebody goes, and that it was nothing.
    let goes = play.command(Order::Accept { alarm, by });
    let disposition = Disposition::FalseAlarm;
    let ends = play.command(Order::Close { alarm, by: Some(by), disposition, conversation: String::new() });
    play.turn(20, &[goes, ends]);
    assert_eq!(play.state_of(Condition::HelpCall), Some("closed"));
    assert_eq!(play.told(), [], "a back-up for what is over");
}

#[test]
fn rule_06_whoever_lets_go_of_an_alarm_is_not_the_next_who_is_called_to_it() {
    // Whoever stands alone on the last rung takes it from the second, and withdraws, or does not come.
    for (s, withdraws, because) in [(80, true, Because::Withdrawn), (1_300, false, Because::LeaseOver)] {
        let mut play = Play::watched();
        play.hear(0, "button", &[PRESS]);
        let (alarm, by) = (play.open(Condition::HelpCall), id("desk"));
        play.order(70, Authority::Local, Order::Accept { alarm, by });
        play.told();
        if withdraws {
            play.order(s, Authority::Local, Order::Withdraw { alarm, by });
        }
        play.until(s);
        let next: Vec<Audience> =
            play.told().into_iter().filter(|told| told.3 == because).map(|told| told.2).take(1).collect();
        assert_eq!(next, [rung(0)], "{because:?}");
    }
}

#[test]
fn how_far_a_notice_came_is_told_of_a_closed_alarm_too_and_each_time_as_a_newer_record() {
    let mut play = Play::watched();
    play.hear(0, "button", &[PRESS]);
    let (alarm, by) = (play.open(Condition::HelpCall), id("n-1"));
    play.order(10, Authority::Local, Order::Accept { alarm, by });
    let disposition = Disposition::FalseAlarm;
    play.order(20, Authority::Local, Order::Close { alarm, by: Some(by), disposition, conversation: String::new() });
    for (s, reached) in [(30, Reached::Sent), (40, Reached::Delivered), (50, Reached::Seen)] {
        play.give(s, &Input::Report(Report { alarm, who: by, reached }));
    }
    let revs: Vec<u32> = play.records().iter().filter(|record| record.id == alarm).map(|record| record.rev).collect();
    assert_eq!(revs, (1..=6).collect::<Vec<u32>>());
    assert_eq!(play.station.closed_alarms().filter(|known| known.id == alarm).count(), 1);
    assert!(play.station.alarm(alarm).is_some_and(|known| known.clocks.seen.is_some() && !known.is_open()));
}
