//! Who is to be visited, and who was really there (CARE-RULES 15, 23, 30, 31).

use shouwang::control::protocol::VisitRow;
use shouwang::core::alarm::{Arrival, Disposition, NoteKind};
use shouwang::core::condition::Condition;
use shouwang::core::effect::{Answer, Authority, Command, Effect, Input, Order};
use shouwang::core::id::HomeId;
use shouwang::core::plan::{Absence, Plan};
use shouwang::core::refusal::Refusal;
use shouwang::core::roster::{Roster, Service, Tier};
use shouwang::core::rota::{Rota, Span};
use shouwang::core::time::{Gap, Trust, Wall};
use shouwang::core::visit::{Deed, DoorCode, Open, Reason, Rhythm};
use shouwang::limits::NOTE_BYTES_MAX;
use shouwang::private::Private;

use super::street::Street;
use super::village::{BEGIN_WALL_MS, hours, id, roster, roster_of};

const CALL: Condition = Condition::HelpCall;
const MINUTE: u64 = 60;
const HOUR: u64 = 60 * MINUTE;
const DAY: u64 = 24 * HOUR;
/// 07:30, when the day's first look is taken, and midnight, when a date ends.
const MORNING: u64 = 7 * HOUR + 30 * MINUTE;

/// So many days from midnight of the first on; nobody is on duty.
fn days(from: i64, until: i64) -> Plan {
    let at = |day: i64, minutes: i64| Wall(BEGIN_WALL_MS + day * 86_400_000 + minutes * 60_000);
    let window = Span { from: at(from, 0), until: at(until, 0) };
    let span = |day: i64, from: i64, until: i64| Span { from: at(day, from), until: at(day, until) };
    Plan {
        rota: Rota::of(window, Vec::new()),
        fault_hours: (from..until).map(|day| span(day, 450, 1_230)).collect(),
        dates: (from..until).map(|day| span(day, 0, 1_440)).collect(),
        ..Plan::default()
    }
}

/// Three residents, of whom the first is at high risk, from midnight on, for seven weeks.
fn list() -> Roster {
    let mut list = roster();
    list.residents.get_mut(&id("r1")).expect("a resident").tier = Tier::High;
    list
}

fn street() -> Street {
    Street::new(list(), days(0, 50))
}

/// What was recorded of a resident's visits but for their being listed: when, and what.
fn deeds(street: &Street, resident: &str) -> Vec<(u64, Deed)> {
    let of = street.visit_records.iter().filter(|(_, record)| record.standing.resident == id(resident));
    of.filter(|(_, record)| record.deed != Deed::Listed).map(|(at, record)| (*at, record.deed.clone())).collect()
}

fn open(street: &Street, resident: &str) -> Vec<Open> {
    let standing = street.station.visits().find(|standing| standing.resident == id(resident));
    standing.map(|standing| standing.open.clone()).unwrap_or_default()
}

fn reasons(street: &Street, resident: &str) -> Vec<Reason> {
    open(street, resident).iter().map(|open| open.reason).collect()
}

fn due(reason: Reason) -> Deed {
    Deed::Due { reason }
}

fn missed(reason: Reason) -> Deed {
    Deed::Missed { reason }
}

fn visited(resident: &str, by: &str) -> Order {
    Order::Visited { resident: id(resident), by: id(by), door: None }
}

#[test]
fn rule_31_a_visit_is_due_by_the_days_of_the_tier_and_missed_at_the_end_of_its_day() {
    let mut street = street();
    street.until(49 * DAY);
    assert_eq!(
        deeds(&street, "r1"),
        [(7 * DAY + MORNING, due(Reason::Routine)), (8 * DAY + MORNING, missed(Reason::Routine))],
        "a week for the high tier, by day only, and one period is missed once"
    );
    assert_eq!(
        deeds(&street, "r2"),
        [(30 * DAY + MORNING, due(Reason::Routine)), (31 * DAY + MORNING, missed(Reason::Routine))]
    );
    assert_eq!(reasons(&street, "r2"), [Reason::Routine], "it stays to be done");
    assert!(street.sent.iter().all(|sent| sent.what != "☎"), "nobody is rung up for it");
}

#[test]
fn rule_31_the_village_decides_on_the_days() {
    let mut list = list();
    list.visits = Rhythm { ordinary_days: 3, high_days: 1 };
    let mut street = Street::new(list, days(0, 10));
    street.until(4 * DAY);
    assert_eq!(deeds(&street, "r1")[0], (DAY + MORNING, due(Reason::Routine)));
    assert_eq!(deeds(&street, "r2")[0], (3 * DAY + MORNING, due(Reason::Routine)));
}

