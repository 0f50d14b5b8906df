//! The rota from the village file to instants: at every minute of a fortnight, in any zone and on any rota, the plan says what
//! the clock on the wall and the lists say.

use std::collections::BTreeSet;
use std::fmt::Write as _;

use jiff::civil::{Date, DateTime, Time, date};
use jiff::tz::TimeZone;
use jiff::{Timestamp, ToSpan as _};
use proptest::prelude::*;
use shouwang::config::village::WeeklyRota;
use shouwang::config::village::rota::expand::{first_at, local};
use shouwang::config::{Village, What};
use shouwang::core::id::ResponderId;
use shouwang::core::rota::Span;
use shouwang::core::time::Wall;

const MINUTE_MS: i64 = 60_000;

/// Zones by their rules of 2026, so that no database of this machine decides, and a fortnight around each change of clocks.
const ZONES: &[(&str, &str, &[Date])] = &[
    ("Asia/Shanghai", "CST-8", &[date(2026, 2, 12), date(2026, 9, 25)]),
    ("Europe/Berlin", "CET-1CEST,M3.5.0,M10.5.0/3", &[date(2026, 3, 24), date(2026, 10, 20)]),
    ("America/New_York", "EST5EDT,M3.2.0,M11.1.0", &[date(2026, 3, 3), date(2026, 10, 27)]),
    ("Australia/Lord_Howe", "<+1030>-10:30<+11>-11,M10.1.0,M4.1.0", &[date(2026, 3, 31), date(2026, 9, 29)]),
    // Clocks are moved at midnight: one day begins at one o'clock, and another has its last hour twice.
    ("America/Havana", "CST5CDT,M3.2.0/0,M11.1.0/1", &[date(2026, 3, 3), date(2026, 10, 27)]),
];

fn village(text: &str) -> Village {
    let mut whole = String::new();
    for number in 1..=5 {
        _ = writeln!(whole, "[responders.p{number}]\nname = \"示例\"\nrole = \"neighbour\"");
    }
    Village::parse("village.toml", &(whole + text), None).unwrap_or_else(|problems| panic!("{problems}\n{text}")).value
}

/// Whose duty it is when the clock on the wall shows `at`, from the lists alone.
fn by_the_clock_on_the_wall(rota: &WeeklyRota, at: DateTime) -> BTreeSet<ResponderId> {
    let mut on = BTreeSet::new();
    for begins in [at.date().yesterday().expect("in range"), at.date()] {
        for (name, shift) in &rota.shifts {
            let minutes = |time: Time| i64::from(time.hour()) * 60 + i64::from(time.minute());
            let day = if begins == at.date() { 0 } else { 24 * 60 };
            let (from, until) = (minutes(shift.from), minutes(shift.until));
            let until = if until > from { until } else { until + 24 * 60 };
            if (from..until).contains(&(minutes(at.time()) + day)) {
                on.extend(rota.on_shift(begins, *name));
            }
        }
    }
    on.retain(|who| {
        !rota.leaves.iter().any(|leave| leave.who == *who && (leave.from..=leave.until).contains(&at.date()))
    });
    on
}

/// Walks through a fortnight minute by minute. A clock that is put back shows nothing new until it has caught up.
fn holds_for_a_fortnight(rota: &WeeklyRota, zone: &TimeZone, from: Date) -> Result<(), TestCaseError> {
    let begin = first_at(from.to_datetime(Time::midnight()), zone);
    let window = Span { from: begin, until: Wall(begin.0 + 14 * 24 * 60 * MINUTE_MS) };
    let plan = rota.plan(window, zone);
    prop_assert_eq!(plan.window(), window);
    let mut furthest = local(Wall(begin.0 - 24 * 60 * MINUTE_MS), zone);
    let mut at = begin.0 - 24 * 60 * MINUTE_MS;
    while at < window.until.0 {
        furthest = furthest.max(local(Wall(at), zone));
        if at >= begin.0 {
            let wanted = by_the_clock_on_the_wall(rota, furthest);
            // The first and the last millisecond of the minute: no shift begins or ends inside of one.
            for instant in [at, at + MINUTE_MS - 1] {
                let said: Vec<ResponderId> = plan.on_duty(Wall(instant)).collect();
                prop_assert_eq!(said.len(), wanted.len(), "each once, at {}", furthest);
                prop_assert_eq!(said.into_iter().collect::<BTreeSet<_>>(), wanted.clone(), "at {}", furthest);
            }
        }
        at += MINUTE_MS;
    }
    Ok(())
}

