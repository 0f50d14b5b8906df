//! What a run came to, for people and for scripts.

use std::collections::BTreeMap;
use std::fmt::{self, Write as _};

use serde::Serialize;

use super::oracle::Violation;

/// What a run came to.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Report {
    /// The seed.
    pub seed: u64,
    /// Days.
    pub days: u64,
    /// Homes.
    pub homes: u32,
    /// What went wrong, as given.
    pub faults: String,
    /// What of the plan was kept; none for all of it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub only: Option<String>,
    /// Alarms in all, faults and drills too.
    pub alarms: usize,
    /// The same by condition.
    pub by_condition: BTreeMap<&'static str, u64>,
    /// Alarms that the county has.
    pub received: usize,
    /// Alarms that it has not.
    pub lost: usize,
    /// Things that truly happened and call for somebody.
    pub happened: u32,
    /// Of these, how many no frame reached the gateway of: lost on the air, or while the box was down.
    pub unheard: usize,
    /// Times that somebody was told.
    pub told: u64,
    /// Letters that the modem was given.
    pub letters: u64,
    /// Calls that it was given.
    pub calls: u64,
    /// Turns of the station.
    pub turns: u64,
    /// Kills of the process.
    pub kills: u64,
    /// Power cuts.
    pub cuts: u64,
    /// How often each kind of mishap struck.
    pub struck: BTreeMap<&'static str, u64>,
    /// What did not hold.
    pub violations: Vec<Violation>,
    /// How often something did not hold; more than are listed when there are many.
    pub violations_in_all: u64,
    /// SHA-256 of the trace.
    pub trace_sha256: String,
}

impl Report {
    /// The command that repeats the run.
    #[must_use]
    pub fn repeat(&self) -> String {
        let Report { seed, days, homes, faults, .. } = self;
        let only = self.only.as_ref().map_or(String::new(), |only| format!(" --only {only}"));
        format!("shouwang simulate --seed {seed} --days {days} --homes {homes} --faults {faults}{only}")
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Report { seed, days, homes, faults, .. } = self;
        writeln!(f, "village of {homes} homes, {days} days, seed {seed}, faults {faults}")?;
        writeln!(f)?;
        writeln!(f, "  happened     {:>6}   {} of them on no frame that reached the box", self.happened, self.unheard)?;
        writeln!(f, "  alarms       {:>6}   {}", self.alarms, list(&self.by_condition))?;
        writeln!(f, "  at county    {:>6}   {} missing", self.received, self.lost)?;
        writeln!(f, "  people told  {:>6}   times, {} letters, {} calls", self.told, self.letters, self.calls)?;
        writeln!(f, "  turns        {:>6}   {} kills, {} power cuts", self.turns, self.kills, self.cuts)?;
        writeln!(f, "  went wrong   {}", list(&self.struck))?;
        writeln!(f, "  trace        {}", self.trace_sha256)?;
        writeln!(f)?;
        if self.violations.is_empty() {
            return writeln!(f, "every sentence held.");
        }
        writeln!(f, "{} violations:", self.violations_in_all)?;
        for Violation { sentence, at_ms, what } in &self.violations {
            let (day, second) = (at_ms / 86_400_000 + 1, at_ms / 1000 % 86_400);
            let (hour, minute, second) = (second / 3600, second / 60 % 60, second % 60);
            writeln!(f, "  day {day} {hour:02}:{minute:02}:{second:02}  {sentence}: {what}")?;
        }
        writeln!(f, "repeat with: {}", self.repeat())?;
        writeln!(f, "make it small with: {} --shrink", self.repeat())
    }
}

fn list(by_condition: &BTreeMap<&'static str, u64>) -> String {
    let mut text = String::new();
    for (condition, count) in by_condition {
        // Writing to a String cannot fail.
        let _ = write!(text, "{}{condition} {count}", if text.is_empty() { "" } else { ", " });
    }
    text
}
