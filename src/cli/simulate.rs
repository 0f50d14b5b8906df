//! `shouwang simulate`: days of a made-up village through the real code, checked at every step.

use std::fs::File;
use std::io::{self, BufWriter, Write};
use std::ops::RangeInclusive;
use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::sync_channel;
use std::thread;
use std::time::Duration;

use serde::Serialize;

use super::socket::print_json;
use crate::daemon::clock::thread_time;
use crate::sim::{self, Faults, Keep, Report, Sabotage, Settings};

/// sysexits of this verb: 1 is a violation, 2 is usage.
const EXIT_VIOLATION: u8 = 1;
const EXIT_USAGE: u8 = 2;

/// Reports that wait to be printed. judgement: printing is far faster than a run.
const REPORTS_WAITING_MAX: usize = 16;

/// 模拟:一个村子的若干天,全部走真实代码,步步核对 · Simulates days of a village through the real code.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// 随机种子;同一种子,同一过程 · All chance comes of it: the same seed, the same trace
    #[arg(long, value_name = "N", default_value_t = 1)]
    seed: u64,
    /// 一段种子(含两端),用全部处理器核 · Seeds from A to B, on all cores: a line for each that fails, and the sum
    #[arg(long, value_name = "A..B", value_parser = seeds, conflicts_with_all = ["seed", "trace", "shrink", "only"])]
    seeds: Option<RangeInclusive<u64>>,
    /// 天数 · Days
    #[arg(long, value_name = "D", default_value_t = 1, value_parser = clap::value_parser!(u64).range(1..=366))]
    days: u64,
    /// 户数 · Homes
    #[arg(long, value_name = "H", default_value_t = 10, value_parser = clap::value_parser!(u32).range(1..=300))]
    homes: u32,
    /// 故障:none、all,或逗号分隔的清单 · What goes wrong: none, all, or a list as kill,link
    #[arg(long, value_name = "LIST", default_value = "none")]
    faults: Faults,
    /// 只保留计划中的这些编号 · Keeps only these numbers of all that is planned, as 3,7-9
    #[arg(long, value_name = "LIST")]
    only: Option<Keep>,
    /// 把失败的过程缩小(最多 400 次运行) · Makes a failing run small, in at most 400 runs, and says how to repeat it
    #[arg(long, conflicts_with = "trace")]
    shrink: bool,
    /// 逐步记录写入文件 · Writes the trace to a file
    #[arg(long, value_name = "FILE")]
    trace: Option<PathBuf>,
    /// 结果形式 · How the result is told
    #[arg(long, value_enum, default_value = "text")]
    report: Form,
    /// 故意做错,看核对者是否发现 · Drives the box wrongly, to see that it is noticed
    #[arg(long, value_name = "WORD", hide = true, value_parser = sabotage)]
    sabotage: Option<Sabotage>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
enum Form {
    /// 文字 · Words
    Text,
    /// JSON
    Json,
}

