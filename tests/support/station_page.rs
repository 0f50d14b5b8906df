//! The station's pages on a real port, over a station that is the real core without a house around it: it answers as the daemon
//! does, and records every order that it is given.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::path::Path;
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};
use std::time::Duration;

use jiff::tz::TimeZone;
use shouwang::config::pages::DeskRole;
use shouwang::config::village::People;
use shouwang::config::{Station as StationFile, Village};
use shouwang::control::protocol::{Body, DeviceRow, Reply, Request, Status, VisitRow};
use shouwang::control::server::Asked;
use shouwang::core::alarm::told::Reached;
use shouwang::core::alarm::{Alarm, AlarmId};
use shouwang::core::attempt::Attempt;
use shouwang::core::effect::{Answer as Answered, Authority, Command, Effect, Input, Order, Report};
use shouwang::core::id::{CommandId, ResponderId, Slug};
use shouwang::core::reading::{Measure, Origin, Said, Sample};
use shouwang::core::rota::Span;
use shouwang::core::spoken::Spoken;
use shouwang::core::station::{Identity, Rules, Station};
use shouwang::core::stop::Stop;
use shouwang::core::time::{Boot, Gap, Moment, Mono, Trust, Wall};
use shouwang::private::Private;
use shouwang::web::duty::DutyView;
use shouwang::web::link::LinkKey;
use shouwang::web::names::Known;
use shouwang::web::password::Hash;
use shouwang::web::session::User;
use shouwang::web::settings::Public;
use shouwang::web::tally::Tally;
use shouwang::web::{Settings, serve};
use tokio::net::TcpListener;
use tokio::sync::{mpsc, watch};
use tokio_util::sync::CancellationToken;

use super::http::{self, Answer};

/// When these tests begin: 2026-11-22 03:12:00 in China.
pub const BEGIN: Moment =
    Moment { boot: Boot(1), mono: Mono(500_000_000), wall: Wall(1_795_288_320_000), trust: Trust::Synced };

const STATION: &str = "[station]\nid = \"st1\"\ngateway = \"gw1\"\n[[source]]\nid = \"zigbee\"\nkind = \"mqtt\"\n\
                       url = \"mqtt://127.0.0.1\"\nformats = [\"zigbee2mqtt\"]\n";

/// A village whose names are made up, and one of them to be escaped.
const VILLAGE: &str = r#"
[homes.h01]
label = "示例村一组 1 号"
landmark = "示例大槐树对面,蓝门"
door_note = "示例狗在院里,先喊"
rooms = ["bedroom", "hall"]
door_code = "0471"
[homes.h02]
label = "示例村一组 2 号"
[homes.h03]
label = "示例村二组 <3> 号"
landmark = "示例水井旁 & 桥"
[responders.p01]
name = "示例邻居甲"
phone = "13800000001"
role = "neighbour"
[responders.p02]
name = "示例网格员乙"
phone = "13800000002"
role = "grid_worker"
[responders.p03]
name = "示例村医丙"
phone = "13800000003"
role = "village_doctor"
[responders.desk]
name = "示例值班室"
phone = "13800000004"
role = "duty_desk"
[responders.f01]
name = "示例家属丁"
phone = "13800000005"
role = "family"
[ladders.usual]
rungs = [{ call = ["p01", "p02"], wait_s = 60 }, { call = ["p03"], wait_s = 60 }]
[residents.r01]
name = "示例王氏"
address_form = "示例奶奶"
home = "h01"
ladder = "usual"
key_holder = "p03"
family = ["f01"]
[residents.r02]
name = "欧阳示例"
address_form = "示例爷爷"
home = "h02"
ladder = "usual"
[residents.r03]
name = "<script>alert(3)</script>"
address_form = "<b>示例大娘</b> & \"三\""
home = "h03"
ladder = "usual"
[residents.r04]
name = "示例外出"
address_form = "示例外出者"
home = "h02"
service = "paused"
ladder = "usual"
[devices.d001]
source = "zigbee"
address = "example-1"
resident = "r01"
room = "bedroom"
role = "sos"
mains = true
[devices.d002]
source = "zigbee"
address = "example-2"
resident = "r02"
role = "sos"
[devices.d003]
source = "zigbee"
address = "example-3"
resident = "r03"
role = "sos"
[devices.d004]
source = "zigbee"
address = "example-4"
resident = "r03"
role = "fall"
"#;

