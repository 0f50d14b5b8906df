//! `shouwang village`: the village file as a whole; and what its changes share with `shouwang devices`.

use std::process::ExitCode;

use clap::Subcommand;

use super::socket::{Socket, print_json, unexpected};
use crate::control::protocol::{Body, Objection, Reply, Request, VillageAnswer};
use crate::core::effect::VillageDeed;
use crate::core::id::{DeviceId, Slug};
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
    Reload {
        /// 以谁的名义,不写则用登录名 · In whose name; left out, the login's
        #[arg(long, value_name = "ID", value_parser = slug::<Slug>)]
        by: Option<Slug>,
    },
}

/// Runs the verb.
#[must_use]
pub fn run(args: &Args) -> ExitCode {
    let What::Reload { by } = args.what;
    match args.socket.ask(&Request::Reload { by }) {
        Err(code) => code,
        Ok(Reply { body: Body::Village(answer), .. }) => print_answer(&answer, &args.socket),
        Ok(_) => unexpected(),
    }
}

/// An id on the command line.
pub fn slug<T: std::str::FromStr<Err: std::fmt::Display>>(text: &str) -> Result<T, String> {
    text.parse().map_err(|error: T::Err| error.to_string())
}

/// Prints what became of a change, and gives the exit code.
pub fn print_answer(answer: &VillageAnswer, socket: &Socket) -> ExitCode {
    let lang = socket.lang();
    if socket.json {
        print_json(answer);
    } else {
        print_text(answer, lang);
    }
    match answer {
        VillageAnswer::Changed { .. } | VillageAnswer::Same { .. } => ExitCode::SUCCESS,
        VillageAnswer::Refused { .. } => ExitCode::FAILURE,
    }
}

fn print_text(answer: &VillageAnswer, lang: Lang) {
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
                VillageDeed::Reload | VillageDeed::Start => say::TAKEN_OVER,
            };
            let device = device.map_or_else(|| change.revision.clone(), |device| device.to_string());
            println!("{}: {device}", done.say(lang));
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