#[test]
fn rule_31_a_visit_before_its_day_counts_and_the_next_is_counted_from_it() {
    let mut street = street();
    let done = street.order(5 * DAY + 2 * HOUR, visited("r1", "n-1"));
    assert_eq!(done, Answer::Visited { resident: id("r1"), proven: false });
    street.until(12 * DAY + MORNING + 1);
    let deeds = deeds(&street, "r1");
    assert!(matches!(&deeds[0], (at, Deed::Done { served, .. }) if *at == 5 * DAY + 2 * HOUR && served.is_empty()));
    assert_eq!(deeds[1..], [(12 * DAY + MORNING, due(Reason::Routine))]);
}

#[test]
fn rule_31_one_visit_serves_every_reason_and_a_late_one_too() {
    let mut street = street();
    unverified(&mut street, 8 * DAY + 10 * HOUR);
    assert_eq!(reasons(&street, "r1"), [Reason::Routine, Reason::Unverified]);
    street.order(8 * DAY + 12 * HOUR, visited("r1", "doctor"));
    let (_, last) = deeds(&street, "r1").pop().expect("a record");
    let Deed::Done { visit, served, alarm: None } = last else { panic!("{last:?}") };
    assert_eq!((visit.by, visit.proven), (id("doctor"), false));
    assert_eq!(served, [Reason::Routine, Reason::Unverified]);
    assert!(open(&street, "r1").is_empty());
    street.until(9 * DAY + 12 * HOUR);
    assert_eq!(reasons(&street, "r1"), []);
}

/// Somebody accepts a call of r1 and closes it from afar.
fn unverified(street: &mut Street, at: u64) {
    street.press(at, "button1");
    let alarm = street.newest(CALL).id;
    street.order(at + 10, Order::Accept { alarm, by: id("n-1") });
    let disposition = Disposition::FalseAlarm;
    street.order(at + 20, Order::Close { alarm, by: Some(id("n-1")), disposition, conversation: String::new() });
}

#[test]
fn rule_15_a_call_that_was_closed_unverified_wants_a_visit_within_a_day() {
    let mut street = street();
    let closed = 2 * DAY + 23 * HOUR;
    unverified(&mut street, closed);
    assert_eq!(deeds(&street, "r1"), [(closed + 20, due(Reason::Unverified))], "by night too: it is a list");
    let by = open(&street, "r1")[0].by;
    assert_eq!(by, Wall(BEGIN_WALL_MS + i64::try_from((closed + 20 + DAY) * 1000).expect("small")));
    street.until(5 * DAY);
    assert_eq!(deeds(&street, "r1")[1..], [(4 * DAY + MORNING, missed(Reason::Unverified))], "said in the morning");
}

#[test]
fn rule_15_a_second_one_joins_the_visit_that_is_open_and_a_drill_wants_none() {
    let mut street = street();
    unverified(&mut street, DAY);
    unverified(&mut street, DAY + HOUR);
    assert_eq!(deeds(&street, "r1").len(), 1);
    street.order(DAY + 2 * HOUR, Order::Drill { resident: id("r2") });
    let alarm = street.newest(CALL).id;
    assert!(alarm.drill);
    street.order(DAY + 2 * HOUR + 5, Order::Accept { alarm, by: id("n-1") });
    let close =
        Order::Close { alarm, by: Some(id("n-1")), disposition: Disposition::Drill, conversation: String::new() };
    street.order(DAY + 2 * HOUR + 10, close);
    assert_eq!(deeds(&street, "r2"), []);
}

#[test]
fn rule_31_who_closes_an_alarm_on_site_has_visited() {
    let mut street = street();
    street.press(DAY, "button2");
    let alarm = street.newest(CALL).id;
    street.order(DAY + 60, Order::OnSite { alarm, by: id("g-1"), door: None });
    assert_eq!(deeds(&street, "r2"), [], "they are still there");
    let close =
        Order::Close { alarm, by: Some(id("desk")), disposition: Disposition::Helped, conversation: String::new() };
    street.order(DAY + 600, close);
    let deeds = deeds(&street, "r2");
    let [(at, Deed::Done { visit, alarm: Some(of), .. })] = &deeds[..] else { panic!("{deeds:?}") };
    assert_eq!((*at, visit.by, visit.proven, *of), (DAY + 600, id("g-1"), false, alarm));
}

