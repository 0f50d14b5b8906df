//! `shouwang alarms`: what is open, and what people do about it.

use std::process::ExitCode;

use clap::Subcommand;
use clap::builder::{PossibleValuesParser, TypedValueParser as _};

use super::socket::{Socket, print_json, responder};
use crate::core::alarm::life_cycle::State;
use crate::core::alarm::{Alarm, Disposition};
use crate::core::effect::Order;
use crate::core::id::ResponderId;
use crate::core::time::Moment;
use crate::words::{self, Lang, Say as _};

/// Lists alarms; accepts, sets on site and closes them in a person's name.
#[derive(Debug, clap::Args)]
pub struct Args {
    #[command(flatten)]
    socket: Socket,
    #[command(subcommand)]
    what: Option<What>,
    /// Closed ones of late too.
    #[arg(long)]
    all: bool,
}

#[derive(Debug, Subcommand)]
enum What {
    /// Somebody goes.
    Accept(Named),
    /// They cannot go after all.
    Withdraw(Named),
    /// Somebody has arrived.
    Onsite(Named),
    /// It ended, or did not.
    Close {
        #[command(flatten)]
        named: Named,
        /// How it ended.
        #[arg(long = "as", value_parser = disposition())]
        disposition: Disposition,
        /// The conversation with the resident, in a few words without names.
        #[arg(long, default_value = "")]
        spoke: String,
    },
    /// Somebody takes care of a fault.
    Acknowledge(Named),
    /// Adds a remark.
    Note {
        #[command(flatten)]
        named: Named,
        /// The words, without names.
        #[arg(long)]
        text: String,
    },
}

#[derive(Debug, clap::Args)]
struct Named {
    /// The alarm's id, or a part of it that fits only one open alarm, as resident-r04.help_call.
    alarm: String,
    /// Who: an id from village.toml.
    #[arg(long, value_parser = responder)]
    by: ResponderId,
}

/// Runs the verb.
#[must_use]
pub fn run(args: &Args) -> ExitCode {
    let socket = &args.socket;
    let Some(what) = &args.what else { return list(socket, args.all) };
    let named = match what {
        What::Accept(named)
        | What::Withdraw(named)
        | What::Onsite(named)
        | What::Acknowledge(named)
        | What::Close { named, .. }
        | What::Note { named, .. } => named,
    };
    let (alarm, by) = match socket.find(&named.alarm) {
        Ok(alarm) => (alarm, named.by),
        Err(code) => return code,
    };
    socket.order(match what {
        What::Accept(_) => Order::Accept { alarm, by },
        What::Withdraw(_) => Order::Withdraw { alarm, by },
        What::Onsite(_) => Order::OnSite { alarm, by },
        What::Acknowledge(_) => Order::Acknowledge { alarm, by: Some(by) },
        What::Close { disposition, spoke, .. } => {
            Order::Close { alarm, by: Some(by), disposition: *disposition, conversation: spoke.clone() }
        }
        What::Note { text, .. } => Order::Note { alarm, by: Some(by), text: text.clone() },
    })
}

fn list(socket: &Socket, all: bool) -> ExitCode {
    let (now, alarms) = match socket.alarms(all) {
        Ok(answer) => answer,
        Err(code) => return code,
    };
    if socket.json {
        print_json(&alarms.into_iter().map(crate::relay::message::AlarmBody::from).collect::<Vec<_>>());
        return ExitCode::SUCCESS;
    }
    let lang = socket.lang();
    if alarms.is_empty() {
        println!("{}", words::shell::NOTHING_OPEN.say(lang));
    }
    for alarm in &alarms {
        println!("{}", line(alarm, now, lang));
    }
    ExitCode::SUCCESS
}

/// One alarm in one line: how urgent, what, whose, where it stands and for how long, and its id.
fn line(alarm: &Alarm, now: Moment, lang: Lang) -> String {
    let priority = alarm.priority.say(lang);
    let condition = alarm.id.condition.say(lang);
    let drill = if alarm.id.drill { words::shell::DRILL.say(lang) } else { "" };
    let age = words::time::span(now.mono.since(alarm.id.onset), lang);
    let state = match alarm.state {
        State::Accepted { by, .. } | State::OnSite { by, .. } => {
            format!("{} {by}", words::alarm::state(&alarm.state, lang))
        }
        State::PreAlarm { .. } | State::Raised { .. } | State::Closed { .. } => {
            words::alarm::state(&alarm.state, lang).to_owned()
        }
    };
    let undurable = if alarm.durable { "" } else { words::shell::UNDURABLE.say(lang) };
    format!("{drill}[{priority}] {condition} · {} · {state} · {age}{undurable}\n    {}", alarm.id.subject, alarm.id)
}

fn disposition() -> impl clap::builder::TypedValueParser<Value = Disposition> {
    let words = Disposition::ALL.iter().filter(|each| each.is_for_people()).map(|each| each.word());
    PossibleValuesParser::new(words)
        .map(|word| Disposition::from_word(&word).expect("the parser offers only these words"))
}
