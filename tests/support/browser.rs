//! A real browser without a window.

use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::time::Duration;

use tokio::process::Command;
use tokio::time::timeout;

/// The browser's program.
pub const BROWSER: &str = "chromium";

/// What it is always told: no window, and nothing that it would do by itself.
pub const FIXED: [&str; 9] = [
    "--headless=new",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
    "--disable-quic",
    "--hide-scrollbars",
];

/// Longest life of a browser. judgement: ten times what a slow machine takes to start it.
const BROWSER_TIME: Duration = Duration::from_secs(90);

/// The folder into which pictures are to be put, when they are asked for (`just shots`).
pub fn shots() -> Option<PathBuf> {
    let folder = PathBuf::from(std::env::var_os("SHOUWANG_SHOTS")?);
    std::fs::create_dir_all(&folder).expect("a folder for the pictures");
    Some(folder)
}

/// Runs the browser to its end and returns what it wrote.
pub async fn browse(dir: &Path, arguments: &[String]) -> String {
    let mut profile = OsString::from("--user-data-dir=");
    profile.push(dir.join("profile"));
    let run = Command::new(BROWSER).args(FIXED).arg(profile).args(arguments).kill_on_drop(true).output();
    let output = timeout(BROWSER_TIME, run).await.expect("the browser ends").expect("the browser starts");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8_lossy(&output.stdout).into_owned()
}

/// An argument with a value.
pub fn argument(name: &str, value: &str) -> String {
    format!("--{name}={value}")
}