prop_compose! {
    /// Shifts that meet at the same times of the clock, the small hours most often, as far as they meet at all.
    fn shifts()(
        mut cuts in prop::collection::btree_set(prop_oneof![0_u16..240, 0_u16..1440], 1..5),
        also in prop::option::of((0_u16..1440, 0_u16..1440)),
        lists in prop::collection::vec((0_usize..10, prop::collection::btree_set(1_u8..=5, 0..3)), 5..16),
    ) -> String {
        let clock = |minute: u16| format!("{:02}:{:02}", minute / 60, minute % 60);
        // Two shifts at least, because the changes name two.
        cuts.extend([150, 1_350]);
        let cuts: Vec<u16> = cuts.into_iter().collect();
        let next = |at: usize| cuts[(at + 1) % cuts.len()];
        let mut spans: Vec<(u16, u16)> = cuts.iter().enumerate().map(|(at, cut)| (*cut, next(at))).collect();
        spans.extend(also);
        let mut text = String::new();
        for (number, (from, until)) in spans.iter().enumerate() {
            _ = writeln!(text, "[shifts.s{number}]\nfrom = \"{}\"\nuntil = \"{}\"", clock(*from), clock(*until));
            let words = ["daily", "mon", "tue", "wed", "thu", "fri", "sat", "sun", "holiday", "workday"];
            let mut given = BTreeSet::from([0]);
            _ = writeln!(text, "daily = [\"p{}\"]", number % 5 + 1);
            for (list, who) in lists.iter().skip(number).step_by(2) {
                if given.insert(*list) {
                    let who: Vec<String> = who.iter().map(|number| format!("\"p{number}\"")).collect();
                    _ = writeln!(text, "{} = [{}]", words[*list], who.join(", "));
                }
            }
        }
        text
    }
}

prop_compose! {
    fn changes(from: Date)(
        swaps in prop::collection::vec((-1_i32..15, 0_u8..2, 1_u8..=5, 1_u8..=5), 0..6),
        leaves in prop::collection::vec((1_u8..=5, -2_i32..15, 0_i32..5), 0..3),
        days in prop::collection::btree_map(0_i32..14, any::<bool>(), 0..3),
    ) -> String {
        let day = |after: i32| from.checked_add(after.days()).expect("in range");
        let mut text = String::new();
        for (after, shift, out, stands_in) in swaps {
            _ = writeln!(text, "[[swaps]]\ndate = {}\nshift = \"s{shift}\"\nout = \"p{out}\"\nin = \"p{stands_in}\"", day(after));
        }
        for (who, after, length) in leaves {
            _ = writeln!(text, "[[leave]]\nwho = \"p{who}\"\nfrom = {}\nuntil = {}", day(after), day(after + length));
        }
        let list = |wanted: bool| {
            let days = days.iter().filter(|(_, worked)| **worked == wanted).map(|(after, _)| day(*after).to_string());
            days.collect::<Vec<_>>().join(", ")
        };
        _ = writeln!(text, "[calendar]\nholidays = [{}]\nworkdays = [{}]", list(false), list(true));
        text
    }
}

fn anywhere() -> impl Strategy<Value = (&'static str, Date, String)> {
    let places: Vec<(&str, Date)> =
        ZONES.iter().flat_map(|(_, rule, fortnights)| fortnights.iter().map(|from| (*rule, *from))).collect();
    prop::sample::select(places).prop_flat_map(|(rule, from)| {
        (shifts(), changes(from)).prop_map(move |(shifts, changes)| (rule, from, shifts + &changes))
    })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 96, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn at_every_minute_of_a_fortnight_the_plan_says_what_the_clock_and_the_lists_say((rule, from, text) in anywhere()) {
        let zone = TimeZone::posix(rule).expect("a rule");
        holds_for_a_fortnight(&village(&text).rota, &zone, from)?;
    }
}

