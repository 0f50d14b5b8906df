//! `shouwang visits report`: a month, out of the log, beside the running station or without it.

use std::fmt::Write as _;
use std::io::Write as _;
use std::path::Path;
use std::process::ExitCode;
use std::str::FromStr;
use std::sync::Arc;
use std::time::Duration;

use jiff::civil::{Date, Time};
use jiff::tz::TimeZone;
use serde_json::json;

use super::super::files::Written;
use super::super::socket::{Socket, print_json};
use crate::config::village::rota::expand::first_at;
use crate::core::month::{Arrivals, Gather, Group, Month, Visits};
use crate::core::roster::{Roster, Tier};
use crate::core::rota::Span;
use crate::core::time::Wall;
use crate::store::decisions::{Told, decisions};
use crate::store::files::Files;
use crate::store::files::disk::Disk;
use crate::store::record::Decision;
use crate::words::{Lang, Say as _, visits as say};

/// What became due so long before the month may be over in it. judgement: no visit has more than a day, and one for a clock
/// that was not set.
const BEFORE: Duration = Duration::from_hours(48);

/// Which month, and how it is written.
#[derive(Debug, Clone, clap::Args)]
pub(super) struct Args {
    /// 哪个月,如 2026-11 · Which month, as 2026-11
    #[arg(long, value_name = "MONTH")]
    month: YearMonth,
    /// 输出 CSV,供表格软件 · As CSV, for a spreadsheet
    #[arg(long)]
    csv: bool,
}

/// A month of a year.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct YearMonth(Date);

impl FromStr for YearMonth {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let date = text.split_once('-').filter(|(year, month)| year.len() == 4 && month.len() == 2);
        let date = date.and_then(|_| format!("{text}-01").parse().ok());
        date.map(YearMonth).ok_or("write a month as 2026-11")
    }
}

impl YearMonth {
    /// From its first midnight to that of the next.
    fn span(self, zone: &TimeZone) -> Span {
        let midnight = |date: Date| first_at(date.to_datetime(Time::midnight()), zone);
        let next = self.0.last_of_month().tomorrow().unwrap_or(Date::MAX);
        Span { from: midnight(self.0), until: midnight(next) }
    }
}

/// Runs the verb.
pub(super) fn run(socket: &Socket, args: &Args) -> ExitCode {
    let Written { station, village, now, .. } = match Written::open(socket) {
        Ok(files) => files,
        Err(code) => return code,
    };
    let span = args.month.span(&station.zone);
    let month = match read(&station.data_dir.join("log"), span, now, &village.roster) {
        Ok(month) => month,
        Err(error) => {
            eprintln!("{}: {error}", station.data_dir.display());
            return ExitCode::FAILURE;
        }
    };
    let name = args.month.0.strftime("%Y-%m").to_string();
    let said = match (socket.json, args.csv) {
        (true, _) => {
            print_json(&as_json(&name, &month));
            return ExitCode::SUCCESS;
        }
        (false, true) => as_csv(&name, &month),
        (false, false) => as_text(&name, &month, now < span.until, socket.lang()),
    };
    // A closed pipe is no failure.
    _ = std::io::stdout().write_all(said.as_bytes());
    ExitCode::SUCCESS
}

/// What the log says of a span, as it stands now.
fn read(log: &Path, span: Span, now: Wall, roster: &Roster) -> std::io::Result<Month> {
    let files: Arc<dyn Files> = Arc::new(Disk::visit(log));
    let before = i64::try_from(BEFORE.as_millis()).unwrap_or_default();
    let mut gather = Gather::new(span);
    for told in decisions(&files, Wall(span.from.0.saturating_sub(before)))? {
        match told {
            Told::Before(snapshot) => gather.before(&snapshot.visits),
            Told::Decided(at, Decision::Visit(record)) => gather.visit(at, &record),
            Told::Decided(_, Decision::Alarm { alarm, .. }) => gather.alarm(&alarm),
            Told::Decided(..) => {}
        }
    }
    let role = |who| roster.responders.get(&who).map(|responder| responder.role);
    Ok(gather.sum(now, role, |who| roster.residents.get(&who).map(|resident| resident.tier)))
}

