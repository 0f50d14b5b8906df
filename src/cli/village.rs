//! `shouwang village`: the village file as a whole; and what its changes share with `shouwang devices` and `shouwang rota`.

use std::process::ExitCode;

use clap::Subcommand;
use jiff::Timestamp;
use jiff::civil::Date;

use super::files::Written;
use super::socket::{Socket, print_json, unexpected};
use crate::config::Station;
use crate::config::village::Absence;
use crate::config::village::clerk::{self, Author, Clerk};
use crate::config::village::edit::Edit;
use crate::config::village::edit::absence::{Away, Said};
use crate::control::client::AskError;
use crate::control::login;
use crate::control::protocol::{Body, Objection, Reply, Request, VillageAnswer};
use crate::core::effect::VillageDeed;
use crate::core::id::{DeviceId, ResidentId, ResponderId, Slug};
use crate::core::time::Wall;
use crate::words::{self, Lang};

/// 名册文件 · The village file
#[derive(Debug, clap::Args)]
pub struct Args {
    #[command(flatten)]
    socket: Socket,
    #[command(subcommand)]
    what: What,
}

#[derive(Debug, Clone, Subcommand)]
enum What {
    /// 手工改过名册后重新读入;有误则整个不采用 · Takes over the file that was edited by hand; a wrong one is refused whole
    Reload(By),
    /// 登记老人外出:到期前一天问联系人,期间不催“无信号” · Writes down that a resident is away: the contact is asked the day before the end
    Away(AwayArgs),
    /// 老人回来了 · A resident who was away is back
    Back(BackArgs),
    /// 谁登记外出,到哪天 · Who is written down as away, and until when
    Absences,
}

#[derive(Debug, Clone, clap::Args)]
struct AwayArgs {
    /// 哪位老人 · Which resident
    #[arg(value_name = "RESIDENT", value_parser = slug::<ResidentId>)]
    resident: ResidentId,
    /// 哪天回来,当天 10 点到期,如 2026-12-05 · The day on which they come back; it ends at 10:00
    #[arg(long, value_name = "DATE")]
    until: Date,
    /// 从哪天起,不写则从今天 · From which day on; left out, today
    #[arg(long, value_name = "DATE")]
    from: Option<Date>,
    /// 问谁:不写则问家属、有钥匙的人或值班台 · Who is asked; left out, the family, who has the key, or the desk
    #[arg(long, value_name = "ID", value_parser = slug::<ResponderId>)]
    contact: Option<ResponderId>,
    #[command(flatten)]
    by: By,
}

#[derive(Debug, Clone, clap::Args)]
struct BackArgs {
    /// 哪位老人 · Which resident
    #[arg(value_name = "RESIDENT", value_parser = slug::<ResidentId>)]
    resident: ResidentId,
    #[command(flatten)]
    by: By,
}

/// In whose name.
#[derive(Debug, Clone, clap::Args)]
pub struct By {
    /// 以谁的名义,不写则用登录名 · In whose name; left out, the login's
    #[arg(long, value_name = "ID", value_parser = slug::<Slug>)]
    by: Option<Slug>,
}

impl By {
    /// In whose name, if somebody was named.
    pub const fn name(&self) -> Option<Slug> {
        self.by
    }
}

/// Runs the verb.
#[must_use]
pub fn run(args: &Args) -> ExitCode {
    let socket = &args.socket;
    match &args.what {
        What::Reload(By { by }) => match socket.ask(&Request::Reload { by: *by }) {
            Err(code) => code,
            Ok(Reply { body: Body::Village(answer), .. }) => print_answer(&answer, "", socket),
            Ok(_) => unexpected(),
        },
        What::Away(AwayArgs { resident, until, from, contact, by }) => match from.map_or_else(|| today(socket), Ok) {
            Ok(from) => {
                let away = Away { resident: *resident, from, until: *until, contact: *contact };
                carry_out(socket, &Edit::Away(away), by)
            }
            Err(code) => code,
        },
        What::Back(BackArgs { resident, by }) => {
            carry_out(socket, &Edit::Back(Said { resident: *resident, until: None }), by)
        }
        What::Absences => list_absences(socket),
    }
}