#[test]
fn a_later_time_on_the_wall_is_never_an_earlier_instant() {
    for (name, rule, fortnights) in ZONES {
        let zone = TimeZone::posix(rule).expect("a rule");
        for from in *fortnights {
            let mut before = Wall(i64::MIN);
            for minute in 0..14 * 24 * 60_i64 {
                let shown = from.to_datetime(Time::midnight()).checked_add(minute.minutes()).expect("in range");
                let at = first_at(shown, &zone);
                assert!(at >= before, "{name}: {shown}");
                assert!(local(at, &zone) >= shown, "{name}: {shown} is not shown yet at its instant");
                assert!(local(Wall(at.0 - 1), &zone) < shown, "{name}: {shown} was shown before its instant");
                before = at;
            }
        }
    }
}

#[test]
fn a_day_that_an_island_left_out_is_nobodys_and_no_hole() {
    // Samoa went from the 29th of December 2011 to the 31st. A machine without the database of zones cannot tell.
    let Ok(zone) = TimeZone::get("Pacific/Apia") else { return };
    let text = "[shifts.all]\nfrom = \"00:00\"\nuntil = \"24:00\"\ndaily = [\"p1\"]\nfri = [\"p2\"]\n";
    let rota = village(text).rota;
    let begin = first_at(date(2011, 12, 28).to_datetime(Time::midnight()), &zone);
    let plan = rota.plan(Span { from: begin, until: Wall(begin.0 + 5 * 24 * 60 * MINUTE_MS) }, &zone);
    let ids: Vec<&str> = plan.duties().iter().map(|duty| duty.responder.as_str()).collect();
    assert_eq!(ids, ["p1"], "the Friday never was");
}

#[test]
fn leave_begins_and_ends_at_midnight_also_in_the_middle_of_a_night() {
    let text = "[shifts.night]\nfrom = \"20:30\"\nuntil = \"07:30\"\ndaily = [\"p1\"]\n\
                [[leave]]\nwho = \"p1\"\nfrom = 2026-12-05\nuntil = 2026-12-06\n";
    let rota = village(text).rota;
    let zone = TimeZone::fixed(jiff::tz::offset(8));
    let shift = "night".parse().expect("an id");
    let shown = |day: Date| {
        let duties = rota.duties(day, shift, &zone);
        duties
            .iter()
            .map(|duty| format!("{} {}", local(duty.from, &zone), local(duty.until, &zone)))
            .collect::<Vec<_>>()
    };
    assert_eq!(shown(date(2026, 12, 4)), ["2026-12-04T20:30:00 2026-12-05T00:00:00"]);
    assert_eq!(shown(date(2026, 12, 5)), Vec::<String>::new());
    assert_eq!(shown(date(2026, 12, 6)), ["2026-12-07T00:00:00 2026-12-07T07:30:00"]);
}

#[test]
fn holidays_and_worked_weekends_have_lists_of_their_own_and_the_village_has_the_last_word() {
    let text = "[shifts.day]\nfrom = \"07:30\"\nuntil = \"20:30\"\ndaily = [\"p1\"]\nsat = [\"p2\"]\nsun = [\"p2\"]\n\
                holiday = [\"p3\"]\nworkday = [\"p4\"]\n\
                [shifts.night]\nfrom = \"20:30\"\nuntil = \"07:30\"\ndaily = [\"p5\"]\nholiday = []\n\
                [calendar]\nholidays = [2026-02-13]\nworkdays = [2026-10-02]\n";
    let rota = village(text).rota;
    let on = |day: Date, shift: &str| {
        let ids = rota.on_shift(day, shift.parse().expect("an id"));
        ids.iter().map(ToString::to_string).collect::<Vec<_>>().join(" ")
    };
    let days = [
        (date(2026, 2, 12), "p1"),
        (date(2026, 2, 13), "p3"),
        (date(2026, 2, 14), "p4"),
        (date(2026, 2, 15), "p3"),
        (date(2026, 2, 28), "p4"),
        (date(2026, 3, 1), "p2"),
        (date(2026, 10, 1), "p3"),
        (date(2026, 10, 2), "p4"),
    ];
    for (day, who) in days {
        assert_eq!(on(day, "day"), who, "{day}");
    }
    assert_eq!((on(date(2026, 10, 1), "night"), on(date(2026, 10, 2), "night")), (String::new(), "p5".to_owned()));
}

