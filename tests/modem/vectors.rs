//! The recorded and specified lines and messages of `tests/vectors`, in a dialogue.

use serde_json::Value;

use shouwang::notify::channel::Word;
use shouwang::sim::modem::{Mood, Network, Person};

use crate::support::telephone::Telephone;
use crate::support::vectors;

const LI: &str = "13800000001";

fn vectors_of(format: &str) -> Vec<Value> {
    let text = std::fs::read_to_string(vectors::directory().join(format!("{format}.jsonl"))).expect("vectors");
    text.lines().map(|line| serde_json::from_str(line).expect("JSON")).collect()
}

fn expected<'a>(vector: &'a Value, key: &str) -> Option<&'a str> {
    vector.get("expect")?.get(key)?.as_str()
}

#[test]
fn whatever_a_network_is_known_to_bring_is_read_and_leaves_the_sim() {
    let (mut read, mut others) = (0, 0);
    for vector in vectors_of("sms_pdu") {
        let Some(pdu) = vector.get("input_hex").and_then(Value::as_str).filter(|pdu| !pdu.is_empty()) else { continue };
        let mut phone = Telephone::up(1, Mood::calm(), Network::default());
        phone.modem.pdu_in(phone.now, pdu);
        phone.pass(2_000);
        assert_eq!(phone.modem.stored(), 0, "{}", vector["id"]);
        // Some are parts of longer ones, which never come.
        let came: Vec<&str> = phone.texts().iter().map(|text| text.trim_matches('…')).collect();
        match (expected(&vector, "type"), expected(&vector, "text")) {
            (Some("SMS-DELIVER"), Some(text)) => {
                assert_eq!(came, [text], "{}", vector["id"]);
                read += 1;
            }
            (Some(_), _) => {
                assert_eq!(came, [""; 0], "{}", vector["id"]);
                others += 1;
            }
            // Parts of messages, and broken ones.
            (None, _) => {}
        }
    }
    assert!(read >= 1 && others >= 3, "{read} messages, {others} others");
}

#[test]
fn no_line_that_a_modem_is_known_to_say_disturbs_a_letter_that_is_being_given() {
    let network = || Network::with([(LI, Person::silent())]);
    for vector in vectors_of("gsm_at") {
        let Some(lines) = vector.get("input_text").and_then(Value::as_str) else { continue };
        // What ends a command ends it; everything else is said in the middle of one.
        let lines: Vec<&str> = lines.lines().filter(|line| !is_final(line)).collect();
        let mut phone = Telephone::up(1, Mood::calm(), network());
        phone.text(1, LI, "示例");
        assert!(phone.until(10, |it| it.written.ends_with(b"\x1A")));
        phone.modem.say_unasked(phone.now, format!("\r\n{}\r\n", lines.join("\r\n")).as_bytes());
        assert!(phone.until(120, |it| it.words(1).contains(&Word::Delivered)), "{}: {:?}", vector["id"], phone.told);
        assert_eq!(phone.modem.network().texts_to(LI).len(), 1, "{}", vector["id"]);
    }
}

/// A result, or the word that a message was taken, which is the answer that is waited for; and a SIM that wants its PIN, which is a
/// modem that has started.
fn is_final(line: &str) -> bool {
    line == "OK" || line.contains("ERROR") || line.starts_with("+CMGS:") || line.starts_with("+CPIN:")
}
