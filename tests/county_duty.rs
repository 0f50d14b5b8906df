//! The county's ladder at work on a real database, with a channel that the test plays; and its words.

mod support;

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;

use jiff::tz::TimeZone;
use shouwang::core::alarm::State;
use shouwang::core::alarm::ladder::Climb;
use shouwang::core::condition::Condition;
use shouwang::core::time::Mono;
use shouwang::county::board::Listening;
use shouwang::county::book::Book;
use shouwang::county::case::{Case, Cause};
use shouwang::county::cases::{Answer, Said};
use shouwang::county::causes::situation;
use shouwang::county::duty::{self, Line, Post};
use shouwang::county::ingest::take;
use shouwang::county::plan::{Plan, PlannedStation, Shifts};
use shouwang::county::receipt::Batch;
use shouwang::county::sms::Senders;
use shouwang::notify::channel::{Deed, Errand, FromChannel, Incoming, Recipient, Said as Spoken, Word};
use shouwang::notify::message::is_one_message;
use shouwang::private::Private;
use shouwang::words::Lang;
use shouwang::words::escalation::{self, Lead, What};
use support::county_messages::{EPOCH, alarm, alarm_message, heartbeat};
use support::{soon, until_found};
use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;

const DUTY: &str = "13800000001";
const PERSON: &str = "13800000002";
const BEGIN_MS: i64 = 1_700_000_000_000;

fn private(text: &str) -> Private<String> {
    Private::new(text.to_owned())
}

fn plan() -> Plan {
    let station = PlannedStation {
        name: "示例照料站".to_owned(),
        duty_phone: Some(private(DUTY)),
        township: None,
        retired: Vec::new(),
    };
    Plan {
        stations: BTreeMap::from([("st1".parse().expect("a slug"), station)]),
        townships: BTreeMap::new(),
        people: BTreeMap::from([("zhao".parse().expect("a slug"), private(PERSON))]),
        shifts: Shifts {
            day: vec!["zhao".parse().expect("a slug")],
            night: vec!["zhao".parse().expect("a slug")],
            day_begins: jiff::civil::time(8, 0, 0, 0),
            night_begins: jiff::civil::time(20, 0, 0, 0),
        },
        zone: TimeZone::UTC,
        lang: Lang::Zh,
    }
}

fn silent() -> Cause {
    "st1/gw1".parse().expect("a cause")
}

/// The ladder of a county whose time stands until it is moved.
struct County {
    now_ms: Arc<AtomicI64>,
    book: Book,
    errands: mpsc::Receiver<Errand>,
    says: mpsc::Sender<Spoken>,
    stop: CancellationToken,
    task: tokio::task::JoinHandle<()>,
}

impl County {
    async fn start(dir: &Path, now_ms: i64) -> County {
        let database = dir.join("county.sqlite");
        let book = Book::open(&database, now_ms).await.expect("a database can be made");
        let now = Arc::new(AtomicI64::new(now_ms));
        let clock = now.clone();
        let (errands, taken) = mpsc::channel(1);
        let (says, said) = mpsc::channel(8);
        let post = Post {
            database,
            clock: Arc::new(move || clock.load(Ordering::SeqCst)),
            silent_after_s: 180,
            plan: plan(),
            senders: Senders::default(),
        };
        let stop = CancellationToken::new();
        let task = tokio::spawn(duty::run(post, Some(Line { errands, says: said }), stop.clone()));
        County { now_ms: now, book, errands: taken, says, stop, task }
    }

    async fn mqtt(&self, below: &str, payload: &[u8]) {
        let mut batch = Batch::default();
        batch.add(take(&format!("sw/1/st1/gw1/{below}"), payload, false), payload);
        self.book.commit(&batch, self.now_ms.load(Ordering::SeqCst)).await.expect("it is committed");
    }

    /// The county's service listens, and has for an hour.
    async fn listens(&self) {
        let now_ms = self.now_ms.load(Ordering::SeqCst);
        self.book.listening(now_ms - 3_600_000).await.expect("it can be written");
        self.book.beat(now_ms).await.expect("it can be written");
    }

    async fn later(&self, by_ms: i64) {
        let now_ms = self.now_ms.fetch_add(by_ms, Ordering::SeqCst) + by_ms;
        self.book.beat(now_ms).await.expect("it can be written");
    }

