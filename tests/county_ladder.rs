//! The county's own ladder in virtual time: who is called at which second, who acknowledges, and what must not happen.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use jiff::civil::time;
use jiff::tz::TimeZone;
use shouwang::core::id::StationId;
use shouwang::county::case::{Case, Cause, Facts, Leg, Situation};
use shouwang::county::ladder::{Effect, Escalation, Input};
use shouwang::county::plan::{Plan, PlannedStation, Shifts, Who};
use shouwang::county::since::Since;
use shouwang::notify::channel::{Deed, Errand, Failure, Ticket, Word};
use shouwang::notify::message::is_one_message;
use shouwang::private::Private;
use shouwang::words::Lang;

/// Noon of a day in UTC, in which the plan's day and night are counted.
const NOON_MS: i64 = 1_795_262_400_000;
const NIGHT_MS: i64 = NOON_MS + 14 * 3_600_000;

/// The made-up people by the last digits of their numbers.
const DUTY: &str = "13800000001";
const TOWNSHIP: &str = "13800000002";
const DAY: &str = "13800000003";
const NIGHT: &str = "13800000004";
const OFF: &str = "13800000005";

fn private(text: &str) -> Private<String> {
    Private::new(text.to_owned())
}

fn who(text: &str) -> Who {
    text.parse().expect("somebody")
}

fn plan() -> Plan {
    let station = |name: &str, phone: Option<&str>, township: Option<&str>| PlannedStation {
        name: name.to_owned(),
        duty_phone: phone.map(private),
        township: township.map(|id| id.parse().expect("a slug")),
        retired: Vec::new(),
    };
    let person = |id: &str, phone: &str| (id.parse().expect("a slug"), private(phone));
    Plan {
        stations: BTreeMap::from([
            ("st1".parse().expect("a slug"), station("示例照料站", Some(DUTY), Some("t1"))),
            ("st2".parse().expect("a slug"), station("示例北村站", None, None)),
        ]),
        townships: BTreeMap::from([("t1".parse().expect("a slug"), private(TOWNSHIP))]),
        people: BTreeMap::from([person("day", DAY), person("night", NIGHT), person("off", OFF)]),
        shifts: Shifts {
            day: vec!["day".parse().expect("a slug")],
            night: vec!["night".parse().expect("a slug")],
            day_begins: time(8, 0, 0, 0),
            night_begins: time(20, 0, 0, 0),
        },
        zone: TimeZone::UTC,
        lang: Lang::Zh,
    }
}

fn silent(station: &str) -> Cause {
    Cause::Silent { station: station.parse().expect("a slug"), gateway: "gw1".parse().expect("a slug") }
}

fn unanswered(nth: u32) -> Cause {
    let alarm = format!("st1.00000000000000a1.{nth}.resident-r{nth:02}.help_call").parse().expect("an id");
    Cause::Unanswered { station: "st1".parse().expect("a slug"), gateway: "gw1".parse().expect("a slug"), alarm }
}

/// What happened: second, number, and the words or a ring.
type Seen = (i64, String, String);

/// The county, its book, its channel, and people who answer as they are told.
struct World {
    begin_ms: i64,
    now_s: i64,
    ladder: Escalation,
    situation: Situation,
    book: BTreeMap<Cause, Case>,
    flying: Option<(Ticket, i64, Word)>,
    /// What becomes of messages and rings to a number.
    broken: BTreeMap<&'static str, Failure>,
    /// The channel takes errands and says nothing more.
    hangs: bool,
    /// When who sends what.
    answers: VecDeque<(i64, Who, String)>,
    seen: Vec<Seen>,
    unread: usize,
}

impl World {
    fn at(begin_ms: i64, plan: Plan) -> World {
        World {
            begin_ms,
            now_s: 0,
            ladder: Escalation::new(plan, BTreeMap::new()),
            situation: Situation::new(),
            book: BTreeMap::new(),
            flying: None,
            broken: BTreeMap::new(),
            hangs: false,
            answers: VecDeque::new(),
            seen: Vec::new(),
            unread: 0,
        }
    }

    fn noon() -> World {
        World::at(NOON_MS, plan())
    }

