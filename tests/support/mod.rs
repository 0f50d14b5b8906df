//! What the tests against the real world share: real brokers, real ports, and waiting for a condition.
//!
//! Everything here ends with the test that started it: guards end their children, and the kernel ends them when
//! the test's thread is gone, however it went.

#![allow(dead_code, reason = "each test file compiles this module for itself and uses a part of it")]

pub mod child;

pub mod shell;

pub mod chance;

pub mod vectors;

pub mod authority;

pub mod broker;

pub mod mqtt_reader;

pub mod wire;

pub mod card;

pub mod moods;

pub mod player;

pub mod hub;

pub mod watch;

pub mod village_of_watches;

pub mod village;

pub mod county_messages;

pub mod county_service;

pub mod http;

pub mod county_page;

pub mod station_page;

pub mod browser;

pub mod devtools;

pub mod house;

pub mod passing;

pub mod desk;

pub mod web;

pub mod telephone;

pub mod port;

pub mod pty;

pub mod fast;

use std::io::Write as _;
use std::path::Path;
use std::time::Duration;

use tokio::time::{Instant, sleep, timeout};

/// Longest wait for something that is to happen. Generous, because a passing test never waits it out.
pub const PATIENCE: Duration = Duration::from_secs(30);

/// Whether a program is installed. Without it a test passes with a word on a developer's machine, and fails in CI,
/// where a test that does not run would be a test that always passes.
pub fn installed(program: &str) -> bool {
    let found = found(program);
    assert!(found || std::env::var("CI").as_deref() != Ok("true"), "{program} must be installed in CI");
    if !found {
        // Written past the test harness, which keeps to itself what a passing test prints.
        let thread = std::thread::current();
        let test = thread.name().unwrap_or("a test");
        let _ = writeln!(std::io::stderr(), "skipped: {test} wants {program}, which is not installed");
    }
    found
}

/// Whether a program is there to be used.
fn found(program: &str) -> bool {
    let path = std::env::var_os("PATH").unwrap_or_default();
    // Debian keeps servers where an ordinary user's PATH does not lead.
    let mut folders = std::env::split_paths(&path).chain([Path::new("/usr/sbin").to_owned()]);
    folders.any(|folder| folder.join(program).is_file())
}

/// The program under test: the one that was built with the tests, or the one that `SHOUWANG_BINARY` names.
pub fn binary() -> &'static str {
    static BINARY: std::sync::LazyLock<String> = std::sync::LazyLock::new(|| {
        std::env::var("SHOUWANG_BINARY").unwrap_or_else(|_| env!("CARGO_BIN_EXE_shouwang").to_owned())
    });
    &BINARY
}

/// Whether the long form of the acceptance tests was asked for.
pub fn is_long() -> bool {
    std::env::var_os("SHOUWANG_LONG").is_some()
}

/// Waits until `holds`, looking every few milliseconds.
///
/// # Panics
/// After [`PATIENCE`], naming what did not happen.
pub async fn until(what: &str, holds: impl FnMut() -> bool) {
    until_within(PATIENCE, what, holds).await;
}

/// As [`until`], for what may take longer.
///
/// # Panics
/// After `patience`, naming what did not happen.
pub async fn until_within(patience: Duration, what: &str, mut holds: impl FnMut() -> bool) {
    look(patience, what, async || holds().then_some(())).await;
}

/// Looks every few milliseconds until there is something to be found.
///
/// # Panics
/// After [`PATIENCE`], naming what was not found.
pub async fn until_found<T>(what: &str, find: impl AsyncFnMut() -> Option<T>) -> T {
    look(PATIENCE, what, find).await
}

async fn look<T>(patience: Duration, what: &str, mut find: impl AsyncFnMut() -> Option<T>) -> T {
    let end = Instant::now() + patience;
    loop {
        if let Some(found) = find().await {
            return found;
        }
        assert!(Instant::now() < end, "did not happen: {what}");
        sleep(Duration::from_millis(5)).await;
    }
}

/// The result of a future that is to be ready in time.
///
/// # Panics
/// After [`PATIENCE`], naming what did not happen.
pub async fn soon<F: Future>(what: &str, future: F) -> F::Output {
    timeout(PATIENCE, future).await.unwrap_or_else(|_| panic!("did not happen: {what}"))
}
