//! The county session against a real mosquitto: brokers that die and forget, counties that say nothing, TLS.

mod certificates;
mod county;
mod house;
#[path = "../support/mod.rs"]
mod support;

use std::collections::BTreeSet;

use serde_json::{Value, json};

use shouwang::broker::Login;
use shouwang::core::effect::Answer;
use shouwang::core::refusal::Refusal;
use shouwang::core::sequence::{Lane, Range};
use shouwang::private::Private;
use shouwang::relay::message::{CONTENT_TYPE, CommandResult, CountyOrder, ResultMessage};
use shouwang::relay::records::FromCounty;
use shouwang::relay::retained::RetainedKey;
use shouwang::relay::session::Settings;
use shouwang::relay::trouble::Trouble;

use county::{County, Habit};
use house::{AT, Gateway, settings};
use support::authority::{Authority, VALID, Validity};
use support::broker::{Broker, free_port};
use support::child::Guard;
use support::{installed, until};

const THIS_EPOCH: &str = "00000000000000e1";

fn all(count: u64) -> BTreeSet<u64> {
    (1..=count).collect()
}

#[tokio::test]
async fn alarms_go_ahead_of_a_backlog_oldest_first_and_everything_arrives() {
    if !installed("mosquitto") {
        return;
    }
    let broker = Broker::start("").await;
    let county = County::connect(broker.port(), Habit::Receipt).await;
    let gateway = Gateway::start(broker.port(), [300, 20, 5_000]);
    until("all receipts", || {
        (gateway.settled(Lane::Alarm), gateway.settled(Lane::Device), gateway.settled(Lane::Reading))
            == (300, 20, 5_000)
    })
    .await;

    let order: Vec<String> = county.arrived().iter().map(|message| message.kind().to_owned()).collect();
    let first = |kind: &str| order.iter().position(|other| other == kind).expect("arrived");
    let alarms: Vec<u64> = county.of_kind("alarm").iter().map(|message| message.numbers().0).collect();
    assert_eq!(alarms, (1..=300).collect::<Vec<u64>>(), "each once, oldest first");
    assert!(first("state") < first("alarm"), "the birth goes first");
    assert!(first("alarm") < first("device") && first("device") < first("reading"));
    let second_hundred = order.iter().enumerate().filter(|(_, kind)| *kind == "alarm").nth(99).expect("arrived").0;
    assert!(second_hundred < first("reading"), "a hundred alarms stand ahead of the first reading");
    for message in county.of_kind("reading") {
        assert_eq!((message.content_type.as_deref(), message.expiry_s), (Some(CONTENT_TYPE), Some(7 * 24 * 3_600)));
    }
    assert_eq!(county.of_kind("alarm")[0].expiry_s, None, "an alarm never expires");
    assert_eq!(county.of_kind("hb")[0].expiry_s, Some(90));
    assert_eq!(gateway.stop().await, [], "nothing is sent after its receipt");
}

#[tokio::test]
async fn a_broker_that_is_killed_and_forgets_loses_nothing() {
    if !installed("mosquitto") {
        return;
    }
    let mut broker = Broker::start("").await;
    let county = County::connect(broker.port(), Habit::Receipt).await;
    let gateway = Gateway::start(broker.port(), [50, 5, 1_000]);
    for round in 1..=3_u64 {
        until("some receipts", || gateway.settled(Lane::Alarm) as u64 >= round * 50 - 25).await;
        broker.kill();
        for more in 1..=50 {
            gateway.letterbox.head(Lane::Alarm, round * 50 + more);
        }
        gateway.letterbox.head(Lane::Reading, 1_000 + round * 1_000);
        assert!(broker.start_again().await, "its port is free again");
    }
    until("all receipts", || gateway.settled(Lane::Alarm) == 200 && gateway.settled(Lane::Reading) == 4_000).await;
    assert_eq!(county.seen(Lane::Alarm), all(200));
    assert!(gateway.told().iter().filter(|word| matches!(word, FromCounty::Connected { .. })).count() >= 4);
    assert_eq!(gateway.stop().await, [], "nothing is sent after its receipt");
}

