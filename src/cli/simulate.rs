//! `shouwang simulate`: days of a made-up village through the real code, checked at every step.

use std::fs::File;
use std::io::{BufWriter, Write};
use std::path::PathBuf;
use std::process::ExitCode;

use super::socket::print_json;
use crate::sim::{self, Faults, Settings};

/// sysexits of this verb: 1 is a violation, 2 is usage.
const EXIT_VIOLATION: u8 = 1;
const EXIT_USAGE: u8 = 2;

/// 模拟:一个村子的若干天,全部走真实代码,步步核对 · Simulates days of a village through the real code.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// 随机种子;同一种子,同一过程 · All chance comes of it: the same seed, the same trace
    #[arg(long, value_name = "N", default_value_t = 1)]
    seed: u64,
    /// 天数 · Days
    #[arg(long, value_name = "D", default_value_t = 1, value_parser = clap::value_parser!(u64).range(1..=366))]
    days: u64,
    /// 户数 · Homes
    #[arg(long, value_name = "H", default_value_t = 10, value_parser = clap::value_parser!(u32).range(1..=300))]
    homes: u32,
    /// 故障:none、all,或逗号分隔的清单 · What goes wrong: none, all, or a list as kill,link
    #[arg(long, value_name = "LIST", default_value = "none")]
    faults: Faults,
    /// 逐步记录写入文件 · Writes the trace to a file
    #[arg(long, value_name = "FILE")]
    trace: Option<PathBuf>,
    /// 结果形式 · How the result is told
    #[arg(long, value_enum, default_value = "text")]
    report: Form,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
enum Form {
    /// 文字 · Words
    Text,
    /// JSON
    Json,
}

/// Runs the verb: 0, 1 on a violation, 2 on usage.
#[must_use]
pub fn run(args: Args) -> ExitCode {
    let mut trace = match args.trace.as_ref().map(File::create).transpose() {
        Ok(file) => file.map(BufWriter::new),
        Err(error) => {
            eprintln!("{error}");
            return ExitCode::from(EXIT_USAGE);
        }
    };
    let Args { seed, days, homes, faults, .. } = args;
    let settings = Settings { seed, days, homes, faults, sabotage: None };
    match sim::run(&settings, trace.as_mut().map(|file| file as &mut dyn Write)) {
        Err(error) => {
            eprintln!("{error}");
            ExitCode::from(EXIT_USAGE)
        }
        Ok(report) => {
            match args.report {
                Form::Json => print_json(&report),
                Form::Text => println!("{report}"),
            }
            if report.violations.is_empty() { ExitCode::SUCCESS } else { ExitCode::from(EXIT_VIOLATION) }
        }
    }
}