    /// The next errand: to which number, and its words or a ring.
    async fn errand(&mut self) -> (Errand, String, String) {
        let errand = soon("an errand", self.errands.recv()).await.expect("the ladder runs");
        let number = errand.to.phone.as_ref().expect("a number").reveal().clone();
        let what = match &errand.deed {
            Deed::Text(letter) => letter.text.reveal().clone(),
            Deed::Ring(_) => "ring".to_owned(),
        };
        (errand, number, what)
    }

    async fn say(&self, errand: &Errand, word: Word) {
        self.says
            .send(Spoken { what: FromChannel::Word(errand.ticket, word), kept: None })
            .await
            .expect("the ladder runs");
    }

    async fn answers(&self, from: &str, text: &str) {
        let from = Recipient { responder: None, phone: Some(private(from)) };
        let incoming = Incoming { from, text: private(text), sent: None };
        let (kept, is_kept) = tokio::sync::oneshot::channel();
        let said = Spoken { what: FromChannel::Incoming(incoming), kept: Some(kept) };
        self.says.send(said).await.expect("the ladder runs");
        is_kept.await.expect("the modem may forget it");
    }

    async fn case(&self, cause: Cause, wanted: impl Fn(&Case) -> bool) -> Case {
        until_found("the case in the book", async || {
            self.book.cases().await.expect("it can be read").remove(&cause).filter(|case| wanted(case))
        })
        .await
    }

    async fn end(self) {
        self.stop.cancel();
        soon("the ladder ends", self.task).await.expect("it does not panic");
    }
}

#[tokio::test]
async fn rule_11_a_silent_station_is_called_for_and_acknowledged_by_code_and_a_restart_remembers() {
    let dir = tempfile::tempdir().expect("a temporary directory");
    let mut county = County::start(dir.path(), BEGIN_MS).await;
    county.mqtt("hb", &heartbeat()).await;
    county.listens().await;
    county.later(181_000).await;
    let (text, number, said) = county.errand().await;
    assert_eq!((number.as_str(), said.contains("示例照料站失联3分钟")), (DUTY, true), "{said}");
    county.say(&text, Word::Sent).await;
    let (ring, number, what) = county.errand().await;
    assert_eq!((number.as_str(), what.as_str()), (DUTY, "ring"));
    county.say(&ring, Word::RangOut).await;
    let case = county.case(silent(), |case| case.calls[0].told).await;
    county.answers(DUTY, &format!("{} 我去", case.calls[0].code)).await;
    let case = county.case(silent(), |case| case.pause.is_some()).await;
    assert_eq!(case.pause.map(|pause| pause.by), Some("station-st1".parse().expect("somebody")));
    let (confirmed, _, said) = county.errand().await;
    assert!(said.starts_with("已登记:您在处理示例照料站失联"), "{said}");
    county.say(&confirmed, Word::Sent).await;
    let now_ms = county.now_ms.load(Ordering::SeqCst);
    county.end().await;

    let mut county = County::start(dir.path(), now_ms).await;
    county.later(60_000).await;
    county.mqtt("hb", &heartbeat()).await;
    let (_, number, said) = county.errand().await;
    assert_eq!((number.as_str(), said.as_str()), (DUTY, "县平台:示例照料站已恢复联系,历时1分钟"));
    until_found("no case", async || county.book.cases().await.expect("it can be read").is_empty().then_some(())).await;
    county.end().await;
}