    fn now_ms(&self) -> i64 {
        self.begin_ms + self.now_s * 1000
    }

    /// A cause that began three minutes ago stands.
    fn stands(&mut self, cause: Cause) {
        let since = Since::seen(self.now_ms() - 181_000);
        self.situation.insert(cause, Facts { since, residents: 23, guards: false });
    }

    fn guards(&mut self, cause: Cause, guards: bool) {
        self.situation.get_mut(&cause).expect("it stands").guards = guards;
    }

    fn answers(&mut self, at_s: i64, from: &str, text: &str) {
        self.answers.push_back((at_s, who(from), text.to_owned()));
    }

    /// The code under which somebody was told of a cause.
    fn code(&self, cause: Cause, of: &str) -> u8 {
        let calls = &self.book.get(&cause).expect("the book has it").calls;
        calls.iter().find(|call| call.who == who(of)).expect("they were called").code
    }

    fn input(&mut self, input: Input<'_>) {
        let now_ms = self.now_ms();
        for effect in self.ladder.handle(now_ms, input) {
            match effect {
                Effect::Save(cause, saved) => drop(self.book.insert(cause, *saved)),
                Effect::Forget(cause) => drop(self.book.remove(&cause)),
                Effect::Send(errand) => self.take(&errand),
                Effect::Unread => self.unread += 1,
            }
        }
        assert_eq!(&self.book, self.ladder.cases(), "the book has every case as it stands");
    }

    fn take(&mut self, errand: &Errand) {
        assert!(self.flying.is_none() || self.hangs, "one errand at a time");
        let number = errand.to.phone.as_ref().expect("a number").reveal().clone();
        let (takes_s, word, what) = match &errand.deed {
            Deed::Text(letter) => {
                let text = letter.text.reveal();
                assert!(is_one_message(text), "{text}");
                (3, Word::Sent, text.clone())
            }
            Deed::Ring(ring) => {
                assert!(ring.for_s >= 30);
                (i64::from(ring.for_s), Word::RangOut, "ring".to_owned())
            }
        };
        let failure = self.broken.iter().find(|(of, _)| **of == number).map(|(_, failure)| Word::Failed(*failure));
        self.seen.push((self.now_s, number, what));
        let until_s = if self.hangs { i64::MAX } else { self.now_s + takes_s };
        self.flying = Some((errand.ticket, until_s, failure.unwrap_or(word)));
    }

    fn until(&mut self, end_s: i64) {
        while self.now_s < end_s {
            let situation = self.situation.clone();
            self.input(Input::Look(&situation));
            while let Some((_, from, text)) = self.answers.pop_front_if(|(at_s, ..)| *at_s <= self.now_s) {
                let sent_ms = self.now_ms();
                self.input(Input::Reply(from, &text, sent_ms));
            }
            if let Some((ticket, _, word)) = self.flying.take_if(|(_, until_s, _)| *until_s <= self.now_s) {
                self.input(Input::Word(ticket, word));
            }
            self.now_s += 1;
        }
    }

    /// The process ends without a word and begins again with what its book has.
    fn restart(&mut self, plan: Plan) {
        self.flying = None;
        self.ladder = Escalation::new(plan, self.book.clone());
    }

    /// The second of the first message or ring to each number.
    fn first(&self, ring: bool) -> BTreeMap<String, i64> {
        let mut first = BTreeMap::new();
        for (at_s, number, what) in &self.seen {
            if (what == "ring") == ring {
                first.entry(number.clone()).or_insert(*at_s);
            }
        }
        first
    }

    fn texts(&self, number: &str) -> Vec<&str> {
        let texts = self.seen.iter().filter(|(_, of, what)| of == number && what != "ring");
        texts.map(|(.., what)| what.as_str()).collect()
    }

    fn called(&self) -> BTreeSet<&str> {
        self.seen.iter().map(|(_, number, _)| number.as_str()).collect()
    }
}

