//! The full table of states × triggers, kept as a reviewed snapshot: `tests/life_cycle.table`.
//!
//! Run with `SHOUWANG_BLESS=1` to rewrite it, and review the difference.

use std::fmt::Write as _;
use std::time::Duration;

use shouwang::core::alarm::Disposition;
use shouwang::core::alarm::ladder::Climb;
use shouwang::core::alarm::life_cycle::{Among, State, Step, Trigger};
use shouwang::core::condition::Condition;
use shouwang::core::id::ResponderId;
use shouwang::core::refusal::Refusal;
use shouwang::core::roster::{Ladder, Rung};
use shouwang::core::time::Mono;

const NOW: Mono = Mono(1_000_000);

fn who(name: &str) -> ResponderId {
    name.parse().expect("a valid id")
}

fn ladder() -> Ladder {
    let rung = |names: &[&str], s| Rung {
        responders: names.iter().map(|name| who(name)).collect(),
        wait: Duration::from_secs(s),
        ..Rung::default()
    };
    Ladder { rungs: vec![rung(&["n-1"], 60), rung(&["g-1"], 90), rung(&["d-1"], 90)], ..Ladder::default() }
}

fn states() -> Vec<(&'static str, State)> {
    let climb = Climb { since: Mono(940_000), called: 1, round: 0, next: Some(Mono(1_000_000)), unanswered: None };
    let later = Climb { next: Some(Mono(1_030_000)), ..climb };
    let by = who("n-1");
    vec![
        ("pre_alarm", State::PreAlarm { until: Mono(1_020_000) }),
        ("pre_alarm, over", State::PreAlarm { until: NOW }),
        ("raised", State::Raised { climb: later }),
        ("raised, rung due", State::Raised { climb }),
        (
            "accepted",
            State::Accepted { by, until: Mono(1_400_000), ask: Some(Mono(1_200_000)), pressed_again: None, climb },
        ),
        ("accepted, half", State::Accepted { by, until: Mono(1_400_000), ask: Some(NOW), pressed_again: None, climb }),
        (
            "accepted, pressed",
            State::Accepted { by, until: Mono(1_400_000), ask: None, pressed_again: Some(NOW), climb },
        ),
        ("accepted, over", State::Accepted { by, until: NOW, ask: None, pressed_again: None, climb }),
        ("on_site", State::OnSite { by, until: Mono(3_400_000), ask: Some(Mono(2_200_000)), climb }),
        ("on_site, over", State::OnSite { by, until: NOW, ask: None, climb }),
        ("closed", State::Closed { by: Some(by), disposition: Disposition::Helped, unverified: false }),
    ]
}

fn triggers() -> Vec<(&'static str, Trigger)> {
    let (holder, other) = (who("n-1"), who("g-1"));
    let close = |by, disposition, conversation| Trigger::Close { by, disposition, conversation };
    vec![
        ("due", Trigger::Due),
        ("again", Trigger::Again),
        ("cancel", Trigger::Cancel),
        ("cleared", Trigger::Cleared),
        ("restart", Trigger::Restart),
        ("accept by holder", Trigger::Accept { by: holder, travel_min: 6 }),
        ("accept by another", Trigger::Accept { by: other, travel_min: 6 }),
        ("withdraw by holder", Trigger::Withdraw { by: holder }),
        ("withdraw by another", Trigger::Withdraw { by: other }),
        ("on site", Trigger::OnSite { by: other }),
        ("acknowledge", Trigger::Acknowledge { by: holder }),
        ("close: helped", close(Some(holder), Disposition::Helped, false)),
        ("close: no help needed, spoken with", close(Some(holder), Disposition::NoHelpNeeded, true)),
        ("close: could not enter", close(Some(holder), Disposition::CouldNotEnter, false)),
        ("close: the machine's word", close(Some(holder), Disposition::SelfCleared, false)),
        ("close by county: helped", close(None, Disposition::Helped, false)),
        ("close by county: spoken with", close(None, Disposition::NoHelpNeeded, true)),
    ]
}

fn show(result: Result<Step, Refusal>) -> String {
    match result {
        Err(refusal) => format!("refused: {refusal}"),
        Ok(step) => {
            let mut text = step.state.word().to_owned();
            match step.state {
                State::Raised { climb } => {
                    let _ = write!(text, " called={} round={}", climb.called, climb.round);
                    if let Some(next) = climb.next {
                        let _ = write!(text, " next=+{}s", next.since(NOW).as_secs());
                    }
                }
                State::Accepted { by, until, pressed_again, .. } => {
                    let _ = write!(text, " {by} lease=+{}s", until.since(NOW).as_secs());
                    if let Some(at) = pressed_again {
                        let _ = write!(text, " reply=+{}s", at.since(NOW).as_secs());
                    }
                }
                State::OnSite { by, until, .. } => {
                    let _ = write!(text, " {by} until=+{}s", until.since(NOW).as_secs());
                }
                State::Closed { disposition, unverified, .. } => {
                    let _ = write!(text, " {disposition}{}", if unverified { " unverified, visit due" } else { "" });
                }
                State::PreAlarm { .. } => {}
            }
            for call in step.calls {
                let _ = write!(text, "; tells {:?} ({:?})", call.to, call.because);
            }
            if let Some(note) = step.note {
                let _ = write!(text, "; notes {note}");
            }
            if step.more_urgent {
                text.push_str("; more urgent");
            }
            text
        }
    }
}

fn table() -> String {
    let ladder = ladder();
    let mut text = String::from("# States x triggers. Reviewed by hand; rewritten with SHOUWANG_BLESS=1.\n");
    for condition in [Condition::HelpCall, Condition::DeviceSilent] {
        let rule = condition.rule();
        let among = Among { rule, priority: rule.priority, ladder: &ladder };
        let _ = writeln!(text, "\n## {condition} ({})", if rule.about_person { "about a person" } else { "technical" });
        for (state_name, state) in states() {
            let _ = writeln!(text, "\n{state_name}");
            for (trigger_name, trigger) in triggers() {
                let _ = writeln!(text, "  {trigger_name:<36} {}", show(state.step(NOW, trigger, &among)));
            }
        }
    }
    text
}

#[test]
fn the_table_is_the_reviewed_one() {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/life_cycle.table");
    let table = table();
    if std::env::var_os("SHOUWANG_BLESS").is_some() {
        std::fs::write(path, &table).expect("the table can be written");
    }
    let reviewed = std::fs::read_to_string(path).unwrap_or_default();
    assert!(reviewed == table, "the life-cycle changed: run with SHOUWANG_BLESS=1 and review tests/life_cycle.table");
}

#[test]
fn nothing_but_a_named_answer_stops_the_ladder() {
    let ladder = ladder();
    let rule = Condition::HelpCall.rule();
    let among = Among { rule, priority: rule.priority, ladder: &ladder };
    for (name, state) in states() {
        for trigger in [Trigger::Due, Trigger::Again, Trigger::Cancel, Trigger::Cleared, Trigger::Restart] {
            if matches!(state, State::PreAlarm { .. } | State::Closed { .. }) {
                continue;
            }
            let step = state.step(NOW, trigger, &among).expect("these are never refused while open");
            assert!(!matches!(step.state, State::Closed { .. }), "{name}: {trigger:?} closed an alarm about a person");
            assert!(step.state.deadline().is_some(), "{name}: after {trigger:?} nothing would ever happen again");
        }
    }
}