#[test]
fn rule_31_an_unknown_resident_or_visitor_and_the_county_are_refused() {
    let mut list = list();
    list.residents.get_mut(&id("r3")).expect("a resident").service = Service::Moved;
    let mut street = Street::new(list, days(0, 50));
    let refused = |reason| Answer::Refused { reason };
    assert_eq!(street.order(10, visited("r9", "n-1")), refused(Refusal::UnknownResident));
    assert_eq!(street.order(11, visited("r3", "n-1")), refused(Refusal::UnknownResident));
    assert_eq!(street.order(12, visited("r1", "nobody")), refused(Refusal::UnknownResponder));
    let command = Command { id: id("from-county"), from: Authority::County, order: visited("r1", "n-1") };
    let effects = street.station.handle(street.moment(), &Input::Command(command));
    assert!(effects.contains(&Effect::Answer(id("from-county"), refused(Refusal::OnlyLocal))), "{effects:?}");
    assert!(street.visit_records.iter().all(|(_, record)| !matches!(record.deed, Deed::Done { .. })));
}

#[test]
fn rule_31_a_wrong_entry_is_not_undone_and_a_note_stands_beside_it() {
    let mut street = street();
    street.order(DAY, visited("r1", "n-1"));
    let note = |by: &str, text: &str| Order::VisitNote { resident: id("r1"), by: id(by), text: text.to_owned() };
    assert_eq!(street.order(DAY + 60, note("nobody", "x")), Answer::Refused { reason: Refusal::UnknownResponder });
    let noted = street.order(DAY + 60, note("desk", &"登记错了人。".repeat(200)));
    assert_eq!(noted, Answer::VisitNoted { resident: id("r1") });
    let (_, Deed::Noted { by, text }) = deeds(&street, "r1").pop().expect("a record") else { panic!("a note") };
    assert!(by == id("desk") && text.starts_with("登记错了人") && text.len() <= NOTE_BYTES_MAX);
    let standing = street.station.visits().find(|standing| standing.resident == id("r1")).expect("a standing");
    assert_eq!(standing.last.map(|visit| visit.by), Some(id("n-1")), "what was said stays said");
}

#[test]
fn rule_31_without_a_clock_nothing_is_judged_and_it_is_made_up_for_when_it_is_set() {
    let mut street = street();
    street.until(MORNING + 1);
    street.clock(2 * DAY, 0, Trust::Unset);
    street.until(9 * DAY + MORNING + HOUR);
    assert_eq!(deeds(&street, "r1"), [], "nobody knows what day it is");
    street.clock(9 * DAY + 12 * HOUR, 0, Trust::Synced);
    assert_eq!(deeds(&street, "r1"), [(9 * DAY + 12 * HOUR, due(Reason::Routine))]);
    assert_eq!(deeds(&street, "r2"), []);
    street.until(11 * DAY);
    assert_eq!(deeds(&street, "r1")[1..], [(10 * DAY + MORNING, missed(Reason::Routine))]);
}

#[test]
fn rule_31_a_clock_that_jumps_five_years_and_back_misses_nobody_twice() {
    let five_years_days = 5 * 365;
    let jump_ms = five_years_days * 86_400_000;
    let mut street = Street::new(roster_of(60), days(0, 50));
    street.until(3 * DAY + 12 * HOUR);
    street.clock(3 * DAY + 12 * HOUR, jump_ms, Trust::Synced);
    street.plan(3 * DAY + 12 * HOUR + 1, days(five_years_days, five_years_days + 50));
    street.until(6 * DAY + 12 * HOUR);
    street.clock(6 * DAY + 12 * HOUR, -jump_ms, Trust::Synced);
    street.plan(6 * DAY + 12 * HOUR + 1, days(0, 50));
    for resident in ["r1", "r60"] {
        let what: Vec<Deed> = deeds(&street, resident).into_iter().map(|(_, deed)| deed).collect();
        let withdrawn = Deed::Withdrawn { reason: Reason::Routine };
        assert_eq!(what, [due(Reason::Routine), missed(Reason::Routine), withdrawn]);
    }
    street.until(30 * DAY + MORNING - 1);
    assert_eq!(deeds(&street, "r60").len(), 3);
    street.until(30 * DAY + MORNING);
    assert_eq!(deeds(&street, "r60")[3..], [(30 * DAY + MORNING, due(Reason::Routine))], "as if nothing had been");
}

