//! Pictures of the demonstration as a terminal shows it: 80 and 120 columns, dark and light, Chinese and English.
//!
//! A terminal here is a real pty whose words are put into a page, so that a browser can take the picture.

#![cfg(feature = "demo")]

mod support;

use std::fs::File;
use std::io::Read as _;
use std::os::unix::ffi::OsStrExt as _;
use std::path::Path;
use std::process::{Command, Stdio};

use rustix::pty::{OpenptFlags, grantpt, openpt, ptsname, unlockpt};
use rustix::termios::{Winsize, tcsetwinsize};
use support::browser::{argument, browse, shots};

#[tokio::test]
async fn pictures_of_the_morning_are_taken_when_they_are_asked_for() {
    let Some(shots) = shots() else { return };
    let dir = tempfile::tempdir().expect("a temporary directory");
    for lang in ["zh", "en"] {
        for columns in [80_u16, 120] {
            let said = on_a_terminal(lang, columns);
            let lines = said.lines().count();
            for (scheme, ground, ink) in [("dark", "#1c1c1c", "#d8d8d8"), ("light", "#ffffff", "#202020")] {
                let page = dir.path().join("terminal.html");
                std::fs::write(&page, html(&said, ground, ink)).expect("a file can be written");
                let file = shots.join(format!("demo-{columns}-{lang}-{scheme}.png"));
                let size = format!("{},{}", u32::from(columns) * 9 + 40, lines * 21 + 40);
                let picture = argument("screenshot", &file.display().to_string());
                let address = format!("file://{}", page.display());
                browse(dir.path(), &[argument("window-size", &size), picture, address]).await;
                assert!(file.exists(), "{}", file.display());
            }
        }
    }
}

/// What the demonstration writes on a terminal of that width.
fn on_a_terminal(lang: &str, columns: u16) -> String {
    let near = openpt(OpenptFlags::RDWR | OpenptFlags::NOCTTY).expect("a pty");
    grantpt(&near).expect("granted");
    unlockpt(&near).expect("unlocked");
    let name = ptsname(&near, Vec::new()).expect("a name");
    let far = File::options().read(true).write(true).open(Path::new(std::ffi::OsStr::from_bytes(name.as_bytes())));
    let far = far.expect("the other end");
    let size = Winsize { ws_row: 40, ws_col: columns, ws_xpixel: 0, ws_ypixel: 0 };
    tcsetwinsize(&far, size).expect("a size");
    let mut child = Command::new(env!("CARGO_BIN_EXE_shouwang"))
        .args(["demo", "--speed", "200", "--lang", lang])
        .env_remove("NO_COLOR")
        .stdin(Stdio::null())
        .stdout(far)
        .spawn()
        .expect("the binary under test runs");
    let (mut near, mut said) = (File::from(near), Vec::new());
    // The last holder of the other end is the child: reading ends with an error when it has ended.
    let mut bytes = [0; 4096];
    while let Ok(count @ 1..) = near.read(&mut bytes) {
        said.extend_from_slice(&bytes[..count]);
    }
    assert!(child.wait().expect("it ends").success());
    String::from_utf8(said).expect("UTF-8")
}

/// What is left on the terminal, as a page: colours as classes, rewritten lines as they are at last.
fn html(said: &str, ground: &str, ink: &str) -> String {
    let mut page = format!(
        "<!DOCTYPE html><meta charset=utf-8><style>body{{background:{ground};color:{ink};margin:20px}}\
         pre{{font:15px/21px 'DejaVu Sans Mono','Noto Sans Mono CJK SC',monospace}}\
         .c31{{color:#cc3333;font-weight:bold}}.c32{{color:#2e9e4f}}.c35{{color:#b05bc0}}\
         .c1{{font-weight:bold}}.c2{{opacity:.6}}</style><pre>"
    );
    for line in said.replace("\r\n", "\n").split('\n') {
        let last = line.rsplit("\r\x1b[2K").next().unwrap_or_default();
        let escaped = last.replace('&', "&amp;").replace('<', "&lt;");
        let mut parts = escaped.split("\x1b[");
        page.push_str(parts.next().unwrap_or_default());
        for part in parts {
            let (code, text) = part.split_once('m').unwrap_or(("", part));
            let class = if code == "1;31" { "31" } else { code };
            let mark = if code == "0" { "</span>".to_owned() } else { format!("<span class=c{class}>") };
            page.push_str(&mark);
            page.push_str(text);
        }
        page.push('\n');
    }
    page.push_str("</pre>");
    page
}