#[tokio::test]
async fn what_a_broker_acknowledged_and_then_lost_is_sent_again() {
    if !installed("mosquitto") {
        return;
    }
    let mut broker = Broker::start("").await;
    // Nobody is subscribed: every alarm gets its PUBACK and goes nowhere.
    let gateway = Gateway::start(broker.port(), [40, 0, 0]);
    let watcher = County::connect(broker.port(), Habit::Withhold).await;
    until("every alarm was published", || watcher.seen(Lane::Alarm) == all(40)).await;
    drop(watcher);
    broker.kill();
    assert!(broker.start_again().await, "its port is free again");
    let county = County::connect(broker.port(), Habit::Receipt).await;
    until("all receipts", || gateway.settled(Lane::Alarm) == 40).await;
    assert_eq!(county.seen(Lane::Alarm), all(40));
    assert_eq!(gateway.stop().await, []);
}

#[tokio::test]
async fn an_alarm_is_sent_again_until_its_receipt_and_then_no_more() {
    if !installed("mosquitto") {
        return;
    }
    let broker = Broker::start("").await;
    let county = County::connect(broker.port(), Habit::Withhold).await;
    let gateway = Gateway::start(broker.port(), [2, 0, 0]);
    let times = |seq: u64| county.of_kind("alarm").iter().filter(|message| message.numbers().0 == seq).count();
    until("both alarms three times", || times(1) >= 3 && times(2) >= 3).await;

    // Receipts in ranges, twice, beyond what exists, turned round, and for another epoch.
    county.receipt("00000000000000ff", Lane::Alarm, &[Range(1, 2)]).await;
    county.receipt(THIS_EPOCH, Lane::Alarm, &[Range(9, 3), Range(1, 1), Range(0, 1), Range(5, u64::MAX)]).await;
    county.receipt(THIS_EPOCH, Lane::Alarm, &[Range(1, 1)]).await;
    until("the receipt of alarm 1", || gateway.settled(Lane::Alarm) == 1).await;
    let (first, second) = (times(1), times(2));
    until("alarm 2 three times more", || times(2) >= second + 3).await;
    assert!(times(1) <= first + 1, "one may have been on its way when the receipt came");

    county.say("ack", &json!({"epoch": THIS_EPOCH, "lane": "alarm", "ranges": [], "reject": [{"seq": 2, "reason": "unreadable"}]})).await;
    until("the rejection is told", || {
        gateway.told().iter().any(|word| matches!(word, FromCounty::Receipt(ack) if ack.reject.len() == 1))
    })
    .await;
    assert_eq!(gateway.stop().await, []);
    let last = county.of_kind("state").pop().expect("a farewell");
    assert_eq!(last.payload["lanes"]["alarm"], json!({"head": 2, "receipted": 0}), "as it stood at connecting");
}

#[tokio::test]
async fn an_offline_county_is_sent_alarms_and_no_readings() {
    if !installed("mosquitto") {
        return;
    }
    let broker = Broker::start("").await;
    let county = County::connect(broker.port(), Habit::Withhold).await;
    county.say_online(false, 1).await;
    let gateway = Gateway::start(broker.port(), [0, 0, 0]);
    until("the county's word", || gateway.told().iter().any(|word| matches!(word, FromCounty::County(_)))).await;
    gateway.letterbox.head(Lane::Reading, 100);
    gateway.letterbox.head(Lane::Alarm, 1);
    until("the alarm", || county.seen(Lane::Alarm) == all(1)).await;
    assert_eq!(county.seen(Lane::Reading), BTreeSet::new());
    county.set_habit(Habit::Receipt);
    county.say_online(true, 2).await;
    until("everything", || gateway.settled(Lane::Reading) == 100 && gateway.settled(Lane::Alarm) == 1).await;
    assert_eq!(gateway.stop().await, []);
}