/// The station behind the page.
pub struct Mind {
    pub station: Station,
    pub now: Moment,
    pub orders: Vec<(CommandId, Order)>,
    /// What was tried at the pages and moved no alarm.
    pub attempts: Vec<Attempt>,
    /// The village's names and door codes.
    pub people: People,
    /// It answers nothing any more.
    pub deaf: bool,
    /// How often its alarms were asked for.
    pub looks: usize,
}

/// Running pages.
pub struct Pages {
    pub address: SocketAddr,
    pub key: LinkKey,
    pub tally: Tally,
    pub known: watch::Sender<Arc<Known>>,
    mind: Arc<Mutex<Mind>>,
    pub stop: CancellationToken,
}

/// The password of everybody who may log in.
pub const PASSWORD: &str = "made-up password";

/// Somebody on duty, and somebody who looks.
fn users() -> BTreeMap<Slug, User> {
    static HASH: OnceLock<Hash> = OnceLock::new();
    let password = HASH.get_or_init(|| Hash::of(PASSWORD).expect("hashed"));
    let user =
        |responder: &str, role| User { responder: responder.parse().expect("id"), role, password: password.clone() };
    BTreeMap::from([
        ("desk".parse().expect("id"), user("desk", DeskRole::Duty)),
        ("visitor".parse().expect("id"), user("p03", DeskRole::View)),
    ])
}

/// A village of these tests.
pub fn village() -> Village {
    let formats = [Spoken::over("mqtt", "zigbee2mqtt")];
    let station = StationFile::parse("shouwang.toml", STATION, Path::new(""), &formats);
    let station = station.unwrap_or_else(|problems| panic!("{problems}")).value;
    Village::parse("village.toml", VILLAGE, Some(&station)).unwrap_or_else(|problems| panic!("{problems}")).value
}

impl Pages {
    /// Pages of a quiet village.
    pub async fn quiet() -> Pages {
        Self::with(|_| {}).await
    }

    /// The same with other settings.
    pub async fn with(change: impl FnOnce(&mut Settings)) -> Pages {
        let village = village();
        let identity = Identity { station: "st1".parse().expect("id"), epoch: shouwang::core::id::Epoch(0xff) };
        let mut station = Station::new(identity, Rules::default(), village.roster.clone(), BEGIN);
        _ = station.handle(BEGIN, &Input::Source { id: "zigbee".parse().expect("id"), up: true });
        let people = village.people.clone();
        let mind = Arc::new(Mutex::new(Mind {
            station,
            now: BEGIN,
            orders: Vec::new(),
            attempts: Vec::new(),
            people,
            deaf: false,
            looks: 0,
        }));
        let (asks, asked) = mpsc::channel(8);
        tokio::spawn(answer_all(asked, mind.clone()));

        let (key, tally) = (LinkKey::new(&[7; 32]), Tally::default());
        let mut settings = Settings {
            zone: TimeZone::fixed(jiff::tz::offset(8)),
            key: key.clone(),
            seal: None,
            public: Some(Public { url: "https://answer.example".to_owned(), proven: true }),
            users: users(),
            call_back: Some(Private::new("13800000009".to_owned())),
            tally: tally.clone(),
        };
        change(&mut settings);
        let key = settings.key.clone();
        let known = Known { roster: village.roster, people: village.people, ..Known::default() };
        let (known, names) = watch::channel(Arc::new(known));
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let address = listener.local_addr().expect("it is bound");
        let stop = CancellationToken::new();
        let serving = serve(listener, settings, asks, names, stop.clone());
        tokio::spawn(async move { serving.await.expect("the page is served") });
        Pages { address, key, tally, known, mind, stop }
    }

    /// Pages of a village in which `r01` has just called for help, and who was told has the notice.
    pub async fn called() -> Pages {
        let pages = Pages::quiet().await;
        pages.press("d001");
        pages
    }

    pub fn mind(&self) -> MutexGuard<'_, Mind> {
        self.mind.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A device's button is pressed.
    pub fn press(&self, device: &str) {
        self.hear(device, Said::event(Measure::Sos(true)));
    }

    pub fn hear(&self, device: &str, said: Said) {
        let from = Origin::Device(device.parse().expect("id"));
        let sample = Sample { from, said: vec![said], retained: false, merge_ms: 0, implausible: 0 };
        let mut mind = self.mind();
        let now = mind.now;
        _ = mind.station.handle(now, &Input::Sample(sample));
    }

    /// Time goes on, and whatever is due is done.
    pub fn later(&self, span: Duration) {
        let mut mind = self.mind();
        let now = mind.now.at(mind.now.mono + span);
        mind.now = now;
        _ = mind.station.handle(now, &Input::Tick);
    }

