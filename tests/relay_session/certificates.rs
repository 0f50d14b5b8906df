//! Certificates on the way to the county: what this box shows, and what its clock makes of the county's.

use std::time::Duration;

use shouwang::broker::identity::Identity;
use shouwang::core::time::{Moment, Mono, Trust, Wall};
use shouwang::relay::records::FromCounty;
use shouwang::relay::session::Settings;
use shouwang::relay::trouble::{Day, Trouble};

use crate::house::{AT, Gateway, settings, today};
use crate::support::authority::{Authority, VALID, Validity};
use crate::support::broker::Broker;
use crate::support::{installed, until, until_within};

/// A broker that wants to know who connects.
async fn curious(authority: &Authority) -> Broker {
    let lines = authority.issue("broker", "IP:127.0.0.1", VALID);
    Broker::start(&format!(
        "{lines}cafile {}\nrequire_certificate true\nuse_identity_as_username true\n",
        authority.certificate().display()
    ))
    .await
}

fn showing(broker: &Broker, authority: &Authority, identity: Option<Identity>) -> Settings {
    let broker = broker.with_tls("127.0.0.1", authority.certificate());
    Settings { broker: shouwang::broker::Broker { identity, ..broker }, ..settings("mqtt://a") }
}

fn troubles(gateway: &Gateway) -> Vec<Trouble> {
    let words = gateway.told().into_iter();
    words.filter_map(|word| if let FromCounty::Disconnected(trouble) = word { Some(trouble) } else { None }).collect()
}

async fn first_trouble(settings: Settings) -> Trouble {
    let gateway = Gateway::with(settings, [0, 0, 0]);
    until("a trouble", || !troubles(&gateway).is_empty()).await;
    let trouble = troubles(&gateway).remove(0);
    gateway.stop().await;
    trouble
}

fn is_connected(gateway: &Gateway) -> bool {
    gateway.told().iter().any(|word| matches!(word, FromCounty::Connected { .. }))
}

#[tokio::test]
async fn a_certificate_is_shown_and_what_is_wrong_with_it_is_said() {
    if !(installed("mosquitto") && installed("openssl")) {
        return;
    }
    let (authority, stranger) = (Authority::create(), Authority::create());
    let broker = curious(&authority).await;
    let own = authority.issue_client("gw1", "st1/gw1", VALID);
    let other = authority.issue_client("gw2", "st1/gw2", VALID);
    let gateway = Gateway::with(showing(&broker, &authority, Some(own.clone())), [0, 0, 0]);
    until("a connection", || is_connected(&gateway)).await;
    gateway.stop().await;

    assert_eq!(first_trouble(showing(&broker, &authority, None)).await, Trouble::WantsCertificate);
    let mixed = Identity { key_file: other.key_file, ..own.clone() };
    let said = first_trouble(showing(&broker, &authority, Some(mixed))).await;
    assert!(matches!(&said, Trouble::OwnFiles(why) if why.contains("does not belong to the certificate")), "{said}");
    let absent = Identity { cert_file: "/nonexistent/gw1.pem".into(), ..own };
    let said = first_trouble(showing(&broker, &authority, Some(absent))).await;
    assert!(
        matches!(&said, Trouble::OwnFiles(why) if why.contains("/nonexistent/gw1.pem cannot be used as cert_file"))
    );

    let over = authority.issue_client("over", "st1/gw1", Validity("200101000000Z", "210203000000Z"));
    let said = first_trouble(showing(&broker, &authority, Some(over))).await;
    assert_eq!(said, Trouble::OwnExpired(Day(1_612_310_400)), "{said}");
    assert!(said.to_string().contains("ended on 2021-02-03") && said.zh().contains("2021-02-03 到期"));
    let early = authority.issue_client("early", "st1/gw1", Validity("480101000000Z", "490101000000Z"));
    let said = first_trouble(showing(&broker, &authority, Some(early))).await;
    assert_eq!(said, Trouble::OwnNotYetValid(Day(2_461_449_600)), "{said}");
    let foreign = stranger.issue_client("gw1", "st1/gw1", VALID);
    let said = first_trouble(showing(&broker, &authority, Some(foreign))).await;
    assert!(matches!(said, Trouble::OwnRefused(_)), "{said}");
}

#[tokio::test]
async fn a_renewed_certificate_is_shown_from_the_next_connection_on_and_the_heartbeat_counts_its_days() {
    if !(installed("mosquitto") && installed("openssl")) {
        return;
    }
    let authority = Authority::create();
    let mut broker = curious(&authority).await;
    let own = authority.issue_client("gw1", "st1/gw1", Validity("200101000000Z", "210203000000Z"));
    let gateway = Gateway::with(showing(&broker, &authority, Some(own.clone())), [0, 0, 0]);
    until("the trouble", || troubles(&gateway).iter().any(|trouble| matches!(trouble, Trouble::OwnExpired(_)))).await;
    let renewed = authority.issue_client("renewed", "st1/gw1", VALID);
    std::fs::copy(renewed.key_file, &own.key_file).expect("copied");
    std::fs::copy(renewed.cert_file, &own.cert_file).expect("copied");
    until("a connection with the renewed one", || is_connected(&gateway)).await;
    let days = gateway.house.clock.lock().expect("not poisoned").wall.0 / 1000;
    let left = (2_493_072_000 - days) / 86_400;
    until("a heartbeat", || *gateway.house.cert_days.lock().expect("not poisoned") == Some(left)).await;
    broker.kill();
    gateway.stop().await;
}

#[tokio::test]
async fn a_clock_of_1970_is_named_and_the_connection_is_tried_at_once_when_the_time_comes() {
    if !(installed("mosquitto") && installed("openssl")) {
        return;
    }
    let authority = Authority::create();
    let broker = curious(&authority).await;
    let own = authority.issue_client("gw1", "st1/gw1", VALID);
    let before = Moment { wall: Wall(60_000), trust: Trust::Unset, ..AT };
    let gateway = Gateway::at(before, showing(&broker, &authority, Some(own)), [0, 0, 0]);
    until_within(Duration::from_mins(1), "waits of up to eight seconds", || troubles(&gateway).len() >= 4).await;
    let named = Trouble::ClockBehind(Day(60));
    assert_eq!(troubles(&gateway).last(), Some(&named));
    assert!(named.to_string().contains("stands at 1970-01-01: no certificate can be valid yet"), "{named}");
    assert!(named.zh().contains("本机时钟停在 1970-01-01") && named.zh().contains("正在等校时"), "{}", named.zh());
    assert!(!is_connected(&gateway));
    *gateway.house.clock.lock().expect("not poisoned") = Moment { mono: Mono(60_001), ..today() };
    until_within(Duration::from_secs(4), "the connection", || is_connected(&gateway)).await;
    gateway.stop().await;
}

#[tokio::test]
async fn a_clock_that_is_years_ahead_is_not_taken_for_the_countys_fault() {
    if !(installed("mosquitto") && installed("openssl")) {
        return;
    }
    let authority = Authority::create();
    let broker = Broker::start(&authority.issue("broker", "IP:127.0.0.1", VALID)).await;
    let ahead = Moment { wall: Wall(2_524_608_000_000), trust: Trust::Holdover, ..AT };
    let gateway = Gateway::at(ahead, showing(&broker, &authority, None), [0, 0, 0]);
    until("a trouble", || !troubles(&gateway).is_empty()).await;
    assert_eq!(troubles(&gateway).first(), Some(&Trouble::ClockAhead(Day(2_524_608_000))));
    gateway.stop().await;
}