#[test]
fn rule_11_a_silent_station_is_told_to_its_duty_phone_then_the_township_then_the_county() {
    let mut world = World::noon();
    world.stands(silent("st1"));
    world.until(1_200);
    let (texts, rings) = (world.first(false), world.first(true));
    assert_eq!((texts[DUTY], rings[DUTY]), (0, 3), "the message, and then it rings");
    assert_eq!((texts[TOWNSHIP], texts[DAY]), (300, 600), "a rung every five minutes");
    assert!(!texts.contains_key(NIGHT) || texts[NIGHT] >= 900, "who is off shift is not a rung");
    let code = world.code(silent("st1"), "station-st1");
    assert_eq!(world.texts(DUTY)[0], format!("县平台:示例照料站失联3分钟,23人未守护。收到请回{code},去不了回{code}忙"));
}

#[test]
fn rule_11_somebody_has_to_acknowledge_and_everybody_is_called_until_they_do() {
    let mut world = World::noon();
    world.stands(silent("st1"));
    world.until(920 + 60 * 60);
    assert_eq!(world.called(), BTreeSet::from([DUTY, TOWNSHIP, DAY, NIGHT, OFF]), "on shift or not");
    assert_eq!(world.texts(OFF).len(), 5, "at 15 minutes, and every 15 minutes again");
    assert!(world.texts(OFF)[0].starts_with("县平台,无人确认:"));
    let code = world.code(silent("st1"), "person-off");
    world.answers(world.now_s, "person-off", &format!("{code}"));
    let before = world.texts(OFF).len();
    world.until(world.now_s + 7_000);
    assert_eq!(world.texts(OFF).len(), before + 1, "the answer is confirmed, and nothing else");
    assert!(world.texts(OFF)[before].starts_with("已登记:您在处理示例照料站失联。2小时后"));
}

#[test]
fn rule_11_a_restart_at_any_second_goes_on_where_it_stood() {
    let calm = {
        let mut world = World::noon();
        world.stands(silent("st1"));
        world.stands(unanswered(4));
        world.until(2_000);
        world.first(false)
    };
    for at_s in (0..1_000).step_by(7) {
        let mut world = World::noon();
        world.stands(silent("st1"));
        world.stands(unanswered(4));
        world.until(at_s);
        let codes: BTreeMap<Cause, Case> = world.book.clone();
        world.restart(plan());
        world.until(2_000);
        for (number, first_s) in world.first(false) {
            let late_s = first_s - calm[&number];
            assert!((-60..=60).contains(&late_s), "{number} {late_s} s later with a restart at {at_s}");
        }
        for (cause, before) in codes {
            for call in before.calls {
                assert_eq!(world.code(cause, &call.who.to_string()), call.code, "codes stay");
            }
        }
    }
}

#[test]
fn rule_11_a_restart_after_an_acknowledgement_calls_nobody() {
    let mut world = World::noon();
    world.stands(silent("st1"));
    world.until(30);
    let code = world.code(silent("st1"), "station-st1");
    world.answers(30, "station-st1", &format!("回复 {code} 我去"));
    world.until(60);
    let before = world.seen.len();
    world.restart(plan());
    world.until(7_000);
    assert_eq!(world.seen.len(), before);
}

#[test]
fn rule_11_a_station_that_is_heard_again_ends_it_and_whoever_was_told_is_told_so() {
    let mut world = World::noon();
    world.stands(silent("st1"));
    world.until(400);
    world.situation.clear();
    world.until(3_000);
    for number in [DUTY, TOWNSHIP] {
        assert_eq!(world.texts(number).last(), Some(&"县平台:示例照料站已恢复联系,历时6分钟"));
    }
    assert!(!world.called().contains(DAY));
    assert!(world.book.is_empty());
}

#[test]
fn rule_11_a_screen_with_nobody_on_shift_is_not_a_rung() {
    let mut nobody = plan();
    nobody.shifts.night.clear();
    let mut world = World::at(NIGHT_MS, nobody);
    world.stands(silent("st1"));
    world.until(700);
    let texts = world.first(false);
    assert_eq!((texts[DUTY], texts[TOWNSHIP]), (0, 300));
    assert_eq!(texts[DAY], 606, "when no rung is left, everybody is called instead of waiting for an empty chair");
    let mut bare = World::noon();
    bare.stands(silent("st2"));
    bare.until(10);
    assert_eq!(bare.called(), BTreeSet::from([DAY]), "without duty phone and township the county is the first rung");
}

