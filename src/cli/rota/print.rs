//! `shouwang rota print`: the rota of a week as a page for a wall.

use std::process::ExitCode;

use jiff::civil::Date;

use crate::cli::files::Written;
use crate::cli::paper::Out;
use crate::cli::socket::Socket;
use crate::config::village::rota::expand::local;
use crate::limits::paper::WEEKS_PRINTED_MAX;
use crate::paper::rota::Rota;

/// Which weeks, and what stands on them.
#[derive(Debug, Clone, clap::Args)]
pub(super) struct PrintArgs {
    /// 哪一周,写其中一天,如 2026-12-07;不写则本周 · A day of the first week, as 2026-12-07; left out, this week
    #[arg(long, value_name = "DATE")]
    week: Option<Date>,
    /// 印几周,一周一页 · How many weeks, a sheet each
    #[arg(long, value_name = "N", default_value_t = 1, value_parser = clap::value_parser!(u8).range(1..=i64::from(WEEKS_PRINTED_MAX)))]
    weeks: u8,
    /// 也印电话,不要张贴 · Telephones too; not for a wall
    #[arg(long)]
    phones: bool,
    #[command(flatten)]
    out: Out,
}

/// Prints it, and gives the exit code.
pub(super) fn run(socket: &Socket, args: &PrintArgs) -> ExitCode {
    let files = match Written::open(socket) {
        Ok(files) => files,
        Err(code) => return code,
    };
    let press = files.press();
    let day = args.week.unwrap_or_else(|| local(press.now, press.zone).date());
    args.out.write(&Rota { press, day, weeks: args.weeks, phones: args.phones }.page())
}
