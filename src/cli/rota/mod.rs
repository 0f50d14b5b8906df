//! `shouwang rota`: who is on duty, who has nobody near and when, the page for a wall, and swaps.
//!
//! Both lists are read from the village file and not from the station, because they are about what is written, and are wanted
//! before anything runs. Pseudonyms only, unless whoever may read the file asks for names; the page
//! for a wall has them.

mod show;

mod forecast;

mod print;

use std::fmt::Write as _;
use std::io::Write as _;
use std::process::ExitCode;

use clap::Subcommand;
use jiff::civil::{Date, Time};
use jiff::tz::TimeZone;

use super::files::Written;
use super::socket::Socket;
use super::village::{By, carry_out, slug};
use crate::config::Village;
use crate::config::village::People;
use crate::config::village::edit::Edit;
use crate::config::village::rota::Swap;
use crate::config::village::rota::expand::first_at;
use crate::core::id::{ResidentId, ResponderId, Slug};
use crate::core::time::Wall;
use crate::words::{Lang, rota as say};

/// 值班 · The rota
#[derive(Debug, clap::Args)]
pub struct Args {
    #[command(flatten)]
    socket: Socket,
    #[command(subcommand)]
    what: What,
}

#[derive(Debug, Clone, Subcommand)]
enum What {
    /// 打印值班表:每天每班谁值班 · Prints who is on duty, by day and shift
    Show(Look),
    /// 预报谁在什么时候 15 分钟内无人可到 · Forecasts who has nobody within 15 minutes, and when
    Forecast(Look),
    /// 打印张贴用的值班表:网页文件,A4 横向,一周一页 · Makes the rota of a week for a wall: a page, A4 across
    Print(print::PrintArgs),
    /// 换班:某天某班由另一人替 · Gives one duty to somebody else
    Swap(SwapArgs),
}

/// For which days.
#[derive(Debug, Clone, clap::Args)]
struct Look {
    /// 看几天,1–31 · For how many days, 1–31
    #[arg(long, value_name = "DAYS", default_value_t = 7, value_parser = clap::value_parser!(i64).range(1..=31))]
    days: i64,
    /// 从哪天起,如 2026-12-01,不写则从今天 · From which day on, as 2026-12-01; left out, today
    #[arg(long, value_name = "DATE")]
    from: Option<Date>,
    /// 显示称呼和姓名,打印张贴或在自己的终端上用 · Shows names, for print or on your own terminal
    #[arg(long)]
    names: bool,
}

#[derive(Debug, Clone, clap::Args)]
struct SwapArgs {
    /// 那一班开始的日子,如 2026-12-03 · The day on which the shift begins, as 2026-12-03
    #[arg(value_name = "DATE")]
    date: Date,
    /// 哪一班 · Which shift
    #[arg(value_name = "SHIFT", value_parser = slug::<Slug>)]
    shift: Slug,
    /// 原来值班的人 · Whose turn it would be
    #[arg(value_name = "OUT", value_parser = slug::<ResponderId>)]
    out: ResponderId,
    /// 替他的人 · Who takes it
    #[arg(value_name = "IN", value_parser = slug::<ResponderId>)]
    stands_in: ResponderId,
    #[command(flatten)]
    by: By,
}

/// Runs the verb.
#[must_use]
pub fn run(args: &Args) -> ExitCode {
    let socket = &args.socket;
    let looked = match &args.what {
        What::Swap(SwapArgs { date, shift, out, stands_in, by }) => {
            let swap = Swap { date: *date, shift: *shift, out: *out, stands_in: *stands_in };
            return carry_out(socket, &Edit::Swap(swap), by);
        }
        What::Print(args) => return print::run(socket, args),
        What::Show(look) => Page::open(socket, look).map(|page| page.show(socket.json)),
        What::Forecast(look) => Page::open(socket, look).map(|page| page.forecast(socket.json)),
    };
    match looked {
        Ok(said) => {
            // A closed pipe (`shouwang rota show | head`) is no failure.
            _ = std::io::stdout().write_all(said.as_bytes());
            ExitCode::SUCCESS
        }
        Err(code) => code,
    }
}

/// The village file, and what is wanted of it.
struct Page {
    village: Village,
    zone: TimeZone,
    lang: Lang,
    now: Wall,
    /// The first day.
    from: Date,
    /// How many.
    days: i64,
    /// A day was named: that day begins at its midnight, and today now.
    is_named: bool,
    names: bool,
}

impl Page {
    /// Reads the files; on failure says what is wrong and gives the exit code.
    fn open(socket: &Socket, look: &Look) -> Result<Self, ExitCode> {
        let files = Written::open(socket)?;
        let from = look.from.unwrap_or_else(|| files.today());
        let Written { station, village, now, lang } = files;
        let is_named = look.from.is_some();
        Ok(Self { village, zone: station.zone, lang, now, from, days: look.days, is_named, names: look.names })
    }

    /// The day so many days behind the first.
    fn day(&self, after: i64) -> Date {
        self.from.saturating_add(jiff::Span::new().days(after))
    }

    /// The midnight with which a day begins.
    fn midnight(&self, date: Date) -> Wall {
        first_at(date.to_datetime(Time::midnight()), &self.zone)
    }

    /// The years of which the rota wants the holidays and does not know them, a line each.
    fn unknown_years(&self) -> String {
        let mut lines = String::new();
        for year in self.village.rota.unknown_years(self.from, self.day(self.days - 1)) {
            _ = writeln!(lines, "{}: {year}", say::HOLIDAYS_UNKNOWN.say(self.lang));
        }
        lines
    }

    fn responder(&self, id: ResponderId) -> String {
        let People { responders, .. } = &self.village.people;
        match responders.get(&id).filter(|_| self.names) {
            Some(card) => format!("{} ({id})", card.name.reveal()),
            None => id.to_string(),
        }
    }

    fn resident(&self, id: ResidentId) -> String {
        let People { residents, .. } = &self.village.people;
        match residents.get(&id).filter(|_| self.names) {
            Some(card) => format!("{} ({id})", card.address_form.reveal()),
            None => id.to_string(),
        }
    }
}