#[tokio::test]
async fn birth_and_will_and_farewell_name_the_same_connection() {
    if !installed("mosquitto") {
        return;
    }
    let broker = Broker::start("").await;
    let county = County::connect(broker.port(), Habit::Receipt).await;
    let states = || county.of_kind("state").iter().map(|message| message.payload.clone()).collect::<Vec<Value>>();
    let named = |state: &Value| (state["epoch"].clone(), state["boot"].clone(), state["conn"].clone());

    let dying = Gateway::start(broker.port(), [1, 0, 0]);
    until("a birth", || states().len() == 1).await;
    dying.session.abort();
    until("a will", || states().len() == 2).await;
    assert_eq!((&states()[0]["online"], &states()[1]["online"]), (&json!(true), &json!(false)));
    assert_eq!(named(&states()[0]), named(&states()[1]));

    let stopping = Gateway::start(broker.port(), [0, 0, 0]);
    until("another birth", || states().len() == 3).await;
    stopping.stop().await;
    until("a farewell", || states().len() == 4).await;
    assert_eq!(states()[3]["online"], json!(false));
    assert_eq!(named(&states()[2]), named(&states()[3]));
    let late = County::connect(broker.port(), Habit::Withhold).await;
    until("the state is retained", || late.of_kind("state").first().is_some_and(|state| state.retained)).await;
    assert_eq!(states().len(), 4, "no will follows a farewell");
}

#[tokio::test]
async fn commands_are_handed_on_answered_and_resync_sends_again() {
    if !installed("mosquitto") {
        return;
    }
    let broker = Broker::start("").await;
    let county = County::connect(broker.port(), Habit::Receipt).await;
    let gateway = Gateway::start(broker.port(), [3, 0, 0]);
    until("the alarms", || gateway.settled(Lane::Alarm) == 3).await;
    county.say("cmd/c1", &json!({"do": "query"})).await;
    county.say("cmd/c2", &json!({"do": "dance"})).await;
    until("both commands", || {
        let told = gateway.told();
        let query = told.iter().any(|word| {
            matches!(word, FromCounty::Command { id, message } if id.as_str() == "c1" && message.order == CountyOrder::Query)
        });
        query && told.iter().any(|word| matches!(word, FromCounty::Unreadable { id, .. } if id.as_str() == "c2"))
    })
    .await;
    let result = CommandResult::Answered(Answer::Refused { reason: Refusal::NotNow });
    gateway.letterbox.answer(ResultMessage { id: "c1".parse().expect("an id"), at: AT, result });
    until("the answer", || county.of_kind("c1").len() == 1).await;

    county.set_habit(Habit::Withhold);
    gateway.letterbox.head(Lane::Reading, 10);
    until("the readings", || county.seen(Lane::Reading) == all(10)).await;
    let births = county.of_kind("state").len();
    county.set_habit(Habit::Receipt);
    county.say("cmd/c3", &json!({"do": "resync"})).await;
    until("the readings' receipt", || gateway.settled(Lane::Reading) == 10).await;
    until("another birth", || county.of_kind("state").len() > births).await;
    assert_eq!(county.of_kind("alarm").len(), 3, "what has its receipt is not part of a resync");
    assert_eq!(gateway.stop().await, []);
}

