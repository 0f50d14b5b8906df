//! Everything that can be ordered or answered by text, by everybody, in every state of the alarm: what becomes of it, kept as a reviewed
//! snapshot in `tests/commands_roles.table`, what holds for all of it, and that all of it stands in the log.
//!
//! Run with `SHOUWANG_BLESS=1` to rewrite the table, and review the difference.

#[path = "commands_roles/scene.rs"]
mod scene;
mod support;

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::sync::Arc;

use rumqttc::v5::mqttbytes::QoS;
use scene::{OTHER, STANDINGS, Scene, Standing, Who, id};
use shouwang::control::client;
use shouwang::control::protocol::{Body, Request};
use shouwang::core::alarm::life_cycle::State;
use shouwang::core::alarm::{Alarm, AlarmId, Disposition};
use shouwang::core::answer::{Outcome, Wish};
use shouwang::core::attempt::{Attempt, Barred, Tried};
use shouwang::core::effect::{Answer, Authority, Command, Input, Order};
use shouwang::core::id::ResponderId;
use shouwang::core::time::Mono;
use shouwang::store::files::disk::Disk;
use shouwang::store::files::{FakeDisk, Files};
use shouwang::store::log::{Item, Reader, Stream, verify::verify};
use shouwang::store::record::{Decision, Entry};
use shouwang::store::state::{Checked, MemoryIndex};
use shouwang::store::{Draft, Options, Store, Undecided, replay};
use support::house::{House, buttons};
use support::{installed, until, until_found};

const TABLE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/commands_roles.table");