    /// The station was not running for the time until now, by a clock that is trusted or of which nothing is known.
    pub fn stopped(&self, length: Duration, gap: Gap) -> Stop {
        let mut mind = self.mind();
        let now = mind.now;
        let stop = Stop::of(now.at(now.mono - length), now, gap).expect("it is told");
        _ = mind.station.stopped(stop);
        stop
    }

    /// Somebody orders something on another way.
    pub fn order(&self, order: Order) -> Answered {
        let mut mind = self.mind();
        let number = mind.now.mono.0 + mind.looks as u64;
        mind.looks += 1;
        let id = format!("t{number}").parse().expect("id");
        let now = mind.now;
        obey(&mut mind.station, now, id, order)
    }

    /// A busy night: `r01` waits for somebody, `r02` has somebody on the way, `r03` fell in a drill, and a fault stands.
    pub async fn busy() -> Pages {
        let pages = Pages::quiet().await;
        pages.press("d002");
        let (alarm, by) = (pages.alarm("r02").id, "p02".parse().expect("id"));
        pages.order(Order::Accept { alarm, by });
        pages.later(Duration::from_secs(40));
        pages.press("d001");
        let alarm = pages.alarm("r01").id;
        for (who, reached) in [("p01", Reached::Delivered), ("p02", Reached::Nobody)] {
            pages.report(Report { alarm, who: who.parse().expect("id"), reached });
        }
        pages.order(Order::Want120 { alarm, by: "p01".parse().expect("id") });
        pages.order(Order::Drill { resident: "r03".parse().expect("id") });
        pages.later(Duration::from_secs(16));
        let known = Known { duty: duty(), ..(**pages.known.borrow()).clone() };
        pages.known.send_replace(Arc::new(known));
        pages
    }

    /// A channel tells how far a notice has come.
    pub fn report(&self, report: Report) {
        let mut mind = self.mind();
        let now = mind.now;
        _ = mind.station.handle(now, &Input::Report(report));
    }

    /// The alarm about a resident, the newest.
    pub fn alarm(&self, resident: &str) -> Alarm {
        let mind = self.mind();
        let of = |alarm: &&Alarm| alarm.resident() == resident.parse().ok();
        let alarm = mind.station.open_alarms().chain(mind.station.closed_alarms()).find(of);
        alarm.expect("there is one").clone()
    }

    /// Every alarm as it stands, for comparing.
    pub fn alarms(&self) -> Vec<Alarm> {
        let mind = self.mind();
        mind.station.open_alarms().chain(mind.station.closed_alarms()).cloned().collect()
    }

    /// What was ordered through the pages, without what says that somebody looked.
    pub fn ordered(&self) -> Vec<Order> {
        let seen = |order: &Order| matches!(order, Order::Seen { .. });
        self.mind().orders.iter().map(|(_, order)| order.clone()).filter(|order| !seen(order)).collect()
    }

    /// The path of somebody's link to an alarm.
    pub fn link(&self, alarm: AlarmId, who: &str) -> String {
        format!("/a/{}", self.key.token(alarm, who.parse::<ResponderId>().expect("id")).text())
    }

    /// The answer to a request with these headers and this body, as a browser sends it.
    pub async fn ask(&self, method: &str, path: &str, headers: &str, body: &str) -> Answer {
        let address = self.address;
        let length = if body.is_empty() && method != "POST" {
            String::new()
        } else {
            format!("Content-Length: {}\r\n", body.len())
        };
        let request =
            format!("{method} {path} HTTP/1.1\r\nHost: {address}\r\n{headers}{length}Connection: close\r\n\r\n{body}");
        http::ask(address, &request).await
    }

    pub async fn get(&self, path: &str) -> Answer {
        self.ask("GET", path, "Accept-Language: zh-CN\r\n", "").await
    }

    /// Logs somebody in, and gives the cookie's line.
    pub async fn log_in(&self, user: &str) -> String {
        let body = format!("user={user}&password={}", PASSWORD.replace(' ', "+"));
        let answer = self.ask("POST", "/desk/login", &own_form(""), &body).await;
        assert_eq!(answer.status, 303, "{}", answer.body);
        let cookie = answer.header("set-cookie").expect("a cookie");
        format!("Cookie: {}\r\n", cookie.split(';').next().expect("a pair"))
    }

    /// Sends a form as the page's own.
    pub async fn post(&self, path: &str, body: &str) -> Answer {
        self.ask("POST", path, &own_form(""), body).await
    }
}