/// The day that it is at the station.
fn today(socket: &Socket) -> Result<Date, ExitCode> {
    Written::open(socket).map(|files| files.today())
}

/// Who is written down as away, in pseudonyms.
fn list_absences(socket: &Socket) -> ExitCode {
    let files = match Written::open(socket) {
        Ok(files) => files,
        Err(code) => return code,
    };
    let (today, village, lang) = (files.today(), &files.village, socket.lang());
    let mut all: Vec<&Absence> = village.absences.iter().filter(|absence| absence.back.is_none()).collect();
    all.sort_by_key(|absence| absence.until);
    let contact = |of: &Absence| of.plan(&village.roster, &files.station.zone).and_then(|plan| plan.contact);
    if socket.json {
        let list = all.iter().map(|of| {
            serde_json::json!({
                "resident": of.resident, "from": of.from.to_string(), "until": of.until.to_string(),
                "contact": contact(of), "is_over": of.until < today,
            })
        });
        print_json(&list.collect::<Vec<_>>());
    } else if all.is_empty() {
        println!("{}", words::village::NOBODY_AWAY.say(lang));
    }
    for of in all.iter().filter(|_| !socket.json) {
        let asked = contact(of).map_or_else(|| words::village::THE_DESK.say(lang).to_owned(), |who| who.to_string());
        let over = if of.until < today { words::village::AWAY_OVER.say(lang) } else { "" };
        let ask = words::village::ASKED.say(lang);
        println!("{}  {} – {} 10:00  {ask}: {asked}{over}", of.resident, of.from, of.until);
    }
    ExitCode::SUCCESS
}

/// An id on the command line.
pub fn slug<T: std::str::FromStr<Err: std::fmt::Display>>(text: &str) -> Result<T, String> {
    text.parse().map_err(|error: T::Err| error.to_string())
}

/// Changes the village file over the socket, or in the file when nobody listens there, and prints what became of it.
pub fn carry_out(socket: &Socket, edit: &Edit, by: &By) -> ExitCode {
    let asked = match socket.socket() {
        Ok(at) => at.ask(&Request::Edit { by: by.by, edit: edit.clone() }),
        Err(code) => return code,
    };
    match asked {
        Ok(Reply { body: Body::Village(answer), .. }) => print_answer(&answer, &about(edit), socket),
        Ok(_) => unexpected(),
        Err(AskError::Unreachable { ref source, .. }) if is_absent(source) => match socket.station() {
            Ok(station) => print_answer(&in_the_file(station, edit, by.by), &about(edit), socket),
            Err(code) => code,
        },
        Err(error) => Socket::fail(&error),
    }
}

/// Whether nobody listens, as against: somebody does, and not to us.
pub fn is_absent(error: &std::io::Error) -> bool {
    matches!(error.kind(), std::io::ErrorKind::NotFound | std::io::ErrorKind::ConnectionRefused)
}

fn in_the_file(station: Station, edit: &Edit, by: Option<Slug>) -> VillageAnswer {
    let by = by.unwrap_or_else(login::of_this_process);
    let at = Wall(Timestamp::now().as_millisecond());
    let clerk = Clerk::of(station);
    let before = match clerk.read() {
        Ok((_, village)) => village.value,
        Err(problems) => return VillageAnswer::Refused { why: Objection::of_file(&problems) },
    };
    let edited = match clerk.edit(edit, Author { by, at }) {
        Ok(edited) => edited,
        Err(error) => return VillageAnswer::Refused { why: Objection::of_change(&error) },
    };
    let change = clerk::change(Some((&before.roster, &before.addresses)), &edited.village.value, by, edit.deed());
    if let Err(error) = clerk.note(&edited.text, &change, at, false) {
        eprintln!("{error}");
    }
    let warnings = Objection::of_file(&edited.village.warnings);
    VillageAnswer::Changed { change, device: edited.device, former: edited.former, in_force: false, warnings }
}