#[tokio::test]
async fn retained_standings_come_after_every_connection_and_go_when_removed() {
    if !installed("mosquitto") {
        return;
    }
    let mut broker = Broker::start("").await;
    let key = RetainedKey::Device("d017".parse().expect("an id"));
    let gateway = Gateway::start(broker.port(), [0, 0, 0]);
    gateway.house.devices.lock().expect("not poisoned").insert(key);
    gateway.letterbox.changed(key);
    let county = County::connect(broker.port(), Habit::Receipt).await;
    until("the standing", || county.of_kind("d017").len() == 1).await;
    assert_eq!(county.of_kind("d017")[0].expiry_s.map(|seconds| seconds > 100), Some(true));
    drop(county);

    broker.kill();
    assert!(broker.start_again().await, "its port is free again");
    let county = County::connect(broker.port(), Habit::Receipt).await;
    until("the standing again", || county.of_kind("d017").len() == 1).await;
    gateway.house.devices.lock().expect("not poisoned").clear();
    gateway.letterbox.changed(key);
    until("its end", || county.of_kind("d017").last().is_some_and(|message| message.payload == Value::Null)).await;
    gateway.stop().await;
}

#[tokio::test]
async fn tls_connects_with_the_right_authority_and_says_what_is_wrong_with_another() {
    if !(installed("mosquitto") && installed("openssl")) {
        return;
    }
    let (authority, stranger) = (Authority::create(), Authority::create());
    let serve = async |name: &str, names: &str, validity| Broker::start(&authority.issue(name, names, validity)).await;
    let later = Validity("480101000000Z", "490101000000Z");
    let earlier = Validity("200101000000Z", "210101000000Z");
    let secure =
        |broker: &Broker, ca_file| Settings { broker: broker.with_tls("127.0.0.1", ca_file), ..settings("mqtt://a") };

    let good = serve("good", "IP:127.0.0.1,DNS:localhost", VALID).await;
    let gateway = Gateway::with(secure(&good, authority.certificate()), [0, 0, 0]);
    until("a connection", || gateway.told().contains(&FromCounty::Connected { conn: 1_000_001 })).await;
    gateway.stop().await;

    let first_trouble = async |settings: Settings| {
        let gateway = Gateway::with(settings, [0, 0, 0]);
        until("a word", || !gateway.told().is_empty()).await;
        let word = gateway.told().remove(0);
        gateway.stop().await;
        match word {
            FromCounty::Disconnected(trouble) => trouble,
            other => panic!("{other:?}"),
        }
    };
    assert_eq!(first_trouble(secure(&good, stranger.certificate())).await, Trouble::UnknownCa);
    let future = serve("future", "IP:127.0.0.1", later).await;
    let past = serve("past", "IP:127.0.0.1", earlier).await;
    let other = serve("other", "DNS:other.example", VALID).await;
    assert_eq!(first_trouble(secure(&future, authority.certificate())).await, Trouble::NotYetValid);
    assert_eq!(first_trouble(secure(&past, authority.certificate())).await, Trouble::Expired);
    let wrong = first_trouble(secure(&other, authority.certificate())).await;
    assert!(matches!(&wrong, Trouble::WrongName(names) if names.contains("other.example")), "{wrong}");
    let plain = Broker::start("").await;
    let not_tls = first_trouble(secure(&plain, authority.certificate())).await;
    assert!(matches!(not_tls, Trouble::NotTls | Trouble::Closed(_)), "{not_tls:?}");
    let missing = secure(&good, authority.certificate().with_file_name("missing.pem"));
    assert!(matches!(first_trouble(missing).await, Trouble::CaFile(_)));
    let nobody = settings(&format!("mqtt://127.0.0.1:{}", free_port()));
    assert_eq!(first_trouble(nobody).await, Trouble::NobodyThere);
}

#[tokio::test]
async fn a_wrong_password_is_named() {
    if !installed("mosquitto") {
        return;
    }
    let folder = tempfile::tempdir().expect("a temporary folder");
    Guard::run_to_end_in(folder.path(), "mosquitto_passwd", ["-b", "-c", "passwords", "gw1", "right"]);
    let passwords = folder.path().join("passwords");
    let broker = Broker::start(&format!("allow_anonymous false\npassword_file {}", passwords.display())).await;
    let with = |password: &str| {
        let login = Login { username: "gw1".to_owned(), password: Private::new(password.to_owned()) };
        let mut settings = settings(&broker.url());
        settings.broker.login = Some(login);
        settings
    };
    let wrong = Gateway::with(with("wrong"), [0, 0, 0]);
    until("a word", || wrong.told().contains(&FromCounty::Disconnected(Trouble::Login))).await;
    wrong.stop().await;
    let right = Gateway::with(with("right"), [0, 0, 0]);
    until("a connection", || right.told().contains(&FromCounty::Connected { conn: 1_000_001 })).await;
    right.stop().await;
}

