//! The verb `shouwang decode` as an installer and a script meet it.

use std::io::Write;
use std::process::{Command, Output, Stdio};

use serde_json::Value;
use shouwang::device::FORMATS;

fn decode(args: &[&str], input: &str) -> Output {
    let mut child = Command::new(env!("CARGO_BIN_EXE_shouwang"))
        .arg("decode")
        .args(args)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("starts");
    // A verb that refuses its arguments does not wait for input.
    let _ = child.stdin.take().expect("piped").write_all(input.as_bytes());
    child.wait_with_output().expect("ends")
}

fn text(output: &Output) -> &str {
    std::str::from_utf8(&output.stdout).expect("UTF-8")
}

#[test]
fn the_list_names_the_registered_formats() {
    let output = decode(&["--list"], "");
    let names: Vec<&str> = text(&output).lines().collect();
    assert_eq!(names, FORMATS.iter().map(|format| format.name).collect::<Vec<_>>());
    assert_eq!(output.status.code(), Some(0));
}

#[test]
fn a_frame_from_the_shell_is_one_object() {
    let args = ["zigbee2mqtt", "--topic", "z/x", "--context", r#"{"base":"z","model":"SNZB-06P"}"#, "--text"];
    let output = decode(&[&args[..], &[r#"{"occupancy":true,"battery":400}"#]].concat(), "");
    let line: Value = serde_json::from_str(text(&output)).expect("one object");
    assert_eq!(line["readings"], serde_json::json!([{"kind": "presence", "value": true}]));
    assert_eq!(line["fields"]["address"], "x");
    assert_eq!(line["fields"]["dropped"], serde_json::json!([["battery", "out_of_range"]]));
    assert_eq!(line.get("error"), None);

    let refused = decode(&["json_lines", "--hex", "7b22"], "");
    let line: Value = serde_json::from_str(text(&refused)).expect("one object");
    assert_eq!(line["readings"], serde_json::json!([]));
    assert_eq!(line["error"], "not JSON, or cut off");
    assert_eq!(refused.status.code(), Some(0));
}

#[test]
fn vectors_are_compared_counted_and_answered_by_the_exit_code() {
    let good = concat!(
        r#"{"id":"g","protocol":"json_lines","input_text":"{\"d\":\"x\",\"k\":\"bed\",\"v\":true}","#,
        r#""expect":{},"readings":[{"kind":"bed","value":true}]}"#
    );
    let wrong = r#"{"id":"w","protocol":"json_lines","input_text":"{\"d\":\"x\"}","expect":{},"readings":[{"kind":"bed","value":true}]}"#;
    let other = r#"{"id":"o","protocol":"ld2410","input_hex":"00","expect":{"error":"x"}}"#;
    let pass = decode(&["json_lines", "-", "--vectors"], &format!("{good}\n\n{good}\n"));
    assert_eq!((text(&pass), pass.status.code()), ("2 of 2 pass\n", Some(0)));
    let fail = decode(&["json_lines", "--vectors"], &format!("{good}\n{wrong}\n{other}\n"));
    let lines: Vec<&str> = text(&fail).lines().collect();
    assert_eq!(lines.last(), Some(&"1 of 3 pass"));
    assert!(lines.len() == 3 && lines[0].starts_with("w: missing") && lines[1].starts_with("o: is a vector of"));
    assert_eq!(fail.status.code(), Some(1));
}

#[test]
fn usage_errors_exit_with_2_and_say_what_to_do() {
    for (args, input) in [
        (&["no_such_format"][..], ""),
        (&[], ""),
        (&["json_lines", "/no/such/file"], ""),
        (&["json_lines", "--hex", "7"], ""),
        (&["json_lines", "--text", "{}", "--context", "[]"], ""),
        (&["json_lines", "--vectors"], "not json\n"),
        (&["json_lines"], "{\"id\":\"x\"}\n"),
    ] {
        let output = decode(args, input);
        assert_eq!(output.status.code(), Some(2), "{args:?}");
        assert!(!output.stderr.is_empty(), "{args:?}");
    }
}