fn as_text(name: &str, month: &Month, goes_on: bool, lang: Lang) -> String {
    let mut text = format!("{}\n", say::report_title(name, lang));
    if goes_on {
        _ = writeln!(text, "{}", say::NOT_OVER.say(lang));
    }
    _ = writeln!(text, "\n{}", say::BY_TIER.say(lang));
    if month.visits.values().all(|visits| *visits == Visits::default()) {
        _ = writeln!(text, "  {}", say::NO_LOG.say(lang));
    }
    for (tier, visits) in &month.visits {
        _ = writeln!(text, "  {}: {}", tier.say(lang), say::visits_line(visits, lang));
    }
    _ = writeln!(text, "\n{}", say::BY_GROUP.say(lang));
    for (group, proven, arrivals) in &month.arrivals {
        let proof = say::proof(*proven, lang);
        _ = writeln!(text, "  {} · {proof}: {}", group.say(lang), say::arrivals_line(arrivals, lang));
    }
    text
}

fn as_json(name: &str, month: &Month) -> serde_json::Value {
    let visits = month.visits.iter().map(|(tier, visits)| {
        let Visits { residents, visited, made, due, done, missed, late, waiting } = *visits;
        json!({
            "tier": tier, "residents": residents, "visited": visited, "made": made, "due": due, "done": done,
            "missed": missed, "late": late, "waiting": waiting, "rate_percent": visits.rate_percent(),
        })
    });
    let arrivals = month.arrivals.iter().map(|(group, proven, of)| {
        let Arrivals { visits, alarms, median_s, p90_s } = *of;
        json!({
            "group": group, "proven": proven, "visits": visits, "alarms": alarms, "median_s": median_s, "p90_s": p90_s,
        })
    });
    json!({ "month": name, "visits": visits.collect::<Vec<_>>(), "arrivals": arrivals.collect::<Vec<_>>() })
}

/// One table: what a row does not have is empty.
fn as_csv(name: &str, month: &Month) -> String {
    let mut text = "month,of,row,proof,residents,visited,made,due,done,missed,late,waiting,rate_percent,visits,alarms,\
                    median_s,p90_s\n"
        .to_owned();
    let or_empty = |number: Option<u64>| number.map(|number| number.to_string()).unwrap_or_default();
    for (tier, of) in &month.visits {
        let tier: &Tier = tier;
        let Visits { residents, visited, made, due, done, missed, late, waiting } = *of;
        let rate = or_empty(of.rate_percent().map(u64::from));
        _ = writeln!(
            text,
            "{name},visits,{tier},,{residents},{visited},{made},{due},{done},{missed},{late},{waiting},{rate},,,,"
        );
    }
    for (group, proven, of) in &month.arrivals {
        let group: &Group = group;
        let proof = if *proven { "proven" } else { "self_reported" };
        let (median, p90) = (or_empty(of.median_s), or_empty(of.p90_s));
        _ = writeln!(text, "{name},arrivals,{group},{proof},,,,,,,,,,{},{},{median},{p90}", of.visits, of.alarms);
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_month_is_from_midnight_to_midnight_of_the_village() {
        let month: YearMonth = "2026-12".parse().expect("a month");
        let zone = TimeZone::fixed(jiff::tz::offset(8));
        let span = month.span(&zone);
        let at = |text: &str| Wall(text.parse::<jiff::Timestamp>().expect("a time").as_millisecond());
        assert_eq!(span, Span { from: at("2026-11-30T16:00:00Z"), until: at("2026-12-31T16:00:00Z") });
        for wrong in ["", "2026", "2026-13", "2026-1", "26-11", "2026-11-02", "x-y"] {
            assert!(wrong.parse::<YearMonth>().is_err(), "{wrong}");
        }
    }

    #[test]
    fn every_row_of_the_table_has_every_column() {
        let mut month = Month::default();
        month.visits.insert(Tier::High, Visits { due: 3, done: 2, missed: 1, ..Visits::default() });
        month.arrivals.push((Group::Staffed, true, Arrivals { alarms: 1, median_s: Some(90), ..Arrivals::default() }));
        let text = as_csv("2026-11", &month);
        let commas: Vec<usize> = text.lines().map(|line| line.matches(',').count()).collect();
        assert_eq!(commas, [16, 16, 16], "{text}");
        assert!(text.contains("2026-11,visits,high,,0,0,0,3,2,1,0,0,66,,,,"), "{text}");
        assert!(text.contains("2026-11,arrivals,staffed,proven,,,,,,,,,,0,1,90,"), "{text}");
    }
}