#[tokio::test]
async fn a_station_that_takes_nothing_holds_up_no_alarm() {
    if !installed("mosquitto") {
        return;
    }
    let broker = Broker::start("").await;
    let county = County::connect(broker.port(), Habit::Receipt).await;
    let (gateway, _never_read) =
        Gateway::without_station(settings(&format!("mqtt://127.0.0.1:{}", broker.port())), [1_000, 100, 3_000]);
    until("everything", || {
        county.seen(Lane::Alarm) == all(1_000)
            && county.seen(Lane::Device) == all(100)
            && county.seen(Lane::Reading) == all(3_000)
    })
    .await;
    gateway.stop().await;
}

#[tokio::test]
async fn a_broker_with_a_small_limit_gets_small_batches() {
    if !installed("mosquitto") {
        return;
    }
    let broker = Broker::start("max_packet_size 3000").await;
    let county = County::connect(broker.port(), Habit::Receipt).await;
    let gateway = Gateway::start(broker.port(), [5, 0, 1_000]);
    until("everything", || gateway.settled(Lane::Reading) == 1_000 && gateway.settled(Lane::Alarm) == 5).await;
    assert!(county.of_kind("reading").len() >= 20, "{} batches", county.of_kind("reading").len());
    assert_eq!(gateway.stop().await, []);
}

#[tokio::test]
async fn what_is_no_broker_is_survived() {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let port = listener.local_addr().expect("an address").port();
    let good_connack: &[u8] = &[0x20, 3, 0, 0, 0];
    let nonsense: Vec<Vec<u8>> = vec![
        b"HTTP/1.1 400 Bad Request\r\n\r\n".to_vec(),
        vec![0xFF; 4_096],
        vec![0x20, 0xFF, 0xFF, 0xFF, 0xFF],
        vec![0x20, 3, 0, 0x99, 0],
        // A CONNACK, and then an unasked PUBACK, a PUBREC, a PUBCOMP, a cut message, one with a topic that is no text.
        [good_connack, &[0x40, 2, 0, 9]].concat(),
        [good_connack, &[0x50, 2, 0, 1]].concat(),
        [good_connack, &[0x70, 2, 0xFF, 0xFF]].concat(),
        [good_connack, &[0x30, 0x7F, 0, 1]].concat(),
        [good_connack, &[0x30, 6, 0, 2, 0xFF, 0xFE, 0, 1], &[0xE0, 0]].concat(),
    ];
    let rounds = nonsense.len();
    let served = tokio::spawn(async move {
        for bytes in nonsense {
            let (mut stream, _) = listener.accept().await.expect("a connection");
            tokio::io::AsyncWriteExt::write_all(&mut stream, &bytes).await.expect("written");
        }
    });
    // An alarm waits, so that attempts follow within a second.
    let gateway = Gateway::start(port, [1, 0, 0]);
    until("every attempt", || served.is_finished()).await;
    until("the last word", || matches!(gateway.told().last(), Some(FromCounty::Disconnected(_)))).await;
    let broken = gateway.told().iter().filter(|word| matches!(word, FromCounty::Disconnected(_))).count();
    assert!(broken + 1 >= rounds, "{broken} of {rounds}");
    // "By ourselves" would mean that the task behind the connection ended without a word: that it panicked.
    let by_ourselves = FromCounty::Disconnected(Trouble::Closed("by ourselves".to_owned()));
    assert!(!gateway.told().contains(&by_ourselves));
    assert_eq!(gateway.stop().await, []);
}