#[test]
fn rule_11_the_shift_changes_in_the_middle_of_a_climb() {
    // 19:58: the county is the third rung, ten minutes later, when the night shift has begun.
    let mut world = World::at(NOON_MS + (8 * 60 - 2) * 60_000, plan());
    world.stands(silent("st1"));
    world.until(620);
    assert_eq!(world.called(), BTreeSet::from([DUTY, TOWNSHIP, NIGHT]));
}

#[test]
fn rule_11_a_ladder_without_any_number_says_so_in_its_case() {
    let mut empty = plan();
    (empty.people, empty.townships, empty.stations) = (BTreeMap::new(), BTreeMap::new(), BTreeMap::new());
    let mut world = World::at(NOON_MS, empty);
    world.stands(silent("st1"));
    world.until(100);
    let case = &world.book[&silent("st1")];
    assert!(case.everybody && case.calls.is_empty() && world.seen.is_empty());
}

#[test]
fn rule_11_a_station_that_watches_by_itself_is_told_quietly_until_its_texts_end() {
    let mut world = World::noon();
    world.stands(silent("st1"));
    world.guards(silent("st1"), true);
    world.until(1_000);
    assert!(world.first(true).is_empty(), "nobody is rung");
    assert_eq!(world.first(false)[DAY], 600, "and somebody has to acknowledge all the same");
    assert!(world.texts(DUTY)[0].contains("23人靠本地守护"));
    let code = world.code(silent("st1"), "person-day");
    world.answers(1_000, "person-day", &format!("{code}"));
    world.until(1_100);
    world.guards(silent("st1"), false);
    world.until(1_150);
    assert_eq!(world.first(true).get(DUTY), Some(&1_103), "a text that does not come makes it a dead box");
}

#[test]
fn rule_11_a_pause_ends_where_the_cause_still_stands() {
    let mut world = World::noon();
    world.stands(silent("st1"));
    world.until(30);
    let code = world.code(silent("st1"), "station-st1");
    world.answers(30, "station-st1", &format!("{code} 到了"));
    world.until(30 + 7_200);
    assert_eq!(world.texts(DUTY).len(), 2);
    world.until(30 + 7_210);
    assert_eq!(world.texts(DUTY).len(), 3, "after two hours");
    assert!(world.texts(DUTY)[2].starts_with("县平台再报:示例照料站失联2小时"));
    assert_eq!(world.code(silent("st1"), "station-st1"), code);
}

#[test]
fn rule_5_an_alarm_that_the_village_left_unanswered_is_the_countys_duty_first() {
    let mut world = World::at(NIGHT_MS, plan());
    world.stands(unanswered(4));
    world.until(300);
    let (texts, rings) = (world.first(false), world.first(true));
    assert_eq!((texts[NIGHT], rings[NIGHT]), (0, 3));
    assert_eq!((texts[TOWNSHIP], texts[DUTY]), (120, 123), "then township and duty phone together");
    let code = world.code(unanswered(4), "person-night");
    assert_eq!(
        world.texts(NIGHT)[0],
        format!("县平台:示例照料站r04求助,已3分钟无人响应。收到请回{code},去不了回{code}忙")
    );
}

#[test]
fn rule_5_an_alarm_about_a_person_goes_before_silent_stations() {
    let mut world = World::noon();
    world.stands(silent("st1"));
    world.stands(silent("st2"));
    world.until(1);
    world.stands(unanswered(4));
    world.until(200);
    let first = world.seen.iter().position(|(.., what)| what.contains("r04")).expect("it is told");
    assert!(first <= 1, "behind what the channel was at, and nothing else: {:?}", world.seen);
}

#[test]
fn rule_5_a_call_that_cannot_be_made_is_not_waited_for() {
    let mut world = World::noon();
    world.broken.insert(DUTY, Failure::Unreachable);
    world.stands(silent("st1"));
    world.until(100);
    assert_eq!(world.first(false)[TOWNSHIP], 48, "as soon as message and ring have failed");
    assert_eq!(world.book[&silent("st1")].calls[0].ring, Leg::Failed);
}

