//! The disk: too full for readings, not written at all, and what is said of which.

use shouwang::core::condition::Condition;
use shouwang::core::effect::Input;
use shouwang::core::time::Gap;

use super::village::Play;

fn disk(play: &mut Play, s: u64, up: bool, short: bool) {
    play.until(s);
    play.input(&Input::Disk { up, short });
}

#[test]
fn that_readings_stop_does_not_hide_that_alarms_are_not_written() {
    let mut play = Play::watched();
    disk(&mut play, 10, true, true);
    assert_eq!((play.state_of(Condition::DiskShort), play.state_of(Condition::DiskFault)), (Some("raised"), None));
    play.told();
    disk(&mut play, 20, false, true);
    assert_eq!(play.state_of(Condition::DiskFault), Some("raised"));
    assert!(play.told().iter().any(|told| told.1 == Condition::DiskFault), "somebody is called at once");
    disk(&mut play, 30, true, true);
    assert_eq!(play.state_of(Condition::DiskFault), Some("closed"));
    assert_eq!(play.state_of(Condition::DiskShort), Some("raised"), "it is as full as before");
    disk(&mut play, 40, true, false);
    assert_eq!(play.state_of(Condition::DiskShort), Some("closed"));
}

#[test]
fn a_start_on_a_disk_that_is_well_ends_what_the_run_before_left_open() {
    let mut play = Play::watched();
    disk(&mut play, 10, false, true);
    play.restart(20, 30, Gap::SameBoot);
    disk(&mut play, 31, true, false);
    let states = (play.state_of(Condition::DiskShort), play.state_of(Condition::DiskFault));
    assert_eq!(states, (Some("closed"), Some("closed")));
}