#[test]
fn rule_31_standings_survive_a_restart_without_a_replay() {
    let mut street = street();
    street.until(8 * DAY);
    street.order(8 * DAY + HOUR, visited("r2", "n-1"));
    street.log.clear();
    street.restart(8 * DAY + 2 * HOUR, 8 * DAY + 3 * HOUR, Gap::SameBoot, days(0, 50));
    street.until(9 * DAY);
    assert_eq!(deeds(&street, "r1").len(), 2, "due and missed stand in the log, and are not said again");
    assert_eq!(reasons(&street, "r1"), [Reason::Routine]);
    street.until(38 * DAY + MORNING + 1);
    let (at, deed) = deeds(&street, "r2").pop().expect("a record");
    assert_eq!((at, deed), (38 * DAY + MORNING, due(Reason::Routine)), "counted from the visit before it");
}

#[test]
fn rule_26_whoever_has_left_is_visited_no_more_and_whoever_is_away_not_by_routine() {
    let mut list = list();
    let mut street = Street::new(list.clone(), days(0, 50));
    street.until(8 * DAY);
    list.residents.get_mut(&id("r1")).expect("a resident").service = Service::Paused;
    list.residents.get_mut(&id("r2")).expect("a resident").service = Service::Deceased;
    street.list = list;
    street.restart(8 * DAY, 8 * DAY + 10, Gap::SameBoot, days(0, 50));
    street.until(40 * DAY);
    let withdrawn = Deed::Withdrawn { reason: Reason::Routine };
    assert_eq!(deeds(&street, "r1").last().map(|(_, deed)| deed), Some(&withdrawn));
    assert_eq!(deeds(&street, "r2").last().map(|(_, deed)| deed), Some(&Deed::Ended));
    assert!(street.station.visits().all(|standing| standing.resident != id("r2")));
}

#[test]
fn rule_31_whoever_is_away_has_no_next_visit() {
    let is_next = |absences: Vec<Absence>| {
        let mut street = Street::new(list(), Plan { absences, ..days(0, 50) });
        street.until(MORNING + 1);
        VisitRow::of(&street.station).into_iter().map(|row| row.next.is_some()).collect::<Vec<_>>()
    };
    let away = hours(0, 20 * 24);
    let absence = Absence { resident: id("r1"), away, ask: away.until, contact: None, first: Vec::new() };
    assert_eq!(is_next(Vec::new()), [true; 3]);
    assert_eq!(is_next(vec![absence]), [false, true, true]);
}

#[test]
fn rule_23_a_home_without_a_word_for_an_hour_is_listed_for_a_visit() {
    let mut street = street();
    street.restart(10 * HOUR, 20 * HOUR, Gap::Unknown, days(0, 50));
    street.hear(20 * HOUR + 20 * MINUTE, "button1", &[]);
    street.until(21 * HOUR - 1);
    assert_eq!(reasons(&street, "r2"), []);
    street.until(21 * HOUR);
    assert_eq!(reasons(&street, "r1"), [], "that home was heard");
    for resident in ["r2", "r3"] {
        assert_eq!(deeds(&street, resident), [(21 * HOUR, due(Reason::NothingHeard))]);
    }
    street.hear(22 * HOUR, "button2", &[]);
    assert_eq!(reasons(&street, "r2"), [Reason::NothingHeard], "that a button is heard says nothing of a person");
}

#[test]
fn rule_23_the_hour_goes_on_over_a_restart_and_counts_while_the_box_listens() {
    let mut street = street();
    street.restart(10 * HOUR, 20 * HOUR, Gap::Unknown, days(0, 50));
    street.hear(20 * HOUR + 10 * MINUTE, "button1", &[]);
    street.restart(20 * HOUR + 30 * MINUTE, 20 * HOUR + 50 * MINUTE, Gap::SameBoot, days(0, 50));
    street.until(21 * HOUR + 20 * MINUTE - 1);
    assert_eq!(reasons(&street, "r2"), []);
    street.until(21 * HOUR + 20 * MINUTE);
    assert_eq!(reasons(&street, "r2"), [Reason::NothingHeard]);
    assert_eq!(reasons(&street, "r1"), [], "it was heard before the restart");
    street.restart(22 * HOUR, 22 * HOUR + 10, Gap::SameBoot, days(0, 50));
    street.until(24 * HOUR);
    assert_eq!(deeds(&street, "r2").len(), 1, "it was said once");
}