#[test]
fn rule_5_a_channel_that_hangs_or_is_down_costs_time_and_no_step() {
    let mut world = World::noon();
    world.hangs = true;
    world.stands(silent("st1"));
    world.until(1_300);
    assert!(world.seen.len() >= 8, "it is given up after two minutes each time: {:?}", world.seen);
    assert!(world.called().contains(DAY));
    let mut down = World::noon();
    for number in [DUTY, TOWNSHIP, DAY, NIGHT, OFF] {
        down.broken.insert(number, Failure::NoNetwork);
    }
    down.stands(unanswered(4));
    down.until(4_000);
    assert!(down.book[&unanswered(4)].everybody);
    let tries = down.texts(OFF).len();
    assert!((10..=14).contains(&tries), "everybody is tried every five minutes, and not all the time: {tries}");
}

#[test]
fn rule_10_the_county_cannot_quiet_a_village() {
    let mut world = World::at(NIGHT_MS, plan());
    world.stands(unanswered(4));
    world.until(10);
    world.input(Input::Acknowledge(unanswered(4), who("person-night")));
    world.until(10 + 1_190);
    assert_eq!(world.called(), BTreeSet::from([NIGHT]), "the county's own ladder pauses");
    // All that an acknowledgement can bring about are effects of this ladder: there is none that reaches the station.
    world.until(10 + 1_300);
    assert!(world.called().contains(NIGHT) && world.texts(NIGHT).len() >= 2, "and a pause is no end");
    let case = &world.book[&unanswered(4)];
    assert!(case.pause.is_none());
}

#[test]
fn rule_4_a_code_counts_for_its_own_notice_only() {
    let mut world = World::noon();
    world.stands(unanswered(4));
    world.stands(unanswered(5));
    world.stands(silent("st1"));
    world.until(20);
    let (four, five) = (world.code(unanswered(4), "person-day"), world.code(unanswered(5), "person-day"));
    assert_ne!(four, five);
    world.answers(20, "person-day", &format!("{five}"));
    world.until(25);
    assert!(world.book[&unanswered(4)].pause.is_none() && world.book[&unanswered(5)].pause.is_some());
    assert_eq!(world.book[&unanswered(5)].pause.expect("paused").by, who("person-day"));
}

#[test]
fn rule_4_a_bare_digit_counts_only_where_one_alarm_is_open() {
    let mut world = World::noon();
    world.stands(unanswered(4));
    world.stands(unanswered(5));
    world.until(20);
    world.answers(20, "person-day", "1");
    world.until(60);
    assert!(world.book.values().all(|case| case.pause.is_none()));
    assert!(world.texts(DAY).contains(&"未登记:请回复短信里的两位数编号") && world.unread == 1);
    let mut one = World::noon();
    one.stands(unanswered(4));
    one.until(20);
    one.answers(20, "person-day", "1");
    one.until(25);
    assert!(one.book[&unanswered(4)].pause.is_some());
    let mut station = World::noon();
    station.stands(silent("st1"));
    station.until(20);
    station.answers(20, "station-st1", "1");
    station.until(25);
    assert!(station.book[&silent("st1")].pause.is_none(), "a silent station is answered by its code");
}

#[test]
fn rule_4_who_cannot_go_says_so_and_the_next_is_called_at_once() {
    let mut world = World::noon();
    world.stands(silent("st1"));
    world.until(20);
    let code = world.code(silent("st1"), "station-st1");
    world.answers(20, "station-st1", &format!("{code}忙"));
    world.until(120);
    assert!(world.first(false)[TOWNSHIP] <= 60);
    assert!(world.texts(DUTY).contains(&"已登记:您去不了,已转下一位"));
}

#[test]
fn rule_4_an_answer_that_is_none_or_of_somebody_who_was_not_told_changes_nothing() {
    let mut world = World::noon();
    world.stands(unanswered(4));
    world.until(20);
    let code = world.code(unanswered(4), "person-day");
    for (from, text) in [
        ("person-day", "不去了"),
        ("person-day", "99"),
        ("person-off", "1"),
        ("township-t1", &*format!("{code}")),
        ("person-day", &*format!("{code}好了")),
    ] {
        world.answers(world.now_s, from, text);
        world.until(world.now_s + 5);
        assert!(world.book[&unanswered(4)].pause.is_none(), "{from} {text}");
    }
    assert_eq!(world.unread, 5);
}