/// What a range of seeds came to.
#[derive(Debug, Serialize)]
struct Sum {
    first: u64,
    last: u64,
    days: u64,
    homes: u32,
    faults: String,
    /// The seeds that broke a sentence, with the first sentence of each.
    failed: Vec<(u64, &'static str)>,
    alarms: usize,
    lost: usize,
    kills: u64,
    cuts: u64,
}

/// Runs the verb: 0, 1 on a violation, 2 on usage.
#[must_use]
pub fn run(args: &Args) -> ExitCode {
    let Args { seed, days, homes, faults, only, sabotage, .. } = args;
    let (seed, days, homes, sabotage) = (*seed, *days, *homes, *sabotage);
    let settings = Settings { seed, days, homes, faults: faults.clone(), sabotage, keep: only.clone() };
    let done = match &args.seeds {
        Some(seeds) => Ok(many(&settings, seeds, args.report)),
        None if args.shrink => shrink(&settings),
        None => one(&settings, args.trace.as_deref(), args.report),
    };
    match done {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::from(EXIT_VIOLATION),
        Err(error) => {
            eprintln!("{error}");
            ExitCode::from(EXIT_USAGE)
        }
    }
}

fn one(settings: &Settings, trace: Option<&std::path::Path>, form: Form) -> io::Result<bool> {
    let mut trace = trace.map(File::create).transpose()?.map(BufWriter::new);
    let before = thread_time();
    let report = sim::run(settings, trace.as_mut().map(|file| file as &mut dyn Write))?;
    let took = thread_time().saturating_sub(before);
    match form {
        Form::Json => print_json(&report),
        Form::Text => {
            println!("{report}");
            println!("{}", speed(settings.days, took));
        }
    }
    Ok(report.violations.is_empty())
}

/// Every seed of a range, by as many threads as there are cores.
fn many(settings: &Settings, seeds: &RangeInclusive<u64>, form: Form) -> bool {
    let next = AtomicU64::new(*seeds.start());
    let threads = thread::available_parallelism().map_or(1, usize::from);
    let (done, reports) = sync_channel::<(Report, Duration)>(REPORTS_WAITING_MAX);
    let (first, last) = (*seeds.start(), *seeds.end());
    let Settings { days, homes, ref faults, .. } = *settings;
    let faults = faults.to_string();
    let mut sum = Sum { first, last, days, homes, faults, failed: Vec::new(), alarms: 0, lost: 0, kills: 0, cuts: 0 };
    let mut took = Duration::ZERO;
    thread::scope(|scope| {
        for _ in 0..threads {
            let (next, done) = (&next, done.clone());
            scope.spawn(move || {
                loop {
                    let seed = next.fetch_add(1, Ordering::Relaxed);
                    if seed > last {
                        return;
                    }
                    let before = thread_time();
                    // Without a trace there is no file that could fail.
                    let Ok(report) = sim::run(&Settings { seed, ..settings.clone() }, None) else { return };
                    if done.send((report, thread_time().saturating_sub(before))).is_err() {
                        return;
                    }
                }
            });
        }
        drop(done);
        for (report, time) in reports {
            took += time;
            sum.take(&report, form);
        }
    });
    sum.failed.sort_unstable();
    let runs = last.saturating_sub(first) + 1;
    match form {
        Form::Json => print_json(&sum),
        Form::Text => {
            let Sum { failed, alarms, lost, kills, cuts, .. } = &sum;
            let held = runs - failed.len() as u64;
            println!(
                "{held} of {runs} seeds without a violation; {alarms} alarms, {lost} not at the county, {kills} kills, {cuts} power cuts"
            );
            println!("{}", speed(days * runs, took));
        }
    }
    sum.failed.is_empty()
}

impl Sum {
    fn take(&mut self, report: &Report, form: Form) {
        self.alarms += report.alarms;
        self.lost += report.lost;
        self.kills += report.kills;
        self.cuts += report.cuts;
        let Some(violation) = report.violations.first() else { return };
        self.failed.push((report.seed, violation.sentence));
        if form == Form::Text {
            println!("seed {}: {}: {} · {}", report.seed, violation.sentence, violation.what, report.repeat());
        }
    }
}

fn shrink(settings: &Settings) -> io::Result<bool> {
    let Some(small) = sim::shrink(settings)? else {
        println!("every sentence held.");
        return Ok(true);
    };
    let report = sim::run(&small.settings, None)?;
    println!(
        "{} of {} planned things are left after {} runs, and break '{}':",
        small.left, small.of, small.runs, small.sentence
    );
    println!("{report}");
    Ok(false)
}

/// What a core does in a second; told in words only, because it is another figure each time.
fn speed(days: u64, took: Duration) -> String {
    let ms = u64::try_from(took.as_millis()).unwrap_or(u64::MAX).max(1);
    let tenths = days.saturating_mul(10_000) / ms;
    format!("{}.{} village-days per second per core", tenths / 10, tenths % 10)
}

fn seeds(text: &str) -> Result<RangeInclusive<u64>, String> {
    let wrong = || format!("'{text}' is no range of seeds as 1..100");
    let (from, to) = text.split_once("..").ok_or_else(wrong)?;
    let number = |text: &str| text.trim_start_matches('=').parse::<u64>().map_err(|_| wrong());
    let (from, to) = (number(from)?, number(to)?);
    if from <= to { Ok(from..=to) } else { Err(wrong()) }
}

fn sabotage(word: &str) -> Result<Sabotage, String> {
    let words = || Sabotage::ALL.iter().map(|one| one.word()).collect::<Vec<_>>().join(", ");
    Sabotage::from_word(word).ok_or_else(|| format!("'{word}' is none of: {}", words()))
}