/// What a change that is about no device is about; empty for the others.
fn about(edit: &Edit) -> String {
    match edit {
        Edit::Swap(swap) => format!("{} {} · {} → {}", swap.date, swap.shift, swap.out, swap.stands_in),
        Edit::Prove { who, .. } => who.to_string(),
        Edit::Away(away) => format!("{} · {} – {} 10:00", away.resident, away.from, away.until),
        Edit::Extend(said) | Edit::Back(said) => said.resident.to_string(),
        Edit::Enrol(_) | Edit::Replace { .. } | Edit::Remove { .. } => String::new(),
    }
}

/// Prints what became of a change, and gives the exit code. What is about no device is `about` something else, or about the
/// whole file.
pub fn print_answer(answer: &VillageAnswer, about: &str, socket: &Socket) -> ExitCode {
    let lang = socket.lang();
    if socket.json {
        print_json(answer);
    } else {
        print_text(answer, about, lang);
    }
    match answer {
        VillageAnswer::Changed { .. } | VillageAnswer::Same { .. } => ExitCode::SUCCESS,
        VillageAnswer::Refused { .. } => ExitCode::FAILURE,
    }
}

fn print_text(answer: &VillageAnswer, about: &str, lang: Lang) {
    use words::village as say;
    match answer {
        VillageAnswer::Same { revision } => println!("{} ({revision})", say::SAME.say(lang)),
        VillageAnswer::Refused { why } => {
            eprintln!("{}", say::REFUSED.say(lang));
            print_objections(why, lang);
        }
        VillageAnswer::Changed { change, device, former, in_force, warnings } => {
            let done = match change.did {
                VillageDeed::Enrol => say::ENROLLED,
                VillageDeed::Replace => say::REPLACED,
                VillageDeed::Remove => say::REMOVED,
                VillageDeed::Swap => say::SWAPPED,
                VillageDeed::Prove => say::PROVEN,
                VillageDeed::Away => say::AWAY,
                VillageDeed::Back => say::BACK,
                VillageDeed::Reload | VillageDeed::Start => say::TAKEN_OVER,
            };
            let whole = if about.is_empty() { &change.revision } else { about };
            let about = device.map_or_else(|| whole.to_owned(), |device| device.to_string());
            println!("{}: {about}", done.say(lang));
            if let Some(former) = former {
                println!("{}: {former}", say::FORMER.say(lang));
            }
            if change.did == VillageDeed::Reload {
                print_ids("+", &change.enrolled);
                print_ids("~", &change.replaced);
                print_ids("-", &change.removed);
            }
            println!("{}", if *in_force { say::IN_FORCE } else { say::FROM_NEXT_START }.say(lang));
            if *in_force && matches!(change.did, VillageDeed::Enrol | VillageDeed::Replace) {
                println!("{}", say::PRESS_NOW.say(lang));
            }
            if !warnings.is_empty() {
                eprintln!("{}:", say::WARNING.say(lang));
                print_objections(warnings, lang);
            }
        }
    }
}

fn print_ids(sign: &str, ids: &[DeviceId]) {
    for id in ids {
        println!("  {sign} {id}");
    }
}

/// Prints reasons, Chinese first where they have a sentence in it.
pub fn print_objections(all: &[Objection], lang: Lang) {
    for Objection { what, place, sentence } in all {
        match words::village::refused_zh(what).filter(|_| lang == Lang::Zh) {
            Some(zh) if place.is_empty() => eprintln!("  {zh}。\n    {sentence}"),
            Some(zh) => eprintln!("  {place}:{zh}。\n    {sentence}"),
            None => eprintln!("  {sentence}"),
        }
    }
}
