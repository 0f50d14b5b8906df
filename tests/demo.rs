//! The demonstration as a stranger runs it: the whole morning at full speed, through real ptys and real sockets.

#![cfg(feature = "demo")]

use std::process::{Command, Stdio};

use rustix::process::{Pid, Signal, kill_process};

fn demo(args: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_shouwang"));
    command.arg("demo").args(args).stdin(Stdio::null());
    command
}

#[test]
fn the_whole_morning_is_told_and_nothing_is_lost() {
    let output = demo(&["--speed", "150", "--lang", "en"]).output().expect("the binary under test runs");
    let (said, errors) = (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    assert!(output.status.success(), "{said}\n{errors}");
    assert_eq!(said.lines().last(), Some("raised=8 received=8 receipts=8 lost=0"), "{said}");
    let stages = [
        ("help call", "bedroom"),
        ("fall", "asked first"),
        ("fall", "cancelled while asking first"),
        ("smoke", "kitchen"),
        ("fall", "calling too"),
        ("device battery low", ""),
        ("device silent", ""),
        ("r09", "weakly watched"),
        ("The line to the county is cut", ""),
        ("stored until it can", ""),
        ("County: the station is silent", ""),
        ("everything that waited is in the county's database", ""),
        ("pressed by mistake", ""),
        ("real time:", "ms to its receipt"),
    ];
    // A sentence may be wrapped: blanks and line ends are one.
    let flat = said.split_whitespace().collect::<Vec<_>>().join(" ");
    for (first, second) in stages {
        let found =
            flat.match_indices(first).any(|(at, _)| flat[at..].chars().take(160).collect::<String>().contains(second));
        assert!(found, "{first} … {second} is not told:\n{said}");
    }
    assert!(said.lines().all(|line| line.chars().count() <= 100 && !line.contains('\x1b')), "{said}");
}

#[test]
fn it_ends_when_it_is_asked_to() {
    let mut child =
        demo(&["--speed", "100", "--lang", "zh"]).stdout(Stdio::piped()).spawn().expect("the binary under test runs");
    let mut lines = std::io::BufRead::lines(std::io::BufReader::new(child.stdout.take().expect("a pipe")));
    let watched = lines.by_ref().find(|line| line.as_ref().is_ok_and(|line| line.contains("守护")));
    assert!(watched.is_some(), "it begins");
    let alarm = lines.by_ref().find(|line| line.as_ref().is_ok_and(|line| line.contains("报警")));
    assert!(alarm.is_some(), "somebody calls");
    let pid = Pid::from_raw(i32::try_from(child.id()).expect("a small number")).expect("not zero");
    kill_process(pid, Signal::INT).expect("it can be asked");
    let rest: Vec<String> = lines.map_while(Result::ok).collect();
    assert!(child.wait().expect("it ends").success());
    let last = rest.last().expect("a last line");
    assert!(last.starts_with("raised=") && last.ends_with("lost=0"), "{rest:?}");
    assert!(rest.iter().any(|line| line.contains("提前结束")), "{rest:?}");
}
