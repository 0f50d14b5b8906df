//! The county page with a real database and a real port, and a browser that is a few lines of HTTP.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

use jiff::tz::TimeZone;
use shouwang::core::time::{Boot, Moment, Mono, Trust, Wall};
use shouwang::core::watch::Watch;
use shouwang::county::book::Book;
use shouwang::county::ingest::take;
use shouwang::county::page::{self, Board};
use shouwang::county::receipt::Batch;
use shouwang::relay::message::{DeviceState, ResidentState, encode};
use shouwang::relay::text::{AlarmText, Stamp, StatusText, Text};
use tokio::net::{TcpListener, TcpStream};
use tokio_util::sync::CancellationToken;

use super::county_messages::{EPOCH, alarm, alarm_message, gateway_state, heartbeat, moment};
use super::http::{self, Answer};
use super::soon;

/// When these tests begin: ten minutes after the first moment of the made-up messages.
pub const BEGIN_MS: i64 = 1_700_000_000_000 + 600_000;

/// A running page.
pub struct Page {
    pub address: SocketAddr,
    pub now_ms: Arc<AtomicI64>,
    book: Option<Book>,
    stop: CancellationToken,
    task: tokio::task::JoinHandle<std::io::Result<()>>,
    dir: tempfile::TempDir,
}

impl Page {
    /// Serves a page whose database does not exist yet.
    pub async fn without_database() -> Page {
        let dir = tempfile::tempdir().expect("a temporary directory");
        let now_ms = Arc::new(AtomicI64::new(BEGIN_MS));
        let clock = now_ms.clone();
        let board = Board {
            database: dir.path().join("county.sqlite"),
            clock: Arc::new(move || clock.load(Ordering::SeqCst)),
            silent_after_s: 180,
            names: BTreeMap::from([
                ("st1".parse().expect("a slug"), "示例照料站".to_owned()),
                ("st2".parse().expect("a slug"), "示例北村站".to_owned()),
            ]),
            zone: TimeZone::UTC,
        };
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let address = listener.local_addr().expect("it is bound");
        let stop = CancellationToken::new();
        let task = tokio::spawn(page::serve(listener, board, stop.clone()));
        Page { address, now_ms, book: None, stop, task, dir }
    }

    /// Serves a page on an empty database whose service listens.
    pub async fn empty() -> Page {
        let mut page = Page::without_database().await;
        page.make_database().await;
        page
    }

    /// Serves a page on two stations: one heard, with an alarm and a resident of every kind, and one fallen silent.
    pub async fn busy() -> Page {
        let page = Page::empty().await;
        page.take_at(BEGIN_MS - 540_000, "sw/1/st2/gw1/hb", &heartbeat()).await;
        page.take("sw/1/st2/gw1/resident/r21", &resident(Watch::Watched, &["d210"])).await;
        page.take("sw/1/st2/gw1/dev/d210", &device(Some(80), Some(90), None)).await;
        page.take("sw/1/st1/gw1/state", &gateway_state(true, 1)).await;
        page.take("sw/1/st1/gw1/hb", &heartbeat()).await;
        page.take("sw/1/st1/gw1/resident/r01", &resident(Watch::Watched, &["d011", "d012"])).await;
        page.take("sw/1/st1/gw1/resident/r02", &resident(Watch::Weak, &["d021"])).await;
        page.take("sw/1/st1/gw1/resident/r03", &resident(Watch::Blind, &[])).await;
        page.take("sw/1/st1/gw1/dev/d011", &device(Some(97), Some(120), None)).await;
        page.take("sw/1/st1/gw1/dev/d012", &device(Some(12), Some(-71), Some("battery_low"))).await;
        page.take("sw/1/st1/gw1/dev/d030", &device(None, None, Some("device_silent"))).await;
        for (seq, (nth, what)) in (1_u64..).zip(SCENES) {
            let mut scene = alarm(nth, 1);
            what(&mut scene);
            page.take("sw/1/st1/gw1/ev/alarm", &alarm_message(EPOCH, seq, scene)).await;
        }
        page
    }

    /// Makes the database, as the county service does when it first runs.
    pub async fn make_database(&mut self) {
        let book = Book::open(&self.database(), BEGIN_MS).await.expect("a database can be made");
        book.listening(BEGIN_MS).await.expect("it can be written");
        self.book = Some(book);
    }

    /// The database's file.
    pub fn database(&self) -> PathBuf {
        self.dir.path().join("county.sqlite")
    }

    /// A message of a gateway arrives.
    pub async fn take(&self, topic: &str, payload: &[u8]) {
        self.take_at(self.now_ms.load(Ordering::SeqCst), topic, payload).await;
    }

    /// A message of a gateway arrives at that time.
    pub async fn take_at(&self, at_ms: i64, topic: &str, payload: &[u8]) {
        let mut batch = Batch::default();
        batch.add(take(topic, payload, false), payload);
        let book = self.book.as_ref().expect("the database was made");
        book.commit(&batch, at_ms).await.expect("it is committed");
    }

    /// A text message of a gateway arrives.
    pub async fn text(&self, text: &Text) {
        let now_ms = self.now_ms.load(Ordering::SeqCst);
        let book = self.book.as_ref().expect("the database was made");
        book.text(text, now_ms, now_ms).await.expect("it is committed");
    }

