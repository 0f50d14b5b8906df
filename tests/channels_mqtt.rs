//! Notices and answers over a real mosquitto.

mod support;

use std::sync::Arc;

use rumqttc::v5::mqttbytes::QoS;
use shouwang::notify::channel::{Ailment, Failure, FromChannel, Health, Word};
use shouwang::notify::mqtt::{self, Settings};
use shouwang::private::Private;
use support::broker::Broker;
use support::desk::{ALARM, Desk, letter};
use support::installed;
use support::player::Player;

fn open(broker: &Broker) -> Desk {
    let settings = Settings {
        name: "local".parse().expect("an id"),
        broker: broker.plain(),
        client_id: "shouwang-st1-notify-local".to_owned(),
        utc: Arc::new(|| Some(1_795_317_125)),
    };
    Desk::open(|errands, said, stop| mqtt::run(settings, errands, said, stop))
}

const ANSWER: &str = r#"{"code":17,"wish":"我去"}"#;

#[tokio::test]
async fn a_notice_is_under_its_responder_s_topic_and_one_that_nobody_listens_for_is_unreachable() {
    if !installed("mosquitto") {
        return;
    }
    let broker = Broker::start("").await;
    let listener = Player::join(broker.port(), &["sw/1/local/notify/r07"]).await;
    let mut desk = open(&broker);
    assert_eq!(desk.health().await, Health::Up);
    assert_eq!(desk.deliver(letter(), Some("r07")).await, Word::Sent);
    assert_eq!(desk.deliver(letter(), Some("r08")).await, Word::Failed(Failure::Unreachable));
    assert_eq!(desk.deliver(letter(), None).await, Word::Failed(Failure::Unable));
    let ticket = desk.ring().await;
    assert_eq!(desk.word(ticket).await.0, Word::Failed(Failure::Unable));

    support::until("the notice is heard", || listener.heard().len() == 1).await;
    let notice = listener.heard().remove(0).publish;
    assert_eq!((notice.qos, notice.retain), (QoS::AtLeastOnce, false));
    let body: serde_json::Value = serde_json::from_slice(&notice.payload).expect("JSON");
    assert_eq!((&body["alarm"], &body["to"], &body["code"]), (&ALARM.into(), &"r07".into(), &17.into()));
}

#[tokio::test]
async fn an_answer_comes_in_the_responder_s_name_and_again_until_it_is_kept() {
    if !installed("mosquitto") {
        return;
    }
    let broker = Broker::start("").await;
    let mut desk = open(&broker);
    assert_eq!(desk.health().await, Health::Up);
    let topic = "sw/1/local/notify/answer/r07";
    broker.publish(topic, QoS::AtLeastOnce, false, "17 我去").await;
    broker.publish(topic, QoS::AtLeastOnce, true, ANSWER).await;
    let (incoming, kept) = desk.incoming().await;
    assert_eq!(incoming.from.responder, "r07".parse().ok());
    assert_eq!(incoming.text, Private::new("17 我去".to_owned()));
    // The house could not keep it.
    drop(kept);
    let (again, kept) = desk.incoming().await;
    assert_eq!(again, incoming);
    kept.send(()).expect("the channel waits for it");
    broker.publish("sw/1/local/notify/answer/r08", QoS::AtLeastOnce, false, ANSWER).await;
    let (next, _) = desk.incoming().await;
    assert_eq!(next.from.responder, "r08".parse().ok(), "what was kept does not come a third time");
}

#[tokio::test]
async fn an_answer_that_is_given_while_the_station_is_away_is_not_lost() {
    if !installed("mosquitto") {
        return;
    }
    let broker = Broker::start("").await;
    let mut desk = open(&broker);
    assert_eq!(desk.health().await, Health::Up);
    desk.stop().await;
    broker.publish("sw/1/local/notify/answer/r07", QoS::AtLeastOnce, false, ANSWER).await;
    let mut desk = open(&broker);
    let (incoming, kept) = desk.incoming().await;
    assert_eq!(incoming.from.responder, "r07".parse().ok());
    kept.send(()).expect("the channel waits for it");
}

#[tokio::test]
async fn a_broker_that_is_killed_is_down_fails_errands_in_time_and_is_found_again() {
    if !installed("mosquitto") {
        return;
    }
    let mut broker = Broker::start("persistence true").await;
    let mut desk = open(&broker);
    assert_eq!(desk.health().await, Health::Up);
    broker.kill();
    assert_eq!(desk.health().await, Health::Down(Ailment::NotThere));
    let ticket = desk.give(letter(), Some("r07")).await;
    // Real time may stand still: nothing answers, and nothing is waited for but deadlines.
    tokio::time::pause();
    assert_eq!(desk.word(ticket).await.0, Word::Failed(Failure::NoNetwork));
    tokio::time::resume();
    assert!(broker.start_again().await, "the port is still free");
    assert_eq!(desk.health().await, Health::Up);
    let _listener = Player::join(broker.port(), &["sw/1/local/notify/+"]).await;
    assert_eq!(desk.deliver(letter(), Some("r07")).await, Word::Sent);
}

#[tokio::test]
async fn a_broker_that_hangs_costs_ten_seconds_and_the_connection() {
    if !installed("mosquitto") {
        return;
    }
    let broker = Broker::start("").await;
    let _listener = Player::join(broker.port(), &["sw/1/local/notify/+"]).await;
    let mut desk = open(&broker);
    assert_eq!(desk.health().await, Health::Up);
    broker.freeze();
    let ticket = desk.give(letter(), Some("r07")).await;
    tokio::time::pause();
    let began = tokio::time::Instant::now();
    assert_eq!(desk.word(ticket).await.0, Word::Failed(Failure::Trouble));
    assert!(began.elapsed().as_secs() <= 10, "{:?}", began.elapsed());
    assert_eq!(desk.health().await, Health::Down(Ailment::NotThere));
    tokio::time::resume();
    broker.thaw();
    assert_eq!(desk.health().await, Health::Up);
}

#[tokio::test]
async fn an_account_that_is_not_let_in_is_said_and_a_stop_ends_what_is_in_hand() {
    if !installed("mosquitto") {
        return;
    }
    let broker = Broker::start("allow_anonymous false").await;
    let mut desk = open(&broker);
    assert_eq!(desk.health().await, Health::Down(Ailment::NotLetIn));
    let ticket = desk.give(letter(), Some("r07")).await;
    // It is taken at once, and there is no connection to send it over.
    let last = desk.stop().await;
    assert!(last.contains(&FromChannel::Word(ticket, Word::Failed(Failure::Trouble))), "{last:?}");
}
