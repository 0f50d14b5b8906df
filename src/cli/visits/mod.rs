//! `shouwang visits`: whose visit is due, a visit that was done, and what a month amounts to (CARE-RULES 30, 31).
//!
//! What is due is the running station's to say; the report reads the log beside it. Pseudonyms only, unless whoever may read the
//! village file asks for names.

mod report;

use std::fmt::Write as _;
use std::io::Write as _;
use std::process::ExitCode;

use clap::Subcommand;
use jiff::tz::TimeZone;

use super::argument::EX_CONFIG;
use super::socket::{Socket, print_json, unexpected};
use super::village::slug;
use crate::config::Village;
use crate::config::village::People;
use crate::control::protocol::{Body, Reply, Request, VisitRow};
use crate::core::effect::Order;
use crate::core::id::{ResidentId, ResponderId};
use crate::core::time::{Moment, Trust};
use crate::words::{self, Lang, Say as _, visits as say};

/// 探访 · Visits
#[derive(Debug, clap::Args)]
pub struct Args {
    #[command(flatten)]
    socket: Socket,
    #[command(subcommand)]
    what: What,
}

#[derive(Debug, Clone, Subcommand)]
enum What {
    /// 列出待探访和逾期的老人,为什么,最晚什么时候 · Lists whose visit is due or overdue, why, and by when
    List {
        /// 也列出还没到期的,和下次应在哪天 · Also those who are not due, with the day of their next visit
        #[arg(long)]
        all: bool,
        /// 显示称呼,只在自己的终端上用 · Shows what people are called, on your own terminal only
        #[arg(long)]
        names: bool,
    },
    /// 登记一次探访 · Notes that somebody has visited a resident
    Done {
        /// 谁被探访 · Whom
        #[arg(value_name = "RESIDENT", value_parser = slug::<ResidentId>)]
        resident: ResidentId,
        /// 谁去的:village.toml 里的编号 · Who went: an id from village.toml
        #[arg(long, value_parser = slug::<ResponderId>)]
        by: ResponderId,
        /// 门内卡片上的号码,报得出则记为已核实 · The code on the card inside of the door; with it the visit is proven
        #[arg(long, value_name = "CODE")]
        door: Option<String>,
    },
    /// 给探访加备注;登记错了不能撤销,写在这里 · Adds a remark; a wrong entry is not undone, and is said here
    Note {
        /// 谁的探访 · Whose visits
        #[arg(value_name = "RESIDENT", value_parser = slug::<ResidentId>)]
        resident: ResidentId,
        /// 谁说的 · Who says so
        #[arg(long, value_parser = slug::<ResponderId>)]
        by: ResponderId,
        /// 内容,不写姓名 · The words, without names
        #[arg(long)]
        text: String,
    },
    /// 月报:应探访、按时、未按时,到场时间 · A month's report: visits due, done and missed, and times until somebody was there
    Report(report::Args),
}

/// Runs the verb.
#[must_use]
pub fn run(args: &Args) -> ExitCode {
    let socket = &args.socket;
    match &args.what {
        What::List { all, names } => list(socket, *all, *names),
        What::Done { resident, by, door } => {
            let order = Order::Visited { resident: *resident, by: *by, door: None };
            socket.order_at_the_door(order, door.clone())
        }
        What::Note { resident, by, text } => {
            socket.order(Order::VisitNote { resident: *resident, by: *by, text: text.clone() })
        }
        What::Report(args) => report::run(socket, args),
    }
}

fn list(socket: &Socket, all: bool, names: bool) -> ExitCode {
    let (now, rows) = match socket.ask(&Request::Visits) {
        Err(code) => return code,
        Ok(Reply { now, body: Body::Visits(rows) }) => (now, rows),
        Ok(_) => return unexpected(),
    };
    let due = VisitRow::due(&rows, now);
    let rest = rows.iter().filter(|row| all && row.open.is_empty());
    let rows: Vec<&VisitRow> = due.into_iter().chain(rest).collect();
    if socket.json {
        print_json(&rows);
        return ExitCode::SUCCESS;
    }
    let (people, zone) = match known(socket, names) {
        Ok(known) => known,
        Err(code) => return code,
    };
    let look = Look { now, people: names.then_some(&people), zone, lang: socket.lang() };
    // A closed pipe (`shouwang visits list | head`) is no failure.
    _ = std::io::stdout().write_all(look.text(&rows).as_bytes());
    ExitCode::SUCCESS
}

/// The village's names and the station's zone. Without the files the zone is China's, and there are no names.
fn known(socket: &Socket, names: bool) -> Result<(People, TimeZone), ExitCode> {
    if !names && socket.has_path() {
        let zone = crate::config::Station::zone_of("Asia/Shanghai").unwrap_or(TimeZone::UTC);
        return Ok((People::default(), zone));
    }
    let station = socket.station()?;
    let village = Village::load(&station.village_file, &station).map_err(|problems| {
        eprint!("{problems}");
        ExitCode::from(EX_CONFIG)
    })?;
    Ok((village.value.people, station.zone))
}

/// How a list is written.
struct Look<'a> {
    now: Moment,
    people: Option<&'a People>,
    zone: TimeZone,
    lang: Lang,
}

impl Look<'_> {
    fn text(&self, rows: &[&VisitRow]) -> String {
        let mut text = String::new();
        if self.now.trust == Trust::Unset {
            _ = writeln!(text, "{}", say::NO_CLOCK.say(self.lang));
        }
        if rows.is_empty() {
            _ = writeln!(text, "{}", say::NOTHING_DUE.say(self.lang));
        }
        for row in rows {
            self.row(row, &mut text);
        }
        text
    }

    fn row(&self, row: &VisitRow, text: &mut String) {
        let lang = self.lang;
        let overdue = if row.is_overdue(self.now) { format!(" [{}]", say::OVERDUE.say(lang)) } else { String::new() };
        let (who, home, tier) = (self.resident(row.resident), row.home, row.tier.say(lang));
        _ = writeln!(text, "{who} · {home} · {tier}{overdue}");
        for open in &row.open {
            let by = self.clock(Moment { wall: open.by, ..open.since });
            _ = writeln!(text, "    {} · {}", open.reason.say(lang), say::due(&self.clock(open.since), &by, lang));
        }
        let last = row.last.map_or_else(
            || say::NEVER.say(lang).to_owned(),
            |last| {
                let (at, who, proof) = (self.clock(last.at), self.responder(last.by), say::proof(last.proven, lang));
                format!("{}: {at} · {who} · {proof}", say::LAST.say(lang))
            },
        );
        let next = row.next.filter(|_| row.open.is_empty());
        let next = next.map_or_else(String::new, |next| {
            let day = crate::config::village::rota::expand::local(next, &self.zone).date();
            format!(" · {} {day}", say::NEXT.say(lang))
        });
        _ = writeln!(text, "    {last}{next}");
    }

    fn clock(&self, at: Moment) -> String {
        words::time::clock(at, self.now, &self.zone, self.lang)
    }

    fn resident(&self, id: ResidentId) -> String {
        let card = self.people.and_then(|people| people.residents.get(&id));
        card.map_or_else(|| id.to_string(), |card| format!("{} ({id})", card.address_form.reveal()))
    }

    fn responder(&self, id: ResponderId) -> String {
        let card = self.people.and_then(|people| people.responders.get(&id));
        card.map_or_else(|| id.to_string(), |card| format!("{} ({id})", card.name.reveal()))
    }
}