#[test]
fn rule_23_a_restart_whose_length_is_known_lists_nobody() {
    let mut street = street();
    street.restart(10 * HOUR, 20 * HOUR, Gap::Known { ms: 36_000_000 }, days(0, 50));
    street.until(22 * HOUR);
    assert_eq!(reasons(&street, "r2"), []);
}

/// The street, with a card inside of each door.
fn with_cards() -> Street {
    let mut street = street();
    for (home, code) in [("h1", "0471"), ("h2", "4711"), ("h3", "9999")] {
        street.names.doors.insert(id(home), Private::new(code.to_owned()));
    }
    street
}

fn arrival(street: &Street) -> Arrival {
    street.newest(CALL).arrival.expect("somebody has arrived")
}

#[test]
fn rule_30_whoever_tells_the_code_of_the_door_is_proven_to_be_there() {
    let mut street = with_cards();
    street.press(DAY, "button1");
    let code = street.code(CALL, "n-1");
    street.text(DAY + 20, "n-1", &format!("{code} 去"));
    street.text(DAY + 200, "n-1", &format!("{code} 到了 0471"));
    assert_eq!(street.state(CALL), "on_site");
    assert_eq!((arrival(&street).by, arrival(&street).proven), (id("n-1"), true));
    street.text(DAY + 600, "n-1", &format!("{code} 没事了"));
    let (_, last) = deeds(&street, "r1").pop().expect("a record");
    assert!(matches!(last, Deed::Done { visit, .. } if visit.proven), "{last:?}");
    let all = serde_json::to_string(&street.log).expect("JSON") + &format!("{:?}", street.records);
    assert!(!all.contains("0471"), "the code is in no record");
}

#[test]
fn rule_30_no_code_is_self_reported_and_a_wrong_one_refuses_nobody_and_is_noted() {
    let mut street = with_cards();
    street.press(DAY, "button1");
    let code = street.code(CALL, "n-1");
    street.text(DAY + 20, "n-1", &format!("{code} 到了"));
    assert_eq!((street.state(CALL), arrival(&street).proven), ("on_site", false));
    street.text(DAY + 30, "n-1", &format!("{code} 到了 1111"));
    assert_eq!((street.state(CALL), arrival(&street).proven), ("on_site", false));
    let notes =
        |street: &Street| street.newest(CALL).notes.iter().filter(|note| note.kind == NoteKind::WrongDoorCode).count();
    assert_eq!(notes(&street), 1);
    street.text(DAY + 40, "n-1", &format!("{code} 到了 4711"));
    assert_eq!((notes(&street), arrival(&street).proven), (2, false), "it is another home's");
    street.text(DAY + 50, "n-1", &format!("{code} 到了 0471"));
    assert!(arrival(&street).proven);
    assert_eq!(arrival(&street).at.wall, Wall(BEGIN_WALL_MS + i64::try_from((DAY + 20) * 1000).expect("small")));
    street.text(DAY + 60, "n-1", &format!("{code} 到了 1111"));
    assert!(arrival(&street).proven, "what was proven stays so");
}

#[test]
fn rule_30_after_five_wrong_codes_of_one_person_it_is_compared_no_more() {
    let mut street = with_cards();
    street.press(DAY, "button1");
    let alarm = street.newest(CALL).id;
    let mut says = |at: u64, who: &str, home: Option<HomeId>| {
        let door = Some(home.map_or(DoorCode::Wrong, DoorCode::Of));
        let answer = street.order(DAY + at, Order::OnSite { alarm, by: id(who), door });
        assert!(matches!(answer, Answer::Done { .. }), "nobody is refused: {answer:?}");
        arrival(&street).proven
    };
    for try_ in 1..=5 {
        assert!(!says(try_, "n-1", None));
    }
    assert!(!says(6, "n-1", Some(id("h1"))), "the sixth is not compared");
    assert!(says(7, "g-1", Some(id("h1"))), "others may still tell it");
    assert!(!says(8, "doctor", Some(id("h2"))));
}

#[test]
fn rule_30_a_code_for_a_home_without_a_card_says_nothing() {
    let mut street = street();
    street.press(DAY, "button1");
    let code = street.code(CALL, "n-1");
    street.text(DAY + 20, "n-1", &format!("{code} 到了 0471"));
    assert_eq!((street.state(CALL), arrival(&street).proven), ("on_site", false));
    assert!(street.newest(CALL).notes.is_empty());
}