    /// The silent station sends texts: how it stands, and a new alarm.
    pub async fn tells_by_text(&self) {
        let (station, gateway) = ("st2".parse().expect("a slug"), "gw1".parse().expect("a slug"));
        let now = moment(600_000);
        let status = StatusText {
            station,
            gateway,
            epoch: EPOCH,
            sent_s: 600,
            at: Stamp::of(now),
            people: 1,
            things: 0,
            residents: [1, 0, 0],
            without_link_s: Some(480),
            durable: Some(true),
            disk_free_mib: None,
            mains: Some(false),
            battery_min: Some(200),
        };
        self.text(&Text::Status(status)).await;
        let mut called = alarm(21, 1);
        called.id.station = station;
        self.text(&Text::Alarm(AlarmText::of(gateway, &called, now))).await;
    }

    /// The county's ladder has come so far with this.
    pub async fn climbs(&self, about: &str, case: &str) {
        let book = self.book.as_ref().expect("the database was made");
        let case = serde_json::from_str(case).expect("a case");
        book.save_case(&about.parse().expect("a cause"), &case, BEGIN_MS).await.expect("it is committed");
    }

    /// Time goes on, and the service still listens.
    pub async fn later(&self, by_ms: i64) {
        let now_ms = self.now_ms.fetch_add(by_ms, Ordering::SeqCst) + by_ms;
        let book = self.book.as_ref().expect("the database was made");
        book.beat(now_ms).await.expect("it can be written");
    }

    /// The answer to a GET as a browser on this machine sends it.
    pub async fn get(&self, path: &str) -> Answer {
        self.ask(&format!("GET {path} HTTP/1.1\r\nHost: {}\r\nConnection: close\r\n\r\n", self.address)).await
    }

    /// The answer to a request.
    pub async fn ask(&self, request: &str) -> Answer {
        http::ask(self.address, request).await
    }

    /// Sends a request and leaves the connection open.
    pub async fn send(&self, request: &str) -> TcpStream {
        http::send(self.address, request).await
    }

    /// Begins to look on.
    pub async fn look_on(&self, lang: &str) -> TcpStream {
        self.send(&format!("GET /live?lang={lang} HTTP/1.1\r\nHost: {}\r\n\r\n", self.address)).await
    }

    /// Ends the page and returns what it said.
    pub async fn stop(self) -> std::io::Result<()> {
        self.stop.cancel();
        soon("the page ends", self.task).await.expect("it does not panic")
    }
}

/// A case of the county's ladder, with these calls: who, and what became of message and ring.
pub fn case(everybody: bool, pause: &str, calls: &[(&str, &str)]) -> String {
    let call = |(who, leg): &(&str, &str)| {
        format!(r#"{{"who":"{who}","code":17,"at_ms":0,"newest":true,"told":true,"text":"{leg}","ring":"{leg}"}}"#)
    };
    let calls = calls.iter().map(call).collect::<Vec<_>>().join(",");
    format!(
        r#"{{"opened_ms":0,"passed":1,"everybody":{everybody},"next_ms":0,"quiet":false,"pause":{pause},"calls":[{calls}]}}"#
    )
}

/// What is open at the busy station, by resident; the first is the oldest.
type Scene = (u32, fn(&mut shouwang::core::alarm::Alarm));
const SCENES: [Scene; 5] = [(4, taken), (5, |_| {}), (6, unanswered), (7, drill), (8, fault)];

fn taken(alarm: &mut shouwang::core::alarm::Alarm) {
    alarm.state = shouwang::core::alarm::State::Accepted {
        by: "n1".parse().expect("a slug"),
        until: Mono(0),
        ask: None,
        pressed_again: None,
        climb: shouwang::core::alarm::ladder::Climb::default(),
    };
}

fn unanswered(alarm: &mut shouwang::core::alarm::Alarm) {
    let climb = shouwang::core::alarm::ladder::Climb { unanswered: Some(Mono(9)), ..Default::default() };
    alarm.state = shouwang::core::alarm::State::Raised { climb };
    alarm.id.condition = shouwang::core::condition::Condition::FallConfirmed;
    alarm.room = Some("bathroom".parse().expect("a slug"));
    alarm.home = Some("h06".parse().expect("a slug"));
}

fn drill(alarm: &mut shouwang::core::alarm::Alarm) {
    alarm.id.drill = true;
}

fn fault(alarm: &mut shouwang::core::alarm::Alarm) {
    alarm.id.condition = shouwang::core::condition::Condition::DeviceSilent;
    alarm.id.subject = shouwang::core::alarm::Subject::Device("d030".parse().expect("a slug"));
    alarm.priority = alarm.id.condition.rule().priority;
}

/// A device's standing, five minutes old.
pub fn device(battery: Option<u8>, link: Option<i32>, fault: Option<&str>) -> Vec<u8> {
    let heard = five_minutes_ago();
    encode(&DeviceState {
        as_of: heard,
        battery,
        days_left: None,
        link,
        last_heard: Some(heard),
        next_expected: None,
        fault: fault.map(str::to_owned),
    })
}

/// A resident's standing, five minutes old.
pub fn resident(watch: Watch, witnesses: &[&str]) -> Vec<u8> {
    let witnesses = witnesses.iter().map(|id| id.parse().expect("a slug")).collect();
    encode(&ResidentState { as_of: five_minutes_ago(), watch, since: five_minutes_ago(), witnesses })
}

fn five_minutes_ago() -> Moment {
    Moment { boot: Boot(1), mono: Mono(1), wall: Wall(BEGIN_MS - 300_000), trust: Trust::Synced }
}
