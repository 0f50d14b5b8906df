//! `shouwang people`: who may be called, and the proof that a telephone is theirs (CARE-RULES 20).
//!
//! The list is read from the village file, like the rota: it is about what is written. A code is the running station's to send.
//! Pseudonyms only, unless whoever may read the file asks for names; telephones never. A sheet is somebody's own and has names.

use std::fmt::Write as _;
use std::io::Write as _;
use std::process::ExitCode;

use clap::Subcommand;
use serde_json::{Value, json};

use super::files::Written;
use super::paper::Out;
use super::socket::{Socket, print_json, unexpected};
use super::village::{By, print_answer, slug};
use crate::config::Village;
use crate::config::village::Contact;
use crate::control::protocol::{Body, ProofAnswer, Reply, Request};
use crate::core::id::{ResponderId, Slug};
use crate::paper::sheet::Sheets;
use crate::words::{Lang, Say as _, people as say};

/// 响应人 · The people who are called
#[derive(Debug, clap::Args)]
pub struct Args {
    #[command(flatten)]
    socket: Socket,
    #[command(subcommand)]
    what: What,
}

#[derive(Debug, Clone, Subcommand)]
enum What {
    /// 列出响应人:能否联系、电话是否验证、在哪些呼叫顺序里 · Lists who is reachable, whose telephone is proven, and on which ladders they stand
    List {
        /// 显示姓名,只在自己的终端上用 · Shows names, on your own terminal only
        #[arg(long)]
        names: bool,
    },
    /// 打印值守须知:每人一页 A4,怎么收到报警、怎么回、先去哪几家 · Makes a sheet for whoever is called, one side of A4 each
    Sheet {
        /// 谁,不写则每人一页 · Who; left out, a sheet for everybody
        #[arg(value_name = "ID", value_parser = slug::<ResponderId>)]
        who: Option<ResponderId>,
        #[command(flatten)]
        out: Out,
    },
    /// 验证电话:先发验证码,对方念出后再带上验证码执行一次 · Proves a telephone: sends a code, and takes it once its owner has read it out
    Prove {
        /// 谁 · Who
        #[arg(value_name = "ID", value_parser = slug::<ResponderId>)]
        who: ResponderId,
        /// 对方念出的验证码 · The code that was read out
        #[arg(value_name = "CODE")]
        code: Option<String>,
        #[command(flatten)]
        by: By,
    },
}

/// Runs the verb.
#[must_use]
pub fn run(args: &Args) -> ExitCode {
    match &args.what {
        What::List { names } => list(&args.socket, *names),
        What::Sheet { who, out } => sheet(&args.socket, *who, out),
        What::Prove { who, code, by } => prove(&args.socket, *who, code.as_ref(), by),
    }
}

fn list(socket: &Socket, names: bool) -> ExitCode {
    let Written { village, .. } = match Written::open(socket) {
        Ok(files) => files,
        Err(code) => return code,
    };
    let said = if socket.json { as_json(&village, names) } else { as_text(&village, names, socket.lang()) };
    // A closed pipe (`shouwang people list | head`) is no failure.
    _ = std::io::stdout().write_all(said.as_bytes());
    ExitCode::SUCCESS
}

fn as_text(village: &Village, names: bool, lang: Lang) -> String {
    let mut text = String::new();
    if village.people.responders.is_empty() {
        _ = writeln!(text, "{}", say::NOBODY.say(lang));
    }
    for (id, contact) in &village.people.responders {
        let who = if names { format!("{} ({id})", contact.name.reveal()) } else { id.to_string() };
        let role = village.roster.responders.get(id).map_or("", |responder| responder.role.say(lang));
        let phone = match (&contact.phone, contact.is_proven) {
            (None, _) => say::NO_PHONE,
            (Some(_), true) => say::PROVEN,
            (Some(_), false) => say::UNPROVEN,
        };
        let mut facts = vec![role, phone.say(lang)];
        if contact.is_reachable() {
            facts.insert(1, say::REACHABLE.say(lang));
        } else if !contact.dispatched {
            facts.insert(1, say::INFORMED.say(lang));
        }
        let ladders: Vec<String> = village.ladders_of(*id).map(|ladder| ladder.to_string()).collect();
        let ladders = if ladders.is_empty() {
            say::NO_LADDER.say(lang).to_owned()
        } else {
            format!("{}: {}", say::LADDERS.say(lang), ladders.join(", "))
        };
        _ = writeln!(text, "{who} · {} · {ladders}", facts.join(" · "));
    }
    text
}

fn as_json(village: &Village, names: bool) -> String {
    let row = |(id, contact): (&ResponderId, &Contact)| {
        let ladders: Vec<Slug> = village.ladders_of(*id).collect();
        let mut row = json!({
            "id": id,
            "role": village.roster.responders.get(id).map(|responder| responder.role),
            "has_phone": contact.phone.is_some(),
            "is_proven": contact.is_proven,
            "is_reachable": contact.is_reachable(),
            "is_dispatched": contact.dispatched,
            "ladders": ladders,
        });
        if names {
            row["name"] = json!(contact.name.reveal());
        }
        row
    };
    let rows: Vec<Value> = village.people.responders.iter().map(row).collect();
    format!("{}\n", json!({ "people": rows }))
}

fn sheet(socket: &Socket, who: Option<ResponderId>, out: &Out) -> ExitCode {
    let files = match Written::open(socket) {
        Ok(files) => files,
        Err(code) => return code,
    };
    let known = &files.village.roster.responders;
    if let Some(who) = who.filter(|who| !known.contains_key(who)) {
        let says = say::refusal("unknown_responder", socket.lang()).unwrap_or_default();
        eprintln!("{who}: {says}");
        return ExitCode::FAILURE;
    }
    let people: Vec<ResponderId> = who.map_or_else(|| known.keys().copied().collect(), |who| vec![who]);
    // Where nothing says which number the SIM has, there is a line to write it on.
    let calls_from = files.station.modem.as_ref().and_then(|modem| modem.number.as_ref());
    out.write(&Sheets { press: files.press(), calls_from }.page(&people))
}

fn prove(socket: &Socket, who: ResponderId, code: Option<&String>, by: &By) -> ExitCode {
    let request = Request::Prove { by: by.name(), who, code: code.cloned() };
    match socket.ask(&request) {
        Err(code) => code,
        Ok(Reply { body: Body::Village(answer), .. }) => print_answer(&answer, who.as_str(), socket),
        Ok(Reply { body: Body::Proof(answer), .. }) => print_proof(answer, who, socket),
        Ok(_) => unexpected(),
    }
}

fn print_proof(answer: ProofAnswer, who: ResponderId, socket: &Socket) -> ExitCode {
    let lang = socket.lang();
    match answer {
        _ if socket.json => print_json(&answer),
        ProofAnswer::Sent { minutes } => println!("{}", say::sent(who.as_str(), minutes, lang)),
        ProofAnswer::Wrong { left } => eprintln!("{}", say::wrong(left, lang)),
        ProofAnswer::Refused { why } => eprintln!("{}", say::refusal(why.word(), lang).unwrap_or(why.word())),
    }
    if matches!(answer, ProofAnswer::Sent { .. }) { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}