#[test]
fn rule_4_the_second_who_acknowledges_is_told_that_somebody_has_it() {
    let mut world = World::noon();
    world.stands(silent("st1"));
    world.until(320);
    let (first, second) = (world.code(silent("st1"), "township-t1"), world.code(silent("st1"), "station-st1"));
    world.answers(320, "township-t1", &format!("{first}"));
    world.answers(330, "station-st1", &format!("{second}"));
    world.until(500);
    assert_eq!(world.book[&silent("st1")].pause.expect("paused").by, who("township-t1"));
    assert_eq!(world.texts(DUTY).last(), Some(&"谢谢,已有人在处理,您不用再管"));
}

#[test]
fn rule_1_a_telephone_rings_once_for_all_that_its_messages_say() {
    let mut world = World::noon();
    for nth in 1..=5 {
        world.stands(unanswered(nth));
    }
    world.until(80);
    let rings = world.seen.iter().filter(|(_, number, what)| number == DAY && what == "ring").count();
    assert_eq!((world.texts(DAY).len(), rings), (5, 1));
    assert!(world.book.values().all(|case| case.calls[0].ring == Leg::Done));
}

#[test]
fn rule_1_a_pick_up_is_no_acknowledgement_and_a_key_is_one() {
    let mut world = World::noon();
    world.stands(unanswered(4));
    world.until(5);
    let (ticket, ..) = world.flying.expect("it rings");
    world.input(Input::Word(ticket, Word::PickedUp));
    assert!(world.book[&unanswered(4)].pause.is_none());
    world.input(Input::Word(ticket, Word::Key('5')));
    assert!(world.book[&unanswered(4)].pause.is_none());
    world.input(Input::Word(ticket, Word::Key('1')));
    assert!(world.book[&unanswered(4)].pause.is_some());
}

#[test]
fn rule_8_each_alarm_climbs_by_itself() {
    let mut world = World::noon();
    world.stands(unanswered(4));
    world.stands(unanswered(5));
    world.until(20);
    world.input(Input::Acknowledge(unanswered(4), who("person-day")));
    world.until(200);
    let told = world.texts(TOWNSHIP);
    assert!(told.iter().any(|text| text.contains("r05")) && !told.iter().any(|text| text.contains("r04")), "{told:?}");
}

#[test]
fn a_clock_that_is_put_back_by_eight_hours_makes_no_wait_longer() {
    let mut world = World::noon();
    world.stands(unanswered(4));
    world.until(10);
    world.begin_ms -= 8 * 3_600_000;
    world.until(10 + 300);
    assert!(world.called().contains(TOWNSHIP), "the next rung within its time again");
    // The jump outlasts the channel's errand, which is given up.
    world.flying = None;
    world.begin_ms += 16 * 3_600_000;
    world.until(400);
    assert!(world.called().contains(OFF), "put forward, it only comes sooner");
}

#[test]
fn fifty_silent_stations_fill_no_queue_and_everybody_is_told() {
    let mut many = plan();
    for nth in 0..50 {
        let id: StationId = format!("s{nth}").parse().expect("a slug");
        let township = Some("t1".parse().expect("a slug"));
        let name = format!("示例{nth}站");
        many.stations.insert(id, PlannedStation { name, duty_phone: None, township, retired: Vec::new() });
    }
    let mut world = World::at(NOON_MS, many);
    for nth in 0..50 {
        world.stands(silent(&format!("s{nth}")));
    }
    world.until(290);
    let rings = world.seen.iter().filter(|(_, number, what)| number == TOWNSHIP && what == "ring").count();
    assert_eq!((world.texts(TOWNSHIP).len(), rings), (50, 1));
    let codes: BTreeSet<u8> = (0..50).map(|nth| world.code(silent(&format!("s{nth}")), "township-t1")).collect();
    assert_eq!(codes.len(), 50, "a code of its own for each");
}
