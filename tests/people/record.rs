//! What the log keeps for people beside the alarms: stops, faults that were told, and who stands ready behind whoever goes.

use shouwang::core::alarm::life_cycle::State;
use shouwang::core::alarm::{Disposition, NoteKind};
use shouwang::core::audience::{Audience, Because};
use shouwang::core::condition::Condition;
use shouwang::core::effect::{Answer, Order};
use shouwang::core::id::ResponderId;
use shouwang::core::reading::{Measure, Said};
use shouwang::core::refusal::Refusal;
use shouwang::core::stop::{End, Stop};
use shouwang::core::time::{Gap, Trust};

use super::street::{Mood, Street};
use super::village::{id, noon, roster, rung};

const CALL: Condition = Condition::HelpCall;

/// Whom the newest warning of a back-up went to, and by which rung.
fn back_up(street: &Street) -> Option<(Audience, Vec<ResponderId>)> {
    let warned = street.notices.iter().rev().find(|(_, notice)| notice.because == Because::BackUp);
    warned.map(|(_, notice)| (notice.to.clone(), notice.people.clone()))
}

fn accept(street: &mut Street, s: u64, who: &str) {
    let alarm = street.newest(CALL).id;
    assert!(matches!(street.order(s, Order::Accept { alarm, by: id(who) }), Answer::Done { .. }));
}

#[test]
fn rule_06_where_the_next_rung_is_whoever_goes_the_one_behind_it_is_warned() {
    let mut list = roster();
    let ladder = &mut list.residents.get_mut(&id("r1")).expect("a resident").ladder;
    ladder.rungs = vec![rung("n-1"), rung("n-1"), rung("g-1"), rung("desk")];
    let mut street = Street::new(list, noon());
    street.press(0, "button1");
    accept(&mut street, 20, "n-1");
    assert_eq!(back_up(&street), Some((Audience::Rung(2), vec![id("g-1")])));
    street.until(60);
    assert!(street.rings_of("g-1").is_empty(), "they are written to, and nothing rings");
    assert_eq!(street.texts_to("g-1").len(), 1);
}

#[test]
fn rule_06_behind_the_last_rung_the_first_is_warned_but_nobody_who_cannot_come() {
    let mut street = Street::new(roster(), noon());
    street.press(0, "button1");
    let alarm = street.newest(CALL).id;
    street.order(20, Order::Busy { alarm, by: id("n-1") });
    street.until(300);
    accept(&mut street, 300, "desk");
    assert_eq!(back_up(&street), Some((Audience::Rung(1), vec![id("g-1")])));
}

#[test]
fn rule_06_where_nobody_else_is_on_the_ladder_nobody_is_warned() {
    let mut list = roster();
    list.residents.get_mut(&id("r1")).expect("a resident").ladder.rungs = vec![rung("n-1"), rung("n-1")];
    let mut street = Street::new(list, noon());
    street.press(0, "button1");
    accept(&mut street, 20, "n-1");
    assert_eq!(back_up(&street), None);
}

#[test]
fn rule_04_what_family_answers_is_a_note_and_takes_the_alarm_from_nobody() {
    let mut street = Street::new(roster(), noon());
    street.press(0, "button1");
    accept(&mut street, 20, "n-1");
    let alarm = street.newest(CALL).id;
    street.order(30, Order::Want120 { alarm, by: id("n-1") });
    let code = street.code(CALL, "child");
    for (s, words) in [(40, "没事了"), (50, "误触"), (60, "不是这家"), (70, "进不了门"), (80, "正忙"), (90, "")]
    {
        street.text(s, "child", &format!("{code} {words}"));
        let stands = street.newest(CALL);
        assert!(matches!(stands.state, State::Accepted { by, .. } if by == id("n-1")), "{words}: {:?}", stands.state);
    }
    let notes = street.newest(CALL).notes.iter().filter(|note| note.by == Some(id("child")));
    assert!(notes.map(|note| note.kind).all(|kind| kind == NoteKind::Answered));
    assert_eq!(street.newest(CALL).notes.iter().filter(|note| note.by == Some(id("child"))).count(), 6);
    // Whoever has spoken with the resident may say so at the desk.
    let (by, conversation) = (Some(id("child")), "她说没事".to_owned());
    street.order(100, Order::Close { alarm, by, disposition: Disposition::NoHelpNeeded, conversation });
    assert_eq!(street.state(CALL), "closed");
}

