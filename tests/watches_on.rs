//! What must not keep a station from watching: a slip in the village file before a restart, pages that cannot be served.

mod support;

use std::fs;
use std::net::TcpListener;

use shouwang::control::protocol::{Body, Request, VillageAnswer};
use shouwang::core::condition::Condition;
use support::fast::{Fast, VILLAGE, ask};
use support::until_found;

/// Waits until something holds.
async fn until_true(what: &str, mut holds: impl AsyncFnMut() -> bool) {
    until_found(what, async || holds().await.then_some(())).await;
}

#[tokio::test]
async fn a_start_with_a_broken_village_file_watches_by_the_last_sound_list_and_says_so() {
    let fast = Fast::new();
    fast.start().await.stop().await;
    fs::write(fast.path("village.toml"), VILLAGE.replace("role = ", "rolle = ")).expect("writes");

    let running = fast.start().await;
    let status = fast.status().await;
    assert!(status.residents.contains_key(&"r01".parse().expect("id")), "she is in the list in force");
    assert!(status.village_refused.iter().any(|objection| objection.what == "unknown_key"), "it says why");
    assert_eq!(fast.open(Condition::VillageFileRefused).await.len(), 1);
    running.stop().await;

    // Another start changes nothing of it, and counts nothing twice.
    let running = fast.start().await;
    assert_eq!(fast.open(Condition::VillageFileRefused).await.len(), 1);
    fs::write(fast.path("village.toml"), VILLAGE).expect("writes");
    let answer = ask(&fast.socket(), Request::Reload { by: None }).await;
    assert!(matches!(answer, Some(Body::Village(VillageAnswer::Same { .. }))), "{answer:?}");
    until_true("the fault is over", async || fast.open(Condition::VillageFileRefused).await.is_empty()).await;
    assert!(fast.status().await.village_refused.is_empty());
    running.stop().await;
}

#[tokio::test]
async fn a_file_that_is_broken_and_mended_between_two_starts_leaves_no_fault() {
    let fast = Fast::new();
    fast.start().await.stop().await;
    fs::remove_file(fast.path("village.toml")).expect("it was there");
    let running = fast.start().await;
    assert_eq!(fast.open(Condition::VillageFileRefused).await.len(), 1, "a file that is gone is refused too");
    running.stop().await;
    fs::write(fast.path("village.toml"), VILLAGE).expect("writes");
    let running = fast.start().await;
    assert!(fast.open(Condition::VillageFileRefused).await.is_empty());
    running.stop().await;
}

#[tokio::test]
async fn a_port_that_is_taken_is_a_fault_of_the_pages_and_not_of_the_watch() {
    let taken = TcpListener::bind("127.0.0.1:0").expect("a free port");
    let address = taken.local_addr().expect("bound");
    let fast = Fast::with(&format!("[web]\nlisten = \"{address}\"\n"));
    let running = fast.start().await;
    let down = async || fast.open(Condition::PagesDown).await.into_iter().next();
    until_found("the fault is raised", down).await;
    drop(taken);
    until_true("the pages are served", async || std::net::TcpStream::connect(address).is_ok()).await;
    until_true("the fault is over", async || fast.open(Condition::PagesDown).await.is_empty()).await;
    running.stop().await;
}

#[tokio::test]
async fn pages_that_are_configured_wrongly_are_a_fault_and_the_station_watches() {
    let fast = Fast::with("[web]\nlisten = \"127.0.0.1:0\"\ncert_file = \"gone.pem\"\nkey_file = \"gone.key\"\n");
    let running = fast.start().await;
    let down = async || fast.open(Condition::PagesDown).await.into_iter().next();
    until_found("the fault is raised", down).await;
    running.stop().await;
}
