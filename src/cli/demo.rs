//! `shouwang demo`: a morning in a made-up village, told live.

use std::io;
use std::num::NonZeroU32;
use std::path::PathBuf;
use std::process::ExitCode;

use jiff::Timestamp;
use jiff::civil::Time;
use jiff::tz::{self, TimeZone};
use tokio_util::sync::CancellationToken;

use super::argument::Language;
use super::logging;
use crate::core::time::{Rate, Wall};
use crate::demo::{self, Settings, Stage};

/// 演示 · The demonstration
#[derive(Debug, clap::Args)]
pub struct Args {
    /// 村里时间过得多快:50 即 90 分钟的早晨用 108 秒 · How fast village time passes: 50 makes 90 minutes 108 seconds
    #[arg(long, value_name = "TIMES", default_value = "50", value_parser = clap::value_parser!(u32).range(1..=300))]
    speed: u32,
    /// 随机种子:日常活动由它而来 · Ordinary life comes of it
    #[arg(long, value_name = "N", default_value_t = 1)]
    seed: u64,
    /// 早晨过完后不结束,网页继续开着 · Goes on after the morning, with the county page
    #[arg(long)]
    stay: bool,
    /// 把程序自己的运行日志写入文件 · Writes what the program says of itself to a file
    #[arg(long, value_name = "FILE")]
    log: Option<PathBuf>,
    #[command(flatten)]
    language: Language,
}

/// Runs the verb: 0, and 1 when an alarm was lost or it could not go on.
#[must_use]
pub fn run(args: &Args) -> ExitCode {
    if let Some(path) = &args.log
        && let Err(error) = logging::begin_in_file(path)
    {
        eprintln!("{}: {error}", path.display());
        return ExitCode::FAILURE;
    }
    let runtime = match tokio::runtime::Builder::new_current_thread().enable_all().build() {
        Ok(runtime) => runtime,
        Err(error) => return fail(&error),
    };
    let settings = Settings {
        rate: Rate(NonZeroU32::new(args.speed).unwrap_or(NonZeroU32::MIN)),
        seed: args.seed,
        stay: args.stay,
        lang: args.language.lang(),
        stage: Stage::of_stdout(),
        begin: this_morning(),
    };
    let stop = CancellationToken::new();
    let told = runtime.block_on(async {
        let stopper = stop.clone();
        tokio::spawn(async move {
            // Without a signal handler Ctrl-C ends the program all the same, only less politely.
            if tokio::signal::ctrl_c().await.is_ok() {
                stopper.cancel();
            }
        });
        Box::pin(demo::run(settings, stop, io::stdout())).await
    });
    match told {
        Ok(tally) if tally.lost() == 0 => ExitCode::SUCCESS,
        Ok(_) => ExitCode::FAILURE,
        Err(error) => fail(&error),
    }
}

fn fail(error: &dyn std::error::Error) -> ExitCode {
    eprintln!("shouwang demo: {error}");
    ExitCode::FAILURE
}

/// Half past six of today, by a Chinese clock.
fn this_morning() -> Wall {
    let zone = TimeZone::fixed(tz::offset(8));
    let today = Timestamp::now().to_zoned(zone.clone()).date();
    let morning = today.to_datetime(Time::constant(6, 30, 0, 0)).to_zoned(zone);
    Wall(morning.map_or(0, |morning| morning.timestamp().as_millisecond()))
}