/// An order as the table names it; some are ordered in several ways.
type Row = (&'static str, Order);

/// Every order in somebody's name; those that must name somebody are left out for nobody.
fn orders(alarm: AlarmId, by: Option<ResponderId>) -> Vec<Row> {
    let close = |disposition, conversation: &str| {
        let conversation = conversation.to_owned();
        Order::Close { alarm, by, disposition, conversation }
    };
    let mut rows = vec![
        ("close: helped", close(Disposition::Helped, "")),
        ("close: spoken with", close(Disposition::NoHelpNeeded, "说没事")),
        ("close: could not enter", close(Disposition::CouldNotEnter, "")),
        ("close: the machine's word", close(Disposition::SelfCleared, "")),
        ("note", Order::Note { alarm, by, text: "示例".to_owned() }),
        ("acknowledge", Order::Acknowledge { alarm, by }),
    ];
    if let Some(by) = by {
        rows.extend([
            ("accept", Order::Accept { alarm, by }),
            ("busy", Order::Busy { alarm, by }),
            ("seen", Order::Seen { alarm, by }),
            ("withdraw", Order::Withdraw { alarm, by }),
            ("on site", Order::OnSite { alarm, by, door: None }),
            ("want 120", Order::Want120 { alarm, by }),
            ("dialled 120", Order::Dialled120 { alarm, by }),
            ("mute", Order::Mute { alarm, by }),
            ("test", Order::Test { home: id("h1"), by }),
            ("visited", Order::Visited { resident: id("r1"), by, door: None }),
            ("note on visits", Order::VisitNote { resident: id("r1"), by, text: "示例".to_owned() }),
            ("note a stop", Order::NoteStop { until: Mono(500_000_000), by }),
        ]);
    } else {
        rows.extend([("drill", Order::Drill { resident: id("r1") }), ("query", Order::Query)]);
    }
    rows
}

/// One order by one person, and what became of it.
struct Cell {
    standing: Standing,
    who: Who,
    name: &'static str,
    command: Command,
    before: Alarm,
    after: Alarm,
    answer: Answer,
    /// What the same order is answered when it comes again, and the alarm then.
    again: (Answer, Alarm),
}

impl Cell {
    fn of(standing: Standing, who: Who, from: Authority, (name, order): Row, number: usize) -> Cell {
        let mut scene = Scene::of(standing, who);
        let before = scene.alarm();
        let command = Command { id: id(&format!("c{number}")), from, order };
        let answer = scene.command(&command);
        let after = scene.alarm();
        let again = (scene.command(&command), scene.alarm());
        Cell { standing, who, name, command, before, after, answer, again }
    }

    fn outcome(&self) -> String {
        match &self.answer {
            Answer::Done { alarm, state, .. } if alarm.drill => format!("a drill, {state}"),
            Answer::Done { state, .. } if self.after == self.before => format!("nothing new, {state}"),
            Answer::Done { state, .. } => state.clone(),
            Answer::Noted { reason, .. } => format!("noted, not done: {reason}"),
            Answer::TestOpen { .. } => "a test is open".to_owned(),
            Answer::Open { alarms, .. } => format!("told of {}", alarms.len()),
            Answer::StopNoted { .. } | Answer::VisitNoted { .. } => "noted".to_owned(),
            Answer::Visited { .. } => "visited".to_owned(),
            Answer::Refused { reason } => format!("refused: {reason}"),
        }
    }

    fn says(&self) -> String {
        format!("{:?} {:?} {:?}: {}", self.command.from, self.standing, self.who, self.name)
    }
}

fn cells() -> Vec<Cell> {
    let mut cells = Vec::new();
    for from in [Authority::Local, Authority::County] {
        for standing in STANDINGS {
            for who in Who::all() {
                let alarm = Scene::of(standing, who).alarm;
                for row in orders(alarm, who.id()) {
                    cells.push(Cell::of(standing, who, from, row, cells.len()));
                }
            }
        }
    }
    cells
}

/// What becomes of it for everybody; roles are named where they differ.
fn line(outcomes: &[(Who, String)]) -> String {
    let group = |name: &str, is: &dyn Fn(Who) -> bool| -> Option<String> {
        let of: Vec<&(Who, String)> = outcomes.iter().filter(|(who, _)| is(*who)).collect();
        let said: BTreeSet<&String> = of.iter().map(|(_, outcome)| outcome).collect();
        match said.len() {
            0 => None,
            1 => Some(format!("{name}: {}", said.first()?)),
            _ => Some(of.iter().map(|(who, outcome)| format!("{who:?}: {outcome}")).collect::<Vec<_>>().join(", ")),
        }
    };
    let groups = [
        group("sent", &Who::is_sent),
        group("only told", &Who::is_only_told),
        group("unknown", &|who| who == Who::Unknown),
        group("nobody", &|who| who == Who::Nobody),
    ];
    groups.into_iter().flatten().collect::<Vec<_>>().join(" | ")
}

fn orders_table(cells: &[Cell]) -> String {
    let mut text = String::new();
    for from in [Authority::Local, Authority::County] {
        for standing in STANDINGS {
            let _ = writeln!(text, "\n## {from:?}, {standing:?}\n");
            let mut rows: BTreeMap<&str, Vec<(Who, String)>> = BTreeMap::new();
            for cell in cells.iter().filter(|cell| cell.command.from == from && cell.standing == standing) {
                rows.entry(cell.name).or_default().push((cell.who, cell.outcome()));
            }
            for (name, outcomes) in rows {
                let _ = writeln!(text, "{name:<26} {}", line(&outcomes));
            }
        }
    }
    text
}

fn texts_table() -> String {
    let mut text = String::new();
    // Of a fault only the desk is told, and together with others: it is answered there.
    for standing in [Standing::Raised, Standing::Theirs, Standing::Mine, Standing::OnSite, Standing::Closed] {
        let _ = writeln!(text, "\n## A text, {standing:?}\n");
        for wish in Wish::ALL {
            let by_text = |who: Who| {
                let mut scene = Scene::of(standing, who);
                let (_, outcome) = scene.reply(who, *wish, 1);
                let state = scene.alarm().state.word();
                let said = match outcome {
                    Some(Outcome::Done(_)) => format!("done, {state}"),
                    Some(Outcome::Refused(_, reason)) => format!("refused: {reason}"),
                    Some(Outcome::AskForCode) => "asked for the code".to_owned(),
                    Some(Outcome::UnknownCode) => "unknown code".to_owned(),
                    Some(Outcome::NotUnderstood) => "not understood".to_owned(),
                    None => "not answered".to_owned(),
                };
                (who, said)
            };
            let everybody = Who::all().into_iter().filter(|who| *who != Who::Nobody);
            let outcomes: Vec<(Who, String)> = everybody.map(by_text).collect();
            let _ = writeln!(text, "{:<26} {}", wish.word(), line(&outcomes));
        }
    }
    text
}

#[test]
fn the_table_is_the_reviewed_one() {
    let mut table = String::from(
        "# Orders and answers by text x roles x states. Reviewed by hand; rewritten with SHOUWANG_BLESS=1.\n\
         # sent: whoever may be sent, of every role; only told: whoever is informed, of every role.\n",
    );
    table.push_str(&orders_table(&cells()));
    table.push_str(&texts_table());
    if std::env::var_os("SHOUWANG_BLESS").is_some() {
        std::fs::write(TABLE, &table).expect("the table can be written");
    }
    let reviewed = std::fs::read_to_string(TABLE).unwrap_or_default();
    assert!(reviewed == table, "run with SHOUWANG_BLESS=1 and review tests/commands_roles.table");
}

#[test]
fn every_order_that_there_is_stands_in_the_table() {
    let nothing = serde_json::from_str::<Order>(r#"{"do":"?"}"#).expect_err("there is no such order").to_string();
    let known: BTreeSet<String> = nothing.split('`').skip(3).step_by(2).map(str::to_owned).collect();
    let alarm = Scene::of(Standing::Raised, Who::Unknown).alarm;
    let listed = [None, Some(id("p1"))].into_iter().flat_map(|by| orders(alarm, by));
    let word = |order: Order| serde_json::to_value(order).expect("JSON")["do"].as_str().expect("its word").to_owned();
    assert_eq!(listed.map(|(_, order)| word(order)).collect::<BTreeSet<_>>(), known);
}

#[test]
fn whoever_may_not_moves_nothing_and_what_is_over_stays_so() {
    let holder = |alarm: &Alarm| match alarm.state {
        State::Accepted { by, .. } | State::OnSite { by, .. } => Some(by),
        _ => None,
    };
    for cell in cells() {
        let (before, after, says) = (&cell.before, &cell.after, cell.says());
        let changed = before != after;
        if cell.who == Who::Unknown {
            assert!(!changed, "{says}: nobody of the village");
        }
        if cell.who.is_only_told() && before.id.condition.rule().about_person {
            assert_ne!(holder(after), cell.who.id(), "{says}: they are informed and not sent");
            let spoken_with = cell.name == "close: spoken with";
            assert!(before.state == after.state || spoken_with, "{says}: what they answer is a note");
        }
        if cell.command.from == Authority::County && before.id.condition.rule().about_person {
            let spoken_with = cell.name == "close: spoken with" && cell.who == Who::Nobody;
            assert!(before.state == after.state || spoken_with, "{says}: the county cannot quiet a village");
            assert!(before.muted_until == after.muted_until && before.told == after.told, "{says}");
        }
        if !before.is_open() {
            assert_eq!(before.state, after.state, "{says}: it is over");
            let looked = Alarm { clocks: before.clocks, told: before.told.clone(), rev: before.rev, ..after.clone() };
            assert_eq!(&looked, before, "{says}: at most somebody has looked at it");
        }
        if matches!(cell.answer, Answer::Refused { .. }) {
            let (notes, rev) = (before.notes.clone(), before.rev);
            assert_eq!(&Alarm { notes, rev, ..after.clone() }, before, "{says}: refused is at most a note");
        }
        let fresh = matches!(cell.command.order, Order::Query);
        assert!(cell.again == (cell.answer.clone(), after.clone()) || fresh, "{says}: twice is once");
    }
}

#[test]
fn a_named_answer_of_whoever_may_be_sent_is_the_only_way_to_be_on_the_way() {
    for cell in cells().iter().filter(|cell| cell.before.id.condition.rule().about_person) {
        let state = |alarm: &Alarm| matches!(alarm.state, State::Accepted { .. } | State::OnSite { .. });
        if !state(&cell.before) && state(&cell.after) {
            assert!(matches!(cell.name, "accept" | "on site") && cell.who.is_sent(), "{}", cell.says());
            assert_eq!(cell.command.from, Authority::Local, "{}", cell.says());
        }
    }
}

/// Every input with what it was answered, as the urgent stream tells it.
fn read_back(files: &Arc<dyn Files>) -> Vec<(Input, Option<Answer>)> {
    assert!(verify(Arc::clone(files), Stream::Urgent).expect("read").is_whole(), "the chain holds");
    let reader = Reader::open(Arc::clone(files), Stream::Urgent, None).expect("opens");
    let mut told = Vec::new();
    for item in reader {
        let Item::Record(record) = item else { panic!("a hole") };
        let Ok(Entry::Turn(turn)) = Entry::read(record.kind, record.payload()) else { continue };
        let answers: BTreeMap<_, _> = turn
            .decisions
            .into_iter()
            .filter_map(|decision| match decision {
                Decision::Answer { id, answer } => Some((id, answer)),
                _ => None,
            })
            .collect();
        told.extend(turn.inputs.into_iter().map(|input| {
            let id = match &input {
                Input::Command(command) => Some(command.id),
                Input::Reply(reply) => Some(reply.id),
                _ => None,
            };
            let answer = id.and_then(|id| answers.get(&id).cloned());
            (input, answer)
        }));
    }
    told
}

#[tokio::test]
async fn every_order_and_every_text_is_in_the_chain_with_its_answer() {
    let disk = FakeDisk::new();
    let opened = Store::open(Arc::new(disk.clone()), Checked::from(MemoryIndex::default()), Options::default());
    let store = opened.expect("opens").store;
    let mut given = Vec::new();
    let at = Scene::of(Standing::Raised, Who::Unknown).now;
    for cell in cells() {
        if matches!(cell.command.order, Order::Query) {
            continue;
        }
        let (id, answer) = (cell.command.id, cell.answer);
        let input = Input::Command(cell.command);
        let decisions = vec![Undecided::Answer { id, answer: answer.clone() }];
        _ = store.commit(Draft { at, inputs: vec![input.clone()], decisions }).await;
        given.push((input, Some(answer)));
    }
    for (number, (wish, who)) in
        (0..).zip(Wish::ALL.iter().flat_map(|wish| Who::all().into_iter().map(move |who| (wish, who))))
    {
        let (reply, _) = Scene::of(Standing::Raised, who).reply(who, *wish, number);
        _ = store.commit(Draft { at, inputs: vec![Input::Reply(reply)], decisions: Vec::new() }).await;
        given.push((Input::Reply(reply), None));
    }
    store.close(at).await;
    disk.cut_power();
    let files: Arc<dyn Files> = Arc::new(disk);
    assert_eq!(read_back(&files), given);
}

#[tokio::test]
async fn in_a_real_house_what_is_refused_is_in_the_chain_with_who_and_why() {
    if !installed("mosquitto") {
        return;
    }
    let mut house = House::build(&buttons(1)).await;
    house.start_gateway_and_wait().await;
    house.press("button_0001").await;
    let socket = house.path("control.sock");
    let mut alarm = None;
    until("the press is an alarm", || {
        let Ok(reply) = client::ask(&socket, &Request::Alarms { all: false }) else { return false };
        let Body::Alarms(alarms) = reply.body else { return false };
        alarm = alarms.first().map(|alarm| alarm.id);
        alarm.is_some()
    })
    .await;
    let alarm = alarm.expect("an alarm");
    let mut given = Vec::new();
    let rows = [Some(id(OTHER)), None].into_iter().flat_map(|by| orders(alarm, by));
    for (number, (name, order)) in rows.enumerate() {
        let command: Command = Command { id: id(&format!("t{number}")), from: Authority::Local, order };
        let request = Request::Order { id: command.id, order: command.order.clone(), door: None };
        let Ok(Body::Answer(answer)) = client::ask(&socket, &request).map(|reply| reply.body) else {
            panic!("{name} is not answered: {}", house.log_tail())
        };
        if command.order != Order::Query {
            given.push((Input::Command(command), Some(answer)));
        }
    }
    // What the county sends and nobody can read is no command, and kept all the same.
    let topic = "sw/1/test-station/test-gw/cmd/c1";
    let unread = Attempt::new(Tried::CountyCommand, Some(Barred::BadForm));
    let log: Arc<dyn Files> = Arc::new(Disk::visit(&house.path("data").join("log")));
    until_found("what the county sent is in the log", async || {
        house.county.publish(topic, QoS::AtLeastOnce, false, b"nonsense".to_vec()).await;
        let inputs = replay(&log, Mono(0)).ok()?.map(|(_, input)| input).collect::<Vec<_>>();
        inputs.contains(&Input::Attempt(unread)).then_some(())
    })
    .await;
    assert!(given.iter().filter(|(_, answer)| matches!(answer, Some(Answer::Refused { .. }))).count() > 15);
    house.stop_gateway();
    let files: Arc<dyn Files> = Arc::new(Disk::own(&house.path("data").join("log")).expect("its folder is free"));
    let told: Vec<_> = read_back(&files).into_iter().filter(|(input, _)| matches!(input, Input::Command(_))).collect();
    assert_eq!(told, given);
    assert!(replay(&files, Mono(0)).expect("read").count() > given.len());
}