#[tokio::test]
async fn rule_10_an_unanswered_alarm_is_acknowledged_at_the_county_and_the_village_hears_nothing_of_it() {
    let dir = tempfile::tempdir().expect("a temporary directory");
    let mut county = County::start(dir.path(), BEGIN_MS).await;
    county.mqtt("hb", &heartbeat()).await;
    let mut called = alarm(4, 1);
    let climb = Climb { unanswered: Some(Mono(9)), ..Climb::default() };
    called.state = State::Raised { climb };
    county.mqtt("ev/alarm", &alarm_message(EPOCH, 1, called.clone())).await;
    county.listens().await;
    let (_, number, said) = county.errand().await;
    assert_eq!((number.as_str(), said.contains("r04求助")), (PERSON, true), "{said}");
    let cause: Cause = format!("st1/gw1/{}", called.id).parse().expect("a cause");
    let before = county.book.alarms(true).await.expect("it can be read");
    let who = "person-zhao".parse().expect("somebody");
    let answer = Answer { who, said: Said::Acknowledged(cause), at_ms: BEGIN_MS };
    assert!(county.book.leave_answer(&answer).await.expect("it can be written"));
    assert_eq!(county.case(cause, |case| case.pause.is_some()).await.pause.map(|pause| pause.by), Some(who));
    until_found("an empty box", async || county.book.answers().await.expect("it can be read").is_empty().then_some(()))
        .await;
    assert_eq!(county.book.alarms(true).await.expect("it can be read"), before, "the alarm stands as it stood");

    let mut accepted = called;
    accepted.rev = 2;
    accepted.state =
        State::OnSite { by: "n1".parse().expect("a slug"), until: Mono(0), ask: None, climb: Climb::default() };
    county.mqtt("ev/alarm", &alarm_message(EPOCH, 2, accepted)).await;
    until_found("no case", async || county.book.cases().await.expect("it can be read").is_empty().then_some(())).await;
    county.end().await;
}

#[tokio::test]
async fn without_a_channel_every_call_has_failed_and_is_in_the_book() {
    let dir = tempfile::tempdir().expect("a temporary directory");
    let mut county = County::start(dir.path(), BEGIN_MS).await;
    county.mqtt("hb", &heartbeat()).await;
    county.listens().await;
    county.errands.close();
    county.later(181_000).await;
    let case = county.case(silent(), |case| case.everybody).await;
    assert_eq!(case.calls.len(), 2);
    assert!(case.calls.iter().all(|call| !call.told), "{case:?}");
    county.end().await;
}

#[tokio::test]
async fn a_county_that_was_deaf_calls_nobody_for_what_it_could_not_hear() {
    let dir = tempfile::tempdir().expect("a temporary directory");
    let book = Book::open(&dir.path().join("county.sqlite"), BEGIN_MS).await.expect("a database can be made");
    let mut batch = Batch::default();
    batch.add(take("sw/1/st1/gw1/hb", &heartbeat(), false), &heartbeat());
    book.commit(&batch, BEGIN_MS).await.expect("it is committed");
    let rows = async |now_ms| book.stations(now_ms, 180).await.expect("it can be read");
    let judge = async |listening, cases: &BTreeMap<Cause, Case>, now_ms| {
        situation(&rows(now_ms).await, &[], listening, (&plan(), 180), cases, now_ms).len()
    };
    let hour = BEGIN_MS + 3_600_000;
    let listens = |since_ms, last_ms| Listening { since_ms: Some(since_ms), last_ms: Some(last_ms) };
    let none = BTreeMap::new();
    assert_eq!(judge(listens(BEGIN_MS, BEGIN_MS), &none, hour).await, 0, "it does not listen");
    assert_eq!(judge(listens(hour - 5_000, hour), &none, hour).await, 0, "it has only just begun to listen");
    assert_eq!(judge(listens(hour - 181_000, hour), &none, hour).await, 1, "it has listened as long as that");
    let case = serde_json::from_str(
        r#"{"opened_ms":0,"passed":1,"everybody":false,"next_ms":0,"quiet":false,"pause":null,"calls":[]}"#,
    );
    let known = BTreeMap::from([(silent(), case.expect("a case"))]);
    assert_eq!(judge(listens(BEGIN_MS, BEGIN_MS), &known, hour).await, 1, "what stood before still stands");
    assert_eq!(
        judge(listens(hour - 5_000, hour), &known, hour).await,
        1,
        "until it is heard, whoever began to listen when"
    );
    assert_eq!(judge(listens(hour - 5_000, hour), &known, BEGIN_MS + 1_000).await, 0, "it is heard");
    let mut retired = plan();
    retired.stations.values_mut().for_each(|station| station.retired = vec!["gw1".parse().expect("a slug")]);
    let listening = listens(hour - 181_000, hour);
    assert!(
        situation(&rows(hour).await, &[], listening, (&retired, 180), &none, hour).is_empty(),
        "a box that was taken away"
    );
}