#[test]
fn what_is_past_and_a_year_without_its_holidays_are_told_when_the_day_has_come() {
    let text = "[shifts.night]\nfrom = \"20:30\"\nuntil = \"07:30\"\ndaily = [\"p1\"]\nholiday = [\"p2\"]\n\
                [[swaps]]\ndate = 2026-11-03\nshift = \"night\"\nout = \"p1\"\nin = \"p2\"\n\
                [[leave]]\nwho = \"p1\"\nfrom = 2026-11-03\nuntil = 2026-11-09\n";
    let zone = TimeZone::fixed(jiff::tz::offset(8));
    let whats = |text: &str, now: &str| {
        let now = now.parse::<Timestamp>().expect("a time").as_millisecond();
        let problems = village(text).lapsed(Wall(now), &zone);
        problems.list().iter().map(|problem| (problem.what, problem.line)).collect::<Vec<_>>()
    };
    assert_eq!(whats(text, "2026-11-03T23:29:59Z"), []);
    assert_eq!(whats(text, "2026-11-03T23:30:00Z"), [(What::Lapsed, 22)]);
    assert_eq!(whats(text, "2026-11-10T00:00:00Z"), [(What::Lapsed, 22), (What::Lapsed, 29)]);
    let quiet = &text[..text.find("[[swaps]]").expect("it is there")];
    assert_eq!(whats(quiet, "2026-11-30T00:00:00Z"), []);
    assert_eq!(whats(quiet, "2026-12-02T00:00:00Z"), [(What::HolidaysUnknown, 0)]);
    let told = format!("{quiet}[calendar]\nholidays = [2027-01-01]\n");
    assert_eq!(whats(&told, "2026-12-02T00:00:00Z"), [], "the village knows");
    assert_eq!(whats(&quiet.replace("holiday = [\"p2\"]\n", ""), "2026-12-02T00:00:00Z"), [], "nobody asks");
}

#[test]
fn the_forecast_names_who_has_nobody_near_and_when() {
    let text = "[homes.h1]\nlabel = \"示例\"\n[homes.h2]\nlabel = \"示例\"\n\
                [residents.r1]\nname = \"示例\"\naddress_form = \"示例\"\nhome = \"h1\"\n\
                [residents.r2]\nname = \"示例\"\naddress_form = \"示例\"\nhome = \"h2\"\n\
                [responders.far]\nname = \"示例\"\nrole = \"neighbour\"\ntravel_min = 40\ntravel = { h1 = 5 }\n\
                [responders.kin]\nname = \"示例\"\nrole = \"family\"\ntravel_min = 1\n\
                [shifts.day]\nfrom = \"08:00\"\nuntil = \"20:00\"\ndaily = [\"p1\"]\n\
                [shifts.late]\nfrom = \"20:00\"\nuntil = \"23:00\"\ndaily = [\"far\"]\n\
                [shifts.night]\nfrom = \"23:00\"\nuntil = \"06:00\"\ndaily = [\"kin\"]\n";
    let village = village(text);
    let zone = TimeZone::fixed(jiff::tz::offset(8));
    let at = |day: i8, hour: i8| first_at(date(2026, 12, day).at(hour, 0, 0, 0), &zone);
    let forecast = village.forecast(Span { from: at(1, 12), until: at(2, 12) }, &zone);
    let gap = |from: (i8, i8), until: (i8, i8)| Span { from: at(from.0, from.1), until: at(until.0, until.1) };
    assert_eq!(forecast.nobody, [gap((2, 6), (2, 8))]);
    let far: Vec<_> = forecast.far.iter().map(|(id, gaps)| (id.as_str(), gaps.as_slice())).collect();
    assert_eq!(far, [("r1", &[gap((1, 23), (2, 8))][..]), ("r2", &[gap((1, 20), (2, 8))][..])]);
}