/// Two on duty until the morning, one of whom did not answer the roll-call, and an hour in which nobody is near.
fn duty() -> DutyView {
    let id = |text: &str| text.parse().expect("id");
    let in_hours = |hours: i64| Wall(BEGIN.wall.0 + hours * 3_600_000);
    DutyView {
        on_duty: Some(vec![(id("p01"), in_hours(4)), (id("desk"), in_hours(5))]),
        next: Some((in_hours(4), vec![id("p02")])),
        gaps: vec![(Span { from: in_hours(8), until: in_hours(9) }, vec!["r01".parse().expect("id")])],
        unanswered: vec![id("p01")],
    }
}

/// The headers of a form of this page.
pub fn own_form(more: &str) -> String {
    format!("Content-Type: application/x-www-form-urlencoded\r\nSec-Fetch-Site: same-origin\r\nOrigin: null\r\n{more}")
}

impl Drop for Pages {
    fn drop(&mut self) {
        self.stop.cancel();
    }
}

async fn answer_all(mut asked: mpsc::Receiver<Asked>, mind: Arc<Mutex<Mind>>) {
    while let Some(Asked { request, reply, .. }) = asked.recv().await {
        let mut mind = mind.lock().unwrap_or_else(PoisonError::into_inner);
        if mind.deaf {
            continue;
        }
        let now = mind.now;
        let body = match request {
            Request::Alarms { all } => {
                mind.looks += 1;
                let mut alarms: Vec<Alarm> = mind.station.open_alarms().cloned().collect();
                if all {
                    alarms.extend(mind.station.closed_alarms().cloned());
                }
                Body::Alarms(alarms)
            }
            Request::Visits => Body::Visits(VisitRow::of(&mind.station)),
            Request::Order { id, order, door } => {
                let (home, door) = (mind.station.door_of(&order), door.map(Private::new));
                let order = order.with_door(door.and_then(|door| mind.people.door_code(&door, home)));
                mind.orders.push((id, order.clone()));
                Body::Answer(obey(&mut mind.station, now, id, order))
            }
            Request::Status => Body::Status(Box::new(status(&mind))),
            Request::Keep(attempts) => {
                mind.attempts.extend(attempts);
                Body::Kept
            }
            Request::Devices => Body::Devices(devices(&mind)),
            other => Body::Trouble(format!("the page has no business with {other:?}")),
        };
        _ = reply.send(Reply { now, body });
    }
}

fn obey(station: &mut Station, now: Moment, id: CommandId, order: Order) -> Answered {
    let effects = station.handle(now, &Input::Command(Command { id, from: Authority::Local, order }));
    let answer = effects.into_iter().find_map(|effect| match effect {
        Effect::Answer(of, answer) if of == id => Some(answer),
        _ => None,
    });
    answer.expect("every command is answered")
}

fn status(mind: &Mind) -> Status {
    let station = &mind.station;
    Status {
        roll_call: shouwang::core::station::RollCallStanding::default(),
        version: "0".to_owned(),
        station: "st1".parse().expect("id"),
        gateway: "gw1".parse().expect("id"),
        epoch: shouwang::core::id::Epoch(0xff),
        village: "0123456789abcdef".to_owned(),
        village_refused: Vec::new(),
        durable: true,
        card: None,
        relay_connected: true,
        county_trouble: None,
        county_online: Some(true),
        lanes: std::collections::BTreeMap::new(),
        sources: station.sources().map(|source| (source.id, source.up)).collect(),
        residents: station.watch().iter().map(|(id, state)| (*id, (state.watch, state.since))).collect(),
        away: station.away().collect(),
        power: station.power(),
        second_path_proven: station.second_path_proven(),
        stops: station.stops(mind.now).collect(),
        open_alarms: station.open_alarms().count(),
        counters: std::collections::BTreeMap::new(),
    }
}

fn devices(mind: &Mind) -> Vec<DeviceRow> {
    let rows = mind.station.roster().devices.values().filter_map(|device| {
        let standing = mind.station.device_standing(device.id)?;
        Some(DeviceRow {
            id: device.id,
            resident: device.resident,
            home: device.home,
            room: device.room,
            role: device.role,
            source: device.source,
            reachable: standing.reachable,
            heard: standing.heard,
            expected_in_s: 0,
            fault: None,
            why: None,
            rhythm_s: 0,
            outlook: None,
            battery: None,
            link: None,
            removed: device.removed,
            free: false,
        })
    });
    rows.collect()
}