#[tokio::test]
async fn the_verbs_show_what_the_county_calls_for_and_take_an_acknowledgement_of_its_people_only() {
    let dir = tempfile::tempdir().expect("a temporary directory");
    let config = dir.path().join("county.toml");
    let written = format!(
        "[broker]\nurl = \"mqtt://127.0.0.1:1883\"\n[console]\ndatabase = \"county.sqlite\"\n\
         [stations.st1]\nname = \"示例照料站\"\ntownship = \"t1\"\nretired = [\"gw0\"]\n\
         [townships.t1]\nphone = \"{DUTY}\"\n[people.zhao]\nphone = \"{PERSON}\"\n[duty]\nday = [\"zhao\"]\n"
    );
    std::fs::write(&config, written).expect("it can be written");
    let book = Book::open(&dir.path().join("county.sqlite"), BEGIN_MS).await.expect("a database can be made");
    let run = |verb: &[&str]| {
        let mut command = std::process::Command::new(env!("CARGO_BIN_EXE_shouwang"));
        command.arg("county").args(verb).arg("--config").arg(&config).args(["--lang", "zh"]);
        let output = command.output().expect("it runs");
        let said = [output.stdout, output.stderr].concat();
        (output.status.success(), String::from_utf8(said).expect("UTF-8"))
    };
    assert_eq!(run(&["duty"]), (true, "县里没有在呼叫\n".to_owned()));
    assert!(!run(&["acknowledge", "st1/gw1", "--by", "zhao"]).0, "nothing is called for");
    let case = serde_json::from_str(
        r#"{"opened_ms":0,"passed":1,"everybody":false,"next_ms":0,"quiet":false,"pause":null,"calls":[]}"#,
    );
    book.save_case(&silent(), &case.expect("a case"), BEGIN_MS).await.expect("it can be written");
    assert_eq!(run(&["duty"]), (true, "照料站失联 · 县里已呼叫 0 个电话,无人确认  st1/gw1\n".to_owned()));
    let (done, said) = run(&["acknowledge", "st1/gw1", "--by", "nobody"]);
    assert!(!done && said.contains("[people]"), "{said}");
    assert_eq!(book.answers().await.expect("it can be read"), []);
    let (done, said) = run(&["acknowledge", "st1/gw1", "--by", "zhao"]);
    assert!(done && said.contains("县里的呼叫暂停,村里继续"), "{said}");
    let answers = book.answers().await.expect("it can be read");
    assert_eq!(answers.iter().map(|answer| answer.said.clone()).collect::<Vec<_>>(), [Said::Acknowledged(silent())]);
}

#[test]
fn every_message_of_the_ladder_is_one_text_and_keeps_its_code() {
    let ages = [0, 59, 181, 3_600, 86_399, 86_400 * 40 + 3_700].map(Duration::from_secs);
    for lang in [Lang::Zh, Lang::En] {
        let station = match lang {
            Lang::Zh => "示例县示例镇示例村日间照料中心站".to_owned(),
            Lang::En => "an-example-of-a-long-id".to_owned(),
        };
        let mut whats = Vec::new();
        for age in ages {
            for guards in [false, true] {
                whats.push(What::Silent { station: station.clone(), age, residents: 300, guards });
            }
            for condition in Condition::ALL {
                for about in ["r04", "a-resident-of-23-signs-r"] {
                    let (station, about) = (station.clone(), about.chars().take(23).collect());
                    whats.push(What::Unanswered { station, about, condition: *condition, age, at_least: true });
                }
            }
        }
        for what in whats {
            for lead in [Lead::First, Lead::Again, Lead::Everybody] {
                let text = escalation::call(lead, &what, 17, lang);
                assert!(is_one_message(&text), "{} {text}", text.encode_utf16().count());
                assert!(text.contains("17") && text.matches("17").count() == 2, "{text}");
            }
            for age in ages {
                let texts = [escalation::acknowledged(&what, age, lang), escalation::over(&what, age, lang)];
                assert!(texts.iter().all(|text| is_one_message(text)), "{texts:?}");
            }
        }
        for text in [
            escalation::ask_for_code(lang),
            escalation::passed_on(lang),
            escalation::only_received(lang),
            escalation::somebody_else(lang),
        ] {
            assert!(is_one_message(&text), "{text}");
        }
    }
    let what = What::Silent { station: "st1".to_owned(), age: Duration::from_secs(181), residents: 3, guards: false };
    let text = escalation::call(Lead::First, &what, 17, Lang::En);
    assert_eq!(text, "County: st1 silent for 3 min, 3 not watched. Received: reply 17. Cannot: 17 2");
}
