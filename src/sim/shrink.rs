//! Makes a failing run small: delta debugging over days, homes, mishaps and deeds, with the same sentence broken.
//!
//! Everything that is planned in a run has a number. A run can be asked to keep some of them only ([`Keep`]), and what
//! is left out shifts all chance that is drawn later; so a smaller run is one that breaks the sentence too, not a part of the
//! first one. The number of runs is bounded.

use std::collections::BTreeMap;
use std::fmt;
use std::io;
use std::str::FromStr;

use super::village::Village;
use super::{Settings, run};

/// Runs that a shrinking may take. judgement: some minutes for a week of thirty homes, whose runs get shorter soon.
const RUNS_MAX: usize = 400;

/// The numbers of what is kept of a plan.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Keep(Vec<(u64, u64)>);

impl Keep {
    /// Of numbers in order.
    fn of(numbers: &[u64]) -> Keep {
        let mut ranges: Vec<(u64, u64)> = Vec::new();
        for number in numbers {
            match ranges.last_mut() {
                Some((_, to)) if *to + 1 >= *number => *to = (*to).max(*number),
                _ => ranges.push((*number, *number)),
            }
        }
        Keep(ranges)
    }

    /// Whether a number is kept.
    pub(super) fn has(&self, number: u64) -> bool {
        let behind = self.0.partition_point(|(from, _)| *from <= number);
        behind.checked_sub(1).and_then(|at| self.0.get(at)).is_some_and(|(_, to)| number <= *to)
    }
}

/// A word that is no list of numbers.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("'{word}' is no list of numbers as 3,7-9")]
pub struct KeepError {
    /// The word.
    pub word: String,
}

impl FromStr for Keep {
    type Err = KeepError;

    fn from_str(text: &str) -> Result<Self, KeepError> {
        let one = |word: &str| {
            let wrong = || KeepError { word: word.to_owned() };
            let (from, to) = word.split_once('-').unwrap_or((word, word));
            let number = |text: &str| text.trim().parse::<u64>().map_err(|_| wrong());
            let (from, to) = (number(from)?, number(to)?);
            if from <= to { Ok((from, to)) } else { Err(wrong()) }
        };
        let mut ranges: Vec<(u64, u64)> = text.split(',').map(one).collect::<Result<_, _>>()?;
        ranges.sort_unstable();
        Ok(Keep(ranges))
    }
}

impl fmt::Display for Keep {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, (from, to)) in self.0.iter().enumerate() {
            let comma = if index > 0 { "," } else { "" };
            if from == to { write!(f, "{comma}{from}")? } else { write!(f, "{comma}{from}-{to}")? }
        }
        Ok(())
    }
}

/// Something that is planned.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Item {
    /// Its number.
    pub number: u64,
    /// On which day.
    pub day: u64,
    /// In which home; none for a mishap.
    pub home: Option<usize>,
}

/// A run that was made small.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Shrunk {
    /// The small run.
    pub settings: Settings,
    /// The sentence that both break.
    pub sentence: &'static str,
    /// How many things were planned.
    pub of: usize,
    /// How many of them are left.
    pub left: usize,
    /// How many runs it took.
    pub runs: usize,
}

/// Makes a failing run small; none when it does not fail.
///
/// # Errors
/// Never: no trace is written.
pub fn shrink(settings: &Settings) -> io::Result<Option<Shrunk>> {
    let first = run(settings, None)?;
    let Some(violation) = first.violations.first() else { return Ok(None) };
    let all: Vec<Item> = Village::new(settings, None).planned().to_vec();
    let mut search = Search { settings: settings.clone(), sentence: violation.sentence, runs: 1 };
    let mut left = all.clone();
    let by_day = |item: &Item| item.day;
    let by_home = |item: &Item| item.home.map_or(0, |home| home as u64 + 1);
    let mishaps_alone = |item: &Item| if item.home.is_some() { u64::MAX } else { item.number };
    let alone = |item: &Item| item.number;
    let parts: [&dyn Fn(&Item) -> u64; 4] = [&by_day, &by_home, &mishaps_alone, &alone];
    for part in parts {
        left = search.reduce(left, part)?;
    }
    let numbers: Vec<u64> = left.iter().map(|item| item.number).collect();
    let settings = Settings { keep: Some(Keep::of(&numbers)), ..settings.clone() };
    Ok(Some(Shrunk { settings, sentence: search.sentence, of: all.len(), left: left.len(), runs: search.runs }))
}

struct Search {
    settings: Settings,
    sentence: &'static str,
    runs: usize,
}

impl Search {
    /// Takes away groups of items as long as the rest breaks the sentence: halves first, then smaller and smaller parts.
    fn reduce(&mut self, items: Vec<Item>, group: &dyn Fn(&Item) -> u64) -> io::Result<Vec<Item>> {
        let mut groups: BTreeMap<u64, Vec<Item>> = BTreeMap::new();
        for item in items {
            groups.entry(group(&item)).or_default().push(item);
        }
        let mut groups: Vec<Vec<Item>> = groups.into_values().collect();
        let mut size = groups.len().div_ceil(2);
        while size > 0 && self.runs < RUNS_MAX {
            let mut from = 0;
            while from < groups.len() && self.runs < RUNS_MAX {
                let to = (from + size).min(groups.len());
                let rest: Vec<Vec<Item>> = groups.iter().take(from).chain(groups.iter().skip(to)).cloned().collect();
                if self.breaks(&rest)? {
                    groups = rest;
                } else {
                    from = to;
                }
            }
            size = if size == 1 { 0 } else { size.div_ceil(2) };
        }
        let mut left: Vec<Item> = groups.into_iter().flatten().collect();
        left.sort_by_key(|item| item.number);
        Ok(left)
    }

    fn breaks(&mut self, groups: &[Vec<Item>]) -> io::Result<bool> {
        self.runs += 1;
        let mut numbers: Vec<u64> = groups.iter().flatten().map(|item| item.number).collect();
        numbers.sort_unstable();
        let settings = Settings { keep: Some(Keep::of(&numbers)), ..self.settings.clone() };
        let report = run(&settings, None)?;
        Ok(report.violations.iter().any(|violation| violation.sentence == self.sentence))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_list_of_numbers_says_the_same_again() {
        let keep = Keep::of(&[3, 7, 8, 9, 20]);
        assert_eq!(keep.to_string(), "3,7-9,20");
        assert_eq!("20,3,7-9".parse(), Ok(keep.clone()));
        let kept: Vec<u64> = (0..30).filter(|number| keep.has(*number)).collect();
        assert_eq!(kept, [3, 7, 8, 9, 20]);
        assert!("3,x".parse::<Keep>().is_err() && "9-7".parse::<Keep>().is_err());
    }
}