#[test]
fn table_d_a_fault_that_was_told_is_not_told_again_after_a_restart() {
    let mut street = Street::new(roster(), noon());
    street.hear(0, "smoke1", &[Said::level(Measure::BatteryLow(true))]);
    street.until(700);
    assert_eq!(street.texts_to("desk").len(), 1);
    street.restart(2_500, 2_505, Gap::SameBoot, noon());
    street.hear(2_600, "smoke2", &[Said::level(Measure::BatteryLow(true))]);
    street.until(600 + 3599);
    assert_eq!(street.texts_to("desk").len(), 1, "and an hour lies between two digests, over a restart too");
    street.until(600 + 3660);
    let told = street.texts_to("desk");
    assert_eq!(told.len(), 2);
    assert!(told[1].1.contains("1件"), "only what is new: {}", told[1].1);
}

#[test]
fn table_d_a_digest_whose_letters_may_not_have_left_is_told_once_more() {
    let mut street = Street::new(roster(), noon());
    street.hear(0, "smoke1", &[Said::level(Measure::BatteryLow(true))]);
    // The process ends as soon as the digest stands in the log, before the modem has done anything.
    street.mood = Mood::Dead;
    street.until(600);
    street.mood = Mood::Well;
    street.restart(600, 605, Gap::SameBoot, noon());
    assert_eq!(street.texts_to("desk"), []);
    street.until(600 + 3599);
    assert_eq!(street.texts_to("desk"), [], "an hour after the one before, as ever");
    street.until(600 + 3660);
    assert_eq!(street.texts_to("desk").len(), 1);
    street.restart(600 + 3600 + 1799, 6_010, Gap::SameBoot, noon());
    street.until(7_800 + 1_800);
    assert_eq!(street.texts_to("desk").len(), 2, "it may not have left: better twice than never");
    street.restart(7_800 + 1_800, 9_610, Gap::SameBoot, noon());
    street.until(20_000);
    assert_eq!(street.texts_to("desk").len(), 2, "half an hour later it has left");
}

fn stops(street: &Street) -> Vec<Stop> {
    street.station.stops(street.moment()).collect()
}

#[test]
fn rule_23_a_stop_is_told_until_somebody_has_seen_to_it_over_further_restarts() {
    let mut street = Street::new(roster(), noon());
    street.restart(600, 630, Gap::SameBoot, noon());
    assert_eq!(stops(&street), [], "half a minute is told to nobody");
    street.restart(1_000, 1_061, Gap::SameBoot, noon());
    street.restart(1_100, 1_105, Gap::SameBoot, noon());
    let [stop] = stops(&street).try_into().expect("one");
    assert_eq!((stop.until.mono.0 - stop.from.mono.0, stop.noted), (61_000, None));

    let note = |by: &str| Order::NoteStop { until: stop.until.mono, by: id(by) };
    assert_eq!(street.order(1_200, note("nobody")), Answer::Refused { reason: Refusal::UnknownResponder });
    assert_eq!(stops(&street).len(), 1);
    assert_eq!(street.order(1_210, note("desk")), Answer::StopNoted { until: stop.until.mono });
    assert_eq!(stops(&street), []);
    street.restart(1_300, 1_305, Gap::SameBoot, noon());
    assert_eq!(stops(&street), [], "and it stays so");
    let other = Order::NoteStop { until: street.moment().mono, by: id("desk") };
    assert_eq!(street.order(1_400, other), Answer::Refused { reason: Refusal::UnknownStop });
}

#[test]
fn rule_23_a_stop_of_unknown_length_is_at_least_until_the_clock_is_set_and_a_day_long_told() {
    let mut street = Street::new(roster(), noon());
    street.clock(100, 0, Trust::Holdover);
    street.restart(100, 160, Gap::Unknown, noon());
    let [stop] = stops(&street).try_into().expect("one");
    assert!(matches!(stop.end(street.moment()), End::AtLeast(_)));
    // The network says that it is two hours later.
    street.clock(200, 2 * 3_600_000, Trust::Synced);
    assert!(matches!(stop.end(street.moment()), End::AtLeast(_)), "it began by a clock that was not trusted");
    street.until(160 + 86_399);
    assert_eq!(stops(&street).len(), 1);
    street.until(160 + 86_400);
    assert_eq!(stops(&street), []);
}
